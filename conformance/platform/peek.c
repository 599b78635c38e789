/* PeekNamedPipe and FSCTL_PIPE_PEEK: the numbers that they return, and the
 * state that they leave unchanged. */
#include "fixture.h"

#include <string.h>

struct peeked {
  char data[8];
  DWORD read;
  DWORD available;
  DWORD left;
};

static struct peeked peek(HANDLE pipe, DWORD size) {
  struct peeked peeked = {{0}, 99, 99, 99};

  assert_call(PeekNamedPipe(pipe, peeked.data, size, &peeked.read,
                            &peeked.available, &peeked.left));
  return peeked;
}

NP_PLATFORM_CASE("platform/peek/empty", PeekNamedPipe, MESSAGE_TYPE | BOTH_ENDS,
                 NO_ERROR, "A peek at an empty pipe returns only zeros.",
                 "wine ntdll/tests/pipe.c#test_peek") {
  struct peeked peeked;

  pair_create(f);
  peeked = peek(f->end, 8);
  assert_int_equal(peeked.read, 0);
  assert_int_equal(peeked.available, 0);
  assert_int_equal(peeked.left, 0);
}

NP_PLATFORM_CASE("platform/peek/takes-nothing", PeekNamedPipe,
                 ANY_MODE | BOTH_ENDS, NO_ERROR,
                 "A peek copies as much as fits, succeeds even if more data "
                 "wait, and leaves all data to the reader.",
                 "wine kernel32/tests/pipe.c#test_CreateNamedPipe") {
  pair_create(f);
  assert_result(win_write(f, f->peer, "abcd", 4), 0, 4);
  for (int i = 0; i < 2; i++) {
    struct peeked peeked = peek(f->end, 3);
    assert_int_equal(peeked.read, 3);
    assert_int_equal(peeked.available, 4);
    assert_memory_equal(peeked.data, "abc", 3);
  }
  assert_read(f, f->end, "abcd");
}

NP_PLATFORM_CASE("platform/peek/first-message", PeekNamedPipe,
                 MESSAGE_TYPE | BOTH_ENDS, NO_ERROR,
                 "On a message pipe a peek copies of the first message alone, "
                 "also in byte reads; the count of bytes is of all.",
                 "wine kernel32/tests/pipe.c#test_CreateNamedPipe") {
  struct peeked peeked;

  pair_create(f);
  assert_result(win_write(f, f->peer, "abcd", 4), 0, 4);
  assert_result(win_write(f, f->peer, "ef", 2), 0, 2);
  peeked = peek(f->end, 8);
  assert_int_equal(peeked.read, 4);
  assert_int_equal(peeked.available, 6);
  assert_int_equal(peeked.left, 0);
  peeked = peek(f->end, 1);
  assert_int_equal(peeked.read, 1);
  assert_int_equal(peeked.left, 3);
}

NP_PLATFORM_CASE("platform/peek/over-writes", PeekNamedPipe,
                 MODE_BYTE | BOTH_ENDS, NO_ERROR,
                 "On a byte pipe a peek copies over writes.",
                 "wine kernel32/tests/pipe.c#test_CreateNamedPipe") {
  struct peeked peeked;

  pair_create(f);
  assert_result(win_write(f, f->peer, "abcd", 4), 0, 4);
  assert_result(win_write(f, f->peer, "ef", 2), 0, 2);
  peeked = peek(f->end, 8);
  assert_int_equal(peeked.read, 6);
  assert_int_equal(peeked.available, 6);
  assert_memory_equal(peeked.data, "abcdef", 6);
}

NP_PLATFORM_CASE("platform/peek/rest-of-a-message", PeekNamedPipe,
                 MODE_MESSAGE | BOTH_ENDS, NO_ERROR,
                 "After a part was read, the message left is the rest.",
                 "wine kernel32/tests/pipe.c#test_CreateNamedPipe") {
  struct peeked peeked;
  char room[1];

  pair_create(f);
  assert_result(win_write(f, f->peer, "abcd", 4), 0, 4);
  assert_result(win_read(f, f->end, room, 1), ERROR_MORE_DATA, 1);
  peeked = peek(f->end, 1);
  assert_int_equal(peeked.data[0], 'b');
  assert_int_equal(peeked.available, 3);
  assert_int_equal(peeked.left, 2);
}

NP_PLATFORM_CASE("platform/peek/pending-writes", PeekNamedPipe,
                 ANY_MODE | BOTH_ENDS, NO_ERROR,
                 "The bytes of writes that pend are counted.",
                 "wine kernel32/tests/pipe.c#test_blocking_rw; museum D13") {
  static char data[QUOTA + 1];
  struct io *io = pair_io(f);

  assert_error(write_start(io, f->peer, data, sizeof(data)), ERROR_IO_PENDING);
  assert_int_equal(peek_bytes(f->end), sizeof(data));
  assert_call(CancelIoEx(f->peer, &io->overlapped));
  assert_error(io_wait(io, f->peer).error, ERROR_OPERATION_ABORTED);
  assert_int_equal(peek_bytes(f->end), 0);
}

