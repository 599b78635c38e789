/* np_pipe_relay: a synchronous handle, here mostly an end of CreatePipe, as a
 * pipe of the loop. */
#include "library/fixture.h"

enum {
  PIPE_BYTES = 4096, /* quota of the handle's pipe, and of the relay's */
  HELD_BYTES = 4096, /* the relay's buffer */
  CANCELS_MAX = 50,
  LINGER_MS = 40
};

/* plumb makes an anonymous pipe, and of one end of it a relay, f->server. The
 * caller's own handle of that end is closed. f->raw is the other end. */
static void plumb(np_fixture *f, bool write, uint32_t linger_ms) {
  np_relay_options options;
  HANDLE reads;
  HANDLE writes;
  HANDLE relayed;

  assert_true(CreatePipe(&reads, &writes, NULL, PIPE_BYTES));
  relayed = write ? writes : reads;
  f->raw = raw_own(f, write ? reads : writes);
  np_relay_options_init(&options);
  options.write = write;
  options.buffer_bytes = PIPE_BYTES;
  options.linger_ms = linger_ms;
  assert_np_ok(np_pipe_relay(f->loop, relayed, &options, &f->server));
  CloseHandle(relayed);
  f->end = f->server;
}

static void other_writes(np_fixture *f, const char *text) {
  DWORD bytes = 0;

  assert_true(WriteFile(f->raw, text, (DWORD)strlen(text), &bytes, NULL));
  assert_int_equal(bytes, strlen(text));
}

static void assert_other_reads(np_fixture *f, const char *text) {
  char buffer[64];
  DWORD bytes = 0;

  assert_true(ReadFile(f->raw, buffer, sizeof(buffer), &bytes, NULL));
  assert_int_equal(bytes, strlen(text));
  assert_memory_equal(buffer, text, bytes);
}

/* close_and_drain closes the relay's pipe, and runs the loop until the thread
 * has ended or was given up. */
static void close_and_drain(np_fixture *f) {
  pipe_close_wait(f, f->server);
  f->server = NULL;
  loop_drain(f);
}

NP_CASE("relay/reads", np_pipe_relay, MODE_BYTE, NP_OK,
        "The pipe reads what somebody writes to the other end of the handle.",
        "ReadFile#remarks") {
  plumb(f, false, 0);
  other_writes(f, "one");
  assert_received(f, f->server, "one", 3);
  other_writes(f, "two");
  assert_received(f, f->server, "two", 3);
  assert_np_error(np_pipe_relay_error(f->server), ERROR_IO_PENDING);
}

NP_CASE("relay/read-waits", np_pipe_relay, MODE_BYTE, NP_OK,
        "A read that waits for the handle keeps the loop free: it ends at its "
        "time limit, and the next read gets the data.",
        "npipe/relay.h") {
  plumb(f, false, 0);
  f->ops[0].op.timeout_ms = 20;
  assert_reads(&f->ops[0], f->server, 16, WAIT_TIMEOUT, 0);
  read_pend(f, &f->ops[1], f->server, 16);
  other_writes(f, "late");
  assert_ends(&f->ops[1], NP_OK, 4);
}

NP_CASE("relay/empty-write", np_pipe_relay, MODE_BYTE, NP_OK,
        "An empty write to the other end is no end of the data.",
        "WriteFile#pipes") {
  plumb(f, false, 0);
  loop_quiet(f); /* The thread waits for data: the empty write ends its read. */
  other_writes(f, "");
  other_writes(f, "more");
  assert_received(f, f->server, "more", 4);
}

NP_CASE("relay/writes", np_pipe_relay, MODE_BYTE, NP_OK,
        "What the pipe writes comes to the other end of the handle.",
        "WriteFile#remarks") {
  plumb(f, true, 0);
  pipe_send(f, f->server, "one", 3);
  assert_other_reads(f, "one");
  pipe_send(f, f->server, "two", 3);
  assert_other_reads(f, "two");
}

