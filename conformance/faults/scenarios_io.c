/* Scenarios of reading and writing. */
#include <string.h>

#include "run.h"

SCENARIO(echo_byte, "echo/byte", 0) {
  return pair_open(r) && exchange(r, r->client, r->server, "ping") &&
         exchange(r, r->server, r->client, "pong");
}

SCENARIO(echo_message, "echo/message", 0) {
  modes(r, NP_MESSAGE, NP_MESSAGE);
  return pair_open(r) && exchange(r, r->client, r->server, "ping") &&
         exchange(r, r->server, r->client, "pong");
}

SCENARIO(echo_message_byte, "echo/message-byte", 0) {
  modes(r, NP_MESSAGE, NP_BYTE);
  return pair_open(r) && exchange(r, r->client, r->server, "ping") &&
         exchange(r, r->server, r->client, "pong");
}

SCENARIO(parts, "message/in-parts", CUTS_MESSAGES) {
  modes(r, NP_MESSAGE, NP_MESSAGE);
  return pair_open(r) &&
         ends(write_begin(r, r->client, "abcdef", 6), NP_OK, 6) &&
         ends(write_begin(r, r->client, "gh", 2), NP_OK, 2) &&
         ends_with(read_begin(r, r->server, 4), ERROR_MORE_DATA, "abcd") &&
         ends_with(read_begin(r, r->server, 4), NP_OK, "ef") &&
         ends_with(read_begin(r, r->server, 4), NP_OK, "gh");
}

SCENARIO(empty_message, "message/empty", 0) {
  modes(r, NP_MESSAGE, NP_MESSAGE);
  return pair_open(r) && ends(write_begin(r, r->client, "", 0), NP_OK, 0) &&
         ends(read_begin(r, r->server, 4), NP_OK, 0) &&
         exchange(r, r->client, r->server, "after");
}

SCENARIO(probe, "read/of-nothing", 0) {
  struct action *read;

  STEP(pair_open(r));
  read = read_begin(r, r->server, 0);
  return ends(write_begin(r, r->client, "data", 4), NP_OK, 4) &&
         ends(read, NP_OK, 0) &&
         ends_with(read_begin(r, r->server, 16), NP_OK, "data");
}

SCENARIO(reads, "read/several-in-flight", 0) {
  struct action *reads[4];
  const char *texts[4] = {"a", "bb", "ccc", "dddd"};

  modes(r, NP_MESSAGE, NP_MESSAGE);
  STEP(pair_open(r));
  for (size_t i = 0; i < 4; i++) {
    reads[i] = read_begin(r, r->server, 16);
  }
  STEP(turn(r, 0));
  for (size_t i = 0; i < 4; i++) {
    STEP(ends(write_begin(r, r->client, texts[i], strlen(texts[i])), NP_OK,
              strlen(texts[i])));
  }
  return ends_with(reads[3], NP_OK, "dddd") &&
         ends_with(reads[2], NP_OK, "ccc") &&
         ends_with(reads[1], NP_OK, "bb") && ends_with(reads[0], NP_OK, "a");
}

SCENARIO(writes, "write/several-in-flight", 0) {
  struct action *writes[4];

  modes(r, NP_MESSAGE, NP_MESSAGE);
  STEP(pair_open(r));
  for (size_t i = 0; i < 4; i++) {
    writes[i] = write_begin(r, r->client, NULL, QUOTA_BYTES / 2 + i);
  }
  for (size_t i = 0; i < 4; i++) {
    STEP(ends(read_begin(r, r->server, BUFFER_BYTES_MAX), NP_OK,
              QUOTA_BYTES / 2 + i));
  }
  for (size_t i = 0; i < 4; i++) {
    STEP(ends(writes[i], NP_OK, QUOTA_BYTES / 2 + i));
  }
  return true;
}

