/* The family of a pipe name: which kind of server created its first instance.
 * The family decides who may open the pipe and who may add instances. */
#ifndef NPIPE_RANDOM_FAMILY_H
#define NPIPE_RANDOM_FAMILY_H

#include "play.h"

/* access_choose sets the access of a new server, and the user who creates it:
 * some servers belong to a process of low integrity, or of another user. */
enum family access_choose(np_server_options *options, const struct step *step);

/* draws_low returns true if the step is of a process of low integrity. */
bool draws_low(const struct step *step);

/* may_join returns true if a server of `family` may have got an instance of the
 * pipe `name`. */
bool may_join(const struct play *play, enum family family, unsigned name);

/* may_be_denied returns true if the name is taken, and the pipe behind it may
 * refuse another server. `is_first`: it has the option first_instance. */
bool may_be_denied(struct play *play, unsigned name, enum family family,
                   bool is_first);

/* is_deceiver returns true for a pipe that a client who demands a server of his
 * own user must refuse. */
bool is_deceiver(enum family family);

/* is_open_to_all returns true for a pipe that others than its owner can serve.
 * A client who sets verify_access must refuse it. */
bool is_open_to_all(enum family family);

#endif
