/* A pipe: what all instances of one name share. The first instance decides its
 * direction, its type and its security; a further one must fit. */
#include "pipe.h"

#include <stdlib.h>
#include <string.h>

/* may_create_restricted allows a restricted token to create a pipe if Everyone
 * is one of its restricting SIDs. Without Everyone it is an open question. */
static bool may_create_restricted(const struct token *token) {
  unsigned char everyone[SID_BYTES_MAX];

  sim__sid_parse(L"WD", everyone);
  return token->restricting_count == 0 ||
         sim__kernel.settings.restricted_creates ||
         sim__token_is_restricted_to(token, everyone);
}

/* may_create allows an app container only names under LOCAL\.
 * Source: the "CreateNamedPipe" page, Remarks. */
static bool may_create(const struct token *token, const WCHAR *name,
                       size_t length) {
  static const char local[] = "local\\";

  if (token->is_app && length < sizeof local) {
    return false;
  }
  for (size_t i = 0; token->is_app && i < sizeof local - 1; i++) {
    if ((name[i] | (local[i] != '\\' ? 32 : 0)) != (WCHAR)local[i]) {
      return false;
    }
  }
  return true;
}

NTSTATUS sim__pipe_check_creator(const WCHAR *name, size_t length,
                                 const struct create_options *options) {
  const struct token *token = sim__token_current();

  if (token == NULL) {
    return STATUS_BAD_IMPERSONATION_LEVEL;
  }
  if ((options->access & ACCESS_SYSTEM_SECURITY) != 0 && !token->may_audit) {
    return STATUS_PRIVILEGE_NOT_HELD;
  }
  if ((!options->nameless && !may_create(token, name, length)) ||
      !may_create_restricted(token)) {
    return STATUS_ACCESS_DENIED;
  }
  return STATUS_SUCCESS;
}

NTSTATUS sim__pipe_new(struct pipe **out, const WCHAR *name, size_t length,
                       const struct create_options *options) {
  struct pipe *pipe;
  NTSTATUS status;

  if (options->timeout == NULL || *options->timeout >= 0 ||
      options->instances_max == 0 || options->must_exist) {
    return options->must_exist ? STATUS_OBJECT_NAME_NOT_FOUND
                               : STATUS_INVALID_PARAMETER;
  }
  pipe = calloc(1, sizeof *pipe);
  pipe->instances_tail = &pipe->instances;
  pipe->listening_tail = &pipe->listening;
  status = sim__descriptor_assign(&pipe->security, options->descriptor,
                                  sim__token_current());
  if (status < 0) {
    free(pipe);
    return status;
  }
  pipe->name = malloc((length + 1) * sizeof *name);
  if (length > 0) {
    memcpy(pipe->name, name, length * sizeof *name);
  }
  pipe->name[length] = 0;
  pipe->name_length = length;
  pipe->message_type = options->message_type;
  pipe->reject_remote = options->reject_remote;
  pipe->configuration = options->configuration;
  pipe->instances_max = options->instances_max;
  pipe->timeout_ns = (uint64_t)(-*options->timeout) * 100;
  pipe->named = !options->nameless;
  if (pipe->named) {
    pipe->next = sim__kernel.pipes;
    sim__kernel.pipes = pipe;
    sim__directory_changed(pipe, FILE_ACTION_ADDED);
  }
  *out = pipe;
  return STATUS_SUCCESS;
}

/* The order of the checks follows Wine's ntdll tests, om.c, and ReactOS
 * NpCreateExistingNamedPipe. */
NTSTATUS sim__pipe_check_further(const struct pipe *pipe,
                                 const struct create_options *options) {
  ACCESS_MASK granted;
  NTSTATUS status =
      sim__access_check(&pipe->security, sim__token_current(),
                        options->access | FILE_CREATE_PIPE_INSTANCE, &granted);

  if (status < 0) {
    return status;
  }
  if (pipe->instances_open >= pipe->instances_max) {
    return STATUS_INSTANCE_NOT_AVAILABLE;
  }
  if (options->must_create || options->configuration != pipe->configuration) {
    return STATUS_ACCESS_DENIED;
  }
  return STATUS_SUCCESS;
}

struct instance *sim__pipe_first_listening(const struct pipe *pipe) {
  return pipe->listening;
}

void sim__pipe_lose_name(struct pipe *pipe) {
  struct pipe **link = &sim__kernel.pipes;

  if (!pipe->named) {
    return;
  }
  while (*link != pipe) {
    link = &(*link)->next;
  }
  *link = pipe->next;
  pipe->named = false;
  sim__directory_changed(pipe, FILE_ACTION_REMOVED);
  sim__ops_finish_waits(NULL, pipe, STATUS_OBJECT_NAME_NOT_FOUND);
}

void sim__pipe_unref(struct pipe *pipe) {
  if (--pipe->refs == 0) {
    free(pipe->described);
    sim__descriptor_deinit(&pipe->security);
    free(pipe->name);
    free(pipe);
  }
}
