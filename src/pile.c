/* Piles: the blocks that hold the bytes of one message. Rule: at each
 * allocation a pile holds at most twice the bytes that have come, plus a
 * constant. That includes the new block and the blocks that are about to be
 * freed. */
#include "pile.h"

#include <assert.h>
#include <string.h>

typedef struct np__block {
  struct np__block *next;
  size_t capacity;
  unsigned char bytes[];
} np__block;

/* SPARE_BYTES of the constant are for bytes of messages. The rest is for the
 * heads of the blocks: there are fewer blocks than bits in a size_t. */
#define SPARE_BYTES (NP_FRAME_MEMORY_BYTES - 2048u)

_Static_assert(64 * sizeof(np__block) + sizeof(np__block) <= 2048,
               "the heads of the blocks have room in the constant");

static np__block *block_new(np__pile *pile, size_t bytes) {
  const np_allocator *allocator = &pile->allocator;
  np__block *block = allocator->allocate(allocator->context, bytes);

  if (block != NULL) {
    block->next = NULL;
    block->capacity = bytes - sizeof *block;
    pile->held += bytes;
  }
  return block;
}

static void block_free(np__pile *pile, np__block *block) {
  const np_allocator *allocator = &pile->allocator;

  pile->held -= sizeof *block + block->capacity;
  allocator->release(allocator->context, block);
}

static void blocks_free(np__pile *pile, np__block *first) {
  while (first != NULL) {
    np__block *next = first->next;

    block_free(pile, first);
    first = next;
  }
}

/* allowed_bytes returns the size that a new block may have, its head included,
 * when all other blocks are full. */
static size_t allowed_bytes(const np__pile *pile, size_t came) {
  const size_t spare = came + SPARE_BYTES - pile->used;

  return came < SIZE_MAX - spare ? came + spare : SIZE_MAX;
}

bool np__pile_outgrow(np__pile *pile, size_t length) {
  np__block *block = pile->last;
  const size_t capacity = block != NULL ? block->capacity : 0;
  size_t wanted = length < SPARE_BYTES ? length : SPARE_BYTES;

  assert(pile->used == 0);
  if (block == NULL || capacity >= length || capacity > SPARE_BYTES / 2) {
    return true;
  }
  block_free(pile, block);
  if (wanted < 2 * capacity) {
    wanted = 2 * capacity;
  }
  pile->first = block_new(pile, sizeof *block + wanted);
  pile->last = pile->first;
  return pile->last != NULL;
}

unsigned char *np__pile_room(np__pile *pile, size_t came, size_t most,
                             size_t *room) {
  size_t left;

  assert(came >= pile->used && most > 0);
  if (pile->last == NULL || pile->last_used == pile->last->capacity) {
    const size_t allowed = allowed_bytes(pile, came);
    np__block *block = block_new(
        pile, most < allowed - sizeof *block ? most + sizeof *block : allowed);

    if (block == NULL) {
      return NULL;
    }
    if (pile->last == NULL) {
      pile->first = block;
    } else {
      pile->last->next = block;
    }
    pile->last = block;
    pile->last_used = 0;
  }
  left = pile->last->capacity - pile->last_used;
  *room = left < most ? left : most;
  return pile->last->bytes + pile->last_used;
}

void np__pile_add(np__pile *pile, size_t length) {
  assert(length <= pile->last->capacity - pile->last_used);
  pile->used += length;
  pile->last_used += length;
}

bool np__pile_put(np__pile *pile, const void *bytes, size_t length,
                  size_t most) {
  const unsigned char *from = bytes;
  const size_t came = pile->used + length;

  while (length > 0) {
    size_t room;
    unsigned char *to = np__pile_room(pile, came, most, &room);
    size_t size;

    if (to == NULL) {
      return false;
    }
    size = length < room ? length : room;
    memcpy(to, from, size);
    np__pile_add(pile, size);
    from += size;
    length -= size;
    most -= size;
  }
  return true;
}

/* last_trim replaces the last block by a smaller one if much of it is unused.
 * False: no memory. */
static bool last_trim(np__pile *pile) {
  const size_t unused = pile->last->capacity - pile->last_used;
  np__block **link = &pile->first;
  np__block *block;

  if (unused <= SPARE_BYTES) {
    return true;
  }
  block = block_new(pile, sizeof *block + pile->last_used);
  if (block == NULL) {
    return false;
  }
  memcpy(block->bytes, pile->last->bytes, pile->last_used);
  while (*link != pile->last) {
    link = &(*link)->next;
  }
  block_free(pile, pile->last);
  *link = block;
  pile->last = block;
  return true;
}

bool np__pile_is_loose(const np__pile *pile) {
  return pile->held > NP_FRAME_MEMORY_BYTES &&
         pile->held - NP_FRAME_MEMORY_BYTES > 2 * pile->used;
}

void np__pile_fit(np__pile *pile) {
  if (pile->used == 0) {
    np__pile_clear(pile, 0);
  } else if (np__pile_is_loose(pile)) {
    (void)last_trim(pile);
  }
}

/* whole_bytes returns the capacity of the block that joins all bytes. It is
 * larger than needed, as far as the rule allows, so that the block also fits a
 * slightly longer message later. */
static size_t whole_bytes(const np__pile *pile) {
  const size_t unused = pile->last->capacity - pile->last_used;
  const size_t spare = SPARE_BYTES - unused;

  return pile->used + (pile->used < spare ? pile->used : spare);
}

unsigned char *np__pile_join(np__pile *pile) {
  np__block *whole;
  size_t at = 0;

  assert(pile->last != NULL);
  if (pile->first == pile->last) {
    return pile->first->bytes;
  }
  if (!last_trim(pile)) {
    return NULL;
  }
  whole = block_new(pile, sizeof *whole + whole_bytes(pile));
  if (whole == NULL) {
    return NULL;
  }
  for (const np__block *block = pile->first; block != NULL;
       block = block->next) {
    const size_t size = block == pile->last ? pile->last_used : block->capacity;

    memcpy(whole->bytes + at, block->bytes, size);
    at += size;
  }
  assert(at == pile->used);
  blocks_free(pile, pile->first);
  pile->first = whole;
  pile->last = whole;
  pile->last_used = at;
  return whole->bytes;
}

size_t np__pile_capacity(const np__pile *pile) {
  return pile->last != NULL ? pile->last->capacity : 0;
}

void np__pile_clear(np__pile *pile, size_t kept_bytes) {
  pile->used = 0;
  pile->last_used = 0;
  if (pile->first != pile->last || pile->held > kept_bytes) {
    blocks_free(pile, pile->first);
    pile->first = NULL;
    pile->last = NULL;
  }
}
