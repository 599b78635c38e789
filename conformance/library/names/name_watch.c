/* np_name_watch_start and np_name_watch_stop: notice of new and of gone
 * names. */
#include "library/fixture.h"

#include <stdio.h>

static struct {
  np_name_watch watch; /* first */
  np_fixture *f;
  np_name_state state; /* of f->name, at the last call */
  unsigned calls;
  bool stops; /* in its callback */
} watcher[2];

static void on_watch(np_name_watch *watch) {
  const size_t index = watch == &watcher[1].watch;

  callback_begin();
  assert_np_ok(np_name_query(watcher[index].f->name, &watcher[index].state));
  watcher[index].calls++;
  if (watcher[index].stops) {
    np_name_watch_stop(watch);
  }
  callback_end();
}

static void on_watch_never(np_name_watch *watch) {
  (void)watch;
  fail_msg("%s", "nothing is watched");
}

static void watches_stop(np_fixture *f) {
  (void)f;
  np_name_watch_stop(&watcher[0].watch);
  np_name_watch_stop(&watcher[1].watch);
}

static void watch_begin(np_fixture *f, size_t index) {
  memset(&watcher[index], 0, sizeof(watcher[index]));
  watcher[index].f = f;
  watcher[index].state = (np_name_state)99;
  f->ending = watches_stop;
  assert_np_ok(np_name_watch_start(f->loop, &watcher[index].watch, on_watch));
  assert_int_equal(watcher[index].calls, 0);
}

/* until_state runs the loop until the watch has seen `state`. */
static void until_state(np_fixture *f, size_t index, np_name_state state) {
  const uint64_t begin_ms = world_now_ms();

  while (watcher[index].state != state) {
    assert_true(world_now_ms() - begin_ms < world_timeout_ms(LOOP_WAIT_MS));
    loop_turn(f, 100);
  }
}

NP_CASE("name-watch/changes", np_name_watch_start, NO_MODE, NP_OK,
        "The function sees what exists at the start, then that a name has "
        "begun to exist, then that it has ended.",
        "NtNotifyChangeDirectoryFile; npipe/names.h") {
  watch_begin(f, 0);
  until_state(f, 0, NP_NAME_MISSING);
  for (unsigned i = 0; i < 5; i++) {
    round_name("round %u", i);
    server_listen(f);
    until_state(f, 0, NP_NAME_LISTENING);
    pipe_close(f, f->server);
    until_state(f, 0, NP_NAME_MISSING);
  }
}

NP_CASE("name-watch/two", np_name_watch_start, NO_MODE, NP_OK,
        "Two watches of a loop both see a change; one that is stopped in its "
        "own function sees no more.",
        "npipe/names.h") {
  unsigned seen;

  watch_begin(f, 0);
  watch_begin(f, 1);
  server_listen(f);
  until_state(f, 0, NP_NAME_LISTENING);
  until_state(f, 1, NP_NAME_LISTENING);
  watcher[1].stops = true;
  pipe_close(f, f->server);
  until_state(f, 0, NP_NAME_MISSING);
  until_state(f, 1, NP_NAME_MISSING);
  seen = watcher[1].calls;
  server_listen(f);
  until_state(f, 0, NP_NAME_LISTENING);
  assert_int_equal(watcher[1].calls, seen);
}

NP_CASE("name-watch/keeps-running", np_name_watch_start, NO_MODE, NP_OK,
        "A started watch keeps the loop running, and a stopped one does not.",
        "npipe/names.h") {
  watch_begin(f, 0);
  assert_true(np_loop_is_pending(f->loop));
  loop_settle(f);
  assert_true(np_loop_is_pending(f->loop));
  assert_np_error(np_loop_destroy(f->loop), ERROR_BUSY);
  np_name_watch_stop(&watcher[0].watch);
  loop_drain(f);
  assert_false(np_loop_is_pending(f->loop));
}

NP_CASE("name-watch/stop", np_name_watch_stop, NO_MODE, NP_OK,
        "After the stop the function does not run, also if a change was "
        "noticed before. A second stop does nothing, and the watch can be "
        "started again.",
        "npipe/names.h") {
  unsigned seen;

  np_name_watch_stop(NULL);
  watch_begin(f, 0);
  until_state(f, 0, NP_NAME_MISSING);
  server_listen(f);
  seen = watcher[0].calls;
  np_name_watch_stop(&watcher[0].watch);
  np_name_watch_stop(&watcher[0].watch);
  loop_quiet(f);
  assert_int_equal(watcher[0].calls, seen);
  watch_begin(f, 0);
  until_state(f, 0, NP_NAME_LISTENING);
}

NP_CASE("name-watch/busy", np_name_watch_start, NO_MODE, ERROR_BUSY,
        "A watch that is started cannot be started again.", "npipe/names.h") {
  watch_begin(f, 0);
  assert_np_error(
      np_name_watch_start(f->loop, &watcher[0].watch, on_watch_never),
      ERROR_BUSY);
}

NP_CASE("name-watch/null", np_name_watch_start, NO_MODE,
        ERROR_INVALID_PARAMETER,
        "Without a loop, a watch or a function nothing is started.",
        "npipe/names.h") {
  np_name_watch watch = {0};

  assert_invalid(np_name_watch_start(NULL, &watch, on_watch_never));
  assert_invalid(np_name_watch_start(f->loop, NULL, on_watch_never));
  assert_invalid(np_name_watch_start(f->loop, &watch, NULL));
  assert_false(np_loop_is_pending(f->loop));
}

NP_CASE("name-watch/memory", np_name_watch_start, NO_MODE, NP_OK,
        "Without memory for the kernel's notice the watch polls.",
        "npipe/names.h") {
  f->allocator.is_out = true;
  watch_begin(f, 0);
  f->allocator.is_out = false;
  until_state(f, 0, NP_NAME_MISSING);
  server_listen(f);
  until_state(f, 0, NP_NAME_LISTENING);
}
