/* The runner's machine on Win32, on Windows or Wine: processes, pipes and the
 * clock. */
#include "world/host.h"

#include <windows.h>

#include <io.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
  /* Time that the pipe of an ended process may stay open. */
  ENDED_WAIT_MS = 5000,
  /* Time that a process may take to end after its output has ended. */
  EXIT_WAIT_MS = 20000,
  /* Starts of a child are repeated. No case has run yet, so a repeat hides
   * nothing. A start failed once under Wine 8.0 on a busy machine, for an
   * unknown reason. */
  STARTS_MAX = 3,
  START_PAUSE_MS = 500,
  /* Time that Wine may take to set up its drives, and the interval of looks. */
  DRIVE_WAIT_MS = 10000,
  DRIVE_LOOK_MS = 10,
  /* ENABLE_VIRTUAL_TERMINAL_PROCESSING, which headers for Windows 7 lack. */
  VIRTUAL_TERMINAL_PROCESSING = 4
};

static HANDLE stdio_pipe;
static LPTOP_LEVEL_EXCEPTION_FILTER crash_filter;

struct host_child {
  HANDLE process;
  HANDLE job; /* NULL if not possible: a nested job on Windows 7 */
  HANDLE in;  /* stdin of the child; NULL when closed */
  HANDLE out; /* stdout of the child, overlapped */
  OVERLAPPED read;
  bool reading;
  bool ended;
  ULONGLONG gone_ms; /* time at which host_wait saw `process` end, or 0 */
  DWORD id;
  char copy[MAX_PATH]; /* of the executable; empty: it is not a copy */
  char bytes[4096];
};

/* crash_report prints the crash to the run's own output, and ends the process
 * with the crash's code. */
static LONG WINAPI crash_report(EXCEPTION_POINTERS *crash) {
  DWORD code = crash->ExceptionRecord->ExceptionCode;
  void *address = crash->ExceptionRecord->ExceptionAddress;
  HMODULE module = NULL;
  char path[MAX_PATH] = "?";

  GetModuleHandleExA(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS |
                         GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
                     (const char *)address, &module);
  GetModuleFileNameA(module, path, sizeof(path));
  fprintf(stderr, "\nexception 0x%08lx at %s+0x%lx\n", (unsigned long)code,
          path, (unsigned long)((ULONG_PTR)address - (ULONG_PTR)module));
  TerminateProcess(GetCurrentProcess(), code);
  return EXCEPTION_EXECUTE_HANDLER;
}

/* drive_wait waits until the current drive is a device. Wine sets up its drives
 * while the first program already runs, and until then relative names do not
 * work. */
static void drive_wait(void) {
  char directory[MAX_PATH];
  char device[MAX_PATH];
  DWORD length = GetCurrentDirectoryA(sizeof(directory), directory);

  if (length == 0 || length >= sizeof(directory) || directory[1] != ':') {
    return; /* the directory is not on a drive */
  }
  directory[2] = '\0';
  for (int looks = 0; looks < DRIVE_WAIT_MS / DRIVE_LOOK_MS &&
                      QueryDosDeviceA(directory, device, sizeof(device)) == 0;
       looks++) {
    Sleep(DRIVE_LOOK_MS);
  }
}

void host_init(bool child) {
  SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX |
               SEM_NOOPENFILEERRORBOX);
  if (child) {
    /* The parent's job ends this process together with the parent. Crashes go
     * neither to Wine's debugger nor to the error reports of Windows. */
    SetUnhandledExceptionFilter(crash_report);
  } else {
    drive_wait();
  }
}

void host_crash_save(void) {
  crash_filter = crash_report;
}

void host_crash_restore(void) {
  SetUnhandledExceptionFilter(crash_filter);
}

uint64_t host_now_ms(void) {
  return GetTickCount64();
}

void host_terminal(struct host_terminal *terminal) {
  HANDLE out = GetStdHandle(STD_OUTPUT_HANDLE);
  CONSOLE_SCREEN_BUFFER_INFO info;
  DWORD mode;

  memset(terminal, 0, sizeof(*terminal));
  if (GetConsoleMode(out, &mode) && GetConsoleScreenBufferInfo(out, &info) &&
      info.dwSize.X > 1) {
    terminal->columns = (size_t)info.dwSize.X;
    /* Consoles before Windows 10 1511 refuse the flag. */
    terminal->colours =
        SetConsoleMode(out, mode | VIRTUAL_TERMINAL_PROCESSING) != FALSE;
  }
}

