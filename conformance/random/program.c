/* Makes a program from a seed: the kernel's settings, and steps whose kinds
 * differ in frequency from run to run. */
#include "program.h"

#include <string.h>

#include "chance.h"

/* How often each kind of step is drawn, relative to the others. */
static const uint32_t weights[STEP_KINDS] = {
    [STEP_SERVER] = 50,        [STEP_CLIENT] = 60,
    [STEP_CONNECT] = 50,       [STEP_DISCONNECT] = 20,
    [STEP_READ] = 160,         [STEP_WRITE] = 170,
    [STEP_SHUTDOWN] = 20,      [STEP_READY] = 40,
    [STEP_TRY_READ] = 60,      [STEP_TRY_WRITE] = 60,
    [STEP_TRY_IO] = 30,        [STEP_ASYNC_IO] = 20,
    [STEP_READY_OPTIONS] = 15, [STEP_CANCEL] = 40,
    [STEP_CLOSE] = 25,         [STEP_INFO] = 25,
    [STEP_RAW_SERVER] = 8,     [STEP_RAW_CLIENT] = 12,
    [STEP_RAW_CONNECT] = 10,   [STEP_RAW_DISCONNECT] = 3,
    [STEP_RAW_READ] = 25,      [STEP_RAW_WRITE] = 25,
    [STEP_RAW_CLOSE] = 8,      [STEP_RAW_TRANSACT] = 8,
    [STEP_RAW_PEEK] = 5,       [STEP_RAW_MODE] = 8,
    [STEP_RAW_CANCEL] = 5,     [STEP_RAW_DIE] = 5,
    [STEP_STRANGER] = 12,      [STEP_ADOPT] = 12,
    [STEP_TIMER] = 15,         [STEP_TIMER_STOP] = 5,
    [STEP_TASK] = 12,          [STEP_STOP] = 5,
    [STEP_TURN] = 120,         [STEP_WAIT] = 60,
    [STEP_DESTROY] = 4,        [STEP_FAULT] = 8,
    [STEP_FAULT_LATE] = 4,     [STEP_FAULT_MEMORY] = 3,
    [STEP_LIE] = 20,           [STEP_SLOW] = 4,
    [STEP_CANCEL_LATE] = 4,    [STEP_LISTEN] = 12,
    [STEP_LISTEN_CLOSE] = 4,   [STEP_REQUEST] = 40,
    [STEP_REQUEST_CANCEL] = 6, [STEP_ANNOUNCE] = 4,
    [STEP_GUEST_SEND] = 30,    [STEP_GUEST_CALL] = 25,
    [STEP_GUEST_SHUTDOWN] = 6, [STEP_GUEST_CANCEL] = 20,
    [STEP_GUEST_RECYCLE] = 15, [STEP_GUEST_CLOSE] = 12,
    [STEP_FLUSH] = 15,         [STEP_TRANSACT] = 25,
    [STEP_PEEK] = 25,          [STEP_READ_MODE] = 10,
    [STEP_PEER] = 8,           [STEP_CLIENT_VERIFIED] = 8,
    [STEP_FAULT_IO] = 8,       [STEP_FAULT_CANCEL] = 8,
    [STEP_BUSY] = 4,           [STEP_REST] = 6};

/* is_fault returns true for steps that inject faults. Some runs have none of
 * them. */
static bool is_fault(size_t kind) {
  return kind == STEP_FAULT || kind == STEP_FAULT_LATE ||
         kind == STEP_FAULT_MEMORY || kind == STEP_FAULT_IO ||
         kind == STEP_FAULT_CANCEL;
}

static bool is_of_service(size_t kind) {
  return kind >= STEP_LISTEN && kind <= STEP_GUEST_CLOSE;
}

/* The first steps create something to play with. */
static const enum step_kind first_kinds[] = {
    STEP_SERVER, STEP_CONNECT, STEP_CLIENT, STEP_SERVER,
    STEP_LISTEN, STEP_REQUEST, STEP_TURN,   STEP_TURN};
enum { FIRST_STEPS = 4, SERVICE_TIMES = 3 };

/* Topics: kinds of steps that make rare situations together. Half of the runs
 * have one topic, whose steps are frequent. */
enum { TOPIC_STEPS = 6, TOPIC_WEIGHT = 200 };
static const enum step_kind topics[][TOPIC_STEPS] = {
    /* what crosses from one session into the next */
    {STEP_CONNECT, STEP_CLIENT, STEP_DISCONNECT, STEP_FLUSH, STEP_WRITE,
     STEP_READ},
    {STEP_CONNECT, STEP_CLIENT, STEP_DISCONNECT, STEP_TRY_WRITE, STEP_INFO,
     STEP_CLOSE},
    {STEP_CONNECT, STEP_CLIENT, STEP_DISCONNECT, STEP_TRANSACT, STEP_SHUTDOWN,
     STEP_WRITE},
    /* waits for data, beside steps that read the data */
    {STEP_READY, STEP_TRY_IO, STEP_TRY_READ, STEP_WRITE, STEP_WAIT,
     STEP_READY_OPTIONS},
    {STEP_READY, STEP_PEEK, STEP_TRY_READ, STEP_WRITE, STEP_READ, STEP_TURN},
    {STEP_ASYNC_IO, STEP_CANCEL, STEP_WRITE, STEP_READ, STEP_WAIT, STEP_TURN},
    /* operations that must end, although the kernel refuses calls */
    {STEP_FAULT_IO, STEP_FAULT_LATE, STEP_FAULT_CANCEL, STEP_CANCEL, STEP_WRITE,
     STEP_WAIT},
    {STEP_FAULT_CANCEL, STEP_CLOSE, STEP_WRITE, STEP_SERVER, STEP_CLIENT,
     STEP_WAIT},
    /* calls and their replies */
    {STEP_GUEST_SEND, STEP_GUEST_CALL, STEP_GUEST_CANCEL, STEP_GUEST_SHUTDOWN,
     STEP_REQUEST, STEP_TURN},
    {STEP_REQUEST, STEP_LISTEN, STEP_LISTEN_CLOSE, STEP_GUEST_RECYCLE,
     STEP_REST, STEP_TURN},
    /* clients of a listener that is paused */
    {STEP_LISTEN, STEP_REQUEST, STEP_GUEST_RECYCLE, STEP_GUEST_CLOSE,
     STEP_GUEST_SEND, STEP_WAIT},
    /* what the kernel lies about */
    {STEP_LIE, STEP_PEEK, STEP_READ, STEP_WRITE, STEP_TRANSACT, STEP_ADOPT},
    /* who the server is */
    {STEP_SERVER, STEP_CLIENT_VERIFIED, STEP_CLOSE, STEP_PEER, STEP_RAW_SERVER,
     STEP_TURN},
};
enum { TOPICS = sizeof topics / sizeof topics[0] };

