// The same log under two rulesets: beside a comparison that is made the slow way, event by event.
#include "engine/comparison.h"

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "log/memory_log.h"
#include "ruleset/loader.h"

namespace tallyho {
namespace {

constexpr std::string_view old_rules = R"(
tallyho: 1
name: old
events:
  find: {value: int}
  rest: {}
rules:
  - {id: base, on: find, points: event.value}
  - {id: no-seven, on: find, when: event.value == 7, reject: "'seven'"}
  - {id: idle, on: rest, points: 1}
boards:
  - id: global
  - {id: best, on: find, operator: best}
)";

// Pays even values twice, takes no value over 90, rejects other ones, and knows a board of its own.
constexpr std::string_view new_rules = R"(
tallyho: 1
name: new
events:
  find: {value: {type: int, max: 90}}
  rest: {}
rules:
  - {id: base, on: find, points: event.value}
  - {id: even, on: find, when: event.value % 2 == 0, points: event.value}
  - {id: no-five, on: find, when: event.value == 5, reject: "'five'"}
  - {id: idle, on: rest, points: 1}
boards:
  - id: global
  - {id: evens, when: event.type == 'find' && points > 90}
)";

std::shared_ptr<const Ruleset> load(std::string_view source) {
  return load_ruleset(source, "test").value();
}

// A record and the bytes it is of.
struct Kept {
  RecordKind kind;
  std::string bytes;
};

std::vector<Kept> random_log(std::mt19937_64& random, std::uint64_t records) {
  std::vector<Kept> log{{RecordKind::ruleset, std::string(old_rules)}};
  for (std::uint64_t i = 0; i < records; ++i) {
    const std::string player = "p" + std::to_string(random() % 150);
    if (random() % 40 == 0) {
      log.push_back({RecordKind::operation, R"({"op":"ban","player":")" + player + R"("})"});
    } else if (random() % 5 == 0) {
      log.push_back({RecordKind::event, R"({"type":"rest","player":")" + player + R"("})"});
    } else {
      log.push_back({random() % 9 == 0 ? RecordKind::event_of_player : RecordKind::event,
                     R"({"type":"find","player":")" + player + R"(","id":"e)" + std::to_string(random() % records) +
                         R"(","value":)" + std::to_string(random() % 100) + "}"});
    }
  }
  return log;
}

// A game, fed record by record or in the groups of a Replayer.
struct Side {
  explicit Side(std::string_view source) : ruleset(load(source)), engine(ruleset, std::make_unique<MemoryLog>(), {}) {}
  std::shared_ptr<const Ruleset> ruleset;
  Engine engine;
};

struct Slow {
  std::map<Position, std::pair<Code, std::int64_t>> outcomes;
  std::map<std::string, std::pair<std::uint64_t, std::int64_t>> fired;  // How often, and what it paid.
};

// Without Replayer: each record is decoded and applied alone.
Slow play_slowly(Side& side, const std::vector<Kept>& log) {
  Slow slow;
  Decoder decoder;
  for (std::size_t i = 0; i < log.size(); ++i) {
    Arena arena;
    const LogRecord record{i + 1, log[i].kind, Timestamp{static_cast<std::int64_t>(i), 0}, log[i].bytes};
    if (record.kind == RecordKind::operation) {
      side.engine.replay(*parse_operation(record.bytes, arena), record, arena);
    }
    if (record.kind == RecordKind::operation || record.kind == RecordKind::ruleset) continue;
    const auto event = decoder.decode(record.bytes, *side.ruleset, arena);
    if (!event) {
      slow.outcomes[i + 1] = {event.error().code, 0};
      continue;
    }
    const Outcome outcome = side.engine.replay(*event, record, arena);
    slow.outcomes[i + 1] = {outcome.code, outcome.code == Code::ok ? outcome.points : 0};
    for (const FiredRule& fired : outcome.fired) {
      auto& [times, paid] = slow.fired[side.ruleset->rules[fired.rule].id];
      ++times;
      paid += fired.points;
    }
  }
  return slow;
}

void expect_tally(const RunTally& tally, const Slow& slow) {
  std::int64_t points = 0;
  for (const auto& [position, outcome] : slow.outcomes) points += outcome.second;
  EXPECT_EQ(tally.points(), points);
  EXPECT_EQ(tally.events(), slow.outcomes.size());
  for (const RuleTally& rule : tally.rules()) {
    const auto fired = slow.fired.find(rule.rule);
    EXPECT_EQ(rule.fired, fired == slow.fired.end() ? 0 : fired->second.first) << rule.rule;
    EXPECT_EQ(rule.paid, fired == slow.fired.end() ? 0 : fired->second.second) << rule.rule;
  }
}

