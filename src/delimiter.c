/* Delimiters: frames without a header, each ended by a byte that it cannot
 * hold. Each byte of the stream is looked at once, also if a frame comes in
 * many pieces. A frame that is too long is reported once and skipped. */
#include "delimiter.h"

#include <string.h>
#include <windows.h>

#include "frame.h"
#include "pile.h"

static bool is_delimiter(const np_frame_options *options, unsigned char byte) {
  return memchr(options->delimiters, byte, options->delimiter_count) != NULL;
}

/* delimiter_find returns the place of the first delimiter, or `length`. */
static size_t delimiter_find(const np_frame_options *options,
                             const unsigned char *bytes, size_t length) {
  size_t at = 0;

  if (options->delimiter_count == 1) {
    const unsigned char *found =
        length > 0 ? memchr(bytes, options->delimiters[0], length) : NULL;

    return found != NULL ? (size_t)(found - bytes) : length;
  }
  while (at < length && !is_delimiter(options, bytes[at])) {
    at++;
  }
  return at;
}

np_error np__delimiter_check(const np_frame_options *options,
                             const void *payload, size_t length) {
  const unsigned char *bytes = payload;

  if (options->kind != NP_FRAME_DELIMITER || length == 0) {
    return NP_OK;
  }
  return delimiter_find(options, bytes, length) < length ||
                 (options->drop_cr && bytes[length - 1] == '\r')
             ? ERROR_INVALID_DATA
             : NP_OK;
}

size_t np__delimiter_put(const np_frame_options *options, unsigned char *end) {
  if (options->kind != NP_FRAME_DELIMITER) {
    return 0;
  }
  *end = options->delimiters[0];
  return 1;
}

static void delimited_give(const np_frame_decoder *decoder,
                           const unsigned char *data, size_t length,
                           np_frame *frame) {
  if (decoder->np__layout.options.drop_cr && length > 0 &&
      data[length - 1] == '\r') {
    length--;
  }
  frame->data = data;
  frame->length = length;
}

/* gathered_give hands out the frame in the pile. */
static np_error gathered_give(np_frame_decoder *decoder, np_frame *frame) {
  const unsigned char *data = np__pile_join(&decoder->np__pile);

  if (data == NULL) {
    return ERROR_NOT_ENOUGH_MEMORY;
  }
  decoder->np__is_lent = true;
  delimited_give(decoder, data, decoder->np__pile.used, frame);
  return NP_OK;
}

/* gather appends bytes of the current frame to the pile. With them the frame is
 * not too long. */
static bool gather(np_frame_decoder *decoder, const unsigned char *bytes,
                   size_t length) {
  np__pile *pile = &decoder->np__pile;

  return (pile->used > 0 || np__pile_outgrow(pile, length)) &&
         np__pile_put(pile, bytes, length,
                      decoder->np__layout.options.frame_bytes_max - pile->used);
}

/* skip goes to the end of a frame that was too long. It returns the number of
 * bytes that it passed. */
static size_t skip(np_frame_decoder *decoder, const unsigned char *input,
                   size_t length) {
  size_t at;

  if (!decoder->np__is_skipping) {
    decoder->np__length = 0;
    return 0;
  }
  at = delimiter_find(&decoder->np__layout.options, input, length);
  if (at == length) {
    return length;
  }
  decoder->np__is_skipping = false;
  decoder->np__length = 0;
  return at + 1;
}

np_error np__delimiter_decode(np_frame_decoder *decoder,
                              const unsigned char *input, size_t length,
                              size_t *consumed, np_frame *frame) {
  const np_frame_options *options = &decoder->np__layout.options;
  np__pile *pile = &decoder->np__pile;
  const size_t skipped = skip(decoder, input, length);
  size_t at;

  input += skipped;
  length -= skipped;
  *consumed = skipped + length;
  if (length == 0) {
    return ERROR_MORE_DATA;
  }
  at = delimiter_find(options, input, length);
  if (at < length) {
    *consumed = skipped + at + 1;
  }
  if (at > options->frame_bytes_max - pile->used) {
    np__pile_clear(pile, 0);
    decoder->np__is_skipping = at == length;
    decoder->np__length = (uint64_t)options->frame_bytes_max + 1;
    return ERROR_BUFFER_OVERFLOW;
  }
  if (at < length && pile->used == 0) {
    delimited_give(decoder, input, at, frame);
    return NP_OK;
  }
  if (at > 0 && !gather(decoder, input, at)) {
    return ERROR_NOT_ENOUGH_MEMORY;
  }
  return at < length ? gathered_give(decoder, frame) : ERROR_MORE_DATA;
}

np_error np__delimiter_end(np_frame_decoder *decoder, np_frame *frame) {
  np__pile *pile = &decoder->np__pile;
  np_error error;

  if (pile->used == 0 || !decoder->np__layout.options.unended_last) {
    return ERROR_MORE_DATA;
  }
  error = gathered_give(decoder, frame);
  if (error == NP_OK && frame->length == 0) {
    frame->data = NULL; /* only a carriage return */
    error = ERROR_MORE_DATA;
  }
  return error;
}

bool np__delimiter_has_begun(const np_frame_decoder *decoder) {
  return decoder->np__is_skipping ||
         (!decoder->np__is_lent && decoder->np__pile.used > 0);
}
