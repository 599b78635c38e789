#include "run.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "documented.h"

enum {
  TURNS_MAX = 400, /* until something that must come has come */
  TURN_MS = 50     /* of virtual time */
};

void run_fail(struct run *r, const char *format, ...) {
  va_list arguments;

  if (r->failure[0] != '\0') {
    return;
  }
  va_start(arguments, format);
  vsnprintf(r->failure, sizeof r->failure, format, arguments);
  va_end(arguments);
}

/* What a step misses may be for the fault, of which somebody is told later. */
__attribute__((format(printf, 2, 3))) static void doubt(struct run *r,
                                                        const char *format,
                                                        ...) {
  va_list arguments;

  if (r->doubt[0] != '\0') {
    return;
  }
  va_start(arguments, format);
  vsnprintf(r->doubt, sizeof r->doubt, format, arguments);
  va_end(arguments);
}

np_error plan_error(const struct plan *plan) {
  switch (plan->kind) {
    case PLAN_ALLOCATION:
      return ERROR_NOT_ENOUGH_MEMORY;
    case PLAN_CALL:
      if (strncmp(plan->function, "Nt", 2) == 0) {
        return RtlNtStatusToDosError((NTSTATUS)plan->error);
      }
      /* It tells no more than that it could not tell. */
      return strcmp(plan->function, "GetFileType") == 0 ? ERROR_INVALID_HANDLE
                                                        : plan->error;
    case PLAN_COMPLETION:
      return RtlNtStatusToDosError((NTSTATUS)plan->error);
    default:
      return NP_OK;
  }
}

/* --- The allocator ------------------------------------------------------- */

static void *allocate(void *context, size_t size) {
  struct run *r = context;
  void *memory;

  r->allocations++;
  if (r->plan.kind == PLAN_ALLOCATION && r->plan.nth == r->allocations) {
    return NULL;
  }
  memory = malloc(size);
  if (memory != NULL) {
    memset(memory, 0xA5, size);
    r->live++;
  }
  return memory;
}

static void release(void *context, void *memory) {
  struct run *r = context;

  if (memory == NULL || r->live == 0) {
    run_fail(r, "memory was released that nobody has");
    return;
  }
  r->live--;
  free(memory);
}

/* --- Judging ------------------------------------------------------------- */

static void note_error(struct run *r, const char *function, np_error error) {
  if (r->first_error != NP_OK) {
    return;
  }
  r->first_error = error;
  r->first_error_from = function;
  if (!is_documented(function, error, &r->plan)) {
    run_fail(r, "%s gave %s (%u), which its header does not name", function,
             np_error_name(error), (unsigned)error);
  }
}

/* A channel tells an end inside of a message by another name. */
static bool is_injected(const struct run *r, const char *function,
                        np_error error) {
  const np_error injected = plan_error(&r->plan);

  return error == injected ||
         (error == ERROR_HANDLE_EOF && injected == ERROR_BROKEN_PIPE &&
          strncmp(function, "np_channel_", 11) == 0);
}

/* An injected error is noted even where a step expects that very error. */
static void note_injected(struct run *r, const char *function, np_error error) {
  if (error != NP_OK && is_injected(r, function, error)) {
    r->is_told = true;
    note_error(r, function, error);
  }
}

bool took(struct run *r, const char *function, np_error error) {
  note_injected(r, function, error);
  if (error != NP_OK) {
    note_error(r, function, error);
  }
  return error == NP_OK;
}

bool refused(struct run *r, const char *function, np_error error,
             np_error expected) {
  note_injected(r, function, error);
  if (error == expected) {
    return true;
  }
  if (error == NP_OK) {
    doubt(r, "%s succeeded, %s was due", function, np_error_name(expected));
  } else {
    note_error(r, function, error);
  }
  return false;
}

bool holds(struct run *r, bool truth, const char *what) {
  if (!truth) {
    doubt(r, "not so: %s", what);
  }
  return truth;
}

/* The kernel's wait for an instance: where it cannot be had, tries with a delay
 * take its place. */
static bool is_wait(const struct run *r) {
  const char *function = r->plan.function != NULL ? r->plan.function : "";

  return strcmp(function, "NtOpenFile") == 0 ||
         strcmp(function, "NtFsControlFile") == 0 ||
         (strcmp(function, "CreateIoCompletionPort") == 0 &&
          r->plan.nth == r->root_port);
}

