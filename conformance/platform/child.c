/* Pipes and processes: which handles a child has, who is told as the process of
 * an end, and what the end of a process does to its handles and operations. */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MS = 20000, CHILD_BYTES = 64, EXIT_CODE = 7 };

static const char VARIABLE[] = "NPIPE_PLATFORM_CHILD";

/* --- In the child -------------------------------------------------------- */

/* What the child works with. It is on its stack: on the simulated kernel all
 * processes share the variables. */
struct child {
  HANDLE pipe;
  OVERLAPPED overlapped;
  char buffer[CHILD_BYTES];
};

/* child_start starts an overlapped read or write of all its buffer. */
static void child_start(struct child *c, bool reads) {
  const BOOL done =
      reads ? ReadFile(c->pipe, c->buffer, CHILD_BYTES, NULL, &c->overlapped)
            : WriteFile(c->pipe, c->buffer, CHILD_BYTES, NULL, &c->overlapped);

  assert_true(done || GetLastError() == ERROR_IO_PENDING);
}

static HANDLE child_create(const char *name) {
  return CreateNamedPipeA(name, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED,
                          PIPE_TYPE_BYTE, 1, QUOTA, QUOTA, 0, NULL);
}

static HANDLE child_open(const char *name) {
  return CreateFileA(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
                     FILE_FLAG_OVERLAPPED, NULL);
}

static void assert_variable(const char *value) {
  char text[CHILD_BYTES] = "";

  assert_int_equal(GetEnvironmentVariableA(VARIABLE, text, sizeof(text)),
                   strlen(value));
  assert_string_equal(text, value);
}

static void child_obey(struct child *c, const char *order, const char *name) {
  DWORD bytes = 0;

  if (strcmp(order, "create") == 0) {
    c->pipe = child_create(name);
  } else if (strcmp(order, "open") == 0) {
    c->pipe = child_open(name);
  } else if (strncmp(order, "use ", 4) == 0) {
    c->pipe = (HANDLE)(uintptr_t)strtoull(order + 4, NULL, 16);
  } else if (strcmp(order, "read") == 0) {
    child_start(c, true);
  } else if (strcmp(order, "write") == 0) {
    child_start(c, false);
  } else if (strcmp(order, "greet") == 0) {
    memcpy(c->buffer, "hello", 5);
    if (!WriteFile(c->pipe, c->buffer, 5, NULL, &c->overlapped)) {
      assert_int_equal(GetLastError(), ERROR_IO_PENDING);
    }
    assert_true(GetOverlappedResult(c->pipe, &c->overlapped, &bytes, TRUE));
  } else if (strncmp(order, "set ", 4) == 0) {
    assert_true(SetEnvironmentVariableA(VARIABLE, order + 4));
  } else if (strncmp(order, "has ", 4) == 0) {
    assert_variable(order + 4);
  } else if (strcmp(order, "exit") == 0) {
    ExitProcess(EXIT_CODE);
  } else {
    fail_msg("a child cannot: %s", order);
  }
  assert_true(c->pipe != INVALID_HANDLE_VALUE);
}

WORLD_ROLE(platform_child) {
  struct child c = {.pipe = NULL};
  char line[64];

  c.overlapped.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
  while (world_role_read_line(line, sizeof(line))) {
    child_obey(&c, line, arg);
    world_role_write_line("done");
  }
}

/* --- In the case --------------------------------------------------------- */

static world_process *start(struct platform *f) {
  char name[NAME_CHARS_MAX];
  size_t i = 0;

  do {
    name[i] = (char)f->name[i];
  } while (f->name[i++] != 0);
  return world_process_start("platform_child", name);
}

static void tell(world_process *child, const char *order) {
  char line[64];

  assert_true(world_process_write_line(child, order));
  world_process_read_line(child, line, sizeof(line), LINE_MS);
  assert_string_equal(line, "done");
}

static void tell_to_use(world_process *child, HANDLE handle) {
  char order[64];

  snprintf(order, sizeof(order), "use %llx",
           (unsigned long long)(uintptr_t)handle);
  tell(child, order);
}

static void end(world_process *child) {
  assert_int_equal(world_process_wait(child, LINE_MS), 0);
}

