/* The way of each Windows call through the kernel: the lock, the count, the
 * trace, and the reports of misuse. Also the begin and the end of a kernel
 * (sim_reset, sim_check). */
#define _GNU_SOURCE /* dladdr */
#include "process.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct kernel sim__kernel = {.lock = PTHREAD_MUTEX_INITIALIZER,
                             .changed = PTHREAD_COND_INITIALIZER,
                             .next_due = NEVER,
                             .ops_tail = &sim__kernel.ops};

enum { COUNTERS_MAX = 256, CALL_NS = 100 };

static struct counter {
  const char *name;
  uint64_t count;
  bool may_fail;
} counters[COUNTERS_MAX];
static uint64_t calls_total;

/* Text that grows. */
struct text {
  char *at;
  size_t used;
  size_t capacity;
};
static struct text reports;
static struct text trace;
static bool tracing;
static FILE *trace_file; /* takes the lines in place of `trace` */
static bool tracing_places;

static void text_add(struct text *text, const char *line) {
  size_t length = strlen(line);

  if (text->used + length + 1 > text->capacity) {
    text->capacity = (text->used + length + 1) * 2;
    text->at = realloc(text->at, text->capacity);
  }
  memcpy(text->at + text->used, line, length + 1);
  text->used += length;
}

static void text_deinit(struct text *text) {
  free(text->at);
  memset(text, 0, sizeof *text);
}

/* --- Reports ------------------------------------------------------------- */

void sim__report(const char *format, ...) {
  char line[512];
  va_list arguments;
  size_t length;

  va_start(arguments, format);
  vsnprintf(line, sizeof line - 1, format, arguments);
  va_end(arguments);
  length = strlen(line);
  line[length] = '\n';
  line[length + 1] = 0;
  text_add(&reports, line);
}

void sim__misuse(const char *format, ...) {
  char line[320];
  char place[160];
  va_list arguments;
  const struct call *call = sim__thread_self()->call;

  va_start(arguments, format);
  vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  if (call != NULL) {
    sim__report("misuse: %s in %s: %s", call->name,
                sim__place_text(call->place, place, sizeof place), line);
  } else {
    sim__report("misuse: %s", line);
  }
  if (sim__kernel.settings.abort_on_misuse) {
    fputs(reports.at, stderr);
    abort();
  }
}

const char *sim__report_text(void) {
  return reports.used > 0 ? reports.at : "";
}

/* With sanitizers sim__place_text knows the source line. Else dladdr gives the
 * symbol if it is exported, or an offset for addr2line. */
extern void __sanitizer_symbolize_pc(const void *, const char *, char *, size_t)
    __attribute__((weak));

const char *sim__place_text(const void *place, char *out, size_t size) {
  Dl_info info;

  out[0] = 0;
  if (place == NULL) {
    snprintf(out, size, "the kernel");
  } else if (__sanitizer_symbolize_pc != NULL) {
    __sanitizer_symbolize_pc((const char *)place - 1, "%f %S", out, size);
  } else if (dladdr(place, &info) != 0) {
    const char *base = info.dli_sname != NULL ? info.dli_saddr : info.dli_fbase;
    snprintf(out, size, "%s+0x%tx",
             info.dli_sname != NULL ? info.dli_sname : info.dli_fname,
             (const char *)place - base);
  } else {
    snprintf(out, size, "%p", place);
  }
  return out;
}

/* --- Calls --------------------------------------------------------------- */

/* count counts a call, and returns true if the call may fail. */
static bool count(const char *name) {
  size_t i = ((uintptr_t)name >> 3) % COUNTERS_MAX;

  while (counters[i].name != NULL && counters[i].name != name) {
    i = (i + 1) % COUNTERS_MAX;
  }
  if (counters[i].name == NULL) {
    counters[i].name = name;
    counters[i].may_fail = sim__fault_may_hit(name);
  }
  counters[i].count++;
  return counters[i].may_fail;
}

/* counts_reset clears the counts and keeps everything else that is known of a
 * function. */
static void counts_reset(void) {
  for (size_t i = 0; i < COUNTERS_MAX; i++) {
    counters[i].count = 0;
  }
}

static void enter(struct call *call, const char *name, const void *place) {
  pthread_mutex_lock(&sim__kernel.lock);
  if (sim__kernel.random == 0) {
    sim__environment_begin(); /* this program never called sim_reset */
    sim__clock_reset();
    sim__threads_reset();
  }
  if (sim__thread_self()->is_ending) {
    sim__thread_quit();
  }
  memset(call, 0, offsetof(struct call, text));
  call->text[0] = 0;
  call->name = name;
  call->place = place;
  sim__thread_self()->call = call;
  call->may_fail = count(name);
  if (sim__thread_self()->suspend_count > 0) {
    sim__thread_pause();
  }
  sim__clock_step(CALL_NS);
}

bool sim__call_begin(struct call *call, const char *name, const void *place,
                     const char *format, ...) {
  enter(call, name, place);
  if (tracing) {
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(call->text, sizeof call->text, format, arguments);
    va_end(arguments);
  }
  calls_total += call->may_fail;
  sim__kill_draw();
  if (sim__thread_self()->is_ending) {
    sim__thread_quit();
  }
  return !sim__fault_draw(call);
}

