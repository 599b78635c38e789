/* Names of pipes, as servers and clients accept them. */
#include "library/fixture.h"

#include <stdio.h>

enum { UNITS_MAX = 256, NAME_BYTES_MAX = 1100 };

/* name_with returns f->name with `suffix` appended. */
static const char *name_with(np_fixture *f, const char *suffix) {
  static char name[NAME_BYTES_MAX];

  snprintf(name, sizeof(name), "%s%s", f->name, suffix);
  return name;
}

/* name_of_units returns f->name, filled up to `units` UTF-16 units. `filler`,
 * which has `filler_units` units, is at the end; 'x' fills the rest. */
static const char *name_of_units(np_fixture *f, size_t units,
                                 const char *filler, size_t filler_units) {
  static char name[NAME_BYTES_MAX];
  size_t have = strlen(f->name);
  size_t at = have;

  memcpy(name, f->name, have);
  while ((units - have) % filler_units > 0) {
    name[at++] = 'x';
    have++;
  }
  while (have < units) {
    memcpy(name + at, filler, strlen(filler));
    at += strlen(filler);
    have += filler_units;
  }
  name[at] = 0;
  return name;
}

static void create_refused(np_fixture *f, const char *name, np_error expected) {
  np_pipe *pipe = NULL;

  assert_np_error(np_server_create(f->loop, name, NULL, &pipe), expected);
  assert_null(pipe);
}

static void open_refused(np_fixture *f, const char *name, np_error expected) {
  np_pipe *pipe = NULL;

  assert_np_error(np_client_open(f->loop, name, NULL, &pipe), expected);
  assert_null(pipe);
}

/* names_meet creates `server_name`, opens `client_name`, and sends a byte. */
static void names_meet(np_fixture *f, const char *server_name,
                       const char *client_name) {
  assert_np_ok(np_server_create(f->loop, server_name, NULL, &f->server));
  assert_np_ok(np_client_open(f->loop, client_name, NULL, &f->client));
  assert_passes(f, f->client, f->server, "x", 1);
}

/* --- Good names --------------------------------------------------------- */

/* wide_open opens f->name with `suffix`, of `count` units, with the
 * wide-character function. */
static void wide_open(np_fixture *f, const uint16_t *suffix, size_t count) {
  wchar_t name[WORLD_PIPE_NAME_BYTES_MAX + 16];
  size_t at = strlen(f->name);

  raw_name(f, name);
  for (size_t i = 0; i < count; i++) {
    name[at + i] = (wchar_t)suffix[i];
  }
  name[at + count] = 0;
  f->raw = raw_own(f, CreateFileW(name, GENERIC_READ | GENERIC_WRITE, 0, NULL,
                                  OPEN_EXISTING, FILE_FLAG_OVERLAPPED, NULL));
}

NP_CASE("name/utf8-server", np_server_create, NO_MODE, NP_OK,
        "Sequences of two, three and four bytes become the UTF-16 name that a "
        "wide-character call finds.",
        "Pipe Names") {
  static const uint16_t units[] = {0xE9, 0x20AC, 0xD83D, 0xDE00};
  const char *name = name_with(f, "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");

  assert_np_ok(np_server_create(f->loop, name, NULL, &f->server));
  wide_open(f, units, 4);
}

NP_CASE("name/utf8-client", np_client_open, NO_MODE, NP_OK,
        "A client's name is UTF-8 as the server's is.", "Pipe Names") {
  const char *name = name_with(f, "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");

  names_meet(f, name, name);
}

NP_CASE("name/utf8-edges", np_server_create, NO_MODE, NP_OK,
        "The first and last code point of each length, and those beside the "
        "surrogates, are taken.",
        "RFC 3629#section-4") {
  static const char *const suffixes[] = {
      "\x7F",         "\xC2\x80",         "\xDF\xBF",
      "\xE0\xA0\x80", "\xED\x9F\xBF",     "\xEE\x80\x80",
      "\xEF\xBF\xBD", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBD"};

  for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
    names_meet(f, name_with(f, suffixes[i]), name_with(f, suffixes[i]));
    pair_close(f);
  }
}

