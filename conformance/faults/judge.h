/* The verdict on a run: the injected error must be reported, and it must be
 * this very error. Other failures in a run with a fault count as its
 * consequences. */
#ifndef NPIPE_FAULTS_JUDGE_H
#define NPIPE_FAULTS_JUDGE_H

#include "run.h"

/* doubt records an unmet expectation of a step. If the fault is reported later,
 * the expectation failed because of the fault. */
void doubt(struct run *r, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* note_injected records the injected error, even if a step expects this
 * error. */
void note_injected(struct run *r, const char *function,
                   enum outcome_moment moment, np_error error);

/* judge fails the run if its fault was not reported, or if something went wrong
 * without a fault. `finished`: the scenario reached its end. */
void judge(struct run *r, bool finished);

#endif
