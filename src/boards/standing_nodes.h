#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "base/symbols.h"

namespace tallyho {

// Where somebody stands: the value so transformed that smaller is better in the upper 64 bits, the position at which
// it was reached in the lower. One comparison decides who is ahead; of equal places the smaller symbol is.
__extension__ using Place = unsigned __int128;

constexpr Place make_place(std::uint64_t key, std::uint64_t reached) {
  return (Place{key} << 64) | reached;
}
constexpr std::uint64_t key_of(Place place) {
  return static_cast<std::uint64_t>(place >> 64);
}
constexpr std::uint64_t reached_of(Place place) {
  return static_cast<std::uint64_t>(place);
}

// What a StandingTree is made of. Nodes are plain bytes, which may be moved as such.
namespace standing {

inline constexpr std::uint32_t none = 0xffffffff;
inline constexpr std::uint32_t leaf_entries_max = 64;
inline constexpr std::uint32_t children_max = 64;
inline constexpr std::size_t line_bytes = 64;

// What leaves and inner nodes have in common: a seat in a parent. `parent` is `none` in the root.
struct Node {
  std::uint32_t parent = none;
  std::uint16_t slot = 0;   // In the parent.
  std::uint16_t count = 0;  // Entries or children.
};

// Entries stand where they once came in, and do not move when others come and go: `order` says which slot is first,
// second and so on. So a change touches few cache lines: this head, and one for each part of one entry. The head is
// followed by room for `capacity` keys, as many positions at which they were reached, and members.
struct alignas(line_bytes) Leaf : Node {
  std::uint32_t previous = none;
  std::uint32_t next = none;
  std::uint64_t used = 0;    // A bit for each slot that has an entry.
  std::uint64_t begins = 0;  // A bit for each slot whose entry is the first of the board with its value.
  std::uint32_t capacity = 0;
  std::array<std::uint8_t, leaf_entries_max> order{};  // Slots, best entry first.

  std::uint64_t* keys() { return reinterpret_cast<std::uint64_t*>(this + 1); }
  const std::uint64_t* keys() const { return reinterpret_cast<const std::uint64_t*>(this + 1); }
  std::uint64_t* reached() { return keys() + capacity; }
  const std::uint64_t* reached() const { return keys() + capacity; }
  Symbol* members() { return reinterpret_cast<Symbol*>(reached() + capacity); }
  const Symbol* members() const { return reinterpret_cast<const Symbol*>(reached() + capacity); }

  Place place(std::uint32_t at) const { return make_place(keys()[at], reached()[at]); }
  std::uint32_t first() const { return order[0]; }
  std::uint32_t last() const { return order[count - 1U]; }
  std::uint32_t free_slot() const { return static_cast<std::uint32_t>(std::countr_one(used)); }
  bool begins_at(std::uint32_t at) const { return (begins >> at & 1) != 0; }
};

// Whole cache lines.
constexpr std::size_t bytes_of_leaf(std::size_t capacity) {
  const std::size_t bytes = sizeof(Leaf) + capacity * (2 * sizeof(std::uint64_t) + sizeof(Symbol));
  return (bytes + line_bytes - 1) / line_bytes * line_bytes;
}

struct alignas(line_bytes) Inner : Node {
  bool above_leaves = true;
  std::array<std::uint32_t, children_max> entries;
  std::array<std::uint32_t, children_max> values;
  std::array<std::uint32_t, children_max> children;
  // Lower bounds of what is in the children: a place, in two parts, and the member.
  std::array<std::uint64_t, children_max> lower_keys;
  std::array<std::uint64_t, children_max> lower_reached;
  std::array<Symbol, children_max> lower_members;
};

}  // namespace standing

}  // namespace tallyho
