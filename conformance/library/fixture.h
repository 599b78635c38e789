/* The fixture of the library cases.
 *
 * Setup: a run begins with a loop whose allocator counts, a fresh pipe name,
 * and options for the mode of its variant. A case creates the rest with the
 * helpers below.
 *
 * Teardown: all pipes that the fixture knows are closed, the loop runs until
 * nothing is pending, and is destroyed. Then each operation that was begun must
 * have had one callback, each pipe one on_closed, and no memory may be left. So
 * a case asserts only its own subject.
 *
 * The recording callbacks (on_done, on_closed, on_timer, on_task) fail the case
 * when they run outside the loop, or inside another callback. So no callback
 * may run inside the call that started the operation.
 *
 * The fixture is static: after a failed assert the kernel may still write to it
 * until the process ends. */
#ifndef NPIPE_CONFORMANCE_LIBRARY_FIXTURE_H
#define NPIPE_CONFORMANCE_LIBRARY_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <windows.h>

#include <cmocka.h>
#include <npipe/npipe.h>

#include "case.h"
#include "kit/memory.h"
#include "world.h"

enum {
  LOOP_WAIT_MS = 5000, /* for an event that must come */
  LOOP_QUIET_MS = 30,  /* for an event that must not come */
  RECORDERS_MAX = 64,
  RECORDER_BYTES_MAX = 4096,
  TIMERS_MAX = 8,
  TASKS_MAX = 8,
  REQUESTERS_MAX = 200,
  EXTRA_PIPES_MAX = 300,
  RAW_HANDLES_MAX = 16
};

typedef struct np_fixture np_fixture;

/* An operation, its buffer, and its result. */
struct recorder {
  np_op op; /* first: on_done gets the recorder from it                      */
  unsigned start_count;
  unsigned done_count;
  unsigned order;     /* last callback's place among all callbacks */
  np_error result;    /* last callback's result */
  size_t transferred; /* last callback's byte count */
  bool is_own_io;     /* the result is that of an np_io_fn of the case */
  /* Runs in the callback, after the fields above were set. */
  void (*then)(np_fixture *f, struct recorder *recorder);
  char buffer[RECORDER_BYTES_MAX];
};

struct timer_recorder {
  np_timer timer; /* first */
  unsigned run_count;
  unsigned order;
  uint64_t at_ms; /* world_now_ms of the last run                            */
  void (*then)(np_fixture *f, struct timer_recorder *recorder);
};

struct task_recorder {
  np_task task; /* first */
  unsigned run_count;
  unsigned order;
  void (*then)(np_fixture *f, struct task_recorder *recorder);
};

/* A request of np_client_connect and its result. */
struct requester {
  np_client_request request; /* first */
  unsigned start_count;
  unsigned done_count;
  unsigned order;  /* last callback's place among all callbacks */
  np_error result; /* last callback's result */
  np_pipe *client; /* last callback's pipe; closed after the case */
  uint64_t at_ms;  /* time of the last callback */
  /* Runs in the callback, after the fields above were set. */
  void (*then)(np_fixture *f, struct requester *requester);
};

struct np_fixture {
  unsigned variant;
  char name[WORLD_PIPE_NAME_BYTES_MAX];

  /* Set for the variant's mode; a case may change them before it creates. */
  np_server_options server_options;
  np_client_options client_options;

  struct memory allocator;
  np_loop *loop;
  HANDLE port; /* port of a loop on a foreign port; else NULL */
  ULONG_PTR key;

  np_pipe *server;
  np_pipe *client;
  np_pipe *end;  /* end under test; server if the variant has none */
  np_pipe *peer; /* the other end; NULL if it is raw */
  HANDLE raw;    /* the other end, as a raw handle */
  np_pipe *extra[EXTRA_PIPES_MAX]; /* pipe_own                               */
  size_t extra_count;
  np_channel *channel;          /* on `end`, if the case created one */
  np_channel *opposite;         /* on `peer`, if the case created one */
  HANDLE raws[RAW_HANDLES_MAX]; /* raw_own                                   */
  size_t raw_count;

  /* An operation for cases that need only one; on_done records it too. */
  np_op op;
  unsigned done_count; /* callbacks of `op` and `ops` so far */
  np_error result;     /* result of the last callback */
  size_t transferred;

  struct recorder ops[RECORDERS_MAX];
  struct timer_recorder timers[TIMERS_MAX];
  struct task_recorder tasks[TASKS_MAX];
  struct requester requests[REQUESTERS_MAX];
  struct recorder helper; /* of pair_open, pipe_send and pipe_receive        */

