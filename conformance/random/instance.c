/* Finds the instance that a client opened, on the simulated kernel. */
#include "instance.h"

#include <sim/sim.h>

/* On the simulated kernel each client opens with a process id of its own, and
 * the server's handle then reports this id. */
enum { CLIENT_PROCESS_FIRST = 5000 };

void instance_watch(struct play *play, unsigned name) {
  (void)name;
  play->own_process = GetCurrentProcessId();
  sim_set_process(CLIENT_PROCESS_FIRST + play->opens++, 1);
}

/* server_of returns the server whose client has this process id, or NULL. */
static struct end *server_of(struct play *play, unsigned name,
                             uint32_t process_id) {
  for (size_t i = 0; i < play->end_count; i++) {
    struct end *end = &play->ends[i];
    HANDLE handle = end->pipe != NULL ? np_pipe_handle(end->pipe) : end->raw;

    if ((!end->is_open && !end->is_dying) || !end->is_server ||
        end->name != name) {
      continue;
    }
    /* The second attempt is for a fault that hits the first. */
    for (int attempt = 0; attempt < 2; attempt++) {
      ULONG id = 0;

      if (GetNamedPipeClientProcessId(handle, &id)) {
        if (id == process_id) {
          return end;
        }
        break;
      }
    }
  }
  return NULL;
}

struct end *instance_taken(struct play *play, unsigned name) {
  const uint32_t process_id = GetCurrentProcessId();

  sim_set_process(play->own_process, 1);
  return server_of(play, name, process_id);
}

bool instance_tells_outbound(void) {
  return true;
}

bool instance_become(const char *user) {
  return sim_set_user(user);
}

bool instance_owner_is_user(void) {
  return true;
}

bool instance_has_own_quotas(void) {
  return true;
}
