/* The law of channel: two channels, native or framed, send messages of any size
 * in both directions at once. Reads and writes may have any size; operations
 * may be cancelled, time out or be slow; calls and allocations may fail; an end
 * may close, or close one direction.
 *
 * A message whose send succeeded arrives whole, once and in its place. A
 * message whose send failed arrives in the same way, or not at all. A missing
 * message is reported by an error. After a half-close an end sends nothing
 * more, and its peer has read everything. A call never gets a message that was
 * sent before its request; and it gets nothing once an earlier request has
 * arrived without its reply. The peer of the calling end skips, delays and
 * repeats replies, as the steps say. A cancelled operation ends.
 * At each allocation the loop holds at most what it held in the beginning, the
 * constants of npipe/channel.h and twice what was sent, also where an end sends
 * the header of a long frame and closes.
 *
 * Payload: the steps, three bytes each: the kind and the end, and a size (two
 * bytes). Choices: the kernel (stage_settings), its seed, type and framing of
 * the pipe, the quota, and the options of both channels. */
#include <stdlib.h>
#include <string.h>

#include "channel_scene.h"

enum {
  STEP_BYTES = 3,
  PLAYED_STEPS_MAX = 56,
  TURNS_MAX = 4000,
  FAILURES_MAX = 5,
  SPARE_BYTES = 8192 /* for what is no channel's: flushes */
};

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
        detach_one(side, false);
      } else if (bytes[1] % 16 == 2) {
        detach_one(side, true);
      }
      break;
    case 12:
      if (side->channel != NULL) {
        scene->stage.answers_late = true;
        sim_slow(np_pipe_handle(side->pipe), bytes[1] % 20);
      }
      break;
    case 13:
      if (side->channel != NULL) {
        scene->stage.answers_late = true;
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

static bool has_half_close(uint32_t how) {
  return (how & 128) != 0 && how % 4 != 0;
}

/* kind_of: varints in place of 8 bytes, the least significant first; lines in
 * place of 1 byte with an order, which has no meaning. */
static np_frame_kind kind_of(uint32_t how) {
  static const np_frame_kind kinds[] = {NP_FRAME_LENGTH, NP_FRAME_DELIMITER,
                                        NP_FRAME_LENGTH, NP_FRAME_VARINT};

  return (how & 16) != 0 ? kinds[how >> 2 & 3] : NP_FRAME_LENGTH;
}

static void options_choose(np_channel_options *options, uint32_t how,
                           struct fuzz_input *input) {
  static const size_t sizes[] = {60000, 4, 5, 16, 64, 300, 1000, 4096};
  static const size_t widths[] = {4, 1, 2, 8};
  uint32_t drawn = fuzz_choice(input);

  np_channel_options_init(options);
  options->framing = how % 4 == 3 ? NP_FRAMING_ALWAYS : NP_FRAMING_AUTO;
  options->half_close = has_half_close(how);
  options->gather = (drawn & 1) == 0;
  options->write_buffer_bytes = sizes[drawn >> 1 & 7];
  options->read_buffer_bytes = sizes[drawn >> 4 & 7];
  options->frame.frame_bytes_max = (drawn & 128) != 0  ? 40
                                   : (drawn & 14) == 2 ? 8u * 1024 * 1024
                                                       : 2500;
  options->frame.kind = kind_of(how);
  if (options->frame.kind == NP_FRAME_LENGTH) {
    options->frame.field_bytes = widths[how >> 2 & 3];
    options->frame.byte_order =
        (how & 16) != 0 ? NP_LITTLE_ENDIAN : NP_BIG_ENDIAN;
  }
  options->frame.unended_last = (drawn & 1) != 0;
}

/* bytes_max_of: the length field may allow less than the maximum. */
static size_t bytes_max_of(const struct side *side,
                           const np_channel_options *options) {
  const size_t most = options->frame.frame_bytes_max;

  return side->is_framed && options->frame.field_bytes == 1 && most > 255
             ? 255
             : most;
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
    side->frame = options.frame;
    side->is_framed = how % 4 != 1;
    side->bytes_max = bytes_max_of(side, &options);
    side->half_close = options.half_close;
    fuzz_say("%c: pipe %u, at most %zu bytes, writes of %zu, reads of %zu%s",
             'A' + (int)i, (unsigned)how % 4, side->bytes_max,
             options.write_buffer_bytes, options.read_buffer_bytes,
             side->half_close ? ", half-close" : "");
  }
  scene->stage.bytes_max = scene->stage.memory.live_bytes +
                           2 * NP_CHANNEL_MEMORY_BYTES + SPARE_BYTES;
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

/* has_failed: a receive that has failed for good fails again each time. */
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

/* drain closes one end after all of its messages have left, and lets the other
 * end receive to the end. */
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
    /* A call waits until its request is read, so this end receives too. */
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
    account_check(&scene.sides[i]);
    for (size_t k = 0; k < scene.sides[i].arrival_count; k++) {
      free(scene.sides[i].arrivals[k].data);
    }
  }
  return 0;
}
