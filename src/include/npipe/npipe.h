/* npipe: asynchronous named pipes for Windows. This header includes all of
 * them; each can be included alone. docs/ and the README show how they go
 * together. */
#ifndef NPIPE_NPIPE_H
#define NPIPE_NPIPE_H

#include <npipe/channel.h>
#include <npipe/client.h>
#include <npipe/error.h>
#include <npipe/frame.h>
#include <npipe/io.h>
#include <npipe/link.h>
#include <npipe/listener.h>
#include <npipe/loop.h>
#include <npipe/names.h>
#include <npipe/op.h>
#include <npipe/pair.h>
#include <npipe/pipe.h>
#include <npipe/ready.h>
#include <npipe/relay.h>
#include <npipe/security.h>
#include <npipe/sender.h>
#include <npipe/server.h>
#include <npipe/shared.h>
#include <npipe/sync.h>
#include <npipe/timer.h>
#include <npipe/version.h>

#endif
