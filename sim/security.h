/* Users, SIDs, security descriptors and access checks. All functions need the
 * lock. */
#ifndef NPIPE_SIM_SECURITY_H
#define NPIPE_SIM_SECURITY_H

#include "kernel.h"

/* --- SIDs (sid.c) -------------------------------------------------------- */

enum {
  SID_BYTES_MAX = SECURITY_MAX_SID_SIZE,
  SID_PARTS_MAX = 15,
  SID_TEXT_MAX = 4 + 11 * (1 + SID_PARTS_MAX) /* "S-1", parts of 10 digits */
};

size_t sim__sid_size(const void *sid);
bool sim__sid_equal(const void *a, const void *b);

/* sim__sid_level writes the SID S-1-16-`level`. */
void sim__sid_level(unsigned char out[SID_BYTES_MAX], uint32_t level);

/* sim__sid_parse returns how many units of `text` are the SID, or 0. */
size_t sim__sid_parse(const WCHAR *text, unsigned char *sid);
void sim__sid_print(char out[SID_TEXT_MAX], const unsigned char *sid);

/* Both make memory for LocalFree, and set call->error. */
WCHAR *sim__sid_to_text(struct call *call, PSID sid);
void sim__sid_from_text(struct call *call, const WCHAR *text, PSID *sid);

/* --- Entries of lists (acl.c) -------------------------------------------- */

enum { ACE_HEAD_BYTES = 8 }; /* header and mask; the SID follows */

/* sim__ace_write writes an entry and returns its size. `sid` may be in its
 * place already. */
size_t sim__ace_write(void *at, BYTE type, BYTE flags, ACCESS_MASK mask,
                      const void *sid);

/* --- Tokens (user.c, token.c) -------------------------------------------- */

enum { GROUPS_MAX = 5 };

/* Integrity levels. An object without a label counts as medium. */
enum {
  INTEGRITY_NONE = 0,
  INTEGRITY_LOW = 0x1000,
  INTEGRITY_MEDIUM = 0x2000,
  INTEGRITY_HIGH = 0x3000,
  INTEGRITY_SYSTEM = 0x4000
};

/* A user as the access check sees it. A token is never changed after it was
 * made. */
struct token {
  struct object object;
  const char *name;
  unsigned char sid[SID_BYTES_MAX];
  unsigned char groups[GROUPS_MAX][SID_BYTES_MAX];
  size_t group_count;
  unsigned char owner[SID_BYTES_MAX]; /* owner of the objects it creates */
  uint32_t integrity;
  /* A restricted token: an access must be granted to one of these, too. */
  unsigned char restricting[GROUPS_MAX][SID_BYTES_MAX];
  size_t restricting_count; /* 0: not restricted */
  bool is_app;              /* runs in an app container */
  unsigned char package[SID_BYTES_MAX];
  bool may_impersonate; /* SeImpersonatePrivilege */
  bool may_audit;       /* SeSecurityPrivilege */
  bool may_restore;     /* SeRestorePrivilege, enabled */
  bool is_remote;
  bool is_impersonation;
  bool is_elevated;
  SECURITY_IMPERSONATION_LEVEL level;
  uint32_t session_id;
  uint32_t logon_id; /* AuthenticationId */
};

/* The rights that a client gives its server. */
struct qos {
  SECURITY_IMPERSONATION_LEVEL level;
  bool dynamic;
  bool effective_only;
};

/* sim__token_named makes a token of the user with this name (user.c). It
 * returns NULL if there is no such user. */
struct token *sim__token_named(const char *name, uint32_t session_id);

/* sim__token_primary returns the token of the process (token.c). Its user is
 * alice, unless sim_set_user chose another one. */
struct token *sim__token_primary(void);

/* sim__token_has returns true if `sid` is the token's user or one of the
 * groups. */
bool sim__token_has(const struct token *token, const unsigned char *sid);

/* sim__token_is_restricted_to returns true if `sid` is a restricting SID of the
 * token. */
bool sim__token_is_restricted_to(const struct token *token,
                                 const unsigned char *sid);

/* sim__token_current returns the token that the calling thread acts with, or
 * NULL if the thread impersonates at a level that allows no access. */
struct token *sim__token_current(void);

/* sim__token_adopt makes the calling thread impersonate `client`. */
NTSTATUS sim__token_adopt(const struct token *client,
                          SECURITY_IMPERSONATION_LEVEL level);

/* --- Descriptors (descriptor.c, sddl.c) ---------------------------------- */

/* The parts of a security descriptor. Without a DACL everybody has access. */
struct descriptor {
  unsigned char owner[SID_BYTES_MAX]; /* all zero: not given */
  unsigned char group[SID_BYTES_MAX];
  bool has_label;
  uint32_t label;     /* integrity level */
  ACCESS_MASK policy; /* SYSTEM_MANDATORY_LABEL_NO_..._UP */
  bool has_dacl;
  ACL *dacl; /* malloc'd */
};

/* sim__descriptor_take reads the descriptor `given`. NULL means the default
 * descriptor of a pipe. */
NTSTATUS sim__descriptor_take(struct descriptor *out, const void *given);

/* sim__descriptor_may_own returns true if `token` may make `owner` an owner.
 * sim__descriptor_may_label returns true if `token` may give an object this
 * label. */
bool sim__descriptor_may_own(const struct token *token,
                             const unsigned char *owner);
bool sim__descriptor_may_label(const struct token *token,
                               const struct descriptor *descriptor);

/* sim__descriptor_assign makes the descriptor of a new object from the one that
 * its creator gave. */
NTSTATUS sim__descriptor_assign(struct descriptor *out, const void *given,
                                const struct token *creator);
void sim__descriptor_deinit(struct descriptor *descriptor);

/* sim__descriptor_change copies the parts that `which` names from `given`, if
 * `token` may set them. */
NTSTATUS sim__descriptor_change(struct descriptor *own,
                                struct descriptor *given,
                                SECURITY_INFORMATION which,
                                const struct token *token);

/* sim__descriptor_make builds a self-relative descriptor with the parts of
 * `security` that `which` names. It returns the size; `*out` is malloc'd. */
size_t sim__descriptor_make(const struct descriptor *security, bool has_owner,
                            SECURITY_INFORMATION which, unsigned char **out);

/* sim__descriptor_from_text makes memory for LocalFree, and sets
 * call->error. */
void sim__descriptor_from_text(struct call *call, const WCHAR *text,
                               DWORD revision, PSECURITY_DESCRIPTOR *descriptor,
                               PULONG size);

/* --- Access checks (access.c) -------------------------------------------- */

/* sim__access_check sets `*granted` to the rights of a handle that asks for
 * `wanted`. */
NTSTATUS sim__access_check(const struct descriptor *descriptor,
                           const struct token *token, ACCESS_MASK wanted,
                           ACCESS_MASK *granted);

/* sim__access_map replaces generic rights by those of a file. */
ACCESS_MASK sim__access_map(ACCESS_MASK access);

#endif
