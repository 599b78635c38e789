/* Plays a script: runs its steps one after the other and prints the result of
 * each. */
#include "script/play.h"
#include "platform/nt.h"

#include <npipe/error.h>
#include <sddl.h>

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { STATE_UNKNOWN = 0, WAIT_SHORTEST_MS = 1 };

/* --- Results -------------------------------------------------------------- */

void result_set(struct player *p, const char *format, ...) {
  va_list arguments;

  va_start(arguments, format);
  vsnprintf(p->result, sizeof p->result, format, arguments);
  va_end(arguments);
}

const char *error_text(DWORD error) {
  static char text[32];
  const char *name = np_error_name(error);

  if (error == ERROR_SUCCESS) {
    return "ok";
  }
  if (strcmp(name, "ERROR_?") != 0) {
    return strncmp(name, "ERROR_", 6) == 0 ? name + 6 : name;
  }
  snprintf(text, sizeof text, "error %u", (unsigned)error);
  return text;
}

void result_error(struct player *p, DWORD error) {
  result_set(p, "%s", error_text(error));
}

static void result_call(struct player *p, BOOL good) {
  result_error(p, good ? ERROR_SUCCESS : GetLastError());
}

/* --- Handles -------------------------------------------------------------- */

/* state_of returns the state of an end, 1 to 4, or 0 if it cannot be
 * queried. */
static unsigned state_of(HANDLE handle) {
  struct nt_pipe_local local;

  memset(&local, 0, sizeof local);
  return nt_query(handle, NT_FILE_PIPE_LOCAL, &local, sizeof local) == NT_OK
             ? (unsigned)local.state
             : STATE_UNKNOWN;
}

static struct file *file_new(struct player *p, const struct step *step) {
  struct file *file = p->files;

  while (file->used) {
    file++;
  }
  memset(file, 0, sizeof *file);
  file->used = true;
  file->handles = 1;
  file->server = step->verb == VERB_CREATE;
  file->pipe = step->pipe;
  file->sync = (step->flags & FLAG_SYNC) != 0;
  file->nowait = file->server && (step->flags & FLAG_NOWAIT) != 0;
  file->port = (step->flags & FLAG_PORT) != 0 && !file->sync;
  file->skip = file->port && (step->flags & FLAG_SKIP) != 0;
  file->may_read = file->server ? (step->flags & FLAG_OUTBOUND) == 0
                                : (step->flags & FLAG_READ) != 0;
  return file;
}

static void file_join(struct player *p, const struct file *file,
                      HANDLE handle) {
  if (file->port &&
      CreateIoCompletionPort(handle, p->port, (ULONG_PTR)(file - p->files) + 1,
                             0) == NULL) {
    result_set(p, "not joined: %s", error_text(GetLastError()));
  }
  if (file->skip && !SetFileCompletionNotificationModes(
                        handle, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS)) {
    result_set(p, "not skipped: %s", error_text(GetLastError()));
  }
}

/* slot_fill stores the handle that a step opened. */
static struct file *slot_fill(struct player *p, const struct step *step,
                              HANDLE handle, DWORD error) {
  struct file *file;

  if (handle == INVALID_HANDLE_VALUE) {
    result_error(p, error);
    return NULL;
  }
  result_set(p, "ok");
  file = file_new(p, step);
  p->handles[step->result] = handle;
  p->slots[step->result] = file;
  file_join(p, file, handle);
  return file;
}

/* quotas_tell adds the quotas of an instance to the result. They are its own,
 * not those of the first instance. An outbound server may not ask. */
static void quotas_tell(struct player *p, HANDLE handle) {
  struct nt_pipe_local local;

  memset(&local, 0, sizeof local);
  if (nt_query(handle, NT_FILE_PIPE_LOCAL, &local, sizeof local) == NT_OK) {
    result_set(p, "ok out %u in %u", (unsigned)local.quota_out,
               (unsigned)local.quota_in);
  }
}

/* own_security returns a descriptor that lets only the owner in, or NULL. */
static PSECURITY_DESCRIPTOR own_security(void) {
  PSECURITY_DESCRIPTOR descriptor = NULL;

  return ConvertStringSecurityDescriptorToSecurityDescriptorW(
             L"D:P(A;;FA;;;OW)", SDDL_REVISION_1, &descriptor, NULL)
             ? descriptor
             : NULL;
}

