/* The thread pool and its objects. All functions need the lock. */
#ifndef NPIPE_SIM_POOL_H
#define NPIPE_SIM_POOL_H

#include "process.h"

enum pool_kind {
  POOL_WORK,
  POOL_TIMER,
  POOL_WAIT,
  POOL_IO,
  POOL_REGISTERED, /* RegisterWaitForSingleObject */
  POOL_BOUND       /* BindIoCompletionCallback */
};

struct pool_object {
  enum pool_kind kind;
  struct process *process;
  unsigned refs; /* its owner's, one for each callback and each wait */
  unsigned busy; /* callbacks that were submitted and have not ended */
  uint64_t
      cancels; /* a callback that was submitted before the last does not run */
  uint64_t armed;   /* counts how often a wait began or was given up */
  unsigned started; /* StartThreadpoolIo without its end */
  struct port *port;
  void *context;
  union {
    PTP_WORK_CALLBACK work;
    PTP_TIMER_CALLBACK timer;
    PTP_WAIT_CALLBACK wait;
    PTP_WIN32_IO_CALLBACK io;
    WAITORTIMERCALLBACK registered;
    LPOVERLAPPED_COMPLETION_ROUTINE bound;
  } callback;
};

/* What a callback is told. */
struct pool_result {
  DWORD code;
  ULONG_PTR bytes;
  void *overlapped;
};

/* sim__pool_submit runs `callback` when the process's pool has a free thread.
 * `context` is memory of malloc, which `callback` frees. */
void sim__pool_submit(struct process *process, PTP_SIMPLE_CALLBACK callback,
                      void *context);

/* sim__pool_serve runs `service`, without the lock, in a thread that sim_check
 * does not report. */
void sim__pool_serve(struct process *process, void (*service)(void *),
                     void *context);

struct pool_object *sim__pool_object_new(enum pool_kind kind, void *context);

/* sim__pool_object_close gives the owner's reference back. What waits is given
 * up; what was submitted still runs. */
void sim__pool_object_close(struct pool_object *object);
void sim__pool_object_submit(struct pool_object *object,
                             const struct pool_result *result);

/* sim__pool_object_wait waits for all callbacks. `cancels`: those that have not
 * begun never run. */
void sim__pool_object_wait(struct pool_object *object, bool cancels);

/* sim__pool_object_arm waits for `target`, or only for time to pass if it is
 * NULL, in place of a wait that may be under way. `period_ns`: then it waits
 * again, for so long. */
void sim__pool_object_arm(struct pool_object *object, struct object *target,
                          uint64_t deadline, uint64_t period_ns);
void sim__pool_object_disarm(struct pool_object *object);

/* sim__pool_object_bind sends the packets of `file` to the object. */
NTSTATUS sim__pool_object_bind(struct pool_object *object, HANDLE file);

#endif
