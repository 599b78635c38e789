/* Steps as text, one line each, and back. */
#include "script/script.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct shape {
  const char *name;
  char makes;                      /* 'h' a handle, 'o' an operation, or 0 */
  bool handle;                     /* the step names a handle */
  bool pipe;                       /* the step names a pipe */
  bool op;                         /* the step names an operation */
  const char *labels[NUMBERS_MAX]; /* labels of its numbers; "": none */
  unsigned flags;                  /* flags that the step may have */
};

static const struct shape shapes[VERB_COUNT] = {
    [VERB_CREATE] = {"create",
                     'h',
                     false,
                     true,
                     false,
                     {"out", "in", "max"},
                     FLAG_INBOUND | FLAG_OUTBOUND | FLAG_MESSAGE |
                         FLAG_MESSAGES | FLAG_NOWAIT | FLAG_FIRST | FLAG_SYNC |
                         FLAG_PORT | FLAG_SKIP | FLAG_OWN},
    [VERB_OPEN] = {"open",
                   'h',
                   false,
                   true,
                   false,
                   {0},
                   FLAG_READ | FLAG_WRITE | FLAG_ATTRIBUTES | FLAG_SYNC |
                       FLAG_PORT | FLAG_SKIP},
    [VERB_DUPLICATE] = {"duplicate", 'h', true, false, false, {0}, 0},
    [VERB_CONNECT] = {"connect", 'o', true, false, false, {0}, 0},
    [VERB_READ] = {"read", 'o', true, false, false, {""}, 0},
    [VERB_WRITE] = {"write", 'o', true, false, false, {""}, 0},
    [VERB_TRANSACT] = {"transact", 'o', true, false, false, {"", "answer"}, 0},
    [VERB_PEEK] = {"peek", 0, true, false, false, {""}, 0},
    [VERB_CONTROL_PEEK] = {"control-peek", 0, true, false, false, {""}, 0},
    [VERB_ROOM] = {"room", 0, true, false, false, {0}, 0},
    [VERB_MESSAGES] = {"messages", 0, true, false, false, {0}, 0},
    [VERB_FLUSH] = {"flush", 0, true, false, false, {0}, 0},
    [VERB_FLUSH_ASYNC] = {"flush-async", 'o', true, false, false, {0}, 0},
    [VERB_DISCONNECT] = {"disconnect", 0, true, false, false, {0}, 0},
    [VERB_CLOSE] = {"close", 0, true, false, false, {0}, 0},
    [VERB_CANCEL] = {"cancel", 0, true, false, true, {0}, 0},
    [VERB_CANCEL_ALL] = {"cancel-all", 0, true, false, false, {0}, 0},
    [VERB_CANCEL_IO] = {"cancel-io", 0, true, false, false, {0}, 0},
    [VERB_MODE] =
        {"mode", 0, true, false, false, {0}, FLAG_MESSAGES | FLAG_NOWAIT},
    [VERB_STATE] = {"state", 0, true, false, false, {0}, 0},
    [VERB_INFO] = {"info", 0, true, false, false, {0}, 0},
    [VERB_WAIT] = {"wait", 0, false, true, false, {0}, 0},
    [VERB_WAIT_ASYNC] = {"wait-async", 'o', false, true, false, {0}, 0},
    [VERB_HOLD] = {"hold", 0, true, false, false, {0}, 0},
    [VERB_LET_GO] = {"let-go", 0, false, false, false, {0}, 0},
    [VERB_USER] = {"user", 0, false, false, false, {""}, 0},
};

static const struct {
  unsigned flag;
  const char *word;
} words[] = {{FLAG_INBOUND, "inbound"},
             {FLAG_OUTBOUND, "outbound"},
             {FLAG_MESSAGE, "message"},
             {FLAG_MESSAGES, "reads-messages"},
             {FLAG_NOWAIT, "nowait"},
             {FLAG_FIRST, "first"},
             {FLAG_READ, "reader"},
             {FLAG_WRITE, "writer"},
             {FLAG_ATTRIBUTES, "setter"},
             {FLAG_SYNC, "sync"},
             {FLAG_PORT, "port"},
             {FLAG_SKIP, "skip"},
             {FLAG_OWN, "own"}};

enum { WORD_COUNT = sizeof words / sizeof words[0] };

bool verb_makes_handle(enum verb verb) {
  return shapes[verb].makes == 'h';
}

bool verb_makes_op(enum verb verb) {
  return shapes[verb].makes == 'o';
}

bool verb_needs_handle(enum verb verb) {
  return shapes[verb].handle;
}

/* --- Printing ------------------------------------------------------------- */

struct writer {
  char *out;
  size_t size;
  size_t length;
};

