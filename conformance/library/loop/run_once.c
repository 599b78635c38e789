/* np_loop_run_once beside work of the library's own: a read for a channel, an
 * attempt to find a server, the end of a close. This work calls no function of
 * the caller, so the turn goes on. */
#include "library/channel/channel_common.h"
#include "library/client/client_common.h"

enum { WAIT_MS = 60, WAITED_MS = 44, PIECES = 20000 };

/* A frame with a message of 5 bytes. */
static const char frame[] = "\x00\x00\x00\x05hello";
enum { FRAME_BYTES = sizeof(frame) - 1, PART_BYTES = 6 };

/* channel_to_raw opens a channel with frames on f->end; the peer is f->raw. */
static void channel_to_raw(np_fixture *f, size_t read_buffer_bytes) {
  np_channel_options options = channel_options();

  options.framing = NP_FRAMING_ALWAYS;
  if (read_buffer_bytes > 0) {
    options.read_buffer_bytes = read_buffer_bytes;
  }
  pair_open_raw(f);
  channel_on(f, f->end, &options);
}

/* assert_waits checks that the turn waits for its whole time. The clock and the
 * wait may differ by one tick. */
static void assert_waits(np_fixture *f) {
  const uint64_t begin_ms = world_now_ms();
  const unsigned order = f->order;

  assert_np_error(loop_turn(f, WAIT_MS), WAIT_TIMEOUT);
  assert_int_equal(f->order, order);
  assert_true(world_now_ms() - begin_ms >= WAITED_MS);
}

NP_CASE("run-once/part-of-message", np_loop_run_once, BYTE_READS | BOTH_ENDS,
        WAIT_TIMEOUT,
        "A part of a message arrives for a channel. It does not end a turn, "
        "because no callback runs for it. The rest of the message ends the "
        "turn.",
        "npipe/loop.h") {
  channel_to_raw(f, 0);
  receive_begin(&f->ops[0], f->channel);
  reads_post(f);
  assert_int_equal(raw_write(f->raw, frame, PART_BYTES), 0);
  assert_waits(f);
  assert_int_equal(
      raw_write(f->raw, frame + PART_BYTES, FRAME_BYTES - PART_BYTES), 0);
  assert_np_ok(loop_turn(f, LOOP_WAIT_MS));
  assert_done(&f->ops[0], NP_OK, 5);
}

NP_CASE("run-once/channel-close", np_loop_run_once, ANY_MODE | BOTH_ENDS,
        WAIT_TIMEOUT,
        "The end of a channel's close without a callback does not end a turn "
        "while other work is pending.",
        "npipe/loop.h") {
  np_timer *timer = &f->timers[0].timer;

  pair_open_raw(f);
  channel_on(f, f->end, NULL);
  assert_np_ok(np_timer_start(f->loop, timer, LOOP_WAIT_MS, on_timer));
  assert_np_ok(np_channel_close(f->channel, NULL));
  f->channel = NULL;
  assert_waits(f);
  np_timer_stop(timer);
}

NP_CASE("run-once/two-steps", np_loop_run_once, BYTE_READS | BOTH_ENDS, NP_OK,
        "One turn runs the receive of a message that takes many reads.",
        "npipe/loop.h") {
  channel_to_raw(f, 1);
  receive_begin(&f->ops[0], f->channel);
  assert_int_equal(raw_write(f->raw, frame, FRAME_BYTES), 0);
  assert_np_ok(loop_turn(f, LOOP_WAIT_MS));
  assert_done(&f->ops[0], NP_OK, 5);
}

NP_CASE("run-once/attempts", np_loop_run_once, NO_MODE, WAIT_TIMEOUT,
        "The attempts of a request that waits for a server do not end a turn.",
        "npipe/loop.h") {
  f->client_options.wait_for_server = true;
  request_begin(f, &f->requests[0], 0);
  assert_waits(f);
  server_listen(f);
  assert_np_ok(loop_turn(f, LOOP_WAIT_MS));
  assert_request(&f->requests[0], NP_OK);
}

NP_CASE("run-once/endless", np_loop_run_once, BYTE_READS | BOTH_ENDS,
        WAIT_TIMEOUT,
        "A peer that sends parts of a message without an end cannot hold a "
        "turn longer than its time.",
        "npipe/loop.h") {
  static const char zeros[PIECES];

  server_quotas(f, 2 * PIECES, 2 * PIECES);
  channel_to_raw(f, 1);
  receive_begin(&f->ops[0], f->channel);
  assert_int_equal(raw_write(f->raw, "\x00\x00\xff\xff", 4), 0);
  assert_int_equal(raw_write(f->raw, zeros, PIECES), 0);
  assert_np_error(loop_turn(f, 0), WAIT_TIMEOUT);
  assert_true(unread_bytes(f->end) > PIECES / 2);
  assert_int_equal(f->ops[0].done_count, 0);
  channel_close(f, f->channel);
  assert_ends(&f->ops[0], ERROR_OPERATION_ABORTED, 0);
}

NP_CASE("run-once/last-close", np_loop_run_once, NO_MODE, NP_OK,
        "The end of a close without a callback ends a turn if nothing is "
        "pending any more. So `while (np_loop_is_pending(loop))` around turns "
        "without a limit comes to its end.",
        "npipe/loop.h") {
  np_pipe *server;

  server_listen(f);
  server = f->server;
  f->server = NULL;
  assert_np_ok(np_pipe_close(server, NULL));
  while (np_loop_is_pending(f->loop)) {
    assert_np_ok(loop_turn(f, LOOP_WAIT_MS));
  }
}

NP_CASE("run-once/last-wait", np_loop_run_once, NO_MODE, NP_OK,
        "The end of the kernel's wait behind a cancelled request ends a turn "
        "if nothing is pending any more.",
        "npipe/loop.h") {
  pair_open(f);
  request_begin(f, &f->requests[0], 0);
  loop_quiet(f);
  request_cancel(&f->requests[0]);
  while (np_loop_is_pending(f->loop)) {
    assert_np_ok(loop_turn(f, LOOP_WAIT_MS));
  }
  assert_request(&f->requests[0], ERROR_OPERATION_ABORTED);
}
