#pragma once

// The arithmetic of CEL's operators, checked: shared by the functions of the library and the evaluator's own
// instructions. Internal to cel/.

#include <cmath>
#include <cstdint>
#include <limits>

#include "cel/value.h"

namespace tallyho::cel {

template <typename Integer>
Value make_integer(Integer number) {
  if constexpr (std::is_signed_v<Integer>) {
    return Value::int64(number);
  } else {
    return Value::uint64(number);
  }
}

template <typename Integer>
Value checked_add(Integer a, Integer b, std::uint32_t position) {
  Integer result{};
  if (__builtin_add_overflow(a, b, &result)) [[unlikely]]
    return Value::error(ErrorKind::overflow, position);
  return make_integer(result);
}

template <typename Integer>
Value checked_subtract(Integer a, Integer b, std::uint32_t position) {
  Integer result{};
  if (__builtin_sub_overflow(a, b, &result)) [[unlikely]]
    return Value::error(ErrorKind::overflow, position);
  return make_integer(result);
}

template <typename Integer>
Value checked_multiply(Integer a, Integer b, std::uint32_t position) {
  Integer result{};
  if (__builtin_mul_overflow(a, b, &result)) [[unlikely]]
    return Value::error(ErrorKind::overflow, position);
  return make_integer(result);
}

// Whether a / b, which C++ leaves undefined and processors trap, is the one quotient that int64 can't hold.
template <typename Integer>
bool quotient_overflows(Integer a, Integer b) {
  if constexpr (std::is_signed_v<Integer>) return b == -1 && a == std::numeric_limits<Integer>::min();
  return false;
}

template <typename Integer>
Value checked_divide(Integer a, Integer b, std::uint32_t position) {
  if (b == 0) [[unlikely]]
    return Value::error(ErrorKind::division_by_zero, position);
  if (quotient_overflows(a, b)) [[unlikely]]
    return Value::error(ErrorKind::overflow, position);
  return make_integer(static_cast<Integer>(a / b));
}

// Truncates: the result has the sign of `a`.
template <typename Integer>
Value checked_modulo(Integer a, Integer b, std::uint32_t position) {
  if (b == 0) [[unlikely]]
    return Value::error(ErrorKind::modulus_by_zero, position);
  if (quotient_overflows(a, b)) [[unlikely]]
    return Value::error(ErrorKind::overflow, position);
  return make_integer(static_cast<Integer>(a % b));
}

inline Value checked_negate(std::int64_t a, std::uint32_t position) {
  return checked_subtract<std::int64_t>(0, a, position);
}

// a + b for two strings, or two bytes.
Value concatenate(std::span<const Value> parts, Arena& arena, std::uint32_t position);
// a + b + … for lists.
Value concatenate_lists(std::span<const Value> parts, Arena& arena, std::uint32_t position);

// list[i], map[k], optional[i]; the errors are no_such_key, index_out_of_range, no_such_overload.
Value index_into(const Value& container, const Value& index, Arena& arena, std::uint32_t position);
// map.name, optional.name.
Value select_from(const Value& target, const Value& name, Arena& arena, std::uint32_t position);
// has(map.name), has(optional.name).
Value has_field(const Value& target, const Value& name, std::uint32_t position);
// target.?name and container[?index]: an optional, which is none where the plain form would be an error for want of it.
Value optional_field(const Value& target, const Value& name, Arena& arena, std::uint32_t position);
Value optional_at(const Value& container, const Value& index, Arena& arena, std::uint32_t position);
// item in container, for lists and maps.
Value is_in(const Value& item, const Value& container, std::uint32_t position);

enum class Comparison : std::uint8_t { less, less_equals, greater, greater_equals };
// a < b and so on for any kinds that have an order.
Value compare_values(const Value& a, const Value& b, Comparison comparison, std::uint32_t position);

}  // namespace tallyho::cel
