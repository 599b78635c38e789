/* Ends that are connected, reused and given up: a server that listens again, a
 * wait for a client that is cancelled, a client that waits for a busy pipe. */
#include "drive.h"

#include <stdio.h>
#include <string.h>

enum { SERVER = BOTH | END_SERVER, CLIENT = BOTH | END_CLIENT };

NP_SUBJECT_CASE("drive-listen/cancel", SERVER, LEVEL_DRIVE, 0,
                "A wait for a client that is cancelled ends, and the next wait "
                "gets a client.",
                "CancelIoEx; museum H08 H09 H12") {
  drive_start(f);
  drive(f, "listen");
  quiet(QUIET_MS);
  drive(f, "cancel listen");
  drive_expect(f, "connected cancelled");
  drive_connect(f);
  drive_alive(f);
}

NP_SUBJECT_CASE("drive-listen/limit", SERVER, LEVEL_DRIVE, 0,
                "A wait for a client with a time limit ends when the time is "
                "over, and the next wait gets a client.",
                "CancelIoEx; museum H08 H15") {
  drive_start(f);
  drive(f, "limit 100");
  drive(f, "listen");
  drive_expect(f, "connected timeout");
  drive(f, "limit 0");
  drive_connect(f);
  drive_alive(f);
}

NP_SUBJECT_CASE("drive-listen/cancel-race", SERVER, LEVEL_DRIVE, 0,
                "A wait for a client that is cancelled when a client comes "
                "tells the client, or the next wait does.",
                "CancelIoEx; museum H08 A12") {
  drive_start(f);
  for (unsigned i = 0; i < config.rounds; i++) {
    char line[256];

    drive(f, "listen");
    await_listening(f);
    outside_suspend(&f->subject);
    drive(f, "cancel listen");
    peer_open(f->peer, f->name, f->mode);
    outside_resume(&f->subject);
    drive_line(f, "connected ", line, sizeof(line));
    if (strcmp(line, "connected cancelled") == 0) {
      drive(f, "listen");
      drive_expect(f, "connected ok");
    } else {
      assert_string_equal(line, "connected ok");
    }
    drive_alive(f);
    drive(f, "disconnect");
    drive_expect(f, "disconnected ok");
    peer_close(f->peer);
  }
}

NP_SUBJECT_CASE("drive-listen/close", SERVER, LEVEL_DRIVE, 0,
                "A close ends the wait for a client, and the name goes.",
                "CloseHandle; museum H03 H05 H11") {
  struct peer p;

  drive_start(f);
  drive(f, "listen");
  quiet(QUIET_MS);
  drive(f, "close");
  drive_expect(f, "connected cancelled");
  drive_expect(f, "closed ok");
  assert_int_equal(
      peer_try_open(&p, f->name, f->mode, GENERIC_READ | GENERIC_WRITE),
      ERROR_FILE_NOT_FOUND);
}

NP_SUBJECT_CASE("drive-listen/early-client", SERVER, LEVEL_DRIVE, 0,
                "A client that came before the wait for a client is told by "
                "this wait.",
                "ConnectNamedPipe; museum A11 A12 A18") {
  drive_start(f);
  drive(f, "create");
  drive_expect(f, "created ok");
  peer_open(f->peer, f->name, f->mode);
  drive(f, "listen");
  drive_expect(f, "connected ok");
  drive_alive(f);
}

NP_SUBJECT_CASE("drive-listen/early-ghost", SERVER, LEVEL_DRIVE, 0,
                "A client that came and left before the wait for a client "
                "does not end the server: the wait tells it, or gets the next "
                "client.",
                "ConnectNamedPipe#ERROR_NO_DATA; museum A02 A03 A05 A17") {
  char line[256];

  drive_start(f);
  drive(f, "create");
  drive_expect(f, "created ok");
  peer_open(f->peer, f->name, f->mode);
  peer_close(f->peer);
  drive(f, "listen");
  if (!subject_line(&f->subject, line, sizeof(line), QUIET_MS)) {
    peer_open(f->peer, f->name, f->mode); /* it waits for the next one */
    drive_expect(f, "connected ok");
  } else {
    /* The wait told the ghost: a client that has gone, or an error. */
    drive(f, "disconnect");
    drive_expect(f, "disconnected ok");
    drive_connect(f);
  }
  drive_alive(f);
}

NP_SUBJECT_CASE("drive-reuse/next-client", SERVER, LEVEL_DRIVE, 0,
                "An instance serves the next client after a disconnect.",
                "DisconnectNamedPipe; museum S01 L05") {
  drive_start(f);
  for (unsigned i = 0; i < config.rounds; i++) {
    drive_connect(f);
    drive_alive(f);
    drive(f, "disconnect");
    drive_expect(f, "disconnected ok");
    peer_close(f->peer);
  }
}

