/* Whether a result can be true: the errors that the header of a function names,
 * and what in the run can have caused them. */
#include "kit/outcomes.h"
#include "liar.h"
#include "play.h"

bool any_session(const struct note *note,
                 bool (*holds)(const struct session *session,
                               const struct end *end)) {
  const struct end *end = note->end;

  for (size_t i = note->session_first;
       i <= note->session_last && i < end->session_count; i++) {
    if (holds(end->sessions[i], end)) {
      return true;
    }
  }
  return false;
}

bool peer_closed(const struct session *session, const struct end *end) {
  return end->is_server ? session->client_closed : session->server_closed;
}

bool was_disconnected(const struct session *session, const struct end *end) {
  (void)end;
  return session->disconnected;
}

static bool was_reported(const struct session *session, const struct end *end) {
  (void)end;
  return session->reported;
}

/* was_alone returns true for a server's operation during which there was no
 * client at some moment. */
bool was_alone(const struct note *note) {
  const struct end *end = note->end;

  /* A read-ahead that ended without a client may be reported to the first read
   * after a client came, if no connect has reported this client yet. */
  return end->is_server &&
         (note->was_alone || (end->uses_readiness && note->was_unreported) ||
          end->disconnect_calls != note->disconnects ||
          note->session_first != note->session_last);
}

static bool can_transact(const struct note *note) {
  return note->end->is_message && note->by_message;
}

/* is_named returns true if the header of the note's function allows `error`. */
static bool is_named(const struct note *note, np_error error) {
  static const char *const functions[] = {
      "np_pipe_read",     "np_pipe_write",    "np_server_connect",
      "np_pipe_shutdown", "np_pipe_ready",    "np_pipe_async_io",
      "np_pipe_flush",    "np_pipe_transact", "np_pipe_peek"};

  return outcome_is_named(
      functions[note->kind],
      note->kind == NOTE_PEEK ? OUTCOME_RETURNED : OUTCOME_CALLED_BACK, error);
}

bool is_error_true(const struct note *note, np_error error) {
  const struct end *end = note->end;

  if (!is_named(note, error)) {
    return false;
  }
  switch (error) {
    case ERROR_BROKEN_PIPE:
      /* A close of the own end that comes before its cancel gives the same
       * error. */
      return any_session(note, peer_closed) || end->is_closing;
    case ERROR_NO_DATA:
      return any_session(note, peer_closed);
    case ERROR_PIPE_NOT_CONNECTED:
      return any_session(note, was_disconnected) ||
             (end->is_server && end->disconnect_calls > 0);
    case ERROR_PIPE_LISTENING:
      return was_alone(note);
    case ERROR_BAD_PIPE:
      return was_alone(note) ||
             (note->kind == NOTE_TRANSACT &&
              (!can_transact(note) || any_session(note, peer_closed) ||
               any_session(note, was_disconnected)));
    case ERROR_PIPE_BUSY: /* data are waiting */
      return can_transact(note);
    case ERROR_ACCESS_DENIED:
      return !end->readable || end->is_misbelieved;
    default:
      return false;
  }
}

bool is_io_result_true(const struct note *note, np_error error) {
  const struct end *end = note->end;

  switch (error) {
    case NP_OK:
      if (note->kind == NOTE_WRITE) {
        return note->transferred == note->length;
      }
      return note->transferred <= note->length &&
             (end->is_message || note->length == 0 || note->transferred > 0);
    case ERROR_MORE_DATA:
      return note->kind == NOTE_READ && note->by_message &&
             (note->transferred == note->length ||
              /* The writer cut the message after a part of it was caught. */
              (end->uses_readiness && note->transferred > 0 &&
               note->transferred < note->length));
    default:
      return is_error_true(note, error);
  }
}

static bool is_transact_result_true(const struct note *note, np_error error) {
  switch (error) {
    case NP_OK:
      return can_transact(note) && note->transferred <= note->length;
    case ERROR_MORE_DATA:
      return can_transact(note) && note->transferred == note->length;
    default:
      return is_error_true(note, error);
  }
}

static bool is_connect_result_true(struct note *note, np_error error) {
  struct end *end = note->end;

  switch (error) {
    case NP_OK:
      /* The callback may be for a client that was disconnected before. */
      for (size_t i = note->session_first; i < end->session_count; i++) {
        if (!end->sessions[i]->reported) {
          end->sessions[i]->reported = true;
          return true;
        }
      }
      /* Flushes by a thread may keep several closed servers open. The model
       * does not know which of them a client got. */
      return end->is_closing && !end->play->program->settings.flush_control;
    case ERROR_PIPE_CONNECTED:
    case ERROR_NO_DATA:
      /* An unreported client counts only if it was disconnected meanwhile. */
      return (any_session(note, was_reported) ||
              end->disconnect_calls != note->disconnects) &&
             (error == ERROR_PIPE_CONNECTED || any_session(note, peer_closed));
    case ERROR_PIPE_NOT_CONNECTED:
      return end->disconnect_calls != note->disconnects;
    default:
      /* The close ended it: STATUS_PIPE_BROKEN or STATUS_HANDLES_CLOSED. */
      return end->is_closing;
  }
}

/* is_shutdown_result_true: a shutdown ends after the writes before it. It has
 * the error of one of them, that of a disconnect meanwhile, or none. */
static bool is_shutdown_result_true(const struct note *note, np_error error) {
  const struct play *play = note->end->play;

  if (note->is_stale && error == NP_OK) {
    return false;
  }
  for (uint32_t i = 0; i < note->number; i++) {
    const struct note *write = play->notes[i];

    if (write->end != note->end || write->kind != NOTE_WRITE ||
        write->is_request) {
      continue;
    }
    if (error == NP_OK && !write->done) {
      return false;
    }
    if (error != NP_OK && write->is_untold) {
      return true; /* the error may belong to this write */
    }
    if (error != NP_OK && write->done && write->error == error) {
      return true;
    }
  }
  return error == NP_OK || (error == ERROR_PIPE_NOT_CONNECTED &&
                            note->end->disconnect_calls != note->disconnects);
}

bool is_result_true(struct note *note, np_error error) {
  const struct play *play = note->end->play;

  if (play->lies) {
    return is_bounded(note, error, note->transferred);
  }
  if (error == ERROR_OPERATION_ABORTED &&
      (note->cancelled || note->end->is_closing)) {
    return true;
  }
  if (error == WAIT_TIMEOUT && note->timeout_ms > 0 &&
      sim_now_ns() >= note->begun_ns + note->timeout_ms * 1000000ull) {
    return true;
  }
  if (error == ERROR_NO_SYSTEM_RESOURCES && play->faults) {
    return true;
  }
  /* A connect that a close ended has an error of the kernel's. */
  if (note->kind != NOTE_CONNECT && !is_named(note, error)) {
    return false;
  }
  switch (note->kind) {
    case NOTE_CONNECT:
      return is_connect_result_true(note, error);
    case NOTE_SHUTDOWN:
      return is_shutdown_result_true(note, error);
    case NOTE_READY:
    case NOTE_IO:
      return is_readiness_true(note, error);
    case NOTE_FLUSH:
      return error == NP_OK ? has_been_read(note) : is_error_true(note, error);
    case NOTE_TRANSACT:
      return is_transact_result_true(note, error);
    default:
      return is_io_result_true(note, error);
  }
}
