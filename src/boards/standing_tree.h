#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/symbols.h"
#include "boards/aim.h"
#include "boards/block_pool.h"
#include "boards/member_index.h"
#include "boards/standing_nodes.h"

namespace tallyho {

// Members in order of their places, counted: a B+-tree made for leaderboards. boards/leaderboard.h is its outside.
//
// Leaves hold up to 32 entries and are linked in order (boards/standing_nodes.h). Inner nodes hold, for each of up to
// 64 children, a lower bound of its entries, how many entries it has, and how many of those begin a value, that is, are
// the first of the board with it. So rank (entries before) and dense rank (values before) are sums along one path.
// Nodes know their parent and their place in it: from a member's leaf and slot, which the index knows, one climbs to
// the root without comparing anything.
//
// On a large board time goes into cache misses, so everything here counts lines: a member's leaf costs two, the leaf
// that it moves to six, the index one; inner nodes of two million members fit into a second-level cache. And no search
// halves: it counts which keys are ahead, all of them, as their lines then come from memory together, and no branch is
// guessed wrong.
//
// Invariants:
//   - Every node but the root is at least a quarter full; a node that overflows fills up its neighbour before it
//     splits, so that leaves are 80 to 90 % full in practice.
//   - lower bound i of an inner node is at most every entry of child i and greater than every entry of child i - 1.
//   - index_ names the leaf and slot of every member.
//
// Threads: one owner. Memory: 22 bytes for an entry's room in a leaf, which begins with room for 16 on a small board,
// 2 bytes of nodes, and the index.
class StandingTree {
 public:
  static constexpr std::uint32_t none = standing::none;

  struct Entry {
    Place place = 0;
    Symbol member = no_symbol;
  };

  // An entry's seat: valid until the tree changes.
  struct Seat {
    std::uint32_t leaf = none;
    std::uint32_t slot = 0;      // Where in the leaf's memory,
    std::uint32_t position = 0;  // and how many entries of the leaf are ahead of it.
  };

  StandingTree();
  StandingTree(StandingTree&&) noexcept = default;
  StandingTree& operator=(StandingTree&&) noexcept = default;

  // Where `member` is; `leaf` is `none` if it isn't there. O(1).
  Seat find(Symbol member) const;
  // The key of `member`, or nothing. O(1); touches less memory than find().
  std::optional<std::uint64_t> key_of_member(Symbol member) const;
  // The entry in a seat. O(1).
  Entry entry(Seat seat) const {
    const Leaf& leaf = leaf_at(seat.leaf);
    return {leaf.place(seat.slot), leaf.member(seat.slot)};
  }
  std::uint64_t key(Seat seat) const { return leaf_at(seat.leaf).key(seat.slot); }
  // The seat after this one; `leaf` is `none` after the last. O(1).
  Seat next(Seat seat) const;
  // The seat with `index` entries before it, which must be less than size(). O(log n).
  Seat at(std::uint64_t index) const;

  // How many entries are ahead of a seat's. O(log n).
  std::uint64_t count_ahead(Seat seat) const { return entries_before(leaf_at(seat.leaf)) + seat.position; }
  // How many different values there are up to and including that of a seat's entry. O(log n).
  std::uint64_t count_values(Seat seat) const;
  // How many entries are ahead of (place, member). O(log n).
  std::uint64_t count_ahead(Place place, Symbol member) const;

  // Enters a member that is not there; returns how many are ahead of it. O(log n). Here and in move() `aim` may be any
  // that this tree gave: it saves a search if it is for this key, and still right.
  std::uint64_t insert(Place place, Symbol member, const Aim& aim = {});
  // Takes an entry out, which is `member`'s; returns how many were ahead of it. O(log n).
  std::uint64_t erase(Seat seat, Symbol member);
  // Gives the entry in a seat, which is `member`'s, another place; returns how many are ahead before and after. O(log
  // n).
  struct Moved {
    std::uint64_t was = 0;
    std::uint64_t is = 0;
  };
  Moved move(Seat seat, Symbol member, Place place, const Aim& aim = {}) {
    return change_place<true>(seat, member, place, aim);
  }
  // The same without counting who is ahead.
  void insert_untold(Place place, Symbol member, const Aim& aim = {}) { enter(place, member, aim); }
  void move_untold(Seat seat, Symbol member, Place place, const Aim& aim = {}) {
    change_place<false>(seat, member, place, aim);
  }

