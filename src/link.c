/* Links: a client that connects again. A link rests on the client that waits
 * (client_connect.c) and on the channel, and uses their public functions. Its
 * rule: a message is given to one connection at most, and ends once. */
#include <npipe/link.h>

#include <assert.h>
#include <string.h>

#include "backoff.h"
#include "list.h"
#include "loop.h"
#include "revert.h"

#define DELAY_MIN_MS    100u
#define DELAY_MAX_MS    30000u
#define STABLE_MS       5000u
#define QUEUE_BYTES_MAX 1048576u

/* How many bytes of messages a connection may hold, unless one message is
 * longer. */
#define GIVEN_BYTES_MAX 65536u

/* The states of a link. */
typedef enum link_state {
  LINK_CONNECTING, /* `request` is in flight */
  LINK_WAITING,    /* until `delay` expires */
  LINK_UP,
  LINK_ENDING, /* the channel is being closed */
  LINK_OVER    /* has given up */
} link_state;

/* The states of a message. */
enum {
  MESSAGE_IDLE = 0,
  MESSAGE_QUEUED,
  MESSAGE_GIVEN, /* the channel has it */
  MESSAGE_ENDED  /* not sent; its callback is to come */
};

struct np_link {
  np_loop *loop;
  np_link_options options;
  np_link_closed_fn on_closed;
  void *user;
  char *name;
  char *owner; /* what options.client.verify_owner points to, or NULL */
  link_state state;
  bool is_closing;
  bool is_requesting; /* `request` is in flight */
  bool is_greeting;   /* the function runs with NP_LINK_UP */
  bool has_work;      /* `work` is queued */
  bool is_over;       /* `closed` is queued */

  np_client_request request;
  np_timer delay;
  np_timer patience; /* runs while the link is not up */
  uint32_t misses;   /* bad ends since the last good connection */
  uint32_t random;

  np_channel *channel; /* NULL: none */
  np_op receive;
  uint64_t up_at_ms;
  np_error down_error;

  np__list queue;     /* messages that no connection has */
  np__list ended;     /* messages in state ENDED */
  size_t bytes;       /* of all messages but those in state ENDED */
  size_t given;       /* messages in state GIVEN */
  size_t given_bytes; /* their bytes */
  np__packet work;    /* calls back the first of `ended` */
  np__packet closed;
};

static void attempt(np_link *link);

static void check_thread(const np_link *link) {
  np__loop_check_thread(link != NULL ? link->loop : NULL);
}

static bool is_up(const np_link *link) {
  return link->state == LINK_UP && !link->is_closing;
}

static void tell(np_link *link, np_link_event event, np_error error) {
  link->options.on_event(link, event, error);
  np__revert_if_forgotten(link->loop);
}

/* --- The end ------------------------------------------------------------- */

static void link_free(np_link *link) {
  np_loop *loop = link->loop;

  np__loop_free(loop, link->owner);
  np__loop_free(loop, link->name);
  np__loop_free(loop, link);
}

static void link_closed_run(np_loop *loop, np__packet *packet) {
  np_link *link = NP__CONTAINER(packet, np_link, closed);

  if (link->on_closed != NULL) {
    link->on_closed(link);
  } else {
    np__loop_count_own(loop);
  }
  loop->open--;
  loop->active--;
  link_free(link);
}

static const np__packet_class link_closed_class = {.run = link_closed_run};

static void check_closed(np_link *link) {
  if (link->is_closing && !link->is_requesting && link->channel == NULL &&
      !link->has_work && !link->is_over) {
    assert(np__list_is_empty(&link->queue) && link->given == 0);
    link->is_over = true;
    np__loop_ready(link->loop, &link->closed);
  }
}

/* --- Messages ------------------------------------------------------------ */

static void queue_work(np_link *link) {
  if (!link->has_work) {
    link->has_work = true;
    np__loop_ready(link->loop, &link->work);
  }
}

/* message_leave takes a message out of the account of the queue. */
static void message_leave(np_link_message *message) {
  np_timer_stop(&message->np__limit);
  message->np__owner->bytes -= message->np__length;
}

/* message_end ends a message that was in no connection. */
static void message_end(np_link_message *message, np_error error) {
  np_link *link = message->np__owner;

  message_leave(message);
  message->np__error = error;
  message->np__state = MESSAGE_ENDED;
  np__list_push(&link->ended, &message->np__place);
  queue_work(link);
}

