/* The Win32 calls on any file: read, write, flush, results and cancel. */
#include "pipe.h"

#include <stdlib.h>
#include <string.h>

/* --- Turns on a synchronous file ----------------------------------------- */

static bool is_free(void *file) {
  return !((struct file *)file)->busy;
}

/* sim__file_enter waits until a synchronous file is free: all calls on it wait
 * behind one that blocks. Source: the PeekNamedPipe page. */
void sim__file_enter(struct file *file) {
  sim__object_ref(&file->object);
  if (file->synchronous) {
    sim__block(is_free, file, NEVER);
    if (sim__thread_self()->is_ending) {
      sim__object_unref(&file->object);
      sim__thread_quit();
    }
    file->busy = true;
  }
}

void sim__file_leave(struct file *file) {
  if (file->synchronous) {
    file->busy = false;
    sim__wake();
  }
  sim__object_unref(&file->object);
}

/* sim__file_notify only adds flags. FILE_SKIP_SET_EVENT_ON_HANDLE also resets
 * the handle. Source: Wine ntdll tests, pipe.c, test_completion. */
void sim__file_notify(struct file *file, UCHAR flags) {
  file->notify |= flags;
  if ((flags & FILE_SKIP_SET_EVENT_ON_HANDLE) != 0) {
    file->signalled = false;
  }
}

/* --- Requests ------------------------------------------------------------ */

/* request_of builds the request of a Win32 call with an OVERLAPPED. If the low
 * bit of hEvent is set, the operation posts no packet. Source: the
 * GetQueuedCompletionStatus page. */
static struct request request_of(OVERLAPPED *overlapped, IO_STATUS_BLOCK *own) {
  struct request request = {.iosb = own};

  if (overlapped != NULL) {
    bool quiet = ((uintptr_t)overlapped->hEvent & 1) != 0;

    request.iosb = (IO_STATUS_BLOCK *)overlapped;
    request.event = overlapped->hEvent;
    request.context = quiet ? NULL : overlapped;
    __atomic_store_n(&overlapped->Internal, STATUS_PENDING, __ATOMIC_RELEASE);
  }
  return request;
}

static bool is_pending(NTSTATUS status) {
  return status == (NTSTATUS)STATUS_PENDING;
}

/* end_transfer ends a Win32 call that started an operation. A pending operation
 * counts as an error there. */
static BOOL end_transfer(struct call *call, NTSTATUS status) {
  if (call->error == 0) {
    sim__call_status(call, status);
  }
  return sim__call_end(call);
}

static bool file_is_signalled(void *file) {
  return ((struct file *)file)->signalled;
}

/* wait_without_overlapped is for an overlapped file used without an OVERLAPPED.
 * Like Win32, it waits until the file is signalled, by whichever operation ends
 * first. */
static NTSTATUS wait_without_overlapped(struct file *file,
                                        const IO_STATUS_BLOCK *own) {
  sim__block(file_is_signalled, file, NEVER);
  return __atomic_load_n(&own->Status, __ATOMIC_ACQUIRE);
}

static BOOL transfer(struct call *call, enum op_kind kind, HANDLE handle,
                     void *buffer, DWORD size, LPDWORD bytes,
                     OVERLAPPED *overlapped) {
  IO_STATUS_BLOCK own = {.Status = (NTSTATUS)STATUS_PENDING};
  struct request request;
  NTSTATUS status;
  size_t info = 0;
  struct file *file;

  if (bytes != NULL) {
    *bytes = 0;
  }
  file = sim__handle_get(handle, OBJECT_FILE,
                         kind == OP_READ ? FILE_READ_DATA : FILE_WRITE_DATA,
                         &status);
  if (file == NULL) {
    return end_transfer(call, status);
  }
  if (file->kind == FILE_NUL) {
    call->error = kind == OP_READ ? ERROR_HANDLE_EOF : 0;
    return sim__call_end(call);
  }
  if (file->kind == FILE_CONSOLE) {
    status = sim__console_transfer(file, kind == OP_READ, buffer, size, &info);
    if (bytes != NULL) {
      *bytes = (DWORD)info;
    }
    return end_transfer(call, status);
  }
  request = request_of(overlapped, &own);
  if (overlapped == NULL && !file->synchronous) {
    sim__misuse("no OVERLAPPED with an overlapped handle");
  }
  sim__file_enter(file);
  status = sim__file_transfer(call, kind, file, &request, buffer, size, &info);
  if (is_pending(status) && overlapped == NULL) {
    status = wait_without_overlapped(file, &own);
    info = own.Information;
  }
  if (bytes != NULL && (status == STATUS_SUCCESS || overlapped == NULL)) {
    *bytes = (DWORD)info;
  }
  sim__file_leave(file);
  return end_transfer(call, status);
}

