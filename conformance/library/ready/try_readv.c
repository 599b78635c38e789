/* np_pipe_try_readv: np_pipe_try_read into several buffers. */
#include "ready_common.h"

NP_CASE("try-readv/parts", np_pipe_try_readv, ANY_MODE | BOTH_ENDS, NP_OK,
        "Several buffers are filled in order, empty ones skipped.",
        "npipe/ready.h; museum F12") {
  char a[3], b[4], c[64];
  const np_buffer parts[] = {
      {a, sizeof(a)}, {NULL, 0}, {b, sizeof(b)}, {c, sizeof(c)}};
  char all[10];
  size_t got = 0;

  for (unsigned i = 0; i < SENT_WAYS; i++) {
    sent_in(f, i, "0123456789", 10);
    for (size_t done = 0; done < 10; done += got) {
      np_error error = np_pipe_try_readv(f->end, parts, 4, &got);
      size_t in_a, in_b;

      while (error == NP_WOULD_BLOCK) {
        assert_int_equal(got, 0);
        ready_wait(f, f->end, NP_READABLE);
        error = np_pipe_try_readv(f->end, parts, 4, &got);
      }
      assert_np_ok(error);
      assert_true(got > 0 && got <= 10 - done);
      assert_true(got == 10 || (f->variant & BYTE_READS) != 0);
      in_a = got < 3 ? got : 3;
      in_b = got < 7 ? got - in_a : 4;
      memcpy(all + done, a, in_a);
      memcpy(all + done + in_a, b, in_b);
      memcpy(all + done + in_a + in_b, c, got - in_a - in_b);
    }
    assert_memory_equal(all, "0123456789", 10);
    assert_np_error(np_pipe_try_readv(f->end, parts, 4, &got), NP_WOULD_BLOCK);
    assert_int_equal(got, 0);
  }
}

NP_CASE("try-readv/parts-more-data", np_pipe_try_readv,
        MODE_MESSAGE | BOTH_ENDS, ERROR_MORE_DATA,
        "A message longer than all buffers together fills all buffers, and the "
        "next try goes on with the rest.",
        "npipe/ready.h") {
  char a[3], b[4];
  const np_buffer parts[] = {{a, sizeof(a)}, {b, sizeof(b)}};
  size_t got = 0;

  for (unsigned i = 0; i < SENT_WAYS; i++) {
    sent_in(f, i, "0123456789", 10);
    ready_wait(f, f->end, NP_READABLE);
    assert_np_error(np_pipe_try_readv(f->end, parts, 2, &got), ERROR_MORE_DATA);
    assert_int_equal(got, 7);
    assert_memory_equal(a, "012", 3);
    assert_memory_equal(b, "3456", 4);
    assert_caught(f, f->end, "789", 3);
  }
}

NP_CASE("try-readv/parts-none", np_pipe_try_readv, ANY_MODE | BOTH_ENDS,
        NP_WOULD_BLOCK,
        "A try with no buffers, or with empty ones, reports whether data are "
        "waiting.",
        "npipe/ready.h") {
  const np_buffer empty[] = {{NULL, 0}, {NULL, 0}};
  size_t got = 9;

  pair_open(f);
  assert_np_error(np_pipe_try_readv(f->end, NULL, 0, &got), NP_WOULD_BLOCK);
  assert_np_error(np_pipe_try_readv(f->end, empty, 2, &got), NP_WOULD_BLOCK);
  pipe_send(f, f->peer, "hello", 5);
  ready_wait(f, f->end, NP_READABLE);
  assert_np_ok(np_pipe_try_readv(f->end, NULL, 0, &got));
  assert_int_equal(got, 0);
  assert_np_ok(np_pipe_try_readv(f->end, empty, 2, &got));
  assert_int_equal(got, 0);
  assert_caught(f, f->end, "hello", 5);
}

NP_CASE("try-readv/parts-thousand", np_pipe_try_readv, ANY_MODE | BOTH_ENDS,
        NP_OK, "A thousand buffers of one byte take a thousand bytes.",
        "npipe/ready.h") {
  static char bytes[1000];
  static np_buffer parts[1000];
  size_t got = 0;

  pair_open(f);
  for (unsigned i = 0; i < 1000; i++) {
    parts[i].data = &bytes[999 - i];
    parts[i].length = 1;
  }
  pipe_send(f, f->peer, ready_pattern(), 1000);
  ready_wait(f, f->end, NP_READABLE);
  assert_np_ok(np_pipe_try_readv(f->end, parts, 1000, &got));
  assert_int_equal(got, 1000);
  for (unsigned i = 0; i < 1000; i++) {
    assert_int_equal(bytes[999 - i], ready_pattern()[i]);
  }
}

