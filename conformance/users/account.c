/* Local accounts, made with the functions of netapi32. A comment in the account
 * marks it as ours; no other account is ever removed.
 *
 * Source: NetUserAdd, NetLocalGroupAddMembers, NetUserDel */
#include "account.h"

#include <lm.h>
#include <ntsecapi.h>

#include <string.h>

static wchar_t comment[] = L"made by npipe-users for a test; may be deleted";

bool password_draw(wchar_t out[PASSWORD_UNITS_MAX]) {
  static const char letters[] = "abcdefghijkmnpqrstuvwxyz23456789";
  static const wchar_t begin[] = L"Np7+"; /* one of each kind of character */
  BYTE bytes[PASSWORD_UNITS_MAX];
  size_t length = sizeof(begin) / sizeof(begin[0]) - 1;

  if (!RtlGenRandom(bytes, sizeof(bytes))) {
    return false;
  }
  memcpy(out, begin, sizeof(begin));
  for (; length < PASSWORD_UNITS_MAX - 1; length++) {
    out[length] = (wchar_t)letters[bytes[length] % (sizeof(letters) - 1)];
  }
  out[length] = 0;
  return true;
}

static bool account_is_ours(const wchar_t *name) {
  USER_INFO_1 *info = NULL;
  bool is_ours;

  if (NetUserGetInfo(NULL, name, 1, (BYTE **)&info) != NERR_Success) {
    return false;
  }
  is_ours =
      info->usri1_comment != NULL && wcscmp(info->usri1_comment, comment) == 0;
  NetApiBufferFree(info);
  return is_ours;
}

/* users_join adds the account to the group Users, because only members of it,
 * or of a higher group, may log on at the machine. The group's name depends on
 * the language; its SID does not. */
static DWORD users_join(const wchar_t *name) {
  BYTE sid[SECURITY_MAX_SID_SIZE];
  DWORD sid_size = sizeof(sid);
  wchar_t group[GNLEN + 1];
  wchar_t domain[DNLEN + 1];
  DWORD group_size = GNLEN + 1;
  DWORD domain_size = DNLEN + 1;
  SID_NAME_USE use;
  LOCALGROUP_MEMBERS_INFO_3 member;
  wchar_t copy[UNLEN + 1];
  DWORD error;

  if (!CreateWellKnownSid(WinBuiltinUsersSid, NULL, sid, &sid_size) ||
      !LookupAccountSidW(NULL, sid, group, &group_size, domain, &domain_size,
                         &use)) {
    return GetLastError();
  }
  lstrcpynW(copy, name, UNLEN + 1);
  member.lgrmi3_domainandname = copy;
  error = NetLocalGroupAddMembers(NULL, group, 3, (BYTE *)&member, 1);
  return error == ERROR_MEMBER_IN_ALIAS ? NO_ERROR : error;
}

DWORD account_add(const wchar_t *name, const wchar_t *password) {
  wchar_t its_name[UNLEN + 1];
  wchar_t its_password[PASSWORD_UNITS_MAX];
  USER_INFO_1 info;
  DWORD error;

  if (account_is_ours(name)) {
    account_remove(name);
  }
  lstrcpynW(its_name, name, UNLEN + 1);
  lstrcpynW(its_password, password, PASSWORD_UNITS_MAX);
  memset(&info, 0, sizeof(info));
  info.usri1_name = its_name;
  info.usri1_password = its_password;
  info.usri1_priv = USER_PRIV_USER;
  info.usri1_comment = comment;
  info.usri1_flags = UF_SCRIPT | UF_NORMAL_ACCOUNT | UF_DONT_EXPIRE_PASSWD;
  error = NetUserAdd(NULL, 1, (BYTE *)&info, NULL);
  SecureZeroMemory(its_password, sizeof(its_password));
  if (error == NERR_UserExists) {
    return ERROR_ALREADY_EXISTS;
  }
  if (error != NERR_Success) {
    return error;
  }
  error = users_join(name);
  if (error != NO_ERROR) {
    account_remove(name);
  }
  return error;
}

DWORD account_remove(const wchar_t *name) {
  return NetUserDel(NULL, name);
}
