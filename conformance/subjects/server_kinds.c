/* A server that sends and closes, or that only reads: data that was written
 * before a close arrives, however late the other end reads. */
#include "judge.h"

#include <stdio.h>
#include <string.h>

enum { LARGE = 1000000 };

/* The bytes that a program of the kind send:N sends: each byte is its place
 * modulo 251. */
static void sent_bytes(unsigned char *out, size_t length) {
  for (size_t i = 0; i < length; i++) {
    out[i] = (unsigned char)(i % 251);
  }
}

/* sends starts the server and opens its pipe; the server sends `length` bytes
 * by one write and closes. */
static void sends(struct judge *f, size_t length) {
  char kind[32];

  snprintf(kind, sizeof(kind), "send:%zu", length);
  sent_bytes(f->data, length);
  server_start(f, kind);
  peer_open(f->peer, f->name, f->mode);
}

NP_SUBJECT_CASE("server/tail-small", BOTH, LEVEL_KINDS, 0,
                "A few bytes that the server writes before it closes arrive.",
                "DisconnectNamedPipe; museum D01 D03 D04") {
  for (unsigned i = 0; i < (config.rounds + 4) / 5; i++) {
    sends(f, 5);
    peer_read(f->peer, f->data, 5);
    peer_read_end(f->peer);
    peer_close(f->peer);
    subject_end(&f->subject);
  }
}

NP_SUBJECT_CASE("server/tail-large", BOTH, LEVEL_KINDS, 0,
                "A megabyte that the server writes before it closes arrives "
                "whole.",
                "DisconnectNamedPipe; museum D01 D03 D04") {
  sends(f, LARGE);
  peer_read(f->peer, f->data, LARGE);
  peer_read_end(f->peer);
}

NP_SUBJECT_CASE("server/tail-late-reader", BOTH, LEVEL_KINDS, 0,
                "Bytes that the server writes before it closes arrive at a "
                "client that reads late.",
                "DisconnectNamedPipe; museum D01 D03 D04") {
  sends(f, 100);
  quiet(5 * QUIET_MS);
  peer_read(f->peer, f->data, 100);
  peer_read_end(f->peer);
}

NP_SUBJECT_CASE("server/tail-large-late-reader", BOTH, LEVEL_KINDS, 0,
                "A megabyte that the server writes before it closes arrives at "
                "a client that reads late.",
                "DisconnectNamedPipe; museum D01 D03") {
  sends(f, LARGE);
  quiet(5 * QUIET_MS);
  peer_read(f->peer, f->data, LARGE);
  peer_read_end(f->peer);
}

NP_SUBJECT_CASE("server/tail-slow-reader", MODE_BYTE, LEVEL_KINDS, 0,
                "Bytes that the server writes before it closes arrive at a "
                "client that reads slowly.",
                "DisconnectNamedPipe; museum D01 D03") {
  sends(f, 20000);
  for (size_t at = 0; at < 20000; at += 2000) {
    peer_read(f->peer, f->data + at, 2000);
    quiet(20);
  }
  peer_read_end(f->peer);
}

NP_SUBJECT_CASE("server/tail-stop", BOTH, LEVEL_KINDS, 0,
                "A server that has sent and closed stops.",
                "DisconnectNamedPipe; museum H17") {
  sends(f, 5);
  peer_read(f->peer, f->data, 5);
  peer_read_end(f->peer);
  subject_stop(&f->subject, "told to stop after it has sent");
}

NP_SUBJECT_CASE("server/tail-never-read", BOTH, LEVEL_KINDS, 0,
                "A server whose client never reads what it sent stops.",
                "DisconnectNamedPipe; museum H17") {
  sends(f, LARGE);
  quiet(QUIET_MS);
  subject_stop(&f->subject, "told to stop with unread data");
}

NP_SUBJECT_CASE("server/send-to-reader", BOTH, LEVEL_KINDS, 0,
                "A client that may only read gets what the server sends.",
                "CreateFileW#pipes; museum S07 S09") {
  sent_bytes(f->data, 100);
  server_start(f, "send:100");
  assert_int_equal(peer_try_open(f->peer, f->name, f->mode,
                                 GENERIC_READ | FILE_WRITE_ATTRIBUTES),
                   NO_ERROR);
  peer_read(f->peer, f->data, 100);
  peer_read_end(f->peer);
}

/* sinks sends `length` bytes in parts of `part` to a server that only reads,
 * and leaves at once. */
static void sinks(struct judge *f, size_t length, size_t part) {
  server_start(f, "sink");
  peer_open(f->peer, f->name, f->mode);
  peer_pattern(f->data, length, 1);
  for (size_t at = 0; at < length; at += part) {
    peer_write(f->peer, f->data + at, length - at < part ? length - at : part);
  }
  peer_close(f->peer);
  assert_sank(f, length);
}

NP_SUBJECT_CASE("server/sink", BOTH, LEVEL_KINDS, 0,
                "The server gets all bytes of a client that writes and leaves "
                "at once.",
                "CloseHandle; museum D08 D10") {
  sinks(f, 1000, 1000);
}

NP_SUBJECT_CASE("server/sink-large", BOTH, LEVEL_KINDS, 0,
                "The server gets all of a megabyte from a client that leaves "
                "at once.",
                "CloseHandle; museum D08 D10") {
  sinks(f, LARGE, 65536);
}

NP_SUBJECT_CASE("server/sink-parts", BOTH, LEVEL_KINDS, 0,
                "The server gets all bytes of a client that writes many parts "
                "and leaves at once.",
                "CloseHandle; museum D07 D08") {
  sinks(f, 3000, 10);
}

NP_SUBJECT_CASE("server/sink-nothing", BOTH, LEVEL_KINDS, 0,
                "The server tells the end, and no bytes, of a client that "
                "writes nothing.",
                "CloseHandle; museum S10") {
  server_start(f, "sink");
  peer_open(f->peer, f->name, f->mode);
  quiet(QUIET_MS);
  peer_close(f->peer);
  assert_sank(f, 0);
}

NP_SUBJECT_CASE("server/sink-while-suspended", BOTH, LEVEL_KINDS, 0,
                "The server gets the bytes of a client that wrote and left "
                "while the server could not run.",
                "CloseHandle; museum D08") {
  server_start(f, "sink");
  peer_open(f->peer, f->name, f->mode);
  peer_write(f->peer, "begin", 5);
  quiet(QUIET_MS);
  outside_suspend(&f->subject);
  peer_write(f->peer, "tail", 4);
  peer_close(f->peer);
  outside_resume(&f->subject);
  assert_sank(f, 9);
}

NP_SUBJECT_CASE("server/sink-of-writer", BOTH, LEVEL_KINDS, 0,
                "The server gets the bytes of a client that may only write.",
                "CreateFileW#pipes; museum S07 S09") {
  server_start(f, "sink");
  assert_int_equal(peer_try_open(f->peer, f->name, MODE_BYTE, GENERIC_WRITE),
                   NO_ERROR);
  peer_write(f->peer, "only", 4);
  peer_close(f->peer);
  assert_sank(f, 4);
}
