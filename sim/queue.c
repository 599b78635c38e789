/* Data queues: one direction of an instance. Quotas, message boundaries and the
 * order of waiting operations are decided here. */
#include "pipe.h"

#include <stdlib.h>
#include <string.h>

static size_t at_most(size_t a, size_t b) {
  return a < b ? a : b;
}

bool sim__queue_has_data(const struct queue *queue) {
  return queue->head != NULL && queue->head->kind != ENTRY_READ;
}

bool sim__queue_has_reads(const struct queue *queue) {
  return queue->head != NULL && queue->head->kind == ENTRY_READ;
}

/* entry_left returns the number of unread bytes of an entry. */
static size_t entry_left(const struct queue *queue, const struct entry *entry) {
  return entry->size - (entry == queue->head ? queue->offset : 0);
}

static struct entry *entry_add(struct queue *queue, enum entry_kind kind,
                               struct op *op, size_t size, size_t charged) {
  struct entry **link = &queue->head;
  struct entry *entry = calloc(1, sizeof *entry);

  while (*link != NULL &&
         !(kind == ENTRY_DATA && (*link)->kind == ENTRY_FLUSH &&
           !sim__kernel.settings.flush_is_barrier)) {
    link = &(*link)->next;
  }
  entry->kind = kind;
  entry->op = op;
  entry->size = size;
  entry->charged = charged;
  entry->next = *link;
  *link = entry;
  queue->bytes += size;
  queue->used += entry->charged;
  if (op != NULL) {
    op->queue = queue;
  }
  return entry;
}

/* entry_remove removes the entry at `link` with its unread bytes. */
static void entry_remove(struct queue *queue, struct entry **link) {
  struct entry *entry = *link;

  queue->bytes -= entry_left(queue, entry);
  queue->used -= entry->charged;
  if (entry == queue->head) {
    queue->offset = 0;
  }
  *link = entry->next;
  if (entry->token != NULL) {
    sim__object_unref(&entry->token->object);
  }
  free(entry->copy);
  free(entry);
}

/* entry_pop removes the first entry and returns the operation that waits for
 * it. */
static struct op *entry_pop(struct queue *queue) {
  struct op *op = queue->head->op;

  entry_remove(queue, &queue->head);
  return op;
}

/* entry_keep copies the data; from here on the caller's buffer is free. */
static void entry_keep(struct entry *entry) {
  if (entry->size > 0) {
    entry->copy = malloc(entry->size);
    memcpy(entry->copy, entry->data, entry->size);
    entry->data = entry->copy;
  }
}

static void read_as(struct queue *queue, struct token *token) {
  if (token != NULL) {
    sim__object_ref(&token->object);
  }
  if (queue->read_as != NULL) {
    sim__object_unref(&queue->read_as->object);
  }
  queue->read_as = token;
}

/* is_overdrawn tells whether reads took more of the entry than the quota held
 * of it. `charged` is then a number below 0, which is a large one without a
 * sign. Source: ReactOS NpReadDataQueue. */
static bool is_overdrawn(const struct entry *entry, size_t left) {
  return sim__kernel.settings.quota_overdrawn && entry->charged > left;
}

/* end_writes ends the writes whose rest now fits the quota, in order. Source:
 * ReactOS NpCompleteStalledWrites. */
static void end_writes(struct queue *queue) {
  for (struct entry *entry = queue->head; entry != NULL; entry = entry->next) {
    size_t left = entry_left(queue, entry);
    size_t more;

    if (entry->kind != ENTRY_DATA || is_overdrawn(entry, left) ||
        (entry->op == NULL && sim__kernel.settings.transact_uncharged)) {
      continue;
    }
    more = at_most(left - entry->charged, queue->quota - queue->used);
    entry->charged += more;
    queue->used += more;
    if (entry->charged < left) {
      return;
    }
    if (entry->op != NULL) {
      struct op *op = entry->op;

      entry->op = NULL;
      entry_keep(entry);
      sim__op_finish(op, STATUS_SUCCESS, op->size);
    }
  }
}

