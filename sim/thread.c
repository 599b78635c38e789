/* Threads of the kernel: which exist, how they start and end, and as whom they
 * act. */
#include "pipe.h"

#include <stdlib.h>
#include <unistd.h>

enum { ID_STEP = 4, PROCESS_ID_FIRST = 4242 };

static _Thread_local struct thread *self;
static pthread_key_t exit_key;
static pthread_once_t exit_key_once = PTHREAD_ONCE_INIT;
static uint32_t last_id;

/* --- The list of threads ------------------------------------------------- */

static uint32_t id_take(void) {
  last_id += ID_STEP;
  return last_id;
}

static void thread_link(struct thread *thread) {
  thread->id = thread->id != 0 ? thread->id : id_take();
  thread->deadline = NEVER;
  thread->next = sim__kernel.thread_list;
  sim__kernel.thread_list = thread;
  sim__kernel.threads++;
}

/* thread_leave removes a thread that ends, and cancels its operations. */
static void thread_leave(struct thread *thread) {
  struct thread **link = &sim__kernel.thread_list;

  while (*link != thread) {
    link = &(*link)->next;
  }
  *link = thread->next;
  sim__kernel.threads--;
  sim__ops_cancel_thread(thread);
  sim__mutexes_abandon(thread);
  sim__apcs_drop(thread);
  free(thread->tls);
  thread->tls = NULL;
  if (thread->impersonated != NULL) {
    sim__object_unref(&thread->impersonated->object);
  }
  if (thread->user != NULL) {
    sim__object_unref(&thread->user->object);
  }
  thread->exited = true;
  sim__pool_left(thread);
  sim__object_unref(&thread->object);
  sim__wake();
}

static void thread_end(struct thread *thread) {
  self = thread;
  self->call = NULL;
  sim__object_ref(&self->object);
  thread_leave(thread);
  sim__schedule_leave();
  sim__object_unref(&self->object);
  self = NULL;
}

static void on_exit_of_thread(void *thread) {
  pthread_mutex_lock(&sim__kernel.lock);
  thread_end(thread);
  pthread_mutex_unlock(&sim__kernel.lock);
}

static void make_exit_key(void) {
  pthread_key_create(&exit_key, on_exit_of_thread);
}

static void become(struct thread *thread) {
  pthread_once(&exit_key_once, make_exit_key);
  pthread_setspecific(exit_key, thread);
  self = thread;
}

struct thread *sim__thread_new(const struct thread *parent) {
  struct thread *thread = calloc(1, sizeof *thread);

  sim__object_init(&thread->object, OBJECT_THREAD);
  pthread_cond_init(&thread->turn, NULL);
  thread->process_id = parent != NULL ? parent->process_id : PROCESS_ID_FIRST;
  thread->session_id = parent != NULL ? parent->session_id : 1;
  if (parent != NULL && parent->user != NULL) {
    thread->user = parent->user;
    sim__object_ref(&thread->user->object);
  }
  return thread;
}

struct thread *sim__thread_self(void) {
  if (self == NULL) {
    become(sim__thread_new(NULL));
    thread_link(self);
  }
  return self;
}

struct thread *sim__thread_find(uint32_t id) {
  struct thread *thread = sim__kernel.thread_list;

  while (thread != NULL && thread->id != id) {
    thread = thread->next;
  }
  return thread;
}

bool sim_set_user(const char *user) {
  struct token *token;

  pthread_mutex_lock(&sim__kernel.lock);
  token = sim__token_named(user, sim__thread_self()->session_id);
  if (token != NULL) {
    if (self->user != NULL) {
      sim__object_unref(&self->user->object);
    }
    self->user = token;
  }
  pthread_mutex_unlock(&sim__kernel.lock);
  return token != NULL;
}

void sim_set_process(uint32_t id, uint32_t session) {
  pthread_mutex_lock(&sim__kernel.lock);
  sim__thread_self()->process_id = id;
  self->session_id = session;
  pthread_mutex_unlock(&sim__kernel.lock);
}

void sim_forbid_waits(bool forbid) {
  pthread_mutex_lock(&sim__kernel.lock);
  sim__thread_self()->waits_forbidden = forbid;
  pthread_mutex_unlock(&sim__kernel.lock);
}

