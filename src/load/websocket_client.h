#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "boost/asio/io_context.hpp"
#include "boost/asio/ip/tcp.hpp"

namespace tallyho {

// The client's side of a WebSocket, as little of it as playing a load takes: text frames out, text frames in, pings
// answered. No TLS. It does less per frame than a general library, so that the load does not outweigh the server.
//
// Threads: everything happens on the thread that runs the io_context.
class WebSocketClient {
 public:
  using OnMessage = std::function<void(std::string_view message)>;
  using OnClosed = std::function<void(const std::string& why)>;

  explicit WebSocketClient(boost::asio::io_context& context);
  ~WebSocketClient();

  // Connects and shakes hands; blocks. Returns "" or why it did not work.
  std::string open(const std::string& host, std::uint16_t port, const std::string& path);

  // Begins to read. `on_message` gets every message whole; `on_closed` comes once, unless close() was called before.
  void start(OnMessage on_message, OnClosed on_closed);

  // Sends one text frame. Never blocks; what the socket does not take waits in memory.
  void send(std::string_view text);

  // Closes at once; no callback is called after it.
  void close();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  // Shared with the operations under way.
};

}  // namespace tallyho
