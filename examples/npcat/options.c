/* Reads npcat's command line: short options, long options, values behind
 * either, and the pipe's name. A wrong command line ends with a message and
 * EXIT_USAGE. */
#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: npcat [OPTION...] NAME             connect to the pipe NAME\n"
    "       npcat --listen [OPTION...] NAME    make it, and wait for a client\n"
    "\n"
    "Copies standard input to the other end of a named pipe, and the data\n"
    "of the other end to standard output, until the other end closes.\n"
    "NAME is \\\\.\\pipe\\NAME, \\\\HOST\\pipe\\NAME or the last part alone.\n"
    "\n"
    "  -l, --listen         be the server\n"
    "  -k, --keep COUNT     with -l: serve COUNT clients, one after another;\n"
    "                       0: until interrupted. Other clients wait in line\n"
    "  -a, --access WHO     with -l: the users who may open the pipe: `user`\n"
    "                       (only this user, the default), `users` (all\n"
    "                       users who have logged on), `default` (the\n"
    "                       default of Windows), or an SDDL text\n"
    "  -w, --wait           wait for the server to come up\n"
    "  -u, --same-user      refuse a server of another user\n"
    "  -m, --message        send each line of input as a message, without\n"
    "                       its end; print each message as a line\n"
    "  -b, --block BYTES    send each BYTES of input as a message; print\n"
    "                       messages as they are\n"
    "  -x, --hex            print bytes in hexadecimal, with the bounds of\n"
    "                       messages\n"
    "  -q, --quit           close at the end of input, once the other end\n"
    "                       has read everything\n"
    "  -H, --half-close     with -m or -b: an empty message is the end of\n"
    "                       input, in each direction; close after both\n"
    "  -r, --receive-only   do not read standard input\n"
    "  -s, --send-only      do not read from the pipe; implies -q\n"
    "  -t, --time SECONDS   time limit of the wait for the other end\n"
    "  -i, --idle SECONDS   time limit between two pieces of data\n"
    "  -v, --verbose        print on standard error who connects and closes\n"
    "  -h, --help           print this text\n"
    "      --version        print the version\n"
    "\n"
    "Exit code: 0 success; 1 failure: the other end closed before it had\n"
    "read everything, the server disconnected (unread data is lost), ...;\n"
    "2 wrong usage, or an invalid name; 3 a time limit is over; 4 no such\n"
    "pipe; 5 access denied, or the server is not the demanded one.\n";

enum { OPTION_VERSION = 256 };

static const struct option {
  const char *name;
  int letter;
  bool has_value;
} table[] = {
    {"listen", 'l', false},
    {"keep", 'k', true},
    {"access", 'a', true},
    {"wait", 'w', false},
    {"same-user", 'u', false},
    {"message", 'm', false},
    {"block", 'b', true},
    {"hex", 'x', false},
    {"quit", 'q', false},
    {"half-close", 'H', false},
    {"receive-only", 'r', false},
    {"send-only", 's', false},
    {"time", 't', true},
    {"idle", 'i', true},
    {"verbose", 'v', false},
    {"help", 'h', false},
    {"version", OPTION_VERSION, false},
};

/* read_number reads a number from `min` to `max`; no other character may
 * follow. */
static bool read_number(const char *text, unsigned long min, unsigned long max,
                        unsigned long *number) {
  char *end;

  if (*text < '0' || *text > '9') {
    return false; /* strtoul would accept blanks and a sign. */
  }
  *number = strtoul(text, &end, 10);
  return *end == '\0' && *number >= min && *number <= max;
}

/* read_seconds reads seconds, optionally with a fraction, and returns
 * milliseconds. The maximum is one day. */
static bool read_seconds(const char *text, uint32_t *ms) {
  char *end;
  double seconds;

  if (*text < '0' || *text > '9') {
    return false;
  }
  seconds = strtod(text, &end);
  if (*end != '\0' || !(seconds >= 0.001 && seconds <= 86400.0)) {
    return false;
  }
  *ms = (uint32_t)(seconds * 1000.0);
  return true;
}

static bool take_access(options *o, const char *value) {
  o->sddl = NULL;
  if (strcmp(value, "user") == 0) {
    o->access = NP_ACCESS_CURRENT_USER;
  } else if (strcmp(value, "users") == 0) {
    o->access = NP_ACCESS_AUTHENTICATED_USERS;
  } else {
    o->access = NP_ACCESS_WINDOWS_DEFAULT;
    if (strcmp(value, "default") != 0) {
      o->sddl = value; /* Windows checks the SDDL text. */
    }
  }
  return *value != '\0';
}

/* take_value returns true if `value` is valid for the option `letter`. */
static bool take_value(options *o, int letter, const char *value) {
  unsigned long number = 0;
  bool good = false;

  switch (letter) {
    case 'a':
      return take_access(o, value);
    case 't':
      return read_seconds(value, &o->time_ms);
    case 'i':
      return read_seconds(value, &o->idle_ms);
    case 'k':
      good = read_number(value, 0, 1000000000, &number);
      o->client_count = (uint32_t)number;
      return good;
    default: /* 'b' */
      good = read_number(value, 1, MESSAGE_BYTES_MAX, &number);
      o->cut = CUT_BLOCKS;
      o->block_bytes = number;
      return good;
  }
}

