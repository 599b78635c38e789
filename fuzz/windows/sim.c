/* Stands in for the controls of the simulated kernel on a real one. Settings
 * have no effect and no fault is injected, but the laws hold. The clock is
 * real, and handles are counted. */
#include "sim/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static DWORD handles_at_reset;

/* An input chooses among as many names as the simulated kernel has. */
static const char *const names[] = {"win11",   "win7",   "disputed",  "open",
                                    "refuted", "coarse", "unordered", "slow"};

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

void sim_settings_open(sim_settings *settings, uint32_t questions) {
  (void)settings, (void)questions;
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

/* sim_calls: calls are not counted here. */
uint64_t sim_calls(const char *name) {
  (void)name;
  return 0;
}

/* sim_faults_hit: no fault is injected here. */
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

void sim_lie(const char *name, uint64_t nth, uint32_t bytes, uint32_t value) {
  (void)name, (void)nth, (void)bytes, (void)value;
}

void sim_lie_count(const char *name, uint64_t nth, uint32_t bytes) {
  (void)name, (void)nth, (void)bytes;
}

void sim_lie_warning(const char *name, uint64_t nth) {
  (void)name, (void)nth;
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

/* sim_advance_ms does nothing, because time goes on by itself. */
void sim_advance_ms(uint64_t ms) {
  (void)ms;
}

void sim_trace(bool on) {
  (void)on;
}
