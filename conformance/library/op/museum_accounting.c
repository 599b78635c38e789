/* The accounting of operations: each started operation gets exactly one
 * callback, no callback runs after on_closed, and no memory is left.
 *
 * A generator combines situations (the result that the kernel gives, at once or
 * later), actions (none, close, cancel, disconnect) and points in the life of
 * the operation. Each combination must also end with the right result. */
#include "library/rounds.h"

/* The result of an operation that only a close ends. */
#define NEVER ((np_error)0xFFFFFFFFu)

enum action { ACTION_NONE, ACTION_CLOSE, ACTION_CANCEL, ACTION_DISCONNECT };

/* The point at which the action happens. POINT_CAUSED: in another callback,
 * when the kernel has the result and the loop has not taken it yet. */
enum point {
  POINT_BEFORE,
  POINT_STARTED,
  POINT_CAUSED,
  POINT_CALLBACK,
  POINT_AFTER,
  POINT_COUNT
};

enum kind { KIND_CONNECT, KIND_READ, KIND_WRITE };

static const char *const action_names[] = {"nothing", "close", "cancel",
                                           "disconnect"};
static const char *const point_names[] = {"before", "started", "caused",
                                          "in the callback", "after"};

enum { SHORT_BYTES = 10, LONG_BYTES = 30 };

/* Times: a limit that passes, a limit that never passes, and the possible
 * difference between two clocks. */
enum { LIMIT_MS = 5, FAR_MS = 3600000, TICK_MS = 16 };

/* The current combination. It is static, because the kernel may write to it
 * after a failed assert. */
static struct scene {
  const struct situation *situation;
  enum kind kind;
  enum action action;
  enum point point;
  struct recorder *op;      /* the operation that is counted */
  struct recorder *peer_op; /* helps to cause the result */
  bool server_was_gone;     /* the disconnect found no client */
  uint8_t data[MUSEUM_QUOTA];
} scene;

struct situation {
  const char *name;
  void (*prepare)(np_fixture *f); /* runs before the start */
  void (*cause)(np_fixture *f);   /* runs after the start; NULL: not needed */
  np_error error;                 /* result when there is no action */
  size_t bytes;
  unsigned modes;      /* possible variants; 0: all */
  uint32_t timeout_ms; /* time limit of the operation */
  /* result on an end that was disconnected before the start */
  np_error after_disconnect;
  bool racy; /* action and result race: either may come first */
};

/* --- What situations are made of ---------------------------------------- */

static void client_opens(np_fixture *f) {
  np_error error =
      np_client_open(f->loop, f->name, &f->client_options, &f->client);

  /* No instance listens after a disconnect or a close, so the open may fail
   * then. */
  if (error != NP_OK && scene.action == ACTION_NONE) {
    assert_np_ok(error);
  }
}

static void client_comes_and_goes(np_fixture *f) {
  client_opens(f);
  pipe_close(f, f->client);
}

static void listen_client(np_fixture *f) {
  server_listen(f);
  client_opens(f);
}

static void listen_client_gone(np_fixture *f) {
  server_listen(f);
  client_comes_and_goes(f);
  loop_settle(f);
}

static void peer_closes(np_fixture *f) {
  pipe_close(f, f->peer);
}

static void pair_peer_closed(np_fixture *f) {
  pair_open(f);
  peer_closes(f);
  loop_settle(f);
}

static void server_disconnects(np_fixture *f) {
  if (f->server != NULL) {
    np_error error = np_server_disconnect(f->server);

    if (error != ERROR_PIPE_NOT_CONNECTED) {
      /* The client may have been disconnected before. */
      assert_np_ok(error);
    }
  }
}

static void pair_disconnected(np_fixture *f) {
  pair_open(f);
  assert_np_ok(np_server_disconnect(f->server));
}

/* peer_writes ignores the write's result; another combination checks it. */
static void peer_writes(np_fixture *f) {
  write_begin(scene.peer_op, f->peer, scene.data, SHORT_BYTES);
}

