/* The loop: a reactor, one completion port driven by one thread.
 *
 * A loop, and its pipes, operations and timers belong to one thread: the one
 * that created the loop, and from then on the one that ran it last. A function
 * whose comment says "the loop's only" is for that thread. An idle loop moves
 * to another thread when that thread runs it; a call of np_loop_dispatch(loop,
 * NULL, 0) is enough. The two threads must be in step: a lock, or a wait for
 * the end of the first thread, which the caller provides. A build with asserts
 * stops at a call from the wrong thread.
 *
 * np_loop_post and np_loop_stop may be called from any thread. The loop must
 * exist when the call begins. It may be destroyed before the call returns, if
 * this very call let it end: a thread whose task has run, or whose loop was
 * stopped, may destroy the loop at once, without waiting for the thread that
 * posted or stopped. A thread whose call may begin later must be joined first,
 * or learn under a lock of the caller's that the loop is gone.
 *
 * To use more processors run one loop on each. Every loop has its own instances
 * of the same pipe name. */
#ifndef NPIPE_LOOP_H
#define NPIPE_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <npipe/api.h>
#include <npipe/error.h>
#include <npipe/op.h>
#include <npipe/timer.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The bound of waiting. Ready work waits for at most NP_LOOP_CALLBACKS_MAX
 * callbacks of other work, and for as many again for each work that was ready
 * before it. Ready work is: the callback of an operation that has ended, a read
 * that was started and whose data is there, a client that came to a listener, a
 * message that a channel has gathered, a timer that is due, a posted task, a
 * connect request that found an instance, and a packet in the port, such as
 * that of a flush whose bytes the peer has read. So a busy peer cannot keep the
 * loop from serving other peers. The bound holds for np_loop_run,
 * np_loop_run_once and np_loop_dispatch, as long as one of them is called again
 * whenever it returns. */
#define NP_LOOP_CALLBACKS_MAX 256

/* The allocator of a loop. The library takes memory for pipes, and for work
 * while a pipe is created. Plain reads, writes and timers take none. Both
 * functions run on the thread that calls the library.
 *
 * allocate  returns `size` bytes, aligned as malloc aligns them, or NULL. NULL
 *           for both functions: malloc and free
 * release   frees what `allocate` returned; never gets NULL
 * context   passed to both functions; the caller's */
typedef struct np_allocator {
  void *(*allocate)(void *context, size_t size);
  void (*release)(void *context, void *memory);
  void *context;
} np_allocator;

/* Options of a loop; np_loop_options_init fills them.
 *
 * size            of this struct, in bytes
 * allocator       see there; default malloc
 * port            a completion port of the caller's (a foreign port), for the
 *                 packets of this loop. NULL (the default): the loop makes its
 *                 own port. Borrowed until the loop is destroyed. With a
 *                 foreign port the caller dequeues and calls np_loop_dispatch
 * completion_key  the key of each packet of this loop; 0 (the default): the
 *                 loop's address. On a foreign port the key tells the caller
 *                 whose packet was dequeued.
 * yields          true: a loop that has nothing else to do gives up the
 *                 processor once (SwitchToThread) before it hands the kernel
 *                 the reads that were started. A peer that shares the processor
 *                 may then write first, and the read finds its data instead of
 *                 waiting for it. This costs one system call a turn, and is
 *                 useless if the peers run on other processors. It has no
 *                 effect on a foreign port, where the loop does not know the
 *                 caller's other work. Default false */
typedef struct np_loop_options {
  size_t size;
  np_allocator allocator;
  HANDLE port;
  ULONG_PTR completion_key;
  bool yields;
} np_loop_options;

/* np_loop_options_init fills `options` with the defaults. NULL is ignored.
 *
 * Thread:  any.
 */
NP_API void np_loop_options_init(np_loop_options *options);

/* np_loop_create makes a loop.
 *
 * A loop needs one handle, that of its port, and none when the port is the
 * caller's. It makes no pipe of its own and opens nothing by name, so a process
 * of few rights, such as one in an AppContainer, can make loops.
 *
 * options  borrowed for the call; NULL: the defaults
 * loop     set on success only; free it with np_loop_destroy
 *
 * Returns NP_OK, ERROR_INVALID_PARAMETER (`loop` is NULL, `options->size` is
 * not that of the struct, only one of the allocator's functions is set),
 * ERROR_NOT_ENOUGH_MEMORY, or what Windows said of the port.
 *
 * Thread:  any; the loop then belongs to the caller's until another runs it.
 * Source:  CreateIoCompletionPort
 *          learn.microsoft.com/windows/win32/fileio/createiocompletionport
 */
