/* The law of raw_peer: whatever a peer does by Win32 calls of its own, with
 * messages of odd sizes, over the quotas, in other modes, disconnecting,
 * closing or dying at any step, each operation of our end is called back once,
 * from the loop, with a result that its header names and that the peer gave
 * cause for; what our end reads is what the peer wrote, in order, each message
 * whole; and nothing is left.
 *
 * Payload: the steps, three bytes each: what, and how much (two bytes).
 * Choices: the kernel (stage_settings), its seed, which end is ours and its
 * modes, the quota, whether the stream is read to its end. */
#include <stdlib.h>
#include <string.h>

#include <winternl.h>

#include "stage.h"
#include "stream.h"

enum {
  STEP_BYTES = 3,
  PLAYED_STEPS_MAX = 64,
  SESSIONS_MAX = 12,
  WRITES_MAX = 80,
  ACTIONS_MAX = 200,
  LENGTH_MAX = 3000,
  READ_BYTES = 700,
  TURNS_MAX = 1000
};

struct scene;

enum action_kind { READ, WRITE, CONNECT, READY, SHUTDOWN, TRANSACT };

/* An operation of our end, or a try to read. */
struct action {
  np_op op; /* first */
  struct scene *scene;
  enum action_kind kind;
  unsigned char *data;
  size_t length;
  unsigned char *request; /* of a transact */
  bool done;
  bool cancelled;
  bool while_closing;
  np_error error;
  size_t transferred;
  size_t first; /* its data can be of these sessions */
  size_t last;
};

/* One operation of the peer. */
struct raw_op {
  OVERLAPPED overlapped;
  bool pends;
  size_t write; /* number of the write that it is */
  unsigned char data[LENGTH_MAX];
  size_t length;
};

struct raw_write {
  struct written written;
  size_t session;
};

struct scene {
  struct stage stage;
  np_pipe *pipe; /* our end; NULL: closed */
  bool is_server;
  bool is_message;
  bool reads_messages;
  bool asked_readiness;
  bool closing;
  HANDLE raw; /* NULL: gone */
  bool raw_dies;
  size_t session_count;
  bool in_session;
  bool ever_closed; /* by the peer                   */
  bool ever_disconnected;
  struct raw_op raw_read;
  struct raw_op raw_write;
  struct raw_op raw_connect;
  struct action actions[ACTIONS_MAX];
  size_t action_count;
  struct raw_write writes[WRITES_MAX];
  size_t write_count;
  uint32_t quota;
  bool ended;
};

/* --- Our end ------------------------------------------------------------ */

static struct action *action_new(struct scene *scene, enum action_kind kind,
                                 size_t length) {
  struct action *action = &scene->actions[scene->action_count];

  if (scene->action_count == ACTIONS_MAX || scene->pipe == NULL) {
    return NULL;
  }
  memset(action, 0, sizeof *action);
  action->scene = scene;
  action->kind = kind;
  action->length = length;
  action->first = scene->session_count;
  action->first -= scene->in_session ? 1 : 0;
  action->last = action->first;
  if (length > 0) {
    action->data = malloc(length);
    if (action->data == NULL) {
      abort();
    }
    memset(action->data, 'o', length);
  }
  scene->action_count++;
  return action;
}

/* A shutdown has the error of a write that it waited for. */
static bool is_error_of_a_write(const struct action *shutdown, np_error error) {
  const struct scene *scene = shutdown->scene;

  for (const struct action *action = scene->actions; action < shutdown;
       action++) {
    if (action->kind == WRITE && action->done && action->error == error) {
      return true;
    }
  }
  return false;
}

/* A header's list of results, less those that nobody gave cause for. */
static bool is_read(const struct action *action) {
  return action->kind == READ || action->kind == TRANSACT;
}

