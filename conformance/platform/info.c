/* The information that a handle gives about its pipe, and the functions that
 * set its modes. */
#include "fixture.h"

#include <string.h>

static struct nt_pipe_local local_of(HANDLE pipe) {
  struct nt_pipe_local local;

  assert_status(nt_query(pipe, NT_FILE_PIPE_LOCAL, &local, sizeof(local)),
                NT_OK);
  return local;
}

static void quotas_set(struct platform *f) {
  f->quota_in = 100;
  f->quota_out = 200;
}

NP_PLATFORM_CASE("platform/info/local", NtQueryInformationFile, ANY_MODE,
                 NO_ERROR,
                 "Both ends tell type, direction, instances, quotas and state "
                 "of the pipe, and which end they are.",
                 "wine ntdll/tests/pipe.c#test_pipe_local_info") {
  HANDLE ends[2];

  quotas_set(f);
  pair_create(f);
  ends[0] = f->client;
  ends[1] = f->server;
  for (ULONG i = 0; i < 2; i++) {
    struct nt_pipe_local local = local_of(ends[i]);
    assert_int_equal(local.type, f->type == PIPE_TYPE_MESSAGE);
    assert_int_equal(local.configuration, 2);
    assert_int_equal(local.instances_max, 1);
    assert_int_equal(local.instances, 1);
    assert_int_equal(local.quota_in, 100);
    assert_int_equal(local.quota_out, 200);
    assert_int_equal(local.read_available, 0);
    assert_int_equal(local.state, NT_STATE_CONNECTED);
    assert_int_equal(local.end, i);
  }
}

NP_PLATFORM_CASE("platform/info/direction", NtQueryInformationFile, NO_MODE,
                 NO_ERROR, "An inbound server reports configuration 0.",
                 "wine ntdll/tests/pipe.c#test_pipe_local_info") {
  HANDLE pipe = instance_open(f, PIPE_ACCESS_INBOUND, PIPE_TYPE_BYTE, 1);

  assert_call(pipe != INVALID_HANDLE_VALUE);
  assert_int_equal(local_of(pipe).configuration, 0);
}

NP_PLATFORM_CASE("platform/info/states", NtQueryInformationFile, NO_MODE,
                 NO_ERROR,
                 "The state goes from listening over connected and closing to "
                 "disconnected and back.",
                 "wine ntdll/tests/pipe.c#test_pipe_local_info") {
  pair_listen(f);
  assert_int_equal(win_state(f->server), NT_STATE_LISTENING);
  pair_connect(f);
  assert_int_equal(win_state(f->server), NT_STATE_CONNECTED);
  win_close(f, &f->client);
  assert_int_equal(win_state(f->server), NT_STATE_CLOSING);
  win_disconnect(f);
  assert_int_equal(win_state(f->server), NT_STATE_DISCONNECTED);
  assert_error(connect_start(io_new(f), f->server), ERROR_IO_PENDING);
  assert_int_equal(win_state(f->server), NT_STATE_LISTENING);
}

NP_PLATFORM_CASE("platform/info/read-available", NtQueryInformationFile,
                 ANY_MODE | BOTH_ENDS, NO_ERROR,
                 "The bytes to read include those of pending writes, and drop "
                 "as they are read.",
                 "wine kernel32/tests/pipe.c#test_blocking_rw") {
  static char data[QUOTA];
  char room[10];

  pair_create(f);
  assert_error(write_start(io_new(f), f->peer, "ab", 2), 0);
  assert_int_equal(local_of(f->end).read_available, 2);
  assert_error(write_start(io_new(f), f->peer, data, QUOTA), ERROR_IO_PENDING);
  assert_int_equal(local_of(f->end).read_available, 2 + QUOTA);
  assert_result(win_read(f, f->end, room, 2), 0, 2);
  assert_int_equal(local_of(f->end).read_available, QUOTA);
  assert_int_equal(local_of(f->peer).read_available, 0);
}

NP_PLATFORM_CASE("platform/info/write-available", NtQueryInformationFile,
                 ANY_MODE, NO_ERROR,
                 "With nothing unread, the free quota is that of the end's own "
                 "direction.",
                 "wine ntdll/tests/pipe.c#test_pipe_local_info") {
  quotas_set(f);
  pair_create(f);
  assert_int_equal(local_of(f->server).write_available, 200);
  assert_int_equal(local_of(f->client).write_available, 100);
}

