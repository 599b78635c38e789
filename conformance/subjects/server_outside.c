/* The program's server seen from outside: handles that it leaks, handles that a
 * child would inherit, processor time while nothing happens, memory, the rights
 * on its pipe. */
#include "judge.h"

#include <stdlib.h>
#include <string.h>

enum {
  WARM = 20,
  SESSIONS = 100,
  HANDLES_SPARE = 20, /* a runtime may keep some for later */
  MEMORY_SPARE = 4 << 20
};

/* sessions lets `count` clients come and leave. */
static void sessions(struct judge *f, size_t count, bool speak) {
  for (size_t i = 0; i < count; i++) {
    peer_open(f->peer, f->name, f->mode);
    if (speak) {
      exchange(f, f->peer, (unsigned)i);
    }
    peer_close(f->peer);
  }
  assert_serves(f, "after the sessions");
}

/* assert_handles_stay fails if the server holds more handles after many more
 * sessions. */
static void assert_handles_stay(struct judge *f, bool speak) {
  size_t before;
  size_t after;

  server_start(f, "echo");
  sessions(f, WARM, speak);
  before = outside_handles(&f->subject);
  sessions(f, SESSIONS, speak);
  after = outside_handles(&f->subject);
  if (after > before + HANDLES_SPARE) {
    /* What the last clients held may go in a moment. */
    quiet(QUIET_MS);
    after = outside_handles(&f->subject);
  }
  if (after > before + HANDLES_SPARE) {
    fail_msg("%zu handles after %d sessions, %zu after %d more", before, WARM,
             after, SESSIONS);
  }
}

NP_SUBJECT_CASE("server/handles", BOTH, LEVEL_ANY, 0,
                "The server holds no more handles after a hundred clients "
                "than before them.",
                "CloseHandle; museum N11") {
  assert_handles_stay(f, true);
}

NP_SUBJECT_CASE("server/handles-of-ghosts", BOTH, LEVEL_ANY, 0,
                "The server holds no more handles after a hundred clients "
                "that said nothing.",
                "CloseHandle; museum N11") {
  assert_handles_stay(f, false);
}

NP_SUBJECT_CASE("server/handles-of-early-ghosts", BOTH, LEVEL_ANY, 0,
                "The server holds no more handles after clients that left "
                "before it waited for them.",
                "ConnectNamedPipe#ERROR_NO_DATA; museum A02 N11") {
  size_t before;

  server_start(f, "echo");
  sessions(f, WARM, false);
  before = outside_handles(&f->subject);
  for (unsigned i = 0; i < 5 * config.rounds; i++) {
    ghost_before_the_wait(f);
  }
  quiet(QUIET_MS);
  if (outside_handles(&f->subject) > before + HANDLES_SPARE) {
    fail_msg("%zu handles before the ghosts, %zu after them", before,
             outside_handles(&f->subject));
  }
}

NP_SUBJECT_CASE("server/memory", BOTH, LEVEL_ANY, 0,
                "The server holds no more memory after two hundred clients "
                "than before them.",
                "GetProcessMemoryInfo") {
  size_t before;
  size_t after;

  server_start(f, "echo");
  sessions(f, WARM, true);
  before = outside_memory(&f->subject);
  sessions(f, 2 * SESSIONS, true);
  after = outside_memory(&f->subject);
  if (after > before + MEMORY_SPARE) {
    fail_msg("%zu KiB before, %zu KiB after %d sessions", before / 1024,
             after / 1024, 2 * SESSIONS);
  }
}

NP_SUBJECT_CASE("server/memory-of-one", BOTH, LEVEL_ANY, NEEDS_ECHO,
                "A client that sends and never reads does not make the server "
                "hold all that it sent.",
                "WriteFile#pipes") {
  size_t before;
  size_t after;
  size_t sent = 0;

  server_start(f, "echo");
  sessions(f, 2, true);
  before = outside_memory(&f->subject);
  peer_open(f->peer, f->name, f->mode);
  peer_pattern(f->data, 65536, 1);
  while (sent < (size_t)32 << 20) {
    struct told told = peer_try_write(f->peer, f->data, 65536, QUIET_MS);

    sent += told.bytes;
    if (told.error != NO_ERROR) {
      break; /* the server takes no more, which is right */
    }
  }
  after = outside_memory(&f->subject);
  if (after > before + 2 * (size_t)MEMORY_SPARE) {
    fail_msg(
        "the server holds %zu KiB for a client that sent %zu KiB and "
        "read nothing",
        (after - before) / 1024, sent / 1024);
  }
}

