/* Locks that are memory of the program: slim locks, critical sections,
 * condition variables, one-time initialization. A thread that waits for one
 * waits in the kernel, so a deadlock is noticed. */
#include "kernel.h"

/* --- Locks: a count of readers, or -1 ------------------------------------ */

/* wait_until waits for a lock. If the process ends meanwhile, the thread does
 * not return: the lock may be memory that is gone. */
static void wait_until(bool (*ready)(void *arg), void *arg) {
  sim__block(ready, arg, NEVER);
  if (sim__thread_self()->is_ending) {
    sim__thread_quit();
  }
}

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
  wait_until(lock_is_free, lock);
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
  wait_until(lock_has_no_writer, lock);
  lock_add(lock, 1);
  sim__call_end(&call);
}

BOOLEAN WINAPI TryAcquireSRWLockShared(PSRWLOCK lock) {
  struct call call;
  bool taken;

  sim__call_note(&call, __func__, PLACE);
  taken = lock_has_no_writer(lock);
  if (taken) {
    lock_add(lock, 1);
  }
  sim__call_end(&call);
  return taken;
}

void WINAPI ReleaseSRWLockShared(PSRWLOCK lock) {
  struct call call;

  sim__call_note(&call, __func__, PLACE);
  lock_add(lock, -1);
  sim__call_end(&call);
}

/* --- Critical sections --------------------------------------------------- */

static HANDLE self_id(void) {
  return (HANDLE)(uintptr_t)sim__thread_self()->id;
}

/* An attempt to enter. */
struct entering {
  LPCRITICAL_SECTION section;
  HANDLE thread;
};

static bool section_is_free(void *arg) {
  const struct entering *entering = arg;

  return entering->section->OwningThread == NULL ||
         entering->section->OwningThread == entering->thread;
}

static void section_enter(LPCRITICAL_SECTION section) {
  struct entering entering = {section, self_id()};

  wait_until(section_is_free, &entering);
  section->OwningThread = entering.thread;
  section->RecursionCount++;
}

static void section_leave(LPCRITICAL_SECTION section) {
  if (section->OwningThread != self_id()) {
    sim__misuse("another thread or none is in the critical section");
  } else if (--section->RecursionCount == 0) {
    section->OwningThread = NULL;
    sim__wake();
  }
}

void WINAPI InitializeCriticalSection(LPCRITICAL_SECTION section) {
  __builtin_memset(section, 0, sizeof *section);
  section->LockCount = -1;
}

BOOL WINAPI InitializeCriticalSectionAndSpinCount(LPCRITICAL_SECTION section,
                                                  DWORD spins) {
  InitializeCriticalSection(section);
  section->SpinCount = spins;
  return TRUE;
}

BOOL WINAPI InitializeCriticalSectionEx(LPCRITICAL_SECTION section, DWORD spins,
                                        DWORD flags) {
  (void)flags;
  return InitializeCriticalSectionAndSpinCount(section, spins);
}

DWORD WINAPI SetCriticalSectionSpinCount(LPCRITICAL_SECTION section,
                                         DWORD spins) {
  DWORD old = (DWORD)section->SpinCount;

  section->SpinCount = spins;
  return old;
}

void WINAPI EnterCriticalSection(LPCRITICAL_SECTION section) {
  struct call call;

  sim__call_note(&call, __func__, PLACE);
  section_enter(section);
  sim__call_end(&call);
}

BOOL WINAPI TryEnterCriticalSection(LPCRITICAL_SECTION section) {
  struct call call;
  bool taken;

  sim__call_note(&call, __func__, PLACE);
  taken = section_is_free(&(struct entering){section, self_id()});
  if (taken) {
    section_enter(section);
  }
  sim__call_end(&call);
  return taken;
}

void WINAPI LeaveCriticalSection(LPCRITICAL_SECTION section) {
  struct call call;

  sim__call_note(&call, __func__, PLACE);
  section_leave(section);
  sim__call_end(&call);
}

