// Lowering of operators and function calls: the typed instruction where there is one, else the library's function.

#include <algorithm>
#include <array>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "cel/arithmetic.h"
#include "cel/containers.h"
#include "cel/planner.h"
#include "cel/time_functions.h"

namespace tallyho::cel {
namespace {

// The instruction for an operator of arithmetic on operands of this type; nothing if there is none.
std::optional<Opcode> typed_opcode(Operator op, Type::Kind type) {
  const bool is_int64 = type == Type::Kind::int64;
  if (op == Operator::logical_not) return Opcode::logical_not;
  if (!is_int64 && type != Type::Kind::float64) return std::nullopt;
  switch (op) {
    case Operator::add: return is_int64 ? Opcode::add_int64 : Opcode::add_float64;
    case Operator::subtract: return is_int64 ? Opcode::subtract_int64 : Opcode::subtract_float64;
    case Operator::multiply: return is_int64 ? Opcode::multiply_int64 : Opcode::multiply_float64;
    case Operator::divide: return is_int64 ? Opcode::divide_int64 : Opcode::divide_float64;
    case Operator::modulo: return is_int64 ? std::optional(Opcode::modulo_int64) : std::nullopt;
    case Operator::negate: return is_int64 ? Opcode::negate_int64 : Opcode::negate_float64;
    default: return std::nullopt;
  }
}

struct ComparingOperator {
  Operator op;
  Opcode for_int64;
  Opcode for_float64;
  std::optional<Comparison> comparison = {};  // None: it is == or !=.
};

constexpr std::array comparing_operators = {
    ComparingOperator{Operator::equal, Opcode::equal_int64, Opcode::equal_float64},
    ComparingOperator{Operator::not_equal, Opcode::not_equal_int64, Opcode::not_equal_float64},
    ComparingOperator{Operator::less, Opcode::less_int64, Opcode::less_float64, Comparison::less},
    ComparingOperator{Operator::less_equals, Opcode::less_equals_int64, Opcode::less_equals_float64,
                      Comparison::less_equals},
    ComparingOperator{Operator::greater, Opcode::greater_int64, Opcode::greater_float64, Comparison::greater},
    ComparingOperator{Operator::greater_equals, Opcode::greater_equals_int64, Opcode::greater_equals_float64,
                      Comparison::greater_equals},
};

// Whether the library's own overloads are all that the name may mean here; a host may have added to them.
bool all_standard(Overloads overloads) {
  return !overloads.empty() && std::ranges::all_of(overloads, &Overload::is_standard);
}

// The operands of a chain of the same operator, `a && b && c`, whatever way the parser has nested it. `overload`: what
// all of them are; null if that does not matter.
absl::InlinedVector<const Expr*, 8> flatten(const Expr& expr, const Overload* overload) {
  absl::InlinedVector<const Expr*, 8> operands;
  absl::InlinedVector<const Expr*, 8> waiting = {&expr};
  while (!waiting.empty()) {
    const Expr* next = waiting.back();
    waiting.pop_back();
    const bool is_same = next->is_call(expr.op, 2) &&
                         (overload == nullptr || (next->overloads.size() == 1 && next->overloads[0] == overload));
    if (is_same) {
      waiting.push_back(next->args[1]);
      waiting.push_back(next->args[0]);
    } else {
      operands.push_back(next);
    }
  }
  return operands;
}

}  // namespace

Planner::Part Planner::lower_call(const Expr& expr) {
  if (expr.op != Operator::none) {
    if (auto part = lower_logic(expr)) return *part;
  }
  if (checked_ == Checked::yes) return lower_call(expr, expr.overloads);
  bool is_method = expr.target != nullptr;
  const std::vector<const Overload*> looked_up = overloads_of(expr, is_method);
  return lower_call(expr, looked_up);
}

Planner::Part Planner::lower_call(const Expr& expr, Overloads overloads) {
  if (expr.op != Operator::none) {
    if (auto part = lower_standard_operator(expr, overloads)) return *part;
  } else if (expr.target != nullptr) {
    if (auto part = lower_optional_call(expr, overloads)) return *part;
  }
  return lower_function(expr, overloads);
}

// Operators that do not evaluate all they are given, or take errors.
std::optional<Planner::Part> Planner::lower_logic(const Expr& expr) {
  if (expr.is_call(Operator::logical_and, 2)) return lower_flattened(expr, Opcode::all_of, Kind::boolean);
  if (expr.is_call(Operator::logical_or, 2)) return lower_flattened(expr, Opcode::any_of, Kind::boolean);
  if (expr.is_call(Operator::not_strictly_false, 1)) return add_unary(Opcode::not_strictly_false, expr, *expr.args[0]);
  if (expr.is_call(Operator::conditional, 3)) {
    const Part condition = lower(*expr.args[0]);
    const Part then = lower(*expr.args[1]);
    const Part otherwise = lower(*expr.args[2]);
    Part part = add(Opcode::conditional, expr);
    node(part).a = condition.node;
    node(part).b = then.node;
    node(part).constant = Value::int64(otherwise.node);
    for (const Part& child : {condition, then, otherwise}) part.depend_on(child);
    return part;
  }
  if (expr.is_call(Operator::optional_select, 2) && expr.args[1]->kind == Expr::Kind::literal) {
    const Part part = add_unary(Opcode::optional_select, expr, *expr.args[0]);
    node(part).constant = expr.args[1]->value;
    return part;
  }
  if (expr.is_call(Operator::optional_index, 2)) {
    return add_binary(Opcode::optional_index, expr, *expr.args[0], *expr.args[1]);
  }
  return std::nullopt;
}

Planner::Part Planner::lower_flattened(const Expr& expr, Opcode opcode, Kind kind) {
  absl::InlinedVector<Part, 8> operands;
  for (const Expr* operand : flatten(expr, kind == Kind::boolean ? nullptr : expr.overloads[0])) {
    operands.push_back(lower(*operand));
  }
  const Part part = add_nary(opcode, expr, operands);
  if (issues_.empty()) node(part).detail = static_cast<std::uint8_t>(kind);
  return part;
}

std::optional<Planner::Part> Planner::lower_standard_operator(const Expr& expr, Overloads overloads) {
  if (!all_standard(overloads)) return std::nullopt;
  if (checked_ == Checked::yes && overloads.size() == 1) {
    if (auto part = lower_typed_operator(expr, *overloads[0])) return part;
  }
  if (expr.args.size() != 2) return std::nullopt;
  if (auto part = lower_comparison(expr)) return part;
  if (expr.op == Operator::index) return add_binary(Opcode::index, expr, *expr.args[0], *expr.args[1]);
  if (expr.op == Operator::in) return lower_in(expr);
  return std::nullopt;
}

std::optional<Planner::Part> Planner::lower_typed_operator(const Expr& expr, const Overload& overload) {
  const Type::Kind type = overload.parameters[0].kind();
  if (expr.op == Operator::add) {
    if (type == Type::Kind::string) return lower_flattened(expr, Opcode::concatenate, Kind::string);
    if (type == Type::Kind::bytes) return lower_flattened(expr, Opcode::concatenate, Kind::bytes);
    if (type == Type::Kind::list) return lower_flattened(expr, Opcode::concatenate, Kind::list);
  }
  const auto opcode = typed_opcode(expr.op, type);
  if (!opcode) return std::nullopt;
  if (expr.args.size() == 1) return add_unary(*opcode, expr, *expr.args[0]);
  return add_binary(*opcode, expr, *expr.args[0], *expr.args[1]);
}

// At run time all kinds of numbers compare with each other, so that the typed instructions are only for what the
// checker knows on both sides.
std::optional<Planner::Part> Planner::lower_comparison(const Expr& expr) {
  const auto* const found = std::ranges::find(comparing_operators, expr.op, &ComparingOperator::op);
  if (found == comparing_operators.end()) return std::nullopt;
  const Expr& a = *expr.args[0];
  const Expr& b = *expr.args[1];
  const bool is_equality = !found->comparison;
  if (checked_ == Checked::yes && a.type.kind() == b.type.kind()) {
    if (a.type.is(Type::Kind::int64)) return add_binary(found->for_int64, expr, a, b);
    if (a.type.is(Type::Kind::float64)) return add_binary(found->for_float64, expr, a, b);
    if (a.type.is(Type::Kind::string) && is_equality) {
      return add_binary(expr.op == Operator::equal ? Opcode::equal_string : Opcode::not_equal_string, expr, a, b);
    }
  }
  if (is_equality) return add_binary(expr.op == Operator::equal ? Opcode::equal : Opcode::not_equal, expr, a, b);
  const Part part = add_binary(Opcode::compare, expr, a, b);
  node(part).detail = static_cast<std::uint8_t>(*found->comparison);
  return part;
}

Planner::Part Planner::lower_in(const Expr& expr) {
  const Part item = lower(*expr.args[0]);
  const Part container = lower(*expr.args[1]);
  const Value* list = constant(container);
  const auto set = list != nullptr ? constant_set(*list) : std::nullopt;
  Part part = add(set ? Opcode::in_constants : Opcode::in, expr);
  node(part).a = item.node;
  node(part).b = set.value_or(container.node);
  if (set) node(part).constant = *constant(container);
  part.depend_on(item);
  part.depend_on(container);
  return part;
}

// A constant list of strings, ints, uints and bools, as the keys of a map.
std::optional<std::uint32_t> Planner::constant_set(const Value& list) {
  if (!list.is(Kind::list)) return std::nullopt;
  const std::span<const Value> items = list.as_list();
  if (!std::ranges::all_of(items, is_key)) return std::nullopt;
  const std::span<Value> pairs = plan_.arena.array<Value>(2 * items.size());
  for (std::size_t i = 0; i < items.size(); ++i) pairs[2 * i] = items[i];
  auto set = adopt_map(pairs, plan_.arena);
  if (!set) {  // Some occur twice: once is enough.
    std::vector<Value> unique;
    for (const Value& item : items) {
      const auto seen = std::ranges::find_if(unique, [&](const Value& other) { return cel::equal(other, item); });
      if (seen == unique.end()) unique.insert(unique.end(), {item, Value()});
    }
    set = make_map(unique, plan_.arena);
  }
  if (!set) return std::nullopt;
  plan_.sets.push_back(&set->as_map());
  return static_cast<std::uint32_t>(plan_.sets.size() - 1);
}

// `or` and `orValue` of an optional look at their argument only if they need it.
std::optional<Planner::Part> Planner::lower_optional_call(const Expr& expr, Overloads overloads) {
  if (overloads.size() != 1 || expr.args.size() != 1 || !overloads[0]->is_method) return std::nullopt;
  if (overloads[0]->id == "optional_or_optional") {
    return add_binary(Opcode::optional_or, expr, *expr.target, *expr.args[0]);
  }
  if (overloads[0]->id == "optional_orValue_value") {
    return add_binary(Opcode::optional_or_value, expr, *expr.target, *expr.args[0]);
  }
  return std::nullopt;
}

// Calls whose pattern or time zone is constant, which is then compiled or looked up now.
std::optional<Planner::Part> Planner::lower_with_constant(const Expr& expr, const Overload& overload) {
  const bool is_matches = overload.function == "matches";
  const auto field = time_field_named(overload.function);
  if (!is_matches && !(field && overload.parameters[0].is(Type::Kind::timestamp))) return std::nullopt;
  std::vector<const Expr*> args;
  if (overload.is_method && expr.target != nullptr) args.push_back(expr.target);
  args.insert(args.end(), expr.args.begin(), expr.args.end());
  if (args.size() == 2) {
    const bool is_constant = args[1]->kind == Expr::Kind::literal || args[1]->reference == Expr::Reference::constant;
    if (!is_constant || !args[1]->value.is(Kind::string)) return std::nullopt;
  }
  if (field && plan_.zones.empty()) plan_.zones.emplace_back();  // Zone 0 is UTC.
  std::uint32_t number = 0;
  if (is_matches) {
    re2::RE2::Options options;
    options.set_log_errors(false);
    auto pattern = std::make_unique<re2::RE2>(args[1]->value.as_string(), options);
    if (!pattern->ok()) {
      if (checked_ == Checked::yes) issue(*args[1], "invalid regular expression: " + pattern->error());
      return add_error(expr, ErrorKind::invalid_regex);
    }
    plan_.patterns.push_back(std::move(pattern));
    number = static_cast<std::uint32_t>(plan_.patterns.size() - 1);
  } else if (args.size() == 2) {
    const auto zone = TimeZone::load(args[1]->value.as_string());
    if (!zone) {
      if (checked_ == Checked::yes) issue(*args[1], "unknown time zone: write an IANA name or an offset like '+02:00'");
      return add_error(expr, ErrorKind::invalid_argument);
    }
    plan_.zones.push_back(*zone);
    number = static_cast<std::uint32_t>(plan_.zones.size() - 1);
  }
  const Part part = add_unary(is_matches ? Opcode::matches : Opcode::time_field, expr, *args[0]);
  node(part).b = number;
  if (field) node(part).detail = static_cast<std::uint8_t>(*field);
  return part;
}

Planner::Part Planner::lower_function(const Expr& expr, Overloads overloads) {
  if (overloads.empty()) return add_error(expr, ErrorKind::unbound);
  if (overloads.size() == 1) {
    if (auto part = lower_with_constant(expr, *overloads[0])) return *part;
  }
  std::vector<Part> operands;
  if (overloads[0]->is_method && expr.target != nullptr) operands.push_back(lower(*expr.target));
  for (const Expr* arg : expr.args) operands.push_back(lower(*arg));
  CallPlan call;
  for (const Overload* overload : overloads) {
    if (overload->implementation == nullptr) continue;
    Candidate candidate{.implementation = overload->implementation, .kinds = {}, .overload = overload, .opaques = {}};
    for (const Type& type : overload->parameters) {
      if (type.is(Type::Kind::opaque)) candidate.opaques.push_back({candidate.kinds.size(), type.name()});
      candidate.kinds.push_back(kinds_of(type.kind()));
    }
    const bool is_variadic = overload->function == "math.@max" || overload->function == "math.@min";
    if (is_variadic && operands.size() > variadic_parameters) {
      candidate.kinds.resize(operands.size(), candidate.kinds.back());
    }
    call.candidates.push_back(std::move(candidate));
  }
  const Part part = add_nary(Opcode::call, expr, operands);
  if (!issues_.empty()) return part;
  plan_.calls.push_back(std::move(call));
  node(part).a = static_cast<std::uint32_t>(plan_.calls.size() - 1);
  return part;
}

}  // namespace tallyho::cel
