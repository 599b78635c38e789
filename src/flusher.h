/* Flushes on threads of the library's own, for systems whose kernel can flush
 * only while a thread waits. One flusher serves all pipes of a loop.
 *
 * A flusher has two threads, however many flushes wait. */
#ifndef NPIPE_SRC_FLUSHER_H
#define NPIPE_SRC_FLUSHER_H

#include <stdbool.h>
#include <windows.h>

#include "loop.h"

/* The state of a flush. */
typedef enum np__flush_state {
  NP__FLUSH_FRESH,   /* no try has been made */
  NP__FLUSH_WAITING, /* the last try found unread data */
  NP__FLUSH_TRIED,   /* a thread is in the kernel with it */
  NP__FLUSH_OVER     /* its packet was posted */
} np__flush_state;

/* One flush. np__flusher_start fills it in; the flusher owns it until the
 * packet comes, or until np__flusher_remove returns true. */
typedef struct np__flush {
  np__link link;      /* in `fresh` or `waiting` of the flusher */
  np__packet *packet; /* posted with the Win32 error as its count of bytes */
  HANDLE handle;      /* a duplicate: the pipe may be closed during a try */
  np__flush_state state;
  bool had_peer;     /* the peer was there when the flush began */
  bool has_waited;   /* a try has found unread data */
  bool is_cancelled; /* the try under way is the last one */
} np__flush;

/* np__flusher_start begins a flush of `pipe`, which posts `packet` to the
 * loop's port at its end. The first call makes the loop's flusher. Returns
 * NP_OK, ERROR_NOT_ENOUGH_MEMORY, or what NtQueryInformationFile,
 * DuplicateHandle or CreateThread said; then nothing began. */
np_error np__flusher_start(np_loop *loop, np__flush *flush, HANDLE pipe,
                           np__packet *packet);

/* np__flusher_remove ends `flush` early. True: the flusher is done with it, no
 * packet comes. False: a thread is in the kernel with it, or its packet was
 * posted; the packet comes. */
bool np__flusher_remove(np_loop *loop, np__flush *flush);

#endif
