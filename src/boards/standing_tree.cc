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

// The sum of the first `count` numbers, four at a time.
std::uint32_t sum_before(const std::array<std::uint32_t, standing::children_max>& numbers, std::uint32_t count) {
  using Four [[gnu::vector_size(16)]] = std::uint32_t;
  Four sums{};
  std::uint32_t i = 0;
  for (; i + 4 <= count; i += 4) {
    Four four;
    std::memcpy(&four, &numbers[i], sizeof(four));
    sums += four;
  }
  std::uint32_t sum = sums[0] + sums[1] + sums[2] + sums[3];
  for (; i < count; ++i) sum += numbers[i];
  return sum;
}

constexpr std::uint32_t numbers_per_line = standing::line_bytes / sizeof(std::uint32_t);

// How many of `count` keys, given by their position, are not behind `key`. No branch to be guessed wrong.
template <typename KeyAt>
std::uint32_t count_up_to(std::uint64_t key, std::uint32_t count, KeyAt key_at) {
  if (count == 0) return 0;
  std::uint32_t first = 0;
  while (count > 1) {
    const std::uint32_t half = count / 2;
    first += key_at(first + half - 1) <= key ? half : 0;
    count -= half;
  }
  return first + (key_at(first) <= key ? 1 : 0);
}

}  // namespace

StandingTree::StandingTree() {
  root_ = new_leaf(leaf_entries_first);
}

StandingTree::Seat StandingTree::find(Symbol member) const {
  const std::uint32_t number = index_.find(member);
  if (number == MemberIndex::none) return {};
  const std::uint32_t slot = number & (leaf_entries_max - 1);
  const Leaf& leaf = leaf_at(number >> slot_bits);
  const void* here = std::memchr(leaf.order.data(), static_cast<int>(slot), leaf.count);
  assert(here != nullptr && leaf.members()[slot] == member);
  const auto position = static_cast<std::uint32_t>(static_cast<const std::uint8_t*>(here) - leaf.order.data());
  return {number >> slot_bits, slot, position};
}

std::optional<Place> StandingTree::place_of(Symbol member) const {
  const std::uint32_t number = index_.find(member);
  if (number == MemberIndex::none) return std::nullopt;
  return leaf_at(number >> slot_bits).place(number & (leaf_entries_max - 1));
}

StandingTree::Seat StandingTree::next(Seat seat) const {
  const Leaf& leaf = leaf_at(seat.leaf);
  if (seat.position + 1 < leaf.count) return {seat.leaf, leaf.order[seat.position + 1], seat.position + 1};
  if (leaf.next == none) return {};
  return {leaf.next, leaf_at(leaf.next).first(), 0};
}

StandingTree::Seat StandingTree::at(std::uint64_t index) const {
  assert(index < size());
  std::uint32_t node = root_;
  for (bool is_leaf = root_is_leaf_; !is_leaf;) {
    const Inner& inner = inner_at(node);
    std::uint32_t slot = 0;
    while (index >= inner.entries[slot]) index -= inner.entries[slot++];
    node = inner.children[slot];
    is_leaf = inner.above_leaves;
  }
  const auto position = static_cast<std::uint32_t>(index);
  return {node, leaf_at(node).order[position], position};
}

// The last child whose lower bound is not behind (place, member). Whoever reaches a value now comes behind all who have
// it, so the second step is for those who look for somebody else.
std::uint32_t StandingTree::child_for(const Inner& inner, Place place, Symbol member) {
  const std::uint64_t key = key_of(place);
  std::uint32_t child = count_up_to(key, inner.count - 1U, [&](std::uint32_t i) { return inner.lower_keys[i + 1]; });
  while (child > 0 && inner.lower_keys[child] == key &&
         is_ahead(reached_of(place), member, inner.lower_reached[child], inner.lower_members[child])) {
    --child;
  }
  return child;
}

// How many entries of a leaf are ahead of (place, member).
std::uint32_t StandingTree::position_for(const Leaf& leaf, Place place, Symbol member) {
  const std::uint64_t key = key_of(place);
  const std::uint64_t* keys = leaf.keys();
  std::uint32_t position = count_up_to(key, leaf.count, [&](std::uint32_t i) { return keys[leaf.order[i]]; });
  for (; position > 0; --position) {
    const std::uint32_t slot = leaf.order[position - 1];
    if (keys[slot] != key || is_ahead(leaf.reached()[slot], leaf.members()[slot], reached_of(place), member)) break;
  }
  return position;
}

std::uint32_t StandingTree::leaf_for(Place place, Symbol member) const {
  std::uint32_t node = root_;
  for (bool is_leaf = root_is_leaf_; !is_leaf;) {
    const Inner& inner = inner_at(node);
    node = inner.children[child_for(inner, place, member)];
    is_leaf = inner.above_leaves;
  }
  return node;
}

