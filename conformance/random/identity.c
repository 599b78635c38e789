/* The identity of the peer: the answers about the peer and about its name, and
 * clients that demand a certain server. */
#include <string.h>

#include "instance.h"
#include "play.h"

static const struct end *peer_of(const struct end *end) {
  const struct session *session = end_session(end);

  if (session == NULL) {
    return NULL;
  }
  return end->is_server ? session->client : session->server;
}

/* may_not_tell returns true if the pipe may refuse an answer about its peer
 * with `error`. */
static bool may_not_tell(const struct end *end, np_error error) {
  const struct session *session =
      end->session_count > 0 ? end->sessions[end->session_count - 1] : NULL;

  return is_fault(end->play, error) ||
         (error == ERROR_PIPE_NOT_CONNECTED && session != NULL &&
          session->disconnected);
}

static void ask_about_process(struct end *end) {
  struct play *play = end->play;
  const struct end *peer = peer_of(end);
  uint32_t id = 0;
  np_error error = np_pipe_peer_process_id(end->pipe, &id);

  say(play, "end %u: np_pipe_peer_process_id: %s, %u", end->number,
      np_error_name(error), (unsigned)id);
  if (error == NP_OK ? peer != NULL && id != peer->process_id
                     : !may_not_tell(end, error) &&
                           !(error == ERROR_NOT_FOUND && end->is_server &&
                             end_session(end) == NULL)) {
    play_fail(play, "np_pipe_peer_process_id of end %u gave %s, %u",
              end->number, np_error_name(error), (unsigned)id);
  }
  error = np_pipe_peer_session_id(end->pipe, &id);
  if (error != NP_OK && !may_not_tell(end, error) &&
      !(error == ERROR_NOT_FOUND && end->is_server &&
        end_session(end) == NULL)) {
    play_fail(play, "np_pipe_peer_session_id of end %u gave %s", end->number,
              np_error_name(error));
  }
}

/* ask_about_computer: each client of a run is on this machine. */
static void ask_about_computer(struct end *end) {
  char name[64];
  np_error error = np_pipe_peer_computer(end->pipe, name, sizeof name);

  say(end->play, "end %u: np_pipe_peer_computer: %s", end->number,
      np_error_name(error));
  if (end->is_server ? error == NP_OK || error == ERROR_INVALID_PARAMETER
                     : error != ERROR_INVALID_PARAMETER) {
    play_fail(end->play, "np_pipe_peer_computer of end %u gave %s", end->number,
              np_error_name(error));
  }
}

/* may_cannot: a server can answer only after it has read something. */
static bool may_cannot(const struct end *end, np_error error) {
  return error == ERROR_CANNOT_IMPERSONATE && end->is_server;
}

/* gives_own_token returns true under Wine: without a client an impersonation
 * succeeds there, with the process's own token. */
static bool gives_own_token(void) {
  HMODULE ntdll = GetModuleHandleW(L"ntdll.dll");

  return ntdll != NULL && GetProcAddress(ntdll, "wine_get_version") != NULL;
}

/* agrees returns true if `error` is a right answer about the client of `end`,
 * after np_pipe_peer_user has given `known`. */
static bool agrees(const struct end *end, np_error error, np_error known) {
  if (!end->is_server) {
    return error == ERROR_INVALID_PARAMETER;
  }
  return error == known || may_not_tell(end, error) ||
         (may_not_tell(end, known) &&
          (error == NP_OK || may_cannot(end, error)));
}

/* ask_about_token: np_pipe_peer_user has just given `known` and `user`, so a
 * server gets the same client's token and its facts, or the same error. */
static void ask_about_token(struct end *end, np_error known, const char *user) {
  struct play *play = end->play;
  np_peer peer = {.size = sizeof peer};
  HANDLE token = NULL;
  const np_error error = np_pipe_peer(end->pipe, &peer);
  const np_error token_error = np_pipe_peer_token(end->pipe, &token);

  say(play, "end %u: np_pipe_peer: %s, %s, np_pipe_peer_token: %s", end->number,
      np_error_name(error), peer.user, np_error_name(token_error));
  if (!agrees(end, error, known) || !agrees(end, token_error, known) ||
      (token_error == NP_OK) != (token != NULL) ||
      (error == NP_OK && known == NP_OK && strcmp(peer.user, user) != 0)) {
    play_fail(play, "np_pipe_peer of end %u gave %s, %s, its token %s",
              end->number, np_error_name(error), peer.user,
              np_error_name(token_error));
  }
  if (token != NULL) {
    CloseHandle(token);
  }
}

