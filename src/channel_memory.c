/* Channels: the memory for the peer's bytes. It grows with the bytes that have
 * come since the channel was idle, never with an announced length. A channel is
 * idle when no byte has come from one tick of its timer to the next: then the
 * memory is freed, and a read that waits in a large buffer is cancelled and
 * begun again in a small one. npipe/channel.h states the bounds.
 *
 * With framing, reads go to `in`; the rest of a long frame goes straight to the
 * decoder's pile. Without framing, reads go to the same pile. */
#include <assert.h>

#include "channel.h"
#include "frame.h"
#include "pile.h"

/* The buffer of a read that waits at an idle channel. */
#define IDLE_BYTES 200u

/* The size of the buffer after a message did not fit into IDLE_BYTES. If at
 * least so many bytes of a frame are missing, they are read into the pile. */
#define BUSY_BYTES 4096u

static np__pile *pile_of(np_channel *channel) {
  return &channel->decoder.np__pile;
}

/* --- Idleness ------------------------------------------------------------- */

static void on_tick(np__alarm *alarm);

static void tick_start(np_channel *channel) {
  np_loop *loop = channel->target.loop;

  channel->came_at_tick = channel->came;
  np__alarm_start(loop, &channel->tick,
                  np__loop_deadline_ms(loop, NP_CHANNEL_IDLE_MS), on_tick);
  loop->unheeded_timers++; /* the timer keeps no loop running */
}

void np__channel_tick(np_channel *channel) {
  if (!np__alarm_is_active(&channel->tick) &&
      (channel->in_bytes > IDLE_BYTES || channel->out_bytes > 0 ||
       np__pile_capacity(pile_of(channel)) > IDLE_BYTES)) {
    tick_start(channel);
  }
}

void np__channel_tick_stop(np_channel *channel) {
  np_loop *loop = channel->target.loop;

  if (np__alarm_is_active(&channel->tick)) {
    np__alarm_stop(loop, &channel->tick);
    loop->unheeded_timers--;
  }
}

static void in_free(np_channel *channel) {
  np__loop_free(channel->target.loop, channel->in);
  channel->in = NULL;
  channel->in_bytes = 0;
}

/* unused_free frees the memory that holds no message and that no read in flight
 * uses: a read goes to `in`, or to the pile. */
static void unused_free(np_channel *channel) {
  const bool is_free = !channel->is_reading || channel->into != NULL;
  const bool goes_to_in = channel->is_framed && !channel->is_direct;

  if (channel->is_framed) {
    np__frame_decoder_take_back(&channel->decoder);
    if (is_free || !goes_to_in) {
      in_free(channel);
    }
  }
  if (is_free || goes_to_in) {
    if (channel->receive_error != NP_OK) {
      np__pile_clear(pile_of(channel), 0);
    }
    np__pile_fit(pile_of(channel));
  }
}

/* waits_in_much returns true if the read in flight has a larger buffer than an
 * idle channel shall have. A part of a frame that lies there moves to a smaller
 * one; a part of a message of the kernel stays, because its rest is there. */
static bool waits_in_much(np_channel *channel) {
  if (!channel->is_reading || channel->into != NULL ||
      channel->is_read_cancelled) {
    return false;
  }
  if (channel->is_framed) {
    return channel->is_direct ? np__pile_is_loose(pile_of(channel))
                              : channel->in_bytes > IDLE_BYTES;
  }
  return !channel->is_in_message &&
         np__pile_capacity(pile_of(channel)) > IDLE_BYTES;
}

/* is_lending returns true if the channel's memory holds bytes that a caller has
 * or will get. */
static bool is_lending(const np_channel *channel) {
  return channel->result.is_there || channel->delivered != NULL ||
         channel->is_whole || channel->in_begin < channel->in_end ||
         (channel->lent != NULL && np__list_is_empty(&channel->receives));
}

static void become_idle(np_channel *channel) {
  channel->is_idle = true; /* the next read has a small buffer */
  if (!channel->is_writing && np__list_is_empty(&channel->sends)) {
    np__loop_free(channel->target.loop, channel->out);
    channel->out = NULL;
    channel->out_bytes = 0;
  }
  if (waits_in_much(channel)) {
    np__channel_read_give_up(channel);
  }
  if (!is_lending(channel)) {
    unused_free(channel);
  }
  if (channel->out_bytes > 0) {
    tick_start(channel);
  }
}

