// The fast path against the exact evaluator, over random programs: each a part of a code of many, as rules are.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "cel/code.h"
#include "cel/testing/random_program.h"

namespace tallyho::cel {
namespace {

constexpr std::uint64_t units_max = 100'000;  // What may take longer is left out.
constexpr int programs_per_code = 20;
constexpr int inputs_per_code = 5;

// What a value is, errors with their kind, place and detail.
std::string describe(const Value& value) {
  if (!value.is_error()) return to_literal(value);
  return to_literal(value) + " at " + std::to_string(value.error_position()) + ", " +
         std::to_string(value.error_detail());
}

// How many programs, and the seed of the first: as the environment says.
std::uint64_t setting(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::stoull(text) : otherwise;
}

// Programs compiled together, some of them with a condition in common with others.
std::vector<std::unique_ptr<Program>> random_programs(const Environment& environment, RandomProgram& random) {
  std::vector<std::unique_ptr<Program>> programs;
  std::string common = random.expression(Type::simple(Type::Kind::boolean), 2);
  while (programs.size() < programs_per_code) {
    Type type = random.pick(2) == 0 ? Type::simple(Type::Kind::boolean) : random.type();
    std::string source = random.expression(type, 1 + static_cast<int>(random.pick(5)));
    if (type.is(Type::Kind::boolean) && random.pick(3) == 0) source = "(" + common + ") && " + source;
    auto program = Program::compile(source, environment);
    if (!program) {
      ADD_FAILURE() << source << ": " << program.error()[0].message;
      continue;
    }
    if (program->cost().units <= units_max) programs.push_back(std::make_unique<Program>(std::move(*program)));
  }
  return programs;
}

class FastPathTest : public testing::Test {
 protected:
  FastPathTest() : environment_(&Environment::standard()) { declare_one_of_each(environment_); }

  // Runs programs of one code over inputs, and compares. Slots change in between, half of them while others stay.
  void compare(std::uint64_t seed) {
    RandomProgram random(environment_, seed);
    RandomInputs inputs(environment_);
    const auto programs = random_programs(environment_, random);
    CodeBuilder builder([](Slot slot) { return slot % 2 == 0; });
    for (const auto& program : programs) builder.add(*program);
    const auto code = builder.build();
    Arena arena;
    Machine machine(*code, inputs, arena);
    const std::vector<Slot> slots = {0, 2, 6, 24, 30, 34};
    const std::vector<Code::Preload> preloads = {code->preload(slots), code->preload(std::span(slots).first(3))};
    const std::vector<std::vector<Slot>> some = {{1}, {3, 5}, {7, 9, 11, 13, 25}, {15, 17, 19, 21, 23, 27, 29, 31, 33}};
    std::vector<Code::Dependents> dependents;
    for (const auto& changing : some) dependents.push_back(code->dependents(changing));
    const Value absent = Value::error(ErrorKind::no_such_field);
    for (int i = 0; i < inputs_per_code; ++i) {
      arena.reset();
      inputs.draw(random);
      if (random.pick(2) == 0) {
        machine.begin();
      } else {
        std::vector<Value> values;
        for (const Slot slot : slots) values.push_back(inputs.has(slot) ? inputs.read(slot, arena) : absent);
        machine.begin(preloads[random.pick(preloads.size())], values);
      }
      compare_conditions(*code, machine, programs, inputs, arena);
      for (const auto& program : programs) {
        if (random.pick(4) == 0) {
          inputs.redraw(random, [](Slot slot) { return slot % 2 != 0; });
          machine.forget_changing();
        }
        if (random.pick(8) == 0) {
          const std::size_t which = random.pick(some.size());
          inputs.redraw(random, [&](Slot slot) { return std::ranges::find(some[which], slot) != some[which].end(); });
          machine.forget(dependents[which]);
        }
        const Value exact_value = program->evaluate(inputs, arena);
        const std::string exact = describe(exact_value);
        errors_ += exact_value.is_error() ? 1 : 0;
        const std::string fast = describe(machine.evaluate(*program));
        ASSERT_EQ(fast, exact) << program->source() << "\n"
                               << inputs.describe()
                               << code->disassemble(*program, [](Slot slot) { return "slot " + std::to_string(slot); });
        ++evaluations_;
      }
    }
    hand_overs_ += machine.hand_overs();
    instructions_ += code->instructions();
    exact_parts_ += code->exact_parts();
    shared_parts_ += code->shared_parts();
    compiled_ += programs.size();
  }

  // Going through the conditions among the programs finds those that are not false.
  static void compare_conditions(const Code& code, Machine& machine,
                                 const std::vector<std::unique_ptr<Program>>& programs, RandomInputs& inputs,
                                 Arena& arena) {
    std::vector<const Program*> conditions = {nullptr};
    for (const auto& program : programs) {
      if (program->type().is(Type::Kind::boolean)) conditions.push_back(program.get());
    }
    std::vector<std::string> expected;
    for (std::size_t i = 0; i < conditions.size(); ++i) {
      const Value value = conditions[i] ? conditions[i]->evaluate(inputs, arena) : Value::boolean(true);
      if (!value.is_false()) expected.push_back(std::to_string(i) + ": " + describe(value));
    }
    std::vector<std::string> found;
    const Code::Conditions chain = code.conditions(conditions);
    for (std::size_t i = 0; i < conditions.size(); ++i) {
      const Machine::Found next = machine.find_true(chain, i);
      i = next.index;
      if (i < conditions.size()) found.push_back(std::to_string(i) + ": " + describe(next.value));
    }
    ASSERT_EQ(found, expected);
  }

  Environment environment_;
  std::uint64_t evaluations_ = 0;
  std::uint64_t errors_ = 0;
  std::uint64_t hand_overs_ = 0;
  std::size_t instructions_ = 0;
  std::size_t exact_parts_ = 0;
  std::size_t shared_parts_ = 0;
  std::size_t compiled_ = 0;
};

// Goal: the same value or error from both. Method: random well-typed programs over random inputs, edges among them.
TEST_F(FastPathTest, ComputesWhatTheExactEvaluatorDoes) {
  const std::uint64_t first = setting("TALLYHO_RANDOM_SEED", 1);
  const std::uint64_t programs = setting("TALLYHO_RANDOM_PROGRAMS", 10'000);
  for (std::uint64_t seed = first; compiled_ < programs; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    compare(seed);
    if (HasFatalFailure()) return;
  }
  std::printf(
      "%zu programs, %llu evaluations, %llu of them errors, %llu handed over; %zu instructions, %zu left to the exact "
      "evaluator, %zu parts shared; first seed %llu\n",
      compiled_, static_cast<unsigned long long>(evaluations_), static_cast<unsigned long long>(errors_),
      static_cast<unsigned long long>(hand_overs_), instructions_, exact_parts_, shared_parts_,
      static_cast<unsigned long long>(first));
  EXPECT_LT(errors_, evaluations_ / 2) << "most programs should not have been errors";
  EXPECT_LT(hand_overs_, evaluations_ * 2 / 3);
  EXPECT_LT(exact_parts_, instructions_ / 2);
  EXPECT_GT(shared_parts_, 0u);
}

}  // namespace
}  // namespace tallyho::cel