static void ask_about_user(struct end *end) {
  struct play *play = end->play;
  char text[NP_SID_TEXT_BYTES_MAX] = {0};
  np_error error = np_pipe_peer_user(end->pipe, text, sizeof text);

  say(play, "end %u: np_pipe_peer_user: %s, %s", end->number,
      np_error_name(error), text);
  /* An outbound client that was raw has no READ_CONTROL. */
  if (error == NP_OK ? memcmp(text, "S-1-", 4) != 0
                     : !may_not_tell(end, error) && !may_cannot(end, error) &&
                           !(error == ERROR_ACCESS_DENIED && !end->is_server) &&
                           !(error == ERROR_INVALID_OWNER && !end->is_server &&
                             !instance_owner_is_user())) {
    play_fail(play, "np_pipe_peer_user of end %u gave %s, %s", end->number,
              np_error_name(error), text);
  }
  ask_about_token(end, error, text);
  error = np_pipe_impersonate(end->pipe);
  say(play, "end %u: np_pipe_impersonate: %s", end->number,
      np_error_name(error));
  if (error == NP_OK) {
    error = np_pipe_revert(end->pipe);
    if (error != NP_OK || !end->is_server ||
        (end_session(end) == NULL && !gives_own_token())) {
      play_fail(play, "end %u impersonates, and np_pipe_revert gives %s",
                end->number, np_error_name(error));
    }
  } else if (!may_not_tell(end, error) && !may_cannot(end, error) &&
             (end->is_server || error != ERROR_INVALID_PARAMETER)) {
    play_fail(play, "np_pipe_impersonate of end %u gave %s", end->number,
              np_error_name(error));
  }
}

void callback_begins(struct play *play) {
  HANDLE token = NULL;

  play->callbacks++;
  if (play->forgotten > 0 &&
      OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, &token)) {
    CloseHandle(token);
    play_fail(play, "a callback runs as a client");
  }
}

void forget_revert(struct end *end) {
  struct play *play = end->play;

  if (!play->program->forgets || play->faults || play->has_forgotten ||
      !end->is_server || !end->is_open || !is_library(end)) {
    return;
  }
  if (np_pipe_impersonate(end->pipe) == NP_OK) {
    say(play, "end %u: nobody reverts", end->number);
    play->forgotten++;
    play->has_forgotten = true;
  }
}

/* ask_about_name: a name exists exactly as long as a server has it. */
static void ask_about_name(const struct end *end) {
  struct play *play = end->play;
  np_name_state state = NP_NAME_MISSING;
  char name[32];
  np_error error;

  name_text(end->name, name);
  error = np_name_query(name, &state);
  say(play, "np_name_query, name %u: %s, %d", end->name, np_error_name(error),
      (int)state);
  if (error != NP_OK
          ? !is_fault(play, error)
          : (has_server(play, end->name) && state == NP_NAME_MISSING) ||
                (!has_server(play, end->name) &&
                 lingering_server(play, end->name) == NULL &&
                 state != NP_NAME_MISSING)) {
    play_fail(play, "np_name_query of name %u gave %s, %d", end->name,
              np_error_name(error), (int)state);
  }
}

void ask_about_peer(struct end *end) {
  ask_about_name(end);
  ask_about_process(end);
  ask_about_computer(end);
  ask_about_user(end);
}

/* --- Clients that demand a server ---------------------------------------- */

static bool is_stranger_wanted(uint32_t drawn) {
  return drawn % 4 == 3;
}

/* demand draws the client's demands. Every server of a run belongs to the
 * process id with which the run began, and no pipe to the system. */
static void demand(np_client_options *options, uint32_t drawn) {
  const uint32_t own = GetCurrentProcessId();

  options->verify_same_user = drawn % 2 == 0;
  options->verify_access = drawn / 4 % 4 == 1;
  options->verify_owner = drawn / 4 % 8 == 2 ? "SY" : NULL;
  if (drawn % 4 != 0) {
    options->verify_process_id = is_stranger_wanted(drawn) ? own + 1 : own;
  }
}

void step_client_verified(struct play *play, const struct step *step) {
  const size_t ends = play->end_count;

  client_open(play, step, demand);
  if (is_stranger_wanted(step->d) && play->end_count > ends) {
    play_fail(play, "end %zu was let in by a stranger", ends);
  }
}
