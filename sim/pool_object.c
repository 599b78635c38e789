/* Objects of the thread pool: work, timers, waits and I/O, and their older
 * forms. An object submits callbacks; each runs in a thread of its own
 * (pool.c). A wait or a timer has a thread that waits for it. */
#include "pool.h"

#include <stdlib.h>
#include <string.h>

struct pool_object *sim__pool_object_new(enum pool_kind kind, void *context) {
  struct pool_object *object = calloc(1, sizeof *object);

  object->kind = kind;
  object->context = context;
  object->refs = 1;
  object->process = sim__process_self();
  object->process->pool_objects++;
  return object;
}

static void unref(struct pool_object *object) {
  if (--object->refs == 0) {
    free(object);
  }
}

void sim__pool_object_close(struct pool_object *object) {
  object->armed++;
  object->process->pool_objects--;
  unref(object);
  sim__wake();
}

/* --- Callbacks ----------------------------------------------------------- */

/* A callback that was submitted. */
struct job {
  struct pool_object *object;
  uint64_t cancels; /* count of the object when the job was submitted */
  struct pool_result result;
};

static void callback_run(struct pool_object *object,
                         const struct pool_result *result) {
  switch (object->kind) {
    case POOL_WORK:
      object->callback.work(NULL, object->context, (PTP_WORK)object);
      break;
    case POOL_TIMER:
      object->callback.timer(NULL, object->context, (PTP_TIMER)object);
      break;
    case POOL_WAIT:
      object->callback.wait(NULL, object->context, (PTP_WAIT)object,
                            result->code);
      break;
    case POOL_REGISTERED:
      object->callback.registered(object->context,
                                  result->code == WAIT_TIMEOUT);
      break;
    case POOL_IO:
      object->callback.io(NULL, object->context, result->overlapped,
                          result->code, result->bytes, (PTP_IO)object);
      break;
    default:
      object->callback.bound(result->code, (DWORD)result->bytes,
                             result->overlapped);
      break;
  }
}

static void CALLBACK job_run(PTP_CALLBACK_INSTANCE instance, PVOID parameter) {
  const struct job job = *(struct job *)parameter;
  struct pool_object *object = job.object;
  bool is_cancelled;

  (void)instance;
  free(parameter);
  pthread_mutex_lock(&sim__kernel.lock);
  is_cancelled = job.cancels != object->cancels;
  pthread_mutex_unlock(&sim__kernel.lock);
  if (!is_cancelled) {
    callback_run(object, &job.result);
  }
  pthread_mutex_lock(&sim__kernel.lock);
  object->busy--;
  unref(object);
  sim__wake();
  pthread_mutex_unlock(&sim__kernel.lock);
}

void sim__pool_object_submit(struct pool_object *object,
                             const struct pool_result *result) {
  struct job *job;

  if (object->process->is_ending) {
    return;
  }
  job = calloc(1, sizeof *job);
  object->refs++;
  object->busy++;
  job->object = object;
  job->cancels = object->cancels;
  if (result != NULL) {
    job->result = *result;
  }
  sim__pool_submit(object->process, job_run, job);
}

static bool is_idle(void *object) {
  return ((struct pool_object *)object)->busy == 0;
}

void sim__pool_object_wait(struct pool_object *object, bool cancels) {
  object->cancels += cancels;
  sim__block(is_idle, object, NEVER);
}

/* --- Waits and timers ---------------------------------------------------- */

/* A wait that is under way. */
struct watch {
  struct pool_object *object;
  uint64_t armed;        /* count of the object when the wait began */
  struct object *target; /* NULL: a timer */
  uint64_t deadline;
  uint64_t period_ns; /* 0: the object is armed once */
};

static bool is_over(const struct watch *watch) {
  return watch->armed != watch->object->armed;
}

static bool watch_is_over(void *arg) {
  const struct watch *watch = arg;

  return is_over(watch) ||
         (watch->target != NULL &&
          sim__object_is_signalled(watch->target, sim__thread_self()));
}

/* watch_once waits, and submits the callback. It returns false if the wait was
 * given up. */
static bool watch_once(struct watch *watch) {
  bool signalled = sim__block(watch_is_over, watch, watch->deadline);

  if (is_over(watch) || sim__thread_self()->is_ending) {
    return false;
  }
  if (signalled && watch->target != NULL) {
    sim__object_take(watch->target, sim__thread_self());
  }
  sim__pool_object_submit(
      watch->object,
      &(struct pool_result){.code = signalled ? WAIT_OBJECT_0 : WAIT_TIMEOUT});
  return true;
}

static void watch_run(void *parameter) {
  struct watch *watch = parameter;
  struct call call;

  sim__call_note(&call, "the thread pool", NULL);
  while (watch_once(watch) && watch->period_ns > 0) {
    watch->deadline = watch->period_ns == NEVER
                          ? NEVER
                          : sim__kernel.now_ns + watch->period_ns;
  }
  if (!is_over(watch)) {
    watch->object->armed++;
  }
  if (watch->target != NULL) {
    sim__object_unref(watch->target);
  }
  unref(watch->object);
  free(watch);
  sim__call_end(&call);
}

void sim__pool_object_disarm(struct pool_object *object) {
  object->armed++;
  sim__wake();
}

void sim__pool_object_arm(struct pool_object *object, struct object *target,
                          uint64_t deadline, uint64_t period_ns) {
  struct watch *watch = calloc(1, sizeof *watch);

  sim__pool_object_disarm(object);
  object->refs++;
  if (target != NULL) {
    sim__object_ref(target);
  }
  *watch = (struct watch){object, object->armed, target, deadline, period_ns};
  sim__pool_serve(object->process, watch_run, watch);
}

/* --- I/O ----------------------------------------------------------------- */

NTSTATUS sim__pool_object_bind(struct pool_object *object, HANDLE file) {
  NTSTATUS status;

  object->port = sim__port_new();
  object->port->pool = object;
  object->refs++; /* the port's; sim__pool_object_unbind gives it back */
  status = sim__port_join(file, object->port, 0);
  if (status < 0) {
    sim__object_unref(&object->port->object);
    object->port = NULL;
  }
  return status;
}

void sim__pool_object_unbind(struct pool_object *object) {
  unref(object);
}

void sim__pool_packet(struct pool_object *object, const struct op *op) {
  bool raw = object->kind == POOL_BOUND;

  if (object->kind == POOL_IO && object->started == 0) {
    sim__report(
        "misuse: an operation ended on a handle of CreateThreadpoolIo "
        "without StartThreadpoolIo: %s",
        op->name);
  } else if (object->kind == POOL_IO) {
    object->started--;
  }
  /* BindIoCompletionCallback passes the NTSTATUS on. Source: its page. */
  sim__pool_object_submit(
      object,
      &(struct pool_result){
          .code = raw ? (DWORD)op->status : RtlNtStatusToDosError(op->status),
          .bytes = op->info,
          .overlapped = op->request.context});
}
