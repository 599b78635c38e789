/* np_pipe_try_read: it returns the available data with their message
 * boundaries, whatever part of them the read-ahead has caught. */
#include "ready_common.h"

/* --- Whole messages, parts, empty ones, the end ------------------------- */

NP_CASE("try-read/nothing", np_pipe_try_read, ANY_MODE | BOTH_ENDS,
        NP_WOULD_BLOCK,
        "A try to read without data returns NP_WOULD_BLOCK, each time.",
        "npipe/ready.h") {
  for (unsigned i = 0; i < TRY_SIZES; i++) {
    pair_reopen(f);
    ready_set(f->end, try_sizes[i], 65536);
    for (unsigned round = 0; round < 5; round++) {
      assert_try_read(f->end, 64, NP_WOULD_BLOCK, NULL, 0);
      assert_try_read(f->end, 0, NP_WOULD_BLOCK, NULL, 0);
      loop_turn(f, 0);
    }
  }
}

NP_CASE("try-read/unasked", np_pipe_try_read, ANY_MODE | BOTH_ENDS, NP_OK,
        "The first try reads waiting data, without any wait before it.",
        "npipe/ready.h") {
  pair_open(f);
  pipe_send(f, f->peer, "hello", 5);
  assert_try_read(f->end, 64, NP_OK, "hello", 5);
  assert_try_read(f->end, 64, NP_WOULD_BLOCK, NULL, 0);
}

NP_CASE("try-read/whole", np_pipe_try_read, ANY_MODE | BOTH_ENDS, NP_OK,
        "A message is read whole, be the read-ahead larger, smaller or none.",
        "npipe/ready.h") {
  for (unsigned i = 0; i < SENT_WAYS; i++) {
    sent_in(f, i, "0123456789", 10);
    assert_caught(f, f->end, "0123456789", 10);
    assert_try_read(f->end, 64, NP_WOULD_BLOCK, NULL, 0);
  }
}

NP_CASE("try-read/exact", np_pipe_try_read, MODE_MESSAGE | BOTH_ENDS, NP_OK,
        "A buffer as long as the message, or as the read-ahead, gets no "
        "ERROR_MORE_DATA for what fits.",
        "ReadFile#pipes") {
  const char *pattern = ready_pattern();
  char buffer[101];
  size_t got = 0;

  for (unsigned i = 0; i < SENT_WAYS; i++) {
    for (size_t length = 1; length <= 101; length += 1 + length / 9) {
      sent_in(f, i, pattern, length);
      assert_np_ok(ready_read(f, f->end, buffer, length, &got));
      assert_int_equal(got, length);
      assert_memory_equal(buffer, pattern, length);
      assert_try_read(f->end, 64, NP_WOULD_BLOCK, NULL, 0);
    }
  }
}

NP_CASE("try-read/more-data", np_pipe_try_read, MODE_MESSAGE | BOTH_ENDS,
        ERROR_MORE_DATA,
        "A buffer that is too small gets the message in parts, all but the "
        "last with ERROR_MORE_DATA.",
        "ReadFile#pipes; museum M02 M08") {
  char buffer[16];
  size_t got = 0;

  for (unsigned i = 0; i < SENT_WAYS; i++) {
    for (size_t size = 1; size < 10; size++) {
      sent_in(f, i, "0123456789", 10);
      pipe_send(f, f->peer, "next", 4);
      for (size_t at = 0; at < 10; at += got) {
        size_t left = 10 - at;

        assert_np_error(ready_read(f, f->end, buffer, size, &got),
                        size < left ? ERROR_MORE_DATA : NP_OK);
        assert_int_equal(got, size < left ? size : left);
        assert_memory_equal(buffer, &"0123456789"[at], got);
      }
      assert_caught(f, f->end, "next", 4);
    }
  }
}

NP_CASE("try-read/boundaries", np_pipe_try_read, MODE_MESSAGE | BOTH_ENDS,
        NP_OK, "Several waiting messages are read one by one.",
        "ReadFile#pipes") {
  for (unsigned i = 0; i < SENT_WAYS; i++) {
    sent_in(f, i, "one", 3);
    pipe_send(f, f->peer, "second", 6);
    pipe_send(f, f->peer, "3", 1);
    assert_caught(f, f->end, "one", 3);
    assert_caught(f, f->end, "second", 6);
    assert_caught(f, f->end, "3", 1);
    assert_try_read(f->end, 64, NP_WOULD_BLOCK, NULL, 0);
  }
}

