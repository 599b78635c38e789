/* The steps of channel and their callbacks, which check that each operation may
 * end with its result. */
#include "channel_scene.h"

#include <stdlib.h>
#include <string.h>

#include "kit/outcomes.h"
#include "stream.h"

static bool sends(const struct action *action) {
  return action->kind != RECEIVE && action->kind != INTO;
}

static bool receives(const struct action *action) {
  return action->kind != SEND && action->kind != SHUTDOWN;
}

/* has_cancelled_call returns true if a call was cancelled and its callback has
 * not run yet. */
static bool has_cancelled_call(const struct side *side) {
  const struct scene *scene = side->scene;

  for (size_t i = 0; i < scene->action_count; i++) {
    const struct action *action = scene->actions[i];

    if (action->side == side && action->kind == CALL && action->cancelled &&
        !action->done) {
      return true;
    }
  }
  return false;
}

static const char *function_of(const struct action *action) {
  static const char *const functions[] = {
      "np_channel_send", "np_channel_receive", "np_channel_receive_into",
      "np_channel_call", "np_channel_shutdown"};

  return functions[action->kind];
}

/* is_expected returns true if the header of the function names `error`, and if
 * something in the run can have caused it. */
static bool is_expected(const struct action *action, np_error error) {
  const struct side *side = action->side;

  if (stage_is_fault(&side->scene->stage, error)) {
    return true;
  }
  if (!outcome_is_named(function_of(action), OUTCOME_CALLED_BACK, error)) {
    return false;
  }
  switch (error) {
    case ERROR_OPERATION_ABORTED:
      /* A send may fail with the error of an earlier message. */
      return action->cancelled || side->closing || sends(action);
    case WAIT_TIMEOUT:
      return action->timeout_ms > 0 || sends(action);
    case ERROR_BROKEN_PIPE:
      return side->peer->closing || side->closing ||
             (receives(action) && side->peer->ever_shut);
    case ERROR_NO_DATA:
      return side->peer->closing || side->closing ||
             (action->kind == CALL && side->ever_shut);
    case ERROR_HANDLE_EOF:
      return side->peer->closing || side->peer->ever_shut;
    case ERROR_INVALID_STATE:
      return side->has_unanswered || has_cancelled_call(side);
    default:
      return error == NP_OK || error == ERROR_BUFFER_OVERFLOW ||
             error == ERROR_INSUFFICIENT_BUFFER || error == ERROR_PIPE_BUSY;
  }
}

/* number_of returns the number of the peer's message that `data` is: the last
 * possible one, or SIZE_MAX if `data` is too short to identify a message. */
static size_t number_of(const struct side *side, const unsigned char *data,
                        size_t length) {
  const struct side *from = side->peer;

  for (size_t k = from->send_count; length >= MARK_BYTES && k > 0; k--) {
    size_t i = 0;

    while (i < length && data[i] == stream_byte(id_of(from, k - 1), i)) {
      i++;
    }
    if (i == length && length == from->sends[k - 1].length) {
      return k - 1;
    }
  }
  return SIZE_MAX;
}

/* answered checks a reply: the peer began to send it after the call began, and
 * every request that arrived before has had its reply. */
static void answered(struct action *call) {
  struct side *side = call->side;
  const struct arrival *reply = &side->arrivals[side->arrival_count - 1];
  const size_t number = number_of(side, reply->data, reply->length);

  fuzz_law(number == SIZE_MAX || number >= call->heard_before ||
               side->scene->stage.answers_late,
           "a call was told a message that was sent before its request");
  fuzz_law(!side->is_owed,
           "a call was told a reply where an earlier one is still to come");
}

/* request_arrived records that the peer's request has arrived here. */
static void request_arrived(struct side *side) {
  const struct arrival *arrival = &side->arrivals[side->arrival_count - 1];
  const size_t number = number_of(side, arrival->data, arrival->length);

  if (number != SIZE_MAX) {
    side->peer->sends[number].arrived = true;
  }
}

static void arrived(struct action *action, np_error error, size_t length) {
  struct side *side = action->side;
  struct arrival *arrival = &side->arrivals[side->arrival_count++];
  const void *data =
      action->kind == INTO ? action->data : np_channel_data(side->whole);

  memset(arrival, 0, sizeof *arrival);
  arrival->error = error;
  arrival->length = length;
  arrival->is_into = action->kind == INTO;
  if (error == NP_OK) {
    fuzz_law(data != NULL || length == 0, "a message of %zu bytes at NULL",
             length);
    fuzz_law(action->kind != INTO || length <= action->length,
             "%zu bytes in a buffer of %zu", length, action->length);
    arrival->data = malloc(length > 0 ? length : 1);
    if (arrival->data == NULL) {
      abort();
    }
    if (length > 0) {
      memcpy(arrival->data, data, length);
    }
  }
  if (error == ERROR_BUFFER_OVERFLOW) {
    fuzz_law(length > side->bytes_max, "%zu bytes are too long for %zu", length,
             side->bytes_max);
  }
  /* A call may end with the error of its request's write. */
  if ((error == ERROR_BROKEN_PIPE && action->kind != CALL) ||
      error == ERROR_HANDLE_EOF) {
    side->was_cleanly = !side->ended && !side->closing;
    side->ended = true;
  }
}

