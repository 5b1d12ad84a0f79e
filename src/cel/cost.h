#pragma once

// How long an expression may take at worst. Internal to cel/; Program::cost() is the outside.

#include "cel/ast.h"
#include "cel/program.h"

namespace tallyho::cel {

// The worst cost of a checked expression, from the declared bounds of what it reads. What has no bound saturates.
Cost estimate_cost(const Expr& root);

}  // namespace tallyho::cel
