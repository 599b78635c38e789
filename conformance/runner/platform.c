/* The platform of this run: its facts for the reports, and the comparison with
 * `on` of an expectation. */
#include "runner/platform.h"
#include "runner/version.h"
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#define ARCHITECTURE "x86_64"
#elif defined(__i386__)
#define ARCHITECTURE "i686"
#elif defined(__aarch64__)
#define ARCHITECTURE "aarch64"
#endif

#if defined(__clang__)
#define COMPILER __VERSION__
#else
#define COMPILER "gcc " __VERSION__
#endif

/* commit_read reads the commit from a file that the zip of ci/package has. */
static void commit_read(char *out, size_t size) {
  char directory[2048];
  char path[2200];
  FILE *file;

  out[0] = '\0';
  if (!host_directory(directory, sizeof(directory))) {
    return;
  }
  snprintf(path, sizeof(path), "%s/commit.txt", directory);
  file = fopen(path, "r");
  if (file == NULL) {
    return;
  }
  if (fgets(out, (int)size, file) == NULL) {
    out[0] = '\0';
  }
  out[strcspn(out, "\r\n")] = '\0';
  fclose(file);
}

void platform_init(struct platform *platform) {
  platform->world = world_name();
  platform->architecture = ARCHITECTURE;
  platform->compiler = COMPILER;
  world_version(platform->version, sizeof(platform->version));
  host_build(platform->build, sizeof(platform->build));
  commit_read(platform->commit, sizeof(platform->commit));
  host_facts(&platform->facts);
}

static bool word_is_one_of(const char *word, const char *const *words) {
  for (; *words != NULL; words++) {
    if (strcmp(word, *words) == 0) {
      return true;
    }
  }
  return false;
}

bool platform_is(const struct platform *platform, const char *on,
                 bool *applies) {
  static const char *const worlds[] = {"sim", "wine", "windows", NULL};
  static const char *const architectures[] = {"x86_64", "i686", "aarch64",
                                              NULL};
  static const char *const users[] = {"alone", "users", NULL};
  char words[4][32] = {"", "", "", ""};
  const char *sign = words[1];
  const char *version = words[2];
  char extra = '\0';
  int count;
  bool matches;

  count = sscanf(on, "%31s %31s %31s %31s %c", words[0], words[1], words[2],
                 words[3], &extra);
  if (count < 1 || count > 4 || !word_is_one_of(words[0], worlds)) {
    return false;
  }
  *applies = strcmp(words[0], platform->world) == 0;
  if (count == 1) {
    return true;
  }
  if (count == 2 && word_is_one_of(words[1], users)) {
    *applies = *applies && world_has_users() == (words[1][0] == 'u');
    return true;
  }
  if (count == 2 && strcmp(words[0], "sim") == 0 &&
      !word_is_one_of(words[1], architectures)) {
    *applies = *applies && strcmp(words[1], platform->version) == 0;
    return world_has_settings(words[1]);
  }
  if (word_is_one_of(words[1], architectures)) {
    *applies = *applies && strcmp(words[1], platform->architecture) == 0;
    if (count == 2) {
      return true;
    }
    sign = words[2];
    version = words[3];
  } else if (count == 4) {
    return false;
  }
  if (!version_matches(platform->version, sign, version, &matches)) {
    return false;
  }
  *applies = *applies && matches;
  return true;
}
