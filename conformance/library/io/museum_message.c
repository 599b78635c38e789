/* Messages: parts, empty messages and byte counts, with the data first or the
 * read first. */
#include "library/rounds.h"

enum { PART_BYTES = 512, BIG_BYTES = 65536 };

/* read_parts reads one message in parts of PART_BYTES and compares it with
 * `data`. */
static void read_parts(np_fixture *f, struct recorder *read,
                       const uint8_t *data, size_t length) {
  size_t got = 0;

  for (;;) {
    size_t left = length - got;

    op_wait(read);
    if (left > PART_BYTES) {
      assert_done(read, ERROR_MORE_DATA, PART_BYTES);
    } else {
      assert_done(read, NP_OK, left);
    }
    assert_memory_equal(read->buffer, data + got, read->transferred);
    got += read->transferred;
    if (read->result == NP_OK) {
      return;
    }
    read_begin(read, f->end, PART_BYTES);
  }
}

NP_CASE("museum-message/parts", np_pipe_read, MODE_MESSAGE | BOTH_ENDS,
        ERROR_MORE_DATA,
        "A message longer than the buffer comes in parts, each counted right, "
        "whether the read or the message was there first.",
        "ReadFile#pipes; museum M02 M05 M06 M08 M14") {
  static const size_t lengths[] = {1,
                                   PART_BYTES - 1,
                                   PART_BYTES,
                                   PART_BYTES + 1,
                                   (size_t)2 * PART_BYTES,
                                   (size_t)2 * PART_BYTES + 1,
                                   MUSEUM_QUOTA};
  static uint8_t data[MUSEUM_QUOTA];
  struct recorder *read = &f->ops[0];

  pair_open_quota(f, MUSEUM_QUOTA);
  for (unsigned round = 0; round < 280; round++) {
    size_t length = lengths[round / 2 % (sizeof(lengths) / sizeof(size_t))];

    round_name("round %u, %u bytes", round, (unsigned)length);
    museum_pattern(data, length, round);
    if (round % 2 == 0) {
      pipe_send(f, f->peer, data, length);
      read_begin(read, f->end, PART_BYTES);
    } else {
      read_begin(read, f->end, PART_BYTES);
      loop_settle(f);
      write_begin(&f->ops[1], f->peer, data, length);
    }
    read_parts(f, read, data, length);
    op_wait(&f->ops[1]);
  }
}

NP_CASE("museum-message/big", np_pipe_read, ANY_MODE | BOTH_ENDS, NP_OK,
        "One read returns 64 KiB when the buffer and the pipe hold them: there "
        "is no smaller buffer in between.",
        "ReadFile#pipes; museum M03 M14") {
  static uint8_t data[BIG_BYTES];
  static uint8_t got[BIG_BYTES];
  struct recorder *read = &f->ops[0];

  pair_open_quota(f, BIG_BYTES);
  for_rounds (round, 40) {
    museum_pattern(data, sizeof(data), round);
    if (round % 2 == 0) {
      pipe_send(f, f->peer, data, sizeof(data));
      museum_read_begin(read, f->end, got, sizeof(got));
    } else {
      museum_read_begin(read, f->end, got, sizeof(got));
      loop_settle(f);
      pipe_send(f, f->peer, data, sizeof(data));
    }
    assert_ends(read, NP_OK, sizeof(got));
    assert_memory_equal(got, data, sizeof(data));
  }
}

NP_CASE("museum-message/empty-between", np_pipe_read, MODE_MESSAGE | BOTH_ENDS,
        NP_OK,
        "An empty message between others is read as one: 0 bytes and no end of "
        "stream, which comes later and for itself.",
        "WriteFile#pipes; museum D07 M09 M11") {
  static const char *const texts[] = {"a", "", "b", "", ""};
  enum { TEXTS = 5 };

  server_quotas(f, MUSEUM_QUOTA, MUSEUM_QUOTA);
  for_rounds (round, 40) {
    pair_open(f);
    for (unsigned i = 0; i < TEXTS; i++) {
      if (round % 2 == 1) {
        read_begin(&f->ops[i], f->end, 16);
        loop_settle(f);
      }
      pipe_send(f, f->peer, texts[i], strlen(texts[i]));
    }
    for (unsigned i = 0; i < TEXTS; i++) {
      if (round % 2 == 0) {
        read_begin(&f->ops[i], f->end, 16);
      }
      assert_ends(&f->ops[i], NP_OK, strlen(texts[i]));
      assert_memory_equal(f->ops[i].buffer, texts[i], strlen(texts[i]));
    }
    pipe_close(f, f->peer);
    read_begin(&f->ops[0], f->end, 16);
    assert_ends(&f->ops[0], ERROR_BROKEN_PIPE, 0);
    pair_close(f);
  }
}