/* shut checks a half-close that succeeded: the peer has read everything, and on
 * a message pipe without framing a receive has taken each message. */
static void shut(struct side *side, np_error error) {
  const size_t needed =
      side->is_framed ? side->sent_count > 0 : side->sent_count;

  side->shutting--;
  side->is_shut = error == NP_OK;
  fuzz_law(error != NP_OK || side->peer->receives_begun >= needed,
           "%c has ended, and %zu messages were not read",
           'A' + (int)side->number, needed - side->peer->receives_begun);
}

/* ended_in_time: a cancelled operation ends within a few turns. A half-close
 * may flush with a thread, which needs a turn in which the loop waits. */
static bool ended_in_time(const struct action *action) {
  const struct stage *stage = &action->side->scene->stage;

  if (!action->is_told || stage->answers_late || stage->hides_ends ||
      stage->has_faults) {
    return true;
  }
  return action->kind == SHUTDOWN && stage->flushes_by_thread
             ? stage->idle_waits - action->told_idle_waits <= CANCEL_WAITS_MAX
             : stage->waits - action->told_waits <= CANCEL_WAITS_MAX;
}

static void on_done(np_op *op, np_error error, size_t transferred) {
  struct action *action = (struct action *)op;
  struct side *side = action->side;

  fuzz_say("  %c: %s of %zu bytes: %s, %zu", 'A' + (int)side->number,
           function_of(action), action->length, np_error_name(error),
           transferred);
  fuzz_law(side->scene->stage.turns, "a callback outside of the loop");
  fuzz_law(!action->done, "a second callback");
  fuzz_law(is_expected(action, error), "a %s cannot have ended with %s",
           function_of(action), np_error_name(error));
  fuzz_law(ended_in_time(action), "a cancel was lost");
  action->done = true;
  action->error = error;
  if (action->kind == SEND) {
    side->sends[action->number].ok = error == NP_OK;
    if (error == NP_OK) {
      side->sent_count += action->length > 0;
      fuzz_law(transferred == action->length, "%zu bytes were sent of %zu",
               transferred, action->length);
      fuzz_law(action->number >= side->last_sent,
               "a send was told before one that began before it");
      side->last_sent = action->number;
    }
  } else if (action->kind != SHUTDOWN) {
    arrived(action, error, transferred);
    if (error == NP_OK) {
      request_arrived(side);
    }
  } else if (side->half_close) {
    shut(side, error);
  }
  if (action->kind == CALL && error == NP_OK) {
    answered(action);
  } else if (action->kind == CALL) {
    side->has_unanswered = true;
    side->is_owed = side->is_owed || (side->sends[action->number].arrived &&
                                      error != ERROR_BUFFER_OVERFLOW);
  }
  /* The library may not use the data any more. */
  free(action->data);
  action->data = NULL;
}

static void on_closed(np_channel *channel) {
  struct scene *scene = np_channel_user(channel);

  fuzz_law(scene->stage.turns, "on_closed ran outside of the loop");
  fuzz_law(scene->closing > 0, "on_closed ran uncalled for");
  scene->closing--;
}

/* --- Steps --------------------------------------------------------------- */

static struct action *action_new(struct side *side, enum action_kind kind,
                                 size_t length) {
  struct scene *scene = side->scene;
  struct action *action;

  if (scene->action_count == ACTIONS_MAX || side->channel == NULL) {
    return NULL;
  }
  action = calloc(1, sizeof *action);
  if (action == NULL) {
    abort();
  }
  action->side = side;
  action->kind = kind;
  action->length = length;
  scene->actions[scene->action_count++] = action;
  return action;
}

static void forget(struct action *action) {
  action->side->scene->action_count--;
  free(action->data);
  free(action);
}

