#include "state/dedupe.h"

#include <deque>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace tallyho {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr RememberedIds::Limits limits{.window = minutes(10), .per_player = 3};

Timestamp at(std::int64_t second) {
  return {second, 0};
}

TEST(RememberedIds, AnIdIsKnownWithItsAnswer) {
  OwnedIds ids;
  EXPECT_EQ(ids.find(IdHash("a"), at(0), limits), std::nullopt);
  ids.remember(IdHash("a"), at(0), 570, limits);
  EXPECT_EQ(ids.find(IdHash("a"), at(1), limits), 570);
  EXPECT_EQ(ids.find(IdHash("b"), at(1), limits), std::nullopt);
}

TEST(RememberedIds, OnlyTheNewestAreRemembered) {
  OwnedIds ids;
  for (const char* id : {"a", "b", "c"}) ids.remember(IdHash(id), at(0), 1, limits);
  EXPECT_TRUE(ids.find(IdHash("a"), at(0), limits));  // Two newer ones: fewer than three.
  ids.remember(IdHash("d"), at(0), 1, limits);
  EXPECT_FALSE(ids.find(IdHash("a"), at(0), limits));
  EXPECT_TRUE(ids.find(IdHash("b"), at(0), limits));
}

TEST(RememberedIds, AnIdIsForgottenOnceTheWindowHasPassed) {
  OwnedIds ids;
  ids.remember(IdHash("a"), at(100), 1, limits);
  EXPECT_TRUE(ids.find(IdHash("a"), {699, 999'999'999}, limits));
  EXPECT_FALSE(ids.find(IdHash("a"), at(700), limits));
}

TEST(RememberedIds, TheWindowIsExactToTheNanosecondAtAnyTime) {
  const Timestamp last = Timestamp::max();
  for (const std::int64_t second :
       {Timestamp::min().seconds, std::int64_t{-1}, std::int64_t{0}, std::int64_t{1} << 34, last.seconds - 600}) {
    OwnedIds ids;
    ids.remember(IdHash("a"), {second, 123'456'789}, -7, limits);
    EXPECT_EQ(ids.find(IdHash("a"), {second + 600, 123'456'788}, limits), -7) << second;
    EXPECT_EQ(ids.find(IdHash("a"), {second + 600, 123'456'789}, limits), std::nullopt) << second;
  }
  OwnedIds ids;
  ids.remember(IdHash("a"), last, INT64_MIN, limits);
  EXPECT_EQ(ids.find(IdHash("a"), last, limits), INT64_MIN) << "its window ends after the end of time";
}

TEST(RememberedIds, AForgottenIdCanComeAgain) {
  OwnedIds ids;
  ids.remember(IdHash("a"), at(0), 1, limits);
  ids.remember(IdHash("a"), at(600), 2, limits);
  EXPECT_EQ(ids.find(IdHash("a"), at(601), limits), 2);
}

TEST(RememberedIds, ExpiredIdsMakeRoomBeforeMoreIsTaken) {
  constexpr RememberedIds::Limits many{.window = minutes(10), .per_player = 1000};
  OwnedIds ids;
  for (int i = 0; i < 1000; ++i)
    ids.remember(IdHash(std::to_string(i)), at(std::int64_t{i} * 200), i, many);  // Three of them at a time.
  EXPECT_LE(ids.memory_bytes(), 4U * 26);
  const Timestamp last = at(std::int64_t{999} * 200);
  EXPECT_EQ(ids.find(IdHash("999"), last, many), 999);
  EXPECT_EQ(ids.find(IdHash("997"), last, many), 997);
  EXPECT_FALSE(ids.find(IdHash("996"), last, many));
}

std::vector<std::uint64_t> hashed(const RememberedIds& ids) {
  std::vector<std::uint64_t> words;
  ids.hash([&words](std::uint64_t word) { words.push_back(word); });
  return words;
}

