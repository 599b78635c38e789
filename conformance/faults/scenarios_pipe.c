/* Scenarios of opening, connecting, closing and querying pipes. */
#include <string.h>

#include "run.h"

SCENARIO(connect_first, "connect/before-the-client", 0) {
  return pair_open(r);
}

SCENARIO(client_first, "connect/after-the-client", 0) {
  r->server = server_open(r);
  STEP(r->server != NULL);
  r->client = client_open(r);
  return r->client != NULL && ends(connect_begin(r, r->server), NP_OK, 0) &&
         exchange(r, r->client, r->server, "hello");
}

/* The system folds such a name, and that may fail. */
SCENARIO(name_folded, "connect/by-a-name-to-fold", 0) {
  static const char name[] = "//./pipe/npipe-faults";

  memcpy(r->name, name, sizeof name);
  return pair_open(r);
}

/* A client writes and closes. The server reads the data, then the end of the
 * stream. */
SCENARIO(client_gone, "connect/came-wrote-and-went", 0) {
  HANDLE raw;

  r->server = server_open(r);
  STEP(r->server != NULL);
  raw = raw_client_open(r, GENERIC_READ | GENERIC_WRITE);
  return raw != INVALID_HANDLE_VALUE && raw_write(r, raw, "bye") &&
         raw_close(r, raw) && ends(connect_begin(r, r->server), NP_OK, 0) &&
         ends_with(read_begin(r, r->server, 16), NP_OK, "bye") &&
         ends(read_begin(r, r->server, 16), ERROR_BROKEN_PIPE, 0) &&
         ends(write_begin(r, r->server, "x", 1), ERROR_NO_DATA, 0) &&
         ends(connect_begin(r, r->server), ERROR_NO_DATA, 0);
}

SCENARIO(connect_cancel, "connect/cancelled-and-begun-again", CANCELS_FIRST) {
  struct action *connect;

  r->server = server_open(r);
  STEP(r->server != NULL);
  connect = connect_begin(r, r->server);
  STEP(connect != NULL && turn(r, 0) && cancel(connect) &&
       ends(connect, ERROR_OPERATION_ABORTED, 0));
  r->client = client_open(r);
  return r->client != NULL && ends(connect_begin(r, r->server), NP_OK, 0) &&
         ends(connect_begin(r, r->server), ERROR_PIPE_CONNECTED, 0);
}

SCENARIO(connect_timeout, "connect/time-limit", 0) {
  r->server = server_open(r);
  r->timeout_ms = 20;
  return r->server != NULL &&
         ends(connect_begin(r, r->server), WAIT_TIMEOUT, 0);
}

SCENARIO(reuse, "disconnect/and-the-next-client", 0) {
  struct action *read;
  struct action *write;

  STEP(pair_open(r));
  read = read_begin(r, r->server, 16);
  write = write_begin(r, r->server, NULL, QUOTA_BYTES + 1);
  STEP(turn(r, 0) &&
       took(r, "np_server_disconnect", np_server_disconnect(r->server)) &&
       refused(r, "np_server_disconnect", np_server_disconnect(r->server),
               ERROR_PIPE_NOT_CONNECTED) &&
       ends(read, ERROR_PIPE_NOT_CONNECTED, 0) &&
       ends(write, ERROR_PIPE_NOT_CONNECTED, 0) &&
       ends(read_begin(r, r->client, 16), ERROR_PIPE_NOT_CONNECTED, 0) &&
       pipe_close(r, r->client));
  read = connect_begin(r, r->server);
  r->client = client_open(r);
  return r->client != NULL && ends(read, NP_OK, 0) &&
         exchange(r, r->server, r->client, "again");
}

