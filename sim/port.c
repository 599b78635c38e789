/* Completion ports. */
#include "process.h"

#include <stdlib.h>

void sim__port_post(struct port *port, struct op *op) {
  if (port->pool != NULL) {
    if (op->late) {
      sim__op_write_back(op);
    }
    sim__pool_packet(port->pool, op);
    sim__op_free(op);
    return;
  }
  if (port->closed && op->is_abandoned) {
    sim__op_free(op);
    return;
  }
  if (port->head == NULL) {
    port->tail = &port->head;
  }
  op->in_port = true;
  op->next_packet = NULL;
  *port->tail = op;
  port->tail = &op->next_packet;
  sim__wake();
}

void sim__port_drop(struct port *port) {
  while (port->head != NULL) {
    struct op *op = port->head;

    port->head = op->next_packet;
    sim__op_free(op);
  }
}

/* Whether the packet at `at`, which was posted, must wait: a port is first in,
 * first out, and the packet of a call that had returned was there before. */
static bool must_wait(const struct op *head, const struct op *at) {
  if (at->kind != OP_POSTED) {
    return false;
  }
  while (head != at && !head->in_step) {
    head = head->next_packet;
  }
  return head != at;
}

/* choose returns the link of the next packet. Packets of one file stay in
 * order, and so do posted packets; apart from this the next one may be drawn at
 * random. */
static struct op **choose(struct port *port) {
  struct op **link = &port->head;

  if (!sim__chance(sim__kernel.settings.shuffle_permille)) {
    return link;
  }
  for (struct op **at = &port->head; *at != NULL; at = &(*at)->next_packet) {
    struct op *first = port->head;

    while (first->file != (*at)->file) {
      first = first->next_packet;
    }
    if (first == *at && !must_wait(port->head, *at) &&
        sim__random_below(2) == 0) {
      return at;
    }
  }
  return link;
}

static void take(struct port *port, OVERLAPPED_ENTRY *entry) {
  struct op **link = choose(port);
  struct op *op = *link;
  uint64_t internal;

  *link = op->next_packet;
  port->tail = &port->head;
  while (*port->tail != NULL) {
    port->tail = &(*port->tail)->next_packet;
  }
  if (op->late) {
    sim__op_write_back(op);
  }
  entry->lpOverlapped = op->request.context;
  entry->lpCompletionKey = op->file != NULL ? op->file->key : op->key;
  /* Only the low half is the status; the high half is garbage. The number is
   * drawn in a 32-bit program, too, so that a seed is one run in both. It
   * decides nothing (sim_seed_matters). */
  internal = (uint32_t)op->status;
  if (op->kind != OP_POSTED) {
    internal |= sim__random_of(&sim__kernel.random) << 32;
  }
  entry->Internal = (ULONG_PTR)internal;
  entry->dwNumberOfBytesTransferred = (DWORD)sim__lie_told(&op->lie, op->info);
  sim__op_free(op);
}

struct take {
  struct port *port;
  struct thread *alerted; /* NULL: the wait is not alertable */
};

static bool has_packet(const struct port *port) {
  return port->head != NULL || port->closed;
}

static bool take_is_over(void *arg) {
  const struct take *take = arg;

  return has_packet(take->port) ||
         (take->alerted != NULL && take->alerted->apcs != NULL);
}

/* port_remove waits for packets and dequeues up to `count` of them. */
static NTSTATUS port_remove(struct port *port, OVERLAPPED_ENTRY *entries,
                            ULONG count, ULONG *removed, DWORD timeout_ms,
                            struct thread *alerted) {
  struct take how = {port, alerted};
  NTSTATUS status = STATUS_SUCCESS;

  *removed = 0;
  sim__thread_self()->drives_port = true;
  sim__object_ref(&port->object);
  sim__block(take_is_over, &how, sim__deadline_in_ms(timeout_ms));
  if (!has_packet(port) && take_is_over(&how)) {
    status = (NTSTATUS)STATUS_USER_APC;
  } else if (!has_packet(port)) {
    if (timeout_ms == 0) {
      sim__clock_poll();
    }
    status = (NTSTATUS)STATUS_TIMEOUT;
  } else if (port->head == NULL) {
    status = (NTSTATUS)WAIT_ABANDONED_0;
  } else {
    do {
      take(port, &entries[(*removed)++]);
    } while (*removed < count && port->head != NULL &&
             !sim__chance(sim__kernel.settings.short_get_permille));
  }
  sim__object_unref(&port->object);
  return status;
}

/* --- The calls ----------------------------------------------------------- */

struct port *sim__port_new(void) {
  struct port *port = calloc(1, sizeof *port);

  sim__object_init(&port->object, OBJECT_PORT);
  return port;
}

