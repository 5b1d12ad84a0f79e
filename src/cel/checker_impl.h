#pragma once

// The checker's one class, in two files: checker.cc has the walk, names, aggregates and comprehensions,
// checker_calls.cc has the calls. Internal to cel/.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cel/ast_builder.h"
#include "cel/environment.h"
#include "cel/unification.h"

namespace tallyho::cel {

inline Type error_type() {
  return Type::simple(Type::Kind::error);
}
inline Type boolean_type() {
  return Type::simple(Type::Kind::boolean);
}
inline bool is_dyn_or_error(const Type& type) {
  return type.is(Type::Kind::dyn) || type.is(Type::Kind::error);
}

class Checker {
 public:
  Checker(Ast& ast, const Environment& environment) : ast_(ast), environment_(environment), builder_(ast) {}

  std::vector<Issue> run();

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
  bool check_plain_operator(Expr& expr);
  Overloads find_overloads(Expr& expr);
  Overloads find_function(std::string_view name, std::string_view& found);
  bool check_qualified_call(Expr& expr);
  void resolve(Expr& expr, std::string_view function, Overloads overloads);
  void report_unknown_function(const Expr& expr);
  void check_logic(Expr& expr, Overloads overloads);
  bool check_conditional(const Expr& expr);
  bool check_extreme(Expr& expr, Overloads overloads);
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
  // Of the call at hand.
  std::vector<const Expr*> call_args_;
  std::vector<Type> call_types_;
};

}  // namespace tallyho::cel
