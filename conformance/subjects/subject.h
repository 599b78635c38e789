/* The program under judgement, as a process: start, ready, lines, stop. A
 * failure to start or to become ready fails the case. */
#ifndef NPIPE_SUBJECTS_SUBJECT_H
#define NPIPE_SUBJECTS_SUBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <windows.h>

#include "config.h"

enum { SUBJECT_LINES_BYTES_MAX = 4096, SUBJECT_GIVEN_MAX = 64 };

struct subject {
  enum role role;
  HANDLE process;
  DWORD id;
  HANDLE input;  /* the end of its standard input that we write */
  HANDLE output; /* the end of its standard output that we read */
  /* The handles that it inherits from us: the same values in its process. */
  HANDLE given[SUBJECT_GIVEN_MAX];
  size_t given_count;
  size_t length;
  char lines[SUBJECT_LINES_BYTES_MAX]; /* received and not yet read */
};

/* subject_start starts the program for the pipe `name` in `role`. */
void subject_start(struct subject *s, enum role role, const char *name,
                   unsigned mode, const char *kind);

/* subject_ready waits until the server listens: until it says "ready", or at
 * level 0 until its pipe exists. A client is ready at once. */
void subject_ready(struct subject *s, const char *name);

/* subject_wait_for_pipe waits until a pipe has this name. */
void subject_wait_for_pipe(struct subject *s, const char *name);

bool subject_is_alive(const struct subject *s);

/* subject_line waits for a line of the program. It returns false if none comes
 * within the limit, or the program has ended without one. */
bool subject_line(struct subject *s, char *line, size_t size, uint32_t ms);

/* subject_close_input tells the program to stop, at level 1 and above. */
void subject_close_input(struct subject *s);

/* subject_wait waits until the program has ended, and returns its exit code. A
 * program that goes on fails the case with `what`. */
DWORD subject_wait(struct subject *s, uint32_t ms, const char *what);

/* subject_stop tells the program to stop and waits until it has: exit code 0,
 * or the case fails. At level 0 it kills the program. */
void subject_stop(struct subject *s, const char *what);

/* subject_end kills the program if it still runs, and closes our handles. A
 * subject that was never started is left as it is. */
void subject_end(struct subject *s);

#endif
