/* The root of all pipes: waits for instances and for changes of the names
 * without a thread, and keeps the waits that outlive their loop (orphans).
 * Rule: memory that the kernel may still write is never freed. */
#include "pipe_wait.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* The kernel's wait is renewed after this time. It limits how long a wait that
 * cannot be cancelled stays, and how long Wine, which reports nothing, hides
 * that a name has gone. */
#define WAIT_MS_MAX 60000

#define TICKS_PER_MS 10000 /* ticks of 100 ns */

struct np__wait {
  np__packet packet; /* first */
  np__debt debt;     /* directly after `packet` */
  np__link link;     /* in `waits` of its root, or in `orphans` */
  np__root *root;    /* NULL: its loop has gone */
  np__wait_fn ended;
  void *owner;
  bool is_cancelled;
  bool may_be_delivered; /* orphan: its port still exists */
  HANDLE handle;         /* orphan: the root's handle */
  LONG family;           /* orphan: number of its root */
  ULONG notice[64];      /* for the kernel, which writes what has changed */
};

_Static_assert(offsetof(np__wait, debt) == sizeof(np__packet),
               "a debt lies directly after its packet");

/* The input of the control. */
typedef union wait_input {
  LONGLONG timeout; /* negative: relative; 0: a date that is over */
  UCHAR bytes[NP__WAIT_NAME_AT + NP__NAME_UNITS_MAX * sizeof(WCHAR)];
} wait_input;

/* Orphans: waits that outlived their loop. */
static SRWLOCK orphans_lock = SRWLOCK_INIT;
static np__list orphans = {&orphans, &orphans};
static volatile LONG families; /* number of roots that have gone */

static np__wait *wait_of(np__link *link) {
  return NP__CONTAINER(link, np__wait, link);
}

/* bury_orphans frees the orphans that the kernel no longer uses. An orphan
 * whose packet may still come to a loop, on a foreign port with the same key,
 * stays. */
static void bury_orphans(void) {
  np__link *next;

  AcquireSRWLockExclusive(&orphans_lock);
  for (np__link *at = orphans.next; at != &orphans; at = next) {
    np__wait *wait = wait_of(at);

    next = at->next;
    if (!wait->may_be_delivered &&
        HasOverlappedIoCompleted(&wait->packet.overlapped)) {
      np__list_remove(&wait->link);
      free(wait);
    }
  }
  ReleaseSRWLockExclusive(&orphans_lock);
}

/* orphan_delivered runs when the packet of an orphan has come. The last orphan
 * of a root closes the root's handle. */
static void orphan_delivered(np__wait *wait) {
  HANDLE handle = wait->handle;
  bool is_last = true;

  AcquireSRWLockExclusive(&orphans_lock);
  np__list_remove(&wait->link);
  for (np__link *at = orphans.next; at != &orphans; at = at->next) {
    is_last = is_last && wait_of(at)->family != wait->family;
  }
  ReleaseSRWLockExclusive(&orphans_lock);
  free(wait);
  if (is_last && handle != NULL) {
    CloseHandle(handle);
  }
}

bool np__root_has_orphan(const OVERLAPPED *overlapped) {
  np__link *at;

  AcquireSRWLockShared(&orphans_lock);
  at = orphans.next;
  while (at != &orphans && &wait_of(at)->packet.overlapped != overlapped) {
    at = at->next;
  }
  ReleaseSRWLockShared(&orphans_lock);
  return at != &orphans;
}

static void adopt_orphan(np__wait *wait, LONG family, bool may_be_delivered) {
  wait->family = family;
  wait->handle = wait->root->handle;
  wait->root = NULL;
  wait->may_be_delivered = may_be_delivered;
  AcquireSRWLockExclusive(&orphans_lock);
  np__list_push_first(&orphans, &wait->link);
  ReleaseSRWLockExclusive(&orphans_lock);
}

void np__root_init(np__root *root, np_loop *loop, ACCESS_MASK access) {
  root->loop = loop;
  root->access = access;
  root->handle = NULL;
  np__list_init(&root->waits);
}