SCENARIO(shutdown_waits, "shutdown/after-its-writes", 0) {
  struct action *write;
  struct action *shutdown;

  modes(r, NP_MESSAGE, NP_MESSAGE);
  STEP(pair_open(r));
  write = write_begin(r, r->client, NULL, QUOTA_BYTES * 2);
  shutdown = shutdown_begin(r, r->client);
  STEP(shutdown != NULL && turn(r, 0) &&
       holds(r, shutdown->done == 0, "a shutdown waits for its writes"));
  return ends(read_begin(r, r->server, BUFFER_BYTES_MAX), NP_OK,
              QUOTA_BYTES * 2) &&
         ends(write, NP_OK, QUOTA_BYTES * 2) && ends(shutdown, NP_OK, 0) &&
         ends(shutdown_begin(r, r->client), NP_OK, 0);
}

/* ends_soon runs a few turns, by the end of which `action` must have ended,
 * whatever fault came. */
static bool ends_soon(struct action *action, const char *what) {
  for (int i = 0; i < 10 && action->done == 0; i++) {
    STEP(turn(action->run, 10));
  }
  if (action->done == 0) {
    run_fail(action->run, "what waits behind another lost its %s", what);
  }
  return action->done > 0;
}

/* The law of op.h: a read that fails at once behind one that waits is held
 * back, and keeps its time limit and its cancel. */
SCENARIO(held_back, "read/held-back", HOLDS_BACK) {
  struct action *waiting;
  struct action *limited;
  struct action *cancelled;
  np_error error;

  STEP(pair_open(r));
  waiting = read_begin(r, r->server, 16);
  STEP(turn(r, 0));
  r->timeout_ms = 10;
  limited = read_begin(r, r->server, 16);
  r->timeout_ms = 0;
  cancelled = read_begin(r, r->server, 16);
  if (!turn(r, 0) || waiting->done > 0 || !ends_soon(limited, "time limit")) {
    return false;
  }
  error = np_op_cancel(&cancelled->op);
  if ((error == NP_OK || error == ERROR_NOT_FOUND) &&
      !ends_soon(cancelled, "cancel")) {
    return false;
  }
  return took(r, "np_op_cancel", error) &&
         ends(write_begin(r, r->client, "data", 4), NP_OK, 4) &&
         ends_with(waiting, NP_OK, "data") && ends(limited, WAIT_TIMEOUT, 0) &&
         ends(cancelled, ERROR_OPERATION_ABORTED, 0);
}

/* A cancel came first; then the write failed for another reason. */
SCENARIO(cancel_behind, "cancel/a-write-behind-another", CANCELS_FIRST) {
  struct action *waiting;
  struct action *behind;

  modes(r, NP_MESSAGE, NP_MESSAGE);
  STEP(pair_open(r));
  waiting = write_begin(r, r->client, NULL, QUOTA_BYTES * 2);
  behind = write_begin(r, r->client, "x", 1);
  return waiting != NULL && behind != NULL && cancel(behind) &&
         ends_soon(behind, "cancel") &&
         ends(behind, ERROR_OPERATION_ABORTED, 0) &&
         ends(read_begin(r, r->server, BUFFER_BYTES_MAX), NP_OK,
              QUOTA_BYTES * 2) &&
         ends(waiting, NP_OK, QUOTA_BYTES * 2);
}

SCENARIO(cancel_read, "cancel/a-read", CANCELS_FIRST) {
  struct action *in_kernel;
  struct action *put_off;

  STEP(pair_open(r));
  in_kernel = read_begin(r, r->server, 16);
  STEP(turn(r, 0));
  put_off = read_begin(r, r->server, 16);
  return in_kernel != NULL && put_off != NULL && cancel(in_kernel) &&
         cancel(put_off) && ends(put_off, ERROR_OPERATION_ABORTED, 0) &&
         ends(in_kernel, ERROR_OPERATION_ABORTED, 0) &&
         refused(r, "np_op_cancel", np_op_cancel(&in_kernel->op),
                 ERROR_NOT_FOUND) &&
         exchange(r, r->client, r->server, "still there");
}

SCENARIO(cancel_write, "cancel/a-write", CANCELS_FIRST) {
  struct action *write;
  struct action *shutdown;

  STEP(pair_open(r));
  write = write_begin(r, r->client, NULL, QUOTA_BYTES * 2);
  shutdown = shutdown_begin(r, r->client);
  return write != NULL && cancel(write) && cancel(write) &&
         ends(write, ERROR_OPERATION_ABORTED, 0) &&
         ends(shutdown, ERROR_OPERATION_ABORTED, 0) &&
         exchange(r, r->server, r->client, "other way");
}

