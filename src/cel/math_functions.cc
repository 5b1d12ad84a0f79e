// The math extension: math.greatest, math.least, rounding, signs, tests of doubles, bits.

#include <cmath>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cel/arithmetic.h"
#include "cel/library.h"
#include "fmt/format.h"

namespace tallyho::cel {
namespace {

constexpr std::uint64_t bits = 64;

bool is_number(const Value& value) {
  return value.is(Kind::int64) || value.is(Kind::uint64) || value.is(Kind::float64);
}

// The first of the greatest, or least, of several numbers of any kinds.
template <bool greatest>
Value extreme_of(const Call& c, std::span<const Value> numbers) {
  if (numbers.empty()) return c.error(ErrorKind::invalid_argument);
  for (const Value& number : numbers) {
    if (!is_number(number)) return c.error(ErrorKind::no_such_overload);
  }
  Value best = numbers[0];
  for (const Value& number : numbers.subspan(1)) {
    const auto order = compare(number, best);
    if (order && (greatest ? std::is_gt(*order) : std::is_lt(*order))) best = number;
  }
  return best;
}

template <bool greatest>
Value extreme(const Call& c) {
  return extreme_of<greatest>(c, c.args);
}
template <bool greatest>
Value extreme_of_list(const Call& c) {
  return extreme_of<greatest>(c, c.args[0].as_list());
}

template <double (*function)(double)>
Value of_float64(const Call& c) {
  return Value::float64(function(c.args[0].as_float64()));
}
double ceil_of(double x) {
  return std::ceil(x);
}
double floor_of(double x) {
  return std::floor(x);
}
double round_of(double x) {
  return std::round(x);
}  // Half away from zero.
double trunc_of(double x) {
  return std::trunc(x);
}
double abs_of(double x) {
  return std::abs(x);
}
double sqrt_of(double x) {
  return std::sqrt(x);
}
double sign_of(double x) {
  return x > 0 ? 1.0 : (x < 0 ? -1.0 : x);
}  // Of NaN: NaN. Of -0.0: itself.

Value sqrt_of_int64(const Call& c) {
  return Value::float64(std::sqrt(static_cast<double>(c.args[0].as_int64())));
}
Value sqrt_of_uint64(const Call& c) {
  return Value::float64(std::sqrt(static_cast<double>(c.args[0].as_uint64())));
}

Value abs_of_int64(const Call& c) {
  const std::int64_t number = c.args[0].as_int64();
  return number < 0 ? checked_negate(number, c.position) : Value::int64(number);
}
Value abs_of_uint64(const Call& c) {
  return c.args[0];
}
Value sign_of_int64(const Call& c) {
  const std::int64_t number = c.args[0].as_int64();
  return Value::int64((number > 0 ? 1 : 0) - (number < 0 ? 1 : 0));
}
Value sign_of_uint64(const Call& c) {
  return Value::uint64(c.args[0].as_uint64() > 0 ? 1 : 0);
}

Value is_nan(const Call& c) {
  return Value::boolean(std::isnan(c.args[0].as_float64()));
}
Value is_inf(const Call& c) {
  return Value::boolean(std::isinf(c.args[0].as_float64()));
}
Value is_finite(const Call& c) {
  return Value::boolean(std::isfinite(c.args[0].as_float64()));
}

Value of_bits(const Value& like, std::uint64_t value) {
  return like.is(Kind::int64) ? Value::int64(static_cast<std::int64_t>(value)) : Value::uint64(value);
}
Value bit_and(const Call& c) {
  return of_bits(c.args[0], c.args[0].as_uint64() & c.args[1].as_uint64());
}
Value bit_or(const Call& c) {
  return of_bits(c.args[0], c.args[0].as_uint64() | c.args[1].as_uint64());
}
Value bit_xor(const Call& c) {
  return of_bits(c.args[0], c.args[0].as_uint64() ^ c.args[1].as_uint64());
}
Value bit_not(const Call& c) {
  return of_bits(c.args[0], ~c.args[0].as_uint64());
}

// Logical in both directions, also for negative ints: bits shifted out are lost, zeros come in.
template <bool left>
Value bit_shift(const Call& c) {
  const std::int64_t amount = c.args[1].as_int64();
  if (amount < 0) return c.error(ErrorKind::invalid_argument);
  const auto places = static_cast<std::uint64_t>(amount);
  if (places >= bits) return of_bits(c.args[0], 0);
  const std::uint64_t value = c.args[0].as_uint64();
  return of_bits(c.args[0], left ? value << places : value >> places);
}

// The macros math.greatest and math.least become calls of these: with a list, or with any number of numbers.
void add_extreme(Library& lib, const std::string& function, Implementation of_arguments, Implementation of_list) {
  const std::pair<std::string, const Type*> numbers[] = {
      {"double", &lib.float64}, {"int", &lib.int64}, {"uint", &lib.uint64}};
  const auto id = [&](std::string_view suffix) { return fmt::format("math_{}_{}", function.substr(5), suffix); };
  for (const auto& [name, type] : numbers) lib.function(function, id(name), {*type}, *type, of_arguments);
  for (const auto& [name_a, a] : numbers) {
    for (const auto& [name_b, b] : numbers) {
      lib.function(function, id(fmt::format("{}_{}", name_a, name_b)), {*a, *b}, a == b ? *a : lib.dyn, of_arguments);
    }
  }
  // Of three or more numbers; the checker takes this for any number of them, and finds the type itself.
  lib.function(function, id("many"), {lib.dyn, lib.dyn, lib.dyn}, lib.dyn, of_arguments);
  for (const auto& [name, type] : numbers) {
    lib.function(function, id(fmt::format("list_{}", name)), {Type::list(*type)}, *type, of_list, cost_per_chunk);
  }
}

void add_rounding(Library& lib) {
  lib.function("math.ceil", "math_ceil_double", {lib.float64}, lib.float64, of_float64<ceil_of>);
  lib.function("math.floor", "math_floor_double", {lib.float64}, lib.float64, of_float64<floor_of>);
  lib.function("math.round", "math_round_double", {lib.float64}, lib.float64, of_float64<round_of>);
  lib.function("math.trunc", "math_trunc_double", {lib.float64}, lib.float64, of_float64<trunc_of>);
  lib.function("math.abs", "math_abs_double", {lib.float64}, lib.float64, of_float64<abs_of>);
  lib.function("math.abs", "math_abs_int", {lib.int64}, lib.int64, abs_of_int64);
  lib.function("math.abs", "math_abs_uint", {lib.uint64}, lib.uint64, abs_of_uint64);
  lib.function("math.sign", "math_sign_double", {lib.float64}, lib.float64, of_float64<sign_of>);
  lib.function("math.sign", "math_sign_int", {lib.int64}, lib.int64, sign_of_int64);
  lib.function("math.sign", "math_sign_uint", {lib.uint64}, lib.uint64, sign_of_uint64);
  lib.function("math.sqrt", "math_sqrt_double", {lib.float64}, lib.float64, of_float64<sqrt_of>);
  lib.function("math.sqrt", "math_sqrt_int", {lib.int64}, lib.float64, sqrt_of_int64);
  lib.function("math.sqrt", "math_sqrt_uint", {lib.uint64}, lib.float64, sqrt_of_uint64);
  lib.function("math.isNaN", "math_isNaN_double", {lib.float64}, lib.boolean, is_nan);
  lib.function("math.isInf", "math_isInf_double", {lib.float64}, lib.boolean, is_inf);
  lib.function("math.isFinite", "math_isFinite_double", {lib.float64}, lib.boolean, is_finite);
}

}  // namespace

void add_math_functions(Environment& environment) {
  Library lib(environment);
  add_extreme(lib, "math.@max", extreme<true>, extreme_of_list<true>);
  add_extreme(lib, "math.@min", extreme<false>, extreme_of_list<false>);
  add_rounding(lib);
  for (const auto& [name, type] : {std::pair<std::string, Type>{"int", lib.int64}, {"uint", lib.uint64}}) {
    const auto add = [&](std::string_view function, bool is_shift, std::size_t arguments, Implementation bits_of) {
      std::vector<Type> parameters = {type};
      if (arguments == 2) parameters.push_back(is_shift ? lib.int64 : type);
      std::string id = fmt::format("math_{}_{}", function, name);
      if (arguments == 2) id.append("_").append(is_shift ? "int" : name);
      lib.function(fmt::format("math.{}", function), id, std::move(parameters), type, bits_of);
    };
    add("bitAnd", false, 2, bit_and);
    add("bitOr", false, 2, bit_or);
    add("bitXor", false, 2, bit_xor);
    add("bitNot", false, 1, bit_not);
    add("bitShiftLeft", true, 2, bit_shift<true>);
    add("bitShiftRight", true, 2, bit_shift<false>);
  }
}

}  // namespace tallyho::cel
