/* The law of message_reassembly: the parts of a message, joined at
 * ERROR_MORE_DATA, are the message. Every message arrives whole and in order,
 * none is lost and none is added, and the end of the stream comes last. The law
 * holds for messages of any size, empty ones too, read into buffers of any
 * size, by operations, by tries and into several buffers, with reads that are
 * cancelled, time out or fail. (The target `channel` checks the same for a
 * channel with a read buffer of any size.)
 *
 * Payload: the steps, three bytes each: the kind, and a size (two bytes).
 * Choices: the kernel (stage_settings), its seed, the quotas, and the end that
 * reads. */
#include <ntstatus.h>

#include <stdlib.h>
#include <string.h>

#include "stage.h"
#include "stream.h"

enum {
  STEP_BYTES = 3,
  STEPS_MAX = 64,
  MESSAGES_MAX = 48,
  READS_MAX = 700,
  REST_BYTES = 1500, /* size of the buffers at the end */
  LENGTH_MAX = 3000
};

struct scene;

struct read {
  np_op op; /* first */
  struct scene *scene;
  unsigned char *data;
  size_t length;
  bool done;
  bool cancelled;
  np_error error;
  size_t transferred;
};

struct message {
  np_op op; /* first */
  struct scene *scene;
  unsigned char *data;
  size_t length;
  bool done;
};

struct scene {
  struct stage stage;
  np_pipe *reader;
  np_pipe *writer; /* NULL: closed */
  struct read reads[READS_MAX];
  size_t read_count;
  size_t last_done; /* number of the last read that returned data */
  struct message messages[MESSAGES_MAX];
  size_t message_count;
  bool fails; /* a read may fail */
  bool ended; /* the end of the stream was read */
};

static void on_written(np_op *op, np_error error, size_t transferred) {
  struct message *message = (struct message *)op;

  fuzz_law(message->scene->stage.turns && !message->done,
           "a write was called back twice, or outside of the loop");
  fuzz_law(error == NP_OK && transferred == message->length,
           "a message of %zu bytes ended with %s, %zu", message->length,
           np_error_name(error), transferred);
  message->done = true;
  /* The library may not use the data any more. */
  free(message->data);
  message->data = NULL;
}

static void message_send(struct scene *scene, size_t length, uint32_t how) {
  struct message *message = &scene->messages[scene->message_count];
  np_buffer parts[2];
  np_error error;

  if (scene->message_count == MESSAGES_MAX || scene->writer == NULL) {
    return;
  }
  memset(message, 0, sizeof *message);
  message->scene = scene;
  message->length = length;
  message->data = malloc(length > 0 ? length : 1);
  if (message->data == NULL) {
    abort();
  }
  for (size_t i = 0; i < length; i++) {
    message->data[i] = stream_byte((uint32_t)scene->message_count, i);
  }
  parts[0].data = message->data;
  parts[0].length = length / 3;
  parts[1].data = message->data + length / 3;
  parts[1].length = length - length / 3;
  error = how % 2 == 0 ? np_pipe_write(scene->writer, message->data, length,
                                       &message->op, on_written)
                       : np_pipe_writev(scene->writer, parts, 2, &message->op,
                                        on_written);
  fuzz_say("message %zu, %zu bytes: %s", scene->message_count, length,
           np_error_name(error));
  fuzz_law(error == NP_OK, "a write gave %s", np_error_name(error));
  scene->message_count++;
}

/* --- Reading ------------------------------------------------------------- */

