/* One end of an instance: its handle, its information, adopting, shutting down
 * and closing. Rule: a pipe's memory stays until all of its operations were
 * called back. */
#include "pipe.h"

#include <assert.h>

#include "foreign.h"

#define CONFIGURATION_INBOUND  0u
#define CONFIGURATION_OUTBOUND 1u
#define CONFIGURATION_DUPLEX   2u

static void closed_run(np_loop *loop, np__packet *packet) {
  np_pipe *pipe =
      (np_pipe *)(void *)((char *)packet - offsetof(np_pipe, closed));

  if (pipe->on_closed != NULL) {
    pipe->on_closed(pipe);
  }
  assert(loop->pipes > 0);
  loop->pipes--;
  loop->active--;
  if (pipe->ready_hooks != NULL) {
    pipe->ready_hooks->released(pipe);
  }
  np__loop_free(loop, pipe);
}

static const np__packet_class closed_class = {.run = closed_run};

static void pipe_drained(np__target *target) {
  np_pipe *pipe = (np_pipe *)target;

  if (!np__target_has(target, NP__BAR_CLOSING)) {
    pipe->owner_hooks->drained(pipe);
  } else if (!pipe->is_released) {
    pipe->is_released = true;
    pipe->closed.class_ = &closed_class;
    np__loop_ready(target->loop, &pipe->closed);
  }
}

/* What a shutdown ends with. A session that ended meanwhile took the bytes with
 * it, also where the kernel said that the writes succeeded. */
static np_error shutdown_result(const np_op *op) {
  return op->np__error == NP_OK && (op->np__at_end & NP__AT_END_STALE) != 0
             ? ERROR_PIPE_NOT_CONNECTED
             : op->np__error;
}

/* A shutdown waits for the writes before it: the oldest of both decide. */
static void shutdown_progress(np_pipe *pipe) {
  np_op *next;

  for (np_op *op = pipe->target.first; op != NULL; op = next) {
    next = op->np__next;
    if (op->np__state >= NP__OP_HELD_BACK) {
      continue;
    }
    if (op->np__kind == NP__OP_WRITE) {
      return;
    }
    if (op->np__kind == NP__OP_SHUTDOWN) {
      np__op_end(op, shutdown_result(op), 0);
    }
  }
}

void np__pipe_learn(np_pipe *pipe, np_error error) {
  if (pipe->state == NP_CONNECTED &&
      (error == ERROR_NO_DATA || error == ERROR_BROKEN_PIPE)) {
    pipe->state = NP_CLOSING;
  }
  if (error != NP_OK && pipe->ready_hooks != NULL) {
    pipe->ready_hooks->write_failed(pipe, error);
  }
}

/* A read in byte mode knows no messages. A system may answer it with
 * ERROR_MORE_DATA (after a transaction of the peer); the bytes are a
 * success. */
static void read_ended(const np_pipe *pipe, np_op *read) {
  if (read->np__error == ERROR_MORE_DATA && pipe->read_mode == NP_BYTE &&
      read->np__kind != NP__OP_TRANSACT) {
    read->np__error = NP_OK;
  }
}

/* write_ended: a shutdown reports the first failure among the writes before
 * it. */
static void write_ended(np_pipe *pipe, np_op *write) {
  if ((write->np__at_end & NP__AT_END_STALE) == 0) {
    np__pipe_learn(pipe, write->np__error);
  }
  if ((write->np__at_end & NP__AT_END_TELL) == 0) {
    return; /* no shutdown waits for this write */
  }
  if (write->np__error != NP_OK) {
    for (np_op *op = write->np__next; op != NULL; op = op->np__next) {
      if (op->np__kind == NP__OP_SHUTDOWN && op->np__error == NP_OK) {
        op->np__error = write->np__error;
      }
    }
  }
  shutdown_progress(pipe);
}

static void connect_ended(np_pipe *pipe, np_op *connect) {
  np_error error = connect->np__error;

  if (pipe->connect != connect) {
    /* np_server_disconnect ended this session before the connect was
     * reported. */
    if (error == NP_OK || error == ERROR_PIPE_CONNECTED ||
        error == ERROR_NO_DATA) {
      connect->np__error = ERROR_PIPE_NOT_CONNECTED;
    }
    return;
  }
  pipe->connect = NULL;
  pipe->connect_said = error;
  if ((error == ERROR_PIPE_CONNECTED || error == ERROR_NO_DATA) &&
      !pipe->announced) {
    /* The client came first, or came and went; its data can be read. */
    connect->np__error = NP_OK;
  }
  if (connect->np__error == NP_OK) {
    pipe->announced = true;
    pipe->state = error == ERROR_NO_DATA ? NP_CLOSING : NP_CONNECTED;
    pipe->target.is_greeted = true;
    if (pipe->ready_hooks != NULL) {
      pipe->ready_hooks->connected(pipe);
    }
  }
}

