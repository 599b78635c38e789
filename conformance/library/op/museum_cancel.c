/* Cancels and time limits that race with results. Other libraries lost bytes,
 * wrote to buffers too late, and let an old timer hit a new operation. */
#include "library/rounds.h"

/* --- Buffers ------------------------------------------------------------ */

NP_CASE("museum-cancel/late-data", np_pipe_read, ANY_MODE | BOTH_ENDS,
        WAIT_TIMEOUT,
        "Once a read's time limit is reported its buffer is the caller's: data "
        "that comes later is left for the next read.",
        "CancelIoEx#remarks; museum L07") {
  struct recorder *late = &f->ops[0];
  uint8_t pattern[16];

  server_quotas(f, MUSEUM_QUOTA, MUSEUM_QUOTA);
  museum_pattern(pattern, sizeof(pattern), 7);
  pair_open(f);
  for_rounds (round, 15) {
    late->op.timeout_ms = 1;
    read_begin(late, f->end, sizeof(pattern));
    assert_ends(late, WAIT_TIMEOUT, 0);
    memcpy(late->buffer, pattern, sizeof(pattern));
    pipe_send(f, f->peer, "late", 4);
    loop_settle(f);
    assert_memory_equal(late->buffer, pattern, sizeof(pattern));
    assert_received(f, f->end, "late", 4);
  }
}

static void scribble(np_fixture *f, struct recorder *recorder) {
  (void)recorder;
  memset(f->user, 0xEE, MUSEUM_QUOTA);
}

NP_CASE("museum-cancel/scribbled-write", np_op_cancel, MODE_BYTE | BOTH_ENDS,
        ERROR_OPERATION_ABORTED,
        "The callback of a cancelled write has run, and the program changes "
        "the buffer. The peer never reads the new bytes, also if it had read a "
        "part of the write.",
        "CancelIoEx#remarks; museum L14") {
  static uint8_t data[MUSEUM_QUOTA];
  static uint8_t original[MUSEUM_QUOTA];
  static uint8_t got[MUSEUM_QUOTA];
  struct recorder *write = &f->ops[0];

  server_quotas(f, 1024, 1024);
  museum_pattern(original, sizeof(original), 3);
  pair_open(f);
  f->user = data;
  write->then = scribble;
  for_rounds (round, 50) {
    size_t part = (size_t)round * 20;

    memcpy(data, original, sizeof(data));
    write_begin(write, f->end, data, sizeof(data));
    if (part > 0) {
      assert_int_equal(museum_take_raw(f->peer, got, part), part);
      assert_memory_equal(got, original, part);
    }
    assert_np_ok(np_op_cancel(&write->op));
    op_wait(write);
    museum_done_either(write, ERROR_OPERATION_ABORTED, ERROR_OPERATION_ABORTED);
    assert_true(write->transferred == 0 || write->transferred == part);
    assert_passes(f, f->end, f->peer, "next", 4);
  }
}

/* --- Bytes -------------------------------------------------------------- */

NP_CASE("museum-cancel/no-byte-lost", np_op_cancel, ANY_MODE | BOTH_ENDS,
        ERROR_OPERATION_ABORTED,
        "A byte arrives while its read is cancelled. Either this read or the "
        "next one gets the byte; it is not lost and not read twice.",
        "CancelIoEx#remarks; museum D08 D10 E10") {
  struct recorder *read = &f->ops[0];
  struct recorder *write = &f->ops[1];
  uint8_t sent = 0;
  uint8_t got = 0;

  pair_open_quota(f, MUSEUM_QUOTA);
  for_rounds (round, MUSEUM_TURNS) {
    uint8_t byte = sent++;

    read_begin(read, f->end, 16);
    if (round % 8 != 0) {
      loop_settle(f);
    }
    switch (round % 3) {
      case 0:
        write_begin(write, f->peer, &byte, 1);
        np_op_cancel(&read->op);
        break;
      case 1:
        np_op_cancel(&read->op);
        write_begin(write, f->peer, &byte, 1);
        break;
      default:
        write_begin(write, f->peer, &byte, 1);
        op_wait(write);
        np_op_cancel(&read->op);
        break;
    }
    op_wait(read);
    assert_ends(write, NP_OK, 1);
    museum_done_either(read, NP_OK, ERROR_OPERATION_ABORTED);
    if (read->transferred == 0) {
      read_begin(read, f->end, 16);
      assert_ends(read, NP_OK, 1);
    }
    assert_int_equal(read->transferred, 1);
    if ((uint8_t)read->buffer[0] != got) {
      fail_at(__FILE__, __LINE__, "byte %u, not %u",
              (unsigned)(uint8_t)read->buffer[0], (unsigned)got);
    }
    got++;
  }
}

