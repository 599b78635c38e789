/* The program under judgement: CreateProcess, with pipes as its standard input
 * and output. It is in the job of the runner's child, so it ends with it. */
#include "subject.h"
#include "outside.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "world.h"

enum {
  START_TRIES = 3,
  READY_MS = 20000, /* a runtime may have to start first */
  STOP_MS = 8000,   /* less than the limits that known bugs wait for */
  LOOK_MS = 5       /* between two looks at the output */
};

/* pipe_create makes an anonymous pipe of which the program gets one end. */
static void pipe_create(HANDLE *ours, HANDLE *its, bool we_read) {
  SECURITY_ATTRIBUTES inherit = {sizeof(inherit), NULL, TRUE};
  HANDLE read_end = NULL;
  HANDLE write_end = NULL;

  assert_true(CreatePipe(&read_end, &write_end, &inherit, 65536));
  *ours = we_read ? read_end : write_end;
  *its = we_read ? write_end : read_end;
  assert_true(SetHandleInformation(*ours, HANDLE_FLAG_INHERIT, 0));
}

/* errors_handle returns a handle to our standard error, or to nothing, that the
 * program can inherit. */
static HANDLE errors_handle(void) {
  HANDLE errors = NULL;
  SECURITY_ATTRIBUTES inherit = {sizeof(inherit), NULL, TRUE};

  if (DuplicateHandle(GetCurrentProcess(), GetStdHandle(STD_ERROR_HANDLE),
                      GetCurrentProcess(), &errors, 0, TRUE,
                      DUPLICATE_SAME_ACCESS)) {
    return errors;
  }
  return CreateFileA("NUL", GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE,
                     &inherit, OPEN_EXISTING, 0, NULL);
}

/* process_create starts a process. A Wine with much to do sometimes starts
 * none, with ERROR_INTERNAL_ERROR; that says nothing about the program. */
static bool process_create(char *line, STARTUPINFOA *startup,
                           PROCESS_INFORMATION *process) {
  for (int i = 0; i < START_TRIES; i++) {
    if (CreateProcessA(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, startup,
                       process)) {
      return true;
    }
    if (GetLastError() != ERROR_INTERNAL_ERROR) {
      return false;
    }
  }
  return false;
}

void subject_start(struct subject *s, enum role role, const char *name,
                   unsigned mode, const char *kind) {
  char line[CONFIG_COMMAND_BYTES_MAX + 512];
  HANDLE its[3]; /* its standard handles */
  STARTUPINFOA startup;
  PROCESS_INFORMATION process;

  memset(s, 0, sizeof(*s));
  memset(&startup, 0, sizeof(startup));
  s->role = role;
  config_command_line(role, name, mode, kind, line, sizeof(line));
  pipe_create(&s->input, &its[0], false);
  pipe_create(&s->output, &its[1], true);
  its[2] = errors_handle();
  outside_note_given(s);
  startup.cb = sizeof(startup);
  startup.dwFlags = STARTF_USESTDHANDLES;
  startup.hStdInput = its[0];
  startup.hStdOutput = its[1];
  startup.hStdError = its[2];
  if (!process_create(line, &startup, &process)) {
    fail_msg("the program does not start (error %lu): %s",
             (unsigned long)GetLastError(), line);
  }
  for (size_t i = 0; i < 3; i++) {
    CloseHandle(its[i]);
  }
  CloseHandle(process.hThread);
  s->process = process.hProcess;
  s->id = process.dwProcessId;
}

bool subject_is_alive(const struct subject *s) {
  return WaitForSingleObject(s->process, 0) == WAIT_TIMEOUT;
}

/* receive takes the output that has come. It returns false if there is none. */
static bool receive(struct subject *s) {
  DWORD there = 0;
  DWORD done = 0;
  DWORD room = (DWORD)(sizeof(s->lines) - s->length);

  if (!PeekNamedPipe(s->output, NULL, 0, NULL, &there, NULL) || there == 0) {
    return false;
  }
  if (room == 0) {
    fail_msg("the program says more than a line");
  }
  if (!ReadFile(s->output, s->lines + s->length, there < room ? there : room,
                &done, NULL)) {
    return false;
  }
  s->length += done;
  return done > 0;
}

static bool take_line(struct subject *s, char *line, size_t size) {
  char *end = memchr(s->lines, '\n', s->length);
  size_t length;

  if (end == NULL) {
    return false;
  }
  length = (size_t)(end - s->lines);
  snprintf(line, size, "%.*s",
           (int)(length > 0 && end[-1] == '\r' ? length - 1 : length),
           s->lines);
  s->length -= length + 1;
  memmove(s->lines, end + 1, s->length);
  return true;
}

bool subject_line(struct subject *s, char *line, size_t size, uint32_t ms) {
  uint64_t deadline = world_now_ms() + world_timeout_ms(ms);
  bool ended = false;

  for (;;) {
    while (receive(s)) {
    }
    if (take_line(s, line, size)) {
      return true;
    }
    if (ended || world_now_ms() >= deadline) {
      return false;
    }
    /* After its end one more look: its last line may have come just before. */
    ended = WaitForSingleObject(s->process, LOOK_MS) == WAIT_OBJECT_0;
  }
}

void subject_wait_for_pipe(struct subject *s, const char *name) {
  uint64_t deadline = world_now_ms() + world_timeout_ms(READY_MS);

  while (!WaitNamedPipeA(name, 1) && GetLastError() == ERROR_FILE_NOT_FOUND) {
    if (WaitForSingleObject(s->process, LOOK_MS) == WAIT_OBJECT_0) {
      fail_msg("the server ended before its pipe existed");
    }
    if (world_now_ms() >= deadline) {
      fail_msg("the server did not create its pipe within %d s",
               READY_MS / 1000);
    }
  }
}

void subject_ready(struct subject *s, const char *name) {
  char line[256];

  if (s->role == ROLE_CLIENT) {
    return;
  }
  if (config.level == LEVEL_ANY) {
    subject_wait_for_pipe(s, name);
  } else if (!subject_line(s, line, sizeof(line), READY_MS)) {
    fail_msg("the server did not say \"ready\" within %d s", READY_MS / 1000);
  } else if (strcmp(line, "ready") != 0) {
    fail_msg("the server said \"%s\" instead of \"ready\"", line);
  }
}

void subject_close_input(struct subject *s) {
  if (s->input != NULL) {
    CloseHandle(s->input);
    s->input = NULL;
  }
}

DWORD subject_wait(struct subject *s, uint32_t ms, const char *what) {
  DWORD code = 0;

  if (WaitForSingleObject(s->process, (DWORD)world_timeout_ms(ms)) !=
      WAIT_OBJECT_0) {
    fail_msg("%s: the program still runs after %lu ms", what,
             (unsigned long)world_timeout_ms(ms));
  }
  GetExitCodeProcess(s->process, &code);
  return code;
}

void subject_stop(struct subject *s, const char *what) {
  DWORD code;

  if (config.level == LEVEL_ANY) {
    subject_end(s);
    return;
  }
  subject_close_input(s);
  code = subject_wait(s, STOP_MS, what);
  if (code != 0) {
    fail_msg("%s: the program ended with code %lu (0x%lx)", what,
             (unsigned long)code, (unsigned long)code);
  }
  subject_end(s);
}

void subject_end(struct subject *s) {
  if (s->process == NULL) {
    return;
  }
  TerminateProcess(s->process, 1);
  WaitForSingleObject(s->process, INFINITE);
  subject_close_input(s);
  CloseHandle(s->output);
  CloseHandle(s->process);
  memset(s, 0, sizeof(*s));
}
