/* CreateFileW on a pipe's name: which opens succeed, the order of the checks,
 * and the rights of the handle. */
#include "fixture.h"

#define BOTH (GENERIC_READ | GENERIC_WRITE)

/* direction_create creates a server of one direction, the only instance. */
static HANDLE direction_create(struct platform *f, DWORD direction) {
  HANDLE pipe = instance_open(f, direction, PIPE_TYPE_BYTE, 1);

  assert_call(pipe != INVALID_HANDLE_VALUE);
  return pipe;
}

NP_PLATFORM_CASE("platform/open/no-such-pipe", CreateFileW, NO_MODE,
                 ERROR_FILE_NOT_FOUND, "A name without a server is not found.",
                 "wine kernel32/tests/pipe.c#test_CreateNamedPipe") {
  assert_not_opened(client_open(f, BOTH, 0), ERROR_FILE_NOT_FOUND);
}

NP_PLATFORM_CASE("platform/open/all-taken", CreateFileW, ANY_MODE,
                 ERROR_PIPE_BUSY,
                 "A pipe whose instances all have a client is busy.",
                 "wine kernel32/tests/pipe.c#test_CreateNamedPipe") {
  pair_create(f);
  assert_not_opened(client_open(f, BOTH, 0), ERROR_PIPE_BUSY);
}

NP_PLATFORM_CASE("platform/open/busy-while-closing", CreateFileW, NO_MODE,
                 ERROR_PIPE_BUSY,
                 "An instance whose client left stays taken until the server "
                 "disconnects it.",
                 "wine kernel32/tests/pipe.c#test_CreateNamedPipe") {
  pair_create(f);
  peer_close(f);
  assert_not_opened(client_open(f, BOTH, 0), ERROR_PIPE_BUSY);
}

NP_PLATFORM_CASE("platform/open/inbound", CreateFileW, NO_MODE,
                 ERROR_ACCESS_DENIED,
                 "A client of an inbound server may ask only for write "
                 "access.",
                 "wine kernel32/tests/pipe.c#test_CreateNamedPipe") {
  direction_create(f, PIPE_ACCESS_INBOUND);
  assert_not_opened(client_open(f, GENERIC_READ, 0), ERROR_ACCESS_DENIED);
  assert_not_opened(client_open(f, BOTH, 0), ERROR_ACCESS_DENIED);
  assert_call(client_open(f, GENERIC_WRITE, 0) != INVALID_HANDLE_VALUE);
}

NP_PLATFORM_CASE("platform/open/outbound", CreateFileW, NO_MODE,
                 ERROR_ACCESS_DENIED,
                 "A client of an outbound server may ask only for read "
                 "access.",
                 "wine kernel32/tests/pipe.c#test_CreateNamedPipe") {
  direction_create(f, PIPE_ACCESS_OUTBOUND);
  assert_not_opened(client_open(f, GENERIC_WRITE, 0), ERROR_ACCESS_DENIED);
  assert_not_opened(client_open(f, BOTH, 0), ERROR_ACCESS_DENIED);
  assert_call(client_open(f, GENERIC_READ, 0) != INVALID_HANDLE_VALUE);
}

NP_PLATFORM_CASE("platform/open/direction-by-data-rights", CreateFileW, NO_MODE,
                 ERROR_ACCESS_DENIED,
                 "The direction is checked against the data rights, however "
                 "they are asked for.",
                 "reactos npfs#NpCreateClientEnd") {
  HANDLE server = direction_create(f, PIPE_ACCESS_OUTBOUND);

  assert_not_opened(client_open(f, FILE_WRITE_DATA, 0), ERROR_ACCESS_DENIED);
  win_close(f, &server);
  direction_create(f, PIPE_ACCESS_INBOUND);
  assert_not_opened(client_open(f, FILE_READ_DATA, 0), ERROR_ACCESS_DENIED);
}

NP_PLATFORM_CASE("platform/open/direction-before-busy", CreateFileW, NO_MODE,
                 ERROR_ACCESS_DENIED,
                 "A wrong direction shows even when all instances are taken.",
                 "reactos npfs#NpCreateClientEnd") {
  direction_create(f, PIPE_ACCESS_OUTBOUND);
  assert_call(client_open(f, GENERIC_READ, 0) != INVALID_HANDLE_VALUE);
  assert_not_opened(client_open(f, GENERIC_READ, 0), ERROR_PIPE_BUSY);
  assert_not_opened(client_open(f, GENERIC_WRITE, 0), ERROR_ACCESS_DENIED);
}

NP_PLATFORM_CASE("platform/open/without-access", CreateFileW, NO_MODE, NO_ERROR,
                 "An open without any access gets SYNCHRONIZE and "
                 "FILE_READ_ATTRIBUTES, and uses up an instance.",
                 "wine kernel32/tests/pipe.c#test_CreateNamedPipe") {
  ULONG rights = 0;
  HANDLE client;

  pair_listen(f);
  client = client_open(f, 0, 0);
  assert_call(client != INVALID_HANDLE_VALUE);
  assert_status(nt_query(client, NT_FILE_ACCESS, &rights, sizeof(rights)),
                NT_OK);
  assert_int_equal(rights, SYNCHRONIZE | FILE_READ_ATTRIBUTES);
  assert_int_equal(win_state(f->server), NT_STATE_CONNECTED);
  assert_not_opened(client_open(f, BOTH, 0), ERROR_PIPE_BUSY);
}

