/* Heaps. */
#ifndef NPIPE_SIM_HEAPAPI_H
#define NPIPE_SIM_HEAPAPI_H

#include <winnt.h>

SIM_EXTERN_C_BEGIN

#define HEAP_NO_SERIALIZE          0x01u
#define HEAP_GENERATE_EXCEPTIONS   0x04u
#define HEAP_ZERO_MEMORY           0x08u
#define HEAP_REALLOC_IN_PLACE_ONLY 0x10u

HANDLE WINAPI GetProcessHeap(void);
HANDLE WINAPI HeapCreate(DWORD flags, SIZE_T size, SIZE_T most);
BOOL WINAPI HeapDestroy(HANDLE heap);
LPVOID WINAPI HeapAlloc(HANDLE heap, DWORD flags, SIZE_T size);
LPVOID WINAPI HeapReAlloc(HANDLE heap, DWORD flags, LPVOID block, SIZE_T size);
BOOL WINAPI HeapFree(HANDLE heap, DWORD flags, LPVOID block);
SIZE_T WINAPI HeapSize(HANDLE heap, DWORD flags, LPCVOID block);

SIM_EXTERN_C_END

#endif
