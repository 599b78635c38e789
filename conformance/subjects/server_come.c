/* Clients come and go at the program's server, in every order that a hostile or
 * an unlucky client can choose. None of them ends the server, and none is told
 * that the pipe does not exist. */
#include "judge.h"

enum { IN_TURN = 200, AT_ONCE = 50, SILENT = 8, PROBES = 20 };

NP_SUBJECT_CASE("server/first-client", BOTH, LEVEL_ANY, 0,
                "The server serves its first client.",
                "ConnectNamedPipe; museum A12 A18") {
  server_start(f, "echo");
  assert_serves(f, "after the start");
}

NP_SUBJECT_CASE("server/next-client", BOTH, LEVEL_ANY, 0,
                "After a client has left, the server serves the next one.",
                "DisconnectNamedPipe; museum A15") {
  server_start(f, "echo");
  assert_serves(f, "after the start");
  assert_serves(f, "after the first one left");
  assert_serves(f, "after the second one left");
}

NP_SUBJECT_CASE("server/type", BOTH, LEVEL_ANY, 0,
                "The pipe has the type that the server was told.",
                "GetNamedPipeInfo") {
  DWORD flags = 0;

  server_start(f, "echo");
  peer_open(f->peer, f->name, f->mode);
  assert_true(GetNamedPipeInfo(f->peer->pipe, &flags, NULL, NULL, NULL));
  assert_int_equal(flags & PIPE_TYPE_MESSAGE,
                   f->mode == MODE_MESSAGE ? PIPE_TYPE_MESSAGE : 0);
}

/* ghost opens the pipe, writes `length` bytes and leaves at once. */
static void ghost(struct judge *f, size_t length) {
  struct peer p;

  peer_open(&p, f->name, f->mode);
  if (length > 0) {
    peer_pattern(f->data, length, 3);
    peer_try_write(&p, f->data, length, QUIET_MS);
  }
  peer_close(&p);
}

NP_SUBJECT_CASE("server/ghosts", BOTH, LEVEL_ANY, 0,
                "Clients that open the pipe and leave at once do not end the "
                "server.",
                "ConnectNamedPipe#ERROR_NO_DATA; museum A02 A03 A05 A09") {
  server_start(f, "echo");
  for (unsigned i = 0; i < config.rounds; i++) {
    ghost(f, 0);
  }
  assert_serves(f, "after the ghosts");
}

NP_SUBJECT_CASE("server/ghosts-that-wrote", BOTH, LEVEL_ANY, 0,
                "Clients that open the pipe, write and leave at once do not "
                "end the server.",
                "ConnectNamedPipe#ERROR_NO_DATA; museum A14 S15") {
  server_start(f, "echo");
  for (unsigned i = 0; i < config.rounds; i++) {
    ghost(f, 100);
  }
  assert_serves(f, "after the ghosts");
}

/* suspended_ghost lets a ghost come while the server cannot run. The server has
 * an instance that waits. */
static void suspended_ghost(struct judge *f, size_t length) {
  if (!WaitNamedPipeA(f->name, (DWORD)world_timeout_ms(PEER_MS))) {
    fail_msg("no instance waits for a client (error %lu)",
             (unsigned long)GetLastError());
  }
  outside_suspend(&f->subject);
  ghost(f, length);
  outside_resume(&f->subject);
}

NP_SUBJECT_CASE("server/ghost-while-suspended", BOTH, LEVEL_ANY, 0,
                "A client that comes and leaves while the server cannot run "
                "does not end the server.",
                "ConnectNamedPipe#ERROR_NO_DATA; museum A02 A17") {
  server_start(f, "echo");
  for (unsigned i = 0; i < config.rounds; i++) {
    suspended_ghost(f, 0);
  }
  assert_serves(f, "after the ghosts");
}

NP_SUBJECT_CASE("server/ghost-that-wrote-while-suspended", BOTH, LEVEL_ANY, 0,
                "A client that comes, writes and leaves while the server "
                "cannot run does not end the server.",
                "ConnectNamedPipe#ERROR_NO_DATA; museum A02 A14") {
  server_start(f, "echo");
  for (unsigned i = 0; i < config.rounds; i++) {
    suspended_ghost(f, 100);
  }
  assert_serves(f, "after the ghosts");
}

