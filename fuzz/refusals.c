/* Calls that the library must refuse before it asks the kernel: NULL pipes and
 * invalid arguments. Each gives ERROR_INVALID_PARAMETER and no callback. */
#include "refusals.h"

static void on_op(np_op *op, np_error error, size_t transferred) {
  (void)op, (void)error, (void)transferred;
  fuzz_law(false, "what was refused is called back");
}

static void on_task(np_task *task) {
  (void)task;
  fuzz_law(false, "a task that was refused runs");
}

static void on_client(np_client_request *request, np_error error,
                      np_pipe *client) {
  (void)request, (void)error, (void)client;
  fuzz_law(false, "a request that was refused is told");
}

static void on_pipe(np_listener *listener, np_pipe *pipe) {
  (void)listener, (void)pipe;
  fuzz_law(false, "a listener that was refused hands out a pipe");
}

#define REFUSED(call)                                             \
  do {                                                            \
    const np_error error_ = (call);                               \
    fuzz_law(error_ == ERROR_INVALID_PARAMETER, #call " gave %s", \
             np_error_name(error_));                              \
  } while (0)

static void without_pipe(np_op *op) {
  size_t count = 0;
  uint32_t id = 0;
  char text[8];
  np_info info = {.size = sizeof info};
  np_peek peek = {.size = sizeof peek};

  REFUSED(np_pipe_read(NULL, NULL, 0, op, on_op));
  REFUSED(np_pipe_write(NULL, NULL, 0, op, on_op));
  REFUSED(np_pipe_readv(NULL, NULL, 0, op, on_op));
  REFUSED(np_pipe_writev(NULL, NULL, 0, op, on_op));
  REFUSED(np_pipe_shutdown(NULL, op, on_op));
  REFUSED(np_pipe_transact(NULL, NULL, 0, NULL, 0, op, on_op));
  REFUSED(np_pipe_ready(NULL, NP_READABLE, op, on_op));
  REFUSED(np_pipe_try_read(NULL, NULL, 0, &count));
  REFUSED(np_pipe_try_write(NULL, NULL, 0, &count));
  REFUSED(np_pipe_try_readv(NULL, NULL, 0, &count));
  REFUSED(np_pipe_try_writev(NULL, NULL, 0, &count));
  REFUSED(np_pipe_peek(NULL, NULL, 0, &peek));
  REFUSED(np_pipe_info(NULL, &info));
  REFUSED(np_pipe_set_read_mode(NULL, NP_BYTE));
  REFUSED(np_pipe_peer_process_id(NULL, &id));
  REFUSED(np_pipe_peer_session_id(NULL, &id));
  REFUSED(np_pipe_peer_user(NULL, text, sizeof text));
  REFUSED(np_pipe_peer_computer(NULL, text, sizeof text));
  REFUSED(np_pipe_impersonate(NULL));
  REFUSED(np_pipe_revert(NULL));
  REFUSED(np_server_connect(NULL, op, on_op));
  REFUSED(np_server_disconnect(NULL));
  REFUSED(np_op_cancel(NULL));
  fuzz_law(np_pipe_close(NULL, NULL) == NP_OK, "NULL cannot be closed");
  fuzz_law(np_pipe_handle(NULL) == INVALID_HANDLE_VALUE &&
               np_pipe_loop(NULL) == NULL && np_pipe_user(NULL) == NULL,
           "NULL has a handle, a loop or a user");
}

static void without_channel(np_op *op) {
  np_call call = {.op = {.timeout_ms = 0}};
  np_pipe *pipe = NULL;
  np_channel *channel = NULL;

  REFUSED(np_channel_create(NULL, NULL, &channel));
  REFUSED(np_channel_send(NULL, NULL, 0, op, on_op));
  REFUSED(np_channel_send_reserved(NULL, NULL, 0, op, on_op));
  REFUSED(np_channel_receive(NULL, op, on_op));
  REFUSED(np_channel_receive_into(NULL, NULL, 0, op, on_op));
  REFUSED(np_channel_call(NULL, NULL, 0, &call, on_op));
  REFUSED(np_channel_shutdown(NULL, op, on_op));
  REFUSED(np_channel_detach(NULL, &pipe));
  fuzz_law(np_channel_close(NULL, NULL) == NP_OK, "NULL cannot be closed");
  fuzz_law(np_channel_pipe(NULL) == NULL && np_channel_user(NULL) == NULL &&
               np_channel_data(NULL) == NULL &&
               np_channel_header_bytes(NULL) == 0,
           "NULL has a pipe, a user, data or a header");
}