static np_link_message *first_of(np__list *list) {
  return NP__CONTAINER(list->next, np_link_message, np__place);
}

static void queue_end(np_link *link, np_error error) {
  while (!np__list_is_empty(&link->queue)) {
    np_link_message *message = first_of(&link->queue);

    np__list_remove(&message->np__place);
    message_end(message, error);
  }
}

/* work_run calls back one message a run, so that other work gets its turn. */
static void work_run(np_loop *loop, np__packet *packet) {
  np_link *link = NP__CONTAINER(packet, np_link, work);
  np_link_message *message = first_of(&link->ended);

  (void)loop;
  np__list_remove(&message->np__place);
  link->has_work = false;
  if (!np__list_is_empty(&link->ended)) {
    queue_work(link);
  }
  message->np__state = MESSAGE_IDLE;
  message->np__done(message, NP_LINK_NOT_SENT, message->np__error);
  check_closed(link);
}

static const np__packet_class work_class = {.run = work_run};

static void link_end(np_link *link, np_error error);
static void queue_go_out(np_link *link);

static void on_sent(np_op *op, np_error error, size_t transferred) {
  np_link_message *message = NP__CONTAINER(op, np_link_message, np__op);
  np_link *link = message->np__owner;
  np_link_outcome outcome = NP_LINK_SENT;

  (void)transferred;
  link->given--;
  link->given_bytes -= message->np__length;
  message_leave(message);
  message->np__state = MESSAGE_IDLE;
  if (error == ERROR_NOT_ENOUGH_MEMORY) {
    outcome = NP_LINK_NOT_SENT;
  } else if (error != NP_OK) {
    outcome = NP_LINK_UNKNOWN;
    link_end(link, error);
    error = link->down_error;
  }
  message->np__done(message, outcome, error);
  np__revert_if_forgotten(link->loop);
  queue_go_out(link);
}

/* queue_go_out gives messages to the connection, as many as it may hold. */
static void queue_go_out(np_link *link) {
  while (is_up(link) && !link->is_greeting &&
         !np__list_is_empty(&link->queue)) {
    np_link_message *message = first_of(&link->queue);
    np_error error;

    if (link->given > 0 &&
        link->given_bytes + message->np__length > GIVEN_BYTES_MAX) {
      return; /* on_sent goes on. */
    }
    np__list_remove(&message->np__place);
    np_timer_stop(&message->np__limit);
    error = np_channel_send(link->channel, message->np__data,
                            message->np__length, &message->np__op, on_sent);
    if (error != NP_OK) {
      message_end(message, error);
      continue;
    }
    message->np__state = MESSAGE_GIVEN;
    link->given++;
    link->given_bytes += message->np__length;
  }
}

static void limit_over(np_timer *timer) {
  np_link_message *message = NP__CONTAINER(timer, np_link_message, np__limit);

  assert(message->np__state == MESSAGE_QUEUED);
  np__list_remove(&message->np__place);
  message_leave(message);
  message->np__state = MESSAGE_IDLE;
  message->np__done(message, NP_LINK_NOT_SENT, WAIT_TIMEOUT);
}

np_error np_link_send(np_link *link, const void *data, size_t length,
                      np_link_message *message, np_link_sent_fn done) {
  check_thread(link);
  if (link == NULL || (data == NULL && length > 0) || message == NULL ||
      done == NULL) {
    return ERROR_INVALID_PARAMETER;
  }
  if (link->is_closing) {
    return ERROR_INVALID_HANDLE;
  }
  if (link->state == LINK_OVER) {
    return ERROR_INVALID_STATE;
  }
  if (message->np__state != MESSAGE_IDLE) {
    return ERROR_BUSY;
  }
  if (length > link->options.queue_bytes_max - link->bytes) {
    return ERROR_NOT_ENOUGH_QUOTA;
  }
  message->np__owner = link;
  message->np__done = done;
  message->np__data = data;
  message->np__length = length;
  message->np__state = MESSAGE_QUEUED;
  link->bytes += length;
  np__list_push(&link->queue, &message->np__place);
  if (message->timeout_ms > 0) {
    np_timer_start(link->loop, &message->np__limit, message->timeout_ms,
                   limit_over);
  }
  queue_go_out(link);
  return NP_OK;
}

