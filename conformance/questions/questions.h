/* What the questions share: the platform cases' fixture. The answers of a
 * question are `ANSWER(name, means, said_by, settings)`. */
#ifndef NPIPE_CONFORMANCE_QUESTIONS_H
#define NPIPE_CONFORMANCE_QUESTIONS_H

#include "platform/fixture.h"
#include "platform/nt.h"
#include "question.h"

#define ANSWER(name_, means_, said_by_, settings_) \
  { (name_), (means_), (said_by_), (settings_) }

#define NP_QUESTION(id_, variant_, text_, matters_, cases_, ...)          \
  NP_QUESTION_DEFINE(struct platform, platform_run, id_, variant_, text_, \
                     matters_, cases_, __VA_ARGS__)

/* answer_error gives the answer "other" with the code of a Win32 error. */
void answer_error(DWORD error) __attribute__((noreturn));

/* answer_status gives the answer "other" with an NTSTATUS. */
void answer_status(DWORD status) __attribute__((noreturn));

#endif
