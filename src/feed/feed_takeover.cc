// What becomes of watches when the boards become others: another ruleset is in force.
#include <algorithm>
#include <utility>

#include "feed/feed_impl.h"

namespace tallyho {
namespace {

// Whether a watch of `what` on one board means something on another.
bool goes_on(const BoardView& what, const BoardOptions& was, const BoardOptions& is) {
  if (was.is_grouped != is.is_grouped) return false;
  const bool has_same_windows = was.every == is.every && was.every_length == is.every_length;
  return !what.period_starts || has_same_windows;
}

}  // namespace

// A view as the old one, of a board that may be another. What its watches got last was of an epoch before it, so that
// each gets a snapshot.
FeedView& Feed::Impl::take_over(const FeedView& old, std::uint16_t board, std::uint32_t shown_epoch) {
  BoardView what = old.what;
  what.board = board;
  FeedView& view = open_view(what);
  view.epoch = std::max(view.epoch, shown_epoch + 1);
  if (view.what.period_starts && !view.has_ended &&
      !boards[board]->is_readable({*view.what.period_starts, *view.what.period_starts})) {
    unbind(view);
    view.has_ended = true;
  }
  return view;
}

// A view of a board that is no more: its watches get a last snapshot, with nobody in it. It stands behind the boards
// that there are.
FeedView& Feed::Impl::take_leave(const FeedView& old, std::shared_ptr<const std::string> farewell,
                                 std::uint32_t shown_epoch) {
  const std::uint64_t id = next_view_id++;
  FeedView& view = *views.emplace(id, std::make_unique<FeedView>()).first->second;
  view.id = id;
  view.what = old.what;
  view.what.board = static_cast<std::uint16_t>(boards.size());
  view.farewell = std::move(farewell);
  view.has_ended = true;
  view.epoch = shown_epoch + 1;
  if (board_views.size() <= view.what.board) board_views.resize(view.what.board + 1U);
  board_views[view.what.board].views.push_back(&view);
  return view;
}

void Feed::take_over(Feed& old, const std::vector<std::optional<std::uint16_t>>& now, Position version) {
  Impl& was = *old.impl_;
  impl_->stats = was.stats;
  impl_->flushed = was.flushed;
  impl_->room = was.room;
  for (auto& [key, subscriber] : was.subscribers) {
    for (const auto& watch : subscriber->watches) {
      if (watch->view == nullptr) {
        impl_->players[watch->player].push_back(watch.get());
        if (watch->is_queued) impl_->player_queue.push_back(watch.get());
        continue;
      }
      const FeedView& view = *watch->view;
      const bool is_there =
          view.farewell == nullptr && now[view.what.board] &&
          goes_on(view.what, was.boards[view.what.board]->options(), impl_->boards[*now[view.what.board]]->options());
      FeedView* next = nullptr;
      if (is_there) {
        next = &impl_->take_over(view, *now[view.what.board], watch->shown->epoch);
      } else {
        auto farewell = view.farewell;
        if (farewell == nullptr) {
          farewell = std::make_shared<const std::string>(was.encode_snapshot_of(view, ViewState(), version));
        }
        next = &impl_->take_leave(view, std::move(farewell), watch->shown->epoch);
      }
      watch->view = next;
      watch->index = next->watches.size();
      next->watches.push_back(watch.get());
      impl_->schedule(*next);
    }
    if (subscriber->is_blocked) impl_->blocked.push_back(key);
    impl_->subscribers.emplace(key, std::move(subscriber));
  }
  was.subscribers.clear();
}

}  // namespace tallyho
