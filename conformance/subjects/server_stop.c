/* The program's server is told to stop, in every state: it closes what it has,
 * by the calls that its library documents, and ends. And it starts again. */
#include "judge.h"

enum { CLIENTS = 20, LARGE = 300000 };

NP_SUBJECT_CASE("server/stop", BOTH, LEVEL_STOP, 0,
                "A server that waits for its first client stops.",
                "CancelIoEx; museum H03 H08 H09 H11 H12") {
  server_start(f, "echo");
  subject_stop(&f->subject, "told to stop without clients");
}

NP_SUBJECT_CASE("server/stop-after-clients", BOTH, LEVEL_STOP, 0,
                "A server whose clients have all left stops.",
                "CancelIoEx; museum H02") {
  server_start(f, "echo");
  assert_serves(f, "before the stop");
  assert_serves(f, "before the stop");
  subject_stop(&f->subject, "told to stop after clients");
}

NP_SUBJECT_CASE("server/stop-with-silent-client", BOTH, LEVEL_STOP, 0,
                "A server whose client says nothing stops.",
                "CancelIoEx; museum H14") {
  server_start(f, "echo");
  peer_open(f->peer, f->name, f->mode);
  subject_stop(&f->subject, "told to stop with a silent client");
}

NP_SUBJECT_CASE("server/stop-with-many", BOTH, LEVEL_STOP, 0,
                "A server with many clients stops.", "CancelIoEx") {
  server_start(f, "echo");
  for (size_t i = 0; i < CLIENTS; i++) {
    peer_open(&f->peers[i], f->name, f->mode);
    exchange(f, &f->peers[i], (unsigned)i);
  }
  subject_stop(&f->subject, "told to stop with many clients");
}

NP_SUBJECT_CASE("server/stop-with-stuck-client", BOTH, LEVEL_STOP, NEEDS_ECHO,
                "A server whose client does not read its answer stops.",
                "CancelIoEx; museum H14 H17") {
  server_start(f, "echo");
  peer_open(f->peer, f->name, f->mode);
  peer_pattern(f->data, LARGE, 1);
  peer_try_write(f->peer, f->data, LARGE, QUIET_MS);
  subject_stop(&f->subject, "told to stop with a stuck client");
}

NP_SUBJECT_CASE("server/stop-after-ghost", BOTH, LEVEL_STOP, 0,
                "A server whose last client left at once stops.",
                "CancelIoEx; museum H02") {
  for (unsigned i = 0; i < (config.rounds + 4) / 5; i++) {
    server_start(f, "echo");
    peer_open(f->peer, f->name, f->mode);
    peer_close(f->peer);
    subject_stop(&f->subject, "told to stop after a ghost");
  }
}

NP_SUBJECT_CASE("server/stop-while-a-client-comes", BOTH, LEVEL_STOP, 0,
                "A server that sees a client and the order to stop at the same "
                "time stops.",
                "CancelIoEx; museum H02 H06") {
  for (unsigned i = 0; i < (config.rounds + 4) / 5; i++) {
    server_start(f, "echo");
    outside_suspend(&f->subject);
    peer_open(f->peer, f->name, f->mode);
    subject_close_input(&f->subject);
    outside_resume(&f->subject);
    subject_stop(&f->subject, "told to stop while a client came");
    peer_close(f->peer);
  }
}

NP_SUBJECT_CASE("server/stop-while-a-ghost-comes", BOTH, LEVEL_STOP, 0,
                "A server that sees a client leave and the order to stop at "
                "the same time stops.",
                "CancelIoEx; museum H02 A02") {
  for (unsigned i = 0; i < (config.rounds + 4) / 5; i++) {
    server_start(f, "echo");
    outside_suspend(&f->subject);
    peer_open(f->peer, f->name, f->mode);
    peer_close(f->peer);
    subject_close_input(&f->subject);
    outside_resume(&f->subject);
    subject_stop(&f->subject, "told to stop while a ghost came");
  }
}

NP_SUBJECT_CASE("server/stop-while-data-comes", BOTH, LEVEL_STOP, NEEDS_ECHO,
                "A server that sees data and the order to stop at the same "
                "time stops.",
                "CancelIoEx; museum D08 H17") {
  for (unsigned i = 0; i < (config.rounds + 4) / 5; i++) {
    server_start(f, "echo");
    peer_open(f->peer, f->name, f->mode);
    peer_echo(f->peer, 10, i);
    outside_suspend(&f->subject);
    peer_write(f->peer, "data", 4);
    subject_close_input(&f->subject);
    outside_resume(&f->subject);
    subject_stop(&f->subject, "told to stop while data came");
    peer_close(f->peer);
  }
}

NP_SUBJECT_CASE("server/stop-told-to-clients", BOTH, LEVEL_STOP, 0,
                "A client that reads is told the end when the server stops.",
                "CloseHandle; museum M11") {
  server_start(f, "echo");
  peer_open(f->peer, f->name, f->mode);
  exchange(f, f->peer, 1);
  subject_stop(&f->subject, "told to stop with a client");
  peer_read_end(f->peer);
}

NP_SUBJECT_CASE("server/stop-frees-the-name", BOTH, LEVEL_STOP, 0,
                "After the stop the name does not exist any more.",
                "CloseHandle; museum A24") {
  struct peer p;

  server_start(f, "echo");
  assert_serves(f, "before the stop");
  subject_stop(&f->subject, "told to stop");
  assert_int_equal(
      peer_try_open(&p, f->name, f->mode, GENERIC_READ | GENERIC_WRITE),
      ERROR_FILE_NOT_FOUND);
}

NP_SUBJECT_CASE("server/restart", BOTH, LEVEL_STOP, 0,
                "A server that starts again under the same name at once "
                "serves.",
                "CreateNamedPipeW; museum A21 A23") {
  for (int i = 0; i < 3; i++) {
    server_start(f, "echo");
    assert_serves(f, "after the start");
    subject_stop(&f->subject, "told to stop");
  }
}

NP_SUBJECT_CASE("server/restart-after-a-kill", BOTH, LEVEL_ANY, 0,
                "A server that starts again after it was killed serves.",
                "CreateNamedPipeW; museum A21 A23") {
  for (int i = 0; i < 3; i++) {
    server_start(f, "echo");
    assert_serves(f, "after the start");
    peer_open(f->peer, f->name, f->mode);
    subject_end(&f->subject);
    peer_close(f->peer);
  }
}

NP_SUBJECT_CASE("server/squatted", BOTH, LEVEL_STOP, NEEDS_FIRST,
                "A server does not join a name that another program owns: it "
                "ends, with an error.",
                "CreateNamedPipeW#FILE_FLAG_FIRST_PIPE_INSTANCE; museum X05") {
  char line[64];

  peer_create(f->peer, f->name, f->mode, PIPE_ACCESS_DUPLEX, PEER_QUOTA);
  subject_start(&f->subject, ROLE_SERVER, f->name, f->mode, "echo");
  if (subject_line(&f->subject, line, sizeof(line), PEER_MS)) {
    fail_msg("the server says \"%s\" under a name that is not its own", line);
  }
  assert_int_not_equal(
      subject_wait(&f->subject, PEER_MS, "the name belongs to another"), 0);
}
