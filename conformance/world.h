/* The functions that a case may call on the world in which it runs: the
 * simulated kernel, Wine or Windows. The cases themselves have no #ifdef on the
 * world.
 *
 * The runner calls world_case_begin and world_case_end around each run of a
 * case. Cases and fixtures do not call them. */
#ifndef NPIPE_CONFORMANCE_WORLD_H
#define NPIPE_CONFORMANCE_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* world_name returns "sim", "wine" or "windows". */
const char *world_name(void);

/* world_case_begin prepares the world for the run named `id`
 * ("area/case@variant"). On sim it creates a new kernel, which draws its
 * choices from `seed`. Elsewhere it only records the state that world_case_end
 * compares. */
void world_case_begin(const char *id, uint64_t seed);

/* world_case_end returns true if the run left the world unchanged. Else
 * `report` describes what was left over or misused. */
bool world_case_end(char *report, size_t size);

/* WORLD_PIPE_NAME_BYTES_MAX holds any name that world_pipe_name makes. */
enum { WORLD_PIPE_NAME_BYTES_MAX = 64 };

/* world_pipe_name writes a pipe name that no other process uses, in UTF-8:
 * `\\.\pipe\npipe-<process>-<counter>`. */
void world_pipe_name(char *out, size_t size);

/* world_now_ms returns the time of the monotonic clock; on sim this clock is
 * virtual. */
uint64_t world_now_ms(void);

/* world_timeout_ms returns `ms` multiplied by --time-scale, or `ms` itself on
 * sim, where time is virtual. It is for waits that must not expire on a slow
 * machine. */
uint64_t world_timeout_ms(uint64_t ms);

/* world_call_count sets `*count` to the number of calls of the function `name`
 * of Windows since the run began: those of the library and of the case. It
 * returns false on a processor for which the world counts nothing (ARM64). */
bool world_call_count(const char *name, uint64_t *count);

/* world_has_users returns true if a case can run as several users: always on
 * sim, and on Windows if npipe-users has started the runner. */
bool world_has_users(void);

/* world_set_user makes the calling thread run as another user until the end of
 * the case: "alice", "bob", "admin" (an administrator), "service" (may
 * impersonate), "anonymous", or "network" (on sim only). On sim the thread
 * starts as alice, and the user of the process changes too. On Windows the
 * thread starts as "admin" and "service", and impersonates the other users. It
 * returns false if a case cannot be this user. */
bool world_set_user(const char *user);

/* world_confine makes the calling thread run with a token of fewer rights until
 * the end of the case:
 *   "restricted"     restricted to S-1-5-12, which hardly any object admits
 *   "limited"        restricted to the user, Everyone and S-1-5-12
 *   "app-container"  in an app container
 * It returns false if this world has no such token. */
bool world_confine(const char *how);

/* world_touch_new lets another program open and close each new instance of a
 * pipe at once, until the end of the case. Only sim can do this; elsewhere it
 * returns false. */
bool world_touch_new(void);

/* world_handles_left lets the process open only `count` more handles until the
 * next such call; UINT32_MAX: any number. Only sim can do this; elsewhere it
 * returns false. */
bool world_handles_left(uint32_t count);

/* The kernel lies, as the server of another machine may. Only sim can do this;
 * elsewhere each returns false. The next call of `function` is changed:
 * world_lie_count      it tells that `bytes` bytes were moved
 * world_lie            its answer has `bytes` bytes, and each number of 32 bits
 *                      in them is `value`
 * world_refuse         it fails with `error`, an NTSTATUS if it returns one */
bool world_lie_count(const char *function, uint32_t bytes);
bool world_lie(const char *function, uint32_t bytes, uint32_t value);
bool world_refuse(const char *function, uint32_t error);

/* world_refuse_all is world_refuse for the next `count` calls, at most 60. */
bool world_refuse_all(const char *function, unsigned count, uint32_t error);

/* WORLD_SID_BYTES_MAX holds the text of any SID. */
enum { WORLD_SID_BYTES_MAX = 192 };

/* world_user_sid writes the SID of "alice" or "bob" as text. It returns false
 * if this user does not exist. */
bool world_user_sid(const char *user, char *out, size_t size);

/* world_hold gives another process a copy of `handle`, a HANDLE. It returns
 * false if there is no copy. world_let_go closes all copies. */
enum { WORLD_HOLDS_MAX = 8 };
bool world_hold(void *handle);
void world_let_go(void);

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
 * On sim the second process is one of the simulation. It shares the memory of
 * the case, so a role keeps its state on its stack, in a fixture of its own
 * (library_run_role) or in variables of its thread. */
typedef struct world_process world_process;

