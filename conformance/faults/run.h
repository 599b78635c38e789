/* One run of a scenario: a fresh kernel, a loop whose allocator counts, at
 * most one fault, and at the end a check of everything that was started.
 *
 * A scenario is a chain of steps. Each step returns true if its result is as
 * expected; the first false ends the scenario. A fault must be reported: with
 * exactly the injected error, and by a function whose header allows this
 * error. */
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

#include "kit/memory.h"
#include "kit/outcomes.h"

enum {
  ACTIONS_MAX = 160,
  PIPES_MAX = 8,
  CHANNELS_MAX = 4,
  RAWS_MAX = 4,
  REQUESTS_MAX = 4,
  BUFFER_BYTES_MAX = 4096,
  FAILURE_BYTES_MAX = 512,
  QUOTA_BYTES = 1024 /* quota of the pipes in scenarios */
};

/* The kinds of faults. */
enum plan_kind {
  PLAN_NONE,
  PLAN_ALLOCATION, /* the nth allocation fails                       */
  PLAN_CALL,       /* the nth call of `function` fails with `error`  */
  PLAN_COMPLETION, /* the call pends and ends with status `error` */
  PLAN_VANISH      /* the raw peer goes before the nth call */
};

struct plan {
  enum plan_kind kind;
  const char *function;
  uint64_t nth;
  uint32_t error;
};

struct run;

/* An operation, its buffer and its result. */
struct action {
  union { /* first */
    np_op op;
    np_call call;
  };
  struct run *run;
  np_channel *channel;  /* channel of a receive or a call */
  const char *function; /* function that started it */
  unsigned begun;
  unsigned done;
  np_error error;     /* last callback's error */
  size_t transferred; /* last callback's byte count */
  void (*then)(struct action *action);
  char buffer[BUFFER_BYTES_MAX];
};

/* Properties of scenarios, which decide which faults may stay silent. */
enum scenario_flags {
  CUTS_MESSAGES = 1,       /* reads a part of a message, and posts no task */
  FOREIGN_PORT = 2,        /* the loop uses the caller's port */
  OPENS_AGAIN = 4,         /* opens again with less access after a denial */
  KNOWS_ITSELF = 8,        /* an end that has no right to query itself */
  CANCELS_FIRST = 16,      /* its first failing CancelIoEx is reported */
  ONLY_WAITS = 32,         /* polls the port only to wait */
  READINESS = 64,          /* the next try reports an error */
  TRIES_AGAIN = 128,       /* a waiting client, which connects in any case */
  SERVER_COMES = 256,      /* ... even if the pipe does not exist yet */
  CLOSES_LISTENER = 512,   /* closes the listener while it has news */
  FLUSHES = 1024,          /* a thread flushes if the kernel's control fails */
  NO_FLUSH_CONTROL = 2048, /* the kernel has no flush control */
  HOLDS_BACK = 4096, /* reads behind one that waits are ended by the scenario */
  LIES = 8192,       /* the kernel lies, and no call fails beside that */
  LOOKS_FIRST =
      16384, /* its first read only looks whether a message lies there */
  ASKS_NAMES = 32768,  /* some errors are answers about a name */
  MAKES_PAIR = 65536,  /* a pair takes a name if it cannot be without */
  NO_NAMELESS = 131072 /* the kernel has no pipes without a name */
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
  char doubt[FAILURE_BYTES_MAX];   /* a failure, unless the fault explains it */
  bool is_told;                    /* the injected error was reported */
  char name[64];
  np_loop *loop;
  HANDLE port; /* port of a foreign loop */
  np_pipe *server;
  np_pipe *client;
  np_server_options server_options;
  np_client_options client_options;
  uint32_t timeout_ms; /* time limit of operations begun later */

  np_link *link;
  np_listener *listener;
  np_listener_options listener_options;
  np_pipe *accepted; /* the last accepted pipe */
  unsigned accepted_count;
  void (*accept_then)(struct run *r);

  np_pipe *pipes[PIPES_MAX]; /* the open pipes */
  size_t pipe_count;
  /* open channels, whose pipes are not in `pipes` */
  np_channel *channels[CHANNELS_MAX];
  size_t channel_count;
  HANDLE raws[RAWS_MAX];
  size_t raw_count;
  struct action actions[ACTIONS_MAX];
  size_t action_count;
  unsigned closing;
  unsigned closed;
  bool in_loop;          /* callbacks may run */
  np_error thread_error; /* error on another thread */
  unsigned notes;        /* counter for timers and tasks */

  struct request *requests[REQUESTS_MAX];
  size_t request_count;
  /* number of the CreateIoCompletionPort call for the kernel's waits */
  uint64_t root_port;

  struct memory memory;

  np_error first_error; /* the first error that no step expected */
  const char *first_error_from;
};

/* run_scenario plays `scenario` once, in a kernel with `settings`. It returns
 * true if the scenario reached its end. `r->failure` describes a failure of the
 * run, which is independent of this. */
bool run_scenario(struct run *r, const struct scenario *scenario,
                  const struct plan *plan, const sim_settings *settings);