/* What may fail without anybody being told. */
static bool is_silent(const struct run *r) {
  const unsigned flags = r->scenario->flags;
  const char *function = r->plan.function != NULL ? r->plan.function : "";

  if ((flags & READINESS) != 0 && strcmp(function, "ReadFile") == 0 &&
      (r->plan.error == (uint32_t)STATUS_CANCELLED || r->plan.nth > 1)) {
    /* A read-ahead that was cancelled is begun anew. One that is not the first
     * may be the second half of a try, which has brought something already. */
    return r->plan.kind != PLAN_NONE;
  }
  if ((flags & TRIES_AGAIN) != 0 && is_wait(r)) {
    return true;
  }
  if ((flags & CLOSES_LISTENER) != 0 && r->closed > 0) {
    return true; /* One that is being closed tells nothing any more. */
  }
  if (r->plan.kind == PLAN_COMPLETION) {
    /* Who cancels cannot tell his own cancel from another's. */
    if ((flags & CANCELS_FIRST) != 0 &&
        r->plan.error == (uint32_t)STATUS_CANCELLED) {
      return true;
    }
    /* That the packet came is what the calibration looks at. */
    return (flags & FRESH_PROCESS) != 0 && r->plan.nth == 1 &&
           strcmp(function, "ReadFile") == 0;
  }
  if (r->plan.kind != PLAN_CALL) {
    return false;
  }
  if (strcmp(function, "CancelIoEx") == 0) {
    /* A time limit tries again. A close goes on without: what pends then ends
     * when the peer goes. */
    return (flags & CANCELS_FIRST) == 0 || r->plan.nth > 1;
  }
  if (strcmp(function, "GetQueuedCompletionStatusEx") == 0) {
    /* A look at the port in passing; a wait that follows would tell. */
    return (flags & ONLY_WAITS) == 0;
  }
  if (strcmp(function, "CreateFileW") == 0) {
    return ((flags & OPENS_AGAIN) != 0 &&
            r->plan.error == ERROR_ACCESS_DENIED) ||
           ((flags & TRIES_AGAIN) != 0 && r->plan.error == ERROR_PIPE_BUSY) ||
           ((flags & SERVER_COMES) != 0 &&
            r->plan.error == ERROR_FILE_NOT_FOUND);
  }
  if (strcmp(function, "NtQueryInformationFile") == 0) {
    return (flags & KNOWS_ITSELF) != 0 &&
           r->plan.error == (uint32_t)STATUS_ACCESS_DENIED;
  }
  if (strcmp(function, "PostQueuedCompletionStatus") == 0) {
    /* The worker of a flush tries again. */
    return strncmp(r->scenario->id, "flush/", 6) == 0;
  }
  if (strcmp(function, "CancelSynchronousIo") == 0) {
    return true; /* The worker may not be in the kernel yet: tried again. */
  }
  return false;
}

/* --- The loop ------------------------------------------------------------ */

static np_error foreign_turn(struct run *r, uint32_t wait_ms) {
  OVERLAPPED_ENTRY entries[8];
  ULONG count = 0;
  uint32_t due_ms;
  np_error error = np_loop_dispatch(r->loop, NULL, 0);

  if (error != NP_OK) {
    return error;
  }
  due_ms = np_loop_wait_ms(r->loop);
  if (!GetQueuedCompletionStatusEx(r->port, entries, 8, &count,
                                   due_ms < wait_ms ? due_ms : wait_ms,
                                   FALSE)) {
    error = GetLastError();
    if (error != WAIT_TIMEOUT) {
      return error;
    }
    count = 0;
  }
  error = np_loop_dispatch(r->loop, count > 0 ? entries : NULL, count);
  return error != NP_OK || count > 0 ? error : WAIT_TIMEOUT;
}

bool turn(struct run *r, uint32_t wait_ms) {
  np_error error;

  r->in_loop = true;
  if (r->port != NULL) {
    error = foreign_turn(r, wait_ms);
  } else {
    error = np_loop_run_once(r->loop, wait_ms);
  }
  r->in_loop = false;
  return error == WAIT_TIMEOUT || took(r, "np_loop_run_once", error);
}

