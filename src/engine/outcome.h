#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/error.h"
#include "base/position.h"
#include "boards/leaderboard.h"
#include "ruleset/ruleset.h"

namespace tallyho {

struct FiredRule {
  RuleIndex rule = 0;
  std::int64_t points = 0;  // What it added to the event's points.
};

struct Notice {
  RuleIndex rule = 0;
  std::string_view text;
};

// Where the event's member stands on a board that the event counted on.
struct RankChange {
  BoardIndex board = 0;
  Rank rank = 0;
  Rank was = 0;  // 0: was not on it.
};

// What an event that reached the log came to. Views point into the arena given to Engine::ingest().
struct Outcome {
  Code code = Code::internal;
  Position position = 0;
  std::int64_t points = 0;                 // ok, duplicate: really added to the total (by the first delivery).
  std::int64_t total = 0;                  // ok, duplicate: the player's total now.
  std::optional<RuleIndex> rule = {};      // rejected, rule_error: whose doing,
  std::optional<BoardIndex> board = {};    // or which board's.
  std::string_view message = {};           // Other codes than ok: why.
  std::span<const FiredRule> fired = {};   // ok: in order.
  std::span<const Notice> notices = {};    // ok.
  std::span<const RankChange> ranks = {};  // ok, if asked for.
};

}  // namespace tallyho
