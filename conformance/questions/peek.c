/* Questions about looking at a pipe without taking anything. */
#include "questions.h"

static struct nt_peek peeked;

/* Peeks `size` bytes of a handle by the control; returns the status. */
static DWORD peek(struct platform *f, struct io *io, ULONG size) {
  DWORD status =
      (DWORD)NtFsControlFile(f->server, io->event, NULL, io,
                             (IO_STATUS_BLOCK *)(void *)&io->overlapped,
                             NT_FSCTL_PIPE_PEEK, NULL, 0, &peeked, size);

  io->pending = status == NT_PENDING;
  return status;
}

NP_QUESTION(
    "questions/peek-on-port", MODE_BYTE,
    "On an overlapped handle that skips its port on success, how is "
    "FSCTL_PIPE_PEEK answered?",
    "np_pipe_peek waits for its packet where it pends.", "platform/peek/*",
    ANSWER("at-once", "success at once, and no packet", "Windows 7; Wine",
           "peek_pends_permille=0"),
    ANSWER("pends", "STATUS_PENDING, and a packet",
           "Wine's tests allow it for Windows 8 and later (ntdll pipe.c, "
           "test_completion)",
           "peek_pends_permille=1000")) {
  struct io *io;
  DWORD status;

  pair_create_on_port(f, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS);
  assert_error(write_start(io_new_port(f), f->client, "abc", 3), 0);
  io = io_new_port(f);
  status = peek(f, io, sizeof(peeked));
  if (status != NT_PENDING && status != NT_OK) {
    answer_status(status);
  }
  answer_give(status == NT_PENDING ? "pends" : "at-once",
              packet_take(f, QUIET_MS).found == (status == NT_PENDING)
                  ? "%s"
                  : "%sits packet is not as the answer says",
              "");
}

static DWORD WINAPI peek_by_win32(void *argument) {
  DWORD available = 0;

  return PeekNamedPipe((HANDLE)argument, NULL, 0, NULL, &available, NULL)
             ? available
             : GetLastError();
}

NP_QUESTION(
    "questions/peek-without-event", MODE_BYTE,
    "Does PeekNamedPipe return on an overlapped handle with "
    "FILE_SKIP_SET_EVENT_ON_HANDLE, which is never signalled?",
    "np_pipe_peek uses the control with an event of its own for this reason.",
    "platform/peek/*", ANSWER("returns", "it returns", "Windows 7; Wine", ""),
    ANSWER("hangs", "it waits for ever",
           "possible where the control pends and PeekNamedPipe waits for the "
           "handle",
           "")) {
  HANDLE worker;

  pair_create_on_port(
      f, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS | FILE_SKIP_SET_EVENT_ON_HANDLE);
  assert_error(write_start(io_new_port(f), f->client, "abc", 3), 0);
  worker = worker_start(f, peek_by_win32, f->server);
  if (WaitForSingleObject(worker, (DWORD)world_timeout_ms(2000)) !=
      WAIT_OBJECT_0) {
    answer_give("hangs", "%s", "");
  }
  assert_int_equal(worker_join(worker), 3);
  answer_give("returns", "%s", "");
}

NP_QUESTION(
    "questions/peek-header-alone", MODE_BYTE,
    "What does FSCTL_PIPE_PEEK with room for its header alone say while bytes "
    "wait in a byte pipe?",
    "np_pipe_peek takes both as success.", "platform/peek/*",
    ANSWER("success", "success", "Wine", ""),
    ANSWER("overflow", "STATUS_BUFFER_OVERFLOW", "ReactOS' npfs", "")) {
  struct io *io;
  DWORD status;

  pair_create(f);
  assert_result(win_write(f, f->client, "abc", 3), 0, 3);
  io = io_new(f);
  status = peek(f, io, offsetof(struct nt_peek, data));
  if (status == NT_PENDING) {
    assert_true(event_is_set(io->event) || !io_is_quiet(io));
    status = (DWORD)io->overlapped.Internal;
  }
  if (status == NT_OK || status == NT_BUFFER_OVERFLOW) {
    answer_give(status == NT_OK ? "success" : "overflow", "%s", "");
  }
  answer_status(status);
}

static DWORD WINAPI read_one(void *argument) {
  char byte;
  DWORD bytes = 0;

  return ReadFile((HANDLE)argument, &byte, 1, &bytes, NULL) ? 0
                                                            : GetLastError();
}

NP_QUESTION(
    "questions/peek-behind-read", MODE_BYTE,
    "On a synchronous handle, does PeekNamedPipe wait behind a read that waits "
    "in another thread?",
    "np_pipe_adopt refuses synchronous handles, which could stop the loop.", "",
    ANSWER("waits", "it waits until the read has ended",
           "the page of PeekNamedPipe; a comment in libuv", ""),
    ANSWER("returns", "it returns at once", "", "")) {
  HANDLE reader;
  HANDLE worker;

  f->server = instance_open(f, PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE, 1);
  assert_call(f->server != INVALID_HANDLE_VALUE);
  pair_connect(f);
  reader = worker_start(f, read_one, f->server);
  assert_true(worker_is_blocked(reader));
  worker = worker_start(f, peek_by_win32, f->server);
  answer_give(WaitForSingleObject(worker, (DWORD)world_timeout_ms(1000)) ==
                      WAIT_OBJECT_0
                  ? "returns"
                  : "waits",
              "%s", "");
}