/* np__root_open opens the root by the NT path of \\.\pipe\. With a backslash
 * at the end the path names the root of all pipes, without it the device. */
NTSTATUS np__root_open(HANDLE *root, ACCESS_MASK access, ULONG options) {
  static const WCHAR path[] = L"\\??\\PIPE\\";
  UNICODE_STRING name;
  OBJECT_ATTRIBUTES attributes;
  IO_STATUS_BLOCK status_block;

  name.Buffer = (PWSTR)path;
  name.Length = sizeof path - sizeof path[0];
  name.MaximumLength = sizeof path;
  InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, NULL,
                             NULL);
  return NtOpenFile(root, access, &attributes, &status_block,
                    FILE_SHARE_READ | FILE_SHARE_WRITE, options);
}

/* root_watches returns true for the root of notices. A system that gives notice
 * can also end it. */
static bool root_watches(const np__root *root) {
  return root->access == FILE_LIST_DIRECTORY;
}

/* root_begin opens the handle of `root` for operations with packets. */
static bool root_begin(np__root *root) {
  HANDLE handle;

  if (root->handle != NULL) {
    return true;
  }
  bury_orphans();
  if (np__root_open(&handle, root->access | SYNCHRONIZE, 0) < 0) {
    return false;
  }
  if (CreateIoCompletionPort(handle, root->loop->port, root->loop->key, 0) ==
      NULL) {
    CloseHandle(handle);
    return false;
  }
  root->handle = handle;
  return true;
}

static np__wait_end end_of(const np__wait *wait, NTSTATUS status) {
  if (status == 0) {
    return NP__WAIT_LISTENING;
  }
  return status > 0 || status == NP__STATUS_IO_TIMEOUT || wait->is_cancelled
             ? NP__WAIT_NEWS
             : NP__WAIT_FAILED;
}

static void wait_on_packet(np_loop *loop, np__packet *packet, NTSTATUS status,
                           uint32_t bytes) {
  np__wait *wait = (np__wait *)packet;
  np__wait_fn ended = wait->ended;
  void *owner = wait->owner;
  np__wait_end end = end_of(wait, status);

  (void)bytes;
  if (wait->root == NULL) {
    orphan_delivered(wait);
    return;
  }
  assert(wait->root->loop == loop);
  np__loop_paid(loop, &wait->debt);
  np__list_remove(&wait->link);
  if (wait->is_cancelled) {
    loop->active--;
  }
  free(wait);
  ended(owner, end);
}

static const np__packet_class wait_class = {.on_packet = wait_on_packet};

static ULONG fill_input(wait_input *input, const WCHAR *name,
                        LONGLONG timeout) {
  ULONG name_bytes = 0;
  UCHAR *at = input->bytes + NP__WAIT_NAME_AT;

  memset(input, 0, sizeof *input);
  while (name[name_bytes / sizeof *name] != 0) {
    name_bytes += sizeof *name;
  }
  assert(NP__WAIT_NAME_AT + name_bytes <= sizeof input->bytes);
  input->timeout = timeout;
  input->bytes[NP__WAIT_HAS_LIMIT_AT] = TRUE;
  memcpy(input->bytes + NP__WAIT_NAME_BYTES_AT, &name_bytes, sizeof name_bytes);
  memcpy(at, name, name_bytes);
  return NP__WAIT_NAME_AT + name_bytes;
}

NTSTATUS np__root_ask(const WCHAR *name) {
  wait_input input;
  IO_STATUS_BLOCK status_block;
  HANDLE root;
  const ULONG bytes = fill_input(&input, name, 0);
  NTSTATUS status = np__root_open(&root, FILE_READ_ATTRIBUTES | SYNCHRONIZE,
                                  NP__SYNCHRONOUS_IO);

  if (status >= 0) {
    status = NtFsControlFile(root, NULL, NULL, NULL, &status_block,
                             NP__FSCTL_PIPE_WAIT, &input, bytes, NULL, 0);
    CloseHandle(root);
  }
  return status;
}

