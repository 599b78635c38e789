/* Framing as the targets see it: options drawn from an input, and a naive
 * decoder, written for these tests alone, that says what must come of them. It
 * takes a whole stream at once and computes in 128 bits, so that nothing can
 * overflow. */
#ifndef NPIPE_FUZZ_FRAMING_H
#define NPIPE_FUZZ_FRAMING_H

#include <npipe/npipe.h>

#include "fuzz.h"

/* What the options mean, if they mean anything. */
struct framing {
  bool is_possible;
  size_t field_end;
  size_t header_bytes;
  size_t skip_bytes;
  size_t kept_bytes;
  uint64_t field_max;
  np_frame_options options;
};

/* framing_choose draws options, mostly ones that a decoder takes. */
void framing_choose(struct framing *framing, struct fuzz_input *input);

/* A frame is always one stretch of the stream. */
struct framed {
  size_t offset;
  size_t length;
};

enum { FRAMED_MAX = 1024 };

/* A stream, taken apart. */
struct framed_stream {
  struct framed frames[FRAMED_MAX];
  size_t count;
  size_t end_of_last; /* where the next frame would begin                */
  np_error error;     /* ERROR_MORE_DATA: none but the end of the stream */
  uint64_t pending;   /* length of the frame whose end is missing        */
  bool has_begun;     /* there is a part of a frame at the end           */
};

void framing_decode(const struct framing *framing, const uint8_t *stream,
                    size_t size, struct framed_stream *out);

/* framing_encode_error is what an encoder must say to this payload. */
np_error framing_encode_error(const struct framing *framing, size_t payload);

#endif
