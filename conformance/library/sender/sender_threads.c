/* Senders used by several threads at once, and beside the end of their
 * channel. */
#include "sender_common.h"

enum { EACH = 40, THREADS = 3 };

/* The work of a thread. It must not assert; it counts its errors. */
struct worker {
  np_sender *sender;
  unsigned number;
  struct sent sent[EACH];
  unsigned begun;
  unsigned refused; /* because the channel is closed */
  unsigned wrong;
  bool cancels;
};

static DWORD WINAPI worker_main(void *argument) {
  struct worker *worker = argument;

  for (unsigned i = 0; i < EACH; i++) {
    struct sent *sent = &worker->sent[i];
    np_error error;

    sent->text[0] = (char)('a' + worker->number);
    sent->text[1] = (char)(1 + i);
    error = np_sender_send(worker->sender, sent->text, 2, &sent->message,
                           on_sent_message);
    if (error == NP_OK) {
      worker->begun++;
      sent->start_count = 1;
    } else if (error == ERROR_NO_DATA) {
      worker->refused++;
    } else {
      worker->wrong++;
    }
    if (worker->cancels && i % 2 == 1) {
      error = np_sender_cancel(worker->sender, &sent->message);
      worker->wrong += error != NP_OK && error != ERROR_NOT_FOUND ? 1u : 0u;
    }
  }
  np_sender_release(worker->sender);
  return 0;
}

static struct worker workers[THREADS];
static HANDLE threads[THREADS];

static void workers_start(np_sender *sender, bool cancels) {
  memset(workers, 0, sizeof(workers));
  for (unsigned i = 0; i < THREADS; i++) {
    workers[i].sender = np_sender_retain(sender);
    workers[i].number = i;
    workers[i].cancels = cancels;
    threads[i] = CreateThread(NULL, 0, worker_main, &workers[i], 0, NULL);
    assert_non_null(threads[i]);
  }
}

static void workers_join(void) {
  for (unsigned i = 0; i < THREADS; i++) {
    assert_int_equal(
        WaitForSingleObject(threads[i], (DWORD)world_timeout_ms(LOOP_WAIT_MS)),
        WAIT_OBJECT_0);
    CloseHandle(threads[i]);
    assert_int_equal(workers[i].wrong, 0);
  }
}

NP_CASE("sender-threads/order", np_sender_send, NO_MODE, NP_OK,
        "The messages of three threads all arrive, those of each thread in "
        "order, and each has one result.",
        "npipe/sender.h") {
  char last[THREADS] = {0};
  np_sender *sender = NULL;

  channel_pair(f, NULL);
  assert_np_ok(np_sender_create(f->channel, NULL, &sender));
  workers_start(sender, false);
  for (unsigned i = 0; i < THREADS * EACH; i++) {
    const char *data = f->ops[0].buffer;

    receive_begin(&f->ops[0], f->opposite);
    loop_until_count(f, &f->ops[0].done_count, i + 1);
    assert_np_ok(f->ops[0].result);
    assert_int_equal(f->ops[0].transferred, 2);
    assert_in_range(data[0], 'a', 'a' + THREADS - 1);
    assert_int_equal(data[1], last[data[0] - 'a'] + 1);
    last[data[0] - 'a'] = data[1];
  }
  workers_join();
  loop_quiet(f);
  for (unsigned i = 0; i < THREADS * EACH; i++) {
    const struct sent *sent = &workers[i / EACH].sent[i % EACH];

    assert_int_equal(sent->done_count, 1);
    assert_np_ok(sent->result);
  }
  np_sender_release(sender);
}

NP_CASE("sender-threads/cancel", np_sender_cancel, NO_MODE, NP_OK,
        "Threads that cancel what they have just sent: each message ends once, "
        "as sent or as aborted.",
        "npipe/sender.h") {
  np_sender *sender = NULL;

  channel_pair(f, NULL);
  assert_np_ok(np_sender_create(f->channel, NULL, &sender));
  workers_start(sender, true);
  for (unsigned i = 0; i < THREADS * EACH; i++) {
    loop_turn(f, 1);
  }
  workers_join();
  loop_quiet(f);
  for (unsigned i = 0; i < THREADS * EACH; i++) {
    const struct sent *sent = &workers[i / EACH].sent[i % EACH];

    assert_int_equal(sent->done_count, sent->start_count);
    assert_true(sent->result == NP_OK ||
                sent->result == ERROR_OPERATION_ABORTED);
  }
  np_sender_release(sender);
}

NP_CASE("sender-threads/close", np_sender_send, NO_MODE, ERROR_NO_DATA,
        "Threads that send while the channel is closed and the loop is "
        "destroyed: what was taken ends once, the rest is refused.",
        "npipe/sender.h") {
  np_loop_options options = loop_options();
  np_sender *sender = NULL;

  channel_pair(f, NULL);
  assert_np_ok(np_sender_create(f->channel, NULL, &sender));
  workers_start(sender, false);
  loop_turn(f, 1);
  channel_close(f, f->channel);
  channel_close(f, f->opposite);
  loop_drain(f);
  loop_remake(f, &options);
  workers_join();
  for (unsigned i = 0; i < THREADS; i++) {
    assert_int_equal(workers[i].begun + workers[i].refused, EACH);
    for (unsigned j = 0; j < EACH; j++) {
      assert_int_equal(workers[i].sent[j].done_count,
                       workers[i].sent[j].start_count);
    }
  }
  assert_np_error(np_sender_send_copy(sender, "x", 1, NULL, NULL),
                  ERROR_NO_DATA);
  np_sender_release(sender);
}
