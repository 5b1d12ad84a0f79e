#include "cli/ruleset_tests.h"

#include <fstream>
#include <string>

#include "base/testing/temporary_folder.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tallyho::cli {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* hunt = R"(
tallyho: 1
name: hunt
events:
  find: {value: {type: int, max: 100}}
state:
  player: {finds: int}
rules:
  - {id: base, on: find, points: event.value, set: {player.finds: player.finds + 1}}
  - {id: third, on: find, when: player.finds == 3, points: 1000, notify: "'Three!'"}
boards:
  - id: global
)";

// Runs `tests` (the items under `tests:`) against the little hunt.
TestReport run(const std::string& tests) {
  const TemporaryFolder folder;
  std::ofstream(folder.path() + "/hunt.yaml") << hunt;
  std::ofstream(folder.path() + "/hunt.test.yaml") << "ruleset: hunt.yaml\ntests:\n" << tests;
  return run_ruleset_tests(folder.path() + "/hunt.test.yaml");
}

auto failing_with(const std::string& message) {
  return Field(&TestFailure::message, HasSubstr(message));
}

TEST(RulesetTests, AMetExpectationPasses) {
  const TestReport report = run(R"(
  - name: three finds
    events:
      - {at: 2026-07-19T20:00:00Z, event: {type: find, player: ada, value: 7},
         expect: {code: ok, points: 7, total: 7, fired: [base], not_fired: [third], notices: []}}
      - {event: {type: find, player: ada, value: 1}}
      - {event: {type: find, player: ada, value: 1}, expect: {points: 1001, notices: ['Three!']}}
      - {event: {type: find, player: ada, value: 101}, expect: {code: invalid_field, field: value}}
      - {event: '{"type":', expect: {code: malformed}}
    expect:
      players: {ada: {total: 1009, finds: 3}}
      boards: {global: [{rank: 1, member: ada, value: 1009}]}
)");
  EXPECT_THAT(report.failures, IsEmpty());
  EXPECT_EQ(report.passed, 1u);
}

TEST(RulesetTests, EveryUnmetExpectationFailsWithBothSidesAndItsLine) {
  const TestReport report = run(R"(
  - name: wrong
    events:
      - event: {type: find, player: ada, value: 7}
        expect:
          points: 8
          fired: [third]
          not_fired: [base]
    expect:
      players: {ada: {finds: 2}, bob: {total: 1}}
      boards: {global: [{rank: 1, member: bob}]}
)");
  EXPECT_EQ(report.failed, 1u);
  EXPECT_THAT(
      report.failures,
      ElementsAre(failing_with("points: expected 8, got 7"), failing_with("third: expected to fire; fired: base"),
                  failing_with("base: expected to not fire"), failing_with("ada.finds: expected 2, got 1"),
                  failing_with("player bob: expected to be there"), failing_with("global: expected {\"rank\":1")));
  EXPECT_EQ(report.failures[0].line, 8);
}

TEST(RulesetTests, AnUnexpectedCodeFailsEvenIfNobodyAsked) {
  const TestReport report =
      run("  - {name: x, events: [{event: {type: find, player: ada, value: x}, expect: {points: 0}}]}\n");
  EXPECT_THAT(report.failures, ElementsAre(failing_with("expected \"ok\", got \"invalid_field\"")));
}

TEST(RulesetTests, AnEmptyBoardIsExpectedByAnEmptyList) {
  const std::string event = "{event: {type: find, player: ada, value: 1}}";
  EXPECT_EQ(run("  - {name: x, events: [], expect: {boards: {global: []}}}\n").passed, 1u);
  EXPECT_EQ(run("  - {name: x, events: [" + event + "], expect: {boards: {global: []}}}\n").failed, 1u);
}

TEST(RulesetTests, MistakesInTheFileAreNamed) {
  EXPECT_THAT(run("  - {name: x, evnts: []}\n").failures, ElementsAre(failing_with("did you mean 'events'?")));
  EXPECT_THAT(
      run("  - {name: x, events: [{event: {type: find, player: a, value: 1}, expect: {fired: [bse]}}]}\n").failures,
      ElementsAre(failing_with("no rule 'bse'")));
  EXPECT_THAT(run("  - {name: x, events: [{at: noon, event: {}}]}\n").failures, ElementsAre(failing_with("RFC 3339")));
  EXPECT_THAT(run("  - [\n").failures, testing::SizeIs(1));
  EXPECT_THAT(run_ruleset_tests("/nowhere.yaml").failures, ElementsAre(failing_with("can't be read")));
}

}  // namespace
}  // namespace tallyho::cli
