/* A thread suspends the program and resumes it. The program then runs about a
 * tenth of the time, however busy the machine is, and stops between any two of
 * its instructions. */
#include "starve.h"
#include "outside.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

enum { STOPPED_MS = 20, RUNNING_MS = 2 };

static bool is_enough(const struct starve *starve, DWORD ms) {
  return WaitForSingleObject(starve->enough, ms) == WAIT_OBJECT_0;
}

/* The thread. A program that has ended can be suspended no more. */
static DWORD WINAPI starve_main(void *argument) {
  const struct starve *starve = argument;

  while (!is_enough(starve, RUNNING_MS)) {
    if (NtSuspendProcess(starve->process) == 0) {
      is_enough(starve, STOPPED_MS);
      NtResumeProcess(starve->process);
    }
  }
  return 0;
}

void starve_begin(struct starve *starve, const struct subject *s) {
  HANDLE self = GetCurrentProcess();

  memset(starve, 0, sizeof(*starve));
  assert_true(DuplicateHandle(self, s->process, self, &starve->process, 0,
                              FALSE, DUPLICATE_SAME_ACCESS));
  starve->enough = CreateEventW(NULL, TRUE, FALSE, NULL);
  assert_non_null(starve->enough);
  starve->thread = CreateThread(NULL, 0, starve_main, starve, 0, NULL);
  assert_non_null(starve->thread);
}

void starve_end(struct starve *starve) {
  SetEvent(starve->enough);
  WaitForSingleObject(starve->thread, INFINITE);
  CloseHandle(starve->thread);
  CloseHandle(starve->enough);
  CloseHandle(starve->process);
}
