/* The number of system calls and the memory that a listener may spend on an
 * accepted connection. */
#include "listener_common.h"

/* The calls that accepting a client might make. */
static const char *const names[] = {"CreateNamedPipeW",
                                    "CreateIoCompletionPort",
                                    "SetFileCompletionNotificationModes",
                                    "ConnectNamedPipe",
                                    "NtFsControlFile",
                                    "CancelIoEx",
                                    "CreateEventW",
                                    "NtQueryInformationFile",
                                    "PeekNamedPipe",
                                    "PostQueuedCompletionStatus",
                                    "GetQueuedCompletionStatusEx"};

enum { NAMES = sizeof(names) / sizeof(names[0]) };

struct counts {
  uint64_t of[NAMES];
  size_t allocations;
};

static struct counts count(const np_fixture *f) {
  struct counts counts;

  for (unsigned i = 0; i < NAMES; i++) {
    counts.of[i] = calls(names[i]);
  }
  counts.allocations = f->allocator.total;
  return counts;
}

static void assert_calls(const struct counts *before,
                         const struct counts *after, const char *name,
                         uint64_t at_most) {
  for (unsigned i = 0; i < NAMES; i++) {
    if (strcmp(names[i], name) == 0) {
      assert_in_range(after->of[i] - before->of[i], 0, at_most);
      return;
    }
  }
  fail();
}

/* next_client closes this client and opens the next one in the callback, so
 * that the loop always has a client waiting. */
static void next_client(np_fixture *f, np_pipe *pipe) {
  pipe_close(f, pipe);
  raw_close(f, f->raw);
  f->raw = raw_own(f, museum_client_raw(f, GENERIC_READ));
  if (listening.accepted_count == 10) {
    listening.then = NULL;
  }
}

NP_CASE("budget-listener/listener-new", np_listener_create, ANY_MODE, NP_OK,
        "A client that finds a new instance costs the creation of the next "
        "instance and one connect. The connect completes at once. No call "
        "checks whether the client is still there.",
        "ConnectNamedPipe#remarks") {
  struct counts before;
  struct counts after;

  listening_start(f, 1);
  listening.then = next_client;
  f->raw = raw_own(f, museum_client_raw(f, GENERIC_READ));
  before = count(f);
  accepted(f, 10);
  after = count(f);
  assert_calls(&before, &after, "CreateNamedPipeW", 10);
  assert_calls(&before, &after, "CreateIoCompletionPort", 10);
  assert_calls(&before, &after, "SetFileCompletionNotificationModes", 10);
  /* 10, and the next client's */
  assert_calls(&before, &after, "ConnectNamedPipe", 11);
  assert_calls(&before, &after, "NtFsControlFile", 0);
  assert_calls(&before, &after, "CancelIoEx", 0);
  assert_calls(&before, &after, "CreateEventW", 0);
  assert_calls(&before, &after, "NtQueryInformationFile", 0);
  assert_calls(&before, &after, "PeekNamedPipe", 0);
  assert_calls(&before, &after, "PostQueuedCompletionStatus", 0);
}

static void recycled(np_fixture *f, np_ghosts ghosts, unsigned connects) {
  struct counts before;
  struct counts after;

  listening_begin(f, 1);
  listening.options.ghosts = ghosts;
  listening_open(f);
  for (unsigned i = 0; i < 12; i++) {
    HANDLE client = raw_own(f, museum_client_raw(f, GENERIC_READ));

    accepted(f, i + 1);
    give_back(f, listening.accepted[i]);
    raw_close(f, client);
    if (i == 1) {
      before = count(f); /* From here on two instances take turns. */
    }
  }
  after = count(f);
  assert_int_equal(after.allocations, before.allocations);
  assert_calls(&before, &after, "CreateNamedPipeW", 0);
  assert_calls(&before, &after, "CreateIoCompletionPort", 0);
  assert_calls(&before, &after, "SetFileCompletionNotificationModes", 0);
  assert_calls(&before, &after, "ConnectNamedPipe", 10 * connects);
  assert_calls(&before, &after, "NtFsControlFile", 10);
  assert_calls(&before, &after, "CancelIoEx", 0);
  assert_calls(&before, &after, "CreateEventW", 0);
  assert_calls(&before, &after, "NtQueryInformationFile", 0);
  assert_calls(&before, &after, "PeekNamedPipe", 0);
  assert_calls(&before, &after, "PostQueuedCompletionStatus", 0);
}

NP_CASE("budget-listener/listener-recycled", np_listener_recycle, ANY_MODE,
        NP_OK,
        "An instance that alternates with another one needs no new memory. "
        "Each client costs three calls: disconnect, connect, and a check that "
        "the client is still there.",
        "DisconnectNamedPipe#remarks") {
  recycled(f, NP_GHOSTS_WITH_DATA, 2);
}

NP_CASE("budget-listener/listener-recycled-unlooked", np_listener_recycle,
        ANY_MODE, NP_OK,
        "A listener that hands out ghosts too makes no call to look for them.",
        "npipe/listener.h") {
  recycled(f, NP_GHOSTS_ALL, 1);
}
