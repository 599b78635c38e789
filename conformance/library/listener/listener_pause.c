/* Pausing and resuming a listener: what clients see meanwhile, and that none of
 * them is lost. */
#include "library/client/client_common.h"
#include "listener_common.h"

static void pause_it(void) {
  assert_np_ok(np_listener_pause(listening.listener));
}

static void resume_it(void) {
  assert_np_ok(np_listener_resume(listening.listener));
}

NP_CASE("listener-pause/holds", np_listener_pause, ANY_MODE, NP_OK,
        "The instances that listen when a pause begins take clients, which are "
        "held. Further clients see ERROR_PIPE_BUSY. After the pause the held "
        "clients are handed out in their order, with what they wrote.",
        "npipe/listener.h") {
  np_pipe *clients[2];

  listening_start(f, 2);
  for (unsigned i = 0; i < 6; i++) {
    round_name("round %u", i);
    if (i % 2 == 0) {
      loop_settle(f); /* The connects wait in the kernel. */
    }
    pause_it();
    clients[0] = client_add(f);
    pipe_send(f, clients[0], "first", 5);
    loop_quiet(f);
    clients[1] = client_add(f);
    pipe_send(f, clients[1], "second", 6);
    assert_np_error(client_error(f), ERROR_PIPE_BUSY);
    loop_quiet(f);
    assert_np_error(client_error(f), ERROR_PIPE_BUSY);
    assert_int_equal(listening.accepted_count, i * 2);
    resume_it();
    assert_int_equal(listening.accepted_count, i * 2); /* From the loop only. */
    accepted(f, i * 2 + 2);
    assert_received(f, listening.accepted[i * 2], "first", 5);
    assert_received(f, listening.accepted[i * 2 + 1], "second", 6);
    museum_echo(f, listening.accepted[i * 2], clients[0]);
    museum_echo(f, listening.accepted[i * 2 + 1], clients[1]);
    loop_quiet(f); /* The replacements listen. */
  }
}

NP_CASE("listener-pause/waiting-client", np_listener_resume, ANY_MODE, NP_OK,
        "A client that waits for an instance waits through the pause, and "
        "connects after it.",
        "MS-FSCC#FSCTL_PIPE_WAIT") {
  struct requester *waiting = &f->requests[0];

  listening_start(f, 1);
  loop_settle(f);
  pause_it();
  client_add(f); /* It is held. */
  request_begin(f, waiting, 0);
  loop_quiet(f);
  assert_int_equal(waiting->done_count, 0);
  assert_int_equal(listening.accepted_count, 0);
  resume_it();
  assert_request_ends(f, waiting, NP_OK);
  museum_echo(f, accepted(f, 2), waiting->client);
}

NP_CASE("listener-pause/recycled-rests", np_listener_pause, ANY_MODE, NP_OK,
        "A pipe that is given back in a pause is disconnected, and no client "
        "can open it before the listener is resumed.",
        "DisconnectNamedPipe#remarks") {
  struct recorder *read = &f->ops[0];
  np_pipe *client;

  listening_limited(f, 1, 1);
  for (unsigned i = 0; i < 4; i++) {
    round_name("round %u", i);
    client = client_add(f);
    accepted(f, i + 1);
    pause_it();
    give_back(f, listening.accepted[i]);
    read_begin(read, client, 16);
    op_wait(read);
    assert_np_error(read->result, ERROR_PIPE_NOT_CONNECTED);
    pipe_close(f, client);
    loop_quiet(f);
    assert_np_error(client_error(f), ERROR_PIPE_BUSY);
    resume_it();
  }
  client = client_add(f);
  museum_echo(f, accepted(f, 5), client);
}

