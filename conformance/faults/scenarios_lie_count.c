/* Scenarios of a kernel, or of a remote server behind it, that tells a wrong
 * count of bytes, or calls the bytes of a stream a part of a message. No lie
 * may reach the caller as a success. */
#include "run.h"

static bool is_refused(struct action *action) {
  return action != NULL && ends(action, ERROR_INVALID_DATA, 0);
}

/* The lie comes with a read that finds its bytes. */
SCENARIO(count_read, "lie/count-read", LIES) {
  STEP(pair_open(r) && ends(write_begin(r, r->client, "abcd", 4), NP_OK, 4));
  sim_lie_count("ReadFile", 1, 17);
  return is_refused(read_begin(r, r->server, 16));
}

SCENARIO(count_read_limited, "lie/count-read-with-a-limit", LIES) {
  STEP(pair_open(r) && ends(write_begin(r, r->client, "abcd", 4), NP_OK, 4));
  r->timeout_ms = 1000;
  sim_lie_count("ReadFile", 1, UINT32_MAX);
  return is_refused(read_begin(r, r->server, 16));
}

/* The lie comes by the packet of a read that had to wait. */
SCENARIO(count_read_pending, "lie/count-read-by-its-packet", LIES) {
  struct action *read;

  STEP(pair_open(r));
  sim_lie_count("ReadFile", 1, 17);
  read = read_begin(r, r->server, 16);
  return turn(r, 0) && ends(write_begin(r, r->client, "abcd", 4), NP_OK, 4) &&
         is_refused(read);
}

SCENARIO(count_transact, "lie/count-transact", LIES) {
  struct action *action;

  modes(r, NP_MESSAGE, NP_MESSAGE);
  STEP(pair_open(r));
  sim_lie_count("TransactNamedPipe", 1, BUFFER_BYTES_MAX + 1);
  action = transact_begin(r, r->client, "ask");
  return action != NULL &&
         ends_with(read_begin(r, r->server, 16), NP_OK, "ask") &&
         ends(write_begin(r, r->server, "so", 2), NP_OK, 2) &&
         is_refused(action);
}

/* The look for an old message, before a call's request, gets the lie. */
SCENARIO(count_call, "lie/count-call-looks", LIES) {
  np_channel *channel;

  STEP(pair_open(r) && ends(write_begin(r, r->server, "old", 3), NP_OK, 3));
  channel = channel_open(r, r->client, NULL);
  STEP(channel != NULL);
  sim_lie_count("ReadFile", 1, UINT32_MAX);
  return is_refused(call_begin(r, channel, "ask"));
}

/* The lie comes with a write that succeeds at once. */
SCENARIO(count_write, "lie/count-write", LIES) {
  if (!pair_open(r)) {
    return false;
  }
  sim_lie_count("WriteFile", 1, UINT32_MAX);
  return is_refused(write_begin(r, r->client, "abcd", 4));
}

SCENARIO(count_write_pending, "lie/count-write-by-its-packet", LIES) {
  static const char bytes[2 * QUOTA_BYTES];
  struct action *write;

  STEP(pair_open(r));
  sim_lie_count("WriteFile", 1, sizeof bytes + 1);
  write = write_begin(r, r->client, bytes, sizeof bytes);
  return ends(read_begin(r, r->server, QUOTA_BYTES), NP_OK, QUOTA_BYTES) &&
         ends(read_begin(r, r->server, QUOTA_BYTES), NP_OK, QUOTA_BYTES) &&
         is_refused(write);
}

/* The read-ahead gets the lie, and the next try tells of it. */
SCENARIO(count_ahead, "lie/count-read-ahead", LIES | READINESS) {
  STEP(pair_open(r) && ends(write_begin(r, r->client, "abcd", 4), NP_OK, 4));
  sim_lie_count("ReadFile", 1, UINT32_MAX);
  return ends(ready_begin(r, r->server, NP_READABLE), NP_OK, NP_READABLE) &&
         refused(r, "np_pipe_try_read", try_read_error(r, r->server),
                 ERROR_INVALID_DATA);
}

/* The read-ahead fails, and a count of bytes comes with its failure. */
SCENARIO(count_failed, "lie/count-of-a-failed-read-ahead", LIES | READINESS) {
  STEP(pair_open(r));
  sim_fault_completion("ReadFile", 1, STATUS_INSUFFICIENT_RESOURCES);
  sim_lie_count("ReadFile", 1, 3);
  return ends(ready_begin(r, r->server, NP_READABLE), NP_OK, NP_READABLE) &&
         refused(r, "np_pipe_try_read", try_read_error(r, r->server),
                 ERROR_NO_SYSTEM_RESOURCES);
}

