/* Helpers for the cases of readiness: pairs with small quotas, waits, tries in
 * loops, and their checks. */
#include "ready_common.h"

const size_t read_aheads[] = {65536, 4, 1, 0};
const size_t read_ahead_count = sizeof(read_aheads) / sizeof(read_aheads[0]);

const size_t try_sizes[TRY_SIZES] = {65536, 100, 7, 4, 1, 0};

/* Buffer for the bytes that tries read. */
static char scratch[READY_BYTES_MAX];

/* --- Pairs -------------------------------------------------------------- */

void pair_open_one_way(np_fixture *f, bool end_reads) {
  bool server_reads = end_reads != is_client_end(f);

  f->server_options.inbound = server_reads;
  f->server_options.outbound = !server_reads;
  f->client_options.read = !server_reads;
  f->client_options.write = server_reads;
  pair_open(f);
}

void pair_reopen(np_fixture *f) {
  pipe_close(f, f->server);
  pipe_close(f, f->client);
  loop_until_count(f, &f->closed_count, f->closing_count);
  pair_open(f);
}

void server_disconnect(np_fixture *f) {
  assert_np_ok(np_server_disconnect(f->server));
  loop_quiet(f);
}

void server_reconnect(np_fixture *f) {
  if (f->client != NULL) {
    pipe_own(f, f->client);
  }
  connect_begin(&f->helper, f->server);
  client_open_end(f);
  loop_until_count(f, &f->helper.done_count, f->helper.start_count);
  assert_np_ok(f->helper.result);
}

/* --- Waits and tries ---------------------------------------------------- */

void ready_set(np_pipe *pipe, size_t read_ahead_bytes,
               size_t write_buffer_bytes) {
  np_ready_options options;

  np_ready_options_init(&options);
  options.read_ahead_bytes = read_ahead_bytes;
  options.write_buffer_bytes = write_buffer_bytes;
  assert_np_ok(np_pipe_set_ready_options(pipe, &options));
}

void pair_probing(np_fixture *f) {
  pair_open(f);
  ready_set(f->end, 0, 65536);
}

void pair_asked(np_fixture *f, size_t size) {
  pair_reopen(f);
  ready_set(f->end, size, 65536);
  assert_try_read(f->end, 64, NP_WOULD_BLOCK, NULL, 0);
}

void sent_in(np_fixture *f, unsigned i, const void *data, size_t length) {
  struct recorder *waiter = &f->ops[RECORDERS_MAX - 1];

  pair_reopen(f);
  ready_set(f->end, try_sizes[i / WAYS], 65536);
  if (i % WAYS == UNASKED) {
    pipe_send(f, f->peer, data, length);
    return;
  }
  ready_begin(waiter, f->end, NP_READABLE);
  loop_turn(f, 0); /* Now the read-ahead is in the kernel. */
  pipe_send(f, f->peer, data, length);
  loop_until_count(f, &waiter->done_count, waiter->start_count);
  assert_np_ok(waiter->result);
}

void ready_begin(struct recorder *recorder, np_pipe *pipe,
                 np_interest interest) {
  op_begin(recorder, np_pipe_ready(pipe, interest, &recorder->op, on_done));
}

np_readiness ready_wait(np_fixture *f, np_pipe *pipe, np_interest interest) {
  np_readiness closed = 0;

  ready_begin(&f->helper, pipe, interest);
  loop_until_count(f, &f->helper.done_count, f->helper.start_count);
  assert_np_ok(f->helper.result);
  if ((interest & NP_READABLE) != 0) {
    closed |= NP_READ_CLOSED;
  }
  if ((interest & NP_WRITABLE) != 0) {
    closed |= NP_WRITE_CLOSED;
  }
  assert_int_not_equal(f->helper.transferred & interest, 0);
  assert_int_equal(f->helper.transferred & ~(size_t)(interest | closed), 0);
  return (np_readiness)f->helper.transferred;
}

np_error ready_read(np_fixture *f, np_pipe *pipe, void *buffer, size_t size,
                    size_t *length) {
  for (unsigned alarms = 0; alarms < FALSE_ALARMS_MAX; alarms++) {
    np_error error = np_pipe_try_read(pipe, buffer, size, length);

    assert_true(*length <= size);
    if (error != NP_WOULD_BLOCK) {
      return error;
    }
    assert_int_equal(*length, 0);
    ready_wait(f, pipe, NP_READABLE);
  }
  fail_msg("%s", "readable again and again, with nothing to read");
  return NP_WOULD_BLOCK;
}

np_error ready_write(np_fixture *f, np_pipe *pipe, const void *data,
                     size_t length, size_t *taken) {
  for (unsigned alarms = 0; alarms < FALSE_ALARMS_MAX; alarms++) {
    np_error error = np_pipe_try_write(pipe, data, length, taken);

    assert_true(*taken <= length);
    if (error != NP_WOULD_BLOCK) {
      return error;
    }
    assert_int_equal(*taken, 0);
    ready_wait(f, pipe, NP_WRITABLE);
  }
  fail_msg("%s", "writable again and again, with nothing taken");
  return NP_WOULD_BLOCK;
}