static void put(struct writer *w, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void put(struct writer *w, const char *format, ...) {
  va_list arguments;
  int length;

  va_start(arguments, format);
  length =
      vsnprintf(w->out + w->length, w->size - w->length, format, arguments);
  va_end(arguments);
  if (length > 0) {
    w->length += (size_t)length;
  }
  if (w->length >= w->size) {
    w->length = w->size - 1;
  }
}

void step_print(const struct step *step, char *out, size_t size) {
  const struct shape *shape = &shapes[step->verb];
  struct writer w = {out, size, 0};

  if (shape->makes != 0) {
    put(&w, "%c%u = ", shape->makes, step->result);
  }
  put(&w, "%s", shape->name);
  if (shape->handle) {
    put(&w, " h%u", step->handle);
  }
  if (shape->pipe) {
    put(&w, " %c", 'A' + (int)step->pipe);
  }
  if (shape->op) {
    put(&w, " o%u", step->op);
  }
  for (size_t i = 0; i < NUMBERS_MAX && shape->labels[i] != NULL; i++) {
    put(&w, "%s%s %u", shape->labels[i][0] != '\0' ? " " : "", shape->labels[i],
        step->numbers[i]);
  }
  for (size_t i = 0; i < WORD_COUNT; i++) {
    if ((step->flags & words[i].flag) != 0) {
      put(&w, " %s", words[i].word);
    }
  }
}

/* --- Parsing -------------------------------------------------------------- */

struct parser {
  char text[STEP_TEXT_BYTES_MAX];
  char *next;
};

/* take returns the next word, or NULL at the end. */
static char *take(struct parser *p) {
  char *word = p->next + strspn(p->next, " ");
  size_t length = strcspn(word, " ");

  if (length == 0) {
    return NULL;
  }
  p->next = word + length;
  if (*p->next != '\0') {
    *p->next++ = '\0';
  }
  return word;
}

static bool number(const char *word, unsigned bound, unsigned *out) {
  char *end = NULL;
  unsigned long value;

  if (word == NULL || word[0] < '0' || word[0] > '9') {
    return false;
  }
  value = strtoul(word, &end, 10);
  *out = (unsigned)value;
  return *end == '\0' && value < bound;
}

/* named reads a name such as h3: its letter, and a number below `bound`. */
static bool named(const char *word, char letter, unsigned bound,
                  unsigned *out) {
  return word != NULL && word[0] == letter && number(word + 1, bound, out);
}

static bool verb_named(const char *word, enum verb *verb) {
  for (size_t i = 0; word != NULL && i < VERB_COUNT; i++) {
    if (strcmp(shapes[i].name, word) == 0) {
      *verb = (enum verb)i;
      return true;
    }
  }
  return false;
}

static bool flags_take(struct parser *p, unsigned allowed, unsigned *flags) {
  const char *word;

  while ((word = take(p)) != NULL) {
    size_t i = 0;

    while (i < WORD_COUNT && strcmp(words[i].word, word) != 0) {
      i++;
    }
    if (i == WORD_COUNT || (words[i].flag & allowed) == 0) {
      return false;
    }
    *flags |= words[i].flag;
  }
  return true;
}

bool step_parse(struct step *step, const char *line) {
  const char *arrow = strstr(line, " ->");
  size_t length =
      arrow != NULL ? (size_t)(arrow - line) : strcspn(line, "\r\n");
  struct parser p;
  const struct shape *shape;
  char *made = NULL;
  const char *word;

  memset(step, 0, sizeof *step);
  if (length >= sizeof p.text) {
    return false;
  }
  memcpy(p.text, line, length);
  p.text[length] = '\0';
  p.next = p.text;
  if (strstr(p.text, " = ") != NULL) {
    made = take(&p);
    (void)take(&p);
  }
  if (!verb_named(take(&p), &step->verb)) {
    return false;
  }
  shape = &shapes[step->verb];
  if ((made != NULL) != (shape->makes != 0) ||
      (made != NULL &&
       !named(made, shape->makes, shape->makes == 'h' ? SLOTS_MAX : OPS_MAX,
              &step->result)) ||
      (shape->handle && !named(take(&p), 'h', SLOTS_MAX, &step->handle))) {
    return false;
  }
  if (shape->pipe) {
    word = take(&p);
    if (word == NULL || word[0] < 'A' || word[0] >= 'A' + PIPES_MAX ||
        word[1] != '\0') {
      return false;
    }
    step->pipe = (unsigned)(word[0] - 'A');
  }
  if (shape->op && !named(take(&p), 'o', OPS_MAX, &step->op)) {
    return false;
  }
  for (size_t i = 0; i < NUMBERS_MAX && shape->labels[i] != NULL; i++) {
    if (shape->labels[i][0] != '\0') {
      word = take(&p);
      if (word == NULL || strcmp(word, shape->labels[i]) != 0) {
        return false;
      }
    }
    if (!number(take(&p), BYTES_MAX + 1, &step->numbers[i])) {
      return false;
    }
  }
  return flags_take(&p, shape->flags, &step->flags);
}
