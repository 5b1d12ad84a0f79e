#pragma once

#include "server/io_thread.h"

namespace tallyho {

// Serves HTTP/1.1 on a socket until it closes or becomes a WebSocket. Adds itself to `io`, on whose thread this is.
void start_http_connection(IoThread& io, IoThread::Socket socket, bool is_admin);

}  // namespace tallyho
