#include "trial.h"

#include <algorithm>
#include <array>
#include <vector>

#include "cel/parser.h"
#include "cel/program.h"
#include "fmt/format.h"
#include "json_values.h"

namespace tallyho::conformance {
namespace {

using cel::Type;
using cel::Value;
using simdjson::dom::element;

bool flag(element json, const char* name) {
  bool value = false;
  return json[name].get(value) == simdjson::SUCCESS && value;
}

bool has(element json, const char* name) {
  element found;
  return json[name].get(found) == simdjson::SUCCESS;
}

// What a test declares and binds.
class World final : public cel::Activation {
 public:
  World() : environment_(&cel::Environment::standard()) {}

  // What it cannot declare, or "".
  std::string declare(element original);

  cel::Environment& environment() { return environment_; }
  Arena& arena() { return arena_; }

  Value read(cel::Slot slot, Arena&) override { return values_[slot]; }
  bool has(cel::Slot slot) override { return !values_[slot].is_error(); }

 private:
  void declare_variable(std::string name, const Type& type) {
    environment_.declare({.name = std::move(name),
                          .type = type,
                          .slot = static_cast<cel::Slot>(values_.size()),
                          .bounds = {},
                          .constant = {}});
    values_.push_back(Value::error(cel::ErrorKind::unbound));
  }
  bool declare_function(const std::string& name, element json);

  cel::Environment environment_;
  Arena arena_;
  std::vector<Value> values_;
};

bool World::declare_function(const std::string& name, element json) {
  for (const element each : json["overloads"]) {
    cel::Overload overload{.function = name,
                           .id = std::string(each["overloadId"].get_string().value()),
                           .parameters = {},
                           .result = {},
                           .is_method = flag(each, "isInstanceFunction")};
    simdjson::dom::array params;
    if (each["params"].get(params) == simdjson::SUCCESS) {
      for (const element param : params) {
        const auto type = read_type(param);
        if (!type) return false;
        overload.parameters.push_back(*type);
      }
    }
    const auto result = read_type(each["resultType"]);
    if (!result) return false;
    overload.result = *result;
    environment_.add_function(std::move(overload));
  }
  return true;
}

std::string World::declare(element original) {
  if (std::string_view container; original["container"].get(container) == simdjson::SUCCESS) {
    environment_.set_container(std::string(container));
  }
  simdjson::dom::array declarations;
  if (original["typeEnv"].get(declarations) == simdjson::SUCCESS) {
    for (const element each : declarations) {
      const std::string name(each["name"].get_string().value());
      if (conformance::has(each, "function")) {
        if (!declare_function(name, each["function"])) return "the function " + name;
        continue;
      }
      const auto type = read_type(each["ident"]["type"]);
      if (!type) return "the variable " + name;
      declare_variable(name, *type);
    }
  }
  simdjson::dom::object bindings;
  if (original["bindings"].get(bindings) == simdjson::SUCCESS) {
    for (const auto& [key, binding] : bindings) {
      const std::string name(key);
      if (environment_.find_variable(name) == nullptr) declare_variable(name, Type());
      element json;
      if (binding["value"].get(json) != simdjson::SUCCESS) return "the binding of " + name;
      const auto value = read_value(json, arena_);
      if (!value) return "the value of " + name;
      values_[environment_.find_variable(name)->slot] = *value;
    }
  }
  return "";
}

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

}  // namespace

std::optional<std::string> conformance_failure(const Test& test, Checking checking) {
  const element original = test.original();
  World world;
  if (const std::string problem = world.declare(original); !problem.empty()) return "cannot declare " + problem;
  const bool checked = checking == Checking::as_asked && !flag(original, "disableCheck");
  const auto program = checked ? cel::Program::compile(test.expr(), world.environment())
                               : cel::Program::compile_unchecked(test.expr(), world.environment());
  if (!program) return fmt::format("byte {}: {}", program.error()[0].begin, program.error()[0].message);
  if (checked) {
    if (auto failure = type_failure(original, program->type())) return failure;
    if (flag(original, "checkOnly")) return {};
  }
  // Where there are no messages, making one is an error; not the one that a test of what they may hold expects.
  if (makes_message(cel::parse(test.expr())->root)) return "it makes a message";
  return value_failure(original, program->evaluate(world, world.arena()), world.arena());
}

bool runs_unchecked(const Test& test) {
  return !flag(test.original(), "checkOnly");
}

}  // namespace tallyho::conformance
