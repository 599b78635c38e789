/* Objects that programs with pipes wait for beside them: mutexes, semaphores,
 * waitable timers, and events with names. */
#include "fixture.h"

enum { TICKS_PER_MS = 10000 };

/* object_name makes a name for an object of this run. The names of pipes are
 * another space. */
static const wchar_t *object_name(struct platform *f) {
  return f->name + 9; /* without \\.\pipe\ */
}

static DWORD WINAPI take_and_leave(void *mutex) {
  return WaitForSingleObject(mutex, INFINITE);
}

static DWORD WINAPI try_take(void *mutex) {
  return WaitForSingleObject(mutex, 0);
}

NP_PLATFORM_CASE("platform/object/mutex-abandoned", WaitForSingleObject,
                 NO_MODE, NO_ERROR,
                 "The owner of a mutex has ended. The next wait succeeds with "
                 "WAIT_ABANDONED. The wait after that succeeds as usual.",
                 "Mutex Objects#remarks") {
  HANDLE mutex = win_own(f, CreateMutexW(NULL, FALSE, NULL));

  assert_non_null(mutex);
  assert_int_equal(worker_join(worker_start(f, take_and_leave, mutex)),
                   WAIT_OBJECT_0);
  assert_int_equal(WaitForSingleObject(mutex, WAIT_MS), WAIT_ABANDONED_0);
  assert_int_equal(WaitForSingleObject(mutex, WAIT_MS), WAIT_OBJECT_0);
  assert_call(ReleaseMutex(mutex));
  assert_int_equal(worker_join(worker_start(f, try_take, mutex)), WAIT_TIMEOUT);
  assert_call(ReleaseMutex(mutex));
  assert_refused(ReleaseMutex(mutex), ERROR_NOT_OWNER);
}

NP_PLATFORM_CASE("platform/object/semaphore", ReleaseSemaphore, NO_MODE,
                 ERROR_TOO_MANY_POSTS,
                 "A semaphore lets as many waits through as its count says, "
                 "and its count has a limit.",
                 "ReleaseSemaphore#remarks") {
  HANDLE semaphore = win_own(f, CreateSemaphoreW(NULL, 1, 2, NULL));
  LONG before = -1;

  assert_non_null(semaphore);
  assert_true(event_is_set(semaphore));
  assert_false(event_is_set(semaphore));
  assert_call(ReleaseSemaphore(semaphore, 2, &before));
  assert_int_equal(before, 0);
  assert_refused(ReleaseSemaphore(semaphore, 1, NULL), ERROR_TOO_MANY_POSTS);
  assert_true(event_is_set(semaphore));
  assert_true(event_is_set(semaphore));
  assert_false(event_is_set(semaphore));
  assert_true(CreateSemaphoreW(NULL, 3, 2, NULL) == NULL);
  assert_error(GetLastError(), ERROR_INVALID_PARAMETER);
}

NP_PLATFORM_CASE("platform/object/timer", SetWaitableTimer, NO_MODE, NO_ERROR,
                 "A waitable timer is signalled when its time has passed. A "
                 "timer with manual reset stays signalled.",
                 "SetWaitableTimer#parameters") {
  HANDLE timer = win_own(f, CreateWaitableTimerW(NULL, TRUE, NULL));
  LARGE_INTEGER due;

  assert_non_null(timer);
  assert_false(event_is_set(timer));
  due.QuadPart = -(LONGLONG)QUIET_MS * TICKS_PER_MS;
  assert_call(SetWaitableTimer(timer, &due, 0, NULL, NULL, FALSE));
  assert_int_equal(WaitForSingleObject(timer, WAIT_MS), WAIT_OBJECT_0);
  assert_true(event_is_set(timer));
  due.QuadPart = -(LONGLONG)WAIT_MS * TICKS_PER_MS;
  assert_call(SetWaitableTimer(timer, &due, 0, NULL, NULL, FALSE));
  assert_false(event_is_set(timer));
  assert_call(CancelWaitableTimer(timer));
}

static unsigned timer_calls;

