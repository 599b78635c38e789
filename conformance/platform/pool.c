/* The thread pool beside pipes: operations whose ends are callbacks, and waits
 * for events of operations. */
#include "fixture.h"

enum { TICKS_PER_MS = 10000 };

/* The arguments of the last callback. The callback sets `told` at its end. */
static struct {
  HANDLE told;
  DWORD code;
  ULONG_PTR bytes;
  void *overlapped;
  LONG calls;
} seen;

static char room[4];

static void seen_begin(struct platform *f) {
  ZeroMemory(&seen, sizeof seen);
  seen.code = 99;
  seen.told = event_new(f);
}

static void seen_end(DWORD code, ULONG_PTR bytes, void *overlapped) {
  seen.code = code;
  seen.bytes = bytes;
  seen.overlapped = overlapped;
  InterlockedIncrement(&seen.calls);
  SetEvent(seen.told);
}

static void assert_seen(DWORD code) {
  assert_int_equal(WaitForSingleObject(seen.told, WAIT_MS), WAIT_OBJECT_0);
  assert_int_equal(seen.calls, 1);
  assert_error(seen.code, code);
}

static void CALLBACK on_io(PTP_CALLBACK_INSTANCE instance, PVOID context,
                           PVOID overlapped, ULONG error, ULONG_PTR bytes,
                           PTP_IO io) {
  (void)instance, (void)context, (void)io;
  seen_end(error, bytes, overlapped);
}

/* io_begin creates the pair and binds its end under test. */
static PTP_IO io_begin(struct platform *f) {
  PTP_IO io;

  pair_create(f);
  seen_begin(f);
  io = CreateThreadpoolIo(f->end, on_io, NULL, NULL);
  assert_non_null(io);
  return io;
}

/* io_reads begins a read, which must be refused with `error`. */
static void io_reads(PTP_IO io, HANDLE end, OVERLAPPED *overlapped,
                     DWORD error) {
  ZeroMemory(overlapped, sizeof *overlapped);
  StartThreadpoolIo(io);
  assert_refused(ReadFile(end, room, sizeof room, NULL, overlapped), error);
}

static void io_end(struct platform *f, PTP_IO io) {
  WaitForThreadpoolIoCallbacks(io, FALSE);
  end_close(f);
  CloseThreadpoolIo(io);
}

NP_PLATFORM_CASE("platform/pool/pending-read", CreateThreadpoolIo,
                 ANY_MODE | BOTH_ENDS, NO_ERROR,
                 "The end of a pending read is a callback with its OVERLAPPED "
                 "and its bytes.",
                 "CreateThreadpoolIo#remarks") {
  static OVERLAPPED overlapped;
  PTP_IO io = io_begin(f);

  io_reads(io, f->end, &overlapped, ERROR_IO_PENDING);
  assert_result(win_write(f, f->peer, "ab", 2), 0, 2);
  assert_seen(0);
  assert_int_equal(seen.bytes, 2);
  assert_ptr_equal(seen.overlapped, &overlapped);
  io_end(f, io);
}

NP_PLATFORM_CASE("platform/pool/read-at-once", CreateThreadpoolIo,
                 ANY_MODE | BOTH_ENDS, NO_ERROR,
                 "A read that ended at once has a callback, too.",
                 "StartThreadpoolIo#remarks") {
  static OVERLAPPED overlapped;
  PTP_IO io = io_begin(f);

  ZeroMemory(&overlapped, sizeof overlapped);
  assert_result(win_write(f, f->peer, "ab", 2), 0, 2);
  StartThreadpoolIo(io);
  if (!ReadFile(f->end, room, sizeof room, NULL, &overlapped)) {
    assert_error(GetLastError(), ERROR_IO_PENDING);
  }
  assert_seen(0);
  io_end(f, io);
}

NP_PLATFORM_CASE("platform/pool/refused-at-once", CancelThreadpoolIo,
                 NO_MODE | BOTH_ENDS, ERROR_BROKEN_PIPE,
                 "A read that fails at once has no callback, and its start is "
                 "taken back.",
                 "CancelThreadpoolIo#remarks") {
  static OVERLAPPED overlapped;
  PTP_IO io = io_begin(f);

  peer_close(f);
  io_reads(io, f->end, &overlapped, ERROR_BROKEN_PIPE);
  CancelThreadpoolIo(io);
  io_end(f, io);
  assert_int_equal(seen.calls, 0);
}

