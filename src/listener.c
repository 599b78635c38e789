/* np_listener: keeps the wanted number of instances listening, reports trouble
 * and tries again, and ends when its last pipe has gone. Each instance is
 * handled by its slot (listener_slot.c). */
#include "listener.h"

#include <assert.h>
#include <string.h>

#include "revert.h"
#include "server.h"

#define BACKLOG      4u
#define BACKLOG_MAX  1024u
#define IDLE_MAX     64u
#define RETRY_MS     10u
#define RETRY_MS_MAX 1000u

/* --- Telling ------------------------------------------------------------- */

static void news_run(np_loop *loop, np__packet *packet) {
  np_listener *listener = NP__CONTAINER(packet, np_listener, news);
  const np_error error = listener->news_error;
  const bool is_well = listener->news_is_well;

  listener->has_news = false;
  listener->news_error = NP_OK;
  listener->news_is_well = false;
  if (listener->closing || listener->on_error == NULL) {
    np__loop_count_own(loop);
    return;
  }
  if (error != NP_OK) {
    listener->on_error(listener, error, listener->news_ms);
    np__revert_if_forgotten(loop);
  }
  if (is_well && !listener->closing) {
    listener->on_error(listener, NP_OK, 0);
  }
}

static const np__packet_class news_class = {.run = news_run};

static void queue_news(np_listener *listener) {
  if (!listener->has_news) {
    listener->has_news = true;
    np__loop_ready(listener->loop, &listener->news);
  }
}

void np__listener_tell(np_listener *listener, np_error error,
                       uint32_t retry_ms) {
  listener->news_error = error;
  listener->news_ms = retry_ms;
  queue_news(listener);
}

static void listener_closed_run(np_loop *loop, np__packet *packet) {
  np_listener *listener = NP__CONTAINER(packet, np_listener, closed);

  assert(np__list_is_empty(&listener->slots) && !listener->has_news);
  if (listener->on_closed != NULL) {
    listener->on_closed(listener);
  } else {
    np__loop_count_own(loop);
  }
  loop->open--;
  loop->active--;
  np__security_deinit(&listener->security);
  np__loop_free(loop, listener);
}

static const np__packet_class listener_closed_class = {.run =
                                                           listener_closed_run};

void np__listener_check_closed(np_listener *listener) {
  if (listener->closing && listener->going == 0) {
    np__loop_ready(listener->loop, &listener->closed);
  }
}

/* --- The number of instances --------------------------------------------- */

static void stop_retry(np_listener *listener) {
  if (np__alarm_is_active(&listener->retry)) {
    np__alarm_stop(listener->loop, &listener->retry);
    listener->loop->unheeded_timers -= listener->background ? 1u : 0u;
  }
}

static bool has_enough(const np_listener *listener) {
  if (listener->instances >= listener->server.instances_max ||
      listener->instances >= listener->pipes_max) {
    return true;
  }
  return listener->is_paused
             ? listener->listening + listener->failed + listener->at_rest > 0
             : listener->listening >= listener->backlog;
}

static void retry_expired(np__alarm *alarm);

void np__listener_trouble(np_listener *listener, np_error error) {
  np_loop *loop = listener->loop;

  listener->last_error = error;
  if (!np__alarm_is_active(&listener->retry)) {
    listener->retry_ms =
        listener->retry_ms == 0 ? RETRY_MS : listener->retry_ms * 2;
    if (listener->retry_ms > RETRY_MS_MAX) {
      listener->retry_ms = RETRY_MS_MAX;
    }
    np__alarm_start(loop, &listener->retry,
                    np__loop_deadline_ms(loop, listener->retry_ms),
                    retry_expired);
    loop->unheeded_timers += listener->background ? 1u : 0u;
  }
  listener->news_is_well = false;
  np__listener_tell(listener, error, listener->retry_ms);
}

void np__listener_refill(np_listener *listener) {
  np_error error;

  while (!has_enough(listener) && !np__alarm_is_active(&listener->retry)) {
    error = np__slot_add(listener);
    if (error != NP_OK) {
      np__listener_trouble(listener, error);
    }
  }
  if (listener->retry_ms > 0 && has_enough(listener) && listener->failed == 0 &&
      !listener->is_doubtful && !listener->is_paused) {
    stop_retry(listener);
    listener->retry_ms = 0;
    listener->news_is_well = true;
    queue_news(listener);
  }
}

static void listen_again(np_listener *listener) {
  listener->failed = 0;
  for (np__link *at = listener->slots.next; at != &listener->slots;
       at = at->next) {
    np__slot *slot = np__slot_of(at);

    if (slot->state == NP__SLOT_FAILED) {
      np__slot_listen(slot);
    }
  }
}

/* try_again: while the listener is paused, failed instances stay as they are:
 * nobody waits for their clients. */
static void try_again(np_listener *listener) {
  if (!listener->is_paused) {
    listen_again(listener);
  }
  np__listener_refill(listener);
}

static void retry_expired(np__alarm *alarm) {
  np_listener *listener = NP__CONTAINER(alarm, np_listener, retry);

  listener->loop->unheeded_timers -= listener->background ? 1u : 0u;
  try_again(listener);
}

void np__listener_lost(np_listener *listener) {
  if (np__alarm_is_active(&listener->retry) &&
      listener->last_error == ERROR_PIPE_BUSY) {
    stop_retry(listener);
    try_again(listener);
  } else {
    np__listener_refill(listener);
  }
}

