/* Loads npipe.dll, flushes to clients that do not read, destroys the loop and
 * unloads the DLL, many times. No code of the library may run after its last
 * loop is gone: a thread that returns into the unloaded DLL would crash. */
#include <stdio.h>

#include <npipe/npipe.h>
#include <windows.h>

enum { ROUNDS = 200, PIPES = 4 };

static struct {
  __typeof__(&np_loop_create) loop_create;
  __typeof__(&np_loop_run_once) loop_run_once;
  __typeof__(&np_loop_destroy) loop_destroy;
  __typeof__(&np_server_create) server_create;
  __typeof__(&np_client_open) client_open;
  __typeof__(&np_pipe_write) write;
  __typeof__(&np_pipe_flush) flush;
  __typeof__(&np_pipe_close) close;
} np;

static void on_done(np_op *op, np_error error, size_t transferred) {
  (void)op;
  (void)error;
  (void)transferred;
}

static int use(void) {
  static np_op ops[2 * PIPES];
  np_pipe *servers[PIPES];
  np_pipe *clients[PIPES];
  np_loop *loop;

  if (np.loop_create(NULL, &loop) != NP_OK) {
    return 0;
  }
  for (int i = 0; i < PIPES; i++) {
    if (np.server_create(loop, "\\\\.\\pipe\\npipe-unload", NULL,
                         &servers[i]) != NP_OK ||
        np.client_open(loop, "\\\\.\\pipe\\npipe-unload", NULL, &clients[i]) !=
            NP_OK ||
        np.write(servers[i], "x", 1, &ops[i], on_done) != NP_OK ||
        np.flush(servers[i], &ops[PIPES + i], on_done) != NP_OK) {
      return 0;
    }
  }
  np.loop_run_once(loop, 0);
  for (int i = 0; i < PIPES; i++) {
    np.close(servers[i], NULL);
    np.close(clients[i], NULL);
  }
  while (np.loop_destroy(loop) != NP_OK) {
    np.loop_run_once(loop, INFINITE);
  }
  return 1;
}

#define FIND(field, name) \
  (np.field = (__typeof__(&name))(void *)GetProcAddress(dll, #name))

int main(void) {
  for (int round = 0; round < ROUNDS; round++) {
    HMODULE dll = LoadLibraryA("npipe.dll");

    if (dll == NULL || !FIND(loop_create, np_loop_create) ||
        !FIND(loop_run_once, np_loop_run_once) ||
        !FIND(loop_destroy, np_loop_destroy) ||
        !FIND(server_create, np_server_create) ||
        !FIND(client_open, np_client_open) || !FIND(write, np_pipe_write) ||
        !FIND(flush, np_pipe_flush) || !FIND(close, np_pipe_close)) {
      puts("npipe.dll cannot be used");
      return 1;
    }
    if (!use()) {
      puts("a call failed");
      return 1;
    }
    FreeLibrary(dll);
    if (GetModuleHandleA("npipe.dll") != NULL) {
      puts("npipe.dll is still loaded");
      return 1;
    }
  }
  puts("unloaded");
  return 0;
}
