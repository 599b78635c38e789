/* The player: it carries out a program's steps with the library, keeps the
 * model of the expected results, and checks each callback against the model. */
#ifndef NPIPE_RANDOM_PLAY_H
#define NPIPE_RANDOM_PLAY_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <windows.h>

#include <npipe/npipe.h>
#include <sim/sim.h>

#include "kit/memory.h"
#include "program.h"

/* The formats of printf; mingw-w64 has two kinds. */
#ifdef __MINGW_PRINTF_FORMAT
#define PLAY_PRINTF __MINGW_PRINTF_FORMAT
#else
#define PLAY_PRINTF printf
#endif

enum {
  ENDS_MAX = 24,
  SESSIONS_MAX = 48,
  NOTES_MAX = 1024,
  TIMERS_MAX = 6,
  TASKS_MAX = 6,
  LOOPS_MAX = 2,
  NAMES_MAX = 2,
  GUESTS_MAX = 24,
  MESSAGE_BYTES_MAX = 3000,
  ANNOUNCERS_MAX = 4,
  STRANGERS_MAX = 6,
  ASKINGS_MAX = 5,
  LINKS_MAX = 2,
  LINK_MESSAGES_MAX = 4,
  LINK_REQUESTS_MAX = 200,
  FAILURE_BYTES_MAX = 400
};

struct play;
struct end;

/* A session: one client of one instance, from its open. */
struct session {
  struct end *server;
  struct end *client;
  bool reported;     /* a connect of the library reported it */
  bool disconnected; /* by the server                       */
  bool server_closed;
  bool client_closed;
};

enum note_kind {
  NOTE_READ,
  NOTE_WRITE,
  NOTE_CONNECT,
  NOTE_SHUTDOWN,
  NOTE_READY,
  NOTE_IO,
  NOTE_FLUSH,
  NOTE_TRANSACT,
  NOTE_PEEK
};

/* An operation that must end, because it was cancelled or its time limit is
 * over. */
struct due {
  bool is_due;
  bool by_limit;
  bool is_over;   /* too late: the operation should have ended */
  bool in_turn;   /* it became due in a callback of the loop's current turn */
  unsigned turns; /* whole turns of the operation's loop since it was due */
  unsigned waits; /* of these, turns that waited long and got nothing */
  uint64_t since_ns;
};

/* An operation and its result. */
struct note {
  enum note_kind kind;
  struct end *end;
  struct slot *slot;   /* NULL when it is done, and for a raw operation */
  uint32_t number;     /* its name in the text; determines a write's bytes */
  unsigned char *data; /* a read keeps its data until the end */
  size_t length;
  uint32_t timeout_ms;
  uint32_t then; /* action of its callback */
  uint64_t begun_ns;
  size_t session_first; /* its data can be of sessions `first` to `last` */
  size_t session_last;
  unsigned disconnects; /* disconnects of the end before this note */
  unsigned ended;       /* successful ones of them */
  bool was_alone;       /* began without a session */
  bool was_unreported;  /* ... or before a connect reported the client */
  bool cancelled;
  bool while_closing;   /* ended after the close of its own end */
  bool is_untold;       /* a try_write whose arrival is not known yet */
  bool by_message;      /* a read that began in message mode */
  bool skips_empty;     /* a probe may have taken empty messages before it */
  bool is_stale;        /* a shutdown that waited when its session ended */
  bool is_vectored;     /* several buffers, which the library copies */
  bool is_try;          /* a read by np_pipe_try_read or np_pipe_try_readv */
  struct note *request; /* the write of a transact */
  bool is_request;      /* the note is such a write */
  bool done;
  np_error error;
  size_t transferred;
  np_interest interest; /* interest of a wait for readiness */
  unsigned io_left;     /* how often its function would still block */
  uint32_t io_how;      /* what its function does */
  uint32_t io_after;    /* number of the first note that began after it */
  struct due due;
};

/* States of an operation; see src/op.h. */
enum { OP_WAITING = 1, OP_IN_KERNEL = 3 };

/* The caller's storage of an operation. The callback frees it. */
struct slot {
  np_op op; /* first */
  struct note *note;
};

