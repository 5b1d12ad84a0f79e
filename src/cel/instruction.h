#pragma once

// The bytecode of the fast path. Internal to cel/.
//
// A machine has a row of cells, one Value each: slots, constants, shared sub-expressions, intermediate values. Every
// cell that is filled on demand begins as `not_loaded`, whose kind no instruction expects: so the check of an operand's
// kind, which makes a host's wrong value harmless, is at the same time the question whether it is there yet.

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string_view>
#include <utility>
#include <vector>

#include "cel/code.h"
#include "cel/plan.h"

namespace tallyho::cel {

enum class Op : std::uint8_t {
  // Tests go on to the next instruction, or over `jump` if they do not hold (with `negate`: if they do). Their operands
  // are the cells a and b; `word` is a constant.
  test_word,    // How a, of the kind `detail`, compares with `word`; `mask`: what must be the case, see `order`
  equal_words,  // a == b
  less_words,
  less_equals_words,
  equal_numbers,  // a == b, doubles
  less_numbers,
  less_equals_numbers,
  less_times,  // a < b, timestamps
  less_equals_times,
  equal_short_text,  // a has `detail` bytes (1 to 8), which are `word` as pack() packs them
  equal_text,        // a == *value
  equal_texts,       // a == b
  in_set,            // a, of the kind `detail`, is a key of *set
  next_item,         // The fold's next item of a goes to the cell c, its number b counts; else the range has ended.
  next_pair,         // The same; its index or key goes to c, its value to c + 1.
  // Tests that take longer.
  equal_values,    // a == b
  compare_values,  // a b; detail: Comparison
  contains_text,   // a contains b; and so on
  starts_with,
  ends_with,
  matches,    // a, the pattern *pattern
  has_field,  // a has the field b
  in,         // a in b
  // What makes a value in the cell c.
  move,  // a
  add_int64,
  subtract_int64,
  multiply_int64,
  to_float64,      // a, an int
  subtract_times,  // a - b, timestamps
  divide_int64,
  modulo_int64,
  negate_int64,
  add_float64,
  subtract_float64,
  multiply_float64,
  divide_float64,
  negate_float64,
  concatenate,  // operands: `count` of them from CodeImpl::operands[index]; detail: Kind
  call,         // operands; CodeImpl::calls[a]
  time_field,   // of a; index: in CodeImpl::zones; detail: TimeField
  index,        // a[b]
  select,       // a.b
  exact,        // CodeImpl::exact[index]
  begin_fold,   // over a, which must be a list or map: c counts from 0
  begin_list,   // c: an empty one, with room for the items that a fold over a makes
  append,       // a to the list c
  // The end.
  jump,
  give,         // a
  give_true,    //
  give_false,   //
  hand_over,    // This program is for the exact evaluator.
  unreachable,  // No program has it.
};

// How two words compare: the bits of test_word's mask. Words are ints, durations and bools, uints that are compared
// with
// == and !=, and doubles, in the form of comparable(). All of these in one instruction, because a jump to the right one
// of many would mostly be mispredicted: that takes longer than all of them together.
namespace order {
inline constexpr std::uint8_t less = 1;
inline constexpr std::uint8_t equal = 2;
inline constexpr std::uint8_t greater = 4;
inline constexpr std::uint8_t one_of = 8;   // None of these, but the bit a of `word`; a is 0 to 63.
inline constexpr std::uint8_t number = 16;  // Doubles.
}  // namespace order

struct Instruction {
  Op op = Op::unreachable;
  std::uint8_t detail = 0;
  bool negate = false;
  union {
    std::uint8_t count = 0;
    std::uint8_t mask;
  };
  std::uint16_t a = 0;
  std::int16_t jump = 0;  // From this instruction.
  struct Cells {
    std::uint16_t b;
    std::uint16_t c;
    std::uint32_t index;
  };
  union {
    std::uint64_t word = 0;
    const Value* value;
    const Map* set;
    const re2::RE2* pattern;
    Cells cells;
  };
};
static_assert(sizeof(Instruction) == 16);

// The bits of a double as an int that compares as the double does; -0.0 equals 0.0. Not for NaN. With `is_number` 0, an
// int as it is; else it is all ones.
inline std::int64_t comparable(std::int64_t bits, std::int64_t is_number) {
  const std::int64_t sign = bits >> 63 & is_number;
  return (bits ^ (sign & INT64_MAX)) - sign;
}
inline std::int64_t number_mask(const Instruction& at) {
  return -static_cast<std::int64_t>(at.mask / order::number);
}
// Whether the operand of a test_word is a NaN.
inline bool is_nan(const Instruction& at, const Value& a) {
  constexpr std::int64_t infinity = 0x7ff0000000000000;
  return (a.as_int64() & INT64_MAX & number_mask(at)) > infinity;
}

// What test_word finds. Without branches but the one for one_of.
inline bool holds(const Instruction& at, const Value& a) {
  const auto word = static_cast<std::int64_t>(at.word);
  const std::int64_t value = comparable(a.as_int64(), number_mask(at));
  const unsigned found = static_cast<unsigned>(value == word) + 2U * static_cast<unsigned>(value > word);
  const bool is_set = (at.mask & order::one_of) != 0;
  const std::uint64_t bits = is_set ? at.word : at.mask;
  const std::uint64_t index = is_set ? a.as_uint64() : found;
  return (bits >> (index & 63) & 1) != 0;
}

// 1 to 8 bytes as a word: the same of equally many bytes only if all are equal. Reads nothing beyond them.
inline std::uint64_t pack(const char* bytes, std::size_t size) {
  if (size >= 4) {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    std::memcpy(&first, bytes, 4);
    std::memcpy(&last, bytes + size - 4, 4);
    return std::uint64_t{first} << 32 | last;
  }
  const auto at = [bytes](std::size_t i) { return std::uint64_t{static_cast<unsigned char>(bytes[i])}; };
  return at(0) << 16 | at(size / 2) << 8 | at(size - 1);
}
inline constexpr std::size_t short_text_max = 8;

// Where a cell's value comes from.
struct Cell {
  enum class Source : std::uint8_t {
    constant,
    temporary,
    slot,
    optional_slot,
    has_slot,
    numbering,  // Of the text in the cell `from`: CodeImpl::numberings[number]
    shared,     // The code at CodeImpl::shared[number]
  };
  Source source = Source::temporary;
  bool is_fixed = false;
  std::uint32_t kinds = ~kind_bit(Kind::error);  // That it may have, as bits; never an error's.
  std::uint32_t number = 0;                      // slot: which
  std::uint16_t from = 0;
};

struct CodeCall {
  const Candidate* candidate = nullptr;
  bool is_proven = false;  // The kinds of the arguments are known, and are right.
};

// A sub-expression in some program's plan.
struct PlanPart {
  const Plan* plan = nullptr;
  std::uint32_t node = 0;
};

struct CodeImpl {
  static constexpr std::uint32_t always_true = 0;  // The first instruction.

