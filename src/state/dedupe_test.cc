#include "state/dedupe.h"

#include <deque>
#include <random>
#include <string>

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
  RememberedIds ids;
  EXPECT_EQ(ids.find("a", at(0), limits), std::nullopt);
  ids.remember("a", at(0), 570, limits);
  EXPECT_EQ(ids.find("a", at(1), limits), 570);
  EXPECT_EQ(ids.find("b", at(1), limits), std::nullopt);
}

TEST(RememberedIds, OnlyTheNewestAreRemembered) {
  RememberedIds ids;
  for (const char* id : {"a", "b", "c"}) ids.remember(id, at(0), 1, limits);
  EXPECT_TRUE(ids.find("a", at(0), limits));  // Two newer ones: fewer than three.
  ids.remember("d", at(0), 1, limits);
  EXPECT_FALSE(ids.find("a", at(0), limits));
  EXPECT_TRUE(ids.find("b", at(0), limits));
}

TEST(RememberedIds, AnIdIsForgottenOnceTheWindowHasPassed) {
  RememberedIds ids;
  ids.remember("a", at(100), 1, limits);
  EXPECT_TRUE(ids.find("a", {699, 999'999'999}, limits));
  EXPECT_FALSE(ids.find("a", at(700), limits));
}

TEST(RememberedIds, TheWindowIsExactToTheNanosecondAtAnyTime) {
  const Timestamp last = Timestamp::max();
  for (const std::int64_t second :
       {Timestamp::min().seconds, std::int64_t{-1}, std::int64_t{0}, std::int64_t{1} << 34, last.seconds - 600}) {
    RememberedIds ids;
    ids.remember("a", {second, 123'456'789}, -7, limits);
    EXPECT_EQ(ids.find("a", {second + 600, 123'456'788}, limits), -7) << second;
    EXPECT_EQ(ids.find("a", {second + 600, 123'456'789}, limits), std::nullopt) << second;
  }
  RememberedIds ids;
  ids.remember("a", last, INT64_MIN, limits);
  EXPECT_EQ(ids.find("a", last, limits), INT64_MIN) << "its window ends after the end of time";
}

TEST(RememberedIds, AForgottenIdCanComeAgain) {
  RememberedIds ids;
  ids.remember("a", at(0), 1, limits);
  ids.remember("a", at(600), 2, limits);
  EXPECT_EQ(ids.find("a", at(601), limits), 2);
}

TEST(RememberedIds, ExpiredIdsMakeRoomBeforeMoreIsTaken) {
  constexpr RememberedIds::Limits many{.window = minutes(10), .per_player = 1000};
  RememberedIds ids;
  for (int i = 0; i < 1000; ++i) ids.remember(std::to_string(i), at(i * 200), i, many);  // Three of them at a time.
  EXPECT_LE(ids.memory_bytes(), 4U * 26);
  EXPECT_EQ(ids.find("999", at(999 * 200), many), 999);
  EXPECT_EQ(ids.find("997", at(999 * 200), many), 997);
  EXPECT_FALSE(ids.find("996", at(999 * 200), many));
}

TEST(RememberedIds, NothingIsRememberedWhereTheRulesetSaysSo) {
  for (const RememberedIds::Limits none : {RememberedIds::Limits{.window = minutes(10), .per_player = 0},
                                           RememberedIds::Limits{.window = seconds(0), .per_player = 3}}) {
    RememberedIds ids;
    ids.remember("a", at(0), 1, none);
    EXPECT_FALSE(ids.find("a", at(0), none));
    EXPECT_EQ(ids.memory_bytes(), 0U);
  }
}

// Against a list of everything accepted, read by the words of the specification.
TEST(RememberedIds, DoesWhatTheSpecificationSays) {
  struct Accepted {
    std::string id;
    Timestamp arrival;
    std::int64_t points;
  };
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  for (const std::uint32_t per_player : {1U, 2U, 32U, 100U}) {
    const RememberedIds::Limits some{.window = seconds(60), .per_player = per_player};
    RememberedIds ids;
    std::deque<Accepted> accepted;  // Newest first.
    std::int64_t now = 0;
    for (int step = 0; step < 5000; ++step) {
      now += random() % 4;
      const std::string id = "e" + std::to_string(random() % (per_player * 3));
      std::optional<std::int64_t> expected;
      for (std::size_t newer = 0; newer < accepted.size() && newer < per_player; ++newer) {
        if (accepted[newer].id == id && now - accepted[newer].arrival.seconds < 60) expected = accepted[newer].points;
      }
      ASSERT_EQ(ids.find(id, at(now), some), expected) << "step " << step << " of " << per_player;
      if (expected) continue;
      ids.remember(id, at(now), step, some);
      accepted.push_front({id, at(now), step});
    }
  }
}

}  // namespace
}  // namespace tallyho
