/* The control of the simulated kernel: what a test or a fuzz target asks of it
 * beyond the Windows calls. README.md tells how it is meant.
 *
 * Any thread may call these, at any time, unless the comment says otherwise.
 */
#ifndef NPIPE_SIM_SIM_H
#define NPIPE_SIM_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <windows.h>

/* What Windows leaves open, does in one version and not in another, or what
 * nobody could tell. sim_settings_init fills in the first name of
 * sim_settings_name. A permille is a chance, drawn from the seed. */
typedef struct sim_settings {
  /* Versions of Windows. */

  /* Immediate ERROR_MORE_DATA on a handle that skips its port: answered
   * ERROR_IO_PENDING, and a packet follows (Windows 8+: "may"). 0: Windows 7.
   * Wine ntdll tests, pipe.c, test_completion. */
  uint32_t warning_pends_permille;
  /* ERROR_MORE_DATA that is answered at once on such a handle has a packet
   * nevertheless. Seen nowhere; a loop that finds out must cope with it. */
  bool warning_posts;
  /* An overlapped TransactNamedPipe that fails does so in its packet (Windows
   * 8+). Wine kernel32 tests, pipe.c, overlapped_transact_failure. */
  uint32_t transact_failure_pends_permille;
  /* A read of 0 bytes where a message waits: ERROR_MORE_DATA (8+), TRUE. */
  bool empty_read_more_data;
  /* GetTokenInformation knows nothing of app containers (Windows 7). */
  bool no_app_containers;
  /* A server handle without data access starts disconnected (8+). */
  bool no_data_access_disconnected;

  /* Disputed, or established nowhere. */

  /* DisconnectNamedPipe on a listening instance: TRUE (ReactOS), or
   * ERROR_PIPE_LISTENING (Wine). */
  bool disconnect_listening;
  /* What a connect in flight ends with when its handle is closed. */
  NTSTATUS closed_connect_status;
  /* The closer's own over-quota write stays readable until read (ReactOS), or
   * is dropped (Wine). */
  bool closed_write_kept;
  /* A cancelled write reports 0 bytes, or those that were read. */
  bool cancelled_write_counts;
  /* FlushFileBuffers waits only for what was written before it (ReactOS), or
   * until nothing is unread (Wine). */
  bool flush_is_barrier;
  /* A byte read that has room left swallows the empty messages at the end of
   * what it takes (ReactOS); those before more data it always does. */
  bool byte_read_swallows_empty;
  /* A read of 0 bytes consumes an empty message at the head (Wine). */
  bool empty_read_consumes_empty;
  /* The first PIPE_NOWAIT connect of a disconnected instance: FALSE 536 (Wine
   * tests), or TRUE (the ConnectNamedPipe page). */
  bool nowait_connect_succeeds;
  /* CancelIoEx finds a wait for an instance (MS-FSCC), or it stays until its
   * time is over (Wine); then it is no leak. */
  bool wait_cancellable;
  /* FSCTL_PIPE_FLUSH flushes as an asynchronous operation (phnt, the WDK's
   * headers), or is STATUS_NOT_SUPPORTED (Wine). */
  bool flush_control;
  /* SECURITY_SQOS_PRESENT without level bits is anonymous (Wine tests). */
  bool sqos_default_anonymous;
  /* What a remote client is refused with, where the server wants none. */
  NTSTATUS remote_refused_status;

  /* Timing that no caller may rely on. */

  /* The next packet of a port is taken from another handle than the oldest's;
   * those of one handle stay in order. */
  uint32_t shuffle_permille;
  /* GetQueuedCompletionStatusEx returns fewer packets than there are. */
  uint32_t short_get_permille;
  /* An operation that is done at once is answered ERROR_IO_PENDING. */
  uint32_t pend_permille;
  /* The buffer and the OVERLAPPED are written when the packet is taken, not
   * when the operation ends. */
  uint32_t late_status_permille;
  /* A completion comes up to delay_ms_max later. */
  uint32_t delay_permille;
  uint32_t delay_ms_max;
  /* A cancel takes effect up to cancel_ms_max later, so that it may lose. */
  uint32_t cancel_late_permille;
  uint32_t cancel_ms_max;
  /* A wait with a time limit ends up to this early, as one by ticks does. */
  uint32_t early_timeout_ms_max;
  /* The step of GetTickCount64, in microseconds. */
  uint32_t tick_us;

  /* Threads. */

  /* So many callbacks of the process's default thread pool run at a time; what
   * is submitted beyond that waits (Windows and Wine: 500). */
  uint32_t pool_threads_max;

  /* One thread runs at a time, and the seed decides at each call whether it is
   * another's turn, so that runs with threads are equal, too. All must be
   * threads that the kernel began (CreateThread, the thread pool) or that which
   * calls sim_reset, and none may wait for another outside of the kernel. */
  bool threads_in_step;

  /* Strictness. */

  /* A blocking wait on a thread that has taken packets from a port is misuse.
   * For programs whose loop thread does nothing else. */
  bool strict_waits;
  /* End the process at the first misuse, with its text on stderr. */
  bool abort_on_misuse;
} sim_settings;

