/* The interface between the parts of the simulated kernel. One lock guards
 * everything; the functions here are called with the lock held, unless a
 * comment says otherwise. */
#ifndef NPIPE_SIM_KERNEL_H
#define NPIPE_SIM_KERNEL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <windows.h>
#include <winternl.h>
#include <ntstatus.h>

#include <sim/sim.h>

#define NEVER UINT64_MAX

enum { NS_PER_MS = 1000000 };

/* --- Objects and handles (object.c, handle.c) ----------------------------- */

enum object_type {
  OBJECT_FILE = 1,
  OBJECT_PORT = 2,
  OBJECT_EVENT = 4,
  OBJECT_THREAD = 8,
  OBJECT_PROCESS = 16,
  OBJECT_TOKEN = 32,
  OBJECT_MUTEX = 64,
  OBJECT_SEMAPHORE = 128,
  OBJECT_TIMER = 256,
  OBJECT_ANY = 511
};

/* An object lives as long as handles or the kernel refer to it. When the last
 * handle is closed, sim__object_cleanup ends what depends on handles. */
struct object {
  enum object_type type;
  unsigned handles;
  unsigned refs; /* the handles together count as one reference */
  bool has_name; /* named.c knows it */
};

void sim__object_init(struct object *object, enum object_type type);
void sim__object_ref(struct object *object);
void sim__object_unref(struct object *object);

struct process;

/* sim__object_cleanup is for an object whose last handle was closed. `process`
 * had the handle. */
void sim__object_cleanup(struct object *object, const struct process *process);

/* sim__handle_is_full returns true if sim_handles_left allows no further
 * handle. */
bool sim__handle_is_full(void);

/* sim__handle_open creates a handle. The caller's reference moves to the
 * handle. */
HANDLE sim__handle_open(struct object *object, ACCESS_MASK access,
                        bool inherit);

/* sim__inherits returns whether children shall inherit a handle of these
 * attributes, which may be NULL. A wrong length is misuse: today's Windows does
 * not look at it, a later one may. Source: the SECURITY_ATTRIBUTES page. */
bool sim__inherits(const SECURITY_ATTRIBUTES *attributes);

/* sim__handle_get returns the object of `handle`, if its type is one of `types`
 * and the handle has all of `access`. Else it returns NULL and sets `*status`.
 * A closed handle is misuse. The caller borrows the reference, and must take
 * one of its own before it blocks. */
void *sim__handle_get(HANDLE handle, unsigned types, ACCESS_MASK access,
                      NTSTATUS *status);
ACCESS_MASK sim__handle_access(HANDLE handle);
bool sim__handle_close(HANDLE handle, NTSTATUS *status);

/* sim__handle_vanish closes a handle of the first process, as if another
 * process had had it and had died. */
void sim__handle_vanish(HANDLE handle);

/* --- Calls (call.c) ------------------------------------------------------ */

/* A planned lie about the answer of a call (fault.c). */
struct lie {
  bool is_told; /* the caller is told `bytes` as the count of bytes */
  bool warns;   /* a success is told as STATUS_BUFFER_OVERFLOW */
  bool fills;   /* each number of 32 bits in the answer is `fill` */
  uint32_t bytes;
  uint32_t fill;
};

/* A Windows call while it is in the kernel. */
struct call {
  const char *name;
  const void *place;         /* who called */
  uint32_t error;            /* Win32 error; in an Nt call an NTSTATUS */
  NTSTATUS fault_completion; /* set by sim_fault_completion, or 0 */
  struct lie lie;            /* set by sim_lie and sim_lie_count */
  bool may_fail;             /* may fail for lack of resources */
  bool quiet;                /* not traced */
  bool alerted;  /* APCs end the call; they run when it has left the kernel */
  char text[96]; /* arguments for the trace */
};

/* sim__handle_is_full_for does the same, and then fails `call`. */
bool sim__handle_is_full_for(struct call *call);

/* sim__handle_get_for is sim__handle_get with the error in call->error. */
void *sim__handle_get_for(struct call *call, HANDLE handle, unsigned types,
                          ACCESS_MASK access);

#define PLACE __builtin_return_address(0)

/* sim__call_begin takes the lock, counts the call, moves the clock on and draws
 * a planned fault. If the fault hits, it returns false with call->error set,
 * and the body must not run. sim__call_end releases the lock, traces, sets the
 * last error if there is one, and returns true if there is none. */
bool sim__call_begin(struct call *call, const char *name, const void *place,
                     const char *format, ...)
    __attribute__((format(printf, 4, 5)));
