#include "feed/section_views.h"

#include <algorithm>
#include <limits>

namespace tallyho {

namespace {

constexpr Rank rank_max = std::numeric_limits<Rank>::max();

}  // namespace

void SectionViews::add(ViewRange* view) {
  if (view->top > 0) {
    tops_.push_back(view);
  } else if (view->center > 0) {
    insert_centered(view);
  } else {
    absent_.push_back(view);
  }
}

void SectionViews::insert_centered(ViewRange* view) {
  radius_max_ = std::max(radius_max_, view->radius);
  centered_.insert(std::ranges::upper_bound(centered_, view->center, {}, &ViewRange::center), view);
}

void SectionViews::remove(ViewRange* view) {
  std::vector<ViewRange*>& views = view->top > 0 ? tops_ : view->center > 0 ? centered_ : absent_;
  const auto from =
      view->center > 0 ? std::ranges::lower_bound(views, view->center, {}, &ViewRange::center) : views.begin();
  views.erase(std::find(from, views.end(), view));
}

void SectionViews::recenter(ViewRange* view, Rank rank) {
  if (view->center == rank || view->top > 0) return;
  remove(view);
  view->center = rank;
  add(view);
}

void SectionViews::all(std::vector<ViewRange*>& views) const {
  for (const auto* some : {&tops_, &centered_, &absent_}) views.insert(views.end(), some->begin(), some->end());
}

void SectionViews::apply(const BoardChange& change, std::optional<std::uint32_t> limit,
                         std::vector<ViewRange*>& affected) {
  if (!change.value_changed) return;
  apply_move(change.member, change.move.was, change.move.rank, affected);
  // The newcomer made one too many; the last of them left.
  if (change.dropped != no_symbol && limit) apply_move(change.dropped, Rank{*limit} + 1, 0, affected);
}

void SectionViews::apply_move(Member member, Rank was, Rank rank, std::vector<ViewRange*>& affected) {
  if (was == 0 && rank == 0) return;
  // Everybody behind one who enters or leaves moves, too.
  const bool is_move = was != 0 && rank != 0;
  collect(is_move ? std::min(was, rank) : was + rank, is_move ? std::max(was, rank) : rank_max, affected);
  if (was == rank) return;

  std::vector<ViewRange*> movers;
  if (was == 0) {
    for (ViewRange* view : absent_) {
      if (view->around == member) movers.push_back(view);
    }
    std::erase_if(absent_, [&](const ViewRange* view) { return view->around == member; });
    affected.insert(affected.end(), movers.begin(), movers.end());
  } else {
    const auto [first, last] = std::ranges::equal_range(centered_, was, {}, &ViewRange::center);
    movers.assign(first, last);
    centered_.erase(first, last);
  }
  if (was == 0) {
    shift(rank, rank_max, 1);
  } else if (rank == 0) {
    shift(was + 1, rank_max, -1);
  } else if (rank < was) {
    shift(rank, was - 1, 1);
  } else {
    shift(was + 1, rank, -1);
  }
  for (ViewRange* view : movers) {
    view->center = rank;
    add(view);
  }
}

// The views that show a rank from `first` to `last`.
void SectionViews::collect(Rank first, Rank last, std::vector<ViewRange*>& affected) const {
  for (ViewRange* view : tops_) {
    if (first <= view->top) affected.push_back(view);
  }
  const Rank lowest = first > radius_max_ ? first - radius_max_ : 0;
  for (auto i = std::ranges::lower_bound(centered_, lowest, {}, &ViewRange::center); i != centered_.end(); ++i) {
    ViewRange* view = *i;
    if (view->center > last && view->center - last > radius_max_) break;
    if (first <= view->center + view->radius && (view->center <= last || view->center - last <= view->radius)) {
      affected.push_back(view);
    }
  }
}

// Moves the centers from rank `first` to `last` by one.
void SectionViews::shift(Rank first, Rank last, int by) {
  for (auto i = std::ranges::lower_bound(centered_, first, {}, &ViewRange::center);
       i != centered_.end() && (*i)->center <= last; ++i) {
    (*i)->center += static_cast<Rank>(by);  // Wraps: adding -1 takes one away.
  }
}

}  // namespace tallyho