/* settle ends the flushes at the head, and the writes whose rest now fits the
 * quota. */
static void settle(struct queue *queue) {
  if (sim__kernel.tearing_down) {
    return;
  }
  while (queue->head != NULL && queue->head->kind == ENTRY_FLUSH) {
    sim__op_finish(entry_pop(queue), STATUS_SUCCESS, 0);
  }
  end_writes(queue);
}

/* feed_reads gives data to waiting reads and returns the number of bytes left.
 * `*reached` becomes true if a read has ended. */
static size_t feed_reads(struct queue *queue, const char *data, size_t size,
                         struct write_mode mode, struct token *token,
                         bool *reached) {
  size_t left = size;

  while (sim__queue_has_reads(queue) &&
         (left > 0 || (mode.message_type && !*reached))) {
    size_t bytes = at_most(left, queue->head->size);
    struct op *read = entry_pop(queue);

    if (bytes > 0) {
      memcpy(sim__op_target(read), data + (size - left), bytes);
    }
    left -= bytes;
    *reached = true;
    read_as(queue, token);
    /* The reader's current mode decides, even for a transact that began when it
     * read messages. Source: ReactOS NpWriteDataQueue. */
    sim__op_finish(read,
                   mode.reader_messages && left > 0 ? STATUS_BUFFER_OVERFLOW
                                                    : STATUS_SUCCESS,
                   bytes);
  }
  return left;
}

NTSTATUS sim__queue_write(struct queue *queue, struct op *op, const char *data,
                          size_t size, struct write_mode mode,
                          struct token *token, size_t *written) {
  struct entry *entry;
  bool reached = false;
  size_t left;

  *written = 0;
  if (mode.nowait) {
    /* The write takes all or nothing; data that go straight to a reader need no
     * quota. Source: Wine kernel32 tests, pipe.c, test_nowait. */
    size_t room = sim__queue_has_reads(queue) && mode.message_type
                      ? queue->quota + queue->bytes
                      : queue->quota - queue->used;

    if (size > room && (mode.message_type || !sim__queue_has_reads(queue))) {
      return STATUS_SUCCESS;
    }
  }
  left = feed_reads(queue, data, size, mode, token, &reached);
  *written = size;
  if (left == 0 && (reached || !mode.message_type)) {
    return STATUS_SUCCESS;
  }
  if (mode.nowait && left > queue->quota - queue->used) {
    *written = size - left;
    return STATUS_SUCCESS;
  }
  entry = entry_add(queue, ENTRY_DATA, NULL, left,
                    mode.is_transact && sim__kernel.settings.transact_uncharged
                        ? 0
                        : at_most(left, queue->quota - queue->used));
  entry->data = left > 0 ? data + (size - left) : NULL;
  entry->token = token;
  if (token != NULL) {
    sim__object_ref(&token->object);
  }
  if (entry->charged < left && !mode.is_transact) {
    entry->op = op;
    op->queue = queue;
    return STATUS_PENDING;
  }
  entry_keep(entry);
  return STATUS_SUCCESS;
}

/* consume removes `bytes` from the head's data. */
static void consume(struct queue *queue, size_t bytes) {
  struct entry *head = queue->head;
  size_t left;

  queue->offset += bytes;
  queue->bytes -= bytes;
  left = entry_left(queue, head);
  if (sim__kernel.settings.quota_overdrawn) {
    queue->used -= bytes;
    head->charged -= bytes;
    return;
  }
  if (head->charged > left) {
    queue->used -= head->charged - left;
    head->charged = left;
  }
}

