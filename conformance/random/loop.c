/* The loops of a run: one with its own port, and perhaps one on a port of the
 * caller. The laws: a turn succeeds only if something happened, and it returns
 * no error that nothing caused. */
#include "play.h"

enum { FOREIGN_KEY = 77 };

bool loop_make(struct play *play, bool foreign) {
  np_loop_options options;
  np_error error;

  np_loop_options_init(&options);
  options.allocator = memory_allocator(&play->memory);
  if (foreign) {
    play->port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
    options.port = play->port;
    options.completion_key = FOREIGN_KEY;
  }
  error = np_loop_create(&options, &play->loops[play->loop_count]);
  if (error != NP_OK) {
    play_fail(play, "np_loop_create gave %s", np_error_name(error));
    return false;
  }
  play->loop_count++;
  return true;
}

/* foreign_turn runs one turn of a loop on the caller's port. `*waited` becomes
 * true if the wait ended and nothing was due. */
static np_error foreign_turn(struct play *play, np_loop *loop, uint32_t wait_ms,
                             bool *waited) {
  OVERLAPPED_ENTRY entries[16];
  ULONG count = 0;
  uint32_t due_ms;
  np_error error = np_loop_dispatch(loop, NULL, 0);

  if (error != NP_OK) {
    return error;
  }
  due_ms = np_loop_wait_ms(loop);
  if (!GetQueuedCompletionStatusEx(play->port, entries, 16, &count,
                                   due_ms < wait_ms ? due_ms : wait_ms,
                                   FALSE)) {
    error = GetLastError();
    *waited = error == WAIT_TIMEOUT && wait_ms > 0 && wait_ms < due_ms;
    return error;
  }
  return np_loop_dispatch(loop, entries, count);
}

/* own_turn runs one turn of a loop with its own port. The law: it succeeds only
 * if a callback ran, the loop was stopped, or the last pending work ended. */
static np_error own_turn(struct play *play, unsigned index, uint32_t wait_ms,
                         bool *waited) {
  np_loop *loop = play->loops[index];
  const bool was_pending = np_loop_is_pending(loop);
  const size_t functions = play->callbacks + play->io_calls;
  const np_error error = np_loop_run_once(loop, wait_ms);

  *waited = error == WAIT_TIMEOUT && wait_ms > 0;
  if (error == NP_OK && play->callbacks + play->io_calls == functions &&
      !play->was_stopped[index] && (!was_pending || np_loop_is_pending(loop))) {
    play_fail(play, "a turn of loop %u succeeded without a callback", index);
  }
  play->was_stopped[index] = false;
  return error;
}

void check_turn(struct play *play, unsigned index, np_error error) {
  if (play->has_forgotten != (error == ERROR_BAD_IMPERSONATION_LEVEL)) {
    play_fail(play, "a revert was%s forgotten, and a turn of loop %u gave %s",
              play->has_forgotten ? "" : " not", index, np_error_name(error));
  } else if (play->has_forgotten) {
    play->has_forgotten = false;
    play->was_cut[index] = true;
  } else if (error != NP_OK && error != WAIT_TIMEOUT &&
             !(error == ERROR_NO_SYSTEM_RESOURCES && play->faults)) {
    play_fail(play, "a turn of loop %u gave %s", index, np_error_name(error));
  }
}

void turn(struct play *play, unsigned index, uint32_t wait_ms) {
  np_loop *loop = play->loops[index];
  const size_t callbacks = play->callbacks;
  np_error error;

  if (play->in_loop >= 0) {
    error = np_loop_run_once(loop, 0);
    if ((unsigned)play->in_loop == index && error != ERROR_BUSY) {
      play_fail(play, "np_loop_run_once in a callback of its loop gave %s",
                np_error_name(error));
    }
    return;
  }
  due_turn_begins(play, index);
  play->turn_wait_ms = wait_ms;
  play->in_loop = (int)index;
  error = np_loop_port(loop) == play->port
              ? foreign_turn(play, loop, wait_ms, &play->turn_waited)
              : own_turn(play, index, wait_ms, &play->turn_waited);
  play->in_loop = -1;
  say(play, "loop %u turned, waiting %u ms: %s, %zu callbacks", index,
      (unsigned)wait_ms, np_error_name(error), play->callbacks - callbacks);
  check_turn(play, index, error);
  due_turn_ended(play, index);
}
