#include "cel/cost.h"

#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <utility>

#include "cel/environment.h"
#include "re2/re2.h"

namespace tallyho::cel {
namespace {

// The table, cost_model 1. A unit is about a nanosecond on a 3 GHz server core.
struct CostTable {
  std::uint64_t constant = 1;
  std::uint64_t local = 1;
  std::uint64_t slot = 4;        // A call into the host, which may look up state.
  std::uint64_t typed = 2;       // An operator on numbers or bools.
  std::uint64_t generic = 6;     // An operator that looks at kinds.
  std::uint64_t call = 10;       // Of a function, beside the overload's own cost.
  std::uint64_t select = 12;     // A look-up in a map, and its key per 16 bytes.
  std::uint64_t container = 10;  // Making a list or map,
  std::uint64_t item = 2;        // and each item of it;
  std::uint64_t pair = 12;       // each pair of a map is hashed.
  std::uint64_t fold = 10;       // Starting a fold,
  std::uint64_t step = 4;        // and each step of it beside what it evaluates.
  std::uint64_t matches = 50;    // Starting a regular expression; then instructions × bytes.
  std::uint64_t zone = 60;       // A time as clocks somewhere show it.
  std::uint64_t text = 60;       // Reading or writing a number or time as text.
};
constexpr CostTable table;
constexpr std::uint64_t chunk_bytes = 16;
constexpr std::uint64_t unbounded = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t number_text_bytes = 48;  // The longest text of a number, time or duration, rounded up.

std::uint64_t plus(std::uint64_t a, std::uint64_t b) {
  return a > unbounded - b ? unbounded : a + b;
}
std::uint64_t times(std::uint64_t a, std::uint64_t b) {
  std::uint64_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? unbounded : product;
}
std::uint64_t chunks(std::uint64_t bytes) {
  return bytes == unbounded ? unbounded : bytes / chunk_bytes + 1;
}

// How large a value may be: bytes of a text, items of a list or map. Scalars have size 0.
struct Size {
  std::uint64_t own = 0;
  std::shared_ptr<const Size> item;  // Of a list or map: the largest item, key or value.
};

Size largest(const Size& a, const Size& b) {
  Size size{std::max(a.own, b.own), a.item == nullptr ? b.item : a.item};
  if (a.item != nullptr && b.item != nullptr) size.item = std::make_shared<Size>(largest(*a.item, *b.item));
  return size;
}

Size item_of(const Size& container) {
  if (container.item != nullptr) return *container.item;
  return {container.own == 0 ? 0 : unbounded, nullptr};
}

Size size_of(const Value& value) {
  switch (value.kind()) {
    case Kind::string:
    case Kind::bytes:
    case Kind::type: return {value.as_string().size(), nullptr};
    case Kind::list: {
      Size item;
      for (const Value& each : value.as_list()) item = largest(item, size_of(each));
      return {value.as_list().size(), std::make_shared<Size>(item)};
    }
    case Kind::map: {
      Size item;
      const Map& map = value.as_map();
      for (std::size_t i = 0; i < 2 * std::size_t{map.size}; ++i) item = largest(item, size_of(map.pairs[i]));
      return {map.size, std::make_shared<Size>(item)};
    }
    case Kind::optional: return value.as_optional() == nullptr ? Size{} : size_of(*value.as_optional());
    default: return {};
  }
}

bool is_scalar(const Type& type) {
  switch (type.kind()) {
    case Type::Kind::null:
    case Type::Kind::boolean:
    case Type::Kind::int64:
    case Type::Kind::uint64:
    case Type::Kind::float64:
    case Type::Kind::timestamp:
    case Type::Kind::duration: return true;
    default: return false;
  }
}

std::uint64_t bound(std::uint32_t declared) {
  return declared == 0 ? unbounded : declared;
}

// Of a variable or field, by its type and declared bounds.
Size size_of(const Type& type, const Bounds& bounds) {
  if (is_scalar(type)) return {};
  Size size{bound(bounds.size_max), nullptr};
  if (type.is(Type::Kind::list) || type.is(Type::Kind::map)) {
    const bool scalars = std::ranges::all_of(type.parameters(), is_scalar);
    size.item = std::make_shared<Size>(Size{scalars ? 0 : bound(bounds.item_size_max), nullptr});
  }
  return size;
}

// What it takes to look at all of a value once, in units: what comparing it costs.
std::uint64_t weight(const Size& size) {
  if (size.item == nullptr) return chunks(size.own);
  return plus(times(size.own, plus(table.pair, weight(*size.item))), 1);
}

struct Estimate {
  std::uint64_t units = 0;
  Size size;
};

class Estimator {
 public:
  Cost estimate(const Expr& root) {
    const Estimate whole = visit(root, 1);
    cost_.units = whole.units;
    cost_.result_size = whole.size.own;
    return cost_;
  }

