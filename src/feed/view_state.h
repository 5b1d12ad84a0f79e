#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/position.h"
#include "base/symbols.h"
#include "boards/leaderboard.h"

namespace tallyho {

// What a view of a board shows: members of consecutive ranks. Immutable once made and shared by every
// watch that got it, so that what has changed for them since is computed once.
struct ViewState {
  struct Row {
    Member member = no_symbol;
    Points value = 0;
  };
  std::uint64_t of = 0;  // Members on the whole leaderboard.
  Rank first = 1;        // The rank of rows[0].
  std::vector<Row> rows;

  std::uint64_t effects = 0;  // Versions so far that had an effect on the view.
  std::uint32_t epoch = 0;    // Another number: no change leads from here to there, a snapshot does.
};

// Reads the part of a leaderboard that a view shows: the first `top`, or `around` with `radius` on either side. Returns
// the rank of `around`, 0 if it is not there. O(log n + rows).
Rank read_rows(const Leaderboard& leaderboard, std::uint32_t top, Member around, std::uint32_t radius,
               ViewState& state);

// What a snapshot says besides its rows. Empty texts are left out.
struct ViewHead {
  std::string_view board;
  bool is_grouped = false;
  std::string_view group;
  bool is_windowed = false;
  std::string_view window;
  std::string_view log;
};

// `"board":…,"group":…,"window":…,"log":…,"version":N,"of":M,"members":[…]}`: a JSON object without its opening brace.
std::string encode_snapshot(const ViewHead& head, const ViewState& state, Position version, const SymbolTable& symbols);

// `"version":N,"merged":K,"of":M,"changes":[…]}`: what leads from one state to another of the same epoch.
// feed/feed.h says what the changes mean. O(rows).
std::string encode_changes(const ViewState& from, const ViewState& to, Position version, const SymbolTable& symbols);

}  // namespace tallyho
