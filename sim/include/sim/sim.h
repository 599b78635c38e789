/* The controls of the simulated kernel: functions for tests and fuzz targets
 * beyond the Windows calls. README.md explains their purpose.
 *
 * Any thread may call these functions at any time, unless a comment says
 * otherwise. */
#ifndef NPIPE_SIM_SIM_H
#define NPIPE_SIM_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <windows.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Behaviour that Windows leaves open, that differs between versions, or that
 * nobody could establish. sim_settings_init fills in the settings of the first
 * name of sim_settings_name. A permille is a probability; the seed decides the
 * draws. */
typedef struct sim_settings {
  /* Behaviour that differs between versions of Windows. */

  /* An ERROR_MORE_DATA at once, on a handle that skips its port, is answered as
   * ERROR_IO_PENDING with this probability, and a packet follows (Windows 8+:
   * "may"). 0: Windows 7. Source: Wine ntdll tests, pipe.c, test_completion. */
  uint32_t warning_pends_permille;
  /* An overlapped TransactNamedPipe that fails reports the failure in its
   * packet (Windows 8+). Source: Wine kernel32 tests, pipe.c,
   * overlapped_transact_failure. */
  uint32_t transact_failure_pends_permille;
  /* The result of a read of 0 bytes when a message waits: ERROR_MORE_DATA
   * (Windows 8+), or TRUE. */
  bool empty_read_more_data;
  /* GetTokenInformation does not know app containers (Windows 7). */
  bool no_app_containers;
  /* A server handle without data access starts disconnected (Windows 8+). */
  bool no_data_access_disconnected;

  /* Behaviour that is disputed, or established nowhere. */

  /* The result of DisconnectNamedPipe on a listening instance: TRUE (ReactOS),
   * or ERROR_PIPE_LISTENING (Wine). */
  bool disconnect_listening;
  /* The status of a connect in flight when its handle is closed. */
  NTSTATUS closed_connect_status;
  /* The closer's pending write that exceeds the quota stays readable until it
   * is read (ReactOS), or is dropped (Wine). */
  bool closed_write_kept;
  /* FlushFileBuffers waits only for data that were written before it (ReactOS),
   * or until nothing is unread (Wine). */
  bool flush_is_barrier;
  /* A byte read with room left also takes the empty messages behind its data
   * (ReactOS). Empty messages before more data are always taken. */
  bool byte_read_swallows_empty;
  /* A read of 0 bytes takes an empty message at the head (Wine). */
  bool empty_read_consumes_empty;
  /* CancelIoEx cancels a wait for an instance (MS-FSCC), or the wait stays
   * until its time is over (Wine). In the second case it is not reported as a
   * leak. */
  bool wait_cancellable;
  /* The root of all pipes can be listed and watched (ReactOS, PipeList), or
   * neither: STATUS_BAD_DEVICE_TYPE, STATUS_OBJECT_TYPE_MISMATCH (Wine). */
  bool root_listed;
  /* A notice of a change of the root tells the name that has changed (users of
   * Windows 10 saw it), or it tells nothing (ReactOS). */
  bool notice_names;
  /* FSCTL_PIPE_FLUSH is an asynchronous flush (phnt, the WDK's headers), or
   * STATUS_NOT_SUPPORTED (Wine). */
  bool flush_control;
  /* SECURITY_SQOS_PRESENT without level bits means anonymous (Wine tests). */
  bool sqos_default_anonymous;
  /* The status that a remote client gets if the server rejects remote
   * clients. */
  NTSTATUS remote_refused_status;

  /* Open questions. Wine agrees with the first answer, ReactOS' npfs gives the
   * second. No test on Windows has asked. */

  /* A client with static tracking opens an instance for which no
   * ConnectNamedPipe waits. The server can impersonate it, or never can. */
  bool early_static_unknown;
  /* A pipe is disconnected or loses an end while writes wait in its queue. Each
   * of them fails. Or one that fits the room of a removed one succeeds, and
   * ends before that one does. */
  bool drain_ends_writes;
  /* A longer request of a transact ends a byte read in flight. The read
   * succeeds, or ends with ERROR_MORE_DATA and the same bytes. */
  bool transact_warns_byte_read;
  /* A transact behind an own read in flight pends, or fails with
   * ERROR_PIPE_BUSY. */
  bool transact_behind_read_busy;
  /* A read takes more of a pending write than the quota holds of it. The write
   * ends as soon as its rest fits. Or it ends when all of it is read, and
   * writes behind it may end before it. */
  bool quota_overdrawn;
  /* The request of a transact is charged to the quota, or is not. */
  bool transact_uncharged;
  /* FSCTL_PIPE_PEEK on an overlapped handle is answered at once. Or it pends
   * with this probability, and then has a packet also if it succeeds (Windows
   * 8+: "may"). Source: Wine ntdll tests, pipe.c, test_completion. */
  uint32_t peek_pends_permille;

  /* An open question where Wine gives the second answer. A token that is
   * restricted, but not to Everyone, may create no pipe. Or it may. */
  bool restricted_creates;

  /* Refuted behaviour. Windows gives the first answer, as the tests show. The
   * second keeps the library from relying on the first. */

  /* An ERROR_MORE_DATA that is answered at once on a handle that skips its port
   * has no packet (Wine ntdll tests, pipe.c, test_completion), or has one. */
  bool warning_posts;
  /* A cancelled write reports 0 bytes (Wine kernel32 tests, pipe.c,
   * test_blocking_rw), or the bytes that were read. */
  bool cancelled_write_counts;
  /* The result of the first PIPE_NOWAIT connect of a disconnected instance:
   * FALSE 536 (Wine kernel32 tests, pipe.c, test_nowait), or TRUE (the
   * ConnectNamedPipe page). */
  bool nowait_connect_succeeds;
  /* A pipe can be created with an empty name (Wine ntdll tests, pipe.c,
   * test_empty_name), or the answer is STATUS_OBJECT_TYPE_MISMATCH (Wine 5). */
  bool nameless_pipes;

  /* Timing that no caller may rely on. */

  /* The next packet of a port comes from a handle other than the oldest
   * packet's. Packets of one handle stay in order. */
  uint32_t shuffle_permille;
  /* GetQueuedCompletionStatusEx returns fewer packets than the port has. */
  uint32_t short_get_permille;
  /* An operation that completes at once is answered ERROR_IO_PENDING. */
  uint32_t pend_permille;
  /* The buffer and the OVERLAPPED of an operation that waited are written when
   * its packet is dequeued, not when the operation ends. */
  uint32_t late_status_permille;
  /* A completion comes up to delay_ms_max later. */
  uint32_t delay_permille;
  uint32_t delay_ms_max;
  /* A cancel takes effect up to cancel_ms_max later, so it may come too
   * late. */
  uint32_t cancel_late_permille;
  uint32_t cancel_ms_max;
  /* A wait with a time-out may end early by up to this time, as with a clock
   * that counts in ticks. */
  uint32_t early_timeout_ms_max;
  /* The step of GetTickCount64, in microseconds. */
  uint32_t tick_us;

  /* Threads. */

  /* The number of callbacks that run at once in the process's default thread
   * pool. Further callbacks wait (Windows and Wine: 500). */
  uint32_t pool_threads_max;

  /* One thread runs at a time. At each call the seed decides whether another
   * thread goes on, so runs with threads are repeatable too. All threads must
   * be started by the kernel (CreateThread, the thread pool), except the one
   * that calls sim_reset. No thread may wait for another outside the kernel. */
  bool threads_in_step;

  /* With threads_in_step: 0 lets each call draw the next thread. Otherwise the
   * thread with the highest priority runs (PCT). The seed draws the priorities,
   * and `preemptions` (at most 32) of the first `schedule_steps` calls. At such
   * a call the running thread gets the lowest priority. The nth lowest bit of
   * preemptions_left_out removes the nth preemption, and moves no other. */
  uint32_t schedule_steps;
  uint32_t preemptions;
  uint32_t preemptions_left_out;

  /* Strictness. */

  /* A blocking wait is misuse on a thread that has dequeued packets from a
   * port. For programs whose loop thread never blocks elsewhere. */
  bool strict_waits;
  /* Handles that a process leaves open when it exits are reported. That of
   * `main` is always looked at by sim_check. */
  bool strict_exits;
  /* The first misuse ends the process, with its text on stderr. */
  bool abort_on_misuse;
} sim_settings;

