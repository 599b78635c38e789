/* What a case may ask of the world in which it runs: the simulated kernel,
 * Wine or Windows. The cases themselves hold no #ifdef on the world.
 *
 * The runner calls world_case_begin and world_case_end around each run of a
 * case; a case or a fixture calls neither.
 */
#ifndef NPIPE_CONFORMANCE_WORLD_H
#define NPIPE_CONFORMANCE_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* world_name returns "sim", "wine" or "windows". */
const char *world_name(void);

/* world_case_begin makes the world fresh for the run named `id`
 * ("area/case@variant"). sim: a new kernel that takes its choices from `seed`.
 * Elsewhere it only takes the state that world_case_end compares with. */
void world_case_begin(const char *id, uint64_t seed);

/* world_case_end returns whether the run left the world as it found it. If
 * not, `report` tells what is left or was misused. */
bool world_case_end(char *report, size_t size);

/* WORLD_PIPE_NAME_BYTES_MAX holds any name that world_pipe_name makes. */
enum { WORLD_PIPE_NAME_BYTES_MAX = 64 };

/* world_pipe_name writes a pipe name that nobody else uses, in UTF-8:
 * `\\.\pipe\npipe-<process>-<counter>`. */
void world_pipe_name(char *out, size_t size);

/* world_now_ms returns the monotonic clock; the virtual one on sim. */
uint64_t world_now_ms(void);

/* world_timeout_ms returns `ms` multiplied by --time-scale where time is real,
 * and `ms` itself on sim, where it is virtual. For waits that must not expire
 * on a slow machine. */
uint64_t world_timeout_ms(uint64_t ms);

/* world_call_count sets how often the Win32 function `name` was called since
 * the run began. False, and nothing set, where nobody counts (not on sim). */
bool world_call_count(const char *name, uint64_t *count);

/* world_has_users returns whether a case can run as other users than the one
 * who started it: always on sim. On Windows where npipe-users has started the
 * runner. */
bool world_has_users(void);

/* world_set_user makes the calling thread run as another user from now on, to
 * the end of the case: "alice", "bob", "admin" (an administrator), "service"
 * (may impersonate), "anonymous", "network" (on sim alone). On sim the thread
 * is alice at first and its process changes, too; on Windows the thread is
 * "admin" and "service" at first, and impersonates the others. False where a
 * case cannot be that user. */
bool world_set_user(const char *user);

/* WORLD_SID_BYTES_MAX holds the text of any SID. */
enum { WORLD_SID_BYTES_MAX = 192 };

/* world_user_sid writes the SID of "alice" or "bob" as text. False where there
 * is no such user. */
bool world_user_sid(const char *user, char *out, size_t size);

/* Two-process cases.
 *
 * A second process is this executable again, in a role:
 *
 *   WORLD_ROLE(echo_client) {
 *     world_role_write_line("ready");
 *     if (!world_role_read_line(line, sizeof line)) { return; }
 *     assert_int_equal(...);   // cmocka asserts work; a failure is exit code 1
 *   }
 *
 *   world_process *p = world_process_start("echo_client", f->name);
 *   world_process_read_line(p, line, sizeof line, 5000);
 *   world_process_write_line(p, "go");
 *   assert_int_equal(world_process_wait(p, 5000), 0);
 *
 * On sim the kernel lives in one process: world_process_start fails the case,
 * and expectations/sim.toml lists it as a skip. */
typedef struct world_process world_process;

/* world_process_start starts `role` with `arg` (ASCII, no quote in it and no
 * backslash at its end; NULL: "").
 * It fails the case when there is no such process, so never returns NULL. */
world_process *world_process_start(const char *role, const char *arg);

/* world_process_id returns the process id, as GetCurrentProcessId there. */
uint32_t world_process_id(const world_process *process);

/* world_process_read_line reads a line that the role wrote, without its end.
 * Fails the case when none comes in `timeout_ms` (scaled by --time-scale) or
 * the role ended before. */
void world_process_read_line(world_process *process, char *line, size_t size,
                             uint64_t timeout_ms);

/* world_process_write_line sends a line to the role. Returns whether the role
 * was there to take it. */
bool world_process_write_line(world_process *process, const char *line);

/* world_process_wait waits for the end of the process, frees `process` and
 * returns its exit code: 0 when the role returned, 1 when an assert failed.
 * Fails the case when it doesn't end in `timeout_ms` (scaled). */
uint32_t world_process_wait(world_process *process, uint64_t timeout_ms);

/* world_process_kill ends the process as a crash would, with no clean-up of
 * its own, waits until it is gone and frees `process`. */
void world_process_kill(world_process *process);

/* In a role: world_role_read_line waits for a line from the case. False when
 * the case has ended (the role then returns). */
bool world_role_read_line(char *line, size_t size);

/* In a role: world_role_write_line sends a line to the case. stdout is not for
 * anything else there; printf goes to the log of the case. */
void world_role_write_line(const char *line);

struct world_role {
  const char *name;
  void (*run)(const char *arg);
  struct world_role *next;
};

void world_role_register(struct world_role *role);

/* Defines and registers a role; the body follows, with `const char *arg`. */
#define WORLD_ROLE(name_)                                                      \
  static void world_role_run_##name_(const char *arg);                         \
  static struct world_role world_role_##name_ = {#name_,                       \
                                                 world_role_run_##name_, 0};   \
  __attribute__((constructor)) static void world_role_register_##name_(void) { \
    world_role_register(&world_role_##name_);                                  \
  }                                                                            \
  static void world_role_run_##name_(const char *arg)

/* The rest is for the runner alone. */

/* world_warms_up returns whether the first run of a case may leave things that
 * belong to the process (a thread of the pool, a library's event). There a leak
 * counts only when a second run leaks again. False on sim. */
bool world_warms_up(void);

/* world_set_time_scale takes --time-scale; for the runner. */
void world_set_time_scale(double scale);

/* world_set_settings takes --settings, a named kind of kernel. False when there
 * is none of that name, as always but on sim. */
bool world_set_settings(const char *name);

/* world_settings_name returns the name of the `index`th kind of kernel; NULL
 * past the last. There are none but on sim. */
const char *world_settings_name(size_t index);

/* world_has_settings returns whether the simulated kernel has settings `name`.
 * Elsewhere than on sim nobody can tell: true for any. */
bool world_has_settings(const char *name);

/* world_version writes the version of the world: of Wine, of Windows, or the
 * name of the settings on sim. */
void world_version(char *out, size_t size);

/* world_set_trace lets the calls be traced, from the next run on. Then
 * world_trace_print prints to stderr which were made since the run began, and
 * world_trace_write makes a file of them. But on sim nothing is printed and
 * nothing can be written. */
void world_set_trace(bool on);
void world_trace_print(void);
bool world_trace_write(const char *file);

#endif
