/* Frames that end with a delimiter, for frame.c, framing.c and channels. */
#ifndef NPIPE_SRC_DELIMITER_H
#define NPIPE_SRC_DELIMITER_H

#include <npipe/frame.h>

/* np__delimiter_check returns NP_OK, or ERROR_INVALID_DATA if a decoder would
 * not hand out `payload` as it is. NP_OK with another kind of framing. */
np_error np__delimiter_check(const np_frame_options *options,
                             const void *payload, size_t length);

/* np__delimiter_put writes the bytes that go behind a payload and returns their
 * number: 1, or 0 with another kind of framing. */
size_t np__delimiter_put(const np_frame_options *options, unsigned char *end);

/* np__delimiter_decode is np_frame_decode for NP_FRAME_DELIMITER, after the
 * checks. After ERROR_NOT_ENOUGH_MEMORY `consumed` has no meaning. */
np_error np__delimiter_decode(np_frame_decoder *decoder,
                              const unsigned char *input, size_t length,
                              size_t *consumed, np_frame *frame);

/* np__delimiter_end hands out the frame that the end of the stream ends.
 * Returns NP_OK, ERROR_MORE_DATA (there is none) or ERROR_NOT_ENOUGH_MEMORY. */
np_error np__delimiter_end(np_frame_decoder *decoder, np_frame *frame);

/* np__delimiter_has_begun is np__frame_decoder_has_begun for
 * NP_FRAME_DELIMITER. */
bool np__delimiter_has_begun(const np_frame_decoder *decoder);

#endif
