/* np_pipe_relay: a thread copies between a synchronous handle and the peer's
 * end of a pair. Rule: the loop never waits for the handle. While the thread
 * lives it owns the handles and the buffer; its memory is of the process,
 * because a thread that a cancel does not reach outlives the loop. */
#include <npipe/relay.h>

#include <stdlib.h>
#include <string.h>

#include <npipe/pair.h>

#include "pipe.h"

#define RELAY_BUFFER_BYTES 4096u
#define RELAY_PIPE_BYTES   65536u
#define RELAY_LINGER_MS    5000u
#define RELAY_STACK_BYTES  65536u
#define RELAY_CANCELS_MAX  50u /* with a pause of 1 ms after each */
#define RELAY_PAUSE_MS_MAX 16u

/* The states of a relay. Whoever leaves RELAY_RUNNING decides who frees it: a
 * thread that has ended is freed by the loop, one that was given up frees
 * itself. */
enum { RELAY_RUNNING, RELAY_ENDED, RELAY_GIVEN_UP };

typedef struct relay {
  const np__owner_hooks *hooks; /* first */
  np_loop *loop;
  np_timer timer; /* after the close */
  HANDLE thread;
  bool writes;
  uint32_t linger_ms;
  uint32_t lingered_ms;
  uint32_t pause_ms;
  unsigned cancels;
  volatile LONG state;
  volatile LONG is_stopping; /* the thread begins no more calls */
  volatile LONG error;       /* the answer of np_pipe_relay_error */
  /* The thread's. */
  HANDLE handle;
  HANDLE peer;
  char buffer[RELAY_BUFFER_BYTES];
} relay;

/* --- The thread ---------------------------------------------------------- */

static np_error relay_write(HANDLE to, const char *bytes, DWORD length) {
  while (length > 0) {
    DWORD written = 0;

    if (!WriteFile(to, bytes, length, &written, NULL)) {
      return GetLastError();
    }
    bytes += written;
    length -= written;
  }
  return NP_OK;
}

/* relay_read reads once. A read of 0 bytes is the end of a file or of a
 * socket, but from a pipe of Windows it is an empty write. A part of a message
 * is data. */
static np_error relay_read(HANDLE from, bool is_pipe, char *bytes,
                           DWORD *length) {
  if (!ReadFile(from, bytes, RELAY_BUFFER_BYTES, length, NULL)) {
    const np_error error = GetLastError();

    return error == ERROR_MORE_DATA ? NP_OK : error;
  }
  return *length > 0 || is_pipe ? NP_OK : ERROR_HANDLE_EOF;
}

static bool relay_goes_on(relay *r) {
  return InterlockedCompareExchange(&r->is_stopping, 0, 0) == 0;
}

/* relay_copy copies until an end fails, and returns the error of the handle.
 * The end of the pair is the end of the data. */
static np_error relay_copy(relay *r) {
  /* GetFileType would take a socket for a pipe. */
  const bool is_pipe = GetNamedPipeInfo(r->handle, NULL, NULL, NULL, NULL);
  np_error error = NP_OK;
  DWORD length = 0;

  while (error == NP_OK && relay_goes_on(r)) {
    error = relay_read(r->writes ? r->peer : r->handle, r->writes || is_pipe,
                       r->buffer, &length);
    if (error != NP_OK) {
      return r->writes || error == ERROR_BROKEN_PIPE ||
                     error == ERROR_HANDLE_EOF
                 ? NP_OK
                 : error;
    }
    if (!r->writes) {
      if (relay_write(r->peer, r->buffer, length) != NP_OK) {
        break; /* The pipe was closed. */
      }
    } else if (relay_goes_on(r)) {
      error = relay_write(r->handle, r->buffer, length);
    }
  }
  return error;
}

static DWORD WINAPI relay_main(void *context) {
  relay *r = context;

  InterlockedExchange(&r->error, (LONG)relay_copy(r));
  CloseHandle(r->peer);
  CloseHandle(r->handle);
  if (InterlockedCompareExchange(&r->state, RELAY_ENDED, RELAY_RUNNING) !=
      RELAY_RUNNING) {
    free(r);
  }
  return 0;
}

/* --- The end, on the loop's thread ---------------------------------------- */

/* relay_let_go ends the loop's part. It returns false if the thread still
 * runs and `gives_up` is false. */
static bool relay_let_go(relay *r, bool gives_up) {
  HANDLE thread = r->thread;
  LONG state = InterlockedCompareExchange(
      &r->state, gives_up ? RELAY_GIVEN_UP : RELAY_RUNNING, RELAY_RUNNING);

  if (state == RELAY_ENDED) {
    WaitForSingleObject(thread, INFINITE); /* It returns from relay_main. */
    free(r);
  } else if (!gives_up) {
    return false;
  }
  CloseHandle(thread);
  return true;
}

/* relay_cancel asks the thread to leave its call. It finds nothing while the
 * thread is not in the kernel, so it is repeated. Wine before version 6 only
 * pretends to support CancelSynchronousIo; there CancelIoEx of the handle
 * cancels the call. */