NTSTATUS sim__port_join(HANDLE file_handle, struct port *port, ULONG_PTR key) {
  NTSTATUS status;
  struct file *file = sim__handle_get(file_handle, OBJECT_FILE, 0, &status);

  if (file == NULL) {
    return status;
  }
  /* A file joins only one port, for its whole life, and must not be
   * synchronous. Source: Wine ntdll tests, file.c, test_file_io_completion. */
  if (file->synchronous || file->port != NULL) {
    return STATUS_INVALID_PARAMETER;
  }
  sim__object_ref(&port->object);
  file->port = port;
  file->key = key;
  return STATUS_SUCCESS;
}

HANDLE WINAPI CreateIoCompletionPort(HANDLE file, HANDLE port, ULONG_PTR key,
                                     DWORD threads) {
  struct call call;
  HANDLE handle = NULL;

  (void)threads;
  if (sim__call_begin(&call, __func__, PLACE, "%p %p", file, port)) {
    NTSTATUS status = STATUS_SUCCESS;
    struct port *object = NULL;

    if (port == NULL && sim__handle_is_full()) {
      status = STATUS_INSUFFICIENT_RESOURCES;
    } else if (port == NULL) {
      object = sim__port_new();
    } else if (file == INVALID_HANDLE_VALUE) {
      status = STATUS_INVALID_PARAMETER;
    } else {
      object = sim__handle_get(port, OBJECT_PORT, 0, &status);
    }
    if (status == STATUS_SUCCESS && file != INVALID_HANDLE_VALUE) {
      status = sim__port_join(file, object, key);
    }
    if (status == STATUS_SUCCESS) {
      handle =
          port != NULL ? port : sim__handle_open(&object->object, 0x1F0003, 0);
    } else if (port == NULL && object != NULL) {
      sim__object_unref(&object->object);
    }
    sim__call_status(&call, status);
  }
  sim__call_end(&call);
  return handle;
}

BOOL WINAPI PostQueuedCompletionStatus(HANDLE port, DWORD bytes, ULONG_PTR key,
                                       LPOVERLAPPED overlapped) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%p", port)) {
    struct port *object = sim__handle_get_for(&call, port, OBJECT_PORT, 0);

    if (object != NULL) {
      struct op *op = sim__op_new(&call, OP_POSTED, NULL, NULL, NULL, 0);

      op->request.context = overlapped;
      op->key = key;
      op->info = bytes;
      sim__port_post(object, op);
    }
  }
  return sim__call_end(&call);
}

BOOL WINAPI GetQueuedCompletionStatusEx(HANDLE port, LPOVERLAPPED_ENTRY entries,
                                        ULONG count, PULONG removed,
                                        DWORD timeout_ms, BOOL alertable) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%p %u %u", port, (unsigned)count,
                      (unsigned)timeout_ms)) {
    NTSTATUS status;
    struct port *object = sim__handle_get(port, OBJECT_PORT, 0, &status);

    if (object != NULL) {
      status = count == 0 || removed == NULL
                   ? STATUS_INVALID_PARAMETER
                   : port_remove(object, entries, count, removed, timeout_ms,
                                 alertable ? sim__thread_self() : NULL);
      call.alerted = status == (NTSTATUS)STATUS_USER_APC;
    }
    sim__call_status(&call, status);
  }
  return sim__call_end(&call);
}

BOOL WINAPI GetQueuedCompletionStatus(HANDLE port, LPDWORD bytes,
                                      PULONG_PTR key, LPOVERLAPPED *overlapped,
                                      DWORD timeout_ms) {
  struct call call;

  *overlapped = NULL;
  if (sim__call_begin(&call, __func__, PLACE, "%p %u", port,
                      (unsigned)timeout_ms)) {
    OVERLAPPED_ENTRY entry;
    ULONG removed = 0;
    NTSTATUS status;
    struct port *object = sim__handle_get(port, OBJECT_PORT, 0, &status);

    if (object != NULL) {
      status = port_remove(object, &entry, 1, &removed, timeout_ms, NULL);
    }
    if (removed == 1) {
      *overlapped = entry.lpOverlapped;
      *key = entry.lpCompletionKey;
      *bytes = entry.dwNumberOfBytesTransferred;
      status = (NTSTATUS)(uint32_t)entry.Internal;
    }
    sim__call_status(&call, status);
  }
  return sim__call_end(&call);
}

BOOL WINAPI SetFileCompletionNotificationModes(HANDLE handle, UCHAR flags) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%p %u", handle, flags)) {
    NTSTATUS status;
    struct file *file = sim__handle_get(handle, OBJECT_FILE, 0, &status);

    if (file != NULL && (file->synchronous || (flags & ~3u) != 0)) {
      status = STATUS_INVALID_PARAMETER;
    } else if (file != NULL) {
      sim__file_notify(file, flags);
    }
    sim__call_status(&call, status);
  }
  return sim__call_end(&call);
}
