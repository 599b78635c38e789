/* A pile: the bytes of one message that comes in parts, in memory that grows
 * with the bytes that have come, never with a length that was only announced.
 *
 * A pile is a list of blocks, all of them full but the last. A new block is as
 * large as all that has come before it, so that there are few. No block is ever
 * copied into a larger one while the message comes: the old and the new block
 * together would be three times what has come. The blocks are joined once, when
 * the message is whole. So at each allocation a pile holds at most twice the
 * bytes that have come, and NP_FRAME_MEMORY_BYTES. */
#ifndef NPIPE_SRC_PILE_H
#define NPIPE_SRC_PILE_H

#include <stdbool.h>

#include <npipe/frame.h>

/* np__pile_room makes room behind the bytes of `pile`, at most `most` bytes of
 * it; `came` bytes of the message have come, whether they are in the pile or
 * not. Returns the room and sets `room` to its bytes, or NULL: no memory. */
unsigned char *np__pile_room(np__pile *pile, size_t came, size_t most,
                             size_t *room);

/* np__pile_add counts `length` bytes that were written into that room. */
void np__pile_add(np__pile *pile, size_t length);

/* np__pile_put appends `length` bytes that have come, of a message that has at
 * most `most` bytes more. False: no memory; a part of them may be there. */
bool np__pile_put(np__pile *pile, const void *bytes, size_t length,
                  size_t most);

/* np__pile_join returns all the bytes in one piece, which stay the pile's.
 * NULL: there was no memory, and no byte is lost. */
unsigned char *np__pile_join(np__pile *pile);

/* np__pile_outgrow has an empty pile, whose block is left of a shorter message
 * and too small for one of `length` bytes, take a block of at least twice the
 * size instead, so that messages which grow little by little take memory
 * seldom. False: no memory. */
bool np__pile_outgrow(np__pile *pile, size_t length);

/* np__pile_capacity returns the size of the last block, 0 without one. */
size_t np__pile_capacity(const np__pile *pile);

/* np__pile_clear drops the bytes. One block of at most `kept_bytes` of memory
 * stays for the next message. */
void np__pile_clear(np__pile *pile, size_t kept_bytes);

#endif
