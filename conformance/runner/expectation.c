/* Reads expectation files, a small part of TOML, and applies their entries to
 * the runs. A malformed file is an error, and so is an entry that matches no
 * case. */
#include "runner/expectation.h"
#include "runner/platform.h"
#include "runner/run.h"
#include "runner/runner.h"
#include "runner/text.h"
#include "runner/variant.h"
#include "runner/version.h"
#include "case.h"

#include <stdlib.h>
#include <string.h>

enum { LINE_BYTES_MAX = 1024, IDS_MAX = 64 };

struct reader {
  const struct platform *platform;
  const struct runner_subject *subject; /* NULL: npipe */
  struct expectation_list *list;
  const char *file;
  int line;
  struct expectation *open; /* the [[case]] being filled */
  bool in_ids;              /* between the brackets of several ids */
  struct {
    char *id;
    int line;
  } ids[IDS_MAX];
  size_t id_count;
};

static bool reader_error(const struct reader *r, const char *what) {
  fprintf(stderr, "%s:%d: %s\n", r->file, r->line, what);
  return false;
}

static char *duplicate(const char *s) {
  size_t size = s != NULL ? strlen(s) + 1 : 0;
  char *copy = s != NULL ? checked_alloc(size, 1) : NULL;

  if (copy != NULL) {
    memcpy(copy, s, size);
  }
  return copy;
}

static void expectation_free(struct expectation *e) {
  if (e != NULL) {
    free(e->id);
    free(e->on);
    free(e->subject);
    free(e->cause);
    free(e->reason);
    free(e->link);
    free(e->file);
    free(e);
  }
}

/* reader_add adds the open [[case]] for one of its ids. */
static void reader_add(struct reader *r, size_t index) {
  const struct expectation *open = r->open;
  struct expectation *e = checked_alloc(1, sizeof *e);

  *e = *open;
  e->id = r->ids[index].id;
  e->line = r->ids[index].line;
  e->on = duplicate(open->on);
  e->subject = duplicate(open->subject);
  e->cause = duplicate(open->cause);
  e->reason = duplicate(open->reason);
  e->link = duplicate(open->link);
  e->file = duplicate(open->file);
  if (r->list->last != NULL) {
    r->list->last->next = e;
  } else {
    r->list->first = e;
  }
  r->list->last = e;
}

/* reader_close ends the open [[case]], which must be complete. */
static bool reader_close(struct reader *r) {
  struct expectation *e = r->open;

  if (e == NULL) {
    return true;
  }
  if (r->id_count == 0 || r->in_ids || e->on == NULL || e->reason == NULL ||
      e->link == NULL || e->expect == EXPECT_NOTHING) {
    r->line = e->line;
    return reader_error(
        r, "[[case]] needs each of id, on, expect, reason and link");
  }
  if ((r->subject != NULL) != (e->subject != NULL) ||
      (r->subject != NULL) != (e->cause != NULL)) {
    r->line = e->line;
    return reader_error(r, r->subject != NULL
                               ? "[[case]] of a subject needs subject and cause"
                               : "subject and cause are for npipe-subjects");
  }
  if (r->subject == NULL && e->expect == EXPECT_MAY_FAIL) {
    r->line = e->line;
    return reader_error(r, "may-fail is for npipe-subjects");
  }
  for (size_t i = 0; i < r->id_count; i++) {
    reader_add(r, i);
  }
  expectation_free(e);
  r->open = NULL;
  r->id_count = 0;
  return true;
}

static bool reader_add_id(struct reader *r, const char *id) {
  if (r->open == NULL) {
    return reader_error(r, "a key before the first [[case]]");
  }
  if (r->id_count == IDS_MAX) {
    return reader_error(r, "too many ids");
  }
  r->ids[r->id_count].id = duplicate(id);
  r->ids[r->id_count++].line = r->line;
  return true;
}

static bool reader_open(struct reader *r) {
  if (!reader_close(r)) {
    return false;
  }
  r->open = checked_alloc(1, sizeof(*r->open));
  r->open->file = duplicate(r->file);
  r->open->line = r->line;
  return true;
}

/* subject_is compares `wanted`, NAME or NAME SIGN VERSION, with the subject. It
 * returns false if `wanted` is malformed. */
