/* The options of a client end: the effect of each, and the values that are
 * refused. */
#include "library/fixture.h"

NP_CASE("client-options/defaults", np_client_options_init, NO_MODE, NP_OK,
        "The defaults are reading and writing, bytes, and identification; NULL "
        "is ignored.",
        "npipe/client.h") {
  np_client_options options;

  memset(&options, 0xEE, sizeof(options));
  np_client_options_init(&options);
  assert_int_equal(options.size, sizeof(options));
  assert_true(options.read);
  assert_true(options.write);
  assert_int_equal(options.read_mode, NP_BYTE);
  assert_int_equal(options.security_qos, SECURITY_IDENTIFICATION);
  assert_null(options.security_attributes);
  np_client_options_init(NULL);
}

NP_CASE("client-options/none", np_client_open, ANY_MODE, NP_OK,
        "Without options a client reads bytes and writes, also on a message "
        "pipe.",
        "npipe/client.h") {
  char buffer[16];
  size_t length = 0;

  server_listen(f);
  assert_np_ok(np_client_open(f->loop, f->name, NULL, &f->client));
  assert_passes(f, f->client, f->server, "abc", 3);
  pipe_send(f, f->server, "one", 3);
  pipe_send(f, f->server, "two", 3);
  assert_np_ok(pipe_receive(f, f->client, buffer, sizeof(buffer), &length));
  assert_int_equal(length, 6);
  assert_memory_equal(buffer, "onetwo", 6);
}

NP_CASE("client-options/size", np_client_open, NO_MODE, ERROR_INVALID_PARAMETER,
        "A struct of another size than the library knows is refused.",
        "npipe/client.h") {
  server_listen(f);
  f->client_options.size = sizeof(f->client_options) - 1;
  assert_client_refused(f, ERROR_INVALID_PARAMETER);
  f->client_options.size = sizeof(f->client_options) + 1;
  assert_client_refused(f, ERROR_INVALID_PARAMETER);
  f->client_options.size = 0;
  assert_client_refused(f, ERROR_INVALID_PARAMETER);
}

/* --- Direction ---------------------------------------------------------- */

NP_CASE("client-options/read-only", np_client_open, ANY_MODE, NP_OK,
        "A client that only reads, of messages too, reads and cannot write; "
        "that it exists suffices on a duplex pipe.",
        "CreateFile#pipes") {
  f->client_options.write = false;
  pair_open(f);
  assert_passes(f, f->server, f->client, "abc", 3);
  assert_np_error(np_pipe_write(f->client, "abc", 3, &f->op, on_never),
                  ERROR_ACCESS_DENIED);
}

NP_CASE("client-options/read-only-messages", np_client_open, MODE_MESSAGE,
        NP_OK,
        "A client that only reads gets messages one by one, on a duplex and on "
        "an outbound pipe.",
        "SetNamedPipeHandleState#parameters") {
  f->client_options.write = false;
  f->server_options.read_mode = NP_BYTE;
  for (unsigned i = 0; i < 2; i++) {
    f->server_options.inbound = i == 0;
    pair_open(f);
    pipe_send(f, f->server, "one", 3);
    pipe_send(f, f->server, "second", 6);
    assert_received(f, f->client, "one", 3);
    assert_received(f, f->client, "second", 6);
    pair_close(f);
  }
}

NP_CASE("client-options/write-only", np_client_open, ANY_MODE, NP_OK,
        "A client that only writes writes, cannot read, and can be asked "
        "about.",
        "CreateFile#pipes") {
  np_info info;

  f->client_options.read = false;
  f->client_options.read_mode = NP_BYTE;
  pair_open(f);
  assert_passes(f, f->client, f->server, "abc", 3);
  assert_np_error(
      np_pipe_read(f->client, f->ops[0].buffer, 16, &f->op, on_never),
      ERROR_ACCESS_DENIED);
  info.size = sizeof(info);
  assert_np_ok(np_pipe_info(f->client, &info));
  assert_false(info.readable);
  assert_true(info.writable);
}

NP_CASE("client-options/no-direction", np_client_open, NO_MODE,
        ERROR_INVALID_PARAMETER,
        "A client that wants neither to read nor to write is refused and uses "
        "up no instance.",
        "npipe/client.h") {
  f->server_options.instances_max = 1;
  server_listen(f);
  f->client_options.read = false;
  f->client_options.write = false;
  assert_client_refused(f, ERROR_INVALID_PARAMETER);
  f->client_options.read = true;
  f->client_options.write = true;
  client_open_end(f);
}

