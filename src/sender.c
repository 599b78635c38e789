/* Senders: the queue between any thread and the loop of a channel. Rules: the
 * lock guards all that other threads reach; under it a sender that is open has
 * a channel, and so a loop. A message that waits has a posted task on its way.
 * Only the loop starts and ends messages, so only the loop takes them out of
 * the list. */
#include "sender.h"

#include <assert.h>
#include <string.h>

#include "allocator.h"
#include "channel.h"
#include "shared.h"

#define WAITING_BYTES_MAX 1048576u

/* The phases of a message. */
enum {
  UNSENT,  /* the caller's */
  QUEUED,  /* waits for the loop */
  STARTED, /* its send is in flight */
  DROPPED  /* it ends without a send */
};

struct np_sender {
  np_task task; /* runs `drain` */
  np_allocator allocator;
  size_t bytes_max;
  np_room_fn on_room;
  void *user;
  /* Counts: of the users, of the channel until its memory is freed, of the
   * posted task, and of each dropped message. */
  volatile LONG count;
  SRWLOCK lock;        /* guards the fields below */
  np_channel *channel; /* NULL: closed */
  np__list messages;   /* in flight, in order; the queued ones are the last */
  size_t queued;       /* number of the queued messages */
  size_t bytes;        /* that the messages in flight count */
  bool is_posted;
  bool has_cancels; /* some messages are marked as cancelled */
  bool was_full;    /* since on_room was called last */
};

static np_message *message_of(np__link *link) {
  return NP__CONTAINER(link, np_message, np__link);
}

void np_sender_options_init(np_sender_options *options) {
  if (options != NULL) {
    memset(options, 0, sizeof *options);
    options->size = sizeof *options;
    options->bytes_max = WAITING_BYTES_MAX;
  }
}

np_sender *np_sender_retain(np_sender *sender) {
  if (sender != NULL) {
    InterlockedIncrement(&sender->count);
  }
  return sender;
}

/* np_sender_release is called after the lock was released: so whoever frees the
 * sender knows that no other thread is still inside of the lock. */
void np_sender_release(np_sender *sender) {
  if (sender != NULL && InterlockedDecrement(&sender->count) == 0) {
    const np_allocator allocator = sender->allocator;

    assert(np__list_is_empty(&sender->messages) && sender->channel == NULL);
    allocator.release(allocator.context, sender);
  }
}

np_error np_sender_create(np_channel *channel, const np_sender_options *options,
                          np_sender **sender) {
  np_sender_options defaults;
  np_allocator allocator;
  np_sender *made;

  np__channel_check_thread(channel);
  if (options == NULL) {
    np_sender_options_init(&defaults);
    options = &defaults;
  }
  if (channel == NULL || sender == NULL || options->size != sizeof *options) {
    return ERROR_INVALID_PARAMETER;
  }
  allocator = options->allocator;
  if (!np__allocator_complete(&allocator)) {
    return ERROR_INVALID_PARAMETER;
  }
  if (np__target_has(&channel->target, NP__BAR_CLOSING)) {
    return ERROR_INVALID_HANDLE;
  }
  if (!channel->pipe->writable) {
    return ERROR_ACCESS_DENIED;
  }
  if (channel->sender != NULL) {
    return ERROR_ALREADY_EXISTS;
  }
  made = allocator.allocate(allocator.context, sizeof *made);
  if (made == NULL) {
    return ERROR_NOT_ENOUGH_MEMORY;
  }
  memset(made, 0, sizeof *made);
  made->allocator = allocator;
  made->bytes_max = options->bytes_max;
  made->on_room = options->on_room;
  made->user = options->user;
  made->count = 2; /* of the caller and of the channel */
  made->channel = channel;
  InitializeSRWLock(&made->lock);
  np__list_init(&made->messages);
  channel->sender = made;
  *sender = made;
  return NP_OK;
}

void np__sender_close(np_sender *sender) {
  if (sender != NULL) {
    AcquireSRWLockExclusive(&sender->lock);
    sender->channel = NULL;
    ReleaseSRWLockExclusive(&sender->lock);
  }
}

/* --- The loop's side ----------------------------------------------------- */

