/* Measures the maximum number of threads in the default pool of a process: it
 * submits callbacks that wait, until no further callback starts. */
#include "probe.h"

#include <stdio.h>

enum { CALLBACKS = 1024, LOOK_MS = 50, STILL_MS = 3000, LIMIT_MS = 45000 };

static LONG running;
static HANDLE over;

static void CALLBACK wait_for_the_end(PTP_CALLBACK_INSTANCE instance,
                                      void *argument) {
  if (argument != NULL) {
    CallbackMayRunLong(instance);
  }
  InterlockedIncrement(&running);
  WaitForSingleObject(over, INFINITE);
  InterlockedDecrement(&running);
}

/* measure prints the highest number of callbacks that ran at once, after none
 * has started for STILL_MS. */
static void measure(const char *name, void *argument) {
  ULONGLONG begin = GetTickCount64();
  ULONGLONG changed = begin;
  LONG most = 0;
  int submitted = 0;

  over = CreateEventW(NULL, TRUE, FALSE, NULL);
  while (submitted < CALLBACKS &&
         TrySubmitThreadpoolCallback(wait_for_the_end, argument, NULL)) {
    submitted++;
  }
  while (GetTickCount64() - changed < STILL_MS &&
         GetTickCount64() - begin < LIMIT_MS) {
    LONG now = InterlockedCompareExchange(&running, 0, 0);

    if (now > most) {
      most = now;
      changed = GetTickCount64();
    }
    Sleep(LOOK_MS);
  }
  printf("\"%s\": {\"submitted\": %d, \"most_at_once\": %ld, \"ms\": %lu}",
         name, submitted, (long)most, (unsigned long)(changed - begin));
  SetEvent(over);
  /* The other callbacks run to their end, so that the pool is empty for the
   * next measurement. */
  for (begin = GetTickCount64();
       InterlockedCompareExchange(&running, 0, 0) > 0 &&
       GetTickCount64() - begin < STILL_MS;) {
    Sleep(LOOK_MS);
  }
}

void probe_pool(void) {
  printf("\"pool\": {");
  measure("long", &running);
  printf(", ");
  measure("short", NULL);
  printf("}");
}
