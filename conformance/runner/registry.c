/* The registries of cases and of roles. Constructors fill them before main. */
#include "case.h"
#include "world.h"
#include "runner/registry.h"

#include <stdio.h>
#include <string.h>

static struct np_case *cases;
static struct world_role *roles;

/* np_case_register keeps the list sorted by id. Cases with the same id stand
 * next to each other, so that registry_check finds them. */
void np_case_register(struct np_case *c) {
  struct np_case **at = &cases;

  while (*at != NULL && strcmp((*at)->id, c->id) < 0) {
    at = &(*at)->next;
  }
  c->next = *at;
  *at = c;
}

struct np_case *np_case_first(void) {
  return cases;
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
         strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-_/.") == length;
}

bool registry_check(void) {
  const struct np_case *c;
  bool good = true;

  for (c = cases; c != NULL; c = c->next) {
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
