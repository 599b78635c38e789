/* The law of names_options: a name, a set of options, a security descriptor as
 * text or a handle that is not what it should be is refused with the error that
 * the headers say, and then nothing was made and nothing is left; what is taken
 * is what was asked for. A client meets it with each spelling of its name, and
 * with a spelling of another name never.
 *
 * Payload: four texts, a NUL behind each: the server's name, the client's
 * (none: the same), SDDL (none: none), the owner that the client demands (none:
 * any). Choices: the kernel (stage_settings),
 * whether the names get the prefix of a pipe, the options, a handle to adopt, a
 * call or an allocation that fails, how the client spells the server's name. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sddl.h>

#include "names.h"
#include "stage.h"

enum { TEXT_BYTES_MAX = NAMES_BYTES_MAX };

struct texts {
  char server[TEXT_BYTES_MAX];
  char client[TEXT_BYTES_MAX];
  char sddl[TEXT_BYTES_MAX];
  char owner[TEXT_BYTES_MAX];
};

/* Takes a text, behind `prefix`. Returns whether there was any. */
static bool text_take(char out[TEXT_BYTES_MAX], struct fuzz_input *input,
                      const char *prefix) {
  const size_t begin = strlen(prefix);
  size_t at = begin;

  memcpy(out, prefix, begin);
  while (at < TEXT_BYTES_MAX - 1) {
    size_t taken;
    const uint8_t *byte = fuzz_payload(input, 1, &taken);

    if (taken == 0 || *byte == 0) {
      break;
    }
    out[at++] = (char)*byte;
  }
  out[at] = '\0';
  return at > begin;
}

/* Spellings of the part behind the plain prefix of the server's name. Some of
 * them name another pipe; names_judge decides. */
static const struct spelling {
  const char *before;
  const char *after;
} respellings[] = {
    {"\\\\?\\pipe\\", ""},
    {"//./pipe/", ""},
    {"\\??\\PIPE\\", ""},
    {"\\\\.\\pipe\\\\", ""},
    {"\\\\.\\pipe\\.\\", ""},
    {"\\\\.\\pipe\\", "."},
    {"\\\\.\\pipe\\", "\\x\\.."},
    {"\\\\.\\pipe\\", "\\"},
    {"\\\\.\\pipe\\..\\pipe\\", " "},
    {"\\\\?\\pipe\\", "."},
    {"\\\\?\\pipe\\.\\", ""},
    {"\\\\.\\Global\\pipe\\", ""},
    {"\\\\?\\GLOBALROOT\\Device\\NamedPipe\\", ""},
    {"\\\\localhost\\pipe\\", ""},
    {"\\\\?\\UNC\\localhost\\pipe\\", ""},
};

/* Gives `client` the server's name in another spelling. A name that has not the
 * plain prefix stays. */
static void respell(char client[TEXT_BYTES_MAX], const char *server,
                    uint32_t drawn) {
  static const char prefix[] = "\\\\.\\pipe\\";
  const struct spelling *as =
      &respellings[drawn % (sizeof respellings / sizeof respellings[0])];
  char name[TEXT_BYTES_MAX];

  if (strncmp(server, prefix, sizeof prefix - 1) != 0) {
    return;
  }
  snprintf(name, sizeof name, "%.1300s", server + sizeof prefix - 1);
  snprintf(client, TEXT_BYTES_MAX, "%s%.1300s%s", as->before, name, as->after);
}

/* --- Options ----------------------------------------------------------- */

static uint32_t bytes_of(uint32_t drawn) {
  static const uint32_t sizes[] = {0, 1, 100, 4096, 65536, 70000, 1u << 20, 16};

  return sizes[drawn % 8];
}

