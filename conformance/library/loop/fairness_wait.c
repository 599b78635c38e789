/* Bounded waiting. Each kind of ready thing (the "waiting thing") competes with
 * each kind of endless work (the "busy work"), in each way to run a loop. The
 * busy work counts its callbacks. The waiting thing becomes ready in one of
 * these callbacks, and must run before WAIT_MAX more of them.
 *
 * A kernel that answers late makes the thing ready later than the case knows,
 * and so does a system that must flush with a thread. The thing must then run
 * before LATE_WAIT_MAX callbacks: endless work does not starve it. */
#include "library/fixture.h"
#include "platform/nt.h"

enum busy { WRITES, READS, PACKETS, TASKS, TIMERS, SENDS, BUSY_KINDS };
enum way { RUN, RUN_ONCE, DISPATCH, WAYS };

enum {
  WARM = 200, /* busy callbacks before the waiting thing is ready */
  THINGS = 4, /* the waiting thing, and the busy work's ready things */
  WAIT_MAX = THINGS * NP_LOOP_CALLBACKS_MAX,
  LATE_WAIT_MAX = 2000000,
  PROBES = 64,  /* writes that show whether the kernel answers late */
  LARGE = 8192, /* does not fit the pipe of the busy work                */
  QUOTA_BYTES = 1024,
  KEY = 0x4C
};

static struct scene {
  np_fixture *f;
  enum busy busy;
  void (*begin)(void); /* makes the waiting thing ready                      */
  unsigned callbacks;  /* callbacks of the busy work so far */
  unsigned begun_at;
  unsigned waited;   /* busy callbacks between ready and run */
  unsigned wait_max; /* after so many the busy work gives up */
  bool is_over;
  unsigned feeds; /* what is in flight of a busy read and its write */

  np_pipe *end; /* the busy work's end */
  np_pipe *peer;
  np_channel *channel;
  np_op op;
  np_op peer_op;
  np_task task;
  np_timer timer;
  char in[LARGE];

  np_pipe *other_end; /* the waiting thing's end */
  np_pipe *other_peer;
  np_channel *other_channel;
  np_listener *listener;
  np_op other_op;
  np_op other_peer_op;
  np_task other_task;
  np_timer other_timer;
  np_client_request request;
  char other_in[16];
} scene;

static const char large[LARGE];

/* --- The ends ------------------------------------------------------------ */

static void on_nothing(np_op *op, np_error error, size_t transferred) {
  (void)op;
  (void)error;
  (void)transferred;
}

static void name_of(char out[WORLD_PIPE_NAME_BYTES_MAX], char suffix) {
  size_t length = strlen(scene.f->name);

  assert_true(length + 2 < WORLD_PIPE_NAME_BYTES_MAX);
  memcpy(out, scene.f->name, length);
  out[length] = suffix;
  out[length + 1] = '\0';
}

static void turns(unsigned count) {
  for (unsigned i = 0; i < count; i++) {
    loop_turn(scene.f, 0);
  }
}

static void on_connected(np_op *op, np_error error, size_t transferred) {
  (void)transferred;
  assert_np_ok(error);
  op->user = &scene;
}

static void open_pair(char suffix, np_pipe **end, np_pipe **peer) {
  char name[WORLD_PIPE_NAME_BYTES_MAX];
  np_server_options options = scene.f->server_options;
  np_op connect = {.user = NULL};

  name_of(name, suffix);
  options.in_buffer_bytes = QUOTA_BYTES;
  options.out_buffer_bytes = QUOTA_BYTES;
  assert_np_ok(np_server_create(scene.f->loop, name, &options, end));
  assert_np_ok(
      np_client_open(scene.f->loop, name, &scene.f->client_options, peer));
  assert_np_ok(np_server_connect(*end, &connect, on_connected));
  while (connect.user == NULL) {
    loop_turn(scene.f, 1);
  }
}

/* --- What the kernel can -------------------------------------------------- */

static void on_probed(np_op *op, np_error error, size_t transferred) {
  (void)transferred;
  assert_np_ok(error);
  op->user = NULL;
}

/* answers_late returns true if a write that could end within its call may
 * pend. */
static bool answers_late(np_fixture *f) {
  bool is_late = false;
  np_op op = {.user = NULL};

  memset(&scene, 0, sizeof(scene));
  scene.f = f;
  open_pair('p', &scene.end, &scene.peer);
  for (unsigned i = 0; i < PROBES; i++) {
    op.user = &scene;
    assert_np_ok(np_pipe_write(scene.end, NULL, 0, &op, on_probed));
    loop_turn(f, 0);
    is_late = is_late || op.user != NULL;
    while (op.user != NULL) {
      loop_turn(f, 1);
    }
  }
  np_pipe_close(scene.end, NULL);
  np_pipe_close(scene.peer, NULL);
  loop_drain(f);
  return is_late;
}