np_error np_link_cancel(np_link_message *message) {
  if (message == NULL) {
    return ERROR_INVALID_PARAMETER;
  }
  if (message->np__state != MESSAGE_QUEUED) {
    return ERROR_NOT_FOUND;
  }
  check_thread(message->np__owner);
  np__list_remove(&message->np__place);
  message_end(message, ERROR_OPERATION_ABORTED);
  return NP_OK;
}

/* --- A connection -------------------------------------------------------- */

static void delay_over(np_timer *timer) {
  np_link *link = NP__CONTAINER(timer, np_link, delay);

  np__loop_count_own(link->loop);
  attempt(link);
}

static void delay_start(np_link *link) {
  const uint32_t delay_ms =
      np__backoff_ms(&link->random, link->misses - 1,
                     link->options.delay_min_ms, link->options.delay_max_ms);

  assert(link->misses > 0);
  link->state = LINK_WAITING;
  np_timer_start(link->loop, &link->delay, delay_ms, delay_over);
}

/* stop_trying ends all that brings a new connection. */
static void stop_trying(np_link *link) {
  np_timer_stop(&link->delay);
  np_timer_stop(&link->patience);
  if (link->is_requesting) {
    np_client_connect_cancel(&link->request);
  }
}

static void give_up(np_link *link, np_error error) {
  stop_trying(link);
  link->state = LINK_OVER;
  queue_end(link, error);
  tell(link, NP_LINK_GAVE_UP, error);
}

static void patience_over(np_timer *timer) {
  give_up(NP__CONTAINER(timer, np_link, patience), WAIT_TIMEOUT);
}

static void patience_start(np_link *link) {
  if (link->options.give_up_ms > 0) {
    np_timer_start(link->loop, &link->patience, link->options.give_up_ms,
                   patience_over);
  }
}

static void channel_closed(np_channel *channel) {
  np_link *link = np_channel_user(channel);

  link->channel = NULL;
  if (link->is_closing) {
    np__loop_count_own(link->loop);
    check_closed(link);
    return;
  }
  patience_start(link);
  delay_start(link);
  tell(link, NP_LINK_DOWN, link->down_error);
}

/* link_end ends the connection. The messages that the channel has are called
 * back first, then channel_closed runs. */
static void link_end(np_link *link, np_error error) {
  if (link->state != LINK_UP) {
    return;
  }
  link->state = LINK_ENDING;
  link->down_error = error;
  if (np__loop_now_ms(link->loop) - link->up_at_ms >= link->options.stable_ms) {
    link->misses = 0;
  }
  link->misses++;
  np_channel_close(link->channel, channel_closed);
}

static void link_received(np_op *op, np_error error, size_t length) {
  np_link *link = op->user;

  if (error == NP_OK && is_up(link) && link->options.on_message != NULL) {
    link->options.on_message(link, np_channel_data(link->channel), length);
  } else {
    np__loop_count_own(link->loop);
  }
  if (error == NP_OK && is_up(link)) {
    error = np_channel_receive(link->channel, op, link_received);
  }
  if (error != NP_OK) {
    link_end(link, error);
  }
}

static void link_up(np_link *link, np_channel *channel) {
  link->channel = channel;
  link->state = LINK_UP;
  link->up_at_ms = np__loop_now_ms(link->loop);
  np_timer_stop(&link->patience);
  np_channel_set_user(channel, link);
  link->is_greeting = true;
  tell(link, NP_LINK_UP, NP_OK);
  link->is_greeting = false;
  if (is_up(link) && link->options.client.read) {
    link->receive.user = link;
    np_channel_receive(channel, &link->receive, link_received);
  }
  queue_go_out(link);
}

static void attempt_failed(np_link *link, np_error error) {
  if (error == ERROR_ACCESS_DENIED && !link->options.retry_access_denied) {
    give_up(link, error);
    return;
  }
  link->misses++;
  delay_start(link);
  tell(link, NP_LINK_FAILED, error);
}

static void on_client(np_client_request *request, np_error error,
                      np_pipe *client) {
  np_link *link = request->user;
  np_channel *channel = NULL;

  link->is_requesting = false;
  if (link->is_closing || link->state == LINK_OVER) {
    np__loop_count_own(link->loop);
    np_pipe_close(client, NULL);
    check_closed(link);
    return;
  }
  if (error == NP_OK) {
    error = np_channel_create(client, &link->options.channel, &channel);
    if (error != NP_OK) {
      np_pipe_close(client, NULL);
    }
  }
  if (error != NP_OK) {
    attempt_failed(link, error);
  } else {
    link_up(link, channel);
  }
}

