/* A callback impersonates the client and forgets to revert. The loop then
 * reverts for it, and the run of the loop ends with an error. */
#include "library/listener/listener_common.h"

static bool impersonates(void) {
  HANDLE token = NULL;

  if (OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, &token)) {
    CloseHandle(token);
    return true;
  }
  return GetLastError() != ERROR_NO_TOKEN;
}

/* acquainted opens a pair whose server has read once, because only then can it
 * impersonate its client. */
static void acquainted(np_fixture *f) {
  pair_open(f);
  assert_passes(f, f->client, f->server, "hello", 5);
}

/* forget starts to impersonate the client and does not revert. */
static void forget(np_fixture *f) {
  assert_false(impersonates());
  assert_np_ok(np_pipe_impersonate(f->server));
}

static void forget_in_op(np_fixture *f, struct recorder *recorder) {
  (void)recorder;
  forget(f);
}

static void forget_in_timer(np_fixture *f, struct timer_recorder *recorder) {
  (void)recorder;
  forget(f);
}

static void forget_in_task(np_fixture *f, struct task_recorder *recorder) {
  (void)recorder;
  forget(f);
}

static void forget_in_closed(np_fixture *f, np_pipe *pipe) {
  (void)pipe;
  forget(f);
}

static void look_in_op(np_fixture *f, struct recorder *recorder) {
  (void)f;
  (void)recorder;
  assert_false(impersonates());
}

/* run_tells runs the loop until a run reports the mistake. */
static void run_tells(np_fixture *f) {
  np_error error = NP_OK;

  for (int i = 0; i < 100 && (error == NP_OK || error == WAIT_TIMEOUT); i++) {
    error = loop_turn(f, LOOP_QUIET_MS);
  }
  assert_np_error(error, ERROR_BAD_IMPERSONATION_LEVEL);
  assert_false(impersonates());
}

NP_CASE("impersonate-forgotten/read", np_loop_run_once, ANY_MODE,
        ERROR_BAD_IMPERSONATION_LEVEL,
        "If the callback of a read returns as the client, the loop reverts, "
        "and its run returns ERROR_BAD_IMPERSONATION_LEVEL.",
        "RevertToSelf#remarks; npipe/security.h") {
  acquainted(f);
  f->ops[0].then = forget_in_op;
  read_begin(&f->ops[0], f->server, 16);
  write_begin(&f->ops[1], f->client, "again", 5);
  run_tells(f);
  assert_next(&f->ops[0], NP_OK, 5);
}

NP_CASE("impersonate-forgotten/run", np_loop_run, NO_MODE,
        ERROR_BAD_IMPERSONATION_LEVEL,
        "np_loop_run returns after the callback that forgot to revert. When it "
        "is called again, it runs the rest, as the process itself.",
        "RevertToSelf#remarks; npipe/security.h") {
  acquainted(f);
  f->ops[0].then = forget_in_op;
  f->ops[1].then = look_in_op;
  write_begin(&f->ops[0], f->server, "a", 1);
  write_begin(&f->ops[1], f->server, "b", 1);
  assert_np_error(loop_run(f), ERROR_BAD_IMPERSONATION_LEVEL);
  assert_false(impersonates());
  assert_int_equal(f->done_count, 1);
  assert_np_ok(loop_run(f));
  assert_done(&f->ops[0], NP_OK, 1);
  assert_done(&f->ops[1], NP_OK, 1);
}

NP_CASE("impersonate-forgotten/timer", np_loop_run, NO_MODE,
        ERROR_BAD_IMPERSONATION_LEVEL,
        "A timer that forgets to revert is followed by a revert, before the "
        "next timer runs.",
        "RevertToSelf#remarks; npipe/security.h") {
  acquainted(f);
  for (int i = 0; i < 2; i++) {
    f->timers[i].then = forget_in_timer;
    assert_np_ok(np_timer_start(f->loop, &f->timers[i].timer, 0, on_timer));
  }
  assert_np_error(loop_run(f), ERROR_BAD_IMPERSONATION_LEVEL);
  assert_false(impersonates());
  assert_int_equal(f->timers[0].run_count + f->timers[1].run_count, 1);
  assert_np_error(loop_run(f), ERROR_BAD_IMPERSONATION_LEVEL);
  assert_np_ok(loop_run(f));
}

NP_CASE("impersonate-forgotten/task", np_loop_run, NO_MODE,
        ERROR_BAD_IMPERSONATION_LEVEL,
        "A task that forgets to revert is followed by a revert.",
        "RevertToSelf#remarks; npipe/security.h") {
  acquainted(f);
  f->tasks[0].then = forget_in_task;
  assert_np_ok(np_loop_post(f->loop, &f->tasks[0].task, on_task));
  assert_np_error(loop_run(f), ERROR_BAD_IMPERSONATION_LEVEL);
  assert_false(impersonates());
}

NP_CASE("impersonate-forgotten/closed", np_loop_run, NO_MODE,
        ERROR_BAD_IMPERSONATION_LEVEL,
        "An on_closed that forgets to revert is followed by a revert.",
        "RevertToSelf#remarks; npipe/security.h") {
  acquainted(f);
  f->closed_then = forget_in_closed;
  pipe_close(f, f->client);
  run_tells(f);
  f->closed_then = NULL;
}

