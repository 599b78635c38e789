/* The rules that the platform enforces. A case may rest on a rule. Where the
 * platform lacks the rule, the case tells nothing about a program, and does not
 * apply. */
#ifndef NPIPE_SUBJECTS_PROBE_H
#define NPIPE_SUBJECTS_PROBE_H

/* probe_platform returns the set of NEEDS_ bits that this platform has. It asks
 * once in a process. */
unsigned probe_platform(void);

#endif
