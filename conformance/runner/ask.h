/* A child process asks one question. */
#ifndef NPIPE_CONFORMANCE_RUNNER_ASK_H
#define NPIPE_CONFORMANCE_RUNNER_ASK_H

struct options;

/* ask_main asks the question `--ask ID`. The child's last line on stdout is
 * `@MARK NAME DETAIL`, where MARK is that of `--child`; without such a line
 * there is no answer. Returns the exit code. */
int ask_main(const struct options *options);

#endif
