/* np_name_from_utf16, and questions to the root of all pipes: np_name_query and
 * np_names_list. Rule: a question never opens a pipe, because that takes an
 * instance. */
#include <npipe/names.h>

#include <stdlib.h>
#include <string.h>

#include "name.h"
#include "pipe_wait.h"

/* FILE_DIRECTORY_INFORMATION, addressed by offset: an entry comes from the
 * system, and is read only after a check. */
#define NEXT_AT          0
#define INSTANCES_AT     40 /* EndOfFile */
#define INSTANCES_MAX_AT 48 /* AllocationSize */
#define NAME_BYTES_AT    60
#define NAME_AT          64

#define PREFIX "\\\\?\\pipe\\"

/* The longest name that npipe opens, without its prefix. */
#define UNITS_MAX (NP__NAME_UNITS_MAX - (sizeof PREFIX - 1))

_Static_assert(NP_NAME_BYTES_MAX == 3 * NP__NAME_UNITS_MAX + 1,
               "UTF-8 has at most 3 bytes for a unit of UTF-16");

#define PATH_BYTES_MAX (sizeof PREFIX + 3 * UNITS_MAX)

/* A part of the list has room for any entry: a name has at most 65534 bytes. */
#define PART_BYTES ((size_t)NAME_AT + 65536)

np_error np_name_from_utf16(const wchar_t *name, char *utf8, size_t size) {
  size_t units = 0;
  const size_t room = size < NP_NAME_BYTES_MAX ? size : NP_NAME_BYTES_MAX;

  if (name == NULL || utf8 == NULL) {
    return ERROR_INVALID_PARAMETER;
  }
  while (name[units] != 0) {
    if (++units > NP__NAME_UNITS_MAX) {
      return ERROR_FILENAME_EXCED_RANGE;
    }
  }
  if (room == 0) {
    return ERROR_INSUFFICIENT_BUFFER; /* 0 would ask for the size. */
  }
  return WideCharToMultiByte(CP_UTF8, WC_ERR_INVALID_CHARS, name,
                             (int)units + 1, utf8, (int)room, NULL, NULL) > 0
             ? NP_OK
             : GetLastError();
}

np_error np_name_query(const char *name, np_name_state *state) {
  np__name wide;
  np_error error;
  NTSTATUS status;

  if (state == NULL) {
    return ERROR_INVALID_PARAMETER;
  }
  error = np__name_parse(&wide, name, true);
  if (error != NP_OK) {
    return error;
  }
  if (np__name_in_root(&wide) == NULL) {
    return ERROR_NOT_SUPPORTED;
  }
  status = np__root_ask(np__name_in_root(&wide));
  if (status == NP__STATUS_IO_TIMEOUT) {
    *state = NP_NAME_BUSY;
  } else if (status == NP__STATUS_OBJECT_NAME_NOT_FOUND) {
    *state = NP_NAME_MISSING;
  } else if (status == 0) {
    *state = NP_NAME_LISTENING;
  } else {
    return np__error_of_status(status);
  }
  return NP_OK;
}

static uint32_t number_at(const BYTE *entry, size_t at) {
  uint32_t number;

  memcpy(&number, entry + at, sizeof number);
  return number;
}

/* path_make writes the path of a name of `units` units. It returns false for a
 * name that npipe cannot open. */
static bool path_make(char out[PATH_BYTES_MAX], const BYTE *name,
                      size_t units) {
  WCHAR wide[UNITS_MAX];
  int bytes;

  if (units == 0 || units > UNITS_MAX) {
    return false;
  }
  memcpy(wide, name, units * sizeof *wide);
  for (size_t i = 0; i < units; i++) {
    if (wide[i] == 0) {
      return false;
    }
  }
  memcpy(out, PREFIX, sizeof PREFIX - 1);
  bytes = WideCharToMultiByte(
      CP_UTF8, WC_ERR_INVALID_CHARS, wide, (int)units, out + sizeof PREFIX - 1,
      (int)(PATH_BYTES_MAX - sizeof PREFIX), NULL, NULL);
  if (bytes <= 0) {
    return false;
  }
  out[sizeof PREFIX - 1 + (size_t)bytes] = 0;
  return true;
}

/* entry_give gives one entry to `fn`. `*goes_on` is false if `fn` ends the
 * list. */
static void entry_give(const BYTE *bytes, size_t units, np_name_fn fn,
                       void *user, bool *goes_on) {
  char path[PATH_BYTES_MAX];
  np_name_entry entry;

  if (!path_make(path, bytes + NAME_AT, units)) {
    return;
  }
  entry.path = path;
  entry.name = path + sizeof PREFIX - 1;
  entry.instances = number_at(bytes, INSTANCES_AT);
  entry.instances_max = number_at(bytes, INSTANCES_MAX_AT);
  *goes_on = fn(user, &entry);
}

/* part_give gives the entries of a part of `size` bytes to `fn`. */
static np_error part_give(const BYTE *bytes, size_t size, np_name_fn fn,
                          void *user, bool *goes_on) {
  size_t at = 0;

  while (*goes_on) {
    size_t name_bytes;
    size_t next;

    if (size - at < NAME_AT) {
      return ERROR_INVALID_DATA;
    }
    name_bytes = number_at(bytes + at, NAME_BYTES_AT);
    if (name_bytes <= UNITS_MAX * sizeof(WCHAR)) {
      if (name_bytes % sizeof(WCHAR) != 0 || size - at - NAME_AT < name_bytes) {
        return ERROR_INVALID_DATA;
      }
      entry_give(bytes + at, name_bytes / sizeof(WCHAR), fn, user, goes_on);
    }
    next = number_at(bytes + at, NEXT_AT);
    if (next == 0) {
      break;
    }
    if (next < NAME_AT || next > size - at) {
      return ERROR_INVALID_DATA;
    }
    at += next;
  }
  return NP_OK;
}

/* root_list gives the names in `root` to `fn`. `part` has PART_BYTES bytes. */
static np_error root_list(HANDLE root, BYTE *part, np_name_fn fn, void *user) {
  bool goes_on = true;
  np_error error = NP_OK;

  while (goes_on && error == NP_OK) {
    IO_STATUS_BLOCK status_block;
    const NTSTATUS status = NtQueryDirectoryFile(
        root, NULL, NULL, NULL, &status_block, part, PART_BYTES,
        NP__FILE_DIRECTORY_INFORMATION, FALSE, NULL, FALSE);

    if (status == NP__STATUS_NO_MORE_FILES) {
      break;
    }
    if (status != 0) {
      error = np__error_of_status(status);
    } else if (status_block.Information > PART_BYTES) {
      error = ERROR_INVALID_DATA;
    } else {
      error = part_give(part, status_block.Information, fn, user, &goes_on);
    }
  }
  return error;
}

np_error np_names_list(np_name_fn fn, void *user) {
  BYTE *part;
  HANDLE root;
  NTSTATUS status;
  np_error error;

  if (fn == NULL) {
    return ERROR_INVALID_PARAMETER;
  }
  status = np__root_open(&root, FILE_LIST_DIRECTORY | SYNCHRONIZE,
                         NP__SYNCHRONOUS_IO);
  if (status < 0) {
    return np__error_of_status(status);
  }
  part = calloc(1, PART_BYTES);
  error =
      part != NULL ? root_list(root, part, fn, user) : ERROR_NOT_ENOUGH_MEMORY;
  free(part);
  CloseHandle(root);
  return error;
}
