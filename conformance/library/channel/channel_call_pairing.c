/* Channels: a reply is never delivered to another request's call, and no cancel
 * of a call is lost. */
#include "channel_common.h"
#include "library/rounds.h"

static struct call_recorder asked[24];

static void calls_open(np_fixture *f, const np_channel_options *options) {
  memset(asked, 0, sizeof(asked));
  channel_pair(f, options);
}

/* call_answered makes a call that the peer answers. The peer has received all
 * earlier requests before. */
static void call_answered(np_fixture *f, struct call_recorder *call,
                          const char *reply) {
  call_begin(call, f->channel, "request");
  assert_message(f, f->opposite, "request", 7);
  message_send(f, f->opposite, reply, strlen(reply));
  call_wait(f, call);
  assert_reply(call, reply);
}

static void call_refused(np_fixture *f, struct call_recorder *call,
                         np_error error) {
  call_begin(call, f->channel, "never sent");
  call_wait(f, call);
  assert_np_error(call->result, error);
}

NP_CASE("channel-call-pairing/call-unasked", np_channel_call,
        ANY_MODE | BOTH_ENDS, ERROR_PIPE_BUSY,
        "A message is unread when the turn of a call comes. The message is no "
        "reply: the call ends and sends nothing, and the message stays for a "
        "receive. Later calls work.",
        "npipe/channel.h") {
  calls_open(f, NULL);
  for (unsigned i = 0; i < 2; i++) {
    message_send(f, f->opposite, "unasked", i == 0 ? 7 : 0);
    call_refused(f, &asked[0], ERROR_PIPE_BUSY);
    call_refused(f, &asked[0], ERROR_PIPE_BUSY);
    assert_message(f, f->channel, "unasked", i == 0 ? 7 : 0);
    call_answered(f, &asked[1], "right");
  }
}

NP_CASE("channel-call-pairing/call-unasked-twice", np_channel_call,
        ANY_MODE | BOTH_ENDS, ERROR_PIPE_BUSY,
        "A second reply to one request is not taken for the reply to the next "
        "request.",
        "npipe/channel.h") {
  calls_open(f, NULL);
  call_begin(&asked[0], f->channel, "request");
  assert_message(f, f->opposite, "request", 7);
  send_begin(&f->ops[0], f->opposite, "reply", 5);
  send_begin(&f->ops[1], f->opposite, "again", 5);
  loop_until(f, 2);
  call_wait(f, &asked[0]);
  assert_reply(&asked[0], "reply");
  call_refused(f, &asked[1], ERROR_PIPE_BUSY);
  assert_message(f, f->channel, "again", 5);
  call_answered(f, &asked[2], "right");
}

NP_CASE("channel-call-pairing/call-unasked-part", np_channel_call,
        BYTE_READS | BOTH_ENDS, ERROR_PIPE_BUSY,
        "A message of which only a part has come was not asked for either.",
        "npipe/channel.h") {
  calls_open(f, NULL);
  memset(asked, 0, sizeof(asked));
  channel_close(f, f->opposite);
  channel_close(f, f->channel);
  loop_until_count(f, &f->closed_count, 2);
  channel_open(f, NULL);
  for (size_t i = 1; i < 7; i++) {
    static const char frame[] = "\0\0\0\3abc";

    pipe_send(f, f->peer, frame, i);
    call_refused(f, &asked[0], ERROR_PIPE_BUSY);
    pipe_send(f, f->peer, frame + i, 7 - i);
    assert_message(f, f->channel, "abc", 3);
  }
}

NP_CASE("channel-call-pairing/call-unasked-long", np_channel_call,
        ANY_MODE | BOTH_ENDS, ERROR_PIPE_BUSY,
        "A message that was unread before the call is no reply. This holds "
        "also if the message is longer than the read by which the call looks "
        "for it.",
        "npipe/channel.h") {
  static char longer[3000];

  calls_open(f, NULL);
  message_send(f, f->opposite, longer, sizeof(longer));
  call_refused(f, &asked[0], ERROR_PIPE_BUSY);
  assert_message(f, f->channel, longer, sizeof(longer));
  call_answered(f, &asked[1], "right");
}

