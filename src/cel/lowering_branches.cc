// Lowering of conditions: comparison and jump in one instruction.

#include <algorithm>
#include <cmath>
#include <iterator>
#include <span>
#include <utility>

#include "cel/arithmetic.h"
#include "cel/lowering.h"

namespace tallyho::cel {
namespace {

constexpr std::size_t one_of_max = 63;  // Bits of a word but the one of number 0.

using Relation = Lowering::Relation;

constexpr std::pair<Opcode, Relation> relations[] = {
    {Opcode::equal_int64, Relation::equal},
    {Opcode::not_equal_int64, Relation::not_equal},
    {Opcode::less_int64, Relation::less},
    {Opcode::less_equals_int64, Relation::less_equals},
    {Opcode::greater_int64, Relation::greater},
    {Opcode::greater_equals_int64, Relation::greater_equals},
    {Opcode::equal_float64, Relation::equal},
    {Opcode::not_equal_float64, Relation::not_equal},
    {Opcode::less_float64, Relation::less},
    {Opcode::less_equals_float64, Relation::less_equals},
    {Opcode::greater_float64, Relation::greater},
    {Opcode::greater_equals_float64, Relation::greater_equals},
    {Opcode::equal, Relation::equal},
    {Opcode::not_equal, Relation::not_equal},
};

Relation relation_of(const Node& node) {
  if (node.opcode == Opcode::compare) {
    switch (static_cast<Comparison>(node.detail)) {
      case Comparison::less: return Relation::less;
      case Comparison::less_equals: return Relation::less_equals;
      case Comparison::greater: return Relation::greater;
      case Comparison::greater_equals: return Relation::greater_equals;
    }
  }
  return std::ranges::find(relations, node.opcode, &std::pair<Opcode, Relation>::first)->second;
}

// The same with a and b in each other's place.
Relation mirrored(Relation relation) {
  switch (relation) {
    case Relation::less: return Relation::greater;
    case Relation::less_equals: return Relation::greater_equals;
    case Relation::greater: return Relation::less;
    case Relation::greater_equals: return Relation::less_equals;
    default: return relation;
  }
}

std::uint8_t mask_of(Relation relation) {
  switch (relation) {
    case Relation::equal: return order::equal;
    case Relation::not_equal: return order::less | order::greater;
    case Relation::less: return order::less;
    case Relation::less_equals: return order::less | order::equal;
    case Relation::greater: return order::greater;
    case Relation::greater_equals: return order::greater | order::equal;
  }
  return 0;
}

// The kind whose values are single words, of two operands of this type.
std::optional<Kind> word_kind(Type::Kind type) {
  switch (type) {
    case Type::Kind::boolean: return Kind::boolean;
    case Type::Kind::int64: return Kind::int64;
    case Type::Kind::uint64: return Kind::uint64;
    case Type::Kind::duration: return Kind::duration;
    default: return std::nullopt;
  }
}

}  // namespace

// Whether a node's value is a truth that branch() finds by jumping.
bool Lowering::is_branching(std::uint32_t number) const {
  const Node& node = plan_.nodes[number];
  if (!facts_[number].is_native) return false;
  if (number != root_ && parts_.is_shared(facts_[number])) return false;
  switch (node.opcode) {
    case Opcode::conditional: return plan_.types[number] == Type::Kind::boolean;
    case Opcode::fold:
      return static_cast<FoldKind>(node.detail) == FoldKind::all ||
             static_cast<FoldKind>(node.detail) == FoldKind::exists;
    case Opcode::call: return parts_.test_of(plan_, node) != Op::unreachable;
    case Opcode::all_of:
    case Opcode::any_of:
    case Opcode::logical_not:
    case Opcode::equal:
    case Opcode::not_equal:
    case Opcode::compare:
    case Opcode::equal_string:
    case Opcode::not_equal_string:
    case Opcode::in:
    case Opcode::in_constants:
    case Opcode::has_select:
    case Opcode::matches: return true;
    default: return node.opcode >= Opcode::equal_int64 && node.opcode <= Opcode::greater_equals_float64;
  }
}

void Lowering::test(Instruction test, bool is_negated, Label& then, Label& otherwise, const Label* next) {
  test.negate = is_negated != (next == &otherwise);
  code_.instructions.push_back(test);
  jump_to(next == &otherwise ? then : otherwise);
  if (next == &then || next == &otherwise) return;
  emit(Op::jump);
  jump_to(then);
}

void Lowering::branch(std::uint32_t number, Label& then, Label& otherwise, const Label* next) {
  const std::size_t used = temporaries_used_;
  const Node& node = plan_.nodes[number];
  if (const Value* truth = constant(number); truth != nullptr && truth->is(Kind::boolean)) {
    Label& wanted = truth->as_boolean() ? then : otherwise;
    if (next == &wanted) return;
    emit(Op::jump);
    jump_to(wanted);
  } else if (!is_branching(number)) {
    const std::uint16_t cell = value(number);
    test_word({.detail = static_cast<std::uint8_t>(Kind::boolean), .a = cell}, Relation::equal, 1, then, otherwise,
              next);
  } else if (node.opcode == Opcode::logical_not) {
    branch(node.a, otherwise, then, next);
  } else if (node.opcode == Opcode::all_of || node.opcode == Opcode::any_of) {
    branch_chain(node, then, otherwise, next);
  } else if (node.opcode == Opcode::conditional) {
    Label yes;
    Label no;
    branch(node.a, yes, no, &yes);
    place(yes);
    branch(node.b, then, otherwise, nullptr);
    place(no);
    branch(node.third(), then, otherwise, next);
  } else if (node.opcode == Opcode::fold) {
    branch_quantifier(node, then, otherwise);
  } else if (!branch_comparison(node, then, otherwise, next)) {
    branch_other(node, then, otherwise, next);
  }
  temporaries_used_ = used;
}

// Whether a condition is a single test of a slot that is fixed and always there with constants, or such a slot itself:
// it takes next to nothing, and cannot fail.
bool Lowering::is_one_safe_test(std::uint32_t number) const {
  const auto is_safe = [this](std::uint32_t n) {
    return plan_.nodes[n].opcode == Opcode::slot && code_.is_fixed(plan_.nodes[n].a);
  };
  const Node& node = plan_.nodes[number];
  if (node.opcode == Opcode::slot) return is_safe(number);
  if (node.opcode == Opcode::logical_not) return is_one_safe_test(node.a);
  if (node.opcode == Opcode::in_constants) return is_safe(node.a);
  const bool is_typed = node.opcode >= Opcode::equal_int64 && node.opcode <= Opcode::not_equal_string;
  if (!is_typed) return false;
  return (is_safe(node.a) && constant(node.b) != nullptr) || (is_safe(node.b) && constant(node.a) != nullptr);
}

// The operands of && or || in the order in which they are tested: each may decide, and errors are absorbed from either
// side, so that what takes least comes first. What may fail stays where it is among the rest, behind its guards.
absl::InlinedVector<std::uint32_t, 8> Lowering::chain_order(const Node& node) const {
  const std::span<const std::uint32_t> operands = std::span(plan_.operands).subspan(node.b, node.count);
  absl::InlinedVector<std::uint32_t, 8> order;
  for (const bool is_first : {true, false}) {
    std::ranges::copy_if(operands, std::back_inserter(order),
                         [&](std::uint32_t operand) { return is_one_safe_test(operand) == is_first; });
  }
  return order;
}

void Lowering::branch_chain(const Node& node, Label& then, Label& otherwise, const Label* next) {
  const bool is_all = node.opcode == Opcode::all_of;
  const absl::InlinedVector<std::uint32_t, 8> operands = chain_order(node);
  for (std::size_t i = 0; i < operands.size(); ++i) {
    if (i + 1 == operands.size()) return branch(operands[i], then, otherwise, next);
    Label further;
    branch(operands[i], is_all ? further : then, is_all ? otherwise : further, &further);
    place(further);
  }
}

// all and exists: a loop that stops at the first item that decides.
void Lowering::branch_quantifier(const Node& node, Label& then, Label& otherwise) {
  const FoldPlan& fold = plan_.folds[node.a];
  const bool is_all = static_cast<FoldKind>(node.detail) == FoldKind::all;
  Label again;
  begin_loop(fold, value(fold.range), again, is_all ? then : otherwise);
  Label further;
  branch(fold.step, is_all ? further : then, is_all ? otherwise : further, &further);
  place(further);
  emit(Op::jump);
  jump_to(again);
}

// False: the comparison has no instruction for its types.
bool Lowering::branch_comparison(const Node& node, Label& then, Label& otherwise, const Label* next) {
  if (node.opcode == Opcode::equal_string || node.opcode == Opcode::not_equal_string) {
    branch_texts(node, then, otherwise, next);
    return true;
  }
  const bool is_any = node.opcode == Opcode::equal || node.opcode == Opcode::not_equal;
  const bool is_typed = node.opcode >= Opcode::equal_int64 && node.opcode <= Opcode::greater_equals_float64;
  if (!is_any && !is_typed && node.opcode != Opcode::compare) return false;
  const Type::Kind type = type_of(plan_, node.a);
  if (type != type_of(plan_, node.b)) return false;
  if (type == Type::Kind::float64) return branch_numbers(node, then, otherwise, next);
  if (type == Type::Kind::timestamp) return branch_times(node, then, otherwise, next);
  const auto kind = word_kind(type);
  // The order of bools and uints is not that of ints.
  const bool is_ordered = kind == Kind::int64 || kind == Kind::duration;
  if (!kind || (node.opcode == Opcode::compare && !is_ordered)) return false;
  return branch_words(node, *kind, then, otherwise, next);
}

// Ends a branch with the comparison of made.a with a constant.
bool Lowering::test_word(Instruction made, Relation relation, std::uint64_t word, Label& then, Label& otherwise,
                         const Label* next) {
  made.op = Op::test_word;
  made.mask = mask_of(relation);
  made.word = word;
  if (made.detail == static_cast<std::uint8_t>(Kind::float64)) {
    made.mask |= order::number;
    made.word = static_cast<std::uint64_t>(comparable(static_cast<std::int64_t>(word), -1));
  }
  test(made, false, then, otherwise, next);
  return true;
}

bool Lowering::branch_words(const Node& node, Kind kind, Label& then, Label& otherwise, const Label* next) {
  Relation relation = relation_of(node);
  std::uint32_t a = node.a;
  std::uint32_t b = node.b;
  if (constant(a) != nullptr) {
    std::swap(a, b);
    relation = mirrored(relation);
  }
  const bool is_greater = relation == Relation::greater || relation == Relation::greater_equals;
  Instruction made{.detail = static_cast<std::uint8_t>(kind), .a = value(a)};
  if (const Value* word = constant(b)) return test_word(made, relation, word->as_uint64(), then, otherwise, next);
  made.cells = {.b = value(b), .c = 0, .index = 0};
  if (is_greater) {
    std::swap(made.a, made.cells.b);
    relation = mirrored(relation);
  }
  made.op = relation == Relation::less          ? Op::less_words
            : relation == Relation::less_equals ? Op::less_equals_words
                                                : Op::equal_words;
  test(made, relation == Relation::not_equal, then, otherwise, next);
  return true;
}

// Which of two timestamps is the earlier one. Whether they are equal is tested as of any two values.
bool Lowering::branch_times(const Node& node, Label& then, Label& otherwise, const Label* next) {
  if (node.opcode != Opcode::compare) return false;
  const Relation relation = relation_of(node);
  Instruction made{.a = value(node.a)};
  made.cells = {.b = value(node.b), .c = 0, .index = 0};
  const bool is_greater = relation == Relation::greater || relation == Relation::greater_equals;
  if (is_greater) std::swap(made.a, made.cells.b);
  const bool is_less = relation == Relation::less || relation == Relation::greater;
  made.op = is_less ? Op::less_times : Op::less_equals_times;
  test(made, false, then, otherwise, next);
  return true;
}

// Doubles: a > b is not the opposite of a <= b, because of NaN.
bool Lowering::branch_numbers(const Node& node, Label& then, Label& otherwise, const Label* next) {
  Relation relation = relation_of(node);
  std::uint32_t a = node.a;
  std::uint32_t b = node.b;
  if (constant(a) != nullptr) {
    std::swap(a, b);
    relation = mirrored(relation);
  }
  Instruction made{.detail = static_cast<std::uint8_t>(Kind::float64), .a = value(a)};
  const Value* number = constant(b);
  if (number != nullptr && !std::isnan(number->as_float64()))
    return test_word(made, relation, number->as_uint64(), then, otherwise, next);
  made.cells = {.b = value(b), .c = 0, .index = 0};
  if (relation == Relation::greater || relation == Relation::greater_equals) {
    std::swap(made.a, made.cells.b);
    relation = mirrored(relation);
  }
  made.op = relation == Relation::less          ? Op::less_numbers
            : relation == Relation::less_equals ? Op::less_equals_numbers
                                                : Op::equal_numbers;
  test(made, relation == Relation::not_equal, then, otherwise, next);
  return true;
}

void Lowering::branch_texts(const Node& node, Label& then, Label& otherwise, const Label* next) {
  const bool is_negated = node.opcode == Opcode::not_equal_string;
  std::uint32_t a = node.a;
  std::uint32_t b = node.b;
  if (constant(a) != nullptr) std::swap(a, b);
  const Value* text = constant(b);
  if (text == nullptr) {
    Instruction made{.op = Op::equal_texts, .a = value(a)};
    made.cells = {.b = value(b), .c = 0, .index = 0};
    return test(made, is_negated, then, otherwise, next);
  }
  if (const auto numbered = cells_.numbering(plan_, a)) {
    const std::uint64_t number = parts_.numbering(plan_.nodes[a].a)->numbers.at(text->as_string());
    test_word({.detail = static_cast<std::uint8_t>(Kind::int64), .a = *numbered},
              is_negated ? Relation::not_equal : Relation::equal, number, then, otherwise, next);
    return;
  }
  Instruction made{.op = Op::equal_text, .a = value(a)};
  const std::string_view bytes = text->as_string();
  if (!bytes.empty() && bytes.size() <= short_text_max) {
    made.op = Op::equal_short_text;
    made.detail = static_cast<std::uint8_t>(bytes.size());
    made.word = pack(bytes.data(), bytes.size());
  } else {
    made.value = text;
  }
  test(made, is_negated, then, otherwise, next);
}

void Lowering::branch_in(const Node& node, Label& then, Label& otherwise, const Label* next) {
  const Map& set = *plan_.sets[node.b];
  const auto numbered = is_text_set(set) ? cells_.numbering(plan_, node.a) : std::nullopt;
  if (!numbered || parts_.numbering(plan_.nodes[node.a].a)->texts.size() > one_of_max) {
    Instruction made{.op = Op::in_set, .a = value(node.a)};
    const auto kind = word_kind(type_of(plan_, node.a));
    made.detail = static_cast<std::uint8_t>(kind.value_or(Kind::string));
    made.set = &set;
    return test(made, false, then, otherwise, next);
  }
  const Numbering& numbering = *parts_.numbering(plan_.nodes[node.a].a);
  Instruction made{
      .op = Op::test_word, .detail = static_cast<std::uint8_t>(Kind::int64), .mask = order::one_of, .a = *numbered};
  made.word = 0;
  for (std::uint32_t i = 0; i < set.size; ++i) {
    const std::uint64_t number = numbering.numbers.at(set.pairs[2 * std::size_t{i}].as_string());
    made.word |= std::uint64_t{1} << number;
  }
  test(made, false, then, otherwise, next);
}

void Lowering::branch_other(const Node& node, Label& then, Label& otherwise, const Label* next) {
  if (node.opcode == Opcode::in_constants) return branch_in(node, then, otherwise, next);
  Instruction made;
  bool is_negated = false;
  if (node.opcode == Opcode::call) {
    made = {.op = parts_.test_of(plan_, node), .a = value(plan_.operands[node.b])};
    made.cells = {.b = value(plan_.operands[node.b + 1]), .c = 0, .index = 0};
    return test(made, false, then, otherwise, next);
  }
  made.a = value(node.a);
  switch (node.opcode) {
    case Opcode::matches:
      made.op = Op::matches;
      made.pattern = plan_.patterns[node.b].get();
      return test(made, false, then, otherwise, next);
    case Opcode::has_select:
      made.op = Op::has_field;
      made.cells = {.b = cells_.constant(node.constant), .c = 0, .index = 0};
      return test(made, false, then, otherwise, next);
    case Opcode::in: made.op = Op::in; break;
    case Opcode::compare:
      made.op = Op::compare_values;
      made.detail = node.detail;
      break;
    default: made.op = Op::equal_values; is_negated = relation_of(node) == Relation::not_equal;
  }
  made.cells = {.b = value(node.b), .c = 0, .index = 0};
  test(made, is_negated, then, otherwise, next);
}

}  // namespace tallyho::cel
