#include "cel/cost.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "cel/containers.h"
#include "cel/size_bound.h"
#include "cel/test_host.h"

namespace tallyho::cel {
namespace {

const Type int64 = Type::simple(Type::Kind::int64);
const Type string = Type::simple(Type::Kind::string);
const Type boolean = Type::simple(Type::Kind::boolean);

class CostTest : public testing::Test {
 protected:
  CostTest() {
    host.add("n", int64, Value::int64(5));
    host.add("flag", boolean, Value::boolean(true));
    host.add("name", string, Value::string("ada lovelace"), {.size_max = 64, .item_size_max = 0});
    host.add("free", string, Value::string("free"));
    const std::array<Value, 3> items = {Value::string("boss"), Value::string("night"), Value::string("x")};
    host.add("tags", Type::list(string), make_list(items, host.arena()), {.size_max = 16, .item_size_max = 32});
    const std::array<Value, 4> numbers = {Value::int64(3), Value::int64(0), Value::int64(-2), Value::int64(9)};
    host.add("numbers", Type::list(int64), make_list(numbers, host.arena()), {.size_max = 4, .item_size_max = 0});
  }

  Cost cost(std::string_view source) {
    const auto program = Program::compile(source, host.environment());
    if (!program) {
      ADD_FAILURE() << source << ": " << program.error()[0].message;
      return {};
    }
    return program->cost();
  }

  TestHost host;
};

TEST_F(CostTest, GrowsWithWhatIsDone) {
  EXPECT_LT(cost("n + 1").units, cost("n + 1 + n").units);
  EXPECT_LT(cost("name == 'a'").units, cost("name == name").units);
  EXPECT_LT(cost("tags.exists(t, t == 'boss')").units, cost("tags.exists(t, t == 'boss' || t == 'x')").units);
}

TEST_F(CostTest, OfAFoldIsItsLargestSizeTimesItsBody) {
  const std::uint64_t body = cost("flag ? 1 : 2").units;
  const std::uint64_t fold = cost("tags.map(t, flag ? 1 : 2)").units;
  EXPECT_GE(fold, 16 * body);
  EXPECT_LE(fold, 16 * (body + 60));
  const std::uint64_t nested = cost("tags.map(t, tags.map(u, flag ? 1 : 2))").units;
  EXPECT_GE(nested, 16 * fold);
}

TEST_F(CostTest, OfWhatHasNoBoundSaturates) {
  EXPECT_EQ(cost("free == free").units, unbounded);
  EXPECT_EQ(cost("free + free").result_size, unbounded);
  EXPECT_EQ(cost("free.matches('a')").units, unbounded);
  EXPECT_LT(cost("free == 'a'").units, 100u) << "a comparison stops at the shorter of the two";
}

TEST_F(CostTest, KnowsHowLargeResultsAre) {
  EXPECT_EQ(cost("name + name").result_size, 128u);
  EXPECT_EQ(cost("flag ? name : 'a'").result_size, 64u);
  EXPECT_EQ(cost("tags[0]").result_size, 32u);
  EXPECT_EQ(cost("tags.map(t, t + t)").result_size, 16u);
  EXPECT_EQ(cost("tags.map(t, t + t)[0]").result_size, 64u);
  EXPECT_EQ(cost("tags.join(', ')").result_size, 16u * (32 + 2));
  EXPECT_EQ(cost("name.size()").result_size, 0u);
  EXPECT_EQ(cost("{'a': 'xyz'}['a']").result_size, 3u);
  EXPECT_EQ(cost("cel.bind(x, name + name, x + x)").result_size, 256u);
}

TEST_F(CostTest, NamesWhatDominates) {
  const std::string_view source = "n > 3 && tags.exists(t, tags.exists(u, u == t && name.startsWith(u)))";
  const Cost found = cost(source);
  EXPECT_EQ(source.substr(found.dominant_begin, found.dominant_end - found.dominant_begin), "name.startsWith(u)");
  EXPECT_EQ(found.dominant_times, 256u);
  EXPECT_LE(found.dominant_units * found.dominant_times, found.units);
}

TEST_F(CostTest, DoublingInFoldsDoesNotEscape) {
  std::string source = "name";
  for (int i = 0; i < 6; ++i) source = "tags.map(x" + std::to_string(i) + ", " + source + ").join('')";
  EXPECT_GT(cost(source).units, 1'000'000u);
}

TEST_F(CostTest, TellsTheFoldsAroundWhatDominates) {
  const std::string_view source = "tags.exists(t, numbers.all(n, t.startsWith(t)))";
  const Cost found = cost(source);
  ASSERT_EQ(found.dominant_loops.size(), 2u);
  const auto text = [&](const CostLoop& loop) { return source.substr(loop.begin, loop.end - loop.begin); };
  EXPECT_EQ(text(found.dominant_loops[0]), "tags");
  EXPECT_EQ(found.dominant_loops[0].size, 16u);
  EXPECT_EQ(text(found.dominant_loops[1]), "numbers");
  EXPECT_EQ(found.dominant_loops[1].size, 4u);
  EXPECT_EQ(found.dominant_times, 64u);
}

TEST_F(CostTest, BoundsWhatTheArenaTakes) {
  EXPECT_LT(cost("n + 1").arena_bytes, 1000u);
  EXPECT_GE(cost("name + name").arena_bytes, 128u);
  EXPECT_GE(cost("tags.map(t, t + t)").arena_bytes, 16u * (64 + 16));
  EXPECT_EQ(cost("free + free").arena_bytes, unbounded);
}

TEST_F(CostTest, KeysThatStrangersChooseMayAllCollide) {
  host.add("map", Type::map(string, int64), Value(), {.size_max = 1000, .item_size_max = 8});
  EXPECT_GT(cost("map['a']").units, 1000u) << "every key may have to be compared";
  EXPECT_LT(cost("{'a': 1, 'b': 2, 'c': 3}[name]").units, 100u) << "these are the author's";
}

}  // namespace
}  // namespace tallyho::cel
