/* The links of the service. The laws: each message ends once; a message that
 * ended as not sent is never received, and none is received twice or out of
 * order; a greeting is the first message of each connection; a link is up and
 * down by turns, and silent after its close. */
#include "linked.h"

#include <string.h>

#include "guest_task.h"
#include "service.h"

enum {
  NUMBER = 0x7000, /* of link 0, in place of a guest's number */
  HEAD_BYTES = 8,  /* as a guest's message: number and request */
  CLOSE_EACH = 5,  /* how often a callback closes its link */
  DELIMITER = 0xFE
};

bool linked_is_number(uint32_t number) {
  return number >= NUMBER && number < NUMBER + LINKS_MAX;
}

static void message_make(unsigned char out[HEAD_BYTES], unsigned link,
                         uint32_t request) {
  const uint32_t number = NUMBER + link;

  memcpy(out, &number, sizeof number);
  memcpy(out + sizeof number, &request, sizeof request);
}

void linked_came(struct guest *guest, uint32_t number, uint32_t request) {
  struct play *play = guest->play;
  struct linked *linked = &play->service.links[number - NUMBER];

  if (play->faults || play->lies) {
    return;
  }
  if (!guest->is_server || (guest->link > 0 && guest->link != number) ||
      (guest->link > 0) != (request > 0)) {
    play_fail(play, "guest %u: message %u of a link was not greeted once",
              guest->number, (unsigned)request);
    return;
  }
  guest->link = number;
  if (request == 0) {
    return;
  }
  if (request > linked->last || request <= guest->link_last ||
      linked->came[request]) {
    play_fail(play, "guest %u: message %u of a link came twice or late",
              guest->number, (unsigned)request);
    return;
  }
  if (linked->ended[request] && !linked->was_given[request]) {
    play_fail(play, "message %u of a link came, and was not sent",
              (unsigned)request);
  }
  guest->link_last = request;
  linked->came[request] = true;
}

static void on_closed(np_link *link) {
  struct linked *linked = np_link_user(link);

  guest_in_loop(linked->play, "a link's on_closed");
  say(linked->play, "link %u: closed", linked->number);
  linked->is_closing = false;
  linked->link = NULL;
}

static void close_it(struct linked *linked) {
  say(linked->play, "link %u: np_link_close", linked->number);
  linked->is_closing = true;
  if (np_link_close(linked->link, on_closed) != NP_OK) {
    play_fail(linked->play, "np_link_close failed");
  }
}

static void on_greeted(np_op *op, np_error error, size_t length) {
  struct linked *linked = op->user;

  (void)length;
  guest_in_loop(linked->play, "a link's send");
  if (error != NP_OK) {
    linked->play->service.has_partial = true;
  }
  linked->is_greeting = false;
}

static void greet(struct linked *linked) {
  struct play *play = linked->play;

  message_make(linked->greeting, linked->number, 0);
  linked->op.user = linked;
  play->service.sent_bytes += HEAD_BYTES;
  linked->is_greeting =
      np_channel_send(np_link_channel(linked->link), linked->greeting,
                      HEAD_BYTES, &linked->op, on_greeted) == NP_OK;
  if (!linked->is_greeting && !play->faults && !play->lies) {
    play_fail(play, "link %u: the greeting was refused", linked->number);
  }
}

static void on_event(np_link *link, np_link_event event, np_error error) {
  struct linked *linked = np_link_user(link);
  struct play *play = linked->play;

  guest_in_loop(play, "a link's function");
  say(play, "link %u: event %d, %s", linked->number, (int)event,
      np_error_name(error));
  if (linked->is_closing ||
      (event == NP_LINK_UP ? linked->is_up || error != NP_OK
                           : event == NP_LINK_DOWN && !linked->is_up)) {
    play_fail(play, "link %u: event %d is wrong", linked->number, (int)event);
    return;
  }
  if (linked->is_greeting) {
    play_fail(play, "link %u: a send has not ended before the connection",
              linked->number);
  }
  linked->is_up = event == NP_LINK_UP;
  linked->events++;
  if (linked->events % CLOSE_EACH == linked->number) {
    close_it(linked);
  } else if (linked->is_up) {
    greet(linked);
  }
}

