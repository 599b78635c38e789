/* np_pipe_adopt with handles that the caller has opened. */
#include "library/ready/ready_common.h"

/* adopt adopts `handle`, a raw handle of the fixture. The pipe then owns the
 * handle. */
static np_pipe *adopt(np_fixture *f, HANDLE handle) {
  np_pipe *pipe = NULL;

  assert_np_ok(np_pipe_adopt(f->loop, handle, &pipe));
  raw_release(f, handle);
  return pipe_own(f, pipe);
}

static void adopt_refused(np_fixture *f, HANDLE handle, np_error expected) {
  np_pipe *pipe = NULL;

  assert_np_error(np_pipe_adopt(f->loop, handle, &pipe), expected);
  assert_null(pipe);
}

static np_info info_of(np_pipe *pipe) {
  np_info info;

  memset(&info, 0, sizeof(info));
  info.size = sizeof(info);
  assert_np_ok(np_pipe_info(pipe, &info));
  return info;
}

static HANDLE raw_server_with(np_fixture *f, DWORD open_mode) {
  wchar_t name[WORLD_PIPE_NAME_BYTES_MAX];

  raw_name(f, name);
  return raw_own(f, CreateNamedPipeW(name, open_mode, PIPE_TYPE_BYTE, 1, 4096,
                                     4096, 0, NULL));
}

NP_CASE("adopt/server-listening", np_pipe_adopt, ANY_MODE, NP_OK,
        "An instance that listens is adopted as a server: it is connected, "
        "reads and writes.",
        "CreateIoCompletionPort#remarks") {
  np_pipe *server;

  server = adopt(f, raw_server(f));
  assert_int_equal(info_of(server).end, NP_SERVER);
  assert_int_equal(info_of(server).state, NP_LISTENING);
  connect_begin(&f->ops[0], server);
  loop_quiet(f);
  client_open_end(f);
  assert_next(&f->ops[0], NP_OK, 0);
  assert_passes(f, f->client, server, "ping", 4);
  assert_passes(f, server, f->client, "pong", 4);
}

NP_CASE("adopt/server-connected", np_pipe_adopt, ANY_MODE, NP_OK,
        "An adopted instance that already has its client reads the waiting "
        "data, and its connect reports the client once.",
        "CreateIoCompletionPort#remarks") {
  HANDLE handle = raw_server(f);
  np_pipe *server;

  client_open_end(f);
  pipe_send(f, f->client, "before", 6);
  server = adopt(f, handle);
  assert_int_equal(info_of(server).state, NP_CONNECTED);
  assert_connects(&f->ops[0], server, NP_OK, 0);
  assert_received(f, server, "before", 6);
}

NP_CASE("adopt/server-disconnected", np_pipe_adopt, ANY_MODE, NP_OK,
        "A disconnected instance is adopted too, and listens again by connect.",
        "DisconnectNamedPipe#remarks") {
  HANDLE handle = raw_server(f);
  np_pipe *server;

  raw_close(f, raw_client(f, GENERIC_READ | GENERIC_WRITE));
  assert_true(DisconnectNamedPipe(handle));
  server = adopt(f, handle);
  assert_int_equal(info_of(server).state, NP_DISCONNECTED);
  connect_begin(&f->ops[0], server);
  loop_quiet(f);
  client_open_end(f);
  assert_next(&f->ops[0], NP_OK, 0);
}

NP_CASE("adopt/client", np_pipe_adopt, ANY_MODE, NP_OK,
        "A client's handle is adopted as a client, with the type of the pipe "
        "and the read mode that the handle has.",
        "CreateIoCompletionPort#remarks") {
  np_pipe *client;
  np_info info;

  server_listen(f);
  client = adopt(f, raw_client(f, GENERIC_READ | GENERIC_WRITE));
  info = info_of(client);
  assert_int_equal(info.end, NP_CLIENT);
  assert_int_equal(info.mode, f->server_options.mode);
  assert_int_equal(info.read_mode, f->client_options.read_mode);
  assert_passes(f, f->server, client, "abc", 3);
  assert_invalid(np_server_connect(client, &f->op, on_never));
}

NP_CASE("adopt/close", np_pipe_adopt, BOTH_ENDS, NP_OK,
        "The handle is the pipe's: closing the pipe closes it, and the peer "
        "sees that.",
        "npipe/pipe.h") {
  np_pipe *adopted;

  pair_open_raw(f);
  read_pend(f, &f->ops[0], f->end, 16);
  adopted = adopt(f, f->raw);
  pipe_close_wait(f, adopted);
  assert_next(&f->ops[0], ERROR_BROKEN_PIPE, 0);
}

NP_CASE("adopt/null", np_pipe_adopt, NO_MODE, ERROR_INVALID_PARAMETER,
        "Without a loop, or nowhere to put the pipe, nothing is adopted.",
        "npipe/pipe.h") {
  HANDLE handle = raw_server(f);
  np_pipe *pipe = NULL;

  assert_invalid(np_pipe_adopt(NULL, handle, &pipe));
  assert_invalid(np_pipe_adopt(f->loop, handle, NULL));
  assert_null(pipe);
  adopt(f, handle);
}

NP_CASE("adopt/synchronous", np_pipe_adopt, NO_MODE, ERROR_INVALID_PARAMETER,
        "A handle that was not opened for overlapped I/O is refused, and stays "
        "the caller's.",
        "CreateIoCompletionPort#parameters") {
  DWORD flags = 0;
  HANDLE handle = raw_server_with(f, PIPE_ACCESS_DUPLEX);

  adopt_refused(f, handle, ERROR_INVALID_PARAMETER);
  assert_true(GetNamedPipeInfo(handle, &flags, NULL, NULL, NULL));
}