/* has_flush_control returns true if the kernel flushes without a thread. */
static bool has_flush_control(HANDLE pipe) {
  HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);
  IO_STATUS_BLOCK block = {.Information = 0};
  NTSTATUS status;

  assert_non_null(event);
  status = NtFsControlFile(pipe, event, NULL, NULL, &block, NT_FSCTL_PIPE_FLUSH,
                           NULL, 0, NULL, 0);
  if ((DWORD)status == NT_PENDING) {
    WaitForSingleObject(event, INFINITE);
    status = (NTSTATUS)NT_OK;
  }
  CloseHandle(event);
  return status >= 0;
}

/* --- The waiting thing ---------------------------------------------------- */

/* has_run: the waiting thing has run, so the busy work ends. */
static void has_run(void) {
  scene.is_over = true;
  scene.waited = scene.callbacks - scene.begun_at;
  np_loop_stop(scene.f->loop);
}

static void on_other(np_op *op, np_error error, size_t transferred) {
  (void)op;
  (void)transferred;
  assert_np_ok(error);
  has_run();
}

static void callback_begins(void) {
  assert_np_ok(
      np_pipe_write(scene.other_end, "x", 1, &scene.other_op, on_other));
}

static void read_begins(void) {
  assert_np_ok(np_pipe_write(scene.other_peer, "x", 1, &scene.other_peer_op,
                             on_nothing));
  assert_np_ok(np_pipe_read(scene.other_end, scene.other_in, 1, &scene.other_op,
                            on_other));
}

/* The read went to the kernel before the busy work began. */
static void packet_begins(void) {
  assert_np_ok(np_pipe_write(scene.other_peer, "x", 1, &scene.other_peer_op,
                             on_nothing));
}

/* flush_begins reads what the flush waits for. */
static void flush_begins(void) {
  assert_np_ok(np_pipe_read(scene.other_peer, scene.other_in, 1,
                            &scene.other_peer_op, on_nothing));
}

static void on_other_task(np_task *task) {
  (void)task;
  has_run();
}

static void task_begins(void) {
  assert_np_ok(np_loop_post(scene.f->loop, &scene.other_task, on_other_task));
}

static void on_other_timer(np_timer *timer) {
  (void)timer;
  has_run();
}

static void timer_begins(void) {
  assert_np_ok(
      np_timer_start(scene.f->loop, &scene.other_timer, 0, on_other_timer));
}

static void send_begins(void) {
  assert_np_ok(
      np_channel_send(scene.other_channel, "x", 1, &scene.other_op, on_other));
}

static void on_handed_out(np_listener *listener, np_pipe *pipe) {
  (void)listener;
  np_pipe_close(pipe, NULL);
  has_run();
}

static void accept_begins(void) {
  char name[WORLD_PIPE_NAME_BYTES_MAX];
  np_listener_options options = listener_options();

  name_of(name, 'l');
  options.backlog = 1;
  assert_np_ok(np_listener_create(scene.f->loop, name, &options, on_handed_out,
                                  &scene.listener));
  assert_np_ok(np_client_open(scene.f->loop, name, NULL, &scene.other_peer));
}

static void on_client(np_client_request *request, np_error error,
                      np_pipe *client) {
  (void)request;
  assert_np_ok(error);
  scene.other_peer = client;
  has_run();
}

static void request_begins(void) {
  char name[WORLD_PIPE_NAME_BYTES_MAX];

  name_of(name, 'r');
  assert_np_ok(np_server_create(scene.f->loop, name, NULL, &scene.other_end));
  assert_np_ok(np_client_connect(scene.f->loop, &scene.request, name, NULL, 0,
                                 on_client));
}

/* --- The busy work -------------------------------------------------------- */

/* has_starved also ends a run of the loop, whose busy work has stopped. */
static bool has_starved(void) {
  if (scene.callbacks < WARM + scene.wait_max) {
    return false;
  }
  np_loop_stop(scene.f->loop);
  return true;
}

/* goes_on returns whether the busy work continues. Operations that end after
 * the waiting thing has run may have failed. */
static bool goes_on(np_error error) {
  if (!scene.is_over) {
    assert_np_ok(error);
  }
  scene.callbacks++;
  if (scene.callbacks == WARM) {
    scene.begun_at = scene.callbacks;
    scene.begin();
  }
  return !scene.is_over && !has_starved();
}

