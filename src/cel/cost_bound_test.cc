// Goal: no evaluation does more work, takes more of the arena, or makes more than its cost says.
// Method: an evaluator that counts what it really does, over random programs, and over those that people write to break
// such bounds, with inputs as large as they are declared.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cel/checker.h"
#include "cel/cost.h"
#include "cel/evaluator_body.h"
#include "cel/parser.h"
#include "cel/size_bound.h"
#include "cel/testing/random_program.h"

namespace tallyho::cel {
namespace {

constexpr std::uint64_t units_max = 3'000'000;  // What costs more may really do so much.

// Bytes in a value, in pieces of 16, and its items: what copying, hashing or comparing it looks at.
std::uint64_t weight_of(const Value& value) {
  switch (value.kind()) {
    case Kind::string:
    case Kind::bytes: return value.as_string().size() / 16;
    case Kind::list: return value.as_list().size();
    case Kind::map: return 2 * std::uint64_t{value.as_map().size};
    default: return 0;
  }
}

// Counts nodes, and what each of them looks at or makes.
class WorkProbe {
 public:
  WorkProbe(const Plan& plan, std::uint64_t& work) : plan_(&plan), work_(&work), last_(plan.nodes.size()) {}

  void visit(const Node&) { ++*work_; }

  void made(const Node& node, const Value& value) {
    last_[number(node)] = value;
    switch (node.opcode) {
      case Opcode::constant:
      case Opcode::slot:
      case Opcode::local: return;
      case Opcode::equal_string:
      case Opcode::not_equal_string:
      case Opcode::equal:
      case Opcode::not_equal:
      case Opcode::compare: *work_ += std::min(weight_of(last_[node.a]), weight_of(last_[node.b])); return;
      case Opcode::in: count_in(last_[node.a], last_[node.b]); return;
      case Opcode::matches: *work_ += last_[node.a].is(Kind::string) ? last_[node.a].as_string().size() : 0; return;
      case Opcode::call: count_call(node, value); return;
      case Opcode::concatenate:
      case Opcode::make_list:
      case Opcode::make_map: *work_ += weight_of(value); return;
      case Opcode::fold:
        if (static_cast<FoldKind>(node.detail) != FoldKind::bind) *work_ += weight_of(value);
        return;
      default: return;
    }
  }

 private:
  std::size_t number(const Node& node) const { return static_cast<std::size_t>(&node - plan_->nodes.data()); }

  void count_in(const Value& item, const Value& container) {
    if (!container.is(Kind::list)) return;
    for (const Value& each : container.as_list()) {
      *work_ += 1 + std::min(weight_of(each), weight_of(item));
      if (equal(each, item)) return;
    }
  }

  // Functions that go over a text look at all of it, byte by byte; the greatest of a list is compared with all others.
  void count_call(const Node& node, const Value& value) {
    constexpr std::uint64_t units_of_comparison = 6;
    *work_ += weight_of(value);
    const CallPlan& call = plan_->calls[node.a];
    for (const Candidate& candidate : call.candidates) {
      const bool is_extreme = candidate.overload->function.starts_with("math.@");
      const Value& first = node.count > 0 ? last_[plan_->operands[node.b]] : value;
      if (is_extreme && node.count == 1 && first.is(Kind::list)) {
        *work_ += units_of_comparison * first.as_list().size();
        return;
      }
      const CallCost& cost = candidate.overload->cost;
      if (candidate.kinds.size() != node.count || cost.per_16_bytes == 0) continue;
      for (std::uint32_t i = 0; i < node.count; ++i) *work_ += weight_of(last_[plan_->operands[node.b + i]]);
      return;
    }
  }

  const Plan* plan_;
  std::uint64_t* work_;
  std::vector<Value> last_;  // By node: its value when it was last evaluated.
};

class CostBoundTest : public testing::Test {
 protected:
  CostBoundTest() : environment_(&Environment::standard()) {
    declare_one_of_each(environment_);
    inputs_ = std::make_unique<RandomInputs>(environment_);
  }

  // Whether the program is cheap enough to be run; then it is, and compared with its cost.
  bool holds(const std::string& source) {
    auto ast = parse(source);
    EXPECT_TRUE(ast.has_value()) << source;
    if (!ast) return false;
    const std::vector<Issue> issues = check(*ast, environment_);
    EXPECT_TRUE(issues.empty()) << source << ": " << (issues.empty() ? "" : issues[0].message);
    if (!issues.empty()) return false;
    const Cost cost = estimate_cost(*ast->root);
    if (cost.units > units_max) return false;
    const auto plan = make_plan(*ast->root, environment_, Checked::yes);
    EXPECT_TRUE(plan.has_value()) << source;
    std::uint64_t work = 0;
    Arena arena(1);  // Every allocation has a block of its own, so that its capacity is what was taken.
    const Value value = Evaluator<WorkProbe>(*plan, *inputs_, arena, WorkProbe(*plan, work)).run();
    EXPECT_LE(work, cost.units) << source << "\n" << inputs_->describe();
    EXPECT_LE(arena.capacity_bytes(), cost.arena_bytes) << source << "\n" << inputs_->describe();
    const bool is_text = value.is(Kind::string) || value.is(Kind::bytes);
    const std::uint64_t size = is_text                ? value.as_string().size()
                               : value.is(Kind::list) ? value.as_list().size()
                               : value.is(Kind::map)  ? value.as_map().size
                                                      : 0;
    EXPECT_LE(size, cost.result_size) << source;
    return !HasFailure();
  }