  unsigned closing_count; /* pipes given to pipe_close                       */
  unsigned closed_count;  /* on_closed ran                                   */
  unsigned closed_order;  /* place of the last on_closed */
  np_pipe *closed_pipe;   /* last closed pipe; already freed */
  void (*closed_then)(np_fixture *f, np_pipe *pipe);

  unsigned order; /* callbacks of any kind so far */
  bool in_loop;   /* the loop is being run */
  bool in_callback;
  void *user;                    /* free for the case */
  void (*ending)(np_fixture *f); /* runs before the teardown; may be NULL */
};

/* Declares a library case; the body follows, with `np_fixture *f`. Function
 * and outcome become strings here, before the preprocessor replaces a constant
 * by its value. */
#define NP_CASE(id_, function_, modes_, outcome_, requirement_, source_)      \
  NP_CASE_DEFINE(np_fixture, library_run, id_, #function_, modes_, #outcome_, \
                 requirement_, source_)

void library_run(unsigned variant, void (*body)(void *fixture));

/* library_run_role is library_run in a role, with a fixture of its own. The
 * role calls the library on one thread. */
void library_run_role(unsigned variant, void (*body)(void *fixture));

/* --- Callbacks that record ---------------------------------------------- */

void on_done(np_op *op, np_error error, size_t transferred);
void on_closed(np_pipe *pipe);
void on_timer(np_timer *timer);
void on_task(np_task *task);

/* on_never fails the case. It is for operations that must be refused. */
void on_never(np_op *op, np_error error, size_t transferred);
void on_closed_never(np_pipe *pipe);

/* callback_begin and callback_end surround a case's own callback, and make the
 * same checks as the callbacks above. callback_begin returns the order. */
unsigned callback_begin(void);
void callback_end(void);

/* --- The loop ----------------------------------------------------------- */

/* loop_turn is np_loop_run_once, or one turn of the caller's own loop if the
 * port is foreign. loop_run is np_loop_run. All runs of the fixture's loop use
 * these two functions, or set `in_loop` themselves. */
np_error loop_turn(np_fixture *f, uint32_t timeout_ms);
np_error loop_run(np_fixture *f);

/* loop_until runs the loop until `f->done_count` is `count`, and fails the case
 * if that takes too long. loop_until_count waits for any counter. */
void loop_until(np_fixture *f, unsigned count);
void loop_until_count(np_fixture *f, const unsigned *counter, unsigned count);

/* loop_quiet runs the loop until nothing has come for LOOP_QUIET_MS.
 * assert_quiet then checks that `f->done_count` is `count`. */
void loop_quiet(np_fixture *f);

/* op_wait runs the loop until each start of `recorder` has had its callback. */
void op_wait(const struct recorder *recorder);

/* loop_settle runs all that is ready or becomes ready without a wait. */
void loop_settle(np_fixture *f);

/* reads_post gives the started reads to the kernel. They must pend there. */
void reads_post(np_fixture *f);

/* loop_drain runs the loop until nothing is pending. */
void loop_drain(np_fixture *f);

/* loop_remake destroys the fixture's loop and creates one with `options`,
 * whose allocator it sets. loop_remake_foreign creates a loop on a port of the
 * case. */
void loop_remake(np_fixture *f, np_loop_options *options);
void loop_remake_foreign(np_fixture *f, ULONG_PTR key);

/* Each function returns options as np_..._options_init sets them. */
np_loop_options loop_options(void);
np_server_options server_options(void);
np_client_options client_options(void);
np_listener_options listener_options(void);
np_channel_options channel_options(void);
np_ready_options ready_options(void);

/* allocator_of returns the fixture's allocator, for another loop. */
np_allocator allocator_of(np_fixture *f);

/* --- Pipes -------------------------------------------------------------- */

/* is_client_end returns true if the variant's end under test is the client. */
bool is_client_end(const np_fixture *f);

/* server_listen creates f->server. client_open_end creates f->client. */
void server_listen(np_fixture *f);
void client_open_end(np_fixture *f);

/* server_add creates another instance of f->name, client_add opens another
 * client end. Both pipes are closed after the case. */
np_pipe *server_add(np_fixture *f);
np_pipe *client_add(np_fixture *f);

/* server_listen_again disconnects f->server and starts the next connect. */
void server_listen_again(np_fixture *f, struct recorder *recorder);

/* pair_open creates both ends in the variant's mode, waits for the connect, and
 * sets f->end and f->peer. It uses no recorder but `helper`. */
void pair_open(np_fixture *f);

/* pair_open_quota is pair_open with `bytes` as the quota of each direction. */
void pair_open_quota(np_fixture *f, uint32_t bytes);

/* pair_open_raw creates f->end and, at the other end, f->raw. f->raw is opened
 * with Win32 calls, for overlapped I/O and in the same modes. */
void pair_open_raw(np_fixture *f);