NP_PLATFORM_CASE("platform/info/write-available-less-unread",
                 NtQueryInformationFile, ANY_MODE | BOTH_ENDS, NO_ERROR,
                 "The free quota drops by what lies unread.",
                 "cygwin select.cc#pipe_data_available; museum R07") {
  pair_create(f);
  assert_error(write_start(io_new(f), f->end, "abc", 3), 0);
  assert_int_equal(local_of(f->end).write_available, QUOTA - 3);
  assert_read(f, f->peer, "abc");
  assert_int_equal(local_of(f->end).write_available, QUOTA);
}

NP_PLATFORM_CASE("platform/info/write-available-less-pending-reads",
                 NtQueryInformationFile, ANY_MODE | BOTH_ENDS, NO_ERROR,
                 "The free quota drops by the size of the peer's pending "
                 "reads, so 0 does not mean that a write would wait.",
                 "cygwin select.cc#pipe_data_available; museum R07") {
  char room[10];

  pair_create(f);
  assert_error(read_start(io_new(f), f->peer, room, 10), ERROR_IO_PENDING);
  assert_int_equal(local_of(f->end).write_available, QUOTA - 10);
}

NP_PLATFORM_CASE("platform/info/server-closed", NtQueryInformationFile, NO_MODE,
                 NO_ERROR,
                 "A client whose server is gone sees the state closing and no "
                 "instances.",
                 "wine ntdll/tests/pipe.c#test_pipe_local_info") {
  pair_create(f);
  win_close(f, &f->server);
  assert_int_equal(local_of(f->client).state, NT_STATE_CLOSING);
  assert_int_equal(local_of(f->client).instances, 0);
}

NP_PLATFORM_CASE("platform/info/named-pipe-info", GetNamedPipeInfo, ANY_MODE,
                 NO_ERROR,
                 "The sizes are told as they were asked for, with the end, the "
                 "type and the limit of instances.",
                 "wine kernel32/tests/pipe.c#test_GetNamedPipeInfo") {
  static const DWORD sizes[] = {0, 1, 4096, 0xF000};

  for (size_t i = 0; i < 4; i++) {
    DWORD flags = 99;
    DWORD out = 99;
    DWORD in = 99;
    DWORD instances_max = 99;
    f->quota_out = sizes[i];
    f->quota_in = sizes[3 - i];
    f->server = instance_create(f, 3);
    f->client = client_connect(f);
    assert_call(GetNamedPipeInfo(f->server, &flags, &out, &in, &instances_max));
    assert_int_equal(flags, PIPE_SERVER_END | f->type);
    assert_int_equal(out, sizes[i]);
    assert_int_equal(in, sizes[3 - i]);
    assert_int_equal(instances_max, 3);
    assert_call(GetNamedPipeInfo(f->client, &flags, NULL, NULL, NULL));
    assert_int_equal(flags, PIPE_CLIENT_END | f->type);
    win_close(f, &f->client);
    win_close(f, &f->server);
  }
}

NP_PLATFORM_CASE("platform/info/instances", GetNamedPipeHandleStateW, NO_MODE,
                 NO_ERROR, "The count of instances goes up and down with them.",
                 "GetNamedPipeHandleStateW#parameters") {
  DWORD instances = 99;
  HANDLE other;

  f->server = instance_create(f, 3);
  other = instance_create(f, 3);
  assert_call(GetNamedPipeHandleStateW(f->server, NULL, &instances, NULL, NULL,
                                       NULL, 0));
  assert_int_equal(instances, 2);
  win_close(f, &other);
  assert_call(GetNamedPipeHandleStateW(f->server, NULL, &instances, NULL, NULL,
                                       NULL, 0));
  assert_int_equal(instances, 1);
}

NP_PLATFORM_CASE("platform/info/collection-of-a-local-pipe",
                 GetNamedPipeHandleStateW, NO_MODE, ERROR_INVALID_PARAMETER,
                 "A local pipe has no collection count or timeout.",
                 "wine kernel32/tests/pipe.c#test_NamedPipeHandleState") {
  DWORD count = 0;

  pair_create(f);
  assert_refused(
      GetNamedPipeHandleStateW(f->client, NULL, NULL, &count, NULL, NULL, 0),
      ERROR_INVALID_PARAMETER);
}

