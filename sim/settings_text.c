/* Settings as text, "name = value" a line, so that answers of a Windows can be
 * played: one row here a member of sim_settings. */
#include "kernel.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum kind { FLAG, NUMBER, STATUS };

static const struct {
  const char *name;
  enum kind kind;
  size_t offset;
} members[] = {
#define MEMBER(kind_, name_) \
  { #name_, kind_, offsetof(sim_settings, name_) }
    MEMBER(NUMBER, warning_pends_permille),
    MEMBER(NUMBER, transact_failure_pends_permille),
    MEMBER(FLAG, empty_read_more_data),
    MEMBER(FLAG, no_app_containers),
    MEMBER(FLAG, no_data_access_disconnected),
    MEMBER(FLAG, disconnect_listening),
    MEMBER(STATUS, closed_connect_status),
    MEMBER(FLAG, closed_write_kept),
    MEMBER(FLAG, flush_is_barrier),
    MEMBER(FLAG, byte_read_swallows_empty),
    MEMBER(FLAG, empty_read_consumes_empty),
    MEMBER(FLAG, wait_cancellable),
    MEMBER(FLAG, root_listed),
    MEMBER(FLAG, notice_names),
    MEMBER(FLAG, flush_control),
    MEMBER(FLAG, nameless_pipes),
    MEMBER(FLAG, sqos_default_anonymous),
    MEMBER(STATUS, remote_refused_status),
    MEMBER(FLAG, early_static_unknown),
    MEMBER(FLAG, drain_ends_writes),
    MEMBER(FLAG, transact_warns_byte_read),
    MEMBER(FLAG, transact_behind_read_busy),
    MEMBER(FLAG, quota_overdrawn),
    MEMBER(FLAG, transact_uncharged),
    MEMBER(NUMBER, peek_pends_permille),
    MEMBER(FLAG, restricted_creates),
    MEMBER(FLAG, warning_posts),
    MEMBER(FLAG, cancelled_write_counts),
    MEMBER(FLAG, nowait_connect_succeeds),
    MEMBER(NUMBER, shuffle_permille),
    MEMBER(NUMBER, short_get_permille),
    MEMBER(NUMBER, pend_permille),
    MEMBER(NUMBER, late_status_permille),
    MEMBER(NUMBER, delay_permille),
    MEMBER(NUMBER, delay_ms_max),
    MEMBER(NUMBER, cancel_late_permille),
    MEMBER(NUMBER, cancel_ms_max),
    MEMBER(NUMBER, early_timeout_ms_max),
    MEMBER(NUMBER, tick_us),
    MEMBER(NUMBER, pool_threads_max),
    MEMBER(FLAG, threads_in_step),
    MEMBER(NUMBER, schedule_steps),
    MEMBER(NUMBER, preemptions),
    MEMBER(NUMBER, preemptions_left_out),
    MEMBER(FLAG, strict_waits),
    MEMBER(FLAG, strict_exits),
    MEMBER(FLAG, abort_on_misuse),
#undef MEMBER
};

enum { MEMBERS = sizeof members / sizeof members[0] };

bool sim_settings_set(sim_settings *settings, const char *name,
                      const char *value) {
  for (size_t i = 0; i < MEMBERS; i++) {
    char *at = (char *)settings + members[i].offset;
    unsigned long number;
    char *end;

    if (strcmp(members[i].name, name) != 0) {
      continue;
    }
    if (members[i].kind == FLAG) {
      *(bool *)(void *)at = strcmp(value, "true") == 0;
      return strcmp(value, "true") == 0 || strcmp(value, "false") == 0;
    }
    number = strtoul(value, &end, members[i].kind == STATUS ? 16 : 10);
    if (*value == '-' || end == value || *end != 0 || number > UINT32_MAX) {
      return false;
    }
    *(uint32_t *)(void *)at = (uint32_t)number;
    return true;
  }
  return false;
}

bool sim_settings_text(const sim_settings *settings, size_t index, char *out,
                       size_t size) {
  const char *at;
  uint32_t number;

  if (index >= MEMBERS) {
    return false;
  }
  at = (const char *)settings + members[index].offset;
  if (members[index].kind == FLAG) {
    snprintf(out, size, "%s = %s", members[index].name,
             *(const bool *)(const void *)at ? "true" : "false");
    return true;
  }
  memcpy(&number, at, sizeof number);
  snprintf(out, size, members[index].kind == STATUS ? "%s = 0x%08X" : "%s = %u",
           members[index].name, (unsigned)number);
  return true;
}
