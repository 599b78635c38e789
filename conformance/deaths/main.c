/* npipe-deaths: a callback that returns while the thread still acts as a client
 * stops a program that was built with assertions. Without, it goes on: so says
 * npipe/security.h. Each is played in a process of its own. */
#define _GNU_SOURCE /* strsignal */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <windows.h>

#include <npipe/npipe.h>
#include <sim/sim.h>

enum { WENT_ON = 0, NOT_PLAYED = 2 };

#ifdef NDEBUG
static const bool has_assertions = false;
#else
static const bool has_assertions = true;
#endif

static np_loop *loop;
static np_pipe *server;
static np_pipe *client;
static np_op connect_op;
static np_op read_op;
static np_op write_op;
static np_timer timer;
static char buffer[16];
static bool reverts;

static void must(np_error error) {
  if (error != NP_OK) {
    fprintf(stderr, "deaths: %s\n", np_error_text(error));
    _exit(NOT_PLAYED);
  }
}

static void on_done(np_op *op, np_error error, size_t transferred) {
  (void)op;
  (void)transferred;
  must(error);
}

static void act_as_client(void) {
  must(np_pipe_impersonate(server));
  if (reverts) {
    must(np_pipe_revert(server));
  }
}

static void on_read(np_op *op, np_error error, size_t transferred) {
  on_done(op, error, transferred);
  act_as_client();
}

static void on_timer(np_timer *expired) {
  (void)expired;
  act_as_client();
}

/* A server that has read, in the callback of that read or before a timer. */
static void acquaint(np_op_fn then) {
  must(np_loop_create(NULL, &loop));
  must(np_server_create(loop, "\\\\.\\pipe\\deaths", NULL, &server));
  must(np_server_connect(server, &connect_op, on_done));
  must(np_client_open(loop, "\\\\.\\pipe\\deaths", NULL, &client));
  must(np_pipe_write(client, "hello", 5, &write_op, on_done));
  must(np_pipe_read(server, buffer, sizeof buffer, &read_op, then));
  must(np_loop_run(loop));
}

static void in_callback(void) {
  acquaint(on_read);
}

static void in_timer(void) {
  acquaint(on_done);
  must(np_timer_start(loop, &timer, 1, on_timer));
  must(np_loop_run(loop));
}

static void in_callback_reverting(void) {
  reverts = true;
  in_callback();
}

static void in_timer_reverting(void) {
  reverts = true;
  in_timer();
}

static const struct death {
  const char *name;
  void (*play)(void);
  bool is_forgotten;
} deaths[] = {
    {"a callback forgets to revert", in_callback, true},
    {"a timer forgets to revert", in_timer, true},
    {"a callback reverts", in_callback_reverting, false},
    {"a timer reverts", in_timer_reverting, false},
};

static bool ends_as_said(const struct death *death) {
  const bool must_die = death->is_forgotten && has_assertions;
  int status = 0;
  pid_t child;

  fflush(stdout);
  child = fork();
  if (child == 0) {
    sim_reset(1, NULL);
    death->play();
    _exit(WENT_ON);
  }
  if (child < 0 || waitpid(child, &status, 0) != child) {
    perror("deaths");
    return false;
  }
  if (must_die ? WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT
               : WIFEXITED(status) && WEXITSTATUS(status) == WENT_ON) {
    return true;
  }
  printf("FAIL %s: it %s\n", death->name,
         WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "ended by itself");
  return false;
}

int main(void) {
  const size_t count = sizeof deaths / sizeof deaths[0];
  size_t passed = 0;

  for (size_t i = 0; i < count; i++) {
    passed += ends_as_said(&deaths[i]) ? 1 : 0;
  }
  printf("%zu of %zu ended as they should, assertions %s\n", passed, count,
         has_assertions ? "on" : "off");
  return passed == count ? 0 : 1;
}
