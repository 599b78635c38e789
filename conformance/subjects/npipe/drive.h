/* subject-npipe in the kind `drive`. */
#ifndef NPIPE_SUBJECTS_NPIPE_DRIVE_H
#define NPIPE_SUBJECTS_NPIPE_DRIVE_H

#include <npipe/npipe.h>

/* drive_main runs one end of the pipe `name`, whose calls come as lines of the
 * standard input, and returns the exit code. */
int drive_main(const char *name, np_mode mode);

#endif
