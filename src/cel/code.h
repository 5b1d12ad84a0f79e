#pragma once

// The fast path: programs compiled together to branch bytecode, and the machine that runs it.

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "cel/program.h"

namespace tallyho::cel {

struct CodeImpl;
struct ConditionsImpl;

// Many programs over the same slots, compiled together so that they run several times as fast as one by one:
//
//     CodeBuilder builder([](Slot slot) { return is_event_field(slot); });
//     for (Rule& rule : rules) builder.add(rule.when);
//     const std::shared_ptr<const Code> code = builder.build();
//
//     Machine machine(*code, activation, arena);     // one per thread
//     machine.begin();                               // another event: nothing is known of it yet
//     for (const Rule& rule : rules) {
//       if (!machine.evaluate(rule.when).is_true()) continue;
//       player.score += machine.evaluate(rule.points).as_int64();
//       machine.forget_changing();                   // what is not fixed may be different now; or:
//       machine.forget(score);                       // this may be: score = code->dependents({score_slot})
//     }
//
// Two things make it faster still where there are many rules: values that the host has in a row are taken all at once
// (Preload), and conditions are gone through without coming back for each (Machine::find_true).
//
// What makes it fast: the types are known, so that instructions work on bare words; conditions jump, with comparison
// and jump in one instruction; of the operands of && and || those that are a single test of a fixed slot come first,
// however they are written, as they take least and cannot fail (so that such a slot may be read though the exact
// evaluator would not have got there); a slot is read when it is first needed and then remembered; a text that is
// compared with many constants is looked up once, and from then on compared as a number; and a sub-expression that
// several programs have in common is computed once for all of them, as long as nothing that it reads may have changed.
//
// What it computes is what Program::evaluate() does, to the last error: whatever would be an error, or is not of the
// type that was declared, hands the whole program over to Program::evaluate(), which has side effects no more than this
// has. What it cannot compile at all (dynamic types, list literals, maps that are built, optionals) it leaves to the
// exact evaluator too, sub-expression by sub-expression.
//
// Threads: immutable. Memory: about 16 bytes an instruction, one or two instructions per leaf.
class Code {
 public:
  // How to take the values of some slots in one go. Belongs to the code.
  class Preload {
   private:
    friend class Code;
    friend class Machine;
    struct Entry {
      std::uint32_t position = 0;  // In the row of values.
      std::uint32_t kinds = 0;     // That are expected, as bits.
      std::uint16_t cell = 0;
      bool is_fixed = false;
    };
    std::vector<Entry> entries_;
  };
  // For values in the order of `slots`. Slots that no program reads cost nothing.
  Preload preload(std::span<const Slot> slots) const;

  // Conditions to be gone through in order. Belongs to the code.
  class Conditions {
   public:
    Conditions() = default;  // None.

   private:
    friend class Code;
    friend class Machine;
    explicit Conditions(std::shared_ptr<const ConditionsImpl> impl) : impl_(std::move(impl)) {}
    std::shared_ptr<const ConditionsImpl> impl_;
  };
  // Null stands for a condition that is always true. The programs were added, and give bools. Copies their
  // instructions.
  Conditions conditions(std::vector<const Program*> programs) const;

  // What has to be read and computed anew when some slots have changed. Belongs to the code.
  class Dependents {
   private:
    friend class Code;
    friend class Machine;
    std::vector<std::uint16_t> cells_;
  };
  // Of these slots, which are not fixed. Those that no program reads cost nothing. O(size of the code).
  Dependents dependents(std::span<const Slot> slots) const;

  // Where a machine keeps what it knows of a slot. Belongs to the code.
  class Kept {
   private:
    friend class Code;
    friend class Machine;
    static constexpr std::uint16_t nowhere = 0xffff;
    std::uint16_t cell_ = nowhere;
    std::uint32_t kinds_ = 0;  // That are expected, as bits.
  };
  // Of a slot that no program reads, nowhere.
  Kept kept(Slot slot) const;

  // What a program was compiled to, one instruction a line: "3  unless level > 10 goto 9". Shared sub-expressions that
  // it uses follow. `name` gives the words for slots. The program must have been added. For people and for tests.
  std::string disassemble(const Program& program, const std::function<std::string(Slot)>& name) const;

  // How many instructions all programs have; sub-expressions that are shared; and those that are left to the exact
  // evaluator.
  std::size_t instructions() const;
  std::size_t shared_parts() const;
  std::size_t exact_parts() const;

  explicit Code(std::unique_ptr<CodeImpl> impl);
  ~Code();
  Code(const Code&) = delete;
  Code& operator=(const Code&) = delete;

 private:
  friend class Machine;
  std::unique_ptr<CodeImpl> impl_;
};

// Who evaluates: with `exact` every program is handed over, to compare with, and to see what the fast path is worth.
enum class Evaluation : std::uint8_t { fast, exact };

class CodeBuilder {
 public:
  // `is_fixed`: whether a slot is the same from one Machine::begin() to the next. All others may change whenever
  // Machine::forget_changing() or forget() is called.
  explicit CodeBuilder(std::function<bool(Slot)> is_fixed);
  ~CodeBuilder();
  CodeBuilder(const CodeBuilder&) = delete;
  CodeBuilder& operator=(const CodeBuilder&) = delete;

  // Takes a program into the code, which then belongs to that code and to no other. It must outlive the code, and may
  // be moved. Of one that was not checked, little is fast. O(size of the program).
  void add(Program& program);

  // Compiles what was added. Called once. O(size of all programs), some microseconds for each.
  std::shared_ptr<const Code> build(Evaluation evaluation = Evaluation::fast);

 private:
  std::unique_ptr<CodeImpl> impl_;
};

// Runs a code's programs, and remembers what it has read and computed between them.
//
// Threads: one owner. Memory: 16 bytes for each slot, constant and intermediate value of the code; nothing while it
// runs but what values need of `arena`.
class Machine {
 public:
  // All outlive it. The arena may be reset only right before begin().
  Machine(const Code& code, Activation& activation, Arena& arena);
  ~Machine();
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  // Forgets everything: all slots may have other values now. O(what was remembered).
  void begin();
  // The same, with the values of slots at hand: those of `preload`, all of them, in its order. An error value is an
  // absent one. They are copied; `preload` must stay until the next begin().
  void begin(const Code::Preload& preload, std::span<const Value> values);
  // Forgets the slots that are not fixed, and what depends on them. O(what was remembered of them).
  void forget_changing();
  // Forgets only what depends on some slots: the others are as they were. O(cells that depend on them).
  void forget(const Code::Dependents& changed);

  // A slot has this value now, so that it need not be read. What depends on the slot has been forgotten. O(1).
  void remember(const Code::Kept& slot, const Value& value);

  // As program.evaluate(activation, arena). A program that is not part of the code is evaluated just so.
  Value evaluate(const Program& program);

  // The first of these conditions, from the one at `from` on, that is not false: its number, and its value, which is
  // true or an error. The number is that of all conditions if there is none. Nothing may change while it looks.
  struct Found {
    std::size_t index = 0;
    Value value;
  };
  Found find_true(const Code::Conditions& conditions, std::size_t from);

  // How many evaluations were handed over to the exact evaluator, since the machine was made: for an error, or a value
  // that was not of the declared type.
  std::uint64_t hand_overs() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tallyho::cel
