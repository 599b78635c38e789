/* Measures the memory that idle pipes cost the system: nonpaged pool, paged
 * pool and commit of the whole machine, before and after many pipes are
 * created, and again when each end has a pending read. Other programs disturb
 * the measurement; many pipes keep the error small. */
#include "probe.h"

#include <stdio.h>

#include <psapi.h>

enum { PAIRS = 1000, READ_BYTES = 64 };

struct usage {
  double commit;
  double nonpaged;
  double paged;
  double process_nonpaged; /* nonpaged pool charged to the process */
};

static struct pair pairs[PAIRS];
static OVERLAPPED reads[2 * PAIRS];
static char bytes[2 * PAIRS][READ_BYTES];

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
  int i;

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
    for (i = 0; i < 2 * made; i++) {
      ZeroMemory(&reads[i], sizeof(reads[i]));
      ReadFile(i % 2 == 0 ? pairs[i / 2].server : pairs[i / 2].client, bytes[i],
               READ_BYTES, NULL, &reads[i]);
    }
    growth_print("bytes_per_pair_with_two_reads", &before, made);
  }
  printf("}");
  /* Each read ends when its pair closes. Its memory is not used again. */
  for (i = 0; i < made; i++) {
    pair_close(&pairs[i]);
  }
}

void probe_memory(void) {
  printf("\"memory\": {");
  quota_print(0);
  printf(",");
  quota_print(65536);
  printf("}");
}
