/* Exchanges with a program that echoes, through f->peer. The program is a
 * server or a client. */
#ifndef NPIPE_SUBJECTS_ECHO_H
#define NPIPE_SUBJECTS_ECHO_H

#include "judge.h"

/* echo_lengths echoes lengths around powers of two. echo_exact echoes lengths
 * at which buffers end. */
void echo_lengths(struct judge *f);
void echo_exact(struct judge *f);

/* echo_trickle echoes one byte after the other. */
void echo_trickle(struct judge *f);

/* echo_queued writes many times before the first read. */
void echo_queued(struct judge *f);

/* echo_around_nothing echoes, writes no bytes at a byte pipe, and echoes. */
void echo_around_nothing(struct judge *f);

/* echo_empty echoes an empty message between two others. */
void echo_empty(struct judge *f);

/* echo_apart writes messages of different lengths before the first read. */
void echo_apart(struct judge *f);

/* echo_late writes more than the pipe holds, and reads later. */
void echo_late(struct judge *f);

#endif
