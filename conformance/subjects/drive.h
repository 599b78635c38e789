/* A program of level 3, driven by lines: each line is a call of its library,
 * and each result comes back as a line (docs/subjects.md, contract). */
#ifndef NPIPE_SUBJECTS_DRIVE_H
#define NPIPE_SUBJECTS_DRIVE_H

#include "judge.h"

/* drive_start starts the program as the end of the variant: END_SERVER or
 * END_CLIENT. */
void drive_start(struct judge *f);

/* drive sends a line to the program. */
void drive(struct judge *f, const char *line);

/* drive_expect waits for the next line of the program, which must be this
 * one. */
void drive_expect(struct judge *f, const char *line);

/* drive_line waits for the next line, which begins with `begin`, and writes
 * it. */
void drive_line(struct judge *f, const char *begin, char *line, size_t size);

/* drive_connect connects the program's end with f->peer. */
void drive_connect(struct judge *f);

/* drive_alive fails the case if the end of the program does not work: bytes go
 * through in both directions. */
void drive_alive(struct judge *f);

#endif
