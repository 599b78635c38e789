/* A service beside the pipes of the model: a listener, clients that wait for
 * it, and channels on both sides (guest.c). */
#include "service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest.h"
#include "linked.h"

enum { WAIT_MS_MAX = 40, ANNOUNCED_PART_MAX = 300 };

/* Type, read mode and half-close are those of the whole run. */
static bool is_message(const struct play *play) {
  return (play->program->seed / 3) % 3 != 0;
}

np_mode service_read_mode(const struct play *play) {
  return (play->program->seed / 3) % 3 == 2 ? NP_MESSAGE : NP_BYTE;
}

bool service_half_closes(const struct play *play) {
  return is_message(play) && play->program->seed % 2 != 0;
}

np_frame_kind service_kind(const struct play *play) {
  static const np_frame_kind kinds[] = {NP_FRAME_LENGTH, NP_FRAME_LENGTH,
                                        NP_FRAME_VARINT, NP_FRAME_DELIMITER};

  return kinds[play->program->seed / 2 % 4];
}

void service_name(char out[48]) {
  snprintf(out, 48, "\\\\.\\pipe\\npipe-service-%u",
           (unsigned)GetCurrentProcessId());
}

static void in_loop(struct play *play, const char *what) {
  if (play->in_loop != 0) {
    play_fail(play, "%s ran outside of its loop", what);
  }
  callback_begins(play);
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
  if (play->service.is_paused) {
    play_fail(play, "a listener that is paused hands out a pipe");
  }
  if (np_pipe_user(pipe) != NULL) {
    play_fail(play, "a recycled pipe has the user pointer of its last owner");
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

  np_listener_options_init(&options);
  options.backlog = 1 + step->b % 3;
  options.idle_max = options.backlog + step->a % 3;
  service->idle_max = options.idle_max;
  options.pipes_max = step->c % 7 == 6 ? 1 + step->a % 5 : 0;
  options.ghosts = (np_ghosts)(step->c % 3);
  options.retry_first = (step->d & 1) != 0;
  options.background = (step->d & 2) != 0;
  options.on_error = (step->d & 4) == 0 ? on_trouble : NULL;
  if (step->a % 5 == 4) {
    options.server.instances_max = 1 + step->b % 4;
  }
  options.server.mode = is_message(play) ? NP_MESSAGE : NP_BYTE;
  options.server.read_mode = service_read_mode(play);
  options.server.first_instance = (step->c & 8) != 0;
  service_name(name);
  error = np_listener_create(play->loops[0], name, &options, on_pipe,
                             &service->listener);
  say(play, "np_listener_create, backlog %u: %s", (unsigned)options.backlog,
      np_error_name(error));
  if (error == NP_OK) {
    np_listener_set_user(service->listener, play);
    service->is_paused = false;
    service->ever_listened = true;
  } else if (!is_fault(play, error) && error != ERROR_ACCESS_DENIED &&
             error != ERROR_PIPE_BUSY && error != ERROR_INVALID_PARAMETER) {
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

static void listener_pause(struct play *play) {
  struct service *service = &play->service;

  if (service->listener == NULL) {
    return;
  }
  say(play, "np_listener_pause");
  service->is_paused = true;
  if (np_listener_pause(service->listener) != NP_OK) {
    play_fail(play, "np_listener_pause failed");
  }
}

void service_resume(struct play *play) {
  struct service *service = &play->service;

  if (service->listener == NULL) {
    return;
  }
  say(play, "np_listener_resume");
  service->is_paused = false;
  if (np_listener_resume(service->listener) != NP_OK) {
    play_fail(play, "np_listener_resume failed");
  }
}

bool service_is_served(const struct play *play) {
  size_t clients = 0;
  size_t servers = 0;

  for (size_t i = 0; i < play->service.guest_count; i++) {
    const struct guest *guest = &play->service.guests[i];
    np_info info = {.size = sizeof info};

    if (guest->channel != NULL && !guest->is_closing &&
        np_pipe_info(np_channel_pipe(guest->channel), &info) == NP_OK &&
        info.state == NP_CONNECTED) {
      servers += guest->is_server ? 1 : 0;
      clients += guest->is_server ? 0 : 1;
    }
  }
  return clients <= servers;
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

static void request_lost(const struct asking *asking) {
  play_fail(asking->play, "request %u lost its %s", asking->number,
            asking->due.by_limit ? "time limit" : "cancel");
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
  if (asking->due.is_over && error != NP_OK) {
    request_lost(asking);
  }
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
  options.read_mode = service_read_mode(play);
  asking->play = play;
  asking->number = step->a % ASKINGS_MAX;
  asking->waits_for_server = options.wait_for_server;
  asking->cancelled = false;
  asking->timeout_ms = step->b % 4 == 0 ? 0 : 1 + step->b % WAIT_MS_MAX;
  asking->begun_ns = sim_now_ns();
  memset(&asking->due, 0, sizeof asking->due);
  asking->drawn = step->c;
  service_name(name);
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
    due_begin(asking->play, &asking->due, 0);
    say(asking->play, "request %u is cancelled", asking->number);
  } else if (error != ERROR_NOT_FOUND) {
    play_fail(asking->play, "np_client_connect_cancel gave %s",
              np_error_name(error));
  }
}

/* --- A hostile client ---------------------------------------------------- */

/* announce lets a raw client announce a long message, of which it sends only a
 * part. The guest on the other side may not take memory for the rest. */
static void announce(struct play *play, const struct step *step) {
  static const unsigned char head[] = {0, ANNOUNCED_NUMBER >> 8, 0, 0};
  struct service *service = &play->service;
  unsigned char bytes[sizeof head + ANNOUNCED_PART_MAX];
  const size_t length = sizeof head + step->c % ANNOUNCED_PART_MAX;
  HANDLE *announcer = &service->announcers[service->announced];
  OVERLAPPED overlapped = {.Internal = 0};
  WCHAR path[48];
  char name[48];

  if (service->announced == ANNOUNCERS_MAX ||
      service_kind(play) != NP_FRAME_LENGTH) {
    return;
  }
  service_name(name);
  for (size_t i = 0; i < sizeof name; i++) {
    path[i] = (WCHAR)(unsigned char)name[i];
  }
  *announcer = CreateFileW(path, GENERIC_READ | GENERIC_WRITE, 0, NULL,
                           OPEN_EXISTING, FILE_FLAG_OVERLAPPED, NULL);
  if (*announcer == INVALID_HANDLE_VALUE) {
    return;
  }
  service->announced++;
  service->has_partial = true;
  service->sent_bytes += length;
  memset(bytes, 0, sizeof bytes);
  memcpy(bytes, head, sizeof head);
  /* If the write pends, the cancel ends it. */
  WriteFile(*announcer, bytes, (DWORD)length, NULL, &overlapped);
  CancelIoEx(*announcer, &overlapped);
  while (!HasOverlappedIoCompleted(&overlapped)) {
    sim_advance_ms(1);
    SwitchToThread();
  }
  say(play, "a raw client announces %u bytes, and sends %zu",
      ANNOUNCED_NUMBER << 8, length);
}

static void announcers_close(const struct service *service) {
  for (size_t i = 0; i < service->announced; i++) {
    CloseHandle(service->announcers[i]);
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
      if (service->listener == NULL) {
        listener_open(play, step);
      } else if (service->is_paused || step->b % 4 == 0) {
        service_resume(play);
      } else {
        listener_pause(play);
      }
      return;
    case STEP_LISTEN_CLOSE:
      listener_close(play);
      return;
    case STEP_REQUEST:
      if (step->a % 4 == 3) {
        step_linked(play, step);
      } else {
        request_begin(play, step);
      }
      return;
    case STEP_REQUEST_CANCEL:
      if (asking->play != NULL) {
        request_cancel(asking);
      }
      return;
    case STEP_ANNOUNCE:
      announce(play, step);
      return;
    default:
      break;
  }
  if (guest == NULL) {
    return;
  }
  switch (step->kind) {
    case STEP_GUEST_SEND:
      guest_send(guest, step->c);
      guest_receive(guest, step->d);
      break;
    case STEP_GUEST_CALL:
      guest_call(guest, step->c);
      guest_receive(guest, step->d);
      break;
    case STEP_GUEST_SHUTDOWN:
      guest_shutdown(guest);
      break;
    case STEP_GUEST_CANCEL:
      guest_cancel(guest, step->c);
      break;
    case STEP_GUEST_RECYCLE:
      guest_recycle(guest);
      break;
    default:
      guest_close(guest);
      break;
  }
}

void service_turn_begins(struct play *play) {
  struct service *service = &play->service;

  for (size_t i = 0; i < ASKINGS_MAX; i++) {
    struct asking *asking = &service->askings[i];

    if (asking->is_waiting) {
      due_limit(play, &asking->due, asking->begun_ns, asking->timeout_ms);
    }
  }
  for (size_t i = 0; i < service->guest_count; i++) {
    guest_turn_begins(&service->guests[i]);
  }
}

void service_turn_ended(struct play *play) {
  struct service *service = &play->service;

  for (size_t i = 0; i < ASKINGS_MAX; i++) {
    struct asking *asking = &service->askings[i];

    if (asking->is_waiting && due_is_over(play, &asking->due, 0, false)) {
      request_lost(asking);
    }
  }
  for (size_t i = 0; i < service->guest_count; i++) {
    guest_turn_ended(&service->guests[i]);
  }
}

bool service_has_asked(const struct play *play) {
  for (size_t i = 0; i < ASKINGS_MAX; i++) {
    if (play->service.askings[i].play != NULL) {
      return true;
    }
  }
  return false;
}

void service_close(struct play *play) {
  struct service *service = &play->service;

  service->is_over = true;
  announcers_close(service);
  listener_close(play);
  linked_close(play);
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

  linked_check(play);
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
