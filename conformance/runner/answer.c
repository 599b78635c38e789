/* The answers to the questions: each question is asked by a child process, some
 * of them side by side. Whatever becomes of a child is an answer or the reason
 * why there is none, and never fails the run. */
#include "runner/answer.h"
#include "runner/options.h"
#include "runner/platform.h"
#include "runner/report.h"
#include "runner/variant.h"
#include "question.h"
#include "world/host.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The longest that a question may take, before --time-scale. */
enum { QUESTION_LIMIT_MS = 60000, OTHER_CHILDREN_LOOK_MS = 1000 };

static const char other[] = "other";

/* A child at work; `answer` NULL: none. */
struct slot {
  struct answer *answer;
  host_child *child;
  char mark[48];
  struct text output;
  uint64_t deadline_ms;
};

static void slot_start(struct slot *slot, const struct options *options,
                       struct answer *answer) {
  static unsigned count;
  char scale[32];
  char seed[32];
  char why[256] = "";
  const char *arguments[12] = {"--ask",        answer->question->id,
                               "--child",      slot->mark,
                               "--time-scale", scale,
                               "--seed",       seed};

  snprintf(scale, sizeof(scale), "%g", options->time_scale);
  snprintf(seed, sizeof(seed), "%" PRIu64, options->seed);
  snprintf(slot->mark, sizeof(slot->mark), "npipe-ask-%u-%u",
           (unsigned)host_process_id(), ++count);
  if (options->settings != NULL) {
    arguments[8] = "--settings";
    arguments[9] = options->settings;
  }
  slot->child =
      host_child_start(arguments, HOST_STDERR_STDOUT, why, sizeof(why));
  if (slot->child == NULL) {
    text_print(&answer->detail, "no child: %s", why);
    return;
  }
  slot->answer = answer;
  slot->deadline_ms =
      host_now_ms() + (uint64_t)(QUESTION_LIMIT_MS * options->time_scale);
}

/* Whether `name` is an answer that the question knows, or "other". */
static bool is_known(const struct question *question, const char *name) {
  const struct question_answer *known = question->answers;

  while (known->name != NULL && strcmp(known->name, name) != 0) {
    known++;
  }
  return known->name != NULL || strcmp(name, other) == 0;
}

/* Takes the line `@MARK NAME DETAIL`; false when it is none. */
static bool line_take(struct slot *slot, char *line) {
  struct answer *answer = slot->answer;
  size_t length = strlen(slot->mark);
  char *name = line + length + 2;
  char *detail;

  if (line[0] != '@' || strncmp(line + 1, slot->mark, length) != 0 ||
      line[length + 1] != ' ') {
    return false;
  }
  detail = name + strcspn(name, " ");
  if (*detail != '\0') {
    *detail++ = '\0';
  }
  if (!is_known(answer->question, name)) {
    text_print(&answer->detail, "it answers \"%s\", which it does not know",
               name);
    return true;
  }
  text_deinit(&answer->detail); /* drop what the probe printed before */
  snprintf(answer->name, sizeof(answer->name), "%s", name);
  text_add(&answer->detail, detail, strlen(detail));
  text_trim(&answer->detail);
  return true;
}

/* Makes an answer of all that the child printed: its own line, or else the
 * lines that are not cmocka's frame. */
static void slot_settle(struct slot *slot, const char *why) {
  static const char error[] = "[  ERROR   ] --- ";
  struct text *detail = &slot->answer->detail;
  char *line = slot->output.bytes;

  while (line != NULL && *line != '\0') {
    size_t length = strcspn(line, "\r\n");
    char *next = line + length + strspn(line + length, "\r\n");

    line[length] = '\0';
    if (line_take(slot, line)) {
      return;
    }
    if (strncmp(line, error, sizeof(error) - 1) == 0) {
      line += sizeof(error) - 1; /* what an assert has to say */
    }
    if (line[0] != '[' && line[0] != '=' &&
        strstr(line, "FAILED TEST") == NULL) {
      text_print(detail, "%s%s", detail->length > 0 ? "; " : "", line);
    }
    line = next;
  }
  if (why[0] != '\0') {
    text_print(detail, "%s%s", detail->length > 0 ? "; " : "", why);
  }
}

static void slot_end(struct slot *slot, const char *why) {
  uint32_t code = host_child_end(slot->child);
  char text[128] = "";

  if (why[0] == '\0' && code > 1) {
    host_crash_text(code, text, sizeof(text));
  }
  slot_settle(slot, why[0] != '\0' ? why : text);
  text_deinit(&slot->output);
  slot->answer = NULL;
  slot->child = NULL;
}

static void slot_advance(struct slot *slot) {
  char bytes[4096];
  bool ended = false;
  size_t length;

  while ((length = host_child_read(slot->child, bytes, sizeof(bytes), &ended)) >
         0) {
    text_add(&slot->output, bytes, length);
  }
  if (ended) {
    slot_end(slot, "");
  } else if (host_now_ms() >= slot->deadline_ms) {
    slot_end(slot, "it had not ended at the limit of time");
  }
}