/* The disconnect ends the connect in flight, and the read that was put off. */
SCENARIO(disconnect_listening, "disconnect/while-it-listens", CANCELS_FIRST) {
  struct action *connect;
  struct action *read;

  r->server = server_open(r);
  STEP(r->server != NULL);
  connect = connect_begin(r, r->server);
  read = read_begin(r, r->server, 16);
  STEP(took(r, "np_server_disconnect", np_server_disconnect(r->server)) &&
       ends(read, ERROR_PIPE_NOT_CONNECTED, 0) &&
       ends(connect, ERROR_PIPE_NOT_CONNECTED, 0));
  connect = connect_begin(r, r->server);
  r->client = client_open(r);
  return r->client != NULL && ends(connect, NP_OK, 0);
}

SCENARIO(close_all, "close/everything-in-flight", 0) {
  struct action *in_kernel;
  struct action *write;
  struct action *shutdown;
  struct action *put_off;

  STEP(pair_open(r));
  in_kernel = read_begin(r, r->server, 16);
  STEP(turn(r, 0));
  write = write_begin(r, r->server, NULL, QUOTA_BYTES + 1);
  shutdown = shutdown_begin(r, r->server);
  put_off = read_begin(r, r->server, 16);
  r->timeout_ms = 5;
  return pipe_close(r, r->server) && closed(r) &&
         ends(put_off, ERROR_OPERATION_ABORTED, 0) &&
         ends(shutdown, ERROR_OPERATION_ABORTED, 0) &&
         ends(in_kernel, ERROR_OPERATION_ABORTED, 0) &&
         ends(write, ERROR_OPERATION_ABORTED, 0);
}

static void close_both(struct action *action) {
  struct run *r = action->run;

  pipe_close(r, r->server);
  pipe_close(r, r->client);
}

SCENARIO(close_inside, "close/from-a-callback", 0) {
  struct action *read;
  struct action *other;

  STEP(pair_open(r));
  read = read_begin(r, r->server, 16);
  other = read_begin(r, r->client, 16);
  STEP(read != NULL && other != NULL);
  read->then = close_both;
  return ends(write_begin(r, r->client, "last", 4), NP_OK, 4) &&
         ends_with(read, NP_OK, "last") && closed(r) &&
         ends(other, ERROR_OPERATION_ABORTED, 0);
}

SCENARIO(close_listening, "close/while-it-listens", 0) {
  struct action *connect;

  r->server = server_open(r);
  STEP(r->server != NULL);
  connect = connect_begin(r, r->server);
  return connect != NULL && pipe_close(r, r->server) &&
         ends(connect, ERROR_OPERATION_ABORTED, 0) && closed(r);
}

SCENARIO(peer_closes, "close/the-peer-first", 0) {
  struct action *read;

  STEP(pair_open(r) && ends(write_begin(r, r->client, "tail", 4), NP_OK, 4) &&
       pipe_close(r, r->client) && closed(r));
  read = read_begin(r, r->server, 16);
  return ends_with(read, NP_OK, "tail") &&
         ends(read_begin(r, r->server, 16), ERROR_BROKEN_PIPE, 0) &&
         ends(write_begin(r, r->server, "x", 1), ERROR_NO_DATA, 0);
}

static bool has_info(struct run *r, np_pipe *pipe, np_end end, np_mode mode,
                     bool may_read, bool may_write) {
  np_info info = {0};

  info.size = sizeof info;
  return took(r, "np_pipe_info", np_pipe_info(pipe, &info)) &&
         holds(r, info.end == end, "info knows the end") &&
         holds(r, info.mode == mode && info.read_mode == mode,
               "info knows the modes") &&
         holds(r, info.readable == may_read && info.writable == may_write,
               "info knows the direction") &&
         holds(r, info.state == NP_CONNECTED, "info knows the state") &&
         holds(r, info.instances_max == NP_INSTANCES_UNLIMITED,
               "info knows the limit") &&
         holds(r,
               info.in_buffer_bytes == QUOTA_BYTES &&
                   info.out_buffer_bytes == QUOTA_BYTES,
               "info knows the quotas");
}

