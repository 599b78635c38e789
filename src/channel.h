/* Channels from the inside.
 *
 * Sends, receives and calls are operations on a target of the channel's own.
 * The kernel never sees them: it sees one write and one read of the channel on
 * the pipe. So a waiting operation can be ended at any time. An operation is in
 * state IN_KERNEL only while the kernel works on the caller's memory, or while
 * its request is sent; it ends with that write or read.
 *
 * Without framing a send is a write of the pipe itself. */
#ifndef NPIPE_SRC_CHANNEL_H
#define NPIPE_SRC_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <npipe/channel.h>

#include "pipe.h"

/* The result for the next receive: a message, or an error. */
typedef struct np__channel_result {
  bool is_there;
  np_error error;
  void *data;
  size_t length;
} np__channel_result;

/* The bytes of a message of the kernel that are read and dropped. */
typedef enum np__dropping {
  NP__DROP_NOTHING,
  NP__DROP_TOO_LONG, /* the receive is told its length */
  NP__DROP_SILENTLY  /* the receive has its error already */
} np__dropping;

/* The kind of a channel's operations: `sends` and `receives` keep the order. */
#define NP__OP_MESSAGE NP__KIND(1, NP__DIRECTIONS, 0)

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
  bool is_read_cancelled; /* the channel has cancelled `read` */
  bool is_direct;         /* `read` goes to the decoder's pile, not to `in` */
  bool is_in_small;       /* a read filled `in`, or a frame did not fit it */
  bool is_idle;           /* the next read begins in little memory */
  bool is_whole;      /* a message of the kernel's lies in the pile, in parts */
  bool is_in_message; /* a part of a message of the kernel's was read */
  bool was_asked; /* `request` was sent with success: its reply is to come */
  uint32_t write_buffer_bytes;
  uint32_t read_buffer_bytes;
  size_t copy_bytes_max;
  size_t copied_bytes;      /* that the copies in flight count */
  struct np_sender *sender; /* or NULL; other threads use it */
  np_frame_decoder decoder;

  np__list sends; /* framed messages, and shutdowns, in order of beginning */
  np_op write;
  bool is_writing;     /* the kernel has `write` */
  bool is_flush_due;   /* `flush` is put off to the end of the turn */
  bool is_shut;        /* this direction has ended, or is about to */
  np_error send_error; /* sending has failed with this error */
  /* The packet is in `gathered` of the loop while messages wait for the end of
   * the turn. When the channel ends, it is in `ready`; its `run` frees the
   * channel. */
  np__packet flush;
  unsigned char *out;
  size_t out_bytes;
  np_op *ending; /* the shutdown that `end` is for */
  np_op end;

  np__list receives; /* receives and calls, in order of beginning */
  np_op read;
  np__queue held;    /* ended receives; they wait for the end of `read` */
  np_op *into;       /* `read` goes to the buffer of this receive; or NULL */
  unsigned char *in; /* framed: buffer of reads, but not for long frames */
  size_t in_bytes;
  size_t in_begin; /* `in_begin` to `in_end`: bytes not decoded yet */
  size_t in_end;
  uint64_t came; /* bytes read since the channel was idle */
  uint64_t came_at_tick;
  np__alarm tick;      /* in the loop's heap while there is much memory */
  uint64_t skip_bytes; /* bytes to skip, of a frame that was too long */
  np__dropping dropping;
  np_error receive_error; /* receiving has ended with this error */
  size_t dropped_bytes;
  np__channel_result result;
  np_op *delivered;     /* has the result, until its callback has returned */
  void *delivered_data; /* the message for `delivered` */
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

/* Flags in `np__flags` of an operation in `sends` or `receives`. */
enum {
  NP__SEND_RESERVED = 1, /* the header's room lies before the message */
  NP__SEND_COPIED = 2,   /* the kernel has the message, in a shared write */
  NP__SEND_HEADED = 4,   /* the header went out, the message comes next */
  NP__SEND_AT_ONCE = 8,  /* the send does not wait for the end of the turn */
  NP__RECEIVED = 16      /* the receive got a message, or its length */
};

