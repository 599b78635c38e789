/* Server ends: creating an instance, waiting for a client, and disconnecting
 * it. Rule: after a disconnect nothing of the old session reaches the next
 * one. */
#include "server.h"

#include <string.h>

#include "pipe.h"
#include "access.h"
#include "control.h"
#include "trust.h"

/* The time-out that Windows uses for 0. It is set explicitly, because Wine
 * takes 0 as no wait at all. */
#define DEFAULT_TIMEOUT_MS 50u

#define INSTANCES_MAX     254u
#define PIPE_BUFFER_BYTES 65536u

void np_server_options_init(np_server_options *options) {
  if (options != NULL) {
    memset(options, 0, sizeof *options);
    options->size = sizeof *options;
    options->mode = NP_BYTE;
    options->read_mode = NP_BYTE;
    options->inbound = true;
    options->outbound = true;
    options->reject_remote_clients = true;
    options->access = NP_ACCESS_CURRENT_USER;
    options->instances_max = NP_INSTANCES_UNLIMITED;
    options->in_buffer_bytes = PIPE_BUFFER_BYTES;
    options->out_buffer_bytes = PIPE_BUFFER_BYTES;
  }
}

static bool is_mode(np_mode mode) {
  return mode == NP_BYTE || mode == NP_MESSAGE;
}

bool np__server_options_are_valid(const np_server_options *options) {
  return options->size == sizeof *options && is_mode(options->mode) &&
         is_mode(options->read_mode) &&
         (options->mode == NP_MESSAGE || options->read_mode == NP_BYTE) &&
         (options->inbound || options->outbound) &&
         (options->instances_max == NP_INSTANCES_UNLIMITED ||
          (options->instances_max >= 1 &&
           options->instances_max <= INSTANCES_MAX)) &&
         np__security_options_are_valid(options) &&
         !np__pipe_is_inheritable(options->security_attributes);
}

static DWORD open_mode_of(const np_server_options *options) {
  DWORD mode = FILE_FLAG_OVERLAPPED;

  mode |= options->inbound ? PIPE_ACCESS_INBOUND : 0u;
  mode |= options->outbound ? PIPE_ACCESS_OUTBOUND : 0u;
  mode |= options->first_instance ? FILE_FLAG_FIRST_PIPE_INSTANCE : 0u;
  mode |= options->write_dac ? WRITE_DAC : 0u;
  mode |= options->write_owner ? WRITE_OWNER : 0u;
  mode |= options->access_system_security ? ACCESS_SYSTEM_SECURITY : 0u;
  return mode;
}

static DWORD pipe_mode_of(const np_server_options *options) {
  DWORD mode = PIPE_WAIT;

  mode |= options->mode == NP_MESSAGE ? PIPE_TYPE_MESSAGE : PIPE_TYPE_BYTE;
  mode |= options->read_mode == NP_MESSAGE ? PIPE_READMODE_MESSAGE
                                           : PIPE_READMODE_BYTE;
  mode |= options->reject_remote_clients ? PIPE_REJECT_REMOTE_CLIENTS
                                         : PIPE_ACCEPT_REMOTE_CLIENTS;
  return mode;
}

static void server_keep_options(np_pipe *pipe,
                                const np_server_options *options) {
  pipe->readable = options->inbound;
  pipe->writable = options->outbound;
  pipe->state = NP_LISTENING;
  pipe->knows_mode = true;
  pipe->mode = options->mode == NP_MESSAGE;
  pipe->read_mode = options->read_mode == NP_MESSAGE;
  pipe->instances_max = options->instances_max == NP_INSTANCES_UNLIMITED
                            ? NP__PIPE_INSTANCES_UNLIMITED
                            : (uint8_t)options->instances_max;
  pipe->in_buffer_bytes = options->in_buffer_bytes;
  pipe->out_buffer_bytes = options->out_buffer_bytes;
}

/* may_have_joined returns true if the name may have belonged to another user:
 * for an existing name Windows ignores the descriptor and adds an instance to
 * the pipe. write_owner is the same bit as first_instance. */
static bool may_have_joined(const np_server_options *options) {
  return !options->first_instance && !options->write_owner;
}

