/* Pipes, their instances and ends, and the operations on them. */
#ifndef NPIPE_SIM_PIPE_H
#define NPIPE_SIM_PIPE_H

#include "security.h"

#include <winioctl.h>

/* --- Operations (op.c, op_submit.c, op_cancel.c) ------------------------- */

enum op_kind {
  OP_READ,
  OP_WRITE,
  OP_CONNECT,
  OP_FLUSH,
  OP_WAIT,     /* waits for an instance */
  OP_NOTIFY,   /* waits for a change of the root of all pipes */
  OP_TRANSACT, /* has written and waits for the answer */
  OP_CONTROL,  /* an FSCTL that never waits */
  OP_POSTED    /* PostQueuedCompletionStatus' packet */
};

/* The places where the caller wants the end of an operation reported. */
struct request {
  IO_STATUS_BLOCK *iosb;
  HANDLE event;
  PIO_APC_ROUTINE apc; /* NULL: none */
  void *context; /* argument of `apc`, or the packet's lpOverlapped; NULL: no
                    packet */
};

/* An operation, from its call until its packet is dequeued. */
struct op {
  struct op *next;
  struct op **link;
  struct op *next_packet; /* next in the port */
  enum op_kind kind;
  struct file *file; /* NULL: OP_POSTED */
  struct event *event;
  struct request request;
  uint32_t thread_id;
  uint32_t process_id;
  const char
      *name; /* the call that started the operation; `place`: its caller */
  const void *place;
  char *buffer; /* the caller's */
  size_t size;
  const void *in; /* OP_TRANSACT: the data to write */
  size_t in_size;
  ULONG code;   /* OP_CONTROL */
  char *staged; /* read data, until the caller's buffer is written */
  uint64_t delay_ns;
  NTSTATUS status;
  size_t info;
  ULONG_PTR key; /* OP_POSTED */
  struct lie lie;
  bool queued; /* waits in a pipe; can be cancelled */
  bool cancel_asked;
  bool cancel_now;   /* chosen by the current cancel */
  bool sync;         /* the call waits, then frees the op */
  bool pends;        /* must be answered ERROR_IO_PENDING */
  bool late;         /* written back when the packet is dequeued */
  bool is_abandoned; /* its process ended: touch no memory of the caller */
  bool done;         /* delivered */
  bool in_port;
  bool in_step; /* its packet was queued before its call returned */
  uint64_t timeout_at;
  uint64_t cancel_at;
  uint64_t deliver_at;
  /* The place where the operation waits: one of the three is set. */
  struct queue *queue;
  struct instance *instance;
  struct pipe *pipe;
};

struct op *sim__op_new(const struct call *call, enum op_kind kind,
                       struct file *file, const struct request *request,
                       void *buffer, size_t size);

/* sim__op_take_event takes the event that the caller passed. It returns false
 * if the handle is not an event; `op` is then freed. */
bool sim__op_take_event(struct op *op, NTSTATUS *status);

/* sim__op_submit runs the operation, waits for its end if the file is
 * synchronous or `wait` is set, and frees it when it is no longer needed.
 * `*info` is the byte count if the operation did not pend. */
NTSTATUS sim__op_submit(struct call *call, struct op *op, bool wait,
                        size_t *info);

/* sim__op_finish ends an operation that is no longer in a queue. */
void sim__op_finish(struct op *op, NTSTATUS status, size_t info);

/* sim__ops_finish_waits ends the connects of `instance`, or the waits for an
 * instance of `pipe`. The other of the two is NULL. */
void sim__ops_finish_waits(const struct instance *instance,
                           const struct pipe *pipe, NTSTATUS status);

/* sim__op_target returns the buffer for the data of a read. */
char *sim__op_target(struct op *op);
void sim__op_write_back(struct op *op);
void sim__op_free(struct op *op);

/* sim__op_wants_packet returns true if a packet reports the end of `op`. */
bool sim__op_wants_packet(const struct op *op);

/* sim__op_signal signals the event or the handle, and queues the APC. */
void sim__op_signal(struct op *op);

/* sim__op_deliver reports the end of an operation: status block, event, handle,
 * APC and packet. */
void sim__op_deliver(struct op *op);

/* sim__ops_cancel cancels operations in flight on `file`: all, or only those of
 * one status block or of one thread (0: any thread). It returns true if there
 * was one. */
bool sim__ops_cancel(struct file *file, const void *iosb, uint32_t thread_id);

/* sim__ops_cancel_left is for a process whose last handle of `file` was closed,
 * while other processes have handles of it. */
void sim__ops_cancel_left(struct file *file, uint32_t process_id);

/* sim__ops_end_cancels ends the operations of `file` whose cancel is under
 * way. */
