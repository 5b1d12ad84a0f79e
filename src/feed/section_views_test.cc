#include "feed/section_views.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace tallyho {
namespace {

// What a view shows, read anew: pairs of rank and standing.
std::vector<Standing> shown(const Leaderboard& board, const ViewRange& view) {
  std::vector<Standing> rows;
  if (view.top > 0) {
    board.read(1, view.top, rows);
  } else if (const auto center = board.find(view.around)) {
    const Rank first = center->rank > view.radius ? center->rank - view.radius : 1;
    board.read(first, center->rank - first + 1 + view.radius, rows);
  }
  for (Standing& row : rows) row.reached = 0;
  return rows;
}

// Goal: a change has an effect on exactly the views that show something else after it. Method: random changes, with and
// without a limit, and every view read before and after each.
TEST(SectionViews, AChangeAffectsExactlyTheViewsThatShowSomethingElse) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 20; ++round) {
    const Member members = 5 + static_cast<Member>(random() % 40);
    std::optional<std::uint32_t> limit;
    if (round % 2 == 1) limit = 10;
    Leaderboard board(Order::descending);
    SectionViews section;
    std::vector<std::unique_ptr<ViewRange>> views;
    for (const std::uint32_t top : {1U, 3U, 10U, 100U})
      views.push_back(std::make_unique<ViewRange>(ViewRange{.top = top}));
    for (int i = 0; i < 30; ++i) {
      views.push_back(std::make_unique<ViewRange>(ViewRange{.around = static_cast<Member>(random() % members),
                                                            .radius = static_cast<std::uint32_t>(random() % 5)}));
    }
    for (const auto& view : views) section.add(view.get());

    for (Position at = 1; at < 400; ++at) {
      std::vector<std::vector<Standing>> before;
      before.reserve(views.size());
      for (const auto& view : views) before.push_back(shown(board, *view));
      const auto member = static_cast<Member>(random() % members);
      BoardChange change{.member = member, .move = {}, .value_changed = true};
      if (random() % 5 == 0) {
        change.move = board.remove(member);
      } else {
        change.value = static_cast<Points>(random() % 50);
        const std::optional<Points> old = board.value(member);
        change.value_changed = old != change.value;
        if (limit && !old && board.size() >= *limit) {
          change.dropped = board.last()->member;
          if (change.value <= board.last()->value) continue;
          board.remove(change.dropped);
        }
        change.move = board.set(member, change.value, at);
      }
      std::vector<ViewRange*> affected;
      section.apply(change, limit, affected);
      for (std::size_t i = 0; i < views.size(); ++i) {
        const bool says = std::ranges::find(affected, views[i].get()) != affected.end();
        ASSERT_EQ(says, shown(board, *views[i]) != before[i])
            << "top " << views[i]->top << " around " << views[i]->around << " radius " << views[i]->radius << " at "
            << at;
        const auto center = board.find(views[i]->around);
        if (views[i]->top == 0) {
          ASSERT_EQ(views[i]->center, center ? center->rank : 0);
        }
      }
    }
    for (const auto& view : views) section.remove(view.get());
    EXPECT_TRUE(section.empty());
  }
}

}  // namespace
}  // namespace tallyho