NP_CASE("adopt/other-port", np_pipe_adopt, NO_MODE, ERROR_INVALID_PARAMETER,
        "A handle is bound to one port for its life: a handle that is bound "
        "already is refused and stays the caller's.",
        "CreateIoCompletionPort#remarks") {
  DWORD flags = 0;
  HANDLE handle = raw_server(f);
  HANDLE port = raw_own(f, CreateIoCompletionPort(handle, NULL, 1, 1));

  (void)port;
  adopt_refused(f, handle, ERROR_INVALID_PARAMETER);
  assert_true(GetNamedPipeInfo(handle, &flags, NULL, NULL, NULL));
}

NP_CASE("adopt/no-handle", np_pipe_adopt, NO_MODE, ERROR_INVALID_HANDLE,
        "An invalid handle is refused.", "npipe/pipe.h") {
  adopt_refused(f, NULL, ERROR_INVALID_HANDLE);
  adopt_refused(f, INVALID_HANDLE_VALUE, ERROR_INVALID_HANDLE);
}

NP_CASE("adopt/no-pipe", np_pipe_adopt, NO_MODE, ERROR_INVALID_HANDLE,
        "The handle of an event, or of a completion port, is not that of a "
        "pipe.",
        "GetFileType") {
  adopt_refused(f, raw_own(f, CreateEventW(NULL, TRUE, FALSE, NULL)),
                ERROR_INVALID_HANDLE);
  adopt_refused(
      f, raw_own(f, CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1)),
      ERROR_INVALID_HANDLE);
}

NP_CASE("adopt/no-right-to-ask-server", np_pipe_adopt, NO_MODE,
        ERROR_ACCESS_DENIED,
        "An outbound server's handle lacks FILE_READ_ATTRIBUTES and is "
        "refused.",
        "CreateNamedPipe#parameters") {
  adopt_refused(f,
                raw_server_with(f, PIPE_ACCESS_OUTBOUND | FILE_FLAG_OVERLAPPED),
                ERROR_ACCESS_DENIED);
}

NP_CASE("adopt/write-only-client", np_pipe_adopt, ANY_MODE, NP_OK,
        "A client's handle opened for writing alone is adopted: CreateFile "
        "always adds the right to ask.",
        "CreateFile#remarks") {
  np_pipe *client;

  f->client_options.read_mode = NP_BYTE;
  server_listen(f);
  client = adopt(f, raw_client(f, GENERIC_WRITE));
  assert_int_equal(info_of(client).end, NP_CLIENT);
  assert_passes(f, client, f->server, "abc", 3);
}

NP_CASE("adopt/nowait", np_pipe_adopt, NO_MODE, ERROR_NOT_SUPPORTED,
        "A handle in PIPE_NOWAIT mode is refused, and adopted once it is in "
        "PIPE_WAIT.",
        "SetNamedPipeHandleState#parameters") {
  HANDLE handle = raw_server(f);
  DWORD mode = PIPE_NOWAIT;

  assert_true(SetNamedPipeHandleState(handle, &mode, NULL, NULL));
  adopt_refused(f, handle, ERROR_NOT_SUPPORTED);
  mode = PIPE_WAIT;
  assert_true(SetNamedPipeHandleState(handle, &mode, NULL, NULL));
  adopt(f, handle);
}

NP_CASE("adopt/disconnected-client", np_pipe_adopt, ANY_MODE,
        ERROR_PIPE_NOT_CONNECTED,
        "A client whose server disconnected it is refused, and stays the "
        "caller's.",
        "DisconnectNamedPipe#remarks") {
  server_listen(f);
  f->raw = raw_client(f, GENERIC_READ | GENERIC_WRITE);
  assert_np_ok(np_server_disconnect(f->server));
  adopt_refused(f, f->raw, ERROR_PIPE_NOT_CONNECTED);
}

NP_CASE("adopt/no-memory", np_pipe_adopt, NO_MODE, ERROR_NOT_ENOUGH_MEMORY,
        "Without memory the handle stays the caller's and unchanged: it is "
        "adopted by the next call.",
        "npipe/pipe.h") {
  HANDLE handle = raw_server(f);

  f->allocator.fail_at = f->allocator.total + 1;
  adopt_refused(f, handle, ERROR_NOT_ENOUGH_MEMORY);
  adopt(f, handle);
}

NP_CASE("adopt/writes-as-it-is", np_pipe_adopt, ANY_MODE | BOTH_ENDS, NP_OK,
        "An adopted end knows its type: a try to write takes a message whole, "
        "of bytes what its buffer holds.",
        "npipe/ready.h") {
  const bool is_server = (f->variant & END_SERVER) != 0;
  const size_t taken = (f->variant & MESSAGE_TYPE) != 0 ? 100 : 16;
  np_pipe *end;

  if (is_server) {
    end = adopt(f, raw_server(f));
    client_open_end(f);
  } else {
    server_listen(f);
    end = adopt(f, raw_client(f, GENERIC_READ | GENERIC_WRITE));
  }
  ready_set(end, 65536, 16);
  assert_try_write(end, ready_pattern(), 100, NP_OK, taken);
  assert_received(f, is_server ? f->client : f->server, ready_pattern(), taken);
}
