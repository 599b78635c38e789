/* The answer "other", for a probe that saw none of the answers of its
 * question. */
#include "questions.h"

void answer_error(DWORD error) {
  answer_give("other", "error %lu", (unsigned long)error);
}

void answer_status(DWORD status) {
  answer_give("other", "status 0x%08lX", (unsigned long)status);
}
