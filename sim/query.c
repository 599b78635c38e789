/* Queries about a file, and the settings that NtSetInformationFile changes. */
#include "pipe.h"

#include <stdlib.h>
#include <string.h>

struct pipe_information {
  ULONG read_mode;
  ULONG completion_mode;
};

/* The smallest buffer for FileNameInformation: the length and two units. */
#define NAME_BYTES_MIN 8u

struct standard_information {
  LARGE_INTEGER allocation_size;
  LARGE_INTEGER end_of_file;
  ULONG links;
  BOOLEAN delete_pending;
  BOOLEAN directory;
};

static uint32_t room_left(const struct queue *queue) {
  return (uint32_t)(queue->quota - queue->used);
}

static uint32_t readable(const struct queue *queue) {
  return sim__queue_has_data(queue) ? (uint32_t)queue->bytes : 0;
}

static void local_information(const struct file *file,
                              FILE_PIPE_LOCAL_INFORMATION *out) {
  const struct pipe *pipe = file->pipe;
  const struct instance *instance = file->instance;

  out->NamedPipeType = pipe->message_type;
  out->NamedPipeConfiguration = (ULONG)pipe->configuration;
  out->MaximumInstances = pipe->instances_max;
  out->CurrentInstances = pipe->instances_open;
  /* Both ends see the same quotas, but each sees its own free room. Source:
   * Wine ntdll tests, pipe.c, test_pipe_local_info. */
  out->InboundQuota = (ULONG)instance->queue[INBOUND].quota;
  out->ReadDataAvailable = readable(sim__pipe_in(file));
  out->OutboundQuota = (ULONG)instance->queue[OUTBOUND].quota;
  out->WriteQuotaAvailable = room_left(sim__pipe_out(file));
  out->NamedPipeState = (ULONG)instance->state;
  out->NamedPipeEnd = (ULONG)file->end;
}

static NTSTATUS name_information(const struct file *file, void *out,
                                 size_t size, size_t *info) {
  ULONG bytes = (ULONG)((file->pipe->name_length + 1) * sizeof(WCHAR));
  WCHAR *name = malloc(bytes);

  name[0] = '\\';
  memcpy(name + 1, file->pipe->name, bytes - sizeof *name);
  memcpy(out, &bytes, sizeof bytes);
  *info = sizeof bytes + bytes <= size ? sizeof bytes + bytes : size;
  memcpy((char *)out + sizeof bytes, name, *info - sizeof bytes);
  free(name);
  return *info < sizeof bytes + bytes ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

/* answer copies an answer of fixed size. */
static NTSTATUS answer(void *out, size_t size, const void *from, size_t bytes,
                       size_t *info) {
  if (size < bytes) {
    return STATUS_INFO_LENGTH_MISMATCH;
  }
  memcpy(out, from, bytes);
  *info = bytes;
  return STATUS_SUCCESS;
}

static NTSTATUS query(const struct file *file, ACCESS_MASK access, void *out,
                      size_t size, FILE_INFORMATION_CLASS which, size_t *info) {
  FILE_PIPE_LOCAL_INFORMATION local;
  struct pipe_information pipe = {file->messages, file->nowait};
  struct standard_information standard;
  NTSTATUS status;
  ULONG value;

  switch (which) { /* These classes need no access right. */
    case FileAccessInformation:
      return answer(out, size, &access, sizeof access, info);
    case FileModeInformation:
      value = !file->synchronous ? 0u
              : file->alertable  ? FILE_SYNCHRONOUS_IO_ALERT
                                 : FILE_SYNCHRONOUS_IO_NONALERT;
      return answer(out, size, &value, sizeof value, info);
    case FileIoCompletionNotificationInformation:
      value = file->notify;
      return answer(out, size, &value, sizeof value, info);
    case FileNameInformation:
      /* The size is checked before the state. Source: Wine ntdll tests, pipe.c,
       * test_file_info. */
      if (size < NAME_BYTES_MIN) {
        return STATUS_INFO_LENGTH_MISMATCH;
      }
      status = sim__pipe_check(file);
      return status < 0 ? status : name_information(file, out, size, info);
    default:
      break;
  }
  if ((access & FILE_READ_ATTRIBUTES) == 0) {
    return STATUS_ACCESS_DENIED;
  }
  status = sim__pipe_check(file);
  if (status < 0) {
    return status;
  }
  switch (which) {
    case FilePipeInformation:
      return answer(out, size, &pipe, sizeof pipe, info);
    case FilePipeLocalInformation:
      local_information(file, &local);
      return answer(out, size, &local, sizeof local, info);
    case FileStandardInformation:
      memset(&standard, 0, sizeof standard);
      standard.allocation_size.QuadPart =
          (LONGLONG)(sim__pipe_in(file)->quota + sim__pipe_out(file)->quota);
      standard.end_of_file.QuadPart = readable(sim__pipe_in(file));
      standard.links = 1;
      standard.delete_pending = TRUE;
      return answer(out, size, &standard, sizeof standard, info);
    default:
      return STATUS_INVALID_INFO_CLASS;
  }
}

NTSTATUS NTAPI NtQueryInformationFile(HANDLE handle, PIO_STATUS_BLOCK io,
                                      PVOID out, ULONG size,
                                      FILE_INFORMATION_CLASS which) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%p %d", handle, which)) {
    size_t info = 0;
    NTSTATUS status;
    struct file *file = sim__handle_get(handle, OBJECT_FILE, 0, &status);

    if (file != NULL) {
      sim__file_enter(file);
      status = query(file, sim__handle_access(handle), out, size, which, &info);
      if (status == STATUS_SUCCESS) {
        sim__lie_fill(&call.lie, out, size);
      }
      sim__file_leave(file);
    }
    if (status == STATUS_SUCCESS || status == STATUS_BUFFER_OVERFLOW) {
      io->Status = status;
      io->Information = sim__lie_told(&call.lie, info);
    }
    call.error = (uint32_t)status;
  }
  return sim__call_end_nt(&call);
}