void sim__threads_report(void) {
  sim__pool_report();
  for (const struct thread *t = sim__kernel.thread_list; t != NULL;
       t = t->next) {
    if (t != self && t->start != NULL) {
      sim__report("a thread still runs: %u", t->id);
    }
    if (t->impersonated != NULL) {
      sim__report("thread %u still impersonates a client", t->id);
    }
  }
}

/* sim__threads_reset makes the calling thread the first thread of the first
 * process again. */
void sim__threads_reset(void) {
  struct thread *thread = sim__thread_self();

  if (thread->user != NULL) {
    sim__object_unref(&thread->user->object);
  }
  if (thread->impersonated != NULL) {
    sim__object_unref(&thread->impersonated->object);
  }
  thread->user = NULL;
  thread->impersonated = NULL;
  thread->process_id = PROCESS_ID_FIRST;
  thread->session_id = 1;
  thread->drives_port = false;
  thread->waits_forbidden = false;
  sim__schedule_reset(thread);
  if (sim__kernel.thread_list == thread && thread->next == NULL) {
    thread->id = last_id = ID_STEP; /* so that equal runs have equal traces */
  }
}

/* --- Starting ------------------------------------------------------------ */

static void thread_run(struct thread *thread) {
  DWORD code = 0;

  become(thread);
  sim__apcs_run(); /* APCs that were queued before the thread started */
  if (thread->service != NULL) {
    thread->service(thread->parameter);
  } else if (thread->is_pool) {
    thread->callback(NULL, thread->parameter);
  } else {
    code = thread->start(thread->parameter);
  }
  sim__tls_end();
  pthread_mutex_lock(&sim__kernel.lock);
  thread->exit_code = code;
  pthread_mutex_unlock(&sim__kernel.lock);
}

static void *thread_main(void *argument) {
  thread_run(argument);
  return NULL; /* on_exit_of_thread cleans up */
}

/* Carriers: in step, a system thread whose work has ended waits and carries the
 * next thread of the kernel. Starting a system thread would take longer than
 * most runs. */
static struct thread *to_carry; /* the first thread that waits for a carrier */
static unsigned to_carry_count;
static unsigned idle_carriers;
static pthread_cond_t carrier_wanted = PTHREAD_COND_INITIALIZER;

static void *carrier_main(void *argument) {
  struct thread *thread = argument;

  pthread_mutex_lock(&sim__kernel.lock);
  for (;;) {
    sim__schedule_enter(thread);
    pthread_mutex_unlock(&sim__kernel.lock);
    thread_run(thread);
    pthread_setspecific(exit_key, NULL);
    pthread_mutex_lock(&sim__kernel.lock);
    thread_end(thread);
    idle_carriers++;
    while (to_carry == NULL) {
      pthread_cond_wait(&carrier_wanted, &sim__kernel.lock);
    }
    thread = to_carry;
    to_carry = thread->carried_next;
    to_carry_count--;
    idle_carriers--;
  }
  return NULL;
}

bool sim__thread_start(struct thread *thread) {
  const bool in_step = sim__kernel.settings.threads_in_step;
  pthread_t id;
  pthread_attr_t attributes;
  bool started;

  thread_link(thread);
  if (in_step && idle_carriers > to_carry_count) {
    thread->carried_next = to_carry;
    to_carry = thread;
    to_carry_count++;
    pthread_cond_signal(&carrier_wanted);
    return true;
  }
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  started = pthread_create(&id, &attributes,
                           in_step ? carrier_main : thread_main, thread) == 0;
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
  if (sim__call_begin(&call, __func__, PLACE, " ") &&
      !sim__handle_is_full_for(&call)) {
    struct thread *thread = sim__thread_new(sim__thread_self());

    thread->start = start;
    thread->parameter = parameter;
    thread->suspended = (flags & CREATE_SUSPENDED) != 0;
    thread->id = thread->suspended ? id_take() : 0;
    sim__object_ref(&thread->object); /* The handle's. */
    handle =
        sim__handle_open(&thread->object, 0x1FFFFF,
                         attributes != NULL && attributes->bInheritHandle != 0);
    if (thread->suspended || sim__thread_start(thread)) {
      if (id != NULL) {
        *id = thread->id;
      }
    } else {
      NTSTATUS status;

      sim__handle_close(handle, &status);
      handle = NULL;
      call.error = ERROR_NOT_ENOUGH_MEMORY;
    }
  }
  sim__call_end(&call);
  return handle;
}

