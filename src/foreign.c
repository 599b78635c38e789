/* Packets of others in the loop's port. A port and its key belong to the
 * kernel's file object, so another holder of the file object can send packets
 * to the port, with pointers of its own process. A loop that may get such
 * packets drops every packet that it does not expect, without following the
 * pointer. */
#include "foreign.h"

#include "pipe_wait.h"

/* The mark of posted tasks. No operation on a pipe moves this many bytes by
 * accident, and another holder cannot try all values. */
#define TASK_MARK_MIN 0x80000000u

/* An adopted pipe was bound to a foreign port. Its packets may still come to
 * this port after its loop has gone, with a key that a later loop may get. */
static volatile LONG is_expected_on_foreign_ports;

void np__foreign_prepare(np_loop *loop) {
  LARGE_INTEGER count;

  QueryPerformanceCounter(&count);
  loop->task_mark = TASK_MARK_MIN | (((uint32_t)count.QuadPart * 2654435761u) ^
                                     (uint32_t)((uintptr_t)loop >> 4));
  loop->has_strangers =
      !loop->owns_port && np__loop_peek(&is_expected_on_foreign_ports) != 0;
}

void np__foreign_expect(np_loop *loop) {
  loop->has_strangers = true;
  if (!loop->owns_port) {
    InterlockedExchange(&is_expected_on_foreign_ports, 1);
  }
}

/* is_task recognises a posted task by its byte count, and by the status, which
 * PostQueuedCompletionStatus leaves at 0. */
static bool is_task(const np_loop *loop, const OVERLAPPED_ENTRY *entry) {
  return entry->dwNumberOfBytesTransferred == loop->task_mark &&
         (entry->Internal & 0xFFFFFFFFu) == 0;
}

bool np__foreign_is(const np_loop *loop, const OVERLAPPED_ENTRY *entry) {
  np__debt *debt = NULL;

  if (is_task(loop, entry)) {
    return false;
  }
  do {
    debt = np__loop_debt_after(loop, debt);
  } while (debt != NULL &&
           &np__packet_of_debt(debt)->overlapped != entry->lpOverlapped);
  return debt == NULL && !np__root_has_orphan(entry->lpOverlapped);
}