NP_CASE("museum-cancel/seven-of-eight", np_op_cancel, ANY_MODE,
        ERROR_OPERATION_ABORTED,
        "Seven of the reads on eight pipes are cancelled with traffic on all "
        "pipes: no byte is lost, and none comes twice.",
        "CancelIoEx#remarks; museum D10") {
  enum { PIPES = 8 };
  np_pipe *servers[PIPES] = {NULL};
  np_pipe *clients[PIPES] = {NULL};

  server_quotas(f, MUSEUM_QUOTA, MUSEUM_QUOTA);
  for (unsigned i = 0; i < PIPES; i++) {
    pair_open(f);
    servers[i] = pipe_own(f, f->server);
    clients[i] = pipe_own(f, f->client);
    f->server = f->client = NULL;
  }
  for_rounds (round, 100) {
    for (unsigned i = 0; i < PIPES; i++) {
      read_begin(&f->ops[i], servers[i], 16);
    }
    loop_settle(f);
    for (unsigned i = 0; i < PIPES; i++) {
      uint8_t byte = (uint8_t)(round + i);

      if ((round + i) % 2 == 0) {
        pipe_send(f, clients[i], &byte, 1);
      }
      if (i != round % PIPES) {
        np_op_cancel(&f->ops[i].op);
      }
      if ((round + i) % 2 == 1) {
        pipe_send(f, clients[i], &byte, 1);
      }
    }
    for (unsigned i = 0; i < PIPES; i++) {
      op_wait(&f->ops[i]);
      if (f->ops[i].result != NP_OK) {
        assert_done(&f->ops[i], ERROR_OPERATION_ABORTED, 0);
        read_begin(&f->ops[i], servers[i], 16);
        op_wait(&f->ops[i]);
      }
      assert_done(&f->ops[i], NP_OK, 1);
      assert_int_equal((uint8_t)f->ops[i].buffer[0], (uint8_t)(round + i));
    }
  }
}

NP_CASE("museum-cancel/shared-handle", np_pipe_read, ANY_MODE | BOTH_ENDS,
        NP_OK,
        "A peek saw bytes, and another handle read them before the loop did. "
        "The read waits, and the loop does not.",
        "DuplicateHandle; museum D16 D13 P03") {
  struct recorder *read = &f->ops[0];

  pair_open_quota(f, MUSEUM_QUOTA);
  for_rounds (round, 100) {
    uint8_t got[16];

    pipe_send(f, f->peer, "seen", 4);
    assert_int_equal(unread_bytes(f->end), 4);
    assert_int_equal(museum_take_raw(f->end, got, sizeof(got)), 4);
    read_begin(read, f->end, 16);
    loop_settle(f);
    assert_int_equal(read->done_count, read->start_count - 1);
    pipe_send(f, f->peer, "next", 4);
    assert_ends(read, NP_OK, 4);
    assert_memory_equal(read->buffer, "next", 4);
  }
}

/* --- Unexpected cancels ------------------------------------------------- */

