/* The options of a server end: the effect of each, and the values that are
 * refused. server_security.c has the options for rights and security. */
#include "library/fixture.h"

NP_CASE("server-options/defaults", np_server_options_init, NO_MODE, NP_OK,
        "The defaults are a duplex byte pipe without a limit of instances, "
        "closed to remote clients, with 64 KiB each way; NULL is ignored.",
        "npipe/server.h") {
  np_server_options options;

  memset(&options, 0xEE, sizeof(options));
  np_server_options_init(&options);
  assert_int_equal(options.size, sizeof(options));
  assert_int_equal(options.mode, NP_BYTE);
  assert_int_equal(options.read_mode, NP_BYTE);
  assert_true(options.inbound);
  assert_true(options.outbound);
  assert_false(options.first_instance);
  assert_true(options.reject_remote_clients);
  assert_false(options.write_dac);
  assert_false(options.write_owner);
  assert_false(options.access_system_security);
  assert_true(options.instances_max == NP_INSTANCES_UNLIMITED);
  assert_int_equal(options.in_buffer_bytes, 65536);
  assert_int_equal(options.out_buffer_bytes, 65536);
  assert_int_equal(options.default_timeout_ms, 0);
  assert_null(options.security_attributes);
  assert_null(options.sddl);
  np_server_options_init(NULL);
}

NP_CASE("server-options/none", np_server_create, NO_MODE, NP_OK,
        "Without options a server has the defaults.", "npipe/server.h") {
  np_info info;

  assert_np_ok(np_server_create(f->loop, f->name, NULL, &f->server));
  info.size = sizeof(info);
  assert_np_ok(np_pipe_info(f->server, &info));
  assert_int_equal(info.mode, NP_BYTE);
  assert_int_equal(info.in_buffer_bytes, 65536);
  assert_int_equal(info.out_buffer_bytes, 65536);
  assert_true(info.instances_max == NP_INSTANCES_UNLIMITED);
}

NP_CASE("server-options/size", np_server_create, NO_MODE,
        ERROR_INVALID_PARAMETER,
        "A struct of another size than the library knows is refused.",
        "npipe/server.h") {
  f->server_options.size = sizeof(f->server_options) - 1;
  assert_server_refused(f, ERROR_INVALID_PARAMETER);
  f->server_options.size = sizeof(f->server_options) + 1;
  assert_server_refused(f, ERROR_INVALID_PARAMETER);
  f->server_options.size = 0;
  assert_server_refused(f, ERROR_INVALID_PARAMETER);
}

/* --- Modes and direction ------------------------------------------------ */

NP_CASE("server-options/mode", np_server_create, ANY_MODE, NP_OK,
        "The kernel reports the type and the read mode of the options.",
        "CreateNamedPipe#parameters") {
  DWORD flags = 0;
  DWORD state = 0;

  pair_open(f);
  assert_true(
      GetNamedPipeInfo(np_pipe_handle(f->server), &flags, NULL, NULL, NULL));
  assert_int_equal((flags & PIPE_TYPE_MESSAGE) != 0,
                   f->server_options.mode == NP_MESSAGE);
  assert_true(GetNamedPipeHandleStateW(np_pipe_handle(f->server), &state, NULL,
                                       NULL, NULL, NULL, 0));
  assert_int_equal((state & PIPE_READMODE_MESSAGE) != 0,
                   f->server_options.read_mode == NP_MESSAGE);
  assert_int_equal(state & PIPE_NOWAIT, 0);
}

NP_CASE("server-options/message-reads-of-bytes", np_server_create, NO_MODE,
        ERROR_INVALID_PARAMETER,
        "Bytes cannot be read as messages; no mode but the two is one.",
        "CreateNamedPipe#parameters") {
  f->server_options.read_mode = NP_MESSAGE;
  assert_server_refused(f, ERROR_INVALID_PARAMETER);
  f->server_options.mode = (np_mode)2;
  assert_server_refused(f, ERROR_INVALID_PARAMETER);
  f->server_options.mode = NP_MESSAGE;
  f->server_options.read_mode = (np_mode)2;
  assert_server_refused(f, ERROR_INVALID_PARAMETER);
}