static NTSTATUS set(struct file *file, ACCESS_MASK access, const void *in,
                    size_t size, FILE_INFORMATION_CLASS which) {
  struct pipe_information pipe;
  ULONG flags;

  if (which == FileIoCompletionNotificationInformation) {
    if (size < sizeof flags) {
      return STATUS_INFO_LENGTH_MISMATCH;
    }
    memcpy(&flags, in, sizeof flags);
    if (file->synchronous) {
      return STATUS_INVALID_PARAMETER;
    }
    /* Unknown bits are accepted here. Source: Wine ntdll tests, file.c,
     * test_file_completion_information. */
    sim__file_notify(file, (UCHAR)(flags & 3u));
    return STATUS_SUCCESS;
  }
  if (which != FilePipeInformation) {
    return STATUS_INVALID_INFO_CLASS;
  }
  if (size < sizeof pipe) {
    return STATUS_INFO_LENGTH_MISMATCH;
  }
  if ((access & FILE_WRITE_ATTRIBUTES) == 0) {
    return STATUS_ACCESS_DENIED;
  }
  memcpy(&pipe, in, sizeof pipe);
  if (pipe.read_mode > 1 || pipe.completion_mode > 1) {
    return STATUS_INVALID_PARAMETER;
  }
  return sim__pipe_set_mode(file, pipe.read_mode == 1,
                            pipe.completion_mode == 1);
}

NTSTATUS NTAPI NtSetInformationFile(HANDLE handle, PIO_STATUS_BLOCK io,
                                    PVOID in, ULONG size,
                                    FILE_INFORMATION_CLASS which) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%p %d", handle, which)) {
    NTSTATUS status;
    struct file *file = sim__handle_get(handle, OBJECT_FILE, 0, &status);

    if (file != NULL) {
      sim__file_enter(file);
      status = set(file, sim__handle_access(handle), in, size, which);
      sim__file_leave(file);
    }
    if (status >= 0) {
      io->Status = status;
      io->Information = 0;
    }
    call.error = (uint32_t)status;
  }
  return sim__call_end_nt(&call);
}

/* --- The Win32 calls ----------------------------------------------------- */

/* query_begin takes a file for a query, in its turn. It returns NULL and sets
 * call->error if the query is not possible. */
static struct file *query_begin(struct call *call, HANDLE handle,
                                ACCESS_MASK access) {
  NTSTATUS status;
  struct file *file = sim__handle_get(handle, OBJECT_FILE, access, &status);

  if (file != NULL) {
    sim__file_enter(file);
    status = sim__pipe_check(file);
    if (status < 0) {
      sim__file_leave(file);
      file = NULL;
    }
  }
  sim__call_status(call, status);
  return file;
}

static void put(LPDWORD out, DWORD value) {
  if (out != NULL) {
    *out = value;
  }
}

static DWORD win32_instances(const struct pipe *pipe) {
  return pipe->instances_max > PIPE_UNLIMITED_INSTANCES
             ? PIPE_UNLIMITED_INSTANCES
             : pipe->instances_max;
}

BOOL WINAPI GetNamedPipeInfo(HANDLE pipe, LPDWORD flags, LPDWORD out_size,
                             LPDWORD in_size, LPDWORD instances_max) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%p", pipe)) {
    struct file *file = query_begin(&call, pipe, FILE_READ_ATTRIBUTES);

    if (file != NULL) {
      put(flags,
          (file->end == END_SERVER ? PIPE_SERVER_END : PIPE_CLIENT_END) |
              (file->pipe->message_type ? PIPE_TYPE_MESSAGE : PIPE_TYPE_BYTE));
      put(out_size, (DWORD)file->instance->queue[OUTBOUND].quota);
      put(in_size, (DWORD)file->instance->queue[INBOUND].quota);
      put(instances_max, win32_instances(file->pipe));
      sim__file_leave(file);
    }
  }
  return sim__call_end(&call);
}

