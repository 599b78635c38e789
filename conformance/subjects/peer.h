/* The other end of the program's pipe: a raw client or server, without npipe.
 * No call waits longer than its limit: a program that does not answer fails the
 * case. */
#ifndef NPIPE_SUBJECTS_PEER_H
#define NPIPE_SUBJECTS_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <windows.h>

enum {
  PEER_MS = 8000,       /* the limit of a call that must succeed */
  PEER_QUOTA = 4096,    /* of a server's instance, in each direction */
  PEER_READ_MAX = 65536 /* bytes that a read takes at most */
};

struct peer {
  HANDLE pipe;          /* NULL: not open */
  OVERLAPPED listening; /* of a server: the wait for a client */
  OVERLAPPED writing;   /* of peer_write_begin */
  bool is_server;
  bool is_writing;
  unsigned mode;
};

/* The result of a call: an error code, and bytes. */
struct told {
  DWORD error;
  size_t bytes;
};

/* --- a client of the program's server --- */

/* peer_try_open opens the pipe once, with the rights `access`. */
DWORD peer_try_open(struct peer *p, const char *name, unsigned mode,
                    DWORD access);

/* peer_open opens the pipe, and waits while it is busy. A name that does not
 * exist fails the case, and so does a pipe that stays busy. */
void peer_open(struct peer *p, const char *name, unsigned mode);

/* --- a server for the program's client --- */

/* peer_create creates an instance. It waits for a client from now on. */
void peer_create(struct peer *p, const char *name, unsigned mode, DWORD access,
                 DWORD quota);

/* peer_accept waits for the client. It returns false if none comes. */
bool peer_accept(struct peer *p, uint32_t ms);

/* peer_disconnect disconnects the client; unread data is lost. The instance
 * waits for a client again. */
void peer_disconnect(struct peer *p);

/* --- both --- */

/* peer_try_write writes once. After the limit it cancels: the error is then
 * WAIT_TIMEOUT, and `bytes` tells what was taken. */
struct told peer_try_write(struct peer *p, const void *data, size_t length,
                           uint32_t ms);

/* peer_write writes all, or the case fails. */
void peer_write(struct peer *p, const void *data, size_t length);

/* peer_write_begin starts a write that may wait. peer_write_end waits for its
 * end; peer_write_cancel takes it back. `data` stays until then. */
void peer_write_begin(struct peer *p, const void *data, size_t length);
struct told peer_write_end(struct peer *p, uint32_t ms);
void peer_write_cancel(struct peer *p);

/* peer_try_read reads once, with the same rule as peer_try_write. */
struct told peer_try_read(struct peer *p, void *out, size_t size, uint32_t ms);

/* peer_read reads exactly this: so many bytes, or in message mode one message
 * of this length. Other data, another length or another message fails the
 * case. */
void peer_read(struct peer *p, const void *expected, size_t length);

/* peer_read_end reads the end of the stream: an error that means it, before any
 * byte. */
void peer_read_end(struct peer *p);

/* peer_is_end returns true if `error` tells that the other end has gone. */
bool peer_is_end(DWORD error);

/* peer_pattern fills `out` with bytes that depend on their place and on
 * `seed`, so that lost, doubled and exchanged bytes show. */
void peer_pattern(unsigned char *out, size_t length, unsigned seed);

/* peer_echo writes `length` bytes and reads them back, while it writes: any
 * length is fine. */
void peer_echo(struct peer *p, size_t length, unsigned seed);

/* peer_close closes the end. A peer that is not open is left as it is. */
void peer_close(struct peer *p);

#endif
