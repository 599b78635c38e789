/* The effect of the caller's own call on the probe of readiness. */
#include "ready_common.h"

/* read_all reads up to 64 bytes that are available. */
static np_error read_all(HANDLE handle, void *context, size_t *transferred) {
  return raw_read(handle, context, 64, transferred);
}

NP_CASE("try-io-probe/at-once", np_pipe_try_io, BYTE_READS | BOTH_ENDS, NP_OK,
        "The caller's call runs if data are waiting, even if no wait for "
        "readiness was made.",
        "npipe/ready.h") {
  char buffer[64];
  size_t transferred = 0;

  pair_probing(f);
  pipe_send(f, f->peer, "hello", 5);
  assert_np_ok(
      np_pipe_try_io(f->end, NP_READABLE, read_all, buffer, &transferred));
  assert_int_equal(transferred, 5);
  assert_memory_equal(buffer, "hello", 5);
}

NP_CASE("try-io-probe/took-what-was-found", np_pipe_try_io,
        BYTE_READS | BOTH_ENDS, NP_OK,
        "After a call that may have taken what the probe had found, a wait "
        "looks again.",
        "npipe/ready.h") {
  char buffer[64];
  size_t transferred = 0;

  pair_probing(f);
  pipe_send(f, f->peer, "hello", 5);
  ready_wait(f, f->end, NP_READABLE);
  assert_np_ok(
      np_pipe_try_io(f->end, NP_READABLE, read_all, buffer, &transferred));
  ready_begin(&f->ops[0], f->end, NP_READABLE);
  assert_quiet(f, 0);
  pipe_send(f, f->peer, "x", 1);
  assert_next(&f->ops[0], NP_OK, NP_READABLE);
}

/* look finds data and takes none. */
static np_error look(HANDLE handle, void *context, size_t *transferred) {
  (void)handle;
  (void)context;
  (void)transferred;
  return NP_OK;
}

NP_CASE("try-io-probe/beside-a-wait", np_pipe_try_io, BYTE_READS | BOTH_ENDS,
        NP_OK,
        "A wait for data ends although a call of np_pipe_try_io found the data "
        "before the wait did.",
        "npipe/ready.h") {
  static const size_t sizes[] = {0, 1, 64};

  for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
    pair_reopen(f);
    ready_set(f->end, sizes[i], 65536);
    pipe_send(f, f->peer, "hello", 5);
    ready_begin(&f->ops[0], f->end, NP_READABLE);
    assert_np_ok(np_pipe_try_io(f->end, NP_READABLE, look, NULL, NULL));
    assert_next(&f->ops[0], NP_OK, NP_READABLE);
  }
}

NP_CASE("try-io-probe/took-from-a-wait", np_pipe_try_io, BYTE_READS | BOTH_ENDS,
        NP_OK,
        "A wait for data ends by the next data if a call of np_pipe_try_io has "
        "read the data before.",
        "npipe/ready.h") {
  char buffer[64];
  size_t transferred = 0;

  pair_open(f);
  ready_set(f->end, 0, 65536);
  pipe_send(f, f->peer, "hello", 5);
  ready_begin(&f->ops[0], f->end, NP_READABLE);
  assert_np_ok(
      np_pipe_try_io(f->end, NP_READABLE, read_all, buffer, &transferred));
  assert_int_equal(transferred, 5);
  pipe_send(f, f->peer, "x", 1);
  assert_next(&f->ops[0], NP_OK, NP_READABLE);
}

NP_CASE("try-io-probe/closed-beside-a-wait", np_pipe_try_io,
        BYTE_READS | BOTH_ENDS, NP_WOULD_BLOCK,
        "A call of np_pipe_try_io asks for the end of the stream and finds "
        "data instead. A wait for data then ends.",
        "npipe/ready.h") {
  pair_open(f);
  pipe_send(f, f->peer, "hello", 5);
  ready_begin(&f->ops[0], f->end, NP_READABLE);
  assert_np_error(np_pipe_try_io(f->end, NP_READ_CLOSED, look, NULL, NULL),
                  NP_WOULD_BLOCK);
  assert_next(&f->ops[0], NP_OK, NP_READABLE);
}