NP_CASE("name/prefix-case", np_server_create, NO_MODE, NP_OK,
        "The prefix may be written in capitals.", "Pipe Names") {
  char name[WORLD_PIPE_NAME_BYTES_MAX];

  memcpy(name, f->name, sizeof(name));
  memcpy(name, "\\\\.\\PiPE\\", 9);
  names_meet(f, name, f->name);
}

NP_CASE("name/prefix-case-client", np_client_open, NO_MODE, NP_OK,
        "A client may also write the prefix in capitals.", "Pipe Names") {
  char name[WORLD_PIPE_NAME_BYTES_MAX];

  memcpy(name, f->name, sizeof(name));
  memcpy(name, "\\\\.\\PIPE\\", 9);
  names_meet(f, f->name, name);
}

NP_CASE("name/case", np_client_open, NO_MODE, NP_OK,
        "Names compare without case.", "Pipe Names") {
  char lower[NAME_BYTES_MAX];

  snprintf(lower, sizeof(lower), "%s", name_with(f, "-case"));
  names_meet(f, lower, name_with(f, "-CASE"));
}

NP_CASE("name/local", np_server_create, NO_MODE, NP_OK,
        "The form LOCAL\\ that app containers need is taken.",
        "CreateNamedPipe#parameters") {
  char name[WORLD_PIPE_NAME_BYTES_MAX + 8];

  snprintf(name, sizeof(name), "\\\\.\\pipe\\LOCAL\\%s", f->name + 9);
  names_meet(f, name, name);
}

NP_CASE("name/characters", np_server_create, NO_MODE, NP_OK,
        "A backslash within, blanks and characters that files cannot have are "
        "part of the name.",
        "wine kernel32/tests/pipe.c#test_CreateNamedPipe") {
  const char *name = name_with(f, "\\a b<>*?|\"c");

  names_meet(f, name, name);
  open_refused(f, name_with(f, "\\a b<>*?|\"d"), ERROR_FILE_NOT_FOUND);
}

NP_CASE("name/longest", np_server_create, NO_MODE, NP_OK,
        "256 UTF-16 units in all are taken, in any mixture.",
        "CreateNamedPipe#parameters") {
  static const struct {
    const char *filler;
    size_t units;
  } fillers[] = {
      {"x", 1}, {"\xC3\xA9", 1}, {"\xE2\x82\xAC", 1}, {"\xF0\x9F\x98\x80", 2}};

  for (size_t i = 0; i < 4; i++) {
    const char *name =
        name_of_units(f, UNITS_MAX, fillers[i].filler, fillers[i].units);

    names_meet(f, name, name);
    pair_close(f);
  }
}

NP_CASE("name/surrogates", np_server_create, NO_MODE, NP_OK,
        "The first and the last code point that need two units get them.",
        "RFC 2781#section-2.1") {
  static const struct {
    const char *utf8;
    uint16_t units[2];
  } points[] = {{"\xF0\x90\x80\x80", {0xD800, 0xDC00}},
                {"\xF4\x8F\xBF\xBF", {0xDBFF, 0xDFFF}}};

  for (size_t i = 0; i < 2; i++) {
    assert_np_ok(np_server_create(f->loop, name_with(f, points[i].utf8), NULL,
                                  &f->server));
    wide_open(f, points[i].units, 2);
    assert_true(f->raw != INVALID_HANDLE_VALUE);
    raw_close(f, f->raw);
    pipe_close_wait(f, f->server);
  }
}

/* --- Bad names ---------------------------------------------------------- */

NP_CASE("name/too-long", np_server_create, NO_MODE, ERROR_FILENAME_EXCED_RANGE,
        "257 units are too many, also when the last code point needs two.",
        "CreateNamedPipe#parameters") {
  create_refused(f, name_of_units(f, UNITS_MAX + 1, "x", 1),
                 ERROR_FILENAME_EXCED_RANGE);
  create_refused(f, name_of_units(f, UNITS_MAX + 1, "\xE2\x82\xAC", 1),
                 ERROR_FILENAME_EXCED_RANGE);
  create_refused(f, name_of_units(f, UNITS_MAX + 1, "\xF0\x9F\x98\x80", 2),
                 ERROR_FILENAME_EXCED_RANGE);
  create_refused(f, name_of_units(f, UNITS_MAX + 2, "\xF0\x9F\x98\x80", 2),
                 ERROR_FILENAME_EXCED_RANGE);
}