static bool is_result_due(const struct action *action, np_error error) {
  const struct scene *scene = action->scene;

  if (action->kind == SHUTDOWN && is_error_of_a_write(action, error)) {
    return true;
  }
  if (error == ERROR_OPERATION_ABORTED) {
    return action->cancelled || scene->closing;
  }
  if (error == WAIT_TIMEOUT) {
    return action->op.timeout_ms > 0;
  }
  if (stage_is_fault(&scene->stage, error)) {
    return true;
  }
  switch (error) {
    case NP_OK:
      return action->kind != WRITE || action->transferred == action->length;
    case ERROR_MORE_DATA:
      return is_read(action) && scene->reads_messages;
    case ERROR_PIPE_BUSY:
    case ERROR_BAD_PIPE:
      return action->kind == TRANSACT;
    case ERROR_BROKEN_PIPE:
      return (is_read(action) || action->kind == WRITE ||
              action->kind == SHUTDOWN || scene->closing) &&
             (scene->ever_closed || scene->closing);
    case ERROR_NO_DATA:
      return action->kind != READ && action->kind != READY &&
             scene->ever_closed;
    case ERROR_PIPE_NOT_CONNECTED:
      return scene->ever_disconnected;
    case ERROR_PIPE_LISTENING:
      return scene->is_server && action->kind != CONNECT;
    case ERROR_PIPE_CONNECTED:
      return action->kind == CONNECT;
    default:
      /* By the close: STATUS_PIPE_BROKEN or STATUS_HANDLES_CLOSED. */
      return action->kind == CONNECT && scene->closing;
  }
}

static void judge(struct action *action, np_error error, size_t transferred) {
  static const char *const names[] = {"read",  "write",    "connect",
                                      "ready", "shutdown", "transact"};
  struct scene *scene = action->scene;

  action->done = true;
  action->error = error;
  action->transferred = transferred;
  action->while_closing = scene->closing;
  action->last = scene->session_count > action->first + 1
                     ? scene->session_count - 1
                     : action->first;
  fuzz_say("  %s %zu of %zu bytes: %s, %zu", names[action->kind],
           (size_t)(action - scene->actions), action->length,
           np_error_name(error), transferred);
  fuzz_law(action->kind == READY || transferred <= action->length,
           "%zu bytes of %zu", transferred, action->length);
  fuzz_law(is_result_due(action, error), "a %s cannot have ended with %s",
           names[action->kind], np_error_name(error));
  free(action->request);
  action->request = NULL;
  if (action->kind == READ && error != NP_OK && error != ERROR_MORE_DATA) {
    scene->ended = true;
  }
}

static void on_done(np_op *op, np_error error, size_t transferred) {
  struct action *action = (struct action *)op;

  fuzz_law(action->scene->stage.turns, "a callback outside of the loop");
  fuzz_law(!action->done, "a second callback");
  judge(action, error, transferred);
  if (action->kind == WRITE) {
    /* Nobody may look at it any more. */
    free(action->data);
    action->data = NULL;
  }
}

/* What a start returned: nothing but want of memory refuses one. */
static void begun(struct action *action, const char *name, np_error error) {
  fuzz_say("%s, %zu bytes: %s", name, action->length, np_error_name(error));
  if (error == NP_OK) {
    return;
  }
  fuzz_law(stage_is_fault(&action->scene->stage, error) ||
               ((action->kind == CONNECT || action->kind == TRANSACT) &&
                error == ERROR_BUSY),
           "%s gave %s", name, np_error_name(error));
  free(action->request);
  free(action->data);
  action->scene->action_count--;
}

static void our_read(struct scene *scene, size_t length, bool scatters) {
  struct action *action = action_new(scene, READ, length);
  np_buffer parts[2];

  if (action == NULL) {
    return;
  }
  parts[0].data = action->data;
  parts[0].length = length / 2;
  parts[1].data = length > 0 ? action->data + length / 2 : NULL;
  parts[1].length = length - length / 2;
  begun(action, "np_pipe_read",
        scatters ? np_pipe_readv(scene->pipe, parts, 2, &action->op, on_done)
                 : np_pipe_read(scene->pipe, action->data, length, &action->op,
                                on_done));
}

static void our_write(struct scene *scene, size_t length, uint32_t timeout_ms) {
  struct action *action = action_new(scene, WRITE, length);

  if (action == NULL) {
    return;
  }
  action->op.timeout_ms = timeout_ms;
  begun(action, "np_pipe_write",
        np_pipe_write(scene->pipe, action->data, length, &action->op, on_done));
}

