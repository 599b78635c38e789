/* The puppet: starts the second process, sends it orders, and, inside the
 * second process, carries the orders out. */
#include "process_puppet.h"

#include <stdio.h>
#include <stdlib.h>

enum { TAIL_BYTES = 4 * PUPPET_QUOTA, TELL_MS = 10000 };

/* Of the process: on the simulated kernel several share the memory. */
static _Thread_local uint8_t tail[TAIL_BYTES];

const uint8_t *puppet_tail(void) {
  museum_pattern(tail, sizeof(tail), 1);
  return tail;
}

/* --- In the case -------------------------------------------------------- */

world_process *puppet_start_as(np_fixture *f, np_end end) {
  char arg[32 + WORLD_PIPE_NAME_BYTES_MAX];

  snprintf(arg, sizeof(arg), "%s-%u-%s", end == NP_SERVER ? "server" : "client",
           f->variant, f->name);
  return world_process_start("puppet", arg);
}

world_process *puppet_start(np_fixture *f) {
  return puppet_start_as(f, is_client_end(f) ? NP_SERVER : NP_CLIENT);
}

void puppet_tell(world_process *puppet, const char *format, ...) {
  char line[64];
  va_list arguments;

  va_start(arguments, format);
  vsnprintf(line, sizeof(line), format, arguments);
  va_end(arguments);
  puppet_order(puppet, line);
  world_process_read_line(puppet, line, sizeof(line), TELL_MS);
  assert_string_equal(line, "done");
}

void puppet_meet(np_fixture *f, world_process *puppet) {
  server_quotas(f, PUPPET_QUOTA, PUPPET_QUOTA);
  if (is_client_end(f)) {
    puppet_tell(puppet, "open");
    client_open_end(f);
    puppet_tell(puppet, "accept");
  } else {
    server_listen(f);
    puppet_tell(puppet, "open");
    museum_accept(f, f->server);
  }
}

void puppet_order(world_process *puppet, const char *order) {
  assert_true(world_process_write_line(puppet, order));
}

void puppet_end(world_process *puppet) {
  assert_int_equal(world_process_wait(puppet, TELL_MS), 0);
}

np_error puppet_drain(np_fixture *f, np_pipe *pipe, size_t *length) {
  static uint8_t got[TAIL_BYTES];
  size_t bytes = 0;
  np_error error;

  *length = 0;
  do {
    error = pipe_receive(f, pipe, got + *length, sizeof(got) - *length, &bytes);
    *length += bytes;
  } while (error == NP_OK);
  assert_memory_equal(got, puppet_tail(), *length);
  return error;
}

/* --- In the other process ----------------------------------------------- */

static _Thread_local const char *puppet_arg;
static _Thread_local size_t written; /* bytes of the tail written so far */

static void begin_write(np_fixture *f, size_t length) {
  assert_true(written + length <= TAIL_BYTES);
  write_begin(&f->ops[0], f->end, puppet_tail() + written, length);
  written += length;
}

static void echo(np_fixture *f, unsigned count) {
  for (unsigned i = 0; i < count; i++) {
    struct recorder *read = &f->ops[1];

    read_begin(read, f->end, sizeof(read->buffer));
    op_wait(read);
    assert_np_ok(read->result);
    pipe_send(f, f->end, read->buffer, read->transferred);
  }
}

/* is_counted returns true if `order` is `word` and a number. */
static bool is_counted(const char *order, const char *word, unsigned *number) {
  size_t length = strlen(word);

  if (strncmp(order, word, length) != 0 || order[length] != ' ') {
    return false;
  }
  *number = (unsigned)strtoul(order + length + 1, NULL, 10);
  return true;
}

static void obey(np_fixture *f, bool is_server, const char *order) {
  unsigned number = 0;

  if (strcmp(order, "open") == 0) {
    if (is_server) {
      server_listen(f);
      f->end = f->server;
    } else {
      client_open_end(f);
      f->end = f->client;
    }
  } else if (strcmp(order, "accept") == 0) {
    museum_accept(f, f->end);
  } else if (strcmp(order, "connect") == 0) {
    connect_begin(&f->ops[2], f->end);
  } else if (is_counted(order, "send", &number)) {
    begin_write(f, number);
    assert_ends(&f->ops[0], NP_OK, number);
  } else if (is_counted(order, "write", &number)) {
    begin_write(f, number);
  } else if (strcmp(order, "read") == 0) {
    read_begin(&f->ops[1], f->end, sizeof(f->ops[1].buffer));
  } else if (is_counted(order, "echo", &number)) {
    echo(f, number);
  } else if (strcmp(order, "disconnect") == 0) {
    assert_np_ok(np_server_disconnect(f->end));
  } else if (strcmp(order, "finish") == 0) {
    shutdown_begin(&f->ops[3], f->end);
    assert_ends(&f->ops[3], NP_OK, 0);
    world_role_exit();
  } else if (strcmp(order, "exit") == 0) {
    world_role_exit();
  } else {
    fail_msg("a puppet cannot: %s", order);
  }
  loop_settle(f);
}

static void perform(void *fixture) {
  np_fixture *f = fixture;
  bool is_server = strncmp(puppet_arg, "server", 6) == 0;
  char line[64];

  snprintf(f->name, sizeof(f->name), "%s", strchr(puppet_arg + 7, '-') + 1);
  server_quotas(f, PUPPET_QUOTA, PUPPET_QUOTA);
  while (world_role_read_line(line, sizeof(line))) {
    obey(f, is_server, line);
    world_role_write_line("done");
  }
}

WORLD_ROLE(puppet) {
  puppet_arg = arg;
  written = 0;
  library_run_role((unsigned)strtoul(arg + 7, NULL, 10), perform);
}
