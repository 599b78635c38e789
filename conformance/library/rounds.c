/* Helpers for the museum's cases: failures that name their round, random
 * numbers, raw clients and worker threads. */
#include "rounds.h"

#include "answers.h"

#include <stdio.h>
#include <stdlib.h>

static void answered_at(const struct recorder *recorder, const char *file,
                        int line) {
  if (recorder->done_count != recorder->start_count) {
    fail_at(file, line, "begun %u times, ended %u times", recorder->start_count,
            recorder->done_count);
  }
}

void museum_done_either_at(const struct recorder *recorder, np_error result,
                           np_error or_result, const char *file, int line) {
  answered_at(recorder, file, line);
  if (recorder->result != result) {
    assert_np_error_at(recorder->result, or_result, file, line);
  }
}

void museum_done_drained_at(np_fixture *f, const struct recorder *recorder,
                            np_error error, size_t length, const char *file,
                            int line) {
  const bool drained =
      recorder->result == NP_OK &&
      (error == ERROR_BROKEN_PIPE || error == ERROR_PIPE_NOT_CONNECTED) &&
      kernel_ends_drained_writes(f);

  assert_done_at(recorder, drained ? NP_OK : error, drained ? length : 0, file,
                 line);
}

/* --- Loop and pipes ----------------------------------------------------- */

void museum_listen(np_fixture *f) {
  server_quotas(f, MUSEUM_QUOTA, MUSEUM_QUOTA);
  server_listen(f);
}

void museum_accept(np_fixture *f, np_pipe *server) {
  connect_begin(&f->helper, server);
  assert_ends(&f->helper, NP_OK, 0);
}

np_pipe *museum_open(np_fixture *f) {
  np_pipe *client = NULL;

  assert_np_error(np_client_open(f->loop, f->name, &f->client_options, &client),
                  NP_OK);
  return client;
}

void museum_read_begin(struct recorder *recorder, np_pipe *pipe, void *buffer,
                       size_t length) {
  recorder->start_count++;
  assert_np_error(np_pipe_read(pipe, buffer, length, &recorder->op, on_done),
                  NP_OK);
}

void museum_echo(np_fixture *f, np_pipe *server, np_pipe *client) {
  static const char text[] = "echo";

  assert_passes(f, client, server, text, sizeof(text));
  assert_passes(f, server, client, text, sizeof(text));
}

HANDLE museum_client_raw(np_fixture *f, DWORD access) {
  wchar_t name[WORLD_PIPE_NAME_BYTES_MAX];

  raw_name(f, name);
  return CreateFileW(name, access, 0, NULL, OPEN_EXISTING, FILE_FLAG_OVERLAPPED,
                     NULL);
}

size_t museum_take_raw(const np_pipe *pipe, void *buffer, size_t length) {
  static OVERLAPPED overlapped;
  HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);
  HANDLE handle = np_pipe_handle(pipe);
  DWORD bytes = 0;

  assert_non_null(event);
  memset(&overlapped, 0, sizeof(overlapped));
  /* The low bit keeps the packet out of the loop's port. */
  overlapped.hEvent = (HANDLE)((ULONG_PTR)event | 1u);
  assert_true(ReadFile(handle, buffer, (DWORD)length, NULL, &overlapped) ||
              GetLastError() == ERROR_IO_PENDING);
  assert_int_equal(
      WaitForSingleObject(event, (DWORD)world_timeout_ms(LOOP_WAIT_MS)),
      WAIT_OBJECT_0);
  assert_true(GetOverlappedResult(handle, &overlapped, &bytes, FALSE));
  CloseHandle(event);
  return bytes;
}

/* --- Data --------------------------------------------------------------- */

void museum_pattern(uint8_t *buffer, size_t length, uint32_t seed) {
  for (size_t i = 0; i < length; i++) {
    buffer[i] = (uint8_t)((size_t)seed * 31u + i * 7u + i / 256u);
  }
}

uint32_t museum_random(uint32_t *state) {
  *state = *state * 1664525u + 1013904223u;
  return *state >> 8;
}

/* --- Threads ------------------------------------------------------------ */

HANDLE museum_worker(DWORD(WINAPI *run)(void *), void *argument) {
  HANDLE worker = CreateThread(NULL, 0, run, argument, 0, NULL);

  assert_non_null(worker);
  return worker;
}

DWORD museum_join(np_fixture *f, HANDLE worker) {
  uint64_t deadline_ms = world_now_ms() + world_timeout_ms(LOOP_WAIT_MS);
  DWORD code = 0;

  /* The worker may wait for the loop, so the loop runs meanwhile. */
  while (WaitForSingleObject(worker, 0) != WAIT_OBJECT_0) {
    loop_turn(f, 10);
    if (world_now_ms() > deadline_ms) {
      fail_at(__FILE__, __LINE__, "a worker does not end");
    }
  }
  assert_true(GetExitCodeThread(worker, &code));
  CloseHandle(worker);
  return code;
}
