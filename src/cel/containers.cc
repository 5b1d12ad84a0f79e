#include "cel/containers.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <string_view>

namespace tallyho::cel {
namespace {

// Multiplication by an odd constant with the high half folded in: enough to spread small integers over a table.
std::uint64_t mix(std::uint64_t bits) {
  bits *= 0x9e3779b97f4a7c15ULL;
  return bits ^ (bits >> 32);
}

// Numerically equal ints and uints have equal hashes.
std::uint64_t hash_of(const Value& key) {
  switch (key.kind()) {
    case Kind::string: return std::hash<std::string_view>()(key.as_string());
    case Kind::boolean: return mix(key.as_boolean() ? 0x5bd1e995 : 0x1b873593);
    default: return mix(key.as_uint64());
  }
}

// Of two keys: cheaper than equal(), and the same for what keys can be.
bool same_key(const Value& a, const Value& b) {
  if (a.kind() == b.kind()) {
    if (a.is(Kind::string)) return a.as_string() == b.as_string();
    return a.as_uint64() == b.as_uint64();
  }
  const bool numbers = (a.is(Kind::int64) && b.is(Kind::uint64)) || (a.is(Kind::uint64) && b.is(Kind::int64));
  // An int and a uint with equal bits are the same number unless the top bit is set.
  return numbers && a.as_uint64() == b.as_uint64() && a.as_int64() >= 0;
}

const Value* find_exact(const Map& map, const Value& key) {
  if (map.index == nullptr) {
    for (std::uint32_t i = 0; i < map.size; ++i) {
      if (same_key(map.pairs[2 * std::size_t{i}], key)) return &map.pairs[2 * std::size_t{i} + 1];
    }
    return nullptr;
  }
  for (std::uint64_t cell = hash_of(key) & map.index_mask;; cell = (cell + 1) & map.index_mask) {
    const std::uint32_t entry = map.index[cell];
    if (entry == 0) return nullptr;
    const std::size_t pair = 2 * std::size_t{entry - 1};
    if (same_key(map.pairs[pair], key)) return &map.pairs[pair + 1];
  }
}

// Fills `map.index`. False if a key occurs twice.
bool build_index(Map& map, Arena& arena) {
  const std::uint32_t cells = std::bit_ceil(map.size * 2);
  const std::span<std::uint32_t> index = arena.array<std::uint32_t>(cells);
  map.index = index.data();
  map.index_mask = cells - 1;
  for (std::uint32_t i = 0; i < map.size; ++i) {
    const Value& key = map.pairs[2 * std::size_t{i}];
    std::uint64_t cell = hash_of(key) & map.index_mask;
    while (index[cell] != 0) {
      if (same_key(map.pairs[2 * std::size_t{index[cell] - 1}], key)) return false;
      cell = (cell + 1) & map.index_mask;
    }
    index[cell] = i + 1;
  }
  return true;
}

bool has_duplicate(const Map& map) {
  for (std::uint32_t i = 1; i < map.size; ++i) {
    for (std::uint32_t j = 0; j < i; ++j) {
      if (same_key(map.pairs[2 * std::size_t{i}], map.pairs[2 * std::size_t{j}])) return true;
    }
  }
  return false;
}

}  // namespace

Value adopt_list(std::span<const Value> items, Arena& arena) {
  return Value::list(arena.make<List>(static_cast<std::uint32_t>(items.size()), items.data()));
}

Value begin_list(std::size_t items_max, Arena& arena) {
  return adopt_list(arena.array<Value>(items_max).first(0), arena);
}

void append(const Value& list, const Value& item) {
  List& grown = *const_cast<List*>(list.pointer<List>());
  const_cast<Value&>(grown.items[grown.size++]) = item;
}

Value make_list(std::span<const Value> items, Arena& arena) {
  const std::span<Value> copies = arena.array<Value>(items.size());
  std::ranges::copy(items, copies.begin());
  return adopt_list(copies, arena);
}

std::expected<Value, ErrorKind> adopt_map(std::span<const Value> pairs, Arena& arena) {
  Map* map = arena.make<Map>();
  map->size = static_cast<std::uint32_t>(pairs.size() / 2);
  map->pairs = pairs.data();
  for (std::size_t i = 0; i < pairs.size(); i += 2) {
    if (!is_key(pairs[i])) return std::unexpected(ErrorKind::unsupported_key);
  }
  const bool duplicate = map->size > unindexed_max ? !build_index(*map, arena) : has_duplicate(*map);
  if (duplicate) return std::unexpected(ErrorKind::duplicate_key);
  return Value::map(map);
}

std::expected<Value, ErrorKind> make_map(std::span<const Value> pairs, Arena& arena) {
  const std::span<Value> copies = arena.array<Value>(pairs.size());
  std::ranges::copy(pairs, copies.begin());
  return adopt_map(copies, arena);
}

const Value* find(const Map& map, const Value& key) {
  if (key.is(Kind::float64)) {
    const double number = key.as_float64();
    if (number >= -0x1p63 && number < 0x1p63) {
      const auto whole = static_cast<std::int64_t>(number);
      return static_cast<double>(whole) == number ? find_exact(map, Value::int64(whole)) : nullptr;
    }
    if (number >= 0x1p63 && number < 0x1p64) {
      return find_exact(map, Value::uint64(static_cast<std::uint64_t>(number)));
    }
    return nullptr;
  }
  return is_key(key) ? find_exact(map, key) : nullptr;
}

bool contains(std::span<const Value> items, const Value& item) {
  return std::ranges::any_of(items, [&](const Value& other) { return equal(other, item); });
}

}  // namespace tallyho::cel