static void our_try_read(struct scene *scene, size_t length) {
  struct action *action = action_new(scene, READ, length);
  size_t transferred = SIZE_MAX;
  np_error error;

  if (action == NULL) {
    return;
  }
  scene->asked_readiness = true;
  error = np_pipe_try_read(scene->pipe, action->data, length, &transferred);
  if (error == NP_WOULD_BLOCK) {
    fuzz_say("np_pipe_try_read would block");
    fuzz_law(transferred == 0, "nothing is there, and %zu bytes of it",
             transferred);
    free(action->data);
    scene->action_count--;
    return;
  }
  judge(action, error, transferred);
}

static void our_try_write(struct scene *scene, size_t length) {
  static unsigned char data[LENGTH_MAX];
  size_t transferred = SIZE_MAX;
  np_error error;

  if (scene->pipe == NULL) {
    return;
  }
  scene->asked_readiness = true;
  error = np_pipe_try_write(scene->pipe, data, length, &transferred);
  fuzz_say("np_pipe_try_write, %zu bytes: %s, %zu", length,
           np_error_name(error), transferred);
  fuzz_law(error == NP_OK
               ? transferred <= length &&
                     (!scene->is_message || transferred == length)
               : transferred == 0 &&
                     (error == NP_WOULD_BLOCK ||
                      ((error == ERROR_NO_DATA || error == ERROR_BROKEN_PIPE) &&
                       scene->ever_closed) ||
                      (error == ERROR_PIPE_NOT_CONNECTED &&
                       scene->ever_disconnected) ||
                      (error == ERROR_PIPE_LISTENING && scene->is_server) ||
                      stage_is_fault(&scene->stage, error)),
           "np_pipe_try_write gave %s, %zu", np_error_name(error), transferred);
}

static void our_other(struct scene *scene, enum action_kind kind,
                      uint32_t how) {
  struct action *action = action_new(scene, kind, 0);

  if (action == NULL) {
    return;
  }
  if (kind == READY) {
    scene->asked_readiness = true;
    begun(action, "np_pipe_ready",
          np_pipe_ready(scene->pipe, 1 + how % 15, &action->op, on_done));
  } else if (kind == CONNECT) {
    begun(action, "np_server_connect",
          np_server_connect(scene->pipe, &action->op, on_done));
  } else {
    begun(action, "np_pipe_shutdown",
          np_pipe_shutdown(scene->pipe, &action->op, on_done));
  }
}

static void our_transact(struct scene *scene, size_t length) {
  struct action *action = action_new(scene, TRANSACT, length);

  if (action == NULL) {
    return;
  }
  action->request = calloc(1, length + 1);
  if (action->request == NULL) {
    abort();
  }
  begun(action, "np_pipe_transact",
        np_pipe_transact(scene->pipe, action->request, length, action->data,
                         length, &action->op, on_done));
}

static void our_peek(struct scene *scene, size_t length) {
  static unsigned char data[LENGTH_MAX];
  np_peek peek = {.size = sizeof peek};
  np_error error;

  if (scene->pipe == NULL) {
    return;
  }
  error = np_pipe_peek(scene->pipe, data, length, &peek);
  fuzz_say("np_pipe_peek: %s, %zu, %zu, %zu", np_error_name(error), peek.copied,
           peek.available, peek.left);
  fuzz_law(
      error == NP_OK
          ? peek.copied <= length
          : stage_is_fault(&scene->stage, error) ||
                (error == ERROR_BROKEN_PIPE && scene->ever_closed) ||
                (error == ERROR_BAD_PIPE && scene->is_server) ||
                (error == ERROR_PIPE_NOT_CONNECTED && scene->ever_disconnected),
      "np_pipe_peek gave %s", np_error_name(error));
}

