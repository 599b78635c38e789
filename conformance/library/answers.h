/* What no source tells of Windows, asked of the kernel that runs the case: raw
 * pipes of its own, and a few Win32 calls. A case that meets the rarer answer
 * accepts it where the kernel gives it here, too, and nowhere else. sim.h has
 * both answers of each question. */
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
