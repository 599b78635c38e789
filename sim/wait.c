/* Waits for objects: what is signalled, and what a wait takes. */
#include "process.h"

bool sim__object_is_signalled(const struct object *object,
                              const struct thread *thread) {
  switch (object->type) {
    case OBJECT_EVENT:
      return ((const struct event *)object)->set;
    case OBJECT_THREAD:
      return sim__thread_has_ended((const struct thread *)object);
    case OBJECT_PROCESS:
      return ((const struct process *)object)->has_ended;
    case OBJECT_FILE:
      return ((const struct file *)object)->signalled;
    case OBJECT_PORT:
      return ((const struct port *)object)->head != NULL;
    case OBJECT_MUTEX:
      return sim__mutex_is_free((const struct mutex *)object, thread);
    case OBJECT_SEMAPHORE:
      return ((const struct semaphore *)object)->count > 0;
    case OBJECT_TIMER:
      return ((const struct timer *)object)->set;
    default:
      return false;
  }
}

bool sim__object_take(struct object *object, struct thread *thread) {
  if (object->type == OBJECT_EVENT) {
    struct event *event = (struct event *)object;

    event->set = event->set && event->manual;
  } else if (object->type == OBJECT_SEMAPHORE) {
    ((struct semaphore *)object)->count--;
  } else if (object->type == OBJECT_TIMER) {
    struct timer *timer = (struct timer *)object;

    timer->set = timer->set && timer->manual;
  } else if (object->type == OBJECT_MUTEX) {
    return sim__mutex_take((struct mutex *)object, thread);
  }
  return false;
}

struct wait {
  struct object *objects[MAXIMUM_WAIT_OBJECTS];
  DWORD count;
  bool all;
  bool alertable;
  struct thread *thread;
  bool satisfied;
  DWORD index; /* index of the first signalled object */
};

static bool wait_is_over(void *arg) {
  struct wait *wait = arg;
  DWORD signalled = 0;

  for (DWORD i = wait->count; i-- > 0;) {
    if (sim__object_is_signalled(wait->objects[i], wait->thread)) {
      signalled++;
      wait->index = i;
    }
  }
  wait->satisfied = signalled > 0 && (!wait->all || signalled == wait->count);
  /* A signalled object goes before an APC. Source: ReactOS ntoskrnl,
   * KeWaitForSingleObject. */
  return wait->satisfied || (wait->alertable && wait->thread->apcs != NULL);
}

void sim__wait_check(const char *what) {
  const struct thread *thread = sim__thread_self();

  if (thread->waits_forbidden ||
      (thread->drives_port && sim__kernel.settings.strict_waits)) {
    sim__misuse("%s blocks a loop's thread", what);
  }
}

/* wait_take takes what the satisfied wait has used. It returns the result of
 * the wait. */
static DWORD wait_take(struct wait *wait) {
  DWORD first = wait->all ? 0 : wait->index;
  DWORD end = wait->all ? wait->count : wait->index + 1;
  bool abandoned = false;

  for (DWORD i = first; i < end; i++) {
    abandoned = sim__object_take(wait->objects[i], wait->thread) || abandoned;
  }
  return (abandoned ? WAIT_ABANDONED_0 : WAIT_OBJECT_0) + first;
}

static DWORD wait_run(struct call *call, struct wait *wait, DWORD timeout_ms) {
  if (timeout_ms > 0 && !wait_is_over(wait)) {
    sim__wait_check("a wait");
  }
  sim__block(wait_is_over, wait, sim__deadline_in_ms(timeout_ms));
  if (wait->satisfied) {
    return wait_take(wait);
  }
  if (wait->alertable && wait->thread->apcs != NULL) {
    call->alerted = true;
    return WAIT_IO_COMPLETION;
  }
  if (timeout_ms == 0) {
    sim__clock_poll();
  }
  return WAIT_TIMEOUT;
}

DWORD sim__wait_run(struct call *call, DWORD count, const HANDLE *handles,
                    bool all, DWORD timeout_ms, bool alertable) {
  struct wait wait = {.count = 0,
                      .all = all,
                      .alertable = alertable,
                      .thread = sim__thread_self()};
  NTSTATUS status = STATUS_SUCCESS;
  DWORD result = WAIT_FAILED;

  if (count == 0 || count > MAXIMUM_WAIT_OBJECTS) {
    call->error = ERROR_INVALID_PARAMETER;
    return WAIT_FAILED;
  }
  while (wait.count < count && status == STATUS_SUCCESS) {
    struct object *object =
        sim__handle_get(handles[wait.count], OBJECT_ANY, 0, &status);

    if (object != NULL) {
      sim__object_ref(object);
      wait.objects[wait.count++] = object;
    }
  }
  sim__call_status(call, status);
  if (status == STATUS_SUCCESS) {
    result = wait_run(call, &wait, timeout_ms);
  }
  for (DWORD i = 0; i < wait.count; i++) {
    sim__object_unref(wait.objects[i]);
  }
  return result;
}

/* --- The calls ----------------------------------------------------------- */

DWORD WINAPI WaitForSingleObject(HANDLE object, DWORD timeout_ms) {
  struct call call;
  DWORD result = WAIT_FAILED;

  if (sim__call_begin(&call, __func__, PLACE, "%p %u", object,
                      (unsigned)timeout_ms)) {
    result = sim__wait_run(&call, 1, &object, false, timeout_ms, false);
  }
  sim__call_end(&call);
  return result;
}

DWORD WINAPI WaitForSingleObjectEx(HANDLE object, DWORD timeout_ms,
                                   BOOL alertable) {
  struct call call;
  DWORD result = WAIT_FAILED;

  if (sim__call_begin(&call, __func__, PLACE, "%p %u", object,
                      (unsigned)timeout_ms)) {
    result =
        sim__wait_run(&call, 1, &object, false, timeout_ms, alertable != 0);
  }
  sim__call_end(&call);
  return result;
}

DWORD WINAPI WaitForMultipleObjects(DWORD count, const HANDLE *objects,
                                    BOOL all, DWORD timeout_ms) {
  struct call call;
  DWORD result = WAIT_FAILED;

  if (sim__call_begin(&call, __func__, PLACE, "%u %u", (unsigned)count,
                      (unsigned)timeout_ms)) {
    result = sim__wait_run(&call, count, objects, all != 0, timeout_ms, false);
  }
  sim__call_end(&call);
  return result;
}

DWORD WINAPI WaitForMultipleObjectsEx(DWORD count, const HANDLE *objects,
                                      BOOL all, DWORD timeout_ms,
                                      BOOL alertable) {
  struct call call;
  DWORD result = WAIT_FAILED;

  if (sim__call_begin(&call, __func__, PLACE, "%u %u", (unsigned)count,
                      (unsigned)timeout_ms)) {
    result = sim__wait_run(&call, count, objects, all != 0, timeout_ms,
                           alertable != 0);
  }
  sim__call_end(&call);
  return result;
}
