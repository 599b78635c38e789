/* The second process of a case, on Windows and Wine: the runner's executable
 * again, in a role. */
#include "world.h"
#include "world/host.h"
#include "world/windows/users.h"

#include "case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* Every line fits, with its line end; the roles write only short lines. */
enum { LINES_BYTES_MAX = 8192 };

struct world_process {
  host_child *child;
  const char *role;
  size_t length;
  char lines[LINES_BYTES_MAX]; /* received and not yet read */
};

/* start starts the process, of this user if `token` is NULL. */
static world_process *start(void *token, const char *role, const char *arg) {
  char scale[32];
  char why[96];
  const char *const arguments[] = {
      "--time-scale", scale, "--role", role, arg != NULL ? arg : "", NULL};
  world_process *process = calloc(1, sizeof(*process));

  assert_non_null(process);
  snprintf(scale, sizeof(scale), "%g", (double)world_timeout_ms(1000) / 1000);
  process->role = role;
  process->child =
      token != NULL
          ? host_child_start_as(token, arguments, why, sizeof(why))
          : host_child_start(arguments, HOST_STDERR_SHARED, why, sizeof(why));
  if (process->child == NULL) {
    free(process);
    fail_msg("the process for the role %s could not be started: %s", role, why);
    /* For the analyzer: cmocka's header does not say that fail_msg jumps. */
    return NULL;
  }
  return process;
}

world_process *world_process_start(const char *role, const char *arg) {
  return start(NULL, role, arg);
}

world_process *world_process_start_as(const char *user, const char *role,
                                      const char *arg) {
  void *token = world_user_token(user);

  if (token == NULL) {
    np_unresolved("there is no other user than the one who runs this");
  }
  return start(token, role, arg);
}

uint32_t world_process_id(const world_process *process) {
  return host_child_id(process->child);
}

/* take_line takes the first line that came, if it is complete. */
static bool take_line(world_process *process, char *line, size_t size) {
  char *end = memchr(process->lines, '\n', process->length);
  size_t length;

  if (end == NULL) {
    return false;
  }
  length = (size_t)(end - process->lines);
  snprintf(line, size, "%.*s", (int)length, process->lines);
  process->length -= length + 1;
  memmove(process->lines, end + 1, process->length);
  return true;
}

void world_process_read_line(world_process *process, char *line, size_t size,
                             uint64_t timeout_ms) {
  uint64_t deadline = host_now_ms() + world_timeout_ms(timeout_ms);
  char bytes[4096];
  bool ended = false;

  while (!take_line(process, line, size)) {
    uint64_t now = host_now_ms();
    size_t length =
        host_child_read(process->child, bytes, sizeof(bytes), &ended);

    if (process->length + length > sizeof(process->lines)) {
      fail_msg("the role %s says more than anybody reads", process->role);
    }
    memcpy(process->lines + process->length, bytes, length);
    process->length += length;
    if (length > 0) {
      continue;
    }
    if (ended) {
      fail_msg("the role %s ended without a line", process->role);
    }
    if (now >= deadline) {
      fail_msg("no line from the role %s", process->role);
    }
    host_wait(&process->child, 1, deadline - now);
  }
}

bool world_process_write_line(world_process *process, const char *line) {
  return host_child_write(process->child, line, strlen(line)) &&
         host_child_write(process->child, "\n", 1);
}

uint32_t world_process_wait(world_process *process, uint64_t timeout_ms) {
  uint64_t deadline = host_now_ms() + world_timeout_ms(timeout_ms);
  char bytes[4096];
  bool ended = false;
  uint32_t code;

  host_child_close_input(process->child);
  for (;;) {
    uint64_t now = host_now_ms();

    if (host_child_read(process->child, bytes, sizeof(bytes), &ended) > 0) {
      continue; /* ignores lines that the case did not read */
    }
    if (ended) {
      break;
    }
    if (now >= deadline) {
      fail_msg("the role %s did not end", process->role);
    }
    host_wait(&process->child, 1, deadline - now);
  }
  code = host_child_end(process->child);
  free(process);
  return code;
}

void world_process_kill(world_process *process) {
  (void)host_child_end(process->child);
  free(process);
}

bool world_role_read_line(char *line, size_t size) {
  if (fgets(line, (int)size, stdin) == NULL) {
    return false;
  }
  line[strcspn(line, "\r\n")] = '\0';
  return true;
}

void world_role_write_line(const char *line) {
  host_stdio_write(line, strlen(line));
  host_stdio_write("\n", 1);
}

void world_role_exit(void) {
  exit(0);
}
