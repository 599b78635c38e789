/* np_pipe_pair: a pipe of the loop, and a synchronous handle of its other
 * end. */
#include "library/fixture.h"

#include <stdio.h>
#include <stdlib.h>

enum { QUOTA = 4096 };

static np_pair_options options_of(const np_fixture *f) {
  np_pair_options options;

  np_pair_options_init(&options);
  options.mode = f->server_options.mode;
  options.read_mode = f->server_options.read_mode;
  options.in_buffer_bytes = QUOTA;
  options.out_buffer_bytes = QUOTA;
  return options;
}

/* pair_made makes a pair: f->server and f->raw. */
static void pair_made(np_fixture *f, const np_pair_options *options) {
  assert_np_ok(np_pipe_pair(f->loop, options, &f->server, &f->raw));
  assert_non_null(f->server);
  f->end = f->server;
  raw_own(f, f->raw);
}

static void pair_usual(np_fixture *f) {
  const np_pair_options options = options_of(f);

  pair_made(f, &options);
}

/* peer_writes and peer_reads are calls without an OVERLAPPED. */
static void peer_writes(np_fixture *f, const char *text) {
  DWORD bytes = 0;

  assert_true(WriteFile(f->raw, text, (DWORD)strlen(text), &bytes, NULL));
  assert_int_equal(bytes, strlen(text));
}

static void assert_peer_reads(np_fixture *f, const char *text) {
  char buffer[64];
  DWORD bytes = 0;

  assert_true(ReadFile(f->raw, buffer, sizeof(buffer), &bytes, NULL));
  assert_int_equal(bytes, strlen(text));
  assert_memory_equal(buffer, text, bytes);
}

static DWORD peer_error(np_fixture *f, bool reads) {
  char buffer[64] = "";
  DWORD bytes = 0;
  const BOOL is_done =
      reads ? ReadFile(f->raw, buffer, sizeof(buffer), &bytes, NULL)
            : WriteFile(f->raw, buffer, sizeof(buffer), &bytes, NULL);

  return is_done ? ERROR_SUCCESS : GetLastError();
}

static void pair_refused(np_fixture *f, const np_pair_options *options,
                         np_error expected) {
  np_pipe *pipe = NULL;
  HANDLE peer = NULL;

  assert_np_error(np_pipe_pair(f->loop, options, &pipe, &peer), expected);
  assert_null(pipe);
  assert_null(peer);
}

static void both_ways(np_fixture *f) {
  peer_writes(f, "to the loop");
  assert_received(f, f->server, "to the loop", 11);
  pipe_send(f, f->server, "to the peer", 11);
  assert_peer_reads(f, "to the peer");
}

NP_CASE("pair/both-ways", np_pipe_pair, ANY_MODE, NP_OK,
        "The ends are connected: the loop's end reads what a synchronous "
        "WriteFile wrote, and a synchronous ReadFile reads what the loop's end "
        "wrote.",
        "NtCreateNamedPipeFile; museum P05") {
  pair_usual(f);
  both_ways(f);
}

NP_CASE("pair/default-options", np_pipe_pair, NO_MODE, NP_OK,
        "Without options the pair is a stream of bytes in both directions.",
        "npipe/pair.h") {
  np_info info = {.size = sizeof(info)};

  pair_made(f, NULL);
  both_ways(f);
  assert_np_ok(np_pipe_info(f->server, &info));
  assert_int_equal(info.mode, NP_BYTE);
  assert_int_equal(info.in_buffer_bytes, 65536);
  assert_int_equal(info.out_buffer_bytes, 65536);
}

NP_CASE("pair/messages", np_pipe_pair, MESSAGE_TYPE, NP_OK,
        "Writes of the peer stay messages for an end that reads messages; "
        "the peer itself begins with byte reads.",
        "CreateNamedPipe#remarks") {
  DWORD state = 0;

  pair_usual(f);
  peer_writes(f, "one");
  peer_writes(f, "two");
  if ((f->variant & MODE_MESSAGE) != 0) {
    assert_received(f, f->server, "one", 3);
    assert_received(f, f->server, "two", 3);
  } else {
    assert_received_by(f, f->server, "onetwo", 6, 6);
  }
  assert_true(
      GetNamedPipeHandleStateW(f->raw, &state, NULL, NULL, NULL, NULL, 0));
  assert_int_equal(state & PIPE_READMODE_MESSAGE, 0);
}

