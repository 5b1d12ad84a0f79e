#include "feed/view_history.h"

#include <algorithm>

namespace tallyho {
namespace {

// What a state takes beside its rows, in rows: 150 bytes.
constexpr std::size_t rows_of_a_state = 10;

}  // namespace

void ViewHistory::add(std::uint64_t view, Position first, Position last, std::shared_ptr<const ViewState> state) {
  const std::size_t rows = state->rows.size() + rows_of_a_state;
  by_view_[view].push_back({first, last, std::move(state)});
  order_.emplace_back(view, rows);
  rows_ += rows;
  while (rows_ > rows_max_) drop_oldest();
}

// A view's states leave in the order in which they came, so its oldest is the one meant; of a view that was forgotten
// there is none, as its number is not used again.
void ViewHistory::drop_oldest() {
  const auto [view, rows] = order_.front();
  order_.pop_front();
  rows_ -= rows;
  const auto found = by_view_.find(view);
  if (found == by_view_.end()) return;
  found->second.pop_front();
  if (found->second.empty()) by_view_.erase(found);
}

std::shared_ptr<const ViewState> ViewHistory::find(std::uint64_t view, Position version) const {
  const auto found = by_view_.find(view);
  if (found == by_view_.end()) return nullptr;
  const std::deque<Past>& states = found->second;
  const auto at = std::ranges::lower_bound(states, version, {}, &Past::last);
  return at != states.end() && at->first <= version ? at->state : nullptr;
}

}  // namespace tallyho
