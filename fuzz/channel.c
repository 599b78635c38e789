/* The law of channel: between two channels, native or framed, in both
 * directions at once, with messages of any sizes, reads and writes of any
 * sizes, cancels, time limits, slow ends, calls and allocations that fail: a
 * message that was sent with success arrives whole, once and in its place; one
 * whose send ended with an error arrives so, or not at all; and what does not
 * arrive is told by an error.
 *
 * Payload: the steps, three bytes each: what and at which end, and how much
 * (two bytes). Choices: the kernel (stage_settings), its seed, type and framing
 * of the pipe, the quota, the options of both channels. */
#include <stdlib.h>
#include <string.h>

#include "stage.h"
#include "stream.h"

enum {
  STEP_BYTES = 3,
  PLAYED_STEPS_MAX = 56,
  SENDS_MAX = 60, /* a set of places has 64 bits */
  ACTIONS_MAX = 260,
  LENGTH_MAX = 3000,
  SENT_BYTES_MAX = 6000, /* by one end: each turn may read but a few */
  TURNS_MAX = 4000,
  FAILURES_MAX = 5
};

enum action_kind { SEND, RECEIVE, INTO, CALL, SHUTDOWN };

struct side;

struct action {
  np_call call; /* first; its op is that of every kind */
  struct side *side;
  enum action_kind kind;
  unsigned char *data; /* sent, or the buffer of INTO; then what arrived */
  size_t length;       /* of that */
  size_t number;       /* of a send */
  uint32_t timeout_ms;
  bool done;
  bool cancelled;
};

/* What a receive told, in the order of the callbacks. */
struct arrival {
  np_error error;
  size_t length;
  unsigned char *data;
  bool is_into;
};

struct sent {
  size_t length;
  bool ok; /* else it may be missing */
};

struct scene;

struct side {
  struct scene *scene;
  struct side *peer;
  unsigned number;
  np_pipe *pipe;
  np_channel *channel; /* NULL: closed */
  np_channel *whole;   /* also while it is being closed */
  bool closing;
  bool is_framed;
  size_t bytes_max;
  struct sent sends[SENDS_MAX];
  size_t send_count;
  size_t sent_bytes;
  size_t last_sent; /* number of the last that was told in order, + 1 */
  struct arrival arrivals[ACTIONS_MAX];
  size_t arrival_count;
  bool ended;       /* its receiving */
  bool may_lose;    /* a call gave up on its reply */
  bool has_failed;  /* its receiving, for good   */
  bool was_cleanly; /* ended                     */
};

struct scene {
  struct stage stage;
  struct side sides[2];
  struct action *actions[ACTIONS_MAX];
  size_t action_count;
  unsigned closing;
  bool draining;
};

static uint32_t id_of(const struct side *side, size_t number) {
  return side->number * 1000u + (uint32_t)number;
}

/* --- Callbacks ----------------------------------------------------------- */

static bool sends(const struct action *action) {
  return action->kind != RECEIVE && action->kind != INTO;
}

