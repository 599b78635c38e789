/* The checks of Tokio's named-pipe tests, written anew for npipe: servers and
 * clients as a runtime uses them, with operations and with readiness. */
#include "ready_common.h"

enum { CLIENTS = 10, LINE = 5 };

/* ping_pong sends "ping\n" to the server and "pong\n" back. */
static void ping_pong(np_fixture *f, np_pipe *server, np_pipe *client) {
  assert_passes(f, client, server, "ping\n", LINE);
  assert_passes(f, server, client, "pong\n", LINE);
}

NP_CASE("ready-tokio/client-drop", np_server_connect, ANY_MODE, NP_OK,
        "A client connects and closes before the connect is reported. The "
        "server learns from its first read and its first write that the client "
        "is gone.",
        "ConnectNamedPipe#remarks") {
  char byte = 0;
  size_t got = 9;

  server_listen(f);
  client_open_end(f);
  pipe_close_wait(f, f->client);
  assert_connects(&f->ops[0], f->server, NP_OK, 0);
  assert_int_equal(ready_wait(f, f->server, NP_READABLE),
                   NP_READABLE | NP_READ_CLOSED);
  assert_np_error(pipe_receive(f, f->server, &byte, 1, &got),
                  ERROR_BROKEN_PIPE);
  assert_writes(&f->ops[1], f->server, "ping", 4, ERROR_NO_DATA, 0);
}

NP_CASE("ready-tokio/client-drop-instances", np_pipe_info, ANY_MODE, NP_OK,
        "An instance whose client has gone still counts; closing it does not "
        "affect the others.",
        "CreateNamedPipe#remarks") {
  np_pipe *second = NULL;
  np_info info;

  pair_open(f);
  second = server_add(f);
  pipe_close_wait(f, f->client);
  info.size = sizeof(info);
  assert_np_ok(np_pipe_info(second, &info));
  assert_int_equal(info.instances, 2);
  pipe_close_wait(f, f->server);
  assert_np_ok(np_pipe_info(second, &info));
  assert_int_equal(info.instances, 1);
  connect_begin(&f->ops[0], second);
  client_open_end(f);
  assert_next(&f->ops[0], NP_OK, 0);
  ping_pong(f, second, f->client);
}

NP_CASE("ready-tokio/single-client", np_pipe_read, ANY_MODE, NP_OK,
        "A server waits, one client comes, and both exchange lines.",
        "Named Pipe Operations") {
  server_listen(f);
  connect_begin(&f->ops[0], f->server);
  assert_quiet(f, 0);
  client_open_end(f);
  loop_until(f, 1);
  ping_pong(f, f->server, f->client);
}

/* many runs a server that creates the next instance before it serves a
 * client. */
static void many(np_fixture *f, bool by_readiness) {
  np_pipe *servers[CLIENTS + 1] = {NULL};
  np_pipe *clients[CLIENTS] = {NULL};

  servers[0] = server_add(f);
  for (unsigned i = 0; i < CLIENTS; i++) {
    connect_begin(&f->ops[i], servers[i]);
    clients[i] = client_add(f);
    assert_next(&f->ops[i], NP_OK, 0);
    assert_np_ok(np_server_create(f->loop, f->name, &f->server_options,
                                  &servers[i + 1]));
    pipe_own(f, servers[i + 1]);
  }
  /* All lines are sent before the first is read. */
  for (unsigned i = 0; i < CLIENTS; i++) {
    if (by_readiness) {
      ready_write_all(f, clients[i], "ping\n", LINE);
    } else {
      pipe_send(f, clients[i], "ping\n", LINE);
    }
  }
  for (unsigned i = CLIENTS; i-- > 0;) {
    if (by_readiness) {
      assert_caught(f, servers[i], "ping\n", LINE);
      ready_write_all(f, servers[i], "pong\n", LINE);
      assert_caught(f, clients[i], "pong\n", LINE);
    } else {
      assert_received(f, servers[i], "ping\n", LINE);
      assert_passes(f, servers[i], clients[i], "pong\n", LINE);
    }
  }
  for (unsigned i = 0; i < CLIENTS; i++) {
    char byte = 0;
    size_t got = 9;

    pipe_close_wait(f, clients[i]);
    if (by_readiness) {
      assert_np_error(ready_read(f, servers[i], &byte, 1, &got),
                      ERROR_BROKEN_PIPE);
    } else {
      assert_np_error(pipe_receive(f, servers[i], &byte, 1, &got),
                      ERROR_BROKEN_PIPE);
    }
  }
}

NP_CASE("ready-tokio/many-clients", np_pipe_read, ANY_MODE, NP_OK,
        "Ten clients on instances of one name, each with its own lines.",
        "Named Pipe Instances") {
  many(f, false);
}

NP_CASE("ready-tokio/many-clients-by-readiness", np_pipe_ready, ANY_MODE, NP_OK,
        "Ten clients on instances of one name, each with its own lines, using "
        "only waits for readiness and tries.",
        "Named Pipe Instances") {
  many(f, true);
}

/* One session of an echo server that runs in callbacks only. */
struct session {
  np_op op;
  np_pipe *pipe;
  char line[LINE];
  size_t length;
  unsigned *lines_left;
};

