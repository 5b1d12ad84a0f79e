#pragma once

// The functions that most calls are, by number: those of the grammar's operators. Nobody who looks at many calls has to
// compare names. Internal to cel/.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tallyho::cel {

enum class Operator : std::uint8_t {
  none,  // Any other function.
  logical_and,
  logical_or,
  logical_not,
  conditional,
  equal,
  not_equal,
  less,
  less_equals,
  greater,
  greater_equals,
  in,
  add,
  subtract,
  multiply,
  divide,
  modulo,
  negate,
  index,
  optional_select,
  optional_index,
  not_strictly_false,  // Only macros write it.
};
inline constexpr std::size_t operators_count = static_cast<std::size_t>(Operator::not_strictly_false) + 1;

// As cel-spec names their functions.
inline constexpr std::array<std::string_view, operators_count> operator_names = {
    "",    "_&&_", "_||_", "!_",  "_?_:_", "_==_", "_!=_", "_<_",  "_<=_", "_>_",   "_>=_",
    "@in", "_+_",  "_-_",  "_*_", "_/_",   "_%_",  "-_",   "_[_]", "_?._", "_[?_]", "@not_strictly_false"};
constexpr std::string_view name_of(Operator op) {
  return operator_names[static_cast<std::size_t>(op)];
}

// The operator that a function of this name is.
constexpr Operator operator_named(std::string_view function) {
  // A name of at most eight bytes as a number, for a switch.
  constexpr auto packed = [](std::string_view name) {
    std::uint64_t bytes = 0;
    for (const char c : name) bytes = bytes << 8U | static_cast<unsigned char>(c);
    return bytes;
  };
  if (function.size() > 5) return function == "@not_strictly_false" ? Operator::not_strictly_false : Operator::none;
  switch (packed(function)) {
    case packed("_&&_"): return Operator::logical_and;
    case packed("_||_"): return Operator::logical_or;
    case packed("!_"): return Operator::logical_not;
    case packed("_?_:_"): return Operator::conditional;
    case packed("_==_"): return Operator::equal;
    case packed("_!=_"): return Operator::not_equal;
    case packed("_<_"): return Operator::less;
    case packed("_<=_"): return Operator::less_equals;
    case packed("_>_"): return Operator::greater;
    case packed("_>=_"): return Operator::greater_equals;
    case packed("@in"): return Operator::in;
    case packed("_+_"): return Operator::add;
    case packed("_-_"): return Operator::subtract;
    case packed("_*_"): return Operator::multiply;
    case packed("_/_"): return Operator::divide;
    case packed("_%_"): return Operator::modulo;
    case packed("-_"): return Operator::negate;
    case packed("_[_]"): return Operator::index;
    case packed("_?._"): return Operator::optional_select;
    case packed("_[?_]"): return Operator::optional_index;
    default: return Operator::none;
  }
}

}  // namespace tallyho::cel
