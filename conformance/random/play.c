/* The player: gives each step of a program to the file of its noun. The rule:
 * a step that is not possible now does nothing. */
#include "play.h"

#include "budget.h"
#include "busy.h"
#include "finish.h"
#include "liar.h"
#include "service.h"
#include "stranger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

void say_line(struct play *play, const char *format, ...) {
  char line[256];
  size_t length;
  va_list arguments;

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

static bool is_library_server(const struct end *end) {
  return is_library(end) && end->is_server;
}

/* do_end_step carries out a step on an end of the library. */
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
    case STEP_FAULT_LATE:
    case STEP_FAULT_IO:
    case STEP_FAULT_CANCEL:
    case STEP_FAULT_MEMORY:
      step_fault(play, step);
      break;
    case STEP_BUSY:
      step_busy(play, step);
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
    finish_drain(play);
  }
  finish(play);
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
