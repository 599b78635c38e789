/* Channels, tested against the failures of other libraries with whole
 * messages. */
#include "channel_common.h"
#include "library/rounds.h"

enum { BIG_BYTES = 20000 };

static uint8_t big[BIG_BYTES];

static np_channel_options half_close(void) {
  np_channel_options options = channel_options();

  options.half_close = true;
  return options;
}

static void channels_close(np_fixture *f) {
  channel_close(f, f->channel);
  channel_close(f, f->opposite);
  loop_until_count(f, &f->closed_count, f->closing_count);
}

NP_CASE("museum-channel/half-close", np_channel_shutdown,
        MESSAGE_TYPE | BOTH_ENDS, NP_OK,
        "An end that has ended its own direction still gets the answer to its "
        "last message, in each round.",
        "go-winio CloseWrite; museum D04 M11") {
  const np_channel_options options = half_close();

  server_quotas(f, MUSEUM_QUOTA, MUSEUM_QUOTA);
  for_rounds (round, 30) {
    channel_pair(f, &options);
    if (round % 2 == 0) {
      receive_begin(&f->ops[0], f->channel);
    }
    send_begin(&f->ops[1], f->channel, "request", 7);
    channel_shutdown_begin(&f->ops[2], f->channel);
    assert_message(f, f->opposite, "request", 7);
    assert_no_message(f, f->opposite, ERROR_BROKEN_PIPE, 0);
    message_send(f, f->opposite, "answer", 6);
    if (round % 2 == 1) {
      receive_begin(&f->ops[0], f->channel);
    }
    for (unsigned i = 0; i < 3; i++) {
      op_wait(&f->ops[i]);
    }
    assert_done(&f->ops[0], NP_OK, 6);
    assert_done(&f->ops[1], NP_OK, 7);
    assert_done(&f->ops[2], NP_OK, 0);
    channels_close(f);
  }
}

NP_CASE("museum-channel/half-close-unasked", np_channel_receive,
        MODE_MESSAGE | BOTH_ENDS, NP_OK,
        "To an end that has not asked for it, the private convention is an "
        "empty message and ends nothing.",
        "go-winio CloseWrite; museum M11 D07") {
  server_quotas(f, MUSEUM_QUOTA, MUSEUM_QUOTA);
  channel_open(f, NULL);
  for_rounds (round, 50) {
    pipe_send(f, f->peer, "a", 1);
    pipe_send(f, f->peer, NULL, 0);
    pipe_send(f, f->peer, "b", 1);
    assert_message(f, f->channel, "a", 1);
    assert_message(f, f->channel, NULL, 0);
    assert_message(f, f->channel, "b", 1);
  }
}

NP_CASE("museum-channel/empty-messages", np_channel_receive,
        ANY_MODE | BOTH_ENDS, ERROR_BROKEN_PIPE,
        "Empty messages between others, many at once, are neither merged nor "
        "dropped, and are not the end, which comes after them.",
        "ReadFile#pipes; museum M09 D07") {
  server_quotas(f, MUSEUM_QUOTA, MUSEUM_QUOTA);
  for_rounds (round, 30) {
    channel_pair(f, NULL);
    for (unsigned i = 0; i < 12; i++) {
      send_begin(&f->ops[i], f->channel, "abcdefghijkl", i % 3);
    }
    channel_shutdown_begin(&f->ops[12], f->channel);
    op_wait(&f->ops[12]);
    channel_close(f, f->channel);
    for (unsigned i = 0; i < 12; i++) {
      assert_message(f, f->opposite, "abcdefghijkl", i % 3);
    }
    assert_no_message(f, f->opposite, ERROR_BROKEN_PIPE, 0);
    channels_close(f);
  }
}

NP_CASE("museum-channel/longer-than-the-buffer", np_channel_receive,
        ANY_MODE | BOTH_ENDS, NP_OK,
        "A message longer than the buffer that reads go to is one message, of "
        "every length around the buffer's.",
        "ReadFile#pipes; museum M02 M05 M06 M08") {
  np_channel_options options = channel_options();

  server_quotas(f, MUSEUM_QUOTA, MUSEUM_QUOTA);
  options.read_buffer_bytes = 128;
  museum_pattern(big, sizeof(big), 5);
  channel_pair(f, &options);
  for (unsigned i = 0; i < 120; i++) {
    const size_t length = i < 100 ? 80 + i : (size_t)i * i;

    round_name("%u bytes", (unsigned)length);
    if (i % 2 == 0) {
      receive_begin(&f->ops[0], f->channel);
      loop_settle(f);
      send_begin(&f->ops[1], f->opposite, big, length);
    } else {
      send_begin(&f->ops[1], f->opposite, big, length);
      receive_begin(&f->ops[0], f->channel);
    }
    op_wait(&f->ops[0]);
    op_wait(&f->ops[1]);
    assert_done(&f->ops[0], NP_OK, length);
    assert_memory_equal(np_channel_data(f->channel), big, length);
  }
}