NP_CASE("listener-pause/ghosts", np_listener_resume, ANY_MODE, NP_OK,
        "A held client has gone before the listener is resumed. It is a ghost: "
        "the option says whether its pipe is handed out.",
        "npipe/listener.h") {
  static const np_ghosts ghosts[] = {NP_GHOSTS_WITH_DATA, NP_GHOSTS_NONE,
                                     NP_GHOSTS_ALL};
  /* handed out: of a ghost without data, and of a ghost with data */
  static const unsigned counts[][2] = {{0, 1}, {0, 0}, {1, 1}};

  listening_begin(f, 1);
  for (unsigned i = 0; i < 12; i++) {
    const bool has_data = i % 2 == 1;
    const unsigned before = listening.accepted_count;
    np_pipe *client;

    round_name("round %u", i);
    listening.options.ghosts = ghosts[i / 4];
    listening_open(f);
    if (i % 4 < 2) {
      loop_settle(f);
    }
    pause_it();
    client = client_add(f);
    if (has_data) {
      pipe_send(f, client, "late", 4);
    }
    loop_settle(f); /* It is held. */
    pipe_close_wait(f, client);
    resume_it();
    loop_quiet(f);
    assert_int_equal(listening.accepted_count - before,
                     counts[i / 4][has_data ? 1 : 0]);
    if (listening.accepted_count > before && has_data) {
      assert_received(f, listening.accepted[before], "late", 4);
    }
    client = client_add(f); /* The listener goes on. */
    loop_until_count(f, &listening.accepted_count,
                     listening.accepted_count + 1);
    museum_echo(f, listening.accepted[listening.accepted_count - 1], client);
    listening_close_wait(f);
  }
}

/* assert_all_served checks that each of the `clients` has one of the `pipes`,
 * in any order. */
static void assert_all_served(np_fixture *f, np_pipe **clients, np_pipe **pipes,
                              unsigned count) {
  unsigned seen = 0;

  for (unsigned i = 0; i < count; i++) {
    const char number = (char)i;

    pipe_send(f, clients[i], &number, 1);
  }
  for (unsigned i = 0; i < count; i++) {
    read_begin(&f->ops[i], pipes[i], 1);
    assert_ends(&f->ops[i], NP_OK, 1);
    seen |= 1u << f->ops[i].buffer[0];
  }
  assert_int_equal(seen, (1u << count) - 1);
}

static void pause_in_on_pipe(np_fixture *f, np_pipe *pipe) {
  (void)f;
  (void)pipe;
  pause_it();
}

NP_CASE("listener-pause/in-on-pipe", np_listener_pause, ANY_MODE, NP_OK,
        "The callback that gets a pipe may pause the listener. The clients "
        "that had come in the same turn are held, and not lost.",
        "npipe/listener.h") {
  np_pipe *clients[3];

  listening_begin(f, 3);
  for (unsigned i = 0; i < 4; i++) {
    const unsigned before = listening.accepted_count;

    round_name("round %u", i);
    listening_open(f);
    listening.then = pause_in_on_pipe;
    if (i % 2 == 0) {
      loop_settle(f); /* Their second connects then come in one turn. */
    }
    for (unsigned k = 0; k < 3; k++) {
      clients[k] = client_add(f);
    }
    for (unsigned k = 0; k < 3; k++) {
      accepted(f, before + k + 1);
      loop_quiet(f);
      assert_int_equal(listening.accepted_count, before + k + 1);
      resume_it();
    }
    assert_all_served(f, clients, &listening.accepted[before], 3);
    listening.then = NULL;
    listening_close_wait(f);
  }
}

NP_CASE("listener-pause/again-at-once", np_listener_pause, ANY_MODE, NP_OK,
        "A listener that is resumed and paused again in one turn hands out "
        "nothing, and keeps its clients and their order.",
        "npipe/listener.h") {
  np_pipe *clients[3];

  listening_start(f, 3);
  loop_settle(f);
  pause_it();
  for (unsigned k = 0; k < 3; k++) {
    clients[k] = client_add(f);
    loop_quiet(f);
  }
  for (unsigned i = 0; i < 4; i++) {
    resume_it();
    pause_it();
    loop_quiet(f);
    assert_int_equal(listening.accepted_count, 0);
  }
  resume_it();
  accepted(f, 3);
  for (unsigned k = 0; k < 3; k++) {
    museum_echo(f, listening.accepted[k], clients[k]);
  }
}

NP_CASE("listener-pause/close", np_listener_close, ANY_MODE, NP_OK,
        "A paused listener can be closed. The held clients are closed, and an "
        "instance that was given back too.",
        "npipe/listener.h") {
  struct recorder *read = &f->ops[0];
  np_pipe *client;

  listening_start(f, 2);
  loop_settle(f);
  client_add(f);
  accepted(f, 1);
  pause_it();
  give_back(f, listening.accepted[0]);
  client = client_add(f);
  loop_quiet(f);
  listening_close_wait(f);
  assert_int_equal(listening.accepted_count, 1);
  read_begin(read, client, 16);
  assert_ends(read, ERROR_BROKEN_PIPE, 0);
  assert_np_error(client_error(f), ERROR_FILE_NOT_FOUND);
}

