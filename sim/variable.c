/* Environment variables, and the names of modules. The process of `main` has
 * the environment of the program. A process that CreateProcess makes has a copy
 * of its parent's, or the variables that CreateProcess was given. */
#define _GNU_SOURCE /* environ, program_invocation_name */
#include "process.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* --- The variables of a process ------------------------------------------ */

static size_t list_count(char *const *list) {
  size_t count = 0;

  while (list[count] != NULL) {
    count++;
  }
  return count;
}

/* list_add takes `entry`, which is "NAME=value". */
static void list_add(char ***list, char *entry) {
  const size_t count = *list != NULL ? list_count(*list) : 0;

  *list = realloc(*list, (count + 2) * sizeof **list);
  (*list)[count] = entry;
  (*list)[count + 1] = NULL;
}

/* list_find returns where the variable `name` stands, or NULL. Windows does not
 * tell capitals from small letters in a name. Here ASCII ones are equal. */
static char **list_find(char **list, const char *name) {
  const size_t length = strlen(name);

  for (; list != NULL && *list != NULL; list++) {
    if (strncasecmp(*list, name, length) == 0 && (*list)[length] == '=') {
      return list;
    }
  }
  return NULL;
}

static void list_remove(char **at) {
  free(*at);
  memmove(at, at + 1, (list_count(at + 1) + 1) * sizeof *at);
}

static char **list_of(const struct process *process) {
  return process == &sim__process_first ? environ : process->variables;
}

void sim__variables_copy(struct process *process,
                         const struct process *parent) {
  list_add(&process->variables, NULL);
  for (char **from = list_of(parent); *from != NULL; from++) {
    list_add(&process->variables, strdup(*from));
  }
}

void sim__variables_take(struct process *process, const void *block,
                         bool is_wide) {
  list_add(&process->variables, NULL);
  if (is_wide) {
    for (const WCHAR *at = block; *at != 0; at += lstrlenW(at) + 1) {
      list_add(&process->variables, sim__narrow(at));
    }
  } else {
    for (const char *at = block; *at != 0; at += strlen(at) + 1) {
      list_add(&process->variables, strdup(at));
    }
  }
}

void sim__variables_free(struct process *process) {
  for (char **at = process->variables; at != NULL && *at != NULL; at++) {
    free(*at);
  }
  free(process->variables);
}

/* value_of returns a copy of the value of a variable, or NULL and the error.
 * The caller frees the copy. */
static char *value_of(const char *name) {
  char **at;
  char *value = NULL;

  pthread_mutex_lock(&sim__kernel.lock);
  at = list_find(list_of(sim__process_self()), name);
  if (at != NULL) {
    value = strdup(*at + strlen(name) + 1);
  }
  pthread_mutex_unlock(&sim__kernel.lock);
  SetLastError(value != NULL ? ERROR_SUCCESS : ERROR_ENVVAR_NOT_FOUND);
  return value;
}

/* value_set sets a variable of a process that CreateProcess has made. */
static void value_set(struct process *process, const char *name,
                      const char *value) {
  char **at = list_find(process->variables, name);

  if (at != NULL) {
    list_remove(at);
  }
  if (value != NULL) {
    const size_t size = strlen(name) + strlen(value) + 2;
    char *entry = malloc(size);

    snprintf(entry, size, "%s=%s", name, value);
    list_add(&process->variables, entry);
  }
}

/* program_value_set sets a variable of the program, however it is spelled. */
static void program_value_set(const char *name, const char *value) {
  char **at = list_find(environ, name);

  if (at != NULL) {
    char *old_name = strndup(*at, strlen(name));

    unsetenv(old_name);
    free(old_name);
  }
  if (value != NULL) {
    setenv(name, value, 1);
  }
}

/* --- The calls ----------------------------------------------------------- */

/* answer_text gives `text` to a caller with room for `size` characters. It
 * returns what Windows returns: the length, or the size that is needed. */
static DWORD answer_text(const char *text, LPSTR out, DWORD size) {
  size_t length = strlen(text);

  if (length >= size) {
    return (DWORD)length + 1;
  }
  memcpy(out, text, length + 1);
  return (DWORD)length;
}

static DWORD answer_wide(const char *text, LPWSTR out, DWORD size) {
  WCHAR *wide = sim__wide(text);
  DWORD length = (DWORD)lstrlenW(wide);

  if (length < size) {
    memcpy(out, wide, (length + 1) * sizeof *wide);
  }
  free(wide);
  return length < size ? length : length + 1;
}

DWORD WINAPI GetEnvironmentVariableA(LPCSTR name, LPSTR out, DWORD size) {
  char *value = value_of(name);
  const DWORD length = value != NULL ? answer_text(value, out, size) : 0;

  free(value);
  return length;
}

DWORD WINAPI GetEnvironmentVariableW(LPCWSTR name, LPWSTR out, DWORD size) {
  char *narrow = sim__narrow(name);
  char *value = value_of(narrow);
  const DWORD length = value != NULL ? answer_wide(value, out, size) : 0;

  free(narrow);
  free(value);
  return length;
}

BOOL WINAPI SetEnvironmentVariableA(LPCSTR name, LPCSTR value) {
  struct process *process = sim__process_self();

  if (name == NULL || *name == 0 || strchr(name, '=') != NULL) {
    SetLastError(ERROR_INVALID_PARAMETER);
    return FALSE;
  }
  pthread_mutex_lock(&sim__kernel.lock);
  if (process == &sim__process_first) {
    program_value_set(name, value);
  } else {
    value_set(process, name, value);
  }
  pthread_mutex_unlock(&sim__kernel.lock);
  return TRUE;
}

BOOL WINAPI SetEnvironmentVariableW(LPCWSTR name, LPCWSTR value) {
  char *narrow_name = sim__narrow(name);
  char *narrow_value = sim__narrow(value);
  BOOL done = SetEnvironmentVariableA(narrow_name, narrow_value);

  free(narrow_name);
  free(narrow_value);
  return done;
}

DWORD WINAPI GetModuleFileNameA(HMODULE module, LPSTR out, DWORD size) {
  (void)module;
  return answer_text(program_invocation_name, out, size);
}

DWORD WINAPI GetModuleFileNameW(HMODULE module, LPWSTR out, DWORD size) {
  (void)module;
  return answer_wide(program_invocation_name, out, size);
}