/* The origin of a pipe: a server with a preset, one with the default access of
 * Windows, one that allows everything, one with a preset of a process of low
 * integrity, one of another user who lets everybody talk, or unknown, because
 * an earlier pipe may still have the name. */
enum family {
  FAMILY_UNKNOWN,
  FAMILY_PRESET,
  FAMILY_WINDOWS,
  FAMILY_OPEN,
  FAMILY_LOW,
  FAMILY_FOREIGN
};

/* One end of a pipe, of the library or raw. */
struct end {
  struct play *play;
  unsigned number;
  unsigned name;
  uint32_t process_id; /* process that opened it */
  bool is_server;
  np_pipe *pipe; /* NULL: raw, or gone */
  HANDLE raw;    /* NULL: of the library, or gone */
  np_loop *loop;
  unsigned loop_index;
  bool is_message;
  bool reads_messages;
  bool readable;
  bool writable;
  uint32_t in_quota; /* a server's */
  uint32_t out_quota;
  bool is_open;
  bool is_adopted;
  bool is_misbelieved; /* a lie told the library other rights at the adopt */
  bool is_nowait;      /* a raw end in PIPE_NOWAIT mode */
  bool is_dying;       /* raw: its process dies at one of the next calls */
  bool is_closing;     /* np_pipe_close was called */
  bool is_closed;      /* on_closed ran            */
  bool drains;         /* reads until an error */
  size_t drains_from;  /* first read of the drain */
  struct session *sessions[SESSIONS_MAX];
  size_t session_count;
  unsigned disconnect_calls;
  unsigned disconnects; /* successful disconnects */
  struct note *connect; /* connect in flight */
  np_state state;       /* what np_pipe_info told last */
  unsigned state_after; /* disconnect_calls at that time */
  bool knows_gone;      /* a write told that the peer has gone */
  unsigned gone_after;  /* disconnect_calls at that time */
  bool uses_readiness;  /* was asked about readiness */
  bool reads_ahead;     /* was asked about readiness to read */
  bool probes;          /* its read-ahead has no buffer */
  bool has_probed;      /* ... and it probed for bytes before message reads */
  size_t ahead_bytes;   /* memory that the read-ahead may take */
  size_t outbox_bytes;  /* memory for the copies of np_pipe_try_write */
  size_t outbox_max;    /* option write_buffer_bytes */
  struct note *untold;  /* the last try_write, not confirmed */
  size_t last_read_done;
  OVERLAPPED raw_read;
  OVERLAPPED raw_write;
  OVERLAPPED raw_connect; /* Internal shows whether it pends */
  struct note *raw_read_note;
  struct note *raw_write_note;
};

/* The read of another holder of an end; see stranger.c. */
struct stranger {
  OVERLAPPED overlapped;
  unsigned char junk[512];
};

struct timer_note {
  np_timer timer; /* first */
  struct play *play;
  unsigned number;
  unsigned loop_index;
  bool active;
  uint64_t due_ns;
};

struct task_note {
  np_task task; /* first */
  struct play *play;
  unsigned number;
  unsigned loop_index;
  bool posted;
  uint64_t order;
};

/* An operation of a guest. */
enum guest_task_kind {
  GUEST_RECEIVE,
  GUEST_SEND,
  GUEST_CALL,
  GUEST_SHUTDOWN,
  GUEST_TASKS
};

struct guest_task {
  union { /* first; `call.op` is the op of every kind */
    np_call call;
    np_receiver receiver;
  };
  struct guest *guest;
  enum guest_task_kind kind;
  bool is_flying;
  bool cancelled;
  struct due due;
  uint32_t timeout_ms;
  uint64_t begun_ns;
};

