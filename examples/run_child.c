/* run_child SECONDS TEXT COMMAND: runs COMMAND with its three standard streams
 * on pipes. The child reads TEXT from its standard input; what it writes is
 * printed with "out: " or "err: " before each line. A child that still runs, or
 * still has an output open, after SECONDS is killed.
 *
 * run_child --echo and run_child --wait are two children to try: one copies its
 * input to both outputs, one waits for ever. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <npipe/npipe.h>

typedef struct stream {
  const char *name;
  np_pipe *pipe;
  HANDLE child_end; /* NULL when closed */
  np_op op;
  bool begins_line;
  char buffer[4096];
} stream;

static np_loop *loop;
static np_timer limit;
static PROCESS_INFORMATION child;
static bool is_killed;
static stream in, out, err;

static void stream_close(stream *s) {
  if (!s->begins_line) {
    putchar('\n');
    s->begins_line = true;
  }
  np_pipe_close(s->pipe, NULL);
  s->pipe = NULL;
  if (out.pipe == NULL && err.pipe == NULL) {
    np_timer_stop(&limit);
    np_pipe_close(in.pipe,
                  NULL); /* The child reads no more, or does not write. */
    in.pipe = NULL;
  }
}

/* on_written ends the child's input. It can still read what was written. */
static void on_written(np_op *op, np_error error, size_t transferred) {
  (void)op, (void)error, (void)transferred;
  np_pipe_close(in.pipe, NULL);
  in.pipe = NULL;
}

static void print(stream *s, size_t length) {
  for (size_t i = 0; i < length; i++) {
    if (s->begins_line) {
      printf("%s: ", s->name);
    }
    putchar(s->buffer[i]);
    s->begins_line = s->buffer[i] == '\n';
  }
}

static void on_read(np_op *op, np_error error, size_t transferred) {
  stream *s = op->user;

  if (s->pipe == NULL) {
    return; /* It was closed at the limit. */
  }
  if (error == NP_OK) {
    print(s, transferred);
    error = np_pipe_read(s->pipe, s->buffer, sizeof s->buffer, op, on_read);
  }
  if (error != NP_OK) { /* ERROR_BROKEN_PIPE: nobody writes any more. */
    stream_close(s);
  }
}

/* on_limit also closes the pipes: a child of the child may hold their other
 * ends. */
static void on_limit(np_timer *timer) {
  (void)timer;
  is_killed = true;
  TerminateProcess(child.hProcess, 1);
  stream_close(&out);
  stream_close(&err);
}

static np_error stream_open(stream *s, const char *name, bool child_reads) {
  np_pair_options options;

  np_pair_options_init(&options);
  options.read = !child_reads;
  options.write = child_reads;
  options.inheritable = true;
  s->name = name;
  s->begins_line = true;
  s->op.user = s;
  return np_pipe_pair(loop, &options, &s->pipe, &s->child_end);
}

/* child_end_close closes this process's handle of the child's end. Until then
 * the stream would not end with the child. */
static void child_end_close(stream *s) {
  if (s->child_end != NULL) {
    CloseHandle(s->child_end);
    s->child_end = NULL;
  }
}

/* child_start starts the command. The list names the handles that the child
 * inherits: without it the child would inherit each inheritable handle of this
 * process, and each other child the ends of this one. */
static bool child_start(char *command) {
  HANDLE handles[] = {in.child_end, out.child_end, err.child_end};
  STARTUPINFOEXA startup = {.StartupInfo = {.cb = sizeof startup,
                                            .dwFlags = STARTF_USESTDHANDLES,
                                            .hStdInput = in.child_end,
                                            .hStdOutput = out.child_end,
                                            .hStdError = err.child_end}};
  SIZE_T size = 0;
  bool is_started;

  InitializeProcThreadAttributeList(NULL, 1, 0, &size);
  startup.lpAttributeList = malloc(size);
  if (startup.lpAttributeList == NULL) {
    return false;
  }
  is_started =
      InitializeProcThreadAttributeList(startup.lpAttributeList, 1, 0, &size);
  if (is_started) {
    is_started =
        UpdateProcThreadAttribute(startup.lpAttributeList, 0,
                                  PROC_THREAD_ATTRIBUTE_HANDLE_LIST, handles,
                                  sizeof handles, NULL, NULL) &&
        CreateProcessA(NULL, command, NULL, NULL, TRUE,
                       EXTENDED_STARTUPINFO_PRESENT, NULL, NULL,
                       &startup.StartupInfo, &child);
    DeleteProcThreadAttributeList(startup.lpAttributeList);
  }
  free(startup.lpAttributeList);
  child_end_close(&in);
  child_end_close(&out);
  child_end_close(&err);
  return is_started;
}

/* child_end waits for the child until the limit, then kills it. */
static DWORD child_end(uint64_t deadline) {
  const uint64_t now = GetTickCount64();
  DWORD code = 0;

  if (WaitForSingleObject(child.hProcess,
                          now < deadline ? (DWORD)(deadline - now) : 0) !=
      WAIT_OBJECT_0) {
    is_killed = true;
    TerminateProcess(child.hProcess, 1);
    WaitForSingleObject(child.hProcess, INFINITE);
  }
  GetExitCodeProcess(child.hProcess, &code);
  CloseHandle(child.hThread);
  CloseHandle(child.hProcess);
  return code;
}

static int run(uint32_t limit_ms, const char *text, char *command) {
  const uint64_t deadline = GetTickCount64() + limit_ms;
  DWORD code;

  if (stream_open(&in, "in", true) != NP_OK ||
      stream_open(&out, "out", false) != NP_OK ||
      stream_open(&err, "err", false) != NP_OK || !child_start(command)) {
    fprintf(stderr, "run_child: the command cannot be started\n");
    stream_close(&out);
    stream_close(&err);
    np_loop_run(loop);
    return 1;
  }
  np_pipe_write(in.pipe, text, strlen(text), &in.op, on_written);
  np_pipe_read(out.pipe, out.buffer, sizeof out.buffer, &out.op, on_read);
  np_pipe_read(err.pipe, err.buffer, sizeof err.buffer, &err.op, on_read);
  np_timer_start(loop, &limit, limit_ms, on_limit);
  np_loop_run(loop);
  code = child_end(deadline);
  if (is_killed) {
    printf("killed after %u ms\n", (unsigned)limit_ms);
    return 2;
  }
  printf("exit code %u\n", (unsigned)code);
  return 0;
}

/* echo is a child that knows nothing of pipes. */
static int echo(void) {
  char line[256];

  while (fgets(line, sizeof line, stdin) != NULL) {
    printf("%s", line);
    fprintf(stderr, "%u bytes\n", (unsigned)strlen(line));
  }
  return 3;
}

int main(int argc, char **argv) {
  int result;

  if (argc == 2 && strcmp(argv[1], "--echo") == 0) {
    return echo();
  }
  if (argc == 2 && strcmp(argv[1], "--wait") == 0) {
    Sleep(INFINITE);
  }
  if (argc != 4) {
    fprintf(stderr, "usage: run_child SECONDS TEXT COMMAND\n");
    return 1;
  }
  if (np_loop_create(NULL, &loop) != NP_OK) {
    return 1;
  }
  result = run((uint32_t)strtoul(argv[1], NULL, 10) * 1000, argv[2], argv[3]);
  return np_loop_destroy(loop) == NP_OK ? result : 1;
}