static bool subject_is(const struct runner_subject *subject, const char *wanted,
                       bool *matches) {
  char name[64];
  char sign[4];
  char version[32];
  char extra = '\0';
  int count = sscanf(wanted, "%63s %3s %31s %c", name, sign, version, &extra);
  bool good =
      count == 1 ||
      (count == 3 && version_matches(subject->version, sign, version, matches));

  *matches =
      good && strcmp(name, subject->name) == 0 && (count == 1 || *matches);
  return good;
}

/* expect_of returns EXPECT_NOTHING for a word that is none of ours. */
static enum expect expect_of(const char *word) {
  return strcmp(word, "skip") == 0       ? EXPECT_SKIP
         : strcmp(word, "fail") == 0     ? EXPECT_FAIL
         : strcmp(word, "may-fail") == 0 ? EXPECT_MAY_FAIL
                                         : EXPECT_NOTHING;
}

static bool cause_is_known(const char *word) {
  return strcmp(word, "library") == 0 || strcmp(word, "platform") == 0 ||
         strcmp(word, "adapter") == 0;
}

static bool reader_set(struct reader *r, const char *key, const char *value) {
  struct expectation *e = r->open;
  char **field = NULL;
  const char *wrong = NULL;

  if (e == NULL) {
    return reader_error(r, "a key before the first [[case]]");
  }
  if (value[0] == '\0') {
    return reader_error(r, "an empty value");
  }
  if (strcmp(key, "expect") == 0) {
    if (e->expect != EXPECT_NOTHING) {
      return reader_error(r, "a key twice");
    }
    e->expect = expect_of(value);
    return e->expect != EXPECT_NOTHING ||
           reader_error(r, "expect is \"fail\", \"skip\" or \"may-fail\"");
  }
  if (strcmp(key, "id") == 0) {
    return r->id_count == 0 ? reader_add_id(r, value)
                            : reader_error(r, "a key twice");
  }
  if (strcmp(key, "on") == 0) {
    field = &e->on;
    if (!platform_is(r->platform, value, &e->on_this)) {
      wrong =
          "on is WORLD [ARCHITECTURE] [< VERSION], WORLD alone, WORLD users "
          "or sim SETTINGS";
    }
  } else if (strcmp(key, "subject") == 0) {
    field = &e->subject;
    if (r->subject != NULL && !subject_is(r->subject, value, &e->with_this)) {
      wrong = "subject is NAME or NAME < VERSION";
    }
  } else if (strcmp(key, "cause") == 0) {
    field = &e->cause;
    if (!cause_is_known(value)) {
      wrong = "cause is \"library\", \"platform\" or \"adapter\"";
    }
  } else if (strcmp(key, "reason") == 0) {
    field = &e->reason;
  } else if (strcmp(key, "link") == 0) {
    field = &e->link;
  } else {
    wrong = "a key that is none of ours";
  }
  if (wrong != NULL) {
    return reader_error(r, wrong);
  }
  if (*field != NULL) {
    return reader_error(r, "a key twice");
  }
  *field = duplicate(value);
  return true;
}

/* is_end returns true if only blanks or a comment follow. Nothing else may
 * stand after a value or a header. */
static bool is_end(const char *s) {
  s += strspn(s, " \t");
  return *s == '\0' || *s == '#';
}

/* reader_take_string reads a "string" at `at` into `value`. It returns the end
 * of the string, or NULL if there is none. */
static const char *reader_take_string(struct reader *r, const char *at,
                                      char value[LINE_BYTES_MAX]) {
  size_t length = 0;

  if (*at != '"') {
    reader_error(r, "the value is no \"string\"");
    return NULL;
  }
  for (at++; *at != '"'; at++) {
    if (*at == '\\' && (at[1] == '"' || at[1] == '\\')) {
      at++;
    } else if (*at == '\0' || *at == '\\') {
      reader_error(r, "the \"string\" is malformed");
      return NULL;
    }
    value[length++] = *at;
  }
  value[length] = '\0';
  return at + 1;
}

/* reader_take_id reads `"string",` or the `]` behind several ids. */
static bool reader_take_id(struct reader *r, const char *line) {
  char value[LINE_BYTES_MAX];

  if (*line == ']' && is_end(line + 1)) {
    r->in_ids = false;
    return true;
  }
  line = reader_take_string(r, line, value);
  if (line == NULL) {
    return false;
  }
  if (*line != ',' || !is_end(line + 1) || value[0] == '\0') {
    return reader_error(r, "an id is a \"string\" and a comma");
  }
  return reader_add_id(r, value);
}

