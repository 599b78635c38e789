/* The fixture of the platform cases: raw Win32 and NT calls, without the
 * library.
 *
 * A failing library case means either a bug of npipe or a platform that
 * differs; the platform cases show which. They require the behaviour of
 * Windows. A difference of another platform stands in
 * conformance/expectations/, never in an `if` here.
 *
 * A run begins with a fresh pipe name and the mode of its variant. A case
 * creates the rest with the helpers below. After the case, all handles that
 * they returned are closed and all operations have ended. So a case asserts
 * only its own subject. The fixture is static: after a failed assert the kernel
 * may still write to it until the process ends. */
#ifndef NPIPE_CONFORMANCE_PLATFORM_FIXTURE_H
#define NPIPE_CONFORMANCE_PLATFORM_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <windows.h>

#include <cmocka.h>

#include "case.h"
#include "nt.h"
#include "world.h"

enum {
  WAIT_MS = 5000, /* for an event that must come */
  QUIET_MS = 20,  /* for an event that must not come */
  QUOTA = 4096,   /* of both directions, unless the case sets others */
  NAME_CHARS_MAX = WORLD_PIPE_NAME_BYTES_MAX + 16,
  HANDLES_MAX = 320,
  IOS_MAX = 64,
  KEY_SERVER = 1, /* completion keys of a pair on the port                   */
  KEY_CLIENT = 2
};

/* An operation. Its OVERLAPPED stays in place until the operation has ended. */
struct io {
  OVERLAPPED overlapped;
  HANDLE event; /* manual reset; NULL if a packet reports the end */
  bool pending; /* started with ERROR_IO_PENDING, end not yet seen           */
};

/* The result of an operation. `error` is 0 for success. */
struct result {
  DWORD error;
  DWORD bytes;
};

/* A packet as GetQueuedCompletionStatusEx returned it. */
struct packet {
  bool found;
  ULONG_PTR key;
  OVERLAPPED *overlapped;
  DWORD status; /* low half of Internal; the upper half is undefined */
  DWORD bytes;
};

struct platform {
  unsigned variant;
  DWORD type;      /* PIPE_TYPE_MESSAGE or PIPE_TYPE_BYTE                    */
  DWORD read_mode; /* PIPE_READMODE_MESSAGE or PIPE_READMODE_BYTE            */
  DWORD quota_out; /* server to client, for instances created later */
  DWORD quota_in;  /* client to server                                       */
  wchar_t name[NAME_CHARS_MAX];
  HANDLE server;
  HANDLE client;
  HANDLE end;  /* end under test; server if the variant has none */
  HANDLE peer; /* the other end                                              */
  HANDLE port;
  HANDLE handles[HANDLES_MAX];
  size_t handle_count;
  struct io ios[IOS_MAX];
  size_t io_count;
};

/* Declares a platform case; the body follows, with `struct platform *f`.
 * The function and the outcome become strings here, before the preprocessor
 * replaces a constant by its value. */
