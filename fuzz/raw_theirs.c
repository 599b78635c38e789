/* The peer in raw_peer. It makes raw Win32 calls and records what it wrote. */
#include "raw_scene.h"

#include <string.h>

#include <winternl.h>

static void raw_ended(struct scene *scene, struct raw_op *op, DWORD error,
                      size_t transferred) {
  op->pends = false;
  if (op == &scene->raw_write && op->write < WRITES_MAX) {
    struct written *written = &scene->writes[op->write].written;

    /* In PIPE_NOWAIT mode a write may be partial. */
    written->is_cut = error != 0 || transferred != written->length;
  }
}

void raw_poll(struct scene *scene) {
  struct raw_op *const ops[] = {&scene->raw_read, &scene->raw_write,
                                &scene->raw_connect};

  for (size_t i = 0; i < 3; i++) {
    if (ops[i]->pends && HasOverlappedIoCompleted(&ops[i]->overlapped)) {
      raw_ended(scene, ops[i], (DWORD)ops[i]->overlapped.Internal,
                (size_t)ops[i]->overlapped.InternalHigh);
    }
  }
}

/* raw_issued records the result of a call with an OVERLAPPED. */
static void raw_issued(struct scene *scene, struct raw_op *op, BOOL succeeded) {
  const DWORD error = succeeded ? 0 : GetLastError();

  op->pends = error == ERROR_IO_PENDING;
  fuzz_say("  the peer's call: %u", (unsigned)error);
  if (!op->pends) {
    raw_ended(scene, op, error, (size_t)op->overlapped.InternalHigh);
  }
}

static bool raw_begin(struct scene *scene, struct raw_op *op, size_t length) {
  if (scene->raw == NULL || scene->raw_dies || op->pends) {
    return false;
  }
  memset(&op->overlapped, 0, sizeof op->overlapped);
  op->length = length;
  return true;
}

/* raw_note_write records a write that is about to be made. The write counts as
 * cut until its result is known. */
static bool raw_note_write(struct scene *scene, size_t length) {
  struct raw_op *op = &scene->raw_write;
  struct raw_write *write = &scene->writes[scene->write_count];

  if (scene->write_count == WRITES_MAX || !scene->in_session ||
      !raw_begin(scene, op, length)) {
    return false;
  }
  op->write = scene->write_count++;
  write->session = scene->session_count - 1;
  write->written.id = (uint32_t)op->write;
  write->written.length = length;
  write->written.is_cut = true;
  for (size_t i = 0; i < length; i++) {
    op->data[i] = stream_byte(write->written.id, i);
  }
  return true;
}

void raw_send(struct scene *scene, size_t length) {
  if (raw_note_write(scene, length)) {
    fuzz_say("peer: WriteFile, %zu bytes", length);
    raw_issued(scene, &scene->raw_write,
               WriteFile(scene->raw, scene->raw_write.data, (DWORD)length, NULL,
                         &scene->raw_write.overlapped));
  }
}

void raw_receive(struct scene *scene, size_t length) {
  if (raw_begin(scene, &scene->raw_read, length)) {
    fuzz_say("peer: ReadFile, %zu bytes", length);
    raw_issued(scene, &scene->raw_read,
               ReadFile(scene->raw, scene->raw_read.data, (DWORD)length, NULL,
                        &scene->raw_read.overlapped));
  }
}

/* raw_transact may succeed in its write only. */
void raw_transact(struct scene *scene, size_t length) {
  struct raw_op *read = &scene->raw_read;

  if (read->pends || !raw_note_write(scene, length)) {
    return;
  }
  fuzz_say("peer: TransactNamedPipe, %zu bytes", length);
  raw_begin(scene, read, sizeof read->data);
  raw_issued(scene, read,
             TransactNamedPipe(scene->raw, scene->raw_write.data, (DWORD)length,
                               read->data, (DWORD)sizeof read->data, NULL,
                               &read->overlapped));
  /* The write's buffer stays in use while the write is pending. */
  scene->raw_write.pends = false;
  if (read->pends) {
    scene->raw_write.overlapped = read->overlapped;
    CancelIoEx(scene->raw, &read->overlapped);
  }
}

