/* Client ends: open an instance that listens. */
#ifndef NPIPE_CLIENT_H
#define NPIPE_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <windows.h>

#include <npipe/api.h>
#include <npipe/error.h>
#include <npipe/loop.h>
#include <npipe/pipe.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Options of a client end; np_client_options_init fills them.
 *
 * size                 of this struct, in bytes
 * read, write          what this end wants to do; default both, at least one.
 *                      Must fit the server's direction
 * read_mode            default NP_BYTE; NP_MESSAGE needs a pipe of that type,
 *                      and works for an end that only reads, too
 * security_qos         what the server may do in this client's name: a level
 *                      (SECURITY_ANONYMOUS, SECURITY_IDENTIFICATION, the
 *                      default, SECURITY_IMPERSONATION, SECURITY_DELEGATION)
 *                      and SECURITY_CONTEXT_TRACKING, SECURITY_EFFECTIVE_ONLY.
 *                      SECURITY_SQOS_PRESENT is always added; no further bit
 *                      may be set
 * security_attributes  only its bInheritHandle means something to a client;
 *                      borrowed for the call; NULL: not inheritable */
typedef struct np_client_options {
  size_t size;
  bool read;
  bool write;
  np_mode read_mode;
  uint32_t security_qos;
  const SECURITY_ATTRIBUTES *security_attributes;
} np_client_options;

/* np_client_options_init fills `options` with the defaults. NULL is ignored.
 *
 * Thread:  any.
 */
NP_API void np_client_options_init(np_client_options *options);

/* np_client_open opens an instance of `name` that listens. It never waits for
 * one; a name on another machine makes it wait for the network.
 *
 * An end that only reads, in message mode, also asks for the right to set its
 * read mode (FILE_WRITE_ATTRIBUTES).
 *
 * name     UTF-8, `\\.\pipe\NAME` or `\\HOST\pipe\NAME`, at most 256 UTF-16
 *          units in all; borrowed
 * options  borrowed for the call; NULL: the defaults
 * client   set on success only; a step that fails leaves no handle behind
 *
 * Returns NP_OK. ERROR_INVALID_PARAMETER: a NULL, an option that the struct's
 * comment rules out, or message reads from a byte pipe. ERROR_INVALID_NAME,
 * ERROR_FILENAME_EXCED_RANGE, ERROR_NO_UNICODE_TRANSLATION: see
 * np_server_create. ERROR_NOT_ENOUGH_MEMORY. ERROR_FILE_NOT_FOUND: no such
 * pipe. ERROR_PIPE_BUSY: all its instances are taken, try again later.
 * ERROR_ACCESS_DENIED: its direction or its security does not allow it. Else
 * what Windows said.
 *
 * Thread:  the loop's only; fine from a callback.
 * Source:  CreateFile (Pipes); Named Pipe Client
 *          learn.microsoft.com/windows/win32/api/fileapi/nf-fileapi-createfilew
 */
NP_API np_error np_client_open(np_loop *loop, const char *name,
                               const np_client_options *options,
                               np_pipe **client);

#ifdef __cplusplus
}
#endif

#endif
