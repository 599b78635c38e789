/* The end of a run: the streams are read to their ends, everything is closed,
 * and the account is checked. The laws: each connected client of the listener
 * was handed out, each operation has had its callback, each pipe its on_closed,
 * and no memory, handle or thread is left. */
#include "finish.h"

#include "budget.h"
#include "service.h"
#include "stranger.h"

enum {
  TURN_MS = 20,
  TURNS_MAX = 3000, /* turns until the run must have ended */
  LAST_TURNS = 10
};

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

void finish_drain(struct play *play) {
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

/* serve_all lets the listener hand out the clients that it holds. The law: a
 * pause loses no client. */
static void serve_all(struct play *play) {
  memory_fail(&play->memory, 0);
  service_resume(play);
  for (int i = 0; i < TURNS_MAX && !service_is_served(play); i++) {
    turn_all(play);
  }
  if (!service_is_served(play) && !play->lies) {
    play_fail(play, "a client of the listener was not handed out");
  }
}

static void tear_down(struct play *play) {
  np_error error;

  sim_fault_any(0);
  serve_all(play);
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

void finish(struct play *play) {
  tear_down(play);
  check_account(play);
}
