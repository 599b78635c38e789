/* Channels: the memory that a peer costs is bound by what it sends, and goes
 * back when the channel is idle. */
#include "channel_common.h"

enum {
  LONG_BYTES = 300000,
  MANY = 100,
  IDLE_WAIT_MS = 2 * NP_CHANNEL_IDLE_MS,
  LATE_MS = 500,
  LATE_MAX = 30 /* turns of 100 ms */
};

static unsigned char wire[4 + LONG_BYTES];

/* Makes a frame of `length` bytes in the default framing. */
static void frame_make(size_t length) {
  for (unsigned i = 0; i < 4; i++) {
    wire[i] = (unsigned char)(length >> (24 - 8 * i));
  }
  for (size_t i = 0; i < LONG_BYTES; i++) {
    wire[4 + i] = (unsigned char)(i * 7 + i / 251);
  }
}

/* assert_bound: since `base` bytes were taken, never more than twice `came` and
 * the constant. */
static void assert_bound(const np_fixture *f, size_t base, size_t came) {
  assert_in_range(f->allocator.most_bytes, base,
                  base + 2 * came + NP_CHANNEL_MEMORY_BYTES);
}

/* channel_open_counted is channel_open, and returns what was taken before the
 * channel. The counting of the highest value begins anew. */
static size_t channel_open_counted(np_fixture *f,
                                   const np_channel_options *options) {
  size_t base;

  pair_open(f);
  base = f->allocator.live_bytes;
  f->allocator.most_bytes = base;
  channel_on(f, f->end, options);
  return base;
}

static void run_for(np_fixture *f, uint32_t wait_ms) {
  const unsigned before = f->timers[0].run_count;

  assert_np_ok(np_timer_start(f->loop, &f->timers[0].timer, wait_ms, on_timer));
  loop_until_count(f, &f->timers[0].run_count, before + 1);
}

/* idle_wait runs the loop until each channel for which nothing comes is idle,
 * and longer, on a system that is late, while more than `most` bytes are held.
 */
static void idle_wait(np_fixture *f, size_t most) {
  run_for(f, IDLE_WAIT_MS);
  for (unsigned i = 0; i < LATE_MAX && f->allocator.live_bytes > most; i++) {
    run_for(f, 100);
  }
  assert_in_range(f->allocator.live_bytes, 0, most);
}

NP_CASE("channel-memory/memory-announced", np_channel_receive, MODE_BYTE,
        ERROR_HANDLE_EOF,
        "100 clients that each announce 8 MiB and send one byte of it cost "
        "NP_CHANNEL_MEMORY_BYTES each at most.",
        "npipe/channel.h") {
  static np_channel *channels[MANY];
  static np_pipe *clients[MANY];
  static struct recorder receives[MANY];
  size_t base;

  for (unsigned i = 0; i < MANY; i++) {
    np_pipe *server = NULL;

    assert_np_ok(
        np_server_create(f->loop, f->name, &f->server_options, &server));
    clients[i] = client_add(f);
    connect_begin(&f->helper, server);
    loop_until_count(f, &f->helper.done_count, f->helper.start_count);
    assert_np_ok(np_channel_create(server, NULL, &channels[i]));
  }
  base = f->allocator.live_bytes;
  for (unsigned i = 0; i < MANY; i++) {
    memset(&receives[i], 0, sizeof(receives[i]));
    receive_begin(&receives[i], channels[i]);
    pipe_send(f, clients[i], "\x00\x80\x00\x00x", 5);
  }
  loop_quiet(f);
  assert_in_range(f->allocator.live_bytes, base,
                  base + MANY * NP_CHANNEL_MEMORY_BYTES);
  assert_in_range(f->allocator.largest, 1, NP_CHANNEL_MEMORY_BYTES);
  for (unsigned i = 0; i < MANY; i++) {
    pipe_close(f, clients[i]);
    loop_until_count(f, &receives[i].done_count, 1);
    assert_done(&receives[i], ERROR_HANDLE_EOF, 0);
    channel_close(f, channels[i]);
  }
}

