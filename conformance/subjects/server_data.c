/* Data through the program's server: every length, every way to write and to
 * read, slow and silent clients. An echo returns all bytes in their order; in
 * message mode it returns each message whole. */
#include "echo.h"

#include <string.h>

enum { BURST = 65536, LARGE = 300000, MARK = 16, CLIENTS = 4 };

/* server_open starts the server and opens its pipe. */
static void server_open(struct judge *f) {
  server_start(f, "echo");
  peer_open(f->peer, f->name, f->mode);
}

NP_SUBJECT_CASE("server/sizes", BOTH, LEVEL_ANY, NEEDS_ECHO,
                "Data of each length comes back complete.",
                "ReadFile#pipes; museum D13 M02 M03") {
  server_open(f);
  echo_lengths(f);
}

NP_SUBJECT_CASE("server/exact-buffers", BOTH, LEVEL_ANY, NEEDS_ECHO,
                "Data of a length at which buffers end comes back complete.",
                "ReadFile#pipes; museum M02 M05 M06 M08") {
  server_open(f);
  echo_exact(f);
}

NP_SUBJECT_CASE("server/large", BOTH, LEVEL_ANY, NEEDS_ECHO,
                "A mebibyte in one write comes back complete.",
                "WriteFile#pipes; museum M03") {
  server_open(f);
  peer_echo(f->peer, ONE_MIB, 1);
}

NP_SUBJECT_CASE("server/trickle", BOTH, LEVEL_ANY, NEEDS_ECHO,
                "Bytes that are written one by one come back one by one, in "
                "order.",
                "WriteFile#pipes") {
  server_open(f);
  echo_trickle(f);
}

NP_SUBJECT_CASE("server/many-before-a-read", BOTH, LEVEL_ANY, NEEDS_ECHO,
                "Many writes before the first read come back in order.",
                "WriteFile#pipes; museum D07 D08") {
  server_open(f);
  echo_queued(f);
}

/* A write of no bytes at a byte pipe is nothing at all, on Windows: no read
 * ends. A server that takes it for the end closes too early. */
NP_SUBJECT_CASE("server/empty-write", MODE_BYTE, LEVEL_ANY, NEEDS_ECHO,
                "A write of no bytes is not the end of the stream.",
                "WriteFile#pipes; museum D07 M09") {
  server_open(f);
  echo_around_nothing(f);
}

NP_SUBJECT_CASE("server/empty-message", MODE_MESSAGE, LEVEL_ANY, NEEDS_ECHO,
                "An empty message comes back as an empty message.",
                "WriteFile#pipes; museum D07 M09") {
  server_open(f);
  echo_empty(f);
}

NP_SUBJECT_CASE("server/empty-messages-in-a-row", MODE_MESSAGE, LEVEL_ANY,
                NEEDS_ECHO, "Empty messages in a row all come back.",
                "WriteFile#pipes; museum D07 M09") {
  server_open(f);
  for (int i = 0; i < 20; i++) {
    peer_write(f->peer, "", 0);
  }
  peer_write(f->peer, "abc", 3);
  for (int i = 0; i < 20; i++) {
    peer_read(f->peer, "", 0);
  }
  peer_read(f->peer, "abc", 3);
}

NP_SUBJECT_CASE("server/messages-stay-apart", MODE_MESSAGE, LEVEL_ANY,
                NEEDS_ECHO,
                "Messages of different lengths, written before the first "
                "read, come back whole and apart.",
                "ReadFile#pipes; museum M02 M11") {
  server_open(f);
  echo_apart(f);
}

NP_SUBJECT_CASE("server/read-in-pieces", BOTH, LEVEL_ANY, NEEDS_ECHO,
                "A client that reads the answer in small pieces gets all of "
                "it.",
                "ReadFile#ERROR_MORE_DATA; museum M02") {
  unsigned char got[1000];
  size_t at = 0;

  server_open(f);
  peer_pattern(f->data, sizeof(got), 4);
  peer_write(f->peer, f->data, sizeof(got));
  while (at < sizeof(got)) {
    size_t left = sizeof(got) - at;
    struct told told =
        peer_try_read(f->peer, got + at, left < 7 ? left : 7, PEER_MS);

    assert_true(told.error == NO_ERROR || told.error == ERROR_MORE_DATA);
    at += told.bytes;
  }
  assert_memory_equal(got, f->data, sizeof(got));
}

