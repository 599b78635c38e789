/* Prints the selected cases as JSON: id, function, modes, outcome, requirement,
 * source, and the variants of each case. */
#include "runner/list.h"
#include "runner/options.h"
#include "runner/run.h"
#include "case.h"

#include <stdio.h>
#include <string.h>

static const char museum_mark[] = "; museum ";

static void put_member(FILE *out, const char *name, const char *value,
                       size_t length) {
  char copy[1024];

  snprintf(copy, sizeof(copy), "%.*s", (int)length, value);
  fprintf(out, ",\n   \"%s\": ", name);
  json_string(out, copy);
}

static void put_modes(FILE *out, unsigned modes) {
  static const struct {
    unsigned bit;
    const char *name;
  } names[] = {{MODE_BYTE, "byte"},
               {MODE_MESSAGE, "message"},
               {MODE_MESSAGE_BYTE, "message-byte"},
               {END_SERVER, "server"},
               {END_CLIENT, "client"}};
  const char *separator = "";

  fputs(",\n   \"modes\": [", out);
  for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
    if ((modes & names[i].bit) != 0) {
      fprintf(out, "%s\"%s\"", separator, names[i].name);
      separator = ", ";
    }
  }
  fputc(']', out);
}

/* The words after `; museum ` are rows of the collection of known bugs. */
static void put_source(FILE *out, const char *source) {
  const char *museum = strstr(source, museum_mark);
  const char *separator = "";

  put_member(out, "source", source,
             museum != NULL ? (size_t)(museum - source) : strlen(source));
  fputs(",\n   \"museum\": [", out);
  if (museum != NULL) {
    museum += strlen(museum_mark);
    for (;;) {
      size_t length;

      museum += strspn(museum, " ,");
      length = strcspn(museum, " ,");
      if (length == 0) {
        break;
      }
      fprintf(out, "%s\"%.*s\"", separator, (int)length, museum);
      separator = ", ";
      museum += length;
    }
  }
  fputc(']', out);
}

/* put_case writes the case of `run` with all its variants (the runs that
 * follow) and returns the run after them. */
static const struct run *put_case(FILE *out, const struct run *run) {
  const struct np_case *c = run->c;
  const char *separator = "";

  fputs("  {\"id\": ", out);
  json_string(out, c->id);
  put_member(out, "area", c->id, area_length(c->id));
  fputs(",\n   \"variants\": [", out);
  for (; run != NULL && run->c == c; run = run->next) {
    char name[VARIANT_NAME_BYTES_MAX];

    variant_name(run->variant, name);
    fputs(separator, out);
    json_string(out, name);
    separator = ", ";
  }
  fputc(']', out);
  put_member(out, "function", c->function, strlen(c->function));
  put_modes(out, c->modes);
  put_member(out, "outcome", c->outcome, strlen(c->outcome));
  put_member(out, "requirement", c->requirement, strlen(c->requirement));
  put_source(out, c->source);
  put_member(out, "file", c->file, strlen(c->file));
  fprintf(out, ",\n   \"line\": %d}", c->line);
  return run;
}

void list_cases(FILE *out, const struct run_list *runs) {
  const struct run *run;

  fputc('[', out);
  /* A failure outside the cases has no case. Such runs come last. */
  for (run = runs->first; run != NULL && run->c != NULL;) {
    fputs(run == runs->first ? "\n" : ",\n", out);
    run = put_case(out, run);
  }
  fputs("\n]", out);
}

int list_main(const struct options *options) {
  struct run_list runs = {NULL, NULL};

  run_list_fill(&runs, options);
  list_cases(stdout, &runs);
  putchar('\n');
  run_list_deinit(&runs);
  return fflush(stdout) == 0 ? 0 : 1;
}
