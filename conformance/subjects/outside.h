/* What a process does, seen from outside: handles, processor time, memory; and
 * the means to stop it between two of its instructions. */
#ifndef NPIPE_SUBJECTS_OUTSIDE_H
#define NPIPE_SUBJECTS_OUTSIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <windows.h>
#include <winternl.h>

#include "subject.h"

/* The calls of ntdll that stop all threads of a process; no header has them. */
NTSTATUS NTAPI NtSuspendProcess(HANDLE process);
NTSTATUS NTAPI NtResumeProcess(HANDLE process);

/* outside_suspend stops all threads of the program. outside_resume lets them
 * go on. */
void outside_suspend(struct subject *s);
void outside_resume(struct subject *s);

/* outside_handles returns the number of handles of the program. */
size_t outside_handles(const struct subject *s);

/* outside_note_given notes our handles that a child inherits: the program is
 * about to be started. */
void outside_note_given(struct subject *s);

/* outside_inheritable returns the number of its handles of files and pipes that
 * a child of it would inherit, without those that it inherited from us. */
size_t outside_inheritable(const struct subject *s);

/* assert_idle watches the program for some seconds, and fails the case with
 * `when` if it used the processor for nothing. Other programs may keep the
 * machine busy. A program that `may_poll` may look a few times a second whether
 * something has changed. */
void assert_idle(const struct subject *s, const char *when, bool may_poll);

/* outside_memory returns the bytes of memory that only the program uses. */
size_t outside_memory(const struct subject *s);

#endif
