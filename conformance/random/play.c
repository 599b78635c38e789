/* The player: carries out the steps of a program on its loops, drains all
 * sessions at the end, and checks that nothing is left over. */
#include "play.h"

#include "budget.h"
#include "busy.h"
#include "liar.h"
#include "service.h"
#include "stranger.h"

#include <ntstatus.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
  FOREIGN_KEY = 77,
  TURN_MS = 20,
  TURNS_MAX = 3000, /* turns until the run must have ended */
  LAST_TURNS = 10,
  DELAY_MS_MAX = 60
};

void play_fail(struct play *play, const char *format, ...) {
  va_list arguments;

  if (play->failure[0] != '\0') {
    return;
  }
  va_start(arguments, format);
  vsnprintf(play->failure, sizeof play->failure, format, arguments);
  va_end(arguments);
  say(play, "FAIL: %s", play->failure);
}

void say(struct play *play, const char *format, ...) {
  char line[256];
  size_t length;
  va_list arguments;

  if (!play->verbose) {
    return;
  }
  length = (size_t)snprintf(line, sizeof line, "%4zu %7.3f%s ", play->step,
                            (double)sim_now_ns() / 1e6,
                            play->in_loop >= 0 ? "     " : "");
  va_start(arguments, format);
  vsnprintf(line + length, sizeof line - length - 1, format, arguments);
  va_end(arguments);
  length = strlen(line);
  line[length++] = '\n';
  if (play->text_length + length + 1 > play->text_capacity) {
    play->text_capacity = (play->text_length + length + 1) * 2;
    play->text = realloc(play->text, play->text_capacity);
    if (play->text == NULL) {
      abort();
    }
  }
  memcpy(play->text + play->text_length, line, length);
  play->text_length += length;
  play->text[play->text_length] = '\0';
}

/* --- Loops --------------------------------------------------------------- */

static bool loop_make(struct play *play, bool foreign) {
  np_loop_options options;
  np_error error;

  np_loop_options_init(&options);
  options.allocator = memory_allocator(&play->memory);
  if (foreign) {
    play->port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
    options.port = play->port;
    options.completion_key = FOREIGN_KEY;
  }
  error = np_loop_create(&options, &play->loops[play->loop_count]);
  if (error != NP_OK) {
    play_fail(play, "np_loop_create gave %s", np_error_name(error));
    return false;
  }
  play->loop_count++;
  return true;
}

/* foreign_turn runs one turn of a loop on the caller's port. `*waited` becomes
 * true if the wait ended and nothing was due. */
static np_error foreign_turn(struct play *play, np_loop *loop, uint32_t wait_ms,
                             bool *waited) {
  OVERLAPPED_ENTRY entries[16];
  ULONG count = 0;
  uint32_t due_ms;
  np_error error = np_loop_dispatch(loop, NULL, 0);

  if (error != NP_OK) {
    return error;
  }
  due_ms = np_loop_wait_ms(loop);
  if (!GetQueuedCompletionStatusEx(play->port, entries, 16, &count,
                                   due_ms < wait_ms ? due_ms : wait_ms,
                                   FALSE)) {
    error = GetLastError();
    *waited = error == WAIT_TIMEOUT && wait_ms > 0 && wait_ms < due_ms;
    return error;
  }
  return np_loop_dispatch(loop, entries, count);
}

/* own_turn runs one turn of a loop with its own port. The law: it succeeds only
 * if a callback ran, the loop was stopped, or the last pending work ended. */
static np_error own_turn(struct play *play, unsigned index, uint32_t wait_ms,
                         bool *waited) {
  np_loop *loop = play->loops[index];
  const bool was_pending = np_loop_is_pending(loop);
  const size_t functions = play->callbacks + play->io_calls;
  const np_error error = np_loop_run_once(loop, wait_ms);

  *waited = error == WAIT_TIMEOUT && wait_ms > 0;
  if (error == NP_OK && play->callbacks + play->io_calls == functions &&
      !play->was_stopped[index] && (!was_pending || np_loop_is_pending(loop))) {
    play_fail(play, "a turn of loop %u succeeded without a callback", index);
  }
  play->was_stopped[index] = false;
  return error;
}

