/* The runner as a function. The suite, the runner's self-test and
 * npipe-subjects are each a program with cases, and their main calls it. */
#ifndef NPIPE_CONFORMANCE_RUNNER_RUNNER_H
#define NPIPE_CONFORMANCE_RUNNER_RUNNER_H

struct options;

/* The program that the cases judge, if it is not npipe. Texts are UTF-8; a text
 * is "" if it is unknown. */
struct runner_subject {
  const char *name;
  const char *version;
  const char *adapter; /* the command line */
};

struct runner_program {
  const char *name;
  const char *help; /* what --help prints */
  /* The options of the program itself, for the command that repeats a run; it
   * begins with a blank, or is "". */
  const char *repeat;
  /* script does what the options --script... ask for, and returns the exit
   * code. NULL: the program has no such options. */
  int (*script)(const struct options *options);
  const struct runner_subject *subject; /* NULL: npipe and the platform */
};

/* runner_main reads the command line, does what it asks for, and returns the
 * exit code of the process. */
int runner_main(const struct runner_program *program, int argc, char **argv);

#endif
