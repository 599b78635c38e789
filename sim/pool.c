/* The default thread pool: each callback has a thread of its own while it runs,
 * and settings.pool_threads_max of them run at once. */
#include "pool.h"

#include <stdlib.h>

/* go_on starts the callback that has waited longest, if the pool has a free
 * thread. */
static void go_on(struct process *process) {
  struct thread *thread = process->callbacks_waiting;

  if (thread != NULL &&
      process->callbacks < sim__kernel.settings.pool_threads_max) {
    process->callbacks_waiting = thread->carried_next;
    thread->carried_next = NULL;
    process->callbacks++;
    sim__thread_start(thread);
  }
}

void sim__pool_left(const struct thread *thread) {
  thread->process->callbacks -= thread->is_pool;
  go_on(thread->process);
}

static bool is_idle(void *unused) {
  const struct process *process = &sim__process_first;

  (void)unused;
  while (process != NULL && process->callbacks == 0) {
    process = process->next;
  }
  return process == NULL;
}

bool sim__pool_settle(void) {
  return sim__block(is_idle, NULL, NEVER);
}

void sim__pool_submit(struct process *process, PTP_SIMPLE_CALLBACK callback,
                      void *context) {
  struct thread *thread = sim__thread_new(process);
  struct thread **last = &process->callbacks_waiting;

  thread->is_pool = true;
  thread->callback = callback;
  thread->parameter = context;
  while (*last != NULL) {
    last = &(*last)->carried_next;
  }
  *last = thread;
  go_on(process);
}

void sim__pool_drop(struct process *process) {
  while (process->callbacks_waiting != NULL) {
    struct thread *thread = process->callbacks_waiting;

    process->callbacks_waiting = thread->carried_next;
    free(thread->parameter);
    sim__object_unref(&thread->object);
  }
}

void sim__pool_serve(struct process *process, void (*service)(void *),
                     void *context) {
  struct thread *thread = sim__thread_new(process);

  thread->service = service;
  thread->parameter = context;
  sim__thread_start(thread);
}

/* A callback without an object. */
struct item {
  PTP_SIMPLE_CALLBACK callback;    /* NULL: `function` */
  LPTHREAD_START_ROUTINE function; /* of the older interface */
  void *context;
};

static void CALLBACK item_run(PTP_CALLBACK_INSTANCE instance, PVOID parameter) {
  const struct item item = *(struct item *)parameter;

  free(parameter);
  if (item.callback != NULL) {
    item.callback(instance, item.context);
  } else {
    item.function(item.context);
  }
}

static void item_submit(struct item item) {
  struct item *copy = malloc(sizeof *copy);

  *copy = item;
  sim__pool_submit(sim__process_self(), item_run, copy);
}

BOOL WINAPI TrySubmitThreadpoolCallback(PTP_SIMPLE_CALLBACK callback,
                                        PVOID context,
                                        PTP_CALLBACK_ENVIRON environment) {
  struct call call;

  (void)environment;
  if (sim__call_begin(&call, __func__, PLACE, " ")) {
    item_submit((struct item){callback, NULL, context});
  }
  return sim__call_end(&call);
}

BOOL WINAPI QueueUserWorkItem(LPTHREAD_START_ROUTINE function, PVOID context,
                              ULONG flags) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%x", (unsigned)flags)) {
    item_submit((struct item){NULL, function, context});
  }
  return sim__call_end(&call);
}

/* Each running callback has a thread of its own. */
BOOL WINAPI CallbackMayRunLong(PTP_CALLBACK_INSTANCE instance) {
  (void)instance;
  return TRUE;
}
