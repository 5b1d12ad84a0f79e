#include "cel/value.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "cel/containers.h"

namespace tallyho::cel {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

TEST(Value, NumbersOfDifferentKindsAreEqualByValue) {
  EXPECT_TRUE(equal(Value::int64(1), Value::uint64(1)));
  EXPECT_TRUE(equal(Value::int64(1), Value::float64(1.0)));
  EXPECT_TRUE(equal(Value::uint64(1), Value::float64(1.0)));
  EXPECT_FALSE(equal(Value::int64(-1), Value::uint64(UINT64_MAX)));
  EXPECT_FALSE(equal(Value::int64(1), Value::float64(1.5)));
}

TEST(Value, OtherKindsAreEqualToNothingElse) {
  EXPECT_FALSE(equal(Value::int64(1), Value::string("1")));
  EXPECT_FALSE(equal(Value(), Value::boolean(false)));
  EXPECT_FALSE(equal(Value::string("a"), Value::bytes("a")));
  EXPECT_TRUE(equal(Value(), Value()));
}

TEST(Value, NanEqualsNothingAndHasNoPlaceInTheOrder) {
  EXPECT_FALSE(equal(Value::float64(nan), Value::float64(nan)));
  EXPECT_FALSE(compare(Value::float64(nan), Value::int64(1)).has_value());
}

// cel-spec's comparison tests: the int is cast to double once it is known to be in range.
TEST(Value, LargeIntsCompareWithDoublesAsTheDoubleNearestToThem) {
  const Value greatest = Value::int64(INT64_MAX);
  const Value end = Value::float64(0x1p63);
  EXPECT_EQ(compare(greatest, end), std::partial_ordering::equivalent);
  EXPECT_EQ(compare(Value::int64(INT64_MIN), Value::float64(-infinity)), std::partial_ordering::greater);
  EXPECT_EQ(compare(Value::uint64(0), Value::float64(-0.5)), std::partial_ordering::greater);
  EXPECT_EQ(compare(Value::float64(infinity), Value::uint64(UINT64_MAX)), std::partial_ordering::greater);
  EXPECT_EQ(compare(Value::int64(-1), Value::uint64(0)), std::partial_ordering::less);
}

TEST(Value, StringsAreOrderedByTheirBytes) {
  EXPECT_EQ(compare(Value::string("Z"), Value::string("a")), std::partial_ordering::less);
  EXPECT_EQ(compare(Value::string("é"), Value::string("z")), std::partial_ordering::greater);
  EXPECT_FALSE(compare(Value::string("a"), Value::bytes("a")).has_value());
}

TEST(Value, MapsFindNumericallyEqualKeys) {
  Arena arena;
  const std::array<Value, 6> pairs = {Value::uint64(1),       Value::string("one"), Value::int64(-1),
                                      Value::string("minus"), Value::string("1"),   Value::string("text")};
  const Value map = *make_map(pairs, arena);
  for (const Value& one : {Value::int64(1), Value::uint64(1), Value::float64(1.0)}) {
    const Value* found = find(map.as_map(), one);
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->as_string(), "one");
  }
  EXPECT_EQ(find(map.as_map(), Value::float64(1.5)), nullptr);
  EXPECT_EQ(find(map.as_map(), Value::float64(nan)), nullptr);
  EXPECT_EQ(find(map.as_map(), Value::uint64(UINT64_MAX)), nullptr) << "-1 has the same bits";
  EXPECT_EQ(find(map.as_map(), Value()), nullptr);
}

TEST(Value, MapsRefuseKeysThatAreTwiceThereOrOfOtherKinds) {
  Arena arena;
  const auto made = [&](std::vector<Value> pairs) { return make_map(pairs, arena); };
  EXPECT_EQ(made({Value::int64(1), Value(), Value::uint64(1), Value()}).error(), ErrorKind::duplicate_key);
  EXPECT_EQ(made({Value::float64(1), Value()}).error(), ErrorKind::unsupported_key);
  EXPECT_EQ(made({Value(), Value()}).error(), ErrorKind::unsupported_key);
}

