#pragma once

#include <string>

#include "cel/ast.h"

namespace tallyho::conformance {

// What stands behind each node in the text.
enum class Adornment {
  kind,     // Of a parsed tree: `1^#*expr.Constant_Int64Value#`.
  meaning,  // Of a checked one, its type and what it refers to: `a~int^a`, `_+_(…)~int^add_int64`.
};

// A type as cel-go writes it: as CEL does, but for "null".
std::string go_name(const cel::Type& type);

// A tree as cel-go prints it for its own tests (common/debug.ToDebugString).
std::string to_go_text(const cel::Expr& expr, Adornment adornment);

}  // namespace tallyho::conformance
