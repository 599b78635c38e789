/* Lies: counts, lengths and statuses that no kernel should tell. What a kernel
 * says is input; the library checks it. */
#include "liar.h"

static const uint32_t counts[] = {0, 1, 3, 15, 16, 40, 700, 70000, 0x7FFFFFFF};

void step_lie(struct play *play, const struct step *step) {
  static const char *const functions[] = {"ReadFile", "WriteFile",
                                          "TransactNamedPipe"};
  const uint64_t nth = 1 + step->b % 3;
  const uint32_t count = counts[step->c % (sizeof counts / sizeof counts[0])];

  play->lies = true;
  switch (step->a % 8) {
    case 0:
      say(play, "a peek to come tells %u bytes", (unsigned)count);
      sim_lie("NtFsControlFile", nth, count, step->d % 3 == 0 ? count : 0);
      break;
    case 1:
      say(play, "a question to come tells %u bytes", (unsigned)count);
      sim_lie("NtQueryInformationFile", nth, count, step->d % 5);
      break;
    case 2:
      say(play, "a read to come tells of more data");
      sim_lie_warning("ReadFile", nth);
      break;
    default:
      say(play, "%s number %u from now tells %u bytes", functions[step->a % 3],
          (unsigned)nth, (unsigned)count);
      sim_lie_count(functions[step->a % 3], nth, count);
      break;
  }
}

bool is_bounded(const struct note *note, np_error error, size_t transferred) {
  switch (note->kind) {
    case NOTE_READ:
      return transferred <= note->length &&
             !(error == ERROR_MORE_DATA && !note->by_message);
    case NOTE_WRITE:
    case NOTE_TRANSACT:
      return transferred <= note->length;
    default:
      return true;
  }
}
