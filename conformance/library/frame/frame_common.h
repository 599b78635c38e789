/* Helpers that the cases of np_frame share: memory that is counted, and a
 * decoder that gets a stream in pieces. */
#ifndef NPIPE_CONFORMANCE_LIBRARY_FRAME_COMMON_H
#define NPIPE_CONFORMANCE_LIBRARY_FRAME_COMMON_H

#include "kit/frame_memory.h"
#include "library/fixture.h"

/* BYTES gives a string literal as bytes and their count, without the NUL. */
#define BYTES(literal) (literal), (sizeof(literal) - 1)

enum { FRAME_LOG_BYTES_MAX = 1 << 20 };

/* frame_allocator returns the allocator of `memory`, which it clears. An
 * allocation that breaks the law of a decoder's memory fails the case. */
np_allocator frame_allocator(struct frame_memory *memory);

/* assert_frame_bound checks the memory that is left after a call: as at an
 * allocation. */
void assert_frame_bound(const struct frame_memory *memory);

/* The decoded frames, each behind its length in four bytes. */
struct frame_log {
  struct frame_memory *memory; /* of the decoder, to be counted; may be NULL */
  size_t count;
  size_t used;
  unsigned char bytes[FRAME_LOG_BYTES_MAX];
};

/* frame_options_set fills `options` with the defaults and then sets the given
 * fields. */
void frame_options_set(np_frame_options *options, size_t field_bytes,
                       size_t field_offset, int64_t adjustment,
                       size_t skip_bytes);

/* frame_options returns what frame_options_set fills. */
np_frame_options frame_options(size_t field_bytes, size_t field_offset,
                               int64_t adjustment, size_t skip_bytes);

void frame_log_add(struct frame_log *log, const void *data, size_t length);

/* frame_feed gives all of `input` to `decoder` and logs the frames. It checks
 * the promises about `consumed` and `frame` at each call, and counts what has
 * come of the frame that has begun in `log->memory`. It returns the error of
 * the last call, which is never NP_OK. */
np_error frame_feed(np_frame_decoder *decoder, struct frame_log *log,
                    const void *input, size_t length);

/* frame_feed_copy is frame_feed on a copy of `input` of exactly this size. The
 * copy is freed after the call, so that sanitizers find reads beyond the end
 * and later reads. */
np_error frame_feed_copy(np_frame_decoder *decoder, struct frame_log *log,
                         const void *input, size_t length);

/* frame_decode_one decodes `wire` with a fresh decoder. The result must be the
 * one frame `expected`, which must not be copied and must take no memory. Then
 * `wire` is decoded byte by byte, with the same result. */
void frame_decode_one(const np_frame_options *options, const void *wire,
                      size_t wire_length, const void *expected,
                      size_t expected_length);

/* frame_decode_refused decodes `wire`, whole and byte by byte. No frame but
 * `error` must come, and the decoder must stay failed. It returns the length
 * that the error names. */
uint64_t frame_decode_refused(const np_frame_options *options, const void *wire,
                              size_t wire_length, np_error error);

/* assert_frame_failed checks that every call returns `error`, whatever its
 * input. */
void assert_frame_failed(np_frame_decoder *decoder, np_error error);

#endif