/* start_with_end starts a child that inherits and uses the end under test. */
static world_process *start_with_end(struct platform *f) {
  world_process *child;

  assert_call(
      SetHandleInformation(f->end, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT));
  child = start(f);
  tell_to_use(child, f->end);
  return child;
}

static ULONG handle_count(HANDLE handle) {
  PUBLIC_OBJECT_BASIC_INFORMATION basic = {0};
  ULONG bytes = 0;

  assert_status(NtQueryObject(handle, ObjectBasicInformation, &basic,
                              sizeof(basic), &bytes),
                NT_OK);
  return basic.HandleCount;
}

/* peer_read begins a read at the peer, to see the end of the pipe. */
static struct io *peer_read(struct platform *f, char *room, DWORD size) {
  struct io *io = io_new(f);

  assert_error(read_start(io, f->peer, room, size), ERROR_IO_PENDING);
  return io;
}

NP_PLATFORM_CASE("platform/child/inherits", CreateProcess, ANY_MODE | BOTH_ENDS,
                 NO_ERROR,
                 "A child has each inheritable handle under the same number. "
                 "It is one more handle of the same end.",
                 "CreateProcess#parameters (bInheritHandles)") {
  world_process *child;

  pair_create(f);
  child = start_with_end(f);
  assert_int_equal(handle_count(f->end), 2);
  tell(child, "greet");
  assert_read(f, f->peer, "hello");
  end(child);
  assert_int_equal(handle_count(f->end), 1);
}

NP_PLATFORM_CASE("platform/child/keeps-the-end", CloseHandle,
                 NO_MODE | BOTH_ENDS, ERROR_BROKEN_PIPE,
                 "A pipe stays open as long as a child has the end. The end of "
                 "the child closes it.",
                 "CreateProcess#parameters (bInheritHandles)") {
  char room[4];
  world_process *child;
  struct io *io;

  pair_create(f);
  child = start_with_end(f);
  end_close(f);
  io = peer_read(f, room, sizeof(room));
  assert_true(io_is_quiet(io));
  end(child);
  assert_result(io_wait(io, f->peer), ERROR_BROKEN_PIPE, 0);
}

NP_PLATFORM_CASE("platform/child/inherits-only-inheritable", CreateProcess,
                 NO_MODE | BOTH_ENDS, NO_ERROR,
                 "A child does not have a handle that is not inheritable.",
                 "SetHandleInformation#parameters") {
  world_process *child;

  pair_create(f);
  child = start(f);
  assert_int_equal(handle_count(f->end), 1);
  end(child);
}

NP_PLATFORM_CASE("platform/child/client-id", GetNamedPipeClientProcessId,
                 NO_MODE, NO_ERROR,
                 "The process of the client is the one that opened it, also "
                 "after that process has ended.",
                 "wine kernel32/tests/pipe.c#test_namedpipe_process_id") {
  world_process *child;
  ULONG id = 0;
  uint32_t child_id;

  pair_listen(f);
  child = start(f);
  child_id = world_process_id(child);
  tell(child, "open");
  assert_call(GetNamedPipeClientProcessId(f->server, &id));
  assert_int_equal(id, child_id);
  assert_int_not_equal(id, GetCurrentProcessId());
  end(child);
  assert_call(GetNamedPipeClientProcessId(f->server, &id));
  assert_int_equal(id, child_id);
}

NP_PLATFORM_CASE("platform/child/server-id", GetNamedPipeServerProcessId,
                 NO_MODE, NO_ERROR,
                 "The process of the server is the one that created it.",
                 "wine kernel32/tests/pipe.c#test_namedpipe_process_id") {
  world_process *child = start(f);
  ULONG id = 0;

  tell(child, "create");
  f->client = client_connect(f);
  assert_call(GetNamedPipeServerProcessId(f->client, &id));
  assert_int_equal(id, world_process_id(child));
  end(child);
}

NP_PLATFORM_CASE("platform/child/killed-in-read", TerminateProcess,
                 NO_MODE | BOTH_ENDS, NO_ERROR,
                 "A process is killed while it reads, and another process has "
                 "the same end. The read takes no data any more.",
                 "TerminateProcess#remarks") {
  world_process *child;

  pair_create(f);
  child = start_with_end(f);
  tell(child, "read");
  world_process_kill(child);
  assert_result(win_write(f, f->peer, "abc", 3), 0, 3);
  assert_read(f, f->end, "abc");
}

