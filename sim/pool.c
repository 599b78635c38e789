/* The default thread pool: each callback has a thread of its own while it runs,
 * and settings.pool_threads_max of them run at once. */
#include "pool.h"

#include <stdlib.h>

static unsigned running;
static struct thread *queue; /* callbacks that wait for a thread */

/* go_on starts the callback that has waited longest, if the pool has a free
 * thread. */
static void go_on(void) {
  struct thread *thread = queue;

  if (thread != NULL && running < sim__kernel.settings.pool_threads_max) {
    queue = thread->carried_next;
    thread->carried_next = NULL;
    running++;
    sim__thread_start(thread);
  }
}

void sim__pool_left(const struct thread *thread) {
  running -= thread->is_pool;
  go_on();
}

static bool is_idle(void *arg) {
  (void)arg;
  return running == 0;
}

bool sim__threads_settle(void) {
  sim__thread_self()->call = NULL;
  return sim__block(is_idle, NULL, NEVER);
}

void sim__pool_submit(PTP_SIMPLE_CALLBACK callback, void *context) {
  struct thread *thread = sim__thread_new(sim__thread_self());
  struct thread **last = &queue;

  thread->is_pool = true;
  thread->callback = callback;
  thread->parameter = context;
  while (*last != NULL) {
    last = &(*last)->carried_next;
  }
  *last = thread;
  go_on();
}

void sim__pool_serve(void (*service)(void *), void *context) {
  struct thread *thread = sim__thread_new(sim__thread_self());

  thread->service = service;
  thread->parameter = context;
  sim__thread_start(thread);
}

BOOL WINAPI TrySubmitThreadpoolCallback(PTP_SIMPLE_CALLBACK callback,
                                        PVOID context,
                                        PTP_CALLBACK_ENVIRON environment) {
  struct call call;

  (void)environment;
  if (sim__call_begin(&call, __func__, PLACE, " ")) {
    sim__pool_submit(callback, context);
  }
  return sim__call_end(&call);
}

/* A work item of the older interface. */
struct item {
  LPTHREAD_START_ROUTINE function;
  void *context;
};

static void CALLBACK item_run(PTP_CALLBACK_INSTANCE instance, PVOID parameter) {
  struct item item = *(struct item *)parameter;

  (void)instance;
  free(parameter);
  item.function(item.context);
}

BOOL WINAPI QueueUserWorkItem(LPTHREAD_START_ROUTINE function, PVOID context,
                              ULONG flags) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%x", (unsigned)flags)) {
    struct item *item = malloc(sizeof *item);

    item->function = function;
    item->context = context;
    sim__pool_submit(item_run, item);
  }
  return sim__call_end(&call);
}

/* Each running callback has a thread of its own. */
BOOL WINAPI CallbackMayRunLong(PTP_CALLBACK_INSTANCE instance) {
  (void)instance;
  return TRUE;
}
