/* np_pipe_flush: it completes when the peer has read everything, and the loop
 * is not blocked meanwhile. */
#include "library/ready/ready_common.h"

static void flush_begin(struct recorder *recorder, np_pipe *pipe) {
  op_begin(recorder, np_pipe_flush(pipe, &recorder->op, on_done));
}

/* flushing opens a pair, writes ten bytes that the peer does not read, and
 * starts a flush. */
static void flushing(np_fixture *f, struct recorder *recorder) {
  pair_open(f);
  pipe_send(f, f->end, "0123456789", 10);
  flush_begin(recorder, f->end);
  loop_quiet(f);
  assert_int_equal(recorder->done_count, 0);
}

/* --- Success ------------------------------------------------------------ */

NP_CASE("flush/waits", np_pipe_flush, ANY_MODE | BOTH_ENDS, NP_OK,
        "A flush ends when the peer has read everything, and not before.",
        "FlushFileBuffers#remarks") {
  char part[4];
  size_t got = 0;

  flushing(f, &f->ops[0]);
  assert_np_error(pipe_receive(f, f->peer, part, 4, &got),
                  (f->variant & MODE_MESSAGE) != 0 ? ERROR_MORE_DATA : NP_OK);
  assert_quiet(f, 0);
  assert_received(f, f->peer, "456789", 6);
  assert_next(&f->ops[0], NP_OK, 0);
}

NP_CASE("flush/nothing-unread", np_pipe_flush, ANY_MODE | BOTH_ENDS, NP_OK,
        "A flush ends at once, from the loop, if nothing is unread.",
        "FlushFileBuffers#remarks") {
  pair_open(f);
  flush_begin(&f->ops[0], f->end);
  assert_int_equal(f->done_count, 0);
  assert_next(&f->ops[0], NP_OK, 0);
  assert_passes(f, f->end, f->peer, "hello", 5);
  flush_begin(&f->ops[1], f->end);
  assert_next(&f->ops[1], NP_OK, 0);
}

NP_CASE("flush/pending-write", np_pipe_flush, ANY_MODE | BOTH_ENDS, NP_OK,
        "A flush also waits for a pending write.", "FlushFileBuffers#remarks") {
  const char *pattern = ready_pattern();

  pair_open_quota(f, READY_QUOTA);
  write_begin(&f->ops[0], f->end, pattern, 3 * READY_QUOTA);
  flush_begin(&f->ops[1], f->end);
  assert_quiet(f, 0);
  assert_received(f, f->peer, pattern, 3 * READY_QUOTA);
  assert_ends(&f->ops[0], NP_OK, 3 * READY_QUOTA);
  assert_ends(&f->ops[1], NP_OK, 0);
}

NP_CASE("flush/tried-write", np_pipe_flush, ANY_MODE | BOTH_ENDS, NP_OK,
        "A flush also waits for data that np_pipe_try_write has taken.",
        "npipe/io.h") {
  const char *pattern = ready_pattern();

  pair_open_quota(f, READY_QUOTA);
  assert_try_write(f->end, pattern, 3 * READY_QUOTA, NP_OK, 3 * READY_QUOTA);
  flush_begin(&f->ops[0], f->end);
  assert_quiet(f, 0);
  assert_received(f, f->peer, pattern, 3 * READY_QUOTA);
  assert_next(&f->ops[0], NP_OK, 0);
}

NP_CASE("flush/empty-message", np_pipe_flush, MESSAGE_TYPE | BOTH_ENDS, NP_OK,
        "An empty message is unread, too.", "FlushFileBuffers#remarks") {
  char byte = 0;
  size_t got = 9;

  pair_open(f);
  pipe_send(f, f->end, "", 0);
  flush_begin(&f->ops[0], f->end);
  assert_np_ok(pipe_receive(f, f->peer, &byte, 1, &got));
  assert_int_equal(got, 0);
  assert_next(&f->ops[0], NP_OK, 0);
}

