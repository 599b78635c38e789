/* The thread pool. */
#ifndef NPIPE_SIM_THREADPOOLAPISET_H
#define NPIPE_SIM_THREADPOOLAPISET_H

#include <minwinbase.h>

SIM_EXTERN_C_BEGIN

typedef struct TP_CALLBACK_INSTANCE *PTP_CALLBACK_INSTANCE;
typedef struct TP_CALLBACK_ENVIRON *PTP_CALLBACK_ENVIRON;
typedef void(CALLBACK *PTP_SIMPLE_CALLBACK)(PTP_CALLBACK_INSTANCE instance,
                                            PVOID context);
BOOL WINAPI CallbackMayRunLong(PTP_CALLBACK_INSTANCE instance);
BOOL WINAPI TrySubmitThreadpoolCallback(PTP_SIMPLE_CALLBACK callback,
                                        PVOID context,
                                        PTP_CALLBACK_ENVIRON environment);

SIM_EXTERN_C_END

#endif
