/* np_pipe_peek: shows waiting data and leaves them. Data that readiness has
 * read ahead come first, then the data in the kernel. */
#include <npipe/io.h>

#include <string.h>

#include "control.h"

/* Largest peek that needs no memory of the loop's allocator. */
#define PEEK_STACK_BYTES 256u

typedef struct kernel_peek {
  size_t copied;
  size_t available;
  size_t message; /* length of the first message, or of its rest */
} kernel_peek;

/* check_answer checks the answer like any input, because it may come from a
 * remote server. */
static np_error check_answer(const np__pipe_peek *answer, ULONG used,
                             size_t size, kernel_peek *found) {
  if (used < sizeof *answer || used - sizeof *answer > size) {
    return ERROR_INVALID_DATA;
  }
  found->copied = used - sizeof *answer;
  found->available = answer->readable_bytes;
  found->message = answer->message_bytes;
  if (found->available < found->copied) {
    return ERROR_INVALID_DATA;
  }
  return NP_OK;
}

/* peek_kernel copies data that wait in the kernel, at most `size` bytes, to
 * `out`. */
static np_error peek_kernel(np_pipe *pipe, char *out, size_t size,
                            kernel_peek *found) {
  union {
    np__pipe_peek peek;
    char bytes[sizeof(np__pipe_peek) + PEEK_STACK_BYTES];
  } small = {{0, 0, 0, 0}};
  np__pipe_peek *answer = &small.peek;
  const ULONG bytes = (ULONG)(sizeof *answer + size);
  ULONG used = 0;
  np_error error;

  if (size > PEEK_STACK_BYTES) {
    answer = np__loop_new(pipe->target.loop, bytes);
    if (answer == NULL) {
      return ERROR_NOT_ENOUGH_MEMORY;
    }
  }
  error = np__control(pipe, NP__FSCTL_PIPE_PEEK, answer, bytes, &used);
  if (error == NP_OK) {
    error = check_answer(answer, used, size, found);
  }
  if (error == NP_OK) {
    memcpy(out, answer + 1, found->copied);
  }
  if (answer != &small.peek) {
    np__loop_free(pipe->target.loop, answer);
  }
  return error;
}

/* peek_is_over returns true for the end of the stream, which is reported only
 * after held data and after data that a read in flight has caught. */
static bool peek_is_over(np_error error) {
  return error == ERROR_BROKEN_PIPE || error == ERROR_PIPE_NOT_CONNECTED;
}

np_error np_pipe_peek(np_pipe *pipe, void *buffer, size_t length,
                      np_peek *peek) {
  np__held held = {NULL, 0, false};
  kernel_peek found = {0, 0, 0};
  char nothing;
  char *out = buffer != NULL ? buffer : &nothing;
  size_t first;
  bool is_held;
  bool goes_on;
  np_error error;

  if (pipe == NULL || peek == NULL || peek->size != sizeof *peek ||
      (buffer == NULL && length > 0) || length > NP_PEEK_BYTES_MAX) {
    return ERROR_INVALID_PARAMETER;
  }
  if (np__target_is_gone(&pipe->target)) {
    return ERROR_INVALID_HANDLE;
  }
  if (!pipe->readable) {
    return ERROR_ACCESS_DENIED;
  }
  is_held =
      pipe->ready_hooks != NULL && (*pipe->ready_hooks)->held(pipe, &held);
  first = held.length < length ? held.length : length;
  /* A message that is held completely does not run into the next message. */
  goes_on = !is_held || held.goes_on || pipe->read_mode == NP_BYTE;
  error = peek_kernel(pipe, out + first, goes_on ? length - first : 0, &found);
  if (error != NP_OK && !(peek_is_over(error) && np__pipe_is_reading(pipe))) {
    return error;
  }
  if (first > 0) {
    memcpy(out, held.data, first);
  }
  peek->copied = first + found.copied;
  peek->available = held.length + found.available;
  peek->left = 0;
  if (pipe->read_mode == NP_MESSAGE) {
    peek->left = held.length - first;
    peek->left += goes_on && found.message > found.copied
                      ? found.message - found.copied
                      : 0;
  }
  return NP_OK;
}