uint32_t host_process_id(void) {
  return GetCurrentProcessId();
}

bool host_directory(char *out, size_t size) {
  DWORD length = GetModuleFileNameA(NULL, out, (DWORD)size);
  char *slash;

  if (length == 0 || length >= size) {
    return false;
  }
  slash = strrchr(out, '\\');
  if (slash == NULL) {
    return false;
  }
  *slash = '\0';
  return true;
}

void host_exit(int code) {
  fflush(NULL);
  TerminateProcess(GetCurrentProcess(), (UINT)code);
  abort();
}

void host_crash_text(uint32_t code, char *out, size_t size) {
  if (code >= 0x80000000u) {
    snprintf(out, size, "exception 0x%08lx", (unsigned long)code);
  } else {
    snprintf(out, size, "exit code %lu", (unsigned long)code);
  }
}

/* output_pipe creates the pipe of the child's stdout: our end is overlapped,
 * the child's end is not. */
static bool output_pipe(HANDLE *ours, HANDLE *its) {
  static LONG count;
  SECURITY_ATTRIBUTES inherit = {sizeof(inherit), NULL, TRUE};
  char name[64];

  snprintf(name, sizeof(name), "\\\\.\\pipe\\npipe-runner-%lu-%ld",
           (unsigned long)GetCurrentProcessId(),
           (long)InterlockedIncrement(&count));
  *ours = CreateNamedPipeA(name,
                           PIPE_ACCESS_INBOUND | FILE_FLAG_OVERLAPPED |
                               FILE_FLAG_FIRST_PIPE_INSTANCE,
                           PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_WAIT, 1,
                           65536, 65536, 0, NULL);
  if (*ours == INVALID_HANDLE_VALUE) {
    return false;
  }
  *its = CreateFileA(name, GENERIC_WRITE, 0, &inherit, OPEN_EXISTING,
                     FILE_ATTRIBUTE_NORMAL, NULL);
  if (*its == INVALID_HANDLE_VALUE) {
    CloseHandle(*ours);
    return false;
  }
  return true;
}

static HANDLE kill_job(void) {
  JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits;
  HANDLE job = CreateJobObjectW(NULL, NULL);

  memset(&limits, 0, sizeof(limits));
  limits.BasicLimitInformation.LimitFlags =
      JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE |
      JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION;
  if (job != NULL &&
      !SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits,
                               sizeof(limits))) {
    CloseHandle(job);
    job = NULL;
  }
  return job;
}

/* command_line builds `"program" argument ...`. Arguments contain no quotes. */
static bool command_line(const char *program, const char *const *arguments,
                         char *out, size_t size) {
  size_t used;

  used = (size_t)snprintf(out, size, "\"%s\"", program);
  for (size_t i = 0; arguments[i] != NULL; i++) {
    if (used + strlen(arguments[i]) + 4 > size) {
      return false;
    }
    used += (size_t)snprintf(out + used, size - used, " \"%s\"", arguments[i]);
  }
  return true;
}

static void handle_close(HANDLE *handle) {
  if (*handle != NULL && *handle != INVALID_HANDLE_VALUE) {
    CloseHandle(*handle);
  }
  *handle = NULL;
}

static void child_free(host_child *child) {
  handle_close(&child->process);
  handle_close(&child->job);
  handle_close(&child->in);
  handle_close(&child->out);
  handle_close(&child->read.hEvent);
  if (child->copy[0] != '\0') {
    DeleteFileA(child->copy);
  }
  free(child);
}

/* program_path writes the path of this executable. For another user it is that
 * of a copy where everybody may read, because the executable may lie in a
 * folder of the caller alone. */
static bool program_path(host_child *child, bool is_for_other_user, char *out,
                         size_t size) {
  const DWORD length = GetModuleFileNameA(NULL, out, (DWORD)size);
  char folder[MAX_PATH / 2];

  if (length == 0 || length >= size || !is_for_other_user) {
    return length > 0 && length < size;
  }
  if (GetEnvironmentVariableA("PUBLIC", folder, sizeof(folder)) == 0) {
    return false;
  }
  snprintf(child->copy, sizeof(child->copy), "%s\\npipe-role-%lu.exe", folder,
           (unsigned long)GetCurrentProcessId());
  if (!CopyFileA(out, child->copy, FALSE)) {
    child->copy[0] = '\0';
    return false;
  }
  snprintf(out, size, "%s", child->copy);
  return true;
}