NP_SUBJECT_CASE("drive-reuse/unread-data", SERVER, LEVEL_DRIVE, 0,
                "The next client's reads get nothing of the last client.",
                "DisconnectNamedPipe; museum S01") {
  drive_start(f);
  drive_connect(f);
  peer_write(f->peer, "old", 3);
  drive(f, "disconnect");
  drive_expect(f, "disconnected ok");
  peer_close(f->peer);
  drive_connect(f);
  drive_alive(f);
}

NP_SUBJECT_CASE("drive-reuse/after-the-end", SERVER, LEVEL_DRIVE, 0,
                "An instance whose client has closed serves the next client.",
                "DisconnectNamedPipe; museum S01 S10") {
  drive_start(f);
  for (unsigned i = 0; i < config.rounds; i++) {
    drive_connect(f);
    peer_close(f->peer);
    drive(f, "read 100");
    drive_expect(f, "read end");
    drive(f, "disconnect");
    drive_expect(f, "disconnected ok");
  }
  drive_connect(f);
  drive_alive(f);
}

NP_SUBJECT_CASE("drive-reuse/while-it-reads", SERVER, LEVEL_DRIVE, 0,
                "A disconnect ends a read that waits, and the next client is "
                "served.",
                "DisconnectNamedPipe; museum S01 S12") {
  char line[64];

  drive_start(f);
  drive_connect(f);
  drive(f, "read 100");
  quiet(QUIET_MS);
  drive(f, "disconnect");
  for (int i = 0; i < 2; i++) {
    assert_true(subject_line(&f->subject, line, sizeof(line), PEER_MS));
    assert_true(strcmp(line, "disconnected ok") == 0 ||
                strcmp(line, "read end") == 0 ||
                strcmp(line, "read cancelled") == 0);
  }
  peer_close(f->peer);
  drive_connect(f);
  drive_alive(f);
}

NP_SUBJECT_CASE("drive-reuse/while-it-writes", SERVER, LEVEL_DRIVE, 0,
                "A disconnect ends a write that waits, and the next client "
                "gets nothing of it.",
                "DisconnectNamedPipe; museum S01") {
  char line[64];

  drive_start(f);
  drive_connect(f);
  drive(f, "write-many 300000");
  quiet(QUIET_MS);
  drive(f, "disconnect");
  for (int i = 0; i < 2; i++) {
    assert_true(subject_line(&f->subject, line, sizeof(line), PEER_MS));
    assert_true(strncmp(line, "wrote ok", 8) != 0);
  }
  peer_close(f->peer);
  drive_connect(f);
  drive_alive(f);
}

NP_SUBJECT_CASE("drive-open/limit", CLIENT, LEVEL_DRIVE, 0,
                "An open with a time limit ends when the pipe stays busy.",
                "WaitNamedPipeW; museum N03 N04 N10") {
  pipe_busy(f);
  drive_start(f);
  drive(f, "limit 200");
  drive(f, "open");
  drive_expect(f, "opened timeout");
}

NP_SUBJECT_CASE("drive-open/cancel", CLIENT, LEVEL_DRIVE, 0,
                "An open that waits for a busy pipe ends when it is cancelled.",
                "WaitNamedPipeW; museum H20 N12") {
  pipe_busy(f);
  drive_start(f);
  drive(f, "open");
  quiet(QUIET_MS);
  drive(f, "cancel open");
  drive_expect(f, "opened cancelled");
}

NP_SUBJECT_CASE("drive-open/waits", CLIENT, LEVEL_DRIVE, 0,
                "An open that waits for a busy pipe gets the instance that "
                "becomes free.",
                "WaitNamedPipeW; museum N04 N06") {
  pipe_busy(f);
  drive_start(f);
  drive(f, "open");
  quiet(QUIET_MS);
  peer_close(&f->peers[1]);
  peer_disconnect(f->peer);
  drive_expect(f, "opened ok");
  assert_true(peer_accept(f->peer, PEER_MS));
  drive_alive(f);
}

NP_SUBJECT_CASE("drive-open/again", CLIENT, LEVEL_DRIVE, 0,
                "A client that has closed opens the pipe again.",
                "CreateFileW#pipes; museum N03") {
  drive_start(f);
  for (unsigned i = 0; i < config.rounds; i++) {
    drive_connect(f);
    drive_alive(f);
    drive(f, "close");
    drive_expect(f, "closed ok");
    peer_close(f->peer);
  }
}

NP_SUBJECT_CASE("drive-open/disconnected", CLIENT, LEVEL_DRIVE, 0,
                "A client that the server disconnects is told the end.",
                "DisconnectNamedPipe; museum S10") {
  drive_start(f);
  drive_connect(f);
  drive(f, "read 100");
  quiet(QUIET_MS);
  peer_disconnect(f->peer);
  drive_expect(f, "read end");
}
