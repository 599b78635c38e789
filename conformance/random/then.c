/* The action of a callback: what an operation's callback does besides the
 * checks. Each action is drawn when the operation begins. */
#include <stdlib.h>

#include "play.h"

/* The actions of a callback: percentages, added up. */
enum {
  THEN_NOTHING = 55,
  THEN_AGAIN = 63,
  THEN_CLOSE = 67,
  THEN_CLOSE_OTHER = 70,
  THEN_CANCEL = 78,
  THEN_DISCONNECT = 81,
  THEN_STOP = 83,
  THEN_READ = 90,
  THEN_WRITE = 98,
  THEN_TURN = 100
};

static void begin_again(struct note *note, struct slot *slot) {
  const struct step step = {STEP_READ, false,        0,
                            1,         16 * 700 + 9, note->number * 7};

  switch (note->kind) {
    case NOTE_READ:
      begin_read(note->end, slot, &step);
      break;
    case NOTE_WRITE:
      begin_write(note->end, slot, &step);
      break;
    case NOTE_CONNECT:
      begin_connect(note->end, slot, &step);
      break;
    case NOTE_READY:
      begin_ready(note->end, slot, &step);
      break;
    case NOTE_IO:
      begin_io(note->end, slot, &step);
      break;
    case NOTE_FLUSH:
      begin_flush(note->end, slot, &step);
      break;
    case NOTE_TRANSACT:
      begin_transact(note->end, slot, &step);
      break;
    default:
      begin_shutdown(note->end, slot, &step);
      break;
  }
}

void then(struct note *note, struct slot *slot) {
  struct end *end = note->end;
  struct play *play = end->play;
  const uint32_t what = note->then;
  struct step step = {STEP_READ, false, note->number, 1, note->number * 977, 0};

  if (what >= THEN_NOTHING && what < THEN_AGAIN && end->is_open &&
      !play->is_draining) {
    begin_again(note, slot);
    return;
  }
  free(slot); /* The caller owns the slot again; the library must not use it. */
  if (play->is_draining && what != THEN_CLOSE_OWN) {
    return;
  }
  if (what == THEN_CLOSE_OWN || (what >= THEN_AGAIN && what < THEN_CLOSE)) {
    if (end->is_open) {
      close_end(end);
    }
    return;
  }
  if (what < THEN_CLOSE || what >= THEN_TURN) {
    return;
  }
  if (what < THEN_CLOSE_OTHER) {
    step.kind = STEP_CLOSE;
  } else if (what < THEN_CANCEL) {
    step.kind = STEP_CANCEL;
  } else if (what < THEN_DISCONNECT) {
    step.kind = STEP_DISCONNECT;
  } else if (what < THEN_STOP) {
    step.kind = STEP_STOP;
  } else if (what < THEN_READ) {
    step.kind = STEP_READ;
  } else if (what < THEN_WRITE) {
    step.kind = STEP_WRITE;
  } else {
    step.kind = STEP_TURN;
    step.b = end->loop_index;
  }
  do_step(play, &step);
}
