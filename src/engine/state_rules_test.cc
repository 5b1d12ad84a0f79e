// The ruleset specification's section "State" as rules see it.

#include "engine/game.h"

namespace tallyho {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

TEST(StateRules, VariablesBeginWithTheirInitialValues) {
  Game game(R"yaml(
    events: {touch: {}}
    state:
      player:
        b: bool
        i: int
        d: double
        s: string
        t: timestamp
        p: duration
        b1: {type: bool, init: true}
        i1: {type: int, init: -5}
        d1: {type: double, init: 0.5}
        s1: {type: string, init: red}
        t1: {type: timestamp, init: 2026-07-19T12:00:00Z}
        p1: {type: duration, init: 90s}
        set: {type: set, capacity: 2}
        window: {type: window, span: 1m, capacity: 2})yaml");
  game.send("ada", "touch");
  const auto ada = game.engine().find_player("ada");
  ASSERT_TRUE(ada);
  EXPECT_EQ(game.engine().player_state_json(ada->symbol),
            R"({"b":false,"i":0,"d":0,"s":"","t":"1970-01-01T00:00:00Z","p":"0s","b1":true,"i1":-5,"d1":0.5,)"
            R"("s1":"red","t1":"2026-07-19T12:00:00Z","p1":"90s","set":0,"window":0})");
}

TEST(StateRules, AStringMayHaveItsMostBytes) {
  Game game(R"yaml(
    events: {name: {name: string}}
    state: {player: {short: {type: string, max_bytes: 4}, usual: string}}
    rules:
      - {id: short, when: event.name.size() < 10, set: {player.short: event.name}}
      - {id: usual, set: {player.usual: event.name}})yaml");
  EXPECT_THAT(game.send("ada", "name", "'name': 'abcd'"), is_ok(0));
  EXPECT_THAT(game.send("ada", "name", "'name': 'ääx'"), is_refused(Code::rule_error, "short"));  // Bytes, not letters.
  const std::string longest(64, 'x');
  EXPECT_THAT(game.send("ada", "name", "'name': '" + longest + "'"), is_ok(0));
  EXPECT_THAT(game.send("ada", "name", "'name': '" + longest + "x'"), is_refused(Code::rule_error, "usual"));
  EXPECT_EQ(game.player("ada", "short"), "'abcd'");
}

constexpr std::string_view daily_counter = R"yaml(
  time_zone: Europe/Berlin
  clock: {late: 48h}
  events: {find: {}}
  state: {player: {today: {type: int, resets: daily, init: 10}}}
  rules: [{id: count, points: player.today, set: {player.today: player.today + 1}}])yaml";

TEST(StateRules, AValueThatResetsIsInitialInALaterPeriod) {
  Game game(daily_counter);
  game.at("2026-07-19T21:59:59Z");
  EXPECT_THAT(game.send("ada", "find"), is_ok(10));
  EXPECT_THAT(game.send("ada", "find"), is_ok(11));
  game.at("2026-07-19T22:00:00Z");  // Midnight in Berlin.
  EXPECT_THAT(game.send("ada", "find"), is_ok(10));
  EXPECT_THAT(game.send("ada", "find"), is_ok(11));
}

TEST(StateRules, AnEventOfAnEarlierPeriodReadsAndWritesTheStoredValue) {
  Game game(daily_counter);
  game.at("2026-07-20T08:00:00Z");
  EXPECT_THAT(game.send("ada", "find"), is_ok(10));
  EXPECT_THAT(game.send("ada", "find", "'ts': '2026-07-19T20:00:00Z'"), is_ok(11));
  EXPECT_THAT(game.send("ada", "find"), is_ok(12));  // It has stayed with the 20th,
  game.at("2026-07-21T08:00:00Z");
  EXPECT_THAT(game.send("ada", "find"), is_ok(10));  // and is over on the 21st.
}

TEST(StateRules, EachValueResetsByItselfAtItsNextUse) {
  Game game(R"yaml(
    events: {a: {}, b: {}}
    state: {player: {a: {type: int, resets: daily}, b: {type: int, resets: daily}}}
    rules:
      - {id: a, on: a, set: {player.a: player.a + 1}}
      - {id: b, on: b, set: {player.b: player.b + 1}})yaml");
  game.send("ada", "a");
  game.send("ada", "b");
  game.later(hours(24));
  game.send("ada", "a");
  game.send("ada", "a");
  EXPECT_EQ(game.player("ada", "a"), "2");
  EXPECT_EQ(game.player("ada", "b"), "0");  // Read as at the greatest arrival time.
  game.send("ada", "b");
  EXPECT_EQ(game.player("ada", "b"), "1");
}

