/* The command line of a test program: the answer to --help, and to an argument
 * that is wrong. */
#ifndef NPIPE_KIT_USAGE_H
#define NPIPE_KIT_USAGE_H

/* usage_help prints `text` and ends the program with code 0, if one of the
 * arguments is --help. */
void usage_help(int argc, char **argv, const char *text);

/* usage_refuse prints one line about `argument` on standard error and ends the
 * program with code 2. */
_Noreturn void usage_refuse(const char *program, const char *argument);

#endif
