/* The calls on threads. */
#include "process.h"

#include <process.h>

enum { SUSPENDS_MAX = 127 };

HANDLE WINAPI CreateThread(LPSECURITY_ATTRIBUTES attributes, SIZE_T stack_size,
                           LPTHREAD_START_ROUTINE start, LPVOID parameter,
                           DWORD flags, LPDWORD id) {
  struct call call;
  HANDLE handle = NULL;

  (void)stack_size;
  if (sim__call_begin(&call, __func__, PLACE, " ") &&
      !sim__handle_is_full_for(&call)) {
    struct thread *thread = sim__thread_new(sim__process_self());

    thread->start = start;
    thread->parameter = parameter;
    thread->suspended = (flags & CREATE_SUSPENDED) != 0;
    thread->suspend_count = thread->suspended;
    thread->id = thread->suspended ? sim__thread_id_take() : 0;
    if (!thread->suspended) {
      sim__object_ref(
          &thread->object); /* one for the handle, one until its end */
    }
    handle =
        sim__handle_open(&thread->object, 0x1FFFFF, sim__inherits(attributes));
    if (thread->suspended || sim__thread_start(thread)) {
      if (id != NULL) {
        *id = thread->id;
      }
    } else {
      NTSTATUS status;

      sim__handle_close(handle, &status);
      handle = NULL;
      call.error = ERROR_NOT_ENOUGH_MEMORY;
    }
  }
  sim__call_end(&call);
  return handle;
}

void WINAPI ExitThread(DWORD code) {
  sim__tls_end();
  pthread_mutex_lock(&sim__kernel.lock);
  sim__thread_self()->exit_code = code;
  sim__thread_quit();
}

/* A suspended thread stops at its next call: before the call has an effect, or
 * before it returns. A thread that runs without calls cannot be stopped. */
DWORD WINAPI SuspendThread(HANDLE handle) {
  struct call call;
  DWORD before = 0;

  if (sim__call_begin(&call, __func__, PLACE, "%p", handle)) {
    struct thread *thread = sim__handle_get_for(&call, handle, OBJECT_THREAD,
                                                THREAD_SUSPEND_RESUME);

    if (thread != NULL && sim__thread_has_ended(thread)) {
      call.error = ERROR_ACCESS_DENIED;
    } else if (thread != NULL && thread->suspend_count == SUSPENDS_MAX) {
      call.error = ERROR_SIGNAL_REFUSED;
    } else if (thread != NULL) {
      before = thread->suspend_count++;
    }
  }
  return sim__call_end(&call) ? before : (DWORD)-1;
}

/* A thread that was created suspended starts when it is resumed. */
static bool resume(struct thread *thread) {
  thread->suspend_count -= thread->suspend_count > 0;
  sim__wake();
  if (!thread->suspended || thread->suspend_count > 0) {
    return true;
  }
  thread->suspended = false;
  sim__object_ref(&thread->object);
  return sim__thread_start(thread);
}

DWORD WINAPI ResumeThread(HANDLE handle) {
  struct call call;
  DWORD before = 0;

  if (sim__call_begin(&call, __func__, PLACE, "%p", handle)) {
    struct thread *thread = sim__handle_get_for(&call, handle, OBJECT_THREAD,
                                                THREAD_SUSPEND_RESUME);

    if (thread != NULL && thread->process->is_ending) {
      call.error = ERROR_ACCESS_DENIED;
    } else if (thread != NULL) {
      before = thread->suspend_count;
      call.error = resume(thread) ? 0 : ERROR_NOT_ENOUGH_MEMORY;
    }
  }
  return sim__call_end(&call) ? before : (DWORD)-1;
}

DWORD WINAPI GetThreadId(HANDLE handle) {
  struct call call;
  DWORD id = 0;

  if (sim__call_begin(&call, __func__, PLACE, "%p", handle)) {
    const struct thread *thread =
        sim__handle_get_for(&call, handle, OBJECT_THREAD, 0);

    id = thread != NULL ? thread->id : 0;
  }
  return sim__call_end(&call) ? id : 0;
}

/* Priorities are kept, and have no effect: each schedule is a possible one. */
BOOL WINAPI SetThreadPriority(HANDLE handle, int priority) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%p %d", handle, priority)) {
    struct thread *thread =
        sim__handle_get_for(&call, handle, OBJECT_THREAD, 0);

    if (thread != NULL) {
      thread->priority = priority;
    }
  }
  return sim__call_end(&call);
}

int WINAPI GetThreadPriority(HANDLE handle) {
  struct call call;
  int priority = 0;

  if (sim__call_begin(&call, __func__, PLACE, "%p", handle)) {
    const struct thread *thread =
        sim__handle_get_for(&call, handle, OBJECT_THREAD, 0);

    priority = thread != NULL ? thread->priority : 0;
  }
  return sim__call_end(&call) ? priority : MAXLONG;
}

BOOL WINAPI GetExitCodeThread(HANDLE handle, LPDWORD code) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%p", handle)) {
    const struct thread *thread =
        sim__handle_get_for(&call, handle, OBJECT_THREAD, 0);

    if (thread != NULL) {
      *code = sim__thread_has_ended(thread) ? thread->exit_code : STILL_ACTIVE;
    }
  }
  return sim__call_end(&call);
}

BOOL WINAPI CancelSynchronousIo(HANDLE handle) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%p", handle)) {
    struct thread *thread =
        sim__handle_get_for(&call, handle, OBJECT_THREAD, 0);

    if (thread != NULL &&
        (thread->sync_op == NULL || !thread->sync_op->queued ||
         !sim__ops_cancel(thread->sync_op->file, thread->sync_op->request.iosb,
                          thread->id))) {
      call.error = ERROR_NOT_FOUND;
    }
  }
  return sim__call_end(&call);
}

HANDLE WINAPI GetCurrentThread(void) {
  return (HANDLE)(intptr_t)-2;
}

DWORD WINAPI GetCurrentThreadId(void) {
  DWORD id;

  pthread_mutex_lock(&sim__kernel.lock);
  id = sim__thread_self()->id;
  pthread_mutex_unlock(&sim__kernel.lock);
  return id;
}

/* --- Threads of the C runtime -------------------------------------------- */

uintptr_t _beginthreadex(void *attributes, unsigned stack_size,
                         unsigned (*start)(void *), void *parameter,
                         unsigned flags, unsigned *id) {
  DWORD thread_id = 0;
  HANDLE handle = CreateThread(attributes, stack_size,
                               (LPTHREAD_START_ROUTINE)(void (*)(void))start,
                               parameter, flags, &thread_id);

  if (id != NULL) {
    *id = thread_id;
  }
  return (uintptr_t)handle;
}

void _endthreadex(unsigned code) {
  ExitThread(code);
}
