#pragma once

// Runs plans. Internal to cel/.

#include <span>

#include "cel/arithmetic.h"
#include "cel/plan.h"
#include "cel/program.h"

namespace tallyho::cel {

// Whether an implementation takes these arguments, by their kinds.
bool accepts(const Candidate& candidate, std::span<const Value> args);
// The same, where they are known to be of the right kinds.
bool accepts_opaques(const Candidate& candidate, std::span<const Value> args);

// Items of a list or map.
inline std::size_t fold_size(const Value& range) {
  return range.is(Kind::list) ? range.as_list().size() : range.as_map().size;
}

// Sees every node that is evaluated, before and, if it has a value that isn't known, after; tests use another one, to
// compare with the cost estimate.
struct NoProbe {
  void visit(const Node&) {}
  void made(const Node&, const Value&) {}
};

// The exact evaluator: all of CEL's semantics, errors as values. A switch over nodes that calls itself; the operands
// of operators are mostly slots and constants, and those are read without a call.
//
// Nothing is allocated unless a value needs it: strings, lists and maps that are made, and the variables of folds.
template <typename Probe = NoProbe>
class Evaluator {
 public:
  Evaluator(const Plan& plan, Activation& activation, Arena& arena, Probe probe = {})
      : nodes_(plan.nodes.data()), plan_(plan), activation_(activation), arena_(arena), probe_(probe) {
    if (plan.locals > 0) locals_ = arena.array<Value>(plan.locals).data();
  }

  Value run() { return fetch(plan_.root); }
  // Of one node, which must not be inside a fold that it depends on.
  Value run(std::uint32_t node) { return fetch(node); }

 private:
  Value fetch(std::uint32_t index) {
    const Node& node = nodes_[index];
    if (node.opcode == Opcode::slot) {
      probe_.visit(node);
      const Value value = read(node);
      probe_.made(node, value);
      return value;
    }
    if (node.opcode == Opcode::constant) {
      probe_.visit(node);
      return node.constant;
    }
    const Value value = evaluate(node);
    probe_.made(node, value);
    return value;
  }

  Value read(const Node& node) {
    const Value value = activation_.read(node.a, arena_);
    if (value.is_error()) [[unlikely]]
      return placed(value, node.position);
    return value;
  }

  // Nothing but a jump to the function of the opcode: they are kept out of line, so that each saves only the registers
  // it uses.
  Value evaluate(const Node& node);
  [[gnu::noinline]] Value on_any(const Node& node);

  [[gnu::noinline]] Value read_slot(const Node& node) { return read(node); }
  [[gnu::noinline]] Value logical_not(const Node& node);
  [[gnu::noinline]] Value all_of(const Node& node);
  [[gnu::noinline]] Value any_of(const Node& node);
  [[gnu::noinline]] Value conditional(const Node& node);
  [[gnu::noinline]] Value optional_or(const Node& node);
  [[gnu::noinline]] Value call(const Node& node);
  [[gnu::noinline]] Value concatenate_operands(const Node& node);
  [[gnu::noinline]] Value make_list_of(const Node& node);
  [[gnu::noinline]] Value make_map_of(const Node& node);
  [[gnu::noinline]] Value fold(const Node& node);
  Value fold_any(const FoldPlan& plan, const Value& range, const Node& node);
  Value fold_predicate(const FoldPlan& plan, const Value& range, const Node& node, bool stop_at);
  Value fold_to_list(const FoldPlan& plan, const Value& range, const Node& node);
  Value fold_to_map(const FoldPlan& plan, const Value& range, const Node& node);

  // Whether a collecting fold takes the item at hand; an error value if it can't be told.
  Value keeps(const FoldPlan& plan, const Node& node) {
    if (plan.condition == no_node) return Value::boolean(true);
    const Value keep = fetch(plan.condition);
    return keep.is(Kind::boolean) ? keep : not_boolean(keep, node.position);
  }
  // Makes what a step adds to a map: `pairs` grows by doubling, so that the arena holds at most twice of it.
  Value append_entries(const FoldPlan& plan, std::span<Value>& pairs, std::size_t& made, const Node& node);

  // Evaluates the operands into `into`; false, with the first error in `error`, if there is one.
  bool evaluate_operands(const Node& node, std::span<Value> into, Value& error);
  // The same for lists and maps, where an optional operand may add nothing. `width`: 1, or 2 for pairs.
  std::size_t evaluate_items(const Node& node, std::span<Value> into, std::size_t width, Value& error);

  void bind_item(const FoldPlan& plan, const Value& range, std::size_t index) {
    const bool is_list = range.is(Kind::list);
    const Value key = is_list ? Value::int64(static_cast<std::int64_t>(index)) : range.as_map().pairs[2 * index];
    if (plan.has_second) {
      locals_[plan.item_local] = key;
      locals_[plan.second_local] = is_list ? range.as_list()[index] : range.as_map().pairs[2 * index + 1];
    } else {
      locals_[plan.item_local] = is_list ? range.as_list()[index] : key;
    }
  }

  // An operand that must be a bool and is not.
  static Value not_boolean(const Value& value, std::uint32_t position) {
    return value.is_error() ? value : Value::error(ErrorKind::no_such_overload, position);
  }
  static Value placed(const Value& error, std::uint32_t position) {
    return Value::error(error.error_kind(), position, error.error_detail());
  }
  static Value mismatch(const Value& a, const Value& b, std::uint32_t position) {
    if (a.is_error()) return a;
    if (b.is_error()) return b;
    return Value::error(ErrorKind::no_such_overload, position);
  }

  template <typename Operation>
  [[gnu::noinline]] Value on_int64(const Node& node, Operation operation) {
    const Value a = fetch(node.a);
    const Value b = fetch(node.b);
    if (a.is(Kind::int64) && b.is(Kind::int64)) [[likely]]
      return operation(a.as_int64(), b.as_int64());
    return mismatch(a, b, node.position);
  }
  template <typename Operation>
  [[gnu::noinline]] Value on_float64(const Node& node, Operation operation) {
    const Value a = fetch(node.a);
    const Value b = fetch(node.b);
    if (a.is(Kind::float64) && b.is(Kind::float64)) [[likely]]
      return operation(a.as_float64(), b.as_float64());
    return mismatch(a, b, node.position);
  }
  template <typename Operation>
  [[gnu::noinline]] Value on_string(const Node& node, Operation operation) {
    const Value a = fetch(node.a);
    const Value b = fetch(node.b);
    if (a.is(Kind::string) && b.is(Kind::string)) [[likely]]
      return operation(a.as_string(), b.as_string());
    return mismatch(a, b, node.position);
  }

  const Node* nodes_;
  const Plan& plan_;
  Activation& activation_;
  Arena& arena_;
  Value* locals_ = nullptr;
  [[no_unique_address]] Probe probe_;
};

extern template class Evaluator<NoProbe>;

}  // namespace tallyho::cel
