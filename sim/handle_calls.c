/* The calls on handles of any object. */
#include "process.h"

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

/* duplicated returns the object that a handle of `process` leads to, and its
 * rights. Only the caller's own pseudo handles can be meant. */
static struct object *duplicated(struct process *process, HANDLE handle,
                                 ACCESS_MASK *access, NTSTATUS *status) {
  struct object *object = NULL;

  *status = STATUS_SUCCESS;
  if ((intptr_t)handle < 0) {
    *access = 0xFFFFFFFFu;
    object = sim__handle_get(
        handle,
        (intptr_t)handle == PROCESS_PSEUDO ? OBJECT_PROCESS : OBJECT_ANY, 0,
        status);
  } else if (process == sim__process_self()) {
    object = sim__handle_get(handle, OBJECT_ANY, 0, status);
    *access = sim__handle_access(handle);
  } else {
    object = sim__handle_object_in(process, handle, access);
    *status = object == NULL ? STATUS_INVALID_HANDLE : STATUS_SUCCESS;
  }
  return object;
}

/* duplicate opens a handle of `object` in `target`. No handle can be given to a
 * process that ends. Source: mojo's platform_handle_in_transit. */
static NTSTATUS duplicate(struct process *target, struct object *object,
                          ACCESS_MASK access, bool inherit, HANDLE *out) {
  if (target->is_ending) {
    return STATUS_PROCESS_IS_TERMINATING;
  }
  if (sim__handle_is_full_in(target)) {
    return STATUS_INSUFFICIENT_RESOURCES;
  }
  if (out != NULL) {
    sim__object_ref(object);
    *out =
        sim__handle_open_in(target, object, sim__access_map(access), inherit);
  }
  return STATUS_SUCCESS;
}

/* DuplicateHandle without a target process, or without a place for the target,
 * serves to close the source. Source: the DuplicateHandle page. */
BOOL WINAPI DuplicateHandle(HANDLE source_process, HANDLE source,
                            HANDLE target_process, LPHANDLE target,
                            DWORD access, BOOL inherit, DWORD options) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%p", source)) {
    NTSTATUS status;
    ACCESS_MASK own_access = 0;
    struct process *from = sim__handle_get(source_process, OBJECT_PROCESS,
                                           PROCESS_DUP_HANDLE, &status);
    struct process *to = NULL;
    struct object *object = NULL;

    if (from != NULL && target_process != NULL) {
      to = sim__handle_get(target_process, OBJECT_PROCESS, PROCESS_DUP_HANDLE,
                           &status);
    }
    if (status == STATUS_SUCCESS) {
      object = duplicated(from, source, &own_access, &status);
    }
    if (object != NULL && to != NULL) {
      status = duplicate(
          to, object,
          (options & DUPLICATE_SAME_ACCESS) != 0 ? own_access : access,
          inherit != 0, target);
    }
    if (object != NULL && (options & DUPLICATE_CLOSE_SOURCE) != 0) {
      sim__handle_close_in(from, source);
    }
    sim__call_status(&call, status);
  }
  return sim__call_end(&call);
}

BOOL WINAPI GetHandleInformation(HANDLE handle, LPDWORD flags) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%p", handle)) {
    if (sim__handle_get_for(&call, handle, OBJECT_ANY, 0) != NULL) {
      const DWORD *own = sim__handle_flags(handle);

      *flags = own != NULL ? *own : 0;
    }
  }
  return sim__call_end(&call);
}

BOOL WINAPI SetHandleInformation(HANDLE handle, DWORD mask, DWORD flags) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%p", handle)) {
    DWORD *own = sim__handle_get_for(&call, handle, OBJECT_ANY, 0) != NULL
                     ? sim__handle_flags(handle)
                     : NULL;

    if (own != NULL) {
      *own = (*own & ~mask) | (flags & mask);
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

  if (sim__call_begin(&call, __func__, PLACE, " ")) {
    const struct process *object =
        sim__handle_get_for(&call, process, OBJECT_PROCESS, 0);

    if (object != NULL) {
      *count = object->handles.open_count;
    }
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