NP_CASE("relay/end-of-data", np_pipe_relay, MODE_BYTE, ERROR_BROKEN_PIPE,
        "Nobody can write any more: the pipe gives what was written, then its "
        "reads end, and the handle has ended without an error.",
        "Named Pipe Operations") {
  plumb(f, false, 0);
  other_writes(f, "bye");
  raw_close(f, f->raw);
  assert_received(f, f->server, "bye", 3);
  assert_reads(&f->ops[0], f->server, 16, ERROR_BROKEN_PIPE, 0);
  assert_np_ok(np_pipe_relay_error(f->server));
}

NP_CASE("relay/end-of-file", np_pipe_relay_error, MODE_BYTE, NP_OK,
        "A file that has no more bytes ends the pipe.", "ReadFile#remarks") {
  HANDLE file =
      CreateFileW(L"NUL", GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL);

  assert_true(file != INVALID_HANDLE_VALUE);
  assert_np_ok(np_pipe_relay(f->loop, file, NULL, &f->server));
  CloseHandle(file);
  assert_reads(&f->ops[0], f->server, 16, ERROR_BROKEN_PIPE, 0);
  assert_np_ok(np_pipe_relay_error(f->server));
}

NP_CASE("relay/read-fails", np_pipe_relay_error, MODE_BYTE, ERROR_ACCESS_DENIED,
        "A handle that cannot be read ends the pipe, and its error is told.",
        "ReadFile#return-value") {
  HANDLE reads;
  HANDLE writes;

  assert_true(CreatePipe(&reads, &writes, NULL, 0));
  raw_own(f, reads);
  assert_np_ok(np_pipe_relay(f->loop, writes, NULL, &f->server));
  CloseHandle(writes);
  assert_reads(&f->ops[0], f->server, 16, ERROR_BROKEN_PIPE, 0);
  assert_np_error(np_pipe_relay_error(f->server), ERROR_ACCESS_DENIED);
}

NP_CASE("relay/write-fails", np_pipe_relay, MODE_BYTE, ERROR_NO_DATA,
        "Nobody can read any more: a write of the pipe ends the relay, later "
        "writes fail, and the handle's error is told.",
        "WriteFile#pipes") {
  plumb(f, true, 0);
  raw_close(f, f->raw);
  do {
    write_begin(&f->ops[0], f->server, "x", 1);
    op_wait(&f->ops[0]);
  } while (f->ops[0].result == NP_OK);
  assert_true(f->ops[0].result == ERROR_NO_DATA ||
              f->ops[0].result == ERROR_BROKEN_PIPE);
  assert_np_error(np_pipe_relay_error(f->server), ERROR_NO_DATA);
}

NP_CASE("relay/closed-in-read", np_pipe_relay, MODE_BYTE, NP_OK,
        "The pipe is closed while the thread waits for data: on_closed comes "
        "without it, the thread leaves the call, and gives the handle back.",
        "CancelSynchronousIo") {
  DWORD bytes = 0;

  plumb(f, false, 0);
  loop_quiet(f);
  close_and_drain(f);
  /* Its duplicate was the last handle of that end. */
  assert_false(WriteFile(f->raw, "x", 1, &bytes, NULL));
  assert_int_equal(GetLastError(), ERROR_NO_DATA);
}

NP_CASE("relay/closed-with-unread", np_pipe_relay, MODE_BYTE, NP_OK,
        "The pipe is closed while the thread waits for the pipe's reader.",
        "npipe/relay.h") {
  static char data[PIPE_BYTES];
  DWORD bytes = 0;

  plumb(f, false, 0);
  for (unsigned i = 0; i < 2; i++) {
    assert_true(WriteFile(f->raw, data, sizeof(data), &bytes, NULL));
  }
  loop_quiet(f);
  close_and_drain(f);
}

NP_CASE("relay/closed-lingers", np_pipe_relay, MODE_BYTE, NP_OK,
        "What a pipe has written before it is closed still comes to the "
        "handle, and then its end.",
        "npipe/relay.h") {
  static char data[PIPE_BYTES];
  size_t length = 0;
  DWORD bytes = 0;

  plumb(f, true, LOOP_WAIT_MS);
  pipe_send(f, f->server, data, sizeof(data));
  pipe_close_wait(f, f->server);
  f->server = NULL;
  while (ReadFile(f->raw, data, sizeof(data), &bytes, NULL)) {
    length += bytes;
  }
  assert_int_equal(GetLastError(), ERROR_BROKEN_PIPE);
  assert_int_equal(length, sizeof(data));
  loop_drain(f);
}

