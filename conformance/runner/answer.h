/* The answers to the questions of question.h, as the parent collects them. */
#ifndef NPIPE_CONFORMANCE_RUNNER_ANSWER_H
#define NPIPE_CONFORMANCE_RUNNER_ANSWER_H

#include "runner/text.h"

#include <stdio.h>

struct options;
struct question;

struct answer {
  const struct question *question;
  /* One of the question's names, "other" for none of them, "" where there is
   * no answer; `detail` then says why. */
  char name[48];
  struct text detail;
  struct answer *next;
};

struct answer_list {
  struct answer *first;
  struct answer *last;
};

/* answer_list_fill asks the questions that the filters of `options` select,
 * each in a child process. */
void answer_list_fill(struct answer_list *list, const struct options *options);
void answer_list_deinit(struct answer_list *list);

/* answer_list_json writes the answers as a JSON array, with the questions. */
void answer_list_json(FILE *out, const struct answer_list *list);

/* questions_main asks the questions alone: prints them, and writes the report
 * of `--json`. Returns the exit code, which no answer makes bad. */
int questions_main(const struct options *options);

#endif
