/* The configuration: from options to the environment, and from there to each
 * process of the runner. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <windows.h>

#include "case.h"

struct config config;

const char config_help[] =
    "npipe-subjects [options]: judges a program's use of named pipes\n"
    "\n"
    "  --server COMMAND     a program that serves the pipe {name}\n"
    "  --client COMMAND     a program that connects to the pipe {name}\n"
    "  --subject COMMAND    a program that does both, called with ROLE NAME\n"
    "                       MODE KIND (docs/subjects.md)\n"
    "  --level N            0: the program echoes (default); 1: it also\n"
    "                       says \"ready\", and stops at the end of its\n"
    "                       standard input; 2: it also knows the kinds\n"
    "                       send:N and sink; 3: it also knows drive\n"
    "  --modes LIST         byte, message, or byte,message (default)\n"
    "  --say TEXT           a client says this, instead of data to echo\n"
    "  --expect TEXT        and the server answers this. Escapes: \\n, \\r,\n"
    "                       \\t, \\\\, \\xHH\n"
    "  --rounds N           rounds of a case that provokes a race (10)\n"
    "  --subject-name TEXT, --subject-version TEXT\n"
    "                       what the report calls the program\n"
    "  --all                with --list: also the cases that do not apply\n"
    "\n"
    "In COMMAND, {name} is \\\\.\\pipe\\NAME, {pipe} is NAME, {mode} is byte "
    "or\n"
    "message, {kind} is echo, send:N, sink or drive, {role} is server or "
    "client.\n"
    "\n"
    "Options of the runner: --list, --filter GLOB, --tap, --junit FILE,\n"
    "--json FILE, --expectations FILE, --jobs N, --repeat N, --time-scale X,\n"
    "--one-process, --progress FILE (npipe-conformance --help describes "
    "them).\n"
    "The exit code is 0 if nothing is red, 1 if a case is red, and 2 if the\n"
    "command line is wrong.\n";

/* Each option has its variable. --subject sets the first two. */
static const struct {
  const char *option;
  const char *variable;
} options[] = {
    {"--server", "NPIPE_SUBJECT_SERVER"},
    {"--client", "NPIPE_SUBJECT_CLIENT"},
    {"--level", "NPIPE_SUBJECT_LEVEL"},
    {"--modes", "NPIPE_SUBJECT_MODES"},
    {"--say", "NPIPE_SUBJECT_SAY"},
    {"--expect", "NPIPE_SUBJECT_EXPECT"},
    {"--rounds", "NPIPE_SUBJECT_ROUNDS"},
    {"--subject-name", "NPIPE_SUBJECT_NAME"},
    {"--subject-version", "NPIPE_SUBJECT_VERSION"},
};

enum { OPTIONS = sizeof(options) / sizeof(options[0]), ROUNDS_MAX = 100000 };

static const char *const mode_lists[] = {"byte", "message", "byte,message"};
static const unsigned mode_sets[] = {MODE_BYTE, MODE_MESSAGE,
                                     MODE_BYTE | MODE_MESSAGE};

/* variable_get writes the value of a variable, "" if it is not set. */
static void variable_get(const char *variable, char *out, DWORD size) {
  DWORD length = GetEnvironmentVariableA(variable, out, size);

  if (length == 0 || length >= size) {
    out[0] = '\0';
  }
}

static bool number_parse(const char *text, unsigned long max, unsigned *out) {
  char *end = NULL;
  unsigned long value = strtoul(text, &end, 10);

  if (text[0] < '0' || text[0] > '9' || *end != '\0' || value > max) {
    return false;
  }
  *out = (unsigned)value;
  return true;
}

static bool modes_parse(const char *text, unsigned *out) {
  for (size_t i = 0; i < sizeof(mode_sets) / sizeof(mode_sets[0]); i++) {
    if (strcmp(text, mode_lists[i]) == 0) {
      *out = mode_sets[i];
      return true;
    }
  }
  return false;
}

/* value_is_good checks a value before it goes to the environment. */
static bool value_is_good(const char *option, const char *value) {
  unsigned number;

  if (strcmp(option, "--level") == 0) {
    return number_parse(value, LEVEL_MAX, &number);
  }
  if (strcmp(option, "--rounds") == 0) {
    return number_parse(value, ROUNDS_MAX, &number) && number > 0;
  }
  if (strcmp(option, "--modes") == 0) {
    return modes_parse(value, &number);
  }
  if (strcmp(option, "--say") == 0 || strcmp(option, "--expect") == 0) {
    return value[0] != '\0' && strlen(value) < CONFIG_TEXT_BYTES_MAX;
  }
  return value[0] != '\0' && strlen(value) < CONFIG_COMMAND_BYTES_MAX;
}

/* take_option handles `option`. It returns false if the option is not one of
 * npipe-subjects, or its value is wrong; then `*wrong` is true. */
