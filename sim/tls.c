/* Values of threads: the slots of TlsAlloc, and those of FlsAlloc, whose
 * callbacks run when a thread ends. */
#include "kernel.h"

#include <stdlib.h>

enum { SLOTS_MAX = 128 };

static struct {
  bool taken;
  PFLS_CALLBACK_FUNCTION callback; /* NULL: none */
} slots[SLOTS_MAX];

static DWORD slot_take(struct call *call, PFLS_CALLBACK_FUNCTION callback) {
  for (DWORD i = 0; i < SLOTS_MAX; i++) {
    if (!slots[i].taken) {
      slots[i].taken = true;
      slots[i].callback = callback;
      return i;
    }
  }
  call->error = ERROR_NO_MORE_ITEMS;
  return TLS_OUT_OF_INDEXES;
}

/* slot_free also clears the slot in all threads. */
static void slot_free(struct call *call, DWORD index) {
  if (index >= SLOTS_MAX || !slots[index].taken) {
    call->error = ERROR_INVALID_PARAMETER;
    return;
  }
  slots[index].taken = false;
  for (struct thread *t = sim__kernel.thread_list; t != NULL; t = t->next) {
    if (t->tls != NULL) {
      t->tls[index] = NULL;
    }
  }
}

static void slot_set(struct call *call, DWORD index, void *value) {
  struct thread *self = sim__thread_self();

  if (index >= SLOTS_MAX) {
    call->error = ERROR_INVALID_PARAMETER;
    return;
  }
  if (self->tls == NULL) {
    self->tls = calloc(SLOTS_MAX, sizeof *self->tls);
  }
  self->tls[index] = value;
}

/* slot_get clears the last error, because NULL is a value, too. Source: the
 * TlsGetValue page. */
static void *slot_get(struct call *call, DWORD index) {
  const struct thread *self = sim__thread_self();

  if (index >= SLOTS_MAX) {
    call->error = ERROR_INVALID_PARAMETER;
    return NULL;
  }
  SetLastError(ERROR_SUCCESS);
  return self->tls != NULL ? self->tls[index] : NULL;
}

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

DWORD WINAPI TlsAlloc(void) {
  struct call call;
  DWORD index = TLS_OUT_OF_INDEXES;

  if (sim__call_begin(&call, __func__, PLACE, " ")) {
    index = slot_take(&call, NULL);
  }
  sim__call_end(&call);
  return index;
}

BOOL WINAPI TlsFree(DWORD index) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%u", (unsigned)index)) {
    slot_free(&call, index);
  }
  return sim__call_end(&call);
}

BOOL WINAPI TlsSetValue(DWORD index, LPVOID value) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%u", (unsigned)index)) {
    slot_set(&call, index, value);
  }
  return sim__call_end(&call);
}

LPVOID WINAPI TlsGetValue(DWORD index) {
  struct call call;
  void *value;

  sim__call_note(&call, __func__, PLACE);
  value = slot_get(&call, index);
  sim__call_end(&call);
  return value;
}

DWORD WINAPI FlsAlloc(PFLS_CALLBACK_FUNCTION callback) {
  struct call call;
  DWORD index = TLS_OUT_OF_INDEXES;

  if (sim__call_begin(&call, __func__, PLACE, " ")) {
    index = slot_take(&call, callback);
  }
  sim__call_end(&call);
  return index;
}

BOOL WINAPI FlsFree(DWORD index) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%u", (unsigned)index)) {
    slot_free(&call, index);
  }
  return sim__call_end(&call);
}

BOOL WINAPI FlsSetValue(DWORD index, PVOID value) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%u", (unsigned)index)) {
    slot_set(&call, index, value);
  }
  return sim__call_end(&call);
}

PVOID WINAPI FlsGetValue(DWORD index) {
  struct call call;
  void *value;

  sim__call_note(&call, __func__, PLACE);
  value = slot_get(&call, index);
  sim__call_end(&call);
  return value;
}