void WINAPI DeleteCriticalSection(LPCRITICAL_SECTION section) {
  struct call call;

  sim__call_note(&call, __func__, PLACE);
  if (section->OwningThread != NULL) {
    sim__misuse("a thread is in the critical section");
  }
  __builtin_memset(section, 0, sizeof *section);
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

  if (sim__call_begin(&call, __func__, PLACE, "%u", (unsigned)timeout_ms)) {
    sleep.count = variable->Ptr;
    lock_add(lock, shared ? -1 : 1);
    if (!sim__block(is_woken, &sleep, sim__deadline_in_ms(timeout_ms))) {
      call.error = ERROR_TIMEOUT;
    }
    wait_until(shared ? lock_has_no_writer : lock_is_free, lock);
    lock_add(lock, shared ? 1 : -1);
  }
  return sim__call_end(&call);
}

BOOL WINAPI SleepConditionVariableCS(PCONDITION_VARIABLE variable,
                                     PCRITICAL_SECTION section,
                                     DWORD timeout_ms) {
  struct call call;
  struct sleep sleep = {variable, NULL};

  if (sim__call_begin(&call, __func__, PLACE, "%u", (unsigned)timeout_ms)) {
    sleep.count = variable->Ptr;
    section_leave(section);
    if (!sim__block(is_woken, &sleep, sim__deadline_in_ms(timeout_ms))) {
      call.error = ERROR_TIMEOUT;
    }
    section_enter(section);
  }
  return sim__call_end(&call);
}

/* --- Once: 0 not yet, 1 running, 2 done with the context in the other bits */

enum { ONCE_RUNS = 1, ONCE_DONE = 2, ONCE_BITS = 3 };

static bool once_is_settled(void *once) {
  return ((PINIT_ONCE)once)->Ptr != (PVOID)ONCE_RUNS;
}

static void once_context(PINIT_ONCE once, LPVOID *context) {
  if (context != NULL) {
    *context = (PVOID)((uintptr_t)once->Ptr & ~(uintptr_t)ONCE_BITS);
  }
}

/* once_begin returns true if the initialization is done already. Else the
 * caller has to do it. */
static bool once_begin(PINIT_ONCE once, LPVOID *context) {
  wait_until(once_is_settled, once);
  if (once->Ptr != NULL) {
    once_context(once, context);
    return true;
  }
  once->Ptr = (PVOID)ONCE_RUNS;
  return false;
}

static void once_end(PINIT_ONCE once, bool done, LPVOID context) {
  if (((uintptr_t)context & ONCE_BITS) != 0) {
    sim__misuse("the two low bits of the context are not 0");
  }
  once->Ptr = done ? (PVOID)((uintptr_t)context | ONCE_DONE) : NULL;
  sim__wake();
}

void WINAPI InitOnceInitialize(PINIT_ONCE once) {
  once->Ptr = NULL;
}

BOOL WINAPI InitOnceExecuteOnce(PINIT_ONCE once, PINIT_ONCE_FN function,
                                PVOID parameter, LPVOID *context) {
  struct call call;
  PVOID made = NULL;
  BOOL done;

  sim__call_note(&call, __func__, PLACE);
  done = once_begin(once, context);
  sim__call_end(&call);
  if (!done) {
    done = function(once, parameter, &made);
    sim__call_note(&call, __func__, PLACE);
    once_end(once, done != 0, done ? made : NULL);
    once_context(once, context);
    sim__call_end(&call);
  }
  return done;
}

/* InitOnceBeginInitialize lets one thread initialize at a time; several at a
 * time (INIT_ONCE_ASYNC) are not simulated. */
BOOL WINAPI InitOnceBeginInitialize(PINIT_ONCE once, DWORD flags, PBOOL pending,
                                    LPVOID *context) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%x", (unsigned)flags)) {
    if ((flags & INIT_ONCE_ASYNC) != 0) {
      call.error = ERROR_NOT_SUPPORTED;
    } else if ((flags & INIT_ONCE_CHECK_ONLY) != 0) {
      *pending = once->Ptr == NULL || once->Ptr == (PVOID)ONCE_RUNS;
      call.error = *pending ? ERROR_GEN_FAILURE : 0;
      once_context(once, context);
    } else {
      *pending = !once_begin(once, context);
    }
  }
  return sim__call_end(&call);
}

BOOL WINAPI InitOnceComplete(PINIT_ONCE once, DWORD flags, LPVOID context) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%x", (unsigned)flags)) {
    if (once->Ptr != (PVOID)ONCE_RUNS) {
      call.error = ERROR_GEN_FAILURE;
    } else {
      once_end(once, (flags & INIT_ONCE_INIT_FAILED) == 0, context);
    }
  }
  return sim__call_end(&call);
}
