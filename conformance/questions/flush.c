/* Questions about a flush while its data is unread: whether the call waits or
 * pends, and what ends it. Each call is made by a thread of its own: one that
 * never ends holds nobody up, and the end of the process ends it.
 *
 * Source: NtFlushBuffersFileEx; FSCTL_PIPE_FLUSH is 0x118040 in ntifs.h */
#include "questions.h"

#include <stdlib.h>

enum { LOOK_MS = 500 };

static char room[8];

NTSTATUS NTAPI NtFlushBuffersFile(HANDLE file, PIO_STATUS_BLOCK block);

struct flush {
  HANDLE file;
  bool is_control;
  OVERLAPPED overlapped; /* its first two members are the status block */
  DWORD returned;
  HANDLE done;  /* set when the call has returned */
  HANDLE never; /* nobody sets it */
  HANDLE worker;
};

static IO_STATUS_BLOCK *block_of(struct flush *flush) {
  return (IO_STATUS_BLOCK *)(void *)&flush->overlapped;
}

static DWORD WINAPI flush_run(void *argument) {
  struct flush *flush = argument;

  flush->returned =
      flush->is_control
          ? (DWORD)NtFsControlFile(flush->file, flush->overlapped.hEvent, NULL,
                                   NULL, block_of(flush), NT_FSCTL_PIPE_FLUSH,
                                   NULL, 0, NULL, 0)
          : (DWORD)NtFlushBuffersFile(flush->file, block_of(flush));
  SetEvent(flush->done);
  /* The end of the thread would cancel what it began. */
  WaitForSingleObject(flush->never, INFINITE);
  return 0;
}

static bool has_returned(const struct flush *flush) {
  return WaitForSingleObject(flush->done, (DWORD)world_timeout_ms(LOOK_MS)) ==
         WAIT_OBJECT_0;
}

/* Starts a flush of the server's 4 bytes. The end of the process frees it. */
static struct flush *flush_start(struct platform *f, bool is_control) {
  struct flush *flush = calloc(1, sizeof(*flush));

  assert_non_null(flush);
  flush->file = f->server;
  flush->is_control = is_control;
  flush->overlapped.hEvent = event_new(f);
  flush->done = event_new(f);
  flush->never = event_new(f);
  flush->worker = worker_start(f, flush_run, flush);
  return flush;
}

/* is_over returns true if the flush has ended: its call returned another status
 * than pending, or its status block has another status. Sets `status`. */
static bool is_over(const struct flush *flush, DWORD *status) {
  *status = NT_PENDING;
  if (!has_returned(flush)) {
    return false;
  }
  *status = flush->returned;
  if (*status == NT_PENDING &&
      WaitForSingleObject(flush->overlapped.hEvent,
                          (DWORD)world_timeout_ms(LOOK_MS)) == WAIT_OBJECT_0) {
    *status = (DWORD)flush->overlapped.Internal;
  }
  return *status != NT_PENDING;
}

/* first_tell answers how a flush begins: its call "waits", the flush "pends",
 * or it has ended. */
static void first_tell(const struct flush *flush) {
  if (!has_returned(flush)) {
    answer_give("waits", "%s", "");
  }
  if (flush->returned == NT_PENDING) {
    answer_give("pends", "%s", "");
  }
  if (flush->returned == NT_OK) {
    answer_give("at-once", "%s", "");
  }
  if (flush->returned == NT_NOT_SUPPORTED ||
      flush->returned == NT_INVALID_DEVICE_REQUEST) {
    answer_give("unsupported", "%s", "");
  }
  answer_status(flush->returned);
}

/* end_tell answers how the flush ended, or that it did not end. */
static void end_tell(const struct flush *flush, BOOL called) {
  DWORD error = GetLastError();
  DWORD status;

  if (is_over(flush, &status)) {
    switch (status) {
      case NT_OK:
        answer_give("success", "%s", "");
      case NT_CANCELLED:
        answer_give("cancelled", "%s", "");
      case NT_PIPE_BROKEN:
        answer_give("broken", "%s", "");
      case NT_PIPE_DISCONNECTED:
        answer_give("disconnected", "%s", "");
      default:
        answer_status(status);
    }
  }
  answer_give("goes-on", called ? "the call succeeded" : "error %lu",
              (unsigned long)error);
}

/* flush_begun starts a flush and returns it. If the flush ends at once, that is
 * the answer. */
static struct flush *flush_begun(struct platform *f, bool is_control) {
  struct flush *flush;
  DWORD status;

