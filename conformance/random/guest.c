/* The guests: channels of the service. A client sends its number, and asks for
 * replies; a server receives and replies. The laws: no guest gets a message of
 * another client, and no call gets the reply to another request. The laws of
 * each operation are in guest_task.c. */
#include "guest.h"

#include <stdlib.h>
#include <string.h>

#include "guest_task.h"
#include "linked.h"
#include "service.h"

enum {
  NUMBER_BYTES = 4, /* of the client, at the start of each message */
  HEAD_BYTES = 8,   /* with the number of the request; 0: none */
  DELIMITER = 0xFE, /* no message holds this byte */
  UNASKED_EACH = 4
};

/* In place of a request's number: the count of an unasked message. */
#define UNASKED 0x80000000u

static size_t message_make(unsigned char *out, uint32_t number,
                           uint32_t request, uint32_t drawn) {
  const size_t length = HEAD_BYTES + drawn % (MESSAGE_BYTES_MAX - HEAD_BYTES);

  memset(out, (int)number, length);
  memcpy(out, &number, NUMBER_BYTES);
  memcpy(out + NUMBER_BYTES, &request, sizeof request);
  return length;
}

/* message_read checks a message, and returns the number of its request. */
static uint32_t message_read(struct guest *guest, size_t length) {
  struct play *play = guest->play;
  uint32_t number = 0;
  uint32_t request = 0;

  if (length >= NUMBER_BYTES) {
    memcpy(&number, np_channel_data(guest->channel), sizeof number);
  }
  if ((play->service.announced > 0 && number == ANNOUNCED_NUMBER) ||
      play->lies) {
    return 0; /* the raw client's, which has no number; or nobody's */
  }
  if (length < HEAD_BYTES) {
    play_fail(play, "guest %u was sent %zu bytes", guest->number, length);
    return 0;
  }
  memcpy(&request,
         (const unsigned char *)np_channel_data(guest->channel) + NUMBER_BYTES,
         sizeof request);
  if (linked_is_number(number)) {
    linked_came(guest, number, request);
    return 0;
  }
  if (number >= play->service.guest_count ||
      play->service.guests[number].is_server ||
      (guest->has_peer && guest->peer != number) ||
      (!guest->is_server && guest->number != number)) {
    play_fail(play, "guest %u was sent what another one got", guest->number);
  }
  guest->has_peer = true;
  guest->peer = number;
  return request;
}

static void on_sent(np_op *op, np_error error, size_t transferred) {
  struct guest_task *task = (struct guest_task *)op;
  struct guest *guest = task->guest;

  if (guest->unasked > 0 && error == NP_OK) {
    guest->play->service.guests[guest->peer].unasked_came = guest->unasked;
  }
  guest_task_ended(task, error, transferred);
}

/* send_message sends a message, every third time from a buffer with room for
 * the header. */
static void send_message(struct guest *guest, uint32_t request, uint32_t drawn,
                         uint32_t limit_drawn) {
  struct guest_task *task = &guest->tasks[GUEST_SEND];
  unsigned char *message;
  size_t length;
  np_op *op;

  guest->is_reserved = drawn % 3 == 0;
  message = guest->message +
            (guest->is_reserved ? np_channel_header_bytes(guest->channel) : 0);
  length = message_make(message, guest->is_server ? guest->peer : guest->number,
                        request, drawn);
  op = guest_task_prepare(task, limit_drawn);
  guest->play->service.sent_bytes += length;
  guest_task_begun(
      task,
      guest->is_reserved
          ? np_channel_send_reserved(guest->channel, guest->message, length, op,
                                     on_sent)
          : np_channel_send(guest->channel, message, length, op, on_sent),
      guest->ever_shut);
}

static void on_shut(np_op *op, np_error error, size_t transferred) {
  guest_task_ended((struct guest_task *)op, error, transferred);
}

/* reply sends the reply that a server owes. A server that owes none sends an
 * unasked message now and then. */
static void reply(struct guest *guest, uint32_t drawn) {
  uint32_t request = guest->owed;

  if (!guest_can_begin(guest, &guest->tasks[GUEST_SEND])) {
    return;
  }
  guest->unasked = 0;
  if (request == 0 && guest->has_peer && drawn % UNASKED_EACH == 1) {
    guest->unasked = ++guest->play->service.unasked_count;
    request = UNASKED | guest->unasked;
  } else if (request == 0) {
    return;
  }
  guest->owed = 0;
  send_message(guest, request, drawn, 1);
}

/* into_ended checks the end of a receive into the guest's buffer: a message
 * that fits lies in this buffer, and one that does not fit stays. It returns
 * true if the message stays. */