static void server_options_choose(np_server_options *options,
                                  SECURITY_ATTRIBUTES *attributes,
                                  struct fuzz_input *input, const char *sddl) {
  uint32_t drawn = fuzz_choice(input);

  np_server_options_init(options);
  options->inbound = (drawn & 1) == 0;
  options->outbound = (drawn & 2) == 0;
  options->mode = (drawn & 4) != 0 ? NP_MESSAGE : NP_BYTE;
  options->read_mode = (drawn & 8) != 0 ? NP_MESSAGE : NP_BYTE;
  options->first_instance = (drawn & 16) != 0;
  options->reject_remote_clients = (drawn & 32) == 0;
  options->write_dac = (drawn & 64) != 0;
  options->write_owner = (drawn & 128) != 0;
  drawn = fuzz_choice(input);
  options->access_system_security = drawn == 1;
  options->size += drawn == 2 ? 1 : 0;
  options->size -= drawn == 3 ? sizeof(void *) : 0;
  if (drawn == 4) {
    options->mode = (np_mode)2;
  } else if (drawn == 5) {
    options->read_mode = (np_mode)7;
  }
  attributes->nLength = sizeof *attributes;
  attributes->lpSecurityDescriptor = NULL;
  attributes->bInheritHandle = (drawn & 1) != 0;
  if ((drawn & 0xC0) == 0x40) {
    options->security_attributes = attributes;
  }
  drawn = fuzz_choice(input);
  options->instances_max =
      drawn < 128 ? NP_INSTANCES_UNLIMITED : fuzz_choice_below(input, 260);
  drawn = fuzz_choice(input);
  options->in_buffer_bytes = bytes_of(drawn);
  options->out_buffer_bytes = bytes_of(drawn >> 3);
  options->default_timeout_ms = drawn >> 6;
  options->sddl = sddl;
}

/* Wine, under which the inputs are replayed, keeps no labels. */
#ifdef _WIN32
enum { KEEPS_LABELS = 0 };
#else
enum { KEEPS_LABELS = 1 };
#endif

/* preset_choose lets more in by a preset, or tries to. A text that is no SID of
 * a package must never become a part of the descriptor. */
static void preset_choose(np_server_options *options, uint32_t drawn) {
  static const char *const packages[] = {NULL,
                                         NULL,
                                         "AC",
                                         "S-1-15-2-11-12-13-14-15-16-17",
                                         "S-1-15-2-1)(A;;GA;;;WD",
                                         "S-1-1-0",
                                         "S-1-15-2-",
                                         "AC"};

  options->app_container = packages[drawn % 8];
  options->low_integrity = drawn % 8 == 1 || drawn % 8 == 7;
}

/* is_package tells whether `text` names a package, as preset_choose knows. */
static bool is_package(const char *text) {
  return strcmp(text, "AC") == 0 || strchr(text, '7') != NULL;
}

static bool lets_in_more(const np_server_options *options) {
  return options->low_integrity || options->app_container != NULL;
}

static bool preset_good(const np_server_options *options) {
  return !lets_in_more(options) ||
         (options->sddl == NULL &&
          options->access != NP_ACCESS_WINDOWS_DEFAULT &&
          (options->app_container == NULL ||
           is_package(options->app_container)));
}

static bool server_options_good(const np_server_options *options) {
  if (options->size != sizeof *options || (int)options->mode > 1 ||
      (int)options->read_mode > 1) {
    return false;
  }
  if (options->mode == NP_BYTE && options->read_mode == NP_MESSAGE) {
    return false;
  }
  if (options->security_attributes != NULL &&
      options->security_attributes->bInheritHandle) {
    return false;
  }
  if (options->instances_max == 0 ||
      (options->instances_max > 254 && options->instances_max != UINT32_MAX)) {
    return false;
  }
  return (options->inbound || options->outbound) && (int)options->access <= 2 &&
         preset_good(options) &&
         (options->sddl != NULL) +
                 (options->access == NP_ACCESS_AUTHENTICATED_USERS) <=
             1;
}

static void client_options_choose(np_client_options *options,
                                  struct fuzz_input *input) {
  static const uint32_t extra[] = {SECURITY_CONTEXT_TRACKING,
                                   SECURITY_EFFECTIVE_ONLY,
                                   SECURITY_SQOS_PRESENT,
                                   FILE_FLAG_OVERLAPPED,
                                   0x00800000,
                                   1,
                                   0x80000000,
                                   0x00200000};
  uint32_t drawn = fuzz_choice(input);

  np_client_options_init(options);
  options->read = (drawn & 1) == 0;
  options->write = (drawn & 2) == 0;
  options->read_mode = (drawn & 4) != 0 ? NP_MESSAGE : NP_BYTE;
  options->security_qos = (drawn & 24) << 13; /* a level */
  if ((drawn & 32) != 0) {
    options->security_qos |= extra[drawn >> 6];
  }
  drawn = fuzz_choice(input);
  if (drawn == 1) {
    options->size = 0;
  } else if (drawn == 2) {
    options->read_mode = (np_mode)2;
  } else if (drawn >= 200) {
    options->security_qos |= extra[drawn % 8];
  }
}

