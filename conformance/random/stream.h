/* What one end has read, held against what was written at the other: bytes
 * come whole and in order, messages neither merge nor split. */
#ifndef NPIPE_RANDOM_STREAM_H
#define NPIPE_RANDOM_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A write whose result is known. What was cut (cancelled, or ended with any
 * other error) may have arrived up to some place, and then no further. */
struct written {
  uint32_t id; /* says what its bytes are */
  size_t length;
  bool is_cut;
};

/* What was written towards an end during one session. */
struct session_input {
  const struct written *writes;
  size_t count;
};

/* A read that ended, or a peek. `first` and `last` are the sessions whose data
 * it may have brought. */
struct read_result {
  const unsigned char *data;
  size_t length; /* of the buffer */
  size_t transferred;
  bool by_message; /* it was for a message                 */
  bool is_peek;    /* it has taken nothing                 */
  bool is_more;    /* ERROR_MORE_DATA: the message goes on */
  bool is_eof;     /* the peer had closed, nothing is left */
  bool is_failure; /* any other error: `transferred` is mostly 0 */
  size_t first;
  size_t last;
};

/* stream_byte is byte `offset` of the write with this `id`. */
unsigned char stream_byte(uint32_t id, size_t offset);

/* stream_check returns whether the reads, in the order in which they were
 * begun, can have come of the sessions' input; else `*bad` is the index of the
 * first that cannot. `reads_ahead`: part of a message may have been caught
 * before it was cut. */
bool stream_check(const struct session_input *sessions, size_t session_count,
                  const struct read_result *reads, size_t read_count,
                  bool reads_ahead, size_t *bad);

#endif
