/* Checks the data that one end read against the writes at the other end, with a
 * set of possible places in the input. */
#include "stream.h"

enum { CURSORS_MAX = 128 };

/* A place in the input. A cut write leaves open how much of it has arrived, so
 * the place is not always known. stream_check keeps a set of places, and each
 * byte that was read leaves only the places where this byte is next. */
struct cursor {
  size_t session;
  size_t write;
  size_t offset;
};

struct cursors {
  struct cursor at[CURSORS_MAX];
  size_t count;
};

struct input {
  const struct session_input *sessions;
  size_t session_count;
  bool by_message;
  bool reads_ahead;
};

unsigned char stream_byte(uint32_t id, size_t offset) {
  uint32_t x = id * 0x9E3779B1u + (uint32_t)offset * 0x85EBCA77u;

  x ^= x >> 15;
  x *= 0x2C1B3C6Du;
  return (unsigned char)(x >> 24);
}

static void add(struct cursors *set, struct cursor cursor) {
  for (size_t i = 0; i < set->count; i++) {
    const struct cursor *at = &set->at[i];

    if (at->session == cursor.session && at->write == cursor.write &&
        at->offset == cursor.offset) {
      return;
    }
  }
  if (set->count < CURSORS_MAX) {
    set->at[set->count++] = cursor;
  }
}

static const struct written *write_at(const struct input *input,
                                      const struct cursor *cursor) {
  const struct session_input *session;

  if (cursor->session >= input->session_count) {
    return NULL;
  }
  session = &input->sessions[cursor->session];
  return cursor->write < session->count ? &session->writes[cursor->write]
                                        : NULL;
}

/* spread adds each place in the stream that the reader may have reached without
 * reading a byte: after a whole write, after the rest of a cut write, and at
 * the begin of later sessions up to `last`. */
static void spread(const struct input *input, struct cursors *set, size_t first,
                   size_t last) {
  for (size_t i = 0; i < set->count; i++) {
    struct cursor cursor = set->at[i];
    const struct written *write = write_at(input, &cursor);

    if (write != NULL) {
      /* A byte read may return 0 bytes for an empty message, or skip it. */
      if (write->is_cut || (cursor.offset == write->length &&
                            (cursor.offset > 0 || !input->by_message))) {
        cursor.write++;
        cursor.offset = 0;
        add(set, cursor);
      }
    }
    cursor = set->at[i];
    if (cursor.session < last) {
      cursor.session++;
      cursor.write = 0;
      cursor.offset = 0;
      add(set, cursor);
    }
  }
  for (size_t i = 0; i < set->count;) {
    if (set->at[i].session < first) {
      set->at[i] = set->at[--set->count];
    } else {
      i++;
    }
  }
}

static size_t matching(const struct written *write, size_t offset,
                       const unsigned char *data, size_t length) {
  size_t count = 0;

  while (count < length && offset + count < write->length &&
         data[count] == stream_byte(write->id, offset + count)) {
    count++;
  }
  return count;
}

/* step_message adds the places after a message, or a part of one, that `read`
 * returned from its byte `done` on. */
static void step_message(const struct input *input, struct cursor cursor,
                         const struct read_result *read, size_t done,
                         struct cursors *out) {
  const struct written *write = write_at(input, &cursor);
  const size_t wanted = read->transferred - done;
  size_t count;

  /* The bytes that were read may have been the whole message. */
  if (write == NULL || (cursor.offset > 0 && cursor.offset == write->length)) {
    return;
  }
  count = matching(write, cursor.offset, read->data + done, wanted);
  if (count == wanted &&
      read->is_more == (cursor.offset + count < write->length)) {
    struct cursor next = cursor;

    next.offset += count;
    if (!read->is_more) {
      next.write++;
      next.offset = 0;
    }
    add(out, next);
  }
  if (input->reads_ahead && write->is_cut && done == 0) {
    /* A part of the message was caught before its writer removed the rest, and
     * the kernel does not show that another message follows. Messages between
     * the two that were cut may have left nothing. */
    do {
      cursor.write++;
      cursor.offset = 0;
      for (size_t k = 1; k <= count; k++) {
        step_message(input, cursor, read, k, out);
      }
      write = write_at(input, &cursor);
    } while (write != NULL && write->is_cut);
  }
}

/* step_read adds the places after `read`, which began at `cursor`. */
static void step_read(const struct input *input, const struct cursor *cursor,
                      const struct read_result *read, struct cursors *out) {
  const struct written *write = write_at(input, cursor);

  if (read->length > 0) {
    step_message(input, *cursor, read, 0, out);
    return;
  }
  add(out, *cursor);
  if (write != NULL && write->length == 0 && !read->is_more) {
    struct cursor next = *cursor;

    next.write++; /* some systems consume an empty message in this way */
    add(out, next);
  }
}

static void step_byte(const struct input *input, struct cursors *set,
                      unsigned char byte) {
  size_t kept = 0;

  for (size_t i = 0; i < set->count; i++) {
    struct cursor cursor = set->at[i];
    const struct written *write = write_at(input, &cursor);

    if (write != NULL && cursor.offset < write->length &&
        stream_byte(write->id, cursor.offset) == byte) {
      cursor.offset++;
      set->at[kept++] = cursor;
    }
  }
  set->count = kept;
}

/* may_end returns true if at one of the places nothing is left that had to
 * come. */
static bool may_end(const struct input *input, const struct cursors *set) {
  for (size_t i = 0; i < set->count; i++) {
    if (write_at(input, &set->at[i]) == NULL) {
      return true;
    }
  }
  return false;
}

/* skip_empty adds the places after empty messages. */
static void skip_empty(const struct input *input, struct cursors *set) {
  for (size_t i = 0; i < set->count; i++) {
    struct cursor cursor = set->at[i];
    const struct written *write = write_at(input, &cursor);

    if (write != NULL && write->length == 0) {
      cursor.write++;
      cursor.offset = 0;
      add(set, cursor);
    }
  }
}

static bool step_on(const struct input *input, struct cursors *set,
                    const struct read_result *read) {
  spread(input, set, read->first, read->last);
  if (read->skips_empty) {
    skip_empty(input, set);
  }
  if (read->is_eof) {
    /* If two sessions are possible, either of them may have ended. */
    return read->first != read->last || may_end(input, set);
  }
  if (read->is_failure && read->transferred == 0) {
    return true;
  }
  if (input->by_message) {
    struct cursors next;

    next.count = 0; /* the array is large and need not be cleared */
    for (size_t i = 0; i < set->count; i++) {
      step_read(input, &set->at[i], read, &next);
    }
    *set = next;
    return set->count > 0;
  }
  for (size_t i = 0; i < read->transferred; i++) {
    step_byte(input, set, read->data[i]);
    spread(input, set, read->first, read->last);
  }
  return set->count > 0;
}

static bool step(const struct input *input, struct cursors *set,
                 const struct read_result *read) {
  struct cursors seen;

  if (!read->is_peek) {
    return step_on(input, set, read);
  }
  seen = *set;
  return step_on(input, &seen, read);
}

bool stream_check(const struct session_input *sessions, size_t session_count,
                  const struct read_result *reads, size_t read_count,
                  bool reads_ahead, size_t *bad) {
  struct input input = {sessions, session_count, false, reads_ahead};
  const struct cursor start = {0, 0, 0};
  struct cursors set;

  set.count = 0;
  add(&set, start);
  for (size_t i = 0; i < read_count; i++) {
    input.by_message = reads[i].by_message;
    if (!step(&input, &set, &reads[i])) {
      *bad = i;
      return false;
    }
  }
  return true;
}