static void judge(struct read *read, np_error error, size_t transferred) {
  struct scene *scene = read->scene;

  read->done = true;
  read->error = error;
  read->transferred = transferred;
  fuzz_say("  read %zu of %zu bytes: %s, %zu", (size_t)(read - scene->reads),
           read->length, np_error_name(error), transferred);
  switch (error) {
    case NP_OK:
    case ERROR_MORE_DATA:
      /* If the read of the rest failed, the read returns only a part. */
      fuzz_law(transferred <= read->length &&
                   (error == NP_OK || transferred == read->length ||
                    (scene->fails && transferred > 0)),
               "%zu bytes for a buffer of %zu, %s", transferred, read->length,
               np_error_name(error));
      break;
    case ERROR_BROKEN_PIPE:
      fuzz_law(scene->writer == NULL, "the stream ended too early");
      scene->ended = true;
      break;
    case ERROR_OPERATION_ABORTED:
      fuzz_law(read->cancelled && transferred == 0, "nobody cancelled a read");
      break;
    case WAIT_TIMEOUT:
      fuzz_law(read->op.timeout_ms > 0 && transferred == 0,
               "a read without a limit timed out");
      break;
    default:
      fuzz_law(error == ERROR_NO_SYSTEM_RESOURCES && scene->fails &&
                   transferred == 0,
               "a read gave %s", np_error_name(error));
      break;
  }
}

static void on_read(np_op *op, np_error error, size_t transferred) {
  struct read *read = (struct read *)op;
  struct scene *scene = read->scene;

  fuzz_law(scene->stage.turns && !read->done,
           "a read was called back twice, or outside of the loop");
  judge(read, error, transferred);
  if (error == NP_OK || error == ERROR_MORE_DATA) {
    /* A try may come before, because it returns its result at once. */
    fuzz_law(scene->last_done <= (size_t)(read - scene->reads),
             "a read was called back before one that began before it");
    scene->last_done = (size_t)(read - scene->reads);
  }
}

static struct read *read_new(struct scene *scene, size_t length) {
  struct read *read = &scene->reads[scene->read_count];

  if (scene->read_count == READS_MAX) {
    return NULL;
  }
  memset(read, 0, sizeof *read);
  read->scene = scene;
  read->length = length;
  read->data = malloc(length > 0 ? length : 1);
  if (read->data == NULL) {
    abort();
  }
  scene->read_count++;
  return read;
}

static void parts_make(const struct read *read, np_buffer parts[3]) {
  const size_t first = read->length / 4;
  const size_t second = read->length / 2;

  parts[0].data = read->data;
  parts[0].length = first;
  parts[1].data = read->data + first;
  parts[1].length = second;
  parts[2].data = read->data + first + second;
  parts[2].length = read->length - first - second;
}

static void read_begin(struct scene *scene, size_t length, bool scatters,
                       uint32_t timeout_ms) {
  struct read *read = read_new(scene, length);
  np_buffer parts[3];
  np_error error;

  if (read == NULL) {
    return;
  }
  read->op.timeout_ms = timeout_ms;
  parts_make(read, parts);
  error = scatters ? np_pipe_readv(scene->reader, parts, 3, &read->op, on_read)
                   : np_pipe_read(scene->reader, read->data, length, &read->op,
                                  on_read);
  fuzz_say("read of %zu bytes, limit %u: %s", length, (unsigned)timeout_ms,
           np_error_name(error));
  fuzz_law(error == NP_OK, "np_pipe_read gave %s", np_error_name(error));
}

static void read_try(struct scene *scene, size_t length, bool scatters) {
  struct read *read = read_new(scene, length);
  np_buffer parts[3];
  size_t transferred = SIZE_MAX;
  np_error error;

  if (read == NULL) {
    return;
  }
  parts_make(read, parts);
  error = scatters ? np_pipe_try_readv(scene->reader, parts, 3, &transferred)
                   : np_pipe_try_read(scene->reader, read->data, length,
                                      &transferred);
  if (error == NP_WOULD_BLOCK) {
    fuzz_say("try of %zu bytes would block", length);
    fuzz_law(transferred == 0, "nothing is there, and %zu bytes of it",
             transferred);
    free(read->data);
    scene->read_count--;
    return;
  }
  judge(read, error, transferred);
}