static void on_sent(np_link_message *message, np_link_outcome outcome,
                    np_error error) {
  struct linked_message *ended = (struct linked_message *)message;
  struct linked *linked = message->user;
  const uint32_t request = ended->request;

  guest_in_loop(linked->play, "a link's message");
  say(linked->play, "link %u: message %u ended: %d, %s", linked->number,
      (unsigned)request, (int)outcome, np_error_name(error));
  if (!ended->is_flying || (outcome == NP_LINK_SENT) != (error == NP_OK) ||
      (outcome == NP_LINK_NOT_SENT && linked->came[request])) {
    play_fail(linked->play, "message %u of a link ended wrongly",
              (unsigned)request);
  }
  if (error != NP_OK) {
    linked->play->service.has_partial = true;
  }
  ended->is_flying = false;
  linked->ended[request] = true;
  linked->was_given[request] = outcome != NP_LINK_NOT_SENT;
}

static void send_one(struct linked *linked, const struct step *step,
                     uint32_t index) {
  struct linked_message *next =
      &linked->messages[(step->d + index) % LINK_MESSAGES_MAX];
  np_error error;

  if (next->is_flying || linked->last + 1 == LINK_REQUESTS_MAX) {
    return;
  }
  next->request = ++linked->last;
  message_make(next->bytes, linked->number, next->request);
  next->message.user = linked;
  next->message.timeout_ms = step->a % 4 == 0 ? 1 + step->c % 30 : 0;
  error = np_link_send(linked->link, next->bytes, HEAD_BYTES, &next->message,
                       on_sent);
  say(linked->play, "link %u: np_link_send of message %u: %s", linked->number,
      (unsigned)next->request, np_error_name(error));
  next->is_flying = error == NP_OK;
  linked->play->service.sent_bytes += HEAD_BYTES;
  if (error != NP_OK && error != ERROR_INVALID_STATE) {
    play_fail(linked->play, "np_link_send gave %s", np_error_name(error));
  }
}

static void open_it(struct linked *linked, const struct step *step) {
  struct play *play = linked->play;
  np_link_options options;
  np_error error;
  char name[48];

  np_link_options_init(&options);
  options.client.read_mode = service_read_mode(play);
  options.channel.half_close = service_half_closes(play);
  options.channel.frame.kind = service_kind(play);
  options.channel.frame.delimiters[0] = DELIMITER;
  options.delay_min_ms = 1 + step->b % 5;
  options.delay_max_ms = 20;
  options.stable_ms = step->d % 10;
  options.give_up_ms = step->d % 7 == 6 ? 30 : 0;
  options.retry_access_denied = true;
  options.on_event = on_event;
  service_name(name);
  error = np_link_create(play->loops[0], name, &options, &linked->link);
  say(play, "link %u: np_link_create: %s", linked->number,
      np_error_name(error));
  linked->is_up = false;
  if (error == NP_OK) {
    np_link_set_user(linked->link, linked);
  } else if (!is_fault(play, error)) {
    play_fail(play, "np_link_create gave %s", np_error_name(error));
  }
}

void step_linked(struct play *play, const struct step *step) {
  struct linked *linked = &play->service.links[step->a / 8 % LINKS_MAX];

  linked->play = play;
  linked->number = (unsigned)(linked - play->service.links);
  if (linked->is_closing || play->service.is_over) {
    return;
  }
  if (linked->link == NULL) {
    open_it(linked, step);
  } else if (step->c % 8 == 0) {
    close_it(linked);
  } else if (step->c % 8 == 1) {
    np_link_cancel(&linked->messages[step->d % LINK_MESSAGES_MAX].message);
  } else {
    for (uint32_t i = 0; i <= step->b % LINK_MESSAGES_MAX; i++) {
      send_one(linked, step, i);
    }
  }
}

void linked_close(struct play *play) {
  for (size_t i = 0; i < LINKS_MAX; i++) {
    struct linked *linked = &play->service.links[i];

    if (linked->link != NULL && !linked->is_closing) {
      close_it(linked);
    }
  }
}

void linked_check(struct play *play) {
  for (size_t i = 0; i < LINKS_MAX; i++) {
    const struct linked *linked = &play->service.links[i];

    if (linked->link != NULL || linked->is_greeting) {
      play_fail(play, "link %zu has not ended", i);
    }
    for (size_t k = 0; k < LINK_MESSAGES_MAX; k++) {
      if (linked->messages[k].is_flying) {
        play_fail(play, "message %u of link %zu has had no callback",
                  (unsigned)linked->messages[k].request, i);
      }
    }
  }
}