/* The same mode again, or one that there is not. */
static void our_set_read_mode(struct scene *scene) {
  np_error error;

  if (scene->pipe == NULL) {
    return;
  }
  error = np_pipe_set_read_mode(scene->pipe,
                                scene->reads_messages ? NP_MESSAGE : NP_BYTE);
  fuzz_say("np_pipe_set_read_mode: %s", np_error_name(error));
  fuzz_law(error == NP_OK || error == ERROR_BUSY ||
               stage_is_fault(&scene->stage, error) ||
               (error == ERROR_PIPE_NOT_CONNECTED && scene->ever_disconnected),
           "np_pipe_set_read_mode gave %s", np_error_name(error));
  if (!scene->is_message) {
    error = np_pipe_set_read_mode(scene->pipe, NP_MESSAGE);
    fuzz_law(error != NP_OK, "a pipe of bytes reads messages");
  }
}

/* Questions that change nothing, whatever the answer. */
static void our_questions(struct scene *scene) {
  char text[NP_SID_TEXT_BYTES_MAX];
  char name[64];
  uint32_t id = 0;
  np_error error;

  if (scene->pipe == NULL) {
    return;
  }
  error = np_pipe_peer_process_id(scene->pipe, &id);
  fuzz_law(error != NP_OK || id != 0, "the peer has no process");
  error = np_pipe_peer_session_id(scene->pipe, &id);
  fuzz_say("np_pipe_peer_session_id: %s", np_error_name(error));
  memset(text, 0, sizeof text);
  error = np_pipe_peer_user(scene->pipe, text, sizeof text);
  fuzz_say("np_pipe_peer_user: %s, %s", np_error_name(error), text);
  fuzz_law(error != NP_OK || memcmp(text, "S-1-", 4) == 0, "no SID: %s", text);
  error = np_pipe_peer_computer(scene->pipe, name, sizeof name);
  fuzz_law(error != NP_OK || scene->is_server, "a client's peer has a machine");
  if (np_pipe_impersonate(scene->pipe) == NP_OK) {
    fuzz_law(scene->is_server, "a client impersonates");
    error = np_pipe_revert(scene->pipe);
    fuzz_law(error == NP_OK, "np_pipe_revert gave %s", np_error_name(error));
  }
}

static void our_disconnect(struct scene *scene) {
  np_error error;

  if (scene->pipe == NULL || !scene->is_server) {
    return;
  }
  scene->ever_disconnected = true;
  error = np_server_disconnect(scene->pipe);
  fuzz_say("np_server_disconnect: %s", np_error_name(error));
  fuzz_law(error == NP_OK || error == ERROR_PIPE_NOT_CONNECTED ||
               stage_is_fault(&scene->stage, error),
           "np_server_disconnect gave %s", np_error_name(error));
  if (error == NP_OK) {
    scene->in_session = false;
  }
}

static void our_cancel(struct scene *scene, size_t drawn) {
  for (size_t i = 0; i < scene->action_count; i++) {
    struct action *action = &scene->actions[(drawn + i) % scene->action_count];

    if (!action->done) {
      np_error error = np_op_cancel(&action->op);

      action->cancelled = true;
      fuzz_say("np_op_cancel: %s", np_error_name(error));
      fuzz_law(error == NP_OK || error == ERROR_NOT_FOUND ||
                   stage_is_fault(&scene->stage, error),
               "np_op_cancel gave %s", np_error_name(error));
      return;
    }
  }
}

static void our_info(struct scene *scene) {
  np_info info = {.size = sizeof info};
  np_error error;

  if (scene->pipe == NULL) {
    return;
  }
  error = np_pipe_info(scene->pipe, &info);
  fuzz_say("np_pipe_info: %s, state %d", np_error_name(error), (int)info.state);
  fuzz_law(
      error == NP_OK
          ? info.end == (scene->is_server ? NP_SERVER : NP_CLIENT) &&
                info.mode == (scene->is_message ? NP_MESSAGE : NP_BYTE) &&
                info.read_mode == (scene->reads_messages ? NP_MESSAGE : NP_BYTE)
          : stage_is_fault(&scene->stage, error) ||
                (error == ERROR_PIPE_NOT_CONNECTED && !scene->is_server &&
                 scene->ever_disconnected),
      "np_pipe_info is wrong: %s", np_error_name(error));
}