static bool client_options_good(const np_client_options *options) {
  return options->size == sizeof *options && (int)options->read_mode <= 1 &&
         (options->read || options->write) &&
         (options->security_qos & 0xFFE0FFFF) == 0;
}

/* --- Servers and clients ------------------------------------------------ */

static bool is_inheritable(np_pipe *pipe) {
  DWORD flags = 0;

  /* The second try is for a fault that hits the first. */
  fuzz_law(GetHandleInformation(np_pipe_handle(pipe), &flags) ||
               GetHandleInformation(np_pipe_handle(pipe), &flags),
           "a pipe's handle cannot be asked about");
  return (flags & HANDLE_FLAG_INHERIT) != 0;
}

static void server_check(np_pipe *server, const np_server_options *options,
                         bool has_faults) {
  np_info info = {.size = sizeof info};
  np_error error = np_pipe_info(server, &info);

  if (error != NP_OK) {
    fuzz_law(has_faults, "np_pipe_info gave %s", np_error_name(error));
    return;
  }
  fuzz_law(info.end == NP_SERVER && info.mode == options->mode &&
               info.read_mode == options->read_mode &&
               info.readable == options->inbound &&
               info.writable == options->outbound &&
               info.state == NP_LISTENING &&
               info.instances_max == options->instances_max &&
               info.in_buffer_bytes == options->in_buffer_bytes &&
               info.out_buffer_bytes == options->out_buffer_bytes,
           "a server is not what its options say");
  fuzz_law(!is_inheritable(server), "a server's handle can be inherited");
}

static np_pipe *server_make(struct stage *stage, const char *name,
                            const np_server_options *options) {
  np_error also;
  const np_error expected = names_judge(name, true, &also);
  np_pipe *server = NULL;
  np_error error = np_server_create(stage->loop, name, options, &server);
  size_t units = 0;

  fuzz_say("np_server_create \"%s\": %s", name, np_error_name(error));
  fuzz_law((error == NP_OK) == (server != NULL),
           "np_server_create gave %s, and a pipe or none",
           np_error_name(error));
  if (!server_options_good(options)) {
    fuzz_law(error == ERROR_INVALID_PARAMETER,
             "bad options of a server gave %s", np_error_name(error));
  } else if (expected != NP_OK) {
    fuzz_law(error == expected || error == also || stage_is_fault(stage, error),
             "a bad name gave %s, not %s", np_error_name(error),
             np_error_name(expected));
  } else if (options->sddl != NULL &&
             !names_utf16_of_utf8(options->sddl, &units)) {
    fuzz_law(
        error == ERROR_NO_UNICODE_TRANSLATION || stage_is_fault(stage, error),
        "SDDL that is no UTF-8 gave %s", np_error_name(error));
  } else if (error != NP_OK) {
    fuzz_law(stage_is_fault(stage, error) || options->sddl != NULL ||
                 options->access_system_security,
             "np_server_create gave %s", np_error_name(error));
  } else {
    server_check(server, options, stage->has_faults);
  }
  return server;
}

/* meeting returns the result that a client must get from a server with these
 * options, if the security of the server admits the client. */
static np_error meeting(const np_server_options *server,
                        const np_client_options *client) {
  if ((client->read && !server->outbound) ||
      (client->write && !server->inbound)) {
    return ERROR_ACCESS_DENIED;
  }
  return client->read_mode == NP_MESSAGE && server->mode == NP_BYTE
             ? ERROR_INVALID_PARAMETER
             : NP_OK;
}

/* owner_check checks that the owner of the pipe of `client` is the demanded
 * one. */
