// Why a condition is what it is.

#include <algorithm>

#include "cel/checker.h"
#include "cel/evaluator.h"
#include "cel/overloads.h"
#include "cel/parser.h"
#include "cel/program_impl.h"

namespace tallyho::cel {
namespace {

// The operands of `a && b && c`, in the order they are written.
std::vector<const Expr*> operands_of(const Expr& expr, Operator op) {
  if (!expr.is_call(op, 2)) return {&expr};
  std::vector<const Expr*> operands = operands_of(*expr.args[0], op);
  const std::vector<const Expr*> right = operands_of(*expr.args[1], op);
  operands.insert(operands.end(), right.begin(), right.end());
  return operands;
}

// Evaluates parts of a program, and lists what they are made of.
class Explainer {
 public:
  Explainer(const std::string& source, const Environment& environment, Checked checked, Activation& activation,
            Arena& arena)
      : source_(source), environment_(environment), checked_(checked), activation_(activation), arena_(arena) {}

  // The first conjunct that is not true; null if all are.
  const Expr* first_not_true(const Expr& expr) {
    for (const Expr* operand : operands_of(expr, Operator::logical_and)) {
      if (!evaluate(*operand).is_true()) return operand;
    }
    return nullptr;
  }

  void explain(const Expr& expr) {
    add(expr);
    const std::vector<const Expr*> alternatives = operands_of(expr, Operator::logical_or);
    if (alternatives.size() > 1) {
      for (const Expr* alternative : alternatives) add(*alternative);
    }
    add_reads(expr);
  }

  std::vector<Finding> take() { return std::move(findings_); }

 private:
  Value evaluate(const Expr& expr) {
    const auto plan = make_plan(expr, environment_, checked_);
    if (!plan) return Value::error(ErrorKind::invalid_argument, expr.position);
    // What the value points to may lie in the plan.
    return copy_into(Evaluator<>(*plan, activation_, arena_).run(), arena_);
  }

  void add(const Expr& expr) {
    Finding finding{source_.substr(expr.begin, expr.end - expr.begin), {}};
    if (std::ranges::find(findings_, finding.text, &Finding::text) != findings_.end()) return;
    finding.value = to_literal(evaluate(expr));
    findings_.push_back(std::move(finding));
  }

  // The variables and fields that `expr` reads, each once, in the order they are written. Of what only the host knows
  // from inside, such as a set, what is asked of it: not `player.found`, but `player.found.size()`.
  void add_reads(const Expr& expr) {
    if (expr.reference == Expr::Reference::slot) {
      if (!expr.test_only && !is_held_by_host(expr, expr.type)) add(expr);
      return;
    }
    if (asks_host(expr)) add(expr);
    if (expr.target != nullptr) add_reads(*expr.target);
    for (const Expr* arg : expr.args) add_reads(*arg);
    if (expr.fold == nullptr) return;
    for (const Expr* part :
         {expr.fold->range, expr.fold->init, expr.fold->condition, expr.fold->step, expr.fold->result}) {
      add_reads(*part);
    }
  }

  // Calls with the host's own as an argument; in a fold, its variables have no value here.
  bool asks_host(const Expr& expr) const {
    if (expr.kind != Expr::Kind::call || reads_local(expr)) return false;
    const auto is_held = [](const Expr* arg) { return arg != nullptr && is_held_by_host(*arg, arg->type); };
    return is_held(expr.target) || std::ranges::any_of(expr.args, is_held);
  }

  static bool reads_local(const Expr& expr) {
    if (expr.reference == Expr::Reference::local) return true;
    if (expr.target != nullptr && reads_local(*expr.target)) return true;
    return std::ranges::any_of(expr.args, [](const Expr* arg) { return reads_local(*arg); });
  }

  const std::string& source_;
  const Environment& environment_;
  Checked checked_;
  Activation& activation_;
  Arena& arena_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> Program::explain(Activation& activation, Arena& arena) const {
  Explainer explainer(impl_->source, *impl_->environment, impl_->checked, activation, arena);
  // The nodes are gone since it was compiled, which the same text and environment make again.
  auto ast = parse(impl_->source);
  if (!ast) return {};
  if (impl_->checked == Checked::yes) check(*ast, *impl_->environment);
  const Expr& root = *ast->root;
  const Expr* blamed = explainer.first_not_true(root);
  explainer.explain(blamed != nullptr ? *blamed : root);
  return explainer.take();
}

}  // namespace tallyho::cel