/* One end of a pipe of the service, with its channel. */
struct guest {
  struct play *play;
  uint32_t number;
  bool is_server;
  np_channel *channel; /* NULL: gone */
  bool is_closing;
  bool is_leaving; /* its pipe will be recycled */
  bool ever_shut;
  bool has_peer;
  bool has_unanswered;   /* a call has ended without a reply */
  uint32_t peer;         /* number of the peer whose messages came */
  uint32_t link;         /* number of the link whose greeting came; 0: none */
  uint32_t link_last;    /* the last message of that link */
  uint32_t requests;     /* number of the last request */
  uint32_t owed;         /* number of the request without a reply; 0: none */
  uint32_t unasked;      /* a server's: count of its unasked message; 0: none */
  uint32_t unasked_came; /* a client's: the last one that it was sent */
  uint32_t unasked_before; /* the last one before its last call */
  bool was_misled;         /* an unasked one was taken for a reply */
  struct guest_task tasks[GUEST_TASKS];
  unsigned char message[NP_FRAME_HEADER_BYTES_MAX + MESSAGE_BYTES_MAX];
  unsigned char request[MESSAGE_BYTES_MAX];
  bool is_reserved; /* the last send had room for the header */
  size_t stayed;    /* length of the message that did not fit; 0: none */
  bool is_standing; /* the receive in flight is a standing one */
  size_t into_size; /* of the buffer of the receive in flight; 0: none */
  unsigned char into[MESSAGE_BYTES_MAX];
};

/* A request for a client of the service. */
struct asking {
  np_client_request request; /* first */
  struct play *play;
  unsigned number;
  bool is_waiting;
  bool cancelled;
  bool waits_for_server;
  struct due due;
  uint32_t timeout_ms;
  uint64_t begun_ns;
  uint32_t drawn;
};

/* A message of a link, and a link of the service; see linked.c. */
struct linked_message {
  np_link_message message; /* first */
  bool is_flying;
  uint32_t request; /* its place among the messages of its link */
  unsigned char bytes[8];
};

struct linked {
  struct play *play;
  unsigned number;
  np_link *link; /* NULL: none */
  bool is_closing;
  bool is_up;
  bool is_greeting; /* `op` sends `greeting` */
  unsigned events;
  np_op op;
  unsigned char greeting[8];
  struct linked_message messages[LINK_MESSAGES_MAX];
  uint32_t last; /* request of the last message */
  bool came[LINK_REQUESTS_MAX];
  bool ended[LINK_REQUESTS_MAX];
  bool was_given[LINK_REQUESTS_MAX]; /* to a connection; once it has ended */
};

struct service {
  np_listener *listener; /* NULL: none */
  unsigned closing_listeners;
  bool ever_listened;
  bool is_paused; /* the listener hands out nothing */
  bool is_over;
  bool has_partial;  /* a part of a message may have been sent, and no more */
  uint32_t idle_max; /* option of the listener */
  unsigned readied;  /* pipes that were asked about readiness, and recycled */
  size_t sent_bytes;
  HANDLE announcers[ANNOUNCERS_MAX]; /* raw clients */
  size_t announced;                  /* their number so far */
  unsigned guests_open;
  size_t guest_count;
  uint32_t unasked_count; /* of unasked messages */
  struct linked links[LINKS_MAX];
  struct guest guests[GUESTS_MAX];
  struct asking askings[ASKINGS_MAX];
};

/* The endless work of a busy peer, and what waits beside it; see busy.c. */
enum waiting {
  WAITING_TASK = 1,
  WAITING_TIMER = 2,
  WAITING_WRITE = 4,
  WAITING_READ = 8,
  WAITING_ACCEPT = 16,
  WAITING_REQUEST = 32,
  WAITING_FLUSH = 64,
  WAITING_SEND = 128,
  WAITING_ALL = 256 /* the first bit that has no meaning */
};

struct busy {
  struct play *play;
  np_loop *loop;
  bool is_over;
  unsigned chosen;        /* set of enum waiting */
  unsigned waiting;       /* the chosen things that have not run */
  unsigned callbacks;     /* of the busy work */
  unsigned callbacks_max; /* then the waiting things have starved */
  unsigned ready_at;      /* `callbacks` when the waiting things were ready */
  unsigned idle;          /* turns in a row without a busy callback */
  size_t hunger;          /* bytes that the busy reader is owed */
  bool is_fed;            /* a write of them is in flight */
  unsigned open_count;    /* pipes and listeners not closed yet */
  np_pipe *ends[4];       /* of the busy work, and of what waits */
  np_pipe *guest;         /* client of the listener */
  np_pipe *host;          /* server for the request */
  np_pipe *sender;        /* becomes the pipe of `channel` */
  np_pipe *receiver;
  np_channel *channel;
  np_listener *listener;
  np_client_request request;
  np_op op;
  np_op peer_op;
  np_op ignored;
  np_op waiting_write;
  np_op waiting_read;
  np_op waiting_flush;
  np_op waiting_send;
  np_task task;
  np_task waiting_task;
  np_timer timer;
  np_timer waiting_timer;
  char in[8];
  char in_busy[4096];
};

