/* Operations that must end: an operation becomes due when it is cancelled or
 * its time limit is over. The law: no cancel and no limit is lost, in any state
 * of the operation. A due operation ends before its loop waits in vain. Where
 * the kernel is prompt, it ends in the next turn: the turn that begins next
 * after the cancel, or after the limit is over. Only a stop or a forgotten
 * revert may cut this turn. A success that waits for its turn behind earlier
 * reads or writes may be reported later. */
#include "play.h"
#include "service.h"

enum {
  TURNS_MAX = 1,     /* turns until the end is reported */
  RETRY_MS_MAX = 30, /* a fault may refuse the library's own cancel */
  RETRY_MS = 10,     /* the library's delay before it cancels again */
  REFUSALS_MAX = 3,  /* faults in a row, for one operation */
  CLOCK_MS = 2       /* a limit counts whole milliseconds, rounded up */
};

/* How late the kernel may be with a completion and a cancel. */
#ifdef _WIN32
enum { IS_REAL = 1, KERNEL_MS_MAX = 2000 };
#else
enum { IS_REAL = 0, KERNEL_MS_MAX = 60 };
#endif

static bool is_kernel_late(const struct play *play) {
  const sim_settings *settings = &play->program->settings;

  return IS_REAL || settings->delay_permille > 0 ||
         settings->cancel_late_permille > 0 || play->was_slowed;
}

bool is_prompt(const struct play *play) {
  const sim_settings *settings = &play->program->settings;

  return !is_kernel_late(play) && !play->faults && settings->flush_control &&
         settings->shuffle_permille == 0 && settings->short_get_permille == 0 &&
         settings->late_status_permille == 0;
}

static uint64_t grace_ns(const struct play *play) {
  uint64_t grace_ms = play->faults ? RETRY_MS_MAX : 0;

  if (is_kernel_late(play)) {
    grace_ms += KERNEL_MS_MAX;
  }
  return grace_ms * 1000000;
}

void due_begin(const struct play *play, struct due *due, unsigned loop_index) {
  if (!due->is_due) {
    due->is_due = true;
    due->in_turn = play->in_loop == (int)loop_index;
    due->since_ns = sim_now_ns();
    due->turns = 0;
    due->waits = 0;
  }
}

void due_limit(const struct play *play, struct due *due, uint64_t begun_ns,
               uint32_t timeout_ms) {
  if (!due->is_due && timeout_ms > 0 &&
      sim_now_ns() >= begun_ns + (timeout_ms + CLOCK_MS) * 1000000ull) {
    due_begin(play, due, LOOPS_MAX);
    due->by_limit = true;
  }
}

bool due_is_over(const struct play *play, struct due *due, unsigned loop_index,
                 bool is_closing) {
  if (!due->is_due) {
    return false;
  }
  /* A turn that was cut may have left callbacks to the next one. An end that is
   * being closed has cancelled its operations already, so a later cancel makes
   * nothing faster. */
  due->turns +=
      play->was_cut[loop_index] || due->in_turn || is_closing ? 0u : 1u;
  due->in_turn = false;
  due->waits += play->turn_waited && play->turn_wait_ms > RETRY_MS ? 1u : 0u;
  if (play->faults && due->waits <= REFUSALS_MAX) {
    return due->is_over;
  }
  if ((play->turn_waited || (is_prompt(play) && due->turns >= TURNS_MAX)) &&
      sim_now_ns() >= due->since_ns + grace_ns(play)) {
    due->is_over = true;
  }
  return due->is_over;
}

/* --- Of operations -------------------------------------------------------- */

/* keeps_turn returns true for operations whose results keep their order: reads
 * and writes. */
static bool keeps_turn(const struct note *note) {
  return note->kind == NOTE_READ || note->kind == NOTE_WRITE ||
         note->kind == NOTE_TRANSACT;
}

static bool is_in_kernel(const struct note *note) {
  return !HasOverlappedIoCompleted(&note->slot->op.np__packet.overlapped);
}

static void note_lost(const struct note *note) {
  play_fail(note->end->play, "%s %u of end %u lost its %s", note_name(note),
            (unsigned)note->number, note->end->number,
            note->due.by_limit ? "time limit" : "cancel");
}

void due_turn_begins(struct play *play, unsigned loop_index) {
  play->turn_waited = false;
  notes_advance(play);
  for (size_t i = play->first_open; i < play->note_count; i++) {
    struct note *note = play->notes[i];

    if (note->slot != NULL && note->end->loop_index == loop_index) {
      due_limit(play, &note->due, note->begun_ns, note->timeout_ms);
    }
  }
  if (loop_index == 0) {
    service_turn_begins(play);
  }
}

void due_turn_ended(struct play *play, unsigned loop_index) {
  for (size_t i = play->first_open; i < play->note_count; i++) {
    struct note *note = play->notes[i];

    if (note->slot == NULL || note->end->loop_index != loop_index ||
        !due_is_over(play, &note->due, loop_index, note->end->is_closing)) {
      continue;
    }
    if (!keeps_turn(note) || is_in_kernel(note)) {
      note_lost(note);
    }
  }
  if (play->turn_waited && is_prompt(play)) {
    ready_turn_waited(play, loop_index);
  }
  if (loop_index == 0) {
    service_turn_ended(play);
  }
  play->was_cut[loop_index] = false;
}

void due_note_ended(const struct note *note) {
  if (note->due.is_over && note->error != NP_OK &&
      note->error != ERROR_MORE_DATA) {
    note_lost(note);
  }
}
