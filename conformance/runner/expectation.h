/* Expectations: the known deviations of a platform. They are read from files in
 * a small part of TOML: comments, [[case]], and `key = "string"`. `id` may be
 * several: `id = [`, then a line `"string",` for each, then `]`.
 *
 * Where the cases judge another program than npipe, an entry also names that
 * program (`subject`) and whose doing the deviation is (`cause`). Then `expect`
 * may be "may-fail", for what fails only in some runs. */
#ifndef NPIPE_CONFORMANCE_RUNNER_EXPECTATION_H
#define NPIPE_CONFORMANCE_RUNNER_EXPECTATION_H

#include <stdbool.h>
#include <stdio.h>

struct platform;
struct run_list;
struct runner_subject;

enum expect { EXPECT_NOTHING, EXPECT_FAIL, EXPECT_SKIP, EXPECT_MAY_FAIL };

struct expectation {
  char *id;      /* a glob that matches ids and labels */
  char *on;      /* a platform, see platform.h */
  char *subject; /* NAME, or NAME < VERSION and the like; NULL: npipe */
  char *cause;   /* library, platform or adapter; NULL without a subject */
  char *reason;  /* one line */
  char *link;    /* the evidence */
  enum expect expect;
  char *file;
  int line;
  bool on_this;   /* `on` matches this platform */
  bool with_this; /* `subject` matches this subject */

  struct expectation *next;
};

struct expectation_list {
  struct expectation *first;
  struct expectation *last;
};

/* expectation_list_read adds the expectations in `file`. `subject` is the
 * program that the cases judge, NULL if that is npipe. If the file cannot be
 * read or is malformed, it prints a line to stderr and returns false. */
bool expectation_list_read(struct expectation_list *list,
                           const struct platform *platform,
                           const struct runner_subject *subject,
                           const char *file);

/* expectation_applies returns whether the entry is about this platform and this
 * subject. */
bool expectation_applies(const struct expectation *e);

/* expectation_list_apply gives each run its expectation. An error in the list
 * itself (an id without a case, or both a failure and a skip for one run)
 * becomes a failure in `runs`. */
void expectation_list_apply(const struct expectation_list *list,
                            struct run_list *runs);

void expectation_list_deinit(struct expectation_list *list);

#endif
