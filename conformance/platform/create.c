/* CreateNamedPipeW: arguments, more instances, and the order of checks. */
#include "fixture.h"

#define DUPLEX (PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED)
#define FIRST  FILE_FLAG_FIRST_PIPE_INSTANCE

/* named_open creates a server with a name chosen by the case. */
static HANDLE named_open(const wchar_t *name) {
  return CreateNamedPipeW(name, DUPLEX, PIPE_TYPE_BYTE, 1, 0, 0, 0, NULL);
}

/* name_extend appends `suffix` to the fixture's name. */
static void name_extend(struct platform *f, const wchar_t *suffix) {
  size_t at = 0;

  while (f->name[at] != 0) {
    at++;
  }
  while (*suffix != 0) {
    f->name[at++] = *suffix++;
    assert_true(at < NAME_CHARS_MAX);
  }
  f->name[at] = 0;
}

/* name_raise turns the name's letters behind the prefix into capitals. */
static void name_raise(struct platform *f) {
  for (size_t i = 9; f->name[i] != 0; i++) {
    if (f->name[i] >= L'a' && f->name[i] <= L'z') {
      f->name[i] = (wchar_t)(f->name[i] - L'a' + L'A');
    }
  }
}

NP_PLATFORM_CASE("platform/create/name-null", CreateNamedPipeW, NO_MODE,
                 ERROR_PATH_NOT_FOUND, "A server without a name is refused.",
                 "wine kernel32/tests/pipe.c#test_CreateNamedPipe") {
  (void)f;
  assert_not_opened(named_open(NULL), ERROR_PATH_NOT_FOUND);
}

NP_PLATFORM_CASE("platform/create/name-without-prefix", CreateNamedPipeW,
                 NO_MODE, ERROR_INVALID_NAME,
                 "A name that does not begin with \\\\.\\pipe\\ is refused.",
                 "wine kernel32/tests/pipe.c#test_CreateNamedPipe") {
  (void)f;
  assert_not_opened(named_open(L"not a pipe"), ERROR_INVALID_NAME);
}

NP_PLATFORM_CASE("platform/create/name-empty", CreateNamedPipeW, NO_MODE,
                 ERROR_INVALID_NAME,
                 "The prefix alone is no name (OBJECT_NAME_INVALID).",
                 "wine ntdll/tests/pipe.c#test_pipe_names") {
  (void)f;
  assert_not_opened(named_open(L"\\\\.\\pipe\\"), ERROR_INVALID_NAME);
}

NP_PLATFORM_CASE("platform/create/name-case", CreateNamedPipeW, NO_MODE,
                 ERROR_PIPE_BUSY,
                 "Names that differ in case only name the same pipe.",
                 "wine ntdll/tests/om.c#test_namespace_pipe") {
  instance_create(f, 1);
  name_raise(f);
  assert_not_opened(instance_open(f, DUPLEX, f->type, 1), ERROR_PIPE_BUSY);
}

NP_PLATFORM_CASE("platform/create/name-backslash", CreateNamedPipeW, NO_MODE,
                 NO_ERROR, "A backslash inside a name is literal.",
                 "wine ntdll/tests/pipe.c#test_pipe_names") {
  instance_create(f, 1);
  name_extend(f, L"\\b");
  instance_create(f, 1);
  client_connect(f);
}

NP_PLATFORM_CASE("platform/create/name-odd-characters", CreateNamedPipeW,
                 NO_MODE, NO_ERROR,
                 "Characters that a file name may not have are fine in a "
                 "pipe's.",
                 "wine kernel32/tests/pipe.c#test_CreateNamedPipe") {
  name_extend(f, L"<>*?|\"");
  instance_create(f, 1);
  client_connect(f);
}

NP_PLATFORM_CASE("platform/create/no-access", CreateNamedPipeW, NO_MODE,
                 ERROR_INVALID_PARAMETER,
                 "An open mode without a direction is refused.",
                 "CreateNamedPipeW#parameters") {
  assert_not_opened(instance_open(f, FILE_FLAG_OVERLAPPED, PIPE_TYPE_BYTE, 1),
                    ERROR_INVALID_PARAMETER);
}