static void peer_writes_long(np_fixture *f) {
  write_begin(scene.peer_op, f->peer, scene.data, LONG_BYTES);
}

static void pair_data(np_fixture *f) {
  pair_open(f);
  pipe_send(f, f->peer, scene.data, SHORT_BYTES);
}

static void pair_data_long(np_fixture *f) {
  pair_open(f);
  pipe_send(f, f->peer, scene.data, LONG_BYTES);
}

static void pair_full(np_fixture *f) {
  pair_open(f);
  pipe_send(f, f->end, scene.data, MUSEUM_QUOTA);
}

static void peer_reads(np_fixture *f) {
  static uint8_t buffer[MUSEUM_QUOTA];

  /* A disconnect has discarded the data. */
  if (unread_bytes(f->peer) > 0) {
    museum_take_raw(f->peer, buffer, sizeof(buffer));
  }
}

/* stranger_cancels acts like a program that cancels all I/O on handles that it
 * does not own. */
static void stranger_cancels(np_fixture *f) {
  if (f->end != NULL) {
    CancelIoEx(np_pipe_handle(f->end), NULL);
  }
}

static void nothing(np_fixture *f) {
  (void)f;
}

/* clang-format off */
static const struct situation connects[] = {
  {"client there", listen_client, NULL, NP_OK, 0, 0, 0, NEVER, false},
  {"client gone", listen_client_gone, NULL, NP_OK, 0, 0, 0, NEVER, false},
  {"client known", pair_open, NULL, ERROR_PIPE_CONNECTED, 0, 0, 0, NEVER,
   false},
  {"client comes", server_listen, client_opens, NP_OK, 0, 0, 0, NP_OK, false},
  {"client comes and goes", server_listen, client_comes_and_goes, NP_OK, 0, 0,
   0, NP_OK, false},
  {"nobody", server_listen, nothing, NEVER, 0, 0, 0, NEVER, false},
  {"stranger cancels", server_listen, stranger_cancels,
   ERROR_OPERATION_ABORTED, 0, 0, 0, ERROR_OPERATION_ABORTED, true},
  {"time limit", server_listen, nothing, WAIT_TIMEOUT, 0, 0, LIMIT_MS,
   WAIT_TIMEOUT, true},
};

static const struct situation reads[] = {
  {"data there", pair_data, NULL, NP_OK, SHORT_BYTES, 0, 0,
   ERROR_PIPE_NOT_CONNECTED, false},
  {"long message there", pair_data_long, NULL, ERROR_MORE_DATA, SHORT_BYTES,
   MODE_MESSAGE, 0, ERROR_PIPE_NOT_CONNECTED, false},
  {"peer closed", pair_peer_closed, NULL, ERROR_BROKEN_PIPE, 0, 0, 0,
   ERROR_PIPE_NOT_CONNECTED, false},
  {"disconnected", pair_disconnected, NULL, ERROR_PIPE_NOT_CONNECTED, 0, 0, 0,
   ERROR_PIPE_NOT_CONNECTED, false},
  {"data comes", pair_open, peer_writes, NP_OK, SHORT_BYTES, 0, 0,
   ERROR_PIPE_NOT_CONNECTED, false},
  {"long message comes", pair_open, peer_writes_long, ERROR_MORE_DATA,
   SHORT_BYTES, MODE_MESSAGE, 0, ERROR_PIPE_NOT_CONNECTED, false},
  {"peer closes", pair_open, peer_closes, ERROR_BROKEN_PIPE, 0, 0, 0,
   ERROR_PIPE_NOT_CONNECTED, false},
  {"server disconnects", pair_open, server_disconnects,
   ERROR_PIPE_NOT_CONNECTED, 0, 0, 0, ERROR_PIPE_NOT_CONNECTED, false},
  {"nobody", pair_open, nothing, NEVER, 0, 0, 0, ERROR_PIPE_NOT_CONNECTED,
   false},
  {"stranger cancels", pair_open, stranger_cancels, ERROR_OPERATION_ABORTED,
   0, 0, 0, ERROR_PIPE_NOT_CONNECTED, true},
  {"time limit", pair_open, nothing, WAIT_TIMEOUT, 0, 0, LIMIT_MS,
   ERROR_PIPE_NOT_CONNECTED, true},
};

