/* Frames: messages in a stream of bytes. Each message stands behind its length,
 * or before a delimiter.
 *
 * The decoder takes the stream in pieces of any size and hands out one frame
 * after the other. The encoder gives the bytes that go before and behind a
 * payload. Both are given the same np_frame_options, know no pipe and no loop,
 * and never wait. There are three kinds of framing.
 *
 * NP_FRAME_LENGTH: a frame on the wire is a header, which holds a length field,
 * and what follows it.
 *
 *     | field_offset | field_bytes |  ...  | payload            |
 *     |<------------ header ------------->|
 *     |<------- skip_bytes ------->|<-------- frame ---------->|
 *
 * The header ends where the length field ends or where `skip_bytes` ends,
 * whichever is later. The frame is what the decoder hands out: it begins
 * `skip_bytes` behind the beginning of the header and is as long as the length
 * field says, plus `adjustment`.
 *
 * NP_FRAME_VARINT: the header is the length of the payload in groups of seven
 * bits, the least significant first. All bytes but the last have their highest
 * bit set. Streams of delimited Protocol Buffers have this form.
 *
 * NP_FRAME_DELIMITER: there is no header. One byte, the delimiter, ends the
 * frame and does not belong to it. Lines of text have this form.
 *
 * docs/framing.md has examples. */
#ifndef NPIPE_FRAME_H
#define NPIPE_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <npipe/api.h>
#include <npipe/error.h>
#include <npipe/loop.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The longest header, in bytes: an array of this size holds each header. */
#define NP_FRAME_HEADER_BYTES_MAX 256

/* The memory of a decoder is at most twice the bytes of the current frame that
 * have come, plus NP_FRAME_MEMORY_BYTES. The announced length takes no memory.
 * See np_frame_decoder. */
#define NP_FRAME_MEMORY_BYTES 4096

/* A value of np_frame_options.skip_bytes: skip up to the end of the length
 * field. */
#define NP_FRAME_SKIP_HEADER ((size_t)-1)

/* The order of the bytes of a number.
 *
 * NP_BIG_ENDIAN     most significant byte first, the order of networks
 * NP_LITTLE_ENDIAN  least significant byte first */
typedef enum np_byte_order { NP_BIG_ENDIAN, NP_LITTLE_ENDIAN } np_byte_order;

/* The kind of a framing; see the beginning of this header.
 *
 * NP_FRAME_LENGTH     the header has a length field
 * NP_FRAME_VARINT     the header is the length, in groups of seven bits
 * NP_FRAME_DELIMITER  there is no header; a byte ends the frame */
typedef enum np_frame_kind {
  NP_FRAME_LENGTH,
  NP_FRAME_VARINT,
  NP_FRAME_DELIMITER
} np_frame_kind;

/* The most delimiters that a framing can have. */
#define NP_FRAME_DELIMITERS_MAX 5

