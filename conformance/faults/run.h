/* One run of a scenario: a fresh kernel, a loop whose allocator counts, at most
 * one fault, and afterwards the account of all that was begun.
 *
 * A scenario is a chain of steps. Each step returns whether it went as it
 * should; the first that does not ends the scenario. Somebody must be told of a
 * fault, with the very error that was injected, from a function whose header
 * says that it may return it.
 */
#ifndef NPIPE_FAULTS_RUN_H
#define NPIPE_FAULTS_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <windows.h>
#include <winternl.h>
#include <ntstatus.h>

#include <npipe/npipe.h>
#include <sim/sim.h>

enum {
  ACTIONS_MAX = 160,
  PIPES_MAX = 8,
  CHANNELS_MAX = 4,
  RAWS_MAX = 4,
  REQUESTS_MAX = 4,
  BUFFER_BYTES_MAX = 4096,
  FAILURE_BYTES_MAX = 512,
  QUOTA_BYTES = 1024 /* of the pipes that scenarios make */
};

/* What may go wrong in a run. */
enum plan_kind {
  PLAN_NONE,
  PLAN_ALLOCATION, /* the nth allocation fails                       */
  PLAN_CALL,       /* the nth call of `function` fails with `error`  */
  PLAN_COMPLETION, /* it pends, and ends with the status `error`     */
  PLAN_VANISH      /* before the nth call the raw peer is gone       */
};

struct plan {
  enum plan_kind kind;
  const char *function;
  uint64_t nth;
  uint32_t error;
};

struct run;

/* An operation and its buffer. */
struct action {
  union { /* first */
    np_op op;
    np_call call;
  };
  struct run *run;
  np_channel *channel;  /* of a receive or a call     */
  const char *function; /* that began it            */
  unsigned begun;
  unsigned done;
  np_error error;     /* of the last callback */
  size_t transferred; /* of the last callback */
  void (*then)(struct action *action);
  char buffer[BUFFER_BYTES_MAX];
};

/* What a scenario is known for. */
enum scenario_flags {
  FRESH_PROCESS = 1,  /* about the first loop of a process                    */
  FOREIGN_PORT = 2,   /* its loop's port is the caller's                      */
  OPENS_AGAIN = 4,    /* a denied CreateFileW is tried again with less        */
  KNOWS_ITSELF = 8,   /* an end that may not ask about itself                 */
  CANCELS_FIRST = 16, /* its first CancelIoEx fails visibly                  */
  ONLY_WAITS = 32, /* it asks the port only to wait                          */
  READINESS = 64,  /* an error is told by the next try                       */
  TRIES_AGAIN = 128, /* a client that waits: whoever is slow, it gets through */
  SERVER_COMES =
      256, /* ... also where there is no such pipe                  */
  CLOSES_LISTENER = 512, /* in the turn in which it has something to tell    */
  FLUSHES = 1024,        /* a thread flushes where the kernel's control fails */
  NO_FLUSH_CONTROL = 2048 /* the kernel has no control that flushes          */
};

struct scenario {
  const char *id;
  unsigned flags;
  bool (*play)(struct run *r);
  struct scenario *next;
};

struct run {
  const struct scenario *scenario;
  struct plan plan;
  char failure[FAILURE_BYTES_MAX]; /* empty: none                         */
  char doubt[FAILURE_BYTES_MAX];   /* a failure unless it is for the fault */
  bool is_told;                    /* somebody got the injected error     */
  char name[64];
  np_loop *loop;
  HANDLE port; /* of a foreign loop                                          */
  np_pipe *server;
  np_pipe *client;
  np_server_options server_options;
  np_client_options client_options;
  uint32_t timeout_ms; /* of the operations begun from now on                */

  np_listener *listener;
  np_listener_options listener_options;
  np_pipe *accepted; /* the last that was handed out */
  unsigned accepted_count;
  void (*accept_then)(struct run *r);

