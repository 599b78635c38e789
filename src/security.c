#include "security.h"

#include <sddl.h>
#include <string.h>

#include "loop.h"
#include "utf16.h"

np_error np__security_from_sddl(np_loop *loop, const char *sddl,
                                PSECURITY_DESCRIPTOR *descriptor) {
  /* No UTF-8 text has more UTF-16 units than bytes, and none is so long that
   * twice as many do not exist. */
  const size_t capacity = strlen(sddl) + 1;
  size_t units = 0;
  np_error error;
  WCHAR *text;

  text = np__loop_new(loop, capacity * sizeof *text);
  if (text == NULL) {
    return ERROR_NOT_ENOUGH_MEMORY;
  }
  error = np__utf16_from_utf8(sddl, text, capacity, &units);
  if (error == NP_OK && !ConvertStringSecurityDescriptorToSecurityDescriptorW(
                            text, SDDL_REVISION_1, descriptor, NULL)) {
    error = GetLastError();
  }
  np__loop_free(loop, text);
  return error;
}
