/* Scenarios of np_listener. A listener goes on after most faults, but each
 * fault must be reported. */
#include <string.h>

#include "run.h"

static bool next_client(struct run *r) {
  r->client = client_open(r);
  return r->client != NULL;
}

/* visit connects a client, exchanges text with the accepted pipe, and closes
 * the client. */
static bool visit(struct run *r, unsigned count) {
  return next_client(r) && accepts(r, count) &&
         exchange(r, r->client, r->accepted, "hello") &&
         exchange(r, r->accepted, r->client, "welcome") &&
         pipe_close(r, r->client);
}

SCENARIO(accept, "listener/accept-and-close", 0) {
  r->listener_options.backlog = 2;
  return listener_open(r) && visit(r, 1) && pipe_close(r, r->accepted) &&
         turn(r, 0) && visit(r, 2) && pipe_close(r, r->accepted) &&
         turn(r, 0) && listener_close(r) && closed(r);
}

/* The client comes before the connects are in the kernel, or after. */
SCENARIO(accept_waiting, "listener/accept-waiting", 0) {
  r->listener_options.backlog = 1;
  return listener_open(r) && turn(r, 0) && turn(r, 0) && visit(r, 1) &&
         pipe_close(r, r->accepted) && closed(r) && turn(r, 0) && visit(r, 2) &&
         turn(r, 0);
}

SCENARIO(recycle, "listener/recycle", 0) {
  r->listener_options.backlog = 1;
  STEP(listener_open(r));
  for (unsigned i = 1; i <= 4; i++) {
    STEP(visit(r, i) && give_back(r) && turn(r, 0));
  }
  return turn(r, 50) && turn(r, 50) && listener_close(r) && closed(r);
}

/* If the read mode cannot be restored, a new instance replaces the old one. */
SCENARIO(recycle_mode, "listener/recycle-read-mode", 0) {
  r->listener_options.backlog = 1;
  r->listener_options.server.mode = NP_MESSAGE;
  r->listener_options.server.read_mode = NP_MESSAGE;
  STEP(listener_open(r));
  for (unsigned i = 1; i <= 3; i++) {
    STEP(visit(r, i) &&
         took(r, "np_pipe_set_read_mode",
              np_pipe_set_read_mode(r->accepted, NP_BYTE)) &&
         give_back(r) && turn(r, 0));
  }
  return turn(r, 50) && turn(r, 50) && listener_close(r) && closed(r);
}

SCENARIO(recycle_busy, "listener/recycle-with-all-in-flight", 0) {
  struct action *read;
  struct action *write;
  struct action *ready;

  r->listener_options.server.instances_max = 1;
  STEP(listener_open(r) && visit(r, 1));
  read = read_begin(r, r->accepted, 16);
  write = write_begin(r, r->accepted, NULL, QUOTA_BYTES + 1);
  ready = ready_begin(r, r->accepted, NP_READABLE);
  return ready != NULL && turn(r, 0) && give_back(r) &&
         turns(r, &read->done, 1) && turns(r, &write->done, 1) &&
         turns(r, &ready->done, 1) && turn(r, 0) && visit(r, 2) &&
         listener_close(r) && closed(r);
}

SCENARIO(idle, "listener/recycle-too-many", 0) {
  np_pipe *first;
  np_pipe *first_client;

  r->listener_options.backlog = 1;
  r->listener_options.idle_max = 1;
  STEP(listener_open(r) && next_client(r) && accepts(r, 1));
  first = r->accepted;
  first_client = r->client;
  STEP(next_client(r) && accepts(r, 2) && give_back(r));
  r->accepted = first;
  return give_back(r) && turn(r, 0) && pipe_close(r, first_client) &&
         pipe_close(r, r->client) && closed(r) && visit(r, 3);
}

static bool ghost(struct run *r, const char *text) {
  HANDLE raw = raw_client_open(r, GENERIC_READ | GENERIC_WRITE);

  return raw != INVALID_HANDLE_VALUE &&
         (*text == 0 || raw_write(r, raw, text)) && raw_close(r, raw);
}

SCENARIO(ghosts, "listener/ghosts", 0) {
  r->listener_options.backlog = 1;
  return listener_open(r) && ghost(r, "") && turn(r, 0) && turn(r, 0) &&
         turn(r, 0) && ghost(r, "") && turn(r, 0) && turn(r, 0) && turn(r, 0) &&
         ghost(r, "bye") && accepts(r, 1) &&
         ends_with(read_begin(r, r->accepted, 16), NP_OK, "bye") &&
         ends(read_begin(r, r->accepted, 16), ERROR_BROKEN_PIPE, 0) &&
         give_back(r) && turn(r, 0) && visit(r, 2);
}

SCENARIO(limit, "listener/limit", 0) {
  r->listener_options.server.instances_max = 1;
  return listener_open(r) && visit(r, 1) && pipe_close(r, r->accepted) &&
         turn(r, 0) && visit(r, 2) && give_back(r) && turn(r, 0) && visit(r, 3);
}

static bool pause_holds(struct run *r, unsigned accepted) {
  return next_client(r) && turn(r, 0) && turn(r, 0) &&
         holds(r, r->accepted_count == accepted,
               "a paused listener hands out nothing");
}

static bool pauses(struct run *r) {
  return took(r, "np_listener_pause", np_listener_pause(r->listener));
}

static bool resumes(struct run *r) {
  return took(r, "np_listener_resume", np_listener_resume(r->listener));
}

/* The first client is held, and then finds a pipe that rested in a pause. */
SCENARIO(pause, "listener/pause-and-resume", 0) {
  r->listener_options.backlog = 1;
  r->listener_options.pipes_max = 1;
  return listener_open(r) && turn(r, 0) && pauses(r) && pause_holds(r, 0) &&
         resumes(r) && accepts(r, 1) &&
         exchange(r, r->client, r->accepted, "hello") &&
         pipe_close(r, r->client) && pauses(r) && give_back(r) && turn(r, 0) &&
         resumes(r) && visit(r, 2) && listener_close(r) && closed(r);
}

SCENARIO(pause_close, "listener/pause-and-close", 0) {
  r->listener_options.backlog = 2;
  return listener_open(r) && visit(r, 1) && pauses(r) && give_back(r) &&
         pause_holds(r, 1) && listener_close(r) && closed(r);
}

SCENARIO(first, "listener/first-instance-later", 0) {
  r->listener_options.backlog = 2;
  r->listener_options.retry_first = true;
  r->listener_options.background = true;
  r->listener_options.server.first_instance = true;
  r->listener_options.server.access = NP_ACCESS_WINDOWS_DEFAULT;
  r->listener_options.server.sddl = "D:P(A;;GA;;;WD)";
  return listener_open(r) && turn(r, 0) && visit(r, 1);
}

static void close_listener(struct run *r) {
  listener_close(r);
}

SCENARIO(close_inside, "listener/close-from-its-callback", CLOSES_LISTENER) {
  r->listener_options.backlog = 3;
  r->accept_then = close_listener;
  return listener_open(r) && next_client(r) && next_client(r) &&
         accepts(r, 1) && closed(r) &&
         holds(r, r->accepted_count == 1, "nothing is handed out any more");
}

SCENARIO(foreign, "listener/foreign-port", FOREIGN_PORT) {
  r->listener_options.backlog = 1;
  return listener_open(r) && turn(r, 0) && visit(r, 1) && give_back(r) &&
         turn(r, 0) && visit(r, 2) && pipe_close(r, r->accepted) && turn(r, 0);
}
