/* Threads of the kernel: which exist, which wait, and what happens when all of
 * them wait. With settings.threads_in_step only one thread runs at a time, and
 * the seed chooses which. */
#define _GNU_SOURCE /* clock_gettime */
#include "pipe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
  HANG_GRACE_S = 2,
  ID_STEP = 4,
  PROCESS_ID_FIRST = 4242,
  THREADS_IN_STEP_MAX = 64,
  STAY_CHANCE = 4 /* in step, three of four calls stay on the same thread */
};

static _Thread_local struct thread *self;
static pthread_key_t exit_key;
static pthread_once_t exit_key_once = PTHREAD_ONCE_INIT;
static uint32_t last_id;
static unsigned pool_running;
static struct thread *pool_queue; /* callbacks that wait for a thread */
static struct thread *in_turn;    /* in step: the thread that may run */

static bool step_on(struct thread *thread);
static bool thread_start(struct thread *thread);

/* --- The list of threads ------------------------------------------------- */

static void thread_link(struct thread *thread) {
  thread->id = last_id += ID_STEP;
  thread->deadline = NEVER;
  thread->next = sim__kernel.thread_list;
  sim__kernel.thread_list = thread;
  sim__kernel.threads++;
}

/* pool_go_on starts the callback that has waited longest, if the pool has a
 * free thread. */
static void pool_go_on(void) {
  struct thread *thread = pool_queue;

  if (thread != NULL && pool_running < sim__kernel.settings.pool_threads_max) {
    pool_queue = thread->carried_next;
    thread->carried_next = NULL;
    pool_running++;
    thread_start(thread);
  }
}

/* thread_leave removes a thread that ends, and cancels its operations. */
static void thread_leave(struct thread *thread) {
  struct thread **link = &sim__kernel.thread_list;

  while (*link != thread) {
    link = &(*link)->next;
  }
  *link = thread->next;
  sim__kernel.threads--;
  pool_running -= thread->is_pool;
  sim__ops_cancel_thread(thread);
  if (thread->impersonated != NULL) {
    sim__object_unref(&thread->impersonated->object);
  }
  if (thread->user != NULL) {
    sim__object_unref(&thread->user->object);
  }
  thread->exited = true;
  sim__object_unref(&thread->object);
  pool_go_on();
  sim__wake();
}

static void hang(void);

