/* np_pipe_pair: both ends of a pipe, an overlapped one for the loop and a
 * synchronous one for a child process. Rule: no other process can open either
 * end. A pipe without a name fulfils the rule by itself; the name that replaces
 * it on other systems is random, new, and of one instance. */
#include <npipe/pair.h>

#include <string.h>

#include "access.h"
#include "nt.h"
#include "pipe.h"
#include "pipe_wait.h"

#define PAIR_BUFFER_BYTES 65536u

/* How long WaitNamedPipe waits by default: that of CreateNamedPipe, in ticks of
 * 100 ns, relative. Nobody waits for a pair. */
#define PAIR_TIMEOUT_TICKS (-500000)

/* The name of a pair has 128 random bits. In an app container only names below
 * LOCAL can be made; elsewhere LOCAL\ is a part of the name like any other. */
#define PAIR_NAME         L"\\??\\PIPE\\LOCAL\\npipe-"
#define PAIR_NAME_UNITS   (sizeof PAIR_NAME / sizeof(WCHAR) - 1)
#define PAIR_RANDOM_BYTES 16

/* Where the ends are made: at `root` with an empty name, or at a full name. */
typedef struct pair_place {
  HANDLE root;
  UNICODE_STRING name;
  void *descriptor; /* NULL: the system's default */
  WCHAR text[PAIR_NAME_UNITS + (size_t)2 * PAIR_RANDOM_BYTES];
} pair_place;

void np_pair_options_init(np_pair_options *options) {
  if (options != NULL) {
    memset(options, 0, sizeof *options);
    options->size = sizeof *options;
    options->read = true;
    options->write = true;
    options->mode = NP_BYTE;
    options->read_mode = NP_BYTE;
    options->in_buffer_bytes = PAIR_BUFFER_BYTES;
    options->out_buffer_bytes = PAIR_BUFFER_BYTES;
  }
}

static bool pair_options_are_valid(const np_pair_options *options) {
  return options->size == sizeof *options &&
         (options->read || options->write) &&
         (options->mode == NP_BYTE || options->mode == NP_MESSAGE) &&
         (options->read_mode == NP_BYTE || options->read_mode == NP_MESSAGE) &&
         (options->mode == NP_MESSAGE || options->read_mode == NP_BYTE);
}

/* pair_access returns the rights of one end. Each end may ask and set its read
 * mode whatever its direction is, as some programs do with their standard
 * handles. */
static ACCESS_MASK pair_access(bool read, bool write) {
  ACCESS_MASK access =
      SYNCHRONIZE | FILE_READ_ATTRIBUTES | FILE_WRITE_ATTRIBUTES;

  access |= read ? GENERIC_READ : 0u;
  access |= write ? GENERIC_WRITE : 0u;
  return access;
}

/* pair_make_server makes the loop's end. The share mode gives the direction: it
 * tells what the other end may do. */
static NTSTATUS pair_make_server(HANDLE *server, pair_place *place,
                                 const np_pair_options *options) {
  OBJECT_ATTRIBUTES attributes;
  IO_STATUS_BLOCK status_block;
  LARGE_INTEGER timeout;
  ULONG share = 0;
  ULONG type = place->root == NULL ? NP__PIPE_REJECT_REMOTE : 0u;

  share |= options->read ? FILE_SHARE_WRITE : 0u;
  share |= options->write ? FILE_SHARE_READ : 0u;
  type |= options->mode == NP_MESSAGE ? NP__PIPE_MESSAGE_TYPE : 0u;
  timeout.QuadPart = PAIR_TIMEOUT_TICKS;
  InitializeObjectAttributes(&attributes, &place->name, 0, place->root,
                             place->descriptor);
  return NtCreateNamedPipeFile(
      server, pair_access(options->read, options->write), &attributes,
      &status_block, share, NP__FILE_CREATE, 0, type,
      options->read_mode == NP_MESSAGE ? 1 : 0, 0, 1, options->in_buffer_bytes,
      options->out_buffer_bytes, &timeout);
}

/* pair_open_peer opens the other end. A pipe without a name is opened below its
 * server end. */
static NTSTATUS pair_open_peer(HANDLE *peer, HANDLE server, pair_place *place,
                               const np_pair_options *options) {
  OBJECT_ATTRIBUTES attributes;
  IO_STATUS_BLOCK status_block;

  InitializeObjectAttributes(&attributes, &place->name,
                             options->inheritable ? OBJ_INHERIT : 0u,
                             place->root != NULL ? server : NULL, NULL);
  return NtOpenFile(peer, pair_access(options->write, options->read),
                    &attributes, &status_block, 0,
                    NP__SYNCHRONOUS_IO | NP__FILE_NON_DIRECTORY_FILE);
}

