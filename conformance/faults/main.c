/* npipe-faults: plays each scenario once without a fault. Then it plays the
 * scenario again for each of its allocations and system calls, and lets that
 * one fail. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kit/child.h"
#include "kit/usage.h"
#include "run.h"

enum {
  ERRORS_MAX = 5,
  RUN_SECONDS_MAX = 60 /* real time; a run takes milliseconds */
};

/* The errors with which each function may fail. The table has only errors that
 * Windows may return there, and none that mean "done". */
struct fault {
  const char *function;
  uint32_t errors[ERRORS_MAX];
  /* statuses in the packet of a call that pends */
  uint32_t statuses[ERRORS_MAX];
};

static const struct fault faults[] = {
    {"CreateNamedPipeW",
     {ERROR_ACCESS_DENIED, ERROR_PIPE_BUSY, ERROR_NO_SYSTEM_RESOURCES,
      ERROR_INVALID_PARAMETER},
     {0}},
    {"CreateFileW",
     {ERROR_FILE_NOT_FOUND, ERROR_ACCESS_DENIED, ERROR_PIPE_BUSY,
      ERROR_NO_SYSTEM_RESOURCES},
     {0}},
    {"ConnectNamedPipe",
     {ERROR_NO_SYSTEM_RESOURCES, ERROR_NOT_ENOUGH_QUOTA},
     {(uint32_t)STATUS_INSUFFICIENT_RESOURCES, (uint32_t)STATUS_CANCELLED}},
    {"ReadFile",
     {ERROR_NO_SYSTEM_RESOURCES, ERROR_NOT_ENOUGH_QUOTA,
      ERROR_WORKING_SET_QUOTA, ERROR_BROKEN_PIPE},
     {(uint32_t)STATUS_INSUFFICIENT_RESOURCES, (uint32_t)STATUS_PIPE_BROKEN,
      (uint32_t)STATUS_CANCELLED}},
    {"WriteFile",
     {ERROR_NO_SYSTEM_RESOURCES, ERROR_NOT_ENOUGH_QUOTA,
      ERROR_WORKING_SET_QUOTA, ERROR_NO_DATA},
     {(uint32_t)STATUS_INSUFFICIENT_RESOURCES, (uint32_t)STATUS_PIPE_BROKEN,
      (uint32_t)STATUS_CANCELLED}},
    {"TransactNamedPipe",
     {ERROR_NO_SYSTEM_RESOURCES, ERROR_PIPE_BUSY},
     {(uint32_t)STATUS_INSUFFICIENT_RESOURCES, (uint32_t)STATUS_PIPE_BROKEN,
      (uint32_t)STATUS_CANCELLED}},
    {"CancelIoEx", {ERROR_NO_SYSTEM_RESOURCES, ERROR_INVALID_HANDLE}, {0}},
    {"CreateIoCompletionPort",
     {ERROR_NO_SYSTEM_RESOURCES, ERROR_INVALID_PARAMETER,
      ERROR_NOT_ENOUGH_MEMORY},
     {0}},
    {"GetQueuedCompletionStatusEx",
     {ERROR_NO_SYSTEM_RESOURCES, ERROR_ABANDONED_WAIT_0},
     {0}},
    {"PostQueuedCompletionStatus",
     {ERROR_NO_SYSTEM_RESOURCES, ERROR_NOT_ENOUGH_MEMORY},
     {0}},
    {"SetFileCompletionNotificationModes",
     {ERROR_INVALID_PARAMETER, ERROR_NO_SYSTEM_RESOURCES},
     {0}},
    {"SetNamedPipeHandleState",
     {ERROR_ACCESS_DENIED, ERROR_NO_SYSTEM_RESOURCES},
     {0}},
    {"NtQueryInformationFile",
     {(uint32_t)STATUS_ACCESS_DENIED, (uint32_t)STATUS_INSUFFICIENT_RESOURCES,
      (uint32_t)STATUS_PIPE_DISCONNECTED},
     {0}},
    {"NtOpenFile",
     {(uint32_t)STATUS_ACCESS_DENIED, (uint32_t)STATUS_INSUFFICIENT_RESOURCES},
     {0}},
    {"NtCreateNamedPipeFile",
     {(uint32_t)STATUS_ACCESS_DENIED, (uint32_t)STATUS_INSUFFICIENT_RESOURCES,
      (uint32_t)STATUS_OBJECT_TYPE_MISMATCH},
     {0}},
    {"SystemFunction036", {ERROR_INVALID_FUNCTION}, {0}},
    {"NtNotifyChangeDirectoryFile",
     {(uint32_t)STATUS_ACCESS_DENIED, (uint32_t)STATUS_OBJECT_TYPE_MISMATCH},
     {(uint32_t)STATUS_INSUFFICIENT_RESOURCES, (uint32_t)STATUS_CANCELLED}},
    {"NtQueryDirectoryFile",
     {(uint32_t)STATUS_ACCESS_DENIED, (uint32_t)STATUS_INSUFFICIENT_RESOURCES,
      (uint32_t)STATUS_BAD_DEVICE_TYPE},
     {0}},
    {"NtFsControlFile",
     {(uint32_t)STATUS_INSUFFICIENT_RESOURCES,
      (uint32_t)STATUS_OBJECT_NAME_NOT_FOUND, (uint32_t)STATUS_NOT_SUPPORTED},
     {(uint32_t)STATUS_INSUFFICIENT_RESOURCES,
      (uint32_t)STATUS_OBJECT_NAME_NOT_FOUND, (uint32_t)STATUS_CANCELLED,
      (uint32_t)STATUS_IO_TIMEOUT, (uint32_t)STATUS_NOT_SUPPORTED}},
    {"NtQueryObject",
     {(uint32_t)STATUS_ACCESS_DENIED, (uint32_t)STATUS_INSUFFICIENT_RESOURCES},
     {0}},
    {"SetHandleInformation", {ERROR_INVALID_HANDLE}, {0}},
    {"DuplicateHandle", {ERROR_NO_SYSTEM_RESOURCES, ERROR_ACCESS_DENIED}, {0}},
    {"NtFlushBuffersFile",
     {(uint32_t)STATUS_INSUFFICIENT_RESOURCES, (uint32_t)STATUS_PIPE_BROKEN,
      (uint32_t)STATUS_PIPE_DISCONNECTED},
     {0}},
    {"CancelSynchronousIo", {ERROR_NO_SYSTEM_RESOURCES}, {0}},
    {"SleepConditionVariableSRW", {ERROR_NO_SYSTEM_RESOURCES}, {0}},
    {"CreateThread", {ERROR_NO_SYSTEM_RESOURCES}, {0}},
    {"CreateEventW", {ERROR_NO_SYSTEM_RESOURCES}, {0}},
    {"GetFileType", {ERROR_INVALID_HANDLE}, {0}},
    {"GetFullPathNameW", {ERROR_NOT_ENOUGH_MEMORY}, {0}},
    {"ConvertStringSecurityDescriptorToSecurityDescriptorW",
     {ERROR_INVALID_ACL, ERROR_INVALID_SID, ERROR_NOT_ENOUGH_MEMORY},
     {0}},
    {"ConvertSidToStringSidW", {ERROR_NOT_ENOUGH_MEMORY}, {0}},
    {"ConvertStringSidToSidW",
     {ERROR_INVALID_SID, ERROR_NOT_ENOUGH_MEMORY},
     {0}},
    {"OpenThreadToken", {ERROR_ACCESS_DENIED, ERROR_NO_SYSTEM_RESOURCES}, {0}},
    {"OpenProcessToken", {ERROR_ACCESS_DENIED, ERROR_NO_SYSTEM_RESOURCES}, {0}},
    {"GetTokenInformation", {ERROR_NO_SYSTEM_RESOURCES}, {0}},
    {"GetKernelObjectSecurity",
     {ERROR_ACCESS_DENIED, ERROR_NO_SYSTEM_RESOURCES},
     {0}},
    {"ImpersonateNamedPipeClient",
     {ERROR_CANNOT_IMPERSONATE, ERROR_NO_SYSTEM_RESOURCES},
     {0}},
    {"GetNamedPipeClientProcessId",
     {ERROR_NOT_FOUND, ERROR_NO_SYSTEM_RESOURCES},
     {0}},
    {"GetNamedPipeServerProcessId",
     {ERROR_PIPE_NOT_CONNECTED, ERROR_NO_SYSTEM_RESOURCES},
     {0}},
    {"GetNamedPipeClientSessionId", {ERROR_NO_SYSTEM_RESOURCES}, {0}},
    {"GetNamedPipeServerSessionId", {ERROR_NO_SYSTEM_RESOURCES}, {0}},
    {"GetNamedPipeClientComputerNameW",
     {ERROR_PIPE_LOCAL, ERROR_NO_SYSTEM_RESOURCES},
     {0}},
    {"RevertToSelf", {ERROR_NO_SYSTEM_RESOURCES}, {0}},
    /* the library turns a missing function into this error */
    {"GetProcAddress", {ERROR_CALL_NOT_IMPLEMENTED}, {0}},
    {"WideCharToMultiByte", {ERROR_NO_UNICODE_TRANSLATION}, {0}},
};