bool turns(struct run *r, const unsigned *count, unsigned wanted) {
  for (int i = 0; i < TURNS_MAX && *count < wanted; i++) {
    if (!turn(r, TURN_MS)) {
      return false;
    }
  }
  if (*count != wanted) {
    doubt(r, "%u callbacks came, %u were due", *count, wanted);
  }
  return *count == wanted;
}

/* --- Operations ---------------------------------------------------------- */

void action_done(np_op *op, np_error error, size_t transferred) {
  struct action *action = (struct action *)op;
  struct run *r = action->run;

  if (!r->in_loop) {
    run_fail(r, "%s called back from outside of the loop", action->function);
  }
  action->done++;
  action->error = error;
  action->transferred = transferred;
  if (action->done > action->begun) {
    run_fail(r, "%s called back twice", action->function);
  }
  note_injected(r, action->function, error); /* It need not be awaited. */
  if (action->then != NULL) {
    action->then(action);
  }
}

struct action *action_new(struct run *r, const char *function) {
  struct action *action;

  if (r->action_count == ACTIONS_MAX) {
    run_fail(r, "the scenario has more operations than there is room for");
    return NULL;
  }
  action = &r->actions[r->action_count++];
  memset(action, 0, sizeof *action);
  np_op_init(&action->op);
  action->op.timeout_ms = r->timeout_ms;
  action->run = r;
  action->function = function;
  return action;
}

struct action *action_begun(struct action *action, np_error error) {
  if (error != NP_OK) {
    run_fail(action->run, "%s refused to begin: %s", action->function,
             np_error_name(error));
    return NULL;
  }
  action->begun++;
  return action;
}

struct action *read_begin(struct run *r, np_pipe *pipe, size_t length) {
  struct action *action = action_new(r, "np_pipe_read");

  return action == NULL
             ? NULL
             : action_begun(action, np_pipe_read(pipe, action->buffer, length,
                                                 &action->op, action_done));
}

struct action *write_begin(struct run *r, np_pipe *pipe, const char *text,
                           size_t length) {
  struct action *action = action_new(r, "np_pipe_write");

  if (action == NULL) {
    return NULL;
  }
  if (text != NULL) {
    memcpy(action->buffer, text, length);
  } else {
    memset(action->buffer, 'x', length);
  }
  return action_begun(action, np_pipe_write(pipe, action->buffer, length,
                                            &action->op, action_done));
}

struct action *connect_begin(struct run *r, np_pipe *server) {
  struct action *action = action_new(r, "np_server_connect");

  return action == NULL
             ? NULL
             : action_begun(
                   action, np_server_connect(server, &action->op, action_done));
}

struct action *shutdown_begin(struct run *r, np_pipe *pipe) {
  struct action *action = action_new(r, "np_pipe_shutdown");

  return action == NULL
             ? NULL
             : action_begun(action,
                            np_pipe_shutdown(pipe, &action->op, action_done));
}

/* For those that need memory, which may be refused. */
struct action *action_took(struct action *action, np_error error) {
  if (!took(action->run, action->function, error)) {
    return NULL;
  }
  action->begun++;
  return action;
}

struct action *transact_begin(struct run *r, np_pipe *pipe, const char *text) {
  struct action *action = action_new(r, "np_pipe_transact");

  return action == NULL
             ? NULL
             : action_took(action, np_pipe_transact(pipe, text, strlen(text),
                                                    action->buffer,
                                                    sizeof action->buffer,
                                                    &action->op, action_done));
}

struct action *readv_begin(struct run *r, np_pipe *pipe,
                           const np_buffer *buffers, size_t count) {
  struct action *action = action_new(r, "np_pipe_readv");

  return action == NULL
             ? NULL
             : action_took(action, np_pipe_readv(pipe, buffers, count,
                                                 &action->op, action_done));
}

struct action *writev_begin(struct run *r, np_pipe *pipe,
                            const np_buffer *buffers, size_t count) {
  struct action *action = action_new(r, "np_pipe_writev");

  return action == NULL
             ? NULL
             : action_took(action, np_pipe_writev(pipe, buffers, count,
                                                  &action->op, action_done));
}

