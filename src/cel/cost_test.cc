#include "cel/cost.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>
#include <vector>

#include "cel/checker.h"
#include "cel/containers.h"
#include "cel/evaluator_body.h"
#include "cel/parser.h"
#include "cel/test_host.h"

namespace tallyho::cel {
namespace {

constexpr std::uint64_t unbounded = UINT64_MAX;
const Type int64 = Type::simple(Type::Kind::int64);
const Type string = Type::simple(Type::Kind::string);
const Type boolean = Type::simple(Type::Kind::boolean);

// Counts the nodes that are really evaluated.
struct CountingProbe {
  std::uint64_t* count;
  void visit(const Node&) { ++*count; }
};

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

// Well-typed expressions of a few types, at random.
class RandomExpressions {
 public:
  explicit RandomExpressions(std::uint32_t seed) : random_(seed) {}

  std::string make(int kind, int depth) {
    switch (kind) {
      case 0: return number(depth);
      case 1: return truth(depth);
      case 2: return text(depth);
      default: return texts(depth);
    }
  }

 private:
  std::size_t pick(std::size_t count) { return random_() % count; }

  std::string number(int depth) {
    if (depth <= 0) return pick(2) == 0 ? "n" : std::to_string(pick(9));
    switch (pick(8)) {
      case 0: return "(" + number(depth - 1) + " + " + number(depth - 1) + ")";
      case 1: return "(" + number(depth - 1) + " / " + number(depth - 1) + ")";
      case 2: return "(" + truth(depth - 1) + " ? " + number(depth - 1) + " : " + number(depth - 1) + ")";
      case 3: return "size(" + texts(depth - 1) + ")";
      case 4: return text(depth - 1) + ".size()";
      case 5: return "numbers[" + number(depth - 1) + "]";
      case 6: return "math.greatest(" + number(depth - 1) + ", 2, n)";
      default: return "{'a': 1, 'b': n}[" + text(depth - 1) + "]";
    }
  }

  std::string truth(int depth) {
    if (depth <= 0) return pick(2) == 0 ? "flag" : "true";
    const std::string name = "x" + std::to_string(pick(3));
    switch (pick(9)) {
      case 0: return "(" + truth(depth - 1) + " && " + truth(depth - 1) + ")";
      case 1: return "(" + truth(depth - 1) + " || " + truth(depth - 1) + ")";
      case 2: return "!" + truth(depth - 1);
      case 3: return "(" + number(depth - 1) + " < " + number(depth - 1) + ")";
      case 4: return "(" + text(depth - 1) + " == " + text(depth - 1) + ")";
      case 5: return texts(depth - 1) + ".all(" + name + ", " + name + " != " + text(depth - 1) + ")";
      case 6: return "numbers.exists(" + name + ", " + name + " > " + number(depth - 1) + ")";
      case 7: return "numbers.exists_one(" + name + ", " + truth(depth - 1) + ")";
      default: return "(" + text(depth - 1) + " in " + texts(depth - 1) + ")";
    }
  }

  std::string text(int depth) {
    if (depth <= 0) return pick(2) == 0 ? "name" : "'a'";
    switch (pick(6)) {
      case 0: return "(" + text(depth - 1) + " + " + text(depth - 1) + ")";
      case 1: return "string(" + number(depth - 1) + ")";
      case 2: return texts(depth - 1) + ".join('-')";
      case 3: return text(depth - 1) + ".replace('a', 'bcd')";
      case 4: return "cel.bind(y, " + text(depth - 1) + ", y + y)";
      default: return texts(depth - 1) + "[0]";
    }
  }

  std::string texts(int depth) {
    if (depth <= 0) return "tags";
    const std::string name = "z" + std::to_string(pick(3));
    switch (pick(5)) {
      case 0: return "[" + text(depth - 1) + ", " + text(depth - 1) + "]";
      case 1: return texts(depth - 1) + ".map(" + name + ", " + name + " + " + text(depth - 1) + ")";
      case 2: return texts(depth - 1) + ".filter(" + name + ", " + truth(depth - 1) + ")";
      case 3: return text(depth - 1) + ".split('a')";
      default: return "(" + texts(depth - 1) + " + " + texts(depth - 1) + ")";
    }
  }

  std::mt19937 random_;
};

// Goal: nothing takes longer, or gets larger, than the estimate says. Method: random expressions over values at most as
// large as declared, with the nodes that are really visited counted.
TEST_F(CostTest, IsNeverExceeded) {
  const std::uint32_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  RandomExpressions expressions(seed);
  int compared = 0;
  for (int i = 0; i < 1500; ++i) {
    const std::string source = expressions.make(i % 4, 1 + i % 5);
    auto ast = parse(source);
    ASSERT_TRUE(ast.has_value()) << source;
    const auto issues = check(*ast, host.environment());
    ASSERT_TRUE(issues.empty()) << source << ": " << issues[0].message;
    const Cost estimate = estimate_cost(*ast->root);
    if (estimate.units > 10'000'000) continue;
    const auto plan = make_plan(*ast->root, host.environment(), Checked::yes);
    ASSERT_TRUE(plan.has_value()) << source;
    std::uint64_t visits = 0;
    Arena arena;
    const Value value = Evaluator<CountingProbe>(*plan, host, arena, {&visits}).run();
    ASSERT_LE(visits, estimate.units) << source;
    const std::size_t size = value.is(Kind::string) ? value.as_string().size()
                             : value.is(Kind::list) ? value.as_list().size()
                                                    : 0;
    ASSERT_LE(size, estimate.result_size) << source;
    ++compared;
  }
  EXPECT_GT(compared, 500) << "most expressions should have been small enough to run";
}

}  // namespace
}  // namespace tallyho::cel
