/* Programs: functions that are registered under a name. CreateProcess starts
 * one as the first thread of a new process, with the words of the command line
 * and with the handles that it inherits. */
#define _GNU_SOURCE /* program_invocation_name */
#include "process.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { PROGRAMS_MAX = 64 };

static struct program {
  const char *name;
  sim_program start;
} programs[PROGRAMS_MAX];

/* --- Names --------------------------------------------------------------- */

/* base_of returns the name of a program without its folder, and stores the
 * length that it has without ".exe". */
static const char *base_of(const char *path, size_t *length) {
  const char *base = path;

  for (const char *at = path; *at != 0; at++) {
    if (*at == '\\' || *at == '/') {
      base = at + 1;
    }
  }
  *length = strlen(base);
  if (*length > 4 && strcasecmp(base + *length - 4, ".exe") == 0) {
    *length -= 4;
  }
  return base;
}

/* program_find returns the program that `path` names. If there is none, it
 * returns NULL, or with `may_add` an unused place. */
static struct program *program_find(const char *path, bool may_add) {
  size_t length;
  const char *base = base_of(path, &length);

  for (size_t i = 0; i < PROGRAMS_MAX; i++) {
    size_t other_length;
    const char *other;

    if (programs[i].name == NULL) {
      return may_add ? &programs[i] : NULL;
    }
    other = base_of(programs[i].name, &other_length);
    if (length == other_length && strncasecmp(base, other, length) == 0) {
      return &programs[i];
    }
  }
  return NULL;
}

void sim_register_program(const char *name, sim_program start) {
  struct program *program;

  pthread_mutex_lock(&sim__kernel.lock);
  program = program_find(name, true);
  if (program == NULL) {
    sim__report("no more than %d programs can be registered", PROGRAMS_MAX);
  } else {
    *program = (struct program){name, start};
  }
  pthread_mutex_unlock(&sim__kernel.lock);
}

/* --- Command lines ------------------------------------------------------- */

/* word_next copies the next word of `line` to `out`, which has room for all of
 * the line. It returns the rest of the line, or NULL at its end. Backslashes
 * before a quote are halved; two quotes inside quotes are one. Source:
 * Microsoft, "Parsing C command-line arguments". */
static const char *word_next(const char *line, char *out, bool is_first) {
  bool quoted = false;

  line += strspn(line, " \t");
  if (*line == 0 && !is_first) {
    return NULL;
  }
  for (; *line != 0 && (quoted || (*line != ' ' && *line != '\t')); line++) {
    size_t slashes = is_first ? 0 : strspn(line, "\\");

    if (slashes > 0) {
      bool before_quote = line[slashes] == '"';
      size_t kept = before_quote ? slashes / 2 : slashes;

      memset(out, '\\', kept);
      out += kept;
      line += slashes - 1;
      if (before_quote && slashes % 2 != 0) {
        *out++ = '"';
        line++;
      }
    } else if (*line == '"' && quoted && line[1] == '"' && !is_first) {
      *out++ = '"';
      line++;
    } else if (*line == '"') {
      quoted = !quoted;
    } else {
      *out++ = *line;
    }
  }
  *out = 0;
  return line;
}

static void words_set(struct process *process) {
  const char *line = process->command_line;
  char *word = malloc(strlen(line) + 1);

  process->words = calloc(strlen(line) + 2, sizeof *process->words);
  while ((line = word_next(line, word, process->word_count == 0)) != NULL) {
    process->words[process->word_count++] = strdup(word);
  }
  free(word);
}

/* --- Starting ------------------------------------------------------------ */

/* What CreateProcess was asked for, without regard to A or W. */
struct start {
  const char *application; /* NULL: the first word of the command line */
  const char *command_line;
  const SECURITY_ATTRIBUTES *process_attributes;
  const SECURITY_ATTRIBUTES *thread_attributes;
  bool inherits;
  DWORD flags;
  DWORD startup_flags;
  HANDLE standard[STANDARD_HANDLES];
  const void *environment; /* NULL: the one of the parent */
  const struct _PROC_THREAD_ATTRIBUTE_LIST *attributes;
};

