/* Questions about writes that wait for room: what becomes of them when an end
 * goes, and what is charged to the quota. */
#include "questions.h"

static char room[64];

/* Starts a write of 20 bytes by the client on a quota of 8: it pends. */
static struct io *write_waits(struct platform *f) {
  struct io *io;

  f->quota_in = 8;
  pair_create(f);
  io = io_new(f);
  assert_error(write_start(io, f->client, "abcdefghijklmnopqrst", 20),
               ERROR_IO_PENDING);
  return io;
}

NP_QUESTION(
    "questions/closed-write", MODE_BYTE,
    "What can the peer read of a write that was waiting for room when the "
    "writer closed its handle?",
    "A program that closes without np_pipe_shutdown may lose the end of what "
    "it wrote.",
    "platform/close/*",
    ANSWER("all", "all of it", "ReactOS' npfs", "closed_write_kept=true"),
    ANSWER("part", "less than all, then the end", "Wine",
           "closed_write_kept=false")) {
  struct result result;
  DWORD total = 0;

  write_waits(f);
  win_close(f, &f->client);
  do {
    result = win_read(f, f->server, room, sizeof(room));
    total += result.error == 0 ? result.bytes : 0;
  } while (result.error == 0 && total < 20);
  answer_give(total == 20 ? "all" : "part", "%lu of 20 bytes",
              (unsigned long)total);
}

NP_QUESTION(
    "questions/cancelled-write", MODE_BYTE,
    "How many bytes does a cancelled write report of which the peer had read "
    "some?",
    "np_pipe_write reports them in its result.", "platform/cancel/*",
    ANSWER("none", "0 bytes",
           "Wine's tests (kernel32 pipe.c, test_blocking_rw)",
           "cancelled_write_counts=false"),
    ANSWER("read", "those that were read", "a comment in Cygwin",
           "cancelled_write_counts=true")) {
  struct io *io = write_waits(f);
  struct result result;

  assert_result(win_read(f, f->server, room, 4), 0, 4);
  assert_call(CancelIoEx(f->client, &io->overlapped));
  result = io_wait(io, f->client);
  if (result.error != ERROR_OPERATION_ABORTED) {
    answer_error(result.error);
  }
  answer_give(result.bytes == 0 ? "none" : "read", "%lu bytes",
              (unsigned long)result.bytes);
}

NP_QUESTION(
    "questions/second-write-at-disconnect", MODE_BYTE,
    "On a quota of 8 the client has written 8 bytes and 1 more waits; the "
    "server disconnects: how does the write of 1 end?",
    "A later write may report success after an earlier one failed.",
    "platform/disconnect/* platform/close/*",
    ANSWER("fails", "ERROR_PIPE_NOT_CONNECTED", "Wine",
           "drain_ends_writes=false"),
    ANSWER("succeeds", "success: queued writes end while the queue is emptied",
           "ReactOS' npfs", "drain_ends_writes=true")) {
  struct io *io;
  struct result result;

  f->quota_in = 8;
  pair_create(f);
  assert_result(win_write(f, f->client, "abcdefgh", 8), 0, 8);
  io = io_new(f);
  assert_error(write_start(io, f->client, "i", 1), ERROR_IO_PENDING);
  win_disconnect(f);
  result = io_wait(io, f->client);
  if (result.error == 0 || result.error == ERROR_PIPE_NOT_CONNECTED) {
    answer_give(result.error == 0 ? "succeeds" : "fails", "%s", "");
  }
  answer_error(result.error);
}

NP_QUESTION("questions/transact-and-quota", MODE_MESSAGE,
            "Does the request of a TransactNamedPipe take room of the quota?",
            "A write behind a request pends or not.", "",
            ANSWER("takes",
                   "a write of 1 byte behind a request of 5 on a quota of 4 "
                   "waits",
                   "Wine", "transact_uncharged=false"),
            ANSWER("free", "the write ends at once", "ReactOS' npfs",
                   "transact_uncharged=true")) {
  struct io *io;
  DWORD error;

  f->quota_in = 4;
  pair_create(f);
  assert_error(transact_start(io_new(f), f->client, "abcde", 5, room, 8),
               ERROR_IO_PENDING);
  io = io_new(f);
  error = write_start(io, f->client, "f", 1);
  if (error == ERROR_IO_PENDING && io_is_quiet(io)) {
    answer_give("takes", "%s", "");
  }
  assert_result(io_finish(io, f->client, error), 0, 1);
  answer_give("free", "%s", "");
}

NP_QUESTION(
    "questions/write-behind-write", MODE_BYTE,
    "On a quota of 0 a write of 30 bytes waits and one of 1 behind it; a read "
    "takes 1 byte: does one of the writes end?",
    "Writes may end in another order than they began in.", "write/*",
    ANSWER("none", "both wait", "Wine", ""),
    ANSWER("second", "the second ends first",
           "ReactOS' npfs (an unsigned number wraps: likely its mistake)", ""),
    ANSWER("first", "the first ends", "nobody", "")) {
  struct io *first;
  struct io *second;

  f->quota_in = 0;
  pair_create(f);
  first = io_new(f);
  second = io_new(f);
  assert_error(
      write_start(first, f->client, "abcdefghijklmnopqrstuvwxyz0123", 30),
      ERROR_IO_PENDING);
  assert_error(write_start(second, f->client, "4", 1), ERROR_IO_PENDING);
  assert_result(win_read(f, f->server, room, 1), 0, 1);
  if (!io_is_quiet(second)) {
    answer_give("second", "%s", "");
  }
  answer_give(io_is_quiet(first) ? "none" : "first", "%s", "");
}
