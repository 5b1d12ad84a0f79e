#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/symbols.h"
#include "boards/member_index.h"

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

// Members in order of their places, counted: a B+-tree made for leaderboards. boards/leaderboard.h is its outside.
//
// Leaves hold up to 128 entries as two sorted arrays (places, members) and are linked in order. Inner nodes hold, for
// each of up to 64 children, a lower bound of its entries, how many entries it has, and how many of those begin a
// value, that is, are the first of the board with it. So rank (entries before) and dense rank (values before) are sums
// along one path. Nodes know their parent and their place in it: from a member's leaf, which the index knows, one
// climbs to the root without comparing anything.
//
// Invariants:
//   - Every node but the root is at least a quarter full; a node that overflows fills up its neighbour before it
//     splits, so that leaves are 80 to 90 % full in practice.
//   - lower_bounds[i] of an inner node is at most every entry of child i and greater than every entry of child i - 1.
//   - index_ names the leaf of every member.
//
// Threads: one owner. Memory: 20 bytes for an entry's room in a leaf, which begins with room for 8 on a small board,
// 1 to 2 bytes of nodes, and the index.
class StandingTree {
 public:
  static constexpr std::uint32_t none = 0xffffffff;

  struct Entry {
    Place place = 0;
    Symbol member = no_symbol;
  };

  // An entry's seat: valid until the tree changes.
  struct Seat {
    std::uint32_t leaf = none;
    std::uint32_t slot = 0;
  };

  StandingTree();
  StandingTree(StandingTree&&) noexcept = default;
  StandingTree& operator=(StandingTree&&) noexcept = default;

  // Ask for bytes ahead of their use: those that find() begins with, and once they are there, the leaf it looks in.
  void prefetch(Symbol member) const { index_.prefetch(member); }
  void prefetch_leaf(Symbol member) const;

  // Where `member` is; `leaf` is `none` if it isn't there. O(1).
  Seat find(Symbol member) const;
  // The entry in a seat. O(1).
  Entry entry(Seat seat) const { return {leaves_[seat.leaf].places[seat.slot], leaves_[seat.leaf].members[seat.slot]}; }
  // The seat after this one; `leaf` is `none` after the last. O(1).
  Seat next(Seat seat) const;
  // The seat with `index` entries before it, which must be less than size(). O(log n).
  Seat at(std::uint64_t index) const;

  // How many entries are ahead of a seat's. O(log n).
  std::uint64_t count_ahead(Seat seat) const { return entries_before(leaves_[seat.leaf]) + seat.slot; }
  // How many different values there are up to and including that of a seat's entry. O(log n).
  std::uint64_t count_values(Seat seat) const;
  // How many entries are ahead of (place, member). O(log n).
  std::uint64_t count_ahead(Place place, Symbol member) const;

  // Enters a member that is not there; returns how many are ahead of it. O(log n).
  std::uint64_t insert(Place place, Symbol member);
  // Takes an entry out; returns how many were ahead of it. O(log n).
  std::uint64_t erase(Seat seat);
  // Gives the entry in a seat another place; returns how many are ahead before and after. O(log n).
  struct Moved {
    std::uint64_t was = 0;
    std::uint64_t is = 0;
  };
  Moved move(Seat seat, Place place);

  std::uint64_t size() const { return index_.size(); }
  std::size_t memory_bytes() const;

  // True if every invariant above holds. O(n). For tests.
  bool is_sound() const;

 private:
  static constexpr std::uint32_t leaf_entries_max = 128;
  static constexpr std::uint32_t leaf_entries_min = leaf_entries_max / 4;
  static constexpr std::uint32_t leaf_entries_first = 8;
  static constexpr std::uint32_t children_max = 64;
  static constexpr std::uint32_t children_min = children_max / 4;

  // What leaves and inner nodes have in common: a seat in a parent. `parent` is `none` in the root.
  struct Node {
    std::uint32_t parent = none;
    std::uint16_t slot = 0;   // In the parent.
    std::uint16_t count = 0;  // Entries or children.
  };
  struct Leaf : Node {
    std::uint32_t capacity = 0;
    std::uint32_t previous = none;
    std::uint32_t next = none;
    std::unique_ptr<Place[]> places;
    std::unique_ptr<Symbol[]> members;
  };
  struct Inner : Node {
    bool above_leaves = true;
    std::array<Place, children_max> lower_bounds;
    std::array<Symbol, children_max> lower_members;  // The tie-breaking half of the bounds.
    std::array<std::uint32_t, children_max> children;
    std::array<std::uint32_t, children_max> entries;
    std::array<std::uint32_t, children_max> values;
  };

  // How the number of entries that begin a value changes in a leaf and in the one after it.
  struct BeginningsChange {
    int here = 0;
    int next = 0;
  };

  // standing_tree.cc: looking and changing entries
  std::uint32_t leaf_for(Place place, Symbol member) const;
  static std::uint32_t child_for(const Inner& inner, Place place, Symbol member);
  static std::uint32_t slot_for(const Leaf& leaf, Place place, Symbol member);
  bool begins_value(const Leaf& leaf, std::uint32_t slot) const;
  std::uint64_t entries_before(const Node& node) const;
  BeginningsChange link(std::uint32_t leaf, std::uint32_t slot, Place place, Symbol member);
  BeginningsChange unlink(std::uint32_t leaf, std::uint32_t slot);
  void add_to_ancestors(std::uint32_t leaf, int entries, int values);
  void add_to_ancestors(std::uint32_t leaf, int entries, BeginningsChange change);

  // standing_tree_nodes.cc: keeping nodes neither too full nor too empty
  std::uint32_t new_leaf(std::uint32_t capacity);
  std::uint32_t new_inner(bool above_leaves);
  void free_leaf(std::uint32_t leaf);
  void grow(Leaf& leaf);
  Node& child(const Inner& parent, std::uint32_t slot);
  void give_parent_to_root();
  void make_room_in_leaf(std::uint32_t leaf);
  void make_room_in_inner(std::uint32_t inner);
  bool level_below(Inner& parent, std::uint32_t slot);
  void split_below(std::uint32_t parent, std::uint32_t slot);
  void refill_below(std::uint32_t parent, std::uint32_t slot);
  void merge_below(std::uint32_t parent, std::uint32_t slot);
  void shift(Inner& parent, std::uint32_t slot, int count);
  void shift_entries(std::uint32_t left, std::uint32_t right, int count);
  void shift_children(std::uint32_t left, std::uint32_t right, int count);
  void open_slot(Inner& parent, std::uint32_t slot);
  void close_slot(Inner& parent, std::uint32_t slot);
  void refresh(Inner& parent, std::uint32_t slot) const;
  void adopt(std::uint32_t parent, std::uint32_t first_slot);
  bool is_sound_below(std::uint32_t inner) const;
  bool is_sound_leaf(std::uint32_t leaf) const;

  std::uint32_t root_ = none;
  bool root_is_leaf_ = true;
  std::vector<Leaf> leaves_;
  std::vector<std::unique_ptr<Inner>> inners_;
  std::vector<std::uint32_t> free_leaves_;
  std::vector<std::uint32_t> free_inners_;
  MemberIndex index_;
};

}  // namespace tallyho
