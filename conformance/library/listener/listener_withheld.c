/* A recycled pipe belongs to its listener: its former owner can neither start
 * nor ask anything on it, and the next session begins like the first one. */
#include "library/channel/channel_common.h"
#include "listener_common.h"
#include "library/ready/ready_common.h"

/* withheld returns a recycled pipe. The pipe listens; if `drains`, it waits for
 * a read to end first. */
static np_pipe *withheld(np_fixture *f, bool drains) {
  np_pipe *pipe;

  listening_start(f, 1);
  client_add(f);
  pipe = accepted(f, 1);
  if (drains) {
    read_pend(f, &f->ops[0], pipe, 16);
  }
  give_back(f, pipe);
  return pipe;
}

/* serves checks that the next clients are served, whatever was tried before. */
static void serves(np_fixture *f) {
  for (unsigned i = 2; i < 5; i++) {
    np_pipe *client = client_add(f);

    museum_echo(f, accepted(f, i), client);
  }
}

static void ask_process(np_fixture *f, bool drains) {
  np_pipe *pipe = withheld(f, drains);
  uint32_t id = 7;

  assert_np_error(np_pipe_peer_process_id(pipe, &id), ERROR_INVALID_HANDLE);
  assert_int_equal(id, 7);
  serves(f);
}

NP_CASE("listener-withheld/process-id", np_pipe_peer_process_id, ANY_MODE,
        ERROR_INVALID_HANDLE,
        "A recycled pipe reports no process, neither that of the last client "
        "nor that of the next.",
        "npipe/listener.h") {
  ask_process(f, false);
}

NP_CASE("listener-withheld/process-id-draining", np_pipe_peer_process_id,
        ANY_MODE, ERROR_INVALID_HANDLE,
        "A recycled pipe does not report a process while operations of its "
        "last session are in flight.",
        "npipe/listener.h") {
  ask_process(f, true);
}

NP_CASE("listener-withheld/session-id", np_pipe_peer_session_id, ANY_MODE,
        ERROR_INVALID_HANDLE, "A recycled pipe does not report a session.",
        "npipe/listener.h") {
  np_pipe *pipe = withheld(f, false);
  uint32_t id = 7;

  assert_np_error(np_pipe_peer_session_id(pipe, &id), ERROR_INVALID_HANDLE);
  assert_int_equal(id, 7);
  serves(f);
}

NP_CASE("listener-withheld/user", np_pipe_peer_user, ANY_MODE,
        ERROR_INVALID_HANDLE,
        "A recycled pipe reports no user and no computer, and cannot "
        "impersonate.",
        "npipe/listener.h") {
  char text[NP_SID_TEXT_BYTES_MAX] = "x";
  np_pipe *pipe = withheld(f, false);

  assert_np_error(np_pipe_peer_user(pipe, text, sizeof(text)),
                  ERROR_INVALID_HANDLE);
  assert_np_error(np_pipe_peer_computer(pipe, text, sizeof(text)),
                  ERROR_INVALID_HANDLE);
  assert_string_equal(text, "x");
  assert_np_error(np_pipe_impersonate(pipe), ERROR_INVALID_HANDLE);
  serves(f);
}

NP_CASE("listener-withheld/info", np_pipe_info, ANY_MODE, ERROR_INVALID_HANDLE,
        "A recycled pipe reports no information and shows no waiting data.",
        "npipe/listener.h") {
  np_pipe *pipe = withheld(f, false);
  np_info info = {0};
  np_peek peek = {0};

  info.size = sizeof(info);
  peek.size = sizeof(peek);
  assert_np_error(np_pipe_info(pipe, &info), ERROR_INVALID_HANDLE);
  assert_np_error(np_pipe_peek(pipe, NULL, 0, &peek), ERROR_INVALID_HANDLE);
  serves(f);
}

NP_CASE("listener-withheld/disconnect", np_server_disconnect, ANY_MODE,
        ERROR_INVALID_HANDLE,
        "The former owner of a recycled pipe can neither disconnect the next "
        "client nor wait for a client.",
        "npipe/listener.h") {
  np_pipe *pipe = withheld(f, false);
  np_pipe *client = client_add(f);

  assert_np_error(np_server_disconnect(pipe), ERROR_INVALID_HANDLE);
  assert_np_error(np_server_connect(pipe, &f->ops[9].op, on_never),
                  ERROR_INVALID_HANDLE);
  museum_echo(f, accepted(f, 2), client);
}

static np_error never_run(HANDLE handle, void *context, size_t *transferred) {
  (void)handle;
  (void)transferred;
  ++*(unsigned *)context;
  return NP_OK;
}

