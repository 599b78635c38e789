/* np_pipe_close from inside callbacks. */
#include "library/fixture.h"

static void then_close_end(np_fixture *f, struct recorder *recorder) {
  (void)recorder;
  pipe_close(f, f->end);
}

NP_CASE("close-in-callback/in-read-callback", np_pipe_close,
        ANY_MODE | BOTH_ENDS, NP_OK,
        "The callback of a read may close its pipe: the other reads are "
        "aborted, on_closed comes last and not within the callback.",
        "npipe/op.h") {
  pair_open(f);
  f->ops[0].then = then_close_end;
  read_begin(&f->ops[0], f->end, 3);
  read_begin(&f->ops[1], f->end, 3);
  read_pend(f, &f->ops[2], f->end, 3);
  write_begin(&f->ops[3], f->peer, "abc", 3);
  loop_until_count(f, &f->closed_count, 1);
  assert_ends(&f->ops[0], NP_OK, 3);
  assert_ends(&f->ops[1], ERROR_OPERATION_ABORTED, 0);
  assert_ends(&f->ops[2], ERROR_OPERATION_ABORTED, 0);
  assert_true(f->closed_order > f->ops[1].order);
  assert_true(f->closed_order > f->ops[2].order);
}

NP_CASE("close-in-callback/in-only-callback", np_pipe_close,
        ANY_MODE | BOTH_ENDS, NP_OK,
        "The callback of the only operation may close its pipe.",
        "npipe/op.h") {
  pair_open(f);
  f->ops[0].then = then_close_end;
  write_begin(&f->ops[0], f->end, "abc", 3);
  assert_np_ok(loop_run(f));
  assert_int_equal(f->closed_count, 1);
  assert_done(&f->ops[0], NP_OK, 3);
}

NP_CASE("close-in-callback/in-aborted-callback", np_pipe_close,
        ANY_MODE | BOTH_ENDS, NP_OK,
        "The callback of a read that a cancel ended may close its pipe.",
        "npipe/op.h") {
  pair_open(f);
  f->ops[0].then = then_close_end;
  read_pend(f, &f->ops[0], f->end, 16);
  assert_np_ok(np_op_cancel(&f->ops[0].op));
  assert_np_ok(loop_run(f));
  assert_int_equal(f->closed_count, 1);
}

NP_CASE("close-in-callback/in-connect-callback", np_pipe_close, ANY_MODE, NP_OK,
        "The callback of a connect may close its server at once.",
        "npipe/op.h") {
  server_listen(f);
  f->ops[0].then = then_close_end;
  connect_begin(&f->ops[0], f->server);
  client_open_end(f);
  loop_until_count(f, &f->closed_count, 1);
  assert_done(&f->ops[0], NP_OK, 0);
  assert_reads(&f->ops[1], f->client, 16, ERROR_BROKEN_PIPE, 0);
}

NP_CASE("close-in-callback/in-peers-callback", np_pipe_close,
        ANY_MODE | BOTH_ENDS, NP_OK,
        "The callback of one pipe's operation may close another pipe that has "
        "operations in flight.",
        "npipe/op.h") {
  pair_open(f);
  f->ops[0].then = then_close_end;
  read_pend(f, &f->ops[1], f->end, 16);
  write_begin(&f->ops[0], f->peer, "", 0);
  loop_until_count(f, &f->closed_count, 1);
  assert_next(&f->ops[0], NP_OK, 0);
  assert_int_equal(f->ops[1].done_count, 1);
}

static void closed_close_peer(np_fixture *f, np_pipe *pipe) {
  (void)pipe;
  if (f->peer != NULL) {
    pipe_close(f, f->peer);
  }
}