void check_turn(struct play *play, unsigned index, np_error error) {
  if (play->has_forgotten != (error == ERROR_BAD_IMPERSONATION_LEVEL)) {
    play_fail(play, "a revert was%s forgotten, and a turn of loop %u gave %s",
              play->has_forgotten ? "" : " not", index, np_error_name(error));
  } else if (play->has_forgotten) {
    play->has_forgotten = false;
    play->was_cut[index] = true;
  } else if (error != NP_OK && error != WAIT_TIMEOUT &&
             !(error == ERROR_NO_SYSTEM_RESOURCES && play->faults)) {
    play_fail(play, "a turn of loop %u gave %s", index, np_error_name(error));
  }
}

void turn(struct play *play, unsigned index, uint32_t wait_ms) {
  np_loop *loop = play->loops[index];
  const size_t callbacks = play->callbacks;
  np_error error;

  if (play->in_loop >= 0) {
    error = np_loop_run_once(loop, 0);
    if ((unsigned)play->in_loop == index && error != ERROR_BUSY) {
      play_fail(play, "np_loop_run_once in a callback of its loop gave %s",
                np_error_name(error));
    }
    return;
  }
  due_turn_begins(play, index);
  play->turn_wait_ms = wait_ms;
  play->in_loop = (int)index;
  error = np_loop_port(loop) == play->port
              ? foreign_turn(play, loop, wait_ms, &play->turn_waited)
              : own_turn(play, index, wait_ms, &play->turn_waited);
  play->in_loop = -1;
  say(play, "loop %u turned, waiting %u ms: %s, %zu callbacks", index,
      (unsigned)wait_ms, np_error_name(error), play->callbacks - callbacks);
  check_turn(play, index, error);
  due_turn_ended(play, index);
}

/* --- Timers and tasks ---------------------------------------------------- */

static void on_timer(np_timer *timer) {
  struct timer_note *note = (struct timer_note *)timer;
  struct play *play = note->play;

  callback_begins(play);
  say(play, "timer %u runs", note->number);
  if (!note->active) {
    play_fail(play, "timer %u ran, which was not active", note->number);
  }
  if (play->in_loop != (int)note->loop_index) {
    play_fail(play, "timer %u ran outside of its loop", note->number);
  }
  if (sim_now_ns() < note->due_ns) {
    play_fail(play, "timer %u ran too early", note->number);
  }
  note->active = false;
}

static void step_timer(struct play *play, const struct step *step) {
  struct timer_note *note = &play->timers[step->a % TIMERS_MAX];
  const unsigned index = step->b % play->loop_count;
  const uint32_t delay_ms = step->c % 4 == 0 ? 0 : step->c % DELAY_MS_MAX;
  const uint64_t begun_ns = sim_now_ns();
  np_error expected =
      note->active && note->loop_index != index ? ERROR_BUSY : NP_OK;
  np_error error =
      np_timer_start(play->loops[index], &note->timer, delay_ms, on_timer);

  say(play, "timer %u starts on loop %u, %u ms: %s", note->number, index,
      (unsigned)delay_ms, np_error_name(error));
  if (error != expected) {
    play_fail(play, "np_timer_start gave %s, not %s", np_error_name(error),
              np_error_name(expected));
  }
  if (error == NP_OK) {
    note->active = true;
    note->loop_index = index;
    note->due_ns = begun_ns + (uint64_t)delay_ms * 1000000;
  }
}

static void step_timer_stop(struct play *play, const struct step *step) {
  struct timer_note *note = &play->timers[step->a % TIMERS_MAX];

  if (np_timer_is_active(&note->timer) != note->active) {
    play_fail(play, "np_timer_is_active is wrong about timer %u", note->number);
  }
  np_timer_stop(&note->timer);
  note->active = false;
  say(play, "timer %u is stopped", note->number);
}