NP_API np_error np_loop_create(const np_loop_options *options, np_loop **loop);

/* np_loop_destroy frees `loop` and closes its port if it made it.
 *
 * It waits for the threads that are inside np_loop_stop, and on a system
 * without FSCTL_PIPE_FLUSH for the end of two threads of the library's own. So
 * it must not be called from DllMain, where no thread can end.
 *
 * Returns NP_OK, also for NULL. On ERROR_BUSY nothing changed: a pipe of it is
 * not closed yet (its on_closed has not run), a timer is active, a posted task
 * or a connect request's function has not run, a np_loop_post is under way, or
 * the call came from a callback of this loop.
 *
 * Afterwards a packet with the key of this loop may still come to a foreign
 * port. It is harmless to pass it to another loop with the same key.
 *
 * Thread:  the loop's only, or any when no thread runs it.
 */
NP_API np_error np_loop_destroy(np_loop *loop);

/* np_loop_run runs callbacks until np_loop_stop was called, or nothing is
 * pending: no operation in flight, no pipe being closed, no active timer, no
 * posted task. A pipe that is merely open does not keep the loop running.
 *
 * Returns NP_OK. ERROR_INVALID_PARAMETER: NULL. ERROR_BUSY: it runs already
 * (call from a callback). ERROR_NOT_SUPPORTED: the port is the caller's, see
 * np_loop_dispatch. ERROR_BAD_IMPERSONATION_LEVEL: the callback that ran last
 * returned while it acted as a client (np_pipe_impersonate); the loop has
 * reverted, and may be run again. Else what GetQueuedCompletionStatusEx said;
 * the loop can then only be given up.
 *
 * Thread:  the one that the loop belongs to from now on.
 * Source:  GetQueuedCompletionStatusEx
 *          learn.microsoft.com/windows/win32/fileio/getqueuedcompletionstatusex-func
 */
NP_API np_error np_loop_run(np_loop *loop);

/* np_loop_run_once runs the callbacks that are ready. If none is, it waits at
 * most `timeout_ms` milliseconds (INFINITE: for ever, 0: not at all) until one
 * is, and runs it. It waits for the whole time even if nothing is pending,
 * because another thread may post.
 *
 * Work of the library's own does not end the wait: it calls no function of the
 * caller. Examples are a part of a message for a channel, another attempt to
 * find a server, and a closed pipe without `on_closed`. If a peer keeps the
 * library at such work, the call still returns soon after the time has passed.
 *
 * Returns NP_OK when at least one callback ran, when np_loop_stop was called,
 * or when the last pending work has ended without a callback: then
 * np_loop_is_pending was true and is false now. So a caller that calls
 * np_loop_run_once as long as np_loop_is_pending is true comes to an end.
 * Returns WAIT_TIMEOUT when the time passed first, or what np_loop_run returns.
 * A callback is here any function of the caller that the loop calls, also an
 * np_io_fn.
 *
 * Thread:  the one that the loop belongs to from now on.
 * Source:  GetQueuedCompletionStatusEx
 *          learn.microsoft.com/windows/win32/fileio/getqueuedcompletionstatusex-func
 */
NP_API np_error np_loop_run_once(np_loop *loop, uint32_t timeout_ms);

/* np_loop_stop makes np_loop_run or np_loop_run_once return: after the callback
 * that runs now, or at once if the loop waits. If neither runs, the next call
 * of one of them returns before it waits. Operations in flight stay in flight.
 *
 * Returns NP_OK, ERROR_INVALID_PARAMETER (NULL), or what
 * PostQueuedCompletionStatus said: the loop was then not woken and goes on.
 *
 * Thread:  any. np_loop_destroy waits until the call has let go of the loop.
 * Source:  PostQueuedCompletionStatus
 *          learn.microsoft.com/windows/win32/fileio/postqueuedcompletionstatus
 */
NP_API np_error np_loop_stop(np_loop *loop);