static bool is_expected(const struct action *action, np_error error) {
  const struct side *side = action->side;

  switch (error) {
    case NP_OK:
      return true;
    case ERROR_OPERATION_ABORTED:
      /* Sending may have failed with that of an earlier message. */
      return action->cancelled || side->closing || sends(action);
    case WAIT_TIMEOUT:
      return action->timeout_ms > 0 || sends(action);
    case ERROR_NO_DATA:
    case ERROR_BROKEN_PIPE:
      return side->peer->closing || side->closing;
    case ERROR_HANDLE_EOF:
      return action->kind != SEND && side->peer->closing;
    case ERROR_BUFFER_OVERFLOW:
      return action->kind != SEND && action->kind != SHUTDOWN;
    case ERROR_INSUFFICIENT_BUFFER:
      return action->kind == INTO;
    default:
      return stage_is_fault(&side->scene->stage, error);
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
  if (error == ERROR_BROKEN_PIPE || error == ERROR_HANDLE_EOF) {
    side->was_cleanly = !side->ended && !side->closing;
    side->ended = true;
  }
}

static void on_done(np_op *op, np_error error, size_t transferred) {
  static const char *const names[] = {"send", "receive", "receive_into", "call",
                                      "shutdown"};
  struct action *action = (struct action *)op;
  struct side *side = action->side;

  fuzz_say("  %c: %s of %zu bytes: %s, %zu", 'A' + (int)side->number,
           names[action->kind], action->length, np_error_name(error),
           transferred);
  fuzz_law(side->scene->stage.turns, "a callback outside of the loop");
  fuzz_law(!action->done, "a second callback");
  fuzz_law(is_expected(action, error), "a %s cannot have ended with %s",
           names[action->kind], np_error_name(error));
  action->done = true;
  if (action->kind == SEND) {
    side->sends[action->number].ok = error == NP_OK;
    if (error == NP_OK) {
      fuzz_law(transferred == action->length, "%zu bytes were sent of %zu",
               transferred, action->length);
      fuzz_law(action->number >= side->last_sent,
               "a send was told before one that began before it");
      side->last_sent = action->number;
    }
  } else if (action->kind != SHUTDOWN) {
    arrived(action, error, transferred);
  }
  if (action->kind == CALL && error != NP_OK) {
    side->may_lose = true;
  }
  /* Nobody may look at it any more. */
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

/* A message, with room for its header before it. */
static bool message_fill(struct action *action, size_t header) {
  struct side *side = action->side;

  if (side->send_count == SENDS_MAX ||
      side->sent_bytes + action->length > SENT_BYTES_MAX) {
    return false;
  }
  side->sent_bytes += action->length;
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

static void begun(struct action *action, const char *name, np_error error) {
  struct side *side = action->side;
  const bool has_message = action->kind == SEND || action->kind == CALL;

  fuzz_say("%c: %s, %zu bytes: %s", 'A' + (int)side->number, name,
           action->length, np_error_name(error));
  if (error == NP_OK) {
    if (has_message) {
      side->sends[side->send_count].length = action->length;
      side->sends[side->send_count].ok = false;
      side->send_count++;
    }
    return;
  }
  fuzz_law(stage_is_fault(&side->scene->stage, error) ||
               (error == ERROR_BUFFER_OVERFLOW && has_message &&
                action->length > side->bytes_max),
           "%s gave %s", name, np_error_name(error));
  forget(action);
}

static void send_one(struct side *side, size_t length, uint32_t timeout_ms,
                     bool reserved) {
  struct action *action = action_new(side, SEND, length);
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

static void receive_one(struct side *side, size_t room, uint32_t timeout_ms,
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

static void call_one(struct side *side, size_t length, uint32_t timeout_ms) {
  struct action *action;

  if (side->number > 0) {
    return; /* Two that call each other may both wait for ever. */
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
  begun(action, "call",
        np_channel_call(side->channel, action->data, length, &action->call,
                        on_done));
}

static void shutdown_one(struct side *side) {
  struct action *action = action_new(side, SHUTDOWN, 0);

  if (action != NULL) {
    begun(action, "shutdown",
          np_channel_shutdown(side->channel, &action->call.op, on_done));
  }
}

static void cancel_one(struct scene *scene, size_t drawn) {
  for (size_t i = 0; i < scene->action_count; i++) {
    struct action *action = scene->actions[(drawn + i) % scene->action_count];

    if (!action->done) {
      np_error error = np_op_cancel(&action->call.op);

      action->cancelled = true;
      fuzz_say("np_op_cancel: %s", np_error_name(error));
      fuzz_law(error == NP_OK || error == ERROR_NOT_FOUND ||
                   stage_is_fault(&scene->stage, error),
               "np_op_cancel gave %s", np_error_name(error));
      return;
    }
  }
}

static void close_one(struct side *side) {
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

/* If nothing is in flight the pipe comes back. */
static void detach_one(struct side *side) {
  np_pipe *pipe = NULL;
  np_error error;

  if (side->channel == NULL) {
    return;
  }
  error = np_channel_detach(side->channel, &pipe);
  fuzz_say("%c: detach: %s", 'A' + (int)side->number, np_error_name(error));
  fuzz_law((error == NP_OK && pipe == side->pipe) ||
               (error == ERROR_BUSY && pipe == NULL),
           "np_channel_detach gave %s", np_error_name(error));
  if (error == NP_OK) {
    side->channel = NULL;
    side->closing = true;
    stage_close(&side->scene->stage, pipe);
  }
}

static size_t length_of(const uint8_t bytes[2]) {
  return bytes[1] < 160 ? bytes[0] % 48u
                        : (bytes[0] + 256u * bytes[1]) % LENGTH_MAX;
}

static void step(struct scene *scene, const uint8_t bytes[STEP_BYTES]) {
  struct side *side = &scene->sides[bytes[0] >> 7];
  const size_t length = length_of(bytes + 1);

  switch (bytes[0] % 16) {
    case 0:
    case 1:
      send_one(side, length, 0, bytes[0] % 16 == 1);
      break;
    case 2:
      send_one(side, length, 1 + bytes[2] % 30, false);
      break;
    case 3:
    case 4:
      receive_one(side, 0, 0, false);
      break;
    case 5:
      receive_one(side, length, 0, true);
      break;
    case 6:
      receive_one(side, length, 1 + bytes[2] % 30, bytes[1] % 2 == 0);
      break;
    case 7:
      call_one(side, length, bytes[2] % 8 == 0 ? 1 + bytes[2] % 30u : 0);
      break;
    case 8:
      shutdown_one(side);
      break;
    case 9:
      cancel_one(scene, bytes[1]);
      break;
    case 10:
      stage_turn(&scene->stage, 1 + bytes[1] % 20);
      break;
    case 11:
      if (bytes[1] % 16 == 0) {
        close_one(side);
      } else if (bytes[1] % 16 == 1) {
        detach_one(side);
      }
      break;
    case 12:
      if (side->channel != NULL) {
        sim_slow(np_pipe_handle(side->pipe), bytes[1] % 20);
      }
      break;
    case 13:
      if (side->channel != NULL) {
        sim_cancel_late(np_pipe_handle(side->pipe), bytes[1] % 20);
      }
      break;
    case 14:
      if (bytes[1] % 2 == 0) {
        fuzz_say("an allocation to come fails");
        stage_memory_fault(&scene->stage, 1 + bytes[2] % 4);
      } else {
        fuzz_say("a call to come fails");
        stage_fault(&scene->stage, 1 + bytes[2] % 8);
      }
      break;
    default:
      stage_turn(&scene->stage, 0);
      break;
  }
}

/* --- The account --------------------------------------------------------- */

/* How many bytes of message `number` are at `data`. */
static size_t matching(const struct side *from, size_t number,
                       const unsigned char *data, size_t length) {
  size_t count = 0;

  while (count < length && count < from->sends[number].length &&
         data[count] == stream_byte(id_of(from, number), count)) {
    count++;
  }
  return count;
}

static bool is_skippable(const struct side *to, size_t number) {
  return !to->peer->sends[number].ok || to->may_lose;
}

/* The places after an arrival of these bytes, if `number` is the first message
 * that can be in it. Where messages are the kernel's, one that was cut when a
 * part of it had been read runs on into the next. */
static uint64_t places_of(const struct side *to, size_t number,
                          const unsigned char *data, size_t length) {
  const struct side *from = to->peer;
  uint64_t after = 0;

  for (size_t k = number; k < from->send_count; k++) {
    const size_t count = matching(from, k, data, length);

    if (count == length && length == from->sends[k].length) {
      after |= (uint64_t)1 << (k + 1);
    }
    if (!to->is_framed && !from->sends[k].ok) {
      for (size_t part = 1; part <= count; part++) {
        after |= places_of(to, k + 1, data + part, length - part);
      }
    }
    if (!is_skippable(to, k)) {
      break;
    }
  }
  return after;
}

/* The places after one that was too long, or found no memory: `is_kept` if it
 * stays. Of a message that ran on into another the length is not known. */
static uint64_t places_of_none(const struct side *to, size_t number,
                               const struct arrival *arrival, bool is_kept) {
  const struct side *from = to->peer;
  bool is_cut = false;
  uint64_t after = 0;

  for (size_t k = number; k < from->send_count; k++) {
    is_cut = is_cut || (!to->is_framed && !from->sends[k].ok);
    if (is_cut || arrival->error == ERROR_NOT_ENOUGH_MEMORY ||
        arrival->length == from->sends[k].length) {
      after |= (uint64_t)1 << (is_kept ? k : k + 1);
    }
    if (!is_skippable(to, k)) {
      break;
    }
  }
  return after;
}

/* The places where the receiver can be after an arrival, from a set of places
 * before: bit n stands for "message n is the next". */
static uint64_t places_after(const struct side *to, uint64_t places,
                             const struct arrival *arrival) {
  /* It may have lost that one, or none. */
  uint64_t after = arrival->error == ERROR_NOT_ENOUGH_MEMORY ? places : 0;

  for (size_t i = 0; i <= to->peer->send_count; i++) {
    if ((places >> i & 1) != 0) {
      after |=
          arrival->error == NP_OK
              ? places_of(to, i, arrival->data, arrival->length)
              : places_of_none(to, i, arrival,
                               arrival->error == ERROR_INSUFFICIENT_BUFFER);
    }
  }
  return after;
}

static bool may_end(const struct side *to, uint64_t places) {
  for (size_t i = 0; i <= to->peer->send_count; i++) {
    size_t k = i;

    if ((places >> i & 1) == 0) {
      continue;
    }
    while (k < to->peer->send_count && is_skippable(to, k)) {
      k++;
    }
    if (k == to->peer->send_count) {
      return true;
    }
  }
  return false;
}

static void check(const struct side *to) {
  uint64_t places = 1;

  for (size_t i = 0; i < to->arrival_count; i++) {
    const struct arrival *arrival = &to->arrivals[i];

    switch (arrival->error) {
      case NP_OK:
      case ERROR_BUFFER_OVERFLOW:
      case ERROR_INSUFFICIENT_BUFFER:
      case ERROR_NOT_ENOUGH_MEMORY:
        places = places_after(to, places, arrival);
        fuzz_law(places != 0, "arrival %zu at %c is no message that was sent",
                 i, 'A' + (int)to->number);
        break;
      default:
        break;
    }
  }
  if (to->was_cleanly && !to->may_lose && !to->has_failed) {
    fuzz_law(may_end(to, places), "a message never arrived at %c",
             'A' + (int)to->number);
  }
}

/* --- The scene ----------------------------------------------------------- */

static void options_choose(np_channel_options *options, uint32_t how,
                           struct fuzz_input *input) {
  static const size_t sizes[] = {60000, 4, 5, 16, 64, 300, 1000, 4096};
  static const size_t widths[] = {4, 1, 2, 8};
  uint32_t drawn = fuzz_choice(input);

  np_channel_options_init(options);
  options->framing = how % 4 == 3 ? NP_FRAMING_ALWAYS : NP_FRAMING_AUTO;
  options->gather = (drawn & 1) == 0;
  options->write_buffer_bytes = sizes[drawn >> 1 & 7];
  options->read_buffer_bytes = sizes[drawn >> 4 & 7];
  options->frame.frame_bytes_max = (drawn & 128) != 0 ? 40 : 2500;
  options->frame.field_bytes = widths[how >> 2 & 3];
  options->frame.byte_order =
      (how & 16) != 0 ? NP_LITTLE_ENDIAN : NP_BIG_ENDIAN;
}

/* The length field may say less than the maximum. */
static size_t bytes_max_of(const struct side *side,
                           const np_channel_options *options) {
  const size_t most = options->frame.frame_bytes_max;

  return np_channel_header_bytes(side->channel) == 1 && most > 255 ? 255 : most;
}

static void scene_open(struct scene *scene, uint32_t how, uint32_t quota,
                       struct fuzz_input *input) {
  const bool is_message = how % 4 != 0;
  const bool reads_messages = is_message && how % 4 != 2;
  np_server_options server;
  np_client_options client;

  np_server_options_init(&server);
  server.mode = is_message ? NP_MESSAGE : NP_BYTE;
  server.read_mode = reads_messages ? NP_MESSAGE : NP_BYTE;
  server.in_buffer_bytes = quota * 8;
  server.out_buffer_bytes = quota * 8;
  np_client_options_init(&client);
  client.read_mode = server.read_mode;
  fuzz_law(np_server_create(scene->stage.loop, scene->stage.name, &server,
                            &scene->sides[0].pipe) == NP_OK &&
               np_client_open(scene->stage.loop, scene->stage.name, &client,
                              &scene->sides[1].pipe) == NP_OK,
           "no pair of ends can be made");
  for (unsigned i = 0; i < 2; i++) {
    struct side *side = &scene->sides[i];
    np_channel_options options;

    options_choose(&options, how, input);
    side->scene = scene;
    side->peer = &scene->sides[1 - i];
    side->number = i;
    fuzz_law(np_channel_create(side->pipe, &options, &side->channel) == NP_OK,
             "no channel can be made");
    side->whole = side->channel;
    np_channel_set_user(side->channel, scene);
    side->bytes_max = bytes_max_of(side, &options);
    side->is_framed = np_channel_header_bytes(side->channel) > 0;
    fuzz_say("%c: pipe %u, at most %zu bytes, writes of %zu, reads of %zu",
             'A' + (int)i, (unsigned)how % 4, side->bytes_max,
             options.write_buffer_bytes, options.read_buffer_bytes);
  }
}

static bool is_receiving(const struct scene *scene, const struct side *side) {
  for (size_t i = 0; i < scene->action_count; i++) {
    const struct action *action = scene->actions[i];

    if (!action->done && action->side == side && action->kind != SEND &&
        action->kind != SHUTDOWN) {
      return true;
    }
  }
  return false;
}

/* Receiving that has failed for good says so each time. */
static bool has_failed(const struct side *side, size_t since) {
  size_t same = 0;

  for (size_t i = side->arrival_count; i > since; i--) {
    const np_error error = side->arrivals[i - 1].error;

    if (error == NP_OK || error != side->arrivals[since].error) {
      return false;
    }
    same++;
  }
  return same >= FAILURES_MAX;
}

/* One end closes, when all of its messages have left, and the other receives to
 * the end. */
static void drain(struct scene *scene, struct side *from, struct side *to) {
  const size_t before = scene->action_count;
  const size_t arrived_before = to->arrival_count;

  stage_fault(&scene->stage, 0);
  stage_memory_fault(&scene->stage, 0);
  shutdown_one(from);
  for (int i = 0; to->channel != NULL && !to->ended; i++) {
    fuzz_law(i < TURNS_MAX, "the stream has no end");
    if (from->channel != NULL && scene->action_count > before &&
        scene->actions[before]->done) {
      close_one(from);
    } else if (scene->action_count == before) {
      close_one(from);
    }
    if (scene->action_count + 2 > ACTIONS_MAX) {
      return;
    }
    if (!is_receiving(scene, to)) {
      receive_one(to, 0, 0, false);
    }
    /* A call waits until its request was read. */
    if (from->channel != NULL && !is_receiving(scene, from)) {
      receive_one(from, 0, 0, false);
    }
    stage_turn(&scene->stage, 20);
    if (has_failed(to, arrived_before)) {
      to->has_failed = true;
      return;
    }
  }
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc, (void)argv;
  stage_once();
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  static struct scene scene;
  struct fuzz_input input = fuzz_input_begin(bytes, size);
  sim_settings settings;
  uint32_t seed;
  uint32_t how;
  uint32_t quota;

  memset(scene.sides, 0, sizeof scene.sides);
  scene.action_count = 0;
  scene.closing = 0;
  stage_settings(&settings, &input);
  seed = fuzz_choice(&input);
  how = fuzz_choice(&input);
  quota = fuzz_choice(&input);
  stage_begin(&scene.stage, seed, &settings);
  scene_open(&scene, how, quota, &input);
  for (int i = 0; i < PLAYED_STEPS_MAX && fuzz_left(&input) > 0; i++) {
    uint8_t taken[STEP_BYTES] = {0};
    size_t count;
    const uint8_t *payload = fuzz_payload(&input, STEP_BYTES, &count);

    memcpy(taken, payload, count);
    step(&scene, taken);
  }
  if ((how & 32) == 0) {
    drain(&scene, &scene.sides[how >> 6 & 1], &scene.sides[1 - (how >> 6 & 1)]);
  }
  close_one(&scene.sides[0]);
  close_one(&scene.sides[1]);
  stage_end(&scene.stage);
  fuzz_law(scene.closing == 0, "%u channels are not closed", scene.closing);
  for (size_t i = 0; i < scene.action_count; i++) {
    fuzz_law(scene.actions[i]->done, "operation %zu has had no callback", i);
    free(scene.actions[i]);
  }
  for (int i = 0; i < 2; i++) {
    check(&scene.sides[i]);
    for (size_t k = 0; k < scene.sides[i].arrival_count; k++) {
      free(scene.sides[i].arrivals[k].data);
    }
  }
  return 0;
}
