/* Writes received data to standard output: unchanged, as lines, or as a hex
 * dump. A hex dump starts new offsets for each message. */
#include "output.h"

#include <stdio.h>

#define ROW_BYTES 16

/* put does not use stdio, which would turn each line feed into two bytes. */
static np_error put(const char *data, size_t length) {
  HANDLE handle = GetStdHandle(STD_OUTPUT_HANDLE);

  while (length > 0) {
    DWORD count = length < 65536 ? (DWORD)length : 65536;

    if (!WriteFile(handle, data, count, &count, NULL)) {
      return GetLastError();
    }
    data += count;
    length -= count;
  }
  return NP_OK;
}

static np_error put_rows(uint64_t offset, const char *data, size_t length) {
  static const char digits[] = "0123456789abcdef";
  static char rows[256][80]; /* many rows go out in one write */
  char *at = rows[0];
  np_error error = NP_OK;

  for (size_t i = 0; i < length && error == NP_OK; i += ROW_BYTES) {
    const size_t count = length - i < ROW_BYTES ? length - i : ROW_BYTES;

    at += snprintf(at, 20, "%08llx ", (unsigned long long)(offset + i));
    for (size_t j = 0; j < ROW_BYTES; j++) {
      const unsigned byte = j < count ? (unsigned char)data[i + j] : 0;

      *at++ = ' ';
      *at++ = j < count ? digits[byte >> 4] : ' ';
      *at++ = j < count ? digits[byte & 15] : ' ';
    }
    *at++ = ' ';
    *at++ = ' ';
    *at++ = '|';
    for (size_t j = 0; j < count; j++) {
      const char c = data[i + j];

      *at++ = c >= ' ' && c <= '~' ? c : '.';
    }
    *at++ = '|';
    *at++ = '\n';
    if (at > rows[255] || i + count == length) {
      error = put(rows[0], (size_t)(at - rows[0]));
      at = rows[0];
    }
  }
  return error;
}

/* put_total prints the offset behind the last byte, which is the number of
 * bytes. */
static np_error put_total(output *out) {
  char line[24];
  int length =
      snprintf(line, sizeof line, "%08llx\n", (unsigned long long)out->offset);

  out->offset = 0;
  return put(line, (size_t)length);
}

void output_start(output *out, const options *o) {
  out->hex = o->hex;
  out->cut = o->cut;
  out->message_count = 0;
  out->in_message = false;
  out->offset = 0;
}

static np_error put_message_head(output *out) {
  char line[40];
  int length = snprintf(line, sizeof line, "message %llu\n",
                        (unsigned long long)++out->message_count);

  return put(line, (size_t)length);
}

np_error output_part(output *out, const char *data, size_t length,
                     bool message_ends) {
  const bool begins = out->cut != CUT_NOT && !out->in_message;
  const bool ends = out->cut != CUT_NOT && message_ends;
  np_error error = NP_OK;

  out->in_message = !ends;
  if (!out->hex) {
    error = put(data, length);
    return error == NP_OK && ends && out->cut == CUT_LINES ? put("\n", 1)
                                                           : error;
  }
  if (begins) {
    error = put_message_head(out);
  }
  if (error == NP_OK) {
    error = put_rows(out->offset, data, length);
    out->offset += length;
  }
  return error == NP_OK && ends ? put_total(out) : error;
}

np_error output_end(output *out) {
  return out->hex && out->cut == CUT_NOT ? put_total(out) : NP_OK;
}