static void cancel(struct scene *scene, size_t drawn) {
  for (size_t i = 0; i < scene->read_count; i++) {
    struct read *read = &scene->reads[(drawn + i) % scene->read_count];

    if (!read->done) {
      fuzz_law(np_op_cancel(&read->op) == NP_OK ||
                   np_op_cancel(&read->op) == ERROR_NOT_FOUND ||
                   scene->stage.has_faults,
               "np_op_cancel failed");
      read->cancelled = true;
      fuzz_say("read %zu is cancelled", (size_t)(read - scene->reads));
      return;
    }
  }
}

static void on_ready(np_op *op, np_error error, size_t ready) {
  fuzz_say("  ready: %s, %zu", np_error_name(error), ready);
  free(op);
}

static void wait_readable(struct scene *scene) {
  np_op *op = calloc(1, sizeof *op);

  if (op == NULL) {
    abort();
  }
  fuzz_law(np_pipe_readable(scene->reader, op, on_ready) == NP_OK,
           "np_pipe_readable was refused");
}

static void set_read_ahead(struct scene *scene, size_t size) {
  np_ready_options options;
  np_error error;

  np_ready_options_init(&options);
  options.read_ahead_bytes = size;
  error = np_pipe_set_ready_options(scene->reader, &options);
  fuzz_say("read-ahead of %zu bytes: %s", size, np_error_name(error));
  fuzz_law(error == NP_OK || error == ERROR_BUSY,
           "np_pipe_set_ready_options gave %s", np_error_name(error));
}

/* --- The scene ----------------------------------------------------------- */

/* length_of returns mostly small lengths; some are larger than the quotas and
 * the read-ahead. */
static size_t length_of(const uint8_t bytes[2]) {
  return bytes[1] < 200 ? bytes[0] % 64u
                        : (bytes[0] + 256u * bytes[1]) % LENGTH_MAX;
}

static void step(struct scene *scene, const uint8_t bytes[STEP_BYTES]) {
  const size_t length = length_of(bytes + 1);

  switch (bytes[0] % 16) {
    case 0:
    case 1:
      message_send(scene, length, bytes[0] / 16);
      break;
    case 2:
    case 3:
      read_begin(scene, length, bytes[0] % 16 == 3, 0);
      break;
    case 4:
      read_begin(scene, length, false, 1 + bytes[2] % 30);
      break;
    case 5:
    case 6:
      read_try(scene, length, bytes[0] % 16 == 6);
      break;
    case 7:
      cancel(scene, length);
      break;
    case 8:
      stage_turn(&scene->stage, 0);
      break;
    case 9:
      stage_turn(&scene->stage, 1 + bytes[1] % 20);
      break;
    case 10:
      wait_readable(scene);
      break;
    case 11:
      set_read_ahead(scene, length);
      break;
    case 12:
      scene->fails = true;
      sim_fault("ReadFile", 1 + bytes[1] % 4, ERROR_NO_SYSTEM_RESOURCES);
      fuzz_say("a read to come will fail");
      break;
    case 13:
      scene->fails = true;
      sim_fault_completion("ReadFile", 1 + bytes[1] % 4,
                           STATUS_INSUFFICIENT_RESOURCES);
      fuzz_say("a read to come will fail by its packet");
      break;
    case 14:
      sim_slow(np_pipe_handle(scene->reader), bytes[1] % 20);
      break;
    default:
      sim_cancel_late(np_pipe_handle(scene->reader), bytes[1] % 20);
      break;
  }
}

static void on_left(np_op *op, np_error error, size_t transferred) {
  struct scene *scene = op->user;

  (void)transferred;
  fuzz_law(error == NP_OK, "np_pipe_shutdown gave %s", np_error_name(error));
  fuzz_say("  the writer closes");
  stage_close(&scene->stage, scene->writer);
  scene->writer = NULL;
}

static bool is_reading(const struct scene *scene) {
  for (size_t i = 0; i < scene->read_count; i++) {
    if (!scene->reads[i].done) {
      return true;
    }
  }
  return false;
}