NP_CASE("pair/peer-waits", np_pipe_pair, ANY_MODE, NP_OK,
        "A write of the peer that exceeds the quota waits, on its thread, "
        "until the loop's end has read.",
        "WriteFile#pipes") {
  np_pair_options options = options_of(f);
  world_process *child;
  char line[32];

  options.write = false;
  options.inheritable = true;
  pair_made(f, &options);
  snprintf(line, sizeof(line), "%llu", (unsigned long long)(uintptr_t)f->raw);
  child = world_process_start("pair_writer", line);
  raw_close(f, f->raw);
  for (size_t length = 0; length < (size_t)2 * QUOTA;) {
    read_begin(&f->ops[0], f->server, QUOTA);
    op_wait(&f->ops[0]);
    assert_true(f->ops[0].result == NP_OK ||
                f->ops[0].result == ERROR_MORE_DATA);
    length += f->ops[0].transferred;
    assert_true(length <= (size_t)2 * QUOTA);
  }
  assert_int_equal(world_process_wait(child, LOOP_WAIT_MS), 0);
  assert_reads(&f->ops[1], f->server, QUOTA, ERROR_BROKEN_PIPE, 0);
}

/* pair_writer has inherited the end whose handle is `arg`. */
WORLD_ROLE(pair_writer) {
  static const char data[2 * QUOTA];
  const HANDLE end = (HANDLE)(uintptr_t)strtoull(arg, NULL, 10);
  DWORD bytes = 0;

  assert_true(WriteFile(end, data, sizeof(data), &bytes, NULL));
  assert_int_equal(bytes, sizeof(data));
}

/* child_holds checks whether a child that inherits all inheritable handles
 * keeps the peer's end open. */
static void child_holds(np_fixture *f, bool inheritable, bool expected) {
  np_pair_options options = options_of(f);
  world_process *child;
  char line[16];

  options.inheritable = inheritable;
  pair_made(f, &options);
  child = world_process_start("pair_idle", NULL);
  world_process_read_line(child, line, sizeof(line), LOOP_WAIT_MS);
  raw_close(f, f->raw);
  read_begin(&f->ops[0], f->server, 16);
  loop_quiet(f);
  assert_int_equal(f->ops[0].done_count, expected ? 0 : 1);
  assert_true(world_process_write_line(child, "end"));
  assert_int_equal(world_process_wait(child, LOOP_WAIT_MS), 0);
  assert_ends(&f->ops[0], ERROR_BROKEN_PIPE, 0);
}

WORLD_ROLE(pair_idle) {
  char line[16];

  (void)arg;
  world_role_write_line("ready");
  world_role_read_line(line, sizeof(line));
}

NP_CASE("pair/inheritable", np_pipe_pair, NO_MODE, NP_OK,
        "A child inherits the peer's end if the options say so, and the end "
        "stays open until the child has gone.",
        "Inheritance; museum P12") {
  child_holds(f, true, true);
}

NP_CASE("pair/not-inheritable", np_pipe_pair, NO_MODE, NP_OK,
        "Without that option no child inherits an end.",
        "Inheritance; museum P12") {
  DWORD flags = HANDLE_FLAG_INHERIT;

  child_holds(f, false, false);
  assert_true(GetHandleInformation(np_pipe_handle(f->server), &flags));
  assert_int_equal(flags & HANDLE_FLAG_INHERIT, 0);
}

NP_CASE("pair/loop-end-not-inherited", np_pipe_pair, NO_MODE, NP_OK,
        "The loop's end is not inheritable, also if the peer's end is.",
        "Inheritance; museum P12") {
  np_pair_options options = options_of(f);
  DWORD flags = HANDLE_FLAG_INHERIT;

  options.inheritable = true;
  pair_made(f, &options);
  assert_true(GetHandleInformation(np_pipe_handle(f->server), &flags));
  assert_int_equal(flags & HANDLE_FLAG_INHERIT, 0);
  assert_true(GetHandleInformation(f->raw, &flags));
  assert_int_equal(flags & HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT);
}

NP_CASE("pair/read-only", np_pipe_pair, ANY_MODE, NP_OK,
        "A pair for reading: the peer only writes, the loop's end only reads.",
        "CreateNamedPipe#parameters") {
  np_pair_options options = options_of(f);

  options.write = false;
  pair_made(f, &options);
  peer_writes(f, "abc");
  assert_received(f, f->server, "abc", 3);
  assert_int_equal(peer_error(f, true), ERROR_ACCESS_DENIED);
  assert_np_error(np_pipe_write(f->server, "abc", 3, &f->ops[1].op, on_never),
                  ERROR_ACCESS_DENIED);
}

