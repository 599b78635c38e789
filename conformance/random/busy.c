/* Bounded waiting: an endless busy peer beside everything else. The step starts
 * work that never ends by itself. Meanwhile other things become ready, and each
 * must run before the bound of npipe/loop.h is over: NP_LOOP_CALLBACKS_MAX
 * callbacks of other work for itself, and as many for each thing that was ready
 * before it. */
#include "busy.h"

#include <stdio.h>
#include <string.h>

enum busy_kind { WRITES, READS, PACKETS, TASKS, TIMERS, CONNECTS, BUSY_KINDS };

enum {
  WARM = 130,     /* busy callbacks before the others become ready */
  READY_MAX = 12, /* things in flight that the step bears          */
  LARGE = 4096,   /* does not fit into the pipe of the busy work   */
  QUOTA_BYTES = 1024,
  STOCK = 64, /* bytes that wait for the busy reader */
  IDLE_MAX = 20,
  SHUFFLE_MAX = 900 /* above that the kernel itself starves packets  */
};

static const char large[LARGE];

static struct busy *busy_of(const np_op *op) {
  return op->user;
}

/* --- What waits ----------------------------------------------------------- */

static void has_run(struct busy *busy, enum waiting which, const char *what) {
  callback_begins(busy->play);
  if ((busy->waiting & which) == 0) {
    play_fail(busy->play, "%s ran, which nobody waits for", what);
  }
  say(busy->play, "%s waited for %u callbacks", what,
      busy->callbacks - busy->ready_at);
  busy->waiting &= ~(unsigned)which;
}

static void on_task(np_task *task) {
  has_run(task->user, WAITING_TASK, "a task");
}

static void on_timer(np_timer *timer) {
  has_run(timer->user, WAITING_TIMER, "a timer");
}

static void on_write(np_op *op, np_error error, size_t transferred) {
  (void)error, (void)transferred;
  if (busy_of(op)->is_over) {
    callback_begins(busy_of(op)->play);
  } else {
    has_run(busy_of(op), WAITING_WRITE, "a write");
  }
}

static void on_read(np_op *op, np_error error, size_t transferred) {
  (void)error, (void)transferred;
  if (busy_of(op)->is_over) {
    callback_begins(busy_of(op)->play);
  } else {
    has_run(busy_of(op), WAITING_READ, "a read");
  }
}

static void on_flush(np_op *op, np_error error, size_t transferred) {
  (void)error, (void)transferred;
  if (busy_of(op)->is_over) {
    callback_begins(busy_of(op)->play);
  } else {
    has_run(busy_of(op), WAITING_FLUSH, "a flush");
  }
}

static void on_send(np_op *op, np_error error, size_t transferred) {
  (void)error, (void)transferred;
  if (busy_of(op)->is_over) {
    callback_begins(busy_of(op)->play);
  } else {
    has_run(busy_of(op), WAITING_SEND, "a gathered message");
  }
}

static void on_handed_out(np_listener *listener, np_pipe *pipe) {
  struct busy *busy = np_listener_user(listener);

  np_pipe_close(pipe, NULL);
  if (busy->is_over) {
    callback_begins(busy->play);
  } else {
    has_run(busy, WAITING_ACCEPT, "an accept");
  }
}

static void on_client(np_client_request *request, np_error error,
                      np_pipe *client) {
  struct busy *busy = request->user;

  (void)error;
  np_pipe_close(client, NULL);
  has_run(busy, WAITING_REQUEST, "a request");
}

static void on_ignored(np_op *op, np_error error, size_t transferred) {
  (void)error, (void)transferred;
  callback_begins(busy_of(op)->play);
}

static void on_pipe_closed(np_pipe *pipe) {
  struct busy *busy = np_pipe_user(pipe);

  callback_begins(busy->play);
  busy->open_count--;
}

static void on_listener_closed(np_listener *listener) {
  struct busy *busy = np_listener_user(listener);

  callback_begins(busy->play);
  busy->open_count--;
}

static void name_of(char out[48], char suffix) {
  snprintf(out, 48, "\\\\.\\pipe\\npipe-busy-%u-%c",
           (unsigned)GetCurrentProcessId(), suffix);
}

static np_pipe *own(struct busy *busy, np_pipe *pipe) {
  if (pipe != NULL) {
    busy->open_count++;
    np_pipe_set_user(pipe, busy);
  }
  return pipe;
}

static bool open_server(struct busy *busy, char suffix, np_pipe **server) {
  np_server_options options;
  char name[48];

  np_server_options_init(&options);
  options.in_buffer_bytes = QUOTA_BYTES;
  options.out_buffer_bytes = QUOTA_BYTES;
  name_of(name, suffix);
  np_server_create(busy->loop, name, &options, server);
  return own(busy, *server) != NULL;
}

static bool open_client(struct busy *busy, char suffix, np_pipe **client) {
  char name[48];

  name_of(name, suffix);
  *client = NULL;
  np_client_open(busy->loop, name, NULL, client);
  return own(busy, *client) != NULL;
}