NP_CASE("channel-call-pairing/call-unasked-empty-write", np_channel_call,
        MODE_MESSAGE_BYTE | BOTH_ENDS, ERROR_PIPE_BUSY,
        "An empty message of the kernel does not count as an unasked message "
        "if messages are framed.",
        "npipe/channel.h") {
  memset(asked, 0, sizeof(asked));
  channel_open(f, NULL);
  pipe_send(f, f->peer, NULL, 0);
  call_refused(f, &asked[0], ERROR_PIPE_BUSY);
}

NP_CASE("channel-call-pairing/call-unasked-request-waits", np_channel_call,
        BYTE_READS | BOTH_ENDS, ERROR_PIPE_BUSY,
        "A message that comes while the request waits behind a write is no "
        "reply: the request is not sent.",
        "npipe/channel.h") {
  static char big[500];

  server_quotas(f, 64, 64);
  calls_open(f, NULL);
  send_begin(&f->ops[0], f->channel, big, sizeof(big));
  loop_quiet(f);
  call_begin(&asked[0], f->channel, "never sent");
  loop_quiet(f);
  assert_int_equal(asked[0].done_count, 0);
  message_send(f, f->opposite, "unasked", 7);
  call_wait(f, &asked[0]);
  assert_np_error(asked[0].result, ERROR_PIPE_BUSY);
  assert_message(f, f->channel, "unasked", 7);
  assert_message(f, f->opposite, big, sizeof(big));
  call_answered(f, &asked[1], "right");
}

NP_CASE("channel-call-pairing/call-behind-receive", np_channel_call,
        ANY_MODE | BOTH_ENDS, NP_OK,
        "Calls and receives end in the order in which they began. The request "
        "of a call waits for the receives before it. A receive gets the "
        "message behind the reply of the call before it.",
        "npipe/channel.h") {
  calls_open(f, NULL);
  receive_begin(&f->ops[0], f->channel);
  call_begin(&asked[0], f->channel, "request");
  receive_begin(&f->ops[1], f->channel);
  receive_begin(&f->ops[2], f->opposite);
  assert_quiet(f, 0);
  message_send(f, f->opposite, "greeting", 8);
  assert_ends(&f->ops[0], NP_OK, 8);
  assert_ends(&f->ops[2], NP_OK, 7);
  message_send(f, f->opposite, "reply", 5);
  message_send(f, f->opposite, "news", 4);
  call_wait(f, &asked[0]);
  assert_reply(&asked[0], "reply");
  assert_next(&f->ops[1], NP_OK, 4);
}

NP_CASE("channel-call-pairing/call-behind-late-receive", np_channel_call,
        ANY_MODE | BOTH_ENDS, NP_OK,
        "The receive before a call is cancelled or times out. The request of "
        "the call is then sent, unless a message has arrived meanwhile.",
        "npipe/channel.h") {
  calls_open(f, NULL);
  for (unsigned i = 0; i < 3; i++) {
    f->ops[i].op.timeout_ms = i == 0 ? 20 : 0;
    if (i < 2) {
      receive_begin(&f->ops[i], f->channel);
    } else {
      receive_into_begin(&f->ops[i], f->channel, 16);
    }
    call_begin(&asked[i], f->channel, "request");
    if (i > 0) { /* The first receive may be late before a turn has ended. */
      reads_post(f);
      assert_np_ok(np_op_cancel(&f->ops[i].op));
    }
    assert_message(f, f->opposite, "request", 7);
    assert_int_equal(f->ops[i].done_count, 1);
    message_send(f, f->opposite, "reply", 5);
    call_wait(f, &asked[i]);
    assert_reply(&asked[i], "reply");
  }
}

