/* The Win32 calls that create, open and wait for named pipes. */
#include "pipe.h"

#include <stdlib.h>
#include <string.h>

static struct qos qos_of(DWORD flags) {
  struct qos qos = {SecurityImpersonation, true, true};

  /* Default without SECURITY_SQOS_PRESENT: impersonation, dynamic, effective
   * only. Source: Wine kernel32 tests, pipe.c, test_impersonation. */
  if ((flags & SECURITY_SQOS_PRESENT) != 0) {
    qos.level = (SECURITY_IMPERSONATION_LEVEL)((flags >> 16) & 3);
    qos.dynamic = (flags & SECURITY_CONTEXT_TRACKING) != 0;
    qos.effective_only = (flags & SECURITY_EFFECTIVE_ONLY) != 0;
    if ((flags & 0x000F0000u) == 0 &&
        !sim__kernel.settings.sqos_default_anonymous) {
      qos.level = SecurityImpersonation;
    }
  }
  return qos;
}

/* --- CreateNamedPipeW ---------------------------------------------------- */

static DWORD check_create(DWORD open_mode, DWORD pipe_mode,
                          DWORD instances_max) {
  const DWORD open_bits = PIPE_ACCESS_DUPLEX | FILE_FLAG_FIRST_PIPE_INSTANCE |
                          FILE_FLAG_OVERLAPPED | FILE_FLAG_WRITE_THROUGH |
                          WRITE_DAC | WRITE_OWNER | ACCESS_SYSTEM_SECURITY;
  const DWORD pipe_bits = PIPE_NOWAIT | PIPE_READMODE_MESSAGE |
                          PIPE_TYPE_MESSAGE | PIPE_REJECT_REMOTE_CLIENTS;

  if ((open_mode & ~open_bits) != 0 || (pipe_mode & ~pipe_bits) != 0 ||
      (open_mode & PIPE_ACCESS_DUPLEX) == 0 || instances_max == 0 ||
      instances_max > PIPE_UNLIMITED_INSTANCES) {
    return ERROR_INVALID_PARAMETER;
  }
  return ERROR_SUCCESS;
}

static ACCESS_MASK create_access(DWORD open_mode) {
  return (open_mode & (WRITE_DAC | WRITE_OWNER | ACCESS_SYSTEM_SECURITY)) |
         ((open_mode & PIPE_ACCESS_INBOUND) != 0 ? FILE_GENERIC_READ : 0) |
         ((open_mode & PIPE_ACCESS_OUTBOUND) != 0 ? FILE_GENERIC_WRITE : 0) |
         SYNCHRONIZE;
}

/* create does the work of CreateNamedPipeW after its checks. `more` are further
 * rights. If it fails it returns INVALID_HANDLE_VALUE and sets `*error`. */
static HANDLE create(uint32_t *error, const WCHAR *path, DWORD open_mode,
                     ACCESS_MASK more, DWORD pipe_mode, DWORD instances_max,
                     DWORD out_size, DWORD in_size, DWORD timeout_ms,
                     const SECURITY_ATTRIBUTES *attributes) {
  /* 0 means 50 ms. Source: the CreateNamedPipe page. */
  int64_t timeout = timeout_ms == 0 ? -500000 : -(int64_t)timeout_ms * 10000;
  struct create_options options = {
      .access = create_access(open_mode) | more,
      .synchronous = (open_mode & FILE_FLAG_OVERLAPPED) == 0,
      .must_create = (open_mode & FILE_FLAG_FIRST_PIPE_INSTANCE) != 0,
      .message_type = (pipe_mode & PIPE_TYPE_MESSAGE) != 0,
      .messages = (pipe_mode & PIPE_READMODE_MESSAGE) != 0,
      .nowait = (pipe_mode & PIPE_NOWAIT) != 0,
      .reject_remote = (pipe_mode & PIPE_REJECT_REMOTE_CLIENTS) != 0,
      .configuration = (int)(open_mode & PIPE_ACCESS_DUPLEX) - 1,
      .instances_max = instances_max == PIPE_UNLIMITED_INSTANCES
                           ? UINT32_MAX
                           : instances_max,
      .in_quota = in_size,
      .out_quota = out_size,
      .timeout = &timeout,
      .descriptor =
          attributes != NULL ? attributes->lpSecurityDescriptor : NULL,
  };
  HANDLE handle = INVALID_HANDLE_VALUE;
  struct file *file;
  ACCESS_MASK granted;
  WCHAR *name;
  size_t length;
  bool is_new;
  bool remote;
  NTSTATUS status;

  *error = sim__name_from_win32(path, &name, &length, &remote);
  if (*error != 0 || remote) {
    free(name);
    if (*error != ERROR_PATH_NOT_FOUND &&
        *error != ERROR_FILENAME_EXCED_RANGE) {
      *error = ERROR_INVALID_NAME;
    }
    return handle;
  }
  status = sim__handle_is_full() ? STATUS_INSUFFICIENT_RESOURCES
                                 : sim__pipe_create(&file, &granted, &is_new,
                                                    name, length, &options);
  free(name);
  if (status < 0) {
    *error = RtlNtStatusToDosError(status);
    return handle;
  }
  handle = sim__handle_open(&file->object, granted, sim__inherits(attributes));
  /* Source: Wine ntdll tests, om.c, test_name_collisions. */
  SetLastError(is_new ? ERROR_SUCCESS : ERROR_ALREADY_EXISTS);
  return handle;
}