static const char *const kind_names[] = {"none", "allocation", "call",
                                         "completion", "vanish"};

struct options {
  const char *settings; /* NULL: all */
  const char *scenario; /* NULL: all */
  struct plan plan;     /* PLAN_NONE: all */
  bool has_plan;
  bool list;
  bool verbose;
};

/* Counters of all runs, and the calls that the clean run made. They lie in
 * memory that the child processes share. */
struct tally {
  uint64_t points;
  uint64_t failures;
  uint64_t allocations;
  uint64_t calls;
  uint64_t calls_of[sizeof faults / sizeof faults[0]];
};

static struct run current;
static const char *current_settings;
static struct tally *tally;
static struct scenario *scenarios;

void scenario_register(struct scenario *scenario) {
  struct scenario **at = &scenarios;

  while (*at != NULL && strcmp((*at)->id, scenario->id) < 0) {
    at = &(*at)->next;
  }
  scenario->next = *at;
  *at = scenario;
}

static void plan_text(const struct plan *plan, char *out, size_t size) {
  const char *kind = kind_names[plan->kind];
  unsigned long long nth = plan->nth;

  if (plan->kind == PLAN_NONE) {
    snprintf(out, size, "none");
  } else if (plan->function != NULL) {
    snprintf(out, size, "%s:%s:%llu:%u", kind, plan->function, nth,
             (unsigned)plan->error);
  } else {
    snprintf(out, size, "%s:%llu", kind, nth);
  }
}