/* The named settings: "win11", the default, "win7", "disputed", "open",
 * "refuted", "coarse", "unordered" and "slow". */
size_t sim_settings_count(void);
const char *sim_settings_name(size_t index);

/* sim_settings_named fills `settings`. It returns false for an unknown name.
 * The name "wine" is also valid, although sim_settings_name does not list it:
 * it is no Windows, but takes Wine's side of each dispute, for comparisons with
 * Wine. */
bool sim_settings_named(sim_settings *settings, const char *name);
void sim_settings_init(sim_settings *settings);

/* sim_settings_set changes the member `name` to what `value` says: "true",
 * "false", a decimal number, an NTSTATUS as "0xC0000022". It returns false if
 * there is no such member, or if it takes no such value. */
bool sim_settings_set(sim_settings *settings, const char *name,
                      const char *value);

/* sim_settings_text writes the member with this index as "name = value". It
 * returns false after the last. */
bool sim_settings_text(const sim_settings *settings, size_t index, char *out,
                       size_t size);

/* sim_settings_open chooses the answer of each open question. The nth lowest
 * bit of `questions` is for the nth open question in sim_settings; a set bit
 * chooses the second answer. */
void sim_settings_open(sim_settings *settings, uint32_t questions);

/* sim_reset creates a fresh kernel: no handles, no pipes, no faults, all counts
 * 0, and the clock at its start. `settings` NULL: the default settings. No
 * other thread may be inside the kernel. */