/* finish closes the writer when everything is sent, and lets the reader read to
 * the end. */
static void finish(struct scene *scene) {
  np_op left = {.user = scene};

  fuzz_law(np_pipe_shutdown(scene->writer, &left, on_left) == NP_OK,
           "np_pipe_shutdown was refused");
  for (int i = 0; !scene->ended || is_reading(scene); i++) {
    fuzz_law(i < READS_MAX, "the stream has no end");
    if (!is_reading(scene)) {
      read_begin(scene, REST_BYTES, false, 0);
      if (scene->read_count == READS_MAX) {
        return;
      }
    }
    stage_turn(&scene->stage, 20);
  }
}

static void check(struct scene *scene) {
  static struct read_result results[READS_MAX];
  struct written writes[MESSAGES_MAX];
  struct session_input input = {writes, scene->message_count};
  size_t bad = 0;

  for (size_t i = 0; i < scene->message_count; i++) {
    fuzz_law(scene->messages[i].done, "message %zu has had no callback", i);
    writes[i].id = (uint32_t)i;
    writes[i].length = scene->messages[i].length;
    writes[i].is_cut = false;
  }
  for (size_t i = 0; i < scene->read_count; i++) {
    const struct read *read = &scene->reads[i];
    struct read_result *result = &results[i];

    memset(result, 0, sizeof *result);
    result->data = read->data;
    result->length = read->length;
    result->transferred = read->transferred;
    result->by_message = true;
    result->is_more = read->error == ERROR_MORE_DATA;
    result->is_eof = read->error == ERROR_BROKEN_PIPE;
    result->is_failure = read->error != NP_OK && !result->is_more;
  }
  fuzz_law(stream_check(&input, 1, results, scene->read_count, false, &bad),
           "read %zu cannot have brought what it did", bad);
}

static void scene_open(struct scene *scene, uint32_t how, uint32_t quota) {
  np_server_options server_options;
  np_client_options client_options;
  np_pipe *server = NULL;
  np_pipe *client = NULL;

  np_server_options_init(&server_options);
  server_options.mode = NP_MESSAGE;
  server_options.read_mode = NP_MESSAGE;
  server_options.in_buffer_bytes = quota * 16;
  server_options.out_buffer_bytes = quota * 16;
  np_client_options_init(&client_options);
  client_options.read_mode = NP_MESSAGE;
  fuzz_law(np_server_create(scene->stage.loop, scene->stage.name,
                            &server_options, &server) == NP_OK &&
               np_client_open(scene->stage.loop, scene->stage.name,
                              &client_options, &client) == NP_OK,
           "no pair of ends can be made");
  scene->reader = how % 2 == 0 ? server : client;
  scene->writer = how % 2 == 0 ? client : server;
  fuzz_say("the %s reads, quotas of %u bytes",
           how % 2 == 0 ? "server" : "client", (unsigned)quota * 16);
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
  uint32_t quota;

  stage_settings(&settings, &input);
  seed = fuzz_choice(&input);
  how = fuzz_choice(&input);
  quota = fuzz_choice(&input);
  stage_begin(&scene.stage, seed, &settings);
  scene.read_count = 0;
  scene.message_count = 0;
  scene.last_done = 0;
  scene.fails = false;
  scene.ended = false;
  scene_open(&scene, how, quota);
  for (int i = 0; i < STEPS_MAX && fuzz_left(&input) > 0; i++) {
    uint8_t taken[STEP_BYTES] = {0};
    size_t count;
    const uint8_t *payload = fuzz_payload(&input, STEP_BYTES, &count);

    memcpy(taken, payload, count);
    step(&scene, taken);
  }
  finish(&scene);
  stage_close(&scene.stage, scene.reader);
  stage_end(&scene.stage);
  check(&scene);
  for (size_t i = 0; i < scene.read_count; i++) {
    free(scene.reads[i].data);
  }
  return 0;
}
