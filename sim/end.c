/* An end of an instance: the file object of its server or of its client, from
 * the create or the open to the close. A create makes an instance; an open
 * takes the one that has listened for longest. */
#include "pipe.h"

#include <stdlib.h>
#include <string.h>

struct file *sim__file_new(enum file_kind kind, bool synchronous) {
  struct file *file = calloc(1, sizeof *file);

  sim__object_init(&file->object, OBJECT_FILE);
  file->kind = kind;
  file->synchronous = synchronous;
  /* A new handle is signalled. Source: Wine kernel32 tests, pipe.c. */
  file->signalled = true;
  return file;
}

/* touch opens a new instance and closes it at once. Programs that look at every
 * new pipe do this. */
static void touch(const WCHAR *name, size_t length) {
  const struct open_options options = {
      .access = FILE_READ_ATTRIBUTES,
      .qos = {SecurityIdentification, false, false}};
  ACCESS_MASK granted;
  struct file *file;

  if (sim__kernel.touches &&
      sim__pipe_open(&file, &granted, name, length, &options) >= 0) {
    sim__file_cleanup(file);
    sim__object_unref(&file->object);
  }
}

void sim_touch(bool on) {
  pthread_mutex_lock(&sim__kernel.lock);
  sim__kernel.touches = on;
  pthread_mutex_unlock(&sim__kernel.lock);
}

NTSTATUS sim__pipe_create(struct file **out, ACCESS_MASK *granted, bool *is_new,
                          const WCHAR *name, size_t length,
                          const struct create_options *options) {
  struct pipe *pipe = options->nameless ? NULL : sim__name_find(name, length);
  NTSTATUS status;

  if (length == 0 && !options->nameless) {
    return STATUS_OBJECT_NAME_INVALID;
  }
  if (options->access == 0) {
    return STATUS_ACCESS_DENIED;
  }
  if (options->messages && !options->message_type) {
    return STATUS_INVALID_PARAMETER;
  }
  status = sim__pipe_check_creator(name, length, options);
  if (status < 0) {
    return status;
  }
  *is_new = pipe == NULL;
  status = pipe == NULL ? sim__pipe_new(&pipe, name, length, options)
                        : sim__pipe_check_further(pipe, options);
  if (status < 0) {
    return status;
  }
  *granted = sim__access_map(options->access);
  *out = sim__file_new(FILE_PIPE, options->synchronous);
  (*out)->end = END_SERVER;
  (*out)->messages = options->messages;
  (*out)->nowait = options->nowait;
  (*out)->pipe = pipe;
  pipe->refs++;
  (*out)->instance = sim__instance_new(pipe, *out, options);
  if ((*granted & (FILE_READ_DATA | FILE_WRITE_DATA)) != 0 ||
      !sim__kernel.settings.no_data_access_disconnected) {
    sim__instance_listen((*out)->instance);
    touch(name, length);
  }
  return STATUS_SUCCESS;
}

static bool is_connecting(const struct instance *instance) {
  for (const struct op *op = sim__kernel.ops; op != NULL; op = op->next) {
    if (op->queued && op->instance == instance) {
      return true;
    }
  }
  return false;
}

NTSTATUS sim__pipe_open(struct file **out, ACCESS_MASK *granted,
                        const WCHAR *name, size_t length,
                        const struct open_options *options) {
  struct pipe *pipe = sim__name_find(name, length);

  if (sim__token_current() == NULL) {
    return STATUS_BAD_IMPERSONATION_LEVEL;
  }
  if (pipe == NULL || (options->exact_case &&
                       memcmp(pipe->name, name, length * sizeof *name) != 0)) {
    return STATUS_OBJECT_NAME_NOT_FOUND;
  }
  return sim__pipe_open_of(out, granted, pipe, options);
}