static void our_close(struct scene *scene) {
  if (scene->pipe != NULL) {
    fuzz_say("np_pipe_close");
    scene->closing = true;
    stage_close(&scene->stage, scene->pipe);
    scene->pipe = NULL;
  }
}

/* --- The peer ------------------------------------------------------------ */

static void raw_ended(struct scene *scene, struct raw_op *op, DWORD error,
                      size_t transferred) {
  op->pends = false;
  if (op == &scene->raw_write && op->write < WRITES_MAX) {
    struct written *written = &scene->writes[op->write].written;

    /* In PIPE_NOWAIT mode it may be a part. */
    written->is_cut = error != 0 || transferred != written->length;
  }
}

static void raw_poll(struct scene *scene) {
  struct raw_op *const ops[] = {&scene->raw_read, &scene->raw_write,
                                &scene->raw_connect};

  for (size_t i = 0; i < 3; i++) {
    if (ops[i]->pends && HasOverlappedIoCompleted(&ops[i]->overlapped)) {
      raw_ended(scene, ops[i], (DWORD)ops[i]->overlapped.Internal,
                (size_t)ops[i]->overlapped.InternalHigh);
    }
  }
}

/* Takes note of what a call with an OVERLAPPED returned. */
static void raw_issued(struct scene *scene, struct raw_op *op, BOOL succeeded) {
  const DWORD error = succeeded ? 0 : GetLastError();

  op->pends = error == ERROR_IO_PENDING;
  fuzz_say("  the peer's call: %u", (unsigned)error);
  if (!op->pends) {
    raw_ended(scene, op, error, (size_t)op->overlapped.InternalHigh);
  }
}

static bool raw_begin(struct scene *scene, struct raw_op *op, size_t length) {
  if (scene->raw == NULL || scene->raw_dies || op->pends) {
    return false;
  }
  memset(&op->overlapped, 0, sizeof op->overlapped);
  op->length = length;
  return true;
}

/* Takes note of what is about to be written, as cut until it is known. */
static bool raw_note_write(struct scene *scene, size_t length) {
  struct raw_op *op = &scene->raw_write;
  struct raw_write *write = &scene->writes[scene->write_count];

  if (scene->write_count == WRITES_MAX || !scene->in_session ||
      !raw_begin(scene, op, length)) {
    return false;
  }
  op->write = scene->write_count++;
  write->session = scene->session_count - 1;
  write->written.id = (uint32_t)op->write;
  write->written.length = length;
  write->written.is_cut = true;
  for (size_t i = 0; i < length; i++) {
    op->data[i] = stream_byte(write->written.id, i);
  }
  return true;
}

static void raw_send(struct scene *scene, size_t length) {
  if (raw_note_write(scene, length)) {
    fuzz_say("peer: WriteFile, %zu bytes", length);
    raw_issued(scene, &scene->raw_write,
               WriteFile(scene->raw, scene->raw_write.data, (DWORD)length, NULL,
                         &scene->raw_write.overlapped));
  }
}

static void raw_receive(struct scene *scene, size_t length) {
  if (raw_begin(scene, &scene->raw_read, length)) {
    fuzz_say("peer: ReadFile, %zu bytes", length);
    raw_issued(scene, &scene->raw_read,
               ReadFile(scene->raw, scene->raw_read.data, (DWORD)length, NULL,
                        &scene->raw_read.overlapped));
  }
}

/* The write of it may be the whole of what happened. */
static void raw_transact(struct scene *scene, size_t length) {
  struct raw_op *read = &scene->raw_read;

  if (read->pends || !raw_note_write(scene, length)) {
    return;
  }
  fuzz_say("peer: TransactNamedPipe, %zu bytes", length);
  raw_begin(scene, read, sizeof read->data);
  raw_issued(scene, read,
             TransactNamedPipe(scene->raw, scene->raw_write.data, (DWORD)length,
                               read->data, (DWORD)sizeof read->data, NULL,
                               &read->overlapped));
  /* The buffer of the write is in use as long as it pends. */
  scene->raw_write.pends = false;
  if (read->pends) {
    scene->raw_write.overlapped = read->overlapped;
    CancelIoEx(scene->raw, &read->overlapped);
  }
}

