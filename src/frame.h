/* Framing from the inside: functions for channels, beside npipe/frame.h. */
#ifndef NPIPE_SRC_FRAME_H
#define NPIPE_SRC_FRAME_H

#include <npipe/frame.h>

/* np__frame_layout_make computes `layout`. NULL: the default options. False:
 * the options are refused. */
bool np__frame_layout_make(np__frame_layout *layout,
                           const np_frame_options *options);

/* np__frame_measure reads the length of a frame out of a header of
 * NP_FRAME_LENGTH. Returns NP_OK, ERROR_INVALID_DATA or
 * ERROR_ARITHMETIC_OVERFLOW. */
np_error np__frame_measure(const np__frame_layout *layout,
                           const unsigned char *header, uint64_t *length);

/* np__frame_header_bytes returns the length of the header of a payload. */
size_t np__frame_header_bytes(const np__frame_layout *layout,
                              size_t payload_length);

/* np__frame_encode writes the length for a payload into `header`, which has
 * np__frame_header_bytes bytes. NULL: it only checks the length. Returns
 * the errors of np_frame_encode_header, without ERROR_INSUFFICIENT_BUFFER. */
np_error np__frame_encode(const np__frame_layout *layout, size_t payload_length,
                          unsigned char *header);

/* np__frame_decoder_has_begun returns true if a frame has begun and its end has
 * not come. */
bool np__frame_decoder_has_begun(const np_frame_decoder *decoder);

/* np__frame_decoder_skip makes a decoder that refused a frame as too long ready
 * for the next frame. The header is taken; returns the number of bytes behind
 * it that the caller must skip. */
uint64_t np__frame_decoder_skip(np_frame_decoder *decoder);

/* np__frame_decoder_missing returns the number of bytes that are missing of the
 * current frame. 0: its header is not complete. */
size_t np__frame_decoder_missing(const np_frame_decoder *decoder);

/* np__frame_decoder_room returns memory for the next of the missing bytes, and
 * sets `room` to its size. The caller reads into it and calls np__pile_add.
 * NULL: no memory, and nothing is lost. */
unsigned char *np__frame_decoder_room(np_frame_decoder *decoder, size_t *room);

/* np__frame_decoder_go_on is np_frame_decode without input: it hands out the
 * current frame if its bytes are in the pile. Returns NP_OK, ERROR_MORE_DATA or
 * ERROR_NOT_ENOUGH_MEMORY. */
np_error np__frame_decoder_go_on(np_frame_decoder *decoder, np_frame *frame);

/* np__frame_decoder_take_back ends the lending of the last frame. The decoder
 * keeps at most `np__kept_bytes` of its memory. */
void np__frame_decoder_take_back(np_frame_decoder *decoder);

#endif
