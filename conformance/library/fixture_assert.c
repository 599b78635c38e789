/* The counters and asserts of the fixture. */
#include "fixture.h"

uint64_t calls(const char *function) {
  uint64_t count = 0;

  if (!world_call_count(function, &count)) {
    np_unresolved("nobody counts the calls of %s here", function);
  }
  return count;
}

void assert_np_error_at(np_error actual, np_error expected, const char *file,
                        int line) {
  if (actual != expected) {
    print_error("%s (%u), not %s (%u)\n", np_error_name(actual),
                (unsigned)actual, np_error_name(expected), (unsigned)expected);
    _fail(file, line);
  }
}

void assert_done_at(const struct recorder *recorder, np_error result,
                    size_t transferred, const char *file, int line) {
  if (recorder->start_count != recorder->done_count) {
    print_error("begun %u times, ended %u times\n", recorder->start_count,
                recorder->done_count);
    _fail(file, line);
  }
  assert_np_error_at(recorder->result, result, file, line);
  if (recorder->transferred != transferred) {
    print_error("%u bytes, not %u\n", (unsigned)recorder->transferred,
                (unsigned)transferred);
    _fail(file, line);
  }
}

void assert_received_at(np_fixture *f, np_pipe *pipe, const void *data,
                        size_t length, const char *file, int line) {
  static char buffer[65536];
  size_t done = 0;
  size_t got = 0;
  bool by_messages = (f->variant & MODE_MESSAGE) != 0;

  assert_true(length > 0 && length <= sizeof(buffer));
  while (done < length) {
    np_error error = pipe_receive(f, pipe, buffer + done, length - done, &got);

    assert_np_error_at(error, NP_OK, file, line);
    done += got;
    if (got == 0 || (by_messages && done != length)) {
      print_error("%u bytes, not %u\n", (unsigned)done, (unsigned)length);
      _fail(file, line);
    }
  }
  if (memcmp(buffer, data, length) != 0) {
    print_error("not the bytes that were written\n");
    _fail(file, line);
  }
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
