/* Reads standard input on a thread and passes it to the loop piece by piece.
 * Only one side owns the piece at any time: np_loop_post gives it to the loop,
 * and the event `taken` gives it back. */
#include "input.h"

#include <string.h>

#define READ_BYTES 65536

/* find_piece finds the next piece in the buffer. `length` counts the bytes of
 * the piece; `taken` also counts the line end. */
static bool find_piece(const input *in, size_t *length, size_t *taken) {
  const char *data = in->buffer + in->begin;
  const size_t have = in->end - in->begin;
  const char *line_end;

  *length = have;
  *taken = have;
  if (in->cut == CUT_BLOCKS && have >= in->block_bytes) {
    *length = *taken = in->block_bytes;
    return true;
  }
  line_end = in->cut == CUT_LINES && have > 0 ? memchr(data, '\n', have) : NULL;
  if (line_end != NULL) {
    *length = (size_t)(line_end - data);
    *taken = *length + 1;
    *length -= *length > 0 && data[*length - 1] == '\r';
    return true;
  }
  return have > 0 && (in->cut == CUT_NOT || in->is_read);
}

/* read_more reads more bytes behind those in the buffer. */
static np_error read_more(input *in) {
  DWORD count = 0;
  size_t room;

  memmove(in->buffer, in->buffer + in->begin, in->end - in->begin);
  in->end -= in->begin;
  in->begin = 0;
  room = sizeof in->buffer - in->end;
  if (room == 0) {
    return ERROR_BUFFER_OVERFLOW; /* a line that is too long */
  }
  if (!ReadFile(GetStdHandle(STD_INPUT_HANDLE), in->buffer + in->end,
                room < READ_BYTES ? (DWORD)room : READ_BYTES, &count, NULL)) {
    np_error error = GetLastError();

    in->is_read = true;
    /* A shell's pipe ends with such an error. */
    return np_is_eof(error) ? NP_OK : error;
  }
  in->is_read = count == 0;
  in->end += count;
  return NP_OK;
}

static void on_posted(np_task *task) {
  input *in = task->user;

  in->is_here = true;
  in->on_piece(in);
}

static DWORD WINAPI read_input(void *parameter) {
  input *in = parameter;
  size_t taken = 0;

  while (!in->is_over) {
    in->begin += taken;
    while (!find_piece(in, &in->length, &taken)) {
      in->error = in->is_read ? NP_OK : read_more(in);
      if (in->error != NP_OK || (in->is_read && in->begin == in->end)) {
        in->is_over = true;
        in->length = 0;
        break;
      }
    }
    in->data = in->buffer + in->begin;
    /* The post hands the piece to the loop, and the event gives it back.
     * Between the two this thread touches no shared field, so no lock is
     * needed. */
    if (np_loop_post(in->loop, &in->task, on_posted) != NP_OK ||
        (!in->is_over &&
         WaitForSingleObject(in->taken, INFINITE) != WAIT_OBJECT_0)) {
      break;
    }
  }
  return 0;
}

np_error input_start(input *in, np_loop *loop, const options *o) {
  in->loop = loop;
  in->task.user = in;
  in->cut = o->cut;
  in->block_bytes = o->block_bytes;
  in->taken = CreateEventW(NULL, FALSE, FALSE, NULL);
  if (in->taken == NULL) {
    return GetLastError();
  }
  in->thread = CreateThread(NULL, 0, read_input, in, 0, NULL);
  return in->thread != NULL ? NP_OK : GetLastError();
}

void input_next(input *in) {
  in->is_here = false;
  SetEvent(in->taken);
}

bool input_end(input *in) {
  if (in->thread != NULL) {
    const bool ends = in->is_here && in->is_over; /* the last post has run */

    if (WaitForSingleObject(in->thread, ends ? INFINITE : 0) != WAIT_OBJECT_0) {
      return false;
    }
    CloseHandle(in->thread);
  }
  if (in->taken != NULL) {
    CloseHandle(in->taken);
  }
  return true;
}