NP_SUBJECT_CASE("server/ghost-before-the-wait", BOTH, LEVEL_ANY, 0,
                "A client that comes and leaves between the creation of an "
                "instance and the wait for a client does not end the server.",
                "ConnectNamedPipe#ERROR_NO_DATA; museum A02 A05 A17") {
  server_start(f, "echo");
  for (unsigned i = 0; i < 5 * config.rounds; i++) {
    ghost_before_the_wait(f);
  }
  assert_serves(f, "after the ghosts");
}

NP_SUBJECT_CASE("server/ghost-at-start", BOTH, LEVEL_ANY, 0,
                "A client that comes as soon as the name exists, and leaves at "
                "once, does not end the server.",
                "ConnectNamedPipe#ERROR_NO_DATA; museum A17 A18") {
  struct peer p;
  DWORD error;
  uint64_t deadline = world_now_ms() + world_timeout_ms(20000);

  subject_start(&f->subject, ROLE_SERVER, f->name, f->mode, "echo");
  do {
    error = peer_try_open(&p, f->name, MODE_BYTE, GENERIC_READ | GENERIC_WRITE);
    assert_true(world_now_ms() < deadline);
  } while (error == ERROR_FILE_NOT_FOUND && subject_is_alive(&f->subject));
  if (error == NO_ERROR) {
    peer_close(&p);
  }
  subject_ready(&f->subject, f->name);
  assert_serves(f, "after the ghost");
}

NP_SUBJECT_CASE("server/ghosts-of-fifty", BOTH, LEVEL_ANY, 0,
                "Many clients that leave at the same time do not end the "
                "server.",
                "DisconnectNamedPipe; museum S15") {
  server_start(f, "echo");
  for (size_t i = 0; i < AT_ONCE; i++) {
    peer_open(&f->peers[i], f->name, f->mode);
  }
  outside_suspend(&f->subject);
  for (size_t i = 0; i < AT_ONCE; i++) {
    peer_close(&f->peers[i]);
  }
  outside_resume(&f->subject);
  assert_serves(f, "after fifty left");
}

/* probe opens the pipe with fewer rights than a client has, and closes it. The
 * pipe may refuse it. */
static void probe(struct judge *f, DWORD access) {
  for (int i = 0; i < PROBES; i++) {
    struct peer p;

    if (peer_try_open(&p, f->name, MODE_BYTE, access) == NO_ERROR) {
      peer_close(&p);
    }
  }
}

NP_SUBJECT_CASE("server/probe-attributes", BOTH, LEVEL_ANY, 0,
                "A program that opens the pipe to ask for its attributes does "
                "not end the server.",
                "CreateFileW#pipes; museum A06 A08") {
  server_start(f, "echo");
  probe(f, FILE_READ_ATTRIBUTES);
  probe(f, 0);
  assert_serves(f, "after the probes");
}

NP_SUBJECT_CASE("server/probe-security", BOTH, LEVEL_ANY, 0,
                "A program that opens the pipe to read its security does not "
                "end the server.",
                "CreateFileW#pipes; museum A05") {
  server_start(f, "echo");
  probe(f, READ_CONTROL);
  assert_serves(f, "after the probes");
}

NP_SUBJECT_CASE("server/probe-exists", BOTH, LEVEL_ANY, 0,
                "A program that asks whether the file exists does not end the "
                "server.",
                "CreateFileW#pipes; museum A06 A08") {
  server_start(f, "echo");
  for (int i = 0; i < PROBES; i++) {
    (void)GetFileAttributesA(f->name);
  }
  assert_serves(f, "after the questions");
}

NP_SUBJECT_CASE("server/read-only-client", BOTH, LEVEL_ANY, 0,
                "A client that may only read, and leaves, does not end the "
                "server.",
                "CreateFileW#pipes") {
  server_start(f, "echo");
  probe(f, GENERIC_READ);
  assert_serves(f, "after clients that only read");
}

