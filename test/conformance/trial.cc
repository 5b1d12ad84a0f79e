#include "trial.h"

#include <algorithm>
#include <array>

#include "cel/code.h"
#include "cel/parser.h"
#include "cel/program.h"
#include "fmt/format.h"
#include "json_values.h"
#include "world.h"

namespace tallyho::conformance {
namespace {

using cel::Type;
using cel::Value;
using simdjson::dom::element;

bool makes_message(const cel::Expr* expr) {
  if (expr == nullptr) return false;
  if (expr->kind == cel::Expr::Kind::message || makes_message(expr->target)) return true;
  if (expr->fold != nullptr) {
    const cel::Expr::Fold& fold = *expr->fold;
    const std::array<const cel::Expr*, 5> parts = {fold.range, fold.init, fold.condition, fold.step, fold.result};
    if (std::ranges::any_of(parts, makes_message)) return true;
  }
  return std::ranges::any_of(expr->args, makes_message);
}

std::optional<std::string> type_failure(element original, const Type& type) {
  if (!has(original, "typedResult") || !has(original["typedResult"], "deducedType")) return {};
  const auto expected = read_type(original["typedResult"]["deducedType"]);
  if (!expected) return "its type needs protobuf";
  if (*expected == type) return {};
  return fmt::format("expected the type {}, got {}", expected->to_string(), type.to_string());
}

std::optional<std::string> value_failure(element original, const Value& value, Arena& arena) {
  if (has(original, "evalError")) {
    if (value.is_error()) return {};
    return fmt::format("expected an error, got {}", cel::to_literal(value));
  }
  std::optional<Value> expected = Value::boolean(true);
  if (has(original, "value")) expected = read_value(original["value"], arena);
  if (has(original, "typedResult")) {
    if (!has(original["typedResult"], "result")) return {};
    expected = read_value(original["typedResult"]["result"], arena);
  }
  if (!expected) return "its value needs protobuf";
  if (same(*expected, value)) return {};
  return fmt::format("expected {}, got {}", cel::to_literal(*expected), cel::to_literal(value));
}

// The fast path comes to just what the exact evaluator did.
std::optional<std::string> fast_path_failure(cel::Program& program, const Value& exact, World& world) {
  cel::CodeBuilder builder([](cel::Slot) { return true; });
  builder.add(program);
  const auto code = builder.build();
  cel::Machine machine(*code, world, world.arena());
  const Value fast = machine.evaluate(program);
  const bool is_same_error = !exact.is_error() || exact.error_position() == fast.error_position();
  if (cel::to_literal(fast) == cel::to_literal(exact) && is_same_error) return {};
  return fmt::format("the fast path gets {} instead of {}", cel::to_literal(fast), cel::to_literal(exact));
}

}  // namespace

std::optional<std::string> conformance_failure(const Test& test, Checking checking) {
  const element original = test.original();
  World world;
  if (const std::string problem = world.declare(original); !problem.empty()) return "cannot declare " + problem;
  const bool checked = checking == Checking::as_asked && !flag(original, "disableCheck");
  auto program = checked ? cel::Program::compile(test.expr(), world.environment())
                         : cel::Program::compile_unchecked(test.expr(), world.environment());
  if (!program) return fmt::format("byte {}: {}", program.error()[0].begin, program.error()[0].message);
  if (checked) {
    if (auto failure = type_failure(original, program->type())) return failure;
    if (flag(original, "checkOnly")) return {};
  }
  // Where there are no messages, making one is an error; not the one that a test of what they may hold expects.
  if (makes_message(cel::parse(test.expr())->root)) return "it makes a message";
  const Value value = program->evaluate(world, world.arena());
  if (auto failure = value_failure(original, value, world.arena())) return failure;
  return fast_path_failure(*program, value, world);
}

bool runs_unchecked(const Test& test) {
  return !flag(test.original(), "checkOnly");
}

}  // namespace tallyho::conformance
