/* Data that a program sends back: each length, each way to write and read. */
#include "echo.h"

enum { TRICKLE = 200, QUEUED = 100, PART = 10, APART = 40, LATE = 300000 };

static void echo_each(struct judge *f, const size_t *lengths, size_t count) {
  for (size_t i = 0; i < count; i++) {
    peer_echo(f->peer, lengths[i], (unsigned)i);
  }
}

void echo_lengths(struct judge *f) {
  static const size_t lengths[] = {1,     2,     7,     511,  512,
                                   513,   1023,  1024,  4095, 4097,
                                   16383, 16385, 65535, 65537};

  echo_each(f, lengths, sizeof(lengths) / sizeof(lengths[0]));
}

void echo_exact(struct judge *f) {
  static const size_t lengths[] = {4096, 8192, 16384, 32768, 65536, 131072};

  echo_each(f, lengths, sizeof(lengths) / sizeof(lengths[0]));
}

void echo_trickle(struct judge *f) {
  peer_pattern(f->data, TRICKLE, 5);
  for (size_t i = 0; i < TRICKLE; i++) {
    peer_write(f->peer, f->data + i, 1);
    peer_read(f->peer, f->data + i, 1);
  }
}

void echo_queued(struct judge *f) {
  peer_pattern(f->data, QUEUED * PART, 6);
  for (size_t i = 0; i < QUEUED; i++) {
    peer_write(f->peer, f->data + i * PART, PART);
  }
  for (size_t i = 0; i < QUEUED; i++) {
    peer_read(f->peer, f->data + i * PART, PART);
  }
}

void echo_around_nothing(struct judge *f) {
  peer_echo(f->peer, 10, 1);
  peer_write(f->peer, "", 0);
  peer_echo(f->peer, 10, 2);
}

void echo_empty(struct judge *f) {
  peer_echo(f->peer, 10, 1);
  peer_echo(f->peer, 0, 2);
  peer_echo(f->peer, 10, 3);
}

void echo_apart(struct judge *f) {
  size_t at = 0;

  peer_pattern(f->data, APART * APART, 9);
  for (size_t length = 1; length <= APART; length++) {
    peer_write(f->peer, f->data + at, length);
    at += length;
  }
  at = 0;
  for (size_t length = 1; length <= APART; length++) {
    peer_read(f->peer, f->data + at, length);
    at += length;
  }
}

void echo_late(struct judge *f) {
  peer_pattern(f->data, LATE, 8);
  peer_write_begin(f->peer, f->data, LATE);
  quiet(QUIET_MS);
  peer_read(f->peer, f->data, LATE);
  assert_int_equal(peer_write_end(f->peer, PEER_MS).error, NO_ERROR);
}
