/* np_pipe_adopt with a handle whose file object has another holder as well.
 * Port, key and modes belong to the file object, so the other holder's packets
 * reach the loop too. */
#include "library/ready/ready_common.h"

/* An operation that another holder of the file object gives to the kernel.
 * `junk` follows the OVERLAPPED: a loop that takes it for an np_op would call a
 * function through the junk, and crash. */
struct stranger {
  OVERLAPPED overlapped;
  uint8_t junk[256];
  char room[16];
};

/* So many that the heap of limits has branches. */
enum { LIMITED = 23 };

static struct stranger strangers[4];

static HANDLE duplicate_of(np_fixture *f, HANDLE handle) {
  HANDLE duplicate = NULL;

  assert_true(DuplicateHandle(GetCurrentProcess(), handle, GetCurrentProcess(),
                              &duplicate, 0, FALSE, DUPLICATE_SAME_ACCESS));
  return raw_own(f, duplicate);
}

/* adopt_raw adopts the end opposite f->end. The caller owns the pipe. */
static np_pipe *adopt_raw(np_fixture *f) {
  HANDLE handle = f->raw;
  np_pipe *pipe = NULL;

  assert_np_ok(np_pipe_adopt(f->loop, handle, &pipe));
  raw_release(f, handle);
  f->raw = NULL;
  return pipe_own(f, pipe);
}

static void stranger_reads(np_fixture *f, struct stranger *stranger,
                           HANDLE handle) {
  memset(stranger, 0x41, sizeof(*stranger));
  memset(&stranger->overlapped, 0, sizeof(stranger->overlapped));
  stranger->overlapped.hEvent =
      raw_own(f, CreateEventW(NULL, TRUE, FALSE, NULL));
  assert_false(ReadFile(handle, stranger->room, sizeof(stranger->room), NULL,
                        &stranger->overlapped));
  assert_int_equal(GetLastError(), ERROR_IO_PENDING);
}

/* stranger_has checks that the stranger's read ended with `text`, and that the
 * loop ignored the packet of this read. */
static void stranger_has(np_fixture *f, struct stranger *stranger,
                         const char *text) {
  loop_quiet(f);
  assert_int_equal(WaitForSingleObject(stranger->overlapped.hEvent, 0), 0);
  assert_int_equal(stranger->overlapped.InternalHigh, strlen(text));
  assert_memory_equal(stranger->room, text, strlen(text));
}

NP_CASE("adopt-shared/shared", np_pipe_adopt, ANY_MODE | BOTH_ENDS,
        ERROR_SHARING_VIOLATION,
        "A handle is refused while its file object has a second handle. The "
        "handle stays the caller's. After the second handle is closed, it is "
        "adopted.",
        "CreateIoCompletionPort#remarks; NtQueryObject") {
  np_pipe *adopted = NULL;
  HANDLE duplicate;

  pair_open_raw(f);
  duplicate = duplicate_of(f, f->raw);
  assert_np_error(np_pipe_adopt(f->loop, f->raw, &adopted),
                  ERROR_SHARING_VIOLATION);
  assert_np_error(np_pipe_adopt(f->loop, duplicate, &adopted),
                  ERROR_SHARING_VIOLATION);
  assert_null(adopted);
  raw_close(f, duplicate);
  adopted = adopt_raw(f);
  assert_passes(f, adopted, f->end, "abc", 3);
}

NP_CASE("adopt-shared/not-inherited", np_pipe_adopt, ANY_MODE | BOTH_ENDS,
        NP_OK,
        "Children do not inherit an adopted handle, though it could be "
        "inherited before: they could send packets to the loop.",
        "SetHandleInformation; CreateIoCompletionPort#remarks") {
  DWORD flags = HANDLE_FLAG_INHERIT;

  pair_open_raw(f);
  assert_true(
      SetHandleInformation(f->raw, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT));
  assert_true(GetHandleInformation(np_pipe_handle(adopt_raw(f)), &flags));
  assert_int_equal(flags & HANDLE_FLAG_INHERIT, 0);
}

NP_CASE("adopt-shared/foreign-packet", np_pipe_adopt, ANY_MODE | BOTH_ENDS,
        NP_OK,
        "Another program part duplicates an adopted handle and reads with its "
        "own OVERLAPPED. The loop drops these packets, and its own operations "
        "go on.",
        "CreateIoCompletionPort#remarks") {
  np_pipe *adopted;
  HANDLE other;

  pair_open_raw(f);
  adopted = adopt_raw(f);
  other = duplicate_of(f, np_pipe_handle(adopted));
  stranger_reads(f, &strangers[0], other);
  read_begin(&f->ops[0], adopted, 16); /* behind his */
  reads_post(f);
  pipe_send(f, f->end, "his", 3);
  stranger_has(f, &strangers[0], "his");
  pipe_send(f, f->end, "ours", 4);
  assert_next(&f->ops[0], NP_OK, 4);
  assert_passes(f, adopted, f->end, "back", 4);
}

