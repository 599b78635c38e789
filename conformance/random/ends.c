/* The ends and their sessions: which ends are connected. Opening, closing and
 * disconnecting an end updates the model of sessions. */
#include <stdio.h>
#include <string.h>

#include "family.h"
#include "instance.h"
#include "play.h"

bool is_library(const struct end *end) {
  return end->pipe != NULL;
}

bool is_raw(const struct end *end) {
  return end->raw != NULL;
}

struct end *pick_end(struct play *play, uint32_t which, end_predicate fits) {
  struct end *fitting[ENDS_MAX];
  size_t count = 0;

  for (size_t i = 0; i < play->end_count; i++) {
    struct end *end = &play->ends[i];

    if (end->is_open && (fits == NULL || fits(end))) {
      fitting[count++] = end;
    }
  }
  return count > 0 ? fitting[which % count] : NULL;
}

struct session *end_session(const struct end *end) {
  struct session *session;

  if (end->session_count == 0) {
    return NULL;
  }
  session = end->sessions[end->session_count - 1];
  return session->disconnected && end->is_server ? NULL : session;
}

void end_left(struct end *end) {
  struct session *session = end_session(end);

  end->is_open = false;
  if (session != NULL) {
    if (end->is_server) {
      session->server_closed = true;
    } else {
      session->client_closed = true;
    }
  }
}

/* name_is_message: type and direction belong to the name, for the whole run. */
static bool name_is_message(const struct play *play, unsigned name) {
  return ((play->program->seed >> (1 + name)) & 1) != 0;
}

static unsigned name_direction(const struct play *play, unsigned name) {
  const uint64_t drawn = (play->program->seed / 16 + name * 3) % 8;

  if (drawn == 0) {
    return PIPE_ACCESS_INBOUND;
  }
  return drawn == 1 && instance_tells_outbound() ? PIPE_ACCESS_OUTBOUND
                                                 : PIPE_ACCESS_DUPLEX;
}

struct end *end_new(struct play *play, bool is_server, unsigned name) {
  struct end *end;
  unsigned direction = name_direction(play, name);

  if (play->end_count == ENDS_MAX || play->session_count == SESSIONS_MAX) {
    return NULL;
  }
  end = &play->ends[play->end_count];
  memset(end, 0, sizeof *end);
  end->play = play;
  end->number = (unsigned)play->end_count;
  end->name = name;
  end->is_server = is_server;
  end->process_id = GetCurrentProcessId();
  end->is_message = name_is_message(play, name);
  end->readable = direction == PIPE_ACCESS_DUPLEX ||
                  (direction == PIPE_ACCESS_INBOUND) == is_server;
  end->writable = direction == PIPE_ACCESS_DUPLEX ||
                  (direction == PIPE_ACCESS_OUTBOUND) == is_server;
  return end; /* counted when it is open */
}

void name_text(unsigned name, char out[32]) {
  snprintf(out, 32, "\\\\.\\pipe\\npipe-random-%u", name);
}

bool has_server(const struct play *play, unsigned name) {
  for (size_t i = 0; i < play->end_count; i++) {
    if (play->ends[i].is_open && play->ends[i].is_server &&
        play->ends[i].name == name) {
      return true;
    }
  }
  return false;
}

struct end *dying_server(struct play *play, unsigned name) {
  for (size_t i = 0; i < play->end_count; i++) {
    struct end *end = &play->ends[i];

    if (end->is_dying && end->is_server && end->name == name) {
      return end;
    }
  }
  return NULL;
}

struct end *lingering_server(struct play *play, unsigned name) {
  for (size_t i = play->first_open; i < play->note_count; i++) {
    const struct note *note = play->notes[i];

    if (note->kind == NOTE_FLUSH && !note->done && note->end->is_closing &&
        note->end->is_server && note->end->name == name) {
      return note->end;
    }
  }
  return dying_server(play, name);
}

bool is_fault(const struct play *play, np_error error) {
  return (error == ERROR_NO_SYSTEM_RESOURCES && play->faults) ||
         (error == ERROR_NOT_ENOUGH_MEMORY && play->memory_fault) ||
         (error == ERROR_INVALID_DATA && play->lies);
}

static void open_pipe(struct end *end, np_pipe *pipe, unsigned loop_index) {
  struct play *play = end->play;

  end->pipe = pipe;
  end->loop_index = loop_index;
  end->loop = play->loops[loop_index];
  end->is_open = true;
  np_pipe_set_user(pipe, end);
}

static uint32_t quota_of(const struct program *program, uint32_t drawn) {
  static const uint32_t quotas[] = {0, 1, 16, 100, 512, 512, 4096};

  return program->has_quota ? program->quota_bytes : quotas[drawn % 7];
}