static void create(struct player *p, const struct step *step) {
  SECURITY_ATTRIBUTES attributes = {sizeof attributes, NULL, FALSE};
  DWORD open_mode = 0;
  DWORD pipe_mode = 0;
  struct file *file;
  HANDLE handle;

  if ((step->flags & FLAG_OUTBOUND) == 0) {
    open_mode |= PIPE_ACCESS_INBOUND;
  }
  if ((step->flags & FLAG_INBOUND) == 0) {
    open_mode |= PIPE_ACCESS_OUTBOUND;
  }
  if ((step->flags & FLAG_SYNC) == 0) {
    open_mode |= FILE_FLAG_OVERLAPPED;
  }
  if ((step->flags & FLAG_FIRST) != 0) {
    open_mode |= FILE_FLAG_FIRST_PIPE_INSTANCE;
  }
  if ((step->flags & FLAG_MESSAGE) != 0) {
    pipe_mode |= PIPE_TYPE_MESSAGE;
  }
  if ((step->flags & FLAG_MESSAGES) != 0) {
    pipe_mode |= PIPE_READMODE_MESSAGE;
  }
  if ((step->flags & FLAG_NOWAIT) != 0) {
    pipe_mode |= PIPE_NOWAIT;
  }
  if ((step->flags & FLAG_OWN) != 0) {
    attributes.lpSecurityDescriptor = own_security();
  }
  handle = CreateNamedPipeW(
      p->names[step->pipe], open_mode, pipe_mode, step->numbers[2],
      step->numbers[0], step->numbers[1], 0,
      attributes.lpSecurityDescriptor != NULL ? &attributes : NULL);
  file = slot_fill(p, step, handle, GetLastError());
  LocalFree(attributes.lpSecurityDescriptor);
  if (file != NULL) {
    quotas_tell(p, handle);
  }
}

/* listening_note sets `listening[i]` for each server of the pipe that is
 * listening. */
static void listening_note(const struct player *p, unsigned pipe,
                           bool *listening) {
  size_t i;

  for (i = 0; i < SLOTS_MAX; i++) {
    listening[i] = p->slots[i] != NULL && p->slots[i]->server &&
                   p->slots[i]->pipe == pipe &&
                   state_of(p->handles[i]) == NT_STATE_LISTENING;
  }
}

/* peer_find finds the server that the client is connected to: the one that has
 * stopped listening. */
static void peer_find(struct player *p, struct file *client,
                      const bool *listening) {
  for (size_t i = 0; i < SLOTS_MAX; i++) {
    if (listening[i] && state_of(p->handles[i]) == NT_STATE_CONNECTED) {
      client->peer = p->slots[i];
      p->slots[i]->peer = client;
      p->slots[i]->empty_written = false;
    }
  }
}

static void open(struct player *p, const struct step *step) {
  DWORD access = 0;
  bool listening[SLOTS_MAX];
  struct file *file;
  HANDLE handle;
  DWORD error;

  if ((step->flags & FLAG_READ) != 0) {
    access |= GENERIC_READ;
  }
  if ((step->flags & FLAG_WRITE) != 0) {
    access |= GENERIC_WRITE;
  }
  if ((step->flags & FLAG_ATTRIBUTES) != 0) {
    access |= FILE_READ_ATTRIBUTES | FILE_WRITE_ATTRIBUTES;
  }
  listening_note(p, step->pipe, listening);
  handle = CreateFileW(
      p->names[step->pipe], access, 0, NULL, OPEN_EXISTING,
      (step->flags & FLAG_SYNC) != 0 ? 0 : FILE_FLAG_OVERLAPPED, NULL);
  error = GetLastError();
  file = slot_fill(p, step, handle, error);
  if (file != NULL) {
    peer_find(p, file, listening);
  }
}