NP_PLATFORM_CASE("platform/info/modes", SetNamedPipeHandleState,
                 MESSAGE_TYPE | BOTH_ENDS, NO_ERROR,
                 "The modes that were set are told by both ways of asking, and "
                 "those of the peer stay.",
                 "wine ntdll/tests/pipe.c#test_filepipeinfo") {
  static const DWORD modes[] = {
      PIPE_READMODE_MESSAGE | PIPE_NOWAIT, PIPE_READMODE_BYTE | PIPE_NOWAIT,
      PIPE_READMODE_MESSAGE | PIPE_WAIT, PIPE_READMODE_BYTE | PIPE_WAIT};

  pair_create(f);
  for (size_t i = 0; i < 4; i++) {
    struct nt_pipe pipe = {99, 99};
    DWORD state = 99;
    assert_error(read_mode_set(f->end, modes[i]), 0);
    assert_status(nt_query(f->end, NT_FILE_PIPE, &pipe, sizeof(pipe)), NT_OK);
    assert_int_equal(pipe.read_mode, (modes[i] & PIPE_READMODE_MESSAGE) != 0);
    assert_int_equal(pipe.completion_mode, (modes[i] & PIPE_NOWAIT) != 0);
    assert_call(
        GetNamedPipeHandleStateW(f->end, &state, NULL, NULL, NULL, NULL, 0));
    assert_int_equal(state, modes[i]);
    assert_call(
        GetNamedPipeHandleStateW(f->peer, &state, NULL, NULL, NULL, NULL, 0));
    assert_int_equal(state, f->read_mode | PIPE_WAIT);
  }
}

NP_PLATFORM_CASE("platform/info/standard", NtQueryInformationFile,
                 ANY_MODE | BOTH_ENDS, NO_ERROR,
                 "The standard information tells both quotas and the bytes to "
                 "read; it never is a directory.",
                 "wine ntdll/tests/pipe.c#test_pipe_with_data_state") {
  struct nt_standard standard;

  quotas_set(f);
  pair_create(f);
  assert_error(write_start(io_new(f), f->peer, "abc", 3), 0);
  assert_status(nt_query(f->end, NT_FILE_STANDARD, &standard, sizeof(standard)),
                NT_OK);
  assert_int_equal(standard.allocation_size.QuadPart, 300);
  assert_int_equal(standard.end_of_file.QuadPart, 3);
  assert_true(standard.delete_pending);
  assert_false(standard.directory);
}

NP_PLATFORM_CASE("platform/info/synchronous-mode", NtQueryInformationFile,
                 NO_MODE, NO_ERROR,
                 "The mode tells whether a handle was opened with "
                 "FILE_FLAG_OVERLAPPED.",
                 "FILE_MODE_INFORMATION#members") {
  enum { SYNCHRONOUS = 0x30 /* ..._IO_ALERT and ..._IO_NONALERT */ };
  ULONG mode = 99;
  HANDLE client;

  pair_listen(f);
  client = client_connect_sync(f);
  assert_status(nt_query(f->server, NT_FILE_MODE, &mode, sizeof(mode)), NT_OK);
  assert_int_equal(mode & SYNCHRONOUS, 0);
  assert_status(nt_query(client, NT_FILE_MODE, &mode, sizeof(mode)), NT_OK);
  assert_int_equal(mode & SYNCHRONOUS, 0x20);
}

NP_PLATFORM_CASE("platform/info/alertable-mode", NtQueryInformationFile,
                 NO_MODE, NO_ERROR,
                 "The mode of a synchronous handle tells whether its waits are "
                 "alertable.",
                 "FILE_MODE_INFORMATION#members") {
  static const ULONG modes[] = {0x10 /* FILE_SYNCHRONOUS_IO_ALERT */,
                                0x20 /* FILE_SYNCHRONOUS_IO_NONALERT */};
  wchar_t path[NAME_CHARS_MAX];

  memcpy(path, f->name, sizeof(path));
  path[1] = L'?'; /* \??\pipe\NAME */
  path[2] = L'?';
  for (unsigned i = 0; i < 2; i++) {
    HANDLE client = NULL;
    ULONG mode = 99;

    pair_listen(f);
    assert_status(
        nt_open(&client, path, FILE_READ_ATTRIBUTES | SYNCHRONIZE, modes[i]),
        NT_OK);
    win_own(f, client);
    assert_status(nt_query(client, NT_FILE_MODE, &mode, sizeof(mode)), NT_OK);
    assert_int_equal(mode & 0x30, modes[i]);
    win_close(f, &client);
    win_close(f, &f->server);
  }
}

/* assert_name checks that the queried name is the pipe's name without \\.\pipe,
 * starting with its backslash. */