void sim_reset(uint64_t seed, const sim_settings *settings);

/* sim_check waits for the thread pool. It returns true if nothing is left and
 * nothing was misused since sim_reset. Else `report` lists the findings, with
 * the call and the place of each. No handle is older than sim_reset, because
 * sim_reset removes all handles. */
bool sim_check(char *report, size_t size);

/* sim_calls returns the number of calls of the Windows function `name`. */
uint64_t sim_calls(const char *name);

/* sim_calls_total returns the number of calls that may fail. */
uint64_t sim_calls_total(void);

/* sim_steps returns the number of calls at which another thread could have gone
 * on (threads_in_step). */
uint64_t sim_steps(void);

/* sim_seed_matters returns false if each seed gives the run since sim_reset:
 * the kernel drew no number from the seed, and there was one thread only. */
bool sim_seed_matters(void);

/* sim_had_threads returns true if there was a second thread since sim_reset.
 * Then, without threads_in_step, the machine decides the order of the calls. */
bool sim_had_threads(void);

/* --- Faults. All of them are gone after sim_reset. ------------------------ */

/* sim_fault makes the `nth` call from now (1: the next) of the function `name`
 * fail with `error`: a Win32 error, or an NTSTATUS for functions that return
 * one. The failed call has no effect. */
void sim_fault(const char *name, uint64_t nth, uint32_t error);

/* sim_fault_any makes the `nth` call from now fail for lack of resources (1450,
 * STATUS_INSUFFICIENT_RESOURCES). It counts all functions that may fail;
 * CloseHandle and similar functions may not. 0: no fault. */
void sim_fault_any(uint64_t nth);

/* sim_fault_completion changes the `nth` call from now of `name`, which starts
 * an operation: the call is answered ERROR_IO_PENDING, and its completion has
 * `status`. */
void sim_fault_completion(const char *name, uint64_t nth, NTSTATUS status);

/* sim_lie makes the `nth` call from now of `name` answer with a lie, as a
 * hostile server of another machine may. `name` is NtQueryInformationFile, or
 * NtFsControlFile for its peek. The call must succeed; it then says that the
 * answer has `bytes` bytes, and each number of 32 bits in them is `value`.
 * sim_faults_hit does not count a lie. */
void sim_lie(const char *name, uint64_t nth, uint32_t bytes, uint32_t value);

/* sim_lie_count changes the `nth` call from now of `name`, which starts an
 * operation: where the call or its completion tells how many bytes were moved,
 * that is `bytes`. sim_faults_hit does not count a lie. */
void sim_lie_count(const char *name, uint64_t nth, uint32_t bytes);

/* sim_lie_warning changes the `nth` call from now of `name`, which starts an
 * operation: if it succeeds, its status is STATUS_BUFFER_OVERFLOW, as of a part
 * of a message. A sim_lie_count that follows may add a count. sim_faults_hit
 * does not count a lie. */
