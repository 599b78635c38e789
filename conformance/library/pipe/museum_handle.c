/* Handles that are inherited, duplicated, exported, adopted or leaked; and
 * options that the builders of other libraries overwrote. */
#include "library/rounds.h"

/* --- Inheriting --------------------------------------------------------- */

static bool is_inheritable(const np_pipe *pipe) {
  DWORD flags = 0;

  assert_true(GetHandleInformation(np_pipe_handle(pipe), &flags));
  return (flags & HANDLE_FLAG_INHERIT) != 0;
}

NP_CASE("museum-handle/not-inheritable", np_pipe_handle, ANY_MODE, NP_OK,
        "No end is inheritable. An inherited handle in a child would keep the "
        "stream of the peer open, and would send packets to the loop.",
        "SECURITY_ATTRIBUTES#members; museum P12") {
  SECURITY_ATTRIBUTES attributes = {sizeof(attributes), NULL, FALSE};

  pair_open_quota(f, MUSEUM_QUOTA);
  assert_false(is_inheritable(f->server));
  assert_false(is_inheritable(f->client));
  pair_close(f);

  f->server_options.security_attributes = &attributes;
  f->client_options.security_attributes = &attributes;
  pair_open(f);
  assert_false(is_inheritable(f->server));
  assert_false(is_inheritable(f->client));
  pair_close(f);
}

/* --- Moving and asking -------------------------------------------------- */

struct holder {
  np_pipe *server;
  unsigned number;
};

NP_CASE("museum-handle/holder-moves", np_server_connect, ANY_MODE, NP_OK,
        "The caller's structure that holds the pipe may move in memory while a "
        "connect waits. The kernel has pointers only to the pipe and the "
        "operation.",
        "npipe/op.h; museum L08") {
  static struct holder holders[20];
  struct recorder *connect = &f->ops[0];

  museum_listen(f);
  holders[0].server = f->server;
  connect_begin(connect, holders[0].server);
  loop_settle(f); /* Now the kernel has the connect. */
  for (size_t i = 1; i < sizeof(holders) / sizeof(holders[0]); i++) {
    holders[i] = holders[i - 1];
    memset(&holders[i - 1], 0xA5, sizeof(holders[0]));
    loop_turn(f, 0);
  }
  assert_int_equal(connect->done_count, 0);
  f->client = museum_open(f);
  assert_ends(connect, NP_OK, 0);
  museum_echo(f, holders[19].server, f->client);
}

NP_CASE("museum-handle/asked-while-busy", np_pipe_info, ANY_MODE | BOTH_ENDS,
        NP_OK,
        "An end with a waiting read and a waiting write answers queries at "
        "once. The kernel serializes only the calls on synchronous handles, "
        "and such handles are not adopted.",
        "Synchronous and Overlapped Input and Output; museum F11") {
  static uint8_t data[MUSEUM_QUOTA + 1];
  struct recorder *read = &f->ops[0];
  struct recorder *write = &f->ops[1];

  pair_open_quota(f, MUSEUM_QUOTA);
  museum_pattern(data, sizeof(data), 11);
  read_begin(read, f->end, sizeof(read->buffer));
  write_begin(write, f->end, data, sizeof(data));
  reads_post(f);
  for_rounds (round, 100) {
    np_info info = {.size = sizeof(info)};

    assert_np_ok(np_pipe_info(f->end, &info));
    assert_int_equal(info.state, NP_CONNECTED);
  }
  assert_int_equal(read->done_count + write->done_count, 0);
  assert_received(f, f->peer, data, sizeof(data));
  assert_ends(write, NP_OK, sizeof(data));
  pipe_send(f, f->peer, "answer", 6);
  assert_ends(read, NP_OK, 6);
}

/* --- Duplicating and exporting ------------------------------------------ */

NP_CASE("museum-handle/adopt-duplicate", np_pipe_adopt, ANY_MODE | BOTH_ENDS,
        ERROR_SHARING_VIOLATION,
        "A duplicate of an end's handle is not the only one: it is refused and "
        "stays the caller's, and the end works on.",
        "CreateIoCompletionPort#remarks; museum P02") {
  np_pipe *adopted = NULL;
  HANDLE duplicate = NULL;

  pair_open_quota(f, MUSEUM_QUOTA);
  assert_true(DuplicateHandle(GetCurrentProcess(), np_pipe_handle(f->end),
                              GetCurrentProcess(), &duplicate, 0, FALSE,
                              DUPLICATE_SAME_ACCESS));
  assert_np_error(np_pipe_adopt(f->loop, duplicate, &adopted),
                  ERROR_SHARING_VIOLATION);
  assert_null(adopted);
  museum_echo(f, f->server, f->client);
  assert_true(CloseHandle(duplicate));
  museum_echo(f, f->server, f->client);
}

