/* npipe-probe: measures what idle pipes cost the kernel of this Windows. It
 * prints JSON and exits with 0, whatever the figures are; a failed measurement
 * becomes a member "error".
 *
 * Measures the memory that idle pipes cost the system: nonpaged pool, paged
 * pool and commit of the whole machine, before and after many pipes are
 * created, and again when each end has a pending read. Other programs disturb
 * the measurement; many pipes keep the error small. */
#include <stdbool.h>
#include <stdio.h>

#include <windows.h>

#include <psapi.h>

#include "kit/usage.h"

enum { NAME_BYTES_MAX = 64, PAIRS = 1000, READ_BYTES = 64 };

/* A pipe with both its ends, each overlapped. */
struct pair {
  HANDLE server;
  HANDLE client;
};

struct usage {
  double commit;
  double nonpaged;
  double paged;
  double process_nonpaged; /* nonpaged pool charged to the process */
};

static struct pair pairs[PAIRS];
static OVERLAPPED reads[2 * PAIRS];
static char bytes[2 * PAIRS][READ_BYTES];

/* pair_open creates a byte pipe with these quotas. If it cannot, it closes both
 * ends and returns false, with GetLastError(). */
static bool pair_open(struct pair *pair, DWORD quota_bytes) {
  static LONG count;
  char name[NAME_BYTES_MAX];
  DWORD error;

  snprintf(name, sizeof(name), "\\\\.\\pipe\\npipe-probe-%lu-%ld",
           (unsigned long)GetCurrentProcessId(),
           (long)InterlockedIncrement(&count));
  pair->client = INVALID_HANDLE_VALUE;
  pair->server =
      CreateNamedPipeA(name, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED,
                       PIPE_TYPE_BYTE, 1, quota_bytes, quota_bytes, 0, NULL);
  if (pair->server == INVALID_HANDLE_VALUE) {
    return false;
  }
  pair->client = CreateFileA(name, GENERIC_READ | GENERIC_WRITE, 0, NULL,
                             OPEN_EXISTING, FILE_FLAG_OVERLAPPED, NULL);
  if (pair->client == INVALID_HANDLE_VALUE) {
    error = GetLastError();
    CloseHandle(pair->server);
    SetLastError(error);
    return false;
  }
  return true;
}

static void pair_close(struct pair *pair) {
  CloseHandle(pair->client);
  CloseHandle(pair->server);
}

static bool usage_get(struct usage *usage) {
  PERFORMANCE_INFORMATION system;
  PROCESS_MEMORY_COUNTERS process;

  ZeroMemory(&system, sizeof(system));
  ZeroMemory(&process, sizeof(process));
  if (!GetPerformanceInfo(&system, sizeof(system)) ||
      !GetProcessMemoryInfo(GetCurrentProcess(), &process, sizeof(process))) {
    return false;
  }
  usage->commit = (double)system.CommitTotal * (double)system.PageSize;
  usage->nonpaged = (double)system.KernelNonpaged * (double)system.PageSize;
  usage->paged = (double)system.KernelPaged * (double)system.PageSize;
  usage->process_nonpaged = (double)process.QuotaNonPagedPoolUsage;
  return true;
}

static void growth_print(const char *name, const struct usage *from,
                         int count) {
  struct usage to;

  if (!usage_get(&to)) {
    printf(", \"%s\": {\"error\": %lu}", name, (unsigned long)GetLastError());
    return;
  }
  printf(
      ",\n      \"%s\": {\"commit\": %.0f, \"nonpaged\": %.0f, \"paged\": "
      "%.0f, "
      "\"process_nonpaged\": %.0f}",
      name, (to.commit - from->commit) / count,
      (to.nonpaged - from->nonpaged) / count, (to.paged - from->paged) / count,
      (to.process_nonpaged - from->process_nonpaged) / count);
}

static void quota_print(DWORD quota_bytes) {
  struct usage before;
  int made = 0;

  printf("\n    \"quota_%lu\": {", (unsigned long)quota_bytes);
  if (!usage_get(&before)) {
    printf("\"error\": %lu}", (unsigned long)GetLastError());
    return;
  }
  while (made < PAIRS && pair_open(&pairs[made], quota_bytes)) {
    made++;
  }
  printf("\"pairs\": %d", made);
  if (made > 0) {
    growth_print("bytes_per_idle_pair", &before, made);
    for (int i = 0; i < 2 * made; i++) {
      ZeroMemory(&reads[i], sizeof(reads[i]));
      ReadFile(i % 2 == 0 ? pairs[i / 2].server : pairs[i / 2].client, bytes[i],
               READ_BYTES, NULL, &reads[i]);
    }
    growth_print("bytes_per_pair_with_two_reads", &before, made);
  }
  printf("}");
  /* Each read ends when its pair closes. Its memory is not used again. */
  for (int i = 0; i < made; i++) {
    pair_close(&pairs[i]);
  }
}

static void memory_print(void) {
  printf("\"memory\": {");
  quota_print(0);
  printf(",");
  quota_print(65536);
  printf("}");
}

int main(int argc, char **argv) {
  usage_help(argc, argv,
             "usage: npipe-probe\n\n"
             "Prints, as JSON, what idle pipes cost this Windows.\n");
  if (argc > 1) {
    usage_refuse("npipe-probe", argv[1]);
  }
  printf("{\n  \"probe\": 1,\n  ");
  memory_print();
  printf("\n}\n");
  return 0;
}