/* The result of np__channel_listen. */
typedef enum np__heard {
  NP__HEARD_NOTHING,   /* a read waits for all data that come from now on */
  NP__HEARD_SOMETHING, /* a message, a part of one, or an error */
  NP__HEARD_LATER      /* unknown until an earlier read has ended */
} np__heard;

static inline np_channel *np__channel_of(const np_op *op) {
  return (np_channel *)(void *)op->np__target;
}

/* np__channel_bytes_max returns how long a message may be. */
static inline size_t np__channel_bytes_max(const np_channel *channel) {
  return channel->decoder.np__layout.options.frame_bytes_max;
}

/* np__channel_first returns the first operation of `list`, which is `sends` or
 * `receives`; np__channel_next the one after `op`. NULL: there is none. */
static inline np_op *np__channel_first(const np__list *list) {
  return np__list_is_empty(list) ? NULL : (np_op *)np__packet_of(list->next);
}

static inline np_op *np__channel_next(const np__list *list, const np_op *op) {
  np__link *next = op->np__packet.link.next;

  return next == list ? NULL : (np_op *)np__packet_of(next);
}

/* --- channel.c ------------------------------------------------------------ */

/* np__channel_release frees `channel` from the loop, once it is closing, its
 * pipe is gone and all its operations were called back. */
void np__channel_release(np_channel *channel);

/* --- channel_memory.c: what the peer's bytes cost ------------------------- */

/* np__channel_allocate returns memory of the loop's allocator, not cleared, or
 * NULL. */
void *np__channel_allocate(const np_channel *channel, size_t bytes);

/* np__channel_room returns the memory for the channel's next read, and sets
 * `room` to its size. NULL: no memory, and nothing is lost. */
unsigned char *np__channel_room(np_channel *channel, size_t *room);

/* np__channel_tick starts the timer that finds out when the channel is idle, if
 * it has memory to give back then. np__channel_tick_stop stops it. */
void np__channel_tick(np_channel *channel);
void np__channel_tick_stop(np_channel *channel);

/* --- channel_send.c ------------------------------------------------------- */

/* np__channel_flush_class is the class of `flush`: it sends the waiting
 * messages. */
extern const np__packet_class np__channel_flush_class;

/* np__channel_fits returns NP_OK if a message may be sent as far as its length
 * and its bytes are concerned. It reads only what never changes, so any thread
 * may call it. */
np_error np__channel_fits(const np_channel *channel, const void *data,
                          size_t length);

/* np__channel_send_check returns NP_OK if np__channel_send may be called, else
 * the error of np_channel_send. */
np_error np__channel_send_check(np_channel *channel, const void *data,
                                size_t length, const np_op *op, np_op_fn done);

/* np__channel_send begins a send that was checked, with NP__SEND_ `flags`. */
void np__channel_send(np_channel *channel, void *data, size_t length, np_op *op,
                      np_op_fn done, uint32_t flags);

/* np__channel_send_push begins `op` and puts it at the end of `sends`. */
void np__channel_send_push(np_channel *channel, np_op *op, np_op_fn done,
                           const np__packet_class *class_);

/* np__channel_sends_start gives the waiting sends to the kernel: now, or, where
 * the channel gathers, at the end of the turn. */
void np__channel_sends_start(np_channel *channel, bool at_once);

/* np__channel_sends_go_on gives the waiting sends to the kernel, as long as it
 * answers each write at once. */
void np__channel_sends_go_on(np_channel *channel);

/* --- channel_pack.c ------------------------------------------------------- */

/* np__channel_is_in_place returns true if the next write is `op`'s message
 * alone, from the caller's memory. */
bool np__channel_is_in_place(const np_channel *channel, const np_op *op);

/* np__channel_in_place returns the memory for that write, and sets `bytes` to
 * its size. If the caller left room for a header, the header is written. */
unsigned char *np__channel_in_place(const np_channel *channel, np_op *op,
                                    size_t *bytes);

/* np__channel_pack fills `out` with the next write, `bytes` bytes, of the sends
 * that wait. The first of them is not in place. Returns NP_OK or
 * ERROR_NOT_ENOUGH_MEMORY. */
np_error np__channel_pack(np_channel *channel, size_t *bytes);

/* --- channel_shutdown.c --------------------------------------------------- */

