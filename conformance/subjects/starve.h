/* A program that gets little processor time: it is suspended again and again,
 * in the middle of whatever it does. */
#ifndef NPIPE_SUBJECTS_STARVE_H
#define NPIPE_SUBJECTS_STARVE_H

#include "subject.h"

struct starve {
  HANDLE process; /* a handle of our own */
  HANDLE thread;
  HANDLE enough; /* event: the thread ends */
};

/* starve_begin lets the program run in short slices from now on. starve_end
 * lets it go on as before; the program may have ended. */
void starve_begin(struct starve *starve, const struct subject *s);
void starve_end(struct starve *starve);

#endif
