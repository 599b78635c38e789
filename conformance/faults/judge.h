/* What a run makes of the errors that it meets: whether somebody was told of
 * the fault, and of that very one. What else went wrong in such a run is for
 * the fault. */
#ifndef NPIPE_FAULTS_JUDGE_H
#define NPIPE_FAULTS_JUDGE_H

#include "run.h"

/* doubt notes what a step misses: it may be for the fault, of which somebody is
 * told later. */
void doubt(struct run *r, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* note_error notes an error that no step expected, note_injected the injected
 * one, also where a step expects that very error. */
void note_error(struct run *r, const char *function, np_error error);
void note_injected(struct run *r, const char *function, np_error error);

/* judge fails a run of whose fault nobody was told, or which went wrong without
 * one. `finished`: the scenario came to its end. */
void judge(struct run *r, bool finished);

#endif
