#pragma once

#include <string_view>
#include <vector>

#include "cel/ast_builder.h"
#include "cel/parser.h"

namespace tallyho::cel {

// A call as the parser read it, which may be a macro's.
struct MacroCall {
  AstBuilder::Place place = {};
  Expr* target = nullptr;  // Null: function(args).
  std::string_view function;
  Exprs args = {};
};

// The expansion of a macro: what it stands for; null if the call is none of those allowed. Macros are known by name,
// target and number of arguments, so `x.all(1)` is a call of a function. Wrong arguments are told in `issues`.
//
// There are has, all, exists, exists_one, existsOne, map, filter; with two variables all, exists, exists_one,
// existsOne, transformList, transformMap, transformMapEntry; cel.bind, optMap, optFlatMap, math.greatest, math.least.
Expr* expand_macro(MacroCall call, Macros allowed, AstBuilder& builder, std::vector<Issue>& issues);

// How a macro of that name is written, for whoever called it with other arguments; "" if there is none.
std::string_view macro_usage(std::string_view name);

}  // namespace tallyho::cel
