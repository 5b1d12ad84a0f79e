#include "state/state.h"

#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "state/writers.h"

namespace tallyho {
namespace {

using cel::Value;

StateVariable variable(std::string name, StateType type, Value init) {
  StateVariable made;
  made.name = std::move(name);
  made.type = type;
  made.init = init;
  return made;
}

// A player who has one of everything, and teams.
enum PlayerVariable : std::uint16_t { flag, finds, walked, team, last_find, pause, found, recent, today, first_other };
constexpr std::uint16_t others = 14;
constexpr ScopeIndex team_scope = 1;

Assignment assignment_to(std::uint16_t variable) {
  return {.scope = player_scope,
          .variable = variable,
          .value = cel::Program::compile("1", cel::Environment::standard()).value()};
}

// Whether each of two types of events writes variables of its own, so that records have annexes.
Ruleset make_ruleset(bool has_annexes) {
  Ruleset ruleset;
  ruleset.time_zone = *TimeZone::load("Europe/Berlin");
  ruleset.dedupe_per_player = 4;
  ruleset.caps = 1;
  ruleset.cooldowns = 1;
  Scope& player = ruleset.scopes.emplace_back();
  player.name = "player";
  player.variables = {variable("flag", StateType::boolean, Value::boolean(true)),
                      variable("finds", StateType::int64, Value::int64(-7)),
                      variable("walked", StateType::float64, Value::float64(0.5)),
                      variable("team", StateType::string, Value::string("none")),
                      variable("last_find", StateType::timestamp, Value::timestamp({1, 2})),
                      variable("pause", StateType::duration, Value::duration(std::chrono::seconds(3))),
                      variable("found", StateType::set, {}),
                      variable("recent", StateType::window, {}),
                      variable("today", StateType::int64, Value::int64(5))};
  for (int i = 0; i < others; ++i) {
    player.variables.push_back(variable("other_" + std::to_string(i), StateType::int64, Value::int64(i)));
  }
  player.variables[team].max_bytes = 8;
  player.variables[found].capacity = 3;
  player.variables[found].max_bytes = 8;
  player.variables[recent].capacity = 4;
  player.variables[today].resets = Every::daily;
  Scope& teams = ruleset.scopes.emplace_back();
  teams.name = "team";
  teams.variables = {variable("finds", StateType::int64, Value::int64(0))};
  const std::vector<EventTypeIndex> all{0, 1};
  const std::vector<std::uint16_t> written[2] = {{flag, finds, walked, last_find, recent, today}, {team, pause, found}};
  for (const EventTypeIndex type : all) {
    Rule& rule = ruleset.rules.emplace_back();
    rule.id = "rule-" + std::to_string(type);
    rule.on = has_annexes ? std::vector{type} : all;
    for (const std::uint16_t variable : written[type]) rule.set.push_back(assignment_to(variable));
  }
  ruleset.rules[0].cooldown = std::chrono::minutes(1);
  ruleset.rules[1].cap = PointsCap{.points = 100, .per = Every::daily, .number = 0};
  return ruleset;
}

class StateTest : public testing::TestWithParam<bool> {
 protected:
  Record make_player(std::string_view name) { return state.create(player_scope, symbols.intern(name)); }
  Value read(const std::byte* record, std::uint16_t number) { return state.read(player_scope, record, number, clock); }
  StateFault write(Record record, std::uint16_t number, Value value) {
    return state.write(player_scope, record, number, value, clock);
  }
  void set_now(std::string_view time) { clock.set(*parse_timestamp(time)); }