/* sender_ended takes `message` out of the sender and calls its function. */
static void sender_ended(np_message *message, np_error error) {
  np_sender *sender = message->np__sender;
  bool has_room;

  AcquireSRWLockExclusive(&sender->lock);
  np__list_remove(&message->np__link);
  message->np__phase = UNSENT;
  sender->bytes -= np__copy_charge(message->np__length);
  has_room = sender->was_full && sender->bytes <= sender->bytes_max / 2;
  if (has_room) {
    sender->was_full = false;
  }
  ReleaseSRWLockExclusive(&sender->lock);
  message->np__done(message, error);
  /* Only this thread sets `channel`, so it may be read without the lock. */
  if (has_room && sender->on_room != NULL && sender->channel != NULL) {
    sender->on_room(sender->user);
  }
}

static void on_sender_sent(np_op *op, np_error error, size_t transferred) {
  (void)transferred;
  sender_ended((np_message *)op, error);
}

static void dropped_run(np_loop *loop, np__packet *packet) {
  np_message *message = (np_message *)packet;
  np_sender *sender = message->np__sender;

  loop->active--;
  sender_ended(message, message->np__error);
  np_sender_release(sender);
}

static const np__packet_class dropped_class = {.run = dropped_run};

/* drop lets the loop end `message` without a send. */
static void drop(np_loop *loop, np_message *message, np_error error) {
  message->np__error = error;
  message->np__op.np__packet.class_ = &dropped_class;
  np_sender_retain(message->np__sender);
  loop->active++;
  np__loop_ready(loop, &message->np__op.np__packet);
}

static void start(np_channel *channel, np_message *message) {
  np_op *op = &message->np__op;
  const np_error error = np__channel_send_check(
      channel, message->np__data, message->np__length, op, on_sender_sent);

  if (error == NP_OK) {
    np__channel_send(channel, (void *)(uintptr_t)message->np__data,
                     message->np__length, op, on_sender_sent, 0);
  } else {
    drop(channel->target.loop, message, error);
  }
}

/* take marks the queued messages as taken by the loop and returns the first of
 * them; `count` is their number. */
static np__link *take(np_sender *sender, size_t *count) {
  np__link *link = &sender->messages;

  *count = sender->queued;
  for (; sender->queued > 0; sender->queued--) {
    link = link->prev;
    message_of(link)->np__phase =
        sender->channel == NULL || message_of(link)->np__is_cancelled ? DROPPED
                                                                      : STARTED;
  }
  return link;
}

/* take_cancels cancels the sends of the marked messages. np_op_cancel runs no
 * callback, so the lock may be held. A refused cancel is lost, as a cancel that
 * comes too late. */
static void take_cancels(np_sender *sender) {
  for (np__link *link = sender->messages.next; link != &sender->messages;
       link = link->next) {
    np_message *message = message_of(link);

    if (message->np__phase == STARTED && message->np__is_cancelled) {
      message->np__is_cancelled = false;
      np_op_cancel(&message->np__op);
    }
  }
  sender->has_cancels = false;
}

/* drain is the posted task. It reads the list without the lock: other threads
 * only add behind the last message. */
static void drain(np_task *task) {
  np_sender *sender = NP__CONTAINER(task, np_sender, task);
  np_loop *loop = task->np__loop;
  np__link *link;
  size_t count;

  np__loop_count_own(loop);
  AcquireSRWLockExclusive(&sender->lock);
  sender->is_posted = false;
  if (sender->has_cancels) {
    take_cancels(sender);
  }
  link = take(sender, &count);
  ReleaseSRWLockExclusive(&sender->lock);
  while (count > 0) {
    np_message *message = message_of(link);

    count--;
    if (count > 0) {
      link = link->next;
    }
    if (message->np__phase == DROPPED) {
      drop(loop, message, ERROR_OPERATION_ABORTED);
    } else {
      start(sender->channel, message);
    }
  }
  np_sender_release(sender);
}

/* --- Any thread ---------------------------------------------------------- */

