/* The Win32 calls on the state of a pipe's end: disconnect, read mode, peek.
 * Each enters the file first, because a synchronous file admits one call at a
 * time. */
#include "pipe.h"

#include <stdlib.h>
#include <string.h>

/* A wait for the handle during a control. */
struct handle_wait {
  const struct file *file;
  const IO_STATUS_BLOCK *own;
};

static bool handle_wait_is_over(void *argument) {
  const struct handle_wait *wait = argument;

  return wait->file->signalled && wait->own->Status != (NTSTATUS)STATUS_PENDING;
}

/* disconnect waits for the handle if the control pends, as kernel32 does. A
 * handle with FILE_SKIP_SET_EVENT_ON_HANDLE is never signalled. */
static NTSTATUS disconnect(struct call *call, struct file *file) {
  IO_STATUS_BLOCK own = {.Status = (NTSTATUS)STATUS_PENDING};
  const struct request request = {.iosb = &own};
  struct handle_wait wait = {file, &own};
  size_t info;
  NTSTATUS status;

  sim__file_enter(file);
  status = sim__file_control(call, file, 0, &request, FSCTL_PIPE_DISCONNECT,
                             NULL, 0, NULL, 0, &info);
  sim__file_leave(file);
  if (status == (NTSTATUS)STATUS_PENDING) {
    sim__block(handle_wait_is_over, &wait, NEVER);
    status = own.Status;
  }
  return status;
}

BOOL WINAPI DisconnectNamedPipe(HANDLE pipe) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%p", pipe)) {
    NTSTATUS status;
    struct file *file = sim__handle_get(pipe, OBJECT_FILE, 0, &status);

    sim__call_status(&call, file != NULL ? disconnect(&call, file) : status);
  }
  return sim__call_end(&call);
}

BOOL WINAPI SetNamedPipeHandleState(HANDLE pipe, LPDWORD mode,
                                    LPDWORD collection_count,
                                    LPDWORD collection_timeout_ms) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%p %x", pipe,
                      mode != NULL ? (unsigned)*mode : 0)) {
    NTSTATUS status;
    struct file *file =
        sim__handle_get(pipe, OBJECT_FILE, FILE_WRITE_ATTRIBUTES, &status);

    if (file != NULL &&
        (collection_count != NULL || collection_timeout_ms != NULL ||
         (mode != NULL &&
          (*mode & ~(PIPE_READMODE_MESSAGE | PIPE_NOWAIT)) != 0))) {
      /* Only the redirector collects data. */
      status = STATUS_INVALID_PARAMETER;
    } else if (file != NULL && mode != NULL) {
      sim__file_enter(file);
      status = sim__pipe_set_mode(file, (*mode & PIPE_READMODE_MESSAGE) != 0,
                                  (*mode & PIPE_NOWAIT) != 0);
      sim__file_leave(file);
    }
    sim__call_status(&call, status);
  }
  return sim__call_end(&call);
}

BOOL WINAPI PeekNamedPipe(HANDLE pipe, LPVOID buffer, DWORD size, LPDWORD bytes,
                          LPDWORD available, LPDWORD left_this_message) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%p %u", pipe, (unsigned)size)) {
    NTSTATUS status;
    struct file *file =
        sim__handle_get(pipe, OBJECT_FILE, FILE_READ_DATA, &status);
    char *out = malloc(16 + (size_t)size);
    size_t info = 0;

    if (file != NULL) {
      sim__file_enter(file);
      status = sim__pipe_peek(file, out,
                              16 + (buffer != NULL ? (size_t)size : 0), &info);
      sim__file_leave(file);
    }
    if (status == STATUS_SUCCESS || status == STATUS_BUFFER_OVERFLOW) {
      DWORD copied = (DWORD)info - 16;
      DWORD header[4];

      memcpy(header, out, sizeof header);
      if (buffer != NULL) {
        memcpy(buffer, out + 16, copied);
      }
      if (bytes != NULL) {
        *bytes = copied;
      }
      if (available != NULL) {
        *available = header[1];
      }
      if (left_this_message != NULL) {
        /* The number is negative on a byte pipe. Source: Wine kernel32 tests,
         * test_CreateNamedPipe. */
        *left_this_message = header[3] - copied;
      }
      status = STATUS_SUCCESS;
    }
    free(out);
    sim__call_status(&call, status);
  }
  return sim__call_end(&call);
}