NP_CASE("relay/linger-ends", np_pipe_relay, MODE_BYTE, NP_OK,
        "Nobody reads the handle's other end: after the time for the rest the "
        "thread's write is cancelled, and the loop comes to its end.",
        "CancelSynchronousIo") {
  static char data[PIPE_BYTES];
  uint64_t begun;

  plumb(f, true, LINGER_MS);
  for (unsigned i = 0; i < 2; i++) {
    pipe_send(f, f->server, data, sizeof(data));
  }
  begun = world_now_ms();
  close_and_drain(f);
  assert_true(world_now_ms() - begun < LOOP_WAIT_MS);
}

NP_CASE("relay/given-up", np_pipe_relay, MODE_BYTE, NP_OK,
        "A handle that does not obey a cancel is given up: the loop ends, and "
        "the thread ends with its call, whenever that is.",
        "npipe/relay.h") {
  plumb(f, false, 0);
  loop_quiet(f);
  if (!world_refuse_all("CancelSynchronousIo", CANCELS_MAX, ERROR_NOT_FOUND)) {
    np_unresolved("each cancel is obeyed here");
  }
  close_and_drain(f);
  raw_close(f, f->raw); /* Now the call returns, and the thread frees all. */
  loop_quiet(f);
}

NP_CASE("relay/empty-file", np_pipe_relay, NO_MODE, NP_OK,
        "A file that has no more data ends the data of the pipe. This end is "
        "no error of the handle.",
        "ReadFile#remarks") {
  char byte = 0;

  f->raw = raw_own(
      f, CreateFileW(L"NUL", GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL));
  assert_np_ok(np_pipe_relay(f->loop, f->raw, NULL, &f->server));
  op_begin(&f->ops[0],
           np_pipe_read(f->server, &byte, 1, &f->ops[0].op, on_done));
  assert_ends(&f->ops[0], ERROR_BROKEN_PIPE, 0);
  assert_np_ok(np_pipe_relay_error(f->server));
}

NP_CASE("relay/refused", np_pipe_relay, NO_MODE, ERROR_NO_SYSTEM_RESOURCES,
        "Without a thread, or a second handle, nothing is made and nothing "
        "stays open.",
        "npipe/relay.h") {
  static const char *const functions[] = {"DuplicateHandle", "CreateThread"};
  np_pipe *pipe = NULL;

  plumb(f, false, 0);
  for_rounds (round, 2) {
    if (!world_refuse(functions[round], ERROR_NO_SYSTEM_RESOURCES)) {
      np_unresolved("the system has resources here");
    }
    assert_np_error(np_pipe_relay(f->loop, f->raw, NULL, &pipe),
                    ERROR_NO_SYSTEM_RESOURCES);
    assert_null(pipe);
  }
}

/* Bytes that the thread of the next case has written. */
static volatile LONG written;

static DWORD WINAPI flood(void *handle) {
  static const char data[1024];
  DWORD bytes = 0;

  for (unsigned i = 0; i < 64; i++) {
    if (!WriteFile(handle, data, sizeof(data), &bytes, NULL)) {
      return 1;
    }
    InterlockedExchangeAdd(&written, (LONG)bytes);
  }
  return 0;
}

NP_CASE("relay/back-pressure", np_pipe_relay, MODE_BYTE, NP_OK,
        "While nobody reads the pipe, the relay takes at most its quota and "
        "its buffer, and the writer at the other end waits.",
        "npipe/relay.h") {
  HANDLE thread;
  size_t length = 0;

  written = 0;
  plumb(f, false, 0);
  thread = CreateThread(NULL, 0, flood, f->raw, 0, NULL);
  assert_non_null(thread);
  loop_quiet(f);
  assert_in_range((size_t)written, 0, 2 * PIPE_BYTES + HELD_BYTES);
  while (length < 64 * 1024) {
    read_begin(&f->ops[0], f->server, PIPE_BYTES);
    op_wait(&f->ops[0]);
    assert_np_ok(f->ops[0].result);
    length += f->ops[0].transferred;
  }
  assert_int_equal(
      WaitForSingleObject(thread, (DWORD)world_timeout_ms(LOOP_WAIT_MS)),
      WAIT_OBJECT_0);
  CloseHandle(thread);
  assert_int_equal(length, 64 * 1024);
}

