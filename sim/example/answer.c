/* What the service answers. */
#include "service.h"

#include <string.h>

static char upper(char c) {
  return (char)(c >= 'a' && c <= 'z' ? c - 32 : c);
}

/* number_read reads digits at *at and moves it behind them. */
static unsigned number_read(const char **at, const char *end) {
  unsigned value = 0;

  while (*at < end && **at >= '0' && **at <= '9') {
    value = value * 10 + (unsigned)(*(*at)++ - '0');
  }
  return value;
}

static size_t number_write(char *answer, unsigned value) {
  char digits[16];
  size_t count = 0;

  do {
    digits[count++] = (char)('0' + value % 10);
    value /= 10;
  } while (value > 0);
  for (size_t i = 0; i < count; i++) {
    answer[i] = digits[count - 1 - i];
  }
  return count;
}

size_t service_answer(const char *request, size_t size, char *answer) {
  const char *text = request + 2;
  const char *end = request + size;

  if (size < 2 || request[1] != ' ' || size - 2 > SERVICE_MESSAGE_MAX) {
    answer[0] = '?';
    return 1;
  }
  switch (request[0]) {
    case 'U':
      for (size_t i = 0; i < size - 2; i++) {
        answer[i] = upper(text[i]);
      }
      return size - 2;
    case 'R':
      for (size_t i = 0; i < size - 2; i++) {
        answer[i] = text[size - 3 - i];
      }
      return size - 2;
    case 'A': {
      unsigned first = number_read(&text, end);

      text += text < end;
      return number_write(answer, first + number_read(&text, end));
    }
    default:
      answer[0] = '?';
      return 1;
  }
}
