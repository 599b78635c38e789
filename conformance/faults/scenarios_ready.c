/* Scenarios of several buffers, flushing and readiness. */
#include <string.h>

#include "run.h"

SCENARIO(vectors, "vector/readv-and-writev", 0) {
  char in[8] = {0};
  const np_buffer out[3] = {{"abc", 3}, {NULL, 0}, {"defg", 4}};
  const np_buffer into[2] = {{in, 5}, {in + 5, 3}};
  struct action *read;
  struct action *write;

  modes(r, NP_MESSAGE, NP_MESSAGE);
  STEP(pair_open(r));
  read = readv_begin(r, r->server, into, 2);
  write = read != NULL ? writev_begin(r, r->client, out, 3) : NULL;
  /* `in` is a local variable, so the read must end before the return. */
  if (write == NULL || !ends(write, NP_OK, 7) || !ends(read, NP_OK, 7)) {
    abandon(r);
    return false;
  }
  return holds(r, memcmp(in, "abcdefg", 7) == 0, "the buffers were filled");
}

static bool play_until_read(struct run *r) {
  struct action *flushed;

  STEP(pair_open(r) && ends(write_begin(r, r->client, "data", 4), NP_OK, 4));
  flushed = flush_begin(r, r->client);
  return flushed != NULL &&
         ends_with(read_begin(r, r->server, 16), NP_OK, "data") &&
         ends(flushed, NP_OK, 0);
}

SCENARIO(flush, "flush/until-it-was-read", FLUSHES | KNOWS_ITSELF) {
  return play_until_read(r);
}

SCENARIO(flush_thread, "flush/thread-until-it-was-read",
         FLUSHES | NO_FLUSH_CONTROL | KNOWS_ITSELF) {
  return play_until_read(r);
}

static bool play_cancelled(struct run *r) {
  struct action *flushed;

  STEP(pair_open(r) && ends(write_begin(r, r->client, "data", 4), NP_OK, 4));
  flushed = flush_begin(r, r->client);
  /* Virtual time passes only while no thread runs; so after this turn the
   * flushing thread waits in the kernel. */
  return flushed != NULL && turn(r, 1) && cancel(flushed) &&
         ends(flushed, ERROR_OPERATION_ABORTED, 0);
}

SCENARIO(flush_cancel, "flush/cancelled",
         FLUSHES | CANCELS_FIRST | KNOWS_ITSELF) {
  return play_cancelled(r);
}

SCENARIO(flush_thread_cancel, "flush/thread-cancelled",
         FLUSHES | NO_FLUSH_CONTROL | KNOWS_ITSELF) {
  return play_cancelled(r);
}

/* The peer goes before a thread has tried the flush for the first time. */
SCENARIO(flush_peer, "flush/thread-peer-goes-first",
         FLUSHES | NO_FLUSH_CONTROL | KNOWS_ITSELF) {
  struct action *flushed;

  STEP(pair_open(r) && ends(write_begin(r, r->client, "data", 4), NP_OK, 4));
  flushed = flush_begin(r, r->client);
  return flushed != NULL && pipe_close(r, r->server) &&
         ends(flushed, ERROR_BROKEN_PIPE, 0);
}

/* Both ends wait for each other. The thread tries each one, interrupts it and
 * tries again. */
SCENARIO(flush_both, "flush/thread-both-ends",
         FLUSHES | NO_FLUSH_CONTROL | KNOWS_ITSELF) {
  struct action *server;
  struct action *client;

  STEP(pair_open(r) && ends(write_begin(r, r->client, "data", 4), NP_OK, 4) &&
       ends(write_begin(r, r->server, "back", 4), NP_OK, 4));
  client = flush_begin(r, r->client);
  server = client != NULL ? flush_begin(r, r->server) : NULL;
  return server != NULL && turn(r, 10) &&
         ends_with(read_begin(r, r->client, 16), NP_OK, "back") &&
         ends_with(read_begin(r, r->server, 16), NP_OK, "data") &&
         ends(server, NP_OK, 0) && ends(client, NP_OK, 0);
}

SCENARIO(readable, "ready/readable-then-read", READINESS) {
  struct action *wait;

  modes(r, NP_MESSAGE, NP_MESSAGE);
  STEP(pair_open(r));
  wait = ready_begin(r, r->server, NP_READABLE);
  return wait != NULL && turn(r, 0) &&
         ends(write_begin(r, r->client, "one", 3), NP_OK, 3) &&
         ends(wait, NP_OK, NP_READABLE) && tries_read(r, r->server, "one") &&
         refused(r, "np_pipe_try_read", try_read_error(r, r->server),
                 NP_WOULD_BLOCK) &&
         ends(write_begin(r, r->client, "two", 3), NP_OK, 3) &&
         ends_with(read_begin(r, r->server, 16), NP_OK, "two");
}

