/* Operations on pipes for the scenarios: reads, writes, connects, waits and
 * tries. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "judge.h"

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
  /* No step may be waiting for this operation. */
  note_injected(r, action->function, OUTCOME_CALLED_BACK, error);
  if (action->then != NULL) {
    action->then(action);
  }
}

struct action *action_new(struct run *r, const char *function) {
  struct action *action;

  if (r->action_count == ACTIONS_MAX) {
    fprintf(stderr, "%s has more operations than there is room for\n",
            r->scenario->id);
    abort();
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

  return action_begun(action, np_pipe_read(pipe, action->buffer, length,
                                           &action->op, action_done));
}

struct action *write_begin(struct run *r, np_pipe *pipe, const char *text,
                           size_t length) {
  struct action *action = action_new(r, "np_pipe_write");

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

  return action_begun(action,
                      np_server_connect(server, &action->op, action_done));
}

struct action *shutdown_begin(struct run *r, np_pipe *pipe) {
  struct action *action = action_new(r, "np_pipe_shutdown");

  return action_begun(action, np_pipe_shutdown(pipe, &action->op, action_done));
}

/* action_took is for operations that need memory and may be refused. */
struct action *action_took(struct action *action, np_error error) {
  if (!took(action->run, action->function, error)) {
    return NULL;
  }
  action->begun++;
  return action;
}

struct action *transact_begin(struct run *r, np_pipe *pipe, const char *text) {
  struct action *action = action_new(r, "np_pipe_transact");

  return action_took(
      action,
      np_pipe_transact(pipe, text, strlen(text), action->buffer,
                       sizeof action->buffer, &action->op, action_done));
}

struct action *readv_begin(struct run *r, np_pipe *pipe,
                           const np_buffer *buffers, size_t count) {
  struct action *action = action_new(r, "np_pipe_readv");

  return action_took(
      action, np_pipe_readv(pipe, buffers, count, &action->op, action_done));
}

struct action *writev_begin(struct run *r, np_pipe *pipe,
                            const np_buffer *buffers, size_t count) {
  struct action *action = action_new(r, "np_pipe_writev");

  return action_took(
      action, np_pipe_writev(pipe, buffers, count, &action->op, action_done));
}

struct action *flush_begin(struct run *r, np_pipe *pipe) {
  struct action *action = action_new(r, "np_pipe_flush");

  return action_took(action, np_pipe_flush(pipe, &action->op, action_done));
}

struct action *ready_begin(struct run *r, np_pipe *pipe, np_interest interest) {
  struct action *action = action_new(r, "np_pipe_ready");
  np_error error;

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

  return action_took(action, np_pipe_async_io(pipe, interest, &action->op, fn,
                                              r, action_done));
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
  const np_error error = np_pipe_try_readv(pipe, parts, 2, &count);

  if (error != NP_OK && error != ERROR_MORE_DATA && count != 0) {
    run_fail(r, "np_pipe_try_readv failed and brought bytes");
  }
  return took(r, "np_pipe_try_readv", error) &&
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

  STEP(action != NULL);
  r = action->run;
  STEP(turns(r, &action->done, action->begun));
  STEP(gave(r, action->function, OUTCOME_CALLED_BACK, action->error, error));
  if (action->transferred != transferred) {
    doubt(r, "%s moved %zu bytes, not %zu", action->function,
          action->transferred, transferred);
  }
  return action->transferred == transferred;
}

bool ends_with(struct action *action, np_error error, const char *text) {
  STEP(ends(action, error, strlen(text)));
  return holds(action->run, memcmp(action->buffer, text, strlen(text)) == 0,
               "the bytes read are those written");
}

bool cancel(struct action *action) {
  np_error error;

  STEP(action != NULL);
  error = np_op_cancel(&action->op);
  if (error == ERROR_NOT_FOUND && action->run->plan.kind != PLAN_NONE) {
    /* The fault has ended the operation. Its callback reports the fault. */
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
