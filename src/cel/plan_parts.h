#pragma once

// What the fast path knows of sub-expressions before it compiles them: which it can compile, which several programs
// have in common, which texts are compared with many constants. Internal to cel/.

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "base/arena.h"
#include "cel/instruction.h"

namespace tallyho::cel {

inline constexpr std::uint32_t no_part = 0xffffffff;

inline bool is_leaf(Opcode opcode) {
  return opcode <= Opcode::local;
}

// Calls `visit` with the number of each child of a node, in the order of evaluation.
template <typename Visit>
void for_each_child(const Plan& plan, const Node& node, Visit visit) {
  switch (node.opcode) {
    case Opcode::constant:
    case Opcode::slot:
    case Opcode::optional_slot:
    case Opcode::has_slot:
    case Opcode::local: return;
    case Opcode::logical_not:
    case Opcode::not_strictly_false:
    case Opcode::negate_int64:
    case Opcode::negate_float64:
    case Opcode::in_constants:
    case Opcode::select:
    case Opcode::has_select:
    case Opcode::optional_select:
    case Opcode::matches:
    case Opcode::time_field: visit(node.a); return;
    case Opcode::conditional:
      visit(node.a);
      visit(node.b);
      visit(node.third());
      return;
    case Opcode::all_of:
    case Opcode::any_of:
    case Opcode::concatenate:
    case Opcode::make_list:
    case Opcode::make_map:
    case Opcode::call:
      for (std::uint32_t i = 0; i < node.count; ++i) visit(plan.operands[node.b + i]);
      return;
    case Opcode::fold: {
      const FoldPlan& fold = plan.folds[node.a];
      for (const std::uint32_t child :
           {fold.range, fold.init, fold.condition, fold.step, fold.second_step, fold.result}) {
        if (child != no_node) visit(child);
      }
      return;
    }
    default: visit(node.a); visit(node.b);
  }
}

// A sub-expression, the same wherever programs write it.
struct Part {
  std::uint32_t uses = 0;     // How many different expressions have it as a part, and programs are it.
  std::uint32_t weight = 0;   // About the nanoseconds that it takes.
  bool changes = false;       // Reads a slot that is not fixed.
  bool is_open = false;       // Reads a variable of a fold around it.
  std::uint32_t program = 0;  // One place where it is written: the number of the program,
  PlanPart first;             // and where in that.

  bool is_shared() const;
};

// What is known of a node of one plan.
struct NodeFacts {
  std::uint32_t part = no_part;  // A leaf is none.
  bool is_native = false;        // Can be compiled; what cannot be must not be open.
};

// A slot that holds texts, and the constants that programs compare it with.
struct Numbering {
  std::uint32_t uses = 0;
  std::vector<std::string_view> texts;                           // Without repeats.
  absl::flat_hash_map<std::string_view, std::uint64_t> numbers;  // Of the texts, from 1.

  bool is_worthwhile() const;
  void add(std::string_view text);
};

class PlanParts {
 public:
  // `nodes`: how many there will be, of all programs together.
  PlanParts(const std::function<bool(Slot)>& is_fixed, std::size_t nodes);

  // Takes another program.
  void add(const Plan& plan);

  // Of the nodes of a program, by the order in which they were added.
  std::span<const NodeFacts> facts(std::uint32_t program) const { return facts_[program]; }
  const std::vector<Part>& parts() const { return parts_; }
  bool is_shared(const NodeFacts& facts) const { return facts.part != no_part && parts_[facts.part].is_shared(); }
  // Null: none is worthwhile.
  const Numbering* numbering(Slot slot) const;

  // What a call to the standard library's own can be replaced with: a test.
  Op test_of(const Plan& plan, const Node& node) const;
  // The same: an instruction that makes a value; Op::call if there is none.
  Op maker_of(const Plan& plan, const Node& node) const;

 private:
  // Words that are the same for the same sub-expression, and their hash, which every word has a part in.
  struct Key {
    std::span<const std::uint64_t> words;
    std::uint64_t hash = 0;
    bool operator==(const Key& other) const { return hash == other.hash && std::ranges::equal(words, other.words); }
  };
  struct HashOfKey {
    std::size_t operator()(const Key& key) const { return key.hash; }
  };

  void write_key(const Plan& plan, std::uint32_t node, std::span<const NodeFacts> facts);
  void write_head(const Plan& plan, std::uint32_t node);
  void write_leaf(const Plan& plan, std::uint32_t node);
  void write_constant(const Value& value);
  void write_text(std::string_view text);
  void write(std::uint64_t number) { key_.push_back(number); }
  std::uint32_t intern(const Plan& plan, std::uint32_t node, std::span<const NodeFacts> facts);
  void count_texts(const Plan& plan, const Node& node);
  bool is_native(const Plan& plan, const Node& node) const;

  const std::function<bool(Slot)>& is_fixed_;
  const Overload* contains_;
  const Overload* starts_with_;
  const Overload* ends_with_;
  const Overload* to_float64_;
  const Overload* subtract_times_;
  std::vector<Part> parts_;
  std::vector<std::span<const NodeFacts>> facts_;  // By program.
  Arena arena_;                                    // Keys and facts.
  absl::flat_hash_map<Key, std::uint32_t, HashOfKey> numbers_;
  std::map<Slot, Numbering> numberings_;
  std::vector<std::uint64_t> key_;            // Of the node at hand.
  std::vector<std::uint32_t> lowest_locals_;  // By node of the program at hand.
};

// The type that the value of a node has, as far as it is known.
Type::Kind type_of(const Plan& plan, std::uint32_t node);
// The kind of value that the type of a node stands for, if it is just one.
inline bool has_kind(const Plan& plan, std::uint32_t node, Type::Kind kind) {
  return type_of(plan, node) == kind;
}

// Whether all keys of a constant set are texts.
bool is_text_set(const Map& set);

}  // namespace tallyho::cel