NP_CASE("museum-channel/byte-by-byte", np_channel_receive,
        BYTE_READS | BOTH_ENDS, ERROR_HANDLE_EOF,
        "A peer sends header and message byte by byte and closes anywhere. "
        "Complete messages arrive. An incomplete message is an error, not a "
        "clean end.",
        "ReadFile#pipes; museum E11") {
  static const char wire[] = "\0\0\0\3one\0\0\0\0\0\0\0\4four";

  server_quotas(f, MUSEUM_QUOTA, MUSEUM_QUOTA);
  for (unsigned cut = 0; cut < sizeof(wire); cut++) {
    const unsigned whole = cut < 7 ? 0 : cut < 11 ? 1 : cut < 19 ? 2 : 3;
    const bool is_between = cut == 0 || cut == 7 || cut == 11 || cut == 19;

    round_name("after %u bytes", cut);
    channel_open(f, NULL);
    for (unsigned i = 0; i < 4; i++) {
      receive_begin(&f->ops[i], f->channel);
    }
    for (unsigned i = 0; i < cut; i++) {
      pipe_send(f, f->peer, wire + i, 1);
      loop_settle(f);
    }
    pipe_close(f, f->peer);
    for (unsigned i = 0; i < 4; i++) {
      op_wait(&f->ops[i]);
      if (i < whole) {
        assert_done(&f->ops[i], NP_OK, i == 0 ? 3 : i == 1 ? 0 : 4);
      } else {
        assert_done(&f->ops[i],
                    is_between ? ERROR_BROKEN_PIPE : ERROR_HANDLE_EOF, 0);
      }
    }
    channels_close(f);
  }
}

NP_CASE("museum-channel/scribble-after-cancel", np_channel_send,
        ANY_MODE | BOTH_ENDS, ERROR_OPERATION_ABORTED,
        "Once a cancelled send is over, the caller's buffer may be scribbled "
        "on: the peer sees the original bytes or nothing.",
        "CancelIoEx#remarks; museum L14") {
  static uint8_t original[BIG_BYTES];
  uint32_t random = 7;

  server_quotas(f, 512, 512);
  museum_pattern(original, sizeof(original), 1);
  for (unsigned round = 0; round < 100; round++) {
    const size_t length = 1 + museum_random(&random) % sizeof(big);
    struct recorder *receive = &f->ops[1];

    round_name("round %u, %u bytes", round, (unsigned)length);
    memcpy(big, original, sizeof(big));
    channel_pair(f, NULL);
    send_begin(&f->ops[0], f->channel, big, length);
    if (round % 3 != 0) {
      loop_settle(f);
    }
    np_op_cancel(&f->ops[0].op);
    op_wait(&f->ops[0]);
    museum_done_either(&f->ops[0], NP_OK, ERROR_OPERATION_ABORTED);
    memset(big, '!', sizeof(big));
    channel_close(f, f->channel);
    receive_begin(receive, f->opposite);
    op_wait(receive);
    if (receive->result == NP_OK) {
      assert_int_equal(receive->transferred, length);
      assert_memory_equal(np_channel_data(f->opposite), original, length);
    } else {
      museum_done_either(receive, ERROR_BROKEN_PIPE, ERROR_HANDLE_EOF);
    }
    channels_close(f);
  }
}

NP_CASE("museum-channel/cancel-by-another", np_channel_receive,
        ANY_MODE | BOTH_ENDS, ERROR_OPERATION_ABORTED,
        "If another program cancels all I/O on the handle, a receive ends "
        "once, and the next receive gets the next message.",
        "CancelIoEx#remarks; museum E07") {
  server_quotas(f, MUSEUM_QUOTA, MUSEUM_QUOTA);
  channel_pair(f, NULL);
  for_rounds (round, 50) {
    if (round % 2 == 0) {
      receive_begin(&f->ops[0], f->channel);
    } else {
      receive_into_begin(&f->ops[0], f->channel, 16);
    }
    reads_post(f);
    assert_true(CancelIoEx(np_pipe_handle(np_channel_pipe(f->channel)), NULL));
    assert_ends(&f->ops[0], ERROR_OPERATION_ABORTED, 0);
    assert_message_passes(f, f->opposite, f->channel, "message", 7);
  }
}

NP_CASE("museum-channel/late-into-a-buffer", np_channel_receive_into,
        ANY_MODE | BOTH_ENDS, WAIT_TIMEOUT,
        "A receive that was late leaves the caller's buffer alone, and its "
        "message to the next.",
        "CancelIoEx#remarks; museum L07") {
  server_quotas(f, MUSEUM_QUOTA, MUSEUM_QUOTA);
  channel_pair(f, NULL);
  f->ops[0].op.timeout_ms = 1;
  for_rounds (round, 20) {
    receive_into_begin(&f->ops[0], f->channel, 16);
    assert_ends(&f->ops[0], WAIT_TIMEOUT, 0);
    memset(f->ops[0].buffer, '.', 16);
    message_send(f, f->opposite, "message", 7);
    loop_settle(f);
    assert_memory_equal(f->ops[0].buffer, "................", 16);
    assert_message(f, f->channel, "message", 7);
  }
}
