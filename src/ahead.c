/* The read-ahead of readiness: starts the library's own read, keeps its result,
 * and hands it out to reads and tries. Rule: caught data come before all data
 * that are still in the kernel. */
#include "ahead.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "io.h"

/* The size of `buffer` on an end that probes and answers late. */
#define LATE_BYTES 4096u

static bool reads_messages(const np__ahead *ahead) {
  return ahead->pipe->read_mode == NP_MESSAGE;
}

np_error np__ahead_prepare(np__ahead *ahead) {
  if (ahead->capacity > 0 && ahead->buffer == NULL) {
    ahead->buffer =
        np__loop_new_bytes(ahead->pipe->target.loop, ahead->capacity);
    if (ahead->buffer == NULL) {
      return ERROR_NOT_ENOUGH_MEMORY;
    }
  }
  return NP_OK;
}

static void ahead_take(np__ahead *ahead, np_error error, size_t transferred) {
  if (error == ERROR_MORE_DATA && !reads_messages(ahead)) {
    /* A byte stream has no messages, whatever a system answers. */
    error = NP_OK;
  }
  ahead->caught = true;
  ahead->begin = 0;
  /* The byte count of a failed read is not believed. */
  ahead->end = error == NP_OK || error == ERROR_MORE_DATA ? transferred : 0;
  ahead->error = error;
  ahead->is_hit = ahead->op.np__length == 0 && error == NP_OK;
}

static void ahead_done(np_op *op, np_error error, size_t transferred) {
  np__ahead *ahead = op->user;

  np__loop_count_own(ahead->pipe->target.loop);
  if (ahead->is_stale) {
    ahead->is_stale = false;
  } else if (error != ERROR_OPERATION_ABORTED || transferred > 0) {
    /* A cancel by another holder of the handle brings no data. A wait that is
     * still pending starts the read again. */
    ahead_take(ahead, error, transferred);
  }
  ahead->changed(ahead->pipe);
}

static const np__packet_class ahead_class = {.on_packet = np__op_on_packet,
                                             .post = np__op_post,
                                             .run = np__op_run_own,
                                             .cancel = np__op_cancel};

static void begin(np__ahead *ahead, char *to, size_t length) {
  ahead->op.user = ahead;
  np__op_begin(&ahead->pipe->target, &ahead->op, NP__OP_OWN_READ, ahead_done);
  np__op_set_class(&ahead->op, &ahead_class);
  ahead->op.np__buffer = to;
  ahead->op.np__length = (uint32_t)length;
}

/* begin_ahead begins a read into the read-ahead. A probe for messages reads one
 * byte: a read of 0 bytes would also end by an empty message, and might take
 * it. */
static void begin_ahead(np__ahead *ahead) {
  if (ahead->capacity == 0 && reads_messages(ahead)) {
    begin(ahead, &ahead->byte, 1);
  } else {
    begin(ahead, ahead->buffer, ahead->capacity);
  }
}

/* issue gives the read that was begun to the kernel. It returns true if the
 * read ended at once, and its result is caught. */
static bool issue(np__ahead *ahead) {
  np_op *op = &ahead->op;
  np_error error;
  size_t transferred;

  if (!np__op_answer(op, np__op_read_file(&ahead->pipe->target, op), &error,
                     &transferred)) {
    return false;
  }
  np__op_withdraw(op);
  ahead_take(ahead, error, transferred);
  return true;
}

void np__ahead_want(np__ahead *ahead) {
  if (!ahead->caught && !np__ahead_is_in_flight(ahead)) {
    begin_ahead(ahead);
    np__op_put_off(&ahead->op);
  }
}

bool np__ahead_try(np__ahead *ahead) {
  np__ahead_ask_again(ahead);
  if (ahead->caught) {
    return true;
  }
  if (ahead->op.np__state == NP__OP_PUT_OFF && !ahead->is_stale) {
    np__op_withdraw(&ahead->op);
  }
  if (np__ahead_is_in_flight(ahead)) {
    return false;
  }
  begin_ahead(ahead);
  return issue(ahead);
}

/* ahead_read_now reads from the kernel straight into the caller's memory. Data
 * that a probe found may be gone (the writer cancelled, or another handle read
 * them). The read would then wait, so it is cancelled and must end before the
 * return. The kernel of this machine ends the read within the cancel. An end
 * that may answer late (`answers_late`) makes no such read. */
