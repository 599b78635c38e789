/* The declaration of a conformance case, and the registry of all cases.
 *
 * A case states its proof: the function, the modes in which it runs, the
 * outcome, one sentence of requirement, and the source of the requirement. The
 * runner prints these as JSON (`--list`), so that a report can explain why a
 * failure matters.
 *
 * Fixtures (library/fixture.h, platform/fixture.h) wrap NP_CASE_DEFINE with
 * their own type. A case file uses only these wrappers, NP_CASE and
 * NP_PLATFORM_CASE. */
#ifndef NPIPE_CONFORMANCE_CASE_H
#define NPIPE_CONFORMANCE_CASE_H

#include <stddef.h>

/* The modes and ends in which a case runs, as a set. Each member of the set is
 * a run of its own: `read/pending@byte-server`, `read/pending@message-client`.
 * A case with an empty set runs once, under its plain id. */
enum {
  NO_MODE = 0,
  MODE_BYTE = 1,         /* byte type, byte reads                            */
  MODE_MESSAGE = 2,      /* message type, message reads                      */
  MODE_MESSAGE_BYTE = 4, /* message type, byte reads                         */
  MESSAGE_TYPE = MODE_MESSAGE | MODE_MESSAGE_BYTE,
  BYTE_READS = MODE_BYTE | MODE_MESSAGE_BYTE,
  ANY_MODE = MODE_BYTE | MODE_MESSAGE | MODE_MESSAGE_BYTE,
  END_SERVER = 8,  /* the end under test is the server's                     */
  END_CLIENT = 16, /* the end under test is the client's                     */
  BOTH_ENDS = END_SERVER | END_CLIENT
};

struct np_case {
  const char *id;          /* "area/behaviour"; never changes */
  const char *function;    /* the function under test                        */
  unsigned modes;          /* set of the bits above                          */
  const char *outcome;     /* the result under test, e.g. "NP_OK" */
  const char *requirement; /* one sentence                                   */
  const char *source;      /* "Page#section"; "; museum A01 A02" may follow  */
  const char *file;
  int line;
  /* run does one run in one member of `modes` (a mode bit and an end bit, or 0
   * for each). It sets up, runs the body, tears down, and checks that nothing
   * is left. */
  void (*run)(unsigned variant, void (*body)(void *fixture));
  void (*body)(void *fixture);
  struct np_case *next;
};

/* np_case_register adds `c` to the registry. It is called before main. */
void np_case_register(struct np_case *c);

/* np_case_first returns the cases, sorted by id. */
struct np_case *np_case_first(void);

/* np_unresolved ends the running case as `unresolved`, never as passed: a
 * race had the other outcome, or the platform refused before the check was
 * reached. */
void np_unresolved(const char *format, ...)
    __attribute__((format(printf, 1, 2), noreturn));

#define NP_CASE_JOIN_(a, b) a##b
#define NP_CASE_JOIN(a, b)  NP_CASE_JOIN_(a, b)

/* NP_CASE_DEFINE defines and registers a case. The body follows in braces; its
 * fixture is `f`, of type `fixture_type`. `function_` and `outcome_` are
 * strings: the wrapper makes them with `#`, before the preprocessor replaces
 * the names. */
#define NP_CASE_DEFINE(fixture_type, run_, id_, function_, modes_, outcome_, \
                       requirement_, source_)                                \
  static void NP_CASE_JOIN(case_body_, __LINE__)(fixture_type * f);          \
  static void NP_CASE_JOIN(case_thunk_, __LINE__)(void *fixture) {           \
    NP_CASE_JOIN(case_body_, __LINE__)((fixture_type *)fixture);             \
  }                                                                          \
  static struct np_case NP_CASE_JOIN(case_, __LINE__) = {                    \
      (id_),                                                                 \
      (function_),                                                           \
      (unsigned)(modes_),                                                    \
      (outcome_),                                                            \
      (requirement_),                                                        \
      (source_),                                                             \
      __FILE__,                                                              \
      __LINE__,                                                              \
      (run_),                                                                \
      NP_CASE_JOIN(case_thunk_, __LINE__),                                   \
      NULL};                                                                 \
  __attribute__((constructor)) static void NP_CASE_JOIN(case_register_,      \
                                                        __LINE__)(void) {    \
    np_case_register(&NP_CASE_JOIN(case_, __LINE__));                        \
  }                                                                          \
  static void NP_CASE_JOIN(case_body_,                                       \
                           __LINE__)(__attribute__((unused)) fixture_type * f)

#endif