static void duplicate(struct player *p, const struct step *step) {
  HANDLE copy = NULL;

  if (!DuplicateHandle(GetCurrentProcess(), p->handles[step->handle],
                       GetCurrentProcess(), &copy, 0, FALSE,
                       DUPLICATE_SAME_ACCESS)) {
    result_error(p, GetLastError());
    return;
  }
  p->handles[step->result] = copy;
  p->slots[step->result] = p->slots[step->handle];
  p->slots[step->result]->handles++;
  result_set(p, "ok");
}

static void close(struct player *p, unsigned slot) {
  struct file *file = p->slots[slot];

  result_call(p, CloseHandle(p->handles[slot]));
  p->handles[slot] = NULL;
  p->slots[slot] = NULL;
  if (--file->handles > 0) {
    return;
  }
  for (size_t i = 0; i < STEPS_MAX; i++) {
    if (p->files[i].peer == file) {
      p->files[i].peer = NULL;
    }
  }
}

/* --- Calls ---------------------------------------------------------------- */

static HANDLE handle_of(const struct player *p, const struct file *file) {
  for (size_t i = 0; i < SLOTS_MAX; i++) {
    if (p->slots[i] == file) {
      return p->handles[i];
    }
  }
  return NULL;
}

/* flush_blocks returns true if a flush might wait for the peer, because the
 * peer has unread data or its state is unknown. */
static bool flush_blocks(const struct player *p, const struct file *file,
                         HANDLE handle) {
  DWORD available = 0;

  if (state_of(handle) != NT_STATE_CONNECTED) {
    return file->server && state_of(handle) == STATE_UNKNOWN;
  }
  return file->empty_written || file->peer == NULL || !file->peer->may_read ||
         !PeekNamedPipe(handle_of(p, file->peer), NULL, 0, NULL, &available,
                        NULL) ||
         available > 0;
}

static void flush(struct player *p, const struct step *step) {
  HANDLE handle = p->handles[step->handle];

  if (flush_blocks(p, p->slots[step->handle], handle)) {
    result_set(p, "not tried: it may block");
    return;
  }
  result_call(p, FlushFileBuffers(handle));
}

static void peek(struct player *p, const struct step *step) {
  char data[BYTES_MAX];
  DWORD bytes = 0;
  DWORD available = 0;
  DWORD left = 0;

  if (!PeekNamedPipe(p->handles[step->handle], data, step->numbers[0], &bytes,
                     &available, &left)) {
    result_error(p, GetLastError());
    return;
  }
  result_set(p, "ok %u \"%.*s\" available %u left %d", (unsigned)bytes,
             (int)bytes, data, (unsigned)available, (int)left);
}

static void control_peek(struct player *p, const struct step *step) {
  struct {
    struct nt_peek peek;
    char more[BYTES_MAX];
  } out;
  size_t got;
  DWORD status;
  DWORD bytes;

  memset(&out, 0, sizeof out);
  status = nt_control(p->handles[step->handle], NT_FSCTL_PIPE_PEEK, &out,
                      offsetof(struct nt_peek, data) + step->numbers[0], &got);
  if (status != NT_OK && status != NT_BUFFER_OVERFLOW) {
    result_set(p, "%08x", (unsigned)status);
    return;
  }
  bytes = (DWORD)(got - offsetof(struct nt_peek, data));
  result_set(p, "%s %u \"%.*s\" state %u available %u length %u",
             status == NT_OK ? "ok" : "MORE_DATA", (unsigned)bytes, (int)bytes,
             (const char *)out.peek.data, (unsigned)out.peek.state,
             (unsigned)out.peek.available, (unsigned)out.peek.message_length);
}

static void room(struct player *p, const struct step *step) {
  struct nt_pipe_local local;
  DWORD status;

  memset(&local, 0, sizeof local);
  status = nt_query(p->handles[step->handle], NT_FILE_PIPE_LOCAL, &local,
                    sizeof local);
  if (status != NT_OK) {
    result_set(p, "%08x", (unsigned)status);
    return;
  }
  result_set(p, "ok %u", (unsigned)local.write_available);
}

static void messages(struct player *p, const struct step *step) {
  struct nt_peek peeked = {0};
  size_t got;
  DWORD status = nt_control(p->handles[step->handle], NT_FSCTL_PIPE_PEEK,
                            &peeked, offsetof(struct nt_peek, data), &got);

  if (status != NT_OK && status != NT_BUFFER_OVERFLOW) {
    result_set(p, "%08x", (unsigned)status);
    return;
  }
  result_set(p, "ok %u", (unsigned)peeked.messages);
}

