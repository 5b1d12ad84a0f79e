// How the tree keeps its nodes neither too full nor too empty. Everything here is a shift of entries or children
// between two neighbours under one parent, and what follows from it: a split shifts half into a new neighbour, a merge
// shifts all, levelling shifts half the difference.
#include <algorithm>
#include <cassert>
#include <utility>

#include "boards/standing_tree.h"

namespace tallyho {

std::uint32_t StandingTree::new_leaf(std::uint32_t capacity) {
  std::uint32_t id = 0;
  if (free_leaves_.empty()) {
    id = static_cast<std::uint32_t>(leaves_.size());
    leaves_.emplace_back();
  } else {
    id = free_leaves_.back();
    free_leaves_.pop_back();
  }
  Leaf& leaf = leaves_[id];
  leaf.capacity = capacity;
  leaf.places = std::make_unique_for_overwrite<Place[]>(capacity);
  leaf.members = std::make_unique_for_overwrite<Symbol[]>(capacity);
  return id;
}

std::uint32_t StandingTree::new_inner(bool above_leaves) {
  std::uint32_t id = 0;
  if (free_inners_.empty()) {
    id = static_cast<std::uint32_t>(inners_.size());
    inners_.emplace_back();
  } else {
    id = free_inners_.back();
    free_inners_.pop_back();
  }
  inners_[id] = std::make_unique<Inner>();
  inners_[id]->above_leaves = above_leaves;
  return id;
}

// A board's only leaf begins small; one of several has full size.
void StandingTree::grow(Leaf& leaf) {
  assert(leaf.capacity < leaf_entries_max);
  const std::uint32_t capacity = leaf.capacity * 2;
  auto places = std::make_unique_for_overwrite<Place[]>(capacity);
  auto members = std::make_unique_for_overwrite<Symbol[]>(capacity);
  std::copy_n(leaf.places.get(), leaf.count, places.get());
  std::copy_n(leaf.members.get(), leaf.count, members.get());
  leaf.places = std::move(places);
  leaf.members = std::move(members);
  leaf.capacity = capacity;
}

StandingTree::Node& StandingTree::child(const Inner& parent, std::uint32_t slot) {
  const std::uint32_t id = parent.children[slot];
  return parent.above_leaves ? static_cast<Node&>(leaves_[id]) : *inners_[id];
}

// Puts a new root with one child, the old one, on top.
void StandingTree::give_parent_to_root() {
  const std::uint32_t id = new_inner(root_is_leaf_);
  Inner& root = *inners_[id];
  root.count = 1;
  root.children[0] = root_;
  root.lower_bounds[0] = 0;
  root.lower_members[0] = 0;
  root_ = id;
  root_is_leaf_ = false;
  adopt(id, 0);
  refresh(root, 0);
}

void StandingTree::make_room_in_leaf(std::uint32_t leaf) {
  if (leaves_[leaf].parent == none) give_parent_to_root();
  if (level_below(*inners_[leaves_[leaf].parent], leaves_[leaf].slot)) return;
  if (inners_[leaves_[leaf].parent]->count == children_max) make_room_in_inner(leaves_[leaf].parent);
  split_below(leaves_[leaf].parent, leaves_[leaf].slot);  // The parent may be another one by now.
}

void StandingTree::make_room_in_inner(std::uint32_t id) {
  const Inner& inner = *inners_[id];
  if (inner.parent == none) give_parent_to_root();
  if (level_below(*inners_[inner.parent], inner.slot)) return;
  if (inners_[inner.parent]->count == children_max) make_room_in_inner(inner.parent);
  split_below(inner.parent, inner.slot);
}

// Gives a full child's surplus to a neighbour that is at most seven eighths full. False if there is none.
bool StandingTree::level_below(Inner& parent, std::uint32_t slot) {
  const int count = child(parent, slot).count;
  const int count_max = static_cast<int>(parent.above_leaves ? leaf_entries_max : children_max) * 7 / 8;
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
  Inner& parent = *inners_[parent_id];
  open_slot(parent, slot + 1);
  if (parent.above_leaves) {
    const std::uint32_t left = parent.children[slot];
    const std::uint32_t right = new_leaf(leaf_entries_max);
    parent.children[slot + 1] = right;
    leaves_[right].previous = left;
    leaves_[right].next = leaves_[left].next;
    if (leaves_[left].next != none) leaves_[leaves_[left].next].previous = right;
    leaves_[left].next = right;
  } else {
    parent.children[slot + 1] = new_inner(inners_[parent.children[slot]]->above_leaves);
  }
  adopt(parent_id, slot + 1);
  shift(parent, slot, child(parent, slot).count / 2);
}

// Brings a child that has become too empty back: merges it with a neighbour, or levels the two if that would leave
// little room.
void StandingTree::refill_below(std::uint32_t parent_id, std::uint32_t slot) {
  Inner& parent = *inners_[parent_id];
  assert(parent.count >= 2);
  const std::uint32_t left = slot > 0 ? slot - 1 : 0;
  const int left_count = child(parent, left).count;
  const int right_count = child(parent, left + 1).count;
  const int count_max = static_cast<int>(parent.above_leaves ? leaf_entries_max : children_max);
  if (left_count + right_count <= count_max * 3 / 4) {
    merge_below(parent_id, left);
  } else {
    shift(parent, left, (left_count - right_count) / 2);
  }
}

// Moves all of child `slot + 1` into child `slot`, and takes what that leaves too empty above in hand.
void StandingTree::merge_below(std::uint32_t parent_id, std::uint32_t slot) {
  Inner& parent = *inners_[parent_id];
  const std::uint32_t left = parent.children[slot];
  const std::uint32_t right = parent.children[slot + 1];
  shift(parent, slot, -static_cast<int>(child(parent, slot + 1).count));
  close_slot(parent, slot + 1);
  adopt(parent_id, slot + 1);
  if (parent.above_leaves) {
    leaves_[left].next = leaves_[right].next;
    if (leaves_[right].next != none) leaves_[leaves_[right].next].previous = left;
    leaves_[right] = {};
    free_leaves_.push_back(right);
  } else {
    inners_[right] = nullptr;
    free_inners_.push_back(right);
  }
  if (parent.parent != none) {
    if (parent.count < children_min) refill_below(parent.parent, parent.slot);
    return;
  }
  if (parent.count > 1) return;
  root_ = left;
  root_is_leaf_ = parent.above_leaves;
  Node& root = child(parent, 0);
  root.parent = none;
  root.slot = 0;
  inners_[parent_id] = nullptr;
  free_inners_.push_back(parent_id);
}

// Moves the last `count` of child `slot` to the front of the next child, or, negative, the other way round. What the
// parent knows of the two is right afterwards; what its own ancestors know of it does not change.
void StandingTree::shift(Inner& parent, std::uint32_t slot, int count) {
  const std::uint32_t left = parent.children[slot];
  const std::uint32_t right = parent.children[slot + 1];
  if (parent.above_leaves) {
    shift_entries(left, right, count);
    if (leaves_[right].count > 0) {
      parent.lower_bounds[slot + 1] = leaves_[right].places[0];
      parent.lower_members[slot + 1] = leaves_[right].members[0];
    }
  } else {
    shift_children(left, right, count);
    parent.lower_bounds[slot + 1] = inners_[right]->lower_bounds[0];
    parent.lower_members[slot + 1] = inners_[right]->lower_members[0];
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

void StandingTree::shift_entries(std::uint32_t left_id, std::uint32_t right_id, int count) {
  while (count < 0 && leaves_[left_id].capacity < leaf_entries_max) grow(leaves_[left_id]);
  Leaf& left = leaves_[left_id];
  Leaf& right = leaves_[right_id];
  shift_items(left.places.get(), left.count, right.places.get(), right.count, count);
  shift_items(left.members.get(), left.count, right.members.get(), right.count, count);
  const std::uint16_t left_count = left.count;
  left.count = static_cast<std::uint16_t>(left.count - count);
  right.count = static_cast<std::uint16_t>(right.count + count);
  for (int i = 0; i < count; ++i) index_.set(right.members[static_cast<std::size_t>(i)], right_id);
  for (std::uint32_t i = left_count; i < left.count; ++i) index_.set(left.members[i], left_id);
}

void StandingTree::shift_children(std::uint32_t left_id, std::uint32_t right_id, int count) {
  Inner& left = *inners_[left_id];
  Inner& right = *inners_[right_id];
  const auto shift_array = [&](auto& from, auto& to) {
    shift_items(from.data(), left.count, to.data(), right.count, count);
  };
  shift_array(left.lower_bounds, right.lower_bounds);
  shift_array(left.lower_members, right.lower_members);
  shift_array(left.children, right.children);
  shift_array(left.entries, right.entries);
  shift_array(left.values, right.values);
  const std::uint32_t left_first = count < 0 ? left.count : left.count - static_cast<std::uint32_t>(count);
  left.count = static_cast<std::uint16_t>(left.count - count);
  right.count = static_cast<std::uint16_t>(right.count + count);
  adopt(left_id, left_first);
  adopt(right_id, 0);
}

void StandingTree::open_slot(Inner& parent, std::uint32_t slot) {
  assert(parent.count < children_max);
  const auto open = [&](auto& array) {
    std::copy_backward(array.begin() + slot, array.begin() + parent.count, array.begin() + parent.count + 1);
  };
  open(parent.lower_bounds);
  open(parent.lower_members);
  open(parent.children);
  open(parent.entries);
  open(parent.values);
  ++parent.count;
}

void StandingTree::close_slot(Inner& parent, std::uint32_t slot) {
  const auto close = [&](auto& array) {
    std::copy(array.begin() + slot + 1, array.begin() + parent.count, array.begin() + slot);
  };
  close(parent.lower_bounds);
  close(parent.lower_members);
  close(parent.children);
  close(parent.entries);
  close(parent.values);
  --parent.count;
}

// Counts child `slot` anew.
void StandingTree::refresh(Inner& parent, std::uint32_t slot) const {
  std::uint32_t entries = 0;
  std::uint32_t values = 0;
  if (parent.above_leaves) {
    const Leaf& leaf = leaves_[parent.children[slot]];
    entries = leaf.count;
    for (std::uint32_t i = 0; i < leaf.count; ++i) values += begins_value(leaf, i) ? 1 : 0;
  } else {
    const Inner& inner = *inners_[parent.children[slot]];
    for (std::uint32_t i = 0; i < inner.count; ++i) {
      entries += inner.entries[i];
      values += inner.values[i];
    }
  }
  parent.entries[slot] = entries;
  parent.values[slot] = values;
}

// Tells the children from `first_slot` on where they are.
void StandingTree::adopt(std::uint32_t parent_id, std::uint32_t first_slot) {
  const Inner& parent = *inners_[parent_id];
  for (std::uint32_t slot = first_slot; slot < parent.count; ++slot) {
    Node& node = child(parent, slot);
    node.parent = parent_id;
    node.slot = static_cast<std::uint16_t>(slot);
  }
}

bool StandingTree::is_sound() const {
  if (root_is_leaf_ ? leaves_[root_].parent != none : inners_[root_]->parent != none) return false;
  if (root_is_leaf_ ? !is_sound_leaf(root_) : inners_[root_]->count < 2 || !is_sound_below(root_)) return false;
  std::uint64_t entries = 0;
  for (const Leaf& leaf : leaves_) entries += leaf.count;
  return entries == size();
}

bool StandingTree::is_sound_leaf(std::uint32_t id) const {
  const Leaf& leaf = leaves_[id];
  if (leaf.count > leaf.capacity || (leaf.parent != none && leaf.count < leaf_entries_min)) return false;
  if (leaf.next != none && leaves_[leaf.next].previous != id) return false;
  for (std::uint32_t slot = 0; slot < leaf.count; ++slot) {
    if (index_.find(leaf.members[slot]) != id) return false;
    const Seat after = next({id, slot});
    if (after.leaf == none) continue;
    const Entry other = entry(after);
    if (std::pair(leaf.places[slot], leaf.members[slot]) >= std::pair(other.place, other.member)) return false;
  }
  return true;
}

bool StandingTree::is_sound_below(std::uint32_t id) const {
  const Inner& inner = *inners_[id];
  if (inner.count > children_max || (inner.parent != none && inner.count < children_min)) return false;
  for (std::uint32_t slot = 0; slot < inner.count; ++slot) {
    const std::uint32_t node_id = inner.children[slot];
    const Node& node = inner.above_leaves ? static_cast<const Node&>(leaves_[node_id]) : *inners_[node_id];
    if (node.parent != id || node.slot != slot) return false;
    if (inner.above_leaves ? !is_sound_leaf(node_id) : !is_sound_below(node_id)) return false;
    Inner counted = inner;
    refresh(counted, slot);
    if (counted.entries[slot] != inner.entries[slot] || counted.values[slot] != inner.values[slot]) return false;
    if (!inner.above_leaves) continue;
    const Leaf& leaf = leaves_[node_id];
    const std::pair lower(inner.lower_bounds[slot], inner.lower_members[slot]);
    if (std::pair(leaf.places[0], leaf.members[0]) < lower) return false;
    if (slot == 0) continue;
    const Leaf& before = leaves_[leaf.previous];
    if (std::pair(before.places[before.count - 1U], before.members[before.count - 1U]) >= lower) return false;
  }
  return true;
}

}  // namespace tallyho