/* create_as creates the process of another user, in a folder of its own. It
 * gets the three handles of `startup`. Source: CreateProcessWithTokenW */
static bool create_as(HANDLE token, const char *line,
                      const STARTUPINFOA *startup,
                      PROCESS_INFORMATION *process) {
  STARTUPINFOW wide_startup;
  wchar_t wide[4096];
  wchar_t folder[MAX_PATH];

  memset(&wide_startup, 0, sizeof(wide_startup));
  wide_startup.cb = sizeof(wide_startup);
  wide_startup.dwFlags = startup->dwFlags;
  wide_startup.hStdInput = startup->hStdInput;
  wide_startup.hStdOutput = startup->hStdOutput;
  wide_startup.hStdError = startup->hStdError;
  return MultiByteToWideChar(CP_ACP, 0, line, -1, wide, 4096) > 0 &&
         GetSystemDirectoryW(folder, MAX_PATH) > 0 &&
         CreateProcessWithTokenW(token, 0, NULL, wide, CREATE_SUSPENDED, NULL,
                                 folder, &wide_startup, process);
}

/* child_create creates the process, which inherits only the three handles. All
 * other handles of this process are not inheritable. */
static bool child_create(host_child *child, HANDLE token,
                         const char *const *arguments, HANDLE in, HANDLE out,
                         HANDLE err) {
  STARTUPINFOA startup;
  PROCESS_INFORMATION process;
  char program[2048];
  char line[4096];

  memset(&startup, 0, sizeof(startup));
  startup.cb = sizeof(startup);
  startup.dwFlags = STARTF_USESTDHANDLES;
  startup.hStdInput = in;
  startup.hStdOutput = out;
  startup.hStdError = err;
  fflush(NULL);
  if (!program_path(child, token != NULL, program, sizeof(program)) ||
      !command_line(program, arguments, line, sizeof(line))) {
    return false;
  }
  if (token != NULL
          ? !create_as(token, line, &startup, &process)
          : !CreateProcessA(NULL, line, NULL, NULL, TRUE, CREATE_SUSPENDED,
                            NULL, NULL, &startup, &process)) {
    return false;
  }
  child->process = process.hProcess;
  child->id = process.dwProcessId;
  child->job = kill_job();
  if (child->job != NULL &&
      !AssignProcessToJobObject(child->job, process.hProcess)) {
    handle_close(&child->job);
  }
  ResumeThread(process.hThread);
  CloseHandle(process.hThread);
  return true;
}

/* read_start starts a read if none is in flight. The event reports its
 * result. */
static void read_start(host_child *child) {
  if (child->reading || child->ended) {
    return;
  }
  if (ReadFile(child->out, child->bytes, sizeof(child->bytes), NULL,
               &child->read) ||
      GetLastError() == ERROR_IO_PENDING) {
    child->reading = true;
  } else {
    child->ended = true;
    SetEvent(child->read.hEvent);
  }
}

static host_child *child_start(HANDLE token, const char *const *arguments,
                               enum host_stderr its_stderr, char *why,
                               size_t why_size) {
  SECURITY_ATTRIBUTES inherit = {sizeof(inherit), NULL, TRUE};
  host_child *child = calloc(1, sizeof(*child));
  HANDLE in = NULL;
  HANDLE out = NULL;
  HANDLE err = NULL;
  const char *step = "its pipes";
  bool started = false;

  if (child == NULL) {
    snprintf(why, why_size, "no memory");
    return NULL;
  }
  child->read.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
  if (child->read.hEvent == NULL ||
      !CreatePipe(&in, &child->in, &inherit, 65536) ||
      !SetHandleInformation(child->in, HANDLE_FLAG_INHERIT, 0) ||
      !output_pipe(&child->out, &out)) {
    goto cleanup;
  }
  if (!DuplicateHandle(
          GetCurrentProcess(),
          its_stderr == HOST_STDERR_STDOUT ? out
                                           : GetStdHandle(STD_ERROR_HANDLE),
          GetCurrentProcess(), &err, 0, TRUE, DUPLICATE_SAME_ACCESS)) {
    step = "DuplicateHandle of stderr";
    goto cleanup;
  }
  step = "CreateProcess";
  started = child_create(child, token, arguments, in, out, err);

cleanup:
  if (!started) {
    snprintf(why, why_size, "%s: error %lu", step,
             (unsigned long)GetLastError());
  }
  handle_close(&in);
  handle_close(&out);
  handle_close(&err);
  if (!started) {
    child_free(child);
    return NULL;
  }
  read_start(child);
  return child;
}