NP_CASE("museum-cancel/stranger", np_pipe_read, ANY_MODE | BOTH_ENDS,
        ERROR_OPERATION_ABORTED,
        "A cancel by code that knows only the handle is reported once, and the "
        "end works on.",
        "CancelIoEx#remarks; museum E07") {
  struct recorder *read = &f->ops[0];

  pair_open_quota(f, MUSEUM_QUOTA);
  for_rounds (round, 200) {
    read_begin(read, f->end, 16);
    loop_settle(f);
    CancelIoEx(np_pipe_handle(f->end), NULL);
    assert_ends(read, ERROR_OPERATION_ABORTED, 0);
  }
  museum_echo(f, f->server, f->client);
}

NP_CASE("museum-cancel/too-late", np_op_cancel, ANY_MODE | BOTH_ENDS,
        ERROR_NOT_FOUND,
        "A cancel that comes after the result, before or after the callback, "
        "is harmless and changes nothing.",
        "CancelIoEx#remarks; museum E10") {
  struct recorder *read = &f->ops[0];
  struct recorder *write = &f->ops[1];

  pair_open_quota(f, MUSEUM_QUOTA);
  for_rounds (round, 200) {
    /* The write completes inside the call. */
    write_begin(write, f->end, "data", 4);
    assert_np_error(np_op_cancel(&write->op), ERROR_NOT_FOUND);
    assert_np_error(np_op_cancel(&write->op), ERROR_NOT_FOUND);
    assert_ends(write, NP_OK, 4);
    assert_np_error(np_op_cancel(&write->op), ERROR_NOT_FOUND);
    assert_received(f, f->peer, "data", 4);

    read_begin(read, f->end, 16);
    loop_settle(f);
    pipe_send(f, f->peer, "data", 4);
    /* The packet may be in the port, not yet dequeued. */
    np_op_cancel(&read->op);
    np_op_cancel(&read->op);
    assert_ends(read, NP_OK, 4);
    assert_np_error(np_op_cancel(&read->op), ERROR_NOT_FOUND);
  }
}

/* A thread that lets the loop cancel an operation again and again, until a
 * cancel was taken. Then it waits for the end of the operation: a clock that is
 * simulated moves on only while every thread waits. */
struct canceller {
  np_loop *loop;
  struct task_recorder *task;
  volatile LONG stop;
};

static HANDLE may_cancel; /* an event */

static void cancel_write(np_fixture *f, struct task_recorder *task) {
  np_error error = np_op_cancel(&f->ops[0].op);

  (void)task;
  if (error != NP_OK) {
    assert_np_error(error, ERROR_NOT_FOUND);
    SetEvent(may_cancel);
  }
}

static DWORD WINAPI cancel_often(void *argument) {
  struct canceller *canceller = argument;

  while (InterlockedCompareExchange(&canceller->stop, 0, 0) == 0) {
    np_error error =
        np_loop_post(canceller->loop, &canceller->task->task, on_task);

    if (error != NP_OK) {
      return error;
    }
    WaitForSingleObject(may_cancel, INFINITE);
  }
  return NP_OK;
}

NP_CASE("museum-cancel/other-thread", np_op_cancel, ANY_MODE,
        ERROR_OPERATION_ABORTED,
        "Another thread cancels a write just before or just after it starts. "
        "The callback of the write runs once.",
        "CancelIoEx#remarks; museum L10 L02") {
  static uint8_t data[MUSEUM_QUOTA];
  struct canceller canceller = {f->loop, &f->tasks[0], 0};
  struct recorder *write = &f->ops[0];
  HANDLE worker;

  pair_open_quota(f, MUSEUM_QUOTA);
  pipe_send(f, f->server, data, sizeof(data));
  f->tasks[0].then = cancel_write;
  may_cancel = CreateEventW(NULL, FALSE, FALSE, NULL);
  assert_non_null(may_cancel);
  worker = museum_worker(cancel_often, &canceller);
  for_rounds (round, 200) {
    write_begin(write, f->server, data, sizeof(data));
    assert_ends(write, ERROR_OPERATION_ABORTED, 0);
    SetEvent(may_cancel);
  }
  InterlockedExchange(&canceller.stop, 1);
  assert_np_ok(museum_join(f, worker));
  CloseHandle(may_cancel);
}

/* --- Time limits -------------------------------------------------------- */

