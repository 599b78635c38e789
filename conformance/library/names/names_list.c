/* np_names_list: the pipes of this machine. */
#include "library/fixture.h"

#include <stdio.h>

enum { MANY = 250 }; /* their entries fit no answer of 64 KiB together */

/* What a list tells about one name. */
struct search {
  const char *name; /* behind the prefix; NULL: any name */
  unsigned found;
  unsigned total;
  bool stops; /* at the first name */
  char path[512];
  uint32_t instances;
  uint32_t instances_max;
};

static bool on_name(void *user, const np_name_entry *entry) {
  struct search *search = user;

  search->total++;
  assert_memory_equal(entry->path, "\\\\?\\pipe\\", 9);
  assert_ptr_equal(entry->name, entry->path + 9);
  if (search->name == NULL || strcmp(entry->name, search->name) == 0) {
    search->found++;
    snprintf(search->path, sizeof(search->path), "%s", entry->path);
    search->instances = entry->instances;
    search->instances_max = entry->instances_max;
  }
  return !search->stops;
}

static struct search search_for(const char *name) {
  struct search search = {.name = name};

  assert_np_ok(np_names_list(on_name, &search));
  return search;
}

static void assert_listed(const char *name, uint32_t instances,
                          uint32_t instances_max) {
  const struct search search = search_for(name);

  assert_int_equal(search.found, 1);
  assert_int_equal(search.instances, instances);
  assert_int_equal(search.instances_max, instances_max);
}

NP_CASE("names-list/listed", np_names_list, NO_MODE, NP_OK,
        "A pipe is listed once, with its instances and their limit. The list "
        "takes no instance.",
        "NtQueryDirectoryFile; PipeList") {
  f->server_options.instances_max = 2;
  server_listen(f);
  assert_listed(f->name + 9, 1, 2);
  server_add(f);
  assert_listed(f->name + 9, 2, 2);
  client_open_end(f);
  client_add(f);
  assert_listed(f->name + 9, 2, 2);
}

NP_CASE("names-list/unlimited", np_names_list, NO_MODE, NP_OK,
        "A pipe without a limit of instances is listed with "
        "NP_INSTANCES_UNLIMITED.",
        "PipeList") {
  server_listen(f);
  assert_listed(f->name + 9, 1, NP_INSTANCES_UNLIMITED);
}

NP_CASE("names-list/gone", np_names_list, NO_MODE, NP_OK,
        "A name whose instances are all closed is not listed.",
        "NtQueryDirectoryFile") {
  server_listen(f);
  pipe_close_wait(f, f->server);
  assert_int_equal(search_for(f->name + 9).found, 0);
}

NP_CASE("names-list/strange", np_names_list, NO_MODE, NP_OK,
        "A name with backslashes, wildcards, control characters, a dot at the "
        "end and characters beyond ASCII is listed as it is, and its path "
        "opens the pipe.",
        "npipe/names.h; microsoft/STL#4423") {
  static const char strange[] = "\\*|?\x01\xC3\x84.";
  char name[WORLD_PIPE_NAME_BYTES_MAX];
  struct search search;

  snprintf(name, sizeof(name), "\\\\?\\pipe\\%s", f->name + 9);
  snprintf(f->name, sizeof(f->name), "%.*s%s",
           (int)(sizeof(f->name) - sizeof(strange)), name, strange);
  server_listen(f);
  search = search_for(f->name + 9);
  assert_int_equal(search.found, 1);
  assert_string_equal(search.path, f->name);
  client_open_end(f);
  assert_passes(f, f->client, f->server, "ping", 4);
}

NP_CASE("names-list/no-text", np_names_list, NO_MODE, NP_OK,
        "A name that is not valid UTF-16 is left out, and the others are "
        "listed.",
        "npipe/names.h") {
  wchar_t name[WORLD_PIPE_NAME_BYTES_MAX];
  HANDLE handle;
  unsigned total;

  server_listen(f);
  total = search_for(NULL).total;
  raw_name(f, name);
  name[strlen(f->name)] = 0xD800;
  name[strlen(f->name) + 1] = 0;
  handle = raw_own(
      f, CreateNamedPipeW(name, PIPE_ACCESS_DUPLEX, 0, 1, 0, 0, 0, NULL));
  assert_true(handle != INVALID_HANDLE_VALUE);
  assert_listed(f->name + 9, 1, NP_INSTANCES_UNLIMITED);
  if (strcmp(world_name(), "sim") == 0) {
    assert_int_equal(search_for(NULL).total, total);
  }
}

/* long_name makes the name number `i`, of 100 to 256 characters. */
static const char *long_name(const np_fixture *f, unsigned i) {
  static char name[257];
  const size_t begin = strlen(f->name) + 4;
  const size_t length = i == 0 ? 256 : 100 + i % 150;

  memset(name, 'x', length);
  name[length] = 0;
  snprintf(name, begin + 1, "%s-%03u", f->name, i);
  name[begin] = 'x';
  return name;
}

