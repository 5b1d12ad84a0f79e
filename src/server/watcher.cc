#include "server/watcher.h"

namespace tallyho {

bool Watcher::ready() {
  if (!busy_.load()) return true;
  wanted_.store(true);
  return !busy_.load();
}

void Watcher::push(std::string_view watch, const std::shared_ptr<const std::string>& body) {
  if (collected_.empty() && collected_list_ != nullptr) collected_list_->push_back(this);
  collected_.push_back({std::string(watch), body});
}

std::unique_ptr<PushMessage> Watcher::take(Position version) {
  auto message = std::make_unique<PushMessage>();
  message->connection = connection_;
  message->version = version;
  message->pushes.swap(collected_);
  message->has_ended = std::exchange(has_ended_, false);
  busy_.store(true);
  return message;
}

void Watcher::sent() noexcept {
  busy_.store(false);
  if (wanted_.exchange(false)) bell_.ring();
}

}  // namespace tallyho