NTSTATUS sim__queue_read(struct queue *queue, char *to, size_t size,
                         bool messages, size_t *got) {
  NTSTATUS status = STATUS_SUCCESS;
  bool first = true;

  *got = 0;
  settle(queue);
  while (sim__queue_has_data(queue)) {
    struct entry *head = queue->head;
    size_t left = entry_left(queue, head);
    size_t bytes = at_most(left, size - *got);
    bool was_empty = left == 0;

    if (head->kind == ENTRY_FLUSH) {
      sim__op_finish(entry_pop(queue), STATUS_SUCCESS, 0);
      continue;
    }
    if (!first && was_empty && queue->bytes == 0 &&
        !sim__kernel.settings.byte_read_swallows_empty) {
      break;
    }
    if (bytes > 0) {
      memcpy(to + *got, head->data + queue->offset, bytes);
      *got += bytes;
    }
    read_as(queue, head->token);
    consume(queue, bytes);
    if (bytes < left) {
      if (messages && (size > 0 || sim__kernel.settings.empty_read_more_data)) {
        status = STATUS_BUFFER_OVERFLOW;
      }
      break;
    }
    if (size > 0 ||
        (was_empty && sim__kernel.settings.empty_read_consumes_empty)) {
      struct op *write = entry_pop(queue);

      if (write != NULL) {
        sim__op_finish(write, STATUS_SUCCESS, write->size);
      }
    }
    /* A byte read continues behind an empty message. Source: ReactOS
     * NpReadDataQueue, and Wine. */
    if (messages || *got == size) {
      break;
    }
    first = false;
  }
  settle(queue);
  return status;
}

void sim__queue_add_read(struct queue *queue, struct op *op) {
  entry_add(queue, ENTRY_READ, op, op->size,
            at_most(op->size, queue->quota - queue->used));
}

NTSTATUS sim__queue_flush(struct queue *queue, struct op *op) {
  if (!sim__queue_has_data(queue)) {
    return STATUS_SUCCESS;
  }
  entry_add(queue, ENTRY_FLUSH, op, 0, 0);
  return STATUS_PENDING;
}

size_t sim__queue_peek(struct queue *queue, char *to, size_t size,
                       bool first_only) {
  size_t copied = 0;

  for (struct entry *entry = queue->head; entry != NULL; entry = entry->next) {
    size_t skip = entry == queue->head ? queue->offset : 0;
    size_t bytes = at_most(entry->size - skip, size - copied);

    if (entry->kind != ENTRY_DATA) {
      continue;
    }
    if (bytes > 0) {
      memcpy(to + copied, entry->data + skip, bytes);
      copied += bytes;
    }
    read_as(queue, entry->token);
    if (first_only) {
      break;
    }
  }
  return copied;
}

size_t sim__queue_message_size(const struct queue *queue) {
  for (struct entry *entry = queue->head; entry != NULL; entry = entry->next) {
    if (entry->kind == ENTRY_DATA) {
      return entry_left(queue, entry);
    }
  }
  return 0;
}

size_t sim__queue_message_count(const struct queue *queue) {
  size_t count = 0;

  for (struct entry *entry = queue->head; entry != NULL; entry = entry->next) {
    count += entry->kind == ENTRY_DATA;
  }
  return count;
}

size_t sim__queue_remove(struct queue *queue, struct op *op) {
  struct entry **link = &queue->head;
  size_t left;

  while ((*link)->op != op) {
    link = &(*link)->next;
  }
  left = entry_left(queue, *link);
  entry_remove(queue, link);
  settle(queue);
  return op->size - left;
}

void sim__queue_drain(struct queue *queue, NTSTATUS status) {
  while (queue->head != NULL) {
    struct op *op = entry_pop(queue);

    /* ReactOS NpRemoveDataQueueEntry. */
    if (sim__kernel.settings.drain_ends_writes && !sim__kernel.tearing_down) {
      end_writes(queue);
    }
    if (op != NULL) {
      sim__op_finish(op, status, 0);
    }
  }
}

void sim__queue_drop_writes(struct queue *queue, NTSTATUS status) {
  struct entry **link = &queue->head;

  while (*link != NULL) {
    struct op *op = (*link)->op;

    if (op != NULL && (*link)->kind == ENTRY_DATA) {
      entry_remove(queue, link);
      sim__op_finish(op, status, 0);
      link = &queue->head;
    } else {
      link = &(*link)->next;
    }
  }
}

void sim__queue_forget(struct queue *queue) {
  read_as(queue, NULL);
}