NP_CASE("listener-pause/name-stays", np_listener_pause, ANY_MODE, NP_OK,
        "All instances of a paused listener were handed out, and their owners "
        "close them. The listener keeps the name with one instance, and holds "
        "its client.",
        "npipe/listener.h") {
  np_pipe *clients[2];

  listening_limited(f, 2, 2);
  for (unsigned i = 0; i < 2; i++) {
    clients[i] = client_add(f);
  }
  accepted(f, 2);
  pause_it();
  pipe_close(f, listening.accepted[0]);
  pipe_close(f, clients[0]);
  loop_quiet(f);
  clients[0] = client_add(f);
  pipe_close(f, listening.accepted[1]);
  pipe_close(f, clients[1]);
  loop_quiet(f);
  assert_np_error(client_error(f), ERROR_PIPE_BUSY);
  assert_int_equal(listening.accepted_count, 2);
  resume_it();
  museum_echo(f, accepted(f, 3), clients[0]);
}

NP_CASE("listener-pause/idle-max", np_listener_recycle, ANY_MODE, NP_OK,
        "At most idle_max instances rest in a pause; more that are given back "
        "are closed.",
        "npipe/listener.h") {
  enum { CLIENTS = 4, IDLE_MAX = 2 };

  listening_begin(f, 1);
  listening.options.idle_max = IDLE_MAX;
  listening_open(f);
  for (unsigned i = 0; i < CLIENTS; i++) {
    client_add(f);
    accepted(f, i + 1);
  }
  pause_it();
  for (unsigned i = 0; i < CLIENTS; i++) {
    give_back(f, listening.accepted[i]);
  }
  loop_quiet(f);
  client_add(f); /* The instance that listened. */
  assert_np_error(client_error(f), ERROR_PIPE_BUSY);
  resume_it();
  /* The one that was held, and IDLE_MAX - 1 that rested. */
  for (unsigned i = 1; i < IDLE_MAX; i++) {
    client_add(f);
  }
  assert_np_error(client_error(f), ERROR_PIPE_BUSY);
  accepted(f, CLIENTS + IDLE_MAX);
}

NP_CASE("listener-pause/trouble", np_listener_resume, ANY_MODE, NP_OK,
        "A creation that failed before the pause is tried again at once when "
        "the listener is resumed. In the pause the listener does not report "
        "that the trouble is over.",
        "npipe/listener.h") {
  np_pipe *client;
  np_pipe *pipe;

  listening_start(f, 1);
  client_add(f);
  f->allocator.is_out = true;
  pipe = accepted(f, 1);
  assert_np_error(news(f, 3), ERROR_NOT_ENOUGH_MEMORY);
  pause_it();
  f->allocator.is_out = false;
  give_back(f, pipe);
  loop_turn(f, 200);
  loop_quiet(f);
  assert_int_equal(listening.news_count, 3);
  resume_it();
  client = client_add(f);
  assert_np_ok(news(f, 4));
  museum_echo(f, accepted(f, 2), client);
}

NP_CASE("listener-pause/no-instance", np_listener_pause, NO_MODE, NP_OK,
        "A paused listener without any instance tries on until it has one, "
        "which holds a client.",
        "npipe/listener.h") {
  np_pipe *client;

  listening_begin(f, 2);
  listening.options.retry_first = true;
  f->allocator.fail_at = f->allocator.total + 2;
  listening_open(f);
  pause_it();
  assert_np_error(news(f, 1), ERROR_NOT_ENOUGH_MEMORY);
  loop_quiet(f);
  client = client_add(f);
  assert_np_error(client_error(f), ERROR_PIPE_BUSY);
  loop_quiet(f);
  assert_int_equal(listening.accepted_count, 0);
  assert_int_equal(listening.news_count, 1);
  resume_it();
  assert_np_ok(news(f, 2));
  museum_echo(f, accepted(f, 1), client);
}

