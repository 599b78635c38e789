/* A revert that Windows refuses: the process ends, because it must not go on as
 * the client. Only the simulated kernel refuses it. */
#include "../selftest.h"

#include <windows.h>

#include <npipe/npipe.h>
#include <sim/sim.h>

static np_pipe *server;

static void on_done(np_op *op, np_error error, size_t transferred) {
  (void)op;
  (void)transferred;
  must(error);
}

/* on_read impersonates the client and does not revert. */
static void on_read(np_op *op, np_error error, size_t transferred) {
  on_done(op, error, transferred);
  must(np_pipe_impersonate(server));
}

SELFTEST_CASE("death/refused-revert", NO_MODE) {
  static np_op connect_op;
  static np_op read_op;
  static np_op write_op;
  static char buffer[16];
  np_loop *loop;
  np_pipe *client;

  sim_fault("RevertToSelf", 1, ERROR_ACCESS_DENIED);
  must(np_loop_create(NULL, &loop));
  must(np_server_create(loop, "\\\\.\\pipe\\revert", NULL, &server));
  must(np_server_connect(server, &connect_op, on_done));
  must(np_client_open(loop, "\\\\.\\pipe\\revert", NULL, &client));
  must(np_pipe_write(client, "hello", 5, &write_op, on_done));
  must(np_pipe_read(server, buffer, sizeof buffer, &read_op, on_read));
  (void)np_loop_run(loop);
}
