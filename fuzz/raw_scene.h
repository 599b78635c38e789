/* The scene of raw_peer: our end, a peer that makes raw Win32 calls, and a
 * record of everything that both did. */
#ifndef NPIPE_FUZZ_RAW_SCENE_H
#define NPIPE_FUZZ_RAW_SCENE_H

#include "stage.h"
#include "stream.h"

enum {
  SESSIONS_MAX = 12,
  WRITES_MAX = 80,
  ACTIONS_MAX = 200,
  LENGTH_MAX = 3000
};

struct scene;

enum action_kind { READ, WRITE, CONNECT, READY, SHUTDOWN, TRANSACT, FLUSH };

/* An operation of our end, or a try to read. */
struct action {
  np_op op; /* first */
  struct scene *scene;
  enum action_kind kind;
  unsigned char *data;
  size_t length;
  unsigned char *request; /* request of a transact */
  bool done;
  bool cancelled;
  bool while_closing;
  np_error error;
  size_t transferred;
  size_t first; /* the data can be of sessions `first` to `last` */
  size_t last;
};

/* One operation of the peer. */
struct raw_op {
  OVERLAPPED overlapped;
  bool pends;
  size_t write; /* index into `writes` */
  unsigned char data[LENGTH_MAX];
  size_t length;
};

struct raw_write {
  struct written written;
  size_t session;
};

struct scene {
  struct stage stage;
  np_pipe *pipe; /* our end; NULL: closed */
  bool is_server;
  bool is_message;
  bool reads_messages;
  bool asked_readiness;
  bool closing;
  HANDLE raw; /* NULL: gone */
  bool raw_dies;
  size_t session_count;
  bool in_session;
  bool ever_closed; /* the peer has closed once */
  bool ever_disconnected;
  struct raw_op raw_read;
  struct raw_op raw_write;
  struct raw_op raw_connect;
  struct action actions[ACTIONS_MAX];
  size_t action_count;
  struct raw_write writes[WRITES_MAX];
  size_t write_count;
  uint32_t quota;
  bool ended;
};

/* --- Our end: raw_ours.c ------------------------------------------------- */

/* action_is_read returns true if the operation takes data out of the pipe. */
bool action_is_read(const struct action *action);

void our_read(struct scene *scene, size_t length, bool scatters);
void our_write(struct scene *scene, size_t length, uint32_t timeout_ms);
void our_try_read(struct scene *scene, size_t length);
void our_try_write(struct scene *scene, size_t length);
void our_transact(struct scene *scene, size_t length);

/* our_other starts an operation without data: CONNECT, READY, SHUTDOWN or
 * FLUSH. */
void our_other(struct scene *scene, enum action_kind kind, uint32_t how);
void our_peek(struct scene *scene, size_t length);
void our_set_read_mode(struct scene *scene);
void our_questions(struct scene *scene);
void our_disconnect(struct scene *scene);
void our_cancel(struct scene *scene, size_t drawn);
void our_info(struct scene *scene);
void our_close(struct scene *scene);

/* --- The peer: raw_theirs.c ---------------------------------------------- */

/* raw_poll records which operations of the peer have ended. */
void raw_poll(struct scene *scene);
void raw_send(struct scene *scene, size_t length);
void raw_receive(struct scene *scene, size_t length);
void raw_transact(struct scene *scene, size_t length);
void raw_peek(struct scene *scene);
void raw_set_mode(struct scene *scene, uint32_t how);

/* raw_open opens a new client if our end accepts one. session_begin records
 * that a client is connected. */
void raw_open(struct scene *scene);
void session_begin(struct scene *scene);
void raw_close(struct scene *scene);
void raw_cancel(struct scene *scene);
void raw_disconnect(struct scene *scene);
void raw_connect(struct scene *scene);

/* raw_die lets the peer's process die at its `nth` call from now. */
void raw_die(struct scene *scene, uint32_t nth);

#endif
