/* The NT calls on files: create, open, read, write, cancel and control. */
#include "pipe.h"

#include <stdlib.h>
#include <string.h>

/* --- Names --------------------------------------------------------------- */

void NTAPI RtlInitUnicodeString(PUNICODE_STRING string, PCWSTR source) {
  size_t length = 0;

  while (source != NULL && source[length] != 0) {
    length++;
  }
  string->Length = (USHORT)(length * sizeof *source);
  string->MaximumLength =
      (USHORT)(source == NULL ? 0 : (length + 1) * sizeof *source);
  string->Buffer = (PWSTR)(uintptr_t)source;
}

struct nt_name {
  enum file_kind kind;
  const WCHAR *name;
  size_t length;
  struct pipe *pipe; /* an empty name below a server end; else NULL */
};

static bool starts_with(const WCHAR *text, size_t length, const WCHAR *prefix,
                        size_t prefix_length) {
  return length >= prefix_length &&
         sim__name_equal(text, prefix, prefix_length);
}

/* nt_name splits an NT path: \Device\NamedPipe is the device, with a backslash
 * behind it the root of all pipes, and the rest is a name. */
static NTSTATUS nt_name(struct nt_name *out,
                        const OBJECT_ATTRIBUTES *attributes) {
  static const WCHAR *const prefixes[] = {L"\\Device\\NamedPipe", L"\\??\\PIPE",
                                          L"\\DosDevices\\PIPE"};
  static const size_t lengths[] = {17, 8, 16};
  const UNICODE_STRING *path = attributes->ObjectName;
  const WCHAR *text = path == NULL ? NULL : path->Buffer;
  size_t length = path == NULL ? 0 : path->Length / 2u;

  /* A name that is none is found before a root that is none. Source: Wine ntdll
   * tests, om.c, test_name_limits. */
  if (path != NULL && (path->Length % 2 != 0 || path->Length > 65532)) {
    return STATUS_OBJECT_NAME_INVALID;
  }
  if (attributes->RootDirectory != NULL) {
    NTSTATUS status;
    const struct file *root =
        sim__handle_get(attributes->RootDirectory, OBJECT_FILE, 0, &status);

    if (root == NULL) {
      return status;
    }
    out->kind = FILE_PIPE;
    out->name = text;
    out->length = length;
    if (root->kind == FILE_PIPE && root->end == END_SERVER && length == 0) {
      out->pipe = root->pipe;
      return STATUS_SUCCESS;
    }
    return root->kind == FILE_ROOT ? STATUS_SUCCESS
                                   : STATUS_OBJECT_NAME_INVALID;
  }
  if (length == 0) {
    return STATUS_OBJECT_PATH_SYNTAX_BAD;
  }
  for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
    if (!starts_with(text, length, prefixes[i], lengths[i])) {
      continue;
    }
    if (length == lengths[i]) {
      out->kind = FILE_DEVICE;
      return STATUS_SUCCESS;
    }
    if (text[lengths[i]] == '\\') {
      out->kind = length == lengths[i] + 1 ? FILE_ROOT : FILE_PIPE;
      out->name = text + lengths[i] + 1;
      out->length = length - lengths[i] - 1;
      return STATUS_SUCCESS;
    }
  }
  return STATUS_OBJECT_PATH_NOT_FOUND;
}

/* --- Opening ------------------------------------------------------------- */

static bool is_synchronous(ULONG options) {
  return (options &
          (FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT)) != 0;
}

static bool is_alertable(ULONG options) {
  return (options & FILE_SYNCHRONOUS_IO_ALERT) != 0;
}

