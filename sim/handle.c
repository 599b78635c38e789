/* The table of handles that each process has. A handle's number is used again
 * only after many others were closed, so that the use of a closed handle is
 * noticed. */
#include "process.h"

#include <stdlib.h>

enum {
  /* closed slots that must wait before the oldest is used again */
  SLOTS_UNUSED_MIN = 4096,
  HANDLE_STEP = 4
};

struct slot {
  struct object *object; /* NULL: closed, or never used */
  ACCESS_MASK access;
  DWORD flags;
  bool vanished;
  const char *name; /* the last call that opened or closed the handle; NULL: it
                       was never used */
  const void *place;
  uint32_t next_free;
};

static struct handles *own_table(void) {
  return &sim__process_self()->handles;
}

/* --- Slots --------------------------------------------------------------- */

/* table_grow makes room for `count` slots. New ones are unused. */
static void table_grow(struct handles *table, uint32_t count) {
  uint32_t old = table->capacity;

  if (count <= old) {
    return;
  }
  table->capacity = old == 0 ? 64 : old;
  while (table->capacity < count) {
    table->capacity *= 2;
  }
  table->slots = realloc(table->slots, table->capacity * sizeof *table->slots);
  __builtin_memset(&table->slots[old], 0,
                   (table->capacity - old) * sizeof *table->slots);
}

static uint32_t slot_take(struct handles *table) {
  uint32_t index;

  if (table->free_count > SLOTS_UNUSED_MIN) {
    index = table->first_free;
    table->first_free = table->slots[index].next_free;
    table->free_count--;
    return index;
  }
  if (table->count == 0) {
    table->count = 1; /* 0 is not a handle */
  }
  table_grow(table, table->count + 1);
  return table->count++;
}

static void slot_set(struct handles *table, uint32_t index,
                     struct object *object, ACCESS_MASK access, DWORD flags) {
  const struct call *call = sim__thread_self()->call;
  struct slot *slot = &table->slots[index];

  if (object->handles++ > 0) {
    object->refs--; /* the handles of an object share one reference */
  }
  slot->object = object;
  slot->access = access;
  slot->flags = flags;
  slot->vanished = false;
  slot->name = call != NULL ? call->name : "";
  slot->place = call != NULL ? call->place : NULL;
  table->open_count++;
}

/* slot_get ignores the two low bits of a handle, as Windows does; callers may
 * use them. */
static struct slot *slot_get(const struct handles *table, HANDLE handle) {
  uintptr_t index = (uintptr_t)handle / HANDLE_STEP;

  return index == 0 || index >= table->count ? NULL : &table->slots[index];
}

bool sim__handle_is_full_in(const struct process *process) {
  const struct handles *table = &process->handles;

  return table->is_limited && table->open_count >= table->open_max;
}

bool sim__handle_is_full(void) {
  return sim__handle_is_full_in(sim__process_self());
}

bool sim__handle_is_full_for(struct call *call) {
  if (sim__handle_is_full()) {
    call->error = ERROR_NO_SYSTEM_RESOURCES;
  }
  return call->error != 0;
}

void sim_handles_left(uint32_t count) {
  struct handles *table;

  pthread_mutex_lock(&sim__kernel.lock);
  table = own_table();
  table->is_limited = count != UINT32_MAX;
  table->open_max = table->open_count + count;
  pthread_mutex_unlock(&sim__kernel.lock);
}

bool sim__inherits(const SECURITY_ATTRIBUTES *attributes) {
  if (attributes == NULL) {
    return false;
  }
  if (attributes->nLength != sizeof *attributes) {
    sim__misuse("nLength of SECURITY_ATTRIBUTES is %lu",
                (unsigned long)attributes->nLength);
  }
  return attributes->bInheritHandle != 0;
}

HANDLE sim__handle_open(struct object *object, ACCESS_MASK access,
                        bool inherit) {
  return sim__handle_open_in(sim__process_self(), object, access, inherit);
}

HANDLE sim__handle_open_in(struct process *process, struct object *object,
                           ACCESS_MASK access, bool inherit) {
  uint32_t index = slot_take(&process->handles);

  slot_set(&process->handles, index, object, access,
           inherit ? HANDLE_FLAG_INHERIT : 0);
  return (HANDLE)((uintptr_t)index * HANDLE_STEP);
}

/* --- Looking up ---------------------------------------------------------- */

/* pseudo_get returns the object of a handle that stands for the calling thread
 * or process. INVALID_HANDLE_VALUE is also the current process, but only where
 * nothing else can be meant. */
static struct object *pseudo_get(HANDLE handle, unsigned types) {
  if ((intptr_t)handle == THREAD_PSEUDO) {
    return &sim__thread_self()->object;
  }
  return (intptr_t)handle == PROCESS_PSEUDO && types == OBJECT_PROCESS
             ? &sim__process_self()->object
             : NULL;
}

/* complain reports a handle that is closed or never was one. NULL and
 * INVALID_HANDLE_VALUE are not misuse, and neither is a handle of a process
 * that died. */
static void complain(HANDLE handle, const struct slot *slot) {
  char text[160];

  if (handle == NULL || handle == INVALID_HANDLE_VALUE) {
    return;
  }
  if (slot == NULL || slot->name == NULL) {
    sim__misuse("%p is no handle", handle);
  } else if (!slot->vanished) {
    sim__misuse("handle %p was closed by %s in %s", handle, slot->name,
                sim__place_text(slot->place, text, sizeof text));
  }
}

