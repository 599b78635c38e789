/* np_pipe_peek. */
#include "library/fixture.h"

enum { QUOTA = 1024, LARGE = 2000 };

static np_peek peek(np_pipe *pipe, void *buffer, size_t length) {
  np_peek peeked;

  memset(&peeked, 0xEE, sizeof(peeked));
  peeked.size = sizeof(peeked);
  assert_np_ok(np_pipe_peek(pipe, buffer, length, &peeked));
  return peeked;
}

static void peek_refused(np_pipe *pipe, np_error error) {
  np_peek peeked = {sizeof(peeked), 7, 7, 7};
  char buffer[8];

  assert_np_error(np_pipe_peek(pipe, buffer, sizeof(buffer), &peeked), error);
  assert_int_equal(peeked.copied, 7);
}

static bool reads_messages(const np_fixture *f) {
  return f->server_options.read_mode == NP_MESSAGE;
}

static void ready_wait_begin(np_fixture *f) {
  op_begin(&f->ops[0], np_pipe_readable(f->end, &f->ops[0].op, on_done));
}

/* read_ahead waits until readiness has read ahead. */
static void read_ahead(np_fixture *f) {
  const unsigned before = f->done_count;

  ready_wait_begin(f);
  loop_until(f, before + 1);
}

static void assert_peeked_at(np_peek peeked, size_t copied, size_t available,
                             size_t left, int line) {
  if (peeked.copied != copied || peeked.available != available ||
      peeked.left != left) {
    fail_at(__FILE__, line, "%u copied, %u available, %u left",
            (unsigned)peeked.copied, (unsigned)peeked.available,
            (unsigned)peeked.left);
  }
}
#define assert_peeked(peeked, copied, available, left) \
  assert_peeked_at((peeked), (copied), (available), (left), __LINE__)

NP_CASE("peek/empty", np_pipe_peek, ANY_MODE | BOTH_ENDS, NP_OK,
        "A peek at an empty pipe returns zeros and does not wait.",
        "PeekNamedPipe#remarks") {
  char buffer[8];

  pair_open(f);
  assert_peeked(peek(f->end, buffer, sizeof(buffer)), 0, 0, 0);
}

NP_CASE("peek/takes-nothing", np_pipe_peek, ANY_MODE | BOTH_ENDS, NP_OK,
        "A peek copies as much as fits, leaves all data to the reader, and "
        "posts no packet.",
        "PeekNamedPipe#remarks") {
  char buffer[8] = "";

  pair_open(f);
  pipe_send(f, f->peer, "abcd", 4);
  for (int i = 0; i < 3; i++) {
    assert_peeked(peek(f->end, buffer, 3), 3, 4, reads_messages(f) ? 1 : 0);
    assert_memory_equal(buffer, "abc", 3);
    assert_int_equal(buffer[3], 0);
  }
  loop_quiet(f);
  assert_received(f, f->end, "abcd", 4);
}

NP_CASE("peek/numbers-alone", np_pipe_peek, ANY_MODE | BOTH_ENDS, NP_OK,
        "A peek without a buffer returns the number of waiting bytes.",
        "PeekNamedPipe#parameters") {
  pair_open(f);
  pipe_send(f, f->peer, "abcd", 4);
  assert_peeked(peek(f->end, NULL, 0), 0, 4, reads_messages(f) ? 4 : 0);
}

NP_CASE("peek/messages", np_pipe_peek, MODE_MESSAGE | BOTH_ENDS, NP_OK,
        "A peek shows the first message, or the rest of it, and counts all "
        "waiting bytes.",
        "wine kernel32/tests/pipe.c#test_CreateNamedPipe") {
  char buffer[8];
  size_t length;

  pair_open(f);
  pipe_send(f, f->peer, "abcd", 4);
  pipe_send(f, f->peer, "ef", 2);
  assert_peeked(peek(f->end, buffer, sizeof(buffer)), 4, 6, 0);
  assert_np_error(pipe_receive(f, f->end, buffer, 1, &length), ERROR_MORE_DATA);
  assert_peeked(peek(f->end, buffer, 2), 2, 5, 1);
  assert_memory_equal(buffer, "bc", 2);
}

