/* Control codes of the pipe file system, and the constants that its answers
 * use. */
#ifndef NPIPE_SIM_WINIOCTL_H
#define NPIPE_SIM_WINIOCTL_H

#include <winnt.h>

/* Source: Wine's include/winioctl.h and ddk/ntifs.h. */
#define FSCTL_PIPE_ASSIGN_EVENT             0x110000u
#define FSCTL_PIPE_DISCONNECT               0x110004u
#define FSCTL_PIPE_LISTEN                   0x110008u
#define FSCTL_PIPE_PEEK                     0x11400Cu
#define FSCTL_PIPE_QUERY_EVENT              0x110010u
#define FSCTL_PIPE_TRANSCEIVE               0x11C017u
#define FSCTL_PIPE_WAIT                     0x110018u
#define FSCTL_PIPE_IMPERSONATE              0x11001Cu
#define FSCTL_PIPE_SET_CLIENT_PROCESS       0x110020u
#define FSCTL_PIPE_QUERY_CLIENT_PROCESS     0x110024u
#define FSCTL_PIPE_GET_CONNECTION_ATTRIBUTE 0x110030u
#define FSCTL_PIPE_FLUSH                    0x118040u

typedef struct _FILE_PIPE_PEEK_BUFFER {
  ULONG NamedPipeState;
  ULONG ReadDataAvailable;
  ULONG NumberOfMessages;
  ULONG MessageLength;
  CHAR Data[1];
} FILE_PIPE_PEEK_BUFFER, *PFILE_PIPE_PEEK_BUFFER;

typedef struct _FILE_PIPE_WAIT_FOR_BUFFER {
  LARGE_INTEGER Timeout;
  ULONG NameLength;
  BOOLEAN TimeoutSpecified;
  WCHAR Name[1];
} FILE_PIPE_WAIT_FOR_BUFFER, *PFILE_PIPE_WAIT_FOR_BUFFER;

#define FILE_PIPE_INBOUND               0u
#define FILE_PIPE_OUTBOUND              1u
#define FILE_PIPE_FULL_DUPLEX           2u
#define FILE_PIPE_BYTE_STREAM_TYPE      0u
#define FILE_PIPE_MESSAGE_TYPE          1u
#define FILE_PIPE_REJECT_REMOTE_CLIENTS 2u
#define FILE_PIPE_BYTE_STREAM_MODE      0u
#define FILE_PIPE_MESSAGE_MODE          1u
#define FILE_PIPE_QUEUE_OPERATION       0u
#define FILE_PIPE_COMPLETE_OPERATION    1u
#define FILE_PIPE_CLIENT_END            0u
#define FILE_PIPE_SERVER_END            1u
#define FILE_PIPE_DISCONNECTED_STATE    1u
#define FILE_PIPE_LISTENING_STATE       2u
#define FILE_PIPE_CONNECTED_STATE       3u
#define FILE_PIPE_CLOSING_STATE         4u

#endif
