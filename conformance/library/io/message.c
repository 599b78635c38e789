/* Messages: boundaries, messages read in parts, and empty messages. */
#include "library/fixture.h"

NP_CASE("message/boundaries", np_pipe_read, MODE_MESSAGE | BOTH_ENDS, NP_OK,
        "Each read gets one message, however large its buffer is.",
        "Named Pipe Type, Read, and Wait Modes") {
  pair_open(f);
  pipe_send(f, f->peer, "one", 3);
  pipe_send(f, f->peer, "second", 6);
  read_begin(&f->ops[0], f->end, 1000);
  read_begin(&f->ops[1], f->end, 1000);
  assert_ends(&f->ops[0], NP_OK, 3);
  assert_ends(&f->ops[1], NP_OK, 6);
  assert_memory_equal(f->ops[1].buffer, "second", 6);
}

NP_CASE("message/more-data-immediate", np_pipe_read, MODE_MESSAGE | BOTH_ENDS,
        ERROR_MORE_DATA,
        "A longer message ends the read with ERROR_MORE_DATA and its first "
        "part; the next reads get the rest.",
        "ReadFile#pipes") {
  pair_open(f);
  pipe_send(f, f->peer, "abcdefgh", 8);
  assert_reads(&f->ops[0], f->end, 3, ERROR_MORE_DATA, 3);
  assert_reads(&f->ops[1], f->end, 3, ERROR_MORE_DATA, 3);
  assert_reads(&f->ops[2], f->end, 3, NP_OK, 2);
  assert_memory_equal(f->ops[0].buffer, "abc", 3);
  assert_memory_equal(f->ops[1].buffer, "def", 3);
  assert_memory_equal(f->ops[2].buffer, "gh", 2);
  assert_false(np_is_eof(ERROR_MORE_DATA));
}

NP_CASE("message/more-data-pending", np_pipe_read, MODE_MESSAGE | BOTH_ENDS,
        ERROR_MORE_DATA,
        "A read that waited ends the same way when a longer message comes.",
        "ReadFile#pipes") {
  pair_open(f);
  read_pend(f, &f->ops[0], f->end, 3);
  write_begin(&f->ops[1], f->peer, "abcde", 5);
  assert_ends(&f->ops[0], ERROR_MORE_DATA, 3);
  assert_ends(&f->ops[1], NP_OK, 5);
  assert_received(f, f->end, "de", 2);
}

NP_CASE("message/more-data-several-reads", np_pipe_read,
        MODE_MESSAGE | BOTH_ENDS, ERROR_MORE_DATA,
        "Several reads in flight share a long message, part by part in their "
        "order.",
        "ReadFile#pipes") {
  pair_open(f);
  read_begin(&f->ops[0], f->end, 2);
  read_begin(&f->ops[1], f->end, 2);
  read_pend(f, &f->ops[2], f->end, 2);
  write_begin(&f->ops[3], f->peer, "abcde", 5);
  loop_until(f, 4);
  assert_done(&f->ops[0], ERROR_MORE_DATA, 2);
  assert_done(&f->ops[1], ERROR_MORE_DATA, 2);
  assert_done(&f->ops[2], NP_OK, 1);
  assert_memory_equal(f->ops[0].buffer, "ab", 2);
  assert_memory_equal(f->ops[1].buffer, "cd", 2);
  assert_memory_equal(f->ops[2].buffer, "e", 1);
}

NP_CASE("message/more-data-then-close", np_pipe_read, MODE_MESSAGE | BOTH_ENDS,
        ERROR_MORE_DATA,
        "The rest of a message whose writer closed can still be read, then "
        "comes the end.",
        "ReadFile#pipes") {
  pair_open(f);
  pipe_send(f, f->peer, "abcde", 5);
  pipe_close_wait(f, f->peer);
  read_begin(&f->ops[0], f->end, 3);
  read_begin(&f->ops[1], f->end, 3);
  read_begin(&f->ops[2], f->end, 3);
  assert_ends(&f->ops[0], ERROR_MORE_DATA, 3);
  assert_ends(&f->ops[1], NP_OK, 2);
  assert_ends(&f->ops[2], ERROR_BROKEN_PIPE, 0);
}

NP_CASE("message/empty-immediate", np_pipe_write, MODE_MESSAGE | BOTH_ENDS,
        NP_OK,
        "An empty message is a message: it is read as success with 0 bytes, in "
        "its place, and is no end of stream.",
        "wine kernel32/tests/pipe.c#test_CloseHandle") {
  pair_open(f);
  pipe_send(f, f->peer, "a", 1);
  pipe_send(f, f->peer, NULL, 0);
  pipe_send(f, f->peer, "b", 1);
  read_begin(&f->ops[0], f->end, 16);
  read_begin(&f->ops[1], f->end, 16);
  read_begin(&f->ops[2], f->end, 16);
  assert_ends(&f->ops[0], NP_OK, 1);
  assert_ends(&f->ops[1], NP_OK, 0);
  assert_ends(&f->ops[2], NP_OK, 1);
}

