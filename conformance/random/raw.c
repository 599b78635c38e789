/* The raw peers: ends that are driven with Win32 calls, each with at most one
 * read and one write in flight. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <winternl.h>

#include "instance.h"
#include "play.h"
#include "stranger.h"
#include "stream.h"

enum { RAW_QUOTA = 200 };

static void raw_path(unsigned name, WCHAR out[40]) {
  char text[40];
  size_t i = 0;

  snprintf(text, sizeof text, "\\\\.\\pipe\\npipe-random-%u", name);
  do {
    out[i] = (WCHAR)(unsigned char)text[i];
  } while (text[i++] != '\0');
}

static void raw_open(struct end *end, HANDLE handle) {
  end->raw = handle;
  end->is_open = true;
  end->play->end_count++;
}

static void raw_server(struct play *play, const struct step *step) {
  struct end *end = end_new(play, true, step->a % NAMES_MAX);
  HANDLE handle;
  WCHAR path[40];
  DWORD access;
  DWORD mode;
  DWORD quota;

  if (end == NULL) {
    return;
  }
  access = FILE_FLAG_OVERLAPPED;
  access |= end->readable ? PIPE_ACCESS_INBOUND : 0;
  access |= end->writable ? PIPE_ACCESS_OUTBOUND : 0;
  end->reads_messages = end->is_message && step->c % 2 == 0;
  mode = end->is_message ? PIPE_TYPE_MESSAGE : PIPE_TYPE_BYTE;
  mode |= end->reads_messages ? PIPE_READMODE_MESSAGE : 0;
  quota = play->program->has_quota ? play->program->quota_bytes
                                   : (uint32_t)RAW_QUOTA;
  end->in_quota = quota;
  end->out_quota = quota;
  raw_path(end->name, path);
  handle = CreateNamedPipeW(path, access, mode, PIPE_UNLIMITED_INSTANCES, quota,
                            quota, 0, NULL);
  say(play, "end %u: CreateNamedPipeW, name %u: %u", end->number, end->name,
      handle != INVALID_HANDLE_VALUE ? 0 : (unsigned)GetLastError());
  if (handle != INVALID_HANDLE_VALUE) {
    name_made(end, FAMILY_WINDOWS);
    raw_open(end, handle);
  }
}

static void raw_client(struct play *play, const struct step *step) {
  struct end *end = end_new(play, false, step->a % NAMES_MAX);
  struct end *server;
  HANDLE handle;
  WCHAR path[40];
  DWORD access;
  DWORD mode = PIPE_READMODE_MESSAGE;

  if (end == NULL) {
    return;
  }
  access = end->readable ? GENERIC_READ | FILE_WRITE_ATTRIBUTES : 0;
  access |= end->writable ? GENERIC_WRITE | FILE_READ_ATTRIBUTES : 0;
  raw_path(end->name, path);
  instance_watch(play, end->name);
  end->process_id = GetCurrentProcessId();
  handle = CreateFileW(path, access, 0, NULL, OPEN_EXISTING,
                       FILE_FLAG_OVERLAPPED, NULL);
  say(play, "end %u: CreateFileW, name %u: %u", end->number, end->name,
      handle != INVALID_HANDLE_VALUE ? 0 : (unsigned)GetLastError());
  server = instance_taken(play, end->name);
  if (handle == INVALID_HANDLE_VALUE) {
    return;
  }
  end->in_quota = UINT32_MAX;
  end->reads_messages = end->is_message && end->readable && step->c % 2 == 0 &&
                        SetNamedPipeHandleState(handle, &mode, NULL, NULL);
  raw_open(end, handle);
  bind_client(end, server);
}

/* --- Operations ---------------------------------------------------------- */

