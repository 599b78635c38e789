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
#include "threads.h"

enum { REFUSED = ERROR_ACCESS_DENIED, WORDS_BYTES_MAX = 4096 };

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

#ifdef NDEBUG
/* Without asserts nothing stops a call from the wrong thread. */
static size_t count_calls(void) {
  return 0;
}
#else
static size_t count_calls(void) {
  size_t count = 0;

  while (thread_call_function(count) != NULL) {
    count++;
  }
  return count;
}
#endif

/* stops_with_words plays a call on the wrong thread. Returns whether it stopped
 * the process by abort, with a message that says why. */
static bool stops_with_words(size_t index) {
  static const char reason[] = "called on another thread than the loop's";
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
    thread_call_play(index);
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
  printf("FAIL %s on another thread: %s %d, with the words: %s\n",
         thread_call_function(index),
         WIFSIGNALED(status) ? "signal" : "ended with",
         WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), words);
  return false;
}

int main(void) {
  const size_t count = sizeof deaths / sizeof deaths[0];
  const size_t calls = count_calls();
  size_t passed = 0;

  for (size_t i = 0; i < count; i++) {
    passed += ends_as_said(&deaths[i]) ? 1 : 0;
  }
  for (size_t i = 0; i < calls; i++) {
    passed += stops_with_words(i) ? 1 : 0;
  }
  printf("%zu of %zu ended as they should\n", passed, count + calls);
  return passed == count + calls ? 0 : 1;
}
