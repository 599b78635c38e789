/* A service beside the pipes of the model: a listener, clients that wait for
 * it, and channels on both sides. Each client sends its number, and may ask for
 * an answer. The law: no guest gets a message of another client. */
#include "service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_BYTES = 4, GREETING_BYTES_MAX = 3000, WAIT_MS_MAX = 40 };

static void name_of(char out[48]) {
  snprintf(out, 48, "\\\\.\\pipe\\npipe-service-%u",
           (unsigned)GetCurrentProcessId());
}

static void in_loop(struct play *play, const char *what) {
  if (play->in_loop != 0) {
    play_fail(play, "%s ran outside of its loop", what);
  }
  callback_begins(play);
}

/* --- A guest: one end of a service's pipe, with its channel -------------- */

static void guest_closed(np_channel *channel) {
  struct guest *guest = np_channel_user(channel);

  in_loop(guest->play, "a channel's on_closed");
  say(guest->play, "guest %u: its channel is closed", guest->number);
  guest->play->service.guests_open--;
  guest->channel = NULL;
}

static void guest_close(struct guest *guest) {
  if (guest->channel == NULL || guest->is_closing) {
    return;
  }
  guest->is_closing = true;
  say(guest->play, "guest %u: np_channel_close", guest->number);
  if (np_channel_close(guest->channel, guest_closed) != NP_OK) {
    play_fail(guest->play, "np_channel_close failed");
  }
}

static void on_sent(np_op *op, np_error error, size_t transferred) {
  struct guest *guest = op->user;

  in_loop(guest->play, "a send");
  say(guest->play, "guest %u: it was sent: %s, %zu", guest->number,
      np_error_name(error), transferred);
  guest->sends--;
}

static void guest_recycle(struct guest *guest);

/* on_message: the first message of a client says its number; the others repeat
 * it. */
static void on_message(np_op *op, np_error error, size_t length) {
  struct guest *guest = op->user;
  struct play *play = guest->play;
  uint32_t number;

  in_loop(play, "a receive");
  guest->is_receiving = false;
  say(play, "guest %u: a message: %s, %zu bytes", guest->number,
      np_error_name(error), length);
  if (error != NP_OK) {
    if (guest->is_leaving) {
      guest_recycle(guest);
    }
    return;
  }
  if (length < NUMBER_BYTES) {
    play_fail(play, "guest %u was sent %zu bytes", guest->number, length);
    return;
  }
  memcpy(&number, np_channel_data(guest->channel), sizeof number);
  if (number >= play->service.guest_count ||
      play->service.guests[number].is_server ||
      (guest->has_peer && guest->peer != number)) {
    play_fail(play, "guest %u was sent what another one got", guest->number);
  }
  guest->has_peer = true;
  guest->peer = number;
}

static void guest_receive(struct guest *guest) {
  np_error error;

  if (guest->channel == NULL || guest->is_closing || guest->is_receiving ||
      !guest->is_server) {
    return;
  }
  guest->receive.user = guest;
  error = np_channel_receive(guest->channel, &guest->receive, on_message);
  guest->is_receiving = error == NP_OK;
  if (error != NP_OK && !is_fault(guest->play, error)) {
    play_fail(guest->play, "np_channel_receive gave %s", np_error_name(error));
  }
}

static void guest_send(struct guest *guest, uint32_t drawn) {
  const size_t length = NUMBER_BYTES + drawn % GREETING_BYTES_MAX;
  np_error error;

  if (guest->channel == NULL || guest->is_closing || guest->is_server ||
      guest->sends > 0) {
    return;
  }
  memset(guest->greeting, (int)guest->number, length);
  memcpy(guest->greeting, &guest->number, NUMBER_BYTES);
  guest->send.user = guest;
  error = np_channel_send(guest->channel, guest->greeting, length, &guest->send,
                          on_sent);
  say(guest->play, "guest %u: sends %zu bytes: %s", guest->number, length,
      np_error_name(error));
  if (error == NP_OK) {
    guest->sends++;
  } else if (!is_fault(guest->play, error)) {
    play_fail(guest->play, "np_channel_send gave %s", np_error_name(error));
  }
}

static struct guest *guest_new(struct play *play, bool is_server) {
  struct service *service = &play->service;
  struct guest *guest;

  if (service->guest_count == GUESTS_MAX) {
    return NULL;
  }
  guest = &service->guests[service->guest_count];
  memset(guest, 0, sizeof *guest);
  guest->play = play;
  guest->number = (uint32_t)service->guest_count++;
  guest->is_server = is_server;
  return guest;
}

/* guest_open creates a channel on the pipe, or closes the pipe if this
 * fails. */
static void guest_open(struct guest *guest, np_pipe *pipe) {
  struct play *play = guest->play;
  np_error error = np_channel_create(pipe, NULL, &guest->channel);

  say(play, "guest %u: np_channel_create: %s", guest->number,
      np_error_name(error));
  if (error != NP_OK) {
    if (!is_fault(play, error)) {
      play_fail(play, "np_channel_create gave %s", np_error_name(error));
    }
    np_pipe_close(pipe, NULL);
    return;
  }
  play->service.guests_open++;
  np_channel_set_user(guest->channel, guest);
  guest_receive(guest);
}

