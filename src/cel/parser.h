#pragma once

#include <expected>
#include <string_view>
#include <vector>

#include "cel/ast.h"

namespace tallyho::cel {

inline constexpr std::uint32_t source_bytes_max = 64 * 1024;
inline constexpr int nesting_max = 250;  // Height of an AST, brackets and macros included. Deeper text is an issue.
inline constexpr std::size_t issues_max = 32;  // So many are told; a text with more is rarely an expression at all.

// Which macros a text may use; calls of the others stay calls.
enum class Macros : std::uint8_t {
  none,
  standard,  // Those of CEL's definition: has, all, exists, exists_one, existsOne, map, filter, with one variable.
  all,       // And those of macros.h.
};

// Text → AST with every macro expanded, by the grammar of cel-spec's langdef with optional syntax (a.?b, a[?i], [?a],
// {?k: v}); or every syntax error in it, in order of position (the parser recovers at commas, closing brackets and
// operators). Chains of && and of || become balanced trees, as cel-go makes them.
//
// Calls that no text names: operators as cel-spec names them, `_?._`(a, 'f') and `_[?_]`(a, i) for optional syntax,
// "math.@max"(…) and "math.@min"(…) for math.greatest and math.least, "cel.@mapInsert"(map, key, value) and (map, map)
// for transformMap and transformMapEntry, and "optional.of"(x) and "optional.none"() for optMap and optFlatMap.
std::expected<Ast, std::vector<Issue>> parse(std::string_view source, Macros macros = Macros::all);

// The AST as text, for tests: calls as `_+_(a, 1)`, folds as `__comprehension__(…)`.
std::string to_text(const Expr& expr);

}  // namespace tallyho::cel