np_error np__server_create(np_loop *loop, const np__name *name,
                           const np_server_options *options,
                           const np__security *security, bool is_further,
                           np_pipe **server) {
  SECURITY_ATTRIBUTES attributes = security->attributes;
  np_pipe *made = np__pipe_new(loop, NP_SERVER);
  HANDLE handle;
  np_error error;

  if (made == NULL) {
    return ERROR_NOT_ENOUGH_MEMORY;
  }
  handle = CreateNamedPipeW(
      name->text, open_mode_of(options), pipe_mode_of(options),
      options->instances_max == NP_INSTANCES_UNLIMITED
          ? PIPE_UNLIMITED_INSTANCES
          : options->instances_max,
      options->out_buffer_bytes, options->in_buffer_bytes,
      options->default_timeout_ms > 0 ? options->default_timeout_ms
                                      : DEFAULT_TIMEOUT_MS,
      &attributes);
  if (handle == INVALID_HANDLE_VALUE) {
    error = GetLastError();
    np__pipe_discard(made);
    return error;
  }
  error = security->is_preset && !is_further && may_have_joined(options)
              ? np__trust_own(loop, handle, security)
              : NP_OK;
  if (error == NP_OK) {
    error = np__pipe_open(made, handle);
  }
  if (error != NP_OK) {
    CloseHandle(handle);
    np__pipe_discard(made);
    return error;
  }
  server_keep_options(made, options);
  *server = made;
  return NP_OK;
}

np_error np_server_create(np_loop *loop, const char *name,
                          const np_server_options *options, np_pipe **server) {
  np_server_options defaults;
  np__security security;
  np__name wide_name;
  np_error error;

  np__loop_check_thread(loop);
  if (options == NULL) {
    np_server_options_init(&defaults);
    options = &defaults;
  }
  if (loop == NULL || server == NULL ||
      !np__server_options_are_valid(options)) {
    return ERROR_INVALID_PARAMETER;
  }
  error = np__name_parse(&wide_name, name, true);
  if (error != NP_OK) {
    return error;
  }
  error = np__security_init(&security, loop, options);
  if (error == NP_OK) {
    error =
        np__server_create(loop, &wide_name, options, &security, false, server);
  }
  np__security_deinit(&security);
  return error;
}

/* connect_of returns the connect of this session that has no result yet, or
 * NULL. */
static np_op *connect_of(const np_pipe *server) {
  for (np_op *op = np__target_first(&server->target); op != NULL;
       op = np__op_next(op)) {
    if ((op->np__kind == NP__OP_CONNECT ||
         op->np__kind == NP__OP_OWN_CONNECT) &&
        op->np__state < NP__OP_HELD_BACK &&
        (op->np__at_end & NP__AT_END_STALE) == 0) {
      return op;
    }
  }
  return NULL;
}

/* connect_finish sets the state of the server from the result of a connect,
 * before the callback runs. */
static void connect_finish(np_op *connect) {
  np_pipe *server = (np_pipe *)connect->np__target;
  np_error error = connect->np__error;

  if ((connect->np__at_end & NP__AT_END_STALE) != 0) {
    /* np_server_disconnect ended this session before the connect was
     * reported. */
    if (error == NP_OK || error == ERROR_PIPE_CONNECTED ||
        error == ERROR_NO_DATA) {
      connect->np__error = ERROR_PIPE_NOT_CONNECTED;
    }
    return;
  }
  server->connect_said = error;
  if ((error == ERROR_PIPE_CONNECTED || error == ERROR_NO_DATA) &&
      !server->announced) {
    /* The client came first, or came and went; its data can be read. */
    connect->np__error = NP_OK;
  }
  if (connect->np__error == NP_OK) {
    server->announced = true;
    if (server->state != NP_CLOSING) { /* else a write has told it already */
      server->state = error == ERROR_NO_DATA ? NP_CLOSING : NP_CONNECTED;
    }
    server->target.is_greeted = true;
    if (server->ready_hooks != NULL) {
      (*server->ready_hooks)->connected(server);
    }
  }
}

static const np__packet_class connect_class = {.on_packet = np__op_on_packet,
                                               .run = np__op_run,
                                               .cancel = np__op_cancel,
                                               .finish = connect_finish};

/* connect_now gives the connect `op` to the kernel. A disconnected server
 * begins to listen. */
static void connect_now(np_pipe *server, np_op *op) {
  if (server->state == NP_DISCONNECTED) {
    server->state = NP_LISTENING;
  }
  np__op_issued(
      op, ConnectNamedPipe(server->target.handle, &op->np__packet.overlapped));
}

