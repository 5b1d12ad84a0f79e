#pragma once

#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "boost/asio/ip/tcp.hpp"
#include "boost/asio/steady_timer.hpp"
#include "server/io_thread.h"

namespace tallyho {

// HOST:PORT taken apart; "[::1]:7070" for IPv6.
struct Endpoint {
  std::string host;
  std::uint16_t port = 0;
};
std::expected<Endpoint, std::string> parse_endpoint(std::string_view text);

// Accepts connections on one address and deals them out to the I/O threads in turn. It runs on the first of them.
class Listener {
 public:
  // Binds and listens; nothing is accepted before start(). Errors: a sentence.
  static std::expected<std::unique_ptr<Listener>, std::string> open(const Endpoint& endpoint,
                                                                    std::vector<IoThread*> threads, bool is_admin);

  // Any thread.
  void start();
  // Any thread: no more connections.
  void stop();

  // With the port that was really taken.
  std::string endpoint() const { return endpoint_; }

 private:
  Listener(std::vector<IoThread*> threads, bool is_admin);
  void accept();

  using Acceptor = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

  const std::vector<IoThread*> threads_;
  const bool is_admin_;
  Acceptor acceptor_;
  boost::asio::steady_timer pause_;
  std::string endpoint_;
  std::size_t next_ = 0;
};

}  // namespace tallyho