SCENARIO(info, "info/both-ends", 0) {
  modes(r, NP_MESSAGE, NP_MESSAGE);
  return pair_open(r) &&
         has_info(r, r->server, NP_SERVER, NP_MESSAGE, true, true) &&
         has_info(r, r->client, NP_CLIENT, NP_MESSAGE, true, true) &&
         holds(r, np_pipe_handle(r->server) != INVALID_HANDLE_VALUE,
               "an open pipe has a handle") &&
         holds(r, np_pipe_loop(r->server) == r->loop, "it has a loop") &&
         holds(r, np_pipe_user(r->server) == r, "it keeps what it is given");
}

SCENARIO(outbound, "direction/outbound", KNOWS_ITSELF) {
  modes(r, NP_MESSAGE, NP_MESSAGE);
  r->server_options.inbound = false;
  r->client_options.write = false;
  return pair_open(r) && exchange(r, r->server, r->client, "down") &&
         has_info(r, r->server, NP_SERVER, NP_MESSAGE, false, true) &&
         has_info(r, r->client, NP_CLIENT, NP_MESSAGE, true, false);
}

SCENARIO(inbound, "direction/inbound", OPENS_AGAIN) {
  r->server_options.outbound = false;
  r->client_options.read = false;
  return pair_open(r) && exchange(r, r->client, r->server, "up");
}

SCENARIO(sddl, "security/sddl", 0) {
  r->server_options.sddl = "D:P(A;;GA;;;WD)";
  return pair_open(r);
}

SCENARIO(attributes, "security/attributes", 0) {
  SECURITY_ATTRIBUTES attributes = {sizeof attributes, NULL, FALSE};

  r->server_options.security_attributes = &attributes;
  r->client_options.security_attributes = &attributes;
  return pair_open(r);
}

SCENARIO(instances, "create/as-many-as-may-be", 0) {
  np_pipe *pipe = NULL;

  r->server_options.instances_max = 1;
  r->server_options.first_instance = true;
  return pair_open(r) &&
         refused(r, "np_client_open",
                 np_client_open(r->loop, r->name, NULL, &pipe),
                 ERROR_PIPE_BUSY) &&
         refused(r, "np_server_create",
                 np_server_create(r->loop, r->name, NULL, &pipe),
                 ERROR_PIPE_BUSY) &&
         refused(r, "np_client_open",
                 np_client_open(r->loop, "\\\\.\\pipe\\none", NULL, &pipe),
                 ERROR_FILE_NOT_FOUND);
}

SCENARIO(adopt_client, "adopt/a-client", 0) {
  HANDLE raw;
  np_pipe *pipe = NULL;

  modes(r, NP_MESSAGE, NP_BYTE);
  raw = raw_server_open(r, 0);
  STEP(raw != INVALID_HANDLE_VALUE);
  r->client = client_open(r);
  STEP(r->client != NULL && raw_write(r, raw, "hello") &&
       ends_with(read_begin(r, r->client, 16), NP_OK, "hello") &&
       refused(r, "np_pipe_adopt", np_pipe_adopt(r->loop, raw, &pipe),
               ERROR_INVALID_PARAMETER));
  return ends(write_begin(r, r->client, "hi", 2), NP_OK, 2) &&
         raw_read(r, raw, "hi") && raw_close(r, raw);
}

SCENARIO(adopt_server, "adopt/a-server", 0) {
  HANDLE raw;

  modes(r, NP_MESSAGE, NP_MESSAGE);
  raw = raw_server_open(r, FILE_FLAG_OVERLAPPED);
  STEP(raw != INVALID_HANDLE_VALUE &&
       took(r, "np_pipe_adopt", np_pipe_adopt(r->loop, raw, &r->server)));
  raw_forget(r, raw);
  r->pipes[r->pipe_count++] = r->server;
  np_pipe_set_user(r->server, r);
  r->client = client_open(r);
  return r->client != NULL && ends(connect_begin(r, r->server), NP_OK, 0) &&
         exchange(r, r->client, r->server, "adopted");
}
