/* What the museum's cases share beside the fixture.
 *
 * The museum shows the failures of other libraries; `source` of a case names
 * the rows of the collection. Most were races or rare orders, so its cases go
 * many rounds, and what they check is how often something happens. */
#ifndef NPIPE_CONFORMANCE_LIBRARY_MUSEUM_COMMON_H
#define NPIPE_CONFORMANCE_LIBRARY_MUSEUM_COMMON_H

#include "fixture.h"

enum {
  MUSEUM_QUOTA = 4096, /* museum_quota, both directions */
  MUSEUM_ROUNDS = 300, /* of a race that takes a new pair each time */
  MUSEUM_TURNS = 1000  /* of a race on one pair                     */
};

/* museum_begin is what a case that uses the functions below calls first. It
 * sets the quotas of the instances that follow. */
void museum_begin(np_fixture *f, uint32_t quota_bytes);

/* museum_round tells a failure from now on which of many rounds or
 * combinations it was in. Made like printf's. */
void museum_round(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/* museum_fail fails the case with the round and a text like printf's. */
void museum_fail(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4), noreturn));

/* As assert_done and assert_np_error, with the round. */
void museum_done_at(const struct recorder *recorder, np_error result,
                    size_t transferred, const char *file, int line);
void museum_error_at(np_error actual, np_error expected, const char *file,
                     int line);
#define museum_done(recorder, result, transferred) \
  museum_done_at((recorder), (result), (transferred), __FILE__, __LINE__)
#define museum_error(actual, expected) \
  museum_error_at((actual), (expected), __FILE__, __LINE__)

/* museum_done_either is museum_done with one of two results; the number of
 * bytes is for the case to check. */
void museum_done_either_at(const struct recorder *recorder, np_error result,
                           np_error or_result, const char *file, int line);
#define museum_done_either(recorder, result, or_result) \
  museum_done_either_at((recorder), (result), (or_result), __FILE__, __LINE__)

/* museum_until runs the loop until each start of `recorder` was answered. */
void museum_until(np_fixture *f, const struct recorder *recorder);

/* museum_settle runs what is ready and what can be made so without a wait. */
void museum_settle(np_fixture *f);

/* museum_accept runs np_server_connect on `server`, which must be NP_OK. */
void museum_accept(np_fixture *f, np_pipe *server);

/* museum_open opens a client end of the fixture's name, which must succeed;
 * the case closes it. */
np_pipe *museum_open(np_fixture *f);

/* museum_read reads once into a buffer of any size, waits, and returns the
 * result. `recorder` is fresh, or was used with this function before. */
void museum_read_begin(struct recorder *recorder, np_pipe *pipe, void *buffer,
                       size_t length);

/* museum_close_pair closes f->server and f->client and waits for both. */
void museum_close_pair(np_fixture *f);

/* museum_echo has `client` send a few bytes and get them back from `server`. */
void museum_echo(np_fixture *f, np_pipe *server, np_pipe *client);

/* museum_client_raw opens the name as a program without this library does.
 * INVALID_HANDLE_VALUE and the last error on failure; the case closes it. */
HANDLE museum_client_raw(np_fixture *f, DWORD access);

/* museum_take_raw reads what waits at `pipe` with ReadFile on its handle, past
 * the loop. Returns the number of bytes. */
size_t museum_take_raw(const np_pipe *pipe, void *buffer, size_t length);

/* museum_pattern fills `buffer` with bytes that depend on `seed` and place. */
void museum_pattern(uint8_t *buffer, size_t length, uint32_t seed);

/* museum_random returns the next of a sequence of numbers. */
uint32_t museum_random(uint32_t *state);

/* museum_worker runs `run` on another thread; it must not assert, and returns
 * a Win32 error. museum_join waits for its end, which must come. */
HANDLE museum_worker(DWORD(WINAPI *run)(void *), void *argument);
DWORD museum_join(np_fixture *f, HANDLE worker);

#endif
