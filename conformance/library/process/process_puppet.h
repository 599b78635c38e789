/* The puppet: a second process that holds one end of the pipe, obeys the case's
 * orders line by line, and can be killed at any moment. */
#ifndef NPIPE_CONFORMANCE_LIBRARY_PROCESS_PUPPET_H
#define NPIPE_CONFORMANCE_LIBRARY_PROCESS_PUPPET_H

#include "library/rounds.h"

enum {
  PUPPET_QUOTA = MUSEUM_QUOTA,
  PUPPET_MESSAGE_BYTES_MAX = RECORDER_BYTES_MAX
};

/* puppet_start starts a process for the end that the variant does not test.
 * puppet_start_as starts one for `end`. Both use the modes of the variant and
 * f->name. */
world_process *puppet_start(np_fixture *f);
world_process *puppet_start_as(np_fixture *f, np_end end);

/* puppet_tell gives an order and waits until it is carried out.
 *
 *   open        np_server_create, or np_client_open
 *   accept      np_server_connect, until it ends
 *   connect     np_server_connect, started
 *   send N      a write of N bytes of puppet_tail, until it ends
 *   write N     a write of N bytes of puppet_tail, started
 *   read        a read, started
 *   echo N      N messages, each read and written back
 *   disconnect  np_server_disconnect
 *
 * An operation that was started is in the kernel when the puppet answers. */
void puppet_tell(world_process *puppet, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* puppet_meet opens the end under test and connects it with the puppet's
 * end. */
void puppet_meet(np_fixture *f, world_process *puppet);

/* puppet_order gives one of these orders and does not wait.
 *
 *   exit        ends at once and leaves all handles open
 *   finish      np_pipe_shutdown, until it ends, then `exit` */
void puppet_order(world_process *puppet, const char *order);

/* puppet_end waits until the puppet has ended by itself. It checks that no
 * error occurred and nothing was left. */
void puppet_end(world_process *puppet);

/* puppet_tail is the data that puppets write. Each write continues where the
 * process's last write ended. */
const uint8_t *puppet_tail(void);

/* puppet_drain reads `pipe` to its end and returns the final error. The data
 * must be the beginning of puppet_tail; `*length` is their size. */
np_error puppet_drain(np_fixture *f, np_pipe *pipe, size_t *length);

#endif
