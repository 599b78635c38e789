/* What the cases of the self-test share. */
#ifndef NPIPE_CONFORMANCE_RUNNER_SELFTEST_SELFTEST_H
#define NPIPE_CONFORMANCE_RUNNER_SELFTEST_SELFTEST_H

#include "case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#ifdef NDEBUG
enum { HAS_ASSERTS = 0 };
#else
enum { HAS_ASSERTS = 1 };
#endif

struct fixture {
  unsigned variant;
};

void fixture_run(unsigned variant, void (*body)(void *fixture));

#define SELFTEST_CASE(id_, modes_)                                         \
  NP_CASE_DEFINE(struct fixture, fixture_run, id_, "none", modes_, "none", \
                 "The runner says \"what\" became of a case.",             \
                 "design.md#the-conformance-suite; museum A01 B2")

/* must fails the case if `error` is not NP_OK. */
#define must(error) assert_int_equal(error, NP_OK)

#endif