NP_PLATFORM_CASE("platform/peek/writer", PeekNamedPipe, NO_MODE,
                 ERROR_ACCESS_DENIED,
                 "A handle that may not read may not peek.",
                 "PeekNamedPipe#parameters") {
  DWORD bytes;
  HANDLE client;

  pair_listen(f);
  client = client_open(f, GENERIC_WRITE, 0);
  assert_call(client != INVALID_HANDLE_VALUE);
  assert_refused(PeekNamedPipe(client, NULL, 0, NULL, &bytes, NULL),
                 ERROR_ACCESS_DENIED);
}

/* The client is synchronous, because since Windows 8 the control could pend on
 * another handle. */
static DWORD control(HANDLE pipe, struct nt_peek *peeked, ULONG data_size,
                     ULONG *information) {
  IO_STATUS_BLOCK io = {0};
  DWORD status;

  status = (DWORD)NtFsControlFile(
      pipe, NULL, NULL, NULL, &io, NT_FSCTL_PIPE_PEEK, NULL, 0, peeked,
      (ULONG)offsetof(struct nt_peek, data) + data_size);
  *information = (ULONG)io.Information;
  return status;
}

NP_PLATFORM_CASE("platform/peek/control", NtFsControlFile, ANY_MODE, NO_ERROR,
                 "FSCTL_PIPE_PEEK returns the state, the number of bytes and "
                 "the length of the first message. A buffer that is too short "
                 "gives a warning on message pipes only.",
                 "wine ntdll/tests/pipe.c#test_peek") {
  bool messages = f->type == PIPE_TYPE_MESSAGE;
  struct nt_peek peeked;
  ULONG size;

  pair_listen(f);
  f->client = client_connect_sync(f);
  assert_result(win_write(f, f->server, "abcd", 4), 0, 4);
  assert_status(control(f->client, &peeked, 8, &size), NT_OK);
  assert_int_equal(size, 16 + 4);
  assert_int_equal(peeked.state, NT_STATE_CONNECTED);
  assert_int_equal(peeked.available, 4);
  assert_int_equal(peeked.message_length, messages ? 4 : 0);
  assert_memory_equal(peeked.data, "abcd", 4);
  assert_status(control(f->client, &peeked, 3, &size),
                messages ? NT_BUFFER_OVERFLOW : NT_OK);
  assert_int_equal(size, 16 + 3);
}

NP_PLATFORM_CASE("platform/peek/control-counts-messages", NtFsControlFile,
                 MESSAGE_TYPE, NO_ERROR,
                 "FSCTL_PIPE_PEEK tells how many messages are queued.",
                 "reactos npfs#NpPeek") {
  struct nt_peek peeked;
  ULONG size;

  pair_listen(f);
  f->client = client_connect_sync(f);
  assert_result(win_write(f, f->server, "abcd", 4), 0, 4);
  assert_result(win_write(f, f->server, "ef", 2), 0, 2);
  assert_status(control(f->client, &peeked, 8, &size), NT_OK);
  assert_int_equal(peeked.messages, 2);
}

static void control_on_port(struct platform *f, ULONG size, DWORD expected) {
  struct nt_peek peeked;
  struct io *io = io_new_port(f);
  IO_STATUS_BLOCK *status = (IO_STATUS_BLOCK *)(void *)&io->overlapped;
  DWORD answer;

  memset(&peeked, 0, sizeof(peeked));
  answer = (DWORD)NtFsControlFile(f->end, NULL, NULL, io, status,
                                  NT_FSCTL_PIPE_PEEK, NULL, 0, &peeked,
                                  (ULONG)offsetof(struct nt_peek, data) + size);
  if (answer == NT_PENDING) {
    struct packet packet = packet_take(f, WAIT_MS);

    assert_true(packet.found);
    assert_ptr_equal(packet.overlapped, io);
    answer = (DWORD)status->Status;
  }
  assert_status(answer, expected);
  assert_int_equal(status->Information, 16 + size);
  assert_memory_equal(peeked.data, "abcd", size);
  assert_no_packet(f);
}

/* Windows 8 and later may let it pend. */
NP_PLATFORM_CASE("platform/peek/control-on-a-port", NtFsControlFile,
                 ANY_MODE | BOTH_ENDS, NO_ERROR,
                 "The handle skips its port on success. FSCTL_PIPE_PEEK then "
                 "completes at once without a packet, or it pends and posts a "
                 "packet, also if it succeeds.",
                 "wine ntdll/tests/pipe.c#test_completion") {
  pair_create_on_port(f, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS);
  assert_result(win_write(f, f->peer, "abcd", 4), 0, 4);
  control_on_port(f, 4, NT_OK);
  control_on_port(f, 2,
                  f->type == PIPE_TYPE_MESSAGE ? NT_BUFFER_OVERFLOW : NT_OK);
}
