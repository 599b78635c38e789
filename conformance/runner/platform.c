/* The platform of this run: its facts for the reports, and the comparison with
 * `on` of an expectation. A version is compared only in the parts that the
 * expectation names. */
#include "runner/platform.h"
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

enum { VERSION_PARTS_MAX = 4 };

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

/* version_parse reads "10.0.19043" or "8.0-rc1 (Debian)" as numbers, and
 * returns false if there is no number. It ignores the rest of the text; missing
 * parts are 0. */
static bool version_parse(const char *s, unsigned long parts[],
                          const char **rest) {
  memset(parts, 0, VERSION_PARTS_MAX * sizeof(parts[0]));
  for (size_t i = 0; i < VERSION_PARTS_MAX; i++) {
    char *end = NULL;

    if (*s < '0' || *s > '9') {
      return false;
    }
    parts[i] = strtoul(s, &end, 10);
    s = end;
    *rest = s;
    if (*s != '.') {
      break;
    }
    s++;
  }
  return true;
}

/* version_compare compares only the parts that `wanted` names, so 10.0.19043 is
 * "= 10". */
static int version_compare(const unsigned long have[],
                           const unsigned long wanted[], const char *text) {
  size_t i = 0;

  for (;;) {
    if (have[i] != wanted[i]) {
      return have[i] < wanted[i] ? -1 : 1;
    }
    text = strchr(text, '.');
    if (text == NULL || ++i == VERSION_PARTS_MAX) {
      return 0;
    }
    text++;
  }
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
  static const char *const signs[] = {"<", "<=", ">", ">=", "=", NULL};
  unsigned long have[VERSION_PARTS_MAX];
  unsigned long wanted[VERSION_PARTS_MAX];
  const char *rest = "";
  char words[4][32] = {"", "", "", ""};
  const char *sign = words[1];
  const char *version = words[2];
  char extra = '\0';
  int count;
  int order;

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
  if (!word_is_one_of(sign, signs) || !version_parse(version, wanted, &rest) ||
      *rest != '\0') {
    return false;
  }
  if (!version_parse(platform->version, have, &rest)) {
    *applies = false; /* A world without versions matches no version. */
    return true;
  }
  order = version_compare(have, wanted, version);
  *applies = *applies &&
             ((strchr(sign, '=') != NULL && order == 0) ||
              (sign[0] == '<' && order < 0) || (sign[0] == '>' && order > 0));
  return true;
}
