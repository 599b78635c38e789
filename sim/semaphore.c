/* Semaphores. */
#include "kernel.h"

#include <stdlib.h>

enum { SEMAPHORE_ACCESS = 0x1F0003 };

HANDLE sim__semaphore_create(struct call *call,
                             const SECURITY_ATTRIBUTES *attributes, LONG count,
                             LONG most, const WCHAR *name) {
  struct semaphore *semaphore;

  if (most <= 0 || count < 0 || count > most) {
    call->error = ERROR_INVALID_PARAMETER;
    return NULL;
  }
  semaphore = calloc(1, sizeof *semaphore);
  sim__object_init(&semaphore->object, OBJECT_SEMAPHORE);
  semaphore->count = count;
  semaphore->most = most;
  return sim__named_create(call, &semaphore->object, SEMAPHORE_ACCESS,
                           attributes, name);
}

HANDLE WINAPI CreateSemaphoreW(LPSECURITY_ATTRIBUTES attributes, LONG count,
                               LONG most, LPCWSTR name) {
  struct call call;
  HANDLE handle = NULL;

  if (sim__call_begin(&call, __func__, PLACE, "%d %d", (int)count, (int)most)) {
    handle = sim__semaphore_create(&call, attributes, count, most, name);
  }
  sim__call_end(&call);
  return handle;
}

HANDLE WINAPI OpenSemaphoreW(DWORD access, BOOL inherit, LPCWSTR name) {
  return sim__named_open(__func__, PLACE, OBJECT_SEMAPHORE, access, inherit,
                         name);
}

BOOL WINAPI ReleaseSemaphore(HANDLE handle, LONG count, LPLONG previous) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%p %d", handle, (int)count)) {
    struct semaphore *semaphore =
        sim__handle_get_for(&call, handle, OBJECT_SEMAPHORE, 0);

    if (semaphore != NULL && count <= 0) {
      call.error = ERROR_INVALID_PARAMETER;
    } else if (semaphore != NULL &&
               count > semaphore->most - semaphore->count) {
      call.error = ERROR_TOO_MANY_POSTS;
    } else if (semaphore != NULL) {
      if (previous != NULL) {
        *previous = semaphore->count;
      }
      semaphore->count += count;
      sim__wake();
    }
  }
  return sim__call_end(&call);
}
