/* Each operation in each state of its end: which operations are refused, and
 * with which error. Operations that succeed are tested in the files of their
 * own names. */
#include "fixture.h"

static char room[16];

/* disconnected and the functions below bring the end under test into a state
 * without a peer. */
static void disconnected(struct platform *f) {
  pair_create(f);
  win_disconnect(f);
}

static void closing(struct platform *f) {
  pair_create(f);
  peer_close(f);
}

static DWORD peek(HANDLE pipe, DWORD *bytes) {
  return PeekNamedPipe(pipe, NULL, 0, NULL, bytes, NULL) ? 0 : GetLastError();
}

/* transact returns the error of a transaction. Since Windows 8 the error may
 * come later, in the OVERLAPPED. */
static DWORD transact(struct platform *f, HANDLE pipe) {
  struct io *io = io_new(f);

  return io_finish(io, pipe, transact_start(io, pipe, "ask", 3, room, 4)).error;
}

static DWORD query(HANDLE pipe, int information) {
  struct nt_pipe_local local;
  size_t size = information == NT_FILE_PIPE ? sizeof(struct nt_pipe)
                                            : sizeof(struct nt_pipe_local);

  return nt_query(pipe, information, &local, size);
}

/* --- Disconnected ------------------------------------------------------- */

NP_PLATFORM_CASE("platform/state/read-disconnected", ReadFile,
                 ANY_MODE | BOTH_ENDS, ERROR_PIPE_NOT_CONNECTED,
                 "A disconnected end cannot be read.",
                 "wine ntdll/tests/pipe.c#test_pipe_state") {
  disconnected(f);
  assert_result(win_read(f, f->end, room, 4), ERROR_PIPE_NOT_CONNECTED, 0);
}

NP_PLATFORM_CASE("platform/state/write-disconnected", WriteFile,
                 ANY_MODE | BOTH_ENDS, ERROR_PIPE_NOT_CONNECTED,
                 "A disconnected end cannot be written to.",
                 "wine ntdll/tests/pipe.c#test_pipe_state") {
  disconnected(f);
  assert_result(win_write(f, f->end, "a", 1), ERROR_PIPE_NOT_CONNECTED, 0);
}

NP_PLATFORM_CASE("platform/state/peek-disconnected-server", PeekNamedPipe,
                 ANY_MODE, ERROR_BAD_PIPE,
                 "A disconnected server cannot be peeked at.",
                 "wine ntdll/tests/pipe.c#test_pipe_state") {
  DWORD bytes = 99;

  disconnected(f);
  assert_error(peek(f->server, &bytes), ERROR_BAD_PIPE);
  assert_int_equal(bytes, 99);
}

NP_PLATFORM_CASE("platform/state/peek-disconnected-client", PeekNamedPipe,
                 ANY_MODE, ERROR_PIPE_NOT_CONNECTED,
                 "A disconnected client cannot be peeked at.",
                 "wine ntdll/tests/pipe.c#test_pipe_state") {
  DWORD bytes = 99;

  disconnected(f);
  assert_error(peek(f->client, &bytes), ERROR_PIPE_NOT_CONNECTED);
  assert_int_equal(bytes, 99);
}

NP_PLATFORM_CASE("platform/state/flush-disconnected", FlushFileBuffers, NO_MODE,
                 ERROR_PIPE_NOT_CONNECTED,
                 "A flush of a disconnected server has nothing to wait for; "
                 "that of the client fails.",
                 "wine ntdll/tests/pipe.c#test_pipe_state") {
  disconnected(f);
  assert_call(FlushFileBuffers(f->server));
  assert_refused(FlushFileBuffers(f->client), ERROR_PIPE_NOT_CONNECTED);
}

NP_PLATFORM_CASE("platform/state/transact-disconnected", TransactNamedPipe,
                 MODE_MESSAGE, ERROR_BAD_PIPE,
                 "A disconnected server cannot transact (ERROR_BAD_PIPE), nor "
                 "can the client (ERROR_PIPE_NOT_CONNECTED).",
                 "wine ntdll/tests/pipe.c#test_pipe_state") {
  disconnected(f);
  assert_error(transact(f, f->server), ERROR_BAD_PIPE);
  assert_error(transact(f, f->client), ERROR_PIPE_NOT_CONNECTED);
}

