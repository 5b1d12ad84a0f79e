#include "state/state.h"

#include <random>
#include <string>

#include "gtest/gtest.h"

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
enum PlayerVariable : std::uint16_t { flag, finds, walked, team, last_find, pause, found, recent, today };
constexpr ScopeIndex team_scope = 1;

Ruleset make_ruleset() {
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
  player.variables[team].max_bytes = 8;
  player.variables[found].capacity = 3;
  player.variables[found].max_bytes = 8;
  player.variables[recent].capacity = 4;
  player.variables[today].resets = Every::daily;
  Scope& teams = ruleset.scopes.emplace_back();
  teams.name = "team";
  teams.variables = {variable("finds", StateType::int64, Value::int64(0))};
  return ruleset;
}

class StateTest : public testing::Test {
 protected:
  Record make_player(std::string_view name) { return state.create(player_scope, symbols.intern(name)); }
  Value read(const std::byte* record, std::uint16_t number) { return state.read(player_scope, record, number, clock); }
  StateFault write(Record record, std::uint16_t number, Value value) {
    return state.write(player_scope, record, number, value, clock);
  }
  void set_now(std::string_view time) { clock.set(*parse_timestamp(time)); }

  const Ruleset ruleset = make_ruleset();
  SymbolTable symbols;
  State state{ruleset, symbols};
  PeriodClock clock{ruleset.time_zone};
};

void expect_initial(const State& state, const std::byte* record, PeriodClock& clock) {
  const auto read = [&](std::uint16_t number) { return state.read(player_scope, record, number, clock); };
  EXPECT_TRUE(read(flag).as_boolean());
  EXPECT_EQ(read(finds).as_int64(), -7);
  EXPECT_EQ(read(walked).as_float64(), 0.5);
  EXPECT_EQ(read(team).as_string(), "none");
  EXPECT_EQ(read(last_find).as_timestamp(), (Timestamp{1, 2}));
  EXPECT_EQ(read(pause).as_duration(), std::chrono::seconds(3));
  EXPECT_EQ(read(today).as_int64(), 5);
  EXPECT_EQ(state.find_set(player_scope, record, found), nullptr);
  EXPECT_EQ(state.find_window(player_scope, record, recent), nullptr);
  EXPECT_EQ(state.total(record), 0);
  EXPECT_EQ(state.last_fired(record, 0), never_happened);
}

TEST_F(StateTest, AKeyWithoutStateReadsItsInitialValues) {
  expect_initial(state, nullptr, clock);
}

TEST_F(StateTest, ANewKeyReadsItsInitialValues) {
  expect_initial(state, make_player("ada"), clock);
}

TEST_F(StateTest, EveryTypeReadsBackWhatWasWritten) {
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

TEST_F(StateTest, KeysHaveStateOfTheirOwn) {
  const Record ada = make_player("ada");
  const Record bob = make_player("bob");
  write(ada, finds, Value::int64(1));
  EXPECT_EQ(read(bob, finds).as_int64(), -7);
  EXPECT_EQ(state.find(team_scope, *symbols.find("ada")), nullptr);  // The same name in another scope.
}

TEST_F(StateTest, TooLongATextIsRefusedAndChangesNothing) {
  const Record ada = make_player("ada");
  EXPECT_EQ(write(ada, team, Value::string("12345678")), StateFault::none);
  EXPECT_EQ(write(ada, team, Value::string("123456789")), StateFault::text_too_long);
  EXPECT_EQ(write(ada, team, Value::string("ääääx")), StateFault::text_too_long);  // Nine bytes.
  EXPECT_EQ(read(ada, team).as_string(), "12345678");
  EXPECT_EQ(state.add(player_scope, ada, found, Value::string("123456789")), StateFault::text_too_long);
}

TEST_F(StateTest, AValueThatResetsIsInitialInALaterPeriod) {
  const Record ada = make_player("ada");
  set_now("2026-07-19T21:59:59Z");  // One second to midnight in Berlin.
  write(ada, today, Value::int64(9));
  EXPECT_EQ(read(ada, today).as_int64(), 9);
  set_now("2026-07-19T22:00:00Z");
  EXPECT_EQ(read(ada, today).as_int64(), 5);
}

TEST_F(StateTest, AnEarlierPeriodReadsAndWritesTheValueOfTheLaterOne) {
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

TEST_F(StateTest, WhatACapHasPaidBelongsToItsPeriod) {
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

TEST_F(StateTest, RollingBackTakesEverythingBack) {
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

TEST_F(StateTest, WhatWasWrittenBeforeAnEventStays) {
  const Record ada = make_player("ada");
  write(ada, finds, Value::int64(1));
  state.begin();
  write(ada, finds, Value::int64(2));
  state.roll_back();
  EXPECT_EQ(read(ada, finds).as_int64(), 1);
}

TEST_F(StateTest, IdsAreRememberedApartForEachKindOfSender) {
  const Record ada = make_player("ada");
  EXPECT_EQ(state.remembered(nullptr, true, "e1", {0, 0}), std::nullopt);
  state.remember(ada, true, "e1", {0, 0}, 7);
  EXPECT_EQ(state.remembered(ada, true, "e1", {0, 0}), 7);
  EXPECT_EQ(state.remembered(ada, false, "e1", {0, 0}), std::nullopt);
  EXPECT_EQ(state.remembered(make_player("bob"), true, "e1", {0, 0}), std::nullopt);
}

// Each of these belongs to the state, so each must change its hash.
TEST_F(StateTest, TheHashSeesEveryPartOfState) {
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
  state.remember(ada, true, "e1", {0, 0}, 7);
  expect_new("id");
  make_player("bob");
  expect_new("key");
}

TEST_F(StateTest, TheHashDoesNotDependOnTheOrderInWhichKeysCame) {
  SymbolTable other_symbols;
  State other(ruleset, other_symbols);
  for (const char* name : {"ada", "bob", "eve"}) make_player(name);
  for (const char* name : {"eve", "ada", "bob"}) other.create(player_scope, other_symbols.intern(name));
  EXPECT_EQ(state.hash(), other.hash());
}

// Random writes within events that are kept or taken back, against a copy that only sees those that are kept.
TEST_F(StateTest, WhatWasTakenBackHasNeverHappened) {
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

}  // namespace
}  // namespace tallyho
