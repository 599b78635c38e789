/* What the platform enforces. A case that rests on something that the platform
 * does not have tells nothing about a program, so it does not apply there. */
#ifndef NPIPE_SUBJECTS_PROBE_H
#define NPIPE_SUBJECTS_PROBE_H

/* probe_platform returns the set of NEEDS_ bits that this platform has. It asks
 * once in a process. */
unsigned probe_platform(void);

#endif