NP_SUBJECT_CASE("server/inherit", BOTH, LEVEL_ANY, 0,
                "A child of the server inherits none of its pipe's handles.",
                "SECURITY_ATTRIBUTES; museum X12") {
  size_t count;

  server_start(f, "echo");
  peer_open(f->peer, f->name, f->mode);
  exchange(f, f->peer, 1);
  count = outside_inheritable(&f->subject);
  if (count > 0) {
    fail_msg("%zu handles of pipes or files can be inherited", count);
  }
}

NP_SUBJECT_CASE("server/idle", BOTH, LEVEL_ANY, 0,
                "A server without clients uses no processor time.",
                "GetThreadTimes; museum N01") {
  server_start(f, "echo");
  assert_idle(&f->subject, "without clients", false);
}

NP_SUBJECT_CASE("server/idle-with-silent-clients", BOTH, LEVEL_ANY, 0,
                "A server whose clients say nothing uses no processor time.",
                "GetThreadTimes; museum N01") {
  server_start(f, "echo");
  for (size_t i = 0; i < 4; i++) {
    peer_open(&f->peers[i], f->name, f->mode);
  }
  assert_idle(&f->subject, "with silent clients", false);
}

NP_SUBJECT_CASE("server/idle-with-a-stuck-client", BOTH, LEVEL_ANY, NEEDS_ECHO,
                "A server whose client does not read its answer uses no "
                "processor time.",
                "GetThreadTimes; museum N01") {
  server_start(f, "echo");
  peer_open(f->peer, f->name, f->mode);
  peer_pattern(f->data, ONE_MIB, 1);
  peer_try_write(f->peer, f->data, ONE_MIB, QUIET_MS);
  assert_idle(&f->subject, "with a stuck client", false);
}

NP_SUBJECT_CASE("server/idle-after-ghosts", BOTH, LEVEL_ANY, 0,
                "A server that clients have left uses no processor time.",
                "GetThreadTimes; museum N01") {
  server_start(f, "echo");
  for (unsigned i = 0; i < config.rounds; i++) {
    peer_open(f->peer, f->name, f->mode);
    peer_close(f->peer);
  }
  assert_idle(&f->subject, "after ghosts", false);
}

/* lets_in returns true if an entry of the list gives `sid` the right to write,
 * or all rights. */
static bool lets_in(ACL *list, WELL_KNOWN_SID_TYPE type) {
  BYTE sid[SECURITY_MAX_SID_SIZE];
  DWORD size = sizeof(sid);

  assert_true(CreateWellKnownSid(type, NULL, sid, &size));
  for (DWORD i = 0; i < list->AceCount; i++) {
    ACCESS_ALLOWED_ACE *entry = NULL;

    assert_true(GetAce(list, i, (void **)&entry));
    if (entry->Header.AceType == ACCESS_ALLOWED_ACE_TYPE &&
        (entry->Mask & (FILE_WRITE_DATA | GENERIC_WRITE | GENERIC_ALL)) != 0 &&
        EqualSid((PSID)&entry->SidStart, sid)) {
      return true;
    }
  }
  return false;
}

NP_SUBJECT_CASE("server/security", BOTH, LEVEL_ANY, NEEDS_DACL,
                "Neither everyone nor anonymous users may write to the pipe.",
                "SECURITY_ATTRIBUTES; museum X04 X11") {
  static BYTE bytes[4096];
  DWORD size = 0;
  BOOL present = FALSE;
  BOOL defaulted;
  ACL *dacl = NULL;

  server_start(f, "echo");
  peer_open(f->peer, f->name, f->mode);
  assert_true(GetKernelObjectSecurity(f->peer->pipe, DACL_SECURITY_INFORMATION,
                                      bytes, sizeof(bytes), &size));
  assert_true(GetSecurityDescriptorDacl(bytes, &present, &dacl, &defaulted));
  if (!present || dacl == NULL) {
    fail_msg("the pipe has no access list: everybody may do everything");
  }
  if (lets_in(dacl, WinWorldSid) || lets_in(dacl, WinAnonymousSid)) {
    fail_msg("everyone may write to the pipe");
  }
}
