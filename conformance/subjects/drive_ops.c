/* Reads and writes that are cancelled, that run out of time, or that meet the
 * end: each ends once, with its true result, and no byte is lost. */
#include "drive.h"

#include <stdio.h>
#include <string.h>

enum { BOTH_BOTH = BOTH | BOTH_ENDS, LARGE = 300000 };

/* write_large lets the program begin a write that nobody reads. */
static void write_large(struct judge *f) {
  char line[32];

  snprintf(line, sizeof(line), "write-many %d", LARGE);
  drive(f, line);
}

NP_SUBJECT_CASE("drive-read/cancel", BOTH_BOTH, LEVEL_DRIVE, 0,
                "A read that is cancelled ends, and the next read gets what "
                "comes then.",
                "CancelIoEx; museum D08 H14") {
  drive_start(f);
  drive_connect(f);
  drive(f, "read 100");
  quiet(QUIET_MS);
  drive(f, "cancel read");
  drive_expect(f, "read cancelled");
  drive_alive(f);
}

NP_SUBJECT_CASE("drive-read/cancel-race", BOTH_BOTH, LEVEL_DRIVE, 0,
                "A read that is cancelled when data come tells the data, or "
                "the next read gets them.",
                "CancelIoEx; museum D08 D10") {
  drive_start(f);
  drive_connect(f);
  for (unsigned i = 0; i < config.rounds; i++) {
    char line[256];

    drive(f, "read 100");
    quiet(20);
    outside_suspend(&f->subject);
    drive(f, "cancel read");
    peer_write(f->peer, "abc", 3);
    outside_resume(&f->subject);
    drive_line(f, "read ", line, sizeof(line));
    if (strcmp(line, "read cancelled") == 0) {
      drive(f, "read 100");
      drive_expect(f, "read ok 616263");
    } else {
      assert_string_equal(line, "read ok 616263");
    }
  }
  drive_alive(f);
}

NP_SUBJECT_CASE("drive-read/limit", BOTH_BOTH, LEVEL_DRIVE, 0,
                "A read with a time limit ends when the time is over, and the "
                "next read gets what comes then.",
                "CancelIoEx; museum H14 H15") {
  drive_start(f);
  drive_connect(f);
  drive(f, "limit 100");
  drive(f, "read 100");
  drive_expect(f, "read timeout");
  drive(f, "limit 0");
  drive_alive(f);
}

NP_SUBJECT_CASE("drive-read/limit-not-reached", BOTH_BOTH, LEVEL_DRIVE, 0,
                "A time limit that is not reached does not cut later reads.",
                "CancelIoEx; museum H15") {
  drive_start(f);
  drive_connect(f);
  drive(f, "limit 300");
  drive(f, "read 100");
  peer_write(f->peer, "abc", 3);
  drive_expect(f, "read ok 616263");
  drive(f, "limit 0");
  drive(f, "read 100");
  quiet(600);
  peer_write(f->peer, "def", 3);
  drive_expect(f, "read ok 646566");
}

NP_SUBJECT_CASE("drive-read/end", BOTH_BOTH, LEVEL_DRIVE, 0,
                "Bytes that were written before a close are read first, then "
                "the end, and then the end again.",
                "ReadFile#pipes; museum S10") {
  drive_start(f);
  drive_connect(f);
  peer_write(f->peer, "abc", 3);
  peer_close(f->peer);
  drive(f, "read 100");
  drive_expect(f, "read ok 616263");
  drive(f, "read 100");
  drive_expect(f, "read end");
  drive(f, "read 100");
  drive_expect(f, "read end");
}

NP_SUBJECT_CASE("drive-read/end-while-it-waits", BOTH_BOTH, LEVEL_DRIVE, 0,
                "A read that waits is told the end when the other side closes.",
                "ReadFile#pipes; museum S10") {
  drive_start(f);
  drive_connect(f);
  drive(f, "read 100");
  quiet(QUIET_MS);
  peer_close(f->peer);
  drive_expect(f, "read end");
}

NP_SUBJECT_CASE("drive-read/part", MODE_BYTE | BOTH_ENDS, LEVEL_DRIVE, 0,
                "A read that asks for less than is there leaves the rest for "
                "the next.",
                "ReadFile#pipes; museum D13") {
  drive_start(f);
  drive_connect(f);
  peer_write(f->peer, "abcdef", 6);
  drive(f, "read 2");
  drive_expect(f, "read ok 6162");
  drive(f, "read 100");
  drive_expect(f, "read ok 63646566");
}

NP_SUBJECT_CASE("drive-read/part-of-a-message", MODE_MESSAGE | BOTH_ENDS,
                LEVEL_DRIVE, 0,
                "A read that asks for less than a message tells that more of "
                "it follows.",
                "ReadFile#ERROR_MORE_DATA; museum M02 M05") {
  drive_start(f);
  drive_connect(f);
  peer_write(f->peer, "abcdef", 6);
  peer_write(f->peer, "gh", 2);
  drive(f, "read 2");
  drive_expect(f, "read more 6162");
  drive(f, "read 100");
  drive_expect(f, "read ok 63646566");
  drive(f, "read 100");
  drive_expect(f, "read ok 6768");
}

