// The journey of an event: positions, clock, remembered ids, limits, what is refused and in which order.

#include "engine/engine.h"

#include <set>

#include "base/names_for_test.h"
#include "engine/game.h"
#include "log/memory_log.h"
#include "ruleset/loader.h"

namespace tallyho {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::string_view finds = R"yaml(
  events: {find: {value: int}}
  state: {player: {finds: int}}
  rules:
    - {id: negative, when: event.value < 0, reject: "'less than nothing'"}
    - {id: base, points: 100 / event.value, set: {player.finds: player.finds + 1}}
  boards: [{id: global}])yaml";

TEST(Engine, EveryEventThatReachesTheLogHasAPosition) {
  Game game(finds);
  EXPECT_EQ(game.send("ada", "find", "'value': 1").position, 1U);
  EXPECT_EQ(game.send("ada", "find", "'value': -1").position, 2U);
  EXPECT_EQ(game.send("ada", "find", "'value': 0").position, 3U);
  EXPECT_EQ(game.send("ada", "find", "'value': 1, 'ts': 0").position, 4U);
  EXPECT_EQ(game.engine().version(), 4U);
  EXPECT_EQ(game.engine().log().last(), 4U);
}

TEST(Engine, PlayersWhoseNamesHaveTheSameHashAreTwo) {
  const auto [ada, other] = names_of_one_hash();
  Game game(finds);
  EXPECT_EQ(game.send(ada, "find", "'value': 1").total, 100);
  EXPECT_EQ(game.send(other, "find", "'value': 2").total, 50);
  EXPECT_EQ(game.send(ada, "find", "'value': 1").total, 200);
  EXPECT_EQ(game.send(other, "find", "'value': 2").total, 100);
  EXPECT_EQ(game.engine().players(), 2U);
}

TEST(Engine, ArrivalTimeNeverGoesBack) {
  Game game(R"yaml(
    events: {tell: {}}
    rules: [{id: tell, notify: string(now)}])yaml");
  game.at("2026-07-19T12:00:00Z");
  game.send("ada", "tell");
  game.at("2026-07-19T11:00:00Z");
  EXPECT_EQ(game.send("ada", "tell").notices.front(), "2026-07-19T12:00:00Z");
  EXPECT_EQ(game.engine().last_arrival(), parse_timestamp("2026-07-19T12:00:00Z"));
}

TEST(Engine, EventTimeIsTsOrElseArrivalTime) {
  Game game(R"yaml(
    events: {tell: {}}
    rules: [{id: tell, notify: string(now)}])yaml");
  EXPECT_EQ(game.send("ada", "tell").notices.front(), "2026-07-19T12:00:00Z");
  EXPECT_EQ(game.send("ada", "tell", "'ts': '2026-07-19T13:30:00.000000001+02:00'").notices.front(),
            "2026-07-19T11:30:00.000000001Z");
}

TEST(Engine, EventTimeMayLagOrLeadByJustTheClocksBounds) {
  Game game(R"yaml(
    clock: {late: 1h, early: 5s}
    events: {find: {}})yaml");
  struct Case {
    const char* ts;
    Code code;
  };
  for (const Case& c :
       {Case{"2026-07-19T11:00:00Z", Code::ok}, Case{"2026-07-19T10:59:59.999999999Z", Code::out_of_time},
        Case{"2026-07-19T12:00:05Z", Code::ok}, Case{"2026-07-19T12:00:05.000000001Z", Code::out_of_time},
        Case{"0001-01-01T00:00:00Z", Code::out_of_time}, Case{"9999-12-31T23:59:59Z", Code::out_of_time}}) {
    EXPECT_EQ(game.send("ada", "find", "'ts': '" + std::string(c.ts) + "'").code, c.code) << c.ts;
  }
  EXPECT_EQ(game.send("ada", "find", "'ts': '2026-07-19T12:00:06Z'").message,
            "'ts' 2026-07-19T12:00:06Z is more than 5s after the event arrived, 2026-07-19T12:00:00Z");
}

TEST(Engine, ADuplicateIsAnsweredWithTheFirstPointsAndTheTotalNow) {
  Game game(finds);
  EXPECT_THAT(game.send("ada", "find", "'value': 1, 'id': 'e1'"), is_ok(100, 100));
  EXPECT_THAT(game.send("ada", "find", "'value': 2"), is_ok(50, 150));
  const Answer again = game.send("ada", "find", "'value': 1, 'id': 'e1'");
  EXPECT_EQ(again.code, Code::duplicate);
  EXPECT_EQ(again.points, 100);
  EXPECT_EQ(again.total, 150);
  EXPECT_EQ(game.board("global"), "ada 150");
}

TEST(Engine, ADuplicateIsOneWhateverElseItHolds) {
  Game game(finds);
  game.send("ada", "find", "'value': 1, 'id': 'e1'");
  for (const char* other : {"'value': 7, 'id': 'e1'", "'value': 0, 'id': 'e1'", "'value': -1, 'id': 'e1'",
                            "'value': 1, 'id': 'e1', 'ts': 0"}) {
    EXPECT_EQ(game.send("ada", "find", other).code, Code::duplicate) << other;
  }
}

