/* FlushFileBuffers: it blocks its thread until the peer has read. */
#include "fixture.h"

static DWORD WINAPI flush(void *argument) {
  return FlushFileBuffers((HANDLE)argument) ? 0 : GetLastError();
}

/* Starts a flush of data that nobody reads yet. */
static HANDLE flush_start(struct platform *f) {
  HANDLE worker;

  pair_create(f);
  assert_result(win_write(f, f->end, "abcd", 4), 0, 4);
  worker = worker_start(f, flush, f->end);
  assert_true(worker_is_blocked(worker));
  return worker;
}

NP_PLATFORM_CASE("platform/flush/nothing-unread", FlushFileBuffers,
                 ANY_MODE | BOTH_ENDS, NO_ERROR,
                 "With nothing unread a flush returns at once, whatever is "
                 "unread the other way.",
                 "wine kernel32/tests/pipe.c#test_blocking_rw") {
  pair_create(f);
  assert_call(FlushFileBuffers(f->end));
  assert_result(win_write(f, f->end, "abcd", 4), 0, 4);
  assert_read(f, f->peer, "abcd");
  assert_result(win_write(f, f->peer, "efgh", 4), 0, 4);
  assert_call(FlushFileBuffers(f->end));
}

NP_PLATFORM_CASE("platform/flush/until-read", FlushFileBuffers,
                 ANY_MODE | BOTH_ENDS, NO_ERROR,
                 "A flush blocks, on an overlapped handle too, until the peer "
                 "has read the last byte.",
                 "wine kernel32/tests/pipe.c#test_blocking_rw; museum F09") {
  char room[4];
  HANDLE worker = flush_start(f);

  assert_int_equal(win_read(f, f->peer, room, 3).bytes, 3);
  assert_true(worker_is_blocked(worker));
  assert_int_equal(win_read(f, f->peer, room, 3).bytes, 1);
  assert_error(worker_join(worker), 0);
}

NP_PLATFORM_CASE("platform/flush/peer-closes", FlushFileBuffers,
                 ANY_MODE | BOTH_ENDS, ERROR_BROKEN_PIPE,
                 "A flush ends with ERROR_BROKEN_PIPE when the peer leaves.",
                 "wine kernel32/tests/pipe.c#test_blocking_rw") {
  HANDLE worker = flush_start(f);

  peer_close(f);
  assert_error(worker_join(worker), ERROR_BROKEN_PIPE);
}

NP_PLATFORM_CASE("platform/flush/disconnected", FlushFileBuffers,
                 ANY_MODE | BOTH_ENDS, ERROR_PIPE_NOT_CONNECTED,
                 "A flush of either end ends with ERROR_PIPE_NOT_CONNECTED at "
                 "a disconnect.",
                 "reactos npfs#NpSetDisconnectedPipeState") {
  HANDLE worker = flush_start(f);

  win_disconnect(f);
  assert_error(worker_join(worker), ERROR_PIPE_NOT_CONNECTED);
}

NP_PLATFORM_CASE("platform/flush/reader", FlushFileBuffers, NO_MODE,
                 ERROR_ACCESS_DENIED,
                 "A handle that may not write may not flush.",
                 "FlushFileBuffers#parameters; museum S07") {
  HANDLE client;

  pair_listen(f);
  client = client_open(f, GENERIC_READ, 0);
  assert_call(client != INVALID_HANDLE_VALUE);
  assert_refused(FlushFileBuffers(client), ERROR_ACCESS_DENIED);
}
