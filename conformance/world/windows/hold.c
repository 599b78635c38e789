/* Copies of handles in another process: this executable again, which does
 * nothing but wait. */
#include "world.h"

#include <windows.h>

static world_process *holder; /* started by the first copy of a case */
static HANDLE holder_handle;
static HANDLE copies[WORLD_HOLDS_MAX]; /* values in the other process */
static size_t copy_count;

WORLD_ROLE(holder) {
  char line[16];

  (void)arg;
  while (world_role_read_line(line, sizeof line)) {
    /* The holder ignores every line, until its input ends. */
  }
}

static bool holder_open(void) {
  if (holder != NULL) {
    return true;
  }
  holder = world_process_start("holder", NULL);
  holder_handle =
      OpenProcess(PROCESS_DUP_HANDLE, FALSE, world_process_id(holder));
  return holder_handle != NULL;
}

bool world_hold(void *handle) {
  if (copy_count == WORLD_HOLDS_MAX || !holder_open() ||
      !DuplicateHandle(GetCurrentProcess(), handle, holder_handle,
                       &copies[copy_count], 0, FALSE, DUPLICATE_SAME_ACCESS)) {
    return false;
  }
  copy_count++;
  return true;
}

void world_let_go(void) {
  if (holder == NULL) {
    return;
  }
  while (copy_count > 0) {
    DuplicateHandle(holder_handle, copies[--copy_count], NULL, NULL, 0, FALSE,
                    DUPLICATE_CLOSE_SOURCE);
  }
  CloseHandle(holder_handle);
  world_process_kill(holder);
  holder = NULL;
  holder_handle = NULL;
}
