/* The program as a client: a pipe that is busy, absent, or served by a server
 * that goes away. */
#include "judge.h"

#include <stdlib.h>

enum {
  ABSENT_MS = 20000,
  END_MS = 8000,
  CODE_END = 0,    /* the library told the end of the stream */
  CODE_ERROR = 5,  /* a read failed in another way */
  CODE_ABSENT = 4, /* it never connected */
  IDLE_MS = 2000,
  IDLE_CPU_MS = 25 /* as for a server */
};

NP_SUBJECT_CASE("client/connects", BOTH, LEVEL_ANY, NEEDS_ECHO,
                "The client connects to a server that waits, and echoes.",
                "CreateFileW#pipes") {
  instances_create(f, 1, PEER_QUOTA);
  client_start(f, "echo");
  assert_accepts(f->peer);
  exchange(f, f->peer, 1);
}

NP_SUBJECT_CASE("client/one-instance", BOTH, LEVEL_ANY, 0,
                "The client takes one instance, and no more for a moment.",
                "CreateFileW#pipes; museum N03") {
  instances_create(f, 3, PEER_QUOTA);
  client_start(f, "echo");
  assert_true(peer_accept(f->peer, PEER_MS) || peer_accept(&f->peers[1], 0) ||
              peer_accept(&f->peers[2], 0));
  quiet(2 * QUIET_MS);
  assert_int_equal((int)peer_accept(f->peer, 0) +
                       (int)peer_accept(&f->peers[1], 0) +
                       (int)peer_accept(&f->peers[2], 0),
                   1);
}

NP_SUBJECT_CASE("client/busy", BOTH, LEVEL_ANY, 0,
                "A client that finds the pipe busy waits, and connects when "
                "an instance is free.",
                "WaitNamedPipeW; museum A26 N04 N06") {
  pipe_busy(f);
  client_start(f, "echo");
  quiet(3 * QUIET_MS);
  if (!subject_is_alive(&f->subject)) {
    fail_msg("the client gave up while the pipe was busy");
  }
  peer_create(&f->peers[2], f->name, f->mode, PIPE_ACCESS_DUPLEX, PEER_QUOTA);
  assert_accepts(&f->peers[2]);
  exchange(f, &f->peers[2], 1);
}

NP_SUBJECT_CASE("client/busy-idle", BOTH, LEVEL_ANY, 0,
                "A client that waits for a busy pipe uses hardly any "
                "processor time.",
                "WaitNamedPipeW; museum N01") {
  pipe_busy(f);
  client_start(f, "echo");
  quiet(3 * QUIET_MS);
  assert_idle(&f->subject, "busy", true);
}

NP_SUBJECT_CASE("client/busy-stop", BOTH, LEVEL_STOP, 0,
                "A client that waits for a busy pipe stops when it is told to.",
                "WaitNamedPipeW; museum N04 N12 H14") {
  pipe_busy(f);
  client_start(f, "echo");
  quiet(3 * QUIET_MS);
  subject_close_input(&f->subject);
  subject_wait(&f->subject, END_MS, "told to stop while the pipe is busy");
}

NP_SUBJECT_CASE("client/absent", BOTH, LEVEL_STOP, 0,
                "A client whose pipe does not exist ends, and says that it "
                "never connected (code 4).",
                "CreateFileW#pipes; museum N10") {
  client_start(f, "echo");
  assert_int_equal(
      subject_wait(&f->subject, ABSENT_MS, "the pipe does not exist"),
      CODE_ABSENT);
}

NP_SUBJECT_CASE("client/name-goes-while-busy", BOTH, LEVEL_STOP, 0,
                "A client that waits for a busy pipe ends when the pipe goes.",
                "WaitNamedPipeW; museum N04") {
  pipe_busy(f);
  client_start(f, "echo");
  quiet(3 * QUIET_MS);
  peer_close(&f->peers[1]);
  peer_close(f->peer);
  subject_wait(&f->subject, ABSENT_MS, "the busy pipe has gone");
}

/* assert_ends fails if the client does not end with the code for the end of the
 * stream. */
static void assert_ends(struct judge *f, const char *what, bool any_error) {
  DWORD code = subject_wait(&f->subject, END_MS, what);

  if (code != CODE_END && !(any_error && code == CODE_ERROR)) {
    fail_msg("%s: the client ended with code %lu (0x%lx)", what,
             (unsigned long)code, (unsigned long)code);
  }
}

/* serve_one connects the client to the first instance. */
static void serve_one(struct judge *f, const char *kind) {
  instances_create(f, 1, PEER_QUOTA);
  client_start(f, kind);
  assert_accepts(f->peer);
}

NP_SUBJECT_CASE("client/server-closes", BOTH, LEVEL_STOP, 0,
                "A client whose server closes its end is told the end of the "
                "stream.",
                "ReadFile#pipes; museum M11 S10") {
  serve_one(f, "echo");
  exchange(f, f->peer, 1);
  peer_close(f->peer);
  assert_ends(f, "the server closed", false);
}

NP_SUBJECT_CASE("client/server-closes-at-once", BOTH, LEVEL_STOP, 0,
                "A client whose server closes as soon as it has connected is "
                "told the end of the stream.",
                "ReadFile#pipes; museum M11 N03") {
  for (unsigned i = 0; i < (config.rounds + 4) / 5; i++) {
    serve_one(f, "echo");
    peer_close(f->peer);
    assert_ends(f, "the server closed at once", false);
    subject_end(&f->subject);
  }
}

