#include "cel/ast_builder.h"

#include <algorithm>

#include "cel/parser.h"

namespace tallyho::cel {

void AstBuilder::measure(Expr& expr) {
  std::uint32_t below = expr.target != nullptr ? expr.target->height : 0;
  for (const Expr* arg : expr.args) below = std::max(below, arg->height);
  if (expr.fold != nullptr) {
    const Expr::Fold& fold = *expr.fold;
    for (const Expr* part : {fold.range, fold.init, fold.condition, fold.step, fold.result}) {
      below = std::max(below, part->height);
    }
  }
  expr.height = below + 1;
  if (too_high_ == nullptr && expr.height > static_cast<std::uint32_t>(nesting_max)) too_high_ = &expr;
}

std::span<Expr*> AstBuilder::keep(Args args) {
  const std::span<Expr*> kept = ast_.arena().array<Expr*>(args.all().size());
  std::ranges::copy(args.all(), kept.begin());
  return kept;
}

Expr* AstBuilder::literal(Place place, Value value) {
  Expr* expr = make(Expr::Kind::literal, place);
  expr->value = value;
  return expr;
}

Expr* AstBuilder::identifier(Place place, std::string_view name) {
  Expr* expr = make(Expr::Kind::identifier, place);
  expr->name = name;
  return expr;
}

Expr* AstBuilder::select(Place place, Expr* target, std::string_view field, bool test_only) {
  Expr* expr = make(Expr::Kind::select, place);
  expr->target = target;
  expr->name = field;
  expr->test_only = test_only;
  measure(*expr);
  return expr;
}

Expr* AstBuilder::call(Place place, Operator op, Args args) {
  Expr* expr = make(Expr::Kind::call, place);
  expr->name = name_of(op);
  expr->op = op;
  expr->args = keep(args);
  measure(*expr);
  return expr;
}

Expr* AstBuilder::call(Place place, std::string_view function, Args args) {
  return method(place, nullptr, function, args);
}

Expr* AstBuilder::method(Place place, Expr* target, std::string_view function, Args args) {
  Expr* expr = make(Expr::Kind::call, place);
  expr->name = function;
  if (target == nullptr) expr->op = operator_named(function);
  expr->target = target;
  expr->args = keep(args);
  measure(*expr);
  return expr;
}

Expr* AstBuilder::aggregate(Expr::Kind kind, Place place, Args args, const std::vector<bool>& optional_args) {
  Expr* expr = make(kind, place);
  expr->args = keep(args);
  if (!optional_args.empty()) {
    const std::span<bool> marks = ast_.arena().array<bool>(optional_args.size());
    std::ranges::copy(optional_args, marks.begin());
    expr->optional_args = marks;
  }
  measure(*expr);
  return expr;
}

Expr* AstBuilder::message(Place place, std::string_view type, Args args, const std::vector<bool>& optional_args) {
  Expr* expr = aggregate(Expr::Kind::message, place, args, optional_args);
  expr->name = type;
  return expr;
}

Expr* AstBuilder::fold(Place place, const Expr::Fold& fold) {
  Expr* expr = make(Expr::Kind::comprehension, place);
  expr->fold = ast_.make_fold();
  *expr->fold = fold;
  measure(*expr);
  return expr;
}

}  // namespace tallyho::cel
