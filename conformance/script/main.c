/* --script: plays programs drawn from seeds. --script-play: plays programs read
 * as text, each ended by a line "end". Both print one transcript for each
 * program, end it with "end" and flush it, so that one process can play any
 * number of programs. */
#include "script/main.h"
#include "script/script.h"
#include "runner/options.h"
#include "world.h"

#include <string.h>

static void script_print(const struct script *script, FILE *out) {
  char text[STEP_TEXT_BYTES_MAX];

  for (size_t i = 0; i < script->count; i++) {
    step_print(&script->steps[i], text, sizeof text);
    fprintf(out, "%s\n", text);
  }
}

static void script_out(const struct script *script,
                       const struct options *options) {
  if (options->script_print) {
    script_print(script, stdout);
  } else {
    script_play(script, stdout);
  }
  puts("end");
  fflush(stdout);
}

static int seeds_main(const struct options *options) {
  uint64_t i;

  for (i = 0; i < options->script_count; i++) {
    struct script script;

    script_draw(&script, options->script_seed + i);
    printf("seed %llu\n", (unsigned long long)(options->script_seed + i));
    script_out(&script, options);
  }
  return 0;
}

/* A line is a step. Lines that begin with a blank, `#` or `seed` are for
 * readers. */
static bool line_is_step(const char *line) {
  return line[0] != ' ' && line[0] != '#' && line[0] != '\r' &&
         line[0] != '\n' && strncmp(line, "seed ", 5) != 0;
}

static int play_main(const struct options *options) {
  FILE *in = strcmp(options->script_file, "-") == 0
                 ? stdin
                 : fopen(options->script_file, "r");
  static struct script script;
  char line[1024];

  if (in == NULL) {
    fprintf(stderr, "npipe-conformance: cannot read %s\n",
            options->script_file);
    return EXIT_USAGE;
  }
  script.count = 0;
  while (fgets(line, sizeof line, in) != NULL) {
    if (strncmp(line, "end", 3) == 0) {
      script_out(&script, options);
      script.count = 0;
    } else if (line_is_step(line)) {
      if (script.count == STEPS_MAX ||
          !step_parse(&script.steps[script.count++], line)) {
        fprintf(stderr, "npipe-conformance: no step of a script: %s", line);
        return EXIT_USAGE;
      }
    }
  }
  if (script.count > 0) {
    script_out(&script, options);
  }
  if (in != stdin) {
    fclose(in);
  }
  return 0;
}

int script_main(const struct options *options) {
  char version[64];

  world_version(version, sizeof version);
  printf("# %s %s\n", world_name(), version);
  fflush(stdout);
  return options->script_file != NULL ? play_main(options)
                                      : seeds_main(options);
}
