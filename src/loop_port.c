/* The port of a loop: packets are dequeued here, and each packet goes to the
 * function of its class. Asking for a packet that is not there costs a system
 * call, or a request under Wine, so the newest operations are looked at
 * first. */
#include "loop_port.h"

#include <assert.h>

#include "foreign.h"

/* Number of newest operations that are tested for completion. */
#define GLANCES_MAX 16u

/* A pipe holds many writes of fewer bytes. */
#define SHORT_BYTES 4096u

void np__port_deliver(np_loop *loop, const OVERLAPPED_ENTRY *entries,
                      ULONG count) {
  for (ULONG i = 0; i < count; i++) {
    np__packet *packet = (np__packet *)entries[i].lpOverlapped;

    if (entries[i].lpCompletionKey == loop->key && packet != NULL) {
      if (loop->has_strangers && np__foreign_is(loop, &entries[i])) {
        continue;
      }
      assert(!np__foreign_is(loop, &entries[i]) &&
             "a packet of a foreign OVERLAPPED");
      /* Only the low half of Internal is the status; the high half is
       * undefined. */
      packet->class_->on_packet(loop, packet,
                                (NTSTATUS)(entries[i].Internal & 0xFFFFFFFFu),
                                entries[i].dwNumberOfBytesTransferred);
    }
  }
}

static bool has_completed(np__debt *debt) {
  return debt != NULL &&
         HasOverlappedIoCompleted(&np__packet_of_debt(debt)->overlapped);
}

/* recent_count returns the number of places of `recent` that were ever used:
 * none, if no operation has a time limit. */
static unsigned recent_count(const np_loop *loop) {
  return loop->recent_at < NP__RECENT ? loop->recent_at : NP__RECENT;
}

/* news guesses how many packets are in the port, from the operations that went
 * to the kernel last: a poll in vain costs a system call, this look costs none.
 * A system that writes results only when packets are dequeued shows none; and
 * there may be more packets than are looked at. It is only a guess: no data of
 * the kernel are used before the packet is dequeued, so the order of reads does
 * not matter. */
static size_t news(const np_loop *loop) {
  np__link *link = loop->owed.next;
  size_t count = 0;

  for (unsigned i = 0; link != &loop->owed && i < GLANCES_MAX; i++) {
    count += has_completed(np__debt_of(link)) ? 1u : 0u;
    link = link->next;
  }
  for (unsigned i = 0; i < recent_count(loop); i++) {
    count += has_completed(loop->recent[i]) ? 1u : 0u;
  }
  return count;
}

static bool has_succeeded(const np__packet *packet) {
  return (packet->overlapped.Internal & 0xFFFFFFFFu) == 0;
}

/* is_urgent returns true if `debt`, which may be NULL, has completed and is
 * urgent. The packet of a short write that had to wait is not urgent: the pipe
 * is full of writes, so reads find data for long, and the more they read, the
 * more writes then complete at once. A write that failed or was cancelled is
 * urgent, because its caller waits for its end. */
static bool is_urgent(np__debt *debt) {
  const np__packet *packet;

  if (!has_completed(debt)) {
    return false;
  }
  packet = np__packet_of_debt(debt);
  return !(packet->class_->is_write && has_succeeded(packet) &&
           packet->overlapped.InternalHigh < SHORT_BYTES);
}

/* has_urgent_news returns true if a packet in the port should be dequeued
 * before reads go to the kernel. */
static bool has_urgent_news(const np_loop *loop) {
  np__link *link = loop->owed.next;

  for (unsigned i = 0; link != &loop->owed && i < GLANCES_MAX; i++) {
    if (is_urgent(np__debt_of(link))) {
      return true;
    }
    link = link->next;
  }
  for (unsigned i = 0; i < recent_count(loop); i++) {
    if (is_urgent(loop->recent[i])) {
      return true;
    }
  }
  return false;
}

/* np__loop_poll_soon adds to the count of callbacks, so that the next turn
 * begins with a poll. It adds the same to the bound of the turn that is under
 * way, so that this turn is not cut. `takes_all` is true as long as both have
 * this addition. */
void np__loop_poll_soon(np_loop *loop) {
  if (!loop->takes_all) {
    loop->takes_all = true;
    loop->callbacks_since_poll += NP__CALLBACKS_PER_POLL;
    loop->own_callbacks += NP__CALLBACKS_PER_POLL;
    loop->callbacks_max += NP__CALLBACKS_PER_POLL;
  }
}

void np__port_was_polled(np_loop *loop) {
  loop->takes_all = false;
  loop->callbacks_since_poll -= NP__CALLBACKS_PER_POLL;
  loop->own_callbacks -= NP__CALLBACKS_PER_POLL;
  loop->callbacks_max -= NP__CALLBACKS_PER_POLL;
}

np_error np__port_take(np_loop *loop, uint32_t timeout_ms) {
  OVERLAPPED_ENTRY entries[NP__PORT_ENTRIES_MAX];
  ULONG count = 0;
  size_t wanted = news(loop);

  if (wanted == 0 || wanted == GLANCES_MAX) {
    wanted = loop->owed_count;
  }
  wanted += (size_t)np__loop_peek(&loop->posted);
  if (loop->takes_all) {
    np__port_was_polled(loop);
    wanted = NP__PORT_ENTRIES_MAX;
  } else if (wanted > NP__PORT_ENTRIES_MAX) {
    wanted = NP__PORT_ENTRIES_MAX;
  } else if (wanted < 1) {
    wanted = 1;
  }
  if (!GetQueuedCompletionStatusEx(loop->port, entries, (ULONG)wanted, &count,
                                   timeout_ms, FALSE)) {
    return GetLastError();
  }
  np__port_deliver(loop, entries, count);
  return NP_OK;
}

bool np__loop_poll(np_loop *loop) {
  return loop->owns_port && np__port_take(loop, 0) == NP_OK;
}

void np__port_look(np_loop *loop) {
  if (!loop->owns_port) {
    return;
  }
  if (loop->yields && news(loop) == 0) {
    /* another process may write the data that a read waits for */
    SwitchToThread();
  }
  if (has_urgent_news(loop)) {
    /* An error is ignored here; the wait that follows gets it again. */
    np__port_take(loop, 0);
  }
}