NP_CASE("museum-message/random", np_pipe_write, MODE_MESSAGE | BOTH_ENDS, NP_OK,
        "Messages of any length, empty ones among them, several in flight, "
        "arrive each for itself and in order.",
        "WriteFile#pipes; museum D07 M02 M14") {
  enum { FLIGHT = 6, LENGTH_MAX = 3000 };
  static uint8_t data[FLIGHT][LENGTH_MAX];
  struct recorder *read = &f->ops[FLIGHT];
  uint32_t random = 1;

  pair_open_quota(f, MUSEUM_QUOTA);
  for (unsigned round = 0; round < 100; round++) {
    size_t lengths[FLIGHT];

    for (unsigned i = 0; i < FLIGHT; i++) {
      uint32_t kind = museum_random(&random) % 4;

      lengths[i] = kind == 0 ? 0 : museum_random(&random) % LENGTH_MAX;
      museum_pattern(data[i], lengths[i], museum_random(&random));
      write_begin(&f->ops[i], f->peer, data[i], lengths[i]);
    }
    for (unsigned i = 0; i < FLIGHT; i++) {
      round_name("round %u, message %u of %u bytes", round, i,
                 (unsigned)lengths[i]);
      read_begin(read, f->end, PART_BYTES);
      read_parts(f, read, data[i], lengths[i]);
    }
    for (unsigned i = 0; i < FLIGHT; i++) {
      assert_ends(&f->ops[i], NP_OK, lengths[i]);
    }
  }
}

NP_CASE("museum-message/half-close", np_pipe_write, MODE_MESSAGE | BOTH_ENDS,
        NP_OK,
        "Two ends agree that an empty message is the end of a request. The "
        "connection stays open, and the answer can follow.",
        "Named Pipe Operations; museum D04 M11") {
  pair_open_quota(f, MUSEUM_QUOTA);
  for_rounds (round, 50) {
    uint8_t got[16];
    size_t length = 1;

    pipe_send(f, f->peer, "request", 7);
    pipe_send(f, f->peer, "", 0);
    assert_received(f, f->end, "request", 7);
    assert_np_ok(pipe_receive(f, f->end, got, sizeof(got), &length));
    assert_int_equal(length, 0);
    assert_passes(f, f->end, f->peer, "answer", 6);
  }
}

NP_CASE("museum-message/mixed-reads", np_client_open, MODE_MESSAGE, NP_OK,
        "A client of a message pipe that did not ask for message reads gets a "
        "stream. A client that asked gets messages.",
        "Named Pipe Type, Read, and Wait Modes; museum M12") {
  uint8_t got[16];
  size_t length = 0;

  server_quotas(f, MUSEUM_QUOTA, MUSEUM_QUOTA);
  np_client_options_init(&f->client_options);
  pair_open(f);
  pipe_send(f, f->server, "one", 3);
  pipe_send(f, f->server, "two", 3);
  assert_np_ok(pipe_receive(f, f->client, got, sizeof(got), &length));
  assert_int_equal(length, 6);
  assert_memory_equal(got, "onetwo", 6);
  pipe_send(f, f->client, "one", 3);
  pipe_send(f, f->client, "two", 3);
  assert_received(f, f->server, "one", 3);
  assert_received(f, f->server, "two", 3);
  pair_close(f);

  f->client_options.read_mode = NP_MESSAGE;
  pair_open(f);
  pipe_send(f, f->server, "one", 3);
  pipe_send(f, f->server, "two", 3);
  assert_np_ok(pipe_receive(f, f->client, got, sizeof(got), &length));
  assert_int_equal(length, 3);
  assert_received(f, f->client, "two", 3);
}

NP_CASE("museum-message/byte-by-byte", np_pipe_read, BYTE_READS | BOTH_ENDS,
        ERROR_BROKEN_PIPE,
        "A peer sends its header byte by byte and closes in the middle. Each "
        "byte is one short read, and then comes the end of the stream.",
        "ReadFile#pipes; museum E11 M12") {
  static const char header[] = "a header of 31 bytes, then less";
  struct recorder *read = &f->ops[0];

  server_quotas(f, MUSEUM_QUOTA, MUSEUM_QUOTA);
  for_rounds (round, 20) {
    size_t got = 0;

    pair_open(f);
    for (size_t i = 0; i < 10u + round; i++) {
      read_begin(read, f->end, sizeof(header));
      if (round % 2 == 0) {
        loop_settle(f);
      }
      pipe_send(f, f->peer, header + i, 1);
      assert_ends(read, NP_OK, 1);
      assert_int_equal(read->buffer[0], header[got]);
      got++;
    }
    pipe_close(f, f->peer);
    read_begin(read, f->end, sizeof(header));
    assert_ends(read, ERROR_BROKEN_PIPE, 0);
    pair_close(f);
  }
}
