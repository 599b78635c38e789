/* The plain driver: gives the named inputs (files, or folders of files) to a
 * target, one after the other in one process. It is for compilers without
 * libFuzzer, and for Windows. */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "kit/usage.h"

enum { INPUT_BYTES_MAX = 1 << 20, PATH_BYTES_MAX = 4096, INPUTS_MAX = 20000 };

static const char usage[] =
    "usage: npipe-fuzz-NAME [--print] [--repeat N] FILE|FOLDER...\n"
    "\n"
    "Gives inputs to a fuzz target, one after the other.\n"
    "  --print     print what each input does, as readable calls\n"
    "  --repeat N  play each input N times, for measurements\n"
    "  --help      print this text\n"
    "\n"
    "The exit code is 0 if every law held and there was an input.\n";

static const char *current = "no input yet";
static long repeat = 1;
static size_t played;

/* on_death prints the input that led to the crash. */
static void on_death(int signal_number) {
  fflush(stdout);
  fprintf(stderr, "FAIL: %s\n", current);
  signal(signal_number, SIG_DFL);
  raise(signal_number);
}

static bool play_file(const char *path) {
  FILE *file = fopen(path, "rb");
  uint8_t *bytes = NULL;
  uint8_t *exact;
  size_t size;

  if (file == NULL) {
    perror(path);
    return false;
  }
  bytes = malloc(INPUT_BYTES_MAX);
  if (bytes == NULL) {
    abort();
  }
  size = fread(bytes, 1, INPUT_BYTES_MAX, file);
  fclose(file);
  /* A buffer of exactly this size, so that sanitizers find reads beyond its
   * end. */
  exact = malloc(size > 0 ? size : 1);
  if (exact == NULL) {
    abort();
  }
  memcpy(exact, bytes, size);
  free(bytes);
  current = path;
  if (fuzz_prints) {
    printf("--- %s, %zu bytes\n", path, size);
  }
  for (long i = 0; i < repeat; i++) {
    LLVMFuzzerTestOneInput(exact, size);
  }
  free(exact);
  played++;
  return true;
}

static int by_name(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

/* play_folder plays the inputs in the order of their names, which is the same
 * on every system. */
static bool play_folder(const char *path, DIR *folder) {
  static char *names[INPUTS_MAX];
  const struct dirent *entry;
  size_t count = 0;
  bool good = true;

  while ((entry = readdir(folder)) != NULL) {
    char *name;

    /* Names with a dot are not inputs: ".", "..", and descriptions. */
    if (strchr(entry->d_name, '.') != NULL) {
      continue;
    }
    if (count == INPUTS_MAX) {
      fprintf(stderr, "%s: more than %d inputs\n", path, INPUTS_MAX);
      return false;
    }
    name = malloc(PATH_BYTES_MAX);
    if (name == NULL) {
      abort();
    }
    snprintf(name, PATH_BYTES_MAX, "%s/%s", path, entry->d_name);
    names[count++] = name;
  }
  qsort(names, count, sizeof names[0], by_name);
  for (size_t i = 0; i < count; i++) {
    good = play_file(names[i]) && good;
    current = "between two inputs";
    free(names[i]);
  }
  return good;
}

static bool play(const char *path) {
  DIR *folder = opendir(path);
  bool good;

  if (folder == NULL) {
    return play_file(path);
  }
  good = play_folder(path, folder);
  closedir(folder);
  return good;
}

int main(int argc, char **argv) {
  bool good = true;

  usage_help(argc, argv, usage);
  signal(SIGABRT, on_death);
  signal(SIGSEGV, on_death);
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--print") == 0) {
      fuzz_prints = true;
    } else if (strcmp(argv[i], "--repeat") == 0 && i + 1 < argc) {
      repeat = strtol(argv[++i], NULL, 10);
    } else if (strncmp(argv[i], "--", 2) == 0) {
      usage_refuse("npipe-fuzz", argv[i]);
    } else {
      good = play(argv[i]) && good;
    }
  }
  printf("%zu inputs\n", played);
  return good && played > 0 ? 0 : 1;
}