NP_CASE("channel-call-pairing/call-in-callback", np_channel_call,
        ANY_MODE | BOTH_ENDS, NP_OK,
        "A call that begins in the callback of a receive has its turn after "
        "this callback. Data that came with the received message is no reply.",
        "npipe/channel.h") {
  calls_open(f, NULL);
  call_answered(f, &asked[0], "right");
  send_begin(&f->ops[0], f->opposite, "one", 3);
  send_begin(&f->ops[1], f->opposite, "two", 3);
  loop_until(f, 2);
  assert_message(f, f->channel, "one", 3);
  call_refused(f, &asked[1], ERROR_PIPE_BUSY);
  assert_message(f, f->channel, "two", 3);
}

NP_CASE("channel-call-pairing/call-shut-in-line", np_channel_call,
        MESSAGE_TYPE | BOTH_ENDS, ERROR_NO_DATA,
        "A call that waits in line when the direction is ended by half-close "
        "ends, and is not sent.",
        "npipe/channel.h") {
  np_channel_options options = channel_options();

  options.half_close = true;
  calls_open(f, &options);
  call_begin(&asked[0], f->channel, "request");
  call_begin(&asked[1], f->channel, "never sent");
  assert_message(f, f->opposite, "request", 7);
  channel_shutdown_begin(&f->ops[0], f->channel);
  message_send(f, f->opposite, "reply", 5);
  call_wait(f, &asked[1]);
  assert_reply(&asked[0], "reply");
  assert_np_error(asked[1].result, ERROR_NO_DATA);
  assert_no_message(f, f->opposite, ERROR_BROKEN_PIPE, 0);
  loop_until(f, 1);
}

NP_CASE("channel-call-pairing/call-memory", np_channel_call,
        ANY_MODE | BOTH_ENDS, ERROR_NOT_ENOUGH_MEMORY,
        "Without memory for its reply a call is not sent, and the next one may "
        "be.",
        "npipe/channel.h") {
  calls_open(f, NULL);
  f->allocator.fail_at = f->allocator.total + 1;
  call_refused(f, &asked[0], ERROR_NOT_ENOUGH_MEMORY);
  f->allocator.fail_at = 0;
  call_answered(f, &asked[1], "right");
}

/* call_in_next_session closes the client's channel, connects the next client to
 * `pipe`, and calls over new channels. */
static void call_in_next_session(np_fixture *f, np_pipe *pipe) {
  channel_close(f, f->opposite);
  connect_begin(&f->ops[1], pipe);
  f->client = NULL;
  client_open_end(f);
  assert_next(&f->ops[1], NP_OK, 0);
  channel_on(f, pipe, NULL);
  channel_on(f, f->peer, NULL);
  call_answered(f, &asked[2], "right");
}

NP_CASE("channel-call-pairing/call-owed-outlives-channel", np_channel_call,
        MODE_MESSAGE | BOTH_ENDS, ERROR_INVALID_STATE,
        "A request without its reply ends the pairing for the whole session: "
        "neither a new channel over the pipe nor np_pipe_transact sends a "
        "request. A disconnect ends this state.",
        "npipe/channel.h") {
  np_pipe *pipe = NULL;
  char reply[8];

  calls_open(f, NULL);
  asked[0].call.op.timeout_ms = 20;
  call_begin(&asked[0], f->channel, "request");
  call_wait(f, &asked[0]);
  loop_quiet(f);
  assert_np_ok(np_channel_detach(f->channel, &pipe));
  f->channel = NULL;
  assert_np_error(np_pipe_transact(pipe, "x", 1, reply, sizeof(reply),
                                   &f->ops[0].op, on_never),
                  ERROR_INVALID_STATE);
  channel_on(f, pipe, NULL);
  call_refused(f, &asked[1], ERROR_INVALID_STATE);
  assert_np_ok(np_channel_detach(f->channel, &pipe));
  f->channel = NULL;
  if (is_client_end(f)) {
    pipe_own(f, pipe);
    return;
  }
  f->server = pipe;
  assert_np_ok(np_server_disconnect(pipe));
  call_in_next_session(f, pipe);
}

