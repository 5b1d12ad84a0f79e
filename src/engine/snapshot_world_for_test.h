#pragma once

// For tests: a small game in which every kind of state and board has something in it, and what happens in it by chance:
// over few players, teams and things, through the night in which clocks are put back, with repeated ids, late events,
// refusals, bans, adjustments and players forgotten.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "engine/engine.h"
#include "event/decoder.h"
#include "log/record.h"

namespace tallyho {

// What a log would hold.
struct WorldRecord {
  std::string bytes;
  Timestamp arrival;
  RecordKind kind = RecordKind::event;
};

std::shared_ptr<const Ruleset> world_ruleset();
// `seed` decides it all.
std::vector<WorldRecord> make_world_records(std::size_t count, unsigned seed);

// Applies records to engines, as replay does.
class WorldPlayer {
 public:
  // Positions count from 1. What it came to, in words.
  std::string apply(Engine& engine, const WorldRecord& record, Position position);

 private:
  Decoder decoder_;
  Arena arena_;
};

// A new engine on a log with an identity of its own.
inline constexpr std::string_view world_log = "0123456789abcdef0123456789abcdef";
std::unique_ptr<Engine> make_world_engine(const std::shared_ptr<const Ruleset>& ruleset);

// What save_snapshot() writes.
std::vector<std::byte> snapshot_of(const Engine& engine);
// A new engine made of it, under this ruleset.
std::expected<std::unique_ptr<Engine>, std::string> engine_of(std::span<const std::byte> snapshot,
                                                              const std::shared_ptr<const Ruleset>& ruleset);

}  // namespace tallyho
