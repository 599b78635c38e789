/* Varints: numbers in groups of seven bits. */
#ifndef NPIPE_SRC_VARINT_H
#define NPIPE_SRC_VARINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <npipe/error.h>

/* The longest varint of 64 bits. */
#define NP__VARINT_BYTES_MAX 10u

/* np__varint_bytes returns the length of the shortest varint of `value`. */
size_t np__varint_bytes(uint64_t value);

/* np__varint_put writes the shortest varint of `value`. */
void np__varint_put(unsigned char *bytes, uint64_t value);

/* np__varint_is_whole returns true if the last of `count` bytes ends the
 * varint. `count` is at least 1. */
static inline bool np__varint_is_whole(const unsigned char *bytes,
                                       size_t count) {
  return (bytes[count - 1] & 0x80u) == 0;
}

/* np__varint_get reads a whole varint of at most NP__VARINT_BYTES_MAX bytes,
 * which need not be the shortest. Returns NP_OK or ERROR_ARITHMETIC_OVERFLOW:
 * the value has more than 64 bits. */
np_error np__varint_get(const unsigned char *bytes, size_t count,
                        uint64_t *value);

#endif