  np_pipe *pipes[PIPES_MAX]; /* that are open */
  size_t pipe_count;
  np_channel *channels[CHANNELS_MAX]; /* that are open; not among the pipes */
  size_t channel_count;
  HANDLE raws[RAWS_MAX];
  size_t raw_count;
  struct action actions[ACTIONS_MAX];
  size_t action_count;
  unsigned closing;
  unsigned closed;
  bool in_loop;          /* callbacks are welcome */
  np_error thread_error; /* of what another thread did */
  unsigned notes;        /* what timers and tasks have counted */

  struct request *requests[REQUESTS_MAX];
  size_t request_count;
  uint64_t root_port; /* the CreateIoCompletionPort for the kernel's waits */

  uint64_t allocations; /* asked for */
  size_t live;          /* allocated and not released */

  np_error first_error; /* the first that no step expected */
  const char *first_error_from;
};

/* run_scenario plays `scenario` once in a kernel with `settings`. It returns
 * whether it came to its end; `r->failure` tells what was wrong with the run,
 * whatever came of the scenario. */
bool run_scenario(struct run *r, const struct scenario *scenario,
                  const struct plan *plan, const sim_settings *settings);

/* run_fail notes a failure of the run; the first one stays. */
void run_fail(struct run *r, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* plan_error returns the Win32 error that the fault of `plan` shows as. */
np_error plan_error(const struct plan *plan);

/* --- Steps -------------------------------------------------------------- */

/* took judges what `function` returned: true for NP_OK. */
bool took(struct run *r, const char *function, np_error error);

/* refused is for calls that must fail with `expected`. */
bool refused(struct run *r, const char *function, np_error error,
             np_error expected);

/* holds is for what must be true, unless it is for the fault. */
bool holds(struct run *r, bool truth, const char *what);

/* Each opens a pipe with the run's options; NULL when it failed. */
np_pipe *server_open(struct run *r);
np_pipe *client_open(struct run *r);

/* modes sets type and read mode of both ends to come. */
void modes(struct run *r, np_mode mode, np_mode read_mode);

/* pair_open opens r->server and r->client, with the connect reported. */
bool pair_open(struct run *r);

/* The same with one end a synchronous handle of Win32. */
HANDLE raw_client_open(struct run *r, DWORD access);
HANDLE raw_server_open(struct run *r, DWORD flags);
bool raw_write(struct run *r, HANDLE handle, const char *text);
bool raw_read(struct run *r, HANDLE handle, const char *text);
bool raw_close(struct run *r, HANDLE handle);
void raw_forget(struct run *r, HANDLE handle);

/* Each begins an operation; NULL when it was refused. The plain ones nothing
 * that is out of memory or resources can refuse. */
struct action *read_begin(struct run *r, np_pipe *pipe, size_t length);
struct action *write_begin(struct run *r, np_pipe *pipe, const char *text,
                           size_t length);
struct action *connect_begin(struct run *r, np_pipe *server);
struct action *transact_begin(struct run *r, np_pipe *pipe, const char *text);
struct action *shutdown_begin(struct run *r, np_pipe *pipe);

struct action *readv_begin(struct run *r, np_pipe *pipe,
                           const np_buffer *buffers, size_t count);
struct action *writev_begin(struct run *r, np_pipe *pipe,
                            const np_buffer *buffers, size_t count);
struct action *flush_begin(struct run *r, np_pipe *pipe);
struct action *ready_begin(struct run *r, np_pipe *pipe, np_interest interest);
struct action *io_begin(struct run *r, np_pipe *pipe, np_interest interest,
                        np_io_fn fn);

/* The tries: what they return, and whether they moved what they should. */
np_error try_read_error(struct run *r, np_pipe *pipe);
np_error try_write_error(struct run *r, np_pipe *pipe);
bool tries_read(struct run *r, np_pipe *pipe, const char *text);
bool tries_write(struct run *r, np_pipe *pipe, size_t length);

/* A request for a client, in memory that outlives its scenario. */
struct request {
  np_client_request request; /* first */
  struct run *run;
  unsigned begun;
  unsigned done;
  np_error error;
  np_pipe *client;
};

/* request_begin starts np_client_connect; request_ends runs the loop until it
 * is done, and judges its result. */
bool request_begin(struct run *r, struct request *request, uint32_t timeout_ms);
bool request_ends(struct request *request, np_error error);

/* abandon closes both ends and waits until they are gone. */
void abandon(struct run *r);

/* ends runs the loop until `action` is done, and judges its result. */
bool ends(struct action *action, np_error error, size_t transferred);

/* ends_with does so for a read that must bring `text`. */
bool ends_with(struct action *action, np_error error, const char *text);

/* cancel asks for the end of `action`, which is in flight. */
bool cancel(struct action *action);

/* exchange has `text` written at one end and read at the other. */
bool exchange(struct run *r, np_pipe *from, np_pipe *to, const char *text);

/* pipe_close closes; closed runs the loop until all on_closed have run. */
bool pipe_close(struct run *r, np_pipe *pipe);
bool closed(struct run *r);

/* --- Channels ----------------------------------------------------------- */

/* channel_open makes a channel of one of the run's pipes; NULL: it could not.
 */
np_channel *channel_open(struct run *r, np_pipe *pipe,
                         const np_channel_options *options);
bool channel_close(struct run *r, np_channel *channel);

/* The pipe is the run's again. */
bool channel_detach(struct run *r, np_channel *channel);

/* Each begins an operation on a channel. What a receive or a call gets is
 * copied into its buffer. */
struct action *send_begin(struct run *r, np_channel *channel, const char *text,
                          size_t length);
struct action *send_reserved_begin(struct run *r, np_channel *channel,
                                   size_t length);
struct action *receive_begin(struct run *r, np_channel *channel);
struct action *receive_into_begin(struct run *r, np_channel *channel,
                                  size_t length);
struct action *call_begin(struct run *r, np_channel *channel, const char *text);
struct action *channel_shutdown_begin(struct run *r, np_channel *channel);

/* --- For those that begin operations ------------------------------------- */

struct action *action_new(struct run *r, const char *function);

/* action_begun is for what nothing can refuse, action_took for what may be. */
struct action *action_begun(struct action *action, np_error error);
struct action *action_took(struct action *action, np_error error);
void action_done(np_op *op, np_error error, size_t transferred);

/* pipe_keep has `pipe` closed at the end, pipe_forget not any more. */
np_pipe *pipe_keep(struct run *r, np_pipe *pipe);
void pipe_forget(struct run *r, np_pipe *pipe);

/* turn is one turn of the loop, that waits at most `wait_ms`. */
bool turn(struct run *r, uint32_t wait_ms);

/* turns runs the loop until `*count` is `wanted`. */
bool turns(struct run *r, const unsigned *count, unsigned wanted);

/* listener_open opens r->listener with its options. accepts runs the loop until
 * it has handed out `count` pipes in all, the last of which is r->accepted. */
bool listener_open(struct run *r);
bool accepts(struct run *r, unsigned count);

/* give_back has the listener take r->accepted. */
bool give_back(struct run *r);

/* listener_close closes it; `closed` waits for its end, too. */
bool listener_close(struct run *r);

/* --- Registry ----------------------------------------------------------- */

void scenario_register(struct scenario *scenario);

#define SCENARIO(name_, id_, flags_)                                        \
  static bool play_##name_(struct run *r);                                  \
  static struct scenario declared_##name_ = {id_, flags_, play_##name_, 0}; \
  __attribute__((constructor)) static void register_##name_(void) {         \
    scenario_register(&declared_##name_);                                   \
  }                                                                         \
  static bool play_##name_(struct run *r)

#endif