NP_CASE("try-read/message-as-bytes", np_pipe_try_read,
        MODE_MESSAGE_BYTE | BOTH_ENDS, NP_OK,
        "Messages that are read as bytes form one stream, with nothing lost "
        "between them and without ERROR_MORE_DATA.",
        "ReadFile#pipes") {
  char buffer[7];
  size_t got = 0;

  for (unsigned i = 0; i < SENT_WAYS; i++) {
    sent_in(f, i, "0123", 4);
    pipe_send(f, f->peer, "45678", 5);
    pipe_send(f, f->peer, "9", 1);
    for (size_t done = 0; done < 10; done += got) {
      assert_np_ok(ready_read(f, f->end, buffer, sizeof(buffer), &got));
      assert_true(got > 0);
      assert_memory_equal(buffer, &"0123456789"[done], got);
    }
    assert_try_read(f->end, 64, NP_WOULD_BLOCK, NULL, 0);
  }
}

NP_CASE("try-read/empty-message", np_pipe_try_read, MODE_MESSAGE | BOTH_ENDS,
        NP_OK,
        "Empty messages are read as such, each once, and are neither the end "
        "nor nothing.",
        "ReadFile#pipes; museum D07 M09") {
  char byte = 0;
  size_t got = 9;

  for (unsigned i = 0; i < SENT_WAYS; i++) {
    sent_in(f, i, "", 0);
    pipe_send(f, f->peer, "a", 1);
    pipe_send(f, f->peer, "", 0);
    pipe_send(f, f->peer, "", 0);
    assert_np_ok(ready_read(f, f->end, &byte, 1, &got));
    assert_int_equal(got, 0);
    assert_caught(f, f->end, "a", 1);
    assert_np_ok(ready_read(f, f->end, &byte, 1, &got));
    assert_int_equal(got, 0);
    assert_np_ok(ready_read(f, f->end, &byte, 1, &got));
    assert_int_equal(got, 0);
    assert_try_read(f->end, 64, NP_WOULD_BLOCK, NULL, 0);
    pipe_send(f, f->peer, "", 0);
    pipe_close_wait(f, f->peer);
    assert_np_ok(ready_read(f, f->end, &byte, 1, &got));
    assert_int_equal(got, 0);
    assert_np_error(ready_read(f, f->end, &byte, 1, &got), ERROR_BROKEN_PIPE);
  }
}

NP_CASE("try-read/empty-message-as-bytes", np_pipe_try_read,
        MODE_MESSAGE_BYTE | BOTH_ENDS, NP_OK,
        "With byte reads, too, an empty message is not taken for the end.",
        "ReadFile#pipes") {
  char byte = 0;
  size_t got = 9;

  pair_open(f);
  pipe_send(f, f->peer, "", 0);
  assert_np_ok(ready_read(f, f->end, &byte, 1, &got));
  assert_int_equal(got, 0);
  pipe_send(f, f->peer, "a", 1);
  assert_caught(f, f->end, "a", 1);
}

NP_CASE("try-read/no-length", np_pipe_try_read, ANY_MODE | BOTH_ENDS, NP_OK,
        "A try to read 0 bytes, also with NULL, reports whether data are "
        "waiting and takes nothing.",
        "npipe/ready.h") {
  size_t got = 9;

  for (unsigned i = 0; i < SENT_WAYS; i++) {
    sent_in(f, i, "hello", 5);
    for (unsigned round = 0; round < 3; round++) {
      assert_np_ok(ready_read(f, f->end, NULL, 0, &got));
      assert_int_equal(got, 0);
    }
    assert_caught(f, f->end, "hello", 5);
    assert_try_read(f->end, 0, NP_WOULD_BLOCK, NULL, 0);
  }
}

