/* Copies data between one connection and standard input and output, until both
 * directions have ended. Each session ends exactly once, in finish(). */
#include "session.h"

/* finish ends the session, even while operations are in flight. Their callbacks
 * run later, and is_mine() then returns false. */
static void finish(session *s, np_error error) {
  np_pipe *pipe = s->pipe;
  np_error said;

  s->pipe = NULL;
  np_timer_stop(&s->idle);
  said = output_end(s->output);
  s->on_end(s, error != NP_OK ? error : said);
  /* A listener's instance is recycled for the next client. The current client
   * loses unread data by this, but it has gone, or an operation failed. Any
   * other pipe is closed, and the peer can still read what was written. */
  if (np_listener_recycle(pipe) != NP_OK) {
    np_pipe_close(pipe, NULL);
  }
}

/* is_mine returns true if the session goes on. An error ends it. */
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

/* end_receiving runs when the other end sends no more data. */
static void end_receiving(session *s) {
  if (!s->sending && (!s->options->half_close || s->input_ended)) {
    finish(s, NP_OK);
  }
  /* Else the sending goes on first. If the other end has gone, the write or
   * flush ends at once and reports lost data. */
}

/* receive_what_is_left asks once how many bytes had come when all input was
 * sent, so that a peer that never stops cannot keep the session open. It then
 * starts another read, or ends the session. */
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

/* quit runs when all input was sent and the other end has read it. If a read is
 * in flight, quit cancels it; the read may still bring data, and on_read
 * continues. */
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
    s->input_ended = true; /* The other end has gone and can receive nothing. */
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

/* on_empty_written ends the sending direction. The other end had read all data
 * before the empty message, so nothing is lost if it has gone. */
static void on_empty_written(np_op *op, np_error error, size_t transferred) {
  const bool gone = error == ERROR_NO_DATA || error == ERROR_BROKEN_PIPE;

  on_direction_ended(op, gone ? NP_OK : error, transferred);
}

static void on_flushed(np_op *op, np_error error, size_t transferred) {
  session *s = op->user;

  if (s->options->half_close && error == NP_OK && s->pipe != NULL) {
    /* A named pipe has no half-close, so both ends agree on an empty message.
     * It is sent only after the flush, because it could be overlooked behind
     * unread bytes. */
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
  input_next(s->input); /* The piece is free again, even if the write failed. */
  if (is_mine(s, error)) {
    restart_idle(s);
    if (s->input_ended) {
      finish(s, NP_OK); /* The other end has gone during the write. */
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
    session_send(s); /* Sends input that the previous session left. */
  }
}
