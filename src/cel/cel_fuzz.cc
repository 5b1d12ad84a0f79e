// Bytes are an expression: parsed, checked against a small environment, evaluated with and without the checker. Nothing
// may crash or run away, whatever the bytes; and a checked program and an unchecked one agree on what they compute.

#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "cel/containers.h"
#include "cel/program.h"

namespace tallyho::cel {
namespace {

constexpr std::uint64_t units_max = 1'000'000;  // What may take longer is compiled, but not run.

class FixedSlots final : public Activation {
 public:
  FixedSlots() {
    const std::array<Value, 3> items = {Value::string("a"), Value::string("bb"), Value::string("ä€")};
    const std::array<Value, 4> pairs = {Value::string("x"), Value::int64(1), Value::string("y"), Value::int64(-7)};
    values_ = {Value::int64(INT64_MIN),
               Value::float64(-0.5),
               Value::string("žluťoučký"),
               Value::boolean(true),
               make_list(items, arena_),
               make_map(pairs, arena_).value_or(Value()),
               Value::timestamp({1'784'487'600, 5}),
               Value::error(ErrorKind::no_such_field)};
  }
  Value read(Slot slot, Arena&) override { return values_[slot]; }
  bool has(Slot slot) override { return !values_[slot].is_error(); }

 private:
  Arena arena_;
  std::array<Value, 8> values_;
};

Environment make_environment() {
  Environment environment(&Environment::standard());
  const Type int64 = Type::simple(Type::Kind::int64);
  const Type string = Type::simple(Type::Kind::string);
  const Bounds bounds = {.size_max = 16, .item_size_max = 16};
  const auto declare = [&](const char* name, const Type& type, Slot slot) {
    environment.declare({.name = name, .type = type, .slot = slot, .bounds = bounds, .constant = {}});
  };
  declare("i", int64, 0);
  declare("d", Type::simple(Type::Kind::float64), 1);
  declare("s", string, 2);
  declare("b", Type::simple(Type::Kind::boolean), 3);
  declare("l", Type::list(string), 4);
  declare("m", Type::map(string, int64), 5);
  declare("t", Type::simple(Type::Kind::timestamp), 6);
  declare(
      "r",
      Type::record("r", {{.name = "f", .type = int64, .slot = 0, .optional = false, .bounds = {}, .constant = {}},
                         {.name = "o", .type = string, .slot = 7, .optional = true, .bounds = bounds, .constant = {}}}),
      0);
  return environment;
}

void require(bool claim) {
  if (!claim) std::abort();
}

void run(std::string_view source) {
  static const Environment environment = make_environment();
  FixedSlots slots;
  Arena arena;
  const auto program = Program::compile(source, environment);
  if (!program) {
    for (const Issue& issue : program.error()) {
      require(issue.begin <= issue.end && issue.end <= source.size() && !issue.message.empty());
    }
    return;
  }
  if (program->cost().units > units_max) return;
  const Value value = program->evaluate(slots, arena);
  if (value.is_error()) require(value.error_position() <= source.size());
  require(!to_literal(value).empty());
  if (program->type().is(Type::Kind::boolean)) program->explain(slots, arena);
  const auto unchecked = Program::compile_unchecked(source, environment);
  require(unchecked.has_value());
  const Value again = unchecked->evaluate(slots, arena);
  require(again.is_error() == value.is_error());
  if (!value.is_error()) require(to_literal(again) == to_literal(value));
}

}  // namespace
}  // namespace tallyho::cel

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tallyho::cel::run({reinterpret_cast<const char*>(data), size});
  return 0;
}