NP_PLATFORM_CASE("platform/child/killed-in-write", TerminateProcess,
                 NO_MODE | BOTH_ENDS, NO_ERROR,
                 "A process is killed while its write waits, and another "
                 "process has the same end. The data of the write leave the "
                 "pipe.",
                 "wine kernel32/tests/pipe.c#test_overlapped_transport") {
  world_process *child;

  f->quota_in = f->quota_out = 16;
  pair_create(f);
  child = start_with_end(f);
  tell(child, "write");
  assert_int_not_equal(peek_bytes(f->peer), 0);
  world_process_kill(child);
  assert_int_equal(peek_bytes(f->peer), 0);
}

NP_PLATFORM_CASE("platform/child/killed-server", TerminateProcess, NO_MODE,
                 ERROR_BROKEN_PIPE,
                 "The process of a server is killed. Its client reads the end "
                 "of the stream, and the name is free.",
                 "TerminateProcess#remarks") {
  world_process *child = start(f);
  char room[4];

  tell(child, "create");
  f->client = client_connect(f);
  world_process_kill(child);
  assert_result(win_read(f, f->client, room, sizeof(room)), ERROR_BROKEN_PIPE,
                0);
  assert_not_opened(client_open(f, GENERIC_READ, 0), ERROR_FILE_NOT_FOUND);
}

NP_PLATFORM_CASE("platform/child/last-handle-of-a-process", CloseHandle,
                 NO_MODE | BOTH_ENDS, STATUS_CANCELLED,
                 "A process closes its last handle of an end that another "
                 "process has, too. Its operations that end in a packet are "
                 "cancelled.",
                 "wine ntdll/tests/pipe.c#test_async_cancel_on_handle_close") {
  static char room[4];
  world_process *child;
  struct io *io = pair_io_port(f);

  child = start_with_end(f);
  assert_error(read_start(io, f->end, room, sizeof(room)), ERROR_IO_PENDING);
  end_close(f);
  assert_packet(f, io, NT_CANCELLED, 0);
  end(child);
}

/* process_open opens a child's process. */
static HANDLE process_open(struct platform *f, const world_process *child,
                           DWORD access) {
  HANDLE process = OpenProcess(access, FALSE, world_process_id(child));

  assert_non_null(process);
  return win_own(f, process);
}

NP_PLATFORM_CASE("platform/child/duplicate-into", DuplicateHandle,
                 NO_MODE | BOTH_ENDS, NO_ERROR,
                 "A handle is duplicated into another process. It is an end of "
                 "the same pipe there, and the pipe ends with that process.",
                 "DuplicateHandle#remarks") {
  char room[4];
  HANDLE target = NULL;
  HANDLE process;
  world_process *child = start(f);

  pair_create(f);
  process = process_open(f, child, PROCESS_DUP_HANDLE);
  assert_call(DuplicateHandle(GetCurrentProcess(), f->end, process, &target, 0,
                              FALSE, DUPLICATE_SAME_ACCESS));
  end_close(f);
  tell_to_use(child, target);
  tell(child, "greet");
  assert_read(f, f->peer, "hello");
  world_process_kill(child);
  assert_result(win_read(f, f->peer, room, sizeof(room)), ERROR_BROKEN_PIPE, 0);
}

NP_PLATFORM_CASE("platform/child/duplicate-out-of", DuplicateHandle,
                 NO_MODE | BOTH_ENDS, NO_ERROR,
                 "A handle is moved out of another process, which has it no "
                 "more (DUPLICATE_CLOSE_SOURCE).",
                 "DuplicateHandle#parameters") {
  world_process *child;
  HANDLE moved = NULL;
  HANDLE process;

  pair_create(f);
  child = start_with_end(f);
  process = process_open(f, child, PROCESS_DUP_HANDLE);
  assert_call(DuplicateHandle(process, f->end, GetCurrentProcess(), &moved, 0,
                              FALSE,
                              DUPLICATE_SAME_ACCESS | DUPLICATE_CLOSE_SOURCE));
  win_own(f, moved);
  assert_int_equal(handle_count(moved), 2);
  end_close(f);
  assert_int_equal(handle_count(moved), 1);
  end(child);
}