static void on_task(np_task *task) {
  struct task_note *note = (struct task_note *)task;
  struct play *play = note->play;

  callback_begins(play);
  say(play, "task %u runs", note->number);
  if (!note->posted) {
    play_fail(play, "task %u ran, which was not posted", note->number);
  }
  if (play->in_loop != (int)note->loop_index) {
    play_fail(play, "task %u ran outside of its loop", note->number);
  }
  if (note->order < play->task_order_run[note->loop_index]) {
    play_fail(play, "task %u ran out of its turn", note->number);
  }
  play->task_order_run[note->loop_index] = note->order;
  note->posted = false;
}

static void step_task(struct play *play, const struct step *step) {
  struct task_note *note = &play->tasks[step->a % TASKS_MAX];
  const unsigned index = step->b % play->loop_count;
  np_error error = np_loop_post(play->loops[index], &note->task, on_task);

  say(play, "task %u is posted to loop %u: %s", note->number, index,
      np_error_name(error));
  if (error == NP_OK && !note->posted) {
    note->posted = true;
    note->loop_index = index;
    note->order = ++play->task_order;
  } else if (!(error == ERROR_BUSY && note->posted) &&
             !(error == ERROR_NO_SYSTEM_RESOURCES && play->faults)) {
    play_fail(play, "np_loop_post gave %s", np_error_name(error));
  }
}

/* --- Steps --------------------------------------------------------------- */

static void step_stop(struct play *play, const struct step *step) {
  const unsigned index = step->b % play->loop_count;
  np_error error = np_loop_stop(play->loops[index]);

  play->was_cut[index] = true;
  play->was_stopped[index] = true;
  say(play, "loop %u is stopped: %s", index, np_error_name(error));
  if (error != NP_OK && !(error == ERROR_NO_SYSTEM_RESOURCES && play->faults)) {
    play_fail(play, "np_loop_stop gave %s", np_error_name(error));
  }
}

/* step_destroy tries to destroy a loop only when this must fail, because the
 * run still needs its loops. */
static void step_destroy(struct play *play, const struct step *step) {
  const unsigned index = step->b % play->loop_count;
  np_error error;

  for (size_t i = 0; i < play->end_count; i++) {
    const struct end *end = &play->ends[i];

    if (end->loop_index == index && end->loop != NULL && !end->is_closed) {
      error = np_loop_destroy(play->loops[index]);
      if (error != ERROR_BUSY) {
        play_fail(play, "np_loop_destroy gave %s while a pipe is open",
                  np_error_name(error));
      }
      return;
    }
  }
}

static void step_fault_late(struct play *play, const struct step *step) {
  static const char *const functions[] = {"ReadFile", "WriteFile",
                                          "ConnectNamedPipe"};
  const char *function = functions[step->a % 3];
  const uint64_t nth = 1 + step->c % 4;

  play->faults = true;
  say(play, "%s number %u from now will fail by its packet", function,
      (unsigned)nth);
  sim_fault_completion(function, nth, STATUS_INSUFFICIENT_RESOURCES);
}

/* step_fault_io starts an operation behind those in flight; mostly it fails
 * before they end. */
static void step_fault_io(struct play *play, const struct step *step) {
  struct end *end = pick_end(play, step->a, is_library);
  const bool writes = step->c % 3 == 0;
  const char *function = writes ? "WriteFile" : "ReadFile";
  const uint64_t nth = 1 + step->d % 2;

  play->faults = true;
  say(play, "%s number %u from now will fail", function, (unsigned)nth);
  sim_fault(function, nth, ERROR_NO_SYSTEM_RESOURCES);
  if (end != NULL && writes) {
    begin_write(end, NULL, step);
  } else if (end != NULL) {
    begin_read(end, NULL, step);
  }
}

