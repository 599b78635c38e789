/* Events, waits, slim locks, condition variables and one-time
 * initialization. */
#include "pipe.h"

#include <stdlib.h>

/* --- Events -------------------------------------------------------------- */

void sim__event_set(struct event *event) {
  event->set = true;
  sim__wake();
}

HANDLE WINAPI CreateEventW(LPSECURITY_ATTRIBUTES attributes, BOOL manual_reset,
                           BOOL initial, LPCWSTR name) {
  struct call call;
  HANDLE handle = NULL;

  (void)name; /* events have no shared names here */
  if (sim__call_begin(&call, __func__, PLACE, " ") &&
      !sim__handle_is_full_for(&call)) {
    struct event *event = calloc(1, sizeof *event);

    sim__object_init(&event->object, OBJECT_EVENT);
    event->manual = manual_reset != 0;
    event->set = initial != 0;
    handle =
        sim__handle_open(&event->object, 0x1F0003,
                         attributes != NULL && attributes->bInheritHandle != 0);
  }
  sim__call_end(&call);
  return handle;
}

BOOL WINAPI SetEvent(HANDLE handle) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%p", handle)) {
    NTSTATUS status;
    struct event *event = sim__handle_get(handle, OBJECT_EVENT, 0, &status);

    sim__call_status(&call, status);
    if (event != NULL) {
      sim__event_set(event);
    }
  }
  return sim__call_end(&call);
}

BOOL WINAPI ResetEvent(HANDLE handle) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%p", handle)) {
    NTSTATUS status;
    struct event *event = sim__handle_get(handle, OBJECT_EVENT, 0, &status);

    sim__call_status(&call, status);
    if (event != NULL) {
      event->set = false;
    }
  }
  return sim__call_end(&call);
}

/* --- Waits --------------------------------------------------------------- */

static bool is_signalled(const struct object *object) {
  switch (object->type) {
    case OBJECT_EVENT:
      return ((const struct event *)object)->set;
    case OBJECT_THREAD:
      return ((const struct thread *)object)->exited;
    case OBJECT_FILE:
      return ((const struct file *)object)->signalled;
    case OBJECT_PORT:
      return ((const struct port *)object)->head != NULL;
    default:
      return false;
  }
}

/* acquire resets an auto-reset event, because the wait takes its signal. */
static void acquire(struct object *object) {
  struct event *event = (struct event *)object;

  if (object->type == OBJECT_EVENT && !event->manual) {
    event->set = false;
  }
}

struct wait {
  struct object *objects[MAXIMUM_WAIT_OBJECTS];
  DWORD count;
  bool all;
  DWORD index; /* index of the first signalled object */
};

static bool wait_is_over(void *arg) {
  struct wait *wait = arg;
  DWORD signalled = 0;

  for (DWORD i = wait->count; i-- > 0;) {
    if (is_signalled(wait->objects[i])) {
      signalled++;
      wait->index = i;
    }
  }
  return signalled > 0 && (!wait->all || signalled == wait->count);
}

void sim__wait_check(const char *what) {
  const struct thread *thread = sim__thread_self();

  if (thread->waits_forbidden ||
      (thread->drives_port && sim__kernel.settings.strict_waits)) {
    sim__misuse("%s blocks a loop's thread", what);
  }
}

DWORD sim__wait_run(struct call *call, DWORD count, const HANDLE *handles,
                    bool all, DWORD timeout_ms) {
  struct wait wait = {.count = 0, .all = all};
  NTSTATUS status = STATUS_SUCCESS;
  DWORD result = WAIT_TIMEOUT;

  if (count == 0 || count > MAXIMUM_WAIT_OBJECTS) {
    call->error = ERROR_INVALID_PARAMETER;
    return WAIT_FAILED;
  }
  for (DWORD i = 0; i < count; i++) {
    wait.objects[i] = sim__handle_get(handles[i], OBJECT_ANY, 0, &status);
    if (wait.objects[i] == NULL) {
      result = WAIT_FAILED;
      sim__call_status(call, status);
      break;
    }
    sim__object_ref(wait.objects[i]);
    wait.count++;
  }
  if (result != WAIT_FAILED) {
    if (timeout_ms > 0 && !wait_is_over(&wait)) {
      sim__wait_check("a wait");
    }
    if (sim__block(wait_is_over, &wait, sim__deadline_in_ms(timeout_ms))) {
      result = WAIT_OBJECT_0 + (all ? 0 : wait.index);
      for (DWORD i = all ? 0 : wait.index; i < (all ? count : wait.index + 1);
           i++) {
        acquire(wait.objects[i]);
      }
    } else if (timeout_ms == 0) {
      sim__clock_poll();
    }
  }
  for (DWORD i = 0; i < wait.count; i++) {
    sim__object_unref(wait.objects[i]);
  }
  return result;
}

DWORD WINAPI WaitForSingleObject(HANDLE object, DWORD timeout_ms) {
  struct call call;
  DWORD result = WAIT_FAILED;

  if (sim__call_begin(&call, __func__, PLACE, "%p %u", object, timeout_ms)) {
    result = sim__wait_run(&call, 1, &object, false, timeout_ms);
  }
  sim__call_end(&call);
  return result;
}