static const struct situation writes[] = {
  {"room", pair_open, NULL, NP_OK, SHORT_BYTES, 0, 0,
   ERROR_PIPE_NOT_CONNECTED, false},
  {"peer closed", pair_peer_closed, NULL, ERROR_NO_DATA, 0, 0, 0,
   ERROR_PIPE_NOT_CONNECTED, false},
  {"disconnected", pair_disconnected, NULL, ERROR_PIPE_NOT_CONNECTED, 0, 0, 0,
   ERROR_PIPE_NOT_CONNECTED, false},
  {"peer reads", pair_full, peer_reads, NP_OK, SHORT_BYTES, 0, 0,
   ERROR_PIPE_NOT_CONNECTED, false},
  {"peer closes", pair_full, peer_closes, ERROR_BROKEN_PIPE, 0, 0, 0,
   ERROR_PIPE_NOT_CONNECTED, false},
  {"server disconnects", pair_full, server_disconnects,
   ERROR_PIPE_NOT_CONNECTED, 0, 0, 0, ERROR_PIPE_NOT_CONNECTED, false},
  {"nobody", pair_full, nothing, NEVER, 0, 0, 0, ERROR_PIPE_NOT_CONNECTED,
   false},
  {"stranger cancels", pair_full, stranger_cancels, ERROR_OPERATION_ABORTED,
   0, 0, 0, ERROR_PIPE_NOT_CONNECTED, true},
  {"time limit", pair_full, nothing, WAIT_TIMEOUT, 0, 0, LIMIT_MS,
   ERROR_PIPE_NOT_CONNECTED, true},
};
/* clang-format on */

/* --- The law ------------------------------------------------------------ */

/* interrupted returns the result of a pending operation after the action. */
static np_error interrupted(enum action action) {
  return action == ACTION_DISCONNECT ? ERROR_PIPE_NOT_CONNECTED
                                     : ERROR_OPERATION_ABORTED;
}

/* The result that a combination must have. If two events race, either result is
 * right. */
struct expected {
  np_error error;
  np_error or_error;
};

static struct expected expect(void) {
  const struct situation *situation = scene.situation;
  const bool pends = situation->cause != NULL;
  np_error interrupt = interrupted(scene.action);
  struct expected either = {situation->error, situation->error};

  if (scene.action == ACTION_NONE || scene.server_was_gone) {
    return either;
  }
  switch (scene.point) {
    case POINT_BEFORE:
      if (scene.action == ACTION_DISCONNECT) {
        either.error = either.or_error = situation->after_disconnect;
      }
      break;
    case POINT_STARTED:
      /* The kernel gets a read only at the end of the turn, so the read has no
       * result yet. A client that is disconnected before the callback of its
       * connect is not reported. */
      if (pends || scene.kind == KIND_READ ||
          (scene.kind == KIND_CONNECT && scene.action == ACTION_DISCONNECT &&
           situation->error == NP_OK)) {
        either.error = either.or_error = interrupt;
      }
      break;
    case POINT_CAUSED:
      if (situation->error == NEVER) {
        either.error = either.or_error = interrupt;
      } else if (pends && situation->error == NP_OK &&
                 scene.kind == KIND_CONNECT &&
                 scene.action == ACTION_DISCONNECT) {
        either.error = either.or_error = interrupt; /* As above. */
      } else if (!pends || situation->racy) {
        either.or_error = interrupt;
      }
      break;
    case POINT_CALLBACK:
      break;
    case POINT_AFTER:
      if (situation->error == NEVER) {
        either.error = either.or_error = interrupt;
      }
      break;
    case POINT_COUNT:
      break;
  }
  return either;
}

/* --- One combination ---------------------------------------------------- */