static void print_failure(const char *what) {
  char text[128];

  plan_text(&current.plan, text, sizeof text);
  printf(
      "FAIL %s, settings %s, fault %s\n     %s\n"
      "     repeat: npipe-faults --settings %s --scenario %s --fault %s\n",
      current.scenario->id, current_settings, text, what, current_settings,
      current.scenario->id, text);
  fflush(stdout);
}

static void note_calls(void) {
  uint64_t known = 0;

  tally->allocations = current.memory.total;
  tally->calls = sim_calls_total();
  for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
    tally->calls_of[i] = sim_calls(faults[i].function);
    known += tally->calls_of[i];
  }
  if (tally->calls > known) {
    run_fail(&current,
             "%llu calls are of functions that npipe-faults does not know",
             (unsigned long long)(tally->calls - known));
  }
}

static void play(const struct scenario *scenario, const struct plan *plan,
                 const sim_settings *settings, bool verbose) {
  char text[128];

  alarm(RUN_SECONDS_MAX);
  run_scenario(&current, scenario, plan, settings);
  alarm(0);
  if (plan->kind == PLAN_NONE) {
    note_calls();
  } else {
    tally->points++;
  }
  if (current.failure[0] != '\0') {
    tally->failures++;
    print_failure(current.failure);
  } else if (verbose) {
    plan_text(plan, text, sizeof text);
    printf("ok   %s, settings %s, fault %s: %s\n", scenario->id,
           current_settings, text, np_error_name(current.first_error));
  }
}

/* play_all plays `scenario` with each fault that it can meet. */
static void play_all(const struct scenario *scenario,
                     const sim_settings *settings, bool verbose) {
  static const struct plan clean = {PLAN_NONE, NULL, 0, 0};
  struct tally counts;
  struct plan plan = {PLAN_ALLOCATION, NULL, 0, 0};

  play(scenario, &clean, settings, verbose);
  if ((scenario->flags & LIES) != 0) {
    return; /* A fault may hit the call that is to lie. */
  }
  counts = *tally;
  for (plan.nth = 1; plan.nth <= counts.allocations; plan.nth++) {
    play(scenario, &plan, settings, verbose);
  }
  for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
    plan.function = faults[i].function;
    for (plan.nth = 1; plan.nth <= counts.calls_of[i]; plan.nth++) {
      plan.kind = PLAN_CALL;
      for (int k = 0; k < ERRORS_MAX && faults[i].errors[k] != 0; k++) {
        plan.error = faults[i].errors[k];
        play(scenario, &plan, settings, verbose);
      }
      plan.kind = PLAN_COMPLETION;
      for (int k = 0; k < ERRORS_MAX && faults[i].statuses[k] != 0; k++) {
        plan.error = faults[i].statuses[k];
        play(scenario, &plan, settings, verbose);
      }
    }
  }
  if (strncmp(scenario->id, "raw/", 4) == 0) {
    plan.kind = PLAN_VANISH;
    plan.function = NULL;
    plan.error = 0;
    for (plan.nth = 1; plan.nth <= counts.calls; plan.nth++) {
      play(scenario, &plan, settings, verbose);
    }
  }
}