static NTSTATUS open_nt(HANDLE *handle, IO_STATUS_BLOCK *io, ACCESS_MASK access,
                        const OBJECT_ATTRIBUTES *attributes, ULONG options) {
  struct open_options open = {
      .access = sim__access_map(access),
      .synchronous = is_synchronous(options),
      .exact_case = (attributes->Attributes & OBJ_CASE_INSENSITIVE) == 0,
      .qos = {SecurityImpersonation, true, true},
  };
  const SECURITY_QUALITY_OF_SERVICE *qos = attributes->SecurityQualityOfService;
  ACCESS_MASK granted = open.access;
  struct nt_name name = {FILE_DEVICE, NULL, 0, NULL};
  struct file *file;
  NTSTATUS status = nt_name(&name, attributes);

  if (qos != NULL) {
    open.qos.level = qos->ImpersonationLevel;
    open.qos.dynamic = qos->ContextTrackingMode != 0;
    open.qos.effective_only = qos->EffectiveOnly != 0;
  }
  if (status >= 0 && sim__handle_is_full()) {
    status = STATUS_INSUFFICIENT_RESOURCES;
  }
  if (status < 0) {
    return status;
  }
  if (name.kind == FILE_PIPE) {
    status =
        name.pipe != NULL
            ? sim__pipe_open_of(&file, &granted, name.pipe, &open)
            : sim__pipe_open(&file, &granted, name.name, name.length, &open);
    if (status < 0) {
      return status;
    }
  } else {
    file = sim__file_new(name.kind, open.synchronous);
  }
  file->alertable = is_alertable(options);
  *handle = sim__handle_open(&file->object, granted,
                             (attributes->Attributes & OBJ_INHERIT) != 0);
  io->Status = STATUS_SUCCESS;
  io->Information = FILE_OPENED;
  return STATUS_SUCCESS;
}

NTSTATUS NTAPI NtOpenFile(PHANDLE file, ACCESS_MASK access,
                          POBJECT_ATTRIBUTES attributes, PIO_STATUS_BLOCK io,
                          ULONG share, ULONG options) {
  struct call call;

  (void)share;
  if (sim__call_begin(&call, __func__, PLACE, "%x %x", (unsigned)access,
                      (unsigned)options)) {
    call.error = (uint32_t)open_nt(file, io, access, attributes, options);
  }
  return sim__call_end_nt(&call);
}

NTSTATUS NTAPI NtCreateFile(PHANDLE file, ACCESS_MASK access,
                            POBJECT_ATTRIBUTES attributes, PIO_STATUS_BLOCK io,
                            PLARGE_INTEGER allocation, ULONG file_attributes,
                            ULONG share, ULONG disposition, ULONG options,
                            PVOID ea, ULONG ea_size) {
  struct call call;

  (void)allocation;
  (void)file_attributes;
  (void)share;
  (void)disposition;
  (void)ea;
  (void)ea_size;
  if (sim__call_begin(&call, __func__, PLACE, "%x %x", (unsigned)access,
                      (unsigned)options)) {
    call.error = (uint32_t)open_nt(file, io, access, attributes, options);
  }
  return sim__call_end_nt(&call);
}

/* configuration_of returns the pipe's direction. The share mode says what the
 * other end may do. Source: Wine ntdll tests, pipe.c, test_create. */
static int configuration_of(ULONG share) {
  switch (share & (FILE_SHARE_READ | FILE_SHARE_WRITE)) {
    case FILE_SHARE_READ:
      return OUTBOUND;
    case FILE_SHARE_WRITE:
      return INBOUND;
    case FILE_SHARE_READ | FILE_SHARE_WRITE:
      return 2;
    default:
      return -1;
  }
}

static NTSTATUS create_nt(HANDLE *handle, IO_STATUS_BLOCK *io,
                          const OBJECT_ATTRIBUTES *attributes,
                          struct create_options *create, ULONG disposition,
                          bool alertable) {
  struct nt_name name = {FILE_DEVICE, NULL, 0, NULL};
  struct file *file;
  ACCESS_MASK granted;
  bool is_new;
  NTSTATUS status = nt_name(&name, attributes);

  if (status < 0) {
    return status;
  }
  if (name.kind != FILE_PIPE || name.pipe != NULL) {
    return STATUS_OBJECT_NAME_INVALID;
  }
  /* Source: Wine ntdll tests, pipe.c, test_empty_name. */
  create->nameless = attributes->RootDirectory != NULL && name.length == 0;
  if (create->nameless && !sim__kernel.settings.nameless_pipes) {
    return STATUS_OBJECT_TYPE_MISMATCH;
  }
  if (create->configuration < 0 || disposition == 0 ||
      disposition >= FILE_OVERWRITE) {
    return STATUS_INVALID_PARAMETER;
  }
  if (sim__handle_is_full()) {
    return STATUS_INSUFFICIENT_RESOURCES;
  }
  status = sim__pipe_create(&file, &granted, &is_new, name.name, name.length,
                            create);
  if (status < 0) {
    return status;
  }
  file->alertable = alertable;
  *handle = sim__handle_open(&file->object, granted,
                             (attributes->Attributes & OBJ_INHERIT) != 0);
  io->Status = STATUS_SUCCESS;
  io->Information = is_new ? FILE_CREATED : FILE_OPENED;
  return STATUS_SUCCESS;
}

