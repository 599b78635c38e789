/* The probes: raw calls on pipes of our own, whose answers differ between
 * Windows and Wine. */
#include "probe.h"
#include "judge.h"

#include <string.h>

/* server_create creates an instance with `flags`, or returns NULL. */
static HANDLE server_create(const char *name, DWORD flags, DWORD quota) {
  HANDLE pipe = CreateNamedPipeA(
      name, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED | flags, PIPE_TYPE_BYTE,
      PIPE_UNLIMITED_INSTANCES, quota, quota, 0, NULL);

  return pipe == INVALID_HANDLE_VALUE ? NULL : pipe;
}

static HANDLE client_open(const char *name, DWORD level) {
  HANDLE pipe =
      CreateFileA(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
                  FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | level, NULL);

  return pipe == INVALID_HANDLE_VALUE ? NULL : pipe;
}

static void close_known(HANDLE handle) {
  if (handle != NULL) {
    CloseHandle(handle);
  }
}

/* first_is_enforced: a second first instance is refused. */
static bool first_is_enforced(void) {
  char name[WORLD_PIPE_NAME_BYTES_MAX];
  HANDLE first;
  HANDLE second;

  world_pipe_name(name, sizeof(name));
  first = server_create(name, 0, PEER_QUOTA);
  second = server_create(name, FILE_FLAG_FIRST_PIPE_INSTANCE, PEER_QUOTA);
  close_known(first);
  close_known(second);
  return first != NULL && second == NULL;
}

/* level_of returns the level of the token that a server gets from a client that
 * gave SECURITY_IDENTIFICATION, or -1. */
static int level_of(HANDLE server) {
  SECURITY_IMPERSONATION_LEVEL level = SecurityAnonymous;
  HANDLE token = NULL;
  DWORD size = 0;
  int result = -1;

  if (ImpersonateNamedPipeClient(server)) {
    if (OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, &token)) {
      if (GetTokenInformation(token, TokenImpersonationLevel, &level,
                              sizeof(level), &size)) {
        result = (int)level;
      }
      CloseHandle(token);
    }
    RevertToSelf();
  }
  return result;
}

/* levels_are_kept: the server gets the level that the client gave. */
static bool levels_are_kept(void) {
  char name[WORLD_PIPE_NAME_BYTES_MAX];
  HANDLE server;
  HANDLE client;
  int level = -1;

  world_pipe_name(name, sizeof(name));
  server = server_create(name, 0, PEER_QUOTA);
  client = client_open(name, SECURITY_IDENTIFICATION);
  if (server != NULL && client != NULL) {
    struct peer peer;
    unsigned char byte = 1;

    memset(&peer, 0, sizeof(peer));
    peer.pipe = client;
    peer_write(&peer, &byte, 1);
    peer.pipe = server;
    peer_read(&peer, &byte, 1);
    level = level_of(server);
  }
  close_known(server);
  close_known(client);
  return level == SecurityIdentification;
}

/* dacl_exists: a pipe without a security descriptor gets a DACL. */
static bool dacl_exists(void) {
  char name[WORLD_PIPE_NAME_BYTES_MAX];
  unsigned char bytes[1024];
  HANDLE server;
  DWORD size = 0;
  BOOL present = FALSE;
  BOOL defaulted;
  ACL *dacl = NULL;

  world_pipe_name(name, sizeof(name));
  server = server_create(name, 0, PEER_QUOTA);
  if (server == NULL ||
      !GetKernelObjectSecurity(server, DACL_SECURITY_INFORMATION, bytes,
                               sizeof(bytes), &size) ||
      !GetSecurityDescriptorDacl(bytes, &present, &dacl, &defaulted)) {
    present = FALSE;
  }
  close_known(server);
  return present && dacl != NULL;
}

/* zero_quota_waits: at a pipe without buffers a write waits for a read. */
static bool zero_quota_waits(void) {
  char name[WORLD_PIPE_NAME_BYTES_MAX];
  HANDLE server;
  HANDLE client;
  bool waits = false;

  world_pipe_name(name, sizeof(name));
  server = server_create(name, 0, 0);
  client = client_open(name, SECURITY_IDENTIFICATION);
  if (server != NULL && client != NULL) {
    struct peer peer;
    unsigned char byte = 1;

    memset(&peer, 0, sizeof(peer));
    peer.pipe = client;
    waits = peer_try_write(&peer, &byte, 1, 20).error == WAIT_TIMEOUT;
  }
  close_known(server);
  close_known(client);
  return waits;
}

unsigned probe_platform(void) {
  static unsigned known;
  static bool is_known;

  if (!is_known) {
    known = (first_is_enforced() ? NEEDS_FIRST : 0u) |
            (levels_are_kept() ? NEEDS_LEVELS : 0u) |
            (dacl_exists() ? NEEDS_DACL : 0u) |
            (zero_quota_waits() ? NEEDS_SIZES : 0u);
    is_known = true;
  }
  return known;
}
