/* The root of all pipes as a directory: its list of names, and notices of its
 * changes. Only names that begin or end to exist change the directory, not
 * instances.
 *
 * Source: ReactOS npfs, dirctrl.c (NpQueryDirectory, NpCheckForNotify);
 * PipeList's page (the numbers of an entry) */
#include "pipe.h"

#include <stdlib.h>
#include <string.h>

/* FILE_DIRECTORY_INFORMATION without its name. */
enum { ENTRY_NAME_AT = offsetof(FILE_DIRECTORY_INFORMATION, FileName) };

static struct pipe *pipe_at(uint32_t index) {
  struct pipe *pipe = sim__kernel.pipes;

  while (pipe != NULL && index > 0) {
    index--;
    pipe = pipe->next;
  }
  return pipe;
}

/* entry_write writes an entry, whose name is cut where `room` ends. */
static void entry_write(char *at, size_t room, const struct pipe *pipe) {
  FILE_DIRECTORY_INFORMATION entry;
  const size_t name_bytes = pipe->name_length * sizeof(WCHAR);

  memset(&entry, 0, sizeof entry);
  entry.EndOfFile.QuadPart = pipe->instances_open;
  entry.AllocationSize.QuadPart = pipe->instances_max;
  entry.FileAttributes = FILE_ATTRIBUTE_NORMAL;
  entry.FileNameLength = (ULONG)name_bytes;
  memcpy(at, &entry, ENTRY_NAME_AT);
  memcpy(at + ENTRY_NAME_AT, pipe->name,
         name_bytes < room - ENTRY_NAME_AT ? name_bytes : room - ENTRY_NAME_AT);
}

/* list writes as many entries as fit. A first entry that does not fit is
 * cut. */
static NTSTATUS list(struct file *file, char *out, size_t size, bool single,
                     size_t *used) {
  size_t last = 0;

  *used = 0;
  if (size < sizeof(FILE_DIRECTORY_INFORMATION)) {
    return STATUS_BUFFER_TOO_SMALL;
  }
  for (;;) {
    const struct pipe *pipe = pipe_at(file->list_index);
    const size_t at = (*used + 7) & ~(size_t)7;
    const ULONG offset = (ULONG)(at - last);
    size_t bytes;

    if (pipe == NULL || (single && *used > 0)) {
      return *used > 0 ? STATUS_SUCCESS : STATUS_NO_MORE_FILES;
    }
    bytes = ENTRY_NAME_AT + pipe->name_length * sizeof(WCHAR);
    if (*used > 0 && (at > size || size - at < bytes)) {
      return STATUS_SUCCESS;
    }
    file->list_index++;
    entry_write(out + at, size - at, pipe);
    if (size - at < bytes) {
      *used = size;
      return STATUS_BUFFER_OVERFLOW;
    }
    if (*used > 0) {
      memcpy(out + last, &offset, sizeof offset);
    }
    last = at;
    *used = at + bytes;
  }
}

/* Here only for a synchronous file, for one class, and without a pattern. */
NTSTATUS NTAPI NtQueryDirectoryFile(HANDLE handle, HANDLE event,
                                    PIO_APC_ROUTINE apc, PVOID apc_context,
                                    PIO_STATUS_BLOCK io, PVOID out, ULONG size,
                                    FILE_INFORMATION_CLASS which,
                                    BOOLEAN single, PUNICODE_STRING pattern,
                                    BOOLEAN restart) {
  struct call call;

  (void)event;
  (void)apc;
  (void)apc_context;
  if (sim__call_begin(&call, __func__, PLACE, "%p %u", handle,
                      (unsigned)size)) {
    NTSTATUS status;
    size_t used;
    struct file *file =
        sim__handle_get(handle, OBJECT_FILE, FILE_LIST_DIRECTORY, &status);

    if (file != NULL && file->kind != FILE_ROOT) {
      status = STATUS_INVALID_PARAMETER;
    } else if (file != NULL && !sim__kernel.settings.root_listed) {
      status = STATUS_BAD_DEVICE_TYPE;
    } else if (file != NULL && which != FileDirectoryInformation) {
      status = STATUS_INVALID_INFO_CLASS;
    } else if (file != NULL && (!file->synchronous || pattern != NULL)) {
      status = STATUS_NOT_SUPPORTED;
    } else if (file != NULL) {
      file->list_index = restart ? 0 : file->list_index;
      status = list(file, out, size, single != 0, &used);
      if (status == STATUS_SUCCESS || status == STATUS_BUFFER_OVERFLOW) {
        sim__lie_fill(&call.lie, out, size);
        io->Information = sim__lie_told(&call.lie, used);
        io->Status = status;
      }
    }
    call.error = (uint32_t)status;
  }
  return sim__call_end_nt(&call);
}

/* --- Notices ------------------------------------------------------------- */

NTSTATUS NTAPI NtNotifyChangeDirectoryFile(
    HANDLE handle, HANDLE event, PIO_APC_ROUTINE apc, PVOID apc_context,
    PIO_STATUS_BLOCK io, PVOID out, ULONG size, ULONG filter, BOOLEAN tree) {
  struct call call;

  (void)tree;
  if (sim__call_begin(&call, __func__, PLACE, "%p %x", handle,
                      (unsigned)filter)) {
    const struct request request = {io, event, apc, apc_context};
    NTSTATUS status;
    size_t info;
    struct file *file =
        sim__handle_get(handle, OBJECT_FILE, FILE_LIST_DIRECTORY, &status);

    if (file != NULL && !sim__kernel.settings.root_listed) {
      status = STATUS_OBJECT_TYPE_MISMATCH;
    } else if (file != NULL && (file->kind != FILE_ROOT || filter == 0)) {
      status = STATUS_INVALID_PARAMETER;
    } else if (file != NULL) {
      struct op *op = sim__op_new(&call, OP_NOTIFY, file, &request, out, size);

      if (sim__op_take_event(op, &status)) {
        status = sim__op_submit(&call, op, false, &info);
      }
    }
    call.error = (uint32_t)status;
  }
  return sim__call_end_nt(&call);
}

/* notice_write writes what has changed. What does not fit is lost. */
static size_t notice_write(struct op *op, const struct pipe *pipe,
                           DWORD action) {
  const DWORD name_bytes = (DWORD)(pipe->name_length * sizeof(WCHAR));
  const DWORD head[] = {0, action, name_bytes};
  char *out = sim__op_target(op);

  if (!sim__kernel.settings.notice_names ||
      op->size < sizeof head + name_bytes) {
    return 0;
  }
  memcpy(out, head, sizeof head);
  memcpy(out + sizeof head, pipe->name, name_bytes);
  return sizeof head + name_bytes;
}

void sim__directory_changed(const struct pipe *pipe, DWORD action) {
  struct op *op = sim__kernel.ops;

  while (op != NULL) {
    if (op->kind == OP_NOTIFY && op->queued) {
      sim__op_finish(op, STATUS_SUCCESS, notice_write(op, pipe, action));
      op = sim__kernel.ops; /* the list may have changed */
    } else {
      op = op->next;
    }
  }
}