static void pipe_ended(np__target *target, np_op *op) {
  np_pipe *pipe = (np_pipe *)target;

  if (op->np__direction == NP__OUTWARD) {
    write_ended(pipe, op);
  } else if (op->np__direction == NP__INWARD) {
    read_ended(pipe, op);
  } else {
    connect_ended(pipe, op);
  }
}

static const np__target_class pipe_target_class = {pipe_drained, pipe_ended};

np_pipe *np__pipe_new(np_loop *loop, np_end end) {
  np_pipe *pipe = np__loop_new(loop, sizeof *pipe);

  if (pipe != NULL) {
    np__target_init(&pipe->target, loop, &pipe_target_class);
    pipe->end = (uint8_t)end;
  }
  return pipe;
}

static np_error bind_to_port(const np_loop *loop, HANDLE handle, UCHAR modes) {
  if (CreateIoCompletionPort(handle, loop->port, loop->key, 0) == NULL ||
      !SetFileCompletionNotificationModes(handle, modes)) {
    return GetLastError();
  }
  return NP_OK;
}

static void take_handle(np_pipe *pipe, HANDLE handle) {
  pipe->target.handle = handle;
  pipe->target.loop->pipes++;
}

np_error np__pipe_open(np_pipe *pipe, HANDLE handle) {
  np_error error = bind_to_port(
      pipe->target.loop, handle,
      FILE_SKIP_COMPLETION_PORT_ON_SUCCESS | FILE_SKIP_SET_EVENT_ON_HANDLE);

  if (error == NP_OK) {
    take_handle(pipe, handle);
  }
  return error;
}

void np__pipe_forget(np_pipe *pipe) {
  if (pipe->ready_hooks != NULL) {
    pipe->ready_hooks->released(pipe);
    pipe->readiness = NULL;
    pipe->ready_hooks = NULL;
  }
  pipe->user = NULL;
}

void np__pipe_discard(np_pipe *pipe) {
  if (pipe != NULL) {
    np__loop_free(pipe->target.loop, pipe);
  }
}

/* What is asked of a pipe of another machine its server answers: an answer that
 * is too short is none. */
static np_error query(HANDLE handle, FILE_INFORMATION_CLASS information_class,
                      void *information, ULONG size) {
  IO_STATUS_BLOCK status = {0};
  NTSTATUS result = NtQueryInformationFile(handle, &status, information, size,
                                           information_class);

  if (result < 0) {
    return RtlNtStatusToDosError(result);
  }
  return status.Information >= size ? NP_OK : ERROR_INVALID_DATA;
}

/* Asks what a pipe is and how it is. On success each kind, direction, state,
 * end and mode in the answer is one that there is. */
static np_error query_pipe(HANDLE handle, np__pipe_local_information *local,
                           np__pipe_information *modes) {
  np_error error =
      query(handle, NP__FILE_PIPE_LOCAL_INFORMATION, local, sizeof *local);

  if (error == NP_OK) {
    error = query(handle, NP__FILE_PIPE_INFORMATION, modes, sizeof *modes);
  }
  if (error == NP_OK &&
      (local->type > 1 || local->configuration > CONFIGURATION_DUPLEX ||
       local->state < NP_DISCONNECTED || local->state > NP_CLOSING ||
       local->end > 1 || modes->read_mode > 1 || modes->completion_mode > 1)) {
    error = ERROR_INVALID_DATA;
  }
  return error;
}

static uint32_t normal_instances_max(ULONG instances_max) {
  /* 255 in Win32 and the largest number in NT both mean "no limit". */
  return instances_max >= PIPE_UNLIMITED_INSTANCES ? NP_INSTANCES_UNLIMITED
                                                   : instances_max;
}

static bool may_read(np_end end, ULONG configuration) {
  return configuration !=
         (end == NP_SERVER ? CONFIGURATION_OUTBOUND : CONFIGURATION_INBOUND);
}

static bool may_write(np_end end, ULONG configuration) {
  return configuration !=
         (end == NP_SERVER ? CONFIGURATION_INBOUND : CONFIGURATION_OUTBOUND);
}

static void info_from_creation(const np_pipe *pipe, np_info *info) {
  info->end = (np_end)pipe->end;
  info->mode = pipe->mode;
  info->read_mode = pipe->read_mode;
  info->readable = pipe->readable;
  info->writable = pipe->writable;
  info->state = pipe->state;
  info->instances_max = pipe->instances_max;
  info->instances = NP_UNKNOWN;
  info->in_buffer_bytes = pipe->in_buffer_bytes;
  info->out_buffer_bytes = pipe->out_buffer_bytes;
  info->readable_bytes = 0; /* only an end that cannot read comes here */
}