NTSTATUS sim__file_transfer(struct call *call, enum op_kind kind,
                            struct file *file, const struct request *request,
                            void *buffer, size_t size, size_t *info) {
  struct op *op = sim__op_new(call, kind, file, request, buffer, size);
  NTSTATUS status;

  if (!sim__op_take_event(op, &status)) {
    return status;
  }
  return sim__op_submit(call, op, false, info);
}

BOOL WINAPI ReadFile(HANDLE file, LPVOID buffer, DWORD size, LPDWORD bytes,
                     LPOVERLAPPED overlapped) {
  struct call call;

  if (!sim__call_begin(&call, __func__, PLACE, "%p %u", file, (unsigned)size)) {
    return sim__call_end(&call);
  }
  return transfer(&call, OP_READ, file, buffer, size, bytes, overlapped);
}

BOOL WINAPI WriteFile(HANDLE file, LPCVOID buffer, DWORD size, LPDWORD bytes,
                      LPOVERLAPPED overlapped) {
  struct call call;

  if (!sim__call_begin(&call, __func__, PLACE, "%p %u", file, (unsigned)size)) {
    return sim__call_end(&call);
  }
  return transfer(&call, OP_WRITE, file, (void *)(uintptr_t)buffer, size, bytes,
                  overlapped);
}

/* flush: the operation uses the kernel's own status block, so the caller's
 * block cannot be used to cancel it. */
static NTSTATUS flush(struct call *call, HANDLE handle, IO_STATUS_BLOCK *io) {
  NTSTATUS status;
  struct file *file =
      sim__handle_get(handle, OBJECT_FILE, FILE_WRITE_DATA, &status);

  if (file != NULL) {
    IO_STATUS_BLOCK own = {.Status = 0};
    struct request request = {.iosb = &own};
    size_t info;

    sim__wait_check("FlushFileBuffers");
    sim__file_enter(file);
    status = sim__op_submit(
        call, sim__op_new(call, OP_FLUSH, file, &request, NULL, 0), true,
        &info);
    sim__file_leave(file);
    if (io != NULL) {
      io->Status = status;
      io->Information = 0;
    }
  }
  return status;
}

BOOL WINAPI FlushFileBuffers(HANDLE handle) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%p", handle)) {
    sim__call_status(&call, flush(&call, handle, NULL));
  }
  return sim__call_end(&call);
}

NTSTATUS NTAPI NtFlushBuffersFile(HANDLE handle, PIO_STATUS_BLOCK io) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%p", handle)) {
    call.error = (uint32_t)flush(&call, handle, io);
  }
  return sim__call_end_nt(&call);
}

BOOL WINAPI ConnectNamedPipe(HANDLE pipe, LPOVERLAPPED overlapped) {
  IO_STATUS_BLOCK own = {.Status = (NTSTATUS)STATUS_PENDING};
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%p", pipe)) {
    NTSTATUS status;
    size_t info;
    struct file *file = sim__handle_get(pipe, OBJECT_FILE, 0, &status);

    if (file != NULL) {
      struct request request = request_of(overlapped, &own);

      if (overlapped == NULL && !file->synchronous) {
        sim__misuse("no OVERLAPPED with an overlapped handle");
      }
      sim__file_enter(file);
      status =
          sim__file_control(&call, file, sim__handle_access(pipe), &request,
                            FSCTL_PIPE_LISTEN, NULL, 0, NULL, 0, &info);
      if (is_pending(status) && overlapped == NULL) {
        status = wait_without_overlapped(file, &own);
      }
      sim__file_leave(file);
    }
    return end_transfer(&call, status);
  }
  return sim__call_end(&call);
}

BOOL WINAPI TransactNamedPipe(HANDLE pipe, LPVOID in, DWORD in_size, LPVOID out,
                              DWORD out_size, LPDWORD bytes,
                              LPOVERLAPPED overlapped) {
  IO_STATUS_BLOCK own = {.Status = (NTSTATUS)STATUS_PENDING};
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%p %u %u", pipe,
                      (unsigned)in_size, (unsigned)out_size)) {
    NTSTATUS status;
    size_t info = 0;
    struct file *file = sim__handle_get(pipe, OBJECT_FILE, 0, &status);

    if (bytes != NULL) {
      *bytes = 0;
    }
    if (file != NULL) {
      struct request request = request_of(overlapped, &own);

      if (overlapped == NULL && !file->synchronous) {
        sim__misuse("no OVERLAPPED with an overlapped handle");
      }
      sim__file_enter(file);
      status = sim__file_control(&call, file, sim__handle_access(pipe),
                                 &request, FSCTL_PIPE_TRANSCEIVE, in, in_size,
                                 out, out_size, &info);
      if (is_pending(status) && overlapped == NULL) {
        status = wait_without_overlapped(file, &own);
        info = own.Information;
      }
      if (bytes != NULL && (status == STATUS_SUCCESS || overlapped == NULL)) {
        *bytes = (DWORD)info;
      }
      sim__file_leave(file);
    }
    return end_transfer(&call, status);
  }
  return sim__call_end(&call);
}

