/* Processes: each has threads, a handle table and a user of its own. All of
 * them share the memory of the program, because their threads are threads of
 * it. All functions need the lock. */
#ifndef NPIPE_SIM_PROCESS_OBJECT_H
#define NPIPE_SIM_PROCESS_OBJECT_H

#include "pipe.h"

enum { STANDARD_HANDLES = 3, PROCESS_PSEUDO = -1, THREAD_PSEUDO = -2 };

/* A table of handles (handle.c). */
struct handles {
  struct slot *slots;
  uint32_t count;
  uint32_t capacity;
  uint32_t first_free; /* 0: none */
  uint32_t last_free;
  uint32_t free_count;
  uint32_t open_count;
  uint32_t open_max; /* only if `is_limited` */
  bool is_limited;
};

struct process {
  struct object object;
  struct process *next;
  uint32_t id;
  uint32_t session_id;
  struct token *user; /* user of its first thread; NULL: the default */
  struct handles handles;
  HANDLE standard[STANDARD_HANDLES]; /* NULL: not opened yet */
  int64_t locals;                    /* blocks that await LocalFree */

  /* Its thread pool. */
  unsigned callbacks;               /* callbacks that run */
  struct thread *callbacks_waiting; /* callbacks that wait for a thread */
  size_t pool_objects;              /* pool objects that were not closed */

  /* Its program; the process of `main` has none. */
  uint32_t number;  /* 1 for the first that CreateProcess has made */
  uint64_t born_at; /* calls that were made before it */
  const char *name;
  sim_program start;
  char *command_line;
  WCHAR *wide_command_line;
  char **words; /* NULL after the last */
  int word_count;
  char **variables; /* each is "NAME=value"; NULL after the last */

  unsigned threads; /* threads that have not ended */
  bool is_ending;   /* its threads end at their next call */
  bool has_ended;
  DWORD exit_code;
};

/* The process of `main`. It is the whole program: its end is the program's, and
 * its environment is, too. */
extern struct process sim__process_first;

/* --- process.c ----------------------------------------------------------- */

/* sim__process_self returns the process of the calling thread. */
struct process *sim__process_self(void);

/* sim__process_new makes a process without threads and with one reference. It
 * runs as the user of the calling thread's process. */
struct process *sim__process_new(void);

/* sim__process_end begins the end of `process`: its operations are cancelled,
 * its handles are closed, and its threads end at their next call. */
void sim__process_end(struct process *process, DWORD code);
void sim__process_free(struct process *process);

/* sim__process_exit is the end of the calling process by itself. */
void sim__process_exit(DWORD code);

/* sim__process_left is for each thread of `process` that has ended. */
void sim__process_left(struct process *process, DWORD code);

/* sim__processes_settle waits until processes that are ending have ended. */
void sim__processes_settle(void);
void sim__processes_report(void);

/* --- variable.c ---------------------------------------------------------- */

/* sim__variables_copy gives a new process the environment of its parent.
 * sim__variables_take gives it the one in `block`: texts that end with 0, and
 * an empty one after the last. */
void sim__variables_copy(struct process *process, const struct process *parent);
void sim__variables_take(struct process *process, const void *block,
                         bool is_wide);
void sim__variables_free(struct process *process);

/* sim__processes_reset ends all processes but the first one, which is then as
 * new. */
void sim__processes_reset(void);

/* --- handle.c ------------------------------------------------------------ */

HANDLE sim__handle_open_in(struct process *process, struct object *object,
                           ACCESS_MASK access, bool inherit);
bool sim__handle_is_full_in(const struct process *process);

/* sim__handle_object_in returns the object of a handle of another process, or
 * NULL. */
struct object *sim__handle_object_in(const struct process *process,
                                     HANDLE handle, ACCESS_MASK *access);
void sim__handle_close_in(struct process *process, HANDLE handle);

/* sim__handle_flags returns the flags of a handle of the calling process, or
 * NULL. */
DWORD *sim__handle_flags(HANDLE handle);

/* sim__handles_inherit copies inheritable handles of the calling process to
 * `child`, with the same numbers: only those of `list`, or all of them if it is
 * NULL. */
void sim__handles_inherit(struct process *child, const HANDLE *list,
                          size_t count);
bool sim__handles_are_inheritable(const HANDLE *list, size_t count);
void sim__handles_close(struct process *process);
void sim__handles_report(const struct process *process);

/* --- kill.c -------------------------------------------------------------- */

void sim__kill_reset(void);
void sim__kill_plan(uint32_t process, uint64_t nth); /* sim_kill */
void sim__kill_born(struct process *process);
void sim__kill_ended(const struct process *process);

/* --- Other files --------------------------------------------------------- */

/* sim__ops_abandon ends all operations of `process`, which is ending. They
 * write to its memory no more. */
void sim__ops_abandon(const struct process *process);

/* sim__port_drop frees the packets of a port that nobody can dequeue. */
void sim__port_drop(struct port *port);

/* sim__pool_drop frees the callbacks that have not begun. */
void sim__pool_drop(struct process *process);

/* sim__tls_drop frees the slots that `process` has taken. */
void sim__tls_drop(uint32_t process_id);

#endif