struct _PROC_THREAD_ATTRIBUTE_LIST {
  const HANDLE *handles; /* NULL: no list of handles */
  size_t handle_count;
};

static HANDLE open_handle(struct object *object,
                          const SECURITY_ATTRIBUTES *attributes) {
  return sim__handle_open(object, PROCESS_ALL_ACCESS,
                          sim__inherits(attributes));
}

/* process_make makes the process and its first thread, which does not run
 * yet. */
static struct process *process_make(const struct start *start,
                                    struct thread **thread) {
  struct process *process = sim__process_new();

  process->command_line = strdup(
      start->command_line != NULL ? start->command_line : start->application);
  process->wide_command_line = sim__wide(process->command_line);
  words_set(process);
  if (start->environment != NULL) {
    sim__variables_take(process, start->environment,
                        (start->flags & CREATE_UNICODE_ENVIRONMENT) != 0);
  } else {
    sim__variables_copy(process, sim__process_self());
  }
  if (start->inherits) {
    const struct _PROC_THREAD_ATTRIBUTE_LIST *list = start->attributes;

    sim__handles_inherit(process, list != NULL ? list->handles : NULL,
                         list != NULL ? list->handle_count : 0);
  }
  if ((start->startup_flags & STARTF_USESTDHANDLES) != 0) {
    memcpy(process->standard, start->standard, sizeof process->standard);
  }
  *thread = sim__thread_new(process);
  (*thread)->is_main = true;
  (*thread)->suspended = (start->flags & CREATE_SUSPENDED) != 0;
  (*thread)->suspend_count = (*thread)->suspended;
  (*thread)->id = sim__thread_id_take();
  return process;
}

/* handles_check looks at the list of handles to inherit. Source: the
 * UpdateProcThreadAttribute page. */
static bool handles_check(const struct start *start) {
  const struct _PROC_THREAD_ATTRIBUTE_LIST *list = start->attributes;

  return list == NULL || list->handles == NULL ||
         (start->inherits &&
          sim__handles_are_inheritable(list->handles, list->handle_count));
}

static const struct program *program_of(const struct start *start) {
  const struct program *program;
  char *word;

  if (start->application != NULL) {
    return program_find(start->application, false);
  }
  word = malloc(strlen(start->command_line) + 1);
  word_next(start->command_line, word, true);
  program = program_find(word, false);
  free(word);
  return program;
}

static void process_start(struct call *call, const struct start *start,
                          PROCESS_INFORMATION *out) {
  const struct program *program = NULL;
  struct process *process;
  struct thread *thread;

  if (start->application != NULL || start->command_line != NULL) {
    program = program_of(start);
  }
  if (program == NULL) {
    call->error = ERROR_FILE_NOT_FOUND;
    return;
  }
  if (!handles_check(start)) {
    call->error = ERROR_INVALID_PARAMETER;
    return;
  }
  process = process_make(start, &thread);
  process->name = program->name;
  process->start = program->start;
  out->dwProcessId = process->id;
  out->dwThreadId = thread->id;
  out->hProcess = open_handle(&process->object, start->process_attributes);
  if (!thread->suspended) {
    sim__object_ref(
        &thread->object); /* one for the handle, one until its end */
  }
  out->hThread = open_handle(&thread->object, start->thread_attributes);
  if (!thread->suspended && !sim__thread_start(thread)) {
    NTSTATUS status;

    sim__handle_close(out->hThread, &status);
    sim__handle_close(out->hProcess, &status);
    call->error = ERROR_NOT_ENOUGH_MEMORY;
  }
}

/* start_extend takes what STARTUPINFOEX has beyond STARTUPINFO. */
static void start_extend(struct start *start, const void *startup) {
  if ((start->flags & EXTENDED_STARTUPINFO_PRESENT) != 0) {
    const STARTUPINFOEXA *extended = startup; /* as long as STARTUPINFOEXW */

    start->attributes = extended->lpAttributeList;
  }
}

/* --- The calls ----------------------------------------------------------- */

