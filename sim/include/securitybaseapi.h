/* SIDs, access control lists, security descriptors and tokens. */
#ifndef NPIPE_SIM_SECURITYBASEAPI_H
#define NPIPE_SIM_SECURITYBASEAPI_H

#include <winnt.h>

SIM_EXTERN_C_BEGIN

typedef PVOID PSECURITY_DESCRIPTOR, PSID;
typedef DWORD SECURITY_INFORMATION;
typedef WORD SECURITY_DESCRIPTOR_CONTROL;

typedef struct _SID_IDENTIFIER_AUTHORITY {
  BYTE Value[6];
} SID_IDENTIFIER_AUTHORITY;

typedef struct _SID {
  BYTE Revision;
  BYTE SubAuthorityCount;
  SID_IDENTIFIER_AUTHORITY IdentifierAuthority;
  DWORD SubAuthority[1];
} SID, *PISID;

typedef struct _ACL {
  BYTE AclRevision;
  BYTE Sbz1;
  WORD AclSize;
  WORD AceCount;
  WORD Sbz2;
} ACL, *PACL;

typedef struct _ACE_HEADER {
  BYTE AceType;
  BYTE AceFlags;
  WORD AceSize;
} ACE_HEADER, *PACE_HEADER;

typedef struct _ACCESS_ALLOWED_ACE {
  ACE_HEADER Header;
  ACCESS_MASK Mask;
  DWORD SidStart;
} ACCESS_ALLOWED_ACE, *PACCESS_ALLOWED_ACE;

typedef struct _SECURITY_DESCRIPTOR_RELATIVE {
  BYTE Revision;
  BYTE Sbz1;
  SECURITY_DESCRIPTOR_CONTROL Control;
  DWORD Owner;
  DWORD Group;
  DWORD Sacl;
  DWORD Dacl;
} SECURITY_DESCRIPTOR_RELATIVE;

typedef struct _SECURITY_DESCRIPTOR {
  BYTE Revision;
  BYTE Sbz1;
  SECURITY_DESCRIPTOR_CONTROL Control;
  PSID Owner;
  PSID Group;
  PACL Sacl;
  PACL Dacl;
} SECURITY_DESCRIPTOR, *PISECURITY_DESCRIPTOR;

#define SECURITY_DESCRIPTOR_REVISION 1
#define SECURITY_MAX_SID_SIZE        68
#define SID_MAX_SUB_AUTHORITIES      15
#define SID_REVISION                 1
#define SECURITY_LOCAL_SYSTEM_RID    18u
#define SECURITY_BUILTIN_DOMAIN_RID  32u
#define DOMAIN_ALIAS_RID_ADMINS      0x220u
#define ACL_REVISION                 2
#define ACCESS_ALLOWED_ACE_TYPE      0
#define ACCESS_DENIED_ACE_TYPE       1

#define SYSTEM_MANDATORY_LABEL_ACE_TYPE      0x11
#define ACCESS_ALLOWED_CALLBACK_ACE_TYPE     0x9
#define INHERIT_ONLY_ACE                     0x8
#define SYSTEM_MANDATORY_LABEL_NO_WRITE_UP   1u
#define SYSTEM_MANDATORY_LABEL_NO_READ_UP    2u
#define SYSTEM_MANDATORY_LABEL_NO_EXECUTE_UP 4u
#define SECURITY_MANDATORY_MEDIUM_RID        0x2000u
#define SECURITY_MANDATORY_LOW_RID           0x1000u
#define SE_DACL_PRESENT                      0x0004
#define SE_SACL_PRESENT                      0x0010
#define SE_SELF_RELATIVE                     0x8000

#define OWNER_SECURITY_INFORMATION 1u
#define GROUP_SECURITY_INFORMATION 2u
#define DACL_SECURITY_INFORMATION  4u
#define LABEL_SECURITY_INFORMATION 16u