np_error np__pipe_unread(const np_pipe *pipe, uint32_t *bytes) {
  np__pipe_local_information local = {0};
  np_error error = query(pipe->target.handle, NP__FILE_PIPE_LOCAL_INFORMATION,
                         &local, sizeof local);

  *bytes = local.readable_bytes;
  return error;
}

bool np__pipe_keeps_messages(np_pipe *pipe) {
  np__pipe_local_information local = {0};

  if (!pipe->knows_mode) {
    if (query(pipe->target.handle, NP__FILE_PIPE_LOCAL_INFORMATION, &local,
              sizeof local) != NP_OK) {
      return true;
    }
    pipe->mode = local.type == 1 ? NP_MESSAGE : NP_BYTE;
    pipe->knows_mode = true;
  }
  return pipe->mode == NP_MESSAGE;
}

bool np__pipe_is_reading(const np_pipe *pipe) {
  np__held held;

  return np__target_is_busy(&pipe->target, NP__INWARD, NULL) ||
         (pipe->ready_hooks != NULL && pipe->ready_hooks->held(pipe, &held));
}

np_error np__pipe_set_read_mode(np_pipe *pipe, np_mode mode) {
  DWORD state = PIPE_WAIT;

  state |= mode == NP_MESSAGE ? PIPE_READMODE_MESSAGE : PIPE_READMODE_BYTE;
  if (!SetNamedPipeHandleState(pipe->target.handle, &state, NULL, NULL)) {
    return GetLastError();
  }
  pipe->read_mode = mode;
  return NP_OK;
}

np_error np_pipe_set_read_mode(np_pipe *pipe, np_mode mode) {
  np_error error;

  if (pipe == NULL || (mode != NP_BYTE && mode != NP_MESSAGE)) {
    return ERROR_INVALID_PARAMETER;
  }
  error = np__target_check(&pipe->target);
  if (error != NP_OK) {
    return error;
  }
  return np__pipe_is_reading(pipe) ? ERROR_BUSY
                                   : np__pipe_set_read_mode(pipe, mode);
}

/* The state of this session, which `said` may tell for the first time. A peer
 * that is gone does not come back, whatever the kernel says. */
static np_state state_of(np_pipe *pipe, np_state said) {
  if (said == NP_CLOSING) {
    np__pipe_learn(pipe, ERROR_NO_DATA);
  }
  return said == NP_CONNECTED && pipe->state == NP_CLOSING ? NP_CLOSING : said;
}

np_error np_pipe_info(np_pipe *pipe, np_info *info) {
  np__pipe_local_information local = {0};
  np__pipe_information modes = {0};
  size_t held;
  np_error error;

  if (pipe == NULL || info == NULL || info->size != sizeof *info) {
    return ERROR_INVALID_PARAMETER;
  }
  if (np__target_is_gone(&pipe->target)) {
    return ERROR_INVALID_HANDLE;
  }
  error = query_pipe(pipe->target.handle, &local, &modes);
  if (error == ERROR_ACCESS_DENIED && pipe->end == NP_SERVER &&
      !pipe->readable) {
    info_from_creation(pipe, info);
    return NP_OK;
  }
  if (error != NP_OK) {
    return error;
  }
  info->end = (np_end)pipe->end;
  info->mode = local.type == 1 ? NP_MESSAGE : NP_BYTE;
  info->read_mode = modes.read_mode == 1 ? NP_MESSAGE : NP_BYTE;
  info->readable = pipe->readable;
  info->writable = pipe->writable;
  info->state = state_of(pipe, (np_state)local.state);
  info->instances_max = normal_instances_max(local.instances_max);
  info->instances = local.instances;
  info->in_buffer_bytes = local.in_quota;
  info->out_buffer_bytes = local.out_quota;
  held = pipe->ready_hooks != NULL ? pipe->ready_hooks->held_bytes(pipe) : 0;
  info->readable_bytes = local.readable_bytes < UINT32_MAX - held
                             ? local.readable_bytes + (uint32_t)held
                             : UINT32_MAX;
  return NP_OK;
}

/* The port, the key and the modes belong to the kernel's file object, and so to
 * all handles of it, in all processes. Another holder can send packets to the
 * loop's port, or wait in a call that never ends because of the loop's modes.
 * If the system cannot count the handles, the object counts as shared. */