/* --- Results ------------------------------------------------------------- */

static void overlapped_result(struct call *call, HANDLE handle,
                              OVERLAPPED *overlapped, LPDWORD bytes,
                              DWORD timeout_ms, bool alertable) {
  NTSTATUS status =
      (NTSTATUS)__atomic_load_n(&overlapped->Internal, __ATOMIC_ACQUIRE);

  if (is_pending(status)) {
    HANDLE object = overlapped->hEvent != NULL ? overlapped->hEvent : handle;
    DWORD wait;

    if (timeout_ms == 0) {
      call->error = ERROR_IO_INCOMPLETE;
      return;
    }
    wait = sim__wait_run(call, 1, &object, false, timeout_ms, alertable);
    if (wait == WAIT_TIMEOUT || wait == WAIT_IO_COMPLETION) {
      call->error = wait;
    }
    if (wait != WAIT_OBJECT_0) {
      return;
    }
    status = (NTSTATUS)__atomic_load_n(&overlapped->Internal, __ATOMIC_ACQUIRE);
  }
  *bytes = (DWORD)overlapped->InternalHigh;
  sim__call_status(call, status);
}

BOOL WINAPI GetOverlappedResult(HANDLE file, LPOVERLAPPED overlapped,
                                LPDWORD bytes, BOOL wait) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%p %d", file, wait)) {
    overlapped_result(&call, file, overlapped, bytes, wait ? INFINITE : 0,
                      false);
  }
  return sim__call_end(&call);
}

BOOL WINAPI GetOverlappedResultEx(HANDLE file, LPOVERLAPPED overlapped,
                                  LPDWORD bytes, DWORD timeout_ms,
                                  BOOL alertable) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%p %u", file,
                      (unsigned)timeout_ms)) {
    overlapped_result(&call, file, overlapped, bytes, timeout_ms,
                      alertable != 0);
  }
  return sim__call_end(&call);
}

/* --- Cancelling ---------------------------------------------------------- */

/* cancel_own cancels only the operations of the calling thread, and succeeds
 * even if there are none. Source: Wine ntdll tests, pipe.c, test_cancelio. */
static NTSTATUS cancel_own(HANDLE handle) {
  NTSTATUS status;
  struct file *file = sim__handle_get(handle, OBJECT_FILE, 0, &status);

  if (file != NULL) {
    sim__ops_cancel(file, NULL, sim__thread_self()->id);
  }
  return status;
}

BOOL WINAPI CancelIo(HANDLE handle) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%p", handle)) {
    sim__call_status(&call, cancel_own(handle));
  }
  return sim__call_end(&call);
}

static NTSTATUS cancel(HANDLE handle, const void *iosb) {
  NTSTATUS status;
  struct file *file = sim__handle_get(handle, OBJECT_FILE, 0, &status);

  if (file != NULL && !sim__ops_cancel(file, iosb, 0)) {
    status = STATUS_NOT_FOUND;
  }
  return status;
}

BOOL WINAPI CancelIoEx(HANDLE handle, LPOVERLAPPED overlapped) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%p", handle)) {
    sim__call_status(&call, cancel(handle, overlapped));
  }
  return sim__call_end(&call);
}

NTSTATUS NTAPI NtCancelIoFileEx(HANDLE handle, PIO_STATUS_BLOCK which,
                                PIO_STATUS_BLOCK io) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%p", handle)) {
    call.error = (uint32_t)cancel(handle, which);
    io->Status = (NTSTATUS)call.error;
    io->Information = 0;
  }
  return sim__call_end_nt(&call);
}

NTSTATUS NTAPI NtCancelIoFile(HANDLE handle, PIO_STATUS_BLOCK io) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%p", handle)) {
    call.error = (uint32_t)cancel_own(handle);
    io->Status = (NTSTATUS)call.error;
    io->Information = 0;
  }
  return sim__call_end_nt(&call);
}
