/* The child processes of the two explorers: wait for a child, and print its
 * output. */
#define _GNU_SOURCE /* sigtimedwait */
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "plan.h"

void sim__wait_a_while(void) {
  const struct timespec tick = {0, 200000000};
  sigset_t children;

  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  sigtimedwait(&children, NULL, &tick);
}

void sim__output_show(int output) {
  char bytes[4096];
  ssize_t count;

  lseek(output, 0, SEEK_SET);
  while ((count = read(output, bytes, sizeof bytes)) > 0) {
    fwrite(bytes, 1, (size_t)count, stdout);
  }
}