NP_CASE("message/empty-pending", np_pipe_write, MESSAGE_TYPE | BOTH_ENDS, NP_OK,
        "An empty message completes exactly one read that waits, with 0 bytes.",
        "wine kernel32/tests/pipe.c#test_blocking_rw") {
  pair_open(f);
  read_begin(&f->ops[0], f->end, 16);
  read_pend(f, &f->ops[1], f->end, 16);
  write_begin(&f->ops[2], f->peer, NULL, 0);
  loop_until(f, 2);
  loop_quiet(f);
  assert_done(&f->ops[0], NP_OK, 0);
  assert_done(&f->ops[2], NP_OK, 0);
  assert_int_equal(f->ops[1].done_count, 0);
  pipe_send(f, f->peer, "abc", 3);
  assert_next(&f->ops[1], NP_OK, 3);
}

NP_CASE("message/empty-survives-close", np_pipe_write, MODE_MESSAGE | BOTH_ENDS,
        NP_OK,
        "An empty message outlives its writer: first 0 bytes with success, "
        "then the end.",
        "wine kernel32/tests/pipe.c#test_CloseHandle") {
  pair_open(f);
  pipe_send(f, f->peer, NULL, 0);
  pipe_close_wait(f, f->peer);
  read_begin(&f->ops[0], f->end, 16);
  read_begin(&f->ops[1], f->end, 16);
  assert_ends(&f->ops[0], NP_OK, 0);
  assert_ends(&f->ops[1], ERROR_BROKEN_PIPE, 0);
}

NP_CASE("message/whole-or-not", np_pipe_write, MODE_MESSAGE | BOTH_ENDS, NP_OK,
        "Messages of several writes in flight are never mixed, also when the "
        "quota makes them wait.",
        "Named Pipe Type, Read, and Wait Modes") {
  enum { MANY = 10, BYTES = 300 };
  static char messages[MANY][BYTES];

  pair_open_quota(f, 100);
  for (unsigned i = 0; i < MANY; i++) {
    memset(messages[i], 'a' + (int)i, BYTES);
    write_begin(&f->ops[i], f->peer, messages[i], BYTES - i);
  }
  for (unsigned i = 0; i < MANY; i++) {
    assert_received(f, f->end, messages[i], BYTES - i);
  }
  loop_until(f, MANY);
}

NP_CASE("message/both-ways", np_pipe_write, MESSAGE_TYPE | BOTH_ENDS, NP_OK,
        "A hundred messages to and fro arrive one by one.",
        "Named Pipe Operations") {
  pair_open(f);
  for (unsigned i = 0; i < 100; i++) {
    unsigned answer = i * 3;

    assert_passes(f, f->end, f->peer, &i, sizeof(i));
    assert_passes(f, f->peer, f->end, &answer, sizeof(answer));
  }
}

NP_CASE("message/large", np_pipe_read, MODE_MESSAGE | BOTH_ENDS,
        ERROR_MORE_DATA,
        "A message far beyond quota and buffer is read in parts, and none of "
        "its bytes is lost.",
        "ReadFile#pipes") {
  static char message[50000];
  static char received[50000];
  size_t done = 0;
  np_error error = ERROR_MORE_DATA;

  memset(message, 'm', sizeof(message));
  message[0] = 'a';
  message[sizeof(message) - 1] = 'z';
  pair_open_quota(f, 4096);
  write_begin(&f->ops[0], f->peer, message, sizeof(message));
  while (error == ERROR_MORE_DATA) {
    size_t length = 0;
    size_t room = sizeof(received) - done;

    error = pipe_receive(f, f->end, received + done, room < 1000 ? room : 1000,
                         &length);
    done += length;
  }
  assert_np_ok(error);
  assert_int_equal(done, sizeof(message));
  assert_memory_equal(received, message, sizeof(message));
  assert_next(&f->ops[0], NP_OK, sizeof(message));
}

NP_CASE("message/zero-read-immediate", np_pipe_read, MODE_MESSAGE | BOTH_ENDS,
        ERROR_MORE_DATA,
        "A message read of 0 bytes ends with ERROR_MORE_DATA if a message "
        "waits, and takes nothing of it.",
        "wine kernel32/tests/pipe.c#test_CloseHandle") {
  pair_open(f);
  pipe_send(f, f->peer, "abc", 3);
  op_begin(&f->ops[0], np_pipe_read(f->end, NULL, 0, &f->ops[0].op, on_done));
  assert_next(&f->ops[0], ERROR_MORE_DATA, 0);
  assert_received(f, f->end, "abc", 3);
}

NP_CASE("message/zero-read-pending", np_pipe_read, MODE_MESSAGE | BOTH_ENDS,
        ERROR_MORE_DATA,
        "A message read of 0 bytes on an empty pipe waits for a message, and "
        "takes nothing of it.",
        "wine kernel32/tests/pipe.c#test_blocking_rw") {
  pair_open(f);
  read_begin(&f->ops[0], f->end, 0);
  assert_quiet(f, 0);
  write_begin(&f->ops[1], f->peer, "abc", 3);
  assert_ends(&f->ops[0], ERROR_MORE_DATA, 0);
  assert_received(f, f->end, "abc", 3);
}