NTSTATUS sim__pipe_open_of(struct file **out, ACCESS_MASK *granted,
                           struct pipe *pipe,
                           const struct open_options *options) {
  struct token *token = sim__token_current();
  struct instance *instance;
  NTSTATUS status;

  if (token == NULL) {
    return STATUS_BAD_IMPERSONATION_LEVEL;
  }
  /* The check leaves out the right to create instances. Source: ReactOS
   * NpCreateClientEnd. */
  status = sim__access_check(&pipe->security, token,
                             sim__access_map(options->access) &
                                 ~(ACCESS_MASK)FILE_CREATE_PIPE_INSTANCE,
                             granted);
  if (status < 0) {
    return status;
  }
  /* The handle has this right, unchecked, if the client asked for it. Source:
   * Wine kernel32 tests, pipe.c, test_CreatePipe. */
  *granted |= sim__access_map(options->access) & FILE_CREATE_PIPE_INSTANCE;
  if (((*granted & FILE_READ_DATA) != 0 && pipe->configuration == INBOUND) ||
      ((*granted & FILE_WRITE_DATA) != 0 && pipe->configuration == OUTBOUND)) {
    return STATUS_ACCESS_DENIED;
  }
  if (pipe->reject_remote && (options->remote || token->is_remote)) {
    return sim__kernel.settings.remote_refused_status;
  }
  instance = sim__pipe_first_listening(pipe);
  if (instance == NULL) {
    return STATUS_PIPE_NOT_AVAILABLE;
  }
  *out = sim__file_new(FILE_PIPE, options->synchronous);
  (*out)->end = END_CLIENT;
  (*out)->pipe = pipe;
  pipe->refs++;
  /* The redirector opens message pipes in message read mode; a local client
   * starts in byte mode. Source: the TransactNamedPipe page. */
  (*out)->messages = options->remote && pipe->message_type;
  (*out)->instance = instance;
  instance->refs++;
  instance->end[END_CLIENT] = *out;
  sim__instance_unlisten(instance);
  instance->state = CONNECTED;
  instance->had_client = true;
  instance->process_id[END_CLIENT] = sim__thread_self()->process_id;
  instance->session_id[END_CLIENT] = sim__thread_self()->session_id;
  instance->qos = options->qos;
  instance->is_unknown = sim__kernel.settings.early_static_unknown &&
                         !options->qos.dynamic && !is_connecting(instance);
  sim__object_ref(&token->object);
  instance->client = token;
  sim__ops_finish_waits(instance, NULL, STATUS_SUCCESS);
  return STATUS_SUCCESS;
}

/* --- The close ----------------------------------------------------------- */

/* end_close closes one end of an instance. Source: ReactOS
 * NpSetClosingPipeState. */
static void end_close(struct file *file) {
  struct instance *instance = file->instance;
  NTSTATUS broken = STATUS_PIPE_BROKEN;

  sim__ops_end_cancels(file);
  if (file->end == END_SERVER) {
    sim__ops_finish_waits(instance, NULL,
                          sim__kernel.settings.closed_connect_status);
  }
  instance->end[file->end] = NULL;
  if (instance->state == CONNECTED || instance->state == CLOSING) {
    instance->state = CLOSING;
    sim__queue_drain(sim__pipe_in(file), broken);
    if (sim__queue_has_reads(sim__pipe_out(file))) {
      sim__queue_drain(sim__pipe_out(file), broken);
    }
    if (!sim__kernel.settings.closed_write_kept) {
      sim__queue_drop_writes(sim__pipe_out(file), broken);
    }
  }
  if (file->end == END_SERVER) {
    if (instance->state == LISTENING) {
      sim__instance_unlisten(instance);
      instance->state = DISCONNECTED;
    }
    if (--file->pipe->instances_open == 0) {
      sim__pipe_lose_name(file->pipe);
    }
  }
}

void sim__file_cleanup(struct file *file) {
  if (file->instance != NULL) {
    struct instance *instance = file->instance;

    end_close(file);
    sim__instance_unref(instance);
    file->instance = NULL;
  } else {
    /* The root has no instance. Its close cancels waits for an instance. */
    sim__ops_cancel(file, NULL, 0);
  }
}

void sim__file_free(struct file *file) {
  if (file->pipe != NULL) {
    sim__pipe_unref(file->pipe);
  }
  if (file->port != NULL) {
    sim__object_unref(&file->port->object);
  }
  free(file);
}

/* --- Questions and modes ------------------------------------------------- */

struct queue *sim__pipe_in(const struct file *file) {
  return &file->instance->queue[file->end == END_SERVER ? INBOUND : OUTBOUND];
}

struct queue *sim__pipe_out(const struct file *file) {
  return &file->instance->queue[file->end == END_SERVER ? OUTBOUND : INBOUND];
}

NTSTATUS sim__pipe_check(const struct file *file) {
  if (file->kind != FILE_PIPE) {
    return STATUS_INVALID_DEVICE_REQUEST;
  }
  return file->instance == NULL ? STATUS_PIPE_DISCONNECTED : STATUS_SUCCESS;
}

NTSTATUS sim__pipe_set_mode(struct file *file, bool messages, bool nowait) {
  NTSTATUS status = sim__pipe_check(file);

  if (status < 0) {
    return status;
  }
  if (messages && !file->pipe->message_type) {
    return STATUS_INVALID_PARAMETER;
  }
  /* The mode cannot become nowait while the peer has not read everything, or
   * while own reads wait. Source: ReactOS NpSetPipeInfo. */
  if (nowait && !file->nowait &&
      (sim__queue_has_data(sim__pipe_out(file)) ||
       sim__queue_has_reads(sim__pipe_in(file)))) {
    return STATUS_PIPE_BUSY;
  }
  file->messages = messages;
  file->nowait = nowait;
  return STATUS_SUCCESS;
}
