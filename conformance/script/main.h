/* The runner's mode that plays scripts. */
#ifndef NPIPE_CONFORMANCE_SCRIPT_MAIN_H
#define NPIPE_CONFORMANCE_SCRIPT_MAIN_H

struct options;

/* script_main does what the options ask for, and returns the exit code. */
int script_main(const struct options *options);

#endif