NP_CASE("listener-withheld/try", np_pipe_try_read, ANY_MODE,
        ERROR_INVALID_HANDLE,
        "A recycled pipe refuses tries to read, tries to write and waits for "
        "readiness.",
        "npipe/listener.h") {
  np_pipe *pipe = withheld(f, false);
  np_pipe *client = client_add(f);
  np_ready_options options = ready_options();
  unsigned runs = 0;
  size_t count = 7;
  char bytes[4];

  pipe_send(f, client, "new", 3);
  for (unsigned i = 0; listening.accepted_count < 2 && i < 2; i++) {
    assert_np_error(np_pipe_set_ready_options(pipe, &options),
                    ERROR_INVALID_HANDLE);
    assert_np_error(np_pipe_try_read(pipe, bytes, 4, &count),
                    ERROR_INVALID_HANDLE);
    assert_np_error(np_pipe_try_write(pipe, "x", 1, &count),
                    ERROR_INVALID_HANDLE);
    assert_np_error(np_pipe_try_io(pipe, NP_WRITABLE, never_run, &runs, &count),
                    ERROR_INVALID_HANDLE);
    assert_np_error(np_pipe_set_read_mode(pipe, NP_BYTE), ERROR_INVALID_HANDLE);
  }
  assert_received(f, accepted(f, 2), "new", 3);
  assert_int_equal(runs, 0);
}

NP_CASE("listener-withheld/channel", np_channel_create, ANY_MODE,
        ERROR_INVALID_HANDLE, "No channel can be made of a recycled pipe.",
        "npipe/channel.h") {
  np_pipe *pipe = withheld(f, false);
  np_channel *channel = NULL;

  assert_np_error(np_channel_create(pipe, NULL, &channel),
                  ERROR_INVALID_HANDLE);
  assert_null(channel);
  serves(f);
}

/* --- Its owner's channel, its owner's mode ------------------------------- */

NP_CASE("listener-withheld/recycled-channel", np_listener_recycle, ANY_MODE,
        ERROR_BUSY,
        "A pipe that belongs to a channel cannot be recycled. After "
        "np_channel_detach it can.",
        "npipe/listener.h") {
  np_channel *channel = NULL;
  np_pipe *client;
  np_pipe *pipe;

  listening_limited(f, 1, 1);
  client = client_add(f);
  accepted(f, 1);
  assert_np_ok(np_channel_create(listening.accepted[0], NULL, &channel));
  assert_np_error(np_listener_recycle(listening.accepted[0]), ERROR_BUSY);
  assert_np_ok(np_channel_detach(channel, &pipe));
  museum_echo(f, pipe, client);
  give_back(f, pipe);
  client = client_add(f);
  museum_echo(f, accepted(f, 2), client);
}

static void give_up_and_give_back(np_fixture *f, struct recorder *recorder) {
  np_channel *channel = recorder->op.user;
  np_pipe *pipe = NULL;

  assert_np_error(recorder->result, ERROR_OPERATION_ABORTED);
  assert_np_ok(np_channel_detach(channel, &pipe));
  give_back(f, pipe);
}

NP_CASE(
    "listener-withheld/channel-that-waits", np_listener_recycle, ANY_MODE,
    NP_OK,
    "A server cancels the receive that waits on a channel, detaches the "
    "channel and recycles the pipe in the callback. The next client is served.",
    "npipe/listener.h") {
  np_pipe *client;

  listening_limited(f, 1, 1);
  f->ops[0].then = give_up_and_give_back;
  for (unsigned i = 1; i < 4; i++) {
    np_channel *channel = NULL;

    client_add(f);
    assert_np_ok(np_channel_create(accepted(f, i), NULL, &channel));
    receive_begin(&f->ops[0], channel);
    if (i > 1) {
      loop_quiet(f); /* Now the kernel has the read. */
    }
    assert_np_ok(np_op_cancel(&f->ops[0].op));
    loop_until_count(f, &f->ops[0].done_count, i);
  }
  client = client_add(f);
  museum_echo(f, accepted(f, 4), client);
}

static void mode_is_back(np_fixture *f, bool drains) {
  np_info info = {0};
  np_mode created;
  np_mode other;

  listening_limited(f, 1, 1);
  created = f->server_options.read_mode;
  other = created == NP_MESSAGE ? NP_BYTE : NP_MESSAGE;
  info.size = sizeof(info);
  for (unsigned i = 1; i < 4; i++) {
    np_pipe *client = client_add(f);
    np_pipe *pipe = accepted(f, i);

    assert_np_ok(np_pipe_info(pipe, &info));
    assert_int_equal(info.read_mode, created);
    pipe_send(f, client, "ab", 2);
    pipe_send(f, client, "cd", 2);
    read_begin(&f->ops[0], pipe, 16);
    assert_ends(&f->ops[0], NP_OK, created == NP_MESSAGE ? 2 : 4);
    assert_np_ok(np_pipe_set_read_mode(pipe, other));
    if (drains) {
      read_begin(&f->ops[1], pipe, 16);
    }
    give_back(f, pipe);
    pipe_close(f, client);
    op_wait(&f->ops[1]);
  }
}

NP_CASE("listener-withheld/read-mode", np_listener_recycle, MESSAGE_TYPE, NP_OK,
        "If the owner has changed the read mode of an instance, a recycle sets "
        "the read mode of the listener's options again.",
        "SetNamedPipeHandleState; museum S01") {
  mode_is_back(f, false);
}

NP_CASE("listener-withheld/read-mode-draining", np_listener_recycle,
        MESSAGE_TYPE, NP_OK,
        "An instance that is recycled with a read in flight gets the read "
        "mode of the listener's options again.",
        "SetNamedPipeHandleState; museum S01") {
  mode_is_back(f, true);
}
