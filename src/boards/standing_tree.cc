// What one asks of the tree, and how entries change. Splitting and merging of nodes is in standing_tree_nodes.cc.
#include "boards/standing_tree.h"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace tallyho {

namespace {

bool is_ahead(Place place, Symbol member, Place other, Symbol other_member) {
  return place < other || (place == other && member < other_member);
}

}  // namespace

StandingTree::StandingTree() {
  root_ = new_leaf(leaf_entries_first);
}

void StandingTree::prefetch_leaf(Symbol member) const {
  const std::uint32_t leaf = index_.find(member);
  if (leaf == MemberIndex::none) return;
  const Symbol* members = leaves_[leaf].members.get();
  for (std::uint32_t i = 0; i < leaves_[leaf].count; i += 64 / sizeof(Symbol)) __builtin_prefetch(members + i, 1);
}

StandingTree::Seat StandingTree::find(Symbol member) const {
  const std::uint32_t leaf = index_.find(member);
  if (leaf == MemberIndex::none) return {};
  // Sixteen at a time without a branch, which compilers turn into vector compares.
  const Symbol* members = leaves_[leaf].members.get();
  const std::uint32_t count = leaves_[leaf].count;
  std::uint32_t slot = 0;
  for (; slot + 16 <= count; slot += 16) {
    bool is_here = false;
    for (std::uint32_t i = 0; i < 16; ++i) is_here |= members[slot + i] == member;
    if (is_here) break;
  }
  while (members[slot] != member) ++slot;
  assert(slot < count);
  return {leaf, slot};
}

StandingTree::Seat StandingTree::next(Seat seat) const {
  const Leaf& leaf = leaves_[seat.leaf];
  if (seat.slot + 1 < leaf.count) return {seat.leaf, seat.slot + 1};
  return {leaf.next, 0};
}

StandingTree::Seat StandingTree::at(std::uint64_t index) const {
  assert(index < size());
  std::uint32_t node = root_;
  for (bool is_leaf = root_is_leaf_; !is_leaf;) {
    const Inner& inner = *inners_[node];
    std::uint32_t slot = 0;
    while (index >= inner.entries[slot]) index -= inner.entries[slot++];
    node = inner.children[slot];
    is_leaf = inner.above_leaves;
  }
  return {node, static_cast<std::uint32_t>(index)};
}

// The last child whose lower bound is not behind (place, member).
std::uint32_t StandingTree::child_for(const Inner& inner, Place place, Symbol member) {
  std::uint32_t first = 0;
  std::uint32_t length = inner.count;
  while (length > 1) {
    const std::uint32_t half = length / 2;
    const std::uint32_t middle = first + half;
    first = is_ahead(place, member, inner.lower_bounds[middle], inner.lower_members[middle]) ? first : middle;
    length -= half;
  }
  return first;
}

// The first slot of a leaf whose entry is not ahead of (place, member), `count` if there is none.
std::uint32_t StandingTree::slot_for(const Leaf& leaf, Place place, Symbol member) {
  const Place* places = leaf.places.get();
  std::uint32_t first = 0;
  for (std::uint32_t length = leaf.count; length > 0;) {
    const std::uint32_t half = length / 2;
    const bool is_before = places[first + half] < place;
    first = is_before ? first + half + 1 : first;
    length = is_before ? length - half - 1 : half;
  }
  while (first < leaf.count && places[first] == place && leaf.members[first] < member) ++first;
  return first;
}

std::uint32_t StandingTree::leaf_for(Place place, Symbol member) const {
  std::uint32_t node = root_;
  for (bool is_leaf = root_is_leaf_; !is_leaf;) {
    const Inner& inner = *inners_[node];
    node = inner.children[child_for(inner, place, member)];
    is_leaf = inner.above_leaves;
  }
  return node;
}

