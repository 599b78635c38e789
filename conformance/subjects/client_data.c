/* Data through the program as a client: every length, pipes without buffers,
 * and data around the end of the stream. */
#include "echo.h"

#include <stdio.h>
#include <string.h>

enum { LARGE = 1000000 };

/* connect_with starts the client, with a pipe of this quota. */
static void connect_with(struct judge *f, const char *kind, DWORD quota) {
  instances_create(f, 1, quota);
  client_start(f, kind);
  assert_accepts(f->peer);
}

NP_SUBJECT_CASE("client/sizes", BOTH, LEVEL_ANY, NEEDS_ECHO,
                "Data of each length comes back complete.",
                "ReadFile#pipes; museum D13 M02 M03") {
  connect_with(f, "echo", PEER_QUOTA);
  echo_lengths(f);
}

NP_SUBJECT_CASE("client/exact-buffers", BOTH, LEVEL_ANY, NEEDS_ECHO,
                "Data of a length at which buffers end comes back complete.",
                "ReadFile#pipes; museum M02 M05 M06 M08") {
  connect_with(f, "echo", PEER_QUOTA);
  echo_exact(f);
}

NP_SUBJECT_CASE("client/no-buffers", BOTH, LEVEL_ANY, NEEDS_ECHO | NEEDS_SIZES,
                "Data comes back through a pipe that buffers nothing.",
                "CreateNamedPipeW#nOutBufferSize; museum D13") {
  connect_with(f, "echo", 0);
  echo_lengths(f);
}

NP_SUBJECT_CASE("client/large", BOTH, LEVEL_ANY, NEEDS_ECHO,
                "A mebibyte in one write comes back complete.",
                "WriteFile#pipes; museum M03") {
  connect_with(f, "echo", PEER_QUOTA);
  peer_echo(f->peer, ONE_MIB, 1);
}

NP_SUBJECT_CASE("client/trickle", BOTH, LEVEL_ANY, NEEDS_ECHO,
                "Bytes that are written one by one come back one by one, in "
                "order.",
                "WriteFile#pipes") {
  connect_with(f, "echo", PEER_QUOTA);
  echo_trickle(f);
}

NP_SUBJECT_CASE("client/many-before-a-read", BOTH, LEVEL_ANY, NEEDS_ECHO,
                "Many writes before the first read come back in order.",
                "WriteFile#pipes; museum D07 D08") {
  connect_with(f, "echo", PEER_QUOTA);
  echo_queued(f);
}

NP_SUBJECT_CASE("client/empty-write", MODE_BYTE, LEVEL_ANY, NEEDS_ECHO,
                "A write of no bytes is not the end of the stream.",
                "WriteFile#pipes; museum D07 M09") {
  connect_with(f, "echo", PEER_QUOTA);
  echo_around_nothing(f);
}

NP_SUBJECT_CASE("client/empty-message", MODE_MESSAGE, LEVEL_ANY, NEEDS_ECHO,
                "An empty message comes back, and is not the end.",
                "WriteFile#pipes; museum D07 M09") {
  connect_with(f, "echo", PEER_QUOTA);
  echo_empty(f);
}

NP_SUBJECT_CASE("client/messages-stay-apart", MODE_MESSAGE, LEVEL_ANY,
                NEEDS_ECHO,
                "Messages of different lengths, written before the first "
                "read, come back whole and apart.",
                "ReadFile#pipes; museum M02 M12") {
  connect_with(f, "echo", PEER_QUOTA);
  echo_apart(f);
}

NP_SUBJECT_CASE("client/late-reader", BOTH, LEVEL_ANY, NEEDS_ECHO,
                "A server that writes a lot before it reads gets all of it "
                "when it reads.",
                "WriteFile#pipes; museum D03") {
  connect_with(f, "echo", PEER_QUOTA);
  echo_late(f);
}