struct action *flush_begin(struct run *r, np_pipe *pipe) {
  struct action *action = action_new(r, "np_pipe_flush");

  return action == NULL ? NULL
                        : action_took(action, np_pipe_flush(pipe, &action->op,
                                                            action_done));
}

struct action *ready_begin(struct run *r, np_pipe *pipe, np_interest interest) {
  struct action *action = action_new(r, "np_pipe_ready");
  np_error error;

  if (action == NULL) {
    return NULL;
  }
  if (interest == NP_READABLE) {
    error = np_pipe_readable(pipe, &action->op, action_done);
  } else if (interest == NP_WRITABLE) {
    error = np_pipe_writable(pipe, &action->op, action_done);
  } else {
    error = np_pipe_ready(pipe, interest, &action->op, action_done);
  }
  return action_took(action, error);
}

struct action *io_begin(struct run *r, np_pipe *pipe, np_interest interest,
                        np_io_fn fn) {
  struct action *action = action_new(r, "np_pipe_async_io");

  return action == NULL
             ? NULL
             : action_took(action, np_pipe_async_io(pipe, interest, &action->op,
                                                    fn, r, action_done));
}

np_error try_read_error(struct run *r, np_pipe *pipe) {
  char buffer[64];
  size_t count = 1;
  np_error error = np_pipe_try_read(pipe, buffer, sizeof buffer, &count);

  if (error != NP_OK && error != ERROR_MORE_DATA && count != 0) {
    run_fail(r, "np_pipe_try_read failed and brought bytes");
  }
  return error;
}

bool tries_read(struct run *r, np_pipe *pipe, const char *text) {
  char buffer[64];
  const np_buffer parts[2] = {{buffer, 2}, {buffer + 2, sizeof buffer - 2}};
  size_t count = 0;

  return took(r, "np_pipe_try_readv",
              np_pipe_try_readv(pipe, parts, 2, &count)) &&
         holds(r, count == strlen(text) && memcmp(buffer, text, count) == 0,
               "a try reads what was written");
}

np_error try_write_error(struct run *r, np_pipe *pipe) {
  size_t count = 1;
  np_error error = np_pipe_try_write(pipe, "x", 1, &count);

  if (error != NP_OK && count != 0) {
    run_fail(r, "np_pipe_try_write failed and took bytes");
  }
  return error;
}

bool tries_write(struct run *r, np_pipe *pipe, size_t length) {
  static char bytes[BUFFER_BYTES_MAX];
  const np_buffer parts[2] = {{bytes, 3}, {bytes + 3, length - 3}};
  size_t count = 0;

  return took(r, "np_pipe_try_writev",
              np_pipe_try_writev(pipe, parts, 2, &count)) &&
         holds(r, count == length, "a try takes all that fits");
}

bool ends(struct action *action, np_error error, size_t transferred) {
  struct run *r;

  if (action == NULL) {
    return false;
  }
  r = action->run;
  if (!turns(r, &action->done, action->begun)) {
    return false;
  }
  if (action->error != error) {
    if (action->error == NP_OK) {
      doubt(r, "%s succeeded, %s was due", action->function,
            np_error_name(error));
    } else {
      note_error(r, action->function, action->error);
    }
    return false;
  }
  if (action->transferred != transferred) {
    doubt(r, "%s moved %zu bytes, not %zu", action->function,
          action->transferred, transferred);
  }
  return action->transferred == transferred;
}

bool ends_with(struct action *action, np_error error, const char *text) {
  if (!ends(action, error, strlen(text))) {
    return false;
  }
  return holds(action->run, memcmp(action->buffer, text, strlen(text)) == 0,
               "the bytes read are those written");
}

bool cancel(struct action *action) {
  np_error error;

  if (action == NULL) {
    return false;
  }
  error = np_op_cancel(&action->op);
  if (error == ERROR_NOT_FOUND && action->run->plan.kind != PLAN_NONE) {
    /* It has its result: the fault's, which the callback is to bring. */
    turns(action->run, &action->done, action->begun);
    return false;
  }
  return took(action->run, "np_op_cancel", error);
}

