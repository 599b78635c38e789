/* np_name_from_utf16: names in UTF-16 for every function that takes a name. */
#include "library/fixture.h"

/* wide_name makes f->name with `tail` in UTF-16. */
static void wide_name(const np_fixture *f, const wchar_t *tail,
                      wchar_t out[2 * WORLD_PIPE_NAME_BYTES_MAX]) {
  size_t units = 0;

  raw_name(f, out);
  while (out[units] != 0) {
    units++;
  }
  for (size_t i = 0; units < 2 * WORLD_PIPE_NAME_BYTES_MAX; i++) {
    out[units++] = tail[i];
    if (tail[i] == 0) {
      return;
    }
  }
  fail_msg("%s", "the name is too long");
}

static void on_pipe(np_listener *listener, np_pipe *pipe) {
  (void)listener;
  (void)pipe;
  fail_msg("%s", "nobody has connected");
}

NP_CASE("name-utf16/same-pipe", np_name_from_utf16, NO_MODE, NP_OK,
        "A name in UTF-16, with units of every length in UTF-8, is that of the "
        "same pipe for Windows and for npipe: server, client, question and "
        "listener.",
        "WideCharToMultiByte") {
  static const wchar_t *const tails[] = {L"x", L"\x00E4\x00DF", L"\x20AC",
                                         L"\xD83D\xDE00-\x4E2D"};

  for_rounds (i, 4) {
    wchar_t wide[2 * WORLD_PIPE_NAME_BYTES_MAX];
    char name[NP_NAME_BYTES_MAX];
    np_name_state state = NP_NAME_MISSING;
    np_listener *listener = NULL;
    np_pipe *server = NULL;
    HANDLE client;

    wide_name(f, tails[i], wide);
    assert_np_ok(np_name_from_utf16(wide, name, sizeof name));
    assert_np_ok(np_server_create(f->loop, name, &f->server_options, &server));
    assert_np_ok(np_name_query(name, &state));
    assert_int_equal(state, NP_NAME_LISTENING);
    client = CreateFileW(wide, GENERIC_READ | GENERIC_WRITE, 0, NULL,
                         OPEN_EXISTING, FILE_FLAG_OVERLAPPED, NULL);
    assert_ptr_not_equal(client, INVALID_HANDLE_VALUE);
    raw_own(f, client);
    assert_np_error(
        np_client_open(f->loop, name, &f->client_options, &f->client),
        ERROR_PIPE_BUSY);
    pipe_own(f, server);
    pipe_close_wait(f, server);
    raw_close(f, client);
    assert_np_ok(np_listener_create(f->loop, name, NULL, on_pipe, &listener));
    assert_np_ok(np_listener_close(listener, NULL));
  }
}

NP_CASE("name-utf16/longest", np_name_from_utf16, NO_MODE,
        ERROR_FILENAME_EXCED_RANGE,
        "A name of 256 units fits a buffer of NP_NAME_BYTES_MAX bytes, also "
        "if each unit takes 3 bytes. A longer name is refused.",
        "CreateNamedPipe#parameters") {
  wchar_t wide[258];
  char name[NP_NAME_BYTES_MAX];

  (void)f;
  for (size_t i = 0; i < 257; i++) {
    wide[i] = 0x20AC;
  }
  wide[256] = 0;
  memset(name, 'x', sizeof name);
  assert_np_ok(np_name_from_utf16(wide, name, sizeof name));
  assert_int_equal(name[sizeof name - 1], 0);
  wide[256] = 'x';
  wide[257] = 0;
  assert_np_error(np_name_from_utf16(wide, name, sizeof name),
                  ERROR_FILENAME_EXCED_RANGE);
}

NP_CASE("name-utf16/surrogates", np_name_from_utf16, NO_MODE,
        ERROR_NO_UNICODE_TRANSLATION,
        "An unpaired surrogate is refused wherever it stands.",
        "WideCharToMultiByte#WC_ERR_INVALID_CHARS") {
  static const wchar_t *const names[] = {
      L"\\\\.\\pipe\\\xD83D", L"\\\\.\\pipe\\\xDE00",
      L"\\\\.\\pipe\\\xDE00\xD83D", L"\\\\.\\pipe\\\xD83Dx"};
  char name[NP_NAME_BYTES_MAX];

  (void)f;
  for_rounds (i, 4) {
    assert_np_error(np_name_from_utf16(names[i], name, sizeof name),
                    ERROR_NO_UNICODE_TRANSLATION);
  }
}

NP_CASE("name-utf16/small-buffer", np_name_from_utf16, NO_MODE,
        ERROR_INSUFFICIENT_BUFFER,
        "A buffer without room for the name and its NUL is refused.",
        "WideCharToMultiByte#return-value") {
  char name[4];

  (void)f;
  for (size_t size = 0; size < 4; size++) {
    assert_np_error(np_name_from_utf16(L"\x20AC", name, size),
                    ERROR_INSUFFICIENT_BUFFER);
  }
  assert_np_ok(np_name_from_utf16(L"\x20AC", name, 4));
  assert_memory_equal(name, "\xE2\x82\xAC", 4);
}

NP_CASE("name-utf16/parameters", np_name_from_utf16, NO_MODE,
        ERROR_INVALID_PARAMETER, "A NULL is refused.", "npipe/names.h") {
  char name[NP_NAME_BYTES_MAX];

  (void)f;
  assert_invalid(np_name_from_utf16(NULL, name, sizeof name));
  assert_invalid(np_name_from_utf16(L"x", NULL, 10));
}
