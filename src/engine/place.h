#pragma once

#include <optional>
#include <string_view>

#include "base/problem.h"
#include "engine/engine.h"

namespace tallyho {

// Which leaderboard is meant.
struct BoardSelector {
  std::string_view board;
  std::optional<std::string_view> group;
  std::optional<std::string_view> window;  // Nothing: the current one.
};

// The leaderboard that a selector means. A group or window that exists may still have no leaderboard yet.
struct Place {
  BoardIndex index = 0;
  const Board* board = nullptr;
  Symbol group = no_group;
  std::optional<Period> period;           // Of windowed boards: the one asked for, or the current one.
  const BoardSection* section = nullptr;  // Null: nobody is on it yet.

  std::size_t size() const { return section == nullptr ? 0 : section->leaderboard->size(); }
};

// Errors: not_found (no such board, group or readable window), invalid_argument (a group or window where the board has
// none, or no group where it has). O(readable windows). The result is valid until the engine's next ingest().
Answered<Place> find_place(const Engine& engine, const BoardSelector& selector);

}  // namespace tallyho