host_child *host_child_start(const char *const *arguments,
                             enum host_stderr its_stderr, char *why,
                             size_t why_size) {
  host_child *child = child_start(NULL, arguments, its_stderr, why, why_size);

  for (int i = 1; child == NULL && i < STARTS_MAX; i++) {
    fprintf(stderr, "npipe-conformance: again: a process could not start: %s\n",
            why);
    Sleep(START_PAUSE_MS);
    child = child_start(NULL, arguments, its_stderr, why, why_size);
  }
  return child;
}

host_child *host_child_start_as(void *token, const char *const *arguments,
                                char *why, size_t why_size) {
  return child_start(token, arguments, HOST_STDERR_SHARED, why, why_size);
}

uint32_t host_child_id(const host_child *child) {
  return child->id;
}

bool host_child_write(host_child *child, const char *text, size_t length) {
  DWORD written = 0;

  return child->in != NULL &&
         WriteFile(child->in, text, (DWORD)length, &written, NULL) &&
         written == length;
}

void host_child_close_input(host_child *child) {
  handle_close(&child->in);
}

/* gone notes that the process has ended. */
static void gone(host_child *child) {
  child->gone_ms = GetTickCount64();
  /* The child's own children must not keep its output open. */
  if (child->job != NULL) {
    TerminateJobObject(child->job, 1);
  }
}

void host_wait(host_child *const *children, size_t count, uint64_t timeout_ms) {
  HANDLE handles[2 * HOST_CHILDREN_MAX] = {NULL};
  host_child *process_of[2 * HOST_CHILDREN_MAX] = {NULL};
  DWORD handle_count = 0;
  DWORD first;

  for (size_t i = 0; i < count; i++) {
    handles[handle_count++] = children[i]->read.hEvent;
    if (children[i]->gone_ms == 0) {
      process_of[handle_count] = children[i];
      handles[handle_count++] = children[i]->process;
    } else if (timeout_ms > ENDED_WAIT_MS) {
      timeout_ms = ENDED_WAIT_MS;
    }
  }
  first = WaitForMultipleObjects(
      handle_count, handles, FALSE,
      timeout_ms < INFINITE ? (DWORD)timeout_ms : INFINITE);
  if (first < handle_count && process_of[first] != NULL) {
    gone(process_of[first]);
  }
}

size_t host_child_read(host_child *child, char *out, size_t size, bool *ended) {
  DWORD length = 0;

  read_start(child);
  if (child->reading) {
    if (GetOverlappedResult(child->out, &child->read, &length, FALSE)) {
      child->reading = false;
    } else if (GetLastError() != ERROR_IO_INCOMPLETE) {
      child->reading = false;
      child->ended = true;
    } else if (child->gone_ms != 0 &&
               GetTickCount64() - child->gone_ms > ENDED_WAIT_MS) {
      /* Another process holds the child's stdout, and without a job it cannot
       * be ended. */
      child->ended = true;
    }
  }
  *ended = child->ended;
  if (length > size) {
    length = (DWORD)size; /* never: callers give at least this size */
  }
  memcpy(out, child->bytes, length);
  if (length > 0) {
    read_start(child);
  }
  return length;
}

uint32_t host_child_end(host_child *child) {
  DWORD code = 1;
  DWORD length = 0;

  if (WaitForSingleObject(child->process, child->ended ? EXIT_WAIT_MS : 0) !=
      WAIT_OBJECT_0) {
    TerminateProcess(child->process, 1);
    WaitForSingleObject(child->process, INFINITE);
  }
  if (child->job != NULL) {
    TerminateJobObject(child->job, 1);
  }
  GetExitCodeProcess(child->process, &code);
  if (child->reading) {
    CancelIo(child->out);
    GetOverlappedResult(child->out, &child->read, &length, TRUE);
  }
  child_free(child);
  return code;
}

void host_stdio_detach(void) {
  fflush(stdout);
  DuplicateHandle(GetCurrentProcess(), GetStdHandle(STD_OUTPUT_HANDLE),
                  GetCurrentProcess(), &stdio_pipe, 0, FALSE,
                  DUPLICATE_SAME_ACCESS);
  _dup2(_fileno(stderr), _fileno(stdout));
}

void host_stdio_write(const char *text, size_t length) {
  DWORD written = 0;

  WriteFile(stdio_pipe, text, (DWORD)length, &written, NULL);
}
