/* The caller's own calls: the function that np_pipe_try_io and np_pipe_async_io
 * run on a handle. It reads or writes there without waiting. The law of order
 * counts such a read as a try at the moment of the call: no read that began
 * before it may bring later data, or bring its data afterwards. */
#include <stdlib.h>

#include "liar.h"
#include "play.h"
#include "stream.h"

enum { TRY_RESULT = 5 };

/* shows_late returns true if the kernel may show late that a read has data. */
static bool shows_late(const struct play *play) {
  const sim_settings *settings = &play->program->settings;

  return settings->late_status_permille > 0 || settings->delay_permille > 0 ||
         play->was_slowed;
}

/* may_be_overtaken returns true if the read `note`, in flight, may bring later
 * data than the function of `io`, although its number is smaller, or its data
 * afterwards: it began after `io`, the kernel does not have it yet, or the
 * kernel does not show that it has data. */
static bool may_be_overtaken(const struct note *note, const struct note *io) {
  const uint8_t state = note->slot->op.np__state;

  return note->number >= io->io_after || state < OP_IN_KERNEL ||
         (state == OP_IN_KERNEL && shows_late(note->end->play));
}

static bool would_overtake(const struct note *io) {
  const struct play *play = io->end->play;

  for (size_t i = 0; i < play->note_count; i++) {
    const struct note *note = play->notes[i];

    if (note->end == io->end && note->slot != NULL &&
        (note->kind == NOTE_READ || note->kind == NOTE_TRANSACT) &&
        may_be_overtaken(note, io)) {
      return true;
    }
  }
  return false;
}

/* may_read: the data must be in the kernel (npipe/ready.h), so the read-ahead
 * has no buffer and probes a stream of bytes. */
static bool may_read(const struct note *io) {
  const struct end *end = io->end;

  return end->probes && end->readable && !end->is_message && !end->is_adopted &&
         (io->interest & NP_READABLE) != 0 && !would_overtake(io);
}

/* finish_call ends a call on a handle that has begun. A call that would wait is
 * cancelled: its result is then NP_WOULD_BLOCK, or that of the part that was
 * moved. */
static np_error finish_call(HANDLE handle, OVERLAPPED *overlapped,
                            BOOL succeeded, size_t *transferred) {
  np_error error = succeeded ? NP_OK : GetLastError();
  DWORD bytes = 0;

  if (error == ERROR_IO_PENDING) {
    while (!CancelIoEx(handle, overlapped) &&
           GetLastError() != ERROR_NOT_FOUND) {
      /* a planned fault: nothing but a cancel ends the call */
    }
    error = GetOverlappedResult(handle, overlapped, &bytes, TRUE)
                ? NP_OK
                : GetLastError();
    if (error == ERROR_OPERATION_ABORTED) {
      error = NP_WOULD_BLOCK;
    }
  }
  *transferred = (size_t)overlapped->InternalHigh;
  return error;
}

static void read_own(struct note *io, HANDLE handle, HANDLE event) {
  struct end *end = io->end;
  struct play *play = end->play;
  const size_t length = length_of(io->io_how >> 4);
  struct note *note =
      note_new(end, NOTE_READ, NULL, length > 0 ? length : (size_t)1);
  OVERLAPPED overlapped = {0};
  BOOL succeeded;

  if (note == NULL) {
    return;
  }
  overlapped.hEvent = (HANDLE)((ULONG_PTR)event | 1);
  note->done = true;
  note->is_try = true;
  succeeded =
      ReadFile(handle, note->data, (DWORD)note->length, NULL, &overlapped);
  note->error = finish_call(handle, &overlapped, succeeded, &note->transferred);
  if (note->error == NP_WOULD_BLOCK && note->transferred > 0) {
    note->error = NP_OK;
  } else if (note->error != NP_OK) {
    note->transferred = 0;
  }
  note_sessions(note);
  say(play, "end %u: the function reads %u: %s, %zu of %zu bytes", end->number,
      (unsigned)note->number, np_error_name(note->error), note->transferred,
      note->length);
  if (note->transferred > 0) {
    end->last_read_done = note->number;
  }
}