  std::function<bool(Slot)> is_fixed;
  std::vector<const Plan*> programs;  // By Program's number in the code.
  std::vector<Instruction> instructions;
  std::vector<std::uint32_t> entries;  // By program: its first instruction.
  std::vector<std::uint32_t> shared;   // By shared part: the same.
  std::vector<PlanPart> shared_parts;  // And one place where it is written.
  std::vector<Cell> cells;
  std::vector<Value> values;  // What the cells begin as.
  std::vector<std::uint16_t> operands;
  std::vector<CodeCall> calls;
  std::vector<const TimeZone*> zones;
  std::vector<PlanPart> exact;
  std::vector<Value> numberings;  // Maps from texts to ints.
  Arena arena{1024};              // What they point to.
};

// Conditions that are gone through: one piece of code, in which whatever makes a condition false goes on to the first
// instruction of the next one. give_true and give have the number of their condition as `word`; give_false is the end.
struct ConditionsImpl {
  std::vector<const Program*> programs;  // Null: always true.
  std::vector<Instruction> instructions;
  std::vector<std::uint32_t> entries;  // By condition: its first instruction.
};

inline Value not_loaded() {
  return Value::error(ErrorKind::none);
}

// Which parts of an instruction name cells that may not be loaded yet.
struct OperandShape {
  bool a = false;
  bool b = false;
  bool list = false;
};
constexpr OperandShape find_shape(Op op) {
  switch (op) {
    case Op::equal_words:
    case Op::less_words:
    case Op::less_equals_words:
    case Op::equal_numbers:
    case Op::less_numbers:
    case Op::less_equals_numbers:
    case Op::less_times:
    case Op::less_equals_times:
    case Op::equal_texts:
    case Op::equal_values:
    case Op::compare_values:
    case Op::contains_text:
    case Op::starts_with:
    case Op::ends_with:
    case Op::has_field:
    case Op::in:
    case Op::add_int64:
    case Op::subtract_int64:
    case Op::multiply_int64:
    case Op::subtract_times:
    case Op::divide_int64:
    case Op::modulo_int64:
    case Op::add_float64:
    case Op::subtract_float64:
    case Op::multiply_float64:
    case Op::divide_float64:
    case Op::index:
    case Op::select: return {.a = true, .b = true, .list = false};
    case Op::concatenate:
    case Op::call: return {.a = false, .b = false, .list = true};
    case Op::next_item:
    case Op::next_pair:
    case Op::exact:
    case Op::jump:
    case Op::give_true:
    case Op::give_false:
    case Op::hand_over:
    case Op::unreachable: return {};
    default: return {.a = true, .b = false, .list = false};
  }
}

inline constexpr auto operand_shapes = [] {
  std::array<OperandShape, static_cast<std::size_t>(Op::unreachable) + 1> shapes;
  for (std::size_t i = 0; i < shapes.size(); ++i) shapes[i] = find_shape(static_cast<Op>(i));
  return shapes;
}();
inline OperandShape shape_of(Op op) {
  return operand_shapes[static_cast<std::size_t>(op)];
}

// Calls `visit` with each of these cells, in the order of evaluation.
template <typename Visit>
void for_each_operand(const CodeImpl& code, const Instruction& at, Visit visit) {
  const OperandShape shape = shape_of(at.op);
  if (shape.a) visit(at.a);
  if (shape.b) visit(at.cells.b);
  if (!shape.list) return;
  for (std::uint32_t i = 0; i < at.count; ++i) visit(code.operands[at.cells.index + i]);
}

}  // namespace tallyho::cel
