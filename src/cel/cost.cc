#include "cel/cost.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "cel/environment.h"
#include "cel/size_bound.h"
#include "re2/re2.h"

namespace tallyho::cel {
namespace {

// The table of cost_model 1, which docs/reference/ruleset.md explains. A unit is about a nanosecond on a 3 GHz server
// core.
struct CostTable {
  std::uint64_t constant = 1;
  std::uint64_t local = 1;
  std::uint64_t slot = 4;        // A call into the host, which may look up state.
  std::uint64_t typed = 2;       // An operator on numbers or bools.
  std::uint64_t generic = 6;     // An operator that looks at kinds.
  std::uint64_t call = 10;       // Of a function, beside the overload's own cost.
  std::uint64_t select = 12;     // A look-up in a map, beside hashing and comparing keys.
  std::uint64_t container = 10;  // Making a list or map,
  std::uint64_t item = 2;        // and each item of it;
  std::uint64_t pair = 12;       // each pair of a map is hashed.
  std::uint64_t fold = 10;       // Starting a fold,
  std::uint64_t step = 4;        // and each step of it beside what it evaluates.
  std::uint64_t matches = 50;    // Starting a regular expression; then instructions × bytes.
};
constexpr CostTable table;

// Keys of a map that are compared with another one at worst: all those that strangers can choose (they know the hash),
// and a few otherwise.
std::uint64_t probes(const SizeBound& map) {
  constexpr std::uint64_t few = 8;
  return map.is_constant ? std::min(map.own, few) : map.own;
}

// A look-up of a key.
std::uint64_t units_of_lookup(const SizeBound& map, const SizeBound& key) {
  const std::uint64_t compare = std::min(chunks(key.own), chunks(map.item_bound().own));
  return plus(table.select, chunks(key.own), times(probes(map), compare));
}

// Making a map of pairs that are there.
std::uint64_t units_of_map(const SizeBound& map) {
  const std::uint64_t key = chunks(map.item_bound().own);
  return times(map.own, plus(table.pair, key, times(probes(map), key)));
}

// What it takes to look at all of a value once: what comparing it costs.
std::uint64_t weight(const SizeBound& size) {
  if (size.item == nullptr) return chunks(size.own);
  std::uint64_t each = plus(table.generic, weight(*size.item));
  if (size.is_map) each = plus(each, units_of_lookup(size, *size.item));
  return plus(times(size.own, each), 1);
}

struct Estimate {
  std::uint64_t units = 0;
  SizeBound size;
};

class Estimator {
 public:
  Cost estimate(const Expr& root) {
    const Estimate whole = visit(root, 1);
    cost_.units = whole.units;
    cost_.result_size = whole.size.own;
    cost_.depth = root.height;
    return std::move(cost_);
  }

 private:
  struct Local {
    std::string_view name;
    SizeBound size;
  };

  // `runs`: how often `expr` is evaluated.
  Estimate visit(const Expr& expr, std::uint64_t runs);
  Estimate identifier(const Expr& expr, std::uint64_t runs);
  Estimate aggregate(const Expr& expr, std::uint64_t runs);
  Estimate call(const Expr& expr, std::uint64_t runs);
  Estimate call_of_scalars(const Expr& expr, std::uint64_t runs);
  Estimate fold(const Expr& expr, std::uint64_t runs);
  std::uint64_t units_of_steps(const Expr& expr, const SizeBound& range, std::uint64_t runs, SizeBound& made);

  // Books what `expr` costs by itself, without its parts.
  std::uint64_t own(const Expr& expr, std::uint64_t units, std::uint64_t runs) {
    if (times(units, runs) > times(cost_.dominant_units, cost_.dominant_times)) {
      cost_.dominant_begin = expr.begin;
      cost_.dominant_end = expr.end;
      cost_.dominant_units = units;
      cost_.dominant_times = runs;
      cost_.dominant_loops = loops_;
    }
    return units;
  }
  // Books what it takes of the arena: `bytes`, and what one allocation wastes.
  void take(std::uint64_t bytes, std::uint64_t runs) {
    constexpr std::uint64_t overhead_bytes = 64;  // A List or Map, and alignment, twice.
    cost_.arena_bytes = plus(cost_.arena_bytes, times(runs, plus(bytes, overhead_bytes)));
  }
  // A list's items, or a map's pairs and index, while they are put together.
  void take_items(const SizeBound& made, std::uint64_t runs) { take(times(made.own, made.is_map ? 128 : 16), runs); }

