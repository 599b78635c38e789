/* np_pipe_info, and the other questions that a pipe can answer. */
#include "library/fixture.h"

static np_info info_of(np_pipe *pipe) {
  np_info info;

  memset(&info, 0xEE, sizeof(info));
  info.size = sizeof(info);
  assert_np_ok(np_pipe_info(pipe, &info));
  assert_int_equal(info.size, sizeof(info));
  return info;
}

NP_CASE("pipe-info/modes", np_pipe_info, ANY_MODE | BOTH_ENDS, NP_OK,
        "Both ends report which end they are, the pipe's type and their read "
        "mode.",
        "GetNamedPipeInfo") {
  np_info info;

  pair_open(f);
  info = info_of(f->end);
  assert_int_equal(info.end, is_client_end(f) ? NP_CLIENT : NP_SERVER);
  assert_int_equal(info.mode, f->server_options.mode);
  assert_int_equal(info.read_mode, f->client_options.read_mode);
  assert_int_equal(info.state, NP_CONNECTED);
  assert_true(info.readable);
  assert_true(info.writable);
}

NP_CASE("pipe-info/read-modes-differ", np_pipe_info, NO_MODE, NP_OK,
        "The read mode is that of the end, not of the pipe.",
        "GetNamedPipeHandleState") {
  f->server_options.mode = NP_MESSAGE;
  f->server_options.read_mode = NP_MESSAGE;
  f->client_options.read_mode = NP_BYTE;
  pair_open(f);
  assert_int_equal(info_of(f->server).read_mode, NP_MESSAGE);
  assert_int_equal(info_of(f->client).read_mode, NP_BYTE);
  assert_int_equal(info_of(f->client).mode, NP_MESSAGE);
}

NP_CASE("pipe-info/buffers", np_pipe_info, BOTH_ENDS, NP_OK,
        "Both ends report the quotas of the server's options.",
        "GetNamedPipeInfo#parameters") {
  np_info info;

  server_quotas(f, 1234, 5678);
  pair_open(f);
  info = info_of(f->end);
  assert_int_equal(info.in_buffer_bytes, 1234);
  assert_int_equal(info.out_buffer_bytes, 5678);
}

NP_CASE("pipe-info/instances", np_pipe_info, BOTH_ENDS, NP_OK,
        "Both ends report the limit and the number of instances.",
        "FILE_PIPE_LOCAL_INFORMATION") {
  np_pipe *second = NULL;

  f->server_options.instances_max = 3;
  pair_open(f);
  assert_int_equal(info_of(f->end).instances_max, 3);
  assert_int_equal(info_of(f->end).instances, 1);
  second = server_add(f);
  assert_int_equal(info_of(f->end).instances, 2);
  pipe_close_wait(f, second);
  assert_int_equal(info_of(f->end).instances, 1);
}

NP_CASE("pipe-info/instances-unlimited", np_pipe_info, BOTH_ENDS, NP_OK,
        "No limit is NP_INSTANCES_UNLIMITED on each system, not 255.",
        "GetNamedPipeInfo#parameters") {
  pair_open(f);
  assert_true(info_of(f->end).instances_max == NP_INSTANCES_UNLIMITED);
}

NP_CASE("pipe-info/instances-254", np_pipe_info, BOTH_ENDS, NP_OK,
        "254 is a limit as any other.", "GetNamedPipeInfo#parameters") {
  f->server_options.instances_max = 254;
  pair_open(f);
  assert_int_equal(info_of(f->end).instances_max, 254);
}

NP_CASE("pipe-info/readable-bytes", np_pipe_info, ANY_MODE | BOTH_ENDS, NP_OK,
        "The number of readable bytes at an end is reported, summed over all "
        "messages.",
        "FILE_PIPE_LOCAL_INFORMATION") {
  char buffer[3];
  size_t length;

  pair_open(f);
  assert_int_equal(info_of(f->end).readable_bytes, 0);
  pipe_send(f, f->peer, "abc", 3);
  pipe_send(f, f->peer, "de", 2);
  assert_int_equal(info_of(f->end).readable_bytes, 5);
  assert_int_equal(info_of(f->peer).readable_bytes, 0);
  assert_np_ok(pipe_receive(f, f->end, buffer, sizeof(buffer), &length));
  assert_int_equal(info_of(f->end).readable_bytes, 2);
}

