/* What the parts of subject-raw share. */
#ifndef NPIPE_SUBJECTS_RAW_H
#define NPIPE_SUBJECTS_RAW_H

#include <stdbool.h>

#include <windows.h>

/* raw_more_data_posts finds out whether a read that ends at once with
 * ERROR_MORE_DATA posts a packet to a port: a part of a message is read at a
 * pipe of our own. Systems differ. */
bool raw_more_data_posts(HANDLE port);

/* drive_main is the program in the kind `drive`. `bug_word` may be
 * NULL. It returns
 * the exit code. */
int drive_main(const char *name, bool is_message, const char *bug_word);

#endif
