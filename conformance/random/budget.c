/* The law of memory. At each allocation the library holds at most a constant
 * for each object that is open, the buffers that the caller has chosen, the
 * copies for calls in flight, and for a channel what npipe/channel.h promises:
 * twice what was sent and a constant. When nothing happens for a while, what
 * was taken for messages goes back. */
#include "budget.h"

/* The objects of the library, on 64-bit Windows, and a little more. */
enum {
  PIPE_BYTES = 168,
  READINESS_BYTES = 600,
  FLUSH_BYTES = 64,
  FLUSHER_BYTES = 256,
  LISTENER_BYTES = 960,
  SLOT_BYTES = 240,
  /* with its pipe and its channel */
  LINK_BYTES = 2048 + PIPE_BYTES + NP_CHANNEL_MEMORY_BYTES,
  GATES_BYTES = 288, /* with the watches of names */
  GATE_BYTES = 768,  /* while requests for a name wait */
  CALL_BYTES = 8192, /* until a call returns */
  GRANULE_BYTES = 512,
  VECTOR_BYTES = 128,
  SLOTS_MAX = 10, /* of a listener, beside the pipes that were handed out */
  READIED_BYTES = READINESS_BYTES + GRANULE_BYTES, /* see guest.c */
  /* The objects that one step of busy work has open. */
  BUSY_BYTES = 16 * PIPE_BYTES + LISTENER_BYTES + NP_CHANNEL_MEMORY_BYTES,
  REST_MS = 2 * NP_CHANNEL_IDLE_MS + 2000, /* after the last callback */
  REST_TURN_MS = 200,
  REST_TURNS_MAX = 200
};

#ifdef _WIN32
enum { IS_REAL = 1 };
#else
enum { IS_REAL = 0 };
#endif

static bool is_held(const struct end *end) {
  return end->pipe != NULL || (end->is_closing && !end->is_closed);
}

/* pipes_bytes: the bytes for plain pipes. */
static size_t pipes_bytes(const struct play *play) {
  size_t sum = 0;

  for (size_t i = 0; i < play->end_count; i++) {
    const struct end *end = &play->ends[i];

    if (is_held(end)) {
      sum += PIPE_BYTES + end->outbox_bytes;
      sum += end->uses_readiness ? READINESS_BYTES : 0u;
      sum += end->reads_ahead ? end->ahead_bytes : 0u;
    }
  }
  return sum;
}

/* notes_bytes: the bytes for operations in flight. */
static size_t notes_bytes(const struct play *play) {
  size_t sum = 0;

  for (size_t i = play->first_open; i < play->note_count; i++) {
    const struct note *note = play->notes[i];

    if (!note->done) {
      sum += note->kind == NOTE_FLUSH ? FLUSH_BYTES : 0u;
      sum += note->is_vectored ? note->length + VECTOR_BYTES : 0u;
    }
  }
  return sum;
}

/* loops_bytes: the bytes that the loops keep to their end. */
static size_t loops_bytes(const struct play *play) {
  const size_t each = (size_t)GATES_BYTES + FLUSHER_BYTES;

  return play->own_bytes + play->loop_count * each;
}

/* guests_bytes: the bytes for the pipes of the service that are handed out,
 * without their channels. */
static size_t guests_bytes(const struct play *play) {
  const struct service *service = &play->service;
  size_t sum = 0;

  for (size_t i = 0; i < service->guest_count; i++) {
    if (service->guests[i].channel != NULL) {
      sum += PIPE_BYTES + (service->guests[i].is_server ? SLOT_BYTES : 0u);
    }
  }
  return sum;
}

static size_t links_bytes(const struct play *play) {
  size_t sum = 0;

  for (size_t i = 0; i < LINKS_MAX; i++) {
    sum += play->service.links[i].play != NULL ? LINK_BYTES : 0u;
  }
  return sum;
}

/* service_bytes: the bytes for the service without its channels. A recycled
 * pipe stays with its listener. One listener may not be counted yet. */
static size_t service_bytes(const struct play *play) {
  const struct service *service = &play->service;
  const size_t listeners =
      service->closing_listeners + (service->listener != NULL ? 1u : 0u) + 1;

  return listeners *
             (LISTENER_BYTES + (size_t)SLOTS_MAX * (PIPE_BYTES + SLOT_BYTES)) +
         guests_bytes(play) + links_bytes(play) + GATE_BYTES +
         (size_t)service->readied * READIED_BYTES;
}

