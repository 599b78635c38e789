/* The fixture of the library cases: setup and teardown of a run, callbacks that
 * record, turns of the loop, and pairs of pipes. Teardown checks that nothing
 * is left over. */
#include "fixture.h"

#include <stdlib.h>

#include "kit/outcomes.h"

/* The fixture of the case: one case runs at a time. A role has a fixture of its
 * own, which its thread knows. */
static np_fixture case_fixture;
static _Thread_local np_fixture *role_fixture;

static np_fixture *fixture_own(void) {
  return role_fixture != NULL ? role_fixture : &case_fixture;
}

/* time_left_ms returns the time until `deadline_ms`, as a time-out. */
static uint32_t time_left_ms(uint64_t deadline_ms) {
  uint64_t now_ms = world_now_ms();

  return now_ms < deadline_ms ? (uint32_t)(deadline_ms - now_ms) : 0;
}

static uint64_t deadline_make(void) {
  return world_now_ms() + world_timeout_ms(LOOP_WAIT_MS);
}

np_allocator allocator_of(np_fixture *f) {
  return memory_allocator(&f->allocator);
}

/* --- Set-up and teardown ------------------------------------------------ */

static void loop_make(np_fixture *f, np_loop_options *options) {
  options->allocator = allocator_of(f);
  f->port = options->port;
  f->key = options->completion_key;
  assert_np_ok(np_loop_create(options, &f->loop));
}

static void library_set_up(np_fixture *f, unsigned variant) {
  np_loop_options options;

  memset(f, 0, sizeof(*f));
  f->variant = variant;
  world_pipe_name(f->name, sizeof(f->name));
  np_server_options_init(&f->server_options);
  np_client_options_init(&f->client_options);
  if ((variant & MESSAGE_TYPE) != 0) {
    f->server_options.mode = NP_MESSAGE;
  }
  if ((variant & MODE_MESSAGE) != 0) {
    f->server_options.read_mode = NP_MESSAGE;
    f->client_options.read_mode = NP_MESSAGE;
  }
  np_loop_options_init(&options);
  loop_make(f, &options);
}

static void loop_unmake(np_fixture *f) {
  loop_drain(f);
  assert_np_ok(np_loop_destroy(f->loop));
  f->loop = NULL;
  if (f->port != NULL) {
    CloseHandle(f->port);
    f->port = NULL;
  }
}

static void library_tear_down(np_fixture *f) {
  f->closed_then = NULL;
  for (size_t i = 0; i < RECORDERS_MAX; i++) {
    f->ops[i].then = NULL;
  }
  for (size_t i = 0; i < TIMERS_MAX; i++) {
    np_timer_stop(&f->timers[i].timer);
  }
  f->allocator.is_out = false;
  if (f->ending != NULL) {
    f->ending(f);
  }
  channel_close(f, f->channel);
  channel_close(f, f->opposite);
  pipe_close(f, f->server);
  pipe_close(f, f->client);
  while (f->extra_count > 0) {
    pipe_close(f, f->extra[f->extra_count - 1]);
  }
  while (f->raw_count > 0) {
    raw_close(f, f->raws[f->raw_count - 1]);
  }
  loop_unmake(f);
  for (size_t i = 0; i < RECORDERS_MAX; i++) {
    assert_int_equal(f->ops[i].done_count, f->ops[i].start_count);
  }
  assert_int_equal(f->closed_count, f->closing_count);
  assert_int_equal(f->allocator.live, 0);
}

static void run(np_fixture *f, unsigned variant, void (*body)(void *fixture)) {
  library_set_up(f, variant);
  body(f);
  library_tear_down(f);
}

void library_run(unsigned variant, void (*body)(void *fixture)) {
  round_name("%s", "");
  run(&case_fixture, variant, body);
}

void library_run_role(unsigned variant, void (*body)(void *fixture)) {
  role_fixture = calloc(1, sizeof(*role_fixture));
  assert_non_null(role_fixture);
  run(role_fixture, variant, body);
  free(role_fixture);
  role_fixture = NULL;
}

/* --- Callbacks that record ---------------------------------------------- */

unsigned callback_begin(void) {
  np_fixture *f = fixture_own();

  assert_true(f->in_loop);
  assert_false(f->in_callback);
  f->in_callback = true;
  return ++f->order;
}

void callback_end(void) {
  fixture_own()->in_callback = false;
}

