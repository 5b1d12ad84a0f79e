#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "cel/ast.h"
#include "cel/environment.h"

namespace tallyho::cel {

// What a program reads while it runs. The host implements it; calls are in the order of evaluation, and only for
// what is really reached, so a host may compute a slot when it is first asked for.
class Activation {
 public:
  virtual ~Activation() = default;
  // The value of a slot; an error value if it has none. May use `arena` for what the value points to.
  virtual Value read(Slot slot, Arena& arena) = 0;
  // Whether an optional field is there. Asked only for slots declared optional.
  virtual bool has(Slot slot) = 0;
};

// The version of the numbers that costs are made of. Budgets are written against them, so they change only with it.
inline constexpr int cost_model = 1;

// A fold around a sub-expression: what it goes through, and how often at most.
struct CostLoop {
  std::uint32_t begin = 0;  // Source bytes of the range, such as `event.tags`.
  std::uint32_t end = 0;
  std::uint64_t size = 0;
};

// The most that one evaluation can take, known when it is compiled from the declared bounds of what it reads. All of it
// saturates: what is not bounded is 2^64 - 1.
struct Cost {
  std::uint64_t units = 0;        // About a nanosecond each; docs/reference/ruleset.md has the table.
  std::uint64_t result_size = 0;  // Of the result, as Bounds::size_max.
  std::uint64_t arena_bytes = 0;  // That it allocates.
  std::uint32_t depth = 0;        // Nodes within each other: what the stack holds.
  // The sub-expression that costs most, and how often it runs; for the message when a budget is exceeded.
  std::uint32_t dominant_begin = 0;
  std::uint32_t dominant_end = 0;
  std::uint64_t dominant_units = 0;
  std::uint64_t dominant_times = 1;
  std::vector<CostLoop> dominant_loops = {};  // Those around it, outermost first.
};

// One part of a condition, as explain() shows it.
struct Finding {
  std::string text;   // As written: "player.streak >= 3".
  std::string value;  // As a literal, or "error: …".
};

// A compiled expression.
//
//     auto program = Program::compile("event.value * 2", env, Type::simple(Type::Kind::int64));
//     if (!program) for (const Issue& issue : program.error()) …
//     Value points = program->evaluate(activation, arena);
//     if (points.is_error()) …
//
// Threads: immutable; evaluate() may run in several at once, each with its own arena.
// Memory: evaluate() allocates only in `arena`.
class Program {
 public:
  // Parses, checks, folds constants, compiles. Every problem at once, in order of position. `expected`: the type the
  // result must have; dyn takes any. `environment` must outlive the program.
  static std::expected<Program, std::vector<Issue>> compile(std::string_view source, const Environment& environment,
                                                            const Type& expected = Type());
  // Parses and compiles, without types: names and functions are looked up as they are, and what is unknown or does not
  // fit is an error value at run time, which `&&` and `||` may absorb. cost() is saturated. For conformance tests and
  // for expressions over values of unknown types; rules are always checked.
  static std::expected<Program, std::vector<Issue>> compile_unchecked(std::string_view source,
                                                                      const Environment& environment);
  Program(Program&&) noexcept;
  Program& operator=(Program&&) noexcept;
  ~Program();

  // The value, or an error value with its position in source(). Never throws. The result may point into `arena`, the
  // program, and whatever the activation's values point to.
  Value evaluate(Activation& activation, Arena& arena) const;

  // Why a condition is what it is: for `a && b && …` the first conjunct that is not true, and the values of the
  // variables and fields it reads. Slow; for people.
  std::vector<Finding> explain(Activation& activation, Arena& arena) const;

  const std::string& source() const;
  const Type& type() const;
  const Cost& cost() const;
  // Every slot it may read, sorted, without repeats.
  const std::vector<Slot>& slots() const;
  // The value, if it depends on nothing.
  const Value* constant() const;
  // The slot, if it is nothing else: `player.team`.
  std::optional<Slot> slot() const;

 private:
  friend class Code;
  friend class CodeBuilder;
  friend class Machine;
  static constexpr std::uint32_t no_code = 0xffffffff;

  struct Impl;
  explicit Program(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
  std::uint32_t code_number_ = no_code;  // In the code that it was added to.
};

}  // namespace tallyho::cel
