/* Two processes that both stay alive: npipe works as within one process. */
#include "process_puppet.h"

enum { MESSAGES = 100 };

/* The pair is f->end and the puppet's end. */
NP_CASE("process-echo/echo", np_pipe_write, ANY_MODE | BOTH_ENDS, NP_OK,
        "Messages of any length go to another process and come back.",
        "Named Pipes; museum A18") {
  static uint8_t data[PUPPET_MESSAGE_BYTES_MAX];
  world_process *puppet = puppet_start(f);
  uint32_t random = 1;

  puppet_meet(f, puppet);
  puppet_order(puppet, "echo 100");
  for (unsigned i = 0; i < MESSAGES; i++) {
    size_t length = 1 + museum_random(&random) % sizeof(data);

    round_name("message %u, %u bytes", i, (unsigned)length);
    museum_pattern(data, length, i);
    assert_passes(f, f->end, f->end, data, length);
  }
  puppet_end(puppet);
  read_begin(&f->ops[0], f->end, 16);
  assert_ends(&f->ops[0], ERROR_BROKEN_PIPE, 0);
}

NP_CASE("process-echo/echo-crowd", np_server_connect, ANY_MODE | END_SERVER,
        NP_OK, "Clients of several processes are served at a time by one loop.",
        "Multithreaded Pipe Server; museum A14 A18") {
  enum { PROCESSES = 3, ROUNDS = 30 };
  world_process *puppets[PROCESSES];
  np_pipe *servers[PROCESSES];

  server_quotas(f, PUPPET_QUOTA, PUPPET_QUOTA);
  for (unsigned i = 0; i < PROCESSES; i++) {
    puppets[i] = puppet_start(f);
    server_listen(f);
    servers[i] = pipe_own(f, f->server);
    puppet_tell(puppets[i], "open");
    museum_accept(f, f->server);
    f->server = NULL;
    puppet_order(puppets[i], "echo 30");
  }
  for_rounds (round, ROUNDS) {
    for (unsigned i = 0; i < PROCESSES; i++) {
      write_begin(&f->ops[i], servers[i], &round, sizeof(round));
    }
    for (unsigned i = 0; i < PROCESSES; i++) {
      op_wait(&f->ops[i]);
      assert_received(f, servers[i], &round, sizeof(round));
    }
  }
  for (unsigned i = 0; i < PROCESSES; i++) {
    puppet_end(puppets[i]);
  }
}

NP_CASE("process-echo/silent", np_pipe_read, ANY_MODE | BOTH_ENDS, WAIT_TIMEOUT,
        "A peer process that lives and does nothing costs a read and a blocked "
        "write their time limits, and no more.",
        "CancelIoEx#remarks; museum H14") {
  static uint8_t data[PUPPET_QUOTA];
  world_process *puppet = puppet_start(f);

  puppet_meet(f, puppet);
  f->ops[0].op.timeout_ms = 20;
  read_begin(&f->ops[0], f->end, 16);
  pipe_send(f, f->end, data, sizeof(data));
  f->ops[1].op.timeout_ms = 20;
  write_begin(&f->ops[1], f->end, data, sizeof(data));
  assert_ends(&f->ops[0], WAIT_TIMEOUT, 0);
  assert_ends(&f->ops[1], WAIT_TIMEOUT, 0);
  f->ops[0].op.timeout_ms = 0;
  read_begin(&f->ops[0], f->end, 16);
  puppet_tell(puppet, "send 4");
  assert_ends(&f->ops[0], NP_OK, 4);
  puppet_end(puppet);
}

