/* The program gets little processor time while its peer acts: it is slow, and
 * loses nothing. */
#include "echo.h"
#include "starve.h"

#include <stdio.h>

enum {
  BOTH_BOTH = BOTH | BOTH_ENDS,
  SERVER = BOTH | END_SERVER,
  CLIENT = BOTH | END_CLIENT,
  CLIENTS = 8,
  GHOSTS = 40,
  LARGE = 300000
};

/* connect_starved starts the program as the end of the variant, connects it
 * with f->peer, and lets it run in slices. */
static void connect_starved(struct judge *f, struct starve *starve,
                            const char *kind) {
  if ((f->end & END_CLIENT) != 0) {
    instances_create(f, 1, PEER_QUOTA);
    client_start(f, kind);
    assert_accepts(f->peer);
  } else {
    server_start(f, kind);
    peer_open(f->peer, f->name, f->mode);
  }
  starve_begin(starve, &f->subject);
}

NP_SUBJECT_CASE("starved/sizes", BOTH_BOTH, LEVEL_ANY, NEEDS_ECHO,
                "A program that gets little processor time sends back data of "
                "each length complete.",
                "ReadFile#pipes; museum D13 M02") {
  struct starve starve;

  connect_starved(f, &starve, "echo");
  echo_lengths(f);
  starve_end(&starve);
}

NP_SUBJECT_CASE("starved/many-before-a-read", BOTH_BOTH, LEVEL_ANY, NEEDS_ECHO,
                "Many writes before the first read come back in order from a "
                "program that gets little processor time.",
                "WriteFile#pipes; museum D07 D08") {
  struct starve starve;

  connect_starved(f, &starve, "echo");
  echo_queued(f);
  starve_end(&starve);
}

NP_SUBJECT_CASE("starved/late-reader", BOTH_BOTH, LEVEL_ANY, NEEDS_ECHO,
                "A peer that reads late gets all from a program that gets "
                "little processor time.",
                "WriteFile#pipes; museum D03") {
  struct starve starve;

  connect_starved(f, &starve, "echo");
  echo_late(f);
  starve_end(&starve);
}

NP_SUBJECT_CASE("starved/messages-stay-apart", MODE_MESSAGE | BOTH_ENDS,
                LEVEL_ANY, NEEDS_ECHO,
                "Messages come back whole and apart from a program that gets "
                "little processor time.",
                "ReadFile#pipes; museum M02 M12") {
  struct starve starve;

  connect_starved(f, &starve, "echo");
  echo_apart(f);
  starve_end(&starve);
}

NP_SUBJECT_CASE("starved/sink", BOTH_BOTH, LEVEL_KINDS, 0,
                "A program that gets little processor time reads all bytes of "
                "a peer that writes and closes.",
                "CloseHandle; museum D08 D10") {
  struct starve starve;

  connect_starved(f, &starve, "sink");
  peer_pattern(f->data, LARGE, 1);
  for (size_t at = 0; at < LARGE; at += 50000) {
    peer_write(f->peer, f->data + at, 50000);
  }
  peer_close(f->peer);
  assert_sank(f, LARGE);
  starve_end(&starve);
}

NP_SUBJECT_CASE("starved/tail", BOTH_BOTH, LEVEL_KINDS, 0,
                "All bytes arrive that a program writes before it closes, when "
                "it gets little processor time.",
                "CloseHandle; museum D03 D04") {
  struct starve starve;
  char kind[32];

  snprintf(kind, sizeof(kind), "send:%d", LARGE);
  for (size_t i = 0; i < LARGE; i++) {
    f->data[i] = (unsigned char)(i % 251);
  }
  connect_starved(f, &starve, kind);
  peer_read(f->peer, f->data, LARGE);
  peer_read_end(f->peer);
  starve_end(&starve);
}

NP_SUBJECT_CASE("starved/stop", BOTH_BOTH, LEVEL_STOP, 0,
                "A program that gets little processor time stops when it is "
                "told to.",
                "CancelIoEx; museum H08 H14") {
  struct starve starve;

  connect_starved(f, &starve, "echo");
  exchange(f, f->peer, 1);
  subject_stop(&f->subject, "told to stop, with little processor time");
  starve_end(&starve);
}

NP_SUBJECT_CASE("starved/clients", SERVER, LEVEL_ANY, 0,
                "A server that gets little processor time serves several "
                "clients at once.",
                "CreateNamedPipeW#nMaxInstances; museum A01") {
  struct starve starve;

  server_start(f, "echo");
  starve_begin(&starve, &f->subject);
  for (size_t i = 0; i < CLIENTS; i++) {
    peer_open(&f->peers[i], f->name, f->mode);
  }
  for (size_t i = 0; i < CLIENTS; i++) {
    exchange(f, &f->peers[i], (unsigned)i);
  }
  starve_end(&starve);
}

NP_SUBJECT_CASE("starved/ghosts", SERVER, LEVEL_ANY, 0,
                "Clients that come and leave while the server gets little "
                "processor time do not end it.",
                "ConnectNamedPipe#ERROR_NO_DATA; museum A02 A03 A05") {
  struct starve starve;

  server_start(f, "echo");
  starve_begin(&starve, &f->subject);
  for (unsigned i = 0; i < GHOSTS; i++) {
    peer_open(f->peer, f->name, f->mode);
    peer_close(f->peer);
  }
  assert_serves(f, "after ghosts");
  starve_end(&starve);
}

NP_SUBJECT_CASE("starved/busy", CLIENT, LEVEL_ANY, 0,
                "A client that waits for a busy pipe, and gets little "
                "processor time, connects when an instance is free.",
                "WaitNamedPipeW; museum N04 N06") {
  struct starve starve;

  pipe_busy(f);
  client_start(f, "echo");
  starve_begin(&starve, &f->subject);
  quiet(QUIET_MS);
  peer_close(&f->peers[1]);
  peer_disconnect(f->peer);
  assert_accepts(f->peer);
  exchange(f, f->peer, 1);
  starve_end(&starve);
}

NP_SUBJECT_CASE("starved/server-closes", CLIENT, LEVEL_STOP, 0,
                "A client that gets little processor time is told the end "
                "when its server closes.",
                "ReadFile#pipes; museum M11 S10") {
  struct starve starve;

  connect_starved(f, &starve, "echo");
  exchange(f, f->peer, 1);
  peer_close(f->peer);
  assert_int_equal(subject_wait(&f->subject, PEER_MS, "the server closed"), 0);
  starve_end(&starve);
}
