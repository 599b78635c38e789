/* The calls of the thread pool. Pools, priorities and environments have no
 * effect: the pool is the process's own. */
#include "pool.h"

static uint64_t deadline_of(const FILETIME *time) {
  return sim__clock_due(
      (int64_t)((uint64_t)time->dwHighDateTime << 32 | time->dwLowDateTime));
}

static struct pool_object *made(struct call *call, struct pool_object *object) {
  return sim__call_end(call) ? object : NULL;
}

/* The next two are the calls for each kind of object. `name` is the function
 * that the program called, `place` its caller. */
static void wait_for_callbacks(const char *name, const void *place,
                               void *object, BOOL cancels) {
  struct call call;

  sim__call_note(&call, name, place);
  sim__wait_check("a wait for callbacks");
  sim__pool_object_wait(object, cancels != 0);
  sim__call_end(&call);
}

static void close_object(const char *name, const void *place, void *object) {
  struct call call;

  sim__call_note(&call, name, place);
  sim__pool_object_close(object);
  sim__call_end(&call);
}

/* --- Work ---------------------------------------------------------------- */

PTP_WORK WINAPI CreateThreadpoolWork(PTP_WORK_CALLBACK callback, PVOID context,
                                     PTP_CALLBACK_ENVIRON environment) {
  struct call call;
  struct pool_object *object = NULL;

  (void)environment;
  if (sim__call_begin(&call, __func__, PLACE, " ")) {
    object = sim__pool_object_new(POOL_WORK, context);
    object->callback.work = callback;
  }
  return (PTP_WORK)made(&call, object);
}

void WINAPI SubmitThreadpoolWork(PTP_WORK work) {
  struct call call;

  sim__call_note(&call, __func__, PLACE);
  sim__pool_object_submit((struct pool_object *)work, NULL);
  sim__call_end(&call);
}

void WINAPI WaitForThreadpoolWorkCallbacks(PTP_WORK work, BOOL cancels) {
  wait_for_callbacks(__func__, PLACE, work, cancels);
}

void WINAPI CloseThreadpoolWork(PTP_WORK work) {
  close_object(__func__, PLACE, work);
}

/* --- Timers -------------------------------------------------------------- */

PTP_TIMER WINAPI CreateThreadpoolTimer(PTP_TIMER_CALLBACK callback,
                                       PVOID context,
                                       PTP_CALLBACK_ENVIRON environment) {
  struct call call;
  struct pool_object *object = NULL;

  (void)environment;
  if (sim__call_begin(&call, __func__, PLACE, " ")) {
    object = sim__pool_object_new(POOL_TIMER, context);
    object->callback.timer = callback;
  }
  return (PTP_TIMER)made(&call, object);
}

void WINAPI SetThreadpoolTimer(PTP_TIMER timer, PFILETIME due, DWORD period_ms,
                               DWORD window_ms) {
  struct call call;
  struct pool_object *object = (struct pool_object *)timer;

  (void)window_ms;
  sim__call_note(&call, __func__, PLACE);
  if (due == NULL) {
    sim__pool_object_disarm(object);
  } else {
    sim__pool_object_arm(object, NULL, deadline_of(due),
                         (uint64_t)period_ms * NS_PER_MS);
  }
  sim__call_end(&call);
}

void WINAPI WaitForThreadpoolTimerCallbacks(PTP_TIMER timer, BOOL cancels) {
  wait_for_callbacks(__func__, PLACE, timer, cancels);
}

void WINAPI CloseThreadpoolTimer(PTP_TIMER timer) {
  close_object(__func__, PLACE, timer);
}

/* --- Waits --------------------------------------------------------------- */

PTP_WAIT WINAPI CreateThreadpoolWait(PTP_WAIT_CALLBACK callback, PVOID context,
                                     PTP_CALLBACK_ENVIRON environment) {
  struct call call;
  struct pool_object *object = NULL;

  (void)environment;
  if (sim__call_begin(&call, __func__, PLACE, " ")) {
    object = sim__pool_object_new(POOL_WAIT, context);
    object->callback.wait = callback;
  }
  return (PTP_WAIT)made(&call, object);
}

void WINAPI SetThreadpoolWait(PTP_WAIT wait, HANDLE handle, PFILETIME timeout) {
  struct call call;
  struct pool_object *object = (struct pool_object *)wait;
  NTSTATUS status;
  struct object *target;

  sim__call_note(&call, __func__, PLACE);
  if (handle == NULL) {
    sim__pool_object_disarm(object);
  } else {
    target = sim__handle_get(handle, OBJECT_ANY, 0, &status);
    if (target != NULL) {
      sim__pool_object_arm(object, target,
                           timeout != NULL ? deadline_of(timeout) : NEVER, 0);
    }
  }
  sim__call_end(&call);
}

void WINAPI WaitForThreadpoolWaitCallbacks(PTP_WAIT wait, BOOL cancels) {
  wait_for_callbacks(__func__, PLACE, wait, cancels);
}