void sim__ops_end_cancels(const struct file *file);
void sim__ops_cancel_thread(const struct thread *thread);
void sim__ops_run_timers(void);
void sim__ops_report(void);

/* sim__op_waits_for_good returns true if a wait for an instance on this file
 * cannot be cancelled and its packet can no longer be dequeued. A caller may
 * leave such a handle open. */
bool sim__op_waits_for_good(const struct object *object);

/* sim__op_is_uncancellable returns true for a wait for an instance, if the
 * settings say that no call can cancel it. */
bool sim__op_is_uncancellable(const struct op *op);

void sim__ops_reset(void);

/* --- Data queues (queue.c) ----------------------------------------------- */

enum entry_kind { ENTRY_READ, ENTRY_DATA, ENTRY_FLUSH };

struct entry {
  struct entry *next;
  enum entry_kind kind;
  struct op *op;    /* the waiting operation; NULL: data only */
  const char *data; /* caller's buffer, while `op` waits */
  char *copy;       /* kernel's copy, afterwards */
  size_t size;
  size_t charged;      /* bytes charged to the quota */
  struct token *token; /* who wrote */
};

/* One direction of an instance. It holds either unread data in the order of the
 * writes, with flushes in between, or waiting reads; never both. */
struct queue {
  struct entry *head;
  size_t offset; /* bytes of the head that were read */
  size_t bytes;  /* unread bytes, or bytes wanted by reads */
  size_t quota;
  size_t used;
  struct token *read_as; /* user who wrote the data of the last read */
};

bool sim__queue_has_data(const struct queue *queue);
bool sim__queue_has_reads(const struct queue *queue);

/* The settings of writer and reader that decide how a write goes. */
struct write_mode {
  bool message_type;
  bool reader_messages; /* the reader reads messages */
  bool nowait;
  bool is_transact; /* never waits: may exceed the quota */
};

/* sim__queue_write gives data to waiting reads and queues the rest. If it
 * returns STATUS_PENDING, `op` waits until its rest fits the quota. */
NTSTATUS sim__queue_write(struct queue *queue, struct op *op, const char *data,
                          size_t size, struct write_mode mode,
                          struct token *token, size_t *written);

/* sim__queue_read reads waiting data; the queue must not be empty. */
NTSTATUS sim__queue_read(struct queue *queue, char *to, size_t size,
                         bool messages, size_t *got);
void sim__queue_add_read(struct queue *queue, struct op *op);
NTSTATUS sim__queue_flush(struct queue *queue, struct op *op);

/* sim__queue_peek copies data and leaves them in the queue. `first_only`: only
 * from the first message. */
size_t sim__queue_peek(struct queue *queue, char *to, size_t size,
                       bool first_only);
size_t sim__queue_message_size(const struct queue *queue);
size_t sim__queue_message_count(const struct queue *queue);

/* sim__queue_remove removes a waiting operation and its data. It returns the
 * number of bytes of a write that were read. */
size_t sim__queue_remove(struct queue *queue, struct op *op);

/* sim__queue_drain empties the queue. Operations that wait in it end with
 * `status`. */
void sim__queue_drain(struct queue *queue, NTSTATUS status);

/* sim__queue_drop_writes removes the waiting writes and their data. */
void sim__queue_drop_writes(struct queue *queue, NTSTATUS status);

/* sim__queue_forget drops the user of the last read. */
void sim__queue_forget(struct queue *queue);

/* --- Pipes, instances and ends ------------------------------------------- */

enum { INBOUND, OUTBOUND }; /* the queues, as the server sees them */
enum { END_CLIENT, END_SERVER };
enum { DISCONNECTED = 1, LISTENING, CONNECTED, CLOSING };

enum file_kind { FILE_PIPE, FILE_ROOT, FILE_DEVICE, FILE_NUL, FILE_CONSOLE };

/* The file object of a handle; in most cases one end of an instance. */
struct file {
  struct object object;
  enum file_kind kind;
  int end;
  struct instance *instance; /* NULL: a client that the server disconnected */
  struct pipe *pipe;
  bool synchronous;
  bool alertable; /* synchronous, opened with FILE_SYNCHRONOUS_IO_ALERT */
  bool busy;      /* a call is active on this synchronous file */
  bool messages;  /* reads messages */
  bool nowait;
  bool signalled;
  UCHAR notify; /* SetFileCompletionNotificationModes */
  struct port *port;
  ULONG_PTR key;
  uint32_t list_index;     /* FILE_ROOT: how many names were listed */
  int descriptor;          /* FILE_CONSOLE: the program's own */
  uint32_t slow_ms;        /* sim_slow */
  uint32_t cancel_late_ms; /* sim_cancel_late */
  uint64_t last_due;       /* keeps the completions of a file in order */
};

