#pragma once

#include <optional>
#include <string_view>

#include "engine/engine.h"
#include "server/problem.h"
#include "server/requests.h"

namespace tallyho {

// Which leaderboard a request means. A group or window that exists may still have no leaderboard yet.
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
