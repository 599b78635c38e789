/* Expectations: the known deviations of a platform, from files in a small part
 * of TOML: comments, [[case]], and `key = "string"`. */
#ifndef NPIPE_CONFORMANCE_RUNNER_EXPECTATION_H
#define NPIPE_CONFORMANCE_RUNNER_EXPECTATION_H

#include <stdbool.h>
#include <stdio.h>

struct run_list;

enum expect { EXPECT_FAIL, EXPECT_SKIP };

struct expectation {
  char *id; /* a glob over ids and labels */
  char *on; /* WORLD [ARCHITECTURE] [< <= > >= = VERSION], or sim SETTINGS */
  char *reason; /* one line */
  char *link;   /* the evidence */
  enum expect expect;
  char *file;
  int line;
  bool applies; /* `on` is true here */
  struct expectation *next;
};

struct expectation_list {
  struct expectation *first;
  struct expectation *last;
};

/* The platform that `on` is compared with. */
struct expectation_platform {
  const char *world;
  const char *version; /* on sim the name of the settings */
  const char *architecture;
};

/* expectation_list_read adds the expectations in `file`. False, after a line on
 * stderr for what is wrong, when it can't be read or is malformed. */
bool expectation_list_read(struct expectation_list *list,
                           const struct expectation_platform *platform,
                           const char *file);

/* expectation_list_apply gives each run its expectation. What is wrong with the
 * list itself (an id that no case has, a failure and a skip for one run)
 * becomes a failure in `runs`. */
void expectation_list_apply(const struct expectation_list *list,
                            struct run_list *runs);

void expectation_list_deinit(struct expectation_list *list);

#endif
