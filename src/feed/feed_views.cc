// Which view shows which section, what it shows, and the bodies that say so.
#include <cassert>
#include <utility>

#include "absl/hash/hash.h"
#include "feed/feed_impl.h"

namespace tallyho {

std::size_t Feed::Impl::ViewHash::operator()(const BoardView& view) const {
  const Timestamp starts = view.period_starts.value_or(Timestamp::max());
  return absl::HashOf(view.board, view.group, starts.seconds, starts.nanos, view.top, view.around, view.radius);
}

FeedView& Feed::Impl::open_view(const BoardView& asked) {
  BoardView what = asked;  // Views that show the same are one.
  if (what.top > 0) {
    what.around = no_symbol;
    what.radius = 0;
  }
  if (!boards[what.board]->options().is_grouped) what.group = no_group;
  if (boards[what.board]->options().every == Every::never) what.period_starts.reset();

  const auto known = views_by_what.find(what);
  if (known != views_by_what.end() && !known->second->has_ended) return *known->second;
  const std::uint64_t id = next_view_id++;
  FeedView& view = *views.emplace(id, std::make_unique<FeedView>()).first->second;
  view.id = id;
  view.what = what;
  view.top = what.top;
  view.around = what.around;
  view.radius = what.radius;
  views_by_what[what] = &view;
  if (board_views.size() <= what.board) board_views.resize(what.board + 1U);
  board_views[what.board].views.push_back(&view);
  bind(view);
  return view;
}

// Finds the section that a view shows, or lets it wait for one.
void Feed::Impl::bind(FeedView& view) {
  BoardViews& on_board = board_views[view.what.board];
  const BoardSection* section = boards[view.what.board]->find_section(view.what.group, view.what.period_starts);
  if (section == nullptr) {
    on_board.waiting[view.what.group].push_back(&view);
    return;
  }
  view.section = section->number;
  view.center = 0;
  if (view.top == 0 && view.around != no_symbol) {
    const std::optional<Standing> center = section->leaderboard->find(view.around);
    if (center) view.center = center->rank;
  }
  std::unique_ptr<Section>& watched = on_board.sections[view.section];
  if (watched == nullptr) watched = std::make_unique<Section>();
  watched->views.add(&view);
}

// Takes a view off its section or out of those that wait.
void Feed::Impl::unbind(FeedView& view) {
  BoardViews& on_board = board_views[view.what.board];
  if (view.section != 0) {
    const auto section = on_board.sections.find(view.section);
    section->second->views.remove(&view);
    if (section->second->views.empty()) on_board.sections.erase(section);
    view.section = 0;
    view.center = 0;
    return;
  }
  const auto waiting = on_board.waiting.find(view.what.group);
  if (waiting == on_board.waiting.end()) return;  // It has ended.
  std::erase(waiting->second, &view);
  if (waiting->second.empty()) on_board.waiting.erase(waiting);
}

// A change on a section that nobody watches: perhaps some view has waited for it.
void Feed::Impl::bind_waiting(std::uint16_t board, const BoardChange& change, Position version) {
  const BoardSection* section = boards[board]->section(change.section);
  if (section == nullptr) return;
  const auto waiting = board_views[board].waiting.find(section->group);
  if (waiting == board_views[board].waiting.end()) return;
  const Timestamp current = boards[board]->current_period().starts;
  std::vector<FeedView*> found;
  for (FeedView* view : waiting->second) {
    if (view->what.period_starts.value_or(current) == section->period.starts) found.push_back(view);
  }
  for (FeedView* view : found) {
    unbind(*view);
    bind(*view);
    // It showed nobody. One around somebody else than the first member still does.
    if (view->top > 0 || view->center > 0) take_effect(*view, version);
  }
  if (!found.empty()) size_changed(board, change.section, *board_views[board].sections[change.section]);
}

// A section is no more: its window is not readable any more, or nobody is left in its group.
void Feed::Impl::unbind_section(std::uint16_t board, std::uint32_t number) {
  const auto section = board_views[board].sections.find(number);
  if (section == board_views[board].sections.end()) return;
  std::vector<ViewRange*> all;
  section->second->views.all(all);
  for (ViewRange* range : all) {
    auto& view = static_cast<FeedView&>(*range);
    unbind(view);
    bind(view);
    schedule(view);
  }
}

// The current period is another now: views of the current period show that one, those of a window that is not readable
// any more end.
void Feed::Impl::end_period(FeedView& view) {
  const bool is_current = !view.what.period_starts;
  if (!is_current) {
    const Period period{*view.what.period_starts, *view.what.period_starts};
    if (view.has_ended || boards[view.what.board]->is_readable(period)) return;
  }
  unbind(view);
  if (is_current) {
    bind(view);
  } else {
    view.has_ended = true;
  }
  ++view.epoch;
  schedule(view);
}

const BoardSection* Feed::Impl::section_of(const FeedView& view) const {
  return view.section == 0 ? nullptr : boards[view.what.board]->section(view.section);
}

void Feed::Impl::take_effect(FeedView& view, Position version) {
  if (view.effect_version == version) return;
  view.effect_version = version;
  ++view.effects;
  schedule(view);
}

void Feed::Impl::size_changed(std::uint16_t board, std::uint32_t number, Section& section) {
  if (section.of_due) return;
  section.of_due = section.told_of == Time::min() ? Time::min() : section.told_of + options.of_interval;
  size_timers.add(*section.of_due, std::uint64_t{board} << 32 | number);
}

// What a view shows now, for somebody who will be told. O(1) if that has not changed.
const std::shared_ptr<const ViewState>& Feed::Impl::state_of(FeedView& view, Position version) {
  const BoardSection* section = section_of(view);
  const std::uint64_t of = section == nullptr ? 0 : section->leaderboard->size();
  if (view.state != nullptr && view.state->effects == view.effects && view.state->epoch == view.epoch &&
      view.state->of == of) {
    view.state_last = version;
    return view.state;
  }
  if (view.state != nullptr) history.add(view.id, view.state_first, view.state_last, view.state);
  auto state = std::make_shared<ViewState>();
  state->effects = view.effects;
  state->epoch = view.epoch;
  if (section != nullptr) {
    const Rank center = read_rows(*section->leaderboard, view.top, view.around, view.radius, *state);
    board_views[view.what.board].sections[view.section]->views.recenter(&view, center);
  }
  view.state = std::move(state);
  view.state_first = view.state_last = version;
  view.snapshot = nullptr;
  view.changes.clear();
  return view.state;
}

// What a view showed at a version that somebody was told, if that is still known.
std::shared_ptr<const ViewState> Feed::Impl::state_at(const FeedView& view, Position version) const {
  if (version > view.state_last) return nullptr;
  return version >= view.state_first ? view.state : history.find(view.id, version);
}

std::string Feed::Impl::encode_snapshot_of(const FeedView& view, const ViewState& state, Position version) const {
  const Board& board = *boards[view.what.board];
  Period period = board.current_period();
  if (view.what.period_starts) period = {*view.what.period_starts, *view.what.period_starts};
  const std::string window = board.period_name(period);
  return encode_snapshot({.board = board.options().id,
                          .is_grouped = board.options().is_grouped,
                          .group = view.what.group == no_group ? std::string_view() : symbols.text(view.what.group),
                          .is_windowed = board.options().every != Every::never,
                          .window = window,
                          .log = log},
                         state, version, symbols);
}

// The body that leads from what a watch got last to what the view shows now, `view.state`.
const std::shared_ptr<const std::string>& Feed::Impl::body_for(FeedView& view,
                                                               const std::shared_ptr<const ViewState>& from,
                                                               Position version) {
  if (view.farewell != nullptr) return view.farewell;
  if (view.bodies_version != version) {
    view.bodies_version = version;
    view.snapshot = nullptr;
    view.changes.clear();
  }
  if (from->epoch != view.epoch) {
    if (view.snapshot == nullptr) {
      view.snapshot = std::make_shared<const std::string>(encode_snapshot_of(view, *view.state, version));
      ++stats.encoded;
    }
    return view.snapshot;
  }
  FeedView::Change& change = view.changes[from.get()];
  if (change.body == nullptr) {
    change = {from, std::make_shared<const std::string>(encode_changes(*from, *view.state, version, symbols))};
    ++stats.encoded;
  }
  return change.body;
}

}  // namespace tallyho