/* server_quotas sets the quotas of the next pipes, in bytes. */
void server_quotas(np_fixture *f, uint32_t in, uint32_t out);

/* options_inbound lets only clients write to the next pipes. */
void options_inbound(np_fixture *f);

/* pipe_own registers `pipe` to be closed after the case, and returns it. */
np_pipe *pipe_own(np_fixture *f, np_pipe *pipe);

/* pipe_release removes `pipe` from the fixture, because another owner closes
 * it. */
void pipe_release(np_fixture *f, np_pipe *pipe);

/* pipe_close calls np_pipe_close with on_closed, and removes the pipe from the
 * fixture. pipe_close_wait also runs the loop until on_closed ran. */
void pipe_close(np_fixture *f, np_pipe *pipe);
void pipe_close_wait(np_fixture *f, np_pipe *pipe);

/* pair_close closes f->server and f->client, and waits for both. */
void pair_close(np_fixture *f);

/* pipe_closing opens a pair and returns f->end, which is being closed. The pipe
 * can be used until the loop runs. */
np_pipe *pipe_closing(np_fixture *f);

/* channel_close calls np_channel_close, and removes the channel from the
 * fixture. The callback is counted together with those of the pipes. */
void channel_close(np_fixture *f, np_channel *channel);

/* --- Operations --------------------------------------------------------- */

/* Each function starts the operation of `recorder` and checks that it started.
 * Reads use the recorder's buffer. */
void read_begin(struct recorder *recorder, np_pipe *pipe, size_t length);
void write_begin(struct recorder *recorder, np_pipe *pipe, const void *data,
                 size_t length);
void connect_begin(struct recorder *recorder, np_pipe *server);
void shutdown_begin(struct recorder *recorder, np_pipe *pipe);

/* read_pend is read_begin and reads_post: the read waits in the kernel. */
void read_pend(np_fixture *f, struct recorder *recorder, np_pipe *pipe,
               size_t length);

/* op_begin is for every other function that starts the recorder's operation:
 * `error` is what it returned. */
#define op_begin(recorder, error) \
  ((recorder)->start_count++, assert_np_ok(error))

/* pipe_send writes, and waits until the write has succeeded. */
void pipe_send(np_fixture *f, np_pipe *pipe, const void *data, size_t length);

/* pipe_receive reads once, waits, and returns the result. `buffer` gets at most
 * `size` bytes, and `*length` their number. */
np_error pipe_receive(np_fixture *f, np_pipe *pipe, void *buffer, size_t size,
                      size_t *length);

/* --- The raw peer ------------------------------------------------------- */

/* raw_own registers `handle` to be closed after the case, and returns it.
 * raw_close closes it now. */
HANDLE raw_own(np_fixture *f, HANDLE handle);
void raw_close(np_fixture *f, HANDLE handle);

/* raw_release removes `handle` from the fixture, because the library has
 * adopted it. */
void raw_release(np_fixture *f, HANDLE handle);

/* raw_name writes f->name in UTF-16. */
void raw_name(const np_fixture *f, wchar_t out[WORLD_PIPE_NAME_BYTES_MAX]);

/* raw_client opens f->name with `access` and FILE_FLAG_OVERLAPPED, in the
 * variant's read mode. raw_server creates an instance with the modes and quotas
 * of f->server_options. Both check that they succeed. */
HANDLE raw_client(np_fixture *f, DWORD access);
HANDLE raw_server(np_fixture *f);

/* raw_write and raw_read start one operation and wait until it completes; it
 * must not need the loop. They return the Win32 error, or 0. */
DWORD raw_write(HANDLE handle, const void *data, size_t length);
DWORD raw_read(HANDLE handle, void *buffer, size_t size, size_t *length);

/* raw_disconnect disconnects a server end by its control, because nothing
 * signals a handle of the library, for which DisconnectNamedPipe may wait. */
void raw_disconnect(HANDLE server);

/* unread_bytes returns the number of unread bytes at `pipe`, as PeekNamedPipe
 * reports it; 0 if it reports none. */
size_t unread_bytes(np_pipe *pipe);

/* --- Counting ----------------------------------------------------------- */

/* calls returns world_call_count. It ends the case as unresolved in a world
 * that does not count calls. */
uint64_t calls(const char *function);

/* --- Users -------------------------------------------------------------- */

/* become calls world_set_user. It ends the case as unresolved in a world that
 * has only one user. */
void become(const char *user);

/* sid_of calls world_user_sid. It ends the case as unresolved in a world
 * without this user. */
void sid_of(const char *user, char *out, size_t size);

/* --- Asserts ------------------------------------------------------------ */

/* round_name names the current round or combination, for the messages of later
 * failures. fail_at fails the case, with the round and a text. Both take a
 * format like printf's. */
