/* What npcat was asked to do. */
#ifndef NPCAT_OPTIONS_H
#define NPCAT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <npipe/npipe.h>

/* The longest line or block that is sent as one message. */
#define MESSAGE_BYTES_MAX 8388608

typedef enum exit_code {
  EXIT_GOOD = 0,
  EXIT_FAILED = 1,
  EXIT_USAGE = 2,
  EXIT_TIME = 3,
  EXIT_NO_PIPE = 4,
  EXIT_DENIED = 5
} exit_code;

/* How standard input is cut into what is written at a time. */
typedef enum input_cut { CUT_NOT, CUT_LINES, CUT_BLOCKS } input_cut;

typedef struct options {
  char name[4 * 256 + 1]; /* of the pipe, with \\.\pipe\ before it */
  bool listen;
  bool wait;
  bool hex;
  bool half_close;
  bool quit;
  bool receive_only;
  bool send_only;
  bool same_user;
  bool verbose;
  input_cut cut;
  size_t block_bytes;
  uint32_t client_count; /* 0: no limit */
  uint32_t time_ms;      /* to wait for the other end; 0: no limit */
  uint32_t idle_ms;
  np_access access;
  const char *sddl;
} options;

/* options_read reads the command line, in UTF-8. It returns true if there is
 * something to be done, else *code is what the program exits with: it was asked
 * for help and gave it, or it said on standard error what is wrong. */
bool options_read(options *o, int argc, char **argv, exit_code *code);

#endif
