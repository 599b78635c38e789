/* np_pipe_try_read on an end whose kernel may answer late: an adopted one. Here
 * its kernel answers at once. What has not come when it is asked for is the
 * matter of npipe-faults (late/...). */
#include "ready_common.h"

enum { MESSAGE_BYTES = 10000, NEXT_BYTES = 3 };

/* f->server and an adopted f->client, with a read-ahead of `size` bytes. */
static void adopted_pair(np_fixture *f, size_t size) {
  HANDLE handle;

  server_listen(f);
  handle = raw_client(f, GENERIC_READ | GENERIC_WRITE);
  assert_np_ok(np_pipe_adopt(f->loop, handle, &f->client));
  raw_release(f, handle);
  f->end = f->client;
  f->peer = f->server;
  ready_set(f->client, size, 65536);
}

/* Reads up to the end of a message, or `length` bytes of a stream, by tries of
 * at most `room` bytes, and waits where they say so. Returns how many bytes it
 * was. */
static size_t read_by_tries(np_fixture *f, char *out, size_t length,
                            size_t room) {
  size_t got = 0;
  np_error error = ERROR_MORE_DATA;

  while (got < length && error != NP_OK) {
    size_t bytes = 0;
    const size_t most = room < length - got ? room : length - got;

    error = np_pipe_try_read(f->client, out + got, most, &bytes);
    got += bytes;
    if (error == NP_WOULD_BLOCK) {
      assert_int_equal(bytes, 0);
      ready_wait(f, f->client, NP_READABLE);
    } else if (f->client_options.read_mode == NP_BYTE && error == NP_OK) {
      error = ERROR_MORE_DATA; /* A stream has no end here. */
    } else {
      assert_true(error == NP_OK || error == ERROR_MORE_DATA);
    }
  }
  return got;
}

NP_CASE("try-read-late/late-whole", np_pipe_try_read, ANY_MODE, NP_OK,
        "On an adopted end tries bring what was sent, in order and with its "
        "boundaries, be the read-ahead larger, smaller or none.",
        "npipe/ready.h") {
  static const size_t sizes[] = {0, 1, 7, 100, 65536};
  static char out[MESSAGE_BYTES + NEXT_BYTES];
  const char *pattern = ready_pattern();

  for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
    adopted_pair(f, sizes[i]);
    for (size_t length = 1; length <= 200; length += 1 + length / 3) {
      pipe_send(f, f->server, pattern, length);
      assert_int_equal(read_by_tries(f, out, length, 64), length);
      assert_memory_equal(out, pattern, length);
      assert_int_equal(ready_wait(f, f->server, NP_WRITABLE), NP_WRITABLE);
    }
    pair_close(f);
  }
}

NP_CASE("try-read-late/late-long", np_pipe_try_read, ANY_MODE, ERROR_MORE_DATA,
        "On an adopted end, a message that is longer than the library's buffer "
        "arrives in parts. All parts but the last end with ERROR_MORE_DATA. "
        "The next message stays whole.",
        "npipe/ready.h") {
  static char out[MESSAGE_BYTES + NEXT_BYTES];
  static char data[MESSAGE_BYTES];
  const bool messages = f->client_options.read_mode == NP_MESSAGE;

  for (size_t i = 0; i < sizeof(data); i++) {
    data[i] = (char)(i * 7 + i / 251);
  }
  f->server_options.out_buffer_bytes = 65536;
  for (size_t size = 0; size <= 5000; size += 5000) {
    adopted_pair(f, size);
    pipe_send(f, f->server, data, sizeof(data));
    pipe_send(f, f->server, "end", NEXT_BYTES);
    if (messages) {
      assert_int_equal(read_by_tries(f, out, sizeof(out), sizeof(out)),
                       sizeof(data));
      assert_int_equal(
          read_by_tries(f, out + sizeof(data), NEXT_BYTES, NEXT_BYTES),
          NEXT_BYTES);
    } else {
      assert_int_equal(read_by_tries(f, out, sizeof(out), sizeof(out)),
                       sizeof(out));
    }
    assert_memory_equal(out, data, sizeof(data));
    assert_memory_equal(out + sizeof(data), "end", NEXT_BYTES);
    pair_close(f);
  }
}

NP_CASE("try-read-late/late-mixed", np_pipe_try_read, ANY_MODE, NP_OK,
        "On an adopted end reads and peeks beside the tries see the bytes in "
        "order.",
        "npipe/ready.h") {
  char out[16];
  np_peek peek = {.size = sizeof(peek)};

  adopted_pair(f, 0);
  pipe_send(f, f->server, "abcdef", 6);
  assert_int_equal(ready_wait(f, f->client, NP_READABLE), NP_READABLE);
  assert_np_ok(np_pipe_peek(f->client, out, 3, &peek));
  assert_int_equal(peek.copied, 3);
  assert_memory_equal(out, "abc", 3);
  assert_int_equal(read_by_tries(f, out, 2, 1), 2);
  assert_memory_equal(out, "ab", 2);
  assert_np_ok(np_pipe_peek(f->client, out, 2, &peek));
  assert_int_equal(peek.copied, 2);
  assert_memory_equal(out, "cd", 2);
  assert_received(f, f->client, "cdef", 4);
  pipe_send(f, f->server, "gh", 2);
  assert_int_equal(read_by_tries(f, out, 2, 2), 2);
  assert_memory_equal(out, "gh", 2);
}

NP_CASE("try-read-late/late-readv", np_pipe_readv, ANY_MODE, NP_OK,
        "On an adopted end np_pipe_readv brings a whole message, also if the "
        "read-ahead has taken its first bytes.",
        "npipe/io.h") {
  static const size_t sizes[] = {0, 1, 2, 100};
  char head[2], tail[14];
  const np_buffer parts[] = {{head, sizeof(head)}, {tail, sizeof(tail)}};

  for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
    struct recorder *reader = &f->ops[i];

    adopted_pair(f, sizes[i]);
    pipe_send(f, f->server, "hello", 5);
    assert_int_equal(ready_wait(f, f->client, NP_READABLE), NP_READABLE);
    op_begin(reader, np_pipe_readv(f->client, parts, 2, &reader->op, on_done));
    loop_until_count(f, &reader->done_count, 1);
    if (f->client_options.read_mode == NP_MESSAGE) {
      assert_done(reader, NP_OK, 5);
      assert_memory_equal(head, "he", 2);
      assert_memory_equal(tail, "llo", 3);
    } else {
      assert_int_equal(reader->result, NP_OK);
    }
    pair_close(f);
  }
}
