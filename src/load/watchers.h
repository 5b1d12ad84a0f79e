#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "boost/asio/io_context.hpp"
#include "load/push_clock.h"
#include "load/websocket_client.h"

namespace tallyho {

// Connections that watch the top 10 of a board. They have a thread of their own: when ten thousand of them are told
// something, whoever waits for an ack should not stand in line behind that.
class Watchers {
 public:
  // `lost` is called on the thread of watchers, with the reason, when a connection has ended; `clock` is told what they
  // see. Both outlive it.
  Watchers(PushClock& clock, std::function<void(const std::string&)> lost) : clock_(clock), lost_(std::move(lost)) {}
  // Stops.
  ~Watchers() { stop(); }
  Watchers(const Watchers&) = delete;
  Watchers& operator=(const Watchers&) = delete;

  // One more. Waits for the handshake; the problem, or "". Before start().
  std::string connect(const std::string& host, std::uint16_t port, const std::string& path);
  // Returns when all have been told what there is to see, or one has not been for so long.
  void start(const std::string& board, std::chrono::seconds patience = std::chrono::seconds(10));
  void stop();
  bool empty() const { return all_.empty(); }

 private:
  struct Watcher {
    explicit Watcher(boost::asio::io_context& context) : client(context) {}

    WebSocketClient client;
    PushClock::Watcher state;
    bool is_told = false;
  };
  void heard(Watcher& watcher, std::string_view message);

  PushClock& clock_;
  const std::function<void(const std::string&)> lost_;
  boost::asio::io_context context_{1};
  std::vector<std::unique_ptr<Watcher>> all_;
  std::thread thread_;
  std::size_t told_ = 0;  // How many have been told something.
  std::promise<void> all_are_told_;
};

}  // namespace tallyho
