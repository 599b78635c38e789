/* Counts the calls that this executable makes through its imports. The library
 * is linked into the executable, so its calls are among them. The loader has
 * written the address of each imported function into a table; here each address
 * in the table becomes that of a stub, which counts and jumps to the function.
 * The stub changes neither a register nor the stack.
 *
 * Source: PE Format, "The .idata Section" */
#include "world/windows/imports.h"

#include <windows.h>

#include <string.h>

enum {
  FUNCTIONS_MAX = 512,
  STUB_BYTES = 16,
  CODE_BYTES = FUNCTIONS_MAX * STUB_BYTES
};

struct counter {
  volatile LONG64 calls;
  void *function;
  const char *name;
};

/* The counters lie behind the stubs, near enough for a relative address, and on
 * pages of their own. */
static BYTE *stubs;
static struct counter *counters;
static size_t used;

#if defined(__x86_64__) || defined(__i386__)

static BYTE *put(BYTE *at, const void *bytes, size_t size) {
  memcpy(at, bytes, size);
  return at + size;
}

/* put_address puts the operand of an instruction that ends behind it. */
static BYTE *put_address(BYTE *at, const volatile void *target) {
#if defined(__x86_64__)
  const int32_t operand = (int32_t)((const volatile BYTE *)target - (at + 4));
#else
  const uint32_t operand = (uint32_t)(uintptr_t)target;
#endif

  return put(at, &operand, sizeof(operand));
}

/* stub_make writes `lock inc [calls]; jmp [function]`. */
static void stub_make(BYTE *at, const struct counter *counter) {
#if defined(__x86_64__)
  static const BYTE lock_inc[] = {0xF0, 0x48, 0xFF, 0x05};
#else
  static const BYTE lock_inc[] = {0xF0, 0xFF, 0x05};
#endif
  static const BYTE jmp[] = {0xFF, 0x25};

  at = put(at, lock_inc, sizeof(lock_inc));
  at = put_address(at, &counter->calls);
  at = put(at, jmp, sizeof(jmp));
  put_address(at, &counter->function);
}

static bool stubs_alloc(void) {
  stubs = VirtualAlloc(NULL, CODE_BYTES + FUNCTIONS_MAX * sizeof(*counters),
                       MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE);
  counters = (struct counter *)(void *)(stubs + CODE_BYTES);
  return stubs != NULL;
}

#else

static void stub_make(BYTE *at, const struct counter *counter) {
  (void)at;
  (void)counter;
}

static bool stubs_alloc(void) {
  return false; /* No stub for this processor. */
}

#endif

static void import_count(const char *name, void **slot) {
  BYTE *stub = stubs + used * STUB_BYTES;
  DWORD before = 0;

  if (used == FUNCTIONS_MAX ||
      !VirtualProtect(slot, sizeof(*slot), PAGE_READWRITE, &before)) {
    return;
  }
  counters[used].function = *slot;
  counters[used].name = name;
  stub_make(stub, &counters[used]);
  memcpy(slot, &stub, sizeof(stub));
  VirtualProtect(slot, sizeof(*slot), before, &before);
  used++;
}

/* is_of_windows is for the DLLs of which only functions are imported. The C
 * runtime exports variables, too. */
static bool is_of_windows(const char *dll) {
  return _stricmp(dll, "kernel32.dll") == 0 ||
         _stricmp(dll, "ntdll.dll") == 0 || _stricmp(dll, "advapi32.dll") == 0;
}

static void imports_of(BYTE *image, const IMAGE_IMPORT_DESCRIPTOR *dll) {
  const IMAGE_THUNK_DATA *names =
      (const void *)(image + dll->OriginalFirstThunk);
  IMAGE_THUNK_DATA *slots = (void *)(image + dll->FirstThunk);

  for (; names->u1.AddressOfData != 0; names++, slots++) {
    if (!IMAGE_SNAP_BY_ORDINAL(names->u1.Ordinal)) {
      const IMAGE_IMPORT_BY_NAME *import =
          (const void *)(image + names->u1.AddressOfData);

      import_count((const char *)import->Name, (void **)&slots->u1.Function);
    }
  }
}

static void imports_replace(void) {
  BYTE *image = (void *)GetModuleHandleW(NULL);
  const IMAGE_DOS_HEADER *dos = (const void *)image;
  const IMAGE_NT_HEADERS *headers = (const void *)(image + dos->e_lfanew);
  const IMAGE_IMPORT_DESCRIPTOR *dll =
      (const void *)(image + headers->OptionalHeader
                                 .DataDirectory[IMAGE_DIRECTORY_ENTRY_IMPORT]
                                 .VirtualAddress);
  DWORD before = 0;

  for (; dll->Name != 0; dll++) {
    if (is_of_windows((const char *)(image + dll->Name))) {
      imports_of(image, dll);
    }
  }
  VirtualProtect(stubs, CODE_BYTES, PAGE_EXECUTE_READ, &before);
  FlushInstructionCache(GetCurrentProcess(), stubs, CODE_BYTES);
}

void imports_begin(void) {
  if (stubs == NULL && stubs_alloc()) {
    imports_replace();
  }
  for (size_t i = 0; i < used; i++) {
    InterlockedExchange64(&counters[i].calls, 0);
  }
}

bool imports_count(const char *name, uint64_t *count) {
  *count = 0;
  for (size_t i = 0; i < used; i++) {
    if (strcmp(counters[i].name, name) == 0) {
      *count = (uint64_t)InterlockedOr64(&counters[i].calls, 0);
    }
  }
  return used > 0;
}
