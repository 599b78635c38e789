/* Completion packets posted by the program, several at a time, and waits that
 * time out. */
#include "fixture.h"

enum { PACKETS = 5 };

static void post(struct platform *f, DWORD bytes, ULONG_PTR key,
                 OVERLAPPED *overlapped) {
  assert_call(PostQueuedCompletionStatus(f->port, bytes, key, overlapped));
}

NP_PLATFORM_CASE("platform/packet/posted", PostQueuedCompletionStatus, NO_MODE,
                 NO_ERROR,
                 "A posted packet comes out as it was put in; the OVERLAPPED "
                 "may be NULL.",
                 "PostQueuedCompletionStatus#remarks") {
  DWORD bytes = 0;
  ULONG_PTR key = 0;
  OVERLAPPED *overlapped = NULL;
  struct io *io = io_new_port(f);

  port_new(f);
  post(f, 7, (ULONG_PTR)-2, &io->overlapped);
  post(f, 0xFFFFFFFF, 3, NULL);
  assert_call(
      GetQueuedCompletionStatus(f->port, &bytes, &key, &overlapped, WAIT_MS));
  assert_int_equal(bytes, 7);
  assert_true(key == (ULONG_PTR)-2);
  assert_ptr_equal(overlapped, &io->overlapped);
  assert_call(
      GetQueuedCompletionStatus(f->port, &bytes, &key, &overlapped, WAIT_MS));
  assert_int_equal(bytes, 0xFFFFFFFF);
  assert_int_equal(key, 3);
  assert_null(overlapped);
}

NP_PLATFORM_CASE("platform/packet/several-at-once", GetQueuedCompletionStatusEx,
                 NO_MODE, NO_ERROR,
                 "One call dequeues all available packets in order, even if "
                 "it asks for more.",
                 "GetQueuedCompletionStatusEx#remarks") {
  OVERLAPPED_ENTRY entries[PACKETS + 3];
  ULONG count = 0;

  port_new(f);
  for (DWORD i = 0; i < PACKETS; i++) {
    post(f, i, i + 10, NULL);
  }
  assert_call(GetQueuedCompletionStatusEx(f->port, entries, PACKETS + 3, &count,
                                          WAIT_MS, FALSE));
  assert_int_equal(count, PACKETS);
  for (DWORD i = 0; i < PACKETS; i++) {
    assert_int_equal(entries[i].dwNumberOfBytesTransferred, i);
    assert_int_equal(entries[i].lpCompletionKey, i + 10);
  }
}

NP_PLATFORM_CASE("platform/packet/fewer-than-there-are",
                 GetQueuedCompletionStatusEx, NO_MODE, NO_ERROR,
                 "A call takes no more than it asks for; the rest stays, in "
                 "order.",
                 "GetQueuedCompletionStatusEx#parameters") {
  OVERLAPPED_ENTRY entries[PACKETS];
  ULONG count = 0;
  DWORD seen = 0;

  port_new(f);
  for (DWORD i = 0; i < PACKETS; i++) {
    post(f, i, 0, NULL);
  }
  while (seen < PACKETS) {
    assert_call(GetQueuedCompletionStatusEx(f->port, entries, 2, &count,
                                            WAIT_MS, FALSE));
    assert_in_range(count, 1, 2);
    for (ULONG i = 0; i < count; i++) {
      assert_int_equal(entries[i].dwNumberOfBytesTransferred, seen);
      seen++;
    }
  }
}

NP_PLATFORM_CASE("platform/packet/mixed", GetQueuedCompletionStatusEx, NO_MODE,
                 NO_ERROR,
                 "Packets of operations and posted ones share one queue.",
                 "PostQueuedCompletionStatus#remarks") {
  struct io *io = io_new_port(f);
  struct packet packet;

  pair_create_on_port(f, 0);
  post(f, 1, 0, NULL);
  assert_error(write_start(io, f->client, "ab", 2), 0);
  post(f, 3, 0, NULL);
  for (DWORD i = 1; i <= 3; i++) {
    packet = packet_take(f, WAIT_MS);
    assert_true(packet.found);
    assert_int_equal(packet.bytes, i);
    assert_ptr_equal(packet.overlapped, i == 2 ? &io->overlapped : NULL);
  }
}

NP_PLATFORM_CASE("platform/packet/none-at-once", GetQueuedCompletionStatus,
                 NO_MODE, WAIT_TIMEOUT,
                 "With a timeout of 0 and no packet the call fails at once and "
                 "gives no OVERLAPPED.",
                 "GetQueuedCompletionStatus#return-value") {
  DWORD bytes = 0;
  ULONG_PTR key = 0;
  OVERLAPPED *overlapped = (OVERLAPPED *)&bytes;

  port_new(f);
  assert_refused(
      GetQueuedCompletionStatus(f->port, &bytes, &key, &overlapped, 0),
      WAIT_TIMEOUT);
  assert_null(overlapped);
}

NP_PLATFORM_CASE("platform/packet/none-in-time", GetQueuedCompletionStatusEx,
                 NO_MODE, WAIT_TIMEOUT,
                 "Without a packet the call fails when its time is over, not "
                 "before.",
                 "GetQueuedCompletionStatusEx#return-value") {
  OVERLAPPED_ENTRY entry;
  ULONG count = 0;
  uint64_t start;

  port_new(f);
  assert_refused(
      GetQueuedCompletionStatusEx(f->port, &entry, 1, &count, 0, FALSE),
      WAIT_TIMEOUT);
  start = world_now_ms();
  assert_refused(
      GetQueuedCompletionStatusEx(f->port, &entry, 1, &count, 60, FALSE),
      WAIT_TIMEOUT);
  /* Minus one clock tick (15.6 ms) at both ends of the wait. */
  assert_true(world_now_ms() - start >= 60 - 32);
}

static DWORD WINAPI packet_wait(void *argument) {
  DWORD bytes = 0;
  ULONG_PTR key = 0;
  OVERLAPPED *overlapped = NULL;

  return GetQueuedCompletionStatus((HANDLE)argument, &bytes, &key, &overlapped,
                                   WAIT_MS)
             ? bytes
             : 0;
}

NP_PLATFORM_CASE("platform/packet/wakes-a-thread", PostQueuedCompletionStatus,
                 NO_MODE, NO_ERROR,
                 "A posted packet wakes the thread that waits at the port.",
                 "PostQueuedCompletionStatus#remarks") {
  HANDLE worker;

  port_new(f);
  worker = worker_start(f, packet_wait, f->port);
  assert_true(worker_is_blocked(worker));
  post(f, 42, 0, NULL);
  assert_int_equal(worker_join(worker), 42);
}

NP_PLATFORM_CASE("platform/packet/one-thread-each", PostQueuedCompletionStatus,
                 NO_MODE, NO_ERROR,
                 "Each packet goes to one of the waiting threads only.",
                 "IOCompletionPorts#remarks") {
  HANDLE workers[3];
  DWORD sum = 0;

  port_new(f);
  for (size_t i = 0; i < 3; i++) {
    workers[i] = worker_start(f, packet_wait, f->port);
  }
  post(f, 1, 0, NULL);
  post(f, 10, 0, NULL);
  post(f, 100, 0, NULL);
  for (size_t i = 0; i < 3; i++) {
    sum += worker_join(workers[i]);
  }
  assert_int_equal(sum, 111);
}