void step_server(struct play *play, const struct step *step) {
  struct end *end = end_new(play, true, step->a % NAMES_MAX);
  const unsigned loop_index = step->b % play->loop_count;
  np_server_options options;
  np_pipe *pipe = NULL;
  char name[32];
  enum family family;
  np_error error;

  if (end == NULL) {
    return;
  }
  np_server_options_init(&options);
  options.mode = end->is_message ? NP_MESSAGE : NP_BYTE;
  end->reads_messages = end->is_message && step->c % 3 != 0;
  options.read_mode = end->reads_messages ? NP_MESSAGE : NP_BYTE;
  options.inbound = end->readable;
  options.outbound = end->writable;
  options.in_buffer_bytes = quota_of(play->program, step->c);
  options.out_buffer_bytes = quota_of(play->program, step->d);
  end->in_quota = options.in_buffer_bytes;
  end->out_quota = options.out_buffer_bytes;
  options.first_instance = step->d % 16 == 0;
  family = access_choose(&options, step);
  name_text(end->name, name);
  error = np_server_create(play->loops[loop_index], name, &options, &pipe);
  instance_become("alice");
  say(play, "end %u: np_server_create, name %u, family %d, %s%s, loop %u: %s",
      end->number, end->name, (int)family, end->is_message ? "message" : "byte",
      end->reads_messages ? ", reads messages" : "", loop_index,
      np_error_name(error));
  if (error == NP_OK) {
    name_made(end, family);
    if (!may_join(play, family, end->name)) {
      play_fail(play, "end %u has a preset, and joined a pipe without",
                end->number);
    }
    open_pipe(end, pipe, loop_index);
    play->end_count++;
  } else if (pipe != NULL || (!is_fault(play, error) &&
                              !(error == ERROR_ACCESS_DENIED &&
                                may_be_denied(play, end->name, family,
                                              options.first_instance)))) {
    play_fail(play, "np_server_create gave %s", np_error_name(error));
  }
}

static struct session *session_new(struct play *play, struct end *server,
                                   struct end *client) {
  struct session *session = &play->sessions[play->session_count++];

  session->server = server;
  session->client = client;
  server->sessions[server->session_count++] = session;
  return session;
}

void bind_client(struct end *client, struct end *server) {
  struct play *play = client->play;

  if (server == NULL) {
    server = lingering_server(play, client->name);
  }
  if (server == NULL) {
    play_fail(play, "end %u was opened, but no instance has it",
              client->number);
    return;
  }
  client->sessions[client->session_count++] = session_new(play, server, client);
  client->sessions[client->session_count - 1]->server_closed =
      server->is_closing || server->is_dying;
  say(play, "end %u is connected with end %u", client->number, server->number);
}

static bool verifies(const np_client_options *options) {
  return options->verify_same_user || options->verify_access ||
         options->verify_owner != NULL;
}

np_error client_open(struct play *play, const struct step *step,
                     options_change change) {
  struct end *end = end_new(play, false, step->a % NAMES_MAX);
  const unsigned loop_index = step->b % play->loop_count;
  np_client_options options;
  np_pipe *pipe = NULL;
  struct end *server;
  char name[32];
  bool is_low;
  np_error error;

  if (end == NULL) {
    return NP_OK;
  }
  np_client_options_init(&options);
  end->reads_messages = end->is_message && end->readable && step->c % 3 != 0;
  options.read_mode = end->reads_messages ? NP_MESSAGE : NP_BYTE;
  options.read = end->readable;
  options.write = end->writable;
  if (change != NULL) {
    change(&options, step->d);
  }
  name_text(end->name, name);
  instance_watch(play, end->name);
  end->process_id = GetCurrentProcessId();
  is_low = change == NULL && draws_low(step) && instance_become("alice-low");
  error = np_client_open(play->loops[loop_index], name, &options, &pipe);
  instance_become("alice");
  server = instance_taken(play, end->name);
  say(play, "end %u: np_client_open, name %u%s, loop %u: %s", end->number,
      end->name, end->reads_messages ? ", reads messages" : "", loop_index,
      np_error_name(error));
  if (error == NP_OK) {
    open_pipe(end, pipe, loop_index);
    play->end_count++;
    if (options.verify_owner != NULL ||
        (options.verify_same_user && is_deceiver(play->families[end->name])) ||
        (options.verify_access && is_open_to_all(play->families[end->name]))) {
      play_fail(play, "end %u trusts a pipe of family %d", end->number,
                (int)play->families[end->name]);
    }
    if (is_low && play->families[end->name] == FAMILY_PRESET) {
      play_fail(play, "end %u is of low integrity, and was let in",
                end->number);
    }
    bind_client(end, server);
    return NP_OK;
  }
  if (pipe != NULL ||
      !(is_fault(play, error) ||
        (error == ERROR_WRONG_TARGET_NAME && options.verify_process_id != 0) ||
        (error == ERROR_WRONG_TARGET_NAME && options.verify_owner != NULL) ||
        ((error == ERROR_INVALID_OWNER || error == ERROR_WRONG_TARGET_NAME) &&
         verifies(&options) && !instance_owner_is_user()) ||
        (error == ERROR_WRONG_TARGET_NAME && verifies(&options) &&
         (is_deceiver(play->families[end->name]) ||
          play->families[end->name] == FAMILY_UNKNOWN)) ||
        (error == ERROR_ACCESS_DENIED && is_low) ||
        (error == ERROR_FILE_NOT_FOUND && !has_server(play, end->name)) ||
        (error == ERROR_PIPE_BUSY &&
         (has_server(play, end->name) ||
          lingering_server(play, end->name) != NULL)))) {
    play_fail(play, "np_client_open gave %s (%u)", np_error_name(error),
              (unsigned)error);
  }
  /* The client failed in a later step, so it has used up an instance. */
  if (server != NULL) {
    session_new(play, server, NULL)->client_closed = true;
    say(play, "it came to end %u and went", server->number);
  }
  return error;
}

