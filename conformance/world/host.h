/* The machine on which the runner itself lives: processes, pipes to them, and
 * the real clock. world/sim/host.c is POSIX, world/windows/host.c is Win32.
 * Nothing here touches the simulated kernel. */
#ifndef NPIPE_CONFORMANCE_HOST_H
#define NPIPE_CONFORMANCE_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* HOST_CHILDREN_MAX is the number of children that host_wait can watch at
 * once. */
enum { HOST_CHILDREN_MAX = 16 };

/* host_init prepares this process: no dialogs, and a closed pipe does not kill
 * it. A `child` also ends when its parent ends, even if it hangs. Other
 * processes wait until the machine is ready. */
void host_init(bool child);

/* host_build writes the version of the system itself: "10.0.19045", "Linux
 * 6.1.0". */
void host_build(char *out, size_t size);

/* HOST_FACT_BYTES_MAX holds any text of host_facts. */
enum { HOST_FACT_BYTES_MAX = 64 };

/* Facts that distinguish a server from a client of the same build. A text is
 * empty if the system has no such value; on the simulated kernel all are
 * empty. */
struct host_facts {
  char product[HOST_FACT_BYTES_MAX]; /* "workstation", "domain controller" or
                                      * "server" */
  char edition[HOST_FACT_BYTES_MAX]; /* "ServerStandard", "Professional" */
  char ubr[HOST_FACT_BYTES_MAX];     /* fourth number of the build */
};

void host_facts(struct host_facts *facts);

/* host_now_ms returns the time of the machine's monotonic clock, also on
 * sim. */
uint64_t host_now_ms(void);

/* host_process_id returns a number that no other running process has. */
uint32_t host_process_id(void);

/* The terminal that stdout goes to. */
struct host_terminal {
  size_t columns; /* 0: stdout is no terminal */
  bool colours;   /* it knows the escape sequences of colours */
};

void host_terminal(struct host_terminal *terminal);

/* host_directory writes the directory of this executable, without a slash at
 * the end. It returns false if the directory is unknown. */
bool host_directory(char *out, size_t size);

/* host_exit ends the process at once, without atexit functions. So the memory
 * that a failed case left behind is not also reported as a leak. */
void host_exit(int code) __attribute__((noreturn));

/* Crashes. cmocka catches crashes and counts them as failures; but the runner
 * wants the process to die, with the sanitizer's report if there is one.
 * host_crash_save stores the signal handlers before cmocka runs, and
 * host_crash_restore restores them inside the test. */
void host_crash_save(void);
void host_crash_restore(void);

/* host_crash_text describes the meaning of an exit code of host_child_end. */
void host_crash_text(uint32_t code, char *out, size_t size);

/* A child process: this executable with other arguments. Its stdin and stdout
 * are pipes to this process. */
typedef struct host_child host_child;

enum host_stderr {
  HOST_STDERR_SHARED, /* the child uses our stderr */
  HOST_STDERR_STDOUT  /* stderr goes into the pipe of stdout */
};

/* host_child_start starts this executable with `arguments` (NULL at the end,
 * without the program's name; ASCII without quotes). On failure it returns
 * NULL, and `why` describes the failure. */
host_child *host_child_start(const char *const *arguments,
                             enum host_stderr its_stderr, char *why,
                             size_t why_size);

/* host_child_start_as starts it with the token of another user, on Windows
 * only. The child has the caller's stderr. */
host_child *host_child_start_as(void *token, const char *const *arguments,
                                char *why, size_t why_size);

uint32_t host_child_id(const host_child *child);

/* host_child_write sends all of `text`. It returns false if the child has
 * gone. */
bool host_child_write(host_child *child, const char *text, size_t length);

/* host_child_close_input closes the child's stdin. */
void host_child_close_input(host_child *child);

/* host_wait waits until one of `count` children has output or has ended, or
 * until `timeout_ms` has passed. */
void host_wait(host_child *const *children, size_t count, uint64_t timeout_ms);

/* host_child_read takes the output that has arrived, without waiting, and
 * returns its size; 0 means none. `*ended` becomes true when no more output can
 * come. */
size_t host_child_read(host_child *child, char *out, size_t size, bool *ended);

/* host_child_end kills the child and its own children if they still run, waits
 * for the child, frees it, and returns its exit code (POSIX: 256 plus the
 * signal that ended it). */
uint32_t host_child_end(host_child *child);

/* host_stdio_detach reserves the pipe of stdout for host_stdio_write. From then
 * on C's stdout goes to stderr. */
void host_stdio_detach(void);

/* host_stdio_write writes to the pipe of stdout. */
void host_stdio_write(const char *text, size_t length);

#endif