static bool begins_accept(struct busy *busy) {
  np_listener_options options;
  char name[48];

  name_of(name, 'l');
  np_listener_options_init(&options);
  options.backlog = 1;
  if (np_listener_create(busy->loop, name, &options, on_handed_out,
                         &busy->listener) != NP_OK) {
    return false;
  }
  busy->open_count++;
  np_listener_set_user(busy->listener, busy);
  return open_client(busy, 'l', &busy->guest);
}

static bool begins_request(struct busy *busy) {
  char name[48];

  name_of(name, 'r');
  busy->request.user = busy;
  return open_server(busy, 'r', &busy->host) &&
         np_client_connect(busy->loop, &busy->request, name, NULL, 0,
                           on_client) == NP_OK;
}

static void on_channel_closed(np_channel *channel) {
  struct busy *busy = np_channel_user(channel);

  callback_begins(busy->play);
  busy->open_count--;
}

/* begins_send sends on a channel whose pipe has room: the message is gathered,
 * and goes out at the end of the turn. */
static bool begins_send(struct busy *busy) {
  if (!open_server(busy, 's', &busy->sender) ||
      !open_client(busy, 's', &busy->receiver) ||
      np_channel_create(busy->sender, NULL, &busy->channel) != NP_OK) {
    return false;
  }
  busy->sender = NULL; /* closed with the channel */
  np_channel_set_user(busy->channel, busy);
  return np_channel_send(busy->channel, "x", 1, &busy->waiting_send, on_send) ==
         NP_OK;
}

static bool begins(struct busy *busy, enum waiting which) {
  switch (which) {
    case WAITING_TASK:
      return np_loop_post(busy->loop, &busy->waiting_task, on_task) == NP_OK;
    case WAITING_TIMER:
      return np_timer_start(busy->loop, &busy->waiting_timer, 0, on_timer) ==
             NP_OK;
    case WAITING_WRITE:
      return np_pipe_write(busy->ends[2], "x", 1, &busy->waiting_write,
                           on_write) == NP_OK;
    case WAITING_READ:
      return np_pipe_write(busy->ends[2], "x", 1, &busy->ignored, on_ignored) ==
                 NP_OK &&
             np_pipe_read(busy->ends[3], busy->in, 1, &busy->waiting_read,
                          on_read) == NP_OK;
    case WAITING_ACCEPT:
      return begins_accept(busy);
    case WAITING_FLUSH:
      return np_pipe_flush(busy->ends[3], &busy->waiting_flush, on_flush) ==
             NP_OK;
    case WAITING_SEND:
      return begins_send(busy);
    default:
      return begins_request(busy);
  }
}

/* become_ready makes the chosen things ready, in one of the busy callbacks. */
static void become_ready(struct busy *busy) {
  busy->ready_at = busy->callbacks;
  busy->waiting = busy->chosen;
  for (unsigned which = 1; which < WAITING_ALL; which *= 2) {
    if ((busy->chosen & which) != 0 && !begins(busy, (enum waiting)which)) {
      play_fail(busy->play, "thing %u beside the busy work cannot begin",
                which);
    }
  }
}

static void on_fed(np_op *op, np_error error, size_t transferred);

/* --- The busy work -------------------------------------------------------- */

/* goes_on counts a callback of the busy work. It returns whether there shall be
 * another. */
static bool goes_on(struct busy *busy) {
  callback_begins(busy->play);
  if (busy->is_over) {
    return false;
  }
  busy->callbacks++;
  if (busy->callbacks == WARM) {
    become_ready(busy);
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
    np_pipe_close(busy->ends[1], on_pipe_closed);
    np_server_disconnect(busy->ends[0]);
    np_server_connect(busy->ends[0], op, connects_go_on);
    if (!open_client(busy, 'b', &busy->ends[1])) {
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

  for (size_t i = 0; i < play->note_count; i++) {
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

static void busy_close(struct busy *busy) {
  np_pipe *const pipes[] = {busy->ends[0], busy->ends[1], busy->ends[2],
                            busy->ends[3], busy->guest,   busy->host,
                            busy->sender,  busy->receiver};

  for (size_t i = 0; i < sizeof pipes / sizeof pipes[0]; i++) {
    if (pipes[i] != NULL) {
      np_pipe_close(pipes[i], on_pipe_closed);
    }
  }
  if (busy->channel != NULL) {
    np_channel_close(busy->channel, on_channel_closed);
  }
  if (busy->listener != NULL) {
    np_listener_close(busy->listener, on_listener_closed);
  }
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
  if (!open_server(busy, 'b', &busy->ends[0]) ||
      !open_client(busy, 'b', &busy->ends[1]) ||
      !open_server(busy, 'w', &busy->ends[2]) ||
      !open_client(busy, 'w', &busy->ends[3])) {
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
  busy_close(busy);
}
