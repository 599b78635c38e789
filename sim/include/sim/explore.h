/* The explorer of functions: a test's main hands it the body of the test, and
 * it runs the body under many schedules. It is far faster than npsim-explore,
 * which starts the program anew for each run. */
#ifndef NPIPE_SIM_EXPLORE_H
#define NPIPE_SIM_EXPLORE_H

#ifdef __cplusplus
extern "C" {
#endif

/* sim_explore runs `body` many times, each time in a fresh kernel (sim_reset,
 * threads_in_step). `count` and `words` are those of main; `--help` prints the
 * options. A run is bad if `body` does not return 0, if sim_check reports
 * something, if the process dies or hangs. With --faults `body` may return
 * anything.
 *
 * The runs share processes, which sim_explore forks. So `body` must leave
 * nothing behind that its next run depends on: its threads have ended when it
 * returns, and its variables are set anew.
 *
 * sim_explore prints each bad run, with the options that repeat it. It returns
 * the exit code: 0, 1 if a run was bad, 2 after a wrong option. */
int sim_explore(int count, char **words, int (*body)(void));

#ifdef __cplusplus
}
#endif

#endif