TEST(StateRules, WeeksStartOnMondayAndARepeatedHourIsALaterPeriod) {
  Game game(R"yaml(
    time_zone: Europe/Berlin
    events: {find: {}}
    state: {player: {week: {type: int, resets: weekly}, hour: {type: int, resets: hourly}}}
    rules: [{id: count, set: {player.week: player.week + 1, player.hour: player.hour + 1}}])yaml");
  const auto expect = [&](std::string_view time, const char* week, const char* hour) {
    game.at(time);
    game.send("ada", "find");
    EXPECT_EQ(game.player("ada", "week"), week) << time;
    EXPECT_EQ(game.player("ada", "hour"), hour) << time;
  };
  expect("2026-10-18T21:30:00Z", "1", "1");  // Sunday, 23:30.
  expect("2026-10-18T22:30:00Z", "1", "1");  // Monday, 00:30.
  expect("2026-10-25T00:30:00Z", "2", "1");  // Sunday, 02:30 summer time,
  expect("2026-10-25T00:31:00Z", "3", "2");
  expect("2026-10-25T01:30:00Z", "4", "1");  // and 02:30 again.
  expect("2026-10-25T23:30:00Z", "1", "1");  // Monday.
}

TEST(StateRules, ASetKeepsEachMemberOnce) {
  Game game(R"yaml(
    events: {find: {name: string}}
    state: {player: {found: {type: set, capacity: 8}}}
    rules:
      - {id: again, when: event.name in player.found, reject: "'again'"}
      - {id: keep, add: {player.found: event.name}}
      - {id: pay, points: player.found.size()})yaml");
  EXPECT_THAT(game.send("ada", "find", "'name': 'a'"), is_ok(1));
  EXPECT_THAT(game.send("ada", "find", "'name': 'a'"), is_refused(Code::rejected, "again"));
  EXPECT_THAT(game.send("ada", "find", "'name': 'b'"), is_ok(2));
  EXPECT_THAT(game.send("bob", "find", "'name': 'a'"), is_ok(1));
}

TEST(StateRules, AFullSetMayDropTheMemberAddedFirst) {
  Game game(R"yaml(
    events: {trade: {with: string}}
    state: {player: {partners: {type: set, capacity: 2, on_full: drop_oldest}}}
    rules:
      - {id: pay, when: "!player.partners.contains(event.with)", points: 5}
      - {id: keep, add: {player.partners: event.with}})yaml");
  EXPECT_THAT(game.send("ada", "trade", "'with': 'a'"), is_ok(5));
  EXPECT_THAT(game.send("ada", "trade", "'with': 'b'"), is_ok(5));
  EXPECT_THAT(game.send("ada", "trade", "'with': 'a'"), is_ok(0));  // Changes nothing: a stays the first.
  EXPECT_THAT(game.send("ada", "trade", "'with': 'c'"), is_ok(5));  // Drops a.
  EXPECT_THAT(game.send("ada", "trade", "'with': 'b'"), is_ok(0));
  EXPECT_THAT(game.send("ada", "trade", "'with': 'a'"), is_ok(5));
}

TEST(StateRules, AWindowCountsTheTimesOfItsSpan) {
  Game game(R"yaml(
    events: {find: {}}
    state: {player: {recent: {type: window, span: 5m, capacity: 16}}}
    rules:
      - {id: keep, add: {player.recent: now}}
      - {id: pay, points: player.recent.count()})yaml");
  EXPECT_THAT(game.send("ada", "find"), is_ok(1));
  game.later(minutes(2));
  EXPECT_THAT(game.send("ada", "find"), is_ok(2));
  game.later(minutes(3) - seconds(1));
  EXPECT_THAT(game.send("ada", "find"), is_ok(3));
  game.later(seconds(1));
  EXPECT_THAT(game.send("ada", "find"), is_ok(3));                                  // The first is exactly 5 m old.
  EXPECT_THAT(game.send("ada", "find", "'ts': '2026-07-19T12:01:00Z'"), is_ok(2));  // Later ones do not count then.
}

TEST(StateRules, AFullWindowDropsTheEarliest) {
  Game game(R"yaml(
    events: {find: {}}
    state: {player: {recent: {type: window, span: 1h, capacity: 2}}}
    rules: [{id: keep, add: {player.recent: now}, notify: string(player.recent.count())}])yaml");
  for (int i = 0; i < 4; ++i) {
    game.later(minutes(1));
    game.send("ada", "find");
  }
  EXPECT_EQ(game.send("ada", "find").notices.front(), "2");
  EXPECT_EQ(game.player("ada", "recent"), "2");
}

