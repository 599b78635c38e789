/* npipe-users PROGRAM [ARGUMENT...]: creates two local users with random
 * passwords, runs the program with their names and passwords in its environment
 * (NPIPE_USER_ALICE, NPIPE_PASSWORD_ALICE, and the same for BOB), and removes
 * the users again, even if the program fails or Ctrl+C is pressed. It needs
 * administrator rights. It exits with the program's exit code. If the users
 * cannot be created, it prints a line that begins with "npipe-users: not run: "
 * and exits with 125. */
#include "account.h"

#include <stdio.h>

#include "kit/usage.h"

enum { EXIT_NOT_RUN = 125, USERS = 2 };

static const struct {
  const wchar_t *name;
  const wchar_t *name_variable;
  const wchar_t *password_variable;
} users[USERS] = {
    {L"npipe-test-alice", L"NPIPE_USER_ALICE", L"NPIPE_PASSWORD_ALICE"},
    {L"npipe-test-bob", L"NPIPE_USER_BOB", L"NPIPE_PASSWORD_BOB"},
};

/* on_console ignores Ctrl+C, because the console also sends it to the program,
 * which ends; then this process ends too. When the console closes, a few
 * seconds are left to remove the users. */
static BOOL WINAPI on_console(DWORD event) {
  if (event == CTRL_CLOSE_EVENT || event == CTRL_LOGOFF_EVENT ||
      event == CTRL_SHUTDOWN_EVENT) {
    for (int i = 0; i < USERS; i++) {
      account_remove(users[i].name);
    }
    return FALSE;
  }
  return TRUE;
}

/* rest_of_line returns the part of the command line after this program's
 * name. */
static wchar_t *rest_of_line(wchar_t *line) {
  bool quoted = false;

  while (*line != 0 && (quoted || (*line != L' ' && *line != L'\t'))) {
    quoted ^= *line == L'"';
    line++;
  }
  while (*line == L' ' || *line == L'\t') {
    line++;
  }
  return line;
}

static int program_run(wchar_t *line) {
  STARTUPINFOW startup = {0};
  PROCESS_INFORMATION process;
  DWORD code = EXIT_NOT_RUN;

  startup.cb = sizeof(startup);
  fflush(NULL);
  if (!CreateProcessW(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &startup,
                      &process)) {
    printf("npipe-users: not run: CreateProcess: error %lu\n",
           (unsigned long)GetLastError());
    return EXIT_NOT_RUN;
  }
  WaitForSingleObject(process.hProcess, INFINITE);
  GetExitCodeProcess(process.hProcess, &code);
  CloseHandle(process.hThread);
  CloseHandle(process.hProcess);
  return (int)code;
}

/* user_make creates a user and puts its name and password into the
 * environment. */
static DWORD user_make(int index) {
  wchar_t password[PASSWORD_UNITS_MAX];
  DWORD error;

  if (!password_draw(password)) {
    return ERROR_NOT_READY;
  }
  error = account_add(users[index].name, password);
  if (error == NO_ERROR) {
    SetEnvironmentVariableW(users[index].name_variable, users[index].name);
    SetEnvironmentVariableW(users[index].password_variable, password);
  }
  SecureZeroMemory(password, sizeof(password));
  return error;
}

int main(int argc, char **argv) {
  wchar_t *line = rest_of_line(GetCommandLineW());
  int code = EXIT_NOT_RUN;
  int made = 0;
  DWORD error = NO_ERROR;

  /* The arguments behind PROGRAM are for PROGRAM. */
  usage_help(argc > 2 ? 2 : argc, argv,
             "usage: npipe-users PROGRAM [ARGUMENT...]\n\n"
             "Runs PROGRAM, which may act as two users made for the run.\n");
  if (argc < 2 || argv[1][0] == '-') {
    usage_refuse("npipe-users", argc < 2 ? "no PROGRAM" : argv[1]);
  }
  SetConsoleCtrlHandler(on_console, TRUE);
  while (made < USERS && error == NO_ERROR) {
    error = user_make(made);
    made += error == NO_ERROR;
  }
  if (error == NO_ERROR) {
    code = program_run(line);
  } else {
    printf("npipe-users: not run: no user %ls: error %lu%s\n", users[made].name,
           (unsigned long)error,
           error == ERROR_ACCESS_DENIED ? ", run as administrator" : "");
  }
  while (made-- > 0) {
    error = account_remove(users[made].name);
    if (error != NO_ERROR) {
      printf("npipe-users: remove the user %ls by hand: error %lu\n",
             users[made].name, (unsigned long)error);
    }
  }
  return code;
}
