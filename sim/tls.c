/* Values of threads: the slots of TlsAlloc, and those of FlsAlloc, whose
 * callbacks run when a thread ends. */
#include "process.h"

#include <stdlib.h>

enum { SLOTS_MAX = 128 };

static struct {
  bool taken;
  uint32_t process_id;             /* of the process that has taken it */
  PFLS_CALLBACK_FUNCTION callback; /* NULL: none */
} slots[SLOTS_MAX];

/* --- Calls, for both kinds of slots -------------------------------------- */

/* `name` is the function that the program called, `place` its caller. */
static DWORD slot_alloc(const char *name, const void *place,
                        PFLS_CALLBACK_FUNCTION callback) {
  struct call call;
  DWORD index = TLS_OUT_OF_INDEXES;

  if (sim__call_begin(&call, name, place, " ")) {
    DWORD i = 0;

    while (i < SLOTS_MAX && slots[i].taken) {
      i++;
    }
    if (i < SLOTS_MAX) {
      slots[i].taken = true;
      slots[i].process_id = sim__process_self()->id;
      slots[i].callback = callback;
      index = i;
    } else {
      call.error = ERROR_NO_MORE_ITEMS;
    }
  }
  sim__call_end(&call);
  return index;
}

/* slot_free also clears the slot in all threads. */
static BOOL slot_free(const char *name, const void *place, DWORD index) {
  struct call call;

  if (sim__call_begin(&call, name, place, "%u", (unsigned)index)) {
    if (index >= SLOTS_MAX || !slots[index].taken) {
      call.error = ERROR_INVALID_PARAMETER;
      return sim__call_end(&call);
    }
    slots[index].taken = false;
    for (struct thread *t = sim__kernel.thread_list; t != NULL; t = t->next) {
      if (t->tls != NULL) {
        t->tls[index] = NULL;
      }
    }
  }
  return sim__call_end(&call);
}

static BOOL slot_set(const char *name, const void *place, DWORD index,
                     void *value) {
  struct call call;

  if (sim__call_begin(&call, name, place, "%u", (unsigned)index)) {
    struct thread *self = sim__thread_self();

    if (index >= SLOTS_MAX) {
      call.error = ERROR_INVALID_PARAMETER;
      return sim__call_end(&call);
    }
    if (self->tls == NULL) {
      self->tls = calloc(SLOTS_MAX, sizeof *self->tls);
    }
    self->tls[index] = value;
  }
  return sim__call_end(&call);
}

/* slot_get clears the last error, because NULL is a value, too. Source: the
 * TlsGetValue page. */
static void *slot_get(const char *name, const void *place, DWORD index) {
  const struct thread *self;
  struct call call;
  void *value = NULL;

  sim__call_note(&call, name, place);
  self = sim__thread_self();
  if (index >= SLOTS_MAX) {
    call.error = ERROR_INVALID_PARAMETER;
  } else {
    SetLastError(ERROR_SUCCESS);
    value = self->tls != NULL ? self->tls[index] : NULL;
  }
  sim__call_end(&call);
  return value;
}

DWORD WINAPI TlsAlloc(void) {
  return slot_alloc(__func__, PLACE, NULL);
}

BOOL WINAPI TlsFree(DWORD index) {
  return slot_free(__func__, PLACE, index);
}

BOOL WINAPI TlsSetValue(DWORD index, LPVOID value) {
  return slot_set(__func__, PLACE, index, value);
}

LPVOID WINAPI TlsGetValue(DWORD index) {
  return slot_get(__func__, PLACE, index);
}

DWORD WINAPI FlsAlloc(PFLS_CALLBACK_FUNCTION callback) {
  return slot_alloc(__func__, PLACE, callback);
}

BOOL WINAPI FlsFree(DWORD index) {
  return slot_free(__func__, PLACE, index);
}

BOOL WINAPI FlsSetValue(DWORD index, LPVOID value) {
  return slot_set(__func__, PLACE, index, value);
}

LPVOID WINAPI FlsGetValue(DWORD index) {
  return slot_get(__func__, PLACE, index);
}

void sim__tls_drop(uint32_t process_id) {
  for (DWORD i = 0; i < SLOTS_MAX; i++) {
    slots[i].taken = slots[i].taken && slots[i].process_id != process_id;
  }
}

/* --- The end of a thread ------------------------------------------------- */

void sim__tls_end(void) {
  for (DWORD i = 0; i < SLOTS_MAX; i++) {
    PFLS_CALLBACK_FUNCTION callback;
    void *value = NULL;

    pthread_mutex_lock(&sim__kernel.lock);
    callback = slots[i].callback;
    if (sim__thread_self()->tls != NULL && slots[i].taken) {
      value = sim__thread_self()->tls[i];
      sim__thread_self()->tls[i] = NULL;
    }
    pthread_mutex_unlock(&sim__kernel.lock);
    if (callback != NULL && value != NULL) {
      callback(value);
    }
  }
}
