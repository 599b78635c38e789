/* np_client_connect: requests that wait for a server or for a free instance.
 * All requests of a loop for one name share a gate: one wait in the kernel, and
 * one attempt at a time, by the first in line. */
#include "client.h"

#include <assert.h>
#include <string.h>

#include "backoff.h"
#include "pipe_wait.h"
#include "watch.h"

/* Delay between attempts whose right moment is unknown (backoff.h): it doubles
 * from the first value to the second. */
#define DELAY_MS_MIN 10u
#define DELAY_MS_MAX 500u

/* The same while the kernel gives notice of new names. These attempts are for a
 * system that loses a notice. */
#define DELAY_MS_WATCHED 4000u

typedef enum request_state {
  IDLE = 0, /* the caller's */
  WAITING,  /* waits in line at a gate */
  ENDED     /* has a result; the callback will run */
} request_state;

typedef struct np__gates np__gates;

/* A gate: the line of a loop's requests for the same name. One wait in the
 * kernel serves them all, and the first in line tries when it has ended. */
typedef struct np__gate {
  np__packet packet; /* first; in the ready queue when an attempt is due */
  np__gates *gates;
  np__link link;  /* in `list` of its gates */
  np__list line;  /* requests, by the links of their packets */
  np__wait *wait; /* may be left from an earlier line; or NULL */
  np__alarm retry;
  np__watcher watcher; /* while requests wait for the name to exist */
  bool watches;
  uint32_t failures; /* attempts and waits in a row that brought nothing */
  bool is_queued;
  np__name name;
} np__gate;

/* All gates of a loop: an extension of the loop. */
struct np__gates {
  np__extension extension; /* first */
  np_loop *loop;
  np__root root;
  np__list list;
  uint32_t random;
};

/* --- Requests ------------------------------------------------------------ */

static void request_run(np_loop *loop, np__packet *packet) {
  np_client_request *request = (np_client_request *)packet;

  assert(request->np__state == ENDED);
  request->np__state = IDLE;
  loop->active--;
  request->np__fn(request, request->np__error, request->np__client);
}

static const np__packet_class request_class = {.run = request_run};

static void request_end(np_client_request *request, np_error error,
                        np_pipe *client) {
  np_loop *loop = request->np__loop;

  assert((error == NP_OK) == (client != NULL));
  np__alarm_stop(loop, &request->np__deadline);
  request->np__error = error;
  request->np__client = client;
  request->np__state = ENDED;
  np__loop_ready(loop, &request->np__packet);
}

/* --- The line ------------------------------------------------------------ */

static np_client_request *request_of(np__link *link) {
  return (np_client_request *)np__packet_of(link);
}

static void line_push(np__gate *gate, np_client_request *request) {
  request->np__state = WAITING;
  request->np__gate = gate;
  np__list_push(&gate->line, &request->np__packet.link);
}

static void line_remove(np_client_request *request) {
  np__list_remove(&request->np__packet.link);
}

/* --- Gates --------------------------------------------------------------- */

static np__gate *gate_of(np__link *link) {
  return NP__CONTAINER(link, np__gate, link);
}

static void gate_free(np__gate *gate) {
  np__gates *gates = gate->gates;

  np__list_remove(&gate->link);
  np__loop_free(gates->loop, gate);
}

/* gate_queue lets the first in line make an attempt, in its turn among the
 * callbacks. */
static void gate_queue(np__gate *gate) {
  if (!gate->is_queued) {
    gate->is_queued = true;
    gate->gates->loop->active++;
    np__loop_ready(gate->gates->loop, &gate->packet);
  }
}

static void gate_unwatch(np__gate *gate) {
  if (gate->watches) {
    gate->watches = false;
    np__watch_end(gate->gates->loop, &gate->watcher);
  }
}

/* gate_settle frees a gate that nothing needs any more. It is called after
 * something has left the line or the kernel. */
static void gate_settle(np__gate *gate) {
  if (!np__list_is_empty(&gate->line) || gate->is_queued) {
    return;
  }
  np__alarm_stop(gate->gates->loop, &gate->retry);
  gate_unwatch(gate);
  if (gate->wait != NULL) {
    np__wait_cancel(gate->wait);
  } else {
    gate_free(gate);
  }
}

static void gate_retry(np__alarm *alarm) {
  gate_queue(NP__CONTAINER(alarm, np__gate, retry));
}