NP_CASE("server-options/inbound", np_server_create, ANY_MODE, NP_OK,
        "An inbound server reads what clients write, and cannot write.",
        "CreateNamedPipe#parameters") {
  options_inbound(f);
  pair_open(f);
  assert_passes(f, f->client, f->server, "abc", 3);
  assert_np_error(np_pipe_write(f->server, "abc", 3, &f->op, on_never),
                  ERROR_ACCESS_DENIED);
}

NP_CASE("server-options/outbound", np_server_create, ANY_MODE, NP_OK,
        "An outbound server writes what clients read, and cannot read.",
        "CreateNamedPipe#parameters") {
  f->server_options.inbound = false;
  f->client_options.write = false;
  pair_open(f);
  assert_passes(f, f->server, f->client, "abc", 3);
  assert_np_error(
      np_pipe_read(f->server, f->ops[0].buffer, 16, &f->op, on_never),
      ERROR_ACCESS_DENIED);
}

NP_CASE("server-options/no-direction", np_server_create, NO_MODE,
        ERROR_INVALID_PARAMETER, "A pipe needs one direction at least.",
        "CreateNamedPipe#parameters") {
  f->server_options.inbound = false;
  f->server_options.outbound = false;
  assert_server_refused(f, ERROR_INVALID_PARAMETER);
}

/* --- Instances ---------------------------------------------------------- */

NP_CASE("server-options/instances-range", np_server_create, NO_MODE,
        ERROR_INVALID_PARAMETER,
        "0, 255 and more are no limits; 255 has its own name here.",
        "CreateNamedPipe#parameters") {
  static const uint32_t bad[] = {0, 255, 256, 65536, UINT32_MAX - 1};

  for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
    f->server_options.instances_max = bad[i];
    assert_server_refused(f, ERROR_INVALID_PARAMETER);
  }
}

NP_CASE("server-options/instances-one", np_server_create, NO_MODE,
        ERROR_PIPE_BUSY,
        "With a limit of one a second instance is refused, and created once "
        "the first is closed.",
        "CreateNamedPipe#return-value") {
  f->server_options.instances_max = 1;
  server_listen(f);
  assert_server_refused(f, ERROR_PIPE_BUSY);
  pipe_close_wait(f, f->server);
  server_listen(f);
}

NP_CASE("server-options/instances-254", np_server_create, NO_MODE,
        ERROR_PIPE_BUSY, "254 instances can be had, and not one more.",
        "CreateNamedPipe#parameters") {
  f->server_options.instances_max = 254;
  for (unsigned i = 0; i < 254; i++) {
    server_add(f);
  }
  assert_server_refused(f, ERROR_PIPE_BUSY);
}

NP_CASE("server-options/instances-unlimited", np_server_create, NO_MODE, NP_OK,
        "Without a limit more than 255 instances can be had.",
        "CreateNamedPipe#parameters") {
  for (unsigned i = 0; i < 260; i++) {
    server_add(f);
  }
}

NP_CASE("server-options/instances-of-first", np_server_create, NO_MODE,
        ERROR_PIPE_BUSY,
        "The first instance sets the limit; the limits that later instances "
        "ask for are ignored.",
        "CreateNamedPipe#parameters") {
  f->server_options.instances_max = 2;
  server_listen(f);
  f->server_options.instances_max = NP_INSTANCES_UNLIMITED;
  server_add(f);
  assert_server_refused(f, ERROR_PIPE_BUSY);
}

NP_CASE("server-options/first-instance", np_server_create, NO_MODE, NP_OK,
        "A server that asks for the first instance gets it if the name is "
        "free. Other servers may join later.",
        "CreateNamedPipe#parameters") {
  f->server_options.first_instance = true;
  server_listen(f);
  f->server_options.first_instance = false;
  server_add(f);
}

NP_CASE("server-options/first-instance-taken", np_server_create, NO_MODE,
        ERROR_ACCESS_DENIED,
        "A server that asks for the first instance is refused if the name "
        "exists.",
        "CreateNamedPipe#parameters") {
  server_listen(f);
  f->server_options.first_instance = true;
  assert_server_refused(f, ERROR_ACCESS_DENIED);
}

