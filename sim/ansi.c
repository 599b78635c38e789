/* The calls that take names as bytes. Each is the call of its wide namesake,
 * with the name converted. */
#include "pipe.h"

#include <sddl.h>

#include <stdlib.h>
#include <string.h>

HANDLE WINAPI CreateNamedPipeA(LPCSTR name, DWORD open_mode, DWORD pipe_mode,
                               DWORD instances_max, DWORD out_size,
                               DWORD in_size, DWORD timeout_ms,
                               LPSECURITY_ATTRIBUTES attributes) {
  struct call call;
  HANDLE handle = INVALID_HANDLE_VALUE;

  if (sim__call_begin(&call, __func__, PLACE, "%x %x", (unsigned)open_mode,
                      (unsigned)pipe_mode)) {
    WCHAR *wide = sim__wide(name);

    handle =
        sim__create_named_pipe(&call, wide, open_mode, pipe_mode, instances_max,
                               out_size, in_size, timeout_ms, attributes);
    free(wide);
  }
  sim__call_end(&call);
  return handle;
}

HANDLE WINAPI CreateFileA(LPCSTR name, DWORD access, DWORD share,
                          LPSECURITY_ATTRIBUTES attributes, DWORD disposition,
                          DWORD flags, HANDLE pattern) {
  struct call call;
  HANDLE handle = INVALID_HANDLE_VALUE;

  (void)share; /* the pipe file system ignores these */
  (void)disposition;
  (void)pattern;
  if (sim__call_begin(&call, __func__, PLACE, "%x %x", (unsigned)access,
                      (unsigned)flags)) {
    WCHAR *wide = sim__wide(name);

    handle = sim__create_file(&call, wide, access, flags, attributes);
    free(wide);
  }
  sim__call_end(&call);
  return handle;
}

BOOL WINAPI WaitNamedPipeA(LPCSTR name, DWORD timeout_ms) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%u", (unsigned)timeout_ms)) {
    WCHAR *wide = sim__wide(name);

    sim__wait_named_pipe(&call, wide, timeout_ms);
    free(wide);
  }
  return sim__call_end(&call);
}

BOOL WINAPI CallNamedPipeA(LPCSTR name, LPVOID in, DWORD in_size, LPVOID out,
                           DWORD out_size, LPDWORD bytes, DWORD timeout_ms) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%u %u", (unsigned)in_size,
                      (unsigned)out_size)) {
    WCHAR *wide = sim__wide(name);

    sim__call_named_pipe(&call, wide, in, in_size, out, out_size, bytes,
                         timeout_ms);
    free(wide);
  }
  return sim__call_end(&call);
}

BOOL WINAPI GetNamedPipeHandleStateA(HANDLE pipe, LPDWORD state,
                                     LPDWORD instances,
                                     LPDWORD collection_count,
                                     LPDWORD collection_timeout_ms, LPSTR user,
                                     DWORD user_size) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%p", pipe)) {
    const char *name;

    sim__handle_state(&call, pipe, state, instances,
                      collection_count != NULL || collection_timeout_ms != NULL,
                      user != NULL ? &name : NULL, user_size);
    if (call.error == 0 && user != NULL) {
      memcpy(user, name, strlen(name) + 1);
    }
  }
  return sim__call_end(&call);
}

BOOL WINAPI GetNamedPipeClientComputerNameA(HANDLE pipe, LPSTR name,
                                            ULONG size) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%p", pipe)) {
    const WCHAR *wide = sim__computer_name(&call, pipe);

    if (wide != NULL) {
      char *narrow = sim__narrow(wide);

      if (size <= strlen(narrow)) {
        call.error = ERROR_INSUFFICIENT_BUFFER;
      } else {
        memcpy(name, narrow, strlen(narrow) + 1);
      }
      free(narrow);
    }
  }
  return sim__call_end(&call);
}

HANDLE WINAPI CreateEventA(LPSECURITY_ATTRIBUTES attributes, BOOL manual_reset,
                           BOOL initial, LPCSTR name) {
  struct call call;
  HANDLE handle = NULL;

  if (sim__call_begin(&call, __func__, PLACE, " ")) {
    WCHAR *wide = sim__wide(name);

    handle = sim__event_create(&call, attributes, manual_reset != 0,
                               initial != 0, wide);
    free(wide);
  }
  sim__call_end(&call);
  return handle;
}

