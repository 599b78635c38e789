/* The data that one end has read, compared with the writes at the other end.
 * The law: bytes come whole and in order; messages neither merge nor split. */
#ifndef NPIPE_RANDOM_STREAM_H
#define NPIPE_RANDOM_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A write with a known result. A cut write (cancelled, or ended with another
 * error) may have arrived up to some byte, and not further. */
struct written {
  uint32_t id; /* determines its bytes */
  size_t length;
  bool is_cut;
};

/* The writes towards an end during one session. */
struct session_input {
  const struct written *writes;
  size_t count;
};

/* A read that ended, or a peek. Its data may belong to the sessions from
 * `first` to `last`. */
struct read_result {
  const unsigned char *data;
  size_t length; /* length of the buffer */
  size_t transferred;
  bool by_message;  /* a read in message mode */
  bool is_peek;     /* a peek: nothing was taken */
  bool skips_empty; /* a probe for bytes may have taken empty messages */
  bool is_more;     /* ERROR_MORE_DATA: the message goes on */
  bool is_eof;      /* the peer has closed, and nothing is left */
  bool is_failure;  /* any other error: `transferred` is mostly 0 */
  size_t first;
  size_t last;
};

/* stream_byte returns byte `offset` of the write with this `id`. */
unsigned char stream_byte(uint32_t id, size_t offset);

/* stream_check returns true if the reads, in the order in which they began, can
 * come from the sessions' input. Else `*bad` is the index of the first
 * impossible read. `reads_ahead`: a part of a message may have been caught
 * before the message was cut. */
bool stream_check(const struct session_input *sessions, size_t session_count,
                  const struct read_result *reads, size_t read_count,
                  bool reads_ahead, size_t *bad);

#endif
