/* Threads of the kernel: which exist, how they start and end, and as whom they
 * act. */
#include "process.h"

#include <stdlib.h>

enum { ID_STEP = 4 };

static _Thread_local struct thread *self;
static pthread_key_t exit_key;
static pthread_once_t exit_key_once = PTHREAD_ONCE_INIT;
static uint32_t last_id;

/* --- The list of threads ------------------------------------------------- */

uint32_t sim__thread_id_take(void) {
  last_id += ID_STEP;
  return last_id;
}

static void thread_link(struct thread *thread) {
  sim__kernel.had_threads =
      sim__kernel.had_threads || sim__kernel.thread_list != NULL;
  thread->id = thread->id != 0 ? thread->id : sim__thread_id_take();
  thread->deadline = NEVER;
  thread->next = sim__kernel.thread_list;
  sim__kernel.thread_list = thread;
  sim__kernel.threads++;
  thread->process->threads++;
}

static void tokens_drop(struct thread *thread) {
  if (thread->impersonated != NULL) {
    sim__object_unref(&thread->impersonated->object);
    thread->impersonated = NULL;
  }
  if (thread->user != NULL) {
    sim__object_unref(&thread->user->object);
    thread->user = NULL;
  }
}

void sim__thread_free(struct thread *thread) {
  tokens_drop(thread); /* it may never have run */
  sim__object_unref(&thread->process->object);
  free(thread);
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
  sim__seat_return(thread->seat);
  thread->seat = NULL;
  free(thread->tls);
  thread->tls = NULL;
  tokens_drop(thread);
  thread->exited = true;
  sim__pool_left(thread);
  sim__process_left(thread->process, thread->exit_code);
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
  sim__schedule_unlock();
}

static void make_exit_key(void) {
  pthread_key_create(&exit_key, on_exit_of_thread);
}

static void become(struct thread *thread) {
  pthread_once(&exit_key_once, make_exit_key);
  pthread_setspecific(exit_key, thread);
  self = thread;
}

struct thread *sim__thread_new(struct process *process) {
  const bool is_own = self != NULL && self->process == process;
  struct thread *thread = calloc(1, sizeof *thread);

  sim__object_init(&thread->object, OBJECT_THREAD);
  thread->process = process;
  sim__object_ref(&process->object);
  thread->process_id = is_own ? self->process_id : process->id;
  thread->session_id = is_own ? self->session_id : process->session_id;
  thread->user = is_own ? self->user : process->user;
  if (thread->user != NULL) {
    sim__object_ref(&thread->user->object);
  }
  return thread;
}

struct thread *sim__thread_self(void) {
  if (self == NULL) {
    become(sim__thread_new(&sim__process_first));
    thread_link(self);
  }
  return self;
}

static bool is_resumed(void *thread) {
  return ((struct thread *)thread)->suspend_count == 0;
}

void sim__thread_pause(void) {
  const char *name = self->call->name;

  self->call->name = "SuspendThread";
  sim__block(is_resumed, self, NEVER);
  self->call->name = name;
  if (self->is_ending) {
    sim__thread_quit();
  }
}

/* A thread that quits leaves the frames of the program. AddressSanitizer must
 * know, also where npsim itself is compiled without it. */
extern void frames_left(void) __asm__("__asan_handle_no_return")
    __attribute__((weak));

void sim__thread_quit(void) {
  self->call = NULL;
  if (self->is_ending) {
    self->exit_code = self->process->exit_code;
  }
  pthread_mutex_unlock(&sim__kernel.lock);
  if (frames_left != NULL) {
    frames_left();
  }
  pthread_exit(NULL); /* on_exit_of_thread cleans up */
}

