#pragma once

// Compiles one plan, or a part of one, to instructions. Internal to cel/.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "cel/plan_parts.h"

namespace tallyho::cel {

// The cells of a code, each made when it is first needed.
class Cells {
 public:
  Cells(CodeImpl& code, const PlanParts& parts) : code_(code), parts_(parts) {}

  std::uint16_t constant(const Value& value);
  std::uint16_t slot(const Plan& plan, std::uint32_t node);
  // The number of the text in a slot; nothing if that is not worthwhile.
  std::optional<std::uint16_t> numbering(const Plan& plan, std::uint32_t node);
  std::uint16_t shared(std::uint32_t part);
  std::uint16_t add(const Cell& cell, const Value& value);

  bool is_full() const { return is_full_; }
  // The shared parts that something asked for, in the order of CodeImpl::shared.
  const std::vector<std::uint32_t>& shared_parts() const { return shared_parts_; }

 private:
  CodeImpl& code_;
  const PlanParts& parts_;
  absl::flat_hash_map<std::string, std::uint16_t> constants_;
  absl::flat_hash_map<std::uint64_t, std::uint16_t> slots_;
  absl::flat_hash_map<Slot, std::uint16_t> numberings_;
  absl::flat_hash_map<std::uint32_t, std::uint16_t> shared_;
  std::vector<std::uint32_t> shared_parts_;
  bool is_full_ = false;
};

class Lowering {
 public:
  // What a comparison says of a and b, however it is written.
  enum class Relation : std::uint8_t { equal, not_equal, less, less_equals, greater, greater_equals };

  // `temporaries`: cells that nobody else uses while this code runs; more are added as they are needed.
  Lowering(CodeImpl& code, Cells& cells, const PlanParts& parts, const Plan& plan, std::span<const NodeFacts> facts,
           std::vector<std::uint16_t>& temporaries)
      : code_(code), cells_(cells), parts_(parts), plan_(plan), facts_(facts), temporaries_(temporaries) {}

  // Compiles a node that is not in a fold to code that gives its value. `is_shared`: as the shared part that it is.
  void lower(std::uint32_t root, bool is_shared);

 private:
  // A place to jump to.
  struct Label {
    std::optional<std::size_t> place;
    absl::InlinedVector<std::size_t, 6> jumps;  // Instructions that wait to know it.
  };

  // Code that goes to `then` or `otherwise`, the one of which that is `next` by going on. (Or `next` is neither.)
  void branch(std::uint32_t node, Label& then, Label& otherwise, const Label* next);
  void branch_chain(const Node& node, Label& then, Label& otherwise, const Label* next);
  absl::InlinedVector<std::uint32_t, 8> chain_order(const Node& node) const;
  bool is_one_safe_test(std::uint32_t node) const;
  void branch_quantifier(const Node& node, Label& then, Label& otherwise);
  void begin_loop(const FoldPlan& fold, std::uint16_t range, Label& again, Label& done);
  bool branch_comparison(const Node& node, Label& then, Label& otherwise, const Label* next);
  bool test_word(Instruction made, Relation relation, std::uint64_t word, Label& then, Label& otherwise,
                 const Label* next);
  bool branch_words(const Node& node, Kind kind, Label& then, Label& otherwise, const Label* next);
  bool branch_numbers(const Node& node, Label& then, Label& otherwise, const Label* next);
  bool branch_times(const Node& node, Label& then, Label& otherwise, const Label* next);
  void branch_texts(const Node& node, Label& then, Label& otherwise, const Label* next);
  void branch_other(const Node& node, Label& then, Label& otherwise, const Label* next);
  void branch_in(const Node& node, Label& then, Label& otherwise, const Label* next);
  // Ends a branch with this test.
  void test(Instruction test, bool is_negated, Label& then, Label& otherwise, const Label* next);
  bool is_branching(std::uint32_t node) const;

  // The cell that has a node's value once what is emitted has run.
  std::uint16_t value(std::uint32_t node);
  std::optional<std::uint16_t> existing_cell(std::uint32_t node);
  // Fills the cell last of all, so that it may hold an accumulator that the node reads.
  void make_into(std::uint32_t node, std::uint16_t cell);
  void make_conditional(const Node& node, std::uint16_t cell);
  void make_truth(std::uint32_t node, std::uint16_t cell);
  void make_exact(std::uint32_t node, std::uint16_t cell);
  void make_call(const Node& node, std::uint16_t cell);
  void move(std::uint16_t from, std::uint16_t to);
  std::uint32_t add_operands(const Node& node);
  bool is_proven(const Node& node, const Candidate& candidate) const;
  void make_fold(const Node& node, std::uint16_t cell);
  void make_list(const FoldPlan& fold, std::uint16_t cell);
  void accumulate(const FoldPlan& fold, std::uint16_t cell);

  Instruction& emit(Op op, std::uint16_t a = 0) {
    return code_.instructions.emplace_back(Instruction{.op = op, .a = a});
  }
  void jump_to(Label& label);
  void place(Label& label);
  void set_jump(std::size_t from, std::size_t to);
  std::uint16_t new_temporary();
  void set_local(std::uint32_t local, std::uint16_t cell);
  // Null if a node is none, or is an error, which is for the exact evaluator.
  const Value* constant(std::uint32_t node) const {
    return plan_.nodes[node].opcode == Opcode::constant && facts_[node].is_native ? &plan_.nodes[node].constant
                                                                                  : nullptr;
  }

  CodeImpl& code_;
  Cells& cells_;
  const PlanParts& parts_;
  const Plan& plan_;
  std::span<const NodeFacts> facts_;
  std::vector<std::uint16_t>& temporaries_;
  std::size_t temporaries_used_ = 0;
  std::vector<std::uint16_t> locals_;  // Their cells.
  std::uint32_t root_ = no_node;       // The shared part that is being compiled.
  bool is_too_far_ = false;
};

}  // namespace tallyho::cel