static bool is_of_topic(const enum step_kind *topic, size_t kind) {
  for (size_t i = 0; topic != NULL && i < TOPIC_STEPS; i++) {
    if (topic[i] == (enum step_kind)kind) {
      return true;
    }
  }
  return false;
}

static void settings_make(struct program *program, struct chance *chance) {
  sim_settings *settings = &program->settings;

  program->base =
      sim_settings_name(chance_below(chance, (uint32_t)sim_settings_count()));
  sim_settings_named(settings, program->base);
  if (chance_permille(chance, 300)) {
    settings->shuffle_permille = chance_below(chance, 1001);
    settings->short_get_permille = chance_below(chance, 700);
  }
  if (chance_permille(chance, 300)) {
    settings->pend_permille = chance_below(chance, 1001);
    settings->late_status_permille = chance_below(chance, 1001);
  }
  if (chance_permille(chance, 200)) {
    settings->delay_permille = chance_below(chance, 1001);
    settings->delay_ms_max = 1 + chance_below(chance, 20);
  }
  if (chance_permille(chance, 200)) {
    settings->cancel_late_permille = chance_below(chance, 1001);
    settings->cancel_ms_max = 1 + chance_below(chance, 20);
  }
  if (chance_permille(chance, 200)) {
    settings->closed_write_kept = !settings->closed_write_kept;
    settings->flush_control = !settings->flush_control;
    settings->cancelled_write_counts = !settings->cancelled_write_counts;
  }
  if (chance_permille(chance, 200)) {
    sim_settings_open(settings, chance_below(chance, 1u << 16));
  }
}

void program_make(struct program *program, uint64_t seed, size_t step_count) {
  struct chance chance = {seed * 0x2545F4914F6CDD1Du + 1};
  uint32_t mine[STEP_KINDS];
  const enum step_kind *topic = NULL;
  uint32_t sum = 0;
  bool has_faults;
  bool has_raws;
  bool has_readiness;
  bool has_service;
  bool has_lies;

  memset(program, 0, sizeof *program);
  program->seed = seed;
  settings_make(program, &chance);
  if (chance_permille(&chance, 500)) {
    topic = topics[chance_below(&chance, TOPICS)];
  }
  has_faults =
      chance_permille(&chance, 500) || is_of_topic(topic, STEP_FAULT_CANCEL);
  has_raws = chance_permille(&chance, 400);
  has_readiness = chance_permille(&chance, 500);
  has_service =
      chance_permille(&chance, 300) || is_of_topic(topic, STEP_REQUEST);
  has_lies = chance_permille(&chance, 100);
  program->two_loops = chance_permille(&chance, 300);
  program->foreign_port = chance_permille(&chance, 500);
  program->drains = chance_permille(&chance, 700);
  program->forgets = !has_faults && chance_permille(&chance, 200);
  program->has_limits = chance_permille(&chance, 200);
  for (size_t i = 0; i < STEP_KINDS; i++) {
    bool off = (is_fault(i) && !has_faults) ||
               (i >= STEP_RAW_SERVER && i <= STEP_ADOPT && !has_raws) ||
               (is_of_service(i) && !has_service) ||
               (i == STEP_LIE && !has_lies) ||
               (i >= STEP_READY && i <= STEP_READY_OPTIONS && !has_readiness);

    /* Each run has its own character: some steps are frequent, others never
     * occur. */
    mine[i] = off ? 0 : weights[i] * chance_below(&chance, 4);
    if (is_of_service(i)) {
      mine[i] *= SERVICE_TIMES;
    }
    if (i == STEP_SERVER || i == STEP_CLIENT || i == STEP_TURN) {
      mine[i] += weights[i];
    }
    if (is_of_topic(topic, i)) {
      mine[i] += TOPIC_WEIGHT;
    }
    sum += mine[i];
  }
  program->step_count = step_count <= STEPS_MAX ? step_count : STEPS_MAX;
  for (size_t i = 0; i < program->step_count; i++) {
    struct step *step = &program->steps[i];
    uint32_t drawn = chance_below(&chance, sum);
    size_t kind = 0;

    while (drawn >= mine[kind]) {
      drawn -= mine[kind++];
    }
    if (i < (has_service ? sizeof first_kinds / sizeof first_kinds[0]
                         : (size_t)FIRST_STEPS)) {
      kind = first_kinds[i];
    }
    step->kind = (enum step_kind)kind;
    step->a = (uint32_t)chance_next(&chance);
    step->b = (uint32_t)chance_next(&chance);
    step->c = (uint32_t)chance_next(&chance);
    step->d = (uint32_t)chance_next(&chance);
  }
}
