/* The state of an end, and the other facts that np_pipe_info tells. The rule: a
 * state belongs to one session, and never steps back within it. */
#include "instance.h"
#include "play.h"

/* is_state_true checks the law of states: the state of an end belongs to its
 * session. Before the next disconnect it never steps back. A state of an
 * earlier session is never told again. An outbound server has no right to ask
 * the kernel, so the library tells what it knows. */
static bool is_state_true(struct end *end, np_state state) {
  const struct session *session = end_session(end);
  const bool is_same = end->state_after == end->disconnect_calls;
  const np_state before = end->state;

  end->state = state;
  end->state_after = end->disconnect_calls;
  if (!end->is_server || end->play->lies) {
    return true;
  }
  if (is_same && state < before) {
    return false;
  }
  if (end->knows_gone && end->gone_after == end->disconnect_calls &&
      state == NP_CONNECTED) {
    return false;
  }
  if (session == NULL) {
    return state < NP_CONNECTED;
  }
  return (state >= NP_CONNECTED || !end->readable) &&
         (state != NP_CLOSING || session->client_closed);
}

void check_state(struct end *end) {
  np_info info = {.size = sizeof info};

  if (!end->play->faults && is_library(end) &&
      np_pipe_info(end->pipe, &info) == NP_OK &&
      !is_state_true(end, info.state)) {
    play_fail(end->play, "end %u cannot be in state %d", end->number,
              (int)info.state);
  }
}

void peer_told_gone(struct end *end, np_error error) {
  if (error == ERROR_NO_DATA || error == ERROR_BROKEN_PIPE) {
    end->knows_gone = true;
    end->gone_after = end->disconnect_calls;
  }
  if (error != NP_OK && !end->readable) {
    check_state(end); /* an outbound server tells what the library knows */
  }
}

void step_info(struct play *play, const struct step *step) {
  struct end *end = pick_end(play, step->a, is_library);
  struct session *session;
  np_info info = {0};
  np_error error;

  if (end == NULL) {
    return;
  }
  session =
      end->session_count > 0 ? end->sessions[end->session_count - 1] : NULL;
  info.size = sizeof info;
  error = np_pipe_info(end->pipe, &info);
  say(play, "end %u: np_pipe_info: %s, state %d", end->number,
      np_error_name(error), (int)info.state);
  if (error != NP_OK) {
    if (!is_fault(play, error) &&
        !(error == ERROR_PIPE_NOT_CONNECTED && !end->is_server &&
          session != NULL && session->disconnected)) {
      play_fail(play, "np_pipe_info gave %s", np_error_name(error));
    }
    return;
  }
  if (play->lies) {
    return;
  }
  if (info.end != (end->is_server ? NP_SERVER : NP_CLIENT) ||
      info.mode != (end->is_message ? NP_MESSAGE : NP_BYTE) ||
      info.read_mode != (end->reads_messages ? NP_MESSAGE : NP_BYTE) ||
      info.readable != end->readable || info.writable != end->writable ||
      info.instances_max != NP_INSTANCES_UNLIMITED) {
    play_fail(play, "np_pipe_info is wrong about end %u", end->number);
  }
  if (!is_state_true(end, info.state)) {
    play_fail(play, "end %u cannot be in state %d", end->number,
              (int)info.state);
  }
  if (end->is_server && end->loop != NULL && end->in_quota != UINT32_MAX &&
      instance_has_own_quotas() &&
      (info.in_buffer_bytes != end->in_quota ||
       info.out_buffer_bytes != end->out_quota)) {
    play_fail(play, "np_pipe_info is wrong about the quotas of end %u",
              end->number);
  }
}
