/* A process seen from outside: NtQuerySystemInformation lists all handles of
 * the system, with their owner and their attributes. The threads are asked for
 * their time one by one, because Wine 8.0 answers 0 for another process.
 *
 * Source: NtQuerySystemInformation (SystemExtendedHandleInformation),
 *         GetThreadTimes, GetProcessMemoryInfo */
#include "outside.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <psapi.h>
#include <tlhelp32.h>

#include "world.h"

enum {
  EXTENDED_HANDLES = 64, /* SystemExtendedHandleInformation */
  HANDLES_BYTES_FIRST = 1 << 20,
  HANDLES_BYTES_MAX = 1 << 27,
  ATTRIBUTE_INHERIT = 2, /* OBJ_INHERIT */
  SETTLE_MS = 200,
  IDLE_MS = 2000,
  IDLE_LOOKS = 2, /* a runtime may still be starting at the first */
  /* Processor time in IDLE_MS that is still idle: a tick of the clock. A loop
   * that asks the system again and again uses more. */
  IDLE_CPU_MS = 15,
  RACE_CPU_MS = 120, /* processor time that our loop gets in a race */
  RACE_MS_MAX = 20000,
  /* What the program may use meanwhile, if it looks now and then. */
  RACE_POLLS_CPU_MS = RACE_CPU_MS / 2
};

/* SYSTEM_HANDLE_TABLE_ENTRY_INFO_EX, which the headers do not have. */
struct handle_entry {
  void *object;
  ULONG_PTR process_id;
  ULONG_PTR handle;
  ULONG access;
  USHORT creator;
  USHORT type;
  ULONG attributes;
  ULONG reserved;
};

struct handle_table {
  ULONG_PTR count;
  ULONG_PTR reserved;
  struct handle_entry entries[];
};

void outside_suspend(struct subject *s) {
  assert_int_equal(NtSuspendProcess(s->process), 0);
}

void outside_resume(struct subject *s) {
  assert_int_equal(NtResumeProcess(s->process), 0);
}

/* table_read returns the handles of the system, for free(). */
static struct handle_table *table_read(void) {
  for (ULONG size = HANDLES_BYTES_FIRST; size <= HANDLES_BYTES_MAX; size *= 2) {
    struct handle_table *table = malloc(size);
    ULONG used = 0;

    assert_non_null(table);
    if (NtQuerySystemInformation((SYSTEM_INFORMATION_CLASS)EXTENDED_HANDLES,
                                 table, size, &used) == 0) {
      return table;
    }
    free(table);
  }
  fail_msg("the system does not list its handles");
  return NULL;
}

size_t outside_handles(const struct subject *s) {
  struct handle_table *table = table_read();
  size_t count = 0;

  for (ULONG_PTR i = 0; i < table->count; i++) {
    count += table->entries[i].process_id == s->id;
  }
  free(table);
  return count;
}

/* file_type returns the number that the table has for files and pipes: that of
 * the handle from which we read the program's output. */
static USHORT file_type(const struct handle_table *table,
                        const struct subject *s) {
  for (ULONG_PTR i = 0; i < table->count; i++) {
    if (table->entries[i].process_id == GetCurrentProcessId() &&
        table->entries[i].handle == (ULONG_PTR)s->output) {
      return table->entries[i].type;
    }
  }
  fail_msg("the system does not list a handle of this process");
  return 0;
}

void outside_note_given(struct subject *s) {
  struct handle_table *table = table_read();

  s->given_count = 0;
  for (ULONG_PTR i = 0; i < table->count; i++) {
    const struct handle_entry *entry = &table->entries[i];

    if (entry->process_id == GetCurrentProcessId() &&
        (entry->attributes & ATTRIBUTE_INHERIT) != 0) {
      assert_true(s->given_count < SUBJECT_GIVEN_MAX);
      s->given[s->given_count++] = (HANDLE)entry->handle;
    }
  }
  free(table);
}

static bool was_given(const struct subject *s, ULONG_PTR handle) {
  for (size_t i = 0; i < s->given_count; i++) {
    if ((ULONG_PTR)s->given[i] == handle) {
      return true;
    }
  }
  return false;
}

