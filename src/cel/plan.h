#pragma once

// What the evaluator runs: a checked expression, lowered to a row of small nodes. Internal to cel/.

#include <cstdint>
#include <expected>
#include <memory>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "base/calendar.h"
#include "cel/ast.h"
#include "cel/environment.h"
#include "re2/re2.h"

namespace tallyho::cel {

enum class Opcode : std::uint8_t {
  // Leaves.
  constant,       // constant
  slot,           // a: slot
  optional_slot,  // a: slot, which may be absent
  has_slot,       // a: slot
  local,          // a: local
  // Logic; what is not evaluated, and which errors are absorbed.
  all_of,
  any_of,              // operands
  logical_not,         // a
  not_strictly_false,  // a
  conditional,         // a ? b : third()
  optional_or,         // a, or b if it is optional.none()
  optional_or_value,   // the value of a, or b if it is optional.none()
  // Operators on two values of one kind (negation: one): a, b.
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
  equal_int64,
  not_equal_int64,
  less_int64,
  less_equals_int64,
  greater_int64,
  greater_equals_int64,
  equal_float64,
  not_equal_float64,
  less_float64,
  less_equals_float64,
  greater_float64,
  greater_equals_float64,
  equal_string,
  not_equal_string,
  // Operators on any kinds: a, b.
  equal,
  not_equal,
  compare,  // detail: Comparison
  in,
  index,
  in_constants,  // a in the list `constant`; b: its set in Plan::sets
  select,
  has_select,       // a.constant
  optional_select,  // a.?constant
  optional_index,   // a[?b]
  concatenate,      // operands; detail: the Kind they must have
  make_list,
  make_map,    // operands; detail: 1 if some may be optional, then flags follow the operands
  call,        // operands; a: in Plan::calls
  matches,     // a, with the pattern b in Plan::patterns
  time_field,  // of a in the zone b of Plan::zones; detail: TimeField
  fold,        // a: in Plan::folds; detail: FoldKind
};

// A fold is what the macros expand to. The shapes that they make are recognized, and run without the detour over an
// accumulator that is copied at each step.
enum class FoldKind : std::uint8_t {
  any,      // As written.
  bind,     // cel.bind: init into a local, then result.
  all,      // step is the predicate
  exists,   // step is the predicate
  to_list,  // map, filter, transformList: step is the new item, condition (if any) tells whether there is one
  to_map,   // transformMap: step is the key, second_step the value; transformMapEntry: step is a map of new entries;
            // condition as above
};

// 32 bytes; children are numbers of nodes, and always come before their parent.
struct Node {
  Opcode opcode = Opcode::constant;
  std::uint8_t detail = 0;
  std::uint16_t count = 0;     // Operands, which are Plan::operands[b, b + count).
  std::uint32_t position = 0;  // To blame in an error.
  std::uint32_t a = 0;
  std::uint32_t b = 0;
  Value constant;

  std::uint32_t third() const { return static_cast<std::uint32_t>(constant.as_int64()); }
};
static_assert(sizeof(Node) == 32);

inline constexpr std::uint32_t no_node = 0xffffffff;

struct FoldPlan {
  std::uint32_t range = no_node;
  std::uint32_t init = no_node;
  std::uint32_t condition = no_node;
  std::uint32_t step = no_node;
  std::uint32_t second_step = no_node;
  std::uint32_t result = no_node;
  std::uint32_t item_local = 0;
  std::uint32_t second_local = 0;
  std::uint32_t result_local = 0;
  bool has_second = false;
};

// The implementations that a call may mean. Which one is decided by the kinds of its arguments, also where the checker
// knows: the check costs an AND per argument, and makes a wrong value of a host an error instead of a crash.
struct Candidate {
  Implementation implementation = nullptr;
  std::vector<std::uint32_t> kinds;  // Per parameter: the set of Kinds it takes, as bits.
  const Overload* overload = nullptr;
  // Of opaque parameters, also the name of their type.
  struct Opaque {
    std::size_t parameter = 0;
    std::string_view type;
  };
  std::vector<Opaque> opaques;
};
struct CallPlan {
  std::vector<Candidate> candidates;
};

struct Plan {
  std::vector<Node> nodes;
  std::vector<Type::Kind> types;  // Of the nodes, as far as the checker knows.
  std::vector<std::uint32_t> operands;
  std::vector<CallPlan> calls;
  std::vector<FoldPlan> folds;
  std::vector<const Map*> sets;  // Keys of constant lists, in `arena`.
  std::vector<std::unique_ptr<re2::RE2>> patterns;
  std::vector<TimeZone> zones;
  std::vector<Slot> slots;  // Sorted, without repeats.
  std::uint32_t root = 0;
  std::uint32_t locals = 0;  // How many may be alive at once.
  Arena arena{1024};         // What constants point to.
};

enum class Checked : bool { no, yes };

// Lowers `root`, and computes what depends on nothing. With Checked::no, names and overloads are looked up in
// `environment` here or at run time, and what is unknown becomes an error value. The plan points to the AST's literals,
// so that it needs their arena if it outlives the AST, and to the environment's overloads. Errors: an invalid constant
// pattern or time zone (checked expressions only), expressions too deep to evaluate.
std::expected<Plan, std::vector<Issue>> make_plan(const Expr& root, const Environment& environment, Checked checked,
                                                  Arena arena = Arena(1024));

// math.@max and math.@min are registered for up to so many arguments; the last of those overloads stands for any
// number.
inline constexpr std::size_t variadic_parameters = 3;

inline constexpr int plan_depth_max = 600;  // Of nodes within each other: bounds the evaluator's stack.

// The set of kinds that a parameter of this type takes, as bits.
std::uint32_t kinds_of(Type::Kind type);
inline std::uint32_t kind_bit(Kind kind) {
  return std::uint32_t{1} << static_cast<unsigned>(kind);
}

}  // namespace tallyho::cel