NP_CASE("names-list/many", np_names_list, NO_MODE, NP_OK,
        "A list that does not fit one answer of the system is complete, with "
        "names up to the limit of npipe.",
        "NtQueryDirectoryFile") {
  np_server_options options = server_options();

  for (unsigned i = 0; i < MANY; i++) {
    np_pipe *server = NULL;

    assert_np_ok(np_server_create(f->loop, long_name(f, i), &options, &server));
    pipe_own(f, server);
  }
  for (unsigned i = 0; i < MANY; i += 7) {
    round_name("name %u", i);
    assert_listed(long_name(f, i) + 9, 1, NP_INSTANCES_UNLIMITED);
  }
}

NP_CASE("names-list/longer", np_names_list, NO_MODE, NP_OK,
        "Names that are longer than npipe's limit are left out, and the others "
        "are listed.",
        "npipe/names.h") {
  static wchar_t name[5000];
  unsigned total;

  server_listen(f);
  total = search_for(NULL).total;
  for (size_t length = 257; length < 5000; length += 4000) {
    for (size_t i = 0; i < length; i++) {
      name[i] = 'x';
    }
    memcpy(name, L"\\\\?\\pipe\\", 9 * sizeof(*name));
    name[length] = 0;
    if (raw_own(f, CreateNamedPipeW(name, PIPE_ACCESS_DUPLEX, 0, 1, 0, 0, 0,
                                    NULL)) == INVALID_HANDLE_VALUE) {
      np_unresolved("no pipe with a name of %u units", (unsigned)length);
    }
  }
  assert_listed(f->name + 9, 1, NP_INSTANCES_UNLIMITED);
  if (strcmp(world_name(), "sim") == 0) {
    assert_int_equal(search_for(NULL).total, total);
  }
}

NP_CASE("names-list/stops", np_names_list, NO_MODE, NP_OK,
        "The list ends when the function returns false.", "npipe/names.h") {
  struct search search = {.stops = true};

  server_listen(f);
  assert_np_ok(np_names_list(on_name, &search));
  assert_int_equal(search.total, 1);
}

NP_CASE("names-list/other-user", np_names_list, NO_MODE, NP_OK,
        "Pipes of other users are listed, too.",
        "Named Pipe Security and Access Rights") {
  become("alice");
  f->server_options.access = NP_ACCESS_CURRENT_USER;
  server_listen(f);
  become("bob");
  assert_listed(f->name + 9, 1, NP_INSTANCES_UNLIMITED);
}

NP_CASE("names-list/null", np_names_list, NO_MODE, ERROR_INVALID_PARAMETER,
        "Without a function nothing is listed.", "npipe/names.h") {
  assert_invalid(np_names_list(NULL, NULL));
}

/* list_lie: the next part of the list has `bytes` bytes, and each number of 32
 * bits in them is `value`. */
static np_error list_lie(uint32_t bytes, uint32_t value) {
  struct search search = {.name = NULL};

  round_name("%u bytes, each number %u", (unsigned)bytes, (unsigned)value);
  if (!world_lie("NtQueryDirectoryFile", bytes, value)) {
    np_unresolved("the kernel tells the truth here");
  }
  return np_names_list(on_name, &search);
}

NP_CASE("names-list/impossible", np_names_list, NO_MODE, ERROR_INVALID_DATA,
        "An entry that does not lie within the answer, an entry without room "
        "for its numbers, and a name with half a character are refused.",
        "npipe/names.h") {
  server_listen(f);
  assert_np_error(list_lie(0, 0), ERROR_INVALID_DATA);
  assert_np_error(list_lie(63, 0), ERROR_INVALID_DATA);
  assert_np_error(list_lie(64, 2), ERROR_INVALID_DATA);
  assert_np_error(list_lie(65, 1), ERROR_INVALID_DATA);
  assert_np_error(list_lie(200, 201), ERROR_INVALID_DATA);
  assert_np_error(list_lie(200, 64), ERROR_INVALID_DATA);
  assert_np_error(list_lie(60000, UINT32_MAX), ERROR_INVALID_DATA);
  assert_np_error(list_lie(70000, 64), ERROR_INVALID_DATA);
  assert_np_ok(list_lie(64, 0));
}

NP_CASE("names-list/memory", np_names_list, NO_MODE, ERROR_NOT_ENOUGH_MEMORY,
        "Without memory for the list the call fails, and the next one works.",
        "npipe/names.h") {
  struct search search = {.name = NULL};

  server_listen(f);
  if (!world_refuse("NtQueryDirectoryFile", 0xC0000017)) {
    np_unresolved("the system has memory here");
  }
  assert_np_error(np_names_list(on_name, &search), ERROR_NOT_ENOUGH_MEMORY);
  assert_int_equal(search.total, 0);
  assert_listed(f->name + 9, 1, NP_INSTANCES_UNLIMITED);
}

NP_CASE("names-list/unsupported", np_names_list, NO_MODE, ERROR_BAD_DEV_TYPE,
        "A system that cannot list pipes says so.", "npipe/names.h") {
  struct search search = {.name = NULL};

  server_listen(f);
  assert_np_error(np_names_list(on_name, &search), ERROR_BAD_DEV_TYPE);
  assert_int_equal(search.total, 0);
}