void on_done(np_op *op, np_error error, size_t transferred) {
  np_fixture *f = fixture_own();
  struct recorder *recorder = (struct recorder *)op;
  unsigned order = callback_begin();

  if (recorder != &f->helper) {
    f->done_count++;
    f->result = error;
    f->transferred = transferred;
  }
  if (op != &f->op) {
    assert_true(recorder->is_own_io || outcome_may_count(error, transferred));
    recorder->done_count++;
    recorder->order = order;
    recorder->result = error;
    recorder->transferred = transferred;
    if (recorder->then != NULL) {
      recorder->then(f, recorder);
    }
  }
  callback_end();
}

void on_never(np_op *op, np_error error, size_t transferred) {
  (void)op;
  print_error("a refused operation got its callback: %s, %u bytes\n",
              np_error_name(error), (unsigned)transferred);
  fail();
}

void on_closed(np_pipe *pipe) {
  np_fixture *f = fixture_own();

  f->closed_order = callback_begin();
  f->closed_count++;
  f->closed_pipe = pipe;
  if (f->closed_then != NULL) {
    f->closed_then(f, pipe);
  }
  callback_end();
}

void on_closed_never(np_pipe *pipe) {
  (void)pipe;
  fail_msg("%s", "a refused close got its callback");
}

void on_timer(np_timer *timer) {
  struct timer_recorder *recorder = (struct timer_recorder *)timer;

  recorder->order = callback_begin();
  recorder->run_count++;
  recorder->at_ms = world_now_ms();
  if (recorder->then != NULL) {
    recorder->then(fixture_own(), recorder);
  }
  callback_end();
}

void on_task(np_task *task) {
  struct task_recorder *recorder = (struct task_recorder *)task;

  recorder->order = callback_begin();
  recorder->run_count++;
  if (recorder->then != NULL) {
    recorder->then(fixture_own(), recorder);
  }
  callback_end();
}

/* --- The loop ----------------------------------------------------------- */

/* foreign_turn is one turn of the loop that the header comment of
 * np_loop_dispatch shows. */
static np_error foreign_turn(np_fixture *f, uint32_t timeout_ms) {
  OVERLAPPED_ENTRY entries[16];
  ULONG count = 0;
  unsigned order = f->order;
  bool was_pending = np_loop_is_pending(f->loop);
  bool has_run;
  uint32_t wait_ms;

  assert_np_ok(np_loop_dispatch(f->loop, NULL, 0));
  /* `order` counts the callbacks of recorders only. */
  has_run = f->order != order || (was_pending && !np_loop_is_pending(f->loop));
  wait_ms = np_loop_wait_ms(f->loop);
  if (has_run) {
    wait_ms = 0; /* Do not wait, like np_loop_run_once. */
  } else if (wait_ms > timeout_ms) {
    wait_ms = timeout_ms;
  }
  if (!GetQueuedCompletionStatusEx(f->port, entries, 16, &count, wait_ms,
                                   FALSE)) {
    count = 0;
  }
  assert_np_ok(np_loop_dispatch(f->loop, entries, count));
  return has_run || f->order != order || count > 0 ? NP_OK
                                                   : (np_error)WAIT_TIMEOUT;
}

np_error loop_turn(np_fixture *f, uint32_t timeout_ms) {
  np_error error;

  assert_false(f->in_loop);
  f->in_loop = true;
  error = f->port != NULL ? foreign_turn(f, timeout_ms)
                          : np_loop_run_once(f->loop, timeout_ms);
  f->in_loop = false;
  return error;
}

np_error loop_run(np_fixture *f) {
  np_error error;

  assert_false(f->in_loop);
  f->in_loop = true;
  error = np_loop_run(f->loop);
  f->in_loop = false;
  return error;
}

static void loop_step(np_fixture *f, uint64_t deadline_ms) {
  np_error error = loop_turn(f, time_left_ms(deadline_ms));

  if (error != WAIT_TIMEOUT) {
    assert_np_ok(error);
  }
}

void loop_until_count(np_fixture *f, const unsigned *counter, unsigned count) {
  uint64_t deadline_ms = deadline_make();

  while (*counter < count) {
    if (time_left_ms(deadline_ms) == 0) {
      fail_at(__FILE__, __LINE__, "%u callbacks came, not %u", *counter, count);
    }
    loop_step(f, deadline_ms);
  }
}

void loop_until(np_fixture *f, unsigned count) {
  loop_until_count(f, &f->done_count, count);
}