NP_CASE("pair/write-only", np_pipe_pair, ANY_MODE, NP_OK,
        "A pair for writing: the peer only reads, the loop's end only writes.",
        "CreateNamedPipe#parameters") {
  np_pair_options options = options_of(f);
  char buffer[8];

  options.read = false;
  pair_made(f, &options);
  pipe_send(f, f->server, "abc", 3);
  assert_peer_reads(f, "abc");
  assert_int_equal(peer_error(f, false), ERROR_ACCESS_DENIED);
  assert_np_error(
      np_pipe_read(f->server, buffer, sizeof(buffer), &f->ops[1].op, on_never),
      ERROR_ACCESS_DENIED);
}

NP_CASE("pair/asks-and-sets-the-mode", np_pipe_pair, MESSAGE_TYPE, NP_OK,
        "Both ends may ask and set their read mode, whatever the direction "
        "is.",
        "SetNamedPipeHandleState#remarks") {
  for_rounds (round, 2) {
    np_pair_options options = options_of(f);
    np_info info = {.size = sizeof(info)};
    DWORD mode = PIPE_READMODE_MESSAGE;

    options.read = round == 0;
    options.write = round == 1;
    pair_made(f, &options);
    assert_true(SetNamedPipeHandleState(f->raw, &mode, NULL, NULL));
    assert_true(
        GetNamedPipeHandleStateW(f->raw, &mode, NULL, NULL, NULL, NULL, 0));
    assert_int_equal(mode, PIPE_READMODE_MESSAGE);
    assert_np_ok(np_pipe_set_read_mode(f->server, NP_BYTE));
    assert_np_ok(np_pipe_info(f->server, &info));
    assert_int_equal(info.read_mode, NP_BYTE);
    pipe_close_wait(f, f->server);
    f->server = NULL;
    raw_close(f, f->raw);
  }
}

NP_CASE("pair/info", np_pipe_pair, ANY_MODE, NP_OK,
        "The loop's end is a connected server of one instance, with the type, "
        "the read mode and the quotas of the options.",
        "GetNamedPipeInfo") {
  np_pair_options options = options_of(f);
  np_info info = {.size = sizeof(info)};

  options.out_buffer_bytes = 2 * QUOTA;
  pair_made(f, &options);
  assert_np_ok(np_pipe_info(f->server, &info));
  assert_int_equal(info.end, NP_SERVER);
  assert_int_equal(info.state, NP_CONNECTED);
  assert_int_equal(info.mode, options.mode);
  assert_int_equal(info.read_mode, options.read_mode);
  assert_int_equal(info.instances_max, 1);
  assert_int_equal(info.in_buffer_bytes, QUOTA);
  assert_int_equal(info.out_buffer_bytes, 2 * QUOTA);
  assert_true(info.readable);
  assert_true(info.writable);
}

NP_CASE("pair/synchronous", np_pipe_pair, NO_MODE, NP_OK,
        "The peer's handle is synchronous: no completion port takes it.",
        "CreateIoCompletionPort#parameters") {
  np_pipe *adopted = NULL;

  pair_usual(f);
  assert_invalid(np_pipe_adopt(f->loop, f->raw, &adopted));
  both_ways(f);
}

NP_CASE("pair/connect", np_pipe_pair, ANY_MODE, ERROR_PIPE_CONNECTED,
        "A connect of the loop's end ends with ERROR_PIPE_CONNECTED: nobody "
        "new comes.",
        "ConnectNamedPipe#remarks") {
  pair_usual(f);
  assert_connects(&f->ops[0], f->server, ERROR_PIPE_CONNECTED, 0);
  both_ways(f);
}

NP_CASE("pair/peer-closes", np_pipe_pair, ANY_MODE, ERROR_BROKEN_PIPE,
        "The peer's end is closed: what it wrote is read, then reads end with "
        "ERROR_BROKEN_PIPE and writes with ERROR_NO_DATA.",
        "Named Pipe Operations") {
  pair_usual(f);
  peer_writes(f, "bye");
  raw_close(f, f->raw);
  assert_received(f, f->server, "bye", 3);
  assert_reads(&f->ops[0], f->server, 16, ERROR_BROKEN_PIPE, 0);
  assert_writes(&f->ops[1], f->server, "x", 1, ERROR_NO_DATA, 0);
}

NP_CASE("pair/loop-end-closes", np_pipe_pair, ANY_MODE, ERROR_NO_DATA,
        "The loop's end is closed: the peer reads what was written, then its "
        "reads end with ERROR_BROKEN_PIPE and its writes with ERROR_NO_DATA.",
        "Named Pipe Operations") {
  pair_usual(f);
  pipe_send(f, f->server, "bye", 3);
  pipe_close_wait(f, f->server);
  f->server = NULL;
  assert_peer_reads(f, "bye");
  assert_int_equal(peer_error(f, true), ERROR_BROKEN_PIPE);
  assert_int_equal(peer_error(f, false), ERROR_NO_DATA);
}