NP_SUBJECT_CASE("server/write-only-client", BOTH, LEVEL_ANY, 0,
                "A client that may only write, and leaves, does not end the "
                "server.",
                "CreateFileW#pipes") {
  server_start(f, "echo");
  for (int i = 0; i < PROBES; i++) {
    struct peer p;

    if (peer_try_open(&p, f->name, MODE_BYTE, GENERIC_WRITE) == NO_ERROR) {
      peer_try_write(&p, "abc", 3, QUIET_MS);
      peer_close(&p);
    }
  }
  assert_serves(f, "after clients that only write");
}

NP_SUBJECT_CASE("server/wait-named-pipe", BOTH, LEVEL_ANY, 0,
                "Programs that wait for the pipe, and do not open it, do not "
                "disturb the server.",
                "WaitNamedPipeW") {
  server_start(f, "echo");
  for (int i = 0; i < AT_ONCE; i++) {
    if (!WaitNamedPipeA(f->name, PEER_MS)) {
      fail_msg("no instance becomes free (error %lu)",
               (unsigned long)GetLastError());
    }
  }
  assert_serves(f, "after the waits");
}

NP_SUBJECT_CASE("server/silent-clients", BOTH, LEVEL_ANY, 0,
                "The server serves a client while others are connected and "
                "say nothing.",
                "CreateNamedPipeW#nMaxInstances; museum A14") {
  server_start(f, "echo");
  for (size_t i = 0; i < SILENT; i++) {
    peer_open(&f->peers[i], f->name, f->mode);
  }
  assert_serves(f, "beside silent ones");
}

NP_SUBJECT_CASE("server/fifty-at-once", BOTH, LEVEL_ANY, 0,
                "The server serves fifty clients at the same time.",
                "CreateNamedPipeW#nMaxInstances; museum A20 A26") {
  server_start(f, "echo");
  for (size_t i = 0; i < AT_ONCE; i++) {
    peer_open(&f->peers[i], f->name, f->mode);
  }
  for (size_t i = AT_ONCE; i-- > 0;) {
    exchange(f, &f->peers[i], (unsigned)i);
  }
}

NP_SUBJECT_CASE("server/two-hundred-in-turn", BOTH, LEVEL_ANY, 0,
                "The name exists all the time, while two hundred clients come "
                "one after another.",
                "CreateFileW#pipes; museum A20 A21 A23 A24 A26") {
  server_start(f, "echo");
  for (unsigned i = 0; i < IN_TURN; i++) {
    peer_open(f->peer, f->name, f->mode);
    exchange(f, f->peer, i);
    peer_close(f->peer);
  }
}

NP_SUBJECT_CASE("server/client-stays", BOTH, LEVEL_ANY, 0,
                "A client that stays is served again after many others came "
                "and went.",
                "CreateNamedPipeW#nMaxInstances") {
  server_start(f, "echo");
  peer_open(f->peer, f->name, f->mode);
  exchange(f, f->peer, 1);
  for (unsigned i = 0; i < AT_ONCE; i++) {
    peer_open(&f->peers[1], f->name, f->mode);
    peer_close(&f->peers[1]);
  }
  if (!config.talks) {
    exchange(f, f->peer, 2);
  }
}

/* A client process that connects and waits until it is killed. */
WORLD_ROLE(subject_client) {
  struct peer p;
  unsigned char bytes[4096] = {0};

  peer_open(&p, arg, MODE_BYTE);
  peer_try_write(&p, bytes, sizeof(bytes), QUIET_MS);
  world_role_write_line("connected");
  quiet(60000);
}

NP_SUBJECT_CASE("server/killed-clients", BOTH, LEVEL_ANY, 0,
                "Clients whose process is killed do not end the server.",
                "TerminateProcess; museum S15") {
  server_start(f, "echo");
  for (int i = 0; i < 4; i++) {
    world_process *client = world_process_start("subject_client", f->name);
    char line[64];

    world_process_read_line(client, line, sizeof(line), PEER_MS);
    assert_string_equal(line, "connected");
    world_process_kill(client);
  }
  assert_serves(f, "after the killed ones");
}
