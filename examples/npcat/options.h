/* The options of npcat, as the command line gives them. */
#ifndef NPCAT_OPTIONS_H
#define NPCAT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <npipe/npipe.h>

/* The longest line or block that can be sent as one message. */
#define MESSAGE_BYTES_MAX 8388608

typedef enum exit_code {
  EXIT_GOOD = 0,
  EXIT_FAILED = 1,
  EXIT_USAGE = 2,
  EXIT_TIME = 3,
  EXIT_NO_PIPE = 4,
  EXIT_DENIED = 5
} exit_code;

/* The way in which standard input is cut into pieces. Each piece is one
 * write. */
typedef enum input_cut { CUT_NOT, CUT_LINES, CUT_BLOCKS } input_cut;

typedef struct options {
  char name[4 * 256 + 1]; /* name of the pipe, with \\.\pipe\ in front */
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

/* options_read reads the command line, which is in UTF-8. It returns true if
 * the program has work to do. Else *code is the exit code: the program printed
 * its help or version, or it printed to standard error why the command line is
 * wrong. */
bool options_read(options *o, int argc, char **argv, exit_code *code);

#endif
