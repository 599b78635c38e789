/* Flushes for kernels without a flush control. NtFlushBuffersFile blocks its
 * thread until the peer has read. A silent peer must not cost a thread, so one
 * thread (the worker) tries all flushes in turn, and a second thread (the
 * pacer) cancels a try that waits while another flush wants its turn. Only the
 * kernel's own success counts as a flush; a cancelled try never does. */
#include "flusher.h"

#include <assert.h>

/* The stack of a thread. The threads only call the kernel. */
#define THREAD_STACK_BYTES 65536u

/* The worker tries the flushes in turn. After this many tries, or after one try
 * of each flush, one try lasts for a longer time, the rest. */
#define TRIES_MAX 64u

/* The time of a rest. It doubles after each rest in which no flush ended. */
#define REST_MS_MIN 1u
#define REST_MS_MAX 32u

/* Cancels without a pause. A cancel finds nothing as long as the worker is not
 * yet in the kernel. */
#define FLUSH_CANCELS_MAX 100u

#define STATE_CONNECTED 3u
#define STATE_CLOSING   4u

typedef struct np__flusher {
  np__extension extension; /* first */
  HANDLE port;
  ULONG_PTR key;
  HANDLE worker;
  HANDLE pacer;
  SRWLOCK lock; /* guards the fields below; a try runs without it */
  CONDITION_VARIABLE for_worker;
  CONDITION_VARIABLE for_pacer;
  np__list fresh;   /* tried first */
  np__list waiting; /* tried in rotation, after `fresh` */
  size_t waiting_count;
  /* the flush that the worker executes in the kernel, or NULL */
  np__flush *tried;
  union {
    IO_STATUS_BLOCK status; /* status of the try */
    OVERLAPPED overlapped;  /* the same, for CancelIoEx */
  } block;
  unsigned number; /* number of the current or the last try */
  bool was_cut;    /* a cancel has hit the try */
  unsigned tries;  /* tries cut since the last rest */
  DWORD rest_ms;
  bool is_ending;
} np__flusher;

static void put(np__flusher *flusher, np__flush *flush, np__flush_state state) {
  flush->state = state;
  np__list_push(state == NP__FLUSH_FRESH ? &flusher->fresh : &flusher->waiting,
                &flush->link);
  flusher->waiting_count += state == NP__FLUSH_WAITING ? 1u : 0u;
}

static void take_out(np__flusher *flusher, np__flush *flush) {
  np__list_remove(&flush->link);
  flusher->waiting_count -= flush->state == NP__FLUSH_WAITING ? 1u : 0u;
}

static bool has_flush(const np__flusher *flusher) {
  return !np__list_is_empty(&flusher->fresh) ||
         !np__list_is_empty(&flusher->waiting);
}

/* --- The worker --------------------------------------------------------- */

/* next_flush returns the next flush to try, or NULL if the thread must end. It
 * releases the lock while there is none. */
static np__flush *next_flush(np__flusher *flusher) {
  np__flush *flush;
  np__list *list;

  while (!has_flush(flusher) && !flusher->is_ending) {
    SleepConditionVariableSRW(&flusher->for_worker, &flusher->lock, INFINITE,
                              0);
  }
  if (!has_flush(flusher)) {
    return NULL;
  }
  list =
      np__list_is_empty(&flusher->fresh) ? &flusher->waiting : &flusher->fresh;
  flush = NP__CONTAINER(list->next, np__flush, link);
  take_out(flusher, flush);
  return flush;
}

/* peer_check returns ERROR_BROKEN_PIPE if the peer has closed its end. It
 * returns NP_OK if not, or if the handle of an outbound server may not ask. */
static np_error peer_check(HANDLE handle, bool *is_there) {
  np__pipe_local_information local = {0};
  IO_STATUS_BLOCK block = {0};
  NTSTATUS status;

  *is_there = false;
  status = NtQueryInformationFile(handle, &block, &local, sizeof local,
                                  NP__FILE_PIPE_LOCAL_INFORMATION);
  if (status == NP__STATUS_ACCESS_DENIED) {
    return NP_OK;
  }
  if (status < 0) {
    return np__error_of_status(status);
  }
  if (block.Information != sizeof local) {
    return ERROR_INVALID_DATA;
  }
  *is_there = local.state == STATE_CONNECTED;
  return local.state == STATE_CLOSING ? ERROR_BROKEN_PIPE : NP_OK;
}

/* flush_in_kernel makes one try and returns its result. After the peer has gone
 * the kernel finds nothing to wait for and answers with success, although the
 * peer may not have read everything. So a peer that was there when the flush
 * began must be there before the try, and also after the last of several. */