/* take_flag returns false if the program ends here, with *code. */
static bool take_flag(options *o, int letter, exit_code *code) {
  switch (letter) {
    case 'l':
      o->listen = true;
      return true;
    case 'w':
      o->wait = true;
      return true;
    case 'u':
      o->same_user = true;
      return true;
    case 'm':
      o->cut = CUT_LINES;
      return true;
    case 'x':
      o->hex = true;
      return true;
    case 'q':
      o->quit = true;
      return true;
    case 'H':
      o->half_close = true;
      return true;
    case 'r':
      o->receive_only = true;
      return true;
    case 's':
      o->send_only = true;
      o->quit = true;
      return true;
    case 'v':
      o->verbose = true;
      return true;
    case 'h':
      fputs(help, stdout);
      break;
    default:
      printf("npcat of npipe %s\n", np_version());
      break;
  }
  *code = EXIT_GOOD;
  return false;
}

static bool usage(exit_code *code, const char *what, const char *argument) {
  fprintf(stderr, "npcat: %s%s (--help tells more)\n", what, argument);
  *code = EXIT_USAGE;
  return false;
}

static const struct option *find_option(const char *name, size_t length,
                                        int letter) {
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    if (name == NULL ? table[i].letter == letter
                     : strlen(table[i].name) == length &&
                           memcmp(table[i].name, name, length) == 0) {
      return &table[i];
    }
  }
  return NULL;
}

/* take_argument handles one argument that begins with a dash: --name,
 * --name=value, or letters, where the value of the last letter may follow it.
 * *next is the next argument. An option that uses *next as its value sets it to
 * NULL. */
static bool take_argument(options *o, char *argument, char **next,
                          exit_code *code) {
  const bool is_long = argument[1] == '-';
  char *at = argument + 1 + is_long;

  do {
    size_t length = is_long ? strcspn(at, "=") : 1;
    const struct option *option =
        find_option(is_long ? at : NULL, length, (unsigned char)*at);
    char *rest = at + length;

    if (option == NULL || (is_long && *rest == '=' && !option->has_value)) {
      return usage(code, "no such option: ", argument);
    }
    if (!option->has_value) {
      if (!take_flag(o, option->letter, code)) {
        return false;
      }
      at = rest;
      continue;
    }
    if (*rest == '\0') {
      rest = *next;
      *next = NULL;
    } else {
      rest += is_long; /* the = */
    }
    if (rest == NULL || !take_value(o, option->letter, rest)) {
      return usage(code, "it needs another value: ", argument);
    }
    return true;
  } while (*at != '\0');
  return true;
}

static bool take_name(options *o, const char *name, exit_code *code) {
  const char *before = *name == '\\' ? "" : "\\\\.\\pipe\\";

  if (*o->name != '\0') {
    return usage(code, "one name, please: ", name);
  }
  if (*name == '\0' || strlen(before) + strlen(name) >= sizeof o->name) {
    return usage(code, "a name of some other length, please", "");
  }
  snprintf(o->name, sizeof o->name, "%s%s", before, name);
  return true;
}

static const char *contradiction(const options *o) {
  if (*o->name == '\0') {
    return "which pipe?";
  }
  if (o->receive_only && (o->quit || o->half_close)) {
    return "--receive-only reads no input that could end";
  }
  if (o->send_only && o->half_close) {
    return "--send-only does not wait for the other's --half-close";
  }
  if (o->half_close && o->cut == CUT_NOT) {
    return "--half-close needs messages: -m or -b";
  }
  if (o->listen && (o->wait || o->same_user)) {
    return "--wait and --same-user are for clients";
  }
  if (!o->listen && (o->client_count != 1 || o->sddl != NULL ||
                     o->access != NP_ACCESS_CURRENT_USER)) {
    return "--keep and --access are for --listen";
  }
  return NULL;
}

bool options_read(options *o, int argc, char **argv, exit_code *code) {
  bool options_end = false;
  const char *what;

  memset(o, 0, sizeof *o);
  o->client_count = 1;
  o->access = NP_ACCESS_CURRENT_USER;
  for (int i = 1; i < argc; i++) {
    char *next = i + 1 < argc ? argv[i + 1] : NULL;
    const bool has_next = next != NULL;

    if (!options_end && strcmp(argv[i], "--") == 0) {
      options_end = true;
    } else if (!options_end && argv[i][0] == '-' && argv[i][1] != '\0') {
      if (!take_argument(o, argv[i], &next, code)) {
        return false;
      }
      i += has_next && next == NULL;
    } else if (!take_name(o, argv[i], code)) {
      return false;
    }
  }
  what = contradiction(o);
  return what == NULL ? true : usage(code, what, "");
}