NP_CASE("flush/read-only-end", np_pipe_flush, BOTH_ENDS, NP_OK,
        "A flush at an end that cannot write ends at once, whatever the end "
        "itself has not read.",
        "npipe/io.h; museum S07") {
  pair_open_one_way(f, true);
  pipe_send(f, f->peer, "hello", 5);
  flush_begin(&f->ops[0], f->end);
  assert_int_equal(f->done_count, 0);
  assert_next(&f->ops[0], NP_OK, 0);
  assert_received(f, f->end, "hello", 5);
}

NP_CASE("flush/write-only-end", np_pipe_flush, BOTH_ENDS, NP_OK,
        "A flush at an end that can only write waits like any other.",
        "FlushFileBuffers#remarks") {
  pair_open_one_way(f, false);
  pipe_send(f, f->end, "hello", 5);
  flush_begin(&f->ops[0], f->end);
  assert_quiet(f, 0);
  assert_received(f, f->peer, "hello", 5);
  assert_next(&f->ops[0], NP_OK, 0);
}

NP_CASE("flush/listening", np_pipe_flush, ANY_MODE, NP_OK,
        "A flush ends at once before a client has come.",
        "FlushFileBuffers#remarks") {
  server_listen(f);
  flush_begin(&f->ops[0], f->server);
  assert_next(&f->ops[0], NP_OK, 0);
}

NP_CASE("flush/peer-had-gone", np_pipe_flush, ANY_MODE | BOTH_ENDS, NP_OK,
        "A flush ends at once after the peer has gone.",
        "FlushFileBuffers#remarks") {
  pair_open(f);
  pipe_close_wait(f, f->peer);
  flush_begin(&f->ops[0], f->end);
  assert_next(&f->ops[0], NP_OK, 0);
}

NP_CASE("flush/loop-goes-on", np_pipe_flush, ANY_MODE | BOTH_ENDS, NP_OK,
        "While it waits everything else goes on: this end reads and writes, "
        "timers run.",
        "npipe/io.h") {
  flushing(f, &f->ops[0]);
  assert_passes(f, f->peer, f->end, "back", 4);
  assert_np_ok(np_timer_start(f->loop, &f->timers[0].timer, 5, on_timer));
  loop_until_count(f, &f->timers[0].run_count, 1);
  assert_int_equal(f->done_count, 0);
  assert_received(f, f->peer, "0123456789", 10);
  loop_until(f, 1);
}

NP_CASE("flush/keeps-running", np_loop_run, ANY_MODE, NP_OK,
        "A flush in flight keeps the loop running.", "npipe/loop.h") {
  flushing(f, &f->ops[0]);
  assert_true(np_loop_is_pending(f->loop));
  read_begin(&f->ops[1], f->peer, 10);
  assert_np_ok(loop_run(f));
  assert_done(&f->ops[0], NP_OK, 0);
  assert_done(&f->ops[1], NP_OK, 10);
}

NP_CASE("flush/several", np_pipe_flush, ANY_MODE | BOTH_ENDS, NP_OK,
        "Several flushes may wait at the same time; each ends once.",
        "npipe/io.h") {
  flushing(f, &f->ops[0]);
  for (unsigned i = 1; i < 5; i++) {
    flush_begin(&f->ops[i], f->end);
  }
  assert_quiet(f, 0);
  assert_received(f, f->peer, "0123456789", 10);
  loop_until(f, 5);
  for (unsigned i = 0; i < 5; i++) {
    assert_done(&f->ops[i], NP_OK, 0);
  }
}

NP_CASE("flush/both-ends", np_pipe_flush, ANY_MODE, NP_OK,
        "Both ends write and flush before either reads: neither the loop nor "
        "the pipe is stuck.",
        "npipe/io.h; museum F09") {
  pair_open(f);
  pipe_send(f, f->server, "to client", 9);
  pipe_send(f, f->client, "to server", 9);
  flush_begin(&f->ops[0], f->server);
  flush_begin(&f->ops[1], f->client);
  assert_quiet(f, 0);
  assert_received(f, f->server, "to server", 9);
  assert_received(f, f->client, "to client", 9);
  assert_ends(&f->ops[0], NP_OK, 0);
  assert_ends(&f->ops[1], NP_OK, 0);
}

