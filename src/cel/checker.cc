// Bottom-up, one visit per node: names are found, calls resolved, types inferred with variables where something is
// still open (`[]`). When all is seen, what was found out of the variables is put into every node.

#include "cel/checker.h"

#include <algorithm>
#include <string>
#include <utility>

#include "cel/checker_impl.h"
#include "cel/issues.h"
#include "cel/names.h"
#include "cel/overloads.h"
#include "cel/suggestion.h"

namespace tallyho::cel {
namespace {

using TypeKind = Type::Kind;

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

}  // namespace

std::vector<Issue> Checker::run() {
  checked_.reserve(ast_.exprs_made());
  check_value(*ast_.root);
  for (Expr* expr : checked_) {
    if (!expr->type.is_simple()) expr->type = unifier_.resolve(expr->type, true);
  }
  if (unifier_.gave_up()) report(ast_.root->begin, ast_.root->end, "the types in this are too large to be checked");
  ast_.locals_max = locals_max_;
  return in_order(std::move(issues_));
}

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
  return find_candidate(environment_.container(), name, [&](std::string_view candidate) {
    if (const Variable* variable = environment_.find_variable(candidate)) {
      if (variable->constant) {
        expr.reference = Expr::Reference::constant;
        expr.value = *variable->constant;
      } else if (!variable->type.is(TypeKind::record)) {
        expr.reference = Expr::Reference::slot;
        expr.slot = variable->slot;
        expr.bounds = variable->bounds;
      }
      if (expr.name != variable->name) expr.name = variable->name;
      set_type(expr, variable->type);
      return true;
    }
    auto type = type_named(candidate);
    if (!type) return false;
    expr.reference = Expr::Reference::constant;
    expr.value = Value::type(ast_.arena().copy(candidate));
    expr.name = expr.value.as_type();
    set_type(expr, Type::type_of(*std::move(type)));
    return true;
  });
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
    return report(expr.begin, expr.end,
                  "'" + std::string(expr.name) + "' is a function; call it: " + std::string(expr.name) + "(…)");
  }
  std::vector<std::string_view> known;
  for (const Local& local : scope_) {
    if (!local.name.starts_with('@') && !local.name.starts_with('#')) known.push_back(local.name);
  }
  const std::vector<std::string_view> variables = environment_.variable_names();
  known.insert(known.end(), variables.begin(), variables.end());
  report(expr.begin, expr.end, "unknown name '" + std::string(expr.name) + "'" + suggestion(expr.name, known));
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
  const Overloads overloads = environment_.find_overloads(expr.name);
  const bool is_method = std::ranges::any_of(overloads, [](const Overload* overload) { return overload->is_method; });
  if (is_method) message += "; to call the method write " + std::string(expr.name) + "()";
  report_at_name(expr, expr.name, std::move(message));
}

void Checker::refer_to_field(Expr& expr, const Type& record) {
  const Field* field = record.find_field(expr.name);
  if (field == nullptr) {
    std::vector<std::string_view> known;
    for (const Field& other : record.fields()) known.push_back(other.name);
    report_at_name(
        expr, expr.name,
        "'" + record.name() + "' has no field '" + std::string(expr.name) + "'" + suggestion(expr.name, known));
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
  Type item = expr.args.empty() ? unifier_.fresh() : Type();
  for (std::size_t i = 0; i < expr.args.size(); ++i) {
    const bool is_optional = i < expr.optional_args.size() && expr.optional_args[i];
    const Type type = check_item(*expr.args[i], is_optional);
    item = i == 0 ? type : unifier_.join(item, type);
  }
  set_type(expr, Type::list(item));
}

void Checker::check_map(Expr& expr) {
  Type key = expr.args.empty() ? unifier_.fresh() : Type();
  Type value = expr.args.empty() ? unifier_.fresh() : Type();
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
  report(
      expr.begin, expr.position + 1,
      "there are no messages here to make '" + std::string(expr.name) + "{…}' of; a map is written {'field': value}");
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

std::vector<Issue> check(Ast& ast, const Environment& environment) {
  return Checker(ast, environment).run();
}

}  // namespace tallyho::cel