struct instance {
  struct instance *next; /* next in the pipe */
  struct instance *next_listening;
  struct pipe *pipe;
  unsigned refs; /* open ends */
  int state;
  struct file *end[2]; /* NULL: closed */
  struct queue queue[2];
  bool had_client; /* a client came since the last listen */
  bool is_unknown; /* the client cannot be impersonated */
  uint32_t process_id[2];
  uint32_t session_id[2];
  struct qos qos;
  struct token *client; /* client's user at the open */
};

/* The state that all instances of a name share. The pipe keeps its name as long
 * as a server end is open. */
struct pipe {
  struct pipe *next;
  unsigned refs; /* counts instances and files */
  bool named;
  WCHAR *name; /* without prefix */
  size_t name_length;
  bool message_type;
  bool reject_remote;
  int configuration; /* 0 inbound, 1 outbound, 2 duplex */
  uint32_t instances_max;
  uint32_t instances_open;
  uint64_t timeout_ns;
  struct descriptor security;
  bool is_unowned;          /* sim_disown */
  unsigned char *described; /* set by sim_describe; malloc'd, or NULL */
  size_t described_bytes;
  struct instance *instances;
  struct instance **instances_tail;
  struct instance *listening; /* the first that listened stands first */
  struct instance **listening_tail;
};

struct create_options {
  ACCESS_MASK access;
  bool nameless; /* a new pipe that no name leads to */
  bool synchronous;
  bool must_create; /* FILE_CREATE */
  bool must_exist;  /* FILE_OPEN */
  bool message_type;
  bool reject_remote;
  bool messages;
  bool nowait;
  int configuration;
  uint32_t instances_max;
  uint32_t in_quota;
  uint32_t out_quota;
  const int64_t *timeout; /* in units of 100 ns, negative */
  const void *descriptor;
};

struct open_options {
  ACCESS_MASK access;
  bool synchronous;
  bool remote;
  bool exact_case; /* without OBJ_CASE_INSENSITIVE; ignored by a create */
  struct qos qos;
};

/* --- Pipes (pipe.c) ------------------------------------------------------ */

/* sim__pipe_check_creator returns whether the calling thread may create a pipe,
 * or an instance of one, under this name. */
NTSTATUS sim__pipe_check_creator(const WCHAR *name, size_t length,
                                 const struct create_options *options);

/* sim__pipe_new makes a pipe without an instance and without a reference. */
NTSTATUS sim__pipe_new(struct pipe **out, const WCHAR *name, size_t length,
                       const struct create_options *options);

/* sim__pipe_check_further returns whether `pipe` may get another instance. */
NTSTATUS sim__pipe_check_further(const struct pipe *pipe,
                                 const struct create_options *options);

/* sim__pipe_first_listening returns the instance that has listened for longest,
 * or NULL. */
struct instance *sim__pipe_first_listening(const struct pipe *pipe);

/* sim__pipe_lose_name is for the end of the last instance: a new pipe may then
 * have the name. */
void sim__pipe_lose_name(struct pipe *pipe);
void sim__pipe_unref(struct pipe *pipe);

/* --- The root as a directory (directory.c) -------------------------------- */

/* sim__directory_changed tells those who watch the root that the name of `pipe`
 * was added or removed (FILE_ACTION_ADDED, FILE_ACTION_REMOVED). */
void sim__directory_changed(const struct pipe *pipe, DWORD action);

/* --- Instances (instance.c) ---------------------------------------------- */

struct instance *sim__instance_new(struct pipe *pipe, struct file *server,
                                   const struct create_options *options);
void sim__instance_listen(struct instance *instance);
void sim__instance_unlisten(struct instance *instance); /* sets no state */
void sim__instance_unref(struct instance *instance);

NTSTATUS sim__pipe_connect(struct op *op);
NTSTATUS sim__pipe_disconnect(struct file *file);
NTSTATUS sim__pipe_impersonate(struct file *file);

/* --- Ends (end.c) -------------------------------------------------------- */

/* sim__pipe_create and sim__pipe_open create a file with one reference. */
NTSTATUS sim__pipe_create(struct file **out, ACCESS_MASK *granted, bool *is_new,
                          const WCHAR *name, size_t length,
                          const struct create_options *options);
NTSTATUS sim__pipe_open(struct file **out, ACCESS_MASK *granted,
                        const WCHAR *name, size_t length,
                        const struct open_options *options);

/* sim__pipe_open_of opens an instance of `pipe`. */
NTSTATUS sim__pipe_open_of(struct file **out, ACCESS_MASK *granted,
                           struct pipe *pipe,
                           const struct open_options *options);
struct file *sim__file_new(enum file_kind kind, bool synchronous);
void sim__file_cleanup(struct file *file); /* at the last close */
void sim__file_free(struct file *file);

