/* Completion routines: ReadFileEx and WriteFileEx, whose ends are APCs of the
 * thread that started the operation, and the waits that let them run. */
#include "fixture.h"

/* The arguments of the last completion routine. */
static struct {
  unsigned calls;
  DWORD error;
  DWORD bytes;
  OVERLAPPED *overlapped;
} told;

static OVERLAPPED overlapped;
static char room[4];

static void CALLBACK on_done(DWORD error, DWORD bytes, LPOVERLAPPED ended) {
  told.calls++;
  told.error = error;
  told.bytes = bytes;
  told.overlapped = ended;
}

static void NTAPI on_apc(ULONG_PTR value) {
  told.calls += (unsigned)value;
}

/* apc_begin forgets what the last run was told. */
static void apc_begin(void) {
  ZeroMemory(&told, sizeof told);
  ZeroMemory(&overlapped, sizeof overlapped);
}

/* alertable_wait waits alertably for an event that nobody sets. */
static DWORD alertable_wait(struct platform *f, DWORD timeout_ms) {
  return WaitForSingleObjectEx(event_new(f), timeout_ms, TRUE);
}

static DWORD read_ex(HANDLE pipe) {
  return ReadFileEx(pipe, room, sizeof room, &overlapped, on_done)
             ? 0
             : GetLastError();
}

static void assert_told(DWORD error, DWORD bytes) {
  assert_int_equal(told.calls, 1);
  assert_error(told.error, error);
  assert_int_equal(told.bytes, bytes);
  assert_ptr_equal(told.overlapped, &overlapped);
}

NP_PLATFORM_CASE("platform/apc/pending-read", ReadFileEx, ANY_MODE | BOTH_ENDS,
                 NO_ERROR,
                 "A pending read with a routine succeeds; its routine runs in "
                 "an alertable wait after the data came.",
                 "ReadFileEx#remarks") {
  pair_create(f);
  apc_begin();
  assert_error(read_ex(f->end), 0);
  assert_result(win_write(f, f->peer, "ab", 2), 0, 2);
  assert_int_equal(alertable_wait(f, WAIT_MS), WAIT_IO_COMPLETION);
  assert_told(0, 2);
  assert_memory_equal(room, "ab", 2);
}

NP_PLATFORM_CASE("platform/apc/read-at-once", ReadFileEx, ANY_MODE | BOTH_ENDS,
                 NO_ERROR,
                 "The routine of a read that ended at once runs in the next "
                 "alertable wait, not before.",
                 "ReadFileEx#remarks") {
  pair_create(f);
  apc_begin();
  assert_result(win_write(f, f->peer, "ab", 2), 0, 2);
  assert_error(read_ex(f->end), 0);
  assert_int_equal(WaitForSingleObject(event_new(f), QUIET_MS), WAIT_TIMEOUT);
  assert_int_equal(told.calls, 0);
  assert_int_equal(alertable_wait(f, 0), WAIT_IO_COMPLETION);
  assert_told(0, 2);
}

NP_PLATFORM_CASE("platform/apc/write", WriteFileEx, ANY_MODE | BOTH_ENDS,
                 NO_ERROR,
                 "The routine of a write gets the number of bytes written.",
                 "WriteFileEx#remarks") {
  pair_create(f);
  apc_begin();
  assert_call(WriteFileEx(f->end, "abc", 3, &overlapped, on_done));
  assert_int_equal(alertable_wait(f, WAIT_MS), WAIT_IO_COMPLETION);
  assert_told(0, 3);
  assert_read(f, f->peer, "abc");
}

NP_PLATFORM_CASE("platform/apc/refused-at-once", ReadFileEx,
                 ANY_MODE | BOTH_ENDS, ERROR_BROKEN_PIPE,
                 "A read that fails at once has no routine to run.",
                 "ReadFileEx#return-value") {
  pair_create(f);
  apc_begin();
  peer_close(f);
  assert_error(read_ex(f->end), ERROR_BROKEN_PIPE);
  assert_int_equal(alertable_wait(f, 0), WAIT_TIMEOUT);
  assert_int_equal(told.calls, 0);
}

NP_PLATFORM_CASE(
    "platform/apc/peer-closed", ReadFileEx, ANY_MODE | BOTH_ENDS,
    ERROR_BROKEN_PIPE,
    "The routine of a pending read gets the error that the peer has closed.",
    "FileIOCompletionRoutine#parameters") {
  pair_create(f);
  apc_begin();
  assert_error(read_ex(f->end), 0);
  peer_close(f);
  assert_int_equal(alertable_wait(f, WAIT_MS), WAIT_IO_COMPLETION);
  assert_told(ERROR_BROKEN_PIPE, 0);
}