 private:
  struct Local {
    std::string_view name;
    Size size;
  };

  // `runs`: how often `expr` is evaluated, for finding what dominates.
  Estimate visit(const Expr& expr, std::uint64_t runs);
  Estimate identifier(const Expr& expr, std::uint64_t runs);
  Estimate aggregate(const Expr& expr, std::uint64_t runs);
  Estimate call(const Expr& expr, std::uint64_t runs);
  Estimate fold(const Expr& expr, std::uint64_t runs);
  std::uint64_t units_of_call(const Expr& expr, const std::vector<Estimate>& args) const;
  Size size_of_call(const Expr& expr, const std::vector<Estimate>& args) const;

  // Books what `expr` costs by itself, without its parts.
  std::uint64_t own(const Expr& expr, std::uint64_t units, std::uint64_t runs) {
    if (times(units, runs) > times(cost_.dominant_units, cost_.dominant_times)) {
      cost_.dominant_begin = expr.begin;
      cost_.dominant_end = expr.end;
      cost_.dominant_units = units;
      cost_.dominant_times = runs;
    }
    return units;
  }

  Cost cost_;
  std::vector<Local> locals_;
};

Estimate Estimator::visit(const Expr& expr, std::uint64_t runs) {
  if (expr.reference == Expr::Reference::constant) return {own(expr, table.constant, runs), size_of(expr.value)};
  if (expr.reference == Expr::Reference::slot) {
    const std::uint64_t reads = expr.optional_field ? 2 : 1;
    return {own(expr, table.slot * reads, runs), expr.test_only ? Size{} : size_of(expr.type, expr.bounds)};
  }
  switch (expr.kind) {
    case Expr::Kind::literal: return {own(expr, table.constant, runs), size_of(expr.value)};
    case Expr::Kind::identifier: return identifier(expr, runs);
    case Expr::Kind::select: {
      const Estimate target = visit(*expr.target, runs);
      const std::uint64_t units = own(expr, table.select + chunks(expr.name.size()), runs);
      Size size = item_of(target.size);
      if (expr.test_only || is_scalar(expr.type)) size = {};
      return {plus(target.units, units), size};
    }
    case Expr::Kind::list:
    case Expr::Kind::map: return aggregate(expr, runs);
    case Expr::Kind::call: return call(expr, runs);
    case Expr::Kind::comprehension: return fold(expr, runs);
    case Expr::Kind::message: break;
  }
  return {unbounded, {unbounded, nullptr}};
}

Estimate Estimator::identifier(const Expr& expr, std::uint64_t runs) {
  for (std::size_t i = locals_.size(); i > 0; --i) {
    if (locals_[i - 1].name == expr.name) return {own(expr, table.local, runs), locals_[i - 1].size};
  }
  return {own(expr, table.local, runs), {is_scalar(expr.type) ? 0 : unbounded, nullptr}};
}

Estimate Estimator::aggregate(const Expr& expr, std::uint64_t runs) {
  const bool is_map = expr.kind == Expr::Kind::map;
  Estimate whole;
  Size item;
  for (const Expr* arg : expr.args) {
    const Estimate part = visit(*arg, runs);
    whole.units = plus(whole.units, part.units);
    item = largest(item, part.size);
  }
  const std::uint64_t items = is_map ? expr.args.size() / 2 : expr.args.size();
  const std::uint64_t each = is_map ? plus(table.pair, chunks(item.own)) : table.item;
  whole.units = plus(whole.units, own(expr, plus(table.container, times(items, each)), runs));
  whole.size = {items, std::make_shared<Size>(item)};
  return whole;
}

// Calls whose cost is not a matter of the arguments' sizes alone.
std::uint64_t units_of_operator(const Expr& expr, const std::vector<Estimate>& args) {
  const std::string& name = expr.name;
  if (name == "_?_:_" || name == "_&&_" || name == "_||_" || name == "!_" || name == "@not_strictly_false") {
    return table.typed;
  }
  if (args.size() != 2 || expr.target != nullptr) return 0;
  const auto all_scalar = [&] { return is_scalar(expr.args[0]->type) && is_scalar(expr.args[1]->type); };
  if (name == "_==_" || name == "_!=_") {
    if (all_scalar()) return table.typed;
    return plus(table.generic, std::min(weight(args[0].size), weight(args[1].size)));
  }
  if (name == "_<_" || name == "_<=_" || name == "_>_" || name == "_>=_") {
    return plus(all_scalar() ? table.typed : table.generic, std::min(weight(args[0].size), weight(args[1].size)));
  }
  if (name == "_[_]" || name == "_?._" || name == "_[?_]") {
    return plus(table.select, chunks(args[1].size.own));
  }
  if (name == "@in" && expr.overloads.size() == 1 && expr.overloads[0]->id == "in_map") {
    return plus(table.select, chunks(args[0].size.own));
  }
  if (name == "@in" && expr.overloads.size() == 1 && expr.overloads[0]->id == "in_list") {
    const bool is_constant =
        expr.args[1]->kind == Expr::Kind::list && is_scalar(expr.args[0]->type) &&
        std::ranges::all_of(expr.args[1]->args, [](const Expr* item) { return item->kind == Expr::Kind::literal; });
    if (is_constant) return table.select;
    const std::uint64_t compare = std::min(weight(args[0].size), weight(item_of(args[1].size)));
    return plus(table.generic, times(args[1].size.own, plus(table.item, compare)));
  }
  return 0;
}

// A regular expression steps through its instructions for each byte, at worst.
std::uint64_t units_of_matches(const Expr& expr, const std::vector<Estimate>& args) {
  const Expr& pattern = *expr.args.back();
  std::uint64_t instructions = unbounded;
  if (pattern.value.is(Kind::string) &&
      (pattern.kind == Expr::Kind::literal || pattern.reference == Expr::Reference::constant)) {
    re2::RE2::Options options;
    options.set_log_errors(false);
    const re2::RE2 compiled(pattern.value.as_string(), options);
    instructions = compiled.ok() ? static_cast<std::uint64_t>(std::max(compiled.ProgramSize(), 1)) : 1;
  }
  return plus(table.matches, times(instructions, plus(args[0].size.own, 1)));
}

// Looks for one text at each place of another.
bool is_search(const Expr& expr) {
  if (expr.overloads.empty() || !expr.overloads[0]->parameters[0].is(Type::Kind::string)) return false;
  return expr.name == "contains" || expr.name == "indexOf" || expr.name == "lastIndexOf" || expr.name == "split";
}

std::uint64_t Estimator::units_of_call(const Expr& expr, const std::vector<Estimate>& args) const {
  if (const std::uint64_t units = units_of_operator(expr, args); units > 0) return units;
  if (expr.name == "matches" && args.size() == 2) return units_of_matches(expr, args);
  if (args.size() >= 2 && is_search(expr)) {
    return plus(table.call, times(plus(args[0].size.own, 1), chunks(args[1].size.own)));
  }
  std::uint64_t sizes = 0;
  std::uint64_t heaviest = 0;
  for (const Estimate& arg : args) {
    sizes = plus(sizes, arg.size.own);
    if (arg.size.item != nullptr) sizes = plus(sizes, times(arg.size.own, plus(1, arg.size.item->own)));
  }
  bool is_typed = !expr.overloads.empty();
  for (const Overload* overload : expr.overloads) {
    const CallCost& cost = overload->cost;
    std::uint64_t units = cost.base;
    if (cost.per_16_bytes > 0) units = plus(units, times(cost.per_16_bytes, chunks(sizes)));
    heaviest = std::max(heaviest, units);
    is_typed = is_typed && overload->function.starts_with('_') && is_scalar(overload->result);
  }
  return plus(is_typed ? table.typed : table.call, heaviest);
}

// Results that are larger than all arguments together.
Size size_of_library_result(const std::string& id, const std::vector<Estimate>& args) {
  const std::uint64_t first = args.empty() ? 0 : args[0].size.own;
  const auto text = [](std::uint64_t bytes) { return std::make_shared<Size>(Size{bytes, nullptr}); };
  if (id.starts_with("string_replace")) {
    // Each byte, and each place between two, may become the replacement.
    return {plus(first, times(plus(first, 1), args[2].size.own)), nullptr};
  }
  if (id.starts_with("string_split")) return {plus(first, 1), text(first)};
  if (id.starts_with("list_join")) {
    const std::uint64_t separator = args.size() > 1 ? args[1].size.own : 0;
    return {times(first, plus(item_of(args[0].size).own, separator)), nullptr};
  }
  if (id == "strings_quote") return {plus(times(first, 2), 2), nullptr};
  if (id == "base64_encode_bytes") return {plus(times(first / 3, 4), 4), nullptr};
  if (id.starts_with("string_format")) return {unbounded, nullptr};
  return {unbounded, nullptr};
}

bool has_own_size_rule(const std::string& id) {
  return id.starts_with("string_replace") || id.starts_with("string_split") || id.starts_with("list_join") ||
         id == "strings_quote" || id == "base64_encode_bytes" || id.starts_with("string_format");
}

Size Estimator::size_of_call(const Expr& expr, const std::vector<Estimate>& args) const {
  if (is_scalar(expr.type)) return {};
  if (expr.name == "_?_:_") return largest(args[1].size, args[2].size);
  if (expr.name == "_[_]" || expr.name == "_?._" || expr.name == "_[?_]") return item_of(args[0].size);
  Size result;
  for (const Overload* overload : expr.overloads) {
    Size size;
    if (has_own_size_rule(overload->id)) {
      size = size_of_library_result(overload->id, args);
    } else if (overload->cost.result_size_max > 0) {
      size = {overload->cost.result_size_max, nullptr};
    } else {
      for (const Estimate& arg : args) {
        size.own = plus(size.own, arg.size.own);
        if (arg.size.item != nullptr) {
          size.item =
              std::make_shared<Size>(size.item == nullptr ? *arg.size.item : largest(*size.item, *arg.size.item));
        }
      }
      const bool is_text = expr.type.is(Type::Kind::string) && args.size() == 1 && is_scalar(overload->parameters[0]);
      if (is_text || expr.type.is(Type::Kind::type)) size.own = std::max(size.own, number_text_bytes);
    }
    result = largest(result, size);
  }
  return expr.overloads.empty() ? Size{unbounded, nullptr} : result;
}

Estimate Estimator::call(const Expr& expr, std::uint64_t runs) {
  std::vector<Estimate> args;
  Estimate whole;
  const bool has_target = expr.target != nullptr && (expr.overloads.empty() || expr.overloads[0]->is_method);
  if (has_target) args.push_back(visit(*expr.target, runs));
  for (const Expr* arg : expr.args) args.push_back(visit(*arg, runs));
  for (const Estimate& arg : args) whole.units = plus(whole.units, arg.units);
  whole.units = plus(whole.units, own(expr, units_of_call(expr, args), runs));
  whole.size = size_of_call(expr, args);
  return whole;
}

Estimate Estimator::fold(const Expr& expr, std::uint64_t runs) {
  const Expr::Fold& source = *expr.fold;
  const Estimate range = visit(*source.range, runs);
  const Estimate init = visit(*source.init, runs);
  const std::uint64_t steps = range.size.own;
  const std::uint64_t runs_of_step = times(runs, steps);
  const std::size_t outer = locals_.size();

  // What one step adds to a list or map is what it makes of an empty one.
  locals_.push_back({source.result_name, {0, init.size.item}});
  locals_.push_back({source.item_name, item_of(range.size)});
  if (!source.second_name.empty()) locals_.push_back({source.second_name, item_of(range.size)});
  Estimate condition;
  Estimate step;
  if (steps > 0) {
    condition = visit(*source.condition, runs_of_step);
    step = visit(*source.step, runs_of_step);
  }
  locals_.resize(outer);
  Size made{plus(init.size.own, times(steps, step.size.own)),
            step.size.item == nullptr ? init.size.item : step.size.item};
  if (is_scalar(source.result->type)) made = {};
  if (steps == 0) made = init.size;
  locals_.push_back({source.result_name, made});
  const Estimate result = visit(*source.result, runs);
  locals_.resize(outer);

  const std::uint64_t one_step = plus(plus(condition.units, step.units), table.step);
  const std::uint64_t own_units = own(expr, table.fold, runs);
  own(expr, table.step, runs_of_step);
  Estimate whole;
  whole.units = plus(plus(range.units, init.units), plus(times(steps, one_step), plus(result.units, own_units)));
  whole.size = result.size;
  return whole;
}

}  // namespace

Cost estimate_cost(const Expr& root) {
  return Estimator().estimate(root);
}

}  // namespace tallyho::cel