static np_error flush_in_kernel(np__flusher *flusher, const np__flush *flush,
                                NTSTATUS *status) {
  np_error error = NP_OK;
  bool is_there;

  *status = 0;
  if (flush->had_peer) {
    error = peer_check(flush->handle, &is_there);
  }
  if (error != NP_OK) {
    return error;
  }
  *status = NtFlushBuffersFile(flush->handle, &flusher->block.status);
  if (*status != 0) {
    return np__error_of_status(*status);
  }
  return flush->has_waited ? peer_check(flush->handle, &is_there) : NP_OK;
}

/* post passes the result as the packet's byte count. Posting fails only while
 * the system is out of memory, and an operation waits for the packet, so post
 * tries until it succeeds. */
static void post(const np__flusher *flusher, np__packet *packet,
                 np_error error) {
  while (!PostQueuedCompletionStatus(flusher->port, error, flusher->key,
                                     &packet->overlapped)) {
    SwitchToThread();
  }
}

static void try_flush(np__flusher *flusher, np__flush *flush) {
  np__packet *packet = flush->packet;
  NTSTATUS status;
  np_error error;

  flush->state = NP__FLUSH_TRIED;
  flusher->tried = flush;
  flusher->number++;
  flusher->was_cut = false;
  WakeConditionVariable(&flusher->for_pacer);
  ReleaseSRWLockExclusive(&flusher->lock);
  error = flush_in_kernel(flusher, flush, &status);
  AcquireSRWLockExclusive(&flusher->lock);
  flusher->tried = NULL;
  WakeConditionVariable(&flusher->for_pacer);
  if (status == NP__STATUS_CANCELLED && flusher->was_cut &&
      !flush->is_cancelled) {
    flush->has_waited = true;
    flusher->tries++;
    put(flusher, flush, NP__FLUSH_WAITING);
    return;
  }
  flusher->tries = 0;
  flusher->rest_ms = REST_MS_MIN;
  flush->state = NP__FLUSH_OVER;
  ReleaseSRWLockExclusive(&flusher->lock);
  CloseHandle(flush->handle);
  post(flusher, packet, error); /* `flush` may be gone after this */
  AcquireSRWLockExclusive(&flusher->lock);
}

static DWORD WINAPI worker_main(void *context) {
  np__flusher *flusher = context;
  np__flush *flush;

  AcquireSRWLockExclusive(&flusher->lock);
  while ((flush = next_flush(flusher)) != NULL) {
    try_flush(flusher, flush);
  }
  ReleaseSRWLockExclusive(&flusher->lock);
  return 0;
}

/* --- The pacer ---------------------------------------------------------- */

/* stay_ms returns how long the current try may go on. */
static DWORD stay_ms(const np__flusher *flusher) {
  if (flusher->tried->is_cancelled || !np__list_is_empty(&flusher->fresh)) {
    return 0;
  }
  if (np__list_is_empty(&flusher->waiting)) {
    return INFINITE;
  }
  return flusher->tries < TRIES_MAX && flusher->tries < flusher->waiting_count
             ? 0
             : flusher->rest_ms;
}

/* cancel_try cancels the current try. The lock keeps the worker from going on
 * to another flush. */
static bool cancel_try(np__flusher *flusher) {
  /* Wine before version 6 only pretends to support CancelSynchronousIo; there
   * CancelIoEx cancels the call by its status block. Elsewhere CancelIoEx finds
   * nothing. */
  const bool found =
      CancelSynchronousIo(flusher->worker) ||
      CancelIoEx(flusher->tried->handle, &flusher->block.overlapped);

  flusher->was_cut = flusher->was_cut || found;
  return found;
}

/* cut ends the current try. A cancel takes a moment, and finds nothing as long
 * as the worker is not yet in the kernel. */
static void cut(np__flusher *flusher) {
  const unsigned number = flusher->number;

  for (unsigned i = 0; flusher->tried != NULL && flusher->number == number;
       i++) {
    if (cancel_try(flusher) || flusher->was_cut || i >= FLUSH_CANCELS_MAX) {
      SleepConditionVariableSRW(&flusher->for_pacer, &flusher->lock, 1, 0);
    } else {
      ReleaseSRWLockExclusive(&flusher->lock);
      SwitchToThread();
      AcquireSRWLockExclusive(&flusher->lock);
    }
  }
}

