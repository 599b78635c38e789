/* A process is killed while it works. In each state its peer sees the same
 * results as after a close. */
#include "process_puppet.h"

enum { PENDING_BYTES = 3000 };

static world_process *meet(np_fixture *f) {
  world_process *puppet = puppet_start(f);

  puppet_meet(f, puppet);
  return puppet;
}

/* assert_gone checks that the peer is gone: reads and writes fail, now and
 * later. */
static void assert_gone(np_fixture *f) {
  read_begin(&f->ops[10], f->end, 16);
  assert_ends(&f->ops[10], ERROR_BROKEN_PIPE, 0);
  write_begin(&f->ops[11], f->end, "x", 1);
  assert_ends(&f->ops[11], ERROR_NO_DATA, 0);
}

NP_CASE("process-kill/killed-in-read", np_pipe_read, ANY_MODE | BOTH_ENDS,
        ERROR_BROKEN_PIPE,
        "A peer killed with a read in flight ends our waiting read, and each "
        "later one, with ERROR_BROKEN_PIPE, and later writes with "
        "ERROR_NO_DATA.",
        "ReadFile#pipes; museum A14 E01 E04") {
  world_process *puppet = meet(f);

  puppet_tell(puppet, "read");
  read_begin(&f->ops[0], f->end, 16);
  loop_settle(f);
  world_process_kill(puppet);
  assert_ends(&f->ops[0], ERROR_BROKEN_PIPE, 0);
  assert_gone(f);
}

NP_CASE("process-kill/killed-in-write", np_pipe_read, ANY_MODE | BOTH_ENDS,
        ERROR_BROKEN_PIPE,
        "A peer is killed in the middle of a write. Its completed writes "
        "arrive, then perhaps a part of the rest, and then the end of the "
        "stream.",
        "Named Pipe Operations; museum D03 E11 E04") {
  world_process *puppet = meet(f);
  size_t length;

  puppet_tell(puppet, "send %u", (unsigned)PUPPET_QUOTA);
  puppet_tell(puppet, "write %u", (unsigned)PENDING_BYTES);
  world_process_kill(puppet);
  assert_np_error(puppet_drain(f, f->end, &length), ERROR_BROKEN_PIPE);
  assert_in_range(length, PUPPET_QUOTA, PUPPET_QUOTA + PENDING_BYTES);
  assert_gone(f);
}

NP_CASE("process-kill/killed-with-tail", np_pipe_read, ANY_MODE | BOTH_ENDS,
        ERROR_BROKEN_PIPE,
        "Data that a process wrote before it was killed are read before the "
        "end of the stream.",
        "Named Pipe Operations; museum D03 E04") {
  world_process *puppet = meet(f);
  size_t length;

  puppet_tell(puppet, "send 1000");
  puppet_tell(puppet, "send 24");
  world_process_kill(puppet);
  assert_np_error(puppet_drain(f, f->end, &length), ERROR_BROKEN_PIPE);
  assert_int_equal(length, 1024);
  assert_gone(f);
}

NP_CASE("process-kill/killed-unread", np_pipe_write, ANY_MODE | BOTH_ENDS,
        ERROR_BROKEN_PIPE,
        "A peer that is killed before it has read ends all waiting writes of "
        "this end, and a shutdown behind them. A kernel that lets waiting "
        "writes into the room of removed ones ends some with success.",
        "WriteFile#pipes; museum E04 S15") {
  static uint8_t data[PUPPET_QUOTA];
  world_process *puppet = meet(f);

  pipe_send(f, f->end, data, sizeof(data));
  for (unsigned i = 0; i < 3; i++) {
    write_begin(&f->ops[i], f->end, data, sizeof(data));
  }
  shutdown_begin(&f->ops[3], f->end);
  loop_settle(f);
  world_process_kill(puppet);
  for (unsigned i = 0; i < 4; i++) {
    op_wait(&f->ops[i]);
    museum_done_drained(f, &f->ops[i], ERROR_BROKEN_PIPE,
                        i < 3 ? sizeof(data) : 0);
  }
  assert_gone(f);
}

NP_CASE("process-kill/killed-closed", np_pipe_close, ANY_MODE | BOTH_ENDS,
        ERROR_BROKEN_PIPE,
        "An end is closed after its peer was killed. Its reads end with the "
        "end of the stream, and then the end is gone.",
        "Named Pipe Operations; museum L13 S12") {
  world_process *puppet = meet(f);

  read_begin(&f->ops[0], f->end, 16);
  loop_settle(f);
  world_process_kill(puppet);
  pipe_close_wait(f, f->end);
  assert_done(&f->ops[0], ERROR_BROKEN_PIPE, 0);
}

