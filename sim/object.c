/* Objects: how long they live. An object lives as long as handles or the kernel
 * refer to it; the close of its last handle ends what depends on handles. */
#include "process.h"

#include <stdlib.h>

void sim__object_init(struct object *object, enum object_type type) {
  object->type = type;
  object->refs = 1;
}

void sim__object_ref(struct object *object) {
  object->refs++;
}

void sim__object_unref(struct object *object) {
  if (--object->refs > 0) {
    return;
  }
  if (object->type == OBJECT_FILE) {
    sim__file_free((struct file *)object);
  } else if (object->type == OBJECT_PROCESS) {
    sim__process_free((struct process *)object);
  } else if (object->type == OBJECT_THREAD) {
    sim__thread_free((struct thread *)object);
  } else {
    if (object->type == OBJECT_PORT && ((struct port *)object)->pool != NULL) {
      sim__pool_object_unbind(((struct port *)object)->pool);
    }
    free(object);
  }
}

void sim__object_cleanup(struct object *object, const struct process *process) {
  if (object->type == OBJECT_FILE) {
    sim__file_cleanup((struct file *)object);
  } else if (object->type == OBJECT_PORT) {
    ((struct port *)object)->closed = true;
    if (process->is_ending) {
      sim__port_drop((struct port *)object);
    }
    sim__wake();
  } else if (object->type == OBJECT_MUTEX) {
    sim__mutex_forget((struct mutex *)object);
  } else if (object->type == OBJECT_TIMER) {
    sim__timer_forget((struct timer *)object);
  }
  if (object->has_name) {
    sim__named_forget(object);
  }
}