NP_PLATFORM_CASE("platform/create/open-mode-unknown", CreateNamedPipeW, NO_MODE,
                 INVALID_HANDLE_VALUE,
                 "An open mode with any other bit makes the call fail; the "
                 "error is not named.",
                 "CreateNamedPipeW#parameters") {
  assert_ptr_equal(instance_open(f, DUPLEX | 0x100, PIPE_TYPE_BYTE, 1),
                   INVALID_HANDLE_VALUE);
}

NP_PLATFORM_CASE("platform/create/message-reads-of-bytes", CreateNamedPipeW,
                 NO_MODE, ERROR_INVALID_PARAMETER,
                 "A byte pipe cannot be read as messages.",
                 "wine kernel32/tests/pipe.c#test_CreateNamedPipe") {
  assert_not_opened(
      instance_open(f, DUPLEX, PIPE_TYPE_BYTE | PIPE_READMODE_MESSAGE, 1),
      ERROR_INVALID_PARAMETER);
}

NP_PLATFORM_CASE("platform/create/instances-zero", CreateNamedPipeW, NO_MODE,
                 ERROR_INVALID_PARAMETER, "A limit of 0 instances is refused.",
                 "CreateNamedPipeW#parameters") {
  assert_not_opened(instance_open(f, DUPLEX, PIPE_TYPE_BYTE, 0),
                    ERROR_INVALID_PARAMETER);
}

NP_PLATFORM_CASE("platform/create/instances-256", CreateNamedPipeW, NO_MODE,
                 ERROR_INVALID_PARAMETER,
                 "A limit above PIPE_UNLIMITED_INSTANCES (255) is refused.",
                 "CreateNamedPipeW#parameters") {
  assert_not_opened(instance_open(f, DUPLEX, PIPE_TYPE_BYTE, 256),
                    ERROR_INVALID_PARAMETER);
}

NP_PLATFORM_CASE("platform/create/instances-limit", CreateNamedPipeW, NO_MODE,
                 ERROR_PIPE_BUSY,
                 "The first creation sets the limit of instances; a later, "
                 "larger one changes nothing.",
                 "wine kernel32/tests/pipe.c#"
                 "test_CreateNamedPipe_instances_must_match") {
  HANDLE first = instance_create(f, 2);

  instance_create(f, 5);
  assert_not_opened(instance_open(f, DUPLEX, PIPE_TYPE_BYTE, 5),
                    ERROR_PIPE_BUSY);
  win_close(f, &first);
  instance_create(f, 2);
}

NP_PLATFORM_CASE("platform/create/instances-unlimited", CreateNamedPipeW,
                 NO_MODE, NO_ERROR,
                 "255 as a limit means none: there may be more than 255.",
                 "CreateNamedPipeW#parameters") {
  for (int i = 0; i < 257; i++) {
    instance_create(f, PIPE_UNLIMITED_INSTANCES);
  }
}

NP_PLATFORM_CASE("platform/create/first-instance", CreateNamedPipeW, NO_MODE,
                 ERROR_ACCESS_DENIED,
                 "FILE_FLAG_FIRST_PIPE_INSTANCE is refused while the name is "
                 "in use, and passes before and after.",
                 "CreateNamedPipeW#parameters") {
  HANDLE first = instance_open(f, DUPLEX | FIRST, PIPE_TYPE_BYTE, 2);

  assert_call(first != INVALID_HANDLE_VALUE);
  assert_not_opened(instance_open(f, DUPLEX | FIRST, PIPE_TYPE_BYTE, 2),
                    ERROR_ACCESS_DENIED);
  win_close(f, &first);
  assert_call(instance_open(f, DUPLEX | FIRST, PIPE_TYPE_BYTE, 2) !=
              INVALID_HANDLE_VALUE);
}

