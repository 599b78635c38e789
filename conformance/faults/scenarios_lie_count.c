/* Scenarios of a kernel, or of a remote server behind it, that tells a wrong
 * count of bytes. No lie may reach the caller as a success. */
#include "run.h"

static bool is_refused(struct action *action) {
  return action != NULL && ends(action, ERROR_INVALID_DATA, 0);
}

/* The lie comes with a read that finds its bytes. */
SCENARIO(count_read, "lie/count-read", LIES) {
  if (!pair_open(r) || !ends(write_begin(r, r->client, "abcd", 4), NP_OK, 4)) {
    return false;
  }
  sim_lie_count("ReadFile", 1, 17);
  return is_refused(read_begin(r, r->server, 16));
}

SCENARIO(count_read_limited, "lie/count-read-with-a-limit", LIES) {
  if (!pair_open(r) || !ends(write_begin(r, r->client, "abcd", 4), NP_OK, 4)) {
    return false;
  }
  r->timeout_ms = 1000;
  sim_lie_count("ReadFile", 1, UINT32_MAX);
  return is_refused(read_begin(r, r->server, 16));
}

/* The lie comes by the packet of a read that had to wait. */
SCENARIO(count_read_pending, "lie/count-read-by-its-packet", LIES) {
  struct action *read;

  if (!pair_open(r)) {
    return false;
  }
  sim_lie_count("ReadFile", 1, 17);
  read = read_begin(r, r->server, 16);
  return turn(r, 0) && ends(write_begin(r, r->client, "abcd", 4), NP_OK, 4) &&
         is_refused(read);
}

SCENARIO(count_transact, "lie/count-transact", LIES) {
  struct action *action;

  modes(r, NP_MESSAGE, NP_MESSAGE);
  if (!pair_open(r)) {
    return false;
  }
  sim_lie_count("TransactNamedPipe", 1, BUFFER_BYTES_MAX + 1);
  action = transact_begin(r, r->client, "ask");
  return action != NULL &&
         ends_with(read_begin(r, r->server, 16), NP_OK, "ask") &&
         ends(write_begin(r, r->server, "so", 2), NP_OK, 2) &&
         is_refused(action);
}

SCENARIO(count_write_pending, "lie/count-write-by-its-packet", LIES) {
  static const char bytes[2 * QUOTA_BYTES];
  struct action *write;

  if (!pair_open(r)) {
    return false;
  }
  sim_lie_count("WriteFile", 1, sizeof bytes + 1);
  write = write_begin(r, r->client, bytes, sizeof bytes);
  return ends(read_begin(r, r->server, QUOTA_BYTES), NP_OK, QUOTA_BYTES) &&
         ends(read_begin(r, r->server, QUOTA_BYTES), NP_OK, QUOTA_BYTES) &&
         is_refused(write);
}

/* The read-ahead gets the lie, and the next try tells of it. */
SCENARIO(count_ahead, "lie/count-read-ahead", LIES | READINESS) {
  if (!pair_open(r) || !ends(write_begin(r, r->client, "abcd", 4), NP_OK, 4)) {
    return false;
  }
  sim_lie_count("ReadFile", 1, UINT32_MAX);
  return ends(ready_begin(r, r->server, NP_READABLE), NP_OK, NP_READABLE) &&
         refused(r, "np_pipe_try_read", try_read_error(r, r->server),
                 ERROR_INVALID_DATA);
}

/* A try that reads straight into the caller's memory. */
SCENARIO(count_try_read, "lie/count-try-read", LIES | READINESS) {
  np_ready_options options;

  np_ready_options_init(&options);
  options.read_ahead_bytes = 0;
  if (!pair_open(r) ||
      !took(r, "np_pipe_set_ready_options",
            np_pipe_set_ready_options(r->server, &options)) ||
      !ends(write_begin(r, r->client, "abcd", 4), NP_OK, 4) ||
      !ends(ready_begin(r, r->server, NP_READABLE), NP_OK, NP_READABLE)) {
    return false;
  }
  sim_lie_count("ReadFile", 1, UINT32_MAX);
  return refused(r, "np_pipe_try_read", try_read_error(r, r->server),
                 ERROR_INVALID_DATA);
}
