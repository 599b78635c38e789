/* The fixture of the cases, and the choice of those that apply. */
#include "judge.h"
#include "probe.h"

#include <stdio.h>
#include <string.h>

static struct subject_case *cases;
static struct judge judge;

void subject_case_register(struct subject_case *c) {
  c->next = cases;
  cases = c;
}

/* modes_of returns the modes and ends of the case that are judged. */
static unsigned modes_of(const struct subject_case *c) {
  unsigned ends = (config.command[ROLE_SERVER][0] != '\0' ? END_SERVER : 0u) |
                  (config.command[ROLE_CLIENT][0] != '\0' ? END_CLIENT : 0u);
  unsigned its = c->c.modes & BOTH_ENDS;

  if (its == 0) { /* the id tells */
    its = strncmp(c->c.id, "server", 6) == 0 ? END_SERVER : END_CLIENT;
    return (its & ends) != 0 ? c->c.modes & config.modes : 0;
  }
  return (its & ends) != 0 && (c->c.modes & config.modes) != 0
             ? c->c.modes & (config.modes | ends)
             : 0;
}

static bool is_applicable(const struct subject_case *c) {
  unsigned lacking = c->needs & ~probe_platform();

  if (!config.talks) {
    lacking &= ~(unsigned)NEEDS_ECHO;
  }
  return modes_of(c) != 0 && c->level <= config.level && lacking == 0;
}

void subject_cases_select(bool all) {
  while (cases != NULL) {
    struct subject_case *c = cases;

    cases = c->next;
    if (!all && is_applicable(c)) {
      c->c.modes = modes_of(c);
      np_case_register(&c->c);
    } else if (all) {
      np_case_register(&c->c);
    }
  }
}

void judge_run(unsigned variant, void (*body)(void *judge)) {
  memset(&judge, 0, sizeof(judge));
  judge.mode = variant & BOTH;
  judge.end = variant & BOTH_ENDS;
  judge.peer = judge.peers;
  world_pipe_name(judge.name, sizeof(judge.name));
  body(&judge);
  for (size_t i = 0; i < PEERS_MAX; i++) {
    peer_close(&judge.peers[i]);
  }
  subject_end(&judge.subject);
}

void server_start(struct judge *f, const char *kind) {
  subject_start(&f->subject, ROLE_SERVER, f->name, f->mode, kind);
  subject_ready(&f->subject, f->name);
}

void client_start(struct judge *f, const char *kind) {
  subject_start(&f->subject, ROLE_CLIENT, f->name, f->mode, kind);
}

void exchange(struct judge *f, struct peer *p, unsigned seed) {
  unsigned char bytes[CONFIG_TEXT_BYTES_MAX];
  size_t length;

  (void)f;
  if (!config.talks) {
    peer_echo(p, 100 + seed % 50, seed);
    return;
  }
  length = config_bytes(config.say, bytes);
  if (length > 0) {
    peer_write(p, bytes, length);
  }
  length = config_bytes(config.expect, bytes);
  if (length > 0) {
    peer_read(p, bytes, length);
  }
}

void assert_serves(struct judge *f, const char *when) {
  struct peer p;

  printf("a new client %s\n", when);
  if (!subject_is_alive(&f->subject)) {
    fail_msg("%s: the server has ended", when);
  }
  peer_open(&p, f->name, f->mode);
  exchange(f, &p, 7);
  peer_close(&p);
}

void ghost_before_the_wait(struct judge *f) {
  uint64_t deadline = world_now_ms() + world_timeout_ms(PEER_MS);
  struct peer first;
  struct peer early;
  DWORD error;

  outside_suspend(&f->subject);
  peer_open(&first, f->name, f->mode);
  outside_resume(&f->subject);
  do {
    error =
        peer_try_open(&early, f->name, MODE_BYTE, GENERIC_READ | GENERIC_WRITE);
    assert_true(world_now_ms() < deadline);
  } while (error == ERROR_PIPE_BUSY);
  outside_suspend(&f->subject);
  assert_int_equal(error, NO_ERROR);
  peer_close(&early);
  outside_resume(&f->subject);
  peer_close(&first);
  if (!WaitNamedPipeA(f->name, (DWORD)world_timeout_ms(PEER_MS))) {
    fail_msg("after a ghost no instance waits for a client (error %lu)",
             (unsigned long)GetLastError());
  }
}

void instances_create(struct judge *f, size_t count, DWORD quota) {
  for (size_t i = 0; i < count; i++) {
    peer_create(&f->peers[i], f->name, f->mode, PIPE_ACCESS_DUPLEX, quota);
  }
}

void assert_accepts(struct peer *p) {
  if (!peer_accept(p, PEER_MS)) {
    fail_msg("the client did not connect within %d s", PEER_MS / 1000);
  }
}

void pipe_busy(struct judge *f) {
  instances_create(f, 1, PEER_QUOTA);
  assert_int_equal(peer_try_open(&f->peers[1], f->name, MODE_BYTE,
                                 GENERIC_READ | GENERIC_WRITE),
                   NO_ERROR);
  assert_accepts(f->peer);
}

void assert_sank(struct judge *f, size_t length) {
  char line[64];
  char expected[64];

  snprintf(expected, sizeof(expected), "end %zu", length);
  if (!subject_line(&f->subject, line, sizeof(line), PEER_MS)) {
    fail_msg("the program did not say \"%s\"", expected);
  }
  assert_string_equal(line, expected);
}

void await_listening(struct judge *f) {
  const uint64_t deadline = world_now_ms() + world_timeout_ms(PEER_MS);

  while (!WaitNamedPipeA(f->name, QUIET_MS)) {
    if (world_now_ms() >= deadline) {
      fail_msg("the program does not wait for a client");
    }
    quiet(1);
  }
}

void quiet(uint32_t ms) {
  HANDLE never = CreateEventW(NULL, TRUE, FALSE, NULL);

  assert_non_null(never);
  WaitForSingleObject(never, ms);
  CloseHandle(never);
}