bool sim__call_end(struct call *call);

/* sim__call_end_nt is sim__call_end for an Nt call, where call->error is an
 * NTSTATUS. */
NTSTATUS sim__call_end_nt(struct call *call);

/* sim__call_note begins a call that cannot fail. It gets no fault and does not
 * count in sim_calls_total. */
void sim__call_note(struct call *call, const char *name, const void *place);

/* sim__call_status sets call->error from an NTSTATUS. */
void sim__call_status(struct call *call, NTSTATUS status);

/* sim__answer copies the answer of a query, if `size` is large enough. It
 * stores the size of the answer in `*needed`, and returns a Win32 error. */
uint32_t sim__answer(void *out, DWORD size, PDWORD needed, const void *from,
                     size_t bytes);

/* sim__refuse sets the last error and returns FALSE. It is for functions that
 * are no system calls, and needs no lock (error.c). */
BOOL sim__refuse(DWORD error);

/* sim__misuse reports a mistake of the caller in the current call. */
void sim__misuse(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* sim__report appends a line to the report of sim_check. */
void sim__report(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* sim__report_text returns the report so far; it is empty if nothing was
 * found. */
const char *sim__report_text(void);

/* sim__trace_to writes each line of the trace to `file` at once. NULL: the
 * trace is off. */
void sim__trace_to(FILE *file, bool places);

/* sim__environment_begin sets up the kernel of a program that never called
 * sim_reset (environment.c). sim__environment_end is for sim_reset. */
void sim__environment_begin(void);
void sim__environment_end(void);

/* sim__place_text describes a code address and returns `out`. */
const char *sim__place_text(const void *place, char *out, size_t size);

/* --- Faults and chance (fault.c) ----------------------------------------- */

/* sim__random_of draws the next number of a stream of its own;
 * sim__random_next draws from the stream that the seed began. */
uint64_t sim__random_of(uint64_t *state);
uint64_t sim__random_next(void);
uint64_t sim__random_below(uint64_t bound);
bool sim__chance(uint32_t permille);

/* sim__fault_draw returns true if the call must fail. It then sets
 * call->error. */
bool sim__fault_draw(struct call *call);

/* sim__lie_status and sim__lie_told return the status and the count of bytes
 * that the caller is told in place of the true one. sim__lie_fill spoils the
 * answer in `out`, which has `size` bytes. */
NTSTATUS sim__lie_status(const struct lie *lie, NTSTATUS status);
size_t sim__lie_told(const struct lie *lie, size_t info);
void sim__lie_fill(const struct lie *lie, void *out, size_t size);
void sim__fault_reset(void);

/* sim__kill_draw counts a call, and kills the process that must die at it.
 * sim__kill_show writes who died and what it did (kill.c). */
void sim__kill_draw(void);
void sim__kill_show(FILE *out);

/* sim__fault_plan_any is sim_fault_any. */
void sim__fault_plan_any(uint64_t nth);

/* sim__fault_may_hit returns true if the function may fail when it is used
 * correctly. */
bool sim__fault_may_hit(const char *name);

/* --- Threads, waits, clock (thread.c, schedule.c, pool.c, clock.c) -------- */

struct token;

struct thread {
  struct object object;
  struct thread *next;
  uint32_t id;
  struct process *process;
  uint32_t process_id; /* its process's, or that of sim_set_process */
  uint32_t session_id;
  struct token *user;         /* token of the process */
  struct token *impersonated; /* NULL: none */
  struct op *sync_op;         /* blocking operation */
  const char *blocked_in;     /* name of the blocking call; NULL: runs */
  uint64_t deadline;
  bool (*ready)(void *arg); /* in step: the condition of its wait, or NULL */
  void *ready_arg;
  struct seat *seat;           /* in step: where it waits; NULL: has not */
  uint64_t rank;               /* in a schedule by priority; 0: not drawn yet */
  struct thread *carried_next; /* next that waits for the thread pool */
  bool is_pool;
  bool is_main;   /* runs the program of its process */
  bool is_ending; /* ends at its next call */
  bool suspended; /* not started yet */
  unsigned suspend_count;
  int priority; /* has no effect */
  bool drives_port;
  bool waits_forbidden;
  bool exited;
  DWORD exit_code;
  struct call *call; /* its current call */
  struct apc *apcs;  /* its queue of APCs */
  void **tls;        /* values of its slots; NULL: no slot was set */
  LPTHREAD_START_ROUTINE start;
  PTP_SIMPLE_CALLBACK callback;
  void (*service)(void *); /* a thread that the pool waits with */
  void *parameter;
};

/* sim__thread_self returns the calling thread, which is registered at its first
 * call. */
struct thread *sim__thread_self(void);

uint32_t sim__thread_id_take(void);

/* sim__thread_find returns the running thread with this id, or NULL. */
struct thread *sim__thread_find(uint32_t id);

/* sim__thread_new makes a thread of `process`. If the calling thread is one of
 * that process, the new one acts as the same user and process. */
struct thread *sim__thread_new(struct process *process);
bool sim__thread_start(struct thread *thread);
void sim__thread_free(struct thread *thread);

/* sim__thread_has_ended is also true for a thread that can never start. */
bool sim__thread_has_ended(const struct thread *thread);

/* sim__thread_pause waits in the current call until the calling thread is no
 * longer suspended, or quits with its process. */
void sim__thread_pause(void);

/* sim__thread_quit ends the calling thread, and gives up the lock. */
void sim__thread_quit(void) __attribute__((noreturn));

/* sim__pool_left is for each thread that ends. */
void sim__pool_left(const struct thread *thread);

/* sim__pool_settle waits for all callbacks. It returns false if one can never
 * end. */
bool sim__pool_settle(void);

/* In step: sim__schedule_enter waits for the thread's turn, and
 * sim__schedule_leave gives the turn of an ending thread away. The next thread
 * wakes at the sim__schedule_unlock or sim__seat_wait after it. */
void sim__schedule_enter(struct thread *thread);
void sim__schedule_leave(void);
void sim__schedule_unlock(void);

/* A seat is where a system thread waits in step. sim__seat_wait may return
 * early: the caller checks what it waits for. */
struct seat *sim__seat_take(void);
void sim__seat_return(struct seat *seat); /* NULL is allowed */
void sim__seat_wait(struct seat *seat);
void sim__schedule_reset(struct thread *thread);

/* Schedules by priority. sim__preempt_reset draws the places of the
 * preemptions. sim__preempt_step counts a call of `thread`, and may make it the
 * lowest. sim__preempt_rank returns its rank. */
void sim__preempt_reset(void);
void sim__preempt_step(struct thread *thread);
uint64_t sim__preempt_rank(struct thread *thread);

/* sim__block waits until `ready(arg)` is true; it returns false if the clock
 * passes `deadline` first. The lock is released meanwhile. When every thread is
 * blocked, the clock jumps to the next deadline. Without any deadline the
 * process would hang for ever, so it ends with a report. */
bool sim__block(bool (*ready)(void *arg), void *arg, uint64_t deadline);

/* sim__wake makes all blocked threads check their conditions again. */
void sim__wake(void);

/* sim__threads_step may let another thread run, if threads run in step. It is
 * called at the end of each call. */
void sim__threads_step(void);
void sim__threads_report(void);
void sim__threads_reset(void);

bool sim__never(void *arg); /* a condition for sim__block */
uint64_t sim__deadline_in_ms(DWORD timeout_ms);

/* sim__clock_system_time returns the time of day as a FILETIME. */
uint64_t sim__clock_system_time(void);

/* sim__clock_due returns the time of the kernel's clock, in ns. A negative
 * `due` is relative, a positive one is a system time, both in units of 100
 * ns. */
uint64_t sim__clock_due(int64_t due);
void sim__clock_step(uint64_t ns);

/* sim__clock_poll is called for a poll that found nothing, so that time passes
 * in a loop of polls. */
void sim__clock_poll(void);
void sim__clock_reset(void);

/* sim__clock_at makes sure that the timers of operations and waitable timers
 * are checked at `due` at the latest. */
void sim__clock_at(uint64_t due);

/* --- Objects to wait for (event.c, mutex.c, semaphore.c, timer.c) --------- */

struct event {
  struct object object;
  bool manual;
  bool set;
};

struct mutex {
  struct object object;
  struct thread *owner;
  LONG depth; /* how often the owner has it */
  bool abandoned;
  struct mutex *next_owned;
};

struct semaphore {
  struct object object;
  LONG count;
  LONG most;
};

struct timer {
  struct object object;
  struct timer *next_armed;
  bool manual;
  bool set;
  uint64_t due_at; /* NEVER: not armed */
  uint64_t period_ns;
  PTIMERAPCROUTINE routine;
  void *context;
  uint32_t thread_id; /* runs `routine` */
};

void sim__event_set(struct event *event);
HANDLE sim__event_create(struct call *call,
                         const SECURITY_ATTRIBUTES *attributes, bool manual,
                         bool set, const WCHAR *name);

HANDLE sim__mutex_create(struct call *call,
                         const SECURITY_ATTRIBUTES *attributes, bool owned_now,
                         const WCHAR *name);
HANDLE sim__semaphore_create(struct call *call,
                             const SECURITY_ATTRIBUTES *attributes, LONG count,
                             LONG most, const WCHAR *name);
HANDLE sim__timer_create(struct call *call,
                         const SECURITY_ATTRIBUTES *attributes, bool manual,
                         const WCHAR *name);
bool sim__mutex_is_free(const struct mutex *mutex, const struct thread *thread);

/* sim__mutex_take returns true if the last owner abandoned the mutex. */
bool sim__mutex_take(struct mutex *mutex, struct thread *thread);
void sim__mutexes_abandon(const struct thread *thread);
void sim__mutex_forget(struct mutex *mutex);
void sim__timer_forget(struct timer *timer);
void sim__timers_run(void);

/* sim__named_create opens the first handle of `object`. If another object has
 * the name already, it frees `object` and opens a handle of the other one. */
HANDLE sim__named_create(struct call *call, struct object *object,
                         ACCESS_MASK access,
                         const SECURITY_ATTRIBUTES *attributes,
                         const WCHAR *name);

/* sim__named_open is a whole call: Open...W. `function` is its name and `place`
 * its caller. */
HANDLE sim__named_open(const char *function, const void *place,
                       enum object_type type, ACCESS_MASK access, BOOL inherit,
                       const WCHAR *name);
void sim__named_forget(const struct object *object);

/* --- Values of threads (tls.c) ------------------------------------------- */

/* sim__tls_end runs the callbacks of FlsAlloc for the calling thread, which
 * ends. The lock must not be held. */
void sim__tls_end(void);

/* --- APCs (apc.c) -------------------------------------------------------- */

enum apc_kind { APC_USER, APC_IO, APC_TIMER };

struct apc {
  struct apc *next;
  enum apc_kind kind;
  PAPCFUNC user;
  ULONG_PTR value; /* argument of `user` */
  PIO_APC_ROUTINE io;
  IO_STATUS_BLOCK *iosb;
  PTIMERAPCROUTINE timer;
  void *context; /* argument of `io` and `timer` */
  uint64_t time;
};

/* sim__apc_queue queues a copy of `given` for a thread. NULL: the thread has
 * ended, and the APC is lost. */
void sim__apc_queue(struct thread *thread, const struct apc *given);

/* sim__apcs_run runs the APCs of the calling thread. The lock must not be
 * held. */
void sim__apcs_run(void);
void sim__apcs_drop(struct thread *thread);

/* --- Waits (wait.c) ------------------------------------------------------ */

/* sim__wait_check reports a wait on a thread that must not block. */
void sim__wait_check(const char *what);

/* sim__object_is_signalled returns true if a wait of `thread` for the object
 * would succeed. sim__object_take changes an object whose signal such a wait
 * has used; it returns true if it is a mutex that its owner abandoned. */
bool sim__object_is_signalled(const struct object *object,
                              const struct thread *thread);
bool sim__object_take(struct object *object, struct thread *thread);

/* sim__wait_run is WaitForMultipleObjects inside a call. */
DWORD sim__wait_run(struct call *call, DWORD count, const HANDLE *handles,
                    bool all, DWORD timeout_ms, bool alertable);

/* --- Text (text.c). These two need no lock. ------------------------------ */

/* sim__wide and sim__narrow convert text. The caller frees the result. NULL
 * gives NULL. */
WCHAR *sim__wide(const char *text);
char *sim__narrow(const WCHAR *text);

/* --- The kernel ---------------------------------------------------------- */

struct kernel {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  sim_settings settings;
  uint64_t random;
  bool had_draws;   /* since sim_reset a number was drawn (sim__random_next) */
  bool had_threads; /* since sim_reset there was a second thread */
  uint64_t now_ns;
  uint64_t next_due; /* next of the operations' timers; NEVER: none */
  uint64_t epoch;    /* counts wakes */
  unsigned threads;  /* threads that may run */
  unsigned blocked;  /* threads that have blocked since the last wake */
  struct thread *thread_list;
  struct op *ops; /* all operations, oldest first */
  struct op **ops_tail;
  struct pipe *pipes; /* all pipes with a name */
  uint64_t listens;   /* counts the instances that began to listen */
  bool touches;       /* sim_touch */
  bool tearing_down;  /* in sim_reset: touch no memory of the caller */
};

extern struct kernel sim__kernel;

#endif
