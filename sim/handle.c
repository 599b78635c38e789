/* Objects and their handles. A handle's number is used again only after many
 * others were closed, so that the use of a closed handle is noticed. */
#include "pipe.h"

#include <stdlib.h>

enum {
  /* closed slots that must wait before the oldest is used again */
  SLOTS_UNUSED_MIN = 4096,
  HANDLE_STEP = 4,
  PROCESS_PSEUDO = -1,
  THREAD_PSEUDO = -2
};

struct slot {
  struct object *object; /* NULL: closed, or never used */
  ACCESS_MASK access;
  DWORD flags;
  bool vanished;
  const char *name; /* the last call that opened or closed the handle */
  const void *place;
  uint32_t next_free;
};

static struct {
  struct slot *slots;
  uint32_t count;
  uint32_t capacity;
  uint32_t first_free; /* 0: none */
  uint32_t last_free;
  uint32_t free_count;
  uint32_t open_count;
  uint32_t open_max; /* only if `is_limited` */
  bool is_limited;
} table;

void sim__object_init(struct object *object, enum object_type type) {
  object->type = type;
  object->refs = 1;
}

void sim__object_ref(struct object *object) {
  object->refs++;
}

void sim__object_unref(struct object *object) {
  if (--object->refs > 0) {
    return;
  }
  if (object->type == OBJECT_FILE) {
    sim__file_free((struct file *)object);
  } else {
    if (object->type == OBJECT_PORT && ((struct port *)object)->pool != NULL) {
      sim__pool_object_unbind(((struct port *)object)->pool);
    }
    free(object);
  }
}

/* object_cleanup runs when the last handle of an object is closed. */
static void object_cleanup(struct object *object) {
  if (object->type == OBJECT_FILE) {
    sim__file_cleanup((struct file *)object);
  } else if (object->type == OBJECT_PORT) {
    ((struct port *)object)->closed = true;
    sim__wake();
  } else if (object->type == OBJECT_MUTEX) {
    sim__mutex_forget((struct mutex *)object);
  } else if (object->type == OBJECT_TIMER) {
    sim__timer_forget((struct timer *)object);
  }
  if (object->has_name) {
    sim__named_forget(object);
  }
}

/* --- Slots --------------------------------------------------------------- */

static uint32_t slot_take(void) {
  uint32_t index;

  if (table.free_count > SLOTS_UNUSED_MIN) {
    index = table.first_free;
    table.first_free = table.slots[index].next_free;
    table.free_count--;
    return index;
  }
  if (table.count == 0) {
    table.count = 1; /* 0 is not a handle */
  }
  if (table.count >= table.capacity) {
    table.capacity = table.capacity == 0 ? 64 : table.capacity * 2;
    table.slots = realloc(table.slots, table.capacity * sizeof *table.slots);
  }
  return table.count++;
}

bool sim__handle_is_full(void) {
  return table.is_limited && table.open_count >= table.open_max;
}

HANDLE sim__handle_open(struct object *object, ACCESS_MASK access,
                        bool inherit) {
  const struct call *call = sim__thread_self()->call;
  uint32_t index = slot_take();
  struct slot *slot = &table.slots[index];

  if (object->handles++ > 0) {
    object->refs--; /* the handles of an object share one reference */
  }
  slot->object = object;
  slot->access = access;
  slot->flags = inherit ? HANDLE_FLAG_INHERIT : 0;
  slot->vanished = false;
  slot->name = call != NULL ? call->name : "";
  slot->place = call != NULL ? call->place : NULL;
  table.open_count++;
  return (HANDLE)((uintptr_t)index * HANDLE_STEP);
}

/* slot_get ignores the two low bits of a handle, as Windows does; callers may
 * use them. */
static struct slot *slot_get(HANDLE handle) {
  uintptr_t index = (uintptr_t)handle / HANDLE_STEP;

  return index == 0 || index >= table.count ? NULL : &table.slots[index];
}

static struct object *pseudo_get(HANDLE handle) {
  return (intptr_t)handle == THREAD_PSEUDO ? &sim__thread_self()->object : NULL;
}

bool sim__handle_is_full_for(struct call *call) {
  if (sim__handle_is_full()) {
    call->error = ERROR_NO_SYSTEM_RESOURCES;
  }
  return call->error != 0;
}

void sim_handles_left(uint32_t count) {
  pthread_mutex_lock(&sim__kernel.lock);
  table.is_limited = count != UINT32_MAX;
  table.open_max = table.open_count + count;
  pthread_mutex_unlock(&sim__kernel.lock);
}

/* complain reports a handle that is closed or never was one. NULL and
 * INVALID_HANDLE_VALUE are not misuse, and neither is a handle of a process
 * that died. */
