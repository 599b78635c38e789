/* Scenarios of the blocking client. Its loop, its pipe and its channel are its
 * own; the server is a raw handle. */
#include <string.h>

#include "run.h"

enum { LIMIT_MS = 20 };

static np_sync_options options_of(struct run *r) {
  np_sync_options options;

  np_sync_options_init(&options);
  options.client = r->client_options;
  options.allocator = memory_allocator(&r->memory);
  return options;
}

static np_sync *sync_open(struct run *r) {
  const np_sync_options options = options_of(r);
  np_sync *sync = NULL;

  took(r, "np_sync_open", np_sync_open(r->name, &options, LIMIT_MS, &sync));
  return sync;
}

static bool receives(struct run *r, np_sync *sync, const char *text) {
  char buffer[64];
  size_t length = 0;

  return took(
             r, "np_sync_receive",
             np_sync_receive(sync, buffer, sizeof buffer, LIMIT_MS, &length)) &&
         holds(r, length == strlen(text) && memcmp(buffer, text, length) == 0,
               "the message is the server's");
}

static bool exchanges(struct run *r, np_sync *sync, HANDLE server) {
  char buffer[64];
  size_t length = 0;

  return took(r, "np_sync_send", np_sync_send(sync, "ask", 3, LIMIT_MS)) &&
         raw_read(r, server, "ask") && raw_write(r, server, "answer") &&
         receives(r, sync, "answer") &&
         refused(
             r, "np_sync_receive",
             np_sync_receive(sync, buffer, sizeof buffer, LIMIT_MS, &length),
             WAIT_TIMEOUT) &&
         refused(r, "np_sync_call",
                 np_sync_call(sync, "ask", 3, buffer, sizeof buffer, LIMIT_MS,
                              &length),
                 WAIT_TIMEOUT) &&
         raw_read(r, server, "ask");
}

SCENARIO(sync_exchange, "sync/exchange", TRIES_AGAIN) {
  HANDLE server;
  np_sync *sync;
  bool finished;

  modes(r, NP_MESSAGE, NP_MESSAGE);
  server = raw_server_open(r, 0);
  STEP(server != INVALID_HANDLE_VALUE);
  sync = sync_open(r);
  STEP(sync != NULL);
  finished = exchanges(r, sync, server);
  return took(r, "np_sync_close", np_sync_close(sync)) && finished;
}

/* The server never comes. */
SCENARIO(sync_nobody, "sync/nobody-serves", TRIES_AGAIN | SERVER_COMES) {
  np_sync_options options = options_of(r);
  np_sync *sync = NULL;

  options.client.wait_for_server = true;
  r->root_port = 3; /* after the ports of the two loops */
  return refused(r, "np_sync_open",
                 np_sync_open(r->name, &options, LIMIT_MS, &sync),
                 WAIT_TIMEOUT);
}