static bool into_ended(struct guest *guest, np_error error, size_t length) {
  struct play *play = guest->play;
  const size_t size = guest->into_size;

  guest->into_size = 0;
  if (size == 0) {
    return false;
  }
  if (error == NP_OK && length > 0 &&
      (length > size || np_channel_data(guest->channel) != guest->into)) {
    play_fail(play, "guest %u: a message of %zu bytes is not in its buffer",
              guest->number, length);
  }
  if (error != ERROR_INSUFFICIENT_BUFFER) {
    return false;
  }
  if (length <= size && !play->lies) {
    play_fail(play, "guest %u: %zu bytes do not fit %zu", guest->number, length,
              size);
  }
  guest->stayed = length;
  return true;
}

static void message_came(struct guest *guest, size_t length) {
  guest->stayed = 0;
  guest->owed = message_read(guest, length);
  if (guest->owed % 2 == 0) {
    reply(guest, guest->owed);
  }
}

static void on_message(np_op *op, np_error error, size_t length) {
  struct guest_task *task = (struct guest_task *)op;
  struct guest *guest = task->guest;

  guest_task_ended(task, error, length);
  if (into_ended(guest, error, length)) {
    guest_receive(guest, 1); /* the message that did not fit stays */
    return;
  }
  if (error != NP_OK) {
    if (guest->is_leaving) {
      guest_recycle(guest);
    }
    return;
  }
  if (guest->stayed > 0 && guest->stayed != length && !guest->play->lies) {
    play_fail(guest->play, "guest %u got %zu bytes, and %zu had stayed",
              guest->number, length, guest->stayed);
  }
  message_came(guest, length);
  if (length % 4 != 0) {
    guest_receive(guest, (uint32_t)length);
  }
}

/* on_each: a standing receive is told nothing after its cancel. */
static bool on_each(np_receiver *receiver, void *data, size_t length) {
  struct guest_task *task = (struct guest_task *)receiver;
  struct guest *guest = task->guest;

  guest_in_loop(guest->play, "a function of a standing receive");
  say(guest->play, "guest %u: a message of %zu bytes", guest->number, length);
  if (!task->is_flying || guest->is_closing || task->cancelled) {
    play_fail(guest->play, "guest %u: a message was told after the end",
              guest->number);
  }
  if (data != np_channel_data(guest->channel)) {
    play_fail(guest->play, "guest %u: a message is not where it was told",
              guest->number);
  }
  task->begun_ns = sim_now_ns(); /* the time limit counts anew */
  memset(&task->due, 0, sizeof task->due);
  message_came(guest, length);
  if (length % 8 == 1) {
    guest_cancel(guest, GUEST_RECEIVE);
  } else if (length % 8 == 2) {
    guest_close(guest);
  }
  return length % 4 != 0;
}

static void on_each_over(np_op *op, np_error error, size_t length) {
  struct guest_task *task = (struct guest_task *)op;
  struct guest *guest = task->guest;

  guest_task_ended(task, error, length);
  guest->is_standing = false;
  if (guest->is_leaving) {
    guest_recycle(guest);
  }
}

/* is_reply returns true if the message with the number `request` can be told as
 * the reply to the guest's last request. A message that the server sends
 * unasked after the request cannot be told from a reply. One that had come
 * before the call can, if the kernel shows it at once. */
static bool is_reply(struct guest *guest, uint32_t request) {
  const struct play *play = guest->play;

  if ((request & UNASKED) == 0) {
    return request == guest->requests || guest->was_misled;
  }
  guest->was_misled = true; /* the true reply is still to come */
  return (request & ~UNASKED) > guest->unasked_before || !is_prompt(play) ||
         play->program->settings.pend_permille > 0;
}

/* on_reply: a reply belongs to this request, and to no other one. */
static void on_reply(np_op *op, np_error error, size_t length) {
  struct guest_task *task = (struct guest_task *)op;
  struct guest *guest = task->guest;

  guest_task_ended(task, error, length);
  if (error != NP_OK) {
    guest->has_unanswered = true;
  } else if (!is_reply(guest, message_read(guest, length)) &&
             !guest->play->lies) {
    play_fail(guest->play, "guest %u was told the reply to another request",
              guest->number);
  }
}

void guest_receive(struct guest *guest, uint32_t drawn) {
  struct guest_task *task = &guest->tasks[GUEST_RECEIVE];
  np_op *op;

  if (!guest_can_begin(guest, task) || !guest->is_server) {
    return;
  }
  op = guest_task_prepare(task, drawn);
  guest->is_standing = drawn % 5 == 3;
  if (guest->is_standing) {
    guest_task_begun(task,
                     np_channel_receive_each(guest->channel, &task->receiver,
                                             on_each, on_each_over),
                     false);
    guest->is_standing = task->is_flying;
    return;
  }
  if (drawn % 3 != 0) {
    guest_task_begun(task, np_channel_receive(guest->channel, op, on_message),
                     false);
    return;
  }
  guest->into_size = 1 + (drawn >> 4) % MESSAGE_BYTES_MAX;
  guest_task_begun(task,
                   np_channel_receive_into(guest->channel, guest->into,
                                           guest->into_size, op, on_message),
                   false);
  if (!task->is_flying) {
    guest->into_size = 0;
  }
}