HANDLE sim__create_named_pipe(struct call *call, const WCHAR *name,
                              DWORD open_mode, DWORD pipe_mode,
                              DWORD instances_max, DWORD out_size,
                              DWORD in_size, DWORD timeout_ms,
                              const SECURITY_ATTRIBUTES *attributes) {
  call->error = name == NULL
                    ? ERROR_PATH_NOT_FOUND
                    : check_create(open_mode, pipe_mode, instances_max);
  return call->error != 0
             ? INVALID_HANDLE_VALUE
             : create(&call->error, name, open_mode, 0, pipe_mode,
                      instances_max, out_size, in_size, timeout_ms, attributes);
}

HANDLE WINAPI CreateNamedPipeW(LPCWSTR name, DWORD open_mode, DWORD pipe_mode,
                               DWORD instances_max, DWORD out_size,
                               DWORD in_size, DWORD timeout_ms,
                               LPSECURITY_ATTRIBUTES attributes) {
  struct call call;
  HANDLE handle = INVALID_HANDLE_VALUE;

  if (sim__call_begin(&call, __func__, PLACE, "%x %x", (unsigned)open_mode,
                      (unsigned)pipe_mode)) {
    handle =
        sim__create_named_pipe(&call, name, open_mode, pipe_mode, instances_max,
                               out_size, in_size, timeout_ms, attributes);
  }
  sim__call_end(&call);
  return handle;
}

/* --- CreateFileW --------------------------------------------------------- */

static bool is_nul(const WCHAR *path) {
  return path != NULL && lstrcmpiW(path, L"NUL") == 0;
}

static HANDLE open_file(uint32_t *error, const WCHAR *path, DWORD access,
                        DWORD flags, const SECURITY_ATTRIBUTES *attributes) {
  struct open_options options = {
      .access = sim__access_map(access) | SYNCHRONIZE | FILE_READ_ATTRIBUTES,
      .synchronous = (flags & FILE_FLAG_OVERLAPPED) == 0,
      .qos = qos_of(flags),
  };
  ACCESS_MASK granted = options.access;
  struct file *file = NULL;
  WCHAR *name = NULL;
  size_t length;
  NTSTATUS status = STATUS_SUCCESS;

  if (sim__handle_is_full()) {
    status = STATUS_INSUFFICIENT_RESOURCES;
  } else if (is_nul(path)) {
    file = sim__file_new(FILE_NUL, options.synchronous);
  } else {
    *error = sim__name_from_win32(path, &name, &length, &options.remote);
    if (*error != 0) {
      return INVALID_HANDLE_VALUE;
    }
    if (length == 0) {
      file = sim__file_new(FILE_ROOT, options.synchronous);
    } else {
      status = sim__pipe_open(&file, &granted, name, length, &options);
    }
    free(name);
  }
  *error = status < 0 ? RtlNtStatusToDosError(status) : 0;
  return status < 0 ? INVALID_HANDLE_VALUE
                    : sim__handle_open(&file->object, granted,
                                       sim__inherits(attributes));
}

HANDLE sim__create_file(struct call *call, const WCHAR *name, DWORD access,
                        DWORD flags, const SECURITY_ATTRIBUTES *attributes) {
  return open_file(&call->error, name, access, flags, attributes);
}

HANDLE WINAPI CreateFileW(LPCWSTR name, DWORD access, DWORD share,
                          LPSECURITY_ATTRIBUTES attributes, DWORD disposition,
                          DWORD flags, HANDLE pattern) {
  struct call call;
  HANDLE handle = INVALID_HANDLE_VALUE;

  (void)share; /* the pipe file system ignores these */
  (void)disposition;
  (void)pattern;
  if (sim__call_begin(&call, __func__, PLACE, "%x %x", (unsigned)access,
                      (unsigned)flags)) {
    handle = sim__create_file(&call, name, access, flags, attributes);
  }
  sim__call_end(&call);
  return handle;
}

