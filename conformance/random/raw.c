/* The raw peers: ends that are driven with Win32 calls, each with at most one
 * read and one write in flight. Also the account of the data that were read. */
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

  if (end == NULL) {
    return;
  }
  access = FILE_FLAG_OVERLAPPED;
  access |= end->readable ? PIPE_ACCESS_INBOUND : 0;
  access |= end->writable ? PIPE_ACCESS_OUTBOUND : 0;
  end->reads_messages = end->is_message && step->c % 2 == 0;
  mode = end->is_message ? PIPE_TYPE_MESSAGE : PIPE_TYPE_BYTE;
  mode |= end->reads_messages ? PIPE_READMODE_MESSAGE : 0;
  end->in_quota = RAW_QUOTA;
  end->out_quota = RAW_QUOTA;
  raw_path(end->name, path);
  handle = CreateNamedPipeW(path, access, mode, PIPE_UNLIMITED_INSTANCES,
                            RAW_QUOTA, RAW_QUOTA, 0, NULL);
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
  note = note_new(end, NOTE_READ, step, 1 + step->c % 300);
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
  note = note_new(end, NOTE_WRITE, step, step->c % 300);
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

static bool is_raw_connecting(const struct end *end) {
  return !HasOverlappedIoCompleted(&end->raw_connect);
}

static bool is_raw_server(const struct end *end) {
  return is_raw(end) && end->is_server;
}

static void raw_connect(struct end *end) {
  if (is_raw_connecting(end)) {
    return;
  }
  memset(&end->raw_connect, 0, sizeof end->raw_connect);
  say(end->play, "end %u: ConnectNamedPipe: %u", end->number,
      ConnectNamedPipe(end->raw, &end->raw_connect) ? 0
                                                    : (unsigned)GetLastError());
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
  end_left(end);
  CancelIoEx(end->raw, NULL);
  CloseHandle(end->raw);
  end->raw = NULL;
}

static bool is_idle(const struct end *end) {
  return is_raw(end) && end->raw_read_note == NULL &&
         end->raw_write_note == NULL && !is_raw_connecting(end);
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
    if (GetHandleInformation(end->raw, &flags) &&
        (flags & HANDLE_FLAG_INHERIT) != 0) {
      play_fail(play, "end %u was adopted, and children inherit it",
                end->number);
    }
    end->raw = NULL;
    end->is_adopted = true;
    end->pipe = pipe;
    end->loop_index = loop_index;
    end->loop = play->loops[loop_index];
    np_pipe_set_user(pipe, end);
    return;
  }
  session =
      end->session_count > 0 ? end->sessions[end->session_count - 1] : NULL;
  /* An outbound server has no right to be queried. */
  if (!(error == ERROR_ACCESS_DENIED && end->is_server && !end->readable) &&
      !is_fault(play, error) && !(error == ERROR_NOT_SUPPORTED && play->lies) &&
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
  if (step->kind == STEP_RAW_CONNECT) {
    raw_connect(end);
  } else if (step->kind == STEP_RAW_DISCONNECT) {
    raw_disconnect(end);
  } else if (step->kind == STEP_RAW_READ) {
    raw_read(end, step);
  } else if (step->kind == STEP_RAW_WRITE) {
    raw_write(end, step);
  } else {
    raw_close(end);
  }
}

/* --- The account --------------------------------------------------------- */

/* input_of collects the writes towards `end` in its session number `index`. */
static struct session_input input_of(const struct end *end, size_t index,
                                     struct written *writes, size_t *used) {
  const struct play *play = end->play;
  const struct session *session = end->sessions[index];
  const struct end *peer = end->is_server ? session->client : session->server;
  struct session_input input = {writes + *used, 0};

  for (size_t i = 0; i < play->note_count && peer != NULL; i++) {
    const struct note *note = play->notes[i];

    if (note->kind == NOTE_WRITE && note->end == peer &&
        note->session_first < peer->session_count &&
        peer->sessions[note->session_first] == session) {
      writes[*used + input.count].id = note->number;
      writes[*used + input.count].length = note->length;
      writes[*used + input.count].is_cut =
          note->error != NP_OK || note->is_untold;
      input.count++;
    }
  }
  *used += input.count;
  return input;
}

static void stream_check_end(struct end *end) {
  static struct written writes[NOTES_MAX];
  static struct read_result reads[NOTES_MAX];
  static const struct note *notes[NOTES_MAX];
  struct session_input sessions[SESSIONS_MAX];
  struct play *play = end->play;
  size_t used = 0;
  size_t count = 0;
  size_t bad = 0;

  for (size_t i = 0; i < end->session_count; i++) {
    sessions[i] = input_of(end, i, writes, &used);
  }
  for (size_t i = 0; i < play->note_count; i++) {
    const struct note *note = play->notes[i];
    struct read_result *read = &reads[count];

    if ((note->kind != NOTE_READ && note->kind != NOTE_TRANSACT &&
         note->kind != NOTE_PEEK) ||
        note->end != end || !note->done) {
      continue;
    }
    read->data = note->data;
    read->length = note->length;
    read->transferred = note->transferred;
    read->is_more = note->error == ERROR_MORE_DATA;
    read->by_message = note->by_message;
    read->is_peek = note->kind == NOTE_PEEK;
    /* A transact reports the end whatever data wait. */
    read->is_eof = note->error == ERROR_BROKEN_PIPE &&
                   note->kind != NOTE_TRANSACT && !note->while_closing;
    read->is_failure = note->error != NP_OK && !read->is_more;
    read->first = note->session_first;
    read->last = note->session_last;
    notes[count++] = note;
  }
  if (!stream_check(sessions, end->session_count, reads, count,
                    end->uses_readiness, &bad)) {
    play_fail(play,
              "%s %u of end %u cannot have brought what it did: %s, %zu bytes",
              note_name(notes[bad]), (unsigned)notes[bad]->number, end->number,
              np_error_name(notes[bad]->error), notes[bad]->transferred);
  }
}

void streams_check(struct play *play) {
  for (size_t i = 0; i < play->end_count; i++) {
    stream_check_end(&play->ends[i]);
  }
}
