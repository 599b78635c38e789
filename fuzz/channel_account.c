/* The account of channel: checks the messages that arrived at one end against
 * those sent at the other. It keeps the set of all places at which the receiver
 * may be, because a failed send leaves open whether its message arrived. */
#include "channel_scene.h"

#include "stream.h"

/* matching counts the bytes at `data` that belong to message `number`. */
static size_t matching(const struct side *from, size_t number,
                       const unsigned char *data, size_t length) {
  size_t count = 0;

  while (count < length && count < from->sends[number].length &&
         data[count] == stream_byte(id_of(from, number), count)) {
    count++;
  }
  return count;
}

static bool is_skippable(const struct side *to, size_t number) {
  return !to->peer->sends[number].ok;
}

/* places_of returns the places after an arrival of these bytes, if `number` is
 * the first message that it can contain. On a message pipe without framing, a
 * message that was cut after a part of it was read runs on into the next
 * message. */
static uint64_t places_of(const struct side *to, size_t number,
                          const unsigned char *data, size_t length) {
  const struct side *from = to->peer;
  uint64_t after = 0;

  for (size_t k = number; k < from->send_count; k++) {
    const size_t count = matching(from, k, data, length);

    if (count == length && length == from->sends[k].length) {
      after |= (uint64_t)1 << (k + 1);
    }
    if (!to->is_framed && !from->sends[k].ok) {
      for (size_t part = 1; part <= count; part++) {
        after |= places_of(to, k + 1, data + part, length - part);
      }
    }
    if (!is_skippable(to, k)) {
      break;
    }
  }
  return after;
}

/* is_long_line: a line that is too long is told as one byte longer than the
 * maximum, whatever its length. */
static bool is_long_line(const struct side *to, size_t number,
                         const struct arrival *arrival) {
  return to->is_framed && to->frame.kind == NP_FRAME_DELIMITER &&
         arrival->error == ERROR_BUFFER_OVERFLOW &&
         arrival->length == to->bytes_max + 1 &&
         to->peer->sends[number].length > to->bytes_max;
}

/* places_of_none returns the places after a message that was too long or found
 * no memory. `is_kept`: the message stays. The length of a message that ran on
 * into another is unknown. */
static uint64_t places_of_none(const struct side *to, size_t number,
                               const struct arrival *arrival, bool is_kept) {
  const struct side *from = to->peer;
  bool is_cut = false;
  uint64_t after = 0;

  for (size_t k = number; k < from->send_count; k++) {
    is_cut = is_cut || (!to->is_framed && !from->sends[k].ok);
    if (is_cut || arrival->error == ERROR_NOT_ENOUGH_MEMORY ||
        arrival->length == from->sends[k].length ||
        is_long_line(to, k, arrival)) {
      after |= (uint64_t)1 << (is_kept ? k : k + 1);
    }
    if (!is_skippable(to, k)) {
      return after;
    }
  }
  if (arrival->error == ERROR_BUFFER_OVERFLOW &&
      arrival->length == from->announced_bytes) {
    after |= (uint64_t)1 << from->send_count; /* the header of that frame */
  }
  return after;
}

/* places_after returns the set of possible places after an arrival. Bit n
 * stands for "message n is next". */
static uint64_t places_after(const struct side *to, uint64_t places,
                             const struct arrival *arrival) {
  /* The receiver may have lost the message, or not. */
  uint64_t after = arrival->error == ERROR_NOT_ENOUGH_MEMORY ? places : 0;

  for (size_t i = 0; i <= to->peer->send_count; i++) {
    if ((places >> i & 1) != 0) {
      after |=
          arrival->error == NP_OK
              ? places_of(to, i, arrival->data, arrival->length)
              : places_of_none(to, i, arrival,
                               arrival->error == ERROR_INSUFFICIENT_BUFFER);
    }
  }
  return after;
}

static bool may_end(const struct side *to, uint64_t places) {
  for (size_t i = 0; i <= to->peer->send_count; i++) {
    size_t k = i;

    if ((places >> i & 1) == 0) {
      continue;
    }
    while (k < to->peer->send_count && is_skippable(to, k)) {
      k++;
    }
    if (k == to->peer->send_count) {
      return true;
    }
  }
  return false;
}

void account_check(const struct side *to) {
  uint64_t places = 1;

  for (size_t i = 0; i < to->arrival_count; i++) {
    const struct arrival *arrival = &to->arrivals[i];

    switch (arrival->error) {
      case NP_OK:
      case ERROR_BUFFER_OVERFLOW:
      case ERROR_INSUFFICIENT_BUFFER:
      case ERROR_NOT_ENOUGH_MEMORY:
        places = places_after(to, places, arrival);
        fuzz_law(places != 0, "arrival %zu at %c is no message that was sent",
                 i, 'A' + (int)to->number);
        break;
      default:
        break;
    }
  }
  if (to->was_cleanly && !to->has_failed) {
    fuzz_law(may_end(to, places), "a message never arrived at %c",
             'A' + (int)to->number);
  }
}
