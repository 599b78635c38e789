/* Users, SIDs, security descriptors and access checks (sid.c, token.c,
 * security.c, acl.c). All functions need the lock. */
#ifndef NPIPE_SIM_SECURITY_H
#define NPIPE_SIM_SECURITY_H

#include "kernel.h"

enum { SID_BYTES_MAX = SECURITY_MAX_SID_SIZE, GROUPS_MAX = 5 };

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
  SECURITY_IMPERSONATION_LEVEL level;
  uint32_t session_id;
};

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

/* The rights that a client gives its server. */
struct qos {
  SECURITY_IMPERSONATION_LEVEL level;
  bool dynamic;
  bool effective_only;
};

struct token *sim__token_named(const char *name, uint32_t session_id);

/* sim__token_primary returns the token of the process. */
struct token *sim__token_primary(void);

/* sim__token_has returns true if `sid` is the user or one of the groups. */
bool sim__token_has(const struct token *token, const unsigned char *sid);
/* sim__token_is_restricted_to returns true if `sid` is one of those to which
 * the token is restricted. */
bool sim__token_is_restricted_to(const struct token *token,
                                 const unsigned char *sid);

/* sim__token_current returns the token that the calling thread acts with, or
 * NULL if the thread impersonates at a level that allows no access. */
struct token *sim__token_current(void);
NTSTATUS sim__token_adopt(const struct token *client,
                          SECURITY_IMPERSONATION_LEVEL level);

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
NTSTATUS sim__access_check(const struct descriptor *descriptor,
                           const struct token *token, ACCESS_MASK wanted,
                           ACCESS_MASK *granted);
ACCESS_MASK sim__access_map(ACCESS_MASK access);

/* sim__sid_level writes the SID S-1-16-`level`. */
void sim__sid_level(unsigned char out[SID_BYTES_MAX], uint32_t level);

/* sim__answer copies the answer of a query. It returns a Win32 error. */
uint32_t sim__answer(void *out, DWORD size, PDWORD needed, const void *from,
                     size_t bytes);

/* These parse and print; what they make is for LocalFree. They set
 * call->error. */
void sim__descriptor_from_text(struct call *call, const WCHAR *text,
                               DWORD revision, PSECURITY_DESCRIPTOR *descriptor,
                               PULONG size);
WCHAR *sim__sid_to_text(struct call *call, PSID sid);
void sim__sid_from_text(struct call *call, const WCHAR *text, PSID *sid);

size_t sim__sid_size(const void *sid);
bool sim__sid_equal(const void *a, const void *b);
size_t sim__sid_parse(const WCHAR *text,
                      unsigned char *sid); /* units used, or 0 */

#endif
