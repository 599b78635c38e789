/* Families: how the pipe of a name came to be, who may add an instance to it,
 * and who may trust it. The laws: a server with a preset never gets an instance
 * of a pipe that was created in another way; a client that demands a server of
 * its own user never gets a pipe that another user can serve; and no process of
 * low integrity gets an end of a pipe with a preset. */
#include "family.h"

#include "instance.h"

/* Wine, under which the inputs are replayed, has no access lists. */
#ifdef _WIN32
enum { KEEPS_ACCESS = 0 };
#else
enum { KEEPS_ACCESS = 1 };
#endif

void name_made(struct end *end, enum family family) {
  struct play *play = end->play;
  enum family *own = &play->families[end->name];

  if (has_server(play, end->name)) {
    return;
  }
  *own = lingering_server(play, end->name) != NULL && *own != family
             ? FAMILY_UNKNOWN
             : family;
}

static bool has_preset(enum family family) {
  return family == FAMILY_PRESET || family == FAMILY_LOW;
}

bool may_join(const struct play *play, enum family family, unsigned name) {
  return !KEEPS_ACCESS || !has_preset(family) ||
         play->families[name] == family ||
         play->families[name] == FAMILY_UNKNOWN;
}

bool is_deceiver(enum family family) {
  return family == FAMILY_OPEN || family == FAMILY_LOW ||
         family == FAMILY_FOREIGN;
}

bool draws_low(const struct step *step) {
  return (step->b >> 12) % 16 == 7;
}

bool is_open_to_all(enum family family) {
  return family == FAMILY_OPEN || family == FAMILY_LOW;
}

static bool draws_foreign(const struct step *step) {
  return (step->b >> 12) % 16 == 9;
}

enum family access_choose(np_server_options *options, const struct step *step) {
  if (draws_foreign(step) && instance_become("bob")) {
    options->sddl = "D:P(A;;FA;;;SY)(A;;0x12019b;;;WD)";
    return FAMILY_FOREIGN;
  }
  if (draws_low(step) && instance_become("alice-low")) {
    return FAMILY_LOW;
  }
  if (step->d % 9 == 0) {
    options->sddl = "D:(A;;GA;;;WD)";
    return FAMILY_OPEN;
  }
  if (step->d % 3 == 0) {
    options->access = NP_ACCESS_WINDOWS_DEFAULT;
    return FAMILY_WINDOWS;
  }
  return FAMILY_PRESET;
}

bool may_be_denied(struct play *play, unsigned name, enum family family,
                   bool is_first) {
  return (has_server(play, name) || lingering_server(play, name) != NULL) &&
         (is_first || family == FAMILY_LOW || family == FAMILY_FOREIGN ||
          play->families[name] == FAMILY_FOREIGN ||
          play->families[name] == FAMILY_UNKNOWN ||
          (family == FAMILY_PRESET && play->families[name] != FAMILY_PRESET));
}
