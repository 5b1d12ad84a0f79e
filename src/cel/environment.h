#pragma once

#include <array>
#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "cel/operator.h"
#include "cel/type.h"
#include "cel/value.h"

namespace tallyho::cel {

// What an implementation is called with. Arguments are never errors: functions are strict.
struct Call {
  std::span<const Value> args;  // A method's target comes first.
  Arena& arena;                 // For what the result points to.
  std::uint32_t position;       // To blame in an error.

  Value error(ErrorKind kind, std::uint32_t detail = 0) const { return Value::error(kind, position, detail); }
};
using Implementation = Value (*)(const Call& call);

// How the worst cost of a call grows: base + per_byte · (bytes of the arguments) or as cost.h's table says.
struct CallCost {
  std::uint32_t base = 1;
  std::uint32_t per_16_bytes = 0;     // For each 16 bytes (or items) of all arguments together.
  std::uint32_t result_size_max = 0;  // 0: the sum of the arguments' sizes where it has a size.
};

// One way to call a function.
struct Overload {
  std::string function;          // "size", "_+_", "math.least"
  std::string id;                // "size_string"
  std::vector<Type> parameters;  // A method's target comes first. May hold Type::parameter.
  Type result;
  bool is_method = false;
  Implementation implementation = nullptr;
  CallCost cost = {};
  bool is_standard = false;  // One of the library's own, which may have an instruction.
};

// Several of them.
using Overloads = std::span<const Overload* const>;

// A variable.
struct Variable {
  std::string name;  // May be qualified: "a.b".
  Type type;
  Slot slot = 0;
  Bounds bounds = {};
  std::optional<Value> constant = {};
};

// What an expression may use: variables, functions, types.
//
//     Environment env(&Environment::standard());
//     env.declare({.name = "now", .type = Type::simple(Type::Kind::timestamp), .slot = 7});
//     env.declare({.name = "event", .type = Type::record("event", {…})});
//     env.add_function({.function = "geo.distance", …});
//
// Threads: immutable once built. Overloads stay where they are: programs point to them, so an Environment (or the
// `functions` it shares) outlives its programs.
class Environment {
 public:
  // Everything of the profile: operators, functions, math, strings, base64, optionals.
  static const Environment& standard();

  Environment() = default;
  // A new environment that sees everything of `parent`, which must outlive it, and stays as it is from now on.
  // Variables here shadow its own.
  explicit Environment(const Environment* parent)
      : parent_(parent), operators_(parent->operators_), sole_(parent->sole_) {}

  void declare(Variable variable);
  void add_function(Overload overload);
  void set_container(std::string container) { container_ = std::move(container); }

  const Variable* find_variable(std::string_view name) const;
  // All overloads of that name, those of parents first; empty if there are none. Allocates nothing.
  Overloads find_overloads(std::string_view function) const;
  Overloads find_overloads(Operator op) const {
    const auto* const named = operators_[static_cast<std::size_t>(op)];
    return named != nullptr ? Overloads(*named) : Overloads();
  }
  // The one overload of an operator that takes two operands of these types, or one of the first (a); empty if there is
  // none or several, or if that takes more to find out. What is found gives its `result` as it is.
  Overloads find_sole_overload(Operator op, Type::Kind a, Type::Kind b) const;
  bool has_function(std::string_view function) const;
  const std::string& container() const { return container_; }
  // Names for suggestions; those of parents first, each sorted.
  std::vector<std::string_view> variable_names() const;
  std::vector<std::string_view> function_names() const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const { return std::hash<std::string_view>()(name); }
  };
  template <typename T>
  using ByName = std::unordered_map<std::string, T, Hash, std::equal_to<>>;

  // Simple types that nothing fits but themselves.
  static constexpr std::size_t plain_types =
      static_cast<std::size_t>(Type::Kind::duration) - static_cast<std::size_t>(Type::Kind::boolean) + 1;
  static constexpr std::uint8_t not_sole = 0xff;
  // By both types, 1 + the number of the sole overload for them; 0: there is none; not_sole: it takes more to find out.
  using SoleOverloads = std::array<std::array<std::uint8_t, plain_types>, plain_types>;

  static bool is_plain(Type::Kind kind) { return kind >= Type::Kind::boolean && kind <= Type::Kind::duration; }
  static std::size_t plain_index(Type::Kind kind) {
    return static_cast<std::size_t>(kind) - static_cast<std::size_t>(Type::Kind::boolean);
  }
  static std::uint8_t sole_mark(Operator op, const Overload& overload, Type::Kind a, Type::Kind b, std::size_t number);

  const Environment* parent_ = nullptr;
  // Most calls are an operator's: its overloads are found without a hash, and without trying them one by one. Null:
  // there are none.
  std::array<const std::vector<const Overload*>*, operators_count> operators_ = {};
  std::array<SoleOverloads, operators_count> sole_ = {};
  std::string container_;
  ByName<Variable> variables_;
  ByName<std::vector<const Overload*>> functions_;  // Those of parents included.
  std::deque<Overload> overloads_;
};

// The overloads that every program may use, one list per file of the library.
void add_operators(Environment& environment);
void add_conversions(Environment& environment);
void add_time_functions(Environment& environment);
void add_string_functions(Environment& environment);
void add_math_functions(Environment& environment);
void add_optional_functions(Environment& environment);

}  // namespace tallyho::cel