  pair_create(f);
  assert_result(win_write(f, f->server, "abcd", 4), 0, 4);
  flush = flush_start(f, is_control);
  if (is_over(flush, &status)) {
    answer_give("at-once", "status 0x%08lX", (unsigned long)status);
  }
  return flush;
}

#define ENDS                                                       \
  ANSWER("cancelled", "it ends with STATUS_CANCELLED", "", ""),    \
      ANSWER("success", "it ends with success", "", ""),           \
      ANSWER("broken", "it ends with STATUS_PIPE_BROKEN", "", ""), \
      ANSWER("disconnected", "it ends with STATUS_PIPE_DISCONNECTED", "", "")

NP_QUESTION(
    "questions/flush-overlapped", MODE_BYTE,
    "What does NtFlushBuffersFile do on an overlapped handle while data is "
    "unread?",
    "np_pipe_flush needs threads where FSCTL_PIPE_FLUSH is missing.",
    "platform/flush/*",
    ANSWER("waits", "the call waits",
           "Wine's tests (ntdll pipe.c, test_blocking)", ""),
    ANSWER("pends", "the call returns STATUS_PENDING", "ReactOS' npfs", ""),
    ANSWER("at-once", "the call succeeds", "", "")) {
  pair_create(f);
  assert_result(win_write(f, f->server, "abcd", 4), 0, 4);
  first_tell(flush_start(f, false));
}

NP_QUESTION(
    "questions/flush-control", MODE_BYTE,
    "What does FSCTL_PIPE_FLUSH do on an overlapped handle while data is "
    "unread?",
    "np_pipe_flush takes it where it is there, and needs no thread then.",
    "platform/flush/control*",
    ANSWER("pends", "the call returns STATUS_PENDING",
           "the headers of the WDK, Cygwin", "flush_control=true"),
    ANSWER("unsupported", "STATUS_NOT_SUPPORTED", "Wine",
           "flush_control=false"),
    ANSWER("waits", "the call waits", "", ""),
    ANSWER("at-once", "the call succeeds", "", "")) {
  pair_create(f);
  assert_result(win_write(f, f->server, "abcd", 4), 0, 4);
  first_tell(flush_start(f, true));
}

NP_QUESTION(
    "questions/flush-of-synchronous-handle", MODE_BYTE,
    "Does CancelSynchronousIo end a flush of a synchronous handle?",
    "np_pipe_adopt refuses such handles; another program's flush can hang.", "",
    ENDS, ANSWER("goes-on", "it goes on", "", ""),
    ANSWER("at-once", "it does not wait at all", "", "")) {
  struct flush *flush;
  DWORD status;

  f->server = instance_open(f, PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE, 1);
  assert_call(f->server != INVALID_HANDLE_VALUE);
  pair_connect(f);
  assert_call(WriteFile(f->server, "abcd", 4, &status, NULL));
  flush = flush_start(f, false);
  if (is_over(flush, &status)) {
    answer_give("at-once", "status 0x%08lX", (unsigned long)status);
  }
  end_tell(flush, CancelSynchronousIo(flush->worker));
}

NP_QUESTION("questions/flush-cancel-all", MODE_BYTE,
            "Does CancelIoEx of the handle end a flush?",
            "np_op_cancel of a flush ends it at once, or np_pipe_close has to.",
            "flush/cancel*", ENDS, ANSWER("goes-on", "it goes on", "", ""),
            ANSWER("at-once", "the flush does not wait", "", "")) {
  struct flush *flush = flush_begun(f, false);

  end_tell(flush, CancelIoEx(flush->file, NULL));
}

NP_QUESTION("questions/flush-cancel-one", MODE_BYTE,
            "Does CancelIoEx of its status block end a flush?",
            "np_op_cancel of a flush ends it at once, or np_pipe_close has to.",
            "flush/cancel*", ANSWER("goes-on", "it goes on", "", ""), ENDS,
            ANSWER("at-once", "the flush does not wait", "", "")) {
  struct flush *flush = flush_begun(f, false);

  end_tell(flush, CancelIoEx(flush->file, &flush->overlapped));
}

NP_QUESTION("questions/flush-cancel-thread", MODE_BYTE,
            "Does CancelSynchronousIo of its thread end a flush?",
            "np_op_cancel of a flush ends it at once, or np_pipe_close has to.",
            "flush/cancel*", ENDS, ANSWER("goes-on", "it goes on", "", ""),
            ANSWER("at-once", "the flush does not wait", "", "")) {
  struct flush *flush = flush_begun(f, false);

  end_tell(flush, CancelSynchronousIo(flush->worker));
}