NP_CASE("peek/bytes", np_pipe_peek, MODE_BYTE | BOTH_ENDS, NP_OK,
        "On a byte pipe a peek copies the data of several writes, and reports "
        "0 bytes left of a message.",
        "wine kernel32/tests/pipe.c#test_CreateNamedPipe") {
  char buffer[8];

  pair_open(f);
  pipe_send(f, f->peer, "abcd", 4);
  pipe_send(f, f->peer, "ef", 2);
  assert_peeked(peek(f->end, buffer, 5), 5, 6, 0);
  assert_memory_equal(buffer, "abcde", 5);
}

NP_CASE("peek/large", np_pipe_peek, ANY_MODE | BOTH_ENDS, NP_OK,
        "A large peek takes memory and gives it back.", "npipe/io.h") {
  static char data[LARGE];
  static char buffer[LARGE];
  size_t live;
  np_peek peeked;

  pair_open(f);
  for (size_t i = 0; i < sizeof(data); i++) {
    data[i] = (char)(i * 7);
  }
  pipe_send(f, f->peer, data, sizeof(data));
  live = f->allocator.live;
  peeked = peek(f->end, buffer, sizeof(buffer));
  assert_int_equal(f->allocator.live, live);
  assert_int_equal(peeked.copied, sizeof(data));
  assert_memory_equal(buffer, data, sizeof(data));
}

NP_CASE("peek/no-memory", np_pipe_peek, NO_MODE, ERROR_NOT_ENOUGH_MEMORY,
        "Without memory a large peek fails, and nothing else changes.",
        "npipe/io.h") {
  static char buffer[LARGE];
  np_peek peeked = {sizeof(peeked), 7, 7, 7};

  pair_open(f);
  pipe_send(f, f->peer, "abcd", 4);
  f->allocator.fail_at = f->allocator.total + 1;
  assert_np_error(np_pipe_peek(f->end, buffer, sizeof(buffer), &peeked),
                  ERROR_NOT_ENOUGH_MEMORY);
  assert_int_equal(peeked.copied, 7);
  f->allocator.fail_at = f->allocator.total + 1;
  /* A small peek needs no memory. */
  assert_int_equal(peek(f->end, buffer, 256).copied, 4);
  f->allocator.fail_at = 0;
  assert_received(f, f->end, "abcd", 4);
}

NP_CASE("peek/read-ahead", np_pipe_peek, ANY_MODE | BOTH_ENDS, NP_OK,
        "A peek shows first the data that readiness has read ahead. A message "
        "that was read ahead does not run into the next message.",
        "npipe/io.h") {
  char buffer[16];

  pair_open(f);
  pipe_send(f, f->peer, "abcd", 4);
  read_ahead(f);
  pipe_send(f, f->peer, "ef", 2);
  assert_peeked(peek(f->end, buffer, 3), 3, 6, reads_messages(f) ? 1 : 0);
  assert_memory_equal(buffer, "abc", 3);
  assert_peeked(peek(f->end, buffer, sizeof(buffer)), reads_messages(f) ? 4 : 6,
                6, 0);
  assert_memory_equal(buffer, "abcdef", reads_messages(f) ? 4 : 6);
}

NP_CASE("peek/part-read-ahead", np_pipe_peek, MODE_MESSAGE | BOTH_ENDS, NP_OK,
        "If a part of a message was read ahead and the rest is in the kernel, "
        "a peek shows both.",
        "npipe/io.h") {
  np_ready_options options = ready_options();
  char buffer[16];

  pair_open(f);
  options.read_ahead_bytes = 3;
  assert_np_ok(np_pipe_set_ready_options(f->end, &options));
  pipe_send(f, f->peer, "abcdefgh", 8);
  pipe_send(f, f->peer, "next", 4);
  read_ahead(f);
  assert_peeked(peek(f->end, buffer, 5), 5, 12, 3);
  assert_memory_equal(buffer, "abcde", 5);
  assert_peeked(peek(f->end, buffer, 2), 2, 12, 6);
}

