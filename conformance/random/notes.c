/* The operations: each function begins one, and its callback checks that the
 * result can be true. */
#include <stdlib.h>
#include <string.h>

#include "kit/outcomes.h"
#include "play.h"
#include "stream.h"

const char *note_name(const struct note *note) {
  static const char *const names[] = {"read",     "write",    "connect",
                                      "shutdown", "wait",     "io",
                                      "flush",    "transact", "peek"};

  return names[note->kind];
}

/* length_of returns sizes around those of the quotas, mostly small ones. */
size_t length_of(uint32_t drawn) {
  const uint32_t how_much = drawn >> 8;

  switch (drawn % 16) {
    case 0:
      return 0;
    case 1:
    case 2:
    case 3:
    case 4:
      return 1 + how_much % 4;
    case 5:
    case 6:
    case 7:
    case 8:
      return 1 + how_much % 20;
    case 9:
    case 10:
    case 11:
    case 12:
      return 1 + how_much % 150;
    case 13:
    case 14:
      return 1 + how_much % 700;
    default:
      return 1 + how_much % 5000;
  }
}

uint32_t drawn_for_length(size_t length) {
  return length == 0 ? 0 : (uint32_t)(length - 1) << 8 | 15;
}

bool is_split(const struct step *step) {
  return step->a % 4 == 0 || (step->d >> 8) % 4 == 3;
}

void notes_advance(struct play *play) {
  while (play->first_open < play->note_count &&
         play->notes[play->first_open]->done &&
         play->notes[play->first_open]->slot == NULL) {
    play->first_open++;
  }
}

struct note *note_new(struct end *end, enum note_kind kind,
                      const struct step *step, size_t length) {
  struct play *play = end->play;
  struct note *note;

  if (play->note_count == NOTES_MAX) {
    return NULL;
  }
  note = calloc(1, sizeof *note);
  if (note == NULL) {
    abort();
  }
  note->kind = kind;
  note->end = end;
  note->number = (uint32_t)play->note_count;
  note->length = length;
  note->begun_ns = sim_now_ns();
  note->disconnects = end->disconnect_calls;
  note->ended = end->disconnects;
  note->by_message = end->reads_messages;
  if (note->by_message && (kind == NOTE_READ || kind == NOTE_TRANSACT)) {
    note->skips_empty = end->has_probed;
    end->has_probed = false;
  }
  if (step != NULL) {
    note->then = step->d % 100;
    note->timeout_ms = step->b % (play->program->has_limits ? 2 : 8) == 0
                           ? 1 + (step->b >> 8) % 40
                           : 0;
  }
  if (length > 0) {
    note->data = malloc(length);
    if (note->data == NULL) {
      abort();
    }
    memset(note->data, 0, length);
  }
  /* the current session, or the next one if there is none */
  note->session_first = end->session_count;
  note->was_alone = end_session(end) == NULL;
  note->was_unreported = note->was_alone || !end_session(end)->reported;
  if (!note->was_alone) {
    note->session_first--;
  }
  note->session_last = note->session_first;
  play->notes[play->note_count++] = note;
  return note;
}

void note_sessions(struct note *note) {
  const size_t count = note->end->session_count;

  note->session_last =
      count > note->session_first + 1 ? count - 1 : note->session_first;
}

bool is_reading(const struct end *end) {
  const struct play *play = end->play;

  for (size_t i = play->first_open; i < play->note_count; i++) {
    const struct note *note = play->notes[i];

    if (note->end == end && !note->done &&
        (note->kind == NOTE_READ || note->kind == NOTE_TRANSACT)) {
      return true;
    }
  }
  return false;
}

/* drain_on starts further reads until the stream has ended. */
static void drain_on(struct note *note) {
  const struct step step = {STEP_READ, false, note->number * 0x101u,
                            1,         2999,  0};
  struct end *end = note->end;

  np_error error = note->error;

  /* Older reads may have ended with an earlier session. */
  if (note->number < end->drains_from ||
      (end->uses_readiness && was_alone(note) &&
       (error == ERROR_PIPE_LISTENING || error == ERROR_PIPE_NOT_CONNECTED))) {
    error = NP_OK;
  }
  switch (error) {
    case NP_OK:
    case ERROR_MORE_DATA:
    case ERROR_OPERATION_ABORTED:
    case WAIT_TIMEOUT:
    case ERROR_NO_SYSTEM_RESOURCES:
    case ERROR_INVALID_DATA:
      if (end->is_open && !is_reading(end)) {
        begin_read(end, NULL, &step);
      }
      break;
    default:
      if (note->error != ERROR_BROKEN_PIPE && !end->play->lies) {
        play_fail(end->play, "the stream of end %u ended with %s", end->number,
                  np_error_name(note->error));
      }
      end->drains = false;
      break;
  }
}