NTSTATUS NTAPI NtCreateNamedPipeFile(
    PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes,
    PIO_STATUS_BLOCK io, ULONG share, ULONG disposition, ULONG options,
    ULONG type, ULONG read_mode, ULONG completion_mode, ULONG instances_max,
    ULONG in_quota, ULONG out_quota, PLARGE_INTEGER timeout) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%x %x", (unsigned)access,
                      (unsigned)share)) {
    int64_t wait = timeout != NULL ? timeout->QuadPart : 0;
    struct create_options create = {
        .access = access,
        .synchronous = is_synchronous(options),
        .must_create = disposition == FILE_CREATE,
        .must_exist = disposition == FILE_OPEN,
        .message_type = (type & 1) != 0,
        .reject_remote = (type & 2) != 0,
        .messages = read_mode != 0,
        .nowait = completion_mode != 0,
        .configuration = configuration_of(share),
        .instances_max = instances_max,
        .in_quota = in_quota,
        .out_quota = out_quota,
        .timeout = timeout != NULL ? &wait : NULL,
        .descriptor =
            attributes != NULL ? attributes->SecurityDescriptor : NULL,
    };
    NTSTATUS status =
        attributes == NULL || attributes->Length != sizeof *attributes
            ? STATUS_INVALID_PARAMETER
            : create_nt(handle, io, attributes, &create, disposition,
                        is_alertable(options));

    /* Source: Wine ntdll tests, pipe.c, test_create_invalid. */
    if (status < 0) {
      *handle = NULL;
    }
    call.error = (uint32_t)status;
  }
  return sim__call_end_nt(&call);
}

/* --- Reading and writing ------------------------------------------------- */

/* transfer_nt is the call `function` of the caller at `place`. */
static NTSTATUS transfer_nt(const char *function, const void *place,
                            enum op_kind kind, HANDLE handle,
                            const struct request *request, void *buffer,
                            ULONG size) {
  struct call call;

  if (sim__call_begin(&call, function, place, "%p %u", handle,
                      (unsigned)size)) {
    NTSTATUS status;
    size_t info;
    struct file *file = sim__handle_get(
        handle, OBJECT_FILE, kind == OP_READ ? FILE_READ_DATA : FILE_WRITE_DATA,
        &status);

    if (file != NULL) {
      sim__file_enter(file);
      status =
          sim__file_transfer(&call, kind, file, request, buffer, size, &info);
      sim__file_leave(file);
    }
    call.error = (uint32_t)status;
  }
  return sim__call_end_nt(&call);
}

NTSTATUS NTAPI NtReadFile(HANDLE file, HANDLE event, PIO_APC_ROUTINE apc,
                          PVOID apc_context, PIO_STATUS_BLOCK io, PVOID buffer,
                          ULONG size, PLARGE_INTEGER offset, PULONG key) {
  const struct request request = {io, event, apc, apc_context};

  (void)offset;
  (void)key;
  return transfer_nt(__func__, PLACE, OP_READ, file, &request, buffer, size);
}

NTSTATUS NTAPI NtWriteFile(HANDLE file, HANDLE event, PIO_APC_ROUTINE apc,
                           PVOID apc_context, PIO_STATUS_BLOCK io, PVOID buffer,
                           ULONG size, PLARGE_INTEGER offset, PULONG key) {
  const struct request request = {io, event, apc, apc_context};

  (void)offset;
  (void)key;
  return transfer_nt(__func__, PLACE, OP_WRITE, file, &request, buffer, size);
}

/* --- Controls ------------------------------------------------------------ */

