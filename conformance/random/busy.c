/* Bounded waiting: an endless busy peer beside everything else. The step starts
 * work that never ends by itself. Meanwhile other things become ready, and each
 * must run before the bound of npipe/loop.h is over: NP_LOOP_CALLBACKS_MAX
 * callbacks of other work for itself, and as many for each thing that was ready
 * before it. */
#include "busy.h"

#include "waiting.h"

#include <string.h>

enum busy_kind { WRITES, READS, PACKETS, TASKS, TIMERS, CONNECTS, BUSY_KINDS };

enum {
  WARM = 130,     /* busy callbacks before the others become ready */
  READY_MAX = 12, /* things in flight that the step bears          */
  LARGE = 4096,   /* does not fit into the pipe of the busy work   */
  STOCK = 64,     /* bytes that wait for the busy reader */
  IDLE_MAX = 20,
  SHUFFLE_MAX = 900 /* above that the kernel itself starves packets  */
};

static const char large[LARGE];

static void on_fed(np_op *op, np_error error, size_t transferred);

/* goes_on counts a callback of the busy work. It returns whether there shall be
 * another. */
static bool goes_on(struct busy *busy) {
  callback_begins(busy->play);
  if (busy->is_over) {
    return false;
  }
  busy->callbacks++;
  if (busy->callbacks == WARM) {
    waiting_begin(busy);
  }
  if (busy->callbacks >= busy->callbacks_max ||
      (busy->callbacks > WARM && busy->waiting == 0)) {
    busy->is_over = true;
    np_loop_stop(busy->loop);
  }
  return !busy->is_over;
}

static void writes_go_on(np_op *op, np_error error, size_t transferred) {
  struct busy *busy = busy_of(op);

  (void)error, (void)transferred;
  if (goes_on(busy)) {
    np_pipe_write(busy->ends[0], NULL, 0, op, writes_go_on);
  }
}

/* feed keeps data in the pipe: one byte for each that was read. It writes again
 * when the write before has ended. */
static void feed(struct busy *busy) {
  const size_t length = busy->hunger;

  if (!busy->is_fed && !busy->is_over && length > 0) {
    busy->is_fed = true;
    busy->hunger = 0;
    np_pipe_write(busy->ends[1], large, length, &busy->peer_op, on_fed);
  }
}

static void on_fed(np_op *op, np_error error, size_t transferred) {
  struct busy *busy = busy_of(op);

  (void)error, (void)transferred;
  callback_begins(busy->play);
  busy->is_fed = false;
  feed(busy);
}

static void reads_go_on(np_op *op, np_error error, size_t transferred) {
  struct busy *busy = busy_of(op);

  (void)error;
  if (goes_on(busy)) {
    busy->hunger += transferred;
    feed(busy);
    np_pipe_read(busy->ends[0], busy->in_busy, 1, op, reads_go_on);
  }
}

/* packets_go_on: a write that does not fit is pending until the read of the
 * other end. Its end comes by the port. */
static void packets_go_on(np_op *op, np_error error, size_t transferred) {
  struct busy *busy = busy_of(op);

  (void)transferred;
  if (op == &busy->peer_op) {
    callback_begins(busy->play);
    if (error == NP_OK && !busy->is_over) {
      np_pipe_read(busy->ends[0], busy->in_busy, LARGE, op, packets_go_on);
    }
  } else if (goes_on(busy)) {
    np_pipe_write(busy->ends[1], large, LARGE, op, packets_go_on);
  }
}

/* connects_go_on: a client goes, and another one comes. The packet of each
 * connect is in the port when the callback of the last one returns, and no read
 * is put off for it. */
static void connects_go_on(np_op *op, np_error error, size_t transferred) {
  struct busy *busy = busy_of(op);

  (void)error, (void)transferred;
  if (goes_on(busy)) {
    np_pipe_close(busy->ends[1], busy_pipe_closed);
    np_server_disconnect(busy->ends[0]);
    np_server_connect(busy->ends[0], op, connects_go_on);
    if (!busy_client(busy, 'b', &busy->ends[1])) {
      play_fail(busy->play, "a client cannot come to the busy server");
    }
  }
}

static void tasks_go_on(np_task *task) {
  struct busy *busy = task->user;

  if (goes_on(busy)) {
    np_loop_post(busy->loop, task, tasks_go_on);
  }
}

static void timers_go_on(np_timer *timer) {
  struct busy *busy = timer->user;

  if (goes_on(busy)) {
    np_timer_start(busy->loop, timer, 0, timers_go_on);
  }
}