void ready_write_all(np_fixture *f, np_pipe *pipe, const void *data,
                     size_t length) {
  const char *bytes = data;
  size_t done = 0;
  size_t taken = 0;

  while (done < length) {
    assert_np_ok(ready_write(f, pipe, bytes + done, length - done, &taken));
    assert_true(taken > 0);
    done += taken;
  }
}

/* --- Memory and numbers ------------------------------------------------- */

void memory_sweep(np_fixture *f, np_error (*attempt)(np_fixture *f)) {
  np_error error = ERROR_NOT_ENOUGH_MEMORY;
  size_t nth = 0;

  while (error == ERROR_NOT_ENOUGH_MEMORY) {
    nth++;
    assert_true(nth < 20);
    f->allocator.fail_at = f->allocator.total + nth;
    error = attempt(f);
    assert_int_equal(error == ERROR_NOT_ENOUGH_MEMORY,
                     f->allocator.total >= f->allocator.fail_at);
  }
  f->allocator.fail_at = 0;
  assert_np_ok(error);
  assert_true(nth > 1);
}

uint32_t ready_random(uint32_t *state) {
  *state ^= *state << 13;
  *state ^= *state >> 17;
  *state ^= *state << 5;
  return *state;
}

const char *ready_pattern(void) {
  static char pattern[READY_BYTES_MAX];

  if (pattern[1] != 0) {
    return pattern; /* filled already; cases call this for each byte */
  }
  for (size_t i = 0; i < sizeof(pattern); i++) {
    pattern[i] = (char)(i * 7 + i / 251);
  }
  return pattern;
}

/* --- Asserts ------------------------------------------------------------ */

static void same(const void *actual, const void *expected, size_t length,
                 const char *file, int line) {
  if (memcmp(actual, expected, length) != 0) {
    print_error("not the bytes that were written\n");
    _fail(file, line);
  }
}

void assert_caught_at(np_fixture *f, np_pipe *pipe, const void *data,
                      size_t length, const char *file, int line) {
  bool by_messages = (f->variant & MODE_MESSAGE) != 0;
  size_t done = 0;
  size_t got = 0;

  assert_true(length > 0 && length <= sizeof(scratch));
  while (done < length) {
    np_error error = ready_read(f, pipe, scratch + done, length - done, &got);

    assert_np_error_at(error, NP_OK, file, line);
    done += got;
    if (got == 0 || (by_messages && done != length)) {
      print_error("%u bytes, not %u\n", (unsigned)done, (unsigned)length);
      _fail(file, line);
    }
  }
  same(scratch, data, length, file, line);
}

void assert_tries_refused(np_fixture *f, try_parts attempt) {
  char byte = 'x';
  size_t count = 9;
  const np_buffer one = {&byte, 1};
  const np_buffer hole = {NULL, 1};
  const np_buffer over[] = {{&byte, UINT32_MAX}, {&byte, 1}};
  const np_buffer wraps[] = {{&byte, SIZE_MAX}, {&byte, 1}, {&byte, 1}};
  const np_error refused = ERROR_INVALID_PARAMETER;

  assert_np_error(attempt(NULL, &one, 1, &count), refused);
  assert_np_error(attempt(f->end, NULL, 1, &count), refused);
  assert_np_error(attempt(f->end, &one, 1, NULL), refused);
  assert_np_error(attempt(f->end, &hole, 1, &count), refused);
  assert_np_error(attempt(f->end, over, 2, &count), refused);
  assert_np_error(attempt(f->end, wraps, 3, &count), refused);
  assert_int_equal(count, 0);
}

void assert_try_read_at(np_pipe *pipe, size_t size, np_error result,
                        const void *data, size_t length, const char *file,
                        int line) {
  size_t got = 12345;
  np_error error;

  assert_true(size <= sizeof(scratch));
  error = np_pipe_try_read(pipe, scratch, size, &got);
  assert_np_error_at(error, result, file, line);
  if (got != length) {
    print_error("%u bytes, not %u\n", (unsigned)got, (unsigned)length);
    _fail(file, line);
  }
  if (length > 0) {
    same(scratch, data, length, file, line);
  }
}

void assert_try_write_at(np_pipe *pipe, const void *data, size_t length,
                         np_error result, size_t taken, const char *file,
                         int line) {
  size_t got = 12345;
  np_error error = np_pipe_try_write(pipe, data, length, &got);

  assert_np_error_at(error, result, file, line);
  if (got != taken) {
    print_error("%u bytes taken, not %u\n", (unsigned)got, (unsigned)taken);
    _fail(file, line);
  }
}
