#pragma once

// Lowers a checked AST to a plan. Internal to plan*.cc.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "cel/plan.h"

namespace tallyho::cel {

class Planner {
 public:
  Planner(const Environment& environment, Checked checked, Arena arena) : environment_(environment), checked_(checked) {
    plan_.arena = std::move(arena);
  }

  std::expected<Plan, std::vector<Issue>> make(const Expr& root);

 private:
  static constexpr std::uint32_t no_local = 0xffffffff;

  // A lowered sub-expression, and what it depends on: if on nothing, it can be computed now.
  struct Part {
    std::uint32_t node = no_node;
    bool reads_slots = false;
    std::uint32_t lowest_local = no_local;  // Of the locals it reads; those of folds around it are lower than its own.

    bool depends_on_nothing() const { return !reads_slots && lowest_local == no_local; }
    void depend_on(const Part& other) {
      reads_slots = reads_slots || other.reads_slots;
      lowest_local = lowest_local < other.lowest_local ? lowest_local : other.lowest_local;
    }
  };

  // What plan_ holds before a sub-expression is lowered, to give it back once that is folded into a constant.
  struct Mark {
    std::size_t nodes;
    std::size_t operands;
    std::size_t folds;
  };

  // Lowers, and folds what is constant.
  Part lower(const Expr& expr);
  Part lower_unfolded(const Expr& expr);

  // plan.cc: names and containers.
  Part lower_identifier(const Expr& expr);
  Part lower_select(const Expr& expr);
  Part lower_aggregate(const Expr& expr);
  std::optional<Part> add_constant_list(const Expr& expr);
  Part lower_slot(const Expr& expr);
  std::optional<std::uint32_t> find_local(std::string_view name) const;

  // plan_calls.cc
  Part lower_call(const Expr& expr);
  Part lower_call(const Expr& expr, Overloads overloads);
  std::optional<Part> lower_logic(const Expr& expr);
  std::optional<Part> lower_standard_operator(const Expr& expr, Overloads overloads);
  std::optional<Part> lower_typed_operator(const Expr& expr, const Overload& overload);
  std::optional<Part> lower_comparison(const Expr& expr);
  std::optional<Part> lower_optional_call(const Expr& expr, Overloads overloads);
  Part lower_flattened(const Expr& expr, Opcode opcode, Kind kind);
  Part lower_in(const Expr& expr);
  Part lower_function(const Expr& expr, Overloads overloads);
  std::optional<Part> lower_with_constant(const Expr& expr, const Overload& overload);
  std::optional<std::uint32_t> constant_set(const Value& list);

  // plan_folds.cc
  Part lower_fold(const Expr& expr);
  bool lower_known_fold(const Expr& expr, FoldPlan& fold, FoldKind& kind, Part& whole);
  bool lower_collection(const Expr& expr, FoldPlan& fold, FoldKind& kind, Part& whole);

  // plan_names.cc: names as a program that was not checked has them.
  Part lower_unchecked_name(const Expr& expr);
  std::vector<const Overload*> overloads_of(const Expr& expr, bool& is_method) const;
  const Variable* find_qualified(std::string_view name) const;

  Part add(Opcode opcode, const Expr& expr);
  Part add_constant(const Expr& expr, const Value& value);
  Part add_error(const Expr& expr, ErrorKind kind) { return add_constant(expr, Value::error(kind, expr.position)); }
  Part add_unary(Opcode opcode, const Expr& expr, const Expr& a);
  Part add_binary(Opcode opcode, const Expr& expr, const Expr& a, const Expr& b);
  // With these operands, which are lowered already.
  Part add_nary(Opcode opcode, const Expr& expr, std::span<const Part> operands);
  Node& node(const Part& part) { return plan_.nodes[part.node]; }
  const Value* constant(const Part& part) const;

  void fold_constant(const Expr& expr, const Mark& mark, Part& part);
  void issue(const Expr& at, std::string message) { issues_.push_back({at.begin, at.end, std::move(message)}); }

  const Environment& environment_;
  Checked checked_;
  Plan plan_;
  absl::InlinedVector<Slot, 16> slots_;  // As they are read.
  std::vector<Issue> issues_;
  std::vector<std::string_view> locals_;  // Names in scope, innermost last; the index is the local.
  int depth_ = 0;
};

}  // namespace tallyho::cel
