/* Threads: who is there, who waits, and what happens when all wait. */
#define _GNU_SOURCE /* clock_gettime */
#include "pipe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { HANG_GRACE_S = 2, ID_STEP = 4, PROCESS_ID_FIRST = 4242 };

static _Thread_local struct thread *self;
static pthread_key_t exit_key;
static pthread_once_t exit_key_once = PTHREAD_ONCE_INIT;
static uint32_t last_id;
static unsigned pool_running;

/* --- Who is there -------------------------------------------------------- */

static void thread_link(struct thread *thread) {
  thread->id = last_id += ID_STEP;
  thread->deadline = NEVER;
  thread->next = kernel.thread_list;
  kernel.thread_list = thread;
  kernel.threads++;
}

/* A thread ends: its operations with it. */
static void thread_leave(struct thread *thread) {
  struct thread **link = &kernel.thread_list;

  while (*link != thread) {
    link = &(*link)->next;
  }
  *link = thread->next;
  kernel.threads--;
  pool_running -= thread->is_pool;
  ops_cancel_thread(thread);
  if (thread->impersonated != NULL) {
    object_unref(&thread->impersonated->object);
  }
  if (thread->user != NULL) {
    object_unref(&thread->user->object);
  }
  thread->exited = true;
  object_unref(&thread->object);
  wake();
}

static void on_exit_of_thread(void *thread) {
  pthread_mutex_lock(&kernel.lock);
  self = thread;
  self->call = NULL;
  thread_leave(thread);
  self = NULL;
  pthread_mutex_unlock(&kernel.lock);
}

static void make_exit_key(void) {
  pthread_key_create(&exit_key, on_exit_of_thread);
}

static void become(struct thread *thread) {
  pthread_once(&exit_key_once, make_exit_key);
  pthread_setspecific(exit_key, thread);
  self = thread;
}

static struct thread *thread_new(const struct thread *parent) {
  struct thread *thread = calloc(1, sizeof *thread);

  object_init(&thread->object, OBJECT_THREAD);
  thread->process_id = parent != NULL ? parent->process_id : PROCESS_ID_FIRST;
  thread->session_id = parent != NULL ? parent->session_id : 1;
  if (parent != NULL && parent->user != NULL) {
    thread->user = parent->user;
    object_ref(&thread->user->object);
  }
  return thread;
}

struct thread *thread_self(void) {
  if (self == NULL) {
    become(thread_new(NULL));
    thread_link(self);
  }
  return self;
}

bool sim_set_user(const char *user) {
  struct token *token;

  pthread_mutex_lock(&kernel.lock);
  token = token_named(user, thread_self()->session_id);
  if (token != NULL) {
    if (self->user != NULL) {
      object_unref(&self->user->object);
    }
    self->user = token;
  }
  pthread_mutex_unlock(&kernel.lock);
  return token != NULL;
}

void sim_set_process(uint32_t id, uint32_t session) {
  pthread_mutex_lock(&kernel.lock);
  thread_self()->process_id = id;
  self->session_id = session;
  pthread_mutex_unlock(&kernel.lock);
}

void sim_forbid_waits(bool forbid) {
  pthread_mutex_lock(&kernel.lock);
  thread_self()->waits_forbidden = forbid;
  pthread_mutex_unlock(&kernel.lock);
}

/* --- Waiting ------------------------------------------------------------- */

void wake(void) {
  kernel.epoch++;
  if (kernel.blocked > 0) {
    kernel.blocked = 0;
    pthread_cond_broadcast(&kernel.changed);
  }
}

static void dump_blocked(void) {
  for (const struct thread *t = kernel.thread_list; t != NULL; t = t->next) {
    char text[160];

    fprintf(
        stderr, "  thread %u in %s, called in %s\n", t->id,
        t->blocked_in != NULL ? t->blocked_in : "?",
        t->call != NULL ? place_text(t->call->place, text, sizeof text) : "?");
  }
}