void WINAPI CloseThreadpoolWait(PTP_WAIT wait) {
  close_object(__func__, PLACE, wait);
}

BOOL WINAPI RegisterWaitForSingleObject(PHANDLE registered, HANDLE handle,
                                        WAITORTIMERCALLBACK callback,
                                        PVOID context, ULONG timeout_ms,
                                        ULONG flags) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%p %u %x", handle,
                      (unsigned)timeout_ms, (unsigned)flags)) {
    struct object *target = sim__handle_get_for(&call, handle, OBJECT_ANY, 0);

    if (target != NULL) {
      struct pool_object *object =
          sim__pool_object_new(POOL_REGISTERED, context);
      uint64_t period =
          timeout_ms == INFINITE ? NEVER : (uint64_t)timeout_ms * NS_PER_MS;

      object->callback.registered = callback;
      sim__pool_object_arm(object, target, sim__deadline_in_ms(timeout_ms),
                           (flags & WT_EXECUTEONLYONCE) != 0 ? 0 : period);
      *registered = (HANDLE)object;
    }
  }
  return sim__call_end(&call);
}

/* UnregisterWaitEx with INVALID_HANDLE_VALUE waits for the callbacks; another
 * event is set when they have ended. Else the call fails with ERROR_IO_PENDING
 * while a callback runs, and the wait is gone nevertheless. */
BOOL WINAPI UnregisterWaitEx(HANDLE registered, HANDLE ended) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%p", ended)) {
    struct pool_object *object = registered;
    NTSTATUS status;

    sim__pool_object_disarm(object);
    if (ended != NULL) {
      sim__wait_check("UnregisterWaitEx");
      sim__pool_object_wait(object, false);
    } else if (object->busy > 0) {
      call.error = ERROR_IO_PENDING;
    }
    if (ended != NULL && ended != INVALID_HANDLE_VALUE) {
      struct event *event = sim__handle_get(ended, OBJECT_EVENT, 0, &status);

      if (event != NULL) {
        sim__event_set(event);
      }
    }
    sim__pool_object_close(object);
  }
  return sim__call_end(&call);
}

BOOL WINAPI UnregisterWait(HANDLE registered) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, " ")) {
    struct pool_object *object = registered;

    call.error = object->busy > 0 ? ERROR_IO_PENDING : 0;
    sim__pool_object_close(object);
  }
  return sim__call_end(&call);
}

/* --- I/O ----------------------------------------------------------------- */

PTP_IO WINAPI CreateThreadpoolIo(HANDLE file, PTP_WIN32_IO_CALLBACK callback,
                                 PVOID context,
                                 PTP_CALLBACK_ENVIRON environment) {
  struct call call;
  struct pool_object *object = NULL;

  (void)environment;
  if (sim__call_begin(&call, __func__, PLACE, "%p", file)) {
    NTSTATUS status;

    object = sim__pool_object_new(POOL_IO, context);
    object->callback.io = callback;
    status = sim__pool_object_bind(object, file);
    if (status < 0) {
      sim__pool_object_close(object);
    }
    sim__call_status(&call, status);
  }
  return (PTP_IO)made(&call, object);
}

void WINAPI StartThreadpoolIo(PTP_IO io) {
  struct call call;

  sim__call_note(&call, __func__, PLACE);
  ((struct pool_object *)io)->started++;
  sim__call_end(&call);
}

void WINAPI CancelThreadpoolIo(PTP_IO io) {
  struct call call;
  struct pool_object *object = (struct pool_object *)io;

  sim__call_note(&call, __func__, PLACE);
  if (object->started == 0) {
    sim__misuse("StartThreadpoolIo was not called before");
  } else {
    object->started--;
  }
  sim__call_end(&call);
}

void WINAPI WaitForThreadpoolIoCallbacks(PTP_IO io, BOOL cancels) {
  wait_for_callbacks(__func__, PLACE, io, cancels);
}

void WINAPI CloseThreadpoolIo(PTP_IO io) {
  struct call call;

  sim__call_note(&call, __func__, PLACE);
  sim__object_unref(&((struct pool_object *)io)->port->object);
  sim__pool_object_close((struct pool_object *)io);
  sim__call_end(&call);
}

BOOL WINAPI BindIoCompletionCallback(HANDLE file,
                                     LPOVERLAPPED_COMPLETION_ROUTINE routine,
                                     ULONG flags) {
  struct call call;

  (void)flags;
  if (sim__call_begin(&call, __func__, PLACE, "%p", file)) {
    struct pool_object *object = sim__pool_object_new(POOL_BOUND, NULL);
    NTSTATUS status;

    object->callback.bound = routine;
    status = sim__pool_object_bind(object, file);
    if (status >= 0) {
      sim__object_unref(&object->port->object); /* the file has its own */
    }
    sim__pool_object_close(object);
    sim__call_status(&call, status);
  }
  return sim__call_end(&call);
}