NP_CASE("impersonate-forgotten/dispatch", np_loop_dispatch, NO_MODE,
        ERROR_BAD_IMPERSONATION_LEVEL,
        "np_loop_dispatch reverts and returns ERROR_BAD_IMPERSONATION_LEVEL, "
        "as np_loop_run does.",
        "RevertToSelf#remarks; npipe/security.h") {
  loop_remake_foreign(f, 0x4C);
  acquainted(f);
  f->timers[0].then = forget_in_timer;
  assert_np_ok(np_timer_start(f->loop, &f->timers[0].timer, 0, on_timer));
  f->in_loop = true;
  assert_np_error(np_loop_dispatch(f->loop, NULL, 0),
                  ERROR_BAD_IMPERSONATION_LEVEL);
  f->in_loop = false;
  assert_false(impersonates());
}

NP_CASE("impersonate-forgotten/outside", np_pipe_impersonate, NO_MODE,
        ERROR_BAD_IMPERSONATION_LEVEL,
        "A loop that is run while its thread acts as a client reverts first: "
        "no callback runs as the client.",
        "RevertToSelf#remarks; npipe/security.h") {
  acquainted(f);
  f->ops[0].then = look_in_op;
  write_begin(&f->ops[0], f->server, "a", 1);
  assert_np_ok(np_pipe_impersonate(f->server));
  assert_np_error(loop_run(f), ERROR_BAD_IMPERSONATION_LEVEL);
  assert_false(impersonates());
  assert_np_ok(loop_run(f));
  assert_done(&f->ops[0], NP_OK, 1);
}

/* --- Callbacks of other kinds -------------------------------------------- */

static np_fixture *fixture_of_io;

static np_error forget_in_io(HANDLE handle, void *context,
                             size_t *transferred) {
  (void)handle;
  (void)context;
  *transferred = 0;
  forget(fixture_of_io);
  return NP_OK;
}

NP_CASE("impersonate-forgotten/io", np_loop_run, NO_MODE,
        ERROR_BAD_IMPERSONATION_LEVEL,
        "A np_io_fn that forgets to revert is followed by a revert, before "
        "the operation's callback runs.",
        "RevertToSelf#remarks; npipe/security.h") {
  acquainted(f);
  fixture_of_io = f;
  f->ops[0].then = look_in_op;
  op_begin(&f->ops[0], np_pipe_async_io(f->server, NP_WRITABLE, &f->ops[0].op,
                                        forget_in_io, NULL, on_done));
  run_tells(f);
  assert_next(&f->ops[0], NP_OK, 0);
}

static void forget_in_request(np_client_request *request, np_error error,
                              np_pipe *client) {
  np_fixture *f = request->user;

  assert_np_error(error, ERROR_FILE_NOT_FOUND);
  assert_null(client);
  forget(f);
}

NP_CASE("impersonate-forgotten/request", np_loop_run, NO_MODE,
        ERROR_BAD_IMPERSONATION_LEVEL,
        "The function of a connect request that forgets to revert is followed "
        "by a revert.",
        "RevertToSelf#remarks; npipe/security.h") {
  static np_client_request request;
  char name[WORLD_PIPE_NAME_BYTES_MAX];

  acquainted(f);
  world_pipe_name(name, sizeof(name));
  np_client_request_init(&request);
  request.user = f;
  assert_np_ok(
      np_client_connect(f->loop, &request, name, NULL, 0, forget_in_request));
  assert_np_error(loop_run(f), ERROR_BAD_IMPERSONATION_LEVEL);
  assert_false(impersonates());
}

static void forget_in_accept(np_fixture *f, np_pipe *pipe) {
  (void)pipe;
  forget(f);
}

static void forget_in_news(np_fixture *f) {
  forget(f);
}

NP_CASE("impersonate-forgotten/listener", np_loop_run_once, NO_MODE,
        ERROR_BAD_IMPERSONATION_LEVEL,
        "A listener's callback that forgets to revert is followed by a revert.",
        "RevertToSelf#remarks; npipe/security.h") {
  char name[WORLD_PIPE_NAME_BYTES_MAX];

  acquainted(f);
  world_pipe_name(name, sizeof(name));
  memcpy(f->name, name, sizeof(name));
  listening_start(f, 1);
  listening.then = forget_in_accept;
  client_add(f);
  run_tells(f);
  listening.then = NULL;
  assert_int_equal(listening.accepted_count, 1);
}

NP_CASE("impersonate-forgotten/listener-error", np_loop_run_once, NO_MODE,
        ERROR_BAD_IMPERSONATION_LEVEL,
        "An on_error that forgets to revert is followed by a revert.",
        "RevertToSelf#remarks; npipe/security.h") {
  acquainted(f);
  listening_begin(f, 1);
  listening.options.server.inbound = false;
  listening.options.server.read_mode = NP_BYTE;
  listening.options.retry_first = true;
  listening.news_then = forget_in_news;
  listening.news_expected = true;
  listening_open(f);
  run_tells(f);
  listening.news_then = NULL;
}