static void act(np_fixture *f) {
  np_error error;

  switch (scene.action) {
    case ACTION_NONE:
      break;
    case ACTION_CLOSE:
      pipe_close(f, f->end);
      break;
    case ACTION_CANCEL:
      error = np_op_cancel(&scene.op->op);
      if (error != NP_OK || scene.op->done_count == scene.op->start_count) {
        assert_np_error(error, ERROR_NOT_FOUND);
      }
      break;
    case ACTION_DISCONNECT:
      scene.server_was_gone = f->server == NULL;
      server_disconnects(f);
      break;
  }
}

static void act_in_callback(np_fixture *f, struct recorder *recorder) {
  (void)recorder;
  act(f);
}

static void cause_and_act(np_fixture *f, struct task_recorder *task) {
  (void)task;
  if (scene.situation->cause != NULL) {
    scene.situation->cause(f);
  }
  act(f);
}

static np_error start(np_pipe *pipe, np_op_fn done) {
  struct recorder *r = scene.op;

  switch (scene.kind) {
    case KIND_CONNECT:
      return np_server_connect(pipe, &r->op, done);
    case KIND_READ:
      return np_pipe_read(pipe, r->buffer, SHORT_BYTES, &r->op, done);
    case KIND_WRITE:
      return np_pipe_write(pipe, scene.data, SHORT_BYTES, &r->op, done);
  }
  return ERROR_INVALID_FUNCTION;
}

/* cause_result causes the operation's result, and does the action if the action
 * belongs to this moment. */
static void cause_result(np_fixture *f) {
  const struct situation *situation = scene.situation;
  struct task_recorder *task = &f->tasks[0];

  if (situation->cause != NULL && situation->timeout_ms == 0) {
    loop_settle(f); /* Now the kernel has the operation. */
  }
  if (scene.point == POINT_CAUSED) {
    task->run_count = 0;
    task->then = cause_and_act;
    assert_np_ok(np_loop_post(f->loop, &task->task, on_task));
    loop_until_count(f, &task->run_count, 1);
  } else if (situation->cause != NULL) {
    situation->cause(f);
  }
}

/* limit_is_late returns true if the operation has a time limit and must not end
 * by it. */
static bool limit_is_late(void) {
  const struct expected either = expect();

  return scene.situation->timeout_ms > 0 && either.error != WAIT_TIMEOUT &&
         either.or_error != WAIT_TIMEOUT;
}

/* limit_ms returns the time limit. The kernel gets a read only at the end of a
 * turn. If the read must end by a disconnect, the limit is far away, so that it
 * cannot pass before that on a slow machine. */
static uint32_t limit_ms(void) {
  return limit_is_late() && scene.action == ACTION_DISCONNECT
             ? FAR_MS
             : scene.situation->timeout_ms;
}

/* let_limit_pass waits, in another loop, until the limit is over. A limit that
 * passes after a cancel or a close must not change the result, even if the loop
 * has handled neither. */
static void let_limit_pass(void) {
  np_loop *clock = NULL;

  assert_np_ok(np_loop_create(NULL, &clock));
  assert_np_error(np_loop_run_once(clock, LIMIT_MS + TICK_MS), WAIT_TIMEOUT);
  assert_np_ok(np_loop_destroy(clock));
}

static bool is_pipe_gone(np_error error) {
  return error == ERROR_BROKEN_PIPE || error == ERROR_PIPE_NOT_CONNECTED;
}

static void check(np_fixture *f) {
  struct expected either = expect();
  const struct recorder *r = scene.op;

  /* The close in tidy() ended this operation. */
  if (either.error == NEVER) {
    either.error = either.or_error = ERROR_OPERATION_ABORTED;
  }
  if (scene.kind == KIND_WRITE && r->result == NP_OK && either.error != NP_OK &&
      either.or_error != NP_OK) {
    museum_done_drained(
        f, r, is_pipe_gone(either.error) ? either.error : either.or_error,
        SHORT_BYTES);
    return;
  }
  museum_done_either(r, either.error, either.or_error);
  if (r->transferred !=
      (r->result == scene.situation->error ? scene.situation->bytes : 0)) {
    fail_at(__FILE__, __LINE__, "%u bytes", (unsigned)r->transferred);
  }
}