bool sim__thread_has_ended(const struct thread *thread) {
  return thread->exited || (thread->suspended && thread->process->has_ended);
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
  for (const struct thread *t = sim__kernel.thread_list; t != NULL;
       t = t->next) {
    if (t != self && t->start != NULL && t->process == &sim__process_first) {
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

  tokens_drop(thread);
  thread->process_id = sim__process_first.id;
  thread->session_id = sim__process_first.session_id;
  thread->drives_port = false;
  thread->waits_forbidden = false;
  sim__schedule_reset(thread);
  sim__kernel.had_threads =
      sim__kernel.thread_list != thread || thread->next != NULL;
  if (!sim__kernel.had_threads) {
    thread->id = last_id = ID_STEP; /* so that equal runs have equal traces */
  }
}

/* --- Starting ------------------------------------------------------------ */

/* What a process leaves in memory when it is terminated is no leak: Windows
 * takes it back. So LeakSanitizer does not look at what other processes than
 * the first one allocate. */
extern void leaks_ignore(void) __asm__("__lsan_disable") __attribute__((weak));
extern void leaks_heed(void) __asm__("__lsan_enable") __attribute__((weak));

static void main_run(struct process *process) {
  int code = process->start(process->word_count, process->words);

  sim__tls_end();
  pthread_mutex_lock(&sim__kernel.lock);
  sim__process_exit((DWORD)code);
  pthread_mutex_unlock(&sim__kernel.lock);
}

/* is_ended_before returns true for a thread whose process was terminated before
 * the thread has run. */
static bool is_ended_before(const struct thread *thread) {
  bool is_ending;

  pthread_mutex_lock(&sim__kernel.lock);
  is_ending = thread->is_ending;
  if (is_ending && thread->is_pool) {
    free(thread->parameter);
  }
  pthread_mutex_unlock(&sim__kernel.lock);
  return is_ending;
}

static void thread_run(struct thread *thread) {
  const bool is_heeded =
      leaks_ignore == NULL || thread->process == &sim__process_first;
  DWORD code = 0;

  become(thread);
  if (is_ended_before(thread)) {
    return;
  }
  if (!is_heeded) {
    leaks_ignore();
  }
  sim__apcs_run(); /* APCs that were queued before the thread started */
  if (thread->is_main) {
    main_run(thread->process);
  } else if (thread->service != NULL) {
    thread->service(thread->parameter);
  } else if (thread->is_pool) {
    thread->callback(NULL, thread->parameter);
  } else {
    code = thread->start(thread->parameter);
  }
  sim__tls_end();
  if (!is_heeded) {
    leaks_heed();
  }
  pthread_mutex_lock(&sim__kernel.lock);
  thread->exit_code = thread->is_ending ? thread->process->exit_code : code;
  pthread_mutex_unlock(&sim__kernel.lock);
}

static void *thread_main(void *argument) {
  thread_run(argument);
  return NULL; /* on_exit_of_thread cleans up */
}

/* Carriers: in step, a system thread whose work has ended waits and carries the
 * next thread of the kernel. Starting a system thread would take longer than
 * most runs. */
struct carrier {
  struct thread *thread; /* NULL: idle */
  struct seat *seat;
  struct carrier *next_idle;
};

static struct carrier *idle_carriers;

static void *carrier_main(void *argument) {
  struct carrier carrier = {.thread = argument};

  pthread_mutex_lock(&sim__kernel.lock);
  carrier.seat = sim__seat_take();
  carrier.thread->seat = carrier.seat;
  for (;;) {
    struct thread *thread = carrier.thread;

    sim__schedule_enter(thread);
    pthread_mutex_unlock(&sim__kernel.lock);
    thread_run(thread);
    pthread_setspecific(exit_key, NULL);
    pthread_mutex_lock(&sim__kernel.lock);
    carrier.thread = NULL;
    thread->seat = NULL;
    thread_end(thread);
    carrier.next_idle = idle_carriers;
    idle_carriers = &carrier;
    while (carrier.thread == NULL) {
      sim__seat_wait(carrier.seat);
    }
  }
  return NULL;
}

bool sim__thread_start(struct thread *thread) {
  const bool in_step = sim__kernel.settings.threads_in_step;
  pthread_t id;
  pthread_attr_t attributes;
  bool started;

  thread_link(thread);
  if (in_step && idle_carriers != NULL) {
    struct carrier *carrier = idle_carriers;

    idle_carriers = carrier->next_idle;
    carrier->thread = thread;
    thread->seat = carrier->seat; /* it wakes at the thread's first turn */
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
