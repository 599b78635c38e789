/* Processes: their life and their end. The end of a process cancels its
 * operations and closes its handles at once. Its threads cannot be stopped in
 * the middle of C code, so each ends at its next call of npsim, before the call
 * has an effect. The process has ended when its last thread has. */
#include "process.h"

#include <stdlib.h>
#include <unistd.h>

enum { ID_FIRST = 4242, ID_STEP = 4 };

struct process sim__process_first = {
    .object = {.type = OBJECT_PROCESS, .refs = 1},
    .id = ID_FIRST,
    .session_id = 1,
};

static uint32_t last_id = ID_FIRST;

struct process *sim__process_self(void) {
  return sim__thread_self()->process;
}

struct process *sim__process_new(void) {
  struct process *process = calloc(1, sizeof *process);
  const struct thread *self = sim__thread_self();

  sim__object_init(&process->object, OBJECT_PROCESS);
  last_id += ID_STEP;
  process->id = last_id;
  process->session_id = self->session_id;
  process->user = self->user;
  if (process->user != NULL) {
    sim__object_ref(&process->user->object);
  }
  process->next = sim__process_first.next;
  sim__process_first.next = process;
  sim__kill_born(process);
  return process;
}

void sim__process_free(struct process *process) {
  struct process *before = &sim__process_first;

  while (before->next != process) {
    before = before->next;
  }
  before->next = process->next;
  if (process->user != NULL) {
    sim__object_unref(&process->user->object);
  }
  for (int i = 0; i < process->word_count; i++) {
    free(process->words[i]);
  }
  free(process->words);
  sim__variables_free(process);
  free(process->command_line);
  free(process->wide_command_line);
  free(process);
}

/* --- The end ------------------------------------------------------------- */

static void check_gone(struct process *process) {
  if (process->is_ending && process->threads == 0 && !process->has_ended) {
    process->has_ended = true;
    sim__wake();
  }
}

void sim__process_end(struct process *process, DWORD code) {
  if (process->is_ending) {
    return;
  }
  process->is_ending = true;
  process->exit_code = code;
  sim__kill_ended(process);
  for (struct thread *t = sim__kernel.thread_list; t != NULL; t = t->next) {
    t->is_ending = t->is_ending || t->process == process;
  }
  sim__pool_drop(process);
  sim__ops_abandon(process);
  sim__handles_close(process);
  sim__tls_drop(process->id);
  sim__wake();
  check_gone(process);
}

void sim__process_left(struct process *process, DWORD code) {
  process->threads--;
  if (process->threads == 0 && process != &sim__process_first) {
    sim__process_end(process, code);
    check_gone(process);
  }
}

void sim__process_exit(DWORD code) {
  struct process *process = sim__process_self();

  if (sim__kernel.settings.strict_exits && !process->is_ending) {
    sim__handles_report(process);
  }
  sim__process_end(process, code);
}

static bool none_is_ending(void *unused) {
  const struct process *process = sim__process_first.next;

  (void)unused;
  while (process != NULL && process->is_ending == process->has_ended) {
    process = process->next;
  }
  return process == NULL;
}

void sim__processes_settle(void) {
  sim__block(none_is_ending, NULL, NEVER);
}

static void process_report(const struct process *process) {
  sim__handles_report(process);
  if (process->pool_objects > 0) {
    sim__report("%zu objects of the thread pool were not closed",
                process->pool_objects);
  }
  if (process->locals > 0) {
    sim__report("%lld blocks were not given to LocalFree",
                (long long)process->locals);
  }
}

void sim__processes_report(void) {
  process_report(&sim__process_first);
  for (const struct process *p = sim__process_first.next; p != NULL;
       p = p->next) {
    if (!p->is_ending) {
      sim__report("a process still runs: %u, %s", p->id, p->name);
    }
  }
}

void sim__processes_reset(void) {
  struct process *first = &sim__process_first;
  bool is_alone = true;

  for (struct process *p = first->next; p != NULL; p = p->next) {
    sim__object_ref(&p->object);
    sim__process_end(p, 0);
    is_alone = false;
  }
  if (!is_alone) {
    sim__processes_settle();
  }
  sim__handles_close(first);
  for (struct process *p = first->next, *next; p != NULL; p = next) {
    next = p->next;
    sim__object_unref(&p->object);
  }
  for (size_t i = 0; i < STANDARD_HANDLES; i++) {
    first->standard[i] = NULL;
  }
  first->locals = 0;
  first->pool_objects = 0;
  last_id = ID_FIRST;
}