typedef struct np_task np_task;

/* np_task_fn is the function of a task. It runs on the loop's thread. The task
 * is the caller's again: it may be posted anew or freed. */
typedef void (*np_task_fn)(np_task *task);

/* A task for np_loop_post, in the caller's storage. Set it to zero before its
 * first use. It must stay in place until its function began.
 *
 * user  the caller's; the library never looks at it */
struct np_task {
  np__packet np__packet;
  void *user;
  np_loop *np__loop;
  np_task_fn np__fn;
  volatile LONG np__posted;
};

/* np_loop_post makes `fn(task)` run once, on the loop's thread. Tasks of one
 * thread run in the order in which it posted them. It takes no memory.
 *
 * task  caller's storage; must not be touched until `fn` began, which may post
 *       it again or free it
 *
 * Returns NP_OK when `fn` will run. Else nothing was posted:
 * ERROR_INVALID_PARAMETER (a NULL), ERROR_BUSY (`task` is posted and has not
 * run), or what PostQueuedCompletionStatus said.
 *
 * Thread:  any. The loop may be destroyed by the time the call returns.
 * Source:  PostQueuedCompletionStatus
 *          learn.microsoft.com/windows/win32/fileio/postqueuedcompletionstatus
 */
NP_API np_error np_loop_post(np_loop *loop, np_task *task, np_task_fn fn);

/* np_loop_dispatch is one turn of a loop on a foreign port: it takes the
 * packets that the caller dequeued, runs timers, tasks and callbacks, and gives
 * the kernel the reads that were started. Entries with another completion key
 * are ignored, so a mixed batch may be passed. The caller must pass all entries
 * with the loop's key, in the order in which they were dequeued.
 *
 * A call runs at most 64 callbacks of operations and tasks, and may leave
 * others ready; np_loop_wait_ms then returns 0, and the next call runs them. If
 * the call finds that a time limit is over, it cancels the operation. The
 * packet of this cancel is then in the port, and the callback runs in the call
 * that gets the packet.
 *
 * The caller's own loop is then
 *
 *     np_loop_dispatch(loop, NULL, 0);
 *     for (;;) {
 *       GetQueuedCompletionStatusEx(port, entries, 64, &count,
 *                                   np_loop_wait_ms(loop), FALSE);
 *       handle(entries, count);
 *       np_loop_dispatch(loop, entries, count);
 *     }
 *
 * The first call gives the kernel the reads that were started before. `handle`
 * stands for the caller's own code.
 *
 * If the caller starts an operation outside of a callback, it must call
 * np_loop_dispatch(loop, NULL, 0) before it waits. The function also works on a
 * loop with its own port, if the caller dequeues from np_loop_port.
 *
 * Returns NP_OK, ERROR_INVALID_PARAMETER (`loop` is NULL, or `entries` is NULL
 * and `count` is not 0), ERROR_BUSY (call from a callback: nothing was taken),
 * or ERROR_BAD_IMPERSONATION_LEVEL (as np_loop_run; all entries were taken).
 *
 * Thread:  the one that the loop belongs to from now on.
 * Source:  OVERLAPPED_ENTRY (lpCompletionKey)
 *          learn.microsoft.com/windows/win32/api/minwinbase/ns-minwinbase-overlapped_entry
 */
NP_API np_error np_loop_dispatch(np_loop *loop, const OVERLAPPED_ENTRY *entries,
                                 ULONG count);

/* np_loop_wait_ms returns how many milliseconds the caller of np_loop_dispatch
 * may wait in the port: 0 when something is ready, the time to the next timer,
 * or INFINITE. INFINITE also for NULL.
 *
 * Thread:  the loop's only.
 */
NP_API uint32_t np_loop_wait_ms(const np_loop *loop);

/* np_loop_port returns the completion port that the loop's packets go to;
 * borrowed. NULL for NULL.
 *
 * Thread:  any.
 */
NP_API HANDLE np_loop_port(const np_loop *loop);

/* np_loop_is_pending tells whether np_loop_run would wait or run something:
 * an operation, a closing pipe, a timer or a posted task is there. False for
 * NULL.
 *
 * Thread:  the loop's only.
 */
NP_API bool np_loop_is_pending(const np_loop *loop);

#ifdef __cplusplus
}
#endif

#endif