/* --- The listener -------------------------------------------------------- */

static void on_pipe(np_listener *listener, np_pipe *pipe) {
  struct play *play = np_listener_user(listener);
  struct guest *guest = guest_new(play, true);

  in_loop(play, "a listener's function");
  say(play, "the listener hands out a pipe");
  if (play->service.listener != listener) {
    play_fail(play, "a listener that is closed hands out a pipe");
  }
  if (guest == NULL) {
    np_pipe_close(pipe, NULL);
    return;
  }
  guest_open(guest, pipe);
}

static void on_trouble(np_listener *listener, np_error error,
                       uint32_t retry_ms) {
  struct play *play = np_listener_user(listener);

  in_loop(play, "a listener's on_error");
  say(play, "the listener has trouble: %s, again in %u ms",
      np_error_name(error), (unsigned)retry_ms);
  if (error != NP_OK && error != ERROR_PIPE_BUSY &&
      error != ERROR_ACCESS_DENIED && error != ERROR_INVALID_PARAMETER &&
      !is_fault(play, error)) {
    play_fail(play, "a listener's trouble is %s", np_error_name(error));
  }
}

static void on_listener_closed(np_listener *listener) {
  struct play *play = np_listener_user(listener);

  in_loop(play, "a listener's on_closed");
  say(play, "the listener is closed");
  play->service.closing_listeners--;
}

static void listener_open(struct play *play, const struct step *step) {
  struct service *service = &play->service;
  np_listener_options options;
  np_error error;
  char name[48];

  if (service->listener != NULL) {
    return;
  }
  np_listener_options_init(&options);
  options.backlog = 1 + step->b % 3;
  options.idle_max = options.backlog + step->a % 3;
  options.ghosts = (np_ghosts)(step->c % 3);
  options.retry_first = (step->d & 1) != 0;
  options.background = (step->d & 2) != 0;
  options.on_error = (step->d & 4) == 0 ? on_trouble : NULL;
  if (step->a % 5 == 4) {
    options.server.instances_max = 1 + step->b % 4;
  }
  options.server.mode = (step->d & 8) != 0 ? NP_MESSAGE : NP_BYTE;
  options.server.first_instance = (step->c & 8) != 0;
  name_of(name);
  error = np_listener_create(play->loops[0], name, &options, on_pipe,
                             &service->listener);
  say(play, "np_listener_create, backlog %u: %s", (unsigned)options.backlog,
      np_error_name(error));
  if (error == NP_OK) {
    np_listener_set_user(service->listener, play);
    service->ever_listened = true;
  } else if (!is_fault(play, error) && error != ERROR_ACCESS_DENIED &&
             error != ERROR_PIPE_BUSY && error != ERROR_INVALID_PARAMETER) {
    /* Instances of the previous listener may still exist, with another type. */
    play_fail(play, "np_listener_create gave %s", np_error_name(error));
  }
}

static void listener_close(struct play *play) {
  struct service *service = &play->service;

  if (service->listener == NULL) {
    return;
  }
  say(play, "np_listener_close");
  service->closing_listeners++;
  if (np_listener_close(service->listener, on_listener_closed) != NP_OK) {
    play_fail(play, "np_listener_close failed");
  }
  service->listener = NULL;
}

/* guest_recycle recycles the pipe of a guest if nothing is in flight on it. */
static void guest_recycle(struct guest *guest) {
  struct play *play = guest->play;
  np_pipe *pipe = NULL;
  np_error error;

  if (guest->channel == NULL || guest->is_closing || !guest->is_server) {
    return;
  }
  error = np_channel_detach(guest->channel, &pipe);
  say(play, "guest %u: np_channel_detach: %s", guest->number,
      np_error_name(error));
  if (error == ERROR_BUSY) {
    guest->is_leaving = true; /* recycled when nothing is in flight */
    np_op_cancel(&guest->receive);
    return;
  }
  if (error != NP_OK) {
    play_fail(play, "np_channel_detach gave %s", np_error_name(error));
    return;
  }
  guest->channel = NULL;
  play->service.guests_open--;
  error = np_listener_recycle(pipe);
  say(play, "guest %u: np_listener_recycle: %s", guest->number,
      np_error_name(error));
  if (error != NP_OK) {
    if (error != ERROR_NOT_FOUND && !is_fault(play, error)) {
      play_fail(play, "np_listener_recycle gave %s", np_error_name(error));
    }
    np_pipe_close(pipe, NULL);
  }
}

/* --- Requests ------------------------------------------------------------ */