bool exchange(struct run *r, np_pipe *from, np_pipe *to, const char *text) {
  struct action *read = read_begin(r, to, BUFFER_BYTES_MAX);
  struct action *write = write_begin(r, from, text, strlen(text));

  return ends(write, NP_OK, strlen(text)) && ends_with(read, NP_OK, text);
}

static void on_client(np_client_request *client_request, np_error error,
                      np_pipe *client) {
  struct request *request = (struct request *)client_request;
  struct run *r = request->run;

  note_injected(r, "np_client_connect", error);
  if (!r->in_loop) {
    run_fail(r, "a request's function ran outside of the loop");
  }
  if ((error == NP_OK) != (client != NULL)) {
    run_fail(r, "a request gave %s and %s client", np_error_name(error),
             client != NULL ? "a" : "no");
  }
  request->done++;
  request->error = error;
  request->client = pipe_keep(r, client);
}

bool request_begin(struct run *r, struct request *request,
                   uint32_t timeout_ms) {
  np_error error;

  memset(request, 0, sizeof *request);
  request->run = r;
  error = np_client_connect(r->loop, &request->request, r->name,
                            &r->client_options, timeout_ms, on_client);
  if (error == NP_OK) {
    request->begun++;
    r->requests[r->request_count++] = request;
  }
  return took(r, "np_client_connect", error);
}

bool request_ends(struct request *request, np_error error) {
  struct run *r = request->run;

  return turns(r, &request->done, 1) &&
         refused(r, "np_client_connect", request->error, error);
}

/* --- Pipes --------------------------------------------------------------- */

void modes(struct run *r, np_mode mode, np_mode read_mode) {
  r->server_options.mode = mode;
  r->server_options.read_mode = read_mode;
  r->client_options.read_mode = read_mode;
}

np_pipe *pipe_keep(struct run *r, np_pipe *pipe) {
  if (pipe != NULL) {
    if (r->pipe_count == PIPES_MAX) {
      run_fail(r, "the scenario has more pipes than there is room for");
      return NULL;
    }
    r->pipes[r->pipe_count++] = pipe;
    np_pipe_set_user(pipe, r);
  }
  return pipe;
}

np_pipe *server_open(struct run *r) {
  np_pipe *pipe = NULL;

  if (!took(r, "np_server_create",
            np_server_create(r->loop, r->name, &r->server_options, &pipe))) {
    holds(r, pipe == NULL, "a create that failed sets nothing");
    return NULL;
  }
  return pipe_keep(r, pipe);
}

np_pipe *client_open(struct run *r) {
  np_pipe *pipe = NULL;

  if (!took(r, "np_client_open",
            np_client_open(r->loop, r->name, &r->client_options, &pipe))) {
    holds(r, pipe == NULL, "an open that failed sets nothing");
    return NULL;
  }
  return pipe_keep(r, pipe);
}

bool pair_open(struct run *r) {
  struct action *connect;

  r->server = server_open(r);
  if (r->server == NULL) {
    return false;
  }
  connect = connect_begin(r, r->server);
  if (connect == NULL) {
    return false;
  }
  r->client = client_open(r);
  return r->client != NULL && ends(connect, NP_OK, 0);
}

static void on_closed(np_pipe *pipe) {
  struct run *r = np_pipe_user(pipe);

  if (!r->in_loop) {
    run_fail(r, "on_closed ran outside of the loop");
  }
  if (np_pipe_loop(pipe) != r->loop) {
    run_fail(r, "a pipe being closed has forgotten its loop");
  }
  r->closed++;
}

void pipe_forget(struct run *r, np_pipe *pipe) {
  for (size_t i = 0; i < r->pipe_count; i++) {
    if (r->pipes[i] == pipe) {
      r->pipes[i] = r->pipes[--r->pipe_count];
      return;
    }
  }
}

bool pipe_close(struct run *r, np_pipe *pipe) {
  pipe_forget(r, pipe);
  if (np_pipe_close(pipe, on_closed) != NP_OK) {
    run_fail(r, "np_pipe_close refused");
    return false;
  }
  r->closing++;
  return true;
}

bool closed(struct run *r) {
  return turns(r, &r->closed, r->closing);
}

