#pragma once

// Random programs that the checker takes, and random values for what they read. For tests and benchmarks.

#include <cstdint>
#include <functional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/arena.h"
#include "cel/environment.h"
#include "cel/program.h"

namespace tallyho::cel {

// Random well-typed expressions over the variables of an environment, made of everything it knows: every operator and
// function (a host's own too), literals, macros, fields of records. The same seed gives the same expressions and values
// on every machine.
//
//     RandomProgram random(environment, seed);
//     RandomInputs inputs(environment);
//     const Type type = random.type();
//     auto program = Program::compile(random.expression(type), environment, type);
//     inputs.draw(random);
//     Value value = program->evaluate(inputs, arena);
//
// Patterns and time zones are constant, and valid. Everything else may go wrong at run time, and sometimes does:
// divisions by zero, missing keys, absent fields.
//
// Threads: one owner. Memory: a table of the environment's functions, which must outlive it.
class RandomProgram {
 public:
  static constexpr int default_height = 4;

  RandomProgram(const Environment& environment, std::uint64_t seed);

  // A type that values of the standard library have: a simple one, or a list, map or optional of those, or dyn.
  Type type();
  // An expression of that type, at most `height` calls high, and no longer than some kilobytes.
  std::string expression(const Type& type, int height = default_height);

  // A value of that type, no larger than `bounds` (as if they were 16 where they are 0). One in eight is an edge: the
  // ends of the range, NaN, -0.0, the empty or the largest string or list, characters of several bytes. Lives in
  // `arena`.
  Value value(const Type& type, Bounds bounds, Arena& arena);
  // The same, but as large as the bounds allow: what a worst case is made of.
  Value largest_value(const Type& type, Bounds bounds, Arena& arena);

  // A number below `count`, which is not 0.
  std::size_t pick(std::size_t count) { return static_cast<std::size_t>(random_() % count); }

 private:
  struct Local {
    std::string name;
    Type type;
  };
  struct Function {
    const Overload* overload;
    bool is_operator;
  };
  enum class Size : bool { any, largest };

  std::string make(const Type& type, int height);
  std::string leaf(const Type& type);
  std::string literal(const Type& type);
  std::string text_literal();
  std::string aggregate(const Type& type, int height);
  std::string call(const Type& type, int height);
  std::string write_call(const Overload& overload, std::vector<std::string> args);
  std::string argument(const Overload& overload, std::size_t index, const Type& type, int height);
  std::string macro(const Type& type, int height);
  std::string quantifier(int height);
  std::string collection(const Type& type, int height);
  std::string in_scope(std::vector<Local> locals, const Type& type, int height);
  Type range_type(bool two_variables);
  Type scalar();

  Value make_value(const Type& type, Bounds bounds, Arena& arena, Size size);
  Value make_text(std::uint32_t size_max, bool is_bytes, Arena& arena, Size size);
  std::size_t size_of(std::uint32_t size_max, Size size);

  std::mt19937_64 random_;
  std::vector<std::pair<std::string, Type>> readable_;  // What may be read: "n", "event.value".
  std::vector<std::string> optional_fields_;            // What has() may ask for.
  std::vector<Function> functions_;
  std::vector<Local> locals_;
  std::vector<std::pair<std::string, Type>> written_;  // Sub-expressions made before, to be repeated.
  std::size_t bytes_left_ = 0;                         // Of an expression; then only leaves are added.
  int names_ = 0;
};

// The name and type of everything that an environment's expressions can read: its variables, and the fields of those
// that are records.
struct Readable {
  std::string name;
  Type type;
  Slot slot = 0;
  Bounds bounds = {};
  bool optional = false;
  bool constant = false;
};
std::vector<Readable> readable_names(const Environment& environment);

// Values for all variables and fields of an environment that are neither constant nor a host's own type.
class RandomInputs final : public Activation {
 public:
  explicit RandomInputs(const Environment& environment) : readable_(readable_names(environment)) {}

  // New values for everything; the old ones are gone. An optional field is absent every fourth time.
  void draw(RandomProgram& random);
  // New values for those slots that `changes` says yes to; the others keep theirs.
  void redraw(RandomProgram& random, const std::function<bool(Slot)>& changes);
  // As draw(), everything as large as its bounds allow.
  void draw_largest(RandomProgram& random);

  Value read(Slot slot, Arena&) override;
  bool has(Slot slot) override;
  // What was drawn, one line for each: "n = 5".
  std::string describe() const;

 private:
  std::vector<Readable> readable_;
  std::unordered_map<Slot, Value> values_;
  Arena arena_;
};

// A variable of every type that has values, bounded by 16: b, i, j, u, d, e, s, t (strings), y (bytes), when, span, l
// (of ints), ls (of strings), m (string to int), mi (int to string), o (optional int), x (dyn), and a record r with a
// field of each and `absent`, an optional one. The slots count from 0 without gaps.
void declare_one_of_each(Environment& environment);

}  // namespace tallyho::cel
