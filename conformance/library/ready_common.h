/* What the cases of readiness, vectors and flush share beside the fixture. */
#ifndef NPIPE_CONFORMANCE_LIBRARY_READY_COMMON_H
#define NPIPE_CONFORMANCE_LIBRARY_READY_COMMON_H

#include "fixture.h"

enum {
  READY_QUOTA = 4096,       /* of ready_quota, both directions               */
  READY_BYTES_MAX = 262144, /* that ready_pattern and assert_caught can do   */
  FALSE_ALARMS_MAX = 100    /* in a row; more is a busy loop                 */
};

/* The sizes of read-ahead in which many cases run. */
extern const size_t read_aheads[];
extern const size_t read_ahead_count;

/* ready_quota sets the quotas of the instances that follow. */
void ready_quota(np_fixture *f, uint32_t quota_bytes);

/* pair_open_one_way is pair_open where f->end can only read, or only write. */
void pair_open_one_way(np_fixture *f, bool end_reads);

/* pair_reopen closes both ends, if there are any, waits for that and calls
 * pair_open. */
void pair_reopen(np_fixture *f);

/* pipe_closing returns f->end, being closed: usable until the loop runs. */
np_pipe *pipe_closing(np_fixture *f);

/* server_disconnect lets the client go, and runs what that made ready. */
void server_disconnect(np_fixture *f);

/* server_reconnect connects the server to a new client, f->client. The old one
 * stays open till the end of the case. */
void server_reconnect(np_fixture *f);

/* ready_set sets the options of `pipe`, which must succeed. */
void ready_set(np_pipe *pipe, size_t read_ahead_bytes,
               size_t write_buffer_bytes);

/* pair_asked opens a pair whose end has a read-ahead of `size` in the kernel's
 * hands. */
void pair_asked(np_fixture *f, size_t size);

/* The sizes of read-ahead in which tries run: larger than each message, larger
 * than some, smaller. */
enum { TRY_SIZES = 6 };
extern const size_t try_sizes[TRY_SIZES];

/* How what is sent gets in: a read-ahead waits for it, or nobody asked yet. */
enum { CAUGHT, UNASKED, WAYS };

/* sent_in opens a pair whose end reads ahead `try_sizes[i / WAYS]`, and has the
 * peer send one message in the way `i % WAYS`. */
enum { SENT_WAYS = TRY_SIZES * WAYS };
void sent_in(np_fixture *f, unsigned i, const void *data, size_t length);

/* ready_begin starts a wait with `recorder`, which must succeed. */
void ready_begin(struct recorder *recorder, np_pipe *pipe,
                 np_interest interest);

/* ready_wait waits for something of `interest`, which must come, and returns
 * it. No recorder but `helper` is used, here and below. */
np_readiness ready_wait(np_fixture *f, np_pipe *pipe, np_interest interest);

/* ready_read tries to read until the answer is not NP_WOULD_BLOCK, and waits
 * for `pipe` to be readable between the tries. ready_write does so with
 * np_pipe_try_write. The results are those of the last try. */
np_error ready_read(np_fixture *f, np_pipe *pipe, void *buffer, size_t size,
                    size_t *length);
np_error ready_write(np_fixture *f, np_pipe *pipe, const void *data,
                     size_t length, size_t *taken);

/* ready_write_all does so until all of a byte stream was taken. */
void ready_write_all(np_fixture *f, np_pipe *pipe, const void *data,
                     size_t length);

/* memory_sweep calls `attempt` with its first allocation failing, then with its
 * second, and so on, until it needs no more. It must have needed one, answered
 * ERROR_NOT_ENOUGH_MEMORY each time that one failed, and NP_OK at last. */
void memory_sweep(np_fixture *f, np_error (*attempt)(np_fixture *f));

/* ready_random returns the next of a sequence of numbers. */
uint32_t ready_random(uint32_t *state);

/* ready_pattern returns bytes that differ by place, READY_BYTES_MAX of them. */
const char *ready_pattern(void);

/* assert_caught: reading by readiness gives exactly `data`: in one message on
 * an end with message reads, else in as many pieces as it takes. */
void assert_caught_at(np_fixture *f, np_pipe *pipe, const void *data,
                      size_t length, const char *file, int line);
#define assert_caught(f, pipe, data, length) \
  assert_caught_at((f), (pipe), (data), (length), __FILE__, __LINE__)

/* assert_tries_refused: `attempt`, np_pipe_try_readv or np_pipe_try_writev of
 * f->end, takes no NULL and no lengths that come to more than the limit. */
typedef np_error (*try_parts)(np_pipe *pipe, const np_buffer *buffers,
                              size_t count, size_t *transferred);
void assert_tries_refused(np_fixture *f, try_parts attempt);

/* assert_try_read: one try answers `result` and gives exactly `data`. */
void assert_try_read_at(np_pipe *pipe, size_t size, np_error result,
                        const void *data, size_t length, const char *file,
                        int line);
#define assert_try_read(pipe, size, result, data, length)                  \
  assert_try_read_at((pipe), (size), (result), (data), (length), __FILE__, \
                     __LINE__)

/* assert_try_write: one try answers `result` and takes `taken` bytes. */
void assert_try_write_at(np_pipe *pipe, const void *data, size_t length,
                         np_error result, size_t taken, const char *file,
                         int line);
#define assert_try_write(pipe, data, length, result, taken)                  \
  assert_try_write_at((pipe), (data), (length), (result), (taken), __FILE__, \
                      __LINE__)

#endif
