#include "runner/list.h"
#include "runner/options.h"
#include "runner/run.h"
#include "case.h"

#include <stdio.h>
#include <string.h>

static const char museum_mark[] = "; museum ";

static void put_member(const char *name, const char *value, size_t length) {
  char copy[1024];

  snprintf(copy, sizeof(copy), "%.*s", (int)length, value);
  printf(",\n   \"%s\": ", name);
  json_string(stdout, copy);
}

static void put_modes(unsigned modes) {
  static const struct {
    unsigned bit;
    const char *name;
  } names[] = {{MODE_BYTE, "byte"},
               {MODE_MESSAGE, "message"},
               {MODE_MESSAGE_BYTE, "message-byte"},
               {END_SERVER, "server"},
               {END_CLIENT, "client"}};
  const char *separator = "";
  size_t i;

  fputs(",\n   \"modes\": [", stdout);
  for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
    if ((modes & names[i].bit) != 0) {
      printf("%s\"%s\"", separator, names[i].name);
      separator = ", ";
    }
  }
  putchar(']');
}

/* The words after `; museum ` are rows of the list of known bugs. */
static void put_source(const char *source) {
  const char *museum = strstr(source, museum_mark);
  const char *separator = "";

  put_member("source", source,
             museum != NULL ? (size_t)(museum - source) : strlen(source));
  fputs(",\n   \"museum\": [", stdout);
  if (museum != NULL) {
    museum += strlen(museum_mark);
    for (;;) {
      size_t length;

      museum += strspn(museum, " ,");
      length = strcspn(museum, " ,");
      if (length == 0) {
        break;
      }
      printf("%s\"%.*s\"", separator, (int)length, museum);
      separator = ", ";
      museum += length;
    }
  }
  putchar(']');
}

/* Prints the case of `run` with its variants, those of the runs that follow,
 * and returns the run after them. */
static const struct run *put_case(const struct run *run) {
  const struct np_case *c = run->c;
  const char *separator = "";

  fputs("  {\"id\": ", stdout);
  json_string(stdout, c->id);
  put_member("area", c->id, area_length(c->id));
  fputs(",\n   \"variants\": [", stdout);
  for (; run != NULL && run->c == c; run = run->next) {
    char name[VARIANT_NAME_BYTES_MAX];

    variant_name(run->variant, name);
    fputs(separator, stdout);
    json_string(stdout, name);
    separator = ", ";
  }
  putchar(']');
  put_member("function", c->function, strlen(c->function));
  put_modes(c->modes);
  put_member("outcome", c->outcome, strlen(c->outcome));
  put_member("requirement", c->requirement, strlen(c->requirement));
  put_source(c->source);
  put_member("file", c->file, strlen(c->file));
  printf(",\n   \"line\": %d}", c->line);
  return run;
}

int list_main(const struct options *options) {
  struct run_list runs = {NULL, NULL};
  const struct run *run;

  run_list_fill(&runs, options);
  putchar('[');
  for (run = runs.first; run != NULL;) {
    fputs(run == runs.first ? "\n" : ",\n", stdout);
    run = put_case(run);
  }
  fputs("\n]\n", stdout);
  run_list_deinit(&runs);
  return fflush(stdout) == 0 ? 0 : 1;
}
