/* Access control lists from descriptions of an access. */
#ifndef NPIPE_SIM_ACLAPI_H
#define NPIPE_SIM_ACLAPI_H

#include <windows.h>

#include <accctrl.h>

SIM_EXTERN_C_BEGIN

DWORD WINAPI SetEntriesInAclW(ULONG count, PEXPLICIT_ACCESS_W entries, PACL old,
                              PACL *out);
DWORD WINAPI SetEntriesInAclA(ULONG count, PEXPLICIT_ACCESS_A entries, PACL old,
                              PACL *out);
#define SetEntriesInAcl SIM_T(SetEntriesInAcl)

SIM_EXTERN_C_END

#endif