static void step_slow(struct play *play, const struct step *step, bool cancel) {
  struct end *end = pick_end(play, step->a, NULL);
  HANDLE handle;

  if (end == NULL) {
    return;
  }
  play->was_slowed = true;
  handle = end->pipe != NULL ? np_pipe_handle(end->pipe) : end->raw;
  if (cancel) {
    sim_cancel_late(handle, step->c % 20);
  } else {
    sim_slow(handle, step->c % 20);
  }
  say(play, "end %u is slow to %s: %u ms", end->number,
      cancel ? "cancel" : "complete", (unsigned)(step->c % 20));
}

static bool is_library_server(const struct end *end) {
  return is_library(end) && end->is_server;
}

/* do_end_step does the steps that concern one end of the library. */
static void do_end_step(struct end *end, const struct step *step) {
  switch (step->kind) {
    case STEP_READ:
      begin_read(end, NULL, step);
      break;
    case STEP_WRITE:
      begin_write(end, NULL, step);
      break;
    case STEP_SHUTDOWN:
      begin_shutdown(end, NULL, step);
      break;
    case STEP_READY:
      begin_ready(end, NULL, step);
      break;
    case STEP_TRY_READ:
      try_read(end, step);
      break;
    case STEP_TRY_WRITE:
      try_write(end, step);
      break;
    case STEP_TRY_IO:
      try_io(end, step);
      break;
    case STEP_ASYNC_IO:
      begin_io(end, NULL, step);
      break;
    case STEP_READY_OPTIONS:
      set_ready_options(end, step);
      break;
    case STEP_FLUSH:
      begin_flush(end, NULL, step);
      break;
    case STEP_TRANSACT:
      begin_transact(end, NULL, step);
      break;
    case STEP_PEEK:
      peek_end(end, step);
      break;
    case STEP_READ_MODE:
      set_read_mode(end, step);
      break;
    case STEP_PEER:
      ask_about_peer(end);
      break;
    default:
      close_end(end);
      break;
  }
}

void do_step(struct play *play, const struct step *step) {
  struct end *end = NULL;

  switch (step->kind) {
    case STEP_SERVER:
      step_server(play, step);
      break;
    case STEP_CLIENT:
      step_client(play, step);
      break;
    case STEP_CLIENT_VERIFIED:
      step_client_verified(play, step);
      break;
    case STEP_CONNECT:
    case STEP_DISCONNECT:
      end = pick_end(play, step->a, is_library_server);
      if (end != NULL && step->kind == STEP_CONNECT) {
        begin_connect(end, NULL, step);
      } else if (end != NULL) {
        disconnect_end(end);
      }
      break;
    case STEP_READ:
    case STEP_WRITE:
    case STEP_SHUTDOWN:
    case STEP_READY:
    case STEP_TRY_READ:
    case STEP_TRY_WRITE:
    case STEP_TRY_IO:
    case STEP_ASYNC_IO:
    case STEP_READY_OPTIONS:
    case STEP_FLUSH:
    case STEP_TRANSACT:
    case STEP_PEEK:
    case STEP_READ_MODE:
    case STEP_PEER:
    case STEP_CLOSE:
      end = pick_end(play, step->a, is_library);
      if (end != NULL) {
        do_end_step(end, step);
      }
      break;
    case STEP_CANCEL:
      cancel_one(play, step);
      break;
    case STEP_INFO:
      step_info(play, step);
      break;
    case STEP_TIMER:
      step_timer(play, step);
      break;
    case STEP_TIMER_STOP:
      step_timer_stop(play, step);
      break;
    case STEP_TASK:
      step_task(play, step);
      break;
    case STEP_STOP:
      step_stop(play, step);
      break;
    case STEP_TURN:
      turn(play, step->b % play->loop_count, 0);
      break;
    case STEP_WAIT:
      turn(play, step->b % play->loop_count, 1 + step->c % 30);
      break;
    case STEP_DESTROY:
      step_destroy(play, step);
      break;
    case STEP_FAULT:
      play->faults = true;
      say(play, "call number %u from now will fail",
          (unsigned)(1 + step->c % 12));
      sim_fault_any(1 + step->c % 12);
      break;
    case STEP_FAULT_LATE:
      step_fault_late(play, step);
      break;
    case STEP_FAULT_IO:
      step_fault_io(play, step);
      break;
    case STEP_FAULT_CANCEL:
      play->faults = true;
      say(play, "cancel number %u from now will fail",
          (unsigned)(1 + step->c % 2));
      sim_fault("CancelIoEx", 1 + step->c % 2, ERROR_NO_SYSTEM_RESOURCES);
      break;
    case STEP_BUSY:
      step_busy(play, step);
      break;
    case STEP_FAULT_MEMORY:
      memory_fail(&play->memory, 1 + step->c % 3);
      play->memory_fault = true;
      say(play, "allocation number %u from now will fail",
          (unsigned)(1 + step->c % 3));
      break;
    case STEP_LIE:
      step_lie(play, step);
      break;
    case STEP_STRANGER:
      step_stranger(play, step);
      break;
    case STEP_REST:
      step_rest(play);
      break;
    case STEP_SLOW:
    case STEP_CANCEL_LATE:
      step_slow(play, step, step->kind == STEP_CANCEL_LATE);
      break;
    default:
      if (step->kind >= STEP_LISTEN && step->kind <= STEP_GUEST_CLOSE) {
        step_service(play, step);
      } else {
        step_raw(play, step);
      }
      break;
  }
}