static np_error check_is_sole_handle(HANDLE handle) {
  np__object_basic_information basic = {0};
  NTSTATUS result = NtQueryObject(handle, NP__OBJECT_BASIC_INFORMATION, &basic,
                                  sizeof basic, NULL);

  if (result < 0) {
    return RtlNtStatusToDosError(result);
  }
  return basic.handles == 1 ? NP_OK : ERROR_SHARING_VIOLATION;
}

/* open_adopted binds `handle`. Another process may still get a handle to the
 * object, in spite of the check. The event behaviour is left unchanged, so that
 * a call without an OVERLAPPED still ends; and children do not inherit the
 * handle any more. */
static np_error open_adopted(np_pipe *pipe, HANDLE handle) {
  np_error error;

  np__foreign_expect(pipe->target.loop);
  error = bind_to_port(pipe->target.loop, handle,
                       FILE_SKIP_COMPLETION_PORT_ON_SUCCESS);
  if (error == NP_OK && !SetHandleInformation(handle, HANDLE_FLAG_INHERIT, 0)) {
    error = GetLastError();
  }
  if (error != NP_OK) {
    return error;
  }
  take_handle(pipe, handle);
  return NP_OK;
}

np_error np_pipe_adopt(np_loop *loop, HANDLE handle, np_pipe **pipe) {
  np__pipe_local_information local = {0};
  np__pipe_information modes = {0};
  np_pipe *made;
  np_error error;

  np__loop_check_thread(loop);
  if (loop == NULL || pipe == NULL) {
    return ERROR_INVALID_PARAMETER;
  }
  if (handle == NULL || handle == INVALID_HANDLE_VALUE ||
      GetFileType(handle) != FILE_TYPE_PIPE) {
    return ERROR_INVALID_HANDLE;
  }
  error = query_pipe(handle, &local, &modes);
  if (error != NP_OK) {
    return error;
  }
  if (modes.completion_mode != 0) {
    return ERROR_NOT_SUPPORTED;
  }
  error = check_is_sole_handle(handle);
  if (error != NP_OK) {
    return error;
  }
  made = np__pipe_new(loop, local.end == 1 ? NP_SERVER : NP_CLIENT);
  if (made == NULL) {
    return ERROR_NOT_ENOUGH_MEMORY;
  }
  made->readable = may_read(made->end, local.configuration);
  made->writable = may_write(made->end, local.configuration);
  made->state = (np_state)local.state;
  made->target.answers_late = true; /* The handle may be of a remote pipe. */
  made->knows_mode = true;
  made->mode = local.type == 1 ? NP_MESSAGE : NP_BYTE;
  made->read_mode = modes.read_mode == 1 ? NP_MESSAGE : NP_BYTE;
  made->instances_max = normal_instances_max(local.instances_max);
  made->in_buffer_bytes = local.in_quota;
  made->out_buffer_bytes = local.out_quota;
  error = open_adopted(made, handle);
  if (error != NP_OK) {
    np__pipe_discard(made);
    return error;
  }
  *pipe = made;
  return NP_OK;
}

np_error np_pipe_close(np_pipe *pipe, np_closed_fn on_closed) {
  np__pipe_check_thread(pipe);
  if (pipe == NULL) {
    return NP_OK;
  }
  if (np__target_has(&pipe->target, NP__BAR_CLOSING)) {
    return ERROR_INVALID_HANDLE;
  }
  if (np__target_has(&pipe->target, NP__BAR_TAKEN)) {
    return ERROR_BUSY;
  }
  pipe->target.bars |= NP__BAR_CLOSING;
  pipe->on_closed = on_closed;
  pipe->target.loop->active++;
  /* The cancel comes first: without it, a pending write and its buffer would
   * stay in use until the peer has read. */
  np__target_abort_all(&pipe->target, ERROR_OPERATION_ABORTED);
  CloseHandle(pipe->target.handle);
  pipe->target.handle = INVALID_HANDLE_VALUE;
  if (pipe->owner_hooks != NULL) {
    pipe->owner_hooks->closing(pipe);
  }
  if (pipe->target.first == NULL) {
    pipe_drained(&pipe->target);
  }
  return NP_OK;
}

HANDLE np_pipe_handle(const np_pipe *pipe) {
  np__pipe_check_thread(pipe);
  return pipe != NULL ? pipe->target.handle : INVALID_HANDLE_VALUE;
}

np_loop *np_pipe_loop(const np_pipe *pipe) {
  np__pipe_check_thread(pipe);
  return pipe != NULL ? pipe->target.loop : NULL;
}

void *np_pipe_user(const np_pipe *pipe) {
  np__pipe_check_thread(pipe);
  return pipe != NULL ? pipe->user : NULL;
}

void np_pipe_set_user(np_pipe *pipe, void *user) {
  np__pipe_check_thread(pipe);
  if (pipe != NULL) {
    pipe->user = user;
  }
}
