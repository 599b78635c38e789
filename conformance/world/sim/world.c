/* The world of the cases on the simulated kernel (world.h). */
#include "world.h"
#include "world/host.h"

#include <windows.h>
#include <sim/sim.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The leak check of AddressSanitizer, if the program is built with it. It runs
 * after each case that left more memory than it found, so that a leak is
 * reported with its case. The check at the end of the process sees the rest. */
extern int sanitizer_leaks(void) __asm__("__lsan_do_recoverable_leak_check")
    __attribute__((weak));
extern size_t sanitizer_bytes(void) __asm__(
    "__sanitizer_get_current_allocated_bytes") __attribute__((weak));

static sim_settings settings;
static bool has_settings;
static char settings_name[32] = "win11";
static bool trace;
static unsigned pipe_count;
static bool seed_matters = true;
static size_t bytes_before; /* allocated as the case began */

const char *world_name(void) {
  return "sim";
}

/* Takes a line "name = value" or "base = NAME"; false when it is neither. */
static bool settings_line(char *line) {
  char name[64];
  char value[64];
  char more[2];
  int count;

  line[strcspn(line, "#\r\n")] = '\0';
  count = sscanf(line, " %63[a-z0-9_] = %63s %1s", name, value, more);
  if (count == 2 && strcmp(name, "base") == 0) {
    return sim_settings_named(&settings, value);
  }
  if (count == 2) {
    return sim_settings_set(&settings, name, value);
  }
  return count != 1 && line[strspn(line, " ")] == '\0';
}

static bool settings_read(const char *path) {
  FILE *file = fopen(path, "r");
  char line[256];
  bool good = file != NULL;
  int number = 0;

  sim_settings_init(&settings);
  while (good && fgets(line, sizeof(line), file) != NULL) {
    number++;
    good = settings_line(line);
    if (!good) {
      fprintf(stderr, "%s:%d: no setting of the simulated kernel: %s\n", path,
              number, line);
    }
  }
  if (file != NULL) {
    fclose(file);
  }
  return good;
}

bool world_set_settings(const char *name) {
  const char *base = strrchr(name, '/');

  has_settings = sim_settings_named(&settings, name) || settings_read(name);
  if (has_settings) {
    snprintf(settings_name, sizeof(settings_name), "%s",
             base != NULL ? base + 1 : name);
  }
  return has_settings;
}

bool world_settings_text(size_t index, char *out, size_t size) {
  if (!has_settings) {
    sim_settings_init(&settings);
  }
  return sim_settings_text(&settings, index, out, size);
}

const char *world_settings_name(size_t index) {
  return index < sim_settings_count() ? sim_settings_name(index) : NULL;
}

bool world_has_settings(const char *name) {
  sim_settings ignored;

  return sim_settings_named(&ignored, name);
}

void world_version(char *out, size_t size) {
  snprintf(out, size, "%s", settings_name);
}

void world_set_trace(bool on) {
  trace = on;
}

void world_trace_print(void) {
  char *text = trace ? sim_trace_text() : NULL;

  if (text != NULL) {
    fprintf(stderr, "trace:\n%s", text);
  }
  free(text);
}

char *world_trace_text(void) {
  return trace && !sim_had_threads() ? sim_trace_text() : NULL;
}

bool world_trace_write(const char *file) {
  char *text = sim_trace_text();
  FILE *out = fopen(file, "w");
  bool good = out != NULL && fputs(text, out) >= 0;

  free(text);
  return out != NULL && fclose(out) == 0 && good;
}

void world_case_begin(const char *id, uint64_t seed) {
  (void)id;
  pipe_count = 0;
  sim_reset(seed, has_settings ? &settings : NULL);
  sim_trace(trace);
  if (sanitizer_leaks != NULL) {
    bytes_before = sanitizer_bytes();
  }
}

/* has_leaked looks for lost memory only if the case left more memory than it
 * found. A trace is memory of the kernel that is still wanted. */
static bool has_leaked(void) {
  if (sanitizer_leaks == NULL) {
    return false;
  }
  if (!trace) {
    sim_reset(0, NULL);
    if (sanitizer_bytes() <= bytes_before) {
      return false;
    }
  }
  return sanitizer_leaks() != 0;
}

bool world_case_end(char *report, size_t size) {
  seed_matters = sim_seed_matters();
  if (!sim_check(report, size)) {
    return false;
  }
  if (has_leaked()) {
    snprintf(report, size, "memory leaked, as told above");
    return false;
  }
  return true;
}

bool world_seed_matters(void) {
  return seed_matters;
}

bool world_warms_up(void) {
  return false;
}

void world_pipe_name(char *out, size_t size) {
  snprintf(out, size, "\\\\.\\pipe\\npipe-%lu-%u",
           (unsigned long)GetCurrentProcessId(),
           __atomic_add_fetch(&pipe_count, 1, __ATOMIC_RELAXED));
}

void world_set_time_scale(double scale) {
  (void)scale; /* Time is virtual. */
}

uint64_t world_now_ms(void) {
  return GetTickCount64();
}

uint64_t world_timeout_ms(uint64_t ms) {
  return ms;
}

bool world_call_count(const char *name, uint64_t *count) {
  *count = sim_calls(name);
  return true;
}

bool world_has_users(void) {
  return true;
}

bool world_set_user(const char *user) {
  return sim_set_user(user);
}

bool world_confine(const char *how) {
  static const char *const users[][2] = {{"restricted", "alice-restricted"},
                                         {"limited", "alice-limited"},
                                         {"app-container", "alice-app"}};

  for (size_t i = 0; i < sizeof(users) / sizeof(users[0]); i++) {
    if (strcmp(how, users[i][0]) == 0) {
      return sim_set_user(users[i][1]);
    }
  }
  return false;
}

bool world_touch_new(void) {
  sim_touch(true);
  return true;
}

bool world_handles_left(uint32_t count) {
  sim_handles_left(count);
  return true;
}

bool world_lie_count(const char *function, uint32_t bytes) {
  sim_lie_count(function, 1, bytes);
  return true;
}

bool world_lie(const char *function, uint32_t bytes, uint32_t value) {
  sim_lie(function, 1, bytes, value);
  return true;
}

bool world_refuse(const char *function, uint32_t error) {
  sim_fault(function, 1, error);
  return true;
}

bool world_refuse_all(const char *function, unsigned count, uint32_t error) {
  for (unsigned nth = 1; nth <= count; nth++) {
    sim_fault(function, nth, error);
  }
  return true;
}

bool world_user_sid(const char *user, char *out, size_t size) {
  if (strcmp(user, "alice") != 0 && strcmp(user, "bob") != 0) {
    return false;
  }
  snprintf(out, size, "S-1-5-21-10-20-30-%s", user[0] == 'a' ? "1001" : "1002");
  return true;
}