NP_CASE("flush/then-disconnect", np_pipe_flush, ANY_MODE, NP_OK,
        "Write, flush, disconnect: the client gets everything.",
        "DisconnectNamedPipe#remarks; museum D01") {
  pair_open(f);
  pipe_send(f, f->server, "hello", 5);
  flush_begin(&f->ops[0], f->server);
  read_begin(&f->ops[1], f->client, 5);
  loop_until(f, 2);
  assert_done(&f->ops[0], NP_OK, 0);
  assert_np_ok(np_server_disconnect(f->server));
  assert_done(&f->ops[1], NP_OK, 5);
  assert_memory_equal(f->ops[1].buffer, "hello", 5);
}

/* --- The peer goes ------------------------------------------------------ */

enum { TRIES_MAX = 50 };

/* flushing_ends repeats flushes until one that `leave` interrupts has ended
 * with `error`. The flushing thread may come too late and find nothing to wait
 * for, which is a success; but not every time. */
static void flushing_ends(np_fixture *f, void (*leave)(np_fixture *f),
                          np_error error) {
  struct recorder *r = &f->ops[0];

  for (unsigned i = 0; i < TRIES_MAX && r->result != error; i++) {
    pair_reopen(f);
    pipe_send(f, f->end, "0123456789", 10);
    flush_begin(r, f->end);
    loop_quiet(f);
    leave(f);
    loop_until(f, i + 1);
    assert_true(r->result == error || r->result == NP_OK);
  }
  assert_int_equal(r->result, error);
}

static void peer_leaves(np_fixture *f) {
  pipe_close(f, f->peer);
}

NP_CASE("flush/peer-goes", np_pipe_flush, ANY_MODE | BOTH_ENDS,
        ERROR_BROKEN_PIPE, "A waiting flush ends when the peer goes.",
        "FlushFileBuffers#remarks") {
  flushing_ends(f, peer_leaves, ERROR_BROKEN_PIPE);
}

static void server_disconnects(np_fixture *f) {
  assert_np_ok(np_server_disconnect(f->server));
}

NP_CASE("flush/disconnect", np_pipe_flush, ANY_MODE | BOTH_ENDS,
        ERROR_PIPE_NOT_CONNECTED,
        "A disconnect ends a waiting flush at either end.",
        "DisconnectNamedPipe#remarks") {
  flushing_ends(f, server_disconnects, ERROR_PIPE_NOT_CONNECTED);
}

NP_CASE("flush/disconnected-client", np_pipe_flush, ANY_MODE,
        ERROR_PIPE_NOT_CONNECTED,
        "A disconnect also ends a flush that begins after it.",
        "FlushFileBuffers#remarks") {
  pair_open(f);
  assert_np_ok(np_server_disconnect(f->server));
  flush_begin(&f->ops[0], f->client);
  assert_next(&f->ops[0], ERROR_PIPE_NOT_CONNECTED, 0);
}

/* --- Cancel, time limit, close ------------------------------------------ */

NP_CASE("flush/cancel", np_pipe_flush, ANY_MODE | BOTH_ENDS,
        ERROR_OPERATION_ABORTED,
        "A waiting flush can be cancelled; the data stay, and the next flush "
        "waits again.",
        "CancelSynchronousIo#remarks") {
  flushing(f, &f->ops[0]);
  assert_aborts(&f->ops[0]);
  flush_begin(&f->ops[1], f->end);
  assert_quiet(f, 1);
  assert_received(f, f->peer, "0123456789", 10);
  assert_next(&f->ops[1], NP_OK, 0);
}

