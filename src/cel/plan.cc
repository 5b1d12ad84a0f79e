#include "cel/plan.h"

#include <algorithm>
#include <utility>

#include "cel/containers.h"
#include "cel/cost.h"
#include "cel/evaluator.h"
#include "cel/planner.h"

namespace tallyho::cel {
namespace {

// A constant sub-expression that may take longer than this is left to run time, where its cost is budgeted.
constexpr std::uint64_t folding_units_max = 100'000;

// What constants read: nothing.
class NoActivation final : public Activation {
 public:
  Value read(Slot, Arena&) override { return Value::error(ErrorKind::unbound); }
  bool has(Slot) override { return false; }
};

}  // namespace

std::expected<Plan, std::vector<Issue>> make_plan(const Expr& root, const Environment& environment, Checked checked,
                                                  Arena arena) {
  return Planner(environment, checked, std::move(arena)).make(root);
}

std::uint32_t kinds_of(Type::Kind type) {
  switch (type) {
    case Type::Kind::null: return kind_bit(Kind::null);
    case Type::Kind::boolean: return kind_bit(Kind::boolean);
    case Type::Kind::int64: return kind_bit(Kind::int64);
    case Type::Kind::uint64: return kind_bit(Kind::uint64);
    case Type::Kind::float64: return kind_bit(Kind::float64);
    case Type::Kind::string: return kind_bit(Kind::string);
    case Type::Kind::bytes: return kind_bit(Kind::bytes);
    case Type::Kind::timestamp: return kind_bit(Kind::timestamp);
    case Type::Kind::duration: return kind_bit(Kind::duration);
    case Type::Kind::list: return kind_bit(Kind::list);
    case Type::Kind::map: return kind_bit(Kind::map);
    case Type::Kind::type: return kind_bit(Kind::type);
    case Type::Kind::optional: return kind_bit(Kind::optional);
    case Type::Kind::opaque: return kind_bit(Kind::opaque);
    case Type::Kind::dyn:
    case Type::Kind::error:
    case Type::Kind::record:
    case Type::Kind::parameter: break;
  }
  return ~kind_bit(Kind::error);
}

std::expected<Plan, std::vector<Issue>> Planner::make(const Expr& root) {
  // Most texts have fewer nodes than a quarter of their bytes; those that have more get more room.
  const std::size_t nodes = std::min<std::size_t>((root.end - root.begin) / 4 + 1, 64);
  plan_.nodes.reserve(nodes);
  plan_.types.reserve(nodes);
  const Part part = lower(root);
  if (!issues_.empty()) return std::unexpected(std::move(issues_));
  plan_.root = part.node;
  std::ranges::sort(slots_);
  const auto repeats = std::ranges::unique(slots_);
  plan_.slots.assign(slots_.begin(), repeats.begin());
  return std::move(plan_);
}

Planner::Part Planner::lower(const Expr& expr) {
  const bool is_leaf = expr.kind == Expr::Kind::literal || expr.reference == Expr::Reference::constant ||
                       expr.reference == Expr::Reference::slot;
  if (is_leaf) return lower_unfolded(expr);
  if (depth_ >= plan_depth_max) {
    if (issues_.empty()) issue(expr, "the expression is nested too deeply");
    return add_constant(expr, Value());
  }
  const Mark mark{plan_.nodes.size(), plan_.operands.size(), plan_.folds.size()};
  ++depth_;
  Part part = lower_unfolded(expr);
  --depth_;
  fold_constant(expr, mark, part);
  return part;
}

Planner::Part Planner::lower_unfolded(const Expr& expr) {
  if (expr.reference == Expr::Reference::constant) {
    return add_constant(expr, expr.test_only ? Value::boolean(true) : expr.value);
  }
  if (expr.reference == Expr::Reference::slot) return lower_slot(expr);
  switch (expr.kind) {
    case Expr::Kind::literal: return add_constant(expr, expr.value);
    case Expr::Kind::identifier: return lower_identifier(expr);
    case Expr::Kind::select: return lower_select(expr);
    case Expr::Kind::call: return lower_call(expr);
    case Expr::Kind::list:
    case Expr::Kind::map: return lower_aggregate(expr);
    case Expr::Kind::comprehension: return lower_fold(expr);
    case Expr::Kind::message: break;
  }
  return add_error(expr, ErrorKind::unbound);
}

// Replaces the nodes made since `mark` by one constant, if they depend on nothing. Errors are constants too: what they
// spoil, and whether something absorbs them, stays for the evaluator to find out.
void Planner::fold_constant(const Expr& expr, const Mark& mark, Part& part) {
  if (!part.depends_on_nothing() || !issues_.empty() || node(part).opcode == Opcode::constant) return;
  if (expr.kind == Expr::Kind::comprehension && estimate_cost(expr).units > folding_units_max) return;
  NoActivation nothing;
  Arena scratch;
  const Value value = copy_into(Evaluator<>(plan_, nothing, scratch).run(part.node), plan_.arena);
  plan_.nodes.resize(mark.nodes);
  plan_.types.resize(mark.nodes);
  plan_.operands.resize(mark.operands);
  plan_.folds.resize(mark.folds);
  part = add_constant(expr, value);
}

Planner::Part Planner::add(Opcode opcode, const Expr& expr) {
  Node& made = plan_.nodes.emplace_back();
  made.opcode = opcode;
  made.position = expr.position;
  plan_.types.push_back(expr.type.kind());
  return {.node = static_cast<std::uint32_t>(plan_.nodes.size() - 1)};
}

Planner::Part Planner::add_constant(const Expr& expr, const Value& value) {
  const Part part = add(Opcode::constant, expr);
  node(part).constant = value;
  return part;
}

Planner::Part Planner::add_unary(Opcode opcode, const Expr& expr, const Expr& a) {
  const Part operand = lower(a);
  Part part = add(opcode, expr);
  node(part).a = operand.node;
  part.depend_on(operand);
  return part;
}

Planner::Part Planner::add_binary(Opcode opcode, const Expr& expr, const Expr& a, const Expr& b) {
  const Part first = lower(a);
  const Part second = lower(b);
  Part part = add(opcode, expr);
  node(part).a = first.node;
  node(part).b = second.node;
  part.depend_on(first);
  part.depend_on(second);
  return part;
}

Planner::Part Planner::add_nary(Opcode opcode, const Expr& expr, std::span<const Part> operands) {
  if (operands.size() > UINT16_MAX) {
    issue(expr, "this has more than 65535 parts");
    return add_constant(expr, Value());
  }
  Part part = add(opcode, expr);
  node(part).count = static_cast<std::uint16_t>(operands.size());
  node(part).b = static_cast<std::uint32_t>(plan_.operands.size());
  if (plan_.operands.empty()) plan_.operands.reserve(std::max<std::size_t>(operands.size(), 16));
  for (const Part& operand : operands) {
    plan_.operands.push_back(operand.node);
    part.depend_on(operand);
  }
  return part;
}

const Value* Planner::constant(const Part& part) const {
  const Node& found = plan_.nodes[part.node];
  return found.opcode == Opcode::constant ? &found.constant : nullptr;
}

Planner::Part Planner::lower_slot(const Expr& expr) {
  if (expr.test_only && !expr.optional_field) return add_constant(expr, Value::boolean(true));
  const Opcode read = expr.optional_field ? Opcode::optional_slot : Opcode::slot;
  Part part = add(expr.test_only ? Opcode::has_slot : read, expr);
  node(part).a = expr.slot;
  part.reads_slots = true;
  slots_.push_back(expr.slot);
  return part;
}

std::optional<std::uint32_t> Planner::find_local(std::string_view name) const {
  if (name.empty()) return std::nullopt;  // A leading dot; and no variable is one that a fold does not have.
  for (std::size_t i = locals_.size(); i > 0; --i) {
    if (locals_[i - 1] == name) return static_cast<std::uint32_t>(i - 1);
  }
  return std::nullopt;
}

Planner::Part Planner::lower_identifier(const Expr& expr) {
  if (checked_ == Checked::no || expr.reference == Expr::Reference::local) {
    if (const auto local = find_local(expr.name)) {
      Part part = add(Opcode::local, expr);
      node(part).a = *local;
      part.lowest_local = *local;
      return part;
    }
  }
  if (checked_ == Checked::no) return lower_unchecked_name(expr);
  return add_error(expr, ErrorKind::unbound);
}

Planner::Part Planner::lower_select(const Expr& expr) {
  if (checked_ == Checked::no) return lower_unchecked_name(expr);
  const Part part = add_unary(expr.test_only ? Opcode::has_select : Opcode::select, expr, *expr.target);
  node(part).constant = Value::string(plan_.arena.copy(expr.name));
  return part;
}

// What needs no evaluator to be folded.
std::optional<Planner::Part> Planner::add_constant_list(const Expr& expr) {
  const bool are_literals =
      std::ranges::all_of(expr.args, [](const Expr* arg) { return arg->kind == Expr::Kind::literal; });
  if (expr.kind != Expr::Kind::list || !expr.optional_args.empty() || !are_literals) return std::nullopt;
  const std::span<Value> items = plan_.arena.array<Value>(expr.args.size());
  std::ranges::transform(expr.args, items.begin(), &Expr::value);
  return add_constant(expr, adopt_list(items, plan_.arena));
}

Planner::Part Planner::lower_aggregate(const Expr& expr) {
  if (const auto list = add_constant_list(expr)) return *list;
  std::vector<Part> operands;
  operands.reserve(expr.args.size());
  for (const Expr* arg : expr.args) operands.push_back(lower(*arg));
  const Part part = add_nary(expr.kind == Expr::Kind::list ? Opcode::make_list : Opcode::make_map, expr, operands);
  if (std::ranges::find(expr.optional_args, true) != expr.optional_args.end()) {
    node(part).detail = 1;
    for (const bool optional : expr.optional_args) plan_.operands.push_back(optional ? 1 : 0);
    // The evaluator reads a flag per item or pair, also where the parser stopped after the last optional one.
    const std::size_t items = expr.kind == Expr::Kind::list ? expr.args.size() : expr.args.size() / 2;
    for (std::size_t i = expr.optional_args.size(); i < items; ++i) plan_.operands.push_back(0);
  }
  return part;
}

}  // namespace tallyho::cel