NP_PLATFORM_CASE("platform/apc/cancelled", ReadFileEx, NO_MODE | BOTH_ENDS,
                 ERROR_OPERATION_ABORTED,
                 "The routine of a cancelled read runs, too.",
                 "CancelIo#remarks") {
  pair_create(f);
  apc_begin();
  assert_error(read_ex(f->end), 0);
  assert_call(CancelIo(f->end));
  assert_int_equal(alertable_wait(f, WAIT_MS), WAIT_IO_COMPLETION);
  assert_told(ERROR_OPERATION_ABORTED, 0);
}

NP_PLATFORM_CASE("platform/apc/event-is-the-callers", ReadFileEx, NO_MODE,
                 NO_ERROR,
                 "hEvent may hold anything: a read with a routine does not "
                 "look at it.",
                 "ReadFileEx#parameters") {
  pair_create(f);
  apc_begin();
  overlapped.hEvent = (HANDLE)&told;
  assert_error(read_ex(f->server), 0);
  assert_result(win_write(f, f->client, "a", 1), 0, 1);
  assert_int_equal(alertable_wait(f, WAIT_MS), WAIT_IO_COMPLETION);
  assert_told(0, 1);
  assert_ptr_equal(overlapped.hEvent, (HANDLE)&told);
}

NP_PLATFORM_CASE("platform/apc/handle-with-port", ReadFileEx, NO_MODE,
                 ERROR_INVALID_PARAMETER,
                 "A handle that has a completion port takes no routines.",
                 "wine ntdll/tests/pipe.c#test_async_cancel_on_handle_close") {
  pair_create_on_port(f, 0);
  apc_begin();
  assert_error(read_ex(f->server), ERROR_INVALID_PARAMETER);
  assert_no_packet(f);
}

NP_PLATFORM_CASE("platform/apc/user", QueueUserAPC, NO_MODE, NO_ERROR,
                 "All APCs of a thread run in one alertable wait.",
                 "QueueUserAPC#remarks") {
  apc_begin();
  assert_true(QueueUserAPC(on_apc, GetCurrentThread(), 1) != 0);
  assert_true(QueueUserAPC(on_apc, GetCurrentThread(), 2) != 0);
  assert_int_equal(told.calls, 0);
  assert_int_equal(alertable_wait(f, WAIT_MS), WAIT_IO_COMPLETION);
  assert_int_equal(told.calls, 3);
  assert_int_equal(alertable_wait(f, 0), WAIT_TIMEOUT);
}

static DWORD WINAPI wait_alertably(void *event) {
  return WaitForSingleObjectEx(event, INFINITE, TRUE);
}

NP_PLATFORM_CASE("platform/apc/other-thread", QueueUserAPC, NO_MODE, NO_ERROR,
                 "An APC ends an alertable wait of another thread.",
                 "QueueUserAPC#remarks") {
  HANDLE worker;

  apc_begin();
  worker = worker_start(f, wait_alertably, event_new(f));
  assert_true(worker_is_blocked(worker));
  assert_true(QueueUserAPC(on_apc, worker, 5) != 0);
  assert_int_equal(worker_join(worker), WAIT_IO_COMPLETION);
  assert_int_equal(told.calls, 5);
}

NP_PLATFORM_CASE("platform/apc/signalled-object", WaitForSingleObjectEx,
                 NO_MODE, NO_ERROR,
                 "A signalled object ends an alertable wait before an APC "
                 "does.",
                 "Alertable I/O#remarks") {
  HANDLE event = event_new(f);

  apc_begin();
  assert_call(SetEvent(event));
  assert_true(QueueUserAPC(on_apc, GetCurrentThread(), 1) != 0);
  assert_int_equal(WaitForSingleObjectEx(event, WAIT_MS, TRUE), WAIT_OBJECT_0);
  assert_int_equal(told.calls, 0);
  assert_int_equal(alertable_wait(f, 0), WAIT_IO_COMPLETION);
  assert_int_equal(told.calls, 1);
}

NP_PLATFORM_CASE("platform/apc/port-wait", GetQueuedCompletionStatusEx, NO_MODE,
                 WAIT_IO_COMPLETION,
                 "An APC ends an alertable wait for packets.",
                 "GetQueuedCompletionStatusEx#parameters") {
  OVERLAPPED_ENTRY entry;
  ULONG count = 0;

  apc_begin();
  port_new(f);
  assert_true(QueueUserAPC(on_apc, GetCurrentThread(), 1) != 0);
  assert_refused(
      GetQueuedCompletionStatusEx(f->port, &entry, 1, &count, WAIT_MS, TRUE),
      WAIT_IO_COMPLETION);
  assert_int_equal(told.calls, 1);
}