void abandon(struct run *r) {
  while (r->pipe_count > 0) {
    pipe_close(r, r->pipes[0]);
  }
  for (int i = 0; i < TURNS_MAX && r->closed < r->closing; i++) {
    turn(r, TURN_MS);
  }
}

/* --- Listeners ----------------------------------------------------------- */

static void on_pipe(np_listener *listener, np_pipe *pipe) {
  struct run *r = np_listener_user(listener);

  if (!r->in_loop) {
    run_fail(r, "a pipe was handed out from outside of the loop");
  }
  if (np_pipe_user(pipe) != NULL) {
    run_fail(r, "a pipe that was handed out has a user already");
  }
  r->accepted = pipe_keep(r, pipe);
  r->accepted_count++;
  if (r->accept_then != NULL) {
    r->accept_then(r);
  }
}

static void on_listener_error(np_listener *listener, np_error error,
                              uint32_t retry_ms) {
  struct run *r = np_listener_user(listener);

  if (!r->in_loop) {
    run_fail(r, "on_error ran outside of the loop");
  }
  if (error == NP_OK && retry_ms != 0) {
    run_fail(r, "a listener that is well will try again");
  }
  took(r, "np_listener_error_fn", error);
}

static void on_listener_closed(np_listener *listener) {
  struct run *r = np_listener_user(listener);

  if (!r->in_loop || np_listener_loop(listener) != r->loop) {
    run_fail(r, "a listener's on_closed ran outside of its loop");
  }
  r->closed++;
}

bool listener_open(struct run *r) {
  r->listener_options.on_error = on_listener_error;
  if (!took(r, "np_listener_create",
            np_listener_create(r->loop, r->name, &r->listener_options, on_pipe,
                               &r->listener))) {
    holds(r, r->listener == NULL, "a create that failed sets nothing");
    return false;
  }
  np_listener_set_user(r->listener, r);
  return true;
}

bool accepts(struct run *r, unsigned count) {
  return turns(r, &r->accepted_count, count);
}

bool give_back(struct run *r) {
  np_pipe *pipe = r->accepted;

  pipe_forget(r, pipe);
  if (np_listener_recycle(pipe) != NP_OK) {
    run_fail(r, "np_listener_recycle refused");
    return false;
  }
  return true;
}

bool listener_close(struct run *r) {
  np_listener *listener = r->listener;

  r->listener = NULL;
  if (np_listener_close(listener, on_listener_closed) != NP_OK) {
    run_fail(r, "np_listener_close refused");
    return false;
  }
  r->closing++;
  return true;
}

/* --- Raw peers ----------------------------------------------------------- */

static HANDLE raw_keep(struct run *r, HANDLE handle) {
  if (r->raw_count == RAWS_MAX) {
    run_fail(r, "the scenario has more raw handles than there is room for");
    CloseHandle(handle);
    return INVALID_HANDLE_VALUE;
  }
  r->raws[r->raw_count++] = handle;
  if (r->plan.kind == PLAN_VANISH && r->raw_count == 1) {
    sim_vanish(handle, r->plan.nth);
  }
  return handle;
}

static void raw_path(const struct run *r, WCHAR path[64]) {
  size_t i = 0;

  do {
    path[i] = (WCHAR)(unsigned char)r->name[i];
  } while (r->name[i++] != '\0');
}

HANDLE raw_client_open(struct run *r, DWORD access) {
  WCHAR path[64];
  HANDLE handle;

  raw_path(r, path);
  handle = CreateFileW(path, access, 0, NULL, OPEN_EXISTING, 0, NULL);
  if (handle == INVALID_HANDLE_VALUE) {
    took(r, "CreateFileW", GetLastError());
    return handle;
  }
  return raw_keep(r, handle);
}

HANDLE raw_server_open(struct run *r, DWORD flags) {
  WCHAR path[64];
  HANDLE handle;
  DWORD type = r->server_options.mode == NP_MESSAGE
                   ? PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE
                   : PIPE_TYPE_BYTE;

  raw_path(r, path);
  handle = CreateNamedPipeW(path, PIPE_ACCESS_DUPLEX | flags, type, 4,
                            QUOTA_BYTES, QUOTA_BYTES, 0, NULL);
  if (handle == INVALID_HANDLE_VALUE) {
    took(r, "CreateNamedPipeW", GetLastError());
    return handle;
  }
  return raw_keep(r, handle);
}