NP_PLATFORM_CASE("platform/open/name-case", CreateFileW, NO_MODE, NO_ERROR,
                 "A client may write the name in other case.",
                 "wine ntdll/tests/om.c#test_namespace_pipe") {
  pair_listen(f);
  for (size_t i = 4; f->name[i] != 0; i++) {
    if (f->name[i] >= L'a' && f->name[i] <= L'z') {
      f->name[i] = (wchar_t)(f->name[i] - L'a' + L'A');
    }
  }
  client_connect(f);
}

NP_PLATFORM_CASE("platform/open/starts-in-byte-reads", CreateFileW,
                 MODE_MESSAGE | MODE_MESSAGE_BYTE, NO_ERROR,
                 "A client begins with byte reads that wait, whatever the "
                 "server chose.",
                 "TransactNamedPipe#remarks") {
  HANDLE client;
  DWORD state = 99;
  struct nt_pipe pipe = {99, 99};

  pair_listen(f);
  client = client_open(f, BOTH, 0);
  assert_call(client != INVALID_HANDLE_VALUE);
  assert_call(
      GetNamedPipeHandleStateW(client, &state, NULL, NULL, NULL, NULL, 0));
  assert_int_equal(state, PIPE_READMODE_BYTE | PIPE_WAIT);
  assert_status(nt_query(client, NT_FILE_PIPE, &pipe, sizeof(pipe)), NT_OK);
  assert_int_equal(pipe.read_mode, 0);
  assert_int_equal(pipe.completion_mode, 0);
}

NP_PLATFORM_CASE("platform/open/reader-cannot-set-modes",
                 SetNamedPipeHandleState, MESSAGE_TYPE, ERROR_ACCESS_DENIED,
                 "A client that asked GENERIC_READ alone lacks "
                 "FILE_WRITE_ATTRIBUTES, which a change of the mode needs.",
                 "SetNamedPipeHandleState#parameters") {
  HANDLE client;

  pair_listen(f);
  client = client_open(f, GENERIC_READ, 0);
  assert_call(client != INVALID_HANDLE_VALUE);
  assert_error(read_mode_set(client, PIPE_READMODE_MESSAGE),
               ERROR_ACCESS_DENIED);
}

NP_PLATFORM_CASE("platform/open/reader-of-messages", SetNamedPipeHandleState,
                 MESSAGE_TYPE, NO_ERROR,
                 "A client that asked GENERIC_READ and FILE_WRITE_ATTRIBUTES "
                 "can read messages.",
                 "SetNamedPipeHandleState#parameters") {
  HANDLE client;
  char byte;

  pair_listen(f);
  client = client_open(f, GENERIC_READ | FILE_WRITE_ATTRIBUTES,
                       FILE_FLAG_OVERLAPPED);
  assert_call(client != INVALID_HANDLE_VALUE);
  assert_error(read_mode_set(client, PIPE_READMODE_MESSAGE), 0);
  assert_result(win_write(f, f->server, "ab", 2), 0, 2);
  assert_result(win_read(f, client, &byte, 1), ERROR_MORE_DATA, 1);
}

NP_PLATFORM_CASE("platform/open/share-mode", CreateFileW, NO_MODE, NO_ERROR,
                 "A share mode of 0 does not keep other clients away.",
                 "reactos npfs#NpFsdCreate") {
  instance_create(f, 2);
  instance_create(f, 2);
  client_connect(f);
  client_connect(f);
}

NP_PLATFORM_CASE("platform/open/first-listener-first", CreateFileW, NO_MODE,
                 NO_ERROR,
                 "Clients get the instances in the order in which these began "
                 "to listen, whether or not a connect is pending.",
                 "wine kernel32/tests/pipe.c#test_multiple_instances") {
  HANDLE servers[3];
  HANDLE clients[3];

  for (size_t i = 0; i < 3; i++) {
    servers[i] = instance_create(f, 3);
  }
  /* A connect on the last instance does not move it before the others. */
  assert_error(connect_start(io_new(f), servers[2]), ERROR_IO_PENDING);
  for (size_t i = 0; i < 3; i++) {
    clients[i] = client_connect(f);
    assert_int_equal(win_state(servers[i]), NT_STATE_CONNECTED);
    if (i < 2) {
      assert_int_equal(win_state(servers[i + 1]), NT_STATE_LISTENING);
    }
  }

  /* An instance that listens again goes to the end of the queue. */
  for (size_t i = 0; i < 3; i++) {
    size_t order[] = {1, 0, 2};
    assert_call(DisconnectNamedPipe(servers[order[i]]));
    win_close(f, &clients[order[i]]);
    assert_error(connect_start(io_new(f), servers[order[i]]), ERROR_IO_PENDING);
  }
  client_connect(f);
  assert_int_equal(win_state(servers[1]), NT_STATE_CONNECTED);
  client_connect(f);
  assert_int_equal(win_state(servers[0]), NT_STATE_CONNECTED);
  assert_int_equal(win_state(servers[2]), NT_STATE_LISTENING);
}