static void list_ask(struct answer_list *list, const struct options *options) {
  struct slot slots[HOST_CHILDREN_MAX];
  host_child *children[HOST_CHILDREN_MAX];
  struct answer *next = list->first;
  size_t count = 1;

  memset(slots, 0, sizeof(slots));
  while (next != NULL || count > 0) {
    count = 0;
    for (size_t i = 0; i < options->jobs; i++) {
      while (slots[i].answer == NULL && next != NULL) {
        slot_start(&slots[i], options, next);
        next = next->next;
      }
      if (slots[i].answer != NULL) {
        slot_advance(&slots[i]);
      }
      if (slots[i].answer != NULL) {
        children[count++] = slots[i].child;
      }
    }
    if (count == options->jobs || (next == NULL && count > 0)) {
      host_wait(children, count, OTHER_CHILDREN_LOOK_MS);
    }
  }
}

void answer_list_fill(struct answer_list *list, const struct options *options) {
  const struct question *q;

  for (q = question_first(); q != NULL; q = q->next) {
    struct answer *answer;

    if (!run_is_selected(options, q->id, 0)) {
      continue;
    }
    answer = checked_alloc(1, sizeof(*answer));
    answer->question = q;
    *(list->last != NULL ? &list->last->next : &list->first) = answer;
    list->last = answer;
  }
  list_ask(list, options);
}

void answer_list_deinit(struct answer_list *list) {
  while (list->first != NULL) {
    struct answer *answer = list->first;

    list->first = answer->next;
    text_deinit(&answer->detail);
    free(answer);
  }
  list->last = NULL;
}

static void put_member(FILE *out, const char *name, const char *value) {
  fprintf(out, ",\n     \"%s\": ", name);
  json_string(out, value);
}

static void put_known(FILE *out, const struct question_answer *known) {
  fputs("{\"name\": ", out);
  json_string(out, known->name);
  fputs(", \"means\": ", out);
  json_string(out, known->means);
  fputs(", \"said_by\": ", out);
  json_string(out, known->said_by);
  fputs(", \"settings\": ", out);
  json_string(out, known->settings);
  fputc('}', out);
}

static void put_answer(FILE *out, const struct answer *answer) {
  const struct question *q = answer->question;
  const struct question_answer *known;

  fputs("    {\"id\": ", out);
  json_string(out, q->id);
  put_member(out, "answer", answer->name);
  put_member(out, "detail", text_of(&answer->detail));
  put_member(out, "question", q->text);
  put_member(out, "matters", q->matters);
  put_member(out, "cases", q->cases);
  put_member(out, "file", q->file);
  fprintf(out, ",\n     \"line\": %d,\n     \"known\": [", q->line);
  for (known = q->answers; known->name != NULL; known++) {
    fputs(known == q->answers ? "\n      " : ",\n      ", out);
    put_known(out, known);
  }
  fputs("]}", out);
}

void answer_list_json(FILE *out, const struct answer_list *list) {
  const struct answer *answer;

  fputc('[', out);
  for (answer = list->first; answer != NULL; answer = answer->next) {
    fputs(answer == list->first ? "\n" : ",\n", out);
    put_answer(out, answer);
  }
  fputs("\n  ]", out);
}

static void print_answer(const struct answer *answer) {
  const struct question *q = answer->question;
  const struct question_answer *known;

  printf("%s\n  %s\n  Why: %s\n", q->id, q->text, q->matters);
  printf("  Answer here: %s%s%s\n",
         answer->name[0] != '\0' ? answer->name : "none",
         answer->detail.length > 0 ? ": " : "", text_of(&answer->detail));
  for (known = q->answers; known->name != NULL; known++) {
    printf("    %s %s: %s%s%s\n",
           strcmp(known->name, answer->name) == 0 ? "*" : " ", known->name,
           known->means, known->said_by[0] != '\0' ? " Said by: " : "",
           known->said_by);
  }
  putchar('\n');
}

int questions_main(const struct options *options) {
  struct answer_list list = {NULL, NULL};
  struct run_list runs = {NULL, NULL};
  struct platform platform;
  const struct answer *answer;
  bool good;

  platform_init(&platform);
  if (!report_check(options)) {
    return EXIT_USAGE;
  }
  answer_list_fill(&list, options);
  if (list.first == NULL) {
    fprintf(stderr, "npipe-conformance: no question is selected\n");
    return EXIT_USAGE;
  }
  for (answer = list.first; answer != NULL; answer = answer->next) {
    print_answer(answer);
  }
  fflush(stdout);
  good = report_files(options, &platform, &runs, &list);
  answer_list_deinit(&list);
  return good ? EXIT_GOOD : EXIT_USAGE;
}