struct play {
  const struct program *program;
  bool verbose;
  char *text; /* log of the run if verbose; malloc'd */
  size_t text_length;
  size_t text_capacity;
  char failure[FAILURE_BYTES_MAX];
  size_t step; /* now */

  np_loop *loops[LOOPS_MAX];
  unsigned loop_count;
  HANDLE port; /* port of a foreign loop */
  int in_loop; /* index of the running loop, or -1 */
  size_t callbacks;
  size_t io_calls;  /* of functions that np_pipe_async_io got */
  bool is_draining; /* callbacks start nothing any more */

  struct end ends[ENDS_MAX];
  size_t end_count;
  /* for each name, the family of its last pipe */
  enum family families[NAMES_MAX];
  struct session sessions[SESSIONS_MAX];
  size_t session_count;
  struct note *notes[NOTES_MAX];
  size_t note_count;
  size_t first_open; /* all notes before it are done, and have no slot */
  struct timer_note timers[TIMERS_MAX];
  struct task_note tasks[TASKS_MAX];
  uint64_t task_order;
  uint64_t task_order_run[LOOPS_MAX];
  unsigned closing_count;
  unsigned closed_count;
  uint32_t opens;             /* gives each client its own process id */
  uint32_t own_process;       /* kept while a client opens */
  unsigned watched[ENDS_MAX]; /* states before a client opened */

  struct memory memory;
  size_t own_bytes;        /* memory of the loops, when they are new */
  bool faults;             /* a fault was planned: 1450 may come at any time */
  bool lies;               /* the kernel lies; see liar.c */
  bool was_slowed;         /* an end was made slow */
  bool turn_waited;        /* the turn waited in vain until its time was over */
  uint32_t turn_wait_ms;   /* the longest wait of the turn */
  bool was_cut[LOOPS_MAX]; /* the turn: by a cancel, a stop or a revert */
  bool was_stopped[LOOPS_MAX];
  unsigned forgotten; /* forgotten reverts in the whole run */
  bool has_forgotten; /* a revert was forgotten, and no turn has told it yet */
  bool memory_fault;
  struct stranger strangers[STRANGERS_MAX];
  size_t stranger_count;
  struct busy busy;
  struct service service; /* last, because it is large */
};

/* play_run plays `program`. It returns true if everything went as the model
 * says. */
bool play_run(struct play *play, const struct program *program, bool verbose);
void play_deinit(struct play *play);

/* --- For the player's own files ------------------------------------------ */

/* loop_make adds a loop to the run: one with its own port, or `foreign`: one on
 * a port of the caller. */
bool loop_make(struct play *play, bool foreign);

/* turn runs one turn of a loop. Inside a callback a turn must be refused, so it
 * only checks the refusal. */
void turn(struct play *play, unsigned index, uint32_t wait_ms);

/* check_turn checks what a run of a loop returned. */
void check_turn(struct play *play, unsigned index, np_error error);

/* callback_begins counts a callback, and checks the law of reverts: no callback
 * runs as a client, even if an earlier one forgot to revert. */
void callback_begins(struct play *play);

/* forget_revert makes the thread act as the client of the server `end`, if the
 * program forgets reverts. The loop of `end` must be run next. */
void forget_revert(struct end *end);

/* check_state compares the state that `end` tells with the model's session. */
void check_state(struct end *end);

/* peer_told_gone records that a write in the session of `end` got `error`: the
 * peer may have gone, and the end knows it. It checks the state then. */
void peer_told_gone(struct end *end, np_error error);

/* is_prompt returns true if the kernel reports each result within one turn. */
bool is_prompt(const struct play *play);

/* due_begin records that `due` must end from now on. due_limit does so if the
 * time limit is over. */
void due_begin(const struct play *play, struct due *due, unsigned loop_index);

