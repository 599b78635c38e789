/* The loop: creation and end, calls from other threads, clock, memory and
 * queues. The turns are in loop_turn.c, the port in loop_port.c. np_loop_stop
 * and np_loop_post may be called on any thread; they change only `stop`,
 * `stoppers` and `posted`. */
#include "loop.h"

#include <assert.h>
#include <string.h>

#include "allocator.h"
#include "foreign.h"
#include "revert.h"

/* The number of times np_loop_destroy yields to a thread that is still inside
 * np_loop_stop before it sleeps, so that a thread of low priority gets on
 * too. */
#define YIELDS_MAX 1000u

void np_loop_options_init(np_loop_options *options) {
  if (options != NULL) {
    memset(options, 0, sizeof *options);
    options->size = sizeof *options;
  }
}

/* has_packets returns true if a packet waits for its `run` or its `post`. */
static bool has_packets(const np_loop *loop) {
  return loop->ready.first != NULL || loop->gathered.first != NULL ||
         loop->put_off.first != NULL || loop->hurried.first != NULL ||
         loop->late.first != NULL;
}

np_error np_loop_create(const np_loop_options *options, np_loop **loop) {
  np_loop_options defaults;
  np_allocator allocator;
  np_loop *made;
  np_error error;

  if (options == NULL) {
    np_loop_options_init(&defaults);
    options = &defaults;
  }
  if (loop == NULL || options->size != sizeof *options) {
    return ERROR_INVALID_PARAMETER;
  }
  allocator = options->allocator;
  if (!np__allocator_complete(&allocator)) {
    return ERROR_INVALID_PARAMETER;
  }
  made = allocator.allocate(allocator.context, sizeof *made);
  if (made == NULL) {
    return ERROR_NOT_ENOUGH_MEMORY;
  }
  memset(made, 0, sizeof *made);
  np__list_init(&made->owed);
  np__list_init(&made->extensions);
  QueryPerformanceFrequency(&made->clock_frequency);
  QueryPerformanceCounter(&made->clock_start);
  made->allocator = allocator;
  made->port = options->port;
  made->yields = options->yields;
  made->key =
      options->completion_key != 0 ? options->completion_key : (ULONG_PTR)made;
  if (made->port == NULL) {
    made->port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
    if (made->port == NULL) {
      error = GetLastError();
      allocator.release(allocator.context, made);
      return error;
    }
    made->owns_port = true;
  }
  np__foreign_prepare(made);
  np__loop_take_over(made);
  *loop = made;
  return NP_OK;
}

/* wait_for_stoppers waits until no thread is inside np_loop_stop. A run may end
 * before the np_loop_stop that ended it has returned; only a few instructions
 * and one system call of that thread are left. */
static void wait_for_stoppers(np_loop *loop) {
  for (unsigned i = 0; InterlockedExchangeAdd(&loop->stoppers, 0) > 0; i++) {
    Sleep(i < YIELDS_MAX ? 0 : 1);
  }
}

/* has_tasks: the interlocked read also waits for a np_loop_post that failed,
 * whose last access to the loop decrements `posted`. */
static bool has_tasks(np_loop *loop) {
  return InterlockedExchangeAdd(&loop->posted, 0) > 0;
}

static np__extension *extension_of(np__link *link) {
  return NP__CONTAINER(link, np__extension, link);
}

np__extension *np__loop_extension(const np_loop *loop,
                                  void (*free)(np_loop *loop,
                                               np__extension *extension)) {
  for (np__link *at = loop->extensions.next; at != &loop->extensions;
       at = at->next) {
    if (extension_of(at)->free == free) {
      return extension_of(at);
    }
  }
  return NULL;
}

np_error np_loop_destroy(np_loop *loop) {
  if (loop == NULL) {
    return NP_OK;
  }
  if (np__loop_is_running(loop) || loop->open > 0 || has_tasks(loop) ||
      np__loop_has_work(loop)) {
    return ERROR_BUSY;
  }
  wait_for_stoppers(loop);
  assert(!has_packets(loop));
  while (!np__list_is_empty(&loop->extensions)) {
    np__extension *extension = extension_of(loop->extensions.next);

    np__list_remove(&extension->link);
    extension->free(loop, extension);
  }
  assert(np__list_is_empty(&loop->owed) && loop->owed_count == 0);
  if (loop->event != NULL) {
    CloseHandle(loop->event);
  }
  if (loop->owns_port) {
    CloseHandle(loop->port);
  }
  np__loop_free(loop, loop);
  return NP_OK;
}

static np_error stop(np_loop *loop) {
  np_error error;

  if (InterlockedExchange(&loop->stop, 1) != 0) {
    return NP_OK; /* the packet of the earlier stop is on its way */
  }
  /* A packet without OVERLAPPED only wakes the loop. It may be dequeued after
   * the loop is gone, so it must not point to anything. */
  if (!PostQueuedCompletionStatus(loop->port, 0, loop->key, NULL)) {
    error = GetLastError();
    InterlockedExchange(&loop->stop, 0);
    return error;
  }
  return NP_OK;
}