NP_CASE("close-in-callback/in-on-closed", np_pipe_close, ANY_MODE | BOTH_ENDS,
        NP_OK, "on_closed of one pipe may close another.", "npipe/pipe.h") {
  pair_open(f);
  read_pend(f, &f->ops[0], f->peer, 16);
  f->closed_then = closed_close_peer;
  pipe_close(f, f->end);
  assert_np_ok(loop_run(f));
  assert_int_equal(f->closed_count, 2);
  assert_int_equal(f->ops[0].done_count, 1);
}

static void timer_close_end(np_fixture *f, struct timer_recorder *recorder) {
  (void)recorder;
  pipe_close(f, f->end);
}

static void task_close_end(np_fixture *f, struct task_recorder *recorder) {
  (void)recorder;
  pipe_close(f, f->end);
}

NP_CASE("close-in-callback/in-timer", np_pipe_close, ANY_MODE | BOTH_ENDS,
        NP_OK, "A timer may close a pipe with operations in flight.",
        "npipe/timer.h") {
  pair_open(f);
  read_begin(&f->ops[0], f->end, 16);
  f->timers[0].then = timer_close_end;
  assert_np_ok(np_timer_start(f->loop, &f->timers[0].timer, 1, on_timer));
  assert_np_ok(loop_run(f));
  assert_int_equal(f->closed_count, 1);
  assert_done(&f->ops[0], ERROR_OPERATION_ABORTED, 0);
}

NP_CASE("close-in-callback/in-task", np_pipe_close, ANY_MODE | BOTH_ENDS, NP_OK,
        "A posted task may close a pipe with operations in flight.",
        "npipe/loop.h") {
  pair_open(f);
  read_pend(f, &f->ops[0], f->end, 16);
  f->tasks[0].then = task_close_end;
  assert_np_ok(np_loop_post(f->loop, &f->tasks[0].task, on_task));
  assert_np_ok(loop_run(f));
  assert_int_equal(f->closed_count, 1);
  assert_done(&f->ops[0], ERROR_OPERATION_ABORTED, 0);
}

static void then_start_on_closing(np_fixture *f, struct recorder *recorder) {
  np_pipe *pipe = f->user;

  assert_int_equal(recorder->result, ERROR_OPERATION_ABORTED);
  assert_np_error(np_pipe_read(pipe, recorder->buffer, 16, &f->op, on_never),
                  ERROR_INVALID_HANDLE);
  assert_np_error(np_pipe_write(pipe, "abc", 3, &f->op, on_never),
                  ERROR_INVALID_HANDLE);
  assert_np_error(np_pipe_shutdown(pipe, &f->op, on_never),
                  ERROR_INVALID_HANDLE);
  assert_np_error(np_pipe_close(pipe, on_closed_never), ERROR_INVALID_HANDLE);
}

NP_CASE("close-in-callback/start-in-aborted-callback", np_pipe_close,
        ANY_MODE | BOTH_ENDS, ERROR_INVALID_HANDLE,
        "The callbacks of a pipe that is being closed can start nothing on it: "
        "ERROR_INVALID_HANDLE.",
        "npipe/io.h") {
  pair_open(f);
  f->user = f->end;
  f->ops[0].then = then_start_on_closing;
  f->ops[1].then = then_start_on_closing;
  read_pend(f, &f->ops[0], f->end, 16);
  read_begin(&f->ops[1], f->end, 16);
  pipe_close_wait(f, f->end);
  assert_int_equal(f->done_count, 2);
}

static void closed_create_again(np_fixture *f, np_pipe *pipe) {
  (void)pipe;
  f->closed_then = NULL;
  server_listen(f);
}

NP_CASE("close-in-callback/create-again", np_pipe_close, ANY_MODE, NP_OK,
        "on_closed may create the same name anew, with a limit of one.",
        "CreateNamedPipe#remarks") {
  f->server_options.instances_max = 1;
  server_listen(f);
  f->closed_then = closed_create_again;
  pipe_close_wait(f, f->server);
  client_open_end(f);
  assert_connects(&f->ops[0], f->server, NP_OK, 0);
}
