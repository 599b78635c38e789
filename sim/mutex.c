/* Mutexes. A thread that ends abandons the mutexes that it owns. Source: the
 * "Mutex Objects" page. */
#include "kernel.h"

#include <stdlib.h>

enum { MUTEX_ACCESS = 0x1F0001 };

static struct mutex *owned; /* list of the mutexes with an owner */

bool sim__mutex_is_free(const struct mutex *mutex,
                        const struct thread *thread) {
  return mutex->owner == NULL || mutex->owner == thread;
}

bool sim__mutex_take(struct mutex *mutex, struct thread *thread) {
  bool abandoned = mutex->abandoned;

  if (mutex->depth++ == 0) {
    mutex->owner = thread;
    mutex->next_owned = owned;
    owned = mutex;
  }
  mutex->abandoned = false;
  return abandoned;
}

static void disown(struct mutex *mutex) {
  struct mutex **link = &owned;

  while (*link != mutex) {
    link = &(*link)->next_owned;
  }
  *link = mutex->next_owned;
  mutex->owner = NULL;
  mutex->depth = 0;
  sim__wake();
}

void sim__mutexes_abandon(const struct thread *thread) {
  struct mutex *mutex = owned;

  while (mutex != NULL) {
    struct mutex *next = mutex->next_owned;

    if (mutex->owner == thread) {
      mutex->abandoned = true;
      disown(mutex);
    }
    mutex = next;
  }
}

void sim__mutex_forget(struct mutex *mutex) {
  if (mutex->owner != NULL) {
    disown(mutex);
  }
}

HANDLE sim__mutex_create(struct call *call,
                         const SECURITY_ATTRIBUTES *attributes, bool owned_now,
                         const WCHAR *name) {
  struct mutex *mutex = calloc(1, sizeof *mutex);

  HANDLE handle;

  sim__object_init(&mutex->object, OBJECT_MUTEX);
  handle =
      sim__named_create(call, &mutex->object, MUTEX_ACCESS, attributes, name);
  if (handle != NULL && owned_now && GetLastError() != ERROR_ALREADY_EXISTS) {
    sim__mutex_take(mutex, sim__thread_self());
  }
  return handle;
}

HANDLE WINAPI CreateMutexW(LPSECURITY_ATTRIBUTES attributes, BOOL owned_now,
                           LPCWSTR name) {
  struct call call;
  HANDLE handle = NULL;

  if (sim__call_begin(&call, __func__, PLACE, "%d", owned_now)) {
    handle = sim__mutex_create(&call, attributes, owned_now != 0, name);
  }
  sim__call_end(&call);
  return handle;
}

HANDLE WINAPI OpenMutexW(DWORD access, BOOL inherit, LPCWSTR name) {
  return sim__named_open(__func__, PLACE, OBJECT_MUTEX, access, inherit, name);
}

BOOL WINAPI ReleaseMutex(HANDLE handle) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%p", handle)) {
    struct mutex *mutex = sim__handle_get_for(&call, handle, OBJECT_MUTEX, 0);

    if (mutex != NULL && mutex->owner != sim__thread_self()) {
      call.error = ERROR_NOT_OWNER;
    } else if (mutex != NULL && --mutex->depth == 0) {
      disown(mutex);
    }
  }
  return sim__call_end(&call);
}
