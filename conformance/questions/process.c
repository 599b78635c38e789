/* Questions about the process: its pool of threads. */
#include "questions.h"

enum { CALLBACKS = 1024, LOOK_MS = 50, STILL_MS = 3000, LIMIT_MS = 45000 };

static LONG running;
static HANDLE over;

static void CALLBACK wait_for_the_end(PTP_CALLBACK_INSTANCE instance,
                                      void *argument) {
  if (argument != NULL) {
    CallbackMayRunLong(instance);
  }
  InterlockedIncrement(&running);
  WaitForSingleObject(over, INFINITE);
}

/* The most callbacks that wait at once: what runs once none has begun for
 * STILL_MS. */
static LONG most_at_once(struct platform *f, void *argument) {
  HANDLE clock = event_new(f); /* never set: waiting for it is a pause */
  uint64_t begin = world_now_ms();
  uint64_t changed = begin;
  LONG most = 0;
  int submitted = 0;

  over = event_new(f);
  while (submitted < CALLBACKS &&
         TrySubmitThreadpoolCallback(wait_for_the_end, argument, NULL)) {
    submitted++;
  }
  while (world_now_ms() - changed < STILL_MS &&
         world_now_ms() - begin < LIMIT_MS) {
    LONG now = InterlockedCompareExchange(&running, 0, 0);

    if (now > most) {
      most = now;
      changed = world_now_ms();
    }
    WaitForSingleObject(clock, LOOK_MS);
  }
  return most;
}

static void most_tell(LONG most) {
  answer_give(most == 500  ? "500"
              : most < 500 ? "fewer"
                           : "more",
              "%ld", (long)most);
}

NP_QUESTION(
    "questions/pool-threads", NO_MODE,
    "How many callbacks of the default thread pool can wait at once?",
    "So many flushes can wait at a time: each np_pipe_flush takes a thread of "
    "the pool.",
    "flush/*",
    ANSWER("500", "500", "the page of thread pools; Wine",
           "pool_threads_max=#"),
    ANSWER("fewer", "fewer", "", "pool_threads_max=#"),
    ANSWER("more", "more", "", "pool_threads_max=#")) {
  most_tell(most_at_once(f, &running));
}

NP_QUESTION("questions/pool-threads-short", NO_MODE,
            "And how many, if none of them has said that it may run long?",
            "np_pipe_flush calls CallbackMayRunLong first.", "",
            ANSWER("500", "500", "", ""), ANSWER("fewer", "fewer", "", ""),
            ANSWER("more", "more", "", "")) {
  most_tell(most_at_once(f, NULL));
}
