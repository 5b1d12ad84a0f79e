// Bottom-up, one visit per node: names are found, calls resolved, types inferred with variables where something is
// still open (`[]`). When all is seen, what was found out of the variables is put into every node.

#include "cel/checker.h"

#include <algorithm>
#include <string>
#include <utility>

#include "cel/ast_builder.h"
#include "cel/issues.h"
#include "cel/macros.h"
#include "cel/names.h"
#include "cel/overloads.h"
#include "cel/suggestion.h"
#include "cel/unification.h"

namespace tallyho::cel {
namespace {

using TypeKind = Type::Kind;

const Type& error_type() {
  static const Type type = Type::simple(TypeKind::error);
  return type;
}
const Type& boolean_type() {
  static const Type type = Type::simple(TypeKind::boolean);
  return type;
}

bool is_dyn_or_error(const Type& type) {
  return type.is(TypeKind::dyn) || type.is(TypeKind::error);
}

Type type_of_literal(const Value& value) {
  switch (value.kind()) {
    case Kind::boolean: return boolean_type();
    case Kind::int64: return Type::simple(TypeKind::int64);
    case Kind::uint64: return Type::simple(TypeKind::uint64);
    case Kind::float64: return Type::simple(TypeKind::float64);
    case Kind::string: return Type::simple(TypeKind::string);
    case Kind::bytes: return Type::simple(TypeKind::bytes);
    default: return Type::simple(TypeKind::null);
  }
}

// Maps of any other key type are an error when they are made; and types stay linear in the text that makes them.
bool may_be_key(const Type& type) {
  return type.is(TypeKind::boolean) || type.is(TypeKind::int64) || type.is(TypeKind::uint64) ||
         type.is(TypeKind::string) || type.is(TypeKind::parameter) || is_dyn_or_error(type);
}

class Checker {
 public:
  Checker(Ast& ast, const Environment& environment) : ast_(ast), environment_(environment), builder_(ast) {}

  std::vector<Issue> run() {
    check_value(*ast_.root);
    for (Expr* expr : checked_) expr->type = unifier_.resolve(expr->type, true);
    if (unifier_.gave_up()) report(ast_.root->begin, ast_.root->end, "the types in this are too large to be checked");
    ast_.locals_max = locals_max_;
    return in_order(std::move(issues_));
  }

 private:
  // A comprehension variable; its number is its place in scope_.
  struct Local {
    std::string_view name;
    Type type;
  };

  void report(std::uint32_t begin, std::uint32_t end, std::string message) {
    issues_.push_back({begin, end, std::move(message)});
  }
  void report_at_name(const Expr& expr, std::string_view name, std::string message) {
    report(expr.position, expr.position + static_cast<std::uint32_t>(name.size()), std::move(message));
  }
  void set_type(Expr& expr, Type type) {
    expr.type = std::move(type);
    checked_.push_back(&expr);
  }
  Type type_of(const Expr& expr) const { return unifier_.resolve(expr.type); }

  const Type& check(Expr& expr);
  const Type& check_value(Expr& expr);
  void expect_boolean(const Expr& expr, std::string_view what);

  const Local* find_local(std::string_view name, std::uint32_t& number) const;
  bool is_local(std::string_view name) const;
  bool refer_to(Expr& expr, std::string_view name);
  void refer_to_field(Expr& expr, const Type& record);
  void check_identifier(Expr& expr);
  void report_unknown_name(const Expr& expr);
  void check_select(Expr& expr);
  void report_no_fields(const Expr& expr, const Type& target);

  void check_call(Expr& expr);
  const std::vector<const Overload*>* find_function(std::string_view name, std::string& found);
  bool check_qualified_call(Expr& expr);
  void resolve(Expr& expr, std::string_view function, const std::vector<const Overload*>& overloads);
  void report_unknown_function(const Expr& expr);
  void check_logic(Expr& expr, const std::vector<const Overload*>& overloads);
  bool check_conditional(const Expr& expr);
  bool check_extreme(Expr& expr, const std::vector<const Overload*>& overloads);
  void check_optional_select(Expr& expr);
  void expand_optional_field(Expr& expr);