  const Ruleset ruleset = make_ruleset(GetParam());
  SymbolTable symbols;
  State state{ruleset, symbols};
  PeriodClock clock{ruleset.time_zone};
};

TEST(AStateTest, HasAnnexesOrHasNot) {
  for (const bool has_annexes : {false, true}) {
    const Ruleset ruleset = make_ruleset(has_annexes);
    const RecordLayout layout(ruleset.scopes[player_scope], writers_of_players(ruleset));
    EXPECT_EQ(layout.annexes(), has_annexes ? 2U : 0U);
  }
}

INSTANTIATE_TEST_SUITE_P(WithAndWithoutAnnexes, StateTest, testing::Bool());

void expect_initial(const State& state, const std::byte* record, PeriodClock& clock) {
  const auto read = [&](std::uint16_t number) { return state.read(player_scope, record, number, clock); };
  EXPECT_TRUE(read(flag).as_boolean());
  EXPECT_EQ(read(finds).as_int64(), -7);
  EXPECT_EQ(read(walked).as_float64(), 0.5);
  EXPECT_EQ(read(team).as_string(), "none");
  EXPECT_EQ(read(last_find).as_timestamp(), (Timestamp{1, 2}));
  EXPECT_EQ(read(pause).as_duration(), std::chrono::seconds(3));
  EXPECT_EQ(read(today).as_int64(), 5);
  EXPECT_EQ(state.find_set(player_scope, record, found).size(), 0U);
  EXPECT_EQ(state.find_window(player_scope, record, recent), nullptr);
  EXPECT_EQ(state.total(record), 0);
  EXPECT_EQ(state.last_fired(record, 0), never_happened);
}

TEST_P(StateTest, AKeyWithoutStateReadsItsInitialValues) {
  expect_initial(state, nullptr, clock);
}

TEST_P(StateTest, ANewKeyReadsItsInitialValues) {
  expect_initial(state, make_player("ada"), clock);
}

TEST_P(StateTest, EveryTypeReadsBackWhatWasWritten) {
  const Record ada = make_player("ada");
  write(ada, flag, Value::boolean(false));
  write(ada, finds, Value::int64(std::numeric_limits<std::int64_t>::min()));
  write(ada, walked, Value::float64(-1.25e300));
  write(ada, team, Value::string("red"));
  write(ada, last_find, Value::timestamp(Timestamp::max()));
  write(ada, pause, Value::duration(Duration(-1)));
  EXPECT_FALSE(read(ada, flag).as_boolean());
  EXPECT_EQ(read(ada, finds).as_int64(), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(read(ada, walked).as_float64(), -1.25e300);
  EXPECT_EQ(read(ada, team).as_string(), "red");
  EXPECT_EQ(read(ada, last_find).as_timestamp(), Timestamp::max());
  EXPECT_EQ(read(ada, pause).as_duration(), Duration(-1));
}

TEST_P(StateTest, KeysHaveStateOfTheirOwn) {
  const Record ada = make_player("ada");
  const Record bob = make_player("bob");
  write(ada, finds, Value::int64(1));
  EXPECT_EQ(read(bob, finds).as_int64(), -7);
  EXPECT_EQ(state.find(team_scope, *symbols.find("ada")), nullptr);  // The same name in another scope.
}

TEST_P(StateTest, TooLongATextIsRefusedAndChangesNothing) {
  const Record ada = make_player("ada");
  EXPECT_EQ(write(ada, team, Value::string("12345678")), StateFault::none);
  EXPECT_EQ(write(ada, team, Value::string("123456789")), StateFault::text_too_long);
  EXPECT_EQ(write(ada, team, Value::string("ääääx")), StateFault::text_too_long);  // Nine bytes.
  EXPECT_EQ(read(ada, team).as_string(), "12345678");
  EXPECT_EQ(state.add(player_scope, ada, found, Value::string("123456789")), StateFault::text_too_long);
}

TEST_P(StateTest, AValueThatResetsIsInitialInALaterPeriod) {
  const Record ada = make_player("ada");
  set_now("2026-07-19T21:59:59Z");  // One second to midnight in Berlin.
  write(ada, today, Value::int64(9));
  EXPECT_EQ(read(ada, today).as_int64(), 9);
  set_now("2026-07-19T22:00:00Z");
  EXPECT_EQ(read(ada, today).as_int64(), 5);
}

TEST_P(StateTest, AnEarlierPeriodReadsAndWritesTheValueOfTheLaterOne) {
  const Record ada = make_player("ada");
  set_now("2026-07-20T12:00:00Z");
  write(ada, today, Value::int64(9));
  set_now("2026-07-19T12:00:00Z");
  EXPECT_EQ(read(ada, today).as_int64(), 9);
  write(ada, today, Value::int64(10));
  set_now("2026-07-20T13:00:00Z");
  EXPECT_EQ(read(ada, today).as_int64(), 10);  // It has stayed with the 20th.
  set_now("2026-07-21T13:00:00Z");
  EXPECT_EQ(read(ada, today).as_int64(), 5);
}

TEST_P(StateTest, WhatACapHasPaidBelongsToItsPeriod) {
  const PointsCap daily{.points = 100, .per = Every::daily, .number = 0};
  const Record ada = make_player("ada");
  set_now("2026-07-20T12:00:00Z");
  EXPECT_EQ(state.paid(ada, daily, clock), 0);
  state.set_paid(ada, daily, 30, clock);
  set_now("2026-07-19T12:00:00Z");
  EXPECT_EQ(state.paid(ada, daily, clock), 30);
  set_now("2026-07-21T12:00:00Z");
  EXPECT_EQ(state.paid(ada, daily, clock), 0);
  const PointsCap ever{.points = 100, .per = Every::never, .number = 0};
  EXPECT_EQ(state.paid(make_player("bob"), ever, clock), 0);
}

TEST_P(StateTest, RollingBackTakesEverythingBack) {
  set_now("2026-07-20T12:00:00Z");
  const Record ada = make_player("ada");
  for (const char* name : {"t1", "t2"}) state.add(player_scope, ada, found, Value::string(name));
  state.add(player_scope, ada, recent, Value::timestamp({10, 0}));
  const Hash128 before = state.hash();
  const std::size_t symbols_before = symbols.size();

  state.begin();
  write(ada, finds, Value::int64(1));
  write(ada, finds, Value::int64(2));
  write(ada, team, Value::string("red"));
  write(ada, today, Value::int64(3));
  state.add(player_scope, ada, found, Value::string("t3"));
  EXPECT_EQ(state.add(player_scope, ada, found, Value::string("t4")), StateFault::set_full);
  state.add(player_scope, ada, recent, Value::timestamp({5, 0}));
  state.set_total(ada, 100);
  state.set_last_fired(ada, 0, {7, 0});
  state.set_paid(ada, {.points = 100, .per = Every::daily, .number = 0}, 30, clock);
  const Record bob = make_player("bob");
  write(bob, finds, Value::int64(1));
  state.add(player_scope, bob, found, Value::string("t9"));
  state.add(player_scope, bob, recent, Value::timestamp({5, 0}));
  state.create(team_scope, symbols.intern("red"));
  EXPECT_NE(state.hash(), before);
  state.roll_back();

  EXPECT_EQ(state.hash(), before);
  EXPECT_EQ(symbols.size(), symbols_before);
  EXPECT_EQ(state.keys(player_scope), 1U);
  EXPECT_EQ(state.keys(team_scope), 0U);
  expect_initial(state, make_player("bob"), clock);  // Where the one taken back was.
}

TEST_P(StateTest, WhatWasWrittenBeforeAnEventStays) {
  const Record ada = make_player("ada");
  write(ada, finds, Value::int64(1));
  state.begin();
  write(ada, finds, Value::int64(2));
  state.roll_back();
  EXPECT_EQ(read(ada, finds).as_int64(), 1);
}

TEST_P(StateTest, IdsAreRememberedApartForEachKindOfSender) {
  const Record ada = make_player("ada");
  EXPECT_EQ(state.remembered(nullptr, true, IdHash("e1"), {0, 0}), std::nullopt);
  state.remember(ada, true, IdHash("e1"), {0, 0}, 7);
  EXPECT_EQ(state.remembered(ada, true, IdHash("e1"), {0, 0}), 7);
  EXPECT_EQ(state.remembered(ada, false, IdHash("e1"), {0, 0}), std::nullopt);
  EXPECT_EQ(state.remembered(make_player("bob"), true, IdHash("e1"), {0, 0}), std::nullopt);
}

// Each of these belongs to the state, so each must change its hash.
TEST_P(StateTest, TheHashSeesEveryPartOfState) {
  const Record ada = make_player("ada");
  Hash128 last = state.hash();
  const auto expect_new = [&](const char* what) {
    EXPECT_NE(state.hash(), last) << what;
    last = state.hash();
  };
  write(ada, flag, Value::boolean(false));
  expect_new("bool");
  write(ada, finds, Value::int64(1));
  expect_new("int");
  write(ada, walked, Value::float64(1));
  expect_new("double");
  write(ada, team, Value::string("red"));
  expect_new("string");
  write(ada, last_find, Value::timestamp({1, 3}));
  expect_new("timestamp");
  write(ada, pause, Value::duration(Duration(1)));
  expect_new("duration");
  state.add(player_scope, ada, found, Value::string("t1"));
  expect_new("set");
  state.add(player_scope, ada, recent, Value::timestamp({5, 0}));
  expect_new("window");
  write(ada, today, Value::int64(5));
  expect_new("period");
  state.set_total(ada, 1);
  expect_new("total");
  state.set_last_fired(ada, 0, {5, 0});
  expect_new("cooldown");
  state.set_paid(ada, {.points = 9, .per = Every::never, .number = 0}, 1, clock);
  expect_new("cap");
  state.remember(ada, true, IdHash("e1"), {0, 0}, 7);
  expect_new("id");
  make_player("bob");
  expect_new("key");
}

TEST_P(StateTest, TheHashDoesNotDependOnTheOrderInWhichKeysCame) {
  SymbolTable other_symbols;
  State other(ruleset, other_symbols);
  for (const char* name : {"ada", "bob", "eve"}) make_player(name);
  for (const char* name : {"eve", "ada", "bob"}) other.create(player_scope, other_symbols.intern(name));
  EXPECT_EQ(state.hash(), other.hash());
}

// Random writes within events that are kept or taken back, against a copy that only sees those that are kept.
TEST_P(StateTest, WhatWasTakenBackHasNeverHappened) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  SymbolTable kept_symbols;
  State kept(ruleset, kept_symbols);
  const auto change = [&](State& to, SymbolTable& names, std::uint32_t draw) {
    const std::string name = "p" + std::to_string(draw % 7);
    const auto known = names.find(name);
    Record record = known ? to.find(player_scope, *known) : nullptr;
    if (record == nullptr) record = to.create(player_scope, names.intern(name));
    const std::string text = std::to_string(draw / 64 % 50);
    switch (draw / 8 % 6) {
      case 0: to.write(player_scope, record, finds, Value::int64(draw), clock); break;
      case 1: to.write(player_scope, record, team, Value::string(text), clock); break;
      case 2: to.add(player_scope, record, found, Value::string(text)); break;
      case 3: to.add(player_scope, record, recent, Value::timestamp({draw % 100, 0})); break;
      case 4: to.write(player_scope, record, today, Value::int64(draw), clock); break;
      default: to.set_total(record, draw); break;
    }
  };
  for (int event = 0; event < 500; ++event) {
    clock.set({1'780'000'000 + static_cast<std::int64_t>(random() % 400'000), 0});
    std::vector<std::uint32_t> draws(random() % 8);
    for (std::uint32_t& draw : draws) draw = static_cast<std::uint32_t>(random());
    state.begin();
    for (const std::uint32_t draw : draws) change(state, symbols, draw);
    if (random() % 2 == 0) {
      state.roll_back();
    } else {
      for (const std::uint32_t draw : draws) change(kept, kept_symbols, draw);
    }
    ASSERT_EQ(state.hash(), kept.hash()) << "event " << event;
    ASSERT_EQ(symbols.size(), kept_symbols.size()) << "event " << event;
  }
}

// Random writes and players who are forgotten, against a state that only ever sees those who are left, and each through
// a snapshot into a state whose records are laid out in the other way.
TEST_P(StateTest, WhoIsForgottenLeavesTheOthersAsTheyAre) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  std::map<std::string, std::vector<std::uint32_t>> draws;  // By player, what was written.
  const auto apply = [&](State& to, const std::string& name, std::uint32_t draw) {
    const Symbol symbol = symbols.intern(name);
    Record record = to.find(player_scope, symbol);
    if (record == nullptr) record = to.create(player_scope, symbol);
    clock.set({1'780'000'000 + draw % 400'000, 0});
    switch (draw % 9) {
      case 0: to.write(player_scope, record, finds, Value::int64(draw), clock); break;
      case 1: to.write(player_scope, record, pause, Value::duration(Duration(draw)), clock); break;
      case 2: to.add(player_scope, record, found, Value::string(std::to_string(draw / 16 % 9))); break;
      case 3: to.add(player_scope, record, recent, Value::timestamp({draw % 100, 7})); break;
      case 4: to.write(player_scope, record, today, Value::int64(draw), clock); break;
      case 5: to.set_last_fired(record, 0, {draw, 0}); break;
      case 6: to.set_paid(record, {.points = 9, .per = Every::daily, .number = 0}, draw, clock); break;
      case 7: to.write(player_scope, record, team, Value::string("red"), clock); break;
      default: to.set_total(record, draw); break;
    }
  };
  for (int step = 0; step < 1000; ++step) {
    const std::string name = "p" + std::to_string(random() % 20);
    state.begin();
    if (random() % 6 == 0) {
      state.forget_player(symbols.intern(name));
      draws.erase(name);
    } else {
      draws[name].push_back(static_cast<std::uint32_t>(random()));
      apply(state, name, draws[name].back());
    }
    if (step % 20 != 0) continue;
    State model(ruleset, symbols);
    for (const auto& [player, written] : draws) {
      for (const std::uint32_t draw : written) apply(model, player, draw);
    }
    ASSERT_EQ(state.hash(), model.hash()) << "step " << step;

    std::vector<std::byte> bytes;
    FormWriter out([&bytes](std::span<const std::byte> more) { bytes.insert(bytes.end(), more.begin(), more.end()); });
    state.save(out);
    out.flush();
    const Ruleset other_ruleset = make_ruleset(!GetParam());
    State other(other_ruleset, symbols);
    FormReader in([rest = std::span<const std::byte>(bytes)]() mutable { return std::exchange(rest, {}); });
    EXPECT_EQ(other.restore(in), std::vector<std::string>());
    ASSERT_EQ(in.problem(), "");
    ASSERT_EQ(other.hash(), state.hash()) << "step " << step;
  }
}

}  // namespace
}  // namespace tallyho
