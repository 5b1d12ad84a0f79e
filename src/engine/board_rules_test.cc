// What events do to boards, by the ruleset specification's section "Boards". What a board does with it is in boards/.

#include "engine/game.h"

namespace tallyho {
namespace {

using std::chrono::hours;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(BoardRules, ByDefaultPlayersAreRankedByTheSumOfTheirPoints) {
  Game game(R"yaml(
    events: {find: {value: int}}
    rules: [{id: base, points: event.value}]
    boards: [{id: global}])yaml");
  game.send("ada", "find", "'value': 20");
  game.send("bob", "find", "'value': 30");
  game.send("eve", "find", "'value': 0");  // points != 0
  EXPECT_EQ(game.board("global"), "bob 30, ada 20");
  game.send("ada", "find", "'value': 10");
  EXPECT_EQ(game.board("global"), "bob 30, ada 30");  // Bob got there first.
}

TEST(BoardRules, BoardsSeeWhatWasReallyAddedAndTheTotalAfterIt) {
  Game game(R"yaml(
    total: {min: 0}
    events: {find: {value: int}}
    state: {player: {finds: int}}
    rules: [{id: base, points: event.value, set: {player.finds: player.finds + 1}}]
    boards:
      - {id: points}
      - {id: totals, value: player.total, operator: latest}
      - {id: finds, value: player.finds, operator: latest, when: "true"})yaml");
  game.send("ada", "find", "'value': 20");
  game.send("ada", "find", "'value': -50");
  game.send("ada", "find", "'value': -50");
  EXPECT_EQ(game.board("points"), "ada 0");
  EXPECT_EQ(game.board("totals"), "ada 0");
  EXPECT_EQ(game.board("finds"), "ada 3");
}

TEST(BoardRules, OnlyTheTypesInOnCount) {
  Game game(R"yaml(
    events: {find: {}, lose: {}}
    rules: [{id: base, points: 1}]
    boards: [{id: finds, on: find}])yaml");
  game.send("ada", "find");
  game.send("ada", "lose");
  EXPECT_EQ(game.board("finds"), "ada 1");
}

TEST(BoardRules, AnEmptyMemberOrGroupDoesNotCount) {
  Game game(R"yaml(
    events: {find: {team: string, place: string}}
    rules: [{id: base, points: 1}]
    boards:
      - {id: teams, member: event.team}
      - {id: places, group_by: event.place})yaml");
  game.send("ada", "find", "'team': '', 'place': 'x'");
  game.send("ada", "find", "'team': 'red', 'place': ''");
  EXPECT_EQ(game.board("teams"), "red 1");
  EXPECT_EQ(game.board("places", "x"), "ada 1");
}

TEST(BoardRules, WhatDoesNotCountIsNotEvaluated) {
  Game game(R"yaml(
    events: {find: {team: string, value: int}}
    rules: [{id: base, points: 1}]
    boards:
      - {id: condition, when: event.value != 0, value: 1 / event.value}
      - {id: member, member: event.team, value: 1 / event.value}
      - {id: group, group_by: event.team, value: 1 / event.value}
      - {id: over, ends: 2026-01-01T00:00:00Z, when: 1 / event.value > 0})yaml");
  EXPECT_THAT(game.send("ada", "find", "'team': '', 'value': 0"), is_ok(1));
}

TEST(BoardRules, OnlyEventsBetweenStartsAndEndsCount) {
  Game game(R"yaml(
    events: {find: {}}
    rules: [{id: base, points: 1}]
    boards: [{id: final, starts: 2026-07-19T19:00:00Z, ends: 2026-07-19T21:00:00Z}])yaml");
  for (const char* time :
       {"2026-07-19T18:59:59.999Z", "2026-07-19T19:00:00Z", "2026-07-19T20:59:59.999Z", "2026-07-19T21:00:00Z"}) {
    game.at(time);
    game.send("ada", "find");
  }
  EXPECT_EQ(game.board("final"), "ada 2");
  game.send("ada", "find", "'ts': '2026-07-19T20:00:00Z'");  // Event time decides.
  EXPECT_EQ(game.board("final"), "ada 3");
}

TEST(BoardRules, BestKeepsTheBestInTheBoardsOrder) {
  Game game(R"yaml(
    events: {race: {seconds: int}}
    boards:
      - {id: fastest, when: "true", value: event.seconds, operator: best, order: ascending}
      - {id: last, when: "true", value: event.seconds, operator: latest})yaml");
  for (const char* event : {"'seconds': 50", "'seconds': 40", "'seconds': 45"}) game.send("ada", "race", event);
  EXPECT_EQ(game.board("fastest"), "ada 40");
  EXPECT_EQ(game.board("last"), "ada 45");
}

TEST(BoardRules, EventsCountInThePeriodOfTheirTime) {
  Game game(R"yaml(
    time_zone: Europe/Berlin
    clock: {late: 96h}
    events: {find: {}}
    rules: [{id: base, points: 1}]
    boards: [{id: today, window: {every: daily, keep: 1}}])yaml");
  game.at("2026-07-19T20:00:00Z");
  game.send("ada", "find");
  game.at("2026-07-19T22:00:00Z");  // The 20th in Berlin.
  game.send("bob", "find");
  game.send("ada", "find", "'ts': '2026-07-19T21:00:00Z'");
  EXPECT_EQ(game.board("today"), "bob 1");
  EXPECT_EQ(game.board("today", "", "2026-07-19"), "ada 2");
  game.at("2026-07-20T22:00:00Z");
  EXPECT_THAT(game.send("ada", "find", "'ts': '2026-07-19T21:00:00Z'"), is_ok(1));  // Not readable any more: no count.
  EXPECT_EQ(game.board("today"), "");
  EXPECT_EQ(game.board("today", "", "2026-07-20"), "bob 1");
  EXPECT_EQ(game.board("today", "", "2026-07-19"), "no such window");
}

TEST(BoardRules, TimePassesWithRefusedEventsToo) {
  Game game(R"yaml(
    events: {find: {ok: bool}}
    rules:
      - {id: refuse, when: "!event.ok", reject: "'no'"}
      - {id: base, points: 1}
    boards: [{id: today, window: {every: daily}}])yaml");
  game.send("ada", "find", "'ok': true");
  EXPECT_EQ(game.board("today"), "ada 1");
  game.later(hours(24));
  game.let_period_end();
  EXPECT_EQ(game.send("bob", "find", "'ok': false").code, Code::rejected);
  EXPECT_EQ(game.board("today"), "");
  EXPECT_EQ(game.engine().last_arrival(), game.now());
  game.send("ada", "find", "'ok': true");
}

constexpr std::string_view regions = R"yaml(
  events: {find: {value: int}, move: {region: string}}
  state: {player: {region: string}}
  rules:
    - {id: base, on: find, points: event.value}
    - {id: move, on: move, set: {player.region: event.region}}
  boards: [{id: regions, on: find, group_by: player.region}])yaml";

TEST(BoardRules, AMemberMovesWithItsPlayersGroup) {
  Game game(regions);
  game.send("ada", "find", "'value': 5");  // Under '': not kept.
  game.send("ada", "move", "'region': 'north'");
  game.send("bob", "move", "'region': 'north'");
  game.send("ada", "find", "'value': 10");
  game.send("bob", "find", "'value': 10");
  EXPECT_EQ(game.board("regions", "north"), "ada 10, bob 10");
  game.send("ada", "move", "'region': 'south'");  // An event of a type that the board does not count.
  EXPECT_EQ(game.board("regions", "north"), "bob 10");
  EXPECT_EQ(game.board("regions", "south"), "ada 10");
  game.send("ada", "move", "'region': 'north'");
  EXPECT_EQ(game.board("regions", "north"), "bob 10, ada 10");  // Reached anew, at that event.
  game.send("bob", "move", "'region': ''");
  EXPECT_EQ(game.board("regions", "north"), "ada 10");
  game.send("bob", "move", "'region': 'north'");
  EXPECT_EQ(game.board("regions", "north"), "ada 10");  // What bob had is gone.
}

TEST(BoardRules, AMoveAndPointsCanComeAtOnce) {
  Game game(R"yaml(
    events: {find: {region: string}}
    state: {player: {region: string}}
    rules: [{id: base, points: 10, set: {player.region: event.region}}]
    boards: [{id: regions, group_by: player.region}])yaml");
  game.send("ada", "find", "'region': 'north'");
  // It counts on the south's board, where she was not before.
  EXPECT_THAT(game.send("ada", "find", "'region': 'south'").ranks, ElementsAre("regions 0 -> 1"));
  EXPECT_EQ(game.board("regions", "north"), "");
  EXPECT_EQ(game.board("regions", "south"), "ada 20");
}

TEST(BoardRules, ARefusedMoveMovesNobody) {
  Game game(R"yaml(
    events: {find: {region: string, ok: bool}}
    state: {player: {region: string}}
    rules:
      - {id: base, points: 10, set: {player.region: event.region}}
      - {id: refuse, when: "!event.ok", reject: "'no'"}
    boards: [{id: regions, group_by: player.region}])yaml");
  game.send("ada", "find", "'region': 'north', 'ok': true");
  game.send("ada", "find", "'region': 'south', 'ok': false");
  EXPECT_EQ(game.board("regions", "north"), "ada 10");
}

TEST(BoardRules, GroupsOfTheEventKeepTheirOwnEntries) {
  Game game(R"yaml(
    events: {find: {region: string}}
    rules: [{id: base, points: 10}]
    boards: [{id: regions, group_by: event.region}])yaml");
  game.send("ada", "find", "'region': 'north'");
  game.send("ada", "find", "'region': 'south'");
  EXPECT_EQ(game.board("regions", "north"), "ada 10");
  EXPECT_EQ(game.board("regions", "south"), "ada 10");
}

TEST(BoardRules, RanksAreOfTheBoardsOnWhichTheEventCounted) {
  Game game(R"yaml(
    events: {find: {value: int}, lose: {}}
    rules: [{id: base, on: find, points: event.value}]
    boards:
      - {id: global}
      - {id: best, on: find, operator: best}
      - {id: losses, on: lose, when: "true", value: "1"})yaml");
  EXPECT_THAT(game.send("ada", "find", "'value': 20").ranks, ElementsAre("global 0 -> 1", "best 0 -> 1"));
  EXPECT_THAT(game.send("bob", "find", "'value': 30").ranks, ElementsAre("global 0 -> 1", "best 0 -> 1"));
  EXPECT_THAT(game.send("ada", "find", "'value': 15").ranks, ElementsAre("global 2 -> 1", "best 2 -> 2"));
  EXPECT_THAT(game.send("ada", "lose").ranks, ElementsAre("losses 0 -> 1"));
  EXPECT_THAT(game.send("ada", "find", "'value': 0").ranks, IsEmpty());
}

TEST(BoardRules, MembersNeedNotBePlayers) {
  Game game(R"yaml(
    events: {find: {team: string}}
    rules: [{id: base, points: 10}]
    boards: [{id: teams, member: event.team}])yaml");
  game.send("ada", "find", "'team': 'red'");
  game.send("bob", "find", "'team': 'red'");
  game.send("eve", "find", "'team': 'eve'");
  EXPECT_EQ(game.board("teams"), "red 20, eve 10");
  EXPECT_EQ(game.engine().players(), 3U);
}

}  // namespace
}  // namespace tallyho