std::uint64_t StandingTree::entries_before(const Node& node) const {
  std::uint64_t sum = 0;
  for (const Node* at = &node; at->parent != none;) {
    const Inner& parent = inner_at(at->parent);
    sum += sum_before(parent.entries, at->slot);  // Symbols are 32 bits, so a board's members are, too.
    at = &parent;
  }
  return sum;
}

std::uint64_t StandingTree::count_values(Seat seat) const {
  const Leaf& leaf = leaf_at(seat.leaf);
  std::uint64_t sum = 0;
  for (const Node* at = &leaf; at->parent != none;) {
    const Inner& parent = inner_at(at->parent);
    sum += sum_before(parent.values, at->slot);
    at = &parent;
  }
  for (std::uint32_t i = 0; i <= seat.position; ++i) sum += leaf.begins_at(leaf.order[i]) ? 1 : 0;
  return sum;
}

std::uint64_t StandingTree::count_ahead(Place place, Symbol member) const {
  const Leaf& leaf = leaf_at(leaf_for(place, member));
  return entries_before(leaf) + position_for(leaf, place, member);
}

std::uint64_t StandingTree::insert(Place place, Symbol member) {
  std::uint32_t id = leaf_for(place, member);
  if (leaf_at(id).count == leaf_entries_max) {
    make_room_in_leaf(id);
    id = leaf_for(place, member);
  }
  if (leaf_at(id).count == leaf_at(id).capacity) grow_only_leaf();
  Leaf& leaf = leaf_at(id);
  const std::uint32_t position = position_for(leaf, place, member);
  const std::uint32_t slot = leaf.free_slot();
  index_.set(member, number_of(id, slot));
  add_to_ancestors(leaf, 1, link(leaf, slot, position, place, member));
  return entries_before(leaf) + position;
}

std::uint64_t StandingTree::erase(Seat seat, Symbol member) {
  const std::uint64_t ahead = count_ahead(seat);
  Leaf& leaf = leaf_at(seat.leaf);
  index_.erase(member);
  add_to_ancestors(leaf, -1, unlink(leaf, seat.position));
  if (leaf.count < leaf_entries_min && leaf.parent != none) refill_below(leaf.parent, leaf.slot);
  return ahead;
}

StandingTree::Moved StandingTree::move(Seat seat, Symbol member, Place place) {
  Leaf& leaf = leaf_at(seat.leaf);
  const std::uint64_t before_leaf = entries_before(leaf);
  const Moved moved{before_leaf + seat.position, 0};
  const std::uint32_t target = leaf_for(place, member);
  if (target == seat.leaf) {
    // Most events on small boards move somebody a little: then no other node changes but for the counts of values.
    const BeginningsChange out = unlink(leaf, seat.position);
    const std::uint32_t position = position_for(leaf, place, member);
    const BeginningsChange in = link(leaf, seat.slot, position, place, member);
    add_to_ancestors(leaf, 0, {out.here + in.here, out.next + in.next});
    return {moved.was, before_leaf + position};
  }
  add_to_ancestors(leaf, -1, unlink(leaf, seat.position));
  const bool is_too_empty = leaf.count < leaf_entries_min && leaf.parent != none;
  if (is_too_empty || leaf_at(target).count == leaf_entries_max) {
    if (is_too_empty) refill_below(leaf.parent, leaf.slot);
    return {moved.was, insert(place, member)};
  }
  Leaf& other = leaf_at(target);
  const std::uint32_t position = position_for(other, place, member);
  const std::uint32_t slot = other.free_slot();
  index_.set(member, number_of(target, slot));
  add_to_ancestors(other, 1, link(other, slot, position, place, member));
  return {moved.was, entries_before(other) + position};
}

// The key of the entry before a position of a leaf, perhaps in the leaf before; `otherwise` if there is none.
std::uint64_t StandingTree::key_before(const Leaf& leaf, std::uint32_t position, std::uint64_t otherwise) const {
  if (position > 0) return leaf.keys()[leaf.order[position - 1]];
  if (leaf.previous == none) return otherwise;
  const Leaf& previous = leaf_at(leaf.previous);
  return previous.keys()[previous.last()];
}

// Puts an entry into a free slot of a leaf. The index and the ancestors are the caller's.
StandingTree::BeginningsChange StandingTree::link(Leaf& leaf, std::uint32_t slot, std::uint32_t position, Place place,
                                                  Symbol member) {
  const std::uint64_t key = key_of(place);
  leaf.keys()[slot] = key;
  leaf.reached()[slot] = reached_of(place);
  leaf.members()[slot] = member;
  std::uint8_t* order = leaf.order.data();
  std::memmove(order + position + 1, order + position, leaf.count - position);
  order[position] = static_cast<std::uint8_t>(slot);
  ++leaf.count;
  leaf.used |= std::uint64_t{1} << slot;

  BeginningsChange change;
  if (key_before(leaf, position, ~key) != key) {
    leaf.begins |= std::uint64_t{1} << slot;
    change.here = 1;
  }
  // Whoever comes next does not begin the value any more if it is the same.
  const bool is_last = position + 1U == leaf.count;
  if (is_last && leaf.next == none) return change;
  Leaf& next = is_last ? leaf_at(leaf.next) : leaf;
  const std::uint32_t next_slot = is_last ? next.first() : order[position + 1];
  if (next.keys()[next_slot] != key || !next.begins_at(next_slot)) return change;
  next.begins &= ~(std::uint64_t{1} << next_slot);
  --(is_last ? change.next : change.here);
  return change;
}