static NTSTATUS connection_attribute(const struct file *file, const char *name,
                                     size_t name_size, void *out,
                                     size_t out_size, size_t *info) {
  NTSTATUS status = sim__pipe_check(file);
  int end;

  if (status < 0) {
    return file->kind == FILE_PIPE ? status : STATUS_INVALID_PARAMETER;
  }
  if (name_size == 16 && memcmp(name, "ClientProcessId", 16) == 0) {
    end = END_CLIENT;
  } else if (name_size == 16 && memcmp(name, "ServerProcessId", 16) == 0) {
    end = END_SERVER;
  } else {
    return STATUS_INVALID_PARAMETER;
  }
  if (out_size < sizeof(uint32_t)) {
    return STATUS_BUFFER_TOO_SMALL;
  }
  if (end == END_CLIENT && !file->instance->had_client) {
    return STATUS_NOT_FOUND;
  }
  memcpy(out, &file->instance->process_id[end], sizeof(uint32_t));
  *info = sizeof(uint32_t);
  return STATUS_SUCCESS;
}

/* control_now runs a control that completes at once in any state. */
static NTSTATUS control_now(struct file *file, ULONG code, const void *in,
                            size_t in_size, void *out, size_t out_size,
                            size_t *info) {
  switch (code) {
    case FSCTL_PIPE_DISCONNECT:
      return sim__pipe_disconnect(file);
    case FSCTL_PIPE_IMPERSONATE:
      return sim__pipe_impersonate(file);
    case FSCTL_PIPE_PEEK:
      return sim__pipe_peek(file, out, out_size, info);
    case FSCTL_PIPE_GET_CONNECTION_ATTRIBUTE:
      return connection_attribute(file, in, in_size, out, out_size, info);
    case FSCTL_PIPE_QUERY_CLIENT_PROCESS:
      return STATUS_INVALID_PARAMETER;
    default:
      return STATUS_NOT_SUPPORTED;
  }
}

NTSTATUS sim__file_control(struct call *call, struct file *file,
                           ACCESS_MASK access, const struct request *request,
                           ULONG code, void *in, size_t in_size, void *out,
                           size_t out_size, size_t *info) {
  ACCESS_MASK need = code >> 14 & 3; /* 1: read, 2: write */
  enum op_kind kind;
  struct op *op;
  NTSTATUS status;

  *info = 0;
  if (file->kind != FILE_PIPE && code == FSCTL_PIPE_TRANSCEIVE) {
    return STATUS_PIPE_DISCONNECTED;
  }
  if ((access & need) != need) {
    return STATUS_ACCESS_DENIED;
  }
  switch (code) {
    case FSCTL_PIPE_LISTEN:
      kind = OP_CONNECT;
      break;
    case FSCTL_PIPE_FLUSH:
      kind = sim__kernel.settings.flush_control ? OP_FLUSH : OP_CONTROL;
      break;
    case FSCTL_PIPE_TRANSCEIVE:
      kind = OP_TRANSACT;
      break;
    case FSCTL_PIPE_WAIT:
      kind = OP_WAIT;
      break;
    default:
      kind = OP_CONTROL;
      break;
  }
  op = sim__op_new(call, kind, file, request, out, out_size);
  op->in = in;
  op->in_size = in_size;
  op->code = code;
  if (!sim__op_take_event(op, &status)) {
    return status;
  }
  return sim__op_submit(call, op, false, info);
}

NTSTATUS sim__op_control(struct op *op) {
  return control_now(op->file, op->code, op->in, op->in_size,
                     sim__op_target(op), op->size, &op->info);
}

NTSTATUS NTAPI NtFsControlFile(HANDLE handle, HANDLE event, PIO_APC_ROUTINE apc,
                               PVOID apc_context, PIO_STATUS_BLOCK io,
                               ULONG code, PVOID in, ULONG in_size, PVOID out,
                               ULONG out_size) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%p %x", handle,
                      (unsigned)code)) {
    struct request request = {io, event, apc, apc_context};
    NTSTATUS status;
    size_t info;
    struct file *file = sim__handle_get(handle, OBJECT_FILE, 0, &status);

    if (file != NULL) {
      sim__file_enter(file);
      status =
          sim__file_control(&call, file, sim__handle_access(handle), &request,
                            code, in, in_size, out, out_size, &info);
      sim__file_leave(file);
    }
    call.error = (uint32_t)status;
  }
  return sim__call_end_nt(&call);
}