/* readv_fails: a try into two buffers fails with `error`, and gets nothing. */
static void readv_fails(np_pipe *pipe, np_error error) {
  char a[3], b[4];
  const np_buffer parts[] = {{a, sizeof(a)}, {b, sizeof(b)}};
  size_t got = 9;

  assert_np_error(np_pipe_try_readv(pipe, parts, 2, &got), error);
  assert_int_equal(got, 0);
}

NP_CASE("try-readv/parts-end", np_pipe_try_readv, ANY_MODE | BOTH_ENDS,
        ERROR_BROKEN_PIPE,
        "With several buffers a try returns ERROR_BROKEN_PIPE at the end of "
        "the stream.",
        "ReadFile#pipes") {
  pair_open(f);
  pipe_close_wait(f, f->peer);
  ready_wait(f, f->end, NP_READABLE);
  readv_fails(f->end, ERROR_BROKEN_PIPE);
}

NP_CASE("try-readv/parts-disconnected", np_pipe_try_readv, ANY_MODE,
        ERROR_PIPE_NOT_CONNECTED,
        "With several buffers a try returns ERROR_PIPE_NOT_CONNECTED after a "
        "disconnect.",
        "DisconnectNamedPipe#remarks") {
  pair_open(f);
  server_disconnect(f);
  readv_fails(f->server, ERROR_PIPE_NOT_CONNECTED);
  readv_fails(f->client, ERROR_PIPE_NOT_CONNECTED);
}

NP_CASE("try-readv/parts-listening", np_pipe_try_readv, ANY_MODE,
        ERROR_PIPE_LISTENING,
        "With several buffers a try returns ERROR_PIPE_LISTENING if there is "
        "no client yet.",
        "ReadFile#pipes") {
  server_listen(f);
  readv_fails(f->server, ERROR_PIPE_LISTENING);
}

NP_CASE("try-readv/parts-bad-parameter", np_pipe_try_readv, NO_MODE,
        ERROR_INVALID_PARAMETER,
        "A NULL is refused, and lengths whose sum is over the limit, also if "
        "the sum does not fit a size_t.",
        "npipe/ready.h") {
  pair_open(f);
  pipe_send(f, f->peer, "x", 1);
  assert_tries_refused(f, np_pipe_try_readv);
  assert_caught(f, f->end, "x", 1);
}

NP_CASE("try-readv/parts-closing", np_pipe_try_readv, NO_MODE,
        ERROR_INVALID_HANDLE, "A pipe that is being closed cannot be read.",
        "npipe/ready.h") {
  char byte = 0;
  size_t got = 0;
  const np_buffer one = {&byte, 1};

  assert_np_error(np_pipe_try_readv(pipe_closing(f), &one, 1, &got),
                  ERROR_INVALID_HANDLE);
}

NP_CASE("try-readv/parts-one-way", np_pipe_try_readv, BOTH_ENDS,
        ERROR_ACCESS_DENIED, "An end that only writes cannot be read.",
        "npipe/ready.h") {
  char byte = 0;
  size_t got = 0;
  const np_buffer one = {&byte, 1};

  pair_open_one_way(f, false);
  assert_np_error(np_pipe_try_readv(f->end, &one, 1, &got),
                  ERROR_ACCESS_DENIED);
}

static np_error attempt_readv(np_fixture *f) {
  static char a[3], b[4];
  const np_buffer parts[] = {{a, sizeof(a)}, {b, sizeof(b)}};
  size_t got = 0;
  np_error error = np_pipe_try_readv(f->end, parts, 2, &got);

  assert_int_equal(got, error == NP_OK ? 5 : 0);
  if (error == NP_OK) {
    assert_memory_equal(a, "hel", 3);
    assert_memory_equal(b, "lo", 2);
  }
  return error;
}

NP_CASE("try-readv/parts-no-memory", np_pipe_try_readv, ANY_MODE,
        ERROR_NOT_ENOUGH_MEMORY,
        "Without memory a try to read into several buffers takes nothing; the "
        "next try reads the data.",
        "npipe/ready.h") {
  pair_open(f);
  pipe_send(f, f->peer, "hello", 5);
  memory_sweep(f, attempt_readv);
}
