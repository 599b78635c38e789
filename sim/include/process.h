/* Threads of the C runtime. */
#ifndef NPIPE_SIM_PROCESS_H
#define NPIPE_SIM_PROCESS_H

#include <windef.h>

#define __stdcall
#define __cdecl

SIM_EXTERN_C_BEGIN

uintptr_t _beginthreadex(void *attributes, unsigned stack_size,
                         unsigned (*start)(void *), void *parameter,
                         unsigned flags, unsigned *id);
void _endthreadex(unsigned code) __attribute__((noreturn));

SIM_EXTERN_C_END

#endif
