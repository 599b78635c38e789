/* The tokens of the users on Windows. */
#ifndef NPIPE_CONFORMANCE_WORLD_WINDOWS_USERS_H
#define NPIPE_CONFORMANCE_WORLD_WINDOWS_USERS_H

/* world_user_token returns the primary token of "alice" or "bob", borrowed, or
 * NULL where there are no users. */
void *world_user_token(const char *user);

#endif