// Takes an entry out of a leaf. The index and the ancestors are the caller's. The leaf may be empty afterwards.
StandingTree::BeginningsChange StandingTree::unlink(Leaf& leaf, std::uint32_t position) {
  std::uint8_t* order = leaf.order.data();
  const std::uint32_t slot = order[position];
  const bool began = leaf.begins_at(slot);
  std::memmove(order + position, order + position + 1, leaf.count - position - 1U);
  --leaf.count;
  leaf.used &= ~(std::uint64_t{1} << slot);
  leaf.begins &= ~(std::uint64_t{1} << slot);
  BeginningsChange change;
  if (!began) return change;
  change.here = -1;
  // Whoever comes next begins the value now if it has the same, which shows in its not having begun one.
  const bool is_last = position == leaf.count;
  if (is_last && leaf.next == none) return change;
  Leaf& next = is_last ? leaf_at(leaf.next) : leaf;
  const std::uint32_t next_slot = is_last ? next.first() : order[position];
  if (next.begins_at(next_slot)) return change;
  next.begins |= std::uint64_t{1} << next_slot;
  ++(is_last ? change.next : change.here);
  return change;
}

void StandingTree::add_to_ancestors(const Leaf& leaf, int entries, int values) {
  for (const Node* at = &leaf; at->parent != none;) {
    Inner& parent = inner_at(at->parent);
    parent.entries[at->slot] += static_cast<std::uint32_t>(entries);  // Wraps: adding -1 takes one away.
    parent.values[at->slot] += static_cast<std::uint32_t>(values);
    at = &parent;
  }
}

void StandingTree::add_to_ancestors(const Leaf& leaf, int entries, BeginningsChange change) {
  if (entries != 0 || change.here != 0) add_to_ancestors(leaf, entries, change.here);
  if (change.next != 0) add_to_ancestors(leaf_at(leaf.next), 0, change.next);
}

std::size_t StandingTree::memory_bytes() const {
  return leaves_.memory_bytes() + inners_.memory_bytes() + index_.memory_bytes();
}

void StandingTree::prefetch_leaf(Symbol member) const {
  const std::uint32_t number = index_.find(member);
  if (number == MemberIndex::none) return;
  const Leaf& leaf = leaf_at(number >> slot_bits);
  const std::uint32_t slot = number & (leaf_entries_max - 1);
  __builtin_prefetch(&leaf, 1);
  __builtin_prefetch(leaf.order.data() + leaf_entries_max - 1, 1);
  // Not by leaf.capacity, for which one would have to wait: a leaf of several has full size.
  const auto* keys = reinterpret_cast<const std::uint64_t*>(&leaf + 1);
  __builtin_prefetch(keys + slot, 1);
  __builtin_prefetch(keys + leaf_entries_max + slot, 1);
}

// What rank and counts are computed from: the counts of the leaf's parent. The levels above it are always in use.
void StandingTree::prefetch_inner(Symbol member) const {
  const std::uint32_t number = index_.find(member);
  if (number == MemberIndex::none) return;
  const Leaf& leaf = leaf_at(number >> slot_bits);
  if (leaf.parent == none) return;
  const Inner& parent = inner_at(leaf.parent);
  __builtin_prefetch(&parent, 1);
  for (std::uint32_t i = 0; i <= leaf.slot; i += numbers_per_line) __builtin_prefetch(&parent.entries[i], 1);
  __builtin_prefetch(&parent.values[leaf.slot], 1);
}

void StandingTree::prefetch_inner_for(Place place) const {
  std::uint32_t node = root_;
  if (root_is_leaf_) return;
  while (!inner_at(node).above_leaves) node = inner_at(node).children[child_for(inner_at(node), place, 0)];
  const Inner& inner = inner_at(node);
  for (std::uint32_t i = 0; i < children_max; i += numbers_per_line / 2) __builtin_prefetch(&inner.lower_keys[i]);
}

void StandingTree::prefetch_leaf_for(Place place) const {
  const Leaf& leaf = leaf_at(leaf_for(place, 0));
  const auto* line = reinterpret_cast<const std::byte*>(&leaf);
  constexpr std::size_t bytes = sizeof(Leaf) + leaf_entries_max * sizeof(std::uint64_t);
  for (std::size_t i = 0; i < bytes; i += standing::line_bytes) __builtin_prefetch(line + i, 1);
}

}  // namespace tallyho
