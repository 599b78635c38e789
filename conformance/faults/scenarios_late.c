/* Scenarios of an end whose kernel answers late, as that of another machine
 * does: np_pipe_try_read waits for no answer. */
#include <string.h>

#include "run.h"

enum { LATE_MS = 20 };

/* A pair whose client goes by the network and answers late. It only probes. */
static bool late_pair_open(struct run *r) {
  static const char by_network[] = "\\\\localhost\\pipe\\npipe-faults";
  np_ready_options options;

  np_ready_options_init(&options);
  options.read_ahead_bytes = 0;
  r->server_options.reject_remote_clients = false;
  r->server = server_open(r);
  STEP(r->server != NULL);
  memcpy(r->name, by_network, sizeof by_network);
  r->client = client_open(r);
  STEP(r->client != NULL && ends(connect_begin(r, r->server), NP_OK, 0) &&
       took(r, "np_pipe_set_ready_options",
            np_pipe_set_ready_options(r->client, &options)));
  sim_slow(np_pipe_handle(r->client), LATE_MS);
  return true;
}

/* Reads `text` by tries. A wait in one of them is misuse and fails the run. */
static bool tries_read_late(struct run *r, const char *text) {
  char buffer[64];
  size_t total = 0;

  while (total < strlen(text)) {
    size_t count = 0;
    np_error error;

    sim_forbid_waits(true);
    error = np_pipe_try_read(r->client, buffer + total, sizeof buffer - total,
                             &count);
    sim_forbid_waits(false);
    total += count;
    if (error == NP_WOULD_BLOCK) {
      STEP(ends(ready_begin(r, r->client, NP_READABLE), NP_OK, NP_READABLE));
    } else if (error != ERROR_MORE_DATA &&
               !took(r, "np_pipe_try_read", error)) {
      return false;
    }
  }
  return holds(r, memcmp(buffer, text, total) == 0, "it was what was sent");
}

SCENARIO(late_bytes, "late/try-read-of-bytes", READINESS) {
  return late_pair_open(r) &&
         ends(write_begin(r, r->server, "hello", 5), NP_OK, 5) &&
         tries_read_late(r, "hello") &&
         ends(write_begin(r, r->server, "again", 5), NP_OK, 5) &&
         tries_read_late(r, "again");
}

SCENARIO(late_message, "late/try-read-of-messages", READINESS) {
  modes(r, NP_MESSAGE, NP_MESSAGE);
  return late_pair_open(r) &&
         ends(write_begin(r, r->server, "hello", 5), NP_OK, 5) &&
         ends(write_begin(r, r->server, "again", 5), NP_OK, 5) &&
         tries_read_late(r, "hello") && tries_read_late(r, "again");
}

/* A server's kernel answers late where a filter driver delays it. Each call
 * gets its answer, also on a handle that is never signalled, and the next
 * session begins without anything of the last one. */
SCENARIO(late_server, "late/server-disconnect", 0) {
  struct action *connect;
  np_peek peek;

  memset(&peek, 0, sizeof peek);
  peek.size = sizeof peek;
  STEP(pair_open(r));
  sim_slow(np_pipe_handle(r->server), LATE_MS);
  STEP(ends(write_begin(r, r->client, "lost", 4), NP_OK, 4) &&
       took(r, "np_pipe_peek", np_pipe_peek(r->server, NULL, 0, &peek)) &&
       holds(r, peek.available == 4, "the bytes were seen") &&
       took(r, "np_server_disconnect", np_server_disconnect(r->server)) &&
       pipe_close(r, r->client));
  connect = connect_begin(r, r->server);
  r->client = client_open(r);
  return r->client != NULL && ends(connect, NP_OK, 0) &&
         exchange(r, r->client, r->server, "again");
}

/* The first byte of the message is lost with the session. */
SCENARIO(late_disconnect, "late/read-of-a-message-disconnected", READINESS) {
  struct action *read;

  modes(r, NP_MESSAGE, NP_MESSAGE);
  STEP(late_pair_open(r) &&
       ends(write_begin(r, r->server, "hello", 5), NP_OK, 5) &&
       ends(ready_begin(r, r->client, NP_READABLE), NP_OK, NP_READABLE));
  read = read_begin(r, r->client, 16);
  return took(r, "np_server_disconnect", np_server_disconnect(r->server)) &&
         ends(read, ERROR_PIPE_NOT_CONNECTED, 0);
}

/* The probe of messages takes one byte. A read gets it and the rest: the whole
 * message, without a wait. */
SCENARIO(late_read, "late/read-of-a-message", READINESS) {
  struct action *read;

  modes(r, NP_MESSAGE, NP_MESSAGE);
  STEP(late_pair_open(r) &&
       ends(write_begin(r, r->server, "hello", 5), NP_OK, 5) &&
       ends(write_begin(r, r->server, "again", 5), NP_OK, 5) &&
       ends(ready_begin(r, r->client, NP_READABLE), NP_OK, NP_READABLE));
  read = read_begin(r, r->client, 16);
  return ends_with(read, NP_OK, "hello") &&
         ends_with(read_begin(r, r->client, 16), NP_OK, "again");
}

SCENARIO(late_readv, "late/readv-of-a-message", READINESS) {
  static char head[2], tail[14]; /* a read may outlive this call */
  const np_buffer into[] = {{head, sizeof head}, {tail, sizeof tail}};

  modes(r, NP_MESSAGE, NP_MESSAGE);
  STEP(late_pair_open(r) &&
       ends(write_begin(r, r->server, "hello", 5), NP_OK, 5) &&
       ends(ready_begin(r, r->client, NP_READABLE), NP_OK, NP_READABLE));
  return ends(readv_begin(r, r->client, into, 2), NP_OK, 5) &&
         holds(r, memcmp(head, "he", 2) == 0 && memcmp(tail, "llo", 3) == 0,
               "the message is whole");
}