void sim__call_note(struct call *call, const char *name, const void *place) {
  enter(call, name, place);
  call->quiet = true;
}

static void leave(struct call *call) {
  struct thread *self = sim__thread_self();

  self->call = NULL;
  if (tracing && !call->quiet) {
    char place[160] = "";
    char line[480];

    if (tracing_places) {
      memcpy(place, " in ", sizeof " in ");
      sim__place_text(call->place, place + 4, sizeof place - 4);
    }
    snprintf(line, sizeof line, "%llu %u %s(%s) = %x%s\n",
             (unsigned long long)(sim__kernel.now_ns / 1000), self->id,
             call->name, call->text, call->error, place);
    if (trace_file != NULL) {
      fputs(line, trace_file);
    } else {
      text_add(&trace, line);
    }
  }
  sim__threads_step();
  if (self->suspend_count > 0) {
    self->call = call;
    sim__thread_pause();
    self->call = NULL;
  }
  if (self->is_ending) {
    sim__thread_quit();
  }
  pthread_mutex_unlock(&sim__kernel.lock);
  if (call->alerted) {
    sim__apcs_run();
  }
}

bool sim__call_end(struct call *call) {
  leave(call);
  if (call->error != 0) {
    SetLastError(call->error);
  }
  return call->error == 0;
}

NTSTATUS sim__call_end_nt(struct call *call) {
  leave(call);
  return (NTSTATUS)call->error;
}

void sim__call_status(struct call *call, NTSTATUS status) {
  call->error = status == STATUS_SUCCESS ? 0 : RtlNtStatusToDosError(status);
}

uint32_t sim__answer(void *out, DWORD size, PDWORD needed, const void *from,
                     size_t bytes) {
  if (needed != NULL) {
    *needed = (DWORD)bytes;
  }
  if (size < bytes) {
    return ERROR_INSUFFICIENT_BUFFER;
  }
  memcpy(out, from, bytes);
  return ERROR_SUCCESS;
}

/* --- Control ------------------------------------------------------------- */

uint64_t sim_calls(const char *name) {
  uint64_t sum = 0;

  pthread_mutex_lock(&sim__kernel.lock);
  for (size_t i = 0; i < COUNTERS_MAX; i++) {
    if (counters[i].count > 0 && strcmp(counters[i].name, name) == 0) {
      sum += counters[i].count;
    }
  }
  pthread_mutex_unlock(&sim__kernel.lock);
  return sum;
}

uint64_t sim_calls_total(void) {
  uint64_t total;

  pthread_mutex_lock(&sim__kernel.lock);
  total = calls_total;
  pthread_mutex_unlock(&sim__kernel.lock);
  return total;
}

void sim_trace(bool on) {
  pthread_mutex_lock(&sim__kernel.lock);
  if (on) {
    text_deinit(&trace);
  }
  tracing = on;
  pthread_mutex_unlock(&sim__kernel.lock);
}

void sim__trace_to(FILE *file, bool places) {
  trace_file = file;
  tracing_places = places;
  tracing = file != NULL;
  if (file != NULL) {
    setvbuf(file, NULL, _IOLBF, BUFSIZ); /* by line: a crash loses no line */
  }
}

char *sim_trace_text(void) {
  char *copy;

  pthread_mutex_lock(&sim__kernel.lock);
  copy = strdup(trace.at != NULL ? trace.at : "");
  pthread_mutex_unlock(&sim__kernel.lock);
  return copy;
}

void sim_reset(uint64_t seed, const sim_settings *settings) {
  pthread_mutex_lock(&sim__kernel.lock);
  sim__environment_end();
  sim__kernel.tearing_down = true;
  sim__processes_reset();
  sim__ops_reset();
  sim__kernel.tearing_down = false;
  if (settings != NULL) {
    sim__kernel.settings = *settings;
  } else {
    sim_settings_init(&sim__kernel.settings);
  }
  sim__kernel.random = seed + 1 == 0 ? 1 : seed + 1;
  sim__kernel.had_draws = false;
  sim__kernel.listens = 0;
  sim__kernel.touches = false;
  sim__clock_reset();
  sim__fault_reset();
  sim__kill_reset();
  counts_reset();
  calls_total = 0;
  text_deinit(&reports);
  text_deinit(&trace);
  sim__trace_to(NULL, false);
  sim__threads_reset();
  pthread_mutex_unlock(&sim__kernel.lock);
}

bool sim_check(char *out, size_t size) {
  bool clean;

  pthread_mutex_lock(&sim__kernel.lock);
  sim__thread_self()->call = NULL;
  if (!sim__pool_settle()) {
    sim__report("a callback of the thread pool still runs");
  }
  sim__processes_settle();
  sim__threads_report();
  sim__processes_report();
  sim__ops_report();
  clean = reports.used == 0;
  if (size > 0) {
    snprintf(out, size, "%s", clean ? "" : reports.at);
  }
  pthread_mutex_unlock(&sim__kernel.lock);
  return clean;
}
