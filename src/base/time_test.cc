#include "base/time.h"

#include <climits>
#include <random>

#include "gtest/gtest.h"

namespace tallyho {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

TEST(TimestampTest, ReadsRfc3339) {
  struct {
    std::string_view text;
    Timestamp time;
  } const rows[] = {
      {"1970-01-01T00:00:00Z", {0, 0}},
      {"1970-01-01t00:00:00z", {0, 0}},
      {"1969-12-31T23:59:59.999Z", {-1, 999'000'000}},
      {"2026-07-19T18:00:00Z", {1'784'484'000, 0}},
      {"2026-07-19T20:00:00+02:00", {1'784'484'000, 0}},
      {"2026-07-19T14:30:00-03:30", {1'784'484'000, 0}},
      {"2026-07-20T17:59:00+23:59", {1'784'484'000, 0}},
      {"2026-07-19T18:00:00-00:00", {1'784'484'000, 0}},
      {"2026-07-19T18:00:00.5Z", {1'784'484'000, 500'000'000}},
      {"2026-07-19T18:00:00.123456789Z", {1'784'484'000, 123'456'789}},
      {"2026-07-19T18:00:00.1234567899999999999999Z", {1'784'484'000, 123'456'789}},
      {"2000-02-29T00:00:00Z", {951'782'400, 0}},
      {"2024-02-29T23:59:59Z", {1'709'251'199, 0}},
      {"0001-01-01T00:00:00Z", Timestamp::min()},
      {"9999-12-31T23:59:59.999999999Z", Timestamp::max()},
      {"0000-12-31T23:30:00-01:00", {Timestamp::min().seconds + 1800, 0}},
  };
  for (const auto& row : rows) EXPECT_EQ(parse_timestamp(row.text), row.time) << row.text;
}

TEST(TimestampTest, RefusesEverythingElse) {
  for (const std::string_view text : {"",
                                      "2026",
                                      "2026-07-19",
                                      "2026-07-19T18:00Z",
                                      "2026-07-19T18:00:00",
                                      "2026-07-19 18:00:00Z",
                                      "2026-07-19T18:00:00.Z",
                                      "2026-07-19T18:00:00,5Z",
                                      "2026-07-19T24:00:00Z",
                                      "2026-07-19T18:60:00Z",
                                      "2026-06-30T23:59:60Z",
                                      "2026-13-01T00:00:00Z",
                                      "2026-00-01T00:00:00Z",
                                      "2026-01-00T00:00:00Z",
                                      "2026-04-31T00:00:00Z",
                                      "2026-02-29T00:00:00Z",
                                      "1900-02-29T00:00:00Z",
                                      "2026-7-19T18:00:00Z",
                                      "02026-07-19T18:00:00Z",
                                      "+2026-07-19T18:00:00Z",
                                      "2026-07-19T18:00:00+2:00",
                                      "2026-07-19T18:00:00+0200",
                                      "2026-07-19T18:00:00+24:00",
                                      "2026-07-19T18:00:00+02:60",
                                      "2026-07-19T18:00:00ZZ",
                                      " 2026-07-19T18:00:00Z",
                                      "2026-07-19T18:00:00Z ",
                                      "2026-07-19T18:00:00Z\n",
                                      "0000-12-31T23:59:59Z",
                                      "0001-01-01T00:00:00+00:01",
                                      "9999-12-31T23:59:59-00:01",
                                      "2026-07-19T1a:00:00Z",
                                      "-026-07-19T18:00:00Z",
                                      "2026-07-19T18:00:00 +02:00"}) {
    EXPECT_EQ(parse_timestamp(text), std::nullopt) << text;
  }
  EXPECT_EQ(parse_timestamp(std::string_view("2026-07-19T18:00:00Z\0", 21)), std::nullopt);
}

TEST(TimestampTest, IsWrittenWithTheDigitsItTakes) {
  EXPECT_EQ(format_timestamp({}), "1970-01-01T00:00:00Z");
  EXPECT_EQ(format_timestamp({0, 120'000'000}), "1970-01-01T00:00:00.12Z");
  EXPECT_EQ(format_timestamp({-1, 1}), "1969-12-31T23:59:59.000000001Z");
  EXPECT_EQ(format_timestamp(Timestamp::min()), "0001-01-01T00:00:00Z");
  EXPECT_EQ(format_timestamp(Timestamp::max()), "9999-12-31T23:59:59.999999999Z");
}

// Goal: writing and reading are inverse over the whole range. Method: random instants of a fixed seed.
TEST(TimestampTest, WhatIsWrittenReadsBack) {
  constexpr std::uint64_t seed = 20'260'719;
  std::mt19937_64 random(seed);
  std::uniform_int_distribution<std::int64_t> any_second(Timestamp::min().seconds, Timestamp::max().seconds);
  for (int i = 0; i < 20'000; ++i) {
    const Timestamp time{any_second(random), static_cast<std::int32_t>(random() % 1'000'000'000)};
    ASSERT_EQ(parse_timestamp(format_timestamp(time)), time) << "seed " << seed << ", step " << i;
  }
}

TEST(TimestampTest, MillisecondsAreFloored) {
  EXPECT_EQ(Timestamp::from_millis(-1), (Timestamp{-1, 999'000'000}));
  EXPECT_EQ(Timestamp::from_millis(-1000), (Timestamp{-1, 0}));
  EXPECT_EQ(Timestamp::from_millis(1001), (Timestamp{1, 1'000'000}));
  EXPECT_EQ((Timestamp{-1, 999'999'999}).to_millis(), -1);
  for (const std::int64_t millis : {-62'135'596'800'000L, -1'001L, -999L, 0L, 999L, 253'402'300'799'999L}) {
    EXPECT_EQ(Timestamp::from_millis(millis).to_millis(), millis);
  }
  for (const std::int64_t millis : {INT64_MIN, INT64_MAX}) EXPECT_FALSE(Timestamp::from_millis(millis).is_valid());
}

TEST(TimestampTest, SumsLeaveTheRangeAsNothing) {
  const Timestamp time{100, 999'999'999};
  EXPECT_EQ(add(time, Duration(1)), (Timestamp{101, 0}));
  EXPECT_EQ(add(time, -hours(1)), (Timestamp{-3500, 999'999'999}));
  EXPECT_EQ(subtract(Timestamp{0, 0}, Duration(1)), (Timestamp{-1, 999'999'999}));
  EXPECT_EQ(add(Timestamp::max(), Duration(1)), std::nullopt);
  EXPECT_EQ(add(Timestamp::max(), Duration(0)), Timestamp::max());
  EXPECT_EQ(subtract(Timestamp::min(), Duration(1)), std::nullopt);
  // Two to the 63rd nanoseconds, a Duration only with a minus.
  EXPECT_EQ(subtract(Timestamp{0, 0}, Duration::min()), (Timestamp{9'223'372'036, 854'775'808}));
  EXPECT_EQ(add(Timestamp{0, 0}, Duration::min()), (Timestamp{-9'223'372'037, 145'224'192}));
}

TEST(TimestampTest, DifferencesThatAreNoDurationAreNothing) {
  const Timestamp a{5, 100};
  EXPECT_EQ(subtract(Timestamp{7, 50}, a), Duration(1'999'999'950));
  EXPECT_EQ(subtract(a, Timestamp{7, 50}), Duration(-1'999'999'950));
  EXPECT_EQ(subtract(Timestamp::max(), Timestamp::min()), std::nullopt);
  EXPECT_EQ(subtract(Timestamp{9'223'372'036, 854'775'807}, Timestamp{}), Duration::max());
  EXPECT_EQ(subtract(Timestamp{9'223'372'036, 854'775'808}, Timestamp{}), std::nullopt);
  EXPECT_EQ(subtract(Timestamp{-9'223'372'037, 145'224'192}, Timestamp{}), Duration::min());
  EXPECT_EQ(subtract(Timestamp{-9'223'372'037, 145'224'191}, Timestamp{}), std::nullopt);
}

TEST(DurationTest, ReadsWhatCelReads) {
  struct {
    std::string_view text;
    Duration duration;
  } const rows[] = {
      {"0", Duration(0)},
      {"-0", Duration(0)},
      {"0s", Duration(0)},
      {"10m", minutes(10)},
      {"24h", hours(24)},
      {"1h30m", minutes(90)},
      {"1.5h", minutes(90)},
      {"-1.5s", Duration(-1'500'000'000)},
      {"+5s", seconds(5)},
      {".5s", Duration(500'000'000)},
      {"1.s", seconds(1)},
      {"250ms", Duration(250'000'000)},
      {"3us", Duration(3'000)},
      {"3\u00b5s", Duration(3'000)},
      {"3\u03bcs", Duration(3'000)},
      {"7ns", Duration(7)},
      {"1s1s", seconds(2)},
      {"30m1h", minutes(90)},
      {"1h2m3s4ms5us6ns", Duration(3'723'004'005'006)},
      {"1.9ns", Duration(1)},
      {"-1.9ns", Duration(-1)},
      {"0.000000001s", Duration(1)},
      {"0.3333333333333333333333333333333h", Duration(1'199'999'999'999)},
      {"1000000s", seconds(1'000'000)},
      {"9223372036.854775807s", Duration::max()},
      {"9223372036854775807ns", Duration::max()},
      {"-9223372036854775808ns", Duration::min()},
      {"-9223372036.854775808s", Duration::min()},
  };
  for (const auto& row : rows) EXPECT_EQ(parse_duration(row.text), row.duration) << row.text;
}

TEST(DurationTest, RefusesEverythingElse) {
  for (const std::string_view text : {"",
                                      "-",
                                      "+",
                                      ".",
                                      "s",
                                      ".s",
                                      "5",
                                      "00",
                                      "1.5",
                                      "5 s",
                                      "5x",
                                      "5S",
                                      "1d",
                                      "1w",
                                      "--5s",
                                      "5s-1s",
                                      "1..5s",
                                      "1e3s",
                                      " 5s",
                                      "5s ",
                                      "5sec",
                                      "0x5s",
                                      "infs",
                                      "9223372036854775808ns",
                                      "-9223372036854775809ns",
                                      "320000000000s",
                                      "9223372036854775807h",
                                      "9999999999999999999999999999999999999999h",
                                      "9223372036s9223372036s",
                                      "5\xc2s"}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
  }
}

TEST(DurationTest, IsWrittenInSeconds) {
  EXPECT_EQ(format_duration(Duration(0)), "0s");
  EXPECT_EQ(format_duration(seconds(1'000'000)), "1000000s");
  EXPECT_EQ(format_duration(minutes(-10)), "-600s");
  EXPECT_EQ(format_duration(Duration(5'000'000)), "0.005s");
  EXPECT_EQ(format_duration(Duration(-5'000'000)), "-0.005s");
  EXPECT_EQ(format_duration(Duration(-1'500'000'000)), "-1.5s");
  EXPECT_EQ(format_duration(Duration::max()), "9223372036.854775807s");
  EXPECT_EQ(format_duration(Duration::min()), "-9223372036.854775808s");
}

}  // namespace
}  // namespace tallyho
