/* npcat: netcat for named pipes. `npcat --help` explains the options.
 *
 * This file connects or listens, and reports how the session ended. session.c
 * copies data both ways, input.c reads standard input on a thread, output.c
 * writes received data, and options.c reads the command line. */
#include <stdio.h>
#include <stdlib.h>

#include <npipe/npipe.h>

#include <shellapi.h> /* CommandLineToArgvW */

#include "session.h"

typedef struct npcat {
  options options;
  np_loop *loop;
  np_listener *listener;     /* NULL: a client, or all clients have come */
  np_client_request request; /* stays in place until on_connected */
  np_timer limit;            /* limits the wait for a client */
  session session;
  input input;
  output output;
  uint32_t clients_left;
  np_error error; /* the first error */
  bool ended;
} npcat;

static npcat cat; /* All zero: no operation is in flight. */

static void note(np_error error) {
  if (error == NP_OK) {
    return;
  }
  fprintf(stderr, "npcat: %s (%s, %u)\n", np_error_text(error),
          np_error_name(error), (unsigned)error);
  if (cat.error == NP_OK) {
    cat.error = error;
  }
}

static void end(np_error error) {
  note(error);
  np_timer_stop(&cat.limit);
  np_listener_close(cat.listener, NULL); /* NULL is allowed. */
  cat.listener = NULL;
  cat.ended = true;
}

static void on_no_client(np_timer *timer) {
  (void)timer;
  end(WAIT_TIMEOUT);
}

static void wait_for_client(void) {
  if (cat.options.verbose) {
    fprintf(stderr, "npcat: listening\n");
  }
  if (cat.options.time_ms > 0) {
    np_timer_start(cat.loop, &cat.limit, cat.options.time_ms, on_no_client);
  }
}

static void on_session_end(session *s, np_error error) {
  const bool input_used_up =
      s->options->quit && s->input->is_here && s->input->is_over;

  if (cat.options.verbose) {
    fprintf(stderr, "npcat: closed\n");
  }
  /* A client's error does not end the service. The service ends after the last
   * client, when the idle time is over, or (--quit) when all input was sent. */
  if (cat.listener == NULL || error == WAIT_TIMEOUT || input_used_up) {
    end(error);
    return;
  }
  note(error);
  wait_for_client();
}

static void on_piece(input *in) {
  session_send(in->user);
}

static void begin_session(np_pipe *pipe) {
  uint32_t process_id = 0;
  np_error error = NP_OK;

  if (cat.options.verbose &&
      np_pipe_peer_process_id(pipe, &process_id) == NP_OK) {
    fprintf(stderr, "npcat: connected to process %lu\n",
            (unsigned long)process_id);
  }
  if (!cat.options.receive_only && cat.input.thread == NULL) {
    error = input_start(&cat.input, cat.loop, &cat.options);
  }
  if (error != NP_OK) {
    np_pipe_close(pipe, NULL);
    end(error);
    return;
  }
  session_start(&cat.session, pipe);
}

static void on_client(np_listener *listener, np_pipe *pipe) {
  np_timer_stop(&cat.limit);
  if (cat.clients_left > 0 && --cat.clients_left == 0) {
    np_listener_close(listener, NULL); /* The accepted pipe stays open. */
    cat.listener = NULL;
  }
  begin_session(pipe);
}

static void on_connected(np_client_request *request, np_error error,
                         np_pipe *pipe) {
  (void)request;
  if (error == ERROR_INVALID_PARAMETER && cat.options.cut != CUT_NOT) {
    fprintf(stderr, "npcat: the pipe keeps no messages\n");
  }
  if (error != NP_OK) {
    end(error);
    return;
  }
  begin_session(pipe);
}

static np_error start_listening(const options *o) {
  np_listener_options listening;
  np_error error;

  np_listener_options_init(&listening);
  listening.backlog = 1;
  /* The listener has one instance and serves one client after another. Other
   * clients get ERROR_PIPE_BUSY, and can wait. */
  listening.server.instances_max = 1;
  listening.server.access = o->access;
  listening.server.sddl = o->sddl;
  listening.server.mode = o->cut == CUT_NOT ? NP_BYTE : NP_MESSAGE;
  listening.server.read_mode = listening.server.mode;
  error = np_listener_create(cat.loop, o->name, &listening, on_client,
                             &cat.listener);
  if (error == NP_OK) {
    wait_for_client();
  }
  return error;
}