  Environment environment_;
  std::unique_ptr<RandomInputs> inputs_;
};

TEST_F(CostBoundTest, HoldsForRandomPrograms) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  RandomProgram random(environment_, seed);
  int compared = 0;
  constexpr int programs = 10'000;
  for (int i = 0; i < programs && !HasFailure(); ++i) {
    if (i % 2 == 0) {
      inputs_->draw_largest(random);
    } else {
      inputs_->draw(random);
    }
    compared += holds(random.expression(random.type(), 1 + i % 6)) ? 1 : 0;
  }
  EXPECT_TRUE(HasFailure() || compared > programs / 2) << compared << " were cheap enough to be run";
}

std::string repeated(const std::string& first, const std::string& each, int times) {
  std::string text = first;
  for (int i = 0; i < times; ++i) text += each;
  return text;
}

// What is inside so many folds over `range`.
std::string nested(const std::string& range, const std::string& macro, const std::string& inner, int depth) {
  std::string text = inner;
  for (int i = 0; i < depth; ++i) text = range + "." + macro + "(v" + std::to_string(i) + ", " + text + ")";
  return text;
}

TEST_F(CostBoundTest, HoldsForWhatIsWrittenToBreakIt) {
  RandomProgram random(environment_, 1);
  inputs_->draw_largest(random);
  const std::vector<std::string> sources = {
      repeated("s", " + s", 60),
      repeated("cel.bind(x, s + s, cel.bind(y, x + x, cel.bind(z, y + y, z", " + z", 40) + ")))",
      repeated("l", " + l", 60),
      nested("l", "map", "v0 + v1", 2),
      nested("ls", "map", "v0 + v1 + s", 2),
      nested("l", "exists", "v0 == 1 && v1 == 2 && v2 == 3", 3),
      nested("ls", "filter", "v0 in ls", 1),
      "[[1, 2], [3]].map(x, [x, x]).map(x, [x, x]).map(x, [x, x])",
      "ls.map(x, ls.map(y, ls)).size()",
      "ls.map(x, ls) == ls.map(x, ls)",
      "ls.join(s)",
      "s.replace('', s)",
      "s.replace('', s).replace('', t).size()",
      "s.split('')",
      "s.split('').map(c, s.split('')).size()",
      "ls.join(s).contains(t + t)",
      "ls.join(s).split('')",
      "'%s %s'.format([ls, m])",
      "'%s'.format([ls.map(x, ls)])",
      "'%x%x'.format([s, y])",
      "'%.200f'.format([d])",
      "strings.quote(s + s)",
      "base64.encode(bytes(s + s))",
      "ls.transformMap(i, v, v)",
      "ls.transformMapEntry(i, v, {i: v, i + 100: v})",
      "l.map(x, {x: s}).map(x, x)",
      "m == m && mi == mi",
      "ls.exists(x, ls.exists(y, x + y == s + t))",
      "(s + t + s + t).matches('(a|b)*c')",
      "s.reverse() + t.upperAscii() + s.trim() + s.substring(1)",
      "ls.exists_one(x, x == s) || l.all(x, x > 0)",
      "math.greatest(l) + math.least(l)",
  };
  for (const std::string& source : sources) EXPECT_TRUE(holds(source)) << source;
}

// Doubling in each step, as the specification's "Macro Performance" warns: the cost knows, and it is refused unrun.
TEST_F(CostBoundTest, KnowsWhatDoubles) {
  const auto units = [&](const std::string& source) {
    const auto program = Program::compile(source, environment_);
    EXPECT_TRUE(program.has_value()) << source;
    return program ? program->cost().units : 0;
  };
  std::string doubled = "s";
  for (int i = 0; i < 40; ++i)
    doubled = "cel.bind(x" + std::to_string(i) + ", " + doubled + ", x" + std::to_string(i) + " + x" +
              std::to_string(i) + ")";
  EXPECT_GT(units(doubled), std::uint64_t{1} << 39);
  EXPECT_GT(units(nested("ls", "map", "ls", 8) + ".size()"), std::uint64_t{1} << 32);
  EXPECT_EQ(units(nested("ls", "map", "ls", 20) + ".size()"), unbounded);
}

}  // namespace
}  // namespace tallyho::cel
