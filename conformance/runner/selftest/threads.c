/* A case for each public function that is for the loop's thread alone: a call
 * from another thread, with arguments that the loop's thread could pass. A
 * build with asserts stops there, and `run` checks what it prints.
 * ci/check-coverage compares the table with the headers. */
#include "selftest.h"
#include "world.h"

#include <windows.h>

#include <npipe/npipe.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static np_loop *loop;
static np_pipe *server;
static np_pipe *client;
static np_pipe *made;
static np_listener *listener;
static np_link *link_;
static np_receiver receiver;
static np_link *made_link;
static np_link_options link_options;
static np_link_message queued;
static np_link_message message;
static np_channel *channel;
static np_channel *opposite;
static np_op connect_op;
static np_op read_op;
static np_op op;
static np_call call;
static np_timer timer; /* active */
static np_timer fresh_timer;
static np_task task;
static np_client_request waiting;
static np_name_watch started_watch;
static np_name_watch name_watch;
static np_client_request request;
static np_ready_options ready_options;
static np_peek peek;
static np_info info;
static np_peer peer;
static HANDLE token;
static np_shared *shared;
static np_sender *sender;
static np_buffer part;
static uint32_t number;
static size_t length;
static char text[256];
static char name[WORLD_PIPE_NAME_BYTES_MAX];
static char other_name[WORLD_PIPE_NAME_BYTES_MAX];
static char listener_name[WORLD_PIPE_NAME_BYTES_MAX];
static char nobody[WORLD_PIPE_NAME_BYTES_MAX];

static void on_op(np_op *done, np_error error, size_t transferred) {
  (void)done;
  (void)error;
  (void)transferred;
}

static void on_closed(np_pipe *pipe) {
  (void)pipe;
}

static void on_pipe(np_listener *from, np_pipe *pipe) {
  (void)from;
  (void)pipe;
}

static void on_link(np_link *from, np_link_event event, np_error error) {
  (void)from;
  (void)event;
  (void)error;
}

static void on_sent(np_link_message *sent, np_link_outcome outcome,
                    np_error error) {
  (void)sent;
  (void)outcome;
  (void)error;
}

static bool on_each(np_receiver *from, void *data, size_t bytes) {
  (void)from;
  (void)data;
  (void)bytes;
  return true;
}

static void on_watch(np_name_watch *watch) {
  (void)watch;
}

static void on_client(np_client_request *done, np_error error, np_pipe *pipe) {
  (void)done;
  (void)error;
  (void)pipe;
}

static void on_timer(np_timer *expired) {
  (void)expired;
}

static np_error io(HANDLE handle, void *context, size_t *transferred) {
  (void)handle;
  (void)context;
  *transferred = 0;
  return NP_OK;
}

