/* Questions about behaviour that no source documents. Each function asks
 * the kernel that runs the case, with raw pipes and a few Win32 calls. A
 * case accepts the rarer answer only if the kernel gives the same answer
 * here. sim.h has both answers of each question. */
#ifndef NPIPE_CONFORMANCE_LIBRARY_ANSWERS_H
#define NPIPE_CONFORMANCE_LIBRARY_ANSWERS_H

#include "fixture.h"

/* kernel_ends_drained_writes returns whether a write that waits for room
 * succeeds when its peer closes, once what lay before it has been thrown away.
 * Usually it fails. */
bool kernel_ends_drained_writes(np_fixture *f);

/* kernel_overdraws_quota returns whether a write that waits for room ends only
 * when all of it is read, where one read took more of it than the quota held.
 * Usually it ends when its rest fits. */
bool kernel_overdraws_quota(np_fixture *f);

#endif