/* idle_service_bytes: when the service rests, its listener keeps no more pipes
 * than its option allows, and there is no gate without a request. */
static size_t idle_service_bytes(const struct play *play) {
  const struct service *service = &play->service;
  size_t sum = guests_bytes(play) + links_bytes(play);

  if (service->listener != NULL) {
    sum +=
        LISTENER_BYTES + (size_t)service->idle_max * (PIPE_BYTES + SLOT_BYTES);
  }
  for (size_t i = 0; i < ASKINGS_MAX; i++) {
    if (service->askings[i].is_waiting) {
      return sum + GATE_BYTES;
    }
  }
  return sum;
}

static size_t bytes_max(void *context) {
  const struct play *play = context;
  const struct service *service = &play->service;

  return loops_bytes(play) + CALL_BYTES + pipes_bytes(play) +
         notes_bytes(play) + service_bytes(play) +
         (play->busy.open_count > 0 ? (size_t)BUSY_BYTES : 0u) +
         /* of each message, what is sent and what comes */
         (size_t)service->guests_open * NP_CHANNEL_MEMORY_BYTES +
         4 * service->sent_bytes;
}

/* is_still returns true if a channel of the guest may hold no message: it asks
 * for the next one, or it only sends, and nothing is in flight. */
static bool is_still(const struct guest *guest) {
  return guest->is_server ? guest->tasks[GUEST_RECEIVE].is_flying &&
                                !guest->tasks[GUEST_SEND].is_flying
                          : !guest->has_unanswered && guest->requests == 0 &&
                                !guest->tasks[GUEST_SEND].is_flying;
}

static size_t idle_bytes_max(const struct play *play) {
  const struct service *service = &play->service;
  size_t sum = loops_bytes(play) + pipes_bytes(play) + notes_bytes(play) +
               idle_service_bytes(play);

  for (size_t i = 0; i < service->guest_count; i++) {
    const struct guest *guest = &service->guests[i];

    if (guest->channel == NULL) {
      continue;
    }
    if (!is_still(guest)) {
      sum += NP_CHANNEL_MEMORY_BYTES + 4 * (size_t)MESSAGE_BYTES_MAX;
    } else {
      sum += NP_CHANNEL_IDLE_BYTES;
      sum += guest->is_server && service->has_partial
                 ? NP_FRAME_MEMORY_BYTES + 2 * (size_t)MESSAGE_BYTES_MAX
                 : 0u;
    }
  }
  return sum;
}

static void too_much(void *context, size_t size, size_t most) {
  struct play *play = context;

  play_fail(play,
            "the library takes %zu bytes beside %zu, where %zu are "
            "allowed",
            size, play->memory.live_bytes, most);
}

void budget_begin(struct play *play) {
  play->own_bytes = play->memory.live_bytes;
  play->memory.bytes_max = bytes_max;
  play->memory.broken = too_much;
  play->memory.context = play;
}

void budget_end(struct play *play) {
  if (is_prompt(play) && play->memory.live_bytes > loops_bytes(play)) {
    play_fail(play,
              "the loops hold %zu bytes at their end, where %zu are allowed",
              play->memory.live_bytes, loops_bytes(play));
  }
}

/* rest lets the loops run until nothing has happened for a while. It returns
 * false if something happens again and again. */
static bool rest(struct play *play) {
  uint64_t last_ns = sim_now_ns();

  for (unsigned i = 0; i < REST_TURNS_MAX; i++) {
    const size_t callbacks = play->callbacks;

    turn(play, i % play->loop_count, REST_TURN_MS);
    if (play->callbacks != callbacks) {
      last_ns = sim_now_ns();
    } else if (sim_now_ns() >= last_ns + REST_MS * 1000000ull) {
      return true;
    }
  }
  return false;
}

void step_rest(struct play *play) {
  if (IS_REAL || play->in_loop >= 0) {
    return;
  }
  say(play, "the loops rest");
  if (!rest(play) || play->faults || play->lies || play->busy.open_count > 0) {
    return;
  }
  for (size_t i = 0; i < play->end_count; i++) {
    ready_rest(&play->ends[i]);
  }
  if (play->memory.live_bytes > idle_bytes_max(play)) {
    play_fail(play,
              "the library holds %zu bytes at rest, where %zu are "
              "allowed",
              play->memory.live_bytes, idle_bytes_max(play));
  }
}
