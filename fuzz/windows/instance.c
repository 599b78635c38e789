/* Finds the instance that a client opened, if all pipes are in one process: the
 * instance that was listening before and is not listening now. */
#include "instance.h"

#include <winternl.h>

enum { LOCAL_INFORMATION = 24, LISTENING = 2, UNKNOWN = 0 };

/* FILE_PIPE_LOCAL_INFORMATION */
struct local {
  ULONG type;
  ULONG configuration;
  ULONG instances_max;
  ULONG instances;
  ULONG in_quota;
  ULONG readable_bytes;
  ULONG out_quota;
  ULONG writable_bytes;
  ULONG state;
  ULONG end;
};

static unsigned state_of(const struct end *end) {
  IO_STATUS_BLOCK status;
  struct local local = {0};
  HANDLE handle = end->pipe != NULL ? np_pipe_handle(end->pipe) : end->raw;

  return NtQueryInformationFile(handle, &status, &local, sizeof local,
                                (FILE_INFORMATION_CLASS)LOCAL_INFORMATION) >= 0
             ? local.state
             : UNKNOWN;
}

static bool is_server_of(const struct end *end, unsigned name) {
  return (end->is_open || end->is_dying) && end->is_server && end->name == name;
}

void instance_watch(struct play *play, unsigned name) {
  for (size_t i = 0; i < play->end_count; i++) {
    play->watched[i] =
        is_server_of(&play->ends[i], name) ? state_of(&play->ends[i]) : UNKNOWN;
  }
}

struct end *instance_taken(struct play *play, unsigned name) {
  for (size_t i = 0; i < play->end_count; i++) {
    struct end *end = &play->ends[i];

    if (is_server_of(end, name) && play->watched[i] == LISTENING &&
        state_of(end) != LISTENING) {
      return end;
    }
  }
  return NULL;
}

/* instance_tells_outbound is false: the handle has no right to be queried
 * (FILE_READ_ATTRIBUTES). */
bool instance_tells_outbound(void) {
  return false;
}

bool instance_owner_is_user(void) {
  return false;
}

bool instance_has_own_quotas(void) {
  return false;
}

bool instance_become(const char *user) {
  (void)user;
  return false;
}
