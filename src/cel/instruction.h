#pragma once

// The bytecode of the fast path. Internal to cel/.
//
// A machine has a row of cells, one Value each: slots, constants, shared sub-expressions, intermediate values. Every
// cell that is filled on demand begins as `not_loaded`, whose kind no instruction expects: so the check of an operand's
// kind, which makes a host's wrong value harmless, is at the same time the question whether it is there yet.

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
  // are the cells a and b; `word` and `number` are constants.
  is_true,
  equal_word,  // a == word, both of the kind `detail`: int, uint, bool, duration
  less_word,   // a < word; int or duration
  less_equals_word,
  equal_words,  // a == b
  less_words,
  less_equals_words,
  equal_number,  // a == number, doubles
  less_number,
  less_equals_number,
  greater_number,
  greater_equals_number,
  equal_numbers,  // a == b
  less_numbers,
  less_equals_numbers,
  equal_short_text,  // a has `detail` bytes (1 to 8), which are `word` as pack() packs them
  equal_text,        // a == *value
  equal_texts,       // a == b
  one_of,            // The bit a of `word`; a numbers the constants that a text is compared with.
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
  // The end.
  jump,
  give,         // a
  give_true,    //
  give_false,   //
  hand_over,    // This program is for the exact evaluator.
  unreachable,  // No program has it.
};

struct Instruction {
  Op op = Op::unreachable;
  std::uint8_t detail = 0;
  bool negate = false;
  std::uint8_t count = 0;
  std::uint16_t a = 0;
  std::int16_t jump = 0;  // From this instruction.
  struct Cells {
    std::uint16_t b;
    std::uint16_t c;
    std::uint32_t index;
  };
  union {
    std::uint64_t word = 0;
    double number;
    const Value* value;
    const Map* set;
    const re2::RE2* pattern;
    Cells cells;
  };
};
static_assert(sizeof(Instruction) == 16);

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
  std::uint32_t kinds = ~std::uint32_t{0};  // That it may have, as bits.
  std::uint32_t number = 0;                 // slot: which
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
  std::function<bool(Slot)> is_fixed;
  std::vector<const Plan*> programs;  // By Program's number in the code.
  std::vector<Instruction> instructions;
  std::vector<std::uint32_t> entries;  // By program: its first instruction.
  std::vector<std::uint32_t> shared;   // By shared part: the same.
  std::vector<Cell> cells;
  std::vector<Value> values;  // What the cells begin as.
  std::vector<std::uint16_t> operands;
  std::vector<CodeCall> calls;
  std::vector<const TimeZone*> zones;
  std::vector<PlanPart> exact;
  std::vector<Value> numberings;  // Maps from texts to ints.
  Arena arena{1024};              // What they point to.
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
OperandShape shape_of(Op op);

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