/* run_fail records a failure of the run; the first one is kept. */
void run_fail(struct run *r, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* plan_error returns the Win32 error that the library sees for the fault of
 * `plan`. */
np_error plan_error(const struct plan *plan);

/* --- Steps -------------------------------------------------------------- */

/* STEP ends the scenario, or the step that it stands in, unless `truth`. */
#define STEP(truth) \
  do {              \
    if (!(truth)) { \
      return false; \
    }               \
  } while (0)

/* took records the result of `function` and returns true for NP_OK. */
bool took(struct run *r, const char *function, np_error error);

/* gave records the result that `function` gave at that moment, and returns true
 * if it is `expected`. refused is for calls that must fail with `expected`. */
bool gave(struct run *r, const char *function, enum outcome_moment moment,
          np_error error, np_error expected);
bool refused(struct run *r, const char *function, np_error error,
             np_error expected);

/* holds is for a condition that must be true, unless the fault explains it. */
bool holds(struct run *r, bool truth, const char *what);

/* server_open and client_open open a pipe with the run's options, or return
 * NULL. */
np_pipe *server_open(struct run *r);
np_pipe *client_open(struct run *r);

/* modes sets the type and the read mode of the ends that are opened later. */
void modes(struct run *r, np_mode mode, np_mode read_mode);

/* pair_open opens r->server and r->client and waits for the connect. */
bool pair_open(struct run *r);

/* raw_client_open and raw_server_open open one end as a synchronous Win32
 * handle. */
HANDLE raw_client_open(struct run *r, DWORD access);
HANDLE raw_server_open(struct run *r, DWORD flags);
bool raw_write(struct run *r, HANDLE handle, const char *text);
bool raw_read(struct run *r, HANDLE handle, const char *text);
bool raw_close(struct run *r, HANDLE handle);
void raw_forget(struct run *r, HANDLE handle);

/* raw_keep registers `handle` to be closed at the end, and returns it. */
HANDLE raw_keep(struct run *r, HANDLE handle);

/* Each function starts an operation, or returns NULL if the operation was
 * refused. Plain reads, writes, connects and shutdowns cannot be refused for
 * lack of memory or resources. */
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

/* The tries. The first two return the error; the last two return true if they
 * moved the expected data. */
np_error try_read_error(struct run *r, np_pipe *pipe);
np_error try_write_error(struct run *r, np_pipe *pipe);
bool tries_read(struct run *r, np_pipe *pipe, const char *text);
bool tries_write(struct run *r, np_pipe *pipe, size_t length);

/* A request for a client. Its memory outlives the scenario. */
struct request {
  np_client_request request; /* first */
  struct run *run;
  unsigned begun;
  unsigned done;
  np_error error;
  np_pipe *client;
};

/* request_begin starts np_client_connect. request_ends runs the loop until the
 * request has ended, and checks its result. */
bool request_begin(struct run *r, struct request *request, uint32_t timeout_ms);
bool request_ends(struct request *request, np_error error);

/* abandon closes both ends and waits until both are closed. */
void abandon(struct run *r);

/* ends runs the loop until `action` has ended, and checks its result. */
bool ends(struct action *action, np_error error, size_t transferred);

/* ends_with is `ends` for a read that must return `text`. */
bool ends_with(struct action *action, np_error error, const char *text);

/* cancel cancels `action`, which is in flight. */
bool cancel(struct action *action);

/* exchange writes `text` at one end and reads it at the other. */
bool exchange(struct run *r, np_pipe *from, np_pipe *to, const char *text);

/* pipe_close closes a pipe. closed runs the loop until every on_closed has
 * run. */
bool pipe_close(struct run *r, np_pipe *pipe);
bool closed(struct run *r);

/* --- Channels ----------------------------------------------------------- */

/* channel_open creates a channel on one of the run's pipes, or returns NULL. */
np_channel *channel_open(struct run *r, np_pipe *pipe,
                         const np_channel_options *options);
bool channel_close(struct run *r, np_channel *channel);

/* channel_detach gives the pipe back to the run. */
bool channel_detach(struct run *r, np_channel *channel);

/* Each function starts an operation on a channel. The message that a receive or
 * a call gets is copied into the operation's buffer. */
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

/* action_begun is for operations that cannot be refused, action_took for those
 * that can. */
struct action *action_begun(struct action *action, np_error error);
struct action *action_took(struct action *action, np_error error);
void action_done(np_op *op, np_error error, size_t transferred);

/* pipe_keep registers `pipe` to be closed at the end. pipe_forget removes
 * it. */
np_pipe *pipe_keep(struct run *r, np_pipe *pipe);
void pipe_forget(struct run *r, np_pipe *pipe);

/* turn runs one turn of the loop, which waits at most `wait_ms`. */
bool turn(struct run *r, uint32_t wait_ms);

/* turns runs the loop until `*count` is `wanted`. */
bool turns(struct run *r, const unsigned *count, unsigned wanted);

/* listener_open opens r->listener with r->listener_options. accepts runs the
 * loop until the listener has handed out `count` pipes in all; the last one is
 * r->accepted. */
bool listener_open(struct run *r);
bool accepts(struct run *r, unsigned count);

/* give_back recycles r->accepted. */
bool give_back(struct run *r);

/* listener_close closes the listener. `closed` waits for its end too. */
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
