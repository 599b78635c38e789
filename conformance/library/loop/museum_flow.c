/* Flow control: small quotas, no quota, and data in both directions at once. */
#include "library/rounds.h"

NP_CASE("museum-flow/no-quota", np_pipe_write, ANY_MODE | BOTH_ENDS,
        WAIT_TIMEOUT,
        "Without a quota a write waits for its reader. If the reader is "
        "cancelled, the time limit of the write ends the write, and the pipe "
        "still works.",
        "CreateNamedPipe#parameters; museum F02") {
  struct recorder *read = &f->ops[0];
  struct recorder *write = &f->ops[1];

  pair_open_quota(f, 0);
  for_rounds (round, 15) {
    read_begin(read, f->peer, 16);
    loop_settle(f);
    assert_np_ok(np_op_cancel(&read->op));
    assert_ends(read, ERROR_OPERATION_ABORTED, 0);
    write->op.timeout_ms = 2;
    write_begin(write, f->end, "data", 4);
    assert_ends(write, WAIT_TIMEOUT, 0);

    write->op.timeout_ms = 0;
    write_begin(write, f->end, "data", 4);
    loop_settle(f);
    assert_int_equal(write->done_count, write->start_count - 1);
    read_begin(read, f->peer, 16);
    assert_ends(read, NP_OK, 4);
    assert_ends(write, NP_OK, 4);
  }
}

NP_CASE("museum-flow/both-write-first", np_pipe_write, ANY_MODE, NP_OK,
        "With the default quotas both ends can write 64 KiB before either "
        "reads.",
        "CreateNamedPipe#parameters; museum F03") {
  enum { BYTES = 65536 };
  static uint8_t to_client[BYTES];
  static uint8_t to_server[BYTES];
  np_server_options defaults = server_options();

  server_quotas(f, defaults.in_buffer_bytes, defaults.in_buffer_bytes);
  f->server_options.out_buffer_bytes = defaults.out_buffer_bytes;
  pair_open(f);
  for_rounds (round, 20) {
    museum_pattern(to_client, BYTES, round);
    museum_pattern(to_server, BYTES, round + 100);
    pipe_send(f, f->server, to_client, BYTES);
    pipe_send(f, f->client, to_server, BYTES);
    assert_received(f, f->client, to_client, BYTES);
    assert_received(f, f->server, to_server, BYTES);
  }
}

NP_CASE("museum-flow/never-reads", np_pipe_write, ANY_MODE, NP_OK,
        "A client that sends commands and never reads the answers blocks the "
        "answers, not the commands; they can be given up.",
        "Named Pipe Operations; museum F05 H14") {
  enum { COMMANDS = 40 };
  static uint8_t answer[MUSEUM_QUOTA / 4];
  unsigned blocked = 0;

  pair_open_quota(f, MUSEUM_QUOTA);
  for (unsigned i = 0; i < COMMANDS; i++) {
    round_name("command %u", i);
    assert_passes(f, f->client, f->server, "command", 7);
    write_begin(&f->ops[i], f->server, answer, sizeof(answer));
  }
  loop_settle(f);
  for (unsigned i = 0; i < COMMANDS; i++) {
    round_name("answer %u", i);
    if (f->ops[i].done_count == 0) {
      blocked++;
      assert_np_ok(np_op_cancel(&f->ops[i].op));
      assert_ends(&f->ops[i], ERROR_OPERATION_ABORTED, 0);
    } else {
      assert_done(&f->ops[i], NP_OK, sizeof(answer));
    }
  }
  assert_int_equal(blocked, COMMANDS - 4); /* the quota holds four answers */
}

NP_CASE("museum-flow/duplex", np_pipe_write, ANY_MODE | BOTH_ENDS, NP_OK,
        "A read that waits doesn't hold up a write of the same end.",
        "Synchronous and Overlapped Input and Output; museum F06") {
  struct recorder *read = &f->ops[0];

  pair_open_quota(f, MUSEUM_QUOTA);
  read_begin(read, f->end, 16);
  loop_settle(f);
  for_rounds (round, MUSEUM_ROUNDS) {
    write_begin(&f->ops[1], f->end, "data", 4);
    assert_ends(&f->ops[1], NP_OK, 4);
    assert_received(f, f->peer, "data", 4);
    assert_int_equal(read->done_count, 0);
  }
  pipe_send(f, f->peer, "done", 4);
  assert_ends(read, NP_OK, 4);
}

static void two_reads(np_fixture *f, unsigned round) {
  struct recorder *waits = &f->ops[0];
  struct recorder *at_once = &f->ops[1];

  round_name("round %u", round);
  read_begin(waits, f->end, 1);
  loop_settle(f);
  /* This read is put off until the end of the turn. */
  read_begin(at_once, f->end, 1);
  write_begin(&f->ops[2], f->peer, "1", 1);
  write_begin(&f->ops[3], f->peer, "2", 1);
  for (unsigned i = 0; i < 4; i++) {
    assert_ends(&f->ops[i], NP_OK, 1);
  }
  assert_int_equal(waits->buffer[0], '1');
  assert_int_equal(at_once->buffer[0], '2');
  assert_true(waits->order < at_once->order);
}

