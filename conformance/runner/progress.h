/* How far a run of the suite is, while it runs: one live line on a terminal,
 * and a file for whoever shows it elsewhere (--progress). Also the colours of
 * the terminal. */
#ifndef NPIPE_CONFORMANCE_RUNNER_PROGRESS_H
#define NPIPE_CONFORMANCE_RUNNER_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct options;
struct run;
struct run_list;

/* progress_begin counts the runs to come, and looks at the terminal. It returns
 * false if the file of --progress cannot be written. */
bool progress_begin(const struct options *options, const struct run_list *runs);

/* progress_hide removes the live line. The next progress_show brings it back.
 */
void progress_hide(void);

/* progress_run counts one run that has its result. */
void progress_run(const struct run *run);

/* progress_show renews the live line and the file if they are due. */
void progress_show(void);

/* progress_end removes the live line and renews the file a last time. */
void progress_end(void);

/* progress_wait_ms returns how long the caller may wait before the next
 * progress_show; UINT64_MAX: nothing is to be shown. */
uint64_t progress_wait_ms(void);

/* progress_colour returns the characters that turn a colour on, or "" where
 * there is to be no colour: stdout is no terminal that knows colours, or the
 * variable NO_COLOR of the environment is set and not empty. */
enum progress_colour { COLOUR_NONE, COLOUR_RED, COLOUR_GREEN };
const char *progress_colour(enum progress_colour colour);

#endif
