/* The stage of the targets that need a kernel. It has a fresh kernel with
 * settings that the input chooses, and a loop whose memory is counted and may
 * run out. At the end it checks that every operation had its callback and that
 * nothing is left.
 *
 * On Windows the kernel is the real one, and windows/sim.c stands in for the
 * simulated kernel's controls. */
#ifndef NPIPE_FUZZ_STAGE_H
#define NPIPE_FUZZ_STAGE_H

#include <npipe/npipe.h>
#include <sim/sim.h>

#include "fuzz.h"
#include "kit/memory.h"

struct stage {
  np_loop *loop;
  struct memory memory;
  size_t bytes_max; /* the law for the live bytes at each allocation; 0: none */
  bool has_faults;  /* a call may fail at any time */
  bool has_memory_faults; /* an allocation may fail too */
  bool turns;             /* the loop is running */
  unsigned waits;         /* turns that could wait */
  unsigned idle_waits;    /* turns that waited in vain */
  bool hides_ends;        /* an end shows late, or a poll leaves packets */
  bool flushes_by_thread; /* the kernel has no flush control */
  bool answers_late;      /* data or cancels take effect late */
  unsigned closing;       /* pipes that are being closed */
  WCHAR wide_name[64];
  char name[64];
};

/* stage_settings chooses the kernel's settings: one of the named settings, with
 * some probabilities changed. */
void stage_settings(sim_settings *settings, struct fuzz_input *input);

/* stage_begin creates the kernel and the loop. */
void stage_begin(struct stage *stage, uint64_t seed,
                 const sim_settings *settings);

/* stage_turn runs one turn of the loop. */
void stage_turn(struct stage *stage, uint32_t wait_ms);

/* stage_settle runs turns until nothing is pending. */
void stage_settle(struct stage *stage);

/* stage_close closes a pipe. stage_settle waits for the end of the close. */
void stage_close(struct stage *stage, np_pipe *pipe);

/* stage_fault makes the `nth` call from now fail; 0: no call. */
void stage_fault(struct stage *stage, uint32_t nth);

/* stage_memory_fault makes the `nth` allocation from now fail; 0: none. */
void stage_memory_fault(struct stage *stage, uint32_t nth);

/* stage_is_fault returns true if a planned fault may have caused `error`. */
bool stage_is_fault(const struct stage *stage, np_error error);

/* stage_end destroys the loop, after all pipes were closed, and makes the final
 * checks. */
void stage_end(struct stage *stage);

#endif
