/* Helpers that the museum's cases share.
 *
 * The museum shows failures of other libraries; `source` of a case names the
 * rows of the collection. Most failures were races or rare orders, so these
 * cases run many rounds, and many of them check how often something happens. */
#ifndef NPIPE_CONFORMANCE_LIBRARY_ROUNDS_H
#define NPIPE_CONFORMANCE_LIBRARY_ROUNDS_H

#include "fixture.h"

enum {
  MUSEUM_QUOTA = 4096, /* quota of both directions */
  MUSEUM_ROUNDS = 300, /* rounds of a race that needs a new pair each time */
  MUSEUM_TURNS = 1000  /* rounds of a race on one pair */
};

/* museum_done_either is assert_done with one of two results. The case itself
 * checks the number of bytes. */
void museum_done_either_at(const struct recorder *recorder, np_error result,
                           np_error or_result, const char *file, int line);
#define museum_done_either(recorder, result, or_result) \
  museum_done_either_at((recorder), (result), (or_result), __FILE__, __LINE__)

/* museum_done_drained is assert_done of a write that waited for room when its
 * pipe went: the result is `error`, or NP_OK with `length` bytes where the
 * kernel ends such writes so (kernel_ends_drained_writes). */
void museum_done_drained_at(np_fixture *f, const struct recorder *recorder,
                            np_error error, size_t length, const char *file,
                            int line);
#define museum_done_drained(f, recorder, error, length) \
  museum_done_drained_at((f), (recorder), (error), (length), __FILE__, __LINE__)

/* museum_listen creates f->server with MUSEUM_QUOTA. */
void museum_listen(np_fixture *f);

/* museum_accept runs np_server_connect on `server` and checks that it ends with
 * NP_OK. */
void museum_accept(np_fixture *f, np_pipe *server);

/* museum_open opens a client of the fixture's name and checks that it succeeds.
 * The case closes it. */
np_pipe *museum_open(np_fixture *f);

/* museum_read_begin starts one read into a buffer of any size. `recorder` is
 * fresh, or was used with this function before. */
void museum_read_begin(struct recorder *recorder, np_pipe *pipe, void *buffer,
                       size_t length);

/* museum_echo lets `client` send a few bytes and get them back from
 * `server`. */
void museum_echo(np_fixture *f, np_pipe *server, np_pipe *client);

/* museum_client_raw opens the name as a program without npipe would. On failure
 * it returns INVALID_HANDLE_VALUE and leaves the last error. The case closes
 * the handle. */
HANDLE museum_client_raw(np_fixture *f, DWORD access);

/* museum_take_raw reads the waiting data at `pipe` with ReadFile on its handle,
 * without the loop. It returns the number of bytes. */
size_t museum_take_raw(const np_pipe *pipe, void *buffer, size_t length);

/* museum_pattern fills `buffer` with bytes that depend on `seed` and on their
 * place. */
void museum_pattern(uint8_t *buffer, size_t length, uint32_t seed);

/* museum_random returns the next number of a pseudo-random sequence. */
uint32_t museum_random(uint32_t *state);

/* museum_worker runs `run` on another thread. `run` must not assert; it returns
 * a Win32 error. museum_join waits until the thread has ended. */
HANDLE museum_worker(DWORD(WINAPI *run)(void *), void *argument);
DWORD museum_join(np_fixture *f, HANDLE worker);

#endif