#define NP_PLATFORM_CASE(id_, function_, modes_, outcome_, requirement_, \
                         source_)                                        \
  NP_CASE_DEFINE(struct platform, platform_run, id_, #function_, modes_, \
                 #outcome_, requirement_, source_)

void platform_run(unsigned variant, void (*body)(void *fixture));

/* --- Handles ------------------------------------------------------------ */

/* win_own registers `handle` to be closed after the case, and returns it. */
HANDLE win_own(struct platform *f, HANDLE handle);

/* win_close closes `*handle` now and sets it to NULL. */
void win_close(struct platform *f, HANDLE *handle);

/* event_new returns a manual-reset event, not signalled. */
HANDLE event_new(struct platform *f);

/* event_is_set returns true if a wait on `handle` succeeds at once. */
bool event_is_set(HANDLE handle);

/* --- Pipes -------------------------------------------------------------- */

/* instance_open calls CreateNamedPipeW with the fixture's name and quotas. On
 * failure it returns INVALID_HANDLE_VALUE and leaves the last error. */
HANDLE instance_open(struct platform *f, DWORD open_mode, DWORD pipe_mode,
                     DWORD instances_max);

/* instance_create is instance_open for a duplex, overlapped instance in the
 * mode of the variant. It checks that it succeeds. */
HANDLE instance_create(struct platform *f, DWORD instances_max);

/* client_open calls CreateFileW on the fixture's name. On failure it returns
 * INVALID_HANDLE_VALUE and leaves the last error. */
HANDLE client_open(struct platform *f, DWORD access, DWORD flags);

/* client_connect is client_open for reading and writing, overlapped and in the
 * read mode of the variant. It checks that it succeeds. */
HANDLE client_connect(struct platform *f);

/* client_connect_sync is client_connect without FILE_FLAG_OVERLAPPED. */
HANDLE client_connect_sync(struct platform *f);

/* pair_listen creates f->server. A new instance listens from the start. */
void pair_listen(struct platform *f);

/* pair_connect opens f->client and sets f->end and f->peer. */
void pair_connect(struct platform *f);

/* pair_create creates both ends. */
void pair_create(struct platform *f);

/* pair_create_on_port creates both ends and joins them to f->port. If
 * `notification_modes` is not 0, it is passed to
 * SetFileCompletionNotificationModes. */
void pair_create_on_port(struct platform *f, UCHAR notification_modes);

/* peer_close closes the pair's handle at the peer. end_close closes the handle
 * at the end under test. */
void peer_close(struct platform *f);
void end_close(struct platform *f);

/* win_disconnect calls DisconnectNamedPipe on the server of the pair. */
void win_disconnect(struct platform *f);

/* read_mode_set calls SetNamedPipeHandleState and returns the error, or 0. */
DWORD read_mode_set(HANDLE pipe, DWORD mode);

/* peek_bytes returns the number of readable bytes that PeekNamedPipe
 * reports. */
DWORD peek_bytes(HANDLE pipe);

/* win_state returns the state in FILE_PIPE_LOCAL_INFORMATION, 1 to 4. */
DWORD win_state(HANDLE pipe);

/* --- Ports -------------------------------------------------------------- */

void port_new(struct platform *f);

/* port_join binds `pipe` to f->port and returns the error, or 0. */
DWORD port_join(struct platform *f, HANDLE pipe, ULONG_PTR key);

/* packet_take waits `timeout_ms` for one packet. Without a packet `found` is
 * false. */
struct packet packet_take(struct platform *f, DWORD timeout_ms);

/* --- Operations --------------------------------------------------------- */

/* io_new returns an operation with an event. If the fixture has a port, the low
 * bit of hEvent is set, so that the operation posts no packet. */
struct io *io_new(struct platform *f);

/* io_new_port returns an operation without an event; a packet reports its
 * end. */
struct io *io_new_port(struct platform *f);

/* pair_io is pair_create and io_new. pair_io_port is pair_create_on_port
 * without modes, and io_new_port. */
struct io *pair_io(struct platform *f);
struct io *pair_io_port(struct platform *f);

/* Each function starts an operation and returns GetLastError(), or 0 if the
 * call returned TRUE. */
DWORD read_start(struct io *io, HANDLE pipe, void *buffer, DWORD size);
DWORD write_start(struct io *io, HANDLE pipe, const void *data, DWORD size);
DWORD connect_start(struct io *io, HANDLE pipe);
DWORD transact_start(struct io *io, HANDLE pipe, const void *request,
                     DWORD request_size, void *reply, DWORD reply_size);

/* io_wait waits for the end of a pending operation that has an event. */
struct result io_wait(struct io *io, HANDLE pipe);

/* io_finish returns the result of an operation whose start returned `error`. It
 * waits if the operation is pending. */
struct result io_finish(struct io *io, HANDLE pipe, DWORD error);

/* io_is_quiet returns true if the operation is still pending after QUIET_MS. */
bool io_is_quiet(struct io *io);

/* win_read and win_write start an operation and wait until it ends. */
struct result win_read(struct platform *f, HANDLE pipe, void *buffer,
                       DWORD size);
struct result win_write(struct platform *f, HANDLE pipe, const void *data,
                        DWORD size);

/* --- Threads ------------------------------------------------------------ */

/* A worker is a thread for calls that block. `run` must not assert; it returns
 * a result. The thread is running when worker_start returns. */
typedef DWORD(WINAPI *worker_fn)(void *argument);
HANDLE worker_start(struct platform *f, worker_fn run, void *argument);

/* worker_is_blocked returns true if the worker still runs after QUIET_MS. By
 * then it is in the call that blocks. The time scale of a busy machine
 * stretches QUIET_MS. */
bool worker_is_blocked(HANDLE worker);

/* worker_join waits for the worker's end and returns the result of `run`. */
DWORD worker_join(HANDLE worker);

/* --- Asserts ------------------------------------------------------------ */

void assert_error_at(DWORD actual, DWORD expected, const char *file, int line);
void assert_status_at(DWORD actual, DWORD expected, const char *file, int line);
void assert_result_at(struct result actual, DWORD error, DWORD bytes,
                      const char *file, int line);
void assert_packet_at(struct platform *f, const struct io *io, DWORD status,
                      DWORD bytes, const char *file, int line);
void assert_no_packet_at(struct platform *f, const char *file, int line);
void assert_call_at(BOOL succeeded, DWORD error, const char *file, int line);
void assert_refused_at(BOOL succeeded, DWORD error, DWORD expected,
                       const char *file, int line);
void assert_read_at(struct platform *f, HANDLE pipe, const char *text,
                    const char *file, int line);

/* assert_error: a Win32 error code is `expected`. */
#define assert_error(actual, expected) \
  assert_error_at((actual), (expected), __FILE__, __LINE__)

/* assert_status: an NTSTATUS is `expected`. */
#define assert_status(actual, expected) \
  assert_status_at((DWORD)(actual), (DWORD)(expected), __FILE__, __LINE__)

/* assert_result: a struct result holds `error` and `bytes`. */
#define assert_result(actual, error, bytes) \
  assert_result_at((actual), (error), (bytes), __FILE__, __LINE__)

/* assert_packet: the next packet belongs to `io`, with `status` and `bytes`. */
#define assert_packet(f, io, status, bytes) \
  assert_packet_at((f), (io), (status), (bytes), __FILE__, __LINE__)

/* assert_no_packet: no packet comes within QUIET_MS. */
#define assert_no_packet(f) assert_no_packet_at((f), __FILE__, __LINE__)

/* assert_call: the call, which returns a BOOL, succeeds. */
#define assert_call(call)                                   \
  do {                                                      \
    BOOL succeeded_ = (call);                               \
    DWORD error_ = GetLastError();                          \
    assert_call_at(succeeded_, error_, __FILE__, __LINE__); \
  } while (0)

/* assert_refused: the call, which returns a BOOL, fails with `expected`. */
#define assert_refused(call, expected)                                     \
  do {                                                                     \
    BOOL succeeded_ = (call);                                              \
    DWORD error_ = GetLastError();                                         \
    assert_refused_at(succeeded_, error_, (expected), __FILE__, __LINE__); \
  } while (0)

/* assert_not_opened: the open, which returns a HANDLE, fails with
 * `expected`. */
#define assert_not_opened(open, expected) \
  assert_refused((open) != INVALID_HANDLE_VALUE, (expected))

/* assert_read: the next read succeeds and returns exactly `text`. */
#define assert_read(f, pipe, text) \
  assert_read_at((f), (pipe), (text), __FILE__, __LINE__)

#endif
