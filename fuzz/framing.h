/* Framing for the fuzz targets: options of each kind drawn from an input, and a
 * naive decoder, written only for these tests, that gives the expected result.
 * It gets the whole stream at once, and computes in 128 bits, so that nothing
 * can overflow. */
#ifndef NPIPE_FUZZ_FRAMING_H
#define NPIPE_FUZZ_FRAMING_H

#include <npipe/npipe.h>

#include "fuzz.h"
#include "kit/frame_memory.h"

/* Options, and the values that follow from them if they are possible. */
struct framing {
  bool is_possible;
  size_t field_end;
  size_t header_bytes;
  size_t skip_bytes;
  size_t kept_bytes;
  uint64_t field_max;
  np_frame_options options;
};

/* framing_header_bytes returns the length of the header of a payload. */
size_t framing_header_bytes(const struct framing *framing, size_t payload);

/* framing_choose draws options, most of which a decoder accepts. */
void framing_choose(struct framing *framing, struct fuzz_input *input);

/* framing_allocator returns the allocator of `memory`, which it clears. The law
 * of a decoder's memory is checked at each allocation. */
np_allocator framing_allocator(struct frame_memory *memory);

/* A frame, which is always one piece of the stream. */
struct framed {
  size_t offset;
  size_t length;
  size_t end;      /* where the next frame begins */
  bool is_refused; /* longer than the maximum; the decoder goes on */
};

enum { FRAMED_MAX = 1024 };

/* The frames of a stream. */
struct framed_stream {
  struct framed frames[FRAMED_MAX];
  size_t count;
  size_t end_of_last; /* where the next frame would begin */
  np_error error;     /* ERROR_MORE_DATA: only the stream's end */
  uint64_t pending;   /* length of the incomplete frame */
  bool has_begun;     /* an incomplete frame is at the end */
  bool has_last;      /* the stream ends the frame `last` */
  struct framed last;
};

void framing_decode(const struct framing *framing, const uint8_t *stream,
                    size_t size, struct framed_stream *out);

/* framing_encode_error returns the error that an encoder must give for this
 * payload. */
np_error framing_encode_error(const struct framing *framing, size_t payload);

/* framing_holds_delimiter returns true if this payload cannot be sent with a
 * delimiter. */
bool framing_holds_delimiter(const struct framing *framing,
                             const uint8_t *payload, size_t length);

#endif