NP_CASE("pipe-info/state-server", np_pipe_info, ANY_MODE, NP_OK,
        "A server end listens, is connected, sees its client go, and is "
        "disconnected.",
        "FILE_PIPE_LOCAL_INFORMATION") {
  server_listen(f);
  assert_int_equal(info_of(f->server).state, NP_LISTENING);
  connect_begin(&f->ops[0], f->server);
  assert_int_equal(info_of(f->server).state, NP_LISTENING);
  client_open_end(f);
  assert_int_equal(info_of(f->server).state, NP_CONNECTED);
  loop_until(f, 1);
  pipe_close_wait(f, f->client);
  assert_int_equal(info_of(f->server).state, NP_CLOSING);
  assert_np_ok(np_server_disconnect(f->server));
  assert_int_equal(info_of(f->server).state, NP_DISCONNECTED);
}

NP_CASE("pipe-info/state-client", np_pipe_info, ANY_MODE, NP_OK,
        "A client end is connected, then sees its server go.",
        "FILE_PIPE_LOCAL_INFORMATION") {
  pair_open(f);
  assert_int_equal(info_of(f->client).state, NP_CONNECTED);
  pipe_close_wait(f, f->server);
  assert_int_equal(info_of(f->client).state, NP_CLOSING);
}

NP_CASE("pipe-info/inbound", np_pipe_info, ANY_MODE | BOTH_ENDS, NP_OK,
        "On an inbound pipe the server only reads and the client only writes; "
        "both can be asked everything.",
        "CreateNamedPipe#parameters") {
  np_info info;

  options_inbound(f);
  pair_open(f);
  info = info_of(f->end);
  assert_int_equal(info.readable, !is_client_end(f));
  assert_int_equal(info.writable, is_client_end(f));
  assert_int_equal(info.instances, 1);
  assert_int_equal(info.state, NP_CONNECTED);
}

NP_CASE("pipe-info/outbound-client", np_pipe_info, ANY_MODE, NP_OK,
        "On an outbound pipe the client only reads and can be asked "
        "everything.",
        "CreateNamedPipe#parameters") {
  np_info info;

  f->server_options.inbound = false;
  f->server_options.read_mode = NP_BYTE;
  f->client_options.write = false;
  pair_open(f);
  info = info_of(f->client);
  assert_true(info.readable);
  assert_false(info.writable);
  assert_int_equal(info.instances, 1);
  assert_int_equal(info.read_mode, f->client_options.read_mode);
}

NP_CASE("pipe-info/outbound-server", np_pipe_info, ANY_MODE, NP_OK,
        "An outbound server returns the values of its creation, although its "
        "handle has no right to query them.",
        "CreateNamedPipe#parameters") {
  np_info info;

  f->server_options.inbound = false;
  f->server_options.read_mode = NP_BYTE;
  f->server_options.instances_max = 7;
  server_quotas(f, 111, 222);
  f->client_options.write = false;
  server_listen(f);
  assert_int_equal(info_of(f->server).state, NP_LISTENING);
  client_open_end(f);
  connect_begin(&f->ops[0], f->server);
  loop_until(f, 1);
  info = info_of(f->server);
  assert_int_equal(info.end, NP_SERVER);
  assert_int_equal(info.mode, f->server_options.mode);
  assert_int_equal(info.read_mode, NP_BYTE);
  assert_false(info.readable);
  assert_true(info.writable);
  assert_int_equal(info.state, NP_CONNECTED);
  assert_int_equal(info.instances_max, 7);
  assert_int_equal(info.in_buffer_bytes, 111);
  assert_int_equal(info.out_buffer_bytes, 222);
  assert_int_equal(info.readable_bytes, 0);
}

