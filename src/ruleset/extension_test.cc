#include "ruleset/extension.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>
#include <set>
#include <string>

#include "cel/program.h"

namespace tallyho {
namespace {

using cel::Type;
using cel::Value;

TEST(GeoDistance, IsTheHaversineOfTheMeanSphere) {
  // A quarter and a half of a great circle, and one degree of a meridian.
  const double half = std::numbers::pi * earth_radius_metres;
  EXPECT_DOUBLE_EQ(geo_distance(0, 0, 0, 90), half / 2);
  EXPECT_DOUBLE_EQ(geo_distance(0, 0, 90, 0), half / 2);
  EXPECT_DOUBLE_EQ(geo_distance(0, 0, 0, 180), half);
  EXPECT_DOUBLE_EQ(geo_distance(90, 0, -90, 77), half);
  EXPECT_NEAR(geo_distance(48, 11, 49, 11), half / 180, 1e-6);
  EXPECT_EQ(geo_distance(48.1, 11.5, 48.1, 11.5), 0);
  // Across the date line: two degrees, not 358.
  EXPECT_NEAR(geo_distance(0, 179, 0, -179), 2 * half / 180, 1e-6);
}

TEST(GeoDistance, IsSymmetricAndNeverMoreThanHalfACircle) {
  const double half = std::numbers::pi * earth_radius_metres;
  for (int i = 0; i < 1000; ++i) {
    const double lat = -90 + 0.18 * i;
    const double lon = -180 + 0.36 * i;
    const double distance = geo_distance(lat, lon, -lat, lon + 180);
    EXPECT_LE(distance, half) << lat << " " << lon;
    EXPECT_NEAR(distance, half, 1) << "opposite points";
    EXPECT_EQ(geo_distance(lat, lon, 10, 20), geo_distance(10, 20, lat, lon));
  }
}

TEST(GeoDistance, IsNoNumberOfWhatIsNone) {
  EXPECT_TRUE(std::isnan(geo_distance(std::numeric_limits<double>::quiet_NaN(), 0, 0, 0)));
  EXPECT_TRUE(std::isnan(geo_distance(0, 0, std::numeric_limits<double>::infinity(), 0)));
}

class FakeSet final : public SetView {
 public:
  bool contains(std::string_view member) const override { return members.contains(std::string(member)); }
  std::int64_t size() const override { return static_cast<std::int64_t>(members.size()); }
  std::set<std::string> members{"a", "b"};
};

class FakeWindow final : public WindowView {
 public:
  std::int64_t count() const override { return 7; }
};

// `s` is a set of a and b, `w` a window of 7.
class FakeState final : public cel::Activation {
 public:
  Value read(cel::Slot slot, Arena&) override { return slot == 0 ? Value::opaque(&set) : Value::opaque(&window); }
  bool has(cel::Slot) override { return true; }
  FakeSet set;
  FakeWindow window;
};

cel::Environment state_environment() {
  cel::Environment environment(&ruleset_environment());
  cel::Variable set;
  set.name = "s";
  set.type = Type::opaque("set");
  set.bounds = {.size_max = 512, .item_size_max = 64};
  environment.declare(set);
  cel::Variable window;
  window.name = "w";
  window.type = Type::opaque("window");
  window.slot = 1;
  window.bounds = {.size_max = 16, .item_size_max = 1};
  environment.declare(window);
  return environment;
}

std::string evaluated(std::string_view expression) {
  const cel::Environment environment = state_environment();
  const auto program = cel::Program::compile(expression, environment);
  if (!program) return program.error().empty() ? "?" : program.error()[0].message;
  FakeState state;
  Arena arena;
  return cel::to_literal(program->evaluate(state, arena));
}

TEST(Extension, AsksSetsAndWindows) {
  EXPECT_EQ(evaluated("s.contains('a')"), "true");
  EXPECT_EQ(evaluated("s.contains('c')"), "false");
  EXPECT_EQ(evaluated("'b' in s"), "true");
  EXPECT_EQ(evaluated("!('b' in s)"), "false");
  EXPECT_EQ(evaluated("s.size() == 2"), "true");
  EXPECT_EQ(evaluated("w.count()"), "7");
  EXPECT_EQ(evaluated("w.count() >= 5 && s.size() in [1, 2]"), "true");
}

TEST(Extension, AsksNothingElse) {
  for (const std::string_view expression : {"s.contains(1)", "1 in s", "s.count()", "w.size()", "w.contains('a')",
                                            "'a' in w", "size(s)", "s[0]", "s.exists(x, x == 'a')", "s + s", "s < s"}) {
    const cel::Environment environment = state_environment();
    EXPECT_FALSE(cel::Program::compile(expression, environment)) << expression;
  }
}

TEST(Extension, KnowsDistancesInExpressions) {
  EXPECT_EQ(evaluated("geo.distance(0.0, 0.0, 0.0, 0.0)"), "0.0");
  EXPECT_EQ(evaluated("geo.distance(48.0, 11.0, 49.0, 11.0) > 111000.0"), "true");
  EXPECT_EQ(evaluated("geo.distance(48.0, 11.0, 49.0, 11.0) < 111300.0"), "true");
}

// Every function that docs/reference/ruleset.md names.
TEST(Extension, WhatTheReferenceNamesIsThere) {
  const std::string_view expressions[] = {
      "size('a')",
      "'a'.size()",
      "[1].size()",
      "int('1')",
      "uint(1)",
      "double(1)",
      "string(1)",
      "bool('true')",
      "bytes('a')",
      "dyn(1)",
      "type(1) == int",
      "timestamp('2026-07-19T19:00:00Z')",
      "timestamp(0)",
      "duration('10m')",
      "timestamp(0).getFullYear()",
      "timestamp(0).getMonth()",
      "timestamp(0).getDate()",
      "timestamp(0).getDayOfMonth()",
      "timestamp(0).getDayOfYear()",
      "timestamp(0).getDayOfWeek()",
      "timestamp(0).getHours('Europe/Berlin')",
      "timestamp(0).getMinutes()",
      "timestamp(0).getSeconds()",
      "timestamp(0).getMilliseconds()",
      "duration('1s').getHours()",
      "duration('1s').getMinutes()",
      "duration('1s').getSeconds()",
      "duration('1s').getMilliseconds()",
      "'a'.contains('b')",
      "'a'.startsWith('b')",
      "'a'.endsWith('b')",
      "'a'.matches('b+')",
      "'a'.charAt(0)",
      "'a'.indexOf('b')",
      "'a'.lastIndexOf('b')",
      "'a'.substring(0)",
      "'a'.split(',')",
      "'a'.replace('a', 'b')",
      "'a'.trim()",
      "'a'.lowerAscii()",
      "'a'.upperAscii()",
      "'a'.reverse()",
      "'%d'.format([1])",
      "['a'].join()",
      "strings.quote('a')",
      "math.least(1, 2)",
      "math.greatest(1, 2, 3)",
      "math.abs(-1)",
      "math.sign(-1)",
      "math.ceil(1.5)",
      "math.floor(1.5)",
      "math.round(1.5)",
      "math.trunc(1.5)",
      "math.isNaN(1.0)",
      "math.isInf(1.0)",
      "math.isFinite(1.0)",
      "math.bitAnd(1, 2)",
      "math.bitOr(1, 2)",
      "math.bitXor(1, 2)",
      "math.bitNot(1)",
      "math.bitShiftLeft(1, 2)",
      "math.bitShiftRight(1, 2)",
      "base64.encode(b'a')",
      "base64.decode('YQ==')",
      "cel.bind(x, 1, x + x)",
      "[1].all(x, x > 0)",
      "[1].exists(x, x > 0)",
      "[1].exists_one(x, x > 0)",
      "[1].filter(x, x > 0)",
      "[1].map(x, x + 1)",
      "[1].map(x, x > 0, x + 1)",
      "{'a': 1}.a",
      "{'a': 1}['a']",
      "'a' in {'a': 1}",
      "1 in [1]",
  };
  for (const std::string_view expression : expressions) {
    const auto program = cel::Program::compile(expression, ruleset_environment());
    EXPECT_TRUE(program) << expression << ": " << program.error()[0].message;
  }
}

}  // namespace
}  // namespace tallyho