void on_done(np_op *op, np_error error, size_t transferred) {
  struct slot *slot = (struct slot *)op;
  struct note *note = slot->note;
  struct end *end = note->end;
  struct play *play = end->play;

  callback_begins(play);
  note_sessions(note);
  note->error = error;
  note->transferred = transferred;
  say(play, "end %u: %s %u is called back: %s, %zu of %zu bytes", end->number,
      note_name(note), (unsigned)note->number, np_error_name(error),
      transferred, note->length);
  if (note->done) {
    play_fail(play, "%s %u was called back twice", note_name(note),
              (unsigned)note->number);
    return;
  }
  if (play->in_loop != (int)end->loop_index) {
    play_fail(play, "%s %u was called back outside of its loop",
              note_name(note), (unsigned)note->number);
  }
  if (end->is_closed) {
    play_fail(play, "%s %u was called back after on_closed", note_name(note),
              (unsigned)note->number);
  }
  note->done = true;
  note->while_closing = end->is_closing;
  note->slot = NULL;
  if (end->connect == note) {
    end->connect = NULL;
  }
  if (!is_result_true(note, error)) {
    play_fail(play, "%s %u of end %u cannot have ended with %s (%u), %zu bytes",
              note_name(note), (unsigned)note->number, end->number,
              np_error_name(error), (unsigned)error, transferred);
  }
  due_note_ended(note);
  if (((note->kind == NOTE_READ && error != NP_OK && error != ERROR_MORE_DATA &&
        transferred != 0) ||
       (note->kind == NOTE_WRITE && !outcome_may_count(error, transferred))) &&
      !play->lies) {
    play_fail(play, "%s %u ended with %s, and with %zu bytes", note_name(note),
              (unsigned)note->number, np_error_name(error), transferred);
  }
  if (note->kind == NOTE_TRANSACT) {
    transact_ended(note);
  }
  if ((note->kind == NOTE_READ || note->kind == NOTE_TRANSACT) &&
      (error == NP_OK || error == ERROR_MORE_DATA)) {
    if (end->last_read_done > note->number) {
      play_fail(play, "read %u of end %u was called back after read %zu",
                (unsigned)note->number, end->number, end->last_read_done);
    }
    end->last_read_done = note->number;
  }
  if (note->kind == NOTE_SHUTDOWN && error == NP_OK && !play->faults &&
      end->untold != NULL && end->untold->number < note->number) {
    /* The write has left the library: the shutdown behind it succeeded, and
     * without faults the write cannot have failed before. */
    confirm(end);
  }
  if (note->kind == NOTE_WRITE) {
    if (note->disconnects == end->disconnect_calls) {
      peer_told_gone(end, error);
    } else if (error != NP_OK && !end->readable) {
      check_state(end);
    }
    free(note->data); /* the library may not use the data any more */
    note->data = NULL;
  }
  then(note, slot);
  if (note->number % 3 == 0) {
    forget_revert(end);
  }
  if ((note->kind == NOTE_READ || note->kind == NOTE_TRANSACT) && end->drains) {
    drain_on(note);
  }
}

struct slot *slot_of(struct slot *slot, struct note *note) {
  if (slot == NULL) {
    slot = calloc(1, sizeof *slot);
    if (slot == NULL) {
      abort();
    }
    np_op_init(&slot->op);
  }
  slot->note = note;
  slot->op.timeout_ms = note->timeout_ms;
  note->slot = slot;
  return slot;
}

/* begun checks the return value of a start. Lack of resources may refuse no
 * plain operation. */
void begun(struct note *note, np_error error, np_error expected) {
  struct play *play = note->end->play;

  say(play, "end %u: %s %u, %zu bytes, limit %u ms: %s", note->end->number,
      note_name(note), (unsigned)note->number, note->length,
      (unsigned)note->timeout_ms, np_error_name(error));
  if (error != expected &&
      !(error == ERROR_NOT_ENOUGH_MEMORY && is_fault(play, error))) {
    play_fail(play, "%s %u gave %s, not %s", note_name(note),
              (unsigned)note->number, np_error_name(error),
              np_error_name(expected));
  }
  if (error != NP_OK) {
    note->done = true;
    note->error = error;
    free(note->slot);
    note->slot = NULL;
  }
}

