/* Error codes: their names, their sentences, and the predicates that group
 * them. */
#include "library/fixture.h"

#include <stdio.h>

/* All codes that a header of the library names, and the codes that the pipe
 * file system, the network redirector and the security checks return. */
static const struct {
  np_error code;
  const char *name;
} named[] = {
    {0, "NP_OK"},
    {1, "ERROR_INVALID_FUNCTION"},
    {2, "ERROR_FILE_NOT_FOUND"},
    {3, "ERROR_PATH_NOT_FOUND"},
    {4, "ERROR_TOO_MANY_OPEN_FILES"},
    {5, "ERROR_ACCESS_DENIED"},
    {6, "ERROR_INVALID_HANDLE"},
    {8, "ERROR_NOT_ENOUGH_MEMORY"},
    {13, "ERROR_INVALID_DATA"},
    {19, "ERROR_WRITE_PROTECT"},
    {24, "ERROR_BAD_LENGTH"},
    {31, "ERROR_GEN_FAILURE"},
    {32, "ERROR_SHARING_VIOLATION"},
    {38, "ERROR_HANDLE_EOF"},
    {50, "ERROR_NOT_SUPPORTED"},
    {51, "ERROR_REM_NOT_LIST"},
    {53, "ERROR_BAD_NETPATH"},
    {54, "ERROR_NETWORK_BUSY"},
    {55, "ERROR_DEV_NOT_EXIST"},
    {58, "ERROR_BAD_NET_RESP"},
    {59, "ERROR_UNEXP_NET_ERR"},
    {60, "ERROR_BAD_REM_ADAP"},
    {64, "ERROR_NETNAME_DELETED"},
    {65, "ERROR_NETWORK_ACCESS_DENIED"},
    {66, "ERROR_BAD_DEV_TYPE"},
    {67, "ERROR_BAD_NET_NAME"},
    {69, "ERROR_TOO_MANY_SESS"},
    {71, "ERROR_REQ_NOT_ACCEP"},
    {87, "ERROR_INVALID_PARAMETER"},
    {109, "ERROR_BROKEN_PIPE"},
    {110, "ERROR_OPEN_FAILED"},
    {111, "ERROR_BUFFER_OVERFLOW"},
    {112, "ERROR_DISK_FULL"},
    {120, "ERROR_CALL_NOT_IMPLEMENTED"},
    {121, "ERROR_SEM_TIMEOUT"},
    {122, "ERROR_INSUFFICIENT_BUFFER"},
    {123, "ERROR_INVALID_NAME"},
    {126, "ERROR_MOD_NOT_FOUND"},
    {127, "ERROR_PROC_NOT_FOUND"},
    {161, "ERROR_BAD_PATHNAME"},
    {170, "ERROR_BUSY"},
    {183, "ERROR_ALREADY_EXISTS"},
    {206, "ERROR_FILENAME_EXCED_RANGE"},
    {229, "ERROR_PIPE_LOCAL"},
    {230, "ERROR_BAD_PIPE"},
    {231, "ERROR_PIPE_BUSY"},
    {232, "ERROR_NO_DATA"},
    {233, "ERROR_PIPE_NOT_CONNECTED"},
    {234, "ERROR_MORE_DATA"},
    {240, "ERROR_VC_DISCONNECTED"},
    {258, "WAIT_TIMEOUT"},
    {487, "ERROR_INVALID_ADDRESS"},
    {534, "ERROR_ARITHMETIC_OVERFLOW"},
    {535, "ERROR_PIPE_CONNECTED"},
    {536, "ERROR_PIPE_LISTENING"},
    {735, "ERROR_ABANDONED_WAIT_0"},
    {995, "ERROR_OPERATION_ABORTED"},
    {997, "ERROR_IO_PENDING"},
    {998, "ERROR_NOACCESS"},
    {1113, "ERROR_NO_UNICODE_TRANSLATION"},
    {1117, "ERROR_IO_DEVICE"},
    {1130, "ERROR_NOT_ENOUGH_SERVER_MEMORY"},
    {1168, "ERROR_NOT_FOUND"},
    {1225, "ERROR_CONNECTION_REFUSED"},
    {1231, "ERROR_NETWORK_UNREACHABLE"},
    {1232, "ERROR_HOST_UNREACHABLE"},
    {1236, "ERROR_CONNECTION_ABORTED"},
    {1305, "ERROR_UNKNOWN_REVISION"},
    {1307, "ERROR_INVALID_OWNER"},
    {1311, "ERROR_NO_LOGON_SERVERS"},
    {1314, "ERROR_PRIVILEGE_NOT_HELD"},
    {1326, "ERROR_LOGON_FAILURE"},
    {1327, "ERROR_ACCOUNT_RESTRICTION"},
    {1332, "ERROR_NONE_MAPPED"},
    {1336, "ERROR_INVALID_ACL"},
    {1337, "ERROR_INVALID_SID"},
    {1338, "ERROR_INVALID_SECURITY_DESCR"},
    {1346, "ERROR_BAD_IMPERSONATION_LEVEL"},
    {1347, "ERROR_CANT_OPEN_ANONYMOUS"},
    {1359, "ERROR_INTERNAL_ERROR"},
    {1368, "ERROR_CANNOT_IMPERSONATE"},
    {1385, "ERROR_LOGON_TYPE_NOT_GRANTED"},
    {1392, "ERROR_FILE_CORRUPT"},
    {1396, "ERROR_WRONG_TARGET_NAME"},
    {1450, "ERROR_NO_SYSTEM_RESOURCES"},
    {1453, "ERROR_WORKING_SET_QUOTA"},
    {1455, "ERROR_COMMITMENT_LIMIT"},
    {1460, "ERROR_TIMEOUT"},
    {1784, "ERROR_INVALID_USER_BUFFER"},
    {1790, "ERROR_TRUST_FAILURE"},
    {1816, "ERROR_NOT_ENOUGH_QUOTA"},
    {10035, "NP_WOULD_BLOCK"},
};

