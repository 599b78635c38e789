/* What the parts of the simulated kernel share. One lock guards all of it; a
 * function here is called with the lock held unless its comment says otherwise.
 */
#ifndef NPIPE_SIM_KERNEL_H
#define NPIPE_SIM_KERNEL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <windows.h>
#include <winternl.h>
#include <ntstatus.h>

#include <sim/sim.h>

#define NEVER UINT64_MAX

enum { NS_PER_MS = 1000000 };

/* --- Objects and handles (handle.c) -------------------------------------- */

enum object_type {
  OBJECT_FILE = 1,
  OBJECT_PORT = 2,
  OBJECT_EVENT = 4,
  OBJECT_THREAD = 8,
  OBJECT_PROCESS = 16,
  OBJECT_TOKEN = 32,
  OBJECT_ANY = 63
};

/* An object lives while handles or the kernel refer to it. When the last
 * handle goes, object_cleanup ends what depends on handles. */
struct object {
  enum object_type type;
  unsigned handles;
  unsigned refs; /* the handles count as one together */
};

void sim__object_init(struct object *object, enum object_type type);
void sim__object_ref(struct object *object);
void sim__object_unref(struct object *object);

/* sim__handle_open makes a handle; the caller's reference moves to it. */
HANDLE sim__handle_open(struct object *object, ACCESS_MASK access,
                        bool inherit);

/* sim__handle_get returns the object of `handle` if it is of one of `types`
 * and was opened with all of `access`; else NULL, and sets `*status`. A
 * closed handle is misuse. The reference is borrowed: take one before
 * blocking. */
void *sim__handle_get(HANDLE handle, unsigned types, ACCESS_MASK access,
                      NTSTATUS *status);
ACCESS_MASK sim__handle_access(HANDLE handle);
bool sim__handle_close(HANDLE handle, NTSTATUS *status);
void sim__handle_vanish(HANDLE handle);
void sim__handles_report(void);
void sim__handles_reset(void);

/* --- Calls (call.c) ------------------------------------------------------ */

/* A Windows call on its way through the kernel. */
struct call {
  const char *name;
  const void *place;         /* who called */
  uint32_t error;            /* Win32 error, or NTSTATUS in an Nt call */
  NTSTATUS fault_completion; /* sim_fault_completion's, or 0 */
  bool may_fail;             /* for want of resources */
  bool quiet;                /* not traced */
  char text[96];             /* arguments for the trace */
};

#define PLACE __builtin_return_address(0)

/* sim__call_begin takes the lock, counts, moves the clock on and draws the
 * planned fault: then it returns false with call->error set, and the body
 * must not run. sim__call_end gives the lock back, traces, sets the last
 * error where there is one and returns whether there was none. */
bool sim__call_begin(struct call *call, const char *name, const void *place,
                     const char *format, ...)
    __attribute__((format(printf, 4, 5)));
bool sim__call_end(struct call *call);

/* The same for an Nt call: call->error is its NTSTATUS. */
NTSTATUS sim__call_end_nt(struct call *call);

/* The same for a call that can't fail: no fault, not in sim_calls_total. */
void sim__call_note(struct call *call, const char *name, const void *place);

/* sim__call_status sets call->error from an NTSTATUS. */
void sim__call_status(struct call *call, NTSTATUS status);