/* message_fill makes a message, with room for its header in front. */
static bool message_fill(struct action *action, size_t header) {
  struct side *side = action->side;

  if (side->send_count == SENDS_MAX ||
      side->sent_bytes + action->length > SENT_BYTES_MAX) {
    return false;
  }
  side->sent_bytes += action->length;
  /* The receiver may hold twice this message, and the sender twice the gathered
   * write with it. */
  side->scene->stage.bytes_max +=
      4 * (action->length + NP_FRAME_HEADER_BYTES_MAX);
  action->number = side->send_count;
  action->data = malloc(header + action->length + 1);
  if (action->data == NULL) {
    abort();
  }
  memset(action->data, 0, header);
  for (size_t i = 0; i < action->length; i++) {
    action->data[header + i] = stream_byte(id_of(side, action->number), i);
  }
  return true;
}

static bool receives_only(const struct action *action) {
  return action->kind == RECEIVE || action->kind == INTO;
}

/* holds_delimiter returns true if the message cannot be sent as a line. */
static bool holds_delimiter(const struct action *action) {
  const np_frame_options *frame = &action->side->frame;

  return action->side->is_framed && frame->kind == NP_FRAME_DELIMITER &&
         action->length > 0 &&
         memchr(action->data, frame->delimiters[0], action->length) != NULL;
}

static void begun(struct action *action, const char *name, np_error error) {
  struct side *side = action->side;
  const bool has_message = action->kind == SEND || action->kind == CALL;

  fuzz_say("%c: %s, %zu bytes: %s", 'A' + (int)side->number, name,
           action->length, np_error_name(error));
  if (error == NP_OK) {
    fuzz_law(!has_message || !holds_delimiter(action),
             "%s took a message that holds a delimiter", name);
    fuzz_law(receives_only(action) || !side->is_shut,
             "%s goes on behind the end", name);
    if (action->kind == SHUTDOWN && side->half_close) {
      side->shutting++;
      side->ever_shut = true;
    }
    side->receives_begun += receives(action);
    if (has_message) {
      side->sends[side->send_count].length = action->length;
      side->sends[side->send_count].ok = false;
      side->sends[side->send_count].arrived = false;
      side->send_count++;
    }
    return;
  }
  fuzz_law(stage_is_fault(&side->scene->stage, error) ||
               (error == ERROR_BUFFER_OVERFLOW && has_message &&
                action->length > side->bytes_max) ||
               (error == ERROR_INVALID_DATA && has_message &&
                holds_delimiter(action)) ||
               (error == ERROR_INVALID_PARAMETER && has_message &&
                action->length == 0 && side->half_close && !side->is_framed) ||
               (error == ERROR_NO_DATA && !receives_only(action) &&
                (side->shutting > 0 || side->is_shut)),
           "%s gave %s", name, np_error_name(error));
  forget(action);
}

/* is_calling: a call's request waits for its turn, so a message that is sent
 * meanwhile would go first. The account knows messages only in the order in
 * which they began. */
static bool is_calling(const struct side *side) {
  for (size_t i = 0; i < side->scene->action_count; i++) {
    const struct action *action = side->scene->actions[i];

    if (action->side == side && action->kind == CALL && !action->done) {
      return true;
    }
  }
  return false;
}

void send_one(struct side *side, size_t length, uint32_t timeout_ms,
              bool reserved) {
  struct action *action =
      is_calling(side) ? NULL : action_new(side, SEND, length);
  const size_t header = np_channel_header_bytes(side->channel);

  if (action == NULL) {
    return;
  }
  if (!message_fill(action, reserved ? header : 0)) {
    forget(action);
    return;
  }
  action->timeout_ms = timeout_ms;
  action->call.op.timeout_ms = timeout_ms;
  begun(action, reserved ? "send_reserved" : "send",
        reserved ? np_channel_send_reserved(side->channel, action->data, length,
                                            &action->call.op, on_done)
                 : np_channel_send(side->channel, action->data, length,
                                   &action->call.op, on_done));
}

void receive_one(struct side *side, size_t room, uint32_t timeout_ms,
                 bool into) {
  struct action *action = action_new(side, into ? INTO : RECEIVE, room);

  if (action == NULL) {
    return;
  }
  action->timeout_ms = timeout_ms;
  action->call.op.timeout_ms = timeout_ms;
  if (into) {
    action->data = malloc(room > 0 ? room : 1);
    if (action->data == NULL) {
      abort();
    }
  }
  begun(action, into ? "receive_into" : "receive",
        into ? np_channel_receive_into(side->channel, action->data, room,
                                       &action->call.op, on_done)
             : np_channel_receive(side->channel, &action->call.op, on_done));
}

