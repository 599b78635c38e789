/* Waits for a change of memory: WaitOnAddress and its wakes. A wake reaches
 * only threads that wait already. A wake that comes too early is lost, as on
 * Windows. */
#include "kernel.h"

struct waiter {
  struct waiter *next;
  volatile void *address;
  bool is_woken;
};

static struct waiter *waiters; /* the oldest first */

/* A value of 8 bytes is aligned as on Windows, also where Linux aligns it to 4
 * bytes. */
typedef uint64_t aligned_uint64 __attribute__((aligned(8)));

/* is_equal compares `size` bytes, as one atomic value. */
__attribute__((no_sanitize("alignment"))) static bool is_equal(
    volatile void *address, const void *value, size_t size) {
  switch (size) {
    case 1:
      return __atomic_load_n((volatile uint8_t *)address, __ATOMIC_SEQ_CST) ==
             *(const uint8_t *)value;
    case 2:
      return __atomic_load_n((volatile uint16_t *)address, __ATOMIC_SEQ_CST) ==
             *(const uint16_t *)value;
    case 4:
      return __atomic_load_n((volatile uint32_t *)address, __ATOMIC_SEQ_CST) ==
             *(const uint32_t *)value;
    default:
      return __atomic_load_n((volatile aligned_uint64 *)address,
                             __ATOMIC_SEQ_CST) == *(const uint64_t *)value;
  }
}

static bool is_woken(void *waiter) {
  return ((struct waiter *)waiter)->is_woken;
}

/* wait returns false if no wake comes in time. */
static bool wait(volatile void *address, DWORD timeout_ms) {
  struct waiter waiter = {NULL, address, false};
  struct waiter **link = &waiters;

  while (*link != NULL) {
    link = &(*link)->next;
  }
  *link = &waiter;
  sim__block(is_woken, &waiter, sim__deadline_in_ms(timeout_ms));
  for (link = &waiters; *link != &waiter; link = &(*link)->next) {
  }
  *link = waiter.next;
  return waiter.is_woken;
}

BOOL WINAPI WaitOnAddress(volatile VOID *address, PVOID unwanted, SIZE_T size,
                          DWORD timeout_ms) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%zu %u", size,
                      (unsigned)timeout_ms)) {
    if (size != 1 && size != 2 && size != 4 && size != 8) {
      call.error = ERROR_INVALID_PARAMETER;
    } else if (is_equal(address, unwanted, size) &&
               !wait(address, timeout_ms)) {
      call.error = ERROR_TIMEOUT;
    }
  }
  return sim__call_end(&call);
}

static void wake(const char *name, const void *place,
                 const volatile void *address, bool all) {
  struct call call;
  bool wanted = true;

  sim__call_note(&call, name, place);
  for (struct waiter *w = waiters; w != NULL && wanted; w = w->next) {
    if (w->address == address && !w->is_woken) {
      w->is_woken = true;
      wanted = all;
    }
  }
  sim__wake();
  sim__call_end(&call);
}

void WINAPI WakeByAddressSingle(PVOID address) {
  wake(__func__, PLACE, address, false);
}

void WINAPI WakeByAddressAll(PVOID address) {
  wake(__func__, PLACE, address, true);
}