HANDLE WINAPI CreateEventExA(LPSECURITY_ATTRIBUTES attributes, LPCSTR name,
                             DWORD flags, DWORD access) {
  struct call call;
  HANDLE handle = NULL;

  (void)access; /* each handle of an event has all rights here */
  if (sim__call_begin(&call, __func__, PLACE, "%x", (unsigned)flags)) {
    WCHAR *wide = sim__wide(name);

    handle = sim__event_create(&call, attributes,
                               (flags & CREATE_EVENT_MANUAL_RESET) != 0,
                               (flags & CREATE_EVENT_INITIAL_SET) != 0, wide);
    free(wide);
  }
  sim__call_end(&call);
  return handle;
}

HANDLE WINAPI CreateMutexA(LPSECURITY_ATTRIBUTES attributes, BOOL owned_now,
                           LPCSTR name) {
  struct call call;
  HANDLE handle = NULL;

  if (sim__call_begin(&call, __func__, PLACE, "%d", owned_now)) {
    WCHAR *wide = sim__wide(name);

    handle = sim__mutex_create(&call, attributes, owned_now != 0, wide);
    free(wide);
  }
  sim__call_end(&call);
  return handle;
}

HANDLE WINAPI CreateSemaphoreA(LPSECURITY_ATTRIBUTES attributes, LONG count,
                               LONG most, LPCSTR name) {
  struct call call;
  HANDLE handle = NULL;

  if (sim__call_begin(&call, __func__, PLACE, "%d %d", (int)count, (int)most)) {
    WCHAR *wide = sim__wide(name);

    handle = sim__semaphore_create(&call, attributes, count, most, wide);
    free(wide);
  }
  sim__call_end(&call);
  return handle;
}

HANDLE WINAPI CreateWaitableTimerA(LPSECURITY_ATTRIBUTES attributes,
                                   BOOL manual_reset, LPCSTR name) {
  struct call call;
  HANDLE handle = NULL;

  if (sim__call_begin(&call, __func__, PLACE, "%d", manual_reset)) {
    WCHAR *wide = sim__wide(name);

    handle = sim__timer_create(&call, attributes, manual_reset != 0, wide);
    free(wide);
  }
  sim__call_end(&call);
  return handle;
}

static HANDLE open_named(const char *function, const void *place,
                         enum object_type type, DWORD access, BOOL inherit,
                         LPCSTR name) {
  WCHAR *wide = sim__wide(name);
  HANDLE handle = sim__named_open(function, place, type, access, inherit, wide);

  free(wide);
  return handle;
}

HANDLE WINAPI OpenEventA(DWORD access, BOOL inherit, LPCSTR name) {
  return open_named(__func__, PLACE, OBJECT_EVENT, access, inherit, name);
}

HANDLE WINAPI OpenMutexA(DWORD access, BOOL inherit, LPCSTR name) {
  return open_named(__func__, PLACE, OBJECT_MUTEX, access, inherit, name);
}

HANDLE WINAPI OpenSemaphoreA(DWORD access, BOOL inherit, LPCSTR name) {
  return open_named(__func__, PLACE, OBJECT_SEMAPHORE, access, inherit, name);
}

/* --- Security as text ---------------------------------------------------- */

BOOL WINAPI ConvertStringSecurityDescriptorToSecurityDescriptorA(
    LPCSTR text, DWORD revision, PSECURITY_DESCRIPTOR *descriptor,
    PULONG size) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, " ")) {
    WCHAR *wide = sim__wide(text);

    sim__descriptor_from_text(&call, wide, revision, descriptor, size);
    free(wide);
  }
  return sim__call_end(&call);
}

BOOL WINAPI ConvertSidToStringSidA(PSID sid, LPSTR *text) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, " ")) {
    WCHAR *wide = sim__sid_to_text(&call, sid);

    if (wide != NULL) {
      *text = sim__narrow(wide); /* LocalFree takes it in place of `wide` */
      free(wide);
    }
  }
  return sim__call_end(&call);
}

BOOL WINAPI ConvertStringSidToSidA(LPCSTR text, PSID *sid) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, " ")) {
    WCHAR *wide = sim__wide(text);

    sim__sid_from_text(&call, wide, sid);
    free(wide);
  }
  return sim__call_end(&call);
}
