/* Strangers: another holder of an adopted end gives the kernel a read with an
 * OVERLAPPED of his own, and lets go of the end. Junk follows the OVERLAPPED: a
 * loop that takes it for an operation calls through the junk, and crashes. The
 * laws: no packet of a stranger is followed, and an end that is shared is
 * refused.
 *
 * The read has no bytes, on a pipe of bytes. So it takes no data from the reads
 * of the model. */
#include "stranger.h"

#include <string.h>

enum { JUNK = 0x41 };

static bool can_have_stranger(const struct end *end) {
  return is_library(end) && end->is_adopted && !end->is_message &&
         end->readable;
}

/* duplicate_of returns a second handle, or NULL if a fault was planned. */
static HANDLE duplicate_of(HANDLE handle) {
  HANDLE duplicate = NULL;

  return DuplicateHandle(GetCurrentProcess(), handle, GetCurrentProcess(),
                         &duplicate, 0, FALSE, DUPLICATE_SAME_ACCESS)
             ? duplicate
             : NULL;
}

void step_stranger(struct play *play, const struct step *step) {
  struct end *end = pick_end(play, step->a, can_have_stranger);
  struct stranger *stranger = &play->strangers[play->stranger_count];
  HANDLE handle;
  DWORD error = 0;

  if (end == NULL || play->stranger_count == STRANGERS_MAX) {
    return;
  }
  handle = duplicate_of(np_pipe_handle(end->pipe));
  if (handle == NULL) {
    return;
  }
  play->stranger_count++;
  memset(stranger, JUNK, sizeof *stranger);
  memset(&stranger->overlapped, 0, sizeof stranger->overlapped);
  if (!ReadFile(handle, stranger->junk, 0, NULL, &stranger->overlapped)) {
    error = GetLastError();
  }
  say(play, "end %u: a stranger reads: %u", end->number, (unsigned)error);
  if (error != 0 && error != ERROR_IO_PENDING) {
    stranger->overlapped.Internal = 0; /* it did not begin */
  }
  CloseHandle(handle);
}

bool strangers_are_reading(const struct play *play) {
  for (size_t i = 0; i < play->stranger_count; i++) {
    if (!HasOverlappedIoCompleted(&play->strangers[i].overlapped)) {
      return true;
    }
  }
  return false;
}

void adopt_shared(struct end *end, np_loop *loop) {
  HANDLE handle = duplicate_of(end->raw);
  np_pipe *pipe = NULL;
  np_error error;

  if (handle == NULL) {
    return;
  }
  error = np_pipe_adopt(loop, end->raw, &pipe);
  say(end->play, "end %u: np_pipe_adopt while it is shared: %s", end->number,
      np_error_name(error));
  if (error == NP_OK) {
    play_fail(end->play, "end %u is shared, and was adopted", end->number);
    end->raw = NULL;
    np_pipe_close(pipe, NULL);
    end_left(end);
  }
  CloseHandle(handle);
}