/* Options of a framing; np_frame_options_init fills them.
 *
 * size             of this struct, in bytes
 * kind             default NP_FRAME_LENGTH. With another kind `field_bytes`,
 *                  `field_offset`, `byte_order`, `adjustment` and `skip_bytes`
 *                  must have their defaults
 * field_bytes      width of the length field: 1, 2, 4 or 8; default 4
 * field_offset     bytes of the header before the length field; default 0
 * byte_order       of the length field; default NP_BIG_ENDIAN
 * adjustment       what is added to the length field's value to get the length
 *                  of the frame in bytes; negative where the field counts bytes
 *                  that are skipped; default 0
 * skip_bytes       bytes from the beginning of the header that do not belong to
 *                  the frame; NP_FRAME_SKIP_HEADER (the default):
 *                  `field_offset + field_bytes`. With fewer the frame begins
 *                  with the rest of the header; with more the bytes behind the
 *                  length field are dropped.
 * frame_bytes_max  the longest frame, after `adjustment`; 0 allows only empty
 *                  ones; default 8 MiB. With NP_FRAME_DELIMITER it counts a
 *                  carriage return that `drop_cr` takes off
 * delimiters       for NP_FRAME_DELIMITER: each of these bytes ends a frame. An
 *                  encoder uses the first; default a line feed
 * delimiter_count  their number, 1 to NP_FRAME_DELIMITERS_MAX; default 1
 * drop_cr          for NP_FRAME_DELIMITER: one carriage return at the end of a
 *                  frame does not belong to it; default false
 * unended_last     for NP_FRAME_DELIMITER: the stream may end in place of the
 *                  last delimiter (np_frame_decode_end); default false
 *
 * Invalid options are refused with ERROR_INVALID_PARAMETER: a `size` that is
 * not that of the struct, a value that is not allowed above, a header longer
 * than NP_FRAME_HEADER_BYTES_MAX, or options with which no frame is possible
 * (each frame would be longer than the maximum, or shorter than the part of the
 * header that is not skipped).
 *
 * The defaults are those of Tokio's LengthDelimitedCodec, with the same bytes
 * on the wire. One thing differs: here the maximum is for the adjusted length,
 * the length of the frame in memory.
 *
 * With NP_FRAME_DELIMITER and `unended_last` the frames are those of Tokio's
 * AnyDelimiterCodec; with `drop_cr` too, those of its LinesCodec (which also
 * refuses lines that are not UTF-8).
 *
 * Source:  tokio_util::codec::length_delimited; LinesCodec; AnyDelimiterCodec;
 *          Protocol Buffers Encoding, Base 128 Varints
 *          docs.rs/tokio-util/latest/tokio_util/codec/length_delimited/
 */
typedef struct np_frame_options {
  size_t size;
  size_t field_bytes;
  size_t field_offset;
  np_byte_order byte_order;
  np_frame_kind kind;
  int64_t adjustment;
  size_t skip_bytes;
  size_t frame_bytes_max;
  unsigned char delimiters[NP_FRAME_DELIMITERS_MAX];
  uint8_t delimiter_count;
  bool drop_cr;
  bool unended_last;
} np_frame_options;

/* np_frame_options_init fills `options` with the defaults. NULL is ignored.
 *
 * Thread:  any.
 */
NP_API void np_frame_options_init(np_frame_options *options);

/* A frame that was decoded.
 *
 * data    the bytes of the frame; never NULL
 * length  number of bytes at `data` */
typedef struct np_frame {
  const void *data;
  size_t length;
} np_frame;

/* Checked options, and values computed from them. */
typedef struct np__frame_layout {
  np_frame_options options; /* `skip_bytes` is a number here        */
  size_t header_bytes;      /* of the longest header                */
  size_t kept_bytes;        /* of the header, that belong to the frame     */
} np__frame_layout;

/* The bytes of one frame that comes in parts: blocks of memory, all of them
 * full but the last. */
typedef struct np__pile {
  np_allocator allocator;
  struct np__block *first;
  struct np__block *last;
  size_t last_used; /* bytes in the last block                     */
  size_t used;      /* bytes in all blocks                         */
  size_t held;      /* bytes of memory of all blocks, heads included */
} np__pile;

/* A decoder, in the caller's storage; it may be moved in memory. Every member
 * is the library's.
 *
 * It holds at most NP_FRAME_HEADER_BYTES_MAX bytes of a header in itself. In
 * memory of its allocator it holds the frame that comes in more than one piece:
 *
 *     memory <= 2 * (bytes of this frame that have come)
 *               + NP_FRAME_MEMORY_BYTES
 *
 * The bound holds at each allocation, also while the complete frame moves into
 * one block of memory. A header that announces a long frame takes no memory for
 * the length. A frame is lent until the next call. After this call, and between
 * two frames, the decoder holds at most NP_FRAME_MEMORY_BYTES. */
typedef struct np_frame_decoder {
  np__frame_layout np__layout;
  np_error np__error;
  bool np__is_lent;     /* the bytes in the pile were handed out             */
  bool np__is_skipping; /* up to a delimiter: the frame was too long          */
  size_t np__header_used; /* bytes of the header that came                    */
  uint64_t np__length;    /* of the frame, once it is known; else 0           */
  size_t np__kept_bytes;  /* of memory that stays between two frames          */
  np__pile np__pile;
  unsigned char np__header[NP_FRAME_HEADER_BYTES_MAX];
} np_frame_decoder;