/* --- The end ------------------------------------------------------------- */

static bool are_loops_pending(const struct play *play) {
  for (unsigned i = 0; i < play->loop_count; i++) {
    if (np_loop_is_pending(play->loops[i])) {
      return true;
    }
  }
  return false;
}

static void turn_all(struct play *play) {
  for (unsigned i = 0; i < play->loop_count; i++) {
    turn(play, i, TURN_MS);
  }
  raw_poll(play);
}

static bool has_drains(const struct play *play) {
  for (size_t i = 0; i < play->end_count; i++) {
    if (play->ends[i].drains) {
      return true;
    }
  }
  return false;
}

/* drain_session lets one end of the session close, and the other end, which is
 * one of the library, read to the end of the stream. */
static void drain_session(struct play *play, struct session *session,
                          bool server_reads) {
  const struct step step = {STEP_READ, false, 1, 1, 2999, 0};
  struct end *reader = server_reads ? session->server : session->client;
  struct end *writer = server_reads ? session->client : session->server;

  if (session->disconnected || reader == NULL || writer == NULL ||
      end_session(reader) != session || end_session(writer) != session) {
    return;
  }
  if (!is_library(reader)) {
    struct end *other = reader;

    reader = writer;
    writer = other;
  }
  if (!is_library(reader) || !reader->readable) {
    return;
  }
  say(play, "end %u is read until end %u is closed", reader->number,
      writer->number);
  reader->drains = true;
  reader->drains_from = play->note_count;
  begin_read(reader, NULL, &step);
  writer->drains = false;
  if (is_library(writer)) {
    begin_shutdown(writer, NULL, NULL);
  } else if (is_raw(writer)) {
    raw_close(writer);
  }
}

/* drain reads each open session to its end. Nothing may be missing then. */
static void drain(struct play *play) {
  sim_fault_any(0);
  memory_fail(&play->memory, 0);
  play->is_draining = true;
  for (size_t i = 0; i < play->session_count; i++) {
    drain_session(play, &play->sessions[i],
                  (i % 2 == 0) != play->program->clients_drain);
  }
  for (int i = 0; i < TURNS_MAX && has_drains(play); i++) {
    turn_all(play);
  }
  if (has_drains(play)) {
    play_fail(play, "a stream has no end");
  }
}