NP_PLATFORM_CASE("platform/create/first-instance-of-a-full-pipe",
                 CreateNamedPipeW, NO_MODE, ERROR_PIPE_BUSY,
                 "The limit of instances is checked before "
                 "FILE_FLAG_FIRST_PIPE_INSTANCE.",
                 "wine ntdll/tests/om.c#test_namespace_pipe") {
  instance_create(f, 1);
  assert_not_opened(instance_open(f, DUPLEX | FIRST, PIPE_TYPE_BYTE, 1),
                    ERROR_PIPE_BUSY);
}

NP_PLATFORM_CASE("platform/create/direction-differs", CreateNamedPipeW, NO_MODE,
                 ERROR_ACCESS_DENIED,
                 "A further instance must have the direction of the first.",
                 "wine kernel32/tests/pipe.c#"
                 "test_CreateNamedPipe_instances_must_match") {
  static const DWORD directions[] = {PIPE_ACCESS_INBOUND, PIPE_ACCESS_OUTBOUND,
                                     PIPE_ACCESS_DUPLEX};

  for (size_t first = 0; first < 3; first++) {
    HANDLE pipe = instance_open(f, directions[first], PIPE_TYPE_BYTE, 4);
    assert_call(pipe != INVALID_HANDLE_VALUE);
    for (size_t further = 0; further < 3; further++) {
      if (further != first) {
        assert_not_opened(
            instance_open(f, directions[further], PIPE_TYPE_BYTE, 4),
            ERROR_ACCESS_DENIED);
      }
    }
    win_close(f, &pipe);
  }
}

NP_PLATFORM_CASE("platform/create/full-before-direction", CreateNamedPipeW,
                 NO_MODE, ERROR_PIPE_BUSY,
                 "The limit of instances is checked before the direction.",
                 "reactos npfs#NpCreateExistingNamedPipe") {
  instance_create(f, 1);
  assert_not_opened(instance_open(f, PIPE_ACCESS_INBOUND, PIPE_TYPE_BYTE, 1),
                    ERROR_PIPE_BUSY);
}

NP_PLATFORM_CASE("platform/create/type-differs", CreateNamedPipeW, NO_MODE,
                 NO_ERROR,
                 "A further instance of another type and with other sizes is "
                 "made; the type stays that of the first.",
                 "wine kernel32/tests/pipe.c#"
                 "test_CreateNamedPipe_instances_must_match") {
  HANDLE further;
  struct nt_pipe_local local;

  instance_create(f, 2);
  f->quota_in = 100;
  further = instance_open(f, DUPLEX, PIPE_TYPE_MESSAGE, 2);
  assert_call(further != INVALID_HANDLE_VALUE);
  assert_status(nt_query(further, NT_FILE_PIPE_LOCAL, &local, sizeof(local)),
                NT_OK);
  assert_int_equal(local.type, 0);
}

NP_PLATFORM_CASE("platform/create/own-quotas", CreateNamedPipeW, NO_MODE,
                 NO_ERROR, "Each instance has its own quotas.",
                 "reactos npfs#NpCreateCcb") {
  struct nt_pipe_local local;
  HANDLE further;

  f->quota_in = 10;
  f->quota_out = 20;
  instance_create(f, 2);
  f->quota_in = 100;
  f->quota_out = 200;
  further = instance_open(f, DUPLEX, PIPE_TYPE_BYTE, 2);
  assert_call(further != INVALID_HANDLE_VALUE);
  assert_status(nt_query(further, NT_FILE_PIPE_LOCAL, &local, sizeof(local)),
                NT_OK);
  assert_int_equal(local.quota_in, 100);
  assert_int_equal(local.quota_out, 200);
}