NP_SUBJECT_CASE("server/late-reader", BOTH, LEVEL_ANY, NEEDS_ECHO,
                "A client that writes a lot before it reads gets all of it "
                "when it reads.",
                "WriteFile#pipes; museum D03") {
  server_open(f);
  echo_late(f);
}

NP_SUBJECT_CASE("server/never-reads", BOTH, LEVEL_ANY, NEEDS_ECHO,
                "A client that writes until nothing is taken, and never reads, "
                "does not keep the server from others.",
                "WriteFile#pipes; museum A14") {
  server_start(f, "echo");
  for (size_t i = 0; i < CLIENTS; i++) {
    peer_open(&f->peers[i], f->name, f->mode);
    peer_pattern(f->data, ONE_MIB, (unsigned)i);
    peer_try_write(&f->peers[i], f->data, ONE_MIB, QUIET_MS);
  }
  assert_serves(f, "beside clients that never read");
}

NP_SUBJECT_CASE("server/never-reads-and-leaves", BOTH, LEVEL_ANY, NEEDS_ECHO,
                "A client that leaves while the server's answer to it waits "
                "does not end the server.",
                "WriteFile#pipes; museum S15") {
  server_start(f, "echo");
  for (unsigned i = 0; i < config.rounds; i++) {
    peer_open(f->peer, f->name, f->mode);
    peer_pattern(f->data, BURST, i);
    peer_try_write(f->peer, f->data, BURST, 20);
    peer_close(f->peer);
  }
  assert_serves(f, "after clients that never read");
}

NP_SUBJECT_CASE("server/burst-and-leave", BOTH, LEVEL_ANY, NEEDS_ECHO,
                "Clients that write a lot and leave at once do not end the "
                "server.",
                "WriteFile#pipes; museum A14 S15") {
  server_start(f, "echo");
  for (unsigned i = 0; i < config.rounds; i++) {
    peer_open(f->peer, f->name, f->mode);
    peer_pattern(f->data, 4096, i);
    for (int j = 0; j < 4; j++) {
      peer_try_write(f->peer, f->data, 1024, QUIET_MS);
    }
    peer_close(f->peer);
  }
  assert_serves(f, "after the bursts");
}

NP_SUBJECT_CASE("server/write-taken-back", BOTH, LEVEL_ANY, NEEDS_ECHO,
                "A client that takes back a write and leaves does not end the "
                "server.",
                "CancelIoEx; museum D15") {
  server_start(f, "echo");
  for (unsigned i = 0; i < config.rounds; i++) {
    peer_open(f->peer, f->name, f->mode);
    outside_suspend(&f->subject);
    peer_pattern(f->data, LARGE, i);
    peer_write_begin(f->peer, f->data, LARGE);
    peer_write_cancel(f->peer);
    outside_resume(&f->subject);
    peer_close(f->peer);
  }
  assert_serves(f, "after writes that were taken back");
}

/* read_until_mark reads what comes back of a write that was taken back: a part
 * of `data`, of any length, and then the mark. */
static void read_until_mark(struct peer *p, const unsigned char *data,
                            size_t length, const unsigned char *mark,
                            size_t mark_length) {
  static unsigned char got[LARGE + MARK];
  size_t at = 0;

  do {
    struct told told =
        peer_try_read(p, got + at, length + mark_length - at, PEER_MS);

    if (told.error != NO_ERROR) {
      fail_msg("error %lu after %zu bytes", (unsigned long)told.error, at);
    }
    at += told.bytes;
  } while (at < mark_length ||
           memcmp(got + at - mark_length, mark, mark_length) != 0);
  assert_memory_equal(got, data, at - mark_length);
}

