#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/position.h"
#include "server/auth.h"
#include "server/client_stream.h"
#include "server/io_thread.h"

namespace tallyho {

// A watch of a board over HTTP, as Server-Sent Events: the answer to GET /v1/boards/{id}/stream, which never ends.
//
//     id: 8812
//     data: {"board":"global","log":…,"version":8812,"of":2,"members":[…]}
//
//     id: 8830
//     data: {"version":8830,"merged":3,"of":2,"changes":[…]}
//
//     :
//
// `id` is the version. While nothing happens a comment, a colon, says that the connection lives. At most one message is
// on its way: who reads slowly gets fewer, larger changes; who takes no byte for Limits::send_timeout is dropped, and
// so is whose token has expired.
//
// `origin` is the page's that may read it, or "". Begins with `first`, the JSON that the feed answered `watcher` with,
// which is of `version`. Takes over the connection `id` of `io`, on whose thread this is.
void start_event_stream(IoThread& io, std::uint64_t id, ClientStream stream, std::unique_ptr<Watcher> watcher,
                        Grant grant, std::string_view origin, std::string_view first, Position version);

// The version that the header Last-Event-ID names. Nothing: it is none.
std::optional<Position> last_event_id(std::string_view header);

}  // namespace tallyho
