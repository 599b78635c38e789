/* Security descriptors and SIDs as text. */
#ifndef NPIPE_SIM_SDDL_H
#define NPIPE_SIM_SDDL_H

#include <windows.h>

SIM_EXTERN_C_BEGIN

#define SDDL_REVISION_1 1

BOOL WINAPI ConvertStringSecurityDescriptorToSecurityDescriptorW(
    LPCWSTR text, DWORD revision, PSECURITY_DESCRIPTOR *descriptor,
    PULONG size);
BOOL WINAPI ConvertSecurityDescriptorToStringSecurityDescriptorW(
    PSECURITY_DESCRIPTOR descriptor, DWORD revision, SECURITY_INFORMATION which,
    LPWSTR *text, PULONG length);
BOOL WINAPI ConvertSidToStringSidW(PSID sid, LPWSTR *text);
BOOL WINAPI ConvertStringSidToSidW(LPCWSTR text, PSID *sid);
BOOL WINAPI ConvertStringSecurityDescriptorToSecurityDescriptorA(
    LPCSTR text, DWORD revision, PSECURITY_DESCRIPTOR *descriptor, PULONG size);
BOOL WINAPI ConvertSidToStringSidA(PSID sid, LPSTR *text);
BOOL WINAPI ConvertStringSidToSidA(LPCSTR text, PSID *sid);
#define ConvertStringSecurityDescriptorToSecurityDescriptor \
  SIM_T(ConvertStringSecurityDescriptorToSecurityDescriptor)
#define ConvertSidToStringSid SIM_T(ConvertSidToStringSid)
#define ConvertStringSidToSid SIM_T(ConvertStringSidToSid)

SIM_EXTERN_C_END

#endif
