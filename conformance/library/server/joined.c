/* A name that exists already: which access presets join it, and which refuse
 * it. The outcome depends on the other users, so most cases need several
 * users. */
#include "library/listener/listener_common.h"

#include <stdio.h>

/* squat: bob creates the name first, and grants all rights to everybody. */
static np_pipe *squat(np_fixture *f) {
  np_server_options options = server_options();
  np_pipe *pipe = NULL;

  options.sddl = "D:(A;;GA;;;WD)";
  become("bob");
  assert_np_ok(np_server_create(f->loop, f->name, &options, &pipe));
  become("alice");
  return pipe_own(f, pipe);
}

static void listener_refused(np_fixture *f, bool first_instance) {
  np_listener_options options = listener_options();
  np_listener *listener = NULL;

  options.server.first_instance = first_instance;
  assert_np_error(
      np_listener_create(f->loop, f->name, &options, on_pipe_never, &listener),
      ERROR_ACCESS_DENIED);
  assert_null(listener);
}

NP_CASE("joined/squatted-listener", np_listener_create, NO_MODE,
        ERROR_ACCESS_DENIED,
        "A listener never joins a name that another user has created, whatever "
        "access this user allows. This holds by default and also if the "
        "listener shares names.",
        "CreateNamedPipe#parameters; museum X05") {
  squat(f);
  listener_refused(f, true);
  listener_refused(f, false);
}

NP_CASE("joined/squatted-server", np_server_create, ANY_MODE,
        ERROR_ACCESS_DENIED,
        "A server with a preset never joins a name that another user has made.",
        "CreateNamedPipe#parameters; museum X05") {
  squat(f);
  assert_server_refused(f, ERROR_ACCESS_DENIED);
  f->server_options.access = NP_ACCESS_AUTHENTICATED_USERS;
  assert_server_refused(f, ERROR_ACCESS_DENIED);
  f->server_options.low_integrity = true;
  assert_server_refused(f, ERROR_ACCESS_DENIED);
}

NP_CASE("joined/squatter-copies-the-list", np_server_create, NO_MODE,
        ERROR_ACCESS_DENIED,
        "A squatter who gives the pipe the same access list as the preset is "
        "still not its owner.",
        "CreateNamedPipe#parameters; museum X05") {
  char sid[NP_SID_TEXT_BYTES_MAX];
  char sddl[NP_SID_TEXT_BYTES_MAX + 32];

  sid_of("alice", sid, sizeof(sid));
  snprintf(sddl, sizeof(sddl), "D:P(A;;FA;;;%s)", sid);
  become("bob");
  f->server_options.sddl = sddl;
  server_listen(f);
  become("alice");
  f->server_options.sddl = NULL;
  assert_server_refused(f, ERROR_ACCESS_DENIED);
}

NP_CASE("joined/low-squatter", np_server_create, NO_MODE, ERROR_ACCESS_DENIED,
        "A process of the same user with low integrity is no better: what it "
        "makes has a low label.",
        "Mandatory Integrity Control") {
  become("alice-low");
  server_listen(f);
  become("alice");
  assert_server_refused(f, ERROR_ACCESS_DENIED);
  f->server_options.first_instance = true;
  assert_server_refused(f, ERROR_ACCESS_DENIED);
}

NP_CASE("joined/other-preset", np_server_create, NO_MODE, ERROR_ACCESS_DENIED,
        "A preset that differs from that of the name is refused: its promise "
        "could not be kept.",
        "npipe/server.h") {
  f->server_options.access = NP_ACCESS_AUTHENTICATED_USERS;
  server_listen(f);
  f->server_options.access = NP_ACCESS_CURRENT_USER;
  assert_server_refused(f, ERROR_ACCESS_DENIED);
  pipe_close_wait(f, f->server);
  server_listen(f);
  f->server_options.access = NP_ACCESS_AUTHENTICATED_USERS;
  assert_server_refused(f, ERROR_ACCESS_DENIED);
}

static np_fixture *fixture_of_pair;
static unsigned pair_count;

static void on_pair_pipe(np_listener *listener, np_pipe *pipe) {
  (void)listener;
  pipe_own(fixture_of_pair, pipe);
  pair_count++;
}

NP_CASE("joined/same-user", np_listener_create, ANY_MODE, NP_OK,
        "Two listeners of one user that do not ask for an exclusive name "
        "share the name.",
        "npipe/listener.h") {
  np_listener *listeners[2] = {NULL, NULL};
  np_listener_options options = listener_options();

  fixture_of_pair = f;
  pair_count = 0;
  options.backlog = 1;
  options.server = f->server_options;
  for (int i = 0; i < 2; i++) {
    assert_np_ok(np_listener_create(f->loop, f->name, &options, on_pair_pipe,
                                    &listeners[i]));
  }
  for (int i = 0; i < 2; i++) {
    client_open_end(f);
    pipe_own(f, f->client);
    f->client = NULL;
  }
  loop_until_count(f, &pair_count, 2);
  for (int i = 0; i < 2; i++) {
    assert_np_ok(np_listener_close(listeners[i], NULL));
  }
}

NP_CASE("joined/exclusive", np_listener_create, NO_MODE, ERROR_ACCESS_DENIED,
        "By default the name of a listener is its own: a second listener is "
        "refused, of the same user, too.",
        "CreateNamedPipe#parameters") {
  np_listener *other = NULL;

  listening_begin(f, 1);
  listening.options.server.first_instance = true;
  listening_open(f);
  assert_np_error(
      np_listener_create(f->loop, f->name, NULL, on_pipe_never, &other),
      ERROR_ACCESS_DENIED);
}

NP_CASE("joined/between-instances", np_listener_create, NO_MODE,
        ERROR_ACCESS_DENIED,
        "When a listener has no instance left, and a squatter takes the name, "
        "it does not join him. When he has left, it goes on.",
        "npipe/listener.h; museum X05") {
  np_pipe *squatter;

  become("alice");
  listening_limited(f, 1, 1);
  client_add(f);
  accepted(f, 1);
  /* When its only instance goes, the listener at once creates another. A
   * user who may not own alice's pipe fails here and leaves the name free
   * for bob. */
  become("service");
  pipe_close(f, listening.accepted[0]);
  become("alice");
  assert_np_error(news(f, 1), ERROR_INVALID_OWNER);
  squatter = squat(f);
  assert_np_error(news(f, 2), ERROR_ACCESS_DENIED);
  client_add(f);
  loop_quiet(f);
  assert_int_equal(listening.accepted_count, 1);
  pipe_close_wait(f, squatter);
  while (news(f, listening.news_count + 1) != NP_OK) {
  }
  client_add(f);
  accepted(f, 2);
}