/* drain_later lets the loop run `drain`. The lock is held. */
static np_error drain_later(np_sender *sender) {
  np_error error;

  if (sender->is_posted) {
    return NP_OK;
  }
  np_sender_retain(sender);
  error = np_loop_post(sender->channel->target.loop, &sender->task, drain);
  sender->is_posted = error == NP_OK;
  if (error != NP_OK) {
    np_sender_release(sender); /* not the last count: the caller has one */
  }
  return error;
}

/* push_check returns NP_OK if the message may be queued. The lock is held. */
static np_error push_check(np_sender *sender, const void *data, size_t length) {
  np_error error;

  if (sender->channel == NULL) {
    return ERROR_NO_DATA;
  }
  error = np__channel_fits(sender->channel, data, length);
  if (error == NP_OK &&
      !np__copy_has_room(sender->bytes, sender->bytes_max, length)) {
    sender->was_full = true;
    error = NP_WOULD_BLOCK;
  }
  return error;
}

/* push queues `message`, whose data and length are set. The lock is held. */
static np_error push(np_sender *sender, np_message *message,
                     np_message_fn done) {
  np_error error = push_check(sender, message->np__data, message->np__length);

  if (error == NP_OK) {
    error = drain_later(sender);
  }
  if (error == NP_OK) {
    message->np__sender = sender;
    message->np__done = done;
    message->np__is_cancelled = false;
    message->np__phase = QUEUED;
    np__list_push(&sender->messages, &message->np__link);
    sender->queued++;
    sender->bytes += np__copy_charge(message->np__length);
  }
  return error;
}

np_error np_sender_send(np_sender *sender, const void *data, size_t length,
                        np_message *message, np_message_fn done) {
  np_error error = ERROR_BUSY;

  if (sender == NULL || message == NULL || done == NULL ||
      (data == NULL && length > 0)) {
    return ERROR_INVALID_PARAMETER;
  }
  AcquireSRWLockExclusive(&sender->lock);
  if (message->np__phase == UNSENT) {
    message->np__data = data;
    message->np__length = length;
    error = push(sender, message, done);
  }
  ReleaseSRWLockExclusive(&sender->lock);
  return error;
}

static void copy_done(np_message *message, np_error error) {
  np__copy *copy = (np__copy *)message;
  np_loop *loop = message->np__sender->task.np__loop;

  if (!np__copy_end(copy, error)) {
    np__loop_count_own(loop);
  }
}

static np_error queue_copy(np_sender *sender, np_shared *shared,
                           const void *data, size_t length, np_sent_fn done,
                           void *user) {
  np__copy *copy = np__copy_new(&sender->allocator, shared, data, length);
  np_error error;

  if (copy == NULL) {
    return ERROR_NOT_ENOUGH_MEMORY;
  }
  copy->done = done;
  copy->user = user;
  AcquireSRWLockExclusive(&sender->lock);
  error = push(sender, &copy->message, copy_done);
  ReleaseSRWLockExclusive(&sender->lock);
  if (error != NP_OK) {
    np__copy_free(copy);
  }
  return error;
}

np_error np_sender_send_copy(np_sender *sender, const void *data, size_t length,
                             np_sent_fn done, void *user) {
  if (sender == NULL || (data == NULL && length > 0)) {
    return ERROR_INVALID_PARAMETER;
  }
  return queue_copy(sender, NULL, data, length, done, user);
}

np_error np_sender_send_shared(np_sender *sender, np_shared *shared,
                               np_sent_fn done, void *user) {
  if (sender == NULL || shared == NULL) {
    return ERROR_INVALID_PARAMETER;
  }
  return queue_copy(sender, shared, NULL, 0, done, user);
}

np_error np_sender_cancel(np_sender *sender, np_message *message) {
  np_error error = ERROR_NOT_FOUND;
  np__link *link;

  if (sender == NULL || message == NULL) {
    return ERROR_INVALID_PARAMETER;
  }
  AcquireSRWLockExclusive(&sender->lock);
  link = sender->messages.next;
  while (link != &sender->messages && message_of(link) != message) {
    link = link->next;
  }
  if (link != &sender->messages) {
    error = sender->channel != NULL ? drain_later(sender) : NP_OK;
    if (error == NP_OK) {
      message->np__is_cancelled = true;
      sender->has_cancels = true;
    }
  }
  ReleaseSRWLockExclusive(&sender->lock);
  return error;
}