TEST(Comparison, SaysOfEveryEventWhatASlowOneSays) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  const std::vector<Kept> log = random_log(random, 4000);
  Side slow_before(old_rules);
  Side slow_after(new_rules);
  const Slow was = play_slowly(slow_before, log);
  const Slow is = play_slowly(slow_after, log);
  std::vector<Position> expected;
  std::uint64_t other_points = 0;
  for (const auto& [position, outcome] : was.outcomes) {
    const auto& now = is.outcomes.at(position);
    if (now.first != outcome.first) expected.push_back(position);
    if (now.first == outcome.first && now.second != outcome.second) ++other_points;
  }

  Side before(old_rules);
  Side after(new_rules);
  std::vector<Position> changed;
  Comparison comparison([&](const ChangedEvent& event) {
    changed.push_back(event.position);
    EXPECT_EQ(event.before, was.outcomes.at(event.position).first);
    EXPECT_EQ(event.after, is.outcomes.at(event.position).first);
    EXPECT_EQ(event.points_before, was.outcomes.at(event.position).second);
    EXPECT_NE(log[event.position - 1].bytes.find('"' + std::string(event.player) + '"'), std::string::npos);
  });
  Replayer::Options own;
  own.told = [&](const Replayed& one) { comparison.before(*before.ruleset, one); };
  Replayer::Options other{.is_other_ruleset = true};
  other.told = [&](const Replayed& one) { comparison.after(*after.ruleset, one); };
  Replayer first(before.engine, own);
  Replayer second(after.engine, other);
  for (std::size_t i = 0; i < log.size(); ++i) {
    const LogRecord record{i + 1, log[i].kind, Timestamp{static_cast<std::int64_t>(i), 0}, log[i].bytes};
    ASSERT_TRUE(first.take(record)) << first.problem();
    ASSERT_TRUE(second.take(record)) << second.problem();
  }
  ASSERT_TRUE(first.finish() && second.finish());

  EXPECT_EQ(changed, expected);
  EXPECT_GT(changed.size(), 100U);
  EXPECT_EQ(comparison.other_codes(), expected.size());
  EXPECT_EQ(comparison.other_points(), other_points);
  EXPECT_GT(other_points, 100U);
  expect_tally(comparison.tally_before(), was);
  expect_tally(comparison.tally_after(), is);
  EXPECT_EQ(before.engine.state_hash(), slow_before.engine.state_hash());
  EXPECT_EQ(after.engine.state_hash(), slow_after.engine.state_hash());
}

TEST(Comparison, AnUnknownEventEndsAReplayOfItsOwnRulesetOnly) {
  const std::string bytes = R"({"type":"find","player":"ada","value":95})";
  Side side(new_rules);
  Replayer strict(side.engine, {});
  EXPECT_FALSE(strict.take({1, RecordKind::event, {}, bytes}));
  EXPECT_NE(strict.problem().find("position 1"), std::string::npos);
  Replayer other(side.engine, {.is_other_ruleset = true});
  EXPECT_TRUE(other.take({2, RecordKind::event, {}, bytes}));
  EXPECT_TRUE(other.finish());
  EXPECT_EQ(side.engine.version(), 2U);
}

TopSection section(std::string board, std::vector<TopSection::Place> places) {
  return {.board = std::move(board), .group = {}, .window = {}, .places = std::move(places)};
}

TEST(Tops, SayWhoEnteredWhoMovedAndWhoLeft) {
  const auto differences =
      compare_tops({section("a", {{"ada", 30}, {"bob", 20}, {"cat", 10}}), section("same", {{"x", 1}})},
                   {section("a", {{"bob", 25}, {"eve", 22}, {"cat", 9}}), section("same", {{"x", 2}}),
                    section("new", {{"ada", 5}})});
  ASSERT_EQ(differences.size(), 2U);
  EXPECT_EQ(differences[0].board, "a");
  const auto& moves = differences[0].moves;
  ASSERT_EQ(moves.size(), 3U);
  EXPECT_EQ(moves[0].member, "bob");
  EXPECT_EQ(moves[0].before, 2U);
  EXPECT_EQ(moves[0].after, 1U);
  EXPECT_EQ(moves[1].member, "eve");
  EXPECT_EQ(moves[1].before, 0U);
  EXPECT_EQ(moves[2].member, "ada");
  EXPECT_EQ(moves[2].after, 0U);
  EXPECT_EQ(moves[2].value_before, 30);
  EXPECT_EQ(differences[1].board, "new");
  EXPECT_TRUE(compare_tops({section("a", {{"x", 1}})}, {section("a", {{"x", 1}})}).empty());
}

}  // namespace
}  // namespace tallyho