static void relay_cancel(relay *r) {
  InterlockedExchange(&r->is_stopping, 1);
  r->cancels++;
  if (!CancelSynchronousIo(r->thread) &&
      GetLastError() == ERROR_CALL_NOT_IMPLEMENTED) {
    CancelIoEx(r->handle, NULL); /* GCOVR_EXCL_LINE: Wine 5 alone */
  }
}

static void relay_poll(relay *r);

static void relay_on_timer(np_timer *timer) {
  relay *r = timer->user;

  np__loop_count_own(r->loop);
  relay_poll(r);
}

/* relay_poll looks whether the thread has ended. Else it cancels it, when its
 * time is over, and looks again soon. */
static void relay_poll(relay *r) {
  if (relay_let_go(r, false)) {
    return;
  }
  if (r->lingered_ms >= r->linger_ms) {
    if (r->cancels == RELAY_CANCELS_MAX) {
      relay_let_go(r, true);
      return;
    }
    relay_cancel(r);
    r->pause_ms = 1;
  } else if (r->pause_ms < RELAY_PAUSE_MS_MAX) {
    r->pause_ms = r->pause_ms == 0 ? 1 : 2 * r->pause_ms;
  }
  r->lingered_ms += r->pause_ms;
  np_timer_start(r->loop, &r->timer, r->pause_ms, relay_on_timer);
}

static void relay_closing(np_pipe *pipe) {
  relay *r = NP__CONTAINER(pipe->owner_hooks, relay, hooks);

  pipe->owner_hooks = NULL;
  relay_poll(r);
}

static const np__owner_hooks relay_hooks = {.closing = relay_closing};

/* --- The beginning -------------------------------------------------------- */

void np_relay_options_init(np_relay_options *options) {
  if (options != NULL) {
    memset(options, 0, sizeof *options);
    options->size = sizeof *options;
    options->buffer_bytes = RELAY_PIPE_BYTES;
    options->linger_ms = RELAY_LINGER_MS;
  }
}

/* relay_start gives `r` its handles and its thread. On failure `r` has none of
 * them. */
static np_error relay_start(relay *r, HANDLE handle,
                            const np_relay_options *options, np_pipe **pipe) {
  np_pair_options pair;
  np_error error;

  if (!DuplicateHandle(GetCurrentProcess(), handle, GetCurrentProcess(),
                       &r->handle, 0, FALSE, DUPLICATE_SAME_ACCESS)) {
    return GetLastError();
  }
  np_pair_options_init(&pair);
  pair.read = !options->write;
  pair.write = options->write;
  pair.in_buffer_bytes = options->buffer_bytes;
  pair.out_buffer_bytes = options->buffer_bytes;
  error = np_pipe_pair(r->loop, &pair, pipe, &r->peer);
  if (error != NP_OK) {
    CloseHandle(r->handle);
    return error;
  }
  r->thread = CreateThread(NULL, RELAY_STACK_BYTES, relay_main, r,
                           STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
  if (r->thread == NULL) {
    error = GetLastError();
    CloseHandle(r->handle);
    CloseHandle(r->peer);
    np__pipe_drop(*pipe);
    return error;
  }
  (*pipe)->owner_hooks = &r->hooks;
  return NP_OK;
}

static np_error relay_make(np_loop *loop, HANDLE handle,
                           const np_relay_options *options, np_pipe **pipe) {
  relay *r = calloc(1, sizeof *r);
  np_error error = ERROR_NOT_ENOUGH_MEMORY;

  if (r != NULL) {
    r->hooks = &relay_hooks;
    r->loop = loop;
    r->timer.user = r;
    r->writes = options->write;
    r->linger_ms = options->write ? options->linger_ms : 0;
    r->error = ERROR_IO_PENDING;
    error = relay_start(r, handle, options, pipe);
  }
  if (error != NP_OK) {
    free(r);
  }
  return error;
}

np_error np_pipe_relay(np_loop *loop, HANDLE handle,
                       const np_relay_options *options, np_pipe **pipe) {
  np_relay_options defaults;
  np_pipe *made = NULL;
  np_error error;

  np__loop_check_thread(loop);
  if (options == NULL) {
    np_relay_options_init(&defaults);
    options = &defaults;
  }
  if (loop == NULL || pipe == NULL || options->size != sizeof *options) {
    return ERROR_INVALID_PARAMETER;
  }
  if (handle == NULL || handle == INVALID_HANDLE_VALUE) {
    return ERROR_INVALID_HANDLE;
  }
  error = relay_make(loop, handle, options, &made);
  if (error == NP_OK) {
    *pipe = made;
  }
  return error;
}

np_error np_pipe_relay_error(const np_pipe *pipe) {
  relay *r;

  np__pipe_check_thread(pipe);
  if (pipe == NULL || np__target_has(&pipe->target, NP__BAR_CLOSING) ||
      pipe->owner_hooks == NULL || *pipe->owner_hooks != &relay_hooks) {
    return ERROR_INVALID_PARAMETER;
  }
  r = NP__CONTAINER(pipe->owner_hooks, relay, hooks);
  return (np_error)InterlockedCompareExchange(&r->error, 0, 0);
}