NP_CASE("museum-cancel/old-deadline", np_pipe_read, ANY_MODE | BOTH_ENDS, NP_OK,
        "The time limit of an operation that ended in time never hits the next "
        "start of the same operation.",
        "np_op; museum E08 H15") {
  struct recorder *read = &f->ops[0];

  pair_open_quota(f, MUSEUM_QUOTA);
  for_rounds (round, MUSEUM_TURNS) {
    /* The peer's write ends the read. The limit only guards against a hang. */
    read->op.timeout_ms = 60000 + round;
    read_begin(read, f->end, 16);
    if (round % 2 == 0) {
      loop_settle(f);
    }
    pipe_send(f, f->peer, "x", 1);
    assert_ends(read, NP_OK, 1);
  }
  for (unsigned round = 0; round < 5; round++) {
    round_name("short limits, round %u", round);
    pipe_send(f, f->peer, "x", 1);
    read->op.timeout_ms = 5;
    read_begin(read, f->end, 16);
    op_wait(read);
    museum_done_either(read, NP_OK, WAIT_TIMEOUT);
    if (read->result == WAIT_TIMEOUT) {
      np_unresolved("the machine is too slow: 5 ms passed first");
    }
    read->op.timeout_ms = 0;
    read_begin(read, f->end, 16);
    loop_quiet(f);
    assert_int_equal(read->done_count, read->start_count - 1);
    pipe_send(f, f->peer, "x", 1);
    assert_ends(read, NP_OK, 1);
  }
}

static void send_now(np_fixture *f, struct timer_recorder *timer) {
  (void)timer;
  write_begin(&f->ops[1], f->peer, "x", 1);
}

NP_CASE("museum-cancel/deadline-race", np_pipe_read, ANY_MODE | BOTH_ENDS,
        WAIT_TIMEOUT,
        "Data arrives just when the time limit of its read expires. Either "
        "this read ends with the data, or the data is left for the next read.",
        "CancelIoEx#remarks; museum E08 D08") {
  struct recorder *read = &f->ops[0];

  pair_open_quota(f, MUSEUM_QUOTA);
  f->timers[0].then = send_now;
  for_rounds (round, 60) {
    read->op.timeout_ms = 1 + round % 3;
    read_begin(read, f->end, 16);
    assert_np_error(np_timer_start(f->loop, &f->timers[0].timer, 2, on_timer),
                    NP_OK);
    op_wait(read);
    loop_until_count(f, &f->timers[0].run_count, round + 1);
    assert_ends(&f->ops[1], NP_OK, 1);
    if (read->result != NP_OK) {
      assert_done(read, WAIT_TIMEOUT, 0);
      read->op.timeout_ms = 0;
      read_begin(read, f->end, 16);
      op_wait(read);
    }
    assert_done(read, NP_OK, 1);
  }
}

NP_CASE("museum-cancel/timer-moved", np_timer_start, NO_MODE, NP_OK,
        "A timer moved ahead just before it expires, again and again, runs "
        "once, at its last time.",
        "np_timer; museum E08") {
  struct timer_recorder *timer = &f->timers[0];
  uint64_t started_ms = 0;

  server_quotas(f, MUSEUM_QUOTA, MUSEUM_QUOTA);
  for_rounds (round, 20000) {
    assert_np_error(np_timer_start(f->loop, &timer->timer,
                                   round % 2 == 0 ? 60000 : 30000, on_timer),
                    NP_OK);
  }
  for (unsigned round = 0; round < 30; round++) {
    started_ms = world_now_ms();
    assert_np_ok(np_timer_start(f->loop, &timer->timer, 300, on_timer));
    loop_turn(f, 1);
    if (timer->run_count > 0) {
      np_unresolved("the machine is too slow: 300 ms passed in a turn of 1");
    }
  }
  loop_until_count(f, &timer->run_count, 1);
  /* The two clocks may differ by 1 ms. */
  assert_true(timer->at_ms - started_ms >= 299);
  loop_quiet(f);
  assert_int_equal(timer->run_count, 1);
}