NP_CASE("pair/disconnect", np_pipe_pair, NO_MODE, NP_OK,
        "A disconnect ends the pair: the peer's calls fail with "
        "ERROR_PIPE_NOT_CONNECTED.",
        "DisconnectNamedPipe#remarks") {
  pair_usual(f);
  assert_np_ok(np_server_disconnect(f->server));
  assert_int_equal(peer_error(f, true), ERROR_PIPE_NOT_CONNECTED);
}

NP_CASE("pair/peer-process", np_pipe_pair, NO_MODE, NP_OK,
        "The process at the other end is the one that made the pair.",
        "GetNamedPipeClientProcessId") {
  uint32_t id = 0;

  pair_usual(f);
  assert_np_ok(np_pipe_peer_process_id(f->server, &id));
  assert_int_equal(id, GetCurrentProcessId());
}

NP_CASE("pair/channel", np_pipe_pair, ANY_MODE, NP_OK,
        "A channel works on the loop's end: a frame that the peer writes is a "
        "message.",
        "npipe/channel.h") {
  static const char frame[] = {0, 0, 0, 3, 'a', 'b', 'c'};
  const bool is_framed = (f->variant & MODE_BYTE) != 0;
  const size_t skip = is_framed ? 0 : 4;
  np_pair_options options = options_of(f);
  DWORD bytes = 0;

  options.read_mode = options.mode;
  pair_made(f, &options);
  assert_np_ok(np_channel_create(f->server, NULL, &f->channel));
  pipe_release(f, f->server);
  op_begin(&f->ops[0], np_channel_receive(f->channel, &f->ops[0].op, on_done));
  assert_true(WriteFile(f->raw, frame + skip, (DWORD)(sizeof(frame) - skip),
                        &bytes, NULL));
  assert_ends(&f->ops[0], NP_OK, 3);
}

NP_CASE("pair/many", np_pipe_pair, NO_MODE, NP_OK,
        "Each pair is a pipe of its own.", "npipe/pair.h") {
  HANDLE peers[8];
  np_pipe *pipes[8];
  char text[2] = "0";

  for (unsigned i = 0; i < 8; i++) {
    assert_np_ok(np_pipe_pair(f->loop, NULL, &pipes[i], &peers[i]));
    pipe_own(f, pipes[i]);
    raw_own(f, peers[i]);
  }
  for (unsigned i = 0; i < 8; i++) {
    f->raw = peers[i];
    text[0] = (char)('0' + i);
    peer_writes(f, text);
  }
  for (unsigned i = 0; i < 8; i++) {
    text[0] = (char)('0' + i);
    assert_received(f, pipes[i], text, 1);
  }
}

NP_CASE("pair/kernel-calls", np_pipe_pair, NO_MODE, NP_OK,
        "A pair costs two opens, one create and the two calls that bind its "
        "handle.",
        "npipe/pair.h") {
  const uint64_t opens = calls("NtOpenFile");
  const uint64_t creates = calls("NtCreateNamedPipeFile");
  const uint64_t ports = calls("CreateIoCompletionPort");
  const size_t allocations = f->allocator.total;

  pair_usual(f);
  if (calls("SystemFunction036") != 0) {
    np_unresolved("this system makes no pipe without a name");
  }
  assert_int_equal(calls("NtOpenFile") - opens, 2);
  assert_int_equal(calls("NtCreateNamedPipeFile") - creates, 1);
  assert_int_equal(calls("CreateIoCompletionPort") - ports, 1);
  assert_int_equal(f->allocator.total - allocations, 1);
}

NP_CASE("pair/by-name", np_pipe_pair, ANY_MODE, NP_OK,
        "A system that makes no pipe without a name makes one with a random "
        "name, and the pair is the same.",
        "npipe/pair.h") {
  np_info info = {.size = sizeof(info)};

  if (!world_refuse("NtCreateNamedPipeFile", 0xC0000024)) {
    np_unresolved("this world cannot refuse a pipe without a name");
  }
  pair_usual(f);
  assert_true(calls("SystemFunction036") > 0);
  both_ways(f);
  assert_np_ok(np_pipe_info(f->server, &info));
  assert_int_equal(info.state, NP_CONNECTED);
  assert_int_equal(info.instances_max, 1);
}