std::uint64_t StandingTree::entries_before(const Node& node) const {
  std::uint64_t sum = 0;
  for (const Node* at = &node; at->parent != none;) {
    const Inner& parent = *inners_[at->parent];
    std::uint32_t entries = 0;  // Symbols are 32 bits, so a board's members are, too.
    for (std::uint32_t i = 0; i < at->slot; ++i) entries += parent.entries[i];
    sum += entries;
    at = &parent;
  }
  return sum;
}

std::uint64_t StandingTree::count_values(Seat seat) const {
  const Leaf& leaf = leaves_[seat.leaf];
  std::uint64_t sum = 0;
  for (const Node* at = &leaf; at->parent != none;) {
    const Inner& parent = *inners_[at->parent];
    for (std::uint32_t i = 0; i < at->slot; ++i) sum += parent.values[i];
    at = &parent;
  }
  for (std::uint32_t i = 0; i <= seat.slot; ++i) sum += begins_value(leaf, i) ? 1 : 0;
  return sum;
}

std::uint64_t StandingTree::count_ahead(Place place, Symbol member) const {
  const Leaf& leaf = leaves_[leaf_for(place, member)];
  return entries_before(leaf) + slot_for(leaf, place, member);
}

bool StandingTree::begins_value(const Leaf& leaf, std::uint32_t slot) const {
  const std::uint64_t key = key_of(leaf.places[slot]);
  if (slot > 0) return key_of(leaf.places[slot - 1]) != key;
  if (leaf.previous == none) return true;
  const Leaf& previous = leaves_[leaf.previous];
  return key_of(previous.places[previous.count - 1]) != key;
}

std::uint64_t StandingTree::insert(Place place, Symbol member) {
  std::uint32_t leaf = leaf_for(place, member);
  if (leaves_[leaf].count == leaf_entries_max) {
    make_room_in_leaf(leaf);
    leaf = leaf_for(place, member);
  }
  const std::uint32_t slot = slot_for(leaves_[leaf], place, member);
  add_to_ancestors(leaf, 1, link(leaf, slot, place, member));
  index_.set(member, leaf);
  return entries_before(leaves_[leaf]) + slot;
}

std::uint64_t StandingTree::erase(Seat seat) {
  const std::uint64_t ahead = count_ahead(seat);
  index_.erase(leaves_[seat.leaf].members[seat.slot]);
  add_to_ancestors(seat.leaf, -1, unlink(seat.leaf, seat.slot));
  const Leaf& leaf = leaves_[seat.leaf];
  if (leaf.count < leaf_entries_min && leaf.parent != none) refill_below(leaf.parent, leaf.slot);
  return ahead;
}

StandingTree::Moved StandingTree::move(Seat seat, Place place) {
  const Leaf& leaf = leaves_[seat.leaf];
  const Symbol member = leaf.members[seat.slot];
  const std::uint32_t last = leaf.count - 1U;
  const bool stays = (leaf.previous == none || is_ahead(leaf.places[0], leaf.members[0], place, member)) &&
                     (leaf.next == none || is_ahead(place, member, leaf.places[last], leaf.members[last]));
  if (!stays) {
    const std::uint64_t was = erase(seat);
    return {was, insert(place, member)};
  }
  // Most events move somebody a little: then no other node changes but for the counts of values.
  const std::uint64_t before_leaf = entries_before(leaf);
  const BeginningsChange out = unlink(seat.leaf, seat.slot);
  const std::uint32_t slot = slot_for(leaf, place, member);
  const BeginningsChange in = link(seat.leaf, slot, place, member);
  add_to_ancestors(seat.leaf, 0, {out.here + in.here, out.next + in.next});
  return {before_leaf + seat.slot, before_leaf + slot};
}

