#include "state/packed_time.h"

#include <limits>
#include <random>

#include "gtest/gtest.h"
#include "state/period_clock.h"

namespace tallyho {
namespace {

constexpr std::int64_t second_min = Timestamp::min().seconds;
constexpr std::int64_t second_max = Timestamp::max().seconds;

TEST(PackedTime, KeepsEveryTimestampToTheNanosecond) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  std::vector<Timestamp> times{Timestamp::min(), Timestamp::max(), {0, 0}, {-1, 999'999'999}, {-1, 0}, {1, 1}};
  for (const std::int64_t edge : {std::int64_t{1} << 34, std::int64_t{1} << 32, std::int64_t{1} << 35}) {
    for (const std::int64_t second : {edge - 1, edge, -edge, -edge - 1}) times.push_back({second, 999'999'999});
  }
  for (int i = 0; i < 10'000; ++i) {
    times.push_back({std::uniform_int_distribution(second_min, second_max)(random),
                     std::uniform_int_distribution(0, 999'999'999)(random)});
  }
  for (const Timestamp time : times) {
    if (!time.is_valid()) continue;
    EXPECT_EQ(PackedTime(time).unpack(), time) << time.seconds << " s " << time.nanos << " ns";
    EXPECT_EQ(PackedMoment(time).unpack(), time) << time.seconds << " s " << time.nanos << " ns";
  }
}

TEST(TimeBase, KeepsWholeMicrosecondsForEightYears) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  constexpr std::int64_t eight_years = std::int64_t{8} * 365 * 86'400;
  for (int i = 0; i < 10'000; ++i) {
    const std::int64_t second = std::uniform_int_distribution(second_min, second_max - eight_years)(random);
    const TimeBase base({second, 0});
    std::int64_t last = -1;
    for (const Timestamp time : {Timestamp{second, 0},
                                 {second, 1'000},
                                 {second + 1, 0},
                                 {second + 1, 999'999'000},
                                 {second + eight_years, 5'000}}) {
      ASSERT_TRUE(base.fits(time)) << format_timestamp(time);
      const std::int64_t packed = base.pack(time);
      ASSERT_LT(packed, std::int64_t{1} << TimeBase::packed_bits);
      ASSERT_EQ(base.unpack(static_cast<std::uint64_t>(packed)), time);
      ASSERT_GT(packed, last) << "in order of time";
      last = packed;
    }
    EXPECT_FALSE(base.fits({second, 1}));
    EXPECT_EQ(base.pack({second, 1'999}), base.pack({second, 1'000})) << "rounded down";
    EXPECT_LT(base.pack({second - (1 << 22), 0}), 0);
    EXPECT_TRUE(TimeBase({second, 0}, 1).fits({second - (1 << 22), 0}));
    EXPECT_FALSE(base.fits({second - (1 << 22), 0})) << "is before its base";
    EXPECT_FALSE(base.fits({second + 9 * eight_years / 8, 0}));
  }
}

TEST(PackedMoment, MayNeverHaveHappened) {
  EXPECT_EQ(PackedMoment(never_happened).unpack(), never_happened);
}

TEST(PackedPeriod, KeepsEverySecondThatAPeriodCanBeginAt) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  constexpr std::int64_t week = std::int64_t{7} * 86'400;
  std::vector<std::int64_t> starts{
      PeriodClock::before_all, PeriodClock::before_all + 1, 0, -1, second_min - week, second_max};
  for (const std::int64_t edge : {std::int64_t{1} << 31, std::int64_t{1} << 32, std::int64_t{1} << 38}) {
    for (const std::int64_t second : {edge - 1, edge, -edge, -edge - 1}) starts.push_back(second);
  }
  for (int i = 0; i < 10'000; ++i) starts.push_back(std::uniform_int_distribution(second_min, second_max)(random));
  for (const std::int64_t start : starts) {
    ASSERT_TRUE(PackedPeriod::fits(start)) << start;
    EXPECT_EQ(PackedPeriod(start).unpack(), start);
  }
}

TEST(PackedPeriod, WhatDoesNotFitIsToldBeforehand) {
  constexpr std::int64_t least = -(std::int64_t{1} << 39) + 2;  // The two below stand for those before all periods.
  for (const std::int64_t start : {least, -least + 1}) {
    EXPECT_TRUE(PackedPeriod::fits(start));
    EXPECT_EQ(PackedPeriod(start).unpack(), start);
  }
  for (const std::int64_t start :
       {least - 1, -least + 2, PeriodClock::before_all + 2, std::numeric_limits<std::int64_t>::max()}) {
    EXPECT_FALSE(PackedPeriod::fits(start)) << start;
  }
}

}  // namespace
}  // namespace tallyho
