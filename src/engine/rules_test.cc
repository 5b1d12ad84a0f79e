// The ruleset specification's section "Rules", sentence by sentence.

#include "engine/game.h"

namespace tallyho {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

TEST(Rules, ApplyInFileOrderToTheirTypes) {
  Game game(R"yaml(
    events: {find: {}, lose: {}}
    rules:
      - {id: both, on: [find, lose], points: 1}
      - {id: never, on: lose, points: 5}
      - {id: every, points: 3}
      - {id: one, on: find, points: 10})yaml");
  EXPECT_THAT(game.send("ada", "find").fired, ElementsAre(Pair("both", 1), Pair("every", 3), Pair("one", 10)));
  EXPECT_THAT(game.send("ada", "lose").fired, ElementsAre(Pair("both", 1), Pair("never", 5), Pair("every", 3)));
  EXPECT_EQ(game.total("ada"), 14 + 9);
}

TEST(Rules, ARuleWhoseConditionIsFalseIsPassedOver) {
  Game game(R"yaml(
    events: {find: {value: int}}
    rules:
      - {id: large, when: event.value > 10, points: 5}
      - {id: nothing, when: event.value > 0})yaml");
  EXPECT_THAT(game.send("ada", "find", "'value': 11").fired, ElementsAre(Pair("large", 5), Pair("nothing", 0)));
  EXPECT_THAT(game.send("ada", "find", "'value': 10").fired, ElementsAre(Pair("nothing", 0)));
  EXPECT_THAT(game.send("ada", "find", "'value': 0").fired, IsEmpty());
}

TEST(Rules, PointsSeeWhatEarlierRulesEarned) {
  Game game(R"yaml(
    events: {find: {}}
    rules:
      - {id: base, points: 20}
      - {id: half, points: points / 2}
      - {id: sum, points: points})yaml");
  EXPECT_THAT(game.send("ada", "find").fired, ElementsAre(Pair("base", 20), Pair("half", 10), Pair("sum", 30)));
}

TEST(Rules, ACooldownPassesARuleOverUntilItIsOver) {
  Game game(R"yaml(
    events: {find: {}}
    rules: [{id: bonus, points: 7, cooldown: 5m}])yaml");
  EXPECT_THAT(game.send("ada", "find"), is_ok(7));
  game.later(minutes(5) - Duration(1));
  EXPECT_THAT(game.send("ada", "find"), is_ok(0));
  game.later(Duration(1));
  EXPECT_THAT(game.send("ada", "find"), is_ok(7));
  EXPECT_THAT(game.send("bob", "find"), is_ok(7));  // Per player.
}

TEST(Rules, ALateEventNeverMovesACooldownBack) {
  Game game(R"yaml(
    events: {find: {}}
    rules: [{id: bonus, points: 7, cooldown: 5m}])yaml");
  game.at("2026-07-19T12:00:00Z");
  EXPECT_THAT(game.send("ada", "find"), is_ok(7));
  EXPECT_THAT(game.send("ada", "find", "'ts': '2026-07-19T11:00:00Z'"), is_ok(0));  // Before it last fired plus 5m.
  game.at("2026-07-19T12:04:59Z");
  EXPECT_THAT(game.send("ada", "find"), is_ok(0));
}

TEST(Rules, ACooldownThatARuleErrorTookBackHasNotBegun) {
  Game game(R"yaml(
    events: {find: {divisor: int}}
    rules:
      - {id: bonus, points: 7, cooldown: 5m}
      - {id: fail, points: 1 / event.divisor})yaml");
  EXPECT_THAT(game.send("ada", "find", "'divisor': 0"), is_refused(Code::rule_error, "fail"));
  EXPECT_THAT(game.send("ada", "find", "'divisor': 2"), is_ok(7));
}

TEST(Rules, ACooldownIsLookedAtOnlyWhereTheConditionHolds) {
  Game game(R"yaml(
    events: {find: {value: int}}
    rules: [{id: bonus, when: event.value > 0, points: 7, cooldown: 5m}])yaml");
  EXPECT_THAT(game.send("ada", "find", "'value': 0"), is_ok(0));
  EXPECT_THAT(game.send("ada", "find", "'value': 1"), is_ok(7));
}

TEST(Rules, ARejectionEndsTheEventAndKeepsNothing) {
  Game game(R"yaml(
    events: {find: {value: int}}
    state: {player: {finds: int}}
    rules:
      - {id: base, points: 10, set: {player.finds: player.finds + 1}, notify: "'found'"}
      - {id: too-much, when: event.value > 5, reject: "'no more than 5, not ' + string(event.value)"}
      - {id: never-reached, points: 1 / (event.value - 6)})yaml");
  EXPECT_THAT(game.send("ada", "find", "'value': 6"), is_refused(Code::rejected, "too-much", "no more than 5, not 6"));
  EXPECT_EQ(game.engine().players(), 0U);
  EXPECT_THAT(game.send("ada", "find", "'value': 5"), is_ok(10 - 1, 9));
  EXPECT_THAT(game.send("ada", "find", "'value': 6"), is_refused(Code::rejected, "too-much"));
  EXPECT_EQ(game.player("ada", "finds"), "1");
  EXPECT_EQ(game.total("ada"), 9);
}

TEST(Rules, ACapCutsWhatARulePaysInAPeriod) {
  Game game(R"yaml(
    time_zone: Europe/Berlin
    events: {walk: {value: int}}
    rules: [{id: walk, points: event.value, cap: {points: 25, per: daily}}])yaml");
  game.at("2026-07-19T12:00:00Z");
  EXPECT_THAT(game.send("ada", "walk", "'value': 10"), is_ok(10));
  EXPECT_THAT(game.send("ada", "walk", "'value': 20"), is_ok(15));
  const Answer used_up = game.send("ada", "walk", "'value': 5");
  EXPECT_THAT(used_up, is_ok(0));
  EXPECT_THAT(used_up.fired, ElementsAre(Pair("walk", 0)));  // It still fires.
  EXPECT_THAT(game.send("bob", "walk", "'value': 30"), is_ok(25));
  game.at("2026-07-19T21:59:59Z");
  EXPECT_THAT(game.send("ada", "walk", "'value': 5"), is_ok(0));
  game.at("2026-07-19T22:00:00Z");  // Midnight in Berlin.
  EXPECT_THAT(game.send("ada", "walk", "'value': 30"), is_ok(25));
}

TEST(Rules, NegativeAmountsAreNotCutAndCountAgainstWhatWasPaid) {
  Game game(R"yaml(
    events: {walk: {value: int}}
    rules: [{id: walk, points: event.value, cap: {points: 20, per: ever}}])yaml");
  EXPECT_THAT(game.send("ada", "walk", "'value': 20"), is_ok(20));
  EXPECT_THAT(game.send("ada", "walk", "'value': -15"), is_ok(-15));
  EXPECT_THAT(game.send("ada", "walk", "'value': 100"), is_ok(15));
  EXPECT_THAT(game.send("ada", "walk", "'value': -1000"), is_ok(-1000));
}

TEST(Rules, ACapOfALateEventCountsInTheLaterPeriod) {
  Game game(R"yaml(
    events: {walk: {value: int}}
    rules: [{id: walk, points: event.value, cap: {points: 20, per: daily}}])yaml");
  game.at("2026-07-20T01:00:00Z");
  EXPECT_THAT(game.send("ada", "walk", "'value': 15"), is_ok(15));
  EXPECT_THAT(game.send("ada", "walk", "'value': 15, 'ts': '2026-07-19T23:00:00Z'"), is_ok(5));
  EXPECT_THAT(game.send("ada", "walk", "'value': 15"), is_ok(0));
}

TEST(Rules, CapsDoNotOverflow) {
  Game game(R"yaml(
    events: {walk: {value: int}}
    rules: [{id: walk, points: event.value, cap: {points: 9223372036854775807, per: ever}}])yaml");
  EXPECT_THAT(game.send("ada", "walk", "'value': -9223372036854775808"),
              is_ok(std::numeric_limits<std::int64_t>::min()));
  EXPECT_THAT(game.send("ada", "walk", "'value': 9223372036854775807"),
              is_ok(std::numeric_limits<std::int64_t>::max(), -1));
  EXPECT_THAT(game.send("bob", "walk", "'value': -9223372036854775808"),
              is_ok(std::numeric_limits<std::int64_t>::min()));
  EXPECT_THAT(game.send("bob", "walk", "'value': -1"), is_refused(Code::rule_error, "walk"));
}

TEST(Rules, AllRightHandSidesComeBeforeAllWrites) {
  Game game(R"yaml(
    events: {swap: {}}
    state: {player: {a: {type: int, init: 1}, b: {type: int, init: 2}, seen: {type: set, capacity: 4}}}
    rules:
      - id: swap
        set: {player.a: player.b, player.b: player.a}
        add: {player.seen: "string(player.a) + string(player.b) + string(player.seen.size())"})yaml");
  game.send("ada", "swap");
  EXPECT_EQ(game.player("ada", "a"), "2");
  EXPECT_EQ(game.player("ada", "b"), "1");
  game.send("ada", "swap");
  EXPECT_EQ(game.player("ada", "seen"), "2");  // "120" and "211": each before the writes of its event.
}

TEST(Rules, RightHandSidesSeeTheirOwnRulesPoints) {
  Game game(R"yaml(
    events: {find: {}}
    state: {player: {last: int}}
    rules:
      - {id: base, points: 5}
      - {id: bonus, points: 20, set: {player.last: points}})yaml");
  game.send("ada", "find");
  EXPECT_EQ(game.player("ada", "last"), "25");
}

TEST(Rules, LaterRulesSeeWhatEarlierRulesWrote) {
  Game game(R"yaml(
    events: {find: {}}
    state: {player: {finds: int, found: {type: set, capacity: 4}}}
    rules:
      - {id: count, set: {player.finds: player.finds + 1}, add: {player.found: event.type}}
      - {id: pay, when: player.found.contains('find'), points: 100 * player.finds + player.found.size()})yaml");
  EXPECT_THAT(game.send("ada", "find"), is_ok(101));
  EXPECT_THAT(game.send("ada", "find"), is_ok(201));
}

TEST(Rules, ANoticeSeesTheNewState) {
  Game game(R"yaml(
    events: {find: {}}
    state: {player: {finds: int}}
    rules:
      - {id: count, points: 5, set: {player.finds: player.finds + 1},
         notify: "string(player.finds) + ' finds, ' + string(points) + ' points'"}
      - {id: silent})yaml");
  EXPECT_THAT(game.send("ada", "find").notices, ElementsAre("1 finds, 5 points"));
  EXPECT_THAT(game.send("ada", "find").notices, ElementsAre("2 finds, 5 points"));
}

TEST(Rules, RulesSeeTheTotalBeforeTheEvent) {
  Game game(R"yaml(
    events: {find: {}}
    rules:
      - {id: base, points: 10}
      - {id: tenth, points: player.total / 10})yaml");
  EXPECT_THAT(game.send("ada", "find"), is_ok(10, 10));
  EXPECT_THAT(game.send("ada", "find"), is_ok(11, 21));
  EXPECT_THAT(game.send("ada", "find"), is_ok(12, 33));
}

TEST(Rules, TheTotalStaysWithinItsBounds) {
  Game game(R"yaml(
    total: {min: 0, max: 100}
    events: {find: {value: int}}
    rules: [{id: base, points: event.value}])yaml");
  EXPECT_THAT(game.send("ada", "find", "'value': -5"), is_ok(0, 0));
  EXPECT_THAT(game.send("ada", "find", "'value': 30"), is_ok(30, 30));
  const Answer clamped = game.send("ada", "find", "'value': -50");
  EXPECT_THAT(clamped, is_ok(-30, 0));
  EXPECT_THAT(clamped.fired, ElementsAre(Pair("base", -50)));  // What the rule added, before the clamp.
  EXPECT_THAT(game.send("ada", "find", "'value': 130"), is_ok(100, 100));
}

TEST(Rules, BoundsMayHoldATotalAwayFromZero) {
  Game game(R"yaml(
    total: {min: 50}
    events: {find: {value: int}}
    rules: [{id: base, points: event.value}]
    boards: [{id: global}])yaml");
  EXPECT_THAT(game.send("ada", "find", "'value': 10"), is_ok(50, 50));
  EXPECT_THAT(game.send("ada", "find", "'value': 10"), is_ok(10, 60));
  EXPECT_EQ(game.board("global"), "ada 60");
}

TEST(Rules, AnEventThatNoRuleWantsIsOk) {
  Game game("events: {find: {}}");
  EXPECT_THAT(game.send("ada", "find"), is_ok(0, 0));
  EXPECT_EQ(game.engine().players(), 1U);
}

TEST(Rules, FiringsAndFailuresAreCounted) {
  Game game(R"yaml(
    events: {find: {value: int}}
    rules:
      - {id: base, points: 1}
      - {id: part, when: event.value > 1, points: 10 / (event.value - 2)}
      - {id: refuse, when: event.value == 4, reject: "'four'"})yaml");
  for (const char* value : {"'value': 0", "'value': 1", "'value': 2", "'value': 3", "'value': 4"}) {
    game.send("ada", "find", value);
  }
  const auto& counts = game.engine().rule_counts();
  EXPECT_EQ(counts[0].fired, 3U);  // 0, 1 and 3: the others were taken back.
  EXPECT_EQ(counts[1].fired, 1U);
  EXPECT_EQ(counts[1].failed, 1U);
  EXPECT_EQ(counts[2].fired, 1U);
  EXPECT_EQ(counts[0].failed + counts[2].failed, 0U);
}

// What is an error on the way to a value is evaluated once more, exactly: also where `||` absorbs it, and in boards.
TEST(Rules, ExpressionsHandedOverToTheExactEvaluatorAreCounted) {
  Game game(R"yaml(
    events: {find: {value: int}}
    rules:
      - {id: absorbed, when: 10 / event.value > 100 || event.value * event.value == 0, points: 1}
      - {id: failing, when: event.value == 2, points: 1 / (event.value - 2)}
    boards:
      - {id: shares, when: 'true', value: '12 / (event.value - 3)'})yaml");
  const auto hand_overs_of = [&](const char* rest) {
    const std::uint64_t before = game.engine().hand_overs();
    game.send("ada", "find", rest);
    return game.engine().hand_overs() - before;
  };
  EXPECT_EQ(hand_overs_of("'value': 1"), 0U);
  EXPECT_EQ(hand_overs_of("'value': 0"), 1U);
  EXPECT_EQ(hand_overs_of("'value': 2"), 1U);
  EXPECT_EQ(hand_overs_of("'value': 3"), 1U);
}

}  // namespace
}  // namespace tallyho
