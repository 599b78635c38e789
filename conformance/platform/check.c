/* The asserts of fixture.h. They print both values, as a decimal number or as a
 * status, and the line of the case. */
#include "fixture.h"

void assert_error_at(DWORD actual, DWORD expected, const char *file, int line) {
  if (actual != expected) {
    print_error("error %lu, not %lu\n", (unsigned long)actual,
                (unsigned long)expected);
    _fail(file, line);
  }
}

void assert_status_at(DWORD actual, DWORD expected, const char *file,
                      int line) {
  if (actual != expected) {
    print_error("status %08lX, not %08lX\n", (unsigned long)actual,
                (unsigned long)expected);
    _fail(file, line);
  }
}

void assert_result_at(struct result actual, DWORD error, DWORD bytes,
                      const char *file, int line) {
  if (actual.error != error || actual.bytes != bytes) {
    print_error("error %lu with %lu bytes, not error %lu with %lu\n",
                (unsigned long)actual.error, (unsigned long)actual.bytes,
                (unsigned long)error, (unsigned long)bytes);
    _fail(file, line);
  }
}

void assert_packet_at(struct platform *f, const struct io *io, DWORD status,
                      DWORD bytes, const char *file, int line) {
  struct packet packet = packet_take(f, WAIT_MS);

  if (!packet.found) {
    print_error("no packet came\n");
    _fail(file, line);
  }
  if (packet.overlapped != &io->overlapped) {
    print_error("the packet is that of another operation\n");
    _fail(file, line);
  }
  assert_status_at(packet.status, status, file, line);
  if (packet.bytes != bytes) {
    print_error("packet with %lu bytes, not %lu\n", (unsigned long)packet.bytes,
                (unsigned long)bytes);
    _fail(file, line);
  }
}

void assert_no_packet_at(struct platform *f, const char *file, int line) {
  struct packet packet = packet_take(f, QUIET_MS);

  if (packet.found) {
    print_error("a packet came: status %08lX, %lu bytes\n",
                (unsigned long)packet.status, (unsigned long)packet.bytes);
    _fail(file, line);
  }
}

void assert_call_at(BOOL succeeded, DWORD error, const char *file, int line) {
  if (!succeeded) {
    print_error("the call failed with %lu\n", (unsigned long)error);
    _fail(file, line);
  }
}

void assert_refused_at(BOOL succeeded, DWORD error, DWORD expected,
                       const char *file, int line) {
  if (succeeded) {
    print_error("the call succeeded, not error %lu\n", (unsigned long)expected);
    _fail(file, line);
  }
  assert_error_at(error, expected, file, line);
}

void assert_read_at(struct platform *f, HANDLE pipe, const char *text,
                    const char *file, int line) {
  char buffer[256];
  DWORD size = 0;

  while (text[size] != 0) {
    size++;
  }
  assert_result_at(win_read(f, pipe, buffer, sizeof(buffer)), 0, size, file,
                   line);
  for (DWORD i = 0; i < size; i++) {
    if (buffer[i] != text[i]) {
      print_error("byte %lu is not that of \"%s\"\n", (unsigned long)i, text);
      _fail(file, line);
    }
  }
}
