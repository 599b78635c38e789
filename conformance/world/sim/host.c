/* The runner's machine on POSIX: processes, pipes and the clock. */
/* _GNU_SOURCE is needed for pipe2, whose descriptors no child inherits, and for
 * environ. The name is fixed.
 * NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl37-c) */
#define _GNU_SOURCE
#include "world/host.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* The signals that cmocka catches. */
static const int crash_signals[] = {SIGFPE, SIGILL, SIGSEGV, SIGBUS, SIGSYS};

enum {
  CRASH_SIGNALS = sizeof(crash_signals) / sizeof(crash_signals[0]),
  ARGUMENTS_MAX = 16,
  /* Interval at which host_wait looks for a child that has ended while another
   * process holds its pipe open. */
  EXIT_POLL_MS = 50,
  /* Time that a child may take to end after it has closed its output; the
   * sanitizers look for leaks then. */
  EXIT_WAIT_MS = 20000
};

static struct sigaction crash_actions[CRASH_SIGNALS];
static int stdio_pipe = STDOUT_FILENO;

struct host_child {
  pid_t id;
  int in;  /* stdin of the child; -1 when closed */
  int out; /* stdout of the child */
  int status;
  bool exited; /* `status` is set */
  bool ended;  /* `out` has ended */
};

void host_init(bool child) {
  signal(SIGPIPE, SIG_IGN);
  if (child) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
  }
}

void host_build(char *out, size_t size) {
  struct utsname name;

  out[0] = '\0';
  if (uname(&name) == 0) {
    snprintf(out, size, "%.20s %.60s", name.sysname, name.release);
  }
}

void host_facts(struct host_facts *facts) {
  memset(facts, 0, sizeof(*facts));
}

uint64_t host_now_ms(void) {
  struct timespec now;

  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

uint32_t host_process_id(void) {
  return (uint32_t)getpid();
}

void host_terminal(struct host_terminal *terminal) {
  const char *kind = getenv("TERM");
  struct winsize size;

  memset(terminal, 0, sizeof(*terminal));
  if (isatty(STDOUT_FILENO) && kind != NULL && strcmp(kind, "dumb") != 0) {
    terminal->columns = 80;
    terminal->colours = true;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1) {
      terminal->columns = size.ws_col;
    }
  }
}

/* self_path writes the path of this executable. Under valgrind /proc/self/exe
 * is valgrind itself; only readlink gives the right path there. */
static bool self_path(char *out, size_t size) {
  ssize_t length = readlink("/proc/self/exe", out, size);

  if (length <= 0 || (size_t)length >= size) {
    return false;
  }
  out[length] = '\0';
  return true;
}

bool host_directory(char *out, size_t size) {
  char *slash;

  if (!self_path(out, size)) {
    return false;
  }
  slash = strrchr(out, '/');
  if (slash == NULL) {
    return false;
  }
  *slash = '\0';
  return true;
}

void host_exit(int code) {
  fflush(NULL);
  _exit(code);
}

void host_crash_save(void) {
  for (size_t i = 0; i < CRASH_SIGNALS; i++) {
    sigaction(crash_signals[i], NULL, &crash_actions[i]);
  }
}

void host_crash_restore(void) {
  for (size_t i = 0; i < CRASH_SIGNALS; i++) {
    sigaction(crash_signals[i], &crash_actions[i], NULL);
  }
}

void host_crash_text(uint32_t code, char *out, size_t size) {
  if (code > 256) {
    snprintf(out, size, "signal %u (%s)", (unsigned)(code - 256),
             strsignal((int)(code - 256)));
  } else {
    snprintf(out, size, "exit code %u", (unsigned)code);
  }
}

/* spawn starts the program with `child_in` and `child_out` as stdin and
 * stdout. */
static int spawn(pid_t *id, char **arguments, int child_in, int child_out,
                 enum host_stderr its_stderr) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  char path[4096];
  sigset_t defaults;
  int err;

  if (!self_path(path, sizeof(path))) {
    return ENOENT;
  }
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, child_in, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, child_out, STDOUT_FILENO);
  if (its_stderr == HOST_STDERR_STDOUT) {
    posix_spawn_file_actions_adddup2(&actions, child_out, STDERR_FILENO);
  }
  /* A process group of its own: the child's own children are killed with it. */
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setpgroup(&attributes, 0);
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGPIPE);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
  err = posix_spawn(id, path, &actions, &attributes, arguments, environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return err;
}

