/* Data through an end: reads, writes, transactions, flushes and peeks. The
 * state of the instance decides first; then the queue of the direction does. */
#include "pipe.h"

#include <string.h>

/* check_transfer makes the checks that come before a read or a write looks at
 * data. */
static NTSTATUS check_transfer(const struct file *file) {
  NTSTATUS status = sim__pipe_check(file);

  if (status < 0) {
    return file->kind == FILE_PIPE ? status : STATUS_INVALID_PARAMETER;
  }
  switch (file->instance->state) {
    case DISCONNECTED:
      return STATUS_PIPE_DISCONNECTED;
    case LISTENING:
      return STATUS_PIPE_LISTENING;
    default:
      return STATUS_SUCCESS;
  }
}

NTSTATUS sim__pipe_read(struct op *op) {
  struct file *file = op->file;
  NTSTATUS status = check_transfer(file);

  if (status < 0) {
    return status;
  }
  if (sim__queue_has_data(sim__pipe_in(file))) {
    status = sim__queue_read(sim__pipe_in(file), sim__op_target(op), op->size,
                             file->messages, &op->info);
    return status;
  }
  if (file->instance->state == CLOSING) {
    return STATUS_PIPE_BROKEN;
  }
  if (file->nowait) {
    return STATUS_PIPE_EMPTY;
  }
  sim__queue_add_read(sim__pipe_in(file), op);
  return STATUS_PENDING;
}

/* writer_token returns the user that the reader at the other end may
 * impersonate: with dynamic tracking the writer's current user, else the user
 * of the open. */
static struct token *writer_token(const struct file *file) {
  if (file->end == END_SERVER || file->instance->is_unknown) {
    return NULL;
  }
  return file->instance->qos.dynamic && sim__token_current() != NULL
             ? sim__token_current()
             : file->instance->client;
}

static struct write_mode write_mode(const struct file *file) {
  const struct file *peer = file->instance->end[1 - file->end];
  struct write_mode mode = {file->pipe->message_type,
                            peer != NULL && peer->messages, file->nowait,
                            false};

  return mode;
}

NTSTATUS sim__pipe_write(struct op *op) {
  struct file *file = op->file;
  NTSTATUS status = check_transfer(file);

  if (status < 0) {
    return status;
  }
  if (file->instance->state == CLOSING) {
    return STATUS_PIPE_CLOSING;
  }
  return sim__queue_write(sim__pipe_out(file), op, op->buffer, op->size,
                          write_mode(file), writer_token(file), &op->info);
}

NTSTATUS sim__pipe_flush(struct op *op) {
  NTSTATUS status = sim__pipe_check(op->file);

  if (status < 0 || op->file->instance->state != CONNECTED) {
    return status;
  }
  return sim__queue_flush(sim__pipe_out(op->file), op);
}

NTSTATUS sim__pipe_transact(struct op *op) {
  struct file *file = op->file;
  struct write_mode mode;
  NTSTATUS status = sim__pipe_check(file);
  size_t written;

  if (status < 0) {
    return status;
  }
  if (file->instance->state != CONNECTED) {
    return STATUS_INVALID_PIPE_STATE;
  }
  if (!file->messages || file->pipe->configuration != 2) {
    return STATUS_INVALID_READ_MODE;
  }
  if (sim__queue_has_data(sim__pipe_in(file)) ||
      (sim__kernel.settings.transact_behind_read_busy &&
       sim__queue_has_reads(sim__pipe_in(file)))) {
    return STATUS_PIPE_BUSY;
  }
  mode = write_mode(file);
  mode.nowait = false;
  mode.is_transact = true;
  mode.reader_messages |= sim__kernel.settings.transact_warns_byte_read;
  status = sim__queue_write(sim__pipe_out(file), op, op->in, op->in_size, mode,
                            writer_token(file), &written);
  if (status < 0) {
    return status;
  }
  sim__queue_add_read(sim__pipe_in(file), op);
  return STATUS_PENDING;
}

NTSTATUS sim__pipe_peek(struct file *file, void *out, size_t size,
                        size_t *info) {
  uint32_t header[4] = {0};
  struct queue *queue;
  size_t wanted;
  size_t copied;
  NTSTATUS status;

  if (file->kind != FILE_PIPE || size < sizeof header) {
    return STATUS_INVALID_PARAMETER;
  }
  status = sim__pipe_check(file);
  if (status < 0) {
    return status;
  }
  if (file->instance->state <= LISTENING) {
    return STATUS_INVALID_PIPE_STATE;
  }
  queue = sim__pipe_in(file);
  if (file->instance->state == CLOSING && !sim__queue_has_data(queue)) {
    return STATUS_PIPE_BROKEN;
  }
  header[0] = (uint32_t)file->instance->state;
  if (sim__queue_has_data(queue)) {
    header[1] = (uint32_t)queue->bytes;
    if (file->pipe->message_type) {
      header[2] = (uint32_t)sim__queue_message_count(queue);
      header[3] = (uint32_t)sim__queue_message_size(queue);
    }
  }
  memcpy(out, header, sizeof header);
  wanted = header[3];
  copied = sim__queue_has_data(queue)
               ? sim__queue_peek(queue, (char *)out + sizeof header,
                                 size - sizeof header, file->pipe->message_type)
               : 0;
  *info = sizeof header + copied;
  return copied < wanted ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}
