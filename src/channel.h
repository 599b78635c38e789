/* Channels from the inside.
 *
 * Sends, receives and calls are operations on a target of the channel's own,
 * none of which the kernel ever sees: what it sees are one write and one read
 * of the channel's on the pipe. So an operation that waits can be ended at any
 * time. Only where the kernel works on the caller's memory is it in state
 * IN_KERNEL, and its end is that of the write or read.
 *
 * Where nothing is framed a send is a write of the pipe's itself. */
#ifndef NPIPE_SRC_CHANNEL_H
#define NPIPE_SRC_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <npipe/channel.h>

#include "pipe.h"

/* Operations in the order in which they were begun. */
typedef struct np__channel_queue {
  np_op *first;
  np_op *last;
} np__channel_queue;

/* What a receive is to be told: a message, or an error. */
typedef struct np__channel_result {
  bool is_there;
  np_error error;
  void *data;
  size_t length;
} np__channel_result;

/* Whether the rest of a message of the kernel's is dropped. */
typedef enum np__dropping {
  NP__DROP_NOTHING,
  NP__DROP_TOO_LONG, /* and its length told */
  NP__DROP_SILENTLY  /* it was told already */
} np__dropping;

struct np_channel {
  np__target target; /* first: a target pointer is a channel pointer */
  np_pipe *pipe;
  np_channel_closed_fn on_closed;
  void *user;
  bool is_framed;
  bool half_close;
  bool gather;
  bool is_released;
  bool is_reading;
  bool is_read_cancelled; /* by us: nobody waited any more */
  bool is_direct;         /* `read` goes to the decoder's pile, not to `in` */
  bool is_in_small;       /* a read filled `in`, or a frame did not fit it */
  bool is_idle;           /* the next read begins in little memory */
  bool is_whole;      /* a message of the kernel's lies in the pile, in parts */
  bool is_in_message; /* a part of a message of the kernel's was read */
  bool was_asked; /* `request` was sent with success: its reply is to come */
  uint32_t write_buffer_bytes;
  uint32_t read_buffer_bytes;
  np_frame_decoder decoder;

  np__channel_queue sends; /* framed messages, and shutdowns */
  np_op write;
  bool is_writing;     /* the kernel has `write` */
  bool is_flush_due;   /* `flush` is put off to the end of the turn */
  bool is_shut;        /* this direction has ended, or is about to */
  np_error send_error; /* with which sending failed */
  /* Posted when the queue is to go out; in the end, made ready when nothing
   * needs the channel any more. */
  np__packet flush;
  unsigned char *out;
  size_t out_bytes;
  np_op *ending; /* the shutdown that `end` is for */
  np_op end;

  np__channel_queue receives; /* and calls */
  np_op read;
  np__queue held;    /* whose callbacks wait for the end of that read */
  np_op *into;       /* whose buffer `read` goes to, or NULL */
  unsigned char *in; /* framed: what reads go to, but for long frames */
  size_t in_bytes;
  size_t in_begin; /* of what is not decoded */
  size_t in_end;
  uint64_t came; /* bytes, since the channel was idle */
  uint64_t came_at_tick;
  np__timer_node tick; /* in the loop's heap while there is much memory */
  uint64_t skip_bytes; /* of a frame that was too long */
  np__dropping dropping;
  np_error receive_error; /* with which receiving ended */
  size_t dropped_bytes;
  np__channel_result result;
  np_op *delivered;     /* its callback has not returned */
  void *delivered_data; /* the message that `delivered` will be lent */
  void *lent;
  uint32_t untold;      /* receives with a result whose callback is to come */
  uint32_t asked_after; /* `disconnects` of the pipe when `asking` began */

  np_op *asking; /* the call whose request is being sent, or was; or NULL */
  np_op request; /* the request of `asking`; may outlive that call */
};

/* np__channel_check_thread is np__loop_check_thread. NULL is ignored. */
static inline void np__channel_check_thread(const np_channel *channel) {
  np__loop_check_thread(channel != NULL ? channel->target.loop : NULL);
}

/* Flags of a channel's operation. OffsetHigh of its OVERLAPPED keeps them: no
 * pipe uses that field. */
