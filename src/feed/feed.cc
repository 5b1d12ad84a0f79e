// The feed's outside: watches begin and end, and the engine tells what happened.
#include "feed/feed.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "feed/feed_impl.h"

namespace tallyho {

Feed::Feed(const std::vector<std::unique_ptr<Board>>& boards, const SymbolTable& symbols, std::string log,
           Options options)
    : impl_(std::make_unique<Impl>(boards, symbols, std::move(log), options)) {}
Feed::~Feed() = default;

FeedWatch& Feed::Impl::new_watch(Subscriber& subscriber, std::string_view name) {
  std::unique_ptr<FeedSubscriber>& owner = subscribers[&subscriber];
  if (owner == nullptr) owner = std::make_unique<FeedSubscriber>();
  owner->subscriber = &subscriber;
  const auto same = std::ranges::find(owner->watches, name, [](const auto& watch) { return watch->name; });
  if (same != owner->watches.end()) {
    end_watch(**same);
    owner->watches.erase(same);
  }
  FeedWatch& watch = *owner->watches.emplace_back(std::make_unique<FeedWatch>());
  watch.name = name;
  watch.owner = owner.get();
  ++stats.watches;
  return watch;
}

// Takes a watch out of everything but its owner's list.
void Feed::Impl::end_watch(FeedWatch& watch) {
  --stats.watches;
  if (FeedView* view = watch.view) {
    FeedWatch* last = view->watches.back();
    view->watches[watch.index] = last;
    last->index = watch.index;
    view->watches.pop_back();
    if (view->watches.empty()) leave_view(*view);
    return;
  }
  const auto player = players.find(watch.player);
  std::erase(player->second, &watch);
  if (player->second.empty()) players.erase(player);
  if (watch.is_queued) std::erase(player_queue, &watch);
}

// Nobody watches the view any more: it is kept for a while, for those whose connection broke.
void Feed::Impl::leave_view(FeedView& view) {
  if (view.has_ended || options.lingering_views_max == 0) return end_view(view);
  view.lingers_until = flushed + options.linger;
  lingering.emplace_back(view.lingers_until, view.id);
  end_lingering();
}

void Feed::Impl::end_lingering() {
  while (!lingering.empty() && (lingering.front().first <= flushed || lingering.size() > options.lingering_views_max)) {
    const auto [until, id] = lingering.front();
    lingering.pop_front();
    const auto view = views.find(id);
    // Else it was watched again since then.
    if (view != views.end() && view->second->watches.empty() && view->second->lingers_until == until) {
      end_view(*view->second);
    }
  }
}

void Feed::Impl::end_view(FeedView& view) {
  unbind(view);
  history.forget(view.id);
  std::erase(board_views[view.what.board].views, &view);
  const auto known = views_by_what.find(view.what);
  if (known != views_by_what.end() && known->second == &view)
    views_by_what.erase(known);  // Else one that has ended is succeeded by another.
  views.erase(view.id);
}

std::string Feed::watch_board(Subscriber& subscriber, std::string_view name, const BoardView& what, Position version,
                              std::optional<Position> since) {
  FeedWatch& watch = impl_->new_watch(subscriber, name);
  FeedView& view = impl_->open_view(what);
  watch.view = &view;
  watch.index = view.watches.size();
  view.watches.push_back(&watch);
  watch.shown = impl_->state_of(view, version);
  const auto before = since ? impl_->state_at(view, *since) : nullptr;
  if (before != nullptr) return *impl_->body_for(view, before, version);
  return impl_->encode_snapshot_of(view, *watch.shown, version);
}

void Feed::watch_player(Subscriber& subscriber, std::string_view name, Symbol player) {
  FeedWatch& watch = impl_->new_watch(subscriber, name);
  watch.player = player;
  impl_->players[player].push_back(&watch);
}

bool Feed::unwatch(Subscriber& subscriber, std::string_view name) {
  const auto owner = impl_->subscribers.find(&subscriber);
  if (owner == impl_->subscribers.end()) return false;
  auto& watches = owner->second->watches;
  const auto watch = std::ranges::find(watches, name, [](const auto& one) { return one->name; });
  if (watch == watches.end()) return false;
  impl_->end_watch(**watch);
  watches.erase(watch);
  if (watches.empty()) impl_->subscribers.erase(owner);
  return true;
}

void Feed::remove(Subscriber& subscriber) {
  const auto owner = impl_->subscribers.find(&subscriber);
  if (owner == impl_->subscribers.end()) return;
  for (const auto& watch : owner->second->watches) impl_->end_watch(*watch);
  impl_->subscribers.erase(owner);
}

std::size_t Feed::watches(const Subscriber& subscriber) const {
  const auto owner = impl_->subscribers.find(&subscriber);
  return owner == impl_->subscribers.end() ? 0 : owner->second->watches.size();
}

bool Feed::has_watch(const Subscriber& subscriber, std::string_view name) const {
  const auto owner = impl_->subscribers.find(&subscriber);
  return owner != impl_->subscribers.end() &&
         std::ranges::any_of(owner->second->watches, [&](const auto& watch) { return watch->name == name; });
}

bool Feed::hears_of(std::uint16_t board) const {
  if (impl_->options.changed) return true;
  return board < impl_->board_views.size() && !impl_->board_views[board].views.empty();
}

void Feed::changed(std::uint16_t board, const BoardChange& change, Position version) {
  if (impl_->options.changed) impl_->options.changed(board, change);
  if (!change.value_changed || board >= impl_->board_views.size()) return;
  Impl::BoardViews& board_views = impl_->board_views[board];
  if (board_views.views.empty()) return;
  const auto section = board_views.sections.find(change.section);
  if (section == board_views.sections.end()) {
    if (!board_views.waiting.empty()) impl_->bind_waiting(board, change, version);
    return;
  }
  impl_->affected.clear();
  section->second->views.apply(change, impl_->boards[board]->options().limit, impl_->affected);
  for (ViewRange* view : impl_->affected) impl_->take_effect(static_cast<FeedView&>(*view), version);
  const bool was_there = change.move.was != 0;
  const bool is_there = change.move.rank != 0;
  if (was_there == is_there || change.dropped != no_symbol) return;
  impl_->size_changed(board, change.section, *section->second);
  // A section ends when its last member leaves.
  if (!is_there && impl_->boards[board]->section(change.section) == nullptr) {
    impl_->unbind_section(board, change.section);
  }
}

void Feed::section_dropped(std::uint16_t board, std::uint32_t section) {
  if (board < impl_->board_views.size()) impl_->unbind_section(board, section);
}

void Feed::period_changed(std::uint16_t board) {
  if (board >= impl_->board_views.size()) return;
  for (FeedView* view : impl_->board_views[board].views) impl_->end_period(*view);
}

bool Feed::hears_of_players() const {
  return !impl_->players.empty();
}

void Feed::scored(const PlayerScore& score) {
  const auto watches = impl_->players.find(score.player);
  if (watches == impl_->players.end()) return;
  // Who has been told the same so far is told the same again: the news are added to once.
  std::vector<std::pair<std::shared_ptr<PlayerNews>, std::shared_ptr<PlayerNews>>> added;
  for (FeedWatch* watch : watches->second) {
    if (watch->owner->subscriber == score.sender) continue;
    auto known = std::ranges::find(added, watch->news, [](const auto& pair) { return pair.first; });
    if (known == added.end()) {
      auto news = watch->news == nullptr ? std::make_shared<PlayerNews>() : std::make_shared<PlayerNews>(*watch->news);
      news->add(score);
      known = added.insert(added.end(), {watch->news, std::move(news)});
    }
    watch->news = known->second;
    if (watch->is_queued || watch->owner->is_blocked) continue;
    watch->is_queued = true;
    impl_->player_queue.push_back(watch);
  }
}

Feed::Stats Feed::stats() const {
  return impl_->stats;
}

}  // namespace tallyho