/* --- Beginning and end --------------------------------------------------- */

void np_listener_options_init(np_listener_options *options) {
  if (options != NULL) {
    memset(options, 0, sizeof *options);
    options->size = sizeof *options;
    options->backlog = BACKLOG;
    options->idle_max = IDLE_MAX;
    options->ghosts = NP_GHOSTS_WITH_DATA;
    np_server_options_init(&options->server);
    options->server.first_instance = true;
  }
}

static bool listener_options_are_valid(const np_listener_options *options) {
  return options->size == sizeof *options && options->backlog >= 1 &&
         options->backlog <= BACKLOG_MAX &&
         options->idle_max >= options->backlog &&
         (options->ghosts == NP_GHOSTS_WITH_DATA ||
          options->ghosts == NP_GHOSTS_NONE ||
          options->ghosts == NP_GHOSTS_ALL) &&
         np__server_options_are_valid(&options->server);
}

/* keep_options copies all options that must outlive the call. */
static np_error keep_options(np_listener *listener,
                             const np_listener_options *options) {
  np_error error;

  listener->on_error = options->on_error;
  listener->background = options->background;
  listener->ghosts = options->ghosts;
  listener->backlog = options->backlog;
  listener->idle_max = options->idle_max;
  listener->pipes_max =
      options->pipes_max > 0 ? options->pipes_max : UINT32_MAX;
  listener->server = options->server;
  error =
      np__security_init(&listener->security, listener->loop, &options->server);
  /* The pointers in these options belong to the caller. */
  listener->server.security_attributes = NULL;
  listener->server.sddl = NULL;
  listener->server.app_container = NULL;
  return error;
}

np_error np_listener_create(np_loop *loop, const char *name,
                            const np_listener_options *options,
                            np_listener_pipe_fn on_pipe,
                            np_listener **listener) {
  np_listener_options defaults;
  np_listener *made;
  np_error error;

  np__loop_check_thread(loop);
  if (options == NULL) {
    np_listener_options_init(&defaults);
    options = &defaults;
  }
  if (loop == NULL || on_pipe == NULL || listener == NULL ||
      !listener_options_are_valid(options)) {
    return ERROR_INVALID_PARAMETER;
  }
  made = np__loop_new(loop, sizeof *made);
  if (made == NULL) {
    return ERROR_NOT_ENOUGH_MEMORY;
  }
  made->loop = loop;
  made->on_pipe = on_pipe;
  np__list_init(&made->slots);
  made->news.class_ = &news_class;
  made->closed.class_ = &listener_closed_class;
  error = np__name_parse(&made->name, name, true);
  if (error == NP_OK) {
    error = keep_options(made, options);
  }
  if (error == NP_OK && !options->retry_first) {
    error = np__slot_add(made);
  }
  if (error != NP_OK) {
    np__security_deinit(&made->security);
    np__loop_free(loop, made);
    return error;
  }
  loop->open++;
  loop->active += made->background ? 0u : 1u;
  np__listener_refill(made);
  *listener = made;
  return NP_OK;
}

static void check_listener_thread(const np_listener *listener) {
  np__loop_check_thread(listener != NULL ? listener->loop : NULL);
}

np_error np_listener_close(np_listener *listener,
                           np_listener_closed_fn on_closed) {
  np__link *next;

  check_listener_thread(listener);
  if (listener == NULL) {
    return NP_OK;
  }
  if (listener->closing) {
    return ERROR_INVALID_HANDLE;
  }
  stop_retry(listener);
  listener->closing = true;
  listener->on_closed = on_closed;
  listener->loop->active += listener->background ? 1u : 0u;
  for (np__link *at = listener->slots.next; at != &listener->slots; at = next) {
    np__slot *slot = np__slot_of(at);

    next = at->next;
    if (slot->state != NP__SLOT_LENT) {
      np__slot_close(slot);
    } else {
      np__slot_let_go(slot);
    }
  }
  np__listener_check_closed(listener);
  return NP_OK;
}

np_error np_listener_pause(np_listener *listener) {
  check_listener_thread(listener);
  if (listener == NULL) {
    return ERROR_INVALID_PARAMETER;
  }
  if (listener->closing) {
    return ERROR_INVALID_HANDLE;
  }
  listener->is_paused = true;
  return NP_OK;
}

np_error np_listener_resume(np_listener *listener) {
  check_listener_thread(listener);
  if (listener == NULL) {
    return ERROR_INVALID_PARAMETER;
  }
  if (listener->closing) {
    return ERROR_INVALID_HANDLE;
  }
  if (listener->is_paused) {
    listener->is_paused = false;
    for (np__link *at = listener->slots.next; at != &listener->slots;
         at = at->next) {
      np__slot_resume(np__slot_of(at));
    }
    stop_retry(listener);
    try_again(listener);
  }
  return NP_OK;
}

np_loop *np_listener_loop(const np_listener *listener) {
  check_listener_thread(listener);
  return listener != NULL ? listener->loop : NULL;
}

void *np_listener_user(const np_listener *listener) {
  check_listener_thread(listener);
  return listener != NULL ? listener->user : NULL;
}

void np_listener_set_user(np_listener *listener, void *user) {
  check_listener_thread(listener);
  if (listener != NULL) {
    listener->user = user;
  }
}