/* play_settings plays all scenarios with one set of settings. */
static void play_settings(const struct options *options, const char *name) {
  sim_settings settings;

  current_settings = name;
  sim_settings_named(&settings, name);
  settings.threads_in_step = true; /* else a call may come a turn later */
  for (const struct scenario *s = scenarios; s != NULL; s = s->next) {
    if (options->scenario != NULL && strcmp(options->scenario, s->id) != 0) {
      continue;
    }
    if (options->has_plan) {
      play(s, &options->plan, &settings, true);
    } else {
      play_all(s, &settings, options->verbose);
    }
  }
  sim_reset(1, &settings);
}

static bool parse_plan(char *text, struct plan *plan) {
  char *parts[4] = {0};
  size_t count = 0;

  for (char *at = text; at != NULL && count < 4;) {
    char *colon = strchr(at, ':');

    parts[count++] = at;
    if (colon != NULL) {
      *colon++ = '\0';
    }
    at = colon;
  }
  for (int kind = 0; kind <= PLAN_VANISH; kind++) {
    if (count > 0 && strcmp(parts[0], kind_names[kind]) == 0) {
      plan->kind = (enum plan_kind)kind;
      if (count == 4) {
        plan->function = parts[1];
        plan->nth = strtoull(parts[2], NULL, 0);
        plan->error = (uint32_t)strtoul(parts[3], NULL, 0);
        return true;
      }
      plan->nth = count == 2 ? strtoull(parts[1], NULL, 0) : 0;
      return count == 2 || kind == PLAN_NONE;
    }
  }
  return false;
}

static const char usage[] =
    "usage: npipe-faults [--settings NAME] [--scenario ID] [--fault FAULT]\n"
    "                    [--list] [--verbose]\n"
    "\n"
    "Runs each scenario once for each fault that it can meet.\n"
    "  --settings NAME  only this kind of the simulated kernel\n"
    "  --scenario ID    only this scenario\n"
    "  --fault FAULT    only this fault: none, allocation:N,\n"
    "                   call:FUNCTION:N:ERROR, completion:FUNCTION:N:STATUS\n"
    "                   or vanish:N (the peer's process dies)\n"
    "  --list           print the scenarios and run nothing\n"
    "  --verbose        print each run\n"
    "  --help           print this text\n";

static _Noreturn void refuse(const char *argument) {
  usage_refuse("npipe-faults", argument);
}

static void parse_options(int argc, char **argv, struct options *options) {
  usage_help(argc, argv, usage);
  for (int i = 1; i < argc; i++) {
    const char *value = i + 1 < argc ? argv[i + 1] : NULL;

    if (strcmp(argv[i], "--list") == 0) {
      options->list = true;
    } else if (strcmp(argv[i], "--verbose") == 0) {
      options->verbose = true;
    } else if (value == NULL) {
      refuse(argv[i]);
    } else if (strcmp(argv[i], "--settings") == 0) {
      sim_settings settings;

      options->settings = argv[++i];
      if (!sim_settings_named(&settings, options->settings)) {
        refuse(argv[i]);
      }
    } else if (strcmp(argv[i], "--scenario") == 0) {
      options->scenario = argv[++i];
    } else if (strcmp(argv[i], "--fault") == 0) {
      options->has_plan = parse_plan(argv[++i], &options->plan);
      if (!options->has_plan) {
        refuse(argv[i]);
      }
    } else {
      refuse(argv[i]);
    }
  }
}

int main(int argc, char **argv) {
  struct options options = {0};
  size_t scenario_count = 0;

  parse_options(argc, argv, &options);
  for (const struct scenario *s = scenarios; s != NULL; s = s->next) {
    scenario_count++;
    if (options.list) {
      printf("%s\n", s->id);
    }
  }
  if (options.list) {
    return 0;
  }
  tally = child_share(sizeof *tally);
  for (size_t i = 0; i < sim_settings_count(); i++) {
    const char *name = sim_settings_name(i);
    int status = 0;

    if (options.settings != NULL && strcmp(options.settings, name) != 0) {
      continue;
    }
    if (child_begin(&status)) {
      child_catch(print_failure); /* A death is the failure of its run. */
      play_settings(&options, name);
      exit(0);
    }
    if (!child_passed(status)) {
      tally->failures++;
      printf("FAIL a child process ended with status %d\n", status);
    }
  }
  printf("%llu fault points in %zu scenarios, %llu failures\n",
         (unsigned long long)tally->points, scenario_count,
         (unsigned long long)tally->failures);
  return tally->failures == 0 && (tally->points > 0 || options.has_plan) ? 0
                                                                         : 1;
}