// Puts an entry into a leaf that has room. The index and the ancestors are the caller's.
StandingTree::BeginningsChange StandingTree::link(std::uint32_t leaf_id, std::uint32_t slot, Place place,
                                                  Symbol member) {
  if (leaves_[leaf_id].count == leaves_[leaf_id].capacity) grow(leaves_[leaf_id]);
  Leaf& leaf = leaves_[leaf_id];
  const bool has_next_here = slot < leaf.count;
  const bool has_next = has_next_here || leaf.next != none;
  const Leaf& next_leaf = has_next_here ? leaf : leaves_[has_next ? leaf.next : leaf_id];
  const std::uint32_t next_slot = has_next_here ? slot : 0;
  const int next_began = has_next && begins_value(next_leaf, next_slot) ? 1 : 0;

  std::copy_backward(&leaf.places[slot], &leaf.places[leaf.count], &leaf.places[leaf.count] + 1);
  std::copy_backward(&leaf.members[slot], &leaf.members[leaf.count], &leaf.members[leaf.count] + 1);
  leaf.places[slot] = place;
  leaf.members[slot] = member;
  ++leaf.count;

  const int begins = begins_value(leaf, slot) ? 1 : 0;
  if (!has_next) return {begins, 0};
  const int next_begins = begins_value(next_leaf, has_next_here ? next_slot + 1 : next_slot) ? 1 : 0;
  if (has_next_here) return {begins + next_begins - next_began, 0};
  return {begins, next_begins - next_began};
}

// Takes an entry out of a leaf. The index and the ancestors are the caller's. The leaf may be empty afterwards, which
// begins_value() would not survive in the leaf after it: its neighbour then is the one before.
StandingTree::BeginningsChange StandingTree::unlink(std::uint32_t leaf_id, std::uint32_t slot) {
  Leaf& leaf = leaves_[leaf_id];
  const int began = begins_value(leaf, slot) ? 1 : 0;
  const bool has_next_here = slot + 1U < leaf.count;
  const std::uint64_t key = key_of(leaf.places[slot]);

  int next_changes = 0;  // The next entry begins its value now if this one did, and it has the same.
  if (has_next_here) {
    next_changes = began == 1 && key_of(leaf.places[slot + 1]) == key ? 1 : 0;
  } else if (leaf.next != none) {
    next_changes = began == 1 && key_of(leaves_[leaf.next].places[0]) == key ? 1 : 0;
  }
  std::copy(&leaf.places[slot] + 1, &leaf.places[0] + leaf.count, &leaf.places[slot]);
  std::copy(&leaf.members[slot] + 1, &leaf.members[0] + leaf.count, &leaf.members[slot]);
  --leaf.count;
  if (has_next_here) return {next_changes - began, 0};
  return {-began, next_changes};
}

void StandingTree::add_to_ancestors(std::uint32_t leaf, int entries, int values) {
  for (const Node* at = &leaves_[leaf]; at->parent != none;) {
    Inner& parent = *inners_[at->parent];
    parent.entries[at->slot] += static_cast<std::uint32_t>(entries);  // Wraps: adding -1 takes one away.
    parent.values[at->slot] += static_cast<std::uint32_t>(values);
    at = &parent;
  }
}

void StandingTree::add_to_ancestors(std::uint32_t leaf, int entries, BeginningsChange change) {
  if (entries != 0 || change.here != 0) add_to_ancestors(leaf, entries, change.here);
  if (change.next != 0) add_to_ancestors(leaves_[leaf].next, 0, change.next);
}

std::size_t StandingTree::memory_bytes() const {
  std::size_t sum = leaves_.capacity() * sizeof(Leaf) + inners_.capacity() * sizeof(inners_[0]) +
                    (free_leaves_.capacity() + free_inners_.capacity()) * sizeof(std::uint32_t);
  for (const Leaf& leaf : leaves_) sum += leaf.capacity * (sizeof(Place) + sizeof(Symbol));
  for (const auto& inner : inners_) sum += inner == nullptr ? 0 : sizeof(Inner);
  return sum + index_.memory_bytes();
}

}  // namespace tallyho
