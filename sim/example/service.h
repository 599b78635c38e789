/* A small service on a named pipe. It knows Windows only: nothing here or in
 * the .c files has heard of npsim. */
#ifndef SERVICE_H
#define SERVICE_H

#include <stddef.h>

#include <windows.h>

enum { SERVICE_MESSAGE_MAX = 512 };

/* service_answer makes the answer to a request and returns its size. Requests:
 * "U text" answers TEXT, "R text" answers txet, "A 1 2" answers 3. Other
 * requests are answered with "?". `answer` has room for SERVICE_MESSAGE_MAX
 * bytes. */
size_t service_answer(const char *request, size_t size, char *answer);

/* service_run serves clients of the pipe `name`, several at a time, until the
 * event `stop` is set. It returns 0, or the error that ended it. */
DWORD service_run(LPCWSTR name, HANDLE stop);

/* service_ask sends a request as a client and reads the answer. It returns 0
 * or an error. `*size` is the size of `answer` before, of the answer after. */
DWORD service_ask(LPCWSTR name, const char *request, char *answer, DWORD *size);

#endif