NP_CASE("pipe-info/outbound-server-ghost", np_pipe_info, ANY_MODE, NP_OK,
        "The client of an outbound server connected and closed before the "
        "connect. The server reports that the client is gone.",
        "ConnectNamedPipe#remarks") {
  f->server_options.inbound = false;
  server_listen(f);
  f->client_options.write = false;
  client_open_end(f);
  pipe_close_wait(f, f->client);
  assert_connects(&f->ops[0], f->server, NP_OK, 0);
  assert_int_equal(info_of(f->server).state, NP_CLOSING);
}

NP_CASE("pipe-info/outbound-server-early-news", np_pipe_info, ANY_MODE, NP_OK,
        "A write of an outbound server finds that the client is gone. The "
        "state is then NP_CLOSING, and stays NP_CLOSING when the connect is "
        "reported later.",
        "npipe/pipe.h") {
  f->server_options.inbound = false;
  server_listen(f);
  f->client_options.write = false;
  connect_begin(&f->ops[0], f->server);
  client_open_end(f);
  pipe_close_wait(f, f->client);
  write_begin(&f->ops[1], f->server, "x", 1);
  loop_until_count(f, &f->ops[1].done_count, 1);
  assert_np_error(f->ops[1].result, ERROR_NO_DATA);
  loop_until_count(f, &f->ops[0].done_count, 1);
  assert_np_ok(f->ops[0].result);
  assert_int_equal(info_of(f->server).state, NP_CLOSING);
}

NP_CASE("pipe-info/outbound-server-instances", np_pipe_info, NO_MODE, NP_OK,
        "An outbound server reports NP_UNKNOWN for numbers that it has no "
        "right to query.",
        "CreateNamedPipe#parameters") {
  f->server_options.inbound = false;
  server_listen(f);
  assert_true(info_of(f->server).instances == NP_UNKNOWN);
}

NP_CASE("pipe-info/invalid", np_pipe_info, NO_MODE, ERROR_INVALID_PARAMETER,
        "A NULL, or a struct of another size, is refused and nothing is "
        "written.",
        "npipe/pipe.h") {
  np_info info;
  np_info before;

  server_listen(f);
  memset(&info, 0xEE, sizeof(info));
  info.size = sizeof(info) - 1;
  before = info;
  assert_invalid(np_pipe_info(f->server, &info));
  assert_memory_equal(&info, &before, sizeof(info));
  info.size = sizeof(info) + 1;
  assert_invalid(np_pipe_info(f->server, &info));
  info.size = sizeof(info);
  assert_invalid(np_pipe_info(NULL, &info));
  assert_invalid(np_pipe_info(f->server, NULL));
}

NP_CASE("pipe-info/closing", np_pipe_info, BOTH_ENDS, ERROR_INVALID_HANDLE,
        "A pipe that is being closed answers no more.", "npipe/pipe.h") {
  np_info info;
  np_pipe *pipe = pipe_closing(f);

  info.size = sizeof(info);
  assert_np_error(np_pipe_info(pipe, &info), ERROR_INVALID_HANDLE);
}

NP_CASE("pipe-info/disconnected-client", np_pipe_info, ANY_MODE,
        ERROR_PIPE_NOT_CONNECTED,
        "A disconnected client reports an error and fills in nothing.",
        "FILE_PIPE_LOCAL_INFORMATION") {
  np_info info;
  np_info before;

  pair_open(f);
  assert_np_ok(np_server_disconnect(f->server));
  memset(&info, 0xEE, sizeof(info));
  info.size = sizeof(info);
  before = info;
  assert_np_error(np_pipe_info(f->client, &info), ERROR_PIPE_NOT_CONNECTED);
  assert_memory_equal(&info, &before, sizeof(info));
}

/* --- Handle, loop, user ------------------------------------------------- */