NP_CASE("relay/not-recycled", np_listener_recycle, MODE_BYTE, ERROR_NOT_FOUND,
        "No listener takes the pipe of a relay.", "npipe/listener.h") {
  plumb(f, false, 0);
  assert_np_error(np_listener_recycle(f->server), ERROR_NOT_FOUND);
}

NP_CASE("relay/null", np_pipe_relay, NO_MODE, ERROR_INVALID_PARAMETER,
        "Without a loop, nowhere to put the pipe, or with options of another "
        "size nothing is made.",
        "npipe/relay.h") {
  np_relay_options options;
  np_pipe *pipe = NULL;

  plumb(f, false, 0);
  np_relay_options_init(&options);
  options.size--;
  assert_invalid(np_pipe_relay(NULL, f->raw, NULL, &pipe));
  assert_invalid(np_pipe_relay(f->loop, f->raw, NULL, NULL));
  assert_invalid(np_pipe_relay(f->loop, f->raw, &options, &pipe));
  assert_null(pipe);
}

NP_CASE("relay/no-handle", np_pipe_relay, NO_MODE, ERROR_INVALID_HANDLE,
        "No handle, no relay.", "npipe/relay.h") {
  np_pipe *pipe = NULL;

  assert_np_error(np_pipe_relay(f->loop, NULL, NULL, &pipe),
                  ERROR_INVALID_HANDLE);
  assert_np_error(np_pipe_relay(f->loop, INVALID_HANDLE_VALUE, NULL, &pipe),
                  ERROR_INVALID_HANDLE);
  assert_null(pipe);
}

NP_CASE("relay/no-memory", np_pipe_relay, NO_MODE, ERROR_NOT_ENOUGH_MEMORY,
        "Without memory for the pipe nothing is made.", "npipe/relay.h") {
  np_pipe *pipe = NULL;

  plumb(f, false, 0);
  f->allocator.fail_at = f->allocator.total + 1;
  assert_np_error(np_pipe_relay(f->loop, f->raw, NULL, &pipe),
                  ERROR_NOT_ENOUGH_MEMORY);
  assert_null(pipe);
}

NP_CASE("relay/error-going-on", np_pipe_relay_error, MODE_BYTE,
        ERROR_IO_PENDING, "While the handle works there is no end to tell.",
        "npipe/relay.h") {
  plumb(f, true, 0);
  assert_np_error(np_pipe_relay_error(f->server), ERROR_IO_PENDING);
}

NP_CASE("relay/error-of-no-relay", np_pipe_relay_error, NO_MODE,
        ERROR_INVALID_PARAMETER,
        "NULL, a pipe of another kind, and a relay that is being closed have "
        "no handle to tell of.",
        "npipe/relay.h") {
  np_pipe *relay;

  assert_invalid(np_pipe_relay_error(NULL));
  plumb(f, false, 0);
  relay = f->server;
  pipe_close(f, relay);
  f->server = NULL;
  assert_invalid(np_pipe_relay_error(relay));
  pair_open(f);
  assert_invalid(np_pipe_relay_error(f->server));
}

NP_CASE("relay/options-init", np_relay_options_init, NO_MODE, NP_OK,
        "The defaults are reading, 64 KiB, and five seconds for the rest. NULL "
        "is ignored.",
        "npipe/relay.h") {
  np_relay_options options;

  np_relay_options_init(NULL);
  memset(&options, 0xff, sizeof(options));
  np_relay_options_init(&options);
  assert_int_equal(options.size, sizeof(options));
  assert_false(options.write);
  assert_int_equal(options.buffer_bytes, 65536);
  assert_int_equal(options.linger_ms, 5000);
}