NP_CASE("process-kill/killed-ghost", np_server_connect, ANY_MODE | END_SERVER,
        NP_OK,
        "A client that was killed before np_server_connect is reported as a "
        "success, and its data can be read.",
        "ConnectNamedPipe#remarks; museum A05 A09 A17 H02") {
  world_process *puppet = puppet_start(f);
  size_t length;

  server_quotas(f, PUPPET_QUOTA, PUPPET_QUOTA);
  server_listen(f);
  puppet_tell(puppet, "open");
  puppet_tell(puppet, "send 100");
  world_process_kill(puppet);
  museum_accept(f, f->server);
  assert_np_error(puppet_drain(f, f->server, &length), ERROR_BROKEN_PIPE);
  assert_int_equal(length, 100);
}

NP_CASE("process-kill/killed-served-again", np_server_disconnect,
        ANY_MODE | END_SERVER, NP_OK,
        "An instance whose client was killed, in whatever state, serves the "
        "next one after a disconnect.",
        "DisconnectNamedPipe#remarks; museum A14 A15 S01") {
  static const char *const states[] = {"read", "send 100", "write 6000"};

  server_quotas(f, PUPPET_QUOTA, PUPPET_QUOTA);
  server_listen(f);
  connect_begin(&f->ops[0], f->server);
  for (unsigned i = 0; i < 3; i++) {
    world_process *puppet = puppet_start(f);

    round_name("%s", states[i]);
    puppet_tell(puppet, "open");
    assert_ends(&f->ops[0], NP_OK, 0);
    puppet_tell(puppet, "%s", states[i]);
    read_begin(&f->ops[1], f->server, 16);
    loop_settle(f);
    world_process_kill(puppet);
    server_listen_again(f, &f->ops[0]);
    op_wait(&f->ops[1]);
  }
  client_open_end(f);
  assert_ends(&f->ops[0], NP_OK, 0);
  museum_echo(f, f->server, f->client);
}

NP_CASE("process-kill/killed-name-free", np_server_create,
        ANY_MODE | END_CLIENT, ERROR_FILE_NOT_FOUND,
        "A server was killed while a client holds its end. The name is free, "
        "and a new server gets it.",
        "CreateNamedPipe#remarks; museum A21 K02") {
  world_process *puppet = meet(f);
  np_pipe *another = NULL;

  world_process_kill(puppet);
  assert_np_error(
      np_client_open(f->loop, f->name, &f->client_options, &another),
      ERROR_FILE_NOT_FOUND);
  assert_gone(f);
  pipe_close_wait(f, f->client);
  f->server_options.first_instance = true;
  f->server_options.instances_max = 1;
  pair_open(f);
  museum_echo(f, f->server, f->client);
}

NP_CASE("process-kill/killed-while-listening", np_client_open,
        ANY_MODE | END_CLIENT, ERROR_FILE_NOT_FOUND,
        "A server is killed while it waits for a client. It leaves no instance "
        "that would accept a client and never answer.",
        "CreateNamedPipe#remarks; museum H05 K02") {
  world_process *puppet = puppet_start(f);
  np_pipe *client = NULL;

  server_quotas(f, PUPPET_QUOTA, PUPPET_QUOTA);
  puppet_tell(puppet, "open");
  puppet_tell(puppet, "connect");
  world_process_kill(puppet);
  assert_np_error(np_client_open(f->loop, f->name, &f->client_options, &client),
                  ERROR_FILE_NOT_FOUND);
}

NP_CASE("process-kill/busy-until-killed", np_client_open, ANY_MODE | END_SERVER,
        ERROR_PIPE_BUSY,
        "The only instance is busy as long as another process holds its client "
        "end, and not for ever.",
        "CreateFile#pipes; museum A26 A14") {
  world_process *puppet = puppet_start(f);
  np_pipe *client = NULL;

  server_quotas(f, PUPPET_QUOTA, PUPPET_QUOTA);
  f->server_options.instances_max = 1;
  server_listen(f);
  puppet_tell(puppet, "open");
  museum_accept(f, f->server);
  assert_np_error(np_client_open(f->loop, f->name, &f->client_options, &client),
                  ERROR_PIPE_BUSY);
  world_process_kill(puppet);
  server_listen_again(f, &f->ops[0]);
  client_open_end(f);
  assert_ends(&f->ops[0], NP_OK, 0);
  museum_echo(f, f->server, f->client);
}
