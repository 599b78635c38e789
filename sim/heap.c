/* Heaps, and the blocks of LocalAlloc. Each block is a block of malloc, so that
 * sanitizers see its bounds and its end. A heap of its own also knows its
 * blocks, which HeapDestroy frees. */
#include "process.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

struct heap {
  void **blocks;
  size_t count;
  size_t capacity;
};

/* The heap of the process. Only its address is used; it keeps no list. */
static struct heap process_heap;

HANDLE WINAPI GetProcessHeap(void) {
  return (HANDLE)&process_heap;
}

static void block_add(struct heap *heap, void *block) {
  if (heap == &process_heap || block == NULL) {
    return;
  }
  if (heap->count == heap->capacity) {
    heap->capacity = heap->capacity * 2 + 8;
    heap->blocks = realloc(heap->blocks, heap->capacity * sizeof *heap->blocks);
  }
  heap->blocks[heap->count++] = block;
}

/* block_remove returns false if the block is not one of the heap's. */
static bool block_remove(struct heap *heap, const void *block) {
  if (heap == &process_heap) {
    return true;
  }
  for (size_t i = 0; i < heap->count; i++) {
    if (heap->blocks[i] == block) {
      heap->blocks[i] = heap->blocks[--heap->count];
      return true;
    }
  }
  sim__misuse("the block is not of this heap");
  return false;
}

HANDLE WINAPI HeapCreate(DWORD flags, SIZE_T size, SIZE_T most) {
  struct call call;
  struct heap *heap = NULL;

  (void)size;
  (void)most;
  if (sim__call_begin(&call, __func__, PLACE, "%x", (unsigned)flags)) {
    heap = calloc(1, sizeof *heap);
  }
  sim__call_end(&call);
  return (HANDLE)heap;
}

BOOL WINAPI HeapDestroy(HANDLE handle) {
  struct call call;
  struct heap *heap = handle;

  sim__call_note(&call, __func__, PLACE);
  for (size_t i = 0; i < heap->count; i++) {
    free(heap->blocks[i]);
  }
  free(heap->blocks);
  if (heap != &process_heap) {
    free(heap);
  }
  return sim__call_end(&call);
}

/* HeapAlloc does not set the last error when it fails. Source: its page. */
LPVOID WINAPI HeapAlloc(HANDLE heap, DWORD flags, SIZE_T size) {
  struct call call;
  void *block = NULL;

  if (sim__call_begin(&call, __func__, PLACE, "%zu", size)) {
    block = (flags & HEAP_ZERO_MEMORY) != 0 ? calloc(1, size) : malloc(size);
    block_add(heap, block);
  }
  call.error = 0;
  sim__call_end(&call);
  return block;
}

LPVOID WINAPI HeapReAlloc(HANDLE heap, DWORD flags, LPVOID block, SIZE_T size) {
  struct call call;
  void *bigger = NULL;

  if (sim__call_begin(&call, __func__, PLACE, "%zu", size) &&
      (flags & HEAP_REALLOC_IN_PLACE_ONLY) == 0 && block_remove(heap, block)) {
    size_t old = malloc_usable_size(block);

    bigger = realloc(block, size);
    block_add(heap, bigger != NULL ? bigger : block);
    if (bigger != NULL && (flags & HEAP_ZERO_MEMORY) != 0 && size > old) {
      memset((char *)bigger + old, 0, size - old);
    }
  }
  call.error = 0;
  sim__call_end(&call);
  return bigger;
}

BOOL WINAPI HeapFree(HANDLE heap, DWORD flags, LPVOID block) {
  struct call call;

  (void)flags;
  sim__call_note(&call, __func__, PLACE);
  if (block != NULL && block_remove(heap, block)) {
    free(block);
  }
  return sim__call_end(&call);
}

SIZE_T WINAPI HeapSize(HANDLE heap, DWORD flags, LPCVOID block) {
  (void)heap;
  (void)flags;
  return malloc_usable_size((void *)(uintptr_t)block);
}

HGLOBAL WINAPI GlobalAlloc(UINT flags, SIZE_T size) {
  return (flags & GMEM_ZEROINIT) != 0 ? calloc(1, size) : malloc(size);
}

HGLOBAL WINAPI GlobalFree(HGLOBAL memory) {
  free(memory);
  return NULL;
}

HLOCAL WINAPI LocalAlloc(UINT flags, SIZE_T size) {
  struct call call;
  void *memory = (flags & LMEM_ZEROINIT) != 0 ? calloc(1, size) : malloc(size);

  sim__call_note(&call, __func__, PLACE);
  sim__process_self()->locals += memory != NULL;
  sim__call_end(&call);
  return memory;
}

HLOCAL WINAPI LocalFree(HLOCAL memory) {
  struct call call;

  sim__call_note(&call, __func__, PLACE);
  sim__process_self()->locals -= memory != NULL;
  free(memory);
  sim__call_end(&call);
  return NULL;
}