host_child *host_child_start(const char *const *arguments,
                             enum host_stderr its_stderr, char *why,
                             size_t why_size) {
  static char program[] = "npipe-conformance";
  char *argv[ARGUMENTS_MAX + 2] = {program};
  int in[2] = {-1, -1};
  int out[2] = {-1, -1};
  host_child *child = NULL;
  pid_t id = 0;
  int err;

  for (size_t i = 0; arguments[i] != NULL; i++) {
    if (i == ARGUMENTS_MAX) {
      snprintf(why, why_size, "more than %d arguments", ARGUMENTS_MAX);
      return NULL;
    }
    /* posix_spawn does not change the arguments. */
    argv[i + 1] = (char *)(uintptr_t)arguments[i];
  }
  if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0 ||
      fcntl(out[0], F_SETFL, O_NONBLOCK) != 0) {
    snprintf(why, why_size, "its pipes: %s", strerror(errno));
    goto cleanup;
  }
  fflush(NULL);
  err = spawn(&id, argv, in[0], out[1], its_stderr);
  if (err != 0) {
    snprintf(why, why_size, "posix_spawn: %s", strerror(err));
    goto cleanup;
  }
  child = calloc(1, sizeof(*child));
  if (child == NULL) {
    snprintf(why, why_size, "no memory");
    kill(id, SIGKILL);
    goto cleanup;
  }
  child->id = id;
  child->in = in[1]; /* Moves to `child` on success only. */
  child->out = out[0];
  in[1] = -1;
  out[0] = -1;

cleanup:
  for (size_t i = 0; i < 2; i++) {
    if (in[i] != -1) {
      close(in[i]);
    }
    if (out[i] != -1) {
      close(out[i]);
    }
  }
  return child;
}

uint32_t host_child_id(const host_child *child) {
  return (uint32_t)child->id;
}

bool host_child_write(host_child *child, const char *text, size_t length) {
  while (length > 0) {
    ssize_t written = child->in == -1 ? -1 : write(child->in, text, length);

    if (written < 0) {
      if (child->in != -1 && errno == EINTR) {
        continue;
      }
      return false;
    }
    text += written;
    length -= (size_t)written;
  }
  return true;
}

void host_child_close_input(host_child *child) {
  if (child->in != -1) {
    close(child->in);
    child->in = -1;
  }
}

/* child_exited fetches the exit status if the child has ended. It then kills
 * processes that the child left running, so that the pipe of its output
 * ends. */
static bool child_exited(host_child *child) {
  if (!child->exited && waitpid(child->id, &child->status, WNOHANG) > 0) {
    child->exited = true;
    kill(-child->id, SIGKILL);
  }
  return child->exited;
}

void host_wait(host_child *const *children, size_t count, uint64_t timeout_ms) {
  uint64_t deadline = host_now_ms() + timeout_ms;
  struct pollfd descriptors[HOST_CHILDREN_MAX];

  for (size_t i = 0; i < count; i++) {
    descriptors[i].fd = children[i]->out;
    descriptors[i].events = POLLIN;
    descriptors[i].revents = 0;
  }
  for (;;) {
    uint64_t now = host_now_ms();
    uint64_t left = deadline > now ? deadline - now : 0;
    int timeout = left > EXIT_POLL_MS ? EXIT_POLL_MS : (int)left;

    if (poll(descriptors, (nfds_t)count, timeout) > 0 || left == 0) {
      return;
    }
    for (size_t i = 0; i < count; i++) {
      child_exited(children[i]);
    }
  }
}

size_t host_child_read(host_child *child, char *out, size_t size, bool *ended) {
  ssize_t length = child->ended ? 0 : read(child->out, out, size);

  if (length > 0) {
    return (size_t)length;
  }
  if (length == 0 || (errno != EAGAIN && errno != EINTR)) {
    child->ended = true;
  }
  *ended = child->ended;
  return 0;
}

uint32_t host_child_end(host_child *child) {
  uint64_t deadline = host_now_ms() + (child->ended ? EXIT_WAIT_MS : 0);
  const struct timespec pause = {0, 2000000};
  uint32_t code;

  while (!child_exited(child)) {
    if (host_now_ms() >= deadline) {
      kill(-child->id, SIGKILL);
    }
    nanosleep(&pause, NULL);
  }
  code = WIFSIGNALED(child->status) ? 256 + (uint32_t)WTERMSIG(child->status)
                                    : (uint32_t)WEXITSTATUS(child->status);
  host_child_close_input(child);
  close(child->out);
  free(child);
  return code;
}

void host_stdio_detach(void) {
  fflush(stdout);
  stdio_pipe = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  dup2(STDERR_FILENO, STDOUT_FILENO);
}

void host_stdio_write(const char *text, size_t length) {
  while (length > 0) {
    ssize_t written = write(stdio_pipe, text, length);

    if (written < 0) {
      return;
    }
    text += written;
    length -= (size_t)written;
  }
}
