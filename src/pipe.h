/* One end of an instance, from the inside. */
#ifndef NPIPE_SRC_PIPE_H
#define NPIPE_SRC_PIPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <npipe/pipe.h>

#include "op.h"

/* Kinds of operations on a pipe. */
enum {
  NP__OP_READ = NP__KIND(1, NP__INWARD, 0),
  NP__OP_WRITE = NP__KIND(2, NP__OUTWARD, 0),
  NP__OP_TRANSACT = NP__KIND(3, NP__INWARD, 0), /* a reply is read in order */
  NP__OP_CONNECT = NP__KIND(4, NP__DIRECTIONS, 0),
  NP__OP_SHUTDOWN = NP__KIND(5, NP__DIRECTIONS, 0),
  NP__OP_FLUSH = NP__KIND(6, NP__DIRECTIONS, 0),
  NP__OP_OWN_READ = NP__KIND(7, NP__INWARD, NP__KIND_OWN),
  NP__OP_OWN_CONNECT =
      NP__KIND(8, NP__DIRECTIONS, NP__KIND_OWN | NP__KIND_LATE),
  NP__OP_WAIT = NP__KIND(9, NP__DIRECTIONS, 0), /* waits for readiness */
  /* waits for readiness, tries, and may wait again */
  NP__OP_IO = NP__KIND(10, NP__DIRECTIONS, 0)
};

/* The data that the read-ahead holds: bytes, or one message, possibly empty. */
typedef struct np__held {
  const char *data;
  size_t length;
  bool goes_on; /* the rest of the message is in the kernel */
} np__held;

/* The events of a pipe that readiness needs to know. Readiness lies above, so
 * the pipe calls it by pointer.
 *
 * take_read     a read has begun. True: it waits for, or got, the data that
 *               the read-ahead caught. False: the kernel may have the read
 * connected     a client was announced
 * disconnected  the session is over: nothing of it may reach the next session
 * held_bytes    returns the number of bytes that the read-ahead holds
 * held          returns the data that it holds; false: none
 * write_failed  a write failed, or the kernel gave the error that the next
 *               write would get
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

/* The events of a pipe that its owner (a listener or a relay) needs to know.
 * The owner lies above, so the pipe calls it by pointer.
 *
 * drained  no operation is in flight on the pipe any more
 * closing  the pipe's handle was closed just now */
typedef struct np__owner_hooks {
  void (*drained)(np_pipe *pipe);
  void (*closing)(np_pipe *pipe);
} np__owner_hooks;

struct np__readiness;
struct np__slot;

struct np_pipe {
  union {
    np__target target; /* first: a target pointer is a pipe pointer */
    /* In the ready queue when `is_released`: no operation is in flight. The
     * queue uses the begin and the end of the packet. There lie `ops` and
     * `ahead` of the target, which are no longer used; the members between keep
     * their values. */
    np__packet closed;
  };
  /* NULL until somebody asks for readiness. Its hooks are its first member. */
  union {
    struct np__readiness *readiness;
    const np__ready_hooks **ready_hooks;
  };
  /* NULL where neither a listener nor a relay knows it. The owner's hooks are
   * its first member. */
  union {
    struct np__slot *slot;
    const np__owner_hooks **owner_hooks;
  };
  union {
    np_closed_fn on_closed; /* from np_pipe_close on */
    /* An option of a server, like `mode` and `instances_max`: its handle may
     * have no right to query it. */
    struct {
      uint32_t in_buffer_bytes;
      uint32_t out_buffer_bytes;
    };
  };
  void *user;
  np_error connect_said; /* the kernel's answer to the last connect */
  uint8_t instances_max; /* NP__PIPE_INSTANCES_UNLIMITED, or less */
  uint8_t state;         /* np_state: the last state that this end has learnt */
  uint8_t end : 1;       /* np_end */
  bool readable : 1;
  bool writable : 1;
  uint8_t mode : 1; /* np_mode, as `read_mode` */
  uint8_t read_mode : 1;
  bool announced : 1;         /* a connect has reported the current client */
  bool is_released : 1;       /* `closed` is queued */
  bool knows_mode : 1;        /* a client queries `mode` only when it matters */
  bool flushes_by_thread : 1; /* this pipe's kernel has no flush control */
  /* In this session a request of a call or of a transact went out and ended
   * without its reply. The next message may be the reply to any of them. */
  bool is_reply_owed : 1;
};

