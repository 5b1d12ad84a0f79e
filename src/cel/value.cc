#include "cel/value.h"

#include <array>
#include <cmath>
#include <cstddef>

#include "cel/containers.h"

namespace tallyho::cel {
namespace {

constexpr double int64_end = 0x1p63;   // One past the greatest int.
constexpr double uint64_end = 0x1p64;  // One past the greatest uint.

// The conformance suite wants ints above 2^53 to compare with doubles as the doubles nearest to them, so an exact
// comparison would be wrong. The range is checked first, so that the cast can't make a huge double look equal.
std::partial_ordering compare_numbers(double a, std::int64_t b) {
  if (a < -int64_end) return std::partial_ordering::less;
  if (a > int64_end) return std::partial_ordering::greater;
  return a <=> static_cast<double>(b);
}

std::partial_ordering compare_numbers(double a, std::uint64_t b) {
  if (a < 0) return std::partial_ordering::less;
  if (a > uint64_end) return std::partial_ordering::greater;
  return a <=> static_cast<double>(b);
}

std::partial_ordering compare_numbers(std::int64_t a, std::uint64_t b) {
  if (a < 0) return std::partial_ordering::less;
  return static_cast<std::uint64_t>(a) <=> b;
}

std::partial_ordering reversed(std::partial_ordering order) {
  return 0 <=> order;
}

bool is_number(const Value& value) {
  return value.is(Kind::int64) || value.is(Kind::uint64) || value.is(Kind::float64);
}

// Of two numbers of different kinds.
std::partial_ordering compare_mixed(const Value& a, const Value& b) {
  if (a.is(Kind::float64)) {
    return b.is(Kind::int64) ? compare_numbers(a.as_float64(), b.as_int64())
                             : compare_numbers(a.as_float64(), b.as_uint64());
  }
  if (b.is(Kind::float64)) return reversed(compare_mixed(b, a));
  if (a.is(Kind::int64)) return compare_numbers(a.as_int64(), b.as_uint64());
  return reversed(compare_numbers(b.as_int64(), a.as_uint64()));
}

bool equal_lists(std::span<const Value> a, std::span<const Value> b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!equal(a[i], b[i])) return false;
  }
  return true;
}

bool equal_maps(const Map& a, const Map& b) {
  if (a.size != b.size) return false;
  for (std::size_t i = 0; i < a.size; ++i) {
    const Value* other = find(b, a.pairs[2 * i]);
    if (other == nullptr || !equal(a.pairs[2 * i + 1], *other)) return false;
  }
  return true;
}

bool equal_optionals(const Value* a, const Value* b) {
  if (a == nullptr || b == nullptr) return a == b;
  return equal(*a, *b);
}

}  // namespace

std::string_view describe(ErrorKind kind) noexcept {
  switch (kind) {
    case ErrorKind::none: return "no error";
    case ErrorKind::no_such_field: return "no such field";
    case ErrorKind::no_such_key: return "no such key";
    case ErrorKind::index_out_of_range: return "index out of range";
    case ErrorKind::overflow: return "overflow";
    case ErrorKind::division_by_zero: return "division by zero";
    case ErrorKind::modulus_by_zero: return "modulus by zero";
    case ErrorKind::no_such_overload: return "no such overload";
    case ErrorKind::unbound: return "unknown name";
    case ErrorKind::invalid_conversion: return "the value can't be converted";
    case ErrorKind::invalid_argument: return "invalid argument";
    case ErrorKind::out_of_range: return "out of range";
    case ErrorKind::duplicate_key: return "a map has the same key twice";
    case ErrorKind::unsupported_key: return "a map's key must be a bool, int, uint or string";
    case ErrorKind::invalid_utf8: return "not valid UTF-8";
    case ErrorKind::invalid_regex: return "invalid regular expression";
    case ErrorKind::host: return "refused by the host";
  }
  return "unknown error";
}

bool equal(const Value& a, const Value& b) {
  if (a.kind() != b.kind()) return is_number(a) && is_number(b) && std::is_eq(compare_mixed(a, b));
  switch (a.kind()) {
    case Kind::error: return false;
    case Kind::null: return true;
    case Kind::boolean:
    case Kind::int64:
    case Kind::uint64:
    case Kind::duration: return a.as_int64() == b.as_int64();
    case Kind::float64: return a.as_float64() == b.as_float64();
    case Kind::string:
    case Kind::bytes:
    case Kind::type: return a.as_string() == b.as_string();
    case Kind::timestamp: return a.as_timestamp() == b.as_timestamp();
    case Kind::list: return equal_lists(a.as_list(), b.as_list());
    case Kind::map: return equal_maps(a.as_map(), b.as_map());
    case Kind::optional: return equal_optionals(a.as_optional(), b.as_optional());
    case Kind::opaque: return &a.as_opaque() == &b.as_opaque();
  }
  return false;
}

std::optional<std::partial_ordering> compare(const Value& a, const Value& b) {
  std::partial_ordering order = std::partial_ordering::unordered;
  if (a.kind() != b.kind()) {
    if (!is_number(a) || !is_number(b)) return std::nullopt;
    order = compare_mixed(a, b);
  } else {
    switch (a.kind()) {
      case Kind::boolean:
      case Kind::int64: order = a.as_int64() <=> b.as_int64(); break;
      case Kind::uint64: order = a.as_uint64() <=> b.as_uint64(); break;
      case Kind::float64: order = a.as_float64() <=> b.as_float64(); break;
      case Kind::string:
      case Kind::bytes: order = a.as_string() <=> b.as_string(); break;
      case Kind::timestamp: order = a.as_timestamp() <=> b.as_timestamp(); break;
      case Kind::duration: order = a.as_duration() <=> b.as_duration(); break;
      default: break;
    }
  }
  if (order == std::partial_ordering::unordered) return std::nullopt;
  return order;
}

Value copy_into(const Value& value, Arena& arena) {
  switch (value.kind()) {
    case Kind::string: return Value::string(arena.copy(value.as_string()));
    case Kind::bytes: return Value::bytes(arena.copy(value.as_bytes()));
    case Kind::type: return Value::type(arena.copy(value.as_type()));
    case Kind::list: {
      const std::span<const Value> items = value.as_list();
      const std::span<Value> copies = arena.array<Value>(items.size());
      for (std::size_t i = 0; i < items.size(); ++i) copies[i] = copy_into(items[i], arena);
      return adopt_list(copies, arena);
    }
    case Kind::map: {
      const Map& map = value.as_map();
      const std::span<Value> copies = arena.array<Value>(std::size_t{map.size} * 2);
      for (std::size_t i = 0; i < copies.size(); ++i) copies[i] = copy_into(map.pairs[i], arena);
      return adopt_map(copies, arena).value_or(Value::error(ErrorKind::duplicate_key));
    }
    case Kind::optional: {
      if (value.as_optional() == nullptr) return value;
      return Value::optional(arena.make<Value>(copy_into(*value.as_optional(), arena)));
    }
    default: return value;
  }
}

}  // namespace tallyho::cel