  // Hints, which change nothing, for who has several members at hand: what an operation will look at comes from memory
  // while the others are worked on. In this order, each for all of them before the next, as each looks at what the one
  // before it asked for: the member's entry in the index; its leaf; for move() to a place, the inner nodes above that
  // leaf and above the one it goes to; that leaf, which aim() finds: behind all that have the key. Without the steps
  // before it, aim() waits where they would have asked. The leaf's holder has the position at which the place was
  // reached, which only entry() needs.
  void prefetch_index(Symbol member) const { index_.prefetch(member); }
  void prefetch_leaf(Symbol member, bool with_holder = false) const;
  void prefetch_inner(Symbol member) const;
  std::uint32_t prefetch_inner_for(std::uint64_t key) const;  // Returns what aim() may begin with.
  Aim aim(std::uint64_t key, std::uint32_t from = none) const;

  std::uint64_t size() const { return index_.size(); }
  std::size_t memory_bytes() const;

  // True if every invariant above holds. O(n). For tests.
  bool is_sound() const;

 private:
  using Node = standing::Node;
  using Leaf = standing::Leaf;
  using Inner = standing::Inner;
  static constexpr std::uint32_t leaf_entries_max = standing::leaf_entries_max;
  static constexpr std::uint32_t leaf_entries_min = leaf_entries_max / 4;
  static constexpr std::uint32_t leaf_entries_first = 16;
  static constexpr std::uint32_t children_max = standing::children_max;
  static constexpr std::uint32_t children_min = children_max / 4;

  Leaf& leaf_at(std::uint32_t id) { return *reinterpret_cast<Leaf*>(leaves_[id]); }
  const Leaf& leaf_at(std::uint32_t id) const { return *reinterpret_cast<const Leaf*>(leaves_[id]); }
  Inner& inner_at(std::uint32_t id) { return *reinterpret_cast<Inner*>(inners_[id]); }
  const Inner& inner_at(std::uint32_t id) const { return *reinterpret_cast<const Inner*>(inners_[id]); }

  // How the number of entries that begin a value changes in a leaf and in the one after it.
  struct BeginningsChange {
    int here = 0;
    int next = 0;
  };

  // standing_tree.cc: looking and changing entries
  std::uint32_t leaf_for(Place place, Symbol member) const;
  std::uint32_t leaf_for(Place place, Symbol member, const Aim& aim) const;
  static std::uint32_t child_behind(const Inner& inner, std::uint64_t key);
  std::uint32_t child_for(const Inner& inner, Place place, Symbol member) const;
  std::uint32_t position_for(const Leaf& leaf, Place place, Symbol member) const;
  bool is_newest(Place place) const { return reached_of(place) > newest_; }
  std::uint64_t key_before(const Leaf& leaf, std::uint32_t position, std::uint64_t otherwise) const;
  std::uint64_t entries_before(const Node& node) const;
  // Where an entry is: a leaf, and how many of its entries are ahead.
  struct Entered {
    std::uint32_t leaf = none;
    std::uint32_t position = 0;
  };
  Entered enter(Place place, Symbol member, const Aim& aim);
  void take_out(Seat seat, Symbol member);
  template <bool is_counted>
  Moved change_place(Seat seat, Symbol member, Place place, const Aim& aim);
  template <bool is_counted>
  Moved move_counts(const Node& from, const Node& to, int values_from, int values_to);
  BeginningsChange link(Leaf& leaf, std::uint32_t slot, std::uint32_t position, Place place, Symbol member);
  BeginningsChange unlink(Leaf& leaf, std::uint32_t position);
  static void add_to_child(Inner& parent, std::uint32_t slot, int entries, int values);
  void add_to_ancestors(const Node& node, int entries, int values);
  // The index keeps leaf and slot in one number.
  static constexpr std::uint32_t slot_bits = 5;
  static std::uint32_t number_of(std::uint32_t leaf, std::uint32_t slot) { return leaf << slot_bits | slot; }
  static_assert(leaf_entries_max == 1U << slot_bits);

  // standing_tree_nodes.cc: keeping nodes neither too full nor too empty
  std::uint32_t new_leaf(std::uint32_t capacity);
  void grow_only_leaf();
  std::uint32_t new_inner(std::uint8_t height);
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
  static void set_lower_bound(Inner& parent, std::uint32_t slot, Place place, Symbol member);
  bool is_sound_below(std::uint32_t inner) const;
  bool is_sound_leaf(std::uint32_t leaf) const;

  std::uint32_t root_ = none;
  std::uint64_t newest_ = 0;  // The last position at which an entry reached its place, so far.
  std::uint32_t shape_ = 0;   // Counts how often a lower bound may have changed, or a leaf gone.
  bool root_is_leaf_ = true;
  BlockPool<standing::bytes_of_leaf(leaf_entries_max)> leaves_;
  BlockPool<sizeof(Inner)> inners_;
  MemberIndex index_;
};

}  // namespace tallyho