static void owner_check(np_pipe *client, const char *owner) {
  char found[NP_SID_TEXT_BYTES_MAX];
  WCHAR wide[TEXT_BYTES_MAX];
  WCHAR *text = NULL;
  PSID sid = NULL;
  size_t length = 0;

  do {
    wide[length] = (WCHAR)(unsigned char)owner[length];
  } while (owner[length++] != 0);
  /* Each of the calls may get the fault of the run. */
  if (ConvertStringSidToSidW(wide, &sid) &&
      ConvertSidToStringSidW(sid, &text) &&
      np_pipe_peer_user(client, found, sizeof found) == NP_OK) {
    for (length = 0; text[length] != 0; length++) {
      fuzz_law(text[length] == (WCHAR)(unsigned char)found[length],
               "a client that demands the owner %s takes %s", owner, found);
    }
    fuzz_law(found[length] == 0, "a client that demands the owner %s takes %s",
             owner, found);
  }
  LocalFree(text);
  LocalFree(sid);
}

static np_pipe *client_make(struct stage *stage, const char *name,
                            const np_client_options *options,
                            const char *server_name,
                            const np_server_options *server) {
  np_error also;
  static char pipe[NAMES_BYTES_MAX];
  static char server_pipe[NAMES_BYTES_MAX];
  const np_error expected = names_judge(name, false, &also);
  np_pipe *client = NULL;
  np_error error = np_client_open(stage->loop, name, options, &client);
  bool is_host;
  bool is_host_too;
  const bool is_same_pipe =
      names_meaning(name, pipe, &is_host) &&
      names_meaning(server_name, server_pipe, &is_host_too) &&
      strcmp(pipe, server_pipe) == 0;

  fuzz_say("np_client_open \"%s\": %s", name, np_error_name(error));
  fuzz_law((error == NP_OK) == (client != NULL),
           "np_client_open gave %s, and a pipe or none", np_error_name(error));
  if (!client_options_good(options)) {
    fuzz_law(error == ERROR_INVALID_PARAMETER,
             "bad options of a client gave %s", np_error_name(error));
  } else if (expected != NP_OK) {
    fuzz_law(error == expected || error == also || stage_is_fault(stage, error),
             "a bad name gave %s, not %s", np_error_name(error),
             np_error_name(expected));
  } else if (server != NULL && server->sddl == NULL && !is_host &&
             is_same_pipe) {
    /* A client that verifies its server may also get an error. */
    const bool verifies = options->verify_same_user || options->verify_access ||
                          options->verify_owner != NULL ||
                          options->verify_process_id != 0;

    fuzz_law(error == meeting(server, options) ||
                 stage_is_fault(stage, error) || (verifies && error != NP_OK),
             "a client gave %u, not %s", (unsigned)error,
             np_error_name(meeting(server, options)));
  }
  if (client != NULL) {
    np_info info = {.size = sizeof info};

    fuzz_law(server != NULL, "a client opened what nobody made");
    fuzz_law(is_same_pipe, "a client opened another name's pipe");
    fuzz_law(!(options->verify_same_user || options->verify_access) ||
                 !lets_in_more(server) || !KEEPS_LABELS,
             "a client trusts a server that lets low integrity in");
    if (options->verify_owner != NULL) {
      owner_check(client, options->verify_owner);
    }
    fuzz_law(options->verify_process_id == 0 ||
                 options->verify_process_id == GetCurrentProcessId(),
             "a client takes the server of another process");
    error = np_pipe_info(client, &info);
    fuzz_law(error == NP_OK
                 ? info.end == NP_CLIENT && info.mode == server->mode &&
                       info.read_mode == options->read_mode
                 : stage->has_faults,
             "a client is not what its options say");
    fuzz_law(!is_inheritable(client), "a client's handle can be inherited");
  }
  return client;
}

/* --- Handles to adopt ---------------------------------------------------- */

enum handle_kind {
  HANDLE_NONE, /* no such test */
  HANDLE_NULL,
  HANDLE_INVALID,
  HANDLE_EVENT,
  HANDLE_PORT,
  HANDLE_SYNCHRONOUS,
  HANDLE_NOWAIT,
  HANDLE_BOUND,
  HANDLE_OUTBOUND,
  HANDLE_LOST_CLIENT,
  HANDLE_SERVER,
  HANDLE_CLIENT,
  HANDLE_KINDS,
  HANDLE_SHARED = HANDLE_KINDS /* drawn by one choice alone */
};

