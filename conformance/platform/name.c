/* The spellings of a name that Windows takes, where it makes, opens and waits
 * for a pipe. Nobody ran these on Windows yet. They rest on what its pages say
 * of paths (each is folded, but for those behind \\?\), and agree with Wine. */
#include "fixture.h"
#include "spellings.h"

#define DUPLEX (PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED)
#define BOTH   (GENERIC_READ | GENERIC_WRITE)

#define ROOT_UNITS (sizeof "\\\\.\\pipe\\" - 1)

static size_t wide_add(wchar_t *out, size_t at, const char *text) {
  while (*text != '\0') {
    out[at++] = (wchar_t)(unsigned char)*text++;
  }
  return at;
}

/* The fixture's name in another spelling. */
static const wchar_t *spelled(const struct platform *f,
                              const struct spelling *spelling) {
  static wchar_t name[NAME_CHARS_MAX + 64];
  size_t at = wide_add(name, 0, spelling->before);

  for (size_t i = ROOT_UNITS; f->name[i] != 0; i++) {
    name[at++] = f->name[i];
  }
  name[wide_add(name, at, spelling->after)] = 0;
  return name;
}

static HANDLE spelled_create(struct platform *f,
                             const struct spelling *spelling) {
  return CreateNamedPipeW(spelled(f, spelling), DUPLEX, PIPE_TYPE_BYTE, 1,
                          QUOTA, QUOTA, 0, NULL);
}

static HANDLE spelled_open(struct platform *f,
                           const struct spelling *spelling) {
  return CreateFileW(spelled(f, spelling), BOTH, 0, NULL, OPEN_EXISTING,
                     FILE_FLAG_OVERLAPPED, NULL);
}

NP_PLATFORM_CASE("platform/name/create", CreateNamedPipeW, NO_MODE, NO_ERROR,
                 "A server's name is folded as any path is: its spellings all "
                 "make the one pipe.",
                 "Naming Files, Paths, and Namespaces") {
  for (size_t i = 0; i < SPELLINGS_COUNT; i++) {
    f->server = win_own(f, spelled_create(f, &spellings[i]));
    assert_call(f->server != INVALID_HANDLE_VALUE);
    f->client = client_open(f, BOTH, FILE_FLAG_OVERLAPPED);
    assert_call(f->client != INVALID_HANDLE_VALUE);
    win_close(f, &f->client);
    win_close(f, &f->server);
  }
}

NP_PLATFORM_CASE("platform/name/open", CreateFileW, NO_MODE, NO_ERROR,
                 "A client's name is folded as any path is: its spellings all "
                 "lead to the one pipe.",
                 "Naming Files, Paths, and Namespaces") {
  for (size_t i = 0; i < SPELLINGS_COUNT; i++) {
    pair_listen(f);
    f->client = win_own(f, spelled_open(f, &spellings[i]));
    assert_call(f->client != INVALID_HANDLE_VALUE);
    win_close(f, &f->client);
    win_close(f, &f->server);
  }
}

NP_PLATFORM_CASE("platform/name/wait", WaitNamedPipeW, NO_MODE, NO_ERROR,
                 "WaitNamedPipe takes either slash and any case. Which other "
                 "spellings it takes is not known.",
                 "reactos kernel32#WaitNamedPipeW") {
  static const struct spelling slashes[] = {
      {"\\\\.\\pipe\\", ""}, {"//./pipe/", ""}, {"\\\\.\\PiPe/", ""}};

  pair_listen(f);
  for (size_t i = 0; i < sizeof(slashes) / sizeof(slashes[0]); i++) {
    assert_call(WaitNamedPipeW(spelled(f, &slashes[i]), NMPWAIT_NOWAIT));
  }
}

NP_PLATFORM_CASE("platform/name/others", CreateFileW, NO_MODE,
                 ERROR_FILE_NOT_FOUND,
                 "A backslash at the end is of the name, and behind \\\\?\\ so "
                 "are dots, blanks, parts of dots and slashes.",
                 "Naming Files, Paths, and Namespaces; wine "
                 "ntdll/tests/pipe.c#test_pipe_names") {
  pair_listen(f);
  for (size_t i = 0; i < OTHERS_COUNT; i++) {
    HANDLE other;

    assert_not_opened(spelled_open(f, &others[i]), ERROR_FILE_NOT_FOUND);
    other = win_own(f, spelled_create(f, &others[i]));
    assert_call(other != INVALID_HANDLE_VALUE);
    win_close(f, &other);
  }
}

NP_PLATFORM_CASE("platform/name/full-path", GetFullPathNameW, NO_MODE, NO_ERROR,
                 "GetFullPathName folds a device path as the open of it does.",
                 "GetFullPathNameW#remarks") {
  for (size_t i = 0; i < SPELLINGS_COUNT; i++) {
    wchar_t full[NAME_CHARS_MAX + 64];
    const struct spelling *spelling = &spellings[i];
    DWORD units;

    if (spelling->before[1] == '?') {
      continue; /* `\??\` is the kernel's, and no path of Win32. */
    }
    units =
        GetFullPathNameW(spelled(f, spelling), NAME_CHARS_MAX + 64, full, NULL);
    assert_call(units > ROOT_UNITS && full[units] == 0);
    pair_listen(f);
    f->client = win_own(f, CreateFileW(full, BOTH, 0, NULL, OPEN_EXISTING,
                                       FILE_FLAG_OVERLAPPED, NULL));
    assert_call(f->client != INVALID_HANDLE_VALUE);
    win_close(f, &f->client);
    win_close(f, &f->server);
  }
}

NP_PLATFORM_CASE("platform/name/equal", CompareStringOrdinal, NO_MODE, NO_ERROR,
                 "CompareStringOrdinal without case finds equal what one pipe "
                 "may be called, and nothing else.",
                 "CompareStringOrdinal#remarks") {
  static const wchar_t lower[] = {'a', 'z', 0xE9, 0xF6, '[', 0x2211, 0};
  static const wchar_t upper[] = {'A', 'Z', 0xC9, 0xD6, '[', 0x2211, 0};
  static const wchar_t marks[] = {'a', 'z', 'e', 'o', '[', 0x2211, 0};
  size_t name = 0;

  while (f->name[name] != 0) {
    name++;
  }
  assert_int_equal(CompareStringOrdinal(lower, -1, upper, -1, TRUE),
                   CSTR_EQUAL);
  assert_int_equal(CompareStringOrdinal(lower, -1, marks, -1, TRUE),
                   CSTR_GREATER_THAN);
  assert_int_equal(CompareStringOrdinal(lower, 3, lower, 2, TRUE),
                   CSTR_GREATER_THAN);
  f->name[name] = 0xE9;
  f->name[name + 1] = 0;
  pair_listen(f);
  f->name[name] = 0xC9;
  assert_call(client_open(f, BOTH, 0) != INVALID_HANDLE_VALUE);
}
