/* Scenarios of answers that are short or no truth, as a hostile server of
 * another machine gives them: each is an error, and nothing else changes. */
#include <string.h>

#include "run.h"

enum {
  LOCAL_BYTES = 40, /* FILE_PIPE_LOCAL_INFORMATION */
  MODES_BYTES = 8,  /* FILE_PIPE_INFORMATION       */
  PEEK_BYTES = 16,  /* FILE_PIPE_PEEK_BUFFER, without data */
  ROOM_BYTES = 8
};

static np_error info_error(np_pipe *pipe) {
  np_info info = {.size = sizeof info};

  return np_pipe_info(pipe, &info);
}

/* np_pipe_info asks twice. Of the numbers in either answer none may be 5. */
SCENARIO(lie_info, "lie/info", 0) {
  STEP(pair_open(r));
  for (uint64_t nth = 1; nth <= 2; nth++) {
    const size_t whole = nth == 1 ? LOCAL_BYTES : MODES_BYTES;

    for (size_t bytes = 0; bytes <= whole; bytes += 4) {
      sim_lie("NtQueryInformationFile", nth, (uint32_t)bytes, 5);
      STEP(refused(r, "np_pipe_info", info_error(r->client),
                   ERROR_INVALID_DATA));
    }
  }
  return took(r, "np_pipe_info", info_error(r->client)) &&
         exchange(r, r->client, r->server, "hello");
}

/* The kernel's count is so large that the held message cannot be added. */
SCENARIO(lie_count, "lie/info-count", READINESS) {
  np_info info = {.size = sizeof info};

  STEP(pair_open(r) && ends(write_begin(r, r->server, "held", 4), NP_OK, 4) &&
       ends(ready_begin(r, r->client, NP_READABLE), NP_OK, NP_READABLE));
  /* 1 is a valid kind, state and count. */
  sim_lie("NtQueryInformationFile", 1, LOCAL_BYTES, 1);
  return took(r, "np_pipe_info", np_pipe_info(r->client, &info)) &&
         holds(r, info.readable_bytes == 5, "what is held is counted, too") &&
         tries_read(r, r->client, "held");
}

SCENARIO(lie_adopt, "lie/adopt", 0) {
  np_pipe *pipe = NULL;
  HANDLE raw = raw_server_open(r, FILE_FLAG_OVERLAPPED);

  STEP(raw != INVALID_HANDLE_VALUE);
  for (size_t bytes = 0; bytes <= LOCAL_BYTES; bytes += 4) {
    sim_lie("NtQueryInformationFile", 1, (uint32_t)bytes, 5);
    STEP(refused(r, "np_pipe_adopt", np_pipe_adopt(r->loop, raw, &pipe),
                 ERROR_INVALID_DATA));
  }
  return holds(r, pipe == NULL, "no pipe was made") && raw_close(r, raw);
}

static bool peek_lies(struct run *r, size_t bytes, uint32_t value,
                      np_error expected) {
  char buffer[ROOM_BYTES];
  np_peek peek = {.size = sizeof peek};

  sim_lie("NtFsControlFile", 1, (uint32_t)bytes, value);
  return expected == NP_OK
             ? took(r, "np_pipe_peek",
                    np_pipe_peek(r->client, buffer, sizeof buffer, &peek))
             : refused(r, "np_pipe_peek",
                       np_pipe_peek(r->client, buffer, sizeof buffer, &peek),
                       expected);
}

SCENARIO(lie_peek, "lie/peek", 0) {
  STEP(pair_open(r) && ends(write_begin(r, r->server, "data", 4), NP_OK, 4));
  for (size_t bytes = 0; bytes < PEEK_BYTES; bytes += 4) {
    STEP(peek_lies(r, bytes, 0, ERROR_INVALID_DATA));
  }
  /* More than there is room for, more than waits in the pipe, and a message and
   * a count of the largest size. */
  return peek_lies(r, PEEK_BYTES + ROOM_BYTES + 1, 9, ERROR_INVALID_DATA) &&
         peek_lies(r, PEEK_BYTES + 4, 2, ERROR_INVALID_DATA) &&
         peek_lies(r, PEEK_BYTES + 4, UINT32_MAX, NP_OK) &&
         ends_with(read_begin(r, r->client, 16), NP_OK, "data");
}

/* One thread serves both flushes, so it interrupts each of them. The end of a
 * flush that was interrupted asks whether the peer went. */
SCENARIO(lie_flush, "lie/flush", FLUSHES | NO_FLUSH_CONTROL | LIES) {
  struct action *flushed[2];

  STEP(pair_open(r) && ends(write_begin(r, r->client, "data", 4), NP_OK, 4) &&
       ends(write_begin(r, r->server, "more", 4), NP_OK, 4));
  flushed[0] = flush_begin(r, r->client);
  flushed[1] = flush_begin(r, r->server);
  STEP(flushed[0] != NULL && flushed[1] != NULL && turn(r, 1));
  sim_lie("NtQueryInformationFile", 1, 4, 0);
  return ends_with(read_begin(r, r->server, 16), NP_OK, "data") &&
         ends(flushed[0], ERROR_INVALID_DATA, 0) &&
         ends_with(read_begin(r, r->client, 16), NP_OK, "more") &&
         ends(flushed[1], NP_OK, 0);
}