/* sim__misuse reports what the caller did wrong, in the running call. */
void sim__misuse(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* sim__report appends a line to what sim_check tells. */
void sim__report(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* sim__place_text describes a code address. Returns `out`. */
const char *sim__place_text(const void *place, char *out, size_t size);

/* --- Faults and chance (fault.c) ----------------------------------------- */

uint64_t sim__random_next(void);
uint64_t sim__random_below(uint64_t bound);
bool sim__chance(uint32_t permille);

/* sim__fault_draw returns whether the call fails; then call->error is set. */
bool sim__fault_draw(struct call *call);
void sim__fault_reset(void);

/* sim__fault_may_hit: may the function fail, when it is used rightly? */
bool sim__fault_may_hit(const char *name);

/* --- Threads, waits, clock (thread.c, clock.c, wait.c) ------------------- */

struct token;

struct thread {
  struct object object;
  struct thread *next;
  uint32_t id;
  uint32_t process_id;
  uint32_t session_id;
  struct token *user;         /* the process' token */
  struct token *impersonated; /* NULL: none */
  struct op *sync_op;         /* what it blocks in */
  const char *blocked_in;     /* the call; NULL: runs */
  uint64_t deadline;
  bool (*ready)(void *arg); /* in step: what it waits for; NULL: nothing */
  void *ready_arg;
  pthread_cond_t turn;
  struct thread *carried_next; /* of those that wait for a carrier */
  bool is_pool;
  bool drives_port;
  bool waits_forbidden;
  bool exited;
  DWORD exit_code;
  struct call *call; /* the call it is in */
  LPTHREAD_START_ROUTINE start;
  PTP_SIMPLE_CALLBACK callback;
  void *parameter;
};

/* sim__thread_self returns the calling thread, made known at its first call. */
struct thread *sim__thread_self(void);

/* sim__block waits until `ready(arg)`, false when the clock passes `deadline`
 * before. It gives the lock away meanwhile. When every thread is blocked, the
 * clock moves to the next deadline; when there is none, the process ends with a
 * report: it would hang for ever. */
bool sim__block(bool (*ready)(void *arg), void *arg, uint64_t deadline);

/* sim__wake has all blocked threads look again. */
void sim__wake(void);

/* sim__threads_step lets another thread run, perhaps, where they run in step:
 * at the end of each call. */
void sim__threads_step(void);
bool sim__threads_settle(void); /* waits for the thread pool */
void sim__threads_report(void);
void sim__threads_reset(void);

uint64_t sim__deadline_in_ms(DWORD timeout_ms);
void sim__clock_step(uint64_t ns);

/* A poll that found nothing: lets a loop of polls see time go by. */
void sim__clock_poll(void);
void sim__clock_reset(void);

/* Has timers of an operation looked at not later than `due`. */
void sim__clock_at(uint64_t due);

struct event {
  struct object object;
  bool manual;
  bool set;
};

void sim__event_set(struct event *event);

/* sim__wait_check reports a wait on a thread that must not block. */
void sim__wait_check(const char *what);

/* sim__wait_run is WaitForMultipleObjects within a call. */
DWORD sim__wait_run(struct call *call, DWORD count, const HANDLE *handles,
                    bool all, DWORD timeout_ms);

/* --- Security (sid.c, token.c, security.c) -------------------------------- */

enum { SID_BYTES_MAX = SECURITY_MAX_SID_SIZE, GROUPS_MAX = 5 };

/* Levels of integrity. What has no label counts as medium. */
enum {
  INTEGRITY_NONE = 0,
  INTEGRITY_LOW = 0x1000,
  INTEGRITY_MEDIUM = 0x2000,
  INTEGRITY_HIGH = 0x3000,
  INTEGRITY_SYSTEM = 0x4000
};

/* A user as the access check sees it; never changed once made. */
struct token {
  struct object object;
  const char *name;
  unsigned char sid[SID_BYTES_MAX];
  unsigned char groups[GROUPS_MAX][SID_BYTES_MAX];
  size_t group_count;
  unsigned char owner[SID_BYTES_MAX]; /* of what it creates */
  uint32_t integrity;
  bool is_app; /* in an app container */
  unsigned char package[SID_BYTES_MAX];
  bool may_impersonate; /* SeImpersonatePrivilege */
  bool may_audit;       /* SeSecurityPrivilege */
  bool may_restore;     /* SeRestorePrivilege, enabled */
  bool is_remote;
  bool is_impersonation;
  SECURITY_IMPERSONATION_LEVEL level;
  uint32_t session_id;
};

/* A security descriptor, taken apart. No DACL lets everybody in. */
struct descriptor {
  unsigned char owner[SID_BYTES_MAX]; /* all zero: none was given */
  unsigned char group[SID_BYTES_MAX];
  bool has_label;
  uint32_t label;     /* the level of integrity */
  ACCESS_MASK policy; /* SYSTEM_MANDATORY_LABEL_NO_..._UP */
  bool has_dacl;
  ACL *dacl; /* malloc'd */
};

/* What a client lets its server do. */
struct qos {
  SECURITY_IMPERSONATION_LEVEL level;
  bool dynamic;
  bool effective_only;
};

struct token *sim__token_named(const char *name, uint32_t session_id);

/* sim__token_primary is the process' user. */
struct token *sim__token_primary(void);

/* sim__token_has tells whether `sid` is the user or one of the groups. */
bool sim__token_has(const struct token *token, const unsigned char *sid);

/* sim__token_current is whom the calling thread acts as; NULL when it
 * impersonates at a level that opens nothing. */
struct token *sim__token_current(void);
NTSTATUS sim__token_adopt(const struct token *client,
                          SECURITY_IMPERSONATION_LEVEL level);

/* sim__descriptor_take takes apart what somebody gave; NULL: the default one of
 * a pipe. */
NTSTATUS sim__descriptor_take(struct descriptor *out, const void *given);

/* sim__descriptor_may_own tells whether `token` may make `owner` an owner,
 * sim__descriptor_may_label whether it may give an object that label. */
bool sim__descriptor_may_own(const struct token *token,
                             const unsigned char *owner);
bool sim__descriptor_may_label(const struct token *token,
                               const struct descriptor *descriptor);

/* sim__descriptor_assign makes a new object's descriptor from what its creator
 * gave. */
NTSTATUS sim__descriptor_assign(struct descriptor *out, const void *given,
                                const struct token *creator);
void sim__descriptor_deinit(struct descriptor *descriptor);
NTSTATUS sim__access_check(const struct descriptor *descriptor,
                           const struct token *token, ACCESS_MASK wanted,
                           ACCESS_MASK *granted);
ACCESS_MASK sim__access_map(ACCESS_MASK access);

/* sim__sid_level writes S-1-16-`level`. */
void sim__sid_level(unsigned char out[SID_BYTES_MAX], uint32_t level);

/* sim__answer copies what a query answers with. Returns a Win32 error. */
uint32_t sim__answer(void *out, DWORD size, PDWORD needed, const void *from,
                     size_t bytes);

size_t sim__sid_size(const void *sid);
bool sim__sid_equal(const void *a, const void *b);
size_t sim__sid_parse(const WCHAR *text,
                      unsigned char *sid); /* units taken, or 0 */

/* --- The kernel ---------------------------------------------------------- */

struct kernel {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  sim_settings settings;
  uint64_t random;
  uint64_t now_ns;
  uint64_t next_due; /* of the operations' timers; NEVER: none */
  uint64_t epoch;    /* counts wakes */
  unsigned threads;  /* that may run */
  unsigned blocked;  /* of them, since the last wake */
  struct thread *thread_list;
  struct op *ops; /* all, oldest first */
  struct op **ops_tail;
  struct pipe *pipes; /* that have a name */
  uint64_t listens;   /* numbers the instances as they begin to listen */
  int64_t locals;     /* blocks of memory that LocalFree is to get */
  bool tearing_down;  /* sim_reset: touch no memory of the caller */
};

extern struct kernel sim__kernel;

#endif
