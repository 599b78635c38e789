/* Watching the names of pipes. Two rules: the notice in the kernel is begun
 * before anybody looks, because a change without a notice is not reported
 * later; and a notice only says "look", because its data may be missing. */
#include "watch.h"

#include "list.h"
#include "loop.h"
#include "pipe_wait.h"

/* Each pipe of the machine ends a notice. After one, the next is begun at once,
 * but the one after that not earlier than this. */
#define PAUSE_MS 10u

/* Without notices the user's function runs after delays that double. */
#define POLL_MS_MIN 10u
#define POLL_MS_MAX 500u

/* The watch of a loop: an extension of the loop. */
typedef struct watch {
  np__extension extension; /* first */
  np_loop *loop;
  np__root root;
  np__list watchers;
  np__wait *wait; /* the notice, or NULL */
  np__alarm pause;
  uint64_t begun_ms; /* when the last notice was begun */
  bool is_impossible;
} watch;

/* --- The notice ----------------------------------------------------------- */

static void report(watch *w, bool is_lost) {
  np__link *next;

  for (np__link *at = w->watchers.next; at != &w->watchers; at = next) {
    np__watcher *watcher = NP__CONTAINER(at, np__watcher, link);

    next = at->next;
    if (is_lost) {
      np__list_remove(at);
    }
    watcher->changed(watcher, is_lost);
  }
}

static void notice_ended(void *owner, np__wait_end end);

static bool notice_begin(watch *w) {
  if (w->wait == NULL && !w->is_impossible) {
    w->wait = np__root_watch(&w->root, notice_ended, w);
    w->is_impossible = w->wait == NULL;
    w->begun_ms = np__loop_now_ms(w->loop);
  }
  return w->wait != NULL;
}

/* notice_renew begins the next notice and lets the watchers look. */
static void notice_renew(watch *w) {
  if (!np__list_is_empty(&w->watchers)) {
    report(w, !notice_begin(w));
  }
}

static void pause_ended(np__alarm *alarm) {
  notice_renew(NP__CONTAINER(alarm, watch, pause));
}

static void notice_ended(void *owner, np__wait_end end) {
  watch *w = owner;

  w->wait = NULL;
  if (np__list_is_empty(&w->watchers)) {
    return;
  }
  if (end == NP__WAIT_FAILED) {
    w->is_impossible = true;
    report(w, true);
  } else if (np__loop_now_ms(w->loop) - w->begun_ms >= PAUSE_MS) {
    notice_renew(w);
  } else if (!np__alarm_is_active(&w->pause)) {
    np__alarm_start(w->loop, &w->pause, np__loop_deadline_ms(w->loop, PAUSE_MS),
                    pause_ended);
  }
}

/* --- Watchers ------------------------------------------------------------- */

static void watch_free(np_loop *loop, np__extension *extension) {
  watch *w = (watch *)extension;

  np__root_deinit(&w->root);
  np__loop_free(loop, w);
}

static watch *watch_of(np_loop *loop) {
  watch *w = (watch *)np__loop_extension(loop, watch_free);

  if (w == NULL) {
    w = np__loop_new(loop, sizeof *w);
    if (w != NULL) {
      w->loop = loop;
      np__list_init(&w->watchers);
      np__root_init(&w->root, loop, FILE_LIST_DIRECTORY);
      w->extension.free = watch_free;
      np__loop_extend(loop, &w->extension);
    }
  }
  return w;
}

bool np__watch_begin(np_loop *loop, np__watcher *watcher) {
  watch *w = watch_of(loop);

  if (w == NULL || (!np__alarm_is_active(&w->pause) && !notice_begin(w))) {
    return false;
  }
  np__list_push(&w->watchers, &watcher->link);
  return true;
}

void np__watch_end(np_loop *loop, np__watcher *watcher) {
  watch *w = watch_of(loop);

  np__list_remove(&watcher->link);
  if (np__list_is_empty(&w->watchers)) {
    np__alarm_stop(loop, &w->pause);
    if (w->wait != NULL) {
      np__wait_cancel(w->wait);
    }
  }
}

/* --- The user's watch ----------------------------------------------------- */

static np_name_watch *watch_of_timer(np_timer *timer) {
  return NP__CONTAINER(timer, np_name_watch, np__timer);
}

static void on_changed(np_timer *timer) {
  np_name_watch *user_watch = watch_of_timer(timer);

  if (!user_watch->np__is_noticed) {
    np_timer_start(user_watch->np__loop, timer, user_watch->np__poll_ms,
                   on_changed);
    user_watch->np__poll_ms = user_watch->np__poll_ms < POLL_MS_MAX / 2
                                  ? user_watch->np__poll_ms * 2
                                  : POLL_MS_MAX;
  }
  user_watch->np__fn(user_watch);
}

static void changed(np__watcher *watcher, bool is_lost) {
  np_name_watch *user_watch =
      NP__CONTAINER(watcher, np_name_watch, np__watcher);

  user_watch->np__is_noticed = !is_lost;
  np_timer_start(user_watch->np__loop, &user_watch->np__timer, 0, on_changed);
}

np_error np_name_watch_start(np_loop *loop, np_name_watch *user_watch,
                             np_name_watch_fn fn) {
  np__loop_check_thread(loop);
  if (loop == NULL || user_watch == NULL || fn == NULL) {
    return ERROR_INVALID_PARAMETER;
  }
  if (user_watch->np__loop != NULL) {
    return ERROR_BUSY;
  }
  user_watch->np__loop = loop;
  user_watch->np__fn = fn;
  user_watch->np__poll_ms = POLL_MS_MIN;
  user_watch->np__watcher.changed = changed;
  user_watch->np__is_noticed = np__watch_begin(loop, &user_watch->np__watcher);
  loop->active++;
  return np_timer_start(loop, &user_watch->np__timer, 0, on_changed);
}

void np_name_watch_stop(np_name_watch *user_watch) {
  np_loop *loop = user_watch != NULL ? user_watch->np__loop : NULL;

  if (loop == NULL) {
    return;
  }
  np__loop_check_thread(loop);
  user_watch->np__loop = NULL;
  np_timer_stop(&user_watch->np__timer);
  loop->active--;
  if (user_watch->np__is_noticed) {
    np__watch_end(loop, &user_watch->np__watcher);
  }
}
