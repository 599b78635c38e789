/* The blocking client: a loop of its own, which runs inside each call, a client
 * end and a channel. Rule: a call returns only when the kernel has given back
 * the caller's buffer, also after a cancel, a time limit or an error of the
 * loop. */
#include <npipe/sync.h>

#include <string.h>

#include "loop.h"

struct np_sync {
  np_loop *loop;
  np_channel *channel;
  np_client_request request;
  np_call call; /* the operation of the call in progress */
  bool is_done;
  np_error error;
  size_t length;
  bool
      has_reply; /* a reply that was longer than its buffer is in the channel */
  size_t reply_length;
  np_pipe *pipe; /* opened, and not the channel's yet */

  SRWLOCK lock; /* guards the rest */
  bool is_busy;
  uint32_t number;           /* of the call in progress, or of the last one */
  uint32_t cancelled_number; /* the call that `task` cancels */
  np_task task;
};

void np_sync_options_init(np_sync_options *options) {
  if (options != NULL) {
    memset(options, 0, sizeof *options);
    options->size = sizeof *options;
    np_client_options_init(&options->client);
    np_channel_options_init(&options->channel);
  }
}

/* --- One call ------------------------------------------------------------ */

/* sync_enter begins a call. The loop then belongs to the calling thread. */
static np_error sync_enter(np_sync *sync) {
  bool was_busy;

  AcquireSRWLockExclusive(&sync->lock);
  was_busy = sync->is_busy;
  if (!was_busy) {
    sync->is_busy = true;
    sync->number++;
  }
  ReleaseSRWLockExclusive(&sync->lock);
  if (was_busy) {
    return ERROR_BUSY;
  }
  sync->is_done = false;
  (void)np_loop_dispatch(sync->loop, NULL, 0);
  return NP_OK;
}

static np_error sync_leave(np_sync *sync, np_error error) {
  AcquireSRWLockExclusive(&sync->lock);
  sync->is_busy = false;
  ReleaseSRWLockExclusive(&sync->lock);
  return error;
}

static void sync_on_ended(np_op *op, np_error error, size_t transferred) {
  np_sync *sync = op->user;

  sync->is_done = true;
  sync->error = error;
  sync->length = transferred;
}

/* sync_wait runs the loop until the operation has ended. If the loop fails, the
 * operation is cancelled, and still waited for: the kernel may be using the
 * caller's buffer. */
static np_error sync_wait(np_sync *sync) {
  np_error failure = NP_OK;

  while (!sync->is_done) {
    const np_error error = np_loop_run_once(sync->loop, INFINITE);

    if (error != NP_OK) {
      failure = error;
      (void)np_op_cancel(&sync->call.op);
    }
  }
  return failure != NP_OK && sync->error == ERROR_OPERATION_ABORTED
             ? failure
             : sync->error;
}

np_error np_sync_send(np_sync *sync, const void *data, size_t length,
                      uint32_t timeout_ms) {
  np_error error;

  if (sync == NULL || (data == NULL && length > 0)) {
    return ERROR_INVALID_PARAMETER;
  }
  error = sync_enter(sync);
  if (error != NP_OK) {
    return error;
  }
  sync->call.op.timeout_ms = timeout_ms;
  error = np_channel_send(sync->channel, data, length, &sync->call.op,
                          sync_on_ended);
  if (error == NP_OK) {
    error = sync_wait(sync);
  }
  return sync_leave(sync, error);
}

/* sync_give copies the reply that the channel lends, if it fits. Else the reply
 * stays there until the next receive. */
static np_error sync_give(np_sync *sync, void *buffer, size_t size,
                          size_t *length) {
  *length = sync->reply_length;
  sync->has_reply = sync->reply_length > size;
  if (sync->has_reply) {
    return ERROR_INSUFFICIENT_BUFFER;
  }
  if (sync->reply_length > 0) {
    memcpy(buffer, np_channel_data(sync->channel), sync->reply_length);
  }
  return NP_OK;
}

np_error np_sync_receive(np_sync *sync, void *buffer, size_t size,
                         uint32_t timeout_ms, size_t *length) {
  np_error error;

  if (sync == NULL || length == NULL || (buffer == NULL && size > 0)) {
    return ERROR_INVALID_PARAMETER;
  }
  *length = 0;
  error = sync_enter(sync);
  if (error != NP_OK) {
    return error;
  }
  if (sync->has_reply) {
    return sync_leave(sync, sync_give(sync, buffer, size, length));
  }
  sync->call.op.timeout_ms = timeout_ms;
  error = np_channel_receive_into(sync->channel, buffer, size, &sync->call.op,
                                  sync_on_ended);
  if (error == NP_OK) {
    error = sync_wait(sync);
    if (error == NP_OK || error == ERROR_INSUFFICIENT_BUFFER) {
      *length = sync->length;
    }
  }
  return sync_leave(sync, error);
}