np_error np_server_connect(np_pipe *server, np_op *op, np_op_fn done) {
  np_error error;

  if (server == NULL || server->end != NP_SERVER) {
    return ERROR_INVALID_PARAMETER;
  }
  error = np__op_check(&server->target, op, done);
  if (error != NP_OK) {
    return error;
  }
  if (connect_of(server) != NULL) {
    return ERROR_BUSY;
  }
  np__op_begin(&server->target, op, NP__OP_CONNECT, done);
  np__op_set_class(op, &connect_class);
  connect_now(server, op);
  return NP_OK;
}

static void accept_post(np_loop *loop, np__packet *packet) {
  np_op *op = (np_op *)packet;

  (void)loop;
  if (!np__op_is_over(op)) {
    connect_now((np_pipe *)op->np__target, op);
  }
}

static const np__packet_class accept_class = {.on_packet = np__op_on_packet,
                                              .post = accept_post,
                                              .run = np__op_run_own,
                                              .cancel = np__op_cancel,
                                              .finish = connect_finish};

void np__server_accept(np_pipe *server, np_op *op, np_op_fn done) {
  np__op_begin(&server->target, op, NP__OP_OWN_CONNECT, done);
  np__op_set_class(op, &accept_class);
  if (server->state == NP_LISTENING) {
    np__op_put_off_last(op);
  } else {
    connect_now(server, op);
  }
}

/* end_session ends the operations of the old session that the disconnect itself
 * does not end: those that the kernel was not given, and flushes. A shutdown
 * ends with its writes. It fails even if each write succeeded, because the
 * disconnect may have discarded their bytes. */
static void end_session(np_pipe *server) {
  np_op *next;

  for (np_op *op = np__target_first(&server->target); op != NULL; op = next) {
    next = np__op_next(op);
    if (op->np__kind == NP__OP_CONNECT && op->np__state == NP__OP_ENDED &&
        op->np__error == NP_OK) {
      /* the client was disconnected before its connect was reported */
      op->np__error = ERROR_PIPE_NOT_CONNECTED;
    }
    if ((np__op_direction(op) == NP__OUTWARD &&
         op->np__state == NP__OP_IN_KERNEL) ||
        op->np__kind == NP__OP_SHUTDOWN) {
      op->np__at_end |= NP__AT_END_STALE;
    }
    if (op->np__kind == NP__OP_TRANSACT) {
      /* A reply in the next session does not belong to this transact. */
      op->np__memory = NULL;
    }
    if (op->np__state == NP__OP_PUT_OFF ||
        (op->np__state == NP__OP_IN_KERNEL && op->np__kind == NP__OP_FLUSH) ||
        (op->np__state == NP__OP_WAITING && op->np__kind != NP__OP_SHUTDOWN)) {
      np__op_abort(op, NP__BY_DISCONNECT);
    }
  }
  if (server->ready_hooks != NULL) {
    (*server->ready_hooks)->disconnected(server);
  }
}

np_error np__server_disconnect(np_pipe *server) {
  np_op *connect = connect_of(server);
  ULONG used = 0;
  np_error error;

  if (connect != NULL) {
    /* The connect is aborted before the disconnect, because Wine refuses to
     * disconnect a listening instance. A client that comes in between is
     * disconnected below. */
    error = np__op_abort(connect, NP__BY_DISCONNECT);
    if (error != NP_OK) {
      return error;
    }
    connect->np__at_end |= NP__AT_END_STALE;
  }
  error = np__control(server, NP__FSCTL_PIPE_DISCONNECT, NULL, 0, &used);
  if (error != NP_OK) {
    /* A listening instance has no client to disconnect; systems report this
     * differently. */
    if (error != ERROR_PIPE_LISTENING) {
      return error;
    }
  } else {
    server->state = NP_DISCONNECTED;
  }
  server->announced = false;
  server->is_reply_owed = false;
  server->target.disconnects++;
  end_session(server);
  return NP_OK;
}

np_error np_server_disconnect(np_pipe *server) {
  if (server == NULL || server->end != NP_SERVER) {
    return ERROR_INVALID_PARAMETER;
  }
  return np__target_is_gone(&server->target) ? ERROR_INVALID_HANDLE
                                             : np__server_disconnect(server);
}
