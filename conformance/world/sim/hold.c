/* Copies of handles in another process, on the simulated kernel: a process of
 * the simulation that only sleeps. The first copy of a case starts it. */
#include "world.h"

#include <windows.h>
#include <sim/sim.h>

static char program[] = "holder";

static HANDLE holder;
static HANDLE copies[WORLD_HOLDS_MAX]; /* values in the other process */
static size_t copy_count;

static int holder_main(int count, char **words) {
  (void)count;
  (void)words;
  Sleep(INFINITE);
  return 0;
}

__attribute__((constructor)) static void program_register(void) {
  sim_register_program(program, holder_main);
}

static bool holder_open(void) {
  STARTUPINFOA startup = {.cb = sizeof(startup)};
  PROCESS_INFORMATION information;

  if (holder != NULL) {
    return true;
  }
  if (!CreateProcessA(NULL, program, NULL, NULL, FALSE, 0, NULL, NULL, &startup,
                      &information)) {
    return false;
  }
  CloseHandle(information.hThread);
  holder = information.hProcess;
  return true;
}

bool world_hold(void *handle) {
  if (copy_count == WORLD_HOLDS_MAX || !holder_open() ||
      !DuplicateHandle(GetCurrentProcess(), handle, holder, &copies[copy_count],
                       0, FALSE, DUPLICATE_SAME_ACCESS)) {
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
    DuplicateHandle(holder, copies[--copy_count], NULL, NULL, 0, FALSE,
                    DUPLICATE_CLOSE_SOURCE);
  }
  TerminateProcess(holder, 0);
  WaitForSingleObject(holder, INFINITE);
  CloseHandle(holder);
  holder = NULL;
}
