/* Questions about instances: listening, connecting, disconnecting, waiting for
 * one, and how long a name lives. */
#include "questions.h"

#include <string.h>

NP_QUESTION("questions/disconnect-listening", MODE_BYTE,
            "What does DisconnectNamedPipe do to an instance that listens?",
            "np_server_disconnect of a listening server.",
            "platform/disconnect/* disconnect/*",
            ANSWER("disconnects",
                   "it succeeds, and the instance is disconnected",
                   "ReactOS' npfs", "disconnect_listening=true"),
            ANSWER("refuses", "ERROR_PIPE_LISTENING", "Wine",
                   "disconnect_listening=false")) {
  pair_listen(f);
  if (DisconnectNamedPipe(f->server)) {
    answer_give("disconnects", "%s", "");
  }
  if (GetLastError() == ERROR_PIPE_LISTENING) {
    answer_give("refuses", "%s", "");
  }
  answer_error(GetLastError());
}

NP_QUESTION(
    "questions/closed-connect", MODE_BYTE,
    "What does a waiting ConnectNamedPipe end with when its handle is closed?",
    "np_server_connect tells it as an operation that was closed.",
    "platform/close/ends-its-own-connect close/* close-in-callback/*",
    ANSWER("broken", "STATUS_PIPE_BROKEN", "inferred from reads that wait",
           "closed_connect_status=0xC000014B"),
    ANSWER("handles-closed", "STATUS_HANDLES_CLOSED", "Wine",
           "closed_connect_status=0x8000000A"),
    ANSWER("cancelled", "STATUS_CANCELLED", "nobody",
           "closed_connect_status=0xC0000120"),
    ANSWER("nothing", "no packet comes", "nobody", "")) {
  struct io *io;
  struct packet packet;

  pair_listen(f);
  port_new(f);
  assert_error(port_join(f, f->server, KEY_SERVER), 0);
  io = io_new_port(f);
  assert_error(connect_start(io, f->server), ERROR_IO_PENDING);
  win_close(f, &f->server);
  packet = packet_take(f, WAIT_MS);
  if (!packet.found) {
    answer_give("nothing", "%s", "");
  }
  switch (packet.status) {
    case NT_PIPE_BROKEN:
      answer_give("broken", "%s", "");
    case 0x8000000A:
      answer_give("handles-closed", "%s", "");
    case NT_CANCELLED:
      answer_give("cancelled", "%s", "");
    default:
      answer_status(packet.status);
  }
}

NP_QUESTION(
    "questions/nowait-connect", MODE_BYTE,
    "What does the first ConnectNamedPipe of a disconnected instance in "
    "PIPE_NOWAIT return?",
    "npipe never sets PIPE_NOWAIT, but np_pipe_adopt may get such a handle.",
    "platform/nowait/*",
    ANSWER("listening", "FALSE, ERROR_PIPE_LISTENING",
           "Wine's tests (kernel32 pipe.c, test_nowait)",
           "nowait_connect_succeeds=false"),
    ANSWER("success", "TRUE", "the page of ConnectNamedPipe",
           "nowait_connect_succeeds=true")) {
  f->server =
      instance_open(f, PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE | PIPE_NOWAIT, 1);
  assert_call(f->server != INVALID_HANDLE_VALUE);
  f->client = client_connect(f);
  win_disconnect(f);
  if (ConnectNamedPipe(f->server, NULL)) {
    answer_give("success", "%s", "");
  }
  if (GetLastError() == ERROR_PIPE_LISTENING) {
    answer_give("listening", "%s", "");
  }
  answer_error(GetLastError());
}

NP_QUESTION(
    "questions/server-without-data-access", NO_MODE,
    "Is a fresh server handle without data access listening?",
    "np_listener keeps its name by such a handle; a client must not get it.",
    "platform/ntcreate/name-guard",
    ANSWER("disconnected", "it is disconnected, and no client gets it",
           "Wine's tests for Windows 8 and later (ntdll pipe.c, "
           "test_overlapped)",
           "no_data_access_disconnected=true"),
    ANSWER("listening", "it listens", "broken() there: Windows 7; Wine",
           "no_data_access_disconnected=false")) {
  HANDLE pipe;
  DWORD state;

  assert_status(nt_create(&pipe, f->name, SYNCHRONIZE | FILE_READ_ATTRIBUTES,
                          FILE_SHARE_READ | FILE_SHARE_WRITE, 2),
                NT_OK);
  state = win_state(win_own(f, pipe));
  if (state == NT_STATE_DISCONNECTED || state == NT_STATE_LISTENING) {
    answer_give(state == NT_STATE_LISTENING ? "listening" : "disconnected",
                "%s", "");
  }
  answer_give("other", "state %lu", (unsigned long)state);
}