NP_CASE("flush/cancel-at-once", np_pipe_flush, ANY_MODE | BOTH_ENDS,
        ERROR_OPERATION_ABORTED,
        "A flush can be cancelled in any state, again and again.",
        "CancelSynchronousIo#remarks") {
  np_error again;

  pair_open(f);
  pipe_send(f, f->end, "0123456789", 10);
  for (unsigned round = 0; round < 100; round++) {
    flush_begin(&f->ops[0], f->end);
    if (round % 3 == 1) {
      loop_turn(f, 0);
    }
    assert_np_ok(np_op_cancel(&f->ops[0].op));
    /* The first cancel may have ended the flush already. */
    again = np_op_cancel(&f->ops[0].op);
    assert_true(again == NP_OK || again == ERROR_NOT_FOUND);
    assert_next(&f->ops[0], ERROR_OPERATION_ABORTED, 0);
  }
  assert_received(f, f->peer, "0123456789", 10);
}

NP_CASE("flush/timeout", np_pipe_flush, ANY_MODE | BOTH_ENDS, WAIT_TIMEOUT,
        "A flush ends at its time limit, and the data stay unread.",
        "npipe/op.h") {
  pair_open(f);
  pipe_send(f, f->end, "0123456789", 10);
  f->ops[0].op.timeout_ms = 20;
  flush_begin(&f->ops[0], f->end);
  assert_next(&f->ops[0], WAIT_TIMEOUT, 0);
  assert_received(f, f->peer, "0123456789", 10);
}

NP_CASE("flush/close", np_pipe_close, ANY_MODE | BOTH_ENDS,
        ERROR_OPERATION_ABORTED,
        "Closing the pipe ends the flush, before on_closed; the peer reads "
        "what was written, then the end of the stream.",
        "npipe/pipe.h") {
  char byte = 0;
  size_t got = 9;

  flushing(f, &f->ops[0]);
  pipe_close_wait(f, f->end);
  assert_done(&f->ops[0], ERROR_OPERATION_ABORTED, 0);
  assert_true(f->ops[0].order < f->closed_order);
  assert_received(f, f->peer, "0123456789", 10);
  assert_np_error(pipe_receive(f, f->peer, &byte, 1, &got), ERROR_BROKEN_PIPE);
}

NP_CASE("flush/close-peer-sees", np_pipe_close, ANY_MODE | BOTH_ENDS, NP_OK,
        "The peer notices the close though it has not read: the flush keeps "
        "no handle.",
        "npipe/pipe.h") {
  flushing(f, &f->ops[0]);
  pipe_close_wait(f, f->end);
  assert_writes(&f->ops[1], f->peer, "x", 1, ERROR_NO_DATA, 0);
}

NP_CASE("flush/close-at-once", np_pipe_close, ANY_MODE | BOTH_ENDS,
        ERROR_OPERATION_ABORTED,
        "A close right after the start of a flush ends it in any state.",
        "npipe/pipe.h") {
  for (unsigned round = 0; round < 30; round++) {
    pair_reopen(f);
    pipe_send(f, f->end, "hello", 5);
    flush_begin(&f->ops[0], f->end);
    pipe_close_wait(f, f->end);
    assert_done(&f->ops[0], ERROR_OPERATION_ABORTED, 0);
    assert_received(f, f->peer, "hello", 5);
  }
}

/* --- Nothing crosses a session ------------------------------------------- */

NP_CASE("flush/disconnect-at-once", np_pipe_flush, ANY_MODE | BOTH_ENDS,
        ERROR_PIPE_NOT_CONNECTED,
        "A flush of bytes that a disconnect threw away never succeeds, "
        "wherever it is by then.",
        "DisconnectNamedPipe#remarks") {
  for (unsigned round = 0; round < 60; round++) {
    if (round == 0) {
      pair_open(f);
    } else {
      pair_reopen(f);
    }
    pipe_send(f, f->end, "0123456789", 10);
    flush_begin(&f->ops[0], f->end);
    if (round % 3 == 1) {
      loop_turn(f, 0);
    }
    assert_np_ok(np_server_disconnect(f->server));
    assert_next(&f->ops[0], ERROR_PIPE_NOT_CONNECTED, 0);
  }
}

