/* What differs between systems and can only be found out by trying. */
#ifndef NPIPE_SRC_CALIBRATION_H
#define NPIPE_SRC_CALIBRATION_H

#include <stdbool.h>

#include <npipe/error.h>

/* np__calibrate tries, once per process, what np__more_data_posts answers. A
 * try that fails is made again by the next call.
 *
 * Returns NP_OK or what Windows said. Thread: any. */
np_error np__calibrate(void);

/* np__more_data_posts tells whether a read that answers ERROR_MORE_DATA at once
 * also queues a packet, on a handle that skips the port on success. Only after
 * np__calibrate succeeded. */
bool np__more_data_posts(void);

#endif