void due_limit(const struct play *play, struct due *due, uint64_t begun_ns,
               uint32_t timeout_ms);

/* due_is_over is called at the end of a turn of the operation's loop. It
 * returns true if `due` should have ended by now. `is_closing`: its end is
 * being closed. */
bool due_is_over(const struct play *play, struct due *due, unsigned loop_index,
                 bool is_closing);

/* due_turn_begins and due_turn_ended check the operations of a loop. */
void due_turn_begins(struct play *play, unsigned loop_index);
void due_turn_ended(struct play *play, unsigned loop_index);

/* due_note_ended checks an ended operation by its result. */
void due_note_ended(const struct note *note);

void play_fail(struct play *play, const char *format, ...)
    __attribute__((format(PLAY_PRINTF, 2, 3)));

/* say adds a line to the log of the run. Without a log it evaluates no
 * argument: most runs have none, and the names of errors are searched for. */
#define say(play, ...) \
  ((play)->verbose ? say_line((play), __VA_ARGS__) : (void)0)
void say_line(struct play *play, const char *format, ...)
    __attribute__((format(PLAY_PRINTF, 2, 3)));

/* do_step carries out one step. It may be called inside a callback. */
void do_step(struct play *play, const struct step *step);

/* pick_end returns an open end for which `fits` is true, or NULL. */
typedef bool (*end_predicate)(const struct end *end);
struct end *pick_end(struct play *play, uint32_t which, end_predicate fits);
bool is_library(const struct end *end);
bool is_raw(const struct end *end);

/* name_text writes the text of the name with this number. */
void name_text(unsigned name, char out[32]);

/* has_server returns true if an open server has this name. */
bool has_server(const struct play *play, unsigned name);

/* lingering_server returns a server that may or may not be there: a closed one
 * that only waits for a flush, or one whose process dies. NULL: none. */
struct end *lingering_server(struct play *play, unsigned name);

/* name_made records that the server end `end` was created with the access
 * `family`. If it is the first instance of its name, the pipe has this family.
 * It is called before the end counts as open. */
void name_made(struct end *end, enum family family);

struct end *end_new(struct play *play, bool is_server, unsigned name);

/* end_session returns the current session of an end, or NULL. */
struct session *end_session(const struct end *end);

/* dying_server returns the raw server of a name whose process is about to die,
 * or may be dead by now. NULL: none. */
struct end *dying_server(struct play *play, unsigned name);

/* end_left marks the session of an end that is closed. */
void end_left(struct end *end);

/* The functions begin_..., try_... and set_... carry out a step on `end`. A
 * `slot` that is not NULL is used again for the operation. */
void begin_read(struct end *end, struct slot *slot, const struct step *step);
void begin_write(struct end *end, struct slot *slot, const struct step *step);
void begin_connect(struct end *end, struct slot *slot, const struct step *step);
void begin_shutdown(struct end *end, struct slot *slot,
                    const struct step *step);
void begin_ready(struct end *end, struct slot *slot, const struct step *step);
void begin_io(struct end *end, struct slot *slot, const struct step *step);
void try_read(struct end *end, const struct step *step);
void try_write(struct end *end, const struct step *step);
void try_io(struct end *end, const struct step *step);
void set_ready_options(struct end *end, const struct step *step);

/* use_ahead is called before a call that needs the read-ahead. */
void use_ahead(struct end *end);

np_interest ready_interest_of(uint32_t drawn);

/* ready_expected_of returns the error that a call with this interest must
 * give. */
np_error ready_expected_of(const struct end *end, np_interest interest);

/* ready_rest is called when the loops have rested: it notes which copies have
 * been written. */
void ready_rest(struct end *end);

/* ready_has_caught returns true if the end's own read is not in flight: what
 * comes next was caught, or waits in the kernel. */
bool ready_has_caught(struct end *end);

/* ready_turn_waited checks the law of waits: when a turn of a loop has waited
 * in vain, no wait for data is in flight where data wait. */
void ready_turn_waited(struct play *play, unsigned loop_index);
bool is_readiness_true(const struct note *note, np_error error);

/* confirm records that the data of earlier try_writes have arrived. */
void confirm(struct end *end);

