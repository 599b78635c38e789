/* Helpers that the cases of readiness, vectors and flush share. */
#ifndef NPIPE_CONFORMANCE_LIBRARY_READY_COMMON_H
#define NPIPE_CONFORMANCE_LIBRARY_READY_COMMON_H

#include "library/fixture.h"

enum {
  READY_QUOTA = 4096, /* quota of both directions */
  /* the most that ready_pattern and assert_caught handle */
  READY_BYTES_MAX = 262144,
  FALSE_ALARMS_MAX = 100 /* false alarms in a row; more mean a busy loop */
};

/* The read-ahead sizes with which many cases run. */
extern const size_t read_aheads[];
extern const size_t read_ahead_count;

/* pair_open_one_way is pair_open with an f->end that can only read, or only
 * write. */
void pair_open_one_way(np_fixture *f, bool end_reads);

/* pair_reopen closes both ends, if they are open, waits for both closes, and
 * calls pair_open. */
void pair_reopen(np_fixture *f);

/* server_disconnect disconnects the client, and runs everything that becomes
 * ready by this. */
void server_disconnect(np_fixture *f);

/* server_reconnect connects the server to a new client, f->client. The old
 * client stays open until the end of the case. */
void server_reconnect(np_fixture *f);

/* ready_set sets the readiness options of `pipe`, and checks that it
 * succeeds. */
void ready_set(np_pipe *pipe, size_t read_ahead_bytes,
               size_t write_buffer_bytes);

/* pair_probing opens a pair whose end has no buffer to read ahead. */
void pair_probing(np_fixture *f);

/* pair_asked opens a pair whose end has a read-ahead of `size` bytes in the
 * kernel. */
void pair_asked(np_fixture *f, size_t size);

/* The read-ahead sizes with which tries run: larger than each message, larger
 * than some messages, and smaller. */
enum { TRY_SIZES = 6 };
extern const size_t try_sizes[TRY_SIZES];

/* The ways in which a message arrives. CAUGHT: a read-ahead waits for it.
 * UNASKED: nothing waits for it. */
enum { CAUGHT, UNASKED, WAYS };

/* sent_in opens a pair whose end reads ahead `try_sizes[i / WAYS]` bytes. The
 * peer sends one message in the way `i % WAYS`. */
enum { SENT_WAYS = TRY_SIZES * WAYS };
void sent_in(np_fixture *f, unsigned i, const void *data, size_t length);

/* ready_begin starts a wait with `recorder`, and checks that it starts. */
void ready_begin(struct recorder *recorder, np_pipe *pipe,
                 np_interest interest);

/* ready_wait waits for a readiness of `interest` and returns it. This function
 * and those below use no recorder but `helper`. */
np_readiness ready_wait(np_fixture *f, np_pipe *pipe, np_interest interest);

/* ready_read calls np_pipe_try_read until the answer is not NP_WOULD_BLOCK, and
 * waits for `pipe` to be readable between the tries. ready_write is the same
 * for np_pipe_try_write. The results are those of the last try. */
np_error ready_read(np_fixture *f, np_pipe *pipe, void *buffer, size_t size,
                    size_t *length);
np_error ready_write(np_fixture *f, np_pipe *pipe, const void *data,
                     size_t length, size_t *taken);

/* ready_write_all repeats ready_write until all bytes are taken. */
void ready_write_all(np_fixture *f, np_pipe *pipe, const void *data,
                     size_t length);

/* memory_sweep calls `attempt` with its first allocation failing, then with its
 * second, and so on, until no allocation fails. Each failed allocation must
 * give ERROR_NOT_ENOUGH_MEMORY, at least one must occur, and the last call must
 * give NP_OK. */
void memory_sweep(np_fixture *f, np_error (*attempt)(np_fixture *f));

/* ready_random returns the next number of a pseudo-random sequence. */
uint32_t ready_random(uint32_t *state);

/* ready_pattern returns READY_BYTES_MAX bytes that differ from place to
 * place. */
const char *ready_pattern(void);

/* assert_caught checks that reading by readiness returns exactly `data`: in one
 * message on an end with message reads, else in any number of pieces. */
void assert_caught_at(np_fixture *f, np_pipe *pipe, const void *data,
                      size_t length, const char *file, int line);
#define assert_caught(f, pipe, data, length) \
  assert_caught_at((f), (pipe), (data), (length), __FILE__, __LINE__)

/* assert_tries_refused checks that `attempt` (np_pipe_try_readv or
 * np_pipe_try_writev on f->end) refuses NULL, and lengths whose sum exceeds the
 * limit. */
typedef np_error (*try_parts)(np_pipe *pipe, const np_buffer *buffers,
                              size_t count, size_t *transferred);
void assert_tries_refused(np_fixture *f, try_parts attempt);

/* assert_try_read checks that one try returns `result` and exactly `data`. */
void assert_try_read_at(np_pipe *pipe, size_t size, np_error result,
                        const void *data, size_t length, const char *file,
                        int line);
#define assert_try_read(pipe, size, result, data, length)                  \
  assert_try_read_at((pipe), (size), (result), (data), (length), __FILE__, \
                     __LINE__)

/* assert_try_write checks that one try returns `result` and takes `taken`
 * bytes. */
void assert_try_write_at(np_pipe *pipe, const void *data, size_t length,
                         np_error result, size_t taken, const char *file,
                         int line);
#define assert_try_write(pipe, data, length, result, taken)                  \
  assert_try_write_at((pipe), (data), (length), (result), (taken), __FILE__, \
                      __LINE__)

#endif
