#pragma once

// The bodies of Evaluator's functions, for the two who instantiate it: evaluator.cc, and the tests that count.

#include <algorithm>
#include <array>

#include "cel/containers.h"
#include "cel/evaluator.h"
#include "cel/fold_body.h"
#include "cel/time_functions.h"

namespace tallyho::cel {

template <typename Probe>
Value Evaluator<Probe>::evaluate(const Node& node) {
  probe_.visit(node);
  const std::uint32_t position = node.position;
  switch (node.opcode) {
    case Opcode::constant: return node.constant;
    case Opcode::slot: return read_slot(node);
    case Opcode::local: return locals_[node.a];
    case Opcode::all_of: return all_of(node);
    case Opcode::any_of: return any_of(node);
    case Opcode::conditional: return conditional(node);
    case Opcode::logical_not: return logical_not(node);
    case Opcode::add_int64: return on_int64(node, [=](auto a, auto b) { return checked_add(a, b, position); });
    case Opcode::subtract_int64:
      return on_int64(node, [=](auto a, auto b) { return checked_subtract(a, b, position); });
    case Opcode::multiply_int64:
      return on_int64(node, [=](auto a, auto b) { return checked_multiply(a, b, position); });
    case Opcode::divide_int64: return on_int64(node, [=](auto a, auto b) { return checked_divide(a, b, position); });
    case Opcode::modulo_int64: return on_int64(node, [=](auto a, auto b) { return checked_modulo(a, b, position); });
    case Opcode::add_float64: return on_float64(node, [](auto a, auto b) { return Value::float64(a + b); });
    case Opcode::subtract_float64: return on_float64(node, [](auto a, auto b) { return Value::float64(a - b); });
    case Opcode::multiply_float64: return on_float64(node, [](auto a, auto b) { return Value::float64(a * b); });
    case Opcode::divide_float64: return on_float64(node, [](auto a, auto b) { return Value::float64(a / b); });
    case Opcode::equal_int64: return on_int64(node, [](auto a, auto b) { return Value::boolean(a == b); });
    case Opcode::not_equal_int64: return on_int64(node, [](auto a, auto b) { return Value::boolean(a != b); });
    case Opcode::less_int64: return on_int64(node, [](auto a, auto b) { return Value::boolean(a < b); });
    case Opcode::less_equals_int64: return on_int64(node, [](auto a, auto b) { return Value::boolean(a <= b); });
    case Opcode::greater_int64: return on_int64(node, [](auto a, auto b) { return Value::boolean(a > b); });
    case Opcode::greater_equals_int64: return on_int64(node, [](auto a, auto b) { return Value::boolean(a >= b); });
    case Opcode::equal_float64: return on_float64(node, [](auto a, auto b) { return Value::boolean(a == b); });
    case Opcode::not_equal_float64: return on_float64(node, [](auto a, auto b) { return Value::boolean(a != b); });
    case Opcode::less_float64: return on_float64(node, [](auto a, auto b) { return Value::boolean(a < b); });
    case Opcode::less_equals_float64: return on_float64(node, [](auto a, auto b) { return Value::boolean(a <= b); });
    case Opcode::greater_float64: return on_float64(node, [](auto a, auto b) { return Value::boolean(a > b); });
    case Opcode::greater_equals_float64: return on_float64(node, [](auto a, auto b) { return Value::boolean(a >= b); });
    case Opcode::equal_string: return on_string(node, [](auto a, auto b) { return Value::boolean(a == b); });
    case Opcode::not_equal_string: return on_string(node, [](auto a, auto b) { return Value::boolean(a != b); });
    default: return on_any(node);
  }
}

template <typename Probe>
Value Evaluator<Probe>::logical_not(const Node& node) {
  const Value value = fetch(node.a);
  return value.is(Kind::boolean) ? Value::boolean(!value.as_boolean()) : not_boolean(value, node.position);
}

// What does not deserve a place in the hot switch.
template <typename Probe>
Value Evaluator<Probe>::on_any(const Node& node) {
  const std::uint32_t position = node.position;
  switch (node.opcode) {
    case Opcode::optional_slot:
      return activation_.has(node.a) ? read(node) : Value::error(ErrorKind::no_such_field, position);
    case Opcode::has_slot: return Value::boolean(activation_.has(node.a));
    case Opcode::optional_or:
    case Opcode::optional_or_value: return optional_or(node);
    case Opcode::call: return call(node);
    case Opcode::concatenate: return concatenate_operands(node);
    case Opcode::make_list: return make_list_of(node);
    case Opcode::make_map: return make_map_of(node);
    case Opcode::fold: return fold(node);
    default: break;
  }
  const Value a = fetch(node.a);
  switch (node.opcode) {
    case Opcode::not_strictly_false: return Value::boolean(!a.is_false());
    case Opcode::negate_int64:
      return a.is(Kind::int64) ? checked_negate(a.as_int64(), position) : mismatch(a, a, position);
    case Opcode::negate_float64:
      return a.is(Kind::float64) ? Value::float64(-a.as_float64()) : mismatch(a, a, position);
    case Opcode::select: return select_from(a, node.constant, arena_, position);
    case Opcode::has_select: return has_field(a, node.constant, position);
    case Opcode::optional_select: return optional_field(a, node.constant, arena_, position);
    case Opcode::matches:
      if (!a.is(Kind::string)) return mismatch(a, a, position);
      return Value::boolean(re2::RE2::PartialMatch(a.as_string(), *plan_.patterns[node.b]));
    case Opcode::time_field: return time_field(static_cast<TimeField>(node.detail), a, plan_.zones[node.b], position);
    case Opcode::in_constants:
      if (a.is_error()) return a;
      // Ints and doubles compare after a cast, which hashing doubles could not reproduce.
      if (a.is(Kind::float64)) return is_in(a, node.constant, position);
      return Value::boolean(find(*plan_.sets[node.b], a) != nullptr);
    default: break;
  }
  const Value b = fetch(node.b);
  switch (node.opcode) {
    case Opcode::equal:
    case Opcode::not_equal:
      if (a.is_error() || b.is_error()) return mismatch(a, b, position);
      return Value::boolean(cel::equal(a, b) == (node.opcode == Opcode::equal));
    case Opcode::compare: return compare_values(a, b, static_cast<Comparison>(node.detail), position);
    case Opcode::in: return is_in(a, b, position);
    case Opcode::index: return index_into(a, b, arena_, position);
    case Opcode::optional_index: return optional_at(a, b, arena_, position);
    default: return Value::error(ErrorKind::no_such_overload, position);
  }
}

// False if any operand is false, whatever the others are; else the first error; else true.
template <typename Probe>
Value Evaluator<Probe>::all_of(const Node& node) {
  const std::uint32_t* const operands = plan_.operands.data() + node.b;
  Value result = Value::boolean(true);
  for (std::uint32_t i = 0; i < node.count; ++i) {
    const Value value = fetch(operands[i]);
    if (value.is_true()) continue;
    if (value.is_false()) return value;
    if (!result.is_error()) result = not_boolean(value, node.position);
  }
  return result;
}

template <typename Probe>
Value Evaluator<Probe>::any_of(const Node& node) {
  const std::uint32_t* const operands = plan_.operands.data() + node.b;
  Value result = Value::boolean(false);
  for (std::uint32_t i = 0; i < node.count; ++i) {
    const Value value = fetch(operands[i]);
    if (value.is_false()) continue;
    if (value.is_true()) return value;
    if (!result.is_error()) result = not_boolean(value, node.position);
  }
  return result;
}

template <typename Probe>
Value Evaluator<Probe>::conditional(const Node& node) {
  const Value condition = fetch(node.a);
  if (condition.is(Kind::boolean)) [[likely]]
    return fetch(condition.as_boolean() ? node.b : node.third());
  return not_boolean(condition, node.position);
}

template <typename Probe>
Value Evaluator<Probe>::optional_or(const Node& node) {
  const Value value = fetch(node.a);
  if (!value.is(Kind::optional)) return mismatch(value, value, node.position);
  if (value.as_optional() == nullptr) return fetch(node.b);
  return node.opcode == Opcode::optional_or ? value : *value.as_optional();
}

template <typename Probe>
bool Evaluator<Probe>::evaluate_operands(const Node& node, std::span<Value> into, Value& error) {
  const std::uint32_t* const operands = plan_.operands.data() + node.b;
  for (std::uint32_t i = 0; i < node.count; ++i) {
    into[i] = fetch(operands[i]);
    if (into[i].is_error()) [[unlikely]] {
      error = into[i];
      return false;
    }
  }
  return true;
}

template <typename Probe>
Value Evaluator<Probe>::call(const Node& node) {
  constexpr std::size_t inline_max = 4;
  std::array<Value, inline_max> few;
  const std::span<Value> args =
      node.count <= inline_max ? std::span<Value>(few.data(), node.count) : arena_.array<Value>(node.count);
  Value error;
  if (!evaluate_operands(node, args, error)) return error;
  for (const Candidate& candidate : plan_.calls[node.a].candidates) {
    if (accepts(candidate, args)) {
      const Value value = candidate.implementation({.args = args, .arena = arena_, .position = node.position});
      return value;
    }
  }
  return Value::error(ErrorKind::no_such_overload, node.position);
}

template <typename Probe>
Value Evaluator<Probe>::concatenate_operands(const Node& node) {
  constexpr std::size_t inline_max = 8;
  std::array<Value, inline_max> few;
  const std::span<Value> parts =
      node.count <= inline_max ? std::span<Value>(few.data(), node.count) : arena_.array<Value>(node.count);
  Value error;
  if (!evaluate_operands(node, parts, error)) return error;
  const auto kind = static_cast<Kind>(node.detail);
  if (!std::ranges::all_of(parts, [&](const Value& part) { return part.is(kind); })) {
    return Value::error(ErrorKind::no_such_overload, node.position);
  }
  if (kind == Kind::list) return concatenate_lists(parts, arena_, node.position);
  return concatenate(parts, arena_, node.position);
}

template <typename Probe>
std::size_t Evaluator<Probe>::evaluate_items(const Node& node, std::span<Value> into, std::size_t width, Value& error) {
  const std::uint32_t* const operands = plan_.operands.data() + node.b;
  const std::uint32_t* const optional = operands + node.count;
  std::size_t size = 0;
  for (std::uint32_t i = 0; i < node.count; i += static_cast<std::uint32_t>(width)) {
    for (std::size_t part = 0; part < width; ++part) {
      into[size + part] = fetch(operands[i + part]);
      if (into[size + part].is_error()) {
        error = into[size + part];
        return size;
      }
    }
    Value& last = into[size + width - 1];
    if (node.detail != 0 && optional[i / width] != 0) {
      if (!last.is(Kind::optional)) {
        error = Value::error(ErrorKind::no_such_overload, node.position);
        return size;
      }
      if (last.as_optional() == nullptr) continue;
      last = *last.as_optional();
    }
    size += width;
  }
  return size;
}

template <typename Probe>
Value Evaluator<Probe>::make_list_of(const Node& node) {
  const std::span<Value> items = arena_.array<Value>(node.count);
  Value error;
  const std::size_t size = evaluate_items(node, items, 1, error);
  if (error.is_error()) return error;
  return adopt_list(items.first(size), arena_);
}

template <typename Probe>
Value Evaluator<Probe>::make_map_of(const Node& node) {
  const std::span<Value> pairs = arena_.array<Value>(node.count);
  Value error;
  const std::size_t size = evaluate_items(node, pairs, 2, error);
  if (error.is_error()) return error;
  const auto map = adopt_map(pairs.first(size), arena_);
  return map ? *map : Value::error(map.error(), node.position);
}

}  // namespace tallyho::cel
