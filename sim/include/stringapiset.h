/* Conversion and comparison of text. */
#ifndef NPIPE_SIM_STRINGAPISET_H
#define NPIPE_SIM_STRINGAPISET_H

#include <minwinbase.h>

SIM_EXTERN_C_BEGIN

#define CP_UTF8              65001u
#define CP_ACP               0u
#define CP_OEMCP             1u
#define MB_ERR_INVALID_CHARS 8u
#define MB_PRECOMPOSED       1u
#define WC_ERR_INVALID_CHARS 0x80u

int WINAPI WideCharToMultiByte(UINT code_page, DWORD flags, LPCWSTR text,
                               int units, LPSTR out, int size,
                               LPCSTR default_char, LPBOOL used_default);
int WINAPI MultiByteToWideChar(UINT code_page, DWORD flags, LPCSTR text,
                               int bytes, LPWSTR out, int size);
#define CSTR_LESS_THAN    1
#define CSTR_EQUAL        2
#define CSTR_GREATER_THAN 3

int WINAPI CompareStringOrdinal(LPCWSTR a, int a_units, LPCWSTR b, int b_units,
                                BOOL ignores_case);

SIM_EXTERN_C_END

#endif
