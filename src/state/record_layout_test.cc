#include "state/record_layout.h"

#include <map>
#include <set>
#include <vector>

#include "gtest/gtest.h"

namespace tallyho {
namespace {

Scope scope_of(std::vector<StateVariable> variables) {
  Scope scope;
  scope.name = "player";
  scope.variables = std::move(variables);
  return scope;
}

StateVariable variable(StateType type, Every resets = Every::never) {
  StateVariable made;
  made.name = "x";
  made.type = type;
  made.resets = resets;
  return made;
}

TEST(RecordLayout, PacksVariablesByType) {
  // 4 for the key, 3 bools and a string in what is left of two words, 8 for the int, 9 for the timestamp.
  const RecordLayout layout(
      scope_of({variable(StateType::boolean), variable(StateType::int64), variable(StateType::boolean),
                variable(StateType::timestamp), variable(StateType::string), variable(StateType::boolean)}));
  EXPECT_LE(layout.record_bytes(), 32U);
  EXPECT_EQ(layout.record_bytes() % 8, 0U);
}

// Every byte belongs to at most one thing, and what a type has for itself lies in its annex, if it has one.
void expect_no_overlap(const RecordLayout& layout, const Writers& writers) {
  std::vector<std::vector<int>> used;
  for (std::uint16_t annex = 0; annex <= layout.annexes(); ++annex) used.emplace_back(layout.record_bytes(annex));
  const auto use = [&](std::uint16_t annex, std::uint32_t offset, std::uint32_t bytes) {
    ASSERT_LE(offset + bytes, used[annex].size());
    for (std::uint32_t i = 0; i < bytes; ++i) EXPECT_EQ(used[annex][offset + i]++, 0) << annex << ": " << offset + i;
  };
  std::map<std::uint16_t, std::set<EventTypeIndex>> types_in;
  for (std::uint16_t annex = 0; annex <= layout.annexes(); ++annex) use(annex, RecordLayout::key_offset, 4);
  for (std::uint16_t annex = 1; annex <= layout.annexes(); ++annex) use(0, RecordLayout::annex_offset(annex), 4);
  use(0, layout.total_offset(), 8);
  for (std::uint16_t i = 0; i < layout.variables(); ++i) {
    const RecordLayout::Place& place = layout.place(i);
    types_in[place.annex].insert(writers.variables[i]);
    use(place.annex, place.offset, place.bytes);
    if (place.resets != Every::never) use(place.annex, place.period_offset, 5);
  }
  const auto caps = static_cast<std::uint16_t>(writers.caps.size());
  for (std::uint16_t i = 0; i < caps; ++i) {
    types_in[layout.payment(i).annex].insert(writers.caps[i]);
    use(layout.payment(i).annex, layout.payment(i).paid_offset, 8);
    use(layout.payment(i).annex, layout.payment(i).period_offset, 5);
  }
  const auto cooldowns = static_cast<std::uint16_t>(writers.cooldowns.size());
  for (std::uint16_t i = 0; i < cooldowns; ++i) {
    types_in[layout.last_fired(i).annex].insert(writers.cooldowns[i]);
    use(layout.last_fired(i).annex, layout.last_fired(i).offset, 9);
  }
  use(0, layout.ids_offset(true), 8);
  use(0, layout.ids_offset(false), 8);
  EXPECT_EQ(layout.ids_offset(true) % 8, 0U);
  EXPECT_EQ(layout.ids_offset(false) % 8, 0U);
  EXPECT_EQ(layout.total_offset() % 8, 0U);
  for (std::uint16_t annex = 1; annex <= layout.annexes(); ++annex) {
    EXPECT_EQ(types_in[annex].size(), 1U) << "annex " << annex;
    EXPECT_FALSE(types_in[annex].contains(Writers::several));
  }
}

TEST(RecordLayout, NothingOverlaps) {
  const std::vector<StateType> types{StateType::boolean,   StateType::int64,    StateType::float64, StateType::string,
                                     StateType::timestamp, StateType::duration, StateType::set,     StateType::window};
  std::vector<StateVariable> variables;
  for (const StateType type : types) {
    variables.push_back(variable(type));
    if (type < StateType::set) variables.push_back(variable(type, Every::daily));
  }
  // First nobody has an annex, then the types 0 to 2 do.
  for (const bool has_writers : {false, true}) {
    SCOPED_TRACE(has_writers);
    Writers writers{.variables = std::vector(variables.size(), Writers::several),
                    .cooldowns = {Writers::several, Writers::several},
                    .caps = {Writers::several, Writers::several, Writers::several}};
    if (has_writers) {
      for (std::size_t i = 0; i < variables.size(); ++i) writers.variables[i] = static_cast<EventTypeIndex>(i % 4);
      writers.cooldowns = {0, 1};
      writers.caps = {2, 2, Writers::several};
    }
    expect_no_overlap(RecordLayout(scope_of(variables), writers), writers);
  }
}

Writers writers_of(std::vector<EventTypeIndex> variables) {
  return {.variables = std::move(variables), .cooldowns = {}, .caps = {}};
}

TEST(RecordLayout, WhatFitsTwoCacheLinesStaysTogether) {
  const std::vector<StateVariable> ints(12, variable(StateType::int64));  // With key, ids and total: 128 bytes.
  const RecordLayout layout(scope_of(ints), writers_of(std::vector<EventTypeIndex>(12, 0)));
  EXPECT_EQ(layout.record_bytes(), 128U);
  EXPECT_EQ(layout.annexes(), 0U);
}

TEST(RecordLayout, TheTypeThatWritesMostIsTakenOutFirst) {
  constexpr EventTypeIndex several = Writers::several;
  // 24 + 64 + 16 bytes for three types, 48 for all, 32 besides, with room for an annex's number: 184. Without the 64 of
  // type 1: 120.
  const RecordLayout layout(
      scope_of(std::vector<StateVariable>(19, variable(StateType::int64))),
      writers_of({0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, several, several, several, several, several, several}));
  EXPECT_EQ(layout.annexes(), 1U);
  EXPECT_EQ(layout.record_bytes(), 120U);
  EXPECT_EQ(layout.record_bytes(1), 68U);
  for (std::uint16_t i = 0; i < 19; ++i) EXPECT_EQ(layout.place(i).annex, i >= 3 && i < 11 ? 1 : 0) << i;
}

TEST(RecordLayout, NoMoreIsTakenOutThanMustBe) {
  constexpr EventTypeIndex several = Writers::several;
  // 32 bytes besides, 160 of variables: 192. Without the 64 of type 0: 128, its annex's number beside the key.
  std::vector<EventTypeIndex> types(20, several);
  std::fill_n(types.begin(), 8, EventTypeIndex{0});
  std::fill_n(types.begin() + 8, 2, EventTypeIndex{1});
  const RecordLayout layout(scope_of(std::vector<StateVariable>(20, variable(StateType::int64))), writers_of(types));
  EXPECT_EQ(layout.annexes(), 1U);
  EXPECT_EQ(layout.record_bytes(), 128U);
}

TEST(RecordLayout, AnAnnexThatIsNotWorthItsNumberIsNotMade) {
  std::vector<EventTypeIndex> types(20);
  for (std::size_t i = 0; i < types.size(); ++i) types[i] = static_cast<EventTypeIndex>(i);
  const RecordLayout layout(scope_of(std::vector<StateVariable>(20, variable(StateType::int64))), writers_of(types));
  EXPECT_EQ(layout.annexes(), 0U);  // 8 bytes each.
}

TEST(RecordLayout, ARecordOfAnEmptyScopeIsItsKey) {
  EXPECT_EQ(RecordLayout(scope_of({})).record_bytes(), 8U);
}

}  // namespace
}  // namespace tallyho