static void CALLBACK on_timer(LPVOID count, DWORD low, DWORD high) {
  (void)low, (void)high;
  ++*(unsigned *)count;
}

NP_PLATFORM_CASE("platform/object/timer-routine", SetWaitableTimer, NO_MODE,
                 NO_ERROR,
                 "The routine of a waitable timer runs in an alertable wait of "
                 "the thread that set it.",
                 "SetWaitableTimer#remarks") {
  HANDLE timer = win_own(f, CreateWaitableTimerW(NULL, FALSE, NULL));
  LARGE_INTEGER due;

  timer_calls = 0;
  due.QuadPart = -(LONGLONG)QUIET_MS * TICKS_PER_MS;
  assert_call(SetWaitableTimer(timer, &due, 0, on_timer, &timer_calls, FALSE));
  assert_int_equal(WaitForSingleObjectEx(event_new(f), WAIT_MS, TRUE),
                   WAIT_IO_COMPLETION);
  assert_int_equal(timer_calls, 1);
}

NP_PLATFORM_CASE("platform/object/same-name", CreateEventW, NO_MODE,
                 ERROR_ALREADY_EXISTS,
                 "A second event with a name is another handle of the first "
                 "one, whatever state it asks for.",
                 "CreateEventW#return-value") {
  HANDLE first = win_own(f, CreateEventW(NULL, TRUE, FALSE, object_name(f)));
  DWORD error = GetLastError();
  HANDLE second = win_own(f, CreateEventW(NULL, TRUE, TRUE, object_name(f)));

  assert_error(error, ERROR_SUCCESS);
  assert_error(GetLastError(), ERROR_ALREADY_EXISTS);
  assert_false(event_is_set(second));
  assert_call(SetEvent(first));
  assert_true(event_is_set(second));
}

NP_PLATFORM_CASE("platform/object/open-by-name", OpenEventW, NO_MODE,
                 ERROR_FILE_NOT_FOUND,
                 "An event is found by its name as long as a handle is open.",
                 "OpenEventW#return-value") {
  HANDLE event = win_own(f, CreateEventW(NULL, TRUE, TRUE, object_name(f)));
  HANDLE opened =
      win_own(f, OpenEventW(EVENT_ALL_ACCESS, FALSE, object_name(f)));

  assert_non_null(opened);
  win_close(f, &event);
  assert_true(event_is_set(opened));
  win_close(f, &opened);
  assert_true(OpenEventW(EVENT_ALL_ACCESS, FALSE, object_name(f)) == NULL);
  assert_error(GetLastError(), ERROR_FILE_NOT_FOUND);
}

NP_PLATFORM_CASE("platform/object/name-of-another-type", CreateMutexW, NO_MODE,
                 ERROR_INVALID_HANDLE,
                 "Objects of all types share one space of names.",
                 "CreateMutexW#remarks") {
  win_own(f, CreateEventW(NULL, TRUE, FALSE, object_name(f)));
  assert_true(CreateMutexW(NULL, FALSE, object_name(f)) == NULL);
  assert_error(GetLastError(), ERROR_INVALID_HANDLE);
}

static DWORD WINAPI return_seven(LPVOID unused) {
  (void)unused;
  return 7;
}

NP_PLATFORM_CASE("platform/object/suspend-count", SuspendThread, NO_MODE,
                 NO_ERROR,
                 "A thread counts how often it was suspended. It runs when it "
                 "was resumed as often. An ended thread cannot be suspended.",
                 "SuspendThread#return-value; ResumeThread#remarks") {
  HANDLE thread =
      CreateThread(NULL, 0, return_seven, NULL, CREATE_SUSPENDED, NULL);

  win_own(f, thread);
  assert_int_equal(SuspendThread(thread), 1);
  assert_int_equal(ResumeThread(thread), 2);
  assert_int_equal(WaitForSingleObject(thread, QUIET_MS), WAIT_TIMEOUT);
  assert_int_equal(ResumeThread(thread), 1);
  assert_int_equal(worker_join(thread), 7);
  assert_int_equal(SuspendThread(thread), (DWORD)-1);
}