/* A write fails, and a count of bytes comes with its failure. */
SCENARIO(count_failed_write, "lie/count-of-a-failed-write", LIES) {
  STEP(pair_open(r));
  sim_fault_completion("WriteFile", 1, STATUS_INSUFFICIENT_RESOURCES);
  sim_lie_count("WriteFile", 1, 3);
  return ends(write_begin(r, r->client, "abcd", 4), ERROR_NO_SYSTEM_RESOURCES,
              0);
}

/* pair_ahead opens a pair whose server reads ahead `ahead` bytes. */
static bool pair_ahead(struct run *r, size_t ahead) {
  np_ready_options options;

  np_ready_options_init(&options);
  options.read_ahead_bytes = ahead;
  return pair_open(r) && took(r, "np_pipe_set_ready_options",
                              np_pipe_set_ready_options(r->server, &options));
}

/* readable_without_ahead opens a pair. Its server knows that "abcd" waits, and
 * has not read it. */
static bool readable_without_ahead(struct run *r) {
  return pair_ahead(r, 0) &&
         ends(write_begin(r, r->client, "abcd", 4), NP_OK, 4) &&
         ends(ready_begin(r, r->server, NP_READABLE), NP_OK, NP_READABLE);
}

/* A try that reads straight into the caller's memory. */
SCENARIO(count_try_read, "lie/count-try-read", LIES | READINESS) {
  STEP(readable_without_ahead(r));
  sim_lie_count("ReadFile", 1, UINT32_MAX);
  return refused(r, "np_pipe_try_read", try_read_error(r, r->server),
                 ERROR_INVALID_DATA);
}

/* --- Parts of messages in a stream ---------------------------------------- */

SCENARIO(warning_read, "lie/warning-read", CUTS_MESSAGES) {
  STEP(pair_open(r) && ends(write_begin(r, r->client, "abcd", 4), NP_OK, 4));
  sim_lie_warning("ReadFile", 1);
  return ends_with(read_begin(r, r->server, 16), NP_OK, "abcd");
}

SCENARIO(warning_read_pending, "lie/warning-read-by-its-packet",
         CUTS_MESSAGES) {
  struct action *read;

  STEP(pair_open(r));
  sim_lie_warning("ReadFile", 1);
  read = read_begin(r, r->server, 16);
  return turn(r, 0) && ends(write_begin(r, r->client, "abcd", 4), NP_OK, 4) &&
         ends_with(read, NP_OK, "abcd");
}

/* tries_warned: the lie comes with the `nth` read, for a try that reads through
 * a read-ahead of `ahead` bytes. It comes twice, because the loop learns from
 * the first time whether a packet follows such an answer. */
static bool tries_warned(struct run *r, size_t ahead, uint64_t nth) {
  STEP(pair_ahead(r, ahead));
  for (unsigned i = 0; i < 2; i++) {
    np_error error = NP_WOULD_BLOCK;

    STEP(ends(write_begin(r, r->client, "abcd", 4), NP_OK, 4));
    sim_lie_warning("ReadFile", nth);
    if (i == 1) {
      error = try_read_error(r, r->server); /* The try begins the read. */
    }
    if (error == NP_WOULD_BLOCK) {
      STEP(ends(ready_begin(r, r->server, NP_READABLE), NP_OK, NP_READABLE) &&
           tries_read(r, r->server, "abcd"));
    } else if (!took(r, "np_pipe_try_read", error)) {
      return false;
    }
  }
  return true;
}

SCENARIO(warning_ahead, "lie/warning-read-ahead", READINESS | CUTS_MESSAGES) {
  return tries_warned(r, 16, 1);
}

SCENARIO(warning_probe, "lie/warning-probe", READINESS | CUTS_MESSAGES) {
  return tries_warned(r, 0, 1);
}

SCENARIO(warning_try_read, "lie/warning-try-read", READINESS | CUTS_MESSAGES) {
  return tries_warned(r, 0, 2);
}

/* A part of 0 bytes is not reported as ERROR_MORE_DATA either. */
SCENARIO(warning_empty, "lie/warning-try-read-of-nothing",
         READINESS | CUTS_MESSAGES) {
  STEP(readable_without_ahead(r));
  sim_lie_warning("ReadFile", 1);
  sim_lie_count("ReadFile", 1, 0);
  return took(r, "np_pipe_try_read", try_read_error(r, r->server));
}

SCENARIO(warning_channel, "lie/warning-channel", CUTS_MESSAGES) {
  static const char frame[] = "\0\0\0\4abcd";
  np_channel *channel;

  STEP(pair_open(r));
  channel = channel_open(r, r->server, NULL);
  STEP(channel != NULL && ends(write_begin(r, r->client, frame, 8), NP_OK, 8));
  sim_lie_warning("ReadFile", 1);
  return ends_with(receive_begin(r, channel), NP_OK, "abcd");
}