enum { NAMED = sizeof(named) / sizeof(named[0]) };

NP_CASE("error/name", np_error_name, NO_MODE, NP_OK,
        "Each code that a pipe call can give has the name that Windows gives "
        "it.",
        "System Error Codes") {
  for (size_t i = 0; i < NAMED; i++) {
    assert_string_equal(np_error_name(named[i].code), named[i].name);
  }
}

NP_CASE("error/name-unknown", np_error_name, NO_MODE, NP_OK,
        "A code that means nothing has the name ERROR_?, never NULL.",
        "System Error Codes") {
  assert_string_equal(np_error_name(0xDEADBEEF), "ERROR_?");
  assert_string_equal(np_error_name(UINT32_MAX), "ERROR_?");
}

NP_CASE("error/text", np_error_text, NO_MODE, NP_OK,
        "Each code that a pipe call can give has a sentence of its own, "
        "without a full stop.",
        "System Error Codes") {
  for (size_t i = 0; i < NAMED; i++) {
    const char *text = np_error_text(named[i].code);

    assert_non_null(text);
    assert_true(strlen(text) > 2);
    assert_int_not_equal(text[strlen(text) - 1], '.');
    for (size_t j = 0; j < i; j++) {
      assert_string_not_equal(text, np_error_text(named[j].code));
    }
  }
}

NP_CASE("error/text-unknown", np_error_text, NO_MODE, NP_OK,
        "A code that means nothing has a sentence too, never NULL.",
        "System Error Codes") {
  const char *text = np_error_text(0xDEADBEEF);

  assert_non_null(text);
  assert_true(text[0] != 0);
}

NP_CASE("error/is-eof", np_is_eof, NO_MODE, ERROR_BROKEN_PIPE,
        "The end of a stream is ERROR_BROKEN_PIPE and no other code: not "
        "success, not a disconnect.",
        "ReadFile#pipes") {
  for (size_t i = 0; i < NAMED; i++) {
    assert_int_equal(np_is_eof(named[i].code), named[i].code == 109);
  }
}

NP_CASE("error/is-retryable", np_is_retryable, NO_MODE, ERROR_PIPE_BUSY,
        "What may pass by itself is retryable: no free instance, would block, "
        "the kernel's momentary lack of memory or quota; nothing else is.",
        "CreateFile#pipes") {
  static const np_error retryable[] = {
      ERROR_PIPE_BUSY,           NP_WOULD_BLOCK,
      ERROR_NO_SYSTEM_RESOURCES, ERROR_NOT_ENOUGH_QUOTA,
      ERROR_WORKING_SET_QUOTA,   ERROR_NOT_ENOUGH_MEMORY};

  for (size_t i = 0; i < NAMED; i++) {
    bool expected = false;

    for (size_t j = 0; j < sizeof(retryable) / sizeof(retryable[0]); j++) {
      expected = expected || retryable[j] == named[i].code;
    }
    assert_int_equal(np_is_retryable(named[i].code), expected);
  }
}

NP_CASE("error/is-eof-disconnect", np_is_eof, NO_MODE, ERROR_PIPE_NOT_CONNECTED,
        "A server's disconnect is no end of stream: unread data was thrown "
        "away.",
        "DisconnectNamedPipe#remarks") {
  assert_false(np_is_eof(ERROR_PIPE_NOT_CONNECTED));
}

NP_CASE("error/is-retryable-not-found", np_is_retryable, NO_MODE,
        ERROR_FILE_NOT_FOUND,
        "A name that is not there is not retryable: whether it will come to be "
        "is for the caller to know.",
        "CreateFile#pipes") {
  assert_false(np_is_retryable(ERROR_FILE_NOT_FOUND));
}

NP_CASE("error/is-retryable-memory", np_is_retryable, NO_MODE,
        ERROR_NOT_ENOUGH_MEMORY, "Lack of memory is retryable.",
        "System Error Codes") {
  assert_true(np_is_retryable(ERROR_NOT_ENOUGH_MEMORY));
}

NP_CASE("error/is-retryable-resources", np_is_retryable, NO_MODE,
        ERROR_NO_SYSTEM_RESOURCES, "The kernel's lack of pool may pass.",
        "System Error Codes") {
  assert_true(np_is_retryable(ERROR_NO_SYSTEM_RESOURCES));
}

NP_CASE("error/is-retryable-quota", np_is_retryable, NO_MODE,
        ERROR_NOT_ENOUGH_QUOTA, "Lack of quota is retryable.",
        "System Error Codes") {
  assert_true(np_is_retryable(ERROR_NOT_ENOUGH_QUOTA));
}

NP_CASE("error/is-retryable-working-set", np_is_retryable, NO_MODE,
        ERROR_WORKING_SET_QUOTA, "Lack of working set may pass.",
        "System Error Codes") {
  assert_true(np_is_retryable(ERROR_WORKING_SET_QUOTA));
}

NP_CASE("error/version", np_version, NO_MODE, NP_OK,
        "The version that is linked is major.minor.patch, here that of the "
        "headers.",
        "npipe/version.h") {
  char expected[32];

  snprintf(expected, sizeof(expected), "%d.%d.%d", NP_VERSION_MAJOR,
           NP_VERSION_MINOR, NP_VERSION_PATCH);
  assert_string_equal(np_version(), expected);
}
