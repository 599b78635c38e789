/* A program: settings and a list of steps, all made from a seed.
 *
 * A step names no pipe and no operation. It has numbers, from which the player
 * picks one of the existing objects. So any step may be dropped, and the rest
 * still makes sense; this is how a failing program is shortened. */
#ifndef NPIPE_RANDOM_PROGRAM_H
#define NPIPE_RANDOM_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sim/sim.h>

enum { STEPS_MAX = 512 };

enum step_kind {
  STEP_SERVER,  /* np_server_create                               */
  STEP_CLIENT,  /* np_client_open                                 */
  STEP_CONNECT, /* np_server_connect                              */
  STEP_DISCONNECT,
  STEP_READ,
  STEP_WRITE,
  STEP_SHUTDOWN,
  STEP_READY,    /* np_pipe_ready and its short forms */
  STEP_TRY_READ, /* np_pipe_try_read, np_pipe_try_readv            */
  STEP_TRY_WRITE,
  STEP_TRY_IO,
  STEP_ASYNC_IO,
  STEP_READY_OPTIONS,
  STEP_CANCEL,
  STEP_CLOSE,
  STEP_INFO,
  STEP_RAW_SERVER, /* the same with Win32 calls */
  STEP_RAW_CLIENT,
  STEP_RAW_CONNECT,
  STEP_RAW_DISCONNECT,
  STEP_RAW_READ,
  STEP_RAW_WRITE,
  STEP_RAW_CLOSE,
  STEP_RAW_TRANSACT,
  STEP_RAW_PEEK,
  STEP_RAW_MODE, /* its read mode, and PIPE_NOWAIT */
  STEP_RAW_CANCEL,
  STEP_RAW_DIE,  /* its process dies at one of the next calls */
  STEP_STRANGER, /* another holder of an adopted end reads */
  STEP_ADOPT,    /* a raw end becomes one of the library */
  STEP_TIMER,
  STEP_TIMER_STOP,
  STEP_TASK,
  STEP_STOP, /* np_loop_stop                                      */
  STEP_TURN, /* one turn of a loop, without a wait */
  STEP_WAIT, /* one turn of a loop, with a wait */
  STEP_DESTROY,
  STEP_FAULT,      /* a later call fails for lack of resources */
  STEP_FAULT_LATE, /* a later operation fails in its packet */
  STEP_FAULT_MEMORY,
  STEP_LIE, /* a later answer of the kernel is a lie */
  STEP_SLOW,
  STEP_CANCEL_LATE,
  STEP_LISTEN, /* np_listener_create, or a pause of the listener */
  STEP_LISTEN_CLOSE,
  STEP_REQUEST, /* np_client_connect, or a step of a link */
  STEP_REQUEST_CANCEL,
  STEP_ANNOUNCE,   /* a raw client announces a long message */
  STEP_GUEST_SEND, /* sends on a channel of the service */
  STEP_GUEST_CALL, /* np_channel_call                                 */
  STEP_GUEST_SHUTDOWN,
  STEP_GUEST_CANCEL,
  STEP_GUEST_RECYCLE,
  STEP_GUEST_CLOSE,
  STEP_FLUSH, /* np_pipe_flush                                    */
  STEP_TRANSACT,
  STEP_PEEK,
  STEP_READ_MODE,       /* np_pipe_set_read_mode                        */
  STEP_PEER,            /* questions about a pipe's peer */
  STEP_CLIENT_VERIFIED, /* np_client_open with demands on the server */
  STEP_FAULT_IO,        /* a later read or write fails at once */
  STEP_FAULT_CANCEL,    /* a later cancel is refused */
  STEP_BUSY,            /* endless work, and work that waits beside it */
  STEP_REST,            /* nothing happens until channels are idle */
  STEP_KINDS
};

struct step {
  enum step_kind kind;
  bool dropped;
  uint32_t a; /* which object */
  uint32_t b; /* variant */
  uint32_t c; /* size */
  uint32_t d; /* further choices */
};

struct program {
  uint64_t seed;
  const char *base; /* name of the settings it was made from */
  sim_settings settings;
  bool two_loops;
  bool foreign_port;  /* of the second loop */
  bool drains;        /* at the end all streams are read to their end */
  bool clients_drain; /* ... by the client of the first session */
  bool forgets;       /* some callbacks forget to revert */
  bool has_limits;    /* half of the operations have a time limit */
  bool has_quota;     /* every pipe has this quota, else quotas of its step */
  uint32_t quota_bytes;
  size_t step_count;
  struct step steps[STEPS_MAX];
};

/* program_make fills `program` from `seed`, with `step_count` steps. */
void program_make(struct program *program, uint64_t seed, size_t step_count);

#endif