static bool take_option(const char *option, const char *value, bool *wrong) {
  bool is_subject = strcmp(option, "--subject") == 0;
  bool known = is_subject;

  for (size_t i = 0; i < OPTIONS; i++) {
    if (strcmp(option, options[i].option) != 0 && (!is_subject || i >= ROLES)) {
      continue;
    }
    known = true;
    if (value == NULL || !value_is_good(options[i].option, value)) {
      *wrong = true;
      return false;
    }
    SetEnvironmentVariableA(options[i].variable, value);
  }
  return known;
}

bool config_take_options(int *argc, char **argv) {
  int left = 1;

  for (int i = 1; i < *argc; i++) {
    const char *value = i + 1 < *argc ? argv[i + 1] : NULL;
    bool wrong = false;

    if (take_option(argv[i], value, &wrong)) {
      i++;
    } else if (wrong) {
      fprintf(stderr,
              "npipe-subjects: bad option or value: %s %s (see --help)\n",
              argv[i], value != NULL ? value : "");
      return false;
    } else {
      argv[left++] = argv[i];
    }
  }
  argv[left] = NULL;
  *argc = left;
  return true;
}

void config_repeat(char *out, size_t size) {
  size_t length = 0;

  out[0] = '\0';
  for (size_t i = 0; i < OPTIONS; i++) {
    char value[CONFIG_COMMAND_BYTES_MAX];

    variable_get(options[i].variable, value, sizeof(value));
    if (value[0] != '\0') {
      int added = snprintf(out + length, size - length, " %s '%s'",
                           options[i].option, value);

      length += (size_t)added < size - length ? (size_t)added : 0;
    }
  }
}

void config_read(void) {
  char text[CONFIG_TEXT_BYTES_MAX];

  memset(&config, 0, sizeof(config));
  for (int role = 0; role < ROLES; role++) {
    variable_get(options[role].variable, config.command[role],
                 sizeof(config.command[role]));
  }
  variable_get("NPIPE_SUBJECT_LEVEL", text, sizeof(text));
  number_parse(text, LEVEL_MAX, &config.level);
  variable_get("NPIPE_SUBJECT_MODES", text, sizeof(text));
  if (!modes_parse(text, &config.modes)) {
    config.modes = MODE_BYTE | MODE_MESSAGE;
  }
  variable_get("NPIPE_SUBJECT_ROUNDS", text, sizeof(text));
  if (!number_parse(text, ROUNDS_MAX, &config.rounds)) {
    config.rounds = 10;
  }
  variable_get("NPIPE_SUBJECT_SAY", config.say, sizeof(config.say));
  variable_get("NPIPE_SUBJECT_EXPECT", config.expect, sizeof(config.expect));
  config.talks = config.say[0] != '\0' || config.expect[0] != '\0';
  variable_get("NPIPE_SUBJECT_NAME", config.name, sizeof(config.name));
  variable_get("NPIPE_SUBJECT_VERSION", config.version, sizeof(config.version));
}

size_t config_bytes(const char *text, unsigned char *out) {
  size_t length = 0;

  while (*text != '\0' && length < CONFIG_TEXT_BYTES_MAX) {
    char c = *text++;

    if (c == '\\' && *text == 'x') {
      char digits[3] = {0};

      strncpy(digits, text + 1, 2);
      text += 1 + strlen(digits);
      c = (char)strtoul(digits, NULL, 16);
    } else if (c == '\\' && *text != '\0') {
      c = *text++;
      c = (char)(c == 'n' ? '\n' : c == 'r' ? '\r' : c == 't' ? '\t' : c);
    }
    out[length++] = (unsigned char)c;
  }
  return length;
}

/* appended adds `text` to `out`, and returns the new length. A command line
 * that is too long is cut: the program then fails to start. */
static size_t appended(char *out, size_t size, size_t length,
                       const char *text) {
  int added = snprintf(out + length, size - length, "%s", text);

  length += (size_t)added;
  return length < size ? length : size - 1;
}

void config_command_line(enum role role, const char *name, unsigned mode,
                         const char *kind, char *out, size_t size) {
  static const char prefix[] = "\\\\.\\pipe\\";
  const char *mode_name = mode == MODE_MESSAGE ? "message" : "byte";
  const char *role_name = role == ROLE_SERVER ? "server" : "client";
  const struct {
    const char *key;
    const char *value;
  } keys[] = {{"{name}", name},
              {"{pipe}", name + sizeof(prefix) - 1},
              {"{mode}", mode_name},
              {"{kind}", kind},
              {"{role}", role_name}};
  const char *at = config.command[role];
  bool any = false;
  size_t length = 0;

  out[0] = '\0';
  while (*at != '\0') {
    char one[2] = {*at, '\0'};
    const char *text = one;
    size_t step = 1;

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
      if (strncmp(at, keys[i].key, strlen(keys[i].key)) == 0) {
        text = keys[i].value;
        step = strlen(keys[i].key);
        any = true;
      }
    }
    length = appended(out, size, length, text);
    at += step;
  }
  if (!any) {
    snprintf(out + length, size - length, " %s %s %s %s", role_name, name,
             mode_name, kind);
  }
}