NP_CASE("name/too-long-client", np_client_open, NO_MODE,
        ERROR_FILENAME_EXCED_RANGE,
        "A client cannot open a name of 257 units either.",
        "CreateNamedPipe#parameters") {
  open_refused(f, name_of_units(f, UNITS_MAX + 1, "x", 1),
               ERROR_FILENAME_EXCED_RANGE);
  open_refused(f, name_of_units(f, UNITS_MAX, "x", 1), ERROR_FILE_NOT_FOUND);
}

/* Endings of names that are not valid UTF-8. */
static const char *const not_utf8[] = {
    "\x80",             /* a continuation byte alone */
    "\xBF",             /* the last continuation byte */
    "\xC0\x80",         /* overlong U+0000                             */
    "\xC1\xBF",         /* overlong U+007F                             */
    "\xE0\x80\x80",     /* overlong, three bytes                       */
    "\xE0\x9F\xBF",     /* overlong U+07FF                             */
    "\xF0\x80\x80\x80", /* overlong, four bytes                        */
    "\xF0\x8F\xBF\xBF", /* overlong U+FFFF                             */
    "\xED\xA0\x80",     /* the first surrogate                         */
    "\xED\xBF\xBF",     /* the last surrogate                          */
    "\xED\xA0\xBD\xED\xB8\x80", /* a surrogate pair */
    "\xF4\x90\x80\x80",         /* U+110000                            */
    "\xF5\x80\x80\x80",         /* beyond                              */
    "\xF8\x88\x80\x80\x80",     /* five bytes                          */
    "\xFE",                     /* never in UTF-8                      */
    "\xFF",                     /* never in UTF-8                      */
    "\xC3",                     /* cut short at the end                */
    "\xE2\x82",                 /* cut short at the end                */
    "\xF0\x9F\x98",             /* cut short at the end                */
    "\xC3x",                    /* cut short within                    */
    "\xE2\x82x",                /* cut short within                    */
    "\xF0\x9F\x98x",            /* cut short within                    */
};

NP_CASE("name/not-utf8", np_server_create, NO_MODE,
        ERROR_NO_UNICODE_TRANSLATION,
        "Overlong forms, surrogates, code points above U+10FFFF and cut "
        "sequences are not UTF-8, and nothing is created.",
        "RFC 3629#section-3") {
  for (size_t i = 0; i < sizeof(not_utf8) / sizeof(not_utf8[0]); i++) {
    create_refused(f, name_with(f, not_utf8[i]), ERROR_NO_UNICODE_TRANSLATION);
  }
}

NP_CASE("name/not-utf8-client", np_client_open, NO_MODE,
        ERROR_NO_UNICODE_TRANSLATION,
        "A client cannot open a name that is not valid UTF-8 either.",
        "RFC 3629#section-3") {
  for (size_t i = 0; i < sizeof(not_utf8) / sizeof(not_utf8[0]); i++) {
    open_refused(f, name_with(f, not_utf8[i]), ERROR_NO_UNICODE_TRANSLATION);
  }
}

/* No prefix, or nothing after the prefix. */
static const char *const not_pipes[] = {"",
                                        "x",
                                        "npipe",
                                        "pipe\\npipe",
                                        "\\",
                                        "\\\\",
                                        "\\\\.",
                                        "\\\\.\\",
                                        "\\\\.\\pipe",
                                        "\\\\.\\pipe\\",
                                        "\\\\.\\pip\\npipe",
                                        "\\\\.\\pipes\\npipe",
                                        "\\\\.\\mailslot\\npipe",
                                        "\\\\\\pipe\\npipe",
                                        "\\.\\pipe\\npipe",
                                        "/./pipe/npipe",
                                        "\\\\.\\npipe\\pipe\\x",
                                        "C:\\pipe\\npipe",
                                        " \\\\.\\pipe\\npipe"};