// Goal: small maps (searched) and large ones (hashed) find the same. Method: random keys, against a linear search by
// equal().
TEST(Value, LargeMapsFindWhatALinearSearchFinds) {
  const std::uint32_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const auto any_key = [&](Arena& arena) {
    const auto number = static_cast<std::int64_t>(random() % 64) - 16;
    switch (random() % 4) {
      case 0: return Value::int64(number);
      case 1: return Value::uint64(random() % 64);
      case 2: return Value::boolean(number > 0);
      default: return Value::string(arena.copy(std::to_string(number)));
    }
  };
  for (int round = 0; round < 200; ++round) {
    Arena arena;
    std::vector<Value> pairs;
    const std::size_t size = random() % 40;
    for (std::size_t i = 0; i < size; ++i) {
      const Value key = any_key(arena);
      bool is_new = true;
      for (std::size_t j = 0; j < pairs.size(); j += 2) is_new = is_new && !equal(pairs[j], key);
      if (!is_new) continue;
      pairs.push_back(key);
      pairs.push_back(Value::int64(static_cast<std::int64_t>(i)));
    }
    const Value map = *make_map(pairs, arena);
    for (int probe = 0; probe < 100; ++probe) {
      const Value key = any_key(arena);
      const Value* expected = nullptr;
      for (std::size_t j = 0; j < pairs.size(); j += 2) {
        if (equal(pairs[j], key)) expected = &pairs[j + 1];
      }
      const Value* found = find(map.as_map(), key);
      ASSERT_EQ(found == nullptr, expected == nullptr) << to_literal(key);
      ASSERT_TRUE(found == nullptr || equal(*found, *expected));
    }
    if (!pairs.empty()) {
      pairs.insert(pairs.end(), {pairs[0], Value()});
      ASSERT_FALSE(make_map(pairs, arena).has_value()) << "a key twice";
    }
  }
}

TEST(Value, MapsAreEqualWhateverTheOrderOfTheirPairs) {
  Arena arena;
  const std::array<Value, 4> ab = {Value::string("a"), Value::int64(1), Value::string("b"), Value::int64(2)};
  const std::array<Value, 4> ba = {Value::string("b"), Value::float64(2), Value::string("a"), Value::uint64(1)};
  EXPECT_TRUE(equal(*make_map(ab, arena), *make_map(ba, arena)));
}

TEST(Value, LiteralsReadLikeCel) {
  Arena arena;
  const std::array<Value, 2> items = {Value::string("it's"), Value::uint64(3)};
  const std::array<Value, 2> pair = {Value::string("k"), Value()};
  const std::pair<Value, std::string> literals[] = {
      {Value(), "null"},
      {Value::boolean(true), "true"},
      {Value::int64(-5), "-5"},
      {Value::float64(2), "2.0"},
      {Value::float64(1e300), "1e+300"},
      {Value::float64(infinity), "double('Infinity')"},
      {Value::string("a\n\\é"), "'a\\n\\\\é'"},
      {Value::bytes("a\xff"), "b'a\\xff'"},
      {make_list(items, arena), "['it\\'s', 3u]"},
      {*make_map(pair, arena), "{'k': null}"},
      {Value::timestamp({0, 0}), "timestamp('1970-01-01T00:00:00Z')"},
      {Value::duration(std::chrono::minutes(10)), "duration('600s')"},
      {Value::type("int"), "int"},
      {Value::optional(nullptr), "optional.none()"},
      {Value::error(ErrorKind::division_by_zero), "error: division by zero"},
  };
  for (const auto& [value, literal] : literals) EXPECT_EQ(to_literal(value), literal);
}

TEST(Value, CopiesShareNothingWithTheOriginal) {
  Arena kept;
  Value copy;
  {
    Arena arena;
    std::string text = "borrowed";
    const std::array<Value, 1> items = {Value::string(text)};
    const std::array<Value, 2> pairs = {Value::string("list"), make_list(items, arena)};
    copy = copy_into(*make_map(pairs, arena), kept);
    text = "********";
  }
  EXPECT_EQ(to_literal(copy), "{'list': ['borrowed']}");
}

TEST(Value, EveryErrorHasWords) {
  for (int kind = 0; kind <= static_cast<int>(ErrorKind::host); ++kind) {
    EXPECT_FALSE(describe(static_cast<ErrorKind>(kind)).empty());
    EXPECT_NE(describe(static_cast<ErrorKind>(kind)), "unknown error") << kind;
  }
}

}  // namespace
}  // namespace tallyho::cel
