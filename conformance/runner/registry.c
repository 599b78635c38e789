/* The registries of cases, of questions and of roles. Constructors fill them
 * before main. */
#include "case.h"
#include "question.h"
#include "world.h"
#include "runner/registry.h"

#include <stdio.h>
#include <string.h>

static struct np_case *cases;
static bool cases_are_sorted;
static struct question *questions;
static struct world_role *roles;

void np_case_register(struct np_case *c) {
  c->next = cases;
  cases = c;
  cases_are_sorted = false;
}

/* merged joins two sorted lists. */
static struct np_case *merged(struct np_case *a, struct np_case *b) {
  struct np_case *first = NULL;
  struct np_case **at = &first;

  while (a != NULL && b != NULL) {
    struct np_case **lesser = strcmp(a->id, b->id) <= 0 ? &a : &b;

    *at = *lesser;
    at = &(*at)->next;
    *lesser = *at;
  }
  *at = a != NULL ? a : b;
  return first;
}

/* sorted sorts a list of `count` cases by id. */
static struct np_case *sorted(struct np_case *list, size_t count) {
  struct np_case *second = list;
  struct np_case **end = &second;

  if (count < 2) {
    return list;
  }
  for (size_t i = 0; i < count / 2; i++) {
    end = &(*end)->next;
  }
  second = *end;
  *end = NULL;
  return merged(sorted(list, count / 2), sorted(second, count - count / 2));
}

/* np_case_first sorts the list once. Each child process registers all cases, so
 * a registration must be cheap. Cases with the same id then stand next to each
 * other, so that registry_check finds them. */
struct np_case *np_case_first(void) {
  size_t count = 0;

  if (!cases_are_sorted) {
    for (const struct np_case *c = cases; c != NULL; c = c->next) {
      count++;
    }
    cases = sorted(cases, count);
    cases_are_sorted = true;
  }
  return cases;
}

void question_register(struct question *q) {
  struct question **at = &questions;

  while (*at != NULL && strcmp((*at)->id, q->id) < 0) {
    at = &(*at)->next;
  }
  q->next = *at;
  *at = q;
}

struct question *question_first(void) {
  return questions;
}

void world_role_register(struct world_role *role) {
  role->next = roles;
  roles = role;
}

const struct world_role *registry_role(const char *name) {
  const struct world_role *role;

  for (role = roles; role != NULL; role = role->next) {
    if (strcmp(role->name, name) == 0) {
      return role;
    }
  }
  return NULL;
}

/* id_is_good accepts `area/behaviour`, in a form that no shell, glob or XML
 * attribute changes. */
static bool id_is_good(const char *id) {
  const char *slash = strrchr(id, '/');
  size_t length = strlen(id);

  return slash != NULL && slash != id && slash[1] != '\0' &&
         length < REGISTRY_ID_BYTES_MAX &&
         strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-/.") == length;
}

/* question_is_good returns true if the question has a valid and unique id, all
 * texts, and at least two answers. */
static bool question_is_good(const struct question *q) {
  size_t length = strlen(q->text);

  return id_is_good(q->id) &&
         (q->next == NULL || strcmp(q->id, q->next->id) != 0) && length > 0 &&
         q->text[length - 1] == '?' && q->matters[0] != '\0' &&
         q->answers[0].name != NULL && q->answers[1].name != NULL;
}

bool registry_check(void) {
  const struct np_case *c;
  const struct question *q;
  bool good = true;

  for (q = questions; q != NULL; q = q->next) {
    if (!question_is_good(q)) {
      fprintf(stderr, "%s:%d: \"%s\" is badly declared, or there twice\n",
              q->file, q->line, q->id);
      good = false;
    }
  }

  for (c = np_case_first(); c != NULL; c = c->next) {
    if (!id_is_good(c->id)) {
      fprintf(stderr, "%s:%d: \"%s\" is no case id\n", c->file, c->line, c->id);
      good = false;
    }
    if (c->next != NULL && strcmp(c->id, c->next->id) == 0) {
      fprintf(stderr, "%s:%d: \"%s\" is also in %s:%d\n", c->file, c->line,
              c->id, c->next->file, c->next->line);
      good = false;
    }
    if (c->requirement[0] == '\0' || c->source[0] == '\0') {
      fprintf(stderr, "%s:%d: \"%s\" lacks its requirement or its source\n",
              c->file, c->line, c->id);
      good = false;
    }
  }
  return good;
}