NP_CASE("name/no-pipe", np_server_create, NO_MODE, ERROR_INVALID_NAME,
        "A name without the prefix, or with nothing after it, is not the name "
        "of a pipe.",
        "Pipe Names") {
  for (size_t i = 0; i < sizeof(not_pipes) / sizeof(not_pipes[0]); i++) {
    create_refused(f, not_pipes[i], ERROR_INVALID_NAME);
  }
}

NP_CASE("name/no-pipe-client", np_client_open, NO_MODE, ERROR_INVALID_NAME,
        "A client cannot open a name without the prefix, or with nothing "
        "after it.",
        "Pipe Names") {
  for (size_t i = 0; i < sizeof(not_pipes) / sizeof(not_pipes[0]); i++) {
    open_refused(f, not_pipes[i], ERROR_INVALID_NAME);
  }
}

/* Names that Windows changes to another path. The first ones would open the
 * root of all pipes. The last ones lead out of the pipes. */
static const char *const elsewhere[] = {
    "\\\\.\\pipe\\ ",         "\\\\.\\pipe\\...",     "\\\\.\\pipe\\. .",
    "\\\\.\\pipe\\\\",        "\\\\.\\pipe\\/ ",      "\\\\.\\pipe\\.",
    "\\\\.\\pipe\\npipe\\..", "\\\\.\\pipe\\..\\NUL", "\\\\.\\pipe\\../C:/"};

NP_CASE("name/elsewhere", np_server_create, NO_MODE, ERROR_INVALID_NAME,
        "A name that Windows turns into a path that is no pipe, or shortens to "
        "nothing, is refused.",
        "Naming Files, Paths, and Namespaces") {
  for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++) {
    create_refused(f, elsewhere[i], ERROR_INVALID_NAME);
  }
}

NP_CASE(
    "name/elsewhere-client", np_client_open, NO_MODE, ERROR_INVALID_NAME,
    "A client with such a name opens nothing: neither the root of all pipes "
    "nor a device.",
    "Naming Files, Paths, and Namespaces") {
  for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++) {
    open_refused(f, elsewhere[i], ERROR_INVALID_NAME);
  }
}

NP_CASE("name/dots", np_server_create, NO_MODE, NP_OK,
        "Dots and blanks inside of a name, and parts with more than dots, are "
        "taken.",
        "Pipe Names") {
  static const char *const suffixes[] = {".a", "..a", "\\.a", "\\..b\\a. c",
                                         "\\a..\\b"};

  for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
    names_meet(f, name_with(f, suffixes[i]), name_with(f, suffixes[i]));
    pair_close(f);
  }
}

NP_CASE("name/host-server", np_server_create, NO_MODE, ERROR_INVALID_NAME,
        "A server is local: no other machine's name is taken.", "Pipe Names") {
  create_refused(f, "\\\\localhost\\pipe\\npipe", ERROR_INVALID_NAME);
  create_refused(f, "\\\\..\\pipe\\npipe", ERROR_INVALID_NAME);
  create_refused(f, "\\\\?\\UNC\\localhost\\pipe\\npipe", ERROR_INVALID_NAME);
}

NP_CASE("name/host-client", np_client_open, NO_MODE, ERROR_FILE_NOT_FOUND,
        "A client may name a machine; if the machine has no such pipe, or "
        "cannot be reached, Windows gives the error.",
        "Pipe Names") {
  char name[WORLD_PIPE_NAME_BYTES_MAX + 16];
  np_pipe *client = NULL;
  np_error error;

  snprintf(name, sizeof(name), "\\\\localhost\\pipe\\%s", f->name + 9);
  error = np_client_open(f->loop, name, NULL, &client);
  assert_null(client);
  /* 2 where the redirector runs; else 3, 53, 67 or 1231. The error never blames
   * the form of the name. */
  assert_true(error != NP_OK && error != ERROR_INVALID_NAME &&
              error != ERROR_INVALID_PARAMETER);
}