static HANDLE raw_server(const struct stage *stage, DWORD access, DWORD mode) {
  return CreateNamedPipeW(stage->wide_name, access, mode,
                          PIPE_UNLIMITED_INSTANCES, 512, 512, 0, NULL);
}

static HANDLE raw_client(const struct stage *stage) {
  return CreateFileW(stage->wide_name, GENERIC_READ | GENERIC_WRITE, 0, NULL,
                     OPEN_EXISTING, FILE_FLAG_OVERLAPPED, NULL);
}

/* handle_make makes a handle of the given kind. `*peer` is a second handle
 * that this kind needs, or NULL. It returns the result that np_pipe_adopt
 * must give. */
static np_error handle_make(const struct stage *stage, enum handle_kind kind,
                            HANDLE *handle, HANDLE *peer, HANDLE *port) {
  const DWORD duplex = PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED;

  switch (kind) {
    case HANDLE_NULL:
      *handle = NULL;
      return ERROR_INVALID_HANDLE;
    case HANDLE_INVALID:
      *handle = INVALID_HANDLE_VALUE;
      return ERROR_INVALID_HANDLE;
    case HANDLE_EVENT:
      *handle = CreateEventW(NULL, TRUE, FALSE, NULL);
      return ERROR_INVALID_HANDLE;
    case HANDLE_PORT:
      *handle = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
      return ERROR_INVALID_HANDLE;
    case HANDLE_SYNCHRONOUS:
      *handle = raw_server(stage, PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE);
      return ERROR_INVALID_PARAMETER;
    case HANDLE_NOWAIT:
      *handle = raw_server(stage, duplex, PIPE_TYPE_BYTE | PIPE_NOWAIT);
      return ERROR_NOT_SUPPORTED;
    case HANDLE_BOUND:
      *handle = raw_server(stage, duplex, PIPE_TYPE_BYTE);
      *port = CreateIoCompletionPort(*handle, NULL, 1, 1);
      return ERROR_INVALID_PARAMETER;
    case HANDLE_OUTBOUND:
      *handle = raw_server(stage, PIPE_ACCESS_OUTBOUND | FILE_FLAG_OVERLAPPED,
                           PIPE_TYPE_BYTE);
      return ERROR_ACCESS_DENIED;
    case HANDLE_LOST_CLIENT:
      *peer = raw_server(stage, duplex, PIPE_TYPE_BYTE);
      *handle = raw_client(stage);
      DisconnectNamedPipe(*peer);
      return ERROR_PIPE_NOT_CONNECTED;
    case HANDLE_SHARED:
      *peer = raw_server(stage, duplex, PIPE_TYPE_MESSAGE);
      if (*peer != INVALID_HANDLE_VALUE &&
          !DuplicateHandle(GetCurrentProcess(), *peer, GetCurrentProcess(),
                           handle, 0, FALSE, DUPLICATE_SAME_ACCESS)) {
        *handle = INVALID_HANDLE_VALUE;
      }
      return ERROR_SHARING_VIOLATION;
    case HANDLE_SERVER:
      *handle = raw_server(stage, duplex, PIPE_TYPE_MESSAGE);
      return NP_OK;
    default:
      *peer = raw_server(stage, duplex, PIPE_TYPE_MESSAGE);
      *handle = raw_client(stage);
      return NP_OK;
  }
}

static enum handle_kind handle_kind_choose(struct fuzz_input *input) {
  const uint32_t drawn = fuzz_choice(input);

  return drawn == 255 ? HANDLE_SHARED
                      : (enum handle_kind)(drawn % HANDLE_KINDS);
}

static void close_handle(HANDLE handle) {
  if (handle != NULL && handle != INVALID_HANDLE_VALUE) {
    fuzz_law(CloseHandle(handle), "a handle is not the caller's any more");
  }
}

