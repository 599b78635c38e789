/* Copies of handles in another process: on sim, where all is one process, in
 * the same one. The kernel counts handles, not processes. */
#include "world.h"

#include <windows.h>

static HANDLE copies[WORLD_HOLDS_MAX];
static size_t copy_count;

bool world_hold(void *handle) {
  HANDLE self = GetCurrentProcess();

  if (copy_count == WORLD_HOLDS_MAX ||
      !DuplicateHandle(self, handle, self, &copies[copy_count], 0, FALSE,
                       DUPLICATE_SAME_ACCESS)) {
    return false;
  }
  copy_count++;
  return true;
}

void world_let_go(void) {
  while (copy_count > 0) {
    CloseHandle(copies[--copy_count]);
  }
}
