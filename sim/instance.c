/* An instance of a pipe: its state, and the calls that change the state. Both
 * ends refer to it, and it lives until both are closed. */
#include "pipe.h"

#include <stdlib.h>
#include <string.h>

struct instance *sim__instance_new(struct pipe *pipe, struct file *server,
                                   const struct create_options *options) {
  struct instance *instance = calloc(1, sizeof *instance);

  *pipe->instances_tail = instance;
  pipe->instances_tail = &instance->next;
  instance->pipe = pipe;
  instance->refs = 1;
  instance->end[END_SERVER] = server;
  instance->queue[INBOUND].quota = options->in_quota;
  instance->queue[OUTBOUND].quota = options->out_quota;
  instance->process_id[END_SERVER] = sim__thread_self()->process_id;
  instance->session_id[END_SERVER] = sim__thread_self()->session_id;
  instance->state = DISCONNECTED;
  pipe->refs++;
  pipe->instances_open++;
  return instance;
}

void sim__instance_listen(struct instance *instance) {
  instance->state = LISTENING;
  sim__kernel.listens++;
  *instance->pipe->listening_tail = instance;
  instance->pipe->listening_tail = &instance->next_listening;
  /* Every waiter wakes and races for the instance. Source: Wine kernel32 tests,
   * test_wait_pipe. */
  sim__ops_finish_waits(NULL, instance->pipe, STATUS_SUCCESS);
}

void sim__instance_unlisten(struct instance *instance) {
  struct pipe *pipe = instance->pipe;
  struct instance **link = &pipe->listening;

  while (*link != instance) {
    link = &(*link)->next_listening;
  }
  *link = instance->next_listening;
  if (instance->next_listening == NULL) {
    pipe->listening_tail = link;
  }
  instance->next_listening = NULL;
}

static void client_forget(struct instance *instance) {
  sim__queue_forget(&instance->queue[INBOUND]);
  if (instance->client != NULL) {
    sim__object_unref(&instance->client->object);
    instance->client = NULL;
  }
  instance->had_client = false;
}

void sim__instance_unref(struct instance *instance) {
  struct instance **link = &instance->pipe->instances;

  if (--instance->refs > 0) {
    return;
  }
  sim__queue_drain(&instance->queue[INBOUND], STATUS_PIPE_BROKEN);
  sim__queue_drain(&instance->queue[OUTBOUND], STATUS_PIPE_BROKEN);
  while (*link != instance) {
    link = &(*link)->next;
  }
  *link = instance->next;
  if (instance->next == NULL) {
    instance->pipe->instances_tail = link;
  }
  client_forget(instance);
  sim__pipe_unref(instance->pipe);
  free(instance);
}

/* --- The calls of the server --------------------------------------------- */

NTSTATUS sim__pipe_connect(struct op *op) {
  struct file *file = op->file;

  if (file->kind != FILE_PIPE || file->end != END_SERVER) {
    return STATUS_ILLEGAL_FUNCTION;
  }
  switch (file->instance->state) {
    case CONNECTED:
      return STATUS_PIPE_CONNECTED;
    case CLOSING:
      return STATUS_PIPE_CLOSING;
    case DISCONNECTED:
      sim__instance_listen(file->instance);
      if (file->nowait && sim__kernel.settings.nowait_connect_succeeds) {
        return STATUS_SUCCESS;
      }
      break;
    default:
      break;
  }
  if (file->nowait) {
    return STATUS_PIPE_LISTENING;
  }
  op->instance = file->instance;
  return STATUS_PENDING;
}

NTSTATUS sim__pipe_disconnect(struct file *file) {
  struct instance *instance = file->instance;
  struct file *client;

  if (file->kind != FILE_PIPE) {
    return STATUS_PIPE_DISCONNECTED;
  }
  if (file->end != END_SERVER) {
    return STATUS_ILLEGAL_FUNCTION;
  }
  if (instance->state == DISCONNECTED) {
    return STATUS_PIPE_DISCONNECTED;
  }
  if (instance->state == LISTENING) {
    if (!sim__kernel.settings.disconnect_listening) {
      return STATUS_PIPE_LISTENING;
    }
    sim__ops_finish_waits(instance, NULL, STATUS_PIPE_DISCONNECTED);
    sim__instance_unlisten(instance);
  }
  sim__queue_drain(&instance->queue[INBOUND], STATUS_PIPE_DISCONNECTED);
  sim__queue_drain(&instance->queue[OUTBOUND], STATUS_PIPE_DISCONNECTED);
  instance->state = DISCONNECTED;
  client_forget(instance);
  client = instance->end[END_CLIENT];
  if (client != NULL) {
    client->signalled = false;
    client->instance = NULL;
    instance->end[END_CLIENT] = NULL;
    sim__instance_unref(instance);
  }
  return STATUS_SUCCESS;
}

NTSTATUS sim__pipe_impersonate(struct file *file) {
  const struct instance *instance = file->instance;
  const struct token *client;

  if (file->kind != FILE_PIPE || file->end != END_SERVER) {
    return STATUS_ILLEGAL_FUNCTION;
  }
  /* Impersonation is possible only after a read, and not after a disconnect.
   * Source: Wine kernel32 tests, pipe.c, test_ImpersonateNamedPipeClient. */
  client = instance->queue[INBOUND].read_as;
  if (client == NULL) {
    return STATUS_CANNOT_IMPERSONATE;
  }
  return sim__token_adopt(client, instance->qos.level);
}
