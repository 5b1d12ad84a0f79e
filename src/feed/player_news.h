#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/position.h"
#include "base/symbols.h"

namespace tallyho {

struct PlayerScore;

// What happened to a player since a watch was last told. Watches that were told the same share one, and its bodies.
// Memory: bounded; of notices the newest 64 are kept.
class PlayerNews {
 public:
  static constexpr std::size_t notices_max = 64;

  // Adds an event. Forgets the bodies.
  void add(const PlayerScore& score);

  // The messages that tell it, without their opening brace: one with the score, then one for each notice.
  // Encoded at the first call. `encoded` counts them.
  const std::vector<std::shared_ptr<const std::string>>& bodies(std::string_view player, std::uint64_t& encoded);

  std::uint64_t merged() const { return merged_; }

 private:
  struct Notice {
    std::string rule;
    std::string text;
    Position position = 0;
  };

  std::int64_t points_ = 0;
  std::int64_t total_ = 0;
  Position position_ = 0;
  std::string event_type_;
  std::uint64_t merged_ = 0;
  std::deque<Notice> notices_;
  std::uint64_t dropped_ = 0;
  std::vector<std::shared_ptr<const std::string>> bodies_;
};

}  // namespace tallyho
