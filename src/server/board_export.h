#pragma once

#include <cstdint>
#include <string_view>

#include "server/client_stream.h"
#include "server/io_thread.h"
#include "server/requests.h"

namespace tallyho {

// The read of the engine for the rows after `cursor` ("": the first), with everything it names in `arena`.
ReadRequest export_read(const ExportRequest& request, std::string_view cursor, const Limits& limits, Arena& arena);

// Writes a whole board, however large, a page at a time: while one is on its way to the client no other is read, so
// that neither the engine nor the memory notices. Members that move meanwhile may be missed or written twice, as with
// pages; who does not is written once.
//
// Begins with `first`, what the engine answered the first read with. Takes over the connection `id` of `io`, on whose
// thread this is; the body is chunked, so that one that breaks off can be told from one that is complete.
void start_board_export(IoThread& io, std::uint64_t id, ClientStream stream, ExportRequest request, const Roles& roles,
                        std::string_view first);

}  // namespace tallyho