TEST(Engine, IdsAreRememberedPerPlayerAndKindOfSender) {
  Game game(finds);
  EXPECT_THAT(game.send("ada", "find", "'value': 1, 'id': 'e1'"), is_ok(100));
  EXPECT_THAT(game.send("bob", "find", "'value': 1, 'id': 'e1'"), is_ok(100));
  EXPECT_THAT(game.send_as_player("ada", "find", "'value': 1, 'id': 'e1'"), is_ok(100, 200));
  EXPECT_EQ(game.send_as_player("ada", "find", "'value': 1, 'id': 'e1'").code, Code::duplicate);
}

TEST(Engine, OnlyAcceptedIdsAreRemembered) {
  Game game(finds);
  EXPECT_EQ(game.send("ada", "find", "'value': -1, 'id': 'e1'").code, Code::rejected);
  EXPECT_EQ(game.send("ada", "find", "'value': 0, 'id': 'e1'").code, Code::rule_error);
  EXPECT_EQ(game.send("ada", "find", "'value': 1, 'id': 'e1', 'ts': 0").code, Code::out_of_time);
  EXPECT_THAT(game.send("ada", "find", "'value': 1, 'id': 'e1'"), is_ok(100));
}

TEST(Engine, IdsAreForgottenByNumberAndByTime) {
  Game game(R"yaml(
    dedupe: {window: 10m, per_player: 2}
    events: {find: {}}
    rules: [{id: base, points: 1}])yaml");
  game.send("ada", "find", "'id': 'e1'");
  game.send("ada", "find", "'id': 'e2'");
  EXPECT_EQ(game.send("ada", "find", "'id': 'e1'").code, Code::duplicate);  // A duplicate is not a newer one.
  game.send("ada", "find");                                                 // Nor is an event without an id.
  EXPECT_EQ(game.send("ada", "find", "'id': 'e1'").code, Code::duplicate);
  game.send("ada", "find", "'id': 'e3'");
  EXPECT_EQ(game.send("ada", "find", "'id': 'e2'").code, Code::duplicate);
  EXPECT_EQ(game.send("ada", "find", "'id': 'e1'").code, Code::ok);
  game.later(minutes(10) - Duration(1));
  EXPECT_EQ(game.send("ada", "find", "'id': 'e1'").code, Code::duplicate);
  game.later(Duration(1));
  EXPECT_EQ(game.send("ada", "find", "'id': 'e1'").code, Code::ok);
}

TEST(Engine, TheFirstOfTheProtocolsOrderDecides) {
  Game game(finds, Engine::Options{.players_max = 1});
  game.send("ada", "find", "'value': 1, 'id': 'e1'");
  EXPECT_EQ(game.send("ada", "find", "'value': 0, 'id': 'e1', 'ts': 0").code, Code::duplicate);
  EXPECT_EQ(game.send("bob", "find", "'value': 0, 'ts': 0").code, Code::out_of_time);
  EXPECT_EQ(game.send("bob", "find", "'value': -1").code, Code::rejected);
  EXPECT_EQ(game.send("bob", "find", "'value': 0").code, Code::rule_error);
  EXPECT_THAT(game.send("bob", "find", "'value': 1"),
              is_refused(Code::capacity, "", "there are 1 players, as many as there may be"));
}

TEST(Engine, ARefusedFirstEventMakesNoPlayer) {
  Game game(finds);
  game.send("ada", "find", "'value': -1");
  game.send("ada", "find", "'value': 0");
  game.send("ada", "find", "'value': 1, 'ts': 0");
  EXPECT_EQ(game.engine().find_player("ada"), std::nullopt);
  EXPECT_EQ(game.engine().symbols().find("ada"), std::nullopt);
  EXPECT_EQ(game.engine().players(), 0U);
}

TEST(Engine, LimitsNameWhatIsFull) {
  const std::string_view ruleset = R"yaml(
    events: {find: {treasure: string, region: string, value: int}}
    state: {treasure: {key: event.treasure, finders: int}}
    rules:
      - {id: count, points: 1, set: {treasure.finders: treasure.finders + 1}}
    boards:
      - {id: regions, group_by: event.region}
      - {id: value, value: 1 / event.value})yaml";
  Game game(ruleset, Engine::Options{.keys_max = 2, .groups_max = 2});
  const auto find = [&](const char* treasure, const char* region, int value = 1) {
    return game.send(
        "ada", "find",
        "'treasure': '" + std::string(treasure) + "', 'region': '" + region + "', 'value': " + std::to_string(value));
  };
  EXPECT_EQ(find("t1", "r1").code, Code::ok);
  EXPECT_EQ(find("t2", "r2").code, Code::ok);
  EXPECT_THAT(find("t3", "r1"), is_refused(Code::capacity, "", "scope 'treasure' has 2 keys, as many as it may"));
  EXPECT_THAT(find("t1", "r3"),
              is_refused(Code::capacity, "regions", "board 'regions' has 2 groups, as many as it may"));
  EXPECT_THAT(find("t3", "r3", 0), is_refused(Code::rule_error, "value"));  // Errors come before limits.
  EXPECT_EQ(find("t2", "r1").code, Code::ok);
}