NP_CASE("try-read/no-length-empty-message", np_pipe_try_read,
        MODE_MESSAGE | BOTH_ENDS, NP_OK,
        "A try to read 0 bytes does not even take an empty message.",
        "npipe/ready.h") {
  size_t got = 9;

  for (unsigned i = 0; i < SENT_WAYS; i++) {
    sent_in(f, i, "", 0);
    for (unsigned round = 0; round < 3; round++) {
      assert_np_ok(ready_read(f, f->end, NULL, 0, &got));
      assert_int_equal(got, 0);
    }
    assert_try_read(f->end, 64, NP_OK, NULL, 0);
    assert_try_read(f->end, 64, NP_WOULD_BLOCK, NULL, 0);
  }
}

NP_CASE("try-read/large", np_pipe_try_read, ANY_MODE | BOTH_ENDS, NP_OK,
        "One try reads a message of 200,000 bytes. A few tries read a byte "
        "stream of this length.",
        "npipe/ready.h; museum M03") {
  enum { BYTES = 200000 };
  const char *pattern = ready_pattern();

  server_quotas(f, 1 << 20, 1 << 20);
  for (unsigned i = 0; i < SENT_WAYS; i++) {
    if (try_sizes[i / WAYS] < 100 && (f->variant & BYTE_READS) != 0 &&
        try_sizes[i / WAYS] > 0) {
      continue; /* Correct but slow: a few bytes for each try. */
    }
    sent_in(f, i, pattern, BYTES);
    assert_caught(f, f->end, pattern, BYTES);
    assert_try_read(f->end, 64, NP_WOULD_BLOCK, NULL, 0);
  }
}

NP_CASE("try-read/end", np_pipe_try_read, ANY_MODE | BOTH_ENDS,
        ERROR_BROKEN_PIPE,
        "The end of the stream comes after all that was sent, and again with "
        "each try.",
        "ReadFile#pipes; museum E01") {
  char byte = 0;
  size_t got = 9;

  for (unsigned i = 0; i < SENT_WAYS; i++) {
    sent_in(f, i, "hello", 5);
    pipe_send(f, f->peer, "world", 5);
    pipe_close_wait(f, f->peer);
    assert_caught(f, f->end, "hello", 5);
    assert_caught(f, f->end, "world", 5);
    assert_np_error(ready_read(f, f->end, &byte, 1, &got), ERROR_BROKEN_PIPE);
    assert_int_equal(got, 0);
    assert_try_read(f->end, 64, ERROR_BROKEN_PIPE, NULL, 0);
    assert_try_read(f->end, 0, ERROR_BROKEN_PIPE, NULL, 0);
  }
}

NP_CASE("try-read/disconnected", np_pipe_try_read, ANY_MODE,
        ERROR_PIPE_NOT_CONNECTED,
        "After a disconnect a try to read at either end returns "
        "ERROR_PIPE_NOT_CONNECTED, and unread data are gone.",
        "DisconnectNamedPipe#remarks") {
  for (unsigned i = 0; i < TRY_SIZES; i++) {
    pair_reopen(f);
    ready_set(f->server, try_sizes[i], 65536);
    ready_set(f->client, try_sizes[i], 65536);
    pipe_send(f, f->client, "hello", 5);
    ready_wait(f, f->server, NP_READABLE);
    server_disconnect(f);
    assert_try_read(f->server, 64, ERROR_PIPE_NOT_CONNECTED, NULL, 0);
    assert_try_read(f->client, 64, ERROR_PIPE_NOT_CONNECTED, NULL, 0);
    assert_try_read(f->client, 64, ERROR_PIPE_NOT_CONNECTED, NULL, 0);
  }
}

NP_CASE("try-read/disconnected-held", np_pipe_try_read, ANY_MODE, NP_OK,
        "Data that a client's read-ahead caught before the disconnect can be "
        "read; then comes the error.",
        "npipe/ready.h") {
  pair_open(f);
  ready_begin(&f->ops[0], f->client, NP_READABLE);
  loop_turn(f, 0);
  pipe_send(f, f->server, "hello", 5);
  loop_until(f, 1);
  server_disconnect(f);
  assert_caught(f, f->client, "hello", 5);
  assert_int_equal(ready_wait(f, f->client, NP_READABLE),
                   NP_READABLE | NP_READ_CLOSED);
  assert_try_read(f->client, 64, ERROR_PIPE_NOT_CONNECTED, NULL, 0);
}