NP_PLATFORM_CASE("platform/state/query-disconnected", NtQueryInformationFile,
                 NO_MODE, STATUS_PIPE_DISCONNECTED,
                 "A disconnected server answers queries, the client does not.",
                 "wine ntdll/tests/pipe.c#test_pipe_local_info") {
  disconnected(f);
  assert_status(query(f->server, NT_FILE_PIPE_LOCAL), NT_OK);
  assert_status(query(f->server, NT_FILE_PIPE), NT_OK);
  assert_status(query(f->client, NT_FILE_PIPE_LOCAL), NT_PIPE_DISCONNECTED);
  assert_status(query(f->client, NT_FILE_PIPE), NT_PIPE_DISCONNECTED);
}

NP_PLATFORM_CASE("platform/state/set-mode-disconnected",
                 SetNamedPipeHandleState, MESSAGE_TYPE,
                 ERROR_PIPE_NOT_CONNECTED,
                 "A disconnected server can change its mode, the client can't.",
                 "wine ntdll/tests/pipe.c#test_pipe_local_info") {
  disconnected(f);
  assert_error(read_mode_set(f->server, PIPE_READMODE_MESSAGE), 0);
  assert_error(read_mode_set(f->client, PIPE_READMODE_MESSAGE),
               ERROR_PIPE_NOT_CONNECTED);
}

/* --- Listening ---------------------------------------------------------- */

NP_PLATFORM_CASE("platform/state/read-listening", ReadFile, ANY_MODE,
                 ERROR_PIPE_LISTENING,
                 "A listening server cannot be read, not even 0 bytes.",
                 "wine ntdll/tests/pipe.c#test_pipe_state; museum S13") {
  pair_listen(f);
  assert_result(win_read(f, f->server, room, 4), ERROR_PIPE_LISTENING, 0);
  assert_result(win_read(f, f->server, room, 0), ERROR_PIPE_LISTENING, 0);
}

NP_PLATFORM_CASE("platform/state/write-listening", WriteFile, ANY_MODE,
                 ERROR_PIPE_LISTENING,
                 "A listening server cannot be written to.",
                 "wine ntdll/tests/pipe.c#test_pipe_state; museum S13") {
  pair_listen(f);
  assert_result(win_write(f, f->server, "a", 1), ERROR_PIPE_LISTENING, 0);
}

NP_PLATFORM_CASE("platform/state/peek-listening", PeekNamedPipe, ANY_MODE,
                 ERROR_BAD_PIPE, "A listening server cannot be peeked at.",
                 "wine ntdll/tests/pipe.c#test_pipe_state") {
  DWORD bytes = 99;

  pair_listen(f);
  assert_error(peek(f->server, &bytes), ERROR_BAD_PIPE);
}

NP_PLATFORM_CASE("platform/state/flush-listening", FlushFileBuffers, NO_MODE,
                 NO_ERROR, "A flush of a listening server succeeds at once.",
                 "wine ntdll/tests/pipe.c#test_pipe_state") {
  pair_listen(f);
  assert_call(FlushFileBuffers(f->server));
}

NP_PLATFORM_CASE("platform/state/transact-listening", TransactNamedPipe,
                 MODE_MESSAGE, ERROR_BAD_PIPE,
                 "A listening server cannot transact.",
                 "wine ntdll/tests/pipe.c#test_pipe_state") {
  pair_listen(f);
  assert_error(transact(f, f->server), ERROR_BAD_PIPE);
}

NP_PLATFORM_CASE("platform/state/query-listening", NtQueryInformationFile,
                 NO_MODE, NO_ERROR, "A listening server answers queries.",
                 "wine ntdll/tests/pipe.c#test_pipe_local_info") {
  pair_listen(f);
  assert_int_equal(win_state(f->server), NT_STATE_LISTENING);
  assert_status(query(f->server, NT_FILE_PIPE), NT_OK);
}