NP_CASE("pipe-info/handle", np_pipe_handle, BOTH_ENDS, NP_OK,
        "The handle is that of a pipe and can be asked about and duplicated.",
        "GetNamedPipeInfo") {
  HANDLE duplicate = NULL;
  DWORD flags = 0xEEEEEEEE;

  pair_open(f);
  assert_int_equal(GetFileType(np_pipe_handle(f->end)), FILE_TYPE_PIPE);
  assert_true(
      GetNamedPipeInfo(np_pipe_handle(f->end), &flags, NULL, NULL, NULL));
  assert_int_equal(flags & PIPE_SERVER_END, is_client_end(f) ? 0 : 1);
  assert_true(DuplicateHandle(GetCurrentProcess(), np_pipe_handle(f->end),
                              GetCurrentProcess(), &duplicate, 0, FALSE,
                              DUPLICATE_SAME_ACCESS));
  assert_true(CloseHandle(duplicate));
}

NP_CASE("pipe-info/handle-none", np_pipe_handle, BOTH_ENDS, NP_OK,
        "NULL and a pipe that is being closed have INVALID_HANDLE_VALUE.",
        "npipe/pipe.h") {
  np_pipe *pipe;

  assert_true(np_pipe_handle(NULL) == INVALID_HANDLE_VALUE);
  pair_open(f);
  pipe = f->end;
  pipe_close(f, pipe);
  assert_true(np_pipe_handle(pipe) == INVALID_HANDLE_VALUE);
}

NP_CASE("pipe-info/handle-synchronous-call", np_pipe_handle, BOTH_ENDS, NP_OK,
        "A synchronous call on the handle, with an event whose low bit is set, "
        "brings the loop no packet.",
        "GetQueuedCompletionStatus#remarks") {
  static OVERLAPPED overlapped;
  HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);
  DWORD written = 0;

  assert_non_null(event);
  pair_open(f);
  memset(&overlapped, 0, sizeof(overlapped));
  overlapped.hEvent = (HANDLE)((ULONG_PTR)event | 1);
  assert_true(WriteFile(np_pipe_handle(f->end), "abc", 3, NULL, &overlapped) ||
              GetLastError() == ERROR_IO_PENDING);
  assert_int_equal(WaitForSingleObject(event, LOOP_WAIT_MS), WAIT_OBJECT_0);
  assert_true(GetOverlappedResult(np_pipe_handle(f->end), &overlapped, &written,
                                  FALSE));
  assert_int_equal(written, 3);
  loop_quiet(f);
  assert_received(f, f->peer, "abc", 3);
  assert_true(CloseHandle(event));
}

NP_CASE("pipe-info/loop", np_pipe_loop, BOTH_ENDS, NP_OK,
        "np_pipe_loop returns the loop of a pipe, and NULL for NULL.",
        "npipe/pipe.h") {
  assert_null(np_pipe_loop(NULL));
  pair_open(f);
  assert_ptr_equal(np_pipe_loop(f->end), f->loop);
}

static void closed_ask(np_fixture *f, np_pipe *pipe) {
  assert_ptr_equal(np_pipe_user(pipe), f->name);
  assert_ptr_equal(np_pipe_loop(pipe), f->loop);
}

NP_CASE("pipe-info/user", np_pipe_user, BOTH_ENDS, NP_OK,
        "The caller's pointer is NULL at first. It is kept when it is set, and "
        "can be read until on_closed returns.",
        "npipe/pipe.h") {
  assert_null(np_pipe_user(NULL));
  pair_open(f);
  assert_null(np_pipe_user(f->end));
  np_pipe_set_user(f->end, f->name);
  assert_ptr_equal(np_pipe_user(f->end), f->name);
  assert_null(np_pipe_user(f->peer));
  f->closed_then = closed_ask;
  pipe_close_wait(f, f->end);
}

NP_CASE("pipe-info/set-user", np_pipe_set_user, BOTH_ENDS, NP_OK,
        "A second pointer replaces the first; NULL for the pipe is ignored.",
        "npipe/pipe.h") {
  np_pipe_set_user(NULL, f);
  pair_open(f);
  np_pipe_set_user(f->end, f->name);
  np_pipe_set_user(f->end, f);
  assert_ptr_equal(np_pipe_user(f->end), f);
  np_pipe_set_user(f->end, NULL);
  assert_null(np_pipe_user(f->end));
}