// What is kept lies within years, in whole microseconds, and was answered with few points: that takes less room. It
// shows in nothing else.
TEST(RememberedIds, HowMuchRoomAnIdTakesShowsInNothingElse) {
  struct Case {
    const char* what;
    Timestamp arrival;
    std::int64_t points;
    bool is_wide;
  };
  constexpr std::int64_t day = 86'400;
  constexpr Timestamp now{1'800'000'000, 123'456'000};
  constexpr std::int64_t points_max = (1 << 23) - 1;
  for (const Case& c : {Case{"the same day", {now.seconds - day, 5'000}, 1, false},
                        Case{"years before", {now.seconds - 3'100 * day, 5'000}, 1, false},
                        Case{"nine years before", {now.seconds - 3'300 * day, 5'000}, 1, true},
                        Case{"the beginning of time", Timestamp::min(), 1, true},
                        Case{"between two microseconds", {now.seconds - day, 5'001}, 1, true},
                        Case{"the most points", {now.seconds - day, 5'000}, points_max, false},
                        Case{"the fewest points", {now.seconds - day, 5'000}, -points_max - 1, false},
                        Case{"more points", {now.seconds - day, 5'000}, points_max + 1, true},
                        Case{"fewer points", {now.seconds - day, 5'000}, -points_max - 2, true}}) {
    SCOPED_TRACE(c.what);
    OwnedIds narrow;
    OwnedIds ids;
    ids.remember(IdHash("first"), c.arrival, c.points, limits);
    EXPECT_EQ(ids.find(IdHash("first"), c.arrival, limits), c.points);
    for (const char* id : {"a", "b", "c"}) {
      for (RememberedIds* to : {&ids, &narrow}) to->remember(IdHash(id), now, *id, limits);
    }
    EXPECT_EQ(ids.memory_bytes() > narrow.memory_bytes(), c.is_wide);
    EXPECT_EQ(ids.find(IdHash("first"), now, limits), std::nullopt);
    for (const char* id : {"a", "b", "c"}) {
      EXPECT_EQ(ids.find(IdHash(id), {now.seconds + 600, now.nanos - 1}, limits), *id);
      EXPECT_EQ(ids.find(IdHash(id), {now.seconds + 600, now.nanos}, limits), std::nullopt);
    }
    EXPECT_EQ(hashed(ids), hashed(narrow));
  }
}

TEST(RememberedIds, NothingIsRememberedWhereTheRulesetSaysSo) {
  for (const RememberedIds::Limits none : {RememberedIds::Limits{.window = minutes(10), .per_player = 0},
                                           RememberedIds::Limits{.window = seconds(0), .per_player = 3}}) {
    OwnedIds ids;
    ids.remember(IdHash("a"), at(0), 1, none);
    EXPECT_FALSE(ids.find(IdHash("a"), at(0), none));
    EXPECT_EQ(ids.memory_bytes(), 0U);
  }
}

// Against a list of everything accepted, read by the words of the specification. `pause_max`: so many times `tick` may
// pass between two events. `points_max`: so many points, or minus so many.
void expect_what_the_specification_says(std::uint32_t per_player, Duration tick, std::int64_t pause_max,
                                        std::int64_t points_max) {
  struct Accepted {
    std::string id;
    Timestamp arrival;
    std::int64_t points;
  };
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed << ", pauses up to " << pause_max << " times "
                                  << format_duration(tick));
  std::mt19937_64 random(seed);
  const Duration window = tick * pause_max * 20;
  const RememberedIds::Limits some{.window = window, .per_player = per_player};
  OwnedIds ids;
  std::deque<Accepted> accepted;  // Newest first.
  Timestamp now = *parse_timestamp("2026-07-19T12:00:00Z");
  for (int step = 0; step < 5000; ++step) {
    now = *add(now, tick * std::uniform_int_distribution<std::int64_t>(0, pause_max)(random));
    const std::string id = "e" + std::to_string(random() % (std::uint64_t{per_player} * 3));
    std::optional<std::int64_t> expected;
    for (std::size_t newer = 0; newer < accepted.size() && newer < per_player; ++newer) {
      if (accepted[newer].id == id && now < *add(accepted[newer].arrival, window)) expected = accepted[newer].points;
    }
    ASSERT_EQ(ids.find(IdHash(id), now, some), expected) << "step " << step << " of " << per_player;
    if (expected) continue;
    const std::int64_t points = std::uniform_int_distribution(-points_max, points_max)(random);
    ids.remember(IdHash(id), now, points, some);
    accepted.push_front({id, now, points});
  }
}

TEST(RememberedIds, DoesWhatTheSpecificationSays) {
  constexpr Duration ns(1);
  constexpr Duration us(1'000);
  constexpr Duration day = std::chrono::hours(24);
  constexpr std::int64_t few = 1 << 23;
  for (const std::uint32_t per_player : {1U, 2U, 32U, 100U}) {
    expect_what_the_specification_says(per_player, ns, 10, 9);
    expect_what_the_specification_says(per_player, us, 10, 9);
    expect_what_the_specification_says(per_player, us, 3'000'000, few - 1);
    expect_what_the_specification_says(per_player, day, 10, few - 1);  // Mostly narrow, with another base now and then.
    expect_what_the_specification_says(per_player, day, 200, few);     // Narrow and wide.
    expect_what_the_specification_says(per_player, us, 3'600'000'000, INT64_MAX);
  }
}

}  // namespace
}  // namespace tallyho
