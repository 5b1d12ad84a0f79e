#include "load/watchers.h"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>

#include "base/json.h"

namespace tallyho {

std::string Watchers::connect(const std::string& host, std::uint16_t port, const std::string& path) {
  return all_.emplace_back(std::make_unique<Watcher>(context_))->client.open(host, port, path);
}

void Watchers::start(const std::string& board, std::chrono::seconds patience) {
  if (all_.empty()) return;
  std::string watch;
  JsonWriter json(watch);
  json.object().key("op").text("watch").key("board").text(board).key("top").number(std::int64_t{10}).end();
  for (const auto& watcher : all_) {
    watcher->client.start([this, &one = *watcher](std::string_view message) { heard(one, message); }, lost_);
    watcher->client.send(watch);
  }
  thread_ = std::thread([this] { context_.run(); });
  all_are_told_.get_future().wait_for(patience);
}

void Watchers::stop() {
  context_.stop();
  if (thread_.joinable()) thread_.join();
  for (const auto& watcher : all_) watcher->client.close();
}

void Watchers::heard(Watcher& watcher, std::string_view message) {
  if (!std::exchange(watcher.is_told, true) && ++told_ == all_.size()) all_are_told_.set_value();
  const std::int64_t now = std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
  while (!message.empty()) {
    const std::size_t end = std::min(message.find('\n'), message.size());
    clock_.seen(watcher.state, message.substr(0, end), now);
    message.remove_prefix(std::min(end + 1, message.size()));
  }
}

}  // namespace tallyho