static void without_loop(void) {
  np_client_request request;
  np_listener *listener = NULL;
  np_pipe *pipe = NULL;
  np_timer timer = {0};
  np_task task = {0};

  np_client_request_init(&request);
  REFUSED(np_loop_create(NULL, NULL));
  REFUSED(np_loop_run(NULL));
  REFUSED(np_loop_run_once(NULL, 0));
  REFUSED(np_loop_stop(NULL));
  REFUSED(np_loop_post(NULL, &task, on_task));
  REFUSED(np_loop_dispatch(NULL, NULL, 0));
  REFUSED(np_timer_start(NULL, &timer, 0, NULL));
  REFUSED(np_server_create(NULL, "\\\\.\\pipe\\x", NULL, &pipe));
  REFUSED(np_client_open(NULL, "\\\\.\\pipe\\x", NULL, &pipe));
  REFUSED(np_pipe_adopt(NULL, NULL, &pipe));
  REFUSED(
      np_client_connect(NULL, &request, "\\\\.\\pipe\\x", NULL, 0, on_client));
  REFUSED(np_client_connect_cancel(NULL));
  REFUSED(np_listener_create(NULL, "\\\\.\\pipe\\x", NULL, on_pipe, &listener));
  REFUSED(np_listener_recycle(NULL));
  fuzz_law(
      np_listener_close(NULL, NULL) == NP_OK && np_loop_destroy(NULL) == NP_OK,
      "NULL cannot be closed");
  fuzz_law(np_listener_loop(NULL) == NULL && np_listener_user(NULL) == NULL &&
               np_loop_port(NULL) == NULL && !np_loop_is_pending(NULL) &&
               np_loop_wait_ms(NULL) == INFINITE,
           "NULL has a loop, a user or a port");
  fuzz_law(np_version()[0] != '\0', "there is no version");
}

static void with_pipe(struct stage *stage, np_pipe *pipe, np_op *op) {
  np_ready_options ready;
  np_channel_options options;
  np_channel *channel = NULL;
  np_listener_options listening;
  np_listener *listener = NULL;
  np_info info = {.size = 1};
  np_peek peek = {.size = 1};

  REFUSED(np_pipe_read(pipe, NULL, 1, op, on_op));
  REFUSED(np_pipe_write(pipe, NULL, 1, op, on_op));
  REFUSED(np_pipe_read(pipe, NULL, 0, NULL, on_op));
  REFUSED(np_pipe_readv(pipe, NULL, 1, op, on_op));
  REFUSED(np_pipe_writev(pipe, NULL, 1, op, on_op));
  REFUSED(np_pipe_transact(pipe, NULL, 1, NULL, 0, op, on_op));
  REFUSED(np_pipe_ready(pipe, 0, op, on_op));
  REFUSED(np_pipe_ready(pipe, 16, op, on_op));
  REFUSED(np_pipe_info(pipe, &info));
  REFUSED(np_pipe_peek(pipe, NULL, 0, &peek));
  REFUSED(np_pipe_set_read_mode(pipe, (np_mode)9));
  np_ready_options_init(&ready);
  ready.size = 0;
  REFUSED(np_pipe_set_ready_options(pipe, &ready));
  np_channel_options_init(&options);
  options.framing = (np_framing)9;
  REFUSED(np_channel_create(pipe, &options, &channel));
  np_channel_options_init(&options);
  options.read_buffer_bytes = 0;
  REFUSED(np_channel_create(pipe, &options, &channel));
  np_listener_options_init(&listening);
  listening.backlog = 0;
  REFUSED(np_listener_create(stage->loop, stage->name, &listening, on_pipe,
                             &listener));
  fuzz_law(np_listener_recycle(pipe) == ERROR_NOT_FOUND,
           "a pipe of no listener can be given back");
  fuzz_law(np_op_cancel(op) == ERROR_NOT_FOUND,
           "an operation that never began can be cancelled");
}

void refusals_check(struct stage *stage, np_pipe *pipe) {
  np_op op;

  np_op_init(&op);
  without_pipe(&op);
  without_channel(&op);
  without_loop();
  if (pipe != NULL) {
    with_pipe(stage, pipe, &op);
  }
  fuzz_law(np_loop_run(stage->loop) == NP_OK, "a loop with nothing to do");
}