/* world_process_start starts `role` with `arg` (ASCII, without quotes and
 * without a backslash at the end; NULL: ""). If no process can be started it
 * fails the case, so it never returns NULL. */
world_process *world_process_start(const char *role, const char *arg);

/* world_process_start_as starts it as the user "alice" or "bob". A case calls
 * it before it becomes another user. Where there are no users it ends the case
 * as unresolved. */
world_process *world_process_start_as(const char *user, const char *role,
                                      const char *arg);

/* world_process_id returns the id of the process, as GetCurrentProcessId
 * returns it there. */
uint32_t world_process_id(const world_process *process);

/* world_process_read_line reads a line that the role wrote, without its line
 * end. It fails the case if no line comes within `timeout_ms` (scaled by
 * --time-scale) or if the role ends first. */
void world_process_read_line(world_process *process, char *line, size_t size,
                             uint64_t timeout_ms);

/* world_process_write_line sends a line to the role. It returns false if the
 * role has gone. */
bool world_process_write_line(world_process *process, const char *line);

/* world_process_wait waits for the end of the process, frees `process` and
 * returns the exit code: 0 if the role returned, 1 if an assert failed. It
 * fails the case if the process does not end within `timeout_ms` (scaled). */
uint32_t world_process_wait(world_process *process, uint64_t timeout_ms);

/* world_process_kill ends the process like a crash, without any clean-up of its
 * own, waits until it has gone, and frees `process`. */
void world_process_kill(world_process *process);

/* world_role_read_line, called in a role, waits for a line from the case. It
 * returns false if the case has ended; the role then returns. */
bool world_role_read_line(char *line, size_t size);

/* world_role_write_line, called in a role, sends a line to the case. A role
 * must not use stdout otherwise; printf goes to the log of the case. */
void world_role_write_line(const char *line);

struct world_role {
  const char *name;
  void (*run)(const char *arg);
  struct world_role *next;
};

void world_role_register(struct world_role *role);

/* world_role_run runs the role with this name in the calling process. It
 * returns the exit code. The runner defines it, for the worlds. */
int world_role_run(const char *name, const char *arg);

/* world_role_exit ends the process in the middle of a role. All its handles
 * stay open until then. */
void world_role_exit(void) __attribute__((noreturn));

/* WORLD_ROLE defines and registers a role. The body follows, with `const char
 * *arg`. */
#define WORLD_ROLE(name_)                                                      \
  static void world_role_run_##name_(const char *arg);                         \
  static struct world_role world_role_##name_ = {#name_,                       \
                                                 world_role_run_##name_, 0};   \
  __attribute__((constructor)) static void world_role_register_##name_(void) { \
    world_role_register(&world_role_##name_);                                  \
  }                                                                            \
  static void world_role_run_##name_(const char *arg)

/* The functions below are for the runner only. */

/* world_warms_up returns true if the first run of a case may leave things that
 * belong to the process (a thread of the pool, an event of a library). A leak
 * then counts only if a second run leaks again. False on sim. */
bool world_warms_up(void);

/* world_set_time_scale sets the factor of --time-scale. */
void world_set_time_scale(double scale);

/* world_seed_matters returns false if each seed gives the run since
 * world_case_begin. Outside sim it cannot know, and returns true. */
bool world_seed_matters(void);

/* world_set_settings selects the kernel settings of --settings: a name, or a
 * file of "name = value" lines, as ci/answers writes them. `base = NAME` in the
 * file begins with these named settings, # begins a comment. It returns false
 * for an unknown name, after a line on stderr for a faulty file, and always
 * outside sim. */
bool world_set_settings(const char *name);

/* world_settings_text writes the setting with this index as "name = value". It
 * returns false after the last, and always outside sim. */
bool world_settings_text(size_t index, char *out, size_t size);

/* world_settings_name returns the name of the settings with this index, or NULL
 * after the last. Outside sim there are none. */
const char *world_settings_name(size_t index);

/* world_has_settings returns true if the simulated kernel has settings `name`.
 * Outside sim it cannot know, and returns true for any name. */
bool world_has_settings(const char *name);

/* world_version writes the version of the world: of Wine, of Windows, or on sim
 * the name of the settings. */
void world_version(char *out, size_t size);

/* world_set_trace traces the calls from the next run on. Then world_trace_print
 * prints the calls of the run to stderr, and world_trace_write writes them to a
 * file. Outside sim nothing is printed, and the write fails. */
void world_set_trace(bool on);
void world_trace_print(void);

/* world_trace_text returns the calls of the run, which the same seed gives
 * again, or NULL if there is no trace or if several threads ran. The caller
 * frees it. */
char *world_trace_text(void);
bool world_trace_write(const char *file);

#endif
