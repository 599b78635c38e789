#include "sim/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the targets ask of the simulated kernel, for a real one. It is what it
 * is: settings choose nothing, and no fault comes when it is wished. The laws
 * hold all the same. It has a clock, and it counts handles. */

static DWORD handles_at_reset;

/* An input chooses among as many as there are. */
static const char *const names[] = {"win11",  "win7",      "disputed",
                                    "coarse", "unordered", "slow"};

size_t sim_settings_count(void) {
  return sizeof names / sizeof names[0];
}

const char *sim_settings_name(size_t index) {
  return names[index];
}

void sim_settings_init(sim_settings *settings) {
  memset(settings, 0, sizeof *settings);
}

bool sim_settings_named(sim_settings *settings, const char *name) {
  (void)name;
  sim_settings_init(settings);
  return true;
}

static DWORD handle_count(void) {
  DWORD count = 0;

  GetProcessHandleCount(GetCurrentProcess(), &count);
  return count;
}

void sim_reset(uint64_t seed, const sim_settings *settings) {
  (void)seed, (void)settings;
  handles_at_reset = handle_count();
}

bool sim_check(char *report, size_t size) {
  const DWORD now = handle_count();

  snprintf(report, size, "%lu handles, there were %lu", now, handles_at_reset);
  return now == handles_at_reset;
}

/* Nobody counts calls here. */
uint64_t sim_calls(const char *name) {
  (void)name;
  return 0;
}

/* No fault is injected here. */
uint64_t sim_faults_hit(void) {
  return 0;
}

void sim_fault(const char *name, uint64_t nth, uint32_t error) {
  (void)name, (void)nth, (void)error;
}

void sim_fault_any(uint64_t nth) {
  (void)nth;
}

void sim_fault_completion(const char *name, uint64_t nth, NTSTATUS status) {
  (void)name, (void)nth, (void)status;
}

void sim_slow(HANDLE pipe, uint32_t delay_ms) {
  (void)pipe, (void)delay_ms;
}

void sim_cancel_late(HANDLE pipe, uint32_t delay_ms) {
  (void)pipe, (void)delay_ms;
}

void sim_vanish(HANDLE pipe, uint64_t nth) {
  (void)pipe, (void)nth;
}

uint64_t sim_now_ns(void) {
  LARGE_INTEGER frequency;
  LARGE_INTEGER count;

  QueryPerformanceFrequency(&frequency);
  QueryPerformanceCounter(&count);
  return (uint64_t)((double)count.QuadPart * 1e9 / (double)frequency.QuadPart);
}

/* Time goes on by itself. */
void sim_advance_ms(uint64_t ms) {
  (void)ms;
}

void sim_trace(bool on) {
  (void)on;
}
