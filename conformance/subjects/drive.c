/* Lines to and from a program of level 3. */
#include "drive.h"

#include <stdio.h>
#include <string.h>

void drive_start(struct judge *f) {
  subject_start(&f->subject,
                (f->end & END_CLIENT) != 0 ? ROLE_CLIENT : ROLE_SERVER, f->name,
                f->mode, "drive");
  drive_expect(f, "ready");
}

void drive(struct judge *f, const char *line) {
  DWORD done = 0;

  printf("> %s\n", line);
  if (!WriteFile(f->subject.input, line, (DWORD)strlen(line), &done, NULL) ||
      !WriteFile(f->subject.input, "\n", 1, &done, NULL)) {
    fail_msg("the program takes no line");
  }
}

void drive_line(struct judge *f, const char *begin, char *line, size_t size) {
  if (!subject_line(&f->subject, line, size, PEER_MS)) {
    fail_msg("the program did not say \"%s\"", begin);
  }
  printf("< %s\n", line);
  if (strncmp(line, begin, strlen(begin)) != 0) {
    fail_msg("the program said \"%s\" instead of \"%s\"", line, begin);
  }
}

void drive_expect(struct judge *f, const char *line) {
  char got[SUBJECT_LINES_BYTES_MAX];

  drive_line(f, line, got, sizeof(got));
  if (strcmp(got, line) != 0) {
    fail_msg("the program said \"%s\" instead of \"%s\"", got, line);
  }
}

void drive_connect(struct judge *f) {
  if ((f->end & END_CLIENT) != 0) {
    if (f->peer->pipe == NULL) {
      peer_create(f->peer, f->name, f->mode, PIPE_ACCESS_DUPLEX, PEER_QUOTA);
    }
    drive(f, "open");
    drive_expect(f, "opened ok");
    if (!peer_accept(f->peer, PEER_MS)) {
      fail_msg("the program has not connected");
    }
  } else {
    drive(f, "listen");
    subject_wait_for_pipe(&f->subject, f->name);
    peer_open(f->peer, f->name, f->mode);
    drive_expect(f, "connected ok");
  }
}

void drive_alive(struct judge *f) {
  drive(f, "write 616c697665");
  peer_read(f->peer, "alive", 5);
  drive_expect(f, "wrote ok 5");
  peer_write(f->peer, "yes", 3);
  drive(f, "read 100");
  drive_expect(f, "read ok 796573");
}
