/* Transacts: in the model a transact is a write (the request) and a read (the
 * reply). */
#include <stdlib.h>

#include "play.h"
#include "stream.h"

/* request_new makes the request, whose arrival is unknown at first. */
static struct note *request_new(struct end *end, size_t length) {
  struct note *request = note_new(end, NOTE_WRITE, NULL, length);

  if (request == NULL) {
    return NULL;
  }
  for (size_t i = 0; i < length; i++) {
    request->data[i] = stream_byte(request->number, i);
  }
  request->is_request = true;
  request->done = true;
  request->error = ERROR_IO_INCOMPLETE;
  return request;
}

void transact_ended(struct note *note) {
  struct note *request = note->request;

  if (note->error == NP_OK || note->error == ERROR_MORE_DATA) {
    request->error = NP_OK;
  } else if (note->error == ERROR_PIPE_BUSY || note->error == ERROR_BAD_PIPE) {
    request->length = 0; /* nothing was written */
  }
  free(request->data); /* the library may not use the data any more */
  request->data = NULL;
}

/* is_reply_owed returns true if an earlier transact on this end has ended
 * without the reply to a request that went out. `surely`: this is certain, in
 * this session. Else it is possible: the callback has not run yet, or the
 * session is unknown. */
static bool is_reply_owed(const struct note *note, bool surely) {
  const struct end *end = note->end;
  const struct play *play = end->play;

  for (size_t i = 0; i < note->number; i++) {
    const struct note *at = play->notes[i];

    if (at->end != end || at->kind != NOTE_TRANSACT) {
      continue;
    }
    if (!surely && (!at->done || at->error != NP_OK) &&
        at->ended == end->disconnects) {
      return true;
    }
    if (surely && at->done && !at->was_alone && end_session(end) != NULL &&
        (at->error == ERROR_OPERATION_ABORTED || at->error == WAIT_TIMEOUT) &&
        at->session_first + 1 == end->session_count &&
        at->disconnects == end->disconnect_calls) {
      return true;
    }
  }
  return false;
}

/* refusal_due checks the law of replies: a wrong reply never counts as a
 * success. Once a request got no reply, no later transact in the session gets
 * one. */
static np_error refusal_due(const struct note *note, np_error error) {
  if (note->end->play->lies && error == ERROR_INVALID_STATE) {
    return error;
  }
  if (error == ERROR_INVALID_STATE) {
    return is_reply_owed(note, false) ? error : NP_OK;
  }
  return is_reply_owed(note, true) ? ERROR_INVALID_STATE : NP_OK;
}

/* may_be_busy returns true if a read, a transact or a read-ahead may be in the
 * way. */
static bool may_be_busy(const struct end *end) {
  return is_reading(end) || end->uses_readiness;
}

struct note *transact_new(struct end *end, const struct step *step) {
  struct note *request = request_new(end, length_of(step->b >> 4));
  struct note *note = note_new(end, NOTE_TRANSACT, step, length_of(step->c));

  if (request == NULL || note == NULL) {
    if (request != NULL) {
      request->length = 0;
    }
    return NULL;
  }
  note->request = request;
  return note;
}

void begin_transact(struct end *end, struct slot *slot,
                    const struct step *step) {
  const bool may_refuse = may_be_busy(end);
  struct note *note = transact_new(end, step);
  struct note *request;
  np_error error;

  if (note == NULL) {
    free(slot);
    return;
  }
  request = note->request;
  slot = slot_of(slot, note);
  error = np_pipe_transact(end->pipe, request->data, request->length,
                           note->data, note->length, &slot->op, on_done);
  if (!end->readable || !end->writable) {
    begun(note, error, ERROR_ACCESS_DENIED);
  } else {
    begun(note, error,
          may_refuse && error == ERROR_BUSY ? error : refusal_due(note, error));
  }
  if (note->done) {
    request->length = 0;
  }
}