bool np__channel_is_shutdown(const np_op *op);

/* np__channel_shutdown_go_on ends the shutdown `op`, or begins the end of the
 * stream for it. `op` is the first of `sends`: each message before it was given
 * to the kernel, or was cut. */
void np__channel_shutdown_go_on(np_channel *channel, np_op *op);

/* --- channel_message.c ---------------------------------------------------- */

/* np__channel_result_set sets the result, for the first receive in line. */
void np__channel_result_set(np_channel *channel, np_error error, void *data,
                            size_t length);

/* np__channel_result_is_message returns true for a message, also for one that
 * was too long; false for an error. */
bool np__channel_result_is_message(const np__channel_result *result);

/* np__channel_is_inside returns true if a part of a message has come, and the
 * rest has not. */
bool np__channel_is_inside(const np_channel *channel);

/* np__channel_came handles the result of a read into the channel's memory.
 * `is_ours`: the channel has cancelled that read. */
void np__channel_came(np_channel *channel, np_error error, size_t length,
                      bool is_ours);

/* np__channel_read_failed handles the error of a read. */
void np__channel_read_failed(np_channel *channel, np_error error, bool is_ours);

/* np__channel_message_came handles the end of a message of the kernel's, whose
 * last `length` bytes lie at `data`. NULL: the bytes are in the pile. */
void np__channel_message_came(np_channel *channel, void *data, size_t length);

/* np__channel_part_kept copies the first part of a message out of a caller's
 * buffer, which was too small: the message stays for the next receive. */
void np__channel_part_kept(np_channel *channel, const void *bytes,
                           size_t length);

/* np__channel_look sets the result if a message is complete in what was read.
 */
void np__channel_look(np_channel *channel);

/* --- channel_read.c ------------------------------------------------------- */

/* np__channel_result_find returns true if there is a result for `op`. Else a
 * read for it is in flight. */
bool np__channel_result_find(np_channel *channel, np_op *op);

/* np__channel_read_give_up cancels the read in flight, which nobody waits for.
 * If the cancel loses, the bytes that the read brings stay for the next
 * receive. */
void np__channel_read_give_up(np_channel *channel);

/* np__channel_listen finds out whether data have come that no receive and no
 * call has asked for. If there are none, it leaves a read in the kernel: the
 * data of this read come after this call. */
np__heard np__channel_listen(np_channel *channel);

/* np__channel_heard takes the error that np__channel_listen found, and returns
 * it. ERROR_PIPE_BUSY: there was no error, but a message or a part of a message
 * has come; it stays in the channel. */
np_error np__channel_heard(np_channel *channel);

/* --- channel_receive.c ---------------------------------------------------- */

np_error np__channel_receive_check(const np_channel *channel, const np_op *op,
                                   np_op_fn done);

/* np__channel_receive_begin begins `op` and puts it at the end of `receives`.
 */
void np__channel_receive_begin(np_channel *channel, np_op *op, np_op_fn done,
                               const np__packet_class *class_);

/* np__channel_receive_go_on gives the first operation of `receives` its
 * result, or reads for it. */
void np__channel_receive_go_on(np_channel *channel);

/* np__channel_receive_deliver ends `op` with the result. */
void np__channel_receive_deliver(np_channel *channel, np_op *op);

/* np__channel_is_into returns true if `op` is a receive with a buffer. */
bool np__channel_is_into(const np_op *op);

/* np__channel_receive_run and np__channel_receive_finish are functions of the
 * classes of receives and calls. */
void np__channel_receive_run(np_loop *loop, np__packet *packet);
void np__channel_receive_finish(np_op *op);

/* --- channel_call.c ------------------------------------------------------- */

/* np__channel_call_class is the class of a call's `op`. */
extern const np__packet_class np__channel_call_class;

/* np__channel_call_begin asks for the call `op`, which is the first of
 * `receives`. True: it has ended instead. False: it goes on by itself. */
bool np__channel_call_begin(np_channel *channel, np_op *op);

/* np__channel_call_is_given returns true if the kernel was given the request of
 * the call that is asking: what comes from then on may be the reply. */
bool np__channel_call_is_given(np_channel *channel);

#endif