NP_CASE("channel-call-pairing/call-owed-before-disconnect", np_channel_call,
        MODE_MESSAGE | END_SERVER, NP_OK,
        "A call that is cancelled after the disconnect leaves no reply to come "
        "in the next session.",
        "npipe/channel.h") {
  np_pipe *pipe = NULL;

  calls_open(f, NULL);
  call_begin(&asked[0], f->channel, "request");
  loop_quiet(f);
  assert_np_ok(np_server_disconnect(np_channel_pipe(f->channel)));
  np_op_cancel(&asked[0].call.op);
  call_wait(f, &asked[0]);
  loop_quiet(f);
  assert_np_ok(np_channel_detach(f->channel, &pipe));
  f->channel = NULL;
  f->server = pipe;
  call_in_next_session(f, pipe);
}

/* --- Cancelled ---------------------------------------------------------- */

enum { STAGES_MAX = 8 };

NP_CASE("channel-call-pairing/call-cancel-at-once", np_channel_call,
        ANY_MODE | BOTH_ENDS, ERROR_OPERATION_ABORTED,
        "A call that is cancelled right after its start ends. So does a call "
        "with a time limit that gets no reply.",
        "npipe/op.h") {
  for (unsigned i = 0; i < 2; i++) {
    calls_open(f, NULL);
    asked[0].call.op.timeout_ms = i == 0 ? 0 : 1;
    call_begin(&asked[0], f->channel, "request");
    if (i == 0) {
      assert_np_ok(np_op_cancel(&asked[0].call.op));
    }
    call_wait(f, &asked[0]);
    assert_np_error(asked[0].result,
                    i == 0 ? ERROR_OPERATION_ABORTED : WAIT_TIMEOUT);
    channel_close(f, f->channel);
    channel_close(f, f->opposite);
    loop_until_count(f, &f->closed_count, f->closing_count);
  }
}

NP_CASE("channel-call-pairing/call-cancel-each-stage", np_channel_call,
        ANY_MODE | BOTH_ENDS, ERROR_OPERATION_ABORTED,
        "A call is cancelled after each possible turn of the loop. It ends as "
        "cancelled or with its own reply. The call behind it ends with its own "
        "reply or an error.",
        "npipe/op.h") {
  for (unsigned turns = 0; turns < STAGES_MAX; turns++) {
    struct recorder *heard = &f->ops[2 * turns];
    np_error error;

    calls_open(f, NULL);
    memset(heard, 0, 2 * sizeof(*heard));
    receive_begin(&heard[0], f->opposite);
    call_begin(&asked[0], f->channel, "1");
    call_begin(&asked[1], f->channel, "2");
    for (unsigned i = 0; i < turns; i++) {
      if (heard[0].done_count == 1 && heard[1].start_count == 0) {
        send_begin(&heard[1], f->opposite, "1", 1);
      }
      loop_turn(f, 0);
    }
    error = np_op_cancel(&asked[0].call.op);
    assert_true(error == NP_OK || asked[0].done_count == 1);
    call_wait(f, &asked[0]);
    if (asked[0].result == NP_OK) {
      assert_reply(&asked[0], "1");
      assert_message(f, f->opposite, "2", 1);
      message_send(f, f->opposite, "2", 1);
      call_wait(f, &asked[1]);
      assert_reply(&asked[1], "2");
    } else {
      assert_np_error(asked[0].result, ERROR_OPERATION_ABORTED);
      call_wait(f, &asked[1]);
      assert_np_error(asked[1].result, ERROR_INVALID_STATE);
    }
    channel_close(f, f->channel);
    channel_close(f, f->opposite);
    loop_until_count(f, &f->closed_count, f->closing_count);
  }
}