bool raw_write(struct run *r, HANDLE handle, const char *text) {
  DWORD count = 0;

  if (!WriteFile(handle, text, (DWORD)strlen(text), &count, NULL)) {
    return took(r, "WriteFile", GetLastError());
  }
  return holds(r, count == strlen(text), "a raw write writes all");
}

bool raw_read(struct run *r, HANDLE handle, const char *text) {
  char buffer[256];
  DWORD count = 0;

  if (!ReadFile(handle, buffer, sizeof buffer, &count, NULL)) {
    return took(r, "ReadFile", GetLastError());
  }
  return holds(r, count == strlen(text) && memcmp(buffer, text, count) == 0,
               "the raw peer reads what was written");
}

void raw_forget(struct run *r, HANDLE handle) {
  for (size_t i = 0; i < r->raw_count; i++) {
    if (r->raws[i] == handle) {
      r->raws[i] = r->raws[--r->raw_count];
      return;
    }
  }
}

bool raw_close(struct run *r, HANDLE handle) {
  raw_forget(r, handle);
  return CloseHandle(handle) || took(r, "CloseHandle", GetLastError());
}

/* --- A run --------------------------------------------------------------- */

static bool loop_make(struct run *r) {
  np_loop_options options;

  np_loop_options_init(&options);
  options.allocator.allocate = allocate;
  options.allocator.release = release;
  options.allocator.context = r;
  if ((r->scenario->flags & FOREIGN_PORT) != 0) {
    r->port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
    if (r->port == NULL) {
      return took(r, "CreateIoCompletionPort", GetLastError());
    }
    options.port = r->port;
    options.completion_key = 7;
  }
  return took(r, "np_loop_create", np_loop_create(&options, &r->loop));
}

/* What readiness caught is told by the next try. */
static void ask(struct run *r) {
  for (size_t i = 0; i < r->pipe_count; i++) {
    for (int k = 0; k < 4; k++) {
      note_injected(r, "np_pipe_try_read", try_read_error(r, r->pipes[i]));
      note_injected(r, "np_pipe_try_write", try_write_error(r, r->pipes[i]));
      turn(r, TURN_MS);
    }
  }
}

/* Closes what is left and runs the loop until nothing is pending: a fault that
 * hits here is one of the run, too, so the loop gets a second chance. */
static void tear_down(struct run *r) {
  np_error error;

  while (r->raw_count > 0) {
    CloseHandle(r->raws[--r->raw_count]);
  }
  for (size_t i = 0; i < r->action_count; i++) {
    r->actions[i].then = NULL;
  }
  if ((r->scenario->flags & READINESS) != 0 && r->plan.kind != PLAN_NONE &&
      !r->is_told) {
    ask(r);
  }
  for (size_t i = 0; i < r->request_count; i++) {
    np_client_connect_cancel(&r->requests[i]->request);
  }
  r->accept_then = NULL;
  if (r->listener != NULL) {
    for (int i = 0; i < 4 && r->plan.kind != PLAN_NONE && !r->is_told; i++) {
      turn(r, TURN_MS); /* What failed just now is told in the next turn. */
    }
    listener_close(r);
  }
  if (r->loop != NULL) {
    while (r->channel_count > 0) {
      channel_close(r, r->channels[0]);
    }
    while (r->pipe_count > 0) {
      pipe_close(r, r->pipes[0]);
    }
    for (int i = 0; i < TURNS_MAX && np_loop_is_pending(r->loop); i++) {
      turn(r, TURN_MS);
      while (r->pipe_count > 0) {
        pipe_close(r, r->pipes[0]); /* A request's, that was there already. */
      }
    }
    if (np_loop_is_pending(r->loop)) {
      run_fail(r, "the loop is still busy at the end");
    }
    error = np_loop_destroy(r->loop);
    if (error != NP_OK) {
      run_fail(r, "np_loop_destroy gave %s", np_error_name(error));
    }
  }
  if (r->port != NULL) {
    CloseHandle(r->port);
  }
}

/* A calibration that cannot take its packet leaves it in a port that it
 * closes; the OVERLAPPED is static for that. */
