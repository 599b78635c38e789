/* Shared messages: one copy of a message for many receivers.
 *
 * A shared message is counted. np_shared_create gives the first count to the
 * caller. Each send takes a count of its own and gives it back when the send
 * has ended. So the caller creates the message, sends it to any number of
 * channels and senders, and releases it at once. */
#ifndef NPIPE_SHARED_H
#define NPIPE_SHARED_H

#include <stddef.h>

#include <npipe/api.h>
#include <npipe/error.h>
#include <npipe/loop.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A counted message, made by np_shared_create. */
typedef struct np_shared np_shared;

/* np_sent_fn is called from the loop, exactly once, when the send of a copy or
 * of a shared message has ended. The library's memory of the send is free then.
 *
 * user   what the caller gave with the send
 * error  as for the callback of np_channel_send */
typedef void (*np_sent_fn)(void *user, np_error error);

/* np_shared_create makes a shared message of `length` bytes.
 *
 * allocator  copied. Its functions may run on any thread, and on several
 *            threads at once. NULL: malloc and free
 * data       `length` bytes, copied. NULL: the bytes are not set; the caller
 *            writes them (np_shared_data) before the first send
 * shared     set on success only; the caller has one count
 *
 * Returns NP_OK, ERROR_INVALID_PARAMETER (`shared` is NULL, or only one of the
 * allocator's functions is set), ERROR_BUFFER_OVERFLOW (a write of the kernel
 * has at most 2^32 - 1 bytes) or ERROR_NOT_ENOUGH_MEMORY.
 *
 * Thread:  any.
 */
NP_API np_error np_shared_create(const np_allocator *allocator,
                                 const void *data, size_t length,
                                 np_shared **shared);

/* np_shared_data returns the bytes of `shared`, which must not change after the
 * first send. NULL for NULL.
 *
 * Thread:  any that has a count.
 */
NP_API void *np_shared_data(np_shared *shared);

/* np_shared_length returns the number of bytes of `shared`. 0 for NULL.
 *
 * Thread:  any that has a count.
 */
NP_API size_t np_shared_length(const np_shared *shared);

/* np_shared_retain takes another count for the caller and returns `shared`.
 * NULL for NULL.
 *
 * Thread:  any that has a count.
 */
NP_API np_shared *np_shared_retain(np_shared *shared);

/* np_shared_release gives a count back. The last count frees the message. NULL
 * is ignored.
 *
 * Thread:  any that has a count.
 */
NP_API void np_shared_release(np_shared *shared);

#ifdef __cplusplus
}
#endif

#endif
