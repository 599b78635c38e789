/* Memory: each allocation fails in turn; and functions that promise no
 * allocation make none. */
#include "library/fixture.h"

NP_CASE("memory/loop-create", np_loop_create, NO_MODE, ERROR_NOT_ENOUGH_MEMORY,
        "Whichever allocation of a loop's creation fails, nothing is set and "
        "nothing is left.",
        "npipe/loop.h") {
  np_loop_options options = loop_options();
  np_loop *loop = NULL;
  size_t live = f->allocator.live;
  unsigned failures = 0;

  options.allocator = allocator_of(f);
  for (;;) {
    np_error error;

    f->allocator.fail_at = f->allocator.total + failures + 1;
    error = np_loop_create(&options, &loop);
    if (error == NP_OK) {
      break;
    }
    assert_np_error(error, ERROR_NOT_ENOUGH_MEMORY);
    assert_null(loop);
    assert_int_equal(f->allocator.live, live);
    failures++;
    assert_true(failures < 100);
  }
  assert_true(failures > 0);
  f->allocator.fail_at = 0;
  assert_np_ok(np_loop_destroy(loop));
  assert_int_equal(f->allocator.live, live);
}

NP_CASE("memory/server-create", np_server_create, ANY_MODE,
        ERROR_NOT_ENOUGH_MEMORY,
        "Whichever allocation of a server's creation fails, with SDDL too, no "
        "instance and no memory is left.",
        "npipe/server.h") {
  size_t live = f->allocator.live;
  unsigned failures = 0;
  np_pipe *client = NULL;

  f->server_options.instances_max = 1;
  f->server_options.sddl = "D:(A;;GA;;;WD)";
  for (;;) {
    np_error error;

    f->allocator.fail_at = f->allocator.total + failures + 1;
    error = np_server_create(f->loop, f->name, &f->server_options, &f->server);
    f->allocator.fail_at = 0;
    if (error == NP_OK) {
      break;
    }
    assert_np_error(error, ERROR_NOT_ENOUGH_MEMORY);
    assert_null(f->server);
    assert_int_equal(f->allocator.live, live);
    assert_np_error(np_client_open(f->loop, f->name, NULL, &client),
                    ERROR_FILE_NOT_FOUND);
    failures++;
    assert_true(failures < 100);
  }
  assert_true(failures > 0);
}

NP_CASE("memory/client-open", np_client_open, ANY_MODE, ERROR_NOT_ENOUGH_MEMORY,
        "Whichever allocation of an open fails, no memory is left and the "
        "instance stays free.",
        "npipe/client.h") {
  unsigned failures = 0;
  size_t live;

  f->server_options.instances_max = 1;
  server_listen(f);
  live = f->allocator.live;
  for (;;) {
    np_error error;

    f->allocator.fail_at = f->allocator.total + failures + 1;
    error = np_client_open(f->loop, f->name, &f->client_options, &f->client);
    if (error == NP_OK) {
      break;
    }
    assert_np_error(error, ERROR_NOT_ENOUGH_MEMORY);
    assert_null(f->client);
    assert_int_equal(f->allocator.live, live);
    failures++;
    assert_true(failures < 100);
  }
  assert_true(failures > 0);
  assert_connects(&f->ops[0], f->server, NP_OK, 0);
}

NP_CASE("memory/adopt", np_pipe_adopt, ANY_MODE, ERROR_NOT_ENOUGH_MEMORY,
        "Whichever allocation of an adoption fails, no memory is left and the "
        "handle is as it was.",
        "npipe/pipe.h") {
  HANDLE handle = raw_server(f);
  size_t live = f->allocator.live;
  unsigned failures = 0;

  for (;;) {
    np_error error;

    f->allocator.fail_at = f->allocator.total + failures + 1;
    error = np_pipe_adopt(f->loop, handle, &f->server);
    if (error == NP_OK) {
      break;
    }
    assert_np_error(error, ERROR_NOT_ENOUGH_MEMORY);
    assert_null(f->server);
    assert_int_equal(f->allocator.live, live);
    failures++;
    assert_true(failures < 100);
  }
  assert_true(failures > 0);
  raw_release(f, handle);
}

NP_CASE("memory/none-for-operations", np_pipe_read, ANY_MODE | BOTH_ENDS, NP_OK,
        "Reads, writes, connects, shutdowns, cancels, limits and closing take "
        "no memory: with every allocation failing they work.",
        "npipe/loop.h") {
  char data[1000];
  size_t total;

  memset(data, 'x', sizeof(data));
  server_quotas(f, 100, 100);
  server_listen(f);
  client_open_end(f);
  total = f->allocator.total;

  connect_begin(&f->ops[0], f->server);
  loop_until(f, 1);
  read_pend(f, &f->ops[1], f->end, 16);
  write_begin(&f->ops[2], f->peer, "abc", 3);
  loop_until(f, 3);
  write_begin(&f->ops[3], f->end, data, sizeof(data));
  shutdown_begin(&f->ops[4], f->end);
  assert_received(f, f->peer, data, sizeof(data));
  loop_until(f, 5);
  read_begin(&f->ops[5], f->end, 16);
  assert_np_ok(np_op_cancel(&f->ops[5].op));
  f->ops[6].op.timeout_ms = 1;
  read_begin(&f->ops[6], f->end, 16);
  loop_until(f, 7);
  assert_np_ok(np_server_disconnect(f->server));
  pipe_close_wait(f, f->end);
  pipe_close_wait(f, f->peer);
  assert_int_equal(f->allocator.total, total);
}

NP_CASE("memory/given-back", np_pipe_close, ANY_MODE, NP_OK,
        "The memory of a pipe is given back when on_closed has returned.",
        "npipe/pipe.h") {
  size_t live = f->allocator.live;

  pair_open(f);
  assert_true(f->allocator.live > live);
  pipe_close(f, f->client);
  pipe_close(f, f->server);
  assert_np_ok(loop_run(f));
  assert_int_equal(f->allocator.live, live);
}
