/* Flushes. The law: when a flush succeeds, the peer has read everything that
 * was written before. */
#include <stdlib.h>

#include "play.h"

/* bytes_written returns how many bytes that `end` wrote before `flush` have
 * certainly arrived in the session's pipe. */
static size_t bytes_written(const struct note *flush) {
  const struct end *end = flush->end;
  const struct play *play = end->play;
  size_t sum = 0;

  for (size_t i = 0; i < flush->number; i++) {
    const struct note *note = play->notes[i];

    if (note->end == end && note->kind == NOTE_WRITE && note->done &&
        note->error == NP_OK && !note->is_untold &&
        note->session_first == flush->session_first && !note->was_alone) {
      sum += note->length;
    }
  }
  return sum;
}

/* bytes_read_at_most returns the most bytes that the peer can have read in this
 * session, reported or not. */
static size_t bytes_read_at_most(const struct end *peer, size_t session) {
  const struct play *play = peer->play;
  size_t sum = 0;

  for (size_t i = 0; i < play->note_count; i++) {
    const struct note *note = play->notes[i];

    if (note->end == peer &&
        (note->kind == NOTE_READ || note->kind == NOTE_TRANSACT) &&
        (!note->done || note->session_last >= session)) {
      sum += note->done ? note->transferred : note->length;
    }
  }
  return sum;
}

/* session_index returns the place of `session` among those of `end`, or their
 * number if it is not one of them. */
static size_t session_index(const struct end *end,
                            const struct session *session) {
  size_t i = 0;

  while (i < end->session_count && end->sessions[i] != session) {
    i++;
  }
  return i;
}

/* The law of a flush: the peer has read all data that were written before. It
 * applies only if the session had begun before the flush, and neither end was
 * closed. Data that a disconnect threw away count as not read. */
bool has_been_read(const struct note *flush) {
  const struct end *end = flush->end;
  const struct session *session;
  const struct end *peer;

  if (!end->writable || flush->was_alone || end->is_closing ||
      end->play->faults) {
    return true;
  }
  session = end->sessions[flush->session_first];
  peer = end->is_server ? session->client : session->server;
  return session->server_closed || session->client_closed || peer == NULL ||
         peer->uses_readiness ||
         bytes_read_at_most(peer, session_index(peer, session)) >=
             bytes_written(flush);
}

void begin_flush(struct end *end, struct slot *slot, const struct step *step) {
  struct note *note = note_new(end, NOTE_FLUSH, step, 0);
  np_error error;

  if (note == NULL) {
    free(slot);
    return;
  }
  slot = slot_of(slot, note);
  error = np_pipe_flush(end->pipe, &slot->op, on_done);
  /* A flush takes a handle and a thread. */
  begun(note, error, is_fault(end->play, error) ? error : NP_OK);
}
