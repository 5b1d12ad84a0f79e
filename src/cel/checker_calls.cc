// Calls: which function a name means, which of its overloads, and what to say if none fits.

#include <algorithm>
#include <string>
#include <utility>

#include "cel/checker_impl.h"
#include "cel/macros.h"
#include "cel/names.h"
#include "cel/overloads.h"
#include "cel/suggestion.h"

namespace tallyho::cel {

namespace {

using TypeKind = Type::Kind;

}  // namespace

// The overloads of the function that has this name in the container, and its full name, which may take the place of the
// name; none if there is no such function.
Overloads Checker::find_function(std::string_view name, std::string_view& found) {
  Overloads overloads;
  find_candidate(environment_.container(), name, [&](std::string_view candidate) {
    overloads = environment_.find_overloads(candidate);
    if (overloads.empty()) return false;
    if (found != candidate) found = ast_.arena().copy(candidate);
    return true;
  });
  return overloads;
}

Overloads Checker::find_overloads(Expr& expr) {
  if (expr.op != Operator::none) return environment_.find_overloads(expr.op);
  return expr.target != nullptr ? environment_.find_overloads(expr.name) : find_function(expr.name, expr.name);
}

// Most calls are of an operator, with operands whose types say at once which of its overloads is meant.
bool Checker::check_plain_operator(Expr& expr) {
  if (expr.op == Operator::none || expr.args.empty() || expr.args.size() > 2) return false;
  const Overloads sole =
      environment_.find_sole_overload(expr.op, expr.args.front()->type.kind(), expr.args.back()->type.kind());
  if (sole.empty() || sole[0]->parameters.size() != expr.args.size()) return false;
  expr.reference = Expr::Reference::overload;
  expr.overloads = sole;
  set_type(expr, sole[0]->result);
  return true;
}

void Checker::check_call(Expr& expr) {
  if (expr.op == Operator::optional_select) return check_optional_select(expr);
  for (Expr* arg : expr.args) check_value(*arg);
  if (expr.target != nullptr) {
    if (check_qualified_call(expr)) return;
    check_value(*expr.target);
  }
  if (check_plain_operator(expr)) return;
  const Overloads overloads = find_overloads(expr);
  if (overloads.empty()) {
    report_unknown_function(expr);
    return set_type(expr, error_type());
  }
  if (expr.op == Operator::logical_and || expr.op == Operator::logical_or) return check_logic(expr, overloads);
  if (expr.op == Operator::conditional && !check_conditional(expr)) return set_type(expr, error_type());
  const std::string_view name = expr.name;
  if ((name == "math.@max" || name == "math.@min") && check_extreme(expr, overloads)) return;
  resolve(expr, expr.name, overloads);
}

// math.abs(x): the target is no value but the rest of a function's name.
bool Checker::check_qualified_call(Expr& expr) {
  std::string name = qualified_name(*expr.target);
  if (name.empty() || is_local(first_name(name))) return false;
  name.append(".").append(expr.name);
  const Overloads overloads = find_function(name, expr.name);
  if (overloads.empty()) return false;
  expr.target = nullptr;
  resolve(expr, expr.name, overloads);
  return true;
}

void Checker::resolve(Expr& expr, std::string_view function, Overloads overloads) {
  call_args_.clear();
  call_types_.clear();
  if (expr.target != nullptr) call_args_.push_back(expr.target);
  call_args_.insert(call_args_.end(), expr.args.begin(), expr.args.end());
  bool has_error = false;
  for (const Expr* arg : call_args_) {
    call_types_.push_back(type_of(*arg));
    has_error = has_error || arg->type.is(TypeKind::error);
  }
  const CallSite site{.function = function,
                      .overloads = overloads,
                      .is_method = expr.target != nullptr,
                      .types = call_types_,
                      .args = call_args_};
  if (const auto resolution = resolve_call(site, unifier_, ast_.arena())) {
    expr.reference = Expr::Reference::overload;
    expr.overloads = resolution->overloads;
    return set_type(expr, resolution->result);
  }
  set_type(expr, error_type());
  if (has_error) return;  // It is told already, and may be why nothing fits.
  const std::string_view written = written_name(function);
  // A qualified name is blamed where its last part stands.
  const std::string_view last = written.substr(written.rfind('.') + 1);
  report_at_name(expr, last, explain_mismatch(site, unifier_));
}

void Checker::report_unknown_function(const Expr& expr) {
  const std::vector<std::string_view> known = environment_.function_names();
  const std::string_view usage = macro_usage(expr.name);
  const bool is_unknown_target = expr.target != nullptr && expr.target->type.is(TypeKind::error);
  if (is_unknown_target) {
    // geo.distnace(…): that `geo` is no variable is told already; the function is what was meant.
    const std::string prefix = qualified_name(*expr.target);
    const std::string full_name = prefix + "." + std::string(expr.name);
    const std::string_view nearest = usage.starts_with(full_name) ? usage : nearest_name(full_name, known);
    if (prefix.empty() || nearest.find('.') == std::string_view::npos) return;
    std::erase_if(issues_, [&](const Issue& issue) {
      return issue.begin == expr.target->begin && issue.end == expr.target->end;
    });
    if (nearest != usage) {
      return report(expr.begin, expr.position + static_cast<std::uint32_t>(expr.name.size()),
                    "unknown function '" + full_name + "'" + suggestion(full_name, known));
    }
  }
  if (!usage.empty()) {
    return report_at_name(expr, expr.name,
                          "'" + std::string(expr.name) + "' takes other arguments: write " + std::string(usage));
  }
  report_at_name(expr, expr.name, "unknown function '" + std::string(expr.name) + "'" + suggestion(expr.name, known));
}

void Checker::check_logic(Expr& expr, Overloads overloads) {
  for (const Expr* arg : expr.args) {
    if (arg->type.is(TypeKind::boolean)) continue;
    expect_boolean(*arg, "each side of '" + std::string(written_name(expr.name)) + "'");
  }
  expr.reference = Expr::Reference::overload;
  expr.overloads = overloads;
  set_type(expr, boolean_type());
}

// Tells what is wrong in words that fit better than "no overload"; false if something is.
bool Checker::check_conditional(const Expr& expr) {
  if (expr.args[0]->type.is(TypeKind::error)) return true;
  const std::size_t issues_before = issues_.size();
  expect_boolean(*expr.args[0], "the condition");
  if (issues_.size() > issues_before) return false;
  const std::size_t before = unifier_.mark();
  const bool agrees = unifier_.assignable(expr.args[1]->type, expr.args[2]->type);
  unifier_.roll_back(before);
  if (!agrees) {
    report(expr.position, expr.position + 1,
           "both results of '?:' must be of one type, and these are " +
               unifier_.resolve(expr.args[1]->type, true).to_string() + " and " +
               unifier_.resolve(expr.args[2]->type, true).to_string());
  }
  return agrees;
}

// math.greatest and math.least take any number of numbers, which no overload can say: the result is of their common
// type, dyn if they differ. A single argument is left to the overloads (a number, or a list).
bool Checker::check_extreme(Expr& expr, Overloads overloads) {
  if (expr.args.size() < 2) return false;
  Type common = type_of(*expr.args[0]);
  for (const Expr* arg : expr.args) {
    const Type type = type_of(*arg);
    const bool is_number = type.is(TypeKind::int64) || type.is(TypeKind::uint64) || type.is(TypeKind::float64);
    if (!is_number && !is_dyn_or_error(type) && !type.is(TypeKind::parameter)) {
      report(arg->begin, arg->end,
             std::string(written_name(expr.name)) + " compares numbers, and this is " +
                 unifier_.resolve(type, true).to_string());
    }
    if (type != common) common = Type();
  }
  expr.reference = Expr::Reference::overload;
  // Registered for one, two, and three arguments; those of three stand for any number.
  const std::size_t arity = std::min<std::size_t>(expr.args.size(), 3);
  const auto applies = [&](const Overload* overload) {
    if (overload->parameters.size() != arity) return false;
    if (arity != 2) return true;
    const Type types[] = {expr.args[0]->type, expr.args[1]->type};
    const std::size_t before = unifier_.mark();
    const bool fits = unifier_.assignable(types, overload->parameters);
    unifier_.roll_back(before);
    return fits;
  };
  const std::span<const Overload*> applying = ast_.arena().array<const Overload*>(overloads.size());
  const auto end = std::ranges::copy_if(overloads, applying.begin(), applies).out;
  expr.overloads = applying.first(static_cast<std::size_t>(end - applying.begin()));
  set_type(expr, common.is(TypeKind::parameter) ? Type() : common);
  return true;
}

// a.?f: an optional of the field, empty where a has none.
void Checker::check_optional_select(Expr& expr) {
  Expr& target = *expr.args[0];
  check(target);
  set_type(*expr.args[1], Type::simple(TypeKind::string));
  if (target.type.is(TypeKind::record)) return expand_optional_field(expr);
  Type within = type_of(target);
  if (within.is(TypeKind::optional)) within = within.parameters()[0];
  Type result;
  if (within.is(TypeKind::map)) {
    result = within.parameters()[1];
  } else if (within.is(TypeKind::parameter)) {
    unifier_.assignable(Type(), within);
  } else if (!is_dyn_or_error(within)) {
    report_at_name(expr, expr.args[1]->value.as_string(),
                   unifier_.resolve(target.type, true).to_string() + " has no fields");
    return set_type(expr, error_type());
  }
  set_type(expr, Type::optional(result));
}

// Of a record: has(event.f) ? optional.of(event.f) : optional.none().
void Checker::expand_optional_field(Expr& expr) {
  const AstBuilder::Place place = AstBuilder::place_of(expr);
  const std::string_view field = expr.args[1]->value.as_string();
  Expr* record = expr.args[0];
  Expr* has = builder_.select(place, record, field, true);
  Expr* some = builder_.call(place, "optional.of", {builder_.select(place, record, field)});
  expr.name = "_?_:_";
  expr.op = Operator::conditional;
  expr.args = builder_.keep({has, some, builder_.call(place, "optional.none", {})});
  check(*has);
  if (has->type.is(TypeKind::error)) return set_type(expr, error_type());
  check_call(expr);
}

}  // namespace tallyho::cel
