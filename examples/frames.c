/* frames: messages in a stream of bytes, without a pipe. The example puts two
 * messages into a stream, each behind its length. A decoder then gets the
 * stream a few bytes at a time, as a network or a byte pipe would cut it, and
 * returns the messages. */
#include <stdio.h>
#include <string.h>

#include <npipe/npipe.h>

#define PIECE_BYTES 5

/* append adds a frame to `stream` and returns the new length of `stream`, or 0
 * if the frame does not fit. */
static size_t append(char *stream, size_t used, size_t size, const char *text) {
  const size_t length = strlen(text);
  size_t header = 0;

  if (np_frame_encode_header(NULL, length, stream + used, size - used,
                             &header) != NP_OK ||
      length > size - used - header) {
    return 0;
  }
  memcpy(stream + used + header, text, length);
  return used + header + length;
}

/* feed prints each message that is complete after the next `length` bytes. */
static np_error feed(np_frame_decoder *decoder, const char *bytes,
                     size_t length) {
  np_frame frame;
  size_t consumed = 0;
  np_error error;

  while ((error = np_frame_decode(decoder, bytes, length, &consumed, &frame)) ==
         NP_OK) {
    printf("frame: %.*s\n", (int)frame.length, (const char *)frame.data);
    bytes += consumed;
    length -= consumed;
  }
  /* ERROR_MORE_DATA: the rest of the frame comes later. */
  return error == ERROR_MORE_DATA ? NP_OK : error;
}

int main(void) {
  char stream[128];
  np_frame_decoder decoder;
  size_t used;
  np_error error;

  used = append(stream, 0, sizeof stream, "a message");
  used = append(stream, used, sizeof stream, "and one more");
  error = np_frame_decoder_init(&decoder, NULL, NULL);
  for (size_t at = 0; error == NP_OK && at < used; at += PIECE_BYTES) {
    const size_t left = used - at;

    error =
        feed(&decoder, stream + at, left < PIECE_BYTES ? left : PIECE_BYTES);
  }
  if (error == NP_OK) {
    /* fails if a frame is incomplete */
    error = np_frame_decoder_finish(&decoder);
  }
  np_frame_decoder_deinit(&decoder);
  if (error != NP_OK) {
    fprintf(stderr, "frames: %s\n", np_error_text(error));
    return 1;
  }
  return 0;
}
