/* What the player's files share. */
#ifndef NPIPE_CONFORMANCE_SCRIPT_PLAY_H
#define NPIPE_CONFORMANCE_SCRIPT_PLAY_H

#include "script/script.h"
#include "world.h"

#include <windows.h>

/* What handles of one file have in common. */
struct file {
  bool used;
  unsigned handles;
  bool server;
  unsigned pipe;
  bool sync;
  bool nowait;
  bool port;
  bool skip;
  bool may_read;
  bool empty_written; /* an empty message may lie unread */
  struct file *peer;  /* NULL: nobody knows */
};

/* An operation. It is in place until it has ended. */
struct operation {
  OVERLAPPED overlapped;
  HANDLE event;
  enum { OP_UNUSED, OP_PENDING, OP_ENDED, OP_TOLD } state;
  enum verb verb;
  unsigned number;
  bool at_once; /* it ended in its own step */
  bool packet;  /* one came */
  bool failed;  /* the call itself */
  const struct file *file;
  DWORD error;
  DWORD bytes;
  char oddity[32]; /* what is not as it must be; "" */
  char buffer[BYTES_MAX];
  char request[BYTES_MAX]; /* of a transact */
};

struct player {
  FILE *out;
  HANDLE port;
  HANDLE never; /* an event that is never set */
  wchar_t names[PIPES_MAX][WORLD_PIPE_NAME_BYTES_MAX];
  HANDLE handles[SLOTS_MAX]; /* NULL: closed */
  struct file *slots[SLOTS_MAX];
  struct file files[STEPS_MAX];
  struct operation *ops[OPS_MAX]; /* NULL: unused */
  char result[4 * BYTES_MAX];     /* of the step under way */
  struct operation *started;      /* by the step under way; or NULL */
};

/* result_set writes what came of the step; result_error for an error, 0 is
 * "ok"; result_bytes adds data in quotes. */
void result_set(struct player *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void result_error(struct player *p, DWORD error);
const char *error_text(DWORD error);

/* op_start starts the operation of a step. */
void op_start(struct player *p, const struct step *step);

/* ops_settle finds out which operations have ended; ops_tell prints those that
 * ended and were not told yet, ops_tell_started the one of this step. */
void ops_settle(struct player *p);
void ops_tell(struct player *p);
void op_tell_started(struct player *p);

/* ops_end tells of what never ended, and frees the rest. */
void ops_end(struct player *p);

#endif
