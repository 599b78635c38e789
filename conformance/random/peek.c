/* Peeks at waiting data, and changes of the read mode. */
#include "play.h"

/* peek_end peeks, and compares the answer with the model. If a read or the
 * read-ahead is in flight, it may take the data first, so the model knows less.
 * A peek reports the end of the stream only if no read is in flight. */
void peek_end(struct end *end, const struct step *step) {
  struct play *play = end->play;
  /* The read-ahead may hold a part of a message whose writer was cancelled. In
   * message mode a peek shows this part like a whole message. */
  bool is_first =
      !is_reading(end) &&
      (!end->uses_readiness || (!end->reads_messages && ready_has_caught(end)));
  struct note *note = note_new(end, NOTE_PEEK, step, length_of(step->c));
  np_peek peek = {.size = sizeof peek};
  np_error error;

  if (note == NULL) {
    return;
  }
  error = np_pipe_peek(end->pipe, note->data, note->length, &peek);
  /* An answer without bytes: no data, or an empty message. */
  is_first = is_first && (error != NP_OK || peek.copied > 0);
  note->done = true;
  /* ERROR_BUSY: not part of the account */
  note->error = is_first ? error : ERROR_BUSY;
  note->transferred = is_first ? peek.copied : 0;
  note_sessions(note);
  say(play, "end %u: np_pipe_peek %u: %s, %zu of %zu bytes, %zu left of %zu",
      end->number, (unsigned)note->number, np_error_name(error), peek.copied,
      note->length, peek.left, peek.available);
  if (error != NP_OK) {
    if (!is_error_true(note, error) && !is_fault(play, error)) {
      play_fail(play, "peek %u of end %u cannot give %s",
                (unsigned)note->number, end->number, np_error_name(error));
    }
    return;
  }
  if (play->lies) {
    /* The model does not know which numbers of the answer are lies. */
    if (peek.copied > note->length || peek.copied > peek.available) {
      play_fail(play, "peek %u of end %u shows more than there can be",
                (unsigned)note->number, end->number);
    }
    return;
  }
  if (!end->readable || peek.copied > note->length ||
      peek.available < peek.copied ||
      (peek.left > 0 && (peek.copied < note->length || !end->reads_messages))) {
    play_fail(play, "peek %u of end %u cannot show %zu of %zu bytes, %zu left",
              (unsigned)note->number, end->number, peek.copied, note->length,
              peek.left);
  }
  if (is_first && peek.left > 0) {
    note->error = ERROR_MORE_DATA; /* as a read would report it */
  }
}

void set_read_mode(struct end *end, const struct step *step) {
  struct play *play = end->play;
  const bool messages = (step->c & 1) != 0;
  const bool may_refuse = is_reading(end) || end->uses_readiness;
  const struct session *session =
      end->session_count > 0 ? end->sessions[end->session_count - 1] : NULL;
  np_error error =
      np_pipe_set_read_mode(end->pipe, messages ? NP_MESSAGE : NP_BYTE);

  say(play, "end %u: np_pipe_set_read_mode, %s: %s", end->number,
      messages ? "messages" : "bytes", np_error_name(error));
  if (error == NP_OK && (end->is_message || !messages)) {
    end->has_probed = end->has_probed ||
                      (end->probes && end->reads_ahead && !end->reads_messages);
    end->reads_messages = messages;
  } else if (error == NP_OK ||
             (!is_fault(play, error) &&
              !(error == ERROR_INVALID_PARAMETER && messages &&
                !end->is_message) &&
              !(error == ERROR_BUSY && may_refuse) &&
              !(error == ERROR_ACCESS_DENIED &&
                (!end->writable || end->is_misbelieved)) &&
              !(error == ERROR_PIPE_NOT_CONNECTED && !end->is_server &&
                session != NULL && session->disconnected))) {
    play_fail(play, "np_pipe_set_read_mode of end %u gave %s", end->number,
              np_error_name(error));
  }
}