static NTSTATUS pair_make(HANDLE *server, HANDLE *peer, pair_place *place,
                          const np_pair_options *options) {
  NTSTATUS status = pair_make_server(server, place, options);

  if (status < 0) {
    return status;
  }
  status = pair_open_peer(peer, *server, place, options);
  if (status < 0) {
    CloseHandle(*server);
  }
  return status;
}

/* pair_make_nameless makes a pipe without a name. The name's pointer is NULL,
 * because programs that hook the call have crashed on an empty text. */
static NTSTATUS pair_make_nameless(HANDLE *server, HANDLE *peer,
                                   const np_pair_options *options) {
  pair_place place = {0};
  NTSTATUS status = np__root_open(
      &place.root, FILE_READ_ATTRIBUTES | SYNCHRONIZE, NP__SYNCHRONOUS_IO);

  if (status < 0) {
    return status;
  }
  status = pair_make(server, peer, &place, options);
  CloseHandle(place.root);
  return status;
}

/* pair_name writes a name that nobody can guess. */
static bool pair_name(pair_place *place) {
  BYTE random[PAIR_RANDOM_BYTES];
  size_t units = PAIR_NAME_UNITS;

  if (!SystemFunction036(random, sizeof random)) {
    return false;
  }
  memcpy(place->text, PAIR_NAME, PAIR_NAME_UNITS * sizeof(WCHAR));
  for (size_t i = 0; i < sizeof random; i++) {
    place->text[units++] = L"0123456789abcdef"[random[i] >> 4];
    place->text[units++] = L"0123456789abcdef"[random[i] & 15];
  }
  place->name.Buffer = place->text;
  place->name.Length = sizeof place->text;
  place->name.MaximumLength = sizeof place->text;
  return true;
}

/* pair_make_named makes a pipe with a name. The name is new, and its only
 * instance is this server. So the client end that could be opened is the end of
 * this server. */
static np_error pair_make_named(HANDLE *server, HANDLE *peer, np_loop *loop,
                                const np_pair_options *options) {
  pair_place place = {0};
  np_server_options preset;
  np__security security;
  np_error error;

  if (!pair_name(&place)) {
    return ERROR_GEN_FAILURE;
  }
  np_server_options_init(&preset);
  error = np__security_init(&security, loop, &preset);
  if (error == NP_OK) {
    place.descriptor = security.attributes.lpSecurityDescriptor;
    error = np__error_of_status(pair_make(server, peer, &place, options));
  }
  np__security_deinit(&security);
  return error;
}

static void pair_describe(np_pipe *pipe, const np_pair_options *options) {
  pipe->readable = options->read;
  pipe->writable = options->write;
  pipe->state = NP_CONNECTED;
  pipe->announced = true;
  pipe->knows_mode = true;
  pipe->mode = options->mode == NP_MESSAGE;
  pipe->read_mode = options->read_mode == NP_MESSAGE;
  pipe->instances_max = 1;
  pipe->in_buffer_bytes = options->in_buffer_bytes;
  pipe->out_buffer_bytes = options->out_buffer_bytes;
}

np_error np_pipe_pair(np_loop *loop, const np_pair_options *options,
                      np_pipe **pipe, HANDLE *peer) {
  np_pair_options defaults;
  HANDLE server = NULL;
  HANDLE client = NULL;
  np_pipe *made;
  np_error error = NP_OK;

  np__loop_check_thread(loop);
  if (options == NULL) {
    np_pair_options_init(&defaults);
    options = &defaults;
  }
  if (loop == NULL || pipe == NULL || peer == NULL ||
      !pair_options_are_valid(options)) {
    return ERROR_INVALID_PARAMETER;
  }
  made = np__pipe_new(loop, NP_SERVER);
  if (made == NULL) {
    return ERROR_NOT_ENOUGH_MEMORY;
  }
  /* Whatever the reason of the failure is: the pipe with a name is tried once,
   * and its error is the result. */
  if (pair_make_nameless(&server, &client, options) < 0) {
    error = pair_make_named(&server, &client, loop, options);
  }
  if (error == NP_OK) {
    error = np__pipe_open(made, server);
    if (error != NP_OK) {
      CloseHandle(server);
      CloseHandle(client);
    }
  }
  if (error != NP_OK) {
    np__pipe_discard(made);
    return error;
  }
  pair_describe(made, options);
  *pipe = made;
  *peer = client;
  return NP_OK;
}
