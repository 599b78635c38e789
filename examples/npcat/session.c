#include "session.h"

/* The end of it, whatever is in flight: that is called back with an error, and
 * is_mine() then says no. */
static void finish(session *s, np_error error) {
  np_pipe *pipe = s->pipe;
  np_error said;

  s->pipe = NULL;
  np_timer_stop(&s->idle);
  said = output_end(s->output);
  s->on_end(s, error != NP_OK ? error : said);
  /* To the listener, for the next client, if there is to be one: what this one
   * has not read is lost, but it is gone, or something failed. Else close it:
   * what was written then stays readable. */
  if (np_listener_recycle(pipe) != NP_OK) {
    np_pipe_close(pipe, NULL);
  }
}

/* Whether there is still a session to go on with. */
static bool is_mine(session *s, np_error error) {
  if (s->pipe == NULL) {
    return false;
  }
  if (error != NP_OK) {
    finish(s, error);
    return false;
  }
  return true;
}

static void on_idle(np_timer *timer) {
  finish(timer->user, WAIT_TIMEOUT);
}

static void restart_idle(session *s) {
  if (s->options->idle_ms > 0) {
    np_timer_start(np_pipe_loop(s->pipe), &s->idle, s->options->idle_ms,
                   on_idle);
  }
}

static void on_read(np_op *op, np_error error, size_t transferred);

static void receive(session *s) {
  np_error error =
      np_pipe_read(s->pipe, s->buffer, sizeof s->buffer, &s->read, on_read);

  s->receiving = error == NP_OK;
  is_mine(s, error);
}

/* Nothing more comes from the other end. */
static void end_receiving(session *s) {
  if (!s->sending && (!s->options->half_close || s->input_ended)) {
    finish(s, NP_OK);
  }
  /* Else what is on its way comes to its end first; if the other end is gone
   * that is at once, and tells what was lost. */
}

/* Asks, once, how much had come when all was sent: so a peer that never stops
 * does not keep the session. Then goes on, or ends, after a read. */
static void receive_what_is_left(session *s, size_t transferred) {
  np_info info = {.size = sizeof info};

  if (!s->knows_left) {
    s->knows_left = true;
    if (np_pipe_info(s->pipe, &info) == NP_OK) {
      s->left_bytes = info.readable_bytes;
    }
  } else {
    s->left_bytes -=
        transferred < s->left_bytes ? (uint32_t)transferred : s->left_bytes;
  }
  if (s->left_bytes == 0 && !s->in_message) {
    finish(s, NP_OK);
  } else {
    receive(s);
  }
}

/* All was sent, and the other end has read it. A read in flight has what came,
 * or is cancelled: on_read goes on. */
static void quit(session *s) {
  s->quitting = true;
  if (s->receiving) {
    np_op_cancel(&s->read);
  } else {
    finish(s, NP_OK);
  }
}

static void on_read(np_op *op, np_error error, size_t transferred) {
  session *s = op->user;
  const bool message_ends = error != ERROR_MORE_DATA;
  bool half_closed;

  s->receiving = false;
  if (s->pipe == NULL) {
    return;
  }
  if (s->quitting && error == ERROR_OPERATION_ABORTED && transferred == 0) {
    receive_what_is_left(s, 0);
    return;
  }
  if (np_is_eof(error)) {
    s->input_ended = true; /* There is nobody to send it to. */
    end_receiving(s);
    return;
  }
  if (!is_mine(s, message_ends ? error : NP_OK)) {
    return;
  }
  restart_idle(s);
  half_closed = s->options->half_close && transferred == 0 && message_ends &&
                !s->in_message;
  if (half_closed) {
    end_receiving(s);
    return;
  }
  s->in_message = !message_ends;
  error = output_part(s->output, s->buffer, transferred, message_ends);
  if (!is_mine(s, error)) {
    return;
  }
  if (s->quitting) {
    receive_what_is_left(s, transferred);
  } else {
    receive(s);
  }
}

static void on_direction_ended(np_op *op, np_error error, size_t transferred) {
  session *s = op->user;

  (void)transferred;
  s->sending = false;
  if (!is_mine(s, error)) {
    return;
  }
  if (s->options->quit) {
    quit(s);
  } else if (!s->receiving) {
    finish(s, NP_OK);
  }
}

/* The other end has read all before it: if it is gone, nothing is lost. */
static void on_empty_written(np_op *op, np_error error, size_t transferred) {
  const bool gone = error == ERROR_NO_DATA || error == ERROR_BROKEN_PIPE;

  on_direction_ended(op, gone ? NP_OK : error, transferred);
}

static void on_flushed(np_op *op, np_error error, size_t transferred) {
  session *s = op->user;

  if (s->options->half_close && error == NP_OK && s->pipe != NULL) {
    /* A named pipe has no half-close: both ends agree on an empty message. Only
     * now, since behind unread bytes it could be overlooked. */
    error = np_pipe_write(s->pipe, "", 0, &s->write, on_empty_written);
    is_mine(s, error);
    return;
  }
  on_direction_ended(op, error, transferred);
}

static void on_written(np_op *op, np_error error, size_t transferred) {
  session *s = op->user;

  (void)transferred;
  s->sending = false;
  input_next(s->input); /* Also if it failed: the piece is no longer used. */
  if (is_mine(s, error)) {
    restart_idle(s);
    if (s->input_ended) {
      finish(s, NP_OK); /* The other end went meanwhile. */
    }
  }
}

static void end_sending(session *s) {
  np_error error = s->input->error;

  s->input_ended = true;
  if (error == NP_OK && (s->options->quit || s->options->half_close)) {
    s->sending = true;
    error = np_pipe_flush(s->pipe, &s->flush, on_flushed);
  }
  is_mine(s, error);
}

void session_send(session *s) {
  input *in = s->input;
  np_error error;

  if (s->pipe == NULL || s->sending || s->input_ended || !in->is_here) {
    return;
  }
  if (in->is_over) {
    end_sending(s);
    return;
  }
  if (in->length == 0 && s->options->half_close) {
    finish(s, ERROR_INVALID_DATA); /* An empty line would end the direction. */
    return;
  }
  s->sending = true;
  error = np_pipe_write(s->pipe, in->data, in->length, &s->write, on_written);
  is_mine(s, error);
}

void session_start(session *s, np_pipe *pipe) {
  s->pipe = pipe;
  s->read.user = s;
  s->write.user = s;
  s->flush.user = s;
  s->idle.user = s;
  s->receiving = false;
  s->sending = false;
  s->input_ended = false;
  s->in_message = false;
  s->quitting = false;
  s->knows_left = false;
  s->left_bytes = 0;
  output_start(s->output, s->options);
  restart_idle(s);
  if (!s->options->send_only) {
    receive(s);
  }
  if (s->pipe != NULL && !s->options->receive_only) {
    session_send(s); /* What the session before has left. */
  }
}