static void assert_name(const struct platform *f, HANDLE pipe) {
  struct nt_name name;
  size_t count = 0;

  assert_status(nt_query(pipe, NT_FILE_NAME, &name, sizeof(name)), NT_OK);
  while (f->name[8 + count] != 0) {
    count++;
  }
  assert_int_equal(name.bytes, count * sizeof(wchar_t));
  assert_memory_equal(name.name, f->name + 8, name.bytes);
}

NP_PLATFORM_CASE(
    "platform/info/name", NtQueryInformationFile, NO_MODE, NO_ERROR,
    "Both ends report the name behind \\\\.\\pipe, from its backslash on.",
    "wine ntdll/tests/pipe.c#test_file_info") {
  pair_create(f);
  assert_name(f, f->server);
  assert_name(f, f->client);
}

NP_PLATFORM_CASE("platform/info/name-after-the-server", NtQueryInformationFile,
                 NO_MODE, NO_ERROR,
                 "A client whose server has closed still reports the name.",
                 "wine ntdll/tests/pipe.c#test_file_info") {
  pair_create(f);
  win_close(f, &f->server);
  assert_name(f, f->client);
}

NP_PLATFORM_CASE("platform/info/name-too-short", NtQueryInformationFile,
                 NO_MODE | BOTH_ENDS, STATUS_INFO_LENGTH_MISMATCH,
                 "Less room than for the length and two units is refused, "
                 "whatever the state of the pipe.",
                 "wine ntdll/tests/pipe.c#test_file_info") {
  struct nt_name name;

  pair_create(f);
  for (size_t size = 0; size < 8; size++) {
    assert_status(nt_query(f->end, NT_FILE_NAME, &name, size),
                  NT_INFO_LENGTH_MISMATCH);
  }
  win_disconnect(f);
  assert_status(nt_query(f->end, NT_FILE_NAME, &name, 7),
                NT_INFO_LENGTH_MISMATCH);
}

NP_PLATFORM_CASE("platform/info/name-cut", NtQueryInformationFile,
                 NO_MODE | BOTH_ENDS, STATUS_BUFFER_OVERFLOW,
                 "A name that does not fit is cut, and its whole length is "
                 "returned.",
                 "wine ntdll/tests/pipe.c#test_file_info") {
  struct nt_name name;

  pair_create(f);
  assert_status(nt_query(f->end, NT_FILE_NAME, &name, 8), NT_BUFFER_OVERFLOW);
  assert_true(name.bytes > 4);
  assert_memory_equal(name.name, f->name + 8, 4);
}

static void assert_granted(HANDLE pipe, ULONG expected) {
  ULONG granted = 0;

  assert_status(nt_query(pipe, NT_FILE_ACCESS, &granted, sizeof(granted)),
                NT_OK);
  assert_int_equal(granted, expected);
}

NP_PLATFORM_CASE("platform/info/access-of-a-client", NtQueryInformationFile,
                 NO_MODE, NO_ERROR,
                 "The handle of a client that reads and writes has all rights "
                 "of both, FILE_CREATE_PIPE_INSTANCE among them.",
                 "wine kernel32/tests/pipe.c#test_CreatePipe") {
  pair_create(f);
  assert_granted(f->client, 0x12019F);
}

NP_PLATFORM_CASE("platform/info/access-of-an-anonymous-pipe",
                 NtQueryInformationFile, NO_MODE, NO_ERROR,
                 "The read end of CreatePipe may also set attributes, and the "
                 "write end also read them.",
                 "wine kernel32/tests/pipe.c#test_CreatePipe") {
  HANDLE read = NULL;
  HANDLE write = NULL;

  assert_call(CreatePipe(&read, &write, NULL, 0));
  win_own(f, read);
  win_own(f, write);
  assert_granted(read, 0x120189);
  assert_granted(write, 0x120196);
}

NP_PLATFORM_CASE("platform/info/no-file", NtQueryInformationFile, NO_MODE,
                 STATUS_OBJECT_TYPE_MISMATCH,
                 "INVALID_HANDLE_VALUE is the current process, which is no "
                 "file; NULL is no handle.",
                 "wine ntdll/tests/pipe.c#test_filepipeinfo") {
  struct nt_pipe modes;

  (void)f;
  assert_status(
      nt_query(INVALID_HANDLE_VALUE, NT_FILE_PIPE, &modes, sizeof(modes)),
      NT_OBJECT_TYPE_MISMATCH);
  assert_status(nt_query(NULL, NT_FILE_PIPE, &modes, sizeof(modes)),
                NT_INVALID_HANDLE);
}