NP_QUESTION("questions/flush-control-cancel", MODE_BYTE,
            "Does CancelIoEx end a FSCTL_PIPE_FLUSH?",
            "np_op_cancel of a flush ends it at once.",
            "platform/flush/control*",
            ANSWER("cancelled", "it ends with STATUS_CANCELLED", "", ""),
            ANSWER("goes-on", "it goes on", "", ""),
            ANSWER("at-once", "there is no such call, or it does not wait",
                   "Wine", "")) {
  struct flush *flush = flush_begun(f, true);

  end_tell(flush, CancelIoEx(flush->file, &flush->overlapped));
}

NP_QUESTION("questions/flush-at-disconnect", MODE_BYTE,
            "How does a flush end when the server disconnects?",
            "np_pipe_flush tells it.", "platform/flush/disconnected",
            ANSWER("disconnected", "it ends with STATUS_PIPE_DISCONNECTED",
                   "Wine's tests (kernel32 pipe.c, test_blocking_rw)", ""),
            ANSWER("success", "it ends with success", "", ""),
            ANSWER("broken", "it ends with STATUS_PIPE_BROKEN", "", ""),
            ANSWER("cancelled", "it ends with STATUS_CANCELLED", "", ""),
            ANSWER("goes-on", "it goes on", "", ""),
            ANSWER("at-once", "the flush does not wait", "", "")) {
  struct flush *flush = flush_begun(f, false);

  end_tell(flush, DisconnectNamedPipe(f->server));
}

NP_QUESTION("questions/flush-at-close", MODE_BYTE,
            "How does a flush end when the client closes its handle?",
            "np_pipe_flush tells it.", "platform/flush/peer-closes",
            ANSWER("broken", "it ends with STATUS_PIPE_BROKEN",
                   "Wine's tests (kernel32 pipe.c, test_blocking_rw)", ""),
            ANSWER("success", "it ends with success", "", ""),
            ANSWER("disconnected", "it ends with STATUS_PIPE_DISCONNECTED", "",
                   ""),
            ANSWER("cancelled", "it ends with STATUS_CANCELLED", "", ""),
            ANSWER("goes-on", "it goes on", "", ""),
            ANSWER("at-once", "the flush does not wait", "", "")) {
  struct flush *flush = flush_begun(f, false);

  win_close(f, &f->client);
  end_tell(flush, TRUE);
}

NP_QUESTION("questions/flush-and-later-writes", MODE_BYTE,
            "Does a flush wait for what is written after it?",
            "A flush beside a busy writer would never end.", "platform/flush/*",
            ANSWER("no", "it ends when what was there is read", "ReactOS' npfs",
                   "flush_is_barrier=true"),
            ANSWER("yes", "it ends when nothing is unread", "Wine",
                   "flush_is_barrier=false")) {
  struct flush *flush = flush_begun(f, false);
  DWORD status;

  assert_result(win_write(f, f->server, "efgh", 4), 0, 4);
  assert_result(win_read(f, f->client, room, 4), 0, 4);
  answer_give(is_over(flush, &status) ? "no" : "yes", "%s", "");
}

NP_QUESTION("questions/flush-counted-by-peek", MODE_MESSAGE,
            "A flush waits behind one unread message: how many messages does "
            "FSCTL_PIPE_PEEK count?",
            "np_pipe_peek does not use the number.", "platform/peek/*",
            ANSWER("message-alone", "1", "nobody", ""),
            ANSWER("flush-too", "2", "ReactOS' npfs", ""),
            ANSWER("nothing", "0", "Wine, which counts no messages", "")) {
  static struct nt_peek peeked;
  struct flush *flush;
  IO_STATUS_BLOCK block = {0};
  HANDLE event = event_new(f);
  DWORD status;

  pair_create(f);
  assert_result(win_write(f, f->server, "abcd", 4), 0, 4);
  flush = flush_start(f, false);
  assert_false(is_over(flush, &status));
  status = (DWORD)NtFsControlFile(f->client, event, NULL, NULL, &block,
                                  NT_FSCTL_PIPE_PEEK, NULL, 0, &peeked,
                                  sizeof(peeked));
  if (status == NT_PENDING) {
    WaitForSingleObject(event, (DWORD)world_timeout_ms(LOOK_MS));
    status = (DWORD)block.Status;
  }
  if (status != NT_OK && status != NT_BUFFER_OVERFLOW) {
    answer_status(status);
  }
  answer_give(peeked.messages == 0   ? "nothing"
              : peeked.messages == 1 ? "message-alone"
                                     : "flush-too",
              "%lu", (unsigned long)peeked.messages);
}
