// Lowering of folds. What the macros expand to is recognized by its shape, so that the same plan serves `filter` and
// whoever writes an AST by hand.

#include "cel/planner.h"

namespace tallyho::cel {
namespace {

bool is_insertion(const Expr& expr) {
  return expr.kind == Expr::Kind::call && expr.target == nullptr && expr.name == "cel.@mapInsert" &&
         (expr.args.size() == 2 || expr.args.size() == 3);
}

bool is_boolean(const Expr& expr, bool value) {
  return expr.kind == Expr::Kind::literal && expr.value.is(Kind::boolean) && expr.value.as_boolean() == value;
}

bool is_name(const Expr& expr, std::string_view name) {
  return expr.kind == Expr::Kind::identifier && expr.name == name;
}

bool is_empty(const Expr& expr, Expr::Kind kind) {
  return expr.kind == kind && expr.args.empty();
}

// @not_strictly_false(@result), or of !@result.
bool continues_while(const Expr& expr, bool value, std::string_view result_name) {
  if (!expr.is_call(Operator::not_strictly_false, 1)) return false;
  const Expr& tested = *expr.args[0];
  if (value) return is_name(tested, result_name);
  return tested.is_call(Operator::logical_not, 1) && is_name(*tested.args[0], result_name);
}

}  // namespace

Planner::Part Planner::lower_fold(const Expr& expr) {
  const Expr::Fold& source = *expr.fold;
  FoldPlan fold;
  Part whole;
  const auto base = static_cast<std::uint32_t>(locals_.size());
  const auto lower_into = [&](std::uint32_t& node, const Expr& part) {
    const Part lowered = lower(part);
    node = lowered.node;
    whole.depend_on(lowered);
  };
  const bool is_bind = is_empty(*source.range, Expr::Kind::list) && is_boolean(*source.condition, false);
  if (!is_bind) lower_into(fold.range, *source.range);

  // The variables come into scope one after the other, the accumulator outermost.
  fold.result_local = base;
  FoldKind kind = is_bind ? FoldKind::bind : FoldKind::any;
  if (is_bind) {
    lower_into(fold.init, *source.init);
    locals_.push_back(source.result_name);
    if (plan_.locals < locals_.size()) plan_.locals = static_cast<std::uint32_t>(locals_.size());
    lower_into(fold.result, *source.result);
  } else {
    fold.item_local = base + 1;
    fold.second_local = base + 2;
    fold.has_second = !source.second_name.empty();
    const bool has_init = !lower_known_fold(expr, fold, kind, whole);
    if (has_init) {
      lower_into(fold.init, *source.init);
      locals_.insert(locals_.end(), {source.result_name, source.item_name, source.second_name});
      lower_into(fold.condition, *source.condition);
      lower_into(fold.step, *source.step);
      locals_.resize(base + 1);
      lower_into(fold.result, *source.result);
    }
    if (plan_.locals < base + 3) plan_.locals = base + 3;
  }
  locals_.resize(base);
  if (whole.lowest_local >= base) whole.lowest_local = no_local;  // Its own variables are no dependence.

  Part part = add(Opcode::fold, expr);
  part.depend_on(whole);
  plan_.folds.push_back(fold);
  node(part).a = static_cast<std::uint32_t>(plan_.folds.size() - 1);
  node(part).detail = static_cast<std::uint8_t>(kind);
  return part;
}

// all, exists, map, filter, transformList and transformMap, which need no accumulator. False: it is none of them, and
// nothing has been lowered.
bool Planner::lower_known_fold(const Expr& expr, FoldPlan& fold, FoldKind& kind, Part& whole) {
  const Expr::Fold& source = *expr.fold;
  if (!is_name(*source.result, source.result_name)) return false;
  for (const bool is_all : {true, false}) {
    if (!is_boolean(*source.init, is_all) || !continues_while(*source.condition, is_all, source.result_name)) continue;
    if (!source.step->is_call(is_all ? Operator::logical_and : Operator::logical_or, 2)) return false;
    if (!is_name(*source.step->args[0], source.result_name)) return false;
    kind = is_all ? FoldKind::all : FoldKind::exists;
    const std::size_t base = locals_.size();
    locals_.insert(locals_.end(), {source.result_name, source.item_name, source.second_name});
    const Part step = lower(*source.step->args[1]);
    locals_.resize(base);
    fold.step = step.node;
    whole.depend_on(step);
    return true;
  }
  return is_boolean(*source.condition, true) && lower_collection(expr, fold, kind, whole);
}

// init [] or {}; step `@result + [item]`, `cel.@mapInsert(@result, key, value)` or `cel.@mapInsert(@result, entries)`,
// or `filter ? that : @result`.
bool Planner::lower_collection(const Expr& expr, FoldPlan& fold, FoldKind& kind, Part& whole) {
  const Expr::Fold& source = *expr.fold;
  const Expr* step = source.step;
  const Expr* filter = nullptr;
  if (step->is_call(Operator::conditional, 3) && is_name(*step->args[2], source.result_name)) {
    filter = step->args[0];
    step = step->args[1];
  }
  const bool is_list = step->is_call(Operator::add, 2) && is_empty(*source.init, Expr::Kind::list) &&
                       step->args[1]->kind == Expr::Kind::list && step->args[1]->args.size() == 1 &&
                       step->args[1]->optional_args.empty();
  const bool is_insert = is_insertion(*step);
  const bool is_map = is_insert && is_empty(*source.init, Expr::Kind::map);
  if ((!is_list && !is_map) || !is_name(*step->args[0], source.result_name)) return false;
  kind = is_list ? FoldKind::to_list : FoldKind::to_map;
  const std::size_t base = locals_.size();
  locals_.insert(locals_.end(), {source.result_name, source.item_name, source.second_name});
  const auto lower_into = [&](std::uint32_t& node, const Expr& part) {
    const Part lowered = lower(part);
    node = lowered.node;
    whole.depend_on(lowered);
  };
  if (filter != nullptr) lower_into(fold.condition, *filter);
  if (is_list) {
    lower_into(fold.step, *step->args[1]->args[0]);
  } else {
    lower_into(fold.step, *step->args[1]);
    if (step->args.size() == 3) lower_into(fold.second_step, *step->args[2]);
  }
  locals_.resize(base);
  return true;
}

}  // namespace tallyho::cel
