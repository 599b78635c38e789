/* Injected faults, and the only source of random choices. */
#include "pipe.h"

#include <ntsecapi.h>
#include <stdlib.h>
#include <string.h>

enum { PLANS_MAX = 64, VANISH_MAX = 16 };

enum plan_kind {
  PLAN_FAILURE,    /* the call fails with `value` */
  PLAN_COMPLETION, /* the call pends, its completion has the status `value` */
  PLAN_LIE         /* the answer is that of `lie` */
};

/* A planned fault: it hits when `left` more calls of the function were made. */
static struct plan {
  const char *name; /* NULL: unused */
  uint64_t left;
  enum plan_kind kind;
  uint32_t value;
  struct lie lie;
} plans[PLANS_MAX];

static struct vanish {
  HANDLE handle; /* NULL: unused */
  uint64_t left;
} vanishes[VANISH_MAX];

/* Numbers of used plans. Mostly 0, which keeps each call fast. */
static size_t plan_count;
static size_t plans_end; /* no plan stands here or later */
static size_t vanish_count;

static uint64_t any_left; /* calls until any call fails; 0: not planned */
static uint64_t hits;

/* splitmix64 */
uint64_t sim__random_of(uint64_t *state) {
  uint64_t z = (*state += 0x9E3779B97F4A7C15u);

  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

uint64_t sim__random_next(void) {
  sim__kernel.had_draws = true;
  return sim__random_of(&sim__kernel.random);
}

uint64_t sim__random_below(uint64_t bound) {
  return bound == 0 ? 0 : sim__random_next() % bound;
}

/* The bytes depend on the seed: a run can be repeated. */
BOOLEAN NTAPI SystemFunction036(PVOID bytes, ULONG size) {
  struct call call;
  BOOLEAN given = FALSE;

  if (sim__call_begin(&call, __func__, PLACE, "%u", (unsigned)size)) {
    for (ULONG i = 0; i < size; i++) {
      ((BYTE *)bytes)[i] = (BYTE)sim__random_next();
    }
    given = TRUE;
  }
  return sim__call_end(&call) ? given : FALSE;
}

bool sim_seed_matters(void) {
  bool matters;

  pthread_mutex_lock(&sim__kernel.lock);
  matters = sim__kernel.had_draws || sim__kernel.had_threads;
  pthread_mutex_unlock(&sim__kernel.lock);
  return matters;
}

bool sim_had_threads(void) {
  bool had;

  pthread_mutex_lock(&sim__kernel.lock);
  had = sim__kernel.had_threads;
  pthread_mutex_unlock(&sim__kernel.lock);
  return had;
}

/* sim__chance draws a number only if the outcome is open. So a setting that is
 * off does not change the rest of a run. */
bool sim__chance(uint32_t permille) {
  return permille >= 1000 ||
         (permille > 0 && sim__random_below(1000) < permille);
}

static bool is_nt(const char *name) {
  return strncmp(name, "Nt", 2) == 0;
}

bool sim__fault_may_hit(const char *name) {
  static const char *const never[] = {"CloseHandle",
                                      "NtClose",
                                      "CancelIoEx",
                                      "CancelIo",
                                      "RevertToSelf",
                                      "SetEvent",
                                      "ResetEvent",
                                      "LocalFree",
                                      "Sleep",
                                      "GetFileType",
                                      "GetOverlappedResult",
                                      "WaitForSingleObject",
                                      "WaitForSingleObjectEx",
                                      "SleepEx",
                                      "WaitOnAddress",
                                      "TerminateProcess",
                                      "GetExitCodeProcess",
                                      "ExitProcess",
                                      "ReleaseMutex",
                                      "ReleaseSemaphore",
                                      "CancelWaitableTimer",
                                      "TlsFree",
                                      "TlsSetValue",
                                      "FlsFree",
                                      "QueryPerformanceCounter",
                                      "QueryPerformanceFrequency"};

  for (size_t i = 0; i < sizeof never / sizeof never[0]; i++) {
    if (strcmp(never[i], name) == 0) {
      return false;
    }
  }
  return true;
}

static void vanish_draw(void) {
  for (size_t i = 0; vanish_count > 0 && i < VANISH_MAX; i++) {
    if (vanishes[i].handle != NULL && --vanishes[i].left == 0) {
      sim__handle_vanish(vanishes[i].handle);
      vanishes[i].handle = NULL;
      vanish_count--;
      hits++;
    }
  }
}

bool sim__fault_draw(struct call *call) {
  bool failed = false;

  if (call->may_fail) {
    vanish_draw();
  }
  for (size_t i = 0; plan_count > 0 && i < plans_end; i++) {
    struct plan *plan = &plans[i];

    if (plan->name == NULL || strcmp(plan->name, call->name) != 0 ||
        --plan->left > 0) {
      continue;
    }
    plan->name = NULL;
    plan_count--;
    hits += plan->kind == PLAN_LIE ? 0 : 1;
    if (plan->kind == PLAN_COMPLETION) {
      call->fault_completion = (NTSTATUS)plan->value;
    } else if (plan->kind == PLAN_LIE) {
      plan->lie.warns |= call->lie.warns;
      call->lie = plan->lie;
    } else {
      call->error = plan->value;
      failed = true;
    }
  }
  if (!failed && any_left > 0 && call->may_fail && --any_left == 0) {
    call->error = is_nt(call->name) ? (uint32_t)STATUS_INSUFFICIENT_RESOURCES
                                    : ERROR_NO_SYSTEM_RESOURCES;
    hits++;
    failed = true;
  }
  return failed;
}

void sim__fault_reset(void) {
  memset(plans, 0, sizeof plans);
  memset(vanishes, 0, sizeof vanishes);
  plan_count = 0;
  plans_end = 0;
  vanish_count = 0;
  any_left = 0;
  hits = 0;
}

static void plan_add(const char *name, uint64_t nth, const struct plan *plan) {
  pthread_mutex_lock(&sim__kernel.lock);
  for (size_t i = 0; i < PLANS_MAX; i++) {
    if (plans[i].name == NULL) {
      plans[i] = *plan;
      plans[i].name = name;
      plans[i].left = nth;
      plan_count++;
      plans_end = i >= plans_end ? i + 1 : plans_end;
      break;
    }
  }
  pthread_mutex_unlock(&sim__kernel.lock);
}

void sim_fault(const char *name, uint64_t nth, uint32_t error) {
  plan_add(name, nth, &(struct plan){.kind = PLAN_FAILURE, .value = error});
}

void sim_fault_completion(const char *name, uint64_t nth, NTSTATUS status) {
  plan_add(name, nth,
           &(struct plan){.kind = PLAN_COMPLETION, .value = (uint32_t)status});
}

void sim_lie_count(const char *name, uint64_t nth, uint32_t bytes) {
  plan_add(name, nth,
           &(struct plan){.kind = PLAN_LIE,
                          .lie = {.is_told = true, .bytes = bytes}});
}

void sim_lie(const char *name, uint64_t nth, uint32_t bytes, uint32_t value) {
  plan_add(
      name, nth,
      &(struct plan){
          .kind = PLAN_LIE,
          .lie = {
              .is_told = true, .bytes = bytes, .fills = true, .fill = value}});
}

void sim_lie_warning(const char *name, uint64_t nth) {
  plan_add(name, nth, &(struct plan){.kind = PLAN_LIE, .lie = {.warns = true}});
}

NTSTATUS sim__lie_status(const struct lie *lie, NTSTATUS status) {
  return lie->warns && status == STATUS_SUCCESS ? STATUS_BUFFER_OVERFLOW
                                                : status;
}

size_t sim__lie_told(const struct lie *lie, size_t info) {
  return lie->is_told ? lie->bytes : info;
}

void sim__lie_fill(const struct lie *lie, void *out, size_t size) {
  for (size_t at = 0;
       lie->fills && at + sizeof lie->fill <= size && at < lie->bytes;
       at += sizeof lie->fill) {
    memcpy((char *)out + at, &lie->fill, sizeof lie->fill);
  }
}

void sim__fault_plan_any(uint64_t nth) {
  any_left = nth;
}

void sim_fault_any(uint64_t nth) {
  pthread_mutex_lock(&sim__kernel.lock);
  sim__fault_plan_any(nth);
  pthread_mutex_unlock(&sim__kernel.lock);
}

uint64_t sim_faults_hit(void) {
  uint64_t result;

  pthread_mutex_lock(&sim__kernel.lock);
  result = hits;
  pthread_mutex_unlock(&sim__kernel.lock);
  return result;
}

void sim_vanish(HANDLE pipe, uint64_t nth) {
  pthread_mutex_lock(&sim__kernel.lock);
  for (size_t i = 0; i < VANISH_MAX; i++) {
    if (vanishes[i].handle == NULL) {
      vanishes[i].handle = pipe;
      vanishes[i].left = nth;
      vanish_count++;
      break;
    }
  }
  pthread_mutex_unlock(&sim__kernel.lock);
}

/* lock_file takes the lock and returns the file of a handle, or NULL. */
static struct file *lock_file(HANDLE pipe) {
  NTSTATUS status;

  pthread_mutex_lock(&sim__kernel.lock);
  return sim__handle_get(pipe, OBJECT_FILE, 0, &status);
}

void sim_slow(HANDLE pipe, uint32_t delay_ms) {
  struct file *file = lock_file(pipe);

  if (file != NULL) {
    file->slow_ms = delay_ms;
  }
  pthread_mutex_unlock(&sim__kernel.lock);
}

void sim_cancel_late(HANDLE pipe, uint32_t delay_ms) {
  struct file *file = lock_file(pipe);

  if (file != NULL) {
    file->cancel_late_ms = delay_ms;
  }
  pthread_mutex_unlock(&sim__kernel.lock);
}

void sim_disown(HANDLE pipe) {
  const struct file *file = lock_file(pipe);

  if (file != NULL) {
    file->pipe->is_unowned = true;
  }
  pthread_mutex_unlock(&sim__kernel.lock);
}

void sim_describe(HANDLE pipe, const void *bytes, size_t size) {
  const struct file *file = lock_file(pipe);

  if (file != NULL) {
    free(file->pipe->described);
    file->pipe->described = NULL;
    if (bytes != NULL) {
      file->pipe->described = malloc(size + 1);
      memcpy(file->pipe->described, bytes, size);
      file->pipe->described_bytes = size;
    }
  }
  pthread_mutex_unlock(&sim__kernel.lock);
}