NP_CASE("channel-memory/memory-bound", np_channel_receive,
        BYTE_READS | BOTH_ENDS, NP_OK,
        "While a long frame arrives, the channel holds at most twice the bytes "
        "that have arrived, plus NP_CHANNEL_MEMORY_BYTES. This holds for "
        "pieces of any size, and while the frame is moved in memory.",
        "npipe/channel.h") {
  static const size_t pieces[] = {1, 100, 4096, 60000, 65792};
  const size_t base = channel_open_counted(f, NULL);
  size_t came = 0;

  for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
    const size_t length = pieces[i] == 1 ? 5000 : LONG_BYTES;

    frame_make(length);
    receive_begin(&f->ops[0], f->channel);
    for (size_t at = 0; at < 4 + length; at += pieces[i]) {
      const size_t left = 4 + length - at;
      const size_t size = left < pieces[i] ? left : pieces[i];

      came += size;
      write_begin(&f->ops[1], f->peer, wire + at, size);
      loop_until_count(f, &f->ops[1].done_count, f->ops[1].start_count);
      assert_bound(f, base, came);
    }
    loop_until_count(f, &f->ops[0].done_count, f->ops[0].start_count);
    assert_np_ok(f->ops[0].result);
    assert_int_equal(f->ops[0].transferred, length);
    assert_memory_equal(np_channel_data(f->channel), wire + 4, length);
    assert_bound(f, base, came);
  }
}

NP_CASE("channel-memory/memory-messages", np_channel_receive,
        ANY_MODE | BOTH_ENDS, NP_OK,
        "Long and short messages in turn arrive whole, by both kinds of "
        "receive, within twice the sent bytes and NP_CHANNEL_MEMORY_BYTES.",
        "npipe/channel.h") {
  static const size_t lengths[] = {10,   LONG_BYTES, 0,          300,   256,
                                   4096, 70000,      LONG_BYTES, 65000, 257};
  const size_t base = channel_open_counted(f, NULL);
  size_t sent = 0;

  frame_make(0);
  for (unsigned i = 0; i < 10; i++) {
    const size_t length = lengths[i];
    struct recorder *receive = &f->ops[i];

    if (is_framed(f)) {
      frame_make(length);
      write_begin(&f->ops[40 + i], f->peer, wire, 4 + length);
      sent += 4 + length;
    } else {
      write_begin(&f->ops[40 + i], f->peer, wire + 4, length);
      sent += length;
    }
    if (i % 3 == 1) {
      /* Too small for most: the message stays for the next receive. */
      receive_into_begin(&f->ops[20 + i], f->channel, 100);
      loop_until_count(f, &f->ops[20 + i].done_count, 1);
      assert_np_error(f->ops[20 + i].result, ERROR_INSUFFICIENT_BUFFER);
      assert_int_equal(f->ops[20 + i].transferred, length);
    }
    receive_begin(receive, f->channel);
    loop_until_count(f, &receive->done_count, 1);
    assert_done(receive, NP_OK, length);
    assert_memory_equal(np_channel_data(f->channel), wire + 4, length);
    loop_until_count(f, &f->ops[40 + i].done_count, 1);
    assert_bound(f, base, sent);
  }
}

NP_CASE("channel-memory/memory-idle", np_channel_receive, ANY_MODE, NP_OK,
        "A channel that got nothing for twice NP_CHANNEL_IDLE_MS holds at most "
        "NP_CHANNEL_IDLE_BYTES, also while a receive waits. The receive gets "
        "the next message, also a long one.",
        "npipe/channel.h") {
  size_t base;

  pair_open(f);
  base = f->allocator.live_bytes;
  channel_on(f, f->end, NULL);
  channel_on(f, f->peer, NULL);
  frame_make(0);
  for (unsigned i = 0; i < 3; i++) {
    send_begin(&f->ops[2 * i], f->opposite, wire,
               i == 1 ? 70000 : (size_t)LONG_BYTES);
    receive_begin(&f->ops[2 * i + 1], f->channel);
    loop_until(f, 2 * i + 2);
    assert_np_ok(f->ops[2 * i + 1].result);
    assert_memory_equal(np_channel_data(f->channel), wire,
                        f->ops[2 * i + 1].transferred);
    receive_begin(&f->ops[30], f->channel);
    receive_begin(&f->ops[31], f->opposite);
    idle_wait(f, base + 2 * NP_CHANNEL_IDLE_BYTES);
    message_send(f, f->opposite, "small", 5);
    message_send(f, f->channel, "small", 5);
    loop_until_count(f, &f->ops[30].done_count, i + 1);
    loop_until_count(f, &f->ops[31].done_count, i + 1);
    assert_np_ok(f->ops[30].result);
    assert_memory_equal(f->ops[30].buffer, "small", 5);
    f->done_count = 2 * i + 2;
  }
}

