/* Child processes of the test programs on Linux. A death is told by the child
 * itself, because the parent cannot see what was played. */
#define _GNU_SOURCE /* MAP_ANONYMOUS, strsignal */
#include "child.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* Time for a dying child to tell its death. */
enum { TELL_SECONDS_MAX = 5 };

enum { HEAP_KEPT_BYTES = 32 << 20 };

static void (*tell)(const char *what);

void *child_share(size_t bytes) {
  void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);

  if (memory == MAP_FAILED) {
    perror("mmap");
    exit(1);
  }
  return memory;
}

/* heap_keep lets the heap keep what is freed. Each run frees all its memory. If
 * the system took it back, the next run would fault in the same pages again. */
static void heap_keep(void) {
#ifdef M_TRIM_THRESHOLD /* glibc */
  mallopt(M_TRIM_THRESHOLD, HEAP_KEPT_BYTES);
  mallopt(M_MMAP_THRESHOLD, HEAP_KEPT_BYTES);
#endif
}

bool child_begin(int *status) {
  pid_t child;

  fflush(stdout);
  child = fork();
  if (child == 0) {
    heap_keep();
    return true;
  }
  if (child < 0) {
    perror("fork");
    exit(1);
  }
  while (waitpid(child, status, 0) < 0 && errno == EINTR) {
  }
  return false;
}

bool child_passed(int status) {
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* on_signal: `tell` may need a lock that the broken code holds, as that of the
 * heap. The alarm then ends the child. */
static void on_signal(int number) {
  signal(SIGALRM, SIG_DFL);
  alarm(TELL_SECONDS_MAX);
  tell(number == SIGALRM ? "a hang: the run did not end in time"
                         : strsignal(number));
  fflush(stdout);
  signal(number, SIG_DFL);
  raise(number);
}

static void on_sanitizer(void) {
  tell("a sanitizer reported an error, see above");
  fflush(stdout);
}

void __sanitizer_set_death_callback(void (*callback)(void))
    __attribute__((weak));

void child_catch(void (*on_death)(const char *what)) {
  tell = on_death;
  if (__sanitizer_set_death_callback != NULL) {
    __sanitizer_set_death_callback(on_sanitizer);
  } else {
    signal(SIGSEGV, on_signal);
    signal(SIGBUS, on_signal);
    signal(SIGFPE, on_signal);
  }
  signal(SIGABRT, on_signal);
  signal(SIGALRM, on_signal);
}
