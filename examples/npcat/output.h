/* Standard output: what came as it is, as lines, or in hexadecimal. */
#ifndef NPCAT_OUTPUT_H
#define NPCAT_OUTPUT_H

#include "options.h"

typedef struct output {
  bool hex;
  input_cut cut;
  uint64_t message_count;
  bool in_message;
  uint64_t offset; /* of what comes next, in its message or the stream */
} output;

void output_start(output *out, const options *o);

/* output_part puts out a part of a message, or of a stream. An empty one is an
 * empty message, or the rest of one that has no more bytes. */
np_error output_part(output *out, const char *data, size_t length,
                     bool message_ends);

/* output_end says where a stream has ended. */
np_error output_end(output *out);

#endif