/* tidy closes both ends. The end under test is closed first, so that the close
 * of the peer gives it no result. No callback may run for an end that is
 * closed. */
static void tidy(np_fixture *f, size_t live) {
  unsigned done_count;

  if (f->end != NULL) {
    pipe_close(f, f->end);
  }
  loop_until_count(f, &f->closed_count, f->closing_count);
  done_count = scene.op->done_count;
  pipe_close(f, f->server);
  pipe_close(f, f->client);
  loop_drain(f);
  loop_settle(f);
  if (scene.op->done_count != done_count) {
    fail_at(__FILE__, __LINE__, "a callback after on_closed");
  }
  if (f->closed_count != f->closing_count || f->allocator.live != live) {
    fail_at(__FILE__, __LINE__, "%u of %u closed, %u blocks stay",
            f->closed_count, f->closing_count,
            (unsigned)(f->allocator.live - live));
  }
}

static bool must_come(void) {
  return expect().error != NEVER &&
         (scene.point != POINT_AFTER || scene.situation->error != NEVER);
}

static void combine(np_fixture *f) {
  const size_t live = f->allocator.live;
  struct recorder *r = scene.op;
  np_pipe *pipe;

  memset(r, 0, sizeof(*r));
  memset(scene.peer_op, 0, sizeof(*scene.peer_op));
  scene.server_was_gone = false;
  scene.situation->prepare(f);
  pipe = f->end;
  if (scene.point == POINT_CALLBACK) {
    r->then = act_in_callback;
  }
  if (scene.point == POINT_BEFORE) {
    act(f);
    if (f->end == NULL) {
      assert_np_error(start(pipe, on_never), ERROR_INVALID_HANDLE);
      tidy(f, live);
      return;
    }
  }
  r->start_count = 1;
  r->op.timeout_ms = limit_ms();
  assert_np_ok(start(pipe, on_done));
  if (scene.point == POINT_STARTED) {
    act(f);
    if (limit_is_late() && scene.action != ACTION_DISCONNECT) {
      let_limit_pass();
    }
  }
  cause_result(f);
  if (must_come()) {
    op_wait(r);
  }
  if (scene.point == POINT_AFTER) {
    act(f);
    loop_settle(f);
  }
  tidy(f, live);
  check(f);
}

static void generate(np_fixture *f, enum kind kind,
                     const struct situation *situations, size_t count,
                     enum action action) {
  server_quotas(f, MUSEUM_QUOTA, MUSEUM_QUOTA);
  memset(&scene, 0, sizeof(scene));
  scene.op = &f->ops[0];
  scene.peer_op = &f->ops[1];
  scene.kind = kind;
  scene.action = action;
  for (size_t i = 0; i < count; i++) {
    const struct situation *situation = &situations[i];

    if (situation->modes != 0 && (situation->modes & f->variant) == 0) {
      continue;
    }
    for (unsigned point = 0; point < POINT_COUNT; point++) {
      round_name("%s, %s %s", situation->name, action_names[action],
                 point_names[point]);
      scene.situation = situation;
      scene.point = (enum point)point;
      combine(f);
    }
  }
}

#define GENERATE(f, kind, situations, action) \
  generate((f), (kind), (situations),         \
           sizeof(situations) / sizeof((situations)[0]), (action))

/* --- The cases ---------------------------------------------------------- */

NP_CASE("museum-accounting/connect", np_server_connect, ANY_MODE, NP_OK,
        "A connect has one callback, with its true result, in each situation.",
        "ConnectNamedPipe#remarks; museum A11 A12 L13 S12") {
  GENERATE(f, KIND_CONNECT, connects, ACTION_NONE);
}

NP_CASE("museum-accounting/connect-close", np_pipe_close, NO_MODE,
        ERROR_OPERATION_ABORTED,
        "A server closed at any point of a connect answers it once, before "
        "on_closed.",
        "ConnectNamedPipe#remarks; museum H02 H05 H06 L13 L16 L17 S12") {
  GENERATE(f, KIND_CONNECT, connects, ACTION_CLOSE);
}

