#include "state/record_layout.h"

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

// Every byte belongs to at most one thing.
TEST(RecordLayout, NothingOverlaps) {
  const std::vector<StateType> types{StateType::boolean,   StateType::int64,    StateType::float64, StateType::string,
                                     StateType::timestamp, StateType::duration, StateType::set,     StateType::window};
  std::vector<StateVariable> variables;
  for (const StateType type : types) {
    variables.push_back(variable(type));
    if (type < StateType::set) variables.push_back(variable(type, Every::daily));
  }
  const RecordLayout layout(scope_of(variables), 3, 2);
  std::vector<int> used(layout.record_bytes());
  const auto use = [&](std::uint32_t offset, std::uint32_t bytes) {
    ASSERT_LE(offset + bytes, used.size());
    for (std::uint32_t i = 0; i < bytes; ++i) EXPECT_EQ(used[offset + i]++, 0) << "byte " << offset + i;
  };
  use(RecordLayout::key_offset, 4);
  use(layout.total_offset(), 8);
  for (std::uint16_t i = 0; i < layout.variables(); ++i) {
    use(layout.place(i).offset, RecordLayout::bytes_of(layout.place(i).type));
    if (layout.place(i).resets != Every::never) use(layout.place(i).period_offset, 5);
  }
  for (std::uint16_t i = 0; i < 3; ++i) {
    use(layout.payment(i).paid_offset, 8);
    use(layout.payment(i).period_offset, 5);
  }
  for (std::uint16_t i = 0; i < 2; ++i) use(layout.last_fired_offset(i), 9);
  use(layout.ids_offset(true), 4);
  use(layout.ids_offset(false), 4);
  EXPECT_EQ(layout.total_offset() % 8, 0U);
}

TEST(RecordLayout, ARecordOfAnEmptyScopeIsItsKey) {
  EXPECT_EQ(RecordLayout(scope_of({})).record_bytes(), 8U);
}

}  // namespace
}  // namespace tallyho
