/* Our end in raw_peer: starts its operations, and checks that each result has a
 * cause. */
#include "raw_scene.h"

#include <stdlib.h>
#include <string.h>

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

/* is_error_of_a_write: a shutdown may have the error of a write that it waited
 * for. */
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

bool action_is_read(const struct action *action) {
  return action->kind == READ || action->kind == TRANSACT;
}

/* is_result_due returns true if the header allows `error` for this operation,
 * and if something in the run can have caused it. */
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
      return action_is_read(action) && scene->reads_messages;
    case ERROR_PIPE_BUSY:
    case ERROR_BAD_PIPE:
      return action->kind == TRANSACT;
    case ERROR_BROKEN_PIPE:
      return (action_is_read(action) || action->kind == WRITE ||
              action->kind == SHUTDOWN || action->kind == FLUSH ||
              scene->closing) &&
             (scene->ever_closed || scene->closing);
    case ERROR_NO_DATA:
      return action->kind != READ && action->kind != READY &&
             action->kind != FLUSH && scene->ever_closed;
    case ERROR_PIPE_NOT_CONNECTED:
      return scene->ever_disconnected;
    case ERROR_PIPE_LISTENING:
      return scene->is_server && action->kind != CONNECT &&
             action->kind != FLUSH;
    case ERROR_PIPE_CONNECTED:
      return action->kind == CONNECT;
    default:
      /* A connect that a close ended has STATUS_PIPE_BROKEN or
       * STATUS_HANDLES_CLOSED. */
      return action->kind == CONNECT && scene->closing;
  }
}

static void judge(struct action *action, np_error error, size_t transferred) {
  static const char *const names[] = {
      "read", "write", "connect", "ready", "shutdown", "transact", "flush"};
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
    /* The library may not use the data any more. */
    free(action->data);
    action->data = NULL;
  }
}

/* may_owe_reply returns true if an earlier transact may have ended without its
 * reply. */
static bool may_owe_reply(const struct action *action) {
  for (const struct action *at = action->scene->actions; at < action; at++) {
    if (at->kind == TRANSACT && (!at->done || at->error != NP_OK)) {
      return true;
    }
  }
  return false;
}

static void begun(struct action *action, const char *name, np_error error) {
  fuzz_say("%s, %zu bytes: %s", name, action->length, np_error_name(error));
  if (error == NP_OK) {
    return;
  }
  fuzz_law(stage_is_fault(&action->scene->stage, error) ||
               ((action->kind == CONNECT || action->kind == TRANSACT) &&
                error == ERROR_BUSY) ||
               (action->kind == TRANSACT && error == ERROR_INVALID_STATE &&
                may_owe_reply(action)),
           "%s gave %s", name, np_error_name(error));
  free(action->request);
  free(action->data);
  action->scene->action_count--;
}

void our_read(struct scene *scene, size_t length, bool scatters) {
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

void our_write(struct scene *scene, size_t length, uint32_t timeout_ms) {
  struct action *action = action_new(scene, WRITE, length);

  if (action == NULL) {
    return;
  }
  action->op.timeout_ms = timeout_ms;
  begun(action, "np_pipe_write",
        np_pipe_write(scene->pipe, action->data, length, &action->op, on_done));
}

void our_try_read(struct scene *scene, size_t length) {
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

void our_try_write(struct scene *scene, size_t length) {
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

void our_other(struct scene *scene, enum action_kind kind, uint32_t how) {
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
  } else if (kind == FLUSH) {
    begun(action, "np_pipe_flush",
          np_pipe_flush(scene->pipe, &action->op, on_done));
  } else {
    begun(action, "np_pipe_shutdown",
          np_pipe_shutdown(scene->pipe, &action->op, on_done));
  }
}

void our_transact(struct scene *scene, size_t length) {
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

void our_peek(struct scene *scene, size_t length) {
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

/* our_set_read_mode sets the current mode again, or an invalid mode. */
void our_set_read_mode(struct scene *scene) {
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

/* our_questions calls the functions that query the pipe and change nothing. */
void our_questions(struct scene *scene) {
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

void our_disconnect(struct scene *scene) {
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

void our_cancel(struct scene *scene, size_t drawn) {
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

void our_info(struct scene *scene) {
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

void our_close(struct scene *scene) {
  if (scene->pipe != NULL) {
    fuzz_say("np_pipe_close");
    scene->closing = true;
    stage_close(&scene->stage, scene->pipe);
    scene->pipe = NULL;
  }
}