NP_CASE("flush/next-session", np_pipe_flush, ANY_MODE, ERROR_PIPE_NOT_CONNECTED,
        "A flush does not wait for data of the next session.",
        "DisconnectNamedPipe#remarks") {
  pair_open(f);
  for (unsigned round = 0; round < 20; round++) {
    unsigned done_count = f->done_count;

    pipe_send(f, f->server, "old", 3);
    flush_begin(&f->ops[0], f->server);
    assert_np_ok(np_server_disconnect(f->server));
    pipe_close(f, f->client);
    connect_begin(&f->ops[1], f->server);
    client_open_end(f);
    write_begin(&f->ops[2], f->server, "new", 3);
    loop_until(f, done_count + 3);
    assert_done(&f->ops[0], ERROR_PIPE_NOT_CONNECTED, 0);
    assert_received(f, f->client, "new", 3);
  }
}

/* --- Clients that do not read ------------------------------------------- */

/* One more than the number of threads in the process's default thread pool. */
enum { CROWD_MAX = 501 };

/* Pairs of a server and a client; each server flushes. */
struct crowd {
  np_pipe *servers[CROWD_MAX];
  np_pipe *clients[CROWD_MAX];
  np_op ops[CROWD_MAX];
  np_error results[CROWD_MAX];
  size_t count;
  unsigned done;
};

static struct crowd crowd;

static void on_crowd(np_op *op, np_error error, size_t transferred) {
  callback_begin();
  assert_int_equal(transferred, 0);
  crowd.results[op - crowd.ops] = error;
  crowd.done++;
  callback_end();
}

/* crowd_open opens `count` pairs. Each server has written a byte that its
 * client does not read. */
static void crowd_open(np_fixture *f, size_t count) {
  memset(&crowd, 0, sizeof crowd);
  crowd.count = count;
  for (size_t i = 0; i < count; i++) {
    pair_open(f);
    crowd.servers[i] = f->server;
    crowd.clients[i] = f->client;
    pipe_send(f, f->server, "x", 1);
    assert_np_ok(np_pipe_flush(f->server, &crowd.ops[i], on_crowd));
  }
}

static void crowd_close(np_fixture *f) {
  for (size_t i = 0; i < crowd.count; i++) {
    pipe_close(f, crowd.servers[i]);
  }
  loop_until_count(f, &crowd.done, (unsigned)crowd.count);
  for (size_t i = 0; i < crowd.count; i++) {
    pipe_close(f, crowd.clients[i]);
  }
  loop_until_count(f, &f->closed_count, f->closing_count);
}

static void CALLBACK pool_work(PTP_CALLBACK_INSTANCE instance, void *event) {
  (void)instance;
  SetEvent(event);
}

NP_CASE("flush/crowd", np_pipe_flush, NO_MODE, NP_OK,
        "Many clients do not read. The flush of a client that has read still "
        "succeeds, the thread pool of the process still works, and a flush "
        "makes no thread of its own.",
        "npipe/io.h") {
  HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);
  uint64_t threads = 0;
  np_pipe *server;
  np_pipe *client;

  crowd_open(f, CROWD_MAX);
  pair_open(f);
  server = f->server;
  client = f->client;
  assert_passes(f, server, client, "hello", 5);
  flush_begin(&f->ops[0], server);
  assert_next(&f->ops[0], NP_OK, 0);
  assert_int_equal(crowd.done, 0);

  assert_true(TrySubmitThreadpoolCallback(pool_work, event, NULL));
  assert_int_equal(
      WaitForSingleObject(event, (DWORD)world_timeout_ms(LOOP_WAIT_MS)),
      WAIT_OBJECT_0);
  CloseHandle(event);
  if (world_call_count("CreateThread", &threads)) {
    assert_true(threads <= 2);
    assert_true(world_call_count("TrySubmitThreadpoolCallback", &threads));
    assert_int_equal(threads, 1);
  }
  crowd_close(f);
  for (size_t i = 0; i < crowd.count; i++) {
    assert_np_error(crowd.results[i], ERROR_OPERATION_ABORTED);
  }
}

