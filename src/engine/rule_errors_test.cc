// All or nothing: whatever fails, the event is answered with the rule or board and the reason, and changes nothing.
// (Game checks the last part with every event.)

#include "engine/game.h"

namespace tallyho {
namespace {

// A rule that changes state, total and a notice, and one behind it that fails by `expression` in `part`.
Answer fail(const std::string& rule, std::string_view event = "'value': 0") {
  Game game(R"yaml(
    events: {find: {value: int, text: {type: string, optional: true}}}
    state:
      player:
        finds: int
        tag: {type: string, max_bytes: 4}
        found: {type: set, capacity: 2, max_bytes: 4}
        recent: {type: window, span: 5m, capacity: 2}
      team: {key: player.tag, finds: int}
      slot: {key: "['a', 'b'][event.value]", finds: int}
    tables: {factor: {common: 1}, list: [1, 2]}
    rules:
      - {id: change, points: 10, set: {player.finds: player.finds + 1}, add: {player.found: "'a'", player.recent: now},
         notify: "'changed'"}
      - )yaml" +
            rule + "\n");
  return game.send("ada", "find", event);
}

TEST(RuleErrors, NameTheRuleThePartAndThePlace) {
  EXPECT_THAT(fail("{id: bad, points: 10 / event.value}"),
              is_refused(Code::rule_error, "bad", "points: division by zero at column 4 of '10 / event.value'"));
  EXPECT_THAT(fail("{id: bad, when: 10 % event.value == 0}"),
              is_refused(Code::rule_error, "bad", "when: modulus by zero at column 4 of '10 % event.value == 0'"));
}

TEST(RuleErrors, ComeFromEveryPartOfARule) {
  struct Case {
    const char* rule;
    const char* says;
  };
  for (const Case& c : {
           Case{"{id: bad, when: 1 / event.value > 0}", "when: division by zero"},
           Case{"{id: bad, reject: string(1 / event.value)}", "reject: division by zero"},
           Case{"{id: bad, points: 1 / event.value}", "points: division by zero"},
           Case{"{id: bad, set: {player.finds: 1 / event.value}}", "player.finds: division by zero"},
           Case{"{id: bad, add: {player.found: string(1 / event.value)}}", "player.found: division by zero"},
           Case{"{id: bad, notify: string(1 / event.value)}", "notify: division by zero"},
       }) {
    const Answer answer = fail(c.rule);
    EXPECT_THAT(answer, is_rule_error_saying(c.says)) << c.rule;
    EXPECT_EQ(answer.blamed, "bad") << c.rule;
  }
}

TEST(RuleErrors, EveryKindOfFailureHasItsWords) {
  struct Case {
    const char* rule;
    const char* event;
    const char* says;
  };
  for (const Case& c : {
           Case{"{id: bad, points: event.value + 1}", "'value': 9223372036854775807", "overflow"},
           Case{"{id: bad, points: -event.value}", "'value': -9223372036854775808", "overflow"},
           Case{"{id: bad, points: event.value}", "'value': 9223372036854775807",
                "points: overflow: 10 so far and 9223372036854775807 more"},
           Case{"{id: bad, points: 'tables.factor[event.text]'}", "'value': 0, 'text': 'rare'", "no such key"},
           Case{"{id: bad, points: 'tables.list[event.value]'}", "'value': 2", "index out of range"},
           Case{"{id: bad, points: int(event.text)}", "'value': 0, 'text': 'x'", "can't be converted"},
           Case{"{id: bad, points: size(event.text)}", "'value': 0", "no such field"},
           Case{"{id: bad, set: {player.tag: event.text}}", "'value': 0, 'text': '12345'",
                "player.tag: the text has 5 bytes, more than max_bytes (4)"},
           Case{"{id: bad, add: {player.found: event.text}}", "'value': 0, 'text': '12345'",
                "player.found: the text has 5 bytes, more than max_bytes (4)"},
           Case{"{id: bad, points: team.finds}", "'value': 0", "points: the key of 'team' is empty: 'player.tag'"},
           Case{"{id: bad, set: {team.finds: 1}}", "'value': 0",
                "team.finds: the key of 'team' is empty: 'player.tag'"},
           Case{"{id: bad, points: slot.finds}", "'value': 2",
                "points: the key of 'slot': index out of range at column 11 of"},
           Case{"{id: bad, set: {slot.finds: 1}}", "'value': 2",
                "slot.finds: the key of 'slot': index out of range at column 11 of"},
       }) {
    EXPECT_THAT(fail(c.rule, c.event), is_rule_error_saying(c.says)) << c.rule;
  }
}

TEST(RuleErrors, AFullSetIsOne) {
  Game game(R"yaml(
    events: {find: {name: string}}
    state: {player: {found: {type: set, capacity: 2}}}
    rules: [{id: keep, points: 1, add: {player.found: event.name}}])yaml");
  game.send("ada", "find", "'name': 'a'");
  game.send("ada", "find", "'name': 'b'");
  EXPECT_THAT(game.send("ada", "find", "'name': 'c'"),
              is_refused(Code::rule_error, "keep", "player.found: the set is full (capacity 2)"));
  EXPECT_THAT(game.send("ada", "find", "'name': 'a'"), is_ok(1));  // It has that one.
}

TEST(RuleErrors, AnErrorThatAConditionAbsorbsIsNone) {
  Game game(R"yaml(
    events: {find: {value: int}}
    state: {player: {tag: string}, team: {key: player.tag, finds: int}}
    rules:
      - {id: short, when: player.tag != '' && team.finds > 0, points: 1}
      - {id: either, when: 1 / event.value > 0 || true, points: 5}
      - {id: neither, when: team.finds > 0 && player.tag != '', points: 7})yaml");
  EXPECT_THAT(game.send("ada", "find", "'value': 0"), is_ok(5));
}

TEST(RuleErrors, AnOverflowOfTheTotalHasNoRule) {
  Game game(R"yaml(
    events: {find: {value: int}}
    rules: [{id: base, points: event.value}])yaml");
  EXPECT_THAT(game.send("ada", "find", "'value': 9223372036854775807"),
              is_ok(std::numeric_limits<std::int64_t>::max()));
  EXPECT_THAT(game.send("ada", "find", "'value': 1"),
              is_refused(Code::rule_error, "", "total: overflow: 9223372036854775807 before and 1 points"));
  EXPECT_THAT(game.send("ada", "find", "'value': -1"), is_ok(-1));
}

TEST(RuleErrors, OfABoardNameTheBoard) {
  Game game(R"yaml(
    events: {find: {value: int}}
    rules: [{id: base, points: 1}]
    boards:
      - {id: fine}
      - {id: tenth, when: 10 / event.value < 5, value: 10 / (event.value - 2), member: "['a', 'b'][event.value - 3]"}
      - {id: grouped, group_by: "['x', 'y'][event.value - 3]"})yaml");
  EXPECT_THAT(game.send("ada", "find", "'value': 0"),
              is_refused(Code::rule_error, "tenth", "when: division by zero at column 4 of '10 / event.value < 5'"));
  EXPECT_THAT(game.send("ada", "find", "'value': 1"), is_refused(Code::rule_error, "grouped"));
  EXPECT_THAT(game.send("ada", "find", "'value': 5"), is_refused(Code::rule_error, "tenth"));
  EXPECT_THAT(game.send("ada", "find", "'value': 3"), is_ok(1));
  EXPECT_EQ(game.board("fine"), "ada 1");
}

TEST(RuleErrors, OfABoardsSumChangesNoOtherBoard) {
  Game game(R"yaml(
    events: {find: {value: int}}
    rules: [{id: base, points: 1}]
    boards:
      - {id: before}
      - {id: sum, value: event.value}
      - {id: behind})yaml");
  EXPECT_THAT(game.send("ada", "find", "'value': 9223372036854775807"), is_ok(1));
  EXPECT_THAT(game.send("ada", "find", "'value': 1"),
              is_refused(Code::rule_error, "sum", "the sum leaves the range of an int"));
  EXPECT_EQ(game.board("before"), "ada 1");
  EXPECT_EQ(game.board("behind"), "ada 1");
}

TEST(RuleErrors, TheFirstInFileOrderIsReported) {
  Game game(R"yaml(
    events: {find: {value: int}}
    rules:
      - {id: first, points: 1 / event.value}
      - {id: second, points: 2 / event.value}
    boards: [{id: third, value: 3 / event.value}])yaml");
  EXPECT_THAT(game.send("ada", "find", "'value': 0"), is_refused(Code::rule_error, "first"));
}

TEST(RuleErrors, LongExpressionsAreCutToThePlace) {
  std::string sum = "event.value";
  for (int i = 0; i < 60; ++i) sum += " + event.value";
  const Answer answer = fail("{id: bad, points: " + sum + " + 1 / event.value + " + sum + "}");
  EXPECT_THAT(answer.message, testing::StartsWith("points: division by zero at column 31 of '…"));
  EXPECT_THAT(answer.message, testing::HasSubstr(" 1 / event.value"));
  EXPECT_THAT(answer.message, testing::EndsWith("…'"));
  EXPECT_LT(answer.message.size(), 150U);
}

}  // namespace
}  // namespace tallyho