static void gate_try_later(np__gate *gate) {
  np_loop *loop = gate->gates->loop;
  uint32_t delay_ms;

  if (np__alarm_is_active(&gate->retry)) {
    return;
  }
  delay_ms = np__backoff_ms(&gate->gates->random, gate->failures,
                            gate->watches ? DELAY_MS_MAX : DELAY_MS_MIN,
                            gate->watches ? DELAY_MS_WATCHED : DELAY_MS_MAX);
  gate->failures++;
  np__alarm_start(loop, &gate->retry, np__loop_deadline_ms(loop, delay_ms),
                  gate_retry);
}

static void gate_wait_ended(void *owner, np__wait_end end) {
  np__gate *gate = owner;

  gate->wait = NULL;
  if (end == NP__WAIT_LISTENING) {
    gate->failures = 0;
  }
  if (np__list_is_empty(&gate->line)) {
    gate_settle(gate);
  } else if (end == NP__WAIT_FAILED && gate->failures > 0) {
    gate_try_later(gate);
  } else {
    gate->failures += end == NP__WAIT_FAILED;
    gate_queue(gate);
  }
}

/* gate_wait runs when every instance is taken. */
static void gate_wait(np__gate *gate) {
  const WCHAR *name = np__name_in_root(&gate->name);

  if (gate->wait != NULL) {
    return; /* this wait still ends with a call, even if it was cancelled */
  }
  if (name != NULL) {
    gate->wait = np__root_wait(&gate->gates->root, name, gate_wait_ended, gate);
  }
  if (gate->wait == NULL) {
    gate_try_later(gate);
  }
}

static void gate_changed(np__watcher *watcher, bool is_lost) {
  np__gate *gate = NP__CONTAINER(watcher, np__gate, watcher);

  gate->watches = !is_lost;
  gate_queue(gate);
}

/* gate_await begins to wait for the name to exist. The server may have come
 * just before the watch, so the first in line tries once more. */
static void gate_await(np__gate *gate) {
  gate->watcher.changed = gate_changed;
  if (!gate->watches && np__watch_begin(gate->gates->loop, &gate->watcher)) {
    gate->watches = true;
    gate->failures = 0;
    gate_queue(gate);
  } else {
    gate_try_later(gate);
  }
}

/* gate_absent runs when the pipe does not exist: only requests that wait for a
 * server stay in line. */
static void gate_absent(np__gate *gate) {
  np__link *next;

  for (np__link *at = gate->line.next; at != &gate->line; at = next) {
    np_client_request *request = request_of(at);

    next = at->next;
    if (!request->np__options.wait_for_server) {
      line_remove(request);
      request_end(request, ERROR_FILE_NOT_FOUND, NULL);
    }
  }
  if (!np__list_is_empty(&gate->line)) {
    gate_await(gate);
  }
}

static void gate_run(np_loop *loop, np__packet *packet) {
  np__gate *gate = (np__gate *)packet;
  np_client_request *request;
  np_pipe *client = NULL;
  np_error error;

  np__loop_count_own(loop);
  loop->active--;
  gate->is_queued = false;
  if (!np__list_is_empty(&gate->line)) {
    request = request_of(gate->line.next);
    error = np__client_open(loop, &gate->name, &request->np__options, &client);
    if (error != ERROR_FILE_NOT_FOUND) {
      gate_unwatch(gate);
    }
    if (error == ERROR_PIPE_BUSY) {
      gate_wait(gate);
    } else if (error == ERROR_FILE_NOT_FOUND) {
      gate_absent(gate);
    } else {
      line_remove(request);
      request_end(request, error, client);
      if (!np__list_is_empty(&gate->line)) {
        gate_queue(gate); /* another instance may be free */
      }
    }
  }
  gate_settle(gate);
}

static const np__packet_class gate_class = {.run = gate_run};

static void gates_free(np_loop *loop, np__extension *extension) {
  np__gates *gates = (np__gates *)extension;

  np__root_deinit(&gates->root);
  while (!np__list_is_empty(&gates->list)) {
    gate_free(gate_of(gates->list.next));
  }
  np__loop_free(loop, gates);
}

/* gates_find returns the gates of `loop`, or NULL: no client has waited. */
static np__gates *gates_find(const np_loop *loop) {
  return (np__gates *)np__loop_extension(loop, gates_free);
}

static np__gates *gates_of(np_loop *loop) {
  np__gates *gates = gates_find(loop);

  if (gates == NULL) {
    gates = np__loop_new(loop, sizeof *gates);
    if (gates != NULL) {
      gates->loop = loop;
      np__list_init(&gates->list);
      gates->random = GetCurrentProcessId() ^ (uint32_t)np__loop_now_ms(loop);
      np__root_init(&gates->root, loop, FILE_READ_ATTRIBUTES);
      gates->extension.free = gates_free;
      np__loop_extend(loop, &gates->extension);
    }
  }
  return gates;
}