static void hold(struct player *p, const struct step *step) {
  const bool held = world_hold(p->handles[step->handle]);

  result_set(p, held ? "ok" : "no copy");
  if (held) {
    p->slots[step->handle]->handles++; /* Nobody here closes it. */
  }
}

static void user(struct player *p, const struct step *step) {
  static const char *const users[USERS_MAX] = {"alice", "bob", "alice-low"};

  if (step->numbers[0] >= USERS_MAX || !world_has_users() ||
      !world_set_user(users[step->numbers[0]])) {
    result_set(p, "not tried: no such user");
    return;
  }
  result_set(p, "ok");
}

static void cancel(struct player *p, const struct step *step) {
  struct operation *op = p->ops[step->op];

  if (op == NULL) {
    result_set(p, "not tried: no o%u", step->op);
    return;
  }
  result_call(p, CancelIoEx(p->handles[step->handle], &op->overlapped));
}

static void mode(struct player *p, const struct step *step) {
  DWORD wanted =
      ((step->flags & FLAG_MESSAGES) != 0 ? PIPE_READMODE_MESSAGE : 0) |
      ((step->flags & FLAG_NOWAIT) != 0 ? PIPE_NOWAIT : 0);
  BOOL good =
      SetNamedPipeHandleState(p->handles[step->handle], &wanted, NULL, NULL);

  result_call(p, good);
  if (good) {
    p->slots[step->handle]->nowait = (step->flags & FLAG_NOWAIT) != 0;
  }
}

static void state(struct player *p, const struct step *step) {
  struct nt_pipe_local local;
  struct nt_pipe modes;
  DWORD status;

  memset(&local, 0, sizeof local);
  memset(&modes, 0, sizeof modes);
  status = nt_query(p->handles[step->handle], NT_FILE_PIPE_LOCAL, &local,
                    sizeof local);
  if (status == NT_OK) {
    status =
        nt_query(p->handles[step->handle], NT_FILE_PIPE, &modes, sizeof modes);
  }
  if (status != NT_OK) {
    result_set(p, "%08x", (unsigned)status);
    return;
  }
  result_set(p,
             "%u type %u configuration %u max %d instances %u out %u in %u "
             "readable %u end %u mode %u %u",
             (unsigned)local.state, (unsigned)local.type,
             (unsigned)local.configuration, (int)local.instances_max,
             (unsigned)local.instances, (unsigned)local.quota_out,
             (unsigned)local.quota_in, (unsigned)local.read_available,
             (unsigned)local.end, (unsigned)modes.read_mode,
             (unsigned)modes.completion_mode);
}

static void info(struct player *p, const struct step *step) {
  DWORD flags = 0;
  DWORD out = 0;
  DWORD in = 0;
  DWORD max = 0;

  if (!GetNamedPipeInfo(p->handles[step->handle], &flags, &out, &in, &max)) {
    result_error(p, GetLastError());
    return;
  }
  result_set(p, "ok flags %u out %u in %u max %u", (unsigned)flags,
             (unsigned)out, (unsigned)in, (unsigned)max);
}

/* --- Steps ---------------------------------------------------------------- */

static void disconnect(struct player *p, const struct step *step) {
  struct file *file = p->slots[step->handle];
  BOOL good = DisconnectNamedPipe(p->handles[step->handle]);

  result_call(p, good);
  if (good && file->peer != NULL) {
    file->peer->peer = NULL;
    file->peer = NULL;
  }
}