static void writes_go_on(np_op *op, np_error error, size_t transferred) {
  (void)transferred;
  if (goes_on(error)) {
    assert_np_ok(np_pipe_write(scene.end, NULL, 0, op, writes_go_on));
  }
}

static void reads_go_on(np_op *op, np_error error, size_t transferred);

/* read_fed begins a read and the write that feeds it. */
static void read_fed(void) {
  scene.feeds = 2;
  assert_np_ok(np_pipe_write(scene.peer, "x", 1, &scene.peer_op, reads_go_on));
  assert_np_ok(np_pipe_read(scene.end, scene.in, 1, &scene.op, reads_go_on));
}

/* Only the read counts. A kernel that answers late may end the write last. */
static void reads_go_on(np_op *op, np_error error, size_t transferred) {
  (void)transferred;
  scene.feeds--;
  if (op == &scene.op ? goes_on(error) && scene.feeds == 0
                      : scene.feeds == 0 && !scene.is_over && !has_starved()) {
    read_fed();
  }
}

/* A write that does not fit pends until the other end reads. Its completion
 * comes by the port. */
static void packets_go_on(np_op *op, np_error error, size_t transferred) {
  if (op == &scene.peer_op) {
    if (transferred > 0 && !scene.is_over) {
      assert_np_ok(np_pipe_read(scene.end, scene.in, LARGE, op, packets_go_on));
    }
  } else if (goes_on(error)) {
    assert_np_ok(np_pipe_write(scene.peer, large, LARGE, op, packets_go_on));
  }
}

static void tasks_go_on(np_task *task) {
  if (goes_on(NP_OK)) {
    assert_np_ok(np_loop_post(scene.f->loop, task, tasks_go_on));
  }
}

static void timers_go_on(np_timer *timer) {
  if (goes_on(NP_OK)) {
    assert_np_ok(np_timer_start(scene.f->loop, timer, 0, timers_go_on));
  }
}

static void sends_go_on(np_op *op, np_error error, size_t transferred) {
  (void)transferred;
  if (goes_on(error)) {
    assert_np_ok(np_channel_send(scene.channel, NULL, 0, op, sends_go_on));
  }
}

static void busy_begins(void) {
  switch (scene.busy) {
    case WRITES:
      assert_np_ok(np_pipe_write(scene.end, NULL, 0, &scene.op, writes_go_on));
      break;
    case READS:
      read_fed();
      break;
    case PACKETS:
      assert_np_ok(np_pipe_read(scene.end, scene.in, LARGE, &scene.peer_op,
                                packets_go_on));
      assert_np_ok(
          np_pipe_write(scene.peer, large, LARGE, &scene.op, packets_go_on));
      break;
    case TASKS:
      assert_np_ok(np_loop_post(scene.f->loop, &scene.task, tasks_go_on));
      break;
    case TIMERS:
      assert_np_ok(
          np_timer_start(scene.f->loop, &scene.timer, 0, timers_go_on));
      break;
    default:
      assert_np_ok(np_channel_create(scene.end, NULL, &scene.channel));
      assert_np_ok(
          np_channel_send(scene.channel, NULL, 0, &scene.op, sends_go_on));
      break;
  }
}

/* --- One scene ------------------------------------------------------------ */

static void scene_end(void) {
  if (scene.channel != NULL) {
    np_channel_close(scene.channel, NULL);
  } else {
    np_pipe_close(scene.end, NULL);
  }
  np_pipe_close(scene.peer, NULL);
  if (scene.other_channel != NULL) {
    np_channel_close(scene.other_channel, NULL);
  } else {
    np_pipe_close(scene.other_end, NULL);
  }
  np_pipe_close(scene.other_peer, NULL);
  np_listener_close(scene.listener, NULL);
  loop_drain(scene.f);
}

static void write_now(np_pipe *pipe) {
  np_op op = {.user = &scene};

  assert_np_ok(np_pipe_write(pipe, "x", 1, &op, on_probed));
  while (op.user != NULL) {
    loop_turn(scene.f, 1);
  }
}