static void on_tick(np__alarm *alarm) {
  np_channel *channel = NP__CONTAINER(alarm, np_channel, tick);

  channel->target.loop->unheeded_timers--;
  if (channel->came != channel->came_at_tick) {
    tick_start(channel);
  } else {
    become_idle(channel);
  }
}

/* --- Room ----------------------------------------------------------------- */

static size_t least(size_t a, size_t b) {
  return a < b ? a : b;
}

/* in_wanted returns the size that `in` shall have for the next read. `in` grows
 * when a read has filled it, or when a frame did not fit. It grows at most to
 * the number of bytes that came before this frame: then there is room for twice
 * the frame beside it, within the bound. */
static size_t in_wanted(const np_channel *channel) {
  const np_frame_decoder *decoder = &channel->decoder;
  const size_t most = channel->read_buffer_bytes;
  const size_t begun = decoder->np__is_lent ? 0 : decoder->np__pile.used;
  uint64_t wanted;

  if (channel->in_bytes == 0 || channel->is_idle) {
    return least(IDLE_BYTES, most);
  }
  if (!channel->is_in_small) {
    return channel->in_bytes;
  }
  assert(channel->came >= begun);
  wanted = channel->came - begun;
  if (wanted < BUSY_BYTES) {
    wanted = BUSY_BYTES;
  }
  if (wanted + most / 16 >= most) {
    return most;
  }
  return wanted / 2 >= channel->in_bytes ? (size_t)wanted : channel->in_bytes;
}

/* in_make gives `in` its size for the next read. All bytes in it have been
 * decoded. False: no memory. */
static bool in_make(np_channel *channel) {
  const size_t wanted = in_wanted(channel);
  unsigned char *made;

  channel->is_in_small = false;
  if (wanted == channel->in_bytes) {
    return true;
  }
  if (wanted > channel->in_bytes) {
    in_free(channel); /* both buffers together would exceed the bound */
  }
  made = np__channel_allocate(channel, wanted);
  if (made == NULL) {
    return channel->in_bytes > 0; /* a larger buffer serves, too */
  }
  in_free(channel);
  channel->in = made;
  channel->in_bytes = wanted;
  return true;
}

static unsigned char *framed_room(np_channel *channel, size_t *room) {
  const size_t missing = np__frame_decoder_missing(&channel->decoder);
  unsigned char *to;

  np__frame_decoder_take_back(&channel->decoder); /* A receive is in flight. */
  assert(channel->in_begin == channel->in_end);   /* All was decoded. */
  channel->in_begin = 0;
  channel->in_end = 0;
  channel->is_direct =
      missing > 0 && (missing >= BUSY_BYTES || missing >= channel->in_bytes);
  if (channel->is_direct) {
    if (channel->is_idle) {
      np__pile_fit(pile_of(channel));
    }
    to = np__frame_decoder_room(&channel->decoder, room);
    *room = to != NULL ? least(*room, channel->read_buffer_bytes) : 0;
    return to;
  }
  if (!in_make(channel)) {
    return NULL;
  }
  *room = channel->in_bytes;
  return channel->in;
}

/* native_room returns the memory for a part of a message of the kernel. The
 * message begins in the pile's block, or in a small one, and goes on in others.
 * The bytes of a dropped message are read in pieces of the usual size. */
static unsigned char *native_room(np_channel *channel, size_t *room) {
  np__pile *pile = pile_of(channel);
  const size_t dropped = channel->dropped_bytes;
  size_t most = channel->read_buffer_bytes;

  if (!channel->is_in_message) {
    np__pile_clear(pile, channel->is_idle ? (size_t)2 * IDLE_BYTES : SIZE_MAX);
  } else if (np__pile_capacity(pile) < least(most, dropped)) {
    np__pile_clear(pile, 0);
  }
  if (pile->used > 0) {
    most = np__channel_bytes_max(channel) - pile->used;
  } else if (pile->held > 0) {
    most = np__pile_capacity(pile);
  } else if (dropped == 0) {
    most = least(most, IDLE_BYTES);
  }
  return np__pile_room(pile, pile->used + dropped, most, room);
}

unsigned char *np__channel_room(np_channel *channel, size_t *room) {
  unsigned char *to = channel->is_framed ? framed_room(channel, room)
                                         : native_room(channel, room);

  if (channel->is_idle) {
    channel->is_idle = false;
    channel->came = pile_of(channel)->used;
  }
  np__channel_tick(channel);
  if (to != NULL) {
    *room = least(*room, UINT32_MAX);
  }
  return to;
}
