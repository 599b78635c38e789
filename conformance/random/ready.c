/* Readiness: waits and tries. */
#include <stdlib.h>
#include <string.h>

#include "liar.h"
#include "play.h"
#include "stream.h"

enum {
  BUFFER_BYTES = 65536,
  LATE_BYTES = 4096,
  GRANULE_BYTES = 512,
  BLOCKED_MS_MAX = 16 /* a function that found nothing is called again */
};

/* use_readiness is called before the first call that makes a pipe's
 * readiness. */
static void use_readiness(struct end *end) {
  if (!end->uses_readiness) {
    end->uses_readiness = true;
    end->ahead_bytes = BUFFER_BYTES;
    end->outbox_max = BUFFER_BYTES;
  }
}

void use_ahead(struct end *end) {
  use_readiness(end);
  end->reads_ahead = end->readable;
}

/* will_copy records the memory of the outbox after a try that copies `length`
 * bytes. The outbox keeps the memory for the next try. */
static void will_copy(struct end *end, size_t length) {
  if (length > end->outbox_max && !end->is_message) {
    length = end->outbox_max;
  }
  length = (length + GRANULE_BYTES - 1) / GRANULE_BYTES * GRANULE_BYTES;
  if (length > end->outbox_bytes) {
    end->outbox_bytes = length;
  }
}

/* shrink is called when the outbox has written all its bytes. It then frees the
 * memory that a message longer than the option took. */
static void shrink(struct end *end) {
  const size_t most = end->outbox_max + GRANULE_BYTES;

  if (end->outbox_bytes > most) {
    end->outbox_bytes = most;
  }
}

/* has_copied is called when a try copied `length` bytes. The outbox was empty
 * before this try. */
static void has_copied(struct end *end, size_t kept, size_t length) {
  end->outbox_bytes = kept;
  shrink(end);
  will_copy(end, length);
}

np_interest ready_interest_of(uint32_t drawn) {
  static const np_interest all[] = {
      NP_READABLE,
      NP_WRITABLE,
      NP_READABLE | NP_WRITABLE,
      NP_READ_CLOSED,
      NP_WRITE_CLOSED,
      NP_READABLE | NP_READ_CLOSED | NP_WRITE_CLOSED};

  return all[drawn % (sizeof all / sizeof all[0])];
}

np_error ready_expected_of(const struct end *end, np_interest interest) {
  const bool reads = (interest & (NP_READABLE | NP_READ_CLOSED)) != 0;
  const bool writes = (interest & (NP_WRITABLE | NP_WRITE_CLOSED)) != 0;

  return (end->readable || writes) && (end->writable || reads)
             ? NP_OK
             : ERROR_ACCESS_DENIED;
}

bool is_readiness_true(const struct note *note, np_error error) {
  const size_t closed = NP_READ_CLOSED | NP_WRITE_CLOSED;
  size_t may_hold = note->interest;

  if (error == ERROR_PIPE_NOT_CONNECTED) {
    return note->end->disconnect_calls != note->disconnects;
  }
  if (error != NP_OK) {
    return false;
  }
  if (note->kind == NOTE_IO) {
    return note->io_left == 0;
  }
  may_hold |= (note->interest & NP_READABLE) != 0 ? NP_READ_CLOSED : 0u;
  may_hold |= (note->interest & NP_WRITABLE) != 0 ? NP_WRITE_CLOSED : 0u;
  return note->transferred != 0 && (note->transferred & ~may_hold) == 0 &&
         ((note->transferred & closed) == 0 || any_session(note, peer_closed) ||
          any_session(note, was_disconnected));
}

void begin_ready(struct end *end, struct slot *slot, const struct step *step) {
  const np_interest interest = ready_interest_of(step->c);
  struct note *note = note_new(end, NOTE_READY, step, 0);
  np_error error;

  if (note == NULL) {
    free(slot);
    return;
  }
  note->interest = interest;
  use_ahead(end);
  slot = slot_of(slot, note);
  if (interest == NP_READABLE) {
    error = np_pipe_readable(end->pipe, &slot->op, on_done);
  } else if (interest == NP_WRITABLE) {
    error = np_pipe_writable(end->pipe, &slot->op, on_done);
  } else {
    error = np_pipe_ready(end->pipe, interest, &slot->op, on_done);
  }
  begun(note, error, ready_expected_of(end, interest));
}

