// Bans, adjustments and forgetting, as records of the log. Game replays each of these runs and compares the state's
// hash.
#include "engine/operation.h"

#include <gmock/gmock.h>

#include "engine/game.h"

namespace tallyho {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::string_view hunt = R"yaml(
  time_zone: Europe/Berlin
  clock: {late: 72h}
  total: {min: 0}
  events:
    find: {value: int}
    join: {team: string}
  state:
    player: {team: string, finds: int, seen: {type: set, capacity: 4}}
  rules:
    - {id: base, on: find, points: event.value, set: {player.finds: player.finds + 1}, add: {player.seen: event.type}}
    - {id: join, on: join, set: {player.team: event.team}}
  boards:
    - {id: global}
    - {id: today, window: {every: daily, keep: 2}}
    - {id: teams, member: player.team}
    - {id: mates, group_by: player.team}
    - {id: finds, on: find, operator: best}
    - {id: totals, value: player.total, operator: latest, when: 'true'}
    - {id: short, operator: best, limit: 2}
    - {id: tries, attempts: 2})yaml";

TEST(Ban, HidesThePlayerFromEveryBoardAndShowsItWhereItWasAlsoAmongEquals) {
  Game game(hunt);
  for (const auto* player : {"ada", "bob", "cat"}) game.send(player, "join", "'team': 'red'");
  for (const auto* player : {"ada", "bob", "cat"}) game.send(player, "find", "'value': 20");
  EXPECT_EQ(game.board("global"), "ada 20, bob 20, cat 20");
  const std::string before = game.engine().state_hash();

  EXPECT_EQ(game.ban("bob").code, Code::ok);
  for (const auto* board : {"global", "today", "finds", "totals"}) EXPECT_EQ(game.board(board), "ada 20, cat 20");
  EXPECT_EQ(game.board("mates", "red"), "ada 20, cat 20");
  EXPECT_EQ(game.board("teams"), "red 60") << "a team is no player";
  EXPECT_NE(game.engine().state_hash(), before);

  EXPECT_EQ(game.unban("bob").code, Code::ok);
  for (const auto* board : {"global", "today", "finds", "totals"}) {
    EXPECT_EQ(game.board(board), "ada 20, bob 20, cat 20") << board;
  }
  EXPECT_EQ(game.board("mates", "red"), "ada 20, bob 20, cat 20");
  EXPECT_EQ(game.engine().state_hash(), before) << "restored exactly";
}

TEST(Ban, RefusesThePlayersEventsBeforeAnythingElse) {
  Game game(hunt);
  game.send("ada", "find", "'value': 20, 'id': 'e1'");
  game.ban("ada");
  EXPECT_EQ(game.send("ada", "find", "'value': 5").code, Code::player_banned);
  EXPECT_EQ(game.send("ada", "find", "'value': 5, 'id': 'e1'").code, Code::player_banned) << "before duplicate";
  EXPECT_EQ(game.send("ada", "find", "'value': 5, 'ts': 0").code, Code::player_banned) << "before out_of_time";
  EXPECT_EQ(game.explain("ada", "find", "'value': 5").code, Code::player_banned);
  EXPECT_EQ(game.total("ada"), 20);
  game.unban("ada");
  EXPECT_EQ(game.send("ada", "find", "'value': 5, 'id': 'e1'").code, Code::duplicate) << "ids are remembered still";
  EXPECT_THAT(game.send("ada", "find", "'value': 5"), is_ok(5, 25));
}

TEST(Ban, HasNoEffectTheSecondTime) {
  Game game(hunt);
  game.send("ada", "find", "'value': 20");
  EXPECT_EQ(game.unban("ada").code, Code::ok);
  game.ban("ada");
  const std::string banned = game.engine().state_hash();
  EXPECT_EQ(game.ban("ada").code, Code::ok);
  EXPECT_EQ(game.engine().state_hash(), banned);
}

TEST(Ban, OfSomebodyTheGameHasNotMetIsNotFoundAndNotLogged) {
  Game game(hunt);
  for (const Answer& answer : {game.ban("ada"), game.unban("ada"), game.forget("ada"), game.adjust("ada", "a", 5)}) {
    EXPECT_EQ(answer.code, Code::not_found);
    EXPECT_EQ(answer.position, 0U);
  }
  EXPECT_EQ(game.engine().log().last(), 0U);
}