static np__gate *gate_find(const np__gates *gates, const np__name *name) {
  if (gates != NULL) {
    for (np__link *at = gates->list.next; at != &gates->list; at = at->next) {
      if (np__name_is_equal(&gate_of(at)->name, name)) {
        return gate_of(at);
      }
    }
  }
  return NULL;
}

static np__gate *gate_new(np_loop *loop, const np__name *name) {
  np__gates *gates = gates_of(loop);
  np__gate *gate = gates != NULL ? np__loop_new(loop, sizeof *gate) : NULL;

  if (gate != NULL) {
    gate->packet.class_ = &gate_class;
    gate->gates = gates;
    gate->name = *name;
    np__list_init(&gate->line);
    np__list_push_first(&gates->list, &gate->link);
  }
  return gate;
}

/* --- The calls ----------------------------------------------------------- */

void np_client_request_init(np_client_request *request) {
  if (request != NULL) {
    memset(request, 0, sizeof *request);
  }
}

static void request_leave(np_client_request *request, np_error error) {
  np__gate *gate = request->np__gate;

  line_remove(request);
  request_end(request, error, NULL);
  gate_settle(gate);
}

static void request_expired(np__alarm *alarm) {
  request_leave(NP__CONTAINER(alarm, np_client_request, np__deadline),
                WAIT_TIMEOUT);
}

/* is_worth_waiting returns true if the request goes on after a first attempt
 * with `error`. */
static bool is_worth_waiting(const np_client_request *request, np_error error) {
  return error == ERROR_PIPE_BUSY || (error == ERROR_FILE_NOT_FOUND &&
                                      request->np__options.wait_for_server);
}

static void request_wait(np_client_request *request, np__gate *gate,
                         uint64_t deadline_ms) {
  line_push(gate, request);
  if (deadline_ms > 0) {
    np__alarm_start(request->np__loop, &request->np__deadline, deadline_ms,
                    request_expired);
  }
}

static void request_begin(np_client_request *request, const np__name *name,
                          uint32_t timeout_ms) {
  np_loop *loop = request->np__loop;
  const uint64_t deadline_ms =
      timeout_ms > 0 ? np__loop_deadline_ms(loop, timeout_ms) : 0;
  np__gate *gate = gate_find(gates_find(loop), name);
  np_pipe *client = NULL;
  np_error error;

  if (gate != NULL && !np__list_is_empty(&gate->line)) {
    /* Others are first in line; the event that they wait for may have happened
     * just now. */
    request_wait(request, gate, deadline_ms);
    gate_queue(gate);
    return;
  }
  error = np__client_open(loop, name, &request->np__options, &client);
  if (!is_worth_waiting(request, error)) {
    request_end(request, error, client);
    return;
  }
  if (gate == NULL) {
    gate = gate_new(loop, name);
  }
  if (gate == NULL) {
    request_end(request, ERROR_NOT_ENOUGH_MEMORY, NULL);
    return;
  }
  request_wait(request, gate, deadline_ms);
  if (error == ERROR_PIPE_BUSY) {
    gate_wait(gate);
  } else {
    gate_absent(gate);
  }
}

np_error np_client_connect(np_loop *loop, np_client_request *request,
                           const char *name, const np_client_options *options,
                           uint32_t timeout_ms, np_client_fn fn) {
  np__name wide_name;
  np_error error;

  np__loop_check_thread(loop);
  if (loop == NULL || request == NULL || fn == NULL ||
      (options != NULL && !np__client_options_are_valid(options))) {
    return ERROR_INVALID_PARAMETER;
  }
  if (request->np__state != IDLE) {
    return ERROR_BUSY;
  }
  error = np__name_parse(&wide_name, name, false);
  if (error != NP_OK) {
    return error;
  }
  if (options != NULL) {
    request->np__options = *options;
  } else {
    np_client_options_init(&request->np__options);
  }
  request->np__packet.class_ = &request_class;
  request->np__loop = loop;
  request->np__fn = fn;
  request->np__deadline.node.key = 0;
  loop->active++;
  request_begin(request, &wide_name, timeout_ms);
  return NP_OK;
}

np_error np_client_connect_cancel(np_client_request *request) {
  if (request == NULL) {
    return ERROR_INVALID_PARAMETER;
  }
  if (request->np__state != IDLE) {
    np__loop_check_thread(request->np__loop);
  }
  if (request->np__state != WAITING) {
    return ERROR_NOT_FOUND;
  }
  request_leave(request, ERROR_OPERATION_ABORTED);
  return NP_OK;
}