static void thread_end(struct thread *thread) {
  self = thread;
  self->call = NULL;
  sim__object_ref(&self->object);
  thread_leave(thread);
  if (sim__kernel.settings.threads_in_step && !step_on(NULL)) {
    hang();
  }
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

static struct thread *thread_new(const struct thread *parent) {
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
    become(thread_new(NULL));
    thread_link(self);
  }
  return self;
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

/* --- Waiting ------------------------------------------------------------- */

void sim__wake(void) {
  sim__kernel.epoch++;
  if (sim__kernel.blocked > 0) {
    sim__kernel.blocked = 0;
    pthread_cond_broadcast(&sim__kernel.changed);
  }
}

static void dump_blocked(void) {
  for (const struct thread *t = sim__kernel.thread_list; t != NULL;
       t = t->next) {
    char text[160];

    fprintf(stderr, "  thread %u in %s, called in %s\n", t->id,
            t->blocked_in != NULL ? t->blocked_in : "?",
            t->call != NULL ? sim__place_text(t->call->place, text, sizeof text)
                            : "?");
  }
}

/* clock_jump moves the clock to the next deadline, because all threads wait. It
 * returns false if there is no deadline. */
static bool clock_jump(void) {
  uint64_t next = sim__kernel.next_due;

  for (const struct thread *t = sim__kernel.thread_list; t != NULL;
       t = t->next) {
    if (t->blocked_in != NULL && t->deadline < next) {
      next = t->deadline;
    }
  }
  if (next == NEVER) {
    return false;
  }
  sim__clock_step(next > sim__kernel.now_ns ? next - sim__kernel.now_ns : 0);
  sim__wake();
  return true;
}

/* hang runs when all threads wait for ever. A thread that the kernel does not
 * know yet may still arrive and wake one, so hang waits for some real time
 * before it aborts. */
static void hang(void) {
  struct timespec until;
  uint64_t epoch = sim__kernel.epoch;

  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += sim__kernel.settings.threads_in_step ? 0 : HANG_GRACE_S;
  while (epoch == sim__kernel.epoch) {
    if (pthread_cond_timedwait(&sim__kernel.changed, &sim__kernel.lock,
                               &until) == ETIMEDOUT &&
        epoch == sim__kernel.epoch) {
      fputs("sim: every thread waits for ever:\n", stderr);
      dump_blocked();
      abort();
    }
  }
}

/* --- In step ------------------------------------------------------------- */

static bool may_run(const struct thread *thread) {
  return thread->ready == NULL || thread->ready(thread->ready_arg) ||
         sim__kernel.now_ns >= thread->deadline;
}

static struct thread *thread_drawn(struct thread *thread) {
  struct thread *others[THREADS_IN_STEP_MAX];
  const bool may_stay = thread != NULL && may_run(thread);
  size_t count = 0;

  for (struct thread *t = sim__kernel.thread_list;
       t != NULL && count < THREADS_IN_STEP_MAX; t = t->next) {
    if (t != thread && may_run(t)) {
      others[count++] = t;
    }
  }
  /* Draws a number only if there is a choice, like sim__chance. */
  if (count == 0 || (may_stay && sim__random_below(STAY_CHANCE) > 0)) {
    return may_stay ? thread : NULL;
  }
  return others[count == 1 ? 0 : sim__random_below(count)];
}

static void wait_for_turn(struct thread *thread) {
  while (in_turn != thread) {
    pthread_cond_wait(&thread->turn, &sim__kernel.lock);
  }
}

/* step_on passes the turn to the thread that is drawn, and returns when it is
 * this thread's turn again. `thread` is NULL if the calling thread is ending.
 * It returns false if all threads wait for ever. */
static bool step_on(struct thread *thread) {
  struct thread *next = thread_drawn(thread);

  while (next == NULL) {
    if (!clock_jump()) {
      return false;
    }
    next = thread_drawn(thread);
  }
  if (next != thread) {
    in_turn = next;
    pthread_cond_signal(&next->turn);
    if (thread != NULL) {
      wait_for_turn(thread);
    }
  }
  return true;
}

void sim__threads_step(void) {
  if (sim__kernel.settings.threads_in_step && sim__kernel.threads > 1) {
    step_on(self);
  }
}

static bool block_in_step(struct thread *thread, bool (*ready)(void *arg),
                          void *arg, uint64_t deadline, const char *name) {
  bool is_ready;

  thread->ready = ready;
  thread->ready_arg = arg;
  thread->deadline = deadline;
  thread->blocked_in = name;
  while (!may_run(thread) && !step_on(thread)) {
    if (thread->call == NULL) {
      /* sim_check waits without a call; it gives up */
      break;
    }
    hang();
  }
  is_ready = ready(arg);
  thread->ready = NULL;
  thread->blocked_in = NULL;
  thread->deadline = NEVER;
  return is_ready;
}

/* --- Waiting ------------------------------------------------------------- */

bool sim__block(bool (*ready)(void *arg), void *arg, uint64_t deadline) {
  struct thread *thread = sim__thread_self();
  struct call *call = thread->call;
  const char *name = call != NULL ? call->name : "sim_check";

  if (sim__kernel.settings.threads_in_step) {
    return block_in_step(thread, ready, arg, deadline, name);
  }
  while (!ready(arg)) {
    if (sim__kernel.now_ns >= deadline) {
      return false;
    }
    thread->blocked_in = name;
    thread->deadline = deadline;
    sim__kernel.blocked++;
    if (sim__kernel.blocked < sim__kernel.threads) {
      uint64_t epoch = sim__kernel.epoch;

      while (epoch == sim__kernel.epoch) {
        pthread_cond_wait(&sim__kernel.changed, &sim__kernel.lock);
      }
    } else if (!clock_jump()) {
      if (call == NULL) { /* sim_check waits without a call; it gives up */
        sim__kernel.blocked--;
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

bool sim__threads_settle(void) {
  sim__thread_self()->call = NULL;
  return sim__block(pool_is_idle, NULL, NEVER);
}

void sim__threads_report(void) {
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
  in_turn = thread;
  if (sim__kernel.thread_list == thread && thread->next == NULL) {
    thread->id = last_id = ID_STEP; /* so that equal runs have equal traces */
  }
}

/* --- Starting ------------------------------------------------------------ */

static void thread_run(struct thread *thread) {
  DWORD code = 0;

  become(thread);
  if (thread->is_pool) {
    thread->callback(NULL, thread->parameter);
  } else {
    code = thread->start(thread->parameter);
  }
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
    wait_for_turn(thread);
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

static bool thread_start(struct thread *thread) {
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
  (void)flags;
  if (sim__call_begin(&call, __func__, PLACE, " ") &&
      !sim__handle_is_full_for(&call)) {
    struct thread *thread = thread_new(sim__thread_self());

    thread->start = start;
    thread->parameter = parameter;
    sim__object_ref(&thread->object); /* The handle's. */
    handle =
        sim__handle_open(&thread->object, 0x1FFFFF,
                         attributes != NULL && attributes->bInheritHandle != 0);
    if (thread_start(thread)) {
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

BOOL WINAPI TrySubmitThreadpoolCallback(PTP_SIMPLE_CALLBACK callback,
                                        PVOID context,
                                        PTP_CALLBACK_ENVIRON environment) {
  struct call call;

  (void)environment;
  if (sim__call_begin(&call, __func__, PLACE, " ")) {
    struct thread *thread = thread_new(sim__thread_self());
    struct thread **last = &pool_queue;

    thread->is_pool = true;
    thread->callback = callback;
    thread->parameter = context;
    while (*last != NULL) {
      last = &(*last)->carried_next;
    }
    *last = thread;
    pool_go_on();
  }
  return sim__call_end(&call);
}

/* Each running callback has a thread of its own. */
BOOL WINAPI CallbackMayRunLong(PTP_CALLBACK_INSTANCE instance) {
  (void)instance;
  return TRUE;
}

void WINAPI ExitThread(DWORD code) {
  pthread_mutex_lock(&sim__kernel.lock);
  sim__thread_self()->exit_code = code;
  pthread_mutex_unlock(&sim__kernel.lock);
  pthread_exit(NULL);
}

BOOL WINAPI GetExitCodeThread(HANDLE handle, LPDWORD code) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%p", handle)) {
    NTSTATUS status;
    const struct thread *thread =
        sim__handle_get(handle, OBJECT_THREAD, 0, &status);

    sim__call_status(&call, status);
    if (thread != NULL) {
      *code = thread->exited ? thread->exit_code : STILL_ACTIVE;
    }
  }
  return sim__call_end(&call);
}

BOOL WINAPI CancelSynchronousIo(HANDLE handle) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%p", handle)) {
    NTSTATUS status;
    struct thread *thread = sim__handle_get(handle, OBJECT_THREAD, 0, &status);

    if (thread != NULL &&
        (thread->sync_op == NULL || !thread->sync_op->queued ||
         !sim__ops_cancel(thread->sync_op->file, thread->sync_op->request.iosb,
                          thread->id))) {
      status = STATUS_NOT_FOUND;
    }
    sim__call_status(&call, status);
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