/* np_frame_decoder_init makes `decoder` ready for the beginning of a stream. It
 * takes no memory yet.
 *
 * decoder    caller's storage; end it with np_frame_decoder_deinit
 * options    borrowed for the call; NULL: the defaults
 * allocator  copied; NULL or both functions NULL: malloc and free
 *
 * Returns NP_OK, or ERROR_INVALID_PARAMETER: `decoder` is NULL, the options are
 * refused (see there), or only one of the allocator's functions is set. The
 * decoder is then empty: np_frame_decoder_deinit does no harm, and
 * np_frame_decode answers the same error.
 *
 * Thread:  any; the decoder then is for one thread at a time.
 */
NP_API np_error np_frame_decoder_init(np_frame_decoder *decoder,
                                      const np_frame_options *options,
                                      const np_allocator *allocator);

/* np_frame_decoder_deinit releases the memory of `decoder`, and with it a frame
 * that np_frame_decode handed out from there. The decoder is then empty, as
 * after an np_frame_decoder_init that failed. NULL is ignored.
 *
 * Thread:  the decoder's only.
 */
NP_API void np_frame_decoder_deinit(np_frame_decoder *decoder);

/* np_frame_decode takes the next bytes of the stream and hands out the first
 * frame that ends in them. While it returns NP_OK call it again with what it
 * left:
 *
 *     while ((error = np_frame_decode(&decoder, input, length, &consumed,
 *                                     &frame)) == NP_OK) {
 *       use(&frame);
 *       input += consumed;
 *       length -= consumed;
 *     }
 *
 * decoder   made by np_frame_decoder_init
 * input     the next bytes of the stream; borrowed. May be NULL if `length` is
 *           0.
 * length    bytes at `input`
 * consumed  set to how many of them were taken; the rest is to be given again.
 *           With NP_OK at least 1, with ERROR_MORE_DATA all, else 0 (but see
 *           ERROR_BUFFER_OVERFLOW)
 * frame     set with NP_OK, else to NULL and 0. A frame that lies whole in
 *           `input` is not copied: it points there and is valid as long as the
 *           caller's memory. Otherwise it was collected in the decoder's memory
 *           and is valid until the next call with `decoder`. An empty frame is
 *           a frame.
 *
 * Returns NP_OK with a frame. ERROR_MORE_DATA: no frame ends in `input`; the
 * next bytes of the stream are needed. ERROR_INVALID_PARAMETER: a NULL; nothing
 * changed.
 *
 * Every other result is an error of the stream. The decoder has then failed:
 * the beginning of the next frame is not known, and each further call returns
 * the same error.
 * ERROR_BUFFER_OVERFLOW: the frame is longer than `frame_bytes_max`;
 * np_frame_decoder_length tells how long. With NP_FRAME_DELIMITER the decoder
 * has not failed: it took `consumed` bytes, and skips the frame up to its
 * delimiter. Call again with the rest.
 * ERROR_INVALID_DATA: with the adjustment the length of the frame would be
 * negative, or the frame would end inside of its header, or a varint has more
 * than 10 bytes.
 * ERROR_ARITHMETIC_OVERFLOW: the length, with the adjustment, does not fit into
 * 64 bits.
 * ERROR_NOT_ENOUGH_MEMORY: there is no memory for a frame that came in pieces,
 * either for its next part or for the whole frame in one block.
 *
 * Thread:  the decoder's only.
 */
NP_API np_error np_frame_decode(np_frame_decoder *decoder, const void *input,
                                size_t length, size_t *consumed,
                                np_frame *frame);