TEST(Ban, MakesRoomUnderALimitAndTheWorstLeavesAgain) {
  Game game(hunt);
  game.send("ada", "find", "'value': 30");
  game.send("bob", "find", "'value': 20");
  game.ban("ada");
  game.send("cat", "find", "'value': 10");
  EXPECT_EQ(game.board("short"), "bob 20, cat 10");
  game.unban("ada");
  EXPECT_EQ(game.board("short"), "ada 30, bob 20");
}

TEST(Ban, OutlivesAWindowThatEnds) {
  Game game(hunt);
  game.at("2026-07-19T12:00:00Z");
  game.send("ada", "find", "'value': 20");
  game.ban("ada");
  game.at("2026-07-20T12:00:00Z");
  game.send("bob", "find", "'value': 5");
  game.at("2026-07-22T12:00:00Z");
  game.send("bob", "find", "'value': 5");
  game.unban("ada");
  EXPECT_EQ(game.board("today", "", "2026-07-19"), "no such window");
  EXPECT_EQ(game.board("global"), "ada 20, bob 10");
}

TEST(Adjust, AddsPointsOnceForEachId) {
  Game game(hunt);
  game.send("ada", "find", "'value': 20");
  game.send("bob", "find", "'value': 25");
  EXPECT_THAT(game.adjust("ada", "case-1", 10), is_ok(10, 30));
  const Answer again = game.adjust("ada", "case-1", 99);
  EXPECT_EQ(again.code, Code::duplicate);
  EXPECT_EQ(again.points, 10);
  EXPECT_EQ(again.total, 30);
  EXPECT_THAT(game.adjust("bob", "case-1", -1), is_ok(-1, 24)) << "ids are a player's own";
  EXPECT_EQ(game.board("global"), "ada 30, bob 24");
  EXPECT_EQ(game.board("today"), "ada 30, bob 24");
}

TEST(Adjust, CountsWhereEveryTypeOfEventDoesAndIsNoAttempt) {
  Game game(hunt);
  game.send("ada", "find", "'value': 20");
  game.send("ada", "find", "'value': 5");
  game.adjust("ada", "a", 100);
  EXPECT_EQ(game.board("finds"), "ada 20") << "only finds count";
  EXPECT_EQ(game.board("totals"), "ada 125");
  EXPECT_EQ(game.board("tries"), "ada 125") << "both attempts were used, and one is not an attempt";
  EXPECT_EQ(game.player("ada", "finds"), "2") << "no rule has fired";
}

TEST(Adjust, IsClampedToTheTotalsBounds) {
  Game game(hunt);
  game.send("ada", "find", "'value': 20");
  EXPECT_THAT(game.adjust("ada", "a", -50), is_ok(-20, 0));
  EXPECT_EQ(game.board("global"), "ada 0");
}

// A player who played last has other variables than the one who is adjusted.
TEST(Adjust, ReadsTheVariablesOfTheOneWhoIsAdjusted) {
  Game game(R"yaml(
    events: {find: {value: int, place: string}, rest: {place: string, value: int}}
    state: {player: {finds: int, place: string}}
    rules:
      - {id: base, on: find, points: event.value, set: {player.finds: player.finds + 1, player.place: event.place}}
      - {id: rest, on: rest, points: '1'}
    boards:
      - {id: finds, value: player.finds, operator: latest, when: 'true'}
      - {id: north, when: "player.place == 'north'"})yaml");
  game.send("ada", "find", "'value': 20, 'place': 'north'");
  for (int i = 0; i < 3; ++i) game.send("bob", "find", "'value': 20, 'place': 'south'");
  EXPECT_EQ(game.adjust("ada", "a1", 5).code, Code::ok);
  EXPECT_EQ(game.board("finds"), "bob 3, ada 1");
  EXPECT_EQ(game.board("north"), "ada 25");
  game.send("ada", "rest", "'place': 'north', 'value': 3");
  EXPECT_EQ(game.adjust("bob", "a2", 5).code, Code::ok);
  EXPECT_EQ(game.board("finds"), "bob 3, ada 1");
  EXPECT_EQ(game.board("north"), "ada 26");
}

TEST(Adjust, OfABannedPlayerShowsOnceItIsUnbanned) {
  Game game(hunt);
  game.send("ada", "find", "'value': 20");
  game.send("bob", "find", "'value': 15");
  game.ban("ada");
  EXPECT_THAT(game.adjust("ada", "a", -5), is_ok(-5, 15));
  EXPECT_EQ(game.board("global"), "bob 15");
  game.unban("ada");
  EXPECT_EQ(game.board("global"), "bob 15, ada 15") << "reached at the adjustment";
}

