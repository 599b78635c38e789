/* Asynchronous procedure calls. They are queued for a thread and run when it
 * waits alertably, after the call that waited has left the kernel. */
#include "pipe.h"

#include <stdlib.h>

void sim__apc_queue(struct thread *thread, const struct apc *given) {
  struct apc **last;
  struct apc *apc;

  if (thread == NULL) {
    return;
  }
  apc = malloc(sizeof *apc);
  *apc = *given;
  apc->next = NULL;
  for (last = &thread->apcs; *last != NULL; last = &(*last)->next) {
  }
  *last = apc;
  sim__wake();
}

static struct apc *apc_next(void) {
  struct apc *apc;

  pthread_mutex_lock(&sim__kernel.lock);
  apc = sim__thread_self()->apcs;
  if (apc != NULL) {
    sim__thread_self()->apcs = apc->next;
  }
  pthread_mutex_unlock(&sim__kernel.lock);
  return apc;
}

void sim__apcs_run(void) {
  struct apc *apc;

  while ((apc = apc_next()) != NULL) {
    switch (apc->kind) {
      case APC_IO:
        apc->io(apc->context, apc->iosb, 0);
        break;
      case APC_TIMER:
        apc->timer(apc->context, (DWORD)apc->time, (DWORD)(apc->time >> 32));
        break;
      default:
        apc->user(apc->value);
        break;
    }
    free(apc);
  }
}

void sim__apcs_drop(struct thread *thread) {
  while (thread->apcs != NULL) {
    struct apc *next = thread->apcs->next;

    free(thread->apcs);
    thread->apcs = next;
  }
}

static bool has_apc(void *thread) {
  return ((struct thread *)thread)->apcs != NULL;
}

DWORD WINAPI QueueUserAPC(PAPCFUNC function, HANDLE handle, ULONG_PTR value) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%p", handle)) {
    struct thread *thread =
        sim__handle_get_for(&call, handle, OBJECT_THREAD, 0);

    if (thread != NULL && thread->exited) {
      call.error = ERROR_GEN_FAILURE;
    } else if (thread != NULL) {
      sim__apc_queue(
          thread,
          &(struct apc){.kind = APC_USER, .user = function, .value = value});
    }
  }
  return (DWORD)sim__call_end(&call);
}

DWORD WINAPI SleepEx(DWORD timeout_ms, BOOL alertable) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%u %d", (unsigned)timeout_ms,
                      alertable)) {
    struct thread *self = sim__thread_self();

    if (alertable) {
      sim__block(has_apc, self, sim__deadline_in_ms(timeout_ms));
      call.alerted = self->apcs != NULL;
    } else {
      sim__block(sim__never, NULL, sim__deadline_in_ms(timeout_ms));
    }
    if (timeout_ms == 0 && !call.alerted) {
      sim__clock_poll();
    }
  }
  return sim__call_end(&call) && call.alerted ? WAIT_IO_COMPLETION : 0;
}

/* --- Reading and writing with a completion routine ----------------------- */

/* routine_run calls a completion routine. A failed operation has no bytes.
 * Source: ReactOS kernel32, BasepIoCompletion. */
static void NTAPI routine_run(PVOID context, PIO_STATUS_BLOCK io,
                              ULONG reserved) {
  LPOVERLAPPED_COMPLETION_ROUTINE routine =
      (LPOVERLAPPED_COMPLETION_ROUTINE)(uintptr_t)context;
  NTSTATUS status = __atomic_load_n(&io->Status, __ATOMIC_ACQUIRE);
  bool is_error = status < 0 && status != STATUS_BUFFER_OVERFLOW;

  (void)reserved;
  routine(status == 0 ? 0 : RtlNtStatusToDosError(status),
          is_error ? 0 : (DWORD)io->Information, (LPOVERLAPPED)io);
}

/* transfer_ex starts an operation whose end calls `routine`. The program may
 * use hEvent as it likes. Source: the ReadFileEx page. */
static void transfer_ex(struct call *call, enum op_kind kind, HANDLE handle,
                        void *buffer, DWORD size, OVERLAPPED *overlapped,
                        LPOVERLAPPED_COMPLETION_ROUTINE routine) {
  struct request request = {.iosb = (IO_STATUS_BLOCK *)overlapped,
                            .apc = routine_run,
                            .context = (void *)(uintptr_t)routine};
  NTSTATUS status;
  size_t info;
  struct file *file = sim__handle_get(
      handle, OBJECT_FILE, kind == OP_READ ? FILE_READ_DATA : FILE_WRITE_DATA,
      &status);

  if (overlapped == NULL) {
    status = STATUS_INVALID_PARAMETER;
  } else if (file != NULL) {
    __atomic_store_n(&overlapped->Internal, STATUS_PENDING, __ATOMIC_RELEASE);
    sim__file_enter(file);
    status =
        sim__file_transfer(call, kind, file, &request, buffer, size, &info);
    sim__file_leave(file);
    /* A message that is longer than the buffer is no failure here. Source: a
     * report of a user on Windows; Wine fails with ERROR_MORE_DATA. */
    if (status == (NTSTATUS)STATUS_PENDING ||
        status == STATUS_BUFFER_OVERFLOW) {
      status = STATUS_SUCCESS;
    }
  }
  if (status == STATUS_SUCCESS) {
    SetLastError(ERROR_SUCCESS);
  }
  sim__call_status(call, status);
}

BOOL WINAPI ReadFileEx(HANDLE file, LPVOID buffer, DWORD size,
                       LPOVERLAPPED overlapped,
                       LPOVERLAPPED_COMPLETION_ROUTINE routine) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%p %u", file, (unsigned)size)) {
    transfer_ex(&call, OP_READ, file, buffer, size, overlapped, routine);
  }
  return sim__call_end(&call);
}

BOOL WINAPI WriteFileEx(HANDLE file, LPCVOID buffer, DWORD size,
                        LPOVERLAPPED overlapped,
                        LPOVERLAPPED_COMPLETION_ROUTINE routine) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%p %u", file, (unsigned)size)) {
    transfer_ex(&call, OP_WRITE, file, (void *)(uintptr_t)buffer, size,
                overlapped, routine);
  }
  return sim__call_end(&call);
}