static void raw_peek(struct scene *scene) {
  unsigned char data[50];
  DWORD bytes = 0;
  DWORD available = 0;
  DWORD left = 0;

  if (scene->raw != NULL && !scene->raw_dies) {
    BOOL peeked =
        PeekNamedPipe(scene->raw, data, sizeof data, &bytes, &available, &left);

    fuzz_say("peer: PeekNamedPipe: %d", peeked);
  }
}

static void raw_set_mode(struct scene *scene, uint32_t how) {
  DWORD mode = 0;

  mode |= (how & 1) != 0 && scene->is_message ? PIPE_READMODE_MESSAGE : 0u;
  mode |= (how & 2) != 0 ? PIPE_NOWAIT : 0u;
  if (scene->raw != NULL && !scene->raw_dies) {
    BOOL set = SetNamedPipeHandleState(scene->raw, &mode, NULL, NULL);

    fuzz_say("peer: SetNamedPipeHandleState %x: %d", (unsigned)mode, set);
  }
}

static void raw_close(struct scene *scene) {
  if (scene->raw == NULL) {
    return;
  }
  fuzz_say("peer: CloseHandle");
  CancelIoEx(scene->raw, NULL);
  CloseHandle(scene->raw);
  scene->raw = NULL;
  scene->ever_closed = true;
}

static void session_begin(struct scene *scene) {
  scene->session_count++;
  scene->in_session = true;
}

/* As a client it comes again, if our end lets it. */
static void raw_open(struct scene *scene) {
  HANDLE handle;

  if (scene->raw != NULL || !scene->is_server || scene->pipe == NULL ||
      scene->session_count == SESSIONS_MAX || scene->raw_read.pends ||
      scene->raw_write.pends) {
    return;
  }
  handle = CreateFileW(scene->stage.wide_name, GENERIC_READ | GENERIC_WRITE, 0,
                       NULL, OPEN_EXISTING, FILE_FLAG_OVERLAPPED, NULL);
  fuzz_say("peer: CreateFileW: %d", handle != INVALID_HANDLE_VALUE);
  if (handle != INVALID_HANDLE_VALUE) {
    scene->raw = handle;
    scene->raw_dies = false;
    session_begin(scene);
  }
}

static void raw_cancel(struct scene *scene) {
  if (scene->raw != NULL && !scene->raw_dies) {
    BOOL cancelled = CancelIoEx(scene->raw, NULL);

    fuzz_say("peer: CancelIoEx: %d", cancelled);
  }
}

static void raw_disconnect(struct scene *scene) {
  BOOL disconnected;

  if (scene->raw == NULL || scene->is_server || scene->raw_dies) {
    return;
  }
  disconnected = DisconnectNamedPipe(scene->raw);
  fuzz_say("peer: DisconnectNamedPipe: %d", disconnected);
  scene->ever_disconnected = true; /* What was caught can still be read. */
}

static void raw_connect(struct scene *scene) {
  if (!scene->is_server && raw_begin(scene, &scene->raw_connect, 0)) {
    fuzz_say("peer: ConnectNamedPipe");
    raw_issued(scene, &scene->raw_connect,
               ConnectNamedPipe(scene->raw, &scene->raw_connect.overlapped));
  }
}

static void raw_die(struct scene *scene, uint32_t nth) {
  if (scene->raw != NULL && !scene->raw_dies) {
    fuzz_say("peer: dies at call number %u", (unsigned)nth);
    sim_vanish(scene->raw, nth);
    scene->raw_dies = true;
    scene->ever_closed = true;
    /* A server's process that dies is its instance's end, no disconnect. */
  }
}

/* --- The scene ------------------------------------------------------------ */

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
    if (!scene->actions[i].done && is_read(&scene->actions[i])) {
      return true;
    }
  }
  return false;
}

/* The peer closes, and our end reads until it is told so: then nothing that had
 * been written whole may be missing. */
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
    if (!is_read(action)) {
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
  stage_once();
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