/* np_frame_decode_end takes the end of the stream and hands out the last frame,
 * if it may end there in place of its delimiter (`unended_last`). A carriage
 * return alone is no such frame if `drop_cr` takes it off.
 *
 * frame  as for np_frame_decode: set with NP_OK, else to NULL and 0
 *
 * Returns NP_OK with a frame. ERROR_MORE_DATA: there is none;
 * np_frame_decoder_finish tells whether the stream may end here.
 * ERROR_NOT_ENOUGH_MEMORY: there is no memory for the whole frame in one block;
 * the decoder has failed. ERROR_INVALID_PARAMETER: a NULL, or a decoder without
 * options. Else the error with which the decoder failed.
 *
 * Thread:  the decoder's only.
 */
NP_API np_error np_frame_decode_end(np_frame_decoder *decoder, np_frame *frame);

/* np_frame_decoder_length returns the length in bytes of a frame whose header
 * has come and whose end has not: the frame is being collected, was refused as
 * too long, or there was no memory for it. It returns 0 before a whole header
 * has come, after every other error, and for NULL. With NP_FRAME_DELIMITER the
 * length is not known before the end: a frame that was refused counts as one
 * byte longer than the maximum, until its delimiter was skipped; others as 0.
 *
 * Thread:  the decoder's only.
 */
NP_API uint64_t np_frame_decoder_length(const np_frame_decoder *decoder);

/* np_frame_decoder_finish tells whether the stream may end here. It changes
 * nothing.
 *
 * Returns NP_OK between two frames, before the first, and always with
 * `unended_last`. ERROR_HANDLE_EOF: a frame has begun and its end is missing.
 * ERROR_INVALID_PARAMETER: NULL. Else the error with which the decoder failed.
 *
 * Thread:  the decoder's only.
 */
NP_API np_error np_frame_decoder_finish(const np_frame_decoder *decoder);

/* np_frame_encode_header writes the length field for a payload into a header.
 * Send the header and then the payload: a decoder with the same options hands
 * out the payload, behind the part of the header that is not skipped.
 *
 * options         borrowed for the call; NULL: the defaults
 * payload_length  bytes that follow the header
 * header          caller's; the length field is written at `field_offset`, the
 *                 other bytes are the caller's and stay as they are
 * header_size     bytes at `header`; NP_FRAME_HEADER_BYTES_MAX always suffices
 * header_length   set to the bytes of the header that are to be sent; 0 with
 *                 NP_FRAME_DELIMITER, see np_frame_encode_end
 *
 * Returns NP_OK. Else nothing was written:
 * ERROR_INVALID_PARAMETER: `header` or `header_length` is NULL, or the options
 * are refused (see there).
 * ERROR_BUFFER_OVERFLOW: the frame would be longer than `frame_bytes_max`, or
 * the length field cannot hold its length.
 * ERROR_INVALID_DATA: the frame is shorter than `adjustment`, so the length
 * field would have to be negative.
 * ERROR_INSUFFICIENT_BUFFER: the header is longer than `header_size`.
 *
 * Thread:  any.
 */
NP_API np_error np_frame_encode_header(const np_frame_options *options,
                                       size_t payload_length, void *header,
                                       size_t header_size,
                                       size_t *header_length);

/* np_frame_encode_end gives the delimiter that goes behind a payload, and
 * checks that the payload holds none. With the other kinds of framing nothing
 * goes behind a payload. So one piece of code can serve all kinds: header,
 * payload, end.
 *
 * options         borrowed for the call; NULL: the defaults
 * payload         borrowed for the call; may be NULL if `payload_length` is 0
 * payload_length  bytes at `payload`
 * end             caller's, 1 byte; the delimiter is written there
 * end_length      set to the number of bytes that are to be sent: 1 or 0
 *
 * Returns NP_OK. Else nothing was written:
 * ERROR_INVALID_PARAMETER: a NULL, or the options are refused (see there).
 * ERROR_BUFFER_OVERFLOW: as from np_frame_encode_header.
 * ERROR_INVALID_DATA: the payload holds a delimiter, or it ends with the
 * carriage return that `drop_cr` would take off; or as from
 * np_frame_encode_header.
 *
 * Thread:  any.
 */
NP_API np_error np_frame_encode_end(const np_frame_options *options,
                                    const void *payload, size_t payload_length,
                                    void *end, size_t *end_length);

#ifdef __cplusplus
}
#endif

#endif
