/* The law of raw_peer: the peer may make any Win32 calls, with messages of odd
 * sizes and beyond the quotas, in other modes, and it may disconnect, close or
 * die at any step. Still each operation of our end has exactly one callback,
 * from the loop, with a result that its header names and that the peer caused.
 * Our end reads exactly the peer's data, in order, each message whole. Nothing
 * is left at the end.
 *
 * Payload: the steps, three bytes each: the kind, and a size (two bytes).
 * Choices: the kernel (stage_settings), its seed, which end is ours and its
 * modes, the quota, and whether the stream is read to its end. */
#include <stdlib.h>
#include <string.h>

#include "raw_scene.h"

enum {
  STEP_BYTES = 3,
  PLAYED_STEPS_MAX = 64,
  READ_BYTES = 700,
  TURNS_MAX = 1000
};

static size_t length_of(const uint8_t bytes[2]) {
  return bytes[1] < 160 ? bytes[0] % 40u
                        : (bytes[0] + 256u * bytes[1]) % LENGTH_MAX;
}

static void our_rest(struct scene *scene, uint32_t what, size_t length) {
  switch (what % 8) {
    case 1:
    case 2:
      our_peek(scene, length);
      break;
    case 3:
    case 4:
      our_transact(scene, length);
      break;
    case 5:
      our_set_read_mode(scene);
      break;
    case 6:
    case 7:
      our_questions(scene);
      break;
    default:
      if (what == 0) {
        our_close(scene);
      } else {
        our_other(scene, FLUSH, 0);
      }
      break;
  }
}

static void step(struct scene *scene, const uint8_t bytes[STEP_BYTES]) {
  const size_t length = length_of(bytes + 1);

  switch (bytes[0] % 32) {
    case 0:
    case 1:
      raw_send(scene, length);
      break;
    case 2:
      raw_receive(scene, length);
      break;
    case 3:
      raw_close(scene);
      break;
    case 4:
      raw_open(scene);
      break;
    case 5:
      raw_disconnect(scene);
      break;
    case 6:
      raw_connect(scene);
      break;
    case 7:
      raw_set_mode(scene, bytes[1]);
      break;
    case 8:
      raw_peek(scene);
      break;
    case 9:
      raw_transact(scene, length);
      break;
    case 10:
      raw_cancel(scene);
      break;
    case 11:
      raw_die(scene, 1 + bytes[1] % 8);
      break;
    case 12:
      if (scene->pipe != NULL) {
        sim_slow(np_pipe_handle(scene->pipe), bytes[1] % 20);
      }
      break;
    case 13:
      if (scene->pipe != NULL) {
        sim_cancel_late(np_pipe_handle(scene->pipe), bytes[1] % 20);
      }
      break;
    case 14:
      stage_memory_fault(&scene->stage, 1 + bytes[1] % 4);
      break;
    case 15:
      raw_send(scene, (size_t)scene->quota + bytes[1] % 3 + bytes[2] % 2 * 16);
      break;
    case 16:
    case 17:
      our_read(scene, length, false);
      break;
    case 18:
      our_read(scene, length, true);
      break;
    case 19:
      our_write(scene, length, 0);
      break;
    case 20:
      our_write(scene, length, 1 + bytes[2] % 30);
      break;
    case 21:
      our_try_read(scene, length);
      break;
    case 22:
      our_try_write(scene, length);
      break;
    case 23:
      our_other(scene, READY, bytes[1]);
      break;
    case 24:
      if (scene->is_server) {
        our_other(scene, CONNECT, 0);
      }
      break;
    case 25:
      our_disconnect(scene);
      break;
    case 26:
      our_other(scene, SHUTDOWN, 0);
      break;
    case 27:
      our_info(scene);
      break;
    case 28:
      our_cancel(scene, bytes[1]);
      break;
    case 29:
      stage_turn(&scene->stage, 1 + bytes[1] % 20);
      break;
    case 30:
      our_rest(scene, bytes[1], length);
      break;
    default:
      stage_turn(&scene->stage, 0);
      break;
  }
  raw_poll(scene);
}

static void open_server(struct scene *scene) {
  np_server_options options;

  np_server_options_init(&options);
  options.mode = scene->is_message ? NP_MESSAGE : NP_BYTE;
  options.read_mode = scene->reads_messages ? NP_MESSAGE : NP_BYTE;
  options.in_buffer_bytes = scene->quota;
  options.out_buffer_bytes = scene->quota;
  fuzz_law(np_server_create(scene->stage.loop, scene->stage.name, &options,
                            &scene->pipe) == NP_OK,
           "no server can be made");
  raw_open(scene);
}

