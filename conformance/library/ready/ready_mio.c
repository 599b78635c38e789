/* The checks of mio's named-pipe tests, written anew for npipe: the readiness
 * that a poll would see on a pair of ends. */
#include "ready_common.h"

NP_CASE("ready-mio/writable-at-once", np_pipe_writable, ANY_MODE | BOTH_ENDS,
        NP_OK, "Both ends of a fresh pair are writable, and not readable.",
        "npipe/ready.h") {
  pair_open(f);
  ready_begin(&f->ops[0], f->end, NP_READABLE | NP_WRITABLE);
  ready_begin(&f->ops[1], f->peer, NP_READABLE | NP_WRITABLE);
  assert_ends(&f->ops[0], NP_OK, NP_WRITABLE);
  assert_ends(&f->ops[1], NP_OK, NP_WRITABLE);
}

NP_CASE("ready-mio/write-then-read", np_pipe_try_read, ANY_MODE | BOTH_ENDS,
        NP_OK,
        "Data that one end's try wrote wake the other end, and one try reads "
        "them.",
        "npipe/ready.h") {
  pair_open(f);
  ready_begin(&f->ops[0], f->peer, NP_READABLE);
  loop_turn(f, 0);
  assert_try_write(f->end, "1234", 4, NP_OK, 4);
  assert_next(&f->ops[0], NP_OK, NP_READABLE);
  assert_try_read(f->peer, 10, NP_OK, "1234", 4);
  assert_try_read(f->peer, 10, NP_WOULD_BLOCK, NULL, 0);
}

NP_CASE("ready-mio/connect-before-client", np_server_connect, ANY_MODE, NP_OK,
        "A connect waits for the client, which then is ready to talk.",
        "ConnectNamedPipe#remarks") {
  server_listen(f);
  connect_begin(&f->ops[0], f->server);
  assert_quiet(f, 0);
  client_open_end(f);
  assert_next(&f->ops[0], NP_OK, 0);
  assert_int_equal(ready_wait(f, f->server, NP_WRITABLE), NP_WRITABLE);
  assert_try_write(f->server, "hi", 2, NP_OK, 2);
  assert_caught(f, f->client, "hi", 2);
}

NP_CASE("ready-mio/connect-after-client", np_server_connect, ANY_MODE, NP_OK,
        "A connect also succeeds if the client came first, and the client is "
        "then ready to talk.",
        "ConnectNamedPipe#remarks") {
  server_listen(f);
  client_open_end(f);
  assert_try_write(f->client, "hi", 2, NP_OK, 2);
  assert_connects(&f->ops[0], f->server, NP_OK, 0);
  assert_caught(f, f->server, "hi", 2);
}

NP_CASE("ready-mio/write-to-gone-peer", np_pipe_try_write, ANY_MODE | BOTH_ENDS,
        ERROR_NO_DATA,
        "If the peer has closed, a wait for readability ends, and a try to "
        "write returns the error.",
        "WriteFile#pipes") {
  pair_open(f);
  ready_begin(&f->ops[0], f->end, NP_READABLE);
  assert_try_write(f->end, "1234", 4, NP_OK, 4);
  pipe_close(f, f->peer);
  assert_next(&f->ops[0], NP_OK, NP_READABLE | NP_READ_CLOSED);
  assert_try_read(f->end, 10, ERROR_BROKEN_PIPE, NULL, 0);
  assert_try_write(f->end, "1234", 4, ERROR_NO_DATA, 0);
}

NP_CASE("ready-mio/write-then-drop", np_pipe_close, ANY_MODE | BOTH_ENDS, NP_OK,
        "Data that a try wrote right before the close are read before the end "
        "of the stream.",
        "npipe/pipe.h") {
  pair_open(f);
  ready_begin(&f->ops[0], f->peer, NP_READABLE);
  assert_try_write(f->end, "1234", 4, NP_OK, 4);
  pipe_close(f, f->end);
  loop_until(f, 1);
  assert_caught(f, f->peer, "1234", 4);
  assert_int_equal(ready_wait(f, f->peer, NP_READABLE),
                   NP_READABLE | NP_READ_CLOSED);
  assert_try_read(f->peer, 10, ERROR_BROKEN_PIPE, NULL, 0);
}

NP_CASE("ready-mio/connect-twice", np_server_connect, ANY_MODE, NP_OK,
        "After the end of the first client, a disconnect and a connect, the "
        "second has a session like the first.",
        "DisconnectNamedPipe#remarks") {
  pair_open(f);
  for (unsigned round = 0; round < 5; round++) {
    ready_begin(&f->ops[round], f->server, NP_READABLE);
    assert_quiet(f, round);
    pipe_close(f, f->client);
    assert_next(&f->ops[round], NP_OK, NP_READABLE | NP_READ_CLOSED);
    assert_try_read(f->server, 10, ERROR_BROKEN_PIPE, NULL, 0);
    assert_np_ok(np_server_disconnect(f->server));
    server_reconnect(f);
    assert_try_write(f->client, "again", 5, NP_OK, 5);
    assert_caught(f, f->server, "again", 5);
  }
}

NP_CASE("ready-mio/message-over-buffer", np_pipe_try_read,
        MODE_MESSAGE | BOTH_ENDS, NP_OK,
        "A message longer than the read-ahead, of 64 KiB and of 4, is read "
        "whole by one try.",
        "npipe/ready.h; museum M03") {
  static const size_t aheads[] = {65536, 4096};
  static const size_t lengths[] = {4095,  4096,  4097,  8192,
                                   65535, 65536, 65537, 100000};

  server_quotas(f, 1 << 20, 1 << 20);
  for (size_t i = 0; i < 2; i++) {
    pair_reopen(f);
    ready_set(f->end, aheads[i], 65536);
    for (size_t k = 0; k < sizeof(lengths) / sizeof(lengths[0]); k++) {
      pipe_send(f, f->peer, ready_pattern(), lengths[k]);
      ready_wait(f, f->end, NP_READABLE);
      assert_try_read(f->end, READY_BYTES_MAX, NP_OK, ready_pattern(),
                      lengths[k]);
    }
  }
}

NP_CASE("ready-mio/small-buffer", np_pipe_try_read, ANY_MODE | BOTH_ENDS, NP_OK,
        "With a read-ahead of one byte neither data nor the end of the stream "
        "is lost.",
        "npipe/ready.h") {
  char byte = 0;
  size_t got = 0;

  pair_open(f);
  pipe_send(f, f->peer, "12345", 5);
  pipe_send(f, f->peer, "6789", 4);
  pipe_close_wait(f, f->peer);
  for (unsigned i = 1; i <= 9; i++) {
    bool inside = (f->variant & MODE_MESSAGE) != 0 && i != 5 && i != 9;

    assert_np_error(ready_read(f, f->end, &byte, 1, &got),
                    inside ? ERROR_MORE_DATA : NP_OK);
    assert_int_equal(got, 1);
    assert_int_equal(byte, '0' + (int)i);
  }
  assert_np_error(ready_read(f, f->end, &byte, 1, &got), ERROR_BROKEN_PIPE);
}
