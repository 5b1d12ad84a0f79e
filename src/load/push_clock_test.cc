#include "load/push_clock.h"

#include "gtest/gtest.h"

namespace tallyho {
namespace {

constexpr std::int64_t millisecond = 1'000'000;

class PushClockTest : public testing::Test {
 protected:
  Histogram latencies_;
  PushClock clock_{latencies_};
  PushClock::Watcher watcher_;
  const std::uint64_t ada_ = PushClock::hash_of("ada");

  void begin() { clock_.seen(watcher_, R"({"watch":1,"board":"global","version":10,"of":0,"members":[]})", 0); }
};

TEST_F(PushClockTest, AChangeIsTimedFromWhenItsEventWasDue) {
  begin();
  clock_.acked(ada_, 590, 11, 100 * millisecond);
  clock_.seen(watcher_,
              R"({"watch":1,"version":12,"merged":1,"of":1,"changes":[{"member":"ada","value":590,"rank":1}]})",
              103 * millisecond);
  ASSERT_EQ(latencies_.total(), 1U);
  EXPECT_EQ(latencies_.max(), 3U * millisecond);
}

TEST_F(PushClockTest, AChangeMayComeBeforeTheAckOfItsEvent) {
  begin();
  clock_.seen(watcher_,
              R"({"watch":1,"version":12,"merged":1,"of":1,"changes":[{"member":"ada","value":590,"rank":1}]})",
              103 * millisecond);
  EXPECT_EQ(latencies_.total(), 0U);
  clock_.acked(ada_, 590, 11, 100 * millisecond);
  EXPECT_EQ(latencies_.max(), 3U * millisecond);
}

TEST_F(PushClockTest, EveryWatcherCounts) {
  begin();
  PushClock::Watcher other = watcher_;
  clock_.acked(ada_, 590, 11, 0);
  const auto change = R"({"watch":1,"version":12,"merged":1,"of":1,"changes":[{"member":"ada","value":590,"rank":1}]})";
  clock_.seen(watcher_, change, millisecond);
  clock_.seen(other, change, millisecond);
  EXPECT_EQ(latencies_.total(), 2U);
}

TEST_F(PushClockTest, WhatOthersEventsCausedDoesNotCount) {
  begin();
  clock_.acked(ada_, 590, 9, 0);  // Before the watch began.
  clock_.seen(watcher_,
              R"({"watch":1,"version":12,"merged":1,"of":2,"changes":[{"member":"bob","left":true},)"
              R"({"member":"ada","value":590,"rank":2,"was":1}]})",
              millisecond);
  EXPECT_EQ(latencies_.total(), 0U);
}

TEST_F(PushClockTest, AMergedChangeIsTimedByItsLastEvent) {
  begin();
  clock_.acked(ada_, 580, 11, 0);
  clock_.acked(ada_, 590, 12, 40 * millisecond);
  clock_.seen(watcher_,
              R"({"watch":1,"version":12,"merged":2,"of":1,"changes":[{"member":"ada","value":590,"rank":1}]})",
              50 * millisecond);
  ASSERT_EQ(latencies_.total(), 1U);
  EXPECT_EQ(latencies_.max(), 10U * millisecond);
}

}  // namespace
}  // namespace tallyho