void call_one(struct side *side, size_t length, uint32_t timeout_ms) {
  struct action *action;

  if (side->number > 0) {
    return; /* Two ends that call each other may both wait for ever. */
  }
  action = action_new(side, CALL, length);
  if (action == NULL) {
    return;
  }
  if (!message_fill(action, 0)) {
    forget(action);
    return;
  }
  action->timeout_ms = timeout_ms;
  action->call.op.timeout_ms = timeout_ms;
  action->heard_before = side->peer->last_sent;
  begun(action, "call",
        np_channel_call(side->channel, action->data, length, &action->call,
                        on_done));
}

void shutdown_one(struct side *side) {
  struct action *action = action_new(side, SHUTDOWN, 0);

  if (action != NULL) {
    begun(action, "shutdown",
          np_channel_shutdown(side->channel, &action->call.op, on_done));
  }
}

void cancel_one(struct scene *scene, size_t drawn) {
  for (size_t i = 0; i < scene->action_count; i++) {
    struct action *action = scene->actions[(drawn + i) % scene->action_count];

    if (!action->done) {
      np_error error = np_op_cancel(&action->call.op);

      action->cancelled = true;
      if (error == NP_OK && !action->is_told) {
        action->is_told = true;
        action->told_waits = scene->stage.waits;
        action->told_idle_waits = scene->stage.idle_waits;
      }
      fuzz_say("np_op_cancel: %s", np_error_name(error));
      fuzz_law(error == NP_OK || error == ERROR_NOT_FOUND ||
                   stage_is_fault(&scene->stage, error),
               "np_op_cancel gave %s", np_error_name(error));
      return;
    }
  }
}

void close_one(struct side *side) {
  np_error error;

  if (side->channel == NULL) {
    return;
  }
  fuzz_say("%c: close", 'A' + (int)side->number);
  side->closing = true;
  side->scene->closing++;
  error = np_channel_close(side->channel, on_closed);
  fuzz_law(error == NP_OK, "np_channel_close gave %s", np_error_name(error));
  fuzz_law(np_channel_close(side->channel, NULL) == ERROR_INVALID_HANDLE,
           "a channel can be closed twice");
  side->channel = NULL;
}

/* may_be_busy returns true if something may be in flight: an operation without
 * its callback, a message that still goes to the peer after its send has ended,
 * or a read that could not be cancelled. */
static bool may_be_busy(const struct side *side) {
  const struct scene *scene = side->scene;

  for (size_t i = 0; i < scene->action_count; i++) {
    const struct action *action = scene->actions[i];

    if (action->side == side &&
        (!action->done || (sends(action) && action->error != NP_OK))) {
      return true;
    }
  }
  return scene->stage.has_faults;
}

static void on_announced(np_op *op, np_error error, size_t transferred) {
  (void)op, (void)transferred;
  fuzz_say("  announced: %s", np_error_name(error));
}

/* may_be_cut returns true if the peer may have a part of a message, because a
 * send has failed. */
static bool may_be_cut(const struct side *side) {
  const struct scene *scene = side->scene;

  for (size_t i = 0; i < scene->action_count; i++) {
    const struct action *action = scene->actions[i];

    if (action->side == side && sends(action) && action->error != NP_OK) {
      return true;
    }
  }
  return false;
}

/* announce writes the header of a frame that never comes. */
static void announce(struct side *side, np_pipe *pipe) {
  static unsigned char header[NP_FRAME_HEADER_BYTES_MAX];
  static np_op ops[2];
  np_op *op = &ops[side->number];
  size_t length = 0;

  if (np_frame_encode_header(&side->frame, side->bytes_max, header,
                             sizeof header, &length) != NP_OK) {
    return; /* The field cannot say so much. */
  }
  np_op_init(op);
  if (np_pipe_write(pipe, header, length + 5, op, on_announced) == NP_OK) {
    side->announced_bytes = side->bytes_max;
    stage_turn(&side->scene->stage, 0);
    stage_turn(&side->scene->stage, 1);
  }
}

/* detach_one gets the pipe back if nothing is in flight. */
void detach_one(struct side *side, bool announces) {
  np_pipe *pipe = NULL;
  np_error error;

  if (side->channel == NULL) {
    return;
  }
  error = np_channel_detach(side->channel, &pipe);
  fuzz_say("%c: detach: %s", 'A' + (int)side->number, np_error_name(error));
  fuzz_law((error == NP_OK && pipe == side->pipe) ||
               (error == ERROR_BUSY && pipe == NULL && may_be_busy(side)),
           "np_channel_detach gave %s", np_error_name(error));
  if (error == NP_OK) {
    side->channel = NULL;
    side->closing = true;
    if (announces && side->is_framed && side->bytes_max > 5 &&
        side->frame.kind != NP_FRAME_DELIMITER && !may_be_cut(side)) {
      announce(side, pipe);
    }
    stage_close(&side->scene->stage, pipe);
  }
}
