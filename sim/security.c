/* The calls on security descriptors: those that build one by hand in memory of
 * the program, and those on the descriptor of a pipe. A pipe has one
 * descriptor, which both ends see. */
#include "security.h"

#include "pipe.h"

#include <stdlib.h>
#include <string.h>

/* --- By hand ------------------------------------------------------------- */

BOOL WINAPI InitializeSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor,
                                         DWORD revision) {
  SECURITY_DESCRIPTOR *out = descriptor;

  memset(out, 0, sizeof *out);
  out->Revision = (BYTE)revision;
  return TRUE;
}

BOOL WINAPI IsValidSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor) {
  return descriptor != NULL &&
         *(const BYTE *)descriptor == SECURITY_DESCRIPTOR_REVISION;
}

static BOOL part_set(PSECURITY_DESCRIPTOR descriptor, void **part, void *value,
                     DWORD flag, bool present) {
  SECURITY_DESCRIPTOR *out = descriptor;

  if ((out->Control & SE_SELF_RELATIVE) != 0) {
    return sim__refuse(ERROR_INVALID_SECURITY_DESCR);
  }
  *part = present ? value : NULL;
  out->Control = (WORD)((out->Control & ~flag) | (present ? flag : 0));
  return TRUE;
}

BOOL WINAPI SetSecurityDescriptorDacl(PSECURITY_DESCRIPTOR descriptor,
                                      BOOL present, PACL dacl, BOOL defaulted) {
  (void)defaulted;
  return part_set(descriptor,
                  (void **)&((SECURITY_DESCRIPTOR *)descriptor)->Dacl, dacl,
                  SE_DACL_PRESENT, present != 0);
}

BOOL WINAPI SetSecurityDescriptorSacl(PSECURITY_DESCRIPTOR descriptor,
                                      BOOL present, PACL sacl, BOOL defaulted) {
  (void)defaulted;
  return part_set(descriptor,
                  (void **)&((SECURITY_DESCRIPTOR *)descriptor)->Sacl, sacl,
                  SE_SACL_PRESENT, present != 0);
}

BOOL WINAPI SetSecurityDescriptorOwner(PSECURITY_DESCRIPTOR descriptor,
                                       PSID owner, BOOL defaulted) {
  (void)defaulted;
  return part_set(descriptor, &((SECURITY_DESCRIPTOR *)descriptor)->Owner,
                  owner, 0, true);
}

BOOL WINAPI SetSecurityDescriptorGroup(PSECURITY_DESCRIPTOR descriptor,
                                       PSID group, BOOL defaulted) {
  (void)defaulted;
  return part_set(descriptor, &((SECURITY_DESCRIPTOR *)descriptor)->Group,
                  group, 0, true);
}

/* dacl_of returns the list of a descriptor of either form. */
static PACL dacl_of(PSECURITY_DESCRIPTOR descriptor) {
  const SECURITY_DESCRIPTOR *absolute = descriptor;
  SECURITY_DESCRIPTOR_RELATIVE relative;

  if ((absolute->Control & SE_SELF_RELATIVE) == 0) {
    return absolute->Dacl;
  }
  memcpy(&relative, descriptor, sizeof relative);
  return relative.Dacl != 0 ? (PACL)(void *)((char *)descriptor + relative.Dacl)
                            : NULL;
}

BOOL WINAPI GetSecurityDescriptorDacl(PSECURITY_DESCRIPTOR descriptor,
                                      LPBOOL present, PACL *dacl,
                                      LPBOOL defaulted) {
  const SECURITY_DESCRIPTOR *in = descriptor;

  *present = (in->Control & SE_DACL_PRESENT) != 0;
  if (*present) {
    *dacl = dacl_of(descriptor);
    *defaulted = FALSE;
  }
  return TRUE;
}

BOOL WINAPI GetSecurityDescriptorOwner(PSECURITY_DESCRIPTOR descriptor,
                                       PSID *owner, LPBOOL defaulted) {
  const SECURITY_DESCRIPTOR *absolute = descriptor;
  SECURITY_DESCRIPTOR_RELATIVE header;

  *defaulted = FALSE;
  if ((absolute->Control & SE_SELF_RELATIVE) == 0) {
    *owner = absolute->Owner;
    return TRUE;
  }
  memcpy(&header, descriptor, sizeof header);
  *owner = header.Owner != 0 ? (char *)descriptor + header.Owner : NULL;
  return TRUE;
}

BOOL WINAPI GetSecurityDescriptorControl(PSECURITY_DESCRIPTOR descriptor,
                                         SECURITY_DESCRIPTOR_CONTROL *control,
                                         LPDWORD revision) {
  const SECURITY_DESCRIPTOR *in = descriptor;

  *control = in->Control;
  *revision = in->Revision;
  return TRUE;
}

/* --- Of a pipe ----------------------------------------------------------- */

/* Source: Wine ntdll tests, pipe.c, test_security_info. */
BOOL WINAPI GetKernelObjectSecurity(HANDLE handle, SECURITY_INFORMATION which,
                                    PSECURITY_DESCRIPTOR descriptor, DWORD size,
                                    LPDWORD needed) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%p %u", handle,
                      (unsigned)which)) {
    unsigned char *out;
    size_t used;
    NTSTATUS status;
    const struct file *file =
        sim__handle_get(handle, OBJECT_FILE, READ_CONTROL, &status);

    status = file != NULL ? sim__pipe_check(file) : status;
    if (status < 0) {
      sim__call_status(&call, status);
      return sim__call_end(&call);
    }
    used = sim__descriptor_make(&file->pipe->security, !file->pipe->is_unowned,
                                which, &out);
    call.error =
        file->pipe->described != NULL
            ? sim__answer(descriptor, size, needed, file->pipe->described,
                          file->pipe->described_bytes)
            : sim__answer(descriptor, size, needed, out, used);
    free(out);
  }
  return sim__call_end(&call);
}

BOOL WINAPI SetKernelObjectSecurity(HANDLE handle, SECURITY_INFORMATION which,
                                    PSECURITY_DESCRIPTOR descriptor) {
  struct call call;

  if (sim__call_begin(&call, __func__, PLACE, "%p %u", handle,
                      (unsigned)which)) {
    ACCESS_MASK need =
        ((which & DACL_SECURITY_INFORMATION) != 0 ? WRITE_DAC : 0) |
        ((which & ~DACL_SECURITY_INFORMATION) != 0 ? WRITE_OWNER : 0);
    struct descriptor given;
    NTSTATUS status;
    struct file *file = sim__handle_get(handle, OBJECT_FILE, need, &status);

    status = file != NULL ? sim__pipe_check(file) : status;
    if (status >= 0) {
      status = sim__descriptor_take(&given, descriptor);
    }
    if (status >= 0) {
      status = sim__descriptor_change(&file->pipe->security, &given, which,
                                      sim__token_primary());
      sim__descriptor_deinit(&given);
    }
    sim__call_status(&call, status);
  }
  return sim__call_end(&call);
}
