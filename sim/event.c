/* Events. */
#include "kernel.h"

#include <stdlib.h>

enum { EVENT_ACCESS = 0x1F0003 };

void sim__event_set(struct event *event) {
  event->set = true;
  sim__wake();
}

HANDLE sim__event_create(struct call *call,
                         const SECURITY_ATTRIBUTES *attributes, bool manual,
                         bool set, const WCHAR *name) {
  struct event *event = calloc(1, sizeof *event);

  sim__object_init(&event->object, OBJECT_EVENT);
  event->manual = manual;
  event->set = set;
  return sim__named_create(call, &event->object, EVENT_ACCESS, attributes,
                           name);
}

HANDLE WINAPI CreateEventW(LPSECURITY_ATTRIBUTES attributes, BOOL manual_reset,
                           BOOL initial, LPCWSTR name) {
  struct call call;
  HANDLE handle = NULL;

  if (sim__call_begin(&call, __func__, PLACE, " ")) {
    handle = sim__event_create(&call, attributes, manual_reset != 0,
                               initial != 0, name);
  }
  sim__call_end(&call);
  return handle;
}

HANDLE WINAPI CreateEventExW(LPSECURITY_ATTRIBUTES attributes, LPCWSTR name,
                             DWORD flags, DWORD access) {
  struct call call;
  HANDLE handle = NULL;

  (void)access; /* the handle has all rights */
  if (sim__call_begin(&call, __func__, PLACE, "%x", (unsigned)flags)) {
    handle = sim__event_create(&call, attributes,
                               (flags & CREATE_EVENT_MANUAL_RESET) != 0,
                               (flags & CREATE_EVENT_INITIAL_SET) != 0, name);
  }
  sim__call_end(&call);
  return handle;
}

HANDLE WINAPI OpenEventW(DWORD access, BOOL inherit, LPCWSTR name) {
  return sim__named_open(__func__, PLACE, OBJECT_EVENT, access, inherit, name);
}

/* event_change is SetEvent and ResetEvent. */
static BOOL event_change(struct call *call, HANDLE handle, bool set) {
  struct event *event = sim__handle_get_for(call, handle, OBJECT_EVENT, 0);

  if (event != NULL && set) {
    sim__event_set(event);
  } else if (event != NULL) {
    event->set = false;
  }
  return sim__call_end(call);
}

BOOL WINAPI SetEvent(HANDLE handle) {
  struct call call;

  if (!sim__call_begin(&call, __func__, PLACE, "%p", handle)) {
    return sim__call_end(&call);
  }
  return event_change(&call, handle, true);
}

BOOL WINAPI ResetEvent(HANDLE handle) {
  struct call call;

  if (!sim__call_begin(&call, __func__, PLACE, "%p", handle)) {
    return sim__call_end(&call);
  }
  return event_change(&call, handle, false);
}