void guest_send(struct guest *guest, uint32_t drawn) {
  if (guest->is_server) {
    reply(guest, drawn);
  } else if (guest_can_begin(guest, &guest->tasks[GUEST_SEND])) {
    send_message(guest, 0, drawn, drawn >> 3);
  }
}

void guest_call(struct guest *guest, uint32_t drawn) {
  struct guest_task *task = &guest->tasks[GUEST_CALL];
  size_t length;

  if (!guest_can_begin(guest, task) || guest->is_server) {
    return;
  }
  guest->requests++;
  guest->unasked_before = guest->unasked_came;
  length = message_make(guest->request, guest->number, guest->requests, drawn);
  guest->play->service.sent_bytes += length;
  guest_task_begun(
      task,
      np_channel_call(guest->channel, guest->request, length,
                      (guest_task_prepare(task, drawn >> 3), &task->call),
                      on_reply),
      guest->ever_shut);
}

void guest_shutdown(struct guest *guest) {
  struct guest_task *task = &guest->tasks[GUEST_SHUTDOWN];

  if (guest_can_begin(guest, task)) {
    guest_task_begun(task,
                     np_channel_shutdown(guest->channel,
                                         guest_task_prepare(task, 1), on_shut),
                     guest->ever_shut);
    guest->ever_shut = true;
  }
}

static void guest_closed(np_channel *channel) {
  struct guest *guest = np_channel_user(channel);

  guest_in_loop(guest->play, "a channel's on_closed");
  say(guest->play, "guest %u: its channel is closed", guest->number);
  for (size_t i = 0; i < GUEST_TASKS; i++) {
    if (guest->tasks[i].is_flying) {
      play_fail(guest->play, "guest %u is closed before its %s was called back",
                guest->number, guest_task_name(&guest->tasks[i]));
    }
  }
  guest->play->service.guests_open--;
  guest->channel = NULL;
}

void guest_close(struct guest *guest) {
  if (guest->channel == NULL || guest->is_closing) {
    return;
  }
  guest->is_closing = true;
  say(guest->play, "guest %u: np_channel_close", guest->number);
  if (np_channel_close(guest->channel, guest_closed) != NP_OK) {
    play_fail(guest->play, "np_channel_close failed");
  }
}

struct guest *guest_new(struct play *play, bool is_server) {
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
  for (size_t i = 0; i < GUEST_TASKS; i++) {
    guest->tasks[i].guest = guest;
    guest->tasks[i].kind = (enum guest_task_kind)i;
  }
  return guest;
}

void guest_open(struct guest *guest, np_pipe *pipe) {
  struct play *play = guest->play;
  np_channel_options options;
  np_error error;

  np_channel_options_init(&options);
  options.half_close = service_half_closes(play);
  options.frame.kind = service_kind(play);
  options.frame.delimiters[0] = DELIMITER;
  if (guest->number % 3 == 2) { /* messages in several writes and reads */
    options.gather = false;
    options.write_buffer_bytes = 64;
    options.read_buffer_bytes = 300;
  }
  play->service.guests_open++; /* its memory counts from now on (budget.c) */
  error = np_channel_create(pipe, &options, &guest->channel);
  say(play, "guest %u: np_channel_create: %s", guest->number,
      np_error_name(error));
  if (error != NP_OK) {
    if (!is_fault(play, error)) {
      play_fail(play, "np_channel_create gave %s", np_error_name(error));
    }
    play->service.guests_open--;
    np_pipe_close(pipe, NULL);
    return;
  }
  np_channel_set_user(guest->channel, guest);
  guest_receive(guest, 1);
}

/* use_before_recycle leaves traces on a pipe that will be recycled: its next
 * owner must find none of them. */
static void use_before_recycle(struct guest *guest, np_pipe *pipe) {
  np_ready_options options;
  size_t transferred;
  char byte;

  np_pipe_set_user(pipe, guest);
  if (guest->number % 2 == 0) {
    return;
  }
  guest->play->service.readied++;
  np_ready_options_init(&options);
  options.read_ahead_bytes = 1;
  if (np_pipe_set_ready_options(pipe, &options) == NP_OK) {
    np_pipe_try_read(pipe, &byte, 1, &transferred);
  }
}

void guest_recycle(struct guest *guest) {
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
    guest_cancel(guest, GUEST_RECEIVE);
    return;
  }
  if (error != NP_OK) {
    play_fail(play, "np_channel_detach gave %s", np_error_name(error));
    return;
  }
  guest->channel = NULL;
  play->service.guests_open--;
  use_before_recycle(guest, pipe);
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