static void raw_done(struct note *note, np_error error, size_t transferred) {
  note_sessions(note);
  note->done = true;
  note->error = error;
  note->transferred = transferred;
  if (note->kind == NOTE_WRITE && error == NP_OK &&
      transferred != note->length) {
    note->error = ERROR_IO_INCOMPLETE; /* in PIPE_NOWAIT mode: a part */
  }
  if (note->kind == NOTE_TRANSACT) {
    transact_ended(note);
  }
  note->while_closing = !note->end->is_open;
  say(note->end->play, "end %u: raw %s %u ended: %s, %zu of %zu bytes",
      note->end->number, note_name(note), (unsigned)note->number,
      np_error_name(error), transferred, note->length);
}

/* raw_issued records the result of a call with an OVERLAPPED. */
static void raw_issued(struct note **note, const OVERLAPPED *overlapped,
                       BOOL succeeded) {
  const DWORD error = succeeded ? 0 : GetLastError();

  if (error == ERROR_IO_PENDING) {
    return;
  }
  raw_done(*note, error,
           error == 0 || error == ERROR_MORE_DATA
               ? (size_t)overlapped->InternalHigh
               : 0);
  *note = NULL;
}

static void raw_poll_one(struct note **note, const OVERLAPPED *overlapped) {
  if (*note != NULL && HasOverlappedIoCompleted(overlapped)) {
    raw_done(*note,
             overlapped->Internal == 0 ? NP_OK
                                       : (np_error)RtlNtStatusToDosError(
                                             (NTSTATUS)overlapped->Internal),
             (size_t)overlapped->InternalHigh);
    *note = NULL;
  }
}

void raw_poll(struct play *play) {
  for (size_t i = 0; i < play->end_count; i++) {
    struct end *end = &play->ends[i];

    raw_poll_one(&end->raw_read_note, &end->raw_read);
    raw_poll_one(&end->raw_write_note, &end->raw_write);
  }
}

static void raw_read(struct end *end, const struct step *step) {
  struct note *note;

  if (end->raw_read_note != NULL || !end->readable) {
    return;
  }
  note = note_new(end, NOTE_READ, step, length_of(step->c));
  if (note == NULL) {
    return;
  }
  end->raw_read_note = note;
  memset(&end->raw_read, 0, sizeof end->raw_read);
  raw_issued(&end->raw_read_note, &end->raw_read,
             ReadFile(end->raw, note->data, (DWORD)note->length, NULL,
                      &end->raw_read));
}

static void raw_write(struct end *end, const struct step *step) {
  struct note *note;

  if (end->raw_write_note != NULL || !end->writable) {
    return;
  }
  note = note_new(end, NOTE_WRITE, step, length_of(step->c));
  if (note == NULL) {
    return;
  }
  for (size_t i = 0; i < note->length; i++) {
    note->data[i] = stream_byte(note->number, i);
  }
  end->raw_write_note = note;
  memset(&end->raw_write, 0, sizeof end->raw_write);
  raw_issued(&end->raw_write_note, &end->raw_write,
             WriteFile(end->raw, note->data, (DWORD)note->length, NULL,
                       &end->raw_write));
}

static void raw_transact(struct end *end, const struct step *step) {
  struct note *note;

  if (end->raw_read_note != NULL || end->raw_write_note != NULL ||
      !end->readable || !end->writable) {
    return;
  }
  note = transact_new(end, step);
  if (note == NULL) {
    return;
  }
  end->raw_read_note = note;
  memset(&end->raw_read, 0, sizeof end->raw_read);
  end->raw_read.Internal = STATUS_PENDING; /* Wine leaves this to the caller */
  raw_issued(&end->raw_read_note, &end->raw_read,
             TransactNamedPipe(end->raw, note->request->data,
                               (DWORD)note->request->length, note->data,
                               (DWORD)note->length, NULL, &end->raw_read));
}