np_error np_loop_stop(np_loop *loop) {
  np_error error;

  if (loop == NULL) {
    return ERROR_INVALID_PARAMETER;
  }
  InterlockedIncrement(&loop->stoppers);
  error = stop(loop);
  InterlockedDecrement(&loop->stoppers); /* the loop may be gone from here on */
  return error;
}

static void task_on_packet(np_loop *loop, np__packet *packet, NTSTATUS status,
                           uint32_t bytes) {
  (void)status;
  (void)bytes;
  np__loop_ready(loop, packet);
}

static void task_run(np_loop *loop, np__packet *packet) {
  np_task *task = (np_task *)packet;
  const np_task_fn fn = task->np__fn;

  InterlockedDecrement(&loop->posted);
  InterlockedExchange(&task->np__posted, 0); /* may be posted again */
  fn(task);
}

static const np__packet_class task_class = {.on_packet = task_on_packet,
                                            .run = task_run};

np_error np_loop_post(np_loop *loop, np_task *task, np_task_fn fn) {
  np_error error;

  if (loop == NULL || task == NULL || fn == NULL) {
    return ERROR_INVALID_PARAMETER;
  }
  if (InterlockedExchange(&task->np__posted, 1) != 0) {
    return ERROR_BUSY;
  }
  task->np__packet.class_ = &task_class;
  task->np__loop = loop;
  task->np__fn = fn;
  InterlockedIncrement(&loop->posted);
  if (!PostQueuedCompletionStatus(loop->port, loop->task_mark, loop->key,
                                  &task->np__packet.overlapped)) {
    error = GetLastError();
    InterlockedExchange(&task->np__posted, 0);
    InterlockedDecrement(&loop->posted); /* the loop may be gone from here on */
    return error;
  }
  return NP_OK; /* `task` may have run and be gone */
}

HANDLE np_loop_port(const np_loop *loop) {
  return loop != NULL ? loop->port : NULL;
}

bool np_loop_is_pending(const np_loop *loop) {
  np__loop_check_thread(loop);
  return loop != NULL && np__loop_has_work(loop);
}

uint32_t np_loop_wait_ms(const np_loop *loop) {
  uint64_t now;
  uint64_t deadline;

  np__loop_check_thread(loop);
  if (loop == NULL) {
    return INFINITE;
  }
  if (has_packets(loop)) {
    return 0;
  }
  if (loop->timers.root == NULL) {
    return INFINITE;
  }
  now = np__loop_now_ms(loop);
  deadline = np__heap_deadline_ms(loop->timers.root);
  if (deadline <= now) {
    return 0;
  }
  return deadline - now < INFINITE ? (uint32_t)(deadline - now) : INFINITE - 1;
}

/* np__loop_now_ms uses the performance counter, because the system's tick may
 * be 16 ms old: a timer measured by it would run too early. */
uint64_t np__loop_now_ms(const np_loop *loop) {
  LARGE_INTEGER count;
  uint64_t frequency = (uint64_t)loop->clock_frequency.QuadPart;
  uint64_t now;

  QueryPerformanceCounter(&count); /* cannot fail since Windows XP */
  now = (uint64_t)(count.QuadPart - loop->clock_start.QuadPart);
  return now / frequency * 1000 + now % frequency * 1000 / frequency;
}

/* The first packet of a queue has no packet before it, whatever its `prev`
 * says; so the `prev` of a packet that becomes the first stays as it is. */
void np__queue_remove(np__queue *queue, np__packet *packet) {
  np__packet *before = (np__packet *)packet->link.prev;

  if (queue->first == packet) {
    queue->first = packet->next;
  } else {
    before->next = packet->next;
  }
  if (packet->next != NULL) {
    packet->next->link.prev = packet->link.prev;
  } else {
    queue->last = before;
  }
}

void np__loop_hurry(np_loop *loop, np__packet *packet) {
  np__queue_remove(&loop->put_off, packet);
  np__queue_push_linked(&loop->hurried, packet);
}

void np__loop_take_back(np_loop *loop, np__packet *packet, bool hurried) {
  np__queue_remove(hurried ? &loop->hurried : &loop->put_off, packet);
}

HANDLE np__loop_event(np_loop *loop) {
  if (loop->event == NULL) {
    loop->event = CreateEventW(NULL, TRUE, FALSE, NULL);
  }
  return loop->event;
}

void *np__loop_new_bytes(np_loop *loop, size_t size) {
  return loop->allocator.allocate(loop->allocator.context, size);
}

void *np__loop_new(np_loop *loop, size_t size) {
  void *memory = np__loop_new_bytes(loop, size);

  if (memory != NULL) {
    memset(memory, 0, size);
  }
  return memory;
}

void np__loop_free(np_loop *loop, void *memory) {
  if (memory != NULL) {
    /* The freed memory may be the loop itself. */
    np_allocator allocator = loop->allocator;

    allocator.release(allocator.context, memory);
  }
}