NP_PLATFORM_CASE(
    "platform/pool/cancelled", CreateThreadpoolIo, NO_MODE | BOTH_ENDS,
    ERROR_OPERATION_ABORTED,
    "The callback of a cancelled read gets ERROR_OPERATION_ABORTED.",
    "CreateThreadpoolIo#remarks") {
  static OVERLAPPED overlapped;
  PTP_IO io = io_begin(f);

  io_reads(io, f->end, &overlapped, ERROR_IO_PENDING);
  assert_call(CancelIoEx(f->end, &overlapped));
  assert_seen(ERROR_OPERATION_ABORTED);
  io_end(f, io);
}

NP_PLATFORM_CASE("platform/pool/one-port-only", CreateThreadpoolIo, NO_MODE,
                 ERROR_INVALID_PARAMETER,
                 "A handle that has a completion port cannot be bound to the "
                 "thread pool.",
                 "wine ntdll/tests/file.c#test_file_io_completion") {
  pair_create_on_port(f, 0);
  assert_true(CreateThreadpoolIo(f->server, on_io, NULL, NULL) == NULL);
  assert_error(GetLastError(), ERROR_INVALID_PARAMETER);
}

static void CALLBACK on_bound(DWORD error, DWORD bytes,
                              LPOVERLAPPED overlapped) {
  seen_end(error, bytes, overlapped);
}

NP_PLATFORM_CASE("platform/pool/bound", BindIoCompletionCallback,
                 NO_MODE | BOTH_ENDS, NO_ERROR,
                 "The older binding calls its routine at the end of each "
                 "operation.",
                 "BindIoCompletionCallback#remarks") {
  static OVERLAPPED overlapped;

  pair_create(f);
  seen_begin(f);
  ZeroMemory(&overlapped, sizeof overlapped);
  assert_call(BindIoCompletionCallback(f->end, on_bound, 0));
  assert_refused(ReadFile(f->end, room, sizeof room, NULL, &overlapped),
                 ERROR_IO_PENDING);
  assert_result(win_write(f, f->peer, "a", 1), 0, 1);
  assert_seen(0);
  assert_int_equal(seen.bytes, 1);
  assert_ptr_equal(seen.overlapped, &overlapped);
}

static void CALLBACK on_registered(PVOID context, BOOLEAN timed_out) {
  seen_end(timed_out ? WAIT_TIMEOUT : 0, 0, context);
}

NP_PLATFORM_CASE("platform/pool/registered-wait", RegisterWaitForSingleObject,
                 NO_MODE, NO_ERROR,
                 "A registered wait calls back when the event of an operation "
                 "is set.",
                 "RegisterWaitForSingleObject#remarks") {
  struct io *io;
  HANDLE registered = NULL;

  pair_create(f);
  seen_begin(f);
  io = io_new(f);
  assert_error(read_start(io, f->server, room, 4), ERROR_IO_PENDING);
  assert_call(RegisterWaitForSingleObject(&registered, io->event, on_registered,
                                          &seen, INFINITE, WT_EXECUTEONLYONCE));
  assert_result(win_write(f, f->client, "a", 1), 0, 1);
  assert_seen(0);
  assert_ptr_equal(seen.overlapped, &seen);
  assert_call(UnregisterWaitEx(registered, INVALID_HANDLE_VALUE));
  assert_result(io_wait(io, f->server), 0, 1);
}

NP_PLATFORM_CASE("platform/pool/registered-timeout",
                 RegisterWaitForSingleObject, NO_MODE, WAIT_TIMEOUT,
                 "A registered wait calls back when its time is over.",
                 "RegisterWaitForSingleObject#parameters") {
  HANDLE registered = NULL;

  seen_begin(f);
  assert_call(RegisterWaitForSingleObject(&registered, event_new(f),
                                          on_registered, NULL, QUIET_MS,
                                          WT_EXECUTEONLYONCE));
  assert_seen(WAIT_TIMEOUT);
  assert_call(UnregisterWaitEx(registered, INVALID_HANDLE_VALUE));
}