NP_CASE("peek/probe", np_pipe_peek, ANY_MODE | BOTH_ENDS, NP_OK,
        "With a probe in place of a read-ahead the numbers are the same.",
        "npipe/io.h") {
  np_ready_options options = ready_options();
  char buffer[16];

  pair_open(f);
  options.read_ahead_bytes = 0;
  assert_np_ok(np_pipe_set_ready_options(f->end, &options));
  pipe_send(f, f->peer, "abcd", 4);
  read_ahead(f);
  assert_peeked(peek(f->end, buffer, sizeof(buffer)), 4, 4, 0);
  assert_memory_equal(buffer, "abcd", 4);
}

NP_CASE("peek/empty-message-held", np_pipe_peek, MODE_MESSAGE | BOTH_ENDS,
        NP_OK,
        "A peek at an empty message that was read ahead does not show the "
        "next message.",
        "npipe/io.h") {
  char buffer[16];

  pair_open(f);
  pipe_send(f, f->peer, "", 0);
  pipe_send(f, f->peer, "next", 4);
  read_ahead(f);
  assert_peeked(peek(f->end, buffer, sizeof(buffer)), 0, 4, 0);
}

NP_CASE("peek/held-after-the-peer", np_pipe_peek, ANY_MODE | BOTH_ENDS, NP_OK,
        "A peek shows data that were read ahead, even after the peer has "
        "closed.",
        "npipe/io.h") {
  char buffer[16];

  pair_open(f);
  pipe_send(f, f->peer, "abcd", 4);
  read_ahead(f);
  pipe_close_wait(f, f->peer);
  assert_peeked(peek(f->end, buffer, sizeof(buffer)), 4, 4, 0);
}

NP_CASE("peek/held-after-the-disconnect", np_pipe_peek, ANY_MODE, NP_OK,
        "A peek shows data that were read ahead, even after the server has "
        "disconnected this client.",
        "npipe/io.h") {
  char buffer[16];

  pair_open(f);
  f->end = f->client;
  pipe_send(f, f->server, "abcd", 4);
  read_ahead(f);
  assert_np_ok(np_server_disconnect(f->server));
  assert_peeked(peek(f->client, buffer, sizeof(buffer)), 4, 4, 0);
  assert_memory_equal(buffer, "abcd", 4);
}

NP_CASE("peek/caught-before-the-end", np_pipe_peek, ANY_MODE | BOTH_ENDS, NP_OK,
        "Data that a read in flight, or readiness, has caught are reported "
        "before the end of the stream.",
        "npipe/io.h") {
  char buffer[8];
  size_t got = 0;

  pair_open(f);
  ready_wait_begin(f);
  assert_np_error(np_loop_run_once(f->loop, 0), WAIT_TIMEOUT);
  write_begin(&f->ops[1], f->peer, "ab", 2);
  pipe_close(f, f->peer);
  assert_int_equal(peek(f->end, buffer, 8).copied, 0);
  loop_until(f, 2);
  assert_int_equal(peek(f->end, buffer, 8).copied, 2);
  assert_np_ok(np_pipe_try_read(f->end, buffer, 8, &got));
  assert_int_equal(got, 2);
}

static void peek_before_it_is_told(np_fixture *f, struct task_recorder *task) {
  char buffer[8];

  (void)task;
  /* The write has ended, the wait has not. */
  assert_int_equal(f->done_count, 1);
  assert_int_equal(peek(f->end, buffer, 8).copied, 4);
  assert_memory_equal(buffer, "abcd", 4);
}

NP_CASE("peek/caught-not-told", np_pipe_peek, ANY_MODE | BOTH_ENDS, NP_OK,
        "A peek shows data that readiness has read ahead and not reported yet, "
        "byte for byte.",
        "npipe/io.h") {
  struct task_recorder *task = &f->tasks[0];

  pair_open(f);
  ready_wait_begin(f);
  assert_np_error(np_loop_run_once(f->loop, 0), WAIT_TIMEOUT);
  task->then = peek_before_it_is_told;
  assert_np_ok(np_loop_post(f->loop, &task->task, on_task));
  write_begin(&f->ops[1], f->peer, "abcd", 4);
  loop_until(f, 2);
  assert_int_equal(task->run_count, 1);
}

