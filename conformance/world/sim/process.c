/* The second process of a case. On sim there is only one process, so the cases
 * that start another fail. */
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static const char no_process[] = "the simulated kernel lives in one process";

world_process *world_process_start(const char *role, const char *arg) {
  (void)role;
  (void)arg;
  fail_msg("%s", no_process);
  return NULL;
}

world_process *world_process_start_as(const char *user, const char *role,
                                      const char *arg) {
  (void)user;
  return world_process_start(role, arg);
}

/* The functions below cannot be reached, because no process exists. */

uint32_t world_process_id(const world_process *process) {
  (void)process;
  fail_msg("%s", no_process);
  return 0;
}

void world_process_read_line(world_process *process, char *line, size_t size,
                             uint64_t timeout_ms) {
  (void)process;
  (void)line;
  (void)size;
  (void)timeout_ms;
  fail_msg("%s", no_process);
}

bool world_process_write_line(world_process *process, const char *line) {
  (void)process;
  (void)line;
  fail_msg("%s", no_process);
  return false;
}

uint32_t world_process_wait(world_process *process, uint64_t timeout_ms) {
  (void)process;
  (void)timeout_ms;
  fail_msg("%s", no_process);
  return 0;
}

void world_process_kill(world_process *process) {
  (void)process;
  fail_msg("%s", no_process);
}

bool world_role_read_line(char *line, size_t size) {
  (void)line;
  (void)size;
  fail_msg("%s", no_process);
  return false;
}

void world_role_write_line(const char *line) {
  (void)line;
  fail_msg("%s", no_process);
}
