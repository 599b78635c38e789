/* Processes and what they know: ids, environment, command line, standard
 * handles. All threads of the program are one process, unless sim_set_process
 * gives a thread another id. */
#define _GNU_SOURCE /* program_invocation_name */
#include "pipe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <process.h>

struct process {
  struct object object;
  uint32_t id;
};

/* --- Ids ----------------------------------------------------------------- */

static const struct thread *thread_of(uint32_t process_id) {
  const struct thread *thread = sim__kernel.thread_list;

  while (thread != NULL && thread->process_id != process_id) {
    thread = thread->next;
  }
  return thread;
}

HANDLE WINAPI OpenProcess(DWORD access, BOOL inherit, DWORD id) {
  struct call call;
  HANDLE handle = NULL;

  if (sim__call_begin(&call, __func__, PLACE, "%x %u", (unsigned)access,
                      (unsigned)id) &&
      !sim__handle_is_full_for(&call)) {
    if (thread_of(id) == NULL) {
      call.error = ERROR_INVALID_PARAMETER;
    } else {
      struct process *process = calloc(1, sizeof *process);

      sim__object_init(&process->object, OBJECT_PROCESS);
      process->id = id;
      handle = sim__handle_open(&process->object, access, inherit != 0);
    }
  }
  sim__call_end(&call);
  return handle;
}

DWORD WINAPI GetProcessId(HANDLE handle) {
  struct call call;
  DWORD id = 0;

  if (handle == GetCurrentProcess()) {
    return GetCurrentProcessId();
  }
  if (sim__call_begin(&call, __func__, PLACE, "%p", handle)) {
    const struct process *process =
        sim__handle_get_for(&call, handle, OBJECT_PROCESS, 0);

    id = process != NULL ? process->id : 0;
  }
  return sim__call_end(&call) ? id : 0;
}

BOOL WINAPI ProcessIdToSessionId(DWORD id, LPDWORD session) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%u", (unsigned)id)) {
    const struct thread *thread = thread_of(id);

    if (thread == NULL) {
      call.error = ERROR_INVALID_PARAMETER;
    } else {
      *session = thread->session_id;
    }
  }
  return sim__call_end(&call);
}

void WINAPI ExitProcess(UINT code) {
  exit((int)code & 0xFF);
}

/* --- Environment and command line ---------------------------------------- */

/* answer_text gives `text` to a caller with room for `size` characters. It
 * returns what Windows returns: the length, or the size that is needed. */
static DWORD answer_text(const char *text, LPSTR out, DWORD size) {
  size_t length = strlen(text);

  if (length >= size) {
    return (DWORD)length + 1;
  }
  memcpy(out, text, length + 1);
  return (DWORD)length;
}

static DWORD answer_wide(const char *text, LPWSTR out, DWORD size) {
  WCHAR *wide = sim__wide(text);
  DWORD length = (DWORD)lstrlenW(wide);

  if (length < size) {
    memcpy(out, wide, (length + 1) * sizeof *wide);
  }
  free(wide);
  return length < size ? length : length + 1;
}

DWORD WINAPI GetEnvironmentVariableA(LPCSTR name, LPSTR out, DWORD size) {
  const char *value = getenv(name);

  if (value == NULL) {
    SetLastError(ERROR_ENVVAR_NOT_FOUND);
    return 0;
  }
  SetLastError(ERROR_SUCCESS);
  return answer_text(value, out, size);
}

DWORD WINAPI GetEnvironmentVariableW(LPCWSTR name, LPWSTR out, DWORD size) {
  char *narrow = sim__narrow(name);
  const char *value = getenv(narrow);

  free(narrow);
  if (value == NULL) {
    SetLastError(ERROR_ENVVAR_NOT_FOUND);
    return 0;
  }
  SetLastError(ERROR_SUCCESS);
  return answer_wide(value, out, size);
}

BOOL WINAPI SetEnvironmentVariableA(LPCSTR name, LPCSTR value) {
  return (value != NULL ? setenv(name, value, 1) : unsetenv(name)) == 0;
}

BOOL WINAPI SetEnvironmentVariableW(LPCWSTR name, LPCWSTR value) {
  char *narrow_name = sim__narrow(name);
  char *narrow_value = sim__narrow(value);
  BOOL done = SetEnvironmentVariableA(narrow_name, narrow_value);

  free(narrow_name);
  free(narrow_value);
  return done;
}

DWORD WINAPI GetModuleFileNameA(HMODULE module, LPSTR out, DWORD size) {
  (void)module;
  return answer_text(program_invocation_name, out, size);
}

DWORD WINAPI GetModuleFileNameW(HMODULE module, LPWSTR out, DWORD size) {
  (void)module;
  return answer_wide(program_invocation_name, out, size);
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
