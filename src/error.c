#include <npipe/error.h>

#include <stddef.h>
#include <windows.h>

_Static_assert(NP_OK == ERROR_SUCCESS, "0 is success");
_Static_assert(NP_WOULD_BLOCK == WSAEWOULDBLOCK, "see npipe/error.h");

typedef struct error_entry {
  np_error error;
  const char *name;
  const char *text;
} error_entry;

#define ENTRY(name, text) \
  { name, #name, text }

/* In the order of their numbers. */
static const error_entry entries[] = {
    ENTRY(NP_OK, "success"),
    ENTRY(ERROR_INVALID_FUNCTION, "the call does not apply to this end"),
    ENTRY(ERROR_FILE_NOT_FOUND, "there is no pipe of that name"),
    ENTRY(ERROR_PATH_NOT_FOUND, "there is no such path"),
    ENTRY(ERROR_ACCESS_DENIED,
          "the pipe's direction or its security does not allow it"),
    ENTRY(ERROR_INVALID_HANDLE, "the handle is closed or is no pipe's"),
    ENTRY(ERROR_NOT_ENOUGH_MEMORY, "there is not enough memory"),
    ENTRY(ERROR_INVALID_DATA, "the length field is too small for a frame"),
    ENTRY(ERROR_HANDLE_EOF, "the stream ended inside of a frame"),
    ENTRY(ERROR_NOT_SUPPORTED, "the request is not supported"),
    ENTRY(ERROR_INVALID_PARAMETER, "an argument is not valid"),
    ENTRY(ERROR_BROKEN_PIPE, "the peer closed its end"),
    ENTRY(ERROR_BUFFER_OVERFLOW, "the frame is longer than the maximum"),
    ENTRY(ERROR_CALL_NOT_IMPLEMENTED, "this system cannot do it"),
    ENTRY(ERROR_SEM_TIMEOUT, "no instance became free in time"),
    ENTRY(ERROR_INSUFFICIENT_BUFFER, "the buffer is too small"),
    ENTRY(ERROR_INVALID_NAME, "that is no name of a pipe"),
    ENTRY(ERROR_BUSY, "it is in use"),
    ENTRY(ERROR_ALREADY_EXISTS, "it exists already"),
    ENTRY(ERROR_FILENAME_EXCED_RANGE, "the name is too long"),
    ENTRY(ERROR_PIPE_LOCAL, "the peer is on this machine"),
    ENTRY(ERROR_BAD_PIPE, "the pipe is in a state that does not allow it"),
    ENTRY(ERROR_PIPE_BUSY, "all instances of the pipe are in use"),
    ENTRY(ERROR_NO_DATA, "the peer is closing its end, or nothing is there"),
    ENTRY(ERROR_PIPE_NOT_CONNECTED, "the server disconnected the pipe"),
    ENTRY(ERROR_MORE_DATA, "there is more of this message"),
    ENTRY(WAIT_TIMEOUT, "the time limit passed"),
    ENTRY(ERROR_ARITHMETIC_OVERFLOW, "the length does not fit into 64 bits"),
    ENTRY(ERROR_PIPE_CONNECTED, "a client is connected already"),
    ENTRY(ERROR_PIPE_LISTENING, "no client has connected yet"),
    ENTRY(ERROR_ABANDONED_WAIT_0, "the completion port was closed"),
    ENTRY(ERROR_OPERATION_ABORTED, "the operation was cancelled"),
    ENTRY(ERROR_IO_PENDING, "the operation is in flight"),
    ENTRY(ERROR_NO_UNICODE_TRANSLATION, "the text is not UTF-8"),
    ENTRY(ERROR_NOT_FOUND, "there is nothing of the kind"),
    ENTRY(ERROR_PRIVILEGE_NOT_HELD, "a privilege is missing"),
    ENTRY(ERROR_INVALID_ACL, "the access control list is not valid"),
    ENTRY(ERROR_INVALID_SID, "the security identifier is not valid"),
    ENTRY(ERROR_BAD_IMPERSONATION_LEVEL,
          "a callback did not revert, or the client allows too little"),
    ENTRY(ERROR_CANT_OPEN_ANONYMOUS, "the client does not say who it is"),
    ENTRY(ERROR_CANNOT_IMPERSONATE,
          "nothing was read from the client yet, so it cannot be impersonated"),
    ENTRY(ERROR_WRONG_TARGET_NAME, "the server is not the one demanded"),
    ENTRY(ERROR_NO_SYSTEM_RESOURCES, "the system is short of resources"),
    ENTRY(ERROR_WORKING_SET_QUOTA, "the working set quota is used up"),
    ENTRY(ERROR_NOT_ENOUGH_QUOTA, "the memory quota is used up"),
    ENTRY(NP_WOULD_BLOCK, "the call would have to wait"),
};

#undef ENTRY

static const error_entry *find(np_error error) {
  for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++) {
    if (entries[i].error == error) {
      return &entries[i];
    }
  }
  return NULL;
}

const char *np_error_name(np_error error) {
  const error_entry *entry = find(error);

  return entry != NULL ? entry->name : "ERROR_?";
}

const char *np_error_text(np_error error) {
  const error_entry *entry = find(error);

  return entry != NULL ? entry->text : "Windows reported another error";
}

bool np_is_eof(np_error error) {
  return error == ERROR_BROKEN_PIPE;
}

bool np_is_retryable(np_error error) {
  switch (error) {
    case ERROR_PIPE_BUSY:
    case ERROR_NOT_ENOUGH_MEMORY:
    case ERROR_NO_SYSTEM_RESOURCES:
    case ERROR_WORKING_SET_QUOTA:
    case ERROR_NOT_ENOUGH_QUOTA:
    case NP_WOULD_BLOCK:
      return true;
    default:
      return false;
  }
}
