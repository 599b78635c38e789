/* The options of the two explorers. */
#define _GNU_SOURCE /* getopt_long */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plan.h"

enum { PREEMPTIONS_MAX = 32 };

struct sim__options sim__options = {
    .seeds = 1000, .first = 1, .timeout_s = 20, .jobs = 1};

static bool refuse(const char *what, const char *text) {
  fprintf(stderr, "explore: no %s: %s\n", what, text);
  return false;
}

static bool number(const char *text, uint64_t most, uint64_t *value) {
  char *end;

  *value = strtoull(text, &end, 10);
  if (end == text || *end != 0 || *text == '-' || *value == 0 ||
      *value > most) {
    fprintf(stderr, "explore: no number from 1 to %llu: %s\n",
            (unsigned long long)most, text);
    return false;
  }
  return true;
}

/* next_word cuts `list` at its first comma. It returns the rest, or NULL. */
static char *next_word(char *list) {
  char *comma = strchr(list, ',');

  if (comma != NULL) {
    *comma = 0;
  }
  return comma != NULL ? comma + 1 : NULL;
}

static bool settings_set(char *list) {
  size_t count = 0;

  for (char *word = list, *rest; word != NULL; word = rest) {
    rest = next_word(word);
    if (count == SIM__SETTINGS_MAX) {
      return refuse("room for more settings", word);
    }
    sim__options.settings[count++] = word;
  }
  sim__options.settings_count = count;
  return true;
}

/* schedule_set reads "uniform", the number of preemptions, or that number with
 * the bits of those left out, as in "3:5". */
static bool schedule_set(struct sim__schedule *schedule, const char *word) {
  unsigned long long preemptions, left_out = 0;
  char *end;

  memset(schedule, 0, sizeof *schedule);
  if (strcmp(word, "uniform") == 0) {
    return true;
  }
  preemptions = strtoull(word, &end, 10);
  if (end != word && *end == ':') {
    const char *bits = end + 1;

    left_out = strtoull(bits, &end, 10);
    end = end == bits ? (char *)word : end;
  }
  if (end == word || *end != 0 || *word == '-' ||
      preemptions > PREEMPTIONS_MAX || left_out > UINT32_MAX) {
    return refuse("such schedule", word);
  }
  schedule->by_priority = true;
  schedule->preemptions = (uint32_t)preemptions;
  schedule->left_out = (uint32_t)left_out;
  return true;
}

static bool schedules_set(char *list) {
  size_t count = 0;

  for (char *word = list, *rest; word != NULL; word = rest) {
    rest = next_word(word);
    if (count == SIM__SCHEDULES_MAX) {
      return refuse("room for more schedules", word);
    }
    if (!schedule_set(&sim__options.schedules[count++], word)) {
      return false;
    }
  }
  sim__options.schedules_count = count;
  return true;
}

static bool death_set(struct sim__death *death, const char *word) {
  char *end;
  unsigned long process = strtoul(word, &end, 10);

  death->call = *end == ':' ? strtoull(end + 1, &end, 10) : 0;
  death->process = (uint32_t)process;
  if (*end != 0 || *word == '-' || process == 0 ||
      process > SIM_PROCESSES_MAX || death->call == 0) {
    return refuse("such death", word);
  }
  return true;
}

static bool option_set(int letter, char *value) {
  struct sim__options *options = &sim__options;
  uint64_t n = 0;

  switch (letter) {
    case 'n':
      return number(value, UINT64_MAX, &options->seeds);
    case 'f':
      return number(value, UINT64_MAX, &options->first);
    case 's':
      return settings_set(value);
    case 'c':
      return schedules_set(value);
    case 'S':
      if (!number(value, UINT32_MAX, &n)) {
        return false;
      }
      options->steps = (uint32_t)n;
      return true;
    case 'F':
      options->faults = true;
      return true;
    case 'N':
      return number(value, UINT64_MAX, &options->fault);
    case 'K':
      options->kills = value == NULL;
      return value == NULL || death_set(&options->death, value);
    case 'l':
      options->leaks = true;
      return true;
    case 'k':
      options->keeps_going = true;
      return true;
    case 't':
      if (!number(value, 86400, &n)) {
        return false;
      }
      options->timeout_s = (unsigned)n;
      return true;
    case 'j':
      if (!number(value, SIM__JOBS_MAX, &n)) {
        return false;
      }
      options->jobs = (unsigned)n;
      return true;
    case 'T':
      options->trace = value;
      return true;
    default:
      return false; /* getopt_long has said what is wrong */
  }
}

bool sim__options_read(int count, char **words, const char *usage, int *code) {
  static char settings[] = "win11,slow,unordered,coarse,win7";
  static char schedules[] = "uniform,3";
  static const struct option names[] = {
      {"seeds", required_argument, NULL, 'n'},
      {"first", required_argument, NULL, 'f'},
      {"settings", required_argument, NULL, 's'},
      {"schedules", required_argument, NULL, 'c'},
      {"steps", required_argument, NULL, 'S'},
      {"faults", no_argument, NULL, 'F'},
      {"fault", required_argument, NULL, 'N'},
      {"kill", optional_argument, NULL, 'K'},
      {"leaks", no_argument, NULL, 'l'},
      {"keep-going", no_argument, NULL, 'k'},
      {"timeout", required_argument, NULL, 't'},
      {"jobs", required_argument, NULL, 'j'},
      {"trace", required_argument, NULL, 'T'},
      {"help", no_argument, NULL, 'h'},
      {"version", no_argument, NULL, 'v'},
      {NULL, 0, NULL, 0}};
  const long processors = sysconf(_SC_NPROCESSORS_ONLN);
  int letter;

  if (processors >= 1) {
    sim__options.jobs =
        processors < SIM__JOBS_MAX ? (unsigned)processors : SIM__JOBS_MAX;
  }
  settings_set(settings);
  schedules_set(schedules);
  *code = 2;
  while ((letter = getopt_long(count, words, "+", names, NULL)) != -1) {
    if (letter == 'h' || letter == 'v') {
      fputs(letter == 'h' ? usage : "npsim-explore " NPSIM_VERSION "\n",
            stdout);
      *code = 0;
      return false;
    }
    if (!option_set(letter, optarg)) {
      return false;
    }
  }
  sim__options.rest = words + optind;
  return true;
}