#define NP__PIPE_INSTANCES_UNLIMITED 255u

_Static_assert(offsetof(np__packet, class_) >= offsetof(np__target, ahead) &&
                   offsetof(np__packet, class_) + sizeof(void *) <=
                       offsetof(np__target, disconnects) &&
                   sizeof(void *) <= sizeof(np__list),
               "the queue leaves what a released pipe still uses");

/* np__pipe_instances_max returns what np_info says of `instances_max`. */
static inline uint32_t np__pipe_instances_max(const np_pipe *pipe) {
  return pipe->instances_max == NP__PIPE_INSTANCES_UNLIMITED
             ? NP_INSTANCES_UNLIMITED
             : pipe->instances_max;
}

/* np__pipe_check_thread is np__loop_check_thread. NULL is ignored. */
static inline void np__pipe_check_thread(const np_pipe *pipe) {
  np__loop_check_thread(pipe != NULL ? pipe->target.loop : NULL);
}

/* np__pipe_new makes a pipe without a handle, or returns NULL. The loop counts
 * the pipe only after np__pipe_open; np__pipe_discard frees it before. */
np_pipe *np__pipe_new(np_loop *loop, np_end end);

/* np__pipe_open gives `pipe` its handle and binds the handle to the loop's
 * port. On failure the handle stays the caller's. */
np_error np__pipe_open(np_pipe *pipe, HANDLE handle);

/* np__pipe_is_inheritable returns true if `attributes`, which may be NULL, ask
 * for a handle that child processes inherit. A loop's ends are never
 * inheritable. */
static inline bool np__pipe_is_inheritable(
    const SECURITY_ATTRIBUTES *attributes) {
  return attributes != NULL && attributes->bInheritHandle;
}

/* np__pipe_query asks the kernel what the pipe of `handle` is and in which
 * state. On success each kind, direction, state, end and mode is a known one.
 * Returns NP_OK, ERROR_INVALID_DATA, or what Windows said. */
np_error np__pipe_query(HANDLE handle, np__pipe_local_information *local,
                        np__pipe_information *modes);

/* np__pipe_describe sets the fields of `pipe` from an answer. */
void np__pipe_describe(np_pipe *pipe, const np__pipe_local_information *local,
                       const np__pipe_information *modes);

/* np__pipe_learn updates the state from the result of a write in this session,
 * or from an answer of the kernel to a query: if the peer has gone, a connected
 * or listening end becomes a closing one, and readiness is told. Otherwise only
 * np_server_connect and np_server_disconnect change an end's state. */
void np__pipe_learn(np_pipe *pipe, np_error error);

/* np__pipe_keeps_messages returns true if each write to `pipe` must be written
 * whole: its type is message, or the type is unknown. */
bool np__pipe_keeps_messages(np_pipe *pipe);

/* np__pipe_unread returns the number of unread bytes. Returns NP_OK or the
 * error of Windows. */
np_error np__pipe_unread(const np_pipe *pipe, uint32_t *bytes);

/* np__pipe_set_handle_mode sets the read mode of a handle that has no np_pipe
 * yet. Returns NP_OK or the error of Windows. */
np_error np__pipe_set_handle_mode(HANDLE handle, np_mode mode);

/* np__pipe_set_read_mode sets the read mode of this end. Returns NP_OK or the
 * error of Windows. */
np_error np__pipe_set_read_mode(np_pipe *pipe, np_mode mode);

/* np__pipe_drop frees an open pipe that no caller has seen and on which nothing
 * has begun. */
void np__pipe_drop(np_pipe *pipe);

/* np__pipe_forget resets a disconnected pipe without operations to the state of
 * a new pipe: no readiness, no user pointer. */
void np__pipe_forget(np_pipe *pipe);

/* np__pipe_is_reading returns true if a read or a transact is in flight,
 * including the library's own, or if data that were read ahead are held. */
bool np__pipe_is_reading(const np_pipe *pipe);

/* np__pipe_discard frees a pipe that was never opened; NULL is fine. */
void np__pipe_discard(np_pipe *pipe);

#endif