TEST(Adjust, IsAllOrNothing) {
  Game game(hunt);
  game.send("ada", "find", "'value': 9000000000000000000");
  const Answer refused = game.adjust("ada", "a", 9000000000000000000);
  EXPECT_EQ(refused.code, Code::rule_error);
  EXPECT_THAT(refused.message, testing::HasSubstr("total: overflow"));
  EXPECT_THAT(game.adjust("ada", "a", -1), is_ok(-1)) << "a failed one's id is not remembered";
}

TEST(Adjust, MovesAMemberWhoseGroupItChanges) {
  Game game(R"yaml(
    events: {find: {value: int}}
    rules: [{id: base, points: event.value}]
    boards: [{id: leagues, group_by: "player.total >= 100 ? 'gold' : 'tin'"}])yaml");
  game.send("ada", "find", "'value': 90");
  EXPECT_EQ(game.board("leagues", "tin"), "ada 90");
  game.adjust("ada", "a", 10);
  EXPECT_EQ(game.board("leagues", "tin"), "");
  EXPECT_EQ(game.board("leagues", "gold"), "ada 100");
}

TEST(Forget, TakesThePlayerOutOfStateAndBoards) {
  Game game(hunt);
  game.send("ada", "join", "'team': 'red'");
  game.send("ada", "find", "'value': 20, 'id': 'e1'");
  game.send("bob", "find", "'value': 10");
  game.adjust("ada", "a", 5);
  EXPECT_EQ(game.forget("ada").code, Code::ok);
  EXPECT_FALSE(game.engine().find_player("ada"));
  for (const auto* board : {"global", "today", "finds", "totals", "short"}) EXPECT_EQ(game.board(board), "bob 10");
  EXPECT_EQ(game.board("mates", "red"), "");
  EXPECT_EQ(game.engine().players(), 1U);
  EXPECT_EQ(game.player("bob", "finds"), "1") << "the others' records stay";
  EXPECT_EQ(game.forget("ada").code, Code::not_found);

  EXPECT_THAT(game.send("ada", "find", "'value': 7, 'id': 'e1'"), is_ok(7, 7)) << "begins anew, with her ids";
  EXPECT_THAT(game.adjust("ada", "a", 5), is_ok(5, 12));
  EXPECT_EQ(game.player("ada", "seen"), "1");
}

TEST(Forget, LiftsABanWhichNobodyWouldRemember) {
  Game game(hunt);
  game.send("ada", "find", "'value': 20");
  game.ban("ada");
  game.forget("ada");
  EXPECT_THAT(game.send("ada", "find", "'value': 7"), is_ok(7, 7));
  EXPECT_EQ(game.board("global"), "ada 7");
}

TEST(Ack, NamesTheRankOnTheSectionThatTheEventCountedOn) {
  Game game(R"yaml(
    events: {find: {value: int, team: string}}
    clock: {late: 72h}
    state: {player: {team: string}}
    rules: [{id: base, points: event.value, set: {player.team: event.team}}]
    boards: [{id: teams, group_by: player.team, window: {every: daily, keep: 2}}])yaml");
  game.at("2026-07-18T12:00:00Z");
  game.send("ada", "find", "'value': 20, 'team': 'red'");
  game.send("bob", "find", "'value': 30, 'team': 'blue'");
  game.at("2026-07-19T12:00:00Z");
  // Ada changes teams and so moves in yesterday's window, too, where bob is ahead of her; today she is the first.
  EXPECT_THAT(game.send("ada", "find", "'value': 5, 'team': 'blue'").ranks, ElementsAre("teams 0 -> 1"));
  EXPECT_EQ(game.board("teams", "blue", "2026-07-18"), "bob 30, ada 20");
  // Points for yesterday, which come late, move her there.
  EXPECT_THAT(game.send("ada", "find", "'value': 50, 'team': 'blue', 'ts': '2026-07-18T13:00:00Z'").ranks,
              ElementsAre("teams 2 -> 1"));
  game.ban("ada");
  EXPECT_THAT(game.send("ada", "find", "'value': 5, 'team': 'red'").ranks, IsEmpty());
}

