/* A child process that inherits every inheritable handle. A handle that the
 * child inherits keeps the pipe open. */
#include "library/listener/listener_common.h"
#include "process_puppet.h"

#include <stdio.h>
#include <stdlib.h>

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

/* hears_of_the_end starts a child, closes the peer, and checks that the end
 * under test learns of the close. */
static void hears_of_the_end(np_fixture *f) {
  world_process *child = child_start();

  read_pend(f, &f->ops[0], f->end, 16);
  pipe_close_wait(f, f->peer);
  assert_next(&f->ops[0], ERROR_BROKEN_PIPE, 0);
  child_end(child);
}

NP_CASE("process-inherit/inherits-nothing", np_pipe_close, ANY_MODE | BOTH_ENDS,
        ERROR_BROKEN_PIPE,
        "A child process that inherits all inheritable handles has neither "
        "end: a close is noticed at the other end at once.",
        "SECURITY_ATTRIBUTES; museum P12") {
  pair_open(f);
  hears_of_the_end(f);
}

NP_CASE("process-inherit/inherits-no-preset", np_server_create, BOTH_ENDS,
        ERROR_BROKEN_PIPE,
        "A child inherits no end that was created with an access preset, with "
        "SDDL, or with attributes that do not ask for inheritance.",
        "SECURITY_ATTRIBUTES; museum P12") {
  SECURITY_ATTRIBUTES attributes = {sizeof(attributes), NULL, FALSE};

  f->client_options.security_attributes = &attributes;
  f->server_options.access = NP_ACCESS_CURRENT_USER;
  pair_open(f);
  hears_of_the_end(f);
}

NP_CASE("process-inherit/inherits-no-adopted", np_pipe_adopt,
        ANY_MODE | BOTH_ENDS, ERROR_BROKEN_PIPE,
        "Adopting a handle does not make it inheritable.",
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

NP_CASE("process-inherit/inherits-no-listener", np_listener_create, ANY_MODE,
        ERROR_BROKEN_PIPE,
        "A child process inherits no instance of a listener: an accepted pipe "
        "ends with its close, and the name ends with the listener.",
        "SECURITY_ATTRIBUTES; museum P12") {
  world_process *child;
  np_pipe *client;

  listening_start(f, 2);
  client = client_add(f);
  accepted(f, 1);
  child = child_start();
  read_pend(f, &f->ops[0], client, 16);
  pipe_close_wait(f, listening.accepted[0]);
  assert_next(&f->ops[0], ERROR_BROKEN_PIPE, 0);
  pipe_close_wait(f, client);
  listening_close_wait(f);
  assert_np_error(client_error(f), ERROR_FILE_NOT_FOUND);
  child_end(child);
}

/* This case shows that children do inherit handles here. Without inheritance
 * the cases above would prove nothing. */
NP_CASE("process-inherit/inherits-what-asks", np_pipe_adopt, NO_MODE, NP_OK,
        "The caller opened a handle as inheritable, so a child inherits it. "
        "The copy in the child keeps the pipe open until the child ends.",
        "SECURITY_ATTRIBUTES; museum P12") {
  world_process *child;

  pair_open_raw(f);
  assert_true(
      SetHandleInformation(f->raw, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT));
  child = child_start();
  read_pend(f, &f->ops[0], f->end, 16);
  raw_close(f, f->raw);
  loop_quiet(f);
  assert_int_equal(f->ops[0].done_count, 0);
  child_end(child);
  assert_next(&f->ops[0], ERROR_BROKEN_PIPE, 0);
}

/* Writes more than the pipe holds, three times, with an OVERLAPPED and an event
 * of its own. The argument is the number of the handle. */
WORLD_ROLE(inherit_writer) {
  static char junk[4096];
  static uint8_t block[sizeof(OVERLAPPED) + 256];
  OVERLAPPED *overlapped = (OVERLAPPED *)(void *)block;
  HANDLE handle = (HANDLE)(uintptr_t)strtoull(arg, NULL, 16);

  for (unsigned i = 0; i < 3; i++) {
    DWORD bytes = 0;

    memset(block, 0x41, sizeof(block));
    memset(overlapped, 0, sizeof(*overlapped));
    overlapped->hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (!WriteFile(handle, junk, sizeof(junk), NULL, overlapped)) {
      assert_int_equal(GetLastError(), ERROR_IO_PENDING);
    }
    assert_true(GetOverlappedResult(handle, overlapped, &bytes, TRUE));
    assert_int_equal(bytes, sizeof(junk));
    CloseHandle(overlapped->hEvent);
  }
}

NP_CASE("process-inherit/foreign-packets", np_pipe_adopt, BOTH_ENDS, NP_OK,
        "A child process got an adopted handle, against the rules, and writes "
        "with its own OVERLAPPEDs. The loop gets these packets, drops them, "
        "and goes on.",
        "CreateIoCompletionPort#remarks") {
  char got[4096];
  char arg[32];
  world_process *child;
  size_t bytes = 0;
  size_t part;
  HANDLE handle;
  np_pipe *adopted = NULL;

  server_quotas(f, 16, 16);
  pair_open_raw(f);
  handle = f->raw;
  assert_np_ok(np_pipe_adopt(f->loop, handle, &adopted));
  raw_release(f, handle);
  pipe_own(f, adopted);
  assert_true(
      SetHandleInformation(handle, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT));
  snprintf(arg, sizeof(arg), "%llx", (unsigned long long)(uintptr_t)handle);
  child = world_process_start("inherit_writer", arg);
  while (bytes < 3 * sizeof(got)) {
    assert_np_ok(pipe_receive(f, f->end, got, sizeof(got), &part));
    bytes += part;
  }
  assert_int_equal(world_process_wait(child, LOOP_WAIT_MS), 0);
  loop_quiet(f);
  assert_passes(f, adopted, f->end, "ours", 4);
}
