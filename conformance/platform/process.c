/* The process and session ids of the two ends. */
#include "fixture.h"

typedef BOOL(WINAPI *id_fn)(HANDLE pipe, PULONG id);

static const id_fn process_fns[] = {GetNamedPipeClientProcessId,
                                    GetNamedPipeServerProcessId};
static const id_fn session_fns[] = {GetNamedPipeClientSessionId,
                                    GetNamedPipeServerSessionId};

static void assert_own_process(HANDLE pipe) {
  for (size_t i = 0; i < 2; i++) {
    ULONG id = 0;
    assert_call(process_fns[i](pipe, &id));
    assert_int_equal(id, GetCurrentProcessId());
  }
}

NP_PLATFORM_CASE("platform/process/ids", GetNamedPipeClientProcessId,
                 NO_MODE | BOTH_ENDS, NO_ERROR,
                 "Each end reports the processes of both ends.",
                 "wine kernel32/tests/pipe.c#test_namedpipe_process_id; "
                 "museum X07") {
  pair_create(f);
  assert_own_process(f->end);
}

NP_PLATFORM_CASE("platform/process/ids-after-close",
                 GetNamedPipeClientProcessId, NO_MODE | BOTH_ENDS, NO_ERROR,
                 "Each end reports the ids even after the other end was "
                 "closed.",
                 "wine kernel32/tests/pipe.c#test_namedpipe_process_id") {
  pair_create(f);
  peer_close(f);
  assert_own_process(f->end);
}

NP_PLATFORM_CASE("platform/process/sessions", GetNamedPipeClientSessionId,
                 NO_MODE | BOTH_ENDS, NO_ERROR,
                 "Each end reports the sessions of both ends.",
                 "wine kernel32/tests/pipe.c#test_namedpipe_session_id") {
  ULONG ids[2] = {98, 99};

  pair_create(f);
  for (size_t i = 0; i < 2; i++) {
    assert_call(session_fns[i](f->end, &ids[i]));
  }
  assert_int_equal(ids[0], ids[1]);
}

NP_PLATFORM_CASE("platform/process/client-of-a-disconnected-server",
                 GetNamedPipeClientProcessId, NO_MODE, ERROR_NOT_FOUND,
                 "A disconnected server reports no client process, but still "
                 "its own process.",
                 "wine kernel32/tests/pipe.c#test_namedpipe_process_id") {
  ULONG id = 0;

  pair_create(f);
  win_disconnect(f);
  assert_refused(GetNamedPipeClientProcessId(f->server, &id), ERROR_NOT_FOUND);
  assert_call(GetNamedPipeServerProcessId(f->server, &id));
  assert_int_equal(id, GetCurrentProcessId());
}

NP_PLATFORM_CASE("platform/process/disconnected-client",
                 GetNamedPipeServerProcessId, NO_MODE, ERROR_PIPE_NOT_CONNECTED,
                 "A disconnected client reports neither process.",
                 "wine kernel32/tests/pipe.c#test_namedpipe_process_id") {
  pair_create(f);
  win_disconnect(f);
  for (size_t i = 0; i < 2; i++) {
    ULONG id = 0;
    assert_refused(process_fns[i](f->client, &id), ERROR_PIPE_NOT_CONNECTED);
  }
}

NP_PLATFORM_CASE("platform/process/nowhere-to-tell",
                 GetNamedPipeClientProcessId, NO_MODE,
                 ERROR_INSUFFICIENT_BUFFER, "The out pointer must not be NULL.",
                 "wine kernel32/tests/pipe.c#test_namedpipe_process_id") {
  pair_create(f);
  assert_refused(GetNamedPipeClientProcessId(f->server, NULL),
                 ERROR_INSUFFICIENT_BUFFER);
}
