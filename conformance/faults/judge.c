/* Judges a run: was the injected error reported, by a function that may report
 * it? Some faults may stay silent; is_silent() lists them. */
#include "judge.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void doubt(struct run *r, const char *format, ...) {
  va_list arguments;

  if (r->doubt[0] != '\0') {
    return;
  }
  va_start(arguments, format);
  vsnprintf(r->doubt, sizeof r->doubt, format, arguments);
  va_end(arguments);
}

np_error plan_error(const struct plan *plan) {
  switch (plan->kind) {
    case PLAN_ALLOCATION:
      return ERROR_NOT_ENOUGH_MEMORY;
    case PLAN_CALL:
      if (strncmp(plan->function, "Nt", 2) == 0) {
        return RtlNtStatusToDosError((NTSTATUS)plan->error);
      }
      /* The library cannot learn the error of two functions, and reports its
       * own. */
      if (strcmp(plan->function, "SystemFunction036") == 0) {
        return ERROR_GEN_FAILURE;
      }
      return strcmp(plan->function, "GetFileType") == 0 ? ERROR_INVALID_HANDLE
                                                        : plan->error;
    case PLAN_COMPLETION:
      return RtlNtStatusToDosError((NTSTATUS)plan->error);
    default:
      return NP_OK;
  }
}

/* is_documented returns true if the header of `function` allows `error` in this
 * run. A function outside the library may give any error. */
static bool is_documented(const struct run *r, const char *function,
                          enum outcome_moment moment, np_error error) {
  const struct plan *plan = &r->plan;

  return strncmp(function, "np_", 3) != 0 ||
         outcome_is_named(function, moment, error) ||
         (plan->function != NULL &&
          /* If CancelIoEx fails, the operation ends by the close of the handle,
           * with whatever error Windows gives. */
          (strcmp(plan->function, "CancelIoEx") == 0 ||
           (error == plan_error(plan) &&
            outcome_is_passed_on(function, moment, plan->function))));
}

/* note_error records an error that no step expected. */
static void note_error(struct run *r, const char *function,
                       enum outcome_moment moment, np_error error) {
  if (r->first_error != NP_OK) {
    return;
  }
  r->first_error = error;
  r->first_error_from = function;
  if (!is_documented(r, function, moment, error)) {
    run_fail(r, "%s gave %s (%u), which its header does not name", function,
             np_error_name(error), (unsigned)error);
  }
}

/* is_injected returns true if `error` is the fault's error. A channel reports
 * an end inside a message as ERROR_HANDLE_EOF instead of ERROR_BROKEN_PIPE. */
static bool is_injected(const struct run *r, const char *function,
                        np_error error) {
  const np_error injected = plan_error(&r->plan);

  return error == injected ||
         (error == ERROR_HANDLE_EOF && injected == ERROR_BROKEN_PIPE &&
          strncmp(function, "np_channel_", 11) == 0);
}

void note_injected(struct run *r, const char *function,
                   enum outcome_moment moment, np_error error) {
  if (error != NP_OK && is_injected(r, function, error)) {
    r->is_told = true;
    note_error(r, function, moment, error);
  }
}

bool took(struct run *r, const char *function, np_error error) {
  return gave(r, function, OUTCOME_RETURNED, error, NP_OK);
}

bool refused(struct run *r, const char *function, np_error error,
             np_error expected) {
  return gave(r, function, OUTCOME_RETURNED, error, expected);
}

bool gave(struct run *r, const char *function, enum outcome_moment moment,
          np_error error, np_error expected) {
  note_injected(r, function, moment, error);
  if (error == NP_OK && expected != NP_OK) {
    doubt(r, "%s succeeded, %s was due", function, np_error_name(expected));
  } else if (error != expected) {
    note_error(r, function, moment, error);
  }
  return error == expected;
}

bool holds(struct run *r, bool truth, const char *what) {
  if (!truth) {
    doubt(r, "does not hold: %s", what);
  }
  return truth;
}

/* is_wait returns true if the fault hits the kernel's wait for an instance or
 * its notice of new names. The library then tries with delays instead. */
static bool is_wait(const struct run *r) {
  const char *function = r->plan.function != NULL ? r->plan.function : "";

  return strcmp(function, "NtOpenFile") == 0 ||
         strcmp(function, "NtFsControlFile") == 0 ||
         strcmp(function, "NtNotifyChangeDirectoryFile") == 0 ||
         (strcmp(function, "CreateIoCompletionPort") == 0 &&
          r->plan.nth == r->root_port);
}

/* is_nameless returns true if the fault hits the try to make a pair without a
 * name. A pair with a name is made then. */
static bool is_nameless(const struct run *r) {
  const char *function = r->plan.function != NULL ? r->plan.function : "";

  return (strcmp(function, "NtCreateNamedPipeFile") == 0 && r->plan.nth == 1) ||
         (strcmp(function, "NtOpenFile") == 0 &&
          (r->plan.nth == 1 || (r->scenario->flags & NO_NAMELESS) == 0));
}

