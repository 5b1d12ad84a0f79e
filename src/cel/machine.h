#pragma once

// Runs the bytecode. Internal to cel/; code.h is the outside.

#include <vector>

#include "cel/instruction.h"

namespace tallyho::cel {

class Machine::Impl {
 public:
  Impl(const CodeImpl& code, Activation& activation, Arena& arena);

  void begin();
  void begin(const Code::Preload& preload, std::span<const Value> values);
  Found find_true(const ConditionsImpl& conditions, std::size_t from);
  void forget_changing();
  void forget(std::span<const std::uint16_t> cells) {
    for (const std::uint16_t cell : cells) cells_[cell] = not_loaded();
  }

  void remember(std::uint16_t cell, std::uint32_t kinds, const Value& value) {
    if ((kinds & kind_bit(value.kind())) != 0) keep_loaded(cell, value);
  }

  // Runs the code from there on. An error value: it is for the exact evaluator.
  Value run(const Instruction* at) { return run_code<false>(at).value; }
  const Instruction* entry(std::uint32_t program) const { return code_.instructions.data() + code_.entries[program]; }

  const CodeImpl& code() const { return code_; }
  Activation& activation() { return activation_; }
  Arena& arena() { return arena_; }

  std::uint64_t hand_overs = 0;

 private:
  // The same, and of conditions that are gone through, at which instruction it ended: one of the condition that is true
  // or an error.
  struct End {
    Value value;
    const Instruction* at;
  };
  template <bool are_conditions>
  End run_code(const Instruction* at);

  // Cells that may have to be emptied when what they come from may have changed, each once.
  struct Loaded {
    std::vector<std::uint16_t> cells;  // As many as the code has; `size` of them are in use.
    std::size_t size = 0;
  };
  void forget(Loaded& loaded);

  // What an instruction does whose operands are not all of its kind: loads those that are not there yet, to run it
  // again. If that is not it, the program is handed over.
  [[gnu::noinline]] const Instruction* recover(const Instruction* at);
  // False: the cell has something already, or what it comes from is not as declared.
  bool load(std::uint16_t cell);
  Value load_from(const Cell& cell);
  // Fills a cell, and notes that it is to be emptied.
  void keep_loaded(std::uint16_t cell, const Value& value) {
    Loaded& loaded = code_.cells[cell].is_fixed ? fixed_loaded_ : changing_loaded_;
    if (is_listed_[cell] == 0) {
      is_listed_[cell] = 1;
      loaded.cells[loaded.size++] = cell;
    }
    cells_[cell] = value;
  }
  bool is_loaded(std::uint16_t cell) { return !cells_[cell].is_error() || load(cell); }

  // Instructions that are worth a call. Each returns the next instruction.
  [[gnu::noinline]] const Instruction* run_test(const Instruction* at);
  [[gnu::noinline]] const Instruction* run_maker(const Instruction* at);
  const Instruction* next_item(const Instruction* at, bool is_pair);
  const Instruction* run_call(const Instruction* at);
  Value concatenate_operands(const Instruction& at);
  Value make(const Instruction& at);

  static const Instruction* follow(const Instruction* at, bool holds) {
    return at + (holds != at->negate ? 1 : at->jump);
  }
  const Instruction* keep(const Instruction* at, const Value& value) {
    if (value.is_error()) [[unlikely]]
      return &hand_over_;
    cells_[at->cells.c] = value;
    return at + 1;
  }
  template <typename Test>
  const Instruction* test(const Instruction* at, Kind kind, Test holds) {
    const Value& a = cells_[at->a];
    if (!a.is(kind)) [[unlikely]]
      return recover(at);
    return follow(at, holds(a));
  }
  template <typename Test>
  const Instruction* test_both(const Instruction* at, Kind kind, Test holds) {
    const Value& a = cells_[at->a];
    const Value& b = cells_[at->cells.b];
    if (!a.is(kind) || !b.is(kind)) [[unlikely]]
      return recover(at);
    return follow(at, holds(a, b));
  }
  template <typename Operation>
  const Instruction* on_int64(const Instruction* at, Operation operation) {
    const Value& a = cells_[at->a];
    const Value& b = cells_[at->cells.b];
    if (!a.is(Kind::int64) || !b.is(Kind::int64)) [[unlikely]]
      return recover(at);
    return keep(at, operation(a.as_int64(), b.as_int64()));
  }
  template <typename Operation>
  const Instruction* on_float64(const Instruction* at, Operation operation) {
    const Value& a = cells_[at->a];
    const Value& b = cells_[at->cells.b];
    if (!a.is(Kind::float64) || !b.is(Kind::float64)) [[unlikely]]
      return recover(at);
    cells_[at->cells.c] = Value::float64(operation(a.as_float64(), b.as_float64()));
    return at + 1;
  }

  const CodeImpl& code_;
  Activation& activation_;
  Arena& arena_;
  std::vector<Value> values_;
  Value* cells_;
  const Code::Preload* preload_ = nullptr;  // Whose cells have values.
  std::vector<std::uint8_t> is_listed_;     // By cell: whether it is in one of these.
  Loaded fixed_loaded_;
  Loaded changing_loaded_;
  const Instruction hand_over_{.op = Op::hand_over};
};

}  // namespace tallyho::cel