NP_CASE("peek/no-promise", np_pipe_peek, ANY_MODE | BOTH_ENDS, NP_OK,
        "The bytes of a pending write are counted. If the write is cancelled "
        "they are gone, and a try to read them returns NP_WOULD_BLOCK.",
        "wine kernel32/tests/pipe.c#test_blocking_rw; museum D13 D15") {
  static char data[QUOTA + 1];
  static char buffer[QUOTA + 1];
  size_t length = 0;

  pair_open_quota(f, QUOTA);
  write_begin(&f->ops[0], f->peer, data, sizeof(data));
  assert_int_equal(peek(f->end, NULL, 0).available, sizeof(data));
  assert_np_ok(np_op_cancel(&f->ops[0].op));
  loop_until(f, 1);
  assert_int_equal(f->ops[0].result, ERROR_OPERATION_ABORTED);
  assert_int_equal(peek(f->end, NULL, 0).available, 0);
  assert_np_error(np_pipe_try_read(f->end, buffer, sizeof(buffer), &length),
                  NP_WOULD_BLOCK);
}

NP_CASE("peek/peer-gone", np_pipe_peek, ANY_MODE | BOTH_ENDS, ERROR_BROKEN_PIPE,
        "When the peer has closed and all data was read, a peek returns "
        "ERROR_BROKEN_PIPE.",
        "wine kernel32/tests/pipe.c#test_CloseHandle") {
  char buffer[8];

  pair_open(f);
  pipe_send(f, f->peer, "ab", 2);
  pipe_close_wait(f, f->peer);
  assert_int_equal(peek(f->end, buffer, 8).copied, 2);
  assert_received(f, f->end, "ab", 2);
  peek_refused(f->end, ERROR_BROKEN_PIPE);
}

NP_CASE("peek/nobody", np_pipe_peek, NO_MODE, ERROR_BAD_PIPE,
        "A peek at a server without a client is refused with ERROR_BAD_PIPE.",
        "wine ntdll/tests/pipe.c#test_pipe_state") {
  server_listen(f);
  peek_refused(f->server, ERROR_BAD_PIPE);
}

NP_CASE("peek/let-go", np_pipe_peek, ANY_MODE, ERROR_PIPE_NOT_CONNECTED,
        "A peek at a disconnected client is refused.",
        "wine ntdll/tests/pipe.c#test_pipe_state") {
  pair_open(f);
  assert_np_ok(np_server_disconnect(f->server));
  peek_refused(f->client, ERROR_PIPE_NOT_CONNECTED);
}

NP_CASE("peek/writer", np_pipe_peek, NO_MODE, ERROR_ACCESS_DENIED,
        "A peek at an end that can only write is refused.",
        "PeekNamedPipe#parameters") {
  f->server_options.inbound = false;
  f->client_options.write = false;
  pair_open(f);
  peek_refused(f->server, ERROR_ACCESS_DENIED);
}

NP_CASE("peek/closing", np_pipe_peek, NO_MODE, ERROR_INVALID_HANDLE,
        "A peek at a pipe that is being closed is refused.", "npipe/io.h") {
  np_pipe *pipe = pipe_closing(f);

  peek_refused(pipe, ERROR_INVALID_HANDLE);
}

NP_CASE("peek/null", np_pipe_peek, NO_MODE, ERROR_INVALID_PARAMETER,
        "A peek without a pipe, without a place for the numbers, with a wrong "
        "size or without a buffer for its length is refused.",
        "npipe/io.h") {
  np_peek peeked = {sizeof(peeked), 7, 7, 7};
  char byte = 0;

  pair_open(f);
  peek_refused(NULL, ERROR_INVALID_PARAMETER);
  assert_invalid(np_pipe_peek(f->end, &byte, 1, NULL));
  assert_invalid(np_pipe_peek(f->end, NULL, 1, &peeked));
  assert_invalid(np_pipe_peek(f->end, &byte, NP_PEEK_BYTES_MAX + 1, &peeked));
  peeked.size--;
  assert_invalid(np_pipe_peek(f->end, &byte, 1, &peeked));
  assert_int_equal(peeked.copied, 7);
}
