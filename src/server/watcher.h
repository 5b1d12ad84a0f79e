#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/queue.h"
#include "feed/feed.h"

namespace tallyho {

// A push for one watch: {"watch":W, + body.
struct Push {
  std::string watch;
  std::shared_ptr<const std::string> body;
};

// What one flush of the feed has for one connection.
struct PushMessage {
  std::uint64_t connection = 0;
  Position version = 0;  // Which they lead to.
  std::vector<Push> pushes;
  bool has_ended = false;  // A watch has, with the last message for it.
  std::chrono::steady_clock::time_point collected;
};

// A WebSocket connection as the feed sees it. At most one push message is on its way to the client at a time; until
// the client's socket has taken it the watcher is not ready, and its watches merge what happens: a slow reader gets
// fewer, larger changes.
//
// Threads: made and destroyed on the connection's I/O thread; between, everything but sent() belongs to the engine
// thread. The two atomics are all that both touch.
class Watcher final : public Subscriber {
 public:
  // `collectors` is the engine thread's list of watchers with something collected.
  Watcher(std::uint64_t connection, std::size_t port, Doorbell& bell)
      : connection_(connection), port_(port), bell_(bell) {}

  // Engine thread.
  bool ready() override;
  void push(std::string_view watch, const std::shared_ptr<const std::string>& body) override;
  void ended(std::string_view /*watch*/) override { has_ended_ = true; }
  // Where to enter oneself when something is collected first.
  void set_collected_list(std::vector<Watcher*>* list) { collected_list_ = list; }
  // What was collected up to `version`, for the I/O thread; from now on not ready.
  std::unique_ptr<PushMessage> take(Position version);
  std::size_t port() const { return port_; }

  // I/O thread: the socket has taken the last push message; and wakes the engine if it waited for that.
  void sent() noexcept;

 private:
  const std::uint64_t connection_;
  const std::size_t port_;
  Doorbell& bell_;
  std::vector<Watcher*>* collected_list_ = nullptr;
  std::vector<Push> collected_;
  bool has_ended_ = false;

  // Partners: ready() sets `wanted_` and then looks at `busy_` again; sent() clears `busy_` and then looks at
  // `wanted_`.
  std::atomic<bool> busy_{false};
  std::atomic<bool> wanted_{false};
};

}  // namespace tallyho