static np_error ahead_read_now(np_pipe *pipe, void *buffer, size_t length,
                               size_t *transferred) {
  OVERLAPPED overlapped = {0};
  HANDLE event = np__loop_event(pipe->target.loop);
  DWORD bytes = 0;
  np_error error;

  *transferred = 0;
  if (event == NULL) {
    return GetLastError();
  }
  /* The low bit of the event tells Windows to post no packet. */
  overlapped.hEvent = (HANDLE)((ULONG_PTR)event | 1);
  if (ReadFile(pipe->target.handle, buffer, (DWORD)length, NULL, &overlapped)) {
    *transferred = (size_t)overlapped.InternalHigh;
    return NP_OK;
  }
  error = GetLastError();
  if (error == ERROR_MORE_DATA) {
    *transferred = (size_t)overlapped.InternalHigh;
    return error;
  }
  if (error != ERROR_IO_PENDING) {
    return error;
  }
  while (!CancelIoEx(pipe->target.handle, &overlapped) &&
         GetLastError() != ERROR_NOT_FOUND) {
    SwitchToThread(); /* Nothing but a cancel ends the read. */
  }
  error = GetOverlappedResult(pipe->target.handle, &overlapped, &bytes, TRUE)
              ? NP_OK
              : GetLastError();
  *transferred = bytes;
  if (error == ERROR_OPERATION_ABORTED) {
    return bytes > 0 ? NP_OK : NP_WOULD_BLOCK;
  }
  return error;
}

/* read_checked is ahead_read_now with a check of the count: a system with a
 * remote server behind it may report more bytes than there was room for. */
static np_error read_checked(np_pipe *pipe, const np_buffer *into,
                             size_t *transferred) {
  np_error error = ahead_read_now(pipe, into->data, into->length, transferred);

  if (*transferred > into->length) {
    *transferred = 0;
    error = ERROR_INVALID_DATA;
  }
  return error;
}

/* read_parts_now reads into one buffer after the other, as long as a message
 * goes on or bytes fill a buffer. */
static np_error read_parts_now(np__ahead *ahead, np__parts *parts, size_t room,
                               size_t *transferred) {
  const bool messages = reads_messages(ahead);
  np_buffer next;
  size_t bytes;
  np_error error;

  *transferred = 0;
  do {
    next = np__parts_next(parts);
    error = read_checked(ahead->pipe, &next, &bytes);
    parts->offset += bytes;
    *transferred += bytes;
  } while (*transferred < room && bytes == next.length &&
           (error == ERROR_MORE_DATA || (error == NP_OK && !messages)));
  /* The next read reports what follows: more data, or an error. */
  if (!messages && (*transferred > 0 || error == ERROR_MORE_DATA)) {
    return NP_OK;
  }
  return error != NP_OK && *transferred > 0 ? ERROR_MORE_DATA : error;
}

static size_t own_size(const np__ahead *ahead) {
  return ahead->capacity > 0 ? ahead->capacity : LATE_BYTES;
}

/* prepare_own allocates `buffer` if data of the kernel must go through it. It
 * returns NP_OK, or ERROR_NOT_ENOUGH_MEMORY with nothing lost. */
static np_error prepare_own(np__ahead *ahead) {
  const bool goes_on = ahead->is_hit || ahead->error == ERROR_MORE_DATA;

  if (ahead->pipe->target.answers_late && goes_on && ahead->buffer == NULL) {
    ahead->buffer =
        np__loop_new_bytes(ahead->pipe->target.loop, own_size(ahead));
    return ahead->buffer != NULL ? NP_OK : ERROR_NOT_ENOUGH_MEMORY;
  }
  return NP_OK;
}

/* give_held hands out caught data, at most `room` bytes. It returns NP_OK,
 * ERROR_MORE_DATA or the error of the read. */
static np_error give_held(np__ahead *ahead, np__parts *parts, size_t room,
                          size_t *transferred) {
  const size_t held = ahead->end - ahead->begin;
  const size_t size = held < room ? held : room;

  if (size > 0) { /* a probe has no buffer */
    np__parts_put(parts, (char *)ahead->op.np__buffer + ahead->begin, size);
    ahead->begin += size;
  }
  *transferred = size;
  if (size < held) {
    return reads_messages(ahead) ? ERROR_MORE_DATA : NP_OK;
  }
  ahead->caught = false;
  return ahead->error;
}

