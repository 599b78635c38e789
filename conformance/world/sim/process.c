/* The second process of a case, on the simulated kernel: a process of the
 * simulation, whose program runs the role. As on Windows, lines go through its
 * standard handles. */
#include "world.h"

#include <windows.h>
#include <sim/sim.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static char program[] = "role";

struct world_process {
  HANDLE process;
  HANDLE in;  /* its standard input; NULL when closed */
  HANDLE out; /* its standard output */
  DWORD id;
  const char *role;
};

/* The words are the user, the role and its argument. */
static int role_main(int count, char **words) {
  return count == 4 && sim_set_user(words[1])
             ? world_role_run(words[2], words[3])
             : 1;
}

__attribute__((constructor)) static void program_register(void) {
  sim_register_program(program, role_main);
}

/* stream_open makes a pipe for a standard handle of the process. The process
 * inherits `*theirs`. */
static void stream_open(bool is_input, HANDLE *ours, HANDLE *theirs) {
  HANDLE *read = is_input ? theirs : ours;
  HANDLE *write = is_input ? ours : theirs;

  assert_true(CreatePipe(read, write, NULL, 0));
  assert_true(
      SetHandleInformation(*theirs, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT));
}

world_process *world_process_start_as(const char *user, const char *role,
                                      const char *arg) {
  STARTUPINFOA startup = {.cb = sizeof(startup),
                          .dwFlags = STARTF_USESTDHANDLES};
  PROCESS_INFORMATION information;
  char line[256];
  world_process *process = calloc(1, sizeof(*process));

  assert_non_null(process);
  process->role = role;
  stream_open(true, &process->in, &startup.hStdInput);
  stream_open(false, &process->out, &startup.hStdOutput);
  snprintf(line, sizeof(line), "%s %s %s \"%s\"", program, user, role,
           arg != NULL ? arg : "");
  assert_true(CreateProcessA(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL,
                             &startup, &information));
  CloseHandle(startup.hStdInput);
  CloseHandle(startup.hStdOutput);
  CloseHandle(information.hThread);
  process->process = information.hProcess;
  process->id = information.dwProcessId;
  return process;
}

world_process *world_process_start(const char *role, const char *arg) {
  return world_process_start_as("alice", role, arg);
}

uint32_t world_process_id(const world_process *process) {
  return process->id;
}

/* line_read reads a line without its end. It returns false if there is none. */
static bool line_read(HANDLE from, char *line, size_t size) {
  size_t length = 0;
  DWORD bytes = 0;
  char c;

  while (ReadFile(from, &c, 1, &bytes, NULL) && bytes == 1 && c != '\n') {
    if (length + 1 < size) {
      line[length++] = c;
    }
  }
  line[length] = '\0';
  return bytes == 1;
}

static bool line_write(HANDLE to, const char *line) {
  char text[256];
  int length = snprintf(text, sizeof(text), "%s\n", line);
  DWORD bytes;

  return WriteFile(to, text, (DWORD)length, &bytes, NULL) != 0;
}

/* If no line comes, all threads wait for ever, and npsim ends the case. */
void world_process_read_line(world_process *process, char *line, size_t size,
                             uint64_t timeout_ms) {
  (void)timeout_ms;
  if (!line_read(process->out, line, size)) {
    fail_msg("the role %s ended without a line", process->role);
  }
}

bool world_process_write_line(world_process *process, const char *line) {
  return line_write(process->in, line);
}

static uint32_t process_end(world_process *process) {
  DWORD code = 0;

  assert_int_equal(WaitForSingleObject(process->process, INFINITE),
                   WAIT_OBJECT_0);
  assert_true(GetExitCodeProcess(process->process, &code));
  if (process->in != NULL) {
    CloseHandle(process->in);
  }
  CloseHandle(process->out);
  CloseHandle(process->process);
  free(process);
  return code;
}

uint32_t world_process_wait(world_process *process, uint64_t timeout_ms) {
  (void)timeout_ms;
  CloseHandle(process->in);
  process->in = NULL;
  return process_end(process);
}

void world_process_kill(world_process *process) {
  /* It may have ended by itself. */
  (void)TerminateProcess(process->process, 1);
  (void)process_end(process);
}

bool world_role_read_line(char *line, size_t size) {
  return line_read(GetStdHandle(STD_INPUT_HANDLE), line, size);
}

void world_role_write_line(const char *line) {
  (void)line_write(GetStdHandle(STD_OUTPUT_HANDLE), line);
}

void world_role_exit(void) {
  ExitProcess(0);
}