enum {
  NP__SEND_RESERVED = 1, /* the header's room lies before the message */
  NP__SEND_COPIED = 2,   /* the kernel has the message, in a shared write */
  NP__SEND_HEADED = 4,   /* the header went out, the message comes next */
  NP__SEND_AT_ONCE = 8,  /* the send does not wait for the end of the turn */
  NP__RECEIVED = 16      /* the receive got a message, or its length */
};

/* What np__channel_listen found. */
typedef enum np__heard {
  NP__HEARD_NOTHING,   /* a read waits for what comes from now on */
  NP__HEARD_SOMETHING, /* a message, a part of one, or an error */
  NP__HEARD_LATER      /* an earlier read must end before that is known */
} np__heard;

static inline DWORD *np__flags_of(np_op *op) {
  return &op->np__packet.overlapped.OffsetHigh;
}

static inline np_channel *np__channel_of(const np_op *op) {
  return (np_channel *)(void *)op->np__target;
}

/* np__channel_bytes_max returns how long a message may be. */
static inline size_t np__channel_bytes_max(const np_channel *channel) {
  return channel->decoder.np__layout.options.frame_bytes_max;
}

void np__channel_push(np__channel_queue *queue, np_op *op);
void np__channel_unlink(np__channel_queue *queue, np_op *op);
np_op *np__channel_next(const np_op *op);

/* np__channel_allocate returns memory of the loop's allocator, as it comes, or
 * NULL. */
void *np__channel_allocate(const np_channel *channel, size_t bytes);

/* np__channel_room returns where the channel's next read goes, and sets `room`
 * to how many bytes it takes at most. NULL: no memory, and nothing is lost. */
unsigned char *np__channel_room(np_channel *channel, size_t *room);

/* np__channel_tick starts the timer that finds out when the channel is idle, if
 * it has memory to give back then. np__channel_tick_stop stops it. */
void np__channel_tick(np_channel *channel);
void np__channel_tick_stop(np_channel *channel);

/* np__channel_read_give_up cancels the read in flight. What it brings all the
 * same stays for the next receive. */
void np__channel_read_give_up(np_channel *channel);

/* np__channel_release frees `channel` from the loop, once it is closing, its
 * pipe is gone and all its operations were called back. */
void np__channel_release(np_channel *channel);

/* np__channel_send begins to send what was checked. */
np_error np__channel_send_check(np_channel *channel, const void *data,
                                size_t length, const np_op *op, np_op_fn done);
void np__channel_send(np_channel *channel, void *data, size_t length, np_op *op,
                      np_op_fn done, DWORD flags);

/* np__channel_flush_class is that of `flush`: what is queued goes out. */
extern const np__packet_class np__channel_flush_class;

/* np__channel_receive_begin puts `op` at the end of those that receive;
 * np__channel_receive_go_on gives them what is there, or reads. */
np_error np__channel_receive_check(const np_channel *channel, const np_op *op,
                                   np_op_fn done);
void np__channel_receive_begin(np_channel *channel, np_op *op, np_op_fn done,
                               const np__packet_class *class_);
void np__channel_receive_go_on(np_channel *channel);

/* np__channel_listen finds out whether anything has come that nobody has asked
 * for, and sees to it that a read waits in the kernel: what completes that read
 * came later than this call. np__channel_heard takes the error that there is,
 * or says ERROR_PIPE_BUSY: a message came, or a part of one, and stays. */
np__heard np__channel_listen(np_channel *channel);
np_error np__channel_heard(np_channel *channel);

/* np__channel_is_inside tells whether a part of a message came. */
bool np__channel_is_inside(const np_channel *channel);

/* np__channel_receive_run and np__channel_receive_finish are those of the
 * classes of what receives. */
void np__channel_receive_run(np_loop *loop, np__packet *packet);
void np__channel_receive_finish(np_op *op);

/* np__channel_call_class is that of a call's `op`. */
extern const np__packet_class np__channel_call_class;

/* np__channel_call_begin asks for the call `op`, which is the first of what
 * receives. True: it has ended instead. False: it goes on by itself. */
bool np__channel_call_begin(np_channel *channel, np_op *op);

/* np__channel_call_is_given tells whether the kernel was given the request of
 * the call that is asking: what comes from then on may be the reply. */
bool np__channel_call_is_given(np_channel *channel);

#endif
