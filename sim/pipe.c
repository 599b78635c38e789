/* Pipes and their instances: which ends are connected, and which operations
 * each state allows. */
#include "pipe.h"

#include <stdlib.h>
#include <string.h>

/* --- Making and ending --------------------------------------------------- */

struct file *sim__file_new(enum file_kind kind, bool synchronous) {
  struct file *file = calloc(1, sizeof *file);

  sim__object_init(&file->object, OBJECT_FILE);
  file->kind = kind;
  file->synchronous = synchronous;
  /* A new handle is signalled. Source: Wine kernel32 tests, pipe.c. */
  file->signalled = true;
  return file;
}

void sim__pipe_unref(struct pipe *pipe) {
  if (--pipe->refs == 0) {
    free(pipe->described);
    sim__descriptor_deinit(&pipe->security);
    free(pipe->name);
    free(pipe);
  }
}

static void client_forget(struct instance *instance) {
  sim__queue_forget(&instance->queue[INBOUND]);
  if (instance->client != NULL) {
    sim__object_unref(&instance->client->object);
    instance->client = NULL;
  }
  instance->had_client = false;
}

static void instance_unref(struct instance *instance) {
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
  client_forget(instance);
  sim__pipe_unref(instance->pipe);
  free(instance);
}

/* finish_waiting ends the connects of `instance`, or the waits for an instance
 * of `pipe`. */
static void finish_waiting(const struct instance *instance,
                           const struct pipe *pipe, NTSTATUS status) {
  struct op *op = sim__kernel.ops;

  while (op != NULL) {
    if (op->queued && ((instance != NULL && op->instance == instance) ||
                       (pipe != NULL && op->pipe == pipe))) {
      sim__op_finish(op, status, 0);
      op = sim__kernel.ops; /* the list may have changed */
    } else {
      op = op->next;
    }
  }
}

static void pipe_lose_name(struct pipe *pipe) {
  struct pipe **link = &sim__kernel.pipes;

  while (*link != pipe) {
    link = &(*link)->next;
  }
  *link = pipe->next;
  pipe->named = false;
  finish_waiting(NULL, pipe, STATUS_OBJECT_NAME_NOT_FOUND);
}

static struct instance *instance_new(struct pipe *pipe, struct file *server,
                                     const struct create_options *options) {
  struct instance *instance = calloc(1, sizeof *instance);
  struct instance **link = &pipe->instances;

  while (*link != NULL) {
    link = &(*link)->next;
  }
  *link = instance;
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

static void instance_listen(struct instance *instance) {
  instance->state = LISTENING;
  instance->listen_number = sim__kernel.listens++;
  /* Every waiter wakes and races for the instance. Source: Wine kernel32 tests,
   * test_wait_pipe. */
  finish_waiting(NULL, instance->pipe, STATUS_SUCCESS);
}

static NTSTATUS pipe_new(struct pipe **out, const WCHAR *name, size_t length,
                         const struct create_options *options) {
  struct pipe *pipe;
  NTSTATUS status;

  if (options->timeout == NULL || *options->timeout >= 0 ||
      options->instances_max == 0 || options->must_exist) {
    return options->must_exist ? STATUS_OBJECT_NAME_NOT_FOUND
                               : STATUS_INVALID_PARAMETER;
  }
  pipe = calloc(1, sizeof *pipe);
  status = sim__descriptor_assign(&pipe->security, options->descriptor,
                                  sim__token_current());
  if (status < 0) {
    free(pipe);
    return status;
  }
  pipe->name = malloc((length + 1) * sizeof *name);
  memcpy(pipe->name, name, length * sizeof *name);
  pipe->name[length] = 0;
  pipe->name_length = length;
  pipe->message_type = options->message_type;
  pipe->reject_remote = options->reject_remote;
  pipe->configuration = options->configuration;
  pipe->instances_max = options->instances_max;
  pipe->timeout_ns = (uint64_t)(-*options->timeout) * 100;
  pipe->named = true;
  pipe->next = sim__kernel.pipes;
  sim__kernel.pipes = pipe;
  *out = pipe;
  return STATUS_SUCCESS;
}

/* further_check returns whether another instance may be created. The order of
 * the checks follows Wine's ntdll tests, om.c, and ReactOS
 * NpCreateExistingNamedPipe. */
static NTSTATUS further_check(const struct pipe *pipe,
                              const struct create_options *options) {
  ACCESS_MASK granted;
  NTSTATUS status =
      sim__access_check(&pipe->security, sim__token_current(),
                        options->access | FILE_CREATE_PIPE_INSTANCE, &granted);

  if (status < 0) {
    return status;
  }
  if (pipe->instances_open >= pipe->instances_max) {
    return STATUS_INSTANCE_NOT_AVAILABLE;
  }
  if (options->must_create || options->configuration != pipe->configuration) {
    return STATUS_ACCESS_DENIED;
  }
  return STATUS_SUCCESS;
}

/* may_create_restricted: whether a token that is restricted, but not to
 * Everyone, may create a pipe is an open question. */
static bool may_create_restricted(const struct token *token) {
  unsigned char everyone[SID_BYTES_MAX];

  sim__sid_parse(L"WD", everyone);
  return token->restricting_count == 0 ||
         sim__kernel.settings.restricted_creates ||
         sim__token_is_restricted_to(token, everyone);
}

/* may_create: in an app container only names under LOCAL\ may be created.
 * Source: the "CreateNamedPipe" page, Remarks. */
static bool may_create(const struct token *token, const WCHAR *name,
                       size_t length) {
  static const char local[] = "local\\";

  if (token->is_app && length < sizeof local) {
    return false;
  }
  for (size_t i = 0; token->is_app && i < sizeof local - 1; i++) {
    if ((name[i] | (local[i] != '\\' ? 32 : 0)) != (WCHAR)local[i]) {
      return false;
    }
  }
  return true;
}

/* touch opens a new instance and closes it again, as a program does that looks
 * at every new pipe. */
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
  struct pipe *pipe = sim__name_find(name, length);
  NTSTATUS status;

  if (length == 0) {
    return STATUS_OBJECT_NAME_INVALID;
  }
  if (options->access == 0) {
    return STATUS_ACCESS_DENIED;
  }
  if (options->messages && !options->message_type) {
    return STATUS_INVALID_PARAMETER;
  }
  if (sim__token_current() == NULL) {
    return STATUS_BAD_IMPERSONATION_LEVEL;
  }
  if ((options->access & ACCESS_SYSTEM_SECURITY) != 0 &&
      !sim__token_current()->may_audit) {
    return STATUS_PRIVILEGE_NOT_HELD;
  }
  if (!may_create(sim__token_current(), name, length) ||
      !may_create_restricted(sim__token_current())) {
    return STATUS_ACCESS_DENIED;
  }
  *is_new = pipe == NULL;
  status = pipe == NULL ? pipe_new(&pipe, name, length, options)
                        : further_check(pipe, options);
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
  (*out)->instance = instance_new(pipe, *out, options);
  if ((*granted & (FILE_READ_DATA | FILE_WRITE_DATA)) != 0 ||
      !sim__kernel.settings.no_data_access_disconnected) {
    instance_listen((*out)->instance);
    touch(name, length);
  }
  return STATUS_SUCCESS;
}

