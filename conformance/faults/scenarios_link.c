/* Scenarios of np_link. A link goes on after most faults, but each fault must
 * be reported: by an event, or with a message. */
#include <stdio.h>
#include <string.h>

#include "judge.h"

/* Static, because a message must stay in place even after its scenario has
 * ended. */
static np_link_message message;
static np_channel *channel; /* the server's */
static unsigned ups;
static unsigned downs;
static unsigned sent;

static void on_event(np_link *link, np_link_event event, np_error error) {
  struct run *r = np_link_user(link);

  if (!r->in_loop) {
    run_fail(r, "a link's function ran outside of the loop");
  }
  note_injected(
      r, event == NP_LINK_DOWN ? "np_channel_receive" : "np_client_connect",
      OUTCOME_CALLED_BACK, error);
  ups += event == NP_LINK_UP;
  downs += event == NP_LINK_DOWN;
  if (ups - downs > 1) {
    run_fail(r, "a link is up twice");
  }
}

static void on_sent(np_link_message *ended, np_link_outcome outcome,
                    np_error error) {
  struct run *r = ended->user;

  note_injected(r, "np_channel_send", OUTCOME_CALLED_BACK, error);
  if ((outcome == NP_LINK_SENT) != (error == NP_OK)) {
    run_fail(r, "a message was sent with an error, or not sent without one");
  }
  sent++;
}

static void on_link_closed(np_link *link) {
  struct run *r = np_link_user(link);

  r->closed++;
}

static bool link_open(struct run *r, const char *name) {
  np_link_options options;

  np_link_options_init(&options);
  options.delay_min_ms = 4;
  options.delay_max_ms = 8;
  options.retry_access_denied = true;
  options.on_event = on_event;
  ups = 0;
  downs = 0;
  sent = 0;
  memset(&message, 0, sizeof message);
  message.user = r;
  r->root_port = sim_calls("CreateIoCompletionPort") + 1;
  if (!took(r, "np_link_create",
            np_link_create(r->loop, name, &options, &r->link))) {
    return false;
  }
  np_link_set_user(r->link, r);
  return true;
}

static bool link_close(struct run *r) {
  np_link *link = r->link;

  r->link = NULL;
  r->closing++;
  return took(r, "np_link_close", np_link_close(link, on_link_closed));
}

static bool link_send(struct run *r, const char *text) {
  return took(r, "np_link_send",
              np_link_send(r->link, text, strlen(text), &message, on_sent));
}

/* serves creates a server, and waits until the link has connected. */
static bool serves(struct run *r, unsigned count) {
  struct action *connect;

  r->server = server_open(r);
  STEP(r->server != NULL);
  connect = connect_begin(r, r->server);
  STEP(turns(r, &ups, count) && ends(connect, NP_OK, 0));
  channel = channel_open(r, r->server, NULL);
  return channel != NULL;
}

SCENARIO(link_twice, "link/down-and-up", TRIES_AGAIN | SERVER_COMES) {
  struct action *receive;

  STEP(link_open(r, r->name));
  for (unsigned i = 1; i <= 2; i++) {
    STEP(link_send(r, "hello") && serves(r, i) && turns(r, &sent, i));
    receive = receive_begin(r, channel);
    STEP(receive != NULL && ends_with(receive, NP_OK, "hello"));
    STEP(channel_close(r, channel) && turns(r, &downs, i));
  }
  return link_close(r) && closed(r);
}

SCENARIO(link_unsent, "link/close-with-messages", TRIES_AGAIN | SERVER_COMES) {
  return link_open(r, r->name) && link_send(r, "hello") && turn(r, 0) &&
         link_close(r) && turns(r, &sent, 1) && closed(r);
}

/* The name is folded anew for each connection, which may fail. */
SCENARIO(link_name, "link/name-to-fold", TRIES_AGAIN | SERVER_COMES) {
  char name[sizeof r->name + 1];

  snprintf(name, sizeof name, "//%s", r->name + 2);
  STEP(link_open(r, name));
  for (unsigned i = 1; i <= 2; i++) {
    STEP(serves(r, i) && channel_close(r, channel) && turns(r, &downs, i));
  }
  return link_close(r) && closed(r);
}
