/* Questions about reads: empty messages, parts of messages, and what a read
 * takes from a write that waits for room. */
#include "questions.h"

static char room[64];

NP_QUESTION(
    "questions/more-data-skipped", MODE_MESSAGE,
    "On a handle with FILE_SKIP_COMPLETION_PORT_ON_SUCCESS, how is a read told "
    "that it got a part of a message at once?",
    "A read that is told at once and posts a packet all the same would be "
    "completed twice.",
    "platform/skip/more-data-at-once",
    ANSWER("pends", "the call pends, and a packet follows",
           "Wine's tests allow it for Windows 8 and later (ntdll pipe.c, "
           "test_completion)",
           "warning_pends_permille=1000 warning_posts=false"),
    ANSWER("at-once", "ERROR_MORE_DATA at once, and no packet",
           "Wine's tests for Windows 7; Wine",
           "warning_pends_permille=0 warning_posts=false"),
    ANSWER("at-once-and-packet", "ERROR_MORE_DATA at once, and a packet, too",
           "nobody", "warning_pends_permille=0 warning_posts=true")) {
  struct io *io;
  DWORD error;

  pair_create_on_port(f, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS);
  io = io_new_port(f);
  assert_error(write_start(io_new_port(f), f->client, "abcdefg", 7), 0);
  error = read_start(io, f->server, room, 3);
  if (error == ERROR_IO_PENDING) {
    assert_packet(f, io, NT_BUFFER_OVERFLOW, 3);
    answer_give("pends", "%s", "");
  }
  if (error != ERROR_MORE_DATA) {
    answer_error(error);
  }
  answer_give(packet_take(f, QUIET_MS).found ? "at-once-and-packet" : "at-once",
              "%s", "");
}

NP_QUESTION(
    "questions/read-nothing-of-message", MODE_MESSAGE,
    "What does a read of 0 bytes come to where a message waits?",
    "np_pipe_read with a buffer of 0 bytes tells whether a message is there.",
    "platform/read/nothing-of-a-message message/zero-read-immediate "
    "vector/read-none*",
    ANSWER("more-data", "ERROR_MORE_DATA, and the message stays",
           "Wine's tests (kernel32 pipe.c, test_CloseHandle)",
           "empty_read_more_data=true"),
    ANSWER("success", "success, and the message stays",
           "broken() in the same test: Windows 7; ReactOS' npfs",
           "empty_read_more_data=false")) {
  struct io *io;
  struct result result;

  pair_create(f);
  assert_result(win_write(f, f->client, "abc", 3), 0, 3);
  io = io_new(f);
  result = io_finish(io, f->server, read_start(io, f->server, room, 0));
  if (result.error == ERROR_MORE_DATA || result.error == 0) {
    answer_give(result.error == 0 ? "success" : "more-data", "%s", "");
  }
  answer_error(result.error);
}

NP_QUESTION(
    "questions/read-nothing-of-empty", MODE_MESSAGE,
    "Does a read of 0 bytes take an empty message?",
    "A message of 0 bytes would come twice to a reader that asks first.",
    "platform/read/* message/zero-read*",
    ANSWER("takes", "the next read gets the message after it", "Wine",
           "empty_read_consumes_empty=true"),
    ANSWER("stays", "the next read gets the empty message", "ReactOS' npfs",
           "empty_read_consumes_empty=false")) {
  struct io *io;
  struct result result;

  pair_create(f);
  assert_result(win_write(f, f->client, "", 0), 0, 0);
  assert_result(win_write(f, f->client, "abc", 3), 0, 3);
  io = io_new(f);
  result = io_finish(io, f->server, read_start(io, f->server, room, 0));
  assert_result(result, 0, 0);
  io = io_new(f);
  result =
      io_finish(io, f->server, read_start(io, f->server, room, sizeof(room)));
  assert_error(result.error, 0);
  answer_give(result.bytes == 0 ? "stays" : "takes", "%s", "");
}

NP_QUESTION(
    "questions/bytes-behind-empty", MODE_MESSAGE_BYTE,
    "Does a byte read with room to spare take the empty messages behind its "
    "bytes?",
    "An empty message that stays ends the next byte read with 0 bytes, which a "
    "reader could take for the end.",
    "platform/read/*",
    ANSWER("takes", "the next read waits for more", "ReactOS' npfs",
           "byte_read_swallows_empty=true"),
    ANSWER("leaves", "the next read succeeds with 0 bytes", "Wine",
           "byte_read_swallows_empty=false")) {
  struct io *io;
  DWORD error;

  pair_create(f);
  assert_result(win_write(f, f->client, "abc", 3), 0, 3);
  assert_result(win_write(f, f->client, "", 0), 0, 0);
  assert_read(f, f->server, "abc");
  io = io_new(f);
  error = read_start(io, f->server, room, sizeof(room));
  if (error == ERROR_IO_PENDING && io_is_quiet(io)) {
    answer_give("takes", "%s", "");
  }
  assert_result(io_finish(io, f->server, error), 0, 0);
  answer_give("leaves", "%s", "");
}