void try_read(struct end *end, const struct step *step) {
  struct play *play = end->play;
  struct note *note = note_new(end, NOTE_READ, step, length_of(step->c));
  np_buffer parts[3];
  np_error error;
  size_t transferred = 1;

  if (note == NULL) {
    return;
  }
  use_ahead(end);
  note->is_try = true;
  note->done = true;
  cut(note->data, note->length, step->a >> 8, parts);
  if (is_split(step)) {
    error = np_pipe_try_readv(end->pipe, parts, 3, &transferred);
  } else {
    error = np_pipe_try_read(end->pipe, note->data, note->length, &transferred);
  }
  note_sessions(note);
  note->error = error;
  note->transferred = transferred;
  say(play, "end %u: try_read %u: %s, %zu of %zu bytes", end->number,
      (unsigned)note->number, np_error_name(error), transferred, note->length);
  if (error == ERROR_ACCESS_DENIED
          ? end->readable && !end->is_misbelieved
          : !(error == NP_WOULD_BLOCK || is_fault(play, error) || play->lies ||
              is_io_result_true(note, error)) ||
                !is_bounded(note, error, transferred)) {
    play_fail(play, "try_read %u cannot give %s, %zu bytes",
              (unsigned)note->number, np_error_name(error), transferred);
  }
  if (error != NP_OK && error != ERROR_MORE_DATA && transferred != 0) {
    play_fail(play, "try_read %u gave %s and bytes", (unsigned)note->number,
              np_error_name(error));
  }
  if (transferred > 0) {
    /* no earlier read may return data any more */
    end->last_read_done = note->number;
  }
}

void confirm(struct end *end) {
  if (end->untold != NULL) {
    end->untold->is_untold = false;
    end->untold = NULL;
  }
}

/* now_is returns true if `holds` is true for the session of `end` that lasts,
 * or that a client's end had. */
static bool now_is(const struct end *end,
                   bool (*holds)(const struct session *session,
                                 const struct end *end)) {
  return end->session_count > 0 &&
         holds(end->sessions[end->session_count - 1], end);
}

/* is_try_write_error: a later call may report the error of an earlier try, but
 * not in another session. */
static bool is_try_write_error(const struct end *end, np_error error) {
  const bool is_alone = end->is_server && end_session(end) == NULL;

  switch (error) {
    case NP_WOULD_BLOCK:
      return true;
    case ERROR_NO_DATA:
    case ERROR_BROKEN_PIPE:
      return end->play->lies || (!is_alone && now_is(end, peer_closed));
    case ERROR_PIPE_NOT_CONNECTED:
      return end->play->lies ||
             (end->is_server ? is_alone && end->disconnect_calls > 0
                             : now_is(end, was_disconnected));
    case ERROR_PIPE_LISTENING:
      return is_alone;
    default:
      return is_fault(end->play, error);
  }
}