void WINAPI ExitThread(DWORD code) {
  sim__tls_end();
  pthread_mutex_lock(&sim__kernel.lock);
  sim__thread_self()->exit_code = code;
  pthread_mutex_unlock(&sim__kernel.lock);
  pthread_exit(NULL);
}

/* ResumeThread starts a thread that was created suspended. No other thread can
 * be suspended. */
DWORD WINAPI ResumeThread(HANDLE handle) {
  struct call call;
  DWORD count = 0;

  if (sim__call_begin(&call, __func__, PLACE, "%p", handle)) {
    struct thread *thread =
        sim__handle_get_for(&call, handle, OBJECT_THREAD, 0);

    if (thread != NULL && thread->suspended) {
      thread->suspended = false;
      count = 1;
      if (!sim__thread_start(thread)) {
        call.error = ERROR_NOT_ENOUGH_MEMORY;
      }
    }
  }
  return sim__call_end(&call) ? count : (DWORD)-1;
}

DWORD WINAPI GetThreadId(HANDLE handle) {
  struct call call;
  DWORD id = 0;

  if (sim__call_begin(&call, __func__, PLACE, "%p", handle)) {
    const struct thread *thread =
        sim__handle_get_for(&call, handle, OBJECT_THREAD, 0);

    id = thread != NULL ? thread->id : 0;
  }
  return sim__call_end(&call) ? id : 0;
}

/* Priorities are kept, and have no effect: each schedule is a possible one. */
BOOL WINAPI SetThreadPriority(HANDLE handle, int priority) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%p %d", handle, priority)) {
    struct thread *thread =
        sim__handle_get_for(&call, handle, OBJECT_THREAD, 0);

    if (thread != NULL) {
      thread->priority = priority;
    }
  }
  return sim__call_end(&call);
}

int WINAPI GetThreadPriority(HANDLE handle) {
  struct call call;
  int priority = 0;

  if (sim__call_begin(&call, __func__, PLACE, "%p", handle)) {
    const struct thread *thread =
        sim__handle_get_for(&call, handle, OBJECT_THREAD, 0);

    priority = thread != NULL ? thread->priority : 0;
  }
  return sim__call_end(&call) ? priority : MAXLONG;
}

BOOL WINAPI GetExitCodeThread(HANDLE handle, LPDWORD code) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%p", handle)) {
    const struct thread *thread =
        sim__handle_get_for(&call, handle, OBJECT_THREAD, 0);

    if (thread != NULL) {
      *code = thread->exited ? thread->exit_code : STILL_ACTIVE;
    }
  }
  return sim__call_end(&call);
}

BOOL WINAPI CancelSynchronousIo(HANDLE handle) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%p", handle)) {
    struct thread *thread =
        sim__handle_get_for(&call, handle, OBJECT_THREAD, 0);

    if (thread != NULL &&
        (thread->sync_op == NULL || !thread->sync_op->queued ||
         !sim__ops_cancel(thread->sync_op->file, thread->sync_op->request.iosb,
                          thread->id))) {
      call.error = ERROR_NOT_FOUND;
    }
  }
  return sim__call_end(&call);
}

HANDLE WINAPI GetCurrentThread(void) {
  return (HANDLE)(intptr_t)-2;
}

/* TerminateProcess ends the only process. No exit handler of the program
 * runs. */
BOOL WINAPI TerminateProcess(HANDLE process, UINT code) {
  (void)process;
  _exit((int)code & 0xFF);
}

HANDLE WINAPI GetCurrentProcess(void) {
  return (HANDLE)(intptr_t)-1;
}

DWORD WINAPI GetCurrentThreadId(void) {
  DWORD id;

  pthread_mutex_lock(&sim__kernel.lock);
  id = sim__thread_self()->id;
  pthread_mutex_unlock(&sim__kernel.lock);
  return id;
}

DWORD WINAPI GetCurrentProcessId(void) {
  DWORD id;

  pthread_mutex_lock(&sim__kernel.lock);
  id = sim__thread_self()->process_id;
  pthread_mutex_unlock(&sim__kernel.lock);
  return id;
}
