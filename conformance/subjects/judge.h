/* The cases of npipe-subjects, and their fixture.
 *
 * A case states what a well-behaved program does with its pipe, whatever
 * library it uses. Each run has a fresh program and a fresh name. A case needs
 * no clean-up after a failed assert: the runner ends the process, and with it
 * the program. */
#ifndef NPIPE_SUBJECTS_JUDGE_H
#define NPIPE_SUBJECTS_JUDGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <windows.h>

#include <cmocka.h>

#include "case.h"
#include "config.h"
#include "outside.h"
#include "peer.h"
#include "subject.h"
#include "world.h"

enum {
  PEERS_MAX = 64,
  QUIET_MS = 200,   /* for what must not come */
  ONE_MIB = 1 << 20 /* more than any buffer of a pipe */
};

struct judge {
  unsigned mode; /* MODE_BYTE or MODE_MESSAGE */
  unsigned end;  /* END_SERVER or END_CLIENT, in a case that drives both */
  char name[WORLD_PIPE_NAME_BYTES_MAX];
  struct subject subject;
  struct peer peers[PEERS_MAX];
  struct peer *peer; /* the first of them */
  unsigned char data[ONE_MIB + 1];
};

/* What a case needs, besides the level of the program. */
enum {
  NEEDS_ECHO = 1,   /* the program echoes: no --say, no --expect             */
  NEEDS_FIRST = 2,  /* the platform enforces FILE_FLAG_FIRST_PIPE_INSTANCE   */
  NEEDS_LEVELS = 4, /* the platform keeps a client's impersonation level     */
  NEEDS_DACL = 8,   /* the platform gives a pipe a default DACL              */
  NEEDS_SIZES = 16  /* the platform has a quota of zero that makes writes wait*/
};

struct subject_case {
  struct np_case c;
  unsigned level;
  unsigned needs;
  struct subject_case *next;
};

void subject_case_register(struct subject_case *c);

/* subject_cases_select registers the cases that apply with the runner: those of
 * a role that is judged, in a mode and at a level that the program has, on a
 * platform that has what they need. `all` registers every case. */
void subject_cases_select(bool all);

/* judge_run is the `run` of each case. */
void judge_run(unsigned variant, void (*body)(void *judge));

/* NP_SUBJECT_CASE defines a case. Its role is in its id ("server/...",
 * "client/..."), or END_SERVER and END_CLIENT are in `modes_`. The body follows
 * in braces; its fixture is `f`. */
#define NP_SUBJECT_CASE(id_, modes_, level_, needs_, requirement_, source_) \
  static void NP_CASE_JOIN(case_body_, __LINE__)(struct judge * f);         \
  static void NP_CASE_JOIN(case_thunk_, __LINE__)(void *fixture) {          \
    NP_CASE_JOIN(case_body_, __LINE__)((struct judge *)fixture);            \
  }                                                                         \
  static struct subject_case NP_CASE_JOIN(case_, __LINE__) = {              \
      {(id_), "program", (unsigned)(modes_), "right", (requirement_),       \
       (source_), __FILE__, __LINE__, judge_run,                            \
       NP_CASE_JOIN(case_thunk_, __LINE__), NULL},                          \
      (unsigned)(level_),                                                   \
      (unsigned)(needs_),                                                   \
      NULL};                                                                \
  __attribute__((constructor)) static void NP_CASE_JOIN(case_register_,     \
                                                        __LINE__)(void) {   \
    subject_case_register(&NP_CASE_JOIN(case_, __LINE__));                  \
  }                                                                         \
  static void NP_CASE_JOIN(case_body_,                                      \
                           __LINE__)(__attribute__((unused)) struct judge * f)

enum { BOTH = MODE_BYTE | MODE_MESSAGE };

/* server_start starts the program as a server of `kind` and waits until it
 * listens. client_start starts it as a client. */
void server_start(struct judge *f, const char *kind);
void client_start(struct judge *f, const char *kind);

/* assert_serves fails the case, with `when`, if the server does not serve a new
 * client: one exchange, then the client leaves. */
void assert_serves(struct judge *f, const char *when);

/* exchange makes one exchange with the program: an echo of some bytes, or what
 * --say and --expect tell. */
void exchange(struct judge *f, struct peer *p, unsigned seed);

/* ghost_before_the_wait opens the instance that the server makes for the next
 * client as soon as it exists, stops the server there, leaves, and lets it go
 * on: the server had perhaps not begun to wait for a client there. */
void ghost_before_the_wait(struct judge *f);

/* instances_create makes `count` instances for the program's client. */
void instances_create(struct judge *f, size_t count, DWORD quota);

/* pipe_busy makes the pipe exist, at f->peer, with its only instance taken by
 * f->peers[1]: the program's client must wait. */
void pipe_busy(struct judge *f);

/* assert_sank fails the case if the program, of the kind sink, does not say
 * "end LENGTH". */
void assert_sank(struct judge *f, size_t length);

/* assert_accepts waits for the program's client at the peer `p`. */
void assert_accepts(struct peer *p);

/* await_listening waits until the program's pipe can take a client. */
void await_listening(struct judge *f);

/* quiet waits for the time that shows that nothing comes. */
void quiet(uint32_t ms);

#endif