static void work_begins(struct busy *busy, enum busy_kind kind) {
  switch (kind) {
    case WRITES:
      np_pipe_write(busy->ends[0], NULL, 0, &busy->op, writes_go_on);
      break;
    case READS:
      busy->hunger = STOCK;
      feed(busy);
      np_pipe_read(busy->ends[0], busy->in_busy, 1, &busy->op, reads_go_on);
      break;
    case PACKETS:
      np_pipe_read(busy->ends[0], busy->in_busy, LARGE, &busy->peer_op,
                   packets_go_on);
      np_pipe_write(busy->ends[1], large, LARGE, &busy->op, packets_go_on);
      break;
    case CONNECTS:
      np_server_connect(busy->ends[0], &busy->op, connects_go_on);
      break;
    case TASKS:
      np_loop_post(busy->loop, &busy->task, tasks_go_on);
      break;
    default:
      np_timer_start(busy->loop, &busy->timer, 0, timers_go_on);
      break;
  }
}

/* --- The step ------------------------------------------------------------- */

/* in_flight counts what may be ready on the loop before the waiting things. */
static unsigned in_flight(const struct play *play) {
  const struct service *service = &play->service;
  unsigned count = service->guests_open + service->closing_listeners;

  for (size_t i = play->first_open; i < play->note_count; i++) {
    count += play->notes[i]->slot != NULL;
  }
  for (size_t i = 0; i < TIMERS_MAX; i++) {
    count += play->timers[i].active;
  }
  for (size_t i = 0; i < TASKS_MAX; i++) {
    count += play->tasks[i].posted;
  }
  for (size_t i = 0; i < ASKINGS_MAX; i++) {
    count += service->askings[i].is_waiting;
  }
  return count + play->closing_count - play->closed_count +
         (service->listener != NULL ? 2u : 0u);
}

static bool can_be_measured(const struct play *play) {
  const sim_settings *settings = &play->program->settings;

  return play->in_loop < 0 && play->busy.open_count == 0 && !play->faults &&
         !play->memory_fault && !play->was_slowed && !play->is_draining &&
         settings->delay_permille == 0 &&
         settings->shuffle_permille <= SHUFFLE_MAX;
}

static void op_prepare(struct busy *busy, np_op *op) {
  np_op_init(op);
  op->user = busy;
}

static void busy_prepare(struct play *play, unsigned loop_index) {
  struct busy *busy = &play->busy;

  memset(busy, 0, sizeof *busy);
  busy->play = play;
  busy->loop = play->loops[loop_index];
  op_prepare(busy, &busy->op);
  op_prepare(busy, &busy->peer_op);
  op_prepare(busy, &busy->waiting_write);
  op_prepare(busy, &busy->waiting_read);
  op_prepare(busy, &busy->waiting_flush);
  op_prepare(busy, &busy->waiting_send);
  op_prepare(busy, &busy->ignored);
  busy->task.user = busy;
  busy->timer.user = busy;
  busy->waiting_task.user = busy;
  busy->waiting_timer.user = busy;
}

static void busy_run(struct play *play, unsigned loop_index, bool whole) {
  struct busy *busy = &play->busy;

  while (!busy->is_over && play->failure[0] == '\0') {
    const unsigned before = busy->callbacks;
    np_error error;

    if (whole && np_loop_port(busy->loop) != play->port) {
      play->in_loop = (int)loop_index;
      error = np_loop_run(busy->loop);
      play->in_loop = -1;
      check_turn(play, loop_index, error);
    } else {
      turn(play, loop_index, 0);
    }
    busy->idle = busy->callbacks == before ? busy->idle + 1 : 0;
    if (busy->idle > IDLE_MAX) {
      play_fail(play, "the busy work stands still");
    }
  }
}

void step_busy(struct play *play, const struct step *step) {
  const unsigned loop_index = step->b % play->loop_count;
  const enum busy_kind kind = (enum busy_kind)(step->a % BUSY_KINDS);
  struct busy *busy = &play->busy;
  unsigned ready = in_flight(play);

  /* A read that fails by a lie would end the busy work. */
  if (!can_be_measured(play) || ready > READY_MAX || play->lies) {
    return;
  }
  busy_prepare(play, loop_index);
  busy->chosen = 1 + step->c % (WAITING_ALL - 1);
  if (!play->program->settings.flush_control) {
    busy->chosen &= ~(unsigned)WAITING_FLUSH; /* a thread ends it, some time */
  }
  ready += 10; /* the waiting things, and those of the busy work */
  busy->callbacks_max = WARM + (1 + ready) * NP_LOOP_CALLBACKS_MAX;
  say(play, "busy work of kind %d on loop %u, beside %#x", (int)kind,
      loop_index, busy->chosen);
  if (!busy_server(busy, 'b', &busy->ends[0]) ||
      !busy_client(busy, 'b', &busy->ends[1]) ||
      !busy_server(busy, 'w', &busy->ends[2]) ||
      !busy_client(busy, 'w', &busy->ends[3])) {
    play_fail(play, "there are no pipes for the busy work");
  } else {
    work_begins(busy, kind);
    busy_run(play, loop_index, step->d % 2 == 0);
    if (busy->waiting != 0) {
      play_fail(play,
                "beside busy work of kind %d, %#x waited for %u callbacks",
                (int)kind, busy->waiting, busy->callbacks - busy->ready_at);
    }
  }
  busy->is_over = true;
  waiting_close(busy);
}
