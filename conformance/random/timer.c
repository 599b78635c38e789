/* The timers of a run. The laws: a timer runs on its own loop, once for each
 * start, and never too early. */
#include "play.h"

enum { DELAY_MS_MAX = 60 };

static void on_timer(np_timer *timer) {
  struct timer_note *note = (struct timer_note *)timer;
  struct play *play = note->play;

  callback_begins(play);
  say(play, "timer %u runs", note->number);
  if (!note->active) {
    play_fail(play, "timer %u ran, which was not active", note->number);
  }
  if (play->in_loop != (int)note->loop_index) {
    play_fail(play, "timer %u ran outside of its loop", note->number);
  }
  if (sim_now_ns() < note->due_ns) {
    play_fail(play, "timer %u ran too early", note->number);
  }
  note->active = false;
}

void step_timer(struct play *play, const struct step *step) {
  struct timer_note *note = &play->timers[step->a % TIMERS_MAX];
  const unsigned index = step->b % play->loop_count;
  const uint32_t delay_ms = step->c % 4 == 0 ? 0 : step->c % DELAY_MS_MAX;
  const uint64_t begun_ns = sim_now_ns();
  np_error expected =
      note->active && note->loop_index != index ? ERROR_BUSY : NP_OK;
  np_error error =
      np_timer_start(play->loops[index], &note->timer, delay_ms, on_timer);

  say(play, "timer %u starts on loop %u, %u ms: %s", note->number, index,
      (unsigned)delay_ms, np_error_name(error));
  if (error != expected) {
    play_fail(play, "np_timer_start gave %s, not %s", np_error_name(error),
              np_error_name(expected));
  }
  if (error == NP_OK) {
    note->active = true;
    note->loop_index = index;
    note->due_ns = begun_ns + (uint64_t)delay_ms * 1000000;
  }
}

void step_timer_stop(struct play *play, const struct step *step) {
  struct timer_note *note = &play->timers[step->a % TIMERS_MAX];

  if (np_timer_is_active(&note->timer) != note->active) {
    play_fail(play, "np_timer_is_active is wrong about timer %u", note->number);
  }
  np_timer_stop(&note->timer);
  note->active = false;
  say(play, "timer %u is stopped", note->number);
}