NP_CASE("pair/taken", np_pipe_pair, NO_MODE, ERROR_PIPE_BUSY,
        "A pair has a name, and somebody opens it first: there is no pair, and "
        "nothing stays open.",
        "npipe/pair.h") {
  if (!world_refuse("NtCreateNamedPipeFile", 0xC0000024) ||
      !world_touch_new()) {
    np_unresolved("nobody here can take the instance");
  }
  pair_refused(f, NULL, ERROR_PIPE_BUSY);
}

NP_CASE("pair/no-random-bits", np_pipe_pair, NO_MODE, ERROR_GEN_FAILURE,
        "Without random bits there is no pair with a name.",
        "RtlGenRandom#return-value") {
  if (!world_refuse("NtCreateNamedPipeFile", 0xC0000024) ||
      !world_refuse("SystemFunction036", ERROR_INVALID_FUNCTION)) {
    np_unresolved("this world always has random bits");
  }
  pair_refused(f, NULL, ERROR_GEN_FAILURE);
}

NP_CASE("pair/no-handles", np_pipe_pair, NO_MODE, NP_OK,
        "A process without room for the handles gets no pair, and nothing "
        "stays open; with room for them it gets one.",
        "npipe/pair.h") {
  np_pipe *pipe = NULL;
  HANDLE peer = NULL;
  unsigned refused = 0;

  for_rounds (left, 4) {
    np_error error;

    if (!world_handles_left(left)) {
      np_unresolved("this world cannot limit handles");
    }
    error = np_pipe_pair(f->loop, NULL, &pipe, &peer);
    assert_true(world_handles_left(UINT32_MAX));
    if (error != NP_OK) {
      refused++;
      assert_null(pipe);
      assert_null(peer);
      continue;
    }
    pipe_own(f, pipe);
    raw_own(f, peer);
    pipe = NULL;
    peer = NULL;
  }
  assert_in_range(refused, 2, 3);
}

NP_CASE("pair/null", np_pipe_pair, NO_MODE, ERROR_INVALID_PARAMETER,
        "Without a loop, or nowhere to put an end, nothing is made.",
        "npipe/pair.h") {
  np_pipe *pipe = NULL;
  HANDLE peer = NULL;

  assert_invalid(np_pipe_pair(NULL, NULL, &pipe, &peer));
  assert_invalid(np_pipe_pair(f->loop, NULL, NULL, &peer));
  assert_invalid(np_pipe_pair(f->loop, NULL, &pipe, NULL));
  assert_null(pipe);
  assert_null(peer);
}

NP_CASE("pair/options", np_pipe_pair, NO_MODE, ERROR_INVALID_PARAMETER,
        "Options of another size, without a direction, or with modes that do "
        "not fit each other, are refused.",
        "npipe/pair.h") {
  const np_pair_options usual = options_of(f);
  np_pair_options options = usual;

  options.size--;
  pair_refused(f, &options, ERROR_INVALID_PARAMETER);
  options = usual;
  options.read = options.write = false;
  pair_refused(f, &options, ERROR_INVALID_PARAMETER);
  options = usual;
  options.mode = NP_BYTE;
  options.read_mode = NP_MESSAGE;
  pair_refused(f, &options, ERROR_INVALID_PARAMETER);
  options.mode = (np_mode)2;
  pair_refused(f, &options, ERROR_INVALID_PARAMETER);
  options.mode = NP_MESSAGE;
  options.read_mode = (np_mode)2;
  pair_refused(f, &options, ERROR_INVALID_PARAMETER);
}

NP_CASE("pair/options-init", np_pair_options_init, NO_MODE, NP_OK,
        "The defaults are both directions, bytes, 65536 bytes of quota, and a "
        "handle that nobody inherits. NULL is ignored.",
        "npipe/pair.h") {
  np_pair_options options;

  np_pair_options_init(NULL);
  memset(&options, 0xff, sizeof(options));
  np_pair_options_init(&options);
  assert_int_equal(options.size, sizeof(options));
  assert_true(options.read);
  assert_true(options.write);
  assert_int_equal(options.mode, NP_BYTE);
  assert_int_equal(options.read_mode, NP_BYTE);
  assert_int_equal(options.in_buffer_bytes, 65536);
  assert_int_equal(options.out_buffer_bytes, 65536);
  assert_false(options.inheritable);
}

NP_CASE("pair/no-memory", np_pipe_pair, NO_MODE, ERROR_NOT_ENOUGH_MEMORY,
        "Without memory nothing is made; the next call makes a pair.",
        "npipe/pair.h") {
  f->allocator.fail_at = f->allocator.total + 1;
  pair_refused(f, NULL, ERROR_NOT_ENOUGH_MEMORY);
  pair_usual(f);
  both_ways(f);
}
