// What is sent when.
#include <algorithm>
#include <utility>

#include "feed/feed_impl.h"

namespace tallyho {

namespace {

// How many watches a flush looks at for each view that it may, on average.
constexpr std::size_t watches_per_view = 16;

}  // namespace

void Feed::Impl::schedule(FeedView& view, Time due) {
  if (view.watches.empty()) return;  // It lingers. Whoever comes to watch it is told everything at once.
  if (view.due && *view.due <= due) return;
  view.due = due;
  view_timers.add(due, view.id);
}

// As soon as the push interval lets it.
void Feed::Impl::schedule(FeedView& view) {
  schedule(view, due_after(view.pushed));
}

bool Feed::Impl::is_ready(FeedSubscriber& subscriber) {
  if (subscriber.is_blocked) return false;
  if (subscriber.subscriber->ready()) return true;
  subscriber.is_blocked = true;
  blocked.push_back(subscriber.subscriber);
  return false;
}

// True if what it got last is not what the view shows now.
bool Feed::Impl::is_behind(const FeedWatch& watch) const {
  const FeedView& view = *watch.view;
  if (watch.shown->effects != view.effects || watch.shown->epoch != view.epoch) return true;
  const BoardSection* section = section_of(view);
  return watch.shown->of != (section == nullptr ? 0 : section->leaderboard->size());
}

void Feed::Impl::push(FeedWatch& watch, const std::shared_ptr<const std::string>& body) {
  watch.owner->subscriber->push(watch.name, body);
  ++stats.messages;
  if (room > 0) --room;  // A player's news may be several.
}

// Tells a watch what it has not been told. False if its push interval is not over. `now`: when the round began.
bool Feed::Impl::serve_board_watch(FeedWatch& watch, Position version, Time now) {
  if (!is_behind(watch)) return true;
  if (due_after(watch.pushed) > now) return false;
  if (!is_ready(*watch.owner)) return true;  // Comes again when it is.
  FeedView& view = *watch.view;
  const std::shared_ptr<const ViewState>& state = state_of(view, version);
  const std::uint64_t merged = state->effects - watch.shown->effects;
  push(watch, body_for(view, watch.shown, version));
  if (merged > 1) stats.merged += merged - 1;
  watch.shown = state;
  watch.pushed = now;
  if (view.has_ended) finished.push_back(&watch);
  return true;
}

void Feed::Impl::serve_player_watch(FeedWatch& watch) {
  if (watch.news == nullptr || !is_ready(*watch.owner)) return;
  const std::shared_ptr<PlayerNews> news = std::exchange(watch.news, nullptr);
  for (const auto& body : news->bodies(symbols.text(watch.player), stats.encoded)) {
    push(watch, body);
  }
  stats.merged += news->merged() - 1;
}

void Feed::Impl::serve_view(FeedView& view, Position version, Time now, std::size_t& watches_left) {
  const bool is_resumed = view.next_watch > 0;
  if (!is_resumed) view.round = now;
  bool is_early_for_some = false;
  for (; view.next_watch < view.watches.size(); ++view.next_watch, --watches_left) {
    if (watches_left == 0 || room == 0) {
      schedule(view, Time::min());
      return;
    }
    if (!serve_board_watch(*view.watches[view.next_watch], version, view.round)) is_early_for_some = true;
  }
  view.next_watch = 0;
  view.pushed = view.round;
  // Of those that were served before it was interrupted, some may be behind again.
  if (is_early_for_some || is_resumed) schedule(view);
}

// Asks some of those that were not ready whether they are now.
void Feed::Impl::serve_unblocked(Position version, Time now) {
  std::size_t count = std::min<std::size_t>(blocked.size(), options.views_per_flush_max);
  for (; count > 0 && room > 0; --count) {
    const Subscriber* subscriber = blocked.front();
    blocked.pop_front();
    const auto owner = subscribers.find(subscriber);
    if (owner == subscribers.end() || !owner->second->is_blocked) continue;  // Gone, or another at its address.
    owner->second->is_blocked = false;
    for (const auto& watch : owner->second->watches) {
      if (watch->view == nullptr) {
        serve_player_watch(*watch);
      } else if (!serve_board_watch(*watch, version, now)) {
        schedule(*watch->view);
      }
      if (owner->second->is_blocked) break;
    }
  }
}

void Feed::Impl::serve_players() {
  std::size_t count = std::min<std::size_t>(player_queue.size(), options.views_per_flush_max);
  for (; count > 0 && room > 0; --count) {
    FeedWatch& watch = *player_queue.front();
    player_queue.pop_front();
    watch.is_queued = false;
    serve_player_watch(watch);
  }
}

// Leaderboards whose size has changed: all their views say so.
void Feed::Impl::serve_sizes(Time now) {
  while (size_timers.is_due(now)) {
    const auto [due, id] = size_timers.pop();
    BoardViews& on_board = board_views[id >> 32];
    const auto section = on_board.sections.find(static_cast<std::uint32_t>(id));
    if (section == on_board.sections.end() || section->second->of_due != due) continue;
    section->second->of_due.reset();
    section->second->told_of = now;
    affected.clear();
    section->second->views.all(affected);
    for (ViewRange* view : affected) schedule(static_cast<FeedView&>(*view));
  }
}

void Feed::Impl::end_finished() {
  for (FeedWatch* watch : std::exchange(finished, {})) {
    FeedSubscriber& owner = *watch->owner;
    owner.subscriber->ended(watch->name);
    end_watch(*watch);
    std::erase_if(owner.watches, [&](const auto& one) { return one.get() == watch; });
    if (owner.watches.empty()) subscribers.erase(owner.subscriber);
  }
}

void Feed::flush(Position version, std::chrono::steady_clock::time_point now) {
  Impl& impl = *impl_;
  impl.flushed = now;
  impl.serve_unblocked(version, now);
  impl.serve_players();
  impl.serve_sizes(now);
  std::size_t views_left = impl.options.views_per_flush_max;
  std::size_t watches_left = views_left * watches_per_view;
  while (views_left > 0 && watches_left > 0 && impl.room > 0 && impl.view_timers.is_due(now)) {
    const auto [due, id] = impl.view_timers.pop();
    const auto view = impl.views.find(id);
    if (view == impl.views.end() || view->second->due != due) continue;
    view->second->due.reset();
    impl.serve_view(*view->second, version, now, watches_left);
    --views_left;
  }
  impl.end_finished();
  impl.end_lingering();
}

void Feed::set_room(std::size_t messages) {
  impl_->room = messages;
}

std::chrono::steady_clock::time_point Feed::next_due() const {
  const Impl& impl = *impl_;
  if (!impl.player_queue.empty()) return Impl::Time::min();
  Impl::Time due = std::min(impl.view_timers.next(), impl.size_timers.next());
  if (!impl.blocked.empty()) due = std::min(due, impl.due_after(impl.flushed));
  return due;
}

}  // namespace tallyho
