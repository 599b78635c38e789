/* Byte reads of an end whose peer transacts. A longer request may end a read
 * that waits with ERROR_MORE_DATA (sim.h, transact_warns_byte_read). A byte
 * read knows no messages, so the library tells NP_OK and the bytes. */
#include "library/ready/ready_common.h"

static OVERLAPPED overlapped;
static char reply[16];

/* The peer, a program without the library, asks and waits for the reply. */
static void peer_asks(np_fixture *f, const char *request, DWORD length) {
  memset(&overlapped, 0, sizeof(overlapped));
  overlapped.hEvent = raw_own(f, CreateEventW(NULL, TRUE, FALSE, NULL));
  assert_false(TransactNamedPipe(f->raw, (void *)(uintptr_t)request, length,
                                 reply, sizeof(reply), NULL, &overlapped));
  assert_int_equal(GetLastError(), ERROR_IO_PENDING);
}

static void peer_is_answered(np_fixture *f) {
  DWORD bytes = 0;

  pipe_send(f, f->end, "answer", 6);
  assert_true(GetOverlappedResult(f->raw, &overlapped, &bytes, TRUE));
  assert_int_equal(bytes, 6);
  assert_memory_equal(reply, "answer", 6);
}

static void pair_open_messages(np_fixture *f) {
  DWORD mode = PIPE_READMODE_MESSAGE;

  pair_open_raw(f);
  assert_true(SetNamedPipeHandleState(f->raw, &mode, NULL, NULL));
}

NP_CASE("transact-peer/part-of-a-request", np_pipe_read,
        MODE_MESSAGE_BYTE | BOTH_ENDS, NP_OK,
        "A waiting read in byte mode is shorter than the request of the peer's "
        "transact. It gets the first bytes with NP_OK, and the next read gets "
        "the rest.",
        "npipe/io.h") {
  pair_open_messages(f);
  read_pend(f, &f->ops[0], f->end, 4);
  peer_asks(f, "request", 7);
  assert_next(&f->ops[0], NP_OK, 4);
  assert_memory_equal(f->ops[0].buffer, "requ", 4);
  assert_received(f, f->end, "est", 3);
  peer_is_answered(f);
}

NP_CASE("transact-peer/nothing-of-a-request", np_pipe_read,
        MODE_MESSAGE_BYTE | BOTH_ENDS, NP_OK,
        "A read of 0 bytes waits, and the request of the peer's transact is "
        "longer. The read ends with NP_OK and takes nothing of the request.",
        "npipe/io.h") {
  pair_open_messages(f);
  read_pend(f, &f->ops[0], f->end, 0);
  peer_asks(f, "request", 7);
  assert_next(&f->ops[0], NP_OK, 0);
  assert_received(f, f->end, "request", 7);
  peer_is_answered(f);
}

static void told_ready(np_fixture *f, size_t read_ahead_bytes) {
  char buffer[16];
  size_t done = 0;
  size_t got;

  pair_open_messages(f);
  ready_set(f->end, read_ahead_bytes, 64);
  ready_begin(&f->ops[0], f->end, NP_READABLE);
  reads_post(f);
  peer_asks(f, "request", 7);
  assert_next(&f->ops[0], NP_OK, NP_READABLE);
  while (done < 7) {
    assert_np_ok(ready_read(f, f->end, buffer + done, 16 - done, &got));
    assert_true(got > 0);
    done += got;
  }
  assert_int_equal(done, 7);
  assert_memory_equal(buffer, "request", 7);
  assert_np_error(np_pipe_try_read(f->end, buffer, 16, &got), NP_WOULD_BLOCK);
  peer_is_answered(f);
}

NP_CASE("transact-peer/ready-part-of-a-request", np_pipe_readable,
        MODE_MESSAGE_BYTE | BOTH_ENDS, NP_OK,
        "The read-ahead gets the first bytes of a longer request of the peer's "
        "transact, and the whole request is read.",
        "npipe/ready.h") {
  told_ready(f, 4);
}

NP_CASE("transact-peer/ready-nothing-of-a-request", np_pipe_readable,
        MODE_MESSAGE_BYTE | BOTH_ENDS, NP_OK,
        "Readiness without a read-ahead reports a longer request of the peer's "
        "transact, and the whole request is read.",
        "npipe/ready.h") {
  told_ready(f, 0);
}
