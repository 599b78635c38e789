/* The parts of npipe-probe. Each part prints one member of a JSON object,
 * without a comma, and never fails: a failed measurement becomes a member
 * "error". */
#ifndef NPIPE_PROBE_H
#define NPIPE_PROBE_H

#include <stdbool.h>

#include <windows.h>
#include <winternl.h>

enum { PROBE_NAME_BYTES_MAX = 64, PROBE_LOOK_MS = 500 };

/* A pipe with both its ends, each overlapped. */
struct pair {
  HANDLE server;
  HANDLE client;
};

/* pair_open creates a byte pipe with these quotas. If it cannot, it closes both
 * ends and returns false, with GetLastError(). */
bool pair_open(struct pair *pair, DWORD quota_bytes);
void pair_close(struct pair *pair);

void probe_pool(void);
void probe_flush(void);
void probe_flush_control(void);
void probe_memory(void);

#endif