static void tear_down(struct play *play) {
  np_error error;

  sim_fault_any(0);
  service_close(play);
  for (size_t i = 0; i < play->end_count; i++) {
    if (is_library(&play->ends[i])) {
      close_end(&play->ends[i]);
    } else if (is_raw(&play->ends[i])) {
      raw_close(&play->ends[i]);
    }
  }
  for (int i = 0; i < TURNS_MAX && are_loops_pending(play); i++) {
    turn_all(play);
  }
  for (int i = 0; i < LAST_TURNS; i++) {
    if (play->stranger_count > 0 || service_has_asked(play)) {
      turn_all(play); /* takes the packets that nobody awaits */
    }
    sim_advance_ms(TURN_MS);
    raw_poll(play);
  }
  budget_end(play);
  for (unsigned i = 0; i < play->loop_count; i++) {
    error = np_loop_destroy(play->loops[i]);
    if (error != NP_OK) {
      play_fail(play, "loop %u is still busy at the end: %s", i,
                np_error_name(error));
    }
  }
  if (play->port != NULL) {
    CloseHandle(play->port);
  }
}

static void check_account(struct play *play) {
  char text[FAILURE_BYTES_MAX - 16];

  for (size_t i = 0; i < play->note_count; i++) {
    if (!play->notes[i]->done) {
      play_fail(play, "%s %u has had no callback", note_name(play->notes[i]),
                (unsigned)play->notes[i]->number);
    }
  }
  if (play->closed_count != play->closing_count) {
    play_fail(play, "%u pipes were closed and %u told so", play->closing_count,
              play->closed_count);
  }
  for (size_t i = 0; i < TIMERS_MAX; i++) {
    if (play->timers[i].active) {
      play_fail(play, "timer %zu has not run", i);
    }
  }
  for (size_t i = 0; i < TASKS_MAX; i++) {
    if (play->tasks[i].posted) {
      play_fail(play, "task %zu has not run", i);
    }
  }
  /* A loop has two threads for any number of waiting flushes. If one of them
   * could not be created, the next flush creates both again. */
  if (sim_calls("CreateThread") > 2 * (LOOPS_MAX + sim_faults_hit()) ||
      sim_calls("TrySubmitThreadpoolCallback") > 0) {
    play_fail(play, "the library made a thread for a flush");
  }
  service_check(play);
  if (strangers_are_reading(play)) {
    play_fail(play, "the read of a stranger has not ended");
  }
  if (play->memory.live != 0) {
    play_fail(play, "%zu blocks of memory are left", play->memory.live);
  }
  if (!sim_check(text, sizeof text)) {
    play_fail(play, "the kernel: %s", text);
  }
}

bool play_run(struct play *play, const struct program *program, bool verbose) {
  sim_settings settings = program->settings;

  memset(play, 0, offsetof(struct play, service));
  memset(&play->service, 0, offsetof(struct service, guests));
  memset(play->service.askings, 0, sizeof play->service.askings);
  play->program = program;
  play->verbose = verbose;
  play->in_loop = -1;
  for (unsigned i = 0; i < TIMERS_MAX; i++) {
    play->timers[i].play = play;
    play->timers[i].number = i;
  }
  for (unsigned i = 0; i < TASKS_MAX; i++) {
    play->tasks[i].play = play;
    play->tasks[i].number = i;
  }
  settings.threads_in_step = true; /* np_pipe_flush uses threads. */
  sim_reset(program->seed, &settings);
  sim_trace(verbose);
  say(play, "seed %llu, settings from %s", (unsigned long long)program->seed,
      program->base);
  if (!loop_make(play, false) ||
      (program->two_loops && !loop_make(play, program->foreign_port))) {
    return false;
  }
  budget_begin(play);
  for (size_t i = 0; i < program->step_count && play->failure[0] == '\0'; i++) {
    play->step = i;
    if (!program->steps[i].dropped) {
      do_step(play, &program->steps[i]);
      raw_poll(play);
    }
  }
  play->step = program->step_count;
  if (program->drains && play->failure[0] == '\0') {
    drain(play);
  }
  tear_down(play);
  check_account(play);
  if (!play->lies) {
    streams_check(play);
  }
  return play->failure[0] == '\0';
}

void play_deinit(struct play *play) {
  for (size_t i = 0; i < play->note_count; i++) {
    free(play->notes[i]->slot);
    free(play->notes[i]->data);
    free(play->notes[i]);
  }
  free(play->text);
}
