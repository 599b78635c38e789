/* Types and functions that the player's files share. */
#ifndef NPIPE_CONFORMANCE_SCRIPT_PLAY_H
#define NPIPE_CONFORMANCE_SCRIPT_PLAY_H

#include "script/script.h"
#include "world.h"

#include <windows.h>

/* The file object behind one or more handles. */
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
  bool empty_written; /* an empty message may be unread */
  struct file *peer;  /* NULL: unknown */
};

/* An operation. It stays in place until it has ended. */
struct operation {
  OVERLAPPED overlapped;
  HANDLE event;
  enum { OP_UNUSED, OP_PENDING, OP_ENDED, OP_TOLD } state;
  enum verb verb;
  unsigned number;
  bool at_once;            /* ended in its own step */
  bool packet;             /* a packet came */
  bool failed;             /* the call itself failed */
  const struct file *file; /* NULL: a wait */
  HANDLE root;             /* of a wait, or NULL */
  DWORD error;
  DWORD bytes;
  char oddity[32]; /* description of an unexpected detail, or "" */
  char buffer[BYTES_MAX];
  char request[BYTES_MAX]; /* request of a transact */
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
  char result[4 * BYTES_MAX];     /* result of the current step */
  struct operation *started;      /* operation of the current step, or NULL */
};

/* result_set writes the result of the current step. result_error writes an
 * error, where 0 is "ok". result_bytes adds data in quotes. */
void result_set(struct player *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void result_error(struct player *p, DWORD error);
const char *error_text(DWORD error);

/* op_start starts the operation of a step. */
void op_start(struct player *p, const struct step *step);

/* ops_settle finds out which operations have ended. ops_tell prints the ended
 * ones that were not printed yet; op_tell_started prints the operation of the
 * current step. */
void ops_settle(struct player *p);
void ops_tell(struct player *p);
void op_tell_started(struct player *p);

/* ops_end prints the operations that never ended, and frees the others. */
void ops_end(struct player *p);

#endif
