/* Helpers for the cases of senders. */
#include "sender_common.h"

np_sender_options sender_options(np_fixture *f) {
  np_sender_options options;

  memset(&options, 0xCC, sizeof(options));
  np_sender_options_init(&options);
  options.allocator = allocator_of(f);
  return options;
}

np_sender *sender_pair(np_fixture *f, const np_sender_options *options) {
  const np_sender_options chosen =
      options != NULL ? *options : sender_options(f);
  np_sender *sender = NULL;

  channel_pair(f, NULL);
  assert_np_ok(np_sender_create(f->channel, &chosen, &sender));
  assert_non_null(sender);
  return sender;
}

static void note(struct sent *sent, np_error error) {
  sent->order = callback_begin();
  sent->done_count++;
  sent->result = error;
  callback_end();
}

void on_sent_message(np_message *message, np_error error) {
  note((struct sent *)message, error);
}

void on_sent_never(np_message *message, np_error error) {
  (void)message;
  fail_at(__FILE__, __LINE__, "a refused message ended with %s",
          np_error_name(error));
}

void on_sent_copy(void *user, np_error error) {
  note(user, error);
}

void sent_begin(struct sent *sent, np_sender *sender, const char *text) {
  strncpy(sent->text, text, sizeof(sent->text) - 1);
  sent->start_count++;
  assert_np_ok(np_sender_send(sender, sent->text, strlen(sent->text),
                              &sent->message, on_sent_message));
}

void sent_wait(np_fixture *f, struct sent *sent, np_error result) {
  loop_until_count(f, &sent->done_count, sent->start_count);
  assert_np_error(sent->result, result);
}