static DWORD WINAPI pacer_main(void *context) {
  np__flusher *flusher = context;

  AcquireSRWLockExclusive(&flusher->lock);
  while (!flusher->is_ending) {
    const DWORD ms = flusher->tried != NULL ? stay_ms(flusher) : INFINITE;

    if (ms == 0) {
      cut(flusher);
    } else if (!SleepConditionVariableSRW(&flusher->for_pacer, &flusher->lock,
                                          ms, 0) &&
               GetLastError() == ERROR_TIMEOUT) {
      flusher->tries = 0;
      flusher->rest_ms = ms < REST_MS_MAX ? 2 * ms : ms;
    }
  }
  ReleaseSRWLockExclusive(&flusher->lock);
  return 0;
}

/* --- The loop's side ---------------------------------------------------- */

static void join(HANDLE thread) {
  if (thread != NULL) {
    WaitForSingleObject(thread, INFINITE);
    CloseHandle(thread);
  }
}

/* flusher_free ends both threads. No library code runs on them afterwards. */
static void flusher_free(np_loop *loop, np__extension *extension) {
  np__flusher *flusher = (np__flusher *)extension;

  AcquireSRWLockExclusive(&flusher->lock);
  assert(!has_flush(flusher));
  assert(flusher->tried == NULL);
  flusher->is_ending = true;
  WakeConditionVariable(&flusher->for_worker);
  WakeConditionVariable(&flusher->for_pacer);
  ReleaseSRWLockExclusive(&flusher->lock);
  join(flusher->worker);
  join(flusher->pacer);
  np__loop_free(loop, flusher);
}

static np__flusher *flusher_of(const np_loop *loop) {
  return (np__flusher *)np__loop_extension(loop, flusher_free);
}

static HANDLE thread_start(LPTHREAD_START_ROUTINE main, np__flusher *flusher) {
  return CreateThread(NULL, THREAD_STACK_BYTES, main, flusher,
                      STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
}

static np_error flusher_new(np_loop *loop) {
  np__flusher *made = np__loop_new(loop, sizeof *made);
  np_error error;

  if (made == NULL) {
    return ERROR_NOT_ENOUGH_MEMORY;
  }
  made->port = loop->port;
  made->key = loop->key;
  made->rest_ms = REST_MS_MIN;
  np__list_init(&made->fresh);
  np__list_init(&made->waiting);
  InitializeSRWLock(&made->lock);
  InitializeConditionVariable(&made->for_worker);
  InitializeConditionVariable(&made->for_pacer);
  made->worker = thread_start(worker_main, made);
  if (made->worker != NULL) {
    made->pacer = thread_start(pacer_main, made);
  }
  if (made->pacer == NULL) {
    error = GetLastError();
    flusher_free(loop, &made->extension);
    return error;
  }
  made->extension.free = flusher_free;
  np__loop_extend(loop, &made->extension);
  return NP_OK;
}

np_error np__flusher_start(np_loop *loop, np__flush *flush, HANDLE pipe,
                           np__packet *packet) {
  np_error error = flusher_of(loop) != NULL ? NP_OK : flusher_new(loop);
  np__flusher *flusher = flusher_of(loop);

  if (error == NP_OK) {
    error = peer_check(pipe, &flush->had_peer);
  }
  /* Without a peer the kernel says what a flush gives. */
  if (error != NP_OK && error != ERROR_BROKEN_PIPE &&
      error != ERROR_PIPE_NOT_CONNECTED) {
    return error;
  }
  if (!DuplicateHandle(GetCurrentProcess(), pipe, GetCurrentProcess(),
                       &flush->handle, 0, FALSE, DUPLICATE_SAME_ACCESS)) {
    return GetLastError();
  }
  flush->packet = packet;
  flush->has_waited = false;
  flush->is_cancelled = false;
  AcquireSRWLockExclusive(&flusher->lock);
  put(flusher, flush, NP__FLUSH_FRESH);
  WakeConditionVariable(flusher->tried != NULL ? &flusher->for_pacer
                                               : &flusher->for_worker);
  ReleaseSRWLockExclusive(&flusher->lock);
  return NP_OK;
}

bool np__flusher_remove(np_loop *loop, np__flush *flush) {
  np__flusher *flusher = flusher_of(loop);
  bool is_done = false;

  AcquireSRWLockExclusive(&flusher->lock);
  if (flush->state == NP__FLUSH_TRIED) {
    flush->is_cancelled = true;
    WakeConditionVariable(&flusher->for_pacer);
  } else if (flush->state != NP__FLUSH_OVER) {
    take_out(flusher, flush);
    is_done = true;
  }
  ReleaseSRWLockExclusive(&flusher->lock);
  if (is_done) {
    CloseHandle(flush->handle);
  }
  return is_done;
}