static void step_run(struct player *p, const struct step *step) {
  HANDLE handle = p->handles[step->handle];

  if (verb_makes_handle(step->verb) && p->handles[step->result] != NULL) {
    result_set(p, "not tried: h%u is open", step->result);
    return;
  }
  if (handle == NULL && verb_needs_handle(step->verb)) {
    result_set(p, "not tried: no h%u", step->handle);
    return;
  }
  switch (step->verb) {
    case VERB_CREATE:
      create(p, step);
      break;
    case VERB_OPEN:
      open(p, step);
      break;
    case VERB_DUPLICATE:
      duplicate(p, step);
      break;
    case VERB_PEEK:
      peek(p, step);
      break;
    case VERB_CONTROL_PEEK:
      control_peek(p, step);
      break;
    case VERB_ROOM:
      room(p, step);
      break;
    case VERB_MESSAGES:
      messages(p, step);
      break;
    case VERB_HOLD:
      hold(p, step);
      break;
    case VERB_LET_GO:
      world_let_go();
      result_set(p, "ok");
      break;
    case VERB_USER:
      user(p, step);
      break;
    case VERB_FLUSH:
      flush(p, step);
      break;
    case VERB_DISCONNECT:
      disconnect(p, step);
      break;
    case VERB_CLOSE:
      close(p, step->handle);
      break;
    case VERB_CANCEL:
      cancel(p, step);
      break;
    case VERB_CANCEL_ALL:
      result_call(p, CancelIoEx(handle, NULL));
      break;
    case VERB_CANCEL_IO:
      result_call(p, CancelIo(handle));
      break;
    case VERB_MODE:
      mode(p, step);
      break;
    case VERB_STATE:
      state(p, step);
      break;
    case VERB_INFO:
      info(p, step);
      break;
    case VERB_WAIT:
      result_call(p, WaitNamedPipeW(p->names[step->pipe], WAIT_SHORTEST_MS));
      break;
    default:
      op_start(p, step);
      break;
  }
}

static void step_play(struct player *p, const struct step *step) {
  char text[STEP_TEXT_BYTES_MAX];

  p->started = NULL;
  p->result[0] = '\0';
  step_run(p, step);
  step_print(step, text, sizeof text);
  fprintf(p->out, "%s -> ", text);
  ops_settle(p);
  if (p->started != NULL) {
    op_tell_started(p);
    p->started = NULL;
  } else {
    fprintf(p->out, "%s\n", p->result);
  }
  ops_tell(p);
}

static void player_init(struct player *p, FILE *out) {
  memset(p, 0, sizeof *p);
  p->out = out;
  p->port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
  p->never = CreateEventW(NULL, TRUE, FALSE, NULL);
  for (size_t i = 0; i < PIPES_MAX; i++) {
    char name[WORLD_PIPE_NAME_BYTES_MAX];
    size_t c;

    world_pipe_name(name, sizeof name);
    for (c = 0; c < sizeof name; c++) {
      p->names[i][c] = (wchar_t)(unsigned char)name[c];
    }
  }
}

/* waits_end ends the waits for an instance that the script left behind, by an
 * instance of each name. */
static void waits_end(struct player *p) {
  for (size_t i = 0; i < PIPES_MAX; i++) {
    HANDLE last =
        CreateNamedPipeW(p->names[i], PIPE_ACCESS_DUPLEX, 0, 1, 0, 0, 0, NULL);

    if (last != INVALID_HANDLE_VALUE) {
      CloseHandle(last);
    }
  }
  ops_settle(p);
  ops_tell(p);
}

/* player_end closes the handles that the script left open. The closes may end
 * more operations. */
static void player_end(struct player *p) {
  (void)world_set_user("alice");
  for (unsigned i = 0; i < SLOTS_MAX; i++) {
    struct step step = {.verb = VERB_CLOSE, .handle = i};

    if (p->handles[i] != NULL) {
      step_play(p, &step);
    }
  }
  world_let_go();
  ops_settle(p);
  ops_tell(p);
  waits_end(p);
  ops_end(p);
  CloseHandle(p->never);
  CloseHandle(p->port);
}

void script_play(const struct script *script, FILE *out) {
  struct player *p = malloc(sizeof *p);
  char report[1024] = "";

  if (p == NULL) {
    abort();
  }
  world_case_begin("script", 1);
  player_init(p, out);
  for (size_t i = 0; i < script->count; i++) {
    step_play(p, &script->steps[i]);
  }
  player_end(p);
  free(p);
  if (!world_warms_up() && !world_case_end(report, sizeof report)) {
    fprintf(out, "  left behind: %s\n", report);
  }
}