enum { FEW = 40 };

NP_CASE("flush/one-of-many-reads", np_pipe_flush, NO_MODE, NP_OK,
        "Of many waiting flushes, those end whose clients read, in any order; "
        "the others wait on.",
        "FlushFileBuffers#remarks") {
  crowd_open(f, FEW);
  loop_quiet(f);
  assert_int_equal(crowd.done, 0);
  for (unsigned i = 0; i < FEW / 2; i++) {
    const size_t k = (i * 7) % FEW;

    assert_received(f, crowd.clients[k], "x", 1);
    loop_until_count(f, &crowd.done, i + 1);
    assert_np_ok(crowd.results[k]);
  }
  loop_quiet(f);
  assert_int_equal(crowd.done, FEW / 2);
  crowd_close(f);
}

NP_CASE("flush/one-of-many-outbound", np_pipe_flush, NO_MODE, NP_OK,
        "Of many waiting flushes of outbound servers, those end whose clients "
        "read; the others wait on.",
        "FlushFileBuffers#remarks") {
  f->server_options.inbound = false;
  f->client_options.write = false;
  crowd_open(f, 3);
  loop_quiet(f);
  assert_int_equal(crowd.done, 0);
  assert_received(f, crowd.clients[1], "x", 1);
  loop_until_count(f, &crowd.done, 1);
  assert_np_ok(crowd.results[1]);
  crowd_close(f);
}

NP_CASE("flush/many-peers-go", np_pipe_flush, NO_MODE, ERROR_BROKEN_PIPE,
        "Many flushes wait and their clients go without having read: none "
        "succeeds.",
        "FlushFileBuffers#remarks") {
  crowd_open(f, FEW);
  loop_quiet(f);
  loop_quiet(f);
  for (size_t i = 0; i < FEW; i++) {
    pipe_close(f, crowd.clients[i]);
  }
  loop_until_count(f, &crowd.done, FEW);
  for (size_t i = 0; i < FEW; i++) {
    assert_np_error(crowd.results[i], ERROR_BROKEN_PIPE);
    pipe_close(f, crowd.servers[i]);
  }
  loop_until_count(f, &f->closed_count, f->closing_count);
}

/* flush_tries returns how often a thread has begun a flush in the kernel. */
static uint64_t flush_tries(void) {
  uint64_t count = 0;

  assert_true(world_call_count("NtFlushBuffersFile", &count));
  return count;
}

/* assert_cancels_end: all flushes have been cancelled, and end in this turn but
 * for those that the thread had in the kernel at their cancel: one, and one for
 * each of the tries that it began meanwhile, after the first `tries`. Where
 * time is virtual it begins none. A last try may have begun without its call
 * being counted yet; it is counted when all have ended. */
static void assert_cancels_end(np_fixture *f, uint64_t tries) {
  uint64_t begun;
  unsigned at_once;

  loop_turn(f, 0);
  at_once = crowd.done;
  begun = flush_tries();
  loop_until_count(f, &crowd.done, FEW);
  begun += flush_tries() > begun ? 1 : 0;
  assert_true(at_once + 1 + (begun - tries) >= FEW);
}

NP_CASE("flush/cancel-many", np_pipe_flush, NO_MODE, ERROR_OPERATION_ABORTED,
        "Each of many waiting flushes can be cancelled. If a thread flushes, "
        "all but those that it executes in the kernel at their cancel end in "
        "the same turn.",
        "npipe/io.h") {
  uint64_t threads = 0;
  uint64_t tries;
  bool by_thread;

  crowd_open(f, FEW);
  loop_quiet(f);
  by_thread = world_call_count("CreateThread", &threads) && threads > 0;
  tries = by_thread ? flush_tries() : 0;
  for (size_t i = 0; i < FEW; i++) {
    assert_np_ok(np_op_cancel(&crowd.ops[i]));
  }
  if (by_thread) {
    assert_cancels_end(f, tries);
  }
  loop_until_count(f, &crowd.done, FEW);
  for (size_t i = 0; i < FEW; i++) {
    assert_np_error(crowd.results[i], ERROR_OPERATION_ABORTED);
  }
  crowd_close(f);
}