/* raw_peek looks at the data and takes nothing. */
static void raw_peek(const struct end *end) {
  unsigned char data[50];
  DWORD bytes = 0;
  BOOL peeked = PeekNamedPipe(end->raw, data, sizeof data, &bytes, NULL, NULL);

  say(end->play, "end %u: PeekNamedPipe: %d, %u bytes", end->number, peeked,
      (unsigned)bytes);
}

/* raw_set_mode changes the read mode and the wait mode. It does nothing while a
 * read is in flight, because the model could not know in which mode that read
 * ends. */
static void raw_set_mode(struct end *end, const struct step *step) {
  const bool reads_messages = (step->c & 1) != 0 && end->is_message;
  const bool is_nowait = (step->c & 2) != 0;
  DWORD mode = 0;

  if (end->raw_read_note != NULL) {
    return;
  }
  mode |= reads_messages ? PIPE_READMODE_MESSAGE : 0u;
  mode |= is_nowait ? PIPE_NOWAIT : 0u;
  if (!SetNamedPipeHandleState(end->raw, &mode, NULL, NULL)) {
    return;
  }
  end->reads_messages = reads_messages;
  end->is_nowait = is_nowait;
  say(end->play, "end %u: SetNamedPipeHandleState, %x", end->number,
      (unsigned)mode);
}

static void raw_cancel(const struct end *end) {
  BOOL cancelled = CancelIoEx(end->raw, NULL);

  say(end->play, "end %u: CancelIoEx: %d", end->number, cancelled);
}

/* raw_die lets the process of a raw end die at one of the next calls. The model
 * counts the end as closed from now on. Two dying servers of a name could not
 * be told apart. */
static void raw_die(struct end *end, const struct step *step) {
  const uint32_t nth = 1 + step->c % 8;

  if (end->is_server && dying_server(end->play, end->name) != NULL) {
    return;
  }
  say(end->play, "end %u: its process dies at call number %u from now",
      end->number, (unsigned)nth);
  sim_vanish(end->raw, nth);
  end->is_dying = true;
  end_left(end);
}

static bool is_raw_connecting(const struct end *end) {
  return !HasOverlappedIoCompleted(&end->raw_connect);
}

static bool is_raw_server(const struct end *end) {
  return is_raw(end) && end->is_server;
}

static void raw_connect(struct end *end) {
  DWORD error;

  if (is_raw_connecting(end)) {
    return;
  }
  memset(&end->raw_connect, 0, sizeof end->raw_connect);
  error = ConnectNamedPipe(end->raw, &end->raw_connect) ? 0 : GetLastError();
  say(end->play, "end %u: ConnectNamedPipe: %u", end->number, (unsigned)error);
}

static void raw_disconnect(struct end *end) {
  struct session *session = end_session(end);

  end->disconnect_calls++;
  if (!DisconnectNamedPipe(end->raw)) {
    return;
  }
  end->disconnects++;
  say(end->play, "end %u: DisconnectNamedPipe", end->number);
  if (session != NULL) {
    session->disconnected = true;
  }
}

void raw_close(struct end *end) {
  say(end->play, "end %u: CloseHandle", end->number);
  if (end->is_open) {
    end_left(end);
  }
  CancelIoEx(end->raw, NULL);
  CloseHandle(end->raw);
  end->raw = NULL;
  end->is_dying = false;
}

static bool is_idle(const struct end *end) {
  return is_raw(end) && end->raw_read_note == NULL &&
         end->raw_write_note == NULL && !is_raw_connecting(end);
}

/* believe takes over the rights that the library believes in, since a lie may
 * have been its source. An end that a lie made the other end is closed: no
 * answer about it has a meaning. */
static void believe(struct end *end) {
  np_info info = {.size = sizeof info};

  /* The second attempt is for a lie that hits the first. */
  for (int attempt = 0; end->play->lies && attempt < 2; attempt++) {
    if (np_pipe_info(end->pipe, &info) == NP_OK) {
      end->is_misbelieved =
          info.readable != end->readable || info.writable != end->writable;
      end->readable = info.readable;
      end->writable = info.writable;
      if ((info.end == NP_SERVER) != end->is_server) {
        say(end->play, "end %u is taken for the other end", end->number);
        close_end(end);
      }
      return;
    }
  }
}