NP_SUBJECT_CASE("client/write-taken-back", BOTH, LEVEL_STOP, NEEDS_ECHO,
                "A client whose server takes back a write and closes ends.",
                "CancelIoEx; museum D15") {
  enum { LENGTH = 300000 };

  connect_with(f, "echo", PEER_QUOTA);
  outside_suspend(&f->subject);
  peer_pattern(f->data, LENGTH, 3);
  peer_write_begin(f->peer, f->data, LENGTH);
  peer_write_cancel(f->peer);
  outside_resume(&f->subject);
  peer_close(f->peer);
  subject_wait(&f->subject, PEER_MS, "the server closed");
}

NP_SUBJECT_CASE("client/sink", BOTH, LEVEL_KINDS, 0,
                "The client gets all bytes of a server that writes and closes "
                "at once.",
                "CloseHandle; museum D08 D10") {
  connect_with(f, "sink", PEER_QUOTA);
  peer_write(f->peer, "a few bytes", 11);
  peer_close(f->peer);
  assert_sank(f, 11);
}

NP_SUBJECT_CASE("client/sink-large", BOTH, LEVEL_KINDS, 0,
                "The client gets all of a megabyte from a server that closes "
                "at once.",
                "CloseHandle; museum D08 D10") {
  connect_with(f, "sink", PEER_QUOTA);
  peer_pattern(f->data, LARGE, 1);
  for (size_t at = 0; at < LARGE; at += 50000) {
    peer_write(f->peer, f->data + at, 50000);
  }
  peer_close(f->peer);
  assert_sank(f, LARGE);
}

NP_SUBJECT_CASE("client/sink-nothing", BOTH, LEVEL_KINDS, 0,
                "The client tells the end, and no bytes, of a server that "
                "writes nothing.",
                "CloseHandle; museum S10") {
  connect_with(f, "sink", PEER_QUOTA);
  quiet(QUIET_MS);
  peer_close(f->peer);
  assert_sank(f, 0);
}

NP_SUBJECT_CASE("client/sink-while-suspended", BOTH, LEVEL_KINDS, 0,
                "The client gets the bytes of a server that wrote and closed "
                "while the client could not run.",
                "CloseHandle; museum D08") {
  connect_with(f, "sink", PEER_QUOTA);
  peer_write(f->peer, "begin", 5);
  quiet(QUIET_MS);
  outside_suspend(&f->subject);
  peer_write(f->peer, "tail", 4);
  peer_close(f->peer);
  outside_resume(&f->subject);
  assert_sank(f, 9);
}

/* sent_by starts the client, which sends `length` bytes and closes. */
static void sent_by(struct judge *f, size_t length, bool late) {
  char kind[32];

  snprintf(kind, sizeof(kind), "send:%zu", length);
  for (size_t i = 0; i < length; i++) {
    f->data[i] = (unsigned char)(i % 251);
  }
  connect_with(f, kind, PEER_QUOTA);
  if (late) {
    quiet(5 * QUIET_MS);
  }
  peer_read(f->peer, f->data, length);
  peer_read_end(f->peer);
  assert_int_equal(
      subject_wait(&f->subject, PEER_MS, "the client has sent all"), 0);
}

NP_SUBJECT_CASE("client/tail-small", BOTH, LEVEL_KINDS, 0,
                "A few bytes that the client writes before it closes arrive.",
                "CloseHandle; museum D03 D04") {
  sent_by(f, 5, false);
}

NP_SUBJECT_CASE("client/tail-large", BOTH, LEVEL_KINDS, 0,
                "A megabyte that the client writes before it closes arrives "
                "whole.",
                "CloseHandle; museum D03 D04") {
  sent_by(f, LARGE, false);
}

NP_SUBJECT_CASE("client/tail-late-reader", BOTH, LEVEL_KINDS, 0,
                "Bytes that the client writes before it closes arrive at a "
                "server that reads late.",
                "CloseHandle; museum D03 D04") {
  sent_by(f, 100, true);
}

NP_SUBJECT_CASE("client/tail-large-late-reader", BOTH, LEVEL_KINDS, 0,
                "A megabyte that the client writes before it closes arrives at "
                "a server that reads late.",
                "CloseHandle; museum D03 D04") {
  sent_by(f, LARGE, true);
}
