#include "state/window_state.h"

#include <algorithm>
#include <random>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tallyho {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;

Timestamp at(std::int64_t second) {
  return {second, 0};
}

std::vector<std::int64_t> times(const WindowState& window) {
  std::vector<std::int64_t> all;
  all.reserve(window.size());
  for (std::uint32_t i = 0; i < window.size(); ++i) all.push_back(window[i].seconds);
  return all;
}

WindowState window_of(std::initializer_list<std::int64_t> all, std::uint32_t capacity = 16) {
  WindowState window;
  for (const std::int64_t second : all) window.add(at(second), capacity);
  return window;
}

TEST(WindowState, KeepsTimesInOrderHoweverTheyCome) {
  EXPECT_THAT(times(window_of({5, 1, 3, 3, 2})), ElementsAre(1, 2, 3, 3, 5));
}

TEST(WindowState, CountsWhatLiesInTheSpanThatEndsNow) {
  const WindowState window = window_of({10, 20, 30, 40});
  struct Case {
    std::int64_t now, span, count;
  };
  for (const Case& c : {Case{40, 30, 3}, Case{40, 31, 4}, Case{39, 30, 3}, Case{30, 100, 3}, Case{9, 5, 0},
                        Case{100, 10, 0}, Case{40, 1, 1}, Case{41, 1, 0}}) {
    EXPECT_EQ(window.count(at(c.now), seconds(c.span)), c.count) << "now " << c.now << " span " << c.span;
  }
}

TEST(WindowState, TellsNanosecondsApart) {
  WindowState window;
  window.add({10, 1}, 4);
  EXPECT_EQ(window.count({15, 1}, seconds(5)), 0);  // (10.000000001, …] leaves its start out,
  EXPECT_EQ(window.count({15, 0}, seconds(5)), 1);  // (10.000000000, …] does not reach it.
}

TEST(WindowState, CountsFromTheBeginningOfTime) {
  WindowState window;
  window.add(Timestamp::min(), 4);
  EXPECT_EQ(window.count(Timestamp::min(), seconds(5)), 1);  // now - span would be in the year 0.
}

TEST(WindowState, WhenFullTheEarliestGoes) {
  WindowState window = window_of({10, 20, 30}, 3);
  const WindowState::Added added = window.add(at(25), 3);
  EXPECT_TRUE(added.is_kept);
  EXPECT_TRUE(added.has_dropped);
  EXPECT_EQ(added.dropped, at(10));
  EXPECT_THAT(times(window), ElementsAre(20, 25, 30));
}

TEST(WindowState, WhenFullANewEarliestIsDroppedItself) {
  WindowState window = window_of({10, 20, 30}, 3);
  EXPECT_FALSE(window.add(at(5), 3).is_kept);
  EXPECT_THAT(times(window), ElementsAre(10, 20, 30));
}

TEST(WindowState, AnUnusedWindowHoldsNoMemory) {
  EXPECT_EQ(WindowState().memory_bytes(), 0U);
}

TEST(WindowState, TakesLessRoomAsLongAsTimesAreWholeMicrosecondsWithinYears) {
  constexpr std::int64_t year = 365 * 86'400;
  struct Case {
    const char* what;
    Timestamp time;
    bool is_wide;
  };
  constexpr Timestamp now{1'800'000'000, 123'456'000};
  for (const Case& c :
       {Case{"a microsecond later", {now.seconds, now.nanos + 1'000}, false},
        Case{"a month before", {now.seconds - year / 12, 0}, false},
        Case{"eight years later", {now.seconds + 8 * year, 0}, false},
        Case{"a nanosecond later", {now.seconds, now.nanos + 1}, true},
        Case{"a year before", {now.seconds - year, 0}, true},
        Case{"ten years later", {now.seconds + 10 * year, 0}, true},
        Case{"the beginning of time", Timestamp::min(), true}, Case{"the end of time", Timestamp::max(), true}}) {
    SCOPED_TRACE(c.what);
    WindowState window;
    window.add(now, 3);
    window.add({now.seconds + 1, 0}, 3);
    const std::size_t bytes = window.memory_bytes();
    const WindowState::Added added = window.add(c.time, 3);
    EXPECT_EQ(window.memory_bytes() > bytes, c.is_wide);
    std::vector<Timestamp> expected{now, {now.seconds + 1, 0}, c.time};
    std::ranges::sort(expected);
    for (std::uint32_t i = 0; i < 3; ++i) EXPECT_EQ(window[i], expected[i]);
    EXPECT_EQ(window.count(c.time, seconds(1)), 1 + (c.time > now && c.time <= Timestamp{now.seconds + 1, 0}));
    window.undo_add(c.time, added);
    EXPECT_EQ(window.size(), 2);
    EXPECT_EQ(window[0], now);
  }
}

// What was dropped comes back, also if what came since takes more room.
TEST(WindowState, UndoesWhatMadeItTakeMoreRoom) {
  WindowState window = window_of({10, 20, 30}, 3);
  const WindowState::Added first = window.add(at(40), 3);
  const WindowState::Added second = window.add({50, 1}, 3);
  EXPECT_THAT(times(window), ElementsAre(30, 40, 50));
  window.undo_add({50, 1}, second);
  window.undo_add(at(40), first);
  EXPECT_THAT(times(window), ElementsAre(10, 20, 30));
}

// Against a sorted vector: additions, drops, counts, and undoing some of them again.
TEST(WindowState, DoesWhatASortedVectorDoes) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  for (const std::uint32_t capacity : {1U, 2U, 5U, 16U, 1024U}) {
    WindowState window;
    std::vector<std::int64_t> model;
    std::vector<std::pair<Timestamp, WindowState::Added>> additions;
    std::vector<std::vector<std::int64_t>> before;
    for (unsigned step = 0; step < 2000; ++step) {
      if (random() % 4 == 0 && !additions.empty()) {
        window.undo_add(additions.back().first, additions.back().second);
        model = before.back();
        additions.pop_back();
        before.pop_back();
      } else {
        const auto second = static_cast<std::int64_t>(step / 4 + random() % 40);
        before.push_back(model);
        additions.emplace_back(at(second), window.add(at(second), capacity));
        model.insert(std::ranges::upper_bound(model, second), second);
        if (model.size() > capacity) model.erase(model.begin());
      }
      ASSERT_EQ(times(window), model) << "capacity " << capacity;
      const auto now = static_cast<std::int64_t>(step / 4 + random() % 40);
      const auto span = static_cast<std::int64_t>(1 + random() % 50);
      ASSERT_EQ(window.count(at(now), seconds(span)),
                std::ranges::count_if(model, [&](std::int64_t time) { return time > now - span && time <= now; }));
    }
  }
}

}  // namespace
}  // namespace tallyho
