#include "cli/offline.h"

#include <string>

#include "gtest/gtest.h"
#include "ruleset/loader.h"

namespace tallyho::cli {
namespace {

constexpr const char* hunt = R"(
tallyho: 1
name: hunt
events:
  find: {value: int}
rules:
  - {id: find, on: find, points: event.value}
boards:
  - id: global
  - {id: today, window: {every: daily, keep: 3}}
)";

std::unique_ptr<Offline> game() {
  auto ruleset = load_ruleset(hunt, "hunt.yaml");
  EXPECT_TRUE(ruleset.has_value());
  return std::make_unique<Offline>(*ruleset);
}

TEST(Offline, WithoutAtTheArrivalTimeIsTheGreatestEventTimeSoFar) {
  const auto game_owner = game();
  Offline& offline = *game_owner;
  EXPECT_EQ(offline.score(R"({"type":"find","player":"ada","value":1,"ts":"2026-07-19T12:00:00Z"})").code, Code::ok);
  // 23 hours late: within the clock's 24 h.
  EXPECT_EQ(offline.score(R"({"type":"find","player":"ada","value":1,"ts":"2026-07-18T13:00:00Z"})").code, Code::ok);
  // 25 hours late.
  const Answer& late = offline.score(R"({"type":"find","player":"ada","value":1,"ts":"2026-07-18T11:00:00Z"})");
  EXPECT_EQ(late.code, Code::out_of_time);
  EXPECT_EQ(late.field, "ts");
}

TEST(Offline, AtIsTheArrivalTime) {
  const auto game_owner = game();
  Offline& offline = *game_owner;
  // An hour ahead of its arrival: beyond the 5 s that an event may lead.
  EXPECT_EQ(
      offline
          .score(R"({"type":"find","player":"ada","value":1,"ts":"2026-07-19T13:00:00Z","at":"2026-07-19T12:00:00Z"})")
          .code,
      Code::out_of_time);
}

TEST(Offline, InvalidEventsDoNotMoveTheTime) {
  const auto game_owner = game();
  Offline& offline = *game_owner;
  offline.score(R"({"type":"find","player":"ada","value":"x","ts":"2026-07-25T12:00:00Z"})");
  EXPECT_EQ(offline.score(R"({"type":"find","player":"ada","value":1,"ts":"2026-07-19T12:00:00Z"})").code, Code::ok);
}

TEST(Offline, AnEventWithoutAnyTimeIsAtTheEpochAtFirst) {
  const auto game_owner = game();
  Offline& offline = *game_owner;
  EXPECT_EQ(offline.score(R"({"type":"find","player":"ada","value":5})").code, Code::ok);
  EXPECT_EQ(boards_json(offline.engine()), R"({"global":[{"rank":1,"member":"ada","value":5}],)"
                                           R"("today":{"1970-01-01":[{"rank":1,"member":"ada","value":5}]}})");
}

TEST(Offline, ExplainChangesNothing) {
  const auto game_owner = game();
  Offline& offline = *game_owner;
  const Explanation explanation = offline.explain(R"({"type":"find","player":"ada","value":5})");
  EXPECT_EQ(explanation.code, Code::ok);
  EXPECT_EQ(explanation.points, 5);
  ASSERT_EQ(explanation.rules.size(), 1u);
  EXPECT_EQ(explanation.rules[0].verdict, RuleExplanation::Verdict::fired);
  EXPECT_EQ(boards_json(offline.engine()), R"({"global":[],"today":{}})");
  EXPECT_EQ(offline.engine().version(), 0u);
}

}  // namespace
}  // namespace tallyho::cli
