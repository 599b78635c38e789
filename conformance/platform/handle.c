/* Handles: file type, inheritance and duplicates. */
#include "fixture.h"

static DWORD flags_of(HANDLE handle) {
  DWORD flags = 99;

  assert_call(GetHandleInformation(handle, &flags));
  return flags;
}

NP_PLATFORM_CASE("platform/handle/type", GetFileType, NO_MODE | BOTH_ENDS,
                 FILE_TYPE_PIPE, "Both ends are pipes.",
                 "GetFileType#return-value") {
  pair_create(f);
  assert_int_equal(GetFileType(f->end), FILE_TYPE_PIPE);
  peer_close(f);
  assert_int_equal(GetFileType(f->end), FILE_TYPE_PIPE);
}

NP_PLATFORM_CASE("platform/handle/not-inherited", GetHandleInformation,
                 NO_MODE | BOTH_ENDS, NO_ERROR,
                 "Without security attributes a handle is not inherited.",
                 "SECURITY_ATTRIBUTES#members") {
  pair_create(f);
  assert_int_equal(flags_of(f->end) & HANDLE_FLAG_INHERIT, 0);
}

NP_PLATFORM_CASE("platform/handle/inherited", GetHandleInformation, NO_MODE,
                 NO_ERROR,
                 "bInheritHandle makes either end's handle inheritable.",
                 "SECURITY_ATTRIBUTES#members") {
  SECURITY_ATTRIBUTES attributes = {sizeof(attributes), NULL, TRUE};

  f->server = CreateNamedPipeW(f->name, PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE, 1,
                               0, 0, 0, &attributes);
  win_own(f, f->server);
  f->client = CreateFileW(f->name, GENERIC_READ, 0, &attributes, OPEN_EXISTING,
                          0, NULL);
  win_own(f, f->client);
  assert_int_equal(flags_of(f->server) & HANDLE_FLAG_INHERIT,
                   HANDLE_FLAG_INHERIT);
  assert_int_equal(flags_of(f->client) & HANDLE_FLAG_INHERIT,
                   HANDLE_FLAG_INHERIT);
}

NP_PLATFORM_CASE("platform/handle/inheritance-changed", SetHandleInformation,
                 NO_MODE | BOTH_ENDS, NO_ERROR,
                 "The inheritance of a handle can be changed later.",
                 "SetHandleInformation#parameters") {
  pair_create(f);
  assert_call(
      SetHandleInformation(f->end, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT));
  assert_int_equal(flags_of(f->end) & HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT);
  assert_call(SetHandleInformation(f->end, HANDLE_FLAG_INHERIT, 0));
  assert_int_equal(flags_of(f->end) & HANDLE_FLAG_INHERIT, 0);
}

NP_PLATFORM_CASE("platform/handle/duplicate", DuplicateHandle,
                 ANY_MODE | BOTH_ENDS, NO_ERROR,
                 "A duplicate is the same end: it shares data and read mode.",
                 "DuplicateHandle#remarks; museum D16") {
  HANDLE duplicate = NULL;
  DWORD state = 99;

  pair_create(f);
  assert_call(DuplicateHandle(GetCurrentProcess(), f->end, GetCurrentProcess(),
                              &duplicate, 0, FALSE, DUPLICATE_SAME_ACCESS));
  win_own(f, duplicate);
  assert_result(win_write(f, f->peer, "ab", 2), 0, 2);
  assert_read(f, duplicate, "ab");
  assert_int_equal(peek_bytes(f->end), 0);
  assert_result(win_write(f, duplicate, "cd", 2), 0, 2);
  assert_read(f, f->peer, "cd");
  assert_call(
      GetNamedPipeHandleStateW(duplicate, &state, NULL, NULL, NULL, NULL, 0));
  assert_int_equal(state, f->read_mode | PIPE_WAIT);
}

static ULONG handle_count(HANDLE handle) {
  PUBLIC_OBJECT_BASIC_INFORMATION basic = {0};
  ULONG bytes = 0;

  assert_status(NtQueryObject(handle, ObjectBasicInformation, &basic,
                              sizeof(basic), &bytes),
                NT_OK);
  assert_int_equal(bytes, sizeof(basic));
  return basic.HandleCount;
}

NP_PLATFORM_CASE("platform/handle/count", NtQueryObject, ANY_MODE | BOTH_ENDS,
                 NO_ERROR,
                 "The system tells how many handles a file object has: one "
                 "more with each duplicate, one less with each that is closed.",
                 "NtQueryObject; PUBLIC_OBJECT_BASIC_INFORMATION") {
  HANDLE duplicate = NULL;

  pair_create(f);
  assert_int_equal(handle_count(f->end), 1);
  assert_call(DuplicateHandle(GetCurrentProcess(), f->end, GetCurrentProcess(),
                              &duplicate, 0, FALSE, DUPLICATE_SAME_ACCESS));
  assert_int_equal(handle_count(f->end), 2);
  assert_int_equal(handle_count(duplicate), 2);
  assert_int_equal(handle_count(f->peer), 1);
  assert_call(CloseHandle(duplicate));
  assert_int_equal(handle_count(f->end), 1);
}

NP_PLATFORM_CASE("platform/handle/foreign-packet", CreateIoCompletionPort,
                 ANY_MODE | BOTH_ENDS, NO_ERROR,
                 "The port belongs to the file object. An operation on a "
                 "duplicated handle posts its packet there, with the "
                 "OVERLAPPED of its caller.",
                 "CreateIoCompletionPort#remarks") {
  static char room[16];
  HANDLE duplicate = NULL;
  struct io *io = pair_io_port(f);

  assert_call(DuplicateHandle(GetCurrentProcess(), f->end, GetCurrentProcess(),
                              &duplicate, 0, FALSE, DUPLICATE_SAME_ACCESS));
  win_own(f, duplicate);
  assert_error(read_start(io, duplicate, room, sizeof(room)), ERROR_IO_PENDING);
  assert_error(write_start(io_new_port(f), f->peer, "abc", 3), 0);
  assert_packet(f, io, NT_OK, 3);
}

NP_PLATFORM_CASE("platform/handle/not-a-pipe", GetFileType, NO_MODE,
                 ERROR_INVALID_HANDLE, "An event is no file of any type.",
                 "GetFileType#return-value") {
  HANDLE event = event_new(f);

  SetLastError(0);
  assert_int_equal(GetFileType(event), FILE_TYPE_UNKNOWN);
  assert_int_not_equal(GetLastError(), 0);
}