NP_CASE("listener-pause/foreign-cancel", np_listener_resume, ANY_MODE, NP_OK,
        "In a pause other software cancels the connect of an instance. The "
        "listener reports it, and waits for its client again when it is "
        "resumed.",
        "CancelIoEx; museum A24") {
  np_pipe *client;
  np_pipe *pipe;

  listening_limited(f, 1, 1);
  client = client_add(f);
  pipe = accepted(f, 1);
  pipe_close(f, client);
  give_back(f, pipe);
  loop_quiet(f);
  pause_it();
  assert_true(CancelIoEx(np_pipe_handle(pipe), NULL));
  assert_np_error(news(f, 1), ERROR_OPERATION_ABORTED);
  loop_turn(f, 50);       /* The delay is over. */
  client = client_add(f); /* The instance still listens. */
  loop_quiet(f);
  assert_int_equal(listening.accepted_count, 1);
  resume_it();
  museum_echo(f, accepted(f, 2), client);
  assert_np_ok(news(f, 2));
}

NP_CASE("listener-pause/twice", np_listener_pause, NO_MODE, NP_OK,
        "A second pause and a second resume change nothing.",
        "npipe/listener.h") {
  np_pipe *client;

  listening_start(f, 1);
  resume_it();
  pause_it();
  pause_it();
  client = client_add(f);
  loop_quiet(f);
  assert_int_equal(listening.accepted_count, 0);
  resume_it();
  resume_it();
  museum_echo(f, accepted(f, 1), client);
  loop_quiet(f);
  assert_int_equal(listening.accepted_count, 1);
}

NP_CASE("listener-pause/pause-null", np_listener_pause, NO_MODE,
        ERROR_INVALID_PARAMETER, "A NULL listener is refused.",
        "npipe/listener.h") {
  assert_invalid(np_listener_pause(NULL));
}

NP_CASE("listener-pause/resume-null", np_listener_resume, NO_MODE,
        ERROR_INVALID_PARAMETER, "A NULL listener is refused.",
        "npipe/listener.h") {
  assert_invalid(np_listener_resume(NULL));
}

NP_CASE("listener-pause/pause-closing", np_listener_pause, NO_MODE,
        ERROR_INVALID_HANDLE,
        "A listener that is being closed cannot be paused.",
        "npipe/listener.h") {
  np_listener *listener;

  listening_start(f, 1);
  listener = listening.listener;
  listening_close(f);
  assert_np_error(np_listener_pause(listener), ERROR_INVALID_HANDLE);
  loop_until_count(f, &listening.closed_count, 1);
}

NP_CASE("listener-pause/resume-closing", np_listener_resume, NO_MODE,
        ERROR_INVALID_HANDLE,
        "A listener that is being closed cannot be resumed: its clients are "
        "not handed out any more.",
        "npipe/listener.h") {
  np_listener *listener;

  listening_start(f, 1);
  pause_it();
  client_add(f);
  loop_quiet(f);
  listener = listening.listener;
  listening_close(f);
  assert_np_error(np_listener_resume(listener), ERROR_INVALID_HANDLE);
  loop_until_count(f, &listening.closed_count, 1);
  assert_int_equal(listening.accepted_count, 0);
}

/* --- The listener's own limit -------------------------------------------- */

NP_CASE("listener-limit/own", np_listener_create, ANY_MODE, NP_OK,
        "A listener has at most pipes_max instances, listening and handed out "
        "together. It continues when a pipe is closed or given back. Other "
        "servers may create further instances of the name.",
        "npipe/listener.h") {
  np_pipe *clients[3];

  listening_begin(f, 2);
  listening.options.pipes_max = 3;
  listening.options.server.first_instance = false;
  listening_open(f);
  for (unsigned i = 0; i < 3; i++) {
    clients[i] = client_add(f);
    accepted(f, i + 1);
  }
  for (unsigned i = 0; i < 10; i++) {
    np_pipe *pipe = listening.accepted[listening.accepted_count - 1];

    round_name("round %u", i);
    assert_np_error(client_error(f), ERROR_PIPE_BUSY);
    pipe_close(f, clients[2]);
    if (i % 2 == 0) {
      pipe_close(f, pipe);
    } else {
      give_back(f, pipe);
    }
    clients[2] = client_add(f);
    museum_echo(f, accepted(f, i + 4), clients[2]);
  }
  assert_int_equal(listening.news_count, 0);
  f->server_options.first_instance = false;
  server_listen(f);
  f->client = client_add(f);
  assert_passes(f, f->client, f->server, "other", 5);
}