DWORD WINAPI WaitForSingleObjectEx(HANDLE object, DWORD timeout_ms,
                                   BOOL alertable) {
  struct call call;
  DWORD result = WAIT_FAILED;

  (void)alertable; /* the kernel has no APCs */
  if (sim__call_begin(&call, __func__, PLACE, "%p %u", object, timeout_ms)) {
    result = sim__wait_run(&call, 1, &object, false, timeout_ms);
  }
  sim__call_end(&call);
  return result;
}

DWORD WINAPI WaitForMultipleObjects(DWORD count, const HANDLE *objects,
                                    BOOL all, DWORD timeout_ms) {
  struct call call;
  DWORD result = WAIT_FAILED;

  if (sim__call_begin(&call, __func__, PLACE, "%u %u", count, timeout_ms)) {
    result = sim__wait_run(&call, count, objects, all != 0, timeout_ms);
  }
  sim__call_end(&call);
  return result;
}

/* --- Locks: a count of readers, or -1 ------------------------------------ */

static bool lock_is_free(void *lock) {
  return ((PSRWLOCK)lock)->Ptr == NULL;
}

static bool lock_has_no_writer(void *lock) {
  return (intptr_t)((PSRWLOCK)lock)->Ptr >= 0;
}

static void lock_add(PSRWLOCK lock, intptr_t add) {
  lock->Ptr = (PVOID)((intptr_t)lock->Ptr + add);
  sim__wake();
}

void WINAPI InitializeSRWLock(PSRWLOCK lock) {
  lock->Ptr = NULL;
}

void WINAPI AcquireSRWLockExclusive(PSRWLOCK lock) {
  struct call call;

  sim__call_note(&call, __func__, PLACE);
  sim__block(lock_is_free, lock, NEVER);
  lock_add(lock, -1);
  sim__call_end(&call);
}

BOOLEAN WINAPI TryAcquireSRWLockExclusive(PSRWLOCK lock) {
  struct call call;
  bool taken;

  sim__call_note(&call, __func__, PLACE);
  taken = lock_is_free(lock);
  if (taken) {
    lock_add(lock, -1);
  }
  sim__call_end(&call);
  return taken;
}

void WINAPI ReleaseSRWLockExclusive(PSRWLOCK lock) {
  struct call call;

  sim__call_note(&call, __func__, PLACE);
  lock_add(lock, 1);
  sim__call_end(&call);
}

void WINAPI AcquireSRWLockShared(PSRWLOCK lock) {
  struct call call;

  sim__call_note(&call, __func__, PLACE);
  sim__block(lock_has_no_writer, lock, NEVER);
  lock_add(lock, 1);
  sim__call_end(&call);
}

void WINAPI ReleaseSRWLockShared(PSRWLOCK lock) {
  struct call call;

  sim__call_note(&call, __func__, PLACE);
  lock_add(lock, -1);
  sim__call_end(&call);
}

/* --- Condition variables: a count of wakes ------------------------------- */

struct sleep {
  PCONDITION_VARIABLE variable;
  PVOID count;
};

static bool is_woken(void *arg) {
  const struct sleep *sleep = arg;

  return sleep->variable->Ptr != sleep->count;
}

void WINAPI InitializeConditionVariable(PCONDITION_VARIABLE variable) {
  variable->Ptr = NULL;
}

/* Wakes all waiters: spurious wakes are allowed. */
void WINAPI WakeConditionVariable(PCONDITION_VARIABLE variable) {
  WakeAllConditionVariable(variable);
}

void WINAPI WakeAllConditionVariable(PCONDITION_VARIABLE variable) {
  struct call call;

  sim__call_note(&call, __func__, PLACE);
  variable->Ptr = (PVOID)((uintptr_t)variable->Ptr + 1);
  sim__wake();
  sim__call_end(&call);
}

BOOL WINAPI SleepConditionVariableSRW(PCONDITION_VARIABLE variable,
                                      PSRWLOCK lock, DWORD timeout_ms,
                                      ULONG flags) {
  struct call call;
  struct sleep sleep = {variable, NULL};
  bool shared = (flags & 1) != 0;

  if (sim__call_begin(&call, __func__, PLACE, "%u", timeout_ms)) {
    sleep.count = variable->Ptr;
    lock_add(lock, shared ? -1 : 1);
    if (!sim__block(is_woken, &sleep, sim__deadline_in_ms(timeout_ms))) {
      call.error = ERROR_TIMEOUT;
    }
    sim__block(shared ? lock_has_no_writer : lock_is_free, lock, NEVER);
    lock_add(lock, shared ? 1 : -1);
  }
  return sim__call_end(&call);
}

/* --- Once: 0 not yet, 1 running, 2 done ---------------------------------- */

static bool once_is_settled(void *once) {
  return ((PINIT_ONCE)once)->Ptr != (PVOID)1;
}

BOOL WINAPI InitOnceExecuteOnce(PINIT_ONCE once, PINIT_ONCE_FN function,
                                PVOID parameter, LPVOID *context) {
  struct call call;
  BOOL done;

  sim__call_note(&call, __func__, PLACE);
  sim__block(once_is_settled, once, NEVER);
  done = once->Ptr != NULL;
  if (!done) {
    once->Ptr = (PVOID)1;
  }
  sim__call_end(&call);
  if (!done) {
    done = function(once, parameter, context);
    sim__call_note(&call, __func__, PLACE);
    once->Ptr = done ? (PVOID)2 : NULL;
    sim__wake();
    sim__call_end(&call);
  }
  return done;
}