void sim_lie_warning(const char *name, uint64_t nth);

/* sim_faults_hit returns the number of planned faults that have hit. */
uint64_t sim_faults_hit(void);

/* sim_slow delays the completions of all later operations of this end by
 * `delay_ms`. */
void sim_slow(HANDLE pipe, uint32_t delay_ms);

/* sim_cancel_late delays the next cancel on this end by `delay_ms`. */
void sim_cancel_late(HANDLE pipe, uint32_t delay_ms);

/* sim_disown removes the owner from this pipe's security descriptor. A server
 * that is not Windows may have none, over the network. */
void sim_disown(HANDLE pipe);

/* sim_describe makes GetKernelObjectSecurity answer with `bytes` for the pipe
 * of this handle, as a hostile server on another machine might. NULL restores
 * the true answer. */
void sim_describe(HANDLE pipe, const void *bytes, size_t size);

/* sim_touch lets another program open each new instance of a pipe at once, and
 * close it again. */
void sim_touch(bool on);

/* sim_handles_left lets the process open only `count` handles more than it has
 * now; a call that needs another one fails for lack of resources.
 * UINT32_MAX: any number. */
void sim_handles_left(uint32_t count);

/* sim_vanish lets the process that has `pipe` open die before the `nth` call
 * from now of any function that may fail. The handle is then gone; closing it
 * is not misuse. */
void sim_vanish(HANDLE pipe, uint64_t nth);

/* --- Processes ----------------------------------------------------------- */

/* A program: what `main` is elsewhere. `words` are those of the command
 * line. */
typedef int (*sim_program)(int count, char **words);

/* sim_register_program makes CreateProcess know a program. A command line means
 * it by its `name`, in a folder or not, with ".exe" or not. The name must stay
 * valid. Programs stay registered after sim_reset.
 *
 * A process of the program has a handle table, threads, a user, an environment
 * and an id of its own. It has no memory of its own: all its variables that are
 * not on the stack are those of the other processes, too. It ends when the
 * program returns, by ExitProcess or by TerminateProcess; `exit` ends the whole
 * test. A thread cannot be stopped outside npsim, so the threads of a
 * terminated process end at their next call. */
void sim_register_program(const char *name, sim_program program);

/* sim_kill terminates a process at a call, with exit code 1. `process` is 1 for
 * the first process that CreateProcess makes after sim_reset. `nth` counts the
 * calls that all threads make after its creation. The process dies before the
 * call has an effect. */
void sim_kill(uint32_t process, uint64_t nth);

/* sim_lifetime returns how many calls all threads have made while this process
 * lived: sim_kill can hit it at each of them. It knows the first
 * SIM_PROCESSES_MAX processes. */
enum { SIM_PROCESSES_MAX = 16 };
uint64_t sim_lifetime(uint32_t process);

/* --- The caller's identity ----------------------------------------------- */

/* sim_set_user makes the calling thread's process run as `user`: "alice" (the
 * default), "alice-low", "alice-high", "alice-app" (in an app container),
 * "alice-restricted" (restricted to S-1-5-12), "alice-limited" (restricted to
 * her own SID, Everyone and S-1-5-12), "bob", "bob-app", "admin" (in
 * Administrators), "service" (may impersonate), "system", "backup" (may
 * restore), "network" (alice from the network), or "anonymous". It returns
 * false for an unknown user. */
bool sim_set_user(const char *user);

/* sim_set_process gives the calling thread's process another id and session.
 * New threads inherit both, and the user. */
void sim_set_process(uint32_t id, uint32_t session);

/* sim_forbid_waits marks the calling thread: each wait on it is misuse,
 * whatever the settings. */
void sim_forbid_waits(bool forbid);

/* --- Time and trace ------------------------------------------------------ */

/* sim_now_ns returns the virtual time. sim_advance_ms moves it on. */
uint64_t sim_now_ns(void);
void sim_advance_ms(uint64_t ms);

/* sim_trace switches the trace on or off; switching it on empties it. The trace
 * has a line for each call: time in microseconds, thread, call, arguments,
 * result. sim_trace_text returns the text, which the caller frees. */
void sim_trace(bool on);
char *sim_trace_text(void);

#ifdef __cplusplus
}
#endif

#endif