void raw_peek(struct scene *scene) {
  unsigned char data[50];
  DWORD bytes = 0;
  DWORD available = 0;
  DWORD left = 0;

  if (scene->raw != NULL && !scene->raw_dies) {
    BOOL peeked =
        PeekNamedPipe(scene->raw, data, sizeof data, &bytes, &available, &left);

    fuzz_say("peer: PeekNamedPipe: %d", peeked);
  }
}

void raw_set_mode(struct scene *scene, uint32_t how) {
  DWORD mode = 0;

  mode |= (how & 1) != 0 && scene->is_message ? PIPE_READMODE_MESSAGE : 0u;
  mode |= (how & 2) != 0 ? PIPE_NOWAIT : 0u;
  if (scene->raw != NULL && !scene->raw_dies) {
    BOOL set = SetNamedPipeHandleState(scene->raw, &mode, NULL, NULL);

    fuzz_say("peer: SetNamedPipeHandleState %x: %d", (unsigned)mode, set);
  }
}

void raw_close(struct scene *scene) {
  if (scene->raw == NULL) {
    return;
  }
  fuzz_say("peer: CloseHandle");
  CancelIoEx(scene->raw, NULL);
  CloseHandle(scene->raw);
  scene->raw = NULL;
  scene->ever_closed = true;
}

void session_begin(struct scene *scene) {
  scene->session_count++;
  scene->in_session = true;
}

/* raw_open connects the peer as a client again, if our end accepts it. */
void raw_open(struct scene *scene) {
  HANDLE handle;

  if (scene->raw != NULL || !scene->is_server || scene->pipe == NULL ||
      scene->session_count == SESSIONS_MAX || scene->raw_read.pends ||
      scene->raw_write.pends) {
    return;
  }
  handle = CreateFileW(scene->stage.wide_name, GENERIC_READ | GENERIC_WRITE, 0,
                       NULL, OPEN_EXISTING, FILE_FLAG_OVERLAPPED, NULL);
  fuzz_say("peer: CreateFileW: %d", handle != INVALID_HANDLE_VALUE);
  if (handle != INVALID_HANDLE_VALUE) {
    scene->raw = handle;
    scene->raw_dies = false;
    session_begin(scene);
  }
}

void raw_cancel(struct scene *scene) {
  if (scene->raw != NULL && !scene->raw_dies) {
    BOOL cancelled = CancelIoEx(scene->raw, NULL);

    fuzz_say("peer: CancelIoEx: %d", cancelled);
  }
}

void raw_disconnect(struct scene *scene) {
  BOOL disconnected;

  if (scene->raw == NULL || scene->is_server || scene->raw_dies) {
    return;
  }
  disconnected = DisconnectNamedPipe(scene->raw);
  fuzz_say("peer: DisconnectNamedPipe: %d", disconnected);
  /* Data that our end has already read ahead can still be read. */
  scene->ever_disconnected = true;
}

void raw_connect(struct scene *scene) {
  if (!scene->is_server && raw_begin(scene, &scene->raw_connect, 0)) {
    fuzz_say("peer: ConnectNamedPipe");
    raw_issued(scene, &scene->raw_connect,
               ConnectNamedPipe(scene->raw, &scene->raw_connect.overlapped));
  }
}

void raw_die(struct scene *scene, uint32_t nth) {
  if (scene->raw != NULL && !scene->raw_dies) {
    fuzz_say("peer: dies at call number %u", (unsigned)nth);
    sim_vanish(scene->raw, nth);
    scene->raw_dies = true;
    scene->ever_closed = true;
    /* The death of a server's process ends its instance; it is not a
     * disconnect. */
  }
}