/* --- The calls ----------------------------------------------------------- */

/* process_find also knows the ids of sim_set_process. */
static struct process *process_find(uint32_t id) {
  struct process *process = &sim__process_first;

  while (process != NULL && process->id != id) {
    process = process->next;
  }
  for (struct thread *t = sim__kernel.thread_list; process == NULL && t != NULL;
       t = t->next) {
    process = t->process_id == id ? t->process : NULL;
  }
  return process;
}

HANDLE WINAPI OpenProcess(DWORD access, BOOL inherit, DWORD id) {
  struct call call;
  HANDLE handle = NULL;

  if (sim__call_begin(&call, __func__, PLACE, "%x %u", (unsigned)access,
                      (unsigned)id) &&
      !sim__handle_is_full_for(&call)) {
    struct process *process = process_find(id);

    if (process == NULL) {
      call.error = ERROR_INVALID_PARAMETER;
    } else {
      sim__object_ref(&process->object);
      handle = sim__handle_open(&process->object, access, inherit != 0);
    }
  }
  sim__call_end(&call);
  return handle;
}

DWORD WINAPI GetProcessId(HANDLE handle) {
  struct call call;
  DWORD id = 0;

  if (handle == GetCurrentProcess()) {
    return GetCurrentProcessId();
  }
  if (sim__call_begin(&call, __func__, PLACE, "%p", handle)) {
    const struct process *process =
        sim__handle_get_for(&call, handle, OBJECT_PROCESS, 0);

    id = process != NULL ? process->id : 0;
  }
  return sim__call_end(&call) ? id : 0;
}

BOOL WINAPI ProcessIdToSessionId(DWORD id, LPDWORD session) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%u", (unsigned)id)) {
    const struct thread *self = sim__thread_self();
    const struct process *process = process_find(id);

    if (id == self->process_id) {
      *session = self->session_id;
    } else if (process != NULL) {
      *session = process->session_id;
    } else {
      call.error = ERROR_INVALID_PARAMETER;
    }
  }
  return sim__call_end(&call);
}

BOOL WINAPI GetExitCodeProcess(HANDLE handle, LPDWORD code) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%p", handle)) {
    const struct process *process =
        sim__handle_get_for(&call, handle, OBJECT_PROCESS, 0);

    if (process != NULL) {
      *code = process->has_ended ? process->exit_code : STILL_ACTIVE;
    }
  }
  return sim__call_end(&call);
}

/* TerminateProcess of the process of `main` ends the program; none of its exit
 * handlers runs. A process that is ending cannot be terminated again. Source:
 * the TerminateProcess page. */
BOOL WINAPI TerminateProcess(HANDLE handle, UINT code) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%p %u", handle, code)) {
    struct process *process =
        sim__handle_get_for(&call, handle, OBJECT_PROCESS, PROCESS_TERMINATE);

    if (process == &sim__process_first) {
      _exit((int)code & 0xFF);
    }
    if (process != NULL && process->is_ending) {
      call.error = ERROR_ACCESS_DENIED;
    } else if (process != NULL) {
      sim__process_end(process, code);
    }
  }
  return sim__call_end(&call);
}

void WINAPI ExitProcess(UINT code) {
  struct call call;
  bool is_first;

  pthread_mutex_lock(&sim__kernel.lock);
  is_first = sim__process_self() == &sim__process_first;
  pthread_mutex_unlock(&sim__kernel.lock);
  if (is_first) {
    exit((int)code & 0xFF);
  }
  sim__tls_end();
  sim__call_note(&call, __func__, PLACE);
  sim__process_exit(code);
  sim__thread_quit();
}

HANDLE WINAPI GetCurrentProcess(void) {
  return (HANDLE)(intptr_t)PROCESS_PSEUDO;
}

DWORD WINAPI GetCurrentProcessId(void) {
  DWORD id;

  pthread_mutex_lock(&sim__kernel.lock);
  id = sim__thread_self()->process_id;
  pthread_mutex_unlock(&sim__kernel.lock);
  return id;
}