static void complain(HANDLE handle, const struct slot *slot) {
  char text[160];

  if (handle == NULL || handle == INVALID_HANDLE_VALUE) {
    return;
  }
  if (slot == NULL) {
    sim__misuse("%p is no handle", handle);
  } else if (!slot->vanished) {
    sim__misuse("handle %p was closed by %s in %s", handle, slot->name,
                sim__place_text(slot->place, text, sizeof text));
  }
}

void *sim__handle_get(HANDLE handle, unsigned types, ACCESS_MASK access,
                      NTSTATUS *status) {
  const struct slot *slot = slot_get(handle);
  struct object *object = pseudo_get(handle);

  if (object == NULL && (slot == NULL || slot->object == NULL)) {
    complain(handle, slot);
    /* INVALID_HANDLE_VALUE is also the current process. Source: Wine ntdll
     * tests, pipe.c, test_filepipeinfo. */
    *status = handle == INVALID_HANDLE_VALUE ? STATUS_OBJECT_TYPE_MISMATCH
                                             : STATUS_INVALID_HANDLE;
    return NULL;
  }
  if (object == NULL) {
    object = slot->object;
    if ((slot->access & access) != access) {
      *status = (object->type & types) != 0 ? STATUS_ACCESS_DENIED
                                            : STATUS_OBJECT_TYPE_MISMATCH;
      return NULL;
    }
  }
  if ((object->type & types) == 0) {
    *status = STATUS_OBJECT_TYPE_MISMATCH;
    return NULL;
  }
  *status = STATUS_SUCCESS;
  return object;
}

void *sim__handle_get_for(struct call *call, HANDLE handle, unsigned types,
                          ACCESS_MASK access) {
  NTSTATUS status;
  void *object = sim__handle_get(handle, types, access, &status);

  sim__call_status(call, status);
  return object;
}

ACCESS_MASK sim__handle_access(HANDLE handle) {
  const struct slot *slot = slot_get(handle);

  return slot == NULL ? 0 : slot->access;
}

static void slot_close(struct slot *slot) {
  const struct call *call = sim__thread_self()->call;
  struct object *object = slot->object;
  uint32_t index = (uint32_t)(slot - table.slots);

  slot->object = NULL;
  slot->name = call != NULL ? call->name : "sim_reset";
  slot->place = call != NULL ? call->place : NULL;
  slot->next_free = 0;
  if (table.free_count++ == 0) {
    table.first_free = index;
  } else {
    table.slots[table.last_free].next_free = index;
  }
  table.last_free = index;
  table.open_count--;
  if (--object->handles == 0) {
    object_cleanup(object);
    sim__object_unref(object);
  }
}

bool sim__handle_close(HANDLE handle, NTSTATUS *status) {
  struct slot *slot = slot_get(handle);

  *status = STATUS_SUCCESS;
  if ((intptr_t)handle == PROCESS_PSEUDO || (intptr_t)handle == THREAD_PSEUDO) {
    return true;
  }
  if (slot == NULL || slot->object == NULL) {
    complain(handle, slot);
    *status =
        slot != NULL && slot->vanished ? STATUS_SUCCESS : STATUS_INVALID_HANDLE;
    return *status == STATUS_SUCCESS;
  }
  if ((slot->flags & HANDLE_FLAG_PROTECT_FROM_CLOSE) != 0) {
    *status = STATUS_INVALID_HANDLE;
    return false;
  }
  slot_close(slot);
  return true;
}

void sim__handle_vanish(HANDLE handle) {
  struct slot *slot = slot_get(handle);

  if (slot != NULL && slot->object != NULL) {
    if (slot->object->type == OBJECT_FILE) {
      /* A dying process cancels its I/O before its handles are closed. */
      sim__ops_cancel((struct file *)slot->object, NULL, 0);
    }
    slot->vanished = true;
    slot_close(slot);
  }
}

static bool is_standard(const struct object *object) {
  return object->type == OBJECT_FILE &&
         ((const struct file *)object)->kind == FILE_CONSOLE;
}

void sim__handles_report(void) {
  char text[160];

  for (uint32_t i = 1; i < table.count; i++) {
    const struct slot *slot = &table.slots[i];

    if (slot->object != NULL && !is_standard(slot->object) &&
        !sim__op_waits_for_good(slot->object)) {
      sim__report("a handle was not closed: of %s in %s", slot->name,
                  sim__place_text(slot->place, text, sizeof text));
    }
  }
}

void sim__handles_reset(void) {
  for (uint32_t i = 1; i < table.count; i++) {
    if (table.slots[i].object != NULL) {
      slot_close(&table.slots[i]);
    }
  }
  free(table.slots);
  __builtin_memset(&table, 0, sizeof table);
}