void step_client(struct play *play, const struct step *step) {
  client_open(play, step, NULL);
}

static void on_closed(np_pipe *pipe) {
  struct end *end = np_pipe_user(pipe);
  struct play *play = end->play;

  callback_begins(play);
  say(play, "end %u is closed", end->number);
  play->closed_count++;
  if (end->is_closed || !end->is_closing) {
    play_fail(play, "on_closed of end %u ran twice or uncalled for",
              end->number);
  }
  if (play->in_loop != (int)end->loop_index) {
    play_fail(play, "on_closed of end %u ran outside of its loop", end->number);
  }
  for (size_t i = play->first_open; i < play->note_count; i++) {
    const struct note *note = play->notes[i];

    if (note->end == end && !note->done) {
      play_fail(play, "end %u is closed before %s %u was called back",
                end->number, note_name(note), (unsigned)note->number);
    }
  }
  end->is_closed = true;
}

void close_end(struct end *end) {
  struct play *play = end->play;
  np_error error;

  end->is_closing = true;
  end_left(end);
  for (size_t i = play->first_open; i < play->note_count; i++) {
    if (play->notes[i]->end == end && play->notes[i]->slot != NULL) {
      due_begin(play, &play->notes[i]->due, end->loop_index);
    }
  }
  error = np_pipe_close(end->pipe, on_closed);
  say(play, "end %u: np_pipe_close: %s", end->number, np_error_name(error));
  if (error != NP_OK) {
    play_fail(play, "np_pipe_close gave %s", np_error_name(error));
  }
  if (np_pipe_close(end->pipe, NULL) != ERROR_INVALID_HANDLE ||
      np_pipe_handle(end->pipe) != INVALID_HANDLE_VALUE) {
    play_fail(play, "end %u can be closed twice", end->number);
  }
  play->closing_count++;
  end->pipe = NULL; /* the pipe may be gone from now on */
}

/* mark_shutdowns marks the shutdowns that wait for a write before a disconnect.
 * None of them may succeed after it, because its bytes may be lost. */
static void mark_shutdowns(struct end *end, bool may_end) {
  struct play *play = end->play;

  for (size_t i = 0; i < play->note_count; i++) {
    struct note *note = play->notes[i];

    if (note->end == end && note->kind == NOTE_SHUTDOWN && note->slot != NULL) {
      note->is_stale = may_end && note->slot->op.np__state == OP_WAITING;
    }
  }
}

void disconnect_end(struct end *end) {
  struct play *play = end->play;
  struct session *session = end_session(end);
  np_error error;

  end->disconnect_calls++;
  mark_shutdowns(end, true);
  error = np_server_disconnect(end->pipe);
  say(play, "end %u: np_server_disconnect: %s", end->number,
      np_error_name(error));
  if (error == NP_OK) {
    end->disconnects++;
    if (session != NULL) {
      session->disconnected = true;
    }
    return;
  }
  mark_shutdowns(end, false);
  if (!is_fault(play, error) && !(error == ERROR_PIPE_NOT_CONNECTED &&
                                  end->disconnects > 0 && session == NULL)) {
    play_fail(play, "np_server_disconnect gave %s", np_error_name(error));
  }
}