NP_QUESTION(
    "questions/order-of-instances", MODE_BYTE,
    "Two instances listen; the one made later began to listen first: which one "
    "does a client get?",
    "np_listener promises no order of its instances.", "",
    ANSWER("listened-first", "the one that began to listen first",
           "Wine's tests (kernel32 pipe.c, test_multiple_instances)", ""),
    ANSWER("made-first", "the one that was made first", "ReactOS' npfs", "")) {
  HANDLE first = instance_create(f, 2);
  HANDLE client = client_connect(f);
  HANDLE second = instance_create(f, 2);

  /* `second` listens; `first` does so only after its first client has gone. */
  win_close(f, &client);
  assert_call(DisconnectNamedPipe(first));
  connect_start(io_new(f), first);
  client_connect(f);
  if (win_state(second) == NT_STATE_CONNECTED) {
    answer_give("listened-first", "%s", "");
  }
  answer_give("made-first", "%s", "");
}

NP_QUESTION(
    "questions/name-of-closed-server", MODE_BYTE,
    "The only instance of a name was closed while its client is open: can the "
    "name be made again?",
    "A server that starts again finds its name free or not.",
    "platform/close/name-is-free",
    ANSWER("free", "it can",
           "Wine's tests (ntdll pipe.c, test_pipe_local_info)", ""),
    ANSWER("busy", "ERROR_PIPE_BUSY until the client has gone", "ReactOS' npfs",
           "")) {
  pair_create(f);
  win_close(f, &f->server);
  if (instance_open(f, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED,
                    PIPE_TYPE_BYTE, 1) != INVALID_HANDLE_VALUE) {
    answer_give("free", "%s", "");
  }
  if (GetLastError() == ERROR_PIPE_BUSY) {
    answer_give("busy", "%s", "");
  }
  answer_error(GetLastError());
}

enum { TICKS_PER_MS = 10000 };

/* wait_begin starts a wait for an instance of the fixture's name, whose packet
 * comes to the port. */
static struct io *wait_begin(struct platform *f, HANDLE *root, int timeout_ms) {
  struct io *io;

  assert_status(nt_open_root(root, L"\\Device\\NamedPipe\\"), NT_OK);
  win_own(f, *root);
  port_new(f);
  assert_error(port_join(f, *root, KEY_SERVER), 0);
  io = io_new_port(f);
  assert_status(nt_wait(*root, NULL, &io->overlapped, f->name,
                        -(int64_t)timeout_ms * TICKS_PER_MS),
                NT_PENDING);
  return io;
}

NP_QUESTION(
    "questions/wait-name-goes", MODE_BYTE,
    "Does FSCTL_PIPE_WAIT end when the last server closes, while a client has "
    "its end open?",
    "np_client_connect tells that the server is gone at once, or notices it "
    "within a minute.",
    "platform/async-wait/name-vanishes platform/wait/name-vanishes "
    "client-connect-end/vanishes",
    ANSWER("ends", "it ends with STATUS_OBJECT_NAME_NOT_FOUND", "MS-FSCC", ""),
    ANSWER("stays", "it waits until the client's end is closed, too",
           "ReactOS' npfs, Wine", "")) {
  struct packet packet;
  HANDLE root;

  pair_create(f);
  (void)wait_begin(f, &root, 4000);
  win_close(f, &f->server);
  packet = packet_take(f, 1000);
  if (!packet.found) {
    answer_give("stays", "%s", "");
  }
  if (packet.status == NT_OBJECT_NAME_NOT_FOUND) {
    answer_give("ends", "%s", "");
  }
  answer_status(packet.status);
}

NP_QUESTION(
    "questions/cancel-wait", MODE_BYTE,
    "Does CancelIoEx end a FSCTL_PIPE_WAIT?",
    "A cancelled np_client_connect ends at once, or only when the wait's own "
    "time is over.",
    "platform/async-wait/* client-connect*",
    ANSWER("ends", "it ends with STATUS_CANCELLED", "MS-FSCC",
           "wait_cancellable=true"),
    ANSWER("stays", "it stays until its time is over", "Wine",
           "wait_cancellable=false")) {
  struct io *io;
  struct packet packet;
  HANDLE root;

  pair_create(f);
  io = wait_begin(f, &root, 2000);
  CancelIoEx(root, &io->overlapped);
  packet = packet_take(f, 1000);
  if (!packet.found) {
    answer_give("stays", "%s", "");
  }
  if (packet.status == NT_CANCELLED) {
    answer_give("ends", "%s", "");
  }
  answer_status(packet.status);
}

NP_QUESTION(
    "questions/client-disconnects-alone", MODE_BYTE,
    "What does DisconnectNamedPipe return to a client whose server has gone?",
    "np_server_disconnect never calls it for a client.", "",
    ANSWER("invalid-function", "ERROR_INVALID_FUNCTION, as with a server",
           "inferred from a client with a server", ""),
    ANSWER("not-connected", "ERROR_PIPE_NOT_CONNECTED", "ReactOS' npfs", ""),
    ANSWER("not-supported", "ERROR_NOT_SUPPORTED", "Wine", "")) {
  pair_create(f);
  win_close(f, &f->server);
  if (DisconnectNamedPipe(f->client)) {
    answer_give("other", "it succeeds");
  }
  switch (GetLastError()) {
    case ERROR_INVALID_FUNCTION:
      answer_give("invalid-function", "%s", "");
    case ERROR_PIPE_NOT_CONNECTED:
      answer_give("not-connected", "%s", "");
    case ERROR_NOT_SUPPORTED:
      answer_give("not-supported", "%s", "");
    default:
      answer_error(GetLastError());
  }
}