TEST(Engine, NamesAndStringsHaveALimit) {
  Game game(finds, Engine::Options{.string_bytes_max = 1});
  EXPECT_EQ(game.send("ada", "find", "'value': 1").code, Code::capacity);
}

TEST(Engine, AFollowingBoardsNewGroupMayBeOneTooMany) {
  Game game(R"yaml(
    events: {move: {region: string}}
    state: {player: {region: string}}
    rules: [{id: move, points: 1, set: {player.region: event.region}}]
    boards: [{id: regions, group_by: player.region}])yaml",
            Engine::Options{.groups_max = 2});
  game.send("ada", "move", "'region': 'a'");
  game.send("bob", "move", "'region': 'b'");
  game.send("eve", "move", "'region': 'b'");
  EXPECT_EQ(game.send("eve", "move", "'region': 'c'").code, Code::capacity);
  EXPECT_EQ(game.player("eve", "region"), "'b'");
}

TEST(Engine, ADefectInTheMiddleHasNoEffect) {
  Game game(finds);
  game.send("ada", "find", "'value': 1");
  game.fail_next();
  const Answer failed = game.send("bob", "find", "'value': 1, 'id': 'e1'");
  EXPECT_EQ(failed.code, Code::internal);
  EXPECT_FALSE(failed.message.empty());
  EXPECT_EQ(game.engine().find_player("bob"), std::nullopt);
  EXPECT_THAT(game.send("bob", "find", "'value': 1, 'id': 'e1'"), is_ok(100));  // Only the next one.
}

// A log that cannot be written.
class BrokenLog final : public Log {
 public:
  Result<Position> append(std::string_view, Timestamp, RecordKind) override {
    return std::unexpected(Error{.code = Code::unavailable});
  }
  void commit() override {}
  Position durable() const override { return 0; }
  Position last() const override { return 0; }
  const std::string& identity() const override { return identity_; }

 private:
  const std::string identity_ = std::string(32, '0');
};

TEST(Engine, WhatTheLogDoesNotTakeHasNotHappened) {
  Game game(finds);
  const auto ruleset = load_ruleset("{tallyho: 1, name: test, events: {find: {}}}", "test.yaml");
  ASSERT_TRUE(ruleset.has_value());
  Engine engine(*ruleset, std::make_unique<BrokenLog>(), {});
  Arena arena;
  const Outcome outcome = engine.ingest(Event{}, "{}", game.now(), {}, arena);
  EXPECT_EQ(outcome.code, Code::unavailable);
  EXPECT_FALSE(outcome.message.empty());
  EXPECT_EQ(outcome.position, 0U);
  EXPECT_EQ(engine.version(), 0U);
  EXPECT_EQ(engine.last_arrival(), Timestamp{});
}

TEST(Engine, MemoryIsToldByClass) {
  Game game(R"yaml(
    events: {find: {treasure: string}}
    state:
      player: {found: {type: set, capacity: 10}}
      treasure: {key: event.treasure, finders: int}
    rules: [{id: base, points: 1, set: {treasure.finders: treasure.finders + 1}, add: {player.found: event.treasure}}]
    boards: [{id: global}])yaml");
  game.send("ada", "find", "'treasure': 't1', 'id': 'e1'");
  game.send("ada", "find", "'treasure': 't2', 'id': 'e2'");  // A set of one is in the player's record.
  const Engine::Memory memory = game.engine().memory();
  for (const std::size_t bytes :
       {memory.players, memory.scopes, memory.sets, memory.boards, memory.strings, memory.dedupe}) {
    EXPECT_GT(bytes, 0U);
  }
}

TEST(Engine, VariablesOfAPlayerCanBeAskedFor) {
  Game game(finds);
  EXPECT_EQ(game.player("ada", "finds"), "0");  // Of somebody unknown: as it would begin.
  game.send("ada", "find", "'value': 1");
  EXPECT_EQ(game.player("ada", "finds"), "1");
  EXPECT_EQ(game.player("ada", "total"), "100");
  EXPECT_EQ(game.player("ada", "nothing"), "");
}

TEST(Engine, CommittingAndPushingBetweenEventsChangesNothing) {
  Game game(finds);
  Game flushed(finds);
  for (int i = 1; i <= 20; ++i) {
    const std::string value = "'value': " + std::to_string(i);
    EXPECT_EQ(game.send("ada", "find", value), flushed.send("ada", "find", value));
    if (i % 3 != 0) continue;
    flushed.engine().commit();
    flushed.engine().push({});
  }
  EXPECT_EQ(game.engine().state_hash(), flushed.engine().state_hash());
  flushed.engine().commit();
  EXPECT_EQ(flushed.engine().log().durable(), 20U);
}

}  // namespace
}  // namespace tallyho