np_error np_sync_call(np_sync *sync, const void *request, size_t length,
                      void *reply, size_t size, uint32_t timeout_ms,
                      size_t *reply_length) {
  np_error error;

  if (sync == NULL || reply_length == NULL || (request == NULL && length > 0) ||
      (reply == NULL && size > 0)) {
    return ERROR_INVALID_PARAMETER;
  }
  *reply_length = 0;
  error = sync_enter(sync);
  if (error != NP_OK) {
    return error;
  }
  if (sync->has_reply) {
    return sync_leave(sync, ERROR_PIPE_BUSY);
  }
  sync->call.op.timeout_ms = timeout_ms;
  error = np_channel_call(sync->channel, request, length, &sync->call,
                          sync_on_ended);
  if (error == NP_OK) {
    error = sync_wait(sync);
    if (error == NP_OK) {
      sync->reply_length = sync->length;
      error = sync_give(sync, reply, size, reply_length);
    }
  }
  return sync_leave(sync, error);
}

/* --- Cancel --------------------------------------------------------------- */

/* sync_on_cancel runs in the loop. The call that was meant may have ended. */
static void sync_on_cancel(np_task *task) {
  np_sync *sync = task->user;
  bool is_meant;

  AcquireSRWLockExclusive(&sync->lock);
  is_meant = sync->is_busy && sync->cancelled_number == sync->number;
  ReleaseSRWLockExclusive(&sync->lock);
  if (is_meant) {
    (void)np_op_cancel(&sync->call.op);
  }
}

np_error np_sync_cancel(np_sync *sync) {
  np_error error = ERROR_NOT_FOUND;

  if (sync == NULL) {
    return ERROR_INVALID_PARAMETER;
  }
  AcquireSRWLockExclusive(&sync->lock);
  if (sync->is_busy) {
    sync->cancelled_number = sync->number;
    error = np_loop_post(sync->loop, &sync->task, sync_on_cancel);
  }
  ReleaseSRWLockExclusive(&sync->lock);
  /* A task that waits already cancels the call, too. */
  return error == ERROR_BUSY ? NP_OK : error;
}

/* --- Open and close ------------------------------------------------------- */

static void sync_on_client(np_client_request *request, np_error error,
                           np_pipe *client) {
  np_sync *sync = request->user;

  sync->is_done = true;
  sync->error = error;
  sync->pipe = client;
}

/* sync_connect opens the pipe and makes the channel. If the loop fails, the
 * request is given up. */
static np_error sync_connect(np_sync *sync, const char *name,
                             const np_sync_options *options,
                             uint32_t timeout_ms) {
  np_error failure = NP_OK;
  np_error error =
      np_client_connect(sync->loop, &sync->request, name, &options->client,
                        timeout_ms, sync_on_client);

  if (error != NP_OK) {
    return error;
  }
  while (!sync->is_done) {
    error = np_loop_run_once(sync->loop, INFINITE);
    if (error != NP_OK) {
      failure = error;
      (void)np_client_connect_cancel(&sync->request);
    }
  }
  if (sync->error != NP_OK) {
    return failure != NP_OK ? failure : sync->error;
  }
  error = np_channel_create(sync->pipe, &options->channel, &sync->channel);
  if (error == NP_OK) {
    sync->pipe = NULL;
  }
  return error;
}

/* sync_free ends everything of `sync`. */
static void sync_free(np_sync *sync) {
  np_loop *loop = sync->loop;

  (void)np_channel_close(sync->channel, NULL);
  (void)np_pipe_close(sync->pipe, NULL);
  while (np_loop_is_pending(loop)) {
    (void)np_loop_run(loop);
  }
  np__loop_free(loop, sync);
  (void)np_loop_destroy(loop);
}

np_error np_sync_open(const char *name, const np_sync_options *options,
                      uint32_t timeout_ms, np_sync **sync) {
  np_sync_options defaults;
  np_loop_options loop_options;
  np_loop *loop = NULL;
  np_sync *made;
  np_error error;

  if (options == NULL) {
    np_sync_options_init(&defaults);
    options = &defaults;
  }
  if (sync == NULL || options->size != sizeof *options) {
    return ERROR_INVALID_PARAMETER;
  }
  np_loop_options_init(&loop_options);
  loop_options.allocator = options->allocator;
  error = np_loop_create(&loop_options, &loop);
  if (error != NP_OK) {
    return error;
  }
  made = np__loop_new(loop, sizeof *made);
  if (made == NULL) {
    (void)np_loop_destroy(loop);
    return ERROR_NOT_ENOUGH_MEMORY;
  }
  made->loop = loop;
  InitializeSRWLock(&made->lock);
  made->request.user = made;
  made->call.op.user = made;
  made->task.user = made;
  error = sync_connect(made, name, options, timeout_ms);
  if (error != NP_OK) {
    sync_free(made);
    return error;
  }
  *sync = made;
  return NP_OK;
}

np_error np_sync_close(np_sync *sync) {
  np_error error;

  if (sync == NULL) {
    return NP_OK;
  }
  error = sync_enter(sync);
  if (error == NP_OK) {
    sync_free(sync);
  }
  return error;
}
