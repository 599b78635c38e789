/* Names of events, mutexes, semaphores and timers. All types share one space of
 * names, in which case matters. An object keeps its name until its last handle
 * is closed. Source: the "Object Names" page. */
#include "kernel.h"

#include <stdlib.h>
#include <string.h>

struct named {
  struct named *next;
  struct object *object;
  WCHAR name[];
};

static struct named *first;

/* name_begin skips "Local\\", which names the session's own space. There is one
 * session here, so "Global\\" only is another space, as a part of the name. */
static const WCHAR *name_begin(const WCHAR *name, NTSTATUS *status) {
  static const WCHAR local[] = L"Local\\";
  static const WCHAR global[] = L"Global\\";
  const size_t local_length = sizeof local / sizeof *local - 1;
  const size_t global_length = sizeof global / sizeof *global - 1;
  const WCHAR *rest = name;
  size_t length = (size_t)lstrlenW(name);

  if (length >= local_length &&
      memcmp(name, local, sizeof local - sizeof *local) == 0) {
    name += local_length;
    rest = name;
  } else if (length >= global_length &&
             memcmp(name, global, sizeof global - sizeof *global) == 0) {
    rest += global_length;
  }
  *status = STATUS_SUCCESS;
  for (; *rest != 0; rest++) {
    if (*rest == '\\') {
      *status = STATUS_OBJECT_PATH_NOT_FOUND;
    }
  }
  return name;
}

static struct named *find(const WCHAR *name) {
  struct named *named = first;

  while (named != NULL && lstrcmpW(named->name, name) != 0) {
    named = named->next;
  }
  return named;
}

static void add(const WCHAR *name, struct object *object) {
  size_t bytes = ((size_t)lstrlenW(name) + 1) * sizeof *name;
  struct named *named = malloc(sizeof *named + bytes);

  memcpy(named->name, name, bytes);
  named->object = object;
  named->next = first;
  first = named;
  object->has_name = true;
}

void sim__named_forget(const struct object *object) {
  struct named **link = &first;

  while ((*link)->object != object) {
    link = &(*link)->next;
  }
  struct named *gone = *link;

  *link = gone->next;
  free(gone);
}

/* open_existing opens another handle of a named object. Another type of object
 * with that name is ERROR_INVALID_HANDLE. */
static HANDLE open_existing(struct call *call, struct object *object,
                            enum object_type type, ACCESS_MASK access,
                            bool inherit) {
  if (object->type != type) {
    call->error = ERROR_INVALID_HANDLE;
    return NULL;
  }
  sim__object_ref(object);
  return sim__handle_open(object, access, inherit);
}

HANDLE sim__named_create(struct call *call, struct object *object,
                         ACCESS_MASK access,
                         const SECURITY_ATTRIBUTES *attributes,
                         const WCHAR *name) {
  const bool inherit = sim__inherits(attributes);
  struct named *old = NULL;
  NTSTATUS status = STATUS_SUCCESS;
  HANDLE handle;

  if (sim__handle_is_full_for(call)) {
    sim__object_unref(object);
    return NULL;
  }
  if (name != NULL) {
    name = name_begin(name, &status);
    old = find(name);
  }
  if (status < 0 || old != NULL) {
    enum object_type type = object->type;

    sim__object_unref(object);
    sim__call_status(call, status);
    handle = status < 0
                 ? NULL
                 : open_existing(call, old->object, type, access, inherit);
    SetLastError(ERROR_ALREADY_EXISTS);
    return handle;
  }
  if (name != NULL && *name != 0) {
    add(name, object);
  }
  SetLastError(ERROR_SUCCESS);
  return sim__handle_open(object, access, inherit);
}

static HANDLE open_named(struct call *call, enum object_type type,
                         ACCESS_MASK access, bool inherit, const WCHAR *name) {
  struct named *named;
  NTSTATUS status;

  if (name == NULL) {
    call->error = ERROR_INVALID_PARAMETER;
    return NULL;
  }
  name = name_begin(name, &status);
  named = find(name);
  if (status < 0 || named == NULL) {
    call->error =
        status < 0 ? RtlNtStatusToDosError(status) : ERROR_FILE_NOT_FOUND;
    return NULL;
  }
  return open_existing(call, named->object, type, access, inherit);
}

HANDLE sim__named_open(const char *function, const void *place,
                       enum object_type type, ACCESS_MASK access, BOOL inherit,
                       const WCHAR *name) {
  struct call call;
  HANDLE handle = NULL;

  if (sim__call_begin(&call, function, place, "%x", (unsigned)access)) {
    handle = open_named(&call, type, access, inherit != 0, name);
  }
  sim__call_end(&call);
  return handle;
}