void loop_quiet(np_fixture *f) {
  uint64_t deadline_ms = deadline_make();
  np_error error;

  do {
    error = loop_turn(f, LOOP_QUIET_MS);
    if (error != WAIT_TIMEOUT) {
      assert_np_ok(error);
    }
    assert_true(time_left_ms(deadline_ms) > 0);
  } while (error != WAIT_TIMEOUT);
}

void op_wait(const struct recorder *recorder) {
  loop_until_count(fixture_own(), &recorder->done_count, recorder->start_count);
}

void assert_ends_at(const struct recorder *recorder, np_error result,
                    size_t transferred, const char *file, int line) {
  loop_until_count(fixture_own(), &recorder->start_count, 1);
  op_wait(recorder);
  assert_done_at(recorder, result, transferred, file, line);
}

void assert_next_at(const struct recorder *recorder, np_error result,
                    size_t transferred, const char *file, int line) {
  if (recorder->start_count == 0 ||
      recorder->done_count < recorder->start_count) {
    loop_until(fixture_own(), fixture_own()->done_count + 1);
  }
  assert_done_at(recorder, result, transferred, file, line);
}

void loop_settle(np_fixture *f) {
  while (loop_turn(f, 0) == NP_OK) {
  }
}

void reads_post(np_fixture *f) {
  unsigned done_count = f->done_count;

  assert_np_error(loop_turn(f, 0), WAIT_TIMEOUT);
  assert_int_equal(f->done_count, done_count);
}

void loop_drain(np_fixture *f) {
  uint64_t deadline_ms = deadline_make();

  while (np_loop_is_pending(f->loop)) {
    if (time_left_ms(deadline_ms) == 0) {
      fail_msg("%s", "something of the loop stays pending");
    }
    loop_step(f, deadline_ms);
  }
}

void loop_remake(np_fixture *f, np_loop_options *options) {
  loop_unmake(f);
  loop_make(f, options);
}

void loop_remake_foreign(np_fixture *f, ULONG_PTR key) {
  np_loop_options options;

  np_loop_options_init(&options);
  options.port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
  assert_non_null(options.port);
  options.completion_key = key;
  loop_remake(f, &options);
}

#define OPTIONS(noun)                        \
  np_##noun##_options noun##_options(void) { \
    np_##noun##_options options;             \
                                             \
    np_##noun##_options_init(&options);      \
    return options;                          \
  }
OPTIONS(loop)
OPTIONS(server)
OPTIONS(client)
OPTIONS(listener)
OPTIONS(channel)
OPTIONS(ready)

/* --- Pipes -------------------------------------------------------------- */

bool is_client_end(const np_fixture *f) {
  return (f->variant & END_CLIENT) != 0;
}

static void ends_set(np_fixture *f) {
  f->end = is_client_end(f) ? f->client : f->server;
  f->peer = is_client_end(f) ? f->server : f->client;
}

void server_listen(np_fixture *f) {
  assert_np_ok(
      np_server_create(f->loop, f->name, &f->server_options, &f->server));
  ends_set(f);
}

void client_open_end(np_fixture *f) {
  assert_np_ok(
      np_client_open(f->loop, f->name, &f->client_options, &f->client));
  ends_set(f);
}

np_pipe *server_add(np_fixture *f) {
  np_pipe *server = NULL;

  assert_np_ok(np_server_create(f->loop, f->name, &f->server_options, &server));
  return pipe_own(f, server);
}

np_pipe *client_add(np_fixture *f) {
  np_pipe *client = NULL;

  assert_np_ok(np_client_open(f->loop, f->name, &f->client_options, &client));
  return pipe_own(f, client);
}

void server_listen_again(np_fixture *f, struct recorder *recorder) {
  assert_np_ok(np_server_disconnect(f->server));
  connect_begin(recorder, f->server);
}

/* The server waits before the client comes: no source tells whether Windows
 * knows who a client with static tracking is that came first. */
void pair_open(np_fixture *f) {
  server_listen(f);
  connect_begin(&f->helper, f->server);
  client_open_end(f);
  assert_ends(&f->helper, NP_OK, 0);
}

void pair_open_quota(np_fixture *f, uint32_t bytes) {
  server_quotas(f, bytes, bytes);
  pair_open(f);
}