NP_CASE("adopt-shared/foreign-packet-among-limits", np_pipe_adopt, NO_MODE,
        NP_OK,
        "Another holder's packet is dropped while many operations with time "
        "limits are in the kernel. They go on, and each can be cancelled.",
        "CreateIoCompletionPort#remarks") {
  HANDLE other;
  np_pipe *adopted;

  pair_open_raw(f);
  adopted = adopt_raw(f);
  other = duplicate_of(f, np_pipe_handle(adopted));
  stranger_reads(f, &strangers[0], other);
  for (unsigned i = 0; i < LIMITED; i++) {
    f->ops[i].op.timeout_ms = 60000 + 1000 * i;
    connect_begin(&f->ops[i], server_add(f));
  }
  /* An end changes the shape of the heap of limits. */
  assert_np_ok(np_op_cancel(&f->ops[0].op));
  assert_ends(&f->ops[0], ERROR_OPERATION_ABORTED, 0);
  pipe_send(f, f->end, "his", 3);
  stranger_has(f, &strangers[0], "his");
  for (unsigned n = 1; n < LIMITED; n++) {
    const unsigned i = n * 7 % LIMITED; /* each once, in a mixed order */

    assert_np_ok(np_op_cancel(&f->ops[i].op));
    assert_ends(&f->ops[i], ERROR_OPERATION_ABORTED, 0);
  }
}

NP_CASE("adopt-shared/foreign-packet-after-close", np_pipe_close,
        ANY_MODE | BOTH_ENDS, NP_OK,
        "The loop has closed an adopted pipe, and another holder still uses "
        "it. The packets of this holder arrive and are dropped.",
        "CreateIoCompletionPort#remarks") {
  np_pipe *adopted;
  HANDLE other;

  pair_open_raw(f);
  adopted = adopt_raw(f);
  other = duplicate_of(f, np_pipe_handle(adopted));
  pipe_close_wait(f, adopted);
  stranger_reads(f, &strangers[0], other);
  pipe_send(f, f->end, "late", 4);
  stranger_has(f, &strangers[0], "late");
}

NP_CASE("adopt-shared/own-operation-pending", np_pipe_adopt, ANY_MODE, NP_OK,
        "The caller passes a handle to the loop while its own connect is "
        "pending on the handle. The loop drops the packet of this connect, and "
        "the pipe works.",
        "npipe/pipe.h") {
  struct stranger *own = &strangers[0];
  HANDLE handle = raw_server(f);
  np_pipe *adopted = NULL;

  memset(own, 0x41, sizeof(*own));
  memset(&own->overlapped, 0, sizeof(own->overlapped));
  own->overlapped.hEvent = raw_own(f, CreateEventW(NULL, TRUE, FALSE, NULL));
  assert_false(ConnectNamedPipe(handle, &own->overlapped));
  assert_int_equal(GetLastError(), ERROR_IO_PENDING);
  assert_np_ok(np_pipe_adopt(f->loop, handle, &adopted));
  raw_release(f, handle);
  pipe_own(f, adopted);
  client_open_end(f);
  loop_quiet(f);
  assert_int_equal(WaitForSingleObject(own->overlapped.hEvent, 0), 0);
  assert_passes(f, f->client, adopted, "hello", 5);
}

NP_CASE("adopt-shared/foreign-packet-and-tasks", np_loop_post, NO_MODE, NP_OK,
        "A loop that checks its packets still runs its tasks. Some of them "
        "were posted before it adopted a handle.",
        "npipe/loop.h") {
  HANDLE other;

  pair_open_raw(f);
  assert_np_ok(np_loop_post(f->loop, &f->tasks[0].task, on_task));
  other = duplicate_of(f, np_pipe_handle(adopt_raw(f)));
  assert_np_ok(np_loop_post(f->loop, &f->tasks[1].task, on_task));
  stranger_reads(f, &strangers[0], other);
  pipe_send(f, f->end, "his", 3);
  assert_np_ok(np_loop_post(f->loop, &f->tasks[2].task, on_task));
  stranger_has(f, &strangers[0], "his");
  for (unsigned i = 0; i < 3; i++) {
    assert_int_equal(f->tasks[i].run_count, 1);
  }
}

NP_CASE("adopt-shared/event-of-the-handle", np_pipe_adopt, ANY_MODE | BOTH_ENDS,
        NP_OK,
        "An operation without an event signals the adopted handle when it "
        "ends. So a holder of the handle that waits for the handle itself does "
        "not wait for ever.",
        "SetFileCompletionNotificationModes#parameters") {
  static OVERLAPPED overlapped;
  char room[16];
  np_pipe *adopted;
  HANDLE other;

  pair_open_raw(f);
  adopted = adopt_raw(f);
  other = duplicate_of(f, np_pipe_handle(adopted));
  memset(&overlapped, 0, sizeof(overlapped));
  assert_false(ReadFile(other, room, sizeof(room), NULL, &overlapped));
  assert_int_equal(GetLastError(), ERROR_IO_PENDING);
  assert_int_equal(WaitForSingleObject(other, 0), WAIT_TIMEOUT);
  pipe_send(f, f->end, "abc", 3);
  loop_quiet(f);
  assert_int_equal(WaitForSingleObject(other, 0), 0);
}
