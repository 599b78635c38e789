#ifndef TEST_H
#define TEST_H

/* service_test tests the service once. It returns the number of threads that
 * failed. */
int service_test(void);

#endif
