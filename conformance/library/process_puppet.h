/* A second process that does with its end of a pipe what the case tells it,
 * line by line, and can be killed in the middle of it. */
#ifndef NPIPE_CONFORMANCE_LIBRARY_PROCESS_PUPPET_H
#define NPIPE_CONFORMANCE_LIBRARY_PROCESS_PUPPET_H

#include "museum_common.h"

enum {
  PUPPET_QUOTA = MUSEUM_QUOTA,
  PUPPET_MESSAGE_BYTES_MAX = RECORDER_BYTES_MAX
};

/* puppet_start begins a process for the end that the variant does not test, or
 * for that of `end`, in the modes of the variant and on f->name. */
world_process *puppet_start(np_fixture *f);
world_process *puppet_start_as(np_fixture *f, np_end end);

/* puppet_tell has it do something and waits until that is done:
 *
 *   open        np_server_create, or np_client_open
 *   accept      np_server_connect, to its end
 *   connect     np_server_connect, begun
 *   send N      a write of N bytes of puppet_tail, to its end
 *   write N     the same, begun
 *   read        a read, begun
 *   echo N      N messages, each read and written back
 *   disconnect  np_server_disconnect
 *
 * What is begun is in the kernel when it answers. */
void puppet_tell(world_process *puppet, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* puppet_meet opens the end under test, connected with the puppet's. */
void puppet_meet(np_fixture *f, world_process *puppet);

/* puppet_order has it do one of these, and does not wait:
 *
 *   exit        ends at once, with everything open
 *   finish      np_pipe_shutdown, to its end, then the same */
void puppet_order(world_process *puppet, const char *order);

/* puppet_end waits until it ended by itself, with nothing left or wrong. */
void puppet_end(world_process *puppet);

/* puppet_tail is what puppets write: each write goes on where the last one of
 * that process ended. */
const uint8_t *puppet_tail(void);

/* puppet_drain reads `pipe` to its end and returns the error that it came to.
 * What was read must be the beginning of puppet_tail; `*length` how much. */
np_error puppet_drain(np_fixture *f, np_pipe *pipe, size_t *length);

#endif
