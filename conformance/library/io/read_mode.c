/* np_pipe_set_read_mode. */
#include "library/fixture.h"

static np_mode read_mode_of(np_pipe *pipe) {
  np_info info;

  info.size = sizeof(info);
  assert_np_ok(np_pipe_info(pipe, &info));
  return info.read_mode;
}

/* left_of returns how many bytes of the first message a peek at one byte
 * leaves. In byte mode the answer is 0. */
static size_t left_of(np_pipe *pipe) {
  np_peek peek;
  char byte;

  peek.size = sizeof(peek);
  assert_np_ok(np_pipe_peek(pipe, &byte, 1, &peek));
  return peek.left;
}

NP_CASE("read-mode/both-ways", np_pipe_set_read_mode, ANY_MODE | BOTH_ENDS,
        NP_OK,
        "An end of a message pipe can change between message reads and byte "
        "reads, whatever its mode was at the open. Each end can set byte reads "
        "again.",
        "SetNamedPipeHandleState; museum M12") {
  pair_open(f);
  assert_np_ok(np_pipe_set_read_mode(f->end, NP_BYTE));
  assert_int_equal(read_mode_of(f->end), NP_BYTE);
  pipe_send(f, f->peer, "ab", 2);
  pipe_send(f, f->peer, "cd", 2);
  assert_int_equal(left_of(f->end), 0);
  assert_reads(&f->ops[0], f->end, 16, NP_OK, 4);
  if (f->server_options.mode == NP_MESSAGE) {
    assert_np_ok(np_pipe_set_read_mode(f->end, NP_MESSAGE));
    assert_int_equal(read_mode_of(f->end), NP_MESSAGE);
    pipe_send(f, f->peer, "ab", 2);
    pipe_send(f, f->peer, "cd", 2);
    assert_int_equal(left_of(f->end), 1);
    assert_received(f, f->end, "ab", 2);
    assert_received(f, f->end, "cd", 2);
  }
  read_begin(&f->ops[1], f->end, 16);
  reads_post(f); /* The read waits, in either mode. */
  pipe_send(f, f->peer, "ef", 2);
  assert_next(&f->ops[1], NP_OK, 2);
}

NP_CASE("read-mode/waiting", np_pipe_set_read_mode, MODE_MESSAGE | BOTH_ENDS,
        NP_OK, "Waiting data are read in the new mode.",
        "SetNamedPipeHandleState") {
  char byte;
  size_t length;

  pair_open(f);
  pipe_send(f, f->peer, "abc", 3);
  pipe_send(f, f->peer, "de", 2);
  assert_np_error(pipe_receive(f, f->end, &byte, 1, &length), ERROR_MORE_DATA);
  assert_np_ok(np_pipe_set_read_mode(f->end, NP_BYTE));
  assert_reads(&f->ops[0], f->end, 16, NP_OK, 4);
  assert_memory_equal(f->ops[0].buffer, "bcde", 4);
}

NP_CASE("read-mode/byte-pipe", np_pipe_set_read_mode, MODE_BYTE | BOTH_ENDS,
        ERROR_INVALID_PARAMETER, "A byte pipe has no messages.",
        "SetNamedPipeHandleState") {
  pair_open(f);
  assert_invalid(np_pipe_set_read_mode(f->end, NP_MESSAGE));
  assert_int_equal(read_mode_of(f->end), NP_BYTE);
  pipe_send(f, f->peer, "ab", 2);
  assert_int_equal(left_of(f->end), 0);
}

NP_CASE("read-mode/unknown", np_pipe_set_read_mode, NO_MODE,
        ERROR_INVALID_PARAMETER, "An invalid mode and a NULL pipe are refused.",
        "npipe/pipe.h") {
  pair_open(f);
  assert_invalid(np_pipe_set_read_mode(f->end, (np_mode)2));
  assert_invalid(np_pipe_set_read_mode(NULL, NP_BYTE));
}

NP_CASE("read-mode/closing", np_pipe_set_read_mode, NO_MODE,
        ERROR_INVALID_HANDLE, "A pipe that is being closed reads no more.",
        "npipe/pipe.h") {
  np_pipe *pipe = pipe_closing(f);

  assert_np_error(np_pipe_set_read_mode(pipe, NP_BYTE), ERROR_INVALID_HANDLE);
}

NP_CASE("read-mode/read-in-flight", np_pipe_set_read_mode,
        MESSAGE_TYPE | BOTH_ENDS, ERROR_BUSY,
        "While a read is in flight, given to the kernel or not, its mode "
        "stays.",
        "npipe/pipe.h") {
  pair_open(f);
  read_begin(&f->ops[0], f->end, 16);
  assert_np_error(np_pipe_set_read_mode(f->end, NP_BYTE), ERROR_BUSY);
  reads_post(f);
  assert_np_error(np_pipe_set_read_mode(f->end, NP_BYTE), ERROR_BUSY);
  pipe_send(f, f->peer, "abc", 3);
  assert_next(&f->ops[0], NP_OK, 3);
  assert_np_ok(np_pipe_set_read_mode(f->end, NP_BYTE));
}

NP_CASE("read-mode/read-ahead", np_pipe_set_read_mode, MODE_MESSAGE | BOTH_ENDS,
        ERROR_BUSY,
        "The read mode cannot be changed while readiness reads ahead or holds "
        "data that were read ahead.",
        "npipe/pipe.h") {
  char buffer[16];
  size_t length;

  pair_open(f);
  op_begin(&f->ops[0], np_pipe_readable(f->end, &f->ops[0].op, on_done));
  assert_np_error(np_pipe_set_read_mode(f->end, NP_BYTE), ERROR_BUSY);
  pipe_send(f, f->peer, "abc", 3);
  loop_until(f, 1);
  assert_np_error(np_pipe_set_read_mode(f->end, NP_BYTE), ERROR_BUSY);
  assert_np_ok(np_pipe_try_read(f->end, buffer, sizeof(buffer), &length));
  assert_int_equal(length, 3);
  assert_np_ok(np_pipe_set_read_mode(f->end, NP_BYTE));
}

NP_CASE("read-mode/no-right", np_pipe_set_read_mode, NO_MODE,
        ERROR_ACCESS_DENIED,
        "An inbound server has no right to change its modes.",
        "wine kernel32/tests/pipe.c#test_CreateNamedPipe") {
  f->server_options.mode = NP_MESSAGE;
  f->server_options.read_mode = NP_MESSAGE;
  f->server_options.outbound = false;
  server_listen(f);
  assert_np_error(np_pipe_set_read_mode(f->server, NP_BYTE),
                  ERROR_ACCESS_DENIED);
}

NP_CASE("read-mode/let-go", np_pipe_set_read_mode, ANY_MODE,
        ERROR_PIPE_NOT_CONNECTED,
        "A client that was disconnected cannot change its read mode.",
        "wine ntdll/tests/pipe.c#test_pipe_local_info") {
  pair_open(f);
  assert_np_ok(np_server_disconnect(f->server));
  assert_np_error(np_pipe_set_read_mode(f->client, NP_BYTE),
                  ERROR_PIPE_NOT_CONNECTED);
}
