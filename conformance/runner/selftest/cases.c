/* Cases that end in every possible way, to prove that the runner reports each
 * of them correctly. They are not part of npipe-conformance. */
#include "selftest.h"
#include "question.h"
#include "world.h"
#include "world/host.h"

#include <windows.h>

#include <stdio.h>
#include <stdlib.h>

void fixture_run(unsigned variant, void (*body)(void *fixture)) {
  struct fixture f = {variant};

  body(&f);
}

SELFTEST_CASE("pass/plain", NO_MODE) {
  assert_int_equal(f->variant, 0);
}

SELFTEST_CASE("pass/variants", ANY_MODE | BOTH_ENDS) {
  assert_true((f->variant & (unsigned)ANY_MODE) != 0);
  assert_true((f->variant & (unsigned)BOTH_ENDS) != 0);
}

/* Output that looks like a result, has no line end, and is long. */
SELFTEST_CASE("pass/talks", NO_MODE) {
  (void)f;
  for (int i = 0; i < 400; i++) {
    printf("@npipe-1-1 failed, says line %d of the output of this case\n", i);
  }
  fputs("no end of line", stdout);
}

SELFTEST_CASE("fail/assert", MODE_BYTE | END_SERVER) {
  assert_int_equal(f->variant, 12345);
}

SELFTEST_CASE("fail/later", NO_MODE) {
  (void)f;
}

SELFTEST_CASE("fail/skip", NO_MODE) {
  (void)f;
  skip();
}

/* On sim time is virtual, and no limit is scaled. */
SELFTEST_CASE("scale/one", NO_MODE) {
  (void)f;
  assert_int_equal(world_timeout_ms(100), 100);
}

SELFTEST_CASE("crash/segv", NO_MODE) {
  volatile int *volatile nowhere = NULL;

  (void)f;
  *nowhere = 1; /* NOLINT: the crash is intended. */
}

SELFTEST_CASE("crash/exit", NO_MODE) {
  (void)f;
  exit(3);
}

SELFTEST_CASE("crash/exit-zero", NO_MODE) {
  (void)f;
  exit(0);
}

SELFTEST_CASE("crash/z-still-runs", NO_MODE) {
  (void)f;
}

SELFTEST_CASE("hang/ever", NO_MODE) {
  volatile bool ever = true;

  (void)f;
  while (ever) {
  }
}

SELFTEST_CASE("hang/talks", NO_MODE) {
  volatile bool ever = true;

  (void)f;
  while (ever) {
    puts("and on and on");
  }
}

SELFTEST_CASE("hang/z-still-runs", NO_MODE) {
  (void)f;
}

SELFTEST_CASE("open/unresolved", NO_MODE) {
  (void)f;
  np_unresolved("the race went the other way, %d times", 7);
}

SELFTEST_CASE("open/z-still-runs", NO_MODE) {
  (void)f;
}

static void end_badly(void) {
  fputs("found at the end\n", stderr);
  host_exit(9);
}

/* Exits like a process in which a sanitizer found an error at the end. */
SELFTEST_CASE("end/bad-exit", NO_MODE) {
  (void)f;
  puts("a warning that nobody saw");
  assert_int_equal(atexit(end_badly), 0);
}

static unsigned counted;

/* Fails in its third round, which only --repeat reaches. */
SELFTEST_CASE("repeat/third-round", NO_MODE) {
  (void)f;
  assert_in_range(++counted, 1, 2);
}

WORLD_ROLE(echo) {
  char line[64];

  printf("this goes to the log\n");
  world_role_write_line(arg);
  while (world_role_read_line(line, sizeof(line))) {
    world_role_write_line(line);
  }
}

WORLD_ROLE(failing) {
  assert_string_equal(arg, "something else");
}

/* On sim a thread that is to end does so at its next call. */
WORLD_ROLE(hanging) {
  volatile bool ever = true;

  world_role_write_line(arg);
  while (ever) {
    SwitchToThread();
  }
}

SELFTEST_CASE("role/echo", NO_MODE) {
  world_process *p = world_process_start("echo", "\\\\.\\pipe\\x y");
  char line[64];

  (void)f;
  assert_true(world_process_id(p) != 0);
  world_process_read_line(p, line, sizeof(line), 20000);
  assert_string_equal(line, "\\\\.\\pipe\\x y");
  assert_true(world_process_write_line(p, "go"));
  world_process_read_line(p, line, sizeof(line), 20000);
  assert_string_equal(line, "go");
  assert_int_equal(world_process_wait(p, 20000), 0);
}

SELFTEST_CASE("role/failing", NO_MODE) {
  (void)f;
  assert_int_equal(
      world_process_wait(world_process_start("failing", "a"), 20000), 1);
}

SELFTEST_CASE("role/killed", NO_MODE) {
  world_process *p = world_process_start("hanging", "here");
  char line[64];

  (void)f;
  world_process_read_line(p, line, sizeof(line), 20000);
  assert_string_equal(line, "here");
  world_process_kill(p);
}

/* The case ends without its second process, which must not outlive the run. */
SELFTEST_CASE("role/left-behind", NO_MODE) {
  world_process *p = world_process_start("hanging", "here");
  char line[64];

  (void)f;
  world_process_read_line(p, line, sizeof(line), 20000);
}

/* An unclosed handle counts as a leak in every world. */
SELFTEST_CASE("leak/handle", NO_MODE) {
  (void)f;
  assert_non_null(CreateEventW(NULL, TRUE, FALSE, NULL));
}

SELFTEST_CASE("leak/closed", NO_MODE) {
  HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);

  (void)f;
  assert_non_null(event);
  assert_true(CloseHandle(event));
}

SELFTEST_CASE("leak/z-pipe-names-differ", NO_MODE) {
  char one[WORLD_PIPE_NAME_BYTES_MAX];
  char other[WORLD_PIPE_NAME_BYTES_MAX];

  (void)f;
  world_pipe_name(one, sizeof(one));
  world_pipe_name(other, sizeof(other));
  assert_string_not_equal(one, other);
  assert_memory_equal(one, "\\\\.\\pipe\\npipe-", 15);
}

/* Questions that end in every way a question can. */
#define SELFTEST_QUESTION(id_)                                              \
  NP_QUESTION_DEFINE(struct fixture, fixture_run, id_, MODE_BYTE,           \
                     "What \"becomes\" of a question?",                     \
                     "The runner tells it.", "pass/* fail/*",               \
                     {"first", "the first answer", "the runner", "a=true"}, \
                     {"second", "the second answer", "", ""})

SELFTEST_QUESTION("asks/answer") {
  printf("@npipe-ask-1-1 first, says the output of this question\n");
  answer_give("second", "%u, and \"more\"", f->variant);
}

SELFTEST_QUESTION("asks/assert") {
  assert_int_equal(f->variant, 12345);
}

SELFTEST_QUESTION("asks/crash") {
  (void)f;
  abort();
}

SELFTEST_QUESTION("asks/hang") {
  volatile bool ever = true;

  (void)f;
  while (ever) {
  }
}

SELFTEST_QUESTION("asks/nothing") {
  (void)f;
}

SELFTEST_QUESTION("asks/other") {
  (void)f;
  answer_give("other", "%s", "");
}

SELFTEST_QUESTION("asks/unknown") {
  (void)f;
  answer_give("third", "%s", "");
}