NP_CASE("flush/limit-many", np_pipe_flush, NO_MODE, WAIT_TIMEOUT,
        "Each of many waiting flushes ends at its own time limit.",
        "npipe/op.h") {
  crowd_open(f, FEW);
  pair_open(f);
  pipe_send(f, f->server, "x", 1);
  f->ops[0].op.timeout_ms = 20;
  flush_begin(&f->ops[0], f->server);
  assert_next(&f->ops[0], WAIT_TIMEOUT, 0);
  assert_int_equal(crowd.done, 0);
  crowd_close(f);
}

NP_CASE("flush/disconnect-many", np_pipe_flush, NO_MODE,
        ERROR_PIPE_NOT_CONNECTED,
        "Each of many waiting flushes ends when its server disconnects.",
        "DisconnectNamedPipe#remarks") {
  crowd_open(f, FEW);
  for (size_t i = 0; i < FEW; i++) {
    assert_np_ok(np_server_disconnect(crowd.servers[i]));
  }
  loop_until_count(f, &crowd.done, FEW);
  for (size_t i = 0; i < FEW; i++) {
    assert_np_error(crowd.results[i], ERROR_PIPE_NOT_CONNECTED);
  }
  crowd_close(f);
}

/* --- What cannot begin -------------------------------------------------- */

NP_CASE("flush/bad-parameter", np_pipe_flush, NO_MODE, ERROR_INVALID_PARAMETER,
        "A NULL is refused.", "npipe/io.h") {
  pair_open(f);
  assert_invalid(np_pipe_flush(NULL, &f->ops[0].op, on_never));
  assert_invalid(np_pipe_flush(f->end, NULL, on_never));
  assert_invalid(np_pipe_flush(f->end, &f->ops[0].op, NULL));
  loop_quiet(f);
}

NP_CASE("flush/closing", np_pipe_flush, NO_MODE, ERROR_INVALID_HANDLE,
        "A pipe that is being closed refuses a flush.", "npipe/io.h") {
  assert_np_error(np_pipe_flush(pipe_closing(f), &f->ops[0].op, on_never),
                  ERROR_INVALID_HANDLE);
}

NP_CASE("flush/busy", np_pipe_flush, NO_MODE, ERROR_BUSY,
        "An operation in flight cannot begin once more.", "npipe/io.h") {
  flushing(f, &f->ops[0]);
  assert_np_error(np_pipe_flush(f->end, &f->ops[0].op, on_never), ERROR_BUSY);
}

NP_CASE("flush/no-memory", np_pipe_flush, NO_MODE, ERROR_NOT_ENOUGH_MEMORY,
        "If a flush needs memory and none is left, it does not begin, and can "
        "be tried again. The kernel's own flush control needs no memory.",
        "npipe/io.h") {
  np_error error = ERROR_NOT_ENOUGH_MEMORY;

  pair_open(f);
  for (size_t nth = 1; error == ERROR_NOT_ENOUGH_MEMORY; nth++) {
    assert_true(nth < 20);
    f->allocator.fail_at = f->allocator.total + nth;
    error = np_pipe_flush(f->end, &f->ops[0].op, on_done);
    assert_int_equal(error == ERROR_NOT_ENOUGH_MEMORY,
                     f->allocator.total >= f->allocator.fail_at);
  }
  f->allocator.fail_at = 0;
  assert_np_ok(error);
  f->ops[0].start_count++;
  assert_next(&f->ops[0], NP_OK, 0);
}