SCENARIO(cancel_shutdown, "cancel/a-shutdown", 0) {
  struct action *write;
  struct action *shutdown;

  STEP(pair_open(r));
  write = write_begin(r, r->client, NULL, QUOTA_BYTES * 2);
  shutdown = shutdown_begin(r, r->client);
  return write != NULL && shutdown != NULL && cancel(shutdown) &&
         ends(shutdown, ERROR_OPERATION_ABORTED, 0) &&
         ends(read_begin(r, r->server, BUFFER_BYTES_MAX), NP_OK,
              QUOTA_BYTES * 2) &&
         ends(write, NP_OK, QUOTA_BYTES * 2);
}

SCENARIO(timeouts, "timeout/read-write-shutdown", 0) {
  struct action *read;
  struct action *write;
  struct action *shutdown;

  STEP(pair_open(r));
  r->timeout_ms = 30;
  read = read_begin(r, r->client, 16);
  write = write_begin(r, r->client, NULL, QUOTA_BYTES * 2);
  r->timeout_ms = 10;
  shutdown = shutdown_begin(r, r->client);
  return ends(shutdown, WAIT_TIMEOUT, 0) && ends(write, WAIT_TIMEOUT, 0) &&
         ends(read, WAIT_TIMEOUT, 0);
}

SCENARIO(timeout_unused, "timeout/not-needed", 0) {
  r->timeout_ms = 500;
  return pair_open(r) && exchange(r, r->client, r->server, "in time") &&
         holds(r, np_loop_wait_ms(r->loop) == INFINITE,
               "what has ended has no time limit");
}

static void begin_again(struct action *action) {
  struct run *r = action->run;

  action->then = NULL;
  action->begun++;
  if (np_pipe_read(r->server, action->buffer, 16, &action->op,
                   action->op.np__done) != NP_OK) {
    run_fail(r, "np_pipe_read refused to begin in its own callback");
  }
}

SCENARIO(restart, "read/begun-again-in-its-callback", 0) {
  struct action *read;

  modes(r, NP_MESSAGE, NP_MESSAGE);
  STEP(pair_open(r));
  read = read_begin(r, r->server, 16);
  STEP(read != NULL);
  read->then = begin_again;
  return ends(write_begin(r, r->client, "one", 3), NP_OK, 3) &&
         ends(write_begin(r, r->client, "two", 3), NP_OK, 3) &&
         ends_with(read, NP_OK, "two");
}

SCENARIO(raw_talk, "raw/a-client-of-win32", 0) {
  HANDLE raw;
  struct action *connect;

  modes(r, NP_MESSAGE, NP_MESSAGE);
  r->server = server_open(r);
  STEP(r->server != NULL);
  connect = connect_begin(r, r->server);
  raw = raw_client_open(r, GENERIC_READ | GENERIC_WRITE);
  return raw != INVALID_HANDLE_VALUE && ends(connect, NP_OK, 0) &&
         raw_write(r, raw, "one") && raw_write(r, raw, "two") &&
         ends_with(read_begin(r, r->server, 16), NP_OK, "one") &&
         ends_with(read_begin(r, r->server, 16), NP_OK, "two") &&
         ends(write_begin(r, r->server, "three", 5), NP_OK, 5) &&
         raw_read(r, raw, "three") && raw_close(r, raw) &&
         ends(read_begin(r, r->server, 16), ERROR_BROKEN_PIPE, 0);
}

/* More reads than the loop dequeues with one call. */
SCENARIO(many, "read/more-than-a-turn-takes", 0) {
  enum { MANY = 70 };
  struct action *reads[MANY];

  modes(r, NP_MESSAGE, NP_MESSAGE);
  STEP(pair_open(r));
  for (size_t i = 0; i < MANY; i++) {
    reads[i] = read_begin(r, r->server, 16);
  }
  STEP(turn(r, 0));
  for (size_t i = 0; i < MANY; i++) {
    STEP(write_begin(r, r->client, "x", 1) != NULL);
  }
  for (size_t i = 0; i < MANY; i++) {
    STEP(ends_with(reads[i], NP_OK, "x"));
  }
  return true;
}
