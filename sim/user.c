/* The users of this machine, and a token for each. A test chooses one by its
 * name (sim_set_user). The users differ in everything that an access check
 * looks at. */
#include "security.h"

#include <stdlib.h>
#include <string.h>

#define ALICE   L"S-1-5-21-10-20-30-1001"
#define BOB     L"S-1-5-21-10-20-30-1002"
#define PACKAGE L"S-1-15-2-11-12-13-14-15-16-17"

/* The logon of each user; the accounts of Windows have fixed ones. An
 * administrator has a second one, which is elevated. Source: winnt.h,
 * SYSTEM_LUID and its kin. */
enum { LOGON_ALICE = 0x10001, LOGON_BOB = 0x20001 };

/* The groups of a usual user, and of an administrator. */
#define MEMBER        L"BU", L"AU", L"IU", L"WD"
#define ADMINISTRATOR L"BA", MEMBER

/* An administrator's token marks the group as owner, so its objects belong to
 * the group. A backup operator has the restore privilege enabled. */
static const struct user {
  const char *name;
  const WCHAR *sid;
  const WCHAR *groups[GROUPS_MAX];
  uint32_t integrity;
  const WCHAR *package; /* NULL: not in an app container */
  bool may_impersonate;
  bool may_audit;
  bool may_restore;
  bool is_remote;
  uint32_t logon_id;
  const WCHAR *restricting[GROUPS_MAX]; /* none: not a restricted token */
} users[] = {
    {.name = "alice",
     .logon_id = LOGON_ALICE,
     .sid = ALICE,
     .groups = {MEMBER},
     .integrity = INTEGRITY_MEDIUM},
    {.name = "alice-low",
     .logon_id = LOGON_ALICE,
     .sid = ALICE,
     .groups = {MEMBER},
     .integrity = INTEGRITY_LOW},
    {.name = "alice-app",
     .logon_id = LOGON_ALICE,
     .sid = ALICE,
     .groups = {MEMBER},
     .integrity = INTEGRITY_LOW,
     .package = PACKAGE},
    {.name = "alice-high",
     .logon_id = LOGON_ALICE + 1,
     .sid = ALICE,
     .groups = {ADMINISTRATOR},
     .integrity = INTEGRITY_HIGH,
     .may_impersonate = true},
    {.name = "alice-restricted",
     .logon_id = LOGON_ALICE,
     .sid = ALICE,
     .groups = {MEMBER},
     .integrity = INTEGRITY_MEDIUM,
     .restricting = {L"RC"}},
    {.name = "alice-limited",
     .logon_id = LOGON_ALICE,
     .sid = ALICE,
     .groups = {MEMBER},
     .integrity = INTEGRITY_MEDIUM,
     .restricting = {ALICE, L"WD", L"RC"}},
    {.name = "bob",
     .logon_id = LOGON_BOB,
     .sid = BOB,
     .groups = {MEMBER},
     .integrity = INTEGRITY_MEDIUM},
    {.name = "bob-app",
     .logon_id = LOGON_BOB,
     .sid = BOB,
     .groups = {MEMBER},
     .integrity = INTEGRITY_LOW,
     .package = PACKAGE},
    {.name = "admin",
     .logon_id = 0x30001,
     .sid = L"S-1-5-21-10-20-30-500",
     .groups = {ADMINISTRATOR},
     .integrity = INTEGRITY_HIGH,
     .may_impersonate = true,
     .may_audit = true},
    {.name = "service",
     .logon_id = 0x3E4,
     .sid = L"S-1-5-20",
     .groups = {L"BU", L"AU", L"SU", L"WD"},
     .integrity = INTEGRITY_SYSTEM,
     .may_impersonate = true},
    {.name = "system",
     .logon_id = 0x3E7,
     .sid = L"S-1-5-18",
     .groups = {L"BA", L"AU", L"WD"},
     .integrity = INTEGRITY_SYSTEM,
     .may_impersonate = true,
     .may_audit = true},
    {.name = "backup",
     .logon_id = 0x40001,
     .sid = L"S-1-5-21-10-20-30-1003",
     .groups = {L"BO", L"BU", L"AU", L"WD"},
     .integrity = INTEGRITY_MEDIUM,
     .may_restore = true},
    {.name = "network",
     .logon_id = 0x50001,
     .sid = ALICE,
     .groups = {L"BU", L"AU", L"NU", L"WD"},
     .integrity = INTEGRITY_MEDIUM,
     .is_remote = true},
    {.name = "anonymous",
     .logon_id = 0x3E6,
     .sid = L"S-1-5-7",
     .integrity = INTEGRITY_NONE},
};

enum { USERS = sizeof users / sizeof users[0] };

bool sim__token_has(const struct token *token, const unsigned char *sid) {
  if (sim__sid_equal(sid, token->sid)) {
    return true;
  }
  for (size_t i = 0; i < token->group_count; i++) {
    if (sim__sid_equal(sid, token->groups[i])) {
      return true;
    }
  }
  return false;
}

bool sim__token_is_restricted_to(const struct token *token,
                                 const unsigned char *sid) {
  for (size_t i = 0; i < token->restricting_count; i++) {
    if (sim__sid_equal(sid, token->restricting[i])) {
      return true;
    }
  }
  return false;
}

static bool token_has_administrators(const struct token *token) {
  unsigned char sid[SID_BYTES_MAX];

  sim__sid_parse(L"BA", sid);
  return sim__token_has(token, sid);
}

/* sids_parse parses up to GROUPS_MAX SIDs and returns their count. */
static size_t sids_parse(const WCHAR *const texts[GROUPS_MAX],
                         unsigned char (*out)[SID_BYTES_MAX]) {
  size_t count = 0;

  while (count < GROUPS_MAX && texts[count] != NULL) {
    sim__sid_parse(texts[count], out[count]);
    count++;
  }
  return count;
}

static void token_init(struct token *token, const struct user *user) {
  sim__object_init(&token->object, OBJECT_TOKEN);
  token->name = user->name;
  token->may_impersonate = user->may_impersonate;
  token->may_audit = user->may_audit;
  token->may_restore = user->may_restore;
  token->integrity = user->integrity;
  token->is_remote = user->is_remote;
  token->logon_id = user->logon_id;
  token->level = SecurityImpersonation;
  sim__sid_parse(user->sid, token->sid);
  token->group_count = sids_parse(user->groups, token->groups);
  token->restricting_count = sids_parse(user->restricting, token->restricting);
  memcpy(token->owner, token->sid, SID_BYTES_MAX);
  if (token_has_administrators(token)) {
    sim__sid_parse(L"BA", token->owner);
    token->is_elevated = true;
  }
  token->is_app = user->package != NULL;
  if (token->is_app) {
    sim__sid_parse(user->package, token->package);
  }
}

/* token_new copies the user's token. The original is made only once, because
 * most runs need a token. */
static struct token *token_new(const struct user *user, uint32_t session_id) {
  static struct token made[USERS];
  struct token *own = &made[user - users];
  struct token *token = malloc(sizeof *token);

  if (own->name == NULL) {
    token_init(own, user);
  }
  *token = *own;
  token->session_id = session_id;
  return token;
}

struct token *sim__token_named(const char *name, uint32_t session_id) {
  for (size_t i = 0; i < USERS; i++) {
    if (strcmp(users[i].name, name) == 0) {
      return token_new(&users[i], session_id);
    }
  }
  return NULL;
}