/* wait_new makes a wait that is not started. */
static np__wait *wait_new(np__root *root, np__wait_fn ended, void *owner) {
  np__wait *wait;

  if (!root_begin(root)) {
    return NULL;
  }
  wait = calloc(1, sizeof *wait);
  if (wait == NULL) {
    return NULL; /* GCOVR_EXCL_LINE: the C heap is not ours to fail */
  }
  wait->packet.class_ = &wait_class;
  wait->packet.overlapped.Internal = STATUS_PENDING;
  wait->root = root;
  wait->ended = ended;
  wait->owner = owner;
  return wait;
}

/* wait_started takes the answer of the call that started `wait`. A success at
 * once has a packet too, because this handle does not skip the port. An error
 * at once has none. */
static np__wait *wait_started(np__wait *wait, NTSTATUS status) {
  np__root *root = wait->root;

  if (status < 0) {
    free(wait);
    return NULL;
  }
  np__loop_owe(root->loop, &wait->debt);
  np__list_push_first(&root->waits, &wait->link);
  return wait;
}

np__wait *np__root_wait(np__root *root, const WCHAR *name, np__wait_fn ended,
                        void *owner) {
  wait_input input;
  np__wait *wait = wait_new(root, ended, owner);
  ULONG bytes = fill_input(&input, name, -(LONGLONG)WAIT_MS_MAX * TICKS_PER_MS);

  if (wait == NULL) {
    return NULL;
  }
  /* The system copies its input. */
  return wait_started(
      wait, NtFsControlFile(root->handle, NULL, NULL, &wait->packet.overlapped,
                            (PIO_STATUS_BLOCK)(void *)&wait->packet.overlapped,
                            NP__FSCTL_PIPE_WAIT, &input, bytes, NULL, 0));
}

np__wait *np__root_watch(np__root *root, np__wait_fn ended, void *owner) {
  np__wait *wait = wait_new(root, ended, owner);

  return wait == NULL
             ? NULL
             : wait_started(
                   wait, NtNotifyChangeDirectoryFile(
                             root->handle, NULL, NULL, &wait->packet.overlapped,
                             (PIO_STATUS_BLOCK)(void *)&wait->packet.overlapped,
                             wait->notice, sizeof wait->notice,
                             FILE_NOTIFY_CHANGE_FILE_NAME, FALSE));
}

/* take_ended takes the packets of waits that have ended. */
static void take_ended(np__root *root) {
  while (!np__list_is_empty(&root->waits) && np__loop_poll(root->loop)) {
    /* An ended wait needs no further care. */
  }
}

void np__root_deinit(np__root *root) {
  const LONG family = InterlockedIncrement(&families);

  take_ended(root);
  if (root->handle != NULL &&
      (np__list_is_empty(&root->waits) || root_watches(root))) {
    /* The close ends a watch whose cancel the kernel refused. */
    CloseHandle(root->handle);
    root->handle = NULL;
    take_ended(root);
  }
  /* Else the handle stays open, because waits for instances live on that the
   * system could not cancel: the server of Wine 8.0 crashes when such a wait
   * ends after its handle was closed. */
  while (!np__list_is_empty(&root->waits)) {
    np__wait *wait = wait_of(root->waits.next);

    np__loop_paid(root->loop, &wait->debt);
    np__list_remove(&wait->link);
    adopt_orphan(wait, family, !root->loop->owns_port);
  }
}

/* is_ending asks the kernel to end `wait`, and returns true if its packet is
 * sure to come. A wait that cannot be found has ended, or is the wait for an
 * instance of a system that cannot cancel it. */
static bool is_ending(const np__wait *wait) {
  return CancelIoEx(wait->root->handle,
                    (LPOVERLAPPED)&wait->packet.overlapped) ||
         (GetLastError() == ERROR_NOT_FOUND && root_watches(wait->root));
}

void np__wait_cancel(np__wait *wait) {
  if (!wait->is_cancelled && is_ending(wait)) {
    wait->is_cancelled = true;
    wait->root->loop->active++;
  }
}