TEST(StateRules, AScopeIsKeyedByItsExpression) {
  Game game(R"yaml(
    events: {find: {treasure: string}}
    state: {treasure: {key: event.treasure, finders: int}}
    rules:
      - {id: first, when: treasure.finders == 0, points: 500}
      - {id: count, set: {treasure.finders: treasure.finders + 1}}
      - {id: pay, points: treasure.finders})yaml");
  EXPECT_THAT(game.send("ada", "find", "'treasure': 't1'"), is_ok(501));
  EXPECT_THAT(game.send("bob", "find", "'treasure': 't1'"), is_ok(2));
  EXPECT_THAT(game.send("bob", "find", "'treasure': 't2'"), is_ok(501));
}

TEST(StateRules, AKeyHoldsForTheRestOfItsRuleAndNoLonger) {
  Game game(R"yaml(
    events: {move: {team: string}}
    state:
      player: {team: {type: string, init: none}}
      team: {key: player.team, moves: int}
    rules:
      # The condition reaches the old team, so that the write and the notice mean it too.
      - {id: leave, when: team.moves >= 0, set: {player.team: event.team, team.moves: team.moves + 1},
         notify: "'left with ' + string(team.moves)"}
      - {id: arrive, set: {team.moves: team.moves + 100}, notify: "'arrived with ' + string(team.moves)"})yaml");
  EXPECT_THAT(game.send("ada", "move", "'team': 'red'").notices,
              testing::ElementsAre("left with 1", "arrived with 100"));
  EXPECT_THAT(game.send("ada", "move", "'team': 'none'").notices,
              testing::ElementsAre("left with 101", "arrived with 101"));
}

// What an earlier rule reached without firing does not hold for the next.
TEST(StateRules, AKeyThatAnEarlierConditionReachedIsEvaluatedAnew) {
  Game game(R"yaml(
    events: {move: {team: string}}
    state:
      player: {team: {type: string, init: none}}
      team: {key: player.team, moves: int}
    rules:
      - {id: skip, when: team.moves < 0}
      - {id: join, when: event.team != '', set: {player.team: event.team, team.moves: "5"}}
      - {id: skip-again, when: team.moves < 0}
      - {id: tell, notify: player.team + ' ' + string(team.moves)})yaml");
  EXPECT_THAT(game.send("ada", "move", "'team': 'red'").notices, testing::ElementsAre("red 5"));
}

TEST(StateRules, AKeyIsEvaluatedWhenARuleReallyReachesItsScope) {
  Game game(R"yaml(
    events: {move: {team: string}}
    state:
      player: {team: string}
      team: {key: player.team, moves: int}
    rules:
      - {id: join, set: {player.team: event.team, team.moves: "1"}}
      - {id: skip, when: event.team == '' && team.moves > 0}
      - {id: tell, notify: string(team.moves)})yaml");
  // `join` reads no team; at its write, behind that of player.team, the key is no longer empty.
  EXPECT_THAT(game.send("ada", "move", "'team': 'red'").notices, testing::ElementsAre("1"));
  EXPECT_THAT(game.send("bob", "move", "'team': ''"),
              is_refused(Code::rule_error, "join", "team.moves: the key of 'team' is empty: 'player.team'"));
}

TEST(StateRules, AKeyComesIntoBeingAtItsFirstWrite) {
  Game game(R"yaml(
    events: {look: {treasure: string}, find: {treasure: string}}
    state: {treasure: {key: event.treasure, finders: int}}
    rules:
      - {id: look, on: look, points: treasure.finders}
      - {id: find, on: find, set: {treasure.finders: treasure.finders + 1}})yaml",
            Engine::Options{.keys_max = 1});
  EXPECT_THAT(game.send("ada", "look", "'treasure': 't1'"), is_ok(0));
  EXPECT_THAT(game.send("ada", "look", "'treasure': 't2'"), is_ok(0));
  EXPECT_THAT(game.send("ada", "find", "'treasure': 't1'"), is_ok(0));
  EXPECT_THAT(game.send("ada", "find", "'treasure': 't1'"), is_ok(0));
  EXPECT_THAT(game.send("ada", "find", "'treasure': 't2'"), is_refused(Code::capacity, ""));
  EXPECT_THAT(game.send("ada", "look", "'treasure': 't2'"), is_ok(0));
}

TEST(StateRules, OptionalFieldsMayBeAskedFor) {
  Game game(R"yaml(
    events: {start: {region: {type: string, optional: true}}}
    state: {player: {region: string}}
    rules:
      - {id: home, when: has(event.region), set: {player.region: event.region}}
      - {id: named, when: has(event.id), points: 1})yaml");
  game.send("ada", "start");
  EXPECT_EQ(game.player("ada", "region"), "''");
  EXPECT_THAT(game.send("ada", "start", "'region': 'north', 'id': 'e1'"), is_ok(1));
  EXPECT_EQ(game.player("ada", "region"), "'north'");
}

}  // namespace
}  // namespace tallyho