void try_write(struct end *end, const struct step *step) {
  struct play *play = end->play;
  struct note *note = note_new(end, NOTE_WRITE, step, length_of(step->c));
  const size_t kept = end->outbox_bytes;
  np_buffer parts[3];
  size_t transferred = 1;
  np_error error;

  if (note == NULL) {
    return;
  }
  use_readiness(end);
  for (size_t i = 0; i < note->length; i++) {
    note->data[i] = stream_byte(note->number, i);
  }
  cut(note->data, note->length, step->a >> 8, parts);
  will_copy(end, note->length);
  if (is_split(step)) {
    error = np_pipe_try_writev(end->pipe, parts, 3, &transferred);
  } else {
    error =
        np_pipe_try_write(end->pipe, note->data, note->length, &transferred);
  }
  say(play, "end %u: try_write %u: %s, %zu of %zu bytes", end->number,
      (unsigned)note->number, np_error_name(error), transferred, note->length);
  note->done = true;
  note->error = error;
  if (error == ERROR_ACCESS_DENIED
          ? end->writable && !end->is_misbelieved
          : error != NP_OK && !is_try_write_error(end, error)) {
    play_fail(play, "try_write %u cannot give %s", (unsigned)note->number,
              np_error_name(error));
  }
  peer_told_gone(end, error);
  if (error != NP_OK
          ? transferred != 0
          : transferred > note->length || (end->is_message && !play->lies &&
                                           transferred != note->length)) {
    play_fail(play, "try_write %u took %zu bytes", (unsigned)note->number,
              transferred);
  }
  if (error == NP_WOULD_BLOCK) {
    end->outbox_bytes = kept; /* it copied nothing */
  } else if (error != NP_OK) {
    end->untold = NULL; /* perhaps `error` is the unconfirmed try's */
  }
  note->length = error == NP_OK ? transferred : 0;
  if (error == NP_OK) {
    has_copied(end, kept, transferred);
    confirm(end);
    note->is_untold = true;
    end->untold = note;
  }
  free(note->data); /* the data were copied */
  note->data = NULL;
}

void set_ready_options(struct end *end, const struct step *step) {
  static const size_t sizes[] = {0, 1, 16, 100, 1000, 65536};
  const bool was_used = end->uses_readiness;
  struct play *play = end->play;
  np_ready_options options;
  np_error error;

  np_ready_options_init(&options);
  options.read_ahead_bytes = sizes[step->c % 6];
  options.write_buffer_bytes = sizes[1 + (step->c >> 8) % 5];
  use_readiness(end);
  error = np_pipe_set_ready_options(end->pipe, &options);
  say(play, "end %u: np_pipe_set_ready_options, %zu, %zu: %s", end->number,
      options.read_ahead_bytes, options.write_buffer_bytes,
      np_error_name(error));
  if (!is_fault(play, error) && error != NP_OK &&
      !(error == ERROR_BUSY && was_used)) {
    play_fail(play, "np_pipe_set_ready_options gave %s", np_error_name(error));
  }
  if (error == NP_OK) {
    /* A probe takes memory only on an end that may answer late. */
    end->ahead_bytes = options.read_ahead_bytes > 0 || !end->is_adopted
                           ? options.read_ahead_bytes
                           : (size_t)LATE_BYTES;
    end->outbox_max = options.write_buffer_bytes;
    end->probes = options.read_ahead_bytes == 0;
  }
}

static np_error look(HANDLE handle, void *context, size_t *transferred) {
  (void)handle, (void)context, (void)transferred;
  return NP_OK;
}

void ready_rest(struct end *end) {
  if (end->outbox_bytes <= end->outbox_max + GRANULE_BYTES ||
      !is_library(end) || !end->writable) {
    return;
  }
  use_ahead(end);
  if (np_pipe_try_io(end->pipe, NP_WRITABLE, look, NULL, NULL) == NP_OK) {
    shrink(end);
  }
}

bool ready_has_caught(struct end *end) {
  return end->reads_ahead &&
         np_pipe_try_io(end->pipe, NP_READABLE, look, NULL, NULL) == NP_OK;
}

static bool is_missed(const struct note *note) {
  struct end *end = note->end;
  np_peek peek = {.size = sizeof peek};
  char byte;

  return note->slot != NULL && note->kind == NOTE_READY &&
         (note->interest & NP_READABLE) != 0 && end->readable &&
         is_library(end) && !is_reading(end) &&
         np_pipe_peek(end->pipe, &byte, 1, &peek) == NP_OK && peek.copied > 0;
}

void ready_turn_waited(struct play *play, unsigned loop_index) {
  if (play->turn_wait_ms <= BLOCKED_MS_MAX || play->lies) {
    return;
  }
  for (size_t i = 0; i < play->note_count; i++) {
    const struct note *note = play->notes[i];

    if (note->end->loop_index == loop_index && is_missed(note)) {
      play_fail(play, "wait %u of end %u misses data", (unsigned)note->number,
                note->end->number);
    }
  }
}
