/* The errors that the comments of the public headers allow for each function. A
 * model asks here first, and then whether the error has a cause. */
#ifndef NPIPE_KIT_OUTCOMES_H
#define NPIPE_KIT_OUTCOMES_H

#include <stdbool.h>
#include <stddef.h>

#include <npipe/error.h>

/* When a function gives an error: as its return value, or to its callback. */
enum outcome_moment { OUTCOME_RETURNED, OUTCOME_CALLED_BACK };

/* outcome_is_named returns true if the header of `function` names `error` for
 * that moment, or if `error` is NP_OK. A function without a header ends the
 * process. */
bool outcome_is_named(const char *function, enum outcome_moment moment,
                      np_error error);

/* outcome_is_passed_on returns true if the header of `function` says that it
 * passes on the errors of Windows' function `of`. */
bool outcome_is_passed_on(const char *function, enum outcome_moment moment,
                          const char *of);

/* outcome_may_count returns true if an operation that ends with `error` may
 * have `transferred` bytes. Beside most errors it counts none.
 * Source: np_op_fn, np_channel_receive, np_channel_receive_into. */
bool outcome_may_count(np_error error, size_t transferred);

#endif