NP_CASE("server-options/first-instance-full", np_server_create, NO_MODE,
        ERROR_PIPE_BUSY,
        "If the name exists and is full, the error is ERROR_PIPE_BUSY, even "
        "for a server that asks for the first instance.",
        "CreateNamedPipe#return-value") {
  f->server_options.instances_max = 1;
  server_listen(f);
  f->server_options.first_instance = true;
  assert_server_refused(f, ERROR_PIPE_BUSY);
}

NP_CASE("server-options/reject-remote", np_server_create, NO_MODE, NP_OK,
        "Local clients come whether remote ones are rejected or not.",
        "CreateNamedPipe#parameters") {
  f->server_options.reject_remote_clients = true;
  pair_open(f);
  pair_close(f);
  f->server_options.reject_remote_clients = false;
  pair_open(f);
}

/* --- Buffers and times -------------------------------------------------- */

NP_CASE("server-options/in-buffer", np_server_create, ANY_MODE, NP_OK,
        "in_buffer_bytes is the quota for data that clients write. A write "
        "that fits completes at once. A write that is one byte longer waits "
        "for the reader.",
        "CreateNamedPipe#remarks") {
  char data[200];

  memset(data, 'x', sizeof(data));
  server_quotas(f, 200, 100);
  pair_open(f);
  write_begin(&f->ops[0], f->client, data, 200);
  loop_until(f, 1);
  write_begin(&f->ops[1], f->client, data, 1);
  assert_quiet(f, 1);
  assert_received(f, f->server, data, 200);
  assert_next(&f->ops[1], NP_OK, 1);
}

NP_CASE("server-options/out-buffer", np_server_create, ANY_MODE, NP_OK,
        "out_buffer_bytes is the quota of what the server writes.",
        "CreateNamedPipe#remarks") {
  char data[200];

  memset(data, 'x', sizeof(data));
  server_quotas(f, 100, 200);
  pair_open(f);
  write_begin(&f->ops[0], f->server, data, 200);
  loop_until(f, 1);
  write_begin(&f->ops[1], f->server, data, 1);
  assert_quiet(f, 1);
  assert_received(f, f->client, data, 200);
  assert_next(&f->ops[1], NP_OK, 1);
}

NP_CASE("server-options/no-buffer", np_server_create, ANY_MODE | BOTH_ENDS,
        NP_OK, "With a quota of 0 each write waits until it was read.",
        "CreateNamedPipe#remarks") {
  pair_open_quota(f, 0);
  write_begin(&f->ops[0], f->end, "abc", 3);
  assert_quiet(f, 0);
  assert_received(f, f->peer, "abc", 3);
  assert_next(&f->ops[0], NP_OK, 3);
}

/* default_wait_ms returns the milliseconds until WaitNamedPipe with the pipe's
 * default time-out gave up. */
static uint64_t default_wait_ms(np_fixture *f) {
  wchar_t name[WORLD_PIPE_NAME_BYTES_MAX];
  uint64_t begin_ms;

  raw_name(f, name);
  pair_open(f); /* No instance is free. */
  begin_ms = world_now_ms();
  assert_false(WaitNamedPipeW(name, NMPWAIT_USE_DEFAULT_WAIT));
  assert_int_equal(GetLastError(), ERROR_SEM_TIMEOUT);
  return world_now_ms() - begin_ms;
}

NP_CASE("server-options/default-timeout", np_server_create, NO_MODE, NP_OK,
        "default_timeout_ms is how long WaitNamedPipe waits by default.",
        "CreateNamedPipe#parameters") {
  uint64_t waited_ms;

  f->server_options.default_timeout_ms = 200;
  waited_ms = default_wait_ms(f);
  assert_in_range(waited_ms, 180, LOOP_WAIT_MS);
}

NP_CASE("server-options/default-timeout-zero", np_server_create, NO_MODE, NP_OK,
        "0 is Windows' own default, 50 ms.", "CreateNamedPipe#parameters") {
  assert_in_range(default_wait_ms(f), 30, LOOP_WAIT_MS);
}