static bool leaves_packet(const struct run *r) {
  return (r->scenario->flags & FRESH_PROCESS) != 0 &&
         r->plan.kind == PLAN_CALL && r->plan.nth == 1 &&
         strcmp(r->plan.function, "GetQueuedCompletionStatusEx") == 0;
}

/* A wait for an instance that cannot be cancelled outlives its loop. */
static bool leaves_wait(const struct run *r) {
  return (r->scenario->flags & TRIES_AGAIN) != 0 && r->plan.kind == PLAN_CALL &&
         strcmp(r->plan.function, "CancelIoEx") == 0;
}

static void check_account(struct run *r) {
  char text[FAILURE_BYTES_MAX - 16];

  for (size_t i = 0; i < r->action_count; i++) {
    const struct action *action = &r->actions[i];

    if (action->done != action->begun) {
      run_fail(r, "operation %zu (%s) began %u times and called back %u times",
               i, action->function, action->begun, action->done);
    }
  }
  for (size_t i = 0; i < r->request_count; i++) {
    if (r->requests[i]->done != r->requests[i]->begun) {
      run_fail(r, "request %zu was called back %u times", i,
               r->requests[i]->done);
    }
  }
  if (r->closed != r->closing) {
    run_fail(r, "%u pipes were closed and %u told so", r->closing, r->closed);
  }
  if (r->live != 0) {
    run_fail(r, "%zu blocks of memory are left", r->live);
  }
  if (!sim_check(text, sizeof text) && !leaves_packet(r) && !leaves_wait(r)) {
    run_fail(r, "the kernel: %s", text);
  }
}

/* Somebody must have been told of the fault, and of that very one. What else
 * went wrong in such a run is for the fault. */
static void check_error(struct run *r, bool finished) {
  if (r->plan.kind == PLAN_VANISH) {
    return; /* What is seen of it depends on the moment. */
  }
  if (r->plan.kind == PLAN_NONE) {
    if (!finished || r->first_error != NP_OK || r->doubt[0] != '\0') {
      run_fail(r, "without a fault: %s; %s gave %s (%u)", r->doubt,
               r->first_error_from != NULL ? r->first_error_from : "a step",
               np_error_name(r->first_error), (unsigned)r->first_error);
    }
    return;
  }
  if (r->plan.kind != PLAN_ALLOCATION && sim_faults_hit() != 1) {
    run_fail(r, "the fault was not met");
  }
  if (r->is_told || is_silent(r)) {
    return;
  }
  if (r->first_error != NP_OK) {
    run_fail(r, "%s gave %s (%u) instead of %s", r->first_error_from,
             np_error_name(r->first_error), (unsigned)r->first_error,
             np_error_name(plan_error(&r->plan)));
  }
  run_fail(r, "nobody was told of the fault; %s", r->doubt);
}

bool run_scenario(struct run *r, const struct scenario *scenario,
                  const struct plan *plan, const sim_settings *settings) {
  bool finished;

  sim_reset(1, settings);
  memset(r, 0, offsetof(struct run, actions));
  memset((char *)r + offsetof(struct run, actions) + sizeof r->actions, 0,
         sizeof *r - offsetof(struct run, actions) - sizeof r->actions);
  r->scenario = scenario;
  r->plan = *plan;
  snprintf(r->name, sizeof r->name, "\\\\.\\pipe\\npipe-faults");
  np_server_options_init(&r->server_options);
  r->server_options.in_buffer_bytes = QUOTA_BYTES;
  r->server_options.out_buffer_bytes = QUOTA_BYTES;
  np_client_options_init(&r->client_options);
  np_listener_options_init(&r->listener_options);
  r->listener_options.server.in_buffer_bytes = QUOTA_BYTES;
  r->listener_options.server.out_buffer_bytes = QUOTA_BYTES;
  if (plan->kind == PLAN_CALL) {
    sim_fault(plan->function, plan->nth, plan->error);
  } else if (plan->kind == PLAN_COMPLETION) {
    sim_fault_completion(plan->function, plan->nth, (NTSTATUS)plan->error);
  }
  finished = loop_make(r) && scenario->play(r);
  tear_down(r);
  check_error(r, finished);
  check_account(r);
  return finished;
}