  Type check_item(Expr& item, bool is_optional);
  void check_list(Expr& expr);
  void check_map(Expr& expr);
  void check_message(Expr& expr);
  void check_fold(Expr& expr);
  std::pair<Type, Type> item_types(const Expr& range, bool has_second);

  Ast& ast_;
  const Environment& environment_;
  AstBuilder builder_;
  Unifier unifier_;
  std::vector<Issue> issues_;
  std::vector<Expr*> checked_;
  std::vector<Local> scope_;
  std::uint32_t locals_max_ = 0;
  std::map<std::string, std::vector<const Overload*>, std::less<>> functions_;  // As found so far.
};

// A record may be only what a field is selected from.
const Type& Checker::check_value(Expr& expr) {
  const Type& type = check(expr);
  if (!type.is(TypeKind::record)) return type;
  std::string message = "'" + type.name() + "' has no value of its own; name one of its fields";
  if (!type.fields().empty()) message += ", as in " + qualified_name(expr) + "." + type.fields().front().name;
  report(expr.begin, expr.end, std::move(message));
  expr.type = error_type();
  return expr.type;
}

const Type& Checker::check(Expr& expr) {
  switch (expr.kind) {
    case Expr::Kind::literal: set_type(expr, type_of_literal(expr.value)); break;
    case Expr::Kind::identifier: check_identifier(expr); break;
    case Expr::Kind::select: check_select(expr); break;
    case Expr::Kind::call: check_call(expr); break;
    case Expr::Kind::list: check_list(expr); break;
    case Expr::Kind::map: check_map(expr); break;
    case Expr::Kind::message: check_message(expr); break;
    case Expr::Kind::comprehension: check_fold(expr); break;
  }
  return expr.type;
}

void Checker::expect_boolean(const Expr& expr, std::string_view what) {
  if (unifier_.assignable(expr.type, boolean_type())) return;
  report(expr.begin, expr.end,
         std::string(what) + " must be bool, and this is " + unifier_.resolve(expr.type, true).to_string());
}

// ---- Names

const Checker::Local* Checker::find_local(std::string_view name, std::uint32_t& number) const {
  for (std::size_t i = scope_.size(); i > 0; --i) {
    if (scope_[i - 1].name != name) continue;
    number = static_cast<std::uint32_t>(i - 1);
    return &scope_[i - 1];
  }
  return nullptr;
}

bool Checker::is_local(std::string_view name) const {
  std::uint32_t number = 0;
  return find_local(name, number) != nullptr;
}

// Makes `expr` refer to the variable or type that has this name in the container, if there is one.
bool Checker::refer_to(Expr& expr, std::string_view name) {
  for (const std::string& candidate : candidate_names(environment_.container(), name)) {
    if (const Variable* variable = environment_.find_variable(candidate)) {
      if (variable->constant) {
        expr.reference = Expr::Reference::constant;
        expr.value = *variable->constant;
      } else if (!variable->type.is(TypeKind::record)) {
        expr.reference = Expr::Reference::slot;
        expr.slot = variable->slot;
        expr.bounds = variable->bounds;
      }
      expr.name = candidate;
      set_type(expr, variable->type);
      return true;
    }
    if (auto type = type_named(candidate)) {
      expr.reference = Expr::Reference::constant;
      expr.value = Value::type(ast_.arena().copy(candidate));
      expr.name = candidate;
      set_type(expr, Type::type_of(*std::move(type)));
      return true;
    }
  }
  return false;
}

void Checker::check_identifier(Expr& expr) {
  std::uint32_t number = 0;
  if (const Local* local = find_local(expr.name, number)) {
    expr.reference = Expr::Reference::local;
    expr.local = number;
    return set_type(expr, local->type);
  }
  if (refer_to(expr, expr.name)) return;
  report_unknown_name(expr);
  set_type(expr, error_type());
}

void Checker::report_unknown_name(const Expr& expr) {
  if (!environment_.find_overloads(expr.name).empty()) {
    return report(expr.begin, expr.end, "'" + expr.name + "' is a function; call it: " + expr.name + "(…)");
  }
  std::vector<std::string_view> known;
  for (const Local& local : scope_) {
    if (!local.name.starts_with('@') && !local.name.starts_with('#')) known.push_back(local.name);
  }
  const std::vector<std::string_view> variables = environment_.variable_names();
  known.insert(known.end(), variables.begin(), variables.end());
  report(expr.begin, expr.end, "unknown name '" + expr.name + "'" + suggestion(expr.name, known));
}

// a.b.c: the longest of its prefixes that is a variable's qualified name; then fields. A comprehension variable a hides
// all names that begin with it; a leading dot sees past it.
void Checker::check_select(Expr& expr) {
  const std::string name = qualified_name(expr);
  if (!name.empty() && !is_local(first_name(name)) && refer_to(expr, name)) {
    expr.kind = Expr::Kind::identifier;
    expr.target = nullptr;
    return;
  }
  check(*expr.target);
  const Type target = type_of(*expr.target);
  if (target.is(TypeKind::record)) return refer_to_field(expr, target);
  const bool is_optional = target.is(TypeKind::optional);
  const Type within = is_optional ? target.parameters()[0] : target;
  Type result;
  if (within.is(TypeKind::map)) {
    if (!unifier_.assignable(Type::simple(TypeKind::string), within.parameters()[0])) {
      report_at_name(expr, expr.name,
                     "a field's name is a string, and the keys of this map are " + within.parameters()[0].to_string() +
                         "; write m[key]");
    }
    result = within.parameters()[1];
  } else if (within.is(TypeKind::parameter)) {
    unifier_.assignable(Type(), within);
  } else if (!within.is(TypeKind::dyn)) {
    if (!within.is(TypeKind::error)) report_no_fields(expr, target);
    result = error_type();
  }
  if (expr.test_only) {
    if (!result.is(TypeKind::error)) result = boolean_type();
  } else if (is_optional && !result.is(TypeKind::error)) {
    result = Type::optional(result);
  }
  set_type(expr, result);
}

void Checker::report_no_fields(const Expr& expr, const Type& target) {
  std::string message = unifier_.resolve(target, true).to_string() + " has no fields";
  const auto& overloads = environment_.find_overloads(expr.name);
  const bool is_method = std::ranges::any_of(overloads, [](const Overload* overload) { return overload->is_method; });
  if (is_method) message += "; to call the method write " + expr.name + "()";
  report_at_name(expr, expr.name, std::move(message));
}

void Checker::refer_to_field(Expr& expr, const Type& record) {
  const Field* field = record.find_field(expr.name);
  if (field == nullptr) {
    std::vector<std::string_view> known;
    for (const Field& other : record.fields()) known.push_back(other.name);
    report_at_name(expr, expr.name,
                   "'" + record.name() + "' has no field '" + expr.name + "'" + suggestion(expr.name, known));
    return set_type(expr, error_type());
  }
  expr.slot = field->slot;
  expr.optional_field = field->optional;
  expr.bounds = field->bounds;
  if (expr.test_only && !field->optional) {
    expr.reference = Expr::Reference::constant;
    expr.value = Value::boolean(true);
  } else if (field->constant) {
    expr.reference = Expr::Reference::constant;
    expr.value = *field->constant;
  } else if (!field->type.is(TypeKind::record)) {
    expr.reference = Expr::Reference::slot;
  }
  set_type(expr, expr.test_only ? boolean_type() : field->type);
}

// ---- Calls

// The overloads of the function that has this name in the container, and its full name; null if there is none.
const std::vector<const Overload*>* Checker::find_function(std::string_view name, std::string& found) {
  for (std::string& candidate : candidate_names(environment_.container(), name)) {
    auto cached = functions_.find(candidate);
    if (cached == functions_.end()) {
      cached = functions_.emplace(candidate, environment_.find_overloads(candidate)).first;
    }
    if (cached->second.empty()) continue;
    found = std::move(candidate);
    return &cached->second;
  }
  return nullptr;
}

void Checker::check_call(Expr& expr) {
  if (expr.name == "_?._") return check_optional_select(expr);
  for (Expr* arg : expr.args) check_value(*arg);
  if (expr.target != nullptr) {
    if (check_qualified_call(expr)) return;
    check_value(*expr.target);
  }
  std::string found = expr.name;
  const bool is_method = expr.target != nullptr;
  const std::vector<const Overload*>* overloads = find_function(is_method ? "." + expr.name : expr.name, found);
  if (overloads == nullptr) {
    report_unknown_function(expr);
    return set_type(expr, error_type());
  }
  expr.name = found;
  if (expr.name == "_&&_" || expr.name == "_||_") return check_logic(expr, *overloads);
  if (expr.name == "_?_:_" && !check_conditional(expr)) return set_type(expr, error_type());
  if ((expr.name == "math.@max" || expr.name == "math.@min") && check_extreme(expr, *overloads)) return;
  resolve(expr, expr.name, *overloads);
}

// math.abs(x): the target is no value but the rest of a function's name.
bool Checker::check_qualified_call(Expr& expr) {
  const std::string prefix = qualified_name(*expr.target);
  if (prefix.empty() || is_local(first_name(prefix))) return false;
  std::string found;
  const auto* overloads = find_function(prefix + "." + expr.name, found);
  if (overloads == nullptr) return false;
  expr.name = found;
  expr.target = nullptr;
  resolve(expr, expr.name, *overloads);
  return true;
}

void Checker::resolve(Expr& expr, std::string_view function, const std::vector<const Overload*>& overloads) {
  CallSite site{
      .function = function, .overloads = overloads, .is_method = expr.target != nullptr, .types = {}, .args = {}};
  if (expr.target != nullptr) site.args.push_back(expr.target);
  site.args.insert(site.args.end(), expr.args.begin(), expr.args.end());
  bool has_error = false;
  for (const Expr* arg : site.args) {
    site.types.push_back(type_of(*arg));
    has_error = has_error || arg->type.is(TypeKind::error);
  }
  if (auto resolution = resolve_call(site, unifier_)) {
    expr.reference = Expr::Reference::overload;
    expr.overloads = std::move(resolution->overloads);
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
    const std::string full_name = prefix + "." + expr.name;
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
    return report_at_name(expr, expr.name, "'" + expr.name + "' takes other arguments: write " + std::string(usage));
  }
  report_at_name(expr, expr.name, "unknown function '" + expr.name + "'" + suggestion(expr.name, known));
}

void Checker::check_logic(Expr& expr, const std::vector<const Overload*>& overloads) {
  for (const Expr* arg : expr.args) {
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
bool Checker::check_extreme(Expr& expr, const std::vector<const Overload*>& overloads) {
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
  expr.overloads.clear();
  // Registered for one, two, and three arguments; those of three stand for any number.
  const std::size_t arity = std::min<std::size_t>(expr.args.size(), 3);
  std::ranges::copy_if(overloads, std::back_inserter(expr.overloads),
                       [&](const Overload* overload) { return overload->parameters.size() == arity; });
  if (arity == 2) {
    const Type types[] = {expr.args[0]->type, expr.args[1]->type};
    std::erase_if(expr.overloads, [&](const Overload* overload) {
      const std::size_t before = unifier_.mark();
      const bool fits = unifier_.assignable(types, overload->parameters);
      unifier_.roll_back(before);
      return !fits;
    });
  }
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
  expr.args = {has, some, builder_.call(place, "optional.none", {})};
  check(*has);
  if (has->type.is(TypeKind::error)) return set_type(expr, error_type());
  check_call(expr);
}

// ---- Aggregates

// An item, key or value; an optional one gives what is in it.
Type Checker::check_item(Expr& item, bool is_optional) {
  check_value(item);
  Type type = type_of(item);
  if (is_held_by_host(item, type)) {
    report(item.begin, item.end, "this is a " + type.to_string() + ", which only its own functions take");
    return error_type();
  }
  if (!is_optional) return type;
  if (type.is(TypeKind::optional)) return type.parameters()[0];
  if (!is_dyn_or_error(type)) {
    report(item.begin, item.end, "'?' takes an optional, and this is " + unifier_.resolve(type, true).to_string());
  }
  return Type();
}

void Checker::check_list(Expr& expr) {
  Type item = unifier_.fresh();
  for (std::size_t i = 0; i < expr.args.size(); ++i) {
    const bool is_optional = i < expr.optional_args.size() && expr.optional_args[i];
    const Type type = check_item(*expr.args[i], is_optional);
    item = i == 0 ? type : unifier_.join(item, type);
  }
  set_type(expr, Type::list(item));
}

void Checker::check_map(Expr& expr) {
  Type key = unifier_.fresh();
  Type value = unifier_.fresh();
  for (std::size_t i = 0; i < expr.args.size(); i += 2) {
    const bool is_optional = i / 2 < expr.optional_args.size() && expr.optional_args[i / 2];
    Type key_type = check_item(*expr.args[i], false);
    if (!may_be_key(key_type)) key_type = Type();
    const Type value_type = check_item(*expr.args[i + 1], is_optional);
    key = i == 0 ? key_type : unifier_.join(key, key_type);
    value = i == 0 ? value_type : unifier_.join(value, value_type);
  }
  set_type(expr, Type::map(key, value));
}

void Checker::check_message(Expr& expr) {
  for (std::size_t i = 0; i < expr.args.size(); ++i) check_value(*expr.args[i]);
  report(expr.begin, expr.position + 1,
         "there are no messages here to make '" + expr.name + "{…}' of; a map is written {'field': value}");
  set_type(expr, error_type());
}

// ---- Comprehensions

// What a fold's variables are: of a list its items, of a map its keys; with two variables, index or key and value.
std::pair<Type, Type> Checker::item_types(const Expr& range, bool has_second) {
  const Type type = type_of(range);
  if (type.is(TypeKind::list)) {
    const Type& item = type.parameters()[0];
    return has_second ? std::pair(Type::simple(TypeKind::int64), item) : std::pair(item, Type());
  }
  if (type.is(TypeKind::map)) return {type.parameters()[0], type.parameters()[1]};
  if (type.is(TypeKind::parameter)) {
    unifier_.assignable(Type(), type);
    return {};
  }
  if (is_dyn_or_error(type)) return {};
  report(range.begin, range.end,
         "only lists and maps can be gone through, and this is " + unifier_.resolve(type, true).to_string());
  return {error_type(), error_type()};
}

void Checker::check_fold(Expr& expr) {
  Expr::Fold& fold = *expr.fold;
  check_value(*fold.range);
  // cel.bind's value keeps what it is; a host's own state is not passed on under another name.
  check_item(*fold.init, false);
  const bool has_second = !fold.second_name.empty();
  const auto [item, second] = item_types(*fold.range, has_second);
  const std::size_t outside = scope_.size();
  scope_.push_back({fold.result_name, fold.init->type});
  scope_.push_back({fold.item_name, item});
  if (has_second) scope_.push_back({fold.second_name, second});
  locals_max_ = std::max(locals_max_, static_cast<std::uint32_t>(scope_.size()));
  check_value(*fold.condition);
  expect_boolean(*fold.condition, "the condition");
  check_value(*fold.step);
  if (!unifier_.assignable(fold.step->type, fold.init->type)) {
    report(expr.begin, expr.end,
           "each step must give " + unifier_.resolve(fold.init->type, true).to_string() + ", and this gives " +
               unifier_.resolve(fold.step->type, true).to_string());
  }
  scope_.resize(outside + 1, Local{});
  check_value(*fold.result);
  scope_.resize(outside, Local{});
  set_type(expr, type_of(*fold.result));
}

}  // namespace

std::vector<Issue> check(Ast& ast, const Environment& environment) {
  return Checker(ast, environment).run();
}

}  // namespace tallyho::cel