NP_CASE("channel-memory/memory-idle-into", np_channel_receive_into,
        ANY_MODE | BOTH_ENDS, NP_OK,
        "The memory of a long message goes back when the channel is idle, also "
        "while a receive into the caller's buffer waits.",
        "npipe/channel.h") {
  size_t base;

  pair_open(f);
  base = f->allocator.live_bytes;
  channel_on(f, f->end, NULL);
  frame_make(LONG_BYTES);
  receive_begin(&f->ops[0], f->channel);
  write_begin(&f->ops[1], f->peer, wire,
              is_framed(f) ? sizeof(wire) : (size_t)LONG_BYTES);
  loop_until(f, 2);
  assert_done(&f->ops[0], NP_OK, LONG_BYTES);
  receive_into_begin(&f->ops[2], f->channel, 100);
  idle_wait(f, base + NP_CHANNEL_IDLE_BYTES);
  frame_make(5);
  pipe_send(f, f->peer, is_framed(f) ? wire : wire + 4, is_framed(f) ? 9 : 5);
  assert_ends(&f->ops[2], NP_OK, 5);
}

NP_CASE("channel-memory/memory-idle-then-into", np_channel_receive_into,
        MODE_MESSAGE | BOTH_ENDS, NP_OK,
        "A receive into the caller's buffer that begins after the channel was "
        "idle gives back the memory of a long message that was lent.",
        "npipe/channel.h") {
  size_t base;

  pair_open(f);
  base = f->allocator.live_bytes;
  channel_on(f, f->end, NULL);
  receive_begin(&f->ops[0], f->channel);
  write_begin(&f->ops[1], f->peer, wire, LONG_BYTES);
  loop_until(f, 2);
  assert_done(&f->ops[0], NP_OK, LONG_BYTES);
  run_for(f, IDLE_WAIT_MS + LATE_MS);
  receive_into_begin(&f->ops[2], f->channel, 100);
  idle_wait(f, base + NP_CHANNEL_IDLE_BYTES);
}

NP_CASE("channel-memory/memory-idle-header", np_channel_receive,
        BYTE_READS | BOTH_ENDS, NP_OK,
        "The header of a frame has arrived, and its bytes arrive only after "
        "the channel was idle. The frame arrives whole.",
        "npipe/channel.h") {
  size_t base = channel_open_counted(f, NULL);

  frame_make(LONG_BYTES);
  receive_begin(&f->ops[0], f->channel);
  pipe_send(f, f->peer, wire, 4);
  loop_quiet(f);
  idle_wait(f, base + NP_CHANNEL_IDLE_BYTES + NP_FRAME_MEMORY_BYTES);
  write_begin(&f->ops[1], f->peer, wire + 4, LONG_BYTES);
  loop_until_count(f, &f->ops[0].done_count, 1);
  assert_done(&f->ops[0], NP_OK, LONG_BYTES);
  assert_memory_equal(np_channel_data(f->channel), wire + 4, LONG_BYTES);
  loop_until_count(f, &f->ops[1].done_count, 1);
}

NP_CASE("channel-memory/memory-idle-direct", np_channel_receive,
        BYTE_READS | BOTH_ENDS, NP_OK,
        "Long frames have made the buffer of a channel large. Then the header "
        "of another long frame arrives, whose bytes are read to their place. "
        "When the channel is idle, the unused buffer is freed.",
        "npipe/channel.h") {
  size_t base = channel_open_counted(f, NULL);

  frame_make(60000);
  for (unsigned i = 0; i < 3; i++) {
    receive_begin(&f->ops[i], f->channel);
    write_begin(&f->ops[10 + i], f->peer, wire, 60004);
    loop_until(f, 2 * i + 2);
    assert_done(&f->ops[i], NP_OK, 60000);
  }
  frame_make(LONG_BYTES);
  receive_begin(&f->ops[4], f->channel);
  pipe_send(f, f->peer, wire, 5);
  loop_quiet(f);
  idle_wait(f, base + NP_CHANNEL_IDLE_BYTES + NP_FRAME_MEMORY_BYTES);
  write_begin(&f->ops[5], f->peer, wire + 5, LONG_BYTES - 1);
  loop_until_count(f, &f->ops[4].done_count, 1);
  assert_done(&f->ops[4], NP_OK, LONG_BYTES);
  loop_until_count(f, &f->ops[5].done_count, 1);
}