NP_CASE("process-echo/disconnected", np_server_disconnect,
        ANY_MODE | END_CLIENT, ERROR_PIPE_NOT_CONNECTED,
        "A disconnect by a server in another process discards its data and "
        "ends all operations of the client with the same error. Only a waiting "
        "write may succeed, where the kernel lets it into the room of removed "
        "ones.",
        "DisconnectNamedPipe#remarks; museum D01 E04") {
  static uint8_t data[PUPPET_QUOTA];
  world_process *puppet = puppet_start(f);

  puppet_meet(f, puppet);
  pipe_send(f, f->end, data, sizeof(data));
  write_begin(&f->ops[1], f->end, data, sizeof(data));
  puppet_tell(puppet, "send 100");
  puppet_tell(puppet, "disconnect");
  read_begin(&f->ops[0], f->end, 16);
  assert_ends(&f->ops[0], ERROR_PIPE_NOT_CONNECTED, 0);
  op_wait(&f->ops[1]);
  museum_done_drained(f, &f->ops[1], ERROR_PIPE_NOT_CONNECTED, sizeof(data));
  puppet_end(puppet);
}

NP_CASE("process-echo/exit-with-tail", np_pipe_write, ANY_MODE | BOTH_ENDS,
        ERROR_BROKEN_PIPE,
        "Data that a process wrote before it ended are read before the end of "
        "the stream.",
        "Named Pipe Operations; museum D03 E04") {
  world_process *puppet = puppet_start(f);
  size_t length;

  puppet_meet(f, puppet);
  puppet_tell(puppet, "send 1000");
  puppet_tell(puppet, "send 24");
  puppet_order(puppet, "exit");
  puppet_end(puppet);
  assert_np_error(puppet_drain(f, f->end, &length), ERROR_BROKEN_PIPE);
  assert_int_equal(length, 1024);
}

NP_CASE("process-echo/finish-then-exit", np_pipe_shutdown, ANY_MODE | BOTH_ENDS,
        NP_OK,
        "A process that waits for np_pipe_shutdown before it ends loses no "
        "data, however much its peer has still to read.",
        "Named Pipe Operations; museum D01 D03") {
  world_process *puppet = puppet_start(f);
  size_t length;

  puppet_meet(f, puppet);
  puppet_tell(puppet, "send %u", (unsigned)PUPPET_QUOTA);
  puppet_tell(puppet, "write 3000");
  puppet_order(puppet, "finish");
  assert_np_error(puppet_drain(f, f->end, &length), ERROR_BROKEN_PIPE);
  assert_int_equal(length, PUPPET_QUOTA + 3000);
  puppet_end(puppet);
}

NP_CASE("process-echo/not-inherited", np_pipe_close, ANY_MODE | BOTH_ENDS,
        ERROR_BROKEN_PIPE,
        "A child that was started while both ends were open inherits neither. "
        "So the close of an end is at once the end of the stream.",
        "SECURITY_ATTRIBUTES#members; museum P12") {
  world_process *puppet;

  pair_open_quota(f, PUPPET_QUOTA);
  puppet = puppet_start(f);
  read_begin(&f->ops[0], f->end, 16);
  loop_settle(f);
  pipe_close(f, f->peer);
  assert_ends(&f->ops[0], ERROR_BROKEN_PIPE, 0);
  puppet_end(puppet); /* The puppet process has been alive all the time. */
}

NP_CASE("process-echo/two-servers", np_server_create, ANY_MODE | END_SERVER,
        NP_OK,
        "Two processes with instances of one name: clients come to both, and "
        "when one is killed the other goes on.",
        "CreateNamedPipe#remarks; museum A20 K02") {
  world_process *puppet = puppet_start_as(f, NP_SERVER);
  np_pipe *first;

  server_quotas(f, PUPPET_QUOTA, PUPPET_QUOTA);
  /* The puppet listens first, so its instance is the first. */
  puppet_tell(puppet, "open");
  puppet_tell(puppet, "connect");
  server_listen(f);
  connect_begin(&f->ops[0], f->server);
  first = client_add(f);
  puppet_tell(puppet, "send 4");
  read_begin(&f->ops[1], first, 16);
  assert_ends(&f->ops[1], NP_OK, 4);
  assert_int_equal(f->ops[0].done_count, 0);
  world_process_kill(puppet);

  client_open_end(f);
  assert_ends(&f->ops[0], NP_OK, 0);
  museum_echo(f, f->server, f->client);
}