void *sim__handle_get(HANDLE handle, unsigned types, ACCESS_MASK access,
                      NTSTATUS *status) {
  const struct slot *slot = slot_get(own_table(), handle);
  struct object *object = pseudo_get(handle, types);

  if (object == NULL && (slot == NULL || slot->object == NULL)) {
    complain(handle, slot);
    /* Source: Wine ntdll tests, pipe.c, test_filepipeinfo. */
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

struct object *sim__handle_object_in(const struct process *process,
                                     HANDLE handle, ACCESS_MASK *access) {
  const struct slot *slot = slot_get(&process->handles, handle);

  if (slot == NULL || slot->object == NULL) {
    return NULL;
  }
  *access = slot->access;
  return slot->object;
}

ACCESS_MASK sim__handle_access(HANDLE handle) {
  const struct slot *slot = slot_get(own_table(), handle);

  return slot == NULL ? 0 : slot->access;
}

DWORD *sim__handle_flags(HANDLE handle) {
  struct slot *slot = slot_get(own_table(), handle);

  return slot != NULL && slot->object != NULL ? &slot->flags : NULL;
}

/* --- Closing ------------------------------------------------------------- */

static bool table_has(const struct handles *table,
                      const struct object *object) {
  for (uint32_t i = 1; i < table->count; i++) {
    if (table->slots[i].object == object) {
      return true;
    }
  }
  return false;
}

/* slot_close closes a handle of `process`. It may be called by a thread of
 * another process. */
static void slot_close(struct process *process, struct slot *slot) {
  const struct call *call = sim__thread_self()->call;
  struct handles *table = &process->handles;
  struct object *object = slot->object;
  uint32_t index = (uint32_t)(slot - table->slots);

  slot->object = NULL;
  slot->name = call != NULL ? call->name : "sim_reset";
  slot->place = call != NULL ? call->place : NULL;
  slot->next_free = 0;
  if (table->free_count++ == 0) {
    table->first_free = index;
  } else {
    table->slots[table->last_free].next_free = index;
  }
  table->last_free = index;
  table->open_count--;
  if (--object->handles == 0) {
    sim__object_cleanup(object, process);
    sim__object_unref(object);
  } else if (object->type == OBJECT_FILE && !table_has(table, object)) {
    sim__ops_cancel_left((struct file *)object, process->id);
  }
}

bool sim__handle_close(HANDLE handle, NTSTATUS *status) {
  struct slot *slot = slot_get(own_table(), handle);

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
  slot_close(sim__process_self(), slot);
  return true;
}

void sim__handle_close_in(struct process *process, HANDLE handle) {
  struct slot *slot = slot_get(&process->handles, handle);

  if (slot != NULL && slot->object != NULL &&
      (slot->flags & HANDLE_FLAG_PROTECT_FROM_CLOSE) == 0) {
    slot_close(process, slot);
  }
}

void sim__handle_vanish(HANDLE handle) {
  struct process *process = &sim__process_first;
  struct slot *slot = slot_get(&process->handles, handle);

  if (slot != NULL && slot->object != NULL) {
    if (slot->object->type == OBJECT_FILE) {
      /* A dying process cancels its I/O before its handles are closed. */
      sim__ops_cancel((struct file *)slot->object, NULL, 0);
    }
    slot->vanished = true;
    slot_close(process, slot);
  }
}

static bool is_standard(const struct object *object) {
  return object->type == OBJECT_FILE &&
         ((const struct file *)object)->kind == FILE_CONSOLE;
}

void sim__handles_report(const struct process *process) {
  char text[160];

  for (uint32_t i = 1; i < process->handles.count; i++) {
    const struct slot *slot = &process->handles.slots[i];

    if (slot->object != NULL && !is_standard(slot->object) &&
        !sim__op_waits_for_good(slot->object)) {
      sim__report("a handle was not closed: of %s in %s", slot->name,
                  sim__place_text(slot->place, text, sizeof text));
    }
  }
}

bool sim__handles_are_inheritable(const HANDLE *list, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const struct slot *slot = slot_get(own_table(), list[i]);

    if (slot == NULL || slot->object == NULL ||
        (slot->flags & HANDLE_FLAG_INHERIT) == 0) {
      return false;
    }
  }
  return true;
}

void sim__handles_inherit(struct process *child, const HANDLE *list,
                          size_t count) {
  const struct handles *table = own_table();

  table_grow(&child->handles, table->count);
  child->handles.count = table->count;
  for (uint32_t i = 1; i < table->count; i++) {
    const struct slot *slot = &table->slots[i];
    bool is_listed = list == NULL;

    if (slot->object == NULL || (slot->flags & HANDLE_FLAG_INHERIT) == 0) {
      continue;
    }
    for (size_t at = 0; at < count; at++) {
      is_listed = is_listed || slot_get(table, list[at]) == slot;
    }
    if (is_listed) {
      sim__object_ref(slot->object);
      slot_set(&child->handles, i, slot->object, slot->access, slot->flags);
    }
  }
}

void sim__handles_close(struct process *process) {
  for (uint32_t i = 1; i < process->handles.count; i++) {
    if (process->handles.slots[i].object != NULL) {
      slot_close(process, &process->handles.slots[i]);
    }
  }
  free(process->handles.slots);
  __builtin_memset(&process->handles, 0, sizeof process->handles);
}
