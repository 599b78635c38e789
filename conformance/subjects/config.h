/* What npipe-subjects judges, as its command line says. The runner's children
 * read the same from the environment. */
#ifndef NPIPE_SUBJECTS_CONFIG_H
#define NPIPE_SUBJECTS_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

enum {
  CONFIG_COMMAND_BYTES_MAX = 2048,
  CONFIG_TEXT_BYTES_MAX = 512,
  LEVEL_MAX = 3
};

/* What a program can do (docs/subjects.md, contract). */
enum {
  LEVEL_ANY = 0,   /* it serves, or connects to, the pipe that it is told */
  LEVEL_STOP = 1,  /* it says "ready", and stops at the end of its input */
  LEVEL_KINDS = 2, /* it knows the kinds send:N and sink */
  LEVEL_DRIVE = 3  /* it knows the kind drive */
};

enum role { ROLE_SERVER, ROLE_CLIENT, ROLES };

struct config {
  char command[ROLES][CONFIG_COMMAND_BYTES_MAX]; /* "": role is not judged */
  unsigned level;
  unsigned modes; /* MODE_BYTE, MODE_MESSAGE */
  bool talks;     /* say and expect are set: the program does not echo */
  char say[CONFIG_TEXT_BYTES_MAX]; /* with escapes \n, \r, \t, \\, \xHH */
  char expect[CONFIG_TEXT_BYTES_MAX];
  unsigned rounds; /* of a case that provokes a race */
  char name[CONFIG_TEXT_BYTES_MAX];
  char version[CONFIG_TEXT_BYTES_MAX];
};

/* The configuration of this process. */
extern struct config config;

/* config_take_options takes the options of npipe-subjects out of `argv`, leaves
 * the runner's, and sets the environment for the children. It returns false,
 * after a line on stderr, if an option is wrong. */
bool config_take_options(int *argc, char **argv);

/* config_repeat writes the options that repeat this configuration. */
void config_repeat(char *out, size_t size);

/* config_read reads the configuration from the environment. */
void config_read(void);

extern const char config_help[];

/* config_bytes writes the bytes that `text` with escapes stands for, and
 * returns their number; at most CONFIG_TEXT_BYTES_MAX. */
size_t config_bytes(const char *text, unsigned char *out);

/* config_command_line writes the command line of a program: the placeholders
 * {name}, {pipe}, {mode}, {kind} and {role} replaced. A command without
 * placeholders gets ROLE NAME MODE KIND at its end. */
void config_command_line(enum role role, const char *name, unsigned mode,
                         const char *kind, char *out, size_t size);

#endif
