/* One end of an instance, from the inside. */
#ifndef NPIPE_SRC_PIPE_H
#define NPIPE_SRC_PIPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <npipe/pipe.h>

#include "op.h"

/* What the read-ahead holds: bytes, or a message, perhaps an empty one. */
typedef struct np__held {
  const char *data;
  size_t length;
  bool goes_on; /* the rest of the message is in the kernel */
} np__held;

/* What a pipe's readiness wants to know of it: the layer above, so by pointer.
 *
 * take_read     a read has begun. True: it waits for, or got, what the
 *               read-ahead caught. False: the kernel may have it
 * connected     a client was announced
 * disconnected  the session is over: nothing of it may be seen in the next
 * held_bytes    how much the read-ahead holds
 * held          what it holds; false: nothing
 * write_failed  a write failed, or the kernel said why the next would
 * released      the pipe's memory is about to be freed */
typedef struct np__ready_hooks {
  bool (*take_read)(np_pipe *pipe, np_op *read);
  void (*connected)(np_pipe *pipe);
  void (*disconnected)(np_pipe *pipe);
  size_t (*held_bytes)(const np_pipe *pipe);
  bool (*held)(const np_pipe *pipe, np__held *held);
  void (*write_failed)(np_pipe *pipe, np_error error);
  void (*released)(np_pipe *pipe);
} np__ready_hooks;

/* What the listener that a pipe belongs to, or was handed out by, wants to know
 * of it; likewise by pointer.
 *
 * drained  nothing is in flight on it any more
 * closing  its handle was closed just now */
typedef struct np__owner_hooks {
  void (*drained)(np_pipe *pipe);
  void (*closing)(np_pipe *pipe);
} np__owner_hooks;

struct np__readiness;
struct np__slot;

struct np_pipe {
  np__target target; /* first: a target pointer is a pipe pointer */
  union {
    /* In the ready queue when `is_released`: nothing is in flight any more,
     * and nobody asks for the rest. */
    np__packet closed;
    struct {
      np_op *connect;        /* in flight, or NULL */
      np_state state;        /* the last that this end learnt of */
      np_error connect_said; /* by the kernel, of the last connect */
      /* What a server was created with: its handle may have no right to ask. */
      np_mode mode;
      np_mode read_mode;
      uint32_t instances_max;
      uint32_t in_buffer_bytes;
      uint32_t out_buffer_bytes;
      uint32_t disconnects; /* modulo 2^32: tells one session from the next */
      /* Both NULL where no listener knows it. */
      struct np__slot *slot;
      const np__owner_hooks *owner_hooks;
    };
  };
  np_closed_fn on_closed;
  void *user;
  uint8_t end; /* np_end */
  bool readable;
  bool writable;
  bool announced;         /* this client was reported by a connect */
  bool is_released;       /* `closed` is queued */
  bool knows_mode;        /* a client asks for `mode` only where it matters */
  bool flushes_by_thread; /* its kernel has no control that flushes */
  /* In this session a request went out, of a channel's call or of a transact,
   * that ended without its reply: whose reply the next message is, nobody can
   * tell. */
  bool is_reply_owed;
  /* Both NULL until somebody asks for readiness. */
  struct np__readiness *readiness;
  const np__ready_hooks *ready_hooks;
};

/* np__pipe_check_thread is np__loop_check_thread. NULL is ignored. */
static inline void np__pipe_check_thread(const np_pipe *pipe) {
  np__loop_check_thread(pipe != NULL ? pipe->target.loop : NULL);
}

/* np__pipe_new makes a pipe without a handle, or NULL. Nothing counts it before
 * np__pipe_open; np__pipe_discard frees it. */
np_pipe *np__pipe_new(np_loop *loop, np_end end);

/* np__pipe_open gives `pipe` its handle and binds that to the loop's port. On
 * failure the handle stays the caller's. */
np_error np__pipe_open(np_pipe *pipe, HANDLE handle);

/* np__pipe_is_inheritable tells whether `attributes`, which may be NULL, ask
 * for a handle that child processes inherit. An end of a loop never is. */
static inline bool np__pipe_is_inheritable(
    const SECURITY_ATTRIBUTES *attributes) {
  return attributes != NULL && attributes->bInheritHandle;
}

/* np__pipe_learn takes note of what a write, or the kernel that was asked, said
 * of this session: a peer that is gone makes a connected end a closing one, and
 * readiness is told. Beside it only np_server_connect and np_server_disconnect
 * change the state of an end. */
void np__pipe_learn(np_pipe *pipe, np_error error);

/* np__pipe_keeps_messages tells whether what is written to `pipe` must be
 * written whole: its type is message, or it may not be asked. */
bool np__pipe_keeps_messages(np_pipe *pipe);

/* np__pipe_unread asks how many bytes wait to be read. Returns NP_OK or what
 * Windows said. */
np_error np__pipe_unread(const np_pipe *pipe, uint32_t *bytes);

/* np__pipe_set_read_mode sets how this end reads. Returns NP_OK or what Windows
 * said. */
np_error np__pipe_set_read_mode(np_pipe *pipe, np_mode mode);

/* np__pipe_forget makes of a disconnected pipe on which nothing is in flight
 * one that nobody has used: no readiness, no user. */
void np__pipe_forget(np_pipe *pipe);

/* np__pipe_is_reading tells whether a read or a transact is in flight, one of
 * the library's own too, or something is held that was read ahead. */
bool np__pipe_is_reading(const np_pipe *pipe);

/* np__pipe_discard frees a pipe that was never opened; NULL is fine. */
void np__pipe_discard(np_pipe *pipe);

#endif
