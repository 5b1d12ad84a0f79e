// How the tree keeps its nodes neither too full nor too empty. Everything here is a shift of entries or children
// between two neighbours under one parent, and what follows from it: a split shifts half into a new neighbour, a merge
// shifts all, levelling shifts half the difference.
#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include "boards/standing_tree.h"

namespace tallyho {

std::uint32_t StandingTree::new_leaf(std::uint32_t capacity) {
  if (leaves_.made() == 0) leaves_.enlarge_first(standing::bytes_of_leaf(capacity));
  const std::uint32_t id = leaves_.make();
  Leaf& leaf = *new (leaves_[id]) Leaf;
  leaf.capacity = capacity;
  for (std::uint32_t slot = 0; slot < capacity; ++slot) leaf.key(slot) = standing::no_key;
  return id;
}

// A board's only leaf begins small; one of several has full size.
void StandingTree::grow_only_leaf() {
  const std::uint32_t capacity = leaf_at(0).capacity;
  assert(leaves_.made() == 1 && capacity < leaf_entries_max);
  leaves_.enlarge_first(standing::bytes_of_leaf(std::size_t{capacity} * 2));
  Leaf& leaf = leaf_at(0);
  leaf.capacity = capacity * 2;
  for (std::uint32_t slot = capacity; slot < leaf.capacity; ++slot) leaf.key(slot) = standing::no_key;
}

std::uint32_t StandingTree::new_inner(std::uint8_t height) {
  const std::uint32_t id = inners_.make();
  Inner& inner = *new (inners_[id]) Inner;
  inner.height = height;
  inner.lower_keys.fill(standing::no_key);
  inner.guides.fill(standing::no_key);
  return id;
}

StandingTree::Node& StandingTree::child(const Inner& parent, std::uint32_t slot) {
  const std::uint32_t id = parent.children[slot];
  return parent.above_leaves() ? static_cast<Node&>(leaf_at(id)) : inner_at(id);
}

// Puts a new root with one child, the old one, on top.
void StandingTree::give_parent_to_root() {
  const std::uint32_t id = new_inner(static_cast<std::uint8_t>(root_is_leaf_ ? 1 : inner_at(root_).height + 1));
  Inner& root = inner_at(id);
  root.count = 1;
  root.children[0] = root_;
  set_lower_bound(root, 0, 0, 0);
  root_ = id;
  root_is_leaf_ = false;
  adopt(id, 0);
  refresh(root, 0);
}

void StandingTree::make_room_in_leaf(std::uint32_t leaf) {
  ++shape_;
  if (leaf_at(leaf).parent == none) give_parent_to_root();
  if (level_below(inner_at(leaf_at(leaf).parent), leaf_at(leaf).slot)) return;
  if (inner_at(leaf_at(leaf).parent).count == children_max) make_room_in_inner(leaf_at(leaf).parent);
  split_below(leaf_at(leaf).parent, leaf_at(leaf).slot);  // The parent may be another one by now.
}

void StandingTree::make_room_in_inner(std::uint32_t id) {
  if (inner_at(id).parent == none) give_parent_to_root();
  if (level_below(inner_at(inner_at(id).parent), inner_at(id).slot)) return;
  if (inner_at(inner_at(id).parent).count == children_max) make_room_in_inner(inner_at(id).parent);
  split_below(inner_at(id).parent, inner_at(id).slot);
}

// Gives a full child's surplus to a neighbour that is at most seven eighths full. False if there is none.
bool StandingTree::level_below(Inner& parent, std::uint32_t slot) {
  const int count = child(parent, slot).count;
  const int count_max = static_cast<int>(parent.above_leaves() ? leaf_entries_max : children_max) * 7 / 8;
  if (slot > 0) {
    const int left = child(parent, slot - 1).count;
    if (left <= count_max) {
      shift(parent, slot - 1, -((count - left + 1) / 2));
      return true;
    }
  }
  if (slot + 1U < parent.count) {
    const int right = child(parent, slot + 1).count;
    if (right <= count_max) {
      shift(parent, slot, (count - right + 1) / 2);
      return true;
    }
  }
  return false;
}

// Gives half of a child to a new right neighbour. The parent has room.
void StandingTree::split_below(std::uint32_t parent_id, std::uint32_t slot) {
  const bool above_leaves = inner_at(parent_id).above_leaves();
  const std::uint32_t left = inner_at(parent_id).children[slot];
  const std::uint32_t right =
      above_leaves ? new_leaf(leaf_entries_max) : new_inner(inner_at(left).height);  // May move nodes.
  Inner& parent = inner_at(parent_id);
  open_slot(parent, slot + 1);
  parent.children[slot + 1] = right;
  if (above_leaves) {
    leaf_at(right).previous = left;
    leaf_at(right).next = leaf_at(left).next;
    if (leaf_at(left).next != none) leaf_at(leaf_at(left).next).previous = right;
    leaf_at(left).next = right;
  }
  adopt(parent_id, slot + 1);
  shift(parent, slot, child(parent, slot).count / 2);
}

// Brings a child that has become too empty back: merges it with a neighbour, or levels the two if that would leave
// little room.
void StandingTree::refill_below(std::uint32_t parent_id, std::uint32_t slot) {
  ++shape_;
  Inner& parent = inner_at(parent_id);
  assert(parent.count >= 2);
  const std::uint32_t left = slot > 0 ? slot - 1 : 0;
  const int left_count = child(parent, left).count;
  const int right_count = child(parent, left + 1).count;
  const int count_max = static_cast<int>(parent.above_leaves() ? leaf_entries_max : children_max);
  if (left_count + right_count <= count_max * 3 / 4) {
    merge_below(parent_id, left);
  } else {
    shift(parent, left, (left_count - right_count) / 2);
  }
}

// Moves all of child `slot + 1` into child `slot`, and takes what that leaves too empty above in hand.
void StandingTree::merge_below(std::uint32_t parent_id, std::uint32_t slot) {
  Inner& parent = inner_at(parent_id);
  const std::uint32_t left = parent.children[slot];
  const std::uint32_t right = parent.children[slot + 1];
  shift(parent, slot, -static_cast<int>(child(parent, slot + 1).count));
  close_slot(parent, slot + 1);
  adopt(parent_id, slot + 1);
  if (parent.above_leaves()) {
    leaf_at(left).next = leaf_at(right).next;
    if (leaf_at(right).next != none) leaf_at(leaf_at(right).next).previous = left;
    leaf_at(right) = {};
    leaves_.free(right);
  } else {
    inners_.free(right);
  }
  if (parent.parent != none) {
    if (parent.count < children_min) refill_below(parent.parent, parent.slot);
    return;
  }
  if (parent.count > 1) return;
  root_ = left;
  root_is_leaf_ = parent.above_leaves();
  Node& root = child(parent, 0);
  root.parent = none;
  root.slot = 0;
  inners_.free(parent_id);
}

// Moves the last `count` of child `slot` to the front of the next child, or, negative, the other way round. What the
// parent knows of the two is right afterwards; what its own ancestors know of it does not change.
void StandingTree::shift(Inner& parent, std::uint32_t slot, int count) {
  const std::uint32_t left = parent.children[slot];
  const std::uint32_t right = parent.children[slot + 1];
  if (parent.above_leaves()) {
    shift_entries(left, right, count);
    const Leaf& leaf = leaf_at(right);
    if (leaf.count > 0) set_lower_bound(parent, slot + 1, leaf.place(leaf.first()), leaf.member(leaf.first()));
  } else {
    shift_children(left, right, count);
    const Inner& inner = inner_at(right);
    set_lower_bound(parent, slot + 1, inner.lower_place(0), inner.lower_holders[0].member);
  }
  refresh(parent, slot);
  refresh(parent, slot + 1);
}

namespace {

// Moves `count` items from the end of `left` to the front of `right`, or, negative, from the front of `right` to the
// end of `left`. The counts are those before.
template <typename T>
void shift_items(T* left, int left_count, T* right, int right_count, int count) {
  if (count >= 0) {
    std::copy_backward(right, right + right_count, right + right_count + count);
    std::copy_n(left + left_count - count, count, right);
  } else {
    std::copy_n(right, -count, left + left_count);
    std::copy(right - count, right + right_count, right);
  }
}

}  // namespace

void StandingTree::set_lower_bound(Inner& parent, std::uint32_t slot, Place place, Symbol member) {
  parent.lower_keys[slot] = key_of(place);
  parent.lower_holders[slot] = {reached_of(place), member};
  parent.renew_guides();
}

void StandingTree::shift_entries(std::uint32_t left_id, std::uint32_t right_id, int count) {
  const bool is_to_right = count > 0;
  Leaf& from = leaf_at(is_to_right ? left_id : right_id);
  Leaf& to = leaf_at(is_to_right ? right_id : left_id);
  const std::uint32_t to_id = is_to_right ? right_id : left_id;
  const auto moving = static_cast<std::uint32_t>(std::abs(count));
  const std::uint32_t first = is_to_right ? from.count - moving : 0;  // The position of the first that moves.
  std::array<std::uint8_t, leaf_entries_max> slots;
  for (std::uint32_t i = 0; i < moving; ++i) {
    const std::uint32_t old_slot = from.order[first + i];
    const std::uint32_t slot = to.free_slot();
    slots[i] = static_cast<std::uint8_t>(slot);
    to.used |= 1U << slot;
    to.begins |= (from.begins >> old_slot & 1) << slot;
    from.used &= ~(1U << old_slot);
    from.begins &= ~(1U << old_slot);
    to.key(slot) = std::exchange(from.key(old_slot), standing::no_key);
    to.holder(slot) = from.holder(old_slot);
    index_.replace(to.member(slot), number_of(to_id, slot));
  }
  if (is_to_right) {
    std::memmove(to.order.data() + moving, to.order.data(), to.count);
    std::copy_n(slots.data(), moving, to.order.data());
  } else {
    std::copy_n(slots.data(), moving, to.order.data() + to.count);
    std::memmove(from.order.data(), from.order.data() + moving, from.count - moving);
  }
  to.count = static_cast<std::uint8_t>(to.count + moving);
  from.count = static_cast<std::uint8_t>(from.count - moving);
}

void StandingTree::shift_children(std::uint32_t left_id, std::uint32_t right_id, int count) {
  Inner& left = inner_at(left_id);
  Inner& right = inner_at(right_id);
  const auto shift_array = [&](auto& from, auto& to) {
    shift_items(from.data(), left.count, to.data(), right.count, count);
  };
  shift_array(left.lower_keys, right.lower_keys);
  shift_array(left.lower_holders, right.lower_holders);
  shift_array(left.children, right.children);
  shift_array(left.leaf_entries, right.leaf_entries);
  shift_array(left.leaf_values, right.leaf_values);
  shift_array(left.entries, right.entries);
  shift_array(left.values, right.values);
  const std::uint32_t left_first = count < 0 ? left.count : left.count - static_cast<std::uint32_t>(count);
  left.count = static_cast<std::uint8_t>(left.count - count);
  right.count = static_cast<std::uint8_t>(right.count + count);
  std::fill(left.lower_keys.begin() + left.count, left.lower_keys.end(), standing::no_key);
  std::fill(right.lower_keys.begin() + right.count, right.lower_keys.end(), standing::no_key);
  left.renew_guides();
  right.renew_guides();
  adopt(left_id, left_first);
  adopt(right_id, 0);
}

void StandingTree::open_slot(Inner& parent, std::uint32_t slot) {
  assert(parent.count < children_max);
  const auto open = [&](auto& array) {
    std::copy_backward(array.begin() + slot, array.begin() + parent.count, array.begin() + parent.count + 1);
  };
  open(parent.lower_keys);
  open(parent.lower_holders);
  open(parent.children);
  open(parent.leaf_entries);
  open(parent.leaf_values);
  open(parent.entries);
  open(parent.values);
  ++parent.count;
  parent.renew_guides();
}

void StandingTree::close_slot(Inner& parent, std::uint32_t slot) {
  const auto close = [&](auto& array) {
    std::copy(array.begin() + slot + 1, array.begin() + parent.count, array.begin() + slot);
  };
  close(parent.lower_keys);
  close(parent.lower_holders);
  close(parent.children);
  close(parent.leaf_entries);
  close(parent.leaf_values);
  close(parent.entries);
  close(parent.values);
  --parent.count;
  parent.lower_keys[parent.count] = standing::no_key;
  parent.renew_guides();
}

// Counts child `slot` anew.
void StandingTree::refresh(Inner& parent, std::uint32_t slot) const {
  if (parent.above_leaves()) {
    const Leaf& leaf = leaf_at(parent.children[slot]);
    parent.leaf_entries[slot] = static_cast<std::uint8_t>(leaf.count);
    parent.leaf_values[slot] = static_cast<std::uint8_t>(std::popcount(leaf.begins));
    return;
  }
  const Inner& inner = inner_at(parent.children[slot]);
  std::uint32_t entries = 0;
  std::uint32_t values = 0;
  for (std::uint32_t i = 0; i < inner.count; ++i) {
    entries += inner.above_leaves() ? inner.leaf_entries[i] : inner.entries[i];
    values += inner.above_leaves() ? inner.leaf_values[i] : inner.values[i];
  }
  parent.entries[slot] = entries;
  parent.values[slot] = values;
}

// Tells the children from `first_slot` on where they are.
void StandingTree::adopt(std::uint32_t parent_id, std::uint32_t first_slot) {
  const Inner& parent = inner_at(parent_id);
  for (std::uint32_t slot = first_slot; slot < parent.count; ++slot) {
    Node& node = child(parent, slot);
    node.parent = parent_id;
    node.slot = static_cast<std::uint8_t>(slot);
  }
}

bool StandingTree::is_sound() const {
  if (root_is_leaf_ ? leaf_at(root_).parent != none : inner_at(root_).parent != none) return false;
  if (root_is_leaf_ ? !is_sound_leaf(root_) : inner_at(root_).count < 2 || !is_sound_below(root_)) return false;
  std::uint64_t entries = 0;
  for (std::uint32_t i = 0; i < leaves_.made(); ++i) entries += leaf_at(leaves_.id_of(i)).count;
  return entries == size();
}

bool StandingTree::is_sound_leaf(std::uint32_t id) const {
  const Leaf& leaf = leaf_at(id);
  if (leaf.count > leaf.capacity || (leaf.parent != none && leaf.count < leaf_entries_min)) return false;
  if (leaf.next != none && leaf_at(leaf.next).previous != id) return false;
  if (std::popcount(leaf.used) != leaf.count || (leaf.begins & ~leaf.used) != 0) return false;
  for (std::uint32_t slot = 0; slot < leaf.capacity; ++slot) {
    if ((leaf.used >> slot & 1) == 0 && leaf.key(slot) != standing::no_key) return false;
  }
  for (std::uint32_t position = 0; position < leaf.count; ++position) {
    const std::uint32_t slot = leaf.order[position];
    if ((leaf.used >> slot & 1) == 0 || index_.find(leaf.member(slot)) != number_of(id, slot)) return false;
    const std::uint64_t key = leaf.key(slot);
    if (leaf.begins_at(slot) != (key_before(leaf, position, ~key) != key)) return false;
    const Seat after = next({id, slot, position});
    if (after.leaf == none) continue;
    const Entry other = entry(after);
    if (std::pair(leaf.place(slot), leaf.member(slot)) >= std::pair(other.place, other.member)) return false;
  }
  return true;
}

bool StandingTree::is_sound_below(std::uint32_t id) const {
  const Inner& inner = inner_at(id);
  if (inner.count > children_max || (inner.parent != none && inner.count < children_min)) return false;
  for (std::uint32_t slot = 0; slot < children_max; ++slot) {
    if (slot >= inner.count && inner.lower_keys[slot] != standing::no_key) return false;
    const std::uint32_t line = slot / standing::guided_keys;
    if (line > 0 && inner.guides[line - 1] != inner.lower_keys[std::size_t{line} * standing::guided_keys]) return false;
  }
  for (std::uint32_t slot = 0; slot < inner.count; ++slot) {
    const std::uint32_t node_id = inner.children[slot];
    const Node& node = inner.above_leaves() ? static_cast<const Node&>(leaf_at(node_id)) : inner_at(node_id);
    if (node.parent != id || node.slot != slot) return false;
    if (inner.above_leaves() ? !is_sound_leaf(node_id) : !is_sound_below(node_id)) return false;
    Inner counted = inner;
    refresh(counted, slot);
    const bool is_counted = inner.above_leaves() ? counted.leaf_entries[slot] == inner.leaf_entries[slot] &&
                                                       counted.leaf_values[slot] == inner.leaf_values[slot]
                                                 : counted.entries[slot] == inner.entries[slot] &&
                                                       counted.values[slot] == inner.values[slot];
    if (!is_counted) return false;
    if (!inner.above_leaves()) continue;
    const auto first_of = [](const Leaf& leaf) {
      return std::pair(leaf.place(leaf.first()), leaf.member(leaf.first()));
    };
    const auto last_of = [](const Leaf& leaf) { return std::pair(leaf.place(leaf.last()), leaf.member(leaf.last())); };
    const Leaf& leaf = leaf_at(node_id);
    const std::pair lower(inner.lower_place(slot), inner.lower_holders[slot].member);
    if (first_of(leaf) < lower) return false;
    if (slot > 0 && last_of(leaf_at(leaf.previous)) >= lower) return false;
  }
  return true;
}

}  // namespace tallyho