NP_SUBJECT_CASE("server/after-a-write-taken-back", MODE_BYTE, LEVEL_ANY,
                NEEDS_ECHO,
                "The bytes that follow a write that was taken back come back, "
                "after the part of it that was taken.",
                "CancelIoEx; museum D15") {
  server_open(f);
  for (unsigned i = 0; i < config.rounds; i++) {
    unsigned char mark[MARK];

    peer_pattern(mark, sizeof(mark), 1000 + i);
    peer_pattern(f->data, LARGE, i);
    outside_suspend(&f->subject);
    peer_write_begin(f->peer, f->data, LARGE);
    peer_write_cancel(f->peer);
    outside_resume(&f->subject);
    peer_write_begin(f->peer, mark, sizeof(mark));
    read_until_mark(f->peer, f->data, LARGE, mark, sizeof(mark));
    assert_int_equal(peer_write_end(f->peer, PEER_MS).error, NO_ERROR);
  }
}

NP_SUBJECT_CASE("server/answers-stay-apart", BOTH, LEVEL_ANY, NEEDS_ECHO,
                "Each client gets its own bytes and none of another's.",
                "ReadFile#pipes") {
  unsigned char data[CLIENTS][5000];

  server_start(f, "echo");
  for (size_t i = 0; i < CLIENTS; i++) {
    peer_open(&f->peers[i], f->name, f->mode);
    peer_pattern(data[i], sizeof(data[i]), (unsigned)i + 20);
  }
  for (size_t part = 0; part < 5; part++) {
    for (size_t i = 0; i < CLIENTS; i++) {
      peer_write(&f->peers[i], data[i] + part * 1000, 1000);
    }
    for (size_t i = CLIENTS; i-- > 0;) {
      peer_read(&f->peers[i], data[i] + part * 1000, 1000);
    }
  }
}

NP_SUBJECT_CASE("server/unread-answer", BOTH, LEVEL_ANY, NEEDS_ECHO,
                "The next client does not get the answer that the last one "
                "did not read.",
                "DisconnectNamedPipe; museum S01") {
  server_start(f, "echo");
  for (unsigned i = 0; i < config.rounds; i++) {
    peer_open(f->peer, f->name, f->mode);
    peer_write(f->peer, "left", 4);
    peer_close(f->peer);
    peer_open(f->peer, f->name, f->mode);
    peer_echo(f->peer, 20, i);
    peer_close(f->peer);
  }
}

NP_SUBJECT_CASE("server/write-and-read-at-once", MODE_BYTE, LEVEL_ANY,
                NEEDS_ECHO,
                "Two clients that send a stream at the same time both get all "
                "of it.",
                "WriteFile#pipes") {
  static unsigned char second[LARGE];

  server_start(f, "echo");
  peer_open(&f->peers[0], f->name, f->mode);
  peer_open(&f->peers[1], f->name, f->mode);
  peer_pattern(f->data, LARGE, 31);
  peer_pattern(second, LARGE, 32);
  peer_write_begin(&f->peers[0], f->data, LARGE);
  peer_write_begin(&f->peers[1], second, LARGE);
  for (size_t at = 0; at < LARGE; at += LARGE / 10) {
    peer_read(&f->peers[0], f->data + at, LARGE / 10);
    peer_read(&f->peers[1], second + at, LARGE / 10);
  }
  assert_int_equal(peer_write_end(&f->peers[0], PEER_MS).error, NO_ERROR);
  assert_int_equal(peer_write_end(&f->peers[1], PEER_MS).error, NO_ERROR);
}

NP_SUBJECT_CASE("server/leaves-in-a-message", MODE_MESSAGE, LEVEL_ANY,
                NEEDS_ECHO,
                "A client that leaves after it has read a part of a message "
                "does not end the server.",
                "ReadFile#ERROR_MORE_DATA; museum S15") {
  server_start(f, "echo");
  for (unsigned i = 0; i < config.rounds; i++) {
    unsigned char part[10];

    peer_open(f->peer, f->name, f->mode);
    peer_pattern(f->data, 1000, i);
    peer_write(f->peer, f->data, 1000);
    assert_int_equal(peer_try_read(f->peer, part, sizeof(part), PEER_MS).error,
                     ERROR_MORE_DATA);
    peer_close(f->peer);
  }
  assert_serves(f, "after the half-read messages");
}