static struct instance *first_listening(const struct pipe *pipe) {
  struct instance *first = NULL;

  for (struct instance *i = pipe->instances; i != NULL; i = i->next) {
    if (i->state == LISTENING &&
        (first == NULL || i->listen_number < first->listen_number)) {
      first = i;
    }
  }
  return first;
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
  struct token *token = sim__token_current();
  struct instance *instance;
  NTSTATUS status;

  if (token == NULL) {
    return STATUS_BAD_IMPERSONATION_LEVEL;
  }
  if (pipe == NULL || (options->exact_case &&
                       memcmp(pipe->name, name, length * sizeof *name) != 0)) {
    return STATUS_OBJECT_NAME_NOT_FOUND;
  }
  /* A client needs no right to create instances, and does not get it. Source:
   * ReactOS NpCreateClientEnd. */
  status = sim__access_check(&pipe->security, token,
                             sim__access_map(options->access) &
                                 ~(ACCESS_MASK)FILE_CREATE_PIPE_INSTANCE,
                             granted);
  if (status < 0) {
    return status;
  }
  /* Its handle has the right all the same. Source: Wine kernel32 tests, pipe.c,
   * test_CreatePipe. */
  *granted |= sim__access_map(options->access) & FILE_CREATE_PIPE_INSTANCE;
  if (((*granted & FILE_READ_DATA) != 0 && pipe->configuration == INBOUND) ||
      ((*granted & FILE_WRITE_DATA) != 0 && pipe->configuration == OUTBOUND)) {
    return STATUS_ACCESS_DENIED;
  }
  if (pipe->reject_remote && (options->remote || token->is_remote)) {
    return sim__kernel.settings.remote_refused_status;
  }
  instance = first_listening(pipe);
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
  instance->state = CONNECTED;
  instance->had_client = true;
  instance->process_id[END_CLIENT] = sim__thread_self()->process_id;
  instance->session_id[END_CLIENT] = sim__thread_self()->session_id;
  instance->qos = options->qos;
  instance->is_unknown = sim__kernel.settings.early_static_unknown &&
                         !options->qos.dynamic && !is_connecting(instance);
  sim__object_ref(&token->object);
  instance->client = token;
  finish_waiting(instance, NULL, STATUS_SUCCESS);
  return STATUS_SUCCESS;
}

/* end_close closes one end of an instance. Source: ReactOS
 * NpSetClosingPipeState. */
static void end_close(struct file *file) {
  struct instance *instance = file->instance;
  NTSTATUS broken = STATUS_PIPE_BROKEN;

  sim__ops_end_cancels(file);
  if (file->end == END_SERVER) {
    finish_waiting(instance, NULL, sim__kernel.settings.closed_connect_status);
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
      instance->state = DISCONNECTED;
    }
    if (--file->pipe->instances_open == 0) {
      pipe_lose_name(file->pipe);
    }
  }
}

void sim__file_cleanup(struct file *file) {
  if (file->instance != NULL) {
    struct instance *instance = file->instance;

    end_close(file);
    instance_unref(instance);
    file->instance = NULL;
  } else {
    /* The root: cancels waits for an instance. */
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

/* --- States -------------------------------------------------------------- */

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
      instance_listen(file->instance);
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
    finish_waiting(instance, NULL, STATUS_PIPE_DISCONNECTED);
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
    instance_unref(instance);
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

NTSTATUS sim__pipe_set_mode(struct file *file, bool messages, bool nowait) {
  NTSTATUS status = sim__pipe_check(file);

  if (status < 0) {
    return status;
  }
  if (messages && !file->pipe->message_type) {
    return STATUS_INVALID_PARAMETER;
  }
  /* Not while the end's own data are unread. Source: ReactOS NpSetPipeInfo. */
  if (nowait && !file->nowait &&
      (sim__queue_has_data(sim__pipe_out(file)) ||
       sim__queue_has_reads(sim__pipe_in(file)))) {
    return STATUS_PIPE_BUSY;
  }
  file->messages = messages;
  file->nowait = nowait;
  return STATUS_SUCCESS;
}