/* Function and arguments. */
#define CALLS(X)                                                     \
  X(np_channel_call, channel, "a", 1, &call, on_op)                  \
  X(np_channel_close, channel, NULL)                                 \
  X(np_channel_create, server, NULL, &channel)                       \
  X(np_channel_data, channel)                                        \
  X(np_channel_detach, channel, &made)                               \
  X(np_channel_header_bytes, channel)                                \
  X(np_channel_pipe, channel)                                        \
  X(np_channel_receive, channel, &op, on_op)                         \
  X(np_channel_receive_each, channel, &receiver, on_each, on_op)     \
  X(np_channel_receive_into, channel, text, sizeof text, &op, on_op) \
  X(np_channel_send, channel, "a", 1, &op, on_op)                    \
  X(np_channel_send_reserved, channel, text, 1, &op, on_op)          \
  X(np_channel_send_copy, channel, "a", 1, NULL, NULL)               \
  X(np_channel_send_shared, channel, shared, NULL, NULL)             \
  X(np_channel_set_user, channel, NULL)                              \
  X(np_channel_shutdown, channel, &op, on_op)                        \
  X(np_channel_user, channel)                                        \
  X(np_client_connect, loop, &request, name, NULL, 0, on_client)     \
  X(np_client_connect_cancel, &waiting)                              \
  X(np_client_open, loop, name, NULL, &made)                         \
  X(np_link_cancel, &queued)                                         \
  X(np_link_channel, link_)                                          \
  X(np_link_close, link_, NULL)                                      \
  X(np_link_create, loop, nobody, &link_options, &made_link)         \
  X(np_link_send, link_, "a", 1, &message, on_sent)                  \
  X(np_link_set_user, link_, NULL)                                   \
  X(np_link_user, link_)                                             \
  X(np_listener_close, listener, NULL)                               \
  X(np_listener_create, loop, other_name, NULL, on_pipe, &listener)  \
  X(np_listener_loop, listener)                                      \
  X(np_listener_pause, listener)                                     \
  X(np_listener_recycle, server)                                     \
  X(np_listener_resume, listener)                                    \
  X(np_listener_set_user, listener, NULL)                            \
  X(np_listener_user, listener)                                      \
  X(np_loop_destroy, loop)                                           \
  X(np_loop_dispatch, loop, NULL, 0)                                 \
  X(np_loop_is_pending, loop)                                        \
  X(np_loop_run, loop)                                               \
  X(np_loop_run_once, loop, 0)                                       \
  X(np_loop_wait_ms, loop)                                           \
  X(np_name_watch_start, loop, &name_watch, on_watch)                \
  X(np_name_watch_stop, &started_watch)                              \
  X(np_op_cancel, &read_op)                                          \
  X(np_pipe_adopt, loop, INVALID_HANDLE_VALUE, &made)                \
  X(np_pipe_async_io, client, NP_READABLE, &op, io, NULL, on_op)     \
  X(np_pipe_close, server, on_closed)                                \
  X(np_pipe_flush, server, &op, on_op)                               \
  X(np_pipe_handle, server)                                          \
  X(np_pipe_impersonate, server)                                     \
  X(np_pipe_info, server, &info)                                     \
  X(np_pipe_loop, server)                                            \
  X(np_pipe_pair, loop, NULL, &made, &token)                         \
  X(np_pipe_peek, server, text, sizeof text, &peek)                  \
  X(np_pipe_peer, server, &peer)                                     \
  X(np_pipe_peer_computer, server, text, sizeof text)                \
  X(np_pipe_peer_process_id, server, &number)                        \
  X(np_pipe_peer_session_id, server, &number)                        \
  X(np_pipe_peer_token, server, &token)                              \
  X(np_pipe_peer_user, server, text, sizeof text)                    \
  X(np_pipe_read, client, text, sizeof text, &op, on_op)             \
  X(np_pipe_readable, client, &op, on_op)                            \
  X(np_pipe_readv, client, &part, 1, &op, on_op)                     \
  X(np_pipe_ready, client, NP_READABLE, &op, on_op)                  \
  X(np_pipe_relay, loop, INVALID_HANDLE_VALUE, NULL, &made)          \
  X(np_pipe_relay_error, server)                                     \
  X(np_pipe_revert, server)                                          \
  X(np_pipe_set_read_mode, client, NP_MESSAGE)                       \
  X(np_pipe_set_ready_options, client, &ready_options)               \
  X(np_pipe_set_user, server, NULL)                                  \
  X(np_pipe_shutdown, server, &op, on_op)                            \
  X(np_pipe_transact, client, "a", 1, text, sizeof text, &op, on_op) \
  X(np_pipe_try_io, client, NP_READABLE, io, NULL, &length)          \
  X(np_pipe_try_read, client, text, sizeof text, &length)            \
  X(np_pipe_try_readv, client, &part, 1, &length)                    \
  X(np_pipe_try_write, client, "a", 1, &length)                      \
  X(np_pipe_try_writev, client, &part, 1, &length)                   \
  X(np_pipe_user, server)                                            \
  X(np_pipe_writable, client, &op, on_op)                            \
  X(np_pipe_write, client, "a", 1, &op, on_op)                       \
  X(np_pipe_writev, client, &part, 1, &op, on_op)                    \
  X(np_sender_create, channel, NULL, &sender)                        \
  X(np_server_connect, server, &op, on_op)                           \
  X(np_server_create, loop, other_name, NULL, &made)                 \
  X(np_server_disconnect, server)                                    \
  X(np_timer_is_active, &timer)                                      \
  X(np_timer_start, loop, &fresh_timer, 0, on_timer)                 \
  X(np_timer_stop, &timer)

