/* The stage of the targets that need a kernel: settings, loop, counted memory,
 * faults, and the checks at the end. */
#include "stage.h"

#include <string.h>

enum { TURN_MS = 20, TURNS_MAX = 400, LAST_TURNS = 5, REPORT_BYTES_MAX = 1000 };

static size_t bytes_max(void *context) {
  return ((struct stage *)context)->bytes_max;
}

static void too_much(void *context, size_t size, size_t most) {
  const struct stage *stage = context;

  fuzz_law(most == 0, "%zu bytes beside %zu, where %zu are allowed", size,
           stage->memory.live_bytes, most);
}

void stage_settings(sim_settings *settings, struct fuzz_input *input) {
  const char *name =
      sim_settings_name(fuzz_choice(input) % sim_settings_count());
  const uint32_t drawn = fuzz_choice(input);

  sim_settings_named(settings, name);
  if ((drawn & 1) != 0) {
    settings->shuffle_permille = fuzz_choice(input) * 4;
    settings->short_get_permille = fuzz_choice(input) * 2;
  }
  if ((drawn & 2) != 0) {
    settings->pend_permille = fuzz_choice(input) * 4;
    settings->late_status_permille = fuzz_choice(input) * 4;
  }
  if ((drawn & 4) != 0) {
    settings->delay_permille = fuzz_choice(input) * 4;
    settings->delay_ms_max = 1 + fuzz_choice(input) % 20;
  }
  if ((drawn & 8) != 0) {
    settings->cancel_late_permille = fuzz_choice(input) * 4;
    settings->cancel_ms_max = 1 + fuzz_choice(input) % 20;
  }
  if ((drawn & 16) != 0) {
    settings->closed_write_kept = !settings->closed_write_kept;
    settings->flush_control = !settings->flush_control;
  }
  if ((drawn & 32) != 0) {
    settings->cancelled_write_counts = !settings->cancelled_write_counts;
  }
  if ((drawn & 64) != 0) {
    sim_settings_open(settings, fuzz_choice(input));
  }
  fuzz_say("kernel %s, changed by %02x", name, (unsigned)drawn);
}

void stage_begin(struct stage *stage, uint64_t seed,
                 const sim_settings *settings) {
  np_loop_options options;
  unsigned process_id;

  sim_settings in_step = *settings;

  memset(stage, 0, sizeof *stage);
  stage->answers_late = settings->pend_permille > 0 ||
                        settings->delay_permille > 0 ||
                        settings->cancel_late_permille > 0;
  stage->hides_ends =
      settings->late_status_permille > 0 || settings->short_get_permille > 0;
  stage->flushes_by_thread = !settings->flush_control;
  in_step.threads_in_step = true; /* np_pipe_flush uses threads. */
  sim_reset(seed, &in_step);
  process_id = (unsigned)GetCurrentProcessId();
  snprintf(stage->name, sizeof stage->name, "\\\\.\\pipe\\npipe-fuzz-%u",
           process_id);
  for (size_t i = 0; i < sizeof stage->name; i++) {
    stage->wide_name[i] = (WCHAR)(unsigned char)stage->name[i];
  }
  np_loop_options_init(&options);
  stage->memory.bytes_max = bytes_max;
  stage->memory.broken = too_much;
  stage->memory.context = stage;
  options.allocator = memory_allocator(&stage->memory);
  fuzz_law(np_loop_create(&options, &stage->loop) == NP_OK,
           "no loop can be made");
}

void stage_turn(struct stage *stage, uint32_t wait_ms) {
  np_error error;

  stage->turns = true;
  stage->waits += wait_ms > 0 ? 1u : 0u;
  error = np_loop_run_once(stage->loop, wait_ms);
  stage->turns = false;
  stage->idle_waits += wait_ms > 0 && error == WAIT_TIMEOUT ? 1u : 0u;
  fuzz_say("  a turn, waiting %u ms: %s", (unsigned)wait_ms,
           np_error_name(error));
  fuzz_law(
      error == NP_OK || error == WAIT_TIMEOUT || stage_is_fault(stage, error),
      "a turn of the loop gave %s", np_error_name(error));
}

void stage_settle(struct stage *stage) {
  for (int i = 0; np_loop_is_pending(stage->loop); i++) {
    fuzz_law(i < TURNS_MAX, "the loop has no end");
    stage_turn(stage, TURN_MS);
  }
}

static void on_closed(np_pipe *pipe) {
  struct stage *stage = np_pipe_user(pipe);

  fuzz_law(stage->turns, "on_closed ran outside of the loop");
  fuzz_law(stage->closing > 0, "on_closed ran uncalled for");
  stage->closing--;
}

void stage_close(struct stage *stage, np_pipe *pipe) {
  np_error error;

  np_pipe_set_user(pipe, stage);
  stage->closing++;
  error = np_pipe_close(pipe, on_closed);
  fuzz_law(error == NP_OK, "np_pipe_close gave %s", np_error_name(error));
  fuzz_law(np_pipe_close(pipe, NULL) == ERROR_INVALID_HANDLE,
           "a pipe can be closed twice");
}

void stage_fault(struct stage *stage, uint32_t nth) {
  stage->has_faults = stage->has_faults || nth > 0;
  sim_fault_any(nth);
}

void stage_memory_fault(struct stage *stage, uint32_t nth) {
  stage->has_memory_faults = stage->has_memory_faults || nth > 0;
  memory_fail(&stage->memory, nth);
}

bool stage_is_fault(const struct stage *stage, np_error error) {
  return (error == ERROR_NO_SYSTEM_RESOURCES && stage->has_faults) ||
         (error == ERROR_NOT_ENOUGH_MEMORY && stage->has_memory_faults);
}

void stage_end(struct stage *stage) {
  char report[REPORT_BYTES_MAX];

  stage_fault(stage, 0);
  stage_settle(stage);
  /* The operations of a raw end may be slow to end. */
  for (int i = 0; i < LAST_TURNS; i++) {
    sim_advance_ms(TURN_MS);
  }
  fuzz_law(stage->closing == 0, "%u pipes are not closed", stage->closing);
  fuzz_law(np_loop_destroy(stage->loop) == NP_OK, "the loop is still busy");
  fuzz_law(stage->memory.live == 0, "%zu blocks of memory are left",
           stage->memory.live);
  fuzz_law(sim_check(report, sizeof report), "the kernel: %s", report);
}