NP_SUBJECT_CASE("client/server-disconnects", BOTH, LEVEL_STOP, 0,
                "A client whose server disconnects it ends.",
                "DisconnectNamedPipe; museum S10") {
  serve_one(f, "echo");
  exchange(f, f->peer, 1);
  peer_disconnect(f->peer);
  assert_ends(f, "the server disconnected", true);
}

NP_SUBJECT_CASE("client/server-closes-while-suspended", BOTH, LEVEL_STOP, 0,
                "A client whose server closes while the client cannot run is "
                "told the end of the stream.",
                "ReadFile#pipes; museum D08 M11") {
  serve_one(f, "echo");
  exchange(f, f->peer, 1);
  outside_suspend(&f->subject);
  peer_close(f->peer);
  outside_resume(&f->subject);
  assert_ends(f, "the server closed", false);
}

/* A server process that accepts one client and waits until it is killed. */
WORLD_ROLE(subject_server) {
  struct peer p;

  peer_create(&p, arg, MODE_BYTE, PIPE_ACCESS_DUPLEX, PEER_QUOTA);
  world_role_write_line("listens");
  if (peer_accept(&p, 30000)) {
    world_role_write_line("accepted");
  }
  quiet(60000);
}

NP_SUBJECT_CASE("client/server-killed", MODE_BYTE, LEVEL_STOP, 0,
                "A client whose server's process is killed ends.",
                "TerminateProcess; museum S10") {
  world_process *server = world_process_start("subject_server", f->name);
  char line[64];

  world_process_read_line(server, line, sizeof(line), PEER_MS);
  client_start(f, "echo");
  world_process_read_line(server, line, sizeof(line), PEER_MS);
  assert_string_equal(line, "accepted");
  quiet(QUIET_MS);
  world_process_kill(server);
  assert_ends(f, "the server was killed", true);
}

NP_SUBJECT_CASE("client/stop-idle", BOTH, LEVEL_STOP, 0,
                "A client that waits for data stops when it is told to.",
                "CancelIoEx; museum H14 H20") {
  serve_one(f, "echo");
  quiet(QUIET_MS);
  subject_close_input(&f->subject);
  subject_wait(&f->subject, END_MS, "told to stop while it waits for data");
}

NP_SUBJECT_CASE("client/stop-stuck", BOTH, LEVEL_STOP, NEEDS_ECHO,
                "A client whose answer is not read stops when it is told to.",
                "CancelIoEx; museum H17") {
  enum { LARGE = 300000 };

  serve_one(f, "echo");
  peer_pattern(f->data, LARGE, 1);
  peer_try_write(f->peer, f->data, LARGE, QUIET_MS);
  subject_close_input(&f->subject);
  subject_wait(&f->subject, END_MS, "told to stop while its write waits");
}

NP_SUBJECT_CASE("client/stop-at-start", BOTH, LEVEL_STOP, 0,
                "A client that is told to stop while it connects stops.",
                "CancelIoEx; museum H20 H21") {
  for (unsigned i = 0; i < (config.rounds + 4) / 5; i++) {
    instances_create(f, 1, PEER_QUOTA);
    client_start(f, "echo");
    subject_close_input(&f->subject);
    subject_wait(&f->subject, END_MS, "told to stop at its start");
    peer_close(f->peer);
    subject_end(&f->subject);
  }
}

NP_SUBJECT_CASE("client/idle", BOTH, LEVEL_ANY, 0,
                "A client whose server says nothing uses no processor time.",
                "GetThreadTimes; museum N01") {
  serve_one(f, "echo");
  assert_idle(&f->subject, "connected", false);
}

NP_SUBJECT_CASE("client/inherit", BOTH, LEVEL_ANY, 0,
                "A child of the client inherits no handle of its pipe.",
                "SECURITY_ATTRIBUTES; museum X12") {
  size_t count;

  serve_one(f, "echo");
  exchange(f, f->peer, 1);
  count = outside_inheritable(&f->subject);
  if (count > 0) {
    fail_msg("%zu handles of pipes or files can be inherited", count);
  }
}

NP_SUBJECT_CASE("client/impersonation", BOTH, LEVEL_ANY,
                NEEDS_LEVELS | NEEDS_ECHO,
                "The client does not let its server act in its name: the "
                "server may learn who it is, and no more.",
                "Impersonation Levels; museum X07") {
  SECURITY_IMPERSONATION_LEVEL level = SecurityDelegation;
  HANDLE token = NULL;
  DWORD size = 0;

  serve_one(f, "echo");
  exchange(f, f->peer, 1);
  assert_true(ImpersonateNamedPipeClient(f->peer->pipe));
  if (OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, &token)) {
    GetTokenInformation(token, TokenImpersonationLevel, &level, sizeof(level),
                        &size);
    CloseHandle(token);
  } else {
    level = SecurityAnonymous; /* not even the name is given */
  }
  RevertToSelf();
  if (level > SecurityIdentification) {
    fail_msg("the server may act in the client's name (level %d)", (int)level);
  }
}