void pair_open_raw(np_fixture *f) {
  if (is_client_end(f)) {
    f->raw = raw_server(f);
    client_open_end(f);
  } else {
    server_listen(f);
    connect_begin(&f->helper, f->server);
    f->raw = raw_client(f, GENERIC_READ | GENERIC_WRITE);
    assert_ends(&f->helper, NP_OK, 0);
  }
}

void server_quotas(np_fixture *f, uint32_t in, uint32_t out) {
  f->server_options.in_buffer_bytes = in;
  f->server_options.out_buffer_bytes = out;
}

void options_inbound(np_fixture *f) {
  f->server_options.outbound = false;
  f->client_options.read = false;
  f->client_options.read_mode = NP_BYTE;
}

np_pipe *pipe_own(np_fixture *f, np_pipe *pipe) {
  assert_non_null(pipe);
  assert_true(f->extra_count < EXTRA_PIPES_MAX);
  f->extra[f->extra_count++] = pipe;
  return pipe;
}

void pipe_release(np_fixture *f, np_pipe *pipe) {
  f->server = f->server == pipe ? NULL : f->server;
  f->client = f->client == pipe ? NULL : f->client;
  f->end = f->end == pipe ? NULL : f->end;
  f->peer = f->peer == pipe ? NULL : f->peer;
  for (size_t i = 0; i < f->extra_count; i++) {
    if (f->extra[i] == pipe) {
      f->extra[i] = f->extra[--f->extra_count];
      return;
    }
  }
}

void pipe_close(np_fixture *f, np_pipe *pipe) {
  if (pipe == NULL) {
    return;
  }
  f->closing_count++;
  pipe_release(f, pipe);
  assert_np_ok(np_pipe_close(pipe, on_closed));
}

void pipe_close_wait(np_fixture *f, np_pipe *pipe) {
  pipe_close(f, pipe);
  loop_until_count(f, &f->closed_count, f->closing_count);
}

void pair_close(np_fixture *f) {
  pipe_close(f, f->server);
  pipe_close(f, f->client);
  loop_until_count(f, &f->closed_count, f->closing_count);
}

static void on_channel_closed(np_channel *channel) {
  np_fixture *f = fixture_own();

  assert_null(np_channel_pipe(channel));
  f->closed_order = callback_begin();
  f->closed_count++;
  callback_end();
}

np_pipe *pipe_closing(np_fixture *f) {
  np_pipe *pipe;

  pair_open(f);
  pipe = f->end;
  pipe_close(f, pipe);
  return pipe;
}

void channel_close(np_fixture *f, np_channel *channel) {
  if (channel == NULL) {
    return;
  }
  f->closing_count++;
  f->channel = f->channel == channel ? NULL : f->channel;
  f->opposite = f->opposite == channel ? NULL : f->opposite;
  assert_np_ok(np_channel_close(channel, on_channel_closed));
}

/* --- Operations --------------------------------------------------------- */

void read_begin(struct recorder *recorder, np_pipe *pipe, size_t length) {
  assert_true(length <= sizeof(recorder->buffer));
  op_begin(recorder, np_pipe_read(pipe, recorder->buffer, length, &recorder->op,
                                  on_done));
}

void write_begin(struct recorder *recorder, np_pipe *pipe, const void *data,
                 size_t length) {
  op_begin(recorder, np_pipe_write(pipe, data, length, &recorder->op, on_done));
}

void connect_begin(struct recorder *recorder, np_pipe *server) {
  op_begin(recorder, np_server_connect(server, &recorder->op, on_done));
}

void shutdown_begin(struct recorder *recorder, np_pipe *pipe) {
  op_begin(recorder, np_pipe_shutdown(pipe, &recorder->op, on_done));
}

void read_pend(np_fixture *f, struct recorder *recorder, np_pipe *pipe,
               size_t length) {
  read_begin(recorder, pipe, length);
  reads_post(f);
}

void pipe_send(np_fixture *f, np_pipe *pipe, const void *data, size_t length) {
  write_begin(&f->helper, pipe, data, length);
  assert_ends(&f->helper, NP_OK, length);
}

np_error pipe_receive(np_fixture *f, np_pipe *pipe, void *buffer, size_t size,
                      size_t *length) {
  op_begin(&f->helper,
           np_pipe_read(pipe, buffer, size, &f->helper.op, on_done));
  op_wait(&f->helper);
  *length = f->helper.transferred;
  assert_true(*length <= size);
  return f->helper.result;
}
