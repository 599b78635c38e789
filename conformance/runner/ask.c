/* The child process that asks one question. It has a process of its own, since
 * a question may leave a thread behind that nothing ends, or crash: an answer
 * ends the process at once. */
#include "runner/ask.h"
#include "runner/options.h"
#include "question.h"
#include "world.h"
#include "world/host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static const struct question *asked;
static const char *mark;

static const struct question *find(const char *id) {
  const struct question *q = question_first();

  while (q != NULL && strcmp(q->id, id) != 0) {
    q = q->next;
  }
  return q;
}

void answer_give(const char *name, const char *format, ...) {
  va_list args;

  printf("\n@%s %s ", mark, name);
  va_start(args, format);
  vprintf(format, args);
  va_end(args);
  putchar('\n');
  fflush(stdout);
  host_exit(0);
}

static void run_asked(void **state) {
  (void)state;
  host_crash_restore();
  asked->run(asked->variant, asked->body);
  fail_msg("%s", "the question has no answer at its end");
}

int ask_main(const struct options *options) {
  struct CMUnitTest test = {NULL, run_asked, NULL, NULL, NULL};

  asked = find(options->ask);
  mark = options->child;
  if (asked == NULL || mark == NULL) {
    fprintf(stderr, "npipe-conformance: no question \"%s\"\n", options->ask);
    return EXIT_USAGE;
  }
  setvbuf(stderr, NULL, _IONBF, 0);
  test.name = asked->id;
  host_crash_save();
  world_case_begin(asked->id, options->seed);
  (void)_cmocka_run_group_tests(asked->id, &test, 1, NULL, NULL);
  fflush(NULL);
  host_exit(1);
}
