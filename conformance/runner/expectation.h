/* Expectations: the known deviations of a platform. They are read from files in
 * a small part of TOML: comments, [[case]], and `key = "string"`. `id` may be
 * several: `id = [`, then a line `"string",` for each, then `]`. */
#ifndef NPIPE_CONFORMANCE_RUNNER_EXPECTATION_H
#define NPIPE_CONFORMANCE_RUNNER_EXPECTATION_H

#include <stdbool.h>
#include <stdio.h>

struct platform;
struct run_list;

enum expect { EXPECT_FAIL, EXPECT_SKIP };

struct expectation {
  char *id;     /* a glob that matches ids and labels */
  char *on;     /* a platform, see platform.h */
  char *reason; /* one line */
  char *link;   /* the evidence */
  enum expect expect;
  char *file;
  int line;
  bool applies; /* `on` matches this platform */
  struct expectation *next;
};

struct expectation_list {
  struct expectation *first;
  struct expectation *last;
};

/* expectation_list_read adds the expectations in `file`. If the file cannot be
 * read or is malformed, it prints a line to stderr and returns false. */
bool expectation_list_read(struct expectation_list *list,
                           const struct platform *platform, const char *file);

/* expectation_list_apply gives each run its expectation. An error in the list
 * itself (an id without a case, or both a failure and a skip for one run)
 * becomes a failure in `runs`. */
void expectation_list_apply(const struct expectation_list *list,
                            struct run_list *runs);

void expectation_list_deinit(struct expectation_list *list);

#endif
