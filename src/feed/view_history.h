#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "base/position.h"
#include "feed/view_state.h"

namespace tallyho {

// What views showed at versions gone by, so that a watch which comes back after a broken connection is told what has
// changed since, and not everything:
//
//     history.add(view, 8812, 8830, state);   // from version 8812 up to 8830 the view showed that
//     history.find(view, 8820);               // state
//     history.find(view, 8831);               // null: not known, and so the watch begins anew
//
// Only versions that were told to somebody are asked for, so only those are kept: the versions between may have shown
// anything.
//
// Threads: one owner. Memory: bounded by `rows_max` rows of all views together, the oldest making room for the newest;
// a state counts as its rows and a few more. States are shared with the watches that show them.
class ViewHistory {
 public:
  explicit ViewHistory(std::size_t rows_max) : rows_max_(rows_max) {}

  // Versions of one view only grow. O(1) amortized.
  void add(std::uint64_t view, Position first, Position last, std::shared_ptr<const ViewState> state);
  // What the view showed at that version, or null if that is not known (any more). O(log states of the view).
  std::shared_ptr<const ViewState> find(std::uint64_t view, Position version) const;
  // The view is no more.
  void forget(std::uint64_t view) { by_view_.erase(view); }

  // Rows that count now.
  std::size_t rows() const { return rows_; }

 private:
  struct Past {
    Position first = 0;
    Position last = 0;
    std::shared_ptr<const ViewState> state;
  };
  void drop_oldest();

  const std::size_t rows_max_;
  absl::flat_hash_map<std::uint64_t, std::deque<Past>> by_view_;
  // In the order in which they came, with what they count as: also those of views that were forgotten, so that neither
  // this grows without bounds.
  std::deque<std::pair<std::uint64_t, std::size_t>> order_;
  std::size_t rows_ = 0;
};

}  // namespace tallyho
