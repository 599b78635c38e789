/* What a probe answers when it saw none of the answers that its question
 * lists. */
#include "questions.h"

void answer_error(DWORD error) {
  answer_give("other", "error %lu", (unsigned long)error);
}

void answer_status(DWORD status) {
  answer_give("other", "status 0x%08lX", (unsigned long)status);
}