NP_CASE("try-read/listening", np_pipe_try_read, ANY_MODE, ERROR_PIPE_LISTENING,
        "A try to read at a server without a client returns "
        "ERROR_PIPE_LISTENING; after a client has come, it reads.",
        "ReadFile#pipes") {
  for (unsigned i = 0; i < TRY_SIZES; i++) {
    pipe_close(f, f->server);
    pipe_close(f, f->client);
    loop_until_count(f, &f->closed_count, f->closing_count);
    server_listen(f);
    ready_set(f->server, try_sizes[i], 65536);
    assert_try_read(f->server, 64, ERROR_PIPE_LISTENING, NULL, 0);
    assert_try_read(f->server, 64, ERROR_PIPE_LISTENING, NULL, 0);
    client_open_end(f);
    pipe_send(f, f->client, "hello", 5);
    assert_caught(f, f->server, "hello", 5);
  }
}

/* --- What cannot be tried ----------------------------------------------- */

NP_CASE("try-read/bad-parameter", np_pipe_try_read, NO_MODE,
        ERROR_INVALID_PARAMETER,
        "A NULL and a length over the limit are refused.", "npipe/ready.h") {
  char buffer[4];
  size_t got = 0;
  const size_t too_long = (size_t)((uint64_t)UINT32_MAX + 1);

  pair_open(f);
  pipe_send(f, f->peer, "hello", 5);
  assert_invalid(np_pipe_try_read(NULL, buffer, 4, &got));
  assert_invalid(np_pipe_try_read(f->end, NULL, 4, &got));
  assert_invalid(np_pipe_try_read(f->end, buffer, 4, NULL));
  if (too_long != 0) {
    assert_invalid(np_pipe_try_read(f->end, buffer, too_long, &got));
    assert_int_equal(got, 0);
  }
  assert_caught(f, f->end, "hello", 5);
}

NP_CASE("try-read/closing", np_pipe_try_read, BOTH_ENDS, ERROR_INVALID_HANDLE,
        "A pipe that is being closed cannot be read.", "npipe/ready.h") {
  assert_try_read(pipe_closing(f), 64, ERROR_INVALID_HANDLE, NULL, 0);
}

NP_CASE("try-read/one-way", np_pipe_try_read, BOTH_ENDS, ERROR_ACCESS_DENIED,
        "An end that only writes cannot be read.", "npipe/ready.h") {
  pair_open_one_way(f, false);
  assert_try_read(f->end, 64, ERROR_ACCESS_DENIED, NULL, 0);
  pipe_send(f, f->end, "hello", 5);
  assert_caught(f, f->peer, "hello", 5);
}

static np_error attempt_read(np_fixture *f) {
  char buffer[2];
  size_t got = 0;
  np_error error = np_pipe_try_read(f->end, buffer, 0, &got);

  assert_int_equal(got, 0);
  return error;
}

NP_CASE("try-read/no-memory", np_pipe_try_read, ANY_MODE,
        ERROR_NOT_ENOUGH_MEMORY,
        "Without memory a try to read takes nothing; the next try reads the "
        "data.",
        "npipe/ready.h") {
  pair_open(f);
  pipe_send(f, f->peer, "hello", 5);
  memory_sweep(f, attempt_read);
  assert_caught(f, f->end, "hello", 5);
}

/* --- Beside reads in flight --------------------------------------------- */

NP_CASE(
    "try-read/reads-first", np_pipe_try_read, ANY_MODE | BOTH_ENDS,
    NP_WOULD_BLOCK,
    "Reads in flight get the data first. A try to read gets only later data.",
    "npipe/ready.h") {
  for (unsigned i = 0; i < TRY_SIZES; i++) {
    pair_reopen(f);
    ready_set(f->end, try_sizes[i], 65536);
    read_begin(&f->ops[i], f->end, 5);
    assert_try_read(f->end, 64, NP_WOULD_BLOCK, NULL, 0);
    pipe_send(f, f->peer, "hello", 5);
    loop_until_count(f, &f->ops[i].done_count, 1);
    assert_done(&f->ops[i], NP_OK, 5);
    assert_memory_equal(f->ops[i].buffer, "hello", 5);
    assert_try_read(f->end, 64, NP_WOULD_BLOCK, NULL, 0);
    pipe_send(f, f->peer, "world", 5);
    assert_caught(f, f->end, "world", 5);
  }
}