static np_error request_start(np_link *link) {
  const np_error error =
      np_client_connect(link->loop, &link->request, link->name,
                        &link->options.client, 0, on_client);

  link->is_requesting = error == NP_OK;
  return error;
}

static void attempt(np_link *link) {
  np_error error;

  link->state = LINK_CONNECTING;
  error = request_start(link);
  if (error != NP_OK) {
    attempt_failed(link, error);
  }
}

/* --- Beginning and end --------------------------------------------------- */

void np_link_options_init(np_link_options *options) {
  if (options != NULL) {
    memset(options, 0, sizeof *options);
    options->size = sizeof *options;
    np_client_options_init(&options->client);
    np_channel_options_init(&options->channel);
    options->delay_min_ms = DELAY_MIN_MS;
    options->delay_max_ms = DELAY_MAX_MS;
    options->stable_ms = STABLE_MS;
    options->queue_bytes_max = QUEUE_BYTES_MAX;
  }
}

static bool link_options_are_valid(const np_link_options *options) {
  return options != NULL && options->size == sizeof *options &&
         options->on_event != NULL &&
         options->client.security_attributes == NULL &&
         options->channel.size == sizeof options->channel &&
         options->delay_max_ms >= options->delay_min_ms;
}

/* copy_text copies `text`, which may be NULL, to `*copy`. It returns false if
 * there is no memory. */
static bool copy_text(np_loop *loop, const char *text, char **copy) {
  if (text != NULL) {
    *copy = np__loop_new_bytes(loop, strlen(text) + 1);
    if (*copy == NULL) {
      return false;
    }
    memcpy(*copy, text, strlen(text) + 1);
  }
  return true;
}

static np_error link_init(np_link *link, const char *name,
                          const np_link_options *options) {
  link->options = *options;
  np__list_init(&link->queue);
  np__list_init(&link->ended);
  link->work.class_ = &work_class;
  link->closed.class_ = &link_closed_class;
  link->random = GetCurrentProcessId() ^ (uint32_t)np__loop_now_ms(link->loop);
  link->request.user = link;
  if (!copy_text(link->loop, name, &link->name) ||
      !copy_text(link->loop, options->client.verify_owner, &link->owner)) {
    return ERROR_NOT_ENOUGH_MEMORY;
  }
  link->options.client.verify_owner = link->owner;
  link->options.client.wait_for_server = true;
  return request_start(link);
}

np_error np_link_create(np_loop *loop, const char *name,
                        const np_link_options *options, np_link **link) {
  np_link *made;
  np_error error;

  np__loop_check_thread(loop);
  if (loop == NULL || name == NULL || link == NULL ||
      !link_options_are_valid(options)) {
    return ERROR_INVALID_PARAMETER;
  }
  made = np__loop_new(loop, sizeof *made);
  if (made == NULL) {
    return ERROR_NOT_ENOUGH_MEMORY;
  }
  made->loop = loop;
  error = link_init(made, name, options);
  if (error != NP_OK) {
    link_free(made);
    return error;
  }
  loop->open++;
  loop->active++;
  patience_start(made);
  *link = made;
  return NP_OK;
}

np_error np_link_close(np_link *link, np_link_closed_fn on_closed) {
  check_thread(link);
  if (link == NULL) {
    return NP_OK;
  }
  if (link->is_closing) {
    return ERROR_INVALID_HANDLE;
  }
  stop_trying(link);
  link->on_closed = on_closed;
  queue_end(link, ERROR_OPERATION_ABORTED);
  link_end(link, ERROR_OPERATION_ABORTED);
  link->is_closing = true;
  check_closed(link);
  return NP_OK;
}

np_channel *np_link_channel(const np_link *link) {
  check_thread(link);
  return link != NULL && is_up(link) ? link->channel : NULL;
}

void *np_link_user(const np_link *link) {
  check_thread(link);
  return link != NULL ? link->user : NULL;
}

void np_link_set_user(np_link *link, void *user) {
  check_thread(link);
  if (link != NULL) {
    link->user = user;
  }
}
