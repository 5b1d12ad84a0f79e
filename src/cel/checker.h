#pragma once

#include <vector>

#include "cel/ast.h"
#include "cel/environment.h"

namespace tallyho::cel {

// Gives every node its type and what it refers to, in place. Returns every type error, in order of position; the AST
// may be evaluated only if there is none. Unknown names come with the nearest known one; an int beside a double with
// the conversion to write.
//
// What it leaves in the nodes (Expr::reference):
// - a variable, or the field of a record variable: `slot`, or `constant` with the value where there is one. A qualified
//   variable `a.b` becomes one identifier. has(event.f) is a slot that is `test_only` if the field is optional, else
//   the constant true. event.?f is rewritten to has(event.f) ? optional.of(event.f) : optional.none().
// - a comprehension variable: `local`. They are numbered as they come into scope: accumulator, item, second.
// - the name of a type: `constant`.
// - a call: `overload`, with its name in full and without a target if that was a namespace (math.abs). `_?._` has none.
//   math.@max and math.@min of more than three arguments refer to the overload for three.
//
// Beyond cel-go's rules: record variables must be used by field, and state of an opaque type goes only to functions
// that name its type (not to `==`, lists, dyn()). A map literal's keys that no map can have are typed dyn, and fail
// when they are evaluated.
std::vector<Issue> check(Ast& ast, const Environment& environment);

}  // namespace tallyho::cel