void sim__handle_state(struct call *call, HANDLE pipe, LPDWORD state,
                       LPDWORD instances, bool wants_collection,
                       const char **user, DWORD user_size) {
  struct file *file = query_begin(call, pipe, FILE_READ_ATTRIBUTES);

  if (file == NULL) {
    return;
  }
  if (wants_collection) {
    /* Only a remote pipe has collection data. Source: Wine kernel32 tests,
     * test_NamedPipeHandleState. */
    call->error = ERROR_INVALID_PARAMETER;
  } else if (user != NULL) {
    const struct token *client = file->instance->queue[INBOUND].read_as;

    *user = client != NULL ? client->name : "";
    if (file->end != END_SERVER || client == NULL ||
        file->instance->qos.level < SecurityImpersonation) {
      call->error = ERROR_CANNOT_IMPERSONATE;
    } else if (user_size <= strlen(*user)) {
      call->error = ERROR_INSUFFICIENT_BUFFER;
    }
  }
  if (call->error == 0) {
    put(state, (file->messages ? PIPE_READMODE_MESSAGE : 0) |
                   (file->nowait ? PIPE_NOWAIT : 0));
    put(instances, file->pipe->instances_open);
  }
  sim__file_leave(file);
}

BOOL WINAPI GetNamedPipeHandleStateW(HANDLE pipe, LPDWORD state,
                                     LPDWORD instances,
                                     LPDWORD collection_count,
                                     LPDWORD collection_timeout_ms, LPWSTR user,
                                     DWORD user_size) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%p", pipe)) {
    const char *name;

    sim__handle_state(&call, pipe, state, instances,
                      collection_count != NULL || collection_timeout_ms != NULL,
                      user != NULL ? &name : NULL, user_size);
    for (size_t i = 0; call.error == 0 && user != NULL && i <= strlen(name);
         i++) {
      user[i] = (WCHAR)name[i];
    }
  }
  return sim__call_end(&call);
}

/* query_id is the call `function` of the caller at `place`. The ids stay valid
 * after the peer's close, but not after a disconnect. Source: Wine kernel32
 * tests, test_namedpipe_process_id. */
static BOOL query_id(const char *function, const void *place, HANDLE pipe,
                     int end, const uint32_t *(*ids)(const struct instance *),
                     PULONG id) {
  struct call call;

  if (sim__call_begin(&call, function, place, "%p", pipe)) {
    struct file *file = query_begin(&call, pipe, 0);

    if (file == NULL) {
      return sim__call_end(&call);
    }
    if (id == NULL) {
      call.error = ERROR_INSUFFICIENT_BUFFER;
    } else if (end == END_CLIENT && !file->instance->had_client) {
      call.error = ERROR_NOT_FOUND;
    } else {
      *id = ids(file->instance)[end];
    }
    sim__file_leave(file);
  }
  return sim__call_end(&call);
}

static const uint32_t *process_ids(const struct instance *instance) {
  return instance->process_id;
}

static const uint32_t *session_ids(const struct instance *instance) {
  return instance->session_id;
}

BOOL WINAPI GetNamedPipeClientProcessId(HANDLE pipe, PULONG id) {
  return query_id(__func__, PLACE, pipe, END_CLIENT, process_ids, id);
}

BOOL WINAPI GetNamedPipeServerProcessId(HANDLE pipe, PULONG id) {
  return query_id(__func__, PLACE, pipe, END_SERVER, process_ids, id);
}

BOOL WINAPI GetNamedPipeClientSessionId(HANDLE pipe, PULONG id) {
  return query_id(__func__, PLACE, pipe, END_CLIENT, session_ids, id);
}

BOOL WINAPI GetNamedPipeServerSessionId(HANDLE pipe, PULONG id) {
  return query_id(__func__, PLACE, pipe, END_SERVER, session_ids, id);
}

/* `size` is in bytes. For a client of this machine the call fails with error
 * 229; callers recognise a local client by this error, e.g. GRR,
 * list_named_pipes. */
const WCHAR *sim__computer_name(struct call *call, HANDLE pipe) {
  struct file *file = query_begin(call, pipe, 0);

  if (file != NULL) {
    if (!file->instance->had_client) {
      call->error = ERROR_NOT_FOUND;
    } else if (file->instance->client == NULL ||
               !file->instance->client->is_remote) {
      call->error = ERROR_PIPE_LOCAL;
    }
    sim__file_leave(file);
  }
  return call->error == 0 ? L"FAR-\x00C4WAY" : NULL;
}

BOOL WINAPI GetNamedPipeClientComputerNameW(HANDLE pipe, LPWSTR name,
                                            ULONG size) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%p", pipe)) {
    const WCHAR *far_away = sim__computer_name(&call, pipe);
    size_t bytes = ((size_t)lstrlenW(far_away) + 1) * sizeof *far_away;

    if (far_away != NULL && size < bytes) {
      call.error = ERROR_INSUFFICIENT_BUFFER;
    } else if (far_away != NULL) {
      memcpy(name, far_away, bytes);
    }
  }
  return sim__call_end(&call);
}
