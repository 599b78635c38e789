/* Mistakes of a caller that end the process. Those on the wrong thread are in
 * threads.c. */
#include "selftest.h"
#include "world.h"

#include <windows.h>

#include <npipe/npipe.h>

#include <assert.h>
#include <stdio.h>

static void on_done(np_op *op, np_error error, size_t transferred) {
  (void)op;
  (void)transferred;
  must(error);
}

/* Shows `run` whether this is a build with asserts. */
SELFTEST_CASE("death/assert", NO_MODE) {
  assert(f == NULL);
}

/* The caller starts an operation of its own on the handle of a pipe. Its packet
 * comes to the loop, with a pointer that the loop knows nothing of. */
SELFTEST_CASE("death/own-operation", NO_MODE) {
  static OVERLAPPED overlapped;
  static np_op connect_op;
  static np_op write_op;
  static char buffer[16];
  char name[WORLD_PIPE_NAME_BYTES_MAX];
  np_loop *loop;
  np_pipe *server;
  np_pipe *client;

  if (!HAS_ASSERTS) {
    return;
  }
  world_pipe_name(name, sizeof(name));
  must(np_loop_create(NULL, &loop));
  must(np_server_create(loop, name, NULL, &server));
  must(np_server_connect(server, &connect_op, on_done));
  must(np_client_open(loop, name, NULL, &client));
  must(np_loop_run(loop));
  ReadFile(np_pipe_handle(server), buffer, sizeof buffer, NULL, &overlapped);
  must(np_pipe_write(client, "hello", 5, &write_op, on_done));
  np_loop_run_once(loop, 1000);
  np_loop_run_once(loop, 1000);
}