#define SE_GROUP_INTEGRITY 0x20u

typedef struct _SID_AND_ATTRIBUTES {
  PSID Sid;
  DWORD Attributes;
} SID_AND_ATTRIBUTES;

typedef struct _TOKEN_USER {
  SID_AND_ATTRIBUTES User;
} TOKEN_USER, *PTOKEN_USER;

typedef struct _TOKEN_MANDATORY_LABEL {
  SID_AND_ATTRIBUTES Label;
} TOKEN_MANDATORY_LABEL, *PTOKEN_MANDATORY_LABEL;

typedef struct _TOKEN_APPCONTAINER_INFORMATION {
  PSID TokenAppContainer;
} TOKEN_APPCONTAINER_INFORMATION, *PTOKEN_APPCONTAINER_INFORMATION;

typedef enum _SECURITY_IMPERSONATION_LEVEL {
  SecurityAnonymous,
  SecurityIdentification,
  SecurityImpersonation,
  SecurityDelegation
} SECURITY_IMPERSONATION_LEVEL;

typedef enum _TOKEN_TYPE { TokenPrimary = 1, TokenImpersonation } TOKEN_TYPE;

typedef enum _TOKEN_INFORMATION_CLASS {
  TokenUser = 1,
  TokenOwner = 4,
  TokenType = 8,
  TokenImpersonationLevel = 9,
  TokenSessionId = 12,
  TokenIntegrityLevel = 25,
  TokenAppContainerSid = 31
} TOKEN_INFORMATION_CLASS;

typedef BYTE SECURITY_CONTEXT_TRACKING_MODE;

typedef struct _SECURITY_QUALITY_OF_SERVICE {
  DWORD Length;
  SECURITY_IMPERSONATION_LEVEL ImpersonationLevel;
  SECURITY_CONTEXT_TRACKING_MODE ContextTrackingMode;
  BOOLEAN EffectiveOnly;
} SECURITY_QUALITY_OF_SERVICE, *PSECURITY_QUALITY_OF_SERVICE;

#define TOKEN_DUPLICATE                   0x0002u
#define TOKEN_IMPERSONATE                 0x0004u
#define TOKEN_QUERY                       0x0008u
#define PROCESS_QUERY_INFORMATION         0x0400u
#define PROCESS_QUERY_LIMITED_INFORMATION 0x1000u

BOOL WINAPI InitializeSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor,
                                         DWORD revision);
BOOL WINAPI SetSecurityDescriptorDacl(PSECURITY_DESCRIPTOR descriptor,
                                      BOOL present, PACL dacl, BOOL defaulted);
BOOL WINAPI IsValidSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor);
BOOL WINAPI GetKernelObjectSecurity(HANDLE handle, SECURITY_INFORMATION which,
                                    PSECURITY_DESCRIPTOR descriptor, DWORD size,
                                    LPDWORD needed);
BOOL WINAPI SetKernelObjectSecurity(HANDLE handle, SECURITY_INFORMATION which,
                                    PSECURITY_DESCRIPTOR descriptor);
BOOL WINAPI GetSecurityDescriptorOwner(PSECURITY_DESCRIPTOR descriptor,
                                       PSID *owner, LPBOOL defaulted);
BOOL WINAPI IsValidSid(PSID sid);
DWORD WINAPI GetLengthSid(PSID sid);
BOOL WINAPI EqualSid(PSID a, PSID b);
BOOL WINAPI CopySid(DWORD size, PSID to, PSID from);
BOOL WINAPI OpenProcessToken(HANDLE process, DWORD access, PHANDLE token);
BOOL WINAPI OpenThreadToken(HANDLE thread, DWORD access, BOOL as_self,
                            PHANDLE token);
BOOL WINAPI GetTokenInformation(HANDLE token, TOKEN_INFORMATION_CLASS which,
                                LPVOID out, DWORD size, PDWORD needed);

SIM_EXTERN_C_END

#endif
