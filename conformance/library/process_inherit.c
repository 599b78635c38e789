/* A child process that inherits all that can be inherited: what has a copy of
 * an end keeps the pipe open. */
#include "listener_common.h"
#include "process_puppet.h"

WORLD_ROLE(inherit_idle) {
  char line[16];

  (void)arg;
  world_role_write_line("ready");
  world_role_read_line(line, sizeof(line));
}

static world_process *child_start(void) {
  world_process *child = world_process_start("inherit_idle", NULL);
  char line[16];

  world_process_read_line(child, line, sizeof(line), LOOP_WAIT_MS);
  return child;
}

static void child_end(world_process *child) {
  assert_true(world_process_write_line(child, "end"));
  assert_int_equal(world_process_wait(child, LOOP_WAIT_MS), 0);
}

/* The child is there; the peer leaves, and the end under test hears of it. */
static void hears_of_the_end(np_fixture *f) {
  world_process *child = child_start();

  read_begin(&f->ops[0], f->end, 16);
  reads_post(f);
  pipe_close_wait(f, f->peer);
  loop_until(f, 1);
  assert_done(&f->ops[0], ERROR_BROKEN_PIPE, 0);
  child_end(child);
}

NP_CASE("process/inherits-nothing", np_pipe_close, ANY_MODE | BOTH_ENDS,
        ERROR_BROKEN_PIPE,
        "A child that inherits all it can has neither end: the other one hears "
        "of a close at once.",
        "SECURITY_ATTRIBUTES; museum P12") {
  pair_open(f);
  hears_of_the_end(f);
}

NP_CASE("process/inherits-no-preset", np_server_create, BOTH_ENDS,
        ERROR_BROKEN_PIPE,
        "Nor does it with a preset of access, SDDL, or attributes that do not "
        "ask for it.",
        "SECURITY_ATTRIBUTES; museum P12") {
  SECURITY_ATTRIBUTES attributes = {sizeof(attributes), NULL, FALSE};

  f->client_options.security_attributes = &attributes;
  f->server_options.access = NP_ACCESS_CURRENT_USER;
  pair_open(f);
  hears_of_the_end(f);
}

NP_CASE("process/inherits-no-adopted", np_pipe_adopt, ANY_MODE | BOTH_ENDS,
        ERROR_BROKEN_PIPE, "Adopting a handle does not make it one to inherit.",
        "SECURITY_ATTRIBUTES; museum P12") {
  HANDLE handle;

  pair_open_raw(f);
  handle = f->raw;
  assert_np_ok(np_pipe_adopt(f->loop, handle, &f->peer));
  raw_release(f, handle);
  f->raw = NULL;
  if (is_client_end(f)) {
    f->server = f->peer;
  } else {
    f->client = f->peer;
  }
  hears_of_the_end(f);
}

NP_CASE(
    "process/inherits-no-listener", np_listener_create, ANY_MODE,
    ERROR_BROKEN_PIPE,
    "Nor does it have a listener's instances: what was handed out ends when "
    "it is closed, and with the listener the name is gone.",
    "SECURITY_ATTRIBUTES; museum P12") {
  world_process *child;
  np_pipe *client;

  listening_begin(f, 2);
  listening_open(f);
  client = client_open_another(f);
  accepted(f, 1);
  child = child_start();
  read_begin(&f->ops[0], client, 16);
  reads_post(f);
  pipe_close_wait(f, listening.accepted[0]);
  loop_until(f, 1);
  assert_done(&f->ops[0], ERROR_BROKEN_PIPE, 0);
  pipe_close_wait(f, client);
  listening_close_wait(f);
  assert_np_error(client_error(f), ERROR_FILE_NOT_FOUND);
  child_end(child);
}

/* What the cases above could not see, if children did not inherit here. */
NP_CASE("process/inherits-what-asks", np_server_create, NO_MODE, NP_OK,
        "A handle that asks to be inherited is: its copy in the child keeps "
        "the pipe open until the child ends.",
        "SECURITY_ATTRIBUTES; museum P12") {
  SECURITY_ATTRIBUTES attributes = {sizeof(attributes), NULL, TRUE};
  world_process *child;

  f->server_options.security_attributes = &attributes;
  pair_open(f);
  child = child_start();
  read_begin(&f->ops[0], f->client, 16);
  reads_post(f);
  pipe_close_wait(f, f->server);
  loop_quiet(f);
  assert_int_equal(f->ops[0].done_count, 0);
  child_end(child);
  loop_until(f, 1);
  assert_done(&f->ops[0], ERROR_BROKEN_PIPE, 0);
}