NP_PLATFORM_CASE("platform/state/set-mode-listening", SetNamedPipeHandleState,
                 MESSAGE_TYPE, NO_ERROR,
                 "A listening server can change its read mode.",
                 "wine ntdll/tests/pipe.c#test_pipe_local_info") {
  pair_listen(f);
  assert_error(read_mode_set(f->server, PIPE_READMODE_MESSAGE), 0);
  assert_error(read_mode_set(f->server, PIPE_READMODE_BYTE), 0);
}

/* --- Closing: the peer has left ----------------------------------------- */

NP_PLATFORM_CASE("platform/state/read-closing", ReadFile, ANY_MODE | BOTH_ENDS,
                 ERROR_BROKEN_PIPE,
                 "With the peer gone and nothing unread, a read sees the end.",
                 "wine kernel32/tests/pipe.c#test_CloseHandle; museum E02") {
  closing(f);
  assert_result(win_read(f, f->end, room, 4), ERROR_BROKEN_PIPE, 0);
}

NP_PLATFORM_CASE("platform/state/write-closing", WriteFile,
                 ANY_MODE | BOTH_ENDS, ERROR_NO_DATA,
                 "With the peer gone, a write is refused, each time, with or "
                 "without data unread.",
                 "wine kernel32/tests/pipe.c#test_CloseHandle; museum E04") {
  pair_create(f);
  assert_result(win_write(f, f->peer, "a", 1), 0, 1);
  peer_close(f);
  assert_result(win_write(f, f->end, "a", 1), ERROR_NO_DATA, 0);
  assert_read(f, f->end, "a");
  assert_result(win_write(f, f->end, "a", 1), ERROR_NO_DATA, 0);
}

NP_PLATFORM_CASE(
    "platform/state/peek-closing", PeekNamedPipe, ANY_MODE | BOTH_ENDS,
    ERROR_BROKEN_PIPE,
    "After the peer has closed, unread data can be peeked at. Then a peek "
    "fails with the end of the stream and does not change its outputs.",
    "wine ntdll/tests/pipe.c#test_pipe_with_data_state") {
  DWORD bytes = 99;

  pair_create(f);
  assert_result(win_write(f, f->peer, "ab", 2), 0, 2);
  peer_close(f);
  assert_error(peek(f->end, &bytes), 0);
  assert_int_equal(bytes, 2);
  assert_read(f, f->end, "ab");
  bytes = 99;
  assert_error(peek(f->end, &bytes), ERROR_BROKEN_PIPE);
  assert_int_equal(bytes, 99);
}

NP_PLATFORM_CASE("platform/state/flush-closing", FlushFileBuffers,
                 ANY_MODE | BOTH_ENDS, NO_ERROR,
                 "With the peer gone a flush succeeds at once: what the peer "
                 "had not read is dropped.",
                 "wine ntdll/tests/pipe.c#test_pipe_state") {
  pair_create(f);
  assert_result(win_write(f, f->end, "ab", 2), 0, 2);
  peer_close(f);
  assert_call(FlushFileBuffers(f->end));
}

NP_PLATFORM_CASE("platform/state/transact-closing", TransactNamedPipe,
                 MODE_MESSAGE | BOTH_ENDS, ERROR_BAD_PIPE,
                 "With the peer gone a transact is refused.",
                 "wine ntdll/tests/pipe.c#test_pipe_state") {
  closing(f);
  assert_error(transact(f, f->end), ERROR_BAD_PIPE);
}

NP_PLATFORM_CASE("platform/state/query-closing", NtQueryInformationFile,
                 NO_MODE | BOTH_ENDS, NO_ERROR,
                 "With the peer gone both ends answer queries.",
                 "wine ntdll/tests/pipe.c#test_pipe_local_info") {
  closing(f);
  assert_int_equal(win_state(f->end), NT_STATE_CLOSING);
  assert_status(query(f->end, NT_FILE_PIPE), NT_OK);
}

NP_PLATFORM_CASE("platform/state/set-mode-closing", SetNamedPipeHandleState,
                 MESSAGE_TYPE | BOTH_ENDS, NO_ERROR,
                 "With the peer gone the read mode can be changed.",
                 "wine ntdll/tests/pipe.c#test_pipe_local_info") {
  closing(f);
  assert_error(read_mode_set(f->end, PIPE_READMODE_MESSAGE), 0);
}