NP_CASE("museum-handle/duplicate-keeps-open", np_pipe_close,
        ANY_MODE | BOTH_ENDS, ERROR_OPERATION_ABORTED,
        "An end whose handle was duplicated closes all the same: its "
        "operations end though the kernel's object lives on.",
        "CancelIoEx#remarks; museum D16 L16 P12") {
  HANDLE duplicate = NULL;

  server_quotas(f, MUSEUM_QUOTA, MUSEUM_QUOTA);
  for_rounds (round, 50) {
    pair_open(f);
    assert_true(DuplicateHandle(GetCurrentProcess(), np_pipe_handle(f->end),
                                GetCurrentProcess(), &duplicate, 0, FALSE,
                                DUPLICATE_SAME_ACCESS));
    read_begin(&f->ops[0], f->end, 16);
    read_begin(&f->ops[1], f->peer, 16);
    loop_settle(f);
    pipe_close_wait(f, f->end);
    assert_done(&f->ops[0], ERROR_OPERATION_ABORTED, 0);
    loop_settle(f);
    /* the stream has not ended yet */
    assert_int_equal(f->ops[1].done_count, round);
    assert_true(CloseHandle(duplicate));
    assert_ends(&f->ops[1], ERROR_BROKEN_PIPE, 0);
    pair_close(f);
  }
}

NP_CASE("museum-handle/exported", np_pipe_handle, ANY_MODE | BOTH_ENDS, NP_OK,
        "Synchronous calls on an end's handle, with the low bit of their "
        "event, work beside the loop and give it no packet.",
        "GetQueuedCompletionStatus#remarks; museum P03 F08") {
  unsigned order;

  pair_open_quota(f, MUSEUM_QUOTA);
  for_rounds (round, 100) {
    uint8_t got[16];

    pipe_send(f, f->peer, "data", 4);
    order = f->order;
    assert_int_equal(museum_take_raw(f->end, got, sizeof(got)), 4);
    loop_settle(f);
    assert_int_equal(f->order, order);
  }
  museum_echo(f, f->server, f->client);
}

NP_CASE("museum-handle/adopt-unusable", np_pipe_adopt, ANY_MODE,
        ERROR_NOT_SUPPORTED,
        "A synchronous handle and a handle in PIPE_NOWAIT mode are refused "
        "and stay unchanged.",
        "Synchronous and Overlapped Input and Output; museum P05 P09 R09 F08") {
  DWORD nowait = PIPE_NOWAIT | PIPE_READMODE_BYTE;
  np_pipe *adopted = NULL;
  wchar_t name[WORLD_PIPE_NAME_BYTES_MAX];
  char got[8];
  DWORD bytes = 0;
  HANDLE handle;

  server_quotas(f, MUSEUM_QUOTA, MUSEUM_QUOTA);
  raw_name(f, name);
  server_listen(f);
  handle = CreateFileW(name, GENERIC_READ | GENERIC_WRITE, 0, NULL,
                       OPEN_EXISTING, 0, NULL);
  assert_true(handle != INVALID_HANDLE_VALUE);
  museum_accept(f, f->server);
  assert_invalid(np_pipe_adopt(f->loop, handle, &adopted));
  pipe_send(f, f->server, "sync", 4);
  assert_true(ReadFile(handle, got, sizeof(got), &bytes, NULL));
  assert_int_equal(bytes, 4);
  assert_true(CloseHandle(handle));
  pipe_close_wait(f, f->server);

  server_listen(f);
  handle = museum_client_raw(f, GENERIC_READ | GENERIC_WRITE);
  assert_true(handle != INVALID_HANDLE_VALUE);
  museum_accept(f, f->server);
  assert_true(SetNamedPipeHandleState(handle, &nowait, NULL, NULL));
  assert_np_error(np_pipe_adopt(f->loop, handle, &adopted),
                  ERROR_NOT_SUPPORTED);
  assert_null(adopted);
  nowait = PIPE_WAIT | PIPE_READMODE_BYTE;
  assert_true(SetNamedPipeHandleState(handle, &nowait, NULL, NULL));
  assert_np_ok(np_pipe_adopt(f->loop, handle, &adopted)); /* Unbound still. */
  f->client = adopted;
  pipe_send(f, f->server, "data", 4);
  museum_take_raw(f->client, got, sizeof(got));
}

/* --- Leaks -------------------------------------------------------------- */

NP_CASE("museum-handle/no-memory", np_server_create, NO_MODE,
        ERROR_NOT_ENOUGH_MEMORY,
        "Each allocation fails once: the call returns ERROR_NOT_ENOUGH_MEMORY, "
        "and no memory and no instance is left.",
        "CreateNamedPipe; museum K05 A24") {
  const char *const sddl[] = {NULL, "D:(A;;GA;;;WD)"};
  np_pipe *pipe = NULL;

  server_quotas(f, MUSEUM_QUOTA, MUSEUM_QUOTA);
  f->server_options.instances_max = 1;
  for (unsigned kind = 0; kind < 2; kind++) {
    size_t live = f->allocator.live;
    np_error error;
    unsigned refused = 0;

    f->server_options.sddl = sddl[kind];
    do {
      round_name("kind %u, refusal %u", kind, refused);
      f->allocator.fail_at = f->allocator.total + 1 + refused;
      error = np_server_create(f->loop, f->name, &f->server_options, &pipe);
      if (error != NP_OK) {
        assert_np_error(error, ERROR_NOT_ENOUGH_MEMORY);
        assert_int_equal(f->allocator.live, live);
        assert_np_error(np_client_open(f->loop, f->name, NULL, &pipe),
                        ERROR_FILE_NOT_FOUND);
        refused++;
      }
    } while (error != NP_OK);
    assert_true(refused > 0);
    f->allocator.fail_at = 0;
    f->server = pipe;
    pipe_close_wait(f, f->server);
  }
  server_listen(f);
  f->allocator.fail_at = f->allocator.total + 1;
  assert_np_error(np_client_open(f->loop, f->name, &f->client_options, &pipe),
                  ERROR_NOT_ENOUGH_MEMORY);
  f->allocator.fail_at = 0;
  client_open_end(f); /* The refused open has not used up the instance. */
}

