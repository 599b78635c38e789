/* The machine on which the runner itself lives: processes, pipes to them, the
 * real clock. world/sim/host.c is POSIX, world/windows/host.c Win32. Nothing
 * here touches the simulated kernel.
 */
#ifndef NPIPE_CONFORMANCE_HOST_H
#define NPIPE_CONFORMANCE_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* HOST_CHILDREN_MAX is how many children host_wait can watch at once. */
enum { HOST_CHILDREN_MAX = 16 };

/* host_init prepares this process: no dialogs, no death by a closed pipe. A
 * `child` also ends when its parent does, even if it hangs; another waits until
 * the machine is up. */
void host_init(bool child);

/* host_build describes the system itself: "10.0.19045", "Linux 6.1.0". */
void host_build(char *out, size_t size);

/* HOST_FACT_BYTES_MAX holds any text of host_facts. */
enum { HOST_FACT_BYTES_MAX = 64 };

/* Facts that tell a server from a client of the same build. A text is empty
 * where the system has no such value; on the simulated kernel all are. */
struct host_facts {
  char product[HOST_FACT_BYTES_MAX]; /* "workstation", "domain controller" or
                                      * "server" */
  char edition[HOST_FACT_BYTES_MAX]; /* "ServerStandard", "Professional" */
  char ubr[HOST_FACT_BYTES_MAX];     /* the fourth number of the build */
};

void host_facts(struct host_facts *facts);

/* host_now_ms returns the machine's monotonic clock, also on sim. */
uint64_t host_now_ms(void);

/* host_process_id returns a number that no other living process has. */
uint32_t host_process_id(void);

/* host_directory writes the directory of this executable, without a slash at
 * the end. False when it cannot be told. */
bool host_directory(char *out, size_t size);

/* host_exit ends the process at once: no atexit, so that what a failed case
 * left behind is not reported as a leak on top. */
void host_exit(int code) __attribute__((noreturn));

/* Crashes. cmocka catches them and calls them failures; the runner wants the
 * process to die, with the sanitizer's report where there is one.
 * host_crash_save takes the state before cmocka, host_crash_restore brings it
 * back from inside the test. */
void host_crash_save(void);
void host_crash_restore(void);

/* host_crash_text says in words what an exit code of host_child_end means. */
void host_crash_text(uint32_t code, char *out, size_t size);

/* A child process: this executable with other arguments. Its stdin and stdout
 * are pipes to this process. */
typedef struct host_child host_child;

enum host_stderr {
  HOST_STDERR_SHARED, /* the child's stderr is ours                          */
  HOST_STDERR_STDOUT  /* it goes into the pipe of its stdout                 */
};

/* host_child_start starts this executable with `arguments` (NULL at the end,
 * without the program's name; ASCII without quotes). NULL on failure, and `why`
 * says what failed, and of what. */
host_child *host_child_start(const char *const *arguments,
                             enum host_stderr its_stderr, char *why,
                             size_t why_size);

uint32_t host_child_id(const host_child *child);

/* host_child_write sends all of `text`; false when the child has gone. */
bool host_child_write(host_child *child, const char *text, size_t length);

/* host_child_close_input lets the child read the end of its stdin. */
void host_child_close_input(host_child *child);

/* host_wait waits until one of `count` children has output, or has ended, or
 * `timeout_ms` passed. */
void host_wait(host_child *const *children, size_t count, uint64_t timeout_ms);

/* host_child_read takes what has arrived, without waiting: its size, 0 for
 * nothing. `*ended` is set once nothing will come any more. */
size_t host_child_read(host_child *child, char *out, size_t size, bool *ended);

/* host_child_end kills the child and what it started unless they ended by
 * themselves, waits for it, frees it, and returns its exit code (POSIX: 256
 * plus the signal that ended it). */
uint32_t host_child_end(host_child *child);

/* host_stdio_detach keeps the pipe of stdout for host_stdio_write alone, and
 * sends what C writes to stdout to stderr from then on. */
void host_stdio_detach(void);

/* host_stdio_write writes to the pipe of stdout. */
void host_stdio_write(const char *text, size_t length);

#endif
