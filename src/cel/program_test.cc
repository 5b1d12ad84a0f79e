#include "cel/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "cel/containers.h"
#include "cel/test_host.h"

namespace tallyho::cel {
namespace {

using testing::ElementsAre;

const Type int64 = Type::simple(Type::Kind::int64);
const Type string = Type::simple(Type::Kind::string);
const Type boolean = Type::simple(Type::Kind::boolean);

// The example of program.h.
TEST(Program, CompilesOnceAndEvaluatesForEachEvent) {
  TestHost host;
  const Slot value = host.next_slot(Value::int64(21));
  const Field field{.name = "value", .type = int64, .slot = value, .optional = false, .bounds = {}, .constant = {}};
  host.environment().declare(
      {.name = "event", .type = Type::record("event", {field}), .slot = 0, .bounds = {}, .constant = {}});

  const auto program = Program::compile("event.value * 2", host.environment(), int64);
  ASSERT_TRUE(program.has_value());
  Arena arena;
  const Value points = program->evaluate(host, arena);
  ASSERT_FALSE(points.is_error());
  EXPECT_EQ(points.as_int64(), 42);

  host.set(value, Value::int64(INT64_MAX));
  const Value overflow = program->evaluate(host, arena);
  ASSERT_TRUE(overflow.is_error());
  EXPECT_EQ(overflow.error_kind(), ErrorKind::overflow);
  EXPECT_EQ(program->source()[overflow.error_position()], '*');
}

TEST(Program, TellsEveryProblemAtOnce) {
  TestHost host;
  host.add("name", string, Value::string("ada"));
  const auto program = Program::compile("nmae == 'ada' && name + 1 == 'a'", host.environment());
  ASSERT_FALSE(program.has_value());
  ASSERT_EQ(program.error().size(), 2u);
  EXPECT_LT(program.error()[0].begin, program.error()[1].begin);
}

TEST(Program, RefusesAResultOfAnotherType) {
  TestHost host;
  host.add("name", string, Value::string("ada"));
  host.add("any", Type(), Value::int64(1));
  for (const std::string_view source : {"name", "any", "1.0", "1u"}) {
    const auto program = Program::compile(source, host.environment(), int64);
    ASSERT_FALSE(program.has_value()) << source;
    EXPECT_THAT(program.error()[0].message, testing::StartsWith("this must be int, but is ")) << source;
    EXPECT_EQ(program.error()[0].end, source.size());
  }
}

TEST(Program, CompilesConstantPatternsAndZonesAtOnce) {
  TestHost host;
  host.add("name", string, Value::string("ada"));
  const std::string_view source = "name.matches('a(')";
  const auto program = Program::compile(source, host.environment());
  ASSERT_FALSE(program.has_value());
  EXPECT_EQ(source.substr(program.error()[0].begin, program.error()[0].end - program.error()[0].begin), "'a('");
  EXPECT_THAT(program.error()[0].message, testing::HasSubstr("missing )"));
}

TEST(Program, FoldsWhatDependsOnNothing) {
  TestHost host;
  const std::pair<std::string_view, std::string_view> constants[] = {
      {"1 + 2 * 3", "7"},
      {"duration('10m')", "duration('600s')"},
      {"{'common': 1, 'rare': 2}['rare']", "2"},
      {"[1, 2, 3].map(x, [4, 5].map(y, x * y))", "[[4, 5], [8, 10], [12, 15]]"},
      {"cel.bind(x, 3, x * x)", "9"},
      {"1 / 0", "error: division by zero"},
      {"'a' + 'b' == 'ab' ? 'yes' : 'no'", "'yes'"},
  };
  for (const auto& [source, value] : constants) {
    const auto program = Program::compile(source, host.environment());
    ASSERT_TRUE(program.has_value()) << source;
    ASSERT_NE(program->constant(), nullptr) << source;
    EXPECT_EQ(to_literal(*program->constant()), value) << source;
  }
  host.add("name", string, Value::string("ada"));
  EXPECT_EQ(Program::compile("name + 'a'", host.environment())->constant(), nullptr);
}

TEST(Program, DoesNotFoldWhatWouldTakeLong) {
  TestHost host;
  std::string source = "[1,2,3,4,5,6,7,8,9,10]";
  for (const char* name : {"a", "b", "c", "d", "e", "f"}) {
    source = "[1,2,3,4,5,6,7,8,9,10].map(" + std::string(name) + ", " + source + ")";
  }
  const auto program = Program::compile(source, host.environment());
  ASSERT_TRUE(program.has_value());
  EXPECT_EQ(program->constant(), nullptr);
}

TEST(Program, KnowsWhatItReads) {
  TestHost host;
  host.add("a", int64, Value::int64(1));
  host.add("unused", int64, Value::int64(1));
  host.add("b", int64, Value::int64(1));
  EXPECT_THAT(Program::compile("b + a * b > 0 ? a : b", host.environment())->slots(), ElementsAre(0u, 2u));
  EXPECT_THAT(Program::compile("1 + 1", host.environment())->slots(), ElementsAre());
}

TEST(Program, ReadsOnlyWhatIsReached) {
  TestHost host;
  host.add("no", boolean, Value::boolean(false));
  host.add("other", boolean, Value::boolean(true));
  EXPECT_EQ(host.evaluate("no && other"), "false");
  EXPECT_EQ(host.reads(), 1);
}

TEST(Program, AsksWhetherOptionalFieldsAreThere) {
  TestHost host;
  const Slot region = host.next_slot(Value::error(ErrorKind::no_such_field));
  host.environment().declare(
      {.name = "event",
       .type = Type::record(
           "event",
           {{.name = "region", .type = string, .slot = region, .optional = true, .bounds = {}, .constant = {}}}),
       .slot = 0,
       .bounds = {},
       .constant = {}});
  EXPECT_EQ(host.evaluate("has(event.region)"), "false");
  EXPECT_EQ(host.evaluate("event.region"), "error: no such field");
  EXPECT_EQ(host.evaluate("has(event.region) ? event.region : 'none'"), "'none'");
  EXPECT_EQ(host.evaluate("event.?region.orValue('none')"), "'none'");
  host.set(region, Value::string("EU"));
  EXPECT_EQ(host.evaluate("has(event.region) && event.region == 'EU'"), "true");
}

std::vector<std::string> explain(TestHost& host, std::string_view source) {
  const auto program = Program::compile(source, host.environment());
  if (!program) return {program.error()[0].message};
  std::vector<std::string> lines;
  for (const Finding& finding : program->explain(host, host.arena()))
    lines.push_back(finding.text + " = " + finding.value);
  return lines;
}

class Explain : public testing::Test {
 protected:
  Explain() {
    host.add("streak", int64, Value::int64(2));
    host.add("level", int64, Value::int64(7));
    host.add("region", string, Value::string("EU"));
    host.add("vip", boolean, Value::boolean(false));
  }
  TestHost host;
};

TEST_F(Explain, ShowsTheFirstConjunctThatIsNotTrue) {
  EXPECT_THAT(explain(host, "level > 5 && streak >= 3 && region == 'US'"),
              ElementsAre("streak >= 3 = false", "streak = 2"));
}

TEST_F(Explain, ShowsEachAlternative) {
  EXPECT_THAT(explain(host, "level > 5 && (vip || streak >= level)"),
              ElementsAre("vip || streak >= level = false", "vip = false", "streak >= level = false", "streak = 2",
                          "level = 7"));
}

TEST_F(Explain, ShowsASingleConditionAndATrueOne) {
  EXPECT_THAT(explain(host, "streak * 2 > level"),
              ElementsAre("streak * 2 > level = false", "streak = 2", "level = 7"));
  EXPECT_THAT(explain(host, "level > 5 && streak > 1"),
              ElementsAre("level > 5 && streak > 1 = true", "level = 7", "streak = 2"));
}

TEST_F(Explain, ShowsErrors) {
  EXPECT_THAT(explain(host, "level > 5 && level / (streak - 2) > 1"),
              ElementsAre("level / (streak - 2) > 1 = error: division by zero", "level = 7", "streak = 2"));
}

TEST_F(Explain, LooksIntoFolds) {
  EXPECT_THAT(explain(host, "['US', 'BR'].exists(r, r == region)"),
              ElementsAre("['US', 'BR'].exists(r, r == region) = false", "region = 'EU'"));
}

}  // namespace
}  // namespace tallyho::cel
