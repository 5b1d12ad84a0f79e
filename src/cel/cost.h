#pragma once

// How long an expression may take at worst. Internal to cel/; Program::cost() is the outside.

#include "cel/ast.h"
#include "cel/program.h"

namespace tallyho::cel {

// The version of the numbers in cost.cc. Budgets are written against them, so they change only with it.
inline constexpr int cost_model = 1;

// The worst cost of a checked expression, from the declared bounds of what it reads. What has no bound saturates.
Cost estimate_cost(const Expr& root);

}  // namespace tallyho::cel
