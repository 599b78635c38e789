/* Standard output: received data unchanged, as lines, or in hexadecimal. */
#ifndef NPCAT_OUTPUT_H
#define NPCAT_OUTPUT_H

#include "options.h"

typedef struct output {
  bool hex;
  input_cut cut;
  uint64_t message_count;
  bool in_message;
  uint64_t offset; /* next byte's offset in its message or stream */
} output;

void output_start(output *out, const options *o);

/* output_part writes a part of a message or of a stream. An empty part is an
 * empty message, or the end of a message without more bytes. */
np_error output_part(output *out, const char *data, size_t length,
                     bool message_ends);

/* output_end ends the output of a stream. */
np_error output_end(output *out);

#endif