/* Without read-ahead, data go straight into the caller's buffer. */
SCENARIO(probe, "ready/without-read-ahead", READINESS) {
  np_ready_options options;
  struct action *wait;

  np_ready_options_init(&options);
  options.read_ahead_bytes = 0;
  STEP(pair_open(r) && took(r, "np_pipe_set_ready_options",
                            np_pipe_set_ready_options(r->server, &options)));
  wait = ready_begin(r, r->server, NP_READABLE);
  return wait != NULL && turn(r, 0) &&
         ends(write_begin(r, r->client, "one", 3), NP_OK, 3) &&
         ends(wait, NP_OK, NP_READABLE) && tries_read(r, r->server, "one");
}

/* The probe for bytes finds a message, which is then read by message, in two
 * parts. If the read of the second part fails, the first part is not lost. */
SCENARIO(probed_parts, "ready/message-in-parts", READINESS) {
  np_ready_options options;
  struct action *wait;

  modes(r, NP_MESSAGE, NP_BYTE);
  np_ready_options_init(&options);
  options.read_ahead_bytes = 0;
  STEP(pair_open(r) && took(r, "np_pipe_set_ready_options",
                            np_pipe_set_ready_options(r->server, &options)));
  wait = ready_begin(r, r->server, NP_READABLE);
  return wait != NULL && turn(r, 0) &&
         ends(write_begin(r, r->client, "one", 3), NP_OK, 3) &&
         ends(wait, NP_OK, NP_READABLE) &&
         took(r, "np_pipe_set_read_mode",
              np_pipe_set_read_mode(r->server, NP_MESSAGE)) &&
         tries_read(r, r->server, "one");
}

SCENARIO(writable, "ready/writable-then-written", READINESS) {
  struct action *wait;

  STEP(pair_open(r) && tries_write(r, r->client, QUOTA_BYTES + 1) &&
       refused(r, "np_pipe_try_write", try_write_error(r, r->client),
               NP_WOULD_BLOCK));
  wait = ready_begin(r, r->client, NP_WRITABLE);
  return wait != NULL &&
         ends(read_begin(r, r->server, BUFFER_BYTES_MAX), NP_OK,
              QUOTA_BYTES + 1) &&
         ends(wait, NP_OK, NP_WRITABLE) && tries_write(r, r->client, 5) &&
         ends(read_begin(r, r->server, BUFFER_BYTES_MAX), NP_OK, 5);
}

SCENARIO(ready_gone, "ready/the-peer-leaves", READINESS) {
  struct action *wait;

  STEP(pair_open(r));
  wait = ready_begin(r, r->server, NP_READABLE);
  return wait != NULL && turn(r, 0) && pipe_close(r, r->client) && closed(r) &&
         ends(wait, NP_OK, NP_READABLE | NP_READ_CLOSED) &&
         refused(r, "np_pipe_try_read", try_read_error(r, r->server),
                 ERROR_BROKEN_PIPE);
}

SCENARIO(ready_cancel, "ready/cancelled-closed-disconnected", READINESS) {
  struct action *wait;
  struct action *other;

  STEP(pair_open(r));
  r->timeout_ms = 20;
  wait = ready_begin(r, r->server, NP_READABLE);
  STEP(wait != NULL && ends(wait, WAIT_TIMEOUT, 0));
  r->timeout_ms = 0;
  wait = ready_begin(r, r->server, NP_READABLE);
  STEP(wait != NULL && turn(r, 0) &&
       took(r, "np_server_disconnect", np_server_disconnect(r->server)) &&
       ends(wait, ERROR_PIPE_NOT_CONNECTED, 0));
  other = ready_begin(r, r->client, NP_WRITE_CLOSED);
  /* The last turn dequeues the packet of the server's read-ahead. */
  return other != NULL && pipe_close(r, r->client) && closed(r) &&
         turns(r, &other->done, 1) && turn(r, 0);
}

static np_error take_nothing(HANDLE handle, void *context,
                             size_t *transferred) {
  struct run *r = context;

  (void)handle;
  *transferred = 7;
  return r->notes++ == 0 ? NP_WOULD_BLOCK : NP_OK;
}

SCENARIO(own_calls, "ready/calls-of-the-callers-own", READINESS) {
  size_t transferred = 0;
  struct action *action;

  STEP(pair_open(r) &&
       refused(r, "np_pipe_try_io",
               np_pipe_try_io(r->server, NP_READABLE, take_nothing, r, NULL),
               NP_WOULD_BLOCK));
  action = io_begin(r, r->client, NP_WRITABLE, take_nothing);
  return action != NULL && ends(action, NP_OK, 7) &&
         took(r, "np_pipe_try_io",
              np_pipe_try_io(r->client, NP_WRITABLE, take_nothing, r,
                             &transferred)) &&
         holds(r, transferred == 7, "it tells what the function did");
}

static np_error close_it(HANDLE handle, void *context, size_t *transferred) {
  struct run *r = context;

  (void)handle;
  (void)transferred;
  pipe_close(r, r->client);
  return NP_WOULD_BLOCK;
}

SCENARIO(closing_call, "ready/a-call-that-closes-its-pipe", READINESS) {
  struct action *action;

  STEP(pair_open(r));
  action = io_begin(r, r->client, NP_WRITABLE, close_it);
  return action != NULL && ends(action, ERROR_OPERATION_ABORTED, 0) &&
         closed(r);
}