static np_error start_connecting(const options *o) {
  np_client_options client;

  np_client_options_init(&client);
  /* One direction only: otherwise one-way pipes could not be opened. */
  client.read = !o->send_only;
  client.write = !o->receive_only;
  client.read_mode = o->cut == CUT_NOT || o->send_only ? NP_BYTE : NP_MESSAGE;
  client.wait_for_server = o->wait;
  client.verify_same_user = o->same_user;
  return np_client_connect(cat.loop, &cat.request, o->name, &client, o->time_ms,
                           on_connected);
}

static exit_code code_of(np_error error) {
  switch (error) {
    case NP_OK:
      return EXIT_GOOD;
    case ERROR_INVALID_NAME:
    case ERROR_FILENAME_EXCED_RANGE:
    case ERROR_NO_UNICODE_TRANSLATION:
      return EXIT_USAGE;
    case WAIT_TIMEOUT:
      return EXIT_TIME;
    case ERROR_FILE_NOT_FOUND:
      return EXIT_NO_PIPE;
    case ERROR_ACCESS_DENIED:
    case ERROR_WRONG_TARGET_NAME:
      return EXIT_DENIED;
    default:
      return EXIT_FAILED;
  }
}

static exit_code run(void) {
  np_error error = np_loop_create(NULL, &cat.loop);

  if (error != NP_OK) {
    note(error);
    return code_of(error);
  }
  cat.clients_left = cat.options.client_count;
  cat.input.user = &cat.session;
  cat.input.on_piece = on_piece;
  cat.session.options = &cat.options;
  cat.session.input = &cat.input;
  cat.session.output = &cat.output;
  cat.session.on_end = on_session_end;
  error = cat.options.listen ? start_listening(&cat.options)
                             : start_connecting(&cat.options);
  if (error != NP_OK) {
    end(error);
  }
  /* np_loop_run would return when nothing is pending, but the input thread may
   * still post. */
  while (!cat.ended) {
    error = np_loop_run_once(cat.loop, INFINITE);
    if (error != NP_OK && error != WAIT_TIMEOUT) {
      end(error);
    }
  }
  if (np_loop_run(cat.loop) == NP_OK && input_end(&cat.input)) {
    note(np_loop_destroy(cat.loop));
  }
  /* If input_end failed, the input thread may still post to the loop. The loop
   * then stays, and both end with the process. */
  return code_of(cat.error);
}

/* utf8_arguments returns the command line in UTF-8, which the library needs for
 * names. main's `argv` is in the system's code page, which cannot express every
 * name. The strings live until the process ends. */
static char **utf8_arguments(int *count) {
  wchar_t **wide = CommandLineToArgvW(GetCommandLineW(), count);
  char **arguments =
      wide != NULL ? calloc((size_t)*count + 1, sizeof *arguments) : NULL;

  for (int i = 0; arguments != NULL && i < *count; i++) {
    int size = WideCharToMultiByte(CP_UTF8, WC_ERR_INVALID_CHARS, wide[i], -1,
                                   NULL, 0, NULL, NULL);

    arguments[i] = size > 0 ? malloc((size_t)size) : NULL;
    if (arguments[i] == NULL) {
      return NULL;
    }
    WideCharToMultiByte(CP_UTF8, WC_ERR_INVALID_CHARS, wide[i], -1,
                        arguments[i], size, NULL, NULL);
  }
  return arguments;
}

int main(void) {
  exit_code code = EXIT_USAGE;
  int count = 0;
  char **arguments = utf8_arguments(&count);

  if (arguments == NULL) {
    fprintf(stderr, "npcat: the command line is no Unicode\n");
    return EXIT_USAGE;
  }
  return (int)(options_read(&cat.options, count, arguments, &code) ? run()
                                                                   : code);
}
