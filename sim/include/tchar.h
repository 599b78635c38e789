/* Generic names of the C runtime, for programs of bytes. Those of programs with
 * UNICODE would need a C library whose wchar_t has 16 bits. */
#ifndef NPIPE_SIM_TCHAR_H
#define NPIPE_SIM_TCHAR_H

#include <stdio.h>
#include <string.h>

#include <windef.h>

#ifdef _UNICODE
#error "npsim: tchar.h is for programs without UNICODE; see docs/npsim.md"
#endif

#define _T(text)    TEXT(text)
#define _TEXT(text) TEXT(text)
#define _tmain      main
#define _tprintf    printf
#define _ftprintf   fprintf
#define _stprintf   sprintf
#define _sntprintf  snprintf
#define _tcslen     strlen
#define _tcscmp     strcmp
#define _tcsncmp    strncmp
#define _tcschr     strchr
#define _tcsrchr    strrchr
#define _tcsstr     strstr
#define _tcscpy     strcpy
#define _tcscat     strcat
#define _fputts     fputs
#define _puttchar   putchar

#endif