  Cost cost_;
  const std::array<SizeBound, 3> no_sizes_ = {};  // Of scalars.
  std::vector<Local> locals_;
  std::vector<CostLoop> loops_;
};

Estimate Estimator::visit(const Expr& expr, std::uint64_t runs) {
  if (expr.reference == Expr::Reference::constant) return {own(expr, table.constant, runs), bound_of(expr.value)};
  if (expr.reference == Expr::Reference::slot) {
    const std::uint64_t units = own(expr, table.slot * (expr.optional_field ? 2 : 1), runs);
    if (expr.test_only || is_scalar(expr.type)) return {units, {}};
    SizeBound size = bound_of(expr.type, expr.bounds);
    take(times(size.bytes(), size.is_map ? 4 : 1), runs);  // The host may have to make it, with an index.
    return {units, std::move(size)};
  }
  switch (expr.kind) {
    case Expr::Kind::literal: return {own(expr, table.constant, runs), bound_of(expr.value)};
    case Expr::Kind::identifier: return identifier(expr, runs);
    case Expr::Kind::select: {
      const Estimate target = visit(*expr.target, runs);
      const SizeBound key{.own = expr.name.size()};
      const std::uint64_t units = own(expr, units_of_lookup(target.size, key), runs);
      if (expr.test_only || is_scalar(expr.type)) return {plus(target.units, units), {}};
      take(0, runs);
      return {plus(target.units, units), target.size.item_bound()};
    }
    case Expr::Kind::list:
    case Expr::Kind::map: return aggregate(expr, runs);
    case Expr::Kind::call: return call(expr, runs);
    case Expr::Kind::comprehension: return fold(expr, runs);
    case Expr::Kind::message: break;
  }
  return {unbounded, {.own = unbounded}};
}

Estimate Estimator::identifier(const Expr& expr, std::uint64_t runs) {
  for (std::size_t i = locals_.size(); i > 0; --i) {
    if (locals_[i - 1].name == expr.name) return {own(expr, table.local, runs), locals_[i - 1].size};
  }
  return {own(expr, table.local, runs), {.own = is_scalar(expr.type) ? 0 : unbounded}};
}

Estimate Estimator::aggregate(const Expr& expr, std::uint64_t runs) {
  Estimate whole;
  whole.size.is_map = expr.kind == Expr::Kind::map;
  whole.size.is_constant = true;
  SizeBound item{.is_constant = true};
  for (std::size_t i = 0; i < expr.args.size(); ++i) {
    const Estimate part = visit(*expr.args[i], runs);
    whole.units = plus(whole.units, part.units);
    const bool is_key = whole.size.is_map && i % 2 == 0;
    if (is_key && expr.args[i]->kind != Expr::Kind::literal) whole.size.is_constant = false;
    item = largest(item, part.size);
  }
  whole.size.own = whole.size.is_map ? expr.args.size() / 2 : expr.args.size();
  whole.size.item = std::make_shared<SizeBound>(item);
  const std::uint64_t made = whole.size.is_map ? units_of_map(whole.size) : times(whole.size.own, table.item);
  whole.units = plus(whole.units, own(expr, plus(table.container, made), runs));
  take_items(whole.size, runs);
  return whole;
}

bool is_constant_list(const Expr& expr) {
  return expr.kind == Expr::Kind::list &&
         std::ranges::all_of(expr.args, [](const Expr* item) { return item->kind == Expr::Kind::literal; });
}

std::uint64_t units_of_in(const Expr& expr, std::span<const SizeBound> args) {
  const std::string& id = expr.overloads[0]->id;
  if (id == "in_map") return units_of_lookup(args[1], args[0]);
  const SizeBound item = args[1].item_bound();
  if (is_scalar(expr.args[0]->type) && is_constant_list(*expr.args[1])) {
    return units_of_lookup({.own = args[1].own, .is_constant = true}, args[0]);
  }
  const std::uint64_t compare = std::min(weight(args[0]), weight(item));
  return plus(table.generic, times(args[1].own, plus(table.generic, compare)));
}

// Operators whose cost is not a matter of the arguments' sizes alone; 0 for other calls.
std::uint64_t units_of_operator(const Expr& expr, std::span<const SizeBound> args) {
  switch (expr.op) {
    case Operator::conditional:
    case Operator::logical_and:
    case Operator::logical_or:
    case Operator::logical_not:
    case Operator::not_strictly_false: return table.typed;
    case Operator::equal:
    case Operator::not_equal:
    case Operator::less:
    case Operator::less_equals:
    case Operator::greater:
    case Operator::greater_equals:
      if (args.size() != 2) return 0;
      if (is_scalar(expr.args[0]->type) && is_scalar(expr.args[1]->type)) return table.typed;
      return plus(table.generic, std::min(weight(args[0]), weight(args[1])));
    case Operator::index:
    case Operator::optional_select:
    case Operator::optional_index: {
      if (args.size() != 2) return 0;
      const bool may_be_map = args[0].is_map || expr.args[0]->type.is(Type::Kind::dyn);
      return may_be_map ? units_of_lookup(args[0], args[1]) : table.select;
    }
    case Operator::in: {
      const bool is_known = args.size() == 2 && expr.overloads.size() == 1 && expr.overloads[0]->is_standard;
      return is_known ? units_of_in(expr, args) : 0;
    }
    default: return 0;
  }
}

// A regular expression steps through its instructions for each byte, at worst.
std::uint64_t units_of_matches(const Expr& expr, std::span<const SizeBound> args) {
  const Expr& pattern = *expr.args.back();
  std::uint64_t instructions = unbounded;
  if (pattern.value.is(Kind::string) &&
      (pattern.kind == Expr::Kind::literal || pattern.reference == Expr::Reference::constant)) {
    re2::RE2::Options options;
    options.set_log_errors(false);
    const re2::RE2 compiled(pattern.value.as_string(), options);
    instructions = compiled.ok() ? static_cast<std::uint64_t>(std::max(compiled.ProgramSize(), 1)) : 1;
  }
  return plus(table.matches, times(instructions, plus(args[0].own, 1)));
}

// Functions that look for one text at each place of another.
bool is_search(const Expr& expr) {
  if (expr.overloads.empty() || expr.overloads[0]->parameters.empty()) return false;
  if (!expr.overloads[0]->parameters[0].is(Type::Kind::string)) return false;
  const std::string_view name = expr.name;
  return name == "contains" || name == "indexOf" || name == "lastIndexOf" || name == "split" || name == "replace";
}

// The greatest or least of a list: all of its items are compared.
bool is_extreme_of_list(const Expr& expr, std::span<const SizeBound> args) {
  const std::string_view name = expr.name;
  return args.size() == 1 && args[0].item != nullptr && (name == "math.@max" || name == "math.@min");
}

std::uint64_t units_of_call(const Expr& expr, std::span<const SizeBound> args, const SizeBound& result) {
  if (const std::uint64_t units = units_of_operator(expr, args); units > 0) return units;
  if (expr.name == "matches" && args.size() == 2) return units_of_matches(expr, args);
  std::uint64_t bytes = is_scalar(expr.type) ? 0 : result.own;
  for (const SizeBound& arg : args) {
    bytes = plus(bytes, arg.own);
    if (arg.item != nullptr) bytes = plus(bytes, times(arg.own, plus(1, arg.item->own)));
  }
  std::uint64_t heaviest = 0;
  bool is_typed = !expr.overloads.empty();
  for (const Overload* overload : expr.overloads) {
    const CallCost& cost = overload->cost;
    std::uint64_t units = cost.base;
    if (cost.per_16_bytes > 0) {
      units = plus(units, times(cost.per_16_bytes, chunks(bytes)));
      if (result.item != nullptr && !is_scalar(expr.type)) units = plus(units, result.own);  // Each item is copied.
    }
    heaviest = std::max(heaviest, units);
    is_typed = is_typed && overload->function.starts_with('_') && is_scalar(overload->result);
  }
  if (is_search(expr) && args.size() >= 2) {
    heaviest = plus(heaviest, times(plus(args[0].own, 1), chunks(args[1].own)));
  }
  if (is_extreme_of_list(expr, args)) heaviest = plus(heaviest, times(args[0].own, table.generic));
  if (result.is_map) heaviest = plus(heaviest, units_of_map(result));
  return plus(is_typed ? table.typed : table.call, heaviest);
}

// An operator that takes and makes scalars only: nothing has a size.
bool is_of_scalars(const Expr& expr) {
  if (expr.op == Operator::none || !is_scalar(expr.type)) return false;
  return std::ranges::all_of(expr.args, [](const Expr* arg) { return is_scalar(arg->type); });
}

Estimate Estimator::call_of_scalars(const Expr& expr, std::uint64_t runs) {
  std::uint64_t units = 0;
  for (const Expr* arg : expr.args) units = plus(units, visit(*arg, runs).units);
  const auto args = std::span<const SizeBound>(no_sizes_).first(std::min(expr.args.size(), no_sizes_.size()));
  take(16 * expr.args.size(), runs);
  return {plus(units, own(expr, units_of_call(expr, args, {}), runs)), {}};
}

Estimate Estimator::call(const Expr& expr, std::uint64_t runs) {
  if (is_of_scalars(expr)) return call_of_scalars(expr, runs);
  Estimate whole;
  absl::InlinedVector<SizeBound, 4> args;
  const auto add = [&](const Expr& arg) {
    Estimate part = visit(arg, runs);
    whole.units = plus(whole.units, part.units);
    args.push_back(std::move(part.size));
  };
  const bool has_target = expr.target != nullptr && (expr.overloads.empty() || expr.overloads[0]->is_method);
  if (has_target) add(*expr.target);
  for (const Expr* arg : expr.args) add(*arg);
  whole.size = bound_of_call(expr, args);
  whole.units = plus(whole.units, own(expr, units_of_call(expr, args, whole.size), runs));
  take(16 * args.size(), runs);
  if (whole.size.item != nullptr) take_items(whole.size, runs);
  if (!is_scalar(expr.type) && expr.op != Operator::conditional && expr.op != Operator::index) {
    // Texts are made once; a list of texts, of pieces of what it was made of.
    std::uint64_t bytes = whole.size.item == nullptr ? whole.size.own : 0;
    for (const SizeBound& arg : args) bytes = plus(bytes, arg.item == nullptr ? arg.own : 0);
    take(bytes, runs);
  }
  return whole;
}

// Condition and step of a fold, all of them; `made` becomes what the accumulator grows to.
std::uint64_t Estimator::units_of_steps(const Expr& expr, const SizeBound& range, std::uint64_t runs, SizeBound& made) {
  const Expr::Fold& source = *expr.fold;
  const std::uint64_t steps = range.own;
  if (steps == 0) return 0;
  // What one step adds to a list or map is what it makes of an empty one.
  const std::size_t outer = locals_.size();
  locals_.push_back({source.result_name, {.own = 0, .item = made.item, .is_map = made.is_map, .is_constant = false}});
  locals_.push_back({source.item_name, range.item_bound()});
  if (!source.second_name.empty()) locals_.push_back({source.second_name, range.item_bound()});
  loops_.push_back({.begin = source.range->begin, .end = source.range->end, .size = steps});
  const std::uint64_t all_runs = times(runs, steps);
  const Estimate condition = visit(*source.condition, all_runs);
  const Estimate step = visit(*source.step, all_runs);
  own(expr, table.step, all_runs);
  loops_.pop_back();
  locals_.resize(outer);
  made.own = plus(made.own, times(steps, step.size.own));
  if (step.size.item != nullptr) made.item = step.size.item;
  made.is_map = made.is_map || step.size.is_map;
  made.is_constant = false;
  return times(steps, plus(condition.units, step.units, table.step));
}

Estimate Estimator::fold(const Expr& expr, std::uint64_t runs) {
  const Expr::Fold& source = *expr.fold;
  const Estimate range = visit(*source.range, runs);
  const Estimate init = visit(*source.init, runs);
  take(3 * 16, 1);  // Its variables.
  SizeBound made = init.size;
  const std::uint64_t steps = units_of_steps(expr, range.size, runs, made);
  if (is_scalar(source.result->type)) made = {};
  std::uint64_t own_units = table.fold;
  if (range.size.own > 0 && made.item != nullptr) {
    if (made.is_map) own_units = plus(own_units, units_of_map(made));
    take(times(range.size.own, 32), runs);  // Room for as many items or pairs as the range has.
    take_items(made, runs);
  }
  const std::size_t outer = locals_.size();
  locals_.push_back({source.result_name, made});
  const Estimate result = visit(*source.result, runs);
  locals_.resize(outer);
  const std::uint64_t units = own(expr, own_units, runs);
  return {plus(range.units, init.units, steps, result.units, units), result.size};
}

}  // namespace

Cost estimate_cost(const Expr& root) {
  return Estimator().estimate(root);
}

}  // namespace tallyho::cel
