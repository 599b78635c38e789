/* The security of a new pipe: the access preset, SDDL or descriptor in the
 * server's options, as CreateNamedPipe takes it. */
#ifndef NPIPE_SRC_ACCESS_H
#define NPIPE_SRC_ACCESS_H

#include <stdbool.h>
#include <windows.h>

#include <npipe/server.h>

/* The security that a server's options ask for, in the form for
 * CreateNamedPipe. */
typedef struct np__security {
  SECURITY_ATTRIBUTES attributes;
  void *made;       /* the descriptor made from the options, or NULL */
  ULONG made_bytes; /* its size */
  bool is_preset;   /* a preset: it names the owner and the admitted users */
} np__security;

/* np__security_options_are_valid returns true if the options set the pipe's
 * security in at most one way. */
bool np__security_options_are_valid(const np_server_options *options);

/* np__security_init builds the security that valid options ask for. After NP_OK
 * the caller frees it with np__security_deinit. Returns NP_OK,
 * ERROR_NO_UNICODE_TRANSLATION, ERROR_NOT_ENOUGH_MEMORY or the error of
 * Windows. */
np_error np__security_init(np__security *security, np_loop *loop,
                           const np_server_options *options);
void np__security_deinit(np__security *security);

#endif
