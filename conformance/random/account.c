/* The account of a run: the data that each end has read must be the data that
 * its peers wrote. It is checked when the run is over and each write has its
 * result. */
#include "play.h"
#include "stream.h"

/* input_of collects the writes towards `end` in its session number `index`. */
static struct session_input input_of(const struct end *end, size_t index,
                                     struct written *writes, size_t *used) {
  const struct play *play = end->play;
  const struct session *session = end->sessions[index];
  const struct end *peer = end->is_server ? session->client : session->server;
  struct session_input input = {writes + *used, 0};

  for (size_t i = 0; i < play->note_count && peer != NULL; i++) {
    const struct note *note = play->notes[i];

    if (note->kind == NOTE_WRITE && note->end == peer &&
        note->session_first < peer->session_count &&
        peer->sessions[note->session_first] == session) {
      writes[*used + input.count].id = note->number;
      writes[*used + input.count].length = note->length;
      writes[*used + input.count].is_cut =
          note->error != NP_OK || note->is_untold;
      input.count++;
    }
  }
  *used += input.count;
  return input;
}

/* was_ended_early returns true if a cancel, a time limit or the close of its
 * end may have ended the operation. */
static bool was_ended_early(const struct note *note) {
  return note->cancelled || note->timeout_ms > 0 || note->while_closing;
}

/* check_part checks the law of parts: a part of a message fills its buffer. It
 * may be shorter if the writer took back the rest, if a disconnect threw the
 * rest away, or if a fault hit the read of the rest. At an adopted end, which
 * may answer late, a try brings what has come (np_pipe_try_read), and a read
 * that is ended early keeps the part that was there. */
static void check_part(const struct note *note,
                       const struct session_input *sessions) {
  const struct end *end = note->end;

  if (note->error != ERROR_MORE_DATA || note->kind == NOTE_PEEK ||
      note->transferred == note->length || end->play->faults ||
      (end->is_adopted && (note->is_try || was_ended_early(note)))) {
    return;
  }
  for (size_t i = note->session_first;
       i <= note->session_last && i < end->session_count; i++) {
    if (end->sessions[i]->disconnected) {
      return;
    }
    for (size_t k = 0; k < sessions[i].count; k++) {
      if (sessions[i].writes[k].is_cut) {
        return;
      }
    }
  }
  play_fail(end->play, "read %u of end %u brought a part, %zu of %zu bytes",
            (unsigned)note->number, end->number, note->transferred,
            note->length);
}

static void stream_check_end(struct end *end) {
  static struct written writes[NOTES_MAX];
  static struct read_result reads[NOTES_MAX];
  static const struct note *notes[NOTES_MAX];
  struct session_input sessions[SESSIONS_MAX];
  struct play *play = end->play;
  size_t used = 0;
  size_t count = 0;
  size_t bad = 0;

  for (size_t i = 0; i < end->session_count; i++) {
    sessions[i] = input_of(end, i, writes, &used);
  }
  for (size_t i = 0; i < play->note_count; i++) {
    const struct note *note = play->notes[i];
    struct read_result *read = &reads[count];

    if ((note->kind != NOTE_READ && note->kind != NOTE_TRANSACT &&
         note->kind != NOTE_PEEK) ||
        note->end != end || !note->done) {
      continue;
    }
    read->data = note->data;
    read->length = note->length;
    read->transferred = note->transferred;
    read->is_more = note->error == ERROR_MORE_DATA;
    read->by_message = note->by_message;
    read->skips_empty = note->skips_empty;
    read->is_peek = note->kind == NOTE_PEEK;
    /* A transact reports the end whatever data wait. */
    read->is_eof = note->error == ERROR_BROKEN_PIPE &&
                   note->kind != NOTE_TRANSACT && !note->while_closing;
    read->is_failure = note->error != NP_OK && !read->is_more;
    read->first = note->session_first;
    read->last = note->session_last;
    notes[count++] = note;
    check_part(note, sessions);
  }
  if (!stream_check(sessions, end->session_count, reads, count,
                    end->uses_readiness, &bad)) {
    play_fail(play,
              "%s %u of end %u cannot have brought what it did: %s, %zu bytes",
              note_name(notes[bad]), (unsigned)notes[bad]->number, end->number,
              np_error_name(notes[bad]->error), notes[bad]->transferred);
  }
}

void streams_check(struct play *play) {
  for (size_t i = 0; i < play->end_count; i++) {
    stream_check_end(&play->ends[i]);
  }
}