static void raw_adopt(struct play *play, const struct step *step) {
  struct end *end = pick_end(play, step->a, is_idle);
  const unsigned loop_index = step->b % play->loop_count;
  struct session *session;
  np_pipe *pipe = NULL;
  DWORD flags = 0;
  np_error error;

  if (end == NULL) {
    return;
  }
  if (step->c % 3 == 0) {
    adopt_shared(end, play->loops[loop_index]);
    if (end->raw == NULL) {
      return;
    }
  }
  SetHandleInformation(end->raw, HANDLE_FLAG_INHERIT,
                       step->c % 2 == 0 ? HANDLE_FLAG_INHERIT : 0);
  error = np_pipe_adopt(play->loops[loop_index], end->raw, &pipe);
  say(play, "end %u: np_pipe_adopt, loop %u: %s", end->number, loop_index,
      np_error_name(error));
  if (error == NP_OK) {
    if (end->is_nowait) {
      play_fail(play, "end %u does not wait, and was adopted", end->number);
    }
    if (GetHandleInformation(end->raw, &flags) &&
        (flags & HANDLE_FLAG_INHERIT) != 0) {
      play_fail(play, "end %u was adopted, and children inherit it",
                end->number);
    }
    end->raw = NULL;
    end->is_adopted = true;
    end->is_misbelieved = false;
    end->pipe = pipe;
    end->loop_index = loop_index;
    end->loop = play->loops[loop_index];
    np_pipe_set_user(pipe, end);
    believe(end);
    return;
  }
  session =
      end->session_count > 0 ? end->sessions[end->session_count - 1] : NULL;
  /* An outbound server has no right to be queried. */
  if (!(error == ERROR_ACCESS_DENIED && end->is_server && !end->readable) &&
      !is_fault(play, error) &&
      !(error == ERROR_NOT_SUPPORTED && (play->lies || end->is_nowait)) &&
      !(error == ERROR_PIPE_NOT_CONNECTED && !end->is_server &&
        session != NULL && session->disconnected)) {
    play_fail(play, "np_pipe_adopt gave %s", np_error_name(error));
  }
  if (error == ERROR_NO_SYSTEM_RESOURCES) {
    raw_close(end); /* it may be bound to the loop's port already */
  }
}

void step_raw(struct play *play, const struct step *step) {
  struct end *end;

  switch (step->kind) {
    case STEP_RAW_SERVER:
      raw_server(play, step);
      return;
    case STEP_RAW_CLIENT:
      raw_client(play, step);
      return;
    case STEP_ADOPT:
      raw_adopt(play, step);
      return;
    case STEP_RAW_CONNECT:
    case STEP_RAW_DISCONNECT:
      end = pick_end(play, step->a, is_raw_server);
      break;
    default:
      end = pick_end(play, step->a, is_raw);
      break;
  }
  if (end == NULL) {
    return;
  }
  switch (step->kind) {
    case STEP_RAW_CONNECT:
      raw_connect(end);
      break;
    case STEP_RAW_DISCONNECT:
      raw_disconnect(end);
      break;
    case STEP_RAW_READ:
      raw_read(end, step);
      break;
    case STEP_RAW_WRITE:
      raw_write(end, step);
      break;
    case STEP_RAW_TRANSACT:
      raw_transact(end, step);
      break;
    case STEP_RAW_PEEK:
      raw_peek(end);
      break;
    case STEP_RAW_MODE:
      raw_set_mode(end, step);
      break;
    case STEP_RAW_CANCEL:
      raw_cancel(end);
      break;
    case STEP_RAW_DIE:
      raw_die(end, step);
      break;
    default:
      raw_close(end);
      break;
  }
}
