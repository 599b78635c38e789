/* Questions to the kernel: see answers.h. Each probe makes one pair, plays the
 * shortest sequence that tells the answers apart, and closes both ends. */
#include "answers.h"

enum { QUOTA = 8, OVER_QUOTA = 20, QUIET_MS = 50 };

struct probe {
  HANDLE server;
  HANDLE client;
  OVERLAPPED first; /* of two writes of the server */
  OVERLAPPED second;
};

static HANDLE event_new(np_fixture *f) {
  return raw_own(f, CreateEventW(NULL, TRUE, FALSE, NULL));
}

static void probe_open(np_fixture *f, struct probe *probe) {
  wchar_t name[WORLD_PIPE_NAME_BYTES_MAX + 1] = {0};
  size_t length = 0;

  memset(probe, 0, sizeof(*probe));
  raw_name(f, name);
  while (name[length] != 0) {
    length++;
  }
  name[length] = 'q'; /* The case's own name is taken. */
  probe->server = raw_own(
      f, CreateNamedPipeW(name, PIPE_ACCESS_OUTBOUND | FILE_FLAG_OVERLAPPED, 0,
                          1, QUOTA, 0, 0, NULL));
  probe->client =
      raw_own(f, CreateFileW(name, GENERIC_READ, 0, NULL, OPEN_EXISTING,
                             FILE_FLAG_OVERLAPPED, NULL));
  probe->first.hEvent = event_new(f);
  probe->second.hEvent = event_new(f);
}

static void probe_write(struct probe *probe, OVERLAPPED *write, DWORD size) {
  static const char data[OVER_QUOTA];

  if (!WriteFile(probe->server, data, size, NULL, write)) {
    assert_int_equal(GetLastError(), ERROR_IO_PENDING);
  }
}

static void probe_close(np_fixture *f, struct probe *probe) {
  raw_close(f, probe->server);
  raw_close(f, probe->first.hEvent);
  raw_close(f, probe->second.hEvent);
}

bool kernel_ends_drained_writes(np_fixture *f) {
  struct probe probe;
  DWORD bytes = 0;
  bool answer;

  probe_open(f, &probe);
  probe_write(&probe, &probe.first, QUOTA);
  probe_write(&probe, &probe.second, 1);
  raw_close(f, probe.client);
  answer =
      GetOverlappedResult(probe.server, &probe.second, &bytes, TRUE) != FALSE;
  probe_close(f, &probe);
  return answer;
}

bool kernel_overdraws_quota(np_fixture *f) {
  struct probe probe;
  char data[OVER_QUOTA - QUOTA];
  size_t length = 0;
  DWORD wait;

  probe_open(f, &probe);
  probe_write(&probe, &probe.first, OVER_QUOTA);
  assert_int_equal(raw_read(probe.client, data, sizeof(data), &length),
                   ERROR_SUCCESS);
  assert_int_equal(length, sizeof(data));
  wait = WaitForSingleObject(probe.first.hEvent,
                             (DWORD)world_timeout_ms(QUIET_MS));
  raw_close(f, probe.client);
  assert_int_equal(WaitForSingleObject(probe.first.hEvent, INFINITE),
                   WAIT_OBJECT_0);
  probe_close(f, &probe);
  return wait == WAIT_TIMEOUT;
}
