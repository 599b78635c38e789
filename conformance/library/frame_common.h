/* What the cases of np_frame share: memory that is counted, and a decoder fed
 * with a stream in pieces. */
#ifndef NPIPE_CONFORMANCE_LIBRARY_FRAME_COMMON_H
#define NPIPE_CONFORMANCE_LIBRARY_FRAME_COMMON_H

#include "fixture.h"

/* A string literal as bytes and their count, without the NUL. */
#define BYTES(literal) (literal), (sizeof(literal) - 1)

enum { FRAME_LOG_BYTES_MAX = 1 << 20 };

/* Memory for a decoder. */
struct frame_memory {
  size_t live;       /* allocated and not released                           */
  size_t live_bytes; /* of these                                             */
  size_t most_bytes; /* that `live_bytes` ever was                           */
  size_t total;      /* asked for, also in vain                              */
  size_t fail_at;    /* the value of `total` that fails; 0: none             */
};

np_allocator frame_allocator(struct frame_memory *memory);

/* The frames that came, each behind its length as four bytes. */
struct frame_log {
  size_t count;
  size_t used;
  unsigned char bytes[FRAME_LOG_BYTES_MAX];
};

/* frame_options_set fills `options` with the defaults but these. */
void frame_options_set(np_frame_options *options, size_t field_bytes,
                       size_t field_offset, int64_t adjustment,
                       size_t skip_bytes);

void frame_log_add(struct frame_log *log, const void *data, size_t length);

/* frame_feed gives `decoder` all of `input` and logs what comes out. It checks
 * what each call promises of `consumed` and `frame`, and returns the error that
 * was the last: never NP_OK. */
np_error frame_feed(np_frame_decoder *decoder, struct frame_log *log,
                    const void *input, size_t length);

/* frame_feed_copy does it from memory of just that size that is gone after the
 * call, so that what is read beyond it or later is found. */
np_error frame_feed_copy(np_frame_decoder *decoder, struct frame_log *log,
                         const void *input, size_t length);

/* frame_decode_one has `wire` decoded by a fresh decoder: it must be just the
 * one frame `expected`, be no copy and take no memory. Then it is given byte by
 * byte and must be the same. */
void frame_decode_one(const np_frame_options *options, const void *wire,
                      size_t wire_length, const void *expected,
                      size_t expected_length);

/* frame_decode_refused has `wire` decoded: no frame but `error` must come, also
 * byte by byte, and the decoder stay failed. Returns the length that it names.
 */
uint64_t frame_decode_refused(const np_frame_options *options, const void *wire,
                              size_t wire_length, np_error error);

/* assert_frame_failed checks that each call answers `error`, whatever it is
 * given. */
void assert_frame_failed(np_frame_decoder *decoder, np_error error);

#endif
