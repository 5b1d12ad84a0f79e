#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "boards/board.h"

namespace tallyho {

// Which ranks of a leaderboard a view shows: the first `top`, or `center` with `radius` on either side, `center` being
// the rank of `around` (0: not on the leaderboard).
struct ViewRange {
  std::uint32_t top = 0;
  Member around = no_symbol;
  std::uint32_t radius = 0;
  Rank center = 0;
};

// The views of one leaderboard, and which of them a change has an effect on: exactly those that show something else
// after it than before. Centers are kept in order of rank and moved along with the changes, so that a change costs
// O(log views + views that it has an effect on + different tops), however many people watch themselves.
//
// Threads: one owner. Does not own the views, which must not move while they are here.
class SectionViews {
 public:
  // `view->center` must be right.
  void add(ViewRange* view);
  void remove(ViewRange* view);

  // Follows a change of the leaderboard. `limit` is the board's. Appends the views it has an effect on; one may be
  // appended twice.
  void apply(const BoardChange& change, std::optional<std::uint32_t> limit, std::vector<ViewRange*>& affected);

  // Says that `view`'s center is at `rank`, however it came there.
  void recenter(ViewRange* view, Rank rank);

  bool empty() const { return tops_.empty() && centered_.empty() && absent_.empty(); }
  // Appends all views.
  void all(std::vector<ViewRange*>& views) const;

 private:
  void apply_move(Member member, Rank was, Rank rank, std::vector<ViewRange*>& affected);
  void collect(Rank first, Rank last, std::vector<ViewRange*>& affected) const;
  void shift(Rank first, Rank last, int by);
  void insert_centered(ViewRange* view);

  std::vector<ViewRange*> tops_;
  std::vector<ViewRange*> centered_;  // By center; members are different, so equal centers are one member's.
  std::vector<ViewRange*> absent_;    // Around somebody who is not there.
  std::uint32_t radius_max_ = 0;      // Of all views so far.
};

}  // namespace tallyho
