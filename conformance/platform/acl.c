/* Security descriptors that a program builds by hand, entry by entry. */
#include "fixture.h"

/* A descriptor for everyone, and what it consists of. */
struct by_hand {
  SECURITY_DESCRIPTOR descriptor;
  SECURITY_ATTRIBUTES attributes;
  union {
    ACL acl;
    BYTE bytes[256];
  } list;
  BYTE everyone[SECURITY_MAX_SID_SIZE];
};

static struct by_hand made;

/* by_hand_begin makes a descriptor with an empty list. */
static void by_hand_begin(void) {
  DWORD size = sizeof made.everyone;

  ZeroMemory(&made, sizeof made);
  assert_call(CreateWellKnownSid(WinWorldSid, NULL, made.everyone, &size));
  assert_call(InitializeAcl(&made.list.acl, sizeof made.list, ACL_REVISION));
  assert_call(InitializeSecurityDescriptor(&made.descriptor,
                                           SECURITY_DESCRIPTOR_REVISION));
  made.attributes.nLength = sizeof made.attributes;
  made.attributes.lpSecurityDescriptor = &made.descriptor;
}

/* by_hand_server creates a pipe with the descriptor. */
static void by_hand_server(struct platform *f) {
  HANDLE server;

  assert_call(
      SetSecurityDescriptorDacl(&made.descriptor, TRUE, &made.list.acl, FALSE));
  server =
      CreateNamedPipeW(f->name, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED,
                       PIPE_TYPE_BYTE, 1, QUOTA, QUOTA, 0, &made.attributes);
  assert_true(server != INVALID_HANDLE_VALUE);
  win_own(f, server);
}

NP_PLATFORM_CASE("platform/acl/allowed", AddAccessAllowedAce, NO_MODE, NO_ERROR,
                 "An entry for everyone lets a client open the pipe.",
                 "Named Pipe Security and Access Rights#remarks") {
  by_hand_begin();
  assert_call(AddAccessAllowedAce(&made.list.acl, ACL_REVISION,
                                  GENERIC_READ | GENERIC_WRITE, made.everyone));
  by_hand_server(f);
  assert_true(client_open(f, GENERIC_READ | GENERIC_WRITE, 0) !=
              INVALID_HANDLE_VALUE);
}

NP_PLATFORM_CASE("platform/acl/denied", AddAccessDeniedAce, NO_MODE,
                 ERROR_ACCESS_DENIED,
                 "An entry that denies, before one that allows, bars its "
                 "rights alone.",
                 "Order of ACEs in a DACL#remarks") {
  by_hand_begin();
  assert_call(AddAccessDeniedAce(&made.list.acl, ACL_REVISION, FILE_WRITE_DATA,
                                 made.everyone));
  assert_call(AddAccessAllowedAce(&made.list.acl, ACL_REVISION,
                                  GENERIC_READ | GENERIC_WRITE, made.everyone));
  by_hand_server(f);
  assert_not_opened(client_open(f, GENERIC_READ | GENERIC_WRITE, 0),
                    ERROR_ACCESS_DENIED);
  assert_true(client_open(f, GENERIC_READ, 0) != INVALID_HANDLE_VALUE);
}

NP_PLATFORM_CASE("platform/acl/empty", InitializeAcl, NO_MODE,
                 ERROR_ACCESS_DENIED,
                 "A list without an entry lets no client in.",
                 "SetSecurityDescriptorDacl#parameters") {
  by_hand_begin();
  by_hand_server(f);
  assert_not_opened(client_open(f, GENERIC_READ, 0), ERROR_ACCESS_DENIED);
}

NP_PLATFORM_CASE("platform/acl/full", AddAccessAllowedAce, NO_MODE,
                 ERROR_ALLOTTED_SPACE_EXCEEDED,
                 "An entry that does not fit the list is refused.",
                 "AddAccessAllowedAce#return-value") {
  by_hand_begin();
  assert_call(InitializeAcl(&made.list.acl, sizeof(ACL) + 8, ACL_REVISION));
  assert_refused(AddAccessAllowedAce(&made.list.acl, ACL_REVISION, GENERIC_READ,
                                     made.everyone),
                 ERROR_ALLOTTED_SPACE_EXCEEDED);
  assert_int_equal(made.list.acl.AceCount, 0);
}

NP_PLATFORM_CASE("platform/acl/sid", AllocateAndInitializeSid, NO_MODE,
                 NO_ERROR,
                 "A SID that was put together is the one of its name.",
                 "AllocateAndInitializeSid#parameters") {
  SID_IDENTIFIER_AUTHORITY world = {SECURITY_WORLD_SID_AUTHORITY};
  PSID sid = NULL;

  by_hand_begin();
  assert_call(AllocateAndInitializeSid(&world, 1, SECURITY_WORLD_RID, 0, 0, 0,
                                       0, 0, 0, 0, &sid));
  assert_true(EqualSid(sid, made.everyone));
  assert_true(IsWellKnownSid(sid, WinWorldSid));
  assert_int_equal(GetLengthSid(sid), GetSidLengthRequired(1));
  FreeSid(sid);
}
