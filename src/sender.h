/* The sender of a channel, as the channel sees it. */
#ifndef NPIPE_SRC_SENDER_H
#define NPIPE_SRC_SENDER_H

#include <npipe/sender.h>

/* np__sender_close parts `sender` from its channel: nothing can be sent any
 * more, and what the loop has not started ends by itself. The channel keeps its
 * count until its operations have ended. NULL is ignored. */
void np__sender_close(np_sender *sender);

#endif
