// What expressions mean, by cel-spec's langdef and its conformance tests: operators, errors, folds, containers.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <string>

#include "cel/containers.h"
#include "cel/test_host.h"

namespace tallyho::cel {
namespace {

const Type int64 = Type::simple(Type::Kind::int64);
const Type uint64 = Type::simple(Type::Kind::uint64);
const Type float64 = Type::simple(Type::Kind::float64);
const Type string = Type::simple(Type::Kind::string);
const Type boolean = Type::simple(Type::Kind::boolean);

// A host whose variables keep the constant folder from doing the evaluator's work.
class Evaluator : public testing::Test {
 protected:
  Evaluator() {
    host.add("zero", int64, Value::int64(0));
    host.add("one", int64, Value::int64(1));
    host.add("min", int64, Value::int64(INT64_MIN));
    host.add("max", int64, Value::int64(INT64_MAX));
    host.add("u1", uint64, Value::uint64(1));
    host.add("d2", float64, Value::float64(2));
    host.add("nan", float64, Value::float64(std::nan("")));
    host.add("yes", boolean, Value::boolean(true));
    host.add("no", boolean, Value::boolean(false));
    host.add("text", string, Value::string("text"));
    const std::array<Value, 3> items = {Value::int64(3), Value::int64(1), Value::int64(2)};
    host.add("items", Type::list(int64), make_list(items, host.arena()));
    const std::array<Value, 4> pairs = {Value::string("a"), Value::int64(1), Value::string("b"), Value::int64(0)};
    host.add("map", Type::map(string, int64), *make_map(pairs, host.arena()));
    host.add("any", Type(), Value::string("any"));
  }

  // Each with and without the checker, unless it needs one of them.
  void expect(std::initializer_list<Example> examples) {
    for (const Example& example : examples) {
      EXPECT_EQ(host.evaluate(example.source), example.value) << example.source;
      EXPECT_EQ(host.evaluate_unchecked(example.source), example.value) << example.source << " (unchecked)";
    }
  }
  void expect_unchecked(std::initializer_list<Example> examples) {
    for (const Example& example : examples) {
      EXPECT_EQ(host.evaluate_unchecked(example.source), example.value) << example.source;
    }
  }