NP_CASE("client-options/against-inbound", np_client_open, NO_MODE,
        ERROR_ACCESS_DENIED,
        "On an inbound pipe a client may only write: reading is denied.",
        "CreateNamedPipe#parameters") {
  f->server_options.outbound = false;
  server_listen(f);
  assert_client_refused(f, ERROR_ACCESS_DENIED);
  f->client_options.write = false;
  assert_client_refused(f, ERROR_ACCESS_DENIED);
  f->client_options.write = true;
  f->client_options.read = false;
  client_open_end(f);
}

NP_CASE("client-options/against-outbound", np_client_open, NO_MODE,
        ERROR_ACCESS_DENIED,
        "On an outbound pipe a client may only read: writing is denied.",
        "CreateNamedPipe#parameters") {
  f->server_options.inbound = false;
  server_listen(f);
  assert_client_refused(f, ERROR_ACCESS_DENIED);
  f->client_options.read = false;
  assert_client_refused(f, ERROR_ACCESS_DENIED);
  f->client_options.read = true;
  f->client_options.write = false;
  client_open_end(f);
}

/* --- Read mode ---------------------------------------------------------- */

NP_CASE("client-options/message-reads", np_client_open, MESSAGE_TYPE, NP_OK,
        "A client reads messages or bytes as its options say, whatever the "
        "server's options are.",
        "SetNamedPipeHandleState#parameters") {
  char buffer[16];
  size_t length = 0;

  f->server_options.read_mode = NP_BYTE;
  pair_open(f);
  pipe_send(f, f->server, "one", 3);
  pipe_send(f, f->server, "two", 3);
  assert_np_ok(pipe_receive(f, f->client, buffer, sizeof(buffer), &length));
  assert_int_equal(length, f->client_options.read_mode == NP_MESSAGE ? 3 : 6);
}

NP_CASE("client-options/message-reads-of-bytes", np_client_open, NO_MODE,
        ERROR_INVALID_PARAMETER,
        "Messages cannot be read from a byte pipe. The open fails and leaves "
        "no handle open, so the server sees a client that connected and "
        "closed.",
        "SetNamedPipeHandleState#parameters") {
  server_listen(f);
  f->client_options.read_mode = NP_MESSAGE;
  assert_client_refused(f, ERROR_INVALID_PARAMETER);
  f->client_options.read_mode = (np_mode)2;
  assert_client_refused(f, ERROR_INVALID_PARAMETER);
  connect_begin(&f->ops[0], f->server);
  read_begin(&f->ops[1], f->server, 16);
  assert_ends(&f->ops[0], NP_OK, 0);
  assert_ends(&f->ops[1], ERROR_BROKEN_PIPE, 0);
}

/* --- Security ----------------------------------------------------------- */

NP_CASE("client-options/message-reads-by-network", np_client_open, MESSAGE_TYPE,
        NP_OK,
        "A client that opens a pipe by the network has the read mode of its "
        "options, also if it only reads. Windows opens such an end in the mode "
        "of the pipe's type.",
        "TransactNamedPipe#remarks") {
  char name[WORLD_PIPE_NAME_BYTES_MAX + 16] = "\\\\localhost";
  np_info info = {.size = sizeof(info)};

  memcpy(name + strlen(name), f->name + 3, strlen(f->name) - 2);
  f->server_options.reject_remote_clients = false;
  for (int writes = 0; writes < 2; writes++) {
    server_listen(f);
    f->client_options.write = writes != 0;
    assert_np_ok(np_client_open(f->loop, name, &f->client_options, &f->client));
    assert_np_ok(np_pipe_info(f->client, &info));
    assert_int_equal(info.mode, NP_MESSAGE);
    assert_int_equal(info.read_mode, f->client_options.read_mode);
    pipe_send(f, f->server, "ab", 2);
    pipe_send(f, f->server, "c", 1);
    if (info.read_mode == NP_BYTE) {
      assert_received(f, f->client, "abc", 3);
    } else {
      assert_received(f, f->client, "ab", 2);
    }
    pair_close(f);
  }
}