void cut(void *data, size_t length, uint32_t drawn, np_buffer parts[3]) {
  const size_t first = length == 0 ? 0 : drawn % (length + 1);
  const size_t second = (length - first) / 2;

  parts[0].data = data;
  parts[0].length = first;
  parts[1].data = first < length ? (char *)data + first : NULL;
  parts[1].length = second;
  parts[2].data = first < length ? (char *)data + first + second : NULL;
  parts[2].length = length - first - second;
}

void begin_read(struct end *end, struct slot *slot, const struct step *step) {
  struct note *note =
      note_new(end, NOTE_READ, step,
               end->drains ? 1 + step->c % 3000 : length_of(step->c));
  np_buffer parts[3];

  if (note == NULL) {
    free(slot);
    end->drains = false;
    return;
  }
  slot = slot_of(slot, note);
  note->is_vectored = is_split(step);
  cut(note->data, note->length, step->a >> 8, parts);
  begun(note,
        is_split(step) ? np_pipe_readv(end->pipe, parts, 3, &slot->op, on_done)
                       : np_pipe_read(end->pipe, note->data, note->length,
                                      &slot->op, on_done),
        end->readable ? NP_OK : ERROR_ACCESS_DENIED);
}

void begin_write(struct end *end, struct slot *slot, const struct step *step) {
  struct note *note = note_new(end, NOTE_WRITE, step, length_of(step->c));
  np_buffer parts[3];

  if (note == NULL) {
    free(slot);
    return;
  }
  for (size_t i = 0; i < note->length; i++) {
    note->data[i] = stream_byte(note->number, i);
  }
  slot = slot_of(slot, note);
  note->is_vectored = is_split(step);
  cut(note->data, note->length, step->a >> 8, parts);
  begun(note,
        is_split(step) ? np_pipe_writev(end->pipe, parts, 3, &slot->op, on_done)
                       : np_pipe_write(end->pipe, note->data, note->length,
                                       &slot->op, on_done),
        end->writable ? NP_OK : ERROR_ACCESS_DENIED);
}

void begin_connect(struct end *end, struct slot *slot,
                   const struct step *step) {
  struct note *note = note_new(end, NOTE_CONNECT, step, 0);
  np_error error;

  if (note == NULL) {
    free(slot);
    return;
  }
  slot = slot_of(slot, note);
  error = np_server_connect(end->pipe, &slot->op, on_done);
  /* The previous connect may have its result, and wait only for its
   * callback. */
  begun(note, error,
        end->connect != NULL && error == ERROR_BUSY ? ERROR_BUSY : NP_OK);
  if (!note->done) {
    end->connect = note;
  }
}

void begin_shutdown(struct end *end, struct slot *slot,
                    const struct step *step) {
  struct note *note = note_new(end, NOTE_SHUTDOWN, step, 0);

  if (note == NULL) {
    free(slot);
    return;
  }
  if (step == NULL) {
    note->then = THEN_CLOSE_OWN;
  }
  slot = slot_of(slot, note);
  begun(note, np_pipe_shutdown(end->pipe, &slot->op, on_done), NP_OK);
}

void cancel_one(struct play *play, const struct step *step) {
  struct note *flying[NOTES_MAX];
  size_t count = 0;
  struct note *note;
  np_error error;

  for (size_t i = play->first_open; i < play->note_count; i++) {
    if (play->notes[i]->slot != NULL) {
      flying[count++] = play->notes[i];
    }
  }
  if (count == 0) {
    return;
  }
  note = flying[step->a % count];
  error = np_op_cancel(&note->slot->op);
  say(play, "end %u: %s %u is cancelled: %s", note->end->number,
      note_name(note), (unsigned)note->number, np_error_name(error));
  if (is_fault(play, error)) {
    return; /* refused: the operation goes on */
  }
  if (error == NP_OK) {
    note->cancelled = true;
  } else if (error != ERROR_NOT_FOUND) {
    play_fail(play, "np_op_cancel gave %s", np_error_name(error));
  }
  /* It ends now, or has its result. */
  due_begin(play, &note->due, note->end->loop_index);
}