/* All threads wait: on to the next deadline. False: there is none. */
static bool clock_jump(void) {
  uint64_t next = kernel.next_due;

  for (const struct thread *t = kernel.thread_list; t != NULL; t = t->next) {
    if (t->blocked_in != NULL && t->deadline < next) {
      next = t->deadline;
    }
  }
  if (next == NEVER) {
    return false;
  }
  clock_step(next > kernel.now_ns ? next - kernel.now_ns : 0);
  wake();
  return true;
}

/* All wait for ever. A thread that the kernel does not know yet may still come
 * and change that, so real time decides. */
static void hang(void) {
  struct timespec until;
  uint64_t epoch = kernel.epoch;

  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += HANG_GRACE_S;
  while (epoch == kernel.epoch) {
    if (pthread_cond_timedwait(&kernel.changed, &kernel.lock, &until) ==
            ETIMEDOUT &&
        epoch == kernel.epoch) {
      fputs("sim: every thread waits for ever:\n", stderr);
      dump_blocked();
      abort();
    }
  }
}

bool block(bool (*ready)(void *arg), void *arg, uint64_t deadline) {
  struct thread *thread = thread_self();
  struct call *call = thread->call;
  const char *name = call != NULL ? call->name : "sim_check";

  while (!ready(arg)) {
    if (kernel.now_ns >= deadline) {
      return false;
    }
    thread->blocked_in = name;
    thread->deadline = deadline;
    kernel.blocked++;
    if (kernel.blocked < kernel.threads) {
      uint64_t epoch = kernel.epoch;

      while (epoch == kernel.epoch) {
        pthread_cond_wait(&kernel.changed, &kernel.lock);
      }
    } else if (!clock_jump()) {
      if (call == NULL) { /* sim_check's own wait gives up. */
        kernel.blocked--;
        thread->blocked_in = NULL;
        return false;
      }
      hang();
    }
    thread->blocked_in = NULL;
  }
  thread->deadline = NEVER;
  return true;
}

static bool pool_is_idle(void *arg) {
  (void)arg;
  return pool_running == 0;
}

bool threads_settle(void) {
  thread_self()->call = NULL;
  return block(pool_is_idle, NULL, NEVER);
}

void threads_report(void) {
  for (const struct thread *t = kernel.thread_list; t != NULL; t = t->next) {
    if (t != self && t->start != NULL) {
      report("a thread still runs: %u", t->id);
    }
    if (t->impersonated != NULL) {
      report("thread %u still impersonates a client", t->id);
    }
  }
}

/* The calling thread begins anew as the first process' thread. */
void threads_reset(void) {
  struct thread *thread = thread_self();

  if (thread->user != NULL) {
    object_unref(&thread->user->object);
  }
  if (thread->impersonated != NULL) {
    object_unref(&thread->impersonated->object);
  }
  thread->user = NULL;
  thread->impersonated = NULL;
  thread->process_id = PROCESS_ID_FIRST;
  thread->session_id = 1;
  thread->drives_port = false;
  thread->waits_forbidden = false;
  if (kernel.thread_list == thread && thread->next == NULL) {
    thread->id = last_id = ID_STEP; /* For equal traces. */
  }
}

/* --- Starting ------------------------------------------------------------ */

static void *thread_main(void *argument) {
  struct thread *thread = argument;
  DWORD code = 0;

  become(thread);
  if (thread->is_pool) {
    thread->callback(NULL, thread->parameter);
  } else {
    code = thread->start(thread->parameter);
  }
  pthread_mutex_lock(&kernel.lock);
  thread->exit_code = code;
  pthread_mutex_unlock(&kernel.lock);
  return NULL; /* on_exit_of_thread does the rest. */
}

