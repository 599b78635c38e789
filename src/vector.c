/* np_pipe_readv and np_pipe_writev: several buffers that act as one. They copy
 * through one block of memory, because the kernel takes only one buffer. */
#include <stdint.h>
#include <string.h>

#include "io.h"
#include "parts.h"

/* The memory of a vectored read until it ends: the buffers that get its
 * bytes. */
typedef struct scatter {
  size_t taken; /* bytes that were there before the kernel was asked */
  size_t count;
  np_buffer buffers[]; /* `count` buffers, then the bytes */
} scatter;

/* only_one returns the only buffer that is not empty, an empty one if all are
 * empty, or NULL if there are several. */
static const np_buffer *only_one(const np_buffer *buffers, size_t count) {
  static const np_buffer none = {NULL, 0};
  const np_buffer *found = &none;

  for (size_t i = 0; i < count; i++) {
    if (buffers[i].length > 0) {
      if (found != &none) {
        return NULL;
      }
      found = &buffers[i];
    }
  }
  return found;
}

static void free_memory(np_op *op) {
  np__loop_free(op->np__target->loop, op->np__memory);
}

static void scatter_bytes(np_op *op) {
  scatter *s = op->np__memory;
  np__parts parts = {s->buffers, s->count, 0};

  np__parts_put(&parts, s->buffers + s->count, op->np__result.transferred);
  free_memory(op);
}

static void scatter_both(np_op *op) {
  const scatter *s = op->np__memory;

  np__io_finish_rest(op, s->taken);
  scatter_bytes(op);
}

static void scatter_take_rest(np_op *op, size_t taken) {
  static const np__packet_class class_ =
      NP__IO_CLASS(scatter_both, false, NULL);
  scatter *s = op->np__memory;

  s->taken = taken;
  np__io_begin_rest(op, taken, &class_);
}

static const np__packet_class scatter_class =
    NP__IO_CLASS(scatter_bytes, false, scatter_take_rest);
static const np__packet_class gather_class =
    NP__IO_CLASS(free_memory, true, NULL);

np_error np_pipe_readv(np_pipe *pipe, const np_buffer *buffers, size_t count,
                       np_op *op, np_op_fn done) {
  const np_buffer *one;
  size_t total;
  size_t table;
  scatter *s;
  np_error error;

  if (pipe == NULL || !np__parts_measure(buffers, count, &total)) {
    return ERROR_INVALID_PARAMETER;
  }
  one = only_one(buffers, count);
  if (one != NULL) {
    return np_pipe_read(pipe, one->data, one->length, op, done);
  }
  error = np__io_check(&pipe->target, buffers, total, pipe->readable, op, done);
  if (error != NP_OK) {
    return error;
  }
  table = count * sizeof s->buffers[0]; /* no overflow: the array exists */
  if (total > SIZE_MAX - sizeof *s - table) {
    return ERROR_NOT_ENOUGH_MEMORY; /* GCOVR_EXCL_LINE: 32-bit only */
  }
  s = np__loop_new_bytes(pipe->target.loop, sizeof *s + table + total);
  if (s == NULL) {
    return ERROR_NOT_ENOUGH_MEMORY;
  }
  s->taken = 0;
  s->count = count;
  memcpy(s->buffers, buffers, table);
  op->np__memory = s;
  np__io_read(pipe, s->buffers + count, total, op, done, &scatter_class);
  return NP_OK;
}

np_error np_pipe_writev(np_pipe *pipe, const np_buffer *buffers, size_t count,
                        np_op *op, np_op_fn done) {
  np__parts parts = {buffers, count, 0};
  const np_buffer *one;
  size_t total;
  void *bytes;
  np_error error;

  if (pipe == NULL || !np__parts_measure(buffers, count, &total)) {
    return ERROR_INVALID_PARAMETER;
  }
  one = only_one(buffers, count);
  if (one != NULL) {
    return np_pipe_write(pipe, one->data, one->length, op, done);
  }
  error = np__io_check(&pipe->target, buffers, total, pipe->writable, op, done);
  if (error != NP_OK) {
    return error;
  }
  bytes = np__loop_new_bytes(pipe->target.loop, total);
  if (bytes == NULL) {
    return ERROR_NOT_ENOUGH_MEMORY;
  }
  np__parts_get(&parts, bytes, total);
  op->np__memory = bytes;
  np__io_write(pipe, bytes, total, op, done, &gather_class);
  return NP_OK;
}