static void pair_open(np_pipe **server_end, np_pipe **client_end) {
  np_server_options options;

  np_server_options_init(&options);
  options.mode = NP_MESSAGE;
  must(np_server_create(loop, name, &options, server_end));
  must(np_client_open(loop, name, NULL, client_end));
  must(np_server_connect(*server_end, &connect_op, on_op));
  must(np_loop_run(loop));
}

static void set_up(void) {
  np_client_options options;
  np_pipe *first;
  np_pipe *second;

  peek.size = sizeof peek;
  info.size = sizeof info;
  part.data = text;
  part.length = 1;
  np_ready_options_init(&ready_options);
  world_pipe_name(name, sizeof(name));
  world_pipe_name(other_name, sizeof(other_name));
  world_pipe_name(listener_name, sizeof(listener_name));
  world_pipe_name(nobody, sizeof(nobody));
  must(np_shared_create(NULL, "a", 1, &shared));
  must(np_loop_create(NULL, &loop));
  pair_open(&first, &second);
  must(np_channel_create(first, NULL, &channel));
  must(np_channel_create(second, NULL, &opposite));
  pair_open(&server, &client);
  must(np_listener_create(loop, listener_name, NULL, on_pipe, &listener));
  must(np_pipe_read(server, text, sizeof text, &read_op, on_op));
  must(np_timer_start(loop, &timer, 60000, on_timer));
  np_client_options_init(&options);
  options.wait_for_server = true;
  must(np_client_connect(loop, &waiting, nobody, &options, 60000, on_client));
  np_link_options_init(&link_options);
  link_options.on_event = on_link;
  must(np_link_create(loop, nobody, &link_options, &link_));
  must(np_link_send(link_, "a", 1, &queued, on_sent));
  must(np_name_watch_start(loop, &started_watch, on_watch));
}

static void (*call_foreign)(void);

static DWORD WINAPI thread_main(void *unused) {
  (void)unused;
  call_foreign();
  return 0;
}

static void on_task(np_task *posted) {
  HANDLE thread = CreateThread(NULL, 0, thread_main, NULL, 0, NULL);

  (void)posted;
  assert_non_null(thread);
  assert_int_equal(WaitForSingleObject(thread, 60000), WAIT_OBJECT_0);
  CloseHandle(thread);
  np_unresolved("the call did not end the process");
}

/* play makes the call on a thread of its own, from a callback of the loop. A
 * build without asserts does not make it: anything may happen then. */
static void play(void (*call_)(void)) {
  if (HAS_ASSERTS) {
    call_foreign = call_;
    set_up();
    must(np_loop_post(loop, &task, on_task));
    must(np_loop_run(loop));
  }
}

#define BODY(function, ...)              \
  static void call_##function(void) {    \
    (void)function(__VA_ARGS__);         \
  }                                      \
  static void body_##function(void *f) { \
    (void)f;                             \
    play(call_##function);               \
  }
CALLS(BODY)

#define CASE(function_, ...)                                              \
  {.function = #function_,                                                \
   .outcome = "none",                                                     \
   .requirement = "A call on another thread stops a build with asserts.", \
   .source = "npipe/loop.h",                                              \
   .file = __FILE__,                                                      \
   .line = __LINE__,                                                      \
   .run = fixture_run,                                                    \
   .body = body_##function_},
static struct np_case cases[] = {CALLS(CASE)};

enum { CASE_COUNT = sizeof cases / sizeof cases[0], ID_BYTES_MAX = 64 };

/* An id has no underscores: np_pipe_read is thread/np-pipe-read. */
__attribute__((constructor)) static void cases_register(void) {
  static char ids[CASE_COUNT][ID_BYTES_MAX];

  for (size_t i = 0; i < CASE_COUNT; i++) {
    snprintf(ids[i], ID_BYTES_MAX, "thread/%s", cases[i].function);
    for (char *at = ids[i]; *at != '\0'; at++) {
      *at = *at == '_' ? '-' : *at;
    }
    cases[i].id = ids[i];
    np_case_register(&cases[i]);
  }
}