NP_CASE("channel-memory/memory-idle-pair", np_channel_receive, MODE_BYTE, NP_OK,
        "Both ends of a connection have a channel that waits for a message. "
        "The two channels hold at most 4 KiB of memory, before their first "
        "message and after it.",
        "npipe/channel.h") {
  const size_t base = f->allocator.live_bytes;

  channel_pair(f, NULL);
  receive_begin(&f->ops[0], f->channel);
  receive_begin(&f->ops[1], f->opposite);
  loop_quiet(f);
  assert_in_range(f->allocator.live_bytes, base, base + 4096);
  frame_make(0);
  send_begin(&f->ops[2], f->channel, wire, 70000);
  send_begin(&f->ops[3], f->opposite, wire, 60000);
  loop_until(f, 4);
  receive_begin(&f->ops[4], f->channel);
  receive_begin(&f->ops[5], f->opposite);
  idle_wait(f, base + 4096);
}

NP_CASE("channel-memory/memory-idle-unasked", np_channel_data, ANY_MODE, NP_OK,
        "A lent message stays valid while the channel is idle. Its memory is "
        "freed at the next receive.",
        "npipe/channel.h") {
  size_t base;

  channel_pair(f, NULL);
  base = f->allocator.live_bytes;
  frame_make(0);
  send_begin(&f->ops[0], f->opposite, wire, LONG_BYTES);
  receive_begin(&f->ops[1], f->channel);
  loop_until(f, 2);
  idle_wait(f, SIZE_MAX);
  assert_memory_equal(np_channel_data(f->channel), wire, LONG_BYTES);
  receive_begin(&f->ops[2], f->channel);
  idle_wait(f, base + 1024);
  message_send(f, f->opposite, "next", 4);
  loop_until_count(f, &f->ops[2].done_count, 1);
  assert_done(&f->ops[2], NP_OK, 4);
}

NP_CASE("channel-memory/memory-idle-writing", np_channel_send,
        BYTE_READS | BOTH_ENDS, NP_OK,
        "A write still waits for the peer when its channel becomes idle. Its "
        "memory is freed after the write.",
        "npipe/channel.h") {
  char first[4];
  size_t base;
  size_t got;

  f->server_options.in_buffer_bytes = 4;
  f->server_options.out_buffer_bytes = 4;
  channel_open(f, NULL);
  base = f->allocator.live_bytes;
  frame_make(0);
  send_begin(&f->ops[0], f->channel, wire, 2000);
  send_begin(&f->ops[1], f->channel, wire, 2000);
  idle_wait(f, SIZE_MAX);
  assert_int_equal(f->done_count, 0);
  assert_np_ok(pipe_receive(f, f->peer, first, sizeof(first), &got));
  assert_int_equal(got, 4);
  for (size_t left = 4004; left > 0; left -= got) {
    assert_np_ok(pipe_receive(f, f->peer, wire, left, &got));
  }
  loop_until(f, 2);
  idle_wait(f, base);
}

NP_CASE("channel-memory/memory-refused", np_channel_receive,
        ANY_MODE | BOTH_ENDS, ERROR_BUFFER_OVERFLOW,
        "A message over the maximum is skipped in NP_CHANNEL_MEMORY_BYTES and "
        "twice the maximum, and the next one arrives.",
        "npipe/channel.h") {
  np_channel_options options = channel_options();
  size_t base;

  options.frame.frame_bytes_max = 1000;
  options.read_buffer_bytes = 4096;
  base = channel_open_counted(f, &options);
  frame_make(LONG_BYTES);
  if (is_framed(f)) {
    write_begin(&f->ops[0], f->peer, wire, sizeof(wire));
  } else {
    write_begin(&f->ops[0], f->peer, wire + 4, LONG_BYTES);
  }
  receive_begin(&f->ops[1], f->channel);
  loop_until_count(f, &f->ops[1].done_count, 1);
  assert_done(&f->ops[1], ERROR_BUFFER_OVERFLOW, LONG_BYTES);
  receive_begin(&f->ops[2], f->channel);
  loop_until(f, 2);
  if (is_framed(f)) {
    pipe_send(f, f->peer, "\0\0\0\4next", 8);
  } else {
    pipe_send(f, f->peer, "next", 4);
  }
  loop_until_count(f, &f->ops[2].done_count, 1);
  assert_done(&f->ops[2], NP_OK, 4);
  assert_memory_equal(f->ops[2].buffer, "next", 4);
  assert_in_range(f->allocator.most_bytes, base,
                  base + 2000 + NP_CHANNEL_MEMORY_BYTES);
}

