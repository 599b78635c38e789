/* The stage of the targets that need a kernel: a fresh one whose settings the
 * input chooses, a loop whose memory is counted and may run out, and what must
 * hold when all is over: everything was called back, nothing is left.
 *
 * On Windows the kernel is what it is: windows/sim.c answers for it. */
#ifndef NPIPE_FUZZ_STAGE_H
#define NPIPE_FUZZ_STAGE_H

#include <npipe/npipe.h>
#include <sim/sim.h>

#include "fuzz.h"

struct stage {
  np_loop *loop;
  size_t live;
  uint64_t allocations;
  uint64_t allocation_fails; /* at this one; 0: none             */
  bool has_faults;           /* a call may fail at any time      */
  bool has_memory_faults;    /* so may an allocation             */
  bool turns;                /* the loop runs now                */
  unsigned waits;            /* turns that could wait            */
  unsigned idle_waits;       /* of these, turns in which nothing came */
  bool hides_ends;           /* an end shows late, or a poll leaves packets */
  bool flushes_by_thread;    /* the kernel has no control that flushes */
  bool answers_late;         /* what is there, or a cancel       */
  unsigned closing;          /* pipes that are being closed      */
  WCHAR wide_name[64];
  char name[64];
};

/* stage_once lets the library find out about its system, which it does once in
 * a process. For LLVMFuzzerInitialize. */
void stage_once(void);

/* stage_settings chooses the kernel: one of the named settings, some of whose
 * chances may be others. */
void stage_settings(sim_settings *settings, struct fuzz_input *input);

/* stage_begin makes the kernel and the loop. */
void stage_begin(struct stage *stage, uint64_t seed,
                 const sim_settings *settings);

/* stage_turn turns the loop once. */
void stage_turn(struct stage *stage, uint32_t wait_ms);

/* stage_settle turns until nothing is pending. */
void stage_settle(struct stage *stage);

/* stage_close closes a pipe; stage_settle waits for it. */
void stage_close(struct stage *stage, np_pipe *pipe);

/* stage_fault has the call number `nth` from now fail; 0: none. */
void stage_fault(struct stage *stage, uint32_t nth);

/* stage_memory_fault has the allocation number `nth` from now fail. */
void stage_memory_fault(struct stage *stage, uint32_t nth);

/* stage_is_fault tells whether a planned fault may have brought `error`. */
bool stage_is_fault(const struct stage *stage, np_error error);

/* stage_end destroys the loop, once all pipes were closed. */
void stage_end(struct stage *stage);

#endif
