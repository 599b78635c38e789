/* npipe-deaths: mistakes that end a program that uses the library, and the exit
 * status that each gives. Each one runs in a process of its own. */
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

#include "deaths.h"
#include "kit/child.h"
#include "threads.h"

enum { REFUSED = ERROR_ACCESS_DENIED, WORDS_BYTES_MAX = 4096 };

#ifdef NDEBUG
enum { HAS_ASSERTS = 0 };
#else
enum { HAS_ASSERTS = 1 };
#endif

static np_loop *loop;
static np_pipe *server;
static np_pipe *client;
static np_op connect_op;
static np_op read_op;
static np_op write_op;
static char buffer[16];

void must(np_error error) {
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

/* on_read impersonates the client and does not revert. */
static void on_read(np_op *op, np_error error, size_t transferred) {
  on_done(op, error, transferred);
  must(np_pipe_impersonate(server));
}

static void forget_to_revert(void) {
  must(np_loop_create(NULL, &loop));
  must(np_server_create(loop, "\\\\.\\pipe\\deaths", NULL, &server));
  must(np_server_connect(server, &connect_op, on_done));
  must(np_client_open(loop, "\\\\.\\pipe\\deaths", NULL, &client));
  must(np_pipe_write(client, "hello", 5, &write_op, on_done));
  must(np_pipe_read(server, buffer, sizeof buffer, &read_op, on_read));
  if (np_loop_run(loop) != ERROR_BAD_IMPERSONATION_LEVEL) {
    _exit(NOT_PLAYED);
  }
}

static void cannot_revert(void) {
  sim_fault("RevertToSelf", 1, REFUSED);
  forget_to_revert();
}

/* own_operation starts an operation of the caller's own on a pipe's handle. Its
 * packet comes to the loop, with a pointer that the loop knows nothing of. */
static void own_operation(size_t unused) {
  static OVERLAPPED overlapped;

  (void)unused;
  must(np_loop_create(NULL, &loop));
  must(np_server_create(loop, "\\\\.\\pipe\\deaths", NULL, &server));
  must(np_server_connect(server, &connect_op, on_done));
  must(np_client_open(loop, "\\\\.\\pipe\\deaths", NULL, &client));
  must(np_loop_run(loop));
  ReadFile(np_pipe_handle(server), buffer, sizeof buffer, NULL, &overlapped);
  must(np_pipe_write(client, "hello", 5, &write_op, on_done));
  np_loop_run_once(loop, 1000);
  np_loop_run_once(loop, 1000);
}

static const struct death {
  const char *name;
  void (*play)(void);
  int status; /* wait status of the process */
} deaths[] = {
    {"a forgotten revert is made up for", forget_to_revert, WENT_ON},
    {"a forgotten revert that is refused", cannot_revert, REFUSED},
};

static bool ends_as_said(const struct death *death) {
  int status = 0;

  if (child_begin(&status)) {
    sim_reset(1, NULL);
    death->play();
    _exit(WENT_ON);
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == death->status) {
    return true;
  }
  if (WIFSIGNALED(status)) {
    printf("FAIL %s: it %s\n", death->name, strsignal(WTERMSIG(status)));
  } else {
    printf("FAIL %s: it ended with %d\n", death->name, WEXITSTATUS(status));
  }
  return false;
}

/* stops_with_words calls play(index). Returns whether that stopped the process
 * by abort, with a message that has `reason` in it. */
static bool stops_with_words(const char *name, void (*play)(size_t index),
                             size_t index, const char *reason) {
  char words[WORDS_BYTES_MAX + 1];
  size_t length = 0;
  ssize_t got;
  int ends[2];
  int status = 0;
  pid_t child;

  fflush(stdout);
  if (pipe(ends) != 0) {
    perror("deaths");
    return false;
  }
  child = fork();
  if (child == 0) {
    dup2(ends[1], STDERR_FILENO);
    close(ends[0]);
    sim_reset(1, NULL);
    play(index);
    _exit(WENT_ON);
  }
  close(ends[1]);
  while (length < WORDS_BYTES_MAX &&
         (got = read(ends[0], words + length, WORDS_BYTES_MAX - length)) > 0) {
    length += (size_t)got;
  }
  words[length] = '\0';
  close(ends[0]);
  if (child < 0 || waitpid(child, &status, 0) != child) {
    perror("deaths");
    return false;
  }
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT &&
      strstr(words, reason) != NULL) {
    return true;
  }
  printf("FAIL %s: %s %d, with the words: %s\n", name,
         WIFSIGNALED(status) ? "signal" : "ended with",
         WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), words);
  return false;
}

int main(void) {
  size_t count = sizeof deaths / sizeof deaths[0];
  size_t passed = 0;
  const char *function;

  for (size_t i = 0; i < count; i++) {
    passed += ends_as_said(&deaths[i]) ? 1 : 0;
  }
  for (size_t i = 0;
       HAS_ASSERTS && (function = thread_call_function(i)) != NULL; i++) {
    passed += stops_with_words(function, thread_call_play, i,
                               "called on another thread than the loop's")
                  ? 1
                  : 0;
    count++;
  }
  if (HAS_ASSERTS) {
    passed +=
        stops_with_words("an operation of the caller's own", own_operation, 0,
                         "a packet of a foreign OVERLAPPED")
            ? 1
            : 0;
    count++;
  }
  printf("%zu of %zu ended as they should\n", passed, count);
  return passed == count ? 0 : 1;
}
