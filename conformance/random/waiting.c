/* The things that wait beside the busy work: each becomes ready once, and its
 * callback takes it out of the set of waiting things. */
#include "waiting.h"

#include <stdio.h>

enum { QUOTA_BYTES = 1024 };

struct busy *busy_of(const np_op *op) {
  return op->user;
}

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

void busy_pipe_closed(np_pipe *pipe) {
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

bool busy_server(struct busy *busy, char suffix, np_pipe **server) {
  np_server_options options;
  char name[48];

  np_server_options_init(&options);
  options.in_buffer_bytes = QUOTA_BYTES;
  options.out_buffer_bytes = QUOTA_BYTES;
  name_of(name, suffix);
  np_server_create(busy->loop, name, &options, server);
  return own(busy, *server) != NULL;
}

bool busy_client(struct busy *busy, char suffix, np_pipe **client) {
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
  return busy_client(busy, 'l', &busy->guest);
}

static bool begins_request(struct busy *busy) {
  char name[48];

  name_of(name, 'r');
  busy->request.user = busy;
  return busy_server(busy, 'r', &busy->host) &&
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
  if (!busy_server(busy, 's', &busy->sender) ||
      !busy_client(busy, 's', &busy->receiver) ||
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

void waiting_begin(struct busy *busy) {
  busy->ready_at = busy->callbacks;
  busy->waiting = busy->chosen;
  for (unsigned which = 1; which < WAITING_ALL; which *= 2) {
    if ((busy->chosen & which) != 0 && !begins(busy, (enum waiting)which)) {
      play_fail(busy->play, "thing %u beside the busy work cannot begin",
                which);
    }
  }
}

void waiting_close(struct busy *busy) {
  np_pipe *const pipes[] = {busy->ends[0], busy->ends[1], busy->ends[2],
                            busy->ends[3], busy->guest,   busy->host,
                            busy->sender,  busy->receiver};

  for (size_t i = 0; i < sizeof pipes / sizeof pipes[0]; i++) {
    if (pipes[i] != NULL) {
      np_pipe_close(pipes[i], busy_pipe_closed);
    }
  }
  if (busy->channel != NULL) {
    np_channel_close(busy->channel, on_channel_closed);
  }
  if (busy->listener != NULL) {
    np_listener_close(busy->listener, on_listener_closed);
  }
}