static void open_client(struct scene *scene) {
  np_client_options options;

  scene->raw = CreateNamedPipeW(
      scene->stage.wide_name, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED,
      scene->is_message ? PIPE_TYPE_MESSAGE : PIPE_TYPE_BYTE, 1, scene->quota,
      scene->quota, 0, NULL);
  np_client_options_init(&options);
  options.read_mode = scene->reads_messages ? NP_MESSAGE : NP_BYTE;
  fuzz_law(scene->raw != INVALID_HANDLE_VALUE &&
               np_client_open(scene->stage.loop, scene->stage.name, &options,
                              &scene->pipe) == NP_OK,
           "no client can be made");
  session_begin(scene);
}

static bool is_reading(const struct scene *scene) {
  for (size_t i = 0; i < scene->action_count; i++) {
    if (!scene->actions[i].done && action_is_read(&scene->actions[i])) {
      return true;
    }
  }
  return false;
}

/* drain closes the peer and reads to the end of the stream. Every write that
 * was complete must have arrived. */
static void drain(struct scene *scene) {
  raw_close(scene);
  stage_memory_fault(&scene->stage, 0);
  scene->ended = false;
  for (int i = 0; scene->in_session && scene->pipe != NULL && !scene->ended &&
                  scene->action_count < ACTIONS_MAX;
       i++) {
    fuzz_law(i < TURNS_MAX, "the stream has no end");
    if (!is_reading(scene)) {
      our_read(scene, READ_BYTES, false);
    }
    stage_turn(&scene->stage, 20);
  }
}

static void check(struct scene *scene) {
  static struct read_result results[ACTIONS_MAX];
  static struct written writes[WRITES_MAX];
  struct session_input sessions[SESSIONS_MAX];
  const struct action *reads[ACTIONS_MAX];
  size_t used = 0;
  size_t count = 0;
  size_t bad = 0;

  for (size_t i = 0; i < scene->session_count; i++) {
    sessions[i].writes = writes + used;
    sessions[i].count = 0;
    for (size_t k = 0; k < scene->write_count; k++) {
      if (scene->writes[k].session == i) {
        writes[used++] = scene->writes[k].written;
        sessions[i].count++;
      }
    }
  }
  for (size_t i = 0; i < scene->action_count; i++) {
    const struct action *action = &scene->actions[i];
    struct read_result *result = &results[count];

    fuzz_law(action->done, "operation %zu has had no callback", i);
    if (!action_is_read(action)) {
      continue;
    }
    memset(result, 0, sizeof *result);
    result->data = action->data;
    result->length = action->length;
    result->transferred = action->transferred;
    result->by_message = scene->reads_messages;
    result->is_more = action->error == ERROR_MORE_DATA;
    result->is_eof =
        action->error == ERROR_BROKEN_PIPE && !action->while_closing;
    result->is_failure = action->error != NP_OK && !result->is_more;
    result->first = action->first;
    result->last = action->last;
    reads[count++] = action;
  }
  fuzz_law(stream_check(sessions, scene->session_count, results, count,
                        scene->asked_readiness, &bad),
           "read %zu cannot have brought what it did",
           (size_t)(reads[bad] - scene->actions));
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc, (void)argv;
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  static struct scene scene;
  struct fuzz_input input = fuzz_input_begin(bytes, size);
  sim_settings settings;
  uint32_t seed;
  uint32_t how;

  memset(&scene, 0, offsetof(struct scene, raw_read));
  scene.raw_read.pends = false;
  scene.raw_write.pends = false;
  scene.raw_connect.pends = false;
  scene.action_count = 0;
  scene.write_count = 0;
  stage_settings(&settings, &input);
  seed = fuzz_choice(&input);
  how = fuzz_choice(&input);
  scene.is_server = (how & 1) == 0;
  scene.is_message = (how & 2) != 0;
  scene.reads_messages = (how & 6) == 2;
  scene.quota = fuzz_choice(&input) * 4;
  stage_begin(&scene.stage, seed, &settings);
  fuzz_say("ours is the %s, %s%s, quotas of %u bytes",
           scene.is_server ? "server" : "client",
           scene.is_message ? "messages" : "bytes",
           scene.is_message && !scene.reads_messages ? " read as bytes" : "",
           (unsigned)scene.quota);
  if (scene.is_server) {
    open_server(&scene);
  } else {
    open_client(&scene);
  }
  for (int i = 0; i < PLAYED_STEPS_MAX && fuzz_left(&input) > 0; i++) {
    uint8_t taken[STEP_BYTES] = {0};
    size_t count;
    const uint8_t *payload = fuzz_payload(&input, STEP_BYTES, &count);

    memcpy(taken, payload, count);
    step(&scene, taken);
  }
  if ((how & 8) == 0) {
    drain(&scene);
  }
  our_close(&scene);
  raw_close(&scene);
  stage_end(&scene.stage);
  raw_poll(&scene);
  check(&scene);
  for (size_t i = 0; i < scene.action_count; i++) {
    free(scene.actions[i].data);
  }
  return 0;
}
