/* The errors that the public headers allow for each function. A fault must not
 * give any other error. */
#include "documented.h"

#include <string.h>

enum { CODES_MAX = 9 };

/* `says` is the Windows function whose errors the header passes on; "*": any
 * function; NULL: none. `codes` are further errors that the header names, if a
 * scenario can cause them. */
static const struct {
  const char *function;
  const char *says;
  np_error codes[CODES_MAX];
} documented[] = {
    {"np_loop_create", "*", {ERROR_NOT_ENOUGH_MEMORY}},
    {"np_loop_run", "GetQueuedCompletionStatusEx", {0}},
    {"np_loop_run_once", "GetQueuedCompletionStatusEx", {WAIT_TIMEOUT}},
    {"np_loop_stop", "PostQueuedCompletionStatus", {0}},
    {"np_loop_post", "PostQueuedCompletionStatus", {0}},
    {"np_server_create",
     "*",
     {ERROR_NOT_ENOUGH_MEMORY, ERROR_ACCESS_DENIED, ERROR_PIPE_BUSY}},
    {"np_client_open",
     "*",
     {ERROR_NOT_ENOUGH_MEMORY, ERROR_FILE_NOT_FOUND, ERROR_PIPE_BUSY,
      ERROR_ACCESS_DENIED, ERROR_WRONG_TARGET_NAME}},
    {"np_client_connect",
     "*",
     {ERROR_NOT_ENOUGH_MEMORY, ERROR_FILE_NOT_FOUND, ERROR_ACCESS_DENIED,
      ERROR_WRONG_TARGET_NAME, ERROR_OPERATION_ABORTED, WAIT_TIMEOUT}},
    {"np_server_connect",
     "*",
     {ERROR_PIPE_CONNECTED, ERROR_NO_DATA, ERROR_OPERATION_ABORTED,
      WAIT_TIMEOUT, ERROR_PIPE_NOT_CONNECTED}},
    {"np_server_disconnect", "*", {ERROR_PIPE_NOT_CONNECTED}},
    {"np_listener_create",
     "*",
     {ERROR_NOT_ENOUGH_MEMORY, ERROR_ACCESS_DENIED, ERROR_PIPE_BUSY}},
    {"np_listener_error_fn",
     "*",
     {ERROR_NOT_ENOUGH_MEMORY, ERROR_ACCESS_DENIED, ERROR_PIPE_BUSY}},
    {"np_pipe_read",
     "*",
     {ERROR_MORE_DATA, ERROR_BROKEN_PIPE, ERROR_PIPE_NOT_CONNECTED,
      ERROR_PIPE_LISTENING, ERROR_OPERATION_ABORTED, WAIT_TIMEOUT}},
    {"np_pipe_write",
     "*",
     {ERROR_NO_DATA, ERROR_BROKEN_PIPE, ERROR_PIPE_NOT_CONNECTED,
      ERROR_PIPE_LISTENING, ERROR_OPERATION_ABORTED, WAIT_TIMEOUT}},
    /* The result can be the error of an earlier write. */
    {"np_pipe_shutdown",
     "*",
     {ERROR_OPERATION_ABORTED, WAIT_TIMEOUT, ERROR_PIPE_NOT_CONNECTED}},
    {"np_pipe_readv",
     "*",
     {ERROR_NOT_ENOUGH_MEMORY, ERROR_MORE_DATA, ERROR_BROKEN_PIPE,
      ERROR_PIPE_NOT_CONNECTED, ERROR_OPERATION_ABORTED}},
    {"np_pipe_writev",
     "*",
     {ERROR_NOT_ENOUGH_MEMORY, ERROR_NO_DATA, ERROR_BROKEN_PIPE,
      ERROR_PIPE_NOT_CONNECTED, ERROR_OPERATION_ABORTED}},
    {"np_pipe_flush",
     "*",
     {ERROR_NOT_ENOUGH_MEMORY, ERROR_BROKEN_PIPE, ERROR_PIPE_NOT_CONNECTED,
      ERROR_OPERATION_ABORTED, WAIT_TIMEOUT}},
    {"np_pipe_transact",
     "*",
     {ERROR_MORE_DATA, ERROR_PIPE_BUSY, ERROR_BAD_PIPE, ERROR_BROKEN_PIPE,
      ERROR_PIPE_NOT_CONNECTED, ERROR_OPERATION_ABORTED, WAIT_TIMEOUT,
      ERROR_INVALID_STATE}},
    {"np_pipe_peek",
     "*",
     {ERROR_NOT_ENOUGH_MEMORY, ERROR_BROKEN_PIPE, ERROR_BAD_PIPE,
      ERROR_PIPE_NOT_CONNECTED}},
    {"np_pipe_set_read_mode", "*", {ERROR_PIPE_NOT_CONNECTED}},
    {"np_pipe_set_ready_options", NULL, {ERROR_NOT_ENOUGH_MEMORY}},
    {"np_pipe_ready",
     NULL,
     {ERROR_NOT_ENOUGH_MEMORY, ERROR_OPERATION_ABORTED, WAIT_TIMEOUT,
      ERROR_PIPE_NOT_CONNECTED}},
    {"np_pipe_try_io", NULL, {ERROR_NOT_ENOUGH_MEMORY, NP_WOULD_BLOCK}},
    {"np_pipe_async_io",
     NULL,
     {ERROR_NOT_ENOUGH_MEMORY, ERROR_OPERATION_ABORTED, WAIT_TIMEOUT,
      ERROR_PIPE_NOT_CONNECTED}},
    {"np_pipe_try_read",
     "*",
     {NP_WOULD_BLOCK, ERROR_NOT_ENOUGH_MEMORY, ERROR_BROKEN_PIPE,
      ERROR_PIPE_NOT_CONNECTED, ERROR_PIPE_LISTENING}},
    {"np_pipe_try_readv",
     "*",
     {NP_WOULD_BLOCK, ERROR_NOT_ENOUGH_MEMORY, ERROR_BROKEN_PIPE,
      ERROR_PIPE_NOT_CONNECTED, ERROR_PIPE_LISTENING}},
    {"np_pipe_try_write",
     "*",
     {NP_WOULD_BLOCK, ERROR_NOT_ENOUGH_MEMORY, ERROR_NO_DATA, ERROR_BROKEN_PIPE,
      ERROR_PIPE_NOT_CONNECTED, ERROR_OPERATION_ABORTED}},
    {"np_pipe_try_writev",
     "*",
     {NP_WOULD_BLOCK, ERROR_NOT_ENOUGH_MEMORY, ERROR_NO_DATA, ERROR_BROKEN_PIPE,
      ERROR_PIPE_NOT_CONNECTED, ERROR_OPERATION_ABORTED}},
    {"np_pipe_peer_process_id", "*", {ERROR_NOT_FOUND}},
    {"np_pipe_peer_session_id", "*", {ERROR_NOT_FOUND}},
    {"np_pipe_peer_user",
     "*",
     {ERROR_CANNOT_IMPERSONATE, ERROR_NOT_ENOUGH_MEMORY}},
    {"np_pipe_peer_computer", "*", {ERROR_PIPE_LOCAL}},
    {"np_pipe_impersonate", "*", {ERROR_CANNOT_IMPERSONATE}},
    {"np_pipe_revert", "*", {0}},
    {"np_channel_create", "*", {ERROR_NOT_ENOUGH_MEMORY}},
    {"np_channel_detach", NULL, {ERROR_BUSY}},
    {"np_channel_send",
     "*",
     {ERROR_NOT_ENOUGH_MEMORY, ERROR_NO_DATA, ERROR_BROKEN_PIPE,
      ERROR_PIPE_NOT_CONNECTED, ERROR_OPERATION_ABORTED, WAIT_TIMEOUT}},
    {"np_channel_send_reserved",
     "*",
     {ERROR_NOT_ENOUGH_MEMORY, ERROR_NO_DATA, ERROR_BROKEN_PIPE,
      ERROR_PIPE_NOT_CONNECTED, ERROR_OPERATION_ABORTED, WAIT_TIMEOUT}},
    {"np_channel_shutdown",
     "*",
     {ERROR_NOT_ENOUGH_MEMORY, ERROR_NO_DATA, ERROR_BROKEN_PIPE,
      ERROR_PIPE_NOT_CONNECTED, ERROR_OPERATION_ABORTED, WAIT_TIMEOUT}},
    {"np_channel_receive",
     "*",
     {ERROR_NOT_ENOUGH_MEMORY, ERROR_BUFFER_OVERFLOW, ERROR_BROKEN_PIPE,
      ERROR_HANDLE_EOF, ERROR_PIPE_NOT_CONNECTED, ERROR_OPERATION_ABORTED,
      WAIT_TIMEOUT}},
    {"np_channel_receive_into",
     "*",
     {ERROR_NOT_ENOUGH_MEMORY, ERROR_INSUFFICIENT_BUFFER, ERROR_BUFFER_OVERFLOW,
      ERROR_BROKEN_PIPE, ERROR_HANDLE_EOF, ERROR_PIPE_NOT_CONNECTED,
      ERROR_OPERATION_ABORTED, WAIT_TIMEOUT}},
    {"np_channel_call",
     "*",
     {ERROR_NOT_ENOUGH_MEMORY, ERROR_NO_DATA, ERROR_BROKEN_PIPE,
      ERROR_HANDLE_EOF, ERROR_PIPE_NOT_CONNECTED, ERROR_OPERATION_ABORTED,
      WAIT_TIMEOUT, ERROR_PIPE_BUSY, ERROR_INVALID_STATE}},
    {"np_op_cancel", "CancelIoEx", {ERROR_NOT_FOUND}},
    {"np_pipe_info", "*", {ERROR_PIPE_NOT_CONNECTED}},
    {"np_pipe_adopt",
     "*",
     {ERROR_NOT_ENOUGH_MEMORY, ERROR_INVALID_HANDLE, ERROR_ACCESS_DENIED,
      ERROR_PIPE_NOT_CONNECTED}},
};

bool is_documented(const char *function, np_error error,
                   const struct plan *plan) {
  if (strncmp(function, "np_", 3) != 0) {
    return true;
  }
  /* If CancelIoEx fails, the operation ends by the close of the handle, with
   * whatever error Windows gives. */
  if (plan->function != NULL && strcmp(plan->function, "CancelIoEx") == 0) {
    return true;
  }
  for (size_t i = 0; i < sizeof documented / sizeof documented[0]; i++) {
    const char *says = documented[i].says;

    if (strcmp(documented[i].function, function) != 0) {
      continue;
    }
    for (int k = 0; k < CODES_MAX && documented[i].codes[k] != NP_OK; k++) {
      if (documented[i].codes[k] == error) {
        return true;
      }
    }
    return says != NULL && plan->function != NULL &&
           (strcmp(says, "*") == 0 || strcmp(says, plan->function) == 0) &&
           error == plan_error(plan);
  }
  return false;
}