/* --- The calls ----------------------------------------------------------- */

BOOL WINAPI CloseHandle(HANDLE handle) {
  struct call call;
  NTSTATUS status;

  if (sim__call_begin(&call, __func__, PLACE, "%p", handle)) {
    sim__handle_close(handle, &status);
    sim__call_status(&call, status);
  }
  return sim__call_end(&call);
}

NTSTATUS NTAPI NtClose(HANDLE handle) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%p", handle)) {
    NTSTATUS status;

    sim__handle_close(handle, &status);
    call.error = (uint32_t)status;
  }
  return sim__call_end_nt(&call);
}

BOOL WINAPI DuplicateHandle(HANDLE source_process, HANDLE source,
                            HANDLE target_process, LPHANDLE target,
                            DWORD access, BOOL inherit, DWORD options) {
  struct call call;

  (void)source_process;
  (void)target_process;
  if (sim__call_begin(&call, __func__, PLACE, "%p", source)) {
    NTSTATUS status;
    struct object *object = sim__handle_get(source, OBJECT_ANY, 0, &status);

    if (object != NULL && sim__handle_is_full()) {
      object = NULL;
      status = STATUS_INSUFFICIENT_RESOURCES;
    }
    sim__call_status(&call, status);
    if (object != NULL) {
      if ((options & DUPLICATE_SAME_ACCESS) != 0) {
        access =
            (intptr_t)source < 0 ? 0xFFFFFFFFu : sim__handle_access(source);
      }
      sim__object_ref(object);
      if (target != NULL) {
        *target =
            sim__handle_open(object, sim__access_map(access), inherit != 0);
      } else {
        sim__object_unref(object);
      }
      if ((options & DUPLICATE_CLOSE_SOURCE) != 0) {
        sim__handle_close(source, &status);
      }
    }
  }
  return sim__call_end(&call);
}

BOOL WINAPI GetHandleInformation(HANDLE handle, LPDWORD flags) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%p", handle)) {
    if (sim__handle_get_for(&call, handle, OBJECT_ANY, 0) != NULL) {
      *flags = slot_get(handle) != NULL ? slot_get(handle)->flags : 0;
    }
  }
  return sim__call_end(&call);
}

BOOL WINAPI SetHandleInformation(HANDLE handle, DWORD mask, DWORD flags) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%p", handle)) {
    if (sim__handle_get_for(&call, handle, OBJECT_ANY, 0) != NULL &&
        slot_get(handle) != NULL) {
      struct slot *slot = slot_get(handle);

      slot->flags = (slot->flags & ~mask) | (flags & mask);
    }
  }
  return sim__call_end(&call);
}

NTSTATUS NTAPI NtQueryObject(HANDLE handle, OBJECT_INFORMATION_CLASS which,
                             PVOID out, ULONG size, PULONG bytes) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%p %d", handle, which)) {
    PUBLIC_OBJECT_BASIC_INFORMATION basic = {0};
    NTSTATUS status;
    const struct object *object =
        sim__handle_get(handle, OBJECT_ANY, 0, &status);

    if (object != NULL && which != ObjectBasicInformation) {
      status = STATUS_INVALID_INFO_CLASS;
    } else if (object != NULL && size != sizeof basic) {
      status = STATUS_INFO_LENGTH_MISMATCH;
    } else if (object != NULL) {
      basic.GrantedAccess = sim__handle_access(handle);
      basic.HandleCount = object->handles;
      basic.PointerCount = object->refs;
      __builtin_memcpy(out, &basic, sizeof basic);
      if (bytes != NULL) {
        *bytes = sizeof basic;
      }
    }
    call.error = (uint32_t)status;
  }
  return sim__call_end_nt(&call);
}

BOOL WINAPI GetProcessHandleCount(HANDLE process, PDWORD count) {
  struct call call;

  (void)process;
  if (sim__call_begin(&call, __func__, PLACE, " ")) {
    *count = table.open_count;
  }
  return sim__call_end(&call);
}

DWORD WINAPI GetFileType(HANDLE handle) {
  struct call call;
  DWORD type = FILE_TYPE_UNKNOWN;

  if (sim__call_begin(&call, __func__, PLACE, "%p", handle)) {
    const struct file *file =
        sim__handle_get_for(&call, handle, OBJECT_FILE, 0);

    if (file != NULL) {
      type = file->kind == FILE_NUL || file->kind == FILE_CONSOLE
                 ? FILE_TYPE_CHAR
                 : FILE_TYPE_PIPE;
      SetLastError(ERROR_SUCCESS);
    }
  }
  sim__call_end(&call);
  return type;
}
