/* Controls of a pipe that are answered at once. The functions of kernel32
 * (PeekNamedPipe, DisconnectNamedPipe) wait for the handle if a filter driver
 * lets the control pend, but a handle of the library is never signalled. So
 * the control is called here, with an event of the loop. */
#include "control.h"

np_error np__control(np_pipe *pipe, ULONG code, void *answer, ULONG size,
                     ULONG *used) {
  IO_STATUS_BLOCK status = {0};
  HANDLE event = np__loop_event(pipe->target.loop);
  NTSTATUS result;

  if (event == NULL) {
    return GetLastError();
  }
  result = NtFsControlFile(pipe->target.handle, event, NULL, NULL, &status,
                           code, NULL, 0, answer, size);
  if (result == NP__STATUS_PENDING) {
    /* The control pends only formally: it waits for nothing that depends on the
     * peer. */
    WaitForSingleObject(event, INFINITE);
    result = status.Status;
  }
  *used = (ULONG)status.Information;
  return result >= 0 || result == NP__STATUS_BUFFER_OVERFLOW
             ? NP_OK
             : RtlNtStatusToDosError(result);
}