/* is_silent returns true if the fault need not be reported. */
static bool is_silent(const struct run *r) {
  const unsigned flags = r->scenario->flags;
  const char *function = r->plan.function != NULL ? r->plan.function : "";

  if ((flags & READINESS) != 0 && strcmp(function, "ReadFile") == 0 &&
      (r->plan.error == (uint32_t)STATUS_CANCELLED || r->plan.nth > 1)) {
    /* A cancelled read-ahead is started again. A later ReadFile may be the
     * second half of a try that has returned data already. */
    return r->plan.kind != PLAN_NONE;
  }
  if ((flags & HOLDS_BACK) != 0 && strcmp(function, "ReadFile") == 0 &&
      r->plan.nth > 1) {
    return true; /* The cancel or the time limit is reported instead. */
  }
  if ((flags & TRIES_AGAIN) != 0 && is_wait(r)) {
    return true;
  }
  if ((flags & MAKES_PAIR) != 0 && is_nameless(r)) {
    return true;
  }
  if ((flags & SERVER_COMES) != 0 && r->plan.kind == PLAN_ALLOCATION) {
    return true; /* Without memory for a notice the library tries again. */
  }
  if ((flags & CLOSES_LISTENER) != 0 && r->closed > 0) {
    return true; /* A listener that is being closed reports nothing. */
  }
  if ((flags & FLUSHES) != 0 && strcmp(function, "NtFsControlFile") == 0 &&
      r->plan.error == (uint32_t)STATUS_NOT_SUPPORTED) {
    return true; /* A thread does the flush instead. */
  }
  if ((flags & LOOKS_FIRST) != 0 && strcmp(function, "ReadFile") == 0 &&
      r->plan.nth == 1 && r->plan.error == (uint32_t)STATUS_CANCELLED) {
    return true; /* The call had not asked yet: it looks once more. */
  }
  if ((flags & ASKS_NAMES) != 0 &&
      ((strcmp(function, "NtFsControlFile") == 0 &&
        (r->plan.error == (uint32_t)STATUS_OBJECT_NAME_NOT_FOUND ||
         r->plan.error == (uint32_t)STATUS_IO_TIMEOUT)) ||
       strcmp(function, "WideCharToMultiByte") == 0)) {
    return true; /* The name is missing, is busy, or is no text. */
  }
  if (r->plan.kind == PLAN_COMPLETION) {
    /* The library cannot tell its own cancel from a foreign one. */
    return (flags & CANCELS_FIRST) != 0 &&
           r->plan.error == (uint32_t)STATUS_CANCELLED;
  }
  STEP(r->plan.kind == PLAN_CALL);
  if (strcmp(function, "CancelIoEx") == 0) {
    /* After a failed cancel, a time limit tries again. A close continues
     * without it; the pending operation then ends when the peer goes. */
    return (flags & CANCELS_FIRST) == 0 || r->plan.nth > 1;
  }
  if (strcmp(function, "GetQueuedCompletionStatusEx") == 0) {
    /* This call only looks at the port, also after a time limit. A wait that
     * follows would report the error. */
    return (flags & ONLY_WAITS) == 0;
  }
  if (strcmp(function, "CreateFileW") == 0) {
    return ((flags & OPENS_AGAIN) != 0 &&
            r->plan.error == ERROR_ACCESS_DENIED) ||
           ((flags & TRIES_AGAIN) != 0 && r->plan.error == ERROR_PIPE_BUSY) ||
           ((flags & SERVER_COMES) != 0 &&
            r->plan.error == ERROR_FILE_NOT_FOUND);
  }
  if (strcmp(function, "NtQueryInformationFile") == 0) {
    /* A flush on a thread goes on where its handle may not ask; a channel has
     * asked twice before its flush. If the pipe seems to be disconnected, the
     * flush itself decides. */
    return (((flags & KNOWS_ITSELF) != 0 ||
             ((flags & FLUSHES) != 0 && r->plan.nth > 2)) &&
            r->plan.error == (uint32_t)STATUS_ACCESS_DENIED) ||
           ((flags & FLUSHES) != 0 &&
            r->plan.error == (uint32_t)STATUS_PIPE_DISCONNECTED);
  }
  if (strcmp(function, "PostQueuedCompletionStatus") == 0) {
    /* The flush's worker tries again, and so does the loop that asks whether a
     * packet follows an answer. */
    return (flags & (FLUSHES | CUTS_MESSAGES)) != 0;
  }
  if (strcmp(function, "CancelSynchronousIo") == 0 ||
      strcmp(function, "SleepConditionVariableSRW") == 0) {
    return true; /* A flusher's threads try again. */
  }
  return false;
}

void judge(struct run *r, bool finished) {
  if (r->plan.kind == PLAN_VANISH) {
    return; /* The results depend on the moment. */
  }
  if (r->plan.kind == PLAN_NONE) {
    if (!finished || r->first_error != NP_OK || r->doubt[0] != '\0') {
      run_fail(r, "failed without a fault: %s; %s gave %s (%u)", r->doubt,
               r->first_error_from != NULL ? r->first_error_from : "a step",
               np_error_name(r->first_error), (unsigned)r->first_error);
    }
    return;
  }
  if (r->plan.kind != PLAN_ALLOCATION && sim_faults_hit() != 1) {
    run_fail(r, "the run did not reach the fault");
  }
  if (r->is_told || is_silent(r)) {
    return;
  }
  if (r->first_error != NP_OK) {
    run_fail(r, "%s gave %s (%u) instead of %s", r->first_error_from,
             np_error_name(r->first_error), (unsigned)r->first_error,
             np_error_name(plan_error(&r->plan)));
  }
  run_fail(r, "no function reported the fault; %s", r->doubt);
}
