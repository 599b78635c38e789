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

/* np__pile_room returns memory behind the bytes of `pile`, and sets `room` to
 * its size, which is at most `most`. `came`: bytes of the message that have
 * come, in the pile or dropped. NULL: no memory. */
unsigned char *np__pile_room(np__pile *pile, size_t came, size_t most,
                             size_t *room);

/* np__pile_add counts `length` bytes that were written into that room. */
void np__pile_add(np__pile *pile, size_t length);

/* np__pile_put appends a copy of `length` bytes. `most`: the largest number of
 * bytes, these included, that the message can still have. False: no memory; a
 * part of the bytes may be in the pile. */
bool np__pile_put(np__pile *pile, const void *bytes, size_t length,
                  size_t most);

/* np__pile_join joins the blocks into one and returns its bytes. NULL: no
 * memory, and no byte is lost. */
unsigned char *np__pile_join(np__pile *pile);

/* np__pile_outgrow prepares an empty pile for a message of `length` bytes. The
 * pile may still have the block of an earlier message. If this block is too
 * small, a block of at least twice its size replaces it: so messages that grow
 * little by little seldom allocate. False: no memory. */
bool np__pile_outgrow(np__pile *pile, size_t length);

/* np__pile_capacity returns the size of the last block, 0 without one. */
size_t np__pile_capacity(const np__pile *pile);

/* np__pile_is_loose returns true if the pile holds more than the rule allows
 * for its bytes, because it has the large block of an earlier message.
 * np__pile_fit then moves the bytes to a block of their size; without memory it
 * does nothing. */
bool np__pile_is_loose(const np__pile *pile);
void np__pile_fit(np__pile *pile);

/* np__pile_clear drops the bytes. One block of at most `kept_bytes` of memory
 * stays for the next message. */
void np__pile_clear(np__pile *pile, size_t kept_bytes);

#endif