/* The folder has no effect: processes share that of the program. */
BOOL WINAPI CreateProcessA(LPCSTR application, LPSTR command_line,
                           LPSECURITY_ATTRIBUTES process_attributes,
                           LPSECURITY_ATTRIBUTES thread_attributes,
                           BOOL inherits, DWORD flags, LPVOID environment,
                           LPCSTR folder, LPSTARTUPINFOA startup,
                           LPPROCESS_INFORMATION out) {
  struct call call;

  (void)folder;
  if (sim__call_begin(&call, __func__, PLACE, "%s",
                      command_line != NULL ? command_line : application) &&
      !sim__handle_is_full_for(&call)) {
    struct start start = {
        application,
        command_line,
        process_attributes,
        thread_attributes,
        inherits != 0,
        flags,
        startup->dwFlags,
        {startup->hStdInput, startup->hStdOutput, startup->hStdError},
        environment,
        NULL};

    start_extend(&start, startup);
    process_start(&call, &start, out);
  }
  return sim__call_end(&call);
}

BOOL WINAPI CreateProcessW(LPCWSTR application, LPWSTR command_line,
                           LPSECURITY_ATTRIBUTES process_attributes,
                           LPSECURITY_ATTRIBUTES thread_attributes,
                           BOOL inherits, DWORD flags, LPVOID environment,
                           LPCWSTR folder, LPSTARTUPINFOW startup,
                           LPPROCESS_INFORMATION out) {
  char *narrow_application = sim__narrow(application);
  char *narrow_command_line = sim__narrow(command_line);
  struct call call;

  (void)folder;
  if (sim__call_begin(
          &call, __func__, PLACE, "%s",
          command_line != NULL ? narrow_command_line : narrow_application) &&
      !sim__handle_is_full_for(&call)) {
    struct start start = {
        narrow_application,
        narrow_command_line,
        process_attributes,
        thread_attributes,
        inherits != 0,
        flags,
        startup->dwFlags,
        {startup->hStdInput, startup->hStdOutput, startup->hStdError},
        environment,
        NULL};

    start_extend(&start, startup);
    process_start(&call, &start, out);
  }
  free(narrow_application);
  free(narrow_command_line);
  return sim__call_end(&call);
}

/* An attribute list holds a list of handles to inherit, and nothing else. */
BOOL WINAPI InitializeProcThreadAttributeList(LPPROC_THREAD_ATTRIBUTE_LIST list,
                                              DWORD count, DWORD flags,
                                              PSIZE_T size) {
  const SIZE_T given = *size;

  (void)count;
  (void)flags;
  *size = sizeof *list;
  if (list == NULL || given < sizeof *list) {
    return sim__refuse(ERROR_INSUFFICIENT_BUFFER);
  }
  memset(list, 0, sizeof *list);
  return TRUE;
}

BOOL WINAPI UpdateProcThreadAttribute(LPPROC_THREAD_ATTRIBUTE_LIST list,
                                      DWORD flags, DWORD_PTR attribute,
                                      PVOID value, SIZE_T size, PVOID previous,
                                      PSIZE_T previous_size) {
  (void)flags;
  (void)previous;
  (void)previous_size;
  if (attribute != PROC_THREAD_ATTRIBUTE_HANDLE_LIST) {
    return sim__refuse(ERROR_NOT_SUPPORTED);
  }
  if (size == 0 || size % sizeof(HANDLE) != 0) {
    return sim__refuse(ERROR_BAD_LENGTH);
  }
  list->handles = value;
  list->handle_count = size / sizeof(HANDLE);
  return TRUE;
}

void WINAPI DeleteProcThreadAttributeList(LPPROC_THREAD_ATTRIBUTE_LIST list) {
  (void)list;
}

/* The first process has only the name of the program in its command line. */
LPSTR WINAPI GetCommandLineA(void) {
  char *line;

  pthread_mutex_lock(&sim__kernel.lock);
  line = sim__process_self()->command_line;
  pthread_mutex_unlock(&sim__kernel.lock);
  return line != NULL ? line : program_invocation_name;
}

LPWSTR WINAPI GetCommandLineW(void) {
  struct process *self;

  pthread_mutex_lock(&sim__kernel.lock);
  self = sim__process_self();
  if (self->wide_command_line == NULL) {
    self->wide_command_line = sim__wide(program_invocation_name);
  }
  pthread_mutex_unlock(&sim__kernel.lock);
  return self->wide_command_line;
}
