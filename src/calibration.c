/* Calibration: a loop finds out from its first operation that was answered
 * ERROR_MORE_DATA at once whether a packet follows such an answer. Right after
 * the call the loop posts a packet of its own, the mark. A packet of the
 * operation was queued before the call returned, and a port keeps the order of
 * its packets; so the operation's packet comes before the mark, or never. Until
 * the mark comes, every operation with that answer waits. No other object is
 * needed, so a process with few rights can create a loop. */
#include "calibration.h"

#include "op.h"

/* The delay after which the mark is posted again. PostQueuedCompletionStatus
 * fails when the system is out of memory. */
#define MARK_RETRY_MS 10u

static void post_mark(np_loop *loop);

static void mark_retry_expired(np__alarm *alarm) {
  post_mark(NP__CONTAINER(alarm, np_loop, calibration.retry));
}

/* unsure_op returns the operation of `packet` if it waits for the mark; NULL if
 * `packet` waits for the kernel, or is no operation. */
static np_op *unsure_op(np__packet *packet) {
  np_op *op = (np_op *)packet;

  return packet->class_->cancel != NULL &&
                 (op->np__at_end & NP__AT_END_UNSURE) != 0
             ? op
             : NULL;
}

static bool is_asker_owed(const np_loop *loop) {
  np__debt *debt = NULL;

  while ((debt = np__loop_debt_after(loop, debt)) != NULL) {
    const np_op *op = unsure_op(np__packet_of_debt(debt));

    if (op != NULL && (op->np__at_end & NP__AT_END_ASKER) != 0) {
      return true;
    }
  }
  return false;
}

/* end_unsure ends the operations that wait for the mark, because no packet
 * follows. Their results are those that the kernel wrote during the calls. */
static void end_unsure(np_loop *loop) {
  np__queue unsure = {NULL, NULL};
  np__debt *debt = NULL;

  while ((debt = np__loop_debt_after(loop, debt)) != NULL) {
    if (unsure_op(np__packet_of_debt(debt)) != NULL) {
      np__queue_push(&unsure, np__packet_of_debt(debt));
    }
  }
  while (unsure.first != NULL) {
    np__packet *packet = np__queue_pop(&unsure);

    packet->class_->on_packet(loop, packet, NP__STATUS_BUFFER_OVERFLOW,
                              (uint32_t)packet->overlapped.InternalHigh);
  }
}

static void mark_on_packet(np_loop *loop, np__packet *mark, NTSTATUS status,
                           uint32_t bytes) {
  np__calibration *calibration = &loop->calibration;

  (void)status;
  (void)bytes;
  (void)mark;
  np__loop_paid(loop, &calibration->debt);
  loop->active--;
  if (is_asker_owed(loop)) {
    calibration->more_data = NP__MORE_DATA_ENDS;
    end_unsure(loop);
  } else {
    calibration->more_data = NP__MORE_DATA_POSTS;
  }
}

static const np__packet_class mark_class = {.on_packet = mark_on_packet};

static void post_mark(np_loop *loop) {
  np__calibration *calibration = &loop->calibration;

  calibration->mark.class_ = &mark_class;
  if (PostQueuedCompletionStatus(loop->port, 0, loop->key,
                                 &calibration->mark.overlapped)) {
    np__loop_owe(loop, &calibration->debt);
  } else {
    np__alarm_start(loop, &calibration->retry,
                    np__loop_deadline_ms(loop, MARK_RETRY_MS),
                    mark_retry_expired);
  }
}

np_error np__calibration_take(np_op *op) {
  np_loop *loop = op->np__target->loop;
  np__calibration *calibration = &loop->calibration;

  if (calibration->more_data == NP__MORE_DATA_ENDS) {
    return ERROR_MORE_DATA;
  }
  if (calibration->more_data == NP__MORE_DATA_UNKNOWN) {
    op->np__at_end |= NP__AT_END_UNSURE;
    if (!calibration->is_asked) {
      op->np__at_end |= NP__AT_END_ASKER;
      calibration->is_asked = true;
      loop->active++; /* the loop runs until the mark has come */
      post_mark(loop);
    }
  }
  return ERROR_IO_PENDING;
}