TEST(Operation, ComesBackFromItsRecord) {
  Arena arena;
  for (const Operation& operation :
       {Operation{.kind = Operation::Kind::ban, .player = "a\"da", .reason = "bot\n"},
        Operation{.kind = Operation::Kind::unban, .player = "ada"},
        Operation{.kind = Operation::Kind::forget, .player = "ada"},
        Operation{.kind = Operation::Kind::adjust, .player = "ada", .id = "7", .points = -5}}) {
    const std::string record = to_record(operation);
    EXPECT_TRUE(is_operation(record));
    const auto parsed = parse_operation(record, arena);
    ASSERT_TRUE(parsed) << record << ": " << parsed.error().message;
    EXPECT_EQ(to_record(*parsed), record);
  }
}

TEST(Operation, SaysWhoDidItAndThatChangesNothing) {
  Arena arena;
  const Operation ban{.kind = Operation::Kind::ban, .player = "ada", .by = "ops \"A\"\n"};
  const auto parsed = parse_operation(to_record(ban), arena);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->by, ban.by);

  const auto play = [](std::string_view by) {
    Game game(hunt);
    game.send("ada", "find", "'value': 20");
    game.send("bob", "find", "'value': 7");
    for (const Operation& operation :
         {Operation{.kind = Operation::Kind::adjust, .player = "ada", .id = "7", .points = -5, .by = by},
          Operation{.kind = Operation::Kind::ban, .player = "ada", .by = by},
          Operation{.kind = Operation::Kind::unban, .player = "ada", .by = by},
          Operation{.kind = Operation::Kind::forget, .player = "bob", .by = by}}) {
      EXPECT_EQ(game.operate(to_record(operation)).code, Code::ok);
    }
    EXPECT_EQ(game.board("global"), "ada 15");
    return game.engine().state_hash();
  };
  EXPECT_EQ(play(""), play("ops@game.example"));
}

// A request does not say who it comes from: its token does.
TEST(Operation, OfABodyCannotSayWhoDidIt) {
  Arena arena;
  for (const auto kind : {Operation::Kind::ban, Operation::Kind::forget}) {
    const auto parsed = parse_operation_body(kind, "ada", R"({"by":"somebody else"})", arena);
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error().field, "by");
  }
}

TEST(Operation, IsNoEventAndNoEventIsOne) {
  EXPECT_FALSE(is_operation(R"({"type":"find","op":"ban","player":"ada"})"));
  EXPECT_FALSE(is_operation(R"({"player":"ada"})"));
  EXPECT_FALSE(is_operation(R"("op")"));
  EXPECT_TRUE(is_operation(R"({"op":7})"));
}

TEST(Operation, OfABadRecordNamesTheMemberToBlame) {
  struct Case {
    std::string json;
    Code code;
    std::string field;
  };
  Arena arena;
  for (const Case& bad :
       {Case{"[1]", Code::malformed, ""}, Case{R"({"op":"kick","player":"ada"})", Code::invalid_field, "op"},
        Case{R"({"op":"ban"})", Code::invalid_field, "player"},
        Case{R"({"op":"ban","player":""})", Code::invalid_field, "player"},
        Case{R"({"op":"ban","player":"a\u0001"})", Code::invalid_field, "player"},
        Case{R"({"op":"ban","player":"a\u0085"})", Code::invalid_field, "player"},
        Case{R"({"op":"ban","player":"ada","id":"7"})", Code::invalid_field, "id"},
        Case{R"({"op":"adjust","player":"ada","points":7})", Code::missing_field, "id"},
        Case{R"({"op":"adjust","player":"ada","id":"7"})", Code::missing_field, "points"},
        Case{R"({"op":"adjust","player":"ada","id":"7","points":1.0})", Code::invalid_field, "points"},
        Case{R"({"op":"ban","player":"ada","reason":7})", Code::invalid_field, "reason"},
        Case{R"({"op":"ban","player":"ada","until":7})", Code::invalid_field, "until"},
        Case{R"({"op":"ban","player":"ada","by":7})", Code::invalid_field, "by"},
        Case{R"({"op":"ban","player":"ada","by":")" + std::string(by_bytes_max + 1, 'x') + "\"}", Code::invalid_field,
             "by"},
        Case{R"({"op":"ban","player":"ada","at":7})", Code::invalid_field, "at"}}) {
    const auto parsed = parse_operation(bad.json, arena);
    ASSERT_FALSE(parsed) << bad.json;
    EXPECT_EQ(parsed.error().code, bad.code) << bad.json;
    EXPECT_EQ(parsed.error().field, bad.field) << bad.json;
  }
}

}  // namespace
}  // namespace tallyho