/* --- Never lost, never twice -------------------------------------------- */

/* message_length returns the length of message `number` of a stream. Lengths
 * and bytes follow from the number. */
static size_t message_length(uint32_t number) {
  uint32_t state = number * 2654435761u + 1;

  ready_random(&state);
  switch (ready_random(&state) % 4) {
    case 0:
      return 1 + ready_random(&state) % 4;
    case 1:
      return 1 + ready_random(&state) % 100;
    default:
      return 1 + ready_random(&state) % 1500;
  }
}

/* stream reads by readiness, with buffers of random sizes, while the peer sends
 * with a few writes in flight. */
static void stream(np_fixture *f, uint32_t seed, uint32_t messages) {
  enum { WRITERS = 4 };
  bool by_messages = (f->variant & MODE_MESSAGE) != 0;
  const char *pattern = ready_pattern();
  static char buffer[2000];
  uint32_t state = seed;
  uint32_t sent = 0;
  uint32_t received = 0;
  size_t at = 0; /* position in the message being read */
  unsigned stuck = 0;

  while (received < messages) {
    size_t size = 1 + ready_random(&state) % 700;
    size_t used = 0;
    size_t got = 0;
    unsigned i;
    np_error error;

    for (i = 0; i < WRITERS && sent < messages; i++) {
      struct recorder *writer = &f->ops[i];

      if (writer->done_count == writer->start_count &&
          ready_random(&state) % 3 != 0) {
        write_begin(writer, f->peer, pattern + sent, message_length(sent));
        sent++;
      }
    }
    error = np_pipe_try_read(f->end, buffer, size, &got);
    if (error == NP_WOULD_BLOCK) {
      assert_int_equal(got, 0);
      if (sent == received) {
        loop_turn(f, 0); /* Only the callbacks of writes can come. */
        continue;
      }
      assert_true(++stuck < FALSE_ALARMS_MAX);
      ready_wait(f, f->end, NP_READABLE);
      continue;
    }
    stuck = 0;
    assert_true(error == NP_OK || (by_messages && error == ERROR_MORE_DATA));
    while (used < got) {
      size_t left = message_length(received) - at;
      size_t part = got - used < left ? got - used : left;

      assert_memory_equal(buffer + used, pattern + received + at, part);
      used += part;
      at += part;
      if (at == message_length(received)) {
        received++;
        at = 0;
        assert_true(!by_messages || (used == got && error == NP_OK));
      } else {
        assert_true(!by_messages || error == ERROR_MORE_DATA);
      }
    }
    assert_true(got > 0);
  }
  loop_quiet(f);
  assert_try_read(f->end, 64, NP_WOULD_BLOCK, NULL, 0);
}

/* stream_messages returns how many messages are sent. In byte mode a small
 * read-ahead takes a few bytes for each try, so fewer messages already make
 * thousands of tries. */
static uint32_t stream_messages(const np_fixture *f, size_t read_ahead) {
  if (read_ahead == 0 || read_ahead >= 100) {
    return 200;
  }
  if ((f->variant & BYTE_READS) != 0) {
    return read_ahead == 1 ? 15 : 50;
  }
  return read_ahead == 1 ? 30 : 200;
}

NP_CASE("try-read/stream", np_pipe_try_read, ANY_MODE | BOTH_ENDS, NP_OK,
        "A program reads by readiness while the peer writes. Each byte arrives "
        "once, in order and with its message boundaries, for each size of the "
        "read-ahead. No wake-up is lost.",
        "npipe/ready.h") {
  server_quotas(f, READY_QUOTA, READY_QUOTA);
  for (unsigned i = 0; i < TRY_SIZES; i++) {
    pair_reopen(f);
    ready_set(f->end, try_sizes[i], 65536);
    stream(f, 17 + i, stream_messages(f, try_sizes[i]));
  }
}