BOOL WINAPI CreatePipe(PHANDLE read, PHANDLE write,
                       LPSECURITY_ATTRIBUTES attributes, DWORD size) {
  static const WCHAR prefix[] = L"\\\\.\\pipe\\anonymous-";
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%u", (unsigned)size)) {
    WCHAR name[sizeof prefix / sizeof *prefix + 16];
    uint64_t number = sim__kernel.listens;

    memcpy(name, prefix, sizeof prefix);
    for (size_t i = 0; i < 16; i++) {
      name[sizeof prefix / sizeof *prefix - 1 + i] =
          (WCHAR)('a' + (int)((number >> (60 - 4 * i)) & 15));
    }
    name[sizeof prefix / sizeof *prefix + 15] = 0;
    /* Source: Wine kernel32 tests, pipe.c, test_CreatePipe. */
    size = size == 0 ? 4096 : size;
    *read =
        create(&call.error, name, PIPE_ACCESS_INBOUND, FILE_WRITE_ATTRIBUTES,
               PIPE_TYPE_BYTE, 1, size, size, 0, attributes);
    if (call.error == 0) {
      *write = open_file(&call.error, name, GENERIC_WRITE, 0, attributes);
    }
  }
  return sim__call_end(&call);
}

/* --- Waiting ------------------------------------------------------------- */

static NTSTATUS wait_for_instance(struct call *call, const WCHAR *name,
                                  size_t length, DWORD timeout_ms) {
  struct file *root = sim__file_new(FILE_ROOT, true);
  IO_STATUS_BLOCK own = {.Status = 0};
  struct request request = {.iosb = &own};
  size_t size = 14 + (length == 0 ? 1 : length) * sizeof *name;
  char *in = calloc(1, size);
  uint32_t bytes = (uint32_t)(length * sizeof *name);
  int64_t timeout = timeout_ms == NMPWAIT_WAIT_FOREVER
                        ? INT64_MAX
                        : -(int64_t)timeout_ms * 10000;
  struct op *op;
  size_t info;
  NTSTATUS status;

  memcpy(in, &timeout, sizeof timeout);
  memcpy(in + 8, &bytes, sizeof bytes);
  in[12] = timeout_ms != NMPWAIT_USE_DEFAULT_WAIT;
  memcpy(in + 14, name, bytes);
  op = sim__op_new(call, OP_WAIT, root, &request, NULL, 0);
  op->in = in;
  op->in_size = size;
  status = sim__op_submit(call, op, true, &info);
  free(in);
  sim__object_unref(&root->object);
  return status;
}

void sim__wait_named_pipe(struct call *call, const WCHAR *path,
                          DWORD timeout_ms) {
  WCHAR *name;
  size_t length;
  bool remote;

  call->error = sim__name_from_win32(path, &name, &length, &remote);
  if (call->error == 0) {
    sim__wait_check("WaitNamedPipe");
    sim__call_status(call, wait_for_instance(call, name, length, timeout_ms));
  } else {
    call->error = ERROR_PATH_NOT_FOUND;
  }
  free(name);
}

BOOL WINAPI WaitNamedPipeW(LPCWSTR name, DWORD timeout_ms) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%u", (unsigned)timeout_ms)) {
    sim__wait_named_pipe(&call, name, timeout_ms);
  }
  return sim__call_end(&call);
}

void sim__call_named_pipe(struct call *call, const WCHAR *name, void *in,
                          DWORD in_size, void *out, DWORD out_size,
                          LPDWORD bytes, DWORD timeout_ms) {
  HANDLE pipe;
  NTSTATUS status;

  *bytes = 0;
  for (;;) {
    pipe = open_file(&call->error, name, GENERIC_READ | GENERIC_WRITE, 0, NULL);
    if (pipe != INVALID_HANDLE_VALUE || call->error != ERROR_PIPE_BUSY ||
        timeout_ms == NMPWAIT_NOWAIT) {
      break;
    }
    sim__wait_named_pipe(call, name, timeout_ms);
    if (call->error != 0) {
      break;
    }
  }
  if (pipe != INVALID_HANDLE_VALUE) {
    struct file *file = sim__handle_get(pipe, OBJECT_FILE, 0, &status);
    IO_STATUS_BLOCK own = {.Status = 0};
    struct request request = {.iosb = &own};
    size_t info = 0;

    sim__wait_check("CallNamedPipe");
    status = sim__pipe_set_mode(file, true, false);
    if (status >= 0) {
      status = sim__file_control(call, file, sim__handle_access(pipe), &request,
                                 FSCTL_PIPE_TRANSCEIVE, in, in_size, out,
                                 out_size, &info);
      *bytes = (DWORD)info;
    }
    sim__call_status(call, status);
    sim__handle_close(pipe, &status); /* the rest of a long answer is lost */
  }
}

BOOL WINAPI CallNamedPipeW(LPCWSTR name, LPVOID in, DWORD in_size, LPVOID out,
                           DWORD out_size, LPDWORD bytes, DWORD timeout_ms) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%u %u", (unsigned)in_size,
                      (unsigned)out_size)) {
    sim__call_named_pipe(&call, name, in, in_size, out, out_size, bytes,
                         timeout_ms);
  }
  return sim__call_end(&call);
}
