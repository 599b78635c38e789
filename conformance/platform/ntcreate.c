/* NtCreateNamedPipeFile: the arguments that CreateNamedPipeW cannot pass. */
#include "fixture.h"

#define ACCESS (GENERIC_READ | GENERIC_WRITE | SYNCHRONIZE)
#define SHARE  (FILE_SHARE_READ | FILE_SHARE_WRITE)

/* Dispositions. Some versions of winternl.h lack these constants. */
enum {
  OPEN = 1,
  CREATE = 2,
  OPEN_OR_CREATE = 3,
  OVERWRITE = 4,
  OVERWRITE_OR_CREATE = 5
};

NP_PLATFORM_CASE("platform/ntcreate/create-of-an-existing-pipe",
                 NtCreateNamedPipeFile, NO_MODE, STATUS_ACCESS_DENIED,
                 "FILE_CREATE makes a first instance only; FILE_OPEN_IF a "
                 "further one.",
                 "wine ntdll/tests/pipe.c#test_create_invalid") {
  HANDLE pipe;

  assert_status(nt_create(&pipe, f->name, ACCESS, SHARE, CREATE), NT_OK);
  win_own(f, pipe);
  assert_status(nt_create(&pipe, f->name, ACCESS, SHARE, OPEN_OR_CREATE),
                NT_OK);
  win_own(f, pipe);
  assert_status(nt_create(&pipe, f->name, ACCESS, SHARE, CREATE),
                NT_ACCESS_DENIED);
}

NP_PLATFORM_CASE("platform/ntcreate/open-of-a-missing-pipe",
                 NtCreateNamedPipeFile, NO_MODE, STATUS_OBJECT_NAME_NOT_FOUND,
                 "FILE_OPEN makes a further instance only.",
                 "wine ntdll/tests/om.c#test_name_collisions") {
  HANDLE pipe;

  assert_status(nt_create(&pipe, f->name, ACCESS, SHARE, OPEN),
                NT_OBJECT_NAME_NOT_FOUND);
}

NP_PLATFORM_CASE("platform/ntcreate/without-sharing", NtCreateNamedPipeFile,
                 NO_MODE, STATUS_INVALID_PARAMETER,
                 "A share mode of 0 has no direction, so it is refused.",
                 "wine ntdll/tests/pipe.c#test_create_invalid") {
  HANDLE pipe;

  assert_status(nt_create(&pipe, f->name, ACCESS, 0, CREATE),
                NT_INVALID_PARAMETER);
}

NP_PLATFORM_CASE("platform/ntcreate/overwrite", NtCreateNamedPipeFile, NO_MODE,
                 STATUS_INVALID_PARAMETER, "A pipe cannot be overwritten.",
                 "wine ntdll/tests/pipe.c#test_create_invalid") {
  HANDLE pipe;

  assert_status(nt_create(&pipe, f->name, ACCESS, SHARE, OVERWRITE),
                NT_INVALID_PARAMETER);
  assert_status(nt_create(&pipe, f->name, ACCESS, SHARE, OVERWRITE_OR_CREATE),
                NT_INVALID_PARAMETER);
}

NP_PLATFORM_CASE("platform/ntcreate/without-access", NtCreateNamedPipeFile,
                 NO_MODE, STATUS_ACCESS_DENIED,
                 "An instance without any access is refused.",
                 "wine ntdll/tests/om.c#test_zero_access") {
  HANDLE pipe;

  assert_status(nt_create(&pipe, f->name, 0, SHARE, CREATE), NT_ACCESS_DENIED);
}

NP_PLATFORM_CASE("platform/ntcreate/name-guard", NtCreateNamedPipeFile, NO_MODE,
                 STATUS_PIPE_NOT_AVAILABLE,
                 "A server handle without data access starts disconnected: it "
                 "keeps the name, and no client gets it.",
                 "wine ntdll/tests/pipe.c#test_overlapped; go-winio#"
                 "makeServerPipeHandle") {
  HANDLE pipe;

  assert_status(nt_create(&pipe, f->name, SYNCHRONIZE | FILE_READ_ATTRIBUTES,
                          SHARE, CREATE),
                NT_OK);
  win_own(f, pipe);
  assert_int_equal(win_state(pipe), NT_STATE_DISCONNECTED);
  assert_not_opened(client_open(f, GENERIC_READ, 0), ERROR_PIPE_BUSY);
}

NP_PLATFORM_CASE("platform/ntcreate/serves", NtCreateNamedPipeFile, NO_MODE,
                 NO_ERROR,
                 "An instance created with NtCreateNamedPipeFile works like "
                 "any other: overlapped, and without a limit of instances.",
                 "wine ntdll/tests/pipe.c#test_create") {
  struct nt_pipe_local local;

  assert_status(nt_create(&f->server, f->name, ACCESS, SHARE, CREATE), NT_OK);
  win_own(f, f->server);
  assert_status(nt_query(f->server, NT_FILE_PIPE_LOCAL, &local, sizeof(local)),
                NT_OK);
  assert_int_equal(local.instances_max, 0xFFFFFFFF);
  assert_int_equal(local.configuration, 2);
  pair_connect(f);
  assert_result(win_write(f, f->client, "ab", 2), 0, 2);
  assert_read(f, f->server, "ab");
}

NP_PLATFORM_CASE("platform/ntcreate/without-attributes", NtCreateNamedPipeFile,
                 NO_MODE, STATUS_INVALID_PARAMETER,
                 "Without attributes, or with attributes of a wrong length, no "
                 "pipe is made, and the handle becomes NULL.",
                 "wine ntdll/tests/pipe.c#test_create") {
  OBJECT_ATTRIBUTES attributes;
  IO_STATUS_BLOCK io = {0};
  LARGE_INTEGER timeout;

  (void)f;
  timeout.QuadPart = -500000;
  InitializeObjectAttributes(&attributes, NULL, 0, NULL, NULL);
  attributes.Length = 0;
  for (unsigned i = 0; i < 2; i++) {
    HANDLE pipe = INVALID_HANDLE_VALUE;

    assert_status(
        NtCreateNamedPipeFile(&pipe, ACCESS, i == 0 ? NULL : &attributes, &io,
                              SHARE, CREATE, 0, 0, 0, 0, 1, 0, 0, &timeout),
        NT_INVALID_PARAMETER);
    assert_null(pipe);
  }
}
