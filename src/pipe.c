/* One end of an instance: its handle, its state, adopting and closing. Rule: a
 * pipe's memory stays until all of its operations were called back. */
#include "pipe.h"

#include <assert.h>

#include "foreign.h"
#include "shutdown.h"

_Static_assert(sizeof(void *) != 8 || sizeof(np_op) + sizeof(np_pipe) <= 224,
               "an idle connection needs no more memory than that");

static void closed_run(np_loop *loop, np__packet *packet) {
  np_pipe *pipe = NP__CONTAINER(packet, np_pipe, closed);

  if (pipe->on_closed != NULL) {
    pipe->on_closed(pipe);
  } else {
    np__loop_count_own(loop);
  }
  assert(loop->open > 0);
  loop->open--;
  loop->active--;
  if (pipe->ready_hooks != NULL) {
    (*pipe->ready_hooks)->released(pipe);
  }
  np__loop_free(loop, pipe);
}

static const np__packet_class closed_class = {.run = closed_run};

static void pipe_drained(np__target *target) {
  np_pipe *pipe = (np_pipe *)target;

  if (!np__target_has(target, NP__BAR_CLOSING)) {
    (*pipe->owner_hooks)->drained(pipe);
  } else if (!pipe->is_released) {
    pipe->is_released = true;
    pipe->closed.class_ = &closed_class;
    np__loop_ready(target->loop, &pipe->closed);
  }
}

/* np__pipe_learn: a server may learn that its client has gone before a connect
 * has reported that the client came. */
void np__pipe_learn(np_pipe *pipe, np_error error) {
  if ((pipe->state == NP_CONNECTED || pipe->state == NP_LISTENING) &&
      (error == ERROR_NO_DATA || error == ERROR_BROKEN_PIPE)) {
    pipe->state = NP_CLOSING;
  }
  if (error != NP_OK && pipe->ready_hooks != NULL) {
    (*pipe->ready_hooks)->write_failed(pipe, error);
  }
}

/* read_ended: a read in byte mode knows no messages. If a system answers it
 * with ERROR_MORE_DATA (after a transaction of the peer), the read has
 * succeeded. */
static void read_ended(const np_pipe *pipe, np_op *read) {
  if (read->np__error == ERROR_MORE_DATA && pipe->read_mode == NP_BYTE &&
      read->np__kind != NP__OP_TRANSACT) {
    read->np__error = NP_OK;
  }
}

static void write_ended(np_pipe *pipe, np_op *write) {
  if ((write->np__at_end & NP__AT_END_STALE) == 0) {
    np__pipe_learn(pipe, write->np__error);
  }
  if ((write->np__at_end & NP__AT_END_TELL) != 0) {
    np__shutdown_write_ended(pipe, write);
  }
}

static void pipe_ended(np__target *target, np_op *op) {
  np_pipe *pipe = (np_pipe *)target;

  if (np__op_direction(op) == NP__OUTWARD) {
    write_ended(pipe, op);
  } else {
    read_ended(pipe, op);
  }
}

static const np__target_class pipe_target_class = {0, pipe_drained, pipe_ended};

np_pipe *np__pipe_new(np_loop *loop, np_end end) {
  np_pipe *pipe = np__loop_new(loop, sizeof *pipe);

  if (pipe != NULL) {
    np__target_init(&pipe->target, loop, &pipe_target_class);
    pipe->end = end == NP_SERVER;
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
  pipe->target.loop->open++;
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
    (*pipe->ready_hooks)->released(pipe);
    pipe->readiness = NULL;
  }
  pipe->user = NULL;
}

void np__pipe_discard(np_pipe *pipe) {
  if (pipe != NULL) {
    np__loop_free(pipe->target.loop, pipe);
  }
}

bool np__pipe_is_reading(const np_pipe *pipe) {
  np__held held;

  return np__target_is_busy(&pipe->target, NP__INWARD, NULL) ||
         (pipe->ready_hooks != NULL && (*pipe->ready_hooks)->held(pipe, &held));
}

void np__pipe_drop(np_pipe *pipe) {
  CloseHandle(pipe->target.handle);
  pipe->target.loop->open--;
  np__pipe_discard(pipe);
}

/* check_is_sole_handle returns NP_OK if `handle` is the only handle of its file
 * object. The port, the key and the modes belong to the kernel's file object,
 * and so to all handles of it, in all processes. Another holder can send
 * packets to the loop's port, or wait in a call that never ends because of the
 * loop's modes. If the system cannot count the handles, the object counts as
 * shared. */
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
  error = np__pipe_query(handle, &local, &modes);
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
  np__pipe_describe(made, &local, &modes);
  made->target.answers_late = true; /* The handle may be of a remote pipe. */
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
  np__target_abort_all(&pipe->target, NP__BY_CANCEL);
  CloseHandle(pipe->target.handle);
  pipe->target.handle = INVALID_HANDLE_VALUE;
  if (pipe->owner_hooks != NULL) {
    (*pipe->owner_hooks)->closing(pipe);
  }
  if (np__list_is_empty(&pipe->target.ops)) {
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
