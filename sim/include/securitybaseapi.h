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
} SID_IDENTIFIER_AUTHORITY, *PSID_IDENTIFIER_AUTHORITY;

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

typedef struct _LUID {
  DWORD LowPart;
  LONG HighPart;
} LUID, *PLUID;

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
  TokenStatistics = 10,
  TokenSessionId = 12,
  TokenElevation = 20,
  TokenIntegrityLevel = 25,
  TokenIsAppContainer = 29,
  TokenAppContainerSid = 31
} TOKEN_INFORMATION_CLASS;

typedef struct _TOKEN_STATISTICS {
  LUID TokenId;
  LUID AuthenticationId;
  LARGE_INTEGER ExpirationTime;
  TOKEN_TYPE TokenType;
  SECURITY_IMPERSONATION_LEVEL ImpersonationLevel;
  DWORD DynamicCharged;
  DWORD DynamicAvailable;
  DWORD GroupCount;
  DWORD PrivilegeCount;
  LUID ModifiedId;
} TOKEN_STATISTICS, *PTOKEN_STATISTICS;

typedef struct _TOKEN_ELEVATION {
  DWORD TokenIsElevated;
} TOKEN_ELEVATION, *PTOKEN_ELEVATION;

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
#define TOKEN_ALL_ACCESS                  0xF01FFu
#define PROCESS_QUERY_INFORMATION         0x0400u
#define PROCESS_QUERY_LIMITED_INFORMATION 0x1000u

#define SECURITY_NULL_SID_AUTHORITY \
  { 0, 0, 0, 0, 0, 0 }
#define SECURITY_WORLD_SID_AUTHORITY \
  { 0, 0, 0, 0, 0, 1 }
#define SECURITY_NT_AUTHORITY \
  { 0, 0, 0, 0, 0, 5 }
#define SECURITY_WORLD_RID              0u
#define SECURITY_INTERACTIVE_RID        4u
#define SECURITY_AUTHENTICATED_USER_RID 11u
#define DOMAIN_ALIAS_RID_USERS          0x221u
#define SECURITY_DESCRIPTOR_MIN_LENGTH  sizeof(SECURITY_DESCRIPTOR)

typedef enum _WELL_KNOWN_SID_TYPE {
  WinNullSid = 0,
  WinWorldSid = 1,
  WinCreatorOwnerSid = 3,
  WinNetworkSid = 9,
  WinInteractiveSid = 11,
  WinAnonymousSid = 13,
  WinAuthenticatedUserSid = 17,
  WinLocalSystemSid = 22,
  WinBuiltinAdministratorsSid = 26,
  WinBuiltinUsersSid = 27,
  WinLowLabelSid = 66,
  WinMediumLabelSid = 67,
  WinHighLabelSid = 68,
  WinBuiltinAnyPackageSid = 84
} WELL_KNOWN_SID_TYPE;

typedef ACCESS_ALLOWED_ACE ACCESS_DENIED_ACE, *PACCESS_DENIED_ACE;

DWORD WINAPI GetSidLengthRequired(UCHAR count);
BOOL WINAPI InitializeSid(PSID sid, PSID_IDENTIFIER_AUTHORITY authority,
                          BYTE count);
PDWORD WINAPI GetSidSubAuthority(PSID sid, DWORD index);
PUCHAR WINAPI GetSidSubAuthorityCount(PSID sid);
PSID_IDENTIFIER_AUTHORITY WINAPI GetSidIdentifierAuthority(PSID sid);
BOOL WINAPI AllocateAndInitializeSid(PSID_IDENTIFIER_AUTHORITY authority,
                                     BYTE count, DWORD a, DWORD b, DWORD c,
                                     DWORD d, DWORD e, DWORD f, DWORD g,
                                     DWORD h, PSID *sid);
PVOID WINAPI FreeSid(PSID sid);
BOOL WINAPI CreateWellKnownSid(WELL_KNOWN_SID_TYPE type, PSID domain, PSID sid,
                               LPDWORD size);
BOOL WINAPI IsWellKnownSid(PSID sid, WELL_KNOWN_SID_TYPE type);

BOOL WINAPI InitializeAcl(PACL acl, DWORD size, DWORD revision);
BOOL WINAPI IsValidAcl(PACL acl);
BOOL WINAPI AddAccessAllowedAce(PACL acl, DWORD revision, DWORD mask, PSID sid);
BOOL WINAPI AddAccessAllowedAceEx(PACL acl, DWORD revision, DWORD flags,
                                  DWORD mask, PSID sid);
BOOL WINAPI AddAccessDeniedAce(PACL acl, DWORD revision, DWORD mask, PSID sid);
BOOL WINAPI AddMandatoryAce(PACL acl, DWORD revision, DWORD flags, DWORD policy,
                            PSID label);
BOOL WINAPI GetAce(PACL acl, DWORD index, LPVOID *ace);

BOOL WINAPI SetSecurityDescriptorSacl(PSECURITY_DESCRIPTOR descriptor,
                                      BOOL present, PACL sacl, BOOL defaulted);
BOOL WINAPI SetSecurityDescriptorOwner(PSECURITY_DESCRIPTOR descriptor,
                                       PSID owner, BOOL defaulted);
BOOL WINAPI SetSecurityDescriptorGroup(PSECURITY_DESCRIPTOR descriptor,
                                       PSID group, BOOL defaulted);
BOOL WINAPI GetSecurityDescriptorDacl(PSECURITY_DESCRIPTOR descriptor,
                                      LPBOOL present, PACL *dacl,
                                      LPBOOL defaulted);
BOOL WINAPI GetSecurityDescriptorControl(PSECURITY_DESCRIPTOR descriptor,
                                         SECURITY_DESCRIPTOR_CONTROL *control,
                                         LPDWORD revision);
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
BOOL WINAPI DuplicateToken(HANDLE token, SECURITY_IMPERSONATION_LEVEL level,
                           PHANDLE out);
BOOL WINAPI CheckTokenMembership(HANDLE token, PSID sid, PBOOL is_member);
BOOL WINAPI GetTokenInformation(HANDLE token, TOKEN_INFORMATION_CLASS which,
                                LPVOID out, DWORD size, PDWORD needed);

SIM_EXTERN_C_END

#endif
