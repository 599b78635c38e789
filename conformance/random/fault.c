/* The faults of a run: a call, a packet or an allocation fails later, or an end
 * becomes slow. The play records each fault, because its errors are right from
 * then on. */
#include "play.h"

#include <ntstatus.h>

static void step_fault_late(struct play *play, const struct step *step) {
  static const char *const functions[] = {"ReadFile", "WriteFile",
                                          "ConnectNamedPipe"};
  const char *function = functions[step->a % 3];
  const uint64_t nth = 1 + step->c % 4;

  play->faults = true;
  say(play, "%s number %u from now will fail by its packet", function,
      (unsigned)nth);
  sim_fault_completion(function, nth, STATUS_INSUFFICIENT_RESOURCES);
}

/* step_fault_io starts an operation behind those in flight; mostly it fails
 * before they end. */
static void step_fault_io(struct play *play, const struct step *step) {
  struct end *end = pick_end(play, step->a, is_library);
  const bool writes = step->c % 3 == 0;
  const char *function = writes ? "WriteFile" : "ReadFile";
  const uint64_t nth = 1 + step->d % 2;

  play->faults = true;
  say(play, "%s number %u from now will fail", function, (unsigned)nth);
  sim_fault(function, nth, ERROR_NO_SYSTEM_RESOURCES);
  if (end != NULL && writes) {
    begin_write(end, NULL, step);
  } else if (end != NULL) {
    begin_read(end, NULL, step);
  }
}

static void step_fault_cancel(struct play *play, const struct step *step) {
  const uint64_t nth = 1 + step->c % 2;

  play->faults = true;
  say(play, "cancel number %u from now will fail", (unsigned)nth);
  sim_fault("CancelIoEx", nth, ERROR_NO_SYSTEM_RESOURCES);
}

static void step_fault_any(struct play *play, const struct step *step) {
  const uint64_t nth = 1 + step->c % 12;

  play->faults = true;
  say(play, "call number %u from now will fail", (unsigned)nth);
  sim_fault_any(nth);
}

static void step_fault_memory(struct play *play, const struct step *step) {
  const uint32_t nth = 1 + step->c % 3;

  play->memory_fault = true;
  say(play, "allocation number %u from now will fail", (unsigned)nth);
  memory_fail(&play->memory, nth);
}

void step_fault(struct play *play, const struct step *step) {
  switch (step->kind) {
    case STEP_FAULT_LATE:
      step_fault_late(play, step);
      break;
    case STEP_FAULT_IO:
      step_fault_io(play, step);
      break;
    case STEP_FAULT_CANCEL:
      step_fault_cancel(play, step);
      break;
    case STEP_FAULT_MEMORY:
      step_fault_memory(play, step);
      break;
    default:
      step_fault_any(play, step);
      break;
  }
}

void step_slow(struct play *play, const struct step *step, bool cancel) {
  struct end *end = pick_end(play, step->a, NULL);
  HANDLE handle;

  if (end == NULL) {
    return;
  }
  play->was_slowed = true;
  handle = end->pipe != NULL ? np_pipe_handle(end->pipe) : end->raw;
  if (cancel) {
    sim_cancel_late(handle, step->c % 20);
  } else {
    sim_slow(handle, step->c % 20);
  }
  say(play, "end %u is slow to %s: %u ms", end->number,
      cancel ? "cancel" : "complete", (unsigned)(step->c % 20));
}