NP_CASE("museum-flow/reads-in-order", np_pipe_read, ANY_MODE | BOTH_ENDS, NP_OK,
        "A read that completes at once does not overtake an earlier read whose "
        "packet is still in the port. This holds for the port of the loop and "
        "for the caller's port.",
        "ReadFile#pipes; museum D08 M14 N13") {
  pair_open_quota(f, MUSEUM_QUOTA);
  for (unsigned round = 0; round < 100; round++) {
    two_reads(f, round);
  }
  pair_close(f);
  loop_remake_foreign(f, 7);
  pair_open(f);
  for (unsigned round = 0; round < 100; round++) {
    two_reads(f, round);
  }
}

/* --- A storm ------------------------------------------------------------ */

enum {
  WRITES = 4,
  READS = 3,
  WRITE_BYTES_MAX = 3000,
  READ_BYTES_MAX = 1500,
  STREAM_BYTES = 400000,
  PERIOD = 251 /* byte n of a stream is n % 251, however calls divide it */
};

/* One direction of the storm. */
struct stream {
  np_pipe *from;
  np_pipe *to;
  struct recorder *writes; /* WRITES recorders */
  struct recorder *reads;  /* READS recorders */
  unsigned taken[READS];   /* results of each read that were checked */
  unsigned next;           /* the read whose result comes next */
  unsigned order;          /* place of the last read's callback */
  size_t written;
  size_t read;
};

static uint8_t storm_data[PERIOD + WRITE_BYTES_MAX];

static void stream_write(struct stream *s, uint32_t *random) {
  for (unsigned i = 0; i < WRITES && s->written < STREAM_BYTES; i++) {
    struct recorder *write = &s->writes[i];
    size_t length = 1 + museum_random(random) % WRITE_BYTES_MAX;

    if (write->done_count == write->start_count) {
      assert_np_ok(write->result);
      write_begin(write, s->from, storm_data + s->written % PERIOD, length);
      s->written += length;
    }
  }
}

/* stream_read checks the results in the order of the reads, and starts each
 * read again. */
static void stream_read(struct stream *s, uint32_t *random) {
  for (;;) {
    struct recorder *read = &s->reads[s->next];

    if (read->done_count != read->start_count) {
      return;
    }
    if (read->done_count != s->taken[s->next]) {
      s->taken[s->next]++;
      assert_np_ok(read->result);
      if (read->order < s->order) {
        fail_at(__FILE__, __LINE__, "a later read came first");
      }
      s->order = read->order;
      if (memcmp(read->buffer, storm_data + s->read % PERIOD,
                 read->transferred) != 0) {
        fail_at(__FILE__, __LINE__, "wrong bytes at %u", (unsigned)s->read);
      }
      s->read += read->transferred;
    }
    read_begin(read, s->to, 1 + museum_random(random) % READ_BYTES_MAX);
    s->next = (s->next + 1) % READS;
  }
}

NP_CASE("museum-flow/storm", np_pipe_read, BYTE_READS, NP_OK,
        "Both directions at once, several writes and reads of any size in "
        "flight over a small quota: each byte arrives once, in order.",
        "Named Pipe Operations; museum D08 F03 F06 M14") {
  struct stream streams[2];
  uint32_t random = 1;

  server_quotas(f, MUSEUM_QUOTA, MUSEUM_QUOTA);
  for (size_t i = 0; i < sizeof(storm_data); i++) {
    storm_data[i] = (uint8_t)(i % PERIOD);
  }
  pair_open(f);
  memset(streams, 0, sizeof(streams));
  for (unsigned i = 0; i < 2; i++) {
    streams[i].from = i == 0 ? f->server : f->client;
    streams[i].to = i == 0 ? f->client : f->server;
    streams[i].writes = f->ops + (size_t)i * 16;
    streams[i].reads = streams[i].writes + WRITES;
  }
  while (streams[0].written < STREAM_BYTES ||
         streams[1].written < STREAM_BYTES) {
    for (unsigned i = 0; i < 2; i++) {
      stream_write(&streams[i], &random);
      stream_read(&streams[i], &random);
    }
    assert_np_ok(loop_turn(f, (uint32_t)world_timeout_ms(LOOP_WAIT_MS)));
  }
  for (unsigned i = 0; i < 2; i++) {
    struct stream *s = &streams[i];

    while (s->read < s->written) {
      op_wait(&s->reads[s->next]);
      stream_read(s, &random);
    }
    for (unsigned j = 0; j < WRITES; j++) {
      op_wait(&s->writes[j]);
      assert_np_ok(s->writes[j].result);
    }
    assert_int_equal(s->read, s->written);
  }
}
