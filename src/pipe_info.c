/* The kernel's information about a pipe, and the read mode of an end. The
 * server of another machine may answer, so each answer is checked like any
 * input. */
#include "pipe.h"

#define CONFIGURATION_INBOUND  0u
#define CONFIGURATION_OUTBOUND 1u
#define CONFIGURATION_DUPLEX   2u

/* query asks for information about the pipe. The server of another machine may
 * answer; an answer that is too short is an error. */
static np_error query(HANDLE handle, FILE_INFORMATION_CLASS information_class,
                      void *information, ULONG size) {
  IO_STATUS_BLOCK status = {0};
  NTSTATUS result = NtQueryInformationFile(handle, &status, information, size,
                                           information_class);

  if (result < 0) {
    return RtlNtStatusToDosError(result);
  }
  return status.Information >= size ? NP_OK : ERROR_INVALID_DATA;
}

np_error np__pipe_query(HANDLE handle, np__pipe_local_information *local,
                        np__pipe_information *modes) {
  np_error error =
      query(handle, NP__FILE_PIPE_LOCAL_INFORMATION, local, sizeof *local);

  if (error == NP_OK) {
    error = query(handle, NP__FILE_PIPE_INFORMATION, modes, sizeof *modes);
  }
  if (error == NP_OK &&
      (local->type > 1 || local->configuration > CONFIGURATION_DUPLEX ||
       local->state < NP_DISCONNECTED || local->state > NP_CLOSING ||
       local->end > 1 || modes->read_mode > 1 || modes->completion_mode > 1)) {
    error = ERROR_INVALID_DATA;
  }
  return error;
}

static uint32_t normal_instances_max(ULONG instances_max) {
  /* 255 in Win32 and the largest number in NT both mean "no limit". */
  return instances_max >= PIPE_UNLIMITED_INSTANCES ? NP_INSTANCES_UNLIMITED
                                                   : instances_max;
}

static bool may_read(np_end end, ULONG configuration) {
  return configuration !=
         (end == NP_SERVER ? CONFIGURATION_OUTBOUND : CONFIGURATION_INBOUND);
}

static bool may_write(np_end end, ULONG configuration) {
  return configuration !=
         (end == NP_SERVER ? CONFIGURATION_INBOUND : CONFIGURATION_OUTBOUND);
}

static void info_from_creation(const np_pipe *pipe, np_info *info) {
  info->end = (np_end)pipe->end;
  info->mode = pipe->mode;
  info->read_mode = pipe->read_mode;
  info->readable = pipe->readable;
  info->writable = pipe->writable;
  info->state = pipe->state;
  info->instances_max = np__pipe_instances_max(pipe);
  info->instances = NP_UNKNOWN;
  info->in_buffer_bytes = pipe->in_buffer_bytes;
  info->out_buffer_bytes = pipe->out_buffer_bytes;
  info->readable_bytes = 0; /* this end cannot read */
}

np_error np__pipe_unread(const np_pipe *pipe, uint32_t *bytes) {
  np__pipe_local_information local = {0};
  np_error error = query(pipe->target.handle, NP__FILE_PIPE_LOCAL_INFORMATION,
                         &local, sizeof local);

  *bytes = local.readable_bytes;
  return error;
}

bool np__pipe_keeps_messages(np_pipe *pipe) {
  np__pipe_local_information local = {0};

  if (!pipe->knows_mode) {
    if (query(pipe->target.handle, NP__FILE_PIPE_LOCAL_INFORMATION, &local,
              sizeof local) != NP_OK) {
      return true;
    }
    pipe->mode = local.type == 1 ? NP_MESSAGE : NP_BYTE;
    pipe->knows_mode = true;
  }
  return pipe->mode == NP_MESSAGE;
}

np_error np__pipe_set_handle_mode(HANDLE handle, np_mode mode) {
  DWORD state = mode == NP_MESSAGE ? PIPE_READMODE_MESSAGE : PIPE_READMODE_BYTE;

  return SetNamedPipeHandleState(handle, &state, NULL, NULL) ? NP_OK
                                                             : GetLastError();
}

