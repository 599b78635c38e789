/* Security descriptors from text. */
#ifndef NPIPE_SRC_SECURITY_H
#define NPIPE_SRC_SECURITY_H

#include <windows.h>

#include <npipe/error.h>
#include <npipe/loop.h>

/* np__security_from_sddl makes a descriptor of `sddl`, UTF-8. Free it with
 * LocalFree. Returns NP_OK, ERROR_NO_UNICODE_TRANSLATION,
 * ERROR_NOT_ENOUGH_MEMORY or what Windows said. */
np_error np__security_from_sddl(np_loop *loop, const char *sddl,
                                PSECURITY_DESCRIPTOR *descriptor);

#endif