/* read_on reads the data that a probe has found, or the rest of a message. */
static np_error read_on(np__ahead *ahead, np__parts *parts, size_t room,
                        size_t *transferred) {
  *transferred = 0;
  if (!ahead->pipe->target.answers_late) {
    return read_parts_now(ahead, parts, room, transferred);
  }
  begin(ahead, ahead->buffer, own_size(ahead));
  return issue(ahead) ? give_held(ahead, parts, room, transferred)
                      : NP_WOULD_BLOCK;
}

np_error np__ahead_give(np__ahead *ahead, np__parts *parts, size_t room,
                        size_t *transferred) {
  size_t rest;
  np_error error;

  assert(ahead->caught);
  *transferred = 0;
  if (ahead->begin == ahead->end && !ahead->is_hit && ahead->error != NP_OK) {
    ahead->caught = false;
    return ahead->error;
  }
  if (room == 0) {
    return NP_OK; /* the data stay caught */
  }
  error = prepare_own(ahead);
  if (error != NP_OK) {
    return error;
  }
  if (ahead->is_hit) {
    ahead->caught = false;
    ahead->is_hit = false;
    return read_on(ahead, parts, room, transferred);
  }
  error = give_held(ahead, parts, room, transferred);
  if (!ahead->caught && error == ERROR_MORE_DATA && *transferred < room) {
    /* The rest of the message is in the kernel. */
    error = read_on(ahead, parts, room - *transferred, &rest);
    *transferred += rest;
    return error == NP_OK ? NP_OK : ERROR_MORE_DATA;
  }
  return error;
}

static void ahead_finish_rest(np_op *read) {
  np__io_finish_rest(read, read->np__taken);
}

/* ahead_take_rest asks the kernel for the rest of a message whose first `taken`
 * bytes are in the buffer of `read`. */
static void ahead_take_rest(np_op *read, size_t taken) {
  static const np__packet_class rest_class =
      NP__IO_CLASS(ahead_finish_rest, false, NULL);

  if (read->np__packet.class_ == &np__op_class) {
    read->np__taken = (uint32_t)taken;
    np__io_begin_rest(read, taken, &rest_class);
  } else {
    read->np__packet.class_->take_rest(read, taken);
  }
}

void np__ahead_serve(np__ahead *ahead, np_op *read) {
  const np_buffer buffer = {read->np__buffer, read->np__length};
  np__parts parts = {&buffer, 1, 0};
  size_t transferred;
  np_error error;

  assert(ahead->caught);
  if (ahead->is_hit) {
    ahead->caught = false;
    np__op_put_off(read);
  } else if (buffer.length == 0 && ahead->begin < ahead->end) {
    /* The kernel answers a read of 0 bytes in the same way. */
    np__op_end(read, reads_messages(ahead) ? ERROR_MORE_DATA : NP_OK, 0);
  } else if (!ahead->pipe->target.answers_late) {
    error = np__ahead_give(ahead, &parts, buffer.length, &transferred);
    np__op_end(read, error, transferred);
  } else {
    error = give_held(ahead, &parts, buffer.length, &transferred);
    if (error == ERROR_MORE_DATA && transferred < buffer.length) {
      ahead_take_rest(read, transferred);
    } else {
      np__op_end(read, error, transferred);
    }
  }
}

static bool is_of_nobody(np_error error) {
  return error == ERROR_PIPE_LISTENING || error == ERROR_PIPE_NOT_CONNECTED;
}

void np__ahead_ask_again(np__ahead *ahead) {
  if (is_of_nobody(ahead->error)) {
    ahead->caught = false;
  }
}

void np__ahead_connected(np__ahead *ahead) {
  np__ahead_ask_again(ahead);
  if (ahead->op.np__state >= NP__OP_HELD_BACK &&
      is_of_nobody(ahead->op.np__error)) {
    ahead->is_stale = true;
  }
}

void np__ahead_forget(np__ahead *ahead) {
  ahead->caught = false;
  ahead->is_hit = false;
  ahead->is_stale = np__ahead_is_in_flight(ahead);
}