static bool is_request_true(const struct asking *asking, np_error error) {
  const struct play *play = asking->play;

  switch (error) {
    case NP_OK:
      return play->service.ever_listened;
    case WAIT_TIMEOUT:
      return asking->timeout_ms > 0 &&
             sim_now_ns() >= asking->begun_ns + asking->timeout_ms * 1000000ull;
    case ERROR_OPERATION_ABORTED:
      return asking->cancelled;
    case ERROR_FILE_NOT_FOUND:
      return !asking->waits_for_server;
    default:
      return is_fault(play, error);
  }
}

static void on_client(np_client_request *request, np_error error,
                      np_pipe *client) {
  struct asking *asking = (struct asking *)request;
  struct play *play = asking->play;
  struct guest *guest;

  in_loop(play, "a request's function");
  say(play, "request %u: %s", asking->number, np_error_name(error));
  if (!asking->is_waiting || (error == NP_OK) != (client != NULL)) {
    play_fail(play, "request %u was told twice, or wrongly", asking->number);
    return;
  }
  asking->is_waiting = false;
  if (!is_request_true(asking, error)) {
    play_fail(play, "request %u cannot have ended with %s", asking->number,
              np_error_name(error));
  }
  if (client == NULL) {
    return;
  }
  guest = guest_new(play, false);
  if (guest == NULL || play->service.is_over) {
    np_pipe_close(client, NULL);
    return;
  }
  guest_open(guest, client);
  guest_send(guest, asking->drawn);
}

static void request_begin(struct play *play, const struct step *step) {
  struct asking *asking = &play->service.askings[step->a % ASKINGS_MAX];
  np_client_options options;
  np_error error;
  char name[48];

  if (asking->is_waiting) {
    if (np_client_connect(play->loops[0], &asking->request, "\\\\.\\pipe\\x",
                          NULL, 0, on_client) != ERROR_BUSY) {
      play_fail(play, "a request that waits can be begun again");
    }
    return;
  }
  np_client_options_init(&options);
  options.wait_for_server = (step->d & 1) != 0;
  asking->play = play;
  asking->number = step->a % ASKINGS_MAX;
  asking->waits_for_server = options.wait_for_server;
  asking->cancelled = false;
  asking->timeout_ms = step->b % 4 == 0 ? 0 : 1 + step->b % WAIT_MS_MAX;
  asking->begun_ns = sim_now_ns();
  asking->drawn = step->c;
  name_of(name);
  error = np_client_connect(play->loops[0], &asking->request, name, &options,
                            asking->timeout_ms, on_client);
  say(play, "request %u: np_client_connect, limit %u ms: %s", asking->number,
      (unsigned)asking->timeout_ms, np_error_name(error));
  asking->is_waiting = error == NP_OK;
  if (error != NP_OK && !is_fault(play, error)) {
    play_fail(play, "np_client_connect gave %s", np_error_name(error));
  }
}

static void request_cancel(struct asking *asking) {
  np_error error = np_client_connect_cancel(&asking->request);

  if (asking->is_waiting && error == NP_OK) {
    asking->cancelled = true;
    say(asking->play, "request %u is cancelled", asking->number);
  } else if (error != ERROR_NOT_FOUND) {
    play_fail(asking->play, "np_client_connect_cancel gave %s",
              np_error_name(error));
  }
}

/* --- Steps --------------------------------------------------------------- */

void step_service(struct play *play, const struct step *step) {
  struct service *service = &play->service;
  struct asking *asking = &service->askings[step->a % ASKINGS_MAX];
  struct guest *guest = service->guest_count == 0
                            ? NULL
                            : &service->guests[step->a % service->guest_count];

  switch (step->kind) {
    case STEP_LISTEN:
      listener_open(play, step);
      return;
    case STEP_LISTEN_CLOSE:
      listener_close(play);
      return;
    case STEP_REQUEST:
      request_begin(play, step);
      return;
    case STEP_REQUEST_CANCEL:
      if (asking->play != NULL) {
        request_cancel(asking);
      }
      return;
    default:
      break;
  }
  if (guest == NULL) {
    return;
  }
  if (step->kind == STEP_GUEST_SEND) {
    guest_send(guest, step->c);
    guest_receive(guest);
  } else if (step->kind == STEP_GUEST_RECYCLE) {
    guest_recycle(guest);
  } else {
    guest_close(guest);
  }
}

void service_close(struct play *play) {
  struct service *service = &play->service;

  service->is_over = true;
  listener_close(play);
  for (size_t i = 0; i < ASKINGS_MAX; i++) {
    if (service->askings[i].is_waiting) {
      request_cancel(&service->askings[i]);
    }
  }
  for (size_t i = 0; i < service->guest_count; i++) {
    guest_close(&service->guests[i]);
  }
}

void service_check(struct play *play) {
  const struct service *service = &play->service;

  if (service->closing_listeners != 0 || service->guests_open != 0) {
    play_fail(play, "%u listeners and %u channels were not told their end",
              service->closing_listeners, service->guests_open);
  }
  for (size_t i = 0; i < ASKINGS_MAX; i++) {
    if (service->askings[i].is_waiting) {
      play_fail(play, "request %zu has had no callback", i);
    }
  }
}