NP_PLATFORM_CASE("platform/pool/unregistered", UnregisterWaitEx, NO_MODE,
                 NO_ERROR, "A wait that was given up calls back no more.",
                 "UnregisterWaitEx#remarks") {
  HANDLE registered = NULL;
  HANDLE event = event_new(f);

  seen_begin(f);
  assert_call(RegisterWaitForSingleObject(&registered, event, on_registered,
                                          NULL, INFINITE, WT_EXECUTEONLYONCE));
  assert_call(UnregisterWaitEx(registered, INVALID_HANDLE_VALUE));
  assert_call(SetEvent(event));
  assert_int_equal(WaitForSingleObject(seen.told, QUIET_MS), WAIT_TIMEOUT);
}

static void CALLBACK on_wait(PTP_CALLBACK_INSTANCE instance, PVOID context,
                             PTP_WAIT wait, TP_WAIT_RESULT result) {
  (void)instance, (void)wait;
  seen_end(result, 0, context);
}

NP_PLATFORM_CASE("platform/pool/wait", SetThreadpoolWait, NO_MODE, NO_ERROR,
                 "A wait of the pool calls back once when its object is "
                 "signalled, and must be set again.",
                 "SetThreadpoolWait#remarks") {
  PTP_WAIT wait;
  HANDLE event = event_new(f);

  seen_begin(f);
  wait = CreateThreadpoolWait(on_wait, NULL, NULL);
  assert_non_null(wait);
  SetThreadpoolWait(wait, event, NULL);
  assert_call(SetEvent(event));
  assert_seen(WAIT_OBJECT_0);
  WaitForThreadpoolWaitCallbacks(wait, FALSE);
  assert_int_equal(seen.calls, 1);
  CloseThreadpoolWait(wait);
}

static void CALLBACK on_timer(PTP_CALLBACK_INSTANCE instance, PVOID context,
                              PTP_TIMER timer) {
  (void)instance, (void)timer;
  seen_end(0, 0, context);
}

NP_PLATFORM_CASE("platform/pool/timer", SetThreadpoolTimer, NO_MODE, NO_ERROR,
                 "A timer of the pool calls back when its time has passed.",
                 "SetThreadpoolTimer#parameters") {
  ULARGE_INTEGER due;
  FILETIME time;
  PTP_TIMER timer;

  seen_begin(f);
  timer = CreateThreadpoolTimer(on_timer, NULL, NULL);
  assert_non_null(timer);
  due.QuadPart = (ULONGLONG)(-(LONGLONG)QUIET_MS * TICKS_PER_MS);
  time.dwLowDateTime = due.LowPart;
  time.dwHighDateTime = due.HighPart;
  SetThreadpoolTimer(timer, &time, 0, 0);
  assert_seen(0);
  WaitForThreadpoolTimerCallbacks(timer, TRUE);
  CloseThreadpoolTimer(timer);
}

static void CALLBACK on_work(PTP_CALLBACK_INSTANCE instance, PVOID context,
                             PTP_WORK work) {
  (void)instance, (void)context, (void)work;
  InterlockedIncrement(&seen.calls);
}

static DWORD WINAPI on_item(LPVOID context) {
  (void)context;
  InterlockedIncrement(&seen.calls);
  SetEvent(seen.told);
  return 0;
}

NP_PLATFORM_CASE("platform/pool/work", SubmitThreadpoolWork, NO_MODE, NO_ERROR,
                 "Work runs once for each time that it is submitted; a work "
                 "item of the older interface runs once.",
                 "SubmitThreadpoolWork#remarks") {
  PTP_WORK work;

  seen_begin(f);
  work = CreateThreadpoolWork(on_work, NULL, NULL);
  assert_non_null(work);
  for (int i = 0; i < 3; i++) {
    SubmitThreadpoolWork(work);
  }
  WaitForThreadpoolWorkCallbacks(work, FALSE);
  assert_int_equal(seen.calls, 3);
  CloseThreadpoolWork(work);
  assert_call(QueueUserWorkItem(on_item, NULL, WT_EXECUTEDEFAULT));
  assert_int_equal(WaitForSingleObject(seen.told, WAIT_MS), WAIT_OBJECT_0);
  assert_int_equal(seen.calls, 4);
}
