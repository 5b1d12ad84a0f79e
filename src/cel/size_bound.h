#pragma once

// How large values can be, for the cost estimate. Internal to cel/.

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>

#include "cel/ast.h"
#include "cel/value.h"

namespace tallyho::cel {

// Arithmetic that stays at `unbounded` once it is there.
inline constexpr std::uint64_t unbounded = std::numeric_limits<std::uint64_t>::max();

inline std::uint64_t plus(std::uint64_t a, std::uint64_t b) {
  return a > unbounded - b ? unbounded : a + b;
}
template <typename... More>
std::uint64_t plus(std::uint64_t a, std::uint64_t b, std::uint64_t c, More... more) {
  return plus(plus(a, b), c, more...);
}
inline std::uint64_t times(std::uint64_t a, std::uint64_t b) {
  std::uint64_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? unbounded : product;
}
// So many pieces of 16 bytes a processor takes for that many bytes.
inline std::uint64_t chunks(std::uint64_t bytes) {
  return bytes == unbounded ? unbounded : bytes / 16 + 1;
}

// The most that a value can hold: bytes of a text, items of a list, map or host's type. Scalars have 0.
struct SizeBound {
  std::uint64_t own = 0;
  std::shared_ptr<const SizeBound> item = {};  // Of a list or map: its largest item, key or value.
  bool is_map = false;
  bool is_constant = false;  // A literal, or folded: no stranger chose the keys of such a map.

  // The bytes of it and of everything in it, and 16 for each item.
  std::uint64_t bytes() const;
  // Pieces of a text, or items: what copying it takes.
  std::uint64_t copied() const { return item == nullptr ? chunks(own) : own; }
  SizeBound item_bound() const;
};

bool is_scalar(const Type& type);

// What holds for both.
SizeBound largest(const SizeBound& a, const SizeBound& b);

// Of a value that is known.
SizeBound bound_of(const Value& value);

// Of a variable or field, by its type and declared bounds.
SizeBound bound_of(const Type& type, const Bounds& bounds);

// Of what a call makes, from those of its arguments, a method's target first.
SizeBound bound_of_call(const Expr& call, std::span<const SizeBound> args);

}  // namespace tallyho::cel
