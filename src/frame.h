/* Framing from the inside: what a channel needs beyond npipe/frame.h. */
#ifndef NPIPE_SRC_FRAME_H
#define NPIPE_SRC_FRAME_H

#include <npipe/frame.h>

/* np__frame_encode writes the length field for a payload into a header, which
 * has `layout->header_bytes`; NULL: it only tells whether it could. Returns
 * what np_frame_encode_header does, but for the header's room. */
np_error np__frame_encode(const np__frame_layout *layout, size_t payload_length,
                          unsigned char *header);

/* np__frame_decoder_skip makes a decoder that refused a frame as too long ready
 * for the next frame. Returns how many bytes come before that, behind the
 * header, which is taken. */
uint64_t np__frame_decoder_skip(np_frame_decoder *decoder);

/* np__frame_decoder_missing returns how many bytes are missing of the frame
 * whose header has come; 0: none has. */
size_t np__frame_decoder_missing(const np_frame_decoder *decoder);

/* np__frame_decoder_room returns where the next of these bytes can be read to,
 * and sets `room` to how many; NULL: no memory, and nothing is lost. What was
 * read there is counted with np__pile_add. */
unsigned char *np__frame_decoder_room(np_frame_decoder *decoder, size_t *room);

/* np__frame_decoder_go_on hands out the frame that was read so, as
 * np_frame_decode does: NP_OK, ERROR_MORE_DATA or ERROR_NOT_ENOUGH_MEMORY. */
np_error np__frame_decoder_go_on(np_frame_decoder *decoder, np_frame *frame);

/* np__frame_decoder_take_back ends the lending of a frame out of the decoder's
 * memory, of which at most `np__kept_bytes` stay. */
void np__frame_decoder_take_back(np_frame_decoder *decoder);

#endif
