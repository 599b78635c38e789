/* Scenarios of peeks, transacts and read modes. */
#include "run.h"

static bool peeks(struct run *r, np_pipe *pipe, size_t room, size_t copied,
                  size_t available) {
  static char buffer[BUFFER_BYTES_MAX];
  np_peek peek = {sizeof peek, 0, 0, 0};

  return took(r, "np_pipe_peek", np_pipe_peek(pipe, buffer, room, &peek)) &&
         holds(r, peek.copied == copied && peek.available == available,
               "the peek tells what there is");
}

SCENARIO(peek, "message/peek", 0) {
  modes(r, NP_MESSAGE, NP_MESSAGE);
  return pair_open(r) && ends(write_begin(r, r->client, "abcd", 4), NP_OK, 4) &&
         peeks(r, r->server, 3, 3, 4) && peeks(r, r->server, 1000, 4, 4) &&
         ends_with(read_begin(r, r->server, 16), NP_OK, "abcd");
}

SCENARIO(peek_ahead, "message/peek-read-ahead", READINESS) {
  modes(r, NP_MESSAGE, NP_MESSAGE);
  return pair_open(r) && ends(write_begin(r, r->client, "abcd", 4), NP_OK, 4) &&
         ends(ready_begin(r, r->server, NP_READABLE), NP_OK, NP_READABLE) &&
         peeks(r, r->server, 16, 4, 4) && tries_read(r, r->server, "abcd");
}

SCENARIO(transact, "message/transact", 0) {
  struct action *action;

  modes(r, NP_MESSAGE, NP_MESSAGE);
  STEP(pair_open(r));
  action = transact_begin(r, r->client, "ask");
  return action != NULL &&
         ends_with(read_begin(r, r->server, 16), NP_OK, "ask") &&
         ends(write_begin(r, r->server, "so", 2), NP_OK, 2) &&
         ends_with(action, NP_OK, "so");
}

SCENARIO(read_mode, "message/read-mode", 0) {
  modes(r, NP_MESSAGE, NP_BYTE);
  return pair_open(r) &&
         took(r, "np_pipe_set_read_mode",
              np_pipe_set_read_mode(r->server, NP_MESSAGE)) &&
         ends(write_begin(r, r->client, "ab", 2), NP_OK, 2) &&
         ends(write_begin(r, r->client, "cd", 2), NP_OK, 2) &&
         ends_with(read_begin(r, r->server, 16), NP_OK, "ab") &&
         ends_with(read_begin(r, r->server, 16), NP_OK, "cd");
}

/* The first reads of a loop that are answered ERROR_MORE_DATA at once: nobody
 * knows yet whether packets follow. */
static bool parts(struct run *r) {
  struct action *reads[3];

  modes(r, NP_MESSAGE, NP_MESSAGE);
  STEP(pair_open(r) && ends(write_begin(r, r->client, "abcdef", 6), NP_OK, 6));
  for (size_t i = 0; i < 3; i++) {
    reads[i] = read_begin(r, r->server, 2);
    STEP(reads[i] != NULL);
  }
  return ends_with(reads[0], ERROR_MORE_DATA, "ab") &&
         ends_with(reads[1], ERROR_MORE_DATA, "cd") &&
         ends_with(reads[2], NP_OK, "ef");
}

SCENARIO(parts_own, "message/parts-at-once", CUTS_MESSAGES) {
  return parts(r);
}

SCENARIO(parts_foreign, "message/parts-at-once-foreign-port",
         CUTS_MESSAGES | FOREIGN_PORT) {
  return parts(r);
}
