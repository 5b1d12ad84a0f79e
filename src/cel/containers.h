#pragma once

#include <cstddef>
#include <expected>
#include <span>

#include "cel/value.h"

namespace tallyho::cel {

// How lists and maps are made. Reading them needs only value.h.
//
//     Value tags = make_list(items, arena);
//     auto map = make_map(pairs, arena);        // {k0, v0, k1, v1, …}
//     if (!map) return call.error(map.error());  // duplicate_key, unsupported_key
//
// A map of up to `unindexed_max` pairs is searched from the front, which is faster than hashing for so few; a larger
// one gets an open-addressing table: `index[hash & mask]` is 1 + the number of a pair, 0 is free, collisions go on to
// the next cell, and at least half of the cells are free.
inline constexpr std::uint32_t unindexed_max = 8;

// No string, list or map that an expression makes is larger than this (bytes, items, pairs).
inline constexpr std::size_t made_size_max = std::size_t{1} << 28;

// A list of these values, which are copied. O(n).
Value make_list(std::span<const Value> items, Arena& arena);

// A list of values that already lie in the arena, and stay as they are.
Value adopt_list(std::span<const Value> items, Arena& arena);

// An empty list with room for so many items, and another item for it. It must not be read elsewhere until the last one
// is in it.
Value begin_list(std::size_t items_max, Arena& arena);
void append(const Value& list, const Value& item);

// A map of pairs that already lie in the arena, and stay as they are. O(n).
// Errors: unsupported_key (a key that is no bool, int, uint or string), duplicate_key (numerically equal ones too).
std::expected<Value, ErrorKind> adopt_map(std::span<const Value> pairs, Arena& arena);

// The same of pairs that are copied first.
std::expected<Value, ErrorKind> make_map(std::span<const Value> pairs, Arena& arena);

// Whether a map may have such a key.
inline bool is_key(const Value& value) {
  return value.is(Kind::string) || value.is(Kind::int64) || value.is(Kind::uint64) || value.is(Kind::boolean);
}

// Whether `item` is in the list, by equal(). O(n).
bool contains(std::span<const Value> items, const Value& item);

}  // namespace tallyho::cel
