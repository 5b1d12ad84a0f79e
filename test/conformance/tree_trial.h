#pragma once

#include <optional>
#include <string>

#include "suite.h"

namespace tallyho::conformance {

// Compares what the parser and the checker make of a test's expression with what cel-go makes of it: the tree, the
// checked tree with types and overloads, or the errors. Nothing if they agree, else the difference.
//
// Errors agree if they have the same kind (syntax, unknown name, no overload, other) and the byte that cel-go blames is
// among those that we underline, or the bracket or dot beside them. Where cel-go's parser finds several, the first
// counts: the others are what its recovery makes of it. Of the checker's, each of ours must be one of cel-go's.
std::optional<std::string> tree_failure(const Test& test);

}  // namespace tallyho::conformance