np_error np__pipe_set_read_mode(np_pipe *pipe, np_mode mode) {
  const np_error error = np__pipe_set_handle_mode(pipe->target.handle, mode);

  if (error == NP_OK) {
    pipe->read_mode = mode == NP_MESSAGE;
  }
  return error;
}

np_error np_pipe_set_read_mode(np_pipe *pipe, np_mode mode) {
  np_error error;

  if (pipe == NULL || (mode != NP_BYTE && mode != NP_MESSAGE)) {
    return ERROR_INVALID_PARAMETER;
  }
  error = np__target_check(&pipe->target);
  if (error != NP_OK) {
    return error;
  }
  return np__pipe_is_reading(pipe) ? ERROR_BUSY
                                   : np__pipe_set_read_mode(pipe, mode);
}

/* state_of returns the state of this session. `said` is the kernel's answer,
 * and may be the first news of a peer that has gone. A peer that has gone does
 * not come back in this session, whatever the kernel says. */
static np_state state_of(np_pipe *pipe, np_state said) {
  if (said == NP_CLOSING) {
    np__pipe_learn(pipe, ERROR_NO_DATA);
  }
  return said == NP_CONNECTED && pipe->state == NP_CLOSING ? NP_CLOSING : said;
}

np_error np_pipe_info(np_pipe *pipe, np_info *info) {
  np__pipe_local_information local = {0};
  np__pipe_information modes = {0};
  size_t held;
  np_error error;

  if (pipe == NULL || info == NULL || info->size != sizeof *info) {
    return ERROR_INVALID_PARAMETER;
  }
  if (np__target_is_gone(&pipe->target)) {
    return ERROR_INVALID_HANDLE;
  }
  error = np__pipe_query(pipe->target.handle, &local, &modes);
  if (error == ERROR_ACCESS_DENIED && pipe->end == NP_SERVER &&
      !pipe->readable) {
    info_from_creation(pipe, info);
    return NP_OK;
  }
  if (error != NP_OK) {
    return error;
  }
  info->end = (np_end)pipe->end;
  info->mode = local.type == 1 ? NP_MESSAGE : NP_BYTE;
  info->read_mode = modes.read_mode == 1 ? NP_MESSAGE : NP_BYTE;
  info->readable = pipe->readable;
  info->writable = pipe->writable;
  info->state = state_of(pipe, (np_state)local.state);
  info->instances_max = normal_instances_max(local.instances_max);
  info->instances = local.instances;
  info->in_buffer_bytes = local.in_quota;
  info->out_buffer_bytes = local.out_quota;
  held = pipe->ready_hooks != NULL ? (*pipe->ready_hooks)->held_bytes(pipe) : 0;
  info->readable_bytes = local.readable_bytes < UINT32_MAX - held
                             ? local.readable_bytes + (uint32_t)held
                             : UINT32_MAX;
  return NP_OK;
}

void np__pipe_describe(np_pipe *pipe, const np__pipe_local_information *local,
                       const np__pipe_information *modes) {
  pipe->readable = may_read(pipe->end, local->configuration);
  pipe->writable = may_write(pipe->end, local->configuration);
  pipe->state = (uint8_t)local->state;
  pipe->knows_mode = true;
  pipe->mode = local->type == 1 ? NP_MESSAGE : NP_BYTE;
  pipe->read_mode = modes->read_mode == 1 ? NP_MESSAGE : NP_BYTE;
  pipe->instances_max =
      (uint8_t)(local->instances_max < NP__PIPE_INSTANCES_UNLIMITED
                    ? local->instances_max
                    : NP__PIPE_INSTANCES_UNLIMITED);
  pipe->in_buffer_bytes = local->in_quota;
  pipe->out_buffer_bytes = local->out_quota;
}