NP_CASE("museum-handle/info-often", np_pipe_info, ANY_MODE | BOTH_ENDS, NP_OK,
        "Asking an end about itself costs no memory, however often.",
        "GetNamedPipeInfo; museum K06 P08") {
  np_info info = {.size = sizeof(info)};
  size_t total;

  pair_open_quota(f, MUSEUM_QUOTA);
  total = f->allocator.total;
  for_rounds (round, 5000) {
    assert_np_ok(np_pipe_info(f->end, &info));
  }
  assert_int_equal(f->allocator.total, total);
  assert_int_equal(info.state, NP_CONNECTED);
}

/* --- Options ------------------------------------------------------------ */

/* A setter of one option; it must leave all other options unchanged. */
typedef void (*set_fn)(np_server_options *options);

static void set_mode(np_server_options *options) {
  options->mode = NP_MESSAGE;
}

static void set_read_mode(np_server_options *options) {
  options->read_mode = NP_MESSAGE;
}

static void set_direction(np_server_options *options) {
  options->outbound = false;
}

static void set_remote(np_server_options *options) {
  options->reject_remote_clients = false;
}

static void set_instances(np_server_options *options) {
  options->instances_max = 3;
}

static void set_quota(np_server_options *options) {
  options->in_buffer_bytes = 1234;
}

enum { SETTERS = 6 };
static const set_fn setters[SETTERS] = {set_mode,      set_read_mode,
                                        set_direction, set_remote,
                                        set_instances, set_quota};

static void assert_as_set(np_fixture *f, const np_server_options *options) {
  np_info info = {.size = sizeof(info)};
  np_pipe *server = NULL;

  assert_false(options->reject_remote_clients);
  assert_np_ok(np_server_create(f->loop, f->name, options, &server));
  assert_np_ok(np_pipe_info(server, &info));
  assert_int_equal(info.mode, NP_MESSAGE);
  assert_int_equal(info.read_mode, NP_MESSAGE);
  assert_true(info.readable);
  assert_false(info.writable);
  assert_int_equal(info.instances_max, 3);
  assert_int_equal(info.in_buffer_bytes, 1234);
  pipe_close_wait(f, server);
}

NP_CASE("museum-handle/option-order", np_server_create, NO_MODE, NP_OK,
        "The order in which options are set does not matter: none erases "
        "another.",
        "CreateNamedPipe#parameters; museum X01 X02") {
  server_quotas(f, MUSEUM_QUOTA, MUSEUM_QUOTA);
  for (unsigned order = 0; order < 720; order++) {
    np_server_options options = server_options();
    set_fn left[SETTERS];
    unsigned number = order;

    round_name("order %u", order);
    memcpy(left, setters, sizeof(left));
    for (unsigned count = SETTERS; count > 0; count--) {
      unsigned pick = number % count;

      number /= count;
      left[pick](&options);
      left[pick] = left[count - 1];
    }
    assert_as_set(f, &options);
  }
}

NP_CASE("museum-handle/option-subsets", np_server_create, NO_MODE, NP_OK,
        "Each set of options gives a pipe with exactly these options: the "
        "create call takes all of them together.",
        "CreateNamedPipe#parameters; museum X01 X02") {
  server_quotas(f, MUSEUM_QUOTA, MUSEUM_QUOTA);
  for (unsigned set = 0; set < 1u << SETTERS; set++) {
    np_server_options options = server_options();
    np_info info = {.size = sizeof(info)};
    np_pipe *server = NULL;

    round_name("set %u", set);
    for (unsigned i = 0; i < SETTERS; i++) {
      if ((set >> i & 1u) != 0) {
        setters[i](&options);
      }
    }
    if (options.read_mode == NP_MESSAGE && options.mode == NP_BYTE) {
      assert_invalid(np_server_create(f->loop, f->name, &options, &server));
      continue;
    }
    assert_np_ok(np_server_create(f->loop, f->name, &options, &server));
    assert_np_ok(np_pipe_info(server, &info));
    assert_int_equal(info.mode, options.mode);
    assert_int_equal(info.read_mode, options.read_mode);
    assert_int_equal(info.writable, options.outbound);
    assert_int_equal(info.instances_max, options.instances_max);
    assert_int_equal(info.in_buffer_bytes, options.in_buffer_bytes);
    assert_int_equal(info.out_buffer_bytes, options.out_buffer_bytes);
    pipe_close_wait(f, server);
  }
}