static void write_own(struct note *io, HANDLE handle, HANDLE event) {
  struct end *end = io->end;
  struct play *play = end->play;
  struct note *note =
      note_new(end, NOTE_WRITE, NULL, length_of(io->io_how >> 4));
  OVERLAPPED overlapped = {0};
  BOOL succeeded;

  if (note == NULL) {
    return;
  }
  for (size_t i = 0; i < note->length; i++) {
    note->data[i] = stream_byte(note->number, i);
  }
  overlapped.hEvent = (HANDLE)((ULONG_PTR)event | 1);
  note->done = true;
  succeeded =
      WriteFile(handle, note->data, (DWORD)note->length, NULL, &overlapped);
  note->error = finish_call(handle, &overlapped, succeeded, &note->transferred);
  say(play, "end %u: the function writes %u: %s, %zu of %zu bytes", end->number,
      (unsigned)note->number, np_error_name(note->error), note->transferred,
      note->length);
  free(note->data);
  note->data = NULL;
}

/* own_call reads, writes or does nothing. */
static void own_call(struct note *io, HANDLE handle) {
  HANDLE event;

  if (io->io_how % 4 == 0 ||
      !(io->io_how % 4 == 1
            ? io->end->writable && (io->interest & NP_WRITABLE) != 0
            : may_read(io))) {
    return;
  }
  event = CreateEventW(NULL, TRUE, FALSE, NULL);
  if (event == NULL) {
    return; /* a planned fault */
  }
  if (io->io_how % 4 == 1) {
    write_own(io, handle, event);
  } else {
    read_own(io, handle, event);
  }
  CloseHandle(event);
}

/* own_io answers NP_WOULD_BLOCK as often as its note says. */
static np_error own_io(HANDLE handle, void *context, size_t *transferred) {
  struct note *note = context;

  note->end->play->io_calls++;
  if (handle != np_pipe_handle(note->end->pipe)) {
    play_fail(note->end->play, "the function of io %u got another handle",
              (unsigned)note->number);
  }
  own_call(note, handle);
  if (note->io_left > 0) {
    note->io_left--;
    return NP_WOULD_BLOCK;
  }
  *transferred = note->number;
  return NP_OK;
}

/* own_io_set lets the step choose what the function of `note` does. */
static void own_io_set(struct note *note, const struct step *step) {
  note->io_how = step->a ^ step->c >> 8 ^ step->d;
  note->interest = note->io_how % 4 == 2 ? NP_READABLE | NP_WRITABLE
                                         : ready_interest_of(step->c);
  use_ahead(note->end);
}

void begin_io(struct end *end, struct slot *slot, const struct step *step) {
  const struct step probing = {STEP_READY_OPTIONS, false, 0, 0, 0, 0};
  struct note *note;

  if (!end->uses_readiness && step->b % 3 != 0) {
    set_ready_options(end, &probing);
  }
  note = note_new(end, NOTE_IO, step, 0);
  if (note == NULL) {
    free(slot);
    return;
  }
  own_io_set(note, step);
  note->io_left = (step->c >> 8) % 15;
  note->io_after = note->number;
  slot = slot_of(slot, note);
  begun(note,
        np_pipe_async_io(end->pipe, note->interest, &slot->op, own_io, note,
                         on_done),
        ready_expected_of(end, note->interest));
}

void try_io(struct end *end, const struct step *step) {
  struct play *play = end->play;
  struct note note = {0};
  size_t transferred = 1;
  np_error expected;
  np_error error;

  note.end = end;
  note.number = TRY_RESULT;
  note.io_left = (step->c >> 8) % 2;
  note.io_after = (uint32_t)play->note_count;
  own_io_set(&note, step);
  expected = ready_expected_of(end, note.interest);
  error = np_pipe_try_io(end->pipe, note.interest, own_io, &note, &transferred);
  say(play, "end %u: np_pipe_try_io: %s", end->number, np_error_name(error));
  if ((error != expected && !is_fault(play, error) &&
       !(error == NP_WOULD_BLOCK && expected == NP_OK)) ||
      transferred != (error == NP_OK ? (size_t)TRY_RESULT : 0)) {
    play_fail(play, "np_pipe_try_io gave %s, %zu", np_error_name(error),
              transferred);
  }
}
