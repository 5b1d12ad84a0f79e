#include "server/readiness.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tallyho {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;
using testing::Optional;

const Readiness::Clock::time_point noon = Readiness::Clock::time_point(std::chrono::hours(12));

TEST(Readiness, ANewServerIsStartingAndSaysHowFarItHasCome) {
  Readiness readiness;
  EXPECT_FALSE(readiness.is_started());
  EXPECT_THAT(readiness.why_not(noon), Optional(std::string("starting")));
  readiness.replayed(8812);
  EXPECT_THAT(readiness.why_not(noon), Optional(HasSubstr("position 8812")));
}

TEST(Readiness, WhoRunsIsReadyUntilItStops) {
  Readiness readiness;
  readiness.set(Readiness::Phase::running);
  EXPECT_TRUE(readiness.is_started());
  EXPECT_EQ(readiness.why_not(noon), std::nullopt);
  readiness.set(Readiness::Phase::stopping);
  EXPECT_THAT(readiness.why_not(noon), Optional(HasSubstr("shutting down")));
}

TEST(Readiness, AnEngineThatDoesNotMoveIsNotReady) {
  Readiness readiness;
  readiness.set(Readiness::Phase::running);
  readiness.beat(noon);
  EXPECT_EQ(readiness.why_not(noon + Readiness::stuck_after), std::nullopt);
  EXPECT_THAT(readiness.why_not(noon + Readiness::stuck_after + seconds(1)), Optional(HasSubstr("for 11 s")));
  readiness.beat(noon + seconds(20));
  EXPECT_EQ(readiness.why_not(noon + seconds(21)), std::nullopt);
}

TEST(Readiness, ALogThatRefusesCountsForAWhile) {
  Readiness readiness;
  readiness.set(Readiness::Phase::running);
  readiness.refused(noon);
  EXPECT_THAT(readiness.why_not(noon + seconds(1)), Optional(HasSubstr("disk is full")));
  EXPECT_EQ(readiness.why_not(noon + Readiness::refused_for), std::nullopt);
}

}  // namespace
}  // namespace tallyho
