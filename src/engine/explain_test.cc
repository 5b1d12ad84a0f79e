#include "engine/game.h"

namespace tallyho {
namespace {

using std::chrono::minutes;
using Verdict = RuleExplanation::Verdict;
using testing::ElementsAre;

constexpr std::string_view hunt = R"yaml(
  events: {find: {value: int}}
  state: {player: {finds: int}}
  rules:
    - {id: base, points: event.value, set: {player.finds: player.finds + 1}}
    - {id: tenth, when: player.finds > 2 && event.value > 5, points: 100}
    - {id: bonus, points: 7, cooldown: 5m}
    - {id: refuse, when: event.value == 13, reject: "'unlucky'"}
    - {id: fail, when: event.value == 14, points: 1 / (event.value - 14)}
    - {id: last, points: 1}
  boards: [{id: global, value: 10 / (event.value - 3)}])yaml";

std::vector<Verdict> verdicts(const Explanation& explanation) {
  std::vector<Verdict> all;
  all.reserve(explanation.rules.size());
  for (const RuleExplanation& rule : explanation.rules) all.push_back(rule.verdict);
  return all;
}

TEST(Explain, SaysWhatEachRuleDid) {
  Game game(hunt);
  const Explanation first = game.explain("ada", "find", "'value': 6");
  EXPECT_EQ(first.code, Code::ok);
  EXPECT_EQ(first.points, 6 + 7 + 1);
  EXPECT_EQ(first.total, 14);
  EXPECT_THAT(verdicts(first), ElementsAre(Verdict::fired, Verdict::condition_false, Verdict::fired,
                                           Verdict::condition_false, Verdict::condition_false, Verdict::fired));
  EXPECT_EQ(first.rules[0].points, 6);
  EXPECT_FALSE(first.rules[1].findings.empty());
}

std::vector<std::string> findings(const RuleExplanation& rule) {
  std::vector<std::string> all;
  all.reserve(rule.findings.size());
  for (const cel::Finding& finding : rule.findings) all.push_back(finding.text + " = " + finding.value);
  return all;
}

// Of each rule that almost fired: what kept it back, and the values in that, also where a set or window is asked.
TEST(Explain, SaysWhyRulesAlmostFired) {
  Game game(R"yaml(
    events: {find: {value: int, treasure: string, tags: list<string>}}
    state: {player: {finds: int, found: {type: set, capacity: 8}, recent: {type: window, span: 5m, capacity: 8}}}
    rules:
      - {id: count, set: {player.finds: player.finds + 1}, add: {player.found: event.treasure, player.recent: now}}
      - {id: third, when: event.value > 1 && player.finds * 2 >= 6 && event.value > 99, points: 1}
      - {id: again, when: event.treasure in player.found && player.found.size() > 2, points: 1}
      - {id: rapid, when: player.recent.count() >= 5, points: 1}
      - {id: tagged, when: "event.tags.exists(t, t in player.found && t == 'x')", points: 1}
      - {id: broken, when: 10 / (event.value - 7) > 0, points: 1})yaml");
  game.send("ada", "find", "'value': 1, 'treasure': 't1', 'tags': []");
  const Explanation told = game.explain("ada", "find", "'value': 7, 'treasure': 't2', 'tags': ['a']");
  EXPECT_THAT(verdicts(told), ElementsAre(Verdict::fired, Verdict::condition_false, Verdict::condition_false,
                                          Verdict::condition_false, Verdict::condition_false, Verdict::failed));
  EXPECT_THAT(findings(told.rules[1]), ElementsAre("player.finds * 2 >= 6 = false", "player.finds = 2"));
  EXPECT_THAT(findings(told.rules[2]), ElementsAre("player.found.size() > 2 = false", "player.found.size() = 2"));
  EXPECT_THAT(findings(told.rules[3]), ElementsAre("player.recent.count() >= 5 = false", "player.recent.count() = 2"));
  EXPECT_THAT(findings(told.rules[4]),
              ElementsAre("event.tags.exists(t, t in player.found && t == 'x') = false", "event.tags = ['a']"));
  EXPECT_THAT(findings(told.rules[5]),
              ElementsAre("10 / (event.value - 7) > 0 = error: division by zero", "event.value = 7"));
}

TEST(Explain, SaysUntilWhenARuleCoolsDown) {
  Game game(hunt);
  game.send("ada", "find", "'value': 6");
  const Explanation again = game.explain("ada", "find", "'value': 6");
  EXPECT_EQ(again.rules[2].verdict, Verdict::cooling_down);
  EXPECT_EQ(again.rules[2].note, "until 2026-07-19T12:05:00Z");
  EXPECT_EQ(again.total, 14 + 7);
}

TEST(Explain, StopsWhereTheEventDoes) {
  Game game(hunt);
  const Explanation rejected = game.explain("ada", "find", "'value': 13");
  EXPECT_EQ(rejected.code, Code::rejected);
  EXPECT_EQ(rejected.message, "unlucky");
  EXPECT_EQ(rejected.points, 0);
  EXPECT_THAT(verdicts(rejected), ElementsAre(Verdict::fired, Verdict::condition_false, Verdict::fired,
                                              Verdict::rejected, Verdict::not_reached, Verdict::not_reached));
  EXPECT_EQ(rejected.rules[3].note, "unlucky");

  const Explanation failed = game.explain("ada", "find", "'value': 14");
  EXPECT_EQ(failed.code, Code::rule_error);
  EXPECT_EQ(failed.rules[4].verdict, Verdict::failed);
  EXPECT_THAT(failed.rules[4].note, testing::StartsWith("points: division by zero"));
  EXPECT_EQ(failed.rules[5].verdict, Verdict::not_reached);
}

TEST(Explain, SaysWhatComesBeforeAndBehindTheRules) {
  Game game(hunt);
  const Explanation late = game.explain("ada", "find", "'value': 1, 'ts': 0");
  EXPECT_EQ(late.code, Code::out_of_time);
  for (const RuleExplanation& rule : late.rules) EXPECT_EQ(rule.verdict, Verdict::not_reached);

  const Explanation board = game.explain("ada", "find", "'value': 3");
  EXPECT_EQ(board.code, Code::rule_error);
  EXPECT_THAT(board.message, testing::StartsWith("value: division by zero"));

  game.send("ada", "find", "'value': 6, 'id': 'e1'");
  const Explanation duplicate = game.explain("ada", "find", "'value': 6, 'id': 'e1'");
  EXPECT_EQ(duplicate.code, Code::duplicate);
  EXPECT_EQ(duplicate.points, 14);
  EXPECT_EQ(duplicate.total, 14);
}

TEST(Explain, SaysWhatIngestThenDoes) {
  Game game(hunt);
  for (int value = 0; value < 20; ++value) {
    const std::string event = "'value': " + std::to_string(value);
    const Explanation explained = game.explain("ada", "find", event);
    const Answer answer = game.send("ada", "find", event);
    EXPECT_EQ(explained.code, answer.code) << event;
    EXPECT_EQ(explained.points, answer.points) << event;
    EXPECT_EQ(explained.total, answer.total) << event;
    EXPECT_EQ(explained.message, answer.message) << event;
    std::vector<std::pair<std::string, std::int64_t>> fired;
    for (const RuleExplanation& rule : explained.rules) {
      if (rule.verdict == Verdict::fired) fired.emplace_back(game.ruleset().rules[rule.rule].id, rule.points);
    }
    if (answer.code == Code::ok) {
      EXPECT_EQ(fired, answer.fired) << event;
    }
    game.later(minutes(1));
  }
}

}  // namespace
}  // namespace tallyho