NP_SUBJECT_CASE("drive-read/empty-message", MODE_MESSAGE | BOTH_ENDS,
                LEVEL_DRIVE, 0, "A read tells an empty message, not the end.",
                "ReadFile#pipes; museum D07 M09") {
  drive_start(f);
  drive_connect(f);
  drive(f, "read 100");
  quiet(QUIET_MS);
  peer_write(f->peer, "", 0);
  drive_expect(f, "read ok ");
  drive_alive(f);
}

NP_SUBJECT_CASE("drive-write/cancel", BOTH_BOTH, LEVEL_DRIVE, 0,
                "A write that waits and is cancelled ends.",
                "CancelIoEx; museum H17") {
  char line[64];

  drive_start(f);
  drive_connect(f);
  write_large(f);
  quiet(QUIET_MS);
  drive(f, "cancel write");
  drive_line(f, "wrote cancelled", line, sizeof(line));
}

NP_SUBJECT_CASE("drive-write/limit", BOTH_BOTH, LEVEL_DRIVE, 0,
                "A write with a time limit ends when the time is over.",
                "CancelIoEx; museum H14") {
  char line[64];

  drive_start(f);
  drive_connect(f);
  drive(f, "limit 100");
  write_large(f);
  drive_line(f, "wrote timeout", line, sizeof(line));
}

NP_SUBJECT_CASE("drive-write/after-the-end", BOTH_BOTH, LEVEL_DRIVE, 0,
                "A write to a pipe whose other side has closed is told so.",
                "WriteFile#pipes; museum S15") {
  drive_start(f);
  drive_connect(f);
  peer_close(f->peer);
  drive(f, "read 100");
  drive_expect(f, "read end");
  drive(f, "write 61");
  drive_expect(f, "wrote end");
}

NP_SUBJECT_CASE("drive-write/end-while-it-waits", BOTH_BOTH, LEVEL_DRIVE, 0,
                "A write that waits is told when the other side closes.",
                "WriteFile#pipes; museum S15") {
  drive_start(f);
  drive_connect(f);
  write_large(f);
  quiet(QUIET_MS);
  peer_close(f->peer);
  drive_expect(f, "wrote end");
}

NP_SUBJECT_CASE("drive-write/beside-a-read", BOTH_BOTH, LEVEL_DRIVE, 0,
                "A write goes through while a read waits.",
                "ReadFile#pipes; museum S06") {
  drive_start(f);
  drive_connect(f);
  drive(f, "read 100");
  quiet(QUIET_MS);
  drive(f, "write 616263");
  peer_read(f->peer, "abc", 3);
  drive_expect(f, "wrote ok 3");
  peer_write(f->peer, "x", 1);
  drive_expect(f, "read ok 78");
}

NP_SUBJECT_CASE("drive-write/read-beside-it", BOTH_BOTH, LEVEL_DRIVE, 0,
                "A read gets data while a write waits.",
                "WriteFile#pipes; museum S06") {
  static unsigned char expected[LARGE];

  drive_start(f);
  drive_connect(f);
  write_large(f);
  quiet(QUIET_MS);
  drive(f, "read 100");
  peer_write(f->peer, "x", 1);
  drive_expect(f, "read ok 78");
  for (size_t i = 0; i < LARGE; i++) {
    expected[i] = (unsigned char)(i % 251);
  }
  peer_read(f->peer, expected, LARGE);
  drive_expect(f, "wrote ok 300000");
}

NP_SUBJECT_CASE("drive-close/while-it-reads", BOTH_BOTH, LEVEL_DRIVE, 0,
                "A close ends a read that waits, and then the end is closed.",
                "CloseHandle; museum H05 H11 S12") {
  drive_start(f);
  drive_connect(f);
  drive(f, "read 100");
  quiet(QUIET_MS);
  drive(f, "close");
  drive_expect(f, "read cancelled");
  drive_expect(f, "closed ok");
  peer_read_end(f->peer);
}

NP_SUBJECT_CASE("drive-close/while-it-writes", BOTH_BOTH, LEVEL_DRIVE, 0,
                "A close ends a write that waits, and then the end is closed.",
                "CloseHandle; museum H17 S12") {
  char line[64];

  drive_start(f);
  drive_connect(f);
  write_large(f);
  quiet(QUIET_MS);
  drive(f, "close");
  drive_line(f, "wrote cancelled", line, sizeof(line));
  drive_expect(f, "closed ok");
}

NP_SUBJECT_CASE("drive-close/after-a-write", BOTH_BOTH, LEVEL_DRIVE, 0,
                "Bytes of a write that has ended arrive after a close.",
                "CloseHandle; museum D03 D04") {
  drive_start(f);
  drive_connect(f);
  drive(f, "write 616263");
  drive_expect(f, "wrote ok 3");
  drive(f, "close");
  drive_expect(f, "closed ok");
  quiet(QUIET_MS);
  peer_read(f->peer, "abc", 3);
  peer_read_end(f->peer);
}