static void adopt(struct stage *stage, enum handle_kind kind, uint32_t fault,
                  uint32_t memory_fault) {
  HANDLE handle = NULL;
  HANDLE peer = NULL;
  HANDLE port = NULL;
  np_pipe *pipe = NULL;
  const np_error expected = handle_make(stage, kind, &handle, &peer, &port);
  np_error error;

  stage_fault(stage, fault);
  stage_memory_fault(stage, memory_fault);
  error = np_pipe_adopt(stage->loop, handle, &pipe);
  stage_fault(stage, 0);
  fuzz_say("np_pipe_adopt of handle kind %d: %s", (int)kind,
           np_error_name(error));
  fuzz_law(error == expected || stage_is_fault(stage, error),
           "handle kind %d gave %s, not %s", (int)kind, np_error_name(error),
           np_error_name(expected));
  fuzz_law((error == NP_OK) == (pipe != NULL),
           "np_pipe_adopt gave %s, and a pipe or none", np_error_name(error));
  if (pipe != NULL) {
    fuzz_law(np_pipe_handle(pipe) == handle, "it is another handle");
    stage_close(stage, pipe);
  } else {
    close_handle(handle);
  }
  stage_settle(stage);
  close_handle(peer);
  close_handle(port);
}

/* Each code has a name and a text, known or not. */
static void check_error(np_error error) {
  fuzz_law(np_error_name(error)[0] != '\0' && np_error_text(error)[0] != '\0',
           "error %u has no name or text", (unsigned)error);
  fuzz_law(np_is_eof(error) == (error == ERROR_BROKEN_PIPE),
           "np_is_eof is wrong about %u", (unsigned)error);
  fuzz_law(!(np_is_eof(error) && np_is_retryable(error)),
           "the end of a stream can be tried again");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  static const char prefix[] = "\\\\.\\pipe\\";
  static struct texts texts;
  struct fuzz_input input = fuzz_input_begin(bytes, size);
  struct stage stage;
  sim_settings settings;
  np_server_options server_options;
  np_client_options client_options;
  SECURITY_ATTRIBUTES attributes;
  enum handle_kind kind;
  np_pipe *server;
  np_pipe *client;
  uint32_t how;
  uint32_t fault;
  uint32_t memory_fault;
  uint32_t spells_anew;
  bool has_sddl;

  stage_settings(&settings, &input);
  how = fuzz_choice(&input);
  server_options_choose(&server_options, &attributes, &input, NULL);
  client_options_choose(&client_options, &input);
  if ((how & 4) != 0) {
    server_options.access = (np_access)(how >> 3 & 3);
  }
  client_options.verify_same_user = (how & 32) != 0;
  if ((how & 64) != 0) {
    client_options.verify_process_id =
        (uint32_t)GetCurrentProcessId() + (how >> 7 & 1);
  }
  kind = handle_kind_choose(&input);
  fault = fuzz_choice(&input);
  fault = fault < 192 ? 0 : fault - 191;
  memory_fault = fuzz_choice(&input);
  memory_fault = memory_fault < 240 ? 0 : memory_fault - 239;
  check_error(fuzz_choice_below(&input, 65536));
  spells_anew = fuzz_choice(&input);
  preset_choose(&server_options, spells_anew >> 5);
  spells_anew %= 32;
  text_take(texts.server, &input, (how & 1) == 0 ? prefix : "");
  if (!text_take(texts.client, &input, (how & 2) == 0 ? prefix : "")) {
    memcpy(texts.client, texts.server, sizeof texts.client);
  }
  has_sddl = text_take(texts.sddl, &input, "");
  if (text_take(texts.owner, &input, "")) {
    client_options.verify_owner = texts.owner;
    client_options.verify_access = (how & 1) != 0;
  }
  if (spells_anew > 0) {
    respell(texts.client, texts.server, spells_anew - 1);
  }
  server_options.sddl = has_sddl ? texts.sddl : NULL;

  stage_begin(&stage, how, &settings);
  if (kind != HANDLE_NONE) {
    adopt(&stage, kind, fault, memory_fault);
  }
  stage_fault(&stage, fault);
  stage_memory_fault(&stage, memory_fault);
  server = server_make(&stage, texts.server, &server_options);
  client = client_make(&stage, texts.client, &client_options, texts.server,
                       server != NULL ? &server_options : NULL);
  if (client != NULL) {
    stage_close(&stage, client);
  }
  if (server != NULL) {
    stage_close(&stage, server);
  }
  stage_end(&stage);
  return 0;
}
