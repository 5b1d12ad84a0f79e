#include "cel/testing/random_program.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace tallyho::cel {
namespace {

// Goal: what the generator makes is well-typed, and rich. Method: compile and run ten thousand, and see what they use.
TEST(RandomProgramTest, IsWellTypedAndRich) {
  Environment environment(&Environment::standard());
  declare_one_of_each(environment);
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  RandomProgram random(environment, seed);
  RandomInputs inputs(environment);
  std::set<Kind> results;
  std::set<ErrorKind> errors;
  int constants = 0;
  constexpr int programs = 10'000;
  for (int i = 0; i < programs; ++i) {
    const Type type = random.type();
    const std::string source = random.expression(type, 1 + i % 5);
    const auto program = Program::compile(source, environment);
    ASSERT_TRUE(program.has_value()) << source << "\n" << program.error()[0].message;
    constants += program->constant() != nullptr ? 1 : 0;
    if (program->cost().units > 1'000'000) continue;
    inputs.draw(random);
    Arena arena;
    const Value value = program->evaluate(inputs, arena);
    results.insert(value.kind());
    if (value.is_error()) errors.insert(value.error_kind());
    ASSERT_NE(value.kind(), Kind::opaque);
  }
  EXPECT_GE(results.size(), 11u) << "most kinds should be among the results";
  EXPECT_GE(errors.size(), 6u) << "many kinds of errors should be among the results";
  EXPECT_LT(constants, programs / 2);
}

TEST(RandomProgramTest, TheSameSeedGivesTheSame) {
  Environment environment(&Environment::standard());
  declare_one_of_each(environment);
  RandomProgram one(environment, 7);
  RandomProgram other(environment, 7);
  RandomInputs inputs(environment);
  RandomInputs others(environment);
  for (int i = 0; i < 100; ++i) {
    const Type type = one.type();
    EXPECT_EQ(type, other.type());
    EXPECT_EQ(one.expression(type), other.expression(type));
    inputs.draw(one);
    others.draw(other);
    EXPECT_EQ(inputs.describe(), others.describe());
  }
}

}  // namespace
}  // namespace tallyho::cel