void round_name(const char *format, ...) __attribute__((format(printf, 1, 2)));
bool round_begins(unsigned round);
void fail_at(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4), noreturn));

void assert_np_error_at(np_error actual, np_error expected, const char *file,
                        int line);
void assert_done_at(const struct recorder *recorder, np_error result,
                    size_t transferred, const char *file, int line);
void assert_ends_at(const struct recorder *recorder, np_error result,
                    size_t transferred, const char *file, int line);
void assert_next_at(const struct recorder *recorder, np_error result,
                    size_t transferred, const char *file, int line);
void assert_quiet_at(np_fixture *f, unsigned count, const char *file, int line);
void assert_received_at(np_fixture *f, np_pipe *pipe, const void *data,
                        size_t length, const char *file, int line);

void assert_received_by_at(np_fixture *f, np_pipe *pipe, const char *data,
                           size_t length, size_t piece, const char *file,
                           int line);

void assert_passes_at(np_fixture *f, np_pipe *from, np_pipe *to,
                      const void *data, size_t length, const char *file,
                      int line);
void assert_server_refused_at(np_fixture *f, np_error expected,
                              const char *file, int line);
void assert_client_refused_at(np_fixture *f, np_error expected,
                              const char *file, int line);

/* for_rounds is a loop whose rounds are named. */
#define for_rounds(round, count) \
  for (unsigned round = 0; round < (count) && round_begins(round); round++)

#define assert_np_error(actual, expected) \
  assert_np_error_at((actual), (expected), __FILE__, __LINE__)
#define assert_np_ok(actual) assert_np_error((actual), NP_OK)
#define assert_invalid(actual) \
  assert_np_error((actual), ERROR_INVALID_PARAMETER)

/* assert_done checks that the recorder's operation was started once and ended
 * once, with `result` and `transferred`. */
#define assert_done(recorder, result, transferred) \
  assert_done_at((recorder), (result), (transferred), __FILE__, __LINE__)

/* assert_ends waits until the recorder's operation has ended, and checks it as
 * assert_done does. Other operations may end before it. assert_next allows
 * none: the next callback must be this one, if it has not run yet. A callback
 * may begin the operation after the call of these macros. */
#define assert_ends(recorder, result, transferred) \
  assert_ends_at((recorder), (result), (transferred), __FILE__, __LINE__)
#define assert_next(recorder, result, transferred) \
  assert_next_at((recorder), (result), (transferred), __FILE__, __LINE__)

/* Each starts an operation and checks its end with assert_next. assert_aborts
 * cancels one that is in flight. */
#define assert_reads(recorder, pipe, size, result, transferred) \
  (read_begin((recorder), (pipe), (size)),                      \
   assert_next((recorder), (result), (transferred)))
#define assert_writes(recorder, pipe, data, length, result, transferred) \
  (write_begin((recorder), (pipe), (data), (length)),                    \
   assert_next((recorder), (result), (transferred)))
#define assert_connects(recorder, server, result, transferred) \
  (connect_begin((recorder), (server)),                        \
   assert_next((recorder), (result), (transferred)))
#define assert_shutdowns(recorder, pipe, result, transferred) \
  (shutdown_begin((recorder), (pipe)),                        \
   assert_next((recorder), (result), (transferred)))
#define assert_aborts(recorder)                 \
  (assert_np_ok(np_op_cancel(&(recorder)->op)), \
   assert_next((recorder), ERROR_OPERATION_ABORTED, 0))

#define assert_quiet(f, count) assert_quiet_at((f), (count), __FILE__, __LINE__)

/* assert_received checks that the next reads return exactly `data`: as one
 * message, or in any number of reads from a byte stream. */
#define assert_received(f, pipe, data, length) \
  assert_received_at((f), (pipe), (data), (length), __FILE__, __LINE__)

/* assert_passes checks that one end can send `data` to the other. */
#define assert_passes(f, from, to, data, length) \
  assert_passes_at((f), (from), (to), (data), (length), __FILE__, __LINE__)

/* The next function must be refused with `expected`: np_server_create, or
 * np_client_open, with the fixture's name and options. */
#define assert_server_refused(f, expected) \
  assert_server_refused_at((f), (expected), __FILE__, __LINE__)
#define assert_client_refused(f, expected) \
  assert_client_refused_at((f), (expected), __FILE__, __LINE__)

/* assert_received_by is assert_received in reads of `piece` bytes, of which no
 * more is taken at once: so the quota of a small pipe holds what each read
 * takes. */
#define assert_received_by(f, pipe, data, length, piece)                  \
  assert_received_by_at((f), (pipe), (data), (length), (piece), __FILE__, \
                        __LINE__)

#endif
