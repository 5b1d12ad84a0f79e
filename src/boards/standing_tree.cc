// What one asks of the tree, and how entries change. Splitting and merging of nodes is in standing_tree_nodes.cc.
#include "boards/standing_tree.h"

#include <algorithm>
#include <array>
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

// The same of bytes, without a branch: all of them are one line. Each is at most leaf_entries_max.
std::uint32_t sum_before(const std::array<std::uint8_t, standing::children_max>& numbers, std::uint32_t count) {
  using Bytes [[gnu::vector_size(16)]] = signed char;
  using Pairs [[gnu::vector_size(16)]] = std::uint16_t;
  Bytes at{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  const Bytes end = Bytes{} + static_cast<signed char>(count);
  Pairs sums{};
  for (std::size_t i = 0; i < numbers.size(); i += sizeof(Bytes), at += static_cast<signed char>(sizeof(Bytes))) {
    Bytes bytes;
    std::memcpy(&bytes, &numbers[i], sizeof(bytes));
    const auto pairs = reinterpret_cast<Pairs>(bytes & (at < end));
    sums += (pairs & 0xff) + (pairs >> 8);
  }
  const auto halves = reinterpret_cast<standing::Halves>(sums);
  // Four sums of 16 bits, which the product adds up in its highest.
  return static_cast<std::uint32_t>((halves[0] + halves[1]) * 0x0001'0001'0001'0001U >> 48);
}

// How many of seven keys are not behind `key`. Sums that do not wait for each other.
std::uint32_t count_seven_up_to(std::uint64_t key, const std::uint64_t* keys) {
  std::uint32_t a = keys[0] <= key ? 1 : 0;
  std::uint32_t b = keys[1] <= key ? 1 : 0;
  std::uint32_t c = keys[2] <= key ? 1 : 0;
  std::uint32_t d = keys[3] <= key ? 1 : 0;
  a += keys[4] <= key ? 1 : 0;
  b += keys[5] <= key ? 1 : 0;
  c += keys[6] <= key ? 1 : 0;
  return (a + b) + (c + d);
}

std::uint32_t count_eight_up_to(std::uint64_t key, const std::uint64_t* keys) {
  return count_seven_up_to(key, keys) + (keys[7] <= key ? 1 : 0);
}

// How many keys of a leaf are not behind `key`, perhaps with those of free slots.
std::uint32_t count_up_to(std::uint64_t key, const standing::Leaf& leaf) {
  const auto count = [key](const standing::Slots& slots) {
    return count_eight_up_to(key, slots.keys.data()) + count_eight_up_to(key, slots.keys.data() + 8);
  };
  static_assert(standing::Slots::count == 16 && standing::leaf_entries_max == 32);
  return count(leaf.slots(0)) + (leaf.capacity == standing::leaf_entries_max ? count(leaf.slots(1)) : 0);
}

void prefetch_lines(const void* begin, std::size_t bytes) {
  const auto* line = static_cast<const std::byte*>(begin);
  for (std::size_t i = 0; i < bytes; i += standing::line_bytes) __builtin_prefetch(line + i, 1);
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
  assert(leaf.member(slot) == member);
  return {number >> slot_bits, slot, leaf.position_of(slot)};
}

std::optional<std::uint64_t> StandingTree::key_of_member(Symbol member) const {
  const std::uint32_t number = index_.find(member);
  if (number == MemberIndex::none) return std::nullopt;
  return leaf_at(number >> slot_bits).key(number & (leaf_entries_max - 1));
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
    if (inner.above_leaves()) {
      while (index >= inner.leaf_entries[slot]) index -= inner.leaf_entries[slot++];
    } else {
      while (index >= inner.entries[slot]) index -= inner.entries[slot++];
    }
    node = inner.children[slot];
    is_leaf = inner.above_leaves();
  }
  const auto position = static_cast<std::uint32_t>(index);
  return {node, leaf_at(node).order[position], position};
}

// The last child whose lower bound's key is not behind `key`.
std::uint32_t StandingTree::child_behind(const Inner& inner, std::uint64_t key) {
  const std::uint32_t first = count_seven_up_to(key, inner.guides.data()) * standing::guided_keys;
  const std::uint32_t ahead = first + count_eight_up_to(key, inner.lower_keys.data() + first);
  return std::clamp<std::uint32_t>(ahead, 1, inner.count) - 1;
}

// The last child whose lower bound is not behind (place, member). Whoever reaches a value now comes behind all who have
// it, so the second step, which reads more memory, is for those who look for somebody else; as below.
std::uint32_t StandingTree::child_for(const Inner& inner, Place place, Symbol member) const {
  const std::uint64_t key = key_of(place);
  std::uint32_t child = child_behind(inner, key);
  if (is_newest(place)) return child;
  while (child > 0 && inner.lower_keys[child] == key &&
         is_ahead(place, member, inner.lower_place(child), inner.lower_holders[child].member)) {
    --child;
  }
  return child;
}

// How many entries of a leaf are ahead of (place, member).
std::uint32_t StandingTree::position_for(const Leaf& leaf, Place place, Symbol member) const {
  const std::uint64_t key = key_of(place);
  std::uint32_t position = std::min<std::uint32_t>(count_up_to(key, leaf), leaf.count);
  if (is_newest(place)) return position;
  for (; position > 0; --position) {
    const std::uint32_t slot = leaf.order[position - 1];
    if (leaf.key(slot) != key || is_ahead(leaf.place(slot), leaf.member(slot), place, member)) break;
  }
  return position;
}

std::uint32_t StandingTree::leaf_for(Place place, Symbol member) const {
  std::uint32_t node = root_;
  for (bool is_leaf = root_is_leaf_; !is_leaf;) {
    const Inner& inner = inner_at(node);
    node = inner.children[child_for(inner, place, member)];
    is_leaf = inner.above_leaves();
  }
  return node;
}

// An aim is behind all that have the key: right, unless (place, member) is ahead of the leaf's lower bound, or bounds
// are not what they were.
std::uint32_t StandingTree::leaf_for(Place place, Symbol member, const Aim& aim) const {
  if (aim.leaf == none || aim.shape != shape_ || aim.key != key_of(place)) return leaf_for(place, member);
  const Leaf& leaf = leaf_at(aim.leaf);
  if (is_newest(place) || leaf.parent == none) return aim.leaf;
  const Inner& parent = inner_at(leaf.parent);
  const std::uint32_t slot = leaf.slot;
  const bool is_before = parent.lower_keys[slot] >= aim.key &&
                         is_ahead(place, member, parent.lower_place(slot), parent.lower_holders[slot].member);
  return is_before ? leaf_for(place, member) : aim.leaf;
}

std::uint64_t StandingTree::entries_before(const Node& node) const {
  if (node.parent == none) return 0;
  const Inner* parent = &inner_at(node.parent);
  std::uint64_t sum =
      parent->above_leaves() ? sum_before(parent->leaf_entries, node.slot) : sum_before(parent->entries, node.slot);
  while (parent->parent != none) {
    const std::uint32_t slot = parent->slot;
    parent = &inner_at(parent->parent);
    sum += sum_before(parent->entries, slot);  // Symbols are 32 bits, so a board's members are, too.
  }
  return sum;
}

std::uint64_t StandingTree::count_values(Seat seat) const {
  const Leaf& leaf = leaf_at(seat.leaf);
  std::uint64_t sum = 0;
  for (const Node* at = &leaf; at->parent != none;) {
    const Inner& parent = inner_at(at->parent);
    sum += parent.above_leaves() ? sum_before(parent.leaf_values, at->slot) : sum_before(parent.values, at->slot);
    at = &parent;
  }
  for (std::uint32_t i = 0; i <= seat.position; ++i) sum += leaf.begins >> leaf.order[i] & 1;
  return sum;
}

std::uint64_t StandingTree::count_ahead(Place place, Symbol member) const {
  const Leaf& leaf = leaf_at(leaf_for(place, member));
  return entries_before(leaf) + position_for(leaf, place, member);
}

std::uint64_t StandingTree::insert(Place place, Symbol member, const Aim& aim) {
  const Entered entered = enter(place, member, aim);
  return entries_before(leaf_at(entered.leaf)) + entered.position;
}

StandingTree::Entered StandingTree::enter(Place place, Symbol member, const Aim& aim) {
  std::uint32_t id = leaf_for(place, member, aim);
  if (leaf_at(id).count == leaf_entries_max) {
    make_room_in_leaf(id);
    id = leaf_for(place, member);
  }
  if (leaf_at(id).count == leaf_at(id).capacity) grow_only_leaf();
  Leaf& leaf = leaf_at(id);
  const std::uint32_t position = position_for(leaf, place, member);
  const std::uint32_t slot = leaf.free_slot();
  index_.set(member, number_of(id, slot));
  const BeginningsChange change = link(leaf, slot, position, place, member);
  add_to_ancestors(leaf, 1, change.here);
  if (change.next != 0) add_to_ancestors(leaf_at(leaf.next), 0, change.next);
  return {id, position};
}

std::uint64_t StandingTree::erase(Seat seat, Symbol member) {
  const std::uint64_t ahead = count_ahead(seat);
  take_out(seat, member);
  return ahead;
}

void StandingTree::take_out(Seat seat, Symbol member) {
  Leaf& leaf = leaf_at(seat.leaf);
  index_.erase(member);
  const BeginningsChange change = unlink(leaf, seat.position);
  add_to_ancestors(leaf, -1, change.here);
  if (change.next != 0) add_to_ancestors(leaf_at(leaf.next), 0, change.next);
  if (leaf.count < leaf_entries_min && leaf.parent != none) refill_below(leaf.parent, leaf.slot);
}

template <bool is_counted>
StandingTree::Moved StandingTree::change_place(Seat seat, Symbol member, Place place, const Aim& aim) {
  Leaf& leaf = leaf_at(seat.leaf);
  const std::uint32_t target = leaf_for(place, member, aim);
  Leaf& other = leaf_at(target);
  if (target != seat.leaf && (other.count == leaf_entries_max || leaf.count == leaf_entries_min)) {
    const std::uint64_t was = is_counted ? count_ahead(seat) : 0;
    take_out(seat, member);  // Nodes shift, so that it is two steps.
    const Entered entered = enter(place, member, {});
    return {was, is_counted ? entries_before(leaf_at(entered.leaf)) + entered.position : 0};
  }
  const BeginningsChange out = unlink(leaf, seat.position);
  if (out.next != 0) add_to_ancestors(leaf_at(leaf.next), 0, out.next);
  const std::uint32_t position = position_for(other, place, member);
  const std::uint32_t slot = target == seat.leaf ? seat.slot : other.free_slot();
  const BeginningsChange in = link(other, slot, position, place, member);
  if (in.next != 0) add_to_ancestors(leaf_at(other.next), 0, in.next);
  if (target == seat.leaf) {
    // Most events on small boards move somebody a little: then no other node changes but for the counts of values.
    if (out.here + in.here != 0) add_to_ancestors(leaf, 0, out.here + in.here);
    const std::uint64_t before = is_counted ? entries_before(leaf) : 0;
    return {before + seat.position, before + position};
  }
  index_.replace(member, number_of(target, slot));
  const Moved before = move_counts<is_counted>(leaf, other, out.here, in.here);
  return {before.was + seat.position, before.is + position};
}
template StandingTree::Moved StandingTree::change_place<true>(Seat, Symbol, Place, const Aim&);
template StandingTree::Moved StandingTree::change_place<false>(Seat, Symbol, Place, const Aim&);

// Counts an entry in another leaf, from the leaves up to where their ways meet. Returns how many entries were before
// the one, and are before the other, if those are to be counted.
template <bool is_counted>
StandingTree::Moved StandingTree::move_counts(const Node& from, const Node& to, int values_from, int values_to) {
  Moved before;
  const Node* was = &from;
  const Node* is = &to;
  for (bool is_above_leaves = true;; is_above_leaves = false) {
    Inner& left = inner_at(was->parent);
    Inner& entered = inner_at(is->parent);
    if (is_counted) {  // Sums first: reading several counts at once waits for one that was just written.
      before.was += is_above_leaves ? sum_before(left.leaf_entries, was->slot) : sum_before(left.entries, was->slot);
      before.is += is_above_leaves ? sum_before(entered.leaf_entries, is->slot) : sum_before(entered.entries, is->slot);
    }
    add_to_child(left, was->slot, -1, values_from);
    add_to_child(entered, is->slot, 1, values_to);
    const bool is_common = &left == &entered;
    if (is_common && was->slot < is->slot) --before.is;  // The one that left was counted.
    was = &left;
    is = &entered;
    if (is_common) break;
  }
  const std::uint64_t rest = is_counted ? entries_before(*was) : 0;
  if (values_from + values_to != 0) add_to_ancestors(*was, 0, values_from + values_to);
  return {before.was + rest, before.is + rest};
}

// The key of the entry before a position of a leaf, perhaps in the leaf before; `otherwise` if there is none.
std::uint64_t StandingTree::key_before(const Leaf& leaf, std::uint32_t position, std::uint64_t otherwise) const {
  if (position > 0) return leaf.key(leaf.order[position - 1]);
  if (leaf.previous == none) return otherwise;
  const Leaf& previous = leaf_at(leaf.previous);
  return previous.key(previous.last());
}

// Puts an entry into a free slot of a leaf. The index and the ancestors are the caller's.
StandingTree::BeginningsChange StandingTree::link(Leaf& leaf, std::uint32_t slot, std::uint32_t position, Place place,
                                                  Symbol member) {
  const std::uint64_t key = key_of(place);
  leaf.key(slot) = key;
  leaf.holder(slot) = {reached_of(place), member};
  newest_ = std::max(newest_, reached_of(place));
  leaf.insert_in_order(position, slot);
  ++leaf.count;
  leaf.used |= 1U << slot;

  BeginningsChange change;
  if (key_before(leaf, position, ~key) != key) {
    leaf.begins |= 1U << slot;
    change.here = 1;
  }
  // Whoever comes next does not begin the value any more if it is the same.
  const bool is_last = position + 1U == leaf.count;
  if (is_last && leaf.next == none) return change;
  Leaf& next = is_last ? leaf_at(leaf.next) : leaf;
  const std::uint32_t next_slot = is_last ? next.first() : leaf.order[position + 1];
  if (next.key(next_slot) != key || !next.begins_at(next_slot)) return change;
  next.begins &= ~(1U << next_slot);
  --(is_last ? change.next : change.here);
  return change;
}

// Takes an entry out of a leaf. The index and the ancestors are the caller's. The leaf may be empty afterwards.
StandingTree::BeginningsChange StandingTree::unlink(Leaf& leaf, std::uint32_t position) {
  const std::uint32_t slot = leaf.order[position];
  const bool began = leaf.begins_at(slot);
  leaf.erase_from_order(position);
  --leaf.count;
  leaf.used &= ~(1U << slot);
  leaf.begins &= ~(1U << slot);
  leaf.key(slot) = standing::no_key;
  BeginningsChange change;
  if (!began) return change;
  change.here = -1;
  // Whoever comes next begins the value now if it has the same, which shows in its not having begun one.
  const bool is_last = position == leaf.count;
  if (is_last && leaf.next == none) return change;
  Leaf& next = is_last ? leaf_at(leaf.next) : leaf;
  const std::uint32_t next_slot = is_last ? next.first() : leaf.order[position];
  if (next.begins_at(next_slot)) return change;
  next.begins |= 1U << next_slot;
  ++(is_last ? change.next : change.here);
  return change;
}

// Wraps: adding -1 takes one away.
void StandingTree::add_to_child(Inner& parent, std::uint32_t slot, int entries, int values) {
  if (parent.above_leaves()) {
    parent.leaf_entries[slot] = static_cast<std::uint8_t>(parent.leaf_entries[slot] + entries);
    parent.leaf_values[slot] = static_cast<std::uint8_t>(parent.leaf_values[slot] + values);
  } else {
    parent.entries[slot] += static_cast<std::uint32_t>(entries);
    parent.values[slot] += static_cast<std::uint32_t>(values);
  }
}

void StandingTree::add_to_ancestors(const Node& node, int entries, int values) {
  for (const Node* at = &node; at->parent != none;) {
    Inner& parent = inner_at(at->parent);
    add_to_child(parent, at->slot, entries, values);
    at = &parent;
  }
}

std::size_t StandingTree::memory_bytes() const {
  return leaves_.memory_bytes() + inners_.memory_bytes() + index_.memory_bytes();
}

void StandingTree::prefetch_leaf(Symbol member, bool with_holder) const {
  const std::uint32_t number = index_.find(member);
  if (number == MemberIndex::none) return;
  const Leaf& leaf = leaf_at(number >> slot_bits);
  __builtin_prefetch(&leaf, 1);
  const std::uint32_t slot = number & (leaf_entries_max - 1);
  __builtin_prefetch(&leaf.key(slot), 1);
  if (with_holder) __builtin_prefetch(&leaf.holder(slot));
}

// What rank and counts are computed from: the counts of the leaf's parent. The levels above it are always in use.
void StandingTree::prefetch_inner(Symbol member) const {
  const std::uint32_t number = index_.find(member);
  if (number == MemberIndex::none) return;
  const Leaf& leaf = leaf_at(number >> slot_bits);
  if (leaf.parent == none) return;
  const Inner& parent = inner_at(leaf.parent);
  __builtin_prefetch(&parent, 1);
  __builtin_prefetch(&parent.leaf_entries, 1);
  __builtin_prefetch(&parent.leaf_values, 1);
}

std::uint32_t StandingTree::prefetch_inner_for(std::uint64_t key) const {
  if (root_is_leaf_) return none;
  std::uint32_t node = root_;
  while (!inner_at(node).above_leaves()) node = inner_at(node).children[child_behind(inner_at(node), key)];
  const Inner& inner = inner_at(node);
  __builtin_prefetch(&inner, 1);
  prefetch_lines(&inner.leaf_entries, sizeof(inner.leaf_entries) + sizeof(inner.leaf_values));
  prefetch_lines(&inner.lower_keys, sizeof(inner.lower_keys));
  return node;
}

Aim StandingTree::aim(std::uint64_t key, std::uint32_t from) const {
  std::uint32_t node = from == none ? root_ : from;
  for (bool is_leaf = root_is_leaf_; !is_leaf;) {
    const Inner& inner = inner_at(node);
    if (inner.above_leaves()) prefetch_lines(&inner.leaf_entries, 2 * sizeof(inner.leaf_entries));
    node = inner.children[child_behind(inner, key)];
    is_leaf = inner.above_leaves();
  }
  const Leaf& leaf = leaf_at(node);
  __builtin_prefetch(&leaf, 1);
  for (std::uint32_t i = 0; i < 2; ++i) prefetch_lines(&leaf.slots(i).keys, sizeof(leaf.slots(i).keys));
  return {.key = key, .leaf = node, .shape = shape_};
}

}  // namespace tallyho