NP_CASE("museum-accounting/connect-cancel", np_op_cancel, NO_MODE,
        ERROR_OPERATION_ABORTED,
        "A connect is cancelled at any point. Its callback runs once, with the "
        "true result if the connect had one.",
        "CancelIoEx#remarks; museum H08 E10 L10") {
  GENERATE(f, KIND_CONNECT, connects, ACTION_CANCEL);
}

NP_CASE("museum-accounting/connect-disconnect", np_server_disconnect, NO_MODE,
        ERROR_PIPE_NOT_CONNECTED,
        "A disconnect at any point of a connect leaves one callback.",
        "DisconnectNamedPipe#remarks; museum L02 S01") {
  GENERATE(f, KIND_CONNECT, connects, ACTION_DISCONNECT);
}

NP_CASE("museum-accounting/read", np_pipe_read, ANY_MODE | BOTH_ENDS, NP_OK,
        "A read has one callback, with its true result, in each situation.",
        "ReadFile#pipes; museum L01 M02 E01 E07 E14") {
  GENERATE(f, KIND_READ, reads, ACTION_NONE);
}

NP_CASE("museum-accounting/read-close", np_pipe_close, ANY_MODE | BOTH_ENDS,
        ERROR_OPERATION_ABORTED,
        "An end closed at any point of a read answers it once, before "
        "on_closed.",
        "ReadFile#pipes; museum L01 L04 L11 L13 L16 S04 S12") {
  GENERATE(f, KIND_READ, reads, ACTION_CLOSE);
}

NP_CASE("museum-accounting/read-cancel", np_op_cancel, ANY_MODE | BOTH_ENDS,
        ERROR_OPERATION_ABORTED,
        "A read is cancelled at any point. Its callback runs once, with the "
        "true result if the read had one.",
        "CancelIoEx#remarks; museum E07 E10 D08") {
  GENERATE(f, KIND_READ, reads, ACTION_CANCEL);
}

NP_CASE("museum-accounting/read-disconnect", np_server_disconnect,
        ANY_MODE | BOTH_ENDS, ERROR_PIPE_NOT_CONNECTED,
        "A disconnect at any point of a read leaves one callback.",
        "DisconnectNamedPipe#remarks; museum E04 S01") {
  GENERATE(f, KIND_READ, reads, ACTION_DISCONNECT);
}

NP_CASE("museum-accounting/write", np_pipe_write, ANY_MODE | BOTH_ENDS, NP_OK,
        "A write has one callback, with its true result, in each situation.",
        "WriteFile#pipes; museum L01 E01 E07") {
  GENERATE(f, KIND_WRITE, writes, ACTION_NONE);
}

NP_CASE("museum-accounting/write-close", np_pipe_close, ANY_MODE | BOTH_ENDS,
        ERROR_OPERATION_ABORTED,
        "An end closed at any point of a write answers it once, before "
        "on_closed.",
        "WriteFile#pipes; museum L13 L16 H17 S12") {
  GENERATE(f, KIND_WRITE, writes, ACTION_CLOSE);
}

NP_CASE("museum-accounting/write-cancel", np_op_cancel, ANY_MODE | BOTH_ENDS,
        ERROR_OPERATION_ABORTED,
        "A write is cancelled at any point. Its callback runs once, with the "
        "true result if the write had one.",
        "CancelIoEx#remarks; museum L10 L14 E10") {
  GENERATE(f, KIND_WRITE, writes, ACTION_CANCEL);
}

NP_CASE("museum-accounting/write-disconnect", np_server_disconnect,
        ANY_MODE | BOTH_ENDS, ERROR_PIPE_NOT_CONNECTED,
        "A disconnect at any point of a write leaves one callback.",
        "DisconnectNamedPipe#remarks; museum E04 S01") {
  GENERATE(f, KIND_WRITE, writes, ACTION_DISCONNECT);
}
