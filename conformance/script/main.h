/* The runner as a player of scripts. */
#ifndef NPIPE_CONFORMANCE_SCRIPT_MAIN_H
#define NPIPE_CONFORMANCE_SCRIPT_MAIN_H

struct options;

/* script_main plays what the options ask for, and returns the exit code. */
int script_main(const struct options *options);

#endif