/* is_fault returns true if a planned fault may have caused `error`. */
bool is_fault(const struct play *play, np_error error);

/* The action of a callback behind all that are drawn: it closes its own end,
 * also when the streams are drained. */
enum { THEN_CLOSE_OWN = 1000 };

/* then does the action of the note's callback. It frees `slot`, or begins an
 * operation with it. */
void then(struct note *note, struct slot *slot);

/* Functions of notes.c that the other files use. */
size_t length_of(uint32_t drawn);

/* drawn_for_length returns a number of which length_of makes `length`, which is
 * at most 5000. */
uint32_t drawn_for_length(size_t length);

/* is_split returns true if the step reads or writes with several buffers. At an
 * end that is picked among several, `a` alone may never say so. */
bool is_split(const struct step *step);
struct slot *slot_of(struct slot *slot, struct note *note);
void begun(struct note *note, np_error error, np_error expected);
void on_done(np_op *op, np_error error, size_t transferred);
/* is_result_true returns true if the operation can have ended with `error`. */
bool is_result_true(struct note *note, np_error error);
bool is_io_result_true(const struct note *note, np_error error);

/* is_error_true returns true if the header of the note's function names
 * `error`, and if something in the run can have caused it. */
bool is_error_true(const struct note *note, np_error error);

/* has_been_read checks the law of a flush that succeeded. */
bool has_been_read(const struct note *flush);

/* cut divides one buffer into three, at random places. */
void cut(void *data, size_t length, uint32_t drawn, np_buffer parts[3]);

/* step_fault does the step of each kind of fault. */
void step_fault(struct play *play, const struct step *step);

/* step_slow makes an end slow to complete, or `cancel`: slow to cancel. */
void step_slow(struct play *play, const struct step *step, bool cancel);

void step_timer(struct play *play, const struct step *step);
void step_timer_stop(struct play *play, const struct step *step);
void step_task(struct play *play, const struct step *step);
void cancel_one(struct play *play, const struct step *step);
void close_end(struct end *end);
void disconnect_end(struct end *end);

/* notes_advance moves play->first_open on. Most notes end early, and each turn
 * looks at all that are open. */
void notes_advance(struct play *play);

struct note *note_new(struct end *end, enum note_kind kind,
                      const struct step *step, size_t length);
void note_sessions(struct note *note);
const char *note_name(const struct note *note);

/* bind_client begins the session of `client`, just opened, with `server`. */
void bind_client(struct end *client, struct end *server);

void step_server(struct play *play, const struct step *step);
void step_client(struct play *play, const struct step *step);
void step_info(struct play *play, const struct step *step);
void begin_flush(struct end *end, struct slot *slot, const struct step *step);
void begin_transact(struct end *end, struct slot *slot,
                    const struct step *step);

/* transact_new makes a transact with its request, or returns NULL. */
struct note *transact_new(struct end *end, const struct step *step);

/* transact_ended records the outcome of the transact's request. */
void transact_ended(struct note *note);
void peek_end(struct end *end, const struct step *step);
void set_read_mode(struct end *end, const struct step *step);
void ask_about_peer(struct end *end);
void step_client_verified(struct play *play, const struct step *step);

/* client_open is np_client_open with random options, which `change` may change;
 * NULL: no change. It returns the error, or NP_OK if the model has no room. */
typedef void (*options_change)(np_client_options *options, uint32_t drawn);
np_error client_open(struct play *play, const struct step *step,
                     options_change change);

/* any_session returns true if `holds` is true for one of the sessions that
 * `note` can belong to. The functions below are such conditions. */
bool any_session(const struct note *note,
                 bool (*holds)(const struct session *session,
                               const struct end *end));
bool peer_closed(const struct session *session, const struct end *end);
bool was_disconnected(const struct session *session, const struct end *end);
bool was_alone(const struct note *note);

/* is_reading returns true if a read or a transact of `end` is in flight. */
bool is_reading(const struct end *end);
void step_raw(struct play *play, const struct step *step);
void raw_poll(struct play *play);
void raw_close(struct end *end);

/* streams_check compares the data that each end has read with the data that
 * were written. */
void streams_check(struct play *play);

#endif
