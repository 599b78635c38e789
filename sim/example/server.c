/* An overlapped server: one thread, one event for each instance of the pipe,
 * and WaitForMultipleObjects. An instance connects, reads a message, writes the
 * answer, reads the next one, and so on until its client has gone. */
#include "service.h"

#include <string.h>

enum { INSTANCES = 3 };

enum state { CONNECTING, READING, WRITING };

struct instance {
  OVERLAPPED overlapped;
  HANDLE pipe;
  enum state state;
  BOOL pending;
  char request[SERVICE_MESSAGE_MAX];
  DWORD request_size;
  char answer[SERVICE_MESSAGE_MAX];
  DWORD answer_size;
};

struct server {
  struct instance instances[INSTANCES];
  HANDLE events[INSTANCES + 1]; /* the last one is `stop` */
  unsigned opened;
};

static DWORD instance_connect(struct instance *instance) {
  DWORD error;

  instance->state = CONNECTING;
  ConnectNamedPipe(instance->pipe, &instance->overlapped);
  error = GetLastError();
  instance->pending = error == ERROR_IO_PENDING;
  if (error == ERROR_PIPE_CONNECTED) {
    SetEvent(instance->overlapped.hEvent); /* a client came before the call */
    return 0;
  }
  return instance->pending ? 0 : error;
}

static DWORD instance_reconnect(struct instance *instance) {
  DisconnectNamedPipe(instance->pipe);
  return instance_connect(instance);
}

static DWORD instance_open(struct instance *instance, HANDLE *event,
                           LPCWSTR name) {
  *event = CreateEventW(NULL, TRUE, FALSE, NULL);
  if (*event == NULL) {
    return GetLastError();
  }
  instance->overlapped.hEvent = *event;
  instance->pipe = CreateNamedPipeW(
      name, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED,
      PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE | PIPE_WAIT, INSTANCES,
      SERVICE_MESSAGE_MAX, SERVICE_MESSAGE_MAX, 0, NULL);
  if (instance->pipe == INVALID_HANDLE_VALUE) {
    DWORD error = GetLastError();

    CloseHandle(*event);
    return error;
  }
  return 0;
}

/* instance_step starts what comes next. It returns FALSE if the client has
 * gone. */
static BOOL instance_step(struct instance *instance) {
  BOOL done;

  ResetEvent(instance->overlapped.hEvent);
  if (instance->state == READING) {
    done = ReadFile(instance->pipe, instance->request, SERVICE_MESSAGE_MAX,
                    &instance->request_size, &instance->overlapped);
  } else {
    instance->answer_size = (DWORD)service_answer(
        instance->request, instance->request_size, instance->answer);
    done = WriteFile(instance->pipe, instance->answer, instance->answer_size,
                     NULL, &instance->overlapped);
  }
  instance->pending = !done;
  return done || GetLastError() == ERROR_IO_PENDING;
}

/* instance_go_on takes the result of what has ended, and starts the next. */
static DWORD instance_go_on(struct instance *instance) {
  DWORD bytes = 0;

  if (instance->state == CONNECTING) {
    if (instance->pending &&
        !GetOverlappedResult(instance->pipe, &instance->overlapped, &bytes,
                             FALSE)) {
      return GetLastError();
    }
    instance->state = READING;
  } else if (!GetOverlappedResult(instance->pipe, &instance->overlapped, &bytes,
                                  FALSE)) {
    return instance_reconnect(instance);
  } else if (instance->state == READING) {
    instance->request_size = bytes;
    instance->state = WRITING;
  } else {
    instance->state = READING;
  }
  return instance_step(instance) ? 0 : instance_reconnect(instance);
}

static void instance_close(struct instance *instance) {
  DWORD bytes;

  /* The OVERLAPPED and the buffers must outlive what is in flight. */
  if (instance->pending && CancelIo(instance->pipe)) {
    GetOverlappedResult(instance->pipe, &instance->overlapped, &bytes, TRUE);
  }
  CloseHandle(instance->pipe);
  CloseHandle(instance->overlapped.hEvent);
}

DWORD service_run(LPCWSTR name, HANDLE stop) {
  struct server server;
  DWORD which = 0;
  DWORD error = 0;

  memset(&server, 0, sizeof server);
  server.events[INSTANCES] = stop;
  for (unsigned i = 0; i < INSTANCES && error == 0; i++) {
    error = instance_open(&server.instances[i], &server.events[i], name);
    if (error == 0) {
      server.opened++;
      error = instance_connect(&server.instances[i]);
    }
  }
  while (error == 0 && which != INSTANCES) {
    which =
        WaitForMultipleObjects(INSTANCES + 1, server.events, FALSE, INFINITE);
    if (which < INSTANCES) {
      error = instance_go_on(&server.instances[which]);
    } else if (which != INSTANCES) {
      error = GetLastError();
    }
  }
  for (unsigned i = 0; i < server.opened; i++) {
    instance_close(&server.instances[i]);
  }
  return error;
}
