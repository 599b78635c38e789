/* The named settings. Each is a kind of kernel that the library must work
 * on. */
#include "kernel.h"

#include <string.h>

static const char *const names[] = {"win11",   "win7",   "disputed",  "open",
                                    "refuted", "coarse", "unordered", "slow"};

size_t sim_settings_count(void) {
  return sizeof names / sizeof names[0];
}

const char *sim_settings_name(size_t index) {
  return names[index];
}

/* sim_settings_init fills in Windows 8 and later. For disputed behaviour it
 * takes the side with the better evidence. */
void sim_settings_init(sim_settings *settings) {
  static const sim_settings win11 = {
      .warning_pends_permille = 1000,
      .transact_failure_pends_permille = 1000,
      .empty_read_more_data = true,
      .no_data_access_disconnected = true,
      .disconnect_listening = true,
      .closed_connect_status = STATUS_PIPE_BROKEN,
      .closed_write_kept = true,
      .flush_is_barrier = true,
      .byte_read_swallows_empty = true,
      .empty_read_consumes_empty = true,
      .wait_cancellable = true,
      .root_listed = true,
      .notice_names = true,
      .flush_control = true,
      .nameless_pipes = true,
      .pool_threads_max = 500,
      .sqos_default_anonymous = true,
      .remote_refused_status = STATUS_ACCESS_DENIED,
      .tick_us = 1000,
  };

  *settings = win11;
}

static void win7(sim_settings *settings) {
  settings->warning_pends_permille = 0;
  settings->transact_failure_pends_permille = 0;
  settings->empty_read_more_data = false;
  settings->no_data_access_disconnected = false;
  settings->no_app_containers = true;
  settings->notice_names = false;
}

/* disputed takes the other side of each dispute. */
static void disputed(sim_settings *settings) {
  settings->warning_pends_permille = 0;
  settings->disconnect_listening = false;
  settings->closed_connect_status = STATUS_HANDLES_CLOSED;
  settings->closed_write_kept = false;
  settings->flush_is_barrier = false;
  settings->byte_read_swallows_empty = false;
  settings->empty_read_consumes_empty = false;
  settings->wait_cancellable = false;
  settings->root_listed = false;
  settings->flush_control = false;
  settings->sqos_default_anonymous = false;
  settings->remote_refused_status = STATUS_BAD_NETWORK_PATH;
}

void sim_settings_open(sim_settings *settings, uint32_t questions) {
  settings->early_static_unknown = (questions & 1) != 0;
  settings->drain_ends_writes = (questions & 2) != 0;
  settings->transact_warns_byte_read = (questions & 4) != 0;
  settings->transact_behind_read_busy = (questions & 8) != 0;
  settings->quota_overdrawn = (questions & 16) != 0;
  settings->transact_uncharged = (questions & 32) != 0;
  settings->peek_pends_permille = (questions & 64) != 0 ? 1000 : 0;
  settings->restricted_creates = (questions & 128) != 0;
}

/* open takes the second answer of each open question. */
static void open(sim_settings *settings) {
  sim_settings_open(settings, UINT32_MAX);
}

/* refuted takes answers that no Windows gives. The library must not rely on
 * Windows' own answers there. */
static void refuted(sim_settings *settings) {
  settings->warning_pends_permille = 0;
  settings->warning_posts = true;
  settings->nameless_pipes = false;
  settings->cancelled_write_counts = true;
  settings->nowait_connect_succeeds = true;
}

/* wine is no Windows: it takes Wine's side of each dispute. */
static void wine(sim_settings *settings) {
  disputed(settings);
  settings->transact_failure_pends_permille = 0;
  settings->empty_read_consumes_empty = true;
  settings->restricted_creates = true;
}

static void unordered(sim_settings *settings) {
  settings->warning_pends_permille = 500;
  settings->transact_failure_pends_permille = 500;
  settings->shuffle_permille = 500;
  settings->short_get_permille = 300;
  settings->late_status_permille = 500;
}

/* slow delays completions and cancels, as behind a file system filter on a busy
 * machine. */
static void slow(sim_settings *settings) {
  unordered(settings);
  settings->pend_permille = 300;
  settings->delay_permille = 300;
  settings->delay_ms_max = 5;
  settings->cancel_late_permille = 300;
  settings->cancel_ms_max = 5;
}

/* coarse is the clock of a machine with 64 ticks a second. */
static void coarse(sim_settings *settings) {
  settings->tick_us = 15625;
  settings->early_timeout_ms_max = 15;
}

bool sim_settings_named(sim_settings *settings, const char *name) {
  static void (*const changes[])(sim_settings *) = {
      sim_settings_init, win7,   disputed,  open,
      refuted,           coarse, unordered, slow};

  if (strcmp(name, "wine") == 0) {
    sim_settings_init(settings);
    wine(settings);
    return true;
  }
  for (size_t i = 0; i < sim_settings_count(); i++) {
    if (strcmp(names[i], name) == 0) {
      sim_settings_init(settings);
      changes[i](settings);
      return true;
    }
  }
  return false;
}