size_t outside_inheritable(const struct subject *s) {
  struct handle_table *table = table_read();
  USHORT type = file_type(table, s);
  size_t count = 0;

  for (ULONG_PTR i = 0; i < table->count; i++) {
    const struct handle_entry *entry = &table->entries[i];

    count += entry->process_id == s->id && entry->type == type &&
             (entry->attributes & ATTRIBUTE_INHERIT) != 0 &&
             !was_given(s, entry->handle);
  }
  free(table);
  return count;
}

static uint64_t ms_of(FILETIME time) {
  return (((uint64_t)time.dwHighDateTime << 32) | time.dwLowDateTime) / 10000;
}

static uint64_t thread_ms(DWORD id) {
  HANDLE thread = OpenThread(THREAD_QUERY_INFORMATION, FALSE, id);
  FILETIME created;
  FILETIME exited;
  FILETIME kernel;
  FILETIME user;
  uint64_t ms = 0;

  if (thread != NULL) {
    if (GetThreadTimes(thread, &created, &exited, &kernel, &user)) {
      ms = ms_of(kernel) + ms_of(user);
    }
    CloseHandle(thread);
  }
  return ms;
}

/* cpu_ms returns the processor time of the threads that the program has now. */
static uint64_t cpu_ms(const struct subject *s) {
  HANDLE threads = CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0);
  THREADENTRY32 entry;
  uint64_t ms = 0;

  assert_ptr_not_equal(threads, INVALID_HANDLE_VALUE);
  entry.dwSize = sizeof(entry);
  for (BOOL any = Thread32First(threads, &entry); any;
       any = Thread32Next(threads, &entry)) {
    if (entry.th32OwnerProcessID == s->id) {
      ms += thread_ms(entry.th32ThreadID);
    }
  }
  CloseHandle(threads);
  return ms;
}

/* own_cpu_ms returns the processor time of this thread. */
static uint64_t own_cpu_ms(void) {
  FILETIME created;
  FILETIME exited;
  FILETIME kernel;
  FILETIME user;

  assert_true(
      GetThreadTimes(GetCurrentThread(), &created, &exited, &kernel, &user));
  return ms_of(kernel) + ms_of(user);
}

/* watch returns the processor time that the program uses in IDLE_MS. */
static uint64_t watch(const struct subject *s) {
  uint64_t before = cpu_ms(s);
  uint64_t after;

  WaitForSingleObject(s->process, IDLE_MS);
  after = cpu_ms(s);
  return after > before ? after - before : 0; /* a thread may have ended */
}

/* race returns the processor time that the program uses while this thread asks
 * the system again and again, until it has got RACE_CPU_MS. On a busy machine a
 * loop gets little time: most of its time is that of the system that it asks,
 * and it waits for its turn. But it gets as much as our loop. */
static uint64_t race(const struct subject *s) {
  uint64_t begin = world_now_ms();
  uint64_t own = own_cpu_ms();
  uint64_t before = cpu_ms(s);
  uint64_t after;

  do {
    WaitForSingleObject(s->process, 0);
  } while (own_cpu_ms() < own + RACE_CPU_MS &&
           world_now_ms() < begin + RACE_MS_MAX);
  after = cpu_ms(s);
  return after > before ? after - before : 0;
}

void assert_idle(const struct subject *s, const char *when, bool may_poll) {
  uint64_t raced_max = may_poll ? RACE_POLLS_CPU_MS : IDLE_CPU_MS;
  uint64_t used = 0;
  uint64_t raced = 0;

  WaitForSingleObject(s->process, SETTLE_MS);
  for (int i = 0; i < IDLE_LOOKS; i++) {
    used = watch(s);
    raced = race(s);
    if (used <= IDLE_CPU_MS && raced <= raced_max) {
      return;
    }
  }
  fail_msg(
      "%s: %lu ms of processor time in %d ms, and %lu ms while another "
      "loop used %d ms",
      when, (unsigned long)used, IDLE_MS, (unsigned long)raced, RACE_CPU_MS);
}

size_t outside_memory(const struct subject *s) {
  PROCESS_MEMORY_COUNTERS counters;

  memset(&counters, 0, sizeof(counters));
  assert_true(GetProcessMemoryInfo(s->process, &counters, sizeof(counters)));
  return counters.PagefileUsage;
}
