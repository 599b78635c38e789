/* Varints: numbers of 64 bits in groups of seven bits, the least significant
 * first. The highest bit of a byte tells that one more byte follows.
 * Source: Protocol Buffers Encoding, Base 128 Varints
 *         protobuf.dev/programming-guides/encoding/#varints */
#include "varint.h"

#include <assert.h>
#include <windows.h>

size_t np__varint_bytes(uint64_t value) {
  size_t count = 1;

  while (value > 0x7Fu) {
    value >>= 7;
    count++;
  }
  return count;
}

void np__varint_put(unsigned char *bytes, uint64_t value) {
  while (value > 0x7Fu) {
    *bytes++ = (unsigned char)(0x80u | (value & 0x7Fu));
    value >>= 7;
  }
  *bytes = (unsigned char)value;
}

np_error np__varint_get(const unsigned char *bytes, size_t count,
                        uint64_t *value) {
  uint64_t sum = 0;

  assert(count >= 1 && count <= NP__VARINT_BYTES_MAX);
  if (count == NP__VARINT_BYTES_MAX && bytes[count - 1] > 1) {
    return ERROR_ARITHMETIC_OVERFLOW; /* only bit 63 is left for this byte */
  }
  for (size_t i = count; i > 0; i--) {
    sum = sum << 7 | (bytes[i - 1] & 0x7Fu);
  }
  *value = sum;
  return NP_OK;
}
