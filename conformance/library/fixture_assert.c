/* The counters and asserts of the fixture. */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>

uint64_t calls(const char *function) {
  uint64_t count = 0;

  if (!world_call_count(function, &count)) {
    np_unresolved("nobody counts the calls of %s here", function);
  }
  return count;
}

static char round_text[160];

void round_name(const char *format, ...) {
  va_list arguments;

  va_start(arguments, format);
  vsnprintf(round_text, sizeof(round_text), format, arguments);
  va_end(arguments);
}

bool round_begins(unsigned round) {
  round_name("round %u", round);
  return true;
}

void fail_at(const char *file, int line, const char *format, ...) {
  char text[256];
  va_list arguments;

  va_start(arguments, format);
  vsnprintf(text, sizeof(text), format, arguments);
  va_end(arguments);
  print_error("%s%s%s\n", round_text, round_text[0] != 0 ? ": " : "", text);
  _fail(file, line);
  abort(); /* _fail never returns, but is not declared so. */
}

void assert_np_error_at(np_error actual, np_error expected, const char *file,
                        int line) {
  if (actual != expected) {
    fail_at(file, line, "%s (%u), not %s (%u)", np_error_name(actual),
            (unsigned)actual, np_error_name(expected), (unsigned)expected);
  }
}

void assert_done_at(const struct recorder *recorder, np_error result,
                    size_t transferred, const char *file, int line) {
  if (recorder->start_count != recorder->done_count) {
    fail_at(file, line, "begun %u times, ended %u times", recorder->start_count,
            recorder->done_count);
  }
  assert_np_error_at(recorder->result, result, file, line);
  if (recorder->transferred != transferred) {
    fail_at(file, line, "%u bytes, not %u", (unsigned)recorder->transferred,
            (unsigned)transferred);
  }
}

void assert_quiet_at(np_fixture *f, unsigned count, const char *file,
                     int line) {
  loop_quiet(f);
  if (f->done_count != count) {
    fail_at(file, line, "%u callbacks came, not %u", f->done_count, count);
  }
}

void assert_received_at(np_fixture *f, np_pipe *pipe, const void *data,
                        size_t length, const char *file, int line) {
  static _Thread_local char buffer[65536];
  size_t done = 0;
  size_t got = 0;
  bool by_messages = (f->variant & MODE_MESSAGE) != 0;

  assert_true(length > 0 && length <= sizeof(buffer));
  while (done < length) {
    np_error error = pipe_receive(f, pipe, buffer + done, length - done, &got);

    assert_np_error_at(error, NP_OK, file, line);
    done += got;
    if (got == 0 || (by_messages && done != length)) {
      fail_at(file, line, "%u bytes, not %u", (unsigned)done, (unsigned)length);
    }
  }
  if (memcmp(buffer, data, length) != 0) {
    fail_at(file, line, "not the bytes that were written");
  }
}

void assert_passes_at(np_fixture *f, np_pipe *from, np_pipe *to,
                      const void *data, size_t length, const char *file,
                      int line) {
  pipe_send(f, from, data, length);
  assert_received_at(f, to, data, length, file, line);
}

void assert_server_refused_at(np_fixture *f, np_error expected,
                              const char *file, int line) {
  np_pipe *server = NULL;

  assert_np_error_at(
      np_server_create(f->loop, f->name, &f->server_options, &server), expected,
      file, line);
  assert_null(server);
}

void assert_client_refused_at(np_fixture *f, np_error expected,
                              const char *file, int line) {
  np_pipe *client = NULL;

  assert_np_error_at(
      np_client_open(f->loop, f->name, &f->client_options, &client), expected,
      file, line);
  assert_null(client);
}

void assert_received_by_at(np_fixture *f, np_pipe *pipe, const char *data,
                           size_t length, size_t piece, const char *file,
                           int line) {
  for (size_t done = 0; done < length; done += piece) {
    const size_t left = length - done;

    assert_received_at(f, pipe, data + done, left < piece ? left : piece, file,
                       line);
  }
}

void become(const char *user) {
  if (!world_set_user(user)) {
    np_unresolved("there is no other user than the one who runs this");
  }
}

void sid_of(const char *user, char *out, size_t size) {
  if (!world_user_sid(user, out, size)) {
    np_unresolved("there is no other user than the one who runs this");
  }
}
