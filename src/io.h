/* Reads and writes from the inside: the part that plain and vectored ones
 * share. */
#ifndef NPIPE_SRC_IO_H
#define NPIPE_SRC_IO_H

#include <npipe/io.h>

#include "pipe.h"

/* np__io_check returns NP_OK if a read or a write may begin on `target`, which
 * belongs to a pipe or a channel. Else it returns the error that np_pipe_read
 * and np_pipe_write return. `allowed`: the pipe has this direction. */
static inline np_error np__io_check(const np__target *target,
                                    const void *buffer, size_t length,
                                    bool allowed, const np_op *op,
                                    np_op_fn done) {
  np_error error;

  if (length > UINT32_MAX || (buffer == NULL && length > 0)) {
    return ERROR_INVALID_PARAMETER;
  }
  error = np__op_check(target, op, done);
  if (error != NP_OK) {
    return error;
  }
  return allowed ? NP_OK : ERROR_ACCESS_DENIED;
}

/* NP__IO_CLASS is a class of reads or writes with its own `finish`, and with a
 * `take_rest`. */
#define NP__IO_CLASS(finish_, is_write_, take_rest_)                       \
  {                                                                        \
    .on_packet = np__op_on_packet, .post = np__op_post, .run = np__op_run, \
    .cancel = np__op_cancel, .finish = (finish_), .is_write = (is_write_), \
    .take_rest = (take_rest_)                                              \
  }

/* A read in two parts: its first `taken` bytes are in its buffer, and the
 * kernel adds the rest of the message. np__io_begin_rest puts the read off,
 * with the class that finishes it. np__io_finish_rest, for the `finish` of that
 * class, makes its result that of both parts. */
void np__io_begin_rest(np_op *read, size_t taken,
                       const np__packet_class *class_);
void np__io_finish_rest(np_op *read, size_t taken);

/* np__io_read begins a read that was checked, of np__op_class or another class
 * of reads. The caller may use the op's `np__memory`. */
void np__io_read(np_pipe *pipe, void *buffer, size_t length, np_op *op,
                 np_op_fn done, const np__packet_class *class_);

/* np__io_write begins a write whose arguments were checked. `class_` is
 * np__write_class or another class of writes. The caller may use the op's
 * `np__memory`. */
void np__io_write(np_pipe *pipe, const void *buffer, size_t length, np_op *op,
                  np_op_fn done, const np__packet_class *class_);

/* np__io_write_now begins a write of the library's own. Returns true if the
 * kernel has answered at once: `error` is the answer, the pipe has learnt from
 * it, `op` is idle again, and `done` is not called. False: `done` will be
 * called. */
bool np__io_write_now(np_pipe *pipe, const void *buffer, size_t length,
                      np_op *op, np_op_fn done, np_error *error);

/* np__io_flush begins a flush that was checked. Returns NP_OK, or
 * ERROR_NOT_ENOUGH_MEMORY or the error of Windows; after an error nothing
 * began. */
np_error np__io_flush(np_pipe *pipe, np_op *op, np_op_fn done);

#endif