/* reader_take_pair reads `key = "string"`, or the `id = [` before several
 * ids. */
static bool reader_take_pair(struct reader *r, char *line) {
  char value[LINE_BYTES_MAX];
  size_t key_length = strspn(line, "abcdefghijklmnopqrstuvwxyz");
  const char *at = line + key_length;

  at += strspn(at, " \t");
  if (key_length == 0 || *at != '=') {
    return reader_error(r, "neither [[case]] nor key = \"string\"");
  }
  at++;
  at += strspn(at, " \t");
  line[key_length] = '\0';
  if (strcmp(line, "id") == 0 && *at == '[' && is_end(at + 1) &&
      r->id_count == 0) {
    r->in_ids = true;
    return true;
  }
  at = reader_take_string(r, at, value);
  if (at == NULL) {
    return false;
  }
  if (!is_end(at)) {
    return reader_error(r, "something after the value");
  }
  return reader_set(r, line, value);
}

static bool reader_take(struct reader *r, char *line) {
  size_t length = strlen(line);

  if (length + 1 == LINE_BYTES_MAX) {
    return reader_error(r, "the line is too long");
  }
  line[strcspn(line, "\r\n")] = '\0';
  line += strspn(line, " \t");
  if (is_end(line)) {
    return true;
  }
  if (r->in_ids) {
    return reader_take_id(r, line);
  }
  if (strncmp(line, "[[case]]", 8) == 0) {
    return is_end(line + 8) ? reader_open(r)
                            : reader_error(r, "something after [[case]]");
  }
  return reader_take_pair(r, line);
}

bool expectation_list_read(struct expectation_list *list,
                           const struct platform *platform,
                           const struct runner_subject *subject,
                           const char *file) {
  struct reader r = {
      .platform = platform, .subject = subject, .list = list, .file = file};
  char line[LINE_BYTES_MAX];
  FILE *in = fopen(file, "r");
  bool good = true;

  if (in == NULL) {
    fprintf(stderr, "%s: cannot be opened\n", file);
    return false;
  }
  while (good && fgets(line, sizeof(line), in) != NULL) {
    r.line++;
    good = reader_take(&r, line);
  }
  if (good && ferror(in)) {
    good = reader_error(&r, "cannot be read");
  }
  good = good && reader_close(&r);
  if (!good) {
    expectation_free(r.open);
    while (r.id_count > 0) {
      free(r.ids[--r.id_count].id);
    }
  }
  fclose(in);
  return good;
}

static bool any_case_matches(const struct expectation *e) {
  const struct np_case *c;

  for (c = np_case_first(); c != NULL; c = c->next) {
    unsigned variants[VARIANTS_MAX];
    size_t count = variant_list(c->modes, variants);
    size_t i;

    for (i = 0; i < count; i++) {
      if (variant_matches(e->id, c->id, variants[i])) {
        return true;
      }
    }
  }
  return false;
}

bool expectation_applies(const struct expectation *e) {
  return e->on_this && (e->subject == NULL || e->with_this);
}

void expectation_list_apply(const struct expectation_list *list,
                            struct run_list *runs) {
  const struct expectation *e;
  struct run *run;

  for (e = list->first; e != NULL; e = e->next) {
    /* A subject lacks the cases that do not apply to it. */
    if ((e->subject == NULL || expectation_applies(e)) &&
        !any_case_matches(e)) {
      run = run_list_add_failure(runs, "expectations");
      text_print(&run->message, "%s:%d: no case is called \"%s\"", e->file,
                 e->line, e->id);
    }
  }
  for (e = list->first; e != NULL; e = e->next) {
    for (run = runs->first; run != NULL; run = run->next) {
      if (!expectation_applies(e) || run->c == NULL ||
          !variant_matches(e->id, run->c->id, run->variant)) {
        continue;
      }
      if (run->expected == NULL) {
        run->expected = e;
      } else if (run->expected->expect != e->expect) {
        struct run *failure = run_list_add_failure(runs, "expectations");

        text_print(&failure->message, "%s:%d contradicts %s:%d about %s",
                   e->file, e->line, run->expected->file, run->expected->line,
                   run->label);
      }
    }
  }
}

void expectation_list_deinit(struct expectation_list *list) {
  while (list->first != NULL) {
    struct expectation *e = list->first;

    list->first = e->next;
    expectation_free(e);
  }
  list->last = NULL;
}