static void scene_play(np_fixture *f, enum busy busy, enum way way,
                       void (*begin)(void), bool is_late) {
  memset(&scene, 0, sizeof(scene));
  scene.f = f;
  scene.busy = busy;
  scene.begin = begin;
  open_pair('b', &scene.end, &scene.peer);
  if (begin != accept_begins && begin != request_begins) {
    open_pair('w', &scene.other_end, &scene.other_peer);
  }
  if (begin == flush_begins) {
    is_late = is_late || !has_flush_control(np_pipe_handle(scene.other_end));
  }
  scene.wait_max = is_late ? LATE_WAIT_MAX : WAIT_MAX;
  if (begin == packet_begins) {
    assert_np_ok(np_pipe_read(scene.other_end, scene.other_in, 1,
                              &scene.other_op, on_other));
    turns(2);
  } else if (begin == flush_begins) {
    write_now(scene.other_end);
    assert_np_ok(np_pipe_flush(scene.other_end, &scene.other_op, on_other));
  } else if (begin == send_begins) {
    assert_np_ok(
        np_channel_create(scene.other_end, NULL, &scene.other_channel));
  }
  busy_begins();
  while (!scene.is_over && !has_starved()) {
    if (way == RUN) {
      assert_np_ok(loop_run(f));
    } else {
      loop_turn(f, 0);
    }
  }
  if (!scene.is_over || scene.waited > scene.wait_max) {
    fail_msg("busy kind %d, way %d: it waited for %u callbacks of others",
             (int)busy, (int)way,
             scene.is_over ? scene.waited : scene.callbacks - scene.begun_at);
  }
  scene_end();
}

static void waits_are_bounded(np_fixture *f, void (*begin)(void)) {
  const bool is_late = answers_late(f);

  for (enum way way = RUN; way < WAYS; way++) {
    if (way == DISPATCH) {
      loop_remake_foreign(f, KEY);
    }
    for (enum busy busy = WRITES; busy < BUSY_KINDS; busy++) {
      scene_play(f, busy, way, begin, is_late);
    }
  }
}

NP_CASE("fairness-wait/callback", np_pipe_write, MODE_BYTE, NP_OK,
        "The callback of an operation that ended at once runs soon, beside any "
        "kind of endless work.",
        "npipe/loop.h, NP_LOOP_CALLBACKS_MAX") {
  waits_are_bounded(f, callback_begins);
}

NP_CASE(
    "fairness-wait/read", np_pipe_read, MODE_BYTE, NP_OK,
    "A read whose data is there ends soon, beside any kind of endless work.",
    "npipe/loop.h, NP_LOOP_CALLBACKS_MAX") {
  waits_are_bounded(f, read_begins);
}

NP_CASE("fairness-wait/packet", np_pipe_read, MODE_BYTE, NP_OK,
        "A packet in the port is taken soon, beside any kind of endless work.",
        "npipe/loop.h, NP_LOOP_CALLBACKS_MAX") {
  waits_are_bounded(f, packet_begins);
}

NP_CASE("fairness-wait/task", np_loop_post, MODE_BYTE, NP_OK,
        "A posted task runs soon, beside any kind of endless work.",
        "npipe/loop.h, NP_LOOP_CALLBACKS_MAX") {
  waits_are_bounded(f, task_begins);
}

NP_CASE("fairness-wait/timer", np_timer_start, MODE_BYTE, NP_OK,
        "A timer that is due runs soon, beside any kind of endless work.",
        "npipe/loop.h, NP_LOOP_CALLBACKS_MAX") {
  waits_are_bounded(f, timer_begins);
}

NP_CASE(
    "fairness-wait/send", np_channel_send, MODE_BYTE, NP_OK,
    "A message that a channel has gathered is sent soon, beside any kind of "
    "endless work.",
    "npipe/loop.h, NP_LOOP_CALLBACKS_MAX") {
  waits_are_bounded(f, send_begins);
}

NP_CASE("fairness-wait/accept", np_listener_create, MODE_BYTE, NP_OK,
        "A client of a listener is handed out soon, beside any kind of endless "
        "work.",
        "npipe/loop.h, NP_LOOP_CALLBACKS_MAX") {
  waits_are_bounded(f, accept_begins);
}

NP_CASE("fairness-wait/request", np_client_connect, MODE_BYTE, NP_OK,
        "The callback of a request that finds a free instance runs soon, "
        "beside any kind of endless work.",
        "npipe/loop.h, NP_LOOP_CALLBACKS_MAX") {
  waits_are_bounded(f, request_begins);
}

NP_CASE("fairness-wait/flush", np_pipe_flush, MODE_BYTE, NP_OK,
        "A flush whose bytes the peer reads ends soon, beside any kind of "
        "endless work.",
        "npipe/loop.h, NP_LOOP_CALLBACKS_MAX") {
  waits_are_bounded(f, flush_begins);
}
