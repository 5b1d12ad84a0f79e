#pragma once

#include <cstdint>

#include "boost/beast/http/message.hpp"
#include "boost/beast/http/string_body.hpp"
#include "server/client_stream.h"
#include "server/io_thread.h"

namespace tallyho {

// Answers the handshake `request` that came on `stream`, and serves WebSocket from there on. Takes over the connection
// `id` of `io`, on whose thread this is. It is `caller`'s, until a token that comes with `hello` says more.
void start_websocket_connection(IoThread& io, std::uint64_t id, ClientStream stream,
                                boost::beast::http::request<boost::beast::http::string_body> request, Caller caller);

}  // namespace tallyho
