#pragma once

// Folds: what the macros expand to. Part of evaluator_body.h.

#include <algorithm>

#include "cel/containers.h"
#include "cel/evaluator.h"

namespace tallyho::cel {

template <typename Probe>
Value Evaluator<Probe>::fold(const Node& node) {
  const FoldPlan& plan = plan_.folds[node.a];
  const auto kind = static_cast<FoldKind>(node.detail);
  if (kind == FoldKind::bind) {
    locals_[plan.result_local] = fetch(plan.init);
    return fetch(plan.result);
  }
  const Value range = fetch(plan.range);
  if (!range.is(Kind::list) && !range.is(Kind::map)) return mismatch(range, range, node.position);
  switch (kind) {
    case FoldKind::all: return fold_predicate(plan, range, node, false);
    case FoldKind::exists: return fold_predicate(plan, range, node, true);
    case FoldKind::to_list: return fold_to_list(plan, range, node);
    case FoldKind::to_map: return fold_to_map(plan, range, node);
    default: return fold_any(plan, range, node);
  }
}

template <typename Probe>
Value Evaluator<Probe>::fold_any(const FoldPlan& plan, const Value& range, const Node& node) {
  const std::size_t size = fold_size(range);
  locals_[plan.result_local] = fetch(plan.init);
  for (std::size_t i = 0; i < size; ++i) {
    bind_item(plan, range, i);
    const Value condition = fetch(plan.condition);
    if (condition.is_false()) break;
    if (!condition.is_true()) return not_boolean(condition, node.position);
    locals_[plan.result_local] = fetch(plan.step);
  }
  return fetch(plan.result);
}

// all: an AND over the items, which stops at the first false. exists: an OR, which stops at the first true.
template <typename Probe>
Value Evaluator<Probe>::fold_predicate(const FoldPlan& plan, const Value& range, const Node& node, bool stop_at) {
  const std::size_t size = fold_size(range);
  Value result = Value::boolean(!stop_at);
  for (std::size_t i = 0; i < size; ++i) {
    bind_item(plan, range, i);
    const Value value = fetch(plan.step);
    if (value.is(Kind::boolean)) {
      if (value.as_boolean() == stop_at) return value;
    } else if (!result.is_error()) {
      result = not_boolean(value, node.position);
    }
  }
  return result;
}

// The range's size bounds the result's, so that one array serves all steps.
template <typename Probe>
Value Evaluator<Probe>::fold_to_list(const FoldPlan& plan, const Value& range, const Node& node) {
  const std::size_t size = fold_size(range);
  const std::span<Value> items = arena_.array<Value>(size);
  std::size_t made = 0;
  for (std::size_t i = 0; i < size; ++i) {
    bind_item(plan, range, i);
    const Value keep = keeps(plan, node);
    if (keep.is_error()) return keep;
    if (!keep.as_boolean()) continue;
    items[made] = fetch(plan.step);
    if (items[made].is_error()) return items[made];
    ++made;
  }
  return adopt_list(items.first(made), arena_);
}

template <typename Probe>
Value Evaluator<Probe>::fold_to_map(const FoldPlan& plan, const Value& range, const Node& node) {
  const std::size_t size = fold_size(range);
  std::span<Value> pairs = arena_.array<Value>(2 * size);
  std::size_t made = 0;
  for (std::size_t i = 0; i < size; ++i) {
    bind_item(plan, range, i);
    const Value keep = keeps(plan, node);
    if (keep.is_error()) return keep;
    if (!keep.as_boolean()) continue;
    const Value failed = append_entries(plan, pairs, made, node);
    if (failed.is_error()) return failed;
  }
  const auto map = adopt_map(pairs.first(made), arena_);
  return map ? *map : Value::error(map.error(), node.position);
}

template <typename Probe>
Value Evaluator<Probe>::append_entries(const FoldPlan& plan, std::span<Value>& pairs, std::size_t& made,
                                       const Node& node) {
  const Value first = fetch(plan.step);
  if (first.is_error()) return first;
  if (plan.second_step != no_node) {
    const Value second = fetch(plan.second_step);
    if (second.is_error()) return second;
    pairs[made++] = first;
    pairs[made++] = second;
    return Value();
  }
  if (!first.is(Kind::map)) return Value::error(ErrorKind::no_such_overload, node.position);
  const std::size_t added = 2 * std::size_t{first.as_map().size};
  if (made + added > pairs.size()) {
    if (made + added > made_size_max) return Value::error(ErrorKind::out_of_range, node.position);
    const std::span<Value> larger = arena_.array<Value>(2 * (made + added));
    std::copy_n(pairs.begin(), made, larger.begin());
    pairs = larger;
  }
  std::copy_n(first.as_map().pairs, added, pairs.begin() + static_cast<std::ptrdiff_t>(made));
  made += added;
  return Value();
}

}  // namespace tallyho::cel
