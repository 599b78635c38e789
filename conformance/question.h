/* The declaration of a question: a point of behaviour that nobody who writes
 * npipe knows of Windows, or that the known witnesses tell otherwise.
 *
 * A question is no case. It asks the system that it runs on, in a process of
 * its own, and tells which of the answers that it names it has seen. No answer
 * is a failure. `npipe-conformance --questions` prints all of them; a report
 * (`--json`) has them in `answers`; `ci/answers` makes settings of the
 * simulated kernel from a report.
 */
#ifndef NPIPE_CONFORMANCE_QUESTION_H
#define NPIPE_CONFORMANCE_QUESTION_H

struct question_answer {
  const char *name;    /* one word for reports; NULL ends the list           */
  const char *means;   /* one sentence: the behaviour that the probe saw     */
  const char *said_by; /* the witness or page that says so; "": none         */
  /* The settings of the simulated kernel that answer so, "name=value ...";
   * the value "#" is the detail of the answer. "": there is no such setting. */
  const char *settings;
};

struct question {
  const char *id;      /* "questions/what"; never changes                    */
  const char *text;    /* one sentence that ends with a question mark        */
  const char *matters; /* one sentence: how npipe uses the answer            */
  const char *cases;   /* globs of the cases that rest on it, apart by a
                        * blank; "": none                                    */
  const char *file;
  int line;
  /* The answers. The first is what the cases and the simulated kernel take
   * for granted. */
  const struct question_answer *answers;
  unsigned variant; /* the mode of the pipe, as for a case                   */
  void (*run)(unsigned variant, void (*body)(void *fixture));
  void (*body)(void *fixture);
  struct question *next;
};

/* question_register adds `q` to the registry; called before main. */
void question_register(struct question *q);

/* question_first returns the questions, sorted by id. */
struct question *question_first(void);

/* answer_give ends the process with the answer `name` of the running question.
 * Nothing need be cleaned up. `format` is a detail, such as a number; "": none.
 * A question that ends without it, by an assert, a crash or at the limit of
 * time, has no answer, and the report says why. */
void answer_give(const char *name, const char *format, ...)
    __attribute__((format(printf, 2, 3), noreturn));

#define NP_QUESTION_JOIN_(a, b) a##b
#define NP_QUESTION_JOIN(a, b)  NP_QUESTION_JOIN_(a, b)

/* Defines and registers a question; the initializers of its answers come last,
 * and the body follows in braces, with `f` as its fixture of `fixture_type`. */
#define NP_QUESTION_DEFINE(fixture_type, run_, id_, variant_, text_, matters_, \
                           cases_, ...)                                        \
  static void NP_QUESTION_JOIN(ask_, __LINE__)(fixture_type * f);              \
  static void NP_QUESTION_JOIN(ask_thunk_, __LINE__)(void *fixture) {          \
    NP_QUESTION_JOIN(ask_, __LINE__)((fixture_type *)fixture);                 \
  }                                                                            \
  static const struct question_answer NP_QUESTION_JOIN(                        \
      answers_, __LINE__)[] = {__VA_ARGS__, {0, 0, 0, 0}};                     \
  static struct question NP_QUESTION_JOIN(question_, __LINE__) = {             \
      (id_),                                                                   \
      (text_),                                                                 \
      (matters_),                                                              \
      (cases_),                                                                \
      __FILE__,                                                                \
      __LINE__,                                                                \
      NP_QUESTION_JOIN(answers_, __LINE__),                                    \
      (unsigned)(variant_),                                                    \
      (run_),                                                                  \
      NP_QUESTION_JOIN(ask_thunk_, __LINE__),                                  \
      0};                                                                      \
  __attribute__((constructor)) static void NP_QUESTION_JOIN(                   \
      question_register_, __LINE__)(void) {                                    \
    question_register(&NP_QUESTION_JOIN(question_, __LINE__));                 \
  }                                                                            \
  static void NP_QUESTION_JOIN(ask_, __LINE__)(fixture_type * f)

#endif