  TestHost host;
};

TEST_F(Evaluator, IntsThatOverflowAreErrors) {
  expect({{"max + one", "error: overflow"},
          {"min - one", "error: overflow"},
          {"max * 2", "error: overflow"},
          {"min * -1", "error: overflow"},
          {"min / -1", "error: overflow"},
          {"min % -1", "error: overflow"},
          {"-min", "error: overflow"},
          {"0u - u1", "error: overflow"},
          {"18446744073709551615u + u1", "error: overflow"},
          {"max + one - one", "error: overflow"},
          {"max - one + one", "9223372036854775807"}});
}

TEST_F(Evaluator, DivisionByZeroIsAnErrorExceptForDoubles) {
  expect({{"one / zero", "error: division by zero"},
          {"one % zero", "error: modulus by zero"},
          {"u1 / 0u", "error: division by zero"},
          {"d2 / 0.0", "double('Infinity')"},
          {"-d2 / 0.0", "double('-Infinity')"}});
}

TEST_F(Evaluator, DivisionTruncates) {
  expect({{"(one - 8) / 2", "-3"}, {"-3 * one % 5", "-3"}, {"7 * one % -5", "2"}});
}

TEST_F(Evaluator, AndAndOrAbsorbErrorsFromEitherSide) {
  expect({{"one / zero != 0 && no", "false"},
          {"no && one / zero != 0", "false"},
          {"one / zero != 0 || yes", "true"},
          {"yes || one / zero != 0", "true"},
          {"one / zero != 0 && yes", "error: division by zero"},
          {"one / zero != 0 || no", "error: division by zero"},
          {"one / zero > 0 || one % zero > 0", "error: division by zero"},
          {"one / zero > 0 && yes && no", "false"},
          {"no || one / zero > 0 || yes", "true"}});
}

TEST_F(Evaluator, OperandsThatAreNoBoolsAreErrorsThatCanBeAbsorbed) {
  expect_unchecked({{"text && no", "false"},
                    {"no && text", "false"},
                    {"text || yes", "true"},
                    {"text && text", "error: no such overload"},
                    {"text && yes", "error: no such overload"},
                    {"text || no", "error: no such overload"}});
}

TEST_F(Evaluator, UnknownNamesAreErrorsAtRunTimeIfUnchecked) {
  expect_unchecked({{"nobody || yes", "true"},
                    {"nobody(17) || yes", "true"},
                    {"one.nothing() || yes", "true"},
                    {"nobody", "error: unknown name"},
                    {"nobody(1)", "error: unknown name"}});
}

TEST_F(Evaluator, TheConditionOfATernaryIsNotAbsorbed) {
  expect({{"yes ? 1 : one / zero", "1"},
          {"no ? one / zero : 2", "2"},
          {"one / zero > 0 ? 1 : 2", "error: division by zero"}});
  expect_unchecked({{"text ? 1 : 2", "error: no such overload"}});
}

TEST_F(Evaluator, DynamicNumbersCompareAcrossKindsButDoNotAdd) {
  expect({{"dyn(one) == 1.0", "true"},
          {"dyn(one) == u1", "true"},
          {"dyn(one) == 'a'", "false"},
          {"dyn(one) != 'a'", "true"},
          {"dyn(one) < 1.5", "true"},
          {"dyn(u1) >= 2", "false"},
          {"dyn(max) < 9223372036854775808.0", "false"},
          {"dyn(max) >= 9223372036854775808.0", "true"},
          {"[1.0, 2.0, 3] == [dyn(u1), 2, 3u]", "true"},
          {"dyn(one) + 1.0", "error: no such overload"},
          {"dyn(one) < 'a'", "error: no such overload"}});
}

TEST_F(Evaluator, NanComparesAsFalseAndIsNoError) {
  expect({{"nan == nan", "false"},
          {"nan != nan", "true"},
          {"nan < d2", "false"},
          {"nan >= d2", "false"},
          {"dyn(nan) > 1", "false"},
          {"nan in [nan]", "false"}});
}

TEST_F(Evaluator, NullIsEqualOnlyToNull) {
  expect({{"dyn(one) == null", "false"}, {"null == null", "true"}, {"type(null) == null_type", "true"}});
}

TEST_F(Evaluator, ListsAreIndexedByWholeNumbers) {
  expect({{"items[one]", "1"},
          {"items[dyn(0.0)]", "3"},
          {"items[dyn(2u)]", "2"},
          {"items[dyn(0.1)]", "error: invalid argument"},
          {"items[3]", "error: index out of range"},
          {"items[-1]", "error: index out of range"},
          {"items[dyn(18446744073709551615u)]", "error: index out of range"},
          {"items[dyn('a')]", "error: no such overload"}});
}

TEST_F(Evaluator, MapsAreIndexedByKeysAndNumericallyEqualOnes) {
  expect({{"map.a", "1"},
          {"map['b']", "0"},
          {"map.c", "error: no such key"},
          {"map['c']", "error: no such key"},
          {"{1u: 'x'}[dyn(one)]", "'x'"},
          {"{1: 'x'}[dyn(1.0)]", "'x'"},
          {"{1: 'x'}[dyn(1.5)]", "error: no such key"},
          {"dyn(3.1) in {3u: 1}", "false"},
          {"dyn(3.0) in {3u: 1}", "true"},
          {"{dyn(b'a'): 1}", "error: a map's key must be a bool, int, uint or string"},
          {"{0: 1, one - 1: 2}", "error: a map has the same key twice"},
          {"{dyn(0): 1, 0u: 2}", "error: a map has the same key twice"},
          {"map[dyn(b'a')]", "error: no such overload"}});
}

TEST_F(Evaluator, HasAsksForKeysOfMapsOnly) {
  expect({{"has(map.a)", "true"},
          {"has(map.b)", "true"},
          {"has(map.c)", "false"},
          {"has({'a': null}.a)", "true"},
          {"has(dyn(one).a)", "error: no such overload"}});
}

TEST_F(Evaluator, InFindsEqualItems) {
  expect({{"one in items", "true"},
          {"5 in items", "false"},
          {"text in ['a', 'text', 'b']", "true"},
          {"text in ['a', 'a', 'b']", "false"},
          {"dyn(u1) in [1, 2]", "true"},
          {"dyn(1.0) in [1, 2]", "true"},
          {"dyn(1.5) in [1, 2]", "false"},
          {"dyn(null) in [1, 2]", "false"},
          {"dyn(9223372036854775808.0) in [9223372036854775807]", "true"},
          {"'a' in map", "true"},
          {"one / zero in [1, 2]", "error: division by zero"},
          {"one in []", "false"}});
}

TEST_F(Evaluator, AllAndExistsAbsorbErrorsOfOtherItems) {
  expect({{"items.all(x, x > 0)", "true"},
          {"items.all(x, 6 / (x - 1) > 5)", "false"},
          {"items.all(x, 6 / (x - 1) > 0)", "error: division by zero"},
          {"items.exists(x, 6 / (x - 1) == 6)", "true"},
          {"items.exists(x, 6 / (x - 1) == 7)", "error: division by zero"},
          {"[].all(x, x > 0)", "true"},
          {"[].exists(x, x > 0)", "false"},
          {"map.all(k, k < 'c')", "true"},
          {"map.exists(k, v, k == 'b' && v == 0)", "true"}});
}

TEST_F(Evaluator, ExistsOneAbsorbsNothing) {
  expect({{"items.exists_one(x, x > 2)", "true"},
          {"items.exists_one(x, x > 1)", "false"},
          {"items.exists_one(x, 6 / (x - 1) == 6)", "error: division by zero"}});
}

TEST_F(Evaluator, MapAndFilterCollect) {
  expect({{"items.map(x, x * 2)", "[6, 2, 4]"},
          {"items.map(x, x > 1, x * 2)", "[6, 4]"},
          {"items.filter(x, x > 1)", "[3, 2]"},
          {"map.map(k, k + '!')", "['a!', 'b!']"},
          {"map.filter(k, map[k] > 0)", "['a']"},
          {"items.map(x, 6 / (x - 1))", "error: division by zero"},
          {"items.filter(x, 6 / (x - 1) > 0)", "error: division by zero"},
          {"items.map(x, items.filter(y, y < x))", "[[1, 2], [], [1]]"},
          {"items.map(x, items.map(y, x * y).exists(z, z == 9))", "[true, false, false]"},
          {"items.transformList(i, x, i * x)", "[0, 1, 4]"},
          {"items.transformMap(i, x, x > 1, x)", "{0: 3, 2: 2}"},
          {"map.transformMap(k, v, v + 1)", "{'a': 2, 'b': 1}"},
          {"map.transformMapEntry(k, v, {v: k})", "{1: 'a', 0: 'b'}"},
          {"map.transformMapEntry(k, v, {'same': k})", "error: a map has the same key twice"},
          {"dyn(one).map(x, x)", "error: no such overload"}});
}

TEST_F(Evaluator, InnerVariablesHideOuterOnes) {
  expect({{"items.map(one, one + 1)", "[4, 2, 3]"},
          {"items.map(x, items.map(x, x).exists(x, x == 3))", "[true, true, true]"},
          {"items.map(one, .one)", "[1, 1, 1]"},
          {"cel.bind(x, one + 1, cel.bind(y, x * x, x + y))", "6"},
          {"items.map(x, cel.bind(y, x * 10, y + x))", "[33, 11, 22]"}});
}

TEST_F(Evaluator, BindIsEvaluatedOnceAndItsErrorOnlyIfRead) {
  const int before = host.reads();
  EXPECT_EQ(host.evaluate("cel.bind(x, one + one, x + x + x)"), "6");
  EXPECT_EQ(host.reads() - before, 2);
  expect({{"cel.bind(x, one / zero, true)", "true"}, {"cel.bind(x, one / zero, x)", "error: division by zero"}});
}

TEST_F(Evaluator, OptionalsPassAbsenceOn) {
  expect({{"map.?a", "optional.of(1)"},
          {"map.?c", "optional.none()"},
          {"map[?'c'].orValue(7)", "7"},
          {"items[?5]", "optional.none()"},
          {"items[?0].value()", "3"},
          {"optional.none().hasValue()", "false"},
          {"optional.of(one).orValue(one / zero)", "1"},
          {"optional.ofNonZeroValue(zero)", "optional.none()"},
          {"map.?c.or(map.?a).value()", "1"},
          {"map.?c.value()", "error: invalid argument"},
          {"[?map.?a, ?map.?c, 9]", "[1, 9]"},
          {"{?'x': map.?a, ?'y': map.?c}", "{'x': 1}"},
          {"map.?a.optMap(v, v + 1)", "optional.of(2)"},
          {"map.?c.optMap(v, v + 1)", "optional.none()"},
          {"{'m': {'k': 1}}.?m.k", "optional.of(1)"},
          {"has({'foo': optional.none()}.foo.bar)", "false"}});
}

TEST_F(Evaluator, ErrorsTellWhereTheyHappened) {
  const std::pair<std::string_view, std::uint32_t> places[] = {
      {"one + one / zero", 10}, {"yes && max + one > 0", 11}, {"map.a + map.nothing", 12}, {"items[one + 7]", 5}};
  for (const auto& [source, position] : places) {
    const auto program = Program::compile(source, host.environment());
    ASSERT_TRUE(program.has_value()) << source;
    const Value value = program->evaluate(host, host.arena());
    ASSERT_TRUE(value.is_error()) << source;
    EXPECT_EQ(value.error_position(), position) << source;
  }
}

TEST_F(Evaluator, HostErrorsKeepTheirKindAndGetAPlace) {
  host.add("full", int64, Value::error(ErrorKind::host, 0, 42));
  const auto program = Program::compile("1 + full", host.environment());
  const Value value = program->evaluate(host, host.arena());
  ASSERT_TRUE(value.is_error());
  EXPECT_EQ(value.error_kind(), ErrorKind::host);
  EXPECT_EQ(value.error_detail(), 42u);
  EXPECT_EQ(value.error_position(), 4u);
}

TEST_F(Evaluator, AHostThatBreaksItsWordIsAnErrorNotACrash) {
  host.add("liar", int64, Value::string("no int"));
  host.add("list_liar", Type::list(string), Value::int64(3));
  expect({{"liar + 1", "error: no such overload"},
          {"liar < 1", "error: no such overload"},
          {"math.abs(liar)", "error: no such overload"},
          {"list_liar.map(x, x)", "error: no such overload"},
          {"list_liar.join(',')", "error: no such overload"}});
}

TEST_F(Evaluator, ScalarExpressionsAllocateNothing) {
  const auto program = Program::compile(
      "one + 2 * one > 2 && text in ['text', 'a'] && map['a'] == 1 && (yes || d2 > 1.0)", host.environment());
  ASSERT_TRUE(program.has_value());
  Arena arena;
  EXPECT_TRUE(program->evaluate(host, arena).is_true());
  EXPECT_EQ(arena.capacity_bytes(), 0u);
}

// What grows with the square of the input shows as a factor of 16 here, what is linear as a factor of 4.
TEST_F(Evaluator, CollectingTakesMemoryInProportion) {
  const auto bytes_for = [&](std::size_t size, std::string_view source) {
    std::vector<Value> items(size, Value::int64(1));
    for (std::size_t i = 0; i < size; ++i) items[i] = Value::int64(static_cast<std::int64_t>(i));
    TestHost large;
    large.add("many", Type::list(int64), make_list(items, large.arena()));
    const auto program = Program::compile(source, large.environment());
    Arena arena(256);
    EXPECT_FALSE(program->evaluate(large, arena).is_error()) << source;
    return arena.capacity_bytes();
  };
  for (const std::string_view source : {"many.map(x, x + 1)", "many.filter(x, x > 1)", "many.transformMap(i, x, x)",
                                        "many.transformMapEntry(i, x, {x: i})", "many + many + many + many + many"}) {
    EXPECT_LT(bytes_for(4000, source), 6 * bytes_for(1000, source)) << source;
  }
}

TEST_F(Evaluator, LongChainsAndDeepNestsAreFine) {
  std::string sum = "one";
  std::string either = "no";
  for (int i = 0; i < 100; ++i) sum += " + one";
  for (int i = 0; i < 2000; ++i) either += " || no";
  EXPECT_EQ(host.evaluate(sum), "101");
  EXPECT_EQ(host.evaluate(either), "false");
  std::string nested = "one";
  for (int i = 0; i < 60; ++i) nested = "(" + nested + " + 1)";
  EXPECT_EQ(host.evaluate(nested), "61");
}

}  // namespace
}  // namespace tallyho::cel
