#include "load/push_clock.h"

#include <algorithm>
#include <charconv>

#include "absl/hash/hash.h"

namespace tallyho {

std::int64_t number_behind(std::string_view json, std::string_view name, std::size_t from) {
  const std::size_t at = json.find(name, from);
  std::int64_t number = 0;
  if (at != std::string_view::npos) {
    std::from_chars(json.data() + at + name.size(), json.data() + json.size(), number);
  }
  return number;
}

std::uint64_t PushClock::hash_of(std::string_view player) {
  return absl::HashOf(player);
}
std::uint64_t PushClock::key_of(std::uint64_t player, std::int64_t total) {
  return absl::HashOf(player, total);
}

bool PushClock::match(const Scored& scored, const Shown& shown) {
  if (scored.position <= shown.after || scored.position > shown.until) return false;
  latencies_.add(static_cast<std::uint64_t>(std::max<std::int64_t>(shown.seen_ns - scored.due_ns, 0)));
  return true;
}

void PushClock::acked(std::uint64_t player, std::int64_t total, Position position, std::int64_t due_ns) {
  const std::uint64_t key = key_of(player, total);
  const std::lock_guard lock(mutex_);
  const Scored scored{.position = position, .due_ns = due_ns};
  if (const auto found = shown_.find(key); found != shown_.end()) {
    std::erase_if(found->second, [&](const Shown& shown) { return match(scored, shown); });
  }
  if (scored_.insert_or_assign(key, scored).second) scored_order_.push_back(key);
  if (scored_order_.size() > remembered) {
    scored_.erase(scored_order_.front());
    scored_order_.pop_front();
  }
}

void PushClock::show(const Shown& shown) {
  const std::lock_guard lock(mutex_);
  const auto found = scored_.find(shown.key);
  if (found != scored_.end() && match(found->second, shown)) return;
  shown_[shown.key].push_back(shown);
  shown_order_.push_back(shown.key);
  if (shown_order_.size() > remembered) {
    shown_.erase(shown_order_.front());
    shown_order_.pop_front();
  }
}

void PushClock::seen(Watcher& watcher, std::string_view message, std::int64_t now_ns) {
  const auto version = static_cast<Position>(number_behind(message, "\"version\":"));
  const Position before = std::exchange(watcher.version, version);
  std::size_t at = message.find("\"changes\":");
  while (at != std::string_view::npos) {
    constexpr std::string_view member = "\"member\":\"";
    at = message.find(member, at);
    if (at == std::string_view::npos) return;
    at += member.size();
    const std::size_t end = message.find('"', at);
    const std::size_t close = message.find('}', at);
    if (end == std::string_view::npos || close == std::string_view::npos) return;
    const std::string_view player = message.substr(at, end - at);
    const std::string_view rest = message.substr(end, close - end);
    at = end;
    if (rest.find("\"value\":") == std::string_view::npos) continue;  // It left.
    const std::uint64_t key = key_of(hash_of(player), number_behind(rest, "\"value\":"));
    show({.key = key, .after = before, .until = version, .seen_ns = now_ns});
  }
}

}  // namespace tallyho