NP_PLATFORM_CASE("platform/create/last-error-of-a-further-instance",
                 CreateNamedPipeW, NO_MODE, ERROR_ALREADY_EXISTS,
                 "After success the last error is ERROR_ALREADY_EXISTS if the "
                 "pipe existed.",
                 "wine ntdll/tests/om.c#test_name_collisions") {
  HANDLE further;
  DWORD error;

  instance_create(f, 2);
  SetLastError(0);
  further = instance_open(f, DUPLEX, PIPE_TYPE_BYTE, 2);
  error = GetLastError();
  assert_ptr_not_equal(further, INVALID_HANDLE_VALUE);
  assert_error(error, ERROR_ALREADY_EXISTS);
}

NP_PLATFORM_CASE("platform/create/listens-at-once", CreateNamedPipeW, ANY_MODE,
                 NO_ERROR,
                 "A fresh instance listens: a client opens it before anybody "
                 "called ConnectNamedPipe, and both talk.",
                 "wine ntdll/tests/pipe.c#test_create") {
  pair_listen(f);
  assert_int_equal(win_state(f->server), NT_STATE_LISTENING);
  pair_connect(f);
  assert_int_equal(win_state(f->server), NT_STATE_CONNECTED);
  assert_result(win_write(f, f->client, "ab", 2), 0, 2);
  assert_read(f, f->server, "ab");
}

NP_PLATFORM_CASE("platform/create/rights", CreateNamedPipeW, NO_MODE, NO_ERROR,
                 "The handle has generic read, generic write or both, by the "
                 "direction, and what WRITE_DAC and WRITE_OWNER add.",
                 "CreateNamedPipeW#parameters") {
  static const struct {
    DWORD open_mode;
    DWORD rights;
  } rows[] = {
      {PIPE_ACCESS_INBOUND, FILE_GENERIC_READ},
      {PIPE_ACCESS_OUTBOUND, FILE_GENERIC_WRITE},
      {PIPE_ACCESS_DUPLEX, FILE_GENERIC_READ | FILE_GENERIC_WRITE},
      {PIPE_ACCESS_INBOUND | WRITE_DAC, FILE_GENERIC_READ | WRITE_DAC},
      {PIPE_ACCESS_INBOUND | WRITE_OWNER, FILE_GENERIC_READ | WRITE_OWNER},
  };

  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    ULONG rights = 0;
    HANDLE pipe = instance_open(f, rows[i].open_mode, PIPE_TYPE_BYTE, 1);
    assert_call(pipe != INVALID_HANDLE_VALUE);
    assert_status(nt_query(pipe, NT_FILE_ACCESS, &rights, sizeof(rights)),
                  NT_OK);
    assert_int_equal(rights, rows[i].rights);
    win_close(f, &pipe);
  }
}

NP_PLATFORM_CASE("platform/create/inbound-cannot-set-modes",
                 SetNamedPipeHandleState, NO_MODE, ERROR_ACCESS_DENIED,
                 "An inbound server lacks FILE_WRITE_ATTRIBUTES, which a "
                 "change of the read mode needs.",
                 "wine kernel32/tests/pipe.c#test_CreateNamedPipe") {
  HANDLE pipe = instance_open(f, PIPE_ACCESS_INBOUND, PIPE_TYPE_MESSAGE, 1);

  assert_call(pipe != INVALID_HANDLE_VALUE);
  assert_error(read_mode_set(pipe, PIPE_READMODE_MESSAGE), ERROR_ACCESS_DENIED);
}

NP_PLATFORM_CASE("platform/create/outbound-cannot-query",
                 NtQueryInformationFile, NO_MODE, STATUS_ACCESS_DENIED,
                 "An outbound server lacks FILE_READ_ATTRIBUTES, which the "
                 "pipe's information needs.",
                 "wine ntdll/tests/pipe.c#test_filepipeinfo") {
  struct nt_pipe_local local;
  HANDLE pipe = instance_open(f, PIPE_ACCESS_OUTBOUND, PIPE_TYPE_BYTE, 1);

  assert_call(pipe != INVALID_HANDLE_VALUE);
  assert_status(nt_query(pipe, NT_FILE_PIPE_LOCAL, &local, sizeof(local)),
                NT_ACCESS_DENIED);
}
