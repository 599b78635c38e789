/* The environment of a program that never calls sim_reset: variables choose its
 * seed, settings and fault, and what is reported at its end. So a program that
 * knows nothing of npsim can be explored (npsim-explore does it). */
#include "process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_MAX = 256, FINDINGS_CODE = 98, USAGE_CODE = 2 };

static bool in_use; /* sim_reset takes over when it is called */

static void refuse(const char *name, const char *value) {
  fprintf(stderr, "npsim: %s has no such value: %s\n", name, value);
  _exit(USAGE_CODE);
}

static uint64_t number(const char *name) {
  const char *value = getenv(name);
  char *end;
  uint64_t result;

  if (value == NULL) {
    return 0;
  }
  result = strtoull(value, &end, 10);
  if (end == value || *end != 0) {
    refuse(name, value);
  }
  return result;
}

/* settings_take reads NPSIM_SETTINGS: a name, then members of sim_settings, as
 * in "slow,threads_in_step=true". */
static void settings_take(sim_settings *settings) {
  const char *value = getenv("NPSIM_SETTINGS");
  char text[TEXT_MAX];

  sim_settings_init(settings);
  snprintf(text, sizeof text, "%s", value != NULL ? value : "");
  for (char *rest = text; *rest != 0;) {
    char *word = rest;
    char *equals;

    rest += strcspn(rest, ",");
    if (*rest == ',') {
      *rest++ = 0;
    }
    equals = strchr(word, '=');
    if (equals != NULL) {
      *equals = 0;
    }
    if (equals == NULL ? !sim_settings_named(settings, word)
                       : !sim_settings_set(settings, word, equals + 1)) {
      refuse("NPSIM_SETTINGS", value);
    }
  }
}

/* kill_take reads NPSIM_KILL: "2:17", the second process at the 17th call. */
static void kill_take(void) {
  const char *value = getenv("NPSIM_KILL");
  unsigned long process;
  unsigned long long nth;
  char *end;

  if (value == NULL) {
    return;
  }
  process = strtoul(value, &end, 10);
  nth = *end == ':' ? strtoull(end + 1, &end, 10) : 0;
  if (*end != 0 || process == 0 || process > SIM_PROCESSES_MAX || nth == 0) {
    refuse("NPSIM_KILL", value);
  }
  sim__kill_plan((uint32_t)process, nth);
}

static void calls_write(void) {
  const char *path = getenv("NPSIM_CALLS");
  FILE *file = path != NULL ? fopen(path, "w") : NULL;

  if (file != NULL) {
    fprintf(file, "%llu %llu", (unsigned long long)sim_calls_total(),
            (unsigned long long)sim_steps());
    for (uint32_t i = 1; i <= SIM_PROCESSES_MAX; i++) {
      fprintf(file, " %llu", (unsigned long long)sim_lifetime(i));
    }
    fputc('\n', file);
    fclose(file);
  }
}

/* at_end runs when the program exits. Windows closes what a process leaves
 * open, so open handles are reported only if NPSIM_REPORT is "all". */
static void at_end(void) {
  const char *kind = getenv("NPSIM_REPORT");
  const char *text;

  if (!in_use) {
    return;
  }
  calls_write();
  pthread_mutex_lock(&sim__kernel.lock);
  if (kind != NULL && strcmp(kind, "all") == 0) {
    sim__handles_report(&sim__process_first);
    sim__ops_report();
  }
  text = sim__report_text();
  pthread_mutex_unlock(&sim__kernel.lock);
  if (*text != 0) {
    fflush(NULL);
    sim__kill_show(stderr);
    fprintf(stderr, "npsim found:\n%s", text);
    if (kind != NULL) {
      _exit(FINDINGS_CODE);
    }
  }
}

void sim__environment_begin(void) {
  const char *trace = getenv("NPSIM_TRACE");

  in_use = true;
  settings_take(&sim__kernel.settings);
  sim__kernel.random = number("NPSIM_SEED") + 1;
  sim__fault_plan_any(number("NPSIM_FAULT"));
  kill_take();
  if (trace != NULL) {
    sim__trace_to(fopen(trace, "w"), getenv("NPSIM_PLACES") != NULL);
  }
  atexit(at_end);
}

void sim__environment_end(void) {
  in_use = false;
}