/* sim__pipe_check returns an error if the end cannot be queried. */
NTSTATUS sim__pipe_check(const struct file *file);
NTSTATUS sim__pipe_set_mode(struct file *file, bool messages, bool nowait);

/* sim__pipe_in returns the queue that an end reads from, sim__pipe_out the
 * queue that it writes to. */
struct queue *sim__pipe_in(const struct file *file);
struct queue *sim__pipe_out(const struct file *file);

/* --- Data through an end (transfer.c) ------------------------------------ */

NTSTATUS sim__pipe_read(struct op *op);
NTSTATUS sim__pipe_write(struct op *op);
NTSTATUS sim__pipe_flush(struct op *op);
NTSTATUS sim__pipe_transact(struct op *op);

/* sim__pipe_peek fills FILE_PIPE_PEEK_BUFFER. */
NTSTATUS sim__pipe_peek(struct file *file, void *out, size_t size,
                        size_t *info);

/* --- Names (name.c) ------------------------------------------------------ */

struct pipe *sim__name_find(const WCHAR *name, size_t length);
bool sim__name_equal(const WCHAR *a, const WCHAR *b, size_t length);

/* sim__name_from_win32 parses \\.\pipe\NAME in all its spellings. It returns 0
 * and the name in `*out`, which the caller frees, or the error of CreateFileW.
 */
DWORD sim__name_from_win32(const WCHAR *path, WCHAR **out, size_t *length,
                           bool *remote);
NTSTATUS sim__pipe_wait(struct op *op);

/* --- Calls on pipes ------------------------------------------------------ */

/* The work of calls that come with wide names and with names of bytes
 * (win32.c, query.c). Each sets call->error. */
HANDLE sim__create_named_pipe(struct call *call, const WCHAR *name,
                              DWORD open_mode, DWORD pipe_mode,
                              DWORD instances_max, DWORD out_size,
                              DWORD in_size, DWORD timeout_ms,
                              const SECURITY_ATTRIBUTES *attributes);
HANDLE sim__create_file(struct call *call, const WCHAR *name, DWORD access,
                        DWORD flags, const SECURITY_ATTRIBUTES *attributes);
void sim__wait_named_pipe(struct call *call, const WCHAR *path,
                          DWORD timeout_ms);
void sim__call_named_pipe(struct call *call, const WCHAR *name, void *in,
                          DWORD in_size, void *out, DWORD out_size,
                          LPDWORD bytes, DWORD timeout_ms);

/* sim__handle_state stores the client's name, which the kernel owns, in
 * `*user`, unless `user` is NULL. */
void sim__handle_state(struct call *call, HANDLE pipe, LPDWORD state,
                       LPDWORD instances, bool wants_collection,
                       const char **user, DWORD user_size);

/* sim__computer_name returns the name of the client's machine, or NULL. */
const WCHAR *sim__computer_name(struct call *call, HANDLE pipe);

/* sim__file_enter waits until a synchronous file is free. */
void sim__file_enter(struct file *file);
void sim__file_leave(struct file *file);

/* sim__file_notify adds notification modes to `file`. */
void sim__file_notify(struct file *file, UCHAR flags);

/* --- Ports (port.c) ------------------------------------------------------ */

struct port {
  struct object object;
  struct op *head;
  struct op **tail;
  bool closed;
  struct pool_object *pool; /* gets the packets; NULL: GetQueued... does */
};

/* sim__console_transfer reads or writes a standard handle (console.c). */
NTSTATUS sim__console_transfer(const struct file *file, bool reads,
                               void *buffer, size_t size, size_t *bytes);

struct port *sim__port_new(void);

/* sim__port_join binds a file to the port for its whole life. */
NTSTATUS sim__port_join(HANDLE file, struct port *port, ULONG_PTR key);

/* sim__pool_packet submits the callback of an ended operation.
 * sim__pool_object_unbind is for the end of a port (pool_object.c). */
void sim__pool_packet(struct pool_object *object, const struct op *op);
void sim__pool_object_unbind(struct pool_object *object);

void sim__port_post(struct port *port, struct op *op);

/* sim__file_transfer reads or writes (file.c). */
NTSTATUS sim__file_transfer(struct call *call, enum op_kind kind,
                            struct file *file, const struct request *request,
                            void *buffer, size_t size, size_t *info);

/* sim__file_control runs an FSCTL. sim__op_control runs a control that never
 * waits (nt.c). */
NTSTATUS sim__op_control(struct op *op);
NTSTATUS sim__file_control(struct call *call, struct file *file,
                           ACCESS_MASK access, const struct request *request,
                           ULONG code, void *in, size_t in_size, void *out,
                           size_t out_size, size_t *info);

#endif
