/* Answers that every question has: none of those that it knows. */
#include "questions.h"

void answer_error(DWORD error) {
  answer_give("other", "error %lu", (unsigned long)error);
}

void answer_status(DWORD status) {
  answer_give("other", "status 0x%08lX", (unsigned long)status);
}