NP_CASE("client-options/qos-invalid", np_client_open, NO_MODE,
        ERROR_INVALID_PARAMETER,
        "A bit that is no quality of service is refused, and no instance is "
        "used up.",
        "CreateFile#parameters") {
  f->server_options.instances_max = 1;
  server_listen(f);
  f->client_options.security_qos = FILE_FLAG_DELETE_ON_CLOSE;
  assert_client_refused(f, ERROR_INVALID_PARAMETER);
  f->client_options.security_qos = SECURITY_IDENTIFICATION | 1u;
  assert_client_refused(f, ERROR_INVALID_PARAMETER);
  f->client_options.security_qos = SECURITY_IDENTIFICATION;
  client_open_end(f);
}

NP_CASE("client-options/qos-valid", np_client_open, NO_MODE, NP_OK,
        "Each level, with or without tracking and effective-only, is taken.",
        "CreateFile#parameters") {
  static const uint32_t levels[] = {SECURITY_ANONYMOUS, SECURITY_IDENTIFICATION,
                                    SECURITY_IMPERSONATION,
                                    SECURITY_DELEGATION};
  static const uint32_t extras[] = {
      0, SECURITY_CONTEXT_TRACKING, SECURITY_EFFECTIVE_ONLY,
      SECURITY_CONTEXT_TRACKING | SECURITY_EFFECTIVE_ONLY};

  for (unsigned i = 0; i < 16; i++) {
    f->client_options.security_qos = levels[i / 4] | extras[i % 4];
    pair_open(f);
    assert_passes(f, f->client, f->server, "abc", 3);
    pair_close(f);
  }
}

/* level_of returns the level at which the server may impersonate the client
 * after a read; SecurityAnonymous if the token cannot even be opened. */
static SECURITY_IMPERSONATION_LEVEL level_of(np_fixture *f) {
  SECURITY_IMPERSONATION_LEVEL level = SecurityAnonymous;
  HANDLE token = NULL;
  DWORD size = 0;
  BOOL opened;
  BOOL told = FALSE;

  pair_open(f);
  assert_passes(f, f->client, f->server, "abc", 3);
  assert_true(ImpersonateNamedPipeClient(np_pipe_handle(f->server)));
  opened = OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, &token);
  if (opened) {
    told = GetTokenInformation(token, TokenImpersonationLevel, &level,
                               sizeof(level), &size);
    CloseHandle(token);
  }
  assert_true(RevertToSelf());
  assert_int_equal(told, opened);
  return level;
}

NP_CASE(
    "client-options/qos-identification", np_client_open, NO_MODE, NP_OK,
    "By default the server can identify the client, but not act as the client.",
    "Impersonation Levels") {
  assert_int_equal(level_of(f), SecurityIdentification);
}

NP_CASE("client-options/qos-anonymous", np_client_open, NO_MODE, NP_OK,
        "With SECURITY_ANONYMOUS the server finds out nothing.",
        "Impersonation Levels") {
  f->client_options.security_qos = SECURITY_ANONYMOUS;
  assert_int_equal(level_of(f), SecurityAnonymous);
}

NP_CASE("client-options/qos-impersonation", np_client_open, NO_MODE, NP_OK,
        "With SECURITY_IMPERSONATION the server may act for the client.",
        "Impersonation Levels") {
  f->client_options.security_qos = SECURITY_IMPERSONATION;
  assert_int_equal(level_of(f), SecurityImpersonation);
}

static bool is_inheritable(np_pipe *pipe) {
  DWORD flags = 0;

  assert_true(GetHandleInformation(np_pipe_handle(pipe), &flags));
  return (flags & HANDLE_FLAG_INHERIT) != 0;
}

NP_CASE("client-options/inherit", np_client_open, NO_MODE,
        ERROR_INVALID_PARAMETER,
        "The handle of a client is never inherited. A request for it with "
        "bInheritHandle is refused, because operations of a child would send "
        "packets to the loop.",
        "CreateIoCompletionPort#remarks; npipe/client.h") {
  SECURITY_ATTRIBUTES attributes = {sizeof(attributes), NULL, FALSE};
  np_pipe *client = NULL;

  server_listen(f);
  client_open_end(f);
  assert_false(is_inheritable(f->client));
  pair_close(f);

  server_listen(f);
  f->client_options.security_attributes = &attributes;
  client_open_end(f);
  assert_false(is_inheritable(f->client));
  pair_close(f);

  server_listen(f);
  attributes.bInheritHandle = TRUE;
  assert_invalid(np_client_open(f->loop, f->name, &f->client_options, &client));
  assert_null(client);
}
