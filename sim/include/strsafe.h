/* Copies with a bound, for bytes and for UTF-16. */
#ifndef NPIPE_SIM_STRSAFE_H
#define NPIPE_SIM_STRSAFE_H

#include <stdarg.h>
#include <stdio.h>

#include <winnt.h>

#define STRSAFE_MAX_CCH               2147483647
#define STRSAFE_E_INSUFFICIENT_BUFFER ((HRESULT)0x8007007A)
#define STRSAFE_E_INVALID_PARAMETER   ((HRESULT)0x80070057)

/* What does not fit is cut, and the text ends with its NUL nevertheless. */
static inline HRESULT StringCchCopyA(char *to, size_t room, const char *from) {
  size_t i = 0;

  if (room == 0 || room > STRSAFE_MAX_CCH) {
    return STRSAFE_E_INVALID_PARAMETER;
  }
  while (from[i] != 0 && i + 1 < room) {
    to[i] = from[i];
    i++;
  }
  to[i] = 0;
  return from[i] == 0 ? S_OK : STRSAFE_E_INSUFFICIENT_BUFFER;
}

static inline HRESULT StringCchCopyW(WCHAR *to, size_t room,
                                     const WCHAR *from) {
  size_t i = 0;

  if (room == 0 || room > STRSAFE_MAX_CCH) {
    return STRSAFE_E_INVALID_PARAMETER;
  }
  while (from[i] != 0 && i + 1 < room) {
    to[i] = from[i];
    i++;
  }
  to[i] = 0;
  return from[i] == 0 ? S_OK : STRSAFE_E_INSUFFICIENT_BUFFER;
}

static inline HRESULT StringCchPrintfA(char *to, size_t room,
                                       const char *format, ...) {
  va_list arguments;
  int length;

  va_start(arguments, format);
  length = vsnprintf(to, room, format, arguments);
  va_end(arguments);
  return length >= 0 && (size_t)length < room ? S_OK
                                              : STRSAFE_E_INSUFFICIENT_BUFFER;
}

#define StringCchCopy   SIM_T(StringCchCopy)
#define StringCchPrintf SIM_T(StringCchPrintf)

#endif
