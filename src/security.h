/* What a pipe lets whom do. */
#ifndef NPIPE_SRC_SECURITY_H
#define NPIPE_SRC_SECURITY_H

#include <stdbool.h>
#include <windows.h>

#include <npipe/server.h>

/* What the options of a server ask for, as CreateNamedPipe takes it. */
typedef struct np__security {
  SECURITY_ATTRIBUTES attributes;
  void *made;       /* the descriptor that was made of the options, or NULL */
  ULONG made_bytes; /* its size */
  bool is_preset;   /* it says who the owner is, and who else gets in */
} np__security;

/* np__security_options_are_valid tells whether the options say at most once
 * what the pipe lets whom do. */
bool np__security_options_are_valid(const np_server_options *options);

/* np__security_init makes of valid options what they ask for. After NP_OK free
 * it with np__security_deinit. Returns NP_OK, ERROR_NO_UNICODE_TRANSLATION,
 * ERROR_NOT_ENOUGH_MEMORY or what Windows said. */
np_error np__security_init(np__security *security, np_loop *loop,
                           const np_server_options *options);
void np__security_deinit(np__security *security);

#endif