NP_PLATFORM_CASE("platform/child/close-in", DuplicateHandle,
                 NO_MODE | BOTH_ENDS, NO_ERROR,
                 "A handle of another process is closed: "
                 "DUPLICATE_CLOSE_SOURCE without a target process.",
                 "DuplicateHandle#remarks") {
  world_process *child;
  HANDLE process;

  pair_create(f);
  child = start_with_end(f);
  process = process_open(f, child, PROCESS_DUP_HANDLE);
  assert_call(DuplicateHandle(process, f->end, NULL, NULL, 0, FALSE,
                              DUPLICATE_CLOSE_SOURCE));
  assert_int_equal(handle_count(f->end), 1);
  end(child);
}

NP_PLATFORM_CASE("platform/child/environment", CreateProcess, NO_MODE, NO_ERROR,
                 "A child begins with a copy of its parent's environment. "
                 "What either of them changes then, the other one does not "
                 "see. A name may be written in capitals or small letters.",
                 "CreateProcess#parameters (lpEnvironment)") {
  world_process *child;
  char text[CHILD_BYTES];

  assert_true(SetEnvironmentVariableA(VARIABLE, "first"));
  child = start(f);
  tell(child, "has first");
  assert_true(SetEnvironmentVariableA("npipe_platform_child", "second"));
  assert_variable("second");
  tell(child, "has first");
  tell(child, "set third");
  tell(child, "has third");
  assert_variable("second");
  end(child);
  assert_true(SetEnvironmentVariableA(VARIABLE, NULL));
  assert_int_equal(GetEnvironmentVariableA(VARIABLE, text, sizeof(text)), 0);
  assert_int_equal(GetLastError(), ERROR_ENVVAR_NOT_FOUND);
}

NP_PLATFORM_CASE("platform/child/exit-code", GetExitCodeProcess, NO_MODE,
                 NO_ERROR,
                 "A process that runs has the exit code STILL_ACTIVE and is "
                 "not signalled. When it has ended, it is signalled and has "
                 "its code.",
                 "GetExitCodeProcess#remarks") {
  world_process *child = start(f);
  HANDLE process =
      process_open(f, child, PROCESS_QUERY_LIMITED_INFORMATION | SYNCHRONIZE);
  DWORD code = 0;

  assert_call(GetExitCodeProcess(process, &code));
  assert_int_equal(code, STILL_ACTIVE);
  assert_int_equal(WaitForSingleObject(process, 0), WAIT_TIMEOUT);
  assert_true(world_process_write_line(child, "exit"));
  assert_int_equal(world_process_wait(child, LINE_MS), EXIT_CODE);
  assert_int_equal(WaitForSingleObject(process, 0), WAIT_OBJECT_0);
  assert_call(GetExitCodeProcess(process, &code));
  assert_int_equal(code, EXIT_CODE);
}

NP_PLATFORM_CASE("platform/child/terminated", TerminateProcess, NO_MODE,
                 ERROR_ACCESS_DENIED,
                 "TerminateProcess needs the right PROCESS_TERMINATE. It gives "
                 "the process its exit code.",
                 "TerminateProcess#parameters") {
  world_process *child = start(f);
  HANDLE weak = process_open(f, child, SYNCHRONIZE);
  HANDLE process = process_open(f, child, PROCESS_TERMINATE | SYNCHRONIZE);

  assert_refused(TerminateProcess(weak, EXIT_CODE), ERROR_ACCESS_DENIED);
  assert_call(TerminateProcess(process, EXIT_CODE));
  assert_int_equal(WaitForSingleObject(process, WAIT_MS), WAIT_OBJECT_0);
  assert_int_equal(world_process_wait(child, LINE_MS), EXIT_CODE);
}

NP_PLATFORM_CASE("platform/child/terminated-twice", TerminateProcess, NO_MODE,
                 ERROR_ACCESS_DENIED,
                 "A process that has ended cannot be terminated.",
                 "TerminateProcess#remarks") {
  world_process *child = start(f);
  HANDLE process = process_open(f, child, PROCESS_TERMINATE | SYNCHRONIZE);

  end(child);
  assert_refused(TerminateProcess(process, 0), ERROR_ACCESS_DENIED);
}
