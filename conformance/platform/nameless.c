/* Pipes without a name: created below the root of all pipes with an empty name,
 * and opened below the server end with an empty name. */
#include "fixture.h"

#define ACCESS (GENERIC_READ | GENERIC_WRITE | SYNCHRONIZE)

static void attributes_init(OBJECT_ATTRIBUTES *attributes, UNICODE_STRING *name,
                            HANDLE root) {
  RtlInitUnicodeString(name, NULL);
  InitializeObjectAttributes(attributes, name, 0, root, NULL);
}

/* nameless_create creates f->server below `root`. */
static DWORD nameless_create(struct platform *f, HANDLE root,
                             ULONG disposition) {
  OBJECT_ATTRIBUTES attributes;
  UNICODE_STRING name;
  IO_STATUS_BLOCK io;
  LARGE_INTEGER timeout;

  timeout.QuadPart = -500000;
  attributes_init(&attributes, &name, root);
  return (DWORD)NtCreateNamedPipeFile(
      &f->server, ACCESS, &attributes, &io, FILE_SHARE_READ | FILE_SHARE_WRITE,
      disposition, 0, 0, 0, 0, 1, QUOTA, QUOTA, &timeout);
}

/* nameless_open opens the other end of f->server. */
static DWORD nameless_open(struct platform *f, HANDLE *client) {
  OBJECT_ATTRIBUTES attributes;
  UNICODE_STRING name;
  IO_STATUS_BLOCK io;

  attributes_init(&attributes, &name, f->server);
  return (DWORD)NtOpenFile(client, ACCESS, &attributes, &io,
                           FILE_SHARE_READ | FILE_SHARE_WRITE, 0);
}

static HANDLE root_open(struct platform *f) {
  HANDLE root;

  assert_status(nt_open_root(&root, L"\\??\\PIPE\\"), NT_OK);
  return win_own(f, root);
}

static void nameless_pair(struct platform *f) {
  assert_status(nameless_create(f, root_open(f), 2), NT_OK);
  win_own(f, f->server);
  assert_status(nameless_open(f, &f->client), NT_OK);
  win_own(f, f->client);
}

NP_PLATFORM_CASE("platform/nameless/pair", NtCreateNamedPipeFile, NO_MODE,
                 STATUS_SUCCESS,
                 "A pipe is created with an empty name below the root, and "
                 "opened with an empty name below its server end. It works "
                 "like any other.",
                 "wine ntdll/tests/pipe.c#test_empty_name") {
  char room[4];

  nameless_pair(f);
  assert_result(win_write(f, f->client, "ab", 2), 0, 2);
  assert_read(f, f->server, "ab");
  assert_result(win_write(f, f->server, "cd", 2), 0, 2);
  assert_read(f, f->client, "cd");
  win_close(f, &f->server);
  assert_result(win_read(f, f->client, room, sizeof(room)), ERROR_BROKEN_PIPE,
                0);
}

NP_PLATFORM_CASE("platform/nameless/taken", NtOpenFile, NO_MODE,
                 STATUS_PIPE_NOT_AVAILABLE, "The other end can be opened once.",
                 "wine ntdll/tests/pipe.c#test_empty_name") {
  HANDLE other;

  nameless_pair(f);
  assert_status(nameless_open(f, &other), NT_PIPE_NOT_AVAILABLE);
}

NP_PLATFORM_CASE("platform/nameless/several", NtCreateNamedPipeFile, NO_MODE,
                 STATUS_SUCCESS, "Each create makes a pipe of its own.",
                 "wine ntdll/tests/pipe.c#test_empty_name") {
  HANDLE first;

  nameless_pair(f);
  first = f->client;
  nameless_pair(f);
  assert_result(win_write(f, first, "ab", 2), 0, 2);
  assert_int_equal(peek_bytes(f->server), 0);
}

NP_PLATFORM_CASE("platform/nameless/device", NtCreateNamedPipeFile, NO_MODE,
                 STATUS_OBJECT_NAME_INVALID,
                 "The device without the backslash is no root.",
                 "wine ntdll/tests/pipe.c#test_empty_name") {
  HANDLE device;

  assert_status(nt_open_root(&device, L"\\Device\\NamedPipe"), NT_OK);
  win_own(f, device);
  assert_status(nameless_create(f, device, 2), NT_OBJECT_NAME_INVALID);
}
