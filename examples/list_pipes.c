/* list_pipes [TEXT]: prints the pipes of this machine whose names contain TEXT,
 * with their instances and the state of each. It opens none of them. */
#include <stdio.h>
#include <string.h>

#include <npipe/npipe.h>

typedef struct filter {
  const char *text;
  unsigned count;
} filter;

/* state_text asks for the state of one name. Between list and question the pipe
 * may have gone. */
static const char *state_text(const char *path) {
  static const char *const texts[] = {"gone", "busy", "listening"};
  np_name_state state;
  const np_error error = np_name_query(path, &state);

  return error == NP_OK ? texts[state] : np_error_name(error);
}

/* print_name prints a name, in which control characters become dots. */
static void print_name(const char *name) {
  for (; *name != 0; name++) {
    putchar((unsigned char)*name < ' ' ? '.' : *name);
  }
}

static bool on_name(void *user, const np_name_entry *entry) {
  filter *f = user;

  if (strstr(entry->name, f->text) != NULL) {
    f->count++;
    printf("%-9s %4u ", state_text(entry->path), (unsigned)entry->instances);
    if (entry->instances_max == NP_INSTANCES_UNLIMITED) {
      printf("%9s  ", "any");
    } else {
      printf("of %6u  ", (unsigned)entry->instances_max);
    }
    print_name(entry->name);
    putchar('\n');
  }
  return true;
}

int main(int argc, char **argv) {
  filter f = {argc > 1 ? argv[1] : "", 0};
  const np_error error = np_names_list(on_name, &f);

  if (error != NP_OK) {
    fprintf(stderr, "list_pipes: %s\n",
            error == ERROR_BAD_DEV_TYPE ? "this system cannot list pipes"
                                        : np_error_text(error));
    return 1;
  }
  printf("%u pipes\n", f.count);
  return 0;
}
