/* Client ends: np_client_open, and the one function that opens a client end for
 * it and for waiting requests. Checks of the server run before the first byte
 * is written. */
#include "client.h"

#include <string.h>

#include "identity.h"
#include "pipe.h"

void np_client_options_init(np_client_options *options) {
  if (options != NULL) {
    memset(options, 0, sizeof *options);
    options->size = sizeof *options;
    options->read = true;
    options->write = true;
    options->read_mode = NP_BYTE;
    options->security_qos = SECURITY_IDENTIFICATION;
  }
}

bool np__client_options_are_valid(const np_client_options *options) {
  return options->size == sizeof *options &&
         (options->read || options->write) &&
         (options->read_mode == NP_BYTE || options->read_mode == NP_MESSAGE) &&
         (options->security_qos & ~(DWORD)SECURITY_VALID_SQOS_FLAGS) == 0 &&
         !np__pipe_is_inheritable(options->security_attributes);
}

/* sets_read_mode returns whether the client must set its read mode. A client
 * end starts in byte reads; only an end that goes by the network starts in the
 * mode of the pipe's type.
 * Source: TransactNamedPipe, Remarks */
static bool sets_read_mode(const np__name *name,
                           const np_client_options *options) {
  return options->read_mode == NP_MESSAGE || np__name_is_remote(name);
}

/* open_pipe opens the pipe. On failure it returns INVALID_HANDLE_VALUE with the
 * last error. CreateFile itself adds the right to query the pipe
 * (FILE_READ_ATTRIBUTES). */
static HANDLE open_pipe(const np__name *name,
                        const np_client_options *options) {
  DWORD access = 0;

  access |= options->read ? GENERIC_READ : 0u;
  access |= options->write ? GENERIC_WRITE : 0u;
  if (!options->write && sets_read_mode(name, options)) {
    access |= FILE_WRITE_ATTRIBUTES; /* for np__pipe_set_handle_mode */
  }
  return CreateFileW(
      name->text, access, 0,
      (SECURITY_ATTRIBUTES *)options->security_attributes, OPEN_EXISTING,
      FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | options->security_qos,
      NULL);
}

np_error np__client_open(np_loop *loop, const np__name *name,
                         const np_client_options *options, np_pipe **client) {
  np_pipe *made = NULL;
  HANDLE handle = INVALID_HANDLE_VALUE;
  np__sid owner;
  np_error error;

  if (options->verify_owner != NULL) {
    error = np__sid_parse(&owner, options->verify_owner);
    if (error != NP_OK) {
      return error;
    }
  }
  /* The memory is allocated first, so that a failure uses up no instance. */
  made = np__pipe_new(loop, NP_CLIENT);
  if (made == NULL) {
    return ERROR_NOT_ENOUGH_MEMORY;
  }
  handle = open_pipe(name, options);
  if (handle == INVALID_HANDLE_VALUE) {
    error = GetLastError();
    goto cleanup;
  }
  error = np__identity_verify(loop, handle, options,
                              options->verify_owner != NULL ? &owner : NULL);
  if (error != NP_OK) {
    goto cleanup;
  }
  if (sets_read_mode(name, options)) {
    error = np__pipe_set_handle_mode(handle, options->read_mode);
    if (error != NP_OK) {
      goto cleanup;
    }
  }
  error = np__pipe_open(made, handle);
  if (error != NP_OK) {
    goto cleanup;
  }
  made->readable = options->read;
  made->writable = options->write;
  made->state = NP_CONNECTED;
  made->read_mode = options->read_mode == NP_MESSAGE;
  made->target.answers_late = np__name_is_remote(name);
  *client = made; /* Moves to the caller on success only. */
  made = NULL;
  handle = INVALID_HANDLE_VALUE;

cleanup:
  if (handle != INVALID_HANDLE_VALUE) {
    CloseHandle(handle);
  }
  np__pipe_discard(made);
  return error;
}

np_error np_client_open(np_loop *loop, const char *name,
                        const np_client_options *options, np_pipe **client) {
  np_client_options defaults;
  np__name wide_name;
  np_error error;

  np__loop_check_thread(loop);
  if (options == NULL) {
    np_client_options_init(&defaults);
    options = &defaults;
  }
  if (loop == NULL || client == NULL ||
      !np__client_options_are_valid(options)) {
    return ERROR_INVALID_PARAMETER;
  }
  error = np__name_parse(&wide_name, name, false);
  if (error != NP_OK) {
    return error;
  }
  return np__client_open(loop, &wide_name, options, client);
}