static struct session sessions[CLIENTS];

static void session_go_on(np_op *op, np_error error, size_t ready) {
  struct session *s = op->user;
  np_interest interest = NP_READABLE;
  size_t bytes = 0;

  (void)ready;
  callback_begin();
  if (error == ERROR_OPERATION_ABORTED) { /* the case has ended */
    callback_end();
    return;
  }
  assert_np_ok(error);
  if (s->length < LINE) {
    error = np_pipe_try_read(s->pipe, s->line + s->length, LINE - s->length,
                             &bytes);
    assert_true(error == NP_OK || error == NP_WOULD_BLOCK);
    s->length += bytes;
  }
  if (s->length == LINE) {
    interest = NP_WRITABLE;
    error = np_pipe_try_write(s->pipe, s->line, LINE, &bytes);
    assert_true(error == NP_OK || error == NP_WOULD_BLOCK);
    if (error == NP_OK) {
      assert_int_equal(bytes, LINE);
      --*s->lines_left;
      interest = NP_READABLE;
      s->length = 0;
    }
  }
  if (*s->lines_left > 0) {
    assert_np_ok(np_pipe_ready(s->pipe, interest, &s->op, session_go_on));
  }
  callback_end();
}

NP_CASE("ready-tokio/echo-in-callbacks", np_pipe_ready, ANY_MODE, NP_OK,
        "Ten sessions on one loop live in the callbacks of their waits.",
        "npipe/ready.h") {
  enum { ROUNDS = 20 };
  np_pipe *clients[CLIENTS] = {NULL};
  unsigned lines_left = CLIENTS * ROUNDS;

  for (unsigned i = 0; i < CLIENTS; i++) {
    pair_open(f);
    memset(&sessions[i], 0, sizeof(sessions[i]));
    sessions[i].pipe = pipe_own(f, f->server);
    sessions[i].op.user = &sessions[i];
    sessions[i].lines_left = &lines_left;
    clients[i] = pipe_own(f, f->client);
    f->server = NULL;
    f->client = NULL;
    assert_np_ok(
        np_pipe_readable(sessions[i].pipe, &sessions[i].op, session_go_on));
  }
  for (unsigned round = 0; round < ROUNDS; round++) {
    for (unsigned i = 0; i < CLIENTS; i++) {
      pipe_send(f, clients[i], "ping\n", LINE);
    }
    for (unsigned i = 0; i < CLIENTS; i++) {
      assert_received(f, clients[i], "ping\n", LINE);
    }
  }
  assert_int_equal(lines_left, 0);
}

NP_CASE("ready-tokio/message-and-byte", np_pipe_try_read,
        MODE_MESSAGE | MODE_BYTE, NP_OK,
        "Two writes are two reads on a message pipe and may be one on a byte "
        "pipe.",
        "Named Pipe Type, Read, and Wait Modes") {
  char buffer[16];
  size_t got = 0;
  np_info info;

  pair_open(f);
  info.size = sizeof(info);
  assert_np_ok(np_pipe_info(f->server, &info));
  assert_int_equal(info.mode,
                   (f->variant & MODE_MESSAGE) != 0 ? NP_MESSAGE : NP_BYTE);
  pipe_send(f, f->client, "ping", 4);
  pipe_send(f, f->client, "pong", 4);
  assert_np_ok(ready_read(f, f->server, buffer, sizeof(buffer), &got));
  if ((f->variant & MODE_MESSAGE) != 0) {
    assert_int_equal(got, 4);
    assert_memory_equal(buffer, "ping", 4);
    assert_caught(f, f->server, "pong", 4);
  } else {
    assert_int_equal(got, 8);
    assert_memory_equal(buffer, "pingpong", 8);
  }
}

NP_CASE("ready-tokio/access", np_client_open, ANY_MODE, NP_OK,
        "A server of one direction lets in the clients that fit this direction "
        "and keeps out the others. It is ready in this direction alone.",
        "CreateNamedPipe#parameters") {
  unsigned server;

  for (server = 1; server < 4; server++) {
    for (unsigned client = 1; client < 4; client++) {
      bool fits = (client & ~server) == 0;
      np_error error;

      f->server_options.inbound = (server & 1) != 0;
      f->server_options.outbound = (server & 2) != 0;
      f->client_options.write = (client & 1) != 0;
      f->client_options.read = (client & 2) != 0;
      server_listen(f);
      error = np_client_open(f->loop, f->name, &f->client_options, &f->client);
      if (fits) {
        assert_np_ok(error);
        connect_begin(&f->helper, f->server);
        loop_until_count(f, &f->helper.done_count, f->helper.start_count);
        if (f->client_options.write) {
          ready_write_all(f, f->client, "ping", 4);
          assert_caught(f, f->server, "ping", 4);
        }
        if (f->client_options.read) {
          ready_write_all(f, f->server, "pong", 4);
          assert_caught(f, f->client, "pong", 4);
        }
      } else {
        assert_np_error(error, ERROR_ACCESS_DENIED);
      }
      pipe_close(f, f->client);
      pipe_close(f, f->server);
      loop_until_count(f, &f->closed_count, f->closing_count);
    }
  }
}
