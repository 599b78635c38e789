/* The names and sentences of error codes, and the predicates that group them.
 * An error is the Win32 code itself, never translated. */
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

/* The entries, in the order of their numbers. */
static const error_entry error_entries[] = {
    ENTRY(NP_OK, "success"),
    ENTRY(ERROR_INVALID_FUNCTION, "the call does not apply to this end"),
    ENTRY(ERROR_FILE_NOT_FOUND, "there is no pipe of that name"),
    ENTRY(ERROR_PATH_NOT_FOUND, "there is no such path"),
    ENTRY(ERROR_TOO_MANY_OPEN_FILES, "the process has too many handles"),
    ENTRY(ERROR_ACCESS_DENIED,
          "the pipe's direction or its security does not allow it"),
    ENTRY(ERROR_INVALID_HANDLE, "the handle is closed or is no pipe's"),
    ENTRY(ERROR_NOT_ENOUGH_MEMORY, "there is not enough memory"),
    ENTRY(ERROR_INVALID_DATA,
          "a frame's length, or the system's answer, is impossible"),
    ENTRY(ERROR_WRITE_PROTECT, "the pipe may not be written to"),
    ENTRY(ERROR_BAD_LENGTH, "the length does not fit the request"),
    ENTRY(ERROR_GEN_FAILURE,
          "the system failed for a reason that it does not tell"),
    ENTRY(ERROR_SHARING_VIOLATION,
          "the handle is not the only one of its pipe end"),
    ENTRY(ERROR_HANDLE_EOF, "the stream ended inside of a frame"),
    ENTRY(ERROR_NOT_SUPPORTED, "the request is not supported"),
    ENTRY(ERROR_REM_NOT_LIST, "the other machine is not reachable"),
    ENTRY(ERROR_BAD_NETPATH, "there is no machine of that name"),
    ENTRY(ERROR_NETWORK_BUSY, "the network is busy"),
    ENTRY(ERROR_DEV_NOT_EXIST, "the share with the pipe is no longer there"),
    ENTRY(ERROR_BAD_NET_RESP,
          "the other machine gave an answer that means nothing"),
    ENTRY(ERROR_UNEXP_NET_ERR,
          "the network failed for a reason that it does not tell"),
    ENTRY(ERROR_BAD_REM_ADAP,
          "the other machine's network does not fit this one's"),
    ENTRY(ERROR_NETNAME_DELETED,
          "the connection to the other machine was lost"),
    ENTRY(ERROR_NETWORK_ACCESS_DENIED,
          "the other machine does not let the caller in"),
    ENTRY(ERROR_BAD_DEV_TYPE, "that is no pipe but another kind of thing"),
    ENTRY(ERROR_BAD_NET_NAME, "the other machine offers no pipes"),
    ENTRY(ERROR_TOO_MANY_SESS, "the other machine has too many sessions"),
    ENTRY(ERROR_REQ_NOT_ACCEP, "the other machine takes no more connections"),
    ENTRY(ERROR_INVALID_PARAMETER, "an argument is not valid"),
    ENTRY(ERROR_BROKEN_PIPE, "the peer closed its end"),
    ENTRY(ERROR_OPEN_FAILED, "the pipe could not be opened"),
    ENTRY(ERROR_BUFFER_OVERFLOW, "the frame is longer than the maximum"),
    ENTRY(ERROR_DISK_FULL, "there is no room left"),
    ENTRY(ERROR_CALL_NOT_IMPLEMENTED, "this system cannot do it"),
    ENTRY(ERROR_SEM_TIMEOUT, "no instance became free in time"),
    ENTRY(ERROR_INSUFFICIENT_BUFFER, "the buffer is too small"),
    ENTRY(ERROR_INVALID_NAME, "that is no name of a pipe"),
    ENTRY(ERROR_MOD_NOT_FOUND, "a part of the system is missing"),
    ENTRY(ERROR_PROC_NOT_FOUND, "a function of the system is missing"),
    ENTRY(ERROR_BAD_PATHNAME, "the path is not valid"),
    ENTRY(ERROR_BUSY, "it is in use"),
    ENTRY(ERROR_ALREADY_EXISTS, "it exists already"),
    ENTRY(ERROR_FILENAME_EXCED_RANGE, "the name is too long"),
    ENTRY(ERROR_PIPE_LOCAL, "the peer is on this machine"),
    ENTRY(ERROR_BAD_PIPE, "the pipe is in a state that does not allow it"),
    ENTRY(ERROR_PIPE_BUSY,
          "all instances of the pipe are in use, or a message lies unread"),
    ENTRY(ERROR_NO_DATA, "the peer is closing its end, or nothing is there"),
    ENTRY(ERROR_PIPE_NOT_CONNECTED, "the server disconnected the pipe"),
    ENTRY(ERROR_MORE_DATA, "there is more of this message"),
    ENTRY(ERROR_VC_DISCONNECTED,
          "the session with the other machine was closed"),
    ENTRY(WAIT_TIMEOUT, "the time limit passed"),
    ENTRY(ERROR_INVALID_ADDRESS, "the memory is not the caller's to use"),
    ENTRY(ERROR_ARITHMETIC_OVERFLOW, "the length does not fit into 64 bits"),
    ENTRY(ERROR_PIPE_CONNECTED, "a client is connected already"),
    ENTRY(ERROR_PIPE_LISTENING, "no client has connected yet"),
    ENTRY(ERROR_ABANDONED_WAIT_0, "the completion port was closed"),
    ENTRY(ERROR_OPERATION_ABORTED, "the operation was cancelled"),
    ENTRY(ERROR_IO_PENDING, "the operation is in flight"),
    ENTRY(ERROR_NOACCESS, "the buffer cannot be read or written"),
    ENTRY(ERROR_NO_UNICODE_TRANSLATION, "the text is not UTF-8"),
    ENTRY(ERROR_IO_DEVICE, "the input or output failed"),
    ENTRY(ERROR_NOT_ENOUGH_SERVER_MEMORY, "the server has not enough memory"),
    ENTRY(ERROR_NOT_FOUND, "there is nothing of the kind"),
    ENTRY(ERROR_CONNECTION_REFUSED, "the other machine refuses the connection"),
    ENTRY(ERROR_NETWORK_UNREACHABLE, "there is no way to that network"),
    ENTRY(ERROR_HOST_UNREACHABLE, "there is no way to that machine"),
    ENTRY(ERROR_CONNECTION_ABORTED, "the connection was given up"),
    ENTRY(ERROR_UNKNOWN_REVISION,
          "the security descriptor is of an unknown version"),
    ENTRY(ERROR_INVALID_OWNER, "the caller may not make that user the owner"),
    ENTRY(ERROR_NO_LOGON_SERVERS, "nobody can check the account at this time"),
    ENTRY(ERROR_PRIVILEGE_NOT_HELD, "a privilege is missing"),
    ENTRY(ERROR_LOGON_FAILURE, "the user name or the password is wrong"),
    ENTRY(ERROR_ACCOUNT_RESTRICTION, "the account may not log on in this way"),
    ENTRY(ERROR_NONE_MAPPED, "there is no account of that name"),
    ENTRY(ERROR_INVALID_ACL, "the access control list is not valid"),
    ENTRY(ERROR_INVALID_SID, "the security identifier is not valid"),
    ENTRY(ERROR_INVALID_SECURITY_DESCR, "the security descriptor is not valid"),
    ENTRY(ERROR_BAD_IMPERSONATION_LEVEL,
          "a callback did not revert, or the client allows too little"),
    ENTRY(ERROR_CANT_OPEN_ANONYMOUS, "the client does not say who it is"),
    ENTRY(ERROR_INTERNAL_ERROR, "the system failed inside of its security"),
    ENTRY(ERROR_CANNOT_IMPERSONATE,
          "nothing was read from the client yet, so it cannot be impersonated"),
    ENTRY(ERROR_LOGON_TYPE_NOT_GRANTED,
          "the account may not log on from the network"),
    ENTRY(ERROR_FILE_CORRUPT, "the other machine's answer is damaged"),
    ENTRY(ERROR_WRONG_TARGET_NAME, "the server is not the one demanded"),
    ENTRY(ERROR_NO_SYSTEM_RESOURCES, "the system is short of resources"),
    ENTRY(ERROR_WORKING_SET_QUOTA, "the working set quota is used up"),
    ENTRY(ERROR_COMMITMENT_LIMIT, "the system has no more memory to give"),
    ENTRY(ERROR_TIMEOUT, "the other machine did not answer in time"),
    ENTRY(ERROR_INVALID_USER_BUFFER,
          "the buffer is not valid for this request"),
    ENTRY(ERROR_TRUST_FAILURE,
          "this machine and its domain do not trust each other"),
    ENTRY(ERROR_NOT_ENOUGH_QUOTA, "the memory quota is used up"),
    ENTRY(ERROR_INVALID_STATE,
          "an earlier request went without its reply: whose comes next?"),
    ENTRY(NP_WOULD_BLOCK, "the call would have to wait"),
};

#undef ENTRY

static const error_entry *find_entry(np_error error) {
  for (size_t i = 0; i < sizeof error_entries / sizeof error_entries[0]; i++) {
    if (error_entries[i].error == error) {
      return &error_entries[i];
    }
  }
  return NULL;
}

const char *np_error_name(np_error error) {
  const error_entry *entry = find_entry(error);

  return entry != NULL ? entry->name : "ERROR_?";
}

const char *np_error_text(np_error error) {
  const error_entry *entry = find_entry(error);

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