NP_QUESTION(
    "questions/write-behind-read", MODE_BYTE,
    "A write of 20 bytes waits on a quota of 8, and a read takes 12 of them: "
    "does the write end?",
    "Writes and np_pipe_shutdown may end later than the room says.", "",
    ANSWER("ends", "it ends when its rest fits the quota", "Wine",
           "quota_overdrawn=false"),
    ANSWER("waits", "it waits until all is read",
           "ReactOS' npfs (an unsigned number wraps: likely its mistake)",
           "quota_overdrawn=true")) {
  struct io *io;
  struct result result;

  f->quota_in = 8;
  pair_create(f);
  io = io_new(f);
  assert_error(write_start(io, f->client, "abcdefghijklmnopqrst", 20),
               ERROR_IO_PENDING);
  assert_result(win_read(f, f->server, room, 12), 0, 12);
  if (io_is_quiet(io)) {
    answer_give("waits", "%s", "");
  }
  result = io_wait(io, f->client);
  if (result.error != 0 || result.bytes != 20) {
    answer_error(result.error);
  }
  answer_give("ends", "%s", "");
}

NP_QUESTION(
    "questions/transact-to-byte-read", MODE_MESSAGE_BYTE,
    "A byte read of 1 waits at a message pipe, and the peer sends a request of "
    "4 bytes by TransactNamedPipe: how does the read end?",
    "np_pipe_read tells ERROR_MORE_DATA of a byte read as success with its "
    "bytes.",
    "",
    ANSWER("success", "success with 1 byte", "Wine",
           "transact_warns_byte_read=false"),
    ANSWER("more-data", "ERROR_MORE_DATA with 1 byte", "ReactOS' npfs",
           "transact_warns_byte_read=true")) {
  struct io *read = NULL;
  struct result result;
  DWORD mode = PIPE_READMODE_MESSAGE;

  pair_create(f);
  assert_error(read_mode_set(f->client, mode), 0);
  read = io_new(f);
  assert_error(read_start(read, f->server, room, 1), ERROR_IO_PENDING);
  transact_start(io_new(f), f->client, "abcd", 4, room + 8, 8);
  result = io_wait(read, f->server);
  if (result.bytes == 1 &&
      (result.error == 0 || result.error == ERROR_MORE_DATA)) {
    answer_give(result.error == 0 ? "success" : "more-data", "%s", "");
  }
  answer_error(result.error);
}

NP_QUESTION("questions/transact-behind-read", MODE_MESSAGE,
            "What does TransactNamedPipe do on a handle whose own read waits?",
            "np_pipe_transact refuses it before the call.", "",
            ANSWER("pends", "the transact pends", "Wine",
                   "transact_behind_read_busy=false"),
            ANSWER("busy", "ERROR_PIPE_BUSY", "ReactOS' npfs",
                   "transact_behind_read_busy=true")) {
  struct io *io;
  struct result result;
  DWORD error;

  pair_create(f);
  assert_error(read_start(io_new(f), f->client, room, 8), ERROR_IO_PENDING);
  io = io_new(f);
  error = transact_start(io, f->client, "ab", 2, room + 8, 8);
  if (error == ERROR_IO_PENDING && io_is_quiet(io)) {
    answer_give("pends", "%s", "");
  }
  result = io_finish(io, f->client, error);
  if (result.error == ERROR_PIPE_BUSY) {
    answer_give("busy", "%s", "");
  }
  answer_error(result.error);
}

NP_QUESTION("questions/transact-fails-later", MODE_MESSAGE_BYTE,
            "How is an overlapped TransactNamedPipe told that it fails at "
            "once, as on a "
            "handle in byte mode?",
            "np_pipe_transact takes an error from the call or from the packet.",
            "platform/transact/*",
            ANSWER("packet", "the call pends, and its end brings the error",
                   "Wine's tests for Windows 8 and later (kernel32 pipe.c, "
                   "overlapped_transact_failure)",
                   "transact_failure_pends_permille=1000"),
            ANSWER("call", "the call fails",
                   "the same test for Windows 7; Wine",
                   "transact_failure_pends_permille=0")) {
  DWORD error;

  pair_create(f);
  error = transact_start(io_new(f), f->client, "ab", 2, room, 8);
  assert_true(error != 0);
  answer_give(error == ERROR_IO_PENDING ? "packet" : "call", "%s", "");
}