/* The named settings: "win11", the default, "win7", "disputed", "coarse",
 * "unordered" and "slow". */
size_t sim_settings_count(void);
const char *sim_settings_name(size_t index);

/* sim_settings_named fills `settings`; false when there is no such name. One
 * more than sim_settings_name knows, "wine", is no Windows: what is disputed,
 * as Wine does it, for comparisons with Wine. */
bool sim_settings_named(sim_settings *settings, const char *name);
void sim_settings_init(sim_settings *settings);

/* sim_reset makes a fresh kernel: no handle, no pipe, no fault, calls counted
 * from 0, the clock at its start. `settings` NULL: the default ones. No other
 * thread may be inside the kernel. */
void sim_reset(uint64_t seed, const sim_settings *settings);

/* sim_check waits for the thread pool and returns whether nothing is left or
 * was misused since sim_reset; else `report` tells what, with the call and the
 * place. A handle that was open at sim_reset is none of its business: there is
 * none. */
bool sim_check(char *report, size_t size);

/* sim_calls returns how often the Windows function `name` was called. */
uint64_t sim_calls(const char *name);

/* sim_calls_total returns how many calls were made that may fail. */
uint64_t sim_calls_total(void);

/* --- Faults. All of them are gone after sim_reset. ------------------------ */

/* The `nth` call from now (1: the next) of the function `name` fails with
 * `error`: a Win32 error, an NTSTATUS for the functions that return one. The
 * call has no effect. */
void sim_fault(const char *name, uint64_t nth, uint32_t error);

/* The `nth` call from now of any function that may fail does so, for want of
 * resources (1450, STATUS_INSUFFICIENT_RESOURCES). 0: none. CloseHandle and
 * its like are not among them. */
void sim_fault_any(uint64_t nth);

/* The `nth` call from now of `name`, which starts an operation, is answered
 * ERROR_IO_PENDING, and its completion brings `status`. */
void sim_fault_completion(const char *name, uint64_t nth, NTSTATUS status);

/* How many planned faults came true. */
uint64_t sim_faults_hit(void);

/* Operations of this end complete `delay_ms` late from now on: a slow end. */
void sim_slow(HANDLE pipe, uint32_t delay_ms);

/* The next cancel on this end takes effect `delay_ms` late. */
void sim_cancel_late(HANDLE pipe, uint32_t delay_ms);

/* The security of this pipe names no owner from now on, as that of a server of
 * another make, over the network, may not. */
void sim_disown(HANDLE pipe);

/* sim_describe has GetKernelObjectSecurity answer with `bytes` for the pipe of
 * this handle, whatever they are, as a hostile server of another machine may.
 * NULL: with the truth again. */
void sim_describe(HANDLE pipe, const void *bytes, size_t size);

/* Before the `nth` call from now of any function that may fail, the process
 * that has `pipe` open dies: the handle is gone. Closing it is no misuse. */
void sim_vanish(HANDLE pipe, uint64_t nth);

/* --- Who calls ----------------------------------------------------------- */

/* sim_set_user makes the calling thread's process run as `user`: "alice" (the
 * default), "bob", "admin" (in Administrators), "service" (may impersonate),
 * "system", "network" (alice from the network), "anonymous". False: no such. */
bool sim_set_user(const char *user);

/* sim_set_process gives the calling thread's process another id and session.
 * New threads inherit both, and the user. */
void sim_set_process(uint32_t id, uint32_t session);

/* On a thread that is so marked each wait is misuse, whatever the settings. */
void sim_forbid_waits(bool forbid);

/* --- Time and trace ------------------------------------------------------ */

/* sim_now_ns returns the virtual clock; sim_advance_ms moves it on. */
uint64_t sim_now_ns(void);
void sim_advance_ms(uint64_t ms);

/* sim_trace switches the trace on or off; on empties it. A line a call: time in
 * microseconds, thread, call, arguments, result. sim_trace_text returns it, to
 * be freed. */
void sim_trace(bool on);
char *sim_trace_text(void);

#endif