NP_CASE("channel-memory/memory-refused-short", np_channel_receive,
        ANY_MODE | BOTH_ENDS, ERROR_BUFFER_OVERFLOW,
        "The memory in which a message over the maximum is skipped grows with "
        "the bytes that have arrived, not with the size of the reads.",
        "npipe/channel.h") {
  np_channel_options options = channel_options();
  size_t base;

  options.frame.frame_bytes_max = 1000;
  base = channel_open_counted(f, &options);
  frame_make(1500);
  receive_begin(&f->ops[0], f->channel);
  if (is_framed(f)) {
    pipe_send(f, f->peer, wire, 1504);
  } else {
    pipe_send(f, f->peer, wire + 4, 1500);
  }
  loop_until_count(f, &f->ops[0].done_count, 1);
  assert_done(&f->ops[0], ERROR_BUFFER_OVERFLOW, 1500);
  assert_bound(f, base, 1504);
}

NP_CASE("channel-memory/memory-cut", np_channel_receive, ANY_MODE,
        ERROR_HANDLE_EOF,
        "The peer closes inside a long message. When the channel is idle, the "
        "memory of the received part is freed.",
        "npipe/channel.h") {
  size_t base;

  server_quotas(f, LONG_BYTES, LONG_BYTES);
  base = channel_open_counted(f, NULL);
  frame_make(LONG_BYTES);
  receive_begin(&f->ops[0], f->channel);
  if (is_framed(f)) {
    pipe_send(f, f->peer, wire, LONG_BYTES / 2);
    loop_quiet(f);
    pipe_close_wait(f, f->peer);
    loop_until_count(f, &f->ops[0].done_count, 1);
    assert_done(&f->ops[0], ERROR_HANDLE_EOF, 0);
  } else {
    pipe_send(f, f->peer, wire, LONG_BYTES / 2);
    loop_until_count(f, &f->ops[0].done_count, 1);
    pipe_close_wait(f, f->peer);
    assert_no_message(f, f->channel, ERROR_BROKEN_PIPE, 0);
  }
  idle_wait(f, base + NP_CHANNEL_IDLE_BYTES);
}

/* Receives a long message on a fresh pair with allocation `nth` from then on
 * failing. Returns what the first receive was told. */
static np_error receive_failing(np_fixture *f, size_t nth) {
  np_error first;

  f->ops[0].done_count = f->ops[0].start_count = 0;
  channel_open(f, NULL);
  frame_make(LONG_BYTES);
  write_begin(&f->ops[1], f->peer, is_framed(f) ? wire : wire + 4,
              LONG_BYTES + (is_framed(f) ? 4u : 0u));
  f->allocator.fail_at = f->allocator.total + nth;
  receive_begin(&f->ops[0], f->channel);
  loop_until_count(f, &f->ops[0].done_count, 1);
  f->allocator.fail_at = 0;
  first = f->ops[0].result;
  if (first != NP_OK) {
    assert_done(&f->ops[0], ERROR_NOT_ENOUGH_MEMORY, 0);
    receive_begin(&f->helper, f->channel);
    loop_until_count(f, &f->helper.done_count, f->helper.start_count);
    /* Receiving has failed for good, or the message was not lost. */
    if (f->helper.result == NP_OK) {
      assert_int_equal(f->helper.transferred, LONG_BYTES);
      assert_memory_equal(np_channel_data(f->channel), wire + 4, LONG_BYTES);
    } else {
      assert_true(is_framed(f));
      assert_np_error(f->helper.result, ERROR_NOT_ENOUGH_MEMORY);
    }
  }
  channel_close(f, f->channel);
  pipe_close(f, f->peer);
  loop_drain(f);
  return first;
}

NP_CASE("channel-memory/memory-each-fails", np_channel_receive, ANY_MODE,
        ERROR_NOT_ENOUGH_MEMORY,
        "Each allocation for a long message fails once: the receive reports "
        "the failure. A message of the kernel is never lost; a frame is not "
        "lost either, or receiving has failed for good.",
        "npipe/channel.h") {
  size_t nth = 1;

  while (receive_failing(f, nth) != NP_OK) {
    nth++;
    assert_true(nth < 50);
  }
  assert_in_range(nth, 4, 20);
}