static bool thread_start(struct thread *thread) {
  pthread_t id;
  pthread_attr_t attributes;
  bool started;

  thread_link(thread);
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  started = pthread_create(&id, &attributes, thread_main, thread) == 0;
  pthread_attr_destroy(&attributes);
  if (!started) {
    thread_leave(thread);
  }
  return started;
}

HANDLE WINAPI CreateThread(LPSECURITY_ATTRIBUTES attributes, SIZE_T stack_size,
                           LPTHREAD_START_ROUTINE start, LPVOID parameter,
                           DWORD flags, LPDWORD id) {
  struct call call;
  HANDLE handle = NULL;

  (void)stack_size;
  (void)flags;
  if (call_begin(&call, __func__, PLACE, " ")) {
    struct thread *thread = thread_new(thread_self());

    thread->start = start;
    thread->parameter = parameter;
    object_ref(&thread->object); /* The handle's. */
    handle = handle_open(&thread->object, 0x1FFFFF,
                         attributes != NULL && attributes->bInheritHandle != 0);
    if (thread_start(thread)) {
      if (id != NULL) {
        *id = thread->id;
      }
    } else {
      NTSTATUS status;

      handle_close(handle, &status);
      handle = NULL;
      call.error = ERROR_NOT_ENOUGH_MEMORY;
    }
  }
  call_end(&call);
  return handle;
}

BOOL WINAPI TrySubmitThreadpoolCallback(PTP_SIMPLE_CALLBACK callback,
                                        PVOID context,
                                        PTP_CALLBACK_ENVIRON environment) {
  struct call call;

  (void)environment;
  if (call_begin(&call, __func__, PLACE, " ")) {
    struct thread *thread = thread_new(thread_self());

    thread->is_pool = true;
    thread->callback = callback;
    thread->parameter = context;
    pool_running++;
    if (!thread_start(thread)) {
      call.error = ERROR_NOT_ENOUGH_MEMORY;
    }
  }
  return call_end(&call);
}

void WINAPI ExitThread(DWORD code) {
  pthread_mutex_lock(&kernel.lock);
  thread_self()->exit_code = code;
  pthread_mutex_unlock(&kernel.lock);
  pthread_exit(NULL);
}

BOOL WINAPI GetExitCodeThread(HANDLE handle, LPDWORD code) {
  struct call call;

  if (call_begin(&call, __func__, PLACE, "%p", handle)) {
    NTSTATUS status;
    const struct thread *thread = handle_get(handle, OBJECT_THREAD, 0, &status);

    call_status(&call, status);
    if (thread != NULL) {
      *code = thread->exited ? thread->exit_code : STILL_ACTIVE;
    }
  }
  return call_end(&call);
}

BOOL WINAPI CancelSynchronousIo(HANDLE handle) {
  struct call call;

  if (call_begin(&call, __func__, PLACE, "%p", handle)) {
    NTSTATUS status;
    struct thread *thread = handle_get(handle, OBJECT_THREAD, 0, &status);

    if (thread != NULL &&
        (thread->sync_op == NULL || !thread->sync_op->queued ||
         !ops_cancel(thread->sync_op->file, thread->sync_op->request.iosb,
                     thread->id))) {
      status = STATUS_NOT_FOUND;
    }
    call_status(&call, status);
  }
  return call_end(&call);
}

HANDLE WINAPI GetCurrentThread(void) {
  return (HANDLE)(intptr_t)-2;
}

HANDLE WINAPI GetCurrentProcess(void) {
  return (HANDLE)(intptr_t)-1;
}

DWORD WINAPI GetCurrentThreadId(void) {
  DWORD id;

  pthread_mutex_lock(&kernel.lock);
  id = thread_self()->id;
  pthread_mutex_unlock(&kernel.lock);
  return id;
}

DWORD WINAPI GetCurrentProcessId(void) {
  DWORD id;

  pthread_mutex_lock(&kernel.lock);
  id = thread_self()->process_id;
  pthread_mutex_unlock(&kernel.lock);
  return id;
}
